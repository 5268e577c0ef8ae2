"""Decays inside the detector: of the particle that came, or of a heavier one that it scattered into."""

import numpy as np

from darkhorn.chain.aim import Arrivals
from darkhorn.chain.photons import Photons, Vertices, lag, somewhere, vertices
from darkhorn.core.points import Axis
from darkhorn.core.rays import Bools, Floats
from darkhorn.core.units import CM2_IN_M2, HBARC, C
from darkhorn.detector.geometry import Shape
from darkhorn.detector.rings import RingRule
from darkhorn.models.channels import PairDecay, Upscatter, VolumeDecay
from darkhorn.physics.cascade import two_body_energy, two_body_momentum
from darkhorn.physics.dark_decays import decay_probability
from darkhorn.physics.fourvector import boost, deflect, rotate
from darkhorn.physics.passage import truncated_exponential
from darkhorn.physics.scattering import upscatter_q_sq_limits
from darkhorn.physics.two_body_lab import one_minus_cos_out


def decay_inside(arrivals: Arrivals, channel: VolumeDecay, mass: float, rings: RingRule, points: Floats) -> Photons:
    """Return what is seen of particles that decay in the detector, one decay a particle.

    The weight has the exact probability to reach the detector and to decay between entry and exit; the place follows
    the exponential in between. The decay is isotropic in the rest frame.

    Parameters
    ----------
    arrivals : Arrivals
        Particles in the detector, (N,).
    channel : VolumeDecay
        Final state and widths.
    mass : float
        Of the particle in MeV.
    rings : RingRule
        When a pair is seen as one ring; muons and a single photon need no rule.
    points : (N, len(Axis)) float
        Points of the unit cube; VERTEX, LEPTON_COS and LEPTON_PHI are used.
    """
    rays, width = arrivals.rays, channel.width
    momentum = np.where(rays.momentum > 0.0, rays.momentum, 1.0)
    chance = decay_probability(arrivals.distance, arrivals.chord, mass, momentum, width)
    mean = momentum * HBARC / (mass * width) if width > 0.0 else np.full(len(rays), np.inf)
    depth, _ = truncated_exponential(points[:, Axis.VERTEX], arrivals.chord, mean)
    first, second = _two_body(rays.p, mass, channel.m_first, channel.m_second, rays.direction, points)
    weight = rays.weight * chance * channel.branching
    at = vertices(arrivals, mass, depth)
    energy, direction, seen = _visible(channel, first, second, rings)
    return Photons(energy, direction, np.where(seen, weight, 0.0), np.zeros(len(rays)), at.time, at.delay)


def upscatter(
    arrivals: Arrivals,
    channel: Upscatter,
    m_chi: float,
    shape: Shape,
    rings: RingRule,
    points: Floats,
    at: Vertices | None = None,
) -> Photons:
    """Return the pair of chi' made on one kind of target and decaying before it leaves the detector.

    Q^2 is drawn uniformly in ln(Q^2 + m_med^2); chi' flies from the first vertex and decays between it and the wall,
    with the exact probability of that.

    Parameters
    ----------
    arrivals : Arrivals
        Particles in the detector, (N,).
    channel : Upscatter
        Target, cross section and decay.
    m_chi : float
        Mass of chi in MeV.
    shape : Shape
        Detector volume.
    rings : RingRule
        When the pair is seen as one ring.
    points : (N, len(Axis)) float
        Points of the unit cube; Q_SQ, PHOTON_PHI, VERTEX, SECOND_VERTEX, PAIR_* and LEPTON_* are used.
    at : Vertices, optional
        Where chi scatters, if that is known already.

    Returns
    -------
    Photons
        N rows; weight exactly 0 below threshold and where the pair is not one ring.
    """
    rays, decay = arrivals.rays, channel.decay
    energy = np.maximum(rays.energy, m_chi * (1.0 + 1.0e-12))
    low, high = upscatter_q_sq_limits(energy, m_chi, decay.m_heavy, channel.target_mass)
    offset = channel.mediator_mass**2
    span = np.log1p((high - low) / (low + offset))
    q_sq = np.clip((low + offset) * np.exp(span * points[:, Axis.Q_SQ]) - offset, low, high)
    sigma = channel.dsigma_dq_sq_cm2(energy, q_sq) * (q_sq + offset) * span
    weight = rays.weight * sigma * (CM2_IN_M2 * channel.number_density) * arrivals.chord
    heavy = np.maximum(energy - 0.5 * q_sq / channel.target_mass, decay.m_heavy)
    versine = one_minus_cos_out(energy, heavy, q_sq, m_chi, decay.m_heavy)
    direction = deflect(rays.direction, versine, 2.0 * np.pi * points[:, Axis.PHOTON_PHI])
    at = at or somewhere(arrivals, m_chi, points)
    momentum = np.sqrt((heavy - decay.m_heavy) * (heavy + decay.m_heavy))
    _, room = shape.chord(at.place, direction)
    mean = momentum * HBARC / (decay.m_heavy * decay.width)
    path, chance = truncated_exponential(points[:, Axis.SECOND_VERTEX], room, np.maximum(mean, 1.0e-300))
    first, second = _pair(np.column_stack([heavy, momentum[:, None] * direction]), direction, decay, points)
    ring = rings.see(first, second)
    speed = C * np.where(momentum > 0.0, momentum, 1.0) / heavy
    return Photons(
        ring.energy,
        ring.direction,
        np.where(ring.one, weight * chance * decay.branching, 0.0),
        q_sq,
        at.time + path / speed,
        at.delay + lag(path, decay.m_heavy, momentum),
    )


