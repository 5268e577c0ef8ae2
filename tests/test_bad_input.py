"""Whatever a user gets wrong ends with a message of one screen, exit code 2 and nothing half-written."""

import subprocess
import sys
from pathlib import Path

import pytest
from command import Answer, Command, caller

HEADER = "pdgid,t,x,y,z,px,py,pz,weight"
STOPPED = "211,0,0,0,0,0,0,0,1"
SCENARIO = """\
name = "bad"
[model]
preset = "SIB1mu"
m_x = 5.0
[source]
kind = "table"
file = "mesons.csv"
stage = "decay"
[detector]
shape = { kind = "sphere", center = [0.0, 0.0, 20.0], radius = 1.0 }
material = { mass_density_g_cm3 = 0.858, formula = { C = 1, H = 2 } }
[run]
precision = 0.1
"""
HUGE = "1" + 400 * "0"


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Command:
    return caller(capsys)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "mesons.csv").write_text(f"{HEADER}\n{STOPPED}\n")
    (tmp_path / "case.toml").write_text(SCENARIO)
    return tmp_path


def require_refused(answer: Answer, *words: str) -> None:
    assert answer.code == 2
    assert answer.out == ""
    assert answer.err.startswith("error: ")
    assert "Traceback" not in answer.err
    assert len(answer.err.splitlines()) < 25
    assert len(answer.err) < 2500
    for word in words:
        assert word in answer.err


def require_nothing_written(folder: Path, *known: str) -> None:
    left = {path.name for path in folder.rglob("*")}
    assert left == {"case.toml", "mesons.csv", *known}


def run_case(cli: Command, folder: Path, *args: str) -> Answer:
    answer = cli("run", folder / "case.toml", "--out", folder / "out", *args)
    require_nothing_written(folder)
    return answer


