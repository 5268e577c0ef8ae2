"""chi' -> chi f fbar through a vector V, on or off its mass shell: mass and angle of the pair.

s is the mass squared of the pair, cos the cosine of f in the rest frame of the pair to the pair's direction of flight
(in the rest frame of chi'). The spin of chi' is averaged, all others are summed; chi and chi' are Dirac fermions with
the transition current g V chi'bar gamma chi + h.c., f has the conserved current g_f V fbar gamma f. With
h = (m' + m)^2 and beta^2 = 1 - 4 m_f^2/s the squared amplitude is

    4 g^2 g_f^2 [(m' - m)^2 - s] {(h - s)(1 - beta^2 cos^2)/2 + s + 2 m_f^2}/[(s - m_V^2)^2 + m_V^2 Gamma_V^2].
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from darkhorn.core.errors import ThresholdError, require_range
from darkhorn.core.rays import Floats

Masses = tuple[float, float, float, float]
"""m_chi', m_chi, m_V, m_f in MeV."""


class PairTable(NamedTuple):
    """Cumulative distribution of the mass squared of the pair.

    Attributes
    ----------
    s : (n,) float
        Never decreasing, MeV^2; from 4 m_f^2 to (m' - m)^2. Nodes of a very narrow pole may coincide.
    cumulative : (n,) float
        From 0 to 1; the s of a point u in (0, 1) is ``np.interp(u, cumulative, s)``.
    width : float
        Partial width of chi' -> chi f fbar in MeV, for the couplings given.
    """

    s: Floats
    cumulative: Floats
    width: float


def longitudinal_fraction(m_heavy: ArrayLike, m_light: ArrayLike, m_vector: ArrayLike) -> Floats:
    """Return the fraction of V of chi' -> chi V with helicity 0, (m' + m)^2/[(m' + m)^2 + 2 m_V^2].

    The rest is shared equally by helicities +1 and -1 when chi' is unpolarised.

    Parameters
    ----------
    m_heavy, m_light, m_vector : array_like
        m', m and m_V (or sqrt(s) of a V off its mass shell) in MeV; shapes broadcast.

    Returns
    -------
    array
        In (1/3, 1].

    Raises
    ------
    RangeError
        For a negative mass or m' = 0.

    Notes
    -----
    Source: derived; checked against explicit helicity states in tests/physics/test_pair_decays.py.
    """
    require_range("m_heavy", m_heavy, 0.0, unit="MeV", open_low=True)
    require_range("m_light", m_light, 0.0, unit="MeV")
    require_range("m_vector", m_vector, 0.0, unit="MeV")
    total_sq = (np.asarray(m_heavy, dtype=float) + np.asarray(m_light, dtype=float)) ** 2
    return np.asarray(total_sq / (total_sq + 2.0 * np.asarray(m_vector, dtype=float) ** 2))


def alignment(s: ArrayLike, m_heavy: ArrayLike, m_light: ArrayLike, m_fermion: ArrayLike) -> Floats:
    """Return kappa of the angular distribution 1 - kappa cos^2 of f in the rest frame of the pair.

    kappa = beta^2 (h - s)/(h + s + 4 m_f^2) with h = (m' + m)^2; on shell s = m_V^2.

    Parameters
    ----------
    s : array_like
        Mass squared of the pair in MeV^2, > 0.
    m_heavy, m_light, m_fermion : array_like
        m', m and m_f in MeV. All shapes broadcast.

    Returns
    -------
    array
        In [0, 1]; 0 (isotropic) at s = 4 m_f^2 and below.

    Raises
    ------
    RangeError
        For s <= 0 or a negative mass.

    Notes
    -----
    Source: derived; checked against explicit traces in tests/physics/test_pair_decays.py.
    """
    require_range("s", s, 0.0, unit="MeV^2", open_low=True)
    for key, value in (("m_heavy", m_heavy), ("m_light", m_light), ("m_fermion", m_fermion)):
        require_range(key, value, 0.0, unit="MeV")
    s, fermion = np.asarray(s, dtype=float), np.asarray(m_fermion, dtype=float)
    total_sq = (np.asarray(m_heavy, dtype=float) + np.asarray(m_light, dtype=float)) ** 2
    beta_sq = np.maximum(1.0 - 4.0 * fermion**2 / s, 0.0)
    return np.asarray(beta_sq * np.maximum(total_sq - s, 0.0) / (total_sq + s + 4.0 * fermion**2))


