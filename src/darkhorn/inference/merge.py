"""Merging the sparse cells of a two-dimensional table, by a rule that never looks at the data."""

from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike

from darkhorn.core.errors import RangeError, require_range
from darkhorn.core.rays import Floats, Ints


def merge_cells(background: ArrayLike, minimum: float) -> Ints:
    """Return the group of each cell so that the background of every group reaches a minimum.

    Rows (first axis) are gathered from the first on until their background reaches the minimum; a remainder at the
    end joins the last gathering. Within a gathering columns (second axis) are gathered in the same way. Each group is
    a rectangle of cells, or a rectangle and the remainder beside it. Only the background decides.

    Parameters
    ----------
    background : (n, m) array_like
        Events, >= 0.
    minimum : float
        Events, > 0, at most the sum of the background.

    Returns
    -------
    (n, m) int
        Numbers of the groups, 0 to the number of groups - 1, in the order of rows, then columns.

    Raises
    ------
    RangeError
        For a table of another dimension, negative background, or a minimum out of range.
    """
    table = np.asarray(background, dtype=float)
    if table.ndim != 2:
        raise RangeError(f"background of shape {table.shape}; allowed: two axes")
    require_range("background", table, 0.0, unit="events")
    require_range("minimum background", minimum, 0.0, float(table.sum()), "events", open_low=True)
    groups = np.zeros(table.shape, dtype=np.int64)
    first = 0
    for rows in _runs(table.sum(axis=1), minimum):
        for columns in _runs(table[rows].sum(axis=0), minimum):
            groups[rows, columns] = first
            first += 1
    return groups


def gather(values: ArrayLike, groups: Ints) -> Floats:
    """Return the sum of ``values`` (n, m) over each group, shape (number of groups,)."""
    array = np.asarray(values, dtype=float)
    if array.shape != groups.shape:
        raise RangeError(f"values of shape {array.shape}; allowed: {groups.shape}, that of the groups")
    sums = np.bincount(groups.ravel(), weights=array.ravel(), minlength=int(groups.max()) + 1)
    return np.asarray(sums, dtype=float)


def _runs(sums: Floats, minimum: float) -> list[slice]:
    """Return consecutive slices whose sums reach the minimum; the remainder belongs to the last."""
    starts, total = [0], 0.0
    for index, value in enumerate(sums):
        total += float(value)
        if total >= minimum:
            starts.append(index + 1)
            total = 0.0
    edges = [*starts[:-1], len(sums)] if len(starts) > 1 else [0, len(sums)]
    return [slice(low, high) for low, high in pairwise(edges)]