SETTINGS = {
    "unknown model": (["--model", "SIB1m"], ["unknown model 'SIB1m'", "Did you mean 'SIB1mu'?"]),
    "unknown preset": (["--set", "model.preset=SIB2"], ["unknown model 'SIB2'", "SIB1e"]),
    "unknown production": (["--set", "production=scalar-ib3"], ["scalar-ib3", "Did you mean 'scalar-ib"]),
    "misspelt key of the model": (["--set", "model.m_xx=5"], ["case.toml: model.m_xx", "Did you mean 'm_x'?"]),
    "misspelt bare key": (["--set", "m_mediatr=5"], ["m_mediatr", "Did you mean 'm_mediator'?"]),
    "misspelt key of run": (["--set", "run.sed=5"], ["run.sed", "Did you mean 'seed'?"]),
    "misspelt key of the shape": (["--set", "detector.shape.radus=5"], ["shape.radus", "Did you mean 'radius'?"]),
    "misspelt table": (["--set", "detectr.pot=1"], ["detectr", "Did you mean 'detector'?"]),
    "closed threshold": (["--set", "m_x=60"], ["m_x = 60 MeV", "33.912", "pi+ -> mu nu X"]),
    "negative mass": (["--set", "m_x=-1"], ["m_x = -1 MeV", "[0, 10000] MeV"]),
    "massless vector": (["--model", "VIB1mu-S", "--set", "m_x=0"], ["m_x = 0 MeV", "(0, 10000] MeV"]),
    "text for a mass": (["--set", "m_x=heavy"], ["m_x = 'heavy'", "expected a number"]),
    "truth for a mass": (["--set", "m_x=true"], ["m_x = True", "expected a number"]),
    "list for a mass": (["--set", "m_x=[1, 2]"], ["m_x = [1, 2]", "expected a number"]),
    "number for a name": (["--set", "mediator=3"], ["mediator = 3", "expected a text"]),
    "text for true": (["--set", "pauli=maybe"], ["pauli = 'maybe'", "true or false"]),
    "mediator of the other spin": (["--set", "mediator=scalar"], ["mediator = 'scalar'", "allowed: vector"]),
    "unknown mediator": (["--set", "mediator=vectr"], ["vectr", "Did you mean 'vector'?"]),
    "unknown lepton": (["--set", "leptons=tau"], ["unknown lepton 'tau'", "Known: e, mu"]),
    "no lepton": (["--set", "leptons=[]"], ["leptons", "allowed: 'e', 'mu' or both"]),
    "coupling out of range": (["--set", "coupling=-1e-3"], ["coupling = -0.001", "[0, 1000]"]),
    "nan": (["--set", "m_x=nan"], ["m_x = nan"]),
    "inf": (["--set", "lam=inf"], ["lam = inf"]),
    "nan in a list": (["--set", "binning.e_vis=[0, nan]"], ["binning.e_vis = nan MeV"]),
    "inf for a radius": (["--set", "detector.shape.radius=inf"], ["shape.radius = inf m"]),
    "huge seed": (["--set", f"seed={HUGE}"], ["run.seed = 1000"]),
    "seed above the largest": (["--seed", str(2**64)], ["run.seed = 1.84467e+19", "[0, 9.22337e+18]"]),
    "huge mass": (["--set", f"m_x={HUGE}"], ["model.m_x"]),
    "huge number in a list": (["--set", f"binning.e_vis=[0, {HUGE}]"], ["binning.e_vis"]),
    "longer than a number can be": (["--set", f"m_x={5000 * '1'}"], ["model.m_x"]),
    "malformed change": (["--set", "m_x"], ["--set m_x", "expected key=value"]),
    "change without a key": (["--set", "=5"], ["--set =5", "expected key=value"]),
    "change below a number": (["--set", "model.m_x.y=5"], ["--set model.m_x.y=5", "'m_x' is not a table"]),
    "table replaced by a number": (["--set", "detector=5"], ["detector = 5", "expected a table"]),
    "precision zero": (["--precision", "0"], ["precision = 0", "[0.0001, 0.5]"]),
    "precision nan": (["--precision", "nan"], ["precision = nan", "[0.0001, 0.5]"]),
    "negative seed": (["--seed", "-1"], ["seed = -1", "[0, 9.22337e+18]"]),
    "broken seed": (["--set", "seed=1.5"], ["seed = 1.5", "whole number"]),
    "no threads": (["--threads", "0"], ["threads = 0", "[1, 1024]"]),
    "two replicates": (["--set", "replicates=2"], ["replicates = 2", "[4, 256]"]),
    "both experiment and detector": (
        ["--set", "experiment.name=miniboone"],
        ["exactly one of the tables experiment and detector"],
    ),
    "negative radius": (["--set", "detector.shape.radius=-1"], ["shape.radius = -1 m", "(0, inf) m"]),
    "unknown shape": (["--set", "detector.shape.kind=cube"], ["shape.kind = 'cube'", "sphere, box, cylinder"]),
    "two numbers for a place": (["--set", "detector.shape.center=[0, 1]"], ["shape.center", "a list of 3 numbers"]),
    "unknown element": (["--set", "detector.material.formula={ Xx = 1 }"], ["unknown element 'Xx'"]),
    "two kinds of material": (
        ["--set", "detector.material.number_density_per_cm3={ C = 1e22 }"],
        ["detector.material", "exactly one of"],
    ),
    "no exposure": (["--set", "detector.pot=0"], ["detector.pot = 0 POT", "(0, inf) POT"]),
    "edges that fall": (["--set", "binning.e_boson=[0, 5, 4]"], ["binning.e_boson", "4 MeV follows 5 MeV"]),
    "unknown source": (["--set", "source.kind=tabel"], ["source.kind = 'tabel'", "Did you mean 'table'?"]),
    "unknown stage": (["--set", "source.stage=decays"], ["source.stage = 'decays'", "Did you mean 'decay'?"]),
    "key of another source": (["--set", "source.pi_minus=harp"], ["source.pi_minus", "sanford-wang"]),
    "no beam": (["--set", "source.stage=production"], ["beam: missing"]),
    "unknown beam": (
        ["--set", "source.stage=production", "--set", "beam.name=bnbb"],
        ["'bnbb'", "Did you mean 'bnb'?"],
    ),
    "unknown mode of the beam": (
        ["--set", "source.stage=production", "--set", "beam.name=bnb", "--set", "beam.mode=neutrno"],
        ["mode = 'neutrno'", "Did you mean 'neutrino'?"],
    ),
    "missing table": (["--set", "source.file=other.csv"], ["cannot read", "other.csv"]),
    "table of another kind": (["--set", "source.file=case.toml"], ["case.toml", "allowed: .csv, .npz"]),
}


