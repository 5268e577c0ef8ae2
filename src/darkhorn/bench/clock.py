"""CPU time: what a busy machine changes least; and how steady the machine is."""

import time
from collections.abc import Callable
from functools import lru_cache
from statistics import median
from typing import Any, Final

import numpy as np

_NUMBERS: Final = np.linspace(0.0, 1.0, 8192)
SLOWED: Final = 1.25
"""A beat this many times as long as the fastest tells that other work slows the core down."""
PATIENCE: Final = 6.0
"""Seconds for which a call that was disturbed is made again."""
_PAUSE: Final = 0.03


def cpu_seconds(run: Callable[[], Any], repeats: int = 5) -> float:
    """Return the median CPU time of undisturbed calls in seconds, all threads together.

    Parameters
    ----------
    run : callable
        What is measured; called once before, so that nothing is compiled or imported during the measurement.
    repeats : int
        Calls that count, at least 1.
    """
    run()
    return median(undisturbed(run) for _ in range(repeats))


def undisturbed(run: Callable[[], Any]) -> float:
    """Return the CPU time of a call in seconds, made again while other work slows the core down.

    The time itself does not decide whether a call counts: beats before and after do. If no call within
    :data:`PATIENCE` was undisturbed, the least disturbed one counts.
    """
    limit, end = SLOWED * fastest_beat(), time.monotonic() + PATIENCE
    tried: list[tuple[float, float]] = []
    while not tried or (min(tried)[0] > limit and time.monotonic() < end):
        before = beat()
        start = time.process_time()
        run()
        taken = time.process_time() - start
        slowest = max(before, beat())
        tried.append((slowest, taken))
        if slowest > limit:
            time.sleep(_PAUSE)
    return min(tried)[1]


def wall_seconds(run: Callable[[], Any], repeats: int = 5) -> float:
    """Return the median wall time of a call in seconds; as :func:`cpu_seconds` otherwise."""
    run()
    taken = []
    for _ in range(repeats):
        start = time.perf_counter()
        run()
        taken.append(time.perf_counter() - start)
    return median(taken)


def speed_up(slow: Callable[[], Any], fast: Callable[[], Any], repeats: int = 5) -> float:
    """Return how many times less wall time the second of two calls takes, which are made in turn.

    It is the ratio of the shortest times of each: what other work leaves to two cores at once is rare.

    Parameters
    ----------
    slow, fast : callable
        What is compared; before each call that counts there is one that does not.
    repeats : int
        Each is measured eight times as often, at least 1.
    """
    pairs = [(wall_seconds(slow, 1), wall_seconds(fast, 1)) for _ in range(8 * repeats)]
    shortest = np.min(pairs, axis=0)
    return float(shortest[0] / shortest[1])


def beat() -> float:
    """Return the CPU time of one fixed loop of array code in seconds, some 2 ms.

    On a core of one's own it is always the same. On a core that the host shares out it is up to twice as long, and so
    is everything else that is measured then.
    """
    start = time.process_time()
    for _ in range(30):
        np.sin(np.exp(_NUMBERS))
    return time.process_time() - start


@lru_cache(maxsize=1)
def fastest_beat() -> float:
    """Return the shortest of a thousand beats, over some seconds, in seconds."""
    return min(beat() for _ in range(1000))
