"""The Gaussian, its inverse and the tail of chi-squared against published numbers, the library and definitions."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.special import gammaincc, ndtr, ndtri

from darkhorn.core.distributions import chi2_tail, gauss_cdf, gauss_quantile
from darkhorn.core.errors import RangeError

TINY = np.finfo(float).tiny
DEPTHS = np.geomspace(TINY, 0.5, 20001)


@pytest.mark.parametrize(
    ("p", "x"),
    [
        (0.975, 1.959963984540054),
        (0.95, 1.6448536269514722),
        (0.8413447460685429, 1.0),
        (0.25, -0.6744897501960817),
        (1.0e-3, -3.090232306167813),
        (2.866515718791939e-7, -5.0),
        (1.0e-20, -9.262340089798408),
    ],
)
def test_known_quantiles(p: float, x: float) -> None:
    assert gauss_quantile(p) == pytest.approx(x, rel=3e-15)
    assert gauss_cdf(x) == pytest.approx(p, rel=1e-13)


def test_quantiles_against_the_library() -> None:
    np.testing.assert_allclose(gauss_quantile(DEPTHS), ndtri(DEPTHS), rtol=2e-15, atol=1e-16)
    upper = 1.0 - np.geomspace(1e-16, 0.5, 5001)
    np.testing.assert_allclose(gauss_quantile(upper), ndtri(upper), rtol=2e-15, atol=1e-16)
    beside = np.array([0.075 - 1e-15, 0.075, 0.075 + 1e-15, math.exp(-25.0), math.exp(-25.0) * (1.0 + 1e-15), 0.925])
    np.testing.assert_allclose(gauss_quantile(beside), ndtri(beside), rtol=2e-15)


def test_probabilities_against_the_library() -> None:
    x = np.linspace(-37.0, 37.0, 20001)
    np.testing.assert_allclose(gauss_cdf(x), ndtr(x), rtol=1e-13)
    near = np.linspace(-3.0, 8.0, 5001)
    np.testing.assert_allclose(gauss_cdf(near), ndtr(near), rtol=3e-15)
    assert gauss_cdf([-np.inf, 0.0, np.inf]).tolist() == [0.0, 0.5, 1.0]


def test_shapes_and_ends() -> None:
    assert gauss_quantile(np.full((2, 3), 0.5)).tolist() == [[0.0] * 3] * 2
    assert gauss_cdf(np.zeros((2, 3))).tolist() == [[0.5] * 3] * 2
    assert gauss_quantile([0.0, 1.0]).tolist() == [-np.inf, np.inf]
    assert gauss_quantile(np.array([])).shape == gauss_cdf(np.array([])).shape == (0,)
    assert float(gauss_quantile(0.5)) == 0.0


@pytest.mark.parametrize("p", [-1e-300, 1.0 + 1e-15, np.nan])
def test_no_probability(p: float) -> None:
    with pytest.raises(RangeError):
        gauss_quantile(p)


@settings(deadline=None, derandomize=True, max_examples=200)
@given(st.floats(1e-300, 0.5))
def test_the_two_are_inverse_and_antisymmetric(p: float) -> None:
    x = gauss_quantile(p)
    assert gauss_cdf(x) == pytest.approx(p, rel=1e-15 * (10.0 + float(x) ** 2), abs=0)
    assert gauss_cdf(-x) == pytest.approx(1.0 - p, rel=1e-15)
    if p > 1e-3:
        assert gauss_quantile(1.0 - p) == pytest.approx(-float(x), rel=1e-12, abs=1e-15)


def test_quantile_rises() -> None:
    grid = np.sort(np.concatenate([DEPTHS, 1.0 - np.geomspace(1e-15, 0.49, 1001)]))
    assert (np.diff(gauss_quantile(grid)) >= 0.0).all()


@pytest.mark.parametrize(
    ("chi2", "ndof", "p"),
    [
        (3.841458820694124, 1, 0.05),
        (5.991464547107979, 2, 0.05),
        (18.307038053275146, 10, 0.05),
        (1.0, 1, 0.31731050786),
    ],
)
def test_known_tails(chi2: float, ndof: int, p: float) -> None:
    assert chi2_tail(chi2, ndof) == pytest.approx(p, rel=1e-11)


def test_tails_against_the_library() -> None:
    for ndof in (1, 2, 3, 4, 5, 18, 19, 75, 76, 301, 1000):
        for chi2 in (1e-300, 1e-8, 0.3, 1.0, 0.5 * ndof, 1.0 * ndof, 2.0 * ndof, 300.0, 1400.0):
            expected = gammaincc(0.5 * ndof, 0.5 * chi2)
            assert chi2_tail(chi2, ndof) == pytest.approx(expected, rel=1e-12, abs=1e-300), (chi2, ndof)
    assert chi2_tail(0.0, 3) == 1.0
    assert chi2_tail(1e5, 2) == 0.0


@settings(deadline=None, derandomize=True, max_examples=30)
@given(st.integers(1, 40), st.floats(0.05, 80.0))
def test_tails_against_the_integral_of_the_density(ndof: int, chi2: float) -> None:
    def density(t: float) -> float:
        return math.exp((0.5 * ndof - 1.0) * math.log(t) - 0.5 * t - math.lgamma(0.5 * ndof) - 0.5 * ndof * math.log(2))

    area = quad(density, chi2, chi2 + 60.0, limit=200)[0] + quad(density, chi2 + 60.0, np.inf)[0]
    assert chi2_tail(chi2, ndof) == pytest.approx(area, rel=1e-6, abs=1e-12)


@pytest.mark.parametrize(("chi2", "ndof"), [(-1.0, 3), (1.0, 0), (math.nan, 2)])
def test_no_chi2(chi2: float, ndof: int) -> None:
    with pytest.raises(RangeError):
        chi2_tail(chi2, ndof)
