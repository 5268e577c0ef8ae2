"""Spectra: excess with the signal, and data with background and signal stacked."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from darkhorn.chain.predict import ModePrediction, Prediction, mean_and_error
from darkhorn.core.errors import RangeError
from darkhorn.core.rays import Floats
from darkhorn.experiments.loader import Distribution, Mode
from darkhorn.inference.fit import FitResult
from darkhorn.inference.likelihood import statistical_variance
from darkhorn.report import style
from darkhorn.report.numbers import scientific, with_error

QUALITY: Final = {"O": "official data", "F": "digitised figure", "D": "derived data"}
"""What the letters of a table's quality mean."""


@dataclass(frozen=True)
class Panel:
    """One spectrum of one mode: prediction and, if there are any, the data in the same bins.

    Attributes
    ----------
    mode, name : str
        Mode and axis.
    edges : (n+1,) float
        Bin edges.
    signal, signal_error : (n,) float
        Events in the exposure at the coupling product that is drawn, and their Monte-Carlo error.
    data : Distribution or None
        Published spectrum.
    """

    mode: str
    name: str
    edges: Floats
    signal: Floats
    signal_error: Floats
    data: Distribution | None

    @property
    def label(self) -> str:
        """Label of the spectrum in a fit."""
        return f"{self.mode} {self.name}"


def panels_of(prediction: ModePrediction, mode: Mode | None, product: float) -> list[Panel]:
    """Return the spectra of one mode at a coupling product in 1/MeV; data only where they have the same bins."""
    published = {d.name: d for d in mode.distributions} if mode is not None else {}
    panels = []
    for name, edges in prediction.edges.items():
        mean, error = mean_and_error(prediction.spectra[name] * product**2)
        found = published.get(name)
        if found is not None and not np.array_equal(found.edges, edges):
            found = None
        panels.append(Panel(prediction.name, name, edges, mean, error, found))
    return panels


def excess_error(spectrum: Distribution) -> Floats:
    """Return the error of data minus background in events: statistics, reading and background in quadrature, (n,)."""
    error: Floats = np.sqrt(
        statistical_variance(spectrum.data, spectrum.background) + np.square(spectrum.background_error)
    )
    return error


def plot_spectra(
    prediction: Prediction, modes: Mapping[str, Mode], fit: FitResult | None = None, *, name: str = ""
) -> Figure:
    """Return data minus background with the signal: one row a mode, one column a distribution.

    Parameters
    ----------
    prediction : Prediction
        Signal by mode.
    modes : mapping of str to Mode
        Published spectra by mode; modes or spectra that are missing are drawn without data.
    fit : FitResult, optional
        The signal is drawn at its best coupling product; without it at the couplings of the model.
    name : str
        What the figure calls the model; its production amplitude by default.

    Returns
    -------
    Figure
        Points are data minus background with the errors of :func:`excess_error`, the line is the signal, the band
        its Monte-Carlo error.

    Raises
    ------
    RangeError
        When the prediction holds no spectrum.
    """
    return _grid(prediction, modes, fit, name, _draw_excess)


def plot_stacked(
    prediction: Prediction, modes: Mapping[str, Mode], fit: FitResult | None = None, *, name: str = ""
) -> Figure:
    """Return data with the background and, on top of it, the signal; arguments as in :func:`plot_spectra`.

    Returns
    -------
    Figure
        Points are data with sqrt(max(data, 1)), the hatched band is the systematic and reading error of the
        background.

    Raises
    ------
    RangeError
        When the prediction holds no spectrum.
    """
    return _grid(prediction, modes, fit, name, _draw_stack)


def _grid(
    prediction: Prediction,
    modes: Mapping[str, Mode],
    fit: FitResult | None,
    name: str,
    draw: Callable[[Axes, Panel, str], None],
) -> Figure:
    """Return the figure with every panel drawn by ``draw`` (axes, panel, name of the signal)."""
    product = prediction.model.coupling_product if fit is None else fit.coupling_product
    rows = [panels_of(mode, modes.get(key), product) for key, mode in prediction.modes.items()]
    columns = max((len(row) for row in rows), default=0)
    if columns == 0:
        raise RangeError("0 spectra to draw; allowed: at least 1")
    figure = style.new_figure(0.2 + 4.6 * columns, 1.45 + 2.75 * len(rows))
    width, height = figure.get_size_inches()
    figure.subplots_adjust(
        left=0.68 / width, right=1.0 - 0.20 / width, bottom=0.78 / height, top=1.0 - 0.85 / height,
        wspace=0.20, hspace=0.38,
    )  # fmt: skip
    grid = figure.subplots(len(rows), columns, squeeze=False)
    signal = "signal, best fit" if fit is not None else "signal"
    for axes_row, row, mode in zip(grid, rows, prediction.modes.values(), strict=True):
        for axes, panel in zip(axes_row, row, strict=False):
            draw(axes, panel, signal)
            style.dress(axes, style.axis_label(panel.name), style.per_bin(panel.name, panel.edges)[1])
            axes.locator_params(nbins=5)
            axes.set_xlim(panel.edges[0], panel.edges[-1])
            style.title(axes, f"{panel.mode} mode, {mode.pot / 1e20:.4g}×10²⁰ POT")
            _annotate(axes, panel, fit, 0.58 if axes is grid[0, 0] else 0.95)
        for axes in axes_row[len(row) :]:
            axes.set_visible(False)
    handles, labels = grid[0, 0].get_legend_handles_labels()
    grid[0, 0].legend(handles[::-1], labels[::-1], **_corner(rows[0][0].name), fontsize=style.MEDIUM, frameon=False)
    first, second = _heading(prediction, fit, name)
    figure.text(0.5, 1.0 - 0.17 / height, first, ha="center", va="top", fontsize=12.0, weight="bold")
    figure.text(0.5, 1.0 - 0.41 / height, second, ha="center", va="top", fontsize=style.LARGE)
    if columns > 1:
        note = "Eᵥᵢₛ and cos θ of one mode show the same events: their agreement is not independent."
        figure.text(0.5, 0.08 / height, note, ha="center", va="bottom", fontsize=style.MEDIUM, color=style.DARK)
    return figure


