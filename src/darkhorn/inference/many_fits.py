"""The fit of one coupling product at many points of a scan at once: the numbers of ``fit_normalisation``, as arrays."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from darkhorn.core.rays import Bools, Floats
from darkhorn.experiments.loader import Distribution
from darkhorn.inference.likelihood import covariance

_NEWTON: Final = 40
_HALVINGS: Final = 60
_FARTHEST: Final = 40
_TINY: Final = 1.0e-250


@dataclass(frozen=True)
class ManyFits:
    """Outcome of :func:`fit_many`, one element a point, (P,); of no meaning where ``fitted`` is False.

    Attributes
    ----------
    fitted : (P,) bool
        Whether the point has any signal.
    product, error_low, error_high : (P,) float
        Best coupling product g >= 0 and the distances to where chi2 has risen by 1; the upper one may be ``inf``.
    scale, scale_error : (P,) float
        Minimum of the parabola in mu = g^2, negative for a deficit, and its error, without Monte-Carlo variance.
    chi2, delta_chi2 : (P,) float
        At the best point, and how much more it is without signal.
    chi2_null : float
        Without signal.
    ndof : int
        Bins minus 1.
    """

    fitted: Bools
    product: Floats
    error_low: Floats
    error_high: Floats
    scale: Floats
    scale_error: Floats
    chi2: Floats
    delta_chi2: Floats
    chi2_null: float
    ndof: int


@dataclass(frozen=True)
class _Problem:
    """Residuals r (n,), signals s and Monte-Carlo errors d (P, n) in units of the parabolic error, variances v (n,)."""

    r: Floats
    s: Floats
    d: Floats
    v: Floats

    def chi2(self, x: Floats) -> Floats:
        """Return the sum of (r - x s)^2/(v + x^2 d^2), (P,)."""
        x = x[:, None]
        value: Floats = ((self.r - x * self.s) ** 2 / (self.v + (x * self.d) ** 2)).sum(axis=1)
        return value

    def slopes(self, x: Floats) -> tuple[Floats, Floats]:
        """Return first and second derivative of chi2, (P,) each."""
        x = x[:, None]
        square = self.d**2
        below = self.v + x**2 * square
        e, slope = (self.r - x * self.s) / below, 2.0 * x * square
        first = -2.0 * self.s * e - e**2 * slope
        second = 2.0 * self.s**2 / below + 4.0 * self.s * e * slope / below
        second += e**2 * (2.0 * slope**2 / below - 2.0 * square)
        return first.sum(axis=1), second.sum(axis=1)


def fit_many(
    distributions: Mapping[str, Distribution], signals: Mapping[str, Floats], variances: Mapping[str, Floats]
) -> ManyFits:
    """Fit the coupling product at P points; every point's numbers depend on that point alone.

    Parameters
    ----------
    distributions : mapping of label to Distribution
        Spectra with data, background and errors.
    signals, variances : mapping of label to (P, n) float
        Predicted events at g = 1 and their Monte-Carlo variance.

    Notes
    -----
    Errors of bins are not correlated and their variance is that of the data: the defaults of ``fit_normalisation``.
    chi2 is minimised in the strength x = mu/error >= 0 by Newton steps held within the range in which it can lie.
    Source: derived; checked against ``fit_normalisation`` in tests/inference.
    """
    labels = list(distributions)
    spectra = [distributions[label] for label in labels]
    r = np.concatenate([item.data - item.background for item in spectra])
    v = np.concatenate([_variance(item) for item in spectra])
    s = np.concatenate([signals[label] for label in labels], axis=1)
    d = np.sqrt(np.concatenate([variances[label] for label in labels], axis=1))
    largest = s.max(axis=1, initial=0.0)
    fitted = largest > _TINY
    shape = s / np.where(fitted, largest, 1.0)[:, None]
    information = np.where(fitted, (shape**2 / v).sum(axis=1), 1.0)
    centre, unit = (shape * r / v).sum(axis=1) / information, 1.0 / np.sqrt(information)
    scaling = np.where(fitted, unit / np.where(fitted, largest, 1.0), 1.0)
    problem = _Problem(r, s * scaling[:, None], d * scaling[:, None], v)
    best = _minimum(problem, centre / unit)
    low, high = _interval(problem, best)
    chi2, null = problem.chi2(best), float((r**2 / v).sum())
    root = np.sqrt(scaling)
    product = root * np.sqrt(best)
    error = (product - root * np.sqrt(low), root * np.sqrt(high) - product)
    delta = np.maximum(null - chi2, 0.0)
    return ManyFits(fitted, product, *error, centre / unit * scaling, scaling, chi2, delta, null, len(r) - 1)


def _variance(item: Distribution) -> Floats:
    """Return the variance of each bin without signal."""
    return np.diag(covariance(item.data, item.background, item.background_fraction, item.reading_error))


def _minimum(problem: _Problem, start: Floats) -> Floats:
    """Return the strength x >= 0 of least chi2; exactly 0 where it rises from there."""
    x = np.maximum(start, 0.0)
    low, high = np.zeros_like(x), 2.0 * x + 1.0
    for _ in range(_NEWTON):
        first, second = problem.slopes(x)
        low, high = np.where(first < 0.0, x, low), np.where(first > 0.0, x, high)
        step = x - first / np.where(second > 0.0, second, np.inf)
        inside = (step > low) & (step < high) & (second > 0.0)
        x = np.where(first == 0.0, x, np.where(inside, step, 0.5 * (low + high)))
    return np.where(start > 0.0, x, 0.0)


def _interval(problem: _Problem, best: Floats) -> tuple[Floats, Floats]:
    """Return the strengths where chi2 has risen by 1: from 0 below, up to ``inf`` above."""
    floor = problem.chi2(best)

    def rise(x: Floats) -> Floats:
        return problem.chi2(x) - floor - 1.0

    zero = np.zeros_like(best)
    below = np.where((best > 0.0) & (rise(zero) > 0.0), _crossing(rise, best, zero), 0.0)
    outer, found = best + 2.0, np.zeros(best.shape, dtype=np.bool_)
    for k in range(1, _FARTHEST):
        outer = np.where(found, outer, best + 2.0**k)
        found |= rise(outer) > 0.0
    return below, np.where(found, _crossing(rise, best, outer), np.inf)


def _crossing(rise: Callable[[Floats], Floats], inner: Floats, outer: Floats) -> Floats:
    """Return where ``rise`` becomes positive between an inner and an outer strength."""
    for _ in range(_HALVINGS):
        middle = 0.5 * (inner + outer)
        up = rise(middle) > 0.0
        inner, outer = np.where(up, inner, middle), np.where(up, middle, outer)
    return 0.5 * (inner + outer)
