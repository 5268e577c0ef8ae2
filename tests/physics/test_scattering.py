import numpy as np
import pytest
from dirac_algebra import GAMMA, IDENTITY, METRIC, current_tensor, dot, scatter, slash
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad

from darkhorn.core.errors import RangeError, UnknownNameError
from darkhorn.core.units import INV_MEV2_IN_CM2
from darkhorn.physics import scattering as sc
from darkhorn.physics import two_to_two as tt

steady = settings(deadline=None, derandomize=True, max_examples=60)


def test_known_point():
    # chi(10) p(938) -> chi(10) p through V(17), E = 300 MeV, cos* = 0.7
    low, high = sc.upscatter_q_sq_limits(300.0, 10.0, 10.0, 938.0)
    q_sq = low + (high - low) * 0.15
    assert q_sq == pytest.approx(32894.8069512, rel=1e-9)
    assert tt.mandelstam_s(300.0, 10.0, 938.0) == pytest.approx(1442744, rel=1e-9)
    dirac = sc.msq_upscatter_dirac(300.0, q_sq, 10.0, 10.0, 938.0, 17.0)
    assert dirac == pytest.approx(9.801476730e2, rel=1e-8)
    scalar = sc.msq_upscatter_scalar(300.0, q_sq, 10.0, 10.0, 938.0, 17.0)
    assert scalar == pytest.approx(dirac, rel=2.1e-3)
    assert scalar != pytest.approx(dirac, rel=1e-4)


@given(st.floats(1, 60), st.floats(1, 60), st.floats(1, 900), st.floats(300, 2000), st.floats(5, 200), st.floats(-1, 1))
@steady
def test_closed_forms_equal_explicit_traces(m1, m2, kinetic, target, mediator, cos):
    energy = float(sc.threshold_energy(m1, m2, target)) + kinetic
    p, rest, k, recoil = scatter(energy, m1, target, m2, cos)
    low, high = sc.upscatter_q_sq_limits(energy, m1, m2, target)
    q_sq = low + (high - low) * (1 - cos) / 2
    assert q_sq == pytest.approx(-dot(p - k, p - k), rel=1e-7, abs=1e-8 * energy**2)
    chi = METRIC @ current_tensor(k, m2, p, m1) @ METRIC
    propagator = (q_sq + mediator**2) ** 2
    spin_half = 0.25 * (chi * current_tensor(recoil, target, rest, target)).sum() / propagator
    args = (energy, np.clip(q_sq, low, high), m1, m2, target, mediator)
    assert sc.msq_upscatter_dirac(*args) == pytest.approx(spin_half, rel=1e-8)
    both = recoil + rest
    spin_zero = 0.5 * both @ chi @ both / propagator
    assert sc.msq_upscatter_scalar(*args) == pytest.approx(spin_zero, rel=1e-7, abs=1e-9 * spin_half)


ENERGIES = st.floats(1, 900)


@given(
    st.sampled_from([0.511, 938.27, 11174.0]),
    st.floats(1, 60),
    st.floats(1, 60),
    ENERGIES,
    st.floats(5, 200),
    st.floats(-1, 1),
    st.floats(-2, 2),
    st.floats(-2, 2),
)
@steady
def test_every_pair_of_spins_equals_explicit_traces(target, m1, m2, kinetic, mediator, cos, f1, f2):
    energy = float(sc.threshold_energy(m1, m2, target)) + kinetic
    p, rest, k, recoil = scatter(energy, m1, target, m2, cos)
    low, high = sc.upscatter_q_sq_limits(energy, m1, m2, target)
    q_sq = np.clip(low + (high - low) * (1 - cos) / 2, low, high)
    tensors = {"dirac": 0.5 * current_tensor(k, m2, p, m1), "scalar": np.outer(p + k, p + k)}
    both = recoil + rest
    targets = {"half": 0.5 * target_tensor(rest, recoil, target, f1, f2), "zero": f1**2 * np.outer(both, both)}
    forward = 16 * (target * energy) ** 2 * (abs(f1) + abs(f2)) ** 2 * max(1.0, q_sq / target**2)
    for spin, left in tensors.items():
        for target_spin, right in targets.items():
            expected = (METRIC @ left @ METRIC * right).sum() / (q_sq + mediator**2) ** 2
            got = sc.msq_upscatter(
                energy, q_sq, m1, m2, target, mediator, spin=spin, target_spin=target_spin, f1=f1, f2=f2
            )
            assert got == pytest.approx(expected, rel=1e-6, abs=1e-8 * forward / (q_sq + mediator**2) ** 2)


