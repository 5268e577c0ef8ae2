"""One source for two array libraries: formulas ask here which one their arguments belong to.

NumPy is the only one that is needed. JAX is known only where somebody has already made an array with it, so nothing
here imports it.
"""

import sys
from collections.abc import Callable
from typing import Any, Protocol, cast

import numpy as np

from darkhorn.core.errors import require_range
from darkhorn.core.rays import Bools, Floats, Ints


class Namespace(Protocol):
    """Functions of arrays that NumPy and JAX have in common, under the names of NumPy."""

    def __getattr__(self, name: str) -> Callable[..., Floats]: ...


def is_jax(*arrays: object) -> bool:
    """Return whether any argument is an array of JAX, traced ones included."""
    jax = sys.modules.get("jax")
    return jax is not None and any(isinstance(array, jax.Array) for array in arrays)


def namespace(*arrays: object) -> Namespace:
    """Return ``jax.numpy`` if any argument is an array of JAX, else ``numpy``.

    Parameters
    ----------
    *arrays : array_like or None
        Everything that a formula computes with.
    """
    if is_jax(*arrays):
        return cast(Namespace, sys.modules["jax.numpy"])
    return cast(Namespace, np)


def root(value: Any) -> Floats:
    """Return the square root of an array, exactly 0 where it is not positive, with finite derivatives everywhere.

    Parameters
    ----------
    value : (...) array
        Any numbers; NaN stays NaN.
    """
    xp = namespace(value)
    empty = value <= 0.0
    return xp.where(empty, 0.0, xp.sqrt(xp.where(empty, 1.0, value)))


def check_range(key: str, value: Any, *bounds: Any, **options: Any) -> None:
    """Call :func:`darkhorn.core.errors.require_range`, but not for arrays of JAX: traced ones have no values yet.

    Parameters
    ----------
    key, value, *bounds, **options
        As there.

    Raises
    ------
    RangeError
        As there.
    """
    if not is_jax(value):
        require_range(key, value, *bounds, **options)


def histogram(cell: Ints, weight: Any, cells: int) -> Floats:
    """Return the sums of weights by cell.

    Parameters
    ----------
    cell : (N,) int
        From 0 to ``cells`` - 1.
    weight : (N,) array
        Of either library; the sums are of the same.
    cells : int
        How many.

    Returns
    -------
    (cells,) float
    """
    if is_jax(weight):
        sums: Floats = namespace(weight).zeros(cells).at[cell].add(weight)  # type: ignore[attr-defined]
        return sums
    return np.bincount(cell, weights=weight, minlength=cells).astype(np.float64)


def pick(inside: Bools, value: Any, other: Any) -> Floats:
    """Return ``value`` where ``inside``, and a harmless number elsewhere, so that no derivative there is NaN.

    Parameters
    ----------
    inside : (...) bool
        Where a formula holds.
    value : (...) array
        Its argument.
    other : (...) array_like
        Numbers for which it holds as well.
    """
    return namespace(inside, value).where(inside, value, other)
