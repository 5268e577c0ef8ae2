"""Dirac matrices, the metric and the antisymmetric tensor as arrays: metric (+,-,-,-), eps_{0123} = +1."""

from itertools import permutations
from typing import Final

import numpy as np
from numpy.typing import NDArray

from darkhorn.core.rays import Floats

Complexes = NDArray[np.complex128]

METRIC: Final = np.diag([1.0, -1.0, -1.0, -1.0])
"""Metric, both indices up or both down."""

_PAULI: Final = np.array([[[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]], dtype=complex)
_SPACE: Final = [np.kron(np.array([[0, 1], [-1, 0]]), sigma) for sigma in _PAULI]
GAMMA: Final = np.array([np.kron(np.diag([1, -1]), np.eye(2)), *_SPACE], dtype=complex)
"""Dirac matrices gamma^mu (index up) in the Dirac representation, shape (4, 4, 4)."""

GAMMA5: Final = 1j * GAMMA[0] @ GAMMA[1] @ GAMMA[2] @ GAMMA[3]
"""gamma5 = i gamma^0 gamma^1 gamma^2 gamma^3."""


def _levi_civita() -> Floats:
    """Return eps with four lower indices, eps_{0123} = +1."""
    eps = np.zeros((4, 4, 4, 4))
    for order in permutations(range(4)):
        eps[order] = round(float(np.linalg.det(np.eye(4)[list(order)])))
    return eps


EPSILON: Final = _levi_civita()
"""Totally antisymmetric tensor with lower indices, EPSILON[0, 1, 2, 3] = +1."""


def lower(vector: Floats) -> Floats:
    """Return v_mu = g_{mu nu} v^nu, (..., 4), for four-vectors v^mu, (..., 4).

    Source: the metric (+,-,-,-).
    """
    return np.asarray(vector @ METRIC)


def dot(first: Floats, second: Floats) -> Floats:
    """Return the Minkowski product a.b = a^0 b^0 - a^i b^i of four-vectors (..., 4), shape (...).

    Source: the metric (+,-,-,-).
    """
    return np.asarray(np.einsum("...m,...m->...", first, lower(second)))


def slash(vector: Floats) -> Complexes:
    """Return gamma^mu v_mu, shape (..., 4, 4), for four-vectors v^mu, (..., 4).

    Source: Feynman's definition.
    """
    return np.asarray(np.einsum("...m,mab->...ab", lower(vector), GAMMA))
