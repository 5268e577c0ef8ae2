"""Mesons that hit a wall: those that decay inside it in flight, and those that scatter in it and come back out.

Elsewhere in the program a wall is the end of a meson. Here it is endless matter (``walls.py``) in which a meson goes
straight, loses energy and is absorbed. It may decay before that; or its first collision may be elastic or
quasi-elastic (cross sections and |t| spectra as in the open region), after which it goes straight in its new direction,
out of the wall where that leads there. A grazing pion needs a small angle only.
"""

from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from darkhorn.beam.beamline import Beamline
from darkhorn.beam.follow import follow
from darkhorn.beam.layers import Layers
from darkhorn.beam.passage_tables import cross_sections, passage_tables
from darkhorn.beam.reinteraction import Strings
from darkhorn.beam.source import Source
from darkhorn.beam.switches import Physics
from darkhorn.beam.transport import Status
from darkhorn.beam.walls import WALL_NUCLEUS, Surfaces, atoms_per_cm2_m, emerge, production_per_m, slowed
from darkhorn.beam.yields import PIONS
from darkhorn.core.importance import ImportanceGrid
from darkhorn.core.points import Axis, words
from darkhorn.core.rays import Floats, Rays
from darkhorn.core.species import NEUTRON, PROTON, charge, lifetime, mass
from darkhorn.core.units import C
from darkhorn.physics.collisions import after_collision, largest_transfer
from darkhorn.physics.fourvector import rotate
from darkhorn.physics.hadron_scattering import elastic_shape, pion_slope
from darkhorn.physics.passage import truncated_exponential
from darkhorn.physics.stopping import WALLS, Wall

_STEP: Final = 1.0e-6
"""A meson on a plane between two apertures (within this, m) hits the one behind."""
_DUMP: Final = "steel"
_DECAY_SALT: Final = 2
_SCATTER_SALT: Final = 6


def at_walls(
    mesons: Rays, beamline: Beamline, layers: Layers, seeds: NDArray[np.uint64], physics: Physics | None = None
) -> tuple[Rays, Strings]:
    """Return mesons where they hit a wall or the dump, and the name of its material.

    Parameters
    ----------
    mesons : Rays
        At production, all of one species, (N,).
    beamline, layers
        The geometry, and the same compiled for the kernel.
    seeds : (N,) uint64
        Random words of the histories.
    physics : Physics, optional
        What is switched on; by default everything.

    Returns
    -------
    Rays
        N mesons; the weight took up the probability to get there, neither decayed nor absorbed: zero for those that
        stop on the way.
    (N,) str
        ``steel``, ``concrete``; empty for those that stop.
    """
    species, surfaces = int(mesons.pdgid[0]), Surfaces.of(beamline.apertures)
    passage = passage_tables(species, layers.materials, beamline, physics)
    end = follow(layers, mesons.x, mesons.p, passage, beamline.current, words=seeds)
    names = np.array((*surfaces.materials, _DUMP))[surfaces.aperture(end.x[:, 3] + _STEP)]
    hit = np.isin(end.status, (Status.HIT_WALL, Status.REACHED_END))
    weight = np.where(hit, mesons.weight * np.exp(-end.depth - end.clock / lifetime(species)), 0.0)
    return Rays(mesons.pdgid, end.x, end.p, weight, mesons.parent), np.where(hit, names, "")


@dataclass(frozen=True, eq=False)
class WallDecays:
    """Decaying mesons of one species inside walls and dump.

    Attributes
    ----------
    source : Source
        Mesons at production.
    beamline : Beamline
        What they pass.
    species : int
        PDG number.
    grid : ImportanceGrid
        Where in (p, theta) to spend the points.
    layers : Layers
        The beam line as the transport kernel sees it.
    physics : Physics
        What is switched on.
    """

    source: Source
    beamline: Beamline
    species: int
    grid: ImportanceGrid
    layers: Layers
    physics: Physics = field(default_factory=Physics)

    def sample(self, points: Floats, threads: int = 1) -> Rays:
        """Return one decaying meson a point; the weights sum to the decays in flight per POT inside walls and dump.

        Along the path s in the wall the decays per m are m/(p(s) c tau) exp(-s/L), with the length L of production
        interactions at the surface.

        Parameters
        ----------
        points : (N, len(Axis)) float
            Points of the unit cube; ``DECAY`` places the decay and decides how the meson scatters before.
        threads : int
            Not used.
        """
        u, m = points[:, Axis.DECAY], mass(self.species)
        mesons = self.source.sample(points, self.species, self.grid)
        at, names = at_walls(mesons, self.beamline, self.layers, words(u, _DECAY_SALT), self.physics)
        x, p, weight, entry = at.x.copy(), at.p.copy(), np.zeros(len(at)), at.momentum
        for name, wall in WALLS.items():
            here = np.flatnonzero((names == name) & (at.weight > 0.0))
            rate = production_per_m(self.species, entry[here], wall)
            path = -np.log1p(-u[here]) / rate
            kinetic = at.energy[here] - m
            if charge(self.species) != 0.0:
                kinetic = slowed(kinetic, path, m, wall)
            moving = kinetic > 0.0
            here, rate, path, kinetic = here[moving], rate[moving], path[moving], kinetic[moving]
            momentum = np.sqrt(kinetic * (kinetic + 2.0 * m))
            weight[here] = at.weight[here] * m / (momentum * C * lifetime(self.species)) / rate
            x[here, 1:] += path[:, None] * at.direction[here]
            p[here] = np.column_stack([kinetic + m, momentum[:, None] * at.direction[here]])
        return Rays.make(self.species, x, p, weight, np.arange(len(weight)))


