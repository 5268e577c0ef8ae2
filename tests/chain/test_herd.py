"""Mesons that are used several times: every sum keeps its expectation."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from darkhorn.chain.herd import choose, few_of, in_turn, reused
from darkhorn.chain.scenario import load_scenario
from darkhorn.chain.setup import Parents
from darkhorn.core.points import OF_MESONS, Axis, unit_points
from darkhorn.core.rays import Rays


@given(st.integers(1, 4), st.integers(1, 9), st.integers(0, 2**32 - 1))
@settings(max_examples=50, deadline=None, derandomize=True)
def test_choosing_by_worth_moves_no_sum(sets: int, few: int, seed: int) -> None:
    """With n equally spaced numbers the sum over points is the integral over u, up to the edges between mesons."""
    rng, n = np.random.default_rng(seed), 4000
    worth, value = rng.random(sets * few) ** 3, rng.random(sets * few)
    u = np.tile((np.arange(n) + 0.5) / n, sets)
    rows, factor = choose(worth, rng.random(sets * few), u, sets)
    own = np.repeat(np.arange(sets), n)
    assert np.array_equal(rows // few, own)
    found = np.bincount(own, (value[rows] * factor), sets)
    largest = 4.0 * few / n  # nobody's share is below a quarter of the equal one
    assert found == pytest.approx(value.reshape(sets, few).sum(axis=1), abs=2.0 * few * largest)


def test_mesons_are_used_as_often_as_they_are_worth_and_along_a_quantity() -> None:
    worth, along = np.array([1.0, 3.0, 0.0, 4.0]), np.array([3.0, 1.0, 2.0, 0.0])
    u = (np.arange(16000) + 0.5) / 16000
    rows, factor = choose(worth, along, u, 1)
    assert np.array_equal(rows[np.sort(np.unique(rows, return_index=True)[1])], [3, 1, 2, 0])
    share = 0.75 * worth / 8.0 + 0.25 / 4.0
    assert np.bincount(rows) / 16000 == pytest.approx(share, abs=1e-4)
    assert factor == pytest.approx(1.0 / (share[rows] * 16000), rel=1e-12)


def test_worthless_mesons_are_used_equally_often() -> None:
    rows, factor = choose(np.zeros(4), np.arange(4.0), (np.arange(8) + 0.5) / 8, 1)
    assert np.array_equal(rows, np.repeat(np.arange(4), 2))
    assert factor == pytest.approx(0.5)


def test_mesons_in_turn_keep_the_yield_of_each_set() -> None:
    rng = np.random.default_rng(3)
    mesons = Rays.make(211, np.zeros((12, 4)), np.ones((12, 4)), rng.random(12))
    used = in_turn(mesons, 10, 3)
    assert len(used) == 30
    assert used.yield_ == pytest.approx(mesons.weight.reshape(3, 4) @ np.array([3, 3, 2, 2]) / 10 * 4 @ np.ones(3))
    whole = in_turn(mesons, 8, 3)
    assert whole.weight.reshape(3, 8).sum(axis=1) == pytest.approx(mesons.weight.reshape(3, 4).sum(axis=1))


@pytest.fixture(scope="module")
def parents() -> list[Parents]:
    found: list[Parents] = []
    for name in ("miniboone", "miniboone-dump"):
        for setup in load_scenario(name).setups():
            found += setup.parents
    return found


def test_reused_mesons_keep_the_yield(parents: list[Parents]) -> None:
    n, stream = 2**12, (0, 1)
    few = parents[0].sample(unit_points(few_of(n), seed=5, stream=(*stream, 0)))
    assert reused(parents[0], n, 5, stream).yield_ == pytest.approx(few.yield_, rel=1e-12)


def test_only_their_own_coordinates_decide_about_mesons(parents: list[Parents]) -> None:
    """So that the same points may say what happens to the particles that another meson sends."""
    points = unit_points(64, seed=2)
    others = [axis for axis in Axis if axis not in OF_MESONS]
    changed = points.copy(order="K")
    changed[:, others] = unit_points(64, seed=3)[:, others]
    assert {item.species for item in parents} >= {211, -211}
    for item in parents:
        one, other = item.sample(points), item.sample(changed)
        assert len(one) > 0
        for name in ("x", "p", "weight"):
            assert np.array_equal(getattr(one, name), getattr(other, name)), (item, name)
