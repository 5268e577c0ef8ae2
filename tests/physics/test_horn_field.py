import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad, solve_ivp

from darkhorn.core.errors import RangeError
from darkhorn.physics import horn_field

CURRENT = 174e3


@pytest.mark.parametrize(("r", "tesla"), [(0.022, 1.582), (0.0654, 0.532), (0.3, 0.116)])
def test_published_field(r: float, tesla: float) -> None:
    assert np.linalg.norm(horn_field.toroidal_field(r, 0.0, CURRENT)) == pytest.approx(tesla, abs=5e-4)


def test_published_bending_momentum() -> None:
    assert horn_field.bending_momentum(1, CURRENT) == pytest.approx(10.4327775384, rel=1e-11)
    assert horn_field.bending_momentum(-1, 170e3) == pytest.approx(-10.192943572, rel=1e-10)


def test_force_is_that_of_the_field() -> None:
    # dp/ds = q B-cross: 299.792458 MeV/c per T m for a unit charge
    x, y, p = 0.05, -0.03, np.array([300.0, -200.0, 1500.0])
    lorentz = 299.792458 * np.cross(p / np.linalg.norm(p), horn_field.toroidal_field(x, y, CURRENT))
    k = horn_field.bending_momentum(1, CURRENT)
    r_sq = x * x + y * y
    expected = k / np.linalg.norm(p) / r_sq * np.array([-p[2] * x, -p[2] * y, x * p[0] + y * p[1]])
    np.testing.assert_allclose(lorentz, expected, rtol=1e-12)


@settings(deadline=None, max_examples=40, derandomize=True)
@given(st.floats(0.02, 0.3), st.floats(0, 6.3))
def test_no_divergence_and_no_curl(r: float, phi: float) -> None:
    x, y, h = r * np.cos(phi), r * np.sin(phi), 1e-5 * r
    ahead = horn_field.toroidal_field([x + h, x], [y, y + h], CURRENT)
    behind = horn_field.toroidal_field([x - h, x], [y, y - h], CURRENT)
    slope = (ahead - behind) / (2 * h)
    scale = 1e-8 * np.linalg.norm(ahead) / r
    assert abs(slope[0, 0] + slope[1, 1]) < scale
    assert abs(slope[0, 1] - slope[1, 0]) < scale


def test_circulation_gives_the_current_back() -> None:
    phi = np.linspace(0, 2 * np.pi, 65)[:-1]
    x, y = 0.1 + 0.15 * np.cos(phi), 0.15 * np.sin(phi)
    step = 2 * np.pi / 64 * 0.15 * np.column_stack([-np.sin(phi), np.cos(phi), 0 * phi])
    around = (horn_field.toroidal_field(x, y, CURRENT) * step).sum()
    assert around == pytest.approx(4e-7 * np.pi * CURRENT, rel=1e-10)


def test_field_has_no_limit_on_the_axis() -> None:
    with pytest.raises(RangeError, match="distance from the axis"):
        horn_field.toroidal_field([0.1, 0.0], 0.0, CURRENT)


def test_enclosed_current_is_the_integral_of_the_density() -> None:
    low, high, delta = 0.019, 0.022, 1.4e-3

    def density(r: float) -> float:
        return float(np.exp(-(high - r) / delta))

    whole = quad(density, low, high, epsabs=0)[0]
    for r in (0.0195, 0.0204, 0.0219):
        part = CURRENT * quad(density, low, r, epsabs=0)[0] / whole
        assert horn_field.enclosed_current(r, CURRENT, low, high, delta) == pytest.approx(part, rel=1e-12)


def test_enclosed_current_outside_the_metal() -> None:
    inside = horn_field.enclosed_current([0.0, 0.019, 0.022, 0.3], CURRENT, 0.019, 0.022, 1.4e-3)
    np.testing.assert_allclose(inside, [0, 0, CURRENT, CURRENT], rtol=1e-15)


