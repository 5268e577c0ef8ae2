"""``darkhorn report``: one HTML page of a run that opens from the disk."""

from pathlib import Path
from typing import Annotated

import typer

from darkhorn.cli.output import JsonOption, QuietOption, emit_json, note, progress, require_writable

EXAMPLE = "Example: darkhorn report result --grid m_x=1,5,10,20 --grid m_mediator=20:200:5:log"


def report(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="Output directory of 'darkhorn run'.")],
    out: Annotated[
        Path | None, typer.Option(metavar="FILE.html", help="Where to write; DIR/report.html by default.")
    ] = None,
    scenario: Annotated[
        str | None, typer.Option(metavar="FILE.toml", help="Scenario of the run, where it was a file of your own.")
    ] = None,
    grid: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KEY=VALUES",
            help="Masses (MeV) of the explorer: KEY=1,5,10 or KEY=START:STOP:NUMBER[:log]. May be repeated.",
        ),
    ] = None,
    precision: Annotated[
        float, typer.Option(help="Relative Monte-Carlo error of the events at the points of the grid, 1e-4 to 0.5.")
    ] = 0.05,
    quiet: QuietOption = False,
    json: JsonOption = False,
) -> None:
    """Write one self-contained page of a run: results, spectra, explorer of couplings and masses, citations.

    Also shows what lies in DIR beside the run: CSV files of 'darkhorn flux --by-parent', confront.json, the pictures.
    The page is at most 5 MB and loads nothing from a network.
    """
    from darkhorn.report.page import write_page
    from darkhorn.report.page_job import compute_page

    target = out or directory / "report.html"
    require_writable(target)
    with progress(quiet) as tell:
        run, data, command = compute_page(directory, scenario, grid or [], precision, tell)
        tell("page")
        write_page(run, data, command, target)
    size = target.stat().st_size
    if json:
        emit_json({"out": str(target), "bytes": size, "notes": data["notes"], "command": command})
        return
    for line in data["notes"]:
        note(f"note: {line}")
    note(f"wrote {target} ({size / 1e6:.2f} MB)")
