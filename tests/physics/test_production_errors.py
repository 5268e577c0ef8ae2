"""Covariances of the meson fits: eigenvalues, propagated window integrals, universes and their weights."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from darkhorn.core.errors import RangeError
from darkhorn.core.units import MB_IN_CM2
from darkhorn.physics.production import feynman_scaling, sanford_wang
from darkhorn.physics.production_errors import (
    K0_SHORT_FIT,
    K_PLUS_FIT,
    PI_MINUS_FIT,
    PI_PLUS_FIT,
    Fit,
    linear_weights,
    sample_parameters,
    universe_weights,
)

BEAM = 8888.89
FITS = {"pi+": PI_PLUS_FIT, "pi-": PI_MINUS_FIT, "K0": K0_SHORT_FIT, "K+": K_PLUS_FIT}
SMALLEST = {"pi+": 4.0e-3, "pi-": 3.4e-4, "K0": 2.8e-2, "K+": 2.0e-2}
HARP = (750.0, 6500.0, 0.03, 0.21)
HALF = (0.0, 7888.0, 0.0, np.pi / 2)


def integral(fit: Fit, values: np.ndarray, window: tuple[float, float, float, float]) -> float:
    nodes, weights = np.polynomial.legendre.leggauss(64)
    p = 0.5 * (window[1] - window[0]) * nodes + 0.5 * (window[1] + window[0])
    t = 0.5 * (window[3] - window[2]) * nodes + 0.5 * (window[3] + window[2])
    density = fit.cross_section(p[:, None], t[None, :], BEAM, values) * 2 * np.pi * np.sin(t)
    return float(weights @ density @ weights) * (window[1] - window[0]) * (window[3] - window[2]) / 4 / MB_IN_CM2


def relative_error(fit: Fit, window: tuple[float, float, float, float]) -> float:
    steps = 1e-3 * np.sqrt(np.diag(fit.covariance))
    shifts = np.diag(steps)
    slope = [integral(fit, fit.best + d, window) - integral(fit, fit.best - d, window) for d in shifts]
    gradient = np.array(slope) / (2 * steps)
    return float(np.sqrt(gradient @ fit.covariance @ gradient)) / integral(fit, fit.best, window)


@pytest.mark.parametrize("name", FITS)
def test_positive_definite_with_the_known_smallest_eigenvalue(name: str) -> None:
    fit = FITS[name]
    assert (fit.covariance == fit.covariance.T).all()
    assert np.linalg.eigvalsh(fit.correlation)[0] == pytest.approx(SMALLEST[name], rel=0.03)
    assert np.diag(fit.correlation) == pytest.approx(1.0)
    assert (np.abs(fit.correlation) <= 1.0 + 1e-12).all()


@pytest.mark.parametrize(
    ("name", "window", "value", "error"),
    [
        ("pi+", HARP, 40.19, 0.059),
        ("pi-", HARP, 22.83, 0.045),
        ("pi+", HALF, 158.92, 0.18),
        ("pi-", HALF, 144.46, 0.18),
    ],
)
def test_window_integrals_with_their_errors(
    name: str, window: tuple[float, float, float, float], value: float, error: float
) -> None:
    assert integral(FITS[name], FITS[name].best, window) == pytest.approx(value, rel=1e-3)
    assert relative_error(FITS[name], window) == pytest.approx(error, abs=0.005)


def test_entries_typed_from_the_publication() -> None:
    assert PI_PLUS_FIT.covariance[0, 0] == 1707.2
    assert PI_PLUS_FIT.covariance[3, 2] == 0.5049
    assert PI_MINUS_FIT.covariance[6, 0] == -91.4
    assert K_PLUS_FIT.covariance[5, 6] == 0.126
    assert K0_SHORT_FIT.covariance[7, 7] == 130.2


@pytest.mark.parametrize("name", FITS)
def test_universes_have_the_mean_and_the_covariance(name: str) -> None:
    fit = FITS[name]
    u = np.random.default_rng(5).uniform(1e-9, 1.0, (40000, len(fit.names)))
    drawn = sample_parameters(u, fit)
    sigma = np.sqrt(np.diag(fit.covariance))
    assert (drawn.mean(axis=0) - fit.best) / sigma == pytest.approx(np.zeros(len(sigma)), abs=0.025)
    assert np.cov(drawn.T) / np.outer(sigma, sigma) == pytest.approx(fit.correlation, abs=0.03)


def test_middle_of_the_cube_is_the_best_fit() -> None:
    assert sample_parameters(np.full((1, 7), 0.5), PI_PLUS_FIT)[0] == pytest.approx(PI_PLUS_FIT.best, rel=1e-12)


def test_matrix_that_rounding_made_indefinite_is_clipped() -> None:
    broken = Fit(PI_PLUS_FIT.constants, ("c1", "c2", "c4"), np.array([[1, 0.9, -0.9], [0.9, 1, 0.9], [-0.9, 0.9, 1]]))
    assert np.linalg.eigvalsh(broken.covariance)[0] < 0
    assert np.isfinite(sample_parameters(np.full((4, 3), 0.1), broken)).all()


@pytest.mark.parametrize("name", FITS)
def test_weights_are_ratios_of_the_formula(name: str) -> None:
    fit = FITS[name]
    formula = feynman_scaling if name == "K+" else sanford_wang
    p, theta = np.array([500.0, 1500.0, 4000.0]), np.array([0.3, 0.1, 0.05])
    shifted = fit.best.copy()
    shifted[0] *= 1.1
    weights = universe_weights(p, theta, BEAM, fit, [fit.best, shifted])
    assert weights[0] == pytest.approx(1.0, rel=1e-14)
    assert weights[1] == pytest.approx(1.1, rel=1e-12)
    assert fit.cross_section(p, theta, BEAM, fit.best) == pytest.approx(formula(p, theta, BEAM, fit.constants))


@given(st.lists(st.floats(1e-6, 1 - 1e-6), min_size=7, max_size=7), st.floats(0, 9000), st.floats(0, 2))
@settings(max_examples=150, deadline=None, derandomize=True)
def test_weights_are_never_negative(u: list[float], p: float, theta: float) -> None:
    universe = sample_parameters([u], PI_PLUS_FIT)
    universe[0, 0] -= 250.0  # a drawn amplitude below zero
    for fit in (PI_PLUS_FIT, PI_MINUS_FIT):
        for weigh in (universe_weights, linear_weights):
            weight = weigh(p, theta, BEAM, fit, universe)
            assert np.isfinite(weight).all()
            assert (weight >= 0.0).all()


def spreads(name: str, n: int = 300) -> tuple[float, float]:
    """Relative spread of the window integral over universes: ratios of the formula, and weights to first order."""
    fit, u = FITS[name], np.random.default_rng(3).uniform(1e-9, 1.0, (n, len(FITS[name].names)))
    nodes, gauss = np.polynomial.legendre.leggauss(32)
    p, theta = (axis.ravel() for axis in np.meshgrid(2875 * nodes + 3625, 0.09 * nodes + 0.12, indexing="ij"))
    base = fit.cross_section(p, theta, BEAM, fit.best) * np.sin(theta) * np.outer(gauss, gauss).ravel()
    universes = sample_parameters(u, fit)
    rows = [weigh(p, theta, BEAM, fit, universes) @ base / base.sum() for weigh in (universe_weights, linear_weights)]
    return float(rows[0].std()), float(rows[1].std())


@pytest.mark.parametrize("name", ["pi+", "pi-", "K+"])
def test_first_order_weights_spread_as_the_propagated_error(name: str) -> None:
    assert spreads(name)[1] == pytest.approx(relative_error(FITS[name], HARP), rel=0.12)


def test_full_ratios_of_pions_spread_further() -> None:
    full, first_order = spreads("pi+")
    assert full > 2.0 * first_order


def test_first_order_weights_near_the_best_fit_are_those_of_the_formula() -> None:
    p, theta = np.array([500.0, 1500.0, 4000.0, 8500.0]), np.array([0.3, 0.1, 0.05, 0.0])
    for fit in FITS.values():
        near = fit.best + 1e-4 * np.sqrt(np.diag(fit.covariance))
        both = [weigh(p, theta, BEAM, fit, [near])[0] for weigh in (universe_weights, linear_weights)]
        assert both[0] - 1.0 == pytest.approx(both[1] - 1.0, rel=2e-3, abs=1e-12)


def test_errors() -> None:
    with pytest.raises(RangeError, match="u = 0 is outside"):
        sample_parameters(np.zeros((1, 7)), PI_PLUS_FIT)
    with pytest.raises(RangeError, match=r"shape \(2, 3\); allowed: \(n, 7\)"):
        sample_parameters(np.full((2, 3), 0.5), PI_PLUS_FIT)
    with pytest.raises(RangeError, match=r"values have shape \(2,\)"):
        PI_PLUS_FIT.cross_section(100.0, 0.1, BEAM, [1.0, 2.0])
