"""Burman-Smith pions: integrals and means of the reference, the splines by themselves, continuity, edges."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from darkhorn.core.errors import RangeError
from darkhorn.core.units import MB_IN_CM2
from darkhorn.physics.burman_smith import amplitude, burman_smith


@pytest.mark.parametrize(
    ("z", "sigma", "mean_t", "mean_angle"),
    [(6, 36.4, 146, 64), (8, 42.2, 146, 64), (29, 82.5, 138, 67), (74, 111.5, 131, 72)],
)
def test_integrals_and_means_at_800_mev(z: int, sigma: float, mean_t: float, mean_angle: float) -> None:
    nodes, weights = np.polynomial.legendre.leggauss(200)
    t, theta = 400 * (nodes + 1), 0.5 * np.pi * (nodes + 1)
    cells = burman_smith(t[:, None], theta[None, :], 800.0, z) * 2 * np.pi * np.sin(theta) * np.outer(weights, weights)
    cells *= 400 * np.pi / 2 / MB_IN_CM2
    assert cells.sum() == pytest.approx(sigma, rel=2e-3)
    assert (cells.sum(axis=1) @ t) / cells.sum() == pytest.approx(mean_t, abs=1.0)
    assert np.degrees((cells.sum(axis=0) @ theta) / cells.sum()) == pytest.approx(mean_angle, abs=1.0)


def cox_de_boor(x: float, i: int, k: int, knots: list[float]) -> float:
    """B-spline basis by its recursion; the last knot closes the interval."""
    if k == 0:
        return float(knots[i] <= x < knots[i + 1] or (x == 180.0 and knots[i] < x == knots[i + 1]))
    left = (x - knots[i]) / (knots[i + k] - knots[i]) if knots[i + k] > knots[i] else 0.0
    gap = knots[i + k + 1] - knots[i + 1]
    right = (knots[i + k + 1] - x) / gap if gap > 0 else 0.0
    return left * cox_de_boor(x, i, k - 1, knots) + right * cox_de_boor(x, i + 1, k - 1, knots)


@pytest.mark.parametrize("degrees", [0.0, 10.0, 30.0, 45.0, 70.0, 100.0, 179.0, 180.0])
def test_amplitude_by_the_recursion_of_splines(degrees: float) -> None:
    knots = [0.0, 0.0, 0.0, 30.0, 70.0, 180.0, 180.0, 180.0]
    a = [27.0, 18.2, 8.0, 13 + 6.2, 9 + 6.2 - 5.75]
    log = np.log(74)
    norm = 74 ** (1 / 3) * (0.8851 - 0.1015 * log + 0.1459 * log**2 - 0.0265 * log**3)
    expected = norm * sum(value * cox_de_boor(degrees, i, 2, knots) for i, value in enumerate(a))
    assert float(amplitude(np.radians(degrees), 800.0, 74)) / 1e-30 == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("degrees", [30.0, 70.0])
def test_value_and_slope_are_continuous_at_the_knots(degrees: float) -> None:
    knot, h = np.radians(degrees), 1e-5
    below, at, above = (float(amplitude(knot + d, 800.0, 29)) for d in (-h, 0.0, h))
    assert below == pytest.approx(at, rel=1e-4, abs=0)
    assert above == pytest.approx(at, rel=1e-4, abs=0)
    assert (at - below) / h == pytest.approx((above - at) / h, rel=1e-3, abs=0)


def test_first_coefficient_falls_below_730_mev() -> None:
    forward = [float(amplitude(0.0, energy, 6)) for energy in (585.0, 730.0, 800.0)]
    assert forward[0] / forward[1] == pytest.approx(23.0 / 27.0, rel=1e-12)
    assert forward[1] == pytest.approx(forward[2], rel=1e-12)


def test_edge_halves_the_spectrum_at_the_end() -> None:
    # T_F = 800 - 140 - 50 = 610 MeV; the ratio to the Gaussian part is 1/2 there
    t, forward = 610.0, float(amplitude(0.0, 800.0, 74))
    sigma = 135 + 31 * 215 / 145
    gauss = np.exp(-0.5 * ((378.0 - t) / sigma) ** 2)
    assert float(burman_smith(t, 0.0, 800.0, 74)) == pytest.approx(0.5 * forward * gauss, rel=1e-12)


@given(st.floats(0, 1e5), st.floats(0, np.pi), st.floats(500, 1000), st.integers(2, 92))
@settings(max_examples=200, deadline=None, derandomize=True)
def test_finite_and_never_negative(t: float, theta: float, energy: float, z: int) -> None:
    assert 0.0 <= float(burman_smith(t, theta, energy, z)) < 1e-25


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((-1.0, 0.1, 800.0, 6), "kinetic = -1 MeV"),
        ((10.0, 4.0, 800.0, 6), "theta = 4 rad"),
        ((10.0, 0.1, 8000.0, 6), "kinetic_proton = 8000 MeV"),
        ((10.0, 0.1, 800.0, 1), "z = 1 is outside"),
    ],
)
def test_errors(arguments: tuple[float, float, float, int], message: str) -> None:
    with pytest.raises(RangeError, match=message):
        burman_smith(*arguments)
