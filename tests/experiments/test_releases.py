"""Tables of other experiments in the data directory: sums, units, and what an error says when they are not there."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from darkhorn.core.errors import InputFileError, RangeError, UnknownNameError
from darkhorn.experiments.loader import Experiment
from darkhorn.experiments.releases import (
    ccm120_background,
    ccm200_background,
    ccm200_projection,
    lsnd_events,
    microboone_searches,
    published_curve,
)


@pytest.fixture
def there(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The data directory of the tests."""
    monkeypatch.setenv("DARKHORN_DATA", str(data_dir))


@pytest.mark.usefixtures("there")
def test_background_of_ccm120() -> None:
    table = ccm120_background()
    background = table.columns["background"]
    assert (len(background), table.pot, table.unit) == (37, 1.79e21, "MeV")
    assert background.sum() == pytest.approx(294522.1, abs=0.1)
    assert (table.edges[0], table.edges[-1]) == (1.0, 100.0)
    for low, high, events in ((9.8, 10.75, 816.7), (10.75, 13.0, 944.0), (13.0, 15.6, 536.9)):
        inside = (table.edges[:-1] >= low) & (table.edges[1:] <= high)
        assert background[inside].sum() == pytest.approx(events, abs=0.05)
    window = Experiment.load("ccm120").mode("electromagnetic").window
    assert (window.e_vis_min, window.e_vis_max) == (1.0, 100.0)


@pytest.mark.usefixtures("there")
def test_projection_of_ccm200_needs_a_reduction() -> None:
    table = ccm200_projection(2.25e22, 1e-2)
    assert table.columns["background"].sum() == pytest.approx(294522.1 * 2.25e22 / 1.79e21 * 1e-2, rel=1e-6)
    assert "not published" in table.note
    for pot, reduction in ((0.0, 0.1), (1e22, 0.0), (1e22, 1.1)):
        with pytest.raises(RangeError, match=r"^(pot|reduction) = "):
            ccm200_projection(pot, reduction)


@pytest.mark.usefixtures("there")
def test_sample_of_ccm200() -> None:
    table = ccm200_background()
    assert len(table.columns["background"]) == 141
    assert table.columns["background"].sum() == pytest.approx(60131, abs=0.5)
    assert table.columns["excess"].sum() == pytest.approx(708, abs=0.5)
    assert np.sqrt((table.columns["excess_error"] ** 2).sum()) == pytest.approx(1069, abs=0.5)
    assert "not published" in table.note


@pytest.mark.usefixtures("there")
def test_searches_of_microboone_are_those_of_the_package() -> None:
    rows = {row.selection: row for row in microboone_searches()}
    modes = Experiment.load("microboone").modes
    for selection, mode in (
        ("1g1p_NCDelta", "1g1p"),
        ("1g0p_NCDelta", "1g0p"),
        ("ee_forward_coherent", "ee"),
        ("inclusive_1gamma", "inclusive"),
    ):
        row, (observed, expected, error) = rows[selection], modes[mode].counting("events").numbers()
        assert (row.observed, row.predicted) == (observed, expected)
        assert row.pot == pytest.approx(modes[mode].pot)
        assert np.hypot(row.systematic or 0.0, row.statistical or 0.0) == pytest.approx(error, abs=0.05)
    assert rows["inclusive_1gamma_0p_excess"].observed is None
    assert rows["inclusive_1gamma"].efficiency == 0.070


@pytest.mark.usefixtures("there")
def test_lsnd_and_curves() -> None:
    events = lsnd_events()
    assert len(events["data"]) == 11
    assert events["data"].sum() == pytest.approx(50.78, abs=0.01)
    assert np.all(events["data_top"] > events["data"])
    mass, limit = published_curve("mb_dump_dm_limit_2018")
    assert (len(mass), limit[0]) == (882, 5.9247e-9)
    assert mass[0] == pytest.approx(0.97452), "MeV, not GeV"
    mass, limit = published_curve("ccm120_leptophobic_limit")
    assert (len(mass), round(mass[0], 3)) == (37, 1.017)
    with pytest.raises(UnknownNameError, match="Did you mean 'ccm120_leptophobic_limit'"):
        published_curve("ccm120_leptophobic")


LOADERS = [
    (ccm120_background, "ccm120_bkg_2019.csv", "lightDM"),
    (ccm200_background, "ccm200_bkg_excess_2021.csv", "not published by the collaboration"),
    (microboone_searches, "microboone_counts.csv", "HEPData ins1937333"),
    (lsnd_events, "lsnd_loe_digitized.csv", "muB_oscillation"),
    (lambda: published_curve("mb_dump_dm_limit_2018"), "mb_dump_dm_limit_2018.csv", "arXiv:1807.06137"),
]


@pytest.mark.parametrize(("load", "name", "origin"), LOADERS, ids=[item[1] for item in LOADERS])
def test_absent_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, load: Callable[[], object], name: str, origin: str
) -> None:
    monkeypatch.setenv("DARKHORN_DATA", str(tmp_path))
    with pytest.raises(InputFileError, match=f"'{name}' is not in .*{origin}.*DARKHORN_DATA"):
        load()


def test_malformed_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DARKHORN_DATA", str(tmp_path))
    path = tmp_path / "ccm120_bkg_2019.csv"
    path.write_text("e_lo_MeV,e_hi_MeV,bkg\n1,2,5\n3,4,5\n")
    with pytest.raises(RangeError, match="bin edges: 3 follows 2; allowed: no gaps"):
        ccm120_background()
    path.write_text("e_lo_MeV,e_hi_MeV,background\n1,2,5\n")
    with pytest.raises(InputFileError, match="column 'bkg' is missing"):
        ccm120_background()
    row = "2110.00409,1g1p,6.8,{},20.5,3.65,,,,x\n"
    head = "arxiv,selection,pot_1e20,observed,predicted,pred_err_sys,pred_err_stat,sel_eff,purity,note\n"
    (tmp_path / "microboone_counts.csv").write_text(head + row.format("many"))
    with pytest.raises(InputFileError, match="observed = 'many' is not a number"):
        microboone_searches()
