"""Confidence regions by pseudo-experiments, ordered by the likelihood ratio, for one or two parameters.

Nuisance parameters of the pseudo-experiments are those that fit the data best at the tested point. Each
pseudo-experiment has a random stream of its own, numbered by point and experiment: the number of threads does not
matter, nor does the order.

Source: Feldman and Cousins, arXiv:physics/9711021; with nuisances as in arXiv:2207.14353.
"""

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from darkhorn.core.errors import RangeError, require_range
from darkhorn.core.rays import Bools, Floats
from darkhorn.inference.cost import Cost, Values
from darkhorn.inference.minimise import minimise, names_of
from darkhorn.inference.regions import same_data, vanishes


@dataclass(frozen=True, eq=False)
class Ordering:
    """Outcome of pseudo-experiments at tested points.

    Attributes
    ----------
    points : tuple of (int, dict)
        Number of the likelihood in its family, and tested strengths.
    observed : (n,) float
        Rise of the statistic of the data from the best fit to each point.
    drawn : (n, k) float
        The same of each pseudo-experiment drawn at the point, sorted.
    """

    points: tuple[tuple[int, dict[str, float]], ...]
    observed: Floats
    drawn: Floats

    @property
    def p_values(self) -> Floats:
        """Share of pseudo-experiments that agree no better with the point than the data, (1 + number)/(1 + k)."""
        worse = (self.drawn >= self.observed[:, None] - 1e-9).sum(axis=1)
        return np.asarray((1.0 + worse) / (1.0 + self.drawn.shape[1]))

    def allowed(self, level: float) -> Bools:
        """Return which points are in the region of a confidence level, shape (n,)."""
        require_range("level", level, 0.0, 1.0, open_low=True, open_high=True)
        inside: Bools = self.p_values > 1.0 - level
        return inside

    def critical(self, level: float) -> Floats:
        """Return the rise of the statistic that bounds the region at each point, shape (n,); 2.71 for 90 % by Wilks."""
        require_range("level", level, 0.0, 1.0, open_low=True, open_high=True)
        return np.asarray(np.quantile(self.drawn, level, axis=1, method="higher"))


def feldman_cousins(
    family: Cost | Sequence[Cost],
    points: Iterable[Mapping[str, float] | tuple[int, Mapping[str, float]]],
    *,
    experiments: int = 200,
    seed: int = 1,
    threads: int = 1,
) -> Ordering:
    """Return the likelihood-ratio ordering at tested points.

    Parameters
    ----------
    family : Cost or sequence of Cost
        One likelihood, or one a mass with the same data; the best fit is over all of them and all strengths >= 0.
    points : iterable of mapping, or of (int, mapping)
        Tested strengths by name; with a family also the number of the likelihood. At most two parameters in all.
    experiments : int
        Pseudo-experiments a point, 10 to 1000000.
    seed : int
        Seed, >= 0.
    threads : int
        Threads; the result does not depend on it.

    Raises
    ------
    RangeError
        For no points, more than two parameters, or a number out of range.
    UnknownNameError
        For a name that is no strength.
    """
    costs = (family,) if isinstance(family, Cost) else tuple(family)
    same_data(costs)
    require_range("experiments", experiments, 10, 1_000_000)
    require_range("seed", seed, 0)
    require_range("threads", threads, 1, 1024)
    tested = tuple(_point(costs, point) for point in points)
    if not tested:
        raise RangeError("0 points to test; allowed: at least 1")
    floor = _floor(costs)

    def one(number: int) -> tuple[float, Floats]:
        index, values = tested[number]
        fit = minimise(costs[index], values, errors=False)
        rises = [_rise(costs, index, values, fit.values, (seed, number, k)) for k in range(experiments)]
        return max(fit.statistic - floor, 0.0), np.sort(rises)

    with ThreadPoolExecutor(threads) as pool:
        found = list(pool.map(one, range(len(tested))))
    return Ordering(tested, np.array([row[0] for row in found]), np.array([row[1] for row in found]))


def _point(
    costs: Sequence[Cost], point: Mapping[str, float] | tuple[int, Mapping[str, float]]
) -> tuple[int, dict[str, float]]:
    """Return a checked point."""
    index, values = point if isinstance(point, tuple) else (0, point)
    if not 0 <= index < len(costs):
        raise RangeError(f"likelihood number {index}; allowed: 0 to {len(costs) - 1}")
    names_of(costs[index], tuple(values))
    for name, value in values.items():
        require_range(name, value, 0.0)
    parameters = len(values) + (len(costs) > 1)
    if not 1 <= parameters <= 2:
        raise RangeError(f"{parameters} tested parameters; allowed: 1 or 2")
    return index, dict(values)


def _floor(costs: Sequence[Cost]) -> float:
    """Return the smallest statistic of the family over strengths >= 0."""
    found = []
    for cost in costs:
        closed = {name: 0.0 for name in cost.strengths if vanishes(cost, name)}
        found.append(minimise(cost, closed, errors=False).statistic)
    return min(found)


def _rise(costs: Sequence[Cost], index: int, tested: Values, truth: Values, stream: tuple[int, int, int]) -> float:
    """Return the rise of one pseudo-experiment from its best fit to the tested point."""
    drawn = costs[index].draw(truth, np.random.default_rng(stream))
    moved = [cost.with_data(drawn.data, {**cost.centres, **drawn.centres}) for cost in costs]
    at_point = minimise(moved[index], tested, errors=False).statistic
    return max(at_point - _floor(moved), 0.0)
