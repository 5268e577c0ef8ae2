"""Dalitz limits, spectra and widths with amplitudes whose integrals are known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate

from darkhorn.physics import phase_space as ps

PARENTS = st.sampled_from([139.57039, 493.677])
LEPTONS = st.sampled_from([0.51099895, 105.6583755])
INSIDE = st.floats(1e-6, 1.0 - 1e-6)


def flat(m12_sq, m23_sq, delta):
    return np.ones_like(delta)


def boson(M: float, m_l: float, fraction: float) -> float:
    return fraction * (M - m_l)


@settings(deadline=None, derandomize=True, max_examples=60)
@given(PARENTS, LEPTONS, INSIDE, INSIDE)
def test_limits_agree_with_the_textbook_form(M: float, m_l: float, fraction: float, place: float) -> None:
    m_x = boson(M, m_l, fraction)
    pair = m_l**2 + ((M - m_x) ** 2 - m_l**2) * place
    root = np.sqrt(pair)
    neutrino, energy = (pair - m_l**2) / (2 * root), (M**2 - pair - m_x**2) / (2 * root)
    momentum = np.sqrt(max(energy**2 - m_x**2, 0.0))
    low, high = ps.m23_sq_limits(pair, M, m_l, m_x)
    rounding = 1e-6 * M**2 * np.sqrt(1e-16 / min(place, 1 - place) / fraction) + 1e-9 * M**2
    assert high == pytest.approx((neutrino + energy) ** 2 - (neutrino - momentum) ** 2, abs=rounding)
    assert low == pytest.approx((neutrino + energy) ** 2 - (neutrino + momentum) ** 2, abs=rounding)


@settings(deadline=None, derandomize=True, max_examples=60)
@given(PARENTS, LEPTONS, INSIDE, INSIDE)
def test_delta_and_m23_limits_are_the_same_edge(M: float, m_l: float, fraction: float, place: float) -> None:
    m_x = boson(M, m_l, fraction)
    pair = m_l**2 + ((M - m_x) ** 2 - m_l**2) * place
    low, high = ps.m23_sq_limits(pair, M, m_l, m_x)
    delta_low, delta_high = ps.delta_limits(pair, M, m_l, m_x)
    total = M**2 + m_x**2 - pair
    assert 0.0 < delta_low <= delta_high
    assert delta_low + high == pytest.approx(total, abs=1e-12 * M**2)
    assert delta_high + low == pytest.approx(total, abs=1e-12 * M**2)


def test_lowest_delta_keeps_its_digits_for_electrons() -> None:
    """Near the collinear edge delta = m_x^2 + m_e^2 x/(1 - x) ... stays far above the rounding of M^2."""
    M, m_l, m_x, energy = 493.677, 0.51099895, 1e-4, 100.0
    pair = ps.m12_sq_of_energy(energy, M, m_x)
    low, _ = ps.delta_limits(pair, M, m_l, m_x)
    collinear = m_l**2 * 2.0 * M * energy / float(pair)
    assert low == pytest.approx(collinear, rel=1e-4)


@pytest.mark.parametrize("m_x", [0.0, 1.0, 30.0])
def test_energy_max_is_the_edge_of_m12(m_x: float) -> None:
    M, m_l = 139.57039, 105.6583755
    assert ps.m12_sq_of_energy(ps.energy_max(M, m_l, m_x), M, m_x) == pytest.approx(m_l**2, rel=1e-12)
    assert ps.m12_sq_of_energy(m_x, M, m_x) == pytest.approx((M - m_x) ** 2, rel=1e-14)


def test_outside_and_edge_are_exact_zeros() -> None:
    M, m_l, m_x = 139.57039, 0.51099895, 20.0
    top = float(ps.energy_max(M, m_l, m_x))
    energies = np.array([-5.0, 0.0, m_x - 1e-9, m_x, top, top + 1e-9, 1e4])
    assert (ps.dgamma_de(flat, energies, M, m_l, m_x) == 0.0).all()
    near = ps.dgamma_de(flat, [m_x * (1 + 1e-14), top * (1 - 1e-15), np.nextafter(top, 0)], M, m_l, m_x)
    assert np.isfinite(near).all()
    assert (near >= 0.0).all()
    low, high = ps.m23_sq_limits([0.0, m_l**2, (M - m_x) ** 2, M**2], M, m_l, m_x)
    assert low == pytest.approx(high, rel=1e-12)
    assert np.isfinite(low).all()


@pytest.mark.parametrize("m_x", [33.9120145, 33.9121, 50.0, 1e5])
def test_closed_channel_is_exactly_zero(m_x: float) -> None:
    M, m_l = 139.57039, 105.6583755
    assert ps.three_body_width(flat, M, m_l, m_x) == 0.0
    assert (ps.dgamma_de(flat, np.linspace(0.0, 200.0, 50), M, m_l, m_x) == 0.0).all()


def test_massless_flat_phase_space() -> None:
    """With all daughters (nearly) massless the area of the Dalitz plot is M^4/2."""
    M = 100.0
    assert ps.three_body_width(flat, M, 1e-4, 0.0) == pytest.approx(M / (512.0 * np.pi**3), rel=1e-9)


def test_area_of_the_dalitz_plot_by_adaptive_quadrature() -> None:
    M, m_l, m_x = 493.677, 105.6583755, 60.0

    def height(pair: float) -> float:
        low, high = ps.m23_sq_limits(pair, M, m_l, m_x)
        return float(high - low)

    area, _ = integrate.quad(height, m_l**2, (M - m_x) ** 2, epsrel=1e-12)
    expected = area / ((2 * np.pi) ** 3 * 32 * M**3)
    assert ps.three_body_width(flat, M, m_l, m_x) == pytest.approx(expected, rel=1e-9)


def test_spectrum_integrates_to_the_width() -> None:
    M, m_l, m_x = 139.57039, 0.51099895, 20.0
    top = float(ps.energy_max(M, m_l, m_x))
    width, _ = integrate.quad(lambda e: float(ps.dgamma_de(flat, e, M, m_l, m_x)[0]), m_x, top, epsrel=1e-10)
    assert ps.three_body_width(flat, M, m_l, m_x) == pytest.approx(width, rel=1e-8)


def test_energy_cut_splits_the_width() -> None:
    M, m_l, m_x = 493.677, 105.6583755, 5.0
    top = float(ps.energy_max(M, m_l, m_x))
    above = ps.three_body_width(flat, M, m_l, m_x, energy_low=100.0)
    below, _ = integrate.quad(lambda e: float(ps.dgamma_de(flat, e, M, m_l, m_x)[0]), m_x, 100.0, epsrel=1e-10)
    assert above + below == pytest.approx(ps.three_body_width(flat, M, m_l, m_x), rel=1e-8)
    assert ps.three_body_width(flat, M, m_l, m_x, energy_low=top) == 0.0


@settings(deadline=None, derandomize=True, max_examples=60)
@given(PARENTS, LEPTONS, INSIDE, INSIDE, INSIDE)
def test_dots_obey_momentum_conservation(M: float, m_l: float, fraction: float, u: float, v: float) -> None:
    m_x = boson(M, m_l, fraction)
    pair = m_l**2 + ((M - m_x) ** 2 - m_l**2) * u
    low, high = ps.m23_sq_limits(pair, M, m_l, m_x)
    at = ps.dots(pair, low + (high - low) * v, M, m_l, m_x)
    assert at.k_l + at.k_n + m_x**2 == pytest.approx(at.p_k, rel=1e-10)
    assert m_l**2 + m_x**2 + 2 * (at.k_l + at.k_n + at.l_n) == pytest.approx(M**2, rel=1e-12)
    assert at.l_n + at.k_n == pytest.approx(at.q_n, abs=1e-12 * M**2)
    assert ps.inside_dalitz(pair, low + (high - low) * v, M, m_l, m_x)


def test_inside_dalitz_knows_outside() -> None:
    M, m_l, m_x = 139.57039, 105.6583755, 10.0
    assert not ps.inside_dalitz(m_l**2 - 1.0, 500.0, M, m_l, m_x)
    assert not ps.inside_dalitz((M - m_x) ** 2 + 1.0, 500.0, M, m_l, m_x)
    assert not ps.inside_dalitz(15000.0, 5000.0, M, m_l, m_x)
    assert not ps.inside_dalitz(15000.0, 500.0, M, m_l, 40.0)
