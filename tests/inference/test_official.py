"""The combined statistic of the release: its published values, an independent construction, and what it refuses."""

from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from darkhorn.core.errors import InputFileError, RangeError
from darkhorn.experiments.loader import Experiment
from darkhorn.inference.official import collapse, official_cost
from darkhorn.inference.release import (
    BEST_OSCILLATION,
    COVARIANCE_FILES,
    EVENT_FILES,
    Release,
    event_signal,
    load_release,
    oscillation_signal,
)
from darkhorn.inference.template import Template


def fall(release: Release, *, conservative: bool = False) -> float:
    cost = official_cost(release, {"mu": oscillation_signal(*BEST_OSCILLATION)}, conservative=conservative)
    return cost(0.0) - cost(1.0)


def test_statistic_without_signal(release: Release) -> None:
    cost = official_cost(release, {})
    assert cost() == pytest.approx(373.405, abs=0.01)
    chi2, log_det = cost.terms[0].chi2_and_log_det({})
    assert chi2 == pytest.approx(69.233, abs=0.002)
    assert log_det == pytest.approx(304.168, abs=0.002)
    assert cost.ndata == 38


def test_released_surface_near_no_signal(release: Release) -> None:
    cost = official_cost(release, {"mu": oscillation_signal(3.0e-4, 0.01)})
    assert cost(1.0) == pytest.approx(373.405, abs=0.01)


def test_conservative_variant(release: Release) -> None:
    chi2, log_det = official_cost(release, {}, conservative=True).terms[0].chi2_and_log_det({})
    assert chi2 == pytest.approx(44.31, abs=0.01)
    assert log_det == pytest.approx(322.25, abs=0.01)
    assert fall(release, conservative=True) == pytest.approx(20.1, abs=0.2)


def test_fall_to_the_best_point_with_the_binned_signal(release: Release) -> None:
    """The surface of the release falls by 28.886, event by event; 100 MeV bins of true energy give 29.27."""
    assert fall(release) == pytest.approx(29.27, abs=0.02)
    assert abs(fall(release) - 28.886) < 0.4


def test_the_binned_signal_is_too_coarse_for_the_release(release: Release) -> None:
    """Three percent of the lowest bin, about what the bin width leaves open, reach the released value."""
    signal = oscillation_signal(*BEST_OSCILLATION)
    events = signal["neutrino"].events.copy()
    events[0] *= 0.97
    moved = {**signal, "neutrino": Template.make("e_qe", release.edges, events)}
    cost = official_cost(release, {"mu": moved})
    assert cost(0.0) - cost(1.0) == pytest.approx(28.886, abs=0.05)


def test_totals(release: Release) -> None:
    nu, nubar = release.totals("neutrino"), release.totals("antineutrino")
    assert (nu["data"], nubar["data"]) == (2870.0, 478.0)
    assert (nu["muon_neutrino_data"], nubar["muon_neutrino_data"]) == (334417.0, 50455.0)
    assert nu["background_unconstrained"] == pytest.approx(2322.676, abs=0.01)
    assert nubar["background_unconstrained"] == pytest.approx(398.198, abs=0.01)
    assert nu["excess_unconstrained"] == pytest.approx(547.3, abs=0.05)
    assert nubar["excess_unconstrained"] == pytest.approx(79.8, abs=0.05)
    assert nu["background_unconstrained_error"] == pytest.approx(256.2, abs=0.1)
    assert nubar["background_unconstrained_error"] == pytest.approx(49.65, abs=0.02)
    published = Experiment.load("miniboone").mode("neutrino")
    assert published.excess == 560.6
    assert published.excess + published.published["background_constrained"] == pytest.approx(2870.0, abs=0.01)


def test_explicit_sums_give_the_same_statistic(release: Release, falling: dict[str, Template]) -> None:
    """C, M and the density are built entry by entry, and the density by scipy."""
    mu = 300.0
    v = release.prediction.copy()
    for block, mode in enumerate(("neutrino", "antineutrino")):
        v[30 * block : 30 * block + 11] = mu * falling[mode].events
    kinds = [(block, i if i < 11 else i - 11) for block in (0, 1) for i in range(30)]
    index = [19 * block + place for block, place in kinds]
    mean, matrix = np.zeros(38), np.zeros((38, 38))
    for i in range(60):
        mean[index[i]] += v[i]
        for j in range(60):
            matrix[index[i], index[j]] += release.fractional_covariance[i, j] * v[i] * v[j]
        if i % 30 < 11:
            matrix[index[i], index[i]] += v[i]
    cost = official_cost(release, {"mu": falling})
    np.testing.assert_allclose(cost.terms[0].expected({"mu": mu}), mean, rtol=1e-12)
    density = stats.multivariate_normal(mean, matrix).logpdf(release.data)
    assert cost(mu) == pytest.approx(-2.0 * density - 38.0 * np.log(2.0 * np.pi), rel=1e-10)


