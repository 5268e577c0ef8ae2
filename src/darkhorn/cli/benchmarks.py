"""``darkhorn validate benchmarks``: best-fit products beside the published ones."""

import json as json_module
from pathlib import Path
from typing import Any

from darkhorn.cli.output import emit_json, note, progress, show_table

PRECISION = 0.02
"""Relative Monte-Carlo error of the events of a mode, by default."""


def run_benchmarks(out: Path | None, precision: float | None, seed: int, threads: int, quiet: bool, json: bool) -> None:
    """Print the table of the four published benchmarks; with ``out`` write it as JSON and Markdown too.

    Raises
    ------
    OutputError
        When ``out`` cannot be written.
    RangeError
        For settings out of range.
    """
    from darkhorn.report.benchmarks import HEADS, as_json, benchmarks, cells, markdown
    from darkhorn.report.run import prepare_directory

    if out is not None:
        prepare_directory(out)
    with progress(quiet) as tell:
        results = benchmarks(
            precision=PRECISION if precision is None else precision, seed=seed, threads=threads, progress=tell
        )
    values: dict[str, Any] = as_json(results)
    if out is not None:
        from darkhorn.io.atomic import write_text_atomic

        write_text_atomic(out / "benchmarks.json", json_module.dumps(values, indent=2, allow_nan=False) + "\n")
        write_text_atomic(out / "benchmarks.md", markdown(results, "darkhorn validate benchmarks --out DIR"))
        values["out"] = [str(out / f"benchmarks.{kind}") for kind in ("json", "md")]
    if json:
        emit_json(values)
        return
    for row in results:
        show_table(row.name, ("", ""), list(zip(HEADS[1:], cells(row)[1:], strict=True)))
        note(f"{row.name}: {row.reason}")
    for path in values.get("out", []):
        note(f"written: {path}")
