"""Photons and positrons in the target become axion-like particles on their way to the detector.

A photon ends within about a radiation length, so the number of a per photon is sigma_a/sigma_total. A positron loses
its energy by radiation, dE/dx = -E/X0, so the path that it spends around an energy E' is X0 dE'/E'. The variable of
the reaction is drawn in the range that leads into a cone around the detector and the azimuth in the arc that does:
no density in solid angle, and none of its poles, is needed.
"""

import numpy as np

from darkhorn.beam.photons import PhotonTarget
from darkhorn.chain.aim import Arrivals, arrive, survive
from darkhorn.chain.detect import detect
from darkhorn.chain.photons import Photons
from darkhorn.core.errors import RangeError
from darkhorn.core.points import Axis
from darkhorn.core.rays import Bools, Floats, Rays
from darkhorn.core.species import ELECTRON, PHOTON, mass
from darkhorn.detector.geometry import Shape
from darkhorn.models.alp import Alp, AlpProduction, AlpResonance
from darkhorn.models.channels import Nucleus, VolumeDecay
from darkhorn.physics.fourvector import transverse_axes


def alps_from_photons(
    photons: Rays, channel: AlpProduction, target: PhotonTarget, shape: Shape, points: Floats
) -> Arrivals:
    """Return one a per photon, sent towards the detector.

    Parameters
    ----------
    photons : Rays
        Where they are born, (N,), weight per POT.
    channel : AlpProduction
        A reaction of photons.
    target : PhotonTarget
        The material in which they end; the channel's atoms are its own.
    shape : Shape
        Detector volume.
    points : (N, len(Axis)) float
        Points of the unit cube; ENERGY and AIM_PHI are used.

    Returns
    -------
    Arrivals
        N rows; weight = a per POT at the couplings of the channel, 0 below threshold and where the line misses.

    Raises
    ------
    RangeError
        For a channel of other projectiles, or a photon above threshold but below the table of the target.
    """
    _require(photons, channel, PHOTON)
    energy = photons.energy
    is_open = energy > channel.least_energy
    total = target.total_cm2(np.where(is_open, energy, target.energies[-1]))
    return _send(photons, energy, np.where(is_open, photons.weight / total, 0.0), channel, shape, points)


def alps_from_positrons(
    positrons: Rays, channel: AlpProduction, target: PhotonTarget, shape: Shape, points: Floats
) -> Arrivals:
    """Return one a per positron, made anywhere while it slows down by radiation, sent towards the detector.

    The energy E' at which it happens is drawn with density 1/E' between the threshold and the start; the direction is
    still that of the start. Ionisation, scattering and the track's length are left out. Arguments and result as
    :func:`alps_from_photons`; AIM_COS is used too.

    Raises
    ------
    RangeError
        For a channel of other projectiles.
    """
    _require(positrons, channel, -ELECTRON)
    ratio = positrons.energy / channel.least_energy
    log = np.log(np.where(ratio > 1.0, ratio, 1.0))
    energy = np.where(ratio > 1.0, channel.least_energy * np.exp(log * points[:, Axis.AIM_COS]), positrons.energy)
    per_cm2 = positrons.weight * target.atoms_per_radiation_length_cm2 * log
    return _send(positrons, energy, per_cm2, channel, shape, points)


def alps_from_resonance(positrons: Rays, resonance: AlpResonance, target: PhotonTarget, shape: Shape) -> Arrivals:
    """Return the a of e+ e- -> a, made when a slowing positron passes the resonance, in the positron's direction.

    Weight per POT: n_e X0 strength/E_resonance for a positron that starts above it. Nothing is aimed: a positron that
    does not point at the detector has weight 0.

    Parameters
    ----------
    positrons : Rays
        (N,).
    resonance : AlpResonance
        Of the model.
    target : PhotonTarget
        The material.
    shape : Shape
        Detector volume.
    """
    if len(positrons) and not (positrons.pdgid == -ELECTRON).all():
        raise RangeError("resonance: every projectile has to be a positron (-11)")
    per_cm2 = target.atoms_per_radiation_length_cm2 * target.protons / resonance.positron_energy
    made = positrons.energy > resonance.positron_energy
    weight = np.where(made, positrons.weight * per_cm2 * resonance.strength_cm2, 0.0)
    energy = np.full(len(positrons), resonance.positron_energy + mass(ELECTRON))
    momentum = np.sqrt((energy - resonance.mass) * (energy + resonance.mass))
    return arrive(positrons, energy, momentum, positrons.direction, weight, shape)


def alp_events(
    arrivals: Arrivals, model: Alp, nuclei: tuple[Nucleus, ...], shape: Shape, points: Floats
) -> dict[str, Photons]:
    """Return what is seen of a in the detector, by channel; decay on the way is in every weight, once.

    Parameters
    ----------
    arrivals : Arrivals
        (N,), not yet weighted with their survival.
    model : Alp
        Couplings and mass.
    nuclei : tuple of Nucleus
        What the detector is made of.
    shape : Shape
        Its volume.
    points : (N, len(Axis)) float
        Points of the unit cube.
    """
    alive = survive(arrivals, model.m_a, model.width)
    events = {}
    for channel in model.detections(nuclei):
        batch = arrivals if isinstance(channel, VolumeDecay) else alive
        events[channel.name] = detect(channel, batch, model.m_a, shape, points)
    return events


