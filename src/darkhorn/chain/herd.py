"""Mesons for points: few are drawn, and each is used several times, equally often or as often as it is worth."""

from typing import Final

import numpy as np

from darkhorn.chain.cache import recall
from darkhorn.chain.setup import Parents
from darkhorn.core.points import unit_points
from darkhorn.core.rays import Floats, Ints, Rays

PILOT_POINTS: Final = 2**13
"""Points of a pilot, and the fewest for which few mesons are drawn."""
REUSE: Final = 4
"""How often each drawn meson is used where all are used equally often."""
_EQUAL: Final = 0.25
"""Share of the points that all mesons get alike."""


def few_of(n: int) -> int:
    """Return the mesons that are drawn for n points where all are used equally often."""
    return max(n // REUSE, min(n, PILOT_POINTS // REUSE))


def reused(parents: Parents, n: int, seed: int, stream: tuple[int, ...], kind: str = "sobol") -> Rays:
    """Return n decaying mesons, each of n / REUSE drawn ones several times; the weights sum to the yield per POT."""
    few = few_of(n)
    mesons = recall(parents, unit_points(few, seed=seed, stream=(*stream, 0), kind=kind))
    return in_turn(mesons, n)


def in_turn(mesons: Rays, n: int, sets: int = 1) -> Rays:
    """Return n mesons a set, each drawn one of the set in its turn, set after set; weights sum to the same yield."""
    few = len(mesons) // sets
    rows = np.repeat(np.arange(sets) * few, n) + np.tile(np.arange(n) % few, sets)
    return mesons[rows].with_weight(mesons.weight[rows] * (few / n))


def choose(worth: Floats, along: Floats, u: Floats, sets: int) -> tuple[Ints, Floats]:
    """Return which meson each point gets, and the factors of weights that keep every sum's expectation.

    Equal shares are mixed in. Every set chooses among mesons of its own.

    Parameters
    ----------
    worth : (sets few,) float
        In proportion to which mesons are used, set after set, >= 0.
    along : (sets few,) float
        Uniform numbers choose along this.
    u : (sets n,) float
        Uniform in (0, 1), set after set.
    sets : int
        How many.

    Returns
    -------
    rows : (sets n,) int
        Mesons.
    factor : (sets n,) float
        1/(n share of the meson), where shares of a set sum to 1.
    """
    few, n = len(worth) // sets, len(u) // sets
    start = np.arange(sets)
    order = np.argsort(along.reshape(sets, few), axis=1, kind="stable") + start[:, None] * few
    total = worth.reshape(sets, few).sum(axis=1, keepdims=True)
    share = (1.0 - _EQUAL) * worth[order] / np.where(total > 0.0, total, 1.0) + _EQUAL / few
    edges = np.cumsum(share, axis=1)
    share /= edges[:, -1:]
    edges = edges / edges[:, -1:] + start[:, None]
    of = np.repeat(start, n)
    place = np.searchsorted(edges.ravel(), u + of, side="right").clip(of * few, (of + 1) * few - 1)
    return order.ravel()[place], 1.0 / (share.ravel()[place] * n)
