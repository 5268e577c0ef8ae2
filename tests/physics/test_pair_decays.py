import numpy as np
import pytest
from dirac_algebra import GAMMA, IDENTITY, METRIC, current_tensor, slash
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad

from darkhorn.core.errors import RangeError, ThresholdError
from darkhorn.core.sobol import scrambled_sobol
from darkhorn.physics import dark_decays as dd
from darkhorn.physics import pair_decays as pd

steady = settings(deadline=None, derandomize=True, max_examples=60)


def momenta(heavy, light, fermion, s, cos, phi):
    """Momenta of chi', chi, f and fbar; chi' at rest and the pair along z."""
    root, k = np.sqrt(s), np.sqrt((heavy - light) ** 2 - s) * np.sqrt((heavy + light) ** 2 - s) / (2 * heavy)
    beta = np.sqrt(max(1 - 4 * fermion**2 / s, 0.0))
    sine = np.sqrt(1 - cos**2)
    axis = np.array([sine * np.cos(phi), sine * np.sin(phi), cos])
    energy = np.sqrt(s + k**2)
    out = []
    for sign in (1, -1):
        e, v = root / 2, sign * root / 2 * beta * axis
        out.append(np.array([(energy * e + k * v[2]) / root, v[0], v[1], (k * e + energy * v[2]) / root]))
    return np.array([heavy, 0, 0, 0]), np.array([np.hypot(light, k), 0, 0, -k]), *out


def traced(heavy, light, fermion, parts, propagator):
    """Squared amplitude by explicit traces, averaged over the spin of chi', per coupling squared."""
    parent, chi, f, fbar = parts
    dark = METRIC @ current_tensor(chi, light, parent, heavy) @ METRIC
    return 0.5 * (dark * current_tensor(f, fermion, fbar, -fermion)).sum() / propagator


@given(st.floats(0, 50), st.floats(1, 200), st.floats(0, 1), st.floats(0.01, 0.99), st.floats(-1, 1), st.floats(0, 6))
@steady
def test_double_differential_width_equals_explicit_traces(light, gap, share, place, cos, phi):
    fermion = 0.49 * share * gap
    heavy = light + gap
    s = 4 * fermion**2 + (gap**2 - 4 * fermion**2) * place
    masses, width = (heavy, light, 30.0, fermion), 0.7
    parts = momenta(heavy, light, fermion, s, cos, phi)
    squared = traced(heavy, light, fermion, parts, (s - 900) ** 2 + (30 * width) ** 2)
    k = np.linalg.norm(parts[1][1:])
    beta = np.sqrt(1 - 4 * fermion**2 / s)
    # (1/2m') Sum|M|^2 x (ds/2 pi) x k/(4 pi m') x beta/(8 pi) dcos/2
    expected = squared / (2 * heavy) / (2 * np.pi) * k / (4 * np.pi * heavy) * beta / (16 * np.pi)
    got = pd.d2width_ds_dcos(s, cos, 1.0, 1.0, masses, width)
    assert got == pytest.approx(expected, rel=1e-7, abs=0)
    assert pd.d2width_ds_dcos(s, -cos, 0.3, 2.0, masses, width) == pytest.approx(0.36 * got, rel=1e-12, abs=0)


@given(st.floats(0, 50), st.floats(3, 200), st.floats(0.01, 0.99))
@steady
def test_integral_over_the_angle_is_the_mass_spectrum(light, gap, place):
    masses, width = (light + gap, light, 0.4 * gap, 0.511), 1e-3
    s = 4 * 0.511**2 + (gap**2 - 4 * 0.511**2) * place
    cos, weight = np.polynomial.legendre.leggauss(4)
    total = weight @ pd.d2width_ds_dcos(s, cos, 1.0, 0.3, masses, width)
    assert total == pytest.approx(dd.dwidth_fermion_to_fermion_pair(s, 1.0, 0.3, masses, width), rel=1e-9, abs=0)


def helicity_vectors(s, k, energy):
    root = np.sqrt(s)
    return {
        0: np.array([k, 0, 0, energy]) / root,
        1: np.array([0, 1, 1j, 0]) / np.sqrt(2),
        -1: np.array([0, 1, -1j, 0]) / np.sqrt(2),
    }


