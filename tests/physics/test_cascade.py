"""Energies along chains of two-body decays: explicit Monte Carlo, explicit traces, conservation."""

import itertools

import numpy as np
import pytest
from dirac_algebra import METRIC, current_tensor, dot
from hypothesis import given, settings
from hypothesis import strategies as st

from darkhorn.core.errors import RangeError, ThresholdError, UnknownNameError
from darkhorn.physics.cascade import (
    chain_density,
    daughter_density,
    energy_limits,
    two_body_energy,
    two_body_momentum,
    vector_to_pair_polarisation,
)

PI0 = 134.9768
NODES, WEIGHTS = np.polynomial.legendre.leggauss(64)
POLARISATIONS = (0.0, -1.0, -0.4, 0.9, 5.0, np.inf)


def integral(function, low, high):
    points = 0.5 * (low + high) + 0.5 * (high - low) * NODES
    return 0.5 * (high - low) * (WEIGHTS @ function(points))


def draw_cos(rng, n, a):
    """Cosines distributed as 1 + a cos^2, by accept-reject (cos^2 alone by its inverse)."""
    if np.isinf(a):
        return np.cbrt(rng.uniform(-1, 1, n))
    kept = np.empty(0)
    while len(kept) < n:
        cos = rng.uniform(-1, 1, 3 * n)
        kept = np.concatenate([kept, cos[rng.uniform(0, 1 + max(a, 0), 3 * n) < 1 + a * cos**2]])
    return kept[:n]


def decay(rng, parent_energy, mass, m1, m2, a):
    """Energies of daughter 1, by a boost of each decay along the direction of flight."""
    e_star = (mass**2 + m1**2 - m2**2) / (2 * mass)
    p_star = np.sqrt(e_star**2 - m1**2)
    gamma = parent_energy / mass
    return gamma * e_star + np.sqrt(gamma**2 - 1) * p_star * draw_cos(rng, len(parent_energy), a)


def chi_square(sample, density, low, high, bins=30):
    counts, edges = np.histogram(sample, bins, (low, high))
    expected = len(sample) * np.array([integral(density, *pair) for pair in itertools.pairwise(edges)])
    assert expected.sum() == pytest.approx(len(sample), rel=2e-3)
    return np.sum((counts - expected) ** 2 / np.maximum(expected, 1.0)) / bins


def test_two_body_numbers():
    assert two_body_energy(PI0, 100.0, 0.0) == pytest.approx((PI0**2 + 1e4) / (2 * PI0), rel=1e-14)
    assert two_body_momentum(139.57039, 105.6583755, 0.0) == pytest.approx(29.792, abs=5e-4)
    assert two_body_energy(139.57039, 105.6583755, 0.0) == pytest.approx(109.778, abs=5e-4)
    assert two_body_momentum(100.0, 60.0, 50.0) == 0.0
    assert two_body_momentum(100.0, 50.0, 50.0) == 0.0
    with pytest.raises(ThresholdError, match="100 MeV is not above m1 \\+ m2 = 110 MeV"):
        two_body_energy(100.0, 60.0, 50.0)


@settings(deadline=None, derandomize=True, max_examples=80)
@given(st.floats(1.0, 1e4), st.floats(0.0, 0.6), st.floats(0.0, 0.39))
def test_two_body_conserves_energy_and_momentum(M, x, y):
    first, second = M * x, M * y
    momentum = two_body_momentum(M, first, second)
    assert two_body_energy(M, first, second) + two_body_energy(M, second, first) == pytest.approx(M, rel=1e-13)
    assert two_body_energy(M, first, second) == pytest.approx(np.hypot(momentum, first), rel=1e-9)


@pytest.mark.parametrize("a", POLARISATIONS)
def test_daughter_against_monte_carlo(a):
    rng = np.random.default_rng(7)
    energy, mass, m1, m2 = 320.0, 100.0, 20.0, 45.0
    sample = decay(rng, np.full(200_000, energy), mass, m1, m2, a)
    low, high = energy_limits(energy, mass, m1, m2)
    assert sample.min() >= low - 1e-9
    assert sample.max() <= high + 1e-9
    assert chi_square(sample, lambda e: daughter_density(e, energy, mass, m1, m2, a), low, high) < 1.9


