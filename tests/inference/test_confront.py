"""One point against everything: limits, pulls, rates by meson, what is missing, what fails."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from darkhorn.chain.predict import predict
from darkhorn.chain.prediction_errors import flux_errors_of
from darkhorn.chain.scenario import load_scenario
from darkhorn.core.errors import InputFileError, RangeError, ScenarioError, UnknownNameError
from darkhorn.core.species import mass
from darkhorn.experiments.build import build_composition, build_shape
from darkhorn.experiments.loader import Experiment
from darkhorn.inference.confront import Confrontation, Row, as_json, confront
from darkhorn.inference.confront_beams import Beams
from darkhorn.inference.confront_limits import LimitRow, decays_of, fate, limits_of
from darkhorn.inference.confront_point import Point, load_point, shipped
from darkhorn.inference.confront_rates import narrowed, rates_of, selection, shows, window_of
from darkhorn.models.presets import preset
from darkhorn.models.productions import branching, dgamma_de
from darkhorn.physics.neutral_mesons import branching_photon_vector

Write = Callable[[str], Path]


@pytest.fixture(autouse=True)
def no_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty data directory, unless a test sets another."""
    monkeypatch.setenv("DARKHORN_DATA", str(tmp_path))


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def put(text: str) -> Path:
        path = tmp_path / "point.toml"
        path.write_text(text)
        return path

    return put


def limit(rows: list[LimitRow], name: str) -> LimitRow:
    return next(row for row in rows if row.name == name)


def row(result: Confrontation, experiment: str, mode: str) -> Row:
    return next(item for item in result.rows if (item.experiment, item.mode) == (experiment, mode))


# Decays and limits


@pytest.mark.parametrize(
    ("name", "pion", "kaon"),
    [("scalar-benchmark", 4.81e-2 * 2.5e-5, 9.20e-2 * 2.5e-5), ("pseudoscalar-benchmark", 1.09e-8, 1.007e-6)],
)
def test_published_branching_ratios(name: str, pion: float, kaon: float) -> None:
    found = {item.decay: item.branching for item in decays_of(preset(name))}
    assert found["pi+ -> mu nu X"] == pytest.approx(pion, rel=4e-3)
    assert found["K+ -> mu nu X"] == pytest.approx(kaon, rel=4e-3)
    assert (found["pi+ -> e nu X"], found["pi0 -> gamma X"]) == (0.0, 0.0)


@pytest.mark.parametrize("name", ["dm-double-benchmark", "dm-single-benchmark", "visible-decay", "VIB2-S"])
def test_decays_against_the_widths(name: str) -> None:
    """The share that is unseen is divided out: V1 is made as often as any vector of its coupling."""
    model = preset(name)
    g = model.eps1 * np.sqrt(4.0 * np.pi / 137.035999) if name.startswith("dm") else model.coupling
    m_x = fate(model).mass
    for item in decays_of(model)[:4]:
        expected = g**2 * branching(model.amplitude, *{"pi+": (211,), "K+": (321,)}[item.parent],
                                    {"e": 11, "mu": 13}[item.lepton], m_x)  # fmt: skip
        assert item.branching == pytest.approx(expected, rel=3e-3, abs=0), item.decay
    if name != "VIB2-S":
        epsilon = model.eps1 if name.startswith("dm") else model.coupling / 0.302822
        pi0 = 0.98823 * float(branching_photon_vector(epsilon, m_x, mass(111)))
        assert decays_of(model)[4].branching == pytest.approx(pi0, rel=1e-3)


