"""Tables for the compiled transport against the formulas, the switches, and the errors."""

import numpy as np
import pytest

from darkhorn.beam.beamline import Beamline
from darkhorn.beam.passage_tables import Passage, cross_sections, passage_tables
from darkhorn.beam.switches import Physics
from darkhorn.core.errors import RangeError, UnknownNameError
from darkhorn.experiments.beams import load_beam
from darkhorn.physics.passage import pion_inelastic_cm2, pion_quasi_elastic_cm2

LINE = load_beam("bnb")
MEDIA = ("air", "Al", "fins", "Be")


def at(table: Passage, p: float) -> np.ndarray:
    """Rates of every medium at one momentum, (M, 4)."""
    return np.array([[np.interp(np.log(p), table.log_p, column) for column in rows.T] for rows in table.rates])


def test_pions_at_two_gev() -> None:
    """Published: 3.190 MeV/cm and 161 mb in beryllium, 4.848 MeV/cm in aluminium."""
    rates = at(passage_tables(211, MEDIA, LINE), 2000.0)
    assert rates[3, 0] == pytest.approx(319.0, rel=1e-3)
    assert rates[1, 0] == pytest.approx(484.8, rel=1e-3)
    assert rates[3, 1] == pytest.approx(1 / 0.504, rel=3e-3)
    assert rates[3, 2] == pytest.approx(0.12349 * 0.045 * 100, rel=5e-3)
    assert rates[3, 3] == pytest.approx(0.12349 * 0.0331 * 100, rel=5e-3)
    assert rates[2, :4] == pytest.approx(0.0774 * rates[3, :4], rel=1e-6)


def test_protons_at_full_momentum() -> None:
    """Published interaction lengths in beryllium: 45.57 cm of production, 0.918 of all interact in 71.12 cm."""
    rates = at(passage_tables(2212, MEDIA, LINE), 8888.9)[3]
    assert 1 / rates[1] == pytest.approx(0.4557, rel=1e-3)
    assert -np.expm1(-0.7112 * rates[1:4].sum()) == pytest.approx(0.918, abs=1e-3)
    only = at(passage_tables(2212, MEDIA, LINE, only="Be"), 8888.9)
    assert (only[:2, 1] == 0.0).all()
    assert only[2, 1] == pytest.approx(0.0774 * rates[1], rel=1e-6)


def test_who_stands_for_whom() -> None:
    p = np.array([500.0, 2000.0])
    for pdg, factor in ((321, 2 / 3), (130, 2 / 3), (-13, 0.0)):
        for borrowed, own in zip(cross_sections(pdg, p, "Al"), cross_sections(211, p, "Al"), strict=True):
            assert borrowed == pytest.approx(factor * own, rel=1e-12)
    assert cross_sections(2112, p, "Be").inelastic[0] == cross_sections(2112, p, "Be").inelastic[1]
    neutral = passage_tables(130, MEDIA, LINE)
    assert (neutral.rates[:, :, 0] == 0.0).all()
    assert (neutral.media[:, 0] == 0.0).all()


@pytest.mark.parametrize(
    ("change", "columns"),
    [
        ({"energy_loss": False}, [0]),
        ({"absorption": False}, [1]),
        ({"meson_elastic": "ignore"}, [2]),
        ({"meson_quasi_elastic": "ignore"}, [3]),
    ],
)
def test_a_switch_empties_its_column_and_no_other(change: dict, columns: list) -> None:
    full, less = (passage_tables(211, MEDIA, LINE, Physics(**kind)).rates for kind in ({}, change))
    for column in range(4):
        same = np.array_equal(full[:, :, column], less[:, :, column])
        assert same != (column in columns)
        assert column not in columns or not less[:, :, column].any()


def test_removal_moves_into_absorption() -> None:
    physics = Physics(meson_quasi_elastic="remove", meson_elastic="ignore")
    rates = at(passage_tables(211, ("Be",), LINE, physics), 1500.0)[0]
    sigma = float(pion_inelastic_cm2(1500.0, 1, "Be"))
    assert rates[1] == pytest.approx(12.349 * sigma * 1e24, rel=1e-3)
    assert rates[2:4].tolist() == [0.0, 0.0]
    follow = at(passage_tables(211, ("Be",), LINE), 1500.0)[0]
    quasi = float(pion_quasi_elastic_cm2(1500.0, 1, "Be"))
    assert follow[1] / rates[1] == pytest.approx(1 - quasi / sigma, rel=1e-4)


def test_matter_that_is_switched_off_does_nothing() -> None:
    table = passage_tables(211, MEDIA, LINE, Physics(air=False, conductor=False, multiple_scattering=False))
    assert not table.rates[:2, :, :4].any()
    assert table.rates[2:].any()
    assert not table.media[:, 0].any()


def test_errors(bnb: Beamline) -> None:
    with pytest.raises(RangeError, match="pdgid = 221: absorption in matter is known for 211, -211"):
        passage_tables(221, MEDIA, LINE)
    with pytest.raises(UnknownNameError, match="material 'steel'"):
        passage_tables(211, ("steel",), LINE)
    with pytest.raises(UnknownNameError, match="material 'air'"):
        passage_tables(211, ("air",), bnb)
