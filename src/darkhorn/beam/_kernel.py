"""Compiled tracking of one particle after the other through layers; ``transport.py`` is the way in.

In a field layer the path is followed in t with dt = ds / r, where the motion is regular:
v = ln(r/r0), dv/dt = n_r, dn_r/dt = n_phi^2 - k n_z, n_z = n_z0 + k v, n_phi = L / r,
dz/dt = r n_z, dphi/dt = n_phi, ds/dt = r, with n the unit direction and k = K / p.
A Taylor series in t of fixed order is at once the step and its dense output. Boundaries are
found by marching: a bound on the second derivative says how far one can go without meeting
any boundary, so that grazes cannot be missed; near a crossing the march becomes Newton's.
Outside the field particles go straight and cones are met at roots of a quadratic.
"""
# mypy: disable-error-code="untyped-decorator, no-untyped-def"

from math import copysign, cos, exp, inf, log, sin, sqrt
from typing import Any, Final

from numba import njit

ORDER = 14
"""Order of the Taylor series of single tracks, and the most there is room for."""
INVERSE = tuple(1.0 / (n + 1) for n in range(ORDER))
"""1, 1/2, 1/3 ... for the recurrences."""
T_MAX = 100.0
"""Largest step in t; a step that reaches it has vanishing curvature."""
NEAR = 2e-16
"""How near to a boundary a step of a single track has to come, relative to its length."""
MARCH_LIMIT = 2000
"""Largest number of looks at the boundaries in one step."""
EVENT_LIMIT = 100000
"""Largest number of steps and boundaries in one track."""
R, Z, PHI, S, W, F, E, N = 0, 1, 2, 3, 4, 5, 6, 7
"""Rows of the table of coefficients: r, z, phi, path, n_r, exp(-v), exp(-2v), n_z."""
STEP, INNER, OUTER, PLANE_UP, PLANE_DOWN, LIMIT, LOST = 0, 1, 2, 3, 4, 5, 6
"""What ended a leg; LOST means that a guard was hit."""
REACHED_END, HIT_WALL, PATH_LIMIT, LEFT_BACKWARD, STEP_LIMIT, AT_REST = 0, 1, 2, 3, 4, 5

OPTIONS: Final[dict[str, Any]] = {
    "cache": True,
    "nogil": True,
    "error_model": "numpy",
    "fastmath": {"contract"},
    "_nrt": False,  # nothing is allocated inside, so nothing has to be counted
}
_jit = njit(**OPTIONS, forceinline=True)
"""No array is made here, so no references need counting: atomic counters took half of the time."""


Z_LOW, Z_HIGH, CLEAR_LOW, CLEAR_HIGH, CONES = 0, 1, 2, 3, 4
"""Columns of ``bounds`` (S, 6 + 4 B): planes of a slab in m, the range of r that is surely inside the field (empty
where there is none), then the radius in m at the lower plane and the slope of each boundary, last for each layer the
squares of two radii in m^2 between which all of it lies."""
NUMBER, MEDIA = 0, 1
"""Columns of ``codes`` (S, 3 + 2 B): number of boundaries, then for each layer twice its kind plus one if it has the
full field, or -2 for a wall. A kind is a medium with a share of the current. Last for each layer the layer in the next
slab that goes on with the same kind, or -1."""
MEDIUM, SHARE = 0, 1
"""Columns of ``kinds`` (kinds, 2)."""


@_jit
def _series(c, r0, k, n_r, n_z, n_phi, tol, order):
    """Fill the coefficients of one step, r z and path in m relative to the start, and return its length in t."""
    c[R, 0], c[F, 0], c[W, 0], c[N, 0] = 1.0, 1.0, n_r, n_z
    c[Z, 0], c[PHI, 0], c[S, 0] = 0.0, 0.0, 0.0
    n_phi_sq = n_phi * n_phi
    for n in range(order):
        up, down, square, along = 0.0, 0.0, 0.0, 0.0
        for i in range(n + 1):
            up += c[R, i] * c[W, n - i]
            down += c[F, i] * c[W, n - i]
            square += c[F, i] * c[F, n - i]
            along += c[R, i] * c[N, n - i]
        inverse = INVERSE[n]
        c[E, n] = square
        c[R, n + 1] = up * inverse
        c[F, n + 1] = -down * inverse
        c[Z, n + 1] = along * inverse
        c[S, n + 1] = c[R, n] * inverse
        c[PHI, n + 1] = n_phi * c[F, n] * inverse
        c[N, n + 1] = k * c[W, n] * inverse
        c[W, n + 1] = (n_phi_sq * square - k * c[N, n]) * inverse
    last = max(abs(c[R, order]), abs(n_phi * c[F, order]), abs(c[Z, order]), abs(c[W, order]), 1e-290)
    before = max(abs(c[R, order - 1]), abs(n_phi * c[F, order - 1]), abs(c[Z, order - 1]), abs(c[W, order - 1]))
    for n in range(order + 1):
        c[R, n] *= r0
        c[Z, n] *= r0
        c[S, n] *= r0
    h = min(exp(log(tol / last) / order), T_MAX)
    return h if before * h ** (order - 1) < tol else exp(log(tol / before) / (order - 1))


