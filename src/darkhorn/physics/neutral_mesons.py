"""Decays of pi0, eta and eta' to a photon and a dark vector, and to a photon and a dark pair.

Branching ratios here are PER BR(P0 -> gamma gamma): multiply by :data:`BRANCHING_TWO_PHOTONS` (the program BdNMC does
not). The coupling of a meson is g_eff/e, which is epsilon for a kinetically mixed V and follows from
:mod:`darkhorn.physics.chiral` for any quark charges. V is transverse, on and off its mass shell, because the vertex
is eps^{mnrs} k_r k'_s. Decays with a pseudoscalar a are in :mod:`darkhorn.physics.neutral_meson_alps`.
"""

from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from darkhorn.core import species
from darkhorn.core.errors import RangeError, require_range, unknown_name
from darkhorn.core.rays import Floats
from darkhorn.physics.cascade import SPINS, daughter_density, vector_to_pair_polarisation
from darkhorn.physics.chi_widths import width_vector_to_scalars
from darkhorn.physics.dark_decays import width_vector_to_fermions
from darkhorn.physics.weak import ALPHA

ETA_PRIME: Final = 331
"""PDG number of the eta'."""

BRANCHING_TWO_PHOTONS: Final = {species.PI0: 0.98823, species.ETA: 0.3936, ETA_PRIME: 0.02307}
"""BR(P0 -> gamma gamma) by PDG number. Source: PDG 2022, meson listings."""

_GAUSS: Final = np.polynomial.legendre.leggauss(16)


def branching_photon_vector(g_eff_over_e: ArrayLike, m_v: ArrayLike, M: ArrayLike) -> Floats:
    """Return BR(P0 -> gamma V)/BR(P0 -> gamma gamma) = 2 (g_eff/e)^2 (1 - m_V^2/M^2)^3.

    Summed over polarisations; V is transverse and isotropic in the rest frame of P0, with energy (M^2 + m_V^2)/(2 M).

    Parameters
    ----------
    g_eff_over_e : array_like
        Anomaly coupling over e, dimensionless; epsilon for kinetic mixing.
    m_v, M : array_like
        Masses of V and of the meson in MeV, m_V >= 0, M > 0; shapes broadcast.

    Returns
    -------
    broadcast shape, float
        Dimensionless; exactly 0 for m_V >= M.

    Raises
    ------
    RangeError
        For a negative mass, M = 0 or a coupling that is not finite.

    Notes
    -----
    No transition form factor in m_V^2: valid for m_V well below the rho mass.

    Source: derived; checked against an explicit polarisation sum in tests/physics/test_neutral_mesons.py.
    """
    require_range("m_v", m_v, 0.0, unit="MeV")
    require_range("M", M, 0.0, unit="MeV", open_low=True)
    require_range("g_eff_over_e", g_eff_over_e)
    ratio = np.asarray(m_v, dtype=float) / np.asarray(M, dtype=float)
    return np.asarray(2.0 * np.asarray(g_eff_over_e, dtype=float) ** 2 * _gap(ratio) ** 3)


def _gap(ratio: Floats) -> Floats:
    """Return 1 - ratio^2, or 0 where it is negative."""
    return np.asarray(np.maximum((1.0 - ratio) * (1.0 + ratio), 0.0))


def pair_width(mass: ArrayLike, m_chi: ArrayLike, alpha_d: ArrayLike, spin: str = "scalar") -> Floats:
    """Return Gamma(V -> chi chibar): alpha_D m beta^3/12 for a complex scalar, alpha_D m beta (3 - beta^2)/6 for Dirac.

    Parameters
    ----------
    mass, m_chi : array_like
        Masses of V (its sqrt(s) off shell) and of chi in MeV, >= 0; shapes broadcast.
    alpha_d : array_like
        g_D^2/(4 pi), >= 0.
    spin : str
        ``scalar`` (complex scalar) or ``dirac``.

    Returns
    -------
    broadcast shape, float
        MeV; exactly 0 for m <= 2 m_chi.

    Raises
    ------
    RangeError
        For a negative argument.
    UnknownNameError
        For an unknown spin.

    Notes
    -----
    Source: derived; checked against explicit spin sums in tests/physics/test_neutral_mesons.py.
    """
    if spin not in SPINS:
        raise unknown_name("spin", spin, SPINS)
    require_range("alpha_d", alpha_d, 0.0)
    coupling = np.sqrt(4.0 * np.pi * np.asarray(alpha_d, dtype=float))
    width = width_vector_to_fermions if spin == "dirac" else width_vector_to_scalars
    return width(coupling, mass, m_chi)


