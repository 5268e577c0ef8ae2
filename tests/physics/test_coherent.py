"""Closed forms of tensors and of bremsstrahlung with structure against explicit matrices; the relations of k.T."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from darkhorn.core.errors import RangeError
from darkhorn.physics import coherent, leptonic, traces
from darkhorn.physics import radiative as rad

MUON_POINT = (15193.8178247394, 549.768253311701, 139.57039, 105.6583755, 10.0)


def squared(at: traces.Momenta, *amplitudes: Any) -> tuple[Any, Any]:
    """Square of the sum, and the sum of the squares: what differences are measured by."""
    total = traces.polarised_sum(at, sum(amplitudes[1:], start=amplitudes[0]))
    return total, sum(traces.polarised_sum(at, part) for part in amplitudes)


def test_any_real_tensor(many_points: Callable[..., Any]) -> None:
    *point, delta = many_points(10_000, 11)
    at = traces.momenta(*point, delta)
    rng = np.random.default_rng(12)
    a0, b0, b2 = rng.normal(size=(3, 10_000))
    b0, b2 = b0 / point[2] ** 2, b2 / point[2] ** 2
    parts = [traces.hadronic(at, traces.Tensor(**{name: c})) for name, c in (("a0", a0), ("b0", b0), ("b2", b2))]
    explicit, terms = squared(at, *parts)
    closed = coherent.msq_tensor(*point, a0, b0, b2, delta)
    assert (closed >= 0.0).all()
    assert (np.abs(closed - explicit) / terms).max() < 1e-9


@pytest.mark.parametrize("c0", [0.0, 0.7, -0.95, -0.97, -3.0])
def test_contact_family(many_points: Callable[..., Any], c0: float) -> None:
    *point, delta = many_points(10_000, 13)
    at = traces.momenta(*point, delta)
    explicit = traces.polarised_sum(at, traces.hadronic(at, traces.contact_family_tensor(at, c0)))
    terms = explicit + rad.msq_vector_contact(*point, delta) / (1.0 + c0) ** 2
    assert (np.abs(coherent.msq_contact_family(*point, c0, delta) - explicit) / terms).max() < 1e-9


def test_contact_family_has_a_pole() -> None:
    plain, near = (float(coherent.msq_contact_family(*MUON_POINT, c0)) for c0 in (0.0, -1.0 + 1e-6))
    assert plain == pytest.approx(float(rad.msq_vector_contact(*MUON_POINT)), rel=1e-14)
    assert near > 1e10 * plain
    for c0 in (-1.0, float("nan"), float("inf")):
        with pytest.raises(RangeError, match="-1 is a pole"):
            coherent.msq_contact_family(*MUON_POINT, c0)


@pytest.mark.parametrize("form", ["L", "p"])
@pytest.mark.parametrize("charges", [(1.0, 1.0), (1.0, 0.0), (0.0, 1.0), (1.0, -1.0), (0.4, 1.7)])
@pytest.mark.parametrize("factors", [(1.0, 0.0), (0.0, 1.0), (0.8, -0.5)])
def test_bremsstrahlung_with_structure(
    many_points: Callable[..., Any], form: str, charges: tuple[float, float], factors: tuple[float, float]
) -> None:
    """Both signs, to 1e-9 of the sum of the squares of the diagrams; the interference alone is half the difference."""
    *point, delta = many_points(1_000, 14)
    at = traces.momenta(*point, delta)
    h = [1e-2 * f / point[2] for f in factors]
    line = traces.lepton_line(at, charges[0], charges[0])
    meson = traces.hadronic(at, (traces.contact_tensor() + traces.meson_pole_tensor(at)).scaled(charges[1]))
    structure = traces.hadronic(at, traces.structure_tensor(at, *h, form))
    plus, terms = squared(at, line, meson, structure)
    minus, _ = squared(at, line, meson, -structure)
    both = [
        coherent.msq_full(*point, *charges, *(s * 1e-2 * f for f in factors), delta, axial_form=form) for s in (1, -1)
    ]
    assert (np.abs(both[0] - plus) / terms).max() < 1e-9
    assert (np.abs(both[1] - minus) / terms).max() < 1e-9
    first, second = coherent.interference(*point, *charges, delta, axial_form=form)
    assert (np.abs(h[0] * first + h[1] * second - (plus - minus) / 2.0) / terms).max() < 1e-9
    assert (np.abs(plus - minus) / terms).max() > 1e-6


def test_interference_of_the_photon() -> None:
    """At m_V = 0 it is (F_V + F_A) S_int+ + (F_V - F_A) S_int-, two textbook functions of the energies."""
    M, m_l = 139.57039, 105.6583755
    r = (m_l / M) ** 2
    grid = np.linspace(0.05, 0.95, 7)
    x = grid[:, None] * (1.0 - r)
    low = 1.0 - x + r / (1.0 - x)
    y = low + (1.0 + r - low) * grid[None, :]
    m12_sq, m23_sq = M**2 * (1.0 - x + 0.0 * y), M**2 * (1.0 + r - y)
    first, second = coherent.interference(m12_sq, m23_sq, M, m_l, 0.0, 1.0, 1.0)
    factor = 8.0 * m_l**2 * M**2 * (1.0 - y + r) / (x * (x + y - 1.0 - r))
    assert first + second == pytest.approx(factor * ((1.0 - x) * (1.0 - x - y) + r), rel=1e-8)
    assert first - second == pytest.approx(factor * (x**2 - (1.0 - x) * (1.0 - x - y) - r), rel=1e-8)


def test_relations_of_the_divergence(many_points: Callable[..., Any]) -> None:
    """k.T: the pole gives L alone, the contact family k alone for any c0, together L + k, structure nothing."""
    *point, delta = many_points(500, 15)
    at = traces.momenta(*point, delta)
    pole, ones, none = traces.meson_pole_tensor(at), np.ones(500), np.zeros(500)
    assert pole.b2 == pytest.approx(2.0 * pole.b1, rel=1e-15)
    cases = [(pole, none, ones), (traces.contact_tensor(), ones, none), (pole + traces.contact_tensor(), ones, ones)]
    cases += [(traces.contact_family_tensor(at, c0), ones, none) for c0 in (0.3, -0.5, -2.0)]
    cases += [(traces.contact_family_tensor(at, -0.5) + pole, ones, ones)]
    for tensor, along_k, along_pair in cases:
        found = traces.divergence(at, tensor)
        assert np.broadcast_to(found[0], 500) == pytest.approx(along_k, abs=1e-11)
        assert np.broadcast_to(found[1], 500) == pytest.approx(along_pair, abs=1e-11)
    for form in ("L", "p"):
        tensor = traces.structure_tensor(at, 1.0 / point[2] ** 2, 1.0 / point[2] ** 2, form)
        assert all(np.abs(part).max() < 1e-12 for part in traces.divergence(at, tensor))


def test_divergence_is_what_the_matrices_say(many_points: Callable[..., Any]) -> None:
    """k_mu X^mu = -(first kslash + second Lslash) for six random complex coefficients."""
    *point, delta = many_points(200, 16)
    at = traces.momenta(*point, delta)
    rng = np.random.default_rng(17)
    c = rng.normal(size=(6, 200)) + 1j * rng.normal(size=(6, 200))
    tensor = traces.Tensor(c[0], *(c[1:] / point[2] ** 2))
    along_k, along_pair = (part[:, None, None] for part in traces.divergence(at, tensor))
    contracted = np.einsum("nm,nmab->nab", traces.lower(at.k), traces.hadronic(at, tensor))
    expected = -(along_k * traces.slash(at.k) + along_pair * traces.slash(at.pair))
    scale = np.abs(contracted).max(axis=(1, 2)) + point[2]
    assert (np.abs(contracted - expected).max(axis=(1, 2)) / scale).max() < 1e-11


def test_slope() -> None:
    assert coherent.with_slope(0.0254, 0.0, 0.1, 139.57) == pytest.approx(0.0254, rel=1e-15)
    assert coherent.with_slope(0.0254, 2.0 * 139.57**2, 0.1, 139.57) == pytest.approx(0.0254 * 1.2, rel=1e-14)


def closed_value(model: str, point: tuple[float, ...]) -> float | None:
    """Value of a reference row from a closed form; None for the rows with the coefficient F."""
    chiral = {"vector_ib1": (1, 1), "axial_ib1": (-1, 1), "vector_ib1_PL": (1, 0), "vector_ib1_PR": (0, 1)}
    charges = {"vector_sum": (1, 1), "vector_hadronic": (0, 1)}
    if model in chiral:
        return float(rad.msq_lepton_line(*point, *chiral[model]))
    if model in charges:
        return float(rad.msq_vector(*point, *charges[model]))
    if model.startswith("tensor_") and "F" not in model:
        return float(coherent.msq_tensor(*point, *(float(letter in model[7:]) for letter in "abd")))
    if model.startswith("sd_"):
        form = "p" if "pform" in model else "L"
        factors = {"sd_FV": [(1, 1, 0)], "sd_FA": [(1, 0, 1)]}.get(model[:5], [(1, 1, 1), (-1, 1, 0), (-1, 0, 1)])
        return float(sum(sign * rad.msq_structure(*point, *f, axial_form=form) for sign, *f in factors))
    named = {
        "vector_ib2": rad.msq_vector_ib2,
        "vector_contact": rad.msq_vector_contact,
        "scalar_ib1": leptonic.msq_scalar_ib1,
        "pseudoscalar_ib1": leptonic.msq_pseudoscalar_ib1,
        "scalar_ib2": leptonic.msq_scalar_ib2,
    }
    return float(named[model](*point)) if model in named else None


def test_reference_rows_by_closed_forms(reference_rows: Callable[[str], list[dict[str, str]]]) -> None:
    checked = 0
    for row in reference_rows("matrix_elements.csv"):
        m12_sq, m23_sq, M, m_l, m_x = (float(row[key]) for key in ("m12_sq", "m23_sq", "M", "m_l", "m_x"))
        value = closed_value(row["model"], (m12_sq, m23_sq, M, m_l, m_x))
        if value is None:
            assert "F" in row["model"], row["model"]
            continue
        tolerance = 5e-8 if (row["model"], row["lepton"]) == ("vector_sum", "e") else 1e-8
        assert value == pytest.approx(float(row["value"]), rel=tolerance, abs=0.0), row
        checked += 1
    assert checked >= 110
