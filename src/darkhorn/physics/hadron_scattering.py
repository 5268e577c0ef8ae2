"""Elastic and quasi-elastic scattering of hadrons on nuclei: cross sections and how |t| is distributed."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from darkhorn.core.errors import require_range, unknown_name
from darkhorn.core.rays import Floats
from darkhorn.core.units import GEV, MB_IN_CM2
from darkhorn.physics.passage import AIR_OVER_BE, pion_inelastic_cm2, proton_inelastic_cm2, proton_total_cm2

_DIFFERENCE_LOW: Final = 1.0 * GEV
"""Below, the fits of total and inelastic pion cross sections are too close for their difference to mean something."""


class _Total(NamedTuple):
    """sigma(p) = (1/2)[1 + tanh(s (p - p0))] [A + B p^n + C ln^2 p] in mb, p in GeV/c, from ``low`` on."""

    low: float
    p0: float
    s: float
    a: float
    b: float
    n: float
    c: float


_PION_TOTAL: Final = {
    ("Be", 1): _Total(0.6, 0.8138, 3.418, 237.6, 111.29, -4.186, -9.792),
    ("Al", 1): _Total(0.8, 0.9741, 3.585, 574.9, 642.63, -4.548, -19.98),
    ("Be", -1): _Total(0.6, 0.8579, 2.4738, 226.93, 135.32, -2.826, -7.484),
    ("Al", -1): _Total(0.8, 0.9808, 3.503, 572.8, 646.25, -4.473, -19.73),
}


def pion_total_cm2(p: ArrayLike, charge: int, material: str) -> Floats:
    """Return the total cross section of a charged pion, (1/2)[1 + tanh(s (p - p0))] [A + B p^n + C ln^2 p].

    Parameters
    ----------
    p : array_like
        Momentum in MeV/c, >= 0, any shape. Fitted from 0.6 (``Be``) or 0.8 GeV/c (``Al``) to 11 GeV/c; below,
        the value there is held, an approximation.
    charge : int
        +1 or -1.
    material : str
        ``Be``, ``Al`` or ``air`` (beryllium scaled, an estimate).

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
    Source: G4BNB production input and hadron cross sections; the fits follow A. S. Carroll et al., Phys. Rev. C 14,
    635 (1976).
    """
    require_range("p", p, 0.0, unit="MeV/c")
    scale, base = (AIR_OVER_BE, "Be") if material == "air" else (1.0, material)
    if (base, charge) not in _PION_TOTAL:
        if charge not in (1, -1):
            raise unknown_name("charge of a pion", str(charge), ("1", "-1"))
        raise unknown_name("material", material, {"air", *(name for name, _ in _PION_TOTAL)})
    fit, q = _PION_TOTAL[base, charge], np.maximum(np.asarray(p, dtype=float) / GEV, _PION_TOTAL[base, charge].low)
    rise = 0.5 * (1.0 + np.tanh(fit.s * (q - fit.p0)))
    sigma: Floats = scale * rise * (fit.a + fit.b * q**fit.n + fit.c * np.log(q) ** 2) * MB_IN_CM2
    return sigma


def pion_elastic_cm2(p: ArrayLike, charge: int, material: str) -> Floats:
    """Return the elastic cross section of a charged pion, >= 0.

    Total minus inelastic from 1 GeV/c on; below, the value there times the square of the ratio of total cross sections,
    as the optical theorem has it for one and the same slope. Arguments as :func:`pion_total_cm2`.

    Source: derived, from 1 GeV/c on as the Booster Neutrino Beam simulation does.
    """
    q = np.maximum(np.asarray(p, dtype=float), _DIFFERENCE_LOW)
    total = pion_total_cm2(q, charge, material)
    difference = total - pion_inelastic_cm2(q, charge, material)
    return np.maximum(difference, 0.0) * (pion_total_cm2(p, charge, material) / total) ** 2


def nucleon_elastic_cm2(p: ArrayLike, material: str) -> Floats:
    """Return the elastic cross section of a nucleon, total minus inelastic, >= 0.

    Arguments as :func:`darkhorn.physics.passage.proton_total_cm2`.

    Source: derived, as the Booster Neutrino Beam simulation does.
    """
    return np.maximum(proton_total_cm2(p, material) - proton_inelastic_cm2(p, material), 0.0)


class ElasticShape(NamedTuple):
    """dsigma/d|t| on a nucleus as the sum of two exponentials: slopes in 1/MeV^2, share of events in the first."""

    steep: float
    flat: float
    share: float


def elastic_shape(a: float) -> ElasticShape:
    """Return the |t| spectrum of elastic scattering, A^1.63 exp(-b1 |t|) + 1.4 A^0.33 exp(-b2 |t|).

    b1 = 14.5 A^0.66 and b2 = 10 (GeV/c)^-2; the share of a term is its weight over its slope.

    Parameters
    ----------
    a : float
        Mass number, 1 < A <= 62.

    Returns
    -------
    ElasticShape

    Raises
    ------
    RangeError
        For another mass number.

    Notes
    -----
    Source: elastic model of GHEISHA type in Geant4; the same for every hadron and momentum.
    """
    require_range("mass number", a, 1.0, 62.0, open_low=True)
    steep, flat = 14.5 * a**0.66, 10.0
    first, second = a**1.63 / steep, 1.4 * a**0.33 / flat
    return ElasticShape(steep / GEV**2, flat / GEV**2, first / (first + second))


_NUCLEON_SLOPES: Final = (
    (5.20996, 0.814526, -0.0376766),
    (2.56793, 2.87091, -0.535132, 0.0429920, -0.00126008),
)
_PION_SLOPES: Final = (
    (4.09816, 1.73419, 1.15718, 2.97006, 1.52589, 0.217029),
    (4.16121, 0.583495, 1.21394, 2.17844, 1.07658, 0.0891735),
)
_SLOPE_HIGH_GEV: Final = 11.0


def nucleon_slope(p: ArrayLike) -> Floats:
    """Return the slope b of exp(-b |t|) for a nucleon on a nucleon at rest, the mean of proton and neutron targets.

    Parameters
    ----------
    p : array_like
        Momentum in MeV/c, >= 0; polynomials fitted from 2 to 11 GeV/c, held above.

    Returns
    -------
    array
        1/MeV^2.

    Raises
    ------
    RangeError
        For a negative momentum.

    Notes
    -----
    Source: G4BNB production input, slopes of the quasi-elastic model.
    """
    require_range("p", p, 0.0, unit="MeV/c")
    q = np.minimum(np.asarray(p, dtype=float) / GEV, _SLOPE_HIGH_GEV)
    fits = [sum(c * q**n for n, c in enumerate(fit)) for fit in _NUCLEON_SLOPES]
    slope: Floats = np.asarray(0.5 * (fits[0] + fits[1])) / GEV**2
    return slope


def pion_slope(p: ArrayLike) -> Floats:
    """Return the slope b of exp(-b |t|) for a charged pion on a nucleon at rest, the mean of both charges.

    c0 [1 + tanh(c2 (p - c1))] + c3 G(p; c4, c5) with a normalised Gaussian G.

    Parameters
    ----------
    p : array_like
        Momentum in MeV/c, >= 0; held above 11 GeV/c.

    Returns
    -------
    array
        1/MeV^2.

    Raises
    ------
    RangeError
        For a negative momentum.

    Notes
    -----
    Source: G4BNB production input, slopes of the quasi-elastic model.
    """
    require_range("p", p, 0.0, unit="MeV/c")
    q = np.minimum(np.asarray(p, dtype=float) / GEV, _SLOPE_HIGH_GEV)
    slope = np.zeros_like(q)
    for c0, c1, c2, c3, c4, c5 in _PION_SLOPES:
        bump = np.exp(-((q - c4) ** 2) / (2.0 * c5**2)) / np.sqrt(2.0 * np.pi * c5**2)
        slope = slope + 0.5 * (c0 * (1.0 + np.tanh(c2 * (q - c1))) + c3 * bump)
    return slope / GEV**2
