"""From a boson in the detector to a photon: X N -> gamma N along the chord."""

from dataclasses import dataclass

import numpy as np

from darkhorn.chain.aim import Arrivals
from darkhorn.core.points import Axis
from darkhorn.core.rays import Floats
from darkhorn.core.units import CM2_IN_M2
from darkhorn.models.photoconversion import Conversion
from darkhorn.physics.fourvector import deflect
from darkhorn.physics.two_to_two import one_minus_cos_lab, photon_energy, q_sq_limits


@dataclass(frozen=True)
class Photons:
    """Photons made in the detector.

    Attributes
    ----------
    energy : (N,) float
        MeV.
    direction : (N, 3) float
        Unit vectors in the beam frame, so that the third component is the cosine to the beam axis.
    weight : (N,) float
        Photons per POT and unit couplings.
    q_sq : (N,) float
        Squared momentum transfer in MeV^2.
    """

    energy: Floats
    direction: Floats
    weight: Floats
    q_sq: Floats


def convert(arrivals: Arrivals, conversion: Conversion, m_x: float, points: Floats) -> Photons:
    """Return one photon a boson, made on one kind of target anywhere along the chord.

    Q^2 is drawn uniformly in ln(Q^2 + m_med^2), which follows the propagator; the weight is
    n sigma(Q^2) dQ^2 times the chord. The interaction is too rare for the boson to be attenuated.

    Parameters
    ----------
    arrivals : Arrivals
        Bosons in the detector, (N,).
    conversion : Conversion
        Target, mediator mass and differential cross section.
    m_x : float
        Mass of the boson in MeV.
    points : (N, len(Axis)) float
        Points of the unit cube; Q_SQ and PHOTON_PHI are used.

    Returns
    -------
    Photons
        N rows; weight exactly 0 where the boson misses the detector.
    """
    rays = arrivals.rays
    energy = np.maximum(rays.energy, m_x * (1.0 + 1.0e-12))
    low, high = q_sq_limits(energy, m_x, conversion.target_mass)
    offset = conversion.mediator_mass**2
    span = np.log1p((high - low) / (low + offset))
    q_sq = np.clip((low + offset) * np.exp(span * points[:, Axis.Q_SQ]) - offset, low, high)
    sigma = conversion.dsigma_dq_sq_cm2(energy, q_sq) * (q_sq + offset) * span
    weight = rays.weight * sigma * (CM2_IN_M2 * conversion.number_density) * arrivals.chord
    photon = photon_energy(energy, q_sq, conversion.target_mass)
    versine = one_minus_cos_lab(energy, q_sq, m_x, conversion.target_mass)
    direction = deflect(rays.direction, versine, 2.0 * np.pi * points[:, Axis.PHOTON_PHI])
    return Photons(photon, direction, weight, q_sq)
