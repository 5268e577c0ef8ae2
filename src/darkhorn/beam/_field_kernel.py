"""Compiled motion in a field layer.

The path is followed in t with dt = ds / r, where the motion is regular: v = ln(r/r0), dv/dt = n_r,
dn_r/dt = n_phi^2 - k n_z, n_z = n_z0 + k v, n_phi = L / r, dz/dt = r n_z, dphi/dt = n_phi, ds/dt = r, with n the unit
direction and k = K / p. A Taylor series in t of fixed order is at once the step and its dense output.

Boundaries: signs of coefficients often tell at once that a step stays between two cones. Where they do not, the step
is marched along: a bound on the second derivative says how far one can go without meeting any boundary, so that grazes
cannot be missed; near a crossing the march becomes Newton's.
"""
# mypy: disable-error-code="untyped-decorator, no-untyped-def"

from math import copysign, cos, inf, log, sin, sqrt

import numpy as np

from darkhorn.beam._kernel import (
    CONES,
    INNER,
    LIMIT,
    LOST,
    MEDIA,
    NUMBER,
    OUTER,
    PLANE_DOWN,
    PLANE_UP,
    STEP,
    Z_HIGH,
    Z_LOW,
    _jit,
    _layer,
    _layers,
)

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
BEYOND = 1.02
"""How far beyond the outer radius a step may end, relative to it."""
SMALL = 0.05
"""Angle in rad below which sine and cosine come from their series."""
SINE, COSINE = (-1 / 6, 1 / 120, -1 / 5040, 1 / 362880), (-1 / 2, 1 / 24, -1 / 720, 1 / 40320)
"""Coefficients of the series, which are exact to rounding up to there."""
ONE = np.int64(1023 << 52)
"""The bits of 1.0."""
ROOM = ORDER + 1
R, Z, PHI, S, W, F, N, WORK = (ROOM * n for n in range(8))
"""Where in the table the coefficients begin, of r, z, phi, path, n_r, exp(-v), n_z; and its length. It has one axis, so
that the compiler knows all places and keeps numbers in registers."""


