"""P -> l nu V for a massive vector V: squared amplitudes summed over spins and polarisations, in closed form.

Three diagrams: V off the lepton (IB1, charge q_l), off the meson (IB2, charge q_M) and from the contact vertex that
makes the weak interaction of the meson covariant (IB3, charge q_M). With Dirac's equation on both sides their sum is

    ubar { (q_l - q_M) gamma^mu + m [q_l (2 l^mu + gamma^mu kslash)/delta - q_M (2 p - k)^mu/pole] } (1 - gamma5) v,

delta = q^2 - m^2, pole = M^2 - L^2. Equal charges leave only the bracket: the helicity suppression is explicit and no
large terms cancel. k contracted with it gives (q_l - q_M) ubar pslash (1 - gamma5) v, the only source of 1/m_V^2.
Polarisation sum -g + k k/m_V^2. Sums of squares that rounding would make negative where they vanish are cut at 0.
"""

import numpy as np
from numpy.typing import ArrayLike

from darkhorn.core.arrays import namespace
from darkhorn.core.rays import Floats
from darkhorn.physics.phase_space import Dots, dots


def _squares(*masses: ArrayLike) -> tuple[Floats, ...]:
    """Return the squares of masses as arrays."""
    xp = namespace(*masses)
    return tuple(xp.asarray(mass, dtype=float) ** 2 for mass in masses)


def _bracket(at: Dots, q_lepton: float, q_meson: float, M: ArrayLike, m_l: ArrayLike, m_x: ArrayLike) -> Floats:
    """Return minus the g-trace of [q_l (2 l + gamma kslash)/delta - q_M (2 p - k)/pole], over 4 (1/MeV^2 x MeV^2).

    With a = 2 q_l l/delta - q_M (2 p - k)/pole and h = q_l/delta it is
    a^2 l.n + 2 h [(l.a)(k.n) - (l.k)(a.n) + (l.n)(a.k)] - 2 h^2 [2 (l.k)(k.n) - m_V^2 l.n].
    """
    parent_sq, lepton_sq, boson_sq = _squares(M, m_l, m_x)
    h, g = q_lepton / at.delta, q_meson / at.pole
    twice_p_l = 2.0 * lepton_sq + 2.0 * (at.l_n + at.k_l)
    l_line = twice_p_l - at.k_l
    n_line = 2.0 * (at.l_n + at.k_n) - at.k_n
    line_sq = 4.0 * parent_sq - 4.0 * at.p_k + boson_sq
    a_sq = 4.0 * h * h * lepton_sq + g * g * line_sq - 4.0 * h * g * l_line
    l_a = 2.0 * h * lepton_sq - g * l_line
    a_n = 2.0 * h * at.l_n - g * n_line
    a_k = 2.0 * h * at.k_l - g * at.pole
    mixed = l_a * at.k_n - at.k_l * a_n + at.l_n * a_k
    whole = a_sq * at.l_n + 2.0 * h * mixed - 2.0 * h * h * (2.0 * at.k_l * at.k_n - boson_sq * at.l_n)
    return namespace(whole).asarray(whole)


def msq_vector(
    m12_sq: ArrayLike,
    m23_sq: ArrayLike,
    M: ArrayLike,
    m_l: ArrayLike,
    m_x: ArrayLike,
    q_lepton: float,
    q_meson: float,
    q2_minus_m2: ArrayLike | None = None,
) -> Floats:
    """Return Sum|M|^2/(G_F f V g)^2 in MeV^2 for a vector that couples to lepton and meson with any two charges.

    IB1 + IB2 + contact, added before squaring, summed over lepton spins and the polarisations of V.

    Parameters
    ----------
    m12_sq, m23_sq : array_like
        (l + n)^2 and (n + k)^2 in MeV^2, inside the Dalitz region.
    M, m_l, m_x : array_like
        Masses in MeV; m_x > 0 unless the charges are equal (then m_x = 0 is the photon).
    q_lepton, q_meson : float
        Charges of the lepton line and of the meson in units of g. Gauge invariant only if equal.
    q2_minus_m2 : array_like, optional
        (l + k)^2 - m_l^2 in MeV^2 where it is known without cancellation.

    Returns
    -------
    broadcast shape, float

    Notes
    -----
    The neutrino is neutral. Unequal charges give Gamma ~ (q_l - q_M)^2/m_V^2 at small mass.

    Source: derived; checked against explicit matrices in tests/physics/test_radiative.py.
    """
    at = dots(m12_sq, m23_sq, M, m_l, m_x, q2_minus_m2)
    xp = namespace(at.delta, at.pole)
    lepton_sq, boson_sq = _squares(m_l, m_x)
    result = -4.0 * lepton_sq * _bracket(at, q_lepton, q_meson, M, m_l, m_x)
    broken = q_lepton - q_meson
    if broken == 0.0:
        return xp.asarray(xp.maximum(result, 0.0))
    n_line = 2.0 * at.l_n + at.k_n
    a_n = 2.0 * q_lepton * at.l_n / at.delta - q_meson * n_line / at.pole
    mixed = -8.0 * broken * lepton_sq * (4.0 * q_lepton * at.k_n / at.delta + a_n)
    longitudinal = 2.0 * at.k_n * (at.k_l + lepton_sq) + (lepton_sq - boson_sq) * at.l_n
    return xp.asarray(xp.maximum(result + mixed + broken**2 * (4.0 * longitudinal / boson_sq + 8.0 * at.l_n), 0.0))


