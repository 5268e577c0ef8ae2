"""Re-interactions: where hadrons interact, how often, and that weights add up to multiplicities times probabilities."""

from dataclasses import replace

import numpy as np
import pytest

from darkhorn.beam.hadrons import SLOWEST, FirstNucleons, FirstPions
from darkhorn.beam.layers import compile_layers
from darkhorn.beam.passage_tables import cross_sections
from darkhorn.beam.reinteraction import Reinteraction, Tables, drawn
from darkhorn.beam.switches import Physics
from darkhorn.beam.transport import transport
from darkhorn.beam.walls import Surfaces, production_per_m
from darkhorn.beam.yields import PIONS, PRODUCTS, THETA_CELLS, X_CELLS, YieldTable
from darkhorn.core.errors import RangeError, UnknownNameError
from darkhorn.core.importance import ImportanceGrid
from darkhorn.core.points import Axis, unit_points
from darkhorn.core.rays import Floats, Rays
from darkhorn.core.species import NEUTRON, PI_MINUS, PI_PLUS, PROTON, charge, mass
from darkhorn.experiments.beams import load_beam
from darkhorn.physics.passage import proton_production_cm2
from darkhorn.physics.stopping import CONCRETE

LINE = load_beam("bnb", "neutrino")
LAYERS = compile_layers(LINE)
POINTS = unit_points(2**13, seed=11)
UNIFORM = ImportanceGrid.uniform()
WALLED = ("steel", "concrete")
BARE = Physics(
    energy_loss=False,
    multiple_scattering=False,
    meson_elastic="ignore",
    meson_quasi_elastic="ignore",
    proton_elastic="ignore",
    proton_quasi_elastic="ignore",
)
"""Straight lines but for the field, without loss."""


def table(projectile: int, nucleus: str) -> YieldTable:
    """One smooth table: harder and more forward than flat, the same at every momentum."""
    x, theta = np.arange(X_CELLS)[:, None], np.arange(THETA_CELLS)[None, :]
    shape = 100.0 * np.exp(-0.2 * x - 0.3 * theta) * (1.5 if nucleus == "Al" else 1.0)
    counts = {product: np.broadcast_to(shape, (2, X_CELLS, THETA_CELLS)).copy() for product in PRODUCTS}
    counts[PI_MINUS] *= 0.5
    return YieldTable(
        projectile, nucleus, np.array([900.0, 8888.89]), np.full(2, 2000.0), np.array([100.0, 20.0]), counts
    )


TABLES: Tables = {(hadron, nucleus): table(hadron, nucleus) for hadron in PRODUCTS for nucleus in ("Be", "Al")}


def source(
    hadron: int, current: float = 174e3, places: tuple[str, ...] | None = None, physics: Physics | None = None
) -> Reinteraction:
    line, physics = LINE.with_current(current), physics or Physics()
    first: FirstNucleons | FirstPions = (
        FirstPions(line, (hadron,), physics)
        if hadron in PIONS
        else FirstNucleons(line, TABLES[PROTON, "Be"], (hadron,), physics)
    )
    return Reinteraction(line, LAYERS, first, TABLES, places, physics)


def test_hadrons_of_the_first_vertex_are_the_multiplicity_times_the_interactions() -> None:
    """0.790 interactions per POT of straight protons, about 0.713 of those that scatter."""
    rod = LINE.target
    depth = rod.number_density * float(proton_production_cm2(8888.89, "Be")) * 1e-4 * (rod.z_end - rod.z_start)
    assert -np.expm1(-depth) == pytest.approx(0.790, abs=1e-3)
    _, _, number = table(PROTON, "Be").draw(NEUTRON, 8888.89, np.array([0.5]), np.array([0.5]), SLOWEST)
    multiplicity = float(number[0])
    straight = source(NEUTRON, physics=Physics(protons="straight")).hadrons(POINTS)
    assert straight.yield_ == pytest.approx(-np.expm1(-depth) * multiplicity, rel=5e-3)
    made = source(NEUTRON).hadrons(POINTS)
    assert made.yield_ == pytest.approx(0.713 * multiplicity, rel=0.03)
    assert straight.momentum.min() >= SLOWEST
    assert made.momentum.mean() < straight.momentum.mean()


