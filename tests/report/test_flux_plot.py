"""The flux figure: absolute numbers, like compared with like."""

import dataclasses

import numpy as np
import pytest
from matplotlib.patches import StepPatch
from matplotlib.text import Text

from darkhorn.core.errors import UnknownNameError
from darkhorn.experiments.datadir import FluxTable, read_flux
from darkhorn.report.flux_plot import plot_flux, reference_from_points, reference_from_table


def words(figure):
    return "\n".join(text.get_text() for text in figure.findobj(Text))


def test_points_are_the_published_ones_and_the_ratio_is_ours_over_them(flux):
    """At 0.725 GeV the release has 4.428e-10, at 1.525 GeV 1.079e-10 per cm^2, POT and GeV."""
    found = reference_from_points(flux, "neutrino", "numu")
    where = {round(float(energy)): row for row, energy in enumerate(found.energy)}
    assert found.density[where[725]] == pytest.approx(4.428e-10, rel=1e-6, abs=0)
    assert found.density[where[1525]] == pytest.approx(1.079e-10, rel=1e-6, abs=0)
    ours = flux.rows.mean(axis=0) / 0.05
    assert found.ratio[where[725]] == pytest.approx(ours[14] / 4.428e-10, rel=1e-6, abs=0)
    assert found.total == pytest.approx(5.194e-10, rel=1e-6, abs=0)
    assert found.mean_energy == pytest.approx(808.0)


def test_a_table_is_averaged_over_our_bins(flux):
    """Against a sum over pieces so fine that no bin of either straddles one."""
    rng = np.random.default_rng(3)
    edges = np.concatenate([[0.0], np.cumsum(rng.uniform(10.0, 90.0, 100))])
    table = FluxTable(edges, {"numu": rng.uniform(0.5, 1.5, 100) * 1e-13})
    wide = dataclasses.replace(flux, edges=np.linspace(0.0, 6000.0, 31), rows=flux.rows[:, :30])
    found = reference_from_table(wide, table, "numu", "test")
    pieces = (np.arange(600_000) + 0.5) * 0.01
    inside = pieces < edges[-1]
    values = np.zeros(len(pieces))
    values[inside] = table.flux["numu"][np.searchsorted(edges, pieces[inside], side="right") - 1]
    expected = values.reshape(30, -1).mean(axis=1) * 1e3
    np.testing.assert_allclose(found.density, expected[expected > 0], rtol=2e-4)
    np.testing.assert_allclose(found.ratio, wide.rows.mean(axis=0)[: len(found.ratio)] / 0.2 / found.density)
    assert (found.density * 0.2).sum() == pytest.approx(table.total("numu"), rel=1e-6, abs=0)


def test_the_ratio_of_a_table_to_itself_is_one(flux):
    table = FluxTable(flux.edges, {"numu": flux.rows.mean(axis=0) / 50.0, "numu_sec_pBe_pi": flux.rows[0] / 50.0})
    found = reference_from_table(flux, table, "numu", "test")
    np.testing.assert_allclose(found.ratio, 1.0, rtol=1e-6)
    np.testing.assert_allclose(found.ratio_error, np.sqrt(2.0 / 3.0) * 0.01 / 2.0, rtol=1e-6)
    assert found.total == pytest.approx(4.8e-10, rel=1e-6, abs=0)


def test_what_is_drawn_are_the_arrays(flux):
    figure = plot_flux(flux)
    upper, lower = figure.axes
    steps = [patch for patch in upper.patches if isinstance(patch, StepPatch)]
    density, error = flux.rows.mean(axis=0) / 0.05, flux.density[1]
    np.testing.assert_allclose(steps[1].get_data().values, density)
    np.testing.assert_allclose(steps[0].get_data().values, density + error)
    np.testing.assert_allclose(steps[1].get_data().edges, flux.edges / 1000.0)
    found = reference_from_points(flux, "neutrino", "numu")
    np.testing.assert_allclose(upper.lines[0].get_xydata(), np.column_stack([found.energy / 1000.0, found.density]))
    container = lower.containers[0]
    np.testing.assert_allclose(container.lines[0].get_ydata(), found.ratio)
    assert upper.get_yscale() == "log"
    assert (upper.get_ylabel(), lower.get_xlabel()) == ("νμ flux [1 / (cm² POT GeV)]", "neutrino energy [GeV]")
    assert lower.get_ylabel() == "ours / published"


def test_the_text_compares_totals_and_means_with_the_primary_pions(flux):
    text = words(plot_flux(flux))
    for piece in (
        "no free factor", "(4.800 ± 0.020)×10⁻¹⁰, 0.800", "primary p-Be π⁺: 4.647×10⁻¹⁰, 0.797",
        "all parents: 5.194×10⁻¹⁰, 0.808", f"ours / published primary p-Be π⁺: {4.8 / 4.647:.3f}",
    ):  # fmt: skip
        assert piece in text


def test_text_is_readable_and_inside_the_figure(flux):
    figure = plot_flux(flux, mode="antineutrino", flavour="numubar")
    figure.canvas.draw()
    width, height = figure.get_size_inches() * figure.dpi
    upper, lower = figure.axes
    for text in (
        next(text for text in upper.findobj(Text) if text.get_text() == upper.get_title(loc="left")),
        upper.yaxis.label,
        lower.xaxis.label,
        lower.yaxis.label,
        *upper.texts,
        *lower.texts,
    ):
        box = text.get_window_extent()
        assert 0 <= box.x0 < box.x1 <= width
        assert 0 <= box.y0 < box.y1 <= height
    assert min(text.get_fontsize() for text in figure.findobj(Text) if text.get_text()) >= 8.0
    assert "primary p-Be" not in words(figure)


def test_the_full_table_gives_the_total_and_mean_of_primary_pions(flux, data_dir):
    """Shipped 4.647e-10 per cm^2 and POT with mean 0.797 GeV, here from the 200 bins of the release."""
    table = read_flux(data_dir / "bnb_flux_numode.csv")
    found = reference_from_table(flux, table, "numu_sec_pBe_pi", "primary")
    assert found.total == pytest.approx(4.647e-10, rel=5e-4, abs=0)
    assert found.mean_energy == pytest.approx(797.0, abs=0.6)
    figure = plot_flux(flux, table)
    np.testing.assert_allclose(figure.axes[0].lines[0].get_ydata(), found.density)
    everything = reference_from_table(flux, table, "numu", "all")
    np.testing.assert_allclose(figure.axes[0].lines[1].get_ydata(), everything.density)
    assert "published: primary p-Be π⁺" in words(figure)


def test_a_mode_that_is_not_published_is_refused(flux):
    with pytest.raises((UnknownNameError, KeyError)):
        plot_flux(flux, mode="off")
