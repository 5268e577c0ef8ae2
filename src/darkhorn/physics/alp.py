"""Axion-like particles: L = -(g/4) a F Ftilde + i g_e a ebar gamma5 e. Squared amplitudes of production and detection.

Production gamma N -> a N (Primakoff), gamma e -> a e (Compton), e+ e- -> gamma a and e+ e- -> a; the same amplitudes
crossed detect a N -> gamma N and a e -> gamma e. Couplings are left out: per g^2 (MeV^4 in place of MeV^2) or per
g_e^2 (dimensionless); the electric charge e^2 = 4 pi alpha is in. Cross sections: ``two_to_two.dsigma_dq_sq_cm2``.
e N -> e N a (bremsstrahlung) is not here: rates from electrons are a lower bound without it.
"""

from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from darkhorn.core.errors import require_range
from darkhorn.core.rays import Floats
from darkhorn.core.species import ELECTRON, mass
from darkhorn.core.units import INV_MEV2_IN_CM2
from darkhorn.physics.alp_kinematics import q_sq_limits
from darkhorn.physics.form_factors import dipole, helm
from darkhorn.physics.two_to_two import mandelstam_s
from darkhorn.physics.two_to_two import q_sq_limits as photon_out_limits
from darkhorn.physics.weak import ALPHA

E_SQ: Final = 4.0 * np.pi * ALPHA
"""Square of the elementary charge."""

SCREENING: Final = 184.15 * float(np.exp(-0.5))
"""Elastic screening length of the Thomas-Fermi atom, in units of 1/(m_e Z^(1/3))."""

INELASTIC_SCREENING: Final = 1194.0 * float(np.exp(-0.5))
"""The same for knocking out one electron, in units of 1/(m_e Z^(2/3))."""


def screening_mass(protons: ArrayLike) -> Floats:
    """Return the momentum m_e Z^(1/3)/111.7 below which the electrons screen the nucleus.

    Parameters
    ----------
    protons : array_like
        Z >= 1.

    Returns
    -------
    array
        MeV.

    Raises
    ------
    RangeError
        For Z < 1.

    Notes
    -----
    Source: Y.-S. Tsai, Rev. Mod. Phys. 46, 815 (1974), appendix B (fit to the Thomas-Fermi-Moliere atom).
    """
    require_range("protons Z", protons, 1.0)
    return np.asarray(mass(ELECTRON) * np.cbrt(np.asarray(protons, dtype=float)) / SCREENING)


def coulomb_response(q_sq: ArrayLike, protons: int, nucleons: int) -> Floats:
    """Return (Z F_nucleus)^2/(Q^2 + mu^2)^2: an atom's elastic charge form factor over the photon propagator, squared.

    The atomic amplitude Q^2/(Q^2 + mu^2), mu from :func:`screening_mass`, takes the pole away. F is Helm's for A >= 6
    and the dipole for hydrogen.

    Parameters
    ----------
    q_sq : array_like
        Q^2 >= 0 in MeV^2.
    protons, nucleons : int
        Z and A; A = 1 or A >= 6.

    Returns
    -------
    array
        MeV^-4; finite at Q^2 = 0.

    Raises
    ------
    RangeError
        For Q^2 < 0, Z < 1 or 1 < A < 6.

    Notes
    -----
    Source: Y.-S. Tsai, Rev. Mod. Phys. 46, 815 (1974), appendix B; Helm, Phys. Rev. 104, 1466 (1956).
    """
    require_range("q_sq", q_sq, 0.0, unit="MeV^2")
    y = np.asarray(q_sq, dtype=float)
    nucleus = dipole(y) if nucleons == 1 else helm(np.sqrt(y), nucleons)
    return np.asarray((protons * nucleus / (y + screening_mass(protons) ** 2)) ** 2)


def electron_response(q_sq: ArrayLike, protons: int) -> Floats:
    """Return Z/(Q^2 + mu'^2)^2, the same for knocking one of Z electrons out of the atom, mu' = m_e Z^(2/3)/724.

    Parameters
    ----------
    q_sq : array_like
        Q^2 >= 0 in MeV^2.
    protons : int
        Z >= 1.

    Returns
    -------
    array
        MeV^-4.

    Raises
    ------
    RangeError
        For Q^2 < 0 or Z < 1.

    Notes
    -----
    Source: Y.-S. Tsai, Rev. Mod. Phys. 46, 815 (1974), appendix B (Thomas-Fermi-Moliere atom, Z >= 5).
    """
    require_range("q_sq", q_sq, 0.0, unit="MeV^2")
    require_range("protons Z", protons, 1.0)
    mu = mass(ELECTRON) * protons ** (2.0 / 3.0) / INELASTIC_SCREENING
    return np.asarray(protons / (np.asarray(q_sq, dtype=float) + mu**2) ** 2)


