"""Mesons from protons on beryllium at 8 GeV: Sanford-Wang (pions, K0) and Feynman scaling (K+).

:func:`sanford_wang` and :func:`feynman_scaling` are the formulas; the constants stand beside
them, one named set a species; :func:`neutral_pion` and :func:`k_minus` are built of them. Multiplicities
per interaction divide them by a cross section of ``passage.py``. Covariances: ``production_errors.py``.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from darkhorn.core.errors import require_range
from darkhorn.core.rays import Floats
from darkhorn.core.units import GEV, MB_IN_CM2


@dataclass(frozen=True)
class SanfordWangConstants:
    """The nine constants of one fit, for p in GeV/c, theta in rad and a result in mb/(GeV/c)/sr."""

    c1: float
    c2: float
    c3: float
    c4: float
    c5: float
    c6: float
    c7: float
    c8: float
    c9: float


PI_PLUS_BE: Final = SanfordWangConstants(220.7, 1.080, 1.000, 1.978, 1.32, 5.572, 0.0868, 9.686, 1.0)
"""pi+ fit to HARP and E910 data. Source: arXiv:0806.1449, as the public beam simulation G4BNB carries it."""

PI_MINUS_BE: Final = SanfordWangConstants(213.7, 0.9379, 5.454, 1.210, 1.284, 4.781, 0.07338, 8.329, 1.0)
"""pi- fit behind the published antineutrino-mode flux. Source: arXiv:0806.1449, as G4BNB carries it."""

PI_MINUS_BE_OLDER: Final = SanfordWangConstants(237.2, 0.8986, 4.521, 1.154, 1.105, 4.224, 0.06613, 9.961, 1.0)
"""Older pi- fit, behind the published neutrino-mode flux. Source: comments of G4BNB's production input."""

K0_SHORT_BE: Final = SanfordWangConstants(15.130, 1.975, 4.084, 0.928, 0.731, 4.362, 0.048, 13.300, 1.278)
"""K0S fit (use also for K0L). Source: arXiv:0806.1449, as G4BNB carries it."""


def sanford_wang(p: ArrayLike, theta: ArrayLike, p_beam: ArrayLike, constants: SanfordWangConstants) -> Floats:
    """Return d2sigma/dp dOmega of p + Be -> meson + anything.

    c1 p^c2 [1 - p/(p_B - c9)] exp{ -c3 p^c4 / p_B^c5 - c6 theta (p - c7 p_B cos^c8 theta) }.

    Parameters
    ----------
    p : array_like
        Meson momentum in MeV/c, >= 0.
    theta : array_like
        Angle to the proton in rad, 0 to pi; broadcasts with ``p``.
    p_beam : array_like
        Proton momentum in MeV/c, broadcasts with ``p``; the constants were fitted at 8.89 GeV/c.
    constants : SanfordWangConstants
        One of the sets of this module.

    Returns
    -------
    array
        Double-differential cross section in cm^2/(MeV/c)/sr; exactly zero above p_B - c9, where
        the bracket would turn negative, and beyond 90 degrees, where cos^c8 is not real.

    Raises
    ------
    RangeError
        For a beam momentum at or below c9, a negative momentum or angle.

    Notes
    -----
    The fit covers HARP's window 0.75 < p < 6.5 GeV/c, 30 < theta < 210 mrad; outside it is an extrapolation.

    Source: arXiv:0806.1449, Eq. (1); J. R. Sanford and C. L. Wang, BNL 11279 and 11479 (1967).
    """
    c = constants
    require_range("p_beam", p_beam, c.c9 * GEV, unit="MeV/c", open_low=True)
    require_range("p", p, 0.0, unit="MeV/c")
    require_range("theta", theta, 0.0, unit="rad")
    arrays = (np.asarray(p, dtype=float) / GEV, np.asarray(theta, dtype=float), np.asarray(p_beam, dtype=float) / GEV)
    momentum, angle, beam = np.broadcast_arrays(*arrays)
    inside = (momentum < beam - c.c9) & (momentum > 0) & (angle <= np.pi / 2)
    q = np.where(inside, momentum, 1.0)
    cosine = np.cos(np.where(inside, angle, 0.0)).clip(0.0, None)
    falloff = c.c3 * q**c.c4 / beam**c.c5 + c.c6 * angle * (q - c.c7 * beam * cosine**c.c8)
    value = c.c1 * q**c.c2 * (1.0 - q / (beam - c.c9)) * np.exp(np.where(inside, -falloff, 0.0))
    return np.where(inside, value, 0.0) * MB_IN_CM2 / GEV


@dataclass(frozen=True)
class FeynmanScalingConstants:
    """The eight constants of one fit, for momenta in GeV/c and a result in mb/(GeV/c)/sr."""

    c1: float
    c2: float
    c3: float
    c4: float
    c5: float
    c6: float
    c7: float
    c8: float = 0.0


K_PLUS_BE: Final = FeynmanScalingConstants(11.70, 0.88, 4.77, 1.51, 2.21, 2.17, 1.51)
"""K+ fit, without the factor (1 - |x_F|)^c8. Source: arXiv:0806.1449, as the public simulation G4BNB carries it."""

K_MINUS_OVER_K_PLUS: Final = 0.046
"""A stand-in, not a fit: 0.583 mb of G4BNB's K- table over the 12.73 mb of :func:`feynman_scaling`; unverified."""

_M_PROTON: Final = 0.93827209
_M_LAMBDA: Final = 1.115683
_M_KAON: Final = 0.493677


