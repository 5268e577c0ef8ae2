"""Compiled tracking of one hadron after the other through matter and field; ``follow.py`` is the way in.

A step goes to the next boundary, at most as far as the material allows. What the matter does to the
particle on a step (Highland's deflection, the mean loss of energy, the turn by the field inside metal)
happens at one uniformly random place of the step, the hinge: that gives angle and displacement their
variances and their correlation. Momentum is constant between hinges, so proper time and optical depth
are exact there. Thin gas acts where it is left or has been crossed for a while; in the open field the step
is the Taylor step of ``_kernel.py``.
Random numbers come from splitmix64, started by one word a particle: the same word gives the same
history, and a limit on the clock cuts it without changing what came before.
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
    Z_HIGH,
    Z_LOW,
    _cross,
    _curve,
    _reach,
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
P, ENERGY, CLOCK, DEPTH, PATH, TIME, AHEAD, THICK, DEBT, SEEN = 0, 1, 2, 3, 4, 5, 6, 7, 8, 9
"""State: momentum and energy in MeV, proper time in ns, optical depth of absorption, path in m, time in ns, optical
depth up to the next scattering, thickness crossed of the present medium in radiation lengths, path in m on which its
matter has not acted yet, momentum at which the rates were looked up."""
LOSS, ABSORB, ELASTIC, QUASI = 0, 1, 2, 3
"""Columns of the rates: MeV/m and three times 1/m."""
PER_X0, STEEP, FLAT, PART, NUCLEUS, LONGEST = 0, 1, 2, 3, 4, 5
"""Columns of the media: 1/X0 in 1/m, slopes in 1/MeV^2 and share of the first, mass of the nucleus in MeV, longest step
in m."""
CHARGE_K, MASS, NUCLEON, CUT, LOSABLE = 0, 1, 2, 3, 4
"""Constants: bending momentum in MeV/c, masses of particle and struck nucleon, kinetic energy in MeV at which a
particle has stopped, share of the kinetic energy that one step may lose."""
THIN = 1.0 / 60.0
"""Share of the longest step of a medium that may act at one place, 0.005 X0: a pion of 1 GeV/c turns by 0.8 mrad."""
SMALL = 0.03
"""Angle in rad below which sine and cosine come from two terms of their series, good to 2e-10."""
FRESH = 1e-3
"""Relative change of momentum after which the rates are looked up again."""
SLACK = 1e-6
"""How much further than planned (m) the way to a boundary may be after a hinge: a new direction changes it."""
GOLDEN = np.uint64(0x9E3779B97F4A7C15)
FIRST = np.uint64(0xBF58476D1CE4E5B9)
SECOND = np.uint64(0x94D049BB133111EB)
S30, S27, S31, S11 = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(11)


@_jit
def _uniform(rng):
    """Return the next number in (0, 1)."""
    rng[0] += GOLDEN
    z = rng[0]
    z = (z ^ (z >> S30)) * FIRST
    z = (z ^ (z >> S27)) * SECOND
    return (np.float64((z ^ (z >> S31)) >> S11) + 0.5) * 1.1102230246251565e-16


@_call
def _turn(q, cosine, u, v):
    """Turn the direction by an angle with this cosine; u and v are the parts of its sine along two axes across."""
    x, y, z = q[3], q[4], q[5]
    sign = copysign(1.0, z)
    a = -1.0 / (sign + z)
    b = x * y * a
    x_new = cosine * x + u * (1.0 + sign * x * x * a) + v * b
    y_new = cosine * y + u * sign * b + v * (sign + y * y * a)
    z_new = cosine * z - u * sign * x - v * y
    scale = 1.0 / sqrt(x_new * x_new + y_new * y_new + z_new * z_new)
    q[3], q[4], q[5] = x_new * scale, y_new * scale, z_new * scale


@_jit
def _bend(q, kick):
    """Turn the direction in the meridional plane as a field does on a path, ``kick`` = path x share x K / p."""
    r = sqrt(q[0] * q[0] + q[1] * q[1])
    if not r > 0.0:
        return
    e_x, e_y = q[0] / r, q[1] / r
    n_r, n_phi, n_z = q[3] * e_x + q[4] * e_y, q[4] * e_x - q[3] * e_y, q[5]
    angle = kick / r
    if abs(angle) < SMALL:
        s = angle * (1.0 - angle * angle / 6.0)
        c = sqrt(1.0 - s * s)
    else:
        c, s = cos(angle), sin(angle)
    n_r, n_z = c * n_r - s * n_z, c * n_z + s * n_r
    q[3], q[4], q[5] = n_r * e_x - n_phi * e_y, n_r * e_y + n_phi * e_x, n_z


@_call
def _kick(q, width, rng):
    """Turn the direction by angles in two planes, each Gaussian with this width."""
    u = v = s = 2.0
    while not 0.0 < s < 1.0:
        u, v = 2.0 * _uniform(rng) - 1.0, 2.0 * _uniform(rng) - 1.0
        s = u * u + v * v
    angle = width * sqrt(-2.0 * log(s))
    if angle < SMALL:
        sine = angle * (1.0 - angle * angle / 6.0)
        cosine = sqrt(1.0 - sine * sine)
    else:
        angle = min(angle, pi)
        sine, cosine = sin(angle), cos(angle)
    scale = sine / sqrt(s)
    _turn(q, cosine, u * scale, v * scale)


@_call
def _look_up(rates, slopes, start, per, medium, state, now):
    """Interpolate the rates at the present momentum; the last entry of ``now`` is the quasi-elastic slope."""
    at = min(max((log(state[P]) - start) * per, 0.0), rates.shape[1] - 1.000001)
    i = int(at)
    f = at - i
    state[SEEN] = state[P]
    for j in range(4):
        now[j] = rates[medium, i, j] + f * (rates[medium, i + 1, j] - rates[medium, i, j])
    now[4] = slopes[i] + f * (slopes[i + 1] - slopes[i])


@_jit
def _advance(state, now, mass, length):
    """Count a path with constant momentum."""
    state[PATH] += length
    state[CLOCK] += mass / (state[P] * C) * length
    state[TIME] += state[ENERGY] / (state[P] * C) * length
    state[DEPTH] += now[ABSORB] * length
    state[AHEAD] -= (now[ELASTIC] + now[QUASI]) * length


@_jit
def _room(state, now, mass, clock_limit, depth_limit):
    """Return the path left to either limit."""
    room = (clock_limit - state[CLOCK]) * state[P] * C / mass if clock_limit < inf else inf
    if depth_limit < inf and now[ABSORB] > 0.0:
        room = min(room, (depth_limit - state[DEPTH]) / now[ABSORB])
    return max(room, 0.0)


@_call
def _hinge(q, state, now, media, medium, constants, length, share, rng):
    """Do to the particle what the matter of a step does; return whether it goes on."""
    mass = constants[MASS]
    if share != 0.0:
        _bend(q, share * constants[CHARGE_K] / state[P] * length)
    per_x0 = media[medium, PER_X0]
    if per_x0 > 0.0:
        before, after = state[THICK], state[THICK] + length * per_x0
        beta = state[P] / state[ENERGY]
        square = _highland(after, beta * state[P], beta * beta)
        if before > 0.0:
            square -= _highland(before, beta * state[P], beta * beta)
        state[THICK] = after
        _kick(q, sqrt(max(square, 0.0)), rng)
    if now[LOSS] > 0.0:
        energy = state[ENERGY] - now[LOSS] * length
        if energy - mass <= constants[CUT]:
            return False
        state[ENERGY] = energy
        state[P] = sqrt((energy - mass) * (energy + mass))
    return True


@_call
def _scatter(q, state, now, media, medium, constants, rng):
    """Scatter elastically on the nucleus or on a nucleon at rest; return whether the particle goes on."""
    mass, energy, p = constants[MASS], state[ENERGY], state[P]
    if _uniform(rng) * (now[ELASTIC] + now[QUASI]) < now[ELASTIC]:
        target = media[medium, NUCLEUS]
        slope = media[medium, STEEP] if _uniform(rng) < media[medium, PART] else media[medium, FLAT]
    else:
        target, slope = constants[NUCLEON], now[4]
    p_cm = p * target / sqrt(mass * mass + target * target + 2.0 * energy * target)
    largest = 4.0 * p_cm * p_cm
    t = -log1p(_uniform(rng) * expm1(-slope * largest)) / slope if slope * largest > 1e-9 else largest * _uniform(rng)
    state[AHEAD] = -log(_uniform(rng))
    new = energy - t / (2.0 * target)
    if new - mass <= constants[CUT]:
        return False
    p_new = sqrt((new - mass) * (new + mass))
    cosine = min(max((energy * new - mass * mass - 0.5 * t) / (p * p_new), -1.0), 1.0)
    sine, phi = sqrt((1.0 - cosine) * (1.0 + cosine)), 2.0 * pi * _uniform(rng)
    _turn(q, cosine, sine * cos(phi), sine * sin(phi))
    state[ENERGY], state[P] = new, p_new
    return True


@_call
def _plan(bounds, codes, q, where, z_stop, left):
    """Return the path along a straight line to the next boundary, at most ``left``."""
    return _reach(bounds, codes, q, where, z_stop, left)[0]


@_call
def _go(bounds, codes, q, where, z_stop, left):
    """Advance along a straight line to the next boundary, at most ``left``; return path and event."""
    return _straight(bounds, codes, q, where, z_stop, left)


@_call
def _field_step(bounds, codes, c, q, where, state, now, constants, share, z_stop, left, tol):
    """Go one Taylor step in the open field; return path and event."""
    k = share * constants[CHARGE_K] / state[P]
    step, event = _curve(bounds, codes, c, q, where, k, z_stop, left, tol)
    scale = 1.0 / sqrt(q[3] * q[3] + q[4] * q[4] + q[5] * q[5])
    for i in range(3, 6):
        q[i] *= scale
    _advance(state, now, constants[MASS], step)
    return step, event


@_call
def _walk(bounds, codes, kinds, rates, slopes, grid, media, constants, limits, c, q, where, state, now, rng):
    """Follow one particle to its end and return its status; ``limits`` are clock, depth and end plane."""
    mass, z_stop, tol = constants[MASS], limits[2], limits[3]
    if q[2] >= z_stop:
        return REACHED_END
    if q[2] < bounds[0, Z_LOW]:
        return LEFT_BACKWARD
    _start(bounds, codes, q, where)
    state[AHEAD] = -log(_uniform(rng))
    last, stale = -1, True
    for _ in range(EVENT_LIMIT):
        code = codes[where[0], MEDIA + where[1]]
        if code < 0:
            return HIT_WALL
        medium, share = int(kinds[code >> 1, MEDIUM]), kinds[code >> 1, SHARE]
        if state[DEBT] > 0.0 and (medium != last or state[DEBT] > THIN * media[last, LONGEST]):
            if not _hinge(q, state, now, media, last, constants, state[DEBT], 0.0, rng):
                return STOPPED
            state[DEBT] = 0.0
        if medium != last:
            state[THICK], last, stale = 0.0, medium, True
        if stale or abs(state[P] - state[SEEN]) > FRESH * state[P]:
            _look_up(rates, slopes, grid[0], grid[1], medium, state, now)
            stale = False
        room, hits = _room(state, now, mass, limits[0], limits[1]), now[ELASTIC] + now[QUASI]
        ahead = max(state[AHEAD], 0.0) / hits if hits > 0.0 else inf
        slab = where[0]
        acts = media[medium, PER_X0] > 0.0 or now[LOSS] > 0.0
        thin = bounds[slab, Z_HIGH] - bounds[slab, Z_LOW] < THIN * media[medium, LONGEST]
        if (code & 1) == 1 and constants[CHARGE_K] != 0.0:
            step, event = _field_step(
                bounds, codes, c, q, where, state, now, constants, share, z_stop, min(room, ahead), tol
            )
            if event == LIMIT and room <= ahead:
                return CLOCK_LIMIT
            state[DEBT] += step
        elif (acts and not thin) or share * constants[CHARGE_K] != 0.0:
            most = min(ahead, media[medium, LONGEST])
            if now[LOSS] > 0.0:
                most = min(most, constants[LOSABLE] * (state[ENERGY] - mass) / now[LOSS])
            step = _plan(bounds, codes, q, where, z_stop, most)
            first = step * (_uniform(rng) if media[medium, PER_X0] > 0.0 else 0.5)
            for i in range(3):
                q[i] += q[i + 3] * min(first, room)
            _advance(state, now, mass, min(first, room))
            if room <= first:
                return CLOCK_LIMIT
            if not _hinge(q, state, now, media, medium, constants, step, share, rng):
                return STOPPED
            room = _room(state, now, mass, limits[0], limits[1])
            rest = step - first if step == most else 1.5 * (step - first) + SLACK
            step, event = _go(bounds, codes, q, where, z_stop, min(rest, room))
            _advance(state, now, mass, step)
            if event == LIMIT and room <= rest:
                return CLOCK_LIMIT
        else:
            step, event = _go(bounds, codes, q, where, z_stop, min(room, ahead))
            _advance(state, now, mass, step)
            if event == LIMIT and room <= ahead:
                return CLOCK_LIMIT
            if acts:
                state[DEBT] += step
        if event == LOST:
            return STEP_LIMIT
        if event not in (STEP, LIMIT):
            status = _cross(bounds, codes, q, where, event, z_stop)
            if status >= 0:
                return status
        if state[AHEAD] <= 1e-12 and hits > 0.0:
            if not _scatter(q, state, now, media, medium, constants, rng):
                return STOPPED
            stale = True
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
    limits,
    x,
    direction,
    words,
    result,
    status,
    work,
    where,
):
    """Follow N particles in place.

    ``x`` (N, 3) in m and ``direction`` (N, 3) are overwritten; ``limits`` (N, 4) are proper time in ns, optical depth,
    end plane in m and tolerance; ``words`` (N,) start the random numbers and are used up; ``result`` (N, 10) holds the
    state, with momentum and energy given by the caller; ``work`` (10, ORDER + 1) and ``where`` (3,) are scratch.
    """
    q, now = work[8], work[9]
    for n in range(len(words)):
        for i in range(3):
            q[i], q[i + 3] = x[n, i], direction[n, i]
        state = result[n]
        if not state[P] > 0.0:
            status[n] = STOPPED
            continue
        left = words[n:]
        status[n] = _walk(
            bounds, codes, kinds, rates, slopes, grid, media, constants, limits[n], work, q, where, state, now, left
        )
        for i in range(3):
            x[n, i], direction[n, i] = q[i], q[i + 3]
