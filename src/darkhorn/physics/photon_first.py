"""m + M -> photon + M seen from its photon: which incoming particle made it.

With the energy and the angle of the photon as variables, everything that a detector reports is fixed, whatever the
mass m: masses change weights only, and spectra in fixed bins can be differentiated with respect to them.
"""

from typing import NamedTuple

from numpy.typing import ArrayLike

from darkhorn.core.arrays import check_range, namespace, pick, root
from darkhorn.core.rays import Bools, Floats


class Incoming(NamedTuple):
    """The particle that makes a given photon; of no meaning where not ``open``, but finite."""

    energy: Floats
    """Total energy in MeV."""
    momentum: Floats
    """In MeV."""
    q_sq: Floats
    """Q^2 of the reaction in MeV^2."""
    measure: Floats
    """d(E, Q^2)/d(E_gamma, 1 - cos) in MeV^2; exactly 0 where nothing can make the photon."""
    open: Bools
    """Whether anything can."""


def incoming_of_photon(photon: ArrayLike, versine: ArrayLike, m: ArrayLike, target_mass: ArrayLike) -> Incoming:
    """Return the incoming particle of m + M -> photon + M, with the target M at rest, from the photon.

    With v = 1 - cos, a = M - E_gamma v, b = M - E_gamma (2 - v) and D = M E_gamma - m^2/2 the sum k = E + p solves
    a k^2 - 2 D k + b m^2 = 0: k = (D + r)/a with r = sqrt(D^2 - a b m^2). Then
    Q^2 = m^4 M/(k (m^2 + M k)) + v 2 M E_gamma p k/(M k + m^2) and d(E, Q^2)/d(E_gamma, v) = 2 M E_gamma p^2/r.

    Parameters
    ----------
    photon : array_like
        Laboratory energy E_gamma of the photon in MeV, > 0.
    versine : array_like
        1 - cos of its angle to the incoming particle, in [0, 2].
    m, target_mass : array_like
        Masses in MeV, m >= 0 and M > 0. Shapes broadcast.

    Returns
    -------
    Incoming

    Raises
    ------
    RangeError
        For M <= 0, or a photon without energy.

    Notes
    -----
    The other root has p < m^2/M and a photon that goes backwards; it is left out. It is 0.1 MeV for m = 10 MeV on
    hydrogen and less on nuclei.

    Source: derived; checked against two_to_two.py in tests/physics/test_photon_first.py.
    """
    xp = namespace(photon, versine, m, target_mass)
    light, v, m, target = (xp.asarray(value, dtype=float) for value in (photon, versine, m, target_mass))
    check_range("target_mass", target, 0.0, unit="MeV", open_low=True)
    check_range("energy of the photon", light, 0.0, unit="MeV", open_low=True)
    a, b, middle = target - light * v, target - light * (2.0 - v), target * light - 0.5 * m**2
    square = middle**2 - a * b * m**2
    is_open = (a > 0.0) & (middle > 0.0) & (square > 0.0)
    r = root(pick(is_open, square, 1.0))
    k = pick(is_open, (middle + r) / pick(is_open, a, 1.0), 1.0)
    is_open = is_open & (k > m)
    k = pick(is_open, k, 1.0 + 2.0 * m)
    below = 1.0 / k
    energy, p = 0.5 * (k + m**2 * below), 0.5 * (k - m) * (k + m) * below
    q_sq = (m**4 * target * below + v * 2.0 * target * light * p * k) / (m**2 + target * k)
    measure = xp.where(is_open, 2.0 * target * light * p**2 / r, 0.0)
    return Incoming(energy, p, q_sq, measure, is_open)