@given(st.floats(0.1, 50), st.floats(1, 100), st.floats(0.05, 0.95))
@steady
def test_longitudinal_fraction_equals_explicit_helicity_states(light, gap, share):
    heavy, vector = light + gap, share * gap
    k = np.sqrt((heavy**2 - (light + vector) ** 2) * (heavy**2 - (light - vector) ** 2)) / (2 * heavy)
    parent, chi = np.array([heavy, 0, 0, 0]), np.array([np.hypot(light, k), 0, 0, -k])
    rates = {}
    for helicity, eps in helicity_vectors(vector**2, k, np.hypot(vector, k)).items():
        hat = np.einsum("m,mij->ij", METRIC @ eps.conj(), GAMMA)
        bar = np.einsum("m,mij->ij", METRIC @ eps, GAMMA)
        left, right = slash(chi) + light * IDENTITY, slash(parent) + heavy * IDENTITY
        rates[helicity] = np.trace(left @ hat @ right @ bar).real
    assert rates[1] == pytest.approx(rates[-1], rel=1e-9)
    fraction = rates[0] / sum(rates.values())
    assert pd.longitudinal_fraction(heavy, light, vector) == pytest.approx(fraction, rel=1e-6)


def test_angle_is_the_mixture_of_helicities():
    # helicity 0: 1 - beta^2 cos^2; helicities +-1: 1 - beta^2 sin^2/2; each normalised on [-1, 1]
    heavy, light, vector, fermion = 40.0, 8.0, 20.0, 0.511
    beta_sq = 1 - 4 * fermion**2 / vector**2
    cos = np.linspace(-1, 1, 21)
    longitudinal = (1 - beta_sq * cos**2) / (2 * (1 - beta_sq / 3))
    transverse = (1 - 0.5 * beta_sq * (1 - cos**2)) / (2 - 2 * beta_sq / 3)
    share = pd.longitudinal_fraction(heavy, light, vector)
    assert share == pytest.approx(2304 / 3104, rel=1e-14)
    kappa = pd.alignment(vector**2, heavy, light, fermion)
    shape = (1 - kappa * cos**2) / (2 - 2 * kappa / 3)
    assert shape == pytest.approx(share * longitudinal + (1 - share) * transverse, rel=1e-12)


@given(st.floats(0, 1), st.floats(0, 1))
@steady
def test_quantiles_of_the_angle_invert_the_distribution(u, kappa):
    cos = float(pd.pair_cosine(u, kappa))
    assert abs(cos) <= 1
    reached = (cos - kappa * cos**3 / 3 + 1 - kappa / 3) / (2 - 2 * kappa / 3)
    assert reached == pytest.approx(u, abs=1e-9)


def test_off_shell_width_against_direct_three_body_monte_carlo():
    # flat three-body phase space in s = m_(f fbar)^2 and t = m_(chi f)^2 by rejection, amplitude by explicit traces;
    # the points are a scrambled net, so that 4096 of them reach a few parts in a thousand
    heavy, light, vector, fermion = 50.0, 8.0, 70.0, 0.511
    points, total = scrambled_sobol(4096, 2, np.random.default_rng(11)), []
    s_span = np.array([4 * fermion**2, (heavy - light) ** 2])
    t_span = np.array([(light + fermion) ** 2, (heavy - fermion) ** 2])
    for u, v in points:
        s, t = s_span[0] + np.diff(s_span)[0] * u, t_span[0] + np.diff(t_span)[0] * v
        # t = (chi + f)^2 fixes the angle of f in the pair's frame
        k = np.sqrt(((heavy - light) ** 2 - s) * ((heavy + light) ** 2 - s)) / (2 * np.sqrt(s))
        chi_energy = (heavy**2 - light**2 - s) / (2 * np.sqrt(s))
        q = np.sqrt(s / 4 - fermion**2)
        cos = (light**2 + fermion**2 + chi_energy * np.sqrt(s) - t) / (-2 * k * q)
        if abs(cos) > 1:
            total.append(0.0)
            continue
        parts = momenta(heavy, light, fermion, s, cos, 0.3)
        assert np.allclose(parts[0], sum(parts[1:]), atol=1e-9)
        both = parts[1] + parts[2]
        assert both @ METRIC @ both == pytest.approx(t, rel=1e-9)
        total.append(traced(heavy, light, fermion, parts, (s - vector**2) ** 2))
    area = np.prod(np.diff(s_span)) * np.prod(np.diff(t_span))
    estimate = np.mean(total) * area / (256 * np.pi**3 * heavy**3)
    table = pd.tabulated_s(1.0, 1.0, (heavy, light, vector, fermion), 0.0)
    assert table.width == pytest.approx(estimate, rel=0.01)
    assert np.count_nonzero(total) < 4096


