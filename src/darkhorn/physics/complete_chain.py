"""The mother of a dark particle: V of P -> V + rest, V -> chi chi', when P and chi are known.

In the rest frame of P the energies of V and chi fix the angle between them, because V -> chi chi' is a two-body decay.
What is left is the energy of V, where it has a spectrum, and one azimuth about chi, uniform because P has no spin.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from darkhorn.core.errors import require_range
from darkhorn.core.rays import Floats
from darkhorn.physics.cascade import two_body_energy, two_body_momentum
from darkhorn.physics.fourvector import boost, deflect


def draw_mother_energy(
    density: Callable[[Floats], Floats],
    limits: tuple[float, float],
    energy: ArrayLike,
    u: ArrayLike,
    m_mother: float,
    m1: float,
    m2: float,
    nodes: int = 4096,
) -> Floats:
    """Return energies of V drawn at a given energy of its daughter 1: f(W) D(E; W) at fixed E, decays isotropic in V.

    D is a box, 1/(2 gamma beta p*), so that dW f D = dy f(m cosh y) m/(2 p*) in the rapidity y of V, which runs over
    abs(eta - eta*) < y < eta + eta*, cut at the limits. The integral of f over y is a table, inverted linearly.

    Parameters
    ----------
    density : callable
        W in MeV to f(W), the spectrum of V where P is at rest; only ratios matter.
    limits : (float, float)
        Where f lives, MeV, m_mother <= low < high.
    energy : (N,) array_like
        Energies E of daughter 1 in MeV where P is at rest.
    u : (N,) array_like
        Uniform numbers in (0, 1).
    m_mother, m1, m2 : float
        Masses of V and of its daughters in MeV, m_mother > m1 + m2.
    nodes : int
        Points of the table, >= 2; they crowd at both limits.

    Returns
    -------
    (N,) float
        W in MeV, inside the limits; the nearest possible one where E is out of reach.

    Raises
    ------
    ThresholdError
        Where V -> 1 2 is closed.
    RangeError
        For impossible limits or masses.

    Notes
    -----
    Source: derived; checked against a Monte Carlo of the chain in tests/physics/test_complete_chain.py.
    """
    low, high = limits
    require_range("limits[0]", low, m_mother, unit="MeV")
    require_range("limits[1]", high, low, unit="MeV", open_low=True)
    e_star, p_star = float(two_body_energy(m_mother, m1, m2)), float(two_body_momentum(m_mother, m1, m2))
    first, last = (float(np.arccosh(max(edge / m_mother, 1.0))) for edge in limits)
    y = first + (last - first) * 0.5 * (1.0 - np.cos(np.linspace(0.0, np.pi, nodes)))
    value = np.maximum(density(np.clip(m_mother * np.cosh(y), low, high)), 0.0)
    cumulative = np.concatenate([[0.0], np.cumsum(0.5 * (value[1:] + value[:-1]) * np.diff(y))])
    flown = np.maximum(np.asarray(energy, dtype=float), m1)
    own = np.log((flown + np.sqrt((flown - m1) * (flown + m1))) / (e_star + p_star))
    top = own + 2.0 * np.log((e_star + p_star) / m1) if m1 > 0.0 else np.inf
    start, stop = np.clip(np.abs(own), first, last), np.clip(top, first, last)
    below, above = np.interp(start, y, cumulative), np.interp(np.maximum(start, stop), y, cumulative)
    drawn = np.interp(below + np.asarray(u, dtype=float) * (above - below), cumulative, y)
    return np.asarray(np.clip(m_mother * np.cosh(np.clip(drawn, start, np.maximum(start, stop))), low, high))


def mother_and_sister(
    parent: ArrayLike,
    daughter: ArrayLike,
    energy: ArrayLike,
    phi: ArrayLike,
    M: float,
    m_mother: float,
    m1: float,
    m2: float,
) -> tuple[Floats, Floats]:
    """Return the four-momenta of V and of the other daughter of P -> V + rest, V -> 1 2, given those of P and 1.

    With W, E the energies and P, p the momenta of V and 1 where P is at rest, m_V E* = W E - P p cos gives
    1 - cos = (m_V E* - (W^2 m1^2 + m_V^2 p^2)/(W E + P p))/(P p).

    Parameters
    ----------
    parent, daughter : (N, 4) array_like
        Four-momenta of P and of daughter 1 in MeV, in one frame.
    energy : (N,) array_like
        Energy W of V in MeV where P is at rest, see :func:`draw_mother_energy`; m_mother <= W.
    phi : (N,) array_like
        Azimuth of V about daughter 1 in that frame, rad.
    M, m_mother, m1, m2 : float
        Masses of P, V and the daughters in MeV, m_mother > m1 + m2.

    Returns
    -------
    mother, sister : (N, 4) float
        MeV, on their mass shells; mother = daughter + sister to rounding.

    Raises
    ------
    ThresholdError
        Where V -> 1 2 is closed.
    RangeError
        For W < m_mother or impossible masses.

    Notes
    -----
    An angle that rounding pushes beyond +-1 is clipped.

    Source: derived (four-momentum conservation); checked against explicit chains of boosts in
    tests/physics/test_complete_chain.py.
    """
    parent, daughter = np.asarray(parent, dtype=float), np.asarray(daughter, dtype=float)
    flying = np.asarray(energy, dtype=float)
    require_range("energy", flying, m_mother, unit="MeV")
    seen = boost(daughter, parent * np.array([1.0, -1.0, -1.0, -1.0]), M)[:, 1:]
    p = np.linalg.norm(seen, axis=1)
    axis = np.where(p[:, None] > 0.0, seen / np.where(p > 0.0, p, 1.0)[:, None], [0.0, 0.0, 1.0])
    size = np.sqrt((flying - m_mother) * (flying + m_mother))
    product = size * p
    invariant = m_mother * float(two_body_energy(m_mother, m1, m2))
    straight = ((flying * m1) ** 2 + (m_mother * p) ** 2) / (flying * np.hypot(p, m1) + product)
    versine = np.where(product > 0.0, (invariant - straight) / np.where(product > 0.0, product, 1.0), 1.0)
    direction = deflect(axis, np.clip(versine, 0.0, 2.0), phi)
    mother = boost(np.column_stack([flying, size[:, None] * direction]), parent, M)
    mother[:, 0] = np.sqrt((mother[:, 1:] ** 2).sum(axis=1) + m_mother**2)
    sister = mother - daughter
    sister[:, 0] = np.sqrt((sister[:, 1:] ** 2).sum(axis=1) + m2**2)
    return mother, sister
