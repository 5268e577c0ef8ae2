"""Pions that a hadron makes on its way through target, horn, air and walls: a source of mesons like the primary one.

Where the hadrons come from is somebody else's business (``hadrons.py``, ``passing.py``): the source is given a callable
that turns points of the unit cube into hadrons. What they make is drawn from the yield tables of beryllium and
aluminium (``yields.py``). A hadron is bent by the horn and removed by its production cross section, inelastic minus
quasi-elastic, in target, horn, air and in the walls around the open region, out of which a pion has to come back
(``walls.py``). On its way it loses energy and is scattered (``follow.py``); inside a wall it goes straight.
Air is taken for beryllium, steel and concrete for aluminium, with cross sections scaled by the mass number.
The dump at the end makes nothing here.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from darkhorn.beam.beamline import Beamline
from darkhorn.beam.follow import Histories, follow
from darkhorn.beam.layers import Layers
from darkhorn.beam.passage_tables import passage_tables
from darkhorn.beam.switches import Physics
from darkhorn.beam.transport import Status
from darkhorn.beam.walls import WALL_NUCLEUS, Surfaces, emerge, production_per_m, surface
from darkhorn.beam.yields import NUCLEONS, PIONS, YieldTable
from darkhorn.core.errors import RangeError, unknown_name
from darkhorn.core.importance import ImportanceGrid
from darkhorn.core.points import Axis, words
from darkhorn.core.rays import Floats, Rays
from darkhorn.core.species import PI_MINUS, PI_PLUS, mass
from darkhorn.physics.fourvector import rotate
from darkhorn.physics.passage import truncated_exponential
from darkhorn.physics.stopping import WALLS

Strings = NDArray[np.str_]
Hadrons = Callable[[Floats], Rays]
"""Points (N, len(Axis)) of the unit cube -> N hadrons where they were made; weights sum to the number per POT."""
Tables = dict[tuple[int, str], YieldTable]
"""Yield tables by projectile and nucleus."""

_THETA_MAX: Final = np.pi / 2
_STEP: Final = 1.0e-6
"""A hadron on a plane between two apertures (within this, m) hits the one behind."""
_SALT: Final = 3
"""With the generation it keeps the scattering of a hadron apart from that of the proton and of the pion."""
_DEPTH_SALT: Final = 16
_WALL_DEPTH: Final = 2.0
"""Path in m that a hadron goes in a wall at most: twelve interaction lengths of steel."""
NUCLEI: Final = {"Be": "Be", "Al": "Al", "air": "Be"}
"""Nuclei of the open region, and the one whose table stands for each."""


def drawn(points: Floats, salt: int) -> Floats:
    """Return uniform numbers in (0, 1) that have no coordinate of their own: hashes of the points, (N,).

    Parameters
    ----------
    points : (N, len(Axis)) float
        Points of the unit cube.
    salt : int
        Which of several numbers; 20 and more are free for sources of hadrons.
    """
    bits = words(points[:, Axis.SCATTER], salt) >> np.uint64(12)
    uniform: Floats = (bits.astype(np.float64) + 0.5) * 2.0**-52
    return uniform


@dataclass(frozen=True, eq=False)
class Reinteraction:
    """Pions of hadrons that interact on their way.

    Attributes
    ----------
    beamline : Beamline
        Proton beam, target and horn.
    layers : Layers
        The same, compiled for transport.
    hadrons : callable
        Where the hadrons come from, :data:`Hadrons`: nucleons and charged pions, in any mixture.
    tables : dict of (int, str) to YieldTable
        What each of them makes on ``Be`` and on ``Al``.
    places : tuple of str, optional
        Materials (of the beam line or of its walls) in which pions are made; all by default. The hadron is removed in
        the others too.
    physics : Physics
        What is switched on as the hadron crosses matter; by default everything.
    generation : int
        1 for hadrons of the beam's own interactions, 2 for those that such a hadron made: it takes other random
        numbers.

    Raises
    ------
    UnknownNameError
        For a place that the beam line does not have.
    RangeError
        For tables under the name of another projectile or nucleus, or a nucleus that is missing.
    """

    beamline: Beamline
    layers: Layers
    hadrons: Hadrons
    tables: Tables
    places: tuple[str, ...] | None = None
    physics: Physics = field(default_factory=Physics)
    generation: int = 1

    def __post_init__(self) -> None:
        """Refuse tables that do not belong together."""
        known = {(hadron, nucleus) for hadron in (*NUCLEONS, *PIONS) for nucleus in NUCLEI.values()}
        named = {(table.projectile, table.nucleus) == name for name, table in self.tables.items()}
        projectiles = {hadron for hadron, _ in self.tables}
        whole = {(hadron, nucleus) for hadron in projectiles for nucleus in NUCLEI.values()}
        if named != {True} or set(self.tables) - known or whole - set(self.tables):
            raise RangeError(
                f"yield tables of hadrons that interact again: {sorted(self.tables)}; allowed: p, n, pi+ and pi- under "
                f"their own names, each on {' and '.join(sorted(set(NUCLEI.values())))}"
            )
        places = [*(material.name for material in self.beamline.materials), *WALLS]
        for place in self.places or ():
            if place not in places:
                raise unknown_name("place of a re-interaction", place, places)

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
            For another species, or a hadron without a table.
        """
        if species not in self.species:
            raise unknown_name("species of the re-interaction source", str(species), map(str, self.species))
        at, place = self.interact(self.hadrons(points), points)
        p_in = np.maximum(at.momentum, 1.0)
        a, b, jacobian = grid.map(points[:, Axis.MOMENTUM], points[:, Axis.THETA])
        p, theta = p_in * a**2, _THETA_MAX * b**2
        density = np.zeros(len(p))
        for table, rows in self.collisions(at, place):
            density[rows] = table.density(species, p_in[rows], p[rows], theta[rows])
        measure = p_in * 2.0 * a * 2.0 * b * _THETA_MAX * np.sin(theta) * 2.0 * np.pi * jacobian
        direction = rotate(at.direction, np.cos(theta), 2.0 * np.pi * points[:, Axis.PHI])
        momentum = np.column_stack([np.hypot(p, mass(species)), p[:, None] * direction])
        pions = Rays.make(species, at.x, momentum, at.weight * density * measure, np.arange(len(p)))
        walled = np.isin(place, tuple(WALLS))
        if not walled.any():
            return pions
        out = emerge(pions[walled], Surfaces.of(self.beamline.apertures))
        x, p4, weight = pions.x.copy(), pions.p.copy(), pions.weight.copy()
        x[walled], p4[walled], weight[walled] = out.x, out.p, out.weight
        return Rays(pions.pdgid, x, p4, weight, pions.parent)

    def collisions(self, at: Rays, place: Strings) -> list[tuple[YieldTable, NDArray[np.bool_]]]:
        """Return each yield table with the rows of the hadrons (N,) whose collisions it describes.

        Parameters
        ----------
        at, place
            As :meth:`interact` returns them.
        """
        makers = {material.name: NUCLEI[material.nucleus] for material in self.beamline.materials}
        makers |= dict.fromkeys(WALLS, WALL_NUCLEUS)
        found = []
        for (hadron, nucleus), table in self.tables.items():
            names = [name for name, maker in makers.items() if maker == nucleus]
            chosen = [name for name in names if self.places is None or name in self.places]
            found.append((table, (at.pdgid == hadron) & np.isin(place, chosen)))
        return found

    def interact(self, hadrons: Rays, points: Floats) -> tuple[Rays, Strings]:
        """Return hadrons where they interact, and the name of the material there.

        Parameters
        ----------
        hadrons : Rays
            Where they were made, (N,), in the open region or inside a wall.
        points : (N, len(Axis)) float
            Points of the unit cube: ``FIRST_DEPTH`` (for a later generation a hash) places the interaction by its
            optical depth, ``SCATTER`` decides how the hadron scatters on the way.

        Returns
        -------
        Rays
            N hadrons; the weight took up the probability to interact.
        (N,) str
            Name of the material; empty, with weight 0, where the hadron meets none or is below its tables.

        Raises
        ------
        UnknownNameError
            For a hadron without a table.
        """
        first = self.generation == 1
        u = points[:, Axis.FIRST_DEPTH] if first else drawn(points, _DEPTH_SALT + self.generation)
        seeds = words(points[:, Axis.SCATTER], _SALT + self.generation)
        x, p, weight = hadrons.x.copy(), hadrons.p.copy(), np.zeros(len(hadrons))
        place = np.full(len(hadrons), "", dtype="<U16")
        for species in np.unique(hadrons.pdgid):
            if (int(species), WALL_NUCLEUS) not in self.tables:
                known = {str(hadron) for hadron, _ in self.tables}
                raise unknown_name("hadron that interacts again", str(species), known)
            lowest = self.tables[int(species), WALL_NUCLEUS].momenta[0]
            able = (hadrons.pdgid == species) & (hadrons.weight > 0.0) & (hadrons.momentum >= lowest)
            if able.any():
                at, place[able] = self._follow(hadrons[able], u[able], seeds[able])
                x[able], p[able], weight[able] = at.x, at.p, at.weight
        weight[place == ""] = 0.0
        return Rays(hadrons.pdgid, x, p, weight, hadrons.parent), place

    def _follow(self, hadrons: Rays, u: Floats, seeds: NDArray[np.uint64]) -> tuple[Rays, Strings]:
        """Return :meth:`interact` for hadrons of one species, with their numbers and words.

        The optical depth adds up over three legs: out of the wall in which the hadron was made, through the open
        region, and in the wall that it hits. Hadrons that do not come out of a wall have the first leg only.
        """
        species, surfaces = int(hadrons.pdgid[0]), Surfaces.of(self.beamline.apertures)
        origin, rate, before, free = _out_of_walls(hadrons, surfaces)
        passage = passage_tables(species, self.layers.materials, self.beamline, self.physics)

        def travel(rows: NDArray[np.bool_], depth: Floats | None = None) -> Histories:
            start = (self.layers, origin.x[rows], origin.p[rows], passage, self.beamline.current)
            return follow(*start, words=seeds[rows], depth_limit=depth)

        whole, n = travel(free), len(hadrons)
        end_x, end_p, crossed, hit = origin.x.copy(), origin.p.copy(), np.zeros(n), np.full(n, -1)
        end_x[free], end_p[free], crossed[free] = whole.x, whole.p, whole.depth
        hit[free] = np.where(whole.status == Status.HIT_WALL, surfaces.aperture(whole.x[:, 3] + _STEP), -1)
        behind = np.array((*surfaces.materials, ""))[hit]
        wall_rate = _wall_rates(species, np.sqrt((end_p[:, 1:] ** 2).sum(axis=1)), behind)
        depth, probability = truncated_exponential(u, before + crossed + _WALL_DEPTH * wall_rate, 1.0)
        early, late = depth < before, depth > before + crossed
        middle = ~early & ~late & free
        x, p = np.where(late[:, None], end_x, hadrons.x), np.where(late[:, None], end_p, hadrons.p)
        at = travel(middle, (depth - before)[middle])
        x[middle], p[middle] = at.x, at.p
        beyond = np.where(late, depth - before - crossed, 0.0) / np.where(late, wall_rate, 1.0)
        beyond = np.where(early, depth / np.where(early, rate, 1.0), beyond)
        found = Rays(hadrons.pdgid, x, p, hadrons.weight * probability, hadrons.parent)
        x[:, 1:] += beyond[:, None] * found.direction
        place = np.where(early, np.array((*surfaces.materials, ""))[surfaces.aperture(hadrons.x[:, 3])], behind)
        z = np.clip(x[middle, 3], self.layers.z[0], self.layers.z[-1])
        place[middle] = self.layers.medium_at(z, np.hypot(x[middle, 1], x[middle, 2]))
        place[(probability <= 0.0) | (~middle & ~surfaces.inside_wall(x))] = ""
        return found, place


