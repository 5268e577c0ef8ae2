"""Compiled tracking of particles without matter; ``transport.py`` is the way in."""
# mypy: disable-error-code="untyped-decorator, no-untyped-def"

from darkhorn.beam._field_kernel import NEAR, ORDER, _curve
from darkhorn.beam._kernel import (
    AT_REST,
    EVENT_LIMIT,
    HIT_WALL,
    LEFT_BACKWARD,
    LIMIT,
    LOST,
    MEDIA,
    MEDIUM,
    PATH_LIMIT,
    REACHED_END,
    SHARE,
    STEP,
    STEP_LIMIT,
    Z_LOW,
    _cross,
    _jit,
    _start,
    _straight,
)


@_jit
def _track(bounds, codes, kinds, c, q, where, k, limit, z_stop, tol, path_in):
    """Follow one particle to its end; return status, path and path in the field."""
    path, field_path, where[2] = 0.0, 0.0, 0
    if q[2] >= z_stop:
        return REACHED_END, path, field_path
    if q[2] < bounds[0, Z_LOW]:
        return LEFT_BACKWARD, path, field_path
    _start(bounds, codes, q, where)
    for _ in range(EVENT_LIMIT):
        slab, layer = where[0], where[1]
        code = codes[slab, MEDIA + layer]
        if code < 0:
            return HIT_WALL, path, field_path
        medium, share, field = int(kinds[code >> 1, MEDIUM]), kinds[code >> 1, SHARE], (code & 1) == 1
        if share * k != 0.0:
            step, event = _curve(bounds, codes, c, q, where, share * k, z_stop, limit - path, tol, ORDER, NEAR)
        else:
            step, event = _straight(bounds, codes, q, where, z_stop, limit - path)
        path += step
        path_in[medium] += step
        if field:
            field_path += step
        if event == LIMIT:
            return PATH_LIMIT, limit, field_path
        if event == LOST:
            return STEP_LIMIT, path, field_path
        if event != STEP:
            status = _cross(bounds, codes, q, where, event, z_stop)
            if status >= 0:
                return status, path, field_path
    return STEP_LIMIT, path, field_path


@_jit
def track_all(
    bounds,
    codes,
    kinds,
    x,
    direction,
    k,
    limit,
    z_stop,
    tol,
    work,
    q,
    where,
    path,
    field_path,
    path_in,
    crossings,
    status,
):
    """Follow N particles in place.

    ``x`` (N, 3) in m and ``direction`` (N, 3, unit or zero) are overwritten; ``k`` (N,) is K / p, ``limit`` (N,) the
    longest path and ``z_stop`` (N,) the end plane in m; ``work`` (WORK,), ``q`` (6,) and ``where`` (3,) are scratch;
    the rest is output, zeroed by the caller.
    """
    for n in range(len(k)):
        for i in range(3):
            q[i], q[i + 3] = x[n, i], direction[n, i]
        if q[3] == 0.0 and q[4] == 0.0 and q[5] == 0.0:
            status[n] = AT_REST
            continue
        status[n], path[n], field_path[n] = _track(
            bounds, codes, kinds, work, q, where, k[n], limit[n], z_stop[n], tol, path_in[n]
        )
        crossings[n] = where[2]
        for i in range(3):
            x[n, i], direction[n, i] = q[i], q[i + 3]
