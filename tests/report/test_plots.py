"""Figures of spectra: what is drawn is what was put in."""

import dataclasses
import subprocess
import sys

import numpy as np
import pytest
from matplotlib.patches import StepPatch
from matplotlib.text import Text

from darkhorn.chain.predict import Prediction
from darkhorn.core.errors import RangeError
from darkhorn.experiments.loader import Distribution
from darkhorn.models.presets import preset
from darkhorn.report.plots import excess_error, panels_of, plot_spectra, plot_stacked

PANELS = [("neutrino", "e_vis"), ("neutrino", "cos_theta"), ("antineutrino", "e_vis"), ("antineutrino", "cos_theta")]


def steps(axes):
    return [patch for patch in axes.patches if isinstance(patch, StepPatch)]


def by_label(axes, word):
    return next(patch for patch in steps(axes) if word in patch.get_label())


def points(axes):
    """Centres, values and upper and lower ends of the error bars."""
    container = axes.containers[0]
    bars = np.array(container.lines[2][0].get_segments())
    return *container.lines[0].get_data(), bars[:, :, 1]


def words(figure):
    return "\n".join(text.get_text() for text in figure.findobj(Text))


def test_excess_panels_hold_data_minus_background_and_the_fitted_signal(prediction, modes, fit):
    figure = plot_spectra(prediction, modes, fit)
    for axes, (mode, name) in zip(figure.axes, PANELS, strict=True):
        data = modes[mode].distribution(name)
        x, y, bars = points(axes)
        np.testing.assert_allclose(x, 0.5 * (data.edges[1:] + data.edges[:-1]))
        np.testing.assert_allclose(y, data.data - data.background)
        fraction = data.background_fraction * data.background
        variance = np.maximum(data.data, 1.0) + data.reading_error**2 + fraction**2
        np.testing.assert_allclose((bars[:, 1] - bars[:, 0]) / 2, np.sqrt(variance))
        rows = prediction.modes[mode].spectra[name] * fit.coupling_product**2
        line, band = by_label(axes, "signal").get_data(), steps(axes)[0].get_data()
        np.testing.assert_allclose(line.values, rows.mean(axis=0))
        np.testing.assert_array_equal(line.edges, data.edges)
        np.testing.assert_allclose(line.values.sum(), fit.events[f"{mode} {name}"], rtol=1e-9)
        error = np.sqrt(((rows - rows.mean(axis=0)) ** 2).sum(axis=0) / (4 * 3))
        np.testing.assert_allclose(band.values - line.values, error, rtol=1e-6)
        np.testing.assert_allclose(line.values - band.baseline, error, rtol=1e-6)


def test_stacked_panels_hold_data_background_band_and_signal_on_top(prediction, modes, fit):
    figure = plot_stacked(prediction, modes, fit)
    for axes, (mode, name) in zip(figure.axes, PANELS, strict=True):
        data = modes[mode].distribution(name)
        _, y, bars = points(axes)
        np.testing.assert_array_equal(y, data.data)
        np.testing.assert_allclose((bars[:, 1] - bars[:, 0]) / 2, np.sqrt(np.maximum(data.data, 1.0)))
        signal, background = by_label(axes, "signal").get_data(), by_label(axes, "background").get_data()
        band = by_label(axes, "background error").get_data()
        np.testing.assert_array_equal(background.values, data.background)
        np.testing.assert_array_equal(signal.baseline, data.background)
        expected = prediction.modes[mode].spectra[name].mean(axis=0) * fit.scale
        np.testing.assert_allclose(signal.values - signal.baseline, expected, rtol=1e-9, atol=1e-9)
        half = np.hypot(data.background_fraction * data.background, data.reading_error)
        np.testing.assert_allclose(band.values - band.baseline, 2 * half)
        assert axes.get_ylim()[0] == 0.0
        assert axes.get_ylim()[1] > max(signal.values.max(), bars.max())


def test_published_numbers_of_the_first_panel(prediction, modes, fit):
    """150-200 MeV, typed from the figure: 284 events over a background of 185.9, both read to 1.5 events."""
    _, y, bars = points(plot_spectra(prediction, modes, fit).axes[0])
    assert y[0] == pytest.approx(98.1)
    expected = np.sqrt(284 + 1.5**2 + (0.0474238 * 185.9) ** 2)
    assert bars[0, 1] - y[0] == pytest.approx(expected, rel=1e-6)
    assert excess_error(modes["neutrino"].distribution("e_vis"))[0] == pytest.approx(19.078, abs=0.001)


