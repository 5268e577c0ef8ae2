"""Decaying mesons kept on disk: they take most of the time and know nothing of new physics. So do pictures of a beam.

An entry is keyed by everything that enters it: the sampler with its beam line, source, physics switches and grid,
the points themselves, the package version and the code of the rooms that make mesons. An entry carries a checksum
of its numbers; one that does not match is made again. Entries are written whole or not at all, so processes may
share the directory. The oldest ones go when the directory grows beyond its limit; files whose names begin with a dot
are still being written, and go only when they are an hour old.

``DARKHORN_CACHE`` names another directory, or ``off`` for none.
"""

import hashlib
import os
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import fields, is_dataclass
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any, Final
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

import darkhorn
from darkhorn.core.errors import OutputError
from darkhorn.core.rays import Floats, Rays
from darkhorn.io.atomic import write_bytes_atomic

Arrays = dict[str, NDArray[Any]]
"""Arrays by name."""
LIMIT: Final = 2**30
"""Bytes that the directory may hold."""
ABANDONED: Final = 3600.0
"""Age in s at which an unfinished file belongs to no process any more."""

_SUFFIXES: Final = (".py", ".toml", ".csv")
_ROOMS: Final = ("core", "physics", "beam", "chain/dump_parents.py", "chain/parents.py", "chain/universes.py")
_NAMES: Final = ("pdgid", "x", "p", "weight", "parent")


def cache_dir() -> Path | None:
    """Return the directory of the cache, or None where ``DARKHORN_CACHE`` is ``off``."""
    chosen = os.environ.get("DARKHORN_CACHE", "")
    if chosen == "off":
        return None
    if chosen:
        return Path(chosen)
    from platformdirs import user_cache_dir

    return Path(user_cache_dir("darkhorn")) / "parents"


def fingerprint(value: Any) -> str:
    """Return a text that is the same for equal inputs in every process: dataclasses, arrays, functions, numbers.

    A function made inside another counts with what it has kept from there.

    Raises
    ------
    TypeError
        For an object whose content it cannot see.
    """
    if is_dataclass(value) and not isinstance(value, type):
        inside = ",".join(f"{item.name}={fingerprint(getattr(value, item.name))}" for item in fields(value))
        return f"{type(value).__qualname__}({inside})"
    if isinstance(value, np.ndarray):
        return f"array{value.shape}{hashlib.sha256(np.ascontiguousarray(value).tobytes()).hexdigest()}"
    if isinstance(value, Mapping):
        inside = ",".join(sorted(f"{fingerprint(key)}:{fingerprint(item)}" for key, item in value.items()))
        return f"{{{inside}}}"
    if isinstance(value, tuple | list):
        return f"({','.join(fingerprint(item) for item in value)})"
    if value is None or isinstance(value, str | bool | int | float | np.generic):
        return repr(value)
    if hasattr(value, "__qualname__") and "<lambda>" not in value.__qualname__:
        name = f"{value.__module__}.{value.__qualname__}"
        if "<locals>" not in name:
            return name
        held = ",".join(fingerprint(cell.cell_contents) for cell in getattr(value, "__closure__", None) or ())
        return f"{name}({held})"
    raise TypeError(f"{type(value).__name__}: no fingerprint")


@cache
def code_fingerprint(rooms: tuple[str, ...] = _ROOMS) -> str:
    """Return a digest of the version, and of the code and tables of some rooms: those that make mesons; () for all."""
    root = Path(darkhorn.__file__).parent
    digest = hashlib.sha256(darkhorn.__version__.encode())
    for place in (root / room for room in rooms or (".",)):
        for path in sorted(place.rglob("*")) if place.is_dir() else [place]:
            if path.suffix in _SUFFIXES:
                digest.update(path.read_bytes())
    return digest.hexdigest()


