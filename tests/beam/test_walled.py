"""Mesons at walls: who gets there, how many decay inside, and what comes back out."""

import numpy as np
import pytest

from darkhorn.beam.layers import compile_layers
from darkhorn.beam.passage_tables import cross_sections
from darkhorn.beam.switches import Physics
from darkhorn.beam.walled import WallDecays, WallScattered, at_walls
from darkhorn.beam.walls import Surfaces, production_per_m
from darkhorn.core.importance import ImportanceGrid
from darkhorn.core.points import unit_points, words
from darkhorn.core.rays import Floats, Rays
from darkhorn.core.species import K_LONG, PI_MINUS, PI_PLUS, lifetime, mass
from darkhorn.experiments.beams import load_beam
from darkhorn.physics.stopping import CONCRETE, STEEL

LINE = load_beam("bnb", "off")
LAYERS = compile_layers(LINE)
POINTS = unit_points(2**12, seed=31)
UNIFORM = ImportanceGrid.uniform()
BARE = Physics(
    energy_loss=False, multiple_scattering=False, meson_elastic="ignore", meson_quasi_elastic="ignore", air=False
)


class Gun:
    """One meson a point from the axis at z in m, with a momentum in MeV/c and an angle in rad."""

    species = (PI_PLUS, PI_MINUS, K_LONG)

    def __init__(self, momentum: float, angle: float, z: float) -> None:
        self.momentum, self.angle, self.z = momentum, angle, z

    def sample(self, points: Floats, species: int, grid: ImportanceGrid) -> Rays:
        n, p, m = len(points), self.momentum, mass(species)
        p4 = [np.hypot(p, m), p * np.sin(self.angle), 0.0, p * np.cos(self.angle)]
        return Rays.make(species, np.tile([0.0, 0.0, 0.0, self.z], (n, 1)), np.tile(p4, (n, 1)), 1.0 / n)


def test_mesons_get_to_the_wall_when_they_do_not_decay() -> None:
    """From the axis at 8 m, 0.1 rad: 0.9144/sin(0.1) = 9.16 m to the concrete."""
    mesons = Gun(1000.0, 0.1, 8.0).sample(POINTS, PI_PLUS, UNIFORM)
    at, names = at_walls(mesons, LINE, LAYERS, words(POINTS[:, 0]), BARE)
    assert (names == "concrete").all()
    assert np.hypot(at.x[:, 1], at.x[:, 2]) == pytest.approx(np.full(len(at), 0.9144), rel=1e-6)
    path = 0.9144 / np.sin(0.1)
    assert at.yield_ == pytest.approx(np.exp(-path * mass(PI_PLUS) / (1000.0 * 7.8045)), rel=1e-4)
    along, dump = at_walls(Gun(1000.0, 0.001, 8.0).sample(POINTS, PI_PLUS, UNIFORM), LINE, LAYERS, words(POINTS[:, 0]))
    assert np.mean(dump == "steel") > 0.95
    assert along.x[dump == "steel", 3].max() == pytest.approx(LINE.z_dump)


@pytest.mark.parametrize(("species", "c_tau"), [(PI_PLUS, 7.8045), (K_LONG, 15336.0 * 1e-3)])
def test_decays_in_the_wall_are_the_length_over_the_decay_length(species: int, c_tau: float) -> None:
    """Decays = L m/(p c tau) of those that arrive; pions lose 5 % of their momentum in half a metre of concrete."""
    start = WallDecays(Gun(5000.0, 0.3, 8.0), LINE, species, UNIFORM, LAYERS, BARE)
    made = start.sample(POINTS)
    at, _ = at_walls(start.source.sample(POINTS, species, UNIFORM), LINE, LAYERS, words(POINTS[:, 0]), BARE)
    length = 1.0 / float(production_per_m(species, np.array([5000.0]), CONCRETE)[0])
    assert lifetime(species) * 0.299792458 == pytest.approx(c_tau, rel=5e-3)
    expected = at.yield_ * length * mass(species) / (5000.0 * c_tau)
    slower = 1.0 + 480.0 * length / 5000.0 if species == PI_PLUS else 1.0  # 4.8 MeV/cm
    assert made.yield_ == pytest.approx(expected * slower, rel=0.03)
    assert Surfaces.of(LINE.apertures).inside_wall(made.x[made.weight > 0.0]).all()
    depth = (np.hypot(made.x[:, 1], made.x[:, 2]) - 0.9144) / np.sin(0.3)
    assert np.average(depth, weights=made.weight) == pytest.approx(length, rel=0.12)  # slower ones weigh more


def test_slow_pions_decay_no_deeper_than_their_range() -> None:
    """Pions of 300 MeV/c stop in about 0.14 m of iron: T = 191 MeV at 11.5 MeV/cm and more."""
    made = WallDecays(Gun(300.0, 1.2, 3.2), LINE, PI_PLUS, UNIFORM, LAYERS, BARE).sample(POINTS)
    alive = made.weight > 0.0
    depth = np.hypot(made.x[alive, 1], made.x[alive, 2]) - np.hypot(*made.x[alive, 1:3].T).min()
    assert 0.10 < depth.max() / np.sin(1.2) < 0.16
    assert (made.momentum[alive] < 300.0).all()
    assert 1.0 / production_per_m(PI_PLUS, np.array([300.0]), STEEL)[0] == pytest.approx(0.22, abs=0.03)


def test_grazing_pions_come_back_and_steep_ones_do_not() -> None:
    """The share that is scattered at the first collision is an upper limit; a small angle is enough at 0.05 rad."""
    found = {}
    for angle in (0.05, 0.1, 0.5):
        source = WallScattered(Gun(1500.0, angle, 8.0), LINE, LAYERS, BARE)
        mesons = source.source.sample(POINTS, PI_PLUS, UNIFORM)
        at, _ = at_walls(mesons, LINE, LAYERS, words(POINTS[:, 0]), BARE)
        back = source.sample(POINTS, PI_PLUS, UNIFORM)
        found[angle] = back.yield_ / at.yield_
        out = back.weight > 0.0
        assert not Surfaces.of(LINE.apertures).inside_wall(back.x[out]).any()
        assert (back.momentum[out] < 1500.0).all()
        assert back.energy[out] == pytest.approx(np.hypot(back.momentum[out], mass(PI_PLUS)), rel=1e-9)
        inward = np.einsum("ij,ij->i", back.x[out, 1:3], back.p[out, 1:3])
        assert (inward < 0.0).all()
    sigma = cross_sections(PI_PLUS, np.array([1500.0]), "Al")
    most = float(((sigma.quasi_elastic + sigma.elastic) / (sigma.inelastic + sigma.elastic))[0])
    assert 0.5 * most > found[0.05] > 1.5 * found[0.1] > 3.0 * found[0.5] > 0.0


def test_sources_name_their_species() -> None:
    assert WallScattered(Gun(1.0, 0.1, 8.0), LINE, LAYERS).species == (PI_PLUS, PI_MINUS)
