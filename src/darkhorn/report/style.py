"""What every figure shares: colours, sizes, labels with units, and saving.

Figures are plain ``matplotlib.figure.Figure`` objects on an Agg canvas: no pyplot, no global settings. Sub- and
superscripts are characters of the font, which draws much faster than mathematical text. ``mplhep`` is not used
because importing it loads pyplot.
"""

from io import BytesIO
from pathlib import Path
from typing import Any, Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from darkhorn.core.rays import Floats
from darkhorn.io.atomic import write_bytes_atomic
from darkhorn.report.numbers import power_of_ten

BLACK: Final = "#000000"
ORANGE: Final = "#D55E00"
BLUE: Final = "#0072B2"
SKY: Final = "#A6D4F2"
GREY: Final = "#8A8A8A"
DARK: Final = "#4D4D4D"
"""Colours of Okabe and Ito (and greys): told apart by colour-blind readers, and of different brightness in print."""

SMALL: Final = 8.0
MEDIUM: Final = 9.0
LARGE: Final = 10.5
"""Font sizes in points; nothing is smaller than ``SMALL``."""

DPI: Final = 150

AXIS_LABELS: Final = {"e_vis": "visible energy Eᵥᵢₛ [MeV]", "cos_theta": "cos θ to the beam"}
"""Labels of the axes of a spectrum by its name."""

_UNITS: Final = {"e_vis": "MeV", "cos_theta": ""}


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure of a size in inches on an Agg canvas."""
    figure = Figure(figsize=(width, height), dpi=DPI)
    FigureCanvasAgg(figure)
    return figure


def dress(axes: Axes, xlabel: str, ylabel: str) -> None:
    """Label the axes and give them ticks that point inwards on all sides."""
    axes.set_xlabel(xlabel, fontsize=LARGE)
    axes.set_ylabel(ylabel, fontsize=LARGE)
    axes.tick_params(direction="in", which="both", top=True, right=True, labelsize=MEDIUM)


def log_decades(axis: Axis) -> None:
    """Label a logarithmic axis with powers of ten."""
    axis.set_major_formatter(FuncFormatter(lambda value, _: power_of_ten(round(np.log10(value))) if value > 0 else ""))


def title(axes: Axes, text: str) -> None:
    """Write a title above the upper left corner, at a fixed height (which saves measuring every tick)."""
    axes.set_title(text, fontsize=LARGE, loc="left", y=1.025, pad=0.0)


def axis_label(name: str) -> str:
    """Return the label of a spectrum's axis with its unit; a name that is not known stands for itself."""
    return AXIS_LABELS.get(name, name)


def per_bin(name: str, edges: Floats) -> tuple[Floats, str]:
    """Return what to divide events by, shape (n,), and the label of the axis that results.

    Parameters
    ----------
    name : str
        Axis of the spectrum.
    edges : (n+1,) float
        Bin edges in its unit.

    Returns
    -------
    (n,) float, str
        Ones and for instance ``events / 50 MeV`` for equal bins; else the widths and ``events / MeV``.
    """
    widths = np.diff(edges)
    unit = _UNITS.get(name, "")
    if np.allclose(widths, widths[0], rtol=1e-6):
        return np.ones(len(widths)), f"events / {widths[0]:.4g} {unit}".rstrip()
    return widths, f"events / {unit}" if unit else "events / unit"


def render(figure: Figure, kind: str) -> bytes:
    """Return a figure as a file of ``kind`` ``png`` or ``pdf``; the same figure gives the same bytes."""
    metadata = {"png": {"Software": None}, "pdf": {"CreationDate": None, "Producer": None, "Creator": None}}
    extra: dict[str, Any] = {"pil_kwargs": {"compress_level": 1}} if kind == "png" else {}
    content = BytesIO()
    figure.savefig(content, format=kind, dpi=DPI, metadata=metadata[kind], **extra)
    return content.getvalue()


def save(figure: Figure, directory: str | Path, name: str) -> tuple[Path, Path]:
    """Write a figure as PNG (150 dpi) and PDF, each in one step, without a time stamp.

    Parameters
    ----------
    figure : Figure
        What to write.
    directory : str or Path
        An existing directory.
    name : str
        File name without suffix.

    Returns
    -------
    Path, Path
        The PNG and the PDF.

    Raises
    ------
    OutputError
        When the directory is missing or cannot be written; nothing is left behind.
    """
    png, pdf = Path(directory) / f"{name}.png", Path(directory) / f"{name}.pdf"
    contents = {path: render(figure, path.suffix[1:]) for path in (png, pdf)}
    for path, content in contents.items():
        write_bytes_atomic(path, content)
    return png, pdf
