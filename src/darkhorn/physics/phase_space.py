"""Three-body phase space of P(p) -> l(l) nu(n) X(k): Dalitz limits, scalar products, spectra and widths.

L = l + n, q = l + k; m12^2 = L^2, m23^2 = (n + k)^2, and delta = q^2 - m_l^2, which electrons make tiny beside M^2
and which therefore travels as a variable of its own. The neutrino is massless.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from darkhorn.core.arrays import namespace, root
from darkhorn.core.rays import Bools, Floats

SquaredAmplitude = Callable[[Floats, Floats, Floats], Floats]
"""(m12_sq, m23_sq, q2_minus_m2), each in MeV^2 and of one shape, to Sum |M|^2 (dimensionless) of that shape."""


class Dots(NamedTuple):
    """Scalar products in MeV^2 at a point of the Dalitz region, arrays of one broadcast shape."""

    k_l: Floats
    k_n: Floats
    l_n: Floats
    q_n: Floats
    p_k: Floats
    delta: Floats
    """q^2 - m_l^2 = 2 k.l + m_x^2, the denominator of the lepton propagator."""
    pole: Floats
    """M^2 - L^2 = 2 p.k - m_x^2, minus the denominator of the meson propagator."""


def dots(
    m12_sq: ArrayLike,
    m23_sq: ArrayLike,
    M: ArrayLike,
    m_l: ArrayLike,
    m_x: ArrayLike,
    q2_minus_m2: ArrayLike | None = None,
) -> Dots:
    """Return every scalar product that the amplitudes need.

    Parameters
    ----------
    m12_sq, m23_sq : array_like
        (l + n)^2 and (n + k)^2 in MeV^2.
    M, m_l, m_x : array_like
        Masses in MeV.
    q2_minus_m2 : array_like, optional
        (l + k)^2 - m_l^2 in MeV^2 where the caller knows it without cancellation; else from energy conservation.

    Returns
    -------
    Dots
        Arrays of the broadcast shape.

    Notes
    -----
    m12^2 + m13^2 + m23^2 = M^2 + m_l^2 + m_x^2.

    Source: PDG, review of kinematics, three-body decays.
    """
    xp = namespace(m12_sq, m23_sq, M, m_l, m_x, q2_minus_m2)
    pair, other = xp.asarray(m12_sq, dtype=float), xp.asarray(m23_sq, dtype=float)
    parent_sq, lepton_sq, boson_sq = (xp.asarray(mass, dtype=float) ** 2 for mass in (M, m_l, m_x))
    pole = parent_sq - pair
    delta = pole + boson_sq - other if q2_minus_m2 is None else xp.asarray(q2_minus_m2, dtype=float)
    return Dots(
        k_l=0.5 * (delta - boson_sq),
        k_n=0.5 * (other - boson_sq),
        l_n=0.5 * (pair - lepton_sq),
        q_n=0.5 * (parent_sq - lepton_sq - delta),
        p_k=0.5 * (pole + boson_sq),
        delta=delta,
        pole=pole,
    )


def energy_max(M: ArrayLike, m_l: ArrayLike, m_x: ArrayLike) -> Floats:
    """Return the largest energy of X in the rest frame of the parent, (M^2 + m_x^2 - m_l^2)/(2 M), in MeV.

    Parameters
    ----------
    M, m_l, m_x : array_like
        Masses in MeV with M > m_l + m_x; shapes broadcast.

    Returns
    -------
    broadcast shape, float
        Energy in MeV.

    Notes
    -----
    Source: PDG, review of kinematics, three-body decays.
    """
    xp = namespace(M, m_l, m_x)
    parent, lepton, boson = (xp.asarray(mass, dtype=float) for mass in (M, m_l, m_x))
    return xp.asarray(0.5 * ((parent - lepton) * (parent + lepton) / parent + boson**2 / parent))


def m12_sq_of_energy(energy: ArrayLike, M: ArrayLike, m_x: ArrayLike) -> Floats:
    """Return m12^2 = M^2 + m_x^2 - 2 M E_X in MeV^2 for the rest-frame energy of X in MeV (shapes broadcast).

    Notes
    -----
    Source: PDG, review of kinematics, three-body decays.
    """
    xp = namespace(energy, M, m_x)
    parent, boson = xp.asarray(M, dtype=float), xp.asarray(m_x, dtype=float)
    return xp.asarray((parent - boson) ** 2 - 2.0 * parent * (xp.asarray(energy, dtype=float) - boson))


def _pair_frame(pair: Floats, M: ArrayLike, m_l: ArrayLike, m_x: ArrayLike) -> tuple[Floats, Floats, Floats]:
    """Return the momentum of the neutrino and the energy and momentum of X where l + nu is at rest.

    Outside of [m_l^2, (M - m_x)^2] the values are those of the nearer end; m_l > 0.
    """
    xp = namespace(pair, M, m_l, m_x)
    parent, lepton, boson = (xp.asarray(mass, dtype=float) for mass in (M, m_l, m_x))
    both = xp.sqrt(xp.clip(pair, lepton**2, xp.maximum(parent - boson, lepton) ** 2))
    neutrino = (both - lepton) * (both + lepton) / (2.0 * both)
    squares = (parent - boson - both) * (parent - boson + both) * ((parent + boson) ** 2 - both**2)
    momentum = root(squares) / (2.0 * both)
    return neutrino, root(momentum**2 + boson**2), momentum


def m23_sq_limits(m12_sq: ArrayLike, M: ArrayLike, m_l: ArrayLike, m_x: ArrayLike) -> tuple[Floats, Floats]:
    """Return the lowest and highest m23^2 in MeV^2 at fixed m12^2.

    m23^2 = m_x^2 + 2 E_n (E_X -+ p_X) in the rest frame of l + nu, with E_X - p_X written as m_x^2/(E_X + p_X).

    Parameters
    ----------
    m12_sq : array_like
        (l + n)^2 in MeV^2.
    M, m_l, m_x : array_like
        Masses in MeV; shapes broadcast.

    Returns
    -------
    (broadcast shape, broadcast shape) float
        Equal to each other (an empty interval) where m12^2 is outside the open interval (m_l^2, (M - m_x)^2).

    Notes
    -----
    Source: PDG, review of kinematics, limits of the Dalitz plot, with a massless second particle.
    """
    xp = namespace(m12_sq, M, m_l, m_x)
    pair, boson_sq = xp.asarray(m12_sq, dtype=float), xp.asarray(m_x, dtype=float) ** 2
    neutrino, energy, momentum = _pair_frame(pair, M, m_l, m_x)
    total = energy + momentum
    low = boson_sq + 2.0 * neutrino * boson_sq / xp.where(total > 0.0, total, 1.0)
    return low, boson_sq + 2.0 * neutrino * total


def delta_limits(m12_sq: ArrayLike, M: ArrayLike, m_l: ArrayLike, m_x: ArrayLike) -> tuple[Floats, Floats]:
    """Return the lowest and highest q^2 - m_l^2 in MeV^2 at fixed m12^2, free of cancellation.

    delta = m_x^2 + 2 (E_l E_X -+ p_l p_X) in the rest frame of l + nu, with the difference written as
    (m_l^2 E_X^2 + p_l^2 m_x^2)/(E_l E_X + p_l p_X). The lowest delta belongs to the highest m23^2.

    Parameters
    ----------
    m12_sq : array_like
        (l + n)^2 in MeV^2.
    M, m_l, m_x : array_like
        Masses in MeV; shapes broadcast.

    Returns
    -------
    (broadcast shape, broadcast shape) float
        Equal to each other (an empty interval) where m12^2 is outside the open interval (m_l^2, (M - m_x)^2).

    Notes
    -----
    Source: derived; checked against m23_sq_limits in tests/physics/test_phase_space.py.
    """
    xp = namespace(m12_sq, M, m_l, m_x)
    pair = xp.asarray(m12_sq, dtype=float)
    lepton_sq, boson_sq = xp.asarray(m_l, dtype=float) ** 2, xp.asarray(m_x, dtype=float) ** 2
    momentum_l, energy, momentum = _pair_frame(pair, M, m_l, m_x)
    total = xp.sqrt(momentum_l**2 + lepton_sq) * energy + momentum_l * momentum
    product = lepton_sq * energy**2 + momentum_l**2 * boson_sq
    return boson_sq + 2.0 * product / xp.where(total > 0.0, total, 1.0), boson_sq + 2.0 * total


def inside_dalitz(m12_sq: ArrayLike, m23_sq: ArrayLike, M: ArrayLike, m_l: ArrayLike, m_x: ArrayLike) -> Bools:
    """Return whether points (MeV^2, shapes broadcast) lie in the Dalitz region, its edge included to 1e-12 M^2.

    Notes
    -----
    Source: PDG, review of kinematics, limits of the Dalitz plot.
    """
    parent, lepton, boson = (np.asarray(mass, dtype=float) for mass in (M, m_l, m_x))
    pair, other = np.asarray(m12_sq, dtype=float), np.asarray(m23_sq, dtype=float)
    slack = 1e-12 * parent**2
    low, high = m23_sq_limits(pair, M, m_l, m_x)
    in_pair = (pair >= lepton**2 - slack) & (pair <= (parent - boson) ** 2 + slack) & (parent >= lepton + boson)
    return np.asarray(in_pair & (other >= low - slack) & (other <= high + slack))


@lru_cache(maxsize=16)
def _gauss(order: int) -> tuple[Floats, Floats]:
    """Return nodes and weights of the Gauss-Legendre rule on (0, 1), read-only."""
    nodes, weights = np.polynomial.legendre.leggauss(order)
    nodes, weights = 0.5 * (nodes + 1.0), 0.5 * weights
    nodes.flags.writeable = weights.flags.writeable = False
    return nodes, weights


def _integral_over_m23(msq: SquaredAmplitude, pair: Floats, M: float, m_l: float, m_x: float, order: int) -> Floats:
    """Return Int Sum|M|^2 dm23^2 for each m12^2 (K,) by Gauss-Legendre in log(q^2 - m_l^2)."""
    xp = namespace(pair, m_x)
    nodes, weights = _gauss(order)
    low, high = delta_limits(pair, M, m_l, m_x)
    some = high > low
    low = xp.where(some, low, 1.0)
    span = xp.log(xp.where(some, high, 1.0) / low)
    delta = low[:, None] * xp.exp(span[:, None] * nodes)
    m23_sq = (M**2 + m_x**2 - pair)[:, None] - delta
    values = msq(xp.broadcast_to(pair[:, None], delta.shape), m23_sq, delta)
    return xp.asarray(span * ((values * delta) @ weights))


def dgamma_de(msq: SquaredAmplitude, energy: ArrayLike, M: float, m_l: float, m_x: float, order: int = 64) -> Floats:
    """Return the spectrum dGamma/dE_X in the rest frame of the parent.

    dGamma/dE_X = 1/((2 pi)^3 16 M^2) Int Sum|M|^2 dm23^2 at m12^2 = M^2 + m_x^2 - 2 M E_X.

    Parameters
    ----------
    msq : callable
        (m12_sq, m23_sq, q2_minus_m2), three arrays (K', order) in MeV^2, to Sum|M|^2 summed over final spins.
    energy : (K,) array_like
        Rest-frame energies of X in MeV.
    M, m_l, m_x : float
        Masses in MeV.
    order : int
        Points of the Gauss-Legendre rule in log(q^2 - m_l^2).

    Returns
    -------
    (K,) float
        dGamma/dE_X (dimensionless: MeV per MeV); exactly 0 on and outside the edge and in a closed channel.

    Notes
    -----
    Source: PDG, review of kinematics, three-body decays.
    """
    energies = np.atleast_1d(np.asarray(energy, dtype=float))
    result = np.zeros_like(energies)
    inside = (energies > m_x) & (energies < energy_max(M, m_l, m_x)) & (m_l + m_x < M)
    if inside.any():
        result[inside] = dgamma_de_inside(msq, energies[inside], M, m_l, m_x, order)
    return result


def dgamma_de_inside(
    msq: SquaredAmplitude, energy: Floats, M: float, m_l: float, m_x: float, order: int = 64
) -> Floats:
    """Return :func:`dgamma_de` for energies (K,) inside of the spectrum of an open channel, which are not checked.

    No value decides which way to go, so that m_x may be a number that JAX traces. Parameters and source as there.
    """
    pair = m12_sq_of_energy(energy, M, m_x)
    return _integral_over_m23(msq, pair, M, m_l, m_x, order) / ((2.0 * np.pi) ** 3 * 16.0 * M**2)


def three_body_width(
    msq: SquaredAmplitude, M: float, m_l: float, m_x: float, order: int = 64, energy_low: float | None = None
) -> float:
    """Return the width of P -> l nu X in MeV; exactly 0 in a closed channel.

    Two panels of Gauss-Legendre points: E_X = m_x cosh(eta) up to the middle of the spectrum, which tames soft
    emission, and log(m12^2) above, which follows the electron to m12^2 = m_e^2.

    Parameters
    ----------
    msq : callable
        As in :func:`dgamma_de`.
    M, m_l, m_x : float
        Masses in MeV.
    order : int
        Points in each panel and in the inner variable.
    energy_low : float, optional
        Lowest rest-frame energy of X in MeV to count, for rates above a cut.

    Returns
    -------
    float
        Width in MeV.

    Notes
    -----
    Source: PDG, review of kinematics, three-body decays.
    """
    top = float(energy_max(M, m_l, m_x))
    bottom = m_x if energy_low is None else max(m_x, energy_low)
    if m_l + m_x >= M or bottom >= top:
        return 0.0
    nodes, weights = _gauss(order)
    middle = 0.5 * (bottom + top)
    if m_x > 0.0:
        first = np.arccosh(bottom / m_x)
        span = np.arccosh(middle / m_x) - first
        soft, jacobian = m_x * np.cosh(first + span * nodes), span * m_x * np.sinh(first + span * nodes)
    else:
        ratio = np.log(middle / bottom) if bottom > 0.0 else 0.0
        soft = bottom * np.exp(ratio * nodes) if bottom > 0.0 else middle * nodes
        jacobian = ratio * soft if bottom > 0.0 else np.full_like(nodes, middle)
    log_low = 2.0 * np.log(m_l)
    log_span = float(np.log(m12_sq_of_energy(middle, M, m_x))) - log_low
    hard = np.exp(log_low + log_span * nodes)
    pairs = np.concatenate([m12_sq_of_energy(soft, M, m_x), hard])
    measure = np.concatenate([weights * jacobian, weights * hard * log_span / (2.0 * M)])
    return float(measure @ _integral_over_m23(msq, pairs, M, m_l, m_x, order)) / ((2.0 * np.pi) ** 3 * 16.0 * M**2)
