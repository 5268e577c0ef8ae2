"""Scrambled Sobol' points in up to 32 dimensions.

Own code, because importing the library that has it costs more time than a whole
prediction, and because the same seed has to give the same bytes whatever version
of that library is installed. The tests compare the plain sequence with it.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from darkhorn.core.rays import Floats

BITS: Final = 32

_PRIMITIVE: Final = (
    (1, 0, (1,)),
    (2, 1, (1, 3)),
    (3, 1, (1, 3, 1)),
    (3, 2, (1, 1, 1)),
    (4, 1, (1, 1, 3, 3)),
    (4, 4, (1, 3, 5, 13)),
    (5, 2, (1, 1, 5, 5, 17)),
    (5, 4, (1, 1, 5, 5, 5)),
    (5, 7, (1, 1, 7, 11, 19)),
    (5, 11, (1, 1, 5, 1, 1)),
    (5, 13, (1, 1, 1, 3, 11)),
    (5, 14, (1, 3, 5, 5, 31)),
    (6, 1, (1, 3, 3, 9, 7, 49)),
    (6, 13, (1, 1, 1, 15, 21, 21)),
    (6, 16, (1, 3, 1, 13, 27, 49)),
    (6, 19, (1, 1, 1, 15, 7, 5)),
    (6, 22, (1, 3, 1, 15, 13, 25)),
    (6, 25, (1, 1, 5, 5, 19, 61)),
    (7, 1, (1, 3, 7, 11, 23, 15, 103)),
    (7, 4, (1, 3, 7, 13, 13, 15, 69)),
    (7, 7, (1, 1, 3, 13, 7, 35, 63)),
    (7, 8, (1, 3, 5, 9, 1, 25, 53)),
    (7, 14, (1, 3, 1, 13, 9, 35, 107)),
    (7, 19, (1, 3, 1, 5, 27, 61, 31)),
    (7, 21, (1, 1, 5, 11, 19, 41, 61)),
    (7, 28, (1, 3, 5, 3, 3, 13, 69)),
    (7, 31, (1, 1, 7, 13, 1, 19, 1)),
    (7, 32, (1, 3, 7, 5, 13, 19, 59)),
    (7, 37, (1, 1, 3, 9, 25, 29, 41)),
    (7, 41, (1, 3, 5, 13, 23, 1, 55)),
    (7, 42, (1, 3, 7, 3, 13, 59, 17)),
)
"""Degree, coefficients of the primitive polynomial and first direction integers of dimensions 2 to 32."""

Words = NDArray[np.uint32]


@lru_cache(maxsize=32)
def direction_numbers(dimension: int) -> Words:
    """Return the direction numbers, shape (dimension, BITS), as integers below 2^BITS; read-only, since it is kept.

    Source: S. Joe and F. Y. Kuo, SIAM J. Sci. Comput. 30, 2635 (2008), table new-joe-kuo-6.
    """
    columns = np.zeros((dimension, BITS), dtype=np.uint32)
    columns[0] = [1 << (BITS - 1 - k) for k in range(BITS)]
    for row, (degree, coefficients, start) in enumerate(_PRIMITIVE[: dimension - 1], start=1):
        v = [m << (BITS - 1 - k) for k, m in enumerate(start)]
        for k in range(degree, BITS):
            value = v[k - degree] ^ (v[k - degree] >> degree)
            for j in range(1, degree):
                if (coefficients >> (degree - 1 - j)) & 1:
                    value ^= v[k - j]
            v.append(value)
        columns[row] = v
    columns.flags.writeable = False
    return columns


def sobol(n: int, dimension: int) -> Words:
    """Return the first n points (a power of two) as integers below 2^BITS, shape (n, dimension), in natural order."""
    return _combine(direction_numbers(dimension), n, np.zeros(dimension, dtype=np.uint32)).T


def scrambled_sobol(n: int, dimension: int, rng: np.random.Generator, start: int = 0) -> Floats:
    """Return n scrambled points strictly inside (0, 1), shape (n, dimension); see :func:`scrambled_sets`."""
    return scrambled_sets(n, dimension, (rng,), start)


def scrambled_sets(n: int, dimension: int, rngs: Sequence[np.random.Generator], start: int = 0) -> Floats:
    """Return sets of n scrambled points strictly inside (0, 1), one after the other, each coordinate contiguous.

    A random lower-triangular binary matrix multiplies each dimension's digits and a random shift is added: every
    point is uniform, and a set keeps the equidistribution of the plain one. Another dimension leaves those before
    it as they are.

    Parameters
    ----------
    n : int
        A power of two.
    dimension : int
        1 to 32.
    rngs : sequence of Generator
        Where the scramble of each set comes from.
    start : int
        Number of the first point, a multiple of n: sets of one scramble that follow each other make a longer one.

    Returns
    -------
    (len(rngs) n, dimension) float

    Notes
    -----
    Source: J. Matousek, J. Complexity 14, 527 (1998).
    """
    return points_of(scramble(dimension, rngs, bits_of(n, start)), n, start)


class Scramble(NamedTuple):
    """Sobol' sequences of several sets, each with its own scramble.

    Attributes
    ----------
    columns : (dimension, sets, bits) uint32
        Direction numbers with their digits multiplied.
    shift : (dimension, sets) uint32
        What is added.
    """

    columns: Words
    shift: Words


def bits_of(n: int, start: int) -> int:
    """Return the binary digits of the largest number of n points from ``start`` on, at least 1."""
    return max((start + n - 1).bit_length(), 1)


def scramble(dimension: int, rngs: Sequence[np.random.Generator], bits: int) -> Scramble:
    """Return the scrambled sequences of up to 2^bits points; parameters and source as :func:`scrambled_sets`."""
    plain = direction_numbers(dimension)[:, :bits]
    size = (dimension, BITS + 1)
    drawn = np.stack([rng.integers(0, 2**BITS, size=size, dtype=np.uint64) for rng in rngs], axis=1).astype(np.uint32)
    shift, lower = drawn[..., 0], drawn[..., 1:]
    masks = (lower & _ABOVE) | _DIAGONAL
    odd = np.bitwise_count(plain[:, None, :, None] & masks[:, :, None, :]) & np.uint8(1)
    return Scramble(np.packbits(odd, axis=-1).view(">u4")[..., 0].astype(np.uint32), shift)


def points_of(sequences: Scramble, n: int, start: int) -> Floats:
    """Return points ``start`` to ``start + n`` of every set; parameters and shape as :func:`scrambled_sets`."""
    columns, shift = sequences
    digits = np.flatnonzero((start >> np.arange(columns.shape[-1])) & 1)
    first = shift ^ np.bitwise_xor.reduce(columns[..., digits], axis=2)
    points: Floats = (_combine(columns, n, first).astype(np.float64) + 0.5) * 2.0**-BITS
    return points.reshape(len(columns), -1).T


_PLACE: Final = np.arange(BITS - 1, -1, -1, dtype=np.uint32)
"""Place of each digit of a number, the first digit first."""
_DIAGONAL: Final = np.uint32(1) << _PLACE
_ABOVE: Final = ~(np.uint32(2) * _DIAGONAL - np.uint32(1))
"""All digits before each digit."""


def _combine(columns: Words, n: int, shift: Words) -> Words:
    """Return shift XOR the columns picked by the binary digits of the index, shape (..., n)."""
    points = np.empty((*shift.shape, n), dtype=np.uint32)
    points[..., 0] = shift
    for bit in range(n.bit_length() - 1):
        done = 1 << bit
        np.bitwise_xor(points[..., :done], columns[..., bit : bit + 1], out=points[..., done : 2 * done])
    return points
