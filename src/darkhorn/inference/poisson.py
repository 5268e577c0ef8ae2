"""Poisson likelihood of binned events with systematic modes and Monte-Carlo statistics; one bin is a counting test."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Self

import numpy as np
from numpy.typing import ArrayLike

from darkhorn.core.errors import RangeError, require_range
from darkhorn.core.rays import Floats
from darkhorn.inference.cost import Values, merged

FLOOR: Final = 1.0e-9
"""Smallest expectation of a bin, events: keeps the logarithm finite where a mode would make it negative."""

Shapes = Mapping[str, Floats]
"""Arrays of shape (n,) by the name of a parameter."""


@dataclass(frozen=True, eq=False)
class PoissonTerm:
    """Poisson likelihood of n bins.

    The expectation is::

        nu = b (1 + sum_j theta_j F_j) + sum_k mu_k s_k (1 + sum_j theta_j G_j)

    and the statistic twice the log-likelihood ratio to the saturated model (Baker and Cousins), with the
    statistical error of the simulation in the manner of Barlow and Beeston in its light form: one factor beta a
    bin, of mean 1 and variance w = (u_b + sum_k mu_k^2 u_k)/nu^2, is profiled in closed form::

        2 sum [beta nu - d + d ln(d/(beta nu))] + sum (beta - 1)^2 / w

    To that the statistic, not :meth:`chi2`, adds sum ln(1 + w d/beta^2) if ``integrated``: then the factors are
    integrated over (by Laplace's formula) and no longer pull the expectation down, by 0.17 standard deviations of the
    strength in the public two-dimensional table. HistFactory has no such term.

    Attributes
    ----------
    name : str
        Label.
    data, background : (n,) float
        Events; the background is positive in every bin (merge cells first).
    signals : mapping of str to (n,) float
        s_k: events at strength 1, by the name of the strength.
    variances : mapping of str to (n,) float
        u_k: Monte-Carlo variance of the signals, events squared; 0 where not listed.
    background_variance : (n,) float
        u_b: Monte-Carlo variance of the background, events squared.
    background_modes, signal_modes : mapping of str to (n,) float
        F_j and G_j: fractional change at one standard deviation, by the name of the nuisance; a name in both is one
        parameter that moves both.
    integrated : bool
        Whether the errors of the simulation are integrated over, or at their best values.
    """

    name: str
    data: Floats
    background: Floats
    signals: Shapes
    variances: Shapes = field(default_factory=dict)
    background_variance: Floats = field(default_factory=lambda: np.zeros(1))
    background_modes: Shapes = field(default_factory=dict)
    signal_modes: Shapes = field(default_factory=dict)
    integrated: bool = False

    def __post_init__(self) -> None:
        """Check shapes and ranges once."""
        n = len(self.data)
        require_range(f"{self.name}: data", self.data, 0.0, unit="events")
        require_range(f"{self.name}: background", self.background, 0.0, unit="events", open_low=True)
        require_range(f"{self.name}: background variance", self.background_variance, 0.0, unit="events^2")
        groups = (self.signals, self.variances, self.background_modes, self.signal_modes)
        arrays = {f"{key}": array for group in groups for key, array in group.items()}
        for key, array in [("background", self.background), *arrays.items()]:
            if np.shape(array) != (n,):
                raise RangeError(f"{self.name}: '{key}' has shape {np.shape(array)}; allowed: ({n},), its bins")
        for key, array in [*self.signals.items(), *self.variances.items()]:
            require_range(f"{self.name}: signal '{key}'", array, 0.0, unit="events")
        for key, array in [*self.background_modes.items(), *self.signal_modes.items()]:
            require_range(f"{self.name}: fractional mode '{key}'", array)

    @property
    def strengths(self) -> tuple[str, ...]:
        """Names of the signal strengths."""
        return tuple(self.signals)

    @property
    def nuisances(self) -> tuple[str, ...]:
        """Names of the nuisance parameters."""
        return merged((self.background_modes, self.signal_modes))  # type: ignore[arg-type]

    def expected(self, values: Values) -> Floats:
        """Return nu, shape (n,), events."""
        background = self.background * (1.0 + _sum(self.background_modes, values, len(self.data)))
        signal = _sum(self.signals, values, len(self.data))
        if self.signal_modes:
            signal = signal * (1.0 + _sum(self.signal_modes, values, len(self.data)))
        return np.asarray(np.maximum(background + signal, FLOOR))

    def relative_variance(self, values: Values, expected: Floats) -> Floats:
        """Return w, the squared relative error of the expectation from the statistics of the simulation, shape (n,)."""
        variance = np.broadcast_to(self.background_variance, expected.shape)
        for name, array in self.variances.items():
            variance = variance + values[name] ** 2 * array
        return np.asarray(variance / expected**2)

    def statistic(self, values: Values) -> float:
        """Return -2 ln L relative to the saturated model, errors of the simulation ``integrated`` over or profiled."""
        profiled, w, beta = self._profiled(values)
        if not self.integrated:
            return profiled
        return profiled + float(np.sum(np.log1p(w * self.data / np.maximum(beta, FLOOR) ** 2)))

    def chi2(self, values: Values) -> float:
        """Return -2 ln L relative to the saturated model, which measures the goodness of the fit."""
        return self._profiled(values)[0]

    def _profiled(self, values: Values) -> tuple[float, Floats, Floats]:
        """Return -2 ln L with the errors of the simulation at their best values, w and beta."""
        expected = self.expected(values)
        if not self.variances and not np.any(self.background_variance):
            return deviance(self.data, expected), np.zeros_like(expected), np.ones_like(expected)
        w = self.relative_variance(values, expected)
        beta = best_beta(self.data, expected, w)
        pull = np.where(w > 0.0, (beta - 1.0) ** 2 / np.where(w > 0.0, w, 1.0), 0.0)
        return deviance(self.data, beta * expected) + float(pull.sum()), w, beta

    def draw(self, values: Values, rng: np.random.Generator) -> Floats:
        """Return Poisson data; the expectation itself is moved by the error of the simulation, never below 0."""
        expected = self.expected(values)
        moved = expected * (
            1.0 + np.sqrt(self.relative_variance(values, expected)) * rng.standard_normal(len(self.data))
        )
        return rng.poisson(np.maximum(moved, 0.0)).astype(float)

    def with_data(self, data: Floats) -> Self:
        """Return the same term with other data."""
        return replace(self, data=np.asarray(data, dtype=float))

    def information(self, name: str) -> float:
        """Return sum s^2 / (b + u_b), about 1/error^2 of a strength."""
        return float(np.sum(self.signals[name] ** 2 / (self.background + self.background_variance)))


def deviance(data: ArrayLike, expected: ArrayLike) -> float:
    """Return 2 sum [nu - d + d ln(d/nu)] for d >= 0 and nu > 0 of equal shape, in events.

    Notes
    -----
    Source: Baker and Cousins, Nucl. Instrum. Meth. 221, 437 (1984), Eq. 13.
    """
    d, nu = np.asarray(data, dtype=float), np.asarray(expected, dtype=float)
    positive = d > 0.0
    logarithm = np.where(positive, d * np.log(np.where(positive, d, 1.0) / nu), 0.0)
    return float(2.0 * np.sum(nu - d + logarithm))


def best_beta(data: Floats, expected: Floats, relative_variance: Floats) -> Floats:
    """Return the factor beta > 0 that minimises each bin's statistic, shape (n,).

    beta^2 + (nu w - 1) beta - d w = 0; exactly 1 where w = 0. The larger root, written without cancellation.

    Notes
    -----
    Source: Conway, arXiv:1103.0354, Eq. 9 and 10.
    """
    half = 0.5 * (1.0 - expected * relative_variance)
    root = np.hypot(half, np.sqrt(data * relative_variance))
    small = np.where(root > half, root - half, 1.0)
    beta = np.where(half >= 0.0, half + root, data * relative_variance / small)
    return np.asarray(np.maximum(beta, FLOOR))


def modes_from_covariance(fractional: ArrayLike, prefix: str, keep: float = 0.999) -> dict[str, Floats]:
    """Return the fractional modes of a covariance matrix, one independent nuisance each.

    Parameters
    ----------
    fractional : (n, n) array_like
        Symmetric fractional covariance; negative eigenvalues, from rounding, are clipped to 0.
    prefix : str
        Nuisances are called ``prefix_0``, ``prefix_1``...
    keep : float
        Share of the trace that the returned modes have to reach, in (0, 1].

    Returns
    -------
    dict of str to (n,) float
        Largest first; the sum of their outer products is the matrix, up to what was left out.

    Raises
    ------
    RangeError
        When the matrix is not square, symmetric and finite, or vanishes.
    """
    matrix = np.asarray(fractional, dtype=float)
    require_range("fractional covariance", matrix)
    require_range("keep", keep, 0.0, 1.0, open_low=True)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or not np.allclose(matrix, matrix.T, rtol=1e-6):
        raise RangeError(f"fractional covariance of shape {matrix.shape}; allowed: square and symmetric")
    values, vectors = np.linalg.eigh(0.5 * (matrix + matrix.T))
    values = np.maximum(values[::-1], 0.0)
    require_range("trace of the fractional covariance", values.sum(), 0.0, open_low=True)
    number = int(np.searchsorted(np.cumsum(values) / values.sum(), keep * (1.0 - 1e-12))) + 1
    vectors = vectors[:, ::-1] * np.sqrt(values)
    return {f"{prefix}_{index}": vectors[:, index].copy() for index in range(number)}


def _sum(shapes: Shapes, values: Values, n: int) -> Floats:
    """Return the sum of shapes times parameters, shape (n,)."""
    total = np.zeros(n)
    for name, array in shapes.items():
        total = total + values[name] * array
    return total
