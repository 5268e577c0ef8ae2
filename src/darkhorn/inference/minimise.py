"""Best fits of likelihoods with ``iminuit``: minima, profiles, intervals."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from darkhorn.core.errors import RangeError, require_range, unknown_name
from darkhorn.core.rays import Floats
from darkhorn.inference.cost import NUISANCE_LIMIT, Cost, Values
from darkhorn.inference.likelihood import p_value

_FARTHEST: Final = 1.0e4
"""No upper end of an interval is sought beyond so many standard deviations."""
_TOLERANCE: Final = 0.01
"""Tolerance of the minimiser: the statistic is within 2e-5 of its minimum."""
_FLAT: Final = 1.0e-3
"""A statistic that falls less from strength 0, per standard deviation, does not fall."""


@dataclass(frozen=True, eq=False)
class Fit:
    """Minimum of a likelihood.

    Attributes
    ----------
    values : dict of str to float
        All parameters at the minimum, fixed ones included.
    errors : dict of str to float
        Parabolic errors of the free parameters; a strength at its boundary 0 has none.
    correlation : (k, k) float
        Of the free parameters, in the order of ``errors``.
    statistic, chi2 : float
        The statistic, and its part that measures the goodness of the fit.
    ndof : int
        Bins minus free strengths.
    p_value : float
        Of ``chi2`` with ``ndof``; 1 where ndof = 0.
    pulls : dict of str to float
        Nuisance parameters minus their centres, in standard deviations.
    """

    values: dict[str, float]
    errors: dict[str, float]
    correlation: Floats
    statistic: float
    chi2: float
    ndof: int
    p_value: float
    pulls: dict[str, float]


def minimise(
    cost: Cost,
    fixed: Values | None = None,
    *,
    start: Values | None = None,
    allow_negative: bool = False,
    errors: bool = True,
) -> Fit:
    """Return the minimum of a likelihood over all parameters that are not fixed.

    Parameters
    ----------
    cost : Cost
        Likelihood.
    fixed : mapping of str to float, optional
        Parameters that stay.
    start : mapping of str to float, optional
        Where to begin.
    errors : bool
        Compute the curvature at the minimum; without it errors and correlations are those of the minimiser's path.
    allow_negative : bool
        Let strengths be negative; for pseudo-experiments around small strengths. Otherwise one that would be is 0.

    Returns
    -------
    Fit

    Raises
    ------
    RangeError
        When the minimiser does not converge, or a strength has no events anywhere.
    UnknownNameError
        For a name that is no parameter.
    """
    given, start = dict(fixed or {}), dict(start or {})
    cost.complete({**given, **start})
    if allow_negative:
        values, spread, correlation = _migrad(cost, given, start, errors)
    else:
        values, spread, correlation = _active_set(cost, given, start, errors)
    chi2 = cost.chi2(values)
    ndof = cost.ndata - sum(name not in given for name in cost.strengths)
    return Fit(
        values,
        spread,
        correlation,
        cost.at(values),
        chi2,
        ndof,
        p_value(max(chi2, 0.0), ndof) if ndof > 0 else 1.0,
        {name: values[name] - cost.centres.get(name, 0.0) for name in cost.nuisances},
    )


def _active_set(
    cost: Cost, given: Values, start: Values, curvature: bool
) -> tuple[dict[str, float], dict[str, float], Floats]:
    """Return the minimum with strengths >= 0: those stay at 0 whose statistic rises from there."""
    free = {name for name in cost.strengths if start.get(name, 0.0) > 0.0 and name not in given}
    barred: set[str] = set()
    while True:
        held = {**dict.fromkeys(set(cost.strengths) - free, 0.0), **given}
        result = _migrad(cost, held, {k: v for k, v in start.items() if k not in held}, curvature)
        negative = {name for name in free if result[0][name] < 0.0}
        if negative:
            free, barred = free - negative, barred | negative
            continue
        slopes = {name: _slope(cost, name, result[0]) for name in set(cost.strengths) - free - barred - set(given)}
        steepest = min(sorted(slopes), key=lambda name: slopes[name], default=None)
        if steepest is None or slopes[steepest] >= -_FLAT:
            return result
        free = free | {steepest}


def _slope(cost: Cost, name: str, values: Values) -> float:
    """Return the change of the statistic along a strength upwards from 0, per standard deviation."""
    step = 1.0e-4
    return (cost.at({**values, name: step * cost.scale(name)}) - cost.at({**values, name: 0.0})) / step


def _migrad(
    cost: Cost, held: Values, start: Values, curvature: bool
) -> tuple[dict[str, float], dict[str, float], Floats]:
    """Return values of all parameters, errors of the free ones, and their correlation."""
    from iminuit import Minuit

    values = cost.complete(held)
    free = [name for name in cost.parameters if name not in held]
    if not free:
        return values, {}, np.zeros((0, 0))
    scales = np.array([cost.scale(name) for name in free])

    def scaled(x: Floats) -> float:
        return cost.at({**values, **dict(zip(free, x * scales, strict=True))})

    first = [start.get(name, cost.centres.get(name, 0.0)) / unit for name, unit in zip(free, scales, strict=True)]
    minuit = Minuit(scaled, np.array(first, dtype=float), name=free)
    minuit.errordef = cost.errordef
    minuit.errors = np.ones(len(free))
    minuit.tol = _TOLERANCE
    for name in free:
        if name in cost.nuisances:
            centre = cost.centres.get(name, 0.0)
            minuit.limits[name] = (centre - NUISANCE_LIMIT, centre + NUISANCE_LIMIT)
    minuit.migrad()
    if not minuit.valid:
        minuit.strategy = 2
        minuit.simplex()
        minuit.migrad()
    if curvature:
        minuit.hesse()
    if not minuit.valid or minuit.covariance is None:
        raise RangeError(f"the fit of {', '.join(free)} did not converge: {str(minuit.fmin).splitlines()[0]}")
    values |= {name: float(x * unit) for name, x, unit in zip(free, minuit.values, scales, strict=True)}
    errors = {name: float(e * unit) for name, e, unit in zip(free, minuit.errors, scales, strict=True)}
    return values, errors, np.asarray(minuit.covariance.correlation())


def profile(cost: Cost, name: str, grid: ArrayLike, fixed: Values | None = None) -> Floats:
    """Return the statistic at each value of one parameter, minimised over the others, shape (n,).

    Parameters
    ----------
    cost : Cost
        Likelihood.
    name : str
        Parameter.
    grid : (n,) array_like
        Its values.
    fixed : mapping of str to float, optional
        Parameters that stay.

    Raises
    ------
    RangeError
        When a fit does not converge.
    """
    values = np.asarray(grid, dtype=float)
    require_range(name, values)
    return np.array([minimise(cost, {**(fixed or {}), name: value}).statistic for value in values])


def interval(cost: Cost, name: str, best: Fit, rise: float = 1.0) -> tuple[float, float]:
    """Return where the profile of a strength has risen by ``rise`` below and above its best value.

    Parameters
    ----------
    cost : Cost
        Likelihood.
    name : str
        A strength.
    best : Fit
        Its minimum.
    rise : float
        1 for one standard deviation, 2.706 for 90 %, 3.841 for 95 % of one parameter.

    Returns
    -------
    float, float
        The lower end is 0 where the profile has not risen so far there.

    Raises
    ------
    RangeError
        For rise <= 0, or where the profile does not rise within 10^4 standard deviations.
    """
    from scipy.optimize import brentq

    require_range("rise", rise, 0.0, open_low=True)
    unit, centre = cost.scale(name), best.values[name]

    def above(x: float) -> float:
        return minimise(cost, {name: x * unit}, start=best.values, errors=False).statistic - best.statistic - rise

    middle = centre / unit
    low = float(brentq(above, 0.0, middle, xtol=1e-6)) * unit if centre > 0.0 and above(0.0) > 0.0 else 0.0
    return low, bracketed_root(above, middle) * unit


def bracketed_root(function: Callable[[float], float], start: float, step: float = 2.0) -> float:
    """Return where a function that is negative at ``start`` becomes positive above it, in standard deviations.

    Raises
    ------
    RangeError
        When it stays negative for 10^4 standard deviations.
    """
    from scipy.optimize import brentq

    width = step
    while width < _FARTHEST:
        if function(start + width) > 0.0:
            return float(brentq(function, start, start + width, xtol=1e-6))
        width *= 2.0
    raise RangeError(f"no upper end of the interval within {_FARTHEST:g} standard deviations")


def names_of(cost: Cost, names: Sequence[str]) -> tuple[str, ...]:
    """Return the names after checking that each is a strength.

    Raises
    ------
    UnknownNameError
        For another name.
    """
    for name in names:
        if name not in cost.strengths:
            raise unknown_name("strength of the likelihood", name, cost.strengths)
    return tuple(names)