@_jit
def _ranges(c, h, order):
    """Return bounds over [0, h]: r low, r high, z low, z high, |r''|, |z''|, |s''|."""
    r_low, r_high, z_low, z_high = c[R, 0], c[R, 0], 0.0, 0.0
    bend_r, bend_z, bend_s, power, per_h_sq = 0.0, 0.0, 0.0, 1.0, 1.0 / (h * h)
    for n in range(1, order + 1):
        power *= h
        factor = n * (n - 1) * power * per_h_sq
        r_low += min(0.0, c[R, n] * power)
        r_high += max(0.0, c[R, n] * power)
        z_low += min(0.0, c[Z, n] * power)
        z_high += max(0.0, c[Z, n] * power)
        bend_r += factor * abs(c[R, n])
        bend_z += factor * abs(c[Z, n])
        bend_s += factor * abs(c[S, n])
    return r_low, r_high, z_low, z_high, bend_r, bend_z, bend_s


@_jit
def _value(c, row, t, order):
    """Return a polynomial at t."""
    y = c[row, order]
    for n in range(order - 1, -1, -1):
        y = y * t + c[row, n]
    return y


@_jit
def _look(c, t, order):
    """Return r, dr/dt, z, dz/dt at t."""
    r, dr, z, dz = c[R, order], 0.0, c[Z, order], 0.0
    for n in range(order - 1, -1, -1):
        dr = dr * t + r
        r = r * t + c[R, n]
        dz = dz * t + z
        z = z * t + c[Z, n]
    return r, dr, z, dz


@_jit
def _safe(gap, rate, bend):
    """Return how far a function with value ``gap`` and slope ``rate`` stays positive if |g''| <= bend."""
    if gap <= 0.0:
        return 0.0 if rate <= 0.0 else 2.0 * rate / bend
    root = sqrt(rate * rate + 2.0 * bend * gap)
    return (root + rate) / bend if rate > 0.0 else 2.0 * gap / (root - rate)


@_jit
def _clear(bounds, slab, z_low, z_high, z_stop, r_low, r_high):
    """Return whether the box of a step lies inside the field, away from any boundary."""
    if z_high >= z_stop:
        return False
    while bounds[slab, Z_LOW] > z_low:
        slab -= 1
        if slab < 0:
            return False
    while slab < len(bounds):
        if not bounds[slab, CLEAR_LOW] < r_low <= r_high < bounds[slab, CLEAR_HIGH]:
            return False
        if bounds[slab, Z_HIGH] > z_high:
            return True
        slab += 1
    return False


@_jit
def _layer(bounds, codes, slab, z, r):
    """Return the layer of a radius on the plane z of a slab."""
    layer = 0
    for b in range(codes[slab, NUMBER]):
        if r > bounds[slab, CONES + 2 * b] + bounds[slab, CONES + 2 * b + 1] * (z - bounds[slab, Z_LOW]):
            layer = b + 1
        else:
            break
    return layer


@_jit
def _plane_time(c, t, target, z, dz, bend_z, room, order, near):
    """Return when z reaches ``target``, or -1 if not surely before t + room. ``near``: last change, relative."""
    if not dz > 0.0:
        return -1.0
    end, start, rate = t, t, dz
    for _ in range(8):
        change = (target - z) / dz
        end += change
        if not (0.0 <= end - start <= room and bend_z * (end - start) < rate):
            return -1.0
        if abs(change) <= near * end:
            return end
        z, dz = c[Z, order], 0.0
        for n in range(order - 1, -1, -1):
            dz = dz * end + z
            z = z * end + c[Z, n]
    return end


