"""Sanford-Wang: published integrals by two quadratures, the formula by itself, edges and errors."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate

from darkhorn.core.errors import RangeError
from darkhorn.core.units import GEV, MB_IN_CM2
from darkhorn.physics.production import (
    K0_SHORT_BE,
    PI_MINUS_BE,
    PI_MINUS_BE_OLDER,
    PI_PLUS_BE,
    SanfordWangConstants,
    beam_momentum,
    sanford_wang,
)

BEAM = 8888.89
SETS = {"pi+": PI_PLUS_BE, "pi-": PI_MINUS_BE, "pi- older": PI_MINUS_BE_OLDER, "K0": K0_SHORT_BE}
HALF_SPHERE = {
    "pi+": (158.92, 1.128, 0.410),
    "pi-": (144.46, 0.866, 0.515),
    "pi- older": (164.10, 0.840, 0.561),
    "K0": (4.498, 1.365, 0.418),
}
FORWARD = {
    "pi+": (51.29, 1.876, 0.121),
    "pi-": (31.65, 1.587, 0.126),
    "pi- older": (32.16, 1.558, 0.128),
    "K0": (1.515, 2.064, 0.119),
}
HARP_WINDOW = {"pi+": 40.19, "pi-": 22.83, "pi- older": 22.99}


def moments(
    name: str, p_range: tuple[float, float], theta_range: tuple[float, float], order: int = 96
) -> tuple[float, float, float]:
    """Integral in mb, mean p in GeV/c and mean theta, by a product Gauss rule."""
    nodes, weights = np.polynomial.legendre.leggauss(order)
    p, wp = (0.5 * (np.diff(p_range)[0] * nodes + sum(p_range)), 0.5 * np.diff(p_range)[0] * weights)
    t, wt = (0.5 * (np.diff(theta_range)[0] * nodes + sum(theta_range)), 0.5 * np.diff(theta_range)[0] * weights)
    density = sanford_wang(p[:, None] * GEV, t[None, :], BEAM, SETS[name]) / MB_IN_CM2 * GEV
    cells = density * np.outer(wp, wt * 2 * np.pi * np.sin(t))
    total = cells.sum()
    return float(total), float((cells * p[:, None]).sum() / total), float((cells * t[None, :]).sum() / total)


def end(name: str) -> float:
    return BEAM / GEV - SETS[name].c9


@pytest.mark.parametrize("name", SETS)
def test_integral_over_the_half_sphere(name: str) -> None:
    sigma, mean_p, mean_theta = moments(name, (0, end(name)), (0, np.pi / 2))
    assert sigma == pytest.approx(HALF_SPHERE[name][0], rel=1e-4)
    assert (mean_p, mean_theta) == pytest.approx(HALF_SPHERE[name][1:], abs=6e-4)


@pytest.mark.parametrize("name", SETS)
def test_integral_below_210_mrad(name: str) -> None:
    sigma, mean_p, mean_theta = moments(name, (0, end(name)), (0, 0.21))
    assert sigma == pytest.approx(FORWARD[name][0], rel=1e-3)
    assert (mean_p, mean_theta) == pytest.approx(FORWARD[name][1:], abs=6e-4)


@pytest.mark.parametrize(("name", "expected"), HARP_WINDOW.items())
def test_integral_over_the_window_of_the_fit(name: str, expected: float) -> None:
    assert moments(name, (0.75, 6.5), (0.03, 0.21))[0] == pytest.approx(expected, rel=1e-3)


def test_adaptive_quadrature_of_a_formula_typed_here() -> None:
    def formula(theta: float, p: float) -> float:
        power = -1.000 * p**1.978 / 8.88889**1.32 - 5.572 * theta * (p - 0.0868 * 8.88889 * np.cos(theta) ** 9.686)
        return 220.7 * p**1.080 * (1 - p / 7.88889) * np.exp(power) * 2 * np.pi * np.sin(theta)

    value, _ = integrate.dblquad(formula, 0.0, 7.88889, 0.0, np.pi / 2, epsrel=1e-6)
    assert value == pytest.approx(158.92, rel=1e-4)
    assert moments("pi+", (0, end("pi+")), (0, np.pi / 2))[0] == pytest.approx(value, rel=1e-5)


def test_value_on_the_axis_by_hand() -> None:
    # at theta = 0 only c1..c5 and c9 remain; p = 2 GeV/c, pi+
    expected = 220.7 * 2**1.08 * (1 - 2 / 7.88889) * np.exp(-(2**1.978) / 8.88889**1.32)
    value = float(sanford_wang(2000.0, 0.0, BEAM, PI_PLUS_BE))
    assert value == pytest.approx(expected * 1e-30, rel=1e-12, abs=0)
    assert value * 1e30 == pytest.approx(279.4, rel=1e-3)


@given(st.floats(0.0, 20000.0), st.floats(0.0, np.pi), st.sampled_from(sorted(SETS)))
@settings(max_examples=300, deadline=None, derandomize=True)
def test_never_negative_and_zero_outside(p: float, theta: float, name: str) -> None:
    value = float(sanford_wang(p, theta, BEAM, SETS[name]))
    if 0 < p < end(name) * GEV and theta <= np.pi / 2:
        assert value > 0.0 or p < 1e-100
    else:
        assert value == 0.0


def test_falls_with_angle_for_fast_pions() -> None:
    theta = np.linspace(0.0, 1.5, 200)
    assert (np.diff(sanford_wang(3000.0, theta, BEAM, PI_PLUS_BE)) < 0).all()


def test_scales_with_c1_and_broadcasts() -> None:
    double = SanfordWangConstants(441.4, 1.080, 1.000, 1.978, 1.32, 5.572, 0.0868, 9.686, 1.0)
    p, theta = np.linspace(0, 8000, 7)[:, None], np.linspace(0, 2, 5)
    single = sanford_wang(p, theta, BEAM, PI_PLUS_BE)
    assert single.shape == (7, 5)
    assert sanford_wang(p, theta, BEAM, double) == pytest.approx(2 * single, rel=1e-12)


def test_beam_momentum() -> None:
    assert beam_momentum(8000.0, 938.27208943) == pytest.approx(8888.89, abs=0.005)
    assert beam_momentum(0.0, 938.3) == 0.0
    assert beam_momentum(100.0, 0.0) == pytest.approx(100.0)
    with pytest.raises(RangeError, match="kinetic_energy = -1 MeV"):
        beam_momentum(-1.0, 938.3)


@pytest.mark.parametrize(
    ("p", "theta", "beam", "message"),
    [
        (-1.0, 0.1, BEAM, "p = -1 MeV/c"),
        (100.0, -0.1, BEAM, "theta = -0.1 rad"),
        (100.0, np.nan, BEAM, "theta = nan rad"),
        (100.0, 0.1, 1000.0, r"p_beam = 1000 MeV/c .*\(1000, inf\)"),
    ],
)
def test_errors(p: float, theta: float, beam: float, message: str) -> None:
    with pytest.raises(RangeError, match=message):
        sanford_wang(p, theta, beam, PI_PLUS_BE)
