"""The picture of a parameter point against everything: who makes the events, pulls, predicted over limit."""

import json
from pathlib import Path
from typing import Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from darkhorn.inference.confront import Confrontation, Row, as_json
from darkhorn.inference.confront_limits import LimitRow
from darkhorn.io.atomic import write_text_atomic
from darkhorn.report import style
from darkhorn.report.numbers import scientific

NAME: Final = "confront"
"""Name of the files, without suffix."""
COLOURS: Final = {"pi+-": style.BLUE, "K+-": style.ORANGE, "pi0": style.SKY, "eta": style.GREY}
LABELS: Final = {"pi+-": "π±", "K+-": "K±", "pi0": "π⁰", "eta": "η"}
WIDEST_PULL: Final = 6.0
"""Pulls beyond are drawn at the edge, with their value."""
LEAST_RATIO: Final = 1.0e-6
"""Ratios below are drawn as a mark at the left edge."""


def plot_confrontation(result: Confrontation) -> Figure:
    """Return the picture of a point against everything.

    Parameters
    ----------
    result : Confrontation
        From :func:`darkhorn.inference.confront.confront`.

    Returns
    -------
    Figure
        Left: events by the meson that they come from, as shares, with their number. Middle: pulls with the signal
        (filled) and without it (open). Below: predicted over limit on a logarithmic axis, full colour where the search
        holds for the model, pale where it assumed something else.
    """
    rows, limits = list(result.rows), [item for item in result.limits if item.status != "refused"]
    top, bottom = 0.27 * len(rows) + 0.2, 0.27 * max(len(limits), 1) + 0.2
    width, height = 11.5, top + bottom + 2.75
    figure = style.new_figure(width, height)
    left, right = 2.15 / width, 1.0 - 0.25 / width
    upper, lower = (bottom + 1.75) / height, 0.6 / height
    middle = left + 0.52 * (right - left)
    shares = figure.add_axes((left, upper, middle - left, top / height))
    pulls = figure.add_axes((middle + 0.02, upper, right - middle - 0.02, top / height))
    ratios = figure.add_axes((left + 1.1 / width, lower, right - left - 1.1 / width, bottom / height))
    _draw_shares(shares, rows)
    _draw_pulls(pulls, rows)
    _draw_ratios(ratios, limits)
    title = result.point.model.title.replace("m_X", "mₓ")
    figure.text(0.5, 1.0 - 0.15 / height, f"{result.point.name}:  {title}", ha="center", va="top",
                fontsize=12.0, weight="bold")  # fmt: skip
    product = result.point.model.product_name.replace("gN", "gₙ").replace("lambda", "λ")
    unit = "" if result.point.model.product_unit == "1" else f" {result.point.model.product_unit.replace('1/', '/ ')}"
    text = f"{product} = {scientific(result.point.model.coupling_product)}{unit}"
    figure.text(0.5, 1.0 - 0.40 / height, text, ha="center", va="top", fontsize=style.LARGE)
    return figure


def write_confrontation(result: Confrontation, directory: Path) -> list[Path]:
    """Write the picture as PNG and PDF and, last, ``confront.json``; return the files.

    Raises
    ------
    OutputError
        When a file cannot be written; each file is whole or absent.
    """
    target = directory / f"{NAME}.json"
    target.unlink(missing_ok=True)
    files = [*style.save(plot_confrontation(result), directory, NAME)]
    write_text_atomic(target, json.dumps(as_json(result), indent=2, allow_nan=False) + "\n")
    return [*files, target]


def _names(axes: Axes, names: list[str]) -> None:
    """Put names on the vertical axis, the first on top."""
    axes.set_yticks(range(len(names)), names, fontsize=style.SMALL)
    axes.set_ylim(len(names) - 0.4, -0.6)


def _draw_shares(axes: Axes, rows: list[Row]) -> None:
    """Draw who makes the events of every mode."""
    drawn = set()
    for place, row in enumerate(rows):
        total, start = row.signal, 0.0
        if not total or row.channels is None:
            axes.text(0.02, place, _why(row), va="center", fontsize=style.SMALL, color=style.DARK)
            continue
        for name in COLOURS:
            share = row.channels.get(name, (0.0, 0.0))[0] / total
            label = None if name in drawn or share == 0.0 else LABELS[name]
            drawn |= {name} if share > 0.0 else set()
            axes.barh(place, share, left=start, height=0.72, color=COLOURS[name], label=label)
            start += share
        number = f"{'< ' if row.at_most else ''}{_count(total)}"
        axes.text(1.02, place, number, va="center", fontsize=style.SMALL)
    style.dress(axes, "share of the events   (number in the exposure; <: before the efficiency)", "")
    axes.set_xlim(0.0, 1.25)
    axes.set_xticks([0.0, 0.25, 0.5, 0.75, 1.0])
    axes.xaxis.label.set_fontsize(style.MEDIUM)
    _names(axes, [" ".join(part for part in (row.experiment, row.mode) if part) for row in rows])
    axes.tick_params(axis="y", length=0.0, which="both")
    if drawn:
        axes.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=4, fontsize=style.MEDIUM, frameon=False)


