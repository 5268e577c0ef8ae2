import sys
from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.optimize import brentq
from tracks_by_ode import follow, pions

from darkhorn.beam.beamline import Beamline, RadialProfile
from darkhorn.beam.horn import FREE, G4BNB
from darkhorn.beam.layers import Layers, compile_layers, layers_from_profile
from darkhorn.beam.transport import Status, Tracks, transport
from darkhorn.core.errors import RangeError
from darkhorn.core.units import C
from darkhorn.physics import horn_field

CURRENT = 174e3
K = 10.4327775384
LAYERS = layers_from_profile(G4BNB)
EVERYWHERE = layers_from_profile(FREE)
START = pions(150)
few = settings(deadline=None, max_examples=12, derandomize=True)


def through_horn(x: Any, p: Any, charge: Any = 1.0, current: Any = CURRENT, **options: Any) -> Tracks:
    return transport(LAYERS, x, p, charge, current, **{"z_end": 1.8, "precise": True} | options)


def one(place: list[float], momentum: list[float], mass: float = 139.57039) -> tuple[np.ndarray, np.ndarray]:
    """One particle at time 0, place in m, momentum in MeV/c."""
    energy = np.sqrt(mass**2 + np.dot(momentum, momentum))
    return np.array([[0.0, *place]]), np.array([[energy, *momentum]])


def same(a: Tracks, b: Tracks) -> bool:
    return all(getattr(a, f.name).tobytes() == getattr(b, f.name).tobytes() for f in fields(Tracks))


# --- against independent solutions ---------------------------------------------------------------------------------


def test_against_an_ode_solver() -> None:
    x, p = pions(20, seed=3)
    charge = np.where(np.arange(20) % 3, 1.0, -1.0)
    tracks = through_horn(x, p, charge)
    crossings = []
    for n in range(20):
        state, path, crossed = follow(G4BNB, x[n, 1:], p[n, 1:], charge[n] * K)
        np.testing.assert_allclose(tracks.x[n, 1:], state[:3], rtol=0, atol=1e-10)
        np.testing.assert_allclose(tracks.p[n, 1:], state[3:], rtol=0, atol=1e-9 * np.linalg.norm(p[n, 1:]))
        assert tracks.path[n] == pytest.approx(path, abs=1e-10)
        crossings.append(crossed)
    assert tracks.crossings.tolist() == crossings
    assert {0, 2} <= set(crossings)


def test_default_setting_is_precise_enough() -> None:
    x, p = pions(2000, seed=5)
    fast, exact = through_horn(x, p, precise=False), through_horn(x, p)
    tilt = np.linalg.norm(fast.p[:, 1:] - exact.p[:, 1:], axis=1) / np.linalg.norm(p[:, 1:], axis=1)
    assert np.median(tilt) < 1e-9  # rad
    assert (fast.crossings == exact.crossings).all()
    assert tilt.max() < 1e-6


@pytest.mark.parametrize(("p", "a0", "r0"), [(1000.0, 0.1, 0.03), (300.0, 0.3, 0.022), (4000.0, 0.05, 0.1)])
def test_closed_form_without_angular_momentum(p: float, a0: float, r0: float) -> None:
    angle = a0 - np.array([0.3, 0.9, 1.0, 1.7]) * a0
    r, dz, path = horn_field.meridional_track(angle, angle_start=a0, r_start=r0, momentum=p, bending=K)
    x, start = one([r0, 0.0, 0.2], [p * np.sin(a0), 0.0, p * np.cos(a0)])
    tracks = transport(
        EVERYWHERE, np.repeat(x, 4, 0), np.repeat(start, 4, 0), 1.0, CURRENT, path_limit=path, precise=True
    )
    np.testing.assert_allclose(tracks.x[:, 1], r, rtol=1e-10)
    np.testing.assert_allclose(tracks.x[:, 3], 0.2 + dz, rtol=1e-10)
    np.testing.assert_allclose(np.arctan2(tracks.p[:, 1], tracks.p[:, 3]), angle, atol=1e-11)
    np.testing.assert_array_equal(tracks.status, Status.PATH_LIMIT)


