"""Chi-squared of binned spectra: pure functions of arrays.

For one spectrum with data d, background b and signal s (events in n bins)::

    chi2 = (d - b - s)^T V^-1 (d - b - s)
    V    = diag(v + r^2 + u) + (f b)(f b)^T   or, uncorrelated,   diag(v + r^2 + u + (f b)^2)

r is the error of reading a figure, f the fractional systematic error of the background, u the Monte-Carlo variance
of the signal, and v the statistical variance:

``data``
    v = max(d, 1), the error bars that are drawn in the papers (Neyman). It weights downward fluctuations more, so
    a fitted sum comes out low, by up to one event per unit of chi2 (500 events in these spectra: by 3 %).
``background``
    v = max(b, 1), fixed before the data are seen: with it the fit of a normalisation is unbiased.

Several spectra add: their chi2 and their bins. Spectra that show the same events (E_vis and cos theta of one mode)
are not independent; the sum is then a measure of agreement, not a likelihood, and its p-value is only indicative.
"""

from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from darkhorn.core.errors import RangeError, require_range, unknown_name
from darkhorn.core.rays import Floats

VARIANCES: Final = ("data", "background")
"""Choices of the statistical variance."""

CORRELATIONS: Final = ("none", "full")
"""Choices of the correlation between bins of the background error within one spectrum."""


def statistical_variance(data: ArrayLike, background: ArrayLike, kind: str = "data") -> Floats:
    """Return the statistical variance v of each bin.

    Parameters
    ----------
    data, background : (n,) array_like
        Events.
    kind : str
        ``data``: max(data, 1); ``background``: max(background, 1).

    Returns
    -------
    (n,) float
        Events squared, at least 1.

    Raises
    ------
    UnknownNameError
        For another kind.
    RangeError
        For negative or non-finite events.

    Notes
    -----
    Source: Baker and Cousins, Nucl. Instrum. Meth. 221, 437 (1984).
    """
    require_range("data", data, 0.0, unit="events")
    require_range("background", background, 0.0, unit="events")
    if kind not in VARIANCES:
        raise unknown_name("variance", kind, VARIANCES)
    variance: Floats = np.maximum(np.asarray(data if kind == "data" else background, dtype=float), 1.0)
    return variance


def covariance(
    data: ArrayLike,
    background: ArrayLike,
    background_fraction: float,
    reading_error: ArrayLike = 0.0,
    signal_variance: ArrayLike = 0.0,
    *,
    variance: str = "data",
    correlation: str = "none",
) -> Floats:
    """Return the covariance matrix V of one spectrum.

    Parameters
    ----------
    data, background : (n,) array_like
        Events.
    background_fraction : float
        Systematic error of the background as a fraction of it, the same in every bin.
    reading_error : (n,) array_like or float
        Error of reading a figure, events.
    signal_variance : (n,) array_like or float
        Monte-Carlo variance of the signal, events squared.
    variance : str
        See :func:`statistical_variance`.
    correlation : str
        ``none``: the background error of each bin is its own, as in fits of the literature to these figures;
        ``full``: one common normalisation moves all bins together.

    Returns
    -------
    (n, n) float
        V = diag(v + r^2 + u) + f^2 b b^T, or only the diagonal of the last term; events squared.

    Raises
    ------
    RangeError
        For negative or non-finite input.
    UnknownNameError
        For an unknown choice.
    """
    require_range("background_fraction", background_fraction, 0.0)
    require_range("reading_error", reading_error, 0.0, unit="events")
    require_range("signal_variance", signal_variance, 0.0, unit="events^2")
    if correlation not in CORRELATIONS:
        raise unknown_name("correlation", correlation, CORRELATIONS)
    systematic = background_fraction * np.asarray(background, dtype=float)
    diagonal = statistical_variance(data, background, variance) + np.asarray(reading_error) ** 2 + signal_variance
    if correlation == "none":
        return np.diag(diagonal + systematic**2)
    return np.diag(diagonal) + np.outer(systematic, systematic)


def chi_squared(data: ArrayLike, background: ArrayLike, signal: ArrayLike, covariance_matrix: ArrayLike) -> float:
    """Return chi2 = (d - b - s)^T V^-1 (d - b - s) of one spectrum.

    Parameters
    ----------
    data, background, signal : (n,) array_like
        Events.
    covariance_matrix : (n, n) array_like
        V, positive definite, events squared; see :func:`covariance`.

    Raises
    ------
    RangeError
        When shapes differ or the signal is not finite.
    """
    d, b, s = (np.asarray(values, dtype=float) for values in (data, background, signal))
    matrix = np.asarray(covariance_matrix, dtype=float)
    shapes = [array.shape for array in (d, b, s, matrix)]
    if shapes != [(d.size,)] * 3 + [(d.size, d.size)]:
        raise RangeError(
            f"data, background, signal and covariance have shapes {shapes}; allowed: (n,), (n,), (n,), (n, n)"
        )
    require_range("signal", s, unit="events")
    residual = d - b - s
    return float(residual @ np.linalg.solve(matrix, residual))


def p_value(chi2: float, ndof: int) -> float:
    """Return the probability of a chi2 at least as large, Q(ndof/2, chi2/2).

    Parameters
    ----------
    chi2 : float
        At least 0.
    ndof : int
        Degrees of freedom, at least 1.

    Raises
    ------
    RangeError
        For a negative chi2 or ndof < 1.

    Notes
    -----
    Q is the regularised upper incomplete gamma function. Source: PDG review of statistics, goodness of fit.
    """
    from scipy.special import gammaincc

    require_range("chi2", chi2, 0.0)
    require_range("ndof", ndof, 1)
    return float(gammaincc(0.5 * ndof, 0.5 * chi2))
