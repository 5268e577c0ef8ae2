"""Mesons on disk: found again, never believed blindly, never in the way."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest

from darkhorn.chain import cache
from darkhorn.core.points import unit_points
from darkhorn.core.rays import Floats, Rays

POINTS = unit_points(16, seed=1)


@dataclass(frozen=True)
class Counting:
    """A sampler that counts how often it is asked."""

    scale: float = 1.0
    calls: list[int] = field(default_factory=list, compare=False)

    def sample(self, points: Floats, threads: int = 1) -> Rays:
        self.calls.append(threads)
        n = len(points)
        return Rays.make(211, np.zeros((n, 4)), np.tile([500.0, 0, 0, 480.0], (n, 1)), self.scale * points[:, 0])


@dataclass(frozen=True)
class Quiet:
    """The same without the counter in its fingerprint."""

    inner: Counting
    scale: float = 1.0

    def sample(self, points: Floats, threads: int = 1) -> Rays:
        return self.inner.sample(points, threads)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DARKHORN_CACHE", str(tmp_path))
    monkeypatch.setattr(
        cache,
        "fingerprint",
        lambda value: repr(getattr(value, "scale", len(value) if hasattr(value, "__len__") else value)),
    )
    return tmp_path


def same(a: Rays, b: Rays) -> bool:
    return all(np.array_equal(getattr(a, name), getattr(b, name)) for name in ("pdgid", "x", "p", "weight", "parent"))


def test_second_call_reads_what_the_first_made(folder: Path) -> None:
    sampler = Counting()
    first, second = cache.recall(sampler, POINTS), cache.recall(sampler, POINTS, threads=2)
    assert same(first, second)
    assert sampler.calls == [1]
    assert len(list(folder.glob("*.npz"))) == 1


def test_other_input_is_another_entry(folder: Path) -> None:
    one, two = Counting(1.0), Counting(2.0)
    assert cache.recall(two, POINTS).yield_ == pytest.approx(2.0 * cache.recall(one, POINTS).yield_)
    assert len(list(folder.glob("*.npz"))) == 2


@pytest.mark.parametrize("damage", ["cut", "flip", "text", "empty"])
def test_damaged_entry_is_made_again(folder: Path, damage: str) -> None:
    sampler = Counting()
    whole = cache.recall(sampler, POINTS)
    path = next(folder.glob("*.npz"))
    content = bytearray(path.read_bytes())
    place = content.find(np.float64(500.0).tobytes())
    content[place] ^= 0xFF
    path.write_bytes(
        {"cut": path.read_bytes()[:200], "flip": bytes(content), "text": b"no archive", "empty": b""}[damage]
    )
    assert same(cache.recall(sampler, POINTS), whole)
    assert len(sampler.calls) == 2
    assert same(cache.recall(sampler, POINTS), whole)
    assert len(sampler.calls) == 2


def test_off_keeps_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DARKHORN_CACHE", "off")
    sampler = Counting()
    cache.recall(sampler, POINTS)
    cache.recall(sampler, POINTS)
    assert len(sampler.calls) == 2
    assert not list(folder.iterdir())


def test_a_folder_that_cannot_be_written_is_no_error(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocked = folder / "file"
    blocked.write_text("not a directory")
    monkeypatch.setenv("DARKHORN_CACHE", str(blocked))
    assert len(cache.recall(Counting(), POINTS)) == 16


def test_oldest_entries_go_first(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache.recall(Counting(1.0), POINTS)
    size = next(folder.glob("*.npz")).stat().st_size
    monkeypatch.setattr(cache, "LIMIT", int(2.5 * size))
    for scale in (2.0, 3.0, 4.0):
        cache.recall(Counting(scale), POINTS)
    assert len(list(folder.glob("*.npz"))) == 2
    last = Counting(4.0)
    cache.recall(last, POINTS)
    assert last.calls == []


def test_fingerprint_sees_every_field_and_no_address() -> None:
    inner = Counting(1.0)
    base = cache.fingerprint(Quiet(inner, 1.0))
    assert base == cache.fingerprint(Quiet(inner, 1.0))
    assert base != cache.fingerprint(Quiet(inner, 1.0 + 1e-15))
    assert base != cache.fingerprint(replace(Quiet(inner, 1.0), inner=Counting(2.0)))
    assert cache.fingerprint(np.arange(3.0)) != cache.fingerprint(np.arange(3.0) + 1e-16 + 1e-9)
    assert cache.fingerprint({"b": 1, "a": 2}) == cache.fingerprint({"a": 2, "b": 1})
    assert "0x" not in cache.fingerprint(np.hypot) + cache.fingerprint(cache.recall)
    with pytest.raises(TypeError, match="no fingerprint"):
        cache.fingerprint(lambda: None)


def test_fingerprint_of_a_function_sees_what_it_keeps() -> None:
    def scaled(factor: float) -> Callable[[float], float]:
        def inner(x: float) -> float:
            return factor * x

        return inner

    assert cache.fingerprint(scaled(2.0)) == cache.fingerprint(scaled(2.0))
    assert cache.fingerprint(scaled(2.0)) != cache.fingerprint(scaled(3.0))


def test_unfinished_files_stay_until_they_are_old(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name with a dot belongs to another process; the limit is not about it."""
    monkeypatch.setattr(cache, "LIMIT", 1)
    young, old = folder / ".entry-young.npz", folder / ".entry-old.npz"
    for path in (young, old):
        path.write_bytes(b"half")
    os.utime(old, (time.time() - 2.0 * cache.ABANDONED,) * 2)
    cache.recall(Counting(), POINTS)
    assert young.read_bytes() == b"half"
    assert not old.exists()
    assert cache.entries(folder) == []


