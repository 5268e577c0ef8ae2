"""Stage 1: from protons to the place, time and momentum at which each meson decays.

It knows nothing of new physics: one set of parents serves every mass and coupling.
"""

from dataclasses import dataclass

import numpy as np

from darkhorn.beam.beamline import Beamline
from darkhorn.beam.layers import Layers, compile_layers
from darkhorn.beam.matter import survival
from darkhorn.beam.source import Source
from darkhorn.beam.transport import Status, transport
from darkhorn.core.importance import ImportanceGrid
from darkhorn.core.points import Axis, unit_points
from darkhorn.core.rays import Floats, Rays
from darkhorn.core.species import charge, lifetime, mass
from darkhorn.core.units import C
from darkhorn.physics.directed import massless_two_body_density
from darkhorn.physics.passage import truncated_exponential

_PILOT_STREAM = 1_000_000
_PILOT_POINTS = 2**13


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
    """

    source: Source
    beamline: Beamline
    species: int
    grid: ImportanceGrid
    layers: Layers

    def sample(self, points: Floats, threads: int = 1) -> Rays:
        """Return one decaying meson a point; the weights sum to the decays per POT in the open region."""
        mesons = self.source.sample(points, self.species, self.grid)
        return decay_in_flight(mesons, self.species, self.beamline, self.layers, points[:, Axis.DECAY], threads)


def prepare(
    source: Source, beamline: Beamline, species: int, towards: tuple[float, float, float], seed: int, threads: int = 1
) -> ParentSampler:
    """Return a sampler adapted by a pilot run to what can reach a detector.

    The pilot spends points in proportion to the flux of a light isotropic daughter at the point ``towards``.
    It only changes where points go: weights keep every expectation exact.

    Parameters
    ----------
    source : Source
        Mesons at production.
    beamline : Beamline
        What they pass.
    species : int
        PDG number.
    towards : tuple of float
        Centre of the detector in m.
    seed : int
        Seed of the calculation.
    threads : int
        Threads of the pilot; the result does not depend on it.
    """
    layers = compile_layers(beamline)
    start = ParentSampler(source, beamline, species, ImportanceGrid.uniform(), layers)
    points = unit_points(_PILOT_POINTS, seed=seed, stream=(_PILOT_STREAM, abs(species), int(species > 0)))
    parents = start.sample(points, threads)
    flux = parents.weight * point_flux(parents, towards)
    grid = ImportanceGrid.adapted(points[:, Axis.MOMENTUM], points[:, Axis.THETA], flux)
    return ParentSampler(source, beamline, species, grid, layers)


def point_flux(parents: Rays, towards: tuple[float, float, float]) -> Floats:
    """Return the flux 1/m^2 of one massless isotropic daughter a decay at a point in m, shape (N,)."""
    line = np.asarray(towards) - parents.x[:, 1:]
    distance_sq = np.einsum("ij,ij->i", line, line)
    cosine = np.einsum("ij,ij->i", line, parents.direction) / np.sqrt(distance_sq)
    flux: Floats = massless_two_body_density(cosine, parents.gamma, parents.beta) / distance_sq
    return flux


def decay_in_flight(
    mesons: Rays, species: int, beamline: Beamline, layers: Layers, u: Floats, threads: int = 1
) -> Rays:
    """Return the mesons at a decay point along their path through the beam line.

    Each meson is followed to the wall, the dump or the end of the geometry, which gives the length in which it can
    decay; the decay is placed in that length by the truncated exponential, and the meson followed again to it, from
    the end of the horn where that is possible. The weight takes up the probability to decay within the length and to
    survive the matter up to the point.

    Parameters
    ----------
    mesons : Rays
        At production, all of one species, (N,).
    species : int
        PDG number.
    beamline, layers
        The geometry, and the same compiled for the kernel.
    u : (N,) float
        Uniform numbers that place the decays.
    threads : int
        Threads of the transport; the result does not depend on it.

    Returns
    -------
    Rays
        N mesons at their decay points; ``parent`` is the row in ``mesons``.

    Notes
    -----
    Mesons that stop in a wall are dropped: decays at rest are not part of this stage.
    """
    sign, current = charge(species), beamline.current
    near = transport(layers, mesons.x, mesons.p, sign, current, z_end=beamline.field.z[-1], threads=threads)
    through = near.status == Status.REACHED_END
    length = near.path.copy()
    length[through] += transport(layers, near.x[through], near.p[through], sign, current, threads=threads).path
    momentum = mesons.momentum
    mean = C * lifetime(species) * momentum / mass(species)
    place, probability = truncated_exponential(u, length, mean)
    x, p, path_in = mesons.x.copy(), mesons.p.copy(), near.path_in.copy()
    late = place > near.path
    x[late], p[late] = near.x[late], near.p[late]
    path_in[~late] = 0.0
    left = np.where(late, place - near.path, place)
    at = transport(layers, x, p, sign, current, path_limit=left, threads=threads)
    survive = survival(path_in + at.path_in, layers.materials, species, momentum)
    return Rays.make(species, at.x, at.p, mesons.weight * probability * survive, np.arange(len(mesons)))