def target_tensor(p_in, p_out, mass, f1, f2):
    """Trace of the target with the vertex F1 gamma + i F2 sigma q/(2 M), both indices up, summed over spins."""
    q_hat = slash(p_out - p_in)
    vertex = f1 * GAMMA + 1j * f2 / (2 * mass) * 0.5j * (GAMMA @ q_hat - q_hat @ GAMMA)
    adjoint = GAMMA[0] @ np.conj(np.swapaxes(vertex, 1, 2)) @ GAMMA[0]
    out, rest = slash(p_out) + mass * IDENTITY, slash(p_in) + mass * IDENTITY
    return np.einsum("ij,mjk,kl,nli->mn", out, vertex, rest, adjoint).real


@given(st.floats(1, 60), st.floats(1, 60), st.floats(1, 900), st.sampled_from([0.511, 938.0, 11174.0]), st.floats(0, 1))
@steady
def test_named_forms_are_cases_of_the_general_one(m1, m2, kinetic, target, share):
    energy = sc.threshold_energy(m1, m2, target) + kinetic
    low, high = sc.upscatter_q_sq_limits(energy, m1, m2, target)
    args = (energy, low + (high - low) * share, m1, m2, target, 17.0)
    forward = 16 * (target * energy) ** 2 / (args[1] + 289) ** 2
    near = {"rel": 1e-9, "abs": 1e-12 * forward}
    assert sc.msq_upscatter(*args) == pytest.approx(sc.msq_upscatter_dirac(*args), **near)
    assert sc.msq_upscatter(*args, target_spin="zero") == pytest.approx(sc.msq_upscatter_scalar(*args), **near)


def test_the_spin_of_a_heavy_target_does_not_matter():
    energy, target = 100.0, 1e6
    low, high = sc.upscatter_q_sq_limits(energy, 8.0, 20.0, target)
    q_sq = low + (high - low) * np.array([0.01, 0.3, 0.8])
    for spin in sc.SPINS:
        half = sc.msq_upscatter(energy, q_sq, 8.0, 20.0, target, 17.0, spin=spin)
        zero = sc.msq_upscatter(energy, q_sq, 8.0, 20.0, target, 17.0, spin=spin, target_spin="zero")
        assert half == pytest.approx(zero, rel=1e-6)


@pytest.mark.parametrize("mediator", [1e-3, 0.1, 17.0, 500.0])
@pytest.mark.parametrize(("m2", "target"), [(8.0, 938.27), (50.0, 11174.86), (8.0, 0.51099895)])
@pytest.mark.parametrize("spin", sc.SPINS)
def test_total_cross_sections_against_scipy(mediator, m2, target, spin):
    threshold = float(sc.threshold_energy(8.0, m2, target))
    for energy in (threshold * 1.01 + 0.1, 500.0, 1e5):
        if energy <= threshold:
            continue
        low, high = (float(x) for x in sc.upscatter_q_sq_limits(energy, 8.0, m2, target))

        def integrand(x, energy=energy, low=low, high=high):
            # Q^2 = low + (low + m^2) expm1(x)
            q_sq = low + (low + mediator**2) * np.expm1(x)
            msq = sc.msq_upscatter(energy, min(q_sq, high), 8.0, m2, target, mediator, spin=spin)
            return float(tt.dsigma_dq_sq_cm2(msq, energy, 8.0, target)) * (q_sq + mediator**2) * 1e30

        end = np.log1p((high - low) / (low + mediator**2))
        expected, _ = quad(integrand, 0, end, epsabs=0, epsrel=1e-11, limit=500)
        got = sc.upscatter_cross_section_cm2(energy, 8.0, m2, target, mediator, spin=spin)
        assert got * 1e30 == pytest.approx(expected, rel=1e-8)


def test_rutherford_total_by_hand():
    # light scalar on a scalar target, m_V -> small: 16 M^2 E^2/(Q^2 + m^2)^2 dominates the integral
    energy, m, target, mediator = 300.0, 8.0, 11174.86, 1e-3
    p_sq = energy**2 - m**2
    expected = energy**2 / (4 * np.pi * p_sq) / mediator**2 * INV_MEV2_IN_CM2
    got = sc.upscatter_cross_section_cm2(energy, m, m, target, mediator, spin="scalar", target_spin="zero")
    assert got == pytest.approx(expected, rel=1e-6, abs=0)


