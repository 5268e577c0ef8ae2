import numpy as np
import pytest
from dirac_algebra import GAMMA5, IDENTITY, METRIC, current_tensor, polarisations, slash, vertex_even, vertex_odd
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad

from darkhorn.core.errors import RangeError
from darkhorn.physics import dark_decays as dd

steady = settings(deadline=None, derandomize=True, max_examples=50)


def two_body(mass, first, second):
    """Momenta of a decay at rest, along a skew axis, and the width per summed |M|^2."""
    energy = (mass**2 + first**2 - second**2) / (2 * mass)
    momentum = np.sqrt(max(energy**2 - first**2, 0.0))
    axis = momentum * np.array([0.48, 0.6, 0.64])
    a, b = np.append(energy, axis), np.append(mass - energy, -axis)
    return np.array([mass, 0, 0, 0]), a, b, momentum / (8 * np.pi * mass**2)


def squared(vertex, left_sum, right_sum):
    return np.einsum("mn,MN,mM,nN->", vertex, vertex, left_sum, right_sum)


@given(st.floats(1, 500), st.floats(0.02, 0.95))
@steady
def test_one_photon_widths_equal_the_polarisation_sums(mass, share):
    light = share * mass
    whole, photon, other, phase = two_body(mass, 0.0, light)
    for vertex in (vertex_even, vertex_odd):
        total = phase * squared(vertex(photon, other), polarisations(photon, 0), polarisations(other, light))
        assert dd.width_scalar_to_photon_vector(1.0, mass, light) == pytest.approx(total, rel=1e-8)
        total = phase * squared(vertex(photon, whole), polarisations(photon, 0), polarisations(whole, mass)) / 3
        assert dd.width_vector_to_photon_scalar(1.0, mass, light) == pytest.approx(total, rel=1e-8)


def test_two_photon_width_equals_the_polarisation_sum():
    _, first, second, phase = two_body(30.0, 0.0, 0.0)
    # F F: two ways to attach the photons double the vertex; identical photons halve the width
    total = 0.5 * phase * 4 * squared(vertex_even(first, second), -METRIC, -METRIC)
    assert dd.width_scalar_to_two_photons(1.0, 30.0) == pytest.approx(total, rel=1e-12)
    assert dd.width_scalar_to_two_photons(2e-3, 30.0) == pytest.approx(4e-6 * 27000 / (64 * np.pi), rel=1e-14)


@given(st.floats(1, 500), st.floats(0.0, 0.499))
@steady
def test_widths_to_fermions_equal_traces(mass, share):
    fermion = share * mass
    whole, a, b, phase = two_body(mass, fermion, fermion)
    pair = slash(a) + fermion * IDENTITY, slash(b) - fermion * IDENTITY
    scalar = np.trace(pair[0] @ pair[1]).real
    odd = np.trace(pair[0] @ (1j * GAMMA5) @ pair[1] @ (1j * GAMMA5)).real
    vector = (polarisations(whole, mass) * current_tensor(a, fermion, b, -fermion)).sum() / 3
    axial = (polarisations(whole, mass) * current_tensor(a, fermion, b, fermion)).sum() / 3  # gamma5 flips the mass
    near = {"rel": 1e-7, "abs": 1e-12 * mass}
    assert dd.width_axial_to_fermions(1.0, mass, fermion) == pytest.approx(phase * axial, **near)
    assert dd.width_scalar_to_fermions(1.0, mass, fermion) == pytest.approx(phase * scalar, **near)
    assert dd.width_pseudoscalar_to_fermions(1.0, mass, fermion) == pytest.approx(phase * odd, **near)
    assert dd.width_vector_to_fermions(1.0, mass, fermion) == pytest.approx(phase * vector, **near)


@given(st.floats(0.1, 100), st.floats(1, 100), st.floats(0.5, 200))
@steady
def test_transition_width_equals_the_trace(light, vector, gap):
    heavy = light + vector + gap
    whole, boson, fermion, phase = two_body(heavy, vector, light)
    total = 0.5 * (polarisations(boson, vector) * current_tensor(fermion, light, whole, heavy)).sum()
    assert dd.width_fermion_to_fermion_vector(1.0, heavy, light, vector) == pytest.approx(phase * total, rel=1e-7)


def test_known_widths():
    assert dd.width_vector_to_fermions(1.0, [20.0, 50.0], [8.0, 20.0]) == pytest.approx(
        [0.42016905, 1.05042262], rel=1.2e-8
    )
    value = dd.width_fermion_to_fermion_vector(1.0, [40.0, 60.0], [8.0, 10.0], [20.0, 30.0])
    assert value == pytest.approx([1.64067382, 2.77535573], rel=1e-8)