@dataclass(frozen=True, eq=False)
class WallScattered:
    """Charged pions that scattered in a wall and came back out: a source of mesons like the primary one.

    Attributes
    ----------
    source : Source
        Mesons at production.
    beamline : Beamline
        What they pass.
    layers : Layers
        The beam line as the transport kernel sees it.
    physics : Physics
        What is switched on.

    Notes
    -----
    One collision a pion, the first one; Coulomb scattering in the wall is left out.
    """

    source: Source
    beamline: Beamline
    layers: Layers
    physics: Physics = field(default_factory=Physics)

    @property
    def species(self) -> tuple[int, ...]:
        """PDG numbers that the source makes."""
        return PIONS

    def sample(self, points: Floats, species: int, grid: ImportanceGrid) -> Rays:
        """Return one pion a point just inside the open region; the weights sum to the number per POT.

        Parameters
        ----------
        points : (N, len(Axis)) float
            Points of the unit cube; the axes ``FIRST_*`` decide about the collision.
        species : int
            PDG number of a charged pion.
        grid : ImportanceGrid
            That of the source.
        """
        mesons = self.source.sample(points, species, grid)
        seeds = words(points[:, Axis.SCATTER], _SCATTER_SALT)
        at, names = at_walls(mesons, self.beamline, self.layers, seeds, self.physics)
        x, p, weight = at.x.copy(), at.p.copy(), np.zeros(len(at))
        for name, wall in WALLS.items():
            here = (names == name) & (at.weight > 0.0)
            if here.any():
                made = _collided(at[here], wall, points[here])
                x[here], p[here], weight[here] = made.x, made.p, made.weight
        surfaces = Surfaces.of(self.beamline.apertures)
        inside = surfaces.inside_wall(x) & (weight > 0.0)
        weight[~inside] = 0.0
        found = Rays.make(species, x, p, weight, np.arange(len(weight)))
        if inside.any():
            out = emerge(found[inside], surfaces)
            found.x[inside], found.p[inside], found.weight[inside] = out.x, out.p, out.weight
        return found


def _collided(pions: Rays, wall: Wall, points: Floats) -> Rays:
    """Return pions behind their first collision in a wall, weighted with the probability that it is a scattering."""
    species, m, entry = int(pions.pdgid[0]), mass(int(pions.pdgid[0])), pions.momentum
    sigma = cross_sections(species, entry, WALL_NUCLEUS)
    scale = atoms_per_cm2_m(wall)
    path = -np.log1p(-points[:, Axis.FIRST_DEPTH]) / (scale * (sigma.inelastic + sigma.elastic))
    kinetic = slowed(pions.energy - m, path, m, wall)
    moving = kinetic > 0.0
    momentum = np.where(moving, np.sqrt(kinetic * (kinetic + 2.0 * m)), 1.0)
    scattered = sigma.quasi_elastic + sigma.elastic
    share, kind = sigma.quasi_elastic / scattered, points[:, Axis.FIRST_THETA]
    elastic, shape = kind >= share, elastic_shape(wall.a)
    steep = (kind - share) < shape.share * (1.0 - share)
    slope = np.where(elastic, np.where(steep, shape.steep, shape.flat), pion_slope(momentum))
    target = np.where(elastic, 931.494 * wall.a, 0.5 * (mass(PROTON) + mass(NEUTRON)))
    largest = largest_transfer(momentum, m, target)
    t, _ = truncated_exponential(points[:, Axis.FIRST_MOMENTUM], largest, 1.0 / slope)
    after, cosine = after_collision(momentum, np.minimum(t, largest), m, target)
    moving &= after > 0.0
    x = pions.x.copy()
    x[:, 1:] += path[:, None] * pions.direction
    direction = rotate(pions.direction, cosine, 2.0 * np.pi * points[:, Axis.FIRST_PHI])
    p = np.column_stack([np.hypot(after, m), after[:, None] * direction])
    weight = np.where(moving, pions.weight * scattered / (sigma.inelastic + sigma.elastic), 0.0)
    return Rays(pions.pdgid, x, np.where(moving[:, None], p, pions.p), weight, pions.parent)
