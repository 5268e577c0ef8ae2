"""Elastic collision with a target at rest: where and how fast the projectile goes on for a given momentum transfer."""

import numpy as np
from numpy.typing import ArrayLike

from darkhorn.core.errors import RangeError, require_range
from darkhorn.core.rays import Floats


def largest_transfer(p: ArrayLike, m: ArrayLike, target_mass: ArrayLike) -> Floats:
    """Return the largest |t| = 4 p*^2 = 4 p^2 M^2/s of m + M -> m + M, with s = m^2 + M^2 + 2 M E.

    Parameters
    ----------
    p, m, target_mass : array_like
        Momentum and mass of the projectile (>= 0) and mass of the target (> 0) in MeV; they broadcast.

    Returns
    -------
    array
        MeV^2.

    Raises
    ------
    RangeError
        For a number out of range.

    Notes
    -----
    Source: derived (centre-of-mass momentum); checked against explicit boosts in tests/physics/test_collisions.py.
    """
    p, m, target = (np.asarray(value, dtype=float) for value in (p, m, target_mass))
    require_range("p", p, 0.0, unit="MeV/c")
    require_range("m", m, 0.0, unit="MeV")
    require_range("target_mass", target, 0.0, unit="MeV", open_low=True)
    return np.asarray(4.0 * (p * target) ** 2 / (m**2 + target**2 + 2.0 * target * np.hypot(p, m)))


def after_collision(p: ArrayLike, t: ArrayLike, m: ArrayLike, target_mass: ArrayLike) -> tuple[Floats, Floats]:
    """Return momentum and cosine of the angle of the projectile after m + M -> m + M with transfer |t|.

    E' = E - |t|/(2 M), cos = (2 E E' - 2 m^2 - |t|)/(2 p p').

    Parameters
    ----------
    p : array_like
        Momentum before in MeV/c, > 0.
    t : array_like
        |t| in MeV^2, 0 to :func:`largest_transfer`.
    m, target_mass : array_like
        MeV, >= 0 and > 0; all arguments broadcast.

    Returns
    -------
    momentum, cosine : array
        MeV/c; between -1 and 1 (1 where the projectile is left at rest).

    Raises
    ------
    RangeError
        For a number out of range, or a transfer that cannot be.

    Notes
    -----
    Source: derived (four-momentum conservation); checked against explicit boosts in tests/physics/test_collisions.py.
    """
    require_range("p", p, 0.0, unit="MeV/c", open_low=True)
    require_range("t", t, 0.0, unit="MeV^2")
    limit = largest_transfer(p, m, target_mass)
    p, t, m, target = (np.asarray(value, dtype=float) for value in (p, t, m, target_mass))
    beyond = np.broadcast_to(t > limit * (1.0 + 1.0e-9), np.broadcast_shapes(t.shape, limit.shape))
    if beyond.any():
        worst = float(np.broadcast_to(t, beyond.shape)[beyond].max())
        raise RangeError(f"t = {worst:g} MeV^2; allowed: [0, {float(limit.min()):g}] MeV^2, 4 p*^2")
    energy = np.hypot(p, m)
    after = energy - t / (2.0 * target)
    momentum = np.sqrt(np.maximum((after - m) * (after + m), 0.0))
    moving = momentum > 0.0
    cosine = (2.0 * (energy * after - m**2) - t) / np.where(moving, 2.0 * p * momentum, 1.0)
    return np.asarray(momentum), np.where(moving, np.clip(cosine, -1.0, 1.0), 1.0)
