"""A pseudoscalar from neutral mesons: explicit tensors, exact diagonalisation, the measured pi0 width."""

import numpy as np
import pytest
from dirac_algebra import EPSILON, METRIC
from hypothesis import example, given, settings
from hypothesis import strategies as st

from darkhorn.core.errors import RangeError
from darkhorn.core.units import EV
from darkhorn.physics.dark_decays import width_scalar_to_two_photons
from darkhorn.physics.neutral_meson_alps import (
    branching_two_photons_a,
    dbranching_two_photons_a,
    energy_density_two_photons_a,
    mixing_angle,
    mixing_two_photon_coupling,
)

PI0 = 134.9768


def momenta(energy, cos, m_a):
    """Photons k1, k2 and a in the rest frame of the meson: a along z, photons boosted from their own frame."""
    p_a = np.sqrt(energy**2 - m_a**2)
    root = np.sqrt(PI0**2 + m_a**2 - 2 * PI0 * energy)
    gamma, boost = (PI0 - energy) / root, -p_a / root
    sin = np.sqrt(1 - cos**2)
    photons = []
    for sign in (1, -1):
        k, kz = root / 2, sign * root / 2 * cos
        photons.append(np.array([gamma * k + boost * kz, sign * k * sin, 0, gamma * kz + boost * k]))
    return (*photons, np.array([energy, 0, 0, p_a]))


def tensor(k1, k2, a):
    """Amplitude T^{mn} of P0 -> gamma gamma a with unit couplings: both ways to attach the photons."""

    def one(first, second):
        virtual = second + a
        left = np.einsum("mard,r,d->ma", EPSILON, first, virtual)
        right = np.einsum("bnrd,r,d->bn", EPSILON, virtual, second)
        return left @ METRIC @ right / (virtual @ METRIC @ virtual)

    return one(k1, k2) + one(k2, k1).T


@pytest.mark.parametrize("m_a", [0.0, 1.0, 40.0, 120.0])
def test_rate_against_explicit_tensors(m_a):
    rng = np.random.default_rng(3)
    top = (PI0**2 + m_a**2) / (2 * PI0)
    strength = 2e-4
    for energy, cos in zip(rng.uniform(m_a, top, 12), rng.uniform(-1, 1, 12), strict=True):
        k1, k2, a = momenta(energy, cos, m_a)
        assert k1 + k2 + a == pytest.approx(np.array([PI0, 0, 0, 0]), abs=1e-10)
        amplitude = tensor(k1, k2, a)
        assert np.abs(np.einsum("mn,m->n", amplitude, k1)).max() < 1e-6 * np.abs(amplitude).max() * PI0
        msq = np.einsum("mn,pq,mp,nq->", amplitude, amplitude, METRIC, METRIC)
        # ds12 ds(gamma a) = 2 M dE M p dcos; identical photons 1/2; over Gamma(gamma gamma) = M^3/(64 pi).
        measure = 2 * PI0 * PI0 * np.sqrt(energy**2 - m_a**2) / ((2 * np.pi) ** 3 * 32 * PI0**3) / 2
        expected = strength**2 * msq * measure / (PI0**3 / (64 * np.pi))
        value = dbranching_two_photons_a(energy, cos, m_a, PI0, strength)
        assert value == pytest.approx(expected, rel=1e-8, abs=0)


@pytest.mark.parametrize("m_a", [0.0, 0.01, 5.0, 70.0, 134.0])
def test_integrals_against_scipy(m_a):
    from scipy.integrate import quad

    top = (PI0**2 + m_a**2) / (2 * PI0)
    for energy in m_a + (top - m_a) * np.array([1e-3, 0.3, 0.9]):
        value, _ = quad(
            lambda c, e=energy: 2 * float(dbranching_two_photons_a(e, 1 - c, m_a, PI0, 1e-3)),
            0,
            1,
            epsabs=0,
            epsrel=1e-11,
            points=[1e-8, 1e-6, 1e-4, 1e-2],
        )
        assert energy_density_two_photons_a(energy, m_a, PI0, 1e-3) == pytest.approx(value, rel=1e-9, abs=0)
    total, _ = quad(
        lambda x: 2 * x * (top - m_a) * float(energy_density_two_photons_a(m_a + (top - m_a) * x * x, m_a, PI0, 1e-3)),
        0,
        1,
        epsabs=0,
        epsrel=1e-10,
    )
    assert branching_two_photons_a(m_a, PI0, 1e-3) == pytest.approx(total, rel=1e-8, abs=0)


