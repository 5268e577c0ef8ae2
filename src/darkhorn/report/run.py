"""The main job: compute a scenario, fit it, and write everything a person wants to keep."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from darkhorn.chain.predict import predict
from darkhorn.chain.scenario import Scenario
from darkhorn.chain.setup import Setup
from darkhorn.core.errors import OutputError, require_range
from darkhorn.io.atomic import write_bytes_atomic, write_text_atomic
from darkhorn.report.drawing import Drawing
from darkhorn.report.figures import beam_pictures, spectra_pictures
from darkhorn.report.summary import Outcome, fit, prediction_json, summary, warnings_of


def compute(
    scenario: Scenario,
    progress: Callable[[str], None] = lambda _: None,
    flux_universes: int = 0,
    ready: Callable[[tuple[Setup, ...]], None] = lambda _: None,
) -> Outcome:
    """Return the outcome of a scenario: prediction, fit, warnings. Nothing is written.

    Parameters
    ----------
    scenario : Scenario
        From ``chain.scenario.load_scenario``.
    progress : callable
        Told what is being done.
    flux_universes : int
        Universes of the errors of the beam, 2 to 10000; 0 for none.
    ready : callable
        Told the setups as soon as the beam is there.

    Raises
    ------
    DarkhornError
        For anything that the scenario asks and physics forbids.
    """
    if flux_universes:
        require_range("flux universes", flux_universes, 2, 10000)
    progress("beam: pilot runs of the meson source")
    run = scenario.run
    setups = scenario.setups()
    ready(setups)
    prediction = predict(
        scenario.model,
        setups,
        precision=run.precision,
        seed=run.seed,
        replicates=run.predicted,
        threads=run.threads,
        progress=progress,
    )
    if flux_universes:
        prediction = prediction.with_flux_errors(setups, flux_universes, threads=run.threads, progress=progress)
    progress("fit of the coupling product")
    result = fit(scenario, prediction)
    notes = warnings_of(scenario, prediction)
    if flux_universes:
        bare = [name for name in prediction.modes if name not in prediction.flux_errors]
        notes += tuple(f"{name}: no errors of its mesons are known, so none of the beam." for name in bare)
    return Outcome(scenario, setups, prediction, result, notes)


def prepare_directory(directory: Path) -> None:
    """Make the output directory, before anything is computed.

    Raises
    ------
    OutputError
        When it cannot be made or written to.
    """
    probe = directory / ".darkhorn-write-test"
    try:
        directory.mkdir(parents=True, exist_ok=True)
        probe.touch()
        probe.unlink()
    except OSError as error:
        reason = error.strerror or str(error)
        raise OutputError(f"--out {directory}: cannot write there ({reason}); choose another directory") from error


def write(
    outcome: Outcome, directory: Path, started: float, drawing: Drawing | None = None
) -> tuple[dict[str, Any], list[Path]]:
    """Write ``prediction.json``, the plots and, last, ``summary.json``; return the summary and the files.

    An older summary is removed first, so that one that is there belongs to everything beside it.

    Parameters
    ----------
    outcome : Outcome
        What was computed.
    directory : Path
        An existing directory.
    started : float
        ``time.perf_counter()`` at the start of the job.
    drawing : Drawing, optional
        Where every picture has been asked for; without it they are drawn now.

    Raises
    ------
    OutputError
        When a file cannot be written; each file is whole or absent.
    """
    if drawing is None:
        with Drawing() as own:
            own.add(beam_pictures(outcome.setups, outcome.scenario.run.threads) | spectra_pictures(outcome))
            return write(outcome, directory, started, own)
    product = outcome.scenario.model.coupling_product
    best = outcome.fit.coupling_product if outcome.fit else None
    content = prediction_json(outcome.prediction, product, best)
    (directory / "summary.json").unlink(missing_ok=True)
    write_text_atomic(directory / "prediction.json", json.dumps(content, indent=1) + "\n")
    drawn = drawing.files()
    for name, picture in drawn.items():
        write_bytes_atomic(directory / name, picture)
    values = summary(outcome, time.perf_counter() - started)
    write_text_atomic(directory / "summary.json", json.dumps(values, indent=2, allow_nan=False) + "\n")
    return values, [directory / name for name in ("prediction.json", *drawn, "summary.json")]
