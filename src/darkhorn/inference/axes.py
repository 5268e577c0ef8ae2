"""The points of a scan: a grid, or a Sobol' set, over numbers of the model."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from darkhorn.core.errors import ScenarioError, require_range
from darkhorn.core.sobol import scrambled_sobol

MOST_POINTS: Final = 10_000_000
_FORM: Final = "KEY=START:STOP:NUMBER[:log], KEY=START:STOP[:log] with --sobol, or KEY=VALUE,VALUE,..."
_DIGITS: Final = 12

Values = tuple[float, ...]


@dataclass(frozen=True)
class ScanAxis:
    """One parameter of a scan.

    Attributes
    ----------
    key : str
        Key of the model, for instance ``m_x``.
    low, high : float
        Ends of the range, both included; in the unit of the key.
    values : tuple of float
        Values on a grid; empty where only the range is known.
    log : bool
        Whether steps are equal in the logarithm.
    """

    key: str
    low: float
    high: float
    values: Values
    log: bool = False


def parse_axis(text: str) -> ScanAxis:
    """Return the axis that a text such as ``m_x=1:120:40`` or ``m_mediator=10:1000:40:log`` describes.

    Raises
    ------
    ScenarioError
        For another form; the message shows the right one.
    RangeError
        For a number of values below 1, or a logarithmic range that is not positive.
    """
    key, sign, range_text = text.partition("=")
    key = key.strip().removeprefix("model.")
    parts = [part.strip() for part in range_text.split(":")]
    log = parts[-1] == "log" and len(parts) > 1
    if log:
        parts = parts[:-1]
    listed = len(parts) == 1 and not log
    try:
        if not sign or not key or not (listed or len(parts) in (2, 3)):
            raise ValueError("form")
        numbers = [float(part) for part in (parts[0].split(",") if listed else parts[:2])]
        number = int(parts[2]) if len(parts) > 2 else 0
    except ValueError as error:
        raise ScenarioError(f"--grid {text}: expected {_FORM}") from error
    require_range(f"--grid {key}", numbers, 0.0 if log else -np.inf, open_low=log)
    if listed:
        values = tuple(_tidy(value) for value in numbers)
        return ScanAxis(key, min(values), max(values), values)
    if len(parts) > 2:
        require_range(f"--grid {key}: number of values", number, 1, MOST_POINTS)
    low, high = numbers
    return ScanAxis(key, low, high, tuple(_spaced(low, high, np.linspace(0.0, 1.0, number), log)), log)


def scan_points(axes: Sequence[ScanAxis], sobol: int | None = None, seed: int = 1) -> tuple[Values, ...]:
    """Return every point of a scan, one value an axis.

    Parameters
    ----------
    axes : sequence of ScanAxis
        The last one runs fastest on a grid.
    sobol : int, optional
        Number of points of a scrambled Sobol' set in the ranges, instead of the grid.
    seed : int
        Seed of its scramble.

    Raises
    ------
    ScenarioError
        Without axes, for a key that comes twice, or an axis without values on a grid.
    RangeError
        For fewer than 1 or more than 10 million points.
    """
    if not axes:
        raise ScenarioError(f"--grid: missing; expected {_FORM}")
    keys = [axis.key for axis in axes]
    for key in keys:
        if keys.count(key) > 1:
            raise ScenarioError(f"--grid {key}: given {keys.count(key)} times; allowed: once")
    if sobol is None:
        for axis in axes:
            if not axis.values:
                raise ScenarioError(f"--grid {axis.key}={axis.low:g}:{axis.high:g}: no number of values; {_FORM}")
        require_range("points of the grid", float(np.prod([len(axis.values) for axis in axes])), 1, MOST_POINTS)
        return tuple(itertools.product(*(axis.values for axis in axes)))
    require_range("--sobol", sobol, 1, MOST_POINTS)
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(len(axes),)))
    cube = scrambled_sobol(1 << (sobol - 1).bit_length(), len(axes), rng)[:sobol]
    columns = [_spaced(axis.low, axis.high, cube[:, k], axis.log) for k, axis in enumerate(axes)]
    return tuple(zip(*columns, strict=True))


def _spaced(low: float, high: float, share: "np.ndarray[tuple[int], np.dtype[np.float64]]", log: bool) -> list[float]:
    """Return values at shares of a range, exact at its ends."""
    inner = low * (high / low) ** share if log else low + (high - low) * share
    return [low if s == 0.0 else high if s == 1.0 else _tidy(float(v)) for s, v in zip(share, inner, strict=True)]


def _tidy(value: float) -> float:
    """Return a value with 12 digits, so that it is the same on every machine and short in a table."""
    return float(f"{value:.{_DIGITS}g}")
