"""Elastic scattering chi T -> chi T of a dark particle on an electron or nucleon at rest, through a vector.

Everything is a function of the energy E of chi and of the kinetic energy T of the recoil, with Q^2 = 2 M T. The target
is a Dirac particle with the vertex F1 gamma^mu + i F2 sigma^(mu nu) q_nu/(2 M); chi is a complex scalar or a Dirac
fermion. The k k/m^2 term of the propagator drops out because both currents are conserved.
"""

from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from darkhorn.core.errors import require_range, unknown_name
from darkhorn.core.rays import Floats
from darkhorn.core.units import INV_MEV2_IN_CM2
from darkhorn.physics.two_to_two import mandelstam_s, momentum

SPINS: Final = ("scalar", "dirac")
"""What chi may be."""


def recoil_limits(energy: ArrayLike, m_chi: ArrayLike, target_mass: ArrayLike) -> tuple[Floats, Floats]:
    """Return the range of kinetic energy of the recoil, from 0 to T_max = 2 M p^2/s.

    Parameters
    ----------
    energy, m_chi, target_mass : array_like
        Total energy and mass of chi, mass M of the target, in MeV; shapes broadcast.

    Returns
    -------
    lo, hi : array
        In MeV; both 0 for chi at rest.

    Raises
    ------
    RangeError
        For E < m_chi, m_chi < 0 or M <= 0.

    Notes
    -----
    Source: derived (chi turned back in the centre-of-mass frame); checked against explicit kinematics in
    tests/physics/test_elastic.py.
    """
    target = np.asarray(target_mass, dtype=float)
    s = mandelstam_s(energy, m_chi, target)
    high = 2.0 * target * momentum(energy, m_chi) ** 2 / s
    return np.zeros_like(high), high


def dsigma_dt_recoil_cm2(
    energy: ArrayLike,
    recoil: ArrayLike,
    m_chi: ArrayLike,
    target_mass: ArrayLike,
    mediator_mass: ArrayLike,
    *,
    spin: str = "scalar",
    f1: ArrayLike = 1.0,
    f2: ArrayLike = 0.0,
) -> Floats:
    """Return dsigma/dT of chi on a Dirac target at rest, per (g_chi g_target)^2.

    M/(8 pi p^2) {...}/(2 M T + m_V^2)^2 with G = F1 + F2, a = F1^2 + F2^2 T/(2 M), u = 2 E - T and

    - ``scalar``: {...} = a u^2 - G^2 T (T + 2 m^2/M);
    - ``dirac``: {...} = a [u^2 - T (T + 2 M)] + 2 G^2 T (T - m^2/M).

    Averaged over the spins of the target and of a Dirac chi, summed over the final ones. For a kinetically mixed V on
    an electron or proton (g_chi g_target)^2 = 16 pi^2 alpha alpha_D eps^2.

    Parameters
    ----------
    energy : array_like
        Total energy E of chi in MeV.
    recoil : array_like
        Kinetic energy T of the target after the collision in MeV.
    m_chi, target_mass, mediator_mass : array_like
        Masses m, M and m_V in MeV.
    spin : str
        ``scalar`` (complex) or ``dirac``.
    f1, f2 : array_like
        Form factors of the target at Q^2 = 2 M T, F2 in units of the target's own magneton; 1 and 0 for an electron.
        All shapes broadcast.

    Returns
    -------
    array
        cm^2/MeV; exactly 0 outside of [0, T_max] and for chi at rest.

    Raises
    ------
    RangeError
        For E < m_chi, a negative mass, M <= 0, a value that is not finite, or T = 0 through a massless mediator.
    UnknownNameError
        For another spin.

    Notes
    -----
    At F1 = 1, F2 = 0 and for a scalar {...} M is 2 [2 M E^2 - (2 M E + m^2) T].

    Source: derived; checked against explicit traces in tests/physics/test_elastic.py.
    """
    if spin not in SPINS:
        raise unknown_name("spin of chi", spin, SPINS)
    require_range("mediator_mass", mediator_mass, 0.0, unit="MeV")
    require_range("recoil", recoil, unit="MeV")
    energy, t, m, target = (np.asarray(value, dtype=float) for value in (energy, recoil, m_chi, target_mass))
    _, high = recoil_limits(energy, m, target)
    inside = (t >= 0.0) & (t <= high) & (high > 0.0)
    t = np.where(inside, t, high)
    vector_sq = np.asarray(mediator_mass, dtype=float) ** 2
    below = 2.0 * target * t + vector_sq
    require_range("2 M T + m_V^2", np.where(inside, below, 1.0), 0.0, unit="MeV^2", open_low=True)
    f1, f2 = np.asarray(f1, dtype=float), np.asarray(f2, dtype=float)
    charge, magnetic = f1**2 + f2**2 * t / (2.0 * target), (f1 + f2) ** 2
    u_sq, ratio = (2.0 * energy - t) ** 2, m**2 / target
    if spin == "scalar":
        bracket = charge * u_sq - magnetic * t * (t + 2.0 * ratio)
    else:
        bracket = charge * (u_sq - t * (t + 2.0 * target)) + 2.0 * magnetic * t * (t - ratio)
    flux = np.where(inside, 8.0 * np.pi * momentum(energy, m) ** 2 * below**2, 1.0)
    value = target * np.maximum(bracket, 0.0) / flux * INV_MEV2_IN_CM2
    return np.where(inside, value, 0.0)


def recoil_cosine(energy: ArrayLike, recoil: ArrayLike, m_chi: ArrayLike, target_mass: ArrayLike) -> Floats:
    """Return the cosine of the recoiling target to the direction of chi, (E + M)/p sqrt(T/(T + 2 M)).

    Parameters
    ----------
    energy, m_chi, target_mass : array_like
        Total energy and mass of chi, mass of the target, in MeV.
    recoil : array_like
        Kinetic energy T >= 0 of the recoil in MeV. All shapes broadcast.

    Returns
    -------
    array
        In [0, 1], clipped there against rounding: 0 at T = 0 and 1 at T_max; 1 for chi at rest, which has no direction.

    Raises
    ------
    RangeError
        For T < 0 and as :func:`recoil_limits`.

    Notes
    -----
    Source: derived (momentum balance); checked against explicit kinematics in tests/physics/test_elastic.py.
    """
    require_range("recoil", recoil, 0.0, unit="MeV")
    require_range("target_mass", target_mass, 0.0, unit="MeV", open_low=True)
    energy, t, target = (np.asarray(value, dtype=float) for value in (energy, recoil, target_mass))
    p = momentum(energy, m_chi)
    moving = p > 0.0
    cosine = (energy + target) / np.where(moving, p, 1.0) * np.sqrt(t / (t + 2.0 * target))
    return np.where(moving, np.minimum(cosine, 1.0), 1.0)