def pair_cosine(u: ArrayLike, kappa: ArrayLike) -> Floats:
    """Return the u-quantile of a density proportional to 1 - kappa cos^2 on [-1, 1].

    (2/sqrt kappa) sin{asin[(2 u - 1)(3 - kappa) sqrt(kappa)/2]/3}.

    Parameters
    ----------
    u : array_like
        In [0, 1].
    kappa : array_like
        From :func:`alignment`, in [0, 1]. Shapes broadcast.

    Returns
    -------
    array
        cos in [-1, 1].

    Raises
    ------
    RangeError
        For an argument outside [0, 1].

    Notes
    -----
    Source: derived (the cumulative distribution is a cubic with three real roots).
    """
    require_range("u", u, 0.0, 1.0)
    require_range("kappa", kappa, 0.0, 1.0)
    centred = 2.0 * np.asarray(u, dtype=float) - 1.0
    root = np.sqrt(np.maximum(np.asarray(kappa, dtype=float), 1.0e-12))
    angle = np.arcsin(np.clip(0.5 * centred * (3.0 - root**2) * root, -1.0, 1.0)) / 3.0
    return np.asarray(np.clip(2.0 / root * np.sin(angle), -1.0, 1.0))


def d2width_ds_dcos(
    s: ArrayLike, cos: ArrayLike, coupling: ArrayLike, pair_coupling: ArrayLike, masses: Masses, width: float
) -> Floats:
    """Return d2Gamma/(ds dcos) of chi' -> chi f fbar.

    sqrt(lambda) beta |M|^2/(512 pi^3 m'^3) with lambda = [(m' - m)^2 - s][(m' + m)^2 - s] and the squared amplitude at
    the head of this module.

    Parameters
    ----------
    s : array_like
        Mass squared of the pair in MeV^2, > 0.
    cos : array_like
        Cosine of f in the rest frame of the pair to the pair's direction of flight, in [-1, 1].
    coupling, pair_coupling : array_like
        Couplings g and g_f of V. All shapes broadcast.
    masses : tuple of float
        m_chi', m_chi, m_V, m_f in MeV.
    width : float
        Total width of V in MeV, not running.

    Returns
    -------
    array
        1/MeV; exactly 0 outside 4 m_f^2 < s < (m' - m)^2. The integral over cos is
        ``dark_decays.dwidth_fermion_to_fermion_pair``.

    Raises
    ------
    RangeError
        For s <= 0, |cos| > 1, a negative mass or width, m' = 0, or s on an infinitely narrow pole.

    Notes
    -----
    Symmetric under cos -> -cos: f and fbar are alike for a vector coupling.

    Source: derived; checked against explicit traces in tests/physics/test_pair_decays.py.
    """
    require_range("s", s, 0.0, unit="MeV^2", open_low=True)
    require_range("cos", cos, -1.0, 1.0)
    s = np.asarray(s, dtype=float)
    spectrum = _spectrum(s, s - masses[2] ** 2, masses, width)
    kappa = alignment(s, masses[0], masses[1], masses[3])
    shape = (1.0 - kappa * np.asarray(cos, dtype=float) ** 2) / (2.0 - 2.0 * kappa / 3.0)
    strength = (np.asarray(coupling, dtype=float) * np.asarray(pair_coupling, dtype=float)) ** 2
    return np.asarray(strength * spectrum * shape)


def _spectrum(s: Floats, offset: Floats, masses: Masses, width: float) -> Floats:
    """Return dGamma/ds per g^2 g_f^2 in 1/MeV, with s - m_V^2 given apart so that a narrow pole keeps its digits."""
    heavy, light, vector, fermion = masses
    for key, value in (("m_chi", light), ("m_V", vector), ("m_f", fermion), ("width", width)):
        require_range(key, value, 0.0, unit="MeV")
    require_range("m_chi'", heavy, 0.0, unit="MeV", open_low=True)
    gap, total = (heavy - light) ** 2 - s, (heavy + light) ** 2 - s
    is_open = (gap > 0.0) & (s > 4.0 * fermion**2) & (heavy > light)
    pole = offset**2 + (vector * width) ** 2
    require_range("(s - m_V^2)^2 + m_V^2 Gamma_V^2", np.where(is_open, pole, 1.0), 0.0, unit="MeV^4", open_low=True)
    beta = np.sqrt(np.maximum(1.0 - 4.0 * fermion**2 / s, 0.0))
    phase = np.sqrt(np.maximum(gap * total, 0.0)) * beta / (512.0 * np.pi**3 * heavy**3)
    squared = 8.0 / 3.0 * gap * (1.0 + 2.0 * fermion**2 / s) * (total + 3.0 * s)
    return np.where(is_open, phase * squared / np.where(is_open, pole, 1.0), 0.0)


