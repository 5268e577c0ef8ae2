"""Meson couplings from quark charges, against explicit 3x3 matrices."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import expm

from darkhorn.core import species
from darkhorn.core.errors import RangeError, UnknownNameError
from darkhorn.physics.chiral import (
    ETA_ANGLE,
    SINGLET_OVER_OCTET,
    anomaly_etas,
    anomaly_octet,
    anomaly_pi0,
    anomaly_singlet,
    contact_charge,
    structure_weights,
    vector_charge,
)
from darkhorn.physics.neutral_mesons import BRANCHING_TWO_PHOTONS, ETA_PRIME

Q = np.diag([2 / 3, -1 / 3, -1 / 3])
LAMBDA_3 = np.diag([1.0, -1.0, 0.0])
LAMBDA_8 = np.diag([1.0, 1.0, -2.0]) / np.sqrt(3)
LAMBDA_0 = np.sqrt(2 / 3) * np.eye(3)
ROW = {"pi+": (0, 1), "K+": (0, 2), "K0": (1, 2)}
COUPLINGS = st.floats(-3.0, 3.0)


def matrix(meson, field, conjugate):
    """Phi with one complex meson field."""
    phi = np.zeros((3, 3), dtype=complex)
    phi[ROW[meson]], phi[ROW[meson][::-1]] = field, conjugate
    return phi


def commutator(a, b):
    return a @ b - b @ a


def kinetic(meson, field, slope, g, v):
    """(f^2/4) Tr[D U (D U)^dagger] with f = 1, for a field phi and one component d phi, at one point."""
    phi, dphi = matrix(meson, field, np.conj(field)), matrix(meson, slope, np.conj(slope))
    step = 1e-5
    exponential = lambda p: expm(1j * np.sqrt(2) * p)  # noqa: E731
    derivative = (exponential(phi + step * dphi) - exponential(phi - step * dphi)) / (2 * step)
    covariant = derivative - 1j * v * commutator(g, exponential(phi))
    return 0.25 * np.trace(covariant @ covariant.conj().T).real


@pytest.mark.parametrize("meson", ROW)
def test_current_from_the_expansion_of_u(meson):
    """The term of order V phi dphi of the whole Lagrangian is q V i(phi* dphi - phi dphi*)."""
    g = np.diag([0.7, -0.4, 1.9])
    field, slope, v = 1e-3 * (1 + 0.5j), 0.8 - 0.3j, 1.0
    odd = 0.5 * (kinetic(meson, field, slope, g, v) - kinetic(meson, field, slope, g, -v))
    current = (1j * (np.conj(field) * slope - field * np.conj(slope))).real
    charge = float(vector_charge(meson, 0.7, -0.4, 1.9))
    assert abs(odd / current) == pytest.approx(abs(charge), rel=1e-4)
    # The sign is common: that of the photon and pi+.
    photon = 0.5 * (kinetic("pi+", field, slope, Q, v) - kinetic("pi+", field, slope, Q, -v))
    assert odd / photon == pytest.approx(charge, rel=1e-4)


@pytest.mark.parametrize("meson", ROW)
def test_charge_and_contact_from_the_commutator(meson):
    g = np.diag([0.7, -0.4, 1.9])
    phi = matrix(meson, 1.0, 1.0)
    value = commutator(g, phi)[ROW[meson]] / phi[ROW[meson]]
    assert vector_charge(meson, 0.7, -0.4, 1.9) == pytest.approx(value.real, rel=1e-14)
    # Weak current of order phi: Tr[W D phi] with W the transition that annihilates the meson.
    weak = np.zeros((3, 3))
    weak[ROW[meson][::-1]] = 1.0
    assert contact_charge(meson, 0.7, -0.4, 1.9) == pytest.approx(np.trace(weak @ commutator(g, phi)).real, rel=1e-14)
    # An anticommutator would couple V to two mesons by no charge difference at all.
    assert np.trace(commutator(g, np.eye(3))) == 0.0


def trace_ratio(generator, g):
    return np.trace(generator @ (Q @ g + g @ Q)) / np.trace(generator @ (2 * Q @ Q))


@settings(deadline=None, derandomize=True, max_examples=50)
@given(COUPLINGS, COUPLINGS, COUPLINGS)
def test_anomalies_from_traces(u, d, s):
    g = np.diag([u, d, s])
    assert anomaly_pi0(u, d) == pytest.approx(trace_ratio(LAMBDA_3, g), abs=1e-12)
    assert anomaly_octet(u, d, s) == pytest.approx(trace_ratio(LAMBDA_8, g), abs=1e-12)
    assert anomaly_singlet(u, d, s) == pytest.approx(trace_ratio(LAMBDA_0, g), abs=1e-12)
    cos, sin = np.cos(ETA_ANGLE), np.sin(ETA_ANGLE)
    singlet = LAMBDA_0 / SINGLET_OVER_OCTET
    eta, prime = anomaly_etas(u, d, s)
    assert eta == pytest.approx(trace_ratio(cos * LAMBDA_8 - sin * singlet, g), abs=1e-12)
    assert prime == pytest.approx(trace_ratio(sin * LAMBDA_8 + cos * singlet, g), abs=1e-12)


@settings(deadline=None, derandomize=True, max_examples=50)
@given(COUPLINGS, COUPLINGS, COUPLINGS)
def test_structure_weights_from_traces(u, d, s):
    g = np.diag([u, d, s])
    for meson in ("pi+", "K+"):
        phi, weak = matrix(meson, 1.0, 0.0), matrix(meson, 0.0, 1.0)
        f_vector = np.trace(phi @ (g @ weak + weak @ g)) / np.trace(phi @ (Q @ weak + weak @ Q))
        f_axial = np.trace(commutator(g, phi) @ weak) / np.trace(commutator(Q, phi) @ weak)
        assert structure_weights(meson, u, d, s) == pytest.approx((f_vector.real, f_axial.real), abs=1e-12)


@settings(deadline=None, derandomize=True, max_examples=30)
@given(st.floats(-0.7, 0.7), st.floats(0.5, 2.0))
def test_photon_gives_e_everywhere(angle, ratio):
    quarks = (2 / 3, -1 / 3, -1 / 3)
    values = [vector_charge("pi+", *quarks), vector_charge("K+", *quarks), contact_charge("pi+", *quarks)]
    values += [anomaly_pi0(*quarks[:2]), anomaly_octet(*quarks), anomaly_singlet(*quarks)]
    values += [
        *anomaly_etas(*quarks, angle, ratio),
        *structure_weights("pi+", *quarks),
        *structure_weights("K+", *quarks),
    ]
    assert values == pytest.approx(np.ones(len(values)), rel=1e-12)
    assert vector_charge("K0", *quarks) == 0.0


def test_baryonic_vector():
    third = (1 / 3, 1 / 3, 1 / 3)
    assert vector_charge("pi+", *third) == vector_charge("K+", *third) == 0.0
    assert anomaly_pi0(1.0, 1.0) == 3.0
    assert anomaly_pi0(*third[:2]) == pytest.approx(1.0)
    assert structure_weights("pi+", *third) == (pytest.approx(2.0), 0.0)
    assert anomaly_singlet(*third) == pytest.approx(0.0, abs=1e-15)
    assert anomaly_pi0(-1 / 3, 2 / 3) == 0.0


def test_default_mixing_gives_the_measured_two_photon_widths():
    """Gamma(eta' -> gamma gamma)/Gamma(eta -> gamma gamma) needs only the angle and f_1/f_8."""
    cos, sin = np.cos(ETA_ANGLE), np.sin(ETA_ANGLE)
    singlet = LAMBDA_0 / SINGLET_OVER_OCTET
    amplitudes = [
        np.trace((cos * LAMBDA_8 - sin * singlet) @ Q @ Q),
        np.trace((sin * LAMBDA_8 + cos * singlet) @ Q @ Q),
    ]
    masses = np.array([species.mass(species.ETA), species.mass(ETA_PRIME)])
    predicted = (amplitudes[1] / amplitudes[0]) ** 2 * (masses[1] / masses[0]) ** 3
    widths = [species.width(pdg) * BRANCHING_TWO_PHOTONS[pdg] for pdg in (species.ETA, ETA_PRIME)]
    assert predicted == pytest.approx(widths[1] / widths[0], rel=0.15)


def test_arrays_and_errors():
    assert vector_charge("pi+", np.array([1.0, 2.0]), 0.5, 0.0).tolist() == [0.5, 1.5]
    with pytest.raises(UnknownNameError, match="pi\\+"):
        vector_charge("pi-", 1.0, 0.0, 0.0)
    with pytest.raises(UnknownNameError):
        structure_weights("K0", 1.0, 0.0, 0.0)
    with pytest.raises(RangeError, match="g_u"):
        vector_charge("pi+", np.nan, 0.0, 0.0)
    with pytest.raises(RangeError, match="angle"):
        anomaly_etas(1.0, 1.0, 1.0, 2.0)
    with pytest.raises(RangeError, match="singlet_over_octet"):
        anomaly_etas(1.0, 1.0, 1.0, 0.1, 0.0)
