"""Mesons that decay where they are made: pi0, eta, eta' of the target, or of one point."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from darkhorn.beam.beamline import Beamline
from darkhorn.beam.parametrised import SHAPES, ParametrisedSource
from darkhorn.beam.protons import Vertices
from darkhorn.core.importance import ImportanceGrid
from darkhorn.core.rays import Floats, Rays
from darkhorn.core.species import ETA, PI0

ETA_PRIME: Final = 331
NEUTRAL: Final = {"pi0": PI0, "eta": ETA, "eta_prime": ETA_PRIME}
"""Mesons that decay at once, by the names that a scenario uses."""
NEUTRAL_SHAPES: Final = {PI0: SHAPES[PI0], ETA: SHAPES[ETA], ETA_PRIME: replace(SHAPES[ETA], remark="shape of K0")}
"""Which cross section gives momenta and angles; eta and eta' need a yield per proton."""


@dataclass(frozen=True)
class AtOrigin:
    """Every proton interacts once, at the origin, with this momentum in MeV/c along z."""

    momentum: float

    def __call__(self, points: Floats) -> tuple[Floats, Floats, Floats, Floats]:
        """Return vertex (N, 4), direction (N, 3), momentum (N,) and weight (N,) of points (N, len(Axis))."""
        n = len(points)
        return np.zeros((n, 4)), np.tile([0.0, 0.0, 1.0], (n, 1)), np.full(n, self.momentum), np.ones(n)


@dataclass(frozen=True)
class PromptParents:
    """Mesons of one species that decay where they are made.

    Attributes
    ----------
    source : ParametrisedSource
        Makes them.
    species : int
        PDG number.
    grid : ImportanceGrid
        Where in (p, theta) to spend the points.
    """

    source: ParametrisedSource
    species: int
    grid: ImportanceGrid

    @property
    def yield_per_pot(self) -> float | None:
        """Mesons per POT where they are an input; None where the formula gives them."""
        return self.source.per_pot.get(self.species)

    def sample(self, points: Floats, threads: int = 1) -> Rays:
        """Return one decaying meson a point; the weights sum to the yield per POT."""
        mesons = self.source.sample(points, self.species, self.grid)
        return replace(mesons, parent=np.arange(len(mesons)))


def neutral_source(
    beamline: Beamline, per_pot: dict[str, float | None], *, origin: bool, vertices: Vertices | None = None
) -> ParametrisedSource:
    """Return the neutral mesons of a beam.

    Parameters
    ----------
    beamline : Beamline
        Gives the protons and the rod.
    per_pot : dict
        Mesons per proton on target by name (``pi0``, ``eta``, ``eta_prime``); None for the yield of the formula,
        which only pi0 has; 0 leaves a meson out.
    origin : bool
        Whether they are made at the origin by protons along z that all interact, instead of in the rod.
    vertices : callable, optional
        Where protons interact in the rod.

    Raises
    ------
    RangeError
        For a negative yield, or none for eta, when it is sampled.
    """
    wanted = {NEUTRAL[name]: value for name, value in per_pot.items() if value != 0.0}
    return ParametrisedSource(
        beamline,
        shapes={species: NEUTRAL_SHAPES[species] for species in wanted},
        per_pot={species: value for species, value in wanted.items() if value is not None},
        vertices=AtOrigin(beamline.beam.momentum) if origin else vertices,
    )
