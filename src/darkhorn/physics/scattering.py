"""Scattering chi1 N -> chi2 N of dark fermions or scalars through a vector, target at rest; integration over Q^2.

<|M|^2> is averaged over both initial spins, summed over the final ones, per (g_chi g_N)^2, dimensionless; g_chi
is the coupling of the transition current chi2bar gamma chi1, g_N that of the point target. The k k/m^2 term of the
propagator drops out because the target current is conserved. Cross sections: ``two_to_two.dsigma_dq_sq_cm2``.
"""

from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from darkhorn.core.errors import RangeError, require_range, unknown_name
from darkhorn.core.rays import Floats
from darkhorn.physics.two_to_two import dsigma_dq_sq_cm2, mandelstam_s, momentum

SPINS: Final = ("dirac", "scalar")
"""What chi1 and chi2 may be: Dirac fermions or complex scalars."""

TARGET_SPINS: Final = ("half", "zero")
"""What the target may be: a Dirac particle or a scalar nucleus such as C12, O16, Ar40."""


def threshold_energy(m1: ArrayLike, m2: ArrayLike, target_mass: ArrayLike) -> Floats:
    """Return the least total energy ((m2 + M)^2 - m1^2 - M^2)/(2 M) that can make m2, and never less than m1.

    Parameters
    ----------
    m1, m2, target_mass : array_like
        Masses of the incoming particle, the outgoing particle and the target in MeV; shapes broadcast.

    Returns
    -------
    array
        Energy in MeV.

    Notes
    -----
    Source: derived (s = (m2 + M)^2).
    """
    m1, m2, target = (np.asarray(value, dtype=float) for value in (m1, m2, target_mass))
    return np.asarray(np.maximum(m1, m2 + (m2 - m1) * (m2 + m1) / (2.0 * target)))


def upscatter_q_sq_limits(
    energy: ArrayLike, m1: ArrayLike, m2: ArrayLike, target_mass: ArrayLike
) -> tuple[Floats, Floats]:
    """Return the range of Q^2 = -t of m1 + M -> m2 + M.

    ``hi = 2 (E1* E3* + p1* p3*) - m1^2 - m2^2`` and ``lo = M^2 (m1^2 - m2^2)^2/(s hi)``.

    Parameters
    ----------
    energy, m1, m2, target_mass : array_like
        Total energy and mass of the incoming particle, mass of the outgoing one, mass of the target, in MeV.

    Returns
    -------
    lo, hi : array
        Limits in MeV^2; both 0 below threshold.

    Raises
    ------
    RangeError
        For E < m1, a negative mass or M <= 0.

    Notes
    -----
    Source: derived; the product of the limits of t is M^2 (m1^2 - m2^2)^2/s.
    """
    m1, m2, target = (np.asarray(value, dtype=float) for value in (m1, m2, target_mass))
    require_range("m2", m2, 0.0, unit="MeV")
    s = mandelstam_s(energy, m1, target)
    p1 = target * momentum(energy, m1)
    e1 = m1**2 + target * np.asarray(energy, dtype=float)
    two_e3 = s + m2**2 - target**2
    p3_sq = (s - (m2 + target) ** 2) * (s - (m2 - target) ** 2)
    is_open = (p3_sq > 0.0) & (s >= (m2 + target) ** 2)
    high = (e1 * two_e3 + p1 * np.sqrt(np.maximum(p3_sq, 0.0))) / s - m1**2 - m2**2
    is_open &= high > 0.0
    low = (target * (m1 - m2) * (m1 + m2)) ** 2 / (s * np.where(is_open, high, 1.0))
    return np.where(is_open, np.minimum(low, high), 0.0), np.where(is_open, high, 0.0)


