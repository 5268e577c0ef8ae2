"""What a source of mesons is: an object that turns points of the unit cube into mesons at production."""

from typing import Protocol

from darkhorn.core.importance import ImportanceGrid
from darkhorn.core.rays import Floats, Rays


class Source(Protocol):
    """Mesons at production, weighted per proton on target."""

    @property
    def species(self) -> tuple[int, ...]:
        """PDG numbers that the source makes."""

    def sample(self, points: Floats, species: int, grid: ImportanceGrid) -> Rays:
        """Return one meson a point; the sum of weights over all points is the yield per POT.

        Parameters
        ----------
        points : (N, len(Axis)) float
            Points of the unit cube.
        species : int
            PDG number of the meson.
        grid : ImportanceGrid
            Where to spend the points in the source's own (momentum, angle) coordinates.
        """
