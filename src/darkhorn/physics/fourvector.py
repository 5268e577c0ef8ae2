"""Four-vectors (..., 4) = E, px, py, pz with metric (+,-,-,-), boosts, and rotations of directions."""

import numpy as np
from numpy.typing import ArrayLike

from darkhorn.core.errors import require_range
from darkhorn.core.rays import Floats

_ROUNDING = 1e-12


def minkowski_dot(a: ArrayLike, b: ArrayLike) -> Floats:
    """Return a.b = a0 b0 - a1 b1 - a2 b2 - a3 b3.

    Parameters
    ----------
    a, b : (..., 4) array_like
        Four-vectors; leading shapes broadcast.

    Returns
    -------
    (...) array
        The product, in the product of both units.

    Notes
    -----
    Source: derived (definition).
    """
    a, b = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    return np.asarray(a[..., 0] * b[..., 0] - (a[..., 1:] * b[..., 1:]).sum(axis=-1))


def minkowski_sq(p: ArrayLike) -> Floats:
    """Return p.p as (E - |p|)(E + |p|), which keeps the digits of a small mass.

    Parameters
    ----------
    p : (..., 4) array_like
        Four-vector.

    Returns
    -------
    (...) array
        The square, MeV^2 for a momentum in MeV; negative if space-like.

    Notes
    -----
    Source: derived (definition).
    """
    p = np.asarray(p, dtype=float)
    norm = np.sqrt((p[..., 1:] ** 2).sum(axis=-1))
    return np.asarray((p[..., 0] - norm) * (p[..., 0] + norm))


def boost(p: ArrayLike, frame: ArrayLike, mass: ArrayLike) -> Floats:
    """Take four-vectors from the rest frame of a particle to the frame where that particle has momentum ``frame``.

    E' = (P0 E + P.p)/M and p' = p + P [E + P.p/(P0 + M)]/M: no Lorentz factor is formed from a velocity.
    Give ``frame`` with its three-momentum reversed for the opposite boost.

    Parameters
    ----------
    p : (..., 4) array_like
        Four-vector in the rest frame.
    frame : (..., 4) array_like
        Four-momentum P of the particle in the new frame, MeV. Leading shapes broadcast.
    mass : (...) array_like
        Mass M > 0 of that particle in MeV, consistent with ``frame``.

    Returns
    -------
    (..., 4) array
        Boosted four-vector in the unit of ``p``.

    Raises
    ------
    RangeError
        For M <= 0.

    Notes
    -----
    Source: Byckling and Kajantie, Particle Kinematics, section II.1.
    """
    p, frame, mass = (np.asarray(value, dtype=float) for value in (p, frame, mass))
    require_range("mass", mass, 0.0, unit="MeV", open_low=True)
    along = (frame[..., 1:] * p[..., 1:]).sum(axis=-1)
    energy = (frame[..., 0] * p[..., 0] + along) / mass
    factor = (p[..., 0] + along / (frame[..., 0] + mass)) / mass
    vector = p[..., 1:] + frame[..., 1:] * factor[..., None]
    return np.concatenate([energy[..., None], vector], axis=-1)


def transverse_axes(direction: ArrayLike) -> tuple[Floats, Floats]:
    """Return two unit vectors e1, e2 that make a right-handed frame with each direction, e1 x e2 = direction.

    Parameters
    ----------
    direction : (..., 3) array_like
        Unit vectors; any, +z and -z included.

    Returns
    -------
    e1, e2 : (..., 3) array
        For +z they are x and y.

    Notes
    -----
    Source: Duff et al., "Building an orthonormal basis, revisited", J. Comput. Graph. Tech. 6, 1 (2017).
    """
    x, y, z = np.moveaxis(np.asarray(direction, dtype=float), -1, 0)
    sign = np.copysign(1.0, z)
    a = -1.0 / (sign + z)
    b = x * y * a
    first = np.stack([1.0 + sign * x**2 * a, sign * b, -sign * x], axis=-1)
    return first, np.stack([b, sign + y**2 * a, -y], axis=-1)


def deflect(direction: ArrayLike, one_minus_cos: ArrayLike, phi: ArrayLike) -> Floats:
    """Turn each direction by a polar angle given as 1 - cos, at azimuth phi about it.

    Keeps full relative precision for angles far below 1e-8 rad, where the cosine itself rounds to 1.

    Parameters
    ----------
    direction : (..., 3) array_like
        Unit vectors.
    one_minus_cos : (...) array_like
        1 - cos of the polar angle, in [0, 2].
    phi : (...) array_like
        Azimuth in rad about the old direction; its zero is the first of :func:`transverse_axes`.

    Returns
    -------
    (..., 3) array
        Unit vectors.

    Raises
    ------
    RangeError
        For 1 - cos outside [0, 2] by more than 1e-12 (rounding is clipped).

    Notes
    -----
    Source: derived.
    """
    n, versine, phi = (np.asarray(value, dtype=float) for value in (direction, one_minus_cos, phi))
    require_range("1 - cos", versine, -_ROUNDING, 2.0 + _ROUNDING)
    versine = np.clip(versine, 0.0, 2.0)
    x, y, z = np.moveaxis(n, -1, 0).copy()
    sine, cosine = np.sqrt(versine * (2.0 - versine)), 1.0 - versine
    along, across = sine * np.cos(phi), sine * np.sin(phi)
    # with s the sign of z and m = (x, y, s + z)/(s + z) the axes across are (1, 0, 0) - s x m and (0, s, 0) - y m
    sign = np.copysign(1.0, z)
    share = sign * x * along + y * across
    scaled = cosine - share / (sign + z)
    return np.stack([scaled * x + along, scaled * y + sign * across, cosine * z - share], axis=-1)


def rotate(direction: ArrayLike, cos_theta: ArrayLike, phi: ArrayLike) -> Floats:
    """Turn each direction by a polar angle, given by its cosine, at azimuth phi about it.

    Parameters
    ----------
    direction : (..., 3) array_like
        Unit vectors.
    cos_theta : (...) array_like
        Cosine of the angle between the old and the new direction, in [-1, 1].
    phi : (...) array_like
        Azimuth in rad about the old direction.

    Returns
    -------
    (..., 3) array
        Unit vectors.

    Raises
    ------
    RangeError
        For |cos| > 1 by more than 1e-12.

    Notes
    -----
    Source: derived; :func:`deflect` is the form for very small angles.
    """
    return deflect(direction, 1.0 - np.asarray(cos_theta, dtype=float), phi)
