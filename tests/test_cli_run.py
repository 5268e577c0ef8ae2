"""Whole scenarios through the command line, against closed forms and brute force."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command import Command, caller
from scipy.integrate import quad

from darkhorn.chain.decay import tabulate
from darkhorn.chain.scenario import RUN_KEYS, TABLES, load_scenario
from darkhorn.core.species import MUON, PI_PLUS, lifetime, mass
from darkhorn.core.units import C
from darkhorn.models.presets import parameter_names
from darkhorn.models.productions import branching, dgamma_de, production, width
from darkhorn.report.run import compute
from darkhorn.report.summary import summary

ROOT = Path(__file__).parent.parent
EXAMPLES = ROOT / "examples"
STOPPED = EXAMPLES / "stopped_pion.toml"
SUMMARY_KEYS = {
    *("version", "scenario", "model", "parameters", "seed", "precision", "modes", "fit", "wall_s", "citations"),
    "warnings",
}
MODE_KEYS = {
    *("bosons_crossing_per_pot", "mean_chord_m", "signal", "signal_mc_error", "n_eff", "data", "background", "excess"),
}
FIT_KEYS = {"coupling_product", "error", "chi2", "ndof", "chi2_null"}


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Command:
    return caller(capsys)


@pytest.fixture
def no_plots(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("darkhorn.report.figures.spectra_pictures", lambda outcome: {})


def result(path: Path, *changes: str, **run: Any) -> dict[str, Any]:
    """The only mode of a scenario of its own, as in summary.json."""
    scenario = load_scenario(str(path), overrides=changes, **run)
    return dict(summary(compute(scenario), 0.0)["modes"]["scenario"])


def test_the_main_job(cli: Command, tmp_path: Path) -> None:
    out = tmp_path / "deep" / "out"
    answer = cli("run", "miniboone", "--precision", "0.1", "--out", out, "--json")
    assert answer.code == 0
    assert answer.err == ""
    assert {Path(path).name for path in answer.json["files"]} == {path.name for path in out.iterdir()}
    found = json.loads((out / "summary.json").read_text())
    assert set(found) >= SUMMARY_KEYS
    assert {key: answer.json[key] for key in found} == found
    assert list(found["modes"]) == ["neutrino", "antineutrino"]
    for mode in found["modes"].values():
        assert set(mode) >= MODE_KEYS
        assert 0.0 < mode["signal_mc_error"] <= 0.1 * mode["signal"]
        assert 7.0 < mode["mean_chord_m"] < 9.0
    assert set(found["fit"]) >= FIT_KEYS
    assert found["precision"] == 0.1
    assert found["seed"] == 1
    assert found["modes"]["neutrino"]["data"] == 2870
    assert found["modes"]["neutrino"]["excess"] == 560.6
    kinds = {path.suffix for path in out.iterdir()}
    assert kinds == {".json", ".png", ".pdf"}
    histograms = json.loads((out / "prediction.json").read_text())["modes"]["neutrino"]
    assert set(histograms["at_couplings"]) == {"e_vis", "cos_theta"}
    cited = cli("cite", "--run", out)
    assert "MiniBooNE:2020" in cited.out


@pytest.mark.usefixtures("no_plots")
def test_tables_on_screen(cli: Command, tmp_path: Path) -> None:
    answer = cli("run", STOPPED, "--out", tmp_path)
    assert answer.code == 0
    assert "SIB1mu" in answer.out
    assert "bosons across per POT" in answer.out
    assert max(map(len, answer.out.splitlines())) <= 120
    assert f"wrote {tmp_path / 'summary.json'}" in answer.err


OF_OTHER_VERBS = ("alp", "confront", "pictures")
RUNNABLE = sorted(path.name for path in EXAMPLES.glob("*.toml") if not path.name.startswith(OF_OTHER_VERBS))


@pytest.mark.parametrize("name", RUNNABLE)
@pytest.mark.usefixtures("no_plots")
def test_examples(cli: Command, tmp_path: Path, name: str) -> None:
    answer = cli("run", EXAMPLES / name, "--out", tmp_path, "--precision", "0.1", "--json")
    assert answer.code == 0
    assert answer.err == ""
    (mode,) = answer.json["modes"].values()
    assert mode["signal"] > 0.0
    assert mode["bosons_crossing_per_pot"] > 0.0
    assert answer.json["fit"] is None
    text = (ROOT / "docs" / "scenarios.md").read_text()
    assert (EXAMPLES / name).read_text().strip() in text


def test_every_key_is_documented() -> None:
    text = (ROOT / "docs" / "scenarios.md").read_text()
    keys = {
        *TABLES,
        *RUN_KEYS,
        *parameter_names(),
        "preset",
        "volume",
        "modes",
        "file",
        "stage",
        "normalise",
        "pi_minus",
    }
    keys |= {"mode", "current_kA", "shape", "material", "response", "window", "pot", "e_vis", "cos_theta", "e_boson"}
    keys |= {"number_density_per_cm3", "formula", "mass_fractions", "mass_density_g_cm3", "perfect", "efficiency"}
    keys |= {"energy_sqrt_GeV", "energy_constant_GeV", "angular", "angular_degrees", "rotation", "axis", "length"}
    keys |= {"e_vis_min", "e_vis_max", "e_qe_min", "e_qe_max", "center", "radius", "size"}
    shown = set(re.findall(r"`(?:\[)?([A-Za-z_0-9]+)(?:\])?`", text))
    assert keys - shown == set()


def moments_at_rest(m_x: float) -> tuple[float, float]:
    """Branching ratio per coupling squared and mean of 1/beta, by quadrature of the rest-frame spectrum."""
    item = production("scalar-ib1")
    top = (mass(PI_PLUS) ** 2 + m_x**2 - mass(MUON) ** 2) / (2.0 * mass(PI_PLUS))

    def density(energy: float) -> float:
        return float(dgamma_de(item, PI_PLUS, MUON, m_x, energy))

    total, _ = quad(density, m_x, top, epsrel=1e-8, epsabs=0.0)
    slow, _ = quad(lambda e: density(e) * e / np.sqrt(e**2 - m_x**2), m_x, top, epsrel=1e-6, epsabs=0.0)
    return total * lifetime(PI_PLUS) / 6.582119569e-13, slow / total


def cone_means(distance: float, radius: float) -> tuple[float, float, float]:
    """Solid angle over 4 pi, mean chord and mean entry distance of a sphere seen from a point."""
    edge = np.sqrt(1.0 - (radius / distance) ** 2)

    def half(c: float) -> float:
        return float(np.sqrt(max(radius**2 - distance**2 * (1.0 - c**2), 0.0)))

    chord, _ = quad(lambda c: 2.0 * half(c), edge, 1.0)
    entry, _ = quad(lambda c: distance * c - half(c), edge, 1.0)
    return (1.0 - edge) / 2.0, chord / (1.0 - edge), entry / (1.0 - edge)


def test_stopped_pion_against_closed_forms() -> None:
    found = result(STOPPED, precision=0.0003)
    ratio, slowness = moments_at_rest(5.0)
    assert ratio == pytest.approx(branching("scalar-ib1", PI_PLUS, MUON, 5.0), rel=1e-5)
    fraction, chord, entry = cone_means(20.0, 1.0)
    crossing, error = found["bosons_crossing_per_pot"], found["bosons_crossing_mc_error"]
    assert abs(crossing - 1e-6 * ratio * fraction) < 4.0 * error + 1e-5 * crossing
    assert error < 1e-3 * crossing
    assert found["mean_chord_m"] == pytest.approx(chord, rel=1e-3)
    assert chord == pytest.approx(4.0 / 3.0, rel=2e-3)
    assert found["mean_arrival_ns"] == pytest.approx(entry * slowness / C, rel=1e-3)
    assert found["mean_delay_ns"] == pytest.approx(entry * (slowness - 1.0) / C, rel=3e-3)


def test_boson_energies_of_a_stopped_pion() -> None:
    scenario = load_scenario(str(STOPPED), precision=0.003)
    (mode,) = compute(scenario).prediction.modes.values()
    found = mode.bosons.mean(axis=0) / mode.bosons.sum(axis=1).mean()
    rate, edges = width("scalar-ib1", PI_PLUS, MUON, 5.0), mode.boson_edges
    for share, low, high in zip(found, edges[:-1], edges[1:], strict=True):
        below, above = (width("scalar-ib1", PI_PLUS, MUON, 5.0, energy_low=max(e, 5.0)) for e in (low, high))
        assert share == pytest.approx((below - above) / rate, abs=2e-3)


def test_kaons_at_their_decay(tmp_path: Path) -> None:
    (tmp_path / "kaon.csv").write_text("pdgid,t,x,y,z,px,py,pz,weight\n-321,0,0,0,0,0,0,0,1\n")
    found = result(STOPPED, f"source.file='{tmp_path / 'kaon.csv'}'", "leptons=both", "m_x=200")
    ratio = sum(branching("scalar-ib1", -321, lepton, 200.0) for lepton in (11, 13))
    expected = 1e-6 * ratio * cone_means(20.0, 1.0)[0]
    assert found["bosons_crossing_per_pot"] == pytest.approx(expected, rel=2e-3, abs=0)


def test_an_arrival_starts_at_the_time_of_the_table(tmp_path: Path) -> None:
    (tmp_path / "late.csv").write_text("pdgid,t,x,y,z,px,py,pz,weight\n211,50,0,0,0,0,0,0,3\n")
    late = result(STOPPED, f"source.file='{tmp_path / 'late.csv'}'")
    once = result(STOPPED)
    assert late["mean_arrival_ns"] == pytest.approx(once["mean_arrival_ns"] + 50.0, rel=1e-12)
    assert late["mean_delay_ns"] == pytest.approx(once["mean_delay_ns"], rel=1e-12)
    for key in ("signal", "bosons_crossing_per_pot"):
        assert late[key] == pytest.approx(3.0 * once[key], rel=1e-12)


SHAPES = {
    "box": "{ kind = 'box', center = [1, 0, 20], size = [2, 2, 3], rotation = { axis = [0, 1, 0], angle = 0.3 } }",
    "cylinder": "{ kind = 'cylinder', center = [0, 1, 20], radius = 1, length = 3, axis = [1, 0, 1] }",
}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_materials_by_number_and_by_mass(shape: str) -> None:
    per_gram = 6.02214076e23 / (12.011 + 2.0 * 1.008)
    numbers = f"{{ C = {0.858 * per_gram!r}, H = {2 * 0.858 * per_gram!r} }}"
    by_mass = result(STOPPED, f"detector.shape={shape}")
    by_number = result(
        STOPPED, f"detector.shape={shape}", f"detector.material={{ number_density_per_cm3 = {numbers} }}"
    )
    assert by_mass["signal"] > 0.0
    assert by_number["signal"] == pytest.approx(by_mass["signal"], rel=3e-4)
    crossing = pytest.approx(by_mass["bosons_crossing_per_pot"], rel=1e-9, abs=0)  # the points follow the signal
    assert by_number["bosons_crossing_per_pot"] == crossing
    share = 2.0 * 1.008 / (12.011 + 2.0 * 1.008)
    fractions = f"mass_density_g_cm3 = 0.858, mass_fractions = {{ C = {1 - share!r}, H = {share!r} }}"
    by_share = result(STOPPED, f"detector.shape={shape}", f"detector.material={{ {fractions} }}")
    assert by_share["signal"] == pytest.approx(by_mass["signal"], rel=3e-4)


def test_mean_chord_times_shadow_is_the_volume() -> None:
    box = "{ kind = 'box', center = [0, 0, 2000], size = [2, 3, 4] }"
    found = result(STOPPED, f"detector.shape={box}", precision=0.002)
    assert found["mean_chord_m"] == pytest.approx(4.0, rel=5e-3)
    flux = found["bosons_crossing_per_pot"] / 6.0
    assert flux == pytest.approx(
        1e-6 * branching("scalar-ib1", PI_PLUS, MUON, 5.0) / (4 * np.pi * 1999.0**2), rel=0.01, abs=0
    )


def brute_force_share(p: float, m_x: float, z0: float, z_dump: float, centre: float, radius: float) -> float:
    """Share of pions on the axis whose boson crosses a sphere on the axis, by isotropic decays."""
    rng = np.random.default_rng(3)
    n = 400_000
    m, energy = mass(PI_PLUS), np.hypot(p, mass(PI_PLUS))
    mean = p / m * C * lifetime(PI_PLUS)
    decayed = -np.expm1(-(z_dump - z0) / mean)
    z = z0 - mean * np.log1p(-decayed * rng.random(n))
    e_star = tabulate(production("scalar-ib1"), PI_PLUS, MUON, m_x).sample(rng.random(n))
    p_star, cosine = np.sqrt(e_star**2 - m_x**2), rng.uniform(-1.0, 1.0, n)
    along = (energy * p_star * cosine + p * e_star) / m
    across = p_star * np.sqrt(1.0 - cosine**2)
    sine = across / np.hypot(along, across)
    hits = (along > 0.0) & (sine * (centre - z) < radius)
    return decayed * float(hits.mean())


def test_mesons_at_production_against_brute_force(tmp_path: Path) -> None:
    (tmp_path / "pion.csv").write_text("pdgid,t,x,y,z,px,py,pz,weight\n211,0,0,0,6.0,0,0,2000,0.5\n")
    changes = ["source.stage=production", f"source.file='{tmp_path / 'pion.csv'}'", "beam.name=bnb", "beam.mode=off"]
    sphere = "{ kind = 'sphere', center = [0, 0, 100], radius = 5 }"
    found = result(STOPPED, *changes, f"detector.shape={sphere}")
    share = brute_force_share(2000.0, 5.0, 6.0, 50.314, 100.0, 5.0)
    expected = 0.5 * 1e-6 * branching("scalar-ib1", PI_PLUS, MUON, 5.0) * share
    ratio = found["bosons_crossing_per_pot"] / expected
    assert 0.95 < ratio < 1.0, "air takes a few per cent of the pions away, nothing adds any"


def test_the_horn_bends_a_table_of_mesons(tmp_path: Path) -> None:
    (tmp_path / "pion.csv").write_text("pdgid,t,x,y,z,px,py,pz,weight\n211,0,0,0,0.3,150,0,1500,1\n")
    changes = ["source.stage=production", f"source.file='{tmp_path / 'pion.csv'}'", "beam.name=bnb"]
    on = result(EXAMPLES / "near_box.toml", *changes, "detector.shape.center=[0, 0, 110]", "beam.mode=neutrino")
    off = result(EXAMPLES / "near_box.toml", *changes, "detector.shape.center=[0, 0, 110]", "beam.current_kA=0")
    bent = result(EXAMPLES / "near_box.toml", *changes, "detector.shape.center=[0, 0, 110]", "beam.current_kA=-174")
    values = [item["bosons_crossing_per_pot"] for item in (on, off, bent)]
    assert values[0] > 2.0 * values[1] > 2.0 * values[2]


@pytest.mark.usefixtures("no_plots")
@pytest.mark.parametrize("name", ["stopped_pion.toml", "near_box.toml"])
def test_same_seed_same_bytes(cli: Command, tmp_path: Path, name: str) -> None:
    def written(*args: str) -> bytes:
        assert cli("run", EXAMPLES / name, "--out", tmp_path, "--precision", "0.1", *args).code == 0
        return (tmp_path / "prediction.json").read_bytes()

    first = written("--seed", "5", "--threads", "1")
    assert written("--seed", "5", "--threads", "2") == first
    assert written("--seed", "6", "--threads", "2") != first


@pytest.mark.parametrize(
    ("change", "events", "bosons"),
    [("coupling=3e-3", 9.0, 9.0), ("g_n=4e-2", 16.0, 1.0), ("lam=2.2e-4", 0.25, 1.0), ("hc=doubled", 4.0, 1.0)],
)
def test_couplings_scale_exactly(change: str, events: float, bosons: float) -> None:
    one, other = result(STOPPED), result(STOPPED, change)
    assert other["signal"] == pytest.approx(events * one["signal"], rel=1e-12)
    assert other["signal_mc_error"] == pytest.approx(events * one["signal_mc_error"], rel=1e-9)
    assert other["bosons_crossing_per_pot"] == pytest.approx(bosons * one["bosons_crossing_per_pot"], rel=1e-12, abs=0)


def test_exposure_scales_events_only() -> None:
    one, other = result(STOPPED), result(STOPPED, "detector.pot=5e20")
    assert other["signal"] == pytest.approx(5.0 * one["signal"], rel=1e-12)
    assert other["bosons_crossing_per_pot"] == one["bosons_crossing_per_pot"]


def test_options_win_over_the_file_and_its_changes() -> None:
    scenario = load_scenario(str(STOPPED), model="PIB1e", overrides=["m_x=7", "seed=4"], seed=9, precision=0.2)
    assert scenario.model.production == "pseudoscalar-ib1"
    assert scenario.model.m_x == 7.0
    assert (scenario.run.seed, scenario.run.precision) == (9, 0.2)


def test_modes_of_an_experiment_can_be_chosen() -> None:
    one = load_scenario("miniboone", overrides=["experiment.modes=antineutrino"])
    assert one.mode_names == ("antineutrino",)
    both = load_scenario("miniboone", overrides=["experiment.modes=['antineutrino', 'neutrino']"])
    assert both.mode_names == ("antineutrino", "neutrino")


def test_a_run_that_stops_half_way_leaves_no_summary(
    cli: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*args: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("darkhorn.report.drawing.Drawing.files", stop)
    (tmp_path / "summary.json").write_text("{}")
    assert cli("run", STOPPED, "--out", tmp_path).code == 130
    assert {path.name for path in tmp_path.iterdir()} == {"prediction.json"}
