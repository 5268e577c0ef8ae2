import numpy as np
import pytest
from dirac_algebra import GAMMA, GAMMA5, IDENTITY, METRIC, dot, slash
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad

from darkhorn.core.errors import RangeError
from darkhorn.core.species import ELECTRON, mass
from darkhorn.core.units import INV_MEV2_IN_CM2
from darkhorn.physics import alp_annihilation as aa
from darkhorn.physics.alp import E_SQ
from darkhorn.physics.dark_decays import width_pseudoscalar_to_fermions
from darkhorn.physics.weak import ALPHA

M_E = mass(ELECTRON)
steady = settings(deadline=None, derandomize=True, max_examples=60)


def pair(root_s, m, cos):
    """Momenta of e-, e+, photon in the centre of mass."""
    e, k = root_s / 2, (root_s**2 - m**2) / (2 * root_s)
    p = np.sqrt(e**2 - M_E**2)
    photon = k * np.array([1, np.sqrt(1 - cos**2), 0, cos])
    return np.array([e, 0, 0, p]), np.array([e, 0, 0, -p]), photon


def trace_annihilation(p1, p2, k):
    left, right = slash(p2) - M_E * IDENTITY, slash(p1) + M_E * IDENTITY
    total = 0.0
    for mu in range(4):
        first = GAMMA5 @ (slash(p1 - k) + M_E * IDENTITY) @ GAMMA[mu] / (-2 * dot(p1, k))
        second = GAMMA[mu] @ (slash(k - p2) + M_E * IDENTITY) @ GAMMA5 / (-2 * dot(p2, k))
        amplitude = first + second
        conjugate = GAMMA[0] @ amplitude.conj().T @ GAMMA[0]
        total -= METRIC[mu, mu] * np.trace(left @ amplitude @ right @ conjugate).real
    return total


@given(st.floats(0.0, 60), st.floats(0.01, 40), st.floats(-0.999, 0.999))
@steady
def test_annihilation_equals_explicit_traces(m, excess, cos):
    p1, p2, k = pair(max(m, 2 * M_E) * (1 + excess), m, cos)
    closed = aa.spin_sum_annihilation(2 * dot(p1, k), 2 * dot(p2, k), m) / E_SQ
    assert closed == pytest.approx(trace_annihilation(p1, p2, k), rel=1e-7)


def test_massless_total_is_the_known_logarithm():
    # m = 0 and m_e = 0 in the amplitude: |M|^2 = e^2 g^2 s^2/(T U), cut by the electron mass
    energy = 1e4
    s = 2 * M_E * (M_E + energy)
    low, high = aa.annihilation_u_limits(energy, 0.0)
    total = quad(
        lambda log: float(aa.dsigma_du_annihilation_cm2(energy, np.exp(log), 0.0)) * np.exp(log),
        np.log(low),
        np.log(high),
        epsrel=1e-10,
        epsabs=0,
    )[0]
    beta = np.sqrt(1 - 4 * M_E**2 / s)
    closed = ALPHA / (2 * s * beta**2) * np.log((1 + beta) / (1 - beta)) * INV_MEV2_IN_CM2
    assert total == pytest.approx(closed, rel=1e-8, abs=0)


def test_limits_are_the_boosted_photon():
    energy, m = 80.0, 5.0
    s = 2 * M_E * (M_E + energy)
    k = (s - m**2) / (2 * np.sqrt(s))
    gamma, p = (energy + M_E) / np.sqrt(s), np.sqrt(energy**2 - M_E**2)
    expected = [2 * M_E * k * (gamma - p / np.sqrt(s)), 2 * M_E * k * (gamma + p / np.sqrt(s))]
    assert np.array(aa.annihilation_u_limits(energy, m)) == pytest.approx(np.array(expected), rel=1e-9)
    # both ends are symmetric under exchange of the electron and the positron
    low, high = aa.annihilation_u_limits(energy, m)
    u = low + 0.1 * (high - low)
    mirror = s - m**2 - u
    values = aa.dsigma_du_annihilation_cm2(energy, np.array([u, mirror]), m)
    assert values[0] == pytest.approx(values[1], rel=1e-9, abs=0)


@pytest.mark.parametrize("m", [1.3, 5.0, 30.0])
def test_resonance_is_the_narrow_breit_wigner(m):
    width = width_pseudoscalar_to_fermions(1.0, m, M_E)
    k = np.sqrt(m**2 / 4 - M_E**2)
    # (2J+1)/4 * 4 pi/k^2 * (Gamma/2)^2/((W-m)^2 + Gamma^2/4), all width to e+ e-; dE = W dW/m_e
    integral = 0.25 * 4 * np.pi / k**2 * width * np.pi / 2 * m / M_E
    assert aa.resonance_strength_cm2(m) == pytest.approx(integral * INV_MEV2_IN_CM2, rel=1e-12, abs=0)
    energy = aa.resonance_energy(m)
    assert 2 * M_E * (M_E + energy) == pytest.approx(m**2, rel=1e-12)


def test_resonant_amplitude_by_trace():
    m = 7.0
    e = m / 2
    p = np.sqrt(e**2 - M_E**2)
    p1, p2 = np.array([e, 0, 0, p]), np.array([e, 0, 0, -p])
    vertex = 1j * GAMMA5
    conjugate = GAMMA[0] @ vertex.conj().T @ GAMMA[0]
    summed = np.trace((slash(p2) - M_E * IDENTITY) @ vertex @ (slash(p1) + M_E * IDENTITY) @ conjugate).real
    assert summed == pytest.approx(2 * m**2, rel=1e-12)
    # sigma = (summed/4) 2 pi delta(s - m^2)/(2 s beta), ds = 2 m_e dE
    beta = p / e
    strength = summed / 4 * 2 * np.pi / (2 * m**2 * beta) / (2 * M_E) * INV_MEV2_IN_CM2
    assert aa.resonance_strength_cm2(m) == pytest.approx(strength, rel=1e-12, abs=0)


def test_thresholds():
    assert aa.annihilation_threshold(5.0) == pytest.approx(aa.resonance_energy(5.0))
    assert aa.annihilation_threshold(0.5) == M_E
    energy = aa.annihilation_threshold(5.0, 1.0)
    s = 2 * M_E * (M_E + energy)
    assert (s - 25) / (2 * np.sqrt(s)) == pytest.approx(1.0, rel=1e-12)
    below = 0.999 * aa.resonance_energy(5.0)
    assert aa.annihilation_u_limits(below, 5.0) == (0.0, 0.0)
    assert aa.dsigma_du_annihilation_cm2(below, 1.0, 5.0) == 0.0


@given(st.floats(0, 100), st.floats(0.52, 1e4), st.floats(0, 1e5))
@steady
def test_never_negative_or_nan(m, energy, u):
    value = aa.dsigma_du_annihilation_cm2(energy, u, m)
    assert np.isfinite(value)
    assert value >= 0.0


def test_bad_arguments_are_refused():
    for m in (0.0, 2 * M_E):
        with pytest.raises(RangeError, match="m = "):
            aa.resonance_energy(m)
        with pytest.raises(RangeError, match="m = "):
            aa.resonance_strength_cm2(m)
    with pytest.raises(RangeError, match="soft_photon"):
        aa.annihilation_threshold(1.0, -1.0)
    with pytest.raises(RangeError, match=r"2 p1\.k"):
        aa.spin_sum_annihilation(0.0, 1.0, 1.0)
    with pytest.raises(RangeError, match=r"2 p2\.k"):
        aa.spin_sum_annihilation(1.0, 0.0, 1.0)
