"""A light pseudoscalar a from pi0, eta and eta': by mixing with the pi0, and in P0 -> gamma gamma a.

P0 -> gamma a does not exist, whatever the coupling: a meson of spin 0 cannot decay to one photon and one particle of
spin 0, because the photon's helicity +-1 has no orbital angular momentum along the only axis to cancel it. In terms
of amplitudes: the only vector left, p, gives eps.p, which gauge invariance forbids. With L = (g/4) a F Ftilde the
first decay is P0 -> gamma gamma*, gamma* -> gamma a. Branching ratios are per BR(P0 -> gamma gamma).
"""

import numpy as np
from numpy.typing import ArrayLike

from darkhorn.core.errors import RangeError, require_range
from darkhorn.core.rays import Floats
from darkhorn.physics.weak import ALPHA, F_PI

LARGEST_ANGLE = 0.1
"""Mixing angle beyond which the first-order formula is refused."""


def mixing_angle(m_a: ArrayLike, M: ArrayLike, *, mass_sq: ArrayLike = 0.0, kinetic: ArrayLike = 0.0) -> Floats:
    """Return the first-order admixture theta of the meson in a: the meson field contains theta a.

    For L = -mass_sq a P0 + kinetic d_mu a d^mu P0 and canonical fields of masses m_a and M:
    theta = (mass_sq - kinetic m_a^2)/(m_a^2 - M^2). Every pi0 of the same momentum distribution then gives
    theta^2 of an a, up to phase space.

    Parameters
    ----------
    m_a, M : array_like
        Masses of a and of the meson in MeV; shapes broadcast.
    mass_sq : array_like
        Mass mixing in MeV^2, of either sign.
    kinetic : array_like
        Kinetic mixing, dimensionless, of either sign.

    Returns
    -------
    broadcast shape, float
        theta, dimensionless.

    Raises
    ------
    RangeError
        For m_a = M, and where abs(theta) or abs(kinetic) exceeds 0.1: the formula holds for
        abs(m_a^2 - M^2) >> abs(mass_sq - kinetic m_a^2).

    Notes
    -----
    Errors are of relative order theta^2, theta kinetic and kinetic^2 M^2/(m_a^2 - M^2).

    Source: derived; checked against the exact diagonalisation in tests/physics/test_neutral_meson_alps.py.
    """
    require_range("m_a", m_a, 0.0, unit="MeV")
    require_range("M", M, 0.0, unit="MeV", open_low=True)
    require_range("mass_sq", mass_sq, unit="MeV^2")
    require_range("kinetic", kinetic, -LARGEST_ANGLE, LARGEST_ANGLE)
    light, meson = np.asarray(m_a, dtype=float), np.asarray(M, dtype=float)
    gap = (light - meson) * (light + meson)
    if not np.all(gap):
        raise RangeError(f"m_a = {np.min(meson):g} MeV equals the mass of the meson; there is no first-order mixing")
    angle = (np.asarray(mass_sq, dtype=float) - np.asarray(kinetic, dtype=float) * light**2) / gap
    require_range("mixing angle", angle, -LARGEST_ANGLE, LARGEST_ANGLE)
    return np.asarray(angle)


def mixing_two_photon_coupling(angle: ArrayLike, f: float = F_PI) -> Floats:
    """Return g of (g/4) a F Ftilde that the admixture theta of a pi0 gives: theta alpha sqrt2/(pi f).

    Parameters
    ----------
    angle : array_like
        theta, any shape.
    f : float
        Large decay constant in MeV, > 0.

    Returns
    -------
    shape of ``angle``, float
        1/MeV; adds to a direct coupling with its sign.

    Raises
    ------
    RangeError
        For f <= 0 or an angle that is not finite.

    Notes
    -----
    With theta = 1 it gives the width alpha^2 M^3/(32 pi^3 f^2) of the pi0.

    Source: derived from the anomaly; checked against the pi0 width in tests/physics/test_neutral_meson_alps.py.
    """
    require_range("f", f, 0.0, unit="MeV", open_low=True)
    require_range("angle", angle)
    return np.asarray(np.sqrt(2.0) * ALPHA * np.asarray(angle, dtype=float) / (np.pi * f))


