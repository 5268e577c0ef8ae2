"""What the detector reports: visible energy, cosine to the beam axis, and the selected spectra."""

from dataclasses import dataclass

import numpy as np

from darkhorn.chain.photons import Photons
from darkhorn.core.errors import RangeError
from darkhorn.core.points import Axis
from darkhorn.core.rays import Floats, Ints
from darkhorn.detector.response import Response
from darkhorn.experiments.loader import Window
from darkhorn.physics.ccqe import e_qe


@dataclass(frozen=True)
class Observed:
    """Selected events, shape (N,) each.

    Attributes
    ----------
    e_vis, cos_theta : (N,) float
        Reconstructed energy in MeV and cosine to the beam axis.
    e_qe : (N,) float
        Neutrino energy of the quasi-elastic hypothesis in MeV: another axis than ``e_vis``.
    weight : (N,) float
        Per POT; 0 for what is not selected.
    time, delay : (N,) float
        When, and how much later than light from the same decays, ns; no resolution.
    """

    e_vis: Floats
    cos_theta: Floats
    e_qe: Floats
    weight: Floats
    time: Floats
    delay: Floats


def observe(photons: Photons, response: Response, window: Window, points: Floats) -> Observed:
    """Return what is reconstructed of each photon, weighted with the selection efficiency.

    The efficiency is taken at the photon's true energy, because the published table is a function of the
    generated energy; the window cuts on reconstructed quantities, the quasi-elastic energy treating the photon as
    the electron of a charged-current event, as the analysis does. Visible energies are drawn above the lower bounds of
    the window, and the weight takes up the probability to be there: no photon is lost to a resolution.

    Parameters
    ----------
    photons : Photons
        True photons, (N,).
    response : Response
        Efficiency and resolutions.
    window : Window
        Selection, and which quasi-elastic hypothesis the neutrino energy is of.
    points : (N, len(Axis)) float
        SMEAR_ENERGY, SMEAR_COS and SMEAR_PHI are used.
    """
    energy = photons.energy
    direction = response.smear_direction(
        energy, photons.direction, points[:, Axis.SMEAR_COS], points[:, Axis.SMEAR_PHI]
    )
    cos_theta = np.clip(direction[:, 2], -1.0, 1.0)
    e_vis, share = response.smear_energy(energy, points[:, Axis.SMEAR_ENERGY], window.least_e_vis(cos_theta))
    neutrino = e_qe(e_vis, cos_theta, antineutrino=window.antineutrino, binding_energy=window.e_qe_binding)
    passed = window.accepts(e_vis, neutrino)
    weight = np.where(passed, photons.weight * response.efficiency_at(energy) * share, 0.0)
    return Observed(e_vis, cos_theta, neutrino, weight, photons.time, photons.delay)


def coordinate(seen: Observed, axis: str, cells: tuple[Floats, Floats] | None = None) -> Floats:
    """Return where events lie on an axis, shape (N,).

    Parameters
    ----------
    seen : Observed
        Events.
    axis : str
        A field of :class:`Observed`, or ``cell``: the number of the cell of a table in (E_vis, cos theta), counted
        along cos theta first; -1 outside the table.
    cells : tuple of (n + 1,) and (m + 1,) float, optional
        Edges of E_vis (MeV) and cos theta of that table.

    Raises
    ------
    RangeError
        For ``cell`` without a table.
    """
    if axis != "cell":
        values: Floats = getattr(seen, axis)
        return values
    if cells is None:
        raise RangeError("axis 'cell' without the edges of a table in E_vis and cos theta")
    energy, cosine = cells
    row = np.searchsorted(energy, seen.e_vis, side="right") - 1
    column = np.searchsorted(cosine, seen.cos_theta, side="right") - 1
    column = np.where(seen.cos_theta == cosine[-1], len(cosine) - 2, column)
    inside = (row >= 0) & (row < len(energy) - 1) & (column >= 0) & (column < len(cosine) - 1)
    return np.where(inside, row * (len(cosine) - 1) + column, -1).astype(np.float64)


def fill(values: Floats, weights: Floats, edges: Floats, replicate: Ints, replicates: int) -> Floats:
    """Return a weighted histogram of each replicate, (replicates, n); entries outside the n + 1 edges are dropped.

    Parameters
    ----------
    values, weights : (N,) float
        Entries.
    edges : (n + 1,) float
        Increasing; bins as ``numpy.histogram`` has them.
    replicate : (N,) int
        To which histogram each entry belongs.
    replicates : int
        How many there are.
    """
    bins = len(edges)
    counts: Floats = np.bincount(cells_of(values, edges, replicate), weights, replicates * bins).astype(np.float64)
    return counts.reshape(replicates, bins)[:, :-1]


def cells_of(values: Floats, edges: Floats, replicate: Ints) -> Ints:
    """Return replicate times (bins + 1) plus the bin of each value; bins as ``numpy.histogram`` has them.

    Values outside the edges are in the last cell of their replicate.
    """
    bins = len(edges) - 1
    cell = np.searchsorted(edges, values, side="right") - 1
    cell[values == edges[-1]] = bins - 1
    cell[(cell < 0) | (cell > bins)] = bins
    found: Ints = replicate * (bins + 1) + cell
    return found