@_jit
def _march(bounds, codes, c, h, q, where, z_stop, left, bends, order, near):
    """Follow a step of length h until it meets something; return t and what it met, with ``where`` updated."""
    bend_r, bend_z, bend_s = bends
    t, z0, slab, layer = 0.0, q[2], where[0], where[1]
    for _ in range(MARCH_LIMIT):
        r, dr, z, dz = _look(c, t, order)
        z += z0
        z_low, z_high = bounds[slab, Z_LOW], min(bounds[slab, Z_HIGH], z_stop)
        step, event = h - t, STEP
        if layer > 0:
            slope = bounds[slab, CONES + 2 * layer - 1]
            gap = r - bounds[slab, CONES + 2 * layer - 2] - slope * (z - z_low)
            far = _safe(gap, dr - slope * dz, bend_r + abs(slope) * bend_z)
            if far < step:
                step, event = far, INNER
        if layer < codes[slab, NUMBER]:
            slope = bounds[slab, CONES + 2 * layer + 1]
            gap = bounds[slab, CONES + 2 * layer] + slope * (z - z_low) - r
            far = _safe(gap, slope * dz - dr, bend_r + abs(slope) * bend_z)
            if far < step:
                step, event = far, OUTER
        far = _safe(z - z_low, dz, bend_z)
        if far < step:
            step, event = far, PLANE_DOWN
        if left < inf:
            far = _safe(left - _value(c, S, t, order), -r, bend_s)
            if far < step:
                step, event = far, LIMIT
        rise = _safe(z_high - z, -dz, bend_z)
        if rise < step:
            at = _plane_time(c, t, z_high - z0, z - z0, dz, bend_z, min(step, h - t), order, sqrt(near))
            if at < 0.0 and rise > near * h:
                t += rise
                continue
            t = max(at, t)
            new = slab + 1
            if z_high == z_stop or new == len(bounds):
                return t, PLANE_UP
            above = _layer(bounds, codes, new, z_high, _value(c, R, t, order))
            if codes[new, MEDIA + above] != codes[slab, MEDIA + layer]:
                return t, PLANE_UP
            slab, layer = new, above
            where[0], where[1] = slab, layer
        elif event == STEP:
            return h, STEP
        elif step > near * h and t + step > t:
            t += step
        else:
            return t, event
    return t, LOST


@_jit
def _curve(bounds, codes, c, q, where, k, z_stop, left, tol, order, near):
    """Advance q by one Taylor step or to the next boundary in a field layer; return path and event."""
    r0 = sqrt(q[0] * q[0] + q[1] * q[1])
    if not r0 > 1e-150:
        return 0.0, LOST
    e_x, e_y = q[0] / r0, q[1] / r0
    n_r, n_phi, n_z = q[3] * e_x + q[4] * e_y, q[4] * e_x - q[3] * e_y, q[5]
    h = _series(c, r0, k, n_r, n_z, n_phi, tol, order)
    r_low, r_high, z_low, z_high, bend_r, bend_z, bend_s = _ranges(c, h, order)
    path = _value(c, S, h, order)
    t, event, z0 = h, STEP, q[2]
    limited = left if left <= path else inf
    inside = _clear(bounds, where[0], z0 + z_low, z0 + z_high, z_stop, r_low, r_high)
    if not inside or limited < inf:
        t, event = _march(bounds, codes, c, h, q, where, z_stop, limited, (bend_r, bend_z, bend_s), order, near)
    r, z, phi, w = _value(c, R, t, order), z0 + _value(c, Z, t, order), _value(c, PHI, t, order), _value(c, W, t, order)
    if t < h:
        path = _value(c, S, t, order)
    if event == STEP and inside:
        while z >= bounds[where[0], Z_HIGH]:
            where[0] += 1
        while z < bounds[where[0], Z_LOW]:
            where[0] -= 1
        where[1] = _layer(bounds, codes, where[0], z, r)
    n_z += k * log(r / r0)
    n_phi *= r0 / r
    radial_sq = 1.0 - n_z * n_z - n_phi * n_phi
    n_r = copysign(sqrt(radial_sq), w) if radial_sq > 1e-3 else w
    turn_x, turn_y = cos(phi), sin(phi)
    e_x, e_y = e_x * turn_x - e_y * turn_y, e_x * turn_y + e_y * turn_x
    q[0], q[1], q[2] = r * e_x, r * e_y, z
    q[3], q[4], q[5] = n_r * e_x - n_phi * e_y, n_r * e_y + n_phi * e_x, n_z
    return path, event


@_jit
def _cone(q, radius, slope, outside, room):
    """Return the path to a cone of ``radius`` at the present z from outside (1) or inside (-1) it; inf beyond room."""
    transverse = q[3] * q[3] + q[4] * q[4]
    a = transverse - slope * slope * q[5] * q[5]
    b = q[0] * q[3] + q[1] * q[4] - slope * q[5] * radius
    c = q[0] * q[0] + q[1] * q[1] - radius * radius
    if c * outside <= 0.0:
        if b * outside < 0.0 or (b == 0.0 and a * outside < 0.0):
            return 0.0
        other = -2.0 * b / a if a != 0.0 else inf
        return other if other > 0.0 else inf
    if outside < 0.0:
        # the inside is convex: who is there at the end was there all along
        if c + room * (2.0 * b + a * room) < 0.0:
            return inf
    elif b >= 0.0 and a >= 0.0:
        return inf
    disc = b * b - a * c
    if disc < 0.0:
        return inf
    root = -(b + copysign(sqrt(disc), b))
    first = root / a if a != 0.0 else inf
    second = c / root if root != 0.0 else inf
    return min(first if first > 0.0 else inf, second if second > 0.0 else inf)


