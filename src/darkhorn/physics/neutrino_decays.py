"""Neutrinos of meson and muon decays: branching ratios, rest-frame spectra, the polarisation of muons.

Aiming is the business of ``directed.py``: a massless daughter of rest-frame spectrum f(E*) has
dP/(dE* dOmega) = f(E*) / [4 pi gamma^2 (1 - beta cos theta)^2], so E* may be drawn first, without a singular Jacobian.
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from darkhorn.core.errors import ThresholdError, require_range, unknown_name
from darkhorn.core.rays import Floats

BRANCHING: Final = {
    "pi mu nu": 0.999877,
    "pi e nu": 1.23e-4,
    "K mu nu": 0.6356,
    "K pi0 e nu": 0.0507,
    "K pi0 mu nu": 0.03352,
    "K0L pi e nu": 0.4055,
    "K0L pi mu nu": 0.2704,
}
"""Branching ratios; those of K0L are sums of both charges. Source: PDG, meson tables."""


class FormFactor(NamedTuple):
    """Slopes of f_+ = 1 + lambda_plus t/m^2 and f_0 = 1 + lambda_zero t/m^2, m the mass of the charged pion in MeV."""

    lambda_plus: float
    lambda_zero: float
    pion: float = 139.57039


K_CHARGED_FORM: Final = FormFactor(0.0296, 0.0176)
"""Charged kaon. Source: PDG, K_l3 form factors, linear fit with lepton universality."""

K_LONG_FORM: Final = FormFactor(0.0282, 0.0138)
"""K0L. Source: PDG, K_l3 form factors, linear fit with lepton universality."""

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(24)
_NORM_NODES, _NORM_WEIGHTS = np.polynomial.legendre.leggauss(200)


def kl3_density(e_nu: ArrayLike, e_lepton: ArrayLike, M: float, m_pi: float, m_l: float, form: FormFactor) -> Floats:
    """Return the Dalitz density of K -> pi l nu, f_+^2 (A + B xi + C xi^2), summed over the lepton spins.

    A = M (2 E_l E_nu - M E') + m_l^2 (E'/4 - E_nu), B = m_l^2 (E_nu - E'/2), C = m_l^2 E'/4,
    E' = (M^2 + m_pi^2 - m_l^2)/(2M) - E_pi, xi = f_-/f_+ = [(f_0 - f_+)/f_+] (M^2 - m_pi^2)/t.

    Parameters
    ----------
    e_nu, e_lepton : array_like
        Energies in the kaon's rest frame in MeV, inside the Dalitz region (not checked).
    M, m_pi, m_l : float
        Masses of kaon, pion and lepton in MeV.
    form : FormFactor
        Slopes of the form factors.

    Returns
    -------
    array
        MeV^3; proportional to d2Gamma/(dE_nu dE_l).

    Notes
    -----
    V-A with a massless neutrino, no radiative corrections.

    Source: PDG, review of K_l3 form factors; checked against explicit traces in tests/physics/test_neutrino_decays.py.
    """
    e_nu, e_l = np.asarray(e_nu, dtype=float), np.asarray(e_lepton, dtype=float)
    e_pi = M - e_nu - e_l
    t = M**2 + m_pi**2 - 2.0 * M * e_pi
    prime = (M**2 + m_pi**2 - m_l**2) / (2.0 * M) - e_pi
    plus = 1.0 + form.lambda_plus * t / form.pion**2
    zero_minus_plus = (form.lambda_zero - form.lambda_plus) / form.pion**2
    xi = zero_minus_plus * (M**2 - m_pi**2) / plus
    a = M * (2.0 * e_l * e_nu - M * prime) + m_l**2 * (0.25 * prime - e_nu)
    b, c = m_l**2 * (e_nu - 0.5 * prime), 0.25 * m_l**2 * prime
    density: Floats = plus**2 * (a + b * xi + c * xi**2)
    return density


def kl3_end(M: float, m_pi: float, m_l: float) -> float:
    """Return the highest neutrino energy [M^2 - (m_pi + m_l)^2]/(2M) of K -> pi l nu in MeV.

    Raises
    ------
    ThresholdError
        When the masses of the daughters exceed that of the kaon.

    Notes
    -----
    Source: three-body kinematics; Byckling and Kajantie, Particle Kinematics, chapter V.
    """
    if m_pi + m_l >= M:
        raise ThresholdError(f"K -> pi l nu: daughters of {m_pi + m_l:g} MeV; allowed: below {M:g} MeV")
    return (M**2 - (m_pi + m_l) ** 2) / (2.0 * M)


def _kl3_integral(e_nu: Floats, M: float, m_pi: float, m_l: float, form: FormFactor) -> Floats:
    """Return the Dalitz density integrated over the lepton's energy, exact zero outside, shape of ``e_nu``."""
    inside = (e_nu > 0.0) & (e_nu < kl3_end(M, m_pi, m_l))
    e = np.where(inside, e_nu, 0.0)
    s = M * (M - 2.0 * e)
    e_star = (s + m_l**2 - m_pi**2) / (2.0 * np.sqrt(s))
    p_star = np.sqrt(np.maximum(e_star**2 - m_l**2, 0.0))
    centre, half = e_star * (M - e) / np.sqrt(s), p_star * e / np.sqrt(s)
    e_l = centre[..., None] + half[..., None] * _NODES
    value = half * (kl3_density(e[..., None], e_l, M, m_pi, m_l, form) @ _WEIGHTS)
    return np.where(inside, value, 0.0)


def kl3_spectrum(e_nu: ArrayLike, M: float, m_pi: float, m_l: float, form: FormFactor) -> Floats:
    """Return (1/Gamma) dGamma/dE of the neutrino of K -> pi l nu in the kaon's rest frame, in 1/MeV.

    Parameters
    ----------
    e_nu : array_like
        Energy in MeV, any shape.
    M, m_pi, m_l : float
        Masses of kaon, pion and lepton in MeV.
    form : FormFactor
        Slopes of the form factors.

    Returns
    -------
    array
        Exactly zero outside (0, end); the integral is 1.

    Raises
    ------
    ThresholdError
        When the decay is closed.

    Notes
    -----
    Integrals by Gauss rules of 24 nodes over the lepton's energy and, for the norm, 200 in sqrt(1 - E/end).

    Source: :func:`kl3_density`; integrals compared with adaptive quadrature in tests/physics/test_neutrino_decays.py.
    """
    end = kl3_end(M, m_pi, m_l)
    v = 0.5 * (_NORM_NODES + 1.0)
    norm = float((_kl3_integral(end * (1.0 - v**2), M, m_pi, m_l, form) * v) @ _NORM_WEIGHTS) * end
    return _kl3_integral(np.asarray(e_nu, dtype=float), M, m_pi, m_l, form) / norm


def muon_decay_density(x: ArrayLike, cosine: ArrayLike, polarisation: ArrayLike, flavour: str) -> Floats:
    """Return dN/dx of a neutrino of muon decay at one angle to the spin, normalised to 1 over x and cos/2.

    2 x^2 [3 - 2x -+ (1 - 2x) P cos] for the muon flavour and 12 x^2 (1 - x)(1 -+ P cos) for the electron flavour:
    written for mu+ (the upper sign); for mu- give -P.

    Parameters
    ----------
    x : array_like
        2 E/m_mu in the muon's rest frame; zero outside [0, 1].
    cosine : array_like
        Cosine of the angle between neutrino and spin in that frame.
    polarisation : array_like
        Degree of polarisation P, -1 to 1.
    flavour : str
        ``mu`` (numubar of mu+) or ``e`` (nue of mu+).

    Returns
    -------
    array
        Broadcast shape; multiply by 1/(4 pi) for the density in solid angle.

    Raises
    ------
    RangeError
        For a polarisation out of range.
    UnknownNameError
        For another flavour.

    Notes
    -----
    Electron mass neglected.

    Source: hep-ph/9906487, Eqs. (2) and (3); checked against explicit traces in tests/physics/test_neutrino_decays.py.
    """
    require_range("polarisation", polarisation, -1.0, 1.0)
    if flavour not in ("e", "mu"):
        raise unknown_name("flavour of a muon's neutrino", flavour, ("e", "mu"))
    x, signed = np.asarray(x, dtype=float), np.asarray(polarisation) * np.asarray(cosine, dtype=float)
    inside = (x >= 0.0) & (x <= 1.0)
    if flavour == "mu":
        value = 2.0 * x**2 * (3.0 - 2.0 * x - (1.0 - 2.0 * x) * signed)
    else:
        value = 12.0 * x**2 * (1.0 - x) * (1.0 - signed)
    return np.where(inside, value, 0.0)


def helicity_cosine(parent: Floats, muon: Floats, neutrino: Floats) -> Floats:
    """Return the cosine, in the muon's rest frame, between a neutrino and the muon's direction in its parent's frame.

    [m^2 (P q)/(p q) - P p]/sqrt((P p)^2 - m^2 M^2) with parent P, muon p, neutrino q: minus the product of q with the
    helicity four-vector of the parent's frame, over the neutrino's energy. It is invariant, so the turn of the spin
    between the frames (Wigner rotation) is in it.

    Parameters
    ----------
    parent, muon, neutrino : (..., 4) float
        Four-momenta E, px, py, pz in MeV in one frame; neutrino massless, of any positive energy.

    Returns
    -------
    (...) float
        Between -1 and 1.

    Notes
    -----
    The neutrino of pi+ or K+ -> mu+ nu is left-handed, and the parent has no spin, so the mu+ is left-handed too:
    its spin points against that direction (P cos = minus this cosine). For mu- everything is mirrored, and
    :func:`muon_decay_density` with P = -1 and this cosine holds for both.

    Source: derived; checked against explicit boosts in tests/physics/test_neutrino_decays.py.
    """
    metric = np.array([1.0, -1.0, -1.0, -1.0])
    pq, pm = ((parent * metric * other).sum(axis=-1) for other in (neutrino, muon))
    mq, mm, pp = (muon * metric * neutrino).sum(axis=-1), (muon**2 * metric).sum(axis=-1), (parent**2 * metric).sum(-1)
    root = np.sqrt(np.maximum(pm**2 - mm * pp, np.finfo(float).tiny))
    return np.asarray(np.clip((mm * pq / mq - pm) / root, -1.0, 1.0))
