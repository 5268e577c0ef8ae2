"""Dark Primakoff scattering on a nucleus or a nucleon: X N -> photon N and V N -> photon N.

Operators (lambda/4) X F_{ab} H^{ab} and (lambda/4) X F_{ab} Htilde^{ab}: F is the photon, H the vector, X a scalar
or a pseudoscalar; one of the two dark particles comes in and the other is exchanged with the target. Every <|M|^2>
is averaged over the spins of the target (spin 1/2) and of the incoming particle, summed over the final ones, for a
point target, per (g_N lambda)^2, so that its unit is MeV^2 for lambda in 1/MeV.

A vector or scalar exchange adds coherently over a nucleus (multiply by Q^2 F^2). A pseudoscalar exchange couples to
the spin: never multiply it by Z^2; sum over single nucleons. Exchange of a neutral pion is the pseudoscalar case
with its mass and the isovector coupling of the nucleon.
"""

import numpy as np
from numpy.typing import ArrayLike

from darkhorn.core.arrays import check_range, namespace
from darkhorn.core.rays import Floats
from darkhorn.physics.two_to_two import mandelstam_s, q_sq_limits


def operator_factor(*, hc_doubles: bool = False) -> float:
    """Return the factor on every |M|^2 and width for the reading of the operator (lambda/4) X F H.

    Parameters
    ----------
    hc_doubles : bool
        False (default): the Lagrangian is (lambda/4) X F H, an operator that is already real. True: "+ h.c." after
        it is read literally, the strength is lambda/2, and every rate is 4 times larger.

    Returns
    -------
    float
        1 or 4.

    Notes
    -----
    Source: derived (rates go with the square of the strength).
    """
    return 4.0 if hc_doubles else 1.0


def _propagator_sq(q_sq: Floats, mediator_mass: ArrayLike) -> Floats:
    """Return (Q^2 + m_med^2)^2 in MeV^4; raise where it vanishes."""
    xp = namespace(q_sq, mediator_mass)
    below = q_sq + xp.asarray(mediator_mass, dtype=float) ** 2
    check_range("q_sq + mediator_mass^2", below, 0.0, unit="MeV^2", open_low=True)
    return xp.asarray(below**2)


def msq_x_via_vector(
    energy: ArrayLike, q_sq: ArrayLike, m: ArrayLike, target_mass: ArrayLike, mediator_mass: ArrayLike
) -> Floats:
    """Return <|M|^2>/(g_N lambda)^2 of X N -> photon N through a vector, without cancellations.

    With y = Q^2: [2 s (y - y_min)(y_max - y) + y (y + m^2)^2]/(8 (y + m_med^2)^2). The first term is the charge of
    the target, the second its Dirac moment. Scalar (F H) and pseudoscalar (F Htilde) X give the same.

    Parameters
    ----------
    energy, m : array_like
        Total energy and mass of X in MeV.
    q_sq : array_like
        Q^2 = -t in MeV^2.
    target_mass, mediator_mass : array_like
        Mass of the target and of the exchanged vector in MeV. All shapes broadcast.

    Returns
    -------
    array
        MeV^2; exactly 0 outside the kinematic range.

    Raises
    ------
    RangeError
        For E < m, M <= 0 or a vanishing propagator denominator.

    Notes
    -----
    Limit M >> E: M^2 E^2 y (1 - y/4E^2)/(y + m_med^2)^2.

    Source: derived; checked against explicit traces in tests/physics/test_primakoff.py.
    """
    xp = namespace(energy, q_sq, m, target_mass, mediator_mass)
    m, y = xp.asarray(m, dtype=float), xp.asarray(q_sq, dtype=float)
    low, high = q_sq_limits(energy, m, target_mass)
    inside = (y >= low) & (y <= high)
    y = xp.clip(y, low, high)
    charge = 2.0 * mandelstam_s(energy, m, target_mass) * (y - low) * (high - y)
    value = (charge + y * (y + m**2) ** 2) / (8.0 * _propagator_sq(y, mediator_mass))
    return xp.where(inside, value, 0.0)


