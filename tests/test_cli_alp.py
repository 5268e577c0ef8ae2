"""``darkhorn alp`` through the command line: the shipped example, its numbers, picture and mistakes."""

import json
from pathlib import Path

import pytest
from command import Command, caller

EXAMPLE = str(Path(__file__).parents[1] / "examples" / "alp_ccm.toml")


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Command:
    return caller(capsys)


def test_the_example(cli: Command, tmp_path: Path) -> None:
    table, picture = tmp_path / "alp.json", tmp_path / "alp.png"
    options = ("--g-electron", "1e-6", "--precision", "0.1", "--out", table, "--plot", picture, "--json")
    answer = cli("alp", EXAMPLE, *options)
    assert answer.code == 0, answer.out
    found = answer.json
    assert found == json.loads(table.read_text())
    mode = found["modes"]["scenario"]
    total = sum(row["mean"] for row in mode["channels"])
    assert mode["events"]["mean"] == pytest.approx(total)
    spectrum = sum(sum(group["e_vis"]["mean"]) for group in mode["spectra"].values())
    assert spectrum == pytest.approx(total, rel=1e-9)
    assert mode["relative_error"] <= 0.1
    assert any("c tau" in line for line in found["notes"])
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_the_table_on_screen(cli: Command) -> None:
    answer = cli("alp", EXAMPLE, "--precision", "0.3", "--target", "Pb")
    assert answer.code == 0
    assert "Pb primakoff" in answer.out
    assert "Ar inverse primakoff" in answer.out


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (("--target", "Pd"), "Pb"),
        (("--g-photon", "0"), "g_photon + g_electron"),
        (("--m-a", "-1"), "m_a"),
        (("--shower", "absent.csv"), "absent.csv"),
        (("--set", "source.kind=table"), "source"),
    ],
)
def test_mistakes(cli: Command, options: tuple[str, ...], word: str) -> None:
    answer = cli("alp", EXAMPLE, *options)
    assert answer.code == 2
    assert word in answer.out + answer.err
