"""Errors of the beam in a prediction: covariances, the known integral of the fits, one walk against many."""

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import pytest

from darkhorn.beam.sanford_wang import SanfordWangSource
from darkhorn.beam.table import TableParents
from darkhorn.chain.parents import ParentSampler
from darkhorn.chain.predict import Prediction, mean_and_error, predict
from darkhorn.chain.prediction_errors import FluxErrors, carries_errors, flux_errors_of
from darkhorn.chain.scenario import Scenario, load_scenario
from darkhorn.chain.setup import Setup
from darkhorn.chain.universes import production_point, universe_constants, with_current
from darkhorn.core.errors import RangeError, ScenarioError, UnknownNameError
from darkhorn.core.points import unit_points
from darkhorn.core.rays import Floats, Rays
from darkhorn.core.species import PI_MINUS, PI_PLUS
from darkhorn.physics.production_errors import PI_PLUS_FIT, linear_weights
from darkhorn.report.run import compute
from darkhorn.report.summary import summary

SMALL: dict[str, Any] = {"replicates": 4, "n": 2**10, "seed": 3}


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return load_scenario("miniboone", overrides=["experiment.modes=['neutrino']"], precision=0.2, seed=3)


@pytest.fixture(scope="module")
def setup(scenario: Scenario) -> Setup:
    (only,) = scenario.setups()
    return only


@pytest.fixture(scope="module")
def prediction(scenario: Scenario, setup: Setup) -> Prediction:
    plain = predict(scenario.model, (setup,), precision=0.2, seed=3, replicates=4)
    return plain.with_flux_errors((setup,), 60)


def test_covariances_are_symmetric_positive_and_belong_together(prediction: Prediction) -> None:
    errors = prediction.flux_errors["neutrino"]
    assert set(errors.shifts) == {
        *("production of pi+", "production of pi-", "horn current", "skin depth", "absorption"),
    }
    for name in ("e_vis", "cos_theta", "signal"):
        matrix = prediction.flux_covariance("neutrino", name)
        np.testing.assert_allclose(matrix, matrix.T, rtol=1e-12, atol=1e-18)
        assert np.linalg.eigvalsh(matrix).min() > -1e-12 * np.trace(matrix)
        parts = np.sum([errors.covariance(name, source) for source in errors.shifts], axis=0)
        np.testing.assert_allclose(parts, matrix, rtol=1e-10)
    whole = np.block(
        [[errors.between(a, b) for b in ("e_vis", "cos_theta", "signal")] for a in ("e_vis", "cos_theta", "signal")]
    )
    assert np.linalg.eigvalsh(whole).min() > -1e-12 * np.trace(whole)
    # horn, metal and absorption together with 6 % of production: between 6 and 14 %
    assert 0.06 < errors.relative() < 0.14
    assert errors.relative("production of pi+") > 5.0 * errors.relative("production of pi-")


def test_no_coupling_no_covariance_and_the_fourth_power(prediction: Prediction) -> None:
    assert not prediction.flux_covariance("neutrino", "e_vis", product=0.0).any()
    one, two = (prediction.flux_covariance("neutrino", "signal", product)[0, 0] for product in (1e-9, 2e-9))
    assert two == pytest.approx(16.0 * one, rel=1e-12)
    events = prediction.modes["neutrino"].signal.mean() * 1e-18
    assert np.sqrt(one) == pytest.approx(events * prediction.flux_errors["neutrino"].relative(), rel=1e-12)


def test_without_universes_there_are_no_errors(prediction: Prediction) -> None:
    plain = replace(prediction, flux_errors={})
    with pytest.raises(UnknownNameError, match="mode with errors of the beam 'neutrino'"):
        plain.flux_covariance("neutrino", "e_vis")


def test_production_of_pi_plus_has_the_error_of_the_published_window(setup: Setup) -> None:
    """0.75-6.5 GeV/c and 30-210 mrad: the integral is known to 5.9 %, here from the mesons of the chain."""
    sampler = next(item for item in setup.parents if item.species == PI_PLUS)
    assert isinstance(sampler, ParentSampler)
    points = unit_points(2**14, seed=2)
    made = sampler.produced(points)
    p, theta, p_beam = production_point(sampler, points, replace(made, parent=np.arange(len(made))))
    assert isinstance(sampler.source, SanfordWangSource)
    np.testing.assert_allclose(p, made.momentum, rtol=1e-12)
    assert (p_beam < 8890.0).all()
    assert p_beam.max() > 8800.0
    inside = (p > 750.0) & (p < 6500.0) & (theta > 0.03) & (theta < 0.21)
    drawn = universe_constants(PI_PLUS, 4000, 5)
    ratio = linear_weights(p[inside], theta[inside], p_beam[inside], PI_PLUS_FIT, drawn)
    integral = ratio @ made.weight[inside] / made.weight[inside].sum()
    assert integral.std() == pytest.approx(0.059, rel=0.05)
    assert integral.mean() == pytest.approx(1.0, abs=0.005)


