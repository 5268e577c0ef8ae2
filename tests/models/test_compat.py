"""Factors between codes: each pinned by evaluating both conventions, and the rules of square root, product, names."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from darkhorn.core.errors import RangeError, UnknownNameError
from darkhorn.core.species import ELECTRON, K_PLUS, MUON, PI_PLUS
from darkhorn.models import compat
from darkhorn.models.productions import branching, msq_normalised, width
from darkhorn.physics import primakoff as pk
from darkhorn.physics.phase_space import inside_dalitz
from darkhorn.physics.primakoff_letter import msq_x_via_vector_letter
from darkhorn.physics.two_to_two import q_sq_from_cm_cos

KAPPAS = {
    "alplib:scalar_ib1": 0.5,
    "alplib:pseudoscalar_ib1": 0.5,
    "alplib:vector_ib1": 2.0,
    "alplib:vector_contact": 1.0,
    "alplib:x_via_vector": 8.0,
    "alplib:v_via_scalar": 4.5,
    "alplib:v_via_pseudoscalar": 3.0,
    "alplib:upscatter": 0.318309886,
    "alplib:pi0_photon_vector": 0.302822,
    "alplib:pi0_photon_vector_annulus": 1.0,
    "letter:x_via_vector": 4.0,
    "ours:hc_doubled": 4.0,
}


@pytest.mark.parametrize("name", KAPPAS)
def test_known_factors(name):
    assert compat.kappa(name) == pytest.approx(KAPPAS[name], rel=1e-6)


def test_factors_without_the_ckm_element():
    for name in ("alplib:vector_ib2", "alplib:vector_ib9"):
        assert compat.kappa(name, PI_PLUS) == pytest.approx(1.0547, rel=1e-4)
        assert compat.kappa(name, -K_PLUS) == pytest.approx(19.88, rel=1e-3)
    assert compat.kappa("alplib:sd", PI_PLUS) == 1.0
    assert set(KAPPAS) | {"alplib:vector_ib2", "alplib:vector_ib9", "alplib:sd"} == set(compat.FACTORS)
    for item in compat.FACTORS.values():
        assert item.source
        assert item.status
        assert item.note


def scalar_ib1_other(m12, m23, big, m_l, m_x):
    """Twice the usual square bracket over (t - m^2)^2 would be the Lagrangian's; the other code has once."""
    t, u = big**2 + m_l**2 + m_x**2 - m12 - m23, m12
    bracket = (t + u - m_x**2) * t * (t - m_l**2) - (t**2 - m_l**2 * big**2) * (t + m_l**2 - m_x**2)
    return (bracket + 2 * m_l**2 * t * (big**2 - t)) / (t - m_l**2) ** 2


def test_scalar_production_in_both_conventions():
    big, m_l, m_x = 493.677, 105.6583755, 5.0
    rng = np.random.default_rng(1)
    m12 = rng.uniform(m_l**2, (big - m_x) ** 2, 2000)
    m23 = rng.uniform(m_x**2, (big - m_l) ** 2, 2000)
    good = inside_dalitz(m12, m23, big, m_l, m_x)
    assert good.sum() > 300
    ours = msq_normalised("scalar-ib1", m12[good], m23[good], big, m_l, m_x)
    theirs = scalar_ib1_other(m12[good], m23[good], big, m_l, m_x)
    assert theirs / ours == pytest.approx(compat.kappa("alplib:scalar_ib1"), rel=1e-8)
    # equal rates: their amplitude at g, ours at sqrt(kappa) g
    g = 3.0e-3
    assert theirs * g**2 == pytest.approx(ours * compat.to_darkhorn("alplib:scalar_ib1", g) ** 2, rel=1e-8)


def test_photoconversion_in_both_conventions():
    # their brackets without 1/8, and the V-spin sums without the mean: as functions of s and t
    energy, target, mediator, product = 300.0, 11174.86, 49.0, 2.0e-8
    q_sq = q_sq_from_cm_cos(energy, np.array([0.99, 0.5, -0.5]), 20.0, target)
    s, t, m = 400.0 + target**2 + 2 * target * energy, -q_sq, 20.0
    b = 2 * target**2 * (m**2 - 2 * s - t) + 2 * target**4 - 2 * m**2 * (s + t) + m**4 + 2 * s**2 + 2 * s * t + t**2
    cases = [
        ("x_via_vector", (-t * b - 2 * target**2 * (m**2 - t) ** 2), pk.msq_x_via_vector, True),
        ("v_via_scalar", 1.5 / 8 * (4 * target**2 - t) * (m**2 - t) ** 2, pk.msq_v_via_scalar, False),
        ("v_via_pseudoscalar", 1 / 8 * -t * (m**2 - t) ** 2, pk.msq_v_via_pseudoscalar, False),
    ]
    for name, above, function, by_energy in cases:
        theirs = above / (t - mediator**2) ** 2
        if by_energy:
            ours = function(energy, q_sq, m, target, mediator)
        elif name == "v_via_scalar":
            ours = function(q_sq, m, target, mediator)
        else:
            ours = function(q_sq, m, mediator)
        converted = compat.to_darkhorn(f"alplib:{name}", product)
        assert theirs * product**2 == pytest.approx(ours * converted**2, rel=1e-6, abs=0), name


def test_pi0_rate_in_both_conventions():
    # 2 eps^2 (1 - x)^3 with eps^2 = g^2/(4 pi alpha); the other class divides by the root of that
    e_sq = 4 * np.pi / 137.035999
    g = 1e-3
    ours, theirs = 2 * g**2 / e_sq, 2 * g**2 / np.sqrt(e_sq)
    kappa = compat.kappa("alplib:pi0_photon_vector")
    assert theirs / ours == pytest.approx(kappa, rel=1e-9)
    # 4 alpha for 4 pi alpha
    assert (4 / 137.035999) / e_sq == pytest.approx(compat.kappa("alplib:upscatter"), rel=1e-12)