def _out_of_walls(hadrons: Rays, surfaces: Surfaces) -> tuple[Rays, Floats, Floats, NDArray[np.bool_]]:
    """Return hadrons where they are in the open, interactions per m of their wall, optical depth there, who is free."""
    within, n = surfaces.inside_wall(hadrons.x), len(hadrons)
    rate, before = np.zeros(n), np.zeros(n)
    if not within.any():
        return hadrons, rate, before, ~within
    x, p = hadrons.x.copy(), hadrons.p.copy()
    inside = hadrons[within]
    names = np.array((*surfaces.materials, ""))[surfaces.aperture(inside.x[:, 3])]
    rate[within] = _wall_rates(int(hadrons.pdgid[0]), inside.momentum, names)
    out, path = surface(inside, surfaces)
    before[within] = np.minimum(path, _WALL_DEPTH) * rate[within]
    x[within], p[within] = out.x, out.p
    free = ~within
    free[within] = (out.weight > 0.0) & (path < _WALL_DEPTH)
    return Rays(hadrons.pdgid, x, p, hadrons.weight, hadrons.parent), rate, before, free


def _wall_rates(species: int, momentum: Floats, names: Strings) -> Floats:
    """Return production interactions per m in the wall of each name, zero for none, (N,)."""
    rates = np.zeros(len(momentum))
    for name, wall in WALLS.items():
        rates[names == name] = production_per_m(species, momentum[names == name], wall)
    return rates
