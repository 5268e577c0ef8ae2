"""Densities on the cube: a change of variables that is exact whatever the grid."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from darkhorn.core.cube import CubeGrid
from darkhorn.core.errors import RangeError

GRIDS = hnp.arrays(float, hnp.array_shapes(min_dims=3, max_dims=3, max_side=4), elements=st.floats(0.05, 1.0))


def midpoints(n: int) -> list[np.ndarray]:
    centres = (np.arange(n) + 0.5) / n
    return [axis.ravel() for axis in np.meshgrid(centres, centres, centres, indexing="ij")]


def cell_of(grid: CubeGrid, *place: np.ndarray) -> tuple[np.ndarray, ...]:
    return tuple(np.minimum((x * n).astype(int), n - 1) for x, n in zip(place, grid.probability.shape, strict=True))


@given(GRIDS)
@settings(max_examples=30, deadline=None, derandomize=True)
def test_the_jacobian_is_one_over_the_density_and_points_follow_it(probability: np.ndarray) -> None:
    grid = CubeGrid(probability / probability.sum())
    *place, jacobian = grid.map(*midpoints(60))
    cell = cell_of(grid, *place)
    edge = np.any(
        [np.abs(x * n - np.round(x * n)) < 1e-9 for x, n in zip(place, probability.shape, strict=True)], axis=0
    )
    density = grid.probability[cell] * probability.size
    assert np.abs(jacobian * density - 1.0)[~edge].max() < 1e-9
    filled = np.bincount(np.ravel_multi_index(cell, probability.shape), minlength=probability.size) / 60**3
    assert filled.reshape(probability.shape) == pytest.approx(grid.probability, abs=0.03)


@given(GRIDS, st.integers(0, 2**32 - 1))
@settings(max_examples=30, deadline=None, derandomize=True)
def test_integrals_do_not_depend_on_the_grid(probability: np.ndarray, seed: int) -> None:
    n = 2**14
    a, b, c, jacobian = CubeGrid(probability).map(*np.random.default_rng(seed).random((3, n)))
    weights = jacobian * np.array([np.ones(n), a * b, a**2 * c, b * np.cos(c)])
    pull = (weights.mean(axis=1) - [1.0, 1 / 4, 1 / 6, np.sin(1.0) / 2]) * np.sqrt(n) / (weights.std(axis=1) + 1e-12)
    assert np.abs(pull).max() < 4.5


def test_a_uniform_grid_leaves_points_where_they_are() -> None:
    u, v, w = np.random.default_rng(1).random((3, 50))
    a, b, c, jacobian = CubeGrid.uniform().map(u, v, w)
    np.testing.assert_allclose([a, b, c], [u, v, w], rtol=1e-15)
    np.testing.assert_array_equal(jacobian, 1.0)


def test_an_adapted_grid_lowers_the_variance_and_keeps_the_integral() -> None:
    """A ridge along the diagonal of two coordinates, which no product of densities follows."""

    def ridge(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> np.ndarray:
        return np.exp(-(((a - c) / 0.1) ** 2)) * (1.0 + b)

    rng = np.random.default_rng(4)
    places = rng.random((2**12, 3))
    grid = CubeGrid.adapted(places, ridge(*places.T), cells=6, smoothing=0.25, floor=0.4)
    u = rng.random((3, 2**15))
    plain = ridge(*u)
    *moved, jacobian = grid.map(*u)
    better = ridge(*moved) * jacobian
    assert better.var() < 0.4 * plain.var()
    error = np.sqrt((plain.var() + better.var()) / 2**15)
    assert better.mean() == pytest.approx(plain.mean(), abs=4.0 * error)


def test_a_pilot_that_found_nothing_gives_a_uniform_grid() -> None:
    grid = CubeGrid.adapted(np.random.default_rng(2).random((64, 3)), np.zeros(64), 3, 0.25, 0.4)
    np.testing.assert_allclose(grid.probability, 1 / 27)


def test_impossible_grids_are_refused() -> None:
    places, weight = np.full((4, 3), 0.5), np.ones(4)
    with pytest.raises(RangeError, match="importance grid"):
        CubeGrid(np.zeros((2, 2, 2)))
    with pytest.raises(RangeError, match="floor"):
        CubeGrid.adapted(places, weight, 2, 0.25, 0.0)
    with pytest.raises(RangeError, match="smoothing"):
        CubeGrid.adapted(places, weight, 2, -0.1, 0.4)
