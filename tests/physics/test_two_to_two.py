from decimal import Decimal, getcontext

import numpy as np
import pytest
from dirac_algebra import dot, scatter
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad

from darkhorn.core.errors import RangeError
from darkhorn.physics import two_to_two as tt
from darkhorn.physics.primakoff import msq_x_via_vector

getcontext().prec = 80
steady = settings(deadline=None, derandomize=True, max_examples=150)
boson_masses = st.one_of(st.just(0.0), st.floats(1e-3, 400))
kinetic = st.floats(1e-2, 5e3)
targets = st.floats(500, 2e5)


def exact_limits(energy, m, target):
    """Limits of Q^2 from centre-of-mass energies and momenta with 80 digits."""
    energy, m, target = Decimal(energy), Decimal(m), Decimal(target)
    s = m**2 + target**2 + 2 * target * energy
    e1, p1 = (m**2 + target * energy) / s.sqrt(), target * (energy**2 - m**2).sqrt() / s.sqrt()
    p3 = (s - target**2) / (2 * s.sqrt())
    return 2 * p3 * (e1 - p1) - m**2, 2 * p3 * (e1 + p1) - m**2


@given(boson_masses, kinetic, targets)
@steady
def test_limits_have_all_their_digits(m, kinetic_energy, target):
    energy = m + kinetic_energy
    low, high = tt.q_sq_limits(energy, m, target)
    exact_low, exact_high = exact_limits(energy, m, target)
    assert 0 <= low <= high
    # the input is a double: p = sqrt((E-m)(E+m)) still has 1e-16 because E - m is exact
    assert float(Decimal(float(high)) / exact_high) == pytest.approx(1, rel=1e-13)
    if m == 0:
        assert low == 0.0
    else:
        assert float(Decimal(float(low)) / exact_low) == pytest.approx(1, rel=1e-13)


def test_limits_in_known_cases():
    low, high = tt.q_sq_limits(300.0, 1.0, 1e9)
    assert low == pytest.approx(1 / (4 * 300.0**2), rel=1e-5)
    assert high == pytest.approx(4 * 300.0**2, rel=1e-5)
    low, high = tt.q_sq_limits([20.0, 0.5], [20.0, 0.5], 938.0)
    assert low == pytest.approx(high, rel=1e-14)
    assert low == pytest.approx(np.array([400 * 938 / 958, 0.25 * 938 / 938.5]), rel=1e-14)


@given(boson_masses, kinetic, st.floats(-1, 1), st.floats(500, 2e4))
@steady
def test_angles_and_energies_agree_with_explicit_momenta(m, kinetic_energy, cos_cm, target):
    energy = m + kinetic_energy
    p, _, k, _ = scatter(energy, m, target, 0.0, cos_cm)
    q_sq = tt.q_sq_from_cm_cos(energy, cos_cm, m, target)
    assert q_sq == pytest.approx(-dot(p - k, p - k), rel=1e-8, abs=1e-9 * energy**2)
    assert tt.photon_energy(energy, q_sq, target) == pytest.approx(k[0], rel=1e-11)
    cos_lab = p[1:] @ k[1:] / np.linalg.norm(p[1:]) / np.linalg.norm(k[1:])
    assert tt.one_minus_cos_lab(energy, q_sq, m, target) == pytest.approx(1 - cos_lab, abs=1e-7)
    assert tt.recoil_energy(q_sq, target) == pytest.approx(energy - k[0], abs=1e-10 * energy)


@given(boson_masses, kinetic, st.floats(-1, 1), st.floats(500, 2e4))
@steady
def test_the_lab_angle_maps_there_and_back(m, kinetic_energy, cos_lab, target):
    energy = m + kinetic_energy
    q_sq = tt.q_sq_from_lab_cos(energy, cos_lab, m, target)
    low, high = tt.q_sq_limits(energy, m, target)
    assert low <= q_sq <= high * (1 + 1e-13)
    p = np.sqrt((energy - m) * (energy + m))
    if (q_sq - low) > 1e-6 * q_sq:
        assert tt.one_minus_cos_lab(energy, q_sq, m, target) == pytest.approx(1 - cos_lab, rel=1e-8, abs=1e-300)
    # energy conservation: t = m^2 - 2 E_gamma (E - p cos)
    e_gamma = tt.photon_energy(energy, q_sq, target)
    assert -q_sq == pytest.approx(m**2 - 2 * e_gamma * (energy - p * cos_lab), abs=1e-12 * energy**2)