def recall(sampler: Any, points: Floats, threads: int = 1) -> Rays:
    """Return ``sampler.sample(points, threads)``, from the cache where it is there, else made and kept.

    Parameters
    ----------
    sampler : Parents
        Anything that samples decaying mesons; one without a fingerprint is sampled and not kept.
    points : (N, len(Axis)) float
        Points of the unit cube.
    threads : int
        Threads of the sampling; no part of the key.
    """
    if cache_dir() is None:
        rays: Rays = sampler.sample(points, threads)
        return rays
    try:
        key = f"{code_fingerprint()}|{fingerprint(sampler)}|{fingerprint(points)}"
    except TypeError:
        unkept: Rays = sampler.sample(points, threads)
        return unkept
    return Rays(**remembered(key, lambda: _columns(sampler.sample(points, threads))))


def remembered(key: str, make: Callable[[], Arrays]) -> Arrays:
    """Return arrays by name, from the cache where it has them under a key, else made and kept.

    Parameters
    ----------
    key : str
        Everything that enters them; its digest is the name of the entry.
    make : callable
        Returns them; no name is ``checksum``.
    """
    folder = cache_dir()
    if folder is None:
        return make()
    path = folder / f"{hashlib.sha256(key.encode()).hexdigest()}.npz"
    kept = _read(path)
    if kept is not None:
        return kept
    made = make()
    _write(path, made)
    return made


def _columns(rays: Rays) -> Arrays:
    return {name: getattr(rays, name) for name in _NAMES}


def _checksum(arrays: Arrays) -> str:
    digest = hashlib.sha256()
    for array in arrays.values():
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def _read(path: Path) -> Arrays | None:
    """Return the arrays of an entry; None when it is absent or its numbers do not match their checksum."""
    try:
        with np.load(BytesIO(path.read_bytes()), allow_pickle=False) as entry:
            arrays = {name: entry[name] for name in entry.files if name != "checksum"}
            whole = str(entry["checksum"]) == _checksum(arrays)
    except (OSError, ValueError, KeyError, EOFError, AttributeError, BadZipFile, zlib.error):
        return None
    return arrays if whole else None


def _write(path: Path, arrays: Arrays) -> None:
    """Keep an entry; a cache that cannot be written is no reason to stop."""
    content = BytesIO()
    named: dict[str, Any] = {"checksum": np.array(_checksum(arrays)), **arrays}
    np.savez(content, **named)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_bytes_atomic(path, content.getvalue())
        _trim(path.parent)
    except (OSError, OutputError):
        return


def entries(folder: Path) -> list[tuple[Path, os.stat_result]]:
    """Return the whole entries of a directory with their states, the oldest first; none where there is no directory."""
    return sorted(_states(folder, hidden=False), key=lambda item: (item[1].st_mtime, item[0].name))


def clear(folder: Path) -> int:
    """Remove every entry, and files that nobody has finished within an hour; return the bytes that this frees."""
    return sum(_remove(path, state) for path, state in [*entries(folder), *_abandoned(folder)])


def _states(folder: Path, *, hidden: bool) -> Iterator[tuple[Path, os.stat_result]]:
    """Yield files of a directory: whole entries, or those with a dot, which a process is still writing."""
    for path in folder.glob("*.npz"):
        if path.name.startswith(".") == hidden:
            with suppress(OSError):
                yield path, path.stat()


def _abandoned(folder: Path) -> list[tuple[Path, os.stat_result]]:
    """Return unfinished files that are too old for any process to be still writing them."""
    latest = time.time() - ABANDONED
    return [(path, state) for path, state in _states(folder, hidden=True) if state.st_mtime < latest]


def _remove(path: Path, state: os.stat_result) -> int:
    """Remove a file and return its bytes; 0 where another process was faster."""
    try:
        path.unlink()
    except OSError:
        return 0
    return state.st_size


def _trim(folder: Path) -> None:
    """Remove abandoned files, and the oldest entries until the directory is within its limit."""
    for path, state in _abandoned(folder):
        _remove(path, state)
    found = entries(folder)
    excess = sum(state.st_size for _, state in found) - LIMIT
    for path, state in found:
        if excess <= 0:
            return
        _remove(path, state)
        excess -= state.st_size