def mixed_vector_width(m_v: float, m_chi: float, *, alpha_d: float, epsilon: float, spin: str = "scalar") -> float:
    """Return the total width of a kinetically mixed V: chi chibar, e+ e- and mu+ mu-, in MeV.

    Parameters
    ----------
    m_v, m_chi : float
        Masses in MeV, >= 0.
    alpha_d, epsilon : float
        Dark fine-structure constant and kinetic mixing.
    spin : str
        ``scalar`` or ``dirac``.

    Returns
    -------
    float
        MeV. Hadrons (m_V above 2 m_pi) are not included.

    Raises
    ------
    RangeError
        For a negative mass or alpha_d.

    Notes
    -----
    Source: arXiv:1609.01770 (the program BdNMC); derived widths of this file and of ``dark_decays``.
    """
    charge = np.sqrt(4.0 * np.pi * ALPHA) * epsilon
    leptons = [width_vector_to_fermions(charge, m_v, species.mass(pdg)) for pdg in (species.ELECTRON, species.MUON)]
    return float(pair_width(m_v, m_chi, alpha_d, spin) + sum(leptons))


def _total_width(
    m_v: float, m_chi: float, M: float, alpha_d: float, epsilon: float, width: float | None, spin: str
) -> float:
    """Return the width of V after checking every argument of the off-shell decay."""
    require_range("M", M, 0.0, unit="MeV", open_low=True)
    require_range("m_v", m_v, 0.0, unit="MeV")
    require_range("epsilon", epsilon)
    total = mixed_vector_width(m_v, m_chi, alpha_d=alpha_d, epsilon=epsilon, spin=spin)
    if width is None:
        return total
    require_range("width", width, 0.0, unit="MeV")
    return width


def _shape(offset: Floats, m_v: float, width: float, m_chi: float, M: float, spin: str) -> Floats:
    """Return dBR/ds over alpha_D eps^2 at s = m_V^2 + offset; the offset keeps the digits of a narrow pole."""
    values = m_v**2 + offset
    inside = (values > 4.0 * m_chi**2) & (values < M**2)
    root = np.sqrt(np.clip(values, 0.0, M**2))
    pole = offset**2 + (m_v * width) ** 2
    require_range("(s - m_V^2)^2 + m_V^2 Gamma_V^2", pole, 0.0, unit="MeV^4", open_low=True)
    rate = 2.0 * _gap(root / M) ** 3 * root * pair_width(root, m_chi, 1.0, spin)
    return np.asarray(np.where(inside, rate / (np.pi * pole), 0.0))


