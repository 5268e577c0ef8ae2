"""Derivatives of the rate: against central differences, an independent prediction, and laws."""

import subprocess
import sys
from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest

from darkhorn.chain.predict import mean_and_error, predict
from darkhorn.chain.rate import rate
from darkhorn.chain.rate_sample import draw_sample
from darkhorn.chain.scenario import Scenario, load_scenario
from darkhorn.core.errors import DarkhornError, RangeError, ScenarioError
from darkhorn.models.photoconversion import Photoconversion

pytest.importorskip("jax", reason="the extra 'jax' is not installed")

from darkhorn.chain.gradients import Gradients, SmoothRate, gradients, gradients_of

MASSES = (20.0, 60.0)


@lru_cache
def scenario() -> Scenario:
    overrides = ["experiment.modes='neutrino'", f"m_x={MASSES[0]}", f"m_mediator={MASSES[1]}"]
    return load_scenario("miniboone", model="scalar-benchmark", overrides=overrides)


@lru_cache
def smooth() -> SmoothRate:
    return SmoothRate(draw_sample(scenario().model, scenario().setups()[0], points=2**11))


@lru_cache
def precise() -> Gradients:
    return gradients_of(SmoothRate(draw_sample(scenario().model, scenario().setups()[0], points=2**14, kept=2**12)))


def shifted(index: int, step: float) -> tuple[float, float]:
    masses = list(MASSES)
    masses[index] *= np.exp(step)
    return masses[0], masses[1]


@pytest.mark.parametrize("index", [0, 1])
def test_central_differences_of_the_same_points(index: int) -> None:
    events, slopes = smooth().slopes(*MASSES)
    assert events == pytest.approx(rate(smooth().sample, *MASSES), rel=1e-10)
    step = 1e-4
    up, down = (rate(smooth().sample, *shifted(index, sign * step)) for sign in (1, -1))
    difference = (up - down) / (2.0 * step)
    assert slopes[index].sum() == pytest.approx(difference.sum(), rel=1e-5)
    assert np.abs(slopes[index] - difference).max() < 1e-5 * np.abs(difference).max()


def test_one_compilation_for_every_point() -> None:
    fresh = SmoothRate(draw_sample(scenario().model, scenario().setups()[0], points=2**9, replicates=4))
    assert fresh.traces == {"rate": 0, "slopes": 0, "scan": 0}
    first = [fresh.rate(m_x, m_med).sum() for m_x, m_med in ((20.0, 60.0), (5.0, 10.0), (30.0, 500.0))]
    assert fresh.traces == {"rate": 1, "slopes": 0, "scan": 0}
    assert len(set(first)) == 3
    many = fresh.scan([(20.0, 60.0), (5.0, 10.0), (30.0, 500.0)])
    assert many.sum(axis=(1, 2)) == pytest.approx(first, rel=1e-12)
    assert fresh.scan([(21.0, 60.0), (6.0, 10.0), (31.0, 500.0)]).shape == many.shape
    assert fresh.traces == {"rate": 1, "slopes": 0, "scan": 1}


def test_derivatives_in_every_bin_against_predictions_of_the_chain() -> None:
    """Predictions at shifted masses share their points, so that differences are known better than the rates."""
    step, setups, model = 0.04, scenario().setups(), scenario().model
    for index, key in enumerate(("m_x", "m_mediator")):
        ends = []
        for sign in (1, -1):
            at = replace(model, **{key: shifted(index, sign * step)[index]})
            ends.append(predict(at, setups, precision=0.006, seed=11, replicates=16).modes["neutrino"])
        rows = [np.column_stack([end.signal, end.spectra["e_vis"]]) for end in ends]
        slope = (np.log(rows[0].mean(axis=0)) - np.log(rows[1].mean(axis=0))) / (2.0 * step)
        spread = [
            (np.delete(rows[0], k, axis=0).mean(axis=0), np.delete(rows[1], k, axis=0).mean(axis=0)) for k in range(16)
        ]
        jackknife = np.array([np.log(a / b) for a, b in spread]) / (2.0 * step)
        error = np.sqrt(15.0 / 16.0 * ((jackknife - jackknife.mean(axis=0)) ** 2).sum(axis=0))
        found = np.concatenate([[precise().total[index]], precise().by_bin[index]])
        found_error = np.concatenate([[precise().total_error[index]], precise().by_bin_error[index]])
        assert np.all(np.abs(found - slope) < 4.5 * np.hypot(error, found_error) + 0.01)
        assert abs(found[0] - slope[0]) < 4.0 * np.hypot(error[0], found_error[0]) + 0.012  # third derivative


def test_errors_shrink_and_are_honest() -> None:
    coarse = gradients_of(smooth())
    assert np.all(precise().total_error < coarse.total_error)
    assert np.all(np.abs(precise().total - coarse.total) < 5.0 * np.hypot(precise().total_error, coarse.total_error))
    mean, error = mean_and_error(smooth().rate(*MASSES).sum(axis=1))
    assert (coarse.signal, coarse.signal_error) == pytest.approx((float(mean), float(error)))


def test_bins_add_up_to_the_total() -> None:
    events, slopes = smooth().slopes(*MASSES)
    found = gradients_of(smooth())
    weighted = (found.by_bin * found.events).sum(axis=1) + slopes[:, :, -1].mean(axis=1)
    assert weighted / found.signal == pytest.approx(found.total, rel=1e-10)
    assert found.events.sum() + events[:, -1].mean() == pytest.approx(found.signal)


def test_heavy_mediator_elasticity_is_minus_four() -> None:
    assert gradients_of(smooth(), 20.0, 1.0e5).total[1] == pytest.approx(-4.0, abs=3e-4)


def test_a_mediator_of_known_mass_has_no_slope() -> None:
    model = Photoconversion(production="vector-ib1", mediator="pi0", m_x=20.0)
    found = gradients_of(SmoothRate(draw_sample(model, scenario().setups()[0], points=2**9, replicates=4)))
    assert found.total[1] == 0.0
    assert found.total[0] < -1.0  # the rate grows like 1/m_x^2


def test_public_function() -> None:
    import darkhorn

    found = darkhorn.gradients(scenario(), points=2**9, replicates=4)["neutrino"]
    assert darkhorn.gradients is gradients
    assert found.by_bin.shape == (2, len(found.edges) - 1)
    assert found.masses.tolist() == list(MASSES)
    assert np.isfinite(found.total).all()
    assert np.isfinite(found.total_error).all()


def test_the_package_stays_light_and_names_what_it_has() -> None:
    code = "import sys, darkhorn; print({'numpy', 'jax'} & set(sys.modules)); darkhorn.nothing"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "set()"
    assert "module 'darkhorn' has no attribute 'nothing'" in done.stderr


def test_without_jax_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jax", None)
    with pytest.raises(DarkhornError, match=r"pip install 'darkhorn\[jax\]'"):
        gradients("miniboone")


def test_what_cannot_be_differentiated_is_refused() -> None:
    with pytest.raises(RangeError, match="m_x"):
        smooth().slopes(0.0, 60.0)
    with pytest.raises(RangeError, match="shape"):
        smooth().scan([1.0, 2.0])
    with pytest.raises(RangeError, match="m_x = 0 MeV"):
        gradients(load_scenario("miniboone", model="scalar-benchmark", overrides=["m_x=0"]))
    with pytest.raises(ScenarioError, match="allowed: models of photoconversion"):
        gradients(load_scenario("examples/bdnmc_electron.toml"))
