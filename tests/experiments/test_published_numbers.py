"""The shipped tables: sums against published totals, and against the releases in the data directory."""

from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

from darkhorn.core.errors import UnknownNameError
from darkhorn.experiments.loader import Experiment
from darkhorn.experiments.published import published_flux, published_table, published_text


@pytest.mark.parametrize(
    ("table", "data", "background", "everything"),
    [("miniboone_nu_e_qe", 2870, 2322.676, 3202), ("miniboone_nubar_e_qe", 478, 398.198, 551)],
)
def test_official_window_sums(table: str, data: int, background: float, everything: int) -> None:
    columns = published_table(table)
    used = columns["used"] == 1
    assert columns["data"][used].sum() == data
    assert columns["background_unconstrained"][used].sum() == pytest.approx(background, abs=0.011)
    assert columns["data"].sum() == everything
    np.testing.assert_array_equal(columns["e_qe_hi_MeV"][used][-1], 1250.0)


def test_unconstrained_excess_is_not_the_published_one() -> None:
    columns = published_table("miniboone_nu_e_qe")
    used = columns["used"] == 1
    excess = (columns["data"] - columns["background_unconstrained"])[used].sum()
    assert excess == pytest.approx(547.3, abs=0.05)
    published = Experiment.load("miniboone").mode("neutrino")
    totals = published.published
    assert published.excess == pytest.approx(totals["data"] - totals["background_constrained"])
    assert published.excess - excess == pytest.approx(13.3, abs=0.05)


def test_published_excesses() -> None:
    modes = Experiment.load("miniboone").modes
    assert [(m.excess, m.excess_error, m.pot) for m in modes.values()] == [
        (560.6, 119.6, 18.75e20),
        (77.4, 28.5, 11.27e20),
    ]
    assert sum(m.excess for m in modes.values()) == pytest.approx(638.0)
    assert np.sqrt(2309.4 + 400.6) == pytest.approx(52.1, abs=0.05), "statistical part of the published 638.0"


@pytest.mark.parametrize(("mode", "total"), [("neutrino", 2309.4), ("antineutrino", 400.6)])
def test_background_fraction_gives_back_the_published_error(mode: str, total: float) -> None:
    loaded = Experiment.load("miniboone").mode(mode)
    for spectrum in loaded.distributions:
        error = np.hypot(np.sqrt(total), spectrum.background_fraction * total)
        assert error == pytest.approx(loaded.excess_error, abs=0.005)


@pytest.mark.parametrize(
    ("mode", "axis", "bins", "data", "background", "kind"),
    [
        ("neutrino", "e_vis", 20, 2863, 2313.2, "unconstrained"),
        ("neutrino", "cos_theta", 20, 2885, 2304.4, "constrained"),
        ("antineutrino", "e_vis", 19, 576, 507.8, "unconstrained"),
        ("antineutrino", "cos_theta", 10, 587, 512.5, "unconstrained"),
    ],
)
def test_fitted_spectra(mode: str, axis: str, bins: int, data: int, background: float, kind: str) -> None:
    spectrum = Experiment.load("miniboone").mode(mode).distribution(axis)
    assert (len(spectrum.data), spectrum.data.sum(), spectrum.background_kind) == (bins, data, kind)
    assert spectrum.background.sum() == pytest.approx(background, abs=0.25)
    edges = {"e_vis": (150.0, 1150.0) if mode == "neutrino" else (100.0, 2000.0), "cos_theta": (-1.0, 1.0)}[axis]
    np.testing.assert_allclose(spectrum.edges, np.linspace(*edges, bins + 1), atol=1e-12)


def test_composition_adds_up() -> None:
    columns = published_table("miniboone_composition")
    total = columns.pop("background_unconstrained")
    np.testing.assert_allclose(sum(columns.values()), total, atol=0.11)
    np.testing.assert_array_equal(total, [2322.7, 398.2])


def test_numu_sums() -> None:
    columns = published_table("miniboone_numu")
    assert columns["neutrino_data"].sum() == 334417
    assert columns["antineutrino_data"].sum() == 50455


def test_constrained_figure_reaches_the_published_background() -> None:
    columns = published_table("miniboone_nu_e_qe_constrained")
    below = columns["e_qe_hi_MeV"] <= 1100
    assert columns["background_constrained"][below].sum() == pytest.approx(2191.8, abs=0.15)
    assert columns["data"].sum() == 3202


def test_flux_totals() -> None:
    assert published_flux("neutrino", "numu") == (5.194e-10, 808.0)
    assert published_flux("antineutrino", "numubar") == (2.928e-10, 664.0)
    assert published_flux("neutrino", "numu", "primary_pi_plus") == (4.647e-10, 797.0)
    with pytest.raises(UnknownNameError, match="Did you mean 'antineutrino numu all'"):
        published_flux("antineutrino", "nmu")


