"""Widths of dark particles in vacuum and the probability to survive a flight.

Widths are in MeV for the coupling given: dimensionless g, or lambda in 1/MeV for the two-photon-like operators.
A closed channel has width exactly 0.
"""

import numpy as np
from numpy.typing import ArrayLike

from darkhorn.core.errors import require_range
from darkhorn.core.rays import Floats
from darkhorn.core.units import HBARC


def _masses(**named: ArrayLike) -> tuple[Floats, ...]:
    """Return the arguments as arrays of floats after requiring that none is negative."""
    for key, value in named.items():
        require_range(key, value, 0.0, unit="MeV")
    return tuple(np.asarray(value, dtype=float) for value in named.values())


def _decaying(mass: Floats) -> Floats:
    """Return the mass, with 1 where it is 0, for use as a divisor."""
    return np.where(mass > 0.0, mass, 1.0)


def survival_probability(distance: ArrayLike, mass: ArrayLike, momentum: ArrayLike, width: ArrayLike) -> Floats:
    """Return the probability exp(-d m Gamma/(p hbar c)) that a particle has not decayed after a flight.

    Parameters
    ----------
    distance : array_like
        Path d from the point of production, in m, >= 0.
    mass, momentum, width : array_like
        Mass m, momentum p and total width Gamma in MeV, >= 0. All shapes broadcast.

    Returns
    -------
    array
        In [0, 1]; exactly 1 for a stable particle, and 0 for an unstable one at rest that has to move.

    Raises
    ------
    RangeError
        For a negative or non-finite argument.

    Notes
    -----
    Source: PDG review of kinematics, particle decays.
    """
    require_range("distance", distance, 0.0, unit="m")
    mass, momentum, width = _masses(mass=mass, momentum=momentum, width=width)
    rate = np.asarray(distance, dtype=float) * mass * width / HBARC
    moving = momentum > 0.0
    flight = np.exp(-rate / np.where(moving, momentum, 1.0))
    return np.where(moving, flight, np.where(rate > 0.0, 0.0, 1.0))


def decay_probability(
    distance: ArrayLike, length: ArrayLike, mass: ArrayLike, momentum: ArrayLike, width: ArrayLike
) -> Floats:
    """Return the probability to decay between ``distance`` and ``distance + length`` from the point of production.

    exp(-d/L) (1 - exp(-l/L)) with L = p hbar c/(m Gamma), through expm1: precise for L far above or below both.

    Parameters
    ----------
    distance, length : array_like
        In m, >= 0.
    mass, momentum, width : array_like
        Mass, momentum and total width in MeV, >= 0. All shapes broadcast.

    Returns
    -------
    array
        In [0, 1]; 0 for a stable particle and for one at rest.

    Raises
    ------
    RangeError
        For a negative or non-finite argument.

    Notes
    -----
    Source: PDG review of kinematics, particle decays.
    """
    require_range("length", length, 0.0, unit="m")
    survival = survival_probability(distance, mass, momentum, width)
    mass, momentum, width = (np.asarray(value, dtype=float) for value in (mass, momentum, width))
    moving = momentum > 0.0
    inverse = np.where(moving, mass * width / (HBARC * np.where(moving, momentum, 1.0)), 0.0)
    return np.asarray(survival * -np.expm1(-np.asarray(length, dtype=float) * inverse))


def width_scalar_to_photon_vector(strength: ArrayLike, m_scalar: ArrayLike, m_vector: ArrayLike) -> Floats:
    """Return Gamma(X -> photon Z') = lambda^2 m_X^3 (1 - m_Z'^2/m_X^2)^3/(128 pi) for (lambda/4) X F H or X F Htilde.

    Parameters
    ----------
    strength : array_like
        lambda in 1/MeV; "+ h.c." read literally multiplies the width by ``primakoff.operator_factor``.
    m_scalar, m_vector : array_like
        Masses of X (scalar or pseudoscalar) and of Z' in MeV, >= 0. All shapes broadcast.

    Returns
    -------
    array
        MeV; exactly 0 for m_Z' >= m_X.

    Raises
    ------
    RangeError
        For a negative mass.

    Notes
    -----
    Source: derived; checked against an explicit polarisation sum in tests/physics/test_dark_decays.py.
    """
    heavy, light = _masses(m_scalar=m_scalar, m_vector=m_vector)
    return _one_photon(strength, heavy, light) / (128.0 * np.pi)


def width_vector_to_photon_scalar(strength: ArrayLike, m_vector: ArrayLike, m_scalar: ArrayLike) -> Floats:
    """Return Gamma(Z' -> photon X) = lambda^2 m_Z'^3 (1 - m_X^2/m_Z'^2)^3/(384 pi), the mean over polarisations.

    Parameters
    ----------
    strength : array_like
        lambda in 1/MeV of (lambda/4) X F H or X F Htilde.
    m_vector, m_scalar : array_like
        Masses of Z' and of X in MeV, >= 0. All shapes broadcast.

    Returns
    -------
    array
        MeV; exactly 0 for m_X >= m_Z'.

    Raises
    ------
    RangeError
        For a negative mass.

    Notes
    -----
    Source: derived; checked against an explicit polarisation sum in tests/physics/test_dark_decays.py.
    """
    heavy, light = _masses(m_vector=m_vector, m_scalar=m_scalar)
    return _one_photon(strength, heavy, light) / (384.0 * np.pi)


