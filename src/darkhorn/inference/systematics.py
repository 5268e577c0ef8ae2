"""What moves the background of the two-dimensional table: statistics of its simulation, covariance of the release.

No covariance of the table is public. Two things are known all the same. The background of the table scatters from cell
to cell about its neighbours, as a simulation with few events does; the scatter itself says with what weight. And the
covariance of the release is in E_QE, which a cell of E_vis and cos theta has a value of.
"""

from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from darkhorn.core.errors import RangeError, require_range
from darkhorn.core.rays import Floats
from darkhorn.inference.poisson import modes_from_covariance
from darkhorn.inference.release import MODES, Release
from darkhorn.physics.ccqe import e_qe

_DIFFERENCE: Final = np.array([1.0, -4.0, 6.0, -4.0, 1.0])
"""Fourth difference: blind to anything smooth up to cubes."""
_FINE: Final = 6


def simulation_weight(background: ArrayLike) -> float:
    """Return the mean weight w of simulated events: the scatter of a background, as a variance, is w times its events.

    Parameters
    ----------
    background : (n, m) array_like
        Events in cells, smooth along the second axis but for that scatter; m >= 5.

    Returns
    -------
    float
        sum D^2 / sum (c^2 . b) over all runs of five cells, D = c . b the fourth difference: 1 for the scatter of
        Poisson data, 1/k for a simulation of k times their number, 0 for a smooth curve.

    Raises
    ------
    RangeError
        For another shape, negative events, or none at all.

    Notes
    -----
    The table of arXiv:2006.16883 gives 0.59 along cos theta and 0.58 along E_vis; its data, where 1 is expected, 1.13
    and 1.10. Source: derived; checked against simulated tables in tests/inference/test_systematics.py.
    """
    table = np.asarray(background, dtype=float)
    if table.ndim != 2 or table.shape[1] < len(_DIFFERENCE):
        raise RangeError(f"background of shape {table.shape}; allowed: two axes, the second of at least 5 cells")
    require_range("background", table, 0.0, unit="events")
    require_range("sum of the background", float(table.sum()), 0.0, unit="events", open_low=True)
    runs = np.lib.stride_tricks.sliding_window_view(table, len(_DIFFERENCE), axis=1)
    return float(np.sum((runs @ _DIFFERENCE) ** 2) / np.sum(runs @ _DIFFERENCE**2))


def constrained_background(release: Release, mode: str) -> tuple[Floats, Floats]:
    """Return the background of a mode given its muon-neutrino data, and its covariance.

    Parameters
    ----------
    release : Release
        From :func:`darkhorn.inference.release.load_release`.
    mode : str
        One of ``release.MODES``.

    Returns
    -------
    (11,), (11, 11) float
        Events and events^2 in the bins of E_QE::

            b' = b + C_bm M^-1 (d_m - m),   C' = C_bb - C_bm M^-1 C_mb,   M = C_mm + diag(m)

    Notes
    -----
    Source: derived (a Gaussian given part of its components). In neutrino mode the sum to 1250 MeV is 2355 +- 125,
    published 2309.4 +- 119.6.
    """
    start = 30 * MODES.index(mode)
    chosen = np.arange(start + 11, start + 30)
    vector = release.prediction[chosen]
    whole = release.fractional_covariance[np.ix_(chosen, chosen)] * np.outer(vector, vector)
    across, muons = whole[:11, 11:], whole[11:, 11:] + np.diag(vector[11:])
    gain = np.linalg.solve(muons, across.T).T
    return vector[:11] + gain @ (release.muon_data(mode) - vector[11:]), whole[:11, :11] - gain @ across.T


def modes_in_cells(release: Release, edges: tuple[Floats, Floats], mode: str = MODES[0]) -> dict[str, Floats]:
    """Return the fractional changes of the background in cells of E_vis and cos theta, one standard deviation each.

    Parameters
    ----------
    release : Release
        Gives the covariance in E_QE.
    edges : tuple of (n + 1,) and (m + 1,) float
        E_vis in MeV and cos theta.
    mode : str
        Mode, which is the first word of the nuisances.

    Returns
    -------
    dict of str to (n, m) float
        By the name of the nuisance. Cells at one E_QE move together, whatever their angle: the release says nothing
        about that. Cells out of the range of the release move with its nearest bin.
    """
    events, covariance = constrained_background(release, mode)
    modes = modes_from_covariance(covariance / np.outer(events, events), f"background {mode}")
    energy, cosine = (_middles(axis) for axis in edges)
    neutrino = e_qe(energy[:, None], cosine[None, :], antineutrino=mode == MODES[1])
    bins = np.clip(np.searchsorted(release.edges, neutrino, side="right") - 1, 0, len(events) - 1)
    shape = (len(edges[0]) - 1, _FINE, len(edges[1]) - 1, _FINE)
    return {name: values[bins].reshape(shape).mean(axis=(1, 3)) for name, values in modes.items()}


def _middles(edges: Floats) -> Floats:
    """Return the middles of the equal parts of each bin."""
    shares = (np.arange(_FINE) + 0.5) / _FINE
    middles: Floats = (edges[:-1, None] + np.diff(edges)[:, None] * shares).ravel()
    return middles
