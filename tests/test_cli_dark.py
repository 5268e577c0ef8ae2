"""The verbs xsec and lifetime."""

import pytest
from command import Command, caller

from darkhorn.cli.xsec import aim_of
from darkhorn.core.errors import UnknownNameError


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Command:
    return caller(capsys)


CHI_E = ("xsec", "--process", "chi-e", "--target", "e", "--energy", 700, "--mass", 5, "--mediator", 100)


def test_help(cli: Command) -> None:
    for verb in ("xsec", "lifetime"):
        answer = cli(verb, "--help")
        assert answer.code == 0
        assert f"Example: darkhorn {verb}" in answer.out
        for word in ("--json", "MeV"):
            assert word in answer.out


def test_cross_section_of_a_scalar_on_an_electron_by_hand(cli: Command) -> None:
    answer = cli(*CHI_E, "--spin", "scalar", "--recoil", 35, "--json").json
    m, mv, e, chi, t = 0.51099895, 100.0, 700.0, 5.0, 35.0
    shape = (2 * m * e**2 - (2 * m * e + chi**2) * t) / (4 * 3.141592653589793 * (e**2 - chi**2))
    expected = shape / (mv**2 + 2 * m * t) ** 2 * 3.8937937e-22
    assert answer["dsigma_dT_cm2_per_MeV"] == pytest.approx(expected, rel=1e-6, abs=0)
    assert answer["recoil_limits_MeV"] == pytest.approx([0.0, 676.0913], rel=1e-6)
    scaled = cli(*CHI_E, "--spin", "scalar", "--coupling", 1e-3, "--json").json
    assert scaled["sigma_cm2"] == pytest.approx(1e-6 * answer["sigma_cm2"], rel=1e-12, abs=0)
    window = cli(*CHI_E, "--spin", "scalar", "--recoil-min", 35, "--recoil-max", 900, "--json").json
    assert 0 < window["sigma_cm2"] < answer["sigma_cm2"]
    table = cli(*CHI_E, "--recoil", 35)
    assert table.code == 0
    assert "cross section [cm^2]" in table.out


def test_coherent_primakoff_on_carbon(cli: Command) -> None:
    args = ("xsec", "--process", "primakoff", "--target", "C12", "--energy", 300, "--mass", 1, "--mediator", 49)
    full, point = (cli(*args, *more, "--json").json for more in ((), ("--point",)))
    assert full["target_mass_MeV"] == pytest.approx(11174.863, abs=1e-3)
    assert 0.1 < full["sigma_cm2"] / point["sigma_cm2"] < 0.95
    assert full["mass_out_MeV"] == 0.0


def test_below_threshold_is_exactly_zero(cli: Command) -> None:
    args = ("xsec", "--process", "upscatter", "--target", "p", "--energy", 40, "--mass", 8, "--mass-out", 50)
    answer = cli(*args, "--mediator", 17, "--json").json
    assert answer["sigma_cm2"] == 0.0
    assert "below threshold" in answer["note"]
    assert "exactly 0" in cli(*args, "--mediator", 17).err


def test_targets() -> None:
    assert (aim_of("C").name, aim_of("C12").protons, aim_of("Ar40").neutrons) == ("C12", 6, 22)
    assert aim_of("n").mass == pytest.approx(939.565, abs=1e-3)
    with pytest.raises(UnknownNameError, match="Did you mean 'C12'"):
        aim_of("C13")
    with pytest.raises(UnknownNameError, match="element"):
        aim_of("12")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("--energy", 3), ("energy = 3 MeV", "(5, 1e+07] MeV")),
        (("--mediator", -1), ("mediator = -1 MeV", "[0, 1e+06] MeV")),
        (("--mediator", 0), ("diverges",)),
        (("--coupling", "nan"), ("coupling = nan",)),
        (("--target", "p"), ("chi-e", "electron")),
        (("--spin", "diracc"), ("Did you mean 'dirac'",)),
        (("--recoil", -1), ("recoil = -1 MeV",)),
        (("--process", "chi-f"), ("Did you mean 'chi-e'",)),
        (("--couples-to", "down"), ("coupling 'down'",)),
    ],
)
def test_bad_cross_sections_name_key_value_and_range(cli: Command, change: tuple[object, ...], words: tuple) -> None:
    answer = cli(*CHI_E, *change, "--json")
    assert answer.code == 2
    for word in words:
        assert word in answer.json["error"]["message"]


def test_lifetime_by_hand(cli: Command) -> None:
    args = ("lifetime", "--decay", "phi->mu mu", "--mass", 250, "--coupling", 1e-6)
    answer = cli(*args, "--momentum", 800, "--json").json
    width = 1e-12 * 250 * (1 - 4 * 105.6583755**2 / 250**2) ** 1.5 / (8 * 3.141592653589793)
    assert answer["width_MeV"] == pytest.approx(width, rel=1e-8, abs=0)
    assert answer["c_tau_m"] == pytest.approx(1.973269804e-13 / width, rel=1e-8, abs=0)
    assert answer["decay_length_m"] == pytest.approx(1.973269804e-13 / width * 800 / 250, rel=1e-8, abs=0)
    assert answer["lifetime_ns"] == pytest.approx(6.582119569e-13 / width, rel=1e-8, abs=0)
    table = cli(*args, "--momentum", 800)
    assert "decay length at 800 MeV [m]" in table.out


def test_without_coupling_it_is_stable(cli: Command) -> None:
    args = ("lifetime", "--decay", "V -> e e", "--mass", 20, "--coupling", 0, "--momentum", 5)
    answer = cli(*args, "--json").json
    assert (answer["width_MeV"], answer["lifetime_ns"], answer["decay_length_m"]) == (0.0, None, None)
    table = cli(*args)
    assert "infinite" in table.out
    assert "stable" in table.err


@pytest.mark.parametrize(
    ("args", "kind", "words"),
    [
        (("chi' -> chi V", "--mass", 17, "--light", 8, "--vector", 50), "ThresholdError", "17 -> 8 + 50 MeV"),
        (("chi' -> chi V", "--mass", 17, "--light", 8), "ScenarioError", "needs vector"),
        (("phi -> tau tau", "--mass", 17), "UnknownNameError", "unknown decay"),
        (("phi -> e e", "--mass", "nan"), "RangeError", "mass = nan MeV"),
        (("phi -> e e", "--mass", 20, "--momentum", -2), "RangeError", "momentum = -2 MeV"),
        (("phi -> e e", "--mass", 20, "--coupling", -2), "RangeError", "coupling = -2"),
    ],
)
def test_bad_lifetimes(cli: Command, args: tuple[object, ...], kind: str, words: str) -> None:
    answer = cli("lifetime", "--decay", *args, "--json")
    assert answer.code == 2
    assert answer.json["error"]["type"] == kind
    assert words in answer.json["error"]["message"]
