"""What the detector reports: visible energy, cosine to the beam axis, and the selected spectra."""

from dataclasses import dataclass

import numpy as np

from darkhorn.chain.photons import Photons
from darkhorn.core.points import Axis
from darkhorn.core.rays import Floats
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
    weight : (N,) float
        Per POT; 0 for what is not selected.
    time, delay : (N,) float
        When, and how much later than light from the same decays, ns; no resolution.
    """

    e_vis: Floats
    cos_theta: Floats
    weight: Floats
    time: Floats
    delay: Floats


def observe(photons: Photons, response: Response, window: Window, points: Floats) -> Observed:
    """Return what is reconstructed of each photon, weighted with the selection efficiency.

    The efficiency is taken at the photon's true energy, because the published table is a function of the
    generated energy; the window cuts on reconstructed quantities, the quasi-elastic energy treating the photon as
    the electron of a charged-current event, as the analysis does.

    Parameters
    ----------
    photons : Photons
        True photons, (N,).
    response : Response
        Efficiency and resolutions.
    window : Window
        Selection.
    points : (N, len(Axis)) float
        SMEAR_ENERGY, SMEAR_COS and SMEAR_PHI are used.
    """
    smear = (points[:, axis] for axis in (Axis.SMEAR_ENERGY, Axis.SMEAR_COS, Axis.SMEAR_PHI))
    e_vis, direction = response.smear(photons.energy, photons.direction, *smear)
    cos_theta = np.clip(direction[:, 2], -1.0, 1.0)
    passed = window.accepts(e_vis, e_qe(e_vis, cos_theta))
    weight = np.where(passed, photons.weight * response.efficiency_at(photons.energy), 0.0)
    return Observed(e_vis, cos_theta, weight, photons.time, photons.delay)


def fill(values: Floats, weights: Floats, edges: Floats) -> Floats:
    """Return the weighted histogram of ``values``; entries outside the edges are dropped."""
    counts, _ = np.histogram(values, bins=edges, weights=weights)
    return counts.astype(np.float64)
