"""The dark-Primakoff formula that is quoted for arXiv:2110.11944, for comparison with the exact one; not for rates."""

import numpy as np
from numpy.typing import ArrayLike

from darkhorn.core.rays import Floats
from darkhorn.physics.primakoff import msq_x_via_vector


def msq_x_via_vector_letter(
    energy: ArrayLike, q_sq: ArrayLike, m: ArrayLike, target_mass: ArrayLike, mediator_mass: ArrayLike
) -> Floats:
    """Return -t B/[2 (t - m_med^2)^2] per (g_N lambda)^2, B as in ``primakoff.msq_x_via_vector_st``.

    Written without cancellations as 4 <|M|^2> + M^2 (m^2 + y)^2/(y + m_med^2)^2, y = Q^2: the term -2 M^2 (m^2 - t)^2
    of the exact expression is absent, and the factor in front is 1/2 in place of 1/8.

    Parameters
    ----------
    energy, q_sq, m, target_mass, mediator_mass : array_like
        As in ``primakoff.msq_x_via_vector``; MeV and MeV^2, shapes broadcast.

    Returns
    -------
    array
        MeV^2; exactly 0 outside the kinematic range.

    Raises
    ------
    RangeError
        As ``primakoff.msq_x_via_vector``.

    Notes
    -----
    Over the exact one, on a heavy target and for a light X: 4 + y/[E^2 (1 - y/4E^2)].

    Source: arXiv:2110.11944 as quoted by a public recast (second-hand; an earlier version of it has 1/t for t).
    """
    exact = msq_x_via_vector(energy, q_sq, m, target_mass, mediator_mass)
    y, m, target = (np.asarray(value, dtype=float) for value in (q_sq, m, target_mass))
    below = np.where(exact > 0.0, y + np.asarray(mediator_mass, dtype=float) ** 2, 1.0)
    return np.where(exact > 0.0, 4.0 * exact + (target * (m**2 + y) / below) ** 2, 0.0)
