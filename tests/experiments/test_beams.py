"""The Booster beam line as data."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import darkhorn
from darkhorn.core.errors import DarkhornError, RangeError, ScenarioError, UnknownNameError
from darkhorn.core.units import AVOGADRO
from darkhorn.experiments.beams import load_beam

Spoil = Callable[[str, str, str], Path]


def test_modes_differ_in_the_current_alone() -> None:
    lines = {mode: load_beam("bnb", mode) for mode in ("neutrino", "antineutrino", "off")}
    assert [line.current for line in lines.values()] == [174e3, -174e3, 0.0]
    assert lines["antineutrino"].with_current(174e3).field == lines["neutrino"].field
    assert any("modes.antineutrino: unverified" in flag for flag in lines["antineutrino"].flags)
    assert not any("modes" in flag for flag in lines["neutrino"].flags)


def test_shipped_beams_are_read_once_and_files_every_time(tmp_path: Path) -> None:
    assert load_beam("bnb", "neutrino") is load_beam("bnb", "neutrino")
    text = (Path(darkhorn.__file__).parent / "experiments" / "bnb.toml").read_text(encoding="utf-8")
    own = tmp_path / "own.toml"
    for name in ("first", "other"):
        own.write_text(text.replace('name = "bnb"', f'name = "{name}"', 1), encoding="utf-8")
        assert load_beam(own).name == name


def test_proton_beam() -> None:
    beam = load_beam("bnb").beam
    assert np.hypot(beam.momentum, 938.272) - 938.272 == pytest.approx(8000.0, abs=0.1)
    assert beam.correlation == -1.0
    assert (beam.sigma_x / beam.sigma_xp, beam.sigma_y / beam.sigma_yp) == pytest.approx((2.29, 1.88), abs=0.006)


def test_target_is_the_published_rod() -> None:
    target = load_beam("bnb").target
    assert target.z_end - target.z_start == pytest.approx(0.7112)
    assert (target.z_end + target.z_start) / 2 == pytest.approx(0.390525)
    assert target.number_density == pytest.approx(1.848 / 9.0122 * AVOGADRO * 1e6, rel=1e-4)


def test_materials() -> None:
    line = load_beam("bnb")
    known = {material.name: material for material in line.materials}
    assert list(known) == ["Be", "Al", "air", "fins"]
    assert known["Be"].number_density == pytest.approx(line.target.number_density, rel=1e-4)
    assert known["Al"].radiation_length / known["Al"].density == pytest.approx(8.90, abs=0.01)
    assert known["Be"].radiation_length / known["Be"].density == pytest.approx(35.3, abs=0.03)
    assert known["air"].z / known["air"].a == pytest.approx(0.4992, abs=1e-4)
    assert any("constants of air" in flag for flag in line.flags)


def test_fins_are_spread_with_their_own_volume() -> None:
    """3 x 7 fins of 1.5748 x 8.8265 x 88.9 mm, one every 101.6 mm; along a radius, not by area."""
    line = load_beam("bnb")
    fins, cooling = line.shells
    r = np.linspace(4.7625, 13.589, 2001)
    crossed = np.trapezoid(3 * 1.5748 / (2 * np.pi * r), r) * 88.9 / 101.6
    solid = {material.name: material.density for material in line.materials}
    assert solid["fins"] / solid["Be"] * 1e3 * (fins.r_out - fins.r_in) == pytest.approx(crossed, rel=2e-3)
    assert 1e3 * fins.z_start == pytest.approx(85.7 - 44.45)
    assert 1e3 * fins.z_end == pytest.approx(85.7 + 6 * 101.6 + 44.45)
    assert fins.r_in == line.target.radius
    assert fins.r_out == cooling.r_in
    assert cooling.r_out < min(line.conductor.r_in)


def test_field_lies_inside_the_conductor() -> None:
    line = load_beam("bnb")
    z = np.linspace(0.0351, 1.7999, 4001)
    field = [np.interp(z, line.field.z, radius) for radius in (line.field.r_in, line.field.r_out)]
    body = [np.interp(z, line.conductor.z, radius) for radius in (line.conductor.r_in, line.conductor.r_out)]
    assert (field[0] > body[0]).all()
    assert (field[1] < body[1]).all()
    neck = (z > 0.1) & (z < 0.8)
    np.testing.assert_allclose((field[0] - body[0])[neck], 0.003, atol=1e-9)
    np.testing.assert_allclose((body[1] - field[1])[neck], 0.0254, atol=1e-9)
    assert line.target.radius < min(line.conductor.r_in)


def test_open_region_reaches_the_dump_without_gaps() -> None:
    line = load_beam("bnb")
    assert line.z_dump == 50.314
    assert line.apertures[0].z_start < line.beam.z_start
    assert all(a.z_end == b.z_start for a, b in zip(line.apertures, line.apertures[1:], strict=False))
    narrow = [a for a in line.apertures if a.r_start != 0.9144]
    pile, *narrow = narrow
    assert pile.r_start == pile.r_end == pytest.approx(np.sqrt(1.3708 * 2.0308 / np.pi), abs=5.0e-5)  # equal area
    assert [(a.name, a.z_start, a.z_end, a.r_start, a.r_end) for a in narrow] == [
        ("collimator", 3.070, 5.2036, 0.300, 0.355)
    ]
    assert any("approximate" in flag for flag in line.flags)


@pytest.mark.parametrize(
    ("old", "new", "error", "message"),
    [
        (
            '[[shells]]\nname = "cooling tube"\nmaterial = "Be"',
            '[[shells]]\nname = "t"\nmaterial = "B"',
            UnknownNameError,
            "'Be'",
        ),
        ("fraction = 0.0774", "fraction = 1.0774", RangeError, "shells.*fraction = 1.0774"),
        ("a = 9.0122", "a = 0.1", RangeError, "materials.Be.a = 0.1 g/mol"),
        ("skin_depth = 1.4e-3", "skin_depth = -1.0", RangeError, "conductor.skin_depth = -1 m"),
        ("sigma_x =", "sigmax =", ScenarioError, r"beam.sigmax: unknown key. Did you mean 'sigma_x'\?"),
        ("momentum = 8888.89", "momentum = -1", RangeError, "beam.momentum = -1 MeV/c is outside"),
        ("correlation = -1.0", "correlation = -1.1", RangeError, r"correlation = -1.1 .* \[-1, 1\]"),
        ("z_end = 0.746125", "z_end = 0.03", RangeError, "target.z_end = 0.03 m is outside"),
        ("0.035, 0.086000004,", "0.086000004, 0.035,", RangeError, "field.z: 0.035 m follows 0.086 m"),
        ("0.035, 0.086000004,", "0.035,", ScenarioError, "field.r_in = .*: expected a list of 13 numbers in m"),
        ("0.070, 0.022, 0.022", "0.070, 0.322, 0.022", RangeError, "field: profile: r_out must exceed r_in"),
        ("[5.2036, 5.889]", "[5.3, 5.889]", RangeError, r"apertures\[2\].z begins at 5.3 m; allowed: 5.2036 m"),
        ("[5.2036, 5.889]", "[5.2036, 5.0]", RangeError, r"apertures\[2\].z: 5 m follows 5.2036 m"),
        ("current = 174000.0", "current = 174e6", RangeError, "modes.neutrino.current = 1.74e[+]08 A"),
        ('status = "read"', "", ScenarioError, "beam.status: missing; expected one of read, computed, unverified"),
    ],
)
def test_mistakes_are_named(spoil: Spoil, old: str, new: str, error: type[DarkhornError], message: str) -> None:
    path = spoil("bnb.toml", old, new)
    with pytest.raises(error, match=message):
        load_beam(path)


def test_unknown_names() -> None:
    with pytest.raises(UnknownNameError, match=r"unknown beam 'bnd'. Did you mean 'bnb'"):
        load_beam("bnd")
    with pytest.raises(ScenarioError, match=r"mode = 'nutrino'.*Did you mean 'neutrino'"):
        load_beam("bnb", "nutrino")
