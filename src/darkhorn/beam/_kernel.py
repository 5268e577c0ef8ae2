"""What compiled tracking through layers is made of: the tables, straight lines, and what is behind a boundary.

``transport.py`` is the way in, ``_field_kernel.py`` has the motion in the field. Particles go straight outside it, and
cones are met at roots of a quadratic.
"""
# mypy: disable-error-code="untyped-decorator, no-untyped-def"

from math import copysign, inf, sqrt
from typing import Any, Final

from numba import njit

EVENT_LIMIT = 100000
"""Largest number of steps and boundaries in one track."""
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


Z_LOW, Z_HIGH, CONES = 0, 1, 2
"""Columns of ``bounds`` (S, 4 + 4 B): planes of a slab in m, the radius in m at the lower plane and the slope of each
boundary, last for each layer the squares of two radii in m^2 between which all of it lies."""
NUMBER, MEDIA = 0, 1
"""Columns of ``codes`` (S, 5 + 4 B): number of boundaries, then for each layer twice its kind plus one if it has the
full field, or -2 for a wall. A kind is a medium with a share of the current. Then for each layer the layer in the next
slab that goes on with the same kind, or -1; last the slab up to which all of its radii stay in the kind, and the layer
there."""
MEDIUM, SHARE = 0, 1
"""Columns of ``kinds`` (kinds, 2)."""


@_jit
def _layers(codes):
    """Return the largest number of layers of a slab."""
    return (codes.shape[1] - 1) // 4


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
def _cone(line, radius, slope, outside, room):
    """Return the path to a cone of ``radius`` at the present z from outside (1) or inside (-1) it; inf beyond room.

    ``line`` is squared distance from the axis, its half growth a path, the squared transverse and the axial direction.
    """
    r_sq, outward, transverse, n_z = line
    a = transverse - slope * slope * n_z * n_z
    b = outward - slope * n_z * radius
    c = r_sq - radius * radius
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
def _reach(bounds, codes, line, z, slab, layer, path, event):
    """Return the path along a straight line to a cone of the slab, at most ``path``, and what is met."""
    z -= bounds[slab, Z_LOW]
    if layer > 0:
        slope = bounds[slab, CONES + 2 * layer - 1]
        far = _cone(line, bounds[slab, CONES + 2 * layer - 2] + slope * z, slope, 1.0, path)
        if far < path:
            path, event = far, INNER
    if layer < codes[slab, NUMBER]:
        slope = bounds[slab, CONES + 2 * layer + 1]
        far = _cone(line, bounds[slab, CONES + 2 * layer] + slope * z, slope, -1.0, path)
        if far < path:
            path, event = far, OUTER
    return path, event


@_jit
def _above(bounds, codes, slab, layer, r_sq):
    """Return the layer of the next slab that is met on its lower plane at a radius, or -1 where it is another kind."""
    layers = _layers(codes)
    after, spans = codes[slab, MEDIA + layers + layer], CONES + 2 * (layers - 1)
    if after >= 0 and bounds[slab + 1, spans + 2 * after] < r_sq < bounds[slab + 1, spans + 2 * after + 1]:
        return after
    after = _layer(bounds, codes, slab + 1, bounds[slab + 1, Z_LOW], sqrt(r_sq))
    return after if codes[slab + 1, MEDIA + after] == codes[slab, MEDIA + layer] else -1


@_jit
def _inside(bounds, layers, slab, layer, r_sq, outward, there):
    """Return whether a straight line stays in the radii of a layer, from one squared radius to another."""
    spans = CONES + 2 * (layers - 1)
    low, high = bounds[slab, spans + 2 * layer], bounds[slab, spans + 2 * layer + 1]
    return low < r_sq and there < high and (low < 0.0 or outward >= 0.0)


@_jit
def _straight(bounds, codes, q, where, z_stop, left):
    """Advance q along a straight line, through planes behind which its layer goes on; return path and event."""
    x, y, z, n_x, n_y, n_z = q[0], q[1], q[2], q[3], q[4], q[5]
    slab, layer, up, layers = where[0], where[1], n_z > 0.0, _layers(codes)
    path, per_z, run = 0.0, 1.0 / n_z if n_z != 0.0 else inf, MEDIA + 2 * layers
    transverse = n_x * n_x + n_y * n_y
    while True:
        r_sq, outward = x * x + y * y, x * n_x + y * n_y
        top, event = codes[slab, run + layer], LIMIT
        if up and top > slab:
            plane = bounds[top, Z_HIGH]
            step = (plane - z) * per_z
            if plane < z_stop and step < left - path:
                there = r_sq + step * (2.0 * outward + step * transverse)
                if _inside(bounds, layers, slab, layer, r_sq, outward, there):
                    slab, layer, event = top, codes[slab, run + layers + layer], PLANE_UP
        if event == LIMIT:
            step = left - path
            plane = min(bounds[slab, Z_HIGH], z_stop) if up else bounds[slab, Z_LOW]
            far = max((plane - z) * per_z, 0.0) if n_z != 0.0 else inf
            if far < step:
                step, event = far, PLANE_UP if up else PLANE_DOWN
            there = r_sq + step * (2.0 * outward + step * transverse)
            if not _inside(bounds, layers, slab, layer, r_sq, outward, there):
                line = r_sq, outward, transverse, n_z
                step, event = _reach(bounds, codes, line, z, slab, layer, step, event)
        if not step < inf:
            event = LOST
            break
        x, y, z, path = x + n_x * step, y + n_y * step, z + n_z * step, path + step
        if event != PLANE_UP or plane == z_stop or slab + 1 == len(bounds):
            break
        above = _above(bounds, codes, slab, layer, x * x + y * y)
        if above < 0:
            break
        slab, layer, z = slab + 1, above, plane
    q[0], q[1], q[2], where[0], where[1] = x, y, z, slab, layer
    return path, event


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
