"""Toroidal field of a horn, what it conserves, and the motion in it.

Between the conductors B = (mu0 I / 2 pi r) e_phi. A particle of charge q then has one
scale, the bending momentum K = q c (mu0 / 2 pi) I: its radius of curvature is p r / K.
With K > 0 a particle that moves along +z is pushed to the axis.
"""

from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from darkhorn.core.errors import require_range
from darkhorn.core.rays import Floats
from darkhorn.core.units import GEV, C

MU0_OVER_2PI: Final = 2.0e-7
"""mu0 / 2 pi in T m / A (the exact value of the old SI; the new one differs by 1e-10)."""


def bending_momentum(charge: ArrayLike, current: ArrayLike) -> Floats:
    """Return K = q c (mu0 / 2 pi) I, the momentum that sets every curvature in a toroidal field.

    Parameters
    ----------
    charge : array_like
        Electric charge in e, broadcastable with ``current``.
    current : array_like
        Horn current in A; positive focuses positive particles that move along +z.

    Returns
    -------
    ndarray of float
        K in MeV/c; 10.4327775384 for charge +1 at 174 kA.

    Raises
    ------
    RangeError
        When an argument is not finite.

    Notes
    -----
    p [GeV/c] = 0.299792458 B [T] rho [m] for unit charge, with B = 2e-7 I / r.

    Source: derived; checked against an explicit Lorentz force in tests/physics/test_horn_field.py.
    """
    require_range("charge", charge, unit="e")
    require_range("horn current", current, unit="A")
    bending: Floats = np.asarray(charge, dtype=float) * (C * MU0_OVER_2PI * GEV) * np.asarray(current, dtype=float)
    return bending


def toroidal_field(x: ArrayLike, y: ArrayLike, current: ArrayLike) -> Floats:
    """Return B = (mu0 I / 2 pi r^2) (-y, x, 0), the field between two coaxial conductors.

    Parameters
    ----------
    x, y : array_like
        Place transverse to the beam axis in m, any common shape S; the field does not depend on z.
    current : array_like
        Current in A enclosed by the circle of radius r, broadcastable with ``x``.

    Returns
    -------
    S + (3,) float
        Field in T; 1.5818 T at 22 mm for 174 kA.

    Raises
    ------
    RangeError
        On the axis, where the field has no limit, or when an argument is not finite.

    Notes
    -----
    Source: Ampere's law; derived; its divergence and circulation are checked in tests/physics/test_horn_field.py.
    """
    require_range("x", x, unit="m")
    require_range("y", y, unit="m")
    require_range("horn current", current, unit="A")
    x, y, current = np.broadcast_arrays(np.asarray(x, float), np.asarray(y, float), np.asarray(current, float))
    r_sq = x * x + y * y
    require_range("distance from the axis squared", r_sq, 0.0, unit="m^2", open_low=True)
    scale = MU0_OVER_2PI * current / r_sq
    return np.stack([-y * scale, x * scale, np.zeros_like(scale)], axis=-1)


def enclosed_current(
    r: ArrayLike, current: ArrayLike, r_inner: ArrayLike, r_outer: ArrayLike, skin_depth: float
) -> Floats:
    """Return the current inside radius r when it flows in the skin of the inner conductor.

    I(r) = I [exp(-(R_o - r)/delta) - exp(-(R_o - R_i)/delta)] / [1 - exp(-(R_o - R_i)/delta)] in the metal
    R_i < r < R_o, zero in the bore and I outside.

    Parameters
    ----------
    r : array_like
        Radius in m, >= 0.
    current : array_like
        Total current in A.
    r_inner, r_outer : array_like
        Radii of the metal R_i < R_o in m.
    skin_depth : float
        delta in m, > 0; 1.4 mm for aluminium and a pulse of 143 us.

    Returns
    -------
    ndarray of float
        Enclosed current in A, monotonic in r, of the common shape of the arguments.

    Raises
    ------
    RangeError
        For a negative radius, R_o <= R_i or a skin depth that is not positive.

    Notes
    -----
    Approximation: flat conductor (delta and the wall much thinner than R_i), current density falling from the
    outer face inwards.

    Source: derived from a current density proportional to exp(-(R_o - r)/delta); checked against its
    integral in tests/physics/test_horn_field.py.
    """
    require_range("r", r, 0.0, unit="m")
    require_range("skin_depth", skin_depth, 0.0, unit="m", open_low=True)
    low, high = np.asarray(r_inner, dtype=float), np.asarray(r_outer, dtype=float)
    require_range("r_inner", low, 0.0, unit="m")
    require_range("r_outer - r_inner", high - low, 0.0, unit="m", open_low=True)
    depth = np.clip(np.asarray(r, dtype=float) - low, 0.0, high - low)
    grown = np.exp((depth - (high - low)) / skin_depth) * -np.expm1(-depth / skin_depth)
    inside: Floats = np.asarray(current, dtype=float) * grown / -np.expm1(-(high - low) / skin_depth)
    return inside


