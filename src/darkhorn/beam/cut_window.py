"""A window in momentum and angle in place of a horn: the heuristic that came before the transport.

Mesons inside the window are taken to decay along a straight flight, either along the beam axis, as if the horn had
made them parallel, or along their own direction. Nothing is absorbed, nothing meets a wall. It is kept so that what it
predicts can be shown beside the transport; it is no substitute for it.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from darkhorn.beam.source import Source
from darkhorn.core.errors import require_range, unknown_name
from darkhorn.core.importance import ImportanceGrid
from darkhorn.core.points import Axis
from darkhorn.core.rays import Bools, Floats, Rays
from darkhorn.core.species import K_MINUS, K_PLUS, PI_MINUS, PI_PLUS, lifetime, mass
from darkhorn.core.units import GEV, C
from darkhorn.physics.passage import truncated_exponential

DIRECTIONS: Final = ("axis", "own")
"""Along the beam axis, or along the meson's own direction."""


@dataclass(frozen=True)
class CutWindow:
    """Which mesons count as focused, and how they fly.

    Attributes
    ----------
    p_min, p_max : float
        Momentum in MeV/c.
    theta_min, theta_max : float
        Angle to the beam axis at production in rad.
    direction : str
        One of :data:`DIRECTIONS`.
    length : float
        Straight flight in which they may decay, m.

    Raises
    ------
    RangeError, UnknownNameError
        For a bound out of range or out of order, or an unknown direction.
    """

    p_min: float
    p_max: float
    theta_min: float
    theta_max: float
    direction: str = "axis"
    length: float = 50.0

    def __post_init__(self) -> None:
        """Refuse a window that is none."""
        require_range("p_min", self.p_min, 0.0, unit="MeV/c")
        require_range("p_max", self.p_max, self.p_min, unit="MeV/c", open_low=True)
        require_range("theta_min", self.theta_min, 0.0, np.pi, "rad")
        require_range("theta_max", self.theta_max, self.theta_min, np.pi, "rad", open_low=True)
        require_range("length", self.length, 0.0, unit="m", open_low=True)
        if self.direction not in DIRECTIONS:
            raise unknown_name("direction of a cut window", self.direction, DIRECTIONS)

    def accepts(self, mesons: Rays) -> Bools:
        """Return which mesons lie inside, shape (N,); the bounds are included."""
        p, theta = mesons.momentum, mesons.theta
        inside: Bools = (p >= self.p_min) & (p <= self.p_max)
        return inside & (theta >= self.theta_min) & (theta <= self.theta_max)


PION_WINDOW: Final = CutWindow(0.0, 6.5 * GEV, 0.03, 0.21)
"""Pions: the angles that the HARP experiment covered, up to its highest momentum, and the 50 m to the dump.

Source: public notebooks of the codes alplib and RKHorn (unverified: no paper states it). The notebooks also scale the
number of protons; no such factor is used here.
"""

KAON_WINDOW: Final = CutWindow(0.75 * GEV, 6.5 * GEV, 0.0, 0.4)
"""Kaons. Source: as :data:`PION_WINDOW`."""

WINDOWS: Final = {PI_PLUS: PION_WINDOW, PI_MINUS: PION_WINDOW, K_PLUS: KAON_WINDOW, K_MINUS: KAON_WINDOW}
"""Windows used unless a caller names another."""


@dataclass(frozen=True)
class WindowParents:
    """Decaying mesons of one species behind a cut window.

    Attributes
    ----------
    source : Source
        Mesons at production.
    species : int
        PDG number.
    window : CutWindow
        What stands for the horn.
    grid : ImportanceGrid
        Where in (p, theta) to spend the points.
    """

    source: Source
    species: int
    window: CutWindow
    grid: ImportanceGrid

    def sample(self, points: Floats, threads: int = 1) -> Rays:
        """Return one decaying meson a point; weights sum to the decays per POT within the flight length.

        Mesons outside the window have weight zero.
        """
        mesons = self.source.sample(points, self.species, self.grid)
        return straight_decays(mesons, self.species, self.window, points[:, Axis.DECAY])


def straight_decays(mesons: Rays, species: int, window: CutWindow, u: Floats) -> Rays:
    """Return mesons at a decay point on their straight flight.

    Parameters
    ----------
    mesons : Rays
        At production, all of one species, (N,).
    species : int
        PDG number.
    window : CutWindow
        Which of them count, where they fly and how far.
    u : (N,) float
        Uniform numbers that place the decays.

    Returns
    -------
    Rays
        N mesons; ``parent`` is the row in ``mesons``; weight zero outside the window.
    """
    momentum = mesons.momentum
    along = np.zeros((len(mesons), 3))
    along[:, 2] = 1.0
    direction = along if window.direction == "axis" else mesons.direction
    path, probability = truncated_exponential(u, window.length, C * lifetime(species) * momentum / mass(species))
    x = mesons.x.copy()
    x[:, 1:] += path[:, None] * direction
    moving = momentum > 0.0
    x[:, 0] += np.where(moving, path / np.where(moving, C * mesons.beta, 1.0), 0.0)
    p = np.column_stack([mesons.energy, momentum[:, None] * direction])
    weight = np.where(window.accepts(mesons), mesons.weight * probability, 0.0)
    return Rays.make(species, x, p, weight, np.arange(len(mesons)))
