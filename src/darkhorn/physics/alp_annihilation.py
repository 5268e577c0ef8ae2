"""Axion-like particles from positrons on electrons at rest: e+ e- -> gamma a and e+ e- -> a, per g_e^2.

L = i g_e a ebar gamma5 e. Electrons are free and at rest: their momentum in the atom would widen the resonance.
"""

import numpy as np
from numpy.typing import ArrayLike

from darkhorn.core.errors import require_range
from darkhorn.core.rays import Floats
from darkhorn.core.species import ELECTRON, mass
from darkhorn.core.units import INV_MEV2_IN_CM2
from darkhorn.physics.alp import E_SQ
from darkhorn.physics.two_to_two import momentum


def spin_sum_annihilation(t_gap: ArrayLike, u_gap: ArrayLike, m: ArrayLike) -> Floats:
    """Return the sum over all spins of |M|^2/g_e^2 of e- e+ -> gamma a.

    4 e^2 {(s^2 + m^4)/(T U) - 2 m^2 m_e^2 (1/T + 1/U)^2} with T = 2 p1.k, U = 2 p2.k, k the photon, s = m^2 + T + U.

    Parameters
    ----------
    t_gap, u_gap : array_like
        T and U in MeV^2, > 0.
    m : array_like
        Mass of a in MeV. Shapes broadcast.

    Returns
    -------
    array
        Dimensionless. Average: 1/4.

    Raises
    ------
    RangeError
        For T <= 0 or U <= 0.

    Notes
    -----
    Source: derived by crossing ``alp.spin_sum_compton``; checked against explicit traces in
    tests/physics/test_alp_annihilation.py.
    """
    require_range("2 p1.k", t_gap, 0.0, unit="MeV^2", open_low=True)
    require_range("2 p2.k", u_gap, 0.0, unit="MeV^2", open_low=True)
    t, u, m = (np.asarray(value, dtype=float) for value in (t_gap, u_gap, m))
    first = ((m**2 + t + u) ** 2 + m**4) / (t * u)
    second = 2.0 * (m * mass(ELECTRON) * (t + u) / (t * u)) ** 2
    return np.asarray(4.0 * E_SQ * (first - second))


def annihilation_threshold(m: ArrayLike, soft_photon: float = 0.0) -> Floats:
    """Return the least positron energy of e+ e- -> gamma a with a photon of at least ``soft_photon`` in the c.m. frame.

    s = [k + sqrt(k^2 + m^2)]^2 and E = s/(2 m_e) - m_e, never less than m_e.

    Parameters
    ----------
    m : array_like
        Mass of a in MeV.
    soft_photon : float
        k in MeV, >= 0. Softer photons are part of the (radiatively corrected) resonance.

    Returns
    -------
    array
        Total energy in MeV.

    Raises
    ------
    RangeError
        For m < 0 or k < 0.

    Notes
    -----
    Source: derived; k = (s - m^2)/(2 sqrt s).
    """
    require_range("m", m, 0.0, unit="MeV")
    require_range("soft_photon", soft_photon, 0.0, unit="MeV")
    electron, m = mass(ELECTRON), np.asarray(m, dtype=float)
    s = (soft_photon + np.hypot(soft_photon, m)) ** 2
    return np.asarray(np.maximum(s / (2.0 * electron) - electron, electron))


def annihilation_u_limits(energy: ArrayLike, m: ArrayLike) -> tuple[Floats, Floats]:
    """Return the range of U = 2 m_e E_gamma: m_e (s - m^2)(E + m_e -+ p)/s.

    Parameters
    ----------
    energy, m : array_like
        Total energy of the positron (>= m_e) and mass of a in MeV; shapes broadcast.

    Returns
    -------
    lo, hi : array
        MeV^2; both exactly 0 at and below s = m^2.

    Raises
    ------
    RangeError
        For E < m_e or m < 0.

    Notes
    -----
    Source: derived (a photon of energy (s - m^2)/(2 sqrt s), boosted).
    """
    require_range("m", m, 0.0, unit="MeV")
    electron = mass(ELECTRON)
    p = momentum(energy, electron)
    energy, m = np.asarray(energy, dtype=float), np.asarray(m, dtype=float)
    s = 2.0 * electron * (electron + energy)
    gap = np.maximum(s - m**2, 0.0) * electron / s
    slow = electron + electron**2 / (energy + p)
    return gap * slow, gap * (energy + electron + p)