@pytest.mark.parametrize("k_sign", [1.0, -1.0])
def test_quadrature_with_angular_momentum(k_sign: float) -> None:
    r0, r1, k = 0.05, 0.12, k_sign * K
    x, p = one([r0, 0.0, 0.0], [180.0, 90.0, 800.0])
    total, spin = np.linalg.norm(p[0, 1:]), r0 * 90.0

    def p_z(r: float) -> float:
        return 800.0 + k * np.log(r / r0)

    def p_r(r: float) -> float:
        return float(np.sqrt(total**2 - spin**2 / r**2 - p_z(r) ** 2))

    path, dz, turn = (
        quad(f, r0, r1, epsabs=1e-13, epsrel=1e-13)[0]
        for f in (
            lambda r: total / p_r(r),
            lambda r: p_z(r) / p_r(r),
            lambda r: spin / (r * r * p_r(r)),
        )
    )
    tracks = transport(EVERYWHERE, x, p, k_sign, CURRENT, path_limit=path, precise=True)
    np.testing.assert_allclose(tracks.x[0, 1:], [r1 * np.cos(turn), r1 * np.sin(turn), dz], atol=1e-12)
    assert tracks.p[0, 3] == pytest.approx(p_z(r1), rel=1e-13)
    assert tracks.x[0, 0] == pytest.approx(path * p[0, 0] / (total * C), rel=1e-12)


@pytest.mark.parametrize(("gap", "crossings"), [(1e-9, 0), (-1e-9, 2)])
def test_grazing_the_inner_conductor(gap: float, crossings: int) -> None:
    # the smallest radius of the track is a root of p_r^2; the conductor is put just below or just above it
    x, p = one([0.1, 0.0, -0.5], [-150.0, 60.0, 900.0])
    total, spin = np.linalg.norm(p[0, 1:]), 6.0

    def p_r_sq(r: float) -> float:
        return float(total**2 - (spin / r) ** 2 - (900.0 + K * np.log(r / 0.1)) ** 2)

    r_in = brentq(p_r_sq, 0.01, 0.09, xtol=1e-16) * (1.0 - gap)
    layers = layers_from_profile(RadialProfile((-1.0, 5.0), (r_in, r_in), (0.3, 0.3)))
    tracks = transport(layers, x, p, 1.0, CURRENT, z_end=0.5)
    assert tracks.crossings[0] == crossings
    assert tracks.status[0] == Status.REACHED_END


# --- laws ----------------------------------------------------------------------------------------------------------


@few
@given(st.floats(-3e5, 3e5), st.sampled_from([-1.0, 0.0, 1.0]), st.booleans())
def test_conserved_everywhere(current: float, charge: float, precise: bool) -> None:
    x, p = START
    tracks = through_horn(x, p, charge, current, precise=precise)
    total = np.linalg.norm(p[:, 1:], axis=1)
    np.testing.assert_allclose(np.linalg.norm(tracks.p[:, 1:], axis=1), total, rtol=1e-12)
    before, after = horn_field.angular_momentum(x, p), horn_field.angular_momentum(tracks.x, tracks.p)
    np.testing.assert_allclose(after, before, rtol=0, atol=1e-12 * total.max())
    np.testing.assert_array_equal(tracks.p[:, 0], p[:, 0])
    np.testing.assert_allclose(tracks.path_in.sum(axis=1), tracks.path, rtol=1e-14)
    assert (tracks.field_path <= tracks.path).all()


@few
@given(
    st.floats(0.01, 0.5), st.floats(-800, 800), st.floats(-800, 800), st.floats(-800, 800), st.sampled_from([-1.0, 1.0])
)
def test_canonical_momentum_in_one_region(r: float, p_x: float, p_y: float, p_z: float, charge: float) -> None:
    x, p = one([0.0, r, 0.0], [p_x, p_y, p_z + 1.0])
    tracks = transport(EVERYWHERE, x, p, charge, CURRENT, path_limit=3.0)
    bending = charge * K
    before, after = (horn_field.canonical_momentum(*a, bending) for a in ((x, p), (tracks.x, tracks.p)))
    np.testing.assert_allclose(after, before, rtol=0, atol=1e-12 * (np.linalg.norm(p) + 100.0))
    assert tracks.path[0] == 3.0


@few
@given(st.floats(-3e5, 3e5))
def test_charge_flip_is_current_flip(current: float) -> None:
    assert same(through_horn(*START, -1.0, current), through_horn(*START, 1.0, -current))


