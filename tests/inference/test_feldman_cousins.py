"""Likelihood-ratio ordering: exact sums for one count, one family of masses, streams that no thread can change."""

import numpy as np
import pytest
from scipy import stats

from darkhorn.core.errors import RangeError, UnknownNameError
from darkhorn.inference.cost import Cost
from darkhorn.inference.feldman_cousins import feldman_cousins
from darkhorn.inference.poisson import PoissonTerm
from darkhorn.inference.shapes import counting_cost


def exact_p_value(observed: int, background: float, mu: float) -> float:
    """Probability of outcomes that agree no better with mu in the likelihood ratio, by summing Poisson terms."""
    n = np.arange(0, 200)
    best = np.maximum(n - background, 0.0)
    ratio = stats.poisson.logpmf(n, background + mu) - stats.poisson.logpmf(n, background + best)
    return float(stats.poisson.pmf(n, background + mu)[ratio <= ratio[observed] + 1e-9].sum())


@pytest.mark.parametrize("observed", [0, 4, 9])
def test_one_count_against_exact_sums(observed: int) -> None:
    cost = counting_cost("a", observed, 3.0, 0.0, {"mu": 1.0})
    tested = [0.0, 1.5, 6.0]
    found = feldman_cousins(cost, [{"mu": mu} for mu in tested], experiments=250, seed=4)
    exact = np.array([exact_p_value(observed, 3.0, mu) for mu in tested])
    np.testing.assert_allclose(found.p_values, exact, atol=0.09)
    assert (found.allowed(0.9) == (found.p_values > 0.1)).all()
    assert found.observed.min() >= 0.0


def test_published_interval() -> None:
    """n = 4 over b = 3: the published interval at 90 % is [0, 5.60]; at n = 0 it ends at 1.08."""
    assert exact_p_value(4, 3.0, 5.5) > 0.1 > exact_p_value(4, 3.0, 6.5)
    four = feldman_cousins(counting_cost("a", 4, 3.0, 0.0, {"mu": 1.0}), [{"mu": m} for m in (0.0, 8.0)], seed=2)
    assert four.allowed(0.9).tolist() == [True, False]
    none = feldman_cousins(counting_cost("a", 0, 3.0, 0.0, {"mu": 1.0}), [{"mu": m} for m in (0.5, 3.0)], seed=2)
    assert none.allowed(0.9).tolist() == [True, False]


def test_many_events_follow_wilks() -> None:
    cost = counting_cost("a", 10000.0, 10000.0, 0.0, {"mu": 1.0})
    found = feldman_cousins(cost, [{"mu": 400.0}], experiments=400, seed=3)
    assert found.critical(0.68)[0] == pytest.approx(stats.chi2.ppf(0.68, 1), rel=0.25)
    assert found.p_values[0] < 0.01


def spectrum(shape: list[float]) -> Cost:
    data, background = np.array([30.0, 22.0, 20.0]), np.full(3, 20.0)
    modes = {"n": np.full(3, 0.05)}
    return Cost((PoissonTerm("t", data, background, {"mu": np.array(shape)}, background_modes=modes),))


def test_two_parameters_and_threads() -> None:
    """A mass and a strength; the same seed gives the same numbers whatever the number of threads."""
    family = [spectrum([1.0, 0.2, 0.0]), spectrum([0.0, 0.2, 1.0]), spectrum([0.0, 0.0, 0.0])]
    points = [(0, {"mu": 10.0}), (1, {"mu": 30.0}), (2, {"mu": 5.0})]
    one = feldman_cousins(family, points, experiments=30, seed=9)
    many = feldman_cousins(family, points, experiments=30, seed=9, threads=3)
    np.testing.assert_array_equal(one.drawn, many.drawn)
    np.testing.assert_array_equal(one.observed, many.observed)
    assert not np.array_equal(one.drawn, feldman_cousins(family, points, experiments=30, seed=10).drawn)
    assert one.allowed(0.9).tolist()[:2] == [True, False]


def test_refusals() -> None:
    cost = counting_cost("a", 4, 3.0, 0.5, {"mu": 1.0})
    with pytest.raises(RangeError, match="0 points"):
        feldman_cousins(cost, [])
    with pytest.raises(UnknownNameError, match="strength of the likelihood 'norm a'"):
        feldman_cousins(cost, [{"norm a": 1.0}])
    with pytest.raises(RangeError, match="mu = -1"):
        feldman_cousins(cost, [{"mu": -1.0}])
    with pytest.raises(RangeError, match="experiments = 3"):
        feldman_cousins(cost, [{"mu": 1.0}], experiments=3)
    with pytest.raises(RangeError, match="likelihood number 2; allowed: 0 to 0"):
        feldman_cousins(cost, [(2, {"mu": 1.0})])
    with pytest.raises(RangeError, match="different data"):
        feldman_cousins([cost, counting_cost("a", 5, 3.0, 0.5, {"mu": 1.0})], [(0, {"mu": 1.0})])
