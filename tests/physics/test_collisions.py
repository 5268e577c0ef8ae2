"""Elastic collisions with a target at rest, against boosts from the centre of mass."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from darkhorn.core.errors import RangeError
from darkhorn.physics.collisions import after_collision, largest_transfer


@settings(deadline=None, max_examples=60, derandomize=True)
@given(st.floats(10.0, 9000.0), st.floats(0.1, 1000.0), st.floats(500.0, 60_000.0), st.floats(-1.0, 1.0))
def test_against_a_boost_from_the_centre_of_mass(p: float, m: float, target: float, cosine: float) -> None:
    energy = np.hypot(p, m)
    total = energy + target
    beta, s = p / total, total**2 - p**2
    gamma = total / np.sqrt(s)
    p_star = p * target / np.sqrt(s)
    e_star = np.hypot(p_star, m)
    along = gamma * (p_star * cosine + beta * e_star)
    across = p_star * np.sqrt(1.0 - cosine**2)
    t = 2.0 * p_star**2 * (1.0 - cosine)
    assert largest_transfer(p, m, target) == pytest.approx(4.0 * p_star**2, rel=1e-9)
    momentum, angle = after_collision(p, min(t, 4.0 * p_star**2), m, target)
    assert momentum == pytest.approx(np.hypot(along, across), rel=1e-6, abs=1e-3)
    if momentum > 1.0:
        assert momentum * angle == pytest.approx(along, rel=1e-6, abs=1e-3 * p)


def test_no_transfer_leaves_the_particle_as_it_was_and_a_heavy_target_turns_it_only() -> None:
    momentum, cosine = after_collision(np.array([500.0, 2000.0]), 0.0, 139.57, 938.3)
    assert momentum == pytest.approx([500.0, 2000.0], rel=1e-12)
    assert cosine == pytest.approx([1.0, 1.0], abs=1e-12)
    momentum, cosine = after_collision(1000.0, 1.0e4, 139.57, 1e9)
    assert momentum == pytest.approx(1000.0, rel=1e-6)
    assert cosine == pytest.approx(1.0 - 1.0e4 / (2.0 * 1000.0**2), abs=1e-8)  # |t| = 2 p^2 (1 - cos)


def test_impossible_transfers_are_refused() -> None:
    limit = float(largest_transfer(1000.0, 139.57, 938.3))
    assert limit == pytest.approx(
        4.0 * (1000.0 * 938.3) ** 2 / (139.57**2 + 938.3**2 + 2.0 * 938.3 * 1009.693), rel=1e-5
    )
    with pytest.raises(RangeError, match="t = "):
        after_collision(1000.0, 1.01 * limit, 139.57, 938.3)
    with pytest.raises(RangeError, match="p = 0"):
        after_collision(0.0, 0.0, 139.57, 938.3)
    with pytest.raises(RangeError, match="target_mass"):
        largest_transfer(1.0, 1.0, 0.0)