@pytest.mark.parametrize(("args", "words"), SETTINGS.values(), ids=SETTINGS)
def test_settings(cli: Command, folder: Path, args: list[str], words: list[str]) -> None:
    require_refused(run_case(cli, folder, *args), *words)


DARK = "preset = 'dark-matter'"
VISIBLE = "preset = 'visible-decay'"
MODELS = {
    "negative mass": (DARK, "m_v1 = -1", ["m_v1 = -1 MeV", "(0, 100000] MeV"]),
    "nan mixing": (DARK, "eps1 = nan", ["model.eps1 = nan"]),
    "mixing above one": (DARK, "eps1 = 2", ["eps1 = 2", "[0, 1]"]),
    "alpha as text": (DARK, "alpha_d1 = 'large'", ["model.alpha_d1 = 'large'", "a number"]),
    "share above one": (DARK, "branching_v1 = 2", ["branching_v1 = 2", "[0, 1]"]),
    "key of another model": (DARK, "m_x = 5", ["model.m_x: unknown key", "Did you mean 'm_v"]),
    "number for names": (DARK, "detection = 3", ["model.detection = 3", "a name or a list of names"]),
    "text for a switch": (DARK, "neutral = 'perhaps'", ["model.neutral = 'perhaps'", "true or false"]),
    "unknown chain": (DARK, "chain = 'narow'", ["unknown chain 'narow'", "Did you mean 'narrow'?"]),
    "limits of recoil": (DARK, "recoil_min = 5, recoil_max = 4", ["recoil_max = 4 MeV", "(5, "]),
    "closed pair": (DARK, "m_chi = 60", ["V1 -> chi chi is closed: 100 -> 60 + 60 MeV", "> 120 MeV"]),
    "closed transition": (
        "preset = 'dm-double-benchmark'",
        'pair = "chi chi\'"',
        ["V1 -> chi chi' is closed: 17 -> 8 + 50 MeV", "> 58 MeV"],
    ),
    "heavy V1": (DARK, "m_v1 = 600", ["m_v1 = 600 MeV: no meson of the source (pi+) makes chi"]),
    "light X": (VISIBLE, "m_x = 1", ["X -> e e is closed: 1 -> 1.02"]),
    "heavy X": (VISIBLE, "m_x = 300", ["m_x = 300 MeV: no meson of the source (pi+) makes X"]),
    "unknown final state": (VISIBLE, "final = 'ee'", ["unknown final 'ee'", "Did you mean 'e e'?"]),
    "unknown pattern": (VISIBLE, "charges = 'BL'", ["unknown charges 'BL'"]),
    "uncoupled": (VISIBLE, "g_e = 0", ["g_e: X does not couple to e e"]),
    "parameters that are no table": (VISIBLE, "production_parameters = 3", ["expected a table"]),
    "parameter of no production": (
        VISIBLE,
        "production_parameters = { c0 = 1 }",
        ["production 'vector-sum' takes no parameters; given: c0"],
    ),
    "family without a member": (VISIBLE, "production = 'vector-c0'", ["'vector-c0' needs c0"]),
}


@pytest.mark.parametrize(("preset", "change", "words"), MODELS.values(), ids=MODELS)
def test_parameters_of_models(cli: Command, folder: Path, preset: str, change: str, words: list[str]) -> None:
    require_refused(run_case(cli, folder, "--set", f"model={{ {preset}, {change} }}"), *words)


