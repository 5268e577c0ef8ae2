"""Mean ionisation loss of a heavy charged particle: the Bethe formula with Sternheimer's density effect."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from darkhorn.core.errors import require_range
from darkhorn.core.rays import Floats
from darkhorn.core.species import ELECTRON, mass
from darkhorn.core.units import CM, EV

COEFFICIENT: Final = 0.307075
"""4 pi N_A r_e^2 m_e c^2 in MeV cm^2/mol."""


class DensityEffect(NamedTuple):
    """Sternheimer's constants: delta(X) with X = log10(beta gamma)."""

    c: float
    x0: float
    x1: float
    a: float
    k: float
    delta0: float


def density_correction(beta_gamma: ArrayLike, constants: DensityEffect) -> Floats:
    """Return delta of the Bethe formula.

    delta = 2 ln(10) X - C + a (x1 - X)^k for x0 < X < x1, without the last term above x1, and delta0 10^(2 (X - x0))
    below x0; X = log10(beta gamma).

    Parameters
    ----------
    beta_gamma : array_like
        p/M, > 0, any shape.
    constants : DensityEffect
        Of the material.

    Returns
    -------
    array
        Dimensionless, >= 0.

    Raises
    ------
    RangeError
        For beta gamma that is not positive.

    Notes
    -----
    Source: R. M. Sternheimer, M. J. Berger, S. M. Seltzer, At. Data Nucl. Data Tables 30, 261 (1984).
    """
    require_range("beta gamma", beta_gamma, 0.0, open_low=True)
    x = np.log10(np.asarray(beta_gamma, dtype=float))
    curve = constants.a * np.maximum(constants.x1 - x, 0.0) ** constants.k
    above = 2.0 * np.log(10.0) * x - constants.c + curve
    below = constants.delta0 * 10.0 ** (2.0 * (np.minimum(x, constants.x0) - constants.x0))
    delta: Floats = np.maximum(np.where(x > constants.x0, above, below), 0.0)
    return delta


def bethe(
    p: ArrayLike,
    m: float,
    *,
    z_over_a: float,
    density: float,
    excitation: float,
    constants: DensityEffect | None = None,
) -> Floats:
    """Return the mean energy loss -dE/dx of a particle with unit charge.

    rho (0.307075 Z/A)/beta^2 [ln(2 m_e beta^2 gamma^2 T_max/I^2)/2 - beta^2 - delta/2] with
    T_max = 2 m_e beta^2 gamma^2/(1 + 2 gamma m_e/M + (m_e/M)^2).

    Parameters
    ----------
    p : array_like
        Momentum in MeV/c, > 0, any shape. Valid for beta gamma from about 0.1 to 1000.
    m : float
        Mass M in MeV, > 0; not an electron's.
    z_over_a : float
        Z/A in mol/g.
    density : float
        rho in g/cm^3.
    excitation : float
        Mean excitation energy I in eV.
    constants : DensityEffect, optional
        Without it delta = 0.

    Returns
    -------
    array
        MeV/m, >= 0: where the bracket is negative (beta gamma below about 0.01) zero, which is outside the valid range.

    Raises
    ------
    RangeError
        For a momentum or a mass that is not positive.

    Notes
    -----
    No shell, Barkas or radiative terms: below 1 % for beta gamma from 0.2 to 100.

    Source: PDG, Passage of particles through matter, Eq. (34.5).
    """
    require_range("p", p, 0.0, unit="MeV/c", open_low=True)
    require_range("mass", m, 0.0, unit="MeV", open_low=True)
    beta_gamma = np.asarray(p, dtype=float) / m
    gamma = np.sqrt(1.0 + beta_gamma**2)
    beta_sq, m_e = (beta_gamma / gamma) ** 2, mass(ELECTRON)
    t_max = 2.0 * m_e * beta_gamma**2 / (1.0 + 2.0 * gamma * m_e / m + (m_e / m) ** 2)
    delta = 0.0 if constants is None else density_correction(beta_gamma, constants)
    logarithm = 0.5 * np.log(2.0 * m_e * beta_gamma**2 * t_max / (excitation * EV) ** 2)
    loss: Floats = density * COEFFICIENT * z_over_a / beta_sq * (logarithm - beta_sq - 0.5 * delta) / CM
    return np.maximum(loss, 0.0)
