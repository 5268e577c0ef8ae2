"""Laws of a scattering cross section dsigma/dQ^2."""

from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import ArrayLike

from darkhorn.core.rays import Floats
from darkhorn.testing.rules import double_exponential, require, require_close

_ORDER = 32
_PANELS = 8


def check_scattering(
    dsigma: Callable[[Floats, Floats], ArrayLike],
    limits: Callable[[float], tuple[float, float]],
    energies: Iterable[float],
    closed: Iterable[float] = (),
    *,
    scale: float = 1.0e3,
    zero_outside: bool = True,
    rel: float = 1e-6,
) -> None:
    """Check every law of a cross section at several energies.

    It is finite, nowhere negative and somewhere positive inside its limits, exactly 0 outside of them, and exactly 0
    below threshold; and its integral is the same by two samplings: Gauss-Legendre panels in log(Q^2 + scale), and a
    double-exponential rule in Q^2/(Q^2 + scale). A narrow peak that either steps over makes them differ.

    Parameters
    ----------
    dsigma : callable
        (energy, q_sq), arrays of one shape in MeV and MeV^2, to dsigma/dQ^2 in any unit.
    limits : callable
        Energy in MeV to the least and the largest Q^2 in MeV^2.
    energies : iterable of float
        Total energies of the incoming particle in MeV, above threshold.
    closed : iterable of float
        Energies below threshold.
    scale : float
        Where the peak is in MeV^2: the mediator's mass squared.
    zero_outside : bool
        False where the cross section leaves the limits to its caller.
    rel : float
        Relative tolerance of the integral.

    Raises
    ------
    AssertionError
        Naming the law that fails and the energy.
    """
    require(scale > 0.0, f"scale = {scale:g} MeV^2; allowed: > 0")
    for energy in closed:
        q_sq = np.concatenate([[0.0], np.geomspace(1e-3, 1e9, 50)])
        values = _evaluate(dsigma, energy, q_sq)
        require((values == 0.0).all(), f"E = {energy:g} MeV is below threshold: dsigma/dQ^2 up to {values.max():g}")
    for energy in energies:
        where = f"E = {energy:g} MeV"
        low, high = (float(limit) for limit in limits(energy))
        require(0.0 <= low < high < np.inf, f"{where}: limits {low:g}, {high:g} MeV^2; allowed: 0 <= low < high")
        first, second = _by_panels(dsigma, energy, low, high, scale), _by_map(dsigma, energy, low, high, scale)
        require(first[1] >= 0.0 and second[1] >= 0.0, f"{where}: dsigma/dQ^2 = {min(first[1], second[1]):g} < 0")
        require(first[0] > 0.0, f"{where}: the cross section is 0 above threshold")
        require_close(first[0], second[0], rel, f"{where}: integral over Q^2 by two samplings")
        if zero_outside:
            outside = np.array([high * (1.0 + 1e-6) + 1e-9, 2.0 * high, low * (1.0 - 1e-6) - 1e-9])
            values = _evaluate(dsigma, energy, outside[outside >= 0.0])
            require((values == 0.0).all(), f"{where}: dsigma/dQ^2 = {values.max():g} outside of its limits; allowed: 0")


def _evaluate(dsigma: Callable[[Floats, Floats], ArrayLike], energy: float, q_sq: Floats) -> Floats:
    """Return the cross section at one energy, checked to be finite."""
    values = np.asarray(dsigma(np.full(q_sq.shape, energy), q_sq), dtype=float)
    require(values.shape == q_sq.shape, f"dsigma/dQ^2 has shape {values.shape}; allowed: {q_sq.shape}")
    require(np.isfinite(values).all(), f"E = {energy:g} MeV: dsigma/dQ^2 is not finite")
    return values


def _by_panels(
    dsigma: Callable[[Floats, Floats], ArrayLike], energy: float, low: float, high: float, scale: float
) -> tuple[float, float]:
    """Return integral and least value by Gauss-Legendre panels in log(Q^2 + scale)."""
    nodes, weights = np.polynomial.legendre.leggauss(_ORDER)
    edges = np.linspace(np.log(low + scale), np.log(high + scale), _PANELS + 1)
    half = 0.5 * np.diff(edges)[:, None]
    shifted = np.exp(edges[:-1, None] + half * (nodes + 1.0)).ravel()
    values = _evaluate(dsigma, energy, np.clip(shifted - scale, low, high))
    return float((values * shifted * (half * weights).ravel()).sum()), float(values.min())


def _by_map(
    dsigma: Callable[[Floats, Floats], ArrayLike], energy: float, low: float, high: float, scale: float
) -> tuple[float, float]:
    """Return integral and least value by a double-exponential rule in Q^2/(Q^2 + scale)."""
    nodes, weights = double_exponential(401)
    first, last = low / (low + scale), high / (high + scale)
    y = first + (last - first) * nodes
    q_sq = np.clip(scale * y / (1.0 - y), low, high)
    values = _evaluate(dsigma, energy, q_sq)
    return float((values * weights * (last - first) * (q_sq + scale) ** 2 / scale).sum()), float(values.min())
