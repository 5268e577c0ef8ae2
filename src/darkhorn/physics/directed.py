"""Decays aimed at a detector: the exact measure of a daughter's lab energy and direction.

d^3p/E is invariant and the decay of a spinless parent is isotropic in its rest
frame, so a point (E, Omega) of the lab carries the probability

    dP = (1/4 pi) (1/Gamma) (dGamma/dE*) (p/p*) dE dOmega,   E* = gamma (E - beta p cos theta).

Drawing the LAB energy keeps this weight smooth. Drawing E* first and solving for
E at fixed direction would bring in a Jacobian that diverges at the largest angle.
"""

import numpy as np
from numpy.typing import ArrayLike

from darkhorn.core.arrays import namespace, root
from darkhorn.core.rays import Floats


def rest_energy(energy: ArrayLike, mass: float, cos_theta: ArrayLike, gamma: ArrayLike, beta: ArrayLike) -> Floats:
    """Return the energy E* = gamma (E - beta p cos theta) of a daughter in its parent's rest frame.

    Parameters
    ----------
    energy : array_like
        Lab energy of the daughter in MeV, >= ``mass``.
    mass : float
        Its mass in MeV.
    cos_theta : array_like
        Cosine of its lab angle to the parent.
    gamma, beta : array_like
        Lorentz factor and speed of the parent.

    Returns
    -------
    array
        MeV; never below ``mass`` (rounding is clipped).

    Notes
    -----
    Source: Lorentz transformation; Byckling and Kajantie, Particle Kinematics, chapter II.
    """
    xp = namespace(energy, mass, cos_theta, gamma, beta)
    energy = xp.asarray(energy, dtype=float)
    momentum = root((energy - mass) * (energy + mass))
    value = xp.asarray(gamma) * (energy - xp.asarray(beta) * momentum * xp.asarray(cos_theta))
    return xp.asarray(xp.maximum(value, mass))


def lab_energy_limits(
    cos_theta: ArrayLike, gamma: ArrayLike, beta: ArrayLike, rest_energy_max: float, mass: float
) -> tuple[Floats, Floats]:
    """Return the lowest and the highest lab energy of a daughter that leaves at a given angle.

    E_+- = [E*_max +- beta c sqrt(E*_max^2 - gamma^2 m^2 (1 - beta^2 c^2))] / (gamma (1 - beta^2 c^2)).
    Where gamma m <= E*_max every direction is open and the lowest energy is m; otherwise only c > 0 with a
    real root is open, between E_- and E_+.

    Parameters
    ----------
    cos_theta : array_like
        Cosine c of the lab angle to the parent.
    gamma, beta : array_like
        Lorentz factor and speed of the parent; broadcast with ``cos_theta``.
    rest_energy_max : float
        Largest rest-frame energy E*_max in MeV, >= ``mass``.
    mass : float
        Mass of the daughter in MeV.

    Returns
    -------
    low, high : array
        MeV; low = high = ``mass`` for a closed direction, so that its interval is exactly empty.

    Notes
    -----
    1 - beta^2 c^2 is formed as (1 - beta c)(1 + beta c).

    Source: derived from E* = gamma (E - beta p c) at E* = E*_max; tested against brute-force decays.
    """
    c, g, b = np.broadcast_arrays(*(np.asarray(a, dtype=float) for a in (cos_theta, gamma, beta)))
    one_minus = (1.0 - b * c) * (1.0 + b * c)
    root_sq = rest_energy_max**2 - (g * mass) ** 2 * one_minus
    root = b * c * np.sqrt(np.maximum(root_sq, 0.0))
    scale = 1.0 / (g * one_minus)
    everywhere = g * mass <= rest_energy_max
    is_open = everywhere | ((c > 0.0) & (root_sq > 0.0))
    low = np.where(everywhere | ~is_open, mass, np.maximum((rest_energy_max - root) * scale, mass))
    high = np.where(is_open, np.maximum((rest_energy_max + root) * scale, low), low)
    return low, high


def directed_density(density_over_p: ArrayLike, momentum: ArrayLike) -> Floats:
    """Return dP/(dE dOmega) = (1/4 pi) [(1/Gamma)(dGamma/dE*)/p*] p in the lab.

    Parameters
    ----------
    density_over_p : array_like
        (1/Gamma) (dGamma/dE*) / p* at the rest-frame energy, in 1/MeV^2; finite at threshold.
    momentum : array_like
        Lab momentum p of the daughter in MeV.

    Returns
    -------
    array
        1/(MeV sr).

    Notes
    -----
    Source: derived from the invariance of d^3p/E; tested by the integral over the sphere, which is the branching ratio.
    """
    xp = namespace(density_over_p, momentum)
    density: Floats = xp.asarray(density_over_p, dtype=float) * xp.asarray(momentum, dtype=float) / (4.0 * np.pi)
    return density


def massless_two_body_density(cos_theta: ArrayLike, gamma: ArrayLike, beta: ArrayLike) -> Floats:
    """Return dN/dOmega = 1/[4 pi gamma^2 (1 - beta cos theta)^2] of a massless daughter of a two-body decay, in 1/sr.

    Parameters
    ----------
    cos_theta : array_like
        Cosine of the lab angle between daughter and parent.
    gamma, beta : array_like
        Lorentz factor and speed of the parent.

    Notes
    -----
    The daughter's energy is E*/[gamma (1 - beta cos theta)].

    Source: arXiv:0806.1449, section IV; Byckling and Kajantie, Particle Kinematics, chapter II.
    """
    doppler = np.asarray(gamma) * (1.0 - np.asarray(beta) * np.asarray(cos_theta))
    density: Floats = 1.0 / (4.0 * np.pi * doppler**2)
    return density


def aberrated_versine(u: ArrayLike, gamma: ArrayLike, beta: ArrayLike) -> Floats:
    """Return 1 - cos theta in the lab of a massless daughter that is isotropic in its parent's rest frame.

    (1 - beta)(1 - c*)/(1 + beta c*) with c* = 1 - 2u; the density in solid angle is :func:`massless_two_body_density`.

    Parameters
    ----------
    u : array_like
        Uniform in (0, 1).
    gamma, beta : array_like
        Lorentz factor and speed of the parent; 1 - beta is formed as 1/[gamma^2 (1 + beta)].

    Returns
    -------
    array
        Between 0 (forward) and 2.

    Notes
    -----
    Source: aberration of light; Byckling and Kajantie, Particle Kinematics, chapter II.
    """
    u, gamma, beta = (np.asarray(a, dtype=float) for a in (u, gamma, beta))
    versine: Floats = 2.0 * u / (gamma**2 * (1.0 + beta) * (1.0 + beta * (1.0 - 2.0 * u)))
    return np.minimum(versine, 2.0)
