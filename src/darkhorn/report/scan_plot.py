"""The picture of a scan: allowed regions in one parameter and the coupling, or in two parameters."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from darkhorn.core.errors import ScenarioError, unknown_name
from darkhorn.core.rays import Floats
from darkhorn.inference.scan_table import read_results
from darkhorn.io.atomic import write_bytes_atomic
from darkhorn.report.style import BLACK, BLUE, DARK, MEDIUM, ORANGE, SKY, SMALL, dress, new_figure, render, title

PICTURE: Final = "scan.png"
LEVELS: Final = ((2.30, "68 %"), (5.99, "95 %"))
"""Rise of chi2 above its least value for two parameters, and what share of experiments it is to hold."""
COUPLING: Final = "coupling"
_HEADROOM: Final = 30.0
_STEPS: Final = 400
_FEWEST: Final = 2
_UNITS: Final = {"m_": " [MeV]"}


def draw_scan(directory: Path, x: str | None = None, y: str | None = None, target: Path | None = None) -> Path:
    """Draw the allowed regions of a finished scan as a PNG.

    Parameters
    ----------
    directory : Path
        Folder of the scan.
    x : str, optional
        Key along the horizontal axis; by default the first one.
    y : str, optional
        ``coupling`` or another key; by default the second key, or ``coupling`` where there is one key.
    target : Path, optional
        File to write; by default ``scan.png`` in the folder.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    InputFileError
        Where no finished scan is.
    UnknownNameError
        For a key that was not scanned.
    ScenarioError
        When there was nothing to fit, or both axes are the same.
    OutputError
        When the picture cannot be written.
    """
    summary, columns = read_results(directory)
    keys: list[str] = summary["definition"]["keys"]
    across = keys[0] if x is None else x
    up = (keys[1] if len(keys) > 1 and x is None else COUPLING) if y is None else y
    for name in (across, up):
        if name not in (*keys, *([COUPLING] if name is up else [])):
            raise unknown_name("key of the scan", name, [*keys, COUPLING])
    if across == up:
        raise ScenarioError(f"--x {across} --y {up}: allowed: two different ones of {', '.join([*keys, COUPLING])}")
    if "chi2" not in columns or not any(value is not None for value in columns["chi2"]):
        raise ScenarioError(f"{directory}: no point of the scan has a fit: nothing to draw")
    figure = new_figure(6.4, 4.8)
    axes = figure.add_subplot()
    figure.subplots_adjust(left=0.14, right=0.96, bottom=0.13, top=0.9)
    if up == COUPLING:
        _draw_coupling(axes, columns, across, summary["product"])
    else:
        _draw_two(figure, axes, columns, across, up)
    best = summary["best"]
    place = ", ".join(f"{key} = {best[key]:.4g}" for key in keys)
    title(axes, f"allowed regions; best fit at {place}")
    path = directory / PICTURE if target is None else target
    write_bytes_atomic(path, render(figure, "png"))
    return path


def fitted_rows(columns: Mapping[str, Sequence[Any]]) -> list[dict[str, Any]]:
    """Return the rows of the table that have a fit."""
    rows = (dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True))
    return [row for row in rows if row["chi2"] is not None]


def best_rows(rows: Sequence[dict[str, Any]], names: Sequence[str]) -> list[dict[str, Any]]:
    """Return the row of least chi2 for each combination of the values of some keys, in the order of the values."""
    best: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in rows:
        key = tuple(row[name] for name in names)
        if key not in best or row["chi2"] < best[key]["chi2"]:
            best[key] = row
    return [best[key] for key in sorted(best)]


def profile_coupling(rows: Sequence[Mapping[str, Any]], x: str, product: Floats) -> tuple[Floats, Floats]:
    """Return the values of a key (k,), and the rise of chi2 there at coupling products (n,), shape (k, n).

    At each value and coupling the other keys are where chi2 is least.
    """
    values = np.unique([float(row[x]) for row in rows])
    rise = rise_of_chi2(rows, product)
    at = np.array([row[x] for row in rows], dtype=float)
    return values, np.array([rise[at == value].min(axis=0) for value in values])


def rise_of_chi2(rows: Sequence[Mapping[str, Any]], product: Floats) -> Floats:
    """Return chi2 above its least value over everything, at coupling products (n,): shape (rows, n).

    chi2 of each point is the parabola in g^2 that its fit found, without the change of its Monte-Carlo error.
    """
    scale, error, chi2 = (
        np.array([row[name] for row in rows], dtype=float) for name in ("scale", "scale_error", "chi2")
    )
    centre = np.maximum(scale, 0.0)
    floor = chi2 - ((centre - scale) / error) ** 2
    rise: Floats = floor[:, None] + ((product**2 - scale[:, None]) / error[:, None]) ** 2 - chi2.min()
    return rise


def _draw_coupling(axes: Axes, columns: Mapping[str, Sequence[Any]], x: str, product: Mapping[str, str]) -> None:
    """Draw the regions in one key and the coupling product; other keys take their best values."""
    rows = fitted_rows(columns)
    best = best_rows(rows, [x])
    largest = np.sqrt([max(row["scale"], 0.0) + 4.0 * row["scale_error"] for row in rows])
    least = min((row["product"] for row in rows if row["product"] > 0.0), default=float(largest.min()))
    g = np.geomspace(min(least, float(largest.min())) / 3.0, float(largest.max()) * 3.0, _STEPS)
    values, rise = profile_coupling(rows, x, g)
    if len(values) >= _FEWEST:
        levels = [0.0, *(level for level, _ in LEVELS)]
        axes.contourf(values, g, np.maximum(rise.T, 1.0e-9), levels=levels, colors=[BLUE, SKY])
    axes.plot(values, [row["product"] or np.nan for row in best], ".", color=BLACK, markersize=4.0)
    axes.set_yscale("log")
    _spread(axes, values, "x")
    dress(axes, label_of(x), f"{product['name']} [{product['unit']}]")
    names = [f"{name}, 2 parameters" for _, name in LEVELS]
    _legend(axes, list(zip((BLUE, SKY), names, strict=True)), "best fit at each value")


def _draw_two(figure: Figure, axes: Axes, columns: Mapping[str, Sequence[Any]], x: str, y: str) -> None:
    """Draw the rise of chi2, with the coupling at its best everywhere, and the regions in two keys."""
    rows = best_rows(fitted_rows(columns), [x, y])
    across, up = (np.unique([float(value) for value in columns[name]]) for name in (x, y))
    least = min(row["chi2"] for row in rows)
    shown: dict[str, Any] = {"cmap": "Blues_r", "vmin": 0.0, "vmax": _HEADROOM}
    mesh: Any
    if len(rows) > len(across) + len(up) and len(across) * len(up) <= 4 * len(rows):
        table = np.full((len(up), len(across)), np.nan)
        for row in rows:
            table[np.searchsorted(up, row[y]), np.searchsorted(across, row[x])] = row["chi2"] - least
        mesh = axes.pcolormesh(across, up, np.minimum(table, _HEADROOM), shading="nearest", **shown)
        if min(table.shape) >= _FEWEST:
            axes.contour(across, up, table, levels=[level for level, _ in LEVELS], colors=[ORANGE, BLACK])
    else:
        rise = np.minimum([row["chi2"] - least for row in rows], _HEADROOM)
        where = ([row[x] for row in rows], [row[y] for row in rows])
        mesh = axes.scatter(*where, c=rise, s=18.0, edgecolors=DARK, linewidths=0.3, **shown)
    best = min(rows, key=lambda row: float(row["chi2"]))
    axes.plot([best[x]], [best[y]], "*", color=ORANGE, markersize=10.0, markeredgecolor=BLACK)
    bar = figure.colorbar(mesh, ax=axes, pad=0.02)
    bar.set_label("rise of chi2, coupling at its best", fontsize=MEDIUM)
    bar.ax.tick_params(labelsize=SMALL)
    _spread(axes, across, "x")
    _spread(axes, up, "y")
    dress(axes, label_of(x), label_of(y))
    _legend(axes, [(color, name) for color, (_, name) in zip((ORANGE, BLACK), LEVELS, strict=True)], "best fit", "*")


def label_of(key: str) -> str:
    """Return the label of an axis: the key, with its unit where its name tells that it is a mass."""
    return key + next((unit for start, unit in _UNITS.items() if key.rpartition(".")[2].startswith(start)), "")


def _spread(axes: Axes, values: Floats, which: str) -> None:
    """Make an axis logarithmic where the values are spaced so."""
    if len(values) > _FEWEST and values[0] > 0.0:
        steps = np.diff(values), np.diff(np.log(values))
        if np.ptp(steps[1]) / steps[1].mean() < np.ptp(steps[0]) / steps[0].mean():
            axes.set(**{f"{which}scale": "log"})


def _legend(axes: Axes, regions: Sequence[tuple[str, str]], point: str, marker: str = ".") -> None:
    """Explain colours and the marker of best points."""
    from matplotlib.lines import Line2D

    lines = [Line2D([], [], color=color, linewidth=4.0, label=name) for color, name in regions]
    color = BLACK if marker == "." else ORANGE
    lines.append(Line2D([], [], color=color, marker=marker, linestyle="", label=point))
    axes.legend(handles=lines, fontsize=SMALL, loc="best")
