"""P -> l nu V, closed forms beyond single charges: any real hadronic tensor, and bremsstrahlung with structure.

Squared amplitudes summed over spins and polarisations, in the notation of ``radiative`` and ``traces``. With Dirac's
equation L_rho gamma^rho is a mass insertion, so b2 and the meson pole are helicity suppressed; terms along
k_mu drop out.
"""

import numpy as np
from numpy.typing import ArrayLike

from darkhorn.core.errors import RangeError
from darkhorn.core.rays import Floats
from darkhorn.physics.phase_space import dots
from darkhorn.physics.radiative import msq_structure, msq_vector


def msq_tensor(
    m12_sq: ArrayLike,
    m23_sq: ArrayLike,
    M: ArrayLike,
    m_l: ArrayLike,
    m_x: ArrayLike,
    a0: ArrayLike,
    b0: ArrayLike,
    b2: ArrayLike,
    q2_minus_m2: ArrayLike | None = None,
) -> Floats:
    """Return Sum|M|^2/(G_F f V g)^2 in MeV^2 for the hadronic tensor a0 g + b0 L_mu k_rho + b2 L_mu L_rho alone.

    4 a0^2 [l.n + 2 (k.l)(k.n)/m_V^2] + 8 a0 {b0 [(l.U)(k.n) + (k.l)(n.U)] + m^2 b2 n.U}
    + 4 (L.U) {b0^2 [2 (k.l)(k.n) - m_V^2 l.n] + 2 b0 b2 m^2 k.n + b2^2 m^2 l.n}, U = -L + (L.k) k/m_V^2.

    Parameters
    ----------
    m12_sq, m23_sq : array_like
        (l + n)^2 and (n + k)^2 in MeV^2, inside the Dalitz region.
    M, m_l, m_x : array_like
        Masses in MeV; m_x > 0.
    a0, b0, b2 : array_like
        Real coefficients in units of i f: dimensionless, MeV^-2, MeV^-2; numbers or arrays of the invariants.
    q2_minus_m2 : array_like, optional
        (l + k)^2 - m_l^2 in MeV^2 where it is known without cancellation.

    Returns
    -------
    broadcast shape, float

    Notes
    -----
    Complex coefficients and the eps term: ``traces.hadronic``.

    Source: derived; checked against explicit matrices in tests/physics/test_coherent.py.
    """
    at = dots(m12_sq, m23_sq, M, m_l, m_x, q2_minus_m2)
    pair_sq, lepton_sq, boson_sq = np.asarray(m12_sq, dtype=float), _square(m_l), _square(m_x)
    a, b, d = (np.asarray(value, dtype=float) for value in (a0, b0, b2))
    ratio = (at.k_l + at.k_n) / boson_sq
    l_u = ratio * at.k_l - lepton_sq - at.l_n
    n_u = ratio * at.k_n - at.l_n
    pair_u = ratio * (at.k_l + at.k_n) - pair_sq
    emission = 2.0 * at.k_l * at.k_n - boson_sq * at.l_n
    first = 4.0 * a * a * (at.l_n + 2.0 * at.k_l * at.k_n / boson_sq)
    mixed = 8.0 * a * (b * (l_u * at.k_n + at.k_l * n_u) + lepton_sq * d * n_u)
    last = 4.0 * pair_u * (b * b * emission + lepton_sq * d * (2.0 * b * at.k_n + d * at.l_n))
    return np.asarray(np.maximum(first + mixed + last, 0.0))


def msq_contact_family(
    m12_sq: ArrayLike,
    m23_sq: ArrayLike,
    M: ArrayLike,
    m_l: ArrayLike,
    m_x: ArrayLike,
    c0: float,
    q2_minus_m2: ArrayLike | None = None,
) -> Floats:
    """Return :func:`msq_tensor` for a0 = 1/(1 + c0), b0 = c0/((1 + c0) L.k), in MeV^2; m_x > 0.

    The contact vertex at c0 = 0. The rate has a double pole at c0 = -1 and is large near it. Not gauge invariant alone.

    Raises
    ------
    RangeError
        For c0 = -1 or a number that is not finite.

    Notes
    -----
    Source: Thompson, talk at the PITT-PACC workshop, 15 December 2022.
    """
    require_c0(c0)
    at = dots(m12_sq, m23_sq, M, m_l, m_x, q2_minus_m2)
    a0 = 1.0 / (1.0 + c0)
    b0 = c0 * a0 / (at.k_l + at.k_n)
    return msq_tensor(m12_sq, m23_sq, M, m_l, m_x, a0, b0, 0.0, q2_minus_m2)


def require_c0(c0: float) -> None:
    """Raise :class:`RangeError` for c0 = -1, the pole of 1/(1 + c0) in the contact family, or what is not finite.

    Source: Thompson, talk at the PITT-PACC workshop, 15 December 2022.
    """
    if not np.isfinite(c0) or c0 == -1.0:
        raise RangeError(f"c0 = {c0:g} is outside the allowed range (-inf, -1) or (-1, inf); -1 is a pole")