def test_the_smallest_angle_is_exactly_zero_and_none_is_nan():
    energy, m, target = 300.0, 1.0, 11174.86
    low, high = tt.q_sq_limits(energy, m, target)
    assert tt.one_minus_cos_lab(energy, low, m, target) == 0.0
    assert tt.one_minus_cos_lab(energy, high, m, target) == pytest.approx(2, rel=1e-13)
    # small angles: theta = sqrt(Q^2 - Q^2_min)/E
    step = 1e-12
    assert tt.one_minus_cos_lab(energy, low + step, m, target) == pytest.approx(step / (2 * energy**2), rel=1e-3, abs=0)
    assert tt.one_minus_cos_lab(1.0, 1.0, 1.0, target) == 0.0
    assert tt.dsigma_dq_sq_cm2(1.0, 1.0, 1.0, target) == 0.0


def test_cross_section_from_hand_values():
    # <|M|^2> = 1, M = 1000 MeV, p = 100 MeV: 1/(64 pi 1e10) MeV^-4 times (hbar c)^2
    value = tt.dsigma_dq_sq_cm2(1.0, np.hypot(100.0, 20.0), 20.0, 1000.0)
    assert value == pytest.approx(3.8937937e-22 / (64 * np.pi * 1e10), rel=1e-7, abs=0)
    s, m, target = tt.mandelstam_s(np.hypot(100.0, 20.0), 20.0, 1000.0), 20.0, 1000.0
    kallen = (s - (m + target) ** 2) * (s - (m - target) ** 2)
    assert value == pytest.approx(3.8937937e-22 / (16 * np.pi * kallen), rel=1e-7, abs=0)


@pytest.mark.parametrize(("energy", "m", "target", "mediator"), [(300, 1, 938.27, 49), (150, 20, 11174.86, 300)])
def test_total_cross_section_by_q_sq_and_by_angle(energy, m, target, mediator):
    def msq(q_sq):
        return msq_x_via_vector(energy, q_sq, m, target, mediator)

    low, high = tt.q_sq_limits(energy, m, target)
    # substitution Q^2 = e^x - mediator^2 flattens the propagator
    by_q_sq, _ = quad(
        lambda x: float(tt.dsigma_dq_sq_cm2(msq(np.exp(x) - mediator**2), energy, m, target)) * np.exp(x) * 1e36,
        np.log(low + mediator**2),
        np.log(high + mediator**2),
        epsrel=1e-11,
    )
    s = float(tt.mandelstam_s(energy, m, target))
    p1 = target * np.sqrt(energy**2 - m**2) / np.sqrt(s)
    p3 = (s - target**2) / (2 * np.sqrt(s))
    # textbook: dsigma/dOmega* = |M|^2 p3/(64 pi^2 s p1)
    by_angle, _ = quad(lambda c: float(msq(tt.q_sq_from_cm_cos(energy, c, m, target))), -1, 1, epsrel=1e-11, limit=400)
    by_angle *= 2 * np.pi * p3 / (64 * np.pi**2 * s * p1) * 3.8937937217186e-22 * 1e36
    assert by_q_sq == pytest.approx(by_angle, rel=1e-8)


@pytest.mark.parametrize(
    ("arguments", "key"),
    [
        ((10.0, 20.0, 938.0), "energy - m"),
        ((10.0, -1.0, 938.0), "m = -1"),
        ((10.0, 1.0, 0.0), "target_mass"),
        ((np.nan, 1.0, 938.0), "energy"),
        ((0.0, 0.0, 938.0), "energy"),
    ],
)
def test_bad_input_is_named(arguments, key):
    with pytest.raises(RangeError, match=key):
        tt.q_sq_limits(*arguments)
