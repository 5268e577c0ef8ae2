"""The verb ``couplings``: table, JSON, bad input."""

import pytest
from command import Command, caller

from darkhorn.models.charges import PATTERNS


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Command:
    return caller(capsys)


def test_json(cli: Command) -> None:
    answer = cli("couplings", "--pattern", "kinetic-mixing", "--g", "3.0282212e-4", "--mass", "100", "--json")
    assert answer.code == 0
    pi0 = answer.json["neutral"][0]
    assert pi0["meson"] == "pi0"
    assert pi0["g_eff_over_e"] == pytest.approx(1e-3, rel=1e-6)
    assert pi0["branching"] == pytest.approx(0.98823 * 1.83606e-7, rel=1e-4)
    assert answer.json["current_conserved"] is True
    assert [row["decay"] for row in answer.json["charged"]] == [
        "pi+ -> e nu V",
        "pi+ -> mu nu V",
        "K+ -> e nu V",
        "K+ -> mu nu V",
    ]


@pytest.mark.parametrize("name", [*PATTERNS, "custom"])
def test_every_pattern_prints(cli: Command, name: str) -> None:
    answer = cli("couplings", "--pattern", name)
    assert answer.code == 0
    for word in ("pi+ -> mu nu V", "K+ -> e nu V", "eta'", "neutron"):
        assert word in answer.out
    assert "branching" not in answer.out


def test_set_and_warning(cli: Command) -> None:
    answer = cli("couplings", "--pattern", "kinetic-mixing", "--set", "e=0", "--set", "mu=-0.5", "--json")
    assert answer.json["pattern"] == "kinetic-mixing*"
    assert answer.json["current_conserved"] is False
    assert answer.json["charged"][0]["q_lepton"] == 0.0
    assert answer.json["charged"][1]["q_lepton"] == 0.5
    assert "broken current" in answer.json["charged"][0]["warning"]
    assert "broken current" in cli("couplings", "--pattern", "kinetic-mixing", "--set", "e=0").err


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--pattern", "B_L"), ("B_L", "B-L")),
        (("--pattern", "B", "--set", "u"), ("--set u", "PARTICLE=NUMBER")),
        (("--pattern", "B", "--set", "x=1"), ("'x'", "nu_mu")),
        (("--pattern", "B", "--set", "u=nan"), ("charge u", "1000")),
        (("--pattern", "B", "--g", "-1"), ("g = -1", "[0, 10]")),
        (("--pattern", "B", "--mass", "-1"), ("mass = -1 MeV", "MeV")),
        (("--pattern", "B", "--sd-sign", "3"), ("sd_sign = 3", "-1")),
        (("--pattern", "B", "--eta-angle", "90"), ("eta-angle = 90 deg", "45")),
    ],
)
def test_bad_input(cli: Command, options: tuple[str, ...], words: tuple[str, ...]) -> None:
    answer = cli("couplings", *options)
    assert answer.code == 2
    assert answer.out == ""
    for word in words:
        assert word in answer.err


def test_help(cli: Command) -> None:
    answer = cli("couplings", "--help")
    assert answer.code == 0
    for word in ("MeV", "--json", "Example: darkhorn couplings"):
        assert word in answer.out
