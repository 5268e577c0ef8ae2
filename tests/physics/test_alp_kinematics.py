import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from darkhorn.core.errors import RangeError
from darkhorn.core.species import ELECTRON, mass
from darkhorn.physics import alp_kinematics as ak

M_E = mass(ELECTRON)
steady = settings(deadline=None, derandomize=True, max_examples=80)


def from_cm(energy, cos, m, target, m_in, m_recoil):
    """Energy, momentum and lab cosine of a from its angle in the centre of mass: explicit boost."""
    p_in = np.sqrt(energy**2 - m_in**2)
    s = m_in**2 + target**2 + 2 * target * energy
    e_star = (s + m**2 - m_recoil**2) / (2 * np.sqrt(s))
    p_star = np.sqrt(e_star**2 - m**2)
    gamma, boosted = (energy + target) / np.sqrt(s), p_in / np.sqrt(s)
    along = gamma * p_star * cos + boosted * e_star
    p = np.hypot(along, p_star * np.sqrt(1 - cos**2))
    return gamma * e_star + boosted * p_star * cos, p, along / p


@given(st.floats(0.0, 200), st.floats(0.02, 30), st.sampled_from([M_E, 938.0, 1.7e5]), st.floats(-0.999, 0.999))
@steady
def test_photon_kinematics_equal_an_explicit_boost(m, excess, target, cos):
    assume(m == 0.0 or m > 1e-3)
    energy = ak.threshold_energy(m, target) * (1 + excess) + (0.5 if m == 0 else 0.0)
    outgoing, p, lab = from_cm(energy, cos, m, target, 0.0, target)
    low, high = ak.q_sq_limits(energy, m, target)
    # linear in cos*
    q_sq = low + (high - low) * 0.5 * (1 - cos)
    assert 2 * target * (energy - outgoing) == pytest.approx(q_sq, rel=1e-6, abs=1e-9 * target * energy)
    assert ak.versine_of_q_sq(energy, q_sq, m, target) == pytest.approx(1 - lab, rel=1e-6, abs=1e-9)
    fast, slow = ak.momenta_at_angle(energy, max(1 - lab, 0.0), m, target)
    best = min(abs(fast - p), abs(slow - p))
    assert best < 2e-5 * p
    nearest = fast if abs(fast - p) <= abs(slow - p) else slow
    versine = ak.versine_of_q_sq(energy, ak.q_sq_of_momentum(energy, nearest, 1 - lab, m, target), m, target)
    assert versine == pytest.approx(1 - lab, rel=1e-5, abs=1e-9)


@given(st.floats(1.5, 100), st.floats(0.02, 30), st.floats(-0.999, 0.999))
@steady
def test_annihilation_kinematics_equal_an_explicit_boost(m, excess, cos):
    energy = max(m**2 / (2 * M_E) - M_E, M_E) * (1 + excess)
    outgoing, p, lab = from_cm(energy, cos, m, M_E, M_E, 0.0)
    masses = {"m_in": M_E, "m_recoil": 0.0}
    assert ak.versine_of_energy(energy, outgoing, m, M_E, **masses) == pytest.approx(1 - lab, rel=1e-6, abs=1e-9)
    fast, slow = ak.momenta_at_angle(energy, max(1 - lab, 0.0), m, M_E, **masses)
    assert min(abs(fast - p), abs(slow - p)) < 2e-5 * p
    for found in (fast, slow):
        if found > 0:
            assert ak.versine_of_energy(energy, np.hypot(found, m), m, M_E, **masses) == pytest.approx(
                1 - lab, rel=1e-5, abs=1e-9
            )


def test_a_slow_alp_stays_in_a_cone_with_two_momenta():
    versine = np.array([0.0, 1e-7, 1.0, 2.0])
    energy = 1.2 * ak.threshold_energy(10.0, M_E)
    fast, slow = ak.momenta_at_angle(energy, versine, 10.0, M_E)
    assert (fast[:2] > slow[:2]).all()
    assert (slow[:2] > 0).all()
    assert fast[2:].tolist() == slow[2:].tolist() == [0.0, 0.0]
    # on a heavy target every direction is open, once
    fast, slow = ak.momenta_at_angle(100.0, versine, 10.0, 1.7e5)
    assert (fast > 99).all()
    assert slow.tolist() == [0.0] * 4


def test_forward_q_sq_keeps_its_digits_on_a_heavy_target():
    # (m^2/2E)^2 up to (m/E)^2
    low, _ = ak.q_sq_limits(1000.0, 0.1, 1.7e5)
    assert low == pytest.approx((0.1**2 / 2000.0) ** 2, rel=1e-5, abs=0)
    fast, _ = ak.momenta_at_angle(1000.0, 0.0, 0.1, 1.7e5)
    assert ak.q_sq_of_momentum(1000.0, fast, 0.0, 0.1, 1.7e5) == pytest.approx(low, rel=1e-9, abs=0)
    assert ak.versine_of_q_sq(1000.0, ak.q_sq_of_momentum(1000.0, fast, 1e-14, 0.1, 1.7e5), 0.1, 1.7e5) == (
        pytest.approx(1e-14, rel=1e-6)
    )


def test_closed_below_threshold():
    least = ak.threshold_energy(50.0, 938.0)
    assert least == pytest.approx(50 + 2500 / 1876)
    assert ak.q_sq_limits(least * (1 - 1e-9), 50.0, 938.0) == (0.0, 0.0)
    low, high = ak.q_sq_limits(least * (1 + 1e-9), 50.0, 938.0)
    assert low == pytest.approx(high, rel=1e-3)
    assert low == pytest.approx(50.0**2 * 938 / 988, rel=1e-3)
    fast, slow = ak.momenta_at_angle(least * 0.99, [0.0, 0.5, 2.0], 50.0, 938.0)
    assert fast.tolist() == slow.tolist() == [0.0] * 3
    # a heavy a on an electron: the equation has a root with a recoil of negative energy
    fast, slow = ak.momenta_at_angle(1.0, [0.0, 0.5, 2.0], 3.0, M_E)
    assert fast.tolist() == slow.tolist() == [0.0] * 3


def test_bad_arguments_are_refused():
    with pytest.raises(RangeError, match="energy"):
        ak.q_sq_limits(0.0, 1.0, 938.0)
    with pytest.raises(RangeError, match="m = -1"):
        ak.threshold_energy(-1.0, 938.0)
    with pytest.raises(RangeError, match="target_mass"):
        ak.momenta_at_angle(10.0, 0.0, 1.0, 0.0)
    with pytest.raises(RangeError, match="1 - cos"):
        ak.momenta_at_angle(10.0, 2.5, 1.0, 938.0)
