"""Two-body production of an axion-like particle a on a target at rest: where it can go, and with what momentum.

Photons (massless) on a nucleus or an electron, gamma M -> a M, are described by Q^2 = 2 M (E - E_a) > 0; positrons on
an electron, e+ e- -> gamma a, by the energy of a. An a slower in the centre of mass than the centre of mass in the
laboratory is confined to a cone, in which every angle belongs to two momenta: a fast and a slow one.
"""

import numpy as np
from numpy.typing import ArrayLike

from darkhorn.core.errors import require_range
from darkhorn.core.rays import Floats
from darkhorn.physics.two_to_two import momentum


def threshold_energy(m: ArrayLike, target_mass: ArrayLike) -> Floats:
    """Return the least photon energy m + m^2/(2 M) of gamma M -> a M.

    Parameters
    ----------
    m, target_mass : array_like
        Mass of a (>= 0) and of the target (> 0) in MeV; shapes broadcast.

    Returns
    -------
    array
        MeV.

    Raises
    ------
    RangeError
        For m < 0 or M <= 0.

    Notes
    -----
    Source: derived (s = (m + M)^2).
    """
    require_range("m", m, 0.0, unit="MeV")
    require_range("target_mass", target_mass, 0.0, unit="MeV", open_low=True)
    m = np.asarray(m, dtype=float)
    return np.asarray(m + m**2 / (2.0 * np.asarray(target_mass, dtype=float)))


def q_sq_limits(energy: ArrayLike, m: ArrayLike, target_mass: ArrayLike) -> tuple[Floats, Floats]:
    """Return the range of Q^2 = -t of gamma M -> a M.

    With D = M E + m^2/2 and R = M sqrt[(E - m^2/2M)^2 - m^2]: ``hi = 2 M E (D + R)/s - m^2``, ``lo = m^4 M^2/(s hi)``.

    Parameters
    ----------
    energy, m, target_mass : array_like
        Photon energy (> 0), mass of a (>= 0) and of the target (> 0) in MeV; shapes broadcast.

    Returns
    -------
    lo, hi : array
        MeV^2; both exactly 0 at and below threshold.

    Raises
    ------
    RangeError
        For an argument out of its range.

    Notes
    -----
    Source: derived; t = m^2 - 2 k* (E_a* -+ p_a*), checked in tests/physics/test_alp_kinematics.py.
    """
    require_range("energy", energy, 0.0, unit="MeV", open_low=True)
    least = threshold_energy(m, target_mass)
    energy, m, target = (np.asarray(value, dtype=float) for value in (energy, m, target_mass))
    above = energy - least
    is_open = above > 0.0
    root = target * np.sqrt(np.where(is_open, above * (above + 2.0 * m), 0.0))
    s = target * (target + 2.0 * energy)
    high = 2.0 * target * energy * (target * energy + 0.5 * m**2 + root) / s - m**2
    is_open &= high > 0.0
    low = (m**2 * target) ** 2 / (s * np.where(is_open, high, 1.0))
    return np.where(is_open, low, 0.0), np.where(is_open, high, 0.0)


def momenta_at_angle(
    energy: ArrayLike,
    versine: ArrayLike,
    m: ArrayLike,
    target_mass: ArrayLike,
    *,
    m_in: float = 0.0,
    m_recoil: float | None = None,
) -> tuple[Floats, Floats]:
    """Return the momenta of a that leaves at a given angle to the projectile.

    The positive solutions of (E + M) E_a - p_in p cos = D, D = M E + (m_in^2 + M^2 + m^2 - m_recoil^2)/2.

    Parameters
    ----------
    energy : array_like
        Total energy of the projectile in MeV.
    versine : array_like
        1 - cos of the lab angle, in [0, 2].
    m, target_mass : array_like
        Mass of a and of the target in MeV. All shapes broadcast.
    m_in, m_recoil : float
        Mass of the projectile (0: photon) and of what is left of the target (None: the target itself) in MeV.

    Returns
    -------
    fast, slow : array
        MeV; exactly 0 where there is no such solution. ``slow`` exists only inside the cone of a slow a.

    Raises
    ------
    RangeError
        For E < m_in, a negative mass, M <= 0 or an impossible versine.

    Notes
    -----
    Source: derived (energy and momentum conservation).
    """
    require_range("1 - cos", versine, 0.0, 2.0)
    require_range("m", m, 0.0, unit="MeV")
    require_range("target_mass", target_mass, 0.0, unit="MeV", open_low=True)
    incoming = momentum(energy, m_in)
    energy, v, m, target = (np.asarray(value, dtype=float) for value in (energy, versine, m, target_mass))
    gap = 0.0 if m_recoil is None else (target - m_recoil) * (target + m_recoil)
    left = target if m_recoil is None else m_recoil
    whole, along = energy + target, incoming * (1.0 - v)
    d = target * energy + 0.5 * (m_in**2 + m**2 + gap)
    room = (whole - along) * (whole + along)
    square = d**2 - m**2 * room
    root = whole * np.sqrt(np.maximum(square, 0.0))
    product = (d - whole * m) * (d + whole * m)
    forward = along >= 0.0
    backward = np.where(forward, 1.0, root - d * along)
    fast = np.where(forward, (d * along + root) / room, product / np.where(backward > 0.0, backward, 1.0))
    two = forward & (product < 0.0) & (d * along + root > 0.0)
    slow = -product / np.where(two, d * along + root, 1.0)
    # s >= (m + m_recoil)^2 without the cancellation of M^2
    is_open = (2.0 * target * energy + m_in**2 + gap >= m * (m + 2.0 * left)) & (square >= 0.0) & (fast > 0.0)
    return np.where(is_open, fast, 0.0), np.where(is_open & two, slow, 0.0)


