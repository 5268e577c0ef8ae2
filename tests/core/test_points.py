"""Points of the unit cube: reproducible, nested, strictly inside, independent between streams."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from darkhorn.core.errors import RangeError
from darkhorn.core.points import Axis, unit_points, unit_sets, words

KINDS = ("sobol", "random")


def test_axes_are_the_columns() -> None:
    assert [axis.value for axis in Axis] == list(range(len(Axis)))
    assert Axis.SCATTER == 15


@pytest.mark.parametrize("kind", KINDS)
@given(st.integers(0, 8), st.integers(0, 2**40), st.tuples(st.integers(0, 5), st.integers(0, 100)))
@settings(max_examples=25, deadline=None, derandomize=True)
def test_shorter_sets_are_prefixes(kind: str, power: int, seed: int, stream: tuple[int, int]) -> None:
    short = unit_points(2**power, seed=seed, stream=stream, kind=kind)
    long = unit_points(2 ** (power + 1), seed=seed, stream=stream, kind=kind)
    assert short.shape == (2**power, len(Axis))
    assert np.array_equal(short, long[: 2**power])
    assert long.min() > 0.0
    assert long.max() < 1.0
    assert np.array_equal(short, unit_points(2**power, seed=seed, stream=stream, kind=kind))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("start", [0, 64, 192])
def test_several_sets_are_the_single_ones_in_a_row(kind: str, start: int) -> None:
    streams = ((0, 3), (0, 4), (2, 0, 1))
    together = unit_sets(64, seed=9, streams=streams, kind=kind, start=start)
    apart = [unit_points(64, seed=9, stream=stream, kind=kind, start=start) for stream in streams]
    assert np.array_equal(together, np.concatenate(apart))
    assert together.T.flags.c_contiguous
    whole = unit_points(256, seed=9, stream=streams[1], kind=kind)
    assert np.array_equal(apart[1], whole[start : start + 64])


@pytest.mark.parametrize("kind", KINDS)
def test_seeds_streams_and_kinds_differ(kind: str) -> None:
    start = unit_points(64, seed=1, stream=(0, 0), kind=kind)
    others = [((1), (0, 1)), ((1), (1, 0)), ((2), (0, 0)), ((1), ())]
    for seed, stream in others:
        other = unit_points(64, seed=seed, stream=stream, kind=kind)
        assert (np.abs(start - other) > 1e-12).mean() > 0.9
    assert not np.array_equal(unit_points(64, seed=1, kind="sobol"), unit_points(64, seed=1, kind="random"))


@pytest.mark.parametrize("kind", KINDS)
def test_every_axis_is_uniform_and_pairs_are_uncorrelated(kind: str) -> None:
    points = unit_points(4096, seed=11, stream=(3,), kind=kind)
    for column in points.T:
        assert stats.kstest(column, "uniform").pvalue > 1e-4
    correlation = np.corrcoef(points.T) - np.eye(len(Axis))
    assert np.abs(correlation).max() < 5.0 / np.sqrt(4096)


def test_words_of_neighbours_are_unrelated() -> None:
    u = unit_points(2**14, seed=1)[:, Axis.SCATTER]
    first, second = words(u), words(u, 1)
    assert len(set(first) | set(second)) == 2**15
    for bits in (first, second, first ^ second, first ^ words(np.nextafter(u, 1.0))):
        ones = np.unpackbits(bits.view(np.uint8)).reshape(-1, 64).mean(axis=0)
        assert np.abs(ones - 0.5).max() < 5 * 0.5 / np.sqrt(2**14)


def test_sobol_fills_every_interval_once() -> None:
    points = unit_points(1024, seed=5)
    cells = np.sort(np.floor(points * 1024).astype(int), axis=0)
    assert np.array_equal(cells, np.tile(np.arange(1024)[:, None], (1, len(Axis))))


def test_sobol_beats_random_on_a_smooth_integral() -> None:
    def error(kind: str) -> float:
        means = [
            unit_points(1024, seed=7, stream=(r,), kind=kind)[:, :4].prod(axis=1).mean() - 0.5**4 for r in range(16)
        ]
        return float(np.sqrt(np.mean(np.square(means))))

    assert error("sobol") < 0.2 * error("random")


def test_a_set_that_is_kept_cannot_be_spoilt() -> None:
    points = unit_points(32, seed=9)
    with pytest.raises(ValueError, match="read-only"):
        points[0, 0] = 0.5


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n": 64, "seed": -1}, r"seed = -1 .*\[0, inf\)"),
        ({"n": 0, "seed": 1}, r"number of points = 0 .*\[1, inf\)"),
        ({"n": -4, "seed": 1, "kind": "random"}, "number of points = -4"),
        ({"n": 100, "seed": 1}, "number of points = 100 for a Sobol' sequence; allowed: a power of two"),
        ({"n": 64, "seed": 1, "kind": "halton"}, "kind of points = 'halton'; allowed: sobol, random"),
    ],
)
def test_errors(arguments: dict, message: str) -> None:
    with pytest.raises(RangeError, match=message):
        unit_points(**arguments)


def test_random_takes_any_number() -> None:
    assert unit_points(100, seed=1, kind="random").shape == (100, len(Axis))