def dbranching_ds(
    s: ArrayLike,
    m_v: float,
    m_chi: float,
    M: float,
    *,
    alpha_d: float,
    epsilon: float,
    width: float | None = None,
    spin: str = "scalar",
) -> Floats:
    """Return d/ds of BR(P0 -> gamma chi chibar)/BR(P0 -> gamma gamma), s the mass squared of the pair.

    2 eps^2 (1 - s/M^2)^3 (1/pi) sqrt(s) Gamma(V* -> chi chibar; sqrt s)/[(s - m_V^2)^2 + m_V^2 Gamma_V^2].

    Parameters
    ----------
    s : array_like
        In MeV^2, any shape.
    m_v, m_chi, M : float
        Masses in MeV, M > 0.
    alpha_d : float
        g_D^2/(4 pi), >= 0.
    epsilon : float
        g_eff/e of the meson.
    width : float, optional
        Total width of V in MeV, not running; :func:`mixed_vector_width` when not given.
    spin : str
        ``scalar`` or ``dirac``.

    Returns
    -------
    shape of ``s``, float
        1/MeV^2; exactly 0 outside 4 m_chi^2 < s < M^2.

    Raises
    ------
    RangeError
        For an impossible mass, coupling or width, or s on an infinitely narrow pole.
    UnknownNameError
        For an unknown spin.

    Notes
    -----
    Exact for a conserved current of the pair; no transition form factor. The pair has the energy (M^2 + s)/(2 M) in the
    rest frame of P0, so that its spectrum is dBR/dE = 2 M dBR/ds.

    Source: arXiv:1609.01770 (scalar chi); derived for both spins, checked in tests/physics/test_neutral_mesons.py.
    """
    total = _total_width(m_v, m_chi, M, alpha_d, epsilon, width, spin)
    offset = np.asarray(s, dtype=float) - m_v**2
    return np.asarray(alpha_d * epsilon**2 * _shape(offset, m_v, total, m_chi, M, spin))


def _offset_edges(m_v: float, width: float, low: float, high: float) -> Floats:
    """Return increasing cuts (P + 1,) of s - m_V^2 in [low, high] - m_V^2 that double away from threshold and pole.

    A Gauss rule on each piece then converges as if there were no pole. Raises RangeError for an infinitely narrow pole
    inside the interval.
    """
    first, last = low - m_v**2, high - m_v**2
    distance = max(first, -last, m_v * width)
    if distance <= 0.0:
        raise RangeError(f"width = 0 MeV is outside the allowed range (0, inf) MeV: V of {m_v:g} MeV is on its shell")
    pole = distance * 2.0 ** np.arange(np.ceil(np.log2(max(high / distance, 2.0))) + 1.0)
    threshold = low * 2.0 ** np.arange(np.ceil(np.log2(max(high / low, 2.0)))) if low > 0.0 else pole[:0]
    return np.unique(np.clip(np.concatenate([[first, 0.0, last], -pole, pole, first + threshold]), first, last))


def _panels(low: Floats, high: Floats) -> tuple[Floats, Floats]:
    """Return Gauss points and weights (..., 16 P) of pieces (..., P); the first may start with a square root."""
    nodes, weights = 0.5 * (_GAUSS[0] + 1.0), 0.5 * _GAUSS[1]
    span = (high - low)[..., None]
    points, measure = low[..., None] + span * nodes, span * weights
    points[..., 0, :] = low[..., :1] + span[..., 0, :] * nodes**2
    measure[..., 0, :] = span[..., 0, :] * 2.0 * nodes * weights
    flat = (*points.shape[:-2], -1)
    return points.reshape(flat), measure.reshape(flat)


def branching_photon_pair(
    m_v: float,
    m_chi: float,
    M: float,
    *,
    alpha_d: float,
    epsilon: float,
    width: float | None = None,
    spin: str = "scalar",
) -> float:
    """Return BR(P0 -> gamma chi chibar)/BR(P0 -> gamma gamma), V on and off its mass shell.

    Parameters
    ----------
    m_v, m_chi, M, alpha_d, epsilon, width, spin
        As in :func:`dbranching_ds`.

    Returns
    -------
    float
        Dimensionless; exactly 0 for 2 m_chi >= M. Tends to ``branching_photon_vector`` times BR(V -> chi chibar).

    Raises
    ------
    RangeError
        For an impossible mass, coupling or width, or an infinitely narrow V on its shell.
    UnknownNameError
        For an unknown spin.

    Notes
    -----
    Gauss rules on pieces that double away from threshold and pole: 1e-10 for any width above 1e-14 m_V.

    Source: arXiv:1609.01770 (scalar chi); derived, checked against scipy in tests/physics/test_neutral_mesons.py.
    """
    total = _total_width(m_v, m_chi, M, alpha_d, epsilon, width, spin)
    if 2.0 * m_chi >= M or alpha_d == 0.0 or epsilon == 0.0:
        return 0.0
    edges = _offset_edges(m_v, total, 4.0 * m_chi**2, M**2)
    offset, weights = _panels(edges[:-1], edges[1:])
    return float(alpha_d * epsilon**2 * (weights @ _shape(offset, m_v, total, m_chi, M, spin)))


