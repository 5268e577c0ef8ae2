import numpy as np
import pytest
from dirac_algebra import GAMMA, GAMMA5, IDENTITY, METRIC, current_tensor, dot, scatter, slash, vertex_odd
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.integrate import quad

from darkhorn.core.errors import RangeError
from darkhorn.core.species import ELECTRON, mass
from darkhorn.core.units import INV_MEV2_IN_CM2
from darkhorn.physics import alp
from darkhorn.physics import alp_kinematics as ak
from darkhorn.physics import two_to_two as tt
from darkhorn.physics.weak import ALPHA

M_E = mass(ELECTRON)
steady = settings(deadline=None, derandomize=True, max_examples=60)


def trace_primakoff(p_photon, exchanged, rest, recoil, target):
    """Sum over photon polarisations, mean over target spins, of the amplitude of (1/4) a F Ftilde on a point charge e.

    Two equal fields: twice the vertex of (1/4) a F Htilde.
    """
    down = METRIC @ (2.0 * vertex_odd(p_photon, exchanged)) @ METRIC
    nucleus = 0.5 * current_tensor(recoil, target, rest, target)
    return -alp.E_SQ * np.einsum("mn,MN,mM,nN->", down, down, METRIC, nucleus) / dot(exchanged, exchanged) ** 2


@given(st.floats(0.5, 300), st.floats(0.1, 20), st.sampled_from([M_E, 300.0, 2000.0]), st.floats(-0.99, 0.99))
@steady
def test_primakoff_equals_explicit_traces_both_ways(m, excess, target, cos):
    energy = ak.threshold_energy(m, target) * (1 + excess)
    low, high = ak.q_sq_limits(energy, m, target)
    q_sq = low + (high - low) * 0.5 * (1 - cos)
    k, rest, a, recoil = scatter(energy, 0.0, target, m, cos)
    assume(q_sq > 1e-3 * m**2)
    expected = 0.5 * trace_primakoff(k, k - a, rest, recoil, target)
    assert alp.msq_primakoff(energy, q_sq, m, target, q_sq**-2.0) == pytest.approx(expected, rel=3e-6)
    # the reverse reaction at another energy
    energy = m * (1 + excess)
    a, rest, k, recoil = scatter(energy, m, target, 0.0, cos)
    q_sq = tt.q_sq_from_cm_cos(energy, cos, m, target)
    assume(q_sq > 1e-3 * m**2)
    expected = trace_primakoff(k, a - k, rest, recoil, target)
    assert alp.msq_inverse_primakoff(energy, q_sq, m, target, q_sq**-2.0) == pytest.approx(expected, rel=3e-6)


def trace_compton(p, k, p_out, *, photon_in=True):
    """Sum over all spins of |M|^2/(e g_e)^2, both diagrams, of e(p) with a photon k and e(p_out)."""
    sign = 1.0 if photon_in else -1.0
    s_like = dot(p + sign * k, p + sign * k) - M_E**2
    u_like = dot(p_out - sign * k, p_out - sign * k) - M_E**2
    left, right = slash(p_out) + M_E * IDENTITY, slash(p) + M_E * IDENTITY
    total = 0.0
    for mu in range(4):
        after = GAMMA5 @ (slash(p + sign * k) + M_E * IDENTITY) @ GAMMA[mu] / s_like
        before = GAMMA[mu] @ (slash(p_out - sign * k) + M_E * IDENTITY) @ GAMMA5 / u_like
        amplitude = after + before
        conjugate = GAMMA[0] @ amplitude.conj().T @ GAMMA[0]
        total -= METRIC[mu, mu] * np.trace(left @ amplitude @ right @ conjugate).real
    return total


@given(st.floats(0.01, 30), st.floats(0.05, 30), st.floats(-0.98, 0.98))
@steady
def test_compton_equals_explicit_traces_both_ways(m, excess, cos):
    energy = ak.threshold_energy(m, M_E) * (1 + excess)
    k, p, a, p_out = scatter(energy, 0.0, M_E, m, cos)
    closed = alp.spin_sum_compton(2 * dot(p, k), 2 * dot(p_out, k), m) / alp.E_SQ
    assert closed == pytest.approx(trace_compton(p, k, p_out), rel=2e-6)
    assert 2 * dot(p_out, k) == pytest.approx(2 * M_E * a[0] - m**2, rel=1e-6)
    energy = m * (1 + excess)
    a, p, k, p_out = scatter(energy, m, M_E, 0.0, cos)
    closed = alp.spin_sum_compton(2 * dot(p_out, k), 2 * dot(p, k), m) / alp.E_SQ
    assert closed == pytest.approx(trace_compton(p, k, p_out, photon_in=False), rel=2e-6)


