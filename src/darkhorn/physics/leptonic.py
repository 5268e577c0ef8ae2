"""P -> l nu X for a spin-0 boson X: squared amplitudes summed over spins, in closed form.

Every function returns Sum|M|^2/(G_F f V g)^2. With Dirac's equation the lepton-line amplitude is
ubar [1 + m (2 m + kslash)/delta] (1 - gamma5) v for a scalar, ubar gamma5 [1 + m kslash/delta] (1 - gamma5) v for a
pseudoscalar, delta = q^2 - m^2, so that what survives m -> 0 stands apart from what does not.
"""

import numpy as np
from numpy.typing import ArrayLike

from darkhorn.core.arrays import namespace
from darkhorn.core.rays import Floats
from darkhorn.physics.phase_space import Dots, dots


def _pseudoscalar(at: Dots, lepton_sq: Floats, boson_sq: Floats) -> Floats:
    """Return 4 [l.n - m^2 k.n/delta - m^2 m_x^2 q.n/delta^2], which vanishes on part of the edge: rounding is cut."""
    xp = namespace(at.delta, boson_sq)
    ratio = lepton_sq / at.delta
    return xp.asarray(xp.maximum(4.0 * (at.l_n - ratio * (at.k_n + boson_sq * at.q_n / at.delta)), 0.0))


def msq_pseudoscalar_ib1(
    m12_sq: ArrayLike,
    m23_sq: ArrayLike,
    M: ArrayLike,
    m_l: ArrayLike,
    m_x: ArrayLike,
    q2_minus_m2: ArrayLike | None = None,
) -> Floats:
    """Return Sum|M|^2/(G_F f V g)^2 in MeV^2 for a pseudoscalar off the lepton line, L = -i g a lbar gamma5 l.

    4 [l.n - m^2 k.n/delta - m^2 m_x^2 q.n/delta^2], summed over the lepton spins; Yukawa form, no derivative term.

    Parameters
    ----------
    m12_sq, m23_sq : array_like
        (l + n)^2 and (n + k)^2 in MeV^2, inside the Dalitz region.
    M, m_l, m_x : array_like
        Masses in MeV.
    q2_minus_m2 : array_like, optional
        (l + k)^2 - m_l^2 in MeV^2 where it is known without cancellation.

    Returns
    -------
    broadcast shape, float

    Notes
    -----
    Source: derived; checked against explicit matrices in tests/physics/test_leptonic.py.
    """
    at, xp = dots(m12_sq, m23_sq, M, m_l, m_x, q2_minus_m2), namespace(m_x)
    return _pseudoscalar(at, xp.asarray(m_l, dtype=float) ** 2, xp.asarray(m_x, dtype=float) ** 2)


def msq_scalar_ib1(
    m12_sq: ArrayLike,
    m23_sq: ArrayLike,
    M: ArrayLike,
    m_l: ArrayLike,
    m_x: ArrayLike,
    q2_minus_m2: ArrayLike | None = None,
) -> Floats:
    """Return Sum|M|^2/(G_F f V g)^2 in MeV^2 for a scalar off the lepton line, L = -g phi lbar l.

    The pseudoscalar result + 16 m^2 q^2 (q.n)/delta^2, summed over the lepton spins. As the scalar becomes massless
    and soft this diverges like 1/E^2.

    Parameters
    ----------
    m12_sq, m23_sq : array_like
        (l + n)^2 and (n + k)^2 in MeV^2, inside the Dalitz region.
    M, m_l, m_x : array_like
        Masses in MeV.
    q2_minus_m2 : array_like, optional
        (l + k)^2 - m_l^2 in MeV^2 where it is known without cancellation.

    Returns
    -------
    broadcast shape, float

    Notes
    -----
    Source: derived (see also arXiv:1206.3587); checked against explicit matrices in
    tests/physics/test_leptonic.py.
    """
    at = dots(m12_sq, m23_sq, M, m_l, m_x, q2_minus_m2)
    xp = namespace(at.delta, at.pole)
    lepton_sq, boson_sq = xp.asarray(m_l, dtype=float) ** 2, xp.asarray(m_x, dtype=float) ** 2
    flip = 16.0 * lepton_sq * (at.delta + lepton_sq) * at.q_n / at.delta**2
    return xp.asarray(xp.maximum(_pseudoscalar(at, lepton_sq, boson_sq) + flip, 0.0))