def dbranching_two_photons_a(energy: ArrayLike, cos: ArrayLike, m_a: float, M: float, strength: float) -> Floats:
    """Return d2BR/(dE_a dcos) of P0 -> gamma gamma a over BR(P0 -> gamma gamma).

    g^2 p/(8 pi^2 M^4) [ s12^2 + M^2 E^2 p^4 sin^4/(E^2 - p^2 cos^2)^2 ], s12 = M^2 + m_a^2 - 2 M E the mass squared of
    the photons. The first term has photons of equal helicity, the second of opposite helicity; both diagrams, their
    interference and the 1/2 for identical photons are inside. cos runs over (-1, 1): s(gamma a) = M (E +- p cos).

    Parameters
    ----------
    energy : array_like
        Energy E of a in the rest frame of P0 in MeV.
    cos : array_like
        Cosine between a photon and a's direction in the frame of the two photons; shapes broadcast.
    m_a, M : float
        Masses in MeV, m_a >= 0, M > 0.
    strength : float
        g in 1/MeV of (g/4) a F Ftilde.

    Returns
    -------
    broadcast shape, float
        1/MeV; exactly 0 outside m_a < E < (M^2 + m_a^2)/(2 M).

    Raises
    ------
    RangeError
        For a negative mass, M = 0 or abs(cos) > 1.

    Notes
    -----
    Source: derived; checked against explicit polarisation sums in tests/physics/test_neutral_meson_alps.py.
    """
    require_range("m_a", m_a, 0.0, unit="MeV")
    require_range("M", M, 0.0, unit="MeV", open_low=True)
    require_range("cos", cos, -1.0, 1.0)
    require_range("strength", strength, unit="1/MeV")
    values, cos_sq = np.asarray(energy, dtype=float), np.asarray(cos, dtype=float) ** 2
    inside = (values > m_a) & (values < 0.5 * (M + m_a**2 / M))
    safe = np.where(inside, values, m_a + M)
    photons = (M - m_a) ** 2 - 2.0 * M * (safe - m_a)
    p_sq = (safe - m_a) * (safe + m_a)
    across = p_sq * (1.0 - cos_sq)
    whole = m_a**2 + across
    opposite = M * safe * np.where(whole > 0.0, across / np.where(whole > 0.0, whole, 1.0), 1.0)
    bracket = photons**2 + opposite**2
    return np.asarray(np.where(inside, strength**2 * np.sqrt(p_sq) * bracket / (8.0 * np.pi**2 * M**4), 0.0))


def energy_density_two_photons_a(energy: ArrayLike, m_a: float, M: float, strength: float) -> Floats:
    """Return dBR/dE_a of P0 -> gamma gamma a over BR(P0 -> gamma gamma), the integral of the above over cos.

    g^2 p/(8 pi^2 M^4) [2 s12^2 + M^2 E^2 J], J = 2 + m_a^2/E^2 - m_a^2 (eta/(E p)) (4 - m_a^2/E^2), with the rapidity
    eta of a.

    Parameters
    ----------
    energy : array_like
        Energy of a in the rest frame of P0 in MeV, any shape.
    m_a, M, strength : float
        As in :func:`dbranching_two_photons_a`.

    Returns
    -------
    shape of ``energy``, float
        1/MeV; exactly 0 outside m_a < E < (M^2 + m_a^2)/(2 M).

    Raises
    ------
    RangeError
        As :func:`dbranching_two_photons_a`.

    Notes
    -----
    Source: derived; checked against scipy in tests/physics/test_neutral_meson_alps.py.
    """
    require_range("m_a", m_a, 0.0, unit="MeV")
    require_range("M", M, 0.0, unit="MeV", open_low=True)
    require_range("strength", strength, unit="1/MeV")
    values = np.asarray(energy, dtype=float)
    inside = (values > m_a) & (values < 0.5 * (M + m_a**2 / M))
    safe = np.where(inside, values, m_a + M)
    momentum = np.sqrt(safe - m_a) * np.sqrt(safe + m_a)
    photons = (M - m_a) ** 2 - 2.0 * M * (safe - m_a)
    bracket = 2.0 * photons**2 + (M * safe) ** 2 * _opposite(safe, momentum, m_a)
    return np.asarray(np.where(inside, strength**2 * momentum * bracket / (8.0 * np.pi**2 * M**4), 0.0))


def _opposite(energy: Floats, momentum: Floats, m_a: float) -> Floats:
    """Return J of the energy density, as a series in the speed of a where the closed form cancels."""
    speed_sq, ratio = (momentum / energy) ** 2, (m_a / energy) ** 2
    k = np.arange(2, 16)
    series = (1.0 / (2 * k - 3) + 2.0 / (2 * k - 1) - 3.0 / (2 * k + 1)) * speed_sq[..., None] ** k
    rapidity = np.log(energy + momentum) - np.log(m_a) if m_a > 0.0 else np.zeros_like(energy)
    closed = 2.0 + ratio - ratio * rapidity * (energy / momentum) * (4.0 - ratio)
    return np.asarray(np.where(speed_sq < 0.1, series.sum(axis=-1), closed))


def branching_two_photons_a(m_a: float, M: float, strength: float, order: int = 64) -> float:
    """Return BR(P0 -> gamma gamma a)/BR(P0 -> gamma gamma) by a Gauss rule in the rapidity of a.

    Parameters
    ----------
    m_a, M, strength : float
        As in :func:`dbranching_two_photons_a`.
    order : int
        Points of the rule.

    Returns
    -------
    float
        Dimensionless; exactly 0 for m_a >= M; 7 g^2 M^2/(768 pi^2) for a massless a.

    Raises
    ------
    RangeError
        As :func:`dbranching_two_photons_a`.

    Notes
    -----
    Source: derived; checked against scipy in tests/physics/test_neutral_meson_alps.py.
    """
    energy_density_two_photons_a(M, m_a, M, strength)
    if m_a >= M:
        return 0.0
    nodes, weights = np.polynomial.legendre.leggauss(order)
    high = 0.5 * (M + m_a**2 / M)
    if m_a < 1.0e-100 * M:  # massless as far as numbers can tell
        points, measure = 0.5 * high * (nodes + 1.0), 0.5 * high * weights
    else:
        top = np.log(M / m_a)
        points = m_a * np.cosh(0.5 * top * (nodes + 1.0))
        measure = 0.5 * top * np.sqrt((points - m_a) * (points + m_a)) * weights
    return float(measure @ energy_density_two_photons_a(points, m_a, M, strength))