def test_the_photon_of_the_compton_amplitude_is_gauge_invariant():
    k, p, _, p_out = scatter(20.0, 0.0, M_E, 3.0, 0.2)
    left, right = slash(p_out) + M_E * IDENTITY, slash(p) + M_E * IDENTITY
    after = GAMMA5 @ (slash(p + k) + M_E * IDENTITY) @ slash(k) / (2 * dot(p, k))
    before = slash(k) @ (slash(p_out - k) + M_E * IDENTITY) @ GAMMA5 / (-2 * dot(p_out, k))
    size = np.abs(left @ after @ right).max()
    assert np.abs(left @ (after + before) @ right).max() < 1e-10 * size


def test_production_and_detection_are_one_amplitude():
    # the same s and t: a has one spin state, the photon two
    m, target, energy = 20.0, 1200.0, 150.0
    low, high = ak.q_sq_limits(energy, m, target)
    q_sq = np.linspace(low * 1.01, high * 0.99, 9)
    reverse = energy - m**2 / (2 * target)
    forward = alp.msq_primakoff(energy, q_sq, m, target, q_sq**-2.0)
    assert alp.msq_inverse_primakoff(reverse, q_sq, m, target, q_sq**-2.0) == pytest.approx(2 * forward, rel=1e-11)
    # detailed balance of Compton: sigma(a e) p_a*^2 = 2 sigma(gamma e) k*^2 at equal s
    m, energy = 2.0, 30.0
    u = np.linspace(*alp.compton_u_limits(energy, m), 9)[1:-1]
    reverse = energy - m**2 / (2 * M_E)
    q_sq = 2 * M_E * energy - m**2 - u
    ratio = energy**2 / ((reverse - m) * (reverse + m))
    expected = 2 * ratio * alp.dsigma_du_compton_cm2(energy, u, m)
    assert alp.dsigma_dq_sq_inverse_compton_cm2(reverse, q_sq, m) == pytest.approx(expected, rel=1e-10, abs=0)


def test_primakoff_on_a_heavy_point_charge_is_the_textbook_form():
    energy, target, protons = 100.0, 1e9, 74
    cos = np.array([0.9, 0.3, -0.5])
    q_sq = 2 * energy**2 * (1 - cos)
    msq = alp.msq_primakoff(energy, q_sq, 0.0, target, (protons / q_sq) ** 2)
    per_sr = tt.dsigma_dq_sq_cm2(msq, energy, 0.0, target) * energy**2 / np.pi
    expected = ALPHA * protons**2 / (32 * np.pi) * (1 + cos) / (1 - cos) * INV_MEV2_IN_CM2
    assert per_sr == pytest.approx(expected, rel=1e-5, abs=0)
    # massive: a E.B with a static Coulomb field, (g^2 alpha Z^2/8 pi) E p^3 sin^2/t^2
    m = 40.0
    p = np.sqrt(energy**2 - m**2)
    q_sq = 2 * energy**2 - 2 * energy * p * cos - m**2
    msq = alp.msq_primakoff(energy, q_sq, m, target, (protons / q_sq) ** 2)
    per_sr = tt.dsigma_dq_sq_cm2(msq, energy, 0.0, target) * energy * p / np.pi
    expected = ALPHA * protons**2 / (8 * np.pi) * energy * p**3 * (1 - cos**2) / q_sq**2 * INV_MEV2_IN_CM2
    assert per_sr == pytest.approx(expected, rel=1e-4, abs=0)


def test_screened_total_of_a_massless_alp_is_the_logarithm():
    # no nuclear size: hydrogen below 10 MeV has none to speak of, and a target without recoil
    energy, target = 5.0, 1e9
    mu_sq = float(alp.screening_mass(1)) ** 2
    top = 4 * energy**2

    def dsigma(log):
        y = np.exp(log)
        msq = alp.msq_primakoff(energy, y, 0.0, target, alp.coulomb_response(y, 1, 1))
        return float(tt.dsigma_dq_sq_cm2(msq, energy, 0.0, target)) * y

    total = quad(dsigma, np.log(mu_sq * 1e-12), np.log(top), epsrel=1e-9, limit=200)[0]
    log, x = np.log1p(top / mu_sq), top / (top + mu_sq)
    closed = ALPHA / 8 * (log - x - (top - 2 * mu_sq * log + mu_sq * x) / top) * INV_MEV2_IN_CM2
    assert total == pytest.approx(closed, rel=1e-4, abs=0)


