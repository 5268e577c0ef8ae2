"""CPU time: what a busy machine changes least."""

import time
from collections.abc import Callable
from statistics import median
from typing import Any


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
