"""Patterns of charges: one parameter point gives charged and neutral mesons together."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from darkhorn.core import species
from darkhorn.core.errors import RangeError, ScenarioError, UnknownNameError
from darkhorn.models import productions
from darkhorn.models.charges import ELEMENTARY_CHARGE, PATTERNS, Charges, couplings, pattern

CONSERVED = {"kinetic-mixing", "B", "B-L", "L_mu-L_tau", "protophobic", "leptophobic"}


def rows(name, **keywords):
    table = couplings(name, **keywords)
    return {(row.meson, row.lepton): row for row in table.charged}


def test_photon_pattern_is_the_photon():
    table = couplings("kinetic-mixing", ELEMENTARY_CHARGE * 1e-3)
    for row in table.charged:
        assert (row.q_meson, row.q_lepton, row.q_neutrino) == (1.0, 1.0, 0.0)
        assert (row.weight_vector, row.weight_axial) == pytest.approx((1.0, 1.0))
        assert row.amplitude == "vector-sum"
    for row in table.neutral:
        assert row.charge == pytest.approx(1.0)
        assert row.coupling_over_e == pytest.approx(1e-3)
    pi0 = table.neutral[0].branching(100.0)
    assert pi0 == pytest.approx(0.98823 * 2e-6 * (1 - (100.0 / 134.9768) ** 2) ** 3, rel=1e-9)
    assert table.neutral[0].branching(135.0) == 0.0
    assert table.currents["proton"] == pytest.approx(ELEMENTARY_CHARGE * 1e-3)
    assert table.currents["neutron"] == pytest.approx(0.0, abs=1e-18)


@pytest.mark.parametrize("name", PATTERNS)
def test_conservation(name):
    table = couplings(name)
    assert table.current_conserved == (name in CONSERVED)
    assert pattern(name).source
    for row in table.charged:
        assert row.conserved == (abs(row.q_meson - row.q_lepton + row.q_neutrino) < 1e-12)
        assert bool(row.warning) == (not row.conserved)
        item = row.production()
        if item is not None:
            assert item.current_conserved == row.conserved
    assert any("broken current" in line for line in table.warnings) == (not table.current_conserved)


def test_isospin_symmetric_quarks_leave_the_neutral_mesons():
    for row in couplings("B").charged:
        assert (row.q_meson, row.q_lepton, row.amplitude) == (0.0, 0.0, "none")
        assert row.production() is None
        assert row.branching(20.0) == 0.0
    neutral = couplings(Charges(u=1.0, d=1.0)).neutral
    assert neutral[0].charge == 3.0
    structure = rows("B", sd_sign=1)["pi+", "mu"]
    assert structure.amplitude == "vector-sd"
    assert structure.branching(20.0) > 0.0


def test_structure_of_a_baryonic_vector_is_four_times_the_vector_part():
    row = rows("B", sd_sign=1)["pi+", "e"]
    vector_only = productions.production("vector-sd", f_axial=0.0)
    expected = 4.0 * productions.branching(vector_only, species.PI_PLUS, species.ELECTRON, 20.0)
    assert row.branching(20.0) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("lepton", ["e", "mu"])
@pytest.mark.parametrize("meson", ["pi+", "K+"])
def test_one_point_against_the_named_productions(meson, lepton):
    pdg, number = species.pdgid(meson), species.pdgid(lepton)
    photon = rows("kinetic-mixing", g=1e-3)[meson, lepton]
    assert photon.branching(20.0) == pytest.approx(
        1e-6 * productions.branching("vector-sum", pdg, number, 20.0), rel=1e-8
    )
    protophobic = rows("protophobic", g=1e-3)[meson, lepton]
    assert protophobic.branching(20.0) == pytest.approx(photon.branching(20.0), rel=1e-8)
    leptonic = couplings(Charges(e=-1.0, mu=-1.0), 1e-3)
    row = next(row for row in leptonic.charged if (row.meson, row.lepton) == (meson, lepton))
    assert row.amplitude == "vector-ib1"
    assert row.branching(20.0) == pytest.approx(
        1e-6 * productions.branching("vector-ib1", pdg, number, 20.0), rel=1e-8, abs=0
    )
    quark = couplings(Charges(u=0.5), 1e-3)
    row = next(row for row in quark.charged if (row.meson, row.lepton) == (meson, lepton))
    hadronic = productions.branching("vector-hadronic", pdg, number, 20.0)
    assert row.amplitude == "vector-hadronic"
    assert row.branching(20.0) == pytest.approx(0.25e-6 * hadronic, rel=1e-8)


def test_neutrino_line_removes_the_growth_at_low_mass():
    """B-L has a charged neutrino; without its diagram the rate would grow like 1/m_V^2."""
    row = rows("B-L")["pi+", "mu"]
    assert row.amplitude == "with-neutrino"
    assert row.conserved
    alone = [productions.branching("vector-ib1", 211, 13, m) for m in (1.0, 2.0)]
    whole = [row.branching(m) for m in (1.0, 2.0)]
    assert alone[0] / alone[1] == pytest.approx(4.0, rel=0.1)
    assert whole[0] / whole[1] < 1.7
    with_structure = rows("B-L", sd_sign=1)["pi+", "e"]
    assert with_structure.production().current_conserved
    assert with_structure.branching(20.0) > rows("B-L")["pi+", "e"].branching(20.0)


def test_protophobic_pi0_is_closed():
    table = couplings("protophobic", 1e-3)
    assert table.neutral[0].charge == 0.0
    assert table.currents["proton"] == 0.0
    assert table.currents["neutron"] == pytest.approx(1e-3)
    assert table.neutral[1].branching(17.0) > 0.0


@settings(deadline=None, derandomize=True, max_examples=60)
@given(*[st.floats(-2.0, 2.0) for _ in range(5)], st.floats(0.0, 1.0), st.floats(0.0, 1000.0))
def test_any_charges(u, d, s, e, nu, g, m_v):
    table = couplings(Charges(u=u, d=d, s=s, e=e, nu_e=nu), g)
    for row in table.neutral:
        assert np.isfinite(row.branching(m_v))
        assert row.branching(m_v) >= 0.0
    row = table.charged[0]
    assert row.q_meson == pytest.approx(u - d, abs=1e-11)
    assert row.conserved == (abs((d - u) - (e - nu)) < 1e-11) or abs((d - u) - (e - nu)) < 1e-10
    doubled = couplings(Charges(u=u, d=d, s=s, e=e, nu_e=nu), 2 * g)
    assert doubled.neutral[0].branching(m_v) == pytest.approx(4 * table.neutral[0].branching(m_v), rel=1e-12)


def test_changes_and_errors():
    changed = pattern("B").with_changes(u=0.5)
    assert (changed.name, changed.u, changed.d) == ("B*", 0.5, 1 / 3)
    assert pattern("B").with_changes() == pattern("B")
    with pytest.raises(UnknownNameError, match="kinetic-mixing"):
        pattern("kinetic-mixin")
    with pytest.raises(UnknownNameError, match="mu"):
        pattern("B").with_changes(muon=1.0)
    with pytest.raises(RangeError, match="charge u"):
        Charges(u=np.inf)
    with pytest.raises(RangeError, match="g = -1"):
        couplings("B", -1.0)
    with pytest.raises(ScenarioError, match="sd_sign"):
        couplings("B", sd_sign=2)
    with pytest.raises(RangeError, match="m_x"):
        rows("kinetic-mixing")["pi+", "e"].branching(0.0)
