"""Stage 1: from protons to the place, time and momentum at which each meson decays.

It knows nothing of new physics: one set of parents serves every mass and coupling.
"""

from dataclasses import dataclass, field, replace
from functools import lru_cache

import numpy as np

from darkhorn.beam.beamline import Beamline
from darkhorn.beam.follow import follow_to
from darkhorn.beam.layers import Layers, compile_layers
from darkhorn.beam.passage_tables import Passage, passage_tables
from darkhorn.beam.source import Source
from darkhorn.beam.switches import Physics
from darkhorn.chain.cache import recall
from darkhorn.core.cube import CubeGrid
from darkhorn.core.importance import ImportanceGrid, balanced_worth
from darkhorn.core.points import Axis, unit_points, words
from darkhorn.core.rays import Floats, Ints, Rays
from darkhorn.core.species import lifetime
from darkhorn.physics.directed import massless_two_body_density

_PILOT_STREAM = 1_000_000
_PILOTS = {False: (2, 2**9, 12), True: (3, 2**12, 24)}
"""Pilots, points of each and cells along each side of the grid; many more where every bin of the energy is wanted."""
_PILOT_RAYS = 4
"""Points near the detector at which each meson of a pilot is scored."""
_PILOT_BINS = 48
_MOVED = [Axis.MOMENTUM, Axis.THETA, Axis.DEPTH]
_CELLS, _CELL_POINTS, _CELL_PILOT = 8, 2**12, 9
"""Cells along each side of the cube in these coordinates, points of its pilot, and the number of that."""
_CELL_SMOOTHING, _CELL_FLOOR = 0.25, 0.4
_SPREAD = 0.01
"""Radius of the region around the middle of the detector that a pilot looks at, over the distance."""
_ALONE = 2**10
"""Mesons for which a second thread costs more than it saves."""
_SALT = 2
"""Which use of the random word of a meson its scattering is."""


@dataclass(frozen=True)
class ParentSampler:
    """Draws the decaying mesons of one species in one beam line.

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
    cells : CubeGrid
        Where in (MOMENTUM, THETA, DEPTH) to spend them, before ``grid``: how the worth of a place in (p, theta) depends
        on the depth in the target.
    """

    source: Source
    beamline: Beamline
    species: int
    grid: ImportanceGrid
    layers: Layers
    physics: Physics = field(default_factory=Physics)
    cells: CubeGrid = field(default_factory=CubeGrid.uniform)

    def moved(self, points: Floats) -> tuple[Floats, Floats]:
        """Return the points that ``cells`` make of others, and the weights that make up for it, (N,)."""
        if self.cells.probability.size == 1:
            return points, np.ones(len(points))
        *places, jacobian = self.cells.map(*(points[:, axis] for axis in _MOVED))
        found = points.copy(order="K")
        for axis, place in zip(_MOVED, places, strict=True):
            found[:, axis] = place
        return found, jacobian

    def produced(self, points: Floats) -> Rays:
        """Return one meson a point where it is made; the weights sum to the yield per POT."""
        moved, jacobian = self.moved(points)
        mesons = self.source.sample(moved, self.species, self.grid)
        return mesons.with_weight(mesons.weight * jacobian)

    def sample(self, points: Floats, threads: int = 1) -> Rays:
        """Return one decaying meson a point; the weights sum to the decays per POT in the open region."""
        mesons = self.produced(points)
        u = points[:, Axis.DECAY]
        return decay_in_flight(mesons, self.species, self.beamline, self.layers, u, threads, self.physics)


