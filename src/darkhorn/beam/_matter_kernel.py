"""Compiled tracking of one hadron after the other through matter and field; ``follow.py`` is the way in.

A step goes straight to the next boundary, or by one Taylor step of ``_kernel.py`` in the open field. What the matter on
the way does (Highland's deflection, the mean loss of energy) is owed until the medium is left or has been crossed for
a while; the debt of a gas waits until the track comes back to it. It is paid at once: the deflection as if it had
happened at a uniformly random place of the path that owes it, so that angle and displacement have their variances and
their correlation; the loss as if it had been even, so that the proper time is that of a particle which slows down. At
the end of a history the debt is paid too, on the end plane with its displacement, elsewhere without.
The field inside metal turns the direction at the end of a step, by what the middle of the step sees.
Random numbers come from splitmix64, started by one word a particle: the same word gives the same history, and a limit
on a clock cuts it without changing what came before. Marks on the way let a second pass start near such a cut.
"""
# mypy: disable-error-code="untyped-decorator, no-untyped-def"

from math import copysign, cos, expm1, inf, log, log1p, pi, sin, sqrt

import numpy as np
from numba import njit

from darkhorn.beam._kernel import (
    EVENT_LIMIT,
    HIT_WALL,
    LEFT_BACKWARD,
    LIMIT,
    LOST,
    MEDIA,
    MEDIUM,
    OPTIONS,
    REACHED_END,
    SHARE,
    STEP,
    STEP_LIMIT,
    Z_LOW,
    _cross,
    _curve,
    _start,
    _straight,
)
from darkhorn.core.units import C
from darkhorn.physics.multiple_scattering import highland_square

_jit = njit(**OPTIONS, forceinline=True)
_call = njit(**OPTIONS)
"""Without forced inlining, which would make the compiler take minutes over what is called from several places."""
_highland = njit(nogil=True, error_model="numpy")(highland_square)

CLOCK_LIMIT, STOPPED = 6, 7
P, ENERGY, CLOCK, DEPTH, PATH, TIME = 6, 7, 8, 9, 10, 11
"""A track is a row of numbers: place in m and direction, momentum and energy in MeV, proper time in ns, optical depth
of absorption, path in m, time in ns,"""
AHEAD, THICK, DEBT, MOST = 12, 13, 14, 15
"""optical depth up to the next scattering, thickness of the present medium in radiation lengths that has acted, path in
m that has not acted yet and how long that may become,"""
LOSS, ABSORB, ELASTIC, QUASI, SEEN, AT = 16, 17, 18, 19, 20, 21
"""loss in MeV/m and three rates in 1/m, the momentum at which they were looked up and its place in the table,"""
PER_CLOCK, PER_TIME, GROWTH, LAST, SLAB, LAYER = 22, 23, 24, 25, 26, 27
"""proper time and time in ns/m, relative growth of the former in 1/m by loss, present medium, slab and layer,"""
HELD, HELD_THICK, WIDTH = 28, 29, 30
"""debt and thickness of the gas while the track is in other media."""
PER_X0, STEEP, FLAT, PART, NUCLEUS, LONGEST = 0, 1, 2, 3, 4, 5
"""Columns of the media: 1/X0 in 1/m, slopes in 1/MeV^2 and share of the first, mass of the nucleus in MeV, longest path
in m that acts at once."""
CHARGE_K, MASS, NUCLEON, CUT, LOSABLE, GAS = 0, 1, 2, 3, 4, 5
"""Constants: bending momentum in MeV/c, masses of particle and struck nucleon, kinetic energy in MeV at which a
particle has stopped, share of the kinetic energy that may be lost at once, the medium that is a gas or -1."""
ORDER = 8
"""Order of the Taylor series."""
TOLERANCE = 1e-5
"""Size of the last Taylor terms kept in the open field, relative to the radius: half of the tracks are good to 1e-5
mrad."""
NEAR = 1e-6
"""How near to a boundary a step in the field has to come, relative to its length."""
SMALL = 0.03
"""Angle in rad below which sine and cosine come from two terms of their series, good to 2e-10."""
FRESH = 1e-3
"""Relative change of momentum after which the rates are looked up again."""
STRIDE = 4
"""Steps between two marks, as long as there is room for more."""
GOLDEN = np.uint64(0x9E3779B97F4A7C15)
FIRST = np.uint64(0xBF58476D1CE4E5B9)
SECOND = np.uint64(0x94D049BB133111EB)
S30, S27, S31, S11, S32 = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(11), np.uint64(32)
LOWER = np.uint64(0xFFFFFFFF)