def test_segments_by_hand():
    edges = sc.segments(0.0, np.e**3 - 1, 1.0)
    assert edges == pytest.approx([0, np.e - 1, np.e**2 - 1, np.e**3 - 1], rel=1e-13)
    many = sc.segments([0.0, 1.0, 0.0], [1e8, 1e8, 0.0], [1e-3, 1e-3, 0.0])
    assert many.shape[0] == 3
    assert (np.diff(many[:2], axis=1) > 0).all()
    assert (many[2] == 0).all()
    assert many[:, -1].tolist() == [1e8, 1e8, 0.0]
    # a peak of width m^2 at the lower end is seen: the integral of m^2/(Q^2 + m^2)^2 is nearly 1
    q_sq, weight = sc.q_sq_rule(0.0, 1e8, 1e-3)
    assert weight.sum() == pytest.approx(1e8, rel=1e-12)
    assert (weight * 1e-6 / (q_sq + 1e-6) ** 2).sum() == pytest.approx(1.0, rel=1e-11)
    assert (weight[q_sq < 1e-6] > 0).sum() > 5


@given(
    st.floats(0, 1e4),
    st.floats(0, 1e4),
    st.floats(0.1, 2e5),
    st.floats(1e-3, 1e4),
    st.floats(0, 1e5),
    st.sampled_from(sc.SPINS),
    st.sampled_from(sc.TARGET_SPINS),
)
@steady
def test_cross_sections_are_never_nan_and_zero_below_threshold(m1, m2, target, mediator, kinetic, spin, target_spin):
    energy = m1 + kinetic
    args = (m1, m2, target, mediator)
    value = sc.upscatter_cross_section_cm2(energy, *args, spin=spin, target_spin=target_spin)
    assert np.isfinite(value)
    assert value >= 0
    threshold = float(sc.threshold_energy(m1, m2, target))
    if energy < threshold * (1 - 1e-9):
        assert value == 0.0
    if m1 > 0 and energy > threshold * (1 + 1e-6):
        assert value > 0


def test_cross_sections_of_many_energies_at_once():
    energy = np.array([[9.0, 60.0], [300.0, 3000.0]])
    values = sc.upscatter_cross_section_cm2(energy, 8.0, 50.0, 938.27, 17.0)
    assert values.shape == (2, 2)
    assert values[0, 0] == 0.0
    single = [float(sc.upscatter_cross_section_cm2(e, 8.0, 50.0, 938.27, 17.0)) for e in energy.ravel()]
    assert values.ravel() == pytest.approx(single, rel=1e-10, abs=0)


def test_errors_of_the_general_form():
    with pytest.raises(UnknownNameError, match="spin of chi 'majorana'"):
        sc.msq_upscatter(100.0, 10.0, 1.0, 1.0, 938.0, 1.0, spin="majorana")
    with pytest.raises(UnknownNameError, match="spin of the target 'one'"):
        sc.msq_upscatter(100.0, 10.0, 1.0, 1.0, 938.0, 1.0, target_spin="one")
    with pytest.raises(RangeError, match="diverges"):
        sc.upscatter_cross_section_cm2(100.0, 1.0, 1.0, 938.0, 0.0)
    with pytest.raises(RangeError, match="hi - lo"):
        sc.segments(2.0, 1.0, 1.0)


def test_threshold_and_closed_channels():
    threshold = sc.threshold_energy(8.0, 50.0, 938.0)
    assert threshold == pytest.approx(((50 + 938) ** 2 - 64 - 938**2) / (2 * 938), rel=1e-12)
    assert sc.threshold_energy(50.0, 8.0, 938.0) == 50.0
    low, high = sc.upscatter_q_sq_limits(threshold * np.array([0.99, 1.01]), 8.0, 50.0, 938.0)
    assert (low[0], high[0]) == (0.0, 0.0)
    assert 0 < low[1] < high[1]
    assert sc.msq_upscatter_dirac(threshold * 0.99, 1e3, 8.0, 50.0, 938.0, 17.0) == 0.0
    assert sc.msq_upscatter_scalar(threshold * 1.01, 10 * high[1], 8.0, 50.0, 938.0, 17.0) == 0.0
    # elastic: forward limit is exactly zero
    assert sc.upscatter_q_sq_limits(300.0, 8.0, 8.0, 938.0)[0] == 0.0
    with pytest.raises(RangeError, match="m2"):
        sc.upscatter_q_sq_limits(300.0, 8.0, -8.0, 938.0)


def test_massless_outgoing_particle_reduces_to_the_photon_limits():
    energy = np.array([30.0, 300.0, 3000.0])
    expected = tt.q_sq_limits(energy, 20.0, 11174.86)
    for limit, other in zip(sc.upscatter_q_sq_limits(energy, 20.0, 0.0, 11174.86), expected, strict=True):
        assert limit == pytest.approx(other, rel=1e-9)
