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

from math import expm1, log, log1p, sqrt

from darkhorn.beam._field_kernel import _curve
from darkhorn.beam._kernel import (
    EVENT_LIMIT,
    HIT_WALL,
    LEFT_BACKWARD,
    LIMIT,
    LOST,
    MEDIA,
    MEDIUM,
    REACHED_END,
    SHARE,
    STEP,
    STEP_LIMIT,
    Z_LOW,
    _cross,
    _start,
    _straight,
)
from darkhorn.beam._matter_steps import (
    AHEAD,
    CHARGE_K,
    CLOCK,
    CUT,
    DEBT,
    DEPTH,
    ELASTIC,
    ENERGY,
    FRESH,
    GAS,
    GROWTH,
    HELD,
    HELD_THICK,
    LAST,
    LAYER,
    LOSS,
    MASS,
    MOST,
    PER_X0,
    QUASI,
    SEEN,
    SLAB,
    THICK,
    TIME,
    WIDTH,
    P,
    _advance,
    _bend,
    _call,
    _jit,
    _look_up,
    _room,
    _scatter,
    _settle,
    _speed,
    _uniform,
)

CLOCK_LIMIT, STOPPED = 6, 7
ORDER = 8
"""Order of the Taylor series."""
TOLERANCE = 3e-5
"""Size of the last Taylor terms kept in the open field, relative to the radius: half of the tracks are good to 3e-5
mrad, 99 % to 3e-3 mrad."""
NEAR = 1e-6
"""How near to a boundary a step in the field has to come, relative to its length."""


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
    last, stride, due = int(w[LAST]), 1, 0 if drawn and again == 0 else -1
    for turn in range(EVENT_LIMIT):
        code = codes[where[0], MEDIA + where[1]]
        if turn == due:
            stride = _mark(w, where, rng, marks, words, stride)
            due += stride
        if code < 0:
            return HIT_WALL
        medium, share = int(kinds[code >> 1, MEDIUM]), kinds[code >> 1, SHARE]
        leaves = medium != last
        acts = last != gas if leaves else w[DEBT] >= w[MOST]
        if acts and w[DEBT] > 0.0 and not _settle(w, rng, mass, cut, media[last, PER_X0], 1.0):
            return STOPPED
        if leaves:
            if last == gas:
                w[HELD], w[HELD_THICK], w[DEBT] = w[DEBT], w[THICK], 0.0
            w[THICK], w[LAST], last, changed = 0.0, medium, medium, True
            if medium == gas:
                w[DEBT], w[THICK], w[HELD] = w[HELD], w[HELD_THICK], 0.0
        if changed or abs(w[P] - w[SEEN]) > FRESH * w[P]:
            changed = False
            _look_up(rates, grid, w, medium)
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


@_jit
def _pay(rates, grid, media, constants, w, rng, status):
    """Settle all debts at the end of a history."""
    mass, cut, gas = constants[MASS], constants[CUT], int(constants[GAS])
    if w[DEBT] > 0.0:
        z, displaced = w[2], 1.0 if status == REACHED_END else 0.0
        _settle(w, rng, mass, cut, media[int(w[LAST]), PER_X0], displaced)
        w[2] = z
    if w[HELD] > 0.0:
        w[DEBT], w[THICK] = w[HELD], w[HELD_THICK]
        _look_up(rates, grid, w, gas)
        _settle(w, rng, mass, cut, media[gas, PER_X0], 0.0)


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
    ``work`` (WORK,), ``where`` (4,), ``w`` (WIDTH,), ``rng`` (1,), ``marks`` (M, WIDTH), ``marked`` (M,).
    """
    drawn = len(draws) > 0
    for n in range(len(words)):
        _begin(w, x[n], p[n], constants[MASS])
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
        _pay(rates, grid, media, constants, w, rng, status[n])
        for i in range(3):
            x[n, i + 1], p[n, i + 1], counts[n, i] = w[i], w[i + 3] * w[P], w[CLOCK + i]
        x[n, 0], p[n, 0] = x[n, 0] + w[TIME], w[ENERGY]
