"""The verbs: what they print, their help, and what they do not import."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from command import Command, caller

from darkhorn import __version__
from darkhorn.chain.flux import MUON_BRANCHING, beam_flux
from darkhorn.chain.source_table import SOURCES
from darkhorn.core.cite import REFERENCES
from darkhorn.core.errors import RangeError, ScenarioError, UnknownNameError
from darkhorn.models.presets import DARK_PRESETS, PRESETS
from darkhorn.models.productions import PRODUCTIONS

SHARED = Path(os.environ.get("DARKHORN_REFERENCE", Path(__file__).parent.parent.parent / "shared"))
VERBS = ("run", "width", "msq", "track", "flux", "list", "doctor", "cite")
FLUX = ("flux", "bnb", "--precision", "0.05")


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Command:
    return caller(capsys)


def rows_of(name: str) -> list[dict[str, str]]:
    path = SHARED / "reference" / name
    if not path.is_file():
        pytest.skip(f"no reference table at {path}: set DARKHORN_REFERENCE")
    lines = [line for line in path.read_text().splitlines() if not line.startswith("#")]
    return list(csv.DictReader(lines))


def relative(value: float, expected: float) -> float:
    return abs(value / expected - 1.0) if expected else abs(value)


def test_help_of_every_verb(cli: Command) -> None:
    summary = cli("--help")
    assert summary.code == 0
    for verb in VERBS:
        assert verb in summary.out
        answer = cli(verb, "--help")
        assert answer.code == 0
        assert f"Example: darkhorn {verb}" in answer.out
        assert "--json" in answer.out
    for verb, unit in (("run", "MeV"), ("width", "MeV"), ("msq", "MeV^2"), ("track", "GeV/c"), ("flux", "1/cm^2/POT")):
        assert unit in cli(verb, "--help").out


def test_version(cli: Command) -> None:
    assert cli("--version").out == f"darkhorn {__version__}\n"


def test_unknown_verb_gets_the_nearest(cli: Command) -> None:
    answer = cli("widht")
    assert answer.code == 2
    assert "widht" in answer.err


def test_start_is_light() -> None:
    script = (
        "import sys; from darkhorn.cli import invoke\n"
        "codes = [invoke(args) for args in (['--help'], ['run', '--help'], ['--version'])]\n"
        "heavy = {'scipy', 'numba', 'matplotlib', 'hist', 'iminuit'} & set(sys.modules)\n"
        "assert codes == [0, 0, 0], codes\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_module_is_the_command() -> None:
    command = [sys.executable, "-m", "darkhorn", "--version"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == f"darkhorn {__version__}\n"


def width(cli: Command, parent: str, lepton: str, model: str, mass: str, *more: str) -> dict[str, float]:
    answer = cli("width", "--parent", parent, "--lepton", lepton, "--model", model, "--mass", mass, "--json", *more)
    assert answer.code == 0
    assert answer.err == ""
    return dict(answer.json)


def test_widths_typed_in(cli: Command) -> None:
    light = width(cli, "pi+", "mu", "scalar-ib1", "1")
    assert light["width_MeV"] == pytest.approx(1.21508655e-15, rel=1e-6, abs=0)
    assert light["threshold_MeV"] == pytest.approx(139.57039 - 105.6583755, rel=1e-9)
    assert light["branching"] == pytest.approx(1.21508655e-15 * 26.033 / 6.582119569e-13, rel=1e-4, abs=0)
    assert width(cli, "pi+", "mu", "scalar-ib1", "20")["width_MeV"] == pytest.approx(1.26949674e-17, rel=1e-6, abs=0)


def test_width_goes_with_the_coupling_squared(cli: Command) -> None:
    one, small = (width(cli, "K+", "e", "vector-ib1", "17", "--coupling", g) for g in ("1", "3e-3"))
    assert small["width_MeV"] == pytest.approx(9e-6 * one["width_MeV"], rel=1e-12, abs=0)
    assert small["branching"] == pytest.approx(9e-6 * one["branching"], rel=1e-12, abs=0)


def test_width_above_the_threshold_is_zero(cli: Command) -> None:
    closed = width(cli, "pi-", "mu", "vector-ib1", "50")
    assert closed["width_MeV"] == 0.0
    assert closed["branching"] == 0.0
    assert str(closed["note"]).startswith("closed above 33.912")
    table = cli("width", "--parent", "pi-", "--lepton", "mu", "--model", "vector-ib1", "--mass", "50")
    assert table.code == 0
    assert "exactly 0" in table.err
    assert "width [MeV]" in table.out


def test_widths_of_the_reference(cli: Command) -> None:
    rows = [row for row in rows_of("widths.csv") if row["model"].replace("_", "-") in PRODUCTIONS][::9]
    assert len(rows) > 20
    for row in rows:
        model = row["model"].replace("_", "-")
        found = width(cli, f"{row['parent']}+", row["lepton"], model, row["m_x_mev"])["width_MeV"]
        tolerance = 1e-5 if (row["model"], row["lepton"]) == ("vector_sum", "e") else 1e-6
        assert relative(found, float(row["width_mev_per_g2"])) < tolerance, row


def msq(cli: Command, **options: object) -> dict[str, float]:
    args = [text for key, value in options.items() for text in (f"--{key.replace('_', '-')}", str(value))]
    answer = cli("msq", *args, "--json")
    assert answer.code == 0, answer.err
    return dict(answer.json)


def test_msq_typed_in(cli: Command) -> None:
    point = {"parent": "pi+", "lepton": "e", "mass": 5.0, "m12sq": 12526.2849, "m23sq": 3569.066021}
    masses = {"parent_mass": 139.57, "lepton_mass": 0.511}
    found = msq(cli, model="scalar-ib1", **point, **masses)
    assert found["msq"] == pytest.approx(2.506133358e04, rel=1e-8)
    assert "G_F f V g" in str(found["normalisation"])
    assert msq(cli, model="vector-ib1", **point, **masses)["msq"] == pytest.approx(9.850234095e05, rel=1e-8)
    assert msq(cli, model="scalar-ib1", **point)["msq"] == pytest.approx(2.506133358e04, rel=1e-4)
    assert "dimensionless" in str(msq(cli, model="scalar-ib2", **point)["normalisation"])
    assert "MeV^6" in str(msq(cli, model="vector-sd", **point)["normalisation"])


def test_msq_of_the_reference(cli: Command) -> None:
    checked = 0
    for row in rows_of("matrix_elements.csv"):
        model = row["model"].replace("_", "-")
        if model not in PRODUCTIONS:
            continue
        checked += 1
        found = msq(
            cli,
            parent=f"{row['parent']}+",
            lepton=row["lepton"],
            model=model,
            mass=row["m_x"],
            m12sq=row["m12_sq"],
            m23sq=row["m23_sq"],
            parent_mass=row["M"],
            lepton_mass=row["m_l"],
        )
        tolerance = 5e-8 if (row["model"], row["lepton"]) == ("vector_sum", "e") else 1e-8
        assert relative(found["msq"], float(row["value"])) < tolerance, row
        assert str(found["normalisation"])[:20] == row["normalisation"][:20]
    assert checked > 40


def test_msq_prints_a_table(cli: Command) -> None:
    args = ("--parent", "pi+", "--lepton", "mu", "--model", "vector-sum", "--mass", "5", "--m12sq", "14000")
    answer = cli("msq", *args, "--m23sq", "900")
    assert answer.code == 0
    assert "sum |M|^2" in answer.out


START = (
    "id,profile,species,charge_e,mass_GeV,current_A,x0_m,y0_m,z0_m,px0_GeVc,py0_GeVc,pz0_GeVc,z1_m\n"
    "1,G4BNB,pi+,1,0.13957039,174000,0,0,0.390525,0.0998334166468282,0,0.995004165278026,1.8\n"
)


@pytest.mark.parametrize("setting", [(), ("--precise",)])
def test_track(cli: Command, tmp_path: Path, setting: tuple[str, ...]) -> None:
    start, end = tmp_path / "start.csv", tmp_path / "end.csv"
    start.write_text(START)
    answer = cli("track", start, end, *setting, "--json")
    assert answer.json == {"out": str(end), "rows": 1, "precise": bool(setting)}
    (row,) = csv.DictReader(end.read_text().splitlines())
    assert float(row["x1_m"]) == pytest.approx(0.0261887689234237, abs=1e-6)
    assert float(row["px1_GeVc"]) == pytest.approx(-0.0548577965661533, abs=1e-6)
    assert row["n_boundary_crossings"] == "4"
    assert "1 tracks written" in cli("track", start, end).err


def test_track_through_a_profile_of_a_file(cli: Command, tmp_path: Path) -> None:
    start, end, profile = tmp_path / "start.csv", tmp_path / "end.csv", tmp_path / "tube.csv"
    start.write_text(START.replace("G4BNB", "TUBE"))
    profile.write_text("z_m,r_in_m,r_out_m\n0,0.02,0.3\n1,0.02,0.3\n")
    assert cli("track", start, end, "--profile", f"TUBE={profile}").code == 0
    (row,) = csv.DictReader(end.read_text().splitlines())
    assert float(row["px1_GeVc"]) < 0.0998
    refused = cli("track", start, end)
    assert refused.code == 2
    assert "'TUBE'" in refused.err


def test_flux(cli: Command, tmp_path: Path) -> None:
    path = tmp_path / "flux.csv"
    answer = cli(*FLUX, "--out", path, "--json")
    assert answer.code == 0
    assert answer.err == ""
    found = answer.json
    assert found["published"]["total_per_cm2_per_POT"] == 4.647e-10
    assert found["published"]["mean_energy_MeV"] == pytest.approx(797.0)
    assert found["published"]["ratio_total"] == pytest.approx(
        found["total_per_cm2_per_POT"] / 4.647e-10, rel=1e-6, abs=0
    )
    assert 0.8 < found["published"]["ratio_total"] < 1.25
    assert found["total_mc_error"] < 0.05 * found["total_per_cm2_per_POT"]
    table = np.genfromtxt(path, delimiter=",", names=True)
    assert table.dtype.names == ("e_lo_MeV", "e_hi_MeV", "flux_per_cm2_per_POT_per_GeV", "mc_error")
    assert len(table) == 200
    assert np.all(table["e_hi_MeV"] - table["e_lo_MeV"] == 50.0)
    density = table["flux_per_cm2_per_POT_per_GeV"]
    assert density.sum() * 0.05 == pytest.approx(found["total_per_cm2_per_POT"], rel=1e-12, abs=0)
    centres = 0.5 * (table["e_hi_MeV"] + table["e_lo_MeV"])
    assert density @ centres / density.sum() == pytest.approx(found["mean_energy_MeV"], rel=0.01)


def test_flux_depends_on_the_seed_and_not_on_the_threads(cli: Command, tmp_path: Path) -> None:
    def written(*args: str) -> bytes:
        path = tmp_path / "flux.csv"
        assert cli(*FLUX, "--out", path, *args).code == 0
        return path.read_bytes()

    first = written("--threads", "1")
    assert written("--threads", "2") == first
    assert written("--seed", "2") != first


def test_flux_of_the_other_modes(cli: Command) -> None:
    bent = cli(*FLUX, "--mode", "antineutrino", "--species", "numubar", "--json").json
    assert bent["published"]["parents"] == "all"
    wrong_sign = cli(*FLUX, "--mode", "neutrino", "--species", "numubar", "--json").json
    assert wrong_sign["total_per_cm2_per_POT"] < 0.3 * bent["total_per_cm2_per_POT"]
    off = cli(*FLUX, "--mode", "off", "--json").json
    assert off["published"] is None
    assert off["total_per_cm2_per_POT"] < 0.6 * cli(*FLUX, "--json").json["total_per_cm2_per_POT"]
    table = cli(*FLUX, "--mode", "off")
    assert "published (none)" in table.out
    assert "no free factor" in table.err


def test_beam_flux() -> None:
    flux = beam_flux(precision=0.05, replicates=4)
    assert flux.rows.shape == (4, 200)
    assert flux.mean_energy == pytest.approx(flux.mean_energies.mean())
    assert 0.0 < flux.mean_energy_error < 0.05 * flux.mean_energy
    end_point = (1.0 - (105.6583755 / 139.57039) ** 2) * 8889.0
    assert not flux.rows[:, flux.edges[:-1] > end_point].any()
    assert 0.9998 < MUON_BRANCHING < 0.9999
    with pytest.raises(ScenarioError, match="not in this release"):
        beam_flux(species="nuebar")
    with pytest.raises(UnknownNameError, match="numu"):
        beam_flux(species="nu")
    with pytest.raises(RangeError, match="replicates"):
        beam_flux(replicates=1)


def test_lists(cli: Command) -> None:
    models = {row["name"]: row for row in cli("list", "models", "--json").json["models"]}
    assert set(models) == {*PRESETS, *DARK_PRESETS, *PRODUCTIONS}
    double = models["dm-double-benchmark"]
    assert double["channels"] == [f"{m} -> {lep} nu chi chi" for m in ("pi+", "K+") for lep in ("e", "mu")] + [
        "pi0 -> gamma chi chi", "eta -> gamma chi chi"
    ]  # fmt: skip
    assert (double["m_x_MeV"], double["m_mediator_MeV"], double["seen"]) == (8.0, 200.0, ["upscatter"])
    assert models["visible-decay"]["channels"][-1] == "eta -> gamma X"
    parameters = cli("list", "models", "--json").json["parameters"]
    assert set(parameters) == {"Photoconversion", "DarkMatter", "VisibleDecay"}
    assert parameters["DarkMatter"]["alpha_d1"] == {"default": 0.1, "allowed": "[0, 10]"}
    assert parameters["Photoconversion"]["m_mediator"]["allowed"] == "(0, 100000] MeV"
    assert parameters["VisibleDecay"]["final"]["allowed"] == "e e, mu mu, gamma gamma, gamma z"
    assert models["VIB1mu-Pi0"]["m_mediator_MeV"] == pytest.approx(134.9768)
    assert models["vector-sum"]["current_conserved"] is True
    experiments = {row["name"]: row for row in cli("list", "experiments", "--json").json["experiments"]}
    assert experiments["miniboone"]["modes"] == ["neutrino", "antineutrino"]
    assert {"miniboone-dump", "ccm120", "ccm200", "sbnd", "microboone", "lsnd", "karmen", "icarus"} < set(experiments)
    beam = next(row for row in cli("list", "beams", "--json").json["beams"] if row["name"] == "bnb")
    assert beam["horn_current_kA"] == ["174", "-174", "0"]
    assert [row["name"] for row in cli("list", "sources", "--json").json["sources"]] == list(SOURCES)
    for kind in ("models", "experiments", "beams", "sources"):
        answer = cli("list", kind)
        assert answer.code == 0
        assert max(map(len, answer.out.splitlines())) <= 120
    assert "scalar-benchmark" in cli("list", "models").out


def test_doctor(cli: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bnb_flux_numode.csv").write_text("")
    monkeypatch.setenv("DARKHORN_DATA", str(tmp_path))
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "cache"))
    report = cli("doctor", "--json").json
    assert report["darkhorn"] == __version__
    assert report["required"]["numpy"] == np.__version__
    assert report["data"]["directory"] == str(tmp_path)
    assert report["data"]["known_files"] == {"bnb_flux_numode.csv": True, "bnb_flux_nubarmode.csv": False}
    assert report["numba_cache"]["directory"] == str(tmp_path / "cache")
    assert report["healthy"] is True
    assert set(report["extras"]) >= {"uproot", "pyhf"}
    table = cli("doctor")
    assert "all is well" in table.out
    assert "data directory" in table.out


def test_cite(cli: Command, tmp_path: Path) -> None:
    assert cli("cite").out.count("@misc{") == len(REFERENCES)
    one = cli("cite", "Helm:1956")
    assert one.out.startswith("@misc{Helm:1956,\n")
    assert one.out.count("@misc{") == 1
    (tmp_path / "summary.json").write_text(json.dumps({"citations": ["PDG", "G4BNB"]}))
    found = cli("cite", "PDG", "--run", tmp_path, "--json").json["references"]
    assert [item["key"] for item in found] == ["PDG", "G4BNB"]
    assert "7476727" in found[1]["where"]
    (tmp_path / "summary.json").write_text(json.dumps({"citations": []}))
    assert cli("cite", "--run", tmp_path, "--json").json == {"references": []}


def test_interrupt(cli: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*args: object, **kwargs: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("darkhorn.chain.flux.beam_flux", stop)
    assert cli("flux", "bnb").code == 130


def test_bugs_are_not_hidden(cli: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: object, **kwargs: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("darkhorn.chain.flux.beam_flux", fail)
    with pytest.raises(ZeroDivisionError):
        cli("flux", "bnb")
