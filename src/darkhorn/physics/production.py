"""Mesons from protons on beryllium at 8 GeV: the Sanford-Wang parametrisation.

:func:`sanford_wang` is the formula; the constants stand beside it, one named set a
species. Multiplicities per interaction divide it by a cross section of ``passage.py``.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from darkhorn.core.errors import require_range
from darkhorn.core.rays import Floats
from darkhorn.core.units import GEV, MB_IN_CM2


@dataclass(frozen=True)
class SanfordWangConstants:
    """The nine constants of one fit, for p in GeV/c, theta in rad and a result in mb/(GeV/c)/sr."""

    c1: float
    c2: float
    c3: float
    c4: float
    c5: float
    c6: float
    c7: float
    c8: float
    c9: float


PI_PLUS_BE: Final = SanfordWangConstants(220.7, 1.080, 1.000, 1.978, 1.32, 5.572, 0.0868, 9.686, 1.0)
"""pi+ fit to HARP and E910 data. Source: arXiv:0806.1449, as the public beam simulation G4BNB carries it."""

PI_MINUS_BE: Final = SanfordWangConstants(213.7, 0.9379, 5.454, 1.210, 1.284, 4.781, 0.07338, 8.329, 1.0)
"""pi- fit behind the published antineutrino-mode flux. Source: arXiv:0806.1449, as G4BNB carries it."""

PI_MINUS_BE_OLDER: Final = SanfordWangConstants(237.2, 0.8986, 4.521, 1.154, 1.105, 4.224, 0.06613, 9.961, 1.0)
"""Older pi- fit, behind the published neutrino-mode flux. Source: comments of G4BNB's production input."""

K0_SHORT_BE: Final = SanfordWangConstants(15.130, 1.975, 4.084, 0.928, 0.731, 4.362, 0.048, 13.300, 1.278)
"""K0S fit (use also for K0L). Source: arXiv:0806.1449, as G4BNB carries it."""


def sanford_wang(p: ArrayLike, theta: ArrayLike, p_beam: float, constants: SanfordWangConstants) -> Floats:
    """Return d2sigma/dp dOmega of p + Be -> meson + anything.

    c1 p^c2 [1 - p/(p_B - c9)] exp{ -c3 p^c4 / p_B^c5 - c6 theta (p - c7 p_B cos^c8 theta) }.

    Parameters
    ----------
    p : array_like
        Meson momentum in MeV/c, >= 0.
    theta : array_like
        Angle to the proton in rad, 0 to pi; broadcasts with ``p``.
    p_beam : float
        Proton momentum in MeV/c; the constants were fitted at 8.89 GeV/c.
    constants : SanfordWangConstants
        One of the sets of this module.

    Returns
    -------
    array
        Double-differential cross section in cm^2/(MeV/c)/sr; exactly zero above p_B - c9, where
        the bracket would turn negative, and beyond 90 degrees, where cos^c8 is not real.

    Raises
    ------
    RangeError
        For a beam momentum at or below c9, a negative momentum or angle.

    Notes
    -----
    The fit covers HARP's window 0.75 < p < 6.5 GeV/c, 30 < theta < 210 mrad; outside it is an extrapolation.

    Source: arXiv:0806.1449, Eq. (1); J. R. Sanford and C. L. Wang, BNL 11279 and 11479 (1967).
    """
    c = constants
    require_range("p_beam", p_beam, c.c9 * GEV, unit="MeV/c", open_low=True)
    require_range("p", p, 0.0, unit="MeV/c")
    require_range("theta", theta, 0.0, unit="rad")
    momentum, angle = np.broadcast_arrays(np.asarray(p, dtype=float) / GEV, np.asarray(theta, dtype=float))
    beam = p_beam / GEV
    inside = (momentum < beam - c.c9) & (momentum > 0) & (angle <= np.pi / 2)
    q = np.where(inside, momentum, 1.0)
    cosine = np.cos(np.where(inside, angle, 0.0)).clip(0.0, None)
    falloff = c.c3 * q**c.c4 / beam**c.c5 + c.c6 * angle * (q - c.c7 * beam * cosine**c.c8)
    value = c.c1 * q**c.c2 * (1.0 - q / (beam - c.c9)) * np.exp(np.where(inside, -falloff, 0.0))
    return np.where(inside, value, 0.0) * MB_IN_CM2 / GEV


def beam_momentum(kinetic_energy: float, mass: float) -> float:
    """Return the momentum sqrt(T^2 + 2 T m) in MeV/c of a beam particle with kinetic energy T in MeV.

    Source: relativistic kinematics; 8 GeV protons have 8.88889 GeV/c.
    """
    require_range("kinetic_energy", kinetic_energy, 0.0, unit="MeV")
    return float(np.sqrt(kinetic_energy * (kinetic_energy + 2.0 * mass)))
