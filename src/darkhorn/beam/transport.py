"""Charged particles through the layers of a beam line: exact drifts, event-driven motion in the horn field."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import ArrayLike

from darkhorn.beam.layer_tables import tables
from darkhorn.beam.layers import Layers
from darkhorn.core.errors import RangeError, require_range
from darkhorn.core.rays import Floats, Ints
from darkhorn.core.units import C
from darkhorn.physics.horn_field import bending_momentum

CHUNK = 2048
"""Particles that one task of the thread pool follows; results do not depend on it."""
TOLERANCE = 1.0e-9
TOLERANCE_PRECISE = 1.0e-15
"""Size of the last Taylor terms kept, relative to the radius."""


class Status(IntEnum):
    """Why a track ended."""

    REACHED_END = 0
    HIT_WALL = 1
    PATH_LIMIT = 2
    LEFT_BACKWARD = 3
    STEP_LIMIT = 4
    AT_REST = 5
    CLOCK_LIMIT = 6
    STOPPED = 7


@dataclass(frozen=True)
class Tracks:
    """N particles where their tracks ended.

    Attributes
    ----------
    x, p : (N, 4) float
        Time in ns and place in m; energy and momentum in MeV.
    path : (N,) float
        Length of the track in m.
    path_in : (N, M) float
        Length in m in each of the M materials of the layers; the sum is ``path``.
    field_path : (N,) float
        Length in m inside the field region, whatever the current.
    crossings : (N,) int
        How often the track crossed an inner or outer radius of the field region (its end planes do not count).
    status : (N,) int
        :class:`Status`.
    """

    x: Floats
    p: Floats
    path: Floats
    path_in: Floats
    field_path: Floats
    crossings: Ints
    status: Ints


def checked(layers: Layers, x: Floats, p: Floats, k: Floats) -> tuple[Floats, Floats]:
    """Return x and p as (N, 4) arrays, or say what is wrong with them."""
    x, p = np.array(x, dtype=float, ndmin=2), np.array(p, dtype=float, ndmin=2)
    if x.shape != p.shape or x.shape[1:] != (4,):
        raise RangeError(f"transport: x and p have shapes {x.shape} and {p.shape}; allowed: both (N, 4)")
    require_range("x", x, unit="ns or m")
    require_range("p", p, unit="MeV")
    on_axis = (x[:, 1] == 0.0) & (x[:, 2] == 0.0) & (k != 0.0)
    on_axis &= (x[:, 3] >= layers.z[0]) & (x[:, 3] <= layers.z[-1])
    if on_axis.any() and layers.field_at(x[on_axis, 3], np.zeros(int(on_axis.sum()))).any():
        raise RangeError("distance from the axis = 0 m inside the field, where it is infinite; allowed: > 0 m")
    return x, p


def in_chunks(work: Callable[[slice], None], n: int, threads: int) -> None:
    """Do the work on slices of fixed size that cover n particles, with so many threads, >= 1."""
    require_range("threads", threads, 1)
    parts = [slice(start, min(start + CHUNK, n)) for start in range(0, n, CHUNK)]
    if threads == 1:
        for part in parts:
            work(part)
    else:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(work, parts))


def limit_of(key: str, value: ArrayLike | None, n: int, unit: str) -> Floats:
    """Return a limit for each of n particles, infinite where there is none."""
    limit = np.broadcast_to(np.asarray(np.inf if value is None else value, dtype=float), (n,))
    require_range(key, np.where(limit == np.inf, 0.0, limit), 0.0, unit=unit)
    return limit


def transport(
    layers: Layers,
    x: Floats,
    p: Floats,
    charge: ArrayLike,
    current: ArrayLike,
    *,
    path_limit: ArrayLike | None = None,
    z_end: ArrayLike | None = None,
    threads: int = 1,
    precise: bool = False,
) -> Tracks:
    """Follow particles until they reach the end plane, a wall or a given path.

    Parameters
    ----------
    layers : Layers
        Geometry; see :func:`darkhorn.beam.layers.compile_layers`.
    x, p : (N, 4) float
        Start: t, x, y, z in ns and m; E, px, py, pz in MeV. A particle on a plane between slabs starts in the slab
        that it moves into; one in front of the first plane counts as having left backward.
    charge : array_like
        Charge in e, scalar or (N,); 0 goes straight.
    current : array_like
        Horn current in A, scalar or (N,), positive to focus positive particles.
    path_limit : array_like, optional
        Path in m, >= 0, scalar or (N,), at which a particle stops exactly (``inf``: never).
    z_end : array_like, optional
        End plane in m, scalar or (N,); the last plane of the layers by default.
    threads : int
        Threads that share the work, >= 1; the result is the same for any number.
    precise : bool
        Follow the field to rounding (1e-15) instead of 1e-9 per step; ends of tracks then agree to 1e-11 m with a slow
        reference, otherwise typically to 1e-10 m.

    Returns
    -------
    Tracks
        Ends of the tracks in the order of the start.

    Raises
    ------
    RangeError
        For arrays of the wrong shape, numbers that are not finite, a negative path limit, an unphysical momentum,
        no thread, or a charged particle that starts on the axis inside the field.

    Notes
    -----
    |p| is constant (no energy loss). A particle at rest keeps its place with status ``AT_REST``; a track that
    exceeds the guard on steps ends where it is with status ``STEP_LIMIT``.
    """
    from darkhorn.beam import _field_kernel, _track_kernel

    n = len(np.atleast_2d(np.asarray(x)))
    k = np.broadcast_to(bending_momentum(charge, current), (n,))
    x, p = checked(layers, x, p, k)
    limit = limit_of("path_limit", path_limit, n, "m")
    stop = np.broadcast_to(np.asarray(layers.z[-1] if z_end is None else z_end, dtype=float), (n,))
    require_range("z_end", stop, float(layers.z[0]), float(layers.z[-1]), "m")
    momentum = np.sqrt((p[:, 1:] ** 2).sum(axis=1))
    require_range("energy - momentum", p[:, 0] - momentum * (1.0 - 1e-9), 0.0, unit="MeV")
    moving = np.where(momentum > 0.0, momentum, 1.0)
    place, direction = x[:, 1:].copy(), p[:, 1:] / moving[:, None]
    geometry, tol = tables(layers), TOLERANCE_PRECISE if precise else TOLERANCE
    k, limit, stop = k / moving, limit.copy(), stop.copy()
    path, field_path, path_in = np.zeros(n), np.zeros(n), np.zeros((n, len(layers.materials)))
    crossings, status = np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int64)
    arrays = (path, field_path, path_in, crossings, status)

    def follow(part: slice) -> None:
        starts = (array[part] for array in (place, direction, k, limit, stop))
        rooms = (np.zeros(_field_kernel.WORK), np.zeros(6), np.zeros(3, dtype=np.int64))
        _track_kernel.track_all(*geometry, *starts, tol, *rooms, *(array[part] for array in arrays))

    in_chunks(follow, n, threads)
    beta = np.where(momentum > 0.0, momentum, 1.0) / np.where(momentum > 0.0, p[:, 0], 1.0)
    end_x = np.column_stack([x[:, 0] + path / (beta * C), place])
    end_p = np.column_stack([p[:, 0], direction * momentum[:, None]])
    return Tracks(end_x, end_p, path, path_in, field_path, crossings, status)
