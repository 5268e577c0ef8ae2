"""When protons arrive within a spill: a step of its own, after the events, because no rate depends on it."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from darkhorn.core.errors import require_range, unknown_name
from darkhorn.core.rays import Floats

SHAPES: Final = ("bunches", "triangle", "flat")


@dataclass(frozen=True)
class Spill:
    """Time structure of one spill, counted from its beginning.

    Attributes
    ----------
    name : str
        What tables call it.
    shape : str
        ``bunches``: equal Gaussian bunches; ``triangle``: a symmetric triangle; ``flat``.
    length : float
        Of triangle and flat in ns (the whole base); of bunches it follows from their number.
    bunches : int
        Number of bunches, >= 1.
    spacing, sigma : float
        From bunch to bunch, and standard deviation of one, ns.
    flags : tuple of str
        Numbers that are not simply read in their source.

    Raises
    ------
    UnknownNameError
        For another shape.
    RangeError
        For a length that is not positive, or a negative spacing or width.
    """

    name: str
    shape: str
    length: float = 1.0
    bunches: int = 1
    spacing: float = 0.0
    sigma: float = 0.0
    flags: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what is no spill."""
        if self.shape not in SHAPES:
            raise unknown_name("shape of a spill", self.shape, SHAPES)
        require_range("length", self.length, 0.0, 1.0e9, "ns", open_low=True)
        require_range("bunches", self.bunches, 1, 1e6)
        require_range("spacing", self.spacing, 0.0, 1.0e9, "ns")
        require_range("sigma", self.sigma, 0.0, 1.0e6, "ns")

    def times(self, u: Floats, v: Floats) -> Floats:
        """Return when protons arrive, ns after the beginning of the spill; bunches are centred on k x spacing.

        Parameters
        ----------
        u, v : (N,) float
            Uniform numbers in (0, 1); the second places a proton in its bunch.

        Returns
        -------
        (N,) float
        """
        if self.shape == "flat":
            return self.length * u
        if self.shape == "triangle":
            low = np.sqrt(0.5 * u)
            return self.length * np.where(u < 0.5, low, 1.0 - np.sqrt(0.5 * (1.0 - u)))
        from scipy.special import ndtri

        bunch = np.minimum((u * self.bunches).astype(np.int64), self.bunches - 1)
        return np.asarray(bunch * self.spacing + self.sigma * ndtri(v))
