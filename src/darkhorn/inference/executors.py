"""Who computes the tasks of a scan: this process, processes of this machine, or a Dask cluster.

An executor takes a function and tasks and yields results as they come, in any order. The function is pure, so results
do not depend on who computes them.
"""

import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from importlib import import_module
from typing import Final, TypeVar

from darkhorn.core.errors import DarkhornError, ScenarioError

Task = TypeVar("Task")
Result = TypeVar("Result")
Executor = Callable[[Callable[[Task], Result], Sequence[Task]], Iterator[Result]]

ATTEMPTS: Final = 3
"""How often a pool whose processes die is started before the scan gives up."""
CONNECT_S: Final = 20
"""Seconds to wait for a scheduler."""


def in_process(work: Callable[[Task], Result], tasks: Sequence[Task]) -> Iterator[Result]:
    """Yield results one after the other, computed here."""
    for task in tasks:
        yield work(task)


def available_cores() -> int:
    """Return the number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def local_processes(work: Callable[[Task], Result], tasks: Sequence[Task], workers: int) -> Iterator[Result]:
    """Yield results as processes of this machine finish them.

    Parameters
    ----------
    work : callable
        Can be pickled.
    tasks : sequence
        Can be pickled.
    workers : int
        Processes, >= 1.

    Raises
    ------
    DarkhornError
        When processes die again and again, for instance for lack of memory; all results so far have been yielded.
    """
    from multiprocessing import get_context

    left = dict(enumerate(tasks))
    for _ in range(ATTEMPTS):
        context = get_context("spawn")
        pool = ProcessPoolExecutor(min(workers, max(len(left), 1)), context, initializer=_start_worker)
        futures = {pool.submit(work, task): number for number, task in left.items()}
        try:
            for future in as_completed(futures):
                result = future.result()
                del left[futures.pop(future)]
                yield result
        except BrokenProcessPool:
            pool.shutdown(wait=False, cancel_futures=True)
            continue
        except BaseException:
            _stop(pool)
            raise
        pool.shutdown()
        return
    raise DarkhornError(
        f"processes of the scan died {ATTEMPTS} times (out of memory?): finished points are kept; go on with --resume "
        "and fewer --workers"
    )


def _start_worker() -> None:
    """Let Ctrl-C go to the parent process alone, which stops the others; end when it has been killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_follow_parent, daemon=True).start()


def _follow_parent() -> None:
    """Wait for the end of the parent process and end this one: a worker without tasks would wait for ever."""
    from multiprocessing import parent_process
    from multiprocessing.connection import wait

    parent = parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


def _stop(pool: ProcessPoolExecutor) -> None:
    """End the processes of a pool now; what they are computing is lost."""
    processes = list((getattr(pool, "_processes", None) or {}).values())
    pool.shutdown(wait=False, cancel_futures=True)
    for process in processes:
        process.terminate()


def dask_cluster(work: Callable[[Task], Result], tasks: Sequence[Task], address: str) -> Iterator[Result]:
    """Yield results as the workers of a Dask cluster finish them; tasks of a worker that is lost go to another.

    Parameters
    ----------
    work : callable
        Can be pickled; darkhorn is installed where the workers run.
    tasks : sequence
        Can be pickled.
    address : str
        Of the scheduler, for instance ``tcp://10.0.0.5:8786``, or the path of a scheduler file (``.json``).

    Raises
    ------
    ScenarioError
        When Dask is not installed or no scheduler answers.
    DarkhornError
        When a task was lost with several workers; all results so far have been yielded.
    """
    try:
        distributed, scheduling = import_module("distributed"), import_module("distributed.scheduler")
    except ImportError as error:
        raise ScenarioError("--scheduler needs Dask: pip install 'darkhorn[scan]'") from error
    try:
        where = {"scheduler_file": address} if address.endswith(".json") else {"address": address}
        client = distributed.Client(**where, timeout=CONNECT_S, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ScenarioError(f"--scheduler {address}: no scheduler answers there ({reason})") from error
    with client:
        futures = client.map(work, tasks, pure=False, retries=ATTEMPTS)
        try:
            for future in distributed.as_completed(futures, loop=client.loop):
                yield future.result()
                future.release()
        except scheduling.KilledWorker as error:
            raise DarkhornError(
                f"--scheduler {address}: workers died with the same points several times; finished points are kept, "
                "go on with --resume"
            ) from error
        finally:
            client.cancel(futures)
