"""The fit of both masses by derivatives: pseudo-data with a known answer, a grid, numerical derivatives."""

from functools import lru_cache

import numpy as np
import pytest

from darkhorn.chain.rate import rate
from darkhorn.chain.rate_sample import draw_sample
from darkhorn.chain.scenario import Scenario, load_scenario
from darkhorn.core.errors import RangeError, UnknownNameError
from darkhorn.experiments.loader import Distribution

pytest.importorskip("jax", reason="the extra 'jax' is not installed")

from darkhorn.chain.gradients import SmoothRate
from darkhorn.inference.mass_fit import MassChi2, MassFit, fit_masses

TRUTH = (18.0, 60.0)
PRODUCT = 1.0e-8
RANGES = {"m_x": (4.0, 33.0), "m_mediator": (15.0, 250.0)}


@lru_cache
def scenario() -> Scenario:
    overrides = ["experiment.modes='neutrino'", "m_x=12", "m_mediator=80"]
    return load_scenario("miniboone", model="pseudoscalar-ib1", overrides=overrides)


@lru_cache
def smooth() -> SmoothRate:
    return SmoothRate(draw_sample(scenario().model, scenario().setups()[0], points=2**11, m_x_high=33.0 * (1.0 + 1e-9)))


def pseudo_data(strength: float = 1.0) -> Distribution:
    """A thousand times the data without fluctuations, of the sample that the fit draws."""
    unit = rate(smooth().sample, *TRUTH)[:, :-1].mean(axis=0)
    signal = strength * 5.0e5 * unit / unit.sum()
    edges, background = smooth().sample.edges, np.full(len(unit), 2000.0)
    text = {"background_kind": "constrained", "quality": "D", "source": "test"}
    return Distribution("e_vis", edges, background + signal, background, np.zeros(len(unit)), 0.0, **text)


@lru_cache
def fitted() -> MassFit:
    return fit_masses(scenario(), {"neutrino": pseudo_data()}, points=2**11, rounds=1, **RANGES)


def test_finds_what_was_put_in() -> None:
    found = fitted()
    assert (found.m_x, found.m_mediator) == pytest.approx(TRUTH, rel=1e-3)
    unit = rate(smooth().sample, *TRUTH)[:, :-1].mean(axis=0).sum()
    assert found.product == pytest.approx(np.sqrt(5.0e5 / unit), rel=2e-3)
    assert found.events == pytest.approx(5.0e5, rel=1e-3)
    assert found.chi2 < 1e-3
    assert found.chi2_null > 1e5
    assert found.ndof == len(smooth().sample.edges) - 1 - 3
    assert found.at_limit == ()


def test_no_grid_point_is_better_and_the_curvature_is_that_of_the_grid() -> None:
    problem, found = MassChi2({"neutrino": smooth()}, {"neutrino": pseudo_data()}), fitted()
    axes = [np.exp(np.linspace(-3.0, 3.0, 7) * found.errors[key]) for key in ("m_x", "m_mediator")]
    grid = np.array([[problem.profiled(found.m_x * a, found.m_mediator * b)[0] for b in axes[1]] for a in axes[0]])
    assert grid.min() >= found.chi2 - 1e-4
    assert np.unravel_index(grid.argmin(), grid.shape) == (3, 3)
    profile = grid.min(axis=1) - found.chi2  # coarse in the other mass: at least the parabola
    assert np.all(profile[[0, 1, 2, 4, 5, 6]] > 0.6 * np.array([9.0, 4.0, 1.0, 1.0, 4.0, 9.0]))


def test_gradient_of_chi2() -> None:
    problem = MassChi2({"neutrino": smooth()}, {"neutrino": pseudo_data()})
    at = np.array([np.log(11.0), np.log(90.0), 3.0e5])
    steps = np.array([1e-5, 1e-5, 1.0])
    numerical = [(problem.value(at + h) - problem.value(at - h)) / (2.0 * h.sum()) for h in np.diag(steps)]
    assert problem.gradient(at) == pytest.approx(numerical, rel=1e-5)
    chi2, n = problem.profiled(11.0, 90.0)
    assert problem.value(np.array([np.log(11.0), np.log(90.0), n])) == pytest.approx(chi2, rel=1e-8)
    assert problem.gradient(np.array([np.log(11.0), np.log(90.0), n]))[2] == pytest.approx(0.0, abs=1e-6)


def test_real_data_end_at_a_better_chi2_than_none() -> None:
    experiment = scenario().experiment
    assert experiment is not None
    data = {item.name: item for item in experiment.mode("neutrino").distributions}["e_vis"]
    found = fit_masses(scenario(), {"neutrino": data}, points=2**10, rounds=1, **RANGES)
    assert found.chi2 < found.chi2_null
    assert RANGES["m_x"][0] * 0.999 <= found.m_x <= RANGES["m_x"][1] * 1.001
    assert 0.0 < found.product < 1.0


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="mode of the scenario"):
        MassChi2({"neutrino": smooth()}, {"neutrinos": pseudo_data()})
    with pytest.raises(RangeError, match="range of m_x"):
        fit_masses(scenario(), {"neutrino": pseudo_data()}, m_x=(4.0, 50.0), m_mediator=(15.0, 250.0))
    with pytest.raises(RangeError, match="m_x of the model"):
        fit_masses(scenario(), {"neutrino": pseudo_data()}, m_x=(20.0, 30.0), m_mediator=(15.0, 250.0))
    with pytest.raises(RangeError, match="upper end of m_mediator"):
        fit_masses(scenario(), {"neutrino": pseudo_data()}, m_x=(4.0, 30.0), m_mediator=(15.0, 15.0))