def _one_photon(strength: ArrayLike, heavy: Floats, light: Floats) -> Floats:
    """Return lambda^2 [(M^2 - m^2)/M]^3 in MeV, the part that both one-photon widths share."""
    gap = np.maximum((heavy - light) * (heavy + light), 0.0) / _decaying(heavy)
    return np.asarray(np.asarray(strength, dtype=float) ** 2 * gap**3)


def width_scalar_to_two_photons(strength: ArrayLike, m_scalar: ArrayLike) -> Floats:
    """Return Gamma(X -> photon photon) = g^2 m_X^3/(64 pi) for (g/4) X F F or (g/4) X F Ftilde.

    Parameters
    ----------
    strength : array_like
        g in 1/MeV.
    m_scalar : array_like
        Mass of X in MeV, >= 0; shapes broadcast.

    Returns
    -------
    array
        MeV.

    Raises
    ------
    RangeError
        For a negative mass.

    Notes
    -----
    Source: derived; checked against an explicit polarisation sum in tests/physics/test_dark_decays.py.
    """
    (mass,) = _masses(m_scalar=m_scalar)
    return np.asarray(np.asarray(strength, dtype=float) ** 2 * mass**3 / (64.0 * np.pi))


def _beta_sq(mass: Floats, m_fermion: Floats) -> Floats:
    """Return 1 - 4 m_f^2/m^2, or 0 where the pair is too heavy."""
    pair = 2.0 * m_fermion
    return np.asarray(np.maximum((mass - pair) * (mass + pair), 0.0) / _decaying(mass) ** 2)


def width_scalar_to_fermions(coupling: ArrayLike, mass: ArrayLike, m_fermion: ArrayLike) -> Floats:
    """Return Gamma(phi -> f fbar) = g^2 m beta^3/(8 pi) for g phi fbar f.

    Parameters
    ----------
    coupling : array_like
        g, dimensionless.
    mass, m_fermion : array_like
        Masses of phi and of the Dirac fermion in MeV, >= 0. All shapes broadcast.

    Returns
    -------
    array
        MeV; exactly 0 for m <= 2 m_f.

    Raises
    ------
    RangeError
        For a negative mass.

    Notes
    -----
    Source: derived; checked against explicit traces in tests/physics/test_dark_decays.py.
    """
    boson, fermion = _masses(mass=mass, m_fermion=m_fermion)
    return np.asarray(np.asarray(coupling, dtype=float) ** 2 * boson * _beta_sq(boson, fermion) ** 1.5 / (8.0 * np.pi))


def width_pseudoscalar_to_fermions(coupling: ArrayLike, mass: ArrayLike, m_fermion: ArrayLike) -> Floats:
    """Return Gamma(a -> f fbar) = g^2 m beta/(8 pi) for i g a fbar gamma5 f.

    Parameters
    ----------
    coupling : array_like
        g, dimensionless.
    mass, m_fermion : array_like
        Masses of a and of the Dirac fermion in MeV, >= 0. All shapes broadcast.

    Returns
    -------
    array
        MeV; exactly 0 for m <= 2 m_f.

    Raises
    ------
    RangeError
        For a negative mass.

    Notes
    -----
    Source: derived; checked against explicit traces in tests/physics/test_dark_decays.py.
    """
    boson, fermion = _masses(mass=mass, m_fermion=m_fermion)
    return np.asarray(np.asarray(coupling, dtype=float) ** 2 * boson * _beta_sq(boson, fermion) ** 0.5 / (8.0 * np.pi))


def width_vector_to_fermions(coupling: ArrayLike, mass: ArrayLike, m_fermion: ArrayLike) -> Floats:
    """Return Gamma(V -> f fbar) = g^2 m/(12 pi) beta (1 + 2 m_f^2/m^2) for g V fbar gamma f, polarisation mean.

    Parameters
    ----------
    coupling : array_like
        g, dimensionless (e epsilon for a kinetically mixed V and a charged lepton).
    mass, m_fermion : array_like
        Masses of V and of the Dirac fermion in MeV, >= 0. All shapes broadcast.

    Returns
    -------
    array
        MeV; exactly 0 for m <= 2 m_f.

    Raises
    ------
    RangeError
        For a negative mass.

    Notes
    -----
    The total width is the same for every polarisation; the angular distribution is not: a longitudinal V decays as
    1 - beta^2 cos^2(theta).

    Source: derived; checked against explicit traces in tests/physics/test_dark_decays.py.
    """
    boson, fermion = _masses(mass=mass, m_fermion=m_fermion)
    beta_sq = _beta_sq(boson, fermion)
    shape = np.sqrt(beta_sq) * (1.0 + 0.5 * (1.0 - beta_sq))
    return np.asarray(np.asarray(coupling, dtype=float) ** 2 * boson * shape / (12.0 * np.pi))


