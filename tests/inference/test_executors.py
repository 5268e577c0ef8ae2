"""Executors: the same results whoever computes; what becomes of processes that die."""

import os
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from darkhorn.core.errors import DarkhornError, ScenarioError
from darkhorn.inference.executors import available_cores, dask_cluster, in_process, local_processes


def square(task: int) -> int:
    return task * task


def die_once(folder: Path, task: int) -> int:
    """Kill the process that computes task 3, the first time."""
    mark = folder / "died"
    if task == 3 and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return task * task


def always_die(task: int) -> int:
    os.kill(os.getpid(), signal.SIGKILL)
    return task


def fail(task: int) -> int:
    raise ScenarioError(f"task {task}")


def test_here_and_in_processes() -> None:
    assert list(in_process(square, range(6))) == [k * k for k in range(6)]
    assert sorted(local_processes(square, range(6), 2)) == [k * k for k in range(6)]
    assert list(local_processes(square, [], 2)) == []
    assert available_cores() >= 1


def test_a_process_that_dies_is_replaced(tmp_path: Path) -> None:
    assert sorted(local_processes(partial(die_once, tmp_path), range(6), 2)) == [k * k for k in range(6)]
    assert (tmp_path / "died").exists()


def test_processes_that_always_die_end_with_a_message() -> None:
    with pytest.raises(DarkhornError, match="finished points are kept"):
        list(local_processes(always_die, range(2), 2))


def test_an_error_of_the_work_comes_through() -> None:
    with pytest.raises(ScenarioError, match="task 1"):
        list(local_processes(fail, [1], 1))


def test_no_scheduler_and_no_dask(monkeypatch: pytest.MonkeyPatch) -> None:
    import darkhorn.inference.executors as module

    def missing(name: str) -> None:
        raise ImportError(name)

    with monkeypatch.context() as patch:
        patch.setattr(module, "import_module", missing)
        with pytest.raises(ScenarioError, match=r"darkhorn\[scan\]"):
            list(dask_cluster(square, [1], "tcp://127.0.0.1:1"))


ORPHANS = """
from time import sleep
from darkhorn.inference.executors import local_processes
for _ in local_processes(sleep, [600.0, 0.0, 0.0], 2):
    print("ready", flush=True)
"""


def test_no_worker_outlives_a_parent_that_was_killed() -> None:
    """A worker at its task and one without any: both hold the pipe, which ends when both have."""
    parent = subprocess.Popen([sys.executable, "-c", ORPHANS], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    assert parent.stdout.readline() == "ready\n"
    assert parent.stdout.readline() == "ready\n"
    parent.kill()
    assert parent.communicate(timeout=60.0)[0] == ""