@settings(deadline=None, derandomize=True, max_examples=80)
@given(st.floats(1.0, 1e3), st.floats(0.0, 0.49), st.floats(0.0, 0.49), st.floats(1e-3, 1e3), st.floats(-1.0, 50.0))
def test_density_is_normalised_with_the_right_mean(mass, x, y, kinetic, a):
    m1, m2, energy = mass * x, mass * y, mass * (1 + kinetic)
    low, high = energy_limits(energy, mass, m1, m2)
    assert m1 * (1 - 1e-9) <= low < high
    density = lambda e: daughter_density(e, energy, mass, m1, m2, a)  # noqa: E731
    assert integral(density, low, high) == pytest.approx(1.0, rel=1e-6)
    mean = energy / mass * two_body_energy(mass, m1, m2)
    assert integral(lambda e: e * density(e), low, high) == pytest.approx(mean, rel=1e-6)
    outside = density(np.array([0.999 * low - 1e-9 * mass, 1.001 * high]))
    assert np.all(outside == 0.0)


def test_box_of_the_peer_case():
    energy = two_body_energy(134.9766, 100.0, 0.0)
    low, high = energy_limits(energy, 100.0, 5.0, 5.0)
    assert (low, high) == (pytest.approx(37.1198, abs=1e-4), pytest.approx(67.4120, abs=1e-4))
    assert low + high == pytest.approx(energy, rel=1e-14)
    middle = daughter_density(np.array([40.0, 50.0, 60.0]), energy, 100.0, 5.0, 5.0)
    assert middle == pytest.approx(1.0 / (high - low), rel=1e-12)


def first_density(energy):
    """A triangle between 150 and 400 MeV."""
    return 2.0 * (energy - 150.0) / 250.0**2


@pytest.mark.parametrize("a", POLARISATIONS)
@pytest.mark.parametrize(("m1", "m2"), [(5.0, 5.0), (0.0, 30.0), (49.0, 49.0)])
def test_chain_against_monte_carlo_and_scipy(a, m1, m2):
    from scipy.integrate import quad

    rng = np.random.default_rng(11)
    mass, limits = 100.0, (150.0, 400.0)
    first = 150.0 + 250.0 * np.sqrt(rng.uniform(size=200_000))
    sample = decay(rng, first, mass, m1, m2, a)
    ends = [energy_limits(end, mass, m1, m2) for end in limits]
    low, high = min(ends[0][0], ends[1][0]), ends[1][1]
    chain = lambda e: chain_density(e, first_density, limits, mass, m1, m2, a)  # noqa: E731
    assert chi_square(sample, chain, low, high) < 1.9
    energy = 0.4 * low + 0.6 * high
    direct = lambda e1: first_density(e1) * float(daughter_density(energy, e1, mass, m1, m2, a))  # noqa: E731
    value, _ = quad(direct, *limits, limit=400, epsabs=1e-12)
    assert chain(energy) == pytest.approx(value, rel=2e-4)
    assert np.all(chain(np.array([0.0, 0.99 * low - 1e-6, 1.01 * high])) == 0.0)


def test_chain_from_rest_conserves_number_and_energy():
    """The first spectrum reaches down to rest, where a box closes to a line."""
    flat = lambda e: np.full_like(e, 1.0 / 60.0)  # noqa: E731
    energies = np.linspace(4.0, 162.0, 20_001)
    spectrum = chain_density(energies, flat, (100.0, 160.0), 100.0, 5.0, 5.0)
    assert np.trapezoid(spectrum, energies) == pytest.approx(1.0, rel=1e-5)
    assert np.trapezoid(spectrum * energies, energies) == pytest.approx(65.0, rel=1e-5)
    grid = chain_density(energies[:600].reshape(3, 200), flat, (100.0, 160.0), 100.0, 5.0, 5.0)
    assert np.array_equal(grid.ravel(), spectrum[:600])


