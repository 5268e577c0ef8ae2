"""Merging of sparse cells: nothing is lost, every group reaches the minimum, data play no part."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from darkhorn.core.errors import RangeError
from darkhorn.inference.merge import gather, merge_cells
from darkhorn.inference.shapes import Table2D


@settings(max_examples=60, deadline=None, derandomize=True)
@given(seed=st.integers(0, 10**6), n=st.integers(1, 8), m=st.integers(1, 8), minimum=st.floats(0.1, 20))
def test_every_group_reaches_the_minimum(seed: int, n: int, m: int, minimum: float) -> None:
    rng = np.random.default_rng(seed)
    background = rng.exponential(2.0, size=(n, m)) * (rng.random((n, m)) < 0.6) + 1e-3
    minimum = min(minimum, float(background.sum()))
    groups = merge_cells(background, minimum)
    merged = gather(background, groups)
    assert merged.sum() == pytest.approx(background.sum())
    assert set(groups.ravel()) == set(range(len(merged)))
    assert merged.min() >= minimum * (1.0 - 1e-12)


def test_by_hand() -> None:
    background = np.array([[3.0, 3.0, 1.0], [0.0, 1.0, 0.0], [4.0, 4.0, 4.0], [0.0, 0.5, 0.0]])
    expected = [[0, 0, 0], [1, 1, 1], [1, 1, 1], [1, 1, 1]]
    np.testing.assert_array_equal(merge_cells(background, 7.0), expected)
    fine = merge_cells(background, 3.0)
    np.testing.assert_array_equal(fine, [[0, 1, 1], [2, 3, 4], [2, 3, 4], [2, 3, 4]])


def test_public_table(table: Table2D) -> None:
    """196 of 440 cells are empty of background, 15 of these have data."""
    assert table.data.shape == (22, 20)
    assert table.data.sum() == 3235.0
    assert table.background.sum() == pytest.approx(2638.3, abs=1e-6)
    empty = table.background == 0.0
    assert empty.sum() == 196
    assert (table.data[empty] > 0).sum() == 15
    groups = merge_cells(table.background, 5.0)
    assert gather(table.background, groups).min() >= 5.0
    assert gather(table.data, groups).sum() == 3235.0
    assert groups.max() + 1 == 177


def test_refusals() -> None:
    with pytest.raises(RangeError, match="minimum background = 9"):
        merge_cells(np.ones((2, 2)), 9.0)
    with pytest.raises(RangeError, match="two axes"):
        merge_cells(np.ones(3), 1.0)
    with pytest.raises(RangeError, match="that of the groups"):
        gather(np.ones(3), merge_cells(np.ones((2, 2)), 1.0))
