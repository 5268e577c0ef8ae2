"""Pions of the second generation: a proton, neutron or pion made in the target interacts again and makes a pion.

One generation: the primary proton makes a hadron, that hadron interacts once and makes a pion. Hadrons of the
first vertex are the nucleons of a yield table and the pions of Sanford-Wang; what they make is drawn from the
yield tables of beryllium and aluminium (``yields.py``). The hadron is bent by the horn and removed by its
production cross section, inelastic minus quasi-elastic, in target, horn, air and in the walls around the
open region, out of which a pion has to come back (``walls.py``). It loses no energy and is not scattered.
Air is taken for beryllium, steel and concrete for aluminium, with cross sections scaled by the mass number.
The dump at the end makes nothing.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from darkhorn.beam.beamline import Beamline
from darkhorn.beam.layers import Layers
from darkhorn.beam.sanford_wang import SanfordWangSource, proton_vertices
from darkhorn.beam.transport import Status, Tracks, transport
from darkhorn.beam.walls import Surfaces, emerge
from darkhorn.beam.yields import NUCLEONS, PIONS, YieldTable, removal_cm2
from darkhorn.core.errors import RangeError, unknown_name
from darkhorn.core.importance import ImportanceGrid
from darkhorn.core.points import Axis, unit_points
from darkhorn.core.rays import Floats, Rays
from darkhorn.core.species import PI_MINUS, PI_PLUS, PROTON, charge, mass
from darkhorn.core.units import AVOGADRO, CM, CM2_IN_M2, GEV
from darkhorn.physics.fourvector import rotate
from darkhorn.physics.passage import (
    AIR_OVER_BE,
    interaction_length,
    proton_production_cm2,
    truncated_exponential,
)
from darkhorn.physics.stopping import WALLS, Wall

Strings = NDArray[np.str_]

SLOWEST: Final = 1.0 * GEV
"""Nucleons of the first vertex below this momentum in MeV/c are not followed: they make next to no pions."""
_THETA_MAX: Final = np.pi / 2
_TOLERANCE: Final = 1.0e-6
"""Precision of the optical depth at which a hadron interacts."""
_STEPS: Final = 60
_FIRST: Final = [Axis.FIRST_MOMENTUM, Axis.FIRST_THETA, Axis.FIRST_PHI]
_PILOT_POINTS: Final = 2**12
_WALL_DEPTH: Final = 2.0
"""Path in m that a hadron goes in a wall at most: twelve interaction lengths of steel."""
NUCLEI: Final = {"Be": ("Be", 1.0), "Al": ("Al", 1.0), "air": ("Be", AIR_OVER_BE)}
"""Nuclei of the open region: the one whose table stands for it, and the factor on its cross section."""
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

    def __post_init__(self) -> None:
        """Refuse tables that do not belong together."""
        if self.hadron not in (*NUCLEONS, *PIONS):
            raise unknown_name("hadron that interacts again", str(self.hadron), map(str, (*NUCLEONS, *PIONS)))
        kinds = {nucleus for nucleus, _ in NUCLEI.values()}
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
        at, place = self.interact(hadrons, points[:, Axis.FIRST_DEPTH])
        p_in = hadrons.momentum
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
        makers = {material.name: NUCLEI[material.nucleus][0] for material in self.beamline.materials}
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
            Nucleons above :data:`SLOWEST`; pions of every momentum.
        """
        if self.hadron in PIONS:
            moved = points.copy()
            moved[:, [Axis.MOMENTUM, Axis.THETA, Axis.PHI]] = points[:, _FIRST]
            return SanfordWangSource(self.beamline).sample(moved, self.hadron, self._first_grid)
        beam, rod = self.beamline.beam, self.beamline.target
        mean_path = float(interaction_length(proton_production_cm2(beam.momentum, rod.material), rod.number_density))
        vertex, proton, weight = proton_vertices(points, beam, rod, mean_path)
        u, v = points[:, Axis.FIRST_MOMENTUM], points[:, Axis.FIRST_THETA]
        p, theta, multiplicity = self.first.draw(self.hadron, u, v, SLOWEST)
        direction = rotate(proton, np.cos(theta), 2.0 * np.pi * points[:, Axis.FIRST_PHI])
        momentum = np.column_stack([np.hypot(p, mass(self.hadron)), p[:, None] * direction])
        return Rays.make(self.hadron, vertex, momentum, weight * multiplicity / len(points))

    @cached_property
    def _first_grid(self) -> ImportanceGrid:
        """Where in (momentum, angle) Sanford-Wang has its pions, from a pilot run."""
        points = unit_points(_PILOT_POINTS, seed=0)
        pilot = SanfordWangSource(self.beamline).sample(points, self.hadron, ImportanceGrid.uniform())
        return ImportanceGrid.adapted(points[:, Axis.MOMENTUM], points[:, Axis.THETA], pilot.weight)

    def interact(self, hadrons: Rays, u: Floats) -> tuple[Rays, Strings]:
        """Return hadrons where they interact again, and the name of the material there.

        Parameters
        ----------
        hadrons : Rays
            Where they were made, (N,).
        u : (N,) float
            Uniform in (0, 1): places the interaction by its optical depth.

        Returns
        -------
        Rays
            N hadrons; the weight took up the probability to interact.
        (N,) str
            Name of the material; empty where the hadron meets none.
        """
        surfaces = Surfaces.of(self.beamline.apertures)
        rate = self._rates(hadrons.momentum)
        whole = self._follow(hadrons, np.full(len(hadrons), np.inf))
        open_depth = np.einsum("ij,ij->i", rate, whole.path_in)
        hit = np.where(whole.status == Status.HIT_WALL, surfaces.aperture(whole.x[:, 3] + _TOLERANCE), -1)
        behind = np.array((*surfaces.materials, ""))[hit]
        wall_rate = np.zeros(len(hadrons))
        for name, wall in WALLS.items():
            wall_rate[behind == name] = self._wall_rate(hadrons.momentum[behind == name], wall)
        depth, probability = truncated_exponential(u, open_depth + _WALL_DEPTH * wall_rate, 1.0)
        late = depth > open_depth
        path = self._place(hadrons, rate, np.where(late, 0.0, depth), whole)
        end = self._follow(hadrons, path)
        x, p = np.where(late[:, None], whole.x, end.x), np.where(late[:, None], whole.p, end.p)
        beyond = np.where(late, depth - open_depth, 0.0) / np.where(late, wall_rate, 1.0)
        at = Rays.make(self.hadron, x, p, hadrons.weight * probability)
        x[:, 1:] += beyond[:, None] * at.direction
        place = np.where(late, behind, self.layers.medium_at(end.x[:, 3], np.hypot(end.x[:, 1], end.x[:, 2])))
        place[(probability <= 0.0) | (late & ~surfaces.inside_wall(x))] = ""
        return Rays(at.pdgid, x, at.p, at.weight, at.parent), place

    def _rates(self, p: Floats) -> Floats:
        """Return production interactions per metre in each material of the layers, shape (N, M)."""
        rate = np.zeros((len(p), len(self.layers.materials)))
        for material in self.beamline.materials:
            if material.name in self.layers.materials:
                nucleus, scale = NUCLEI[material.nucleus]
                sigma = scale * removal_cm2(self.hadron, p, nucleus)
                rate[:, self.layers.materials.index(material.name)] = material.number_density * CM2_IN_M2 * sigma
        return rate

    def _wall_rate(self, p: Floats, wall: Wall) -> Floats:
        """Return production interactions per metre in a wall, sigma(Al) (A/26.98)^0.75, shape (N,)."""
        sigma = removal_cm2(self.hadron, p, _WALL_NUCLEUS) * (wall.a / 26.98) ** 0.75
        per_m: Floats = sigma * CM2_IN_M2 * AVOGADRO * wall.density / wall.a / CM**3
        return per_m

    def _follow(self, hadrons: Rays, limit: Floats) -> Tracks:
        """Return the hadrons at the dump, at a wall, or after the path ``limit`` in m."""
        current = self.beamline.current
        return transport(self.layers, hadrons.x, hadrons.p, charge(self.hadron), current, path_limit=limit)

    def _place(self, hadrons: Rays, rate: Floats, depth: Floats, whole: Tracks) -> Floats:
        """Return the path in m after which the optical depth of each hadron is ``depth``.

        The depth grows piecewise linearly with the path, so regula falsi (Illinois) with the first guess that the
        hadron stays in the target ends after a few steps.
        """
        low, high = np.zeros(len(depth)), whole.path.copy()
        below, above = -depth, np.einsum("ij,ij->i", rate, whole.path_in) - depth
        in_rod = rate[:, self.layers.materials.index(self.beamline.target.material)]
        path = np.clip(depth / in_rod, 0.0, high)
        side = np.zeros(len(depth))
        todo = np.flatnonzero(above > 0.0)
        for _ in range(_STEPS):
            if not len(todo):
                break
            here = self._follow(hadrons[todo], path[todo])
            miss = np.einsum("ij,ij->i", rate[todo], here.path_in) - depth[todo]
            over, under = todo[miss > 0], todo[miss <= 0]
            high[over], above[over] = path[over], miss[miss > 0]
            low[under], below[under] = path[under], miss[miss <= 0]
            below[over] *= np.where(side[over] > 0, 0.5, 1.0)
            above[under] *= np.where(side[under] < 0, 0.5, 1.0)
            side[over], side[under] = 1.0, -1.0
            todo = todo[np.abs(miss) > _TOLERANCE]
            path[todo] = low[todo] - below[todo] * (high - low)[todo] / (above - below)[todo]
        return path
