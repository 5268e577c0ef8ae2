"""Every row of the reference table of 2 -> 2 processes."""

import pytest

from darkhorn.physics import primakoff as pk
from darkhorn.physics import scattering as sc
from darkhorn.physics import two_to_two as tt


def q_sq_of(row):
    energy, m_in, target = float(row["E_lab"]), float(row["m_in"]), float(row["M_target"])
    cos, m_out = float(row["cos_value"]), float(row["m_out"])
    if row["cos_kind"] == "lab":
        return float(tt.q_sq_from_lab_cos(energy, cos, m_in, target))
    low, high = sc.upscatter_q_sq_limits(energy, m_in, m_out, target)
    return float(low + (high - low) * (1 - cos) / 2)


def squared(process, energy, q_sq, m_in, m_out, target, mediator):
    if process == "X_to_gamma_via_vector":
        return pk.msq_x_via_vector(energy, q_sq, m_in, target, mediator)
    if process == "V_to_gamma_via_scalar":
        return pk.msq_v_via_scalar(q_sq, m_in, target, mediator)
    if process == "V_to_gamma_via_pseudoscalar":
        return pk.msq_v_via_pseudoscalar(q_sq, m_in, mediator)
    assert process == "chi1_to_chi2_via_vector_dirac_target"
    general = sc.msq_upscatter(energy, q_sq, m_in, m_out, target, mediator)
    assert general == pytest.approx(sc.msq_upscatter_dirac(energy, q_sq, m_in, m_out, target, mediator), rel=1e-12)
    return general


def test_every_row(reference_rows):
    rows = reference_rows("detection.csv")
    assert len(rows) == 12
    for row in rows:
        energy, m_in, target = float(row["E_lab"]), float(row["m_in"]), float(row["M_target"])
        mediator, m_out, q_sq = float(row["m_mediator"]), float(row["m_out"]), q_sq_of(row)
        assert q_sq == pytest.approx(-float(row["t"]), rel=1e-9)
        assert tt.mandelstam_s(energy, m_in, target) == pytest.approx(float(row["s"]), rel=1e-9)
        got = squared(row["process"], energy, q_sq, m_in, m_out, target, mediator)
        assert got == pytest.approx(float(row["value"]), rel=1e-8)


def test_three_rows_by_heart():
    q_sq = tt.q_sq_from_lab_cos(300.0, 0.9, 20.0, 11270.0)
    assert q_sq == pytest.approx(17911.76628479, rel=1e-9)
    assert pk.msq_x_via_vector(300.0, q_sq, 20.0, 11270.0, 100.0) == pytest.approx(2.484706814e8, rel=1e-8)
    assert pk.msq_v_via_scalar(q_sq, 20.0, 11270.0, 100.0) == pytest.approx(9.111664630e6, rel=1e-8)
    assert pk.msq_v_via_pseudoscalar(q_sq, 20.0, 100.0) == pytest.approx(3.212277130e2, rel=1e-8)
