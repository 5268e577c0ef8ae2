"""Spin-0 bosons: closed forms against explicit matrices, other published forms and typed numbers."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from darkhorn.physics import leptonic, traces
from darkhorn.physics.phase_space import dots

PARENTS = st.sampled_from([139.57039, 493.677])
LEPTONS = st.sampled_from([0.51099895, 105.6583755])
INNER = st.floats(0.01, 0.99)
PROPERTY = settings(
    deadline=None, derandomize=True, max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.mark.parametrize(
    ("msq", "expected"),
    [
        (leptonic.msq_scalar_ib1, 4.125467393e05),
        (leptonic.msq_pseudoscalar_ib1, 4.762951479e03),
    ],
)
def test_typed_numbers_muon(msq: Callable[..., Any], expected: float) -> None:
    value = msq(15193.8178247394, 549.768253311701, 139.57039, 105.6583755, 10.0)
    assert value == pytest.approx(expected, rel=1e-8)


def test_typed_numbers_electron() -> None:
    point = (3401.44383757108, 8178.71104710792, 139.57039, 0.51099895, 10.0)
    assert leptonic.msq_scalar_ib1(*point) == pytest.approx(6.804826496e03, rel=1e-8)
    assert leptonic.msq_pseudoscalar_ib1(*point) == pytest.approx(6.801828672e03, rel=1e-8)
    assert leptonic.msq_scalar_ib2(644.6229, 15851.226021, 139.57, 0.511, 100.0) == pytest.approx(
        9.485557216e-07, rel=1e-8, abs=0
    )


@PROPERTY
@given(PARENTS, LEPTONS, INNER, INNER, INNER)
def test_closed_forms_are_the_traces(
    dalitz_points: Callable[..., Any], M: float, m_l: float, fraction: float, u: float, v: float
) -> None:
    m_x = fraction * (M - m_l)
    m12_sq, m23_sq, delta = dalitz_points(M, m_l, m_x, u, v)
    at = traces.momenta(m12_sq, m23_sq, M, m_l, m_x)
    point = (m12_sq, m23_sq, M, m_l, m_x, delta)
    scale = float(leptonic.msq_scalar_ib1(*point))
    pairs = (
        (leptonic.msq_scalar_ib1(*point), traces.lepton_scalar(at), 0.0),
        (leptonic.msq_pseudoscalar_ib1(*point), traces.lepton_scalar(at, pseudo=True), 1e-9 * scale),
        (leptonic.msq_scalar_ib2(*point), traces.meson_scalar(at), 0.0),
    )
    for closed, amplitude, noise in pairs:
        assert closed > 0.0
        assert closed == pytest.approx(float(traces.spin_sum(at, amplitude)), rel=2e-7, abs=noise)


@PROPERTY
@given(PARENTS, LEPTONS, INNER, INNER, INNER)
def test_other_published_form(
    dalitz_points: Callable[..., Any], M: float, m_l: float, fraction: float, u: float, v: float
) -> None:
    """The form in t = q^2 and u = L^2, with the coefficient 2."""
    m_x = fraction * (M - m_l)
    pair, m23_sq, delta = dalitz_points(M, m_l, m_x, u, v)
    t = delta + m_l**2
    bracket = (t + pair - m_x**2) * t * delta - (t**2 - m_l**2 * M**2) * (t + m_l**2 - m_x**2)
    flip = 2.0 * m_l**2 * t * (M**2 - t)
    scalar = float(leptonic.msq_scalar_ib1(pair, m23_sq, M, m_l, m_x, delta))
    pseudo = float(leptonic.msq_pseudoscalar_ib1(pair, m23_sq, M, m_l, m_x, delta))
    assert scalar == pytest.approx(2.0 / delta**2 * (bracket + flip), rel=1e-8)
    assert pseudo == pytest.approx(2.0 / delta**2 * (bracket - flip), rel=1e-8, abs=1e-9 * scalar)


def test_chiral_limit_unites_scalar_and_pseudoscalar() -> None:
    point = (8000.0, 4000.0, 139.57039, 1e-6, 20.0)
    scalar, pseudo = leptonic.msq_scalar_ib1(*point), leptonic.msq_pseudoscalar_ib1(*point)
    assert scalar == pytest.approx(float(pseudo), rel=1e-12)
    assert scalar == pytest.approx(4.0 * float(dots(*point).l_n), rel=1e-12)


def test_broadcasting() -> None:
    shape = (3, 4)
    m23_sq = np.full((3, 1), 549.8)
    for msq in (leptonic.msq_scalar_ib1, leptonic.msq_pseudoscalar_ib1, leptonic.msq_scalar_ib2):
        assert msq(np.full(4, 15193.8), m23_sq, 139.57039, 105.6583755, 10.0).shape == shape


@pytest.mark.parametrize("weak_vertex", [True, False])
def test_derivative_form_at_many_points(many_points: Callable[..., Any], weak_vertex: bool) -> None:
    *point, delta = many_points(10_000, 3)
    closed = leptonic.msq_pseudoscalar_derivative(*point, delta, weak_vertex=weak_vertex)
    explicit = traces.squared(lambda at: traces.lepton_derivative(at, weak_vertex=weak_vertex), *point, delta)
    assert (closed >= 0.0).all()
    scale = explicit + point[3] ** 2 * leptonic.msq_scalar_ib1(*point, delta)
    assert (np.abs(closed - explicit) / scale).max() < 1e-9


def test_derivative_coupling_is_yukawa_and_a_weak_vertex(many_points: Callable[..., Any]) -> None:
    """kslash gamma5 = -(2 m Yukawa + gamma5 pslash) between on-shell spinors, as an amplitude."""
    *point, delta = many_points(100, 4)
    at = traces.momenta(*point, delta)
    mass = point[3][:, None, None]
    whole = traces.lepton_derivative(at)
    parts = -mass * traces.lepton_scalar(at, pseudo=True) - 0.5 * traces.GAMMA5 @ traces.slash(at.p)
    size = traces.spin_sum(at, whole) + traces.spin_sum(at, parts)
    assert (traces.spin_sum(at, whole - parts) / size).max() < 1e-20
    assert (np.abs(whole - parts).max(axis=(1, 2)) > 1e-3 * np.abs(whole).max(axis=(1, 2))).any(), (
        "off shell they differ"
    )


def test_derivative_coupling_survives_a_massless_lepton() -> None:
    """With the weak vertex 2 (k.l)(k.n) - m_x^2 l.n remains at m = 0; without it nothing does."""
    point = (8000.0, 4000.0, 139.57039, 1e-6, 20.0)
    at = dots(*point)
    limit = 2.0 * at.k_l * at.k_n - 400.0 * at.l_n
    assert leptonic.msq_pseudoscalar_derivative(*point) == pytest.approx(float(limit), rel=1e-12)
    yukawa = leptonic.msq_pseudoscalar_derivative(*point, weak_vertex=False)
    assert yukawa == pytest.approx(1e-12 * float(leptonic.msq_pseudoscalar_ib1(*point)), rel=1e-12)
    muon = leptonic.msq_pseudoscalar_derivative(15193.8178247394, 549.768253311701, 139.57039, 105.6583755, 10.0)
    assert muon == pytest.approx(1.796075030855331e07, rel=1e-9)
