"""The data directory and the full flux tables in it."""

from pathlib import Path

import numpy as np
import pytest

from darkhorn.core.errors import InputFileError, RangeError, UnknownNameError
from darkhorn.experiments.datadir import data_dir as chosen_dir
from darkhorn.experiments.datadir import data_file, full_flux, read_flux
from darkhorn.experiments.published import published_flux, published_table


def test_environment_decides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DARKHORN_DATA", str(tmp_path))
    assert chosen_dir() == tmp_path
    (tmp_path / "a.csv").write_text("x")
    assert data_file("a.csv") == tmp_path / "a.csv"
    monkeypatch.delenv("DARKHORN_DATA")
    assert chosen_dir().name == "darkhorn"
    assert chosen_dir().is_absolute()


def test_missing_file_says_what_to_put_where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DARKHORN_DATA", str(tmp_path / "none"))
    with pytest.raises(InputFileError, match=r"arXiv:0806.1449.*E_lo_GeV.*DARKHORN_DATA") as caught:
        full_flux("neutrino")
    assert str(tmp_path / "none") in str(caught.value)
    monkeypatch.setenv("DARKHORN_DATA", str(tmp_path))
    (tmp_path / "bnb_flux_nu_mode.csv").write_text("x")
    with pytest.raises(InputFileError, match=r"Did you mean 'bnb_flux_nu_mode.csv'"):
        data_file("bnb_flux_numode.csv")
    with pytest.raises(UnknownNameError, match=r"unknown flux mode 'nu'"):
        full_flux("nu")


def test_a_small_table(tmp_path: Path) -> None:
    path = tmp_path / "flux.csv"
    path.write_text("# c\nE_lo_GeV,E_hi_GeV,numu\n0,1,2e-10\n1,3,1e-10\n")
    table = read_flux(path)
    np.testing.assert_array_equal(table.edges, [0.0, 1000.0, 3000.0])
    assert table.total("numu") == pytest.approx(4e-10, rel=1e-6, abs=0)
    assert table.mean_energy("numu") == pytest.approx(0.5 * 500 + 0.5 * 2000)
    with pytest.raises(UnknownNameError, match=r"Did you mean 'numu'"):
        table.total("nmu")
    path.write_text("E_lo_GeV,E_hi_GeV,numu\n0,1,2e-10\n1.5,3,1e-10\n")
    with pytest.raises(RangeError, match=r"E_lo_GeV = 1.5 GeV; allowed: 1 GeV"):
        read_flux(path)


@pytest.mark.parametrize("mode", ["neutrino", "antineutrino"])
def test_full_tables_give_the_published_totals(data_dir: Path, monkeypatch: pytest.MonkeyPatch, mode: str) -> None:
    monkeypatch.setenv("DARKHORN_DATA", str(data_dir))
    table = full_flux(mode)
    assert len(table.edges) == 201
    for flavour in ("numu", "numubar", "nue", "nuebar"):
        total, mean = published_flux(mode, flavour)
        assert table.total(flavour) == pytest.approx(total, rel=1e-3, abs=0)
        assert table.mean_energy(flavour) == pytest.approx(mean, abs=1.0)
        sparse = published_table("bnb_flux_published")
        rows = np.searchsorted(table.edges, sparse["energy_GeV"] * 1e3) - 1
        np.testing.assert_allclose(table.column(flavour)[rows] * 1e3, sparse[f"{mode}_{flavour}"], rtol=1e-3)


def test_primary_pions_in_the_full_table(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DARKHORN_DATA", str(data_dir))
    table = full_flux("neutrino")
    total, mean = published_flux("neutrino", "numu", "primary_pi_plus")
    assert table.total("numu_sec_pBe_pi") == pytest.approx(total, rel=1e-3, abs=0)
    assert table.mean_energy("numu_sec_pBe_pi") == pytest.approx(mean, abs=1.0)
