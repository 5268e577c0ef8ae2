"""Event generators run in a process of their own: JSON in, plain arrays (NPZ) out, nothing unpickled.

A generator may end the process, keeps global state and writes files where it stands; none of this reaches the
caller. The worker module is run as ``python -m MODULE request.json arrays.npz result.npz`` in an empty directory that
is removed afterwards.
"""

import json
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from darkhorn.core.errors import DarkhornError, require_range

_TAIL = 1500


class WorkerError(DarkhornError, RuntimeError):
    """An event generator in its own process failed or took too long."""


def run_worker(
    module: str,
    request: Mapping[str, Any],
    arrays: Mapping[str, NDArray[Any]] | None = None,
    *,
    timeout: float,
    environment: Mapping[str, str] | None = None,
) -> dict[str, NDArray[Any]]:
    """Run a worker module and return the arrays that it wrote.

    Parameters
    ----------
    module : str
        Dotted name, run with the interpreter of the caller.
    request : mapping
        Settings, written as JSON.
    arrays : mapping of str to array, optional
        Input arrays, written as NPZ.
    timeout : float
        Seconds, > 0, after which the process is ended.
    environment : mapping, optional
        Variables set for the worker only, on top of those of the caller.

    Returns
    -------
    dict of str to array
        What the worker saved.

    Raises
    ------
    WorkerError
        When the worker ends with an error (with the end of what it printed), writes no result, or takes too long.
    RangeError
        For a timeout that is not positive.
    """
    require_range("timeout", timeout, 0.0, unit="s", open_low=True)
    with tempfile.TemporaryDirectory(prefix="darkhorn-") as folder:
        place = Path(folder)
        (place / "request.json").write_text(json.dumps(dict(request)), encoding="utf-8")
        content: dict[str, Any] = dict(arrays or {})
        np.savez(place / "arrays.npz", **content)
        command = [sys.executable, "-m", module, "request.json", "arrays.npz", "result.npz"]
        try:
            done = subprocess.run(
                command,
                cwd=place,
                env={**os.environ, **(environment or {})},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=timeout,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise WorkerError(f"{module}: no result after {timeout:g} s; ask for fewer events or more time") from error
        said = done.stdout.decode("utf-8", "replace")[-_TAIL:].strip()
        if done.returncode:
            raise WorkerError(f"{module}: ended with code {done.returncode}. It said: {said}")
        try:
            with np.load(place / "result.npz", allow_pickle=False) as result:
                return {name: result[name] for name in result.files}
        except (OSError, ValueError, zipfile.BadZipFile) as error:
            raise WorkerError(f"{module}: wrote no readable result. It said: {said}") from error


def worker_files() -> tuple[dict[str, Any], dict[str, NDArray[Any]], Path]:
    """Return, inside a worker, the request, the input arrays and where the result belongs."""
    request, arrays, result = (Path(name) for name in sys.argv[1:4])
    with np.load(arrays, allow_pickle=False) as archive:
        content = {name: archive[name] for name in archive.files}
    return json.loads(request.read_text(encoding="utf-8")), content, result
