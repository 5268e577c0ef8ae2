"""The whole chain: independent estimates, workers and seeds, errors that are honest, scaling."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from oracle import energy_first

from darkhorn.beam.table import TableParents
from darkhorn.chain.aim import aimed_directions, arrive
from darkhorn.chain.detect import convert
from darkhorn.chain.observe import observe
from darkhorn.chain.plan import LEAST_STEP, Plan, focus
from darkhorn.chain.predict import (
    PREDICTED_REPLICATES,
    Prediction,
    _more_points,
    first_points,
    mean_and_error,
    predict,
    predict_mode,
)
from darkhorn.chain.scenario import Scenario, load_scenario
from darkhorn.chain.send import tabulate_all
from darkhorn.chain.setup import Setup
from darkhorn.chain.shown import as_html, as_text
from darkhorn.chain.walk import Unit, _nets, _points, units_of
from darkhorn.core.errors import RangeError, ThresholdError
from darkhorn.core.importance import ImportanceGrid
from darkhorn.core.points import Axis, unit_points
from darkhorn.core.rays import Floats, Rays
from darkhorn.core.species import PI_PLUS, mass
from darkhorn.detector.geometry import Sphere
from darkhorn.detector.response import Response
from darkhorn.experiments.loader import Window
from darkhorn.models.presets import preset
from darkhorn.models.productions import branching
from darkhorn.physics.two_to_two import q_sq_limits


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return load_scenario("miniboone", model="scalar-benchmark", overrides=["experiment.modes='neutrino'"])


@pytest.fixture(scope="module")
def setups(scenario: Scenario) -> tuple[Setup, ...]:
    return scenario.setups()


@pytest.fixture(scope="module")
def prediction(scenario: Scenario, setups: tuple[Setup, ...]) -> Prediction:
    return predict(scenario.model, setups, precision=0.01, seed=1)


def stopped_setup(shape: Sphere, nuclei: tuple = ()) -> Setup:
    pions = Rays.make(PI_PLUS, np.zeros((1, 4)), [[mass(PI_PLUS), 0.0, 0.0, 0.0]], 0.3)
    edges = {"e_vis": np.linspace(0.0, 100.0, 11), "cos_theta": np.linspace(-1.0, 1.0, 11)}
    parents = (TableParents(pions, PI_PLUS),)
    return Setup(
        "stopped", 1.0e20, parents, shape, nuclei, Response.perfect(), Window(), edges, np.linspace(0.0, 140.0, 15)
    )


def independent_rate(scenario: Scenario, setup: Setup, n: int, seed: int) -> tuple[float, float]:
    """The neutrino-mode rate per POT at unit couplings, sampled in another way from the protons to the photons.

    Pseudo-random points; a coarse grid of its own, half of it flat; E* first with both branches; another map
    of Q^2.
    """
    model, rng = scenario.model, np.random.default_rng(seed)
    spectra = tabulate_all(model, (setup,))
    conversions = model.conversions(setup.nuclei)
    totals = np.zeros(n)
    for index, sampler in enumerate(setup.parents):
        points = unit_points(n, seed=seed, stream=(index, 77), kind="random")
        p, theta = np.meshgrid((np.arange(7) + 0.5) / 7, (np.arange(7) + 0.5) / 7, indexing="ij")
        hill = np.exp(-(((p - 0.25) / 0.15) ** 2) - ((theta - 0.27) / 0.12) ** 2)
        coarse = ImportanceGrid(0.7 * hill / hill.sum() + 0.3 / hill.size)
        parents = replace(sampler, grid=coarse).sample(points)
        for spectrum in spectra.values():
            direction, solid_angle = aimed_directions(parents, setup.shape, points)
            for energy, weight in energy_first(parents, spectrum, direction, solid_angle, rng.random(n)):
                momentum = np.sqrt(np.maximum(energy**2 - spectrum.mass**2, 0.0))
                arrivals = arrive(parents, energy, momentum, direction, weight, setup.shape)
                totals += photons_rational_q_sq(scenario, setup, arrivals, conversions, rng)
    return float(totals.sum()), float(np.sqrt(n) * totals.std())


def photons_rational_q_sq(scenario: Scenario, setup: Setup, arrivals, conversions, rng) -> Floats:
    """Selected photons with y = Q^2/(Q^2 + (100 MeV)^2) uniform."""
    total, scale = np.zeros(len(arrivals.chord)), 1.0e4
    rows = np.flatnonzero(arrivals.rays.weight > 0)
    part = type(arrivals)(arrivals.rays[rows], arrivals.chord[rows], arrivals.distance[rows])
    for conversion in conversions:
        low, high = q_sq_limits(part.rays.energy, scenario.model.m_x, conversion.target_mass)
        start, stop = low / (low + scale), high / (high + scale)
        y = start + (stop - start) * rng.random(len(rows))
        q_sq = scale * y / (1.0 - y)
        offset = conversion.mediator_mass**2
        whole = np.log((high + offset) / (low + offset))
        points = np.clip(rng.random((len(rows), len(Axis))), 1e-12, 1 - 1e-12)
        points[:, Axis.Q_SQ] = np.log((q_sq + offset) / (low + offset)) / whole
        photons = convert(part, conversion, scenario.model.m_x, points)
        jacobian = (stop - start) * scale / (1.0 - y) ** 2 / ((q_sq + offset) * whole)
        total[rows] += observe(photons, setup.response, setup.window, points).weight * jacobian
    return total


def test_two_samplings_of_the_whole_rate_agree(scenario: Scenario, setups: tuple[Setup, ...]) -> None:
    precise = predict(scenario.model, setups, precision=0.003, seed=1)
    mean, error = mean_and_error(precise.modes["neutrino"].signal / setups[0].pot)
    other, spread = independent_rate(scenario, setups[0], 2**20, seed=3)
    assert spread < 0.01 * other
    assert error < 0.01 * mean
    assert mean == pytest.approx(other, rel=0.02)
    assert mean == pytest.approx(other, abs=3.0 * np.hypot(error, spread))


def test_threads_and_seed_give_the_same_bytes(scenario: Scenario, setups: tuple[Setup, ...]) -> None:
    spectra = tabulate_all(scenario.model, setups)
    runs = [
        predict_mode(scenario.model, setups[0], spectra, 2**9, seed, 4, threads)
        for seed, threads in ((5, 1), (5, 2), (6, 2))
    ]
    one, two, other = ((run.spectra["e_vis"].tobytes(), run.signal.tobytes(), run.bosons.tobytes()) for run in runs)
    assert one == two
    assert one != other


def test_quoted_error_is_the_spread_over_seeds(scenario: Scenario, setups: tuple[Setup, ...]) -> None:
    spectra = tabulate_all(scenario.model, setups)
    runs = [predict_mode(scenario.model, setups[0], spectra, 2**9, seed, 8) for seed in range(12)]
    means, errors = np.transpose([mean_and_error(run.signal) for run in runs])
    spread = means.std(ddof=1)
    assert 0.5 < spread / np.sqrt(np.mean(errors**2)) < 1.7


def test_a_grid_moves_points_but_no_expectation(scenario: Scenario, setups: tuple[Setup, ...]) -> None:
    spectra = tabulate_all(scenario.model, setups)
    grid = focus(scenario.model, setups[0], spectra, 4)
    plain = predict_mode(scenario.model, setups[0], spectra, 2**12, 1, 8)
    focused = predict_mode(scenario.model, setups[0], spectra, 2**12, 1, 8, grid=grid)
    for one, two in ((plain.signal, focused.signal), (plain.crossing, focused.crossing)):
        (a, da), (b, db) = mean_and_error(one), mean_and_error(two)
        assert a == pytest.approx(b, abs=3.5 * np.hypot(da, db))
    assert focused.relvar < 0.6 * plain.relvar


def test_spectra_add_up_to_the_signal(prediction: Prediction) -> None:
    mode = prediction.modes["neutrino"]
    assert mode.relative_error <= 0.01
    inside = mode.spectra["cos_theta"].sum(axis=1)
    assert np.allclose(inside, mode.signal, rtol=1e-9)
    assert (mode.spectra["e_vis"].sum(axis=1) <= mode.signal * (1 + 1e-9)).all()


def test_mean_chord_of_a_far_sphere(scenario: Scenario, setups: tuple[Setup, ...]) -> None:
    """4 R/3 in an even flux; the beam is stronger in the middle, which makes it half a percent longer."""
    mode = predict(scenario.model, setups, precision=0.004, seed=1).modes["neutrino"]
    assert 1.0 < mode.mean_chord / (4.0 / 3.0 * 6.106) < 1.02


@pytest.mark.parametrize("precision", [0.03, 0.01])
def test_points_are_added_until_the_error_is_met(
    scenario: Scenario, setups: tuple[Setup, ...], precision: float
) -> None:
    found = predict(scenario.model, setups, precision=precision, seed=4).modes["neutrino"]
    assert len(found.signal) == PREDICTED_REPLICATES == 24
    assert found.points % LEAST_STEP == 0
    assert 0.3 * precision < found.relative_error <= precision


def test_steps_lie_between_powers_of_two_and_grow() -> None:
    assert [_more_points(512, excess) for excess in (0.1, 1.0, 1.5, 9.0)] == [576, 576, 1024, 2048]
    assert _more_points(128, 1.0) == 160
    assert _more_points(2**17, 5.0) == 2**17
    plan = Plan(None, None, {}, (), 1, 16, relvar=16 * 300 * (1.35 * 0.01) ** 2)
    assert first_points(plan, 0.01) == 320
    assert first_points(plan, 0.3) == 128


def test_couplings_scale_by_the_power(prediction: Prediction) -> None:
    mode = prediction.modes["neutrino"]
    one, two = mode.at(1.0e-8)["e_vis"], mode.at(2.0e-8)["e_vis"]
    assert np.allclose(two.values(), 4.0 * one.values(), rtol=1e-12)
    assert np.allclose(two.variances(), 16.0 * one.variances(), rtol=1e-12)
    assert np.allclose(mode.boson_spectrum(2.0).values(), 4.0 * mode.boson_spectrum(1.0).values())


def test_stopped_pions_cross_a_far_sphere_isotropically() -> None:
    model = preset("scalar-ib1")
    model = type(model)(model.production, ("mu",), m_x=5.0)
    setup = stopped_setup(Sphere((0.0, 0.0, 20.0), 1.0))
    mode = predict_mode(model, setup, tabulate_all(model, (setup,)), 2**12, 1, 8)
    share = 0.5 * (1.0 - np.sqrt(1.0 - 1.0 / 400.0))
    expected = 0.3 * branching("scalar-ib1", PI_PLUS, 13, 5.0) * share
    mean, error = mean_and_error(mode.crossing)
    assert error < 2e-3 * mean
    assert mean == pytest.approx(expected, abs=4 * error + 1e-4 * expected)
    assert mode.bosons.mean(axis=0).sum() == pytest.approx(mean, rel=1e-9, abs=0)
    assert mode.signal.sum() == 0.0
    assert 0 < mode.mean_delay < mode.mean_arrival


def test_closed_channels_and_bad_settings_are_errors(scenario: Scenario, setups: tuple[Setup, ...]) -> None:
    closed = type(scenario.model)(m_x=50.0)
    with pytest.raises(ThresholdError, match=r"33\.9"):
        predict(closed, setups)
    with pytest.raises(RangeError, match="precision"):
        predict(scenario.model, setups, precision=0.0)
    with pytest.raises(RangeError, match="replicates"):
        predict(scenario.model, setups, replicates=1)


def test_ranges_of_points_fall_into_nets() -> None:
    for start, size in ((0, 576), (576, 384), (36, 24), (64, 64), (0, 1)):
        nets = list(_nets(start, size))
        assert [first for first, _ in nets] == list(np.cumsum([start, *(n for _, n in nets)])[:-1])
        assert sum(n for _, n in nets) == size
        assert all(n & (n - 1) == 0 and first % n == 0 for first, n in nets)


def planned(setup: Setup, **options: Any) -> Plan:
    return Plan(preset("scalar-benchmark"), setup, {}, (), 7, **options)


def test_points_of_a_unit_are_those_of_its_nets_replicate_by_replicate(setups: tuple[Setup, ...]) -> None:
    plan = planned(setups[0], replicates=3, halvings=(0, 1))
    points = _points(plan, Unit((0, 1), 128, 192, range(1, 3)), 1)
    assert points.shape == (192, len(Axis))
    for row, replicate in enumerate((1, 2)):
        whole = unit_points(256, seed=7, stream=(1, replicate))
        assert np.array_equal(points[96 * row : 96 * (row + 1)], whole[64:160])


@pytest.mark.parametrize("stop", [64, 640, 2**14 + 64, 2**16])
@pytest.mark.parametrize("halvings", [(), (0, 6), (4, 1)])
def test_units_hold_every_point_once(setups: tuple[Setup, ...], stop: int, halvings: tuple[int, ...]) -> None:
    plan = planned(setups[0], replicates=5, halvings=halvings)
    pieces: dict[int, list[tuple[int, int]]] = {replicate: [] for replicate in range(5)}
    for unit in units_of(plan, 64, stop + 64):
        assert unit.species == (0, 1)
        assert all(value % 2 ** plan.halved(place) == 0 for value in unit[1:3] for place in unit.species)
        for replicate in unit.replicates:
            pieces[replicate].append((unit.start, unit.size))
    for found in pieces.values():
        assert [start for start, _ in found] == list(np.cumsum([64, *(size for _, size in found)])[:-1])
        assert sum(size for _, size in found) == stop


def test_a_notebook_shows_the_table_and_a_terminal_the_lines(prediction: Prediction) -> None:
    assert repr(prediction) == as_text(prediction)
    assert prediction._repr_html_() == as_html(prediction)
    assert "neutrino" in repr(prediction)