@_jit
def _word(rng):
    """Return the next 64 random bits."""
    rng[0] += GOLDEN
    z = rng[0]
    z = (z ^ (z >> S30)) * FIRST
    z = (z ^ (z >> S27)) * SECOND
    return z ^ (z >> S31)


@_jit
def _uniform(rng):
    """Return the next number in (0, 1)."""
    return (np.float64(_word(rng) >> S11) + 0.5) * 1.1102230246251565e-16


@_jit
def _turn(w, cosine, u, v):
    """Turn the direction by an angle with this cosine; u and v are the parts of its sine along two axes across."""
    x, y, z = w[3], w[4], w[5]
    sign = copysign(1.0, z)
    a = -1.0 / (sign + z)
    b = x * y * a
    x_new = cosine * x + u * (1.0 + sign * x * x * a) + v * b
    y_new = cosine * y + u * sign * b + v * (sign + y * y * a)
    z_new = cosine * z - u * sign * x - v * y
    scale = 1.5 - 0.5 * (x_new * x_new + y_new * y_new + z_new * z_new)
    w[3], w[4], w[5] = x_new * scale, y_new * scale, z_new * scale


@_jit
def _sine_cosine(angle):
    """Return sine and cosine."""
    if abs(angle) < SMALL:
        square = angle * angle
        return angle * (1.0 - square / 6.0), 1.0 - 0.5 * square * (1.0 - square / 12.0)
    return sin(angle), cos(angle)


@_jit
def _bend(w, kick, length):
    """Turn the direction in the meridional plane of the middle of a path, by path x share x K / p over its radius."""
    x, y = w[0] - 0.5 * length * w[3], w[1] - 0.5 * length * w[4]
    r = sqrt(x * x + y * y)
    if not r > 0.0:
        return
    e_x, e_y = x / r, y / r
    n_r, n_phi, n_z = w[3] * e_x + w[4] * e_y, w[4] * e_x - w[3] * e_y, w[5]
    s, c = _sine_cosine(kick * length / r)
    n_r, n_z = c * n_r - s * n_z, c * n_z + s * n_r
    w[3], w[4], w[5] = n_r * e_x - n_phi * e_y, n_r * e_y + n_phi * e_x, n_z


@_jit
def _kick(w, square, rng):
    """Turn the direction by angles in two planes, each Gaussian with the square of its width in rad^2."""
    u = v = s = 2.0
    while not 0.0 < s < 1.0:
        word = _word(rng)
        u, v = np.float64(word >> S32) * 2.0**-31 - 1.0, np.float64(word & LOWER) * 2.0**-31 - 1.0
        s = u * u + v * v
    turn = -2.0 * square * log(s)
    if turn < SMALL * SMALL:
        scale = sqrt(turn / s) * (1.0 - turn / 6.0)
        cosine = 1.0 - 0.5 * turn * (1.0 - turn / 12.0)
    else:
        angle = min(sqrt(turn), pi)
        scale, cosine = sin(angle) / sqrt(s), cos(angle)
    _turn(w, cosine, u * scale, v * scale)


@_jit
def _speed(w, mass):
    """Fill in what follows from momentum and energy."""
    inverse = 1.0 / (w[P] * C)
    w[PER_CLOCK], w[PER_TIME] = mass * inverse, w[ENERGY] * inverse


@_jit
def _look_up(rates, grid, w, medium):
    """Interpolate the rates at the present momentum."""
    if abs(w[P] - w[SEEN]) > FRESH * w[P]:
        w[AT] = min(max((log(w[P]) - grid[0]) * grid[1], 0.0), rates.shape[1] - 1.000001)
        w[SEEN] = w[P]
    i = int(w[AT])
    f = w[AT] - i
    for j in range(4):
        w[LOSS + j] = rates[medium, i, j] + f * (rates[medium, i + 1, j] - rates[medium, i, j])