def test_narrow_limit_for_any_narrowness():
    on_shell = dd.width_vector_to_fermions(0.01, 20.0, 0.511)
    product = dd.width_fermion_to_fermion_vector(1.0, 40.0, 8.0, 20.0) * on_shell
    for width, near in ((1e-4, 1e-5), (1e-8, 1e-9), (1e-14, 1e-11), (1e-20, 1e-10)):
        table = pd.tabulated_s(1.0, 0.01, (40.0, 8.0, 20.0, 0.511), width)
        assert table.width * width == pytest.approx(product, rel=near)
        # half of the pairs lie above the pole, and three quarters below its upper half height
        assert np.interp(0.5, table.cumulative, table.s) == pytest.approx(400.0, rel=1e-8)
    table = pd.tabulated_s(1.0, 0.01, (40.0, 8.0, 20.0, 0.511), 1e-5)
    assert np.interp(400.0, table.s, table.cumulative) == pytest.approx(0.5, abs=1e-5)
    assert np.interp(400.0 + 20e-5, table.s, table.cumulative) == pytest.approx(0.75, abs=1e-3)


@pytest.mark.parametrize("masses", [(20.0, 8.0, 50.0, 0.511), (500.0, 1.0, 700.0, 0.511), (400.0, 8.0, 0.0, 105.66)])
def test_table_against_adaptive_quadrature(masses):
    low, high = 4 * masses[3] ** 2, (masses[0] - masses[1]) ** 2

    def density(x):  # s = low (high/low)^x^2 softens the threshold
        s = low * (high / low) ** (x * x)
        return float(dd.dwidth_fermion_to_fermion_pair(s, 1.0, 1.0, masses, 0.0)) * s * np.log(high / low) * 2 * x

    table = pd.tabulated_s(1.0, 1.0, masses, 0.0)
    total, _ = quad(density, 0, 1, epsabs=0, epsrel=1e-10, limit=400)
    part, _ = quad(density, 0, 0.9, epsabs=0, epsrel=1e-10, limit=400)
    assert table.width == pytest.approx(total, rel=1e-8, abs=0)
    middle = low * (high / low) ** 0.81
    assert np.interp(middle, table.s, table.cumulative) == pytest.approx(part / total, abs=2e-4)
    assert (np.diff(table.s) > 0).all()
    assert (np.diff(table.cumulative) >= 0).all()
    assert (table.cumulative[0], table.cumulative[-1]) == (0.0, 1.0)
    assert table.s[[0, -1]] == pytest.approx([low, high], rel=1e-12)


def test_fine_structure_constant_scaling_far_below_a_heavy_mediator():
    # m' -> m with massless f: G_F-like contact width, Gamma = g^4 Delta^5/(60 pi^3 mV^4) for Delta << m
    gap, vector = 1.0, 1e4
    table = pd.tabulated_s(1.0, 1.0, (1e4 + gap, 1e4, vector, 1e-6), 0.0)
    assert table.width == pytest.approx(gap**5 / (60 * np.pi**3 * vector**4), rel=1e-3, abs=0)


def test_closed_and_wrong():
    masses = (40.0, 8.0, 20.0, 0.511)
    assert pd.d2width_ds_dcos([1.0, 1100.0], 0.3, 1.0, 1.0, masses, 0.1).tolist() == [0.0, 0.0]
    assert pd.d2width_ds_dcos(4.0, 0.3, 1.0, 1.0, (8.0, 40.0, 20.0, 0.511), 0.1) == 0.0
    with pytest.raises(ThresholdError, match=r"closed: m_chi' = 9 MeV; allowed: > 9.022 MeV"):
        pd.tabulated_s(1.0, 1.0, (9.0, 8.0, 20.0, 0.511), 0.1)
    with pytest.raises(RangeError, match="width of V on its mass shell = 0 MeV"):
        pd.tabulated_s(1.0, 1.0, masses, 0.0)
    with pytest.raises(RangeError, match="cos = 2"):
        pd.d2width_ds_dcos(4.0, 2.0, 1.0, 1.0, masses, 0.1)
    with pytest.raises(RangeError, match="Gamma_V"):
        pd.d2width_ds_dcos(400.0, 0.0, 1.0, 1.0, masses, 0.0)
    with pytest.raises(RangeError, match="m_f = -1 MeV"):
        pd.tabulated_s(1.0, 1.0, (40.0, 8.0, 20.0, -1.0), 0.1)
    with pytest.raises(RangeError, match="m_heavy"):
        pd.longitudinal_fraction(0.0, 0.0, 1.0)
    with pytest.raises(RangeError, match="kappa"):
        pd.pair_cosine(0.5, 1.2)
