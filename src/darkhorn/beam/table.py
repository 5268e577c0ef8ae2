"""Mesons from a table: rows are drawn in proportion to their weights, so any table serves any number of points."""

from dataclasses import dataclass

import numpy as np

from darkhorn.core.errors import InputFileError
from darkhorn.core.importance import ImportanceGrid
from darkhorn.core.points import Axis
from darkhorn.core.rays import Floats, Rays


@dataclass(frozen=True)
class TableSource:
    """Mesons at production, read from a file (``io/tables.py``)."""

    rays: Rays

    @property
    def species(self) -> tuple[int, ...]:
        """PDG numbers that the table holds, in ascending order."""
        return tuple(int(pdg) for pdg in np.unique(self.rays.pdgid))

    def sample(self, points: Floats, species: int, grid: ImportanceGrid) -> Rays:
        """Return one row a point (coordinate MOMENTUM); the weights sum to the yield of the species in the table.

        The grid is not used: the table's own weights say where the mesons are.
        """
        return draw_rows(self.rays[self.rays.pdgid == species], points[:, Axis.MOMENTUM])


@dataclass(frozen=True)
class TableParents:
    """Mesons of one species at their decay points, read from a file: stage 1 already done elsewhere."""

    rays: Rays
    species: int

    def sample(self, points: Floats, threads: int = 1) -> Rays:
        """Return one decaying meson a point (coordinate DECAY); the weights sum to the yield of the table."""
        return draw_rows(self.rays, points[:, Axis.DECAY])


def draw_rows(rays: Rays, u: Floats) -> Rays:
    """Return rows drawn with probability weight/sum(weight) by uniform numbers ``u`` (N,), each of equal weight.

    Raises
    ------
    InputFileError
        When the table has no row of positive weight.
    """
    total, cumulative = rays.yield_, np.cumsum(rays.weight)
    if len(rays) == 0 or total <= 0.0:
        raise InputFileError("table of mesons: no row has a positive weight; allowed: at least one, per POT")
    row = np.searchsorted(cumulative / cumulative[-1], u, side="right")
    return rays[row].with_weight(np.full(len(u), total / len(u)))
