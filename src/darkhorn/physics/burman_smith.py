"""Charged pions from protons of 585 to 800 MeV: the Burman-Smith parametrisation.

Fitted to pi+ of 585 and 730 MeV protons on nuclei from hydrogen to lead. The amplitude is read as microbarn/(sr MeV),
which is the usual unit but was not confirmed: use the shape with a yield per proton given as an input.
"""

from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from darkhorn.core.errors import require_range
from darkhorn.core.rays import Floats
from darkhorn.core.units import MB_IN_CM2

_KNOTS: Final = np.array([0.0, 0.0, 0.0, 30.0, 70.0, 180.0, 180.0, 180.0])
_EDGE: Final = 25.0
"""Width B of the edge at the highest pion energy, in MeV."""
_LOW, _HIGH = 585.0, 730.0
"""Energies of the fitted data in MeV; other energies by the straight line through them."""
_MICROBARN: Final = 1.0e-3 * MB_IN_CM2


def _line(kinetic: float, low: float, high: float) -> float:
    """Return the straight line through (585 MeV, low) and (730 MeV, high)."""
    return low + (high - low) * (kinetic - _LOW) / (_HIGH - _LOW)


def amplitude(theta: ArrayLike, kinetic_proton: float, z: int) -> Floats:
    """Return A(theta) = N_Z sum_i a_i B_i(theta), quadratic B-splines on the knots 0, 30, 70, 180 degrees.

    a = [27 - 4 ((730 - T_p)/145)^2 (27 above 730 MeV), 18.2, 8, 13 + (Z-12)/10, 9 + (Z-12)/10 - (T_p-685)/20],
    N_Z = Z^(1/3) [0.8851 - 0.1015 ln Z + 0.1459 ln^2 Z - 0.0265 ln^3 Z].

    Parameters
    ----------
    theta : array_like
        Angle to the proton in rad, 0 to pi.
    kinetic_proton : float
        Kinetic energy of the proton in MeV, 500 to 1000; fitted at 585 and 730.
    z : int
        Charge of the nucleus, 2 to 92.

    Returns
    -------
    array
        cm^2/(MeV sr), never negative.

    Raises
    ------
    RangeError
        For an argument out of range.

    Notes
    -----
    Source: R. L. Burman and E. S. Smith, LA-11502-MS (1989), as the public program BdNMC carries it.
    """
    from scipy.interpolate import BSpline

    require_range("theta", theta, 0.0, np.pi, "rad")
    require_range("kinetic_proton", kinetic_proton, 500.0, 1000.0, "MeV")
    require_range("z", z, 2, 92)
    log = np.log(z)
    norm = np.cbrt(z) * (0.8851 - 0.1015 * log + 0.1459 * log**2 - 0.0265 * log**3)
    extra = (z - 12.0) / 10.0
    first = 27.0 - 4.0 * (max(730.0 - kinetic_proton, 0.0) / 145.0) ** 2
    coefficients = np.array([first, 18.2, 8.0, 13.0 + extra, 9.0 + extra - (kinetic_proton - 685.0) / 20.0])
    degrees = np.clip(np.degrees(np.asarray(theta, dtype=float)), 0.0, 180.0)
    return np.asarray(np.maximum(norm * BSpline(_KNOTS, coefficients, 2)(degrees), 0.0) * _MICROBARN)


def burman_smith(kinetic: ArrayLike, theta: ArrayLike, kinetic_proton: float, z: int) -> Floats:
    """Return d2sigma/dT dOmega of p + nucleus -> pi+ + anything at medium energies.

    A(theta) exp{-[(Tbar - T)/(sqrt(2) sigma)]^2} / {1 + exp[(T - T_F)/B]}, Tbar = 48 + 330 exp(-theta/T_A),
    sigma = sigma_A exp(-theta/85), T_F = T_p - 140 - 2B, B = 25 MeV, angles in degrees, energies in MeV.
    T_A and sigma_A are straight lines in T_p through 585 and 730 MeV: T_A 28.9, 34.2 and sigma_A 130, 150 for Z <= 8;
    26.0, 29.9 and 135, 166 above.

    Parameters
    ----------
    kinetic : array_like
        Kinetic energy T of the pion in MeV, >= 0.
    theta : array_like
        Angle to the proton in rad, 0 to pi; broadcasts with ``kinetic``.
    kinetic_proton, z
        As :func:`amplitude`.

    Returns
    -------
    array
        cm^2/(MeV sr), never negative.

    Raises
    ------
    RangeError
        For an argument out of range.

    Notes
    -----
    B was marked for checking by the program that it is read from. Above 730 MeV everything is an extrapolation.

    Source: R. L. Burman and E. S. Smith, LA-11502-MS (1989), as the public program BdNMC carries it.
    """
    require_range("kinetic", kinetic, 0.0, unit="MeV")
    energy, angle = np.broadcast_arrays(np.asarray(kinetic, dtype=float), np.degrees(np.asarray(theta, dtype=float)))
    light = z <= 8
    t_a = _line(kinetic_proton, 28.9, 34.2) if light else _line(kinetic_proton, 26.0, 29.9)
    sigma_a = _line(kinetic_proton, 130.0, 150.0) if light else _line(kinetic_proton, 135.0, 166.0)
    mean, sigma = 48.0 + 330.0 * np.exp(-angle / t_a), sigma_a * np.exp(-angle / 85.0)
    edge = np.minimum((energy - (kinetic_proton - 140.0 - 2.0 * _EDGE)) / _EDGE, 500.0)
    peak = np.exp(-0.5 * ((mean - energy) / sigma) ** 2)
    density: Floats = amplitude(theta, kinetic_proton, z) * peak / (1.0 + np.exp(edge))
    return density
