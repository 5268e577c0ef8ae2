"""What hadrons lose in matter: cross sections of protons and pions on beryllium and aluminium.

The parametrisations are those of the Booster Neutrino Beam simulation; momenta in
MeV/c, results in cm^2 per nucleus.
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from darkhorn.core.errors import require_range, unknown_name
from darkhorn.core.rays import Floats
from darkhorn.core.units import CM2_IN_M2, GEV, MB_IN_CM2

_PION_MASS_GEV: Final = 0.13957039
_PROTON_MASS_GEV: Final = 0.93827209
_PION_FIT_LOW_GEV: Final = 0.5

AIR_OVER_BE: Final = (14.5 / 9.01) ** 0.75
"""Nucleus of air over beryllium, a power 0.75 of the mass number: an estimate, not a measurement."""


class _PowerLog(NamedTuple):
    """sigma(p) = A + B p^n + C ln^2 p + D ln p in mb, p in GeV/c."""

    a: float
    b: float
    n: float
    c: float
    d: float

    def __call__(self, p: Floats) -> Floats:
        log = np.log(p)
        return self.a + self.b * p**self.n + self.c * log**2 + self.d * log


class _PionFit(NamedTuple):
    """A resonance below 1 GeV/c joined to a smooth rise, in mb, p in GeV/c."""

    norm: float
    mass: float
    width: float
    p0: float
    slope: float
    tail: _PowerLog

    def __call__(self, p: Floats) -> Floats:
        energy = np.sqrt(p**2 + _PION_MASS_GEV**2)
        m_sq = _PION_MASS_GEV**2 + _PROTON_MASS_GEV**2 + 2.0 * energy * _PROTON_MASS_GEV
        mg_sq = m_sq * self.width**2
        peak = self.norm * mg_sq / ((self.mass**2 - m_sq) ** 2 + mg_sq)
        return peak + 0.5 * (1.0 + np.tanh(self.slope * (p - self.p0))) * self.tail(p)


_PROTON_TOTAL: Final = {
    "Be": _PowerLog(307.8, 0.897, 0.000304, -2.598, -4.973),
    "Al": _PowerLog(760.3, -0.056, 2.485, 6.172, -41.60),
}
_PROTON_INELASTIC: Final = {
    "Be": _PowerLog(-126.08, 420.02, -0.579, -6.802, 115.47),
    "Al": _PowerLog(470.94, -0.259, 2.429, 48.86, -87.18),
}
_PROTON_QUASI_ELASTIC: Final = {
    "Be": _PowerLog(-550.7, 675.6, -0.168, 8.247, 35.65),
    "Al": _PowerLog(264.50, 0.0, -0.9136, 32.24, -155.80),
}
_PION_INELASTIC: Final = {
    ("Be", 1): _PionFit(850.6, 1.2006, 0.3752, 0.4, 5.142, _PowerLog(162.32, -99.89, -2.406, -0.4202, 0.0)),
    ("Al", 1): _PionFit(510.6, 1.1888, 0.185, 0.295, 2.3067, _PowerLog(1545.7, -1117.7, 0.0565, 14.37, 0.0)),
    ("Be", -1): _PionFit(371.5, 1.2006, 0.2327, 0.6, 2.874, _PowerLog(92.66, 112.2, -0.4861, 7.5, 0.0)),
    ("Al", -1): _PionFit(446.8, 1.1888, 0.305, 0.706, 1.685, _PowerLog(997.8, -457.8, 0.611, 233.4, 0.0)),
}
_PION_QUASI_ELASTIC: Final = {
    ("Be", 1): _PionFit(379.9, 1.2006, 0.557, 0.634, 3.784, _PowerLog(-2.377, -81.84, -2.703, 3.173, 0.0)),
    ("Al", 1): _PionFit(229.4, 1.1888, 0.1886, 0.698, 2.134, _PowerLog(40.38, 89.20, -1.574, 0.335, 0.0)),
    ("Be", -1): _PionFit(188.97, 1.2006, 0.1851, 0.626, 2.504, _PowerLog(-1.559, 46.41, -0.633, 1.874, 0.0)),
    ("Al", -1): _PionFit(129.12, 1.1888, 0.305, 0.633, 2.199, _PowerLog(32.52, 85.15, -1.225, 1.383, 0.0)),
}


def _proton(fits: dict[str, _PowerLog], p: ArrayLike, material: str) -> Floats:
    if material not in fits:
        raise unknown_name("material", material, fits)
    require_range("p", p, 0.0, unit="MeV/c", open_low=True)
    return fits[material](np.asarray(p, dtype=float) / GEV) * MB_IN_CM2


def proton_total_cm2(p: ArrayLike, material: str) -> Floats:
    """Return the total nucleon cross section per nucleus, A + B p^n + C ln^2 p + D ln p.

    Parameters
    ----------
    p : array_like
        Momentum in MeV/c, > 0, any shape; fitted near 8.9 GeV/c.
    material : str
        ``Be`` or ``Al``.

    Returns
    -------
    array
        cm^2 per nucleus.

    Raises
    ------
    UnknownNameError
        For another material.
    RangeError
        For a momentum that is not positive.

    Notes
    -----
    Source: G4BNB production input; arXiv:0806.1449, section V.
    """
    return _proton(_PROTON_TOTAL, p, material)


def proton_inelastic_cm2(p: ArrayLike, material: str) -> Floats:
    """Return the inelastic nucleon cross section, quasi-elastic included; arguments as :func:`proton_total_cm2`.

    Source: G4BNB production input; arXiv:0806.1449, section V.
    """
    return _proton(_PROTON_INELASTIC, p, material)


def proton_quasi_elastic_cm2(p: ArrayLike, material: str) -> Floats:
    """Return the quasi-elastic nucleon cross section; arguments as :func:`proton_total_cm2`.

    Source: G4BNB production input; arXiv:0806.1449, section V.
    """
    return _proton(_PROTON_QUASI_ELASTIC, p, material)


def proton_production_cm2(p: ArrayLike, material: str) -> Floats:
    """Return the cross section of meson production, inelastic minus quasi-elastic.

    A quasi-elastic proton goes on and may interact again; arguments as :func:`proton_total_cm2`.

    Source: G4BNB production input (its multiplicities divide by this difference); arXiv:0806.1449, section V.
    """
    return proton_inelastic_cm2(p, material) - proton_quasi_elastic_cm2(p, material)


def _pion(fits: dict[tuple[str, int], _PionFit], p: ArrayLike, charge: int, material: str) -> Floats:
    if charge not in (1, -1):
        raise unknown_name("charge of a pion", str(charge), ("1", "-1"))
    require_range("p", p, 0.0, unit="MeV/c")
    scale, base = (AIR_OVER_BE, "Be") if material == "air" else (1.0, material)
    if (base, charge) not in fits:
        raise unknown_name("material", material, {"air", *(name for name, _ in fits)})
    momentum = np.maximum(np.asarray(p, dtype=float) / GEV, _PION_FIT_LOW_GEV)
    return scale * fits[base, charge](momentum) * MB_IN_CM2


def pion_inelastic_cm2(p: ArrayLike, charge: int, material: str) -> Floats:
    """Return the inelastic cross section of a charged pion, quasi-elastic included.

    N (m G)^2/[(M0^2-m^2)^2 + (m G)^2] + (1/2)[1 + tanh(s(p-p0))] [A + B p^n + C ln^2 p], with m the invariant mass
    of the pion and a proton at rest.

    Parameters
    ----------
    p : array_like
        Momentum in MeV/c, >= 0, any shape. Fitted from 0.5 to 11 GeV/c; below, the value at 0.5 GeV/c is held, which is
        an approximation.
    charge : int
        +1 or -1.
    material : str
        ``Be``, ``Al`` or ``air`` (beryllium scaled by (14.5/9.01)^0.75, an estimate).

    Returns
    -------
    array
        cm^2 per nucleus.

    Raises
    ------
    UnknownNameError
        For another material or charge.
    RangeError
        For a negative momentum.

    Notes
    -----
    Source: G4BNB hadron cross sections (the fits of the Booster Neutrino Beam simulation); arXiv:0806.1449, section V.
    """
    return _pion(_PION_INELASTIC, p, charge, material)


def pion_quasi_elastic_cm2(p: ArrayLike, charge: int, material: str) -> Floats:
    """Return the quasi-elastic cross section of a charged pion; arguments as :func:`pion_inelastic_cm2`.

    Source: G4BNB hadron cross sections; arXiv:0806.1449, section V.
    """
    return _pion(_PION_QUASI_ELASTIC, p, charge, material)


def interaction_length(sigma_cm2: ArrayLike, number_density: float) -> Floats:
    """Return the mean free path 1/(n sigma) in m for a density in 1/m^3; infinite where sigma is zero.

    Source: definition.
    """
    with np.errstate(divide="ignore"):
        length: Floats = 1.0 / (number_density * np.asarray(sigma_cm2, dtype=float) * CM2_IN_M2)
    return length


def truncated_exponential(u: ArrayLike, length: ArrayLike, mean: ArrayLike) -> tuple[Floats, Floats]:
    """Return the depth s in [0, length] that a uniform number u draws from exp(-s/mean), and P(s < length).

    s = -mean ln(1 - u P), P = 1 - exp(-length/mean).

    Parameters
    ----------
    u : array_like
        Uniform in (0, 1).
    length, mean : array_like
        In m, broadcasting with ``u``; an infinite mean gives P = 0 and s = u length.

    Returns
    -------
    s, probability : array
        Depth in m and the probability to end within ``length``.

    Notes
    -----
    Source: inversion of the truncated exponential distribution.
    """
    u, length, mean = np.broadcast_arrays(*(np.asarray(a, dtype=float) for a in (u, length, mean)))
    probability = -np.expm1(-length / mean)
    finite = np.isfinite(mean)
    scale = np.where(finite, mean, 1.0)
    s = np.where(finite, -scale * np.log1p(-u * probability), u * length)
    return np.clip(s, 0.0, length), probability
