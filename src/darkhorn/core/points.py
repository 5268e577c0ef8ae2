"""Points of the unit cube: the only place where random numbers are drawn.

One point is one history, from the proton to the smeared photon; :class:`Axis` says
which coordinate decides what. A replicate is an independent scramble of a Sobol'
sequence (or an independent pseudo-random stream): the spread of a result over
replicates is its error. A replicate depends on the seed and on its own number
only, never on how many workers share the work.
"""

from collections.abc import Sequence
from enum import IntEnum
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from darkhorn.core.errors import RangeError, require_range
from darkhorn.core.rays import Floats
from darkhorn.core.sobol import BITS, Scramble, bits_of, points_of, scramble


class Axis(IntEnum):
    """What each coordinate of a point decides, in the order of the chain."""

    SPOT_X = 0
    SPOT_Y = 1
    DEPTH = 2
    MOMENTUM = 3
    THETA = 4
    PHI = 5
    DECAY = 6
    ENERGY = 7
    AIM_COS = 8
    AIM_PHI = 9
    Q_SQ = 10
    PHOTON_PHI = 11
    SMEAR_ENERGY = 12
    SMEAR_COS = 13
    SMEAR_PHI = 14
    SCATTER = 15
    FIRST_MOMENTUM = 16
    FIRST_THETA = 17
    FIRST_PHI = 18
    FIRST_DEPTH = 19
    VERTEX = 20
    SECOND_VERTEX = 21
    PAIR_MASS = 22
    PAIR_COS = 23
    PAIR_PHI = 24
    LEPTON_COS = 25
    LEPTON_PHI = 26
    CHOICE = 27


OF_MESONS = frozenset(
    {
        *(Axis.SPOT_X, Axis.SPOT_Y, Axis.DEPTH, Axis.MOMENTUM, Axis.THETA, Axis.PHI, Axis.DECAY, Axis.SCATTER),
        *(Axis.FIRST_MOMENTUM, Axis.FIRST_THETA, Axis.FIRST_PHI, Axis.FIRST_DEPTH),
    }
)
"""Coordinates that decide up to the decay of a meson, and nothing behind it.

Each is scrambled independently: the mesons of a set of points do not know what happens to the particles that they send,
whichever meson sends which.
"""


_GOLDEN = 0x9E3779B97F4A7C15


def words(u: Floats, salt: int = 0) -> NDArray[np.uint64]:
    """Return one 64-bit word a number: the seed of whatever a single coordinate has to decide by many draws.

    Parameters
    ----------
    u : (N,) float
        A coordinate in (0, 1), usually ``Axis.SCATTER``; different numbers give unrelated words.
    salt : int
        Which of several uses of the same coordinate, >= 0.

    Returns
    -------
    (N,) uint64

    Notes
    -----
    Source: the output function of splitmix64, G. L. Steele et al., OOPSLA 2014, applied to the bits of the number.
    """
    start = np.uint64((salt + 1) * _GOLDEN % 2**64)
    z = np.ascontiguousarray(u, dtype=np.float64).view(np.uint64) + start
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed: NDArray[np.uint64] = z ^ (z >> np.uint64(31))
    return mixed


def unit_points(n: int, *, seed: int, stream: tuple[int, ...] = (), kind: str = "sobol", start: int = 0) -> Floats:
    """Return ``n`` points of the unit cube, one column per :class:`Axis`.

    Parameters
    ----------
    n : int
        Number of points; a power of two for ``sobol``.
    seed : int
        Seed of the whole calculation, >= 0.
    stream : tuple of int
        Which independent set: for instance (species, replicate).
    kind : str
        ``sobol`` (scrambled Sobol') or ``random`` (PCG64DXSM).
    start : int
        Number of the first point, a multiple of n: sets that follow each other make one of twice the size.

    Returns
    -------
    (n, len(Axis)) float
        Strictly inside (0, 1); each coordinate is contiguous in memory.

    Raises
    ------
    RangeError
        For a negative seed, n < 1, an n that is no power of two (``sobol``), a start that is no multiple of n, or an
        unknown kind.

    Notes
    -----
    Scrambling: Matousek's linear matrix scramble with a digital shift (``core/sobol.py``).

    Source: Owen, "Randomly permuted (t,m,s)-nets", 1995; Joe and Kuo, SIAM J. Sci. Comput. 30, 2635 (2008).
    """
    return unit_sets(n, seed=seed, streams=(stream,), kind=kind, start=start)


def unit_sets(
    n: int, *, seed: int, streams: tuple[tuple[int, ...], ...], kind: str = "sobol", start: int = 0
) -> Floats:
    """Return the points of several sets, one after the other: each as :func:`unit_points` makes it.

    Parameters
    ----------
    n, seed, kind, start
        As for :func:`unit_points`.
    streams : tuple of tuple of int
        Which independent sets, at least one.

    Returns
    -------
    (len(streams) n, len(Axis)) float
        Each coordinate is contiguous in memory.

    Raises
    ------
    RangeError
        As :func:`unit_points`.
    """
    require_range("seed", seed, 0)
    require_range("number of points", n, 1)
    require_range("start", start, 0)
    if start % n:
        raise RangeError(f"start = {start}; allowed: a multiple of the number of points, {n}")
    if kind == "random":
        made = np.concatenate([_random(n, seed, stream, start) for stream in streams], axis=1)
        uniform: Floats = np.ascontiguousarray(np.clip(made, 2.0**-54, 1.0 - 2.0**-53)).T
        return uniform
    if kind != "sobol":
        raise RangeError(f"kind of points = '{kind}'; allowed: sobol, random")
    if n & (n - 1):
        raise RangeError(f"number of points = {n} for a Sobol' sequence; allowed: a power of two")
    return (_kept if n * len(streams) <= _MOST_KEPT else _sobol)(n, seed, streams, start)


def joined(sets: Sequence[Floats]) -> Floats:
    """Return sets of points one after the other, each coordinate contiguous in memory."""
    return sets[0] if len(sets) == 1 else np.concatenate([points.T for points in sets], axis=1).T


def _random(n: int, seed: int, stream: tuple[int, ...], start: int) -> Floats:
    """Return pseudo-random numbers in [0, 1), shape (len(Axis), n)."""
    bits = np.random.PCG64DXSM(np.random.SeedSequence(seed, spawn_key=stream))
    return np.random.Generator(bits.advance(start * len(Axis))).random((n, len(Axis))).T


_MOST_KEPT = 2**14
"""Points of a set that is kept for the next stage of the same replicate: at most 170 MB of them."""


@lru_cache(maxsize=48)
def _kept(n: int, seed: int, streams: tuple[tuple[int, ...], ...], start: int) -> Floats:
    """Return sets that are made once."""
    return _sobol(n, seed, streams, start)


def _sobol(n: int, seed: int, streams: tuple[tuple[int, ...], ...], start: int) -> Floats:
    """Return scrambled Sobol' sets, read-only."""
    bits = -(-bits_of(n, start) // _DIGITS) * _DIGITS
    points = points_of(_scramble(seed, streams, bits), n, start)
    points.flags.writeable = False
    return points


_DIGITS = 4
"""Scrambles are made for so many digits more at a time: sets that follow each other share one."""


@lru_cache(maxsize=64)
def _scramble(seed: int, streams: tuple[tuple[int, ...], ...], bits: int) -> Scramble:
    """Return scrambles that are made once."""
    rngs = [np.random.default_rng(np.random.SeedSequence(seed, spawn_key=stream)) for stream in streams]
    return scramble(len(Axis), rngs, min(bits, BITS))