@few
@given(st.floats(0.1, 10.0))
def test_momentum_and_current_scale_together(factor: float) -> None:
    x, p = START
    a, b = through_horn(x, p), through_horn(x, factor * p, 1.0, factor * CURRENT)
    np.testing.assert_allclose(b.x[:, 1:], a.x[:, 1:], atol=1e-10)
    np.testing.assert_allclose(b.p, factor * a.p, rtol=1e-8, atol=1e-7)


@few
@given(st.floats(0.0, 6.28))
def test_rotation(angle: float) -> None:
    x, p = START
    turn = np.eye(4)
    turn[1:3, 1:3] = [[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]]
    a, b = through_horn(x, p), through_horn(x @ turn, p @ turn)
    np.testing.assert_allclose(b.x, a.x @ turn, atol=1e-9)
    np.testing.assert_allclose(b.p, a.p @ turn, atol=1e-6)
    np.testing.assert_array_equal(b.crossings, a.crossings)


def test_mirror() -> None:
    x, p = START
    flip = np.array([1.0, 1.0, -1.0, 1.0])
    a, b = through_horn(x, p), through_horn(x * flip, p * flip)
    np.testing.assert_allclose(b.x, a.x * flip, atol=1e-12)
    np.testing.assert_allclose(b.p, a.p * flip, atol=1e-9)


def test_time_reversal() -> None:
    x, p = START
    back = np.array([1.0, -1.0, -1.0, -1.0])
    out = through_horn(x, p)
    home = transport(LAYERS, out.x, out.p * back, 1.0, -CURRENT, path_limit=out.path, precise=True)
    np.testing.assert_allclose(home.x[:, 1:], x[:, 1:], atol=1e-9)
    np.testing.assert_allclose(home.p * back, p, atol=1e-6)
    np.testing.assert_array_equal(home.crossings, out.crossings)
    np.testing.assert_array_equal(home.status, Status.PATH_LIMIT)


@few
@given(st.floats(0.0, 1.0))
def test_two_legs_are_one(fraction: float) -> None:
    x, p = START
    whole = through_horn(x, p)
    first = through_horn(x, p, path_limit=fraction * whole.path)
    second = through_horn(first.x, first.p)
    np.testing.assert_allclose(second.x, whole.x, atol=1e-9)
    np.testing.assert_allclose(second.p, whole.p, atol=1e-6)
    np.testing.assert_allclose(first.path, fraction * whole.path, rtol=1e-15)
    np.testing.assert_allclose(first.path + second.path, whole.path, atol=1e-10)
    np.testing.assert_allclose(first.field_path + second.field_path, whole.field_path, atol=1e-9)


def test_no_current_is_a_straight_line(bnb: Beamline) -> None:
    x, p = START
    for charge, current in ((1.0, 0.0), (0.0, CURRENT)):
        tracks = through_horn(x, p, charge, current)
        path = (1.8 - x[:, 3]) * np.linalg.norm(p[:, 1:], axis=1) / p[:, 3]
        np.testing.assert_allclose(tracks.path, path, rtol=1e-13)
        np.testing.assert_allclose(tracks.x[:, 1:3], x[:, 1:3] + (1.8 - x[:, 3:]) * p[:, 1:3] / p[:, 3:], atol=1e-14)


def test_threads_do_not_matter(bnb: Beamline) -> None:
    x, p = pions(5000, seed=11)
    layers = compile_layers(bnb)
    assert same(transport(layers, x, p, 1.0, CURRENT), transport(layers, x, p, 1.0, CURRENT, threads=2))


def test_the_input_is_left_alone() -> None:
    x, p = START[0].copy(), START[1].copy()
    through_horn(x, p)
    np.testing.assert_array_equal(x, START[0])
    np.testing.assert_array_equal(p, START[1])


# --- beam line -----------------------------------------------------------------------------------------------------


def test_path_by_material(bnb: Beamline) -> None:
    # straight and steep from the axis at z = 0.4 m: rod, air, inner wall, field, outer wall, air, wall of the pile
    x, p = one([0.0, 0.0, 0.4], [1000.0, 0.0, 100.0])
    layers = compile_layers(bnb)
    tracks = transport(layers, x, p, 0.0, CURRENT)
    in_m = dict(zip(layers.materials, tracks.path_in[0] * 1000.0 / np.hypot(1000.0, 100.0), strict=True))
    assert in_m["Be"] == pytest.approx(4.7625e-3, rel=1e-12)
    assert in_m["Al"] == pytest.approx(3e-3 + 25.4e-3, rel=1e-12)
    assert tracks.status[0] == Status.HIT_WALL
    assert tracks.x[0, 1] == pytest.approx(0.9144, rel=1e-12)
    assert tracks.crossings[0] == 2
    assert tracks.field_path[0] == pytest.approx((0.3 - 0.022) * np.hypot(1000.0, 100.0) / 1000.0, rel=1e-12)


