"""What a nucleus adds: limits, counts of charges, the sum rule, hydrogen, errors."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from darkhorn.core.errors import RangeError, UnknownNameError
from darkhorn.physics.form_factors import dipole, f1_neutron, f1_proton, helm, pauli_blocking
from darkhorn.physics.nuclear_response import (
    NUCLEON_CHARGES,
    coherent,
    incoherent_scalar,
    incoherent_spin,
    incoherent_vector,
)

COUPLINGS = ("charge", "baryon", "up")
NUCLEI = ((6, 6), (8, 8), (18, 22), (74, 110))
Q_SQ = st.floats(0.0, 4e6)


@pytest.mark.parametrize("radius", ["lewin-smith", "simple"])
def test_coherent_counts_the_charge_at_rest(radius: str) -> None:
    assert float(coherent(0.0, 12, 6.0, radius)) == 36.0
    assert float(coherent(0.0, 12, 12.0, radius)) == 144.0
    assert float(coherent(0.0, 12, 18.0, radius)) == 324.0


def test_published_carbon_values() -> None:
    assert float(coherent(50.0**2, 12, 6.0)) == pytest.approx(31.18, rel=1e-3)
    assert float(coherent(200.0**2, 12, 6.0)) == pytest.approx(3.001, rel=1e-3)


def test_charges_of_carbon() -> None:
    totals = {name: 6 * proton + 6 * neutron for name, (proton, neutron) in NUCLEON_CHARGES.items()}
    assert totals == {"charge": 6.0, "baryon": 12.0, "up": 18.0}
    # an up quark counts 2 Z + N, on argon 2 x 18 + 22
    assert 18 * NUCLEON_CHARGES["up"][0] + 22 * NUCLEON_CHARGES["up"][1] == 58


@pytest.mark.parametrize(("protons", "neutrons"), NUCLEI)
@pytest.mark.parametrize("coupling", COUPLINGS)
def test_incoherent_vanishes_at_rest(protons: int, neutrons: int, coupling: str) -> None:
    assert float(incoherent_vector(0.0, protons, neutrons, coupling)) == 0.0
    assert float(incoherent_scalar(0.0, protons, neutrons, NUCLEON_CHARGES[coupling], radius="lewin-smith")) == 0.0
    # 1 - F^2 grows like Q^2
    small = incoherent_vector(np.array([1.0, 4.0]), protons, neutrons, coupling)
    assert small[1] / small[0] == pytest.approx(4.0, rel=1e-3)


@pytest.mark.parametrize(("protons", "neutrons"), NUCLEI)
@pytest.mark.parametrize("coupling", COUPLINGS)
def test_far_from_coherence_only_single_nucleons_are_left(protons: int, neutrons: int, coupling: str) -> None:
    q_sq = 1.0e6
    p, n = float(f1_proton(q_sq)), float(f1_neutron(q_sq))
    same, other = {"charge": (1, 0), "baryon": (1, 1), "up": (2, 1)}[coupling]
    free = protons * (same * p + other * n) ** 2 + neutrons * (same * n + other * p) ** 2
    assert float(incoherent_vector(q_sq, protons, neutrons, coupling)) == pytest.approx(free, rel=1e-6)
    assert float(coherent(q_sq, protons + neutrons, 1.0)) < 1e-7
    g_p, g_n = NUCLEON_CHARGES[coupling]
    scalar = (protons * g_p**2 + neutrons * g_n**2) * (1 + q_sq / 0.71e6) ** -4
    value = float(incoherent_scalar(q_sq, protons, neutrons, (g_p, g_n), radius="simple"))
    assert value == pytest.approx(scalar, rel=1e-6)


@pytest.mark.parametrize("coupling", COUPLINGS)
def test_hydrogen_is_a_free_proton(coupling: str) -> None:
    q_sq = np.array([0.0, 1e4, 1e6])
    same, other = {"charge": (1, 0), "baryon": (1, 1), "up": (2, 1)}[coupling]
    expected = (same * f1_proton(q_sq) + other * f1_neutron(q_sq)) ** 2
    for pauli in (False, True):
        assert incoherent_vector(q_sq, 1, 0, coupling, pauli=pauli) == pytest.approx(expected, rel=1e-14)
    charges = NUCLEON_CHARGES[coupling]
    scalar = incoherent_scalar(q_sq, 1, 0, charges, radius="lewin-smith", pauli=True)
    assert scalar == pytest.approx(charges[0] ** 2 * dipole(q_sq) ** 2, rel=1e-14)
    assert incoherent_spin(q_sq, 1, pauli=True) == pytest.approx(dipole(q_sq) ** 2, rel=1e-14)


@given(Q_SQ, st.sampled_from(COUPLINGS), st.sampled_from(NUCLEI), st.sampled_from(["lewin-smith", "simple"]))
@settings(max_examples=200, deadline=None, derandomize=True)
def test_sum_rule(q_sq: float, coupling: str, nucleus: tuple[int, int], radius: str) -> None:
    """Per unit of point-like charge squared: F^2 + (1 - F^2) = 1, whatever the momentum."""
    protons, neutrons = nucleus
    bound = float(coherent(q_sq, protons + neutrons, 1.0, radius))
    knocked = float(incoherent_vector(q_sq, protons, neutrons, coupling, radius=radius))
    same, other = {"charge": (1, 0), "baryon": (1, 1), "up": (2, 1)}[coupling]
    p, n = float(f1_proton(q_sq)), float(f1_neutron(q_sq))
    free = protons * (same * p + other * n) ** 2 + neutrons * (same * n + other * p) ** 2
    assert 0.0 <= knocked <= free
    assert bound + knocked / free == pytest.approx(1.0, rel=1e-12)


@given(Q_SQ, st.sampled_from(COUPLINGS), st.sampled_from(NUCLEI))
@settings(max_examples=100, deadline=None, derandomize=True)
def test_pauli_factor_only_takes_away(q_sq: float, coupling: str, nucleus: tuple[int, int]) -> None:
    factor = float(pauli_blocking(q_sq))
    assert 0.0 <= factor <= 1.0
    pairs = (
        [incoherent_vector(q_sq, *nucleus, coupling, pauli=pauli) for pauli in (True, False)],
        [
            incoherent_scalar(q_sq, *nucleus, NUCLEON_CHARGES[coupling], radius="simple", pauli=pauli)
            for pauli in (True, False)
        ],
        [incoherent_spin(q_sq, sum(nucleus), pauli=pauli) for pauli in (True, False)],
    )
    for blocked, free in pairs:
        assert np.isfinite(free)
        assert float(blocked) == pytest.approx(factor * float(free), rel=1e-12, abs=0.0)


def test_spin_dependent_part_has_no_coherence() -> None:
    assert float(incoherent_spin(0.0, 12)) == 12.0
    assert float(incoherent_spin(0.71e6, 12)) == pytest.approx(12.0 / 16.0)
    assert float(incoherent_spin(0.0, 12, pauli=True)) == 0.0


def test_coherent_is_the_square_of_the_form_factor() -> None:
    q = np.linspace(0.0, 900.0, 50)
    assert coherent(q**2, 40, 18.0, "simple") == pytest.approx((18.0 * helm(q, 40, "simple")) ** 2, rel=1e-12, abs=0)


def test_errors() -> None:
    with pytest.raises(UnknownNameError, match=r"unknown coupling 'charg'\. Did you mean 'charge'\?"):
        incoherent_vector(1.0, 6, 6, "charg")
    with pytest.raises(UnknownNameError, match="unknown Helm radius 'big'"):
        coherent(1.0, 12, 6.0, "big")
    with pytest.raises(RangeError, match="mass number A = 4 "):
        coherent(1.0, 4, 2.0)
    with pytest.raises(RangeError, match="q_sq = -1 MeV"):
        incoherent_spin(-1.0, 12)
