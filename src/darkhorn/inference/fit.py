"""Fit of one coupling product to binned spectra: every signal is proportional to its square."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from darkhorn.core.errors import RangeError, require_range, unknown_name
from darkhorn.core.rays import Floats
from darkhorn.experiments.loader import Distribution
from darkhorn.inference.likelihood import chi_squared, covariance, p_value

SHARED_EVENTS: Final = (
    "E_vis and cos theta of one mode show the same events: their chi2 are added as if they were independent, "
    "so errors are too small and p-values are indicative only."
)
"""What every reader of a fit to several projections has to know."""


@dataclass(frozen=True)
class FitResult:
    """Outcome of :func:`fit_normalisation`.

    Attributes
    ----------
    coupling_product : float
        Best g >= 0, dimensionless in the unit of the signals' unit product.
    error : float
        scale_error / (2 g); where g = 0, ``error_high``.
    error_low, error_high : float
        Distances from g to where chi2 has risen by 1; ``error_low`` ends at g = 0, ``error_high`` may be ``inf``.
    scale, scale_error : float
        Best mu = g^2 >= 0 and its parabolic error.
    scale_unbounded : float
        Minimum of the parabola without mu >= 0 and without Monte-Carlo variance; negative for a deficit.
    chi2, ndof, p_value : float, int, float
        At the best point; ndof = bins - 1.
    chi2_null, ndof_null, p_value_null : float, int, float
        Without signal; ndof = bins.
    delta_chi2 : float
        chi2_null - chi2 >= 0.
    chi2_by_distribution, chi2_null_by_distribution, events : dict of str to float
        By label: the contributions, and the fitted signal events.
    note : str
        What is not independent.
    """

    coupling_product: float
    error: float
    error_low: float
    error_high: float
    scale: float
    scale_error: float
    scale_unbounded: float
    chi2: float
    ndof: int
    p_value: float
    chi2_null: float
    ndof_null: int
    p_value_null: float
    delta_chi2: float
    chi2_by_distribution: dict[str, float]
    chi2_null_by_distribution: dict[str, float]
    events: dict[str, float]
    note: str = SHARED_EVENTS


@dataclass(frozen=True)
class _Problem:
    """Spectra with signals in units in which the parabolic error of the strength x is 1."""

    spectra: Mapping[str, Distribution]
    shapes: dict[str, Floats]
    deviations: dict[str, Floats]
    variance: str
    correlation: str

    def chi2_parts(self, x: float) -> dict[str, float]:
        """Return chi2 of each spectrum at signal strength x."""
        return {
            label: chi_squared(
                spectrum.data,
                spectrum.background,
                x * self.shapes[label],
                covariance(
                    spectrum.data,
                    spectrum.background,
                    spectrum.background_fraction,
                    spectrum.reading_error,
                    (x * self.deviations[label]) ** 2,
                    variance=self.variance,
                    correlation=self.correlation,
                ),
            )
            for label, spectrum in self.spectra.items()
        }

    def chi2(self, x: float) -> float:
        """Return the sum of chi2 at signal strength x."""
        return sum(self.chi2_parts(x).values())


def linear_solution(
    distributions: Mapping[str, Distribution],
    signals: Mapping[str, ArrayLike],
    *,
    variance: str = "data",
    correlation: str = "none",
) -> tuple[float, float]:
    """Return the scale mu that minimises chi2 without bounds or Monte-Carlo variance, and its error.

    Parameters
    ----------
    distributions : mapping of label to Distribution
        Spectra.
    signals : mapping of label to (n,) array_like
        Events at mu = 1.
    variance, correlation : str
        See :func:`darkhorn.inference.likelihood.covariance`.

    Returns
    -------
    float, float
        mu = (s^T V^-1 r) / (s^T V^-1 s) and (s^T V^-1 s)^(-1/2), with r = data - background; sums over spectra.

    Raises
    ------
    RangeError
        When a signal does not fit its spectrum or all signals vanish.
    UnknownNameError
        When the labels of the two mappings differ.

    Notes
    -----
    Source: linear least squares; derived.
    """
    arrays, largest = _checked(distributions, signals)
    overlap = information = 0.0
    for label, spectrum in distributions.items():
        shape = arrays[label] / largest
        matrix = covariance(
            spectrum.data,
            spectrum.background,
            spectrum.background_fraction,
            spectrum.reading_error,
            variance=variance,
            correlation=correlation,
        )
        weighted = np.linalg.solve(matrix, shape)
        overlap += float(weighted @ spectrum.excess)
        information += float(weighted @ shape)
    return overlap / information / largest, 1.0 / np.sqrt(information) / largest


def fit_normalisation(
    distributions: Mapping[str, Distribution],
    signals: Mapping[str, ArrayLike],
    signal_variances: Mapping[str, ArrayLike] | None = None,
    *,
    variance: str = "data",
    correlation: str = "none",
) -> FitResult:
    """Fit the coupling product g with signals that grow as g^2.

    Parameters
    ----------
    distributions : mapping of label to Distribution
        Spectra with data, background and errors, under labels such as ``"neutrino e_vis"``.
    signals : mapping of label to (n,) array_like
        Predicted events in the bins of each spectrum at g = 1; any magnitude, not negative.
    signal_variances : mapping of label to (n,) array_like, optional
        Monte-Carlo variance of these predictions, events squared; it grows as g^4 and is added to V.
    variance, correlation : str
        See :func:`darkhorn.inference.likelihood.covariance`.

    Returns
    -------
    FitResult
        The best g >= 0. Where the data fall short of the background it is exactly 0 and ``error`` = ``error_high``.

    Raises
    ------
    RangeError
        When a signal is negative, not finite, does not fit its spectrum, or all signals vanish.
    UnknownNameError
        When the labels of the mappings differ, or for an unknown variance or correlation.

    Notes
    -----
    Rescaled to unit error, started at :func:`linear_solution`, minimised with ``iminuit``. Source: derived; checked
    against the linear solution in tests/inference.
    """
    arrays, _ = _checked(distributions, signals)
    centre, unit = linear_solution(distributions, signals, variance=variance, correlation=correlation)
    squares = {label: np.zeros(len(shape)) for label, shape in arrays.items()}
    if signal_variances is not None:
        squares, _ = _checked(distributions, signal_variances, "signal variance", may_vanish=True)
    deviations = {label: unit * np.sqrt(square) for label, square in squares.items()}
    shapes = {label: unit * shape for label, shape in arrays.items()}
    problem = _Problem(distributions, shapes, deviations, variance, correlation)
    best, error = _minimise(problem, centre / unit)
    low, high = _interval(problem.chi2, best)
    parts, null_parts = problem.chi2_parts(best), problem.chi2_parts(0.0)
    chi2, chi2_null = sum(parts.values()), sum(null_parts.values())
    bins = sum(len(shape) for shape in shapes.values())
    root, product = np.sqrt(unit), np.sqrt(unit) * np.sqrt(best)
    return FitResult(
        coupling_product=float(product),
        error=float(root * error / (2.0 * np.sqrt(best)) if best > 0 else root * np.sqrt(high)),
        error_low=float(product - root * np.sqrt(low)),
        error_high=float(root * np.sqrt(high) - product),
        scale=float(best * unit),
        scale_error=float(error * unit),
        scale_unbounded=float(centre),
        chi2=chi2,
        ndof=bins - 1,
        p_value=p_value(chi2, bins - 1) if bins > 1 else 1.0,
        chi2_null=chi2_null,
        ndof_null=bins,
        p_value_null=p_value(chi2_null, bins),
        delta_chi2=max(chi2_null - chi2, 0.0),
        chi2_by_distribution=parts,
        chi2_null_by_distribution=null_parts,
        events={label: float(best * shape.sum()) for label, shape in shapes.items()},
    )


def _checked(
    distributions: Mapping[str, Distribution],
    values: Mapping[str, ArrayLike],
    what: str = "signal",
    *,
    may_vanish: bool = False,
) -> tuple[dict[str, Floats], float]:
    """Return one non-negative array for each spectrum, in their order, and the largest element."""
    if not distributions:
        raise RangeError("0 distributions to fit; allowed: at least 1")
    for label in [*distributions, *values]:
        if label not in values or label not in distributions:
            raise unknown_name(f"label of a {what}", label, values if label in distributions else distributions)
    arrays = {label: np.asarray(values[label], dtype=float) for label in distributions}
    for label, array in arrays.items():
        bins = len(distributions[label].data)
        if array.shape != (bins,):
            raise RangeError(f"{what} of '{label}' has shape {array.shape}; allowed: ({bins},), its bins")
        require_range(f"{what} of '{label}'", array, 0.0, unit="events")
    largest = max(float(array.max()) for array in arrays.values())
    if not may_vanish:
        require_range(f"largest {what}", largest, 1e-250, 1e250, "events")
    return arrays, largest


def _minimise(problem: _Problem, start: float) -> tuple[float, float]:
    """Return the best strength x >= 0 and its parabolic error; exactly 0 where chi2 rises from there."""
    if start <= 0.0:
        return 0.0, 1.0
    from iminuit import Minuit

    minuit = Minuit(problem.chi2, x=start)
    minuit.errordef = Minuit.LEAST_SQUARES
    minuit.errors["x"] = 1.0
    minuit.migrad()
    minuit.hesse()
    if not minuit.valid:
        raise RangeError(f"the fit did not converge from a signal of {start:g} standard deviations; {minuit.fmin}")
    x, error = float(minuit.values["x"]), float(minuit.errors["x"])
    return (x, error) if x > 0.0 else (0.0, error)


def _interval(chi2: Callable[[float], float], best: float) -> tuple[float, float]:
    """Return the strengths around ``best`` where chi2 has risen by 1: from 0 below, up to ``inf`` above."""
    floor = chi2(best)

    def rise(x: float) -> float:
        return chi2(x) - floor - 1.0

    low = _bisect(rise, 0.0, best) if best > 0.0 and rise(0.0) > 0.0 else 0.0
    for width in 2.0 ** np.arange(1, 40):
        if rise(best + width) > 0.0:
            return low, _bisect(rise, best, best + width)
    return low, np.inf


def _bisect(rise: Callable[[float], float], low: float, high: float) -> float:
    """Return where ``rise`` changes sign between ``low`` and ``high``, to 1e-12 of the interval."""
    sign = rise(low) > 0.0
    for _ in range(40):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if (rise(middle) > 0.0) == sign else (low, middle)
    return 0.5 * (low + high)