def msq_vector_sum(
    m12_sq: ArrayLike,
    m23_sq: ArrayLike,
    M: ArrayLike,
    m_l: ArrayLike,
    m_x: ArrayLike,
    q2_minus_m2: ArrayLike | None = None,
) -> Floats:
    """Return :func:`msq_vector` for q_l = q_M = 1, the gauge-invariant sum (kinetic mixing), in MeV^2.

    At m_x = 0 it is standard inner bremsstrahlung. Parameters, shapes and source as there.
    """
    return msq_vector(m12_sq, m23_sq, M, m_l, m_x, 1.0, 1.0, q2_minus_m2)


def msq_vector_sum_minus(
    m12_sq: ArrayLike,
    m23_sq: ArrayLike,
    M: ArrayLike,
    m_l: ArrayLike,
    m_x: ArrayLike,
    q2_minus_m2: ArrayLike | None = None,
) -> Floats:
    """Return :func:`msq_vector` for q_l = 1, q_M = -1, in MeV^2; not gauge invariant; m_x > 0.

    Parameters, shapes and source as there.
    """
    return msq_vector(m12_sq, m23_sq, M, m_l, m_x, 1.0, -1.0, q2_minus_m2)


def msq_vector_hadronic(
    m12_sq: ArrayLike,
    m23_sq: ArrayLike,
    M: ArrayLike,
    m_l: ArrayLike,
    m_x: ArrayLike,
    q2_minus_m2: ArrayLike | None = None,
) -> Floats:
    """Return :func:`msq_vector` for q_l = 0, q_M = 1 (IB2 + contact), in MeV^2; not gauge invariant; m_x > 0.

    Parameters, shapes and source as there.
    """
    return msq_vector(m12_sq, m23_sq, M, m_l, m_x, 0.0, 1.0, q2_minus_m2)


def msq_lepton_line(
    m12_sq: ArrayLike,
    m23_sq: ArrayLike,
    M: ArrayLike,
    m_l: ArrayLike,
    m_x: ArrayLike,
    c_left: float,
    c_right: float,
    q2_minus_m2: ArrayLike | None = None,
) -> Floats:
    """Return Sum|M|^2/(G_F f V g)^2 in MeV^2 for IB1 alone with the vertex gamma^mu (c_left P_L + c_right P_R).

    [c_L^2 q^4 C(n) + c_R^2 m^2 C(w) - 24 c_L c_R m^2 q^2 q.n]/delta^2, C(v) = 4 [l.v + 2 (k.l)(k.v)/m_V^2],
    w = 2 (q.n) q - q^2 n; summed over lepton spins and polarisations. The left-handed vertex feels no mass insertion,
    the right-handed one exactly one.

    Parameters
    ----------
    m12_sq, m23_sq : array_like
        (l + n)^2 and (n + k)^2 in MeV^2, inside the Dalitz region.
    M, m_l, m_x : array_like
        Masses in MeV; m_x > 0.
    c_left, c_right : float
        (1, 1) vector, (-1, 1) axial (gamma^mu gamma5), (1, 0) left-handed, (0, 1) right-handed.
    q2_minus_m2 : array_like, optional
        (l + k)^2 - m_l^2 in MeV^2 where it is known without cancellation.

    Returns
    -------
    broadcast shape, float

    Notes
    -----
    Not gauge invariant: Gamma ~ 1/m_V^2 at small mass.

    Source: derived (see also arXiv:1206.3587, vector vertex); checked against explicit matrices in
    tests/physics/test_radiative.py.
    """
    at = dots(m12_sq, m23_sq, M, m_l, m_x, q2_minus_m2)
    lepton_sq, boson_sq = _squares(m_l, m_x)
    q_sq = at.delta + lepton_sq
    l_w = 2.0 * at.q_n * (lepton_sq + at.k_l) - q_sq * at.l_n
    k_w = 2.0 * at.q_n * (boson_sq + at.k_l) - q_sq * at.k_n
    enhancement = 2.0 * at.k_l / boson_sq
    left = 4.0 * (q_sq / at.delta) ** 2 * (at.l_n + enhancement * at.k_n)
    right = 4.0 * lepton_sq / at.delta**2 * (l_w + enhancement * k_w)
    mixed = -24.0 * lepton_sq * q_sq * at.q_n / at.delta**2
    xp = namespace(left, right)
    return xp.asarray(xp.maximum(c_left**2 * left + c_right**2 * right + c_left * c_right * mixed, 0.0))