def test_neutrons_interact_in_the_rod_as_often_as_their_chords_say() -> None:
    """Chords of a finite cylinder, written down here, instead of the transport through layers."""
    line, rod = source(NEUTRON, physics=BARE), LINE.target
    neutrons = line.hadrons(POINTS)
    x, n = neutrons.x[:, 1:3], neutrons.direction
    a, b, c = (n[:, :2] ** 2).sum(1), (x * n[:, :2]).sum(1), (x**2).sum(1) - rod.radius**2
    sideways = (-b + np.sqrt(b * b - a * c)) / a
    ends = (rod.z_end - neutrons.x[:, 3]) / n[:, 2]
    ends = np.where(ends > 0, ends, (rod.z_start - neutrons.x[:, 3]) / n[:, 2])
    cross = cross_sections(NEUTRON, neutrons.momentum, "Be")
    sigma = cross.inelastic - cross.quasi_elastic
    expected = neutrons.weight * -np.expm1(-np.minimum(sideways, ends) * rod.number_density * 1e-4 * sigma)
    at, place = line.interact(neutrons, POINTS)
    rod_only = (place == "Be") & (np.hypot(at.x[:, 1], at.x[:, 2]) < 1.001 * rod.radius)  # the cooling tube is Be too
    assert at.weight[rod_only].sum() == pytest.approx(expected.sum(), rel=0.015)


@pytest.mark.parametrize(("hadron", "slowest"), [(PROTON, 2100.0), (PI_PLUS, 700.0)])
def test_the_optical_depth_at_the_interaction_is_the_one_drawn(hadron: int, slowest: float) -> None:
    line, u = source(hadron, physics=BARE), POINTS[:, Axis.FIRST_DEPTH]
    hadrons = line.hadrons(POINTS)
    at, place = line.interact(hadrons, POINTS)
    inside = np.isin(place, ("Be", "Al", "fins", "air")) & (hadrons.momentum > slowest) & (hadrons.weight > 0.0)
    assert inside.sum() > 500
    path = (at.x[inside, 0] - hadrons.x[inside, 0]) * 0.299792458 * hadrons.beta[inside]
    start = hadrons[inside]
    back = transport(LAYERS, start.x, start.p, charge(hadron), 174e3, path_limit=path)
    rates = np.zeros((len(path), len(LAYERS.materials)))
    for material in LINE.materials:
        nucleus = "Al" if material.nucleus == "Al" else "Be"
        scale = (14.5 / 9.01) ** 0.75 if material.nucleus == "air" else 1.0
        cross = cross_sections(hadron, start.momentum, nucleus)
        sigma = scale * (cross.inelastic - cross.quasi_elastic)
        rates[:, LAYERS.materials.index(material.name)] = 1e-4 * material.number_density * sigma
    depth = (rates * back.path_in).sum(axis=1)
    probability = at.weight[inside] / start.weight
    miss = np.abs(-np.expm1(-depth) - u[inside] * probability)
    assert np.mean(miss < 1e-3) > 0.97  # the others graze a surface; tables are linear in log p


def test_scattering_and_loss_move_hadrons_and_keep_the_sum_nearly() -> None:
    """Protons thrown out of the rod miss some matter: fewer interact in it, and those that do are slower."""
    full = source(PROTON)
    bare = replace(full, physics=BARE)
    hadrons = full.hadrons(POINTS)
    (at, place), (bare_at, bare_place) = full.interact(hadrons, POINTS), bare.interact(hadrons, POINTS)
    ratio = at.weight[place == "Be"].sum() / bare_at.weight[bare_place == "Be"].sum()
    assert 0.8 < ratio < 0.995
    assert bare_at.momentum == pytest.approx(hadrons.momentum, rel=1e-9)
    assert (at.momentum <= hadrons.momentum * (1.0 + 1e-9)).all()


