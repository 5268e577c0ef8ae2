"""The verb ``picture``: files and numbers from one command, and what it refuses."""

import tomllib
from pathlib import Path

import pytest
from command import Command, caller
from picturing import quick_beams

from darkhorn.chain.scenario import load_scenario
from darkhorn.inference.confront_point import load_point

EXAMPLES = Path(__file__).parent.parent / "examples"


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Command:
    return caller(capsys)


def test_ccm(run: Command, tmp_path: Path) -> None:
    """The shipped example at low precision: a picture, its numbers, and shares that add up."""
    answer = run("picture", "ccm", EXAMPLES / "pictures_ccm.toml", "--out", tmp_path, "--precision", "0.5", "--json")
    assert answer.code == 0
    assert answer.json["picture"] == "ccm"
    assert [Path(name).name for name in answer.json["files"]] == ["ccm.png", "ccm.json"]
    assert all(Path(name).stat().st_size > 1000 for name in answer.json["files"])
    assert answer.json["endpoint_of_V_MeV"] == pytest.approx(70.8195, abs=1e-3)
    for rates in answer.json["rates"].values():
        assert sum(item["share"] for item in rates.values()) == pytest.approx(1.0)


def test_regions(run: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    quick_beams(monkeypatch)
    example = EXAMPLES / "pictures_regions.toml"
    grid = ("--grid", "m_mediator=20:200:3:log")
    answer = run("picture", "regions", example, "--out", tmp_path, "--precision", "0.3", "--quiet", *grid)
    assert answer.code == 0, answer.err
    assert "regions.png" in answer.err
    assert (tmp_path / "regions.json").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("cmm",), "Did you mean 'ccm'"),
        (("ccm", "scalar-benchmark"), "dark matter"),
        (("sbnd", "scalar-benchmark"), "exchange"),
        (("sbnd", "dm-double-benchmark"), "exchange"),
        (("regions", "dark-matter"), "photoconversion"),
        (("regions", "--grid", "m_x=5:1:3"), "increasing"),
        (("ccm", "--grid", "m_x=1:5:3"), "regions alone"),
        (("regions", "absent.toml"), "absent.toml"),
        (("ccm", "--precision", "7"), "precision"),
    ],
)
def test_what_it_refuses(run: Command, tmp_path: Path, words: tuple[str, ...], message: str) -> None:
    """A wrong input is a message and exit code 2, in seconds and without files."""
    answer = run("picture", *words, "--out", tmp_path, "--json")
    assert answer.code == 2
    assert message in answer.json["error"]["message"]
    assert not list(tmp_path.iterdir())


def test_unwritable(run: Command, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    answer = run("picture", "ccm", "--out", tmp_path / "file" / "deeper")
    assert answer.code == 2
    assert "cannot write" in answer.err


def test_examples_are_read() -> None:
    """Every shipped file of a picture is a scenario or a point, and says the command that draws it."""
    for path in sorted(EXAMPLES.glob("pictures_*.toml")):
        kind = path.stem.removeprefix("pictures_")
        text = path.read_text()
        assert f"darkhorn picture {kind} {path.name}" in text
        name = tomllib.loads(text)["name"]
        found = load_scenario(str(path)) if kind == "spectra" else load_point(str(path))
        assert found.name == name
