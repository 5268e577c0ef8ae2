"""The verbs fit, limit and export from end to end."""

import json
import warnings
from pathlib import Path

import pytest

from darkhorn.cli import invoke

QUICK = ["--precision", "0.2", "--set", "run.replicates=4"]


@pytest.fixture
def files(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DARKHORN_DATA", str(data_dir))


def output(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict:
    assert invoke([*arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_null(files: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert invoke(["fit", "miniboone", "--likelihood", "official", "--null"]) == 0
    text = capsys.readouterr().out
    assert "373.40" in text
    assert "547.3" in text
    assert "excess over constrained background" in text.replace("_", " ")
    found = output(capsys, "fit", "miniboone", "--likelihood", "conservative", "--null")
    assert found["chi2"] == pytest.approx(44.31, abs=0.01)


@pytest.mark.parametrize("likelihood", ["official", "shapes2d", "joint"])
def test_fit(likelihood: str, files: None, capsys: pytest.CaptureFixture[str]) -> None:
    found = output(capsys, "fit", "miniboone", "--likelihood", likelihood, *QUICK)
    assert found["delta"] > 5.0
    assert 1e-9 < found["product_low"] < found["product"] < found["product_high"] < 1e-7
    assert found["unit"] == "1/MeV"


def test_limit_and_export(files: None, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    pyhf = pytest.importorskip("pyhf")
    arguments = ["miniboone", "--likelihood", "joint", *QUICK]
    found = output(capsys, "limit", *arguments)
    expected = found["product_limit_expected"]
    assert expected == sorted(expected)
    assert found["product_limit"] > expected[2]
    path = tmp_path / "workspace.json"
    assert output(capsys, "export", *arguments, "--format", "histfactory", "--out", str(path))["files"] == [str(path)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        workspace = pyhf.Workspace(json.loads(path.read_text()))
        model = workspace.model()
    assert model.config.poi_name == "mu"
    assert len(workspace.data(model, include_auxdata=False)) == 187
    folder = tmp_path / "submission"
    assert output(capsys, "export", *arguments, "--format", "hepdata", "--out", str(folder))["format"] == "hepdata"
    assert (folder / "submission.yaml").is_file()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["fit", "miniboone", "--likelihood", "oficial"], "Did you mean 'official'"),
        (["export", "miniboone", "--format", "root", "--out", "x"], "unknown export format 'root'"),
        (["limit", "miniboone", "--likelihood", "shapes", "--level", "95"], "level = 95"),
        (["fit", "microboone", "--likelihood", "joint"], "not of microboone"),
    ],
)
def test_refusals(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert invoke([*arguments, *QUICK] if arguments[0] == "limit" else arguments) == 2
    assert message in capsys.readouterr().err


def test_absent_release(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DARKHORN_DATA", str(tmp_path))
    assert invoke(["fit", "miniboone", "--null"]) == 2
    text = capsys.readouterr().err
    assert "DARKHORN_DATA" in text
    assert "ins1804293" in text
