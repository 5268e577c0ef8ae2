"""Numbers of the pictures: laws of kinematics and scaling, and other ways to the same numbers."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from picturing import COARSE, miniboone_setups, quick_beams
from scipy.optimize import brentq
from scipy.stats import norm

from darkhorn.chain.scenario import Scenario, load_scenario
from darkhorn.core.errors import RangeError, ScenarioError, ThresholdError, UnknownNameError
from darkhorn.core.units import HBARC
from darkhorn.experiments.build import build_shape
from darkhorn.experiments.loader import Experiment
from darkhorn.inference.confront_beams import Beams
from darkhorn.inference.confront_limits import decays_of
from darkhorn.inference.confront_point import Point
from darkhorn.inference.confront_rates import rates_of
from darkhorn.inference.many_fits import fit_many
from darkhorn.inference.pictures_ccm import CcmSpectra, OnNuclei, ccm_json, ccm_spectra
from darkhorn.inference.pictures_limits import none_seen, rare_curves, upper_events
from darkhorn.inference.pictures_rates import shares
from darkhorn.inference.pictures_regions import Plane, plane, plane_json, rise_of_chi2
from darkhorn.inference.pictures_sbnd import sbnd_json, sbnd_rates
from darkhorn.inference.pictures_spectra import ALL_PRESETS, fit_presets, models_of, spectra_json, spectra_of
from darkhorn.models.dark_matter import DarkMatter
from darkhorn.models.photoconversion import Photoconversion
from darkhorn.models.presets import preset

SCALAR = preset("scalar-benchmark")
SINGLE = replace(preset("dm-single-benchmark"), alpha_d1=0.5)


def point(model: Photoconversion | DarkMatter, experiments: tuple[str, ...], **supply: dict[str, object]) -> Point:
    return Point("test", "scalar-benchmark", model, experiments, supply, COARSE)


def finite(values: object) -> str:
    return json.dumps(values, allow_nan=False)


@pytest.mark.parametrize(("excess", "error", "level"), [(0.0, 10.0, 0.9), (7.9, 18.3, 0.9), (-40.0, 20.0, 0.95)])
def test_upper_limit_solves_cls(excess: float, error: float, level: float) -> None:
    def cls(s: float) -> float:
        return float(norm.cdf((excess - s) / error) / norm.cdf(excess / error) - (1.0 - level))

    assert upper_events(excess, error, level) == pytest.approx(brentq(cls, 0.0, 50.0 * error), rel=1e-9)


def test_upper_limits_in_numbers() -> None:
    assert upper_events(0.0, 1.0, 0.90) == pytest.approx(1.6448536, rel=1e-7)
    assert upper_events(0.0, 1.0, 0.95) == pytest.approx(1.9599640, rel=1e-7)
    assert upper_events(100.0, 1.0, 0.90) == pytest.approx(101.2815516, rel=1e-7)
    assert none_seen(0.90) == pytest.approx(2.3025851, rel=1e-7)
    with pytest.raises(RangeError, match="level"):
        none_seen(1.0)
    with pytest.raises(RangeError, match="error"):
        upper_events(1.0, 0.0, 0.9)


def test_rise_is_the_chi2_of_the_spectra() -> None:
    """At the masses of the fits the surface is chi2 computed bin by bin, and it never falls below the best point."""
    spectra = spectra_of(load_scenario("miniboone"))
    rng = np.random.default_rng(3)
    signals = {key: rng.uniform(0.5, 2.0, (3, len(item.data))) * 1.0e17 for key, item in spectra.items()}
    fits = fit_many(spectra, signals, {key: np.zeros_like(rows) for key, rows in signals.items()})
    product = np.geomspace(1.0e-9, 1.0e-7, 41)
    mass_x = np.array([10.0, 30.0, 100.0])
    fine, rise = rise_of_chi2(mass_x, fits, product)
    assert fine[[0, -1]] == pytest.approx([10.0, 100.0])
    assert rise.min() >= -1e-9
    for row, column in ((0, 0), (2, -1)):
        direct = sum(
            ((item.data - item.background - product[:, None] ** 2 * signals[key][row]) ** 2 / variance(item)).sum(1)
            for key, item in spectra.items()
        )
        assert rise[column] == pytest.approx(direct - fits.chi2.min(), rel=1e-6, abs=1e-6)


def variance(item: object) -> np.ndarray:
    data, background = item.data, item.background  # type: ignore[attr-defined]
    return np.maximum(data, 1.0) + (item.background_fraction * background) ** 2 + item.reading_error**2  # type: ignore[attr-defined]


@pytest.fixture
def mediator_plane(monkeypatch: pytest.MonkeyPatch) -> Plane:
    quick_beams(monkeypatch)
    given = point(SCALAR, ("miniboone", "microboone", "ccm120", "karmen", "sbnd"))
    return plane(given, "m_mediator", [20.0, 49.0, 200.0])


def test_region_contains_the_best_fit(mediator_plane: Plane) -> None:
    best_mass, best_product = mediator_plane.best
    row = int(np.argmin(np.abs(mediator_plane.fine - best_mass)))
    column = int(np.argmin(np.abs(np.log(mediator_plane.product / best_product))))
    assert mediator_plane.rise[row, column] < 2.3
    assert mediator_plane.rise.min() == pytest.approx(0.0, abs=0.05)
    assert mediator_plane.rise[:, [0, -1]].min() > 6.0
    finite(plane_json(mediator_plane))


def test_kinds_of_curves(mediator_plane: Plane) -> None:
    kinds = {curve.name: curve.kind for curve in mediator_plane.curves}
    assert kinds["microboone inclusive"] == "recast"
    assert kinds["sbnd neutrino"] == "projection"
    assert kinds["ccm120 electromagnetic"] == "projection"
    assert kinds["NA62, K+ -> mu nu nu nubar"] == "indicative"
    assert "ccm120 coherent" not in kinds
    assert "microboone ee" not in kinds
    assert "response.efficiency" in mediator_plane.left_out["microboone 1g0p"]
    assert "karmen" not in {curve.group for curve in mediator_plane.curves}
    assert "yields.pi_plus" in mediator_plane.left_out["karmen"]


def test_counting_curve_is_the_rate_of_confront(mediator_plane: Plane, monkeypatch: pytest.MonkeyPatch) -> None:
    """The chain of ``confront`` makes 2.3 photons in SBND at the product of the curve."""
    (curve,) = (curve for curve in mediator_plane.curves if curve.name == "sbnd neutrino")
    experiment = Experiment.load("sbnd")
    settings = replace(COARSE, precision=0.05)
    found = rates_of(SCALAR, experiment, experiment.mode("neutrino"), Beams(settings))
    events = sum(value for value, _ in found.channels.values()) * curve.product[1] ** 2
    assert events == pytest.approx(2.3026, rel=0.2)


def test_curves_scale_as_the_couplings_say(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rates depend on the product alone; a rare decay on the coupling of the decay, at g_n lambda of the point."""
    quick_beams(monkeypatch)
    first = plane(point(SCALAR, ("sbnd",)), "m_x", [1.0, 20.0])
    model = replace(SCALAR, coupling=7.0 * SCALAR.coupling, lam=2.0 * SCALAR.lam)
    supply = {"modes.neutrino.pot": 4.0 * 6.6e20}
    second = plane(point(model, ("sbnd",), sbnd=supply), "m_x", [1.0, 20.0])
    for one, two in zip(first.curves, second.curves, strict=True):
        factor = 0.5 if one.group == "sbnd" else 2.0
        assert two.product == pytest.approx(factor * one.product, rel=1e-6, nan_ok=True), one.name
    assert second.fits.product == pytest.approx(first.fits.product, rel=1e-12)


