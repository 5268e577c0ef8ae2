"""Elastic and quasi-elastic scattering: published totals, shares by quadrature, slopes, laws, errors."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate

from darkhorn.core.errors import RangeError, UnknownNameError
from darkhorn.physics.hadron_scattering import (
    elastic_shape,
    nucleon_elastic_cm2,
    nucleon_slope,
    pion_elastic_cm2,
    pion_slope,
    pion_total_cm2,
)
from darkhorn.physics.passage import pion_inelastic_cm2

P = np.array([1000.0, 1500.0, 2000.0, 3000.0, 4000.0, 6000.0])


@pytest.mark.parametrize(
    ("material", "charge", "mb"),
    [
        ("Be", 1, [273, 254, 239, 227, 219, 206]),
        ("Be", -1, [242, 258, 242, 224, 215, 204]),
        ("Al", 1, [665, 658, 592, 555, 538, 511]),
    ],
)
def test_published_totals(material: str, charge: int, mb: list) -> None:
    assert pion_total_cm2(P, charge, material) * 1e27 == pytest.approx(mb, abs=0.6)


def test_nucleons_on_beryllium() -> None:
    assert float(nucleon_elastic_cm2(8889.0, "Be")) * 1e27 == pytest.approx(285.4 - 212.3, abs=0.2)
    assert float(nucleon_elastic_cm2(8889.0, "Al")) * 1e27 == pytest.approx(686.1 - 461.5, abs=0.3)


def test_elastic_pions_follow_the_optical_theorem_below_1_gev() -> None:
    p = np.array([600.0, 800.0])
    expected = pion_elastic_cm2(1000.0, 1, "Be") * (pion_total_cm2(p, 1, "Be") / pion_total_cm2(1000.0, 1, "Be")) ** 2
    assert pion_elastic_cm2(p, 1, "Be") == pytest.approx(expected, rel=1e-12)
    # absolute size: sigma_T^2/(16 pi b) for a slope of 62 (GeV/c)^-2
    size = (pion_total_cm2(p, 1, "Be") / 0.3894e-27) ** 2 / (16 * np.pi * 61.9) * 0.3894e-27
    assert pion_elastic_cm2(p, 1, "Be") == pytest.approx(size, rel=0.15, abs=0)


@settings(deadline=None, max_examples=60, derandomize=True)
@given(st.floats(50.0, 1.1e4), st.sampled_from(["Be", "Al", "air"]), st.sampled_from([1, -1]))
def test_elastic_and_inelastic_make_the_total(p: float, material: str, charge: int) -> None:
    elastic = float(pion_elastic_cm2(p, charge, material))
    assert elastic > 0.0
    if p >= 1000.0:
        whole = elastic + float(pion_inelastic_cm2(p, charge, material))
        assert whole == pytest.approx(float(pion_total_cm2(p, charge, material)), rel=1e-12)


def test_share_of_the_steep_part_by_quadrature() -> None:
    a = 9.0122
    steep = integrate.quad(lambda t: a**1.63 * np.exp(-14.5 * a**0.66 * t), 0, np.inf)[0]
    flat = integrate.quad(lambda t: 1.4 * a**0.33 * np.exp(-10 * t), 0, np.inf)[0]
    shape = elastic_shape(a)
    assert shape.share == pytest.approx(steep / (steep + flat), rel=1e-9)
    assert (shape.steep * 1e6, shape.flat * 1e6) == pytest.approx((61.88, 10.0), rel=1e-3)


def test_mean_angles_of_the_proton_beam() -> None:
    """theta = sqrt(t)/p at small angles: 19 mrad on the nucleus, 34 mrad on a nucleon, at 8.9 GeV/c."""
    p, shape = 8889.0, elastic_shape(9.0122)

    def mean(slope: float) -> float:
        return float(np.sqrt(np.pi / slope) / (2 * p))

    assert shape.share * mean(shape.steep) + (1 - shape.share) * mean(shape.flat) == pytest.approx(18.9e-3, rel=0.01)
    assert mean(float(nucleon_slope(p))) == pytest.approx(33.6e-3, rel=0.01)


def test_slopes() -> None:
    assert float(nucleon_slope(8889.0)) * 1e6 == pytest.approx(0.5 * (9.473 + 8.13), rel=2e-3)
    proton = np.polynomial.polynomial.polyval(4.0, [5.20996, 0.814526, -0.0376766])
    neutron = np.polynomial.polynomial.polyval(4.0, [2.56793, 2.87091, -0.535132, 0.0429920, -0.00126008])
    assert float(nucleon_slope(4000.0)) * 1e6 == pytest.approx(0.5 * (proton + neutron), rel=1e-12)
    assert float(pion_slope(6000.0)) * 1e6 == pytest.approx(4.09816 + 4.16121, rel=1e-3)
    assert (pion_slope(np.linspace(0, 2e4, 500)) > 0).all()
    assert float(nucleon_slope(2e4)) == float(nucleon_slope(1.1e4))


def test_errors() -> None:
    with pytest.raises(UnknownNameError, match="material 'steel'"):
        pion_total_cm2(1000.0, 1, "steel")
    with pytest.raises(UnknownNameError, match="charge of a pion '0'"):
        pion_total_cm2(1000.0, 0, "Be")
    with pytest.raises(RangeError, match="mass number = 200"):
        elastic_shape(200.0)
    for slope in (nucleon_slope, pion_slope):
        with pytest.raises(RangeError, match="p = -1"):
            slope(-1.0)
