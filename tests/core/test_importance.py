"""Importance grids: a change of variables that is exact whatever the grid."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from darkhorn.core.errors import RangeError
from darkhorn.core.importance import ImportanceGrid, balanced_worth

GRIDS = hnp.arrays(float, hnp.array_shapes(min_dims=2, max_dims=2, max_side=6), elements=st.floats(0.01, 1.0))


def midpoints(n: int) -> tuple[np.ndarray, np.ndarray]:
    centres = (np.arange(n) + 0.5) / n
    u, v = np.meshgrid(centres, centres, indexing="ij")
    return u.ravel(), v.ravel()


@given(GRIDS)
@settings(max_examples=60, deadline=None, derandomize=True)
def test_integrals_do_not_depend_on_the_grid(probability: np.ndarray) -> None:
    """Gauss points inside the preimage of every cell integrate polynomials of (a, b) exactly."""
    share = probability / probability.sum()
    nodes, weights = np.polynomial.legendre.leggauss(3)
    nodes, weights = (nodes + 1) / 2, weights / 2
    rows = np.concatenate([[0.0], np.cumsum(share.sum(axis=1))])
    total = np.zeros(3)
    for i, row in enumerate(share):
        columns = np.concatenate([[0.0], np.cumsum(row / row.sum())])
        u = rows[i] + (rows[i + 1] - rows[i]) * nodes
        v = (columns[:-1, None] + np.diff(columns)[:, None] * nodes).ravel()
        w = (np.diff(columns)[:, None] * weights).ravel()
        a, b, jacobian = ImportanceGrid(share).map(np.repeat(u, len(v)), np.tile(v, 3))
        assert ((a > 0) & (a < 1) & (b > 0) & (b < 1) & (jacobian > 0)).all()
        measure = np.outer((rows[i + 1] - rows[i]) * weights, w).ravel() * jacobian
        total += [measure.sum(), (measure * a).sum(), (measure * a**3 * b**2).sum()]
    assert total == pytest.approx([1.0, 1 / 2, 1 / 12], rel=1e-10)


@given(GRIDS)
@settings(max_examples=40, deadline=None, derandomize=True)
def test_points_follow_the_grid_and_the_jacobian_is_one_over_the_density(probability: np.ndarray) -> None:
    share = probability / probability.sum()
    n, m = share.shape
    u, v = midpoints(300)
    a, b, jacobian = ImportanceGrid(share).map(u, v)
    row, column = np.minimum((a * n).astype(int), n - 1), np.minimum((b * m).astype(int), m - 1)
    filled = np.bincount(row * m + column, minlength=n * m).reshape(n, m) / len(u)
    assert filled == pytest.approx(share, abs=0.01)
    edge = (np.abs(a * n - np.round(a * n)) < 1e-9) | (np.abs(b * m - np.round(b * m)) < 1e-9)
    ratio = jacobian * (share * n * m)[row, column]
    assert np.abs(ratio[~edge] - 1.0).max() < 1e-9


@given(GRIDS, st.integers(0, 2**32 - 1))
@settings(max_examples=40, deadline=None, derandomize=True)
def test_the_map_is_increasing_in_each_coordinate(probability: np.ndarray, seed: int) -> None:
    grid = ImportanceGrid(probability)
    fine = np.linspace(1e-9, 1 - 1e-9, 400)
    other = np.full(400, np.random.default_rng(seed).random())
    a, _, _ = grid.map(fine, other)
    assert (np.diff(a) > 0).all()
    _, b, _ = grid.map(other, fine)
    assert (np.diff(b) > 0).all()


def test_uniform_leaves_points_alone() -> None:
    rng = np.random.default_rng(2)
    u, v = rng.random(500), rng.random(500)
    a, b, jacobian = ImportanceGrid.uniform().map(u, v)
    assert np.array_equal(a, u)
    assert np.array_equal(b, v)
    assert np.array_equal(jacobian, np.ones(500))


def test_only_ratios_matter() -> None:
    rng = np.random.default_rng(3)
    probability, u, v = rng.uniform(0.1, 1.0, (5, 4)), rng.random(100), rng.random(100)
    for one, other in zip(
        ImportanceGrid(probability).map(u, v), ImportanceGrid(probability / 7.0).map(u, v), strict=True
    ):
        assert one == pytest.approx(other, rel=1e-12)


def pilot(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.exp(-0.5 * ((a - 0.3) ** 2 + (b - 0.7) ** 2) / 0.08**2)


def test_adapted_grid_follows_the_pilot_and_keeps_its_floor() -> None:
    rng = np.random.default_rng(4)
    a, b = rng.random((2, 20000))
    grid = ImportanceGrid.adapted(a, b, pilot(a, b), bins=20, floor=0.1)
    assert grid.probability.shape == (20, 20)
    assert grid.probability.sum() == pytest.approx(1.0, rel=1e-12)
    assert grid.probability.min() >= 0.1 / 400 * (1 - 1e-12)
    row, column = np.unravel_index(grid.probability.argmax(), (20, 20))
    assert abs((row + 0.5) / 20 - 0.3) <= 0.06
    assert abs((column + 0.5) / 20 - 0.7) <= 0.06


def test_adapted_grid_lowers_the_variance_and_keeps_the_mean() -> None:
    rng = np.random.default_rng(5)
    a, b = rng.random((2, 20000))
    plain = pilot(a, b)
    grid = ImportanceGrid.adapted(a, b, plain, bins=20)
    x, y, jacobian = grid.map(*rng.random((2, 20000)))
    weighted = pilot(x, y) * jacobian
    assert weighted.std() < 0.5 * plain.std()
    exact = 2 * np.pi * 0.08**2  # the peak is 3.7 sigma away from the nearest edge
    assert weighted.mean() == pytest.approx(exact, abs=4 * weighted.std() / np.sqrt(20000) + 3e-4 * exact)


def test_a_pilot_that_found_nothing_gives_a_uniform_grid() -> None:
    rng = np.random.default_rng(6)
    grid = ImportanceGrid.adapted(rng.random(50), rng.random(50), np.zeros(50), bins=4)
    assert grid.probability == pytest.approx(np.full((4, 4), 1 / 16), rel=1e-12)


@pytest.mark.parametrize("bad", [0.0, -1.0, np.nan, np.inf])
def test_a_cell_without_points_is_refused(bad: float) -> None:
    probability = np.ones((2, 2))
    probability[1, 0] = bad
    with pytest.raises(RangeError, match="importance grid"):
        ImportanceGrid(probability)


@pytest.mark.parametrize("floor", [0.0, -0.1, 1.5])
def test_floor_is_a_share(floor: float) -> None:
    with pytest.raises(RangeError, match=r"floor = .*\(0, 1\]"):
        ImportanceGrid.adapted(np.array([0.5]), np.array([0.5]), np.ones(1), floor=floor)


def test_worth_by_hand() -> None:
    """Two bins with 3 and 1, the sum 4: they share it like 16/10 bins."""
    cell, weight = np.array([[0, 0, 1], [0, 0, 0]]), np.array([[1.0, 0.5, 1.0], [1.0, 0.5, 0.0]])
    value = [1 / (1.6 * 9) + 2 / 16, 1 / 1.6 + 2 / 16]
    expected = np.sqrt([value[0], 0.25 * value[0], 0.5 * value[1]])
    assert balanced_worth(cell, weight, whole=2.0) == pytest.approx(expected, rel=1e-12)
    assert balanced_worth(cell, 7.0 * weight, whole=2.0) == pytest.approx(expected, rel=1e-12)
    alone = balanced_worth(np.zeros((1, 3), dtype=np.int64), weight[:1])
    assert alone == pytest.approx(weight[0] / weight[0].sum() * np.sqrt(17.0))


def test_worth_of_nothing_is_nothing_and_ranges() -> None:
    cell = np.zeros((2, 3), dtype=np.int64)
    assert balanced_worth(cell, np.zeros((2, 3))).tolist() == [0.0] * 3
    with pytest.raises(RangeError, match="whole"):
        balanced_worth(cell, np.ones((2, 3)), whole=-1.0)
    with pytest.raises(RangeError, match="least"):
        balanced_worth(cell, np.ones((2, 3)), least=0.0)


def test_balanced_pilots_level_the_errors_of_a_steep_spectrum() -> None:
    """Bins of exp(-8 a): the grid of the plain weight leaves the last ones without points; integrals stay exact."""
    rng = np.random.default_rng(7)

    def content(grid: ImportanceGrid, n: int = 40000) -> tuple[np.ndarray, np.ndarray]:
        a, b, jacobian = grid.map(*rng.random((2, n)))
        weight = np.exp(-8 * a) * 2 * b * jacobian
        cell = (a * 10).astype(int)
        sums = np.bincount(cell, weights=weight, minlength=10) / n
        return sums, np.sqrt(np.bincount(cell, weights=weight**2, minlength=10) / n**2) / sums

    a, b = rng.random((2, 20000))
    plain = np.exp(-8 * a) * 2 * b
    worth = balanced_worth((a * 10).astype(np.int64)[None], plain[None])
    exact = (np.exp(-8 * np.arange(10) / 10) - np.exp(-8 * np.arange(1, 11) / 10)) / 8
    sums, level = content(ImportanceGrid.adapted(a, b, worth))
    before, error = content(ImportanceGrid.adapted(a, b, plain))
    assert (level**2).mean() < 0.35 * (error**2).mean()
    assert np.abs(sums / exact - 1.0).max() < 4.5 * level.max()
    assert np.abs(before / exact - 1.0).max() < 4.5 * error.max()


def test_filled_grid_keeps_its_projections_and_has_no_holes() -> None:
    grid = ImportanceGrid(np.array([[4.0, 1e-6], [1e-6, 4.0], [1.0, 1.0]]))
    filled = grid.filled(0.4)
    whole = grid.probability / grid.probability.sum()
    for axis in (0, 1):
        assert np.allclose(filled.probability.sum(axis=axis), whole.sum(axis=axis), rtol=1e-12)
    assert filled.probability.min() > 0.05
    assert np.allclose(grid.filled(0.0).probability, whole, rtol=1e-12)
    with pytest.raises(RangeError, match="share of the product"):
        grid.filled(1.1)