def _require(rays: Rays, channel: AlpProduction, species: int) -> None:
    """Refuse projectiles that the channel is not for."""
    if channel.projectile != species or not (rays.pdgid == species).all():
        found = sorted({int(pdg) for pdg in np.unique(rays.pdgid)})
        raise RangeError(f"{channel.name}: projectiles {found}; allowed: {species} with a channel of {species}")


def _send(
    projectiles: Rays, energy: Floats, per_cm2: Floats, channel: AlpProduction, shape: Shape, points: Floats
) -> Arrivals:
    """Return a made by projectiles of an energy (N,); ``per_cm2`` (N,) times a cross section is a number per POT."""
    axis, e1, tilt, opening = _frame(projectiles, shape)
    near, far = np.maximum(tilt - opening, 0.0), np.minimum(tilt + opening, np.pi)
    w, measure = _draw(channel, energy, near, far, points[:, Axis.ENERGY])
    outgoing, versine = channel.outgoing(energy, w)
    theta = 2.0 * np.arcsin(np.sqrt(0.5 * versine))
    arc = _arc(theta, tilt, opening)
    phi = arc * (2.0 * points[:, Axis.AIM_PHI] - 1.0)
    across = np.cos(phi)[:, None] * e1 + np.sin(phi)[:, None] * np.cross(axis, e1)
    direction = (1.0 - versine)[:, None] * axis + np.sin(theta)[:, None] * across
    direction /= np.linalg.norm(direction, axis=1)[:, None]
    weight = per_cm2 * channel.dsigma_cm2(energy, w) * measure * arc / np.pi
    outgoing = np.maximum(outgoing, channel.mass)
    momentum = np.sqrt((outgoing - channel.mass) * (outgoing + channel.mass))
    return arrive(projectiles, outgoing, momentum, direction, weight, shape)


def _frame(projectiles: Rays, shape: Shape) -> tuple[Floats, Floats, Floats, Floats]:
    """Return the direction of each projectile, a unit vector across it towards the detector, and two angles in rad.

    The angles: between the projectile and the detector's centre, and the half opening of the cone that holds the
    detector's bounding sphere (pi for a start inside of it).
    """
    centre, radius = shape.bounding_sphere()
    to_centre = np.asarray(centre) - projectiles.x[:, 1:]
    distance = np.linalg.norm(to_centre, axis=1)
    axis = projectiles.direction
    along = np.einsum("ij,ij->i", axis, to_centre)
    sideways = to_centre - along[:, None] * axis
    length = np.linalg.norm(sideways, axis=1)
    slanted = length > 1e-12 * distance
    e1 = np.where(slanted[:, None], sideways / np.where(slanted, length, 1.0)[:, None], transverse_axes(axis)[0])
    outside = distance > radius
    opening = np.where(outside, np.arcsin(np.minimum(radius / np.where(outside, distance, radius), 1.0)), np.pi)
    return axis, e1, np.arctan2(np.where(slanted, length, 0.0), along), opening


def _arc(theta: Floats, tilt: Floats, opening: Floats) -> Floats:
    """Return the half azimuth (0 to pi) within which a polar angle ``theta`` stays in a cone about ``tilt``.

    sin^2(phi/2) = sin((opening + theta - tilt)/2) sin((opening - theta + tilt)/2)/(sin theta sin tilt).
    """
    above = np.sin(0.5 * (opening + theta - tilt)) * np.sin(0.5 * (opening - theta + tilt))
    below = np.sin(theta) * np.sin(tilt)
    inside = above >= below
    share = np.where(inside, 1.0, np.maximum(above, 0.0) / np.where(below > 0.0, below, 1.0))
    arc: Floats = 2.0 * np.arcsin(np.sqrt(np.minimum(share, 1.0)))
    return np.where(opening >= np.pi, np.pi, arc)


def _draw(channel: AlpProduction, energy: Floats, near: Floats, far: Floats, u: Floats) -> tuple[Floats, Floats]:
    """Return w drawn in ln(w + offset) where the angle of a lies between ``near`` and ``far``, and 1/density.

    Fast and slow solutions make up to two intervals, which meet at the largest angle if that is inside. 1/density is
    0 where there is none.
    """
    (fast_near, is_open), (slow_near, has_slow) = channel.at_angle(energy, 2.0 * np.sin(0.5 * near) ** 2)
    (fast_far, far_open), (slow_far, _) = channel.at_angle(energy, np.minimum(2.0 * np.sin(0.5 * far) ** 2, 2.0))
    first = np.where(far_open, fast_far, np.where(has_slow, slow_near, fast_near))
    low, high = channel.limits(energy)
    is_open = is_open & (high > low)
    fast_near, first, slow_near, slow_far = (np.clip(w, low, high) for w in (fast_near, first, slow_near, slow_far))
    start_1, length_1 = _interval(fast_near, first, is_open, channel.offset)
    start_2, length_2 = _interval(slow_near, slow_far, is_open & has_slow & far_open, channel.offset)
    total = length_1 + length_2
    place = u * total
    in_first = place <= length_1
    log = np.where(in_first, start_1 + place, start_2 + place - length_1)
    w = np.clip(np.exp(log) - channel.offset, low, high)
    return w, (w + channel.offset) * total


def _interval(a: Floats, b: Floats, present: Bools, offset: float) -> tuple[Floats, Floats]:
    """Return start and length of the interval between a and b in ln(w + offset); length 0 where it is not present."""
    start = np.log(np.where(present, np.minimum(a, b) + offset, 1.0))
    return start, np.log(np.where(present, np.maximum(a, b) + offset, 1.0)) - start