@_jit
def _advance(w, length):
    """Count a path."""
    w[PATH] += length
    w[CLOCK] += w[PER_CLOCK] * length * (1.0 + w[GROWTH] * (w[DEBT] + 0.5 * length))
    w[TIME] += w[PER_TIME] * length
    w[DEPTH] += w[ABSORB] * length
    w[AHEAD] -= (w[ELASTIC] + w[QUASI]) * length


@_jit
def _room(w, clock_limit, depth_limit):
    """Return the path left to either limit: where the clock of ``_advance`` reaches it."""
    room = inf
    if clock_limit < inf:
        left, now = (clock_limit - w[CLOCK]) / w[PER_CLOCK], 1.0 + w[GROWTH] * w[DEBT]
        room = 2.0 * left / (now + sqrt(now * now + 2.0 * w[GROWTH] * max(left, 0.0)))
    if depth_limit < inf and w[ABSORB] > 0.0:
        room = min(room, (depth_limit - w[DEPTH]) / w[ABSORB])
    return max(room, 0.0)


@_call
def _settle(w, rng, mass, cut, per_x0, displaced):
    """Do to the particle what the matter owes it, and displace it (1) or not (0); return whether it goes on."""
    length, energy = w[DEBT], w[ENERGY] - w[LOSS] * w[DEBT]
    w[DEBT] = 0.0
    if w[LOSS] > 0.0 and energy - mass <= cut:
        return False
    if per_x0 > 0.0:
        before, after = w[THICK], w[THICK] + length * per_x0
        beta = w[P] / w[ENERGY]
        square = _highland(after, beta * w[P], beta * beta)
        if before > 0.0:
            square -= _highland(before, beta * w[P], beta * beta)
        w[THICK] = after
        if square > 0.0:
            x, y, z = w[3], w[4], w[5]
            _kick(w, square, rng)
            if displaced > 0.0:
                rest = displaced * _uniform(rng) * length
                w[0] += rest * (w[3] - x)
                w[1] += rest * (w[4] - y)
                w[2] += rest * (w[5] - z)
    if w[LOSS] > 0.0:
        w[ENERGY], w[P] = energy, sqrt((energy - mass) * (energy + mass))
        _speed(w, mass)
    return True


@_call
def _scatter(w, slopes, medium, constants, rng):
    """Scatter elastically on the nucleus (``medium`` is its row) or on a nucleon; return whether the track goes on."""
    mass, energy, p = constants[MASS], w[ENERGY], w[P]
    if _uniform(rng) * (w[ELASTIC] + w[QUASI]) < w[ELASTIC]:
        target = medium[NUCLEUS]
        slope = medium[STEEP] if _uniform(rng) < medium[PART] else medium[FLAT]
    else:
        i = int(w[AT])
        target, slope = constants[NUCLEON], slopes[i] + (w[AT] - i) * (slopes[i + 1] - slopes[i])
    p_cm = p * target / sqrt(mass * mass + target * target + 2.0 * energy * target)
    largest = 4.0 * p_cm * p_cm
    t = -log1p(_uniform(rng) * expm1(-slope * largest)) / slope if slope * largest > 1e-9 else largest * _uniform(rng)
    w[AHEAD] = -log(_uniform(rng))
    new = energy - t / (2.0 * target)
    if new - mass <= constants[CUT]:
        return False
    p_new = sqrt((new - mass) * (new + mass))
    cosine = min(max((energy * new - mass * mass - 0.5 * t) / (p * p_new), -1.0), 1.0)
    sine, phi = sqrt((1.0 - cosine) * (1.0 + cosine)), 2.0 * pi * _uniform(rng)
    _turn(w, cosine, sine * cos(phi), sine * sin(phi))
    w[ENERGY], w[P] = new, p_new
    _speed(w, mass)
    return True


