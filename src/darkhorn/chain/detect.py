"""From a dark particle in the detector to what is seen of it: one function for each kind of channel."""

from functools import singledispatch
from typing import Any, Final

import numpy as np

from darkhorn.chain.aim import Arrivals
from darkhorn.chain.inside import decay_inside, upscatter
from darkhorn.chain.photons import Photons, Vertices, somewhere
from darkhorn.core.points import Axis
from darkhorn.core.rays import Floats
from darkhorn.core.units import CM2_IN_M2
from darkhorn.detector.geometry import Shape
from darkhorn.detector.rings import RingRule
from darkhorn.models.channels import Conversion, Recoil, Upscatter, VolumeDecay
from darkhorn.physics.elastic import recoil_cosine, recoil_limits
from darkhorn.physics.fourvector import deflect
from darkhorn.physics.two_to_two import one_minus_cos_lab, photon_energy, q_sq_limits

RINGS: Final = RingRule()
"""Rule for rings where none is given."""


@singledispatch
def detect(
    channel: Any,
    arrivals: Arrivals,
    mass: float,
    shape: Shape,
    points: Floats,
    rings: RingRule = RINGS,
    at: Vertices | None = None,
) -> Photons:
    """Return what is seen of each particle, one row a particle.

    Parameters
    ----------
    channel : Conversion, Recoil, Upscatter or VolumeDecay
        What happens.
    arrivals : Arrivals
        Particles in the detector, (N,).
    mass : float
        Of the particle in MeV.
    shape : Shape
        Detector volume.
    points : (N, len(Axis)) float
        Points of the unit cube.
    rings : RingRule
        When two electromagnetic particles are seen as one ring; by default closer than 10 degrees.
    at : Vertices, optional
        Where particles interact, ``photons.somewhere``, if that is known already: it is the same for every channel.

    Raises
    ------
    TypeError
        For another kind of channel.
    """
    raise TypeError(f"{type(channel).__name__} is no detection channel")


@detect.register
def _(
    channel: Conversion,
    arrivals: Arrivals,
    mass: float,
    shape: Shape,
    points: Floats,
    rings: RingRule = RINGS,
    at: Vertices | None = None,
) -> Photons:
    return convert(arrivals, channel, mass, points, at)


@detect.register
def _(
    channel: Recoil,
    arrivals: Arrivals,
    mass: float,
    shape: Shape,
    points: Floats,
    rings: RingRule = RINGS,
    at: Vertices | None = None,
) -> Photons:
    return recoil(arrivals, channel, mass, points, at)


@detect.register
def _(
    channel: Upscatter,
    arrivals: Arrivals,
    mass: float,
    shape: Shape,
    points: Floats,
    rings: RingRule = RINGS,
    at: Vertices | None = None,
) -> Photons:
    return upscatter(arrivals, channel, mass, shape, rings, points, at)


@detect.register
def _(
    channel: VolumeDecay,
    arrivals: Arrivals,
    mass: float,
    shape: Shape,
    points: Floats,
    rings: RingRule = RINGS,
    at: Vertices | None = None,
) -> Photons:
    return decay_inside(arrivals, channel, mass, rings, points)


def convert(
    arrivals: Arrivals, conversion: Conversion, m_x: float, points: Floats, at: Vertices | None = None
) -> Photons:
    """Return one photon a boson, made on one kind of target anywhere along the chord.

    Q^2 is drawn uniformly in ln(Q^2 + m_med^2), which follows the propagator; the weight is
    n sigma(Q^2) dQ^2 times the chord. The interaction is too rare for the boson to be attenuated.

    Parameters
    ----------
    arrivals : Arrivals
        Bosons in the detector, (N,).
    conversion : Conversion
        Target, mediator mass and differential cross section.
    m_x : float
        Mass of the boson in MeV.
    points : (N, len(Axis)) float
        Points of the unit cube; Q_SQ, PHOTON_PHI and VERTEX are used.
    at : Vertices, optional
        Where it happens, if that is known already.

    Returns
    -------
    Photons
        N rows; weight exactly 0 where the boson misses the detector.
    """
    rays = arrivals.rays
    energy = np.maximum(rays.energy, m_x * (1.0 + 1.0e-12))
    low, high = q_sq_limits(energy, m_x, conversion.target_mass)
    offset = conversion.mediator_mass**2
    span = np.log1p((high - low) / (low + offset))
    q_sq = np.clip((low + offset) * np.exp(span * points[:, Axis.Q_SQ]) - offset, low, high)
    sigma = conversion.dsigma_dq_sq_cm2(energy, q_sq) * (q_sq + offset) * span
    weight = rays.weight * sigma * (CM2_IN_M2 * conversion.number_density) * arrivals.chord
    photon = photon_energy(energy, q_sq, conversion.target_mass)
    versine = one_minus_cos_lab(energy, q_sq, m_x, conversion.target_mass)
    direction = deflect(rays.direction, versine, 2.0 * np.pi * points[:, Axis.PHOTON_PHI])
    at = at or somewhere(arrivals, m_x, points)
    return Photons(photon, direction, weight, q_sq, at.time, at.delay)


def recoil(arrivals: Arrivals, channel: Recoil, m_chi: float, points: Floats, at: Vertices | None = None) -> Photons:
    """Return one recoiling target a particle: its kinetic energy and direction.

    The kinetic energy T is drawn uniformly in ln(2 M T + m_med^2), between the limits of the channel and of kinematics.

    Parameters
    ----------
    arrivals : Arrivals
        Particles in the detector, (N,).
    channel : Recoil
        Target, limits and differential cross section.
    m_chi : float
        Mass of the particle in MeV.
    points : (N, len(Axis)) float
        Points of the unit cube; Q_SQ, PHOTON_PHI and VERTEX are used.
    at : Vertices, optional
        Where it happens, if that is known already.

    Returns
    -------
    Photons
        N rows; weight exactly 0 where the particle misses the detector or no recoil in the limits is possible.
    """
    rays, target = arrivals.rays, channel.target_mass
    energy = np.maximum(rays.energy, m_chi * (1.0 + 1.0e-12))
    _, most = recoil_limits(energy, m_chi, target)
    low = np.minimum(channel.recoil_min, most)
    high = np.clip(most, low, channel.recoil_max)
    offset = channel.mediator_mass**2
    start = 2.0 * target * low + offset
    span = np.log1p(2.0 * target * (high - low) / start)
    kinetic = np.clip((start * np.exp(span * points[:, Axis.Q_SQ]) - offset) / (2.0 * target), low, high)
    measure = (2.0 * target * kinetic + offset) * span / (2.0 * target)
    sigma = channel.dsigma_dt_cm2(energy, kinetic) * measure
    weight = rays.weight * sigma * (CM2_IN_M2 * channel.number_density) * arrivals.chord
    versine = 1.0 - recoil_cosine(energy, kinetic, m_chi, target)
    direction = deflect(rays.direction, versine, 2.0 * np.pi * points[:, Axis.PHOTON_PHI])
    at = at or somewhere(arrivals, m_chi, points)
    return Photons(kinetic, direction, weight, 2.0 * target * kinetic, at.time, at.delay)
