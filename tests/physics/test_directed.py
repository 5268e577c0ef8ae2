"""Directed decays: limits of the lab energy, the measure by quadrature, aberration of light."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from darkhorn.physics.directed import (
    aberrated_versine,
    directed_density,
    lab_energy_limits,
    massless_two_body_density,
    rest_energy,
)

COSINE = st.floats(-1.0, 1.0)
MASS = st.floats(0.0, 100.0)
EXTRA = st.floats(1e-3, 300.0)


def speed(gamma: float) -> float:
    return float(np.sqrt((gamma - 1.0) * (gamma + 1.0)) / gamma)


@given(st.floats(1.0, 60.0), MASS, EXTRA, COSINE)
@settings(max_examples=400, deadline=None, derandomize=True)
def test_limits_sit_on_the_largest_rest_energy(gamma: float, mass: float, extra: float, cosine: float) -> None:
    beta, largest = speed(gamma), mass + extra
    low, high = (float(value) for value in lab_energy_limits(cosine, gamma, beta, largest, mass))
    assert mass <= low <= high
    root_sq = largest**2 - (gamma * mass) ** 2 * (1 - beta * cosine) * (1 + beta * cosine)
    assume(abs(root_sq) > 1e-9 * largest**2)
    if gamma * mass <= largest:
        assert low == mass
        assert float(rest_energy(high, mass, cosine, gamma, beta)) == pytest.approx(largest, rel=1e-8)
    elif cosine > 0.0 and root_sq > 0.0:
        for energy in (low, high):
            assert float(rest_energy(energy, mass, cosine, gamma, beta)) == pytest.approx(largest, rel=1e-8)
    else:
        assert low == high == mass
        return
    inside = np.linspace(low, high, 41)[1:-1]
    assert (rest_energy(inside, mass, cosine, gamma, beta) <= largest * (1 + 1e-9)).all()


@given(st.floats(1.0, 60.0), MASS, EXTRA, COSINE)
@settings(max_examples=200, deadline=None, derandomize=True)
def test_nothing_is_reachable_outside_the_limits(gamma: float, mass: float, extra: float, cosine: float) -> None:
    beta, largest = speed(gamma), mass + extra
    low, high = lab_energy_limits(cosine, gamma, beta, largest, mass)
    energy = mass + np.geomspace(1e-3, 2.0 * gamma * largest, 400)
    reached = gamma * (energy - beta * np.sqrt(energy**2 - mass**2) * cosine) < largest * (1 - 1e-9)
    outside = (energy < low * (1 - 1e-9)) | (energy > high * (1 + 1e-9))
    assert not (reached & outside).any()


@given(st.floats(1.0, 60.0), EXTRA, COSINE)
@settings(max_examples=100, deadline=None, derandomize=True)
def test_massless_limit(gamma: float, largest: float, cosine: float) -> None:
    beta = speed(gamma)
    low, high = lab_energy_limits(cosine, gamma, beta, largest, 0.0)
    assert float(low) == 0.0
    assert float(high) == pytest.approx(largest / (gamma * (1 - beta * cosine)), rel=1e-9)


def test_parent_at_rest_has_its_own_spectrum() -> None:
    low, high = lab_energy_limits(np.linspace(-1, 1, 5), 1.0, 0.0, 70.0, 20.0)
    assert low.tolist() == [20.0] * 5
    assert high == pytest.approx(np.full(5, 70.0), rel=1e-14)


def test_slow_daughter_of_a_fast_parent_goes_forward_only() -> None:
    # gamma m = 50 MeV > 35 MeV: sin(theta_max) = p*_max/(m beta gamma)
    gamma, mass, largest = 5.0, 10.0, 35.0
    sine = np.sqrt(largest**2 - mass**2) / (mass * gamma * speed(gamma))
    assert sine < 1.0
    angle = np.arcsin(sine) * np.array([0.999, 1.001])
    low, high = lab_energy_limits(np.cos(angle), gamma, speed(gamma), largest, mass)
    assert high[0] > low[0] > mass
    assert low[1] == high[1] == mass
    assert lab_energy_limits(-0.5, gamma, speed(gamma), largest, mass)[1] == mass


@pytest.mark.parametrize("gamma", [1.0, 1.3, 4.0, 25.0])
@pytest.mark.parametrize("mass", [0.0, 10.0, 60.0])
def test_measure_integrates_to_one(gamma: float, mass: float) -> None:
    """dGamma/dE* ~ p* (E_max - E*): the integral over lab energy and solid angle is the branching ratio, 1 here."""
    largest, beta = 80.0, speed(gamma)

    def shape(e: float) -> float:
        return largest - e

    norm = integrate.quad(lambda e: np.sqrt(e**2 - mass**2) * shape(e), mass, largest, epsrel=1e-11)[0]

    def inner(energy: float, cosine: float) -> float:
        e_star = float(rest_energy(energy, mass, cosine, gamma, beta))
        return float(directed_density(shape(e_star) / norm, np.sqrt(energy**2 - mass**2))) * 2 * np.pi

    def over_energy(cosine: float) -> float:
        low, high = (float(v) for v in lab_energy_limits(cosine, gamma, beta, largest, mass))
        return integrate.quad(inner, low, high, args=(cosine,), epsrel=1e-9)[0] if high > low else 0.0

    start = -1.0
    if gamma * mass > largest:
        start = np.sqrt(1 - (largest**2 - mass**2) / (mass * gamma * beta) ** 2)
    # 1 - cos = (1 - start) x^2 spreads the forward peak
    total = integrate.quad(
        lambda x: over_energy(1 - (1 - start) * x * x) * 2 * x * (1 - start), 0, 1, epsrel=1e-7, limit=200
    )[0]
    assert total == pytest.approx(1.0, rel=2e-6)


def test_density_against_brute_force_decays() -> None:
    """Share of isotropic decays that fall into a window of lab energy and angle."""
    gamma, mass, largest, n = 3.0, 20.0, 80.0, 400_000
    beta, rng = speed(gamma), np.random.default_rng(8)
    e_star = mass + (largest - mass) * rng.random(n)  # flat dGamma/dE*
    p_star, c_star = np.sqrt(e_star**2 - mass**2), rng.uniform(-1, 1, n)
    energy = gamma * (e_star + beta * p_star * c_star)
    momentum = np.sqrt(energy**2 - mass**2)
    cosine = gamma * (p_star * c_star + beta * e_star) / momentum
    hits = ((energy > 100) & (energy < 180) & (cosine > 0.9) & (cosine < 0.98)).mean()

    def density(energy: float, cosine: float) -> float:
        low, high = lab_energy_limits(cosine, gamma, beta, largest, mass)
        if not low < energy < high:
            return 0.0
        e_star = float(rest_energy(energy, mass, cosine, gamma, beta))
        over_p = 1 / (largest - mass) / np.sqrt(e_star**2 - mass**2)
        return 2 * np.pi * float(directed_density(over_p, np.sqrt(energy**2 - mass**2)))

    nodes, weights = np.polynomial.legendre.leggauss(60)
    expected = sum(
        w_e * w_c * density(140 + 40 * x, 0.94 + 0.04 * y) * 40 * 0.04
        for x, w_e in zip(nodes, weights, strict=True)
        for y, w_c in zip(nodes, weights, strict=True)
    )
    assert 0.02 < hits < 0.5
    assert hits == pytest.approx(expected, abs=4 * np.sqrt(hits * (1 - hits) / n) + 1e-3 * expected)


def test_rest_energy_is_the_boost_and_never_below_the_mass() -> None:
    gamma, mass = 7.0, 30.0
    at_rest_in_parent = gamma * mass
    assert float(rest_energy(at_rest_in_parent, mass, 1.0, gamma, speed(gamma))) == pytest.approx(mass, rel=1e-9)
    energies = np.geomspace(mass, 1e5, 500)
    assert (rest_energy(energies, mass, 1.0, gamma, speed(gamma)) >= mass).all()


@pytest.mark.parametrize("gamma", [1.0, 1.5, 10.0, 60.0])
def test_massless_density_integrates_to_one(gamma: float) -> None:
    beta = speed(gamma)
    value = integrate.quad(
        lambda x: 2 * np.pi * float(massless_two_body_density(1 - 2 * x**4, gamma, beta)) * 8 * x**3, 0, 1, epsrel=1e-9
    )[0]
    assert value == pytest.approx(1.0, rel=1e-7)


def test_massless_density_by_hand() -> None:
    assert float(massless_two_body_density(0.3, 1.0, 0.0)) == pytest.approx(1 / (4 * np.pi))
    # forward peak gamma^2 (1 + beta)^2/4 pi, gamma = 1.25
    assert float(massless_two_body_density(1.0, 1.25, 0.6)) == pytest.approx(1.25**2 * 1.6**2 / (4 * np.pi))


@pytest.mark.parametrize("gamma", [1.0, 1.4, 8.0, 40.0])
def test_aberration_follows_the_density(gamma: float) -> None:
    """The share of daughters inside a cone is the integral of the density over it."""
    beta = speed(gamma)
    for u in (0.01, 0.2, 0.5, 0.9, 0.99):
        versine = float(aberrated_versine(u, gamma, beta))
        share = integrate.quad(
            lambda v: 2 * np.pi * float(massless_two_body_density(1 - v, gamma, beta)), 0, versine, epsrel=1e-9
        )[0]
        assert share == pytest.approx(u, rel=1e-7)


@given(st.floats(1e-9, 1 - 1e-9), st.floats(1.0, 1e4))
@settings(max_examples=150, deadline=None, derandomize=True)
def test_versine_is_the_boost_of_a_light_ray(u: float, gamma: float) -> None:
    beta = speed(gamma)
    versine = float(aberrated_versine(u, gamma, beta))
    assert 0.0 <= versine <= 2.0
    c_star = 1 - 2 * u
    assert 1 - versine == pytest.approx((c_star + beta) / (1 + beta * c_star), abs=1e-9 * gamma)
    assert float(aberrated_versine(0.0, gamma, beta)) == 0.0
    assert float(aberrated_versine(1.0, gamma, beta)) == pytest.approx(2.0, rel=1e-7)


def test_drawn_angles_follow_the_density() -> None:
    u = np.random.default_rng(4).random(20000)
    gamma = 5.0
    beta = speed(gamma)
    versine = aberrated_versine(u, gamma, beta)
    edges = np.geomspace(0.002, 2.0, 21)
    edges[0] = 0.0
    counts, _ = np.histogram(versine, edges)
    expected = [
        20000 * integrate.quad(lambda v: 2 * np.pi * float(massless_two_body_density(1 - v, gamma, beta)), a, b)[0]
        for a, b in pairwise(edges)
    ]
    assert stats.chi2.sf(((counts - expected) ** 2 / expected).sum(), 19) > 1e-3