def test_scalar_benchmark_beside_the_limits() -> None:
    rows = limits_of(preset("scalar-benchmark"))
    letter = limit(rows, "letter-k-mu-nu-x")
    assert (letter.status, letter.origin, letter.cl, letter.limit) == ("compared", "unverified", None, 3.0e-6)
    assert letter.ratio == pytest.approx(2.30e-6 / 3.0e-6, rel=3e-3)
    three = limit(rows, "na62-mu-nu-nu-nubar")
    assert (three.status, three.cl) == ("indicative", 0.90)
    assert three.ratio == pytest.approx(2.30, rel=3e-3)
    assert "three neutrinos" in three.note
    pienu = limit(rows, "pienu-mu-nu-x")
    assert (pienu.status, pienu.limit, pienu.ratio) == ("no comparison", None, None)
    assert "limits.pienu-mu-nu-x.curve missing" in pienu.note
    assert "outside of 10 to 370 MeV" in limit(rows, "na62-mu-nu-x").note


def test_searches_for_a_peak_are_refused_for_every_model() -> None:
    for name in ("scalar-benchmark", "dm-single-benchmark", "visible-decay"):
        peaks = [item for item in limits_of(preset(name)) if item.decay.endswith(" N")]
        assert len(peaks) == 7
        assert {(item.status, item.predicted, item.limit) for item in peaks} == {("refused", None, None)}


def test_a_supplied_curve_is_used() -> None:
    curve = {"pienu-mu-nu-x": {"mass": [0.0, 33.0], "limit": [1e-6, 1e-6]}}
    found = limit(limits_of(preset("scalar-benchmark"), curve), "pienu-mu-nu-x")
    assert (found.status, found.origin) == ("compared", "supplied")
    assert found.ratio == pytest.approx(1.2014e-6 / (1e-6 * 0.999877), rel=1e-3)
    with pytest.raises(UnknownNameError, match="pienu-mu-nu-x"):
        limits_of(preset("scalar-benchmark"), {"pienu-mu-nu-y": curve["pienu-mu-nu-x"]})
    with pytest.raises(ScenarioError, match="limit"):
        limits_of(preset("scalar-benchmark"), {"pienu-mu-nu-x": {"mass": [0.0, 33.0]}})


@pytest.mark.parametrize(
    ("g", "unseen", "at_once"),
    [(1e-3, "indicative", "compared"), (1e-6, "indicative", "indicative"), (1e-8, "compared", "indicative")],
)
def test_what_a_search_assumes_of_the_decay_of_x(g: float, unseen: str, at_once: str) -> None:
    """c tau of 20 MeV is 0.37 m at g = 1e-6: neither unseen nor at once."""
    model = replace(preset("visible-decay"), charges="kinetic-mixing", coupling=g)
    curves = {"sindrum-e-nu-ee": {"mass": [2.0, 130.0], "limit": [1e-10, 1e-10]}}
    rows = limits_of(model, curves)
    assert limit(rows, "letter-k-mu-nu-x").status == unseen
    assert limit(rows, "sindrum-e-nu-ee").status == at_once
    assert fate(model).c_tau == pytest.approx(0.372 * (1e-6 / g) ** 2, rel=3e-3)


def test_dark_matter_is_unseen_by_its_share() -> None:
    model = preset("dm-single-benchmark")
    total = {item.decay: item.branching for item in decays_of(model)}["K+ -> mu nu X"]
    assert limit(limits_of(model), "letter-k-mu-nu-x").predicted == pytest.approx(0.5 * total, rel=1e-12)
    curves = {"sindrum-e-nu-ee": {"mass": [2.0, 130.0], "limit": [1e-10, 1e-10]}}
    seen = limit(limits_of(model, curves), "sindrum-e-nu-ee")
    assert seen.predicted == pytest.approx(0.5 * 5.39e-11, rel=2e-3, abs=0)
    assert "not in" in limit(limits_of(model), "miniboone-dump-dm").note