def q_sq_of_momentum(
    energy: ArrayLike, p: ArrayLike, versine: ArrayLike, m: ArrayLike, target_mass: ArrayLike
) -> Floats:
    """Return Q^2 of gamma M -> a M from the momentum and the angle of a, as a sum of positive terms.

    Q^2 = [m^4/k^2 + 2 E p (1 - cos)]/[1 - m^2/(M k)], k = E_a + p: no difference of energies occurs.

    Parameters
    ----------
    energy, p, versine, m, target_mass : array_like
        Photon energy, momentum of a, 1 - cos of its angle, mass of a and of the target; MeV. Shapes broadcast.

    Returns
    -------
    array
        MeV^2; 0 for p = 0, which stands for no solution.

    Notes
    -----
    Source: derived from t = m^2 - 2 E (E_a - p cos) and E - E_a = Q^2/(2 M).
    """
    energy, p, v, m, target = (np.asarray(value, dtype=float) for value in (energy, p, versine, m, target_mass))
    k = np.hypot(p, m) + p
    safe = np.where(k > 0.0, k, 1.0)
    below = 1.0 - m**2 / (target * safe)
    value = ((m**2 / safe) ** 2 + 2.0 * energy * p * v) / np.where(below > 0.0, below, 1.0)
    return np.where((p > 0.0) & (below > 0.0), value, 0.0)


def versine_of_q_sq(energy: ArrayLike, q_sq: ArrayLike, m: ArrayLike, target_mass: ArrayLike) -> Floats:
    """Return 1 - cos of the lab angle of a in gamma M -> a M: the inverse of :func:`q_sq_of_momentum`.

    Parameters
    ----------
    energy, q_sq, m, target_mass : array_like
        Photon energy, Q^2 inside :func:`q_sq_limits`, mass of a and of the target; MeV, MeV^2. Shapes broadcast.

    Returns
    -------
    array
        In [0, 2] (rounding is clipped); 0 for an a at rest.

    Notes
    -----
    Source: derived; see :func:`q_sq_of_momentum`.
    """
    energy, y, m, target = (np.asarray(value, dtype=float) for value in (energy, q_sq, m, target_mass))
    outgoing = np.maximum(energy - y / (2.0 * target), m)
    p = np.sqrt((outgoing - m) * (outgoing + m))
    k = np.where(outgoing + p > 0.0, outgoing + p, 1.0)
    below = 2.0 * energy * p
    above = y * (1.0 - m**2 / (target * k)) - (m**2 / k) ** 2
    return np.where(below > 0.0, np.clip(above / np.where(below > 0.0, below, 1.0), 0.0, 2.0), 0.0)


def versine_of_energy(
    energy: ArrayLike,
    alp_energy: ArrayLike,
    m: ArrayLike,
    target_mass: ArrayLike,
    *,
    m_in: float = 0.0,
    m_recoil: float | None = None,
) -> Floats:
    """Return 1 - cos of the lab angle of a from its energy; for light targets, where energies differ enough.

    Parameters
    ----------
    energy, alp_energy, m, target_mass : array_like
        Energy of the projectile and of a, mass of a and of the target in MeV; shapes broadcast.
    m_in, m_recoil : float
        As in :func:`momenta_at_angle`.

    Returns
    -------
    array
        In [0, 2] (rounding is clipped); 0 for an a at rest.

    Notes
    -----
    Source: derived (energy and momentum conservation).
    """
    incoming = momentum(energy, m_in)
    energy, outgoing, m, target = (np.asarray(value, dtype=float) for value in (energy, alp_energy, m, target_mass))
    p = np.sqrt(np.maximum((outgoing - m) * (outgoing + m), 0.0))
    gap = 0.0 if m_recoil is None else (target - m_recoil) * (target + m_recoil)
    d = target * energy + 0.5 * (m_in**2 + m**2 + gap)
    below = incoming * p
    above = below - (energy + target) * outgoing + d
    return np.where(below > 0.0, np.clip(above / np.where(below > 0.0, below, 1.0), 0.0, 2.0), 0.0)