def test_closed_channels_are_exactly_zero():
    assert dd.width_scalar_to_photon_vector(1.0, [1.0, 49.0, 0.0], 49.0).tolist() == [0.0, 0.0, 0.0]
    assert dd.width_vector_to_photon_scalar(1.0, 1.0, 2.0) == 0.0
    for width in (dd.width_scalar_to_fermions, dd.width_pseudoscalar_to_fermions, dd.width_vector_to_fermions):
        assert width(1.0, [1.0, 1.02, 0.0], 0.511).tolist() == [0.0, 0.0, 0.0]
    assert dd.width_fermion_to_fermion_vector(1.0, [20.0, 28.0], 8.0, 20.0).tolist() == [0.0, 0.0]
    assert dd.dwidth_fermion_to_fermion_pair([1.0, 2000.0], 1.0, 1.0, (40.0, 8.0, 20.0, 0.511), 0.1).tolist() == [0, 0]


def test_pair_spectrum_in_the_narrow_limit_and_off_shell():
    masses, width = (40.0, 8.0, 20.0, 0.511), 1e-5
    on_shell = dd.width_vector_to_fermions(0.01, 20.0, 0.511)
    # s = m_V^2 + m_V Gamma tan(x) turns the pole into a constant
    low, high = (np.arctan((s - 400) / (20 * width)) for s in (4 * 0.511**2, 32.0**2))

    def integrand(x):
        s = 400 + 20 * width * np.tan(x)
        return float(dd.dwidth_fermion_to_fermion_pair(s, 1.0, 0.01, masses, width)) * 20 * width / np.cos(x) ** 2

    inner, _ = quad(integrand, -1.57, 1.57, epsrel=1e-10, limit=200)
    product = dd.width_fermion_to_fermion_vector(1.0, 40.0, 8.0, 20.0) * on_shell / width
    assert inner * np.pi / 3.14 == pytest.approx(product, rel=1e-4)
    assert (low, high) == pytest.approx((-np.pi / 2, np.pi / 2), abs=1e-5)
    # off shell: equal to the product of both decays at the mass s
    far = dd.dwidth_fermion_to_fermion_pair(100.0, 1.0, 0.01, (20.0, 8.0, 50.0, 0.511), 0.0)
    parts = dd.width_fermion_to_fermion_vector(1.0, 20.0, 8.0, 10.0) * dd.width_vector_to_fermions(0.01, 10.0, 0.511)
    assert far == pytest.approx(parts * 10 / (np.pi * (100 - 2500) ** 2), rel=1e-12, abs=0)


def test_survival_by_hand():
    # m = 49 MeV, p = 300 MeV, decay length 541 m: Gamma = p hbar c/(m L)
    width = 300 * 1.973269804e-13 / (49 * 541)
    assert dd.survival_probability(541.0, 49.0, 300.0, width) == pytest.approx(np.exp(-1), rel=1e-9)
    assert dd.decay_probability(541.0, 541.0, 49.0, 300.0, width) == pytest.approx(np.exp(-1) - np.exp(-2), rel=1e-9)
    assert dd.survival_probability(541.0, 49.0, 300.0, 0.0) == 1.0
    assert dd.survival_probability([0.0, 1.0], 49.0, 0.0, 1.0).tolist() == [1.0, 0.0]
    assert dd.decay_probability(1.0, 1.0, 49.0, 0.0, 1.0) == 0.0
    long_lived = dd.decay_probability(500.0, 10.0, 1.0, 300.0, 1e-30)
    assert long_lived == pytest.approx(10 * 1e-30 / (300 * 1.973269804e-13), rel=1e-9, abs=0)


def test_errors_name_the_key():
    with pytest.raises(RangeError, match="distance = -1 m"):
        dd.survival_probability(-1.0, 1.0, 1.0, 1.0)
    with pytest.raises(RangeError, match="m_vector = 0 MeV"):
        dd.width_fermion_to_fermion_vector(1.0, 10.0, 1.0, 0.0)
    with pytest.raises(RangeError, match="m_fermion"):
        dd.width_scalar_to_fermions(1.0, 10.0, -1.0)
    with pytest.raises(RangeError, match="m_V"):
        dd.dwidth_fermion_to_fermion_pair(400.0, 1.0, 1.0, (40.0, 8.0, 20.0, 0.511), 0.0)
