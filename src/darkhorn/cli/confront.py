"""``darkhorn confront``: one parameter point against every experiment and every limit on rare decays."""

from pathlib import Path
from typing import Annotated

import typer

from darkhorn.cli.output import JsonOption, QuietOption, emit_json, note, progress, show

EXAMPLE = "Example: darkhorn confront scalar-benchmark --precision 0.05 --out result"


def confront(
    point: Annotated[str, typer.Argument(metavar="POINT.toml|PRESET", help="Parameter point, or a preset.")],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where to write; made if missing.")] = Path("darkhorn-out"),
    precision: Annotated[
        float | None, typer.Option(help="Relative Monte-Carlo error of the events, 1e-3 to 0.5; by default 0.05.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Seed, 0 or more; by default 1.")] = None,
    threads: Annotated[int | None, typer.Option(help="Threads; the result does not depend on it.")] = None,
    quiet: QuietOption = False,
    json: JsonOption = False,
) -> None:
    """Compare a point with everything: events and pulls by experiment, branching ratios beside limits.

    Writes confront.json and a picture. Masses in MeV, couplings as in the model table of docs/scenarios.md; events are
    those in the exposure of each mode. Numbers that nobody published are named: supply them in the file.
    """
    from darkhorn.inference.confront_point import load_point

    chosen = load_point(point, precision=precision, seed=seed, threads=threads)
    from darkhorn.inference.confront import as_json
    from darkhorn.inference.confront import confront as compare
    from darkhorn.report.confront_plot import write_confrontation
    from darkhorn.report.confront_table import confront_table
    from darkhorn.report.run import prepare_directory

    prepare_directory(out)
    with progress(quiet) as tell:
        result = compare(chosen, tell)
        tell("picture")
        written = write_confrontation(result, out)
    if json:
        emit_json({**as_json(result), "out": str(out), "files": [str(path) for path in written]})
        return
    show(confront_table(result))
    for line in result.notes:
        note(f"note: {line}")
    for path in written:
        note(f"wrote {path}")
