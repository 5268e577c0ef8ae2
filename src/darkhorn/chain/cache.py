"""Decaying mesons kept on disk: they take most of the time and know nothing of new physics.

An entry is keyed by everything that enters it: the sampler with its beam line, source, physics switches and grid,
the points themselves, the package version and the code of the rooms that make mesons. An entry carries a checksum
of its numbers; one that does not match is made again. Entries are written whole or not at all, so processes may
share the directory. The oldest ones go when the directory grows beyond its limit.

``DARKHORN_CACHE`` names another directory, or ``off`` for none.
"""

import hashlib
import os
import zlib
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any, Final
from zipfile import BadZipFile

import numpy as np

import darkhorn
from darkhorn.core.errors import OutputError
from darkhorn.core.rays import Floats, Rays
from darkhorn.io.atomic import write_bytes_atomic

LIMIT: Final = 2**30
"""Bytes that the directory may hold."""

_ROOMS: Final = ("core", "physics", "beam", "chain/parents.py", "chain/universes.py")
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
def code_fingerprint() -> str:
    """Return a digest of the version and of the code that makes mesons."""
    root = Path(darkhorn.__file__).parent
    digest = hashlib.sha256(darkhorn.__version__.encode())
    for room in _ROOMS:
        place = root / room
        for path in sorted(place.rglob("*.py")) if place.is_dir() else [place]:
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
    folder = cache_dir()
    if folder is None:
        rays: Rays = sampler.sample(points, threads)
        return rays
    try:
        text = f"{code_fingerprint()}|{fingerprint(sampler)}|{fingerprint(points)}"
    except TypeError:
        unkept: Rays = sampler.sample(points, threads)
        return unkept
    path = folder / f"{hashlib.sha256(text.encode()).hexdigest()}.npz"
    kept = _read(path)
    if kept is not None:
        return kept
    made: Rays = sampler.sample(points, threads)
    _write(path, made)
    return made


def _checksum(rays: Rays) -> str:
    digest = hashlib.sha256()
    for name in _NAMES:
        digest.update(np.ascontiguousarray(getattr(rays, name)).tobytes())
    return digest.hexdigest()


def _read(path: Path) -> Rays | None:
    """Return the rays of an entry; None when it is absent or its numbers do not match their checksum."""
    try:
        with np.load(BytesIO(path.read_bytes()), allow_pickle=False) as entry:
            rays = Rays(*(entry[name] for name in _NAMES))
            whole = str(entry["checksum"]) == _checksum(rays)
    except (OSError, ValueError, KeyError, EOFError, AttributeError, BadZipFile, zlib.error):
        return None
    return rays if whole else None


def _write(path: Path, rays: Rays) -> None:
    """Keep an entry; a cache that cannot be written is no reason to stop."""
    content = BytesIO()
    np.savez(content, checksum=np.array(_checksum(rays)), **{name: getattr(rays, name) for name in _NAMES})
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_bytes_atomic(path, content.getvalue())
        _trim(path.parent)
    except (OSError, OutputError):
        return


def _trim(folder: Path) -> None:
    """Remove the oldest entries until the directory is within its limit."""
    states = [(path.stat(), path) for path in folder.glob("*.npz")]
    excess = sum(state.st_size for state, _ in states) - LIMIT
    for state, path in sorted(states, key=lambda item: item[0].st_mtime):
        if excess <= 0:
            return
        path.unlink(missing_ok=True)
        excess -= state.st_size