@dataclass(frozen=True)
class Reweighted(ParentSampler):
    """Mesons of one universe."""

    universe: tuple[float, ...] = ()

    def sample(self, points: Floats, threads: int = 1) -> Rays:
        mesons = super().sample(points, threads)
        place = production_point(self, points, mesons)
        (ratio,) = linear_weights(*place, PI_PLUS_FIT, np.array([self.universe]))
        return mesons.with_weight(mesons.weight * ratio)


def test_universes_are_what_a_prediction_with_their_mesons_gives(scenario: Scenario, setup: Setup) -> None:
    """The universe that moves the rate most is walked through the whole chain again."""
    found = flux_errors_of(scenario.model, setup, 3, **SMALL)
    drawn = universe_constants(PI_PLUS, 3, 3)
    shifts = found.shifts["production of pi+"]["signal"][:, 0]
    most = int(np.argmax(np.abs(shifts)))
    sampler = next(item for item in setup.parents if item.species == PI_PLUS)
    assert isinstance(sampler, ParentSampler)
    parts = {item.name: getattr(sampler, item.name) for item in fields(sampler)}
    changed = Reweighted(**parts, universe=tuple(drawn[most].tolist()))
    others = tuple(item for item in setup.parents if item.species != PI_PLUS)
    runs = {
        name: predict(scenario.model, (replace(setup, parents=(mesons, *others)),), precision=0.01, seed=8)
        for name, mesons in (("best", sampler), ("universe", changed))
    }
    best, universe = (runs[name].modes["neutrino"].signal for name in ("best", "universe"))
    change, error = mean_and_error(universe / best - 1.0)
    shift = shifts[most]
    assert abs(shift) > 0.02
    assert change == pytest.approx(shift, abs=0.1 * abs(shift) + 4.0 * float(error))


def test_result_depends_on_the_seed_only(scenario: Scenario, setup: Setup) -> None:
    runs = [flux_errors_of(scenario.model, setup, 5, **{**SMALL, "threads": threads}) for threads in (1, 2)]
    for source, shifts in runs[0].shifts.items():
        for name, rows in shifts.items():
            np.testing.assert_array_equal(rows, runs[1].shifts[source][name])


def test_mesons_of_a_file_carry_no_errors(scenario: Scenario, setup: Setup) -> None:
    rays = Rays.make(PI_PLUS, np.zeros((4, 4)), np.tile([500.0, 0.0, 0.0, 480.0], (4, 1)), 1.0)
    bare = replace(setup, parents=(TableParents(rays, PI_PLUS),))
    assert carries_errors(setup)
    assert not carries_errors(bare)
    with pytest.raises(ScenarioError, match="flux universes need mesons of a parametrised source"):
        flux_errors_of(scenario.model, bare, 10)
    with pytest.raises(RangeError, match="flux universes = 1"):
        flux_errors_of(scenario.model, setup, 1)


def test_summary_has_the_error_of_the_beam_beside_that_of_the_sampling(scenario: Scenario) -> None:
    values = summary(compute(scenario, flux_universes=4), 0.0)["modes"]["neutrino"]
    assert 0.03 < values["signal_flux_error"] / values["signal"] < 0.3
    total = sum(error**2 for error in values["flux_error_by_source"].values())
    assert values["signal_flux_error"] ** 2 == pytest.approx(total)
    for name in ("e_vis", "cos_theta"):
        bins = len(scenario.setups()[0].edges[name]) - 1
        assert np.shape(values["flux_covariance"][name]) == (bins, bins)
    with pytest.raises(RangeError, match="flux universes = 1"):
        compute(scenario, flux_universes=1)


def test_sums_of_sources_by_hand() -> None:
    one = {"e": np.array([[0.1, 0.0], [-0.1, 0.0]]), "signal": np.array([[0.1], [-0.1]])}
    two = {"e": np.array([[0.2, 0.3]]), "signal": np.array([[0.2]])}
    errors = FluxErrors({"production": one, "horn": two})
    assert errors.covariance("e") == pytest.approx(np.array([[0.05, 0.06], [0.06, 0.09]]))
    assert errors.relative() == pytest.approx(np.sqrt(0.05))
    assert errors.relative("production") == pytest.approx(0.1)
    assert errors.between("e", "signal") == pytest.approx(np.array([[0.05], [0.06]]))


def test_a_horn_without_current_stays_without(setup: Setup) -> None:
    sampler = next(item for item in setup.parents if item.species == PI_MINUS)
    assert isinstance(sampler, ParentSampler)
    changed = [
        with_current({1: replace(sampler, beamline=sampler.beamline.with_current(amps))}, 1000.0)[1].beamline.current
        for amps in (-174e3, 0.0, 174e3)
    ]
    assert changed == [-175e3, 0.0, 175e3]
