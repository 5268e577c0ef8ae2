"""P -> l nu X with explicit 4x4 matrices: the general amplitude, and the second evaluation of every closed form.

An amplitude is an array X^mu (..., 4, 4, 4) (index mu up, then the two spinor indices) or X (..., 4, 4) for spin 0:
M = (G_F f V g/sqrt2) ubar_l X^mu (1 - gamma5) v_nu eps*_mu. Amplitudes of one batch of momenta add before they are
squared. The spin sum is the trace Tr[Y Y^dagger]/(4 E_l E_n) with Y = (lslash + m) X (1 - gamma5) nslash, which is
positive by construction and keeps full accuracy where diagrams cancel. Metric (+,-,-,-), eps_{0123} = +1.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from darkhorn.core.rays import Floats
from darkhorn.physics.dirac import EPSILON, GAMMA, GAMMA5, METRIC, Complexes, dot, lower, slash
from darkhorn.physics.phase_space import delta_limits, dots

_ONE: Final = np.eye(4, dtype=complex)
_LEFT: Final = 0.5 * (_ONE - GAMMA5)
_RIGHT: Final = 0.5 * (_ONE + GAMMA5)


@dataclass(frozen=True)
class Momenta:
    """Momenta (..., 4) in MeV in the rest frame of the parent, X along +z: meson p, lepton l, neutrino n, boson k.

    The masses of lepton and boson, m_l and m_x in MeV, have the shape (...) of the batch.
    """

    p: Floats
    l: Floats  # noqa: E741
    n: Floats
    k: Floats
    m_l: Floats
    m_x: Floats

    @property
    def pair(self) -> Floats:
        """L = p - k in MeV, shape (..., 4). Source: definition."""
        return self.p - self.k

    @property
    def delta(self) -> Floats:
        """Denominator of the lepton line, (l + k)^2 - m_l^2 = 2 l.k + m_x^2 in MeV^2, (...). Source: definition."""
        return 2.0 * dot(self.l, self.k) + self.m_x**2

    @property
    def pole(self) -> Floats:
        """Denominator of the meson line, M^2 - L^2 = 2 p.k - m_x^2 in MeV^2, (...). Source: definition."""
        return 2.0 * dot(self.p, self.k) - self.m_x**2


def momenta(
    m12_sq: ArrayLike,
    m23_sq: ArrayLike,
    M: ArrayLike,
    m_l: ArrayLike,
    m_x: ArrayLike,
    q2_minus_m2: ArrayLike | None = None,
) -> Momenta:
    """Return explicit momenta at points of the Dalitz region.

    Parameters
    ----------
    m12_sq, m23_sq : array_like
        (l + n)^2 and (n + k)^2 in MeV^2, inside the Dalitz region (on its edge the transverse momentum is 0).
    M, m_l, m_x : array_like
        Masses in MeV.
    q2_minus_m2 : array_like, optional
        (l + k)^2 - m_l^2 in MeV^2 where it is known without cancellation.

    Returns
    -------
    Momenta
        Arrays (broadcast shape, 4).

    Notes
    -----
    p_T^2 = m12^2 (delta - delta_min)(delta_max - delta)/(4 M^2 p_X^2), which loses no digits near the edge.

    Source: PDG, review of kinematics, three-body decays; p_T derived, checked in tests/physics/test_traces.py.
    """
    known = dots(m12_sq, m23_sq, M, m_l, m_x, q2_minus_m2).delta
    inputs = (m12_sq, m23_sq, M, m_l, m_x, known)
    pair, other, parent, lepton_mass, boson_mass, delta = (
        np.array(item, dtype=float) for item in np.broadcast_arrays(*inputs)
    )
    at = dots(pair, other, parent, lepton_mass, boson_mass, delta)
    energy_x = at.p_k / parent
    squares = ((parent - boson_mass) ** 2 - pair) * ((parent + boson_mass) ** 2 - pair)
    p_x = np.sqrt(np.maximum(squares, 0.0)) / (2.0 * parent)
    energy_l = (lepton_mass**2 + at.k_l + at.l_n) / parent
    safe = np.where(p_x > 0.0, p_x, 1.0)
    along = np.where(p_x > 0.0, (energy_l * energy_x - at.k_l) / safe, 0.0)
    low, high = delta_limits(pair, parent, lepton_mass, boson_mass)
    across = np.sqrt(np.maximum((delta - low) * (high - delta) * pair, 0.0)) / (2.0 * parent * safe)
    zero = np.zeros_like(p_x)
    lepton = np.stack([np.sqrt(lepton_mass**2 + along**2 + across**2), across, zero, along], axis=-1)
    boson = np.stack([np.sqrt(boson_mass**2 + p_x**2), zero, zero, p_x], axis=-1)
    space = -(lepton + boson)[..., 1:]
    neutrino = np.concatenate([np.sqrt((space**2).sum(-1, keepdims=True)), space], axis=-1)
    return Momenta(lepton + boson + neutrino, lepton, neutrino, boson, lepton_mass, boson_mass)


@dataclass(frozen=True)
class Tensor:
    """The hadronic tensor T_{mu rho} in units of i f; every coefficient is a number or an array (...), default 0.

    T = a0 g_{mu rho} + b0 L_mu k_rho + b1 L_rho k_mu + b2 L_mu L_rho + b3 k_mu k_rho + F eps_{rho mu s t} L^s k^t;
    a0 is dimensionless, the others are in MeV^-2; each may be complex. b1 and b3 drop out of rates (eps.k = 0) but not
    of the Ward identity.

    Source: Thompson, talk at the PITT-PACC workshop, 15 December 2022.
    """

    a0: ArrayLike = 0.0
    b0: ArrayLike = 0.0
    b1: ArrayLike = 0.0
    b2: ArrayLike = 0.0
    b3: ArrayLike = 0.0
    F: ArrayLike = 0.0

    def __add__(self, other: "Tensor") -> "Tensor":
        names = ("a0", "b0", "b1", "b2", "b3", "F")
        return Tensor(*(np.asarray(getattr(self, name)) + np.asarray(getattr(other, name)) for name in names))

    def scaled(self, factor: ArrayLike) -> "Tensor":
        """Return the tensor times a number or an array (...), say a charge or a form factor. Source: T is linear."""
        return Tensor(*(factor * np.asarray(part) for part in (self.a0, self.b0, self.b1, self.b2, self.b3, self.F)))


def contact_tensor() -> Tensor:
    """Return the contact vertex (IB3), T_{mu rho} = i f g_{mu rho}: a0 = 1, dimensionless.

    Source: Thompson, talk at the PITT-PACC workshop, 15 December 2022.
    """
    return Tensor(a0=1.0)


def meson_pole_tensor(at: Momenta) -> Tensor:
    """Return emission off the meson line (IB2), i f (2 L + k)_mu L_rho/(M^2 - L^2): b2 = 2 b1 = 2/(M^2 - L^2).

    Arrays (...) in MeV^-2.

    Source: Thompson, talk at the PITT-PACC workshop, 15 December 2022; the vertex is that of scalar electrodynamics.
    """
    return Tensor(b1=1.0 / at.pole, b2=2.0 / at.pole)


def contact_family_tensor(at: Momenta, c0: float) -> Tensor:
    """Return a0 = 1/(1 + c0), b0 = c0/((1 + c0) L.k): the contact vertex at c0 = 0, a pole at c0 = -1.

    a0 is dimensionless, b0 an array (...) in MeV^-2; k^mu T_{mu rho} = i f k_rho for every c0.

    Raises
    ------
    ZeroDivisionError
        For c0 = -1.

    Notes
    -----
    Source: Thompson, talk at the PITT-PACC workshop, 15 December 2022.
    """
    a0 = 1.0 / (1.0 + c0)
    return Tensor(a0=a0, b0=c0 * a0 / dot(at.pair, at.k))


def structure_tensor(at: Momenta, h_vector: ArrayLike, h_axial: ArrayLike, axial_form: str = "L") -> Tensor:
    """Return the structure-dependent tensor, transverse for every m_V.

    Parameters
    ----------
    at : Momenta
        Momenta (..., 4).
    h_vector, h_axial : array_like
        F_V/(f M) and F_A/(f M) in MeV^-2, with the sign relative to inner bremsstrahlung; numbers or arrays (...).
    axial_form : str
        ``L``: (L.k) g_{mu rho} - L_mu k_rho; ``p``: the same with p for L.

    Returns
    -------
    Tensor
        Coefficients with the sign of the hadronic amplitude -T taken out.

    Notes
    -----
    Source: derived; arXiv:0804.1815 for the form factors.
    """
    if axial_form not in ("L", "p"):
        raise ValueError(f"axial_form = {axial_form!r}; allowed: 'L', 'p'")
    product = dot(at.pair if axial_form == "L" else at.p, at.k)
    b3 = h_axial if axial_form == "p" else 0.0
    return Tensor(a0=-np.asarray(h_axial) * product, b0=h_axial, b3=b3, F=-1j * np.asarray(h_vector))


def divergence(at: Momenta, tensor: Tensor) -> tuple[Complexes, Complexes]:
    """Return k^mu T_{mu rho} in units of i f as its coefficients of k_rho and of L_rho, each (...), dimensionless.

    They are a0 + b0 L.k + b3 m_V^2 and b1 m_V^2 + b2 L.k; the eps term is transverse. (1, 1) is what emission off the
    meson has to give, k^mu T_{mu rho} = i f (L + k)_rho; (0, 0) is a tensor that conserves the current by itself.

    Notes
    -----
    Source: Thompson, talk at the PITT-PACC workshop, 15 December 2022.
    """
    product, boson_sq = dot(at.pair, at.k), np.asarray(at.m_x) ** 2
    a0, b0, b1, b2, b3 = (
        np.asarray(part, dtype=complex) for part in (tensor.a0, tensor.b0, tensor.b1, tensor.b2, tensor.b3)
    )
    return np.asarray(a0 + b0 * product + b3 * boson_sq), np.asarray(b1 * boson_sq + b2 * product)


def hadronic(at: Momenta, tensor: Tensor) -> Complexes:
    """Return X^mu = -gamma^rho T^mu_rho/(i f), shape (..., 4, 4, 4), for a hadronic tensor; dimensionless.

    Source: T_{mu rho} of :class:`Tensor` contracted with the leptonic current ubar gamma^rho (1 - gamma5) v; the sign
    relative to :func:`lepton_line` makes k.M = 0 for equal charges (tests/physics/test_traces.py).
    """
    pair, boson = lower(at.pair), lower(at.k)
    epsilon = np.einsum("rmst,...s,...t->...mr", EPSILON, at.pair, at.k)
    parts = (
        (tensor.a0, np.broadcast_to(METRIC, epsilon.shape)),
        (tensor.b0, np.einsum("...m,...r->...mr", pair, boson)),
        (tensor.b1, np.einsum("...m,...r->...mr", boson, pair)),
        (tensor.b2, np.einsum("...m,...r->...mr", pair, pair)),
        (tensor.b3, np.einsum("...m,...r->...mr", boson, boson)),
        (tensor.F, epsilon),
    )
    total = np.zeros(epsilon.shape, dtype=complex)
    for coefficient, structure in parts:
        total = total + np.asarray(coefficient)[..., None, None] * structure
    raised = np.diag(METRIC)[:, None] * total
    return np.asarray(-np.einsum("...mr,rab->...mab", raised, GAMMA, optimize=True))


def _mass_term(at: Momenta) -> Complexes:
    """Return m_l times the unit matrix, shape (..., 4, 4)."""
    return np.asarray(np.asarray(at.m_l)[..., None, None] * _ONE)


def _propagated(at: Momenta) -> Complexes:
    """Return (qslash + m) pslash/(q^2 - m^2), shape (..., 4, 4)."""
    numerator = slash(at.l + at.k) + _mass_term(at)
    return np.asarray(numerator @ slash(at.p) / at.delta[..., None, None])


def lepton_line(at: Momenta, c_left: complex = 1.0, c_right: complex = 1.0) -> Complexes:
    """Return X^mu (..., 4, 4, 4) of emission off the lepton, vertex gamma^mu (c_left P_L + c_right P_R).

    X^mu = vertex (qslash + m_l) pslash/(q^2 - m_l^2) with q = l + k (IB1); dimensionless.

    Source: Thompson, talk at the PITT-PACC workshop, 15 December 2022.
    """
    vertex = GAMMA @ (c_left * _LEFT + c_right * _RIGHT)
    return np.asarray(vertex @ _propagated(at)[..., None, :, :])


def vector(at: Momenta, q_lepton: complex, q_meson: complex) -> Complexes:
    """Return X^mu (..., 4, 4, 4) of IB1 + IB2 + contact with the two charges, diagram by diagram; dimensionless.

    It is gauge invariant for q_lepton = q_meson, and for no other charges.

    Source: Thompson, talk at the PITT-PACC workshop, 15 December 2022.
    """
    meson = (contact_tensor() + meson_pole_tensor(at)).scaled(q_meson)
    return lepton_line(at, q_lepton, q_lepton) + hadronic(at, meson)


def lepton_scalar(at: Momenta, *, pseudo: bool = False) -> Complexes:
    """Return X (..., 4, 4) of a scalar (vertex 1) or pseudoscalar (vertex gamma5) off the lepton.

    X = vertex (qslash + m_l) pslash/(q^2 - m_l^2) with q = l + k; dimensionless.

    Source: Thompson, talk at the PITT-PACC workshop, 15 December 2022.
    """
    return np.asarray((GAMMA5 if pseudo else _ONE) @ _propagated(at))


def lepton_derivative(at: Momenta, *, weak_vertex: bool = True) -> Complexes:
    """Return X (..., 4, 4) in MeV for a derivative coupling, L = (c/2 f_a) d_mu a lbar gamma^mu gamma5 l.

    kslash gamma5/2 takes the place of the Yukawa vertex, and the amplitude is per c/f_a. By Dirac's equation it is
    -[m_l x Yukawa + gamma5 pslash/2]. The second term is a contact a-l-nu vertex of the weak current: a rotation of the
    lepton field that makes the coupling a Yukawa one leaves it behind. It is there when the neutrino does not share the
    rotation of the left-handed lepton, and lifts the helicity suppression.

    Parameters
    ----------
    at : Momenta
        Momenta (..., 4).
    weak_vertex : bool
        False drops that term, as when the neutrino couples like the left-handed lepton: a Yukawa coupling m_l c/f_a.

    Notes
    -----
    Source: derived; checked against the closed form and the identity in tests/physics/test_leptonic.py.
    """
    if weak_vertex:
        return np.asarray(0.5 * slash(at.k) @ GAMMA5 @ _propagated(at))
    return np.asarray(-np.asarray(at.m_l)[..., None, None] * lepton_scalar(at, pseudo=True))


def meson_scalar(at: Momenta) -> Complexes:
    """Return X (..., 4, 4) in 1/MeV of a scalar off the meson line, Lslash/(M^2 - L^2).

    In a sum with :func:`lepton_scalar` it enters with the factor -mu/g for L = -g phi lbar l - mu phi P+ P-.

    Source: derived; checked against the closed form in tests/physics/test_leptonic.py.
    """
    return np.asarray(slash(at.pair) / at.pole[..., None, None])


def spin_sum(at: Momenta, amplitude: Complexes) -> Floats:
    """Return (1/2) Sum_spins |ubar X (1 - gamma5) v|^2, shape (...), that is Sum|M|^2/(G_F f V g)^2 for spin 0.

    It is Tr[Y Y^dagger]/(8 E_l E_n) with Y = (lslash + m_l) X (1 - gamma5) nslash: MeV^2 for a dimensionless X.

    Parameters
    ----------
    at : Momenta
        Momenta (..., 4).
    amplitude : (..., 4, 4) complex
        X, already contracted with a polarisation vector if it had an index.

    Notes
    -----
    Source: completeness of the spinors, Peskin and Schroeder, An Introduction to Quantum Field Theory (1995), eq.
    (3.66-67), and ubar gamma^0 u = 2 E.
    """
    energy_n = at.n[..., 0]
    direction = at.n / np.where(energy_n > 0.0, energy_n, 1.0)[..., None]
    matrix = (slash(at.l) + _mass_term(at)) @ amplitude @ (_ONE - GAMMA5) @ slash(direction)
    trace = np.einsum("...ab,...ab->...", matrix, matrix.conj()).real
    return np.asarray(trace * energy_n / (8.0 * at.l[..., 0]))


def polarisations(at: Momenta) -> Floats:
    """Return real polarisation vectors of X, shape (3, ..., 4): two transverse, one longitudinal (0 for m_x = 0).

    With X along z they are (0, 1, 0, 0), (0, 0, 1, 0) and (p_X, 0, 0, E_X)/m_x; eps.k = 0 and eps^2 = -1.

    Source: the textbook vectors of a massive spin 1, solutions of eps.k = 0.
    """
    vectors = np.zeros((3, *at.k.shape))
    vectors[0, ..., 1] = 1.0
    vectors[1, ..., 2] = 1.0
    boson = np.asarray(at.m_x, dtype=float)
    inverse = np.where(boson > 0.0, 1.0 / np.where(boson > 0.0, boson, 1.0), 0.0)
    vectors[2, ..., 0] = at.k[..., 3] * inverse
    vectors[2, ..., 3] = at.k[..., 0] * inverse
    return vectors


def polarised_sum(at: Momenta, amplitude: Complexes) -> Floats:
    """Return (1/2) Sum |ubar X^mu (1 - gamma5) v eps_mu|^2 over spins and polarisations, shape (...).

    Parameters
    ----------
    at : Momenta
        Momenta (..., 4); at m_x = 0 only the two transverse polarisations count.
    amplitude : (..., 4, 4, 4) complex
        X^mu.

    Notes
    -----
    In MeV^2 for a dimensionless X^mu: Sum|M|^2/(G_F f V g)^2.

    Source: definition, :func:`spin_sum` for each vector of :func:`polarisations`.
    """
    parts = [np.einsum("...m,...mab->...ab", lower(eps), amplitude) for eps in polarisations(at)]
    return np.asarray(sum(spin_sum(at, part) for part in parts))


def ward(at: Momenta, amplitude: Complexes) -> Floats:
    """Return |k.M| in MeV^2: the root of the spin sum with the polarisation vector replaced by k, shape (...).

    It vanishes for a conserved current.

    Source: the Ward identity.
    """
    return np.sqrt(spin_sum(at, np.einsum("...m,...mab->...ab", lower(at.k), amplitude)))


def size(at: Momenta, amplitude: Complexes) -> Floats:
    """Return |k| |M| in MeV^2, E_X times the Euclidean norm of M^mu, to which :func:`ward` compares, shape (...).

    Source: definition.
    """
    parts = [spin_sum(at, amplitude[..., index, :, :]) for index in range(4)]
    return np.asarray(at.k[..., 0] * np.sqrt(sum(parts)))


_CHUNK: Final = 4096
"""Points that are squared at a time, so that the matrices of a large batch stay small."""


def squared(
    amplitude: Callable[[Momenta], Complexes],
    m12_sq: ArrayLike,
    m23_sq: ArrayLike,
    M: ArrayLike,
    m_l: ArrayLike,
    m_x: ArrayLike,
    q2_minus_m2: ArrayLike | None = None,
) -> Floats:
    """Return Sum|M|^2/(G_F f V g)^2 of any amplitude, in MeV^2 for a dimensionless X.

    Parameters
    ----------
    amplitude : callable
        Momenta (N, 4) to X^mu (N, 4, 4, 4) for a vector, then summed over polarisations, or X (N, 4, 4) for spin 0.
        A sum of diagrams is added here, before it is squared.
    m12_sq, m23_sq : array_like
        (l + n)^2 and (n + k)^2 in MeV^2, inside the Dalitz region.
    M, m_l, m_x : array_like
        Masses in MeV.
    q2_minus_m2 : array_like, optional
        (l + k)^2 - m_l^2 in MeV^2 where it is known without cancellation.

    Returns
    -------
    broadcast shape, float
        Never negative. At m_x = 0 a vector has its two transverse polarisations.

    Notes
    -----
    Source: derived; checked against spinor sums in tests/physics/test_traces.py.
    """
    delta = dots(m12_sq, m23_sq, M, m_l, m_x, q2_minus_m2).delta
    inputs = np.broadcast_arrays(m12_sq, m23_sq, M, m_l, m_x, delta)
    flat = [np.asarray(item, dtype=float).ravel() for item in inputs]
    result = np.zeros(flat[0].shape)
    for start in range(0, len(result), _CHUNK):
        part = slice(start, start + _CHUNK)
        at = momenta(*(item[part] for item in flat))
        matrices = np.asarray(amplitude(at))
        sums = polarised_sum if matrices.ndim == at.k.ndim + 2 else spin_sum
        result[part] = sums(at, matrices)
    return result.reshape(inputs[0].shape)