@pytest.mark.parametrize(
    ("hadron", "pion", "noise"), [(PROTON, PI_PLUS, 0.03), (NEUTRON, PI_MINUS, 0.03), (PI_MINUS, PI_PLUS, 0.06)]
)
def test_weights_add_up_to_multiplicities_times_probabilities(hadron: int, pion: int, noise: float) -> None:
    """Pions made in the open region: the sampled sum against the sum of multiplicities, hadron by hadron."""
    line = source(hadron)
    sampled, expected = [], []
    for seed in range(21, 25):
        points = unit_points(2**13, seed=seed)
        hadrons = line.hadrons(points)
        at, place = line.interact(hadrons, points)
        pions = line.sample(points, pion, UNIFORM)
        open_ = ~np.isin(place, (*WALLED, ""))
        sampled.append(pions.weight[open_].sum())
        kinds = {name: TABLES[hadron, name].multiplicity(pion, at.momentum[open_]) for name in ("Be", "Al")}
        chosen = np.where(place[open_] == "Al", kinds["Al"], kinds["Be"])
        expected.append((at.weight[open_] * chosen).sum())
    assert np.mean(sampled) == pytest.approx(np.mean(expected), rel=noise)


def test_an_importance_grid_moves_points_and_keeps_the_sum() -> None:
    cells = np.outer(np.linspace(1.0, 3.0, 8), np.linspace(2.0, 1.0, 8))
    sums = [
        np.mean([source(PROTON).sample(unit_points(2**14, seed=s), PI_PLUS, grid).yield_ for s in (31, 32)])
        for grid in (UNIFORM, ImportanceGrid(cells))
    ]
    assert sums[0] == pytest.approx(sums[1], rel=0.03)


def test_places_add_up_and_pions_are_slower_than_their_parents() -> None:
    whole = source(NEUTRON).sample(POINTS, PI_PLUS, UNIFORM)
    parts = [
        source(NEUTRON, places=(name,)).sample(POINTS, PI_PLUS, UNIFORM).weight
        for name in ("Be", "fins", "Al", "air", "steel", "concrete")
    ]
    assert np.sum(parts, axis=0) == pytest.approx(whole.weight, rel=1e-12)
    assert all(part.sum() > 0.0 for part in parts)
    assert (whole.momentum < source(NEUTRON).hadrons(POINTS).momentum).all()
    assert not Surfaces.of(LINE.apertures).inside_wall(whole.x[whole.weight > 0.0]).any()
    assert np.isfinite(whole.x).all()
    assert np.isfinite(whole.p).all()


def test_the_horn_bends_protons_but_not_neutrons() -> None:
    for hadron, same in ((NEUTRON, True), (PROTON, False)):
        on, off = (source(hadron, current).sample(POINTS, PI_PLUS, UNIFORM).x for current in (174e3, 0.0))
        assert bool(np.array_equal(on, off)) is same


def beams(species: int, momentum: float, depth: float) -> Reinteraction:
    """One hadron a point, ``depth`` m deep in the concrete of the decay pipe at 10 m, on its way to the axis."""

    def hadrons(points: Floats) -> Rays:
        x = [0.0, 0.9144 + depth, 0.0, 10.0]
        p = [np.hypot(momentum, mass(species)), -0.6 * momentum, 0.0, 0.8 * momentum]
        return Rays.make(species, np.tile(x, (len(points), 1)), np.tile(p, (len(points), 1)), 1.0 / len(points))

    return Reinteraction(LINE, LAYERS, hadrons, TABLES, physics=BARE)