def msq_upscatter_dirac(
    energy: ArrayLike, q_sq: ArrayLike, m1: ArrayLike, m2: ArrayLike, target_mass: ArrayLike, mediator_mass: ArrayLike
) -> Floats:
    """Return <|M|^2>/(g_chi g_N)^2 on a target of spin 1/2.

    With D = m2 - m1 and y = Q^2, the usual expression in s and t becomes, without its terms of size M^4,
    2 [8 M^2 E^2 + 4 M E (m1^2 - m2^2) - 2 M^2 (D^2 + y) - 2 y (m1^2 + 2 M E) + y D^2 + y^2]/(y + m_V^2)^2.

    Parameters
    ----------
    energy, q_sq : array_like
        Total energy of chi1 (MeV) and Q^2 (MeV^2).
    m1, m2, target_mass, mediator_mass : array_like
        Masses in MeV. All shapes broadcast.

    Returns
    -------
    array
        Dimensionless; exactly 0 outside the kinematic range.

    Raises
    ------
    RangeError
        For E < m1, M <= 0 or a vanishing propagator denominator.

    Notes
    -----
    Source: derived; checked against explicit traces in tests/physics/test_scattering.py.
    """
    energy, y, m1, m2, target = (np.asarray(value, dtype=float) for value in (energy, q_sq, m1, m2, target_mass))
    low, high = upscatter_q_sq_limits(energy, m1, m2, target)
    below = y + np.asarray(mediator_mass, dtype=float) ** 2
    require_range("q_sq + mediator_mass^2", below, 0.0, unit="MeV^2", open_low=True)
    split_sq, product = (m2 - m1) ** 2, target * energy
    bracket = 8.0 * product**2 + 4.0 * product * (m1 - m2) * (m1 + m2) - 2.0 * target**2 * (split_sq + y)
    bracket = bracket - 2.0 * y * (m1**2 + 2.0 * product) + y * split_sq + y**2
    inside = (y >= low) & (y <= high) & (high > 0.0)
    return np.where(inside, 2.0 * bracket / below**2, 0.0)


def msq_upscatter_scalar(
    energy: ArrayLike, q_sq: ArrayLike, m1: ArrayLike, m2: ArrayLike, target_mass: ArrayLike, mediator_mass: ArrayLike
) -> Floats:
    """Return <|M|^2>/(g_chi g_N)^2 on a target of spin 0 (C12, O16, Ar40).

    {4 [2 M E + (m1^2 - m2^2 - y)/2]^2 - (4 M^2 + y) [(m2 - m1)^2 + y]}/(y + m_V^2)^2 with y = Q^2.

    Parameters
    ----------
    energy, q_sq : array_like
        Total energy of chi1 (MeV) and Q^2 (MeV^2).
    m1, m2, target_mass, mediator_mass : array_like
        Masses in MeV. All shapes broadcast.

    Returns
    -------
    array
        Dimensionless; exactly 0 outside the kinematic range.

    Raises
    ------
    RangeError
        For E < m1, M <= 0 or a vanishing propagator denominator.

    Notes
    -----
    Source: derived; checked against explicit traces in tests/physics/test_scattering.py.
    """
    energy, y, m1, m2, target = (np.asarray(value, dtype=float) for value in (energy, q_sq, m1, m2, target_mass))
    low, high = upscatter_q_sq_limits(energy, m1, m2, target)
    below = y + np.asarray(mediator_mass, dtype=float) ** 2
    require_range("q_sq + mediator_mass^2", below, 0.0, unit="MeV^2", open_low=True)
    along = 2.0 * target * energy + 0.5 * ((m1 - m2) * (m1 + m2) - y)
    value = (4.0 * along**2 - (4.0 * target**2 + y) * ((m2 - m1) ** 2 + y)) / below**2
    inside = (y >= low) & (y <= high) & (high > 0.0)
    return np.where(inside, np.maximum(value, 0.0), 0.0)


