"""Attenuation of pions in matter: published interaction lengths, densities, laws, errors."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from darkhorn.beam.matter import NUMBER_DENSITY, survival
from darkhorn.core.errors import RangeError, UnknownNameError
from darkhorn.physics.passage import interaction_length, pion_inelastic_cm2

MATERIALS = ("vacuum", "Be", "Al", "air")


@pytest.mark.parametrize(
    ("material", "density_g_cm3", "molar_mass"), [("Be", 1.848, 9.0122), ("Al", 2.70, 26.982), ("air", 1.205e-3, 14.5)]
)
def test_number_densities(material: str, density_g_cm3: float, molar_mass: float) -> None:
    assert NUMBER_DENSITY[material] == pytest.approx(density_g_cm3 / molar_mass * 6.02214e23 * 1e6, rel=2e-3)


@pytest.mark.parametrize(
    ("species", "material", "momentum", "length"),
    [
        (211, "Be", 2000.0, 0.418),
        (-211, "Be", 1000.0, 0.377),
        (211, "Al", 500.0, 0.359),
        (-211, "Al", 3000.0, 0.422),
    ],
)
def test_one_interaction_length_leaves_one_in_e(species: int, material: str, momentum: float, length: float) -> None:
    value = survival(np.array([[length]]), (material,), species, np.array([momentum]))
    assert value == pytest.approx([np.exp(-1)], rel=2e-3)


@given(st.lists(st.floats(0.0, 2.0), min_size=4, max_size=4), st.floats(100.0, 8000.0), st.sampled_from([211, -211]))
@settings(max_examples=100, deadline=None, derandomize=True)
def test_materials_multiply_and_vacuum_does_nothing(path: list[float], momentum: float, species: int) -> None:
    p = np.array([momentum])
    together = survival(np.array([path]), MATERIALS, species, p)
    alone = [survival(np.array([[length]]), (name,), species, p) for length, name in zip(path, MATERIALS, strict=True)]
    assert 0.0 <= together[0] <= 1.0
    assert together[0] == pytest.approx(float(np.prod(alone)), rel=1e-12)
    assert alone[0][0] == 1.0
    depth = sum(
        length / float(interaction_length(pion_inelastic_cm2(momentum, np.sign(species), name), NUMBER_DENSITY[name]))
        for length, name in zip(path[1:], MATERIALS[1:], strict=True)
    )
    assert together[0] == pytest.approx(np.exp(-depth), rel=1e-10)


def test_two_halves_are_one_whole_and_rows_are_independent() -> None:
    rng = np.random.default_rng(1)
    path, p = rng.uniform(0, 0.5, (50, 2)), rng.uniform(300, 6000, 50)
    half = survival(path / 2, ("Be", "Al"), 211, p)
    assert survival(path, ("Be", "Al"), 211, p) == pytest.approx(half**2, rel=1e-12)
    assert survival(path[:1], ("Be", "Al"), 211, p[:1]) == pytest.approx(survival(path, ("Be", "Al"), 211, p)[:1])


def test_no_path_no_loss() -> None:
    assert survival(np.zeros((3, 2)), ("Be", "Al"), 211, np.full(3, 1000.0)).tolist() == [1.0] * 3


def test_kaons_and_muons() -> None:
    path, p = np.array([[0.5]]), np.array([2000.0])
    depth = {pdg: -np.log(survival(path, ("Be",), pdg, p)[0]) for pdg in (211, -211, 321, -321, 130, 310, 13, -13)}
    assert depth[321] == pytest.approx(2.0 / 3.0 * depth[211], rel=1e-12)
    assert depth[130] == depth[310] == depth[321]
    assert depth[-321] == depth[-211]
    assert depth[13] == depth[-13] == 0.0


def test_errors() -> None:
    path, p = np.ones((1, 1)), np.array([1000.0])
    with pytest.raises(RangeError, match="pdgid = 221: absorption in matter is known for 211, -211"):
        survival(path, ("Be",), 221, p)
    with pytest.raises(UnknownNameError, match=r"unknown material 'steel'.*Known: Al, Be, air, fins, vacuum"):
        survival(path, ("steel",), 211, p)