def prepare(
    source: Source,
    beamline: Beamline,
    species: int,
    towards: tuple[float, float, float],
    seed: int,
    threads: int = 1,
    physics: Physics | None = None,
    *,
    even: bool = False,
) -> ParentSampler:
    """Return a sampler of decaying mesons, adapted by :func:`adapt` to what can reach a detector.

    Parameters
    ----------
    source : Source
        Mesons at production.
    beamline : Beamline
        What they pass.
    species : int
        PDG number.
    towards, seed, threads, even
        As :func:`adapt`.
    physics : Physics, optional
        What is switched on in matter; by default everything. The source has its own for protons.
    """
    physics = physics or Physics()
    layers = _compiled(beamline, physics)
    sampler = ParentSampler(source, beamline, species, ImportanceGrid.uniform(), layers, physics)
    return adapt(sampler, towards, seed, threads, even=even)


@lru_cache(maxsize=8)
def _compiled(beamline: Beamline, physics: Physics) -> Layers:
    """Return the geometry compiled, once for all species."""
    return compile_layers(beamline, physics)


@lru_cache(maxsize=32)
def _passage(species: int, media: tuple[str, ...], beamline: Beamline, physics: Physics) -> Passage:
    """Return what a species meets in the media of a beam line, tabulated once."""
    return passage_tables(species, media, beamline, physics)


def adapt(
    sampler: ParentSampler, towards: tuple[float, float, float], seed: int, threads: int = 1, *, even: bool = False
) -> ParentSampler:
    """Return the same sampler with its points where the flux near a point comes from, found by pilot runs.

    The flux is that of a light isotropic daughter, times its energy, since few detectors see slow ones. Pilots only
    change where points go: weights keep every expectation exact.

    Parameters
    ----------
    sampler : ParentSampler
        Its own grid is not used.
    towards : tuple of float
        Centre of the detector in m.
    seed : int
        Seed of the calculation.
    threads : int
        Threads of the pilots; the result does not depend on it.
    even : bool
        Whether every bin of the daughter's energy is wanted as well as any other, and not the sum alone.
    """
    start, species = ImportanceGrid.uniform(), sampler.species
    sampler = replace(sampler, grid=start, cells=CubeGrid.uniform())
    a, b, energy, flux, jacobian = (np.zeros(shape) for shape in (0, 0, (_PILOT_RAYS, 0), (_PILOT_RAYS, 0), 0))
    pilots, n, cells = _PILOTS[even]
    for pilot in range(pilots):
        stream = (_PILOT_STREAM, abs(species), int(species > 0), pilot)
        points = unit_points(n, seed=seed, stream=stream)
        found = _pilot_flux(recall(sampler, points, threads if n > _ALONE else 1), towards, points)
        energy, flux = np.hstack([energy, found[0]]), np.hstack([flux, found[1]])
        place = sampler.grid.map(points[:, Axis.MOMENTUM], points[:, Axis.THETA])
        a, b, jacobian = (np.concatenate(pair) for pair in zip((a, b, jacobian), place, strict=True))
        worth = balanced_worth(_bins(energy), flux) if even else _energy_sent(energy, flux)
        sampler = replace(sampler, grid=ImportanceGrid.adapted(a, b, worth / np.sqrt(jacobian), bins=cells))
    return sampler


def refine(sampler: ParentSampler, towards: tuple[float, float, float], seed: int, threads: int = 1) -> ParentSampler:
    """Return an adapted sampler with its points moved once more, in (p, theta) together with the depth in the target.

    One more pilot finds for which of them mesons send most energy near a point: at one momentum and angle the horn
    focuses those from some depths only. Other arguments as :func:`adapt`; no expectation moves.
    """
    species = sampler.species
    points = unit_points(_CELL_POINTS, seed=seed, stream=(_PILOT_STREAM, abs(species), int(species > 0), _CELL_PILOT))
    worth = _energy_sent(*_pilot_flux(recall(sampler, points, threads), towards, points))
    return replace(sampler, cells=CubeGrid.adapted(points[:, _MOVED], worth, _CELLS, _CELL_SMOOTHING, _CELL_FLOOR))


def _energy_sent(energy: Floats, flux: Floats) -> Floats:
    """Return the root mean square over places of flux times energy, (N,)."""
    sent: Floats = np.sqrt(((flux * energy) ** 2).mean(axis=0))
    return sent


