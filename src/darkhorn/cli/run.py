"""``darkhorn run``: a whole scenario, from protons to spectra and fit."""

import time
from pathlib import Path
from typing import Annotated

import typer

from darkhorn.cli.output import JsonOption, QuietOption, emit_json, note, progress, show

EXAMPLE = "Example: darkhorn run miniboone --model pseudoscalar-benchmark --set m_x=5 --precision 0.01 --out result"


def run(
    scenario: Annotated[str, typer.Argument(metavar="miniboone|FILE.toml", help="Experiment or scenario file.")],
    model: Annotated[
        str | None, typer.Option(help="Preset or production instead of the scenario's; see 'darkhorn list models'.")
    ] = None,
    changes: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Change one key, for instance m_x=5 (MeV). May be repeated."),
    ] = None,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where to write; made if missing.")] = Path("darkhorn-out"),
    precision: Annotated[
        float | None, typer.Option(help="Relative Monte-Carlo error of the events, 1e-4 to 0.5; by default 0.01.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Seed, 0 or more; by default 1.")] = None,
    threads: Annotated[int | None, typer.Option(help="Threads; the result does not depend on it.")] = None,
    flux_universes: Annotated[
        int, typer.Option(help="Universes of the errors of the beam, 2 to 10000; 0 leaves them out.")
    ] = 0,
    quiet: QuietOption = False,
    json: JsonOption = False,
) -> None:
    """Compute a scenario and write summary.json, prediction.json and plots.

    Masses in MeV, lambda in 1/MeV, lengths in m, exposures in protons on target (POT). docs/scenarios.md lists every
    key of a scenario file.
    """
    started = time.perf_counter()
    from darkhorn.chain.scenario import load_scenario
    from darkhorn.report.drawing import Drawing
    from darkhorn.report.figures import beam_pictures, spectra_pictures
    from darkhorn.report.run import compute, prepare_directory, write

    with Drawing() as drawing:
        job = load_scenario(
            scenario, model=model, overrides=changes or (), precision=precision, seed=seed, threads=threads
        )
        made = _missing(out)
        prepare_directory(out)
        try:
            with progress(quiet) as tell:
                outcome = compute(
                    job, tell, flux_universes, lambda setups: drawing.add(beam_pictures(setups, job.run.threads))
                )
                tell("plots")
                drawing.add(spectra_pictures(outcome))
                from darkhorn.report.tables import notes, summary_tables

                summary, written = write(outcome, out, started, drawing)
        except BaseException:
            _remove_empty(made)
            raise
    if json:
        emit_json({**summary, "out": str(out), "files": [str(path) for path in written]})
        return
    for table in summary_tables(summary):
        show(table)
    for line in notes(summary):
        note(f"note: {line}")
    for path in written:
        note(f"wrote {path}")


def _missing(directory: Path) -> list[Path]:
    """Return the directories, innermost first, that have to be made for ``directory``."""
    return [path for path in (directory, *directory.parents) if not path.exists()]


def _remove_empty(made: list[Path]) -> None:
    """Remove the directories that this job made, unless something is in them."""
    for path in made:
        try:
            path.rmdir()
        except OSError:
            return
