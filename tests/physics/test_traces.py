"""The explicit-matrix engine: algebra, momenta, reference values, gauge invariance."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from darkhorn.physics import dirac, traces

PARENTS = st.sampled_from([139.57039, 493.677])
LEPTONS = st.sampled_from([0.51099895, 105.6583755])
INNER = st.floats(0.001, 0.999)
PROPERTY = settings(
    deadline=None, derandomize=True, max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
COEFFICIENTS = {"a": "a0", "b": "b0", "d": "b2", "F": "F"}
CHIRAL = {
    "vector_ib1": (1.0, 1.0),
    "axial_ib1": (-1.0, 1.0),
    "vector_ib1_PL": (1.0, 0.0),
    "vector_ib1_PR": (0.0, 1.0),
}


def explicit(model: str, at: traces.Momenta) -> float:
    """Value of one model of the reference table, built from its diagrams."""
    if model in ("scalar_ib1", "pseudoscalar_ib1"):
        return float(traces.spin_sum(at, traces.lepton_scalar(at, pseudo=model.startswith("pseudo"))))
    if model == "scalar_ib2":
        return float(traces.spin_sum(at, traces.meson_scalar(at)))
    if model in CHIRAL:
        return float(traces.polarised_sum(at, traces.lepton_line(at, *CHIRAL[model])))
    if model == "vector_sum":
        return float(traces.polarised_sum(at, traces.vector(at, 1.0, 1.0)))
    if model.startswith("sd_interference"):
        return sum(sign * structure(at, *f, model[16]) for sign, f in ((1, (1, 1)), (-1, (1, 0)), (-1, (0, 1))))
    if model.startswith("sd_"):
        return structure(at, 1, 0, "L") if model == "sd_FV" else structure(at, 0, 1, model[6])
    if model.startswith("tensor_"):
        tensor = traces.Tensor(**{COEFFICIENTS[letter]: 1.0 for letter in model[7:]})
    else:
        pole, contact = traces.meson_pole_tensor(at), traces.contact_tensor()
        tensor = {"vector_ib2": pole, "vector_contact": contact, "vector_hadronic": pole + contact}[model]
    return float(traces.polarised_sum(at, traces.hadronic(at, tensor)))


def structure(at: traces.Momenta, f_vector: float, f_axial: float, form: str) -> float:
    tensor = traces.structure_tensor(at, f_vector, f_axial, form)
    return float(traces.polarised_sum(at, traces.hadronic(at, tensor)))


def test_reference_matrix_elements(reference_rows: Callable[[str], list[dict[str, str]]]) -> None:
    rows = reference_rows("matrix_elements.csv")
    assert len(rows) == 122
    for row in rows:
        M, m_l, m_x, m12_sq, m23_sq = (float(row[key]) for key in ("M", "m_l", "m_x", "m12_sq", "m23_sq"))
        at = traces.momenta(m12_sq, m23_sq, M, m_l, m_x)
        tolerance = 5e-8 if (row["model"], row["lepton"]) == ("vector_sum", "e") else 1e-8
        assert explicit(row["model"], at) == pytest.approx(float(row["value"]), rel=tolerance, abs=0), row


def test_typed_tensor_and_structure_numbers() -> None:
    at = traces.momenta(12343.0049, 496.355839740161, 139.57, 105.658369, 20.0)
    assert explicit("tensor_ad", at) == pytest.approx(4.218619899e11, rel=1e-8)
    assert explicit("tensor_bd", at) == pytest.approx(4.962047758e11, rel=1e-8)
    assert explicit("sd_interference_Lform", at) == pytest.approx(7.499568754e10, rel=1e-8)
    assert explicit("sd_FA_pform", at) == pytest.approx(7.918739319e10, rel=1e-8)


def test_clifford_algebra() -> None:
    for mu in range(4):
        for nu in range(4):
            anticommutator = dirac.GAMMA[mu] @ dirac.GAMMA[nu] + dirac.GAMMA[nu] @ dirac.GAMMA[mu]
            assert np.allclose(anticommutator, 2.0 * dirac.METRIC[mu, nu] * np.eye(4), atol=0)
        assert np.allclose(dirac.GAMMA5 @ dirac.GAMMA[mu], -dirac.GAMMA[mu] @ dirac.GAMMA5, atol=0)
    assert dirac.EPSILON[0, 1, 2, 3] == 1.0
    assert dirac.EPSILON[1, 0, 2, 3] == -1.0


def test_positive_spin_sum_is_the_ordinary_trace() -> None:
    """Tr[(lslash + m) X (1 - g5) nslash Xbar...]/2 summed with -g + kk/m^2 is what the engine returns."""
    at = traces.momenta(12343.0, 496.3, 139.57, 105.658369, 20.0)
    x = traces.vector(at, 0.8, -0.5)
    left, gamma0 = traces.slash(at.l) + at.m_l * np.eye(4), dirac.GAMMA[0]
    vertex = x @ (np.eye(4) - dirac.GAMMA5)
    bar = np.array([gamma0 @ v.conj().T @ gamma0 for v in vertex])
    matrix = np.einsum("ab,mbc,cd,nda->mn", left, vertex, traces.slash(at.n), bar)
    k = traces.lower(at.k)
    total = (matrix * (-dirac.METRIC + np.outer(k, k) / at.m_x**2)).sum() / 2.0
    assert traces.polarised_sum(at, x) == pytest.approx(total.real, rel=1e-10)


@PROPERTY
@given(PARENTS, LEPTONS, INNER, INNER, INNER)
def test_momenta(dalitz_points: Callable[..., Any], M: float, m_l: float, fraction: float, u: float, v: float) -> None:
    m_x = fraction * (M - m_l)
    m12_sq, m23_sq, _ = dalitz_points(M, m_l, m_x, u, v)
    at = traces.momenta(m12_sq, m23_sq, M, m_l, m_x)
    assert at.p == pytest.approx(np.array([M, 0.0, 0.0, 0.0]), abs=1e-6 * M)
    assert traces.dot(at.n, at.n) == pytest.approx(0.0, abs=1e-12 * M**2)
    assert traces.dot(at.l, at.l) == pytest.approx(m_l**2, abs=1e-12 * M**2)
    assert traces.dot(at.l + at.n, at.l + at.n) == pytest.approx(m12_sq, abs=1e-6 * M**2)
    assert traces.dot(at.k + at.n, at.k + at.n) == pytest.approx(m23_sq, abs=1e-6 * M**2)


@PROPERTY
@given(PARENTS, LEPTONS, INNER, INNER, INNER)
def test_ward_identity(
    dalitz_points: Callable[..., Any], M: float, m_l: float, fraction: float, u: float, v: float
) -> None:
    """k.M of the sum vanishes beside |k||M| of the sum itself; with unequal charges it is (q_l - q_M) pslash."""
    m_x = fraction * (M - m_l)
    m12_sq, m23_sq, _ = dalitz_points(M, m_l, m_x, u, v)
    at = traces.momenta(m12_sq, m23_sq, M, m_l, m_x)
    total = traces.vector(at, 1.0, 1.0)
    assert traces.ward(at, total) < 1e-10 * traces.size(at, total)
    two_body = np.sqrt(traces.spin_sum(at, traces.slash(at.p)))
    assert traces.ward(at, traces.vector(at, 1.0, -0.5)) == pytest.approx(1.5 * two_body, rel=1e-9)
    for form in ("L", "p"):
        amplitude = traces.hadronic(at, traces.structure_tensor(at, 0.3, 0.8, form))
        assert traces.ward(at, amplitude) < 1e-10 * traces.size(at, amplitude)


@PROPERTY
@given(PARENTS, LEPTONS, INNER, INNER, INNER)
def test_terms_along_k_drop_out(
    dalitz_points: Callable[..., Any], M: float, m_l: float, fraction: float, u: float, v: float
) -> None:
    m_x = fraction * (M - m_l)
    m12_sq, m23_sq, _ = dalitz_points(M, m_l, m_x, u, v)
    at = traces.momenta(m12_sq, m23_sq, M, m_l, m_x)
    plain = traces.hadronic(at, traces.Tensor(a0=1.0, b2=1e-4))
    along = traces.hadronic(at, traces.Tensor(a0=1.0, b2=1e-4, b1=0.02, b3=-0.03))
    expected = float(traces.polarised_sum(at, plain))
    assert traces.polarised_sum(at, along) == pytest.approx(expected, rel=1e-7)


def test_contact_family() -> None:
    """The family with b0 meets the k-part of the Ward identity of the meson side for every c0 but -1."""
    at = traces.momenta(12343.0, 496.3, 139.57, 105.658369, 20.0)
    pole = traces.meson_pole_tensor(at)
    for c0 in (0.0, 0.5, -0.5):
        total = traces.lepton_line(at) + traces.hadronic(at, pole + traces.contact_family_tensor(at, c0))
        assert traces.ward(at, total) < 1e-10 * traces.size(at, total)
    assert traces.contact_family_tensor(at, 0.0).b0 == 0.0
    with pytest.raises(ZeroDivisionError):
        traces.contact_family_tensor(at, -1.0)


def test_structure_interference_has_both_signs() -> None:
    """IB and SD add as amplitudes: the two relative signs average to the sum of the squares."""
    at = traces.momenta(3401.44383757108, 8178.71104710792, 139.57039, 0.51099895, 10.0)
    brems = traces.vector(at, 1.0, 1.0)
    tensor = traces.structure_tensor(at, 0.0254 / (130.2 * 139.57039), 0.0119 / (130.2 * 139.57039))
    plus, minus = (traces.polarised_sum(at, brems + traces.hadronic(at, tensor.scaled(sign))) for sign in (1, -1))
    alone = traces.polarised_sum(at, brems) + traces.polarised_sum(at, traces.hadronic(at, tensor))
    assert (plus + minus) / 2.0 == pytest.approx(float(alone), rel=1e-12)
    assert plus != pytest.approx(float(minus), rel=1e-6)


def test_wrong_form_is_named() -> None:
    at = traces.momenta(12343.0, 496.3, 139.57, 105.658369, 20.0)
    with pytest.raises(ValueError, match="allowed: 'L', 'p'"):
        traces.structure_tensor(at, 1.0, 1.0, "x")


def test_arrays_of_masses_are_single_points(many_points: Callable[..., Any]) -> None:
    """One batch with its own masses at each point, in chunks, equals point by point; momenta keep the invariants."""
    *point, delta = many_points(5_000, 31)
    value = traces.squared(lambda at: traces.vector(at, 1.0, -0.5), *point, delta)
    assert value.shape == (5_000,)
    for i in (0, 1, 4_095, 4_096, 4_999):
        one = traces.squared(lambda at: traces.vector(at, 1.0, -0.5), *(item[i] for item in point), delta[i])
        assert one.shape == ()
        assert one == pytest.approx(value[i], rel=1e-12)
    at = traces.momenta(*point, delta)
    assert np.abs(at.delta / delta - 1.0).max() < 1e-8
    assert np.abs(traces.dot(at.l + at.n, at.l + at.n) / point[0] - 1.0).max() < 1e-9
    assert np.abs(at.p - np.eye(4)[0] * point[2][:, None]).max() < 1e-10


def test_massless_vectors_have_two_polarisations(dalitz_points: Callable[..., Any]) -> None:
    m12_sq, m23_sq, delta = dalitz_points(139.57, 105.66, 0.0, 0.4, 0.6)
    at = traces.momenta(m12_sq, m23_sq, 139.57, 105.66, 0.0, delta)
    assert (traces.polarisations(at)[2] == 0.0).all()
    assert traces.polarised_sum(at, traces.vector(at, 1.0, 1.0)) > 0.0
