"""Hadrons that interact again: numbers per POT, momenta and angles against the tables that they are drawn from."""

from dataclasses import replace

import numpy as np
import pytest

from darkhorn.beam.hadrons import SLOWEST, FirstNucleons, FirstPions, Products
from darkhorn.beam.layers import compile_layers
from darkhorn.beam.reinteraction import Reinteraction
from darkhorn.beam.sanford_wang import SanfordWangSource
from darkhorn.beam.switches import Physics
from darkhorn.beam.yields import NUCLEONS, PIONS, PRODUCTS
from darkhorn.core.importance import ImportanceGrid
from darkhorn.core.points import unit_points
from darkhorn.core.rays import Floats, Rays
from darkhorn.core.species import NEUTRON, PI_MINUS, PI_PLUS, PROTON, mass
from darkhorn.experiments.beams import load_beam
from darkhorn.experiments.yields import load_yields

LINE = load_beam("bnb", "neutrino")
LAYERS = compile_layers(LINE)
POINTS = unit_points(2**13, seed=17)
STRAIGHT = Physics(protons="straight")
TABLES = {(hadron, nucleus): load_yields(hadron, nucleus) for hadron in PRODUCTS for nucleus in ("Be", "Al")}


def test_first_nucleons_are_the_table_times_the_interactions() -> None:
    """0.790 interactions per POT of straight protons; the species share the points."""
    both = FirstNucleons(LINE, TABLES[PROTON, "Be"], physics=STRAIGHT)(POINTS)
    table = TABLES[PROTON, "Be"]
    for nucleon in NUCLEONS:
        alone = FirstNucleons(LINE, table, (nucleon,), STRAIGHT)(POINTS)
        fast = table.counts[nucleon][-1] / table.interactions[-1]
        assert both.weight[both.pdgid == nucleon].sum() == pytest.approx(alone.yield_, rel=0.04)
        assert alone.yield_ < 0.790 * fast.sum()
        assert alone.momentum.min() >= SLOWEST
        low, high = (8888.89 * cell**2 / 256.0 for cell in (6, 10))  # edges of cells above the slowest
        part = (alone.momentum > low) & (alone.momentum < high)
        assert alone.weight[part].sum() == pytest.approx(0.790 * fast[6:10].sum(), rel=0.02)
    assert both.energy == pytest.approx(np.hypot(both.momentum, mass(PROTON)), rel=2e-3)


def test_first_pions_are_those_of_sanford_wang() -> None:
    """Straight protons: 0.790 x 0.894 pi+ and 0.790 x 0.813 pi- per POT."""
    pions = FirstPions(LINE, physics=STRAIGHT)(POINTS)
    for pion, multiplicity in ((PI_PLUS, 0.894), (PI_MINUS, 0.813)):
        chosen = pions[pions.pdgid == pion]
        assert chosen.yield_ == pytest.approx(0.790 * multiplicity, rel=0.04)
        plain = SanfordWangSource(LINE, physics=STRAIGHT).sample(POINTS, pion, ImportanceGrid.uniform())
        means = [rays.weight @ rays.momentum / rays.yield_ for rays in (chosen, plain)]
        assert means[0] == pytest.approx(means[1], rel=0.05)
    alone = FirstPions(LINE, (PI_PLUS,), STRAIGHT)(POINTS)
    assert (alone.pdgid == PI_PLUS).all()
    assert alone.yield_ == pytest.approx(0.790 * 0.894, rel=0.02)


def block(species: int, momentum: float, products: tuple[int, ...] = PRODUCTS) -> Products:
    """Hadrons in the rod along its axis: everything that they make is beryllium's."""

    def hadrons(points: Floats) -> Rays:
        p = [np.hypot(momentum, mass(species)), 0.0, 0.0, momentum]
        x = [0.0, 1e-4, 0.0, 0.04]
        return Rays.make(species, np.tile(x, (len(points), 1)), np.tile(p, (len(points), 1)), 1.0 / len(points))

    bare = Physics(
        energy_loss=False,
        multiple_scattering=False,
        proton_elastic="ignore",
        proton_quasi_elastic="ignore",
        meson_elastic="ignore",
        meson_quasi_elastic="ignore",
    )
    return Products(Reinteraction(LINE, LAYERS, hadrons, TABLES, ("Be",), bare), products)


@pytest.mark.parametrize(("species", "momentum"), [(NEUTRON, 8000.0), (PROTON, 3500.0), (PI_MINUS, 5000.0)])
def test_products_are_the_multiplicity_above_the_lowest_rung(species: int, momentum: float) -> None:
    """Sums over species against the tables, by an integral of the density over momentum and angle."""
    source = block(species, momentum)
    at, place = source.previous.interact(source.previous.hadrons(POINTS), POINTS)
    number, made = at.weight[place == "Be"].sum(), source(POINTS)
    x = (np.arange(1601) / 1600) ** 2
    theta = 0.5 * np.pi * (np.arange(141) / 140) ** 2
    p, angle = 0.5 * (x[1:] + x[:-1]) * momentum, 0.5 * (theta[1:] + theta[:-1])
    cell = np.outer(np.diff(x) * momentum, -2.0 * np.pi * np.diff(np.cos(theta)))
    for product in PRODUCTS:
        lowest = 1000.0 if product in NUCLEONS else 600.0
        density = TABLES[species, "Be"].density(product, momentum, p[:, None], angle[None, :])
        expected = (density * cell)[p > lowest].sum()
        mean_p = (density * cell * p[:, None])[p > lowest].sum() / expected
        chosen = made[made.pdgid == product]
        assert chosen.yield_ / number == pytest.approx(expected, rel=0.08)
        assert chosen.weight @ chosen.momentum / chosen.yield_ == pytest.approx(mean_p, rel=0.03)
        assert chosen.momentum[chosen.weight > 0.0].min() >= lowest * (1.0 - 1e-9)
        mean_angle = (density * cell * angle[None, :])[p > lowest].sum() / expected
        assert chosen.weight @ chosen.theta / chosen.yield_ == pytest.approx(mean_angle, rel=0.05)


def test_products_start_where_the_hadron_interacted_and_may_be_of_some_species_only() -> None:
    source = block(PROTON, 6000.0, NUCLEONS)
    at, _ = source.previous.interact(source.previous.hadrons(POINTS), POINTS)
    made = source(POINTS)
    assert np.array_equal(made.x, at.x)
    assert set(made.pdgid.tolist()) == set(NUCLEONS)
    every = block(PROTON, 6000.0)(POINTS)
    nucleons = every.weight[np.isin(every.pdgid, NUCLEONS)].sum()
    assert made.yield_ == pytest.approx(nucleons, rel=0.05)
    assert (every.momentum[every.weight > 0.0] < 6000.0).all()
    assert np.isin(every.pdgid, PIONS).any()
    slow = block(PROTON, 900.0)(POINTS)
    assert slow.yield_ == 0.0
    assert np.isfinite(slow.p).all()


def test_later_generations_use_other_numbers() -> None:
    """The same hadrons, taken for those of the second generation, make other products in the same number."""
    one = block(PROTON, 6000.0)
    other = Products(replace(one.previous, generation=2))
    first, second = one(POINTS), other(POINTS)
    assert first.yield_ == pytest.approx(second.yield_, rel=0.05)
    assert not np.array_equal(first.pdgid, second.pdgid)
