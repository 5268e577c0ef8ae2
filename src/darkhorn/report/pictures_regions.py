"""Allowed regions in a mass and the coupling product, with the curves of other searches over them."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from darkhorn.inference.confront_point import Point
from darkhorn.inference.pictures_limits import Curve
from darkhorn.inference.pictures_regions import SUPPLIED, Plane
from darkhorn.inference.regions import threshold
from darkhorn.models.photoconversion import Photoconversion
from darkhorn.models.presets import BENCHMARKS
from darkhorn.report import style
from darkhorn.report.numbers import scientific

GREEN: Final = "#009E73"
PINK: Final = "#CC79A7"
AMBER: Final = "#E69F00"
BRIGHT: Final = "#56B4E9"
COLOURS: Final = {
    "microboone": GREEN,
    "ccm120": PINK,
    "ccm200": PINK,
    "lsnd": AMBER,
    "karmen": BRIGHT,
    "sbnd": style.BLACK,
    "icarus": style.GREY,
    "PIENU": style.ORANGE,
    "NA62": style.BLUE,
    "E949": style.GREY,
    "limits of the letter": style.GREY,
}
"""Colours by group, further ones of Okabe and Ito; a group that is not listed is grey."""
DASHES: Final[dict[str, Any]] = {
    "recast": "-",
    "limit": "-",
    "indicative": (0, (5.0, 2.0)),
    "projection": (0, (1.0, 1.6)),
}
"""Line styles by kind."""
WORDS: Final = {"recast": "recast", "limit": "limit", "indicative": "indicative", "projection": "projection"}
NAMES: Final = {
    "microboone": "MicroBooNE",
    "ccm120": "CCM120",
    "ccm200": "CCM200",
    "lsnd": "LSND",
    "karmen": "KARMEN",
    "sbnd": "SBND",
    "icarus": "ICARUS",
}
LABELS: Final = {"m_mediator": "mass of the mediator [MeV]", "m_x": "mass of X [MeV]"}
LEVELS: Final = ((0.68, style.BLUE), (0.95, style.SKY))
_NARROW: Final = 60.0
_BELOW: Final = 50.0
_ABOVE: Final = 10.0


def draw_regions(point: Point, planes: Mapping[str, Plane]) -> Figure:
    """Return one panel a plane, side by side, with one legend below.

    Parameters
    ----------
    point : Point
        What was held fixed.
    planes : mapping of str to Plane
        By the key of their mass.

    Returns
    -------
    Figure
        Regions of 68 and 95 % for two parameters (rises of chi2 of 2.28 and 5.99), the best point as a star, the
        published product of a benchmark as a cross; solid lines are limits, dashed ones indicative, dotted ones
        projections.
    """
    curves = _named([curve for item in planes.values() for curve in item.curves])
    rows = -(-(len(curves) + 5) // 3)
    width, height = 0.6 + 5.4 * len(planes), 5.1 + 0.185 * rows
    figure = style.new_figure(width, height)
    figure.subplots_adjust(
        left=0.8 / width, right=1.0 - 0.2 / width, bottom=(0.65 + 0.185 * rows) / height, top=1.0 - 0.9 / height,
        wspace=0.2,
    )  # fmt: skip
    grid = figure.subplots(1, len(planes), squeeze=False)[0]
    for axes, item in zip(grid, planes.values(), strict=True):
        _draw(axes, item, point)
    model = point.model
    assert isinstance(model, Photoconversion)
    leptons = " + ".join(model.leptons).replace("mu", "μ")
    first = f"{point.model_name}: {model.amplitude.name}, {model.mediator} mediator, leptons {leptons}"
    second = f"rare decays at gₙ λ = {scientific(model.g_n * model.lam)} / MeV; all curves 90 % CL"
    figure.text(0.5, 1.0 - 0.12 / height, first, ha="center", va="top", fontsize=12.0, weight="bold")
    figure.text(0.5, 1.0 - 0.36 / height, second, ha="center", va="top", fontsize=style.MEDIUM)
    figure.legend(
        handles=_handles(curves, point), loc="lower center", ncols=3, fontsize=style.SMALL, frameon=False,
        bbox_to_anchor=(0.5, 0.02 / height), handlelength=3.2, columnspacing=1.6,
    )  # fmt: skip
    return figure


def _named(curves: Sequence[Curve]) -> list[Curve]:
    """Return each curve once, those that are worth most first."""
    found: dict[tuple[str, str], Curve] = {}
    for curve in curves:
        found.setdefault((curve.name, curve.kind), curve)
    return sorted(found.values(), key=lambda curve: list(DASHES).index(curve.kind))


def _label(curve: Curve) -> str:
    """Return what the legend says of a curve."""
    experiment, _, mode = curve.name.partition(" ")
    if experiment not in NAMES:
        text = curve.name.replace("pi+", "π⁺").replace("K+", "K⁺").replace("->", "→").replace("mu ", "μ ")
        text = text.replace("nubar", "ν̄").replace("nu", "ν")
    else:
        text = NAMES[experiment] + (f" {mode.replace('1g', '1γ')}" if curve.kind == "recast" else ", 2.3 photons")
    reason = "orders of magnitude" if "order of magnitude" in curve.note else WORDS[curve.kind]
    return f"{text} ({reason}{', own efficiency' if curve.note.startswith(SUPPLIED) else ''})"


def _line(curve: Curve) -> dict[str, Any]:
    """Return colour, dashes and width of a curve; a second kind of the same group is thinner."""
    thin = "order of magnitude" in curve.note or curve.group == "limits of the letter" or "inclusive" in curve.name
    return {
        "color": COLOURS.get(curve.group, style.GREY),
        "ls": DASHES[curve.kind],
        "lw": 1.1 if thin else 2.0,
    }


def _handles(curves: Sequence[Curve], point: Point) -> list[Any]:
    """Return what the legend shows."""
    regions = [Patch(color=colour, label=f"MiniBooNE spectra, {level:.0%}") for level, colour in LEVELS]
    star: dict[str, Any] = {"color": "white", "mec": style.BLACK, "ls": "", "marker": "*", "ms": 11.0}
    line = Line2D([], [], color=style.BLACK, lw=0.8, label="best product at each mass")
    marks = [line, Line2D([], [], label="best fit", **star)]
    if point.model_name in BENCHMARKS:
        cross = Line2D([], [], color=style.BLACK, ls="", marker="x", ms=7.0, mew=1.8, label="published (second-hand)")
        marks.append(cross)
    return [*regions, *marks, *(Line2D([], [], label=_label(curve), **_line(curve)) for curve in curves)]


def _draw(axes: Axes, item: Plane, point: Point) -> None:
    """Draw one plane."""
    levels = [0.0, *(threshold(level, 2) for level, _ in LEVELS)]
    rise = np.maximum(item.rise.T, 1.0e-9)
    axes.contourf(item.fine, item.product, rise, levels=levels, colors=[colour for _, colour in LEVELS])
    at_best = np.where(item.fits.fitted & (item.fits.product > 0.0), item.fits.product, np.nan)
    axes.plot(item.mass, at_best, color=style.BLACK, lw=0.8)
    axes.plot(*item.best, "*", color="white", mec=style.BLACK, ms=11.0, zorder=6)
    for curve in item.curves:
        axes.plot(item.mass, curve.product, **_line(curve))
    model = point.model
    assert isinstance(model, Photoconversion)
    if point.model_name in BENCHMARKS:
        at = model.mediator_mass if item.key == "m_mediator" else model.m_x
        axes.plot(
            at, BENCHMARKS[point.model_name].product, "x", color=style.BLACK, ms=7.0, mew=1.8, zorder=6, clip_on=False
        )
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlim(item.mass[0], item.mass[-1])
    inside = at_best[np.isfinite(at_best)]
    axes.set_ylim(inside.min() / _BELOW, inside.max() * _ABOVE)
    style.dress(axes, LABELS[item.key], f"{model.product_name.replace('gN', 'gₙ').replace('lambda', 'λ')} [/ MeV]")
    style.log_decades(axes.yaxis)
    narrow = item.mass[-1] < _NARROW * item.mass[0]
    axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if narrow else (1.0,)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    held = f"mₓ = {model.m_x:g} MeV" if item.key == "m_mediator" else f"mediator {model.mediator_mass:.4g} MeV"
    fits = item.fits
    chi2 = fits.chi2[fits.fitted].min()
    text = f"{held};  best χ²/ndof {chi2:.0f}/{fits.ndof} (no signal {fits.chi2_null:.0f})"
    style.title(axes, text)
    axes.title.set_fontsize(style.MEDIUM)
