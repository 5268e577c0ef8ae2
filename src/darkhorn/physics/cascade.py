"""Chains of two-body decays: how the energy of a daughter is distributed where the first meson is at rest.

A decay 1 + a cos^2(theta*) about the direction of flight covers the box gamma (E* -+ beta p*). Every density here is
written as w0/2 + (3/2) w2 cos^2 with w0 = 3/(3 + a) and w2 = 1 - w0, so that sin^2 (a = -1) and cos^2 (a = inf) are
both inside. In the rapidity y of the moving particle (E = m cosh y) the box of a chain becomes a smooth integrand.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from darkhorn.core.errors import ThresholdError, require_range, unknown_name
from darkhorn.core.rays import Floats

Density = Callable[[Floats], Floats]
"""Energies in MeV to a density in 1/MeV of the same shape."""

SPINS = ("scalar", "dirac")
STATES = ("unpolarised", "transverse", "longitudinal")


def _checked(M: ArrayLike, m1: ArrayLike, m2: ArrayLike) -> tuple[Floats, Floats, Floats]:
    """Return three masses as arrays, the first of them positive and the others not negative."""
    require_range("M", M, 0.0, unit="MeV", open_low=True)
    require_range("m1", m1, 0.0, unit="MeV")
    require_range("m2", m2, 0.0, unit="MeV")
    return np.asarray(M, dtype=float), np.asarray(m1, dtype=float), np.asarray(m2, dtype=float)


def two_body_momentum(M: ArrayLike, m1: ArrayLike, m2: ArrayLike) -> Floats:
    """Return the rest-frame momentum p* of M -> 1 2, sqrt[(M^2 - (m1 + m2)^2)(M^2 - (m1 - m2)^2)]/(2 M).

    Parameters
    ----------
    M, m1, m2 : array_like
        Masses in MeV, M > 0, m1 and m2 >= 0; shapes broadcast.

    Returns
    -------
    broadcast shape, float
        MeV; exactly 0 at and below the threshold M = m1 + m2.

    Raises
    ------
    RangeError
        For a mass that is negative or not finite, or M = 0.

    Notes
    -----
    Source: PDG, review of kinematics, two-body decays.
    """
    parent, first, second = _checked(M, m1, m2)
    total, difference = first + second, first - second
    inside = (parent - total) * (parent + total) * (parent - difference) * (parent + difference)
    return np.asarray(np.where(parent > total, np.sqrt(np.maximum(inside, 0.0)), 0.0) / (2.0 * parent))


def two_body_energy(M: ArrayLike, m1: ArrayLike, m2: ArrayLike) -> Floats:
    """Return the rest-frame energy of daughter 1 of M -> 1 2, (M^2 + m1^2 - m2^2)/(2 M).

    Parameters
    ----------
    M, m1, m2 : array_like
        Masses in MeV, M > 0, m1 and m2 >= 0; shapes broadcast.

    Returns
    -------
    broadcast shape, float
        MeV.

    Raises
    ------
    ThresholdError
        Where M < m1 + m2: there is no such energy.
    RangeError
        For a mass that is negative or not finite, or M = 0.

    Notes
    -----
    Source: PDG, review of kinematics, two-body decays.
    """
    parent, first, second = _checked(M, m1, m2)
    _require_open(parent, first, second)
    return np.asarray(0.5 * (parent + (first - second) * (first + second) / parent))


def _require_open(parent: Floats, first: Floats, second: Floats, strict: bool = False) -> None:
    """Raise ThresholdError where the decay is closed, or (``strict``) exactly at its threshold."""
    parent, total = np.broadcast_arrays(np.atleast_1d(parent), np.atleast_1d(first + second))
    closed = parent <= total if strict else parent < total
    if closed.any():
        raise ThresholdError(
            f"decay closed: M = {parent[closed][0]:g} MeV is not above m1 + m2 = {total[closed][0]:g} MeV"
        )


def vector_to_pair_polarisation(m_v: ArrayLike, m_chi: ArrayLike, spin: str, state: str) -> Floats:
    """Return a of the angular distribution 1 + a cos^2(theta*) of V -> chi chibar about the axis of V's polarisation.

    With beta^2 = 1 - 4 m_chi^2/m_V^2, for a Dirac pair: transverse a = beta^2/(2 - beta^2), longitudinal a = -beta^2.
    For a pair of complex scalars: transverse a = -1 (sin^2), longitudinal a = inf (cos^2). Unpolarised a = 0.

    Parameters
    ----------
    m_v, m_chi : array_like
        Masses in MeV, m_V > 0; shapes broadcast.
    spin : str
        ``scalar`` or ``dirac``.
    state : str
        ``unpolarised``; ``transverse``, the mean over helicities +1 and -1, which is what P0 -> gamma V gives on and
        off the mass shell; ``longitudinal``, which dominates for a light V of a current that is not conserved.

    Returns
    -------
    broadcast shape, float
        a, dimensionless, in [-1, inf].

    Raises
    ------
    ThresholdError
        For m_V < 2 m_chi.
    RangeError
        For a negative mass or m_V = 0.
    UnknownNameError
        For an unknown spin or state.

    Notes
    -----
    Source: derived; checked against explicit traces in tests/physics/test_cascade.py.
    """
    if spin not in SPINS:
        raise unknown_name("spin", spin, SPINS)
    if state not in STATES:
        raise unknown_name("state of polarisation", state, STATES)
    vector, chi, _ = _checked(m_v, m_chi, m_chi)
    _require_open(vector, chi, chi)
    beta_sq = (vector - 2.0 * chi) * (vector + 2.0 * chi) / vector**2
    if state == "unpolarised":
        return np.zeros_like(beta_sq)
    if spin == "scalar":
        return np.full_like(beta_sq, -1.0 if state == "transverse" else np.inf)
    return np.asarray(beta_sq / (2.0 - beta_sq) if state == "transverse" else -beta_sq)


def _parts(polarisation: ArrayLike) -> tuple[Floats, Floats]:
    """Return the weights of the flat part and of the cos^2 part; a may be infinite."""
    a = np.asarray(polarisation, dtype=float)
    require_range("polarisation", np.where(np.isposinf(a), 0.0, a), -1.0)
    flat = 3.0 / (3.0 + a)
    return np.asarray(flat), np.asarray(1.0 - flat)


def energy_limits(
    parent_energy: ArrayLike, parent_mass: ArrayLike, m1: ArrayLike, m2: ArrayLike
) -> tuple[Floats, Floats]:
    """Return the lowest and highest energy of daughter 1, gamma (E* -+ beta p*), of a moving particle.

    The lower one is [E*^2 + (gamma beta)^2 m1^2] over the upper one, which does not cancel for a fast particle.

    Parameters
    ----------
    parent_energy : array_like
        Energy of the decaying particle in MeV, >= its mass.
    parent_mass, m1, m2 : array_like
        Masses in MeV; shapes broadcast.

    Returns
    -------
    (broadcast shape, broadcast shape) float
        MeV; equal for a particle at rest.

    Raises
    ------
    ThresholdError
        Where the decay is closed.
    RangeError
        For an impossible mass or an energy below the mass.

    Notes
    -----
    Source: PDG, review of kinematics, Lorentz transformation of two-body decays.
    """
    mass, first, _ = _checked(parent_mass, m1, m2)
    gamma, boost = _boost(parent_energy, mass)
    e_star, p_star = two_body_energy(mass, m1, m2), two_body_momentum(mass, m1, m2)
    high = gamma * e_star + boost * p_star
    safe = np.where(high > 0.0, high, 1.0)
    return np.asarray((e_star**2 + (boost * first) ** 2) / safe), np.asarray(high)


def _boost(energy: ArrayLike, mass: Floats) -> tuple[Floats, Floats]:
    """Return gamma and gamma beta."""
    energies = np.asarray(energy, dtype=float)
    require_range("parent_energy", energies, 0.0, unit="MeV")
    require_range("parent_energy - parent_mass", energies - mass, 0.0, unit="MeV")
    return energies / mass, np.sqrt((energies - mass) * (energies + mass)) / mass


def daughter_density(
    energy: ArrayLike,
    parent_energy: ArrayLike,
    parent_mass: ArrayLike,
    m1: ArrayLike,
    m2: ArrayLike,
    polarisation: ArrayLike = 0.0,
) -> Floats:
    """Return the density of the energy of daughter 1 of a two-body decay of a moving particle.

    (w0/2 + (3/2) w2 c^2)/(gamma beta p*) with c = (E - gamma E*)/(gamma beta p*): the cosine of the decay angle about
    the direction of flight is distributed as 1 + a c^2. Flat for a = 0.

    Parameters
    ----------
    energy : array_like
        Energy E of daughter 1 in MeV, in the frame where the particle has ``parent_energy``.
    parent_energy : array_like
        Energy of the decaying particle in MeV, above its mass.
    parent_mass, m1, m2 : array_like
        Masses of the particle and of its daughters in MeV; all shapes broadcast.
    polarisation : array_like
        a >= -1, ``inf`` for a pure cos^2; see :func:`vector_to_pair_polarisation`.

    Returns
    -------
    broadcast shape, float
        1/MeV, integral 1 over E; exactly 0 outside gamma (E* -+ beta p*).

    Raises
    ------
    ThresholdError
        Where the decay is closed or exactly at threshold, where the energy is a line and has no density.
    RangeError
        For a particle at rest (a line again), an impossible mass or a < -1.

    Notes
    -----
    Source: derived; checked against a Monte Carlo of the decay in tests/physics/test_cascade.py.
    """
    mass, first, second = _checked(parent_mass, m1, m2)
    _require_open(mass, first, second, strict=True)
    flat, squared = _parts(polarisation)
    require_range("parent_energy - parent_mass", np.asarray(parent_energy) - mass, 0.0, unit="MeV", open_low=True)
    gamma, boost = _boost(parent_energy, mass)
    half = boost * two_body_momentum(mass, first, second)
    cos = (np.asarray(energy, dtype=float) - gamma * two_body_energy(mass, first, second)) / half
    shape = (0.5 * flat + 1.5 * squared * np.minimum(cos**2, 1.0)) / half
    return np.asarray(np.where(np.abs(cos) <= 1.0, np.maximum(shape, 0.0), 0.0))


def chain_density(
    energy: ArrayLike,
    first_density: Density,
    first_limits: tuple[float, float],
    mass_first: float,
    m1: float,
    m2: float,
    polarisation: float = 0.0,
    order: int = 64,
) -> Floats:
    """Return the energy density of a second daughter when the first particle has a spectrum of its own.

    f(E) = Int dE1 f1(E1) D(E; E1), D of :func:`daughter_density`. At fixed E the first particle's rapidity y runs over
    abs(eta - eta*) < y < eta + eta* with eta, eta* the rapidities of daughter 1 in both frames; there
    dE1 D = dy m (w0/2 + (3/2) w2 c^2)/p* is smooth, and the Gauss rule covers exactly this interval, cut at the limits.

    Parameters
    ----------
    energy : array_like
        Energies of daughter 1 in MeV, any shape, in the frame in which ``first_density`` holds.
    first_density : callable
        E1 in MeV (K, order) to f1 in 1/MeV; smooth inside the limits.
    first_limits : (float, float)
        Where f1 lives, in MeV, mass_first <= low < high.
    mass_first, m1, m2 : float
        Masses of the first particle and of its daughters in MeV.
    polarisation : float
        a of 1 + a cos^2 about the direction of flight, >= -1 or ``inf``.
    order : int
        Points of the Gauss rule in y, >= 1.

    Returns
    -------
    shape of ``energy``, float
        1/MeV; the integral over E is the integral of f1. Exactly 0 where the chain cannot reach.

    Raises
    ------
    ThresholdError
        Where the second decay is closed or at threshold.
    RangeError
        For impossible limits, masses, order or polarisation.

    Notes
    -----
    A kink or a peak of f1 has to be split by the caller: densities of neighbouring limits add.

    Source: derived; checked against a Monte Carlo of the chain in tests/physics/test_cascade.py.
    """
    mass, first, second = _checked(mass_first, m1, m2)
    _require_open(mass, first, second, strict=True)
    require_range("order", order, 1)
    low, high = first_limits
    require_range("first_limits[0]", low, float(mass), unit="MeV")
    require_range("first_limits[1]", high, low, unit="MeV", open_low=True)
    flat, squared = _parts(polarisation)
    p_star, e_star = float(two_body_momentum(mass, first, second)), float(two_body_energy(mass, first, second))
    energies = np.asarray(energy, dtype=float)
    flown = energies.ravel()
    y_low, y_high = _rapidity_limits(flown, first_limits, float(mass), float(first), e_star, p_star)
    nodes, weights = np.polynomial.legendre.leggauss(order)
    span = 0.5 * (y_high - y_low)
    y = y_low[:, None] + span[:, None] * (nodes + 1.0)
    boost = np.sinh(y)
    cos = (flown[:, None] - np.cosh(y) * e_star) / np.where(boost > 0.0, boost * p_star, 1.0)
    shape = 0.5 * flat + 1.5 * squared * np.minimum(cos**2, 1.0)
    integrand = first_density(np.clip(mass * np.cosh(y), low, high)) * shape
    return np.asarray((span * (integrand @ weights) * float(mass) / p_star).reshape(energies.shape))


def _rapidity_limits(
    energy: Floats, limits: tuple[float, float], mass: float, m1: float, e_star: float, p_star: float
) -> tuple[Floats, Floats]:
    """Return the rapidities of the first particle (K,) that reach an energy of daughter 1; equal where none does."""
    allowed = energy > m1
    safe = np.where(allowed, energy, m1 + e_star)
    momentum = np.sqrt((safe - m1) * (safe + m1))
    log_ratio = np.log((safe + momentum) / (e_star + p_star))
    low = np.abs(log_ratio)
    high = np.full_like(low, np.inf)
    if m1 > 0.0:
        high = np.log((safe + momentum) / m1) + np.log((e_star + p_star) / m1)
    first, last = (np.arccosh(max(edge / mass, 1.0)) for edge in limits)
    low, high = np.clip(low, first, last), np.clip(high, first, last)
    return np.asarray(low), np.asarray(np.where(allowed, np.maximum(low, high), low))