def dsigma_du_annihilation_cm2(energy: ArrayLike, u_gap: ArrayLike, m: ArrayLike) -> Floats:
    """Return dsigma/dU of e+ e- -> gamma a on one electron at rest, per g_e^2; U = 2 m_e E_gamma.

    Parameters
    ----------
    energy, u_gap, m : array_like
        Total positron energy (MeV), U (MeV^2) and mass of a (MeV); shapes broadcast.

    Returns
    -------
    array
        cm^2/MeV^2; exactly 0 outside :func:`annihilation_u_limits` and for a positron at rest.

    Raises
    ------
    RangeError
        For E < m_e or m < 0.

    Notes
    -----
    (spin sum/4)/(64 pi m_e^2 p^2); E_a = E + m_e - E_gamma. Diverges as 1/(s - m^2) towards the resonance.

    Source: derived; see :func:`spin_sum_annihilation`.
    """
    electron = mass(ELECTRON)
    low, high = annihilation_u_limits(energy, m)
    energy, u, m = (np.asarray(value, dtype=float) for value in (energy, u_gap, m))
    p_sq = (energy - electron) * (energy + electron)
    t = 2.0 * electron * (electron + energy) - m**2 - u
    inside = (u >= low) & (u <= high) & (high > low) & (t > 0.0) & (u > 0.0) & (p_sq > 0.0)
    summed = spin_sum_annihilation(np.where(inside, t, 1.0), np.where(inside, u, 1.0), m)
    flux = 256.0 * np.pi * electron**2 * np.where(p_sq > 0.0, p_sq, 1.0)
    return np.where(inside, np.maximum(summed, 0.0) / flux * INV_MEV2_IN_CM2, 0.0)


def resonance_energy(m: ArrayLike) -> Floats:
    """Return the positron energy m^2/(2 m_e) - m_e at which e+ e- -> a on an electron at rest.

    Parameters
    ----------
    m : array_like
        Mass of a in MeV, > 2 m_e.

    Returns
    -------
    array
        Total energy in MeV; a carries m_e more.

    Raises
    ------
    RangeError
        For m <= 2 m_e.

    Notes
    -----
    Source: derived (s = m^2).
    """
    electron = mass(ELECTRON)
    require_range("m", m, 2.0 * electron, unit="MeV", open_low=True)
    return np.asarray(np.asarray(m, dtype=float) ** 2 / (2.0 * electron) - electron)


def resonance_strength_cm2(m: ArrayLike) -> Floats:
    """Return the integral of sigma(e+ e- -> a) over the positron energy, pi/(4 m_e beta), per g_e^2.

    Parameters
    ----------
    m : array_like
        Mass of a in MeV, > 2 m_e; beta = sqrt(1 - 4 m_e^2/m^2).

    Returns
    -------
    array
        cm^2 MeV, for one electron at rest. The width of a (far below the energy spread) does not matter.

    Raises
    ------
    RangeError
        For m <= 2 m_e.

    Notes
    -----
    sigma = [pi/(2 beta)] delta(s - m^2), the narrow limit of the Breit-Wigner form 4 pi^2 Gamma_ee delta/(m beta^2).

    Source: derived; checked against the Breit-Wigner form in tests/physics/test_alp_annihilation.py.
    """
    electron = mass(ELECTRON)
    require_range("m", m, 2.0 * electron, unit="MeV", open_low=True)
    ratio = 2.0 * electron / np.asarray(m, dtype=float)
    beta = np.sqrt((1.0 - ratio) * (1.0 + ratio))
    return np.asarray(np.pi / (4.0 * electron * beta) * INV_MEV2_IN_CM2)
