"""Mesons on disk: found again, never believed blindly, never in the way."""

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
