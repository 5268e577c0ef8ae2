import csv
import os
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from dirac_algebra import (
    GAMMA5,
    IDENTITY,
    METRIC,
    current_tensor,
    dot,
    polarisations,
    scatter,
    slash,
    vertex_even,
    vertex_odd,
)
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from darkhorn.core.errors import RangeError
from darkhorn.physics import primakoff as pk
from darkhorn.physics import two_to_two as tt

SHARED = Path(os.environ.get("DARKHORN_REFERENCE", Path(__file__).parents[2].parent / "shared"))
TABLE = SHARED / "reference" / "detection.csv"
steady = settings(deadline=None, derandomize=True, max_examples=60)

KNOWN = [
    # process, m, M, mediator, E, angle, kind, s, t, <|M|^2>
    ("X_to_gamma_via_vector", 20, 11270, 100, 300, 0.9, "lab", 133775300, -17911.76628479, 2.484706814e8),
    ("V_to_gamma_via_scalar", 20, 11270, 100, 300, 0.9, "lab", 133775300, -17911.76628479, 9.111664630e6),
    ("V_to_gamma_via_pseudoscalar", 5, 11270, 30, 800, 0.5, "lab", 145044925, -618050.9252618, 2.567936271e4),
    ("X_to_gamma_via_vector", 1, 11178, 49, 300, 0.9999, "cm", 131654485, -17.08294645828, 3.285239058e7),
]


def evaluate(process, energy, q_sq, m, target, mediator):
    if process == "X_to_gamma_via_vector":
        return pk.msq_x_via_vector(energy, q_sq, m, target, mediator)
    if process == "V_to_gamma_via_scalar":
        return pk.msq_v_via_scalar(q_sq, m, target, mediator)
    assert process == "V_to_gamma_via_pseudoscalar"
    return pk.msq_v_via_pseudoscalar(q_sq, m, mediator)


def check(process, m, target, mediator, energy, cos, kind, s, t, value):
    from_cos = tt.q_sq_from_lab_cos if kind == "lab" else tt.q_sq_from_cm_cos
    q_sq = from_cos(energy, cos, m, target)
    assert tt.mandelstam_s(energy, m, target) == pytest.approx(s, rel=1e-9)
    assert -q_sq == pytest.approx(t, rel=1e-9)
    assert evaluate(process, energy, q_sq, m, target, mediator) == pytest.approx(value, rel=1e-8)


@pytest.mark.parametrize("row", KNOWN)
def test_known_points(row):
    check(*row)


@pytest.mark.skipif(not TABLE.is_file(), reason="no reference table: set DARKHORN_REFERENCE")
def test_reference_table():
    rows = [row for row in csv.DictReader(TABLE.read_text().splitlines()) if "gamma" in row["process"]]
    assert len(rows) == 11
    names = ("m_in", "M_target", "m_mediator", "E_lab", "cos_value", "cos_kind", "s", "t", "value")
    for row in rows:
        check(row["process"], *(row[n] if n == "cos_kind" else float(row[n]) for n in names))


def trace_x_via_vector(vertex, m, target, mediator, energy, cos):
    p, rest, k, recoil = scatter(energy, m, target, 0.0, cos)
    down = METRIC @ vertex(k, p - k) @ METRIC
    nucleus = 0.5 * current_tensor(recoil, target, rest, target)
    total = -np.einsum("mn,MN,mM,nN->", down, down, METRIC, nucleus)
    return total / (dot(p - k, p - k) - mediator**2) ** 2


def trace_v(vertex, nucleon_vertex, m, target, mediator, energy, cos):
    p, rest, k, recoil = scatter(energy, m, target, 0.0, cos)
    up = vertex(k, p)
    left, right = slash(recoil) + target * IDENTITY, slash(rest) + target * IDENTITY
    nucleus = 0.5 * np.trace(left @ nucleon_vertex @ right @ nucleon_vertex).real
    boson = np.einsum("mn,MN,mM,nN->", up, up, polarisations(k, 0.0), polarisations(p, m)) / 3.0
    return boson * nucleus / (dot(p - k, p - k) - mediator**2) ** 2


@given(st.floats(20, 300), st.floats(10, 900), st.floats(300, 2000), st.floats(1, 400), st.floats(-1, 0.99))
@steady
def test_closed_forms_equal_explicit_traces(m, kinetic, target, mediator, cos):
    energy = m + kinetic
    q_sq = tt.q_sq_from_cm_cos(energy, cos, m, target)
    assume(q_sq > 1e-3 * m**2)
    point = (m, target, mediator, energy, cos)
    near = {"rel": 2e-8, "abs": 0}
    closed = pk.msq_x_via_vector(energy, q_sq, m, target, mediator)
    assert closed == pytest.approx(trace_x_via_vector(vertex_even, *point), **near)
    assert closed == pytest.approx(trace_x_via_vector(vertex_odd, *point), **near)
    closed = pk.msq_v_via_scalar(q_sq, m, target, mediator)
    assert closed == pytest.approx(trace_v(vertex_even, IDENTITY, *point), **near)
    closed = pk.msq_v_via_pseudoscalar(q_sq, m, mediator)
    assert closed == pytest.approx(trace_v(vertex_odd, 1j * GAMMA5, *point), **near)


