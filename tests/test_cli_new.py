"""What ``darkhorn new`` writes loads and runs as it is, and nothing is overwritten."""

import runpy
from pathlib import Path

import jsonschema
import pytest
from command import Command, caller

from darkhorn.cli.new import KINDS, fill
from darkhorn.cli.schema import scenario_schema
from darkhorn.core.errors import ScenarioError
from darkhorn.experiments.loader import Experiment

FAST = ("--precision", "0.3")


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Command:
    return caller(capsys)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_scenario_runs(cli: Command, here: Path) -> None:
    answer = cli("new", "scenario", "my-box")
    assert answer.code == 0
    assert answer.err == "wrote my-box.toml\n"
    summary = cli("run", "my-box.toml", "--out", "out", *FAST, "--json").json
    assert summary["scenario"] == "my-box"
    assert summary["modes"]["scenario"]["signal"] > 0.0
    assert summary["modes"]["scenario"]["pot"] == 1.0e21


def test_scenario_passes_the_schema(here: Path) -> None:
    import tomllib

    (text,) = fill("scenario", "case").values()
    jsonschema.validate(tomllib.loads(text), scenario_schema())
    assert sum("#" in line for line in text.splitlines()) > 25


def test_commented_keys_of_the_scenario_are_keys(here: Path, cli: Command) -> None:
    """Every key behind a # works when the sign is removed."""
    (text,) = fill("scenario", "case").values()
    for old, new in (
        ('# leptons = "both"', 'leptons = "both"'),
        ("# current_kA = 174.0", "current_kA = 174.0"),
        ('shape = { kind = "box"', '# shape = { kind = "box"'),
        ('# shape = { kind = "sphere"', 'shape = { kind = "sphere"'),
    ):
        assert text.count(old) == 1
        text = text.replace(old, new)
    (here / "case.toml").write_text(text)
    from darkhorn.chain.scenario import load_scenario

    scenario = load_scenario("case.toml")
    assert scenario.model.leptons == ("e", "mu")
    line = scenario.beamline()
    assert line is not None
    assert scenario.tables.table("detector").table("shape").text("kind") == "sphere"


def test_experiment_runs(cli: Command, here: Path) -> None:
    written = cli("new", "experiment", "mine", "--json").json["files"]
    assert written == ["mine.toml", "mine_e_vis.csv", "mine_cos_theta.csv"]
    experiment = Experiment.load(Path("mine.toml"))
    assert experiment.name == "mine"
    spectra = experiment.mode("neutrino").distributions
    assert {spectrum.name: spectrum.data.sum() for spectrum in spectra} == {"e_vis": 1310.0, "cos_theta": 1310.0}
    answer = cli("run", "miniboone", "--set", "experiment.name=mine.toml", "--out", "out", *FAST, "--json")
    assert answer.code == 0
    mode = answer.json["modes"]["neutrino"]
    assert (mode["data"], mode["background"]) == (1310.0, 1300.0)
    assert any("mine.toml: response: unverified: example" in text for text in answer.json["warnings"])


def test_model_runs(cli: Command, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli("new", "model", "mine").code == 0
    assert cli("new", "scenario", "box").code == 0
    module = runpy.run_path("mine.py", run_name="mine")
    module["main"](scenario="box.toml", precision=0.3)
    branching, photons = capsys.readouterr().out.splitlines()
    assert branching == "BR(pi+ -> mu+ nu X) / g^2 = 0.0111269"
    assert float(photons.split(": ")[1]) > 0.0


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_overwritten(cli: Command, here: Path, kind: str) -> None:
    last = list(fill(kind, "mine"))[-1]
    (here / last).write_text("kept")
    answer = cli("new", kind, "mine")
    assert answer.code == 2
    assert f"cannot write {last}: it exists" in answer.err
    assert [path.name for path in here.iterdir()] == [last]
    assert (here / last).read_text() == "kept"


@pytest.mark.parametrize("name", ["", "../mine", "a/b", "/tmp/mine", "a.b", "1st", "-x", "x" * 65, "a b", "é", "a\n"])
def test_names_that_are_no_plain_names(name: str) -> None:
    for kind in KINDS:
        with pytest.raises(ScenarioError, match="NAME = "):
            fill(kind, name)


def test_other_kinds_and_directories(cli: Command, here: Path) -> None:
    answer = cli("new", "scenari", "mine")
    assert answer.code == 2
    assert "Did you mean 'scenario'?" in answer.err
    assert cli("new", "scenario", "mine", "--dir", "none").code == 2
    assert not list(here.iterdir())
    (here / "sub").mkdir()
    assert cli("new", "scenario", "mine", "--dir", "sub").code == 0
    assert (here / "sub" / "mine.toml").is_file()
