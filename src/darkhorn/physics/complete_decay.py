"""The rest of a three-body decay P -> l nu X when X is known: the other Dalitz variable, then both four-momenta.

The energy of X in the rest frame of P fixes (l + nu)^2. What is left is one Dalitz variable, distributed as
Sum|M|^2 at that energy, and one azimuth about X, uniform because P has no spin.
"""

from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from darkhorn.core.rays import Floats
from darkhorn.physics.fourvector import boost, deflect, minkowski_sq
from darkhorn.physics.phase_space import SquaredAmplitude, delta_limits

_ROWS: Final = 4096
_TINY: Final = 1.0e-300


def pair_mass_sq(parent: ArrayLike, boson: ArrayLike, M: float, m_l: float, m_x: float) -> Floats:
    """Return (p - k)^2 = (l + nu)^2 of given four-momenta, kept within [m_l^2, (M - m_x)^2] against rounding.

    Parameters
    ----------
    parent, boson : (N, 4) array_like
        Four-momenta of P and X in MeV, in one frame.
    M, m_l, m_x : float
        Masses in MeV.

    Returns
    -------
    (N,) float
        MeV^2.

    Notes
    -----
    Source: derived (four-momentum conservation).
    """
    square = minkowski_sq(np.asarray(parent, dtype=float) - np.asarray(boson, dtype=float))
    return np.asarray(np.clip(square, m_l**2, (M - m_x) ** 2))


def draw_delta(
    msq: SquaredAmplitude, pair_sq: ArrayLike, u: ArrayLike, M: float, m_l: float, m_x: float, nodes: int = 257
) -> Floats:
    """Return delta = (l + k)^2 - m_l^2 drawn with density Sum|M|^2(m12^2, delta) at fixed m12^2 = (l + nu)^2.

    Sum|M|^2 is taken as linear between nodes that are even in ln(delta), and its integral inverted exactly.

    Parameters
    ----------
    msq : callable
        (m12_sq, m23_sq, q2_minus_m2) in MeV^2, of one shape, to Sum|M|^2; only ratios matter.
    pair_sq : (N,) array_like
        (l + nu)^2 in MeV^2.
    u : (N,) array_like
        Uniform numbers in (0, 1).
    M, m_l, m_x : float
        Masses in MeV with M > m_l + m_x and m_l > 0.
    nodes : int
        Points of the table of each row, >= 2.

    Returns
    -------
    (N,) float
        MeV^2, inside ``delta_limits``; uniform where |M|^2 vanishes everywhere.

    Notes
    -----
    Phase space is flat in the Dalitz variables, and dm23^2 = -d(delta) at fixed m12^2.

    Source: PDG, review of kinematics, three-body decays; checked against quadrature in
    tests/physics/test_complete_decay.py.
    """
    pair, uniform = np.asarray(pair_sq, dtype=float), np.asarray(u, dtype=float)
    result = np.empty_like(pair)
    for start in range(0, len(pair), _ROWS):
        rows = slice(start, start + _ROWS)
        result[rows] = _draw(msq, pair[rows], uniform[rows], (M, m_l, m_x), nodes)
    return result


def _draw(msq: SquaredAmplitude, pair: Floats, u: Floats, masses: tuple[float, float, float], nodes: int) -> Floats:
    """Return delta of a few thousand rows at once; arguments as :func:`draw_delta`."""
    M, _, m_x = masses
    low, high = delta_limits(pair, *masses)
    low = np.maximum(low, _TINY)
    span = np.log(np.maximum(high, low) / low)
    delta = low[:, None] * np.exp(span[:, None] * np.linspace(0.0, 1.0, nodes))
    m23_sq = (M**2 + m_x**2 - pair)[:, None] - delta
    density = np.maximum(msq(np.broadcast_to(pair[:, None], delta.shape), m23_sq, delta), 0.0)
    density = np.where(density.sum(axis=1, keepdims=True) > 0.0, density, 1.0)
    width = np.diff(delta, axis=1)
    cumulative = np.cumsum(0.5 * (density[:, 1:] + density[:, :-1]) * width, axis=1)
    wanted = u * cumulative[:, -1]
    cell = np.minimum((cumulative <= wanted[:, None]).sum(axis=1), nodes - 2)
    row = np.arange(len(pair))
    left, right, step = density[row, cell], density[row, cell + 1], np.where(width > 0.0, width, 1.0)[row, cell]
    area = np.maximum((wanted - cumulative[row, cell]) / step + 0.5 * (left + right), 0.0)
    root = left + np.sqrt(np.maximum(left**2 + 2.0 * (right - left) * area, 0.0))
    fraction = np.clip(2.0 * area / np.where(root > 0.0, root, 1.0), 0.0, 1.0)
    drawn: Floats = np.clip(delta[row, cell] + fraction * step, low, np.maximum(high, low))
    return drawn


def lepton_and_neutrino(
    parent: ArrayLike, boson: ArrayLike, delta: ArrayLike, phi: ArrayLike, M: float, m_l: float, m_x: float
) -> tuple[Floats, Floats]:
    """Return the four-momenta of l and nu of P -> l nu X.

    In the rest frame of l + nu, delta = delta_low + 2 p_l p_X (1 - cos) gives the angle between l and X.

    Parameters
    ----------
    parent, boson : (N, 4) array_like
        Four-momenta of P and X in MeV.
    delta : (N,) array_like
        (l + k)^2 - m_l^2 in MeV^2.
    phi : (N,) array_like
        Azimuth of l about X in that frame, rad.
    M, m_l, m_x : float
        Masses in MeV.

    Returns
    -------
    lepton, neutrino : (N, 4) float
        On their mass shells; with X they add up to P to rounding.

    Notes
    -----
    Source: derived; checked against scalar products in tests/physics/test_complete_decay.py.
    """
    parent, boson = np.asarray(parent, dtype=float), np.asarray(boson, dtype=float)
    pair_sq = pair_mass_sq(parent, boson, M, m_l, m_x)
    root = np.sqrt(pair_sq)
    momentum = (root - m_l) * (root + m_l) / (2.0 * root)
    both = parent - boson
    seen = boost(boson, both * np.array([1.0, -1.0, -1.0, -1.0]), root)[:, 1:]
    size = np.linalg.norm(seen, axis=1)[:, None]
    axis = np.where(size > 0.0, seen / np.where(size > 0.0, size, 1.0), [0.0, 0.0, 1.0])
    low, high = delta_limits(pair_sq, M, m_l, m_x)
    width = high - low
    share = (np.asarray(delta, dtype=float) - low) / np.where(width > 0.0, width, 1.0)
    direction = deflect(axis, 2.0 * np.clip(share, 0.0, 1.0), phi)
    rest = np.column_stack([root - momentum, momentum[:, None] * direction])
    lepton = boost(rest, both, root)
    lepton[:, 0] = np.sqrt((lepton[:, 1:] ** 2).sum(axis=1) + m_l**2)
    neutrino = both - lepton
    neutrino[:, 0] = np.linalg.norm(neutrino[:, 1:], axis=1)
    return lepton, neutrino