def test_limit_of_the_dump_mode_needs_the_data(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DARKHORN_DATA", str(data_dir))
    found = limit(limits_of(preset("dm-single-benchmark")), "miniboone-dump-dm")
    assert (found.status, found.predicted, found.cl) == ("indicative", pytest.approx(3.6e-9, rel=1e-6, abs=0), 0.90)
    assert 5.9e-9 < (found.limit or 0.0) < 1e-7
    far = limit(limits_of(replace(preset("dark-matter"), m_chi=2e3, m_v1=5e3)), "miniboone-dump-dm")
    assert far.limit is None
    assert "outside" in far.note


@settings(deadline=None, max_examples=15, derandomize=True)
@given(scale=st.floats(0.01, 100.0), m_x=st.floats(0.5, 300.0))
def test_ratios_go_with_the_square_of_the_coupling(scale: float, m_x: float) -> None:
    first = replace(preset("scalar-benchmark"), m_x=m_x)
    second = replace(first, coupling=first.coupling * scale)
    for before, after in zip(limits_of(first), limits_of(second), strict=True):
        assert (before.status, before.ratio is None) == (after.status, after.ratio is None)
        if before.ratio is not None and after.ratio is not None:
            assert after.ratio == pytest.approx(before.ratio * scale**2, rel=1e-12)
            assert (before.ratio == 0.0) == (not before.decay.startswith("K+ -> mu") and
                                             not (before.decay.startswith("pi+ -> mu") and m_x < 33.91))  # fmt: skip


# Pulls


def test_the_error_of_the_beam_is_in_the_pull_of_its_signal() -> None:
    start = Row(
        "miniboone", "neutrino", "excess", {"pi+-": (300.0, 5.0)}, 1e20, excess=560.6, error=119.6, flux_error=0.1
    )
    assert start.pull == pytest.approx(260.6 / np.hypot(119.6, 30.0))
    assert start.pull_null == pytest.approx(560.6 / 119.6)
    assert replace(start, flux_error=0.0).pull == pytest.approx(260.6 / 119.6)


def test_pulls_and_verdicts_by_hand() -> None:
    start = Row("miniboone", "neutrino", "excess", {"pi+-": (500.0, 3.0), "K+-": (60.6, 4.0)}, 1e20, False, 2870.0,
                2309.4, 560.6, 119.6, "compared")  # fmt: skip
    assert (start.pull, start.pull_null, start.signal_error) == (0.0, pytest.approx(4.687, abs=1e-3), 5.0)
    assert start.verdict == "explained"
    assert replace(start, channels={"pi+-": (40.6, 0.0)}).pull == pytest.approx(520.0 / 119.6)
    assert replace(start, channels={"pi+-": (40.6, 0.0)}).verdict == "falls short"
    assert replace(start, channels={"pi+-": (700.0, 0.0)}).verdict == "overshoots"
    counting = replace(start, sample="events", excess=-4.5, error=5.8155)
    assert replace(counting, channels={"pi+-": (1.0, 0.0)}).verdict == "allowed"
    assert counting.verdict == "tension"
    bound = replace(counting, at_most=True)
    assert (bound.pull, bound.verdict) == (None, "no comparison")
    assert replace(bound, channels={"pi+-": (1.0, 0.0)}).verdict == "allowed at any efficiency"
    nothing = replace(start, channels=None, status="failed")
    assert (nothing.signal, nothing.pull, nothing.verdict) == (None, None, "failed")


# Selections


def test_a_mode_takes_what_it_selects() -> None:
    assert selection("microboone", "ee").takes == ("pair",)
    assert selection("microboone", "1g0p").one_ring
    assert not selection("my-detector", "any").one_ring
    both = replace(preset("dark-matter"), detection=("electron", "nucleon"))
    assert shows(both) == ("electron", "nucleon")
    kept = narrowed(both, selection("miniboone", "neutrino").takes)
    assert kept is not None
    assert shows(kept) == ("electron",)
    assert narrowed(both, selection("ccm120", "coherent").takes) is None
    assert narrowed(preset("scalar-benchmark"), ("pair",)) is None
    assert shows(preset("visible-decay")) == ("pair",)


def test_excesses_refer_to_one_window() -> None:
    modes = Experiment.load("miniboone").modes
    for mode in modes.values():
        window = window_of(mode)
        assert (window.e_vis_min, window.e_qe_min, window.e_qe_max) == (140.0, 200.0, 1250.0)


# Rates


def test_stopped_pions_by_quadrature() -> None:
    """Photons in CCM120: POT x yield x density of targets x integral of dBR/dE sigma(E) x integral of dV/(4 pi r^2)."""
    point = load_point("scalar-benchmark", precision=0.01, threads=1)
    experiment = Experiment.load("ccm120", given={"response.efficiency": {"energy": [0.0, 200.0], "value": [1.0, 1.0]}})
    mode = experiment.mode("electromagnetic")
    rates = rates_of(point.model, experiment, mode, Beams(point.settings))
    assert rates.lacking == ()
    assert list(rates.channels) == ["pi+-"]
    events, error = rates.channels["pi+-"]
    top = (139.57039**2 + 1.0 - 105.6583755**2) / (2.0 * 139.57039)
    nodes, weights = np.polynomial.legendre.leggauss(200)
    energy = 1.0 + 0.5 * (nodes + 1.0) * (top - 1.0)
    spectrum = dgamma_de("scalar-ib1", 211, 13, 1.0, energy) / 2.5284e-14
    channels = point.model.detections(build_composition(experiment.composition).targets)
    sigma = np.zeros_like(energy)
    for channel in channels:
        for place, value in enumerate(energy):
            q = 4.0 * value**2 * np.exp(np.linspace(-14.0, 0.0, 1500))
            sigma[place] += channel.number_density * np.trapezoid(
                channel.dsigma_dq_sq_cm2(np.full(q.shape, value), q), q
            )
    folded = 0.5 * (top - 1.0) * float(weights @ (spectrum * sigma * (energy > 1.0))) * 1e-4
    volume, distance = np.pi * 1.03385**2 * 1.2396, np.hypot(20.0, 0.65)
    expected = 1.79e21 * 0.0376 * folded * volume / (4.0 * np.pi * distance**2)
    assert build_shape(experiment.shape).volume == pytest.approx(volume, rel=1e-12)
    assert events == pytest.approx(expected, rel=0.02)
    assert error < 0.01 * events


def test_channels_add_up_to_the_prediction_of_the_chain(write: Write) -> None:
    """The same detector as a scenario: pi+ and pi0 together are what predict gives for both."""
    text = """
[model]
preset = "visible-decay"
charges = "kinetic-mixing"
coupling = 1e-6
[source]
kind = "stopped"
[detector]
pot = 1.79e21
shape = { kind = "cylinder", center = [20.0, 0.0, 0.65], radius = 1.03385, length = 1.2396, axis = [0.0, 0.0, 1.0] }
material = { mass_density_g_cm3 = 1.396, formula = { Ar = 1 } }
response = { perfect = true }
window = { e_vis_min = 1.0, e_vis_max = 100.0 }
[rings]
max_angle_degrees = 180
"""
    scenario = load_scenario(str(write(text)))
    both = predict(scenario.model, scenario.setups(), precision=0.05, replicates=4).modes["scenario"]
    experiment = Experiment.load("ccm120", given={"response.efficiency": {"energy": [0.0, 200.0], "value": [1.0, 1.0]}})
    point = load_point("visible-decay", precision=0.05)
    mode = experiment.mode("electromagnetic")
    rates = rates_of(scenario.model, experiment, mode, Beams(point.settings))
    assert set(rates.channels) == {"pi+-", "pi0"}
    assert all(events > 0.0 for events, _ in rates.channels.values())
    total = sum(events for events, _ in rates.channels.values())
    assert total == pytest.approx(both.signal.mean(), rel=0.2)


def test_pions_of_the_horn_are_those_of_a_run() -> None:
    """The excess window is that of the scenario, so pi+- alone give what darkhorn run gives."""
    point = load_point("scalar-benchmark", precision=0.05, replicates=4)
    experiment = Experiment.load("miniboone")
    rates = rates_of(point.model, experiment, experiment.mode("neutrino"), Beams(point.settings))
    assert set(rates.channels) == {"pi+-", "K+-"}
    scenario = load_scenario("miniboone", overrides=["experiment.modes='neutrino'"], precision=0.05, replicates=4)
    alone = predict(point.model, scenario.setups(), precision=0.05, replicates=4).modes["neutrino"]
    events, error = rates.channels["pi+-"]
    assert events == pytest.approx(alone.signal.mean(), abs=5.0 * np.hypot(error, 0.05 * events))
    pions, kaons = events, rates.channels["K+-"][0]
    assert 0.02 < kaons / pions < 0.4
    whole = flux_errors_of(point.model, scenario.setups()[0], 50, replicates=4, n=2**11)
    assert rates.flux_error == pytest.approx(whole.relative(), rel=0.5)  # kaons and another window
    assert 0.03 < rates.flux_error < 0.3


def test_the_dump_has_neutral_mesons_and_a_share_of_the_target() -> None:
    point = load_point("visible-decay", precision=0.1, replicates=4)
    (past,) = Beams(point.settings).of("dump", "dump", (0.0, 1.9, 541.0))
    assert past.share == 1.0
    assert sorted(item.species for item in past.parents) == [-321, -321, -211, -211, 111, 211, 211, 221, 321, 321, 321]
    with pytest.raises(UnknownNameError, match="scrape_fraction"):
        Beams(point.settings, {"dump": {"scrape_fractio": 0.1}}).of("dump", "dump", (0.0, 1.9, 541.0))


# The whole


SMALL = """
name = "small"
experiments = ["ccm120", "lsnd", "karmen"]
[model]
preset = "visible-decay"
charges = "kinetic-mixing"
coupling = {g}
[run]
precision = 0.1
replicates = 4
"""


def test_everything_missing_is_named(write: Write) -> None:
    result = confront(load_point(str(write(SMALL.format(g=1e-6)))))
    assert [item.decay for item in result.decays if item.branching == 0.0] == []
    ccm = row(result, "ccm120", "electromagnetic")
    assert (ccm.at_most, ccm.pull, ccm.status) == (True, None, "no comparison")
    assert ccm.note == "response.efficiency, modes.electromagnetic.counts missing"
    assert ccm.channels is not None
    assert set(ccm.channels) == {"pi+-", "pi0"}
    assert row(result, "lsnd", "stopped").note == "yields.pi_plus missing"
    assert row(result, "karmen", "stopped").pull_null == pytest.approx(-0.8 / np.sqrt(15.8 + 0.25))
    assert "the model makes pair" in row(result, "karmen", "stopped").note
    values = as_json(result)
    assert len(values["experiments"]) == len(result.rows) == 4
    product = values["product"]["value"]
    entry = values["experiments"][1]
    assert entry["signal_at_product_1"] * product**2 == pytest.approx(entry["signal"], rel=1e-12, abs=0)
    assert any("refused for P -> l nu X" in line for line in values["notes"])


def test_supplied_numbers_change_the_rows(write: Write) -> None:
    supplied = """
[supply.ccm120]
"response.efficiency" = { energy = [0.0, 200.0], value = [0.25, 0.25] }
[supply.ccm120."modes.electromagnetic.counts"]
all = { observed = 100, expected = 90, expected_error = 10, source = "a test", status = "computed" }
[supply.lampf]
"yields.pi_plus" = 0.08
"""
    bare = confront(load_point(str(write(SMALL.format(g=1e-6)))))
    full = confront(load_point(str(write(SMALL.format(g=1e-6) + supplied))))
    before, after = (row(item, "ccm120", "electromagnetic") for item in (bare, full))
    assert after.signal == pytest.approx(0.25 * (before.signal or 0.0), rel=0.05)
    assert (after.status, after.sample, after.at_most) == ("compared", "all", False)
    assert after.pull == pytest.approx((10.0 - (after.signal or 0.0)) / np.sqrt(190.0))
    assert (row(full, "lsnd", "stopped").signal or 0.0) > 0.0


def test_a_failing_experiment_does_not_lose_the_others(write: Write, tmp_path: Path) -> None:
    (tmp_path / "broken.toml").write_text("kind = 'experiment'\nname = 'broken'\n")
    text = SMALL.format(g=1e-6).replace('"lsnd", "karmen"', '"broken.toml", "absent.toml"')
    result = confront(load_point(str(write(text))))
    assert [item.status for item in result.rows] == ["no comparison", "no comparison", "failed", "failed"]
    assert "broken.toml" in result.rows[2].note
    assert "absent.toml" in result.rows[3].note
    assert (row(result, "ccm120", "electromagnetic").signal or 0.0) > 0.0


def test_an_error_that_nobody_foresaw_is_a_row(monkeypatch: pytest.MonkeyPatch, write: Write) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("by accident")

    monkeypatch.setattr("darkhorn.inference.confront.rates_of", fail)
    result = confront(load_point(str(write(SMALL.format(g=1e-6)))))
    assert row(result, "ccm120", "electromagnetic").status == "failed"
    assert row(result, "ccm120", "electromagnetic").note == "ZeroDivisionError: by accident"


def test_a_closed_model_makes_exactly_nothing(write: Write) -> None:
    text = SMALL.format(g=1e-6).replace("[run]", "m_x = 138.0\nleptons = 'mu'\n[run]")
    found = row(confront(load_point(str(write(text)))), "ccm120", "electromagnetic")
    assert (found.signal, found.channels, found.at_most) == (0.0, {}, False)
    assert "no meson of the source" in found.note


def test_couplings_only_multiply(write: Write) -> None:
    """Photons: lambda four times as large, sixteen times the events, bit for bit the same otherwise."""
    text = "experiments = ['ccm200']\n[model]\npreset = 'SIB1mu'\nlam = {lam}\n[run]\nprecision = 0.2\nreplicates = 4\n"
    first, second = (confront(load_point(str(write(text.format(lam=lam))))).rows[0] for lam in (1e-4, 4e-4))
    assert (second.signal or 0.0) == pytest.approx(16.0 * (first.signal or 1.0), rel=1e-12)


# The point


def test_points() -> None:
    point = load_point("scalar-benchmark", precision=0.2)
    assert isinstance(point, Point)
    assert point.experiments[:3] == ("miniboone", "miniboone-dump", "microboone")
    assert set(point.experiments) == set(shipped("experiment"))
    assert point.settings.precision == 0.2


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        ("[modl]\n", ScenarioError, "modl"),
        ("x = 1\n[model]\n", ScenarioError, "x"),
        ("[model]\npreset = 'scalar-benchmrk'\n", UnknownNameError, "scalar-benchmark"),
        ("experiments = ['minibone']\n[model]\n", UnknownNameError, "miniboone"),
        ("experiments = []\n[model]\n", ScenarioError, "experiments = "),
        ("[model]\n[supply.mini]\nx = 1\n", UnknownNameError, "supply"),
        ("[model]\n[run]\nprecision = 0.9\n", RangeError, "precision = 0.9"),
        ("[model]\n[run]\nseed = 1.5\n", ScenarioError, "seed = 1.5"),
        ("[model]\n[run]\nreplicas = 4\n", ScenarioError, "replicates"),
        ("[model\n", InputFileError, "not valid TOML"),
    ],
)
def test_bad_points(write: Write, text: str, kind: type[Exception], words: str) -> None:
    with pytest.raises(kind, match=words):
        load_point(str(write(text)))