def tabulated_s(
    coupling: float, pair_coupling: float, masses: Masses, width: float, *, cells: int = 600, order: int = 8
) -> PairTable:
    """Return the cumulative distribution of the mass squared of the pair, and the partial width.

    Cells are dense at both ends and, where V can be on its mass shell, follow arctan[(s - m_V^2)/(m_V Gamma_V)] close
    to the pole and ln|s - m_V^2| away from it, so that no width is too narrow. Gauss-Legendre inside each cell.

    Parameters
    ----------
    coupling, pair_coupling : float
        g and g_f.
    masses : tuple of float
        m_chi', m_chi, m_V, m_f in MeV.
    width : float
        Total width of V in MeV; > 0 where 2 m_f <= m_V <= m' - m.
    cells : int
        Number of cells, roughly, >= 8.
    order : int
        Gauss-Legendre points in each.

    Returns
    -------
    PairTable
        Nodes, cumulative distribution and width.

    Raises
    ------
    ThresholdError
        For m' <= m + 2 m_f.
    RangeError
        For a negative mass or width, or an infinitely narrow V on its mass shell.

    Notes
    -----
    Source: derived; checked against a direct three-body integration in tests/physics/test_pair_decays.py.
    """
    heavy, light, vector, fermion = masses
    for key, value in (("m_chi'", heavy), ("m_chi", light), ("m_V", vector), ("m_f", fermion)):
        require_range(key, value, 0.0, unit="MeV")
    require_range("cells", cells, 8)
    if heavy <= light + 2.0 * fermion:
        raise ThresholdError(
            f"chi' -> chi f fbar is closed: m_chi' = {heavy:g} MeV; allowed: > {light + 2.0 * fermion:g} MeV"
        )
    low, high = 4.0 * fermion**2, (heavy - light) ** 2
    on_shell = low <= vector**2 <= high
    if on_shell:
        require_range("width of V on its mass shell", width, 0.0, unit="MeV", open_low=True)
    pole = vector**2 if on_shell else 0.0
    edges = _edges(low - pole, high - pole, vector * width if on_shell else 0.0, low, cells)
    points, weights = np.polynomial.legendre.leggauss(order)
    half, middle = 0.5 * np.diff(edges), 0.5 * (edges[1:] + edges[:-1])
    inner = middle[:, None] + half[:, None] * points
    s = np.maximum(pole + inner, np.finfo(float).tiny)
    parts = half * (_spectrum(s, inner if on_shell else s - vector**2, masses, width) @ weights)
    running = np.concatenate([[0.0], np.cumsum(parts)])
    require_range("width of chi' -> chi f fbar per coupling squared", running[-1], 0.0, unit="MeV", open_low=True)
    total = (coupling * pair_coupling) ** 2 * float(running[-1])
    return PairTable(np.clip(pole + edges, low, high), running / running[-1], total)


def _edges(low: float, high: float, scale: float, threshold: float, cells: int) -> Floats:
    """Return edges from low to high, dense at both ends, in ln s above the threshold and in arctan at a pole at 0."""
    span = high - low
    parts = [low + 0.5 * span * (1.0 - np.cos(np.linspace(0.0, np.pi, cells // 4 + 1))), np.array([low, high])]
    if threshold > 0.0:
        parts.append(low + threshold * np.geomspace(1.0e-3, max(span / threshold, 1.0), cells // 4))
    if scale > 0.0:
        parts.append(scale * np.tan(np.linspace(-0.5 * np.pi, 0.5 * np.pi, cells // 4 + 1)[1:-1]))
        far = scale * np.geomspace(1.0, max(span / scale, 1.0), cells // 4)
        parts += [-far, far]
    edges: Floats = np.unique(np.clip(np.concatenate(parts), low, high))
    return edges
