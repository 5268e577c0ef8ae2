"""Pions of the second generation: a proton, neutron or pion made in the target interacts again and makes a pion.

One generation: the primary proton makes a hadron, that hadron interacts once and makes a pion. Hadrons of the
first vertex are the nucleons of a yield table and the pions of Sanford-Wang; what they make is drawn from the
yield tables of beryllium and aluminium (``yields.py``). The hadron is bent by the horn and removed by its
production cross section, inelastic minus quasi-elastic, in target, horn, air and in the walls around the
open region, out of which a pion has to come back (``walls.py``). On its way it loses energy and is scattered
(``follow.py``); inside a wall it goes straight.
Air is taken for beryllium, steel and concrete for aluminium, with cross sections scaled by the mass number.
The dump at the end makes nothing.
"""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from darkhorn.beam.beamline import Beamline
from darkhorn.beam.follow import follow
from darkhorn.beam.layers import Layers
from darkhorn.beam.passage_tables import cross_sections, passage_tables
from darkhorn.beam.sanford_wang import SanfordWangSource, production_vertices
from darkhorn.beam.switches import Physics
from darkhorn.beam.transport import Status
from darkhorn.beam.walls import Surfaces, emerge
from darkhorn.beam.yields import NUCLEONS, PIONS, YieldTable
from darkhorn.core.errors import RangeError, unknown_name
from darkhorn.core.importance import ImportanceGrid
from darkhorn.core.points import Axis, unit_points, words
from darkhorn.core.rays import Floats, Rays
from darkhorn.core.species import PI_MINUS, PI_PLUS, PROTON, mass
from darkhorn.core.units import AVOGADRO, CM, CM2_IN_M2, GEV
from darkhorn.physics.fourvector import rotate
from darkhorn.physics.passage import truncated_exponential
from darkhorn.physics.stopping import WALLS, Wall

Strings = NDArray[np.str_]

SLOWEST: Final = 1.0 * GEV
"""Nucleons of the first vertex below this momentum in MeV/c are not followed: they make next to no pions."""
_THETA_MAX: Final = np.pi / 2
_STEP: Final = 1.0e-6
"""A hadron on a plane between two apertures (within this, m) hits the one behind."""
_SALT: Final = 4
"""Keeps the scattering of the hadron apart from that of the proton and of the pion."""
_FIRST: Final = [Axis.FIRST_MOMENTUM, Axis.FIRST_THETA, Axis.FIRST_PHI]
_PILOT_POINTS: Final = 2**12
_WALL_DEPTH: Final = 2.0
"""Path in m that a hadron goes in a wall at most: twelve interaction lengths of steel."""
NUCLEI: Final = {"Be": "Be", "Al": "Al", "air": "Be"}
"""Nuclei of the open region, and the one whose table stands for each."""
_WALL_NUCLEUS: Final = "Al"


