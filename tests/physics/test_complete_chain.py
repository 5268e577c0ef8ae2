"""V of P -> V + rest, V -> 1 2, found again from P and 1: by quadrature, scalar products and the chain forwards."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import ks_2samp

from darkhorn.core.errors import RangeError, ThresholdError
from darkhorn.core.rays import Floats
from darkhorn.physics.cascade import daughter_density, energy_limits, two_body_energy, two_body_momentum
from darkhorn.physics.complete_chain import draw_mother_energy, mother_and_sister
from darkhorn.physics.fourvector import boost, minkowski_dot, minkowski_sq

M = 493.677
CASES = [(100.0, 5.0, 5.0), (60.0, 29.0, 29.0), (17.0, 0.0, 0.0), (90.0, 10.0, 40.0), (17.0, 0.0, 5.0)]
TOP = 220.0


def spectrum(energy: Floats) -> Floats:
    """A smooth made-up spectrum of V that ends at TOP."""
    return np.sqrt(np.maximum(energy, 0.0)) * np.maximum(TOP - energy, 0.0) * (1.0 + 3.0e-5 * energy**2)


def directions(rng: np.random.Generator, n: int) -> Floats:
    found = rng.normal(size=(n, 3))
    return np.asarray(found / np.linalg.norm(found, axis=1)[:, None])


def forwards(masses: tuple[float, float, float], n: int, seed: int) -> tuple[Floats, Floats, Floats, Floats]:
    """P, V, 1 and 2 of a simulated chain: P moving, V of the spectrum, both decays isotropic."""
    m_v, m1, m2 = masses
    rng = np.random.default_rng(seed)
    grid = np.linspace(m_v, TOP, 20001)
    cumulative = np.concatenate([[0.0], np.cumsum(0.5 * (spectrum(grid[1:]) + spectrum(grid[:-1])))])
    energy = np.interp(rng.random(n) * cumulative[-1], cumulative, grid)
    momentum = rng.exponential(2000.0, n)[:, None] * directions(rng, n)
    parent = np.column_stack([np.hypot(np.linalg.norm(momentum, axis=1), M), momentum])
    v = np.column_stack([energy, np.sqrt(energy**2 - m_v**2)[:, None] * directions(rng, n)])
    e1, p1 = float(two_body_energy(m_v, m1, m2)), float(two_body_momentum(m_v, m1, m2))
    first = boost(np.column_stack([np.full(n, e1), p1 * directions(rng, n)]), v, m_v)
    v, first = boost(v, parent, M), boost(first, parent, M)
    return parent, v, first, v - first


@pytest.mark.parametrize("masses", CASES)
def test_energies_of_the_mother_by_quadrature(masses: tuple[float, float, float]) -> None:
    """The cumulative f(W) D(E; W) at a drawn W is the uniform number that drew it."""
    m_v, m1, _ = masses
    u = np.array([0.02, 0.3, 0.7, 0.99])
    top = float(energy_limits(TOP, *masses)[1])
    for energy in (m1 + 0.15 * (top - m1), m1 + 0.6 * (top - m1)):
        drawn = draw_mother_energy(spectrum, (m_v, TOP), np.full(4, energy), u, *masses)
        edges = np.linspace(m_v * (1 + 1e-12), TOP, 4001)[1:]
        inside = edges[daughter_density(energy, edges, *masses) > 0.0]

        def density(w: float, at: float = energy) -> float:
            return float(spectrum(np.array(w)) * daughter_density(at, w, *masses))

        low, high = inside[0], inside[-1]
        parts = [quad(density, low, float(np.clip(w, low, high)), epsrel=1e-8)[0] for w in (*drawn, high)]
        assert np.array(parts[:-1]) / parts[-1] == pytest.approx(u, abs=4e-3)  # the edges are known to a step


@pytest.mark.parametrize("masses", CASES)
def test_the_chain_is_found_again(masses: tuple[float, float, float]) -> None:
    """Joint distribution of 1, V and 2 as forwards: energies where P is at rest, in two halves of the energy of 1."""
    m_v = masses[0]
    parent, v, first, second = forwards(masses, 40000, 3)
    rng = np.random.default_rng(4)
    energy = minkowski_dot(parent, first) / M
    drawn = draw_mother_energy(spectrum, (m_v, TOP), energy, rng.random(len(energy)), *masses)
    mother, sister = mother_and_sister(parent, first, drawn, 2 * np.pi * rng.random(len(energy)), M, *masses)
    middle = np.median(energy)
    for half in (energy < middle, energy >= middle):
        for true, found in ((v, mother), (second, sister)):
            for reference in (parent, np.array([1.0, 0.0, 0.0, 0.0])):
                a, b = (minkowski_dot(reference, p)[half] for p in (true, found))
                assert ks_2samp(a, b).pvalue > 1e-4
    shuffled = minkowski_dot(parent, second)[np.argsort(rng.random(len(energy)))][energy < middle]
    assert ks_2samp(shuffled, minkowski_dot(parent, sister)[energy < middle]).pvalue < 1e-4


@pytest.mark.parametrize("masses", CASES)
def test_the_true_energy_gives_momenta_on_shell(masses: tuple[float, float, float]) -> None:
    m_v, _, m2 = masses
    parent, v, first, _ = forwards(masses, 2000, 5)
    energy = np.maximum(minkowski_dot(parent, v) / M, m_v)
    mother, sister = mother_and_sister(parent, first, energy, np.zeros(2000), M, *masses)
    scale = mother[:, 0]
    assert np.abs(mother - first - sister).max(axis=1) == pytest.approx(0.0, abs=1e-10 * scale.max())
    assert (np.abs(mother - first - sister).max(axis=1) / scale).max() < 1e-10
    assert minkowski_dot(parent, mother) / M == pytest.approx(energy, rel=1e-9)
    assert (np.abs(minkowski_sq(mother) - m_v**2) / scale**2).max() < 1e-12
    assert (np.abs(minkowski_sq(sister) - m2**2) / scale**2).max() < 1e-12
    assert minkowski_dot(mother, first) == pytest.approx(minkowski_dot(v, first), rel=1e-6)


def test_a_line_at_rest_and_typed_numbers() -> None:
    """P0 -> gamma V at rest: photon and pair add up; E* of V 100 MeV from pi0 is 104.532 MeV."""
    meson, m_v, m1 = 134.9768, 100.0, 10.0
    flying = float(two_body_energy(meson, m_v, 0.0))
    assert flying == pytest.approx(104.532, rel=1e-5)
    low, high = (float(edge) for edge in energy_limits(flying, m_v, m1, m1))
    parent = np.tile([meson, 0.0, 0.0, 0.0], (3, 1))
    energy = np.array([low, 0.5 * (low + high), high])
    chi = np.column_stack([energy, np.zeros(3), np.zeros(3), np.sqrt(energy**2 - m1**2)])
    mother, sister = mother_and_sister(parent, chi, np.full(3, flying), np.full(3, 0.3), meson, m_v, m1, m1)
    photon = parent - mother
    assert photon[:, 0] == pytest.approx(np.linalg.norm(photon[:, 1:], axis=1), rel=1e-12)
    size = np.sqrt(flying**2 - m_v**2)
    assert mother[[0, 2], 3] == pytest.approx([-size, size], rel=1e-6)
    assert sister[:, 0] == pytest.approx(flying - energy, rel=1e-9)


def test_refusals() -> None:
    with pytest.raises(RangeError, match="limits"):
        draw_mother_energy(spectrum, (50.0, 20.0), [10.0], [0.5], 20.0, 1.0, 1.0)
    with pytest.raises(RangeError, match="limits"):
        draw_mother_energy(spectrum, (10.0, 90.0), [10.0], [0.5], 20.0, 1.0, 1.0)
    with pytest.raises(ThresholdError):
        draw_mother_energy(spectrum, (20.0, 90.0), [30.0], [0.5], 20.0, 15.0, 15.0)
    with pytest.raises(RangeError, match="energy"):
        mother_and_sister(np.eye(4)[:1] * M, np.eye(4)[:1] * 5.0, [10.0], [0.0], M, 20.0, 5.0, 5.0)