def msq_vector_ib1(
    m12_sq: ArrayLike,
    m23_sq: ArrayLike,
    M: ArrayLike,
    m_l: ArrayLike,
    m_x: ArrayLike,
    q2_minus_m2: ArrayLike | None = None,
) -> Floats:
    """Return :func:`msq_lepton_line` for the vector vertex gamma^mu, in MeV^2; not gauge invariant; m_x > 0.

    Parameters, shapes and source as there.
    """
    return msq_lepton_line(m12_sq, m23_sq, M, m_l, m_x, 1.0, 1.0, q2_minus_m2)


def msq_axial_ib1(
    m12_sq: ArrayLike,
    m23_sq: ArrayLike,
    M: ArrayLike,
    m_l: ArrayLike,
    m_x: ArrayLike,
    q2_minus_m2: ArrayLike | None = None,
) -> Floats:
    """Return :func:`msq_lepton_line` for the axial vertex gamma^mu gamma5, in MeV^2; m_x > 0.

    Parameters, shapes and source as there.
    """
    return msq_lepton_line(m12_sq, m23_sq, M, m_l, m_x, -1.0, 1.0, q2_minus_m2)


def msq_vector_ib2(
    m12_sq: ArrayLike,
    m23_sq: ArrayLike,
    M: ArrayLike,
    m_l: ArrayLike,
    m_x: ArrayLike,
    q2_minus_m2: ArrayLike | None = None,
) -> Floats:
    """Return Sum|M|^2/(G_F f V g)^2 in MeV^2 for V off the meson line alone (IB2).

    16 m^2 (l.n) [(p.k)^2 - M^2 m_V^2]/(m_V^2 (M^2 - L^2)^2), summed over lepton spins and polarisations; the bracket
    is a product of differences of masses. Not gauge invariant; m_x > 0. Parameters as for :func:`msq_vector`.

    Notes
    -----
    Source: derived; checked against explicit matrices in tests/physics/test_radiative.py.
    """
    at = dots(m12_sq, m23_sq, M, m_l, m_x, q2_minus_m2)
    lepton_sq, boson_sq = _squares(m_l, m_x)
    xp = namespace(at.delta, at.pole)
    pair = xp.asarray(m12_sq, dtype=float)
    parent, boson = xp.asarray(M, dtype=float), xp.asarray(m_x, dtype=float)
    momentum_sq = 0.25 * ((parent - boson) ** 2 - pair) * ((parent + boson) ** 2 - pair)
    shape = np.broadcast_shapes(np.shape(momentum_sq), np.shape(at.delta))
    square = 16.0 * lepton_sq * at.l_n * momentum_sq / (boson_sq * at.pole**2)
    return xp.broadcast_to(xp.maximum(square, 0.0), shape)


def msq_vector_contact(
    m12_sq: ArrayLike,
    m23_sq: ArrayLike,
    M: ArrayLike,
    m_l: ArrayLike,
    m_x: ArrayLike,
    q2_minus_m2: ArrayLike | None = None,
) -> Floats:
    """Return Sum|M|^2/(G_F f V g)^2 in MeV^2 for the contact vertex alone (IB3).

    4 [l.n + 2 (k.l)(k.n)/m_V^2], summed over lepton spins and polarisations. Not gauge invariant; m_x > 0.
    Parameters as for :func:`msq_vector`.

    Notes
    -----
    Source: derived; checked against explicit matrices in tests/physics/test_radiative.py.
    """
    at = dots(m12_sq, m23_sq, M, m_l, m_x, q2_minus_m2)
    xp = namespace(at.delta, at.pole)
    longitudinal = 2.0 * at.k_l * at.k_n / xp.asarray(m_x, dtype=float) ** 2
    return xp.asarray(xp.maximum(4.0 * (at.l_n + longitudinal), 0.0))