def test_rare_curves_from_branching_ratios() -> None:
    """A limit four times tighter halves the product; at the product the branching ratio is the limit."""
    loose, tight = ({"rare_decays": {"na62-mu-nu-x": {"mass": [1.0, 300.0], "limit": [v, v]}}} for v in (4e-6, 1e-6))
    models = [replace(SCALAR, m_x=value) for value in (5.0, 100.0)]
    name = "NA62, K+ -> mu nu X"
    (one,) = (curve for curve in rare_curves(models, loose, same=False) if curve.name == name)
    (two,) = (curve for curve in rare_curves(models, tight, same=False) if curve.name == name)
    assert one.kind == "limit"
    assert two.product == pytest.approx(0.5 * one.product, rel=1e-12)
    for model, product in zip(models, two.product, strict=True):
        at = replace(model, coupling=float(product) / model.g_n / model.lam)
        (made,) = (item for item in decays_of(at) if item.decay == "K+ -> mu nu X")
        assert made.branching == pytest.approx(1.0e-6, rel=1e-9)


def test_closed_masses_and_wrong_input(monkeypatch: pytest.MonkeyPatch) -> None:
    quick_beams(monkeypatch)
    found = plane(point(SCALAR, ()), "m_x", [1.0, 500.0])
    assert list(found.fits.fitted) == [True, False]
    assert found.fine.max() == pytest.approx(1.0)
    heavy = plane(point(SCALAR, ("ccm120",)), "m_x", [50.0, 100.0])
    assert "no meson" in heavy.left_out["ccm120 electromagnetic"]
    with pytest.raises(ThresholdError, match="closed"):
        plane(point(SCALAR, ()), "m_x", [500.0, 600.0])
    with pytest.raises(ScenarioError, match="photoconversion"):
        plane(point(SINGLE, ()), "m_x", [1.0, 2.0])
    with pytest.raises(UnknownNameError, match="m_x"):
        plane(point(SCALAR, ()), "m_y", [1.0, 2.0])
    with pytest.raises(ScenarioError, match="at least two"):
        plane(point(SCALAR, ()), "m_x", [1.0])
    with pytest.raises(ScenarioError, match="neutral pion"):
        plane(point(preset("VIB2-Pi0"), ()), "m_mediator", [1.0, 2.0])