def current_shells(r_inner: float, r_outer: float, skin_depth: float, n: int) -> tuple[Floats, Floats]:
    """Return shells of the metal that carry equal currents, and the mean share of the current inside each.

    Parameters
    ----------
    r_inner, r_outer : float
        Radii of the metal in m.
    skin_depth : float
        delta in m, > 0.
    n : int
        Number of shells, >= 1.

    Returns
    -------
    radii : (n + 1,) float
        Edges in m from ``r_inner`` to ``r_outer``.
    share : (n,) float
        Enclosed current of :func:`enclosed_current` over the total, averaged over the thickness of each shell.

    Raises
    ------
    RangeError
        For R_o <= R_i, a skin depth that is not positive or n < 1.

    Notes
    -----
    Source: derived; checked against quadrature in tests/physics/test_horn_field.py.
    """
    require_range("skin_depth", skin_depth, 0.0, unit="m", open_low=True)
    require_range("r_outer - r_inner", r_outer - r_inner, 0.0, unit="m", open_low=True)
    require_range("number of shells", n, 1)
    floor = np.exp(-(r_outer - r_inner) / skin_depth)
    current = np.arange(n + 1) / n
    fall = floor + (1.0 - floor) * current
    radii = r_outer + skin_depth * np.log(fall)
    radii[0], radii[-1] = r_inner, r_outer
    share = (skin_depth * np.diff(fall) / np.diff(radii) - floor) / (1.0 - floor)
    return radii, share


def angular_momentum(x: Floats, p: Floats) -> Floats:
    """Return L_z = x p_y - y p_x, conserved everywhere in an axisymmetric horn.

    Parameters
    ----------
    x, p : (..., 4) float
        Place t, x, y, z in ns and m; momentum E, px, py, pz in MeV.

    Returns
    -------
    (...) float
        L_z in MeV m.

    Notes
    -----
    Source: derived; checked along tracks in tests/beam/test_transport.py.
    """
    return np.asarray(x[..., 1] * p[..., 2] - x[..., 2] * p[..., 1])


def canonical_momentum(x: Floats, p: Floats, bending: ArrayLike) -> Floats:
    """Return Pi = p_z - K ln(r / 1 m), conserved inside one field region and only there.

    Parameters
    ----------
    x, p : (..., 4) float
        Place in ns and m off the axis; momentum in MeV.
    bending : array_like
        K of :func:`bending_momentum` in MeV/c, broadcastable with (...).

    Returns
    -------
    (...) float
        Pi in MeV. It jumps at an entry or an exit: initialise it again there.

    Raises
    ------
    RangeError
        On the axis.

    Notes
    -----
    dp_z/ds = K p_r/(p r) = K d(ln r)/ds.

    Source: derived; checked along tracks in tests/beam/test_transport.py.
    """
    r = np.hypot(x[..., 1], x[..., 2])
    require_range("distance from the axis", r, 0.0, unit="m", open_low=True)
    return np.asarray(p[..., 3] - np.asarray(bending, dtype=float) * np.log(r))


def meridional_track(
    angle: ArrayLike, *, angle_start: float, r_start: float, momentum: float, bending: float
) -> tuple[Floats, Floats, Floats]:
    """Return r, z - z_start and path of a particle without L_z in an unbounded field, at given angles.

    With p_z = p cos a, p_r = p sin a and k = p / K:
    r = r_0 exp[k (cos a - cos a_0)], z - z_0 = -k r_0 Int cos t exp[k (cos t - cos a_0)] dt and
    path = -k r_0 Int exp[k (cos t - cos a_0)] dt, both from a_0 to a.

    Parameters
    ----------
    angle : array_like
        Angles a to the axis in rad, any shape; a <= a_0 for K > 0, since a falls along the track.
    angle_start : float
        a_0 in rad.
    r_start : float
        r_0 in m, > 0.
    momentum : float
        p in MeV/c, > 0.
    bending : float
        K in MeV/c, not zero.

    Returns
    -------
    r, dz, path : ndarray of float
        In m, each of the shape of ``angle``.

    Raises
    ------
    RangeError
        For r_0 <= 0, p <= 0, K = 0 or an angle behind the start (the path would be negative).

    Notes
    -----
    The integrals use 64 Gauss-Legendre nodes: exact to 1e-13 while k (cos a - cos a_0) varies by less than about 10
    and |a - a_0| < pi.

    Source: derived; checked against an ODE integration in tests/physics/test_horn_field.py.
    """
    require_range("r_start", r_start, 0.0, unit="m", open_low=True)
    require_range("momentum", momentum, 0.0, unit="MeV/c", open_low=True)
    require_range("|bending|", abs(bending), 0.0, unit="MeV/c", open_low=True)
    a = np.asarray(angle, dtype=float)
    k = momentum / bending
    require_range("(angle_start - angle) sign(K)", (angle_start - a) * np.sign(bending), 0.0, unit="rad")
    nodes, weights = np.polynomial.legendre.leggauss(64)
    half = 0.5 * (a - angle_start)
    t = angle_start + half[..., None] * (1.0 + nodes)
    growth = weights * np.exp(k * (np.cos(t) - np.cos(angle_start))) * half[..., None]
    r = r_start * np.exp(k * (np.cos(a) - np.cos(angle_start)))
    return r, -k * r_start * (np.cos(t) * growth).sum(axis=-1), -k * r_start * growth.sum(axis=-1)