@pytest.mark.parametrize("species", [NEUTRON, PROTON])
def test_hadrons_made_in_a_wall_interact_there_in_the_open_or_beyond(species: int) -> None:
    """0.3 m deep at 37 degrees: 0.5 m of concrete, 3.05 m of air, then the wall on the other side."""
    line = beams(species, 6000.0, 0.3)
    at, place = line.interact(line.hadrons(POINTS), POINTS)
    rate = float(production_per_m(species, np.array([6000.0]), CONCRETE)[0])
    assert 1.0 / rate == pytest.approx(0.56, abs=0.05)  # a production length of 120 g/cm2
    before = (at.x[:, 1] > 0.9) & (place == "concrete")
    assert at.weight[before].sum() == pytest.approx(-np.expm1(-0.5 * rate), rel=2e-3)
    path = np.hypot(at.x[before, 1] - 1.2144, at.x[before, 3] - 10.0)
    share = -np.expm1(-0.25 * rate) / -np.expm1(-0.5 * rate)
    assert np.mean(path < 0.25) == pytest.approx(share, abs=5e-3)
    air = (14.5 / 9.01) ** 0.75 * 1205.0 / 14.5 * 6.02214e23
    sigma = cross_sections(species, np.array([6000.0]), "Be")
    crossed = 3.048 * air * 1e-4 * (sigma.inelastic - sigma.quasi_elastic)[0]
    assert at.weight[place == "air"].sum() == pytest.approx(np.exp(-0.5 * rate) * crossed, rel=0.2)
    beyond = (at.x[:, 1] < -0.9) & (place == "concrete")
    last = np.exp(-0.5 * rate - crossed) * -np.expm1(-2.0 * rate)  # what is deeper than 2 m does not count
    assert at.weight[beyond].sum() == pytest.approx(last, rel=5e-3)


def test_hadrons_that_stay_in_the_wall_do_not_reach_the_open() -> None:
    """Protons of 1.2 GeV/c stop in 1 m of concrete; neutrons and fast protons come out."""
    for species, momentum, out in ((PROTON, 1200.0, False), (PROTON, 6000.0, True), (NEUTRON, 1200.0, True)):
        line = beams(species, momentum, 0.6)
        at, place = line.interact(line.hadrons(POINTS), POINTS)
        assert ((place != "concrete") & (place != "")).any() == out
        assert at.yield_ < 1.0


def test_mixtures_add_up_and_generations_have_their_own_numbers() -> None:
    first = source(PROTON)

    def mixed(points: Floats) -> Rays:
        made = first.hadrons(points)
        return Rays(np.where(np.arange(len(made)) % 2 == 0, PROTON, NEUTRON), made.x, made.p, made.weight, made.parent)

    whole, even = replace(first, hadrons=mixed), np.arange(len(POINTS)) % 2 == 0
    (at, place), (alone, alone_place) = (one.interact(one.hadrons(POINTS), POINTS) for one in (whole, first))
    assert np.array_equal(at.x[even], alone.x[even])
    assert (place[even] == alone_place[even]).all()
    assert not np.array_equal(at.x[~even], alone.x[~even])
    later, _ = replace(first, generation=2).interact(first.hadrons(POINTS), POINTS)
    assert later.yield_ == pytest.approx(alone.yield_, rel=0.02)
    assert not np.isclose(later.x[:, 3], alone.x[:, 3]).any()
    numbers = [drawn(POINTS, salt) for salt in (20, 21)]
    assert abs(np.corrcoef(*numbers)[0, 1]) < 0.05
    assert [number.mean() for number in numbers] == pytest.approx([0.5, 0.5], abs=0.02)


def test_wrong_tables_and_names_are_refused() -> None:
    first = source(PROTON)
    with pytest.raises(RangeError, match="yield tables of hadrons"):
        replace(first, tables={(321, "Be"): TABLES[PROTON, "Be"], (321, "Al"): TABLES[PROTON, "Al"]})
    with pytest.raises(RangeError, match="yield tables"):
        replace(first, tables={(NEUTRON, nucleus): TABLES[PROTON, nucleus] for nucleus in ("Be", "Al")})
    with pytest.raises(RangeError, match="yield tables"):
        replace(first, tables={(PROTON, "Be"): TABLES[PROTON, "Be"]})
    with pytest.raises(UnknownNameError, match="place of a re-interaction 'stele'"):
        replace(first, places=("stele",))
    with pytest.raises(UnknownNameError, match="species of the re-interaction source '321'"):
        first.sample(POINTS[:8], 321, UNIFORM)
    few = replace(first, tables={(NEUTRON, nucleus): TABLES[NEUTRON, nucleus] for nucleus in ("Be", "Al")})
    with pytest.raises(UnknownNameError, match="hadron that interacts again '2212'"):
        few.sample(POINTS[:8], PI_PLUS, UNIFORM)
