"""Errors that a user can act on: each names the key, the value, the allowed range and the unit."""

from collections.abc import Iterable
from difflib import get_close_matches

import numpy as np
from numpy.typing import ArrayLike


class DarkhornError(Exception):
    """Base of every error that darkhorn raises on purpose (exit code 2 on the command line)."""


class RangeError(DarkhornError, ValueError):
    """A number is outside the range in which a formula or a setting is valid."""


class ThresholdError(RangeError):
    """A decay or a reaction is kinematically closed."""


class UnknownNameError(DarkhornError, LookupError):
    """A name is not in the list of known ones; the message offers the nearest."""


class InputFileError(DarkhornError, ValueError):
    """A file that the user named is missing, malformed or holds impossible values."""


class OutputError(DarkhornError, OSError):
    """A result cannot be written where the user asked for it."""


class ScenarioError(DarkhornError, ValueError):
    """A scenario (file, ``--set`` or argument) has a wrong key, type or combination."""


def nearest(name: str, known: Iterable[str]) -> str:
    """Return a hint ``" Did you mean 'x'?"`` for the known name nearest to ``name``, or an empty string."""
    matches = get_close_matches(name, list(known), n=1, cutoff=0.5)
    return f" Did you mean '{matches[0]}'?" if matches else ""


def unknown_name(kind: str, name: str, known: Iterable[str]) -> UnknownNameError:
    """Return the error for a ``name`` of some ``kind`` that is not among the ``known`` ones."""
    names = sorted(known)
    return UnknownNameError(f"unknown {kind} '{name}'.{nearest(name, names)} Known: {', '.join(names)}.")


def require_range(
    key: str,
    value: ArrayLike,
    low: float = -np.inf,
    high: float = np.inf,
    unit: str = "",
    *,
    open_low: bool = False,
    open_high: bool = False,
) -> None:
    """Raise :class:`RangeError` unless every element of ``value`` lies in ``[low, high]`` and is finite.

    Parameters
    ----------
    key : str
        Name of the quantity in the message.
    value : array_like
        Number or array, any shape.
    low, high : float
        Bounds in ``unit``; infinite bounds still reject NaN and infinities.
    unit : str
        Unit that the message prints.
    open_low, open_high : bool
        Exclude the bound itself.

    Raises
    ------
    RangeError
        Naming the key, the first offending value, the range and the unit.
    """
    values = np.asarray(value, dtype=float)
    if values.size == 0 or _inside(values.min(), values.max(), low, high, open_low, open_high):
        return
    values = np.atleast_1d(values)
    below = values <= low if open_low else values < low
    above = values >= high if open_high else values > high
    bad = below | above | ~np.isfinite(values)
    if bad.any():
        left = "(" if open_low or not np.isfinite(low) else "["
        right = ")" if open_high or not np.isfinite(high) else "]"
        suffix = f" {unit}" if unit else ""
        allowed = f"{left}{low:g}, {high:g}{right}{suffix}"
        raise RangeError(f"{key} = {float(values[bad][0]):g}{suffix} is outside the allowed range {allowed}")


def _inside(least: float, most: float, low: float, high: float, open_low: bool, open_high: bool) -> bool:
    """Return whether extremes are finite and within bounds: cheap, and no comparison holds for NaN."""
    above = least > low if open_low or low == -np.inf else least >= low
    below = most < high if open_high or high == np.inf else most <= high
    return bool(above and below and -np.inf < least and most < np.inf)
