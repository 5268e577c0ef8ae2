"""Allowed regions in a mass (or any parameter of the templates) and a coupling, from a grid of templates.

One likelihood a mass: all share data and nuisances and differ in their templates. Along the coupling nothing is
sampled again, because every signal is its strength times a template.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from darkhorn.core.errors import RangeError, require_range
from darkhorn.core.rays import Bools, Floats
from darkhorn.inference.cost import Cost
from darkhorn.inference.minimise import Fit, minimise, names_of, profile

LEVELS: Final = (0.68, 0.90, 0.95, 0.99)
"""Confidence levels that are drawn."""


@dataclass(frozen=True, eq=False)
class Surface:
    """Statistic over a grid of masses and strengths, minimised over everything else.

    Attributes
    ----------
    masses : (n,) float
        Whatever numbers the templates, MeV for a mass.
    strengths : (m,) float
        Strength, the square of the coupling product.
    statistic : (n, m) float
        Profile.
    best : tuple of Fit
        Minimum at each mass.
    null : float
        Statistic without signal.
    """

    masses: Floats
    strengths: Floats
    statistic: Floats
    best: tuple[Fit, ...]
    null: float

    @property
    def minimum(self) -> float:
        """Smallest statistic: of the fits at each mass and of the grid."""
        return min(float(self.statistic.min()), *(fit.statistic for fit in self.best))

    @property
    def best_mass(self) -> float:
        """Mass of the smallest fitted statistic."""
        return float(self.masses[int(np.argmin([fit.statistic for fit in self.best]))])

    @property
    def delta(self) -> Floats:
        """Statistic above its minimum, shape (n, m)."""
        return self.statistic - self.minimum

    def allowed(self, level: float, parameters: int = 2) -> Bools:
        """Return which points are inside the region of a confidence level, shape (n, m), by Wilks' theorem.

        Raises
        ------
        RangeError
            For a level outside (0, 1), or another number of parameters than 1 or 2.
        """
        inside: Bools = self.delta <= threshold(level, parameters)
        return inside


def threshold(level: float, parameters: int) -> float:
    """Return the rise of the statistic that bounds a region of a confidence level for 1 or 2 parameters.

    Notes
    -----
    The quantile of chi2; -2 ln(1 - level) for two parameters. Source: PDG review of statistics, table 40.2.

    Raises
    ------
    RangeError
        For a level outside (0, 1), or another number of parameters than 1 or 2.
    """
    from scipy.special import gammaincinv

    require_range("level", level, 0.0, 1.0, open_low=True, open_high=True)
    if parameters not in (1, 2):
        raise RangeError(f"{parameters} parameters of a region; allowed: 1 or 2")
    return float(2.0 * gammaincinv(0.5 * parameters, level))


def scan_surface(costs: Sequence[Cost], masses: ArrayLike, strengths: ArrayLike, name: str = "mu") -> Surface:
    """Return the profile over masses and strengths.

    Parameters
    ----------
    costs : sequence of n Cost
        One a mass, with the same data; one without signal anywhere is flat.
    masses : (n,) array_like
        Increasing.
    strengths : (m,) array_like
        Strengths >= 0.
    name : str
        The strength.

    Raises
    ------
    RangeError
        When lengths differ, the data differ, or a number is out of range.
    UnknownNameError
        When a likelihood lacks the strength.
    """
    mass, strength = np.asarray(masses, dtype=float), np.asarray(strengths, dtype=float)
    require_range("masses", mass)
    require_range(name, strength, 0.0)
    same_data(costs)
    if len(costs) != len(mass):
        raise RangeError(f"{len(costs)} likelihoods for {len(mass)} masses; allowed: one each")
    rows, best = [], []
    null = minimise(costs[0], dict.fromkeys(costs[0].strengths, 0.0), errors=False)
    for cost in costs:
        names_of(cost, (name,))
        if vanishes(cost, name):
            rows.append(np.full(len(strength), null.statistic))
            best.append(null)
            continue
        best.append(minimise(cost, errors=False))
        rows.append(profile(cost, name, strength))
    return Surface(mass, strength, np.array(rows), tuple(best), null.statistic)


def vanishes(cost: Cost, name: str) -> bool:
    """Return whether a strength has no events in any bin: a closed channel."""
    return not any(term.information(name) > 0.0 for term in cost.terms if name in term.strengths)


def same_data(costs: Sequence[Cost]) -> None:
    """Raise unless all likelihoods have the same data.

    Raises
    ------
    RangeError
        When there are none, or their data differ.
    """
    if not costs:
        raise RangeError("0 likelihoods; allowed: at least 1")
    first = costs[0].data
    for cost in costs[1:]:
        if len(cost.data) != len(first) or not all(map(np.array_equal, cost.data, first)):
            raise RangeError("likelihoods of one family have different data; allowed: templates may differ, data not")