def width_axial_to_fermions(coupling: ArrayLike, mass: ArrayLike, m_fermion: ArrayLike) -> Floats:
    """Return Gamma(A -> f fbar) = g^2 m beta^3/(12 pi) of an axial vector with coupling g A_mu fbar gamma^mu gamma5 f.

    Parameters
    ----------
    coupling : array_like
        g, dimensionless.
    mass, m_fermion : array_like
        Masses of the axial vector and of the fermion in MeV, >= 0. All shapes broadcast.

    Returns
    -------
    array
        MeV; exactly 0 for 2 m_f >= m. Mean over the three polarisations, sum over fermion spins.

    Raises
    ------
    RangeError
        For a negative mass.

    Notes
    -----
    Source: derived; checked against an explicit spin sum in tests/physics/test_dark_decays.py.
    """
    mass, m_fermion = _masses(mass=mass, m_fermion=m_fermion)
    beta_sq = _beta_sq(mass, m_fermion)
    return np.asarray(np.asarray(coupling, dtype=float) ** 2 * mass * beta_sq**1.5 / (12.0 * np.pi))


def width_fermion_to_fermion_vector(
    coupling: ArrayLike, m_heavy: ArrayLike, m_light: ArrayLike, m_vector: ArrayLike
) -> Floats:
    """Return Gamma(chi' -> chi V) through the transition current g V chi'bar gamma chi + h.c.

    g^2 p* [(m' - m)^2 - m_V^2] [(m' + m)^2 + 2 m_V^2]/(8 pi m'^2 m_V^2); spin averaged.

    Parameters
    ----------
    coupling : array_like
        g, dimensionless.
    m_heavy, m_light, m_vector : array_like
        Masses of chi', chi and V in MeV; m_V > 0 (the current is not conserved: the width grows as 1/m_V^2).

    Returns
    -------
    array
        MeV; exactly 0 for m' <= m + m_V.

    Raises
    ------
    RangeError
        For a negative mass or m_V = 0.

    Notes
    -----
    Source: derived; checked against explicit traces in tests/physics/test_dark_decays.py.
    """
    heavy, light, vector = _masses(m_heavy=m_heavy, m_light=m_light, m_vector=m_vector)
    require_range("m_vector", vector, 0.0, unit="MeV", open_low=True)
    is_open = heavy > light + vector
    safe = np.where(is_open, heavy, light + vector)
    inner = (safe - light - vector) * (safe + light + vector) * (safe - light + vector) * (safe + light - vector)
    p_star = np.sqrt(np.maximum(inner, 0.0)) / (2.0 * safe)
    split, total = (safe - light - vector) * (safe - light + vector), (safe + light) ** 2 + 2.0 * vector**2
    value = np.asarray(coupling, dtype=float) ** 2 * p_star * split * total / (8.0 * np.pi * (safe * vector) ** 2)
    return np.where(is_open, value, 0.0)


def dwidth_fermion_to_fermion_pair(
    s: ArrayLike,
    coupling: ArrayLike,
    pair_coupling: ArrayLike,
    masses: tuple[float, float, float, float],
    width: float,
) -> Floats:
    """Return dGamma/ds of chi' -> chi f fbar through a vector, on or off its mass shell; s is the pair's mass squared.

    (1/pi) Gamma(chi' -> chi V; m_V^2 -> s) sqrt(s) Gamma(V -> f fbar; m_V -> sqrt s)/[(s - m_V^2)^2 + m_V^2 Gamma_V^2].

    Parameters
    ----------
    s : array_like
        Invariant mass squared of the pair in MeV^2, > 0.
    coupling, pair_coupling : array_like
        Couplings of V to the transition current and to the pair.
    masses : tuple of float
        m_chi', m_chi, m_V, m_f in MeV.
    width : float
        Total width of V in MeV; its value at s = m_V^2, not running.

    Returns
    -------
    array
        1/MeV; exactly 0 outside 4 m_f^2 < s < (m' - m)^2.

    Raises
    ------
    RangeError
        For s <= 0, a negative mass or width, or s on an infinitely narrow pole.

    Notes
    -----
    Valid because the current of the pair is conserved; tends to the product of width and branching ratio for a
    narrow V.

    Source: derived; checked against the narrow-width limit in tests/physics/test_dark_decays.py.
    """
    heavy, light, vector, fermion = masses
    require_range("s", s, 0.0, unit="MeV^2", open_low=True)
    require_range("width", width, 0.0, unit="MeV")
    s = np.asarray(s, dtype=float)
    root = np.sqrt(s)
    pole = (s - vector**2) ** 2 + (vector * width) ** 2
    require_range("(s - m_V^2)^2 + m_V^2 Gamma_V^2", pole, 0.0, unit="MeV^4", open_low=True)
    first = width_fermion_to_fermion_vector(coupling, heavy, light, root)
    second = width_vector_to_fermions(pair_coupling, root, fermion)
    return np.asarray(first * root * second / (np.pi * pole))