@_jit
def _reach(bounds, codes, q, where, z_stop, left):
    """Return the path along a straight line to the next boundary, at most ``left``, and what is there."""
    slab, layer = where[0], where[1]
    z_low, path, event = bounds[slab, Z_LOW], left, LIMIT
    if q[5] != 0.0:
        gap = min(bounds[slab, Z_HIGH], z_stop) - q[2] if q[5] > 0.0 else q[2] - z_low
        far = max(gap, 0.0) / abs(q[5])
        if far < path:
            path, event = far, PLANE_UP if q[5] > 0.0 else PLANE_DOWN
    if layer > 0:
        slope = bounds[slab, CONES + 2 * layer - 1]
        far = _cone(q, bounds[slab, CONES + 2 * layer - 2] + slope * (q[2] - z_low), slope, 1.0, path)
        if far < path:
            path, event = far, INNER
    if layer < codes[slab, NUMBER]:
        slope = bounds[slab, CONES + 2 * layer + 1]
        far = _cone(q, bounds[slab, CONES + 2 * layer] + slope * (q[2] - z_low), slope, -1.0, path)
        if far < path:
            path, event = far, OUTER
    if not path < inf:
        return 0.0, LOST
    return path, event


@_jit
def _run(bounds, codes, q, where, z_stop, left):
    """Advance along a straight line through slabs where one layer goes on and no cone can be near; return the path."""
    slab, layer, layers = where[0], where[1], (codes.shape[1] - 1) // 2
    path, r_sq = 0.0, q[0] * q[0] + q[1] * q[1]
    outward, transverse = q[0] * q[3] + q[1] * q[4], q[3] * q[3] + q[4] * q[4]
    spans = CONES + 2 * (layers - 1)
    while q[5] > 0.0 and bounds[slab, Z_HIGH] < z_stop:
        after = codes[slab, MEDIA + layers + layer]
        low, high = bounds[slab, spans + 2 * layer], bounds[slab, spans + 2 * layer + 1]
        if after < 0 or not low < r_sq < high or (low > 0.0 and outward < 0.0):
            break
        to_plane = (bounds[slab, Z_HIGH] - q[2]) / q[5]
        if not path <= to_plane < left:
            break
        there = q[0] * q[0] + q[1] * q[1] + to_plane * (2.0 * outward + to_plane * transverse)
        slab += 1
        if not (there < high and bounds[slab, spans + 2 * after] < there < bounds[slab, spans + 2 * after + 1]):
            break
        path, r_sq, layer = to_plane, there, after
        where[0], where[1] = slab, layer
    if path > 0.0:
        q[0], q[1], q[2] = q[0] + path * q[3], q[1] + path * q[4], bounds[where[0], Z_LOW]
    return path


@_jit
def _straight(bounds, codes, q, where, z_stop, left):
    """Advance q along a straight line to the next boundary; return path and event."""
    before = _run(bounds, codes, q, where, z_stop, left)
    path, event = _reach(bounds, codes, q, where, z_stop, left - before)
    for i in range(3):
        q[i] += q[i + 3] * path
    return before + path, event


@_jit
def _start(bounds, codes, q, where):
    """Find slab and layer of q."""
    slab = 0
    while slab + 1 < len(bounds) and bounds[slab, Z_HIGH] <= q[2]:
        slab += 1
    if slab > 0 and q[2] == bounds[slab, Z_LOW] and q[5] < 0.0:
        slab -= 1
    where[0], where[1] = slab, _layer(bounds, codes, slab, q[2], sqrt(q[0] * q[0] + q[1] * q[1]))


@_jit
def _cross(bounds, codes, q, where, event, z_stop):
    """Enter the next layer after an event; return the final status, or -1 to go on."""
    slab, layer = where[0], where[1]
    if event in (INNER, OUTER):
        where[1] = layer - 1 if event == INNER else layer + 1
        if (codes[slab, MEDIA + layer] & 1) != (codes[slab, MEDIA + where[1]] & 1):
            where[2] += 1
        return -1
    if event == PLANE_UP:
        q[2] = min(bounds[slab, Z_HIGH], z_stop)
        if q[2] >= z_stop or slab + 1 == len(bounds):
            return REACHED_END
        where[0] = slab + 1
    else:
        q[2] = bounds[slab, Z_LOW]
        if slab == 0:
            return LEFT_BACKWARD
        where[0] = slab - 1
    where[1] = _layer(bounds, codes, where[0], q[2], sqrt(q[0] * q[0] + q[1] * q[1]))
    return -1