@_jit
def _begin(w, x, p, mass):
    """Fill in a track from place and momentum."""
    w[:] = 0.0
    square = p[1] * p[1] + p[2] * p[2] + p[3] * p[3]
    w[P], w[ENERGY] = sqrt(square), sqrt(square + mass * mass)
    scale = 1.0 / w[P] if w[P] > 0.0 else 0.0
    for i in range(3):
        w[i], w[i + 3] = x[i + 1], p[i + 1] * scale


@_jit
def _enter(bounds, codes, w, where, mass, z_stop, rng):
    """Prepare a track at its start; return its status if it ends there, else -1."""
    if not w[P] > 0.0:
        return STOPPED
    if w[2] >= z_stop:
        return REACHED_END
    if w[2] < bounds[0, Z_LOW]:
        return LEFT_BACKWARD
    _start(bounds, codes, w, where)
    _speed(w, mass)
    w[AHEAD], w[LAST] = -log(_uniform(rng)), -1.0
    return -1


@_jit
def _mark(w, where, rng, marks, words, stride):
    """Keep the present state; without room for more first forget every other one. Return the stride from now on."""
    used = where[3]
    if used == len(marks):
        used //= 2
        stride *= 2
        for i in range(1, used):
            words[i] = words[2 * i]
            for j in range(WIDTH):
                marks[i, j] = marks[2 * i, j]
    w[SLAB], w[LAYER] = where[0], where[1]
    words[used], where[3] = rng[0], used + 1
    for j in range(WIDTH):
        marks[used, j] = w[j]
    return stride


@_jit
def _return_to(w, where, rng, marks, words, clock_limit, depth_limit):
    """Go back to the last mark before both limits."""
    i = where[3] - 1
    while i > 0 and (marks[i, CLOCK] > clock_limit or marks[i, DEPTH] > depth_limit):
        i -= 1
    rng[0] = words[i]
    for j in range(WIDTH):
        w[j] = marks[i, j]
    where[0], where[1] = int(w[SLAB]), int(w[LAYER])


@_call
def _walk(
    bounds, codes, kinds, rates, slopes, grid, media, constants, limits, c, w, where, rng, marks, words, drawn, again
):
    """Follow one particle from where it is to its end; return its status. ``limits``: see ``follow_all``."""
    mass, cut, bending = constants[MASS], constants[CUT], constants[CHARGE_K]
    clock_limit, depth_limit, z_stop = limits[0], limits[1], limits[2]
    if again == 1:
        _return_to(w, where, rng, marks, words, clock_limit, depth_limit)
    else:
        status = _enter(bounds, codes, w, where, mass, z_stop, rng)
        if status >= 0:
            return status
    gas, changed = int(constants[GAS]), False
    last, stride, due = int(w[LAST]), STRIDE, 0 if drawn and again == 0 else -1
    for turn in range(EVENT_LIMIT):
        code = codes[where[0], MEDIA + where[1]]
        if turn == due:
            stride = _mark(w, where, rng, marks, words, stride)
            due += stride
        if code < 0:
            return HIT_WALL
        medium, share = int(kinds[code >> 1, MEDIUM]), kinds[code >> 1, SHARE]
        if medium != last:
            if last == gas:
                w[HELD], w[HELD_THICK], w[DEBT] = w[DEBT], w[THICK], 0.0
            elif w[DEBT] > 0.0 and not _settle(w, rng, mass, cut, media[last, PER_X0], 1.0):
                return STOPPED
            w[THICK], w[LAST], last, changed = 0.0, medium, medium, True
            if medium == gas:
                w[DEBT], w[THICK], w[HELD] = w[HELD], w[HELD_THICK], 0.0
        elif w[DEBT] > 0.0 and w[DEBT] >= w[MOST] and not _settle(w, rng, mass, cut, media[last, PER_X0], 1.0):
            return STOPPED
        if changed or abs(w[P] - w[SEEN]) > FRESH * w[P]:
            changed = False
            _look_up(rates, grid, w, medium)
            w[MOST] = media[medium, LONGEST]
            if w[LOSS] > 0.0:
                w[MOST] = min(w[MOST], constants[LOSABLE] * (w[ENERGY] - mass) / w[LOSS])
            w[GROWTH] = w[LOSS] * w[ENERGY] / (w[P] * w[P])
        hits = w[ELASTIC] + w[QUASI]
        left = room = _room(w, clock_limit, depth_limit)
        if hits > 0.0:
            left = min(left, max(w[AHEAD], 0.0) / hits)
        if (code & 1) == 1 and bending != 0.0:
            step, event = _curve(
                bounds, codes, c, w, where, share * bending / w[P], z_stop, left, TOLERANCE, ORDER, NEAR
            )
            step = left if event == LIMIT else step
            scale = 1.5 - 0.5 * (w[3] * w[3] + w[4] * w[4] + w[5] * w[5])
            w[3], w[4], w[5] = w[3] * scale, w[4] * scale, w[5] * scale
            _advance(w, step)
        else:
            left = min(left, max(w[MOST] - w[DEBT], 0.0))
            step, event = _straight(bounds, codes, w, where, z_stop, left)
            _advance(w, step)
            if share * bending != 0.0:
                _bend(w, share * bending / w[P], step)
        w[DEBT] += step
        if event == LIMIT and room <= left:
            return CLOCK_LIMIT
        if event == LOST:
            return STEP_LIMIT
        if event not in (STEP, LIMIT):
            status = _cross(bounds, codes, w, where, event, z_stop)
            if status >= 0:
                return status
        if w[AHEAD] <= 1e-12 and hits > 0.0 and not _scatter(w, slopes, media[medium], constants, rng):
            return STOPPED
    return STEP_LIMIT