def _primakoff_bracket(s: Floats, y: Floats, m: Floats, limits: tuple[Floats, Floats]) -> Floats:
    """Return e^2 [2 s (y - lo)(hi - y) + y (y + m^2)^2]/4 in MeV^6, 0 outside the limits."""
    low, high = limits
    inside = (y >= low) & (y <= high) & (high > 0.0)
    y = np.clip(y, low, high)
    value = 2.0 * s * (y - low) * (high - y) + y * (y + m**2) ** 2
    return np.where(inside, 0.25 * E_SQ * value, 0.0)


def msq_primakoff(
    energy: ArrayLike, q_sq: ArrayLike, m: ArrayLike, target_mass: ArrayLike, response: ArrayLike
) -> Floats:
    """Return <|M|^2>/g^2 of gamma N -> a N: e^2 [2 s (y - lo)(hi - y) + y (y + m^2)^2]/4 times the response, y = Q^2.

    Parameters
    ----------
    energy, q_sq, m, target_mass : array_like
        Photon energy, Q^2, mass of a and of the target (spin 1/2) in MeV and MeV^2; shapes broadcast.
    response : array_like
        (Z F)^2/Q^4 in MeV^-4: :func:`coulomb_response`, :func:`electron_response`, or 1/Q^4 for a point charge.

    Returns
    -------
    array
        MeV^2, averaged over the photon's and the target's spins; exactly 0 outside the kinematic range.

    Raises
    ------
    RangeError
        For an argument out of its range.

    Notes
    -----
    Limit of a heavy target, m = 0, point charge: dsigma/dOmega = alpha Z^2 g^2/(32 pi) (1 + cos)/(1 - cos).

    Source: derived; checked against explicit traces in tests/physics/test_alp.py.
    """
    m, y = np.asarray(m, dtype=float), np.asarray(q_sq, dtype=float)
    s = mandelstam_s(energy, 0.0, target_mass)
    return np.asarray(_primakoff_bracket(s, y, m, q_sq_limits(energy, m, target_mass)) * np.asarray(response))


def msq_inverse_primakoff(
    energy: ArrayLike, q_sq: ArrayLike, m: ArrayLike, target_mass: ArrayLike, response: ArrayLike
) -> Floats:
    """Return <|M|^2>/g^2 of a N -> gamma N: twice :func:`msq_primakoff` at the same s and t (a has no spin).

    Parameters
    ----------
    energy : array_like
        Total energy of a in MeV, >= m.
    q_sq, m, target_mass, response : array_like
        As in :func:`msq_primakoff`.

    Returns
    -------
    array
        MeV^2, averaged over the target's spin; exactly 0 outside the kinematic range.

    Raises
    ------
    RangeError
        For an argument out of its range.

    Notes
    -----
    Source: derived (time reversal); checked against explicit traces in tests/physics/test_alp.py.
    """
    m, y = np.asarray(m, dtype=float), np.asarray(q_sq, dtype=float)
    s = mandelstam_s(energy, m, target_mass)
    bracket = _primakoff_bracket(s, y, m, photon_out_limits(energy, m, target_mass))
    return np.asarray(2.0 * bracket * np.asarray(response))


def spin_sum_compton(s_gap: ArrayLike, u_gap: ArrayLike, m: ArrayLike) -> Floats:
    """Return the sum over all spins of |M|^2/g_e^2 of gamma e -> a e or a e -> gamma e.

    4 e^2 {[(S - U - m^2)^2 + m^4]/(S U) + 2 m^2 m_e^2 (1/U - 1/S)^2} with S = s - m_e^2 and U = m_e^2 - u.

    Parameters
    ----------
    s_gap, u_gap : array_like
        S and U in MeV^2, > 0. For e+ e- -> gamma a see :func:`spin_sum_annihilation`.
    m : array_like
        Mass of a in MeV. Shapes broadcast.

    Returns
    -------
    array
        Dimensionless. Average: 1/4 for gamma e, 1/2 for a e.

    Raises
    ------
    RangeError
        For S <= 0 or U <= 0.

    Notes
    -----
    Source: derived; checked against explicit traces in tests/physics/test_alp.py; S. J. Brodsky et al.,
    Phys. Rev. Lett. 56, 1763 (1986) for the same process.
    """
    require_range("s - m_e^2", s_gap, 0.0, unit="MeV^2", open_low=True)
    require_range("m_e^2 - u", u_gap, 0.0, unit="MeV^2", open_low=True)
    s_gap, u_gap, m = (np.asarray(value, dtype=float) for value in (s_gap, u_gap, m))
    first = ((s_gap - u_gap - m**2) ** 2 + m**4) / (s_gap * u_gap)
    second = 2.0 * (m * mass(ELECTRON) * (s_gap - u_gap) / (s_gap * u_gap)) ** 2
    return np.asarray(4.0 * E_SQ * (first + second))