@pytest.fixture(scope="module")
def ccm() -> CcmSpectra:
    return ccm_spectra(point(SINGLE, ("ccm120",)))


def test_vectors_of_stopped_pions_end_where_kinematics_says(ccm: CcmSpectra) -> None:
    end = (139.57039**2 + 17.0**2 - 0.51099895**2) / (2.0 * 139.57039)
    assert ccm.endpoint == pytest.approx(end, rel=1e-9)
    low = ccm.edges["vector"][:-1]
    for shape, rate in ccm.rates["photon"].items():
        beyond = rate.bosons[low > end].sum()
        if shape == "pi0":
            assert beyond > 0.2 * rate.bosons.sum()
        else:
            assert beyond == 0.0
            assert rate.bosons[ccm.edges["vector"][1:] <= 17.0].sum() == 0.0
            assert rate.spectra["e_vis"][low > end].sum() == 0.0


def test_nuclear_recoils_end_where_kinematics_says(ccm: CcmSpectra) -> None:
    """chi of V from pi+ has at most the energy of V minus its least partner: T <= 2 p^2/M (1 + O(E/M))."""
    beta = np.sqrt(1.0 - (17.0 / ccm.endpoint) ** 2)
    energy = ccm.endpoint / 2.0 * (1.0 + beta * np.sqrt(1.0 - (16.0 / 17.0) ** 2))
    target = 37_211.0
    most = 2.0 * (energy**2 - 64.0) * target / (64.0 + target**2 + 2.0 * energy * target)
    edges = ccm.edges["nuclear recoil"]
    for shape in ("IB1", "IB2", "IB3", "IB1+2+3"):
        rows = ccm.rates["nuclear recoil"][shape].spectra["e_vis"]
        assert rows[edges[:-1] > most].sum() == 0.0
        assert rows[edges[:-1] < most].sum() > 0.0


def test_number_of_vectors_from_the_solid_angle(ccm: CcmSpectra) -> None:
    """pi+ at rest are isotropic: yield x branching ratio x share of directions that hit the cylinder."""
    shape = build_shape(Experiment.load("ccm120").shape)
    rng = np.random.default_rng(5)
    direction = rng.standard_normal((400_000, 3))
    direction /= np.linalg.norm(direction, axis=1)[:, None]
    _, chord = shape.chord(np.zeros((len(direction), 3)), direction)
    hit = float(np.mean(chord > 0.0))
    made = replace(SINGLE, production="vector-ib1", branching_v1=1.0)
    branching = sum(item.branching for item in decays_of(made) if item.parent == "pi+")
    assert ccm.rates["photon"]["IB1"].bosons.sum() == pytest.approx(1.79e21 * 0.0376 * branching * hit, rel=0.1)


def test_shapes_agree_where_they_have_to(ccm: CcmSpectra) -> None:
    """Lepton and contact diagram agree up to m_e^2; the conserved sum is far below; two chi for every V."""
    for seen in ccm.rates:
        one, three = (ccm.rates[seen][name].events for name in ("IB1", "IB3"))
        assert one == pytest.approx(three, rel=0.02)
        assert ccm.rates[seen]["IB1+2+3"].events < 1.0e-3 * one
    vectors, chi = (ccm.rates[seen]["IB1"].bosons.sum() for seen in ("photon", "nuclear recoil"))
    assert chi == pytest.approx(2.0 * 0.5 * vectors, rel=0.1)
    finite(ccm_json(ccm))


def test_recoils_grow_as_the_fourth_power_of_mixing(ccm: CcmSpectra) -> None:
    twice = ccm_spectra(point(replace(SINGLE, eps1=2.0 * SINGLE.eps1), ("ccm120",)))
    for shape, rate in ccm.rates["nuclear recoil"].items():
        assert twice.rates["nuclear recoil"][shape].events == pytest.approx(16.0 * rate.events, rel=1e-9)
        assert twice.rates["photon"][shape].events == pytest.approx(4.0 * ccm.rates["photon"][shape].events, rel=1e-9)


