import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from darkhorn.core.errors import RangeError
from darkhorn.physics.fourvector import boost, deflect, minkowski_dot, minkowski_sq, rotate, transverse_axes

steady = settings(deadline=None, derandomize=True, max_examples=100)
cosines, angles = st.floats(-1, 1), st.floats(-7, 7)


def unit(cos, phi):
    sine = np.sqrt(1 - cos**2)
    return np.array([sine * np.cos(phi), sine * np.sin(phi), cos])


def test_products_by_hand():
    a, b = [5.0, 1.0, 2.0, 3.0], [7.0, -1.0, 0.5, 2.0]
    assert minkowski_dot(a, b) == 35 - (-1 + 1 + 6)
    assert minkowski_sq([5.0, 0.0, 3.0, 4.0]) == 0.0
    assert minkowski_sq(np.array([[5.0, 0, 0, 3.0], [3.0, 0, 0, 5.0]])) == pytest.approx([16, -16], rel=1e-15)


@given(cosines, angles, st.floats(0, 1e4), st.floats(0.1, 1e3))
@steady
def test_boost_carries_the_rest_frame_to_the_frame_and_back(cos, phi, momentum, mass):
    frame = np.append(np.hypot(momentum, mass), momentum * unit(cos, phi))
    assert boost([mass, 0, 0, 0], frame, mass) == pytest.approx(frame, rel=1e-13, abs=1e-12)
    p = np.array([30.0, 4.0, -5.0, 6.0])
    there = boost(p, frame, mass)
    reverse = frame * [1, -1, -1, -1]
    scale = (frame[0] / mass) ** 2
    assert boost(there, reverse, mass) == pytest.approx(p, abs=1e-13 * scale * 30)
    assert minkowski_dot(there, frame) == pytest.approx(p[0] * mass, rel=1e-12 * scale)


def test_boost_against_the_textbook_matrix():
    gamma, beta = 5.0 / 3.0, 0.8
    p = np.array([10.0, 1.0, 2.0, 3.0])
    expected = [gamma * (10 + beta * 3), 1.0, 2.0, gamma * (3 + beta * 10)]
    assert boost(p, [5.0, 0, 0, 4.0], 3.0) == pytest.approx(expected, rel=1e-15)
    with pytest.raises(RangeError, match="mass"):
        boost(p, [5.0, 0, 0, 5.0], 0.0)


@given(cosines, angles)
@steady
def test_transverse_axes_are_a_right_handed_frame(cos, phi):
    n = unit(cos, phi)
    e1, e2 = transverse_axes(n)
    assert np.array([e1 @ e1, e2 @ e2, e1 @ e2, e1 @ n, e2 @ n]) == pytest.approx([1, 1, 0, 0, 0], abs=1e-14)
    assert np.cross(e1, e2) == pytest.approx(n, abs=1e-14)


@given(cosines, angles, cosines, angles)
@steady
def test_rotation_opens_the_angle_asked_for(cos, phi, cos_turn, phi_turn):
    n = unit(cos, phi)
    turned = rotate(n, cos_turn, phi_turn)
    assert turned @ turned == pytest.approx(1, abs=1e-13)
    assert turned @ n == pytest.approx(cos_turn, abs=1e-13)


@pytest.mark.parametrize("n", [[0, 0, 1.0], [0, 0, -1.0], [1.0, 0, 0], [0, -1.0, 0]])
def test_rotation_about_the_axes_and_azimuth(n):
    n = np.array(n)
    phi = np.linspace(0, 2 * np.pi, 9)
    turned = rotate(np.tile(n, (9, 1)), np.full(9, 0.5), phi)
    transverse = turned - 0.5 * n
    e1, e2 = transverse_axes(n)
    assert transverse @ e1 == pytest.approx(np.sqrt(0.75) * np.cos(phi), abs=1e-15)
    assert transverse @ e2 == pytest.approx(np.sqrt(0.75) * np.sin(phi), abs=1e-15)


def test_tiny_deflections_keep_their_digits():
    turned = deflect([0, 0, 1.0], 5e-25, 0.0)
    assert turned[0] == pytest.approx(1e-12, rel=1e-14)
    assert rotate([0, 0, 1.0], 1 + 1e-15, 0.0).tolist() == [0, 0, 1]
    with pytest.raises(RangeError, match="1 - cos"):
        rotate([0, 0, 1.0], 1.01, 0.0)