def feynman_x(p: ArrayLike, theta: ArrayLike, p_beam: ArrayLike) -> Floats:
    """Return x_F = p*_L/p*_max of a K+ from p p -> K+ Lambda p, the exclusive threshold.

    E*_max = [s + m_K^2 - (m_Lambda + m_p)^2]/(2 sqrt(s)), s = 2 m_p (m_p + E_B); the centre of mass moves with
    gamma = sqrt(s)/(2 m_p).

    Parameters
    ----------
    p : array_like
        K+ momentum in MeV/c, >= 0.
    theta : array_like
        Angle to the proton in rad, 0 to pi.
    p_beam : array_like
        Proton momentum in MeV/c on a nucleon at rest.

    Returns
    -------
    array
        Dimensionless, broadcast shape; above 1 in magnitude where the reaction is closed; infinite below threshold.

    Raises
    ------
    RangeError
        For a beam momentum that is not positive, a negative momentum or angle.

    Notes
    -----
    It is not 2 p*_L/sqrt(s), which would raise the integral by a quarter.

    Source: arXiv:0806.1449, section IV, with the threshold as the public beam simulation G4BNB carries it.
    """
    require_range("p_beam", p_beam, 0.0, unit="MeV/c", open_low=True)
    require_range("p", p, 0.0, unit="MeV/c")
    require_range("theta", theta, 0.0, np.pi, unit="rad")
    arrays = (np.asarray(p, dtype=float) / GEV, np.asarray(theta, dtype=float), np.asarray(p_beam, dtype=float) / GEV)
    momentum, angle, beam = np.broadcast_arrays(*arrays)
    s = 2.0 * _M_PROTON * (_M_PROTON + np.hypot(beam, _M_PROTON))
    gamma = np.sqrt(s) / (2.0 * _M_PROTON)
    boost = np.sqrt(gamma**2 - 1.0)
    longitudinal = gamma * momentum * np.cos(angle) - boost * np.hypot(momentum, _M_KAON)
    highest = (s + _M_KAON**2 - (_M_LAMBDA + _M_PROTON) ** 2) / (2.0 * np.sqrt(s))
    p_max = np.sqrt(np.maximum(highest**2 - _M_KAON**2, 0.0))
    is_open = (highest > _M_KAON) & (p_max > 0.0)
    return np.where(is_open, longitudinal / np.where(is_open, p_max, 1.0), np.inf)


def feynman_scaling(
    p: ArrayLike, theta: ArrayLike, p_beam: ArrayLike, constants: FeynmanScalingConstants = K_PLUS_BE
) -> Floats:
    """Return d2sigma/dp dOmega of p + Be -> K+ + anything by Feynman scaling.

    (p^2/E) c1 (1-|x_F|)^c8 exp[ -c3 |x_F|^c4 - c7 |p_T x_F|^c6 - c2 p_T - c5 p_T^2 ].

    Parameters
    ----------
    p, theta, p_beam : array_like
        As :func:`feynman_x`.
    constants : FeynmanScalingConstants
        The fit; masses are those of the K+.

    Returns
    -------
    array
        Double-differential cross section in cm^2/(MeV/c)/sr; exactly zero for |x_F| > 1 and beyond 90 degrees.

    Raises
    ------
    RangeError
        As :func:`feynman_x`.

    Notes
    -----
    Fitted to kaons of 1.2 to 5.5 GeV/c; slow and wide-angle ones are an extrapolation.

    Source: arXiv:0806.1449, Eq. (4).
    """
    c, x = constants, np.abs(feynman_x(p, theta, p_beam))
    momentum, angle, x = np.broadcast_arrays(np.asarray(p, dtype=float) / GEV, np.asarray(theta, dtype=float), x)
    inside = (x <= 1.0) & (angle <= np.pi / 2)
    x = np.where(inside, x, 0.0)
    p_t = momentum * np.sin(angle)
    falloff = c.c3 * x**c.c4 + c.c7 * (p_t * x) ** c.c6 + c.c2 * p_t + c.c5 * p_t**2
    value = momentum**2 / np.hypot(momentum, _M_KAON) * c.c1 * (1.0 - x) ** c.c8 * np.exp(-falloff)
    return np.where(inside, value, 0.0) * MB_IN_CM2 / GEV


def k_minus(p: ArrayLike, theta: ArrayLike, p_beam: ArrayLike) -> Floats:
    """Return a stand-in for K-: :data:`K_MINUS_OVER_K_PLUS` times :func:`feynman_scaling`; the true K- is softer.

    Arguments, result and errors as there.

    Source: integral of the table of the public beam simulation G4BNB; no parametrisation of K- is published.
    """
    return K_MINUS_OVER_K_PLUS * feynman_scaling(p, theta, p_beam)


def neutral_pion(p: ArrayLike, theta: ArrayLike, p_beam: ArrayLike) -> Floats:
    """Return the cross section of pi0 as the mean of those of pi+ and pi-, with their common end p_B - 1 GeV/c.

    Arguments, result and errors as :func:`sanford_wang`.

    Source: arXiv:1609.01770, section on production; isospin symmetry, exact only for a target of isospin zero.
    """
    plus, minus = (sanford_wang(p, theta, p_beam, constants) for constants in (PI_PLUS_BE, PI_MINUS_BE))
    return 0.5 * (plus + minus)


def beam_momentum(kinetic_energy: float, mass: float) -> float:
    """Return the momentum sqrt(T^2 + 2 T m) in MeV/c of a beam particle with kinetic energy T in MeV.

    Source: relativistic kinematics; 8 GeV protons have 8.88889 GeV/c.
    """
    require_range("kinetic_energy", kinetic_energy, 0.0, unit="MeV")
    return float(np.sqrt(kinetic_energy * (kinetic_energy + 2.0 * mass)))
