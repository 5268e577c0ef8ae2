"""Decay against absorption in a thick block: what becomes of a meson that is made inside the dump."""

import numpy as np
from numpy.typing import ArrayLike

from darkhorn.core.errors import require_range
from darkhorn.core.rays import Floats


def decay_before_absorption(u: ArrayLike, mean_decay: ArrayLike, mean_absorption: float) -> tuple[Floats, Floats]:
    """Return the path of a meson to its decay in an endless block, and the probability that it decays at all.

    P = (1/L_d)/(1/L_d + 1/L_a) = L_a/(L_a + L_d); the path is exponential with 1/L = 1/L_d + 1/L_a. For L_d much
    longer than L_a this is the usual L_a/(gamma beta c tau).

    Parameters
    ----------
    u : array_like
        Uniform in (0, 1).
    mean_decay : array_like
        Mean decay length L_d = gamma beta c tau in m, >= 0; broadcasts with ``u``.
    mean_absorption : float
        Mean path L_a to absorption in m, > 0.

    Returns
    -------
    path, probability : array
        In m, and dimensionless.

    Raises
    ------
    RangeError
        For a length out of range.

    Notes
    -----
    Ionisation is left out: it stops pions below about 0.3 GeV/c before they are absorbed, so their decays in flight are
    overestimated and those at rest missing.

    Source: competing exponential processes.
    """
    require_range("mean_decay", mean_decay, 0.0, unit="m")
    require_range("mean_absorption", mean_absorption, 0.0, unit="m", open_low=True)
    u, decay = np.broadcast_arrays(np.asarray(u, dtype=float), np.asarray(mean_decay, dtype=float))
    probability = mean_absorption / (mean_absorption + decay)
    path = -np.log1p(-u) * decay * probability
    return path, np.asarray(probability)


def survival(length: ArrayLike, mean_path: float) -> Floats:
    """Return exp(-length/mean_path), the share that does not interact within ``length``; both in m, mean_path > 0.

    Raises
    ------
    RangeError
        For a length out of range.

    Notes
    -----
    Source: definition of a mean free path.
    """
    require_range("length", length, 0.0, unit="m")
    require_range("mean_path", mean_path, 0.0, unit="m", open_low=True)
    value: Floats = np.exp(-np.asarray(length, dtype=float) / mean_path)
    return value
