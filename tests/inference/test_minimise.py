"""Minima: closed solutions, brute force, boundaries, intervals."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from darkhorn.core.errors import RangeError, UnknownNameError
from darkhorn.experiments.loader import Experiment
from darkhorn.inference.cost import Cost
from darkhorn.inference.fit import fit_normalisation
from darkhorn.inference.minimise import interval, minimise, profile
from darkhorn.inference.poisson import PoissonTerm
from darkhorn.inference.shapes import counting_cost, shapes_cost
from darkhorn.inference.template import Template


@settings(max_examples=30, deadline=None, derandomize=True)
@given(observed=st.integers(0, 300), background=st.floats(0.5, 200), exponent=st.floats(-30, 30))
def test_one_count_is_solved_exactly(observed: int, background: float, exponent: float) -> None:
    """mu = (n - b)/s where that is positive, else 0; whatever the unit."""
    unit = 10.0**exponent
    fit = minimise(counting_cost("a", observed, background, 0.0, {"mu": unit}))
    expected = max(observed - background, 0.0)
    assert fit.values["mu"] * unit == pytest.approx(expected, rel=2e-3, abs=0.02 * np.sqrt(background))
    if expected > 3.0 * np.sqrt(background):
        assert fit.errors["mu"] * unit == pytest.approx(np.sqrt(observed), rel=0.02)


def four_distributions() -> tuple[dict, dict]:
    modes = Experiment.load("miniboone").modes
    spectra = {f"{mode} {d.name}": d for mode, loaded in modes.items() for d in loaded.distributions}
    templates = {}
    for label, spectrum in spectra.items():
        centres = 0.5 * (spectrum.edges[1:] + spectrum.edges[:-1])
        shape = np.exp(-centres / 250.0) if spectrum.name == "e_vis" else np.exp(3.0 * centres)
        shape = shape / shape.sum()
        templates[label] = Template.make(spectrum.name, spectrum.edges, shape, (0.1 * shape) ** 2)
    return spectra, templates


@pytest.mark.parametrize("correlation", ["none", "full"])
def test_the_sum_of_chi2_agrees_with_the_closed_fit(correlation: str) -> None:
    spectra, templates = four_distributions()
    cost = shapes_cost(spectra, {"mu": templates}, correlation=correlation)
    fit = minimise(cost)
    signals = {label: template.events for label, template in templates.items()}
    variances = {label: template.variance for label, template in templates.items()}
    other = fit_normalisation(spectra, signals, variances, correlation=correlation)
    assert fit.values["mu"] == pytest.approx(other.scale, abs=0.01 * other.scale_error)
    assert fit.statistic == pytest.approx(other.chi2, abs=2e-4)
    assert fit.errors["mu"] == pytest.approx(other.scale_error, rel=1e-2)
    assert (fit.ndof, cost.ndata) == (68, 69)
    low, high = interval(cost, "mu", fit)
    assert np.sqrt(low) == pytest.approx(other.coupling_product - other.error_low, rel=1e-3)
    assert np.sqrt(high) == pytest.approx(other.coupling_product + other.error_high, rel=1e-3)


def two_strengths() -> Cost:
    data, background = np.array([40.0, 20.0, 31.0]), np.array([20.0, 20.0, 20.0])
    signals = {"a": np.array([1.0, 0.2, 0.0]), "b": np.array([0.0, 0.2, 1.0])}
    return Cost((PoissonTerm("t", data, background, signals, background_modes={"n": np.full(3, 0.1)}),))


def test_brute_force_over_two_strengths_and_a_nuisance() -> None:
    cost = two_strengths()
    fit = minimise(cost)
    grids = [np.linspace(fit.values[k] - 2, fit.values[k] + 2, 21) for k in ("a", "b")]
    pulls = np.linspace(fit.values["n"] - 0.4, fit.values["n"] + 0.4, 9)
    brute = min(cost.at({"a": a, "b": b, "n": n}) for a in grids[0] for b in grids[1] for n in pulls)
    assert fit.statistic <= brute + 1e-6
    assert brute - fit.statistic < 0.01
    assert fit.pulls == {"n": fit.values["n"]}
    np.testing.assert_allclose(np.diag(fit.correlation), 1.0)


def test_a_strength_that_would_be_negative_is_zero() -> None:
    cost = two_strengths().with_data([np.array([40.0, 10.0, 3.0])])
    fit = minimise(cost)
    assert fit.values["b"] == 0.0
    assert fit.values["a"] > 0.0
    assert "b" not in fit.errors
    free = minimise(cost, allow_negative=True)
    assert free.values["b"] < 0.0
    assert free.statistic < fit.statistic
    along = [minimise(cost, {"b": b}).statistic for b in (0.0, 0.5, 1.0)]
    assert fit.statistic == pytest.approx(along[0], abs=1e-5)
    assert along[0] < along[1] < along[2]


def test_profile_and_interval_belong_together() -> None:
    cost = two_strengths()
    fit = minimise(cost)
    low, high = interval(cost, "a", fit, 2.706)
    np.testing.assert_allclose(profile(cost, "a", [low, high]) - fit.statistic, 2.706, atol=0.02)
    nothing = minimise(two_strengths().with_data([np.full(3, 18.0)]))
    assert interval(two_strengths().with_data([np.full(3, 18.0)]), "a", nothing)[0] == 0.0


def test_refusals() -> None:
    with pytest.raises(UnknownNameError, match="parameter of the likelihood 'c'"):
        minimise(two_strengths(), {"c": 1.0})
    with pytest.raises(RangeError, match="rise = 0"):
        interval(two_strengths(), "a", minimise(two_strengths()), 0.0)