@settings(deadline=None, max_examples=40, derandomize=True)
@given(st.floats(1e-5, 1.0))
def test_enclosed_current_grows_with_r(delta: float) -> None:
    current = horn_field.enclosed_current(np.linspace(0.018, 0.023, 50), CURRENT, 0.019, 0.022, delta)
    assert (np.diff(current) >= 0).all()
    assert current.min() == 0
    assert current.max() == pytest.approx(CURRENT)


@pytest.mark.parametrize("bad", [(-0.1, 0.01, 0.02, 1e-3), (0.1, 0.02, 0.02, 1e-3), (0.1, 0.01, 0.02, 0.0)])
def test_enclosed_current_refuses(bad: tuple[float, float, float, float]) -> None:
    with pytest.raises(RangeError):
        horn_field.enclosed_current(bad[0], CURRENT, *bad[1:])


@pytest.mark.parametrize(("p", "k", "a0"), [(1000.0, 10.43, 0.1), (300.0, 10.43, 0.3), (500.0, -10.43, 0.05)])
def test_meridional_track_against_the_equations(p: float, k: float, a0: float) -> None:
    # r, z, p_r, p_z along the path
    start = [0.03, 0.0, p * np.sin(a0), p * np.cos(a0)]
    s = np.linspace(0, 0.8, 9)

    def motion(_: float, y: np.ndarray) -> list[float]:
        return [y[2] / p, y[3] / p, -k * y[3] / (p * y[0]), k * y[2] / (p * y[0])]

    solution = solve_ivp(motion, (0, 0.8), start, "DOP853", s, rtol=1e-12, atol=1e-14).y
    angle = np.arctan2(solution[2], solution[3])
    r, dz, path = horn_field.meridional_track(angle, angle_start=a0, r_start=0.03, momentum=p, bending=k)
    np.testing.assert_allclose(r, solution[0], rtol=1e-9)
    np.testing.assert_allclose(dz, solution[1], rtol=1e-9, atol=1e-10)
    np.testing.assert_allclose(path, s, rtol=1e-9, atol=1e-10)


def test_meridional_track_refuses_the_past() -> None:
    with pytest.raises(RangeError, match="angle_start"):
        horn_field.meridional_track(0.2, angle_start=0.1, r_start=0.03, momentum=1000.0, bending=10.0)


def test_invariants_by_hand() -> None:
    x, p = np.array([0.0, 0.03, 0.04, 1.0]), np.array([500.0, 10.0, 20.0, 400.0])
    assert horn_field.angular_momentum(x, p) == pytest.approx(0.03 * 20 - 0.04 * 10)
    assert horn_field.canonical_momentum(x, p, 10.0) == pytest.approx(400 - 10 * np.log(0.05))
    with pytest.raises(RangeError, match="axis"):
        horn_field.canonical_momentum(np.zeros(4), p, 10.0)


@pytest.mark.parametrize("thickness", [0.3e-3, 3e-3, 48e-3])
def test_current_shells_carry_equal_currents(thickness: float) -> None:
    low, delta, n = 0.019, 1.4e-3, 5
    radii, share = horn_field.current_shells(low, low + thickness, delta, n)
    assert (radii[0], radii[-1]) == (low, low + thickness)
    at_edges = horn_field.enclosed_current(radii, 1.0, low, low + thickness, delta)
    np.testing.assert_allclose(at_edges, np.arange(n + 1) / n, atol=1e-12)
    for inner, outer, mean in zip(radii, radii[1:], share, strict=False):
        whole = quad(lambda r: float(horn_field.enclosed_current(r, 1.0, low, low + thickness, delta)), inner, outer)[0]
        assert mean == pytest.approx(whole / (outer - inner), rel=1e-6)


def test_current_shells_refuse_nonsense() -> None:
    for arguments, name in [((0.02, 0.02, 1e-3, 3), "r_outer"), ((0.02, 0.03, 0.0, 3), "skin_depth")]:
        with pytest.raises(RangeError, match=name):
            horn_field.current_shells(*arguments)
    with pytest.raises(RangeError, match="number of shells = 0"):
        horn_field.current_shells(0.02, 0.03, 1e-3, 0)