def test_compton_at_low_energy_and_known_total():
    def total(energy, m):
        low, high = alp.compton_u_limits(energy, m)
        return quad(lambda u: float(alp.dsigma_du_compton_cm2(energy, u, m)), low, high, epsrel=1e-10, epsabs=0)[0]

    # sigma -> alpha g^2 E^2/(3 m_e^4) for a massless pseudoscalar
    energy = 1e-3
    assert total(energy, 0.0) == pytest.approx(ALPHA * energy**2 / (3 * M_E**4) * INV_MEV2_IN_CM2, rel=0.02, abs=0)
    # massless, any energy: (alpha g^2/(8 E^2)) ... as the integral of x^2/(1-x), 0 < x < 1 - m_e^2/s
    energy = 10.0
    s_gap = 2 * M_E * energy
    r = M_E**2 / (M_E**2 + s_gap)
    closed = ALPHA / (4 * s_gap) * (-np.log(r) - (1 - r) - 0.5 * (1 - r) ** 2)
    assert total(energy, 0.0) == pytest.approx(closed * INV_MEV2_IN_CM2, rel=1e-8, abs=0)


@given(st.floats(0.01, 40), st.floats(0.001, 30))
@steady
def test_compton_limits_equal_the_centre_of_mass(m, excess):
    energy = ak.threshold_energy(m, M_E) * (1 + excess)
    q_low, q_high = ak.q_sq_limits(energy, m, M_E)
    low, high = alp.compton_u_limits(energy, m)
    gap = 2 * M_E * energy - m**2
    assert high == pytest.approx(gap - q_low, rel=1e-8)
    assert low == pytest.approx(gap - q_high, rel=1e-6, abs=1e-9 * gap)


def test_atomic_and_nuclear_factors():
    # Thomas-Fermi radius of tungsten, 111.7 Z^(-1/3)/m_e
    assert alp.screening_mass(74) == pytest.approx(0.51099895 * 74 ** (1 / 3) / 111.69, rel=1e-4)
    mu_sq = float(alp.screening_mass(74)) ** 2
    assert alp.coulomb_response(0.0, 74, 184) == pytest.approx(74**2 / mu_sq**2, rel=1e-12)
    assert alp.coulomb_response(100.0, 74, 184) * 100.0**2 == pytest.approx(74**2, rel=0.2)
    assert alp.coulomb_response(4e4, 74, 184) * 4e4**2 < 0.05 * 74**2
    far = 1e3
    assert alp.electron_response(far, 74) * far**2 == pytest.approx(74, rel=1e-3)
    for q_sq, protons, nucleons in ((-1.0, 6, 12), (1.0, 0, 1), (1.0, 2, 4)):
        with pytest.raises(RangeError):
            alp.coulomb_response(q_sq, protons, nucleons)
    with pytest.raises(RangeError, match="q_sq"):
        alp.electron_response(-1.0, 6)


@given(st.floats(0, 300), st.floats(1e-3, 1e4), st.floats(0, 1e6), st.sampled_from([M_E, 938.0, 1.7e5]))
@steady
def test_never_negative_or_nan_and_zero_when_closed(m, energy, variable, target):
    response = alp.coulomb_response(variable, 74, 184)
    values = [
        alp.msq_primakoff(energy, variable, m, target, response),
        alp.dsigma_du_compton_cm2(energy, variable, m),
    ]
    if energy <= ak.threshold_energy(m, target):
        assert values[0] == 0.0
    if energy <= ak.threshold_energy(m, M_E):
        assert values[1] == 0.0
    if energy >= m:
        values.append(alp.msq_inverse_primakoff(energy, variable, m, target, response))
        values.append(alp.dsigma_dq_sq_inverse_compton_cm2(energy, variable, m))
    assert np.isfinite(values).all()
    assert min(values) >= 0.0


def test_bad_arguments_are_refused():
    with pytest.raises(RangeError, match="energy"):
        alp.compton_u_limits(0.0, 1.0)
    with pytest.raises(RangeError, match="m = -1"):
        alp.compton_u_limits(1.0, -1.0)
    with pytest.raises(RangeError, match="s - m_e"):
        alp.spin_sum_compton(0.0, 1.0, 1.0)
    with pytest.raises(RangeError, match="u = 0"):
        alp.spin_sum_compton(1.0, 0.0, 1.0)