def test_the_photon_is_gauge_invariant_in_both_vertices():
    p, _, k, _ = scatter(300.0, 20.0, 938.0, 0.0, 0.3)
    for vertex in (vertex_even, vertex_odd):
        assert np.abs(METRIC @ k @ vertex(k, p - k)).max() < 1e-7


def exact_from_s_and_t(energy, q_sq, m, target, mediator):
    """The textbook bracket in exact rational arithmetic."""
    energy, y, m, target, mediator = (Fraction(float(v)) for v in (energy, q_sq, m, target, mediator))
    s, t = m**2 + target**2 + 2 * target * energy, -y
    b = 2 * target**2 * (m**2 - 2 * s - t) + 2 * target**4 - 2 * m**2 * (s + t) + m**4 + 2 * s**2 + 2 * s * t + t**2
    return float((-t * b - 2 * target**2 * (m**2 - t) ** 2) / (8 * (t - mediator**2) ** 2))


@given(st.floats(0.01, 100), st.floats(1, 2000), st.floats(900, 1.8e5), st.floats(1, 500), st.floats(1e-6, 1))
@steady
def test_no_digit_is_lost_on_a_heavy_target(m, kinetic, target, mediator, share):
    energy = m + kinetic
    low, high = tt.q_sq_limits(energy, m, target)
    q_sq = low * (high / low) ** share * (1 - 1e-3)
    assume(q_sq > 1.001 * low)
    expected = exact_from_s_and_t(energy, q_sq, m, target, mediator)
    # limits carry 1e-16, so the distance to them loses 3 digits at most here
    assert pk.msq_x_via_vector(energy, q_sq, m, target, mediator) == pytest.approx(expected, rel=1e-11, abs=0)


def test_textbook_form_agrees_where_it_can():
    s, t = 133775300.0, -17911.76628479
    assert pk.msq_x_via_vector_st(s, t, 20, 11270, 100) == pytest.approx(2.484706814e8, rel=1e-8)


def test_limit_of_a_heavy_target():
    energy, mediator, target = 300.0, 49.0, 1e8
    q_sq = np.array([1e2, 1e3, 1e4, 1e5, 3e5])
    value = pk.msq_x_via_vector(energy, q_sq, 0.0, target, mediator)
    limit = (target * energy) ** 2 * q_sq * (1 - q_sq / (4 * energy**2)) / (q_sq + mediator**2) ** 2
    assert value == pytest.approx(limit, rel=5e-5)
    fine = np.geomspace(1, 3e5, 4001)
    peak = fine[np.argmax(pk.msq_x_via_vector(energy, fine, 0.0, target, mediator))]
    assert peak == pytest.approx(mediator**2, rel=0.02)


def test_edges_are_zero_or_finite_and_never_negative():
    for m in (0.0, 1.0, 40.0):
        low, high = tt.q_sq_limits(300.0, m, 11174.86)
        outside = np.array([0.999 * low - 1e-9, 1.001 * high, -5.0])
        assert pk.msq_x_via_vector(300.0, outside, m, 11174.86, 49.0).tolist() == [0.0, 0.0, 0.0]
        inside = np.linspace(low, high, 101)
        assert (pk.msq_x_via_vector(300.0, inside, m, 11174.86, 49.0) >= 0).all()
    assert pk.msq_v_via_pseudoscalar(0.0, 20.0, 49.0) == 0.0
    with pytest.raises(RangeError, match=r"q_sq \+ mediator_mass"):
        pk.msq_v_via_scalar(0.0, 20.0, 938.0, 0.0)
    with pytest.raises(RangeError, match="q_sq"):
        pk.msq_v_via_scalar(-1.0, 20.0, 938.0, 10.0)


def test_reading_of_the_operator():
    assert pk.operator_factor() == 1.0
    assert pk.operator_factor(hc_doubles=True) == 4.0
    # doubling lambda/4 to lambda/2 is lambda -> 2 lambda in the vertex
    p, _, k, _ = scatter(300.0, 20.0, 938.0, 0.0, 0.3)
    doubled = vertex_even(2 * k, p - k)
    ratio = (doubled * doubled).sum() / (vertex_even(k, p - k) ** 2).sum()
    assert ratio == pytest.approx(pk.operator_factor(hc_doubles=True), rel=1e-14)
