"""Highland's angle: published values, and that one deflection at a random place gives the right joint moments."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from darkhorn.core.errors import RangeError
from darkhorn.physics.multiple_scattering import highland_angle, highland_square

PION, P = 139.57039, np.array([500.0, 1000.0, 2000.0])
X0_BE, X0_AL = 65.19 / 1.848, 24.01 / 2.70


@pytest.mark.parametrize(
    ("cm", "x0", "mrad"),
    [
        (1, X0_BE, [4.12, 2.00, 0.99]),
        (3, X0_BE, [7.48, 3.63, 1.80]),
        (5, X0_BE, [9.87, 4.79, 2.38]),
        (0.3, X0_AL, [4.53, 2.20, 1.09]),
        (1, X0_AL, [8.71, 4.22, 2.10]),
        (3, X0_AL, [15.8, 7.65, 3.79]),
    ],
)
def test_published_values(cm: float, x0: float, mrad: list) -> None:
    assert 1e3 * highland_angle(P, PION, cm / x0) == pytest.approx(mrad, rel=3e-3)


def test_thickness_adds_up_in_differences() -> None:
    beta = 1000.0 / np.hypot(1000.0, PION)
    steps = np.linspace(0.0, 0.3, 8)[1:]
    squares = highland_square(steps, beta * 1000.0, beta**2)
    parts = np.diff(np.concatenate([[0.0], squares]))
    assert (parts > 0).all()
    assert np.sqrt(parts.sum()) == pytest.approx(float(highland_angle(1000.0, PION, 0.3)), rel=1e-12)


def test_one_deflection_at_a_random_place_has_the_moments_of_a_layer() -> None:
    rng = np.random.default_rng(1)
    angle, place = rng.normal(size=400_000), rng.random(400_000)
    offset = angle * (1.0 - place)
    assert offset.std() == pytest.approx(1 / np.sqrt(3), rel=5e-3)
    assert np.corrcoef(angle, offset)[0, 1] == pytest.approx(np.sqrt(3) / 2, rel=5e-3)


@settings(deadline=None, max_examples=60, derandomize=True)
@given(st.floats(50.0, 1e4), st.floats(1e-4, 10.0))
def test_grows_with_thickness_and_falls_with_momentum(p: float, thickness: float) -> None:
    angle = float(highland_angle(p, PION, thickness))
    assert float(highland_angle(p, PION, 1.1 * thickness)) > angle
    assert float(highland_angle(1.1 * p, PION, thickness)) < angle


def test_vanishes_gently_and_refuses_nonsense() -> None:
    assert float(highland_angle(1000.0, PION, 1e-15)) == 0.0
    for arguments, name in [((0.0, PION, 1.0), "p = 0"), ((1.0, -1.0, 1.0), "mass = -1"), ((1.0, 0.0, 0.0), "x/X0")]:
        with pytest.raises(RangeError, match=name):
            highland_angle(*arguments)
