"""``darkhorn plot``: the allowed regions of a finished scan."""

from pathlib import Path
from typing import Annotated

import typer

from darkhorn.cli.output import JsonOption, emit_json, note

EXAMPLE = "Example: darkhorn plot scan --x m_x --y coupling --out regions.png"


def plot(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of a finished scan.")],
    x: Annotated[str | None, typer.Option(help="Key along the horizontal axis; by default the first.")] = None,
    y: Annotated[
        str | None, typer.Option(help="'coupling' or another key; by default the second key, or the coupling.")
    ] = None,
    out: Annotated[Path | None, typer.Option(metavar="FILE.png", help="By default scan.png in the folder.")] = None,
    json: JsonOption = False,
) -> None:
    """Draw the regions that the data allow, from the table of a scan.

    In two keys the coupling is at its best everywhere; in one key and the coupling, all other keys are. Regions are
    rises of chi2 for two parameters above the best point of the whole scan.
    """
    from darkhorn.report.scan_plot import draw_scan

    path = draw_scan(directory, x, y, out)
    if json:
        emit_json({"files": [str(path)]})
    else:
        note(f"wrote {path}")
