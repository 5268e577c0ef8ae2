"""``darkhorn bench``: how fast it is on this machine."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from darkhorn.cli.output import JsonOption, QuietOption, emit_json, note, progress, require_writable, show_table
from darkhorn.core.errors import require_range, unknown_name

EXAMPLE = "Example: darkhorn bench horn rates --repeats 5 --out speed.md"


def bench(
    groups: Annotated[
        list[str] | None,
        typer.Argument(help="process, horn, rates, designs, derivatives, scan, errors; all of them by default."),
    ] = None,
    repeats: Annotated[int, typer.Option(help="Measurements of which the median counts, 1 to 100.")] = 5,
    out: Annotated[Path | None, typer.Option(metavar="FILE.md", help="Write the tables as Markdown.")] = None,
    quiet: QuietOption = False,
    json: JsonOption = False,
) -> None:
    """Measure speed and memory: CPU time of one core, in medians; some minutes for everything.

    The group ``designs`` computes the same rate by ever better sampling, from isotropic and uniform on.
    """
    from darkhorn.bench.table import GROUPS, markdown, measure_all
    from darkhorn.io.atomic import write_text_atomic

    names = tuple(groups or GROUPS)
    for name in names:
        if name not in GROUPS:
            raise unknown_name("group of measurements", name, GROUPS)
    require_range("repeats", repeats, 1, 100)
    if out is not None:
        require_writable(out)
    with progress(quiet) as tell:
        rows = measure_all(names, repeats, tell)
    if out is not None:
        write_text_atomic(out, markdown(rows))
    if json:
        emit_json({"rows": [asdict(row) for row in rows]})
        return
    for name in names:
        cells = [(row.what, row.measured, row.note) for row in rows if row.group == name]
        show_table(name, ("what", "measured", ""), cells)
    if out is not None:
        note(f"tables written to {out}")
