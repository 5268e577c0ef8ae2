"""Sheets of spectra: one row a model, its best fit on top of the background, beside the data."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from darkhorn.core.errors import RangeError
from darkhorn.experiments.loader import Distribution
from darkhorn.inference.likelihood import statistical_variance
from darkhorn.inference.pictures_spectra import FittedPreset
from darkhorn.report import style
from darkhorn.report.numbers import scientific, with_error

ROWS: Final = 5
"""Models on a sheet."""
_SHORT: Final = {"neutrino": "ν mode", "antineutrino": "ν̄ mode"}


def draw_sheets(fitted: Sequence[FittedPreset], spectra: Mapping[str, Distribution]) -> dict[str, Figure]:
    """Return sheets of at most :data:`ROWS` models by name: ``spectra_1``, ``spectra_2``, ...

    Parameters
    ----------
    fitted : sequence of FittedPreset
        Models; those without a fit are left out.
    spectra : mapping of str to Distribution
        Data by label.

    Raises
    ------
    RangeError
        When no model has a fit.
    """
    drawn = [item for item in fitted if item.fit is not None]
    if not drawn:
        raise RangeError("0 models with a fit to draw; allowed: at least 1")
    sheets = -(-len(drawn) // ROWS)
    parts = np.array_split(np.arange(len(drawn)), sheets)
    return {f"spectra_{k + 1}": draw_sheet([drawn[i] for i in part], spectra) for k, part in enumerate(parts)}


def draw_sheet(fitted: Sequence[FittedPreset], spectra: Mapping[str, Distribution]) -> Figure:
    """Return one sheet: a row a model, a column a spectrum."""
    width, height = 0.6 + 2.75 * len(spectra), 0.95 + 1.95 * len(fitted)
    figure = style.new_figure(width, height)
    figure.subplots_adjust(
        left=0.5 / width, right=1.0 - 0.18 / width, bottom=0.5 / height, top=1.0 - 0.9 / height, wspace=0.2, hspace=0.5
    )
    grid = figure.subplots(len(fitted), len(spectra), squeeze=False)
    for row, item in zip(grid, fitted, strict=True):
        for axes, (label, data) in zip(row, spectra.items(), strict=True):
            _draw(axes, item, label, data)
        row[0].set_title(_heading(item), fontsize=style.MEDIUM, loc="left", y=1.03, pad=0.0)
    for axes, (label, data) in zip(grid[0], spectra.items(), strict=True):
        mode, _, name = label.partition(" ")
        place = axes.get_position()
        text = f"{_SHORT.get(mode, mode)}, {style.per_bin(name, data.edges)[1]}"
        middle = 0.5 * (place.x0 + place.x1)
        figure.text(middle, 1.0 - 0.56 / height, text, ha="center", va="center", fontsize=style.LARGE, weight="bold")
    for axes, label in zip(grid[-1], spectra, strict=True):
        axes.set_xlabel(style.axis_label(label.partition(" ")[2]), fontsize=style.MEDIUM)
    handles, labels = grid[0, 0].get_legend_handles_labels()
    figure.legend(
        handles, labels, loc="upper center", ncols=len(labels), fontsize=style.MEDIUM, frameon=False,
        bbox_to_anchor=(0.5, 1.0 - 0.08 / height), borderaxespad=0.0,
    )  # fmt: skip
    return figure


def _heading(item: FittedPreset) -> str:
    """Return names, best coupling product and quality of the fit in one line."""
    assert item.fit is not None
    model, fit = item.model, item.fit
    product = model.product_name.replace("gN", "gₙ").replace("lambda", "λ").replace("eps", "ε").replace("^2", "²")
    unit = "" if model.product_unit == "1" else f" {model.product_unit.replace('1/', '/ ')}"
    quality = f"χ²/ndof = {fit.chi2:.0f}/{fit.ndof} (no signal {fit.chi2_null:.0f}/{fit.ndof_null})"
    best = with_error(fit.coupling_product, fit.error)
    if fit.coupling_product == 0.0:
        best = f"0 (< {scientific(fit.error_high, 2)})"
    title = model.title.replace("m_X", "mₓ").replace("leptons mu", "leptons μ").replace("+ mu", "+ μ")
    title = title.replace("chi'", "χ′").replace("chi", "χ").replace("pi0", "π⁰")
    return f"{' = '.join(item.names)}:  {title};  best fit {product} = {best}{unit},  {quality}"


def _draw(axes: Axes, item: FittedPreset, label: str, data: Distribution) -> None:
    """Draw background, the signal on top of it, and the data."""
    name = label.partition(" ")[2]
    widths, _ = style.per_bin(name, data.edges)
    base, band = data.background / widths, data.background_error / widths
    total = base + item.signal[label] / widths
    axes.stairs(base, data.edges, fill=True, color=style.SKY, label="background")
    axes.stairs(total, data.edges, baseline=base, fill=True, facecolor=style.ORANGE, label="signal, best fit")
    axes.stairs(
        base + band, data.edges, baseline=base - band, fill=True, facecolor="none", edgecolor=style.DARK,
        hatch="//////", lw=0, label="error of the background",
    )  # fmt: skip
    centres = 0.5 * (data.edges[1:] + data.edges[:-1])
    spread = np.sqrt(statistical_variance(data.data, data.background)) / widths
    axes.errorbar(
        centres, data.data / widths, yerr=spread, fmt="o", color=style.BLACK, ms=2.2, lw=0.8, label="data (stat.)"
    )
    style.dress(axes, "", "")
    axes.tick_params(labelsize=style.SMALL)
    axes.locator_params(nbins=5)
    axes.set_xlim(data.edges[0], data.edges[-1])
    axes.set_ylim(0.0, None)
    assert item.fit is not None
    text = f"signal {item.fit.events[label]:.0f}\nχ² {item.fit.chi2_by_distribution[label]:.0f} in {len(base)} bins"
    x, side = (0.04, "left") if name == "cos_theta" else (0.96, "right")
    axes.text(x, 0.94, text, ha=side, va="top", fontsize=style.SMALL, transform=axes.transAxes)
