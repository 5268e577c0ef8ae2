"""Widths into neutrinos."""

import numpy as np
from numpy.typing import ArrayLike

from darkhorn.core.errors import require_range
from darkhorn.core.rays import Floats


def width_vector_to_neutrinos(coupling: ArrayLike, mass: ArrayLike) -> Floats:
    """Return Gamma(V -> nu nubar) = g^2 m/(24 pi) of one flavour, for g V nubar gamma P_L nu.

    Summed over final spins, averaged over the polarisations of V. Neutrinos are massless and left-handed.

    Parameters
    ----------
    coupling : array_like
        g, dimensionless, of one flavour.
    mass : array_like
        Mass of V in MeV, >= 0. Shapes broadcast.

    Returns
    -------
    array
        MeV.

    Raises
    ------
    RangeError
        For a negative mass.

    Notes
    -----
    Half of the width into a massless Dirac fermion, which has both chiralities.

    Source: derived; checked against explicit traces in tests/physics/test_invisible.py.
    """
    require_range("mass", mass, 0.0, unit="MeV")
    return np.asarray(np.asarray(coupling, dtype=float) ** 2 * np.asarray(mass, dtype=float) / (24.0 * np.pi))