def compton_u_limits(energy: ArrayLike, m: ArrayLike) -> tuple[Floats, Floats]:
    """Return the range of U = m_e^2 - u = 2 m_e E_a - m^2 of gamma e -> a e on an electron at rest.

    ``hi = S [s + m_e^2 - m^2 + lambda]/(2 s)``, ``lo = S^2 m_e^2/(s hi)``, lambda^2 = (S - m^2)^2 - (2 m m_e)^2.

    Parameters
    ----------
    energy, m : array_like
        Photon energy (> 0) and mass of a in MeV; shapes broadcast.

    Returns
    -------
    lo, hi : array
        MeV^2; both exactly 0 at and below threshold.

    Raises
    ------
    RangeError
        For E <= 0 or m < 0.

    Notes
    -----
    Source: derived; U = 2 k* (E_e* -+ p_e*), checked in tests/physics/test_alp.py.
    """
    require_range("energy", energy, 0.0, unit="MeV", open_low=True)
    require_range("m", m, 0.0, unit="MeV")
    electron = mass(ELECTRON)
    energy, m = np.asarray(energy, dtype=float), np.asarray(m, dtype=float)
    s_gap = 2.0 * electron * energy
    rest = s_gap - m**2
    is_open = rest > 2.0 * m * electron
    root = np.sqrt(np.where(is_open, (rest - 2.0 * m * electron) * (rest + 2.0 * m * electron), 0.0))
    s = s_gap + electron**2
    high = s_gap * (rest + 2.0 * electron**2 + root) / (2.0 * s)
    low = (s_gap * electron) ** 2 / (s * np.where(is_open, high, 1.0))
    return np.where(is_open, low, 0.0), np.where(is_open, high, 0.0)


def dsigma_du_compton_cm2(energy: ArrayLike, u_gap: ArrayLike, m: ArrayLike) -> Floats:
    """Return dsigma/dU of gamma e -> a e on one electron at rest, per g_e^2.

    Parameters
    ----------
    energy, u_gap, m : array_like
        Photon energy (MeV), U = 2 m_e E_a - m^2 (MeV^2) and mass of a (MeV); shapes broadcast.

    Returns
    -------
    array
        cm^2/MeV^2; exactly 0 outside :func:`compton_u_limits`.

    Raises
    ------
    RangeError
        For E <= 0 or m < 0.

    Notes
    -----
    dU = dt, so dsigma/dU = (spin sum/4)/(16 pi S^2). At low energy and m = 0: sigma -> alpha g_e^2 E^2/(3 m_e^4).

    Source: derived; see :func:`spin_sum_compton`.
    """
    low, high = compton_u_limits(energy, m)
    u = np.asarray(u_gap, dtype=float)
    inside = (u >= low) & (u <= high) & (high > 0.0)
    s_gap = 2.0 * mass(ELECTRON) * np.asarray(energy, dtype=float)
    summed = spin_sum_compton(s_gap, np.where(inside, u, 1.0), m)
    return np.where(inside, summed / (64.0 * np.pi * s_gap**2) * INV_MEV2_IN_CM2, 0.0)


def dsigma_dq_sq_inverse_compton_cm2(energy: ArrayLike, q_sq: ArrayLike, m: ArrayLike) -> Floats:
    """Return dsigma/dQ^2 of a e -> gamma e on one electron at rest, per g_e^2, Q^2 = 2 m_e (E_a - E_gamma).

    Parameters
    ----------
    energy, q_sq, m : array_like
        Total energy of a (MeV, >= m), Q^2 (MeV^2) and mass of a (MeV); shapes broadcast.

    Returns
    -------
    array
        cm^2/MeV^2; exactly 0 outside ``two_to_two.q_sq_limits`` and for an a at rest.

    Raises
    ------
    RangeError
        For E < m or m < 0.

    Notes
    -----
    U = 2 m_e E_gamma and S = 2 m_e E + m^2; dsigma/dQ^2 = (spin sum/2)/(64 pi m_e^2 p^2).

    Source: derived; see :func:`spin_sum_compton`.
    """
    electron = mass(ELECTRON)
    energy, y, m = (np.asarray(value, dtype=float) for value in (energy, q_sq, m))
    low, high = photon_out_limits(energy, m, electron)
    p_sq = (energy - m) * (energy + m)
    inside = (y >= low) & (y <= high) & (p_sq > 0.0)
    u_gap = np.where(inside, 2.0 * electron * energy - y, 1.0)
    summed = spin_sum_compton(2.0 * electron * energy + m**2, u_gap, m)
    flux = 128.0 * np.pi * electron**2 * np.where(p_sq > 0.0, p_sq, 1.0)
    return np.where(inside, summed / flux * INV_MEV2_IN_CM2, 0.0)
