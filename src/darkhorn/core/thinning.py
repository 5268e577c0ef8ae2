"""Fewer weighted entries for many: the sum of weights stays what it was, and the weights become as even as they can."""

from typing import NamedTuple

import numpy as np

from darkhorn.core.errors import require_range
from darkhorn.core.rays import Floats, Ints


class Thinned(NamedTuple):
    """What is left of M weighted entries.

    Attributes
    ----------
    rows : (n,) int
        Entries that are kept, ascending.
    weight : (n,) float
        Their new weights; the sum is that of all M entries.
    level : float
        Weight of every entry whose own was below it; 0 where nothing was thinned.
    efficiency : float
        n over the entries of positive weight.
    over : int
        Kept entries whose weight is above the level.
    over_share : float
        Share of the sum by which they exceed the level.
    largest : float
        Largest weight over the level; 1 where there are none above it.
    """

    rows: Ints
    weight: Floats
    level: float
    efficiency: float
    over: int
    over_share: float
    largest: float


def level_of(weight: Floats, n: int) -> float:
    """Return the c at which sum min(1, w/c) = n; 0 where no more than n weights are positive.

    Parameters
    ----------
    weight : (M,) float
        Weights >= 0.
    n : int
        How many entries are wanted, >= 1.

    Notes
    -----
    With the j largest weights above c, c = (sum of the others)/(n - j).

    Source: P. Fearnhead and P. Clifford, J. R. Statist. Soc. B 65, 887 (2003), section 3.
    """
    ordered = np.sort(weight[weight > 0.0])[::-1]
    if len(ordered) <= n:
        return 0.0
    others = np.cumsum(ordered[::-1])[::-1][:n]
    levels = others / (n - np.arange(n))
    enough = ordered[:n] <= levels
    return float(levels[int(np.argmax(enough))]) if enough.any() else float(levels[-1])


def thin(weight: Floats, n: int, u: float) -> Thinned:
    """Keep n of M weighted entries.

    An entry above the level c of :func:`level_of` stays with its weight, one below with probability w/c and then with
    weight c: no expectation changes, and neither does the sum. Entries below are drawn systematically, so that the
    parts of a list are kept in proportion.

    Parameters
    ----------
    weight : (M,) float
        Weights >= 0.
    n : int
        Entries wanted, >= 1; if fewer are positive, all of these.
    u : float
        Uniform number in [0, 1).

    Returns
    -------
    Thinned

    Raises
    ------
    RangeError
        For n < 1, u outside [0, 1), or a negative weight.

    Notes
    -----
    Source: P. Fearnhead and P. Clifford, J. R. Statist. Soc. B 65, 887 (2003), section 3.
    """
    require_range("number of events", n, 1)
    require_range("u", u, 0.0, 1.0, open_high=True)
    require_range("weight", weight, 0.0)
    level = level_of(weight, n)
    positive = int((weight > 0.0).sum())
    if level == 0.0:
        rows = np.flatnonzero(weight > 0.0)
        return Thinned(rows, weight[rows].copy(), 0.0, 1.0, 0, 0.0, 1.0)
    certain = np.flatnonzero(weight > level)
    below = np.flatnonzero((weight > 0.0) & (weight <= level))
    wanted = n - len(certain)
    cumulative = np.cumsum(weight[below])
    ticks = (np.arange(wanted) + u) / wanted * cumulative[-1]
    drawn = below[np.minimum(np.searchsorted(cumulative, ticks, side="right"), len(below) - 1)]
    rows = np.sort(np.concatenate([certain, drawn]))
    kept = np.maximum(weight[rows], cumulative[-1] / wanted)
    excess = float((weight[certain] - level).sum() / weight.sum())
    largest = float(weight[certain].max() / level) if len(certain) else 1.0
    return Thinned(rows, kept, level, n / positive, len(certain), excess, largest)
