"""What the detector makes of a photon: efficiency, energy resolution and angular resolution.

Smearing maps points of the unit cube to reconstructed values: no random numbers are drawn here.
"""

from dataclasses import dataclass
from typing import Final, Literal, Self

import numpy as np
from numpy.typing import ArrayLike

from darkhorn.core.errors import RangeError, require_range, unknown_name
from darkhorn.core.rays import Floats
from darkhorn.core.units import GEV
from darkhorn.physics.fourvector import deflect

Angular = Literal["none", "constant", "log"]
ANGULAR: Final = ("none", "constant", "log")

_LOWEST: Final = 1.0
"""Energy in MeV below which the logarithmic angular resolution keeps its value."""


@dataclass(frozen=True)
class Response:
    """Efficiency table and Gaussian resolutions; the default is a perfect detector.

    Attributes
    ----------
    efficiency_energy : tuple of float
        Generated energies of the table in MeV, increasing; empty for an efficiency of 1 everywhere.
    efficiency : tuple of float
        Efficiency at those energies, in [0, 1].
    energy_sqrt_GeV, energy_constant_GeV : float
        a and b of sigma_E = a sqrt(E/GeV) + b, both in GeV. 0.12 and 0.01 are in use for MiniBooNE.
    angular : str
        ``none``, ``constant`` (sigma = angular_degrees) or ``log`` (sigma = ln(GeV/E) + angular_degrees, in degrees,
        never below 0 and held below 1 MeV). sigma is the width of each projected angle.
    angular_degrees : float
        In degrees; 3 for ``constant`` and 2.7 for ``log`` are in use for MiniBooNE.

    Raises
    ------
    RangeError
        From the constructor, for a table that is not increasing or outside [0, 1], or a negative resolution.
    UnknownNameError
        From the constructor, for an unknown kind of angular resolution.
    """

    efficiency_energy: tuple[float, ...] = ()
    efficiency: tuple[float, ...] = ()
    energy_sqrt_GeV: float = 0.0
    energy_constant_GeV: float = 0.0
    angular: Angular = "none"
    angular_degrees: float = 0.0

    def __post_init__(self) -> None:
        energies = tuple(float(value) for value in self.efficiency_energy)
        values = tuple(float(value) for value in self.efficiency)
        object.__setattr__(self, "efficiency_energy", energies)
        object.__setattr__(self, "efficiency", values)
        if len(energies) != len(values):
            raise RangeError(f"efficiency has {len(values)} values for {len(energies)} energies; allowed: as many")
        require_range("efficiency_energy", energies, 0.0, unit="MeV")
        require_range("step of efficiency_energy", np.diff(energies), 0.0, unit="MeV", open_low=True)
        require_range("efficiency", values, 0.0, 1.0)
        require_range("energy_sqrt_GeV", self.energy_sqrt_GeV, 0.0, unit="GeV")
        require_range("energy_constant_GeV", self.energy_constant_GeV, 0.0, unit="GeV")
        require_range("angular_degrees", self.angular_degrees, 0.0, 90.0, unit="degrees")
        if self.angular not in ANGULAR:
            raise unknown_name("angular resolution", self.angular, ANGULAR)

    @classmethod
    def perfect(cls) -> Self:
        """Return a detector that sees every photon as it is."""
        return cls()

    def efficiency_at(self, energy: ArrayLike) -> Floats:
        """Return the efficiency at generated energies.

        Linear between the points of the table, 0 below the first point, the last value above the last point.

        Parameters
        ----------
        energy : (N,) array_like
            Generated energy in MeV.

        Returns
        -------
        (N,) array
            In [0, 1].
        """
        energy = np.asarray(energy, dtype=float)
        if not self.efficiency_energy:
            return np.ones_like(energy)
        return np.asarray(np.interp(energy, self.efficiency_energy, self.efficiency, left=0.0))

    def sigma_energy(self, energy: ArrayLike) -> Floats:
        """Return the energy resolution sigma_E in MeV at energies in MeV, any shape."""
        gev = np.maximum(np.asarray(energy, dtype=float), 0.0) / GEV
        return np.asarray((self.energy_sqrt_GeV * np.sqrt(gev) + self.energy_constant_GeV) * GEV)

    def sigma_angle(self, energy: ArrayLike) -> Floats:
        """Return the angular resolution in rad, per projected angle, at energies in MeV, any shape."""
        energy = np.asarray(energy, dtype=float)
        if self.angular == "none":
            return np.zeros_like(energy)
        degrees = np.full_like(energy, self.angular_degrees)
        if self.angular == "log":
            degrees = np.maximum(degrees - np.log(np.maximum(energy, _LOWEST) / GEV), 0.0)
        return np.asarray(np.radians(degrees))

    def smear_energy(self, energy: ArrayLike, u: ArrayLike, least: ArrayLike = 0.0) -> tuple[Floats, Floats]:
        """Return reconstructed energies above a bound, and the probability to be above it.

        Parameters
        ----------
        energy : (N,) array_like
            Generated energy in MeV, >= 0.
        u : (N,) array_like
            Coordinates in (0, 1).
        least : array_like
            Bound in MeV, scalar or (N,); a negative one counts as 0.

        Returns
        -------
        e_vis : (N,) array
            Visible energy in MeV: a Gaussian of mean E and width sigma_E, cut off at the bound. Without a resolution it
            is E, whatever the bound.
        probability : (N,) array
            To be above the bound, for a Gaussian cut off at 0 and renormalised; 1 without a resolution.

        Raises
        ------
        RangeError
            For a negative energy, a coordinate outside [0, 1], or a bound that is no number.
        """
        energy, u = np.asarray(energy, dtype=float), np.asarray(u, dtype=float)
        require_range("energy", energy, 0.0, unit="MeV")
        require_range("u1", u, 0.0, 1.0)
        require_range("bound of the visible energy", least, unit="MeV")
        return _truncated_gauss(u, energy, self.sigma_energy(energy), np.maximum(least, 0.0))

    def smear_direction(self, energy: ArrayLike, direction: ArrayLike, u2: ArrayLike, u3: ArrayLike) -> Floats:
        """Return reconstructed directions, (N, 3).

        Parameters
        ----------
        energy : (N,) array_like
            Generated energy in MeV, >= 0.
        direction : (N, 3) array_like
            Unit vectors.
        u2, u3 : (N,) array_like
            Coordinates in (0, 1) for the polar and the azimuthal angle of the deflection.

        Returns
        -------
        (N, 3) array
            Unit vectors, spread about the true ones by Fisher's distribution, which is a Gaussian of width
            sigma in both projected angles where sigma is small.

        Raises
        ------
        RangeError
            For a negative energy or a coordinate outside [0, 1].

        Notes
        -----
        Source: Fisher, Proc. R. Soc. A 217, 295 (1953), for the distribution on the sphere.
        """
        energy, unit = np.asarray(energy, dtype=float), np.asarray(direction, dtype=float)
        require_range("energy", energy, 0.0, unit="MeV")
        for key, value in (("u2", u2), ("u3", u3)):
            require_range(key, value, 0.0, 1.0)
        if self.angular == "none":
            return unit
        versine = _fisher_versine(np.asarray(u2, dtype=float), self.sigma_angle(energy))
        return deflect(unit, versine, 2.0 * np.pi * np.asarray(u3, dtype=float))


def _truncated_gauss(u: Floats, mean: Floats, sigma: Floats, least: Floats) -> tuple[Floats, Floats]:
    """Return the u-quantile of a Gaussian above a bound, and how much of what is positive lies there."""
    from scipy.special import ndtr, ndtri

    wide = sigma > 0.0
    safe = np.where(wide, sigma, 1.0)
    above = ndtr((mean - least) / safe)
    upper_tail = np.maximum((1.0 - u) * above, np.finfo(float).tiny)
    smeared = np.maximum(mean - safe * ndtri(upper_tail), least)
    return np.where(wide, smeared, mean), np.where(wide, above / ndtr(mean / safe), 1.0)


def _fisher_versine(u: Floats, sigma: Floats) -> Floats:
    """Return 1 - cos of a deflection: the u-quantile of a density proportional to exp(cos/sigma^2), in [0, 2]."""
    wide = sigma > 0.0
    safe = np.where(wide, sigma, 1.0)
    versine = -(safe**2) * np.log1p(np.minimum(u, 1.0 - 2.0**-53) * np.expm1(-2.0 / safe**2))
    return np.where(wide, np.minimum(versine, 2.0), 0.0)
