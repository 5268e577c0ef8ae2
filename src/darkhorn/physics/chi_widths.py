"""Widths of a vector into two dark particles of unequal mass or of spin 0, and whether a decay is open."""

import numpy as np
from numpy.typing import ArrayLike

from darkhorn.core.errors import ThresholdError, require_range
from darkhorn.core.rays import Floats


def require_heavier(decay: str, parent: float, *products: float) -> None:
    """Raise unless a decay is kinematically open, for chains that make no sense without it.

    Parameters
    ----------
    decay : str
        Its name in the message, such as ``chi' -> chi V``.
    parent : float
        Mass of the decaying particle in MeV.
    *products : float
        Masses of what it decays to in MeV.

    Raises
    ------
    ThresholdError
        For a parent that is not heavier than its products together; the message names all masses.
    RangeError
        For a negative mass.

    Notes
    -----
    Source: derived (energy conservation at rest).
    """
    for value in (parent, *products):
        require_range(f"a mass in {decay}", value, 0.0, unit="MeV")
    if parent <= sum(products):
        parts = " + ".join(f"{mass:g}" for mass in products)
        raise ThresholdError(
            f"{decay} is closed: {parent:g} -> {parts} MeV; allowed: parent mass > {sum(products):g} MeV"
        )


def width_vector_to_scalars(coupling: ArrayLike, mass: ArrayLike, m_scalar: ArrayLike) -> Floats:
    """Return Gamma(V -> phi phi*) = g^2 m beta^3/(48 pi) for the current i g V (phi* d phi - phi d phi*).

    Parameters
    ----------
    coupling : array_like
        g, dimensionless; g^2 = 4 pi alpha_D.
    mass, m_scalar : array_like
        Masses of V and of the complex scalar in MeV, >= 0. All shapes broadcast.

    Returns
    -------
    array
        MeV, mean over the polarisations of V; exactly 0 for m <= 2 m_phi.

    Raises
    ------
    RangeError
        For a negative mass.

    Notes
    -----
    A longitudinal V decays as cos^2 of the angle to its direction, a transverse one as sin^2.

    Source: derived; checked against an explicit polarisation sum in tests/physics/test_chi_widths.py.
    """
    require_range("mass", mass, 0.0, unit="MeV")
    require_range("m_scalar", m_scalar, 0.0, unit="MeV")
    boson, pair = np.asarray(mass, dtype=float), 2.0 * np.asarray(m_scalar, dtype=float)
    is_open = boson > pair
    ratio = np.where(is_open, pair, 1.0) / np.where(is_open, boson, 1.0)
    beta_sq = (1.0 - ratio) * (1.0 + ratio)
    return np.asarray(np.asarray(coupling, dtype=float) ** 2 * boson * beta_sq**1.5 / (48.0 * np.pi))


def width_vector_to_transition(coupling: ArrayLike, mass: ArrayLike, m_first: ArrayLike, m_second: ArrayLike) -> Floats:
    """Return Gamma(V -> chi1 chi2bar) of Dirac fermions with the transition current g V chi1bar gamma chi2 + h.c.

    g^2 p*/(12 pi m^4) [m^2 - (m1 - m2)^2] [2 m^2 + (m1 + m2)^2]; V -> chi2 chi1bar has the same width, and the two
    add for the whole transition current. For m1 = m2 and one current it is the width to a pair.

    Parameters
    ----------
    coupling : array_like
        g, dimensionless.
    mass, m_first, m_second : array_like
        Masses of V and of the two fermions in MeV, >= 0. All shapes broadcast.

    Returns
    -------
    array
        MeV, mean over the polarisations of V; exactly 0 for m <= m1 + m2.

    Raises
    ------
    RangeError
        For a negative mass.

    Notes
    -----
    Source: derived; checked against explicit traces in tests/physics/test_chi_widths.py.
    """
    for key, value in (("mass", mass), ("m_first", m_first), ("m_second", m_second)):
        require_range(key, value, 0.0, unit="MeV")
    boson, first, second = (np.asarray(value, dtype=float) for value in (mass, m_first, m_second))
    is_open = boson > first + second
    safe = np.where(is_open, boson, 1.0)
    total, split = (np.where(is_open, value, 0.0) / safe for value in (first + second, first - second))
    gap = (1.0 - split) * (1.0 + split)
    value = safe * np.sqrt(gap * (1.0 - total) * (1.0 + total)) * gap * (2.0 + total**2) / (24.0 * np.pi)
    return np.where(is_open, np.asarray(coupling, dtype=float) ** 2 * value, 0.0)
