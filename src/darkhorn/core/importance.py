"""A piecewise-constant density on the unit square: where to spend points. The exact weight is always kept."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike

from darkhorn.core.errors import require_range
from darkhorn.core.rays import Floats, Ints


@dataclass(frozen=True)
class ImportanceGrid:
    """Probability of each cell of a regular grid on the unit square, rows along the first coordinate.

    Attributes
    ----------
    probability : (n, m) float
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
        return cls(np.ones((1, 1)))

    @classmethod
    def adapted(
        cls, a: Floats, b: Floats, weight: Floats, bins: int | tuple[int, int] = 24, floor: float = 0.1
    ) -> Self:
        """Return the grid proportional to sqrt(sum of w^2) of a pilot run, mixed with a uniform floor.

        Parameters
        ----------
        a, b : (N,) float
            Pilot coordinates in (0, 1), filled uniformly.
        weight : (N,) float
            What the pilot found there, >= 0. Where a pilot had a grid itself, its weights (with their jacobian) over
            the root of the jacobian.
        bins : int or tuple of int
            Cells along each side, or along the first and the second coordinate.
        floor : float
            Share of a uniform density, 0 < floor <= 1, so that no region is ever without points.

        Raises
        ------
        RangeError
            For a floor out of range.
        """
        require_range("floor", floor, 0.0, 1.0, open_low=True)
        square, _, _ = np.histogram2d(a, b, bins=bins, range=((0, 1), (0, 1)), weights=weight**2)
        root = np.sqrt(square)
        padded = np.pad(root, 1, mode="edge")
        smooth = root + 0.25 * (padded[:-2, 1:-1] + padded[2:, 1:-1] + padded[1:-1, :-2] + padded[1:-1, 2:])
        total = smooth.sum()
        shape = smooth / total if total > 0 else np.full_like(smooth, 1.0 / smooth.size)
        return cls((1.0 - floor) * shape + floor / smooth.size)

    def filled(self, share: float) -> Self:
        """Return the grid mixed with the product of its projections, which fills cells that a pilot happened to miss.

        Parameters
        ----------
        share : float
            Of the product, 0 to 1.

        Raises
        ------
        RangeError
            For a share out of range.
        """
        require_range("share of the product", share, 0.0, 1.0)
        cells = self.probability / self.probability.sum()
        product = np.outer(cells.sum(axis=1), cells.sum(axis=0))
        return type(self)((1.0 - share) * cells + share * product)

    def map(self, u: ArrayLike, v: ArrayLike) -> tuple[Floats, Floats, Floats]:
        """Return the point (a, b) that a uniform (u, v) becomes, and 1/density there.

        Parameters
        ----------
        u, v : (N,) array_like
            Uniform in (0, 1).

        Returns
        -------
        a, b : (N,) float
            In (0, 1), distributed as the grid.
        jacobian : (N,) float
            The factor that keeps integrals exact, 1/density(a, b).
        """
        n = len(self.probability)
        row_edges = np.concatenate([[0.0], np.cumsum(self.probability.sum(axis=1))])
        row_edges /= row_edges[-1]
        a, row, density_a = _invert(np.asarray(u, dtype=float), row_edges, n)
        b, density_b = self.second(row, np.asarray(v, dtype=float))
        return a, b, 1.0 / (density_a * density_b)

    def second(self, row: Ints, v: Floats) -> tuple[Floats, Floats]:
        """Return the second coordinate that a uniform v becomes in a row of cells, and its density there, (N,) each."""
        n, m = self.probability.shape
        within = self.probability / self.probability.sum(axis=1, keepdims=True)
        edges = np.concatenate([np.zeros((n, 1)), np.cumsum(within, axis=1)], axis=1)
        edges /= edges[:, -1:]
        flat = (edges[:, :-1] + np.arange(n)[:, None]).ravel()
        column = np.clip(np.searchsorted(flat, v + row, side="right") - 1 - row * m, 0, m - 1)
        start = row * (m + 1) + column
        low, high = edges.ravel().take(start), edges.ravel().take(start + 1)
        return (column + np.clip((v - low) / (high - low), 0.0, 1.0)) / m, (high - low) * m

    def density(self, a: ArrayLike, b: ArrayLike) -> Floats:
        """Return the density at points (a, b) of the unit square, (N,): its mean over the square is 1."""
        cell = tuple(
            np.minimum((np.asarray(x, dtype=float) * size).astype(np.int64), size - 1)
            for x, size in zip((a, b), self.probability.shape, strict=True)
        )
        density: Floats = self.probability[cell] * (self.probability.size / self.probability.sum())
        return density

    def first_jacobian(self, a: ArrayLike) -> Floats:
        """Return 1/density of the first coordinate alone at points ``a`` in (0, 1): its share of ``jacobian``."""
        rows = self.probability.sum(axis=1)
        cell = np.minimum((np.asarray(a, dtype=float) * len(rows)).astype(np.int64), len(rows) - 1)
        jacobian: Floats = rows.sum() / (rows[cell] * len(rows))
        return jacobian