def _count(value: float) -> str:
    """Return a number of events with three digits."""
    return f"{float(f'{value:.3g}'):.0f}" if 100.0 <= value < 1.0e5 else scientific(value)


def _why(row: Row) -> str:
    """Return in a few words why there are no events."""
    if row.signal is not None:
        return "0"
    text = row.note if len(row.note) < 62 else row.note[:59] + "..."
    return f"failed: {text}" if row.status == "failed" else text


def _draw_pulls(axes: Axes, rows: list[Row]) -> None:
    """Draw the pull of every mode with and without the signal."""
    axes.axvspan(-2.0, 2.0, color=style.SKY, alpha=0.25, lw=0)
    axes.axvspan(-1.0, 1.0, color=style.SKY, alpha=0.45, lw=0)
    axes.axvline(0.0, color=style.GREY, lw=0.8)
    for place, row in enumerate(rows):
        if row.pull_null is None:
            axes.text(0.0, place, "no data", ha="center", va="center", fontsize=style.SMALL, color=style.DARK)
        else:
            _mark(axes, row.pull_null, place, "none")
        if row.pull is not None:
            _mark(axes, row.pull, place, style.ORANGE)
    style.dress(axes, "pull  (data − background − signal) / error", "")
    axes.xaxis.label.set_fontsize(style.MEDIUM)
    axes.set_xlim(-WIDEST_PULL - 1.2, WIDEST_PULL + 1.2)
    _names(axes, ["" for _ in rows])
    axes.tick_params(axis="y", length=0.0, which="both")
    for face, label in (("none", "without signal"), (style.ORANGE, "with signal")):
        axes.plot([], [], "o", mec=_edge(face), mfc=face, ms=6.0, label=label)
    axes.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=2, fontsize=style.MEDIUM, frameon=False)


def _edge(face: str) -> str:
    return style.BLACK if face == "none" else face


def _mark(axes: Axes, pull: float, place: int, face: str) -> None:
    """Draw one pull, at the edge with its value where it lies beyond."""
    at = min(max(pull, -WIDEST_PULL), WIDEST_PULL)
    marker = "o" if at == pull else "<" if pull < 0.0 else ">"
    axes.plot(at, place, marker, mec=_edge(face), mfc=face, ms=6.0, ls="none")
    if at != pull:
        x, side = (at + 0.3, "left") if pull < 0.0 else (at - 0.3, "right")
        axes.text(x, place, f"{pull:.3g}", ha=side, va="center", fontsize=style.SMALL)


def _draw_ratios(axes: Axes, limits: list[LimitRow]) -> None:
    """Draw predicted over limit."""
    ratios = [item.ratio for item in limits if item.ratio]
    low = max(min([*ratios, 0.1]) / 10.0, LEAST_RATIO)
    high = max([*ratios, 1.0]) * 30.0
    axes.set_xscale("log")
    for place, item in enumerate(limits):
        if item.ratio is None:
            text = item.note if len(item.note) < 100 else item.note[:97] + "..."
            axes.text(low * 1.2, place, text, va="center", fontsize=style.SMALL, color=style.DARK)
            continue
        colour = style.ORANGE if item.ratio > 1.0 else style.BLUE
        alpha = 1.0 if item.status == "compared" else 0.35
        end = max(item.ratio, low)
        axes.barh(place, end - low, left=low, height=0.7, color=colour, alpha=alpha)
        flag = "" if item.status == "compared" else ", indicative"
        flag += "" if item.origin == "read" else f", {item.origin}"
        box = {"facecolor": "white", "edgecolor": "none", "pad": 0.8}
        axes.text(end * 1.2, place, f"{scientific(item.ratio)}{flag}", va="center", fontsize=style.SMALL, bbox=box)
    axes.axvline(1.0, color=style.BLACK, lw=1.2, zorder=0.5)
    axes.set_xlim(low, high)
    style.dress(axes, "predicted / limit   (pale: the search assumed another spectrum or fate of X)", "")
    style.log_decades(axes.xaxis)
    _names(axes, [f"{item.decay}  {item.name}" for item in limits])
    axes.tick_params(axis="y", length=0.0, which="both")
    style.title(axes, "rare decays")
