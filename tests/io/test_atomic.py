"""Atomic writes: the whole new file or the old one, and nothing left behind."""

import os
import stat
from pathlib import Path

import pytest

from darkhorn.core.errors import OutputError
from darkhorn.io import atomic
from darkhorn.io.atomic import atomic_path, write_bytes_atomic, write_text_atomic


def test_writes_text_and_bytes(tmp_path: Path) -> None:
    write_text_atomic(tmp_path / "a.txt", "π⁺ → μ⁺ ν\n")
    write_bytes_atomic(tmp_path / "b.bin", b"\x00\r\n\xff")
    assert (tmp_path / "a.txt").read_bytes() == "π⁺ → μ⁺ ν\n".encode()
    assert (tmp_path / "b.bin").read_bytes() == b"\x00\r\n\xff"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.txt", "b.bin"]


def test_replaces_and_keeps_permissions(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    target.write_text("old")
    target.chmod(0o640)
    write_text_atomic(target, "new")
    assert target.read_text() == "new"
    assert stat.S_IMODE(target.stat().st_mode) == 0o640


def test_new_file_has_the_permissions_of_the_process_mask(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_text_atomic(tmp_path / "a.txt", "new")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a.txt").stat().st_mode) == 0o640


def test_failing_block_leaves_the_old_file(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    target.write_text("old")

    def write_half() -> None:
        with atomic_path(target) as temporary:
            temporary.write_text("half a fi")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_half()
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]
    assert target.read_text() == "old"


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_disk_failure_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    target = tmp_path / "a.txt"
    target.write_text("old")

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(atomic.os, step, fail)
    with pytest.raises(OutputError, match=r"cannot write .*a\.txt: No space left on device"):
        write_text_atomic(target, "new")
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]
    assert target.read_text() == "old"


def test_the_block_sees_a_file_beside_the_target(tmp_path: Path) -> None:
    with atomic_path(tmp_path / "rays.npz") as temporary:
        assert temporary.parent == tmp_path
        assert temporary.suffix == ".npz"
        assert not (tmp_path / "rays.npz").exists()


def test_unwritable_places_are_named(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"missing/a\.txt: No such file"):
        write_text_atomic(tmp_path / "missing" / "a.txt", "x")
    with pytest.raises(OutputError, match="it is a directory"):
        write_text_atomic(tmp_path, "x")
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="Not a directory"):
        write_text_atomic(tmp_path / "file" / "a.txt", "x")