def test_values_limits_and_threshold():
    massless = 7 * 1e-6 * PI0**2 / (768 * np.pi**2)
    assert branching_two_photons_a(0.0, PI0, 1e-3) == pytest.approx(massless, rel=1e-13)
    assert branching_two_photons_a(1e-6, PI0, 1e-3) == pytest.approx(massless, rel=1e-10)
    assert branching_two_photons_a(PI0, PI0, 1.0) == 0.0
    assert branching_two_photons_a(200.0, PI0, 1.0) == 0.0
    outside = energy_density_two_photons_a(np.array([-5.0, 0.0, 10.0, 70.0]), 10.0, PI0, 1.0)
    assert np.all(outside == 0.0)
    assert np.all(dbranching_two_photons_a(np.array([9.0, 10.0, 100.0]), 0.3, 10.0, PI0, 1.0) == 0.0)


@settings(deadline=None, derandomize=True, max_examples=100)
@given(st.floats(0.0, 1.2), st.floats(-0.5, 1.5), st.floats(-1.0, 1.0))
@example(5e-324, 0.3, 0.5)
def test_never_nan_or_negative(x, y, cos):
    m_a, energy = x * PI0, y * PI0
    values = (
        dbranching_two_photons_a(energy, cos, m_a, PI0, 1e-3),
        energy_density_two_photons_a(energy, m_a, PI0, 1e-3),
        branching_two_photons_a(m_a, PI0, 1e-3),
    )
    assert all(np.isfinite(value) and value >= 0.0 for value in values)


@pytest.mark.parametrize(("mass_sq", "kinetic"), [(40.0, 0.0), (0.0, 2e-3), (-25.0, 1e-3)])
@pytest.mark.parametrize("m_a", [0.0, 20.0, 90.0, 300.0])
def test_mixing_against_diagonalisation(mass_sq, kinetic, m_a):
    from scipy.linalg import eigh

    # L = (1/2) d(a,P)^T K d(a,P) - (1/2) (a,P)^T S (a,P); the state whose mass is near m_a is a.
    k = np.array([[1.0, kinetic], [kinetic, 1.0]])
    s = np.array([[m_a**2, mass_sq], [mass_sq, PI0**2]])
    values, vectors = eigh(s, k)
    light = vectors[:, np.argmin(np.abs(values - m_a**2))]
    exact = light[1] / light[0]
    angle = mixing_angle(m_a, PI0, mass_sq=mass_sq, kinetic=kinetic)
    assert angle == pytest.approx(exact, rel=2e-3, abs=1e-9)


def test_pi0_width_from_the_anomaly():
    width = width_scalar_to_two_photons(mixing_two_photon_coupling(1.0), PI0)
    assert width == pytest.approx(7.81 * EV, rel=0.015)
    assert mixing_two_photon_coupling(0.02) == pytest.approx(0.02 * 2.523e-5, rel=1e-3)


def test_errors():
    with pytest.raises(RangeError, match="equals the mass of the meson"):
        mixing_angle(PI0, PI0, mass_sq=1.0)
    with pytest.raises(RangeError, match="mixing angle"):
        mixing_angle(134.0, PI0, mass_sq=100.0)
    with pytest.raises(RangeError, match="kinetic"):
        mixing_angle(10.0, PI0, kinetic=0.5)
    with pytest.raises(RangeError, match="f = 0 MeV"):
        mixing_two_photon_coupling(0.1, 0.0)
    with pytest.raises(RangeError, match="cos"):
        dbranching_two_photons_a(20.0, 1.5, 10.0, PI0, 1.0)
    with pytest.raises(RangeError, match="m_a"):
        branching_two_photons_a(-1.0, PI0, 1.0)
