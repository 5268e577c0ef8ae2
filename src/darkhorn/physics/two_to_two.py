"""Kinematics of m + M -> photon + M with the target M at rest, free of cancellations.

Everything is a function of the energy of the incoming particle and of Q^2 = -t > 0.
With p the incoming momentum and k = E + p, both ends of the Q^2 range are products,

    Q^2_max = M k (m^2 + M k) / s,        Q^2_min = m^4 M / (k (m^2 + M k)),

so that Q^2_min ~ (m^2/2E)^2 keeps all its digits although it may be 1e-15 of Q^2_max.
"""

import numpy as np
from numpy.typing import ArrayLike

from darkhorn.core.arrays import check_range, namespace, root
from darkhorn.core.errors import require_range
from darkhorn.core.rays import Floats
from darkhorn.core.units import INV_MEV2_IN_CM2

_ROUNDING = 1e-9


def momentum(energy: ArrayLike, m: ArrayLike) -> Floats:
    """Return the momentum p = sqrt((E - m)(E + m)) of a particle of total energy E.

    Parameters
    ----------
    energy, m : array_like
        Total energy and mass in MeV, any shapes that broadcast.

    Returns
    -------
    array
        Momentum in MeV; 0 at rest.

    Raises
    ------
    RangeError
        For m < 0 or E < m (beyond a relative rounding of 1e-9).

    Notes
    -----
    Source: derived (mass shell).
    """
    xp = namespace(energy, m)
    energy, m = xp.asarray(energy, dtype=float), xp.asarray(m, dtype=float)
    check_range("m", m, 0.0, unit="MeV")
    check_range("energy - m", energy - m + _ROUNDING * m, 0.0, unit="MeV")
    return root((energy - m) * (energy + m))


def mandelstam_s(energy: ArrayLike, m: ArrayLike, target_mass: ArrayLike) -> Floats:
    """Return s = m^2 + M^2 + 2 M E in MeV^2 for a target at rest.

    Parameters
    ----------
    energy, m, target_mass : array_like
        Total energy and mass of the incoming particle and mass M of the target, in MeV; shapes broadcast.

    Returns
    -------
    array
        s in MeV^2.

    Raises
    ------
    RangeError
        For M <= 0.

    Notes
    -----
    Source: derived (four-momentum conservation).
    """
    xp = namespace(energy, m, target_mass)
    energy, m, target = (xp.asarray(value, dtype=float) for value in (energy, m, target_mass))
    check_range("target_mass", target, 0.0, unit="MeV", open_low=True)
    return xp.asarray(m**2 + target**2 + 2.0 * target * energy)


def q_sq_limits(energy: ArrayLike, m: ArrayLike, target_mass: ArrayLike) -> tuple[Floats, Floats]:
    """Return the kinematic range of Q^2 = -t of m + M -> photon + M.

    With k = E + p: ``lo = m^4 M / (k (m^2 + M k))`` (photon forward) and ``hi = M k (m^2 + M k) / s``
    (photon backward). ``lo`` is exactly 0 for m = 0; both meet at m^2 M/(m + M) for a particle at rest.

    Parameters
    ----------
    energy, m, target_mass : array_like
        Total energy (> 0) and mass (>= 0) of the incoming particle and mass of the target, in MeV.

    Returns
    -------
    lo, hi : array
        Limits in MeV^2, shape of the broadcast arguments.

    Raises
    ------
    RangeError
        For E < m, E <= 0, m < 0 or M <= 0.

    Notes
    -----
    Source: derived; Q^2_max = 2 p3* (E1* + p1*) - m^2 and the product of both limits is m^4 M^2/s.
    Checked against centre-of-mass kinematics in tests/physics/test_two_to_two.py.
    """
    check_range("energy", energy, 0.0, unit="MeV", open_low=True)
    xp = namespace(energy, m, target_mass)
    energy, m, target = (xp.asarray(value, dtype=float) for value in (energy, m, target_mass))
    s = mandelstam_s(energy, m, target)
    k = energy + momentum(energy, m)
    inner = m**2 + target * k
    return xp.asarray(m**4 * target / (k * inner)), xp.asarray(target * k * inner / s)


def q_sq_from_cm_cos(energy: ArrayLike, cos_cm: ArrayLike, m: ArrayLike, target_mass: ArrayLike) -> Floats:
    """Return Q^2 = Q^2_min + (Q^2_max - Q^2_min)(1 - cos*)/2 in MeV^2.

    Parameters
    ----------
    energy, m, target_mass : array_like
        As in :func:`q_sq_limits`, MeV.
    cos_cm : array_like
        Cosine of the angle between the incoming particle and the photon in the centre-of-mass frame, in [-1, 1].

    Returns
    -------
    array
        Q^2 in MeV^2, shape of the broadcast arguments.

    Raises
    ------
    RangeError
        For |cos*| > 1 and as :func:`q_sq_limits`.

    Notes
    -----
    Source: derived (t is linear in cos*).
    """
    require_range("cos_cm", cos_cm, -1.0, 1.0)
    low, high = q_sq_limits(energy, m, target_mass)
    return low + (high - low) * 0.5 * (1.0 - np.asarray(cos_cm, dtype=float))


