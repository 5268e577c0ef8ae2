"""Poisson likelihood: against scipy, against explicit minimisation over the Monte-Carlo factors, and its modes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, stats
from scipy.integrate import quad
from scipy.special import gammaln

from darkhorn.core.errors import RangeError
from darkhorn.inference.poisson import PoissonTerm, best_beta, deviance, modes_from_covariance

DATA, BACKGROUND, SIGNAL = np.array([12.0, 0.0, 5.0]), np.array([8.0, 0.7, 6.0]), np.array([2.0, 0.5, 0.1])


def term(**changes: object) -> PoissonTerm:
    return PoissonTerm("test", DATA, BACKGROUND, {"mu": SIGNAL}, **changes)  # type: ignore[arg-type]


def test_deviance_is_the_likelihood_ratio() -> None:
    nu = BACKGROUND + 1.7 * SIGNAL
    ratio = stats.poisson.logpmf(DATA, DATA) - stats.poisson.logpmf(DATA, nu)
    assert term().statistic({"mu": 1.7}) == pytest.approx(2.0 * ratio.sum(), rel=1e-12)
    assert deviance(DATA[DATA > 0], DATA[DATA > 0]) == 0.0


def test_modes_move_background_and_signal() -> None:
    found = term(
        background_modes={"b": np.array([0.1, 0.2, 0.0])}, signal_modes={"b": np.full(3, 0.5), "f": np.ones(3)}
    )
    assert found.nuisances == ("b", "f")
    nu = found.expected({"mu": 2.0, "b": 1.0, "f": -0.5})
    np.testing.assert_allclose(nu, BACKGROUND * [1.1, 1.2, 1.0] + 2.0 * SIGNAL * (1.0 + 0.5 - 0.5))


@settings(max_examples=60, deadline=None, derandomize=True)
@given(data=st.integers(0, 400), nu=st.floats(0.01, 300), w=st.floats(1e-4, 2.0))
def test_monte_carlo_factor_minimises_each_bin(data: int, nu: float, w: float) -> None:
    def statistic(beta: float) -> float:
        return deviance(np.array([data]), np.array([beta * nu])) + (beta - 1.0) ** 2 / w

    beta = float(best_beta(np.array([float(data)]), np.array([nu]), np.array([w]))[0])
    upper = 2.0 * max(1.0, data / nu)
    other = optimize.minimize_scalar(statistic, bounds=(1e-9, upper), method="bounded", options={"xatol": 1e-10})
    assert statistic(beta) <= other.fun + 1e-6 * max(1.0, abs(other.fun))


def test_no_simulation_error_leaves_the_expectation() -> None:
    beta = best_beta(DATA, BACKGROUND, np.zeros(3))
    np.testing.assert_array_equal(beta, 1.0)
    values = {"mu": 1.0}
    wide = term(variances={"mu": (0.5 * SIGNAL) ** 2}, background_variance=np.array([4.0, 0.01, 0.0]))
    assert wide.statistic(values) < term().statistic(values)
    tiny = term(variances={"mu": 1e-14 * SIGNAL**2})
    assert tiny.statistic(values) == pytest.approx(term().statistic(values), rel=1e-9)


def test_draws_have_the_mean_and_the_variance_of_both_errors() -> None:
    rng = np.random.default_rng(3)
    found = PoissonTerm("t", np.zeros(2), np.array([50.0, 80.0]), {}, background_variance=np.array([0.0, 64.0]))
    drawn = np.array([found.draw({}, rng) for _ in range(4000)])
    np.testing.assert_allclose(drawn.mean(axis=0), [50.0, 80.0], atol=0.6)
    np.testing.assert_allclose(drawn.var(axis=0), [50.0, 80.0 + 64.0], rtol=0.08)


def test_modes_of_a_covariance() -> None:
    rng = np.random.default_rng(5)
    root = rng.normal(size=(6, 6)) * 0.05
    matrix = root @ root.T
    modes = modes_from_covariance(matrix, "flux", keep=1.0)
    assert next(iter(modes)) == "flux_0"
    rebuilt = sum(np.outer(mode, mode) for mode in modes.values())
    np.testing.assert_allclose(rebuilt, matrix, atol=1e-12)
    few = modes_from_covariance(matrix, "flux", keep=0.8)
    share = sum(float(mode @ mode) for mode in few.values()) / np.trace(matrix)
    assert len(few) < 6
    assert share >= 0.8


def test_refusals() -> None:
    with pytest.raises(RangeError, match="background = 0 events"):
        PoissonTerm("t", DATA, np.zeros(3), {})
    with pytest.raises(RangeError, match=r"'mu' has shape \(2,\); allowed: \(3,\)"):
        PoissonTerm("t", DATA, BACKGROUND, {"mu": SIGNAL[:2]})
    with pytest.raises(RangeError, match="signal 'mu' = -1 events"):
        PoissonTerm("t", DATA, BACKGROUND, {"mu": -np.ones(3)})
    with pytest.raises(RangeError, match="data = -1"):
        PoissonTerm("t", -np.ones(3), BACKGROUND, {})
    with pytest.raises(RangeError, match="square and symmetric"):
        modes_from_covariance(np.ones((2, 3)), "flux")
    with pytest.raises(RangeError, match="trace"):
        modes_from_covariance(np.zeros((2, 2)), "flux")


def test_errors_of_the_simulated_background_are_integrated_over() -> None:
    """-2 ln of the integral over beta of Poisson times Gauss, by quadrature, against that at another strength."""

    def by_quadrature(one: PoissonTerm, mu: float) -> float:
        expected = one.expected({"mu": mu})
        total = 0.0
        for d, nu, w in zip(one.data, expected, one.relative_variance({"mu": mu}, expected), strict=True):

            def density(beta: float, d: float = d, nu: float = nu, w: float = w) -> float:
                return float(np.exp(d * np.log(beta * nu) - beta * nu - gammaln(d + 1) - 0.5 * (beta - 1) ** 2 / w))

            spread = 8.0 * np.sqrt(w)
            value, _ = quad(density, max(1e-9, 1.0 - spread), 1.0 + spread, epsabs=0.0, epsrel=1e-9)
            total += -2.0 * np.log(value / np.sqrt(2.0 * np.pi * w))
        return total

    one = PoissonTerm(
        "many", np.array([30.0, 22.0, 61.0]), np.array([25.0, 30.0, 50.0]), {"mu": np.array([2.0, 1.0, 4.0])},
        background_variance=np.array([15.0, 18.0, 30.0]),
        integrated=True,
    )  # fmt: skip
    exact = by_quadrature(one, 2.0) - by_quadrature(one, 0.0)
    assert one.statistic({"mu": 2.0}) - one.statistic({"mu": 0.0}) == pytest.approx(exact, abs=0.02)
    assert abs(one.chi2({"mu": 2.0}) - one.chi2({"mu": 0.0}) - exact) > 0.03