def interference(
    m12_sq: ArrayLike,
    m23_sq: ArrayLike,
    M: ArrayLike,
    m_l: ArrayLike,
    m_x: ArrayLike,
    q_lepton: float,
    q_meson: float,
    q2_minus_m2: ArrayLike | None = None,
    *,
    axial_form: str = "L",
) -> tuple[Floats, Floats]:
    """Return the interference of IB1 + IB2 + contact with the structure-dependent part, per h_V and per h_A.

    Sum|M|^2/(G_F f V g)^2 of both together is that of each alone plus h_V first + h_A second, h = F/(f M) in MeV^-2.
    With a = 2 q_l l/delta - q_M (2 p - k)/pole, h = q_l/delta, b = q_l - q_M, and S = L or p,

    first = 16 m^2 h [(k.n)(L.k) - m_V^2 L.n] + 16 b [(L.n)(k.l) - (k.n)(L.l)],
    second = -8 m^2 {(S.k)(a.n) - (S.a)(k.n) + h [2 (S.k)(k.n) + m_V^2 S.n]}
             + 8 b [(S.k)(l.n) + (S.l)(k.n) + (S.n)(k.l)].

    Parameters
    ----------
    m12_sq, m23_sq : array_like
        (l + n)^2 and (n + k)^2 in MeV^2, inside the Dalitz region.
    M, m_l, m_x : array_like
        Masses in MeV; m_x >= 0.
    q_lepton, q_meson : float
        Charges in units of g. Equal charges leave a helicity-suppressed interference.
    q2_minus_m2 : array_like, optional
        (l + k)^2 - m_l^2 in MeV^2 where it is known without cancellation.
    axial_form : str
        ``L`` or ``p``.

    Returns
    -------
    (broadcast shape, broadcast shape) float
        MeV^4, of either sign.

    Notes
    -----
    Both terms are odd in the sign of structure relative to bremsstrahlung.

    Source: derived; checked against explicit matrices in tests/physics/test_coherent.py.
    """
    at = dots(m12_sq, m23_sq, M, m_l, m_x, q2_minus_m2)
    lepton_sq, boson_sq, broken = _square(m_l), _square(m_x), q_lepton - q_meson
    h = q_lepton / at.delta
    pair_l, pair_n, pair_k = lepton_sq + at.l_n, at.l_n, at.k_l + at.k_n
    vector = 16.0 * lepton_sq * h * (at.k_n * pair_k - boson_sq * pair_n)
    vector = vector + 16.0 * broken * (pair_n * at.k_l - at.k_n * pair_l)
    if axial_form == "L":
        s_l, s_n, s_k = pair_l, pair_n, pair_k
    else:
        s_l, s_n, s_k = pair_l + at.k_l, pair_n + at.k_n, at.p_k
    a_n = 2.0 * h * at.l_n - q_meson / at.pole * (2.0 * at.l_n + at.k_n)
    s_a = 2.0 * h * s_l - q_meson / at.pole * (2.0 * (s_l + s_n) + s_k)
    bracket = s_k * a_n - s_a * at.k_n + h * (2.0 * s_k * at.k_n + boson_sq * s_n)
    axial = -8.0 * lepton_sq * bracket + 8.0 * broken * (s_k * at.l_n + s_l * at.k_n + s_n * at.k_l)
    return np.asarray(vector), np.asarray(axial)


def msq_full(
    m12_sq: ArrayLike,
    m23_sq: ArrayLike,
    M: ArrayLike,
    m_l: ArrayLike,
    m_x: ArrayLike,
    q_lepton: float,
    q_meson: float,
    f_vector: ArrayLike,
    f_axial: ArrayLike,
    q2_minus_m2: ArrayLike | None = None,
    *,
    axial_form: str = "L",
) -> Floats:
    """Return Sum|M|^2/(G_F f V g)^2 in MeV^2 for IB1 + IB2 + contact + structure, added before squaring.

    Parameters
    ----------
    m12_sq, m23_sq, M, m_l, m_x, q_lepton, q_meson, q2_minus_m2, axial_form
        As for :func:`interference`; m_x > 0 unless the charges are equal.
    f_vector, f_axial : array_like
        F_V/f and F_A/f in 1/MeV, with the sign of the structure-dependent part relative to bremsstrahlung; numbers, or
        arrays where a form factor has a slope.

    Returns
    -------
    broadcast shape, float

    Raises
    ------
    ValueError
        For another ``axial_form``.

    Notes
    -----
    Source: derived; checked against explicit matrices in tests/physics/test_coherent.py.
    """
    parent = np.asarray(M, dtype=float)
    h_vector, h_axial = np.asarray(f_vector) / parent, np.asarray(f_axial) / parent
    point = (m12_sq, m23_sq, M, m_l, m_x)
    brems = msq_vector(*point, q_lepton, q_meson, q2_minus_m2)
    structure = msq_structure(*point, h_vector, h_axial, q2_minus_m2, axial_form=axial_form)
    vector, axial = interference(*point, q_lepton, q_meson, q2_minus_m2, axial_form=axial_form)
    return np.asarray(np.maximum(brems + structure + h_vector * vector + h_axial * axial, 0.0))


def with_slope(form_factor: ArrayLike, pair_sq: ArrayLike, slope: float, m_pi: float) -> Floats:
    """Return F(L^2) = F(0) (1 + slope L^2/m_pi^2), dimensionless, for L^2 = (l + n)^2 in MeV^2 and m_pi in MeV.

    Notes
    -----
    Linear in L^2; for a kaon L^2/m_pi^2 reaches 12.

    Source: arXiv:0804.1815 (slope of F_V of the pion).
    """
    linear = 1.0 + slope * np.asarray(pair_sq, dtype=float) / m_pi**2
    return np.asarray(np.asarray(form_factor, dtype=float) * linear)


def _square(mass: ArrayLike) -> Floats:
    """Return the square of a mass as an array."""
    return np.asarray(mass, dtype=float) ** 2
