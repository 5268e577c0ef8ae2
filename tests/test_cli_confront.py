"""The verb confront."""

import json
import tomllib
from pathlib import Path

import pytest
from command import Command, caller

from darkhorn.inference.confront_point import load_point

EXAMPLES = sorted((Path(__file__).parent.parent / "examples").glob("confront_*.toml"))
POINT = """
experiments = ["ccm120", "lsnd"]
[model]
preset = "visible-decay"
charges = "kinetic-mixing"
coupling = 1e-6
[run]
precision = 0.2
replicates = 4
"""


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Command:
    return caller(capsys)


def test_help(cli: Command) -> None:
    answer = cli("confront", "--help")
    assert answer.code == 0
    for word in ("Example: darkhorn confront", "--json", "--precision", "MeV", "PRESET"):
        assert word in answer.out


def test_table_json_and_picture(cli: Command, tmp_path: Path) -> None:
    path, out = tmp_path / "point.toml", tmp_path / "out"
    path.write_text(POINT)
    answer = cli("confront", path, "--out", out)
    assert answer.code == 0
    for word in ("pi0 -> gamma X", "yields.pi_plus missing", "no comparison", "refused", "ccm120"):
        assert word in answer.out
    assert "broken current" not in answer.err
    assert "refused for P -> l nu X" in answer.err
    again = cli("confront", path, "--out", out, "--json")
    assert again.err == ""
    kept = json.loads((out / "confront.json").read_text())
    assert {key: again.json[key] for key in kept} == kept
    assert [Path(name).name for name in again.json["files"]] == ["confront.png", "confront.pdf", "confront.json"]
    assert kept["limits"][0]["cl"] == 0.9


def test_errors(cli: Command, tmp_path: Path) -> None:
    answer = cli("confront", "scalar-benchmrk", "--json")
    assert answer.code == 2
    assert "Did you mean 'scalar-benchmark'" in answer.json["error"]["message"]
    assert cli("confront", tmp_path / "absent.toml").code == 2
    (tmp_path / "file").write_text("")
    assert cli("confront", "scalar-benchmark", "--out", tmp_path / "file").code == 2


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_examples_are_points(path: Path) -> None:
    point = load_point(str(path))
    assert point.name == tomllib.loads(path.read_text())["name"]


def test_the_examples_are_there() -> None:
    assert len(EXAMPLES) == 5