def msq_x_via_vector_st(
    s: ArrayLike, t: ArrayLike, m: ArrayLike, target_mass: ArrayLike, mediator_mass: ArrayLike
) -> Floats:
    """Return the same as :func:`msq_x_via_vector` from s and t: the textbook form, for reference.

    [-t B - 2 M^2 (m^2 - t)^2]/(8 (t - m_med^2)^2) with
    B = 2 M^2 (m^2 - 2 s - t) + 2 M^4 - 2 m^2 (s + t) + m^4 + 2 s^2 + 2 s t + t^2.
    Terms of size M^4 cancel down to M^2 E^2: use :func:`msq_x_via_vector` in a chain.

    Parameters
    ----------
    s, t : array_like
        Mandelstam variables in MeV^2.
    m, target_mass, mediator_mass : array_like
        Masses in MeV. All shapes broadcast.

    Returns
    -------
    array
        MeV^2; not clipped outside the kinematic range.

    Raises
    ------
    RangeError
        For a vanishing propagator denominator.

    Notes
    -----
    Source: derived; checked against explicit traces in tests/physics/test_primakoff.py.
    """
    s, t, m, target = (np.asarray(value, dtype=float) for value in (s, t, m, target_mass))
    bracket = 2.0 * target**2 * (m**2 - 2.0 * s - t) + 2.0 * target**4 - 2.0 * m**2 * (s + t)
    bracket = bracket + m**4 + 2.0 * s**2 + 2.0 * s * t + t**2
    above = -t * bracket - 2.0 * target**2 * (m**2 - t) ** 2
    return np.asarray(above / (8.0 * _propagator_sq(-t, mediator_mass)))


def msq_v_via_scalar(q_sq: ArrayLike, m: ArrayLike, target_mass: ArrayLike, mediator_mass: ArrayLike) -> Floats:
    """Return <|M|^2>/(g lambda)^2 of V N -> photon N through a scalar that couples as g phi Nbar N.

    (4 M^2 + Q^2)(m^2 + Q^2)^2/(24 (Q^2 + m_med^2)^2), the mean over the three polarisations of V: 1/8 in place of
    1/24 would be the sum. It does not depend on the energy. Valid for t = -Q^2 inside :func:`q_sq_limits`.

    Parameters
    ----------
    q_sq : array_like
        Q^2 = -t in MeV^2, >= 0.
    m, target_mass, mediator_mass : array_like
        Mass of V (> 0), of the target and of the exchanged scalar in MeV. All shapes broadcast.

    Returns
    -------
    array
        MeV^2.

    Raises
    ------
    RangeError
        For Q^2 < 0 or a vanishing propagator denominator.

    Notes
    -----
    Source: derived; checked against explicit traces in tests/physics/test_primakoff.py.
    """
    xp = namespace(q_sq, m, target_mass, mediator_mass)
    y, m, target = (xp.asarray(value, dtype=float) for value in (q_sq, m, target_mass))
    check_range("q_sq", y, 0.0, unit="MeV^2")
    return xp.asarray((4.0 * target**2 + y) * (m**2 + y) ** 2 / (24.0 * _propagator_sq(y, mediator_mass)))


def msq_v_via_pseudoscalar(q_sq: ArrayLike, m: ArrayLike, mediator_mass: ArrayLike) -> Floats:
    """Return <|M|^2>/(g lambda)^2 of V N -> photon N through a pseudoscalar that couples as i g a Nbar gamma5 N.

    Q^2 (m^2 + Q^2)^2/(24 (Q^2 + m_med^2)^2), the mean over the three polarisations of V. It depends neither on the
    energy nor on the mass of the target. On single nucleons only: the vertex is spin dependent.

    Parameters
    ----------
    q_sq : array_like
        Q^2 = -t in MeV^2, >= 0.
    m, mediator_mass : array_like
        Mass of V (> 0) and of the exchanged pseudoscalar in MeV. All shapes broadcast.

    Returns
    -------
    array
        MeV^2.

    Raises
    ------
    RangeError
        For Q^2 < 0 or a vanishing propagator denominator.

    Notes
    -----
    Source: derived; checked against explicit traces in tests/physics/test_primakoff.py.
    """
    xp = namespace(q_sq, m, mediator_mass)
    y, m = xp.asarray(q_sq, dtype=float), xp.asarray(m, dtype=float)
    check_range("q_sq", y, 0.0, unit="MeV^2")
    return xp.asarray(y * (m**2 + y) ** 2 / (24.0 * _propagator_sq(y, mediator_mass)))