@pytest.mark.parametrize("plot", [plot_spectra, plot_stacked])
def test_axes_have_units_and_text_says_what_a_reader_needs(plot, prediction, modes, fit):
    figure = plot(prediction, modes, fit, name="scalar-benchmark")
    labels = [(axes.get_xlabel(), axes.get_ylabel()) for axes in figure.axes]
    assert labels[0] == ("visible energy Eᵥᵢₛ [MeV]", "events / 50 MeV")
    assert labels[1] == ("cos θ to the beam", "events / 0.1")
    assert labels[2][1] == "events / 100 MeV"
    assert labels[3][1] == "events / 0.2"
    text = words(figure)
    for piece in (
        "scalar-benchmark", "mₓ = 1 MeV", "mediator 49 MeV", "neutrino mode, 18.75×10²⁰ POT",
        "antineutrino mode, 11.27×10²⁰ POT", f"χ²/ndof = {fit.chi2:.1f}/68", f"no signal: {fit.chi2_null:.1f}/69",
        "same events", "digitised figure", "unconstrained background", "best fit g gₙ λ = (", "/ MeV",
    ):  # fmt: skip
        assert piece in text
    assert text.count(", constrained background") == 1


@pytest.mark.parametrize("name", ["pseudoscalar-benchmark", "VIB2-Pi0"])
def test_text_is_readable_and_inside_the_figure(name, prediction, modes, fit):
    figure = plot_stacked(dataclasses.replace(prediction, model=preset(name)), modes, fit, name=name)
    figure.canvas.draw()
    width, height = figure.get_size_inches() * figure.dpi
    written = [text for text in figure.findobj(Text) if text.get_text() and text.get_visible()]
    assert len(written) > 20
    for text in written:
        assert text.get_fontsize() >= 8.0
        box = text.get_window_extent()
        inside = box.x0 >= -1 and box.y0 >= -1 and box.x1 <= width + 1 and box.y1 <= height + 1
        assert inside, text.get_text()


def test_bins_of_unequal_width_are_divided_by_their_width(prediction, modes):
    mode = prediction.modes["neutrino"]
    edges = np.array([150.0, 200.0, 300.0, 700.0])
    spectrum = Distribution(
        "e_vis",
        edges,
        np.array([10.0, 20.0, 40.0]),
        np.array([5.0, 10.0, 20.0]),
        np.zeros(3),
        0.1,
        "constrained",
        "O",
        "test",
    )
    mode = dataclasses.replace(mode, edges={"e_vis": edges}, spectra={"e_vis": np.full((4, 3), 1.0e18)})
    mine = dataclasses.replace(modes["neutrino"], distributions=(spectrum,))
    one = dataclasses.replace(prediction, modes={"neutrino": mode})
    axes = plot_spectra(one, {"neutrino": mine}).axes[0]
    assert axes.get_ylabel() == "events / MeV"
    np.testing.assert_allclose(points(axes)[1], [0.1, 0.1, 0.05])
    total = 1.0e18 * prediction.model.coupling_product**2
    np.testing.assert_allclose(by_label(axes, "signal").get_data().values, total / np.array([50.0, 100.0, 400.0]))


def test_without_a_fit_the_signal_is_at_the_given_couplings_and_without_data_it_stands_alone(prediction, modes):
    figure = plot_spectra(prediction, {}, None)
    product = prediction.model.coupling_product
    assert "as given, no fit" in words(figure)
    for axes, (mode, name) in zip(figure.axes, PANELS, strict=True):
        assert not axes.containers
        drawn = by_label(axes, "signal").get_data().values
        np.testing.assert_allclose(drawn, prediction.modes[mode].spectra[name].mean(axis=0) * product**2)
    assert not any(axes.containers for axes in plot_stacked(prediction, {}, None).axes)


def test_data_in_other_bins_are_not_drawn(prediction, modes):
    mode = prediction.modes["neutrino"]
    other = dataclasses.replace(mode, edges={**mode.edges, "e_vis": mode.edges["e_vis"] + 5.0})
    found = panels_of(other, modes["neutrino"], 1.0)
    assert [panel.data is None for panel in found] == [True, False]


def test_a_prediction_without_spectra_is_refused(prediction):
    with pytest.raises(RangeError, match="0 spectra to draw; allowed: at least 1"):
        plot_spectra(Prediction(prediction.model, {}, 1, 4), {})


def test_no_figure_loads_pyplot():
    rooms = "plots, style, flux_plot, horn_plot, tables"
    code = f"import sys; from darkhorn.report import {rooms}; sys.exit('matplotlib.pyplot' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
