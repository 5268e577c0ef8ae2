"""P -> l nu X with explicit 4x4 matrices: the general amplitude, and the second evaluation of every closed form.

An amplitude is an array X^mu (..., 4, 4, 4) (index mu up, then the two spinor indices) or X (..., 4, 4) for spin 0:
M = (G_F f V g/sqrt2) ubar_l X^mu (1 - gamma5) v_nu eps*_mu. Amplitudes of one batch of momenta add before they are
squared. The spin sum is the trace Tr[Y Y^dagger]/(4 E_l E_n) with Y = (lslash + m) X (1 - gamma5) nslash, which is
positive by construction and keeps full accuracy where diagrams cancel. Metric (+,-,-,-), eps_{0123} = +1.
"""

from dataclasses import dataclass
from itertools import permutations
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from darkhorn.core.rays import Floats
from darkhorn.physics.phase_space import dots

Complexes = NDArray[np.complex128]

METRIC: Final = np.diag([1.0, -1.0, -1.0, -1.0])
"""Metric, both indices up or both down."""

_PAULI: Final = np.array([[[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]], dtype=complex)
_SPACE: Final = [np.kron(np.array([[0, 1], [-1, 0]]), sigma) for sigma in _PAULI]
GAMMA: Final = np.array([np.kron(np.diag([1, -1]), np.eye(2)), *_SPACE], dtype=complex)
"""Dirac matrices gamma^mu (index up) in the Dirac representation, shape (4, 4, 4)."""

GAMMA5: Final = 1j * GAMMA[0] @ GAMMA[1] @ GAMMA[2] @ GAMMA[3]
"""gamma5 = i gamma^0 gamma^1 gamma^2 gamma^3."""


def _levi_civita() -> Floats:
    """Return eps with four lower indices, eps_{0123} = +1."""
    eps = np.zeros((4, 4, 4, 4))
    for order in permutations(range(4)):
        eps[order] = round(float(np.linalg.det(np.eye(4)[list(order)])))
    return eps


EPSILON: Final = _levi_civita()
"""Totally antisymmetric tensor with lower indices, EPSILON[0, 1, 2, 3] = +1."""

_ONE: Final = np.eye(4, dtype=complex)
_LEFT: Final = 0.5 * (_ONE - GAMMA5)
_RIGHT: Final = 0.5 * (_ONE + GAMMA5)


def lower(vector: Floats) -> Floats:
    """Return a four-vector (..., 4) with its index lowered."""
    return np.asarray(vector @ METRIC)


def dot(first: Floats, second: Floats) -> Floats:
    """Return the Minkowski product of four-vectors (..., 4), shape (...)."""
    return np.asarray(np.einsum("...m,...m->...", first, lower(second)))


def slash(vector: Floats) -> Complexes:
    """Return gamma^mu v_mu, shape (..., 4, 4), for four-vectors (..., 4)."""
    return np.asarray(np.einsum("...m,mab->...ab", lower(vector), GAMMA))


@dataclass(frozen=True)
class Momenta:
    """Momenta (..., 4) in MeV in the rest frame of the parent, X along +z: meson p, lepton l, neutrino n, boson k."""

    p: Floats
    l: Floats  # noqa: E741
    n: Floats
    k: Floats
    m_l: float
    m_x: float

    @property
    def pair(self) -> Floats:
        """L = p - k in MeV."""
        return self.p - self.k

    @property
    def delta(self) -> Floats:
        """(l + k)^2 - m_l^2 in MeV^2."""
        return 2.0 * dot(self.l, self.k) + self.m_x**2

    @property
    def pole(self) -> Floats:
        """M^2 - L^2 in MeV^2."""
        return 2.0 * dot(self.p, self.k) - self.m_x**2


def momenta(m12_sq: ArrayLike, m23_sq: ArrayLike, M: float, m_l: float, m_x: float) -> Momenta:
    """Return explicit momenta at points of the Dalitz region.

    Parameters
    ----------
    m12_sq, m23_sq : array_like
        (l + n)^2 and (n + k)^2 in MeV^2, inside the Dalitz region (on its edge the transverse momentum is 0).
    M, m_l, m_x : float
        Masses in MeV.

    Returns
    -------
    Momenta
        Arrays (broadcast shape, 4).

    Notes
    -----
    Source: PDG, review of kinematics, three-body decays.
    """
    pair, other = np.broadcast_arrays(np.asarray(m12_sq, dtype=float), np.asarray(m23_sq, dtype=float))
    at = dots(pair, other, M, m_l, m_x)
    energy_x = at.p_k / M
    p_x = np.sqrt(np.maximum((energy_x - m_x) * (energy_x + m_x), 0.0))
    energy_l = (m_l**2 + at.k_l + at.l_n) / M
    along = np.where(p_x > 0.0, (energy_l * energy_x - at.k_l) / np.where(p_x > 0.0, p_x, 1.0), 0.0)
    p_l_sq = np.maximum((energy_l - m_l) * (energy_l + m_l), 0.0)
    across = np.sqrt(np.maximum(p_l_sq - along**2, 0.0))
    zero = np.zeros_like(p_x)
    lepton = np.stack([np.sqrt(m_l**2 + along**2 + across**2), across, zero, along], axis=-1)
    boson = np.stack([np.sqrt(m_x**2 + p_x**2), zero, zero, p_x], axis=-1)
    space = -(lepton + boson)[..., 1:]
    neutrino = np.concatenate([np.sqrt((space**2).sum(-1, keepdims=True)), space], axis=-1)
    return Momenta(lepton + boson + neutrino, lepton, neutrino, boson, m_l, m_x)


@dataclass(frozen=True)
class Tensor:
    """The hadronic tensor T_{mu rho} in units of i f; every coefficient is a number or an array (...), default 0.

    T = a0 g_{mu rho} + b0 L_mu k_rho + b1 L_rho k_mu + b2 L_mu L_rho + b3 k_mu k_rho + F eps_{rho mu s t} L^s k^t;
    a0 is dimensionless, the others are in MeV^-2. b1 and b3 drop out of rates (eps.k = 0) but not of the Ward identity.

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

    def scaled(self, factor: complex) -> "Tensor":
        """Return the tensor times a number (a charge, a form factor)."""
        return Tensor(*(factor * np.asarray(part) for part in (self.a0, self.b0, self.b1, self.b2, self.b3, self.F)))


def contact_tensor() -> Tensor:
    """Return the contact vertex (IB3): a0 = 1."""
    return Tensor(a0=1.0)


def meson_pole_tensor(at: Momenta) -> Tensor:
    """Return emission off the meson line (IB2): b2 = 2 b1 = 2/(M^2 - L^2), in MeV^-2."""
    return Tensor(b1=1.0 / at.pole, b2=2.0 / at.pole)


def contact_family_tensor(at: Momenta, c0: float) -> Tensor:
    """Return a0 = 1/(1 + c0), b0 = c0/((1 + c0) L.k): the contact vertex at c0 = 0, a pole at c0 = -1.

    Raises
    ------
    ZeroDivisionError
        For c0 = -1.
    """
    a0 = 1.0 / (1.0 + c0)
    return Tensor(a0=a0, b0=c0 * a0 / dot(at.pair, at.k))


def structure_tensor(at: Momenta, h_vector: float, h_axial: float, axial_form: str = "L") -> Tensor:
    """Return the structure-dependent tensor, transverse for every m_V.

    Parameters
    ----------
    at : Momenta
        Momenta (..., 4).
    h_vector, h_axial : float
        F_V/(f M) and F_A/(f M) in MeV^-2, with the sign relative to inner bremsstrahlung.
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
    return Tensor(a0=-h_axial * product, b0=h_axial, b3=b3, F=-1j * h_vector)


def hadronic(at: Momenta, tensor: Tensor) -> Complexes:
    """Return X^mu = -gamma^rho T^mu_rho/(i f), shape (..., 4, 4, 4), for a hadronic tensor."""
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
    return np.asarray(-np.einsum("mn,...nr,rab->...mab", METRIC, total, GAMMA))


def _propagated(at: Momenta) -> Complexes:
    """Return (qslash + m) pslash/(q^2 - m^2), shape (..., 4, 4)."""
    numerator = slash(at.l + at.k) + at.m_l * _ONE
    return np.asarray(numerator @ slash(at.p) / at.delta[..., None, None])


def lepton_line(at: Momenta, c_left: complex = 1.0, c_right: complex = 1.0) -> Complexes:
    """Return X^mu (..., 4, 4, 4) of emission off the lepton, vertex gamma^mu (c_left P_L + c_right P_R)."""
    vertex = GAMMA @ (c_left * _LEFT + c_right * _RIGHT)
    return np.asarray(np.einsum("mab,...bc->...mac", vertex, _propagated(at)))


def vector(at: Momenta, q_lepton: complex, q_meson: complex) -> Complexes:
    """Return X^mu (..., 4, 4, 4) of IB1 + IB2 + contact with the two charges, diagram by diagram."""
    meson = (contact_tensor() + meson_pole_tensor(at)).scaled(q_meson)
    return lepton_line(at, q_lepton, q_lepton) + hadronic(at, meson)


def lepton_scalar(at: Momenta, *, pseudo: bool = False) -> Complexes:
    """Return X (..., 4, 4) of a scalar (vertex 1) or pseudoscalar (vertex gamma5) off the lepton."""
    return np.asarray((GAMMA5 if pseudo else _ONE) @ _propagated(at))


def meson_scalar(at: Momenta) -> Complexes:
    """Return X (..., 4, 4) in 1/MeV of a scalar off the meson line, Lslash/(M^2 - L^2)."""
    return np.asarray(slash(at.pair) / at.pole[..., None, None])


def spin_sum(at: Momenta, amplitude: Complexes) -> Floats:
    """Return (1/2) Sum_spins |ubar X (1 - gamma5) v|^2, shape (...), that is Sum|M|^2/(G_F f V g)^2 for spin 0.

    Parameters
    ----------
    at : Momenta
        Momenta (..., 4).
    amplitude : (..., 4, 4) complex
        X, already contracted with a polarisation vector if it had an index.
    """
    energy_n = at.n[..., 0]
    direction = at.n / np.where(energy_n > 0.0, energy_n, 1.0)[..., None]
    matrix = (slash(at.l) + at.m_l * _ONE) @ amplitude @ (_ONE - GAMMA5) @ slash(direction)
    trace = np.einsum("...ab,...ab->...", matrix, matrix.conj()).real
    return np.asarray(trace * energy_n / (8.0 * at.l[..., 0]))


def polarisations(at: Momenta) -> Floats:
    """Return real polarisation vectors of X, shape (3, ..., 4): two transverse, one longitudinal (0 for m_x = 0)."""
    vectors = np.zeros((3, *at.k.shape))
    vectors[0, ..., 1] = 1.0
    vectors[1, ..., 2] = 1.0
    if at.m_x > 0.0:
        vectors[2, ..., 0] = at.k[..., 3] / at.m_x
        vectors[2, ..., 3] = at.k[..., 0] / at.m_x
    return vectors


def polarised_sum(at: Momenta, amplitude: Complexes) -> Floats:
    """Return (1/2) Sum |ubar X^mu (1 - gamma5) v eps_mu|^2 over spins and polarisations, shape (...).

    Parameters
    ----------
    at : Momenta
        Momenta (..., 4); at m_x = 0 only the two transverse polarisations count.
    amplitude : (..., 4, 4, 4) complex
        X^mu.
    """
    parts = [np.einsum("...m,...mab->...ab", lower(eps), amplitude) for eps in polarisations(at)]
    return np.asarray(sum(spin_sum(at, part) for part in parts))


def ward(at: Momenta, amplitude: Complexes) -> Floats:
    """Return |k.M| in MeV^2: the root of the spin sum with the polarisation vector replaced by k, shape (...)."""
    return np.sqrt(spin_sum(at, np.einsum("...m,...mab->...ab", lower(at.k), amplitude)))


def size(at: Momenta, amplitude: Complexes) -> Floats:
    """Return |k| |M| in MeV^2, E_X times the Euclidean norm of M^mu, to which :func:`ward` compares, shape (...)."""
    parts = [spin_sum(at, amplitude[..., index, :, :]) for index in range(4)]
    return np.asarray(at.k[..., 0] * np.sqrt(sum(parts)))