def chi_energy_density(
    energy: ArrayLike,
    m_v: float,
    m_chi: float,
    M: float,
    *,
    alpha_d: float,
    epsilon: float,
    width: float | None = None,
    spin: str = "scalar",
    correlated: bool = True,
) -> Floats:
    """Return dBR/dE_chi of P0 -> gamma chi chibar over BR(P0 -> gamma gamma), V on and off its mass shell.

    Int ds dBR/ds D(E; E_V(s), sqrt s) with D of ``cascade.daughter_density`` and E_V = (M^2 + s)/(2 M). At fixed E the
    mass of the pair runs between the Dalitz limits, which are the ends of the Gauss rules.

    Parameters
    ----------
    energy : array_like
        Energies of chi in the rest frame of P0 in MeV, any shape.
    m_v, m_chi, M, alpha_d, epsilon, width, spin
        As in :func:`dbranching_ds`.
    correlated : bool
        Whether the pair remembers that V is transverse; isotropic in the frame of V otherwise (as BdNMC).

    Returns
    -------
    shape of ``energy``, float
        1/MeV for one of the two particles: the integral is :func:`branching_photon_pair`. Exactly 0 outside
        m_chi < E < M/2.

    Raises
    ------
    RangeError
        For an impossible mass, coupling or width, or an infinitely narrow V on its shell.
    UnknownNameError
        For an unknown spin.

    Notes
    -----
    For a narrow V on its shell this is the box (or its cos^2) between gamma (E* -+ beta p*), with rounded edges.

    Source: derived; checked against the explicit three-body phase space in tests/physics/test_neutral_mesons.py.
    """
    total = _total_width(m_v, m_chi, M, alpha_d, epsilon, width, spin)
    energies = np.asarray(energy, dtype=float)
    flown = energies.ravel()
    result = np.zeros_like(flown)
    some = (flown > m_chi) & (flown < 0.5 * M)
    if some.any() and 2.0 * m_chi < M and alpha_d > 0.0:
        edges = _offset_edges(m_v, total, 4.0 * m_chi**2, M**2)
        low, high = (limit[:, None] - m_v**2 for limit in _pair_mass_sq_limits(flown[some], m_chi, M))
        pieces = np.clip(edges, low, high)
        offset, weights = _panels(pieces[:, :-1], pieces[:, 1:])
        root = np.sqrt(np.clip(m_v**2 + offset, 4.0 * m_chi**2, M**2))
        good = (weights > 0.0) & (root > 2.0 * m_chi) & (0.5 * (M + root**2 / M) > root) & (root < M)
        root = np.where(good, root, 0.5 * (2.0 * m_chi + M))
        bend = vector_to_pair_polarisation(root, m_chi, spin, "transverse" if correlated else "unpolarised")
        chi = daughter_density(flown[some][:, None], 0.5 * (M + root**2 / M), root, m_chi, m_chi, bend)
        values = np.where(good, _shape(offset, m_v, total, m_chi, M, spin) * chi, 0.0)
        result[some] = alpha_d * epsilon**2 * (values * weights).sum(axis=-1)
    return np.asarray(result.reshape(energies.shape))


def _pair_mass_sq_limits(energy: Floats, m_chi: float, M: float) -> tuple[Floats, Floats]:
    """Return the limits of (chi + chibar)^2 at fixed energy of chi (K,), m_chi < E < M/2, in the rest frame of P0."""
    other = M**2 + m_chi**2 - 2.0 * M * energy
    gap = np.maximum(other - m_chi**2, 0.0) / (2.0 * other)
    momentum = np.sqrt((energy - m_chi) * (energy + m_chi))
    return M**2 - 2.0 * M * gap * (M - energy + momentum), M**2 - 2.0 * M * gap * (M - energy - momentum)
