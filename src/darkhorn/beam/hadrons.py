"""Where hadrons that interact again come from: the proton's own interaction, or the one before.

Each source is a callable :data:`darkhorn.beam.reinteraction.Hadrons`. Nucleons of the first vertex come from a yield
table, pions of the first vertex from Sanford-Wang, later hadrons from the yield tables. One point makes one hadron of
one species, which a hash of the point chooses; the weight makes up for the others.
"""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

import numpy as np

from darkhorn.beam.beamline import Beamline
from darkhorn.beam.reinteraction import Reinteraction, drawn
from darkhorn.beam.sanford_wang import SanfordWangSource, production_vertices
from darkhorn.beam.switches import Physics
from darkhorn.beam.yields import NUCLEONS, PIONS, PRODUCTS, YieldTable
from darkhorn.core.importance import ImportanceGrid
from darkhorn.core.points import Axis, unit_points
from darkhorn.core.rays import Floats, Ints, Rays
from darkhorn.core.species import mass
from darkhorn.core.units import GEV
from darkhorn.physics.fourvector import rotate

SLOWEST: Final = 1.0 * GEV
"""Nucleons of the first vertex below this momentum in MeV/c are not followed: they make next to no pions."""
_FIRST: Final = [Axis.FIRST_MOMENTUM, Axis.FIRST_THETA, Axis.FIRST_PHI]
_PILOT_POINTS: Final = 2**12
_SPECIES_SALT: Final = 20
_PRODUCT_SALTS: Final = (21, 22, 23, 24)
"""Species, momentum, angle and azimuth of what a hadron makes; the next generation takes the next four."""


def _chosen(points: Floats, salt: int, among: tuple[int, ...]) -> Ints:
    """Return one of several PDG numbers a point, each as often, (N,)."""
    which = (drawn(points, salt) * len(among)).astype(np.int64)
    return np.asarray(among, dtype=np.int64)[which]


@dataclass(frozen=True, eq=False)
class FirstNucleons:
    """Nucleons that protons of the beam make in the target.

    Attributes
    ----------
    beamline : Beamline
        Proton beam and target.
    table : YieldTable
        Protons on beryllium.
    nucleons : tuple of int
        PDG numbers of those wanted.
    physics : Physics
        What protons do.
    """

    beamline: Beamline
    table: YieldTable
    nucleons: tuple[int, ...] = NUCLEONS
    physics: Physics = field(default_factory=Physics)

    def __call__(self, points: Floats) -> Rays:
        """Return one nucleon above :data:`SLOWEST` a point (N, len(Axis)); weights sum to the number per POT."""
        vertex, proton, p_beam, weight = production_vertices(self.beamline, physics=self.physics)(points)
        species = _chosen(points, _SPECIES_SALT, self.nucleons)
        p, theta, number = np.zeros(len(points)), np.zeros(len(points)), np.zeros(len(points))
        for nucleon in self.nucleons:
            rows = species == nucleon
            u, v = points[rows, Axis.FIRST_MOMENTUM], points[rows, Axis.FIRST_THETA]
            p[rows], theta[rows], number[rows] = self.table.draw(nucleon, p_beam[rows], u, v, SLOWEST)
        phi = 2.0 * np.pi * points[:, Axis.FIRST_PHI]
        share = weight * number * len(self.nucleons) / len(points)
        return _made(species, vertex, proton, (p, theta, phi), share)


@dataclass(frozen=True, eq=False)
class FirstPions:
    """Charged pions that protons of the beam make in the target.

    Attributes
    ----------
    beamline : Beamline
        Proton beam and target.
    pions : tuple of int
        PDG numbers of those wanted.
    physics : Physics
        What protons do.
    """

    beamline: Beamline
    pions: tuple[int, ...] = PIONS
    physics: Physics = field(default_factory=Physics)

    def __call__(self, points: Floats) -> Rays:
        """Return one pion of any momentum a point (N, len(Axis)); weights sum to the number per POT."""
        species = _chosen(points, _SPECIES_SALT, self.pions)
        source = SanfordWangSource(self.beamline, physics=self.physics)
        moved = points.copy()
        moved[:, [Axis.MOMENTUM, Axis.THETA, Axis.PHI]] = points[:, _FIRST]
        x, p, weight = np.zeros((len(points), 4)), np.zeros((len(points), 4)), np.zeros(len(points))
        for pion in self.pions:
            rows = species == pion
            if rows.any():
                made = source.sample(moved[rows], pion, self._grids[pion])
                x[rows], p[rows] = made.x, made.p
                weight[rows] = made.weight * rows.sum() / len(points) * len(self.pions)
        return Rays.make(species, x, p, weight)

    @cached_property
    def _grids(self) -> dict[int, ImportanceGrid]:
        """Where in (momentum, angle) Sanford-Wang has its pions, from a pilot run."""
        points, source = unit_points(_PILOT_POINTS, seed=0), SanfordWangSource(self.beamline, physics=self.physics)
        grids = {}
        for pion in self.pions:
            pilot = source.sample(points, pion, ImportanceGrid.uniform())
            grids[pion] = ImportanceGrid.adapted(points[:, Axis.MOMENTUM], points[:, Axis.THETA], pilot.weight)
        return grids


@dataclass(frozen=True, eq=False)
class Products:
    """Nucleons and charged pions that hadrons make when they interact: the next generation.

    Attributes
    ----------
    previous : Reinteraction
        The hadrons and what they meet.
    products : tuple of int
        PDG numbers of those wanted.
    """

    previous: Reinteraction
    products: tuple[int, ...] = PRODUCTS

    def __call__(self, points: Floats) -> Rays:
        """Return one hadron a point (N, len(Axis)), above the lowest rung of its own table.

        The weights sum to the number per POT. Hadrons made inside a wall start there.
        """
        before, n = self.previous, len(points)
        at, place = before.interact(before.hadrons(points), points)
        salts = [salt + len(_PRODUCT_SALTS) * (before.generation - 1) for salt in _PRODUCT_SALTS]
        species = _chosen(points, salts[0], self.products)
        u, v, phi = (drawn(points, salt) for salt in salts[1:])
        p, theta, number, p_in = np.full(n, GEV), np.zeros(n), np.zeros(n), at.momentum
        for table, rows in before.collisions(at, place):
            for product in self.products:
                here = rows & (species == product) & (at.weight > 0.0)
                slowest = before.tables[product, table.nucleus].momenta[0]
                p[here], theta[here], number[here] = table.draw(product, p_in[here], u[here], v[here], slowest)
        weight = at.weight * number * len(self.products)
        return _made(species, at.x, at.direction, (p, theta, 2.0 * np.pi * phi), weight)


def _made(species: Ints, x: Floats, axis: Floats, polar: tuple[Floats, Floats, Floats], weight: Floats) -> Rays:
    """Return hadrons of several species at x, with momentum, angle and azimuth around an axis (N, 3)."""
    p, theta, phi = polar
    m = np.zeros(len(p))
    for hadron in np.unique(species):
        m[species == hadron] = mass(int(hadron))
    direction = rotate(axis, np.cos(theta), phi)
    return Rays.make(species, x, np.column_stack([np.hypot(p, m), p[:, None] * direction]), weight)
