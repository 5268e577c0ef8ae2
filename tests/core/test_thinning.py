"""Thinning keeps sums and expectations, and its level is the one that its definition asks for."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from darkhorn.core.errors import RangeError
from darkhorn.core.thinning import level_of, thin


@given(
    st.lists(st.floats(0.0, 1e3), min_size=1, max_size=60),
    st.integers(1, 40),
    st.floats(0.0, 1.0, exclude_max=True),
)
@settings(deadline=None, derandomize=True, max_examples=200)
def test_sum_and_number_stay(weights: list[float], n: int, u: float) -> None:
    weight = np.array(weights)
    kept = thin(weight, n, u)
    positive = int((weight > 0).sum())
    assert len(kept.rows) == min(n, positive)
    assert kept.weight.sum() == pytest.approx(weight.sum(), rel=1e-12)
    assert np.all(kept.weight >= weight[kept.rows] * (1 - 1e-12))
    if kept.level > 0:
        assert np.minimum(1.0, weight / kept.level).sum() == pytest.approx(n, rel=1e-9)
        assert int((kept.weight > kept.level * (1 + 1e-9)).sum()) <= kept.over


def test_a_case_by_hand() -> None:
    """One large weight and four equal ones, three wanted: c = 4/2, and the large one stays."""
    kept = thin(np.array([10.0, 1.0, 1.0, 1.0, 1.0]), 3, 0.5)
    assert kept.level == 2.0
    assert kept.weight == pytest.approx([10.0, 2.0, 2.0])
    assert (kept.over, kept.largest, kept.efficiency) == (1, 5.0, 0.6)
    assert kept.over_share == pytest.approx(8.0 / 14.0)
    assert level_of(np.array([1.0, 2.0]), 2) == 0.0


def test_expectations_stay() -> None:
    """Over a uniform u, each entry is kept with its weight on average."""
    rng = np.random.default_rng(3)
    weight = rng.exponential(size=30) ** 3
    turns = (np.arange(4000) + 0.5) / 4000
    mean = np.zeros(30)
    for u in turns:
        kept = thin(weight, 10, float(u))
        np.add.at(mean, kept.rows, kept.weight)
    assert mean / len(turns) == pytest.approx(weight, rel=0.02, abs=2e-3 * weight.sum())


@pytest.mark.parametrize(("n", "u", "low"), [(0, 0.5, 1.0), (3, 1.0, 1.0), (3, 0.5, -1.0)])
def test_impossible_requests(n: int, u: float, low: float) -> None:
    with pytest.raises(RangeError):
        thin(np.array([low, 2.0]), n, u)