def msq_scalar_ib2(
    m12_sq: ArrayLike,
    m23_sq: ArrayLike,
    M: ArrayLike,
    m_l: ArrayLike,
    m_x: ArrayLike,
    q2_minus_m2: ArrayLike | None = None,
) -> Floats:
    """Return Sum|M|^2/(G_F f V mu)^2, dimensionless, for a scalar off the meson line, L = -mu phi P+ P-.

    4 m^2 (l.n)/(M^2 - L^2)^2, summed over the lepton spins; helicity suppressed; mu is in MeV.

    Parameters
    ----------
    m12_sq, m23_sq : array_like
        (l + n)^2 and (n + k)^2 in MeV^2, inside the Dalitz region.
    M, m_l, m_x : array_like
        Masses in MeV.
    q2_minus_m2 : array_like, optional
        Not needed; accepted so that all amplitudes are called alike.

    Returns
    -------
    broadcast shape, float

    Notes
    -----
    Source: derived; checked against explicit matrices in tests/physics/test_leptonic.py.
    """
    at = dots(m12_sq, m23_sq, M, m_l, m_x, q2_minus_m2)
    xp = namespace(at.l_n, at.delta)
    shape = np.broadcast_shapes(np.shape(at.l_n), np.shape(at.delta))
    mass_sq = xp.asarray(m_l, dtype=float) ** 2
    return xp.broadcast_to(4.0 * mass_sq * xp.maximum(at.l_n, 0.0) / at.pole**2, shape)


def msq_pseudoscalar_derivative(
    m12_sq: ArrayLike,
    m23_sq: ArrayLike,
    M: ArrayLike,
    m_l: ArrayLike,
    m_x: ArrayLike,
    q2_minus_m2: ArrayLike | None = None,
    *,
    weak_vertex: bool = True,
) -> Floats:
    """Return Sum|M|^2/(G_F f V c/f_a)^2 in MeV^4 for L = (c/2 f_a) d_mu a lbar gamma^mu gamma5 l.

    m^2 l.n - 2 m^2 h k.n + h^2 (delta k.n - m_x^2 q.n) with h = 1 + 2 m^2/delta, summed over the lepton spins. The
    lepton alone carries the coupling: neither meson nor neutrino. By Dirac's equation this is the Yukawa coupling
    g = m_l c/f_a plus the contact vertex gamma5 pslash/2 of the weak current, which survives m -> 0.

    Parameters
    ----------
    m12_sq, m23_sq : array_like
        (l + n)^2 and (n + k)^2 in MeV^2, inside the Dalitz region.
    M, m_l, m_x : array_like
        Masses in MeV.
    q2_minus_m2 : array_like, optional
        (l + k)^2 - m_l^2 in MeV^2 where it is known without cancellation.
    weak_vertex : bool
        False leaves the contact vertex out: m_l^2 times :func:`msq_pseudoscalar_ib1`. That is the model in which the
        neutrino couples to d_mu a with the strength of the left-handed lepton.

    Returns
    -------
    broadcast shape, float

    Notes
    -----
    Source: derived; checked against explicit matrices in tests/physics/test_leptonic.py.
    """
    at = dots(m12_sq, m23_sq, M, m_l, m_x, q2_minus_m2)
    xp = namespace(at.delta, at.pole)
    lepton_sq, boson_sq = xp.asarray(m_l, dtype=float) ** 2, xp.asarray(m_x, dtype=float) ** 2
    if not weak_vertex:
        return xp.asarray(lepton_sq * _pseudoscalar(at, lepton_sq, boson_sq))
    h = 1.0 + 2.0 * lepton_sq / at.delta
    emission = at.delta * at.k_n - boson_sq * at.q_n
    return xp.asarray(xp.maximum(lepton_sq * (at.l_n - 2.0 * h * at.k_n) + h * h * emission, 0.0))
