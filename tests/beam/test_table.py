"""Mesons from a table: every row in proportion to its weight, whatever the number of points."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from darkhorn.beam.table import TableParents, TableSource, draw_rows
from darkhorn.core.errors import InputFileError
from darkhorn.core.importance import ImportanceGrid
from darkhorn.core.points import Axis, unit_points
from darkhorn.core.rays import Rays

WEIGHTS = hnp.arrays(float, st.integers(1, 30), elements=st.one_of(st.just(0.0), st.floats(1e-6, 1e3)))


def table(weight: np.ndarray, pdgid: object = 211) -> Rays:
    n = len(weight)
    three = np.column_stack([np.zeros(n), np.zeros(n), 100.0 + np.arange(n)])
    energy = np.sqrt((three**2).sum(axis=1) + 139.57039**2)
    return Rays.make(pdgid, np.zeros(4), np.column_stack([energy, three]), weight, np.arange(n))


@given(WEIGHTS, st.integers(0, 1000))
@settings(max_examples=80, deadline=None, derandomize=True)
def test_yield_is_kept_and_rows_without_weight_are_never_drawn(weight: np.ndarray, seed: int) -> None:
    if weight.sum() == 0.0:
        weight[0] = 1.0
    u = np.append(np.random.default_rng(seed).random(64), [2.0**-54, 1 - 2.0**-53])
    drawn = draw_rows(table(weight), u)
    assert len(drawn) == 66
    assert drawn.yield_ == pytest.approx(weight.sum(), rel=1e-12, abs=0)
    assert np.ptp(drawn.weight) == 0.0
    assert (weight[drawn.parent] > 0).all()
    assert np.array_equal(drawn.p[:, 3], 100.0 + drawn.parent)


def test_frequencies_are_the_weights() -> None:
    weight = np.array([1.0, 0.0, 5.0, 3.0, 1.0])
    u = (np.arange(1000) + 0.5) / 1000
    counts = np.bincount(draw_rows(table(weight), u).parent, minlength=5)
    assert counts.tolist() == [100, 0, 500, 300, 100]


def test_means_agree_with_the_table() -> None:
    weight = np.random.default_rng(1).random(200)
    rays = table(weight)
    drawn = draw_rows(rays, unit_points(2**13, seed=2)[:, Axis.DECAY])
    assert (drawn.weight * drawn.energy).sum() == pytest.approx((weight * rays.energy).sum(), rel=1e-3)


def test_source_keeps_species_apart() -> None:
    weight = np.array([1.0, 2.0, 3.0, 4.0])
    source = TableSource(table(weight, np.array([211, -211, 211, 321])))
    assert source.species == (-211, 211, 321)
    points = unit_points(64, seed=1)
    for species, total in ((211, 4.0), (-211, 2.0), (321, 4.0)):
        rays = source.sample(points, species, ImportanceGrid.uniform())
        assert (rays.pdgid == species).all()
        assert rays.yield_ == pytest.approx(total)
    with pytest.raises(InputFileError, match="no row has a positive weight; allowed: at least one, per POT"):
        source.sample(points, 130, ImportanceGrid.uniform())


def test_source_ignores_the_grid_and_parents_use_their_own_axis() -> None:
    weight = np.random.default_rng(3).random(20)
    points = unit_points(32, seed=4)
    grid = ImportanceGrid(np.array([[1.0, 2.0], [3.0, 4.0]]))
    source = TableSource(table(weight))
    assert np.array_equal(
        source.sample(points, 211, grid).parent, source.sample(points, 211, ImportanceGrid.uniform()).parent
    )
    parents = TableParents(table(weight), 211).sample(points)
    assert np.array_equal(parents.parent, draw_rows(table(weight), points[:, Axis.DECAY]).parent)
    assert parents.yield_ == pytest.approx(weight.sum())


@pytest.mark.parametrize("weight", [np.zeros(0), np.zeros(3)])
def test_nothing_to_draw(weight: np.ndarray) -> None:
    with pytest.raises(InputFileError, match="no row has a positive weight"):
        draw_rows(table(weight), np.array([0.5]))
