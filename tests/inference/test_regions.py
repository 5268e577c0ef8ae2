"""Allowed regions: thresholds, brute force, closed channels."""

import numpy as np
import pytest
from scipy import stats

from darkhorn.core.errors import RangeError
from darkhorn.inference.cost import Cost
from darkhorn.inference.poisson import PoissonTerm
from darkhorn.inference.regions import LEVELS, scan_surface, threshold

DATA, BACKGROUND = np.array([26.0, 22.0, 45.0, 18.0]), np.full(4, 20.0)


def bump(place: int, height: float = 1.0) -> Cost:
    shape = np.zeros(4)
    shape[place] = height
    modes = {"n": np.full(4, 0.1)}
    return Cost((PoissonTerm("t", DATA, BACKGROUND, {"mu": shape}, background_modes=modes),))


def test_thresholds() -> None:
    for level in LEVELS:
        assert threshold(level, 1) == pytest.approx(stats.chi2.ppf(level, 1))
        assert threshold(level, 2) == pytest.approx(-2.0 * np.log(1.0 - level))
    assert threshold(0.9, 2) == pytest.approx(4.605, abs=1e-3)


def test_surface_against_a_grid_of_the_nuisance() -> None:
    masses, strengths = [10.0, 20.0, 30.0, 40.0], [0.0, 5.0, 20.0, 30.0]
    costs = [bump(0), bump(1), bump(2), bump(3, 0.0)]
    surface = scan_surface(costs, masses, strengths)
    pulls = np.linspace(-3, 3, 601)
    brute = [[min(cost.at({"mu": mu, "n": n}) for n in pulls) for mu in strengths] for cost in costs]
    np.testing.assert_allclose(surface.statistic, brute, atol=2e-3)
    assert surface.best_mass == 30.0
    assert surface.delta.min() >= 0.0
    assert surface.delta[2].min() < 1.0
    np.testing.assert_allclose(surface.statistic[3], surface.null, atol=1e-3)
    inside = surface.allowed(0.95)
    assert inside[2, 2:].all()
    assert not inside[:, 0].any(), "no signal is excluded at 95 %"
    assert (surface.allowed(0.99) | ~inside).all()


def test_refusals() -> None:
    with pytest.raises(RangeError, match="1 likelihoods for 2 masses"):
        scan_surface([bump(0)], [1.0, 2.0], [1.0])
    with pytest.raises(RangeError, match="0 likelihoods"):
        scan_surface([], [], [])
    with pytest.raises(RangeError, match="different data"):
        scan_surface([bump(0), bump(0).with_data([DATA + 1.0])], [1.0, 2.0], [1.0])
    with pytest.raises(RangeError, match="3 parameters"):
        threshold(0.9, 3)