TABLES = {
    "nan": (f"{HEADER}\n211,0,0,0,0,0,0,nan,1\n", ["row 1", "pz = nan"]),
    "text": (f"{HEADER}\n{STOPPED}\n211,0,0,0,0,0,0,fast,1\n", ["row 2", "pz = 'fast'"]),
    "negative weight": (f"{HEADER}\n{STOPPED}\n211,0,0,0,0,0,0,0,-2\n", ["row 2", "weight = -2 per POT", ">= 0"]),
    "no weight at all": (f"{HEADER}\n211,0,0,0,0,0,0,0,0\n", ["no row has a positive weight"]),
    "empty": ("", ["empty"]),
    "header alone": (f"{HEADER}\n", ["empty"]),
    "misspelt column": (f"{HEADER.replace('weight', 'wieght')}\n{STOPPED}\n", ["'weight'", "Did you mean 'wieght'?"]),
    "short row": (f"{HEADER}\n211,0,0,0\n", ["row 1", "4 cells", "9"]),
    "unknown particle": (f"{HEADER}\n999999,0,0,0,0,0,0,0,1\n", ["row 1", "999999"]),
    "particle that makes no X": (f"{HEADER}\n2212,0,0,0,0,0,0,0,1\n", ["2212", "211"]),
}


@pytest.mark.parametrize(("text", "words"), TABLES.values(), ids=TABLES)
def test_tables(cli: Command, folder: Path, text: str, words: list[str]) -> None:
    (folder / "mesons.csv").write_text(text)
    require_refused(run_case(cli, folder), *words)


FILES = {
    "malformed": ('name = "bad\n[model', ["case.toml", "not valid TOML", "line 1"]),
    "neither experiment nor detector": ('name = "x"\n', ["exactly one of the tables experiment and detector"]),
    "detector without source": (SCENARIO.replace("[source]", "[other]"), ["unknown key", "other"]),
    "no source": ("[detector]\npot = 1.0\n", ["case.toml: source: missing"]),
    "model that is no table": ("model = 5\n[experiment]\nname = 'miniboone'\n", ["model = 5", "expected a table"]),
    "unknown experiment": ("[experiment]\nname = 'minibone'\n", ["'minibone'", "Did you mean 'miniboone'?"]),
    "unknown mode": ("[experiment]\nname = 'miniboone'\nmodes = ['neutrno']\n", ["'neutrno'", "'neutrino'"]),
    "no mode": ("[experiment]\nname = 'miniboone'\nmodes = []\n", ["experiment.modes = []", "neutrino, antineutrino"]),
    "mode that is a number": ("[experiment]\nname = 'miniboone'\nmodes = 3\n", ["experiment.modes = 3"]),
    "unknown volume": ("[experiment]\nname = 'miniboone'\nvolume = 'fidcial'\n", ["Did you mean 'fiducial'?"]),
    "bins of published data": (
        "[experiment]\nname = 'miniboone'\n[binning]\ne_vis = [0, 1]\n",
        ["binning.e_vis", "Allowed: e_boson"],
    ),
    "missing experiment file": ("[experiment]\nname = 'none.toml'\n", ["cannot read", "none.toml"]),
    "name that is a number": ("name = 5\n[experiment]\nname = 'miniboone'\n", ["name = 5", "expected a text"]),
    "not text": ("\x00\x01", ["case.toml", "not valid TOML"]),
}


@pytest.mark.parametrize(("text", "words"), FILES.values(), ids=FILES)
def test_files(cli: Command, folder: Path, text: str, words: list[str]) -> None:
    (folder / "case.toml").write_text(text)
    require_refused(run_case(cli, folder), *words)


def test_etas_at_production_are_refused(cli: Command, folder: Path) -> None:
    (folder / "mesons.csv").write_text(f"{HEADER}\n221,0,0,0,0.2,0,0,3000,1\n")
    answer = run_case(cli, folder, "--set", "source.stage=production", "--set", "beam.name=bnb")
    require_refused(answer, "pdgid = 221", "211, -211, 321, -321")