def test_nuclear_channel_is_coherent() -> None:
    """At small recoil: 4 pi alpha alpha_D eps^2 ... = 8 pi Z^2 alpha alpha_D M/(2 M T + m_V^2)^2, for fast chi."""
    nuclei = type("Ar", (), {"name": "Ar", "protons": 18, "nucleons": 40, "mass": 37_211.0, "density": 1.0})()
    model = OnNuclei(m_v1=17.0, m_chi=0.1, alpha_d1=0.5)
    (channel,) = model.detections([nuclei])
    recoil = 1.0e-6
    value = float(channel.dsigma_dt_cm2(np.array([60.0]), np.array([recoil]))[0])  # type: ignore[union-attr]
    propagator = (2.0 * 37_211.0 * recoil + 17.0**2) ** 2
    expected = 8.0 * np.pi * 18**2 * 0.5 / 137.035999 * 37_211.0 / propagator * (HBARC * 100.0) ** 2
    assert value == pytest.approx(expected, rel=2e-3)


def test_ccm_refuses_other_models() -> None:
    with pytest.raises(ScenarioError, match="dark matter"):
        ccm_spectra(point(SCALAR, ("ccm120",)))


def test_sbnd_is_normalised_to_the_excess(monkeypatch: pytest.MonkeyPatch) -> None:
    quick_beams(monkeypatch)
    model = replace(SINGLE, production="vector-ib2", m_v1=5.0, m_chi=2.0, m_chi_prime=20.0)
    found = sbnd_rates(point(model, ("sbnd",)))
    assert set(found.states) == {"photon", "electron", "pair"}
    assert found.excess == 560.6
    for state in found.states.values():
        assert sum(rate.events for rate in state.miniboone.values()) == pytest.approx(560.6, rel=1e-12)
        assert sum(shares(state.near).values()) == pytest.approx(1.0, rel=1e-12)
        assert {"pi+-", "K+-", "pi0", "eta"} == set(state.near)
        for rate in state.near.values():
            assert rate.spectra["e_vis"].sum() <= rate.events * (1.0 + 1e-9)
            assert rate.spectra["cos_theta"].sum() == pytest.approx(rate.events, rel=1e-9)
    assert found.states["electron"].near["pi0"].spectra["cos_theta"][-30:].sum() > 0.0
    finite(sbnd_json(found))


def test_sbnd_does_not_depend_on_couplings(monkeypatch: pytest.MonkeyPatch) -> None:
    quick_beams(monkeypatch)
    model = replace(SINGLE, production="none", m_v1=5.0, m_chi=2.0, m_chi_prime=20.0)
    first, second = (
        sbnd_rates(point(replace(model, eps1=eps, alpha_d1=alpha), ("sbnd",)))
        for eps, alpha in ((1.0e-4, 0.1), (3.0e-5, 0.4))
    )
    one, two = (found.states["electron"] for found in (first, second))
    assert two.near["pi0"].events == pytest.approx(one.near["pi0"].events, rel=1e-6)
    assert two.product == pytest.approx(0.5 * one.product, rel=1e-6)
    with pytest.raises(ScenarioError, match="exchange"):
        sbnd_rates(point(replace(model, exchange="v2"), ("sbnd",)))


def test_every_preset_once() -> None:
    rows = models_of(load_scenario("miniboone"))
    names = [name for row, _ in rows for name in row]
    assert sorted(names) == sorted(ALL_PRESETS)
    assert len(rows) == 20
    assert ("scalar-benchmark", "SIB1mu") in [row for row, _ in rows]
    assert [row for row, _ in models_of(load_scenario("miniboone", model="VIB2-S"))] == [("VIB2-S",)]


def test_fitted_spectra(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(Scenario, "setups", lambda self: miniboone_setups())
    scenario = load_scenario("miniboone", model="VIB1mu-S", precision=0.3, replicates=4)
    (item,) = fit_presets(scenario)
    spectra = spectra_of(scenario)
    assert list(spectra) == [
        f"{mode} {name}" for mode in ("neutrino", "antineutrino") for name in ("e_vis", "cos_theta")
    ]
    assert item.fit is not None
    assert item.fit.delta_chi2 > 0.0
    for label, rows in item.signal.items():
        assert rows.sum() == pytest.approx(item.fit.events[label], rel=1e-9)
        assert np.all(item.error[label] >= 0.0)
    assert item.fit.chi2_null == pytest.approx(267.97, abs=0.05)
    closed = load_scenario("miniboone", overrides=["model.m_x=500"], precision=0.3, replicates=4)
    (nothing,) = fit_presets(closed)
    assert nothing.fit is None
    assert "closed" in nothing.note
    finite(spectra_json([item, nothing], spectra))


def test_no_spectra_no_picture() -> None:
    with pytest.raises(ScenarioError, match="no published spectrum"):
        spectra_of(load_scenario("sbnd"))