def test_entries_are_listed_by_age_and_cleared(folder: Path) -> None:
    for scale in (1.0, 2.0, 3.0):
        cache.recall(Counting(scale), POINTS)
    paths = sorted(folder.glob("*.npz"))
    for age, path in enumerate(paths):
        os.utime(path, (1.0e9 - age,) * 2)
    (folder / ".half.npz").write_bytes(b"half")
    assert [path for path, _ in cache.entries(folder)] == paths[::-1]
    size = sum(path.stat().st_size for path in paths)
    assert cache.clear(folder) == size
    assert [path.name for path in folder.iterdir()] == [".half.npz"]
    assert cache.entries(folder / "absent") == []


WORKER = """
import sys
import numpy as np
from darkhorn.chain import cache
from darkhorn.core.points import unit_points
from darkhorn.core.rays import Rays
from dataclasses import dataclass

cache.LIMIT = 60_000

@dataclass(frozen=True)
class Sampler:
    scale: float

    def sample(self, points, threads=1):
        return Rays.make(211, np.zeros((len(points), 4)), np.tile([500.0, 0, 0, 480.0], (len(points), 1)),
                         self.scale * points[:, 0])

points = unit_points(64, seed=1)
for turn in range(60):
    scale = 1.0 + turn % 12
    rays = cache.recall(Sampler(scale), points)
    assert np.array_equal(rays.weight, scale * points[:, 0]), scale
    if turn % 20 == int(sys.argv[1]):
        cache.clear(cache.cache_dir())
"""


def test_processes_share_the_directory(tmp_path: Path) -> None:
    """Four processes make, read, trim and clear the same entries at once; each always gets its own numbers."""
    environment = {**os.environ, "DARKHORN_CACHE": str(tmp_path)}
    jobs = [
        subprocess.Popen([sys.executable, "-c", WORKER, str(7 * k)], env=environment, stderr=subprocess.PIPE)
        for k in range(4)
    ]
    messages = [job.communicate(timeout=120)[1].decode() for job in jobs]
    assert [job.returncode for job in jobs] == [0] * 4, messages
    found = cache.entries(tmp_path)
    assert sum(state.st_size for _, state in found) <= 60_000
    assert len(list(tmp_path.iterdir())) == len(found), "no half files stay"


def test_the_verb_lists_and_clears(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from darkhorn.cli.app import invoke

    cache.recall(Counting(), POINTS)
    assert invoke(["cache", "list", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert (listed["entries"], listed["directory"], listed["limit_bytes"]) == (1, str(folder), cache.LIMIT)
    assert 0.0 <= listed["newest_s"] <= listed["oldest_s"] < 3600.0
    assert invoke(["cache", "clear", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["freed_bytes"] == listed["size_bytes"]
    assert invoke(["cache"]) == 0
    assert "entries" in capsys.readouterr().out
    assert invoke(["cache", "burn"]) == 2
