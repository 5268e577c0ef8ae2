import numpy as np
import pytest
from dirac_algebra import GAMMA, IDENTITY, METRIC, current_tensor, scatter, slash
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad

from darkhorn.core.errors import RangeError, UnknownNameError
from darkhorn.core.units import INV_MEV2_IN_CM2
from darkhorn.physics import elastic as el
from darkhorn.physics import scattering as sc
from darkhorn.physics import two_to_two as tt

steady = settings(deadline=None, derandomize=True, max_examples=60)


def target_tensor(p_in, p_out, mass, f1, f2):
    """Trace of the target with the vertex F1 gamma + i F2 sigma q/(2 M), both indices up, summed over spins."""
    q_low = METRIC @ (p_out - p_in)
    sigma_q = 0.5j * (
        np.einsum("mij,njk,n->mik", GAMMA, GAMMA, q_low) - np.einsum("nij,mjk,n->mik", GAMMA, GAMMA, q_low)
    )
    vertex = f1 * GAMMA + 1j * f2 * sigma_q / (2 * mass)
    adjoint = np.einsum("ij,mkj,kl->mil", GAMMA[0], vertex.conj(), GAMMA[0])
    out, rest = slash(p_out) + mass * IDENTITY, slash(p_in) + mass * IDENTITY
    return np.einsum("ij,mjk,kl,nli->mn", out, vertex, rest, adjoint)


@given(
    st.sampled_from([0.511, 938.27]),
    st.floats(1, 100),
    st.floats(1, 2000),
    st.floats(0, 200),
    st.floats(-0.999, 1),
    st.floats(-1, 1),
    st.floats(-2, 2),
)
@steady
def test_cross_sections_equal_explicit_traces(target, m, kinetic, mediator, cos, f1, f2):
    energy = m + kinetic
    p, rest, k, out = scatter(energy, m, target, m, cos)
    recoil = out[0] - target
    if recoil < 1e-6 * kinetic:
        return
    hadron = 0.5 * target_tensor(rest, out, target, f1, f2).real
    chi = {"dirac": 0.5 * current_tensor(k, m, p, m), "scalar": np.outer(p + k, p + k)}
    flux = 32 * np.pi * target * (energy**2 - m**2) * (2 * target * recoil + mediator**2) ** 2
    for spin, tensor in chi.items():
        expected = (METRIC @ tensor @ METRIC * hadron).sum() / flux * INV_MEV2_IN_CM2
        forward = 16 * (target * energy) ** 2 * (abs(f1) + abs(f2)) ** 2 / flux * INV_MEV2_IN_CM2
        got = el.dsigma_dt_recoil_cm2(energy, recoil, m, target, mediator, spin=spin, f1=f1, f2=f2)
        assert got == pytest.approx(expected, rel=1e-6, abs=1e-8 * forward)


def test_a_peer_programs_formulas():
    # scalar chi, coupling product 4 pi e^2 ... as events per recoil: (g g)^2 = 16 pi^2 alpha alpha_D eps^2
    m, mv, energy = 5.0, 100.0, 700.0
    product = 16 * np.pi**2 / 137.036 * 0.1 * 1e-6
    t = np.array([1e-3, 1.0, 35.0, 300.0, 600.0])
    electron = 0.51099895
    shape = 2 * electron * energy**2 - (2 * electron * energy + m**2) * t
    front = 4 * np.pi * 1e-6 / 137.036 * 0.1 / (energy**2 - m**2) * INV_MEV2_IN_CM2
    expected = front * shape / (mv**2 + 2 * electron * t) ** 2
    got = product * el.dsigma_dt_recoil_cm2(energy, t, m, electron, mv)
    assert got == pytest.approx(expected, rel=1e-12, abs=0)
    # the same with a nucleon and both form factors
    nucleon, f1, f2 = 938.272, 0.83, 1.41
    out = energy - t
    a = 2 * nucleon * energy * out - m**2 * t
    b = -t * ((energy + out) ** 2 - 2 * nucleon * t - 4 * m**2)
    c = -t * (nucleon * t + 2 * m**2)
    expected = front * (f1**2 * a + f1 * f2 * c - f2**2 * b / 4) / (mv**2 + 2 * nucleon * t) ** 2
    got = product * el.dsigma_dt_recoil_cm2(energy, t, m, nucleon, mv, f1=f1, f2=f2)
    high = el.recoil_limits(energy, m, nucleon)[1]
    assert (t < high).tolist() == [True, True, True, True, False]
    assert got[:4] == pytest.approx(expected[:4], rel=1e-12, abs=0)
    assert got[4] == 0.0


