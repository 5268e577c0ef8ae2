"""Two-flavour neutrino oscillation in vacuum."""

import numpy as np
from numpy.typing import ArrayLike

from darkhorn.core.errors import require_range
from darkhorn.core.rays import Floats
from darkhorn.core.units import HBARC


def appearance(energy: ArrayLike, distance: ArrayLike, sin_sq_2theta: float, delta_m_sq: float) -> Floats:
    """Return the probability P = sin^2(2 theta) sin^2(dm^2 L / 4E) that a neutrino has changed its flavour.

    Parameters
    ----------
    energy : array_like
        E > 0 in MeV.
    distance : array_like
        L >= 0 in m; shapes broadcast.
    sin_sq_2theta : float
        In [0, 1].
    delta_m_sq : float
        Difference of the squared masses in eV^2, >= 0.

    Returns
    -------
    array
        In [0, 1], of the broadcast shape.

    Raises
    ------
    RangeError
        For an argument out of range.

    Notes
    -----
    The phase is dm^2 L / (4 hbar c E), that is 1.26693 dm^2[eV^2] L[m] / E[MeV].

    Source: PDG review of neutrino mixing, Eq. 14.39 with two flavours.
    """
    require_range("energy", energy, 0.0, unit="MeV", open_low=True)
    require_range("distance", distance, 0.0, unit="m")
    require_range("sin_sq_2theta", sin_sq_2theta, 0.0, 1.0)
    require_range("delta_m_sq", delta_m_sq, 0.0, unit="eV^2")
    phase = 1.0e-12 * delta_m_sq * np.asarray(distance, dtype=float) / (4.0 * HBARC * np.asarray(energy, dtype=float))
    return np.asarray(sin_sq_2theta * np.sin(phase) ** 2)
