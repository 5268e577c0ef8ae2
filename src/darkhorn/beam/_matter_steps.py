"""What the steps of ``_matter_kernel.py`` are made of: random numbers, deflections, rates and clocks of one track."""
# mypy: disable-error-code="untyped-decorator, no-untyped-def"

from math import copysign, cos, expm1, inf, log, log1p, pi, sin, sqrt

import numpy as np
from numba import njit

from darkhorn.beam._field_kernel import _sine_cosine
from darkhorn.beam._kernel import OPTIONS
from darkhorn.core.units import C
from darkhorn.physics.multiple_scattering import highland_square

_jit = njit(**OPTIONS, forceinline=True)
_call = njit(**OPTIONS)
"""Without forced inlining, which would make the compiler take minutes over what is called from several places."""
_highland = njit(nogil=True, error_model="numpy")(highland_square)

P, ENERGY, CLOCK, DEPTH, PATH, TIME = 6, 7, 8, 9, 10, 11
"""A track is a row of numbers: place in m and direction, momentum and energy in MeV, proper time in ns, optical depth
of absorption, path in m, time in ns,"""
AHEAD, THICK, DEBT = 12, 13, 14
"""optical depth up to the next scattering, thickness of the present medium in radiation lengths that has acted, path in
m that has not acted yet,"""
LOSS, ABSORB, ELASTIC, QUASI, MOST, SEEN, AT = 15, 16, 17, 18, 19, 20, 21
"""loss in MeV/m, three rates in 1/m and the longest path in m that may act at once, the momentum at which they were
looked up and its place in the table,"""
PER_CLOCK, PER_TIME, GROWTH, LAST, SLAB, LAYER = 22, 23, 24, 25, 26, 27
"""proper time and time in ns/m, relative growth of the former in 1/m by loss, present medium, slab and layer,"""
HELD, HELD_THICK, WIDTH = 28, 29, 30
"""debt and thickness of the gas while the track is in other media."""
PER_X0, STEEP, FLAT, PART, NUCLEUS = 0, 1, 2, 3, 4
"""Columns of the media: 1/X0 in 1/m, slopes in 1/MeV^2 and share of the first, mass of the nucleus in MeV."""
CHARGE_K, MASS, NUCLEON, CUT, GAS = 0, 1, 2, 3, 4
"""Constants: bending momentum in MeV/c, masses of particle and struck nucleon, kinetic energy in MeV at which a
particle has stopped, the medium that is a gas or -1."""
SMALL = 0.03
"""Angle in rad below which sine and cosine come from two terms of their series, good to 2e-10."""
FRESH = 1e-3
"""Relative change of momentum after which the rates are looked up again."""
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
    for j in range(5):
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


@_jit
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
