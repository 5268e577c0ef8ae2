"""Files of the pictures: small PNGs, and one JSON file with every number that they show."""

import json
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import numpy as np
from matplotlib.figure import Figure

from darkhorn.io.atomic import write_bytes_atomic, write_text_atomic

COLOURS: Final = 128
"""Colours of a PNG; text and flat areas need few."""


def small_png(figure: Figure) -> bytes:
    """Return a figure of ``style.new_figure`` as a PNG with a palette; the same figure gives the same bytes."""
    from PIL import Image

    canvas: Any = figure.canvas
    canvas.draw()
    pixels = np.asarray(canvas.buffer_rgba())[..., :3]
    image = Image.fromarray(np.ascontiguousarray(pixels)).quantize(COLOURS, dither=Image.Dither.NONE)
    content = BytesIO()
    image.save(content, format="png", optimize=True)
    return content.getvalue()


def write_pictures(kind: str, figures: Mapping[str, Figure], values: Mapping[str, Any], directory: Path) -> list[Path]:
    """Write each figure as ``NAME.png`` and, last, the numbers as ``KIND.json``; return the files.

    Parameters
    ----------
    kind : str
        Name of the JSON file.
    figures : mapping of str to Figure
        By name.
    values : mapping
        Plain, finite values.
    directory : Path
        An existing directory.

    Raises
    ------
    OutputError
        When a file cannot be written; each file is whole or absent.
    """
    target = directory / f"{kind}.json"
    target.unlink(missing_ok=True)
    files = []
    for name, figure in figures.items():
        path = directory / f"{name}.png"
        write_bytes_atomic(path, small_png(figure))
        files.append(path)
    write_text_atomic(target, json.dumps(values, indent=1, allow_nan=False) + "\n")
    return [*files, target]