def test_scenario_that_is_not_there(cli: Command, folder: Path) -> None:
    require_refused(cli("run", folder / "none.toml", "--out", folder / "out"), "cannot read", "none.toml")
    require_refused(cli("run", "minibone", "--out", folder / "out"), "'minibone'", "Did you mean 'miniboone'?")
    require_nothing_written(folder)


def test_file_that_is_not_utf8(cli: Command, folder: Path) -> None:
    (folder / "case.toml").write_bytes(b'name = "\xff"\n')
    require_refused(run_case(cli, folder), "case.toml", "not UTF-8")


def test_output_that_cannot_be_written(cli: Command, folder: Path) -> None:
    for out in (folder / "mesons.csv", folder / "mesons.csv" / "deeper"):
        require_refused(cli("run", folder / "case.toml", "--out", out), f"--out {out}", "cannot write")
    require_refused(cli("flux", "bnb", "--out", folder / "none" / "flux.csv"), "cannot write", "flux.csv")
    require_refused(cli("flux", "bnb", "--out", folder), "cannot write", "directory")
    require_nothing_written(folder)


def test_an_older_result_outlives_a_refused_run(cli: Command, folder: Path) -> None:
    out = folder / "out"
    out.mkdir()
    (out / "summary.json").write_text("{}\n")
    require_refused(cli("run", folder / "case.toml", "--out", out, "--set", "m_x=60"), "m_x = 60 MeV")
    assert (out / "summary.json").read_text() == "{}\n"
    assert [path.name for path in out.iterdir()] == ["summary.json"]


def test_json_errors(cli: Command, folder: Path) -> None:
    answer = cli("run", folder / "case.toml", "--out", folder / "out", "--set", "m_x=60", "--json")
    assert answer.code == 2
    assert answer.err == ""
    assert answer.json["error"]["type"] == "ThresholdError"
    assert "33.912" in answer.json["error"]["message"]
    require_nothing_written(folder)