@given(st.floats(0.5, 2000), st.floats(0.1, 300), st.floats(1, 3000), st.floats(-1, 1))
@steady
def test_recoil_against_explicit_kinematics(target, m, kinetic, cos):
    energy = m + kinetic
    p, _, _, out = scatter(energy, m, target, m, cos)
    low, high = el.recoil_limits(energy, m, target)
    assert low == 0.0
    recoil = out[0] - target
    assert recoil == pytest.approx(high * (1 - cos) / 2, rel=1e-6, abs=1e-9 * energy)
    momentum = np.linalg.norm(out[1:])
    if cos < 0.99:
        along = out[1:] @ p[1:] / (momentum * p[3])
        assert el.recoil_cosine(energy, recoil, m, target) == pytest.approx(along, abs=1e-6)
    assert el.recoil_cosine(energy, high, m, target) == pytest.approx(1.0, abs=1e-7)
    assert el.recoil_cosine(energy, 0.0, m, target) == 0.0


def test_point_targets_agree_with_the_upscattering_of_equal_masses():
    energy, m, target, mv = 300.0, 10.0, 938.0, 17.0
    high = el.recoil_limits(energy, m, target)[1]
    t = high * np.array([0.01, 0.15, 0.7, 0.999])
    msq = sc.msq_upscatter_dirac(energy, 2 * target * t, m, m, target, mv)
    expected = 2 * target * tt.dsigma_dq_sq_cm2(msq, energy, m, target)
    assert el.dsigma_dt_recoil_cm2(energy, t, m, target, mv, spin="dirac") == pytest.approx(expected, rel=1e-12, abs=0)


def test_coulomb_limit_of_a_heavy_target_does_not_know_the_spin():
    # slow chi and T -> 0: M/(2 pi p^2) E^2/(2 M T + mV^2)^2 for both
    energy, m, target, mv = 60.0, 50.0, 1e5, 10.0
    t = 1e-6
    expected = target * energy**2 / (2 * np.pi * (energy**2 - m**2)) / (2 * target * t + mv**2) ** 2 * INV_MEV2_IN_CM2
    for spin in el.SPINS:
        assert el.dsigma_dt_recoil_cm2(energy, t, m, target, mv, spin=spin) == pytest.approx(expected, rel=1e-4, abs=0)


def test_known_value_and_integral():
    # total of scalar chi on an electron by hand: an elementary integral of the shape above
    electron, m, energy, mv = 0.51099895, 5.0, 700.0, 100.0
    high = float(el.recoil_limits(energy, m, electron)[1])
    total, _ = quad(lambda t: float(el.dsigma_dt_recoil_cm2(energy, t, m, electron, mv)), 0, high, epsrel=1e-12)
    a, b = 2 * electron * energy**2, 2 * electron * energy + m**2
    x = mv**2 + 2 * electron * high
    w = 2 * electron
    first = a / w * (1 / mv**2 - 1 / x)
    second = b / w**2 * (np.log(x / mv**2) + mv**2 / x - 1)
    by_hand = (first - second) / (4 * np.pi * (energy**2 - m**2)) * INV_MEV2_IN_CM2
    assert total == pytest.approx(by_hand, rel=1e-9, abs=0)


@given(
    st.floats(0, 1e5),
    st.floats(-10, 1e6),
    st.floats(0, 1e4),
    st.floats(0.1, 2e5),
    st.floats(1e-3, 1e4),
    st.sampled_from(el.SPINS),
    st.floats(-3, 3),
    st.floats(-3, 3),
)
@steady
def test_never_negative_or_nan_and_zero_outside(kinetic, t, m, target, mv, spin, f1, f2):
    energy = m + kinetic
    high = float(el.recoil_limits(energy, m, target)[1])
    t = np.array([t, 0.0, 0.5 * high, high, high * 1.001 + 1e-9])
    value = el.dsigma_dt_recoil_cm2(energy, t, m, target, mv, spin=spin, f1=f1, f2=f2)
    assert np.isfinite(value).all()
    assert (value >= 0).all()
    assert value[-1] == 0.0
    if t[0] < 0 or t[0] > high:
        assert value[0] == 0.0
    cosine = el.recoil_cosine(energy, np.abs(t), m, target)
    assert ((cosine >= 0) & (cosine <= 1)).all()


def test_errors_name_the_key():
    with pytest.raises(UnknownNameError, match="Did you mean 'dirac'"):
        el.dsigma_dt_recoil_cm2(10.0, 1.0, 1.0, 938.0, 1.0, spin="dirack")
    with pytest.raises(RangeError, match="mediator_mass = -1 MeV"):
        el.dsigma_dt_recoil_cm2(10.0, 1.0, 1.0, 938.0, -1.0)
    with pytest.raises(RangeError, match="energy - m"):
        el.recoil_limits(1.0, 2.0, 938.0)
    with pytest.raises(RangeError, match="target_mass"):
        el.recoil_limits(10.0, 2.0, 0.0)
    with pytest.raises(RangeError, match=r"2 M T \+ m_V"):
        el.dsigma_dt_recoil_cm2(10.0, 0.0, 1.0, 938.0, 0.0)
    with pytest.raises(RangeError, match="recoil"):
        el.dsigma_dt_recoil_cm2(10.0, np.nan, 1.0, 938.0, 1.0)
    with pytest.raises(RangeError, match="recoil = -1 MeV"):
        el.recoil_cosine(10.0, -1.0, 1.0, 938.0)
