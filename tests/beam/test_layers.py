from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from darkhorn.beam.beamline import Beamline, RadialProfile, Shell
from darkhorn.beam.horn import FREE, G4BNB
from darkhorn.beam.layers import WALL, compile_layers, layers_from_profile
from darkhorn.beam.switches import Physics
from darkhorn.core.errors import RangeError
from darkhorn.physics.horn_field import enclosed_current

# z, then (r, medium, field) from the axis outwards
LOOK_UP = {
    0.02: [(0.0, "air", 0), (0.0212, "air", 0), (0.0214, "Al", 0), (0.3253, "Al", 0), (0.3255, "air", 0)],
    0.06: [(0.0047, "Be", 0), (0.0048, "air", 0), (0.0205, "Al", 0), (0.06, "field", 1), (0.31, "Al", 0)],
    0.4: [
        (0.0, "Be", 0), (0.0047, "Be", 0), (0.0048, "air", 0), (0.0189, "air", 0), (0.0191, "Al", 0),
        (0.0219, "Al", 0), (0.0221, "field", 1), (0.2999, "field", 1), (0.3001, "Al", 0), (0.3253, "Al", 0),
        (0.3255, "air", 0), (0.91, "air", 0), (0.92, WALL, 0),
    ],
    0.75: [(0.001, "air", 0), (0.0189, "air", 0), (0.0191, "Al", 0), (0.0221, "field", 1)],
    1.2: [(0.0623, "air", 0), (0.0625, "Al", 0), (0.0653, "Al", 0), (0.0655, "field", 1)],
    1.75: [(0.05, "air", 0), (0.053, "Al", 0), (0.06, "field", 1), (0.264, "field", 1), (0.268, "Al", 0)],
    1.802: [(0.1, "air", 0), (0.16, "Al", 0), (0.2, "air", 0)],
    2.5: [(0.91, "air", 0), (0.92, WALL, 0)],
    4.1368: [(0.3274, "air", 0), (0.3276, WALL, 0)],
    5.25: [(0.914, "air", 0), (0.915, WALL, 0)],
    30.0: [(0.914, "air", 0), (0.915, WALL, 0), (1e9, WALL, 0)],
}  # fmt: skip


@pytest.mark.parametrize("z", LOOK_UP)
def test_beam_line_by_radius(bnb: Beamline, z: float) -> None:
    layers = compile_layers(bnb)
    r = np.array([row[0] for row in LOOK_UP[z]])
    medium = ["air" if row[1] == "field" else row[1] for row in LOOK_UP[z]]
    assert layers.medium_at(np.full(len(r), z), r) == medium
    assert layers.field_at(np.full(len(r), z), r).tolist() == [bool(row[2]) for row in LOOK_UP[z]]


def test_extent_and_materials(bnb: Beamline) -> None:
    layers = compile_layers(bnb)
    assert (layers.z[0], layers.z[-1]) == (-0.01, 50.314)
    assert layers.materials == ("air", "Al", "Be")
    assert (np.diff(layers.z) > 1e-6).all()


@settings(deadline=None, max_examples=60, derandomize=True)
@given(st.floats(0.0351, 1.7999), st.floats(0.0, 0.4))
def test_field_region_is_the_profile(z: float, r: float) -> None:
    low, high = np.interp(z, G4BNB.z, G4BNB.r_in), np.interp(z, G4BNB.z, G4BNB.r_out)
    layers = layers_from_profile(G4BNB)
    if min(abs(r - low), abs(r - high)) > 1e-12:
        assert layers.field_at(np.array([z]), np.array([r]))[0] == (low < r < high)


def test_current_in_the_metal(bnb: Beamline) -> None:
    line = replace(bnb, skin_depth=1.4e-3, sublayers=4)
    layers = compile_layers(line)
    z, r = np.full(200, 0.4), np.linspace(0.0185, 0.0225, 200)
    share = layers.field_at(z, r)
    assert (np.diff(share) >= 0.0).all()
    assert len(set(share)) == 6
    metal = (r > 0.019) & (r < 0.022)
    assert set(np.array(layers.medium_at(z, r))[metal]) == {"Al"}
    exact = enclosed_current(r[metal], 1.0, 0.019, 0.022, 1.4e-3)
    assert np.abs(share[metal] - exact).max() < 0.17
    assert share[metal].mean() == pytest.approx(exact.mean(), abs=0.01)
    assert layers.field_at(np.array([0.4]), np.array([0.31]))[0] == 0.0  # outer conductor
    off = compile_layers(line, Physics(skin_depth=False))
    assert not off.field_at(z, r)[r < 0.022].any()


def test_shells_around_the_target(bnb: Beamline) -> None:
    line = replace(bnb, shells=(Shell("tube", "Be", -0.005, 0.7555, 13.678e-3, 14.618e-3),))
    layers = compile_layers(line)
    z, r = np.array([0.4, 0.4, 0.4, 0.75, 0.76]), np.array([0.0135, 0.014, 0.0147, 0.014, 0.014])
    assert layers.medium_at(z, r) == ["air", "Be", "air", "Be", "air"]
    assert compile_layers(line, Physics(tube_and_fins=False)).medium_at(z, r) == ["air"] * 5


def test_outside_the_profile_is_empty() -> None:
    layers = layers_from_profile(G4BNB)
    assert not layers.field_at(np.array([0.034, 1.801, -1e5]), np.array([0.1, 0.16, 0.1])).any()
    assert layers.medium_at(np.array([1e5]), np.array([1e5])) == ["vacuum"]


def test_free_field_is_everywhere() -> None:
    layers = layers_from_profile(FREE)
    assert layers.field_at(np.array([-1e5, 0.0, 1e5]), np.array([1e-9, 1.0, 1e5])).all()
    assert layers.r_start.size == 0


def test_crossing_surfaces_are_refused(bnb: Beamline) -> None:
    with pytest.raises(RangeError, match=r"surfaces cross between z = 0\.035"):
        compile_layers(replace(bnb, target=replace(bnb.target, radius=0.0207)))


def test_points_outside_are_refused(bnb: Beamline) -> None:
    layers = compile_layers(bnb)
    with pytest.raises(RangeError, match="z = 60 m"):
        layers.medium_at(np.array([60.0]), np.array([0.1]))
    with pytest.raises(RangeError, match="r = -1 m"):
        layers.field_at(np.array([1.0]), np.array([-1.0]))


def test_profile_too_long_is_refused() -> None:
    with pytest.raises(RangeError, match="profile z"):
        layers_from_profile(RadialProfile((0.0, 2e6), (0.1, 0.1), (0.2, 0.2)))
