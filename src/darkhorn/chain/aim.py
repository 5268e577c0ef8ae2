"""Directed decays: each parent sends its boson into the detector, weighted with the exact measure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from darkhorn.chain.decay import Spectrum
from darkhorn.core.importance import EnergyGrid
from darkhorn.core.points import Axis
from darkhorn.core.rays import Bools, Floats, Ints, Rays
from darkhorn.core.species import DARK_BOSON, mass
from darkhorn.core.units import C
from darkhorn.detector.geometry import Shape
from darkhorn.physics.dark_decays import survival_probability
from darkhorn.physics.directed import (
    aberrated_versine,
    directed_density,
    lab_energy_limits,
    massless_two_body_density,
    rest_energy,
)
from darkhorn.physics.fourvector import deflect


@dataclass(frozen=True)
class Arrivals:
    """Bosons at the point where they enter the detector.

    Attributes
    ----------
    rays : Rays
        Position and time at entry; weight = bosons crossing per POT and unit coupling squared, 0 where the line
        misses.
    chord : (N,) float
        Length of the line inside the detector in m.
    distance : (N,) float
        From the decay to the entry, in m.
    """

    rays: Rays
    chord: Floats
    distance: Floats

    def __getitem__(self, rows: Ints) -> "Arrivals":
        return Arrivals(self.rays[rows], self.chord[rows], self.distance[rows])


def aim(
    parents: Rays, spectrum: Spectrum, shape: Shape, points: Floats, energies: EnergyGrid | None = None
) -> Arrivals:
    """Return one boson a parent, sent towards the detector.

    The direction covers the detector (:func:`aimed_directions`) and the LAB energy lies in its allowed interval,
    uniform or by a density; the weight is the invariant measure of ``physics/directed.py``.

    Parameters
    ----------
    parents : Rays
        Decaying mesons at their decay point, (N,).
    spectrum : Spectrum
        Of the decay channel, per unit coupling squared.
    shape : Shape
        Detector volume.
    points : (N, len(Axis)) float
        Points of the unit cube; AIM_COS, AIM_PHI and ENERGY are used.
    energies : EnergyGrid, optional
        Density of the energy.

    Returns
    -------
    Arrivals
        N rows; ``rays.parent`` is the row of the parent.
    """
    direction, solid_angle = aimed_directions(parents, shape, points)
    gamma, beta = parents.energy / mass(spectrum.parent), parents.beta
    cosine = np.einsum("ij,ij->i", parents.direction, direction)
    low, high = lab_energy_limits(cosine, gamma, beta, spectrum.energy_max, spectrum.mass)
    u = points[:, Axis.ENERGY]
    energy, width = (low + (high - low) * u, high - low) if energies is None else energies.energy(u, low, high)
    momentum = np.sqrt(np.maximum((energy - spectrum.mass) * (energy + spectrum.mass), 0.0))
    rest = rest_energy(energy, spectrum.mass, cosine, gamma, beta)
    density = directed_density(spectrum.density_over_p(rest), momentum)
    weight = parents.weight * density * width * solid_angle
    return arrive(parents, energy, momentum, direction, weight, shape)


def at_centre(
    parents: Rays, spectrum: Spectrum, shape: Shape, places: Iterable[float], energies: EnergyGrid
) -> Iterator[tuple[Floats, Floats]]:
    """Yield lab energies (MeV) and weights of particles that parents send to the middle of the detector, (N,) each.

    The same as :func:`aim` at one point of the unit cube for all parents, but cheaper, since nothing is flown: a line
    that misses keeps its weight. From inside the detector's bounding sphere particles go where their parent goes.

    Parameters
    ----------
    parents, spectrum, shape, energies
        As for :func:`aim`.
    places : iterable of float
        Coordinate ENERGY, one after the other.
    """
    axis, opening, outside = _cone(parents, shape)
    gamma, beta = parents.energy / mass(spectrum.parent), parents.beta
    cosine = np.where(outside, np.einsum("ij,ij->i", parents.direction, axis), 1.0)
    solid_angle = np.where(outside, 2.0 * np.pi * opening, 1.0 / massless_two_body_density(1.0, gamma, beta))
    low, high = lab_energy_limits(cosine, gamma, beta, spectrum.energy_max, spectrum.mass)
    scale = parents.weight * solid_angle
    for energy, width in energies.energies(places, low, high):
        momentum = np.sqrt(np.maximum((energy - spectrum.mass) * (energy + spectrum.mass), 0.0))
        rest = rest_energy(energy, spectrum.mass, cosine, gamma, beta)
        yield energy, scale * directed_density(spectrum.density_over_p(rest), momentum) * width


def arrive(
    parents: Rays, energy: Floats, momentum: Floats, direction: Floats, weight: Floats, shape: Shape
) -> Arrivals:
    """Fly bosons from their parents' decay points to the detector; lines that miss get weight exactly 0.

    Parameters
    ----------
    parents : Rays
        Rows of the bosons' parents.
    energy, momentum : (N,) float
        Of the bosons, MeV.
    direction : (N, 3) float
        Unit vectors.
    weight : (N,) float
        Bosons per POT and unit coupling squared.
    shape : Shape
        Detector volume.
    """
    distance, chord = shape.chord(parents.x[:, 1:], direction)
    hit = chord > 0.0
    flight = np.where(hit, distance, 0.0)
    place = parents.x[:, 1:] + flight[:, None] * direction
    speed = C * np.where(momentum > 0.0, momentum, 1.0) / energy
    time = parents.x[:, 0] + flight / speed
    rays = Rays.make(
        DARK_BOSON,
        np.column_stack([time, place]),
        np.column_stack([energy, momentum[:, None] * direction]),
        np.where(hit & (momentum > 0.0), weight, 0.0),
        np.arange(len(parents)),
    )
    return Arrivals(rays, np.where(hit, chord, 0.0), flight)


def survive(arrivals: Arrivals, m_x: float, width: float) -> Arrivals:
    """Return the bosons weighted with their survival exp(-d m Gamma/p) from the decay point to the detector.

    Parameters
    ----------
    arrivals : Arrivals
        Bosons at the detector.
    m_x, width : float
        Mass and total width of the boson in MeV.
    """
    rays = arrivals.rays
    momentum = np.where(rays.momentum > 0.0, rays.momentum, 1.0)
    chance = survival_probability(arrivals.distance, m_x, momentum, width)
    return replace(arrivals, rays=rays.with_weight(rays.weight * chance))


def aimed_directions(parents: Rays, shape: Shape, points: Floats) -> tuple[Floats, Floats]:
    """Return directions that cover the detector, and the solid angle that each stands for.

    From outside the detector's bounding sphere: uniform in the cone that holds it. From inside: over the whole
    sphere, as a massless daughter isotropic in the parent's frame would go.

    Parameters
    ----------
    parents : Rays
        At their decay points, (N,).
    shape : Shape
        Detector volume.
    points : (N, len(Axis)) float
        AIM_COS and AIM_PHI are used.

    Returns
    -------
    direction : (N, 3) float
        Unit vectors.
    solid_angle : (N,) float
        Inverse density of the directions in sr.
    """
    axis, opening, outside = _cone(parents, shape)
    u, phi = points[:, Axis.AIM_COS], 2.0 * np.pi * points[:, Axis.AIM_PHI]
    direction, solid_angle = deflect(axis, opening * u, phi), 2.0 * np.pi * opening
    if not outside.all():
        inside = ~outside
        gamma, beta = parents.gamma[inside], parents.beta[inside]
        versine = aberrated_versine(u[inside], gamma, beta)
        direction[inside] = deflect(parents.direction[inside], versine, phi[inside])
        solid_angle[inside] = 1.0 / massless_two_body_density(1.0 - versine, gamma, beta)
    return direction, solid_angle


def _cone(parents: Rays, shape: Shape) -> tuple[Floats, Floats, Bools]:
    """Return the cone that holds the detector: its axis (N, 3), 1 - cos of its half opening, and whether there is one.

    From inside the detector's bounding sphere there is none: the axis is +z, the opening 0.
    """
    centre, radius = shape.bounding_sphere()
    to_centre = np.asarray(centre) - parents.x[:, 1:]
    distance = np.sqrt(np.einsum("ij,ij->i", to_centre, to_centre))
    outside = distance > radius
    safe = np.where(outside, distance, 1.0)
    sine_sq = np.where(outside, (radius / safe) ** 2, 0.0)
    axis = to_centre / safe[:, None]
    axis[~outside] = 0.0, 0.0, 1.0
    return axis, sine_sq / (1.0 + np.sqrt(1.0 - sine_sq)), outside
