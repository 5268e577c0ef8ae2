"""What the detector reports: visible energy, cosine to the beam axis, and the selected spectra."""

from dataclasses import dataclass

import numpy as np

from darkhorn.chain.detect import Photons
from darkhorn.core.points import Axis
from darkhorn.core.rays import Floats
from darkhorn.detector.response import Response
from darkhorn.experiments.loader import Window
from darkhorn.physics.ccqe import e_qe


@dataclass(frozen=True)
class Observed:
    """Selected events: reconstructed energy (MeV), cosine to the beam axis, weight per POT; shape (N,) each."""

    e_vis: Floats
    cos_theta: Floats
    weight: Floats


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
    return Observed(e_vis, cos_theta, weight)


def fill(values: Floats, weights: Floats, edges: Floats) -> Floats:
    """Return the weighted histogram of ``values``; entries outside the edges are dropped."""
    counts, _ = np.histogram(values, bins=edges, weights=weights)
    return counts.astype(np.float64)
