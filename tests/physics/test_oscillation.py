"""Two-flavour oscillation: the textbook number, periodicity and bounds."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from darkhorn.core.errors import RangeError
from darkhorn.physics.oscillation import appearance


def test_textbook_phase() -> None:
    """1.267 dm^2[eV^2] L[km] / E[GeV]."""
    expected = 0.807 * np.sin(1.26693 * 0.0432 * 0.5201 / 0.25) ** 2
    assert appearance(250.0, 520.1, 0.807, 0.0432) == pytest.approx(expected, rel=1e-5)
    assert appearance(1000.0, 1000.0, 1.0, np.pi / 2 / 1.26693) == pytest.approx(1.0, abs=1e-9)


@settings(max_examples=50, deadline=None, derandomize=True)
@given(energy=st.floats(1, 1e5), distance=st.floats(0, 1e6), angle=st.floats(0, 1), mass=st.floats(0, 100))
def test_a_probability(energy: float, distance: float, angle: float, mass: float) -> None:
    value = appearance(energy, distance, angle, mass)
    assert 0.0 <= value <= angle
    assert appearance(2 * energy, 2 * distance, angle, mass) == pytest.approx(value, rel=1e-6, abs=1e-9)


def test_refusals() -> None:
    with pytest.raises(RangeError, match="energy = 0 MeV"):
        appearance(0.0, 1.0, 0.5, 1.0)
    with pytest.raises(RangeError, match="sin_sq_2theta"):
        appearance(1.0, 1.0, 1.5, 1.0)
    with pytest.raises(RangeError, match="delta_m_sq = -1"):
        appearance(1.0, 1.0, 0.5, -1.0)
