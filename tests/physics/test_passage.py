"""Hadron cross sections against the published columns, interaction lengths, and the truncated exponential."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from darkhorn.core.errors import RangeError, UnknownNameError
from darkhorn.core.units import MB_IN_CM2
from darkhorn.physics import passage

BEAM = 8888.89
BERYLLIUM = 1.2349e29
ROD = 0.7112
PROTON = {
    ("total", "Be"): 285.4,
    ("inelastic", "Be"): 212.3,
    ("quasi_elastic", "Be"): 34.6,
    ("production", "Be"): 177.7,
    ("total", "Al"): 686.1,
    ("inelastic", "Al"): 461.5,
    ("quasi_elastic", "Al"): 78.0,
    ("production", "Al"): 461.45 - 78.00,
}
MOMENTA = (0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0)
INELASTIC = {
    (1, "Be"): (227.1, 212.7, 202.2, 193.9, 183.8, 178.2, 172.1),
    (1, "Al"): (462.6, 436.4, 414.8, 397.7, 378.1, 367.5, 356.9),
    (-1, "Be"): (221.9, 214.5, 198.8, 185.1, 172.5, 167.7, 165.8),
    (-1, "Al"): (471.3, 447.4, 447.9, 423.2, 393.7, 385.5, 383.3),
}
QUASI_ELASTIC = {
    (1, "Be"): (145.3, 42.8, 39.7, 33.1, 24.8, 21.2, 19.2),
    (1, "Al"): (146.8, 112.9, 90.3, 73.8, 58.6, 52.5, 47.6),
    (-1, "Be"): (73.0, 48.3, 38.7, 32.1, 25.5, 22.5, 20.1),
    (-1, "Al"): (141.3, 113.6, 90.6, 74.5, 59.3, 52.8, 47.7),
}
LENGTHS_CM = {
    (1, "Be"): (35.7, 38.1, 40.0, 41.8, 44.1, 45.4, 47.0),
    (1, "Al"): (35.9, 38.0, 40.0, 41.7, 43.9, 45.2, 46.5),
    (-1, "Be"): (36.5, 37.7, 40.7, 43.7, 46.9, 48.3, 48.8),
    (-1, "Al"): (35.2, 37.1, 37.1, 39.2, 42.2, 43.1, 43.3),
}


@pytest.mark.parametrize(("which", "expected"), PROTON.items())
def test_proton_cross_sections_at_the_beam(which: tuple[str, str], expected: float) -> None:
    kind, material = which
    function = getattr(passage, f"proton_{kind}_cm2")
    assert float(function(BEAM, material)) / MB_IN_CM2 == pytest.approx(expected, abs=0.06, rel=0)


@pytest.mark.parametrize(
    ("kind", "length_cm", "probability"),
    [("total", 28.37, 0.918), ("inelastic", 38.14, 0.845), ("production", 45.57, 0.790)],
)
def test_interaction_in_the_target(kind: str, length_cm: float, probability: float) -> None:
    sigma = getattr(passage, f"proton_{kind}_cm2")(BEAM, "Be")
    length = float(passage.interaction_length(sigma, BERYLLIUM))
    # the published lengths multiply sigma in mb by 0.12349 atoms/(cm b)
    assert length * 100 == pytest.approx(length_cm, rel=3e-4)
    assert float(passage.truncated_exponential(0.5, ROD, length)[1]) == pytest.approx(probability, abs=6e-4)


@pytest.mark.parametrize("case", INELASTIC)
def test_pion_cross_sections(case: tuple[int, str]) -> None:
    charge, material = case
    p = 1000.0 * np.array(MOMENTA)
    inelastic = passage.pion_inelastic_cm2(p, charge, material) / MB_IN_CM2
    assert inelastic == pytest.approx(INELASTIC[case], abs=0.1, rel=0)
    quasi = passage.pion_quasi_elastic_cm2(p, charge, material) / MB_IN_CM2
    assert quasi == pytest.approx(QUASI_ELASTIC[case], abs=0.1, rel=0)
    density = {"Be": BERYLLIUM, "Al": 6.026e28}[material]
    lengths = passage.interaction_length(inelastic * MB_IN_CM2, density) * 100
    assert lengths == pytest.approx(LENGTHS_CM[case], abs=0.08, rel=0)


def test_pion_formula_typed_here() -> None:
    """pi+ on Be at 2 GeV/c with the invariant mass from four-vectors."""
    m, m_p, p = 0.13957039, 0.93827209, 2.0
    total = np.array([math.hypot(p, m) + m_p, 0.0, 0.0, p])
    s = total[0] ** 2 - total[3] ** 2
    width_sq = s * 0.3752**2
    value = 850.6 * width_sq / ((1.2006**2 - s) ** 2 + width_sq)
    value += 0.5 * (1 + math.tanh(5.142 * (p - 0.4))) * (162.32 - 99.89 * p**-2.406 - 0.4202 * math.log(p) ** 2)
    assert float(passage.pion_inelastic_cm2(2000.0, 1, "Be")) / MB_IN_CM2 == pytest.approx(value, rel=1e-9)
    assert value == pytest.approx(193.9, abs=0.1)


@pytest.mark.parametrize("case", INELASTIC)
def test_cross_sections_are_positive_ordered_and_continuous(case: tuple[int, str]) -> None:
    p = np.linspace(0.0, 11000.0, 4401)
    inelastic, quasi = passage.pion_inelastic_cm2(p, *case), passage.pion_quasi_elastic_cm2(p, *case)
    assert (quasi > 0).all()
    assert (inelastic > quasi).all()
    assert np.abs(np.diff(inelastic)).max() < 0.02 * inelastic.max()
    low = p <= 500.0
    assert (inelastic[low] == inelastic[low][0]).all()


def test_air_is_scaled_beryllium() -> None:
    ratio = passage.pion_inelastic_cm2(1500.0, -1, "air") / passage.pion_inelastic_cm2(1500.0, -1, "Be")
    assert float(ratio) == pytest.approx((14.5 / 9.01) ** 0.75, rel=1e-12)


def test_errors_name_what_is_known() -> None:
    with pytest.raises(UnknownNameError, match=r"unknown material 'Bee'\. Did you mean 'Be'\? Known: Al, Be\."):
        passage.proton_total_cm2(BEAM, "Bee")
    with pytest.raises(UnknownNameError, match=r"unknown material 'C'.*Known: Al, Be, air\."):
        passage.pion_inelastic_cm2(1000.0, 1, "C")
    with pytest.raises(UnknownNameError, match=r"unknown charge of a pion '0'"):
        passage.pion_quasi_elastic_cm2(1000.0, 0, "Be")
    with pytest.raises(RangeError, match=r"p = 0 MeV/c .*\(0, inf\)"):
        passage.proton_inelastic_cm2(0.0, "Be")
    with pytest.raises(RangeError, match="p = nan MeV/c"):
        passage.pion_inelastic_cm2([1000.0, np.nan], 1, "Be")


def test_transparent_matter() -> None:
    assert float(passage.interaction_length(0.0, BERYLLIUM)) == np.inf
    assert float(passage.interaction_length(1e-25, 0.0)) == np.inf
    depth, probability = passage.truncated_exponential([0.25, 0.5], 2.0, np.inf)
    assert depth.tolist() == [0.5, 1.0]
    assert probability.tolist() == [0.0, 0.0]
    assert [float(value) for value in passage.truncated_exponential(0.3, 0.0, 1.0)] == [0.0, 0.0]


@given(st.floats(1e-6, 1 - 1e-6), st.floats(1e-3, 10.0), st.floats(1e-2, 1e4))
@settings(max_examples=200, deadline=None, derandomize=True)
def test_truncated_exponential_inverts_its_distribution(u: float, length: float, mean: float) -> None:
    depth, probability = (float(value) for value in passage.truncated_exponential(u, length, mean))
    assert 0.0 <= depth <= length
    assert probability == pytest.approx(-math.expm1(-length / mean), rel=1e-12)
    # the share of the interactions before this depth is u again; close to length it may round to length
    assert -math.expm1(-depth / mean) / probability == pytest.approx(u, rel=1e-9, abs=1e-12)


def test_truncated_exponential_profile_and_mean() -> None:
    u = (np.arange(20000) + 0.5) / 20000
    depth, probability = passage.truncated_exponential(u, ROD, 0.4557)
    norm = integrate.quad(lambda s: math.exp(-s / 0.4557) / 0.4557, 0, ROD)[0]
    assert np.abs(probability - norm).max() < 1e-9
    mean = integrate.quad(lambda s: s * math.exp(-s / 0.4557) / 0.4557, 0, ROD)[0] / norm
    assert depth.mean() == pytest.approx(mean, rel=1e-7)
    expected = stats.truncexpon(ROD / 0.4557, scale=0.4557)
    assert np.abs(expected.cdf(depth) - u).max() < 1e-10