@dataclass(frozen=True, eq=False)
class Reinteraction:
    """Pions from one kind of hadron that interacts again; a source of mesons like the primary one.

    Attributes
    ----------
    beamline : Beamline
        Proton beam, target and horn.
    layers : Layers
        The same, compiled for transport.
    hadron : int
        PDG number of what interacts again: p, n, pi+ or pi-.
    first : YieldTable
        Protons of the beam on the target: where nucleons come from.
    again : dict of str to YieldTable
        The hadron on ``Be`` and on ``Al``.
    places : tuple of str, optional
        Materials (of the beam line or of its walls) in which pions are made; all by default. The hadron is removed in
        the others too.
    physics : Physics
        What is switched on as protons and the hadron cross matter; by default everything.

    Raises
    ------
    UnknownNameError
        For another hadron.
    RangeError
        For tables of another projectile or nucleus.
    """

    beamline: Beamline
    layers: Layers
    hadron: int
    first: YieldTable
    again: dict[str, YieldTable]
    places: tuple[str, ...] | None = None
    physics: Physics = field(default_factory=Physics)

    def __post_init__(self) -> None:
        """Refuse tables that do not belong together."""
        if self.hadron not in (*NUCLEONS, *PIONS):
            raise unknown_name("hadron that interacts again", str(self.hadron), map(str, (*NUCLEONS, *PIONS)))
        kinds = set(NUCLEI.values())
        wrong = [name for name, table in self.again.items() if (table.projectile, table.nucleus) != (self.hadron, name)]
        if wrong or kinds - set(self.again) or (self.first.projectile, self.first.nucleus) != (PROTON, "Be"):
            raise RangeError(
                f"yield tables of the re-interaction of {self.hadron}: allowed: protons on Be first, then "
                f"{self.hadron} on each of {', '.join(sorted(kinds))}"
            )
        known = [*(material.name for material in self.beamline.materials), *WALLS]
        for place in self.places or ():
            if place not in known:
                raise unknown_name("place of a re-interaction", place, known)

    @property
    def species(self) -> tuple[int, ...]:
        """PDG numbers that the source makes."""
        return PI_PLUS, PI_MINUS

    def sample(self, points: Floats, species: int, grid: ImportanceGrid) -> Rays:
        """Return one pion a point at production; the weights sum to the yield per POT.

        Parameters
        ----------
        points : (N, len(Axis)) float
            Points of the unit cube; the axes ``FIRST_*`` decide about the hadron, ``MOMENTUM``, ``THETA`` and
            ``PHI`` about the pion.
        species : int
            PDG number, one of :attr:`species`.
        grid : ImportanceGrid
            Density in (sqrt(p/p_hadron), sqrt(theta/(pi/2))), in which the cells of the tables are regular.

        Returns
        -------
        Rays
            N pions; ``parent`` is the row of the hadron.

        Raises
        ------
        UnknownNameError
            For another species.
        """
        if species not in self.species:
            raise unknown_name("species of the re-interaction source", str(species), map(str, self.species))
        hadrons = self.hadrons(points)
        at, place = self.interact(hadrons, points)
        p_in = at.momentum
        a, b, jacobian = grid.map(points[:, Axis.MOMENTUM], points[:, Axis.THETA])
        p, theta = p_in * a**2, _THETA_MAX * b**2
        density = np.zeros(len(p))
        for name, nucleus in self._makers().items():
            here = place == name
            density[here] = self.again[nucleus].density(species, p_in[here], p[here], theta[here])
        measure = p_in * 2.0 * a * 2.0 * b * _THETA_MAX * np.sin(theta) * 2.0 * np.pi * jacobian
        direction = rotate(at.direction, np.cos(theta), 2.0 * np.pi * points[:, Axis.PHI])
        momentum = np.column_stack([np.hypot(p, mass(species)), p[:, None] * direction])
        pions = Rays.make(species, at.x, momentum, at.weight * density * measure, np.arange(len(p)))
        walled = np.isin(place, tuple(WALLS))
        if not walled.any():
            return pions
        out = emerge(pions[walled], Surfaces.of(self.beamline.apertures), mass(species))
        x, p4, weight = pions.x.copy(), pions.p.copy(), pions.weight.copy()
        x[walled], p4[walled], weight[walled] = out.x, out.p, out.weight
        return Rays(pions.pdgid, x, p4, weight, pions.parent)

    def _makers(self) -> dict[str, str]:
        """Return the nucleus whose table serves for each material that makes pions."""
        makers = {material.name: NUCLEI[material.nucleus] for material in self.beamline.materials}
        makers |= dict.fromkeys(WALLS, _WALL_NUCLEUS)
        return {name: nucleus for name, nucleus in makers.items() if self.places is None or name in self.places}

    def hadrons(self, points: Floats) -> Rays:
        """Return one hadron a point where the primary proton made it; weights sum to the yield per POT.

        Parameters
        ----------
        points : (N, len(Axis)) float
            Points of the unit cube.

        Returns
        -------
        Rays
            Nucleons above :data:`SLOWEST` (scaled with the proton's momentum at the vertex); pions of every momentum.
        """
        if self.hadron in PIONS:
            moved = points.copy()
            moved[:, [Axis.MOMENTUM, Axis.THETA, Axis.PHI]] = points[:, _FIRST]
            return SanfordWangSource(self.beamline, physics=self.physics).sample(moved, self.hadron, self._first_grid)
        vertex, proton, p_beam, weight = production_vertices(self.beamline, physics=self.physics)(points)
        u, v = points[:, Axis.FIRST_MOMENTUM], points[:, Axis.FIRST_THETA]
        p, theta, multiplicity = self.first.draw(self.hadron, u, v, SLOWEST)
        p = p * p_beam / self.first.momenta[-1]
        direction = rotate(proton, np.cos(theta), 2.0 * np.pi * points[:, Axis.FIRST_PHI])
        momentum = np.column_stack([np.hypot(p, mass(self.hadron)), p[:, None] * direction])
        return Rays.make(self.hadron, vertex, momentum, weight * multiplicity / len(points))

    @cached_property
    def _first_grid(self) -> ImportanceGrid:
        """Where in (momentum, angle) Sanford-Wang has its pions, from a pilot run."""
        points = unit_points(_PILOT_POINTS, seed=0)
        pilot = SanfordWangSource(self.beamline, physics=self.physics).sample(
            points, self.hadron, ImportanceGrid.uniform()
        )
        return ImportanceGrid.adapted(points[:, Axis.MOMENTUM], points[:, Axis.THETA], pilot.weight)

    def interact(self, hadrons: Rays, points: Floats) -> tuple[Rays, Strings]:
        """Return hadrons where they interact again, and the name of the material there.

        Parameters
        ----------
        hadrons : Rays
            Where they were made, (N,).
        points : (N, len(Axis)) float
            Points of the unit cube: ``FIRST_DEPTH`` places the interaction by its optical depth, ``SCATTER`` decides
            how the hadron scatters on the way.

        Returns
        -------
        Rays
            N hadrons; the weight took up the probability to interact.
        (N,) str
            Name of the material; empty where the hadron meets none.
        """
        surfaces, chosen = Surfaces.of(self.beamline.apertures), words(points[:, Axis.SCATTER], _SALT)
        passage = passage_tables(self.hadron, self.layers.materials, self.beamline, self.physics)
        start = (self.layers, hadrons.x, hadrons.p, passage, self.beamline.current)
        whole = follow(*start, words=chosen)
        hit = np.where(whole.status == Status.HIT_WALL, surfaces.aperture(whole.x[:, 3] + _STEP), -1)
        behind = np.array((*surfaces.materials, ""))[hit]
        momentum, wall_rate = np.sqrt((whole.p[:, 1:] ** 2).sum(axis=1)), np.zeros(len(hadrons))
        for name, wall in WALLS.items():
            wall_rate[behind == name] = self._wall_rate(momentum[behind == name], wall)
        total = whole.depth + _WALL_DEPTH * wall_rate
        depth, probability = truncated_exponential(points[:, Axis.FIRST_DEPTH], total, 1.0)
        late = depth > whole.depth
        end = follow(*start, words=chosen, depth_limit=np.where(late, 0.0, depth))
        x, p = np.where(late[:, None], whole.x, end.x), np.where(late[:, None], whole.p, end.p)
        beyond = np.where(late, depth - whole.depth, 0.0) / np.where(late, wall_rate, 1.0)
        at = Rays.make(self.hadron, x, p, hadrons.weight * probability)
        x[:, 1:] += beyond[:, None] * at.direction
        z = np.clip(end.x[:, 3], self.layers.z[0], self.layers.z[-1])
        place = np.where(late, behind, self.layers.medium_at(z, np.hypot(end.x[:, 1], end.x[:, 2])))
        place[(probability <= 0.0) | (late & ~surfaces.inside_wall(x))] = ""
        return Rays(at.pdgid, x, at.p, at.weight, at.parent), place

    def _wall_rate(self, p: Floats, wall: Wall) -> Floats:
        """Return production interactions per metre in a wall, sigma(Al) (A/26.98)^0.75, shape (N,)."""
        sigma = cross_sections(self.hadron, p, _WALL_NUCLEUS)
        removed = (sigma.inelastic - sigma.quasi_elastic) * (wall.a / 26.98) ** 0.75
        per_m: Floats = removed * CM2_IN_M2 * AVOGADRO * wall.density / wall.a / CM**3
        return per_m
