"""Whole scenarios of dark matter and visible decays: the public peer case, brute force, seeds, scaling."""

from typing import Any

import numpy as np
import pytest
from oracle import isotropic

from darkhorn.chain.predict import mean_and_error
from darkhorn.chain.scenario import load_scenario
from darkhorn.core.errors import ThresholdError
from darkhorn.core.units import HBARC
from darkhorn.physics.fourvector import boost
from darkhorn.report.run import compute
from darkhorn.report.summary import summary


@pytest.fixture(autouse=True)
def in_repository(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(request.config.rootpath)


def run(name: str, *changes: str, **settings: Any) -> dict[str, Any]:
    scenario = load_scenario(f"examples/{name}.toml", overrides=changes, **settings)
    return dict(summary(compute(scenario), 0.0)["modes"]["scenario"])


def test_the_public_peer_case() -> None:
    """BdNMC: branching 1.82760e-7, 3.2901e13 pairs, acceptance 1.0437e-3, 2.762e-9 a crossing, 189.6 events."""
    found = run("bdnmc_electron")
    decay = found["decays"]["pi0 -> gamma chi chi"]
    assert decay["branching"] == pytest.approx(1.82760e-7, rel=1e-4, abs=0)
    assert decay["decays_in_exposure"] == pytest.approx(3.2901e13, rel=3e-4)
    assert found["acceptance"] == pytest.approx(1.0437e-3, rel=0.01)
    assert found["signal"] / (found["bosons_crossing_per_pot"] * 2e20) == pytest.approx(2.762e-9, rel=0.015)
    assert found["signal"] == pytest.approx(189.6, rel=0.02)
    assert found["signal_mc_error"] < 0.003 * found["signal"]


def test_the_twins_of_the_peer_case() -> None:
    nucleon = run("bdnmc_nucleon", precision=0.01)
    assert nucleon["signal"] == pytest.approx(277.0, rel=0.02)
    eta = run("bdnmc_eta", precision=0.005)
    assert eta["decays"]["eta -> gamma chi chi"]["branching"] == pytest.approx(7.208e-7, rel=0.02, abs=0)
    assert eta["decays"]["eta -> gamma chi chi"]["mesons_per_pot"] == pytest.approx(0.0333 * 0.9)
    assert eta["signal"] == pytest.approx(10.57, rel=0.02)


def test_events_scale_with_the_fourth_power_of_the_mixing() -> None:
    one, two = run("bdnmc_electron", precision=0.1), run("bdnmc_electron", "eps1=2e-3", precision=0.1)
    assert two["signal"] == pytest.approx(16.0 * one["signal"], rel=1e-4)
    assert two["bosons_crossing_per_pot"] == pytest.approx(4.0 * one["bosons_crossing_per_pot"], rel=1e-4, abs=0)


def test_seeds_and_threads() -> None:
    bytes_of = [
        compute(load_scenario("examples/bdnmc_electron.toml", precision=0.1, seed=seed, threads=threads))
        .prediction.modes["scenario"]
        .spectra["e_vis"]
        .tobytes()
        for seed, threads in ((3, 1), (3, 2), (4, 1))
    ]
    assert bytes_of[0] == bytes_of[1]
    assert bytes_of[0] != bytes_of[2]


VISIBLE = [
    "model={ preset = 'visible-decay', m_x = 60.0, g_e = 3e-7, rings = 'all', production = 'none' }",
    "detector.shape={ kind = 'sphere', center = [0, 1, 30], radius = 3 }",
    "binning={ e_vis = [0, 200, 500, 1000, 2000, 8000], delay = [0, 0.1, 0.3, 1, 3, 1000] }",
]


def test_visible_decays_of_pi0_against_brute_force() -> None:
    """pi0 of the same source, isotropic decays, exponential flights: events, their energies and their delays."""
    scenario = load_scenario("examples/bdnmc_electron.toml", overrides=VISIBLE, precision=0.01)
    outcome = compute(scenario)
    mode, (setup,) = outcome.prediction.modes["scenario"], outcome.setups
    from darkhorn.core.points import unit_points

    (parents,) = setup.parents
    pions = parents.sample(unit_points(2**17, seed=11, kind="random"))
    model, rng = scenario.model, np.random.default_rng(1)
    (line,) = model.emissions(111)
    repeat, totals = 10, []
    for _ in range(repeat):
        n = len(pions)
        rest = np.column_stack([np.full(n, line.energy), line.momentum * isotropic(n, rng)])
        p = boost(rest, pions.p, pions.mass)
        momentum = np.linalg.norm(p[:, 1:], axis=1)
        path = rng.exponential(momentum / 60.0 * HBARC / model.width)
        place = path[:, None] * p[:, 1:] / momentum[:, None]
        inside = np.linalg.norm(place - [0.0, 1.0, 30.0], axis=1) < 3.0
        weight = pions.weight * line.branching * inside * 2e20
        delay = path / 0.299792458 * (p[:, 0] / momentum - 1.0)
        totals.append(
            [
                weight.sum(),
                *np.histogram(p[:, 0], setup.edges["e_vis"], weights=weight)[0],
                *np.histogram(delay, setup.edges["delay"], weights=weight)[0],
            ]
        )
    expected, error = np.mean(totals, axis=0), np.std(totals, axis=0, ddof=1) / np.sqrt(repeat)
    found = [mean_and_error(rows) for rows in (mode.signal, mode.spectra["e_vis"], mode.spectra["delay"])]
    value = np.concatenate([np.atleast_1d(item[0]) for item in found])
    spread = np.concatenate([np.atleast_1d(item[1]) for item in found])
    assert error[0] < 0.02 * expected[0]
    assert spread[0] < 0.02 * expected[0]
    assert (np.abs(value - expected) < 4.0 * np.hypot(error, spread) + 2e-3 * expected[0]).all()


def test_a_shorter_life_is_not_always_fewer_events() -> None:
    signals = [
        compute(load_scenario("examples/bdnmc_electron.toml", overrides=[*VISIBLE, f"g_e={g}"], precision=0.05))
        .prediction.modes["scenario"]
        .signal.mean()
        for g in (1e-9, 1e-7, 1e-4)
    ]
    assert signals[1] > 100.0 * signals[0] > 0.0
    assert signals[2] < 1e-3 * signals[1]


def test_the_benchmarks_run_and_closed_ones_say_so() -> None:
    changes = ["source={ kind = 'neutral-mesons', place = 'origin', pi0_per_pot = 0.9 }", "run.precision=0.2"]
    for name in ("dm-double-benchmark", "dm-single-benchmark"):
        model = [f"model={{ preset = '{name}' }}"]
        outcome = compute(load_scenario("examples/bdnmc_electron.toml", overrides=[*changes, *model]))
        mode = outcome.prediction.modes["scenario"]
        assert mode.signal.mean() > 0.0
        assert mode.mean_delay > 0.0
        with pytest.raises(ThresholdError, match=r"17 -> 8 \+ [45]0 MeV"):
            compute(
                load_scenario("examples/bdnmc_electron.toml", overrides=[*changes, *model, 'model.pair="chi chi\'"'])
            )
