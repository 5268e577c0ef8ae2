"""Upscattering chi1 N -> chi2 N of Dirac dark fermions through a vector, target at rest.

<|M|^2> is averaged over both initial spins, summed over the final ones, per (g_chi g_N)^2, dimensionless; g_chi
is the coupling of the transition current chi2bar gamma chi1, g_N that of the point target. The k k/m^2 term of the
propagator drops out because the target current is conserved. Cross sections: ``two_to_two.dsigma_dq_sq_cm2``.
"""

import numpy as np
from numpy.typing import ArrayLike

from darkhorn.core.errors import require_range
from darkhorn.core.rays import Floats
from darkhorn.physics.two_to_two import mandelstam_s, momentum


def threshold_energy(m1: ArrayLike, m2: ArrayLike, target_mass: ArrayLike) -> Floats:
    """Return the least total energy ((m2 + M)^2 - m1^2 - M^2)/(2 M) that can make m2, and never less than m1.

    Parameters
    ----------
    m1, m2, target_mass : array_like
        Masses of the incoming particle, the outgoing particle and the target in MeV; shapes broadcast.

    Returns
    -------
    array
        Energy in MeV.

    Notes
    -----
    Source: derived (s = (m2 + M)^2).
    """
    m1, m2, target = (np.asarray(value, dtype=float) for value in (m1, m2, target_mass))
    return np.asarray(np.maximum(m1, m2 + (m2 - m1) * (m2 + m1) / (2.0 * target)))


def upscatter_q_sq_limits(
    energy: ArrayLike, m1: ArrayLike, m2: ArrayLike, target_mass: ArrayLike
) -> tuple[Floats, Floats]:
    """Return the range of Q^2 = -t of m1 + M -> m2 + M.

    ``hi = 2 (E1* E3* + p1* p3*) - m1^2 - m2^2`` and ``lo = M^2 (m1^2 - m2^2)^2/(s hi)``.

    Parameters
    ----------
    energy, m1, m2, target_mass : array_like
        Total energy and mass of the incoming particle, mass of the outgoing one, mass of the target, in MeV.

    Returns
    -------
    lo, hi : array
        Limits in MeV^2; both 0 below threshold.

    Raises
    ------
    RangeError
        For E < m1, a negative mass or M <= 0.

    Notes
    -----
    Source: derived; the product of the limits of t is M^2 (m1^2 - m2^2)^2/s.
    """
    m1, m2, target = (np.asarray(value, dtype=float) for value in (m1, m2, target_mass))
    require_range("m2", m2, 0.0, unit="MeV")
    s = mandelstam_s(energy, m1, target)
    p1 = target * momentum(energy, m1)
    e1 = m1**2 + target * np.asarray(energy, dtype=float)
    two_e3 = s + m2**2 - target**2
    p3_sq = (s - (m2 + target) ** 2) * (s - (m2 - target) ** 2)
    is_open = (p3_sq > 0.0) & (s >= (m2 + target) ** 2)
    high = (e1 * two_e3 + p1 * np.sqrt(np.maximum(p3_sq, 0.0))) / s - m1**2 - m2**2
    is_open &= high > 0.0
    low = (target * (m1 - m2) * (m1 + m2)) ** 2 / (s * np.where(is_open, high, 1.0))
    return np.where(is_open, low, 0.0), np.where(is_open, high, 0.0)


def msq_upscatter_dirac(
    energy: ArrayLike, q_sq: ArrayLike, m1: ArrayLike, m2: ArrayLike, target_mass: ArrayLike, mediator_mass: ArrayLike
) -> Floats:
    """Return <|M|^2>/(g_chi g_N)^2 on a target of spin 1/2.

    With D = m2 - m1 and y = Q^2, the usual expression in s and t becomes, without its terms of size M^4,
    2 [8 M^2 E^2 + 4 M E (m1^2 - m2^2) - 2 M^2 (D^2 + y) - 2 y (m1^2 + 2 M E) + y D^2 + y^2]/(y + m_V^2)^2.

    Parameters
    ----------
    energy, q_sq : array_like
        Total energy of chi1 (MeV) and Q^2 (MeV^2).
    m1, m2, target_mass, mediator_mass : array_like
        Masses in MeV. All shapes broadcast.

    Returns
    -------
    array
        Dimensionless; exactly 0 outside the kinematic range.

    Raises
    ------
    RangeError
        For E < m1, M <= 0 or a vanishing propagator denominator.

    Notes
    -----
    Source: derived; checked against explicit traces in tests/physics/test_scattering.py.
    """
    energy, y, m1, m2, target = (np.asarray(value, dtype=float) for value in (energy, q_sq, m1, m2, target_mass))
    low, high = upscatter_q_sq_limits(energy, m1, m2, target)
    below = y + np.asarray(mediator_mass, dtype=float) ** 2
    require_range("q_sq + mediator_mass^2", below, 0.0, unit="MeV^2", open_low=True)
    split_sq, product = (m2 - m1) ** 2, target * energy
    bracket = 8.0 * product**2 + 4.0 * product * (m1 - m2) * (m1 + m2) - 2.0 * target**2 * (split_sq + y)
    bracket = bracket - 2.0 * y * (m1**2 + 2.0 * product) + y * split_sq + y**2
    inside = (y >= low) & (y <= high) & (high > 0.0)
    return np.where(inside, 2.0 * bracket / below**2, 0.0)


def msq_upscatter_scalar(
    energy: ArrayLike, q_sq: ArrayLike, m1: ArrayLike, m2: ArrayLike, target_mass: ArrayLike, mediator_mass: ArrayLike
) -> Floats:
    """Return <|M|^2>/(g_chi g_N)^2 on a target of spin 0 (C12, O16, Ar40).

    {4 [2 M E + (m1^2 - m2^2 - y)/2]^2 - (4 M^2 + y) [(m2 - m1)^2 + y]}/(y + m_V^2)^2 with y = Q^2.

    Parameters
    ----------
    energy, q_sq : array_like
        Total energy of chi1 (MeV) and Q^2 (MeV^2).
    m1, m2, target_mass, mediator_mass : array_like
        Masses in MeV. All shapes broadcast.

    Returns
    -------
    array
        Dimensionless; exactly 0 outside the kinematic range.

    Raises
    ------
    RangeError
        For E < m1, M <= 0 or a vanishing propagator denominator.

    Notes
    -----
    Source: derived; checked against explicit traces in tests/physics/test_scattering.py.
    """
    energy, y, m1, m2, target = (np.asarray(value, dtype=float) for value in (energy, q_sq, m1, m2, target_mass))
    low, high = upscatter_q_sq_limits(energy, m1, m2, target)
    below = y + np.asarray(mediator_mass, dtype=float) ** 2
    require_range("q_sq + mediator_mass^2", below, 0.0, unit="MeV^2", open_low=True)
    along = 2.0 * target * energy + 0.5 * ((m1 - m2) * (m1 + m2) - y)
    value = (4.0 * along**2 - (4.0 * target**2 + y) * ((m2 - m1) ** 2 + y)) / below**2
    inside = (y >= low) & (y <= high) & (high > 0.0)
    return np.where(inside, np.maximum(value, 0.0), 0.0)
