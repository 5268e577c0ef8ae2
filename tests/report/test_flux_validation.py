"""Comparison with published tables, rows and CSV of a flux, and its picture: known numbers in, known numbers out."""

import csv
import io
from pathlib import Path

import numpy as np
import pytest
from matplotlib.patches import StepPatch

from darkhorn.chain.beam_flux import IN_WALLS, K_AT_REST, OFF_WALLS, PI_AT_REST, PRIMARY, BeamFlux
from darkhorn.chain.modes import EDGES
from darkhorn.chain.neutrinos import NeutrinoFlux
from darkhorn.chain.reinteraction import NUCLEONS_AGAIN, NUCLEONS_TWICE, PASSING, PASSING_AGAIN, PIONS_AGAIN
from darkhorn.chain.universes import FluxErrors
from darkhorn.experiments.datadir import FluxTable, read_flux
from darkhorn.report.beam_plot import plot_beam_flux
from darkhorn.report.flux_table import component_rows, flux_csv, flux_rows, published_rows
from darkhorn.report.flux_validation import Comparison, bins_csv, comparisons, published_spectra, summary

FLAVOURS = ("numu", "numubar", "nue", "nuebar")
SPREAD = np.array([[0.99], [1.01], [0.99], [1.01]])


def component(**values: float) -> NeutrinoFlux:
    """Flat spectra from 0 to 4 GeV: so much in each bin of 50 MeV; keys are flavour__parent."""
    inside = (EDGES[:-1] < 4000.0).astype(float)
    rows = {tuple(key.replace("_at_", " at ").split("__")): value * inside * SPREAD for key, value in values.items()}
    return NeutrinoFlux(EDGES, rows)


@pytest.fixture
def found() -> BeamFlux:
    primary = component(
        numu__pi=8.0, numu__K=2.0, numubar__pi=1.0, numubar__mu=0.5, nue__mu=0.3, nue__K=0.2, nue__K0=0.1
    )
    return BeamFlux(
        {
            PRIMARY: primary,
            K_AT_REST: component(numu__K_at_rest=1.0),
            PI_AT_REST: component(numu__pi_at_rest=100.0),
            NUCLEONS_AGAIN: component(numu__pi=0.2, numubar__pi=0.3),
            NUCLEONS_TWICE: component(numu__pi=0.15, numubar__pi=0.2),
            PASSING_AGAIN: component(numu__pi=0.05, numubar__pi=0.1),
            PIONS_AGAIN: component(numu__pi=0.04),
            PASSING: component(numu__pi=0.03),
            IN_WALLS: component(numu__pi=0.02),
            OFF_WALLS: component(numu__pi=0.01),
        }
    )


def table(**columns: float) -> FluxTable:
    return FluxTable(
        EDGES, {name: np.full(200, value / 50.0) * (EDGES[:-1] < 4000.0) for name, value in columns.items()}
    )


FULL = {
    "numu_sec_pBe_pi": 8.1, "numubar_sec_pBe_pi": 1.0, "numu_pi": 17.0, "numubar_pi": 1.6, "numubar_mu": 0.5,
    "nue_mu": 0.3, "nue_K0": 0.1, "numu_K": 3.0, "nue_K": 0.1, "numu_sec_pBe_pn": 0.8, "numubar_sec_pBe_pn": 0.6,
    "numu": 11.5, "numubar": 2.1, "nue": 0.6, "nuebar": 1.0,
}  # fmt: skip


def test_like_is_compared_with_like(found: BeamFlux) -> None:
    """Pions of p-Be with pions again and of passing protons; no stopped pions; kaons with those at rest."""
    rows = {one.column: one for one in comparisons(found, "neutrino", table(**FULL))}
    expected = {
        "numu_sec_pBe_pi": 1.0, "numu_pi": 8.5 / 17.0, "numubar_pi": 1.0, "numu_K": 1.0, "nue_K": 2.0,
        "numu_sec_pBe_pn": 0.5, "numubar_sec_pBe_pn": 1.0, "numu": 1.0, "numubar": 1.0, "nue": 1.0, "nuebar": 0.0,
    }  # fmt: skip
    for column, ratio in expected.items():
        total, error = rows[column].ratio()
        assert total == pytest.approx(ratio), column
        assert error == pytest.approx(ratio * 0.01 / np.sqrt(3.0)), column
        assert rows[column].mean_ratio() == pytest.approx(1.0 if ratio else 0.0), column
    assert len(rows["numu"].coarse) == 40
    assert rows["numu"].coarse[2] == pytest.approx((200.0, 300.0, 1.0, 0.01 / np.sqrt(3.0)))


def test_windows_take_whole_bins_only() -> None:
    ours, known = np.arange(1.0, 5.0) * np.ones((4, 1)), np.array([1.0, 1.0, 2.0, np.nan])
    one = Comparison("x", "x", np.array([0.0, 50.0, 100.0, 150.0, 200.0]), ours, known)
    assert one.ratio()[0] == pytest.approx(6.0 / 4.0)
    assert one.ratio(50.0, 150.0)[0] == pytest.approx(5.0 / 3.0)
    assert one.ratio(40.0, 149.0)[0] == pytest.approx(2.0)
    assert one.ratio(150.0, 200.0) == (0.0, 0.0)
    mean_ours, mean_known = (25.0 + 150.0 + 375.0) / 6.0, (25.0 + 75.0 + 250.0) / 4.0
    assert one.mean_ratio() == pytest.approx(mean_ours / mean_known)