@dataclass(frozen=True)
class EnergyGrid:
    """A density in energy, as t = E/(E + scale), and in a second coordinate of the unit interval.

    Attributes
    ----------
    scale : float
        In MeV, > 0.
    grid : ImportanceGrid
        In (t, second coordinate).
    """

    scale: float
    grid: ImportanceGrid

    def energy(self, u: Floats, low: Floats, high: Floats) -> tuple[Floats, Floats]:
        """Return energies in MeV drawn between limits by uniform numbers, and the inverse of their density, (N,) each.

        Parameters
        ----------
        u : (N,) float
            Uniform in (0, 1).
        low, high : (N,) float
            Limits in MeV; where they are equal the inverse density is 0.
        """
        return next(self.energies((u,), low, high))

    def energies(self, places: Iterable[float | Floats], low: Floats, high: Floats) -> Iterator[tuple[Floats, Floats]]:
        """Yield what :meth:`energy` returns for one number after the other between the same limits.

        Parameters
        ----------
        places : iterable of float or (N,) float
            In (0, 1).
        low, high
            As for :meth:`energy`.
        """
        rows = self.grid.probability.sum(axis=1)
        n = len(rows)
        density = rows * (n / rows.sum())
        edges = np.concatenate([[0.0], np.cumsum(density)]) / n
        first, last = (self._cumulative(value / (value + self.scale), density, edges) for value in (low, high))
        share = last - first
        for u in places:
            place = first + u * share
            cell = np.clip(np.searchsorted(edges, place, side="right") - 1, 0, n - 1)
            dense = density[cell]
            t = np.minimum(cell / n + (place - edges[cell]) / dense, 1.0 - 2.0**-40)
            energy = np.clip(self.scale * t / (1.0 - t), low, high)
            yield energy, share / dense * (energy + self.scale) ** 2 / self.scale

    def second(self, energy: Floats, v: Floats) -> tuple[Floats, Floats]:
        """Return the second coordinate that a uniform v becomes at an energy in MeV, and 1/density, (N,) each."""
        n = len(self.grid.probability)
        row = np.minimum((energy / (energy + self.scale) * n).astype(np.int64), n - 1)
        b, density = self.grid.second(row, v)
        return b, 1.0 / density

    @staticmethod
    def _cumulative(t: Floats, density: Floats, edges: Floats) -> Floats:
        """Return the share of the density below t, (N,)."""
        n = len(density)
        cell = np.minimum((t * n).astype(np.int64), n - 1)
        share: Floats = edges[cell] + (t - cell / n) * density[cell]
        return share


def balanced_worth(cell: Ints, weight: Floats, whole: float = 16.0, least: float = 0.003) -> Floats:
    """Return what each history of a pilot is worth when all bins of a histogram, and its sum, are to be known well.

    A density in proportion to the root of the summed squares of the worth lowers the mean over bins of the squared
    relative errors plus ``whole`` times that of the sum.

    Parameters
    ----------
    cell : (k, N) int
        Bin of each of the k scores of N histories, >= 0.
    weight : (k, N) float
        What each score adds to its bin, >= 0.
    whole : float
        How much the squared relative error of the sum counts beside that of a bin, >= 0.
    least : float
        Bins with less than this share of the fullest one count as if they had it, 0 < least <= 1.

    Returns
    -------
    (N,) float
        Zeros where the weights are.

    Raises
    ------
    RangeError
        For ``whole`` or ``least`` out of range.

    Notes
    -----
    worth^2 = mean over k of w^2 (1/(n F_b^2) + whole/F^2) with the content F_b of the score's bin, the sum F and the
    number of bins that share it, n = F^2/sum F_b^2. Scores of one history count as if they fell into bins of their
    own. Source: derived; minimum of sum_b Var_b/F_b^2 by Lagrange's multiplier.
    """
    require_range("whole", whole, 0.0)
    require_range("least", least, 0.0, 1.0, open_low=True)
    content = np.bincount(cell.ravel(), weights=weight.ravel())
    total = float(content.sum())
    if total <= 0.0:
        return np.zeros(cell.shape[1])
    sharing = total**2 / float(content @ content)
    value = 1.0 / (sharing * np.maximum(content, least * content.max()) ** 2) + whole / total**2
    worth: Floats = np.sqrt((weight**2 * value[cell]).mean(axis=0))
    return worth


def _invert(u: Floats, edges: Floats, n: int) -> tuple[Floats, np.ndarray, Floats]:
    """Invert a piecewise-linear cumulative distribution with n equal cells; return the point, its cell, its density."""
    cell = np.clip(np.searchsorted(edges, u, side="right") - 1, 0, n - 1)
    low, high = edges[cell], edges[cell + 1]
    return (cell + (u - low) / (high - low)) / n, cell, (high - low) * n