def _heading(prediction: Prediction, fit: FitResult | None, name: str) -> tuple[str, str]:
    """Return the two lines above the panels: model and masses; couplings and quality of the fit."""
    model = prediction.model
    title = model.title.replace("m_X", "mₓ").replace("leptons mu", "leptons μ").replace("+ mu", "+ μ")
    first = f"{name}:  {title}" if name else title
    product = model.product_name.replace("gN", "gₙ").replace("lambda", "λ")
    unit = "" if model.product_unit == "1" else f" {model.product_unit.replace('1/', '/ ')}"
    if fit is None:
        return first, f"{product} = {scientific(model.coupling_product)}{unit} (as given, no fit)"
    second = f"best fit {product} = {with_error(fit.coupling_product, fit.error)}{unit},  "
    second += f"χ²/ndof = {fit.chi2:.1f}/{fit.ndof}"
    return first, second + f"  (no signal: {fit.chi2_null:.1f}/{fit.ndof_null})"


def _annotate(axes: Axes, panel: Panel, fit: FitResult | None, top: float) -> None:
    """Write into a panel, below ``top``, what its data are and their share of chi2, away from the peak."""
    if panel.data is None:
        return
    lines = [f"{QUALITY.get(panel.data.quality, panel.data.quality)}, {panel.data.background_kind} background"]
    if fit is not None and panel.label in fit.chi2_by_distribution:
        lines.append(f"χ² = {fit.chi2_by_distribution[panel.label]:.1f} in {len(panel.signal)} bins")
    x, side = (0.04, "left") if panel.name == "cos_theta" else (0.96, "right")
    axes.text(x, top, "\n".join(lines), ha=side, va="top", fontsize=style.SMALL, transform=axes.transAxes)


def _corner(name: str) -> dict[str, Any]:
    """Return where the legend goes: the signal peaks at small energies and in the forward direction."""
    return {"loc": "upper left" if name == "cos_theta" else "upper right"}


def _draw_excess(axes: Axes, panel: Panel, name: str) -> None:
    """Draw data minus background and the signal."""
    widths, _ = style.per_bin(panel.name, panel.edges)
    signal, error = panel.signal / widths, panel.signal_error / widths
    axes.axhline(0.0, color=style.GREY, lw=0.8)
    axes.stairs(signal + error, panel.edges, baseline=signal - error, fill=True, color=style.ORANGE, alpha=0.35, lw=0)
    axes.stairs(signal, panel.edges, color=style.ORANGE, lw=1.8, label=f"{name} (band: MC error)")
    if panel.data is not None:
        label = "data − background (stat. ⊕ syst. ⊕ reading)"
        _points(axes, panel.edges, panel.data.excess / widths, excess_error(panel.data) / widths, label)
    low, high = axes.get_ylim()
    axes.set_ylim(low, high + 0.12 * (high - low))


def _draw_stack(axes: Axes, panel: Panel, name: str) -> None:
    """Draw data, background with its band, and the signal on top."""
    widths, _ = style.per_bin(panel.name, panel.edges)
    base = np.zeros(len(panel.signal)) if panel.data is None else panel.data.background / widths
    total = base + panel.signal / widths
    axes.stairs(
        total, panel.edges, baseline=base, fill=True, facecolor=style.ORANGE, edgecolor=style.BLACK, lw=0.4, label=name
    )
    if panel.data is not None:
        band = panel.data.background_error / widths
        axes.stairs(base, panel.edges, fill=True, color=style.SKY, label="background")
        axes.stairs(
            base + band, panel.edges, baseline=base - band, fill=True,
            facecolor="none", edgecolor=style.DARK, hatch="/////", lw=0, label="background error (syst. ⊕ reading)",
        )  # fmt: skip
        spread = np.sqrt(statistical_variance(panel.data.data, panel.data.background))
        _points(axes, panel.edges, panel.data.data / widths, spread / widths, "data (stat.)")
    axes.set_ylim(0.0, 1.12 * axes.get_ylim()[1])


def _points(axes: Axes, edges: Floats, values: Floats, errors: Floats, label: str) -> None:
    """Draw points with error bars at the centres of the bins."""
    centres = 0.5 * (edges[1:] + edges[:-1])
    axes.errorbar(centres, values, yerr=errors, fmt="o", color=style.BLACK, ms=3.5, lw=1.0, label=label, zorder=5)
