import pytest
from particle import Particle

from darkhorn.core.errors import RangeError, UnknownNameError
from darkhorn.detector import targets
from darkhorn.detector.targets import Composition


def test_mineral_oil_from_its_density():
    oil = Composition.from_mass_density(0.845, formula={"C": 1, "H": 2})
    carbon, hydrogen = oil.targets
    assert carbon.density * 1e-6 == pytest.approx(3.63e22, rel=1e-3)
    assert carbon.density * 1e-6 == pytest.approx(0.845 / 14.027 * 6.02214076e23, rel=1e-12)
    assert hydrogen.density == pytest.approx(2 * carbon.density, rel=1e-14)
    assert oil.mass_density_g_cm3 == pytest.approx(0.845, rel=1e-14)
    assert (carbon.protons, carbon.neutrons, carbon.nucleons) == (6, 6, 12)
    assert hydrogen.is_free_proton
    assert not carbon.is_free_proton


def test_three_ways_to_say_the_same_material():
    water = Composition.from_mass_density(1.0, formula={"H": 2, "O": 1})
    shares = {"H": 2 * 1.008 / 18.015, "O": 15.999 / 18.015}
    again = Composition.from_mass_density(1.0, mass_fractions=shares)
    third = Composition.from_number_densities({t.name: t.density * 1e-6 for t in water.targets})
    for one, two, three in zip(water.targets, again.targets, third.targets, strict=True):
        assert two.density == pytest.approx(one.density, rel=1e-12)
        assert three.density == pytest.approx(one.density, rel=1e-12)
    assert water.targets[1].density * 1e-6 == pytest.approx(3.3428e22, rel=1e-4)


def test_masses_are_those_of_nuclei():
    # carbon: 12 u - 6 m_e = 11177.929 - 3.066 MeV; hydrogen: the proton
    assert targets.nuclear_mass("C") == pytest.approx(11174.863, abs=1e-3)
    assert targets.nuclear_mass("H") == pytest.approx(938.27209, abs=1e-4)


@pytest.mark.parametrize("name", targets._TABLE)
def test_table_against_an_independent_nuclear_table(name):
    protons, nucleons, atomic, weight = targets._TABLE[name]
    assert atomic == pytest.approx(nucleons, rel=0.009)
    assert weight == pytest.approx(nucleons, rel=0.015)
    if nucleons > 1:
        nucleus = Particle.from_nucleus_info(z=protons, a=nucleons)
        # that table holds atomic masses, electrons included
        assert atomic * targets.ATOMIC_MASS_UNIT == pytest.approx(nucleus.mass, rel=1e-7)
        assert targets.nuclear_mass(name) == pytest.approx(nucleus.mass - protons * 0.51099895, rel=1e-7)


def test_errors_name_the_key():
    with pytest.raises(UnknownNameError, match=r"unknown element 'Fr'.*Known: Al, Ar"):
        Composition.from_number_densities({"Fr": 1e22})
    with pytest.raises(UnknownNameError, match="Did you mean"):
        Composition.from_mass_density(1.0, formula={"Sx": 1, "H": 1} | {"Si2": 1})
    with pytest.raises(RangeError, match="number density of C = -1"):
        Composition.from_number_densities({"C": -1.0})
    with pytest.raises(RangeError, match="names no element"):
        Composition.from_number_densities({})
    with pytest.raises(RangeError, match="mass_density_g_cm3 = 0"):
        Composition.from_mass_density(0.0, formula={"C": 1})
    with pytest.raises(RangeError, match="exactly one"):
        Composition.from_mass_density(1.0)
    with pytest.raises(RangeError, match=r"sum of mass_fractions = 0\.9"):
        Composition.from_mass_density(1.0, mass_fractions={"C": 0.8, "H": 0.1})
    with pytest.raises(RangeError, match="number density of H"):
        Composition.from_mass_density(1.0, formula={"C": 2, "H": -1})
