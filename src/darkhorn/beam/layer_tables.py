"""Layers as arrays that the compiled kernels read, and layers without surfaces at which nothing changes."""

from functools import lru_cache

import numpy as np

from darkhorn.beam.layers import FAR, Layers
from darkhorn.core.rays import Floats, Ints

SAME = 1.0e-12
"""Radii in m that differ by less are the same."""


@lru_cache(maxsize=32)
def tables_of(layers: Layers, nothing: tuple[bool, ...]) -> tuple[Floats, Ints, Floats]:
    """Return :func:`tables` of the layers with all those media taken for the same that do ``nothing``, (M,)."""
    first = nothing.index(True) if True in nothing else 0
    return tables(joined(layers, np.where(nothing, first, np.arange(len(nothing)))))


def tables(layers: Layers) -> tuple[Floats, Ints, Floats]:
    """Return what the kernels read of S slabs with up to B boundaries; ``_kernel.py`` names the columns.

    Parameters
    ----------
    layers : Layers
        Geometry.

    Returns
    -------
    bounds : (S, 4 + 4 B) float
        Planes and radii in m, slopes, squares of radii in m^2.
    codes : (S, 5 + 4 B) int
        What each layer is, and where it goes on.
    kinds : (K, 2) float
        Medium and share of the horn current of each kind of layer.
    """
    finite = np.isfinite(layers.r_start)
    count = finite.sum(axis=1)
    start, end = np.where(finite, layers.r_start, 0.0), np.where(finite, layers.r_end, 0.0)
    slope = (end - start) / np.diff(layers.z)[:, None]
    kinds, index = np.unique(
        np.column_stack([layers.medium.ravel(), layers.field.ravel()]), axis=0, return_inverse=True
    )
    full = layers.field == 1.0
    codes = np.where(layers.medium < 0, -2, 2 * index.reshape(layers.medium.shape) + full)
    cones = np.stack([start, slope], axis=-1).reshape(len(count), -1)
    inner, outer = _spans(layers)
    onward = _onward(inner, outer, codes)
    spans = np.stack([np.copysign(inner**2, inner), outer**2], axis=-1)
    bounds: Floats = np.column_stack([layers.z[:-1], layers.z[1:], cones, spans.reshape(len(count), -1)])
    table: Ints = np.column_stack([count, codes, onward, *_runs(inner, outer, onward)])
    return bounds, table, np.asarray(kinds, dtype=np.float64)


def _spans(layers: Layers) -> tuple[Floats, Floats]:
    """Return radii in m between which each layer surely lies, both (S, B + 1); the lower one is -1 on the axis."""
    inner = np.hstack([np.full((len(layers.medium), 1), -1.0), np.fmax(layers.r_start, layers.r_end)])
    outer = np.hstack([np.fmin(layers.r_start, layers.r_end), np.full((len(layers.medium), 1), np.inf)])
    return inner, outer


def _onward(inner: Floats, outer: Floats, codes: Ints) -> Ints:
    """Return the layer of the next slab that is of the same and has most radii in common, -1 for none; (S, B + 1)."""
    common = np.minimum(outer[:-1, :, None], np.minimum(outer[1:, None, :], FAR))
    common = common - np.maximum(inner[:-1, :, None], inner[1:, None, :])
    common[codes[:-1, :, None] != codes[1:, None, :]] = -np.inf
    onward: Ints = np.full(codes.shape, -1)
    onward[:-1] = np.where(common.max(axis=2) > 0.0, common.argmax(axis=2), -1)
    return onward


def _runs(inner: Floats, outer: Floats, onward: Ints) -> tuple[Ints, Ints]:
    """Return how far up the radii of a layer stay in its kind: the last slab, and the layer there, both (S, B + 1)."""
    slabs, layers = (np.array(index) for index in np.indices(onward.shape))
    for slab in range(len(onward) - 2, -1, -1):
        for layer in np.flatnonzero(onward[slab] >= 0):
            top, at = slab, layer
            while (after := onward[top, at]) >= 0:
                if not (inner[top + 1, after] <= inner[slab, layer] and outer[slab, layer] <= outer[top + 1, after]):
                    break
                top, at = top + 1, after
            slabs[slab, layer], layers[slab, layer] = top, at
    return slabs, layers


def joined(layers: Layers, alike: Ints) -> Layers:
    """Return the layers without boundaries and planes at which nothing changes.

    Parameters
    ----------
    layers : Layers
        Geometry.
    alike : (M,) int
        For each medium the one that stands for it.

    Returns
    -------
    Layers
        Layers side by side with the same medium and share of the current are one, and so are slabs one after the other
        with the same layers and cones that go on straight.
    """
    medium = np.where(layers.medium < 0, -1, alike[layers.medium])
    kept = (medium[:, 1:] != medium[:, :-1]) | (layers.field[:, 1:] != layers.field[:, :-1])
    kept &= np.isfinite(layers.r_start)
    order = np.argsort(~kept, axis=1, kind="stable")[:, : max(int(kept.sum(axis=1).max()), 1)]
    kept = np.take_along_axis(kept, order, axis=1)
    ends = (layers.r_start, layers.r_end)
    start, end = (np.where(kept, np.take_along_axis(radii, order, axis=1), np.inf) for radii in ends)
    above, field = (np.take_along_axis(each[:, 1:], order, axis=1) for each in (medium, layers.field))
    medium = np.column_stack([medium[:, 0], np.where(kept, above, -1)])
    field = np.column_stack([layers.field[:, 0], np.where(kept, field, 0.0)])
    return _without_planes(Layers(layers.z, start, end, medium, field, layers.materials))


def _without_planes(layers: Layers) -> Layers:
    """Return the layers with slabs joined where all goes on as before."""
    finite = np.isfinite(layers.r_start)
    start, end = np.where(finite, layers.r_start, 0.0), np.where(finite, layers.r_end, 0.0)
    slope = (end - start) / np.diff(layers.z)[:, None]
    bent = np.abs(np.diff(slope, axis=0)) * (layers.z[-1] - layers.z[0]) > SAME
    steps = (np.abs(start[1:] - end[:-1]) > SAME) | bent | (finite[1:] != finite[:-1])
    changes = (layers.medium[1:] != layers.medium[:-1]) | (layers.field[1:] != layers.field[:-1])
    first = np.flatnonzero(np.concatenate([[True], steps.any(axis=1) | changes.any(axis=1)]))
    last = np.append(first[1:] - 1, len(slope) - 1)
    z = np.append(layers.z[first], layers.z[-1])
    ends = (layers.r_start[first], layers.r_end[last])
    return Layers(z, *ends, layers.medium[first], layers.field[first], layers.materials)