@given(st.sampled_from(sorted(KAPPAS)), st.floats(1e-12, 1e3))
@settings(deadline=None, derandomize=True, max_examples=60)
def test_there_and_back(name, coupling):
    ours = compat.to_darkhorn(name, coupling)
    assert compat.from_darkhorn(name, ours) == pytest.approx(coupling, rel=1e-14)
    assert (ours > coupling) == (KAPPAS[name] > 1.0)
    assert ours**2 == pytest.approx(KAPPAS[name] * coupling**2, rel=1e-5, abs=0)


def test_products():
    # 0.5 x 8 = 4: a product of that code is half of ours
    product = compat.product_to_darkhorn("alplib:pseudoscalar_ib1", "alplib:x_via_vector", 1.0e-7)
    assert product == pytest.approx(2.0e-7, rel=1e-6, abs=0)
    mixed = compat.product_to_darkhorn("alplib:vector_ib2", "alplib:v_via_scalar", 1.0, K_PLUS)
    assert mixed == pytest.approx(np.sqrt(19.876 * 4.5), rel=1e-3)
    with pytest.raises(RangeError, match="is a detection"):
        compat.product_to_darkhorn("alplib:x_via_vector", "alplib:x_via_vector", 1.0)
    with pytest.raises(RangeError, match="is a production"):
        compat.product_to_darkhorn("alplib:scalar_ib1", "alplib:scalar_ib1", 1.0)


def test_bad_names_and_numbers():
    with pytest.raises(UnknownNameError, match="Did you mean 'alplib:vector_ib1'"):
        compat.to_darkhorn("alplib:vector-ib1", 1.0)
    with pytest.raises(UnknownNameError, match="parent of alplib:vector_ib2"):
        compat.to_darkhorn("alplib:vector_ib2", 1.0)
    with pytest.raises(UnknownNameError, match="parent of alplib:sd"):
        compat.kappa("alplib:sd", K_PLUS)
    for function in (compat.to_darkhorn, compat.from_darkhorn):
        with pytest.raises(RangeError, match="coupling = -1"):
            function("alplib:scalar_ib1", -1.0)
    with pytest.raises(RangeError, match="product"):
        compat.product_to_darkhorn("alplib:scalar_ib1", "alplib:x_via_vector", np.nan)


def test_the_letters_formula_against_the_exact_one():
    energy, target, m, mediator = 300.0, 11174.86, 1.0, 49.0

    def ratio(q_sq):
        exact = pk.msq_x_via_vector(energy, q_sq, m, target, mediator)
        return msq_x_via_vector_letter(energy, q_sq, m, target, mediator) / exact

    assert ratio(10.0) == pytest.approx(4.0, abs=2e-3)
    assert ratio(1.7e4) == pytest.approx(4.2, abs=0.01)
    assert ratio(0.92 * 4 * energy**2) > 10
    # straight from s and t
    q_sq = np.array([1e3, 1.7e4, 1e5])
    s, t = m**2 + target**2 + 2 * target * energy, -q_sq
    b = 2 * target**2 * (m**2 - 2 * s - t) + 2 * target**4 - 2 * m**2 * (s + t) + m**4 + 2 * s**2 + 2 * s * t + t**2
    direct = -t * b / (2 * (t - mediator**2) ** 2)
    assert msq_x_via_vector_letter(energy, q_sq, m, target, mediator) == pytest.approx(direct, rel=1e-6)
    assert msq_x_via_vector_letter(energy, 1e9, m, target, mediator) == 0.0
    assert msq_x_via_vector_letter(energy, 0.0, 0.0, target, 49.0) == 0.0


def test_pseudoscalar_benchmark():
    assert pytest.approx(7.4, abs=0.01) == compat.BENCHMARK_PAPER / compat.BENCHMARK_RECAST
    table = {row.name: row for row in compat.pseudoscalar_benchmark_conventions()}
    assert table["ours"].product_factor(0.3) == 1.0
    for name in ("'+ h.c.' read literally", "formula quoted for the letter", "alplib"):
        assert table[name].product_factor(0.3) == pytest.approx(2.0)
    assert table["letter's formula, production halved"].product_factor(0.0) == pytest.approx(np.sqrt(2))
    # published: pi 4.8e-2/1.1e-4, K 9.2e-2/1.0e-2 per g^2 at 1 MeV
    assert table["scalar amplitude"].pion == pytest.approx(4.81e-2 / 1.09e-4, rel=0.01)
    assert table["scalar amplitude"].kaon == pytest.approx(9.20e-2 / 1.007e-2, rel=0.01)
    electrons = branching("pseudoscalar-ib1", PI_PLUS, ELECTRON, 1.0) / branching(
        "pseudoscalar-ib1", PI_PLUS, MUON, 1.0
    )
    assert table["electrons like muons"].pion == pytest.approx(1 + electrons, rel=1e-9)
    assert electrons == pytest.approx(90, rel=0.05)
    assert table["electrons like muons"].kaon == pytest.approx(
        1 + width("pseudoscalar-ib1", K_PLUS, ELECTRON, 1.0) / width("pseudoscalar-ib1", K_PLUS, MUON, 1.0)
    )
    assert table["without kaons"].product_factor(0.36) == pytest.approx(0.8)
    assert table["without pions"].product_factor(0.36) == pytest.approx(0.6)
    with pytest.raises(RangeError, match="kaon_share"):
        table["ours"].product_factor(1.5)
    with pytest.raises(RangeError, match="m_a"):
        compat.pseudoscalar_benchmark_conventions(40.0)