def _pilot_flux(parents: Rays, towards: tuple[float, float, float], points: Floats) -> tuple[Floats, Floats]:
    """Return energy (in any unit) and flux of a massless daughter at several places near a point, each (rays, N)."""
    distance = float(np.linalg.norm(np.asarray(towards) - parents.x[0, 1:]))
    energy, flux = [], []
    for turn in range(_PILOT_RAYS):
        u = (points[:, Axis.AIM_COS] + turn / _PILOT_RAYS) % 1.0
        phi = 2.0 * np.pi * (points[:, Axis.AIM_PHI] + turn / _PILOT_RAYS)
        radius = _SPREAD * distance * np.sqrt(u)
        place = np.column_stack([radius * np.cos(phi), radius * np.sin(phi), np.zeros(len(phi))]) + towards
        density, distance_sq = _seen_from(parents, place)
        energy.append(np.sqrt(density))
        flux.append(parents.weight * density / distance_sq)
    return np.array(energy), np.array(flux)


def _bins(energy: Floats) -> Ints:
    """Return the bin of each energy, in equal bins up to the largest."""
    cell: Ints = np.minimum(energy / energy.max() * _PILOT_BINS, _PILOT_BINS - 1).astype(np.int64)
    return cell


def point_flux(parents: Rays, towards: tuple[float, float, float]) -> Floats:
    """Return the flux 1/m^2 of one massless isotropic daughter a decay at a point in m, shape (N,)."""
    density, distance_sq = _seen_from(parents, np.asarray(towards))
    return density / distance_sq


def _seen_from(parents: Rays, place: Floats) -> tuple[Floats, Floats]:
    """Return the massless daughters per sr towards points (3,) or (N, 3) in m, and the squares of the distances."""
    line = place - parents.x[:, 1:]
    distance_sq = np.einsum("ij,ij->i", line, line)
    cosine = np.einsum("ij,ij->i", line, parents.direction) / np.sqrt(distance_sq)
    return massless_two_body_density(cosine, parents.gamma, parents.beta), distance_sq


def decay_in_flight(
    mesons: Rays,
    species: int,
    beamline: Beamline,
    layers: Layers,
    u: Floats,
    threads: int = 1,
    physics: Physics | None = None,
) -> Rays:
    """Return the mesons at a decay point along their path through the beam line.

    Each meson is followed to the wall, the dump or the end of the geometry, which gives the proper time in which it can
    decay; the decay is placed in that time by the truncated exponential, and the same history followed again to it,
    from a mark shortly before. The weight takes up the probability to decay within the time and to survive the matter
    up to the point.

    Parameters
    ----------
    mesons : Rays
        At production, all of one species, (N,).
    species : int
        PDG number.
    beamline, layers
        The geometry, and the same compiled for the kernel.
    u : (N,) float
        Uniform numbers that place the decays; their bits also decide how each meson scatters.
    threads : int
        Threads of the transport; the result does not depend on it.
    physics : Physics, optional
        What is switched on; by default everything.

    Returns
    -------
    Rays
        N mesons at their decay points; ``parent`` is the row in ``mesons``.

    Raises
    ------
    RangeError
        For a species without cross sections in matter.
    UnknownNameError
        For a beam line that does not describe its materials.

    Notes
    -----
    Mesons that stop, in a wall or before, are dropped: decays at rest are not part of this stage.
    """
    physics = physics or Physics()
    passage = _passage(species, layers.materials, beamline, physics)
    at, probability = follow_to(
        layers,
        mesons.x,
        mesons.p,
        passage,
        beamline.current,
        words=words(u, _SALT),
        u=u,
        mean=lifetime(species),
        threads=threads,
    )
    weight = mesons.weight * probability * np.exp(-at.depth)
    if not physics.decay_in_horn:
        weight[at.x[:, 3] <= max(beamline.field.z[-1], beamline.conductor.z[-1])] = 0.0
    return Rays.make(species, at.x, at.p, weight, np.arange(len(mesons)))
