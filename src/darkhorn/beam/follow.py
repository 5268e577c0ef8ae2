"""Hadrons through matter and field: loss, scattering and decay clocks on the way, as one reproducible history each."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from darkhorn.beam.layers import Layers
from darkhorn.beam.passage_tables import Passage
from darkhorn.beam.transport import checked, chunks, tables
from darkhorn.core.errors import RangeError, require_range
from darkhorn.core.rays import Floats, Ints
from darkhorn.core.species import charge
from darkhorn.physics.horn_field import bending_momentum

TOLERANCE = 1.0e-6
"""Size of the last Taylor terms kept in the open field, relative to the radius."""


@dataclass(frozen=True)
class Histories:
    """N particles where their histories ended.

    Attributes
    ----------
    x, p : (N, 4) float
        Time in ns and place in m; energy and momentum in MeV.
    path : (N,) float
        Length in m.
    clock : (N,) float
        Proper time in ns.
    depth : (N,) float
        Optical depth of absorption, sum of path over mean free path: exp(-depth) survive.
    status : (N,) int
        :class:`darkhorn.beam.transport.Status`.
    """

    x: Floats
    p: Floats
    path: Floats
    clock: Floats
    depth: Floats
    status: Ints


def follow(
    layers: Layers,
    x: Floats,
    p: Floats,
    passage: Passage,
    current: float,
    *,
    words: NDArray[np.uint64],
    clock_limit: ArrayLike | None = None,
    depth_limit: ArrayLike | None = None,
    z_end: ArrayLike | None = None,
    threads: int = 1,
) -> Histories:
    """Follow particles of one species through the layers until an end plane, a wall, a stop or a limit.

    Absorption is not drawn: its optical depth is counted. Scattering is drawn and followed.

    Parameters
    ----------
    layers : Layers
        Geometry; see :func:`darkhorn.beam.layers.compile_layers`.
    x, p : (N, 4) float
        Start: t, x, y, z in ns and m; E, px, py, pz in MeV.
    passage : Passage
        What the species meets in the media of these layers.
    current : float
        Horn current in A, positive to focus positive particles.
    words : (N,) uint64
        What decides a history; see :func:`darkhorn.core.points.words`. The same word gives the same history up to
        where a limit cuts it.
    clock_limit : array_like, optional
        Proper time in ns, >= 0, scalar or (N,), at which a particle stops exactly.
    depth_limit : array_like, optional
        Optical depth of absorption, >= 0, scalar or (N,), at which a particle stops exactly.
    z_end : array_like, optional
        End plane in m, scalar or (N,); the last plane of the layers by default.
    threads : int
        Threads that share the work, >= 1; the result is the same for any number.

    Returns
    -------
    Histories
        Ends in the order of the start. Status ``CLOCK_LIMIT`` where a limit ended it, ``STOPPED`` where the kinetic
        energy fell below 1 MeV.

    Raises
    ------
    RangeError
        For arrays of the wrong shape, numbers that are not finite, a negative limit, an unphysical momentum, no
        thread, or a charged particle that starts on the axis inside the field.

    Notes
    -----
    Loss is the mean, without straggling. Highland's formula counts the thickness of a medium from where it was
    entered. Matter acts once a step, at a random place of it, which gives displacement and angle their joint moments;
    gas acts where it has been crossed for 0.005 radiation lengths or is left.
    """
    from darkhorn.beam import _kernel, _matter_kernel

    require_range("threads", threads, 1)
    n = len(np.atleast_2d(np.asarray(x)))
    bending = float(bending_momentum(charge(passage.species), current))
    x, p = checked(layers, x, p, np.full(n, bending))
    if np.shape(words) != (n,):
        raise RangeError(f"words have shape {np.shape(words)}; allowed: ({n},), one a particle")
    momentum = np.sqrt((p[:, 1:] ** 2).sum(axis=1))
    place, direction = x[:, 1:].copy(), p[:, 1:] / np.where(momentum > 0.0, momentum, 1.0)[:, None]
    limits = np.column_stack(
        [
            _limit("clock_limit", clock_limit, n, "ns"),
            _limit("depth_limit", depth_limit, n, ""),
            np.broadcast_to(np.asarray(layers.z[-1] if z_end is None else z_end, dtype=float), (n,)),
            np.full(n, TOLERANCE),
        ]
    )
    require_range("z_end", limits[:, 2], float(layers.z[0]), float(layers.z[-1]), "m")
    constants = np.concatenate([[bending], passage.constants])
    grid = np.array([passage.log_p[0], 1.0 / (passage.log_p[1] - passage.log_p[0])])
    media = (passage.rates, passage.slopes, grid, passage.media, constants)
    words = np.array(words, dtype=np.uint64)
    geometry, result, status = tables(layers), np.zeros((n, 10)), np.zeros(n, dtype=np.int64)
    result[:, 0], result[:, 1] = momentum, np.hypot(momentum, constants[1])

    def part(rows: slice) -> None:
        arrays = (limits[rows], place[rows], direction[rows], words[rows], result[rows], status[rows])
        scratch = (np.zeros((10, _kernel.ORDER + 1)), np.zeros(3, dtype=np.int64))
        _matter_kernel.follow_all(*geometry, *media, *arrays, *scratch)

    if threads == 1:
        for rows in chunks(n):
            part(rows)
    else:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(part, chunks(n)))
    end_x = np.column_stack([x[:, 0] + result[:, 5], place])
    end_p = np.column_stack([result[:, 1], direction * result[:, :1]])
    path, clock, depth = (result[:, column].copy() for column in (4, 2, 3))
    return Histories(end_x, end_p, path, clock, depth, status)


def _limit(key: str, value: ArrayLike | None, n: int, unit: str) -> Floats:
    """Return a limit for each of n particles, infinite where there is none."""
    limit = np.broadcast_to(np.asarray(np.inf if value is None else value, dtype=float), (n,))
    require_range(key, np.where(limit == np.inf, 0.0, limit), 0.0, unit=unit)
    return limit
