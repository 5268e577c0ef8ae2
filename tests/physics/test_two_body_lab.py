"""Laboratory kinematics: both branches at an angle, the cone, and 1 - cos of a particle that changes its mass."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from darkhorn.physics.fourvector import boost, deflect
from darkhorn.physics.two_body_lab import cone_half_azimuth, largest_angle_cosine, one_minus_cos_out, rest_cosines

FINE = settings(max_examples=150, deadline=None, derandomize=True)


def lab(x: float, gamma: float, rest: float, mass: float) -> tuple[float, float]:
    """Lab cosine and momentum of a daughter at rest-frame cosine x, by an explicit boost."""
    p = np.sqrt(rest**2 - mass**2)
    four = boost([rest, p * np.sqrt(1 - x * x), 0.0, p * x], [gamma, 0.0, 0.0, np.sqrt(gamma**2 - 1)], 1.0)
    size = np.linalg.norm(four[1:])
    return float(four[3] / size), float(size)


@given(x=st.floats(-1.0, 1.0), log_gamma=st.floats(0.001, 4.0), mass=st.floats(0.0, 60.0))
@FINE
def test_a_boosted_daughter_is_found_again(x: float, log_gamma: float, mass: float) -> None:
    gamma, rest = float(np.exp(log_gamma)), 67.5
    beta = np.sqrt((1 - 1 / gamma) * (1 + 1 / gamma))
    cosine, momentum = lab(x, gamma, rest, mass)
    assume(momentum > 1e-3)
    edge = float(largest_angle_cosine(gamma, beta, rest, mass))
    assert cosine >= edge - 1e-9
    assume(cosine > edge + 1e-5 or edge == -1.0)
    fast, slow = (float(value) for value in rest_cosines(cosine, gamma, beta, rest, mass))
    assert min(abs(fast - x), abs(slow - x)) < 1e-5
    assert -1.0 <= slow <= fast <= 1.0


def test_one_branch_for_a_light_daughter_and_two_for_a_heavy_one() -> None:
    assert float(largest_angle_cosine(3.0, np.sqrt(8.0) / 3.0, 70.0, 1.0)) == -1.0
    fast, slow = rest_cosines([1.0, -1.0], 3.0, np.sqrt(8.0) / 3.0, 70.0, 1.0)
    assert fast == pytest.approx([1.0, -1.0], abs=1e-12)
    assert (slow == -1.0).all()
    edge = float(largest_angle_cosine(3.0, np.sqrt(8.0) / 3.0, 70.0, 60.0))
    assert edge == pytest.approx(np.sqrt(1 - (70 / 180) ** 2) / (np.sqrt(8) / 3))
    fast, slow = rest_cosines([1.0, edge], 3.0, np.sqrt(8.0) / 3.0, 70.0, 60.0)
    assert (fast[0], slow[0]) == pytest.approx((1.0, -1.0), abs=1e-12)
    assert fast[1] == pytest.approx(slow[1], abs=1e-6)


@given(
    theta=st.floats(0.0, np.pi), axis=st.floats(0.0, np.pi), opening=st.floats(0.001, 1.5), phi=st.floats(0.0, np.pi)
)
@FINE
def test_azimuth_tells_inside_from_outside(theta: float, axis: float, opening: float, phi: float) -> None:
    half = float(cone_half_azimuth(theta, axis, opening))
    cosine = np.cos(axis) * np.cos(theta) + np.sin(axis) * np.sin(theta) * np.cos(phi)
    assume(abs(cosine - np.cos(opening)) > 1e-9)
    assert (phi < half) == (cosine > np.cos(opening))


def test_azimuth_of_a_tiny_cone_keeps_its_digits() -> None:
    half = float(cone_half_azimuth(1e-6, 1e-6, 1e-8))
    assert half == pytest.approx(2.0 * np.arcsin(0.5e-8 / 1e-6), rel=1e-9)


@given(
    m_in=st.floats(0.0, 50.0), m_out=st.floats(0.0, 80.0), e_in=st.floats(90.0, 1e4), share=st.floats(0.01, 1.0),
    log_versine=st.floats(-9.0, 0.3),
)  # fmt: skip
@FINE
def test_versine_from_momentum_transfer(
    m_in: float, m_out: float, e_in: float, share: float, log_versine: float
) -> None:
    e_out = m_out + share * (e_in - m_out)
    versine = 10**log_versine
    assume(versine <= 2.0)
    p_in, p_out = np.sqrt(e_in**2 - m_in**2), np.sqrt(e_out**2 - m_out**2)
    assume(p_out > 1.0)
    k_in = np.array([0.0, 0.0, p_in])
    k_out = p_out * deflect(np.array([0.0, 0.0, 1.0]), versine, 0.7)
    q_sq = float(((k_in - k_out) ** 2).sum() - (e_in - e_out) ** 2)
    found = float(one_minus_cos_out(e_in, e_out, q_sq, m_in, m_out))
    assert found == pytest.approx(versine, rel=1e-6, abs=1e-13 * (e_in / p_out) ** 2)
