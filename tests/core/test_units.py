"""Conversions against numbers typed from CODATA and the PDG."""

import pytest
from scipy import constants

from darkhorn.core import units


def test_published_values() -> None:
    assert units.C == 0.299792458
    assert pytest.approx(6.582119569e-22, rel=1e-12, abs=0) == units.HBAR / units.SECOND
    assert pytest.approx(197.3269804, rel=1e-9, abs=0) == units.HBARC_FM
    assert pytest.approx(1.973269804e-13, rel=1e-9, abs=0) == units.HBARC
    assert pytest.approx(3.893793721e-22, rel=1e-9, abs=0) == units.INV_MEV2_IN_CM2
    assert units.AVOGADRO == 6.02214076e23


def test_against_scipy() -> None:
    mev = 1e6 * constants.e
    assert pytest.approx(constants.c * 1e-9, rel=1e-12, abs=0) == units.C
    assert pytest.approx(constants.hbar / mev * 1e9, rel=1e-9, abs=0) == units.HBAR
    assert pytest.approx(constants.hbar * constants.c / mev, rel=1e-9, abs=0) == units.HBARC
    assert pytest.approx((constants.hbar * constants.c / mev) ** 2 * 1e4, rel=1e-9, abs=0) == units.INV_MEV2_IN_CM2


def test_scales_are_consistent() -> None:
    assert units.GEV / units.MEV == 1e3
    assert pytest.approx(1e-3, rel=1e-12, abs=0) == units.KEV / units.MEV
    assert pytest.approx(1e-6, rel=1e-12, abs=0) == units.EV / units.MEV
    assert pytest.approx(10.0, rel=1e-12, abs=0) == units.CM / units.MM
    assert pytest.approx(1e15, rel=1e-12, abs=0) == units.M / units.FM
    # 1 mb = 1e-31 m^2
    assert pytest.approx(1e-31, rel=1e-12, abs=0) == units.MB_IN_CM2 * units.CM2_IN_M2
    assert pytest.approx(units.CM**2, rel=1e-12, abs=0) == units.CM2_IN_M2
    assert units.SECOND / units.NS == 1e9