def msq_upscatter(
    energy: ArrayLike,
    q_sq: ArrayLike,
    m1: ArrayLike,
    m2: ArrayLike,
    target_mass: ArrayLike,
    mediator_mass: ArrayLike,
    *,
    spin: str = "dirac",
    target_spin: str = "half",
    f1: ArrayLike = 1.0,
    f2: ArrayLike = 0.0,
) -> Floats:
    """Return <|M|^2>/(g_chi g_N)^2 for any spin of chi and of the target, with its form factors.

    With y = Q^2, K = 4 M E + m1^2 - m2^2 - y, w = (m2 - m1)^2 + y, W = (m2 + m1)^2 + y, G = F1 + F2 and
    a = F1^2 + F2^2 y/(4 M^2), the numerator over (y + m_V^2)^2 is

    - Dirac chi: a [K^2 - w (4 M^2 + y)] + G^2 w (3 y - W);
    - scalar chi: a K^2 - G^2 w W;

    and on a target of spin 0 the same with a = F1^2, G = 0.

    Parameters
    ----------
    energy, q_sq : array_like
        Total energy of chi1 (MeV) and Q^2 (MeV^2).
    m1, m2, target_mass, mediator_mass : array_like
        Masses in MeV.
    spin : str
        ``dirac`` or ``scalar`` (complex, with the current phi2* d phi1 - phi1 d phi2*).
    target_spin : str
        ``half`` or ``zero``.
    f1, f2 : array_like
        Form factors at Q^2; F2 multiplies i sigma q/(2 M) and is not used for spin 0. All shapes broadcast.

    Returns
    -------
    array
        Dimensionless; exactly 0 outside the kinematic range.

    Raises
    ------
    RangeError
        For E < m1, M <= 0 or a vanishing propagator denominator.
    UnknownNameError
        For another spin.

    Notes
    -----
    Source: derived; checked against explicit traces in tests/physics/test_scattering.py.
    """
    if spin not in SPINS:
        raise unknown_name("spin of chi", spin, SPINS)
    if target_spin not in TARGET_SPINS:
        raise unknown_name("spin of the target", target_spin, TARGET_SPINS)
    energy, y, m1, m2, target = (np.asarray(value, dtype=float) for value in (energy, q_sq, m1, m2, target_mass))
    low, high = upscatter_q_sq_limits(energy, m1, m2, target)
    below = y + np.asarray(mediator_mass, dtype=float) ** 2
    require_range("q_sq + mediator_mass^2", below, 0.0, unit="MeV^2", open_low=True)
    f1, f2 = np.asarray(f1, dtype=float), np.asarray(f2, dtype=float)
    charge, magnetic = f1**2, np.zeros_like(f1)
    if target_spin == "half":
        charge, magnetic = f1**2 + f2**2 * y / (4.0 * target**2), (f1 + f2) ** 2
    along_sq = (4.0 * target * energy + (m1 - m2) * (m1 + m2) - y) ** 2
    split, total = (m2 - m1) ** 2 + y, (m2 + m1) ** 2 + y
    if spin == "dirac":
        value = charge * (along_sq - split * (4.0 * target**2 + y)) + magnetic * split * (3.0 * y - total)
    else:
        value = charge * along_sq - magnetic * split * total
    inside = (y >= low) & (y <= high) & (high > 0.0)
    return np.where(inside, np.maximum(value, 0.0) / below**2, 0.0)


def segments(lo: ArrayLike, hi: ArrayLike, pole: ArrayLike, *, step: float = 1.0) -> Floats:
    """Return edges of Q^2 in equal steps of ln(Q^2 + m^2), so that no peak at Q^2 ~ m^2 is stepped over.

    Q^2_j = lo + (lo + m^2) expm1(x_j), which keeps every digit of Q^2 - lo however light the exchanged particle.

    Parameters
    ----------
    lo, hi : array_like
        Limits of Q^2 in MeV^2, 0 <= lo <= hi.
    pole : array_like
        Mass m of the exchanged particle in MeV; lo + m^2 > 0 where lo < hi. Shapes broadcast to (...).
    step : float
        Largest step of the logarithm, > 0.

    Returns
    -------
    (..., n + 1) array
        Edges in MeV^2, the same n for all; all equal to lo where hi = lo.

    Raises
    ------
    RangeError
        For lo < 0, hi < lo, a negative mass, step <= 0, or lo = m = 0 below hi.

    Notes
    -----
    Source: derived (change of variables).
    """
    require_range("lo", lo, 0.0, unit="MeV^2")
    require_range("pole", pole, 0.0, unit="MeV")
    require_range("step", step, 0.0, open_low=True)
    low, high, mass = np.broadcast_arrays(*(np.asarray(value, dtype=float) for value in (lo, hi, pole)))
    require_range("hi - lo", high - low, 0.0, unit="MeV^2")
    start, is_open = low + mass**2, high > low
    if (is_open & (start <= 0.0)).any():
        raise RangeError(
            "lo + pole^2 = 0 MeV^2 is outside the allowed range (0, inf) MeV^2: the cross section diverges"
        )
    start = np.where(is_open, start, 1.0)
    length = np.log1p((high - low) / start)
    count = max(int(np.ceil(length.max(initial=0.0) / step)), 1)
    edges = low[..., None] + start[..., None] * np.expm1(length[..., None] * np.linspace(0.0, 1.0, count + 1))
    edges[..., -1] = high
    return np.asarray(edges)


