"""Chi-squared: against hand values, explicit sums and simulated experiments."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from darkhorn.core.errors import RangeError, UnknownNameError
from darkhorn.inference.likelihood import chi_squared, covariance, p_value, statistical_variance

DATA, BACKGROUND, SIGNAL = np.array([25.0, 0.0, 9.0]), np.array([16.0, 0.5, 12.0]), np.array([4.0, 1.0, 0.0])


def test_hand_value() -> None:
    matrix = covariance(DATA, BACKGROUND, 0.25, [1.0, 2.0, 0.0])
    np.testing.assert_allclose(matrix, np.diag([25 + 16 + 1, 1 + 0.015625 + 4, 9 + 9]))
    expected = 5.0**2 / 42 + 1.5**2 / 5.015625 + 3.0**2 / 18
    assert chi_squared(DATA, BACKGROUND, SIGNAL, matrix) == pytest.approx(expected, rel=1e-14)


def test_variance_choices() -> None:
    np.testing.assert_array_equal(statistical_variance(DATA, BACKGROUND), [25, 1, 9])
    np.testing.assert_array_equal(statistical_variance(DATA, BACKGROUND, "background"), [16, 1, 12])


def test_full_correlation_is_a_common_normalisation() -> None:
    """Minimising over one pull of the background gives the same chi2 as its covariance."""
    matrix = covariance(DATA, BACKGROUND, 0.3, 0.5, correlation="full")
    pull = np.linspace(-4, 4, 400001)[:, None]
    shifted = DATA - SIGNAL - BACKGROUND * (1 + 0.3 * pull)
    profile = (shifted**2 / (np.maximum(DATA, 1) + 0.25)).sum(axis=1) + pull[:, 0] ** 2
    assert chi_squared(DATA, BACKGROUND, SIGNAL, matrix) == pytest.approx(profile.min(), rel=1e-9)


@settings(max_examples=50, deadline=None, derandomize=True)
@given(
    data=st.lists(st.integers(0, 1000), min_size=1, max_size=12),
    fraction=st.floats(0, 1),
    reading=st.floats(0, 30),
    correlation=st.sampled_from(["none", "full"]),
    variance=st.sampled_from(["data", "background"]),
)
def test_laws(data: list[int], fraction: float, reading: float, correlation: str, variance: str) -> None:
    counts = np.array(data, dtype=float)
    background = 0.8 * counts + 3.0
    matrix = covariance(counts, background, fraction, reading, variance=variance, correlation=correlation)
    np.testing.assert_array_equal(matrix, matrix.T)
    assert np.linalg.eigvalsh(matrix).min() >= 1.0 - 1e-9 * matrix.max()
    zero = np.zeros(len(counts))
    chi2 = chi_squared(counts, background, zero, matrix)
    assert chi2 >= 0
    assert chi_squared(counts, background, counts - background, matrix) == 0.0
    wider = covariance(counts, background, fraction, reading, 5.0, variance=variance, correlation=correlation)
    assert chi_squared(counts, background, zero, wider) <= chi2
    order = np.argsort(counts)
    turned = matrix[np.ix_(order, order)]
    assert chi_squared(counts[order], background[order], zero, turned) == pytest.approx(chi2, rel=1e-9, abs=1e-12)


def test_chi2_of_simulated_experiments_follows_its_distribution() -> None:
    rng = np.random.default_rng(20)
    background = np.linspace(400.0, 900.0, 8)
    matrix = covariance(background, background, 0.05, 3.0, variance="background", correlation="full")
    drawn = rng.multivariate_normal(background, matrix, size=2000)
    values = [chi_squared(data, background, np.zeros(8), matrix) for data in drawn]
    assert stats.kstest(values, "chi2", args=(8,)).pvalue > 0.01
    assert np.mean([p_value(value, 8) < 0.1 for value in values]) == pytest.approx(0.1, abs=0.02)


@pytest.mark.parametrize(
    ("chi2", "ndof", "expected"), [(1.0, 1, 0.317310507863), (4.0, 1, 0.045500263896), (9.21034037198, 2, 0.01)]
)
def test_p_values(chi2: float, ndof: int, expected: float) -> None:
    assert p_value(chi2, ndof) == pytest.approx(expected, rel=1e-10)
    assert p_value(0.0, ndof) == 1.0
    assert p_value(37.0, 20) == pytest.approx(stats.chi2.sf(37.0, 20), rel=1e-12)


def test_refusals() -> None:
    with pytest.raises(UnknownNameError, match=r"unknown variance 'dada'\. Did you mean 'data'"):
        statistical_variance(DATA, BACKGROUND, "dada")
    with pytest.raises(UnknownNameError, match="unknown correlation 'half'"):
        covariance(DATA, BACKGROUND, 0.1, correlation="half")
    with pytest.raises(RangeError, match="data = -1 events"):
        covariance([-1.0], [1.0], 0.1)
    with pytest.raises(RangeError, match=r"background_fraction = -0\.1"):
        covariance(DATA, BACKGROUND, -0.1)
    with pytest.raises(RangeError, match="have shapes"):
        chi_squared(DATA, BACKGROUND, SIGNAL[:2], np.eye(3))
    with pytest.raises(RangeError, match="signal = nan events"):
        chi_squared(DATA, BACKGROUND, SIGNAL * np.nan, np.eye(3))
    with pytest.raises(RangeError, match="ndof = 0"):
        p_value(1.0, 0)
