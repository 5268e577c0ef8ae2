"""The one table of conversions: multiply a number in the named unit to get house units.

House units are MeV (energy, momentum, mass), m, ns, T, rad and the elementary
charge; cross sections are in cm^2 and exposures in protons on target (POT).

Example
-------
>>> 8.89 * GEV  # a momentum of 8.89 GeV/c in MeV/c
8890.0
"""

from typing import Final

MEV: Final = 1.0
KEV: Final = 1.0e-3
GEV: Final = 1.0e3
EV: Final = 1.0e-6

M: Final = 1.0
CM: Final = 1.0e-2
MM: Final = 1.0e-3
FM: Final = 1.0e-15

NS: Final = 1.0
SECOND: Final = 1.0e9

MB_IN_CM2: Final = 1.0e-27
"""One millibarn in cm^2 (the house unit of a cross section)."""

CM2_IN_M2: Final = 1.0e-4
"""One cm^2 in m^2."""

C: Final = 0.299792458
"""Speed of light in m/ns (exact, SI)."""

HBAR: Final = 6.582119569e-13
"""Reduced Planck constant in MeV ns (CODATA 2018; exact in SI)."""

HBARC: Final = HBAR * C
"""hbar c in MeV m, 1.973269804e-13."""

HBARC_FM: Final = HBARC / FM
"""hbar c in MeV fm, 197.3269804."""

INV_MEV2_IN_CM2: Final = (HBARC / CM) ** 2
"""One MeV^-2 in cm^2, 3.8937937e-22."""

AVOGADRO: Final = 6.02214076e23
"""Avogadro constant in 1/mol (exact, SI)."""