def msq_structure(
    m12_sq: ArrayLike,
    m23_sq: ArrayLike,
    M: ArrayLike,
    m_l: ArrayLike,
    m_x: ArrayLike,
    f_vector: ArrayLike,
    f_axial: ArrayLike,
    q2_minus_m2: ArrayLike | None = None,
    *,
    axial_form: str = "L",
) -> Floats:
    """Return the structure-dependent Sum|M|^2/(G_F V g/M)^2 in MeV^6, summed over lepton spins and polarisations.

    M_SD = (G_F V g/(sqrt2 M)) eps^mu J^rho [i F_V eps_{mu rho k L} + F_A ((S.k) g_{mu rho} - S_mu k_rho)], with S = L
    or S = p; both are transverse and equal at m_V = 0.
    With {S; l, n} = (k.S)[(S.l)(k.n) + (k.l)(S.n)] - S^2 (k.l)(k.n) it is

    F_V^2 8 [{L; l, n} - m_V^2 (L.l)(L.n)] + F_A^2 [8 {S; l, n} + 4 m_V^2 S^2 l.n]
    + F_V F_A 16 (S.k)[(k.l)(L.n) - (k.n)(L.l)].

    Parameters
    ----------
    m12_sq, m23_sq : array_like
        (l + n)^2 and (n + k)^2 in MeV^2, inside the Dalitz region.
    M, m_l, m_x : array_like
        Masses in MeV; m_x >= 0.
    f_vector, f_axial : array_like
        Form factors F_V, F_A (dimensionless), numbers or arrays of the invariants; F_V = F_A is pure SD+.
    q2_minus_m2 : array_like, optional
        (l + k)^2 - m_l^2 in MeV^2 where it is known without cancellation.
    axial_form : str
        ``L`` (default) or ``p``: the vector S of the axial tensor off the photon's mass shell.

    Returns
    -------
    broadcast shape, float

    Raises
    ------
    ValueError
        For another ``axial_form``.

    Notes
    -----
    The two axial tensors differ by terms of order m_V^2.

    Source: arXiv:0804.1815 (SD+ and SD-, m_V = 0); derived; checked against explicit matrices in
    tests/physics/test_radiative.py.
    """
    if axial_form not in ("L", "p"):
        raise ValueError(f"axial_form = {axial_form!r}; allowed: 'L', 'p'")
    at = dots(m12_sq, m23_sq, M, m_l, m_x, q2_minus_m2)
    xp = namespace(at.delta, at.pole, f_vector, f_axial)
    parent_sq, lepton_sq, boson_sq = _squares(M, m_l, m_x)
    pair_sq = xp.asarray(m12_sq, dtype=float)
    pair_l, pair_n, pair_k = lepton_sq + at.l_n, at.l_n, at.k_l + at.k_n

    def curly(s_l: Floats, s_n: Floats, s_k: Floats, s_sq: Floats) -> Floats:
        # {S; l, n}
        return xp.asarray(s_k * (s_l * at.k_n + at.k_l * s_n) - s_sq * at.k_l * at.k_n)

    of_pair = curly(pair_l, pair_n, pair_k, pair_sq)
    if axial_form == "L":
        s_k, s_sq, of_axial = pair_k, pair_sq, of_pair
    else:
        s_k, s_sq = at.p_k, parent_sq
        of_axial = curly(pair_l + at.k_l, pair_n + at.k_n, s_k, s_sq)
    vector = 8.0 * (of_pair - boson_sq * pair_l * pair_n)
    axial = 8.0 * of_axial + 4.0 * boson_sq * s_sq * at.l_n
    mixed = 16.0 * s_k * (at.k_l * pair_n - at.k_n * pair_l)
    h_v, h_a = xp.asarray(f_vector, dtype=float), xp.asarray(f_axial, dtype=float)
    return xp.asarray(xp.maximum(h_v**2 * vector + h_a**2 * axial + h_v * h_a * mixed, 0.0))
