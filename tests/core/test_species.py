"""Masses, lifetimes and charges against PDG numbers typed here."""

import math

import pytest

from darkhorn.core import species
from darkhorn.core.errors import UnknownNameError

MASSES = {
    "e": (0.51099895, 1e-7),
    "mu": (105.6583755, 1e-7),
    "pi0": (134.9768, 1e-5),
    "pi+": (139.57039, 1e-6),
    "K+": (493.677, 1e-4),
    "K0L": (497.611, 1e-4),
    "K0S": (497.611, 1e-4),
    "eta": (547.862, 1e-3),
    "p": (938.272088, 3e-6),
    "n": (939.565421, 1e-6),
}
LIFETIMES = {"pi+": 26.033, "pi-": 26.033, "K+": 12.380, "K-": 12.380, "mu": 2196.98, "K0L": 51.16, "K0S": 0.08954}


@pytest.mark.parametrize(("name", "expected"), MASSES.items())
def test_masses(name: str, expected: tuple[float, float]) -> None:
    value, tolerance = expected
    assert species.mass(species.pdgid(name)) == pytest.approx(value, abs=tolerance, rel=0)


@pytest.mark.parametrize(("name", "expected"), LIFETIMES.items())
def test_lifetimes_in_ns(name: str, expected: float) -> None:
    assert species.lifetime(species.pdgid(name)) == pytest.approx(expected, rel=5e-4)


def test_decay_length_of_the_pion() -> None:
    assert species.lifetime(species.PI_PLUS) * 0.299792458 == pytest.approx(7.8045, rel=1e-4)


def test_widths_are_inverse_lifetimes() -> None:
    assert species.width(species.PI_PLUS) == pytest.approx(2.5284e-14, rel=1e-3, abs=0)
    assert species.width(species.K_PLUS) == pytest.approx(5.3167e-14, rel=1e-3, abs=0)
    for name in LIFETIMES:
        pdg = species.pdgid(name)
        assert species.width(pdg) * species.lifetime(pdg) == pytest.approx(6.582119569e-13, rel=1e-9, abs=0)


@pytest.mark.parametrize("name", ["e", "p", "numu", "numubar", "nue"])
def test_stable_species_live_for_ever(name: str) -> None:
    assert math.isinf(species.lifetime(species.pdgid(name)))
    assert species.width(species.pdgid(name)) == 0.0


def test_massless() -> None:
    assert [species.mass(pdg) for pdg in (12, -12, 14, -14, 16, species.PHOTON)] == [0.0] * 6


def test_charges() -> None:
    names = {"pi+": 1, "pi-": -1, "K+": 1, "K-": -1, "e": -1, "mu": -1, "p": 1, "n": 0, "pi0": 0, "K0L": 0, "numu": 0}
    assert {name: species.charge(species.pdgid(name)) for name in names} == names


def test_antiparticles_share_mass_and_lifetime() -> None:
    for pdg in (211, 321, 11, 13, 2212):
        assert species.mass(-pdg) == species.mass(pdg)
        assert species.lifetime(-pdg) == species.lifetime(pdg)
        assert species.charge(-pdg) == -species.charge(pdg)


def test_names_and_numbers_are_one_to_one() -> None:
    assert len(set(species.NAMES.values())) == len(species.NAMES)
    for name, number in species.NAMES.items():
        assert species.pdgid(name) == number
        assert species.name_of(number) == name
    assert species.name_of(9900032) == "9900032"


@pytest.mark.parametrize("function", [species.mass, species.lifetime, species.width, species.charge])
@pytest.mark.parametrize("pdg", [123456789, 0, 99, -22, species.DARK_BOSON, 2**53])
def test_unknown_numbers(function, pdg: int) -> None:
    with pytest.raises(UnknownNameError, match=rf"unknown PDG number '{pdg}'.*Known: .*211"):
        function(pdg)


def test_a_species_without_a_measured_mass_is_not_massless() -> None:
    with pytest.raises(UnknownNameError, match="PDG number of a species with a mass '1103'"):
        species.mass(1103)


def test_unknown_name_offers_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match=r"unknown species 'pi'\. Did you mean 'pi[-+0]'\?"):
        species.pdgid("pi")


def test_the_table_says_what_the_package_says() -> None:
    from particle import Particle

    table = species._table()
    assert {211, -211, 13, -13, 2212, 2112, 130, 310} <= set(table)
    for pdg, record in table.items():
        said = Particle.from_pdgid(pdg)
        assert (record.mass, record.width) == (said.mass, said.width), pdg
        assert record.charge == float(said.charge), pdg


@pytest.mark.parametrize("pdg", [211, -13, 1000060120])
def test_the_package_is_asked_where_there_is_no_table(monkeypatch: pytest.MonkeyPatch, pdg: int) -> None:
    here = species._particle(pdg)
    species._particle.cache_clear()
    monkeypatch.setattr(species, "_table", dict)
    try:
        assert species._particle(pdg) == here
    finally:
        species._particle.cache_clear()
    assert species.mass(1000060120) == pytest.approx(11177.929, abs=0.01)


def test_no_file_is_no_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(species, "find_spec", lambda name: None)
    assert species._table.__wrapped__() == {}
