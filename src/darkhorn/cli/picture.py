"""``darkhorn picture``: the pictures of the talk and of its papers, each with the numbers that it shows."""

from pathlib import Path
from typing import Annotated

import typer

from darkhorn.cli.output import JsonOption, QuietOption, emit_json, note, progress

EXAMPLE = "Example: darkhorn picture regions examples/pictures_regions.toml --out pictures"

KINDS = ("spectra", "regions", "ccm", "sbnd")
"""What can be drawn."""


def picture(
    kind: Annotated[str, typer.Argument(metavar="KIND", help=f"One of: {', '.join(KINDS)}.")],
    source: Annotated[
        str | None,
        typer.Argument(metavar="[FILE.toml]", help="A scenario for spectra, a point (as of confront) for the others."),
    ] = None,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where to write; made if missing.")] = Path("pictures"),
    grid: Annotated[
        list[str] | None,
        typer.Option(metavar="KEY=LOW:HIGH:NUMBER[:log]", help="Masses of regions, MeV: m_mediator, m_x; repeatable."),
    ] = None,
    precision: Annotated[float | None, typer.Option(help="Relative Monte-Carlo error, instead of the file's.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed, 0 or more, instead of the file's.")] = None,
    threads: Annotated[int | None, typer.Option(help="Threads; the result does not depend on it.")] = None,
    quiet: QuietOption = False,
    json: JsonOption = False,
) -> None:
    """Draw MiniBooNE's spectra, allowed regions with other searches, CCM's recoils and photons, or SBND's rates.

    Writes PNGs and KIND.json with every number in them. Masses and energies in MeV; what is recast, indicative or a
    projection is labelled so. docs/pictures.md shows each with its command.
    """
    from darkhorn.core.errors import unknown_name

    if kind not in KINDS:
        raise unknown_name("picture", kind, KINDS)
    from darkhorn.report.pictures_job import draw_picture
    from darkhorn.report.run import prepare_directory

    prepare_directory(out)
    run = {"precision": precision, "seed": seed, "threads": threads}
    with progress(quiet) as tell:
        values, written = draw_picture(kind, source, out, grids=grid or (), run=run, tell=tell)
    if json:
        emit_json({**values, "out": str(out), "files": [str(path) for path in written]})
        return
    for path in written:
        note(f"wrote {path}")