@_call
def follow_all(
    bounds,
    codes,
    kinds,
    rates,
    slopes,
    grid,
    media,
    constants,
    x,
    p,
    words,
    limits,
    draws,
    which,
    mean,
    lengths,
    counts,
    status,
    work,
    where,
    w,
    rng,
    marks,
    marked,
):
    """Follow N particles.

    ``x`` and ``p`` (N, 4) as in Rays are overwritten by the ends, ``words`` (N,) start the random numbers, ``limits``
    (N, 3) are proper time in ns, optical depth and end plane in m. With ``draws`` (N,), else empty, a particle goes
    back to where a truncated exponential of this mean in clock (``which`` 0) or depth (1) puts it, and ``lengths``
    (N,) takes the whole clock or depth. ``counts`` (N, 3) takes clock, depth and path at the end. The rest is scratch:
    ``work`` (8, ORDER + 1), ``where`` (4,), ``w`` (WIDTH,), ``rng`` (1,), ``marks`` (M, WIDTH), ``marked`` (M,).
    """
    mass, cut, gas, drawn = constants[MASS], constants[CUT], int(constants[GAS]), len(draws) > 0
    for n in range(len(words)):
        _begin(w, x[n], p[n], mass)
        rng[0], where[3] = words[n], 0
        for turn in range(2 if drawn else 1):
            if turn == 1:
                lengths[n] = w[CLOCK + which]
                if where[3] == 0:
                    break
                place = -mean * log1p(draws[n] * expm1(-lengths[n] / mean))
                limits[n, which] = min(max(place, 0.0), lengths[n])
            status[n] = _walk(
                bounds,
                codes,
                kinds,
                rates,
                slopes,
                grid,
                media,
                constants,
                limits[n],
                work,
                w,
                where,
                rng,
                marks,
                marked,
                drawn,
                turn,
            )
            if w[DEBT] > 0.0:
                z, displaced = w[2], 1.0 if status[n] == REACHED_END else 0.0
                _settle(w, rng, mass, cut, media[int(w[LAST]), PER_X0], displaced)
                w[2] = z
            if w[HELD] > 0.0:
                w[DEBT], w[THICK] = w[HELD], w[HELD_THICK]
                _look_up(rates, grid, w, gas)
                _settle(w, rng, mass, cut, media[gas, PER_X0], 0.0)
        for i in range(3):
            x[n, i + 1], p[n, i + 1], counts[n, i] = w[i], w[i + 3] * w[P], w[CLOCK + i]
        x[n, 0], p[n, 0] = x[n, 0] + w[TIME], w[ENERGY]