WIDTH = ["width", "--parent", "pi+", "--lepton", "mu", "--model", "vector-ib1", "--mass", "17"]
POINT = ["--mass", "5", "--m12sq", "14000", "--m23sq", "900"]
MSQ = ["msq", "--parent", "pi+", "--lepton", "mu", "--model", "vector-sum", *POINT]
VERBS = {
    "negative mass": ([*WIDTH, "--mass", "-17"], ["m_x (vector-ib1) = -17 MeV", "(0, inf) MeV"]),
    "nan mass": ([*WIDTH, "--mass", "nan"], ["m_x (vector-ib1) = nan MeV"]),
    "massless vector": ([*WIDTH, "--mass", "0"], ["m_x (vector-ib1) = 0 MeV", "(0, inf) MeV"]),
    "mass that overflows": ([*WIDTH, "--mass", "1e-200"], ["m_x = 1e-200 MeV"]),
    "unknown production": ([*WIDTH, "--model", "vector_ib1"], ["Did you mean 'vector-ib1'?"]),
    "unknown parent": ([*WIDTH, "--parent", "pi"], ["unknown parent 'pi'", "Known: K+, K-, eta, eta', pi+, pi-, pi0"]),
    "unknown lepton": ([*WIDTH, "--lepton", "tau"], ["unknown lepton 'tau'", "Known: e, mu"]),
    "no lepton": (["width", "--parent", "pi+", "--model", "vector-sum", "--mass", "5"], ["lepton: missing"]),
    "lepton of pi0": ([*WIDTH, "--parent", "pi0"], ["parent = 'pi0'", "no lepton"]),
    "production of pi0": (["width", "--parent", "pi0", "--model", "vector-ib1", "--mass", "5"], ["'photon-vector'"]),
    "mass of pi0's vector": (
        ["width", "--parent", "pi0", "--model", "photon-vector", "--mass", "-5"],
        ["m_x (photon-vector) = -5 MeV"],
    ),
    "parameter without a value": ([*WIDTH, "--set", "c0"], ["--set c0: expected key=value"]),
    "parameter of a plain production": ([*WIDTH, "--set", "c0=1"], ["'vector-ib1' takes no parameters"]),
    "pole of the family": ([*WIDTH, "--model", "vector-c0", "--set", "c0=-1"], ["c0 = -1", "a pole"]),
    "coupling": ([*WIDTH, "--coupling", "-1"], ["coupling = -1", "[0, 1e+06]"]),
    "outside the Dalitz region": ([*MSQ, "--m23sq", "90000"], ["m23sq = 90000 MeV^2", "[38.15551802, 1116.96999]"]),
    "m12sq": ([*MSQ, "--m12sq", "1"], ["m12sq = 1 MeV^2", "[11163.7, 18109.2] MeV^2"]),
    "nan invariant": ([*MSQ, "--m23sq", "nan"], ["m23sq = nan MeV^2"]),
    "closed decay": ([*MSQ, "--mass", "40"], ["mass = 40 MeV", "closed", "33.91"]),
    "mass of the parent": ([*MSQ, "--parent-mass", "-1"], ["parent-mass = -1 MeV"]),
    "species": (["flux", "bnb", "--species", "nu_mubar"], ["'nu_mubar'", "Did you mean 'numubar'?"]),
    "species of other parents": (
        ["flux", "bnb", "--species", "nue"],
        ["'nue'", "not in this release", "numu, numubar"],
    ),
    "beam": (["flux", "bnbb"], ["'bnbb'", "Did you mean 'bnb'?"]),
    "mode": (["flux", "bnb", "--mode", "neutrno"], ["mode = 'neutrno'", "Did you mean 'neutrino'?"]),
    "precision": (["flux", "bnb", "--precision", "2"], ["precision = 2", "[0.0001, 0.5]"]),
    "seed": (["flux", "bnb", "--seed", "-2"], ["seed = -2"]),
    "list": (["list", "model"], ["unknown list 'model'", "Did you mean 'models'?"]),
    "reference": (["cite", "PDGG"], ["unknown reference 'PDGG'", "Did you mean 'PDG'?"]),
    "directory of a run": (["cite", "--run", "nowhere"], ["cannot read", "nowhere"]),
    "table of tracks": (["track", "none.csv", "out.csv"], ["none.csv", "cannot read"]),
    "profile": (["track", "none.csv", "out.csv", "--profile", "X"], ["--profile X", "NAME=FILE.csv"]),
}


@pytest.mark.parametrize(("args", "words"), VERBS.values(), ids=VERBS)
def test_verbs(
    cli: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, args: list[str], words: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    require_refused(cli(*args), *words)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("text", ["{", "[]", '{"citations": 3}', '{"citations": [3]}', "{}"])
def test_summaries_that_are_none(cli: Command, tmp_path: Path, text: str) -> None:
    (tmp_path / "summary.json").write_text(text)
    require_refused(cli("cite", "--run", tmp_path), "summary.json")


def test_wrong_options_are_refused_by_the_parser(cli: Command) -> None:
    for args in (["wdth"], ["width"], [*WIDTH[:-1], "heavy"], ["run", "miniboone", "--presicion", "0.1"]):
        answer = cli(*args)
        assert answer.code == 2
        assert answer.out == ""
        assert "Error" in answer.err
        assert len(answer.err.splitlines()) < 25


def test_as_a_process(folder: Path) -> None:
    for args, word in ((["--set", "m_x=60"], "33.912"), (["--model", "SIB1m"], "SIB1mu"), (["--seed", "x"], "seed")):
        command = [sys.executable, "-m", "darkhorn", "run", "case.toml", "--out", "out", *args]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        assert done.returncode == 2
        assert word in done.stderr
        assert "Traceback" not in done.stderr
        assert done.stdout == ""
    require_nothing_written(folder)
