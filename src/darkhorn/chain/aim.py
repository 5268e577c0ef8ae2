"""Directed decays: each parent sends its boson into the detector, weighted with the exact measure."""

from dataclasses import dataclass

import numpy as np

from darkhorn.chain.decay import Spectrum
from darkhorn.core.points import Axis
from darkhorn.core.rays import Floats, Rays
from darkhorn.core.species import DARK_BOSON, mass
from darkhorn.core.units import C
from darkhorn.detector.geometry import Shape
from darkhorn.physics.directed import directed_density, lab_energy_limits, rest_energy
from darkhorn.physics.fourvector import deflect


@dataclass(frozen=True)
class Arrivals:
    """Bosons at the point where they enter the detector.

    Attributes
    ----------
    rays : Rays
        Position and time at entry; weight = bosons crossing per POT and unit coupling squared (0 where the line misses).
    chord : (N,) float
        Length of the line inside the detector in m.
    distance : (N,) float
        From the decay to the entry, in m.
    """

    rays: Rays
    chord: Floats
    distance: Floats


def aim(parents: Rays, spectrum: Spectrum, shape: Shape, points: Floats) -> Arrivals:
    """Return one boson a parent, sent into the cone of the detector's bounding sphere.

    The direction is uniform in that cone and the LAB energy uniform in its allowed interval; the weight is the
    invariant measure of ``physics/directed.py``. Inside the bounding sphere the cone is the whole sphere.

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

    Returns
    -------
    Arrivals
        N rows; ``rays.parent`` is the row of the parent.
    """
    direction, solid_angle = cone_directions(parents.x[:, 1:], shape, points)
    gamma, beta = parents.energy / mass(spectrum.parent), parents.beta
    cosine = np.einsum("ij,ij->i", parents.direction, direction)
    low, high = lab_energy_limits(cosine, gamma, beta, spectrum.energy_max, spectrum.mass)
    energy = low + (high - low) * points[:, Axis.ENERGY]
    momentum = np.sqrt(np.maximum((energy - spectrum.mass) * (energy + spectrum.mass), 0.0))
    rest = rest_energy(energy, spectrum.mass, cosine, gamma, beta)
    density = directed_density(spectrum.density_over_p(rest), momentum)
    weight = parents.weight * density * (high - low) * solid_angle
    return arrive(parents, energy, momentum, direction, weight, shape)


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


def cone_directions(origin: Floats, shape: Shape, points: Floats) -> tuple[Floats, Floats]:
    """Return directions uniform in the cone that holds the detector, and the cone's solid angle.

    Parameters
    ----------
    origin : (N, 3) float
        Where the lines start, in m.
    shape : Shape
        Detector volume.
    points : (N, len(Axis)) float
        AIM_COS and AIM_PHI are used.

    Returns
    -------
    direction : (N, 3) float
        Unit vectors.
    solid_angle : (N,) float
        In sr; 4 pi from inside the bounding sphere.
    """
    centre, radius = shape.bounding_sphere()
    to_centre = np.asarray(centre) - origin
    distance = np.sqrt(np.einsum("ij,ij->i", to_centre, to_centre))
    axis = np.where(distance[:, None] > 0, to_centre / np.where(distance > 0, distance, 1.0)[:, None], [0.0, 0.0, 1.0])
    sine_sq = np.minimum(radius / np.where(distance > 0, distance, radius), 1.0) ** 2
    opening = np.where(distance > radius, sine_sq / (1.0 + np.sqrt(1.0 - sine_sq)), 2.0)
    versine = opening * points[:, Axis.AIM_COS]
    return deflect(axis, versine, 2.0 * np.pi * points[:, Axis.AIM_PHI]), 2.0 * np.pi * opening
