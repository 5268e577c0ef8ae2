"""``darkhorn scan``: one prediction and fit at every point of a grid, on one machine or on a cluster."""

from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from darkhorn.cli.output import JsonOption, QuietOption, emit_json, note, progress, show_pairs

EXAMPLE = (
    "Example: darkhorn scan miniboone --model SIB1e --grid m_x=1:120:40 --grid m_mediator=10:1000:40:log --out scan"
)


def scan(
    scenario: Annotated[str, typer.Argument(metavar="miniboone|FILE.toml", help="Experiment or scenario file.")],
    grid: Annotated[
        list[str],
        typer.Option(
            "--grid",
            metavar="KEY=START:STOP:N[:log]",
            help="Parameter of the model (masses in MeV), or KEY=VALUE,VALUE,...; repeat for more axes.",
        ),
    ],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder of the scan; made if missing.")],
    sobol: Annotated[int | None, typer.Option(help="Points of a Sobol' set in the ranges, instead of a grid.")] = None,
    model: Annotated[str | None, typer.Option(help="Preset or production instead of the scenario's.")] = None,
    changes: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Change one key. May be repeated.")
    ] = None,
    precision: Annotated[
        float | None, typer.Option(help="Relative Monte-Carlo error at every point, 1e-4 to 0.5; by default 0.01.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Seed, 0 or more; by default 1.")] = None,
    workers: Annotated[
        int | None, typer.Option(help="Processes on this machine; by default one a core. 1: in this process.")
    ] = None,
    scheduler: Annotated[
        str | None, typer.Option(metavar="tcp://HOST:PORT", help="Dask scheduler (or its file) that does the work.")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a scan; finished points stay.")] = False,
    parquet: Annotated[bool, typer.Option("--parquet", help="Write results.parquet too.")] = False,
    quiet: QuietOption = False,
    json: JsonOption = False,
) -> None:
    """Scan masses and other numbers of a model; write results.csv, results.json and templates.npz.

    Every finished point is on the disk at once. After any interruption the same command with --resume goes on, and
    gives the same bytes. docs/clusters.md has recipes for Dask.
    """
    from darkhorn.inference.scan import laboratory_of
    from darkhorn.inference.scan import scan as compute
    from darkhorn.inference.scan_plan import ScanPlan, definition
    from darkhorn.inference.scan_table import write_results
    from darkhorn.inference.store import Store

    executor = _executor(workers, scheduler)
    name = str(Path(scenario).resolve()) if scenario.endswith(".toml") or "/" in scenario else scenario
    plan = ScanPlan(name, tuple(grid), model, tuple(changes or ()), sobol, precision, seed)
    with Store(out, definition(plan, plan.load()), resume=resume) as store:
        for line in store.notes:
            note(f"note: {line}")
        kept = len(store)
        try:
            with progress(quiet) as tell:
                computed = compute(plan, store, executor, tell)
                tell("tables")
                files = write_results(store, laboratory_of(plan), parquet=parquet)
        except KeyboardInterrupt:
            note(f"{len(store)} of {len(plan.points)} points are kept in {out}: go on with --resume")
            raise
    _report({"out": str(out), "computed": computed, "kept": kept, "files": [str(path) for path in files]}, json)


def _executor(workers: int | None, scheduler: str | None) -> Any:
    """Return who computes."""
    from darkhorn.core.errors import ScenarioError, require_range
    from darkhorn.inference.executors import available_cores, dask_cluster, in_process, local_processes

    if scheduler is not None:
        if workers is not None:
            raise ScenarioError("--workers and --scheduler: allowed: one of them")
        return partial(dask_cluster, address=scheduler)
    number = available_cores() if workers is None else workers
    require_range("--workers", number, 1, 4096)
    return in_process if number == 1 else partial(local_processes, workers=number)


def _report(values: dict[str, Any], as_json: bool) -> None:
    """Print what was done."""
    from darkhorn.inference.scan_table import read_results

    summary, _ = read_results(Path(values["out"]))
    if as_json:
        emit_json({**values, **{key: summary[key] for key in ("points", "product", "best")}})
        return
    lines = {f"points: {status}": str(number) for status, number in summary["points"].items()}
    lines["computed now"] = str(values["computed"])
    best = summary["best"]
    if best is not None:
        lines["best point"] = ", ".join(f"{key} = {best[key]:g}" for key in summary["definition"]["keys"])
        lines[f"  {summary['product']['name']} [{summary['product']['unit']}]"] = f"{best['product']:.4g}"
        lines["  chi2 without signal - chi2"] = f"{best['delta_chi2']:.2f}"
    show_pairs("scan", lines)
    for path in values["files"]:
        note(f"wrote {path}")
