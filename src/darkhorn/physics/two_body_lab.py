"""Laboratory kinematics of outgoing particles: two-body decays at a given angle, scattering into another mass.

Drawing the rest-frame cosine x of a two-body decay in the window that can reach a detector keeps weights bounded;
the density in the lab angle itself has a square-root singularity where the particle is slower than its parent.
"""

import numpy as np
from numpy.typing import ArrayLike

from darkhorn.core.rays import Floats


def rest_cosines(
    cos_theta: ArrayLike, gamma: ArrayLike, beta: ArrayLike, rest_energy: float, mass: float
) -> tuple[Floats, Floats]:
    """Return the rest-frame cosines x of a two-body daughter that leaves at a lab angle: of the fast and slow branch.

    x = (p c/gamma - beta E*)/p* and p = [beta c E*/gamma +- sqrt((E*/gamma)^2 - m^2 D)]/D with D = 1 - beta^2 c^2.
    Where E* >= gamma m there is one branch, for every c; else two, for c up to the largest angle.

    Parameters
    ----------
    cos_theta : array_like
        Cosine c of the lab angle to the parent. Beyond the largest angle the values at that angle are returned.
    gamma, beta : array_like
        Lorentz factor and speed of the parent; shapes broadcast.
    rest_energy, mass : float
        Energy E* > m in the rest frame of the parent and mass m >= 0, MeV.

    Returns
    -------
    fast, slow : array
        In [-1, 1]; ``slow`` is -1 where there is one branch.

    Notes
    -----
    Source: derived from E* = gamma (E - beta p c); tested against rotated and boosted decays.
    """
    c, g, b = np.broadcast_arrays(*(np.asarray(a, dtype=float) for a in (cos_theta, gamma, beta)))
    rest_momentum = np.sqrt((rest_energy - mass) * (rest_energy + mass))
    single = rest_energy >= g * mass
    edge = largest_angle_cosine(g, b, rest_energy, mass)
    beyond = (c <= edge) & ~single
    c = np.maximum(c, edge)
    one_minus = (1.0 - b * c) * (1.0 + b * c)
    middle, root_sq = b * c * rest_energy / g, (rest_energy / g) ** 2 - mass**2 * one_minus
    root = np.where(beyond, 0.0, np.sqrt(np.maximum(root_sq, 0.0)))
    fast = ((middle + root) / one_minus * c / g - b * rest_energy) / rest_momentum
    slow = ((middle - root) / one_minus * c / g - b * rest_energy) / rest_momentum
    return np.clip(fast, -1.0, 1.0), np.where(single, -1.0, np.clip(slow, -1.0, 1.0))


def largest_angle_cosine(gamma: ArrayLike, beta: ArrayLike, rest_energy: float, mass: float) -> Floats:
    """Return the cosine of the largest lab angle of a two-body daughter, -1 where every angle is open.

    c^2 = [1 - (E*/(gamma m))^2]/beta^2 for gamma m > E*.

    Parameters
    ----------
    gamma, beta : array_like
        Lorentz factor and speed of the parent.
    rest_energy, mass : float
        Energy in the rest frame of the parent and mass, MeV.

    Notes
    -----
    Source: derived; Byckling and Kajantie, Particle Kinematics, chapter II.
    """
    g, b = (np.asarray(a, dtype=float) for a in (gamma, beta))
    closed = g * mass > rest_energy
    ratio = rest_energy / np.where(closed, g * mass, rest_energy)
    return np.where(closed, np.sqrt((1.0 - ratio) * (1.0 + ratio)) / np.where(closed, b, 1.0), -1.0)


def cone_half_azimuth(theta: ArrayLike, axis_angle: ArrayLike, opening: ArrayLike) -> Floats:
    """Return the largest azimuth at polar angle theta that is still inside a cone, in rad.

    cos(opening) = cos(axis) cos(theta) + sin(axis) sin(theta) cos(phi): the azimuth counts from the plane that holds
    the axis of the cone.

    Parameters
    ----------
    theta : array_like
        Polar angle in rad.
    axis_angle, opening : array_like
        Polar angle of the axis of the cone and its half-opening, rad; shapes broadcast.

    Returns
    -------
    array
        In [0, pi]; 0 outside of the cone, pi where the whole circle is inside.

    Notes
    -----
    Source: spherical law of cosines, in the half-angle form that keeps small angles.
    """
    t, a, o = (np.asarray(value, dtype=float) for value in (theta, axis_angle, opening))
    above = np.sin(0.5 * o) ** 2 - np.sin(0.5 * (t - a)) ** 2
    below = np.sin(t) * np.sin(a)
    tilted = below > np.finfo(float).tiny
    safe = np.where(tilted, below, 1.0)
    half_sq = np.where(tilted, above / safe, np.where(above >= 0.0, 1.0, 0.0))
    return np.asarray(2.0 * np.arcsin(np.sqrt(np.clip(half_sq, 0.0, 1.0))))


def one_minus_cos_out(energy: ArrayLike, energy_out: ArrayLike, q_sq: ArrayLike, m_in: float, m_out: float) -> Floats:
    """Return 1 - cos of the angle between an incoming particle and an outgoing one of another mass.

    1 - cos = [Q^2 - 2 (E E' - p p') + m^2 + m'^2]/(2 p p'), where E E' - p p' = (m^2 E'^2 + m'^2 E^2 - m^2 m'^2)/
    (E E' + p p') keeps its digits at high energy.

    Parameters
    ----------
    energy, energy_out : array_like
        Total energies E and E' in MeV.
    q_sq : array_like
        Q^2 = -(k - k')^2 in MeV^2. Shapes broadcast.
    m_in, m_out : float
        Masses in MeV.

    Returns
    -------
    array
        In [0, 2] (clipped there against rounding); 0 where a particle is at rest.

    Notes
    -----
    Source: derived from -Q^2 = m^2 + m'^2 - 2 (E E' - p p' cos).
    """
    e1, e2, q = (np.asarray(value, dtype=float) for value in (energy, energy_out, q_sq))
    p1 = np.sqrt(np.maximum((e1 - m_in) * (e1 + m_in), 0.0))
    p2 = np.sqrt(np.maximum((e2 - m_out) * (e2 + m_out), 0.0))
    product, energies = p1 * p2, e1 * e2
    gap = ((m_in * e2) ** 2 + (m_out * e1) ** 2 - (m_in * m_out) ** 2) / (energies + product)
    moving = product > 0.0
    value = (q - 2.0 * gap + m_in**2 + m_out**2) / (2.0 * np.where(moving, product, 1.0))
    return np.where(moving, np.clip(value, 0.0, 2.0), 0.0)