def q_sq_rule(
    lo: ArrayLike, hi: ArrayLike, pole: ArrayLike, *, step: float = 1.0, order: int = 12
) -> tuple[Floats, Floats]:
    """Return nodes and weights of a Gauss rule on the :func:`segments`, in the variable ln(Q^2 + m^2).

    Parameters
    ----------
    lo, hi, pole, step : array_like
        As in :func:`segments`.
    order : int
        Gauss-Legendre points in each segment.

    Returns
    -------
    q_sq, weight : (..., n) array
        Sum of weight times f(q_sq) is the integral of f over Q^2 from lo to hi, in MeV^2 times the unit of f.

    Raises
    ------
    RangeError
        As :func:`segments`.

    Notes
    -----
    Relative error below 1e-10 for polynomials of Q^2 over (Q^2 + m^2)^2 and masses m down to 1e-3 MeV.

    Source: derived; checked against scipy in tests/physics/test_scattering.py.
    """
    edges = segments(lo, hi, pole, step=step)
    shift = np.asarray(pole, dtype=float)[..., None] ** 2
    left = edges[..., :-1] + shift
    safe = np.where(left > 0.0, left, 1.0)
    length = np.log1p(np.diff(edges, axis=-1) / safe)
    points, weights = np.polynomial.legendre.leggauss(order)
    x = length[..., None] * 0.5 * (1.0 + points)
    nodes = edges[..., :-1, None] + safe[..., None] * np.expm1(x)
    weight = 0.5 * length[..., None] * weights * safe[..., None] * np.exp(x)
    shape = (*edges.shape[:-1], -1)
    return nodes.reshape(shape), weight.reshape(shape)


def upscatter_cross_section_cm2(
    energy: ArrayLike,
    m1: ArrayLike,
    m2: ArrayLike,
    target_mass: ArrayLike,
    mediator_mass: ArrayLike,
    *,
    spin: str = "dirac",
    target_spin: str = "half",
) -> Floats:
    """Return the total cross section of chi1 N -> chi2 N on a point target at rest, per (g_chi g_N)^2.

    Parameters
    ----------
    energy, m1, m2, target_mass, mediator_mass : array_like
        As in :func:`msq_upscatter`, MeV; shapes broadcast to (...).
    spin, target_spin : str
        As in :func:`msq_upscatter`.

    Returns
    -------
    (...) array
        cm^2; exactly 0 below threshold.

    Raises
    ------
    RangeError
        As :func:`msq_upscatter` and :func:`segments`.
    UnknownNameError
        For another spin.

    Notes
    -----
    With form factors of a target sum ``msq_upscatter`` times them over the nodes of :func:`q_sq_rule`.

    Source: derived; checked against scipy in tests/physics/test_scattering.py.
    """
    arrays = np.broadcast_arrays(
        *(np.asarray(value, dtype=float) for value in (energy, m1, m2, target_mass, mediator_mass))
    )
    low, high = upscatter_q_sq_limits(*arrays[:4])
    q_sq, weight = q_sq_rule(low, high, arrays[4])
    e, first, second, target, mediator = (value[..., None] for value in arrays)
    safe = np.where((high > 0.0)[..., None], q_sq, 1.0)
    msq = msq_upscatter(e, safe, first, second, target, mediator, spin=spin, target_spin=target_spin)
    return np.asarray((weight * dsigma_dq_sq_cm2(msq, e, first, target)).sum(axis=-1))