def test_path_by_material_against_points_on_the_line(bnb: Beamline) -> None:
    """Lines run through many slabs at once: the same media must be met as at 20000 points of the line."""
    x, p = pions(60, seed=21)
    p[30:, 1:3] *= 0.2
    layers = compile_layers(bnb)
    tracks = transport(layers, x, p, 0.0, 0.0)
    direction = p[:, 1:] / np.linalg.norm(p[:, 1:], axis=1)[:, None]
    for n in range(len(x)):
        s = (np.arange(20_000) + 0.5) / 20_000 * tracks.path[n]
        line = x[n, 1:] + s[:, None] * direction[n]
        names = np.array(layers.medium_at(line[:, 2], np.hypot(line[:, 0], line[:, 1])))
        expected = [np.mean(names == name) * tracks.path[n] for name in layers.materials]
        np.testing.assert_allclose(tracks.path_in[n], expected, atol=30 * tracks.path[n] / 20_000)
    assert (tracks.path_in[30:, 1] == 0.0).any()


def test_collimator_stops_and_lets_through(bnb: Beamline) -> None:
    layers = compile_layers(bnb)
    slope = np.array([0.29, 0.31]) / 3.07
    x, p = np.tile([0.0, 0.0, 0.0, 0.0], (2, 1)), np.column_stack([[2e4, 2e4], 1e4 * slope, [0, 0], [1e4, 1e4]])
    tracks = transport(layers, x, p, 0.0, 0.0)
    assert tracks.status.tolist() == [Status.HIT_WALL, Status.HIT_WALL]
    # the first grazes by the mouth and meets the pipe later; the second stops on the face
    assert tracks.x[1, 3] == pytest.approx(3.07, abs=1e-12)
    assert tracks.x[0, 3] > 3.07


def test_horn_focuses_the_right_sign(bnb: Beamline) -> None:
    x, p = pions(2000, seed=2)
    layers = compile_layers(bnb)
    plus, minus = (transport(layers, x, p, charge, bnb.current) for charge in (1.0, -1.0))
    through = [(t.status == Status.REACHED_END).sum() for t in (plus, minus)]
    assert through[0] > 1.5 * through[1]
    assert {Status.REACHED_END, Status.HIT_WALL} >= set(plus.status.tolist())


# --- edges ---------------------------------------------------------------------------------------------------------


def tube_layers() -> Layers:
    """A field between 2 and 30 cm from z = 0 to 2 m."""
    return layers_from_profile(RadialProfile((0.0, 1.0, 2.0), (0.02, 0.02, 0.02), (0.3, 0.3, 0.3)))


def test_at_rest_and_behind() -> None:
    x, p = np.array([[0.0, 0.1, 0, 0.5], [0.0, 0.1, 0, 2e6]]), np.array([[139.6, 0, 0, 0], [200.0, 10, 0, 100]])
    with pytest.raises(RangeError, match="z_end"):
        transport(LAYERS, x, p, 1.0, CURRENT, z_end=2e6)
    tracks = transport(LAYERS, x, p, 1.0, CURRENT)
    assert tracks.status.tolist() == [Status.AT_REST, Status.REACHED_END]
    np.testing.assert_array_equal(tracks.x, x)
    np.testing.assert_array_equal(tracks.path, 0)


def test_backward() -> None:
    x, p = one([0.1, 0.0, 0.5], [20.0, 0.0, -300.0])
    layers = tube_layers()
    tracks = transport(layers, x, p, 1.0, CURRENT)
    assert tracks.status[0] == Status.LEFT_BACKWARD
    assert tracks.x[0, 3] == layers.z[0]