def test_polarisation_against_traces():
    m_v, m_chi = 100.0, 30.0
    momentum = np.sqrt(m_v**2 / 4 - m_chi**2)
    states = {
        "transverse": [np.array([0, 1.0, 0, 0]), np.array([0, 0, 1.0, 0])],
        "longitudinal": [np.array([0, 0, 0, 1.0])],
    }
    cos = np.linspace(-1.0, 1.0, 9)
    for state, vectors in states.items():
        dirac, scalar = [], []
        for c in cos:
            s = np.sqrt(1 - c**2)
            p1 = np.array([m_v / 2, momentum * s, 0, momentum * c])
            p2 = np.array([m_v, 0, 0, 0]) - p1
            tensor = METRIC @ current_tensor(p1, m_chi, p2, -m_chi) @ METRIC
            dirac.append(sum(e @ tensor @ e for e in vectors))
            scalar.append(sum(dot(e, p1 - p2) ** 2 for e in vectors))
        for spin, values in (("dirac", dirac), ("scalar", scalar)):
            a = float(vector_to_pair_polarisation(m_v, m_chi, spin, state))
            shape = cos**2 if np.isinf(a) else 1 + a * cos**2
            index = 8 if np.isinf(a) else 4
            assert np.array(values) / values[index] == pytest.approx(shape / shape[index], abs=1e-12)


def test_polarisation_values():
    assert vector_to_pair_polarisation(100.0, 0.0, "dirac", "transverse") == 1.0
    assert vector_to_pair_polarisation(100.0, 0.0, "dirac", "longitudinal") == -1.0
    assert vector_to_pair_polarisation(100.0, 50.0, "dirac", "transverse") == 0.0
    assert vector_to_pair_polarisation(100.0, 5.0, "scalar", "unpolarised") == 0.0
    # The mean over the three states is isotropic: flat parts and squared parts add with the widths.
    for spin in ("dirac", "scalar"):
        cos = 0.37
        total = 0.0
        for state, weight in (("transverse", 2 / 3), ("longitudinal", 1 / 3)):
            a = float(vector_to_pair_polarisation(100.0, 30.0, spin, state))
            total += weight * (1.5 * cos**2 if np.isinf(a) else 0.5 * (1 + a * cos**2) / (1 + a / 3))
        assert total == pytest.approx(0.5, rel=1e-12)


def test_bad_input():
    with pytest.raises(ThresholdError):
        daughter_density(50.0, 120.0, 100.0, 50.0, 50.0)
    with pytest.raises(RangeError, match="parent_energy - parent_mass"):
        daughter_density(50.0, 100.0, 100.0, 5.0, 5.0)
    with pytest.raises(RangeError, match="polarisation"):
        daughter_density(50.0, 120.0, 100.0, 5.0, 5.0, -1.1)
    with pytest.raises(RangeError, match="polarisation"):
        daughter_density(50.0, 120.0, 100.0, 5.0, 5.0, np.nan)
    with pytest.raises(RangeError, match="first_limits"):
        chain_density(50.0, first_density, (90.0, 400.0), 100.0, 5.0, 5.0)
    with pytest.raises(RangeError, match="order"):
        chain_density(50.0, first_density, (150.0, 400.0), 100.0, 5.0, 5.0, order=0)
    with pytest.raises(ThresholdError):
        chain_density(50.0, first_density, (150.0, 400.0), 100.0, 60.0, 50.0)
    with pytest.raises(ThresholdError):
        vector_to_pair_polarisation(100.0, 60.0, "dirac", "transverse")
    with pytest.raises(UnknownNameError, match="transverse"):
        vector_to_pair_polarisation(100.0, 6.0, "dirac", "transvers")
    with pytest.raises(UnknownNameError, match="dirac"):
        vector_to_pair_polarisation(100.0, 6.0, "Dirac", "transverse")
    with pytest.raises(RangeError, match="M = 0 MeV"):
        two_body_momentum(0.0, 0.0, 0.0)
