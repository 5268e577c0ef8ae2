"""What is seen of a dark particle in the detector, and where and when along its line."""

from dataclasses import dataclass

import numpy as np

from darkhorn.chain.aim import Arrivals
from darkhorn.core.points import Axis
from darkhorn.core.rays import Floats
from darkhorn.core.units import C


@dataclass(frozen=True)
class Photons:
    """Light made in the detector: of a photon, a recoiling target, or a pair seen as one ring.

    Attributes
    ----------
    energy : (N,) float
        Visible energy in MeV.
    direction : (N, 3) float
        Unit vectors in the beam frame, so that the third component is the cosine to the beam axis.
    weight : (N,) float
        Events per POT at reference couplings.
    q_sq : (N,) float
        Squared momentum transfer in MeV^2; 0 for a decay.
    time, delay : (N,) float
        When, on the clock of the mesons, and how much later than light (a neutrino) from the same decays, ns.
    """

    energy: Floats
    direction: Floats
    weight: Floats
    q_sq: Floats
    time: Floats
    delay: Floats


@dataclass(frozen=True)
class Vertices:
    """Where particles do something.

    Attributes
    ----------
    arrivals : Arrivals
        Their lines, (N,).
    depth : (N,) float
        Behind the entry, m.
    time, delay : (N,) float
        In ns, as in :class:`Photons`.
    """

    arrivals: Arrivals
    depth: Floats
    time: Floats
    delay: Floats

    @property
    def place(self) -> Floats:
        """Points in m, shape (N, 3)."""
        rays = self.arrivals.rays
        momentum = rays.momentum
        safe = np.where(momentum > 0.0, momentum, 1.0)
        place: Floats = rays.x[:, 1:] + self.depth[:, None] * rays.p[:, 1:] / safe[:, None]
        return place


def lag(distance: Floats, mass: float, momentum: Floats) -> Floats:
    """Return how much later than light a particle is after a distance in m, in ns, (N,): d (E/p - 1)/c."""
    safe = np.where(momentum > 0.0, momentum, 1.0)
    late: Floats = distance / C * mass**2 / (safe * (np.hypot(safe, mass) + safe))
    return late


def vertices(arrivals: Arrivals, mass: float, depth: Floats) -> Vertices:
    """Return when particles are at a depth behind the entry.

    Parameters
    ----------
    arrivals : Arrivals
        Particles where they enter the detector, (N,).
    mass : float
        Of the particle in MeV.
    depth : (N,) float
        In m.
    """
    rays = arrivals.rays
    momentum = rays.momentum
    safe = np.where(momentum > 0.0, momentum, 1.0)
    time = rays.x[:, 0] + depth * rays.energy / (C * safe)
    return Vertices(arrivals, depth, time, lag(arrivals.distance + depth, mass, momentum))


def somewhere(arrivals: Arrivals, mass: float, points: Floats) -> Vertices:
    """Return points uniform along the chord (coordinate VERTEX): where something rare happens."""
    return vertices(arrivals, mass, arrivals.chord * points[:, Axis.VERTEX])