def test_without_the_data_directory(found: BeamFlux, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The shipped points: at 0.525 GeV 4.558e-10 per cm2, POT and GeV of numu in neutrino mode."""
    monkeypatch.setenv("DARKHORN_DATA", str(tmp_path))
    assert published_spectra("neutrino")[0] is None
    rows = {one.column: one for one in comparisons(found, "neutrino", None)}
    assert set(rows) == set(FLAVOURS)
    assert rows["numu"].ratio(500.0, 550.0)[0] == pytest.approx(11.5 / (4.558e-10 * 0.05))
    values = summary(found, "neutrino")
    first = values["comparisons"][0]
    assert first["total_ratio"] == pytest.approx(80 * 11.5 / 5.194e-10)
    assert "shipped points" in values["published"]
    assert set(values["switches"]) == set(found.components)
    assert all(values["switches"].values())
    assert not summary(BeamFlux({PRIMARY: found.components[PRIMARY]}), "neutrino")["switches"][PASSING]


def test_published_tables_against_themselves(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A flux made of the published columns has ratio one everywhere."""
    monkeypatch.setenv("DARKHORN_DATA", str(data_dir))
    full = read_flux(data_dir / "bnb_flux_numode.csv")
    rows = {(f, p): np.tile(full.column(f"{f}_{p}") * 50.0, (4, 1)) for f in FLAVOURS for p in ("pi", "K", "K0", "mu")}
    values = summary(BeamFlux({PRIMARY: NeutrinoFlux(EDGES, rows), K_AT_REST: component()}), "neutrino")
    for one in values["comparisons"]:
        if "pBe" not in one["column"]:
            assert one["total_ratio"] == pytest.approx(1.0, abs=2e-3), one["name"]
            assert one["mean_ratio"] == pytest.approx(1.0, abs=2e-3)
    by_column = {one["column"]: one for one in values["comparisons"]}
    assert by_column["numu_sec_pBe_pi"]["total_ratio"] == pytest.approx(5.054 / 4.647, rel=2e-3)
    assert values["kaons_at_rest_bin"][0] == pytest.approx(1.0, rel=1e-3)
    lines = list(csv.reader(io.StringIO(bins_csv(values))))
    assert lines[0] == ["comparison", "column", "e_lo_MeV", "e_hi_MeV", "ratio", "mc_error"]
    assert len(lines) > 300


def test_rows_and_csv_agree(found: BeamFlux) -> None:
    shifts = {"x": {("numu", "pi"): np.full((1, 200), 0.1)}}
    errors = FluxErrors(EDGES, shifts)
    rows = {(row["flavour"], row["parent"]): row for row in flux_rows(found, errors, by_parent=True)}
    assert rows["numu", "pi"]["total_per_cm2_per_POT"] == pytest.approx(80 * 8.5)
    assert rows["numu", "all"]["total_per_cm2_per_POT"] == pytest.approx(80 * 111.5)
    assert rows["numu", "pi"]["mean_energy_MeV"] == pytest.approx(2000.0)
    again = 0.4 * 0.47  # 40 % of what hadrons made on their way
    assert rows["numu", "pi"]["systematic_error"] == pytest.approx(80 * np.hypot(0.8, again))
    assert rows["nue", "mu"]["systematic_error"] == 0.0
    lines = list(csv.DictReader(io.StringIO(flux_csv(found, errors, by_parent=True))))
    numu = [line for line in lines if (line["flavour"], line["parent"]) == ("numu", "pi")]
    assert len(numu) == 200
    total = sum(float(line["flux_per_cm2_per_POT_per_GeV"]) for line in numu) * 0.05
    assert total == pytest.approx(80 * 8.5)
    assert float(numu[3]["systematic_error"]) == pytest.approx(np.hypot(0.8, again) / 0.05)
    plain = list(csv.DictReader(io.StringIO(flux_csv(found, None, by_parent=False))))
    assert {line["parent"] for line in plain} == {"all"}
    assert {line["systematic_error"] for line in plain} == {""}


def test_components_and_published_totals(found: BeamFlux) -> None:
    rows = {(row["component"], row["flavour"]): row["total_per_cm2_per_POT"] for row in component_rows(found)}
    assert rows[PI_AT_REST, "numu"] == pytest.approx(8000.0)
    assert rows[NUCLEONS_AGAIN, "numubar"] == pytest.approx(24.0)
    published = {row["flavour"]: row for row in published_rows(found, "neutrino")}
    assert published["numu"]["ratio_total"] == pytest.approx(80 * 11.5 / 5.194e-10)
    assert published["numu"]["ratio_mean_energy"] == pytest.approx(2000.0 / 808.0)
    assert published_rows(found, "off") == []


@pytest.mark.parametrize("compared", [True, False])
def test_picture(found: BeamFlux, compared: bool) -> None:
    """What is drawn are the densities, and the ratio panel is there when something is published."""
    points = (np.array([525.0, 1025.0]), np.array([100.0, 230.0])) if compared else None
    figure = plot_beam_flux(found, "numu", "a title", None, points)
    upper, *others = figure.axes
    assert len(others) == int(compared)
    steps = [patch for patch in upper.patches if isinstance(patch, StepPatch)]
    np.testing.assert_allclose(steps[1].get_data().values, found.flux.density("numu")[0])
    labels = [text.get_text() for text in upper.get_legend().get_texts()]
    assert "from pi at rest" in labels
    assert ("published" in labels) is compared
    if compared:
        (bars,) = others[0].containers
        np.testing.assert_allclose(bars[0].get_ydata(), [111.5 / 0.05 / 100.0, 111.5 / 0.05 / 230.0])
