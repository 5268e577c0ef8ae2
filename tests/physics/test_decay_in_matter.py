"""Decay against absorption: closed form, limits, an explicit simulation."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad

from darkhorn.core.errors import RangeError
from darkhorn.physics.decay_in_matter import decay_before_absorption, survival


@settings(deadline=None, max_examples=40)
@given(st.floats(1e-3, 1e4), st.floats(1e-3, 10.0))
def test_probability_is_the_integral_over_the_path(decay: float, absorption: float) -> None:
    """Survive both up to s, decay there: int ds/L_d exp(-s/L_d - s/L_a)."""
    total = decay * absorption / (decay + absorption)
    expected, _ = quad(lambda s: np.exp(-s / decay - s / absorption) / decay, 0.0, 60.0 * total, points=[total])
    _, probability = decay_before_absorption(0.5, decay, absorption)
    assert float(probability) == pytest.approx(expected, rel=1e-6, abs=0)


def test_path_of_those_that_decay() -> None:
    """Against two clocks drawn for each of many mesons."""
    rng = np.random.default_rng(4)
    first, second = rng.exponential(0.7, 400_000), rng.exponential(0.3, 400_000)
    decayed = first < second
    u = (np.arange(10_000) + 0.5) / 10_000
    path, probability = decay_before_absorption(u, 0.7, 0.3)
    assert probability[0] == pytest.approx(decayed.mean(), abs=4.0 * 0.46 / np.sqrt(400_000))
    np.testing.assert_allclose(
        np.quantile(path, (0.1, 0.5, 0.9)), np.quantile(first[decayed], (0.1, 0.5, 0.9)), rtol=0.03
    )


def test_limits() -> None:
    """A long-lived meson decays with probability L_a/L_d; a pion of 1 GeV/c in steel 0.36 per cent of the time."""
    pion = 1000.0 / 139.57039 * 7.8045
    assert decay_before_absorption(0.5, 1e6, 0.2)[1] == pytest.approx(2e-7, rel=1e-6, abs=0)
    assert decay_before_absorption(0.5, pion, 0.2042)[1] == pytest.approx(0.2042 / pion, rel=0.004)
    assert decay_before_absorption(0.5, 0.0, 0.2)[1] == 1.0
    assert survival(0.0, 0.3) == 1.0
    assert survival(0.6, 0.3) == pytest.approx(np.exp(-2.0))


@pytest.mark.parametrize(("decay", "absorption"), [(-1.0, 0.2), (1.0, 0.0), (np.nan, 0.2), (1.0, np.inf)])
def test_impossible_lengths(decay: float, absorption: float) -> None:
    with pytest.raises(RangeError, match="m is outside"):
        decay_before_absorption(0.5, decay, absorption)
