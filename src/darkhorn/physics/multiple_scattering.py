"""Multiple Coulomb scattering: Highland's angle and what it does to a straight line."""

from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from darkhorn.core.errors import require_range
from darkhorn.core.rays import Floats

SCALE: Final = 13.6
"""MeV."""
LOGARITHM: Final = 0.038


def highland_square(thickness, beta_p, beta_sq):  # type: ignore[no-untyped-def]
    """Return theta_0^2 of Highland's formula in rad^2 without checks: the compiled transport uses these lines too.

    Parameters
    ----------
    thickness : float or array
        x/X0, > 0.
    beta_p : float or array
        beta c p in MeV.
    beta_sq : float or array
        beta^2.

    Returns
    -------
    float or array
        (13.6/beta c p)^2 (x/X0) [1 + 0.038 ln(x/(X0 beta^2))]^2; zero where the bracket is negative.

    Notes
    -----
    Source: G. R. Lynch and O. I. Dahl, Nucl. Instrum. Meth. B 58, 6 (1991), as in the PDG review, Eq. (34.16).
    """
    bracket = np.maximum(1.0 + LOGARITHM * np.log(thickness / beta_sq), 0.0)
    return (SCALE / beta_p) ** 2 * thickness * bracket * bracket


def highland_angle(p: ArrayLike, m: float, thickness: ArrayLike) -> Floats:
    """Return theta_0, the rms angle in a plane behind a layer, for unit charge.

    theta_0 = 13.6 MeV/(beta c p) sqrt(x/X0) [1 + 0.038 ln(x/(X0 beta^2))].

    Parameters
    ----------
    p : array_like
        Momentum in MeV/c, > 0.
    m : float
        Mass in MeV, >= 0.
    thickness : array_like
        x/X0 > 0, broadcasts with ``p``; fitted from 1e-3 to 100.

    Returns
    -------
    array
        rad.

    Raises
    ------
    RangeError
        For a momentum or thickness that is not positive, or a negative mass.

    Notes
    -----
    The displacement in the plane has the rms x theta_0/sqrt(3) and the correlation sqrt(3)/2 with the angle: exactly
    what one deflection at a uniformly random place of the layer gives.

    Source: G. R. Lynch and O. I. Dahl, Nucl. Instrum. Meth. B 58, 6 (1991), as in the PDG review, Eq. (34.16).
    """
    require_range("p", p, 0.0, unit="MeV/c", open_low=True)
    require_range("mass", m, 0.0, unit="MeV")
    require_range("x/X0", thickness, 0.0, open_low=True)
    momentum = np.asarray(p, dtype=float)
    beta = momentum / np.hypot(momentum, m)
    return np.sqrt(highland_square(np.asarray(thickness, dtype=float), beta * momentum, beta**2))  # type: ignore[no-untyped-call,no-any-return]