@pytest.mark.parametrize("z", [0.0, 1.0])
@pytest.mark.parametrize("r", [0.02, 0.3])
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_start_on_a_boundary(z: float, r: float, sign: float) -> None:
    # straight back from a boundary the mirrored start must mirror the track
    layers = tube_layers()
    x, p = one([r, 0.0, z], [sign * 100.0, 0.0, 700.0])
    near, _ = one([r + sign * 1e-12, 0.0, z + 1e-12], [0.0, 0.0, 1.0])
    tracks, beside = (transport(layers, start, p, 1.0, CURRENT, path_limit=0.15) for start in (x, near))
    np.testing.assert_allclose(tracks.x, beside.x, atol=1e-10)
    np.testing.assert_allclose(tracks.p, beside.p, atol=1e-7)
    assert tracks.status[0] == Status.PATH_LIMIT


@pytest.mark.parametrize("charge", [1.0, -1.0])
def test_start_along_a_boundary(charge: float) -> None:
    # on the surface of the inner conductor the bore wins; a hair above it the field decides
    x, p = np.tile([0.0, 0.02, 0.0, 0.5], (2, 1)), np.tile([720.0, 0.0, 0.0, 700.0], (2, 1))
    x[1, 1] += 1e-9
    tracks = transport(tube_layers(), x, p, charge, CURRENT, z_end=0.9)
    np.testing.assert_array_equal(tracks.status, Status.REACHED_END)
    assert tracks.x[0, 1] == 0.02
    assert tracks.crossings.tolist() == [0, 1 if charge > 0 else 0]
    assert tracks.x[1, 1] > 0.03 if charge < 0 else tracks.x[1, 1] == pytest.approx(0.02, abs=2e-5)


def test_turning_back_and_forth_in_the_field() -> None:
    # defocused until it runs backward; without a wall it comes round again
    x, p = one([0.05, 0.0, 0.0], [3.0, 2.0, 8.0], mass=0.511)
    tracks = transport(
        EVERYWHERE, np.repeat(x, 5, 0), np.repeat(p, 5, 0), -1.0, CURRENT, path_limit=np.arange(1.0, 6.0)
    )
    assert (tracks.p[:, 3] < 0).any()
    np.testing.assert_allclose(np.linalg.norm(tracks.p[:, 1:], axis=1), np.linalg.norm(p[0, 1:]), rtol=1e-12)
    np.testing.assert_allclose(horn_field.angular_momentum(tracks.x, tracks.p), 0.1, rtol=1e-11)


def test_endless_track_is_reported() -> None:
    x, p = one([0.05, 0.0, 0.0], [0.03, 0.02, 0.2], mass=0.511)
    tracks = transport(EVERYWHERE, x, p, 1.0, CURRENT)
    assert tracks.status[0] == Status.STEP_LIMIT
    assert np.isfinite(tracks.x).all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"path_limit": -1.0}, "path_limit = -1 m"),
        ({"path_limit": np.nan}, "path_limit = nan"),
        ({"threads": 0}, "threads = 0"),
        ({"current": np.inf}, "horn current"),
        ({"p": np.array([[1.0, 0.0, 0.0, 2.0]])}, "energy - momentum"),
        ({"p": np.array([[1.0, 0.0, np.nan, 0.5]])}, "p = nan MeV"),
        ({"x": np.array([[0.0, 0.0, 0.0, 0.5]])}, "distance from the axis = 0 m"),
        ({"x": np.zeros((1, 3))}, r"shapes \(1, 3\)"),
    ],
)
def test_refusals(change: dict[str, Any], message: str) -> None:
    x, p = one([0.1, 0.0, 0.5], [20.0, 0.0, 300.0])
    arguments = {"x": x, "p": p, "charge": 1.0, "current": CURRENT} | change
    with pytest.raises(RangeError, match=message):
        transport(EVERYWHERE, **arguments)


def test_no_particles() -> None:
    tracks = transport(LAYERS, np.zeros((0, 4)), np.zeros((0, 4)), 1.0, CURRENT)
    assert tracks.x.shape == (0, 4)
    assert tracks.path_in.shape == (0, 1)


def test_numba_waits_until_it_is_needed() -> None:
    import subprocess

    code = "import sys, darkhorn.beam.transport, darkhorn.beam.horn; sys.exit('numba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_start_in_a_wall(bnb: Beamline) -> None:
    x, p = one([0.95, 0.0, 10.0], [0.0, 0.0, 300.0])
    tracks = transport(compile_layers(replace(bnb, flags=("t",))), x, p, 1.0, CURRENT)
    assert tracks.status[0] == Status.HIT_WALL
    assert tracks.path[0] == 0.0
