"""A piecewise-constant density on the unit cube: where three coordinates put points together."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from darkhorn.core.errors import require_range
from darkhorn.core.importance import ImportanceGrid
from darkhorn.core.rays import Floats


@dataclass(frozen=True)
class CubeGrid:
    """Probability of each cell of a regular grid on the unit cube.

    Attributes
    ----------
    probability : (n, m, k) float
        Positive; only ratios matter.

    Raises
    ------
    RangeError
        For a cell that is not positive and finite, which no weight could make up for.
    """

    probability: Floats

    def __post_init__(self) -> None:
        """Refuse a grid that leaves a region without points."""
        require_range("importance grid", self.probability, 0.0, open_low=True)

    @classmethod
    def uniform(cls) -> Self:
        """Return the grid of one cell, which leaves points where they are."""
        return cls(np.ones((1, 1, 1)))

    @classmethod
    def adapted(cls, places: Floats, weight: Floats, cells: int, smoothing: float, floor: float) -> Self:
        """Return the grid proportional to the root mean square of what a pilot found in each cell.

        Parameters
        ----------
        places : (N, 3) float
            Pilot coordinates in (0, 1), filled uniformly.
        weight : (N,) float
            What the pilot found there, >= 0.
        cells : int
            Along each side.
        smoothing : float
            Weight of each of the six neighbours of a cell beside its own, >= 0.
        floor : float
            Share of a uniform density, 0 < floor <= 1, so that no region is ever without points.

        Raises
        ------
        RangeError
            For a smoothing or a floor out of range.
        """
        require_range("smoothing", smoothing, 0.0)
        require_range("floor", floor, 0.0, 1.0, open_low=True)
        square, _ = np.histogramdd(places, bins=cells, range=[(0.0, 1.0)] * 3, weights=weight**2)
        root = np.sqrt(square)
        padded = np.pad(root, 1, mode="edge")
        inner, sides = slice(1, -1), (slice(None, -2), slice(2, None))
        near = [padded[side, inner, inner] + padded[inner, side, inner] + padded[inner, inner, side] for side in sides]
        smooth = root + smoothing * (near[0] + near[1])
        total = smooth.sum()
        shape = smooth / total if total > 0.0 else np.full_like(smooth, 1.0 / smooth.size)
        return cls((1.0 - floor) * shape + floor / smooth.size)

    def map(self, u: Floats, v: Floats, w: Floats) -> tuple[Floats, Floats, Floats, Floats]:
        """Return the point (a, b, c) that a uniform (u, v, w) becomes, and 1/density there.

        Parameters
        ----------
        u, v, w : (N,) float
            Uniform in (0, 1).

        Returns
        -------
        a, b, c : (N,) float
            In (0, 1), distributed as the grid.
        jacobian : (N,) float
            The factor that keeps integrals exact, 1/density(a, b, c).
        """
        n, m, k = self.probability.shape
        a, b, jacobian = ImportanceGrid(self.probability.sum(axis=2)).map(u, v)
        row, column = (np.minimum((x * size).astype(np.int64), size - 1) for x, size in ((a, n), (b, m)))
        c, density = ImportanceGrid(self.probability.reshape(n * m, k)).second(row * m + column, w)
        return a, b, c, jacobian / density