def q_sq_from_lab_cos(energy: ArrayLike, cos_lab: ArrayLike, m: ArrayLike, target_mass: ArrayLike) -> Floats:
    """Return Q^2 of the event whose photon leaves at a given angle in the rest frame of the target.

    Q^2 = Q^2_min + (1 - cos) 2 M E_gamma p k/(M k + m^2), with E_gamma = (m^2 + 2 M E)/(2 (E + M - p cos))
    and k = E + p; no difference of nearly equal energies occurs.

    Parameters
    ----------
    energy, m, target_mass : array_like
        As in :func:`q_sq_limits`, MeV.
    cos_lab : array_like
        Cosine of the angle between the incoming particle and the photon in the laboratory, in [-1, 1].

    Returns
    -------
    array
        Q^2 in MeV^2, shape of the broadcast arguments.

    Raises
    ------
    RangeError
        For |cos| > 1 and as :func:`q_sq_limits`.

    Notes
    -----
    Source: derived; E_gamma from (P1 + P2 - k)^2 = M^2.
    """
    require_range("cos_lab", cos_lab, -1.0, 1.0)
    energy, cos, m, target = (np.asarray(value, dtype=float) for value in (energy, cos_lab, m, target_mass))
    low, _ = q_sq_limits(energy, m, target)
    p = momentum(energy, m)
    k = energy + p
    e_gamma = (m**2 + 2.0 * target * energy) / (2.0 * (energy + target - p * cos))
    return np.asarray(low + (1.0 - cos) * 2.0 * target * e_gamma * p * k / (target * k + m**2))


def photon_energy(energy: ArrayLike, q_sq: ArrayLike, target_mass: ArrayLike) -> Floats:
    """Return the laboratory energy E - Q^2/(2 M) of the outgoing particle; the recoil takes Q^2/(2 M).

    Parameters
    ----------
    energy, q_sq, target_mass : array_like
        Energy of the incoming particle (MeV), Q^2 (MeV^2) and mass of the target (MeV); shapes broadcast.

    Returns
    -------
    array
        Energy in MeV; positive inside the limits of :func:`q_sq_limits`.

    Notes
    -----
    Source: derived (energy conservation, target at rest and unchanged).
    """
    return np.asarray(energy, dtype=float) - recoil_energy(q_sq, target_mass)


def recoil_energy(q_sq: ArrayLike, target_mass: ArrayLike) -> Floats:
    """Return the kinetic energy Q^2/(2 M) in MeV of the recoiling target.

    Parameters
    ----------
    q_sq, target_mass : array_like
        Q^2 (MeV^2) and mass of the target (MeV); shapes broadcast.

    Returns
    -------
    array
        Kinetic energy in MeV.

    Notes
    -----
    Source: derived (t = 2 M^2 - 2 M E_recoil).
    """
    return np.asarray(q_sq, dtype=float) / (2.0 * np.asarray(target_mass, dtype=float))


def one_minus_cos_lab(energy: ArrayLike, q_sq: ArrayLike, m: ArrayLike, target_mass: ArrayLike) -> Floats:
    """Return 1 - cos(theta) of the photon to the incoming direction, in the rest frame of the target.

    1 - cos = (Q^2 - Q^2_min) (M k + m^2)/(2 M E_gamma p k), k = E + p: exact zero at Q^2_min and full precision
    for the smallest angles.

    Parameters
    ----------
    energy, m, target_mass : array_like
        As in :func:`q_sq_limits`, MeV.
    q_sq : array_like
        Q^2 in MeV^2 inside the limits.

    Returns
    -------
    array
        1 - cos(theta) in [0, 2] (clipped there against rounding); 0 for a particle at rest, which has no direction.

    Raises
    ------
    RangeError
        As :func:`q_sq_limits`.

    Notes
    -----
    Source: derived from t = m^2 - 2 E_gamma (E - p cos).
    """
    energy, q_sq, m, target = (np.asarray(value, dtype=float) for value in (energy, q_sq, m, target_mass))
    low, _ = q_sq_limits(energy, m, target)
    p = momentum(energy, m)
    k = energy + p
    below = 2.0 * target * np.maximum(photon_energy(energy, q_sq, target), 0.0) * p * k
    above = (q_sq - low) * (target * k + m**2)
    moving = below > 0.0
    return np.where(moving, np.clip(above / np.where(moving, below, 1.0), 0.0, 2.0), 0.0)


def dsigma_dq_sq_cm2(msq: ArrayLike, energy: ArrayLike, m: ArrayLike, target_mass: ArrayLike) -> Floats:
    """Return dsigma/dQ^2 = <|M|^2>/(16 pi lambda_K) in cm^2/MeV^2, with lambda_K = 4 M^2 p^2.

    Holds for any final state of two particles, whatever their masses.

    Parameters
    ----------
    msq : array_like
        Squared amplitude, averaged over initial and summed over final spins, couplings included (dimensionless).
    energy, m, target_mass : array_like
        Total energy and mass of the incoming particle and mass of the target at rest, in MeV; shapes broadcast.

    Returns
    -------
    array
        dsigma/dQ^2 in cm^2/MeV^2; exactly 0 for an incoming particle at rest, whose flux is zero.

    Raises
    ------
    RangeError
        For E < m, m < 0 or M <= 0.

    Notes
    -----
    lambda_K = (s - (m + M)^2)(s - (m - M)^2).

    Source: PDG review of kinematics, two-body reactions; Byckling and Kajantie, Particle Kinematics, chapter IV.
    """
    xp = namespace(msq, energy, m, target_mass)
    target = xp.asarray(target_mass, dtype=float)
    check_range("target_mass", target, 0.0, unit="MeV", open_low=True)
    flux = 64.0 * np.pi * (target * momentum(energy, m)) ** 2
    moving = flux > 0.0
    value = xp.asarray(msq, dtype=float) / xp.where(moving, flux, 1.0) * INV_MEV2_IN_CM2
    return xp.where(moving, value, 0.0)