def test_sparse_spectrum_integrates_to_the_total() -> None:
    columns = published_table("bnb_flux_published")
    energy = columns["energy_GeV"]
    for mode, flavour in (("neutrino", "numu"), ("antineutrino", "numubar")):
        total, mean = published_flux(mode, flavour)
        flux = columns[f"{mode}_{flavour}"]
        assert np.trapezoid(flux, energy) == pytest.approx(total, rel=0.1)
        assert np.trapezoid(flux * energy, energy) == pytest.approx(total * mean / 1e3, rel=0.02)


def test_every_shipped_table_states_source_and_quality() -> None:
    for path in Path(str(files("darkhorn.experiments"))).glob("*.csv"):
        comments = [line for line in path.read_text().splitlines() if line.startswith("#")]
        if path.name.startswith("data_"):
            assert "where" in published_text(path.stem), "lists of files, not of numbers"
            continue
        if path.name.startswith("yields_"):
            assert any("Engine:" in line for line in comments), path.name
            assert any("Status: model, not data" in line for line in comments), path.name
            continue
        assert any("Source:" in line for line in comments), path.name
        cells = published_text(path.stem)
        assert set(cells["quality"]) <= {"O", "F", "D"}, path.name
        assert all("background_" in name or "background" not in name for name in cells), path.name


def read(path: Path) -> dict[str, np.ndarray]:
    lines = [line.split(",") for line in path.read_text().splitlines() if not line.startswith("#")]
    return {name: np.array([float(row[i]) for row in lines[1:]]) for i, name in enumerate(lines[0])}


BACKGROUND = "background_unconstrained"
RELEASE = {"data": "data", BACKGROUND: "bkg_unconstrained"}
EFFICIENCY = {"energy_MeV": "e_gen_MeV", "efficiency": "efficiency", "systematic": "sys_err"}


@pytest.mark.parametrize(
    ("ours", "file", "columns", "tolerance"),
    [
        ("miniboone_nu_e_qe", "mb_nu_eqe_2020", RELEASE, 6e-4),
        ("miniboone_nubar_e_qe", "mb_nubar_eqe_2020", RELEASE, 6e-4),
        ("miniboone_nu_e_qe", "mb_nu_eqe_2020", {"systematic": "bkg_sys_err"}, 6e-3),
        ("miniboone_nubar_e_qe", "mb_nubar_eqe_2020", {"systematic": "bkg_sys_err"}, 6e-3),
        ("miniboone_nu_e_vis", "mb_nu_evis_2020_digitized", {BACKGROUND: "bkg_dig"}, 0.051),
        ("miniboone_nu_e_vis", "mb_nu_evis_2020_digitized", {"data_events": "data_events"}, 0),
        ("miniboone_nu_cos_theta", "mb_nu_costheta_2020_digitized", {"data": "data_a"}, 0.501),
        ("miniboone_nu_cos_theta", "mb_nu_costheta_2020_digitized", {"background_constrained": "bkg_b"}, 1e-9),
        ("miniboone_nu_cos_theta", "mb_nu_costheta_2020_digitized", {BACKGROUND: "bkg_a"}, 0.051),
        ("miniboone_nubar_e_vis", "mb_nubar_evis_2018_digitized", {BACKGROUND: "bkg"}, 0.051),
        ("miniboone_nubar_e_vis", "mb_nubar_evis_2018_digitized", {"data": "data"}, 0.13),
        ("miniboone_nubar_cos_theta", "mb_nubar_costheta_2018_digitized", {"data": "data", BACKGROUND: "bkg"}, 1e-9),
        ("miniboone_efficiency", "mb_eff_photon_electron_2012", EFFICIENCY, 1e-9),
    ],
)
def test_tables_agree_with_the_data_directory(
    data_dir: Path, ours: str, file: str, columns: dict[str, str], tolerance: float
) -> None:
    theirs = read(data_dir / f"{file}.csv")
    mine = published_table(ours)
    for name, other in columns.items():
        np.testing.assert_allclose(mine[name], theirs[other], atol=tolerance, rtol=0)


def test_bins_agree_with_the_data_directory(data_dir: Path) -> None:
    for ours, file, axis, other in (
        ("miniboone_nu_e_vis", "mb_nu_evis_2020_digitized", "e_vis_{}_MeV", "evis_{}"),
        ("miniboone_nubar_e_vis", "mb_nubar_evis_2018_digitized", "e_vis_{}_MeV", "evis_{}"),
        ("miniboone_nu_cos_theta", "mb_nu_costheta_2020_digitized", "cos_theta_{}", "cos_{}"),
        ("miniboone_nubar_cos_theta", "mb_nubar_costheta_2018_digitized", "cos_theta_{}", "cos_{}"),
    ):
        mine, theirs = published_table(ours), read(data_dir / f"{file}.csv")
        for side in ("lo", "hi"):
            np.testing.assert_allclose(mine[axis.format(side)], theirs[other.format(side)], atol=1e-12)
