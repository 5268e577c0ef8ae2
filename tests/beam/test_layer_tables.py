"""Layers as the kernels read them, and without surfaces at which nothing changes."""

import numpy as np
import pytest
from tracks_by_ode import pions

from darkhorn.beam._kernel import MEDIA, NUMBER, Z_HIGH, Z_LOW
from darkhorn.beam.layer_tables import joined, tables
from darkhorn.beam.layers import Layers, compile_layers
from darkhorn.beam.switches import Physics
from darkhorn.beam.transport import transport
from darkhorn.experiments.beams import load_beam


@pytest.fixture(scope="module")
def layers() -> Layers:
    return compile_layers(load_beam("bnb"), Physics(skin_depth=False))


def one_medium(layers: Layers) -> Layers:
    return joined(layers, np.zeros(len(layers.materials), dtype=np.int64))


def itself(layers: Layers) -> Layers:
    return joined(layers, np.arange(len(layers.materials)))


def test_surfaces_at_which_nothing_changes_are_left_out(layers: Layers) -> None:
    current = load_beam("bnb").current
    alone, one = itself(layers), one_medium(layers)
    rng = np.random.default_rng(4)
    z, r = rng.uniform(layers.z[0], layers.z[-1], 4000), rng.exponential(0.2, 4000)
    assert alone.medium_at(z, r) == layers.medium_at(z, r)
    walls = [name == "wall" for name in layers.medium_at(z, r)]
    assert [name == "wall" for name in one.medium_at(z, r)] == walls
    assert 0 < sum(walls) < len(walls)
    for each in (alone, one):
        np.testing.assert_array_equal(each.field_at(z, r), layers.field_at(z, r))
    assert np.isfinite(one.r_start).sum() < 0.6 * np.isfinite(layers.r_start).sum()
    assert len(one.z) < len(alone.z) < len(layers.z)
    full, bare = (transport(each, *pions(200), 1.0, current, precise=True) for each in (layers, one))
    np.testing.assert_allclose(bare.x, full.x, atol=1e-9)
    np.testing.assert_array_equal(bare.status, full.status)
    np.testing.assert_array_equal(bare.crossings, full.crossings)
    np.testing.assert_allclose(bare.path_in.sum(axis=1), full.path, rtol=1e-12)
    np.testing.assert_allclose(bare.path_in[:, 1:], 0.0, atol=0.0)


def test_planes_stay_where_a_cone_bends_or_a_radius_jumps() -> None:
    z = np.array([0.0, 1.0, 2.0, 3.0, 4.0, 5.0])
    start = np.array([[0.1], [0.2], [0.3], [0.4], [0.4]])
    end = np.array([[0.2], [0.3], [0.4], [0.4], [0.5]])
    medium, field = np.array([[0, 1]] * 5), np.zeros((5, 2))
    found = joined(Layers(z, start, end, medium, field, ("a", "b")), np.array([0, 1]))
    np.testing.assert_array_equal(found.z, [0.0, 3.0, 4.0, 5.0])
    np.testing.assert_array_equal(found.r_start[:, 0], [0.1, 0.4, 0.4])
    np.testing.assert_array_equal(found.r_end[:, 0], [0.4, 0.4, 0.5])
    begin, wider = np.array([[0.1], [0.3]]), np.array([[0.2], [0.4]])  # the same slope, from another radius
    jump = joined(Layers(z[:3], begin, wider, medium[:2], field[:2], ("a", "b")), np.array([0, 1]))
    assert len(jump.z) == 3


@pytest.mark.parametrize("choose", [itself, one_medium])
def test_the_radii_of_a_layer_stay_in_its_kind_up_to_the_end_of_its_run(layers: Layers, choose: object) -> None:
    found: Layers = choose(layers)  # type: ignore[operator]
    bounds, codes, kinds = tables(found)
    count = (codes.shape[1] - 1) // 4
    spans = bounds[:, -2 * count :].reshape(len(bounds), count, 2)
    rng, longest = np.random.default_rng(7), 0
    for slab, row in enumerate(codes):
        for layer in range(row[NUMBER] + 1):
            low_sq, high_sq = spans[slab, layer]
            if row[MEDIA + layer] < 0 or not max(low_sq, 0.0) < min(high_sq, 4.0):
                continue
            top, there = row[MEDIA + 2 * count + layer], row[MEDIA + 3 * count + layer]
            assert codes[top, MEDIA + there] == row[MEDIA + layer]
            z = rng.uniform(bounds[slab, Z_LOW], bounds[top, Z_HIGH], 200)
            r = np.sqrt(rng.uniform(max(low_sq, 0.0) + 1e-9, min(high_sq, 4.0) - 1e-9, 200))
            medium, share = kinds[row[MEDIA + layer] >> 1]
            assert set(found.medium_at(z, r)) == {found.materials[int(medium)]}
            np.testing.assert_array_equal(found.field_at(z, r), share)
            longest = max(longest, top - slab)
    assert longest >= 3