def _pair(p: Floats, direction: Floats, decay: PairDecay, points: Floats) -> tuple[Floats, Floats]:
    """Return the four-momenta of both leptons of chi' -> chi l l; chi' decays isotropically (it is unpolarised)."""
    s = decay.pair_mass_sq(points[:, Axis.PAIR_MASS])
    root = np.sqrt(s)
    energy = two_body_energy(decay.m_heavy, root, decay.m_light)
    momentum = two_body_momentum(decay.m_heavy, root, decay.m_light)
    cosine, phi = 2.0 * points[:, Axis.PAIR_COS] - 1.0, 2.0 * np.pi * points[:, Axis.PAIR_PHI]
    flight = rotate(direction, cosine, phi)
    pair = boost(np.column_stack([energy, momentum[:, None] * flight]), p, decay.m_heavy)
    lepton_cosine = decay.lepton_cosine(s, points[:, Axis.LEPTON_COS])
    in_pair = np.sqrt(np.maximum(0.25 * s - decay.m_lepton**2, 0.0))
    along = rotate(flight, lepton_cosine, 2.0 * np.pi * points[:, Axis.LEPTON_PHI])
    rest = np.column_stack([0.5 * root, in_pair[:, None] * along])
    frame = np.column_stack([energy, momentum[:, None] * flight])
    lepton = boost(boost(rest, frame, root), p, decay.m_heavy)
    return lepton, pair - lepton


def _two_body(p: Floats, mass: float, m1: float, m2: float, direction: Floats, points: Floats) -> tuple[Floats, Floats]:
    """Return both four-momenta of an isotropic decay, (N, 4) each."""
    energy, momentum = float(two_body_energy(mass, m1, m2)), float(two_body_momentum(mass, m1, m2))
    cosine, phi = 2.0 * points[:, Axis.LEPTON_COS] - 1.0, 2.0 * np.pi * points[:, Axis.LEPTON_PHI]
    rest = np.column_stack([np.full(len(p), energy), momentum * rotate(direction, cosine, phi)])
    first = boost(rest, p, mass)
    return first, p - first


def _visible(channel: VolumeDecay, first: Floats, second: Floats, rings: RingRule) -> tuple[Floats, Floats, Bools]:
    """Return visible energy (N,), direction (N, 3) and whether anything is counted (N,)."""
    if channel.visible == "first":
        return first[:, 0], _unit(first), np.ones(len(first), dtype=np.bool_)
    ring = rings.see(first, second)
    if channel.visible == "kinetic":
        return ring.energy - channel.m_first - channel.m_second, ring.direction, np.ones(len(first), dtype=np.bool_)
    return ring.energy, ring.direction, ring.one | (channel.rings == "all")


def _unit(p: Floats) -> Floats:
    """Return the directions of four-momenta, (N, 3)."""
    size = np.linalg.norm(p[:, 1:], axis=1)[:, None]
    direction: Floats = np.where(size > 0.0, p[:, 1:] / np.where(size > 0.0, size, 1.0), [0.0, 0.0, 1.0])
    return direction
