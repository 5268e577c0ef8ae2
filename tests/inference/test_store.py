"""The folder of a scan: durable, honest about what it finds, and held by one process."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from darkhorn.core.errors import InputFileError, OutputError, ScenarioError
from darkhorn.inference.store import DEFINITION, LOCK, LOG, Store

WHAT = {"scenario": "a", "precision": 0.01}


def point(i: int) -> dict[str, object]:
    return {"i": i, "status": "ok", "values": [float(i), 0.1 + i, 1e-300]}


def fill(folder: Path, numbers: range) -> bytes:
    with Store(folder, WHAT) as store:
        for k in numbers:
            store.append([point(k)])
    return (folder / LOG).read_bytes()


def test_round_trip_in_the_order_of_the_numbers(tmp_path: Path) -> None:
    with Store(tmp_path / "deep" / "scan", WHAT) as store:
        store.append([point(5), point(2)])
        store.append([])
        store.append([point(9), point(0)])
        assert len(store) == 4
        assert 5 in store
        assert 1 not in store
        assert list(store.records()) == [point(k) for k in (0, 2, 5, 9)]
    with Store(tmp_path / "deep" / "scan", WHAT, resume=True) as store:
        assert store.notes == []
        store.append([point(1)])
        assert list(store.records()) == [point(k) for k in (0, 1, 2, 5, 9)]


def test_a_point_is_on_the_disk_when_append_returns(tmp_path: Path) -> None:
    with Store(tmp_path, WHAT) as store:
        before = (tmp_path / LOG).stat().st_size
        store.append([point(3)])
        assert (tmp_path / LOG).stat().st_size > before
        assert b'"i":3' in (tmp_path / LOG).read_bytes()


def test_cut_anywhere_only_the_last_point_is_lost(tmp_path: Path) -> None:
    whole = fill(tmp_path / "a", range(4))
    lines = whole.splitlines(keepends=True)
    start = len(whole) - len(lines[-1])
    for k, size in enumerate(np.linspace(start, len(whole), 12).astype(int)):
        folder = tmp_path / f"cut{k}"
        folder.mkdir()
        (folder / LOG).write_bytes(whole[:size])
        with Store(folder, WHAT, resume=True) as store:
            kept = 4 if size == len(whole) else 3
            assert len(store) == kept
            assert bool(store.notes) == (start < size < len(whole))
            store.append([point(3)] if kept == 3 else [])
        assert (folder / LOG).read_bytes() == whole


def test_any_damaged_byte_costs_one_point(tmp_path: Path) -> None:
    whole = fill(tmp_path / "a", range(6))
    head = whole.index(b"\n") + 1
    rng = np.random.default_rng(4)
    for k, place in enumerate(rng.integers(head, len(whole), 25)):
        folder = tmp_path / f"bad{k}"
        folder.mkdir()
        broken = bytearray(whole)
        broken[place] ^= 1 << int(rng.integers(8))
        (folder / LOG).write_bytes(bytes(broken))
        with Store(folder, WHAT, resume=True) as store:
            assert len(store) in (4, 5)  # a newline that is gone joins two points
            assert "dropped" in store.notes[0]
            assert all(record == point(int(record["i"])) for record in store.records())
            store.append([point(i) for i in range(6) if i not in store])
            assert list(store.records()) == [point(i) for i in range(6)]
        with Store(folder, WHAT, resume=True) as store:
            assert store.notes == []
            assert len(store) == 6


def test_foreign_log_is_left_alone(tmp_path: Path) -> None:
    for content in (b"", b"something else\n", b"\x00" * 100, b"darkhorn-sca"):
        (tmp_path / LOG).write_bytes(content)
        for resume in (False, True):
            with pytest.raises(InputFileError, match="no log of a scan"), Store(tmp_path, WHAT, resume=resume):
                pass
            assert (tmp_path / LOG).read_bytes() == content
            assert not (tmp_path / DEFINITION).exists()


def test_another_scan_is_named_and_left_alone(tmp_path: Path) -> None:
    whole = fill(tmp_path, range(3))
    other = {**WHAT, "precision": 0.02}
    with pytest.raises(ScenarioError, match=r"precision: 0.01 there, 0.02 now"), Store(tmp_path, other, resume=True):
        pass
    (tmp_path / DEFINITION).write_text("{")
    with pytest.raises(ScenarioError, match="cannot be read"), Store(tmp_path, other, resume=True):
        pass
    with pytest.raises(ScenarioError, match="add --resume"), Store(tmp_path, WHAT):
        pass
    assert (tmp_path / LOG).read_bytes() == whole
    with Store(tmp_path, WHAT, resume=True) as store:
        assert len(store) == 3
    assert "precision" in (tmp_path / DEFINITION).read_text()


def test_one_process_at_a_time(tmp_path: Path) -> None:
    with Store(tmp_path, WHAT):
        for resume in (False, True):
            with pytest.raises(OutputError, match=f"process {os.getpid()} on .* is scanning there"):
                Store(tmp_path, WHAT, resume=resume).__enter__()
    with Store(tmp_path, WHAT, resume=True):
        pass


def test_the_lock_of_a_dead_process_is_free(tmp_path: Path) -> None:
    code = (
        "import os, sys; from pathlib import Path; from darkhorn.inference.store import Store\n"
        f"store = Store(Path({str(tmp_path)!r}), {WHAT!r}).__enter__(); store.append([{point(0)!r}])\n"
        "print('held', flush=True); sys.stdin.read()"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdin is not None
    assert process.stdout.readline() == "held\n"
    with pytest.raises(OutputError, match=f"process {process.pid} on"):
        Store(tmp_path, WHAT, resume=True).__enter__()
    process.kill()
    process.wait()
    process.stdin.close()
    process.stdout.close()
    assert f"process {process.pid}" in (tmp_path / LOCK).read_text()
    with Store(tmp_path, WHAT, resume=True) as store:
        assert len(store) == 1


def test_full_disk_keeps_finished_points(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")
    folder = tmp_path / "full"
    code = (
        "import resource; from pathlib import Path; from darkhorn.inference.store import Store\n"
        "from darkhorn.core.errors import OutputError\n"
        f"with Store(Path({str(folder)!r}), {WHAT!r}) as store:\n"
        f"    store.append([{point(0)!r}])\n"
        "    size = store._size + 30\n"
        "    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))\n"
        "    try:\n"
        f"        store.append([{point(1)!r}])\n"
        "    except OutputError as error:\n"
        "        print(error)\n"
        f"    print(Path({str(folder / LOG)!r}).stat().st_size == store._size)\n"
    )
    assert resource
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "1 finished points are kept" in said
    assert "--resume" in said
    assert said.endswith("True\n")
    with Store(folder, WHAT, resume=True) as store:
        assert store.notes == []
        assert list(store.records()) == [point(0)]


def test_folders_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot make it"):
        Store(tmp_path / "file", WHAT).__enter__()
    with pytest.raises(OutputError, match="cannot make it"):
        Store(tmp_path / "file" / "scan", WHAT).__enter__()
    (tmp_path / "odd" / LOCK).mkdir(parents=True)
    with pytest.raises(OutputError, match="cannot write there"):
        Store(tmp_path / "odd", WHAT).__enter__()
    if os.geteuid() == 0:
        pytest.skip("root may write into a read-only folder")
    (tmp_path / "closed").mkdir(mode=0o555)
    with pytest.raises(OutputError, match="cannot write there"):
        Store(tmp_path / "closed", WHAT).__enter__()