def test_collapse_adds_signal_and_background() -> None:
    matrix = collapse()
    assert matrix.shape == (38, 60)
    np.testing.assert_array_equal(matrix.sum(axis=0), 1.0)
    np.testing.assert_array_equal(matrix.sum(axis=1), ([2.0] * 11 + [1.0] * 8) * 2)


def test_signal_events_of_the_best_point(release: Release) -> None:
    signal = oscillation_signal(*BEST_OSCILLATION)
    assert signal["neutrino"].events[:9].sum() == pytest.approx(453.0, abs=0.5)
    assert signal["antineutrino"].events[:9].sum() == pytest.approx(55.5, abs=0.1)
    everything = oscillation_signal(1.0, 0.0)
    assert everything["neutrino"].events.sum() == 0.0


def test_signal_from_simulated_events(release: Release, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    centres = 0.5 * (release.edges[1:] + release.edges[:-1])
    rows = np.array([(e, 50.0 + 100.0 * (k % 10), 52010.0, 2.0 + k) for k, e in enumerate(np.tile(centres, 10))])
    for name in EVENT_FILES.values():
        np.savetxt(tmp_path / name, rows)
    monkeypatch.setenv("DARKHORN_DATA", str(tmp_path))
    found = event_signal(*BEST_OSCILLATION)["antineutrino"]
    e_qe, energy, path, weight = rows.T
    chance = BEST_OSCILLATION[0] * np.sin(1.26693 * BEST_OSCILLATION[1] * path / 100.0 / energy) ** 2
    by_hand, _ = np.histogram(e_qe, release.edges, weights=weight / len(rows) * chance)
    np.testing.assert_allclose(found.events, by_hand, rtol=1e-4)
    assert (found.variance > 0.0).all()
    assert found.axes == ("e_qe",)
    np.savetxt(tmp_path / EVENT_FILES["neutrino"], rows * [1.0e-3, 1.0e-3, 1.0, 1.0])
    with pytest.raises(RangeError, match="energies in MeV"):
        event_signal(*BEST_OSCILLATION)


def test_another_axis_is_refused(release: Release) -> None:
    wrong = Template.make("e_vis", release.edges, np.ones(11))
    with pytest.raises(RangeError, match="axes e_vis against data on e_qe: different quantities"):
        official_cost(release, {"mu": {"neutrino": wrong}})
    coarse = Template.make("e_qe", release.edges[:-1], np.ones(10))
    with pytest.raises(RangeError, match="10 bins from 200 to 1500; allowed: the 11 bins of the data from 200 to 3000"):
        official_cost(release, {"mu": {"neutrino": coarse}})
    with pytest.raises(RangeError, match="mode 'dump' in the combined statistic"):
        official_cost(release, {"mu": {"dump": wrong}})


def test_absent_covariance_says_what_to_get(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DARKHORN_DATA", str(tmp_path))
    with pytest.raises(InputFileError, match=r"mb_combined_fraccov_2020\.csv(?s:.*)as released(?s:.*)ins1804293"):
        load_release()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1 2 3\n", "shape"),
        ("x y\n", "not a matrix of numbers"),
        ("\n".join(" ".join(["0.01"] * 60) for _ in range(59)), r"expected \(60, 60\)"),
        ("\n".join(" ".join(["nan"] * 60) for _ in range(60)), "not finite and symmetric"),
        ("\n".join(" ".join(["0.01"] * 60) for _ in range(60)), "another release, or another order of the blocks"),
    ],
)
def test_a_wrong_covariance_is_refused(
    text: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / COVARIANCE_FILES[1]).write_text(text)
    monkeypatch.setenv("DARKHORN_DATA", str(tmp_path))
    with pytest.raises(InputFileError, match=message):
        load_release()


def test_covariance_as_released_is_read_too(release: Release, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    np.savetxt(tmp_path / COVARIANCE_FILES[1], release.fractional_covariance)
    monkeypatch.setenv("DARKHORN_DATA", str(tmp_path))
    np.testing.assert_allclose(load_release().fractional_covariance, release.fractional_covariance, rtol=1e-12)