@_jit
def _root(x, order):
    """Return the root of this order of x > 0 to 6 %, by dividing the exponent: good enough for the length of a step."""
    return np.int64((np.float64(x).view(np.int64) - ONE) // order + ONE).view(np.float64)


@_jit
def _term(c, n, r0, k, n_r, n_z, n_phi, n_phi_sq):
    """Fill in the coefficients n + 1.

    In each sum the coefficients that were found last come last: the earlier ones need not wait for them.
    """
    up, down, square, along = 0.0, 0.0, 0.0, 0.0
    for i in range(1, n):
        up += c[R + i] * c[W + n - i]
        down += c[F + i] * c[W + n - i]
        square += c[F + i] * c[F + n - i]
        along += c[R + i] * c[N + n - i]
    up += r0 * c[W + n] + c[R + n] * n_r
    down += c[W + n] + c[F + n] * n_r
    square += 2.0 * c[F + n]
    along += r0 * c[N + n] + c[R + n] * n_z
    inverse = INVERSE[n]
    c[R + n + 1] = up * inverse
    c[F + n + 1] = -down * inverse
    c[Z + n + 1] = along * inverse
    c[S + n + 1] = c[R + n] * inverse
    c[PHI + n + 1] = n_phi * c[F + n] * inverse
    c[N + n + 1] = k * c[W + n] * inverse
    c[W + n + 1] = (n_phi_sq * square - k * c[N + n]) * inverse


@_jit
def _series(c, r0, k, n_r, n_z, n_phi, tol, order):
    """Fill the coefficients of one step, r z and path in m relative to the start, and return its length in t."""
    c[R], c[F], c[W], c[N] = r0, 1.0, n_r, n_z
    c[Z], c[PHI], c[S] = 0.0, 0.0, 0.0
    n_phi_sq = n_phi * n_phi
    c[R + 1], c[F + 1], c[W + 1], c[N + 1] = r0 * n_r, -n_r, n_phi_sq - k * n_z, k * n_r
    c[Z + 1], c[PHI + 1], c[S + 1] = r0 * n_z, n_phi, r0
    _term(c, 1, r0, k, n_r, n_z, n_phi, n_phi_sq)
    _term(c, 2, r0, k, n_r, n_z, n_phi, n_phi_sq)
    _term(c, 3, r0, k, n_r, n_z, n_phi, n_phi_sq)
    _term(c, 4, r0, k, n_r, n_z, n_phi, n_phi_sq)
    _term(c, 5, r0, k, n_r, n_z, n_phi, n_phi_sq)
    _term(c, 6, r0, k, n_r, n_z, n_phi, n_phi_sq)
    _term(c, 7, r0, k, n_r, n_z, n_phi, n_phi_sq)
    for n in range(8, order):
        _term(c, n, r0, k, n_r, n_z, n_phi, n_phi_sq)
    h = T_MAX
    for n in range(order - 1, order + 1):
        size = max(abs(c[R + n]), abs(c[Z + n]), r0 * max(abs(n_phi * c[F + n]), abs(c[W + n])))
        h = min(h, _root(tol * r0 / max(size, 1e-290 * r0), n))
    return h


@_jit
def _box(c, h, order):
    """Return bounds of r and of z relative to the start over [0, h]: r low, r high, z low, z high."""
    r_sum, r_size, z_sum, z_size, power = 0.0, 0.0, 0.0, 0.0, 1.0
    for n in range(1, order + 1):
        power *= h
        r, z = c[R + n] * power, c[Z + n] * power
        r_sum += r
        r_size += abs(r)
        z_sum += z
        z_size += abs(z)
    r_low, r_high = c[R] + 0.5 * (r_sum - r_size), c[R] + 0.5 * (r_sum + r_size)
    return r_low, r_high, 0.5 * (z_sum - z_size), 0.5 * (z_sum + z_size)


@_jit
def _bends(c, h, order):
    """Return bounds of r'', -r'', z'', -z'' and s'' over [0, h]."""
    r_sum, r_size, z_sum, z_size, s_up, power = 0.0, 0.0, 0.0, 0.0, 0.0, 1.0
    for n in range(2, order + 1):
        factor = n * (n - 1) * power
        r, z, s = factor * c[R + n], factor * c[Z + n], factor * c[S + n]
        r_sum += r
        r_size += abs(r)
        z_sum += z
        z_size += abs(z)
        s_up += 0.5 * (s + abs(s))
        power *= h
    return 0.5 * (r_size + r_sum), 0.5 * (r_size - r_sum), 0.5 * (z_size + z_sum), 0.5 * (z_size - z_sum), s_up


@_jit
def _shorten(c, h, edge, order):
    """Return a length near where r passes a radius ``edge`` for a step that goes beyond, else h; Newton's method."""
    for _ in range(4):
        r, dr = c[R + order], 0.0
        for n in range(order - 1, -1, -1):
            dr = dr * h + r
            r = r * h + c[R + n]
        if not (r > BEYOND * edge and dr > 0.0):
            break
        h = max(h - (r - edge) / dr, 0.25 * h)
    return h


@_jit
def _value(c, row, t, order):
    """Return a polynomial at t."""
    y = c[row + order]
    for n in range(order - 1, -1, -1):
        y = y * t + c[row + n]
    return y


@_jit
def _look(c, t, order):
    """Return r, dr/dt, z, dz/dt at t."""
    r, dr, z, dz = c[R + order], 0.0, c[Z + order], 0.0
    for n in range(order - 1, -1, -1):
        dr = dr * t + r
        r = r * t + c[R + n]
        dz = dz * t + z
        z = z * t + c[Z + n]
    return r, dr, z, dz


@_jit
def _safe(gap, rate, bend):
    """Return how far a function with value ``gap`` and slope ``rate`` stays positive if -g'' <= bend."""
    if gap <= 0.0:
        return 0.0 if rate <= 0.0 else 2.0 * rate / bend
    root = sqrt(rate * rate + 2.0 * bend * gap)
    return (root + rate) / bend if rate > 0.0 else 2.0 * gap / (root - rate)


@_jit
def _nearer(step, event, other, name):
    """Return the nearer one of two events."""
    return (other, name) if other < step else (step, event)


@_jit
def _sure(gap, rate, bend, span):
    """Return whether such a function is positive all along a span."""
    return gap >= 0.0 and gap + span * (rate - 0.5 * bend * span) > 0.0


@_jit
def _latest(gap, rate, bend):
    """Return when something that comes nearer at this rate, slowed down only by a ``bend`` of zero, has arrived."""
    return gap / rate if bend == 0.0 and rate > 0.0 else inf


@_jit
def _beside(bounds, c, h, order, slab, boundary, z0, sign):
    """Return whether a step surely stays outside (1) or inside (-1) a cone of a slab."""
    radius, slope = bounds[slab, CONES + 2 * boundary], bounds[slab, CONES + 2 * boundary + 1]
    gap = sign * (c[R] - radius - slope * (z0 - bounds[slab, Z_LOW]))
    worst, power = 0.0, 1.0
    for n in range(2, order + 1):
        power *= h
        term = sign * (c[R + n] - slope * c[Z + n])
        worst += 0.5 * power * (term - abs(term))
    worst += sign * (c[R + 1] - slope * c[Z + 1])
    return worst >= 0.0 or gap + h * worst > 0.0


@_jit
def _free(bounds, codes, c, h, order, where, z0, z_stop, box):
    """Go up the slabs in which a step surely stays in its layer; return whether it ends there, and the last one."""
    r_low, r_high, z_low, z_high = box
    slab, layer, layers = where[0], where[1], _layers(codes)
    low_sq, high_sq, spans = r_low * r_low, r_high * r_high, CONES + 2 * (layers - 1)
    if z0 + z_low < bounds[slab, Z_LOW]:
        return False, slab, layer
    while True:
        inside, outside = bounds[slab, spans + 2 * layer] < low_sq, high_sq < bounds[slab, spans + 2 * layer + 1]
        if not (inside and outside):
            span = min(h, _latest(bounds[slab, Z_HIGH] - z0, c[Z + 1], -z_low))
            if not (inside or _beside(bounds, c, span, order, slab, layer - 1, z0, 1.0)):
                return False, slab, layer
            if not (outside or _beside(bounds, c, span, order, slab, layer, z0, -1.0)):
                return False, slab, layer
        if z0 + z_high < min(bounds[slab, Z_HIGH], z_stop):
            return True, slab, layer
        after = codes[slab, MEDIA + layers + layer]
        if after < 0 or bounds[slab, Z_HIGH] >= z_stop:
            return False, slab, layer
        slab, layer = slab + 1, after


@_jit
def _plane_time(c, t, target, z, dz, z_down, room, order, near):
    """Return when z reaches ``target``, or -1 if not surely before t + room. ``near``: last change, relative."""
    if not dz > 0.0:
        return -1.0
    end, start, rate = t, t, dz
    for _ in range(8):
        change = (target - z) / dz
        end += change
        if not (0.0 <= end - start <= room and z_down * (end - start) < rate):
            return -1.0
        if abs(change) <= near * end:
            return end
        z, dz = c[Z + order], 0.0
        for n in range(order - 1, -1, -1):
            dz = dz * end + z
            z = z * end + c[Z + n]
    return end


@_jit
def _skip(bounds, codes, c, h, where, slab, z0, z_down, order, near):
    """Go to where a step enters a slab further up, before which it meets nothing; return t and what is met there."""
    z_low = bounds[slab, Z_LOW]
    at = _plane_time(c, 0.0, z_low - z0, 0.0, c[Z + 1], z_down, h, order, sqrt(near))
    if at < 0.0:
        return 0.0, STEP
    layer = _layer(bounds, codes, slab, z_low, _value(c, R, at, order))
    if codes[slab, MEDIA + layer] != codes[where[0], MEDIA + where[1]]:
        where[0] = slab - 1
        return at, PLANE_UP
    where[0], where[1] = slab, layer
    return at, STEP


@_jit
def _march(bounds, codes, c, t, h, z0, where, z_stop, left, bends, order, near):
    """Follow a step from t to h until it meets something; return t and what it met, with ``where`` updated."""
    r_up, r_down, z_up, z_down, s_up = bends
    slab, layer = where[0], where[1]
    for _ in range(MARCH_LIMIT):
        r, dr, z, dz = _look(c, t, order)
        z += z0
        z_low, z_high = bounds[slab, Z_LOW], min(bounds[slab, Z_HIGH], z_stop)
        step, event = h - t, STEP
        span = min(step, _latest(z_high - z, dz, z_down))
        if layer > 0:
            slope = bounds[slab, CONES + 2 * layer - 1]
            gap = r - bounds[slab, CONES + 2 * layer - 2] - slope * (z - z_low)
            rate, bend = dr - slope * dz, r_down + max(slope * z_up, -slope * z_down)
            if not _sure(gap, rate, bend, span):
                step, event = _nearer(step, event, _safe(gap, rate, bend), INNER)
        if layer < codes[slab, NUMBER]:
            slope = bounds[slab, CONES + 2 * layer + 1]
            gap = bounds[slab, CONES + 2 * layer] + slope * (z - z_low) - r
            rate, bend = slope * dz - dr, r_up + max(slope * z_down, -slope * z_up)
            if not _sure(gap, rate, bend, span):
                step, event = _nearer(step, event, _safe(gap, rate, bend), OUTER)
        if not _sure(z - z_low, dz, z_down, step):
            step, event = _nearer(step, event, _safe(z - z_low, dz, z_down), PLANE_DOWN)
        if left < inf:
            step, event = _nearer(step, event, _safe(left - _value(c, S, t, order), -r, s_up), LIMIT)
        rise = inf if _sure(z_high - z, -dz, z_up, step) else _safe(z_high - z, -dz, z_up)
        if rise < step:
            at = _plane_time(c, t, z_high - z0, z - z0, dz, z_down, min(step, h - t), order, sqrt(near))
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
def _meet(bounds, codes, c, h, where, z0, z_stop, left, order, near):
    """Return how far a step of length h goes until it meets something, and what, with ``where`` updated."""
    box = _box(c, h, order)
    if where[1] < codes[where[0], NUMBER]:
        edge = bounds[where[0], CONES + 2 * where[1]]
        if box[1] > BEYOND * edge:
            h = _shorten(c, h, edge, order)
            box = _box(c, h, order)
    free, slab, layer = _free(bounds, codes, c, h, order, where, z0, z_stop, box)
    unlimited = left > h * box[1]  # ds/dt = r
    if free and unlimited:
        where[0], where[1] = slab, layer
        return h, STEP
    bends, t, event = _bends(c, h, order), 0.0, STEP
    if unlimited and slab > where[0]:
        t, event = _skip(bounds, codes, c, h, where, slab, z0, bends[3], order, near)
        if event != STEP:
            return t, event
    return _march(bounds, codes, c, t, h, z0, where, z_stop, inf if unlimited else left, bends, order, near)


@_jit
def _sine_cosine(angle):
    """Return sine and cosine; of small angles by their series."""
    if abs(angle) > SMALL:
        return sin(angle), cos(angle)
    x = angle * angle
    sine = 1.0 + x * (SINE[0] + x * (SINE[1] + x * (SINE[2] + x * SINE[3])))
    return angle * sine, 1.0 + x * (COSINE[0] + x * (COSINE[1] + x * (COSINE[2] + x * COSINE[3])))


@_jit
def _curve(bounds, codes, c, q, where, k, z_stop, left, tol, order, near):
    """Advance q by one Taylor step or to the next boundary in a field layer; return path and event."""
    r0, z0 = sqrt(q[0] * q[0] + q[1] * q[1]), q[2]
    if not r0 > 1e-150:
        return 0.0, LOST
    e_x, e_y = q[0] / r0, q[1] / r0
    n_r, n_phi, n_z = q[3] * e_x + q[4] * e_y, q[4] * e_x - q[3] * e_y, q[5]
    h = _series(c, r0, k, n_r, n_z, n_phi, tol, order)
    t, event = _meet(bounds, codes, c, h, where, z0, z_stop, left, order, near)
    r, z, phi, w, path = c[R + order], c[Z + order], c[PHI + order], c[W + order], c[S + order]
    for n in range(order - 1, -1, -1):
        r = r * t + c[R + n]
        z = z * t + c[Z + n]
        phi = phi * t + c[PHI + n]
        w = w * t + c[W + n]
        path = path * t + c[S + n]
    if event == STEP and z0 + z < bounds[where[0], Z_LOW]:
        while z0 + z < bounds[where[0], Z_LOW]:
            where[0] -= 1
        where[1] = _layer(bounds, codes, where[0], z0 + z, r)
    n_z += k * log(r / r0)
    n_phi *= r0 / r
    radial_sq = 1.0 - n_z * n_z - n_phi * n_phi
    n_r = copysign(sqrt(radial_sq), w) if radial_sq > 1e-3 else w
    turn_y, turn_x = _sine_cosine(phi)
    e_x, e_y = e_x * turn_x - e_y * turn_y, e_x * turn_y + e_y * turn_x
    q[0], q[1], q[2] = r * e_x, r * e_y, z0 + z
    q[3], q[4], q[5] = n_r * e_x - n_phi * e_y, n_r * e_y + n_phi * e_x, n_z
    return path, event
