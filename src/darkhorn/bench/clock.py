"""CPU time: what a busy machine changes least; and how steady the machine is."""

import time
from collections.abc import Callable
from statistics import median
from typing import Any

import numpy as np

_NUMBERS = np.linspace(0.0, 1.0, 8192)


def cpu_seconds(run: Callable[[], Any], repeats: int = 5) -> float:
    """Return the median CPU time of a call in seconds, all threads together.

    Parameters
    ----------
    run : callable
        What is measured; called once before, so that nothing is compiled or imported during the measurement.
    repeats : int
        Calls that count, at least 1.
    """
    run()
    taken = []
    for _ in range(repeats):
        start = time.process_time()
        run()
        taken.append(time.process_time() - start)
    return median(taken)


def wall_seconds(run: Callable[[], Any], repeats: int = 5) -> float:
    """Return the median wall time of a call in seconds; as :func:`cpu_seconds` otherwise."""
    run()
    taken = []
    for _ in range(repeats):
        start = time.perf_counter()
        run()
        taken.append(time.perf_counter() - start)
    return median(taken)


def beats(number: int = 100) -> list[float]:
    """Return the CPU time of each of many runs of one fixed loop of array code, about 3 ms, in seconds.

    On a machine of one's own they are alike. On a core that is shared with others some take up to twice as long, and so
    does everything else that is measured then.

    Parameters
    ----------
    number : int
        Runs, at least 1.
    """
    taken = []
    for _ in range(number):
        start = time.process_time()
        for _ in range(30):
            np.sin(np.exp(_NUMBERS))
        taken.append(time.process_time() - start)
    return taken
