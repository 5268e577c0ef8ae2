"""Whole processes: import, the main job cold and warm, its memory."""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

_MEMORY = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def import_seconds(repeats: int = 5) -> float:
    """Return the wall time of ``import darkhorn`` beyond that of ``import numpy``, of fresh processes, s."""
    return _python("import numpy, darkhorn", repeats) - _python("import numpy", repeats)


def loaded_by_import() -> tuple[str, ...]:
    """Return which of scipy, numba and matplotlib ``import darkhorn`` loads: none."""
    code = "import sys, darkhorn; print(*{'scipy', 'numba', 'matplotlib'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return tuple(sorted(done.stdout.split()))


def main_job(repeats: int = 5) -> dict[str, float]:
    """Return wall seconds of ``darkhorn run miniboone``, and its peak memory.

    Returns
    -------
    dict of str to float
        ``cold`` (no compiled code, no mesons), ``warm`` (both there; median), ``peak_megabytes`` of the warm one.
    """
    with tempfile.TemporaryDirectory() as folder:
        places = {name: str(Path(folder, name)) for name in ("compiled", "mesons", "out")}
        environment = {**os.environ, "NUMBA_CACHE_DIR": places["compiled"], "DARKHORN_CACHE": places["mesons"]}
        command = [sys.executable, "-m", "darkhorn", "run", "miniboone", "--quiet", "--out", places["out"]]
        cold = _wall(command, environment)
        warm = median(_wall(command, environment) for _ in range(repeats))
        measured = subprocess.run(
            [sys.executable, "-c", _MEMORY, *command], env=environment, capture_output=True, text=True, check=True
        )
    return {"cold": cold, "warm": warm, "peak_megabytes": float(measured.stdout) / 1024.0}


def _python(code: str, repeats: int) -> float:
    return median(_wall([sys.executable, "-c", code], dict(os.environ)) for _ in range(repeats))


def _wall(command: list[str], environment: dict[str, Any]) -> float:
    start = time.perf_counter()
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - start
