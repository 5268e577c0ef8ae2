"""``darkhorn export``: a likelihood as a HistFactory workspace, or a prediction as a HEPData submission."""

import json as json_module
from pathlib import Path
from typing import Annotated

import typer

from darkhorn.cli.fit import ModelOption, PrecisionOption, ScenarioArgument, SetOption, UniversesOption
from darkhorn.cli.output import JsonOption, emit_json, note, progress

EXAMPLE = "Example: darkhorn export miniboone --format histfactory --likelihood joint --out workspace.json"

FORMATS = ("histfactory", "hepdata")


def export(
    scenario: ScenarioArgument,
    form: Annotated[str, typer.Option("--format", help="histfactory (one JSON file) or hepdata (a directory).")],
    out: Annotated[Path, typer.Option(metavar="PATH", help="File or directory to write.")],
    likelihood: Annotated[
        str | None, typer.Option(help="As for 'darkhorn fit'; by default joint for miniboone, else counts.")
    ] = None,
    model: ModelOption = None,
    changes: SetOption = None,
    precision: PrecisionOption = None,
    flux_universes: UniversesOption = 0,
    json: JsonOption = False,
) -> None:
    """Write a HistFactory workspace that pyhf reads, or a HEPData submission with data, background and signal.

    The parameter of interest is the square of the coupling product, in the unit that the measurement's name gives.
    """
    from darkhorn.chain.scenario import load_scenario
    from darkhorn.core.errors import unknown_name
    from darkhorn.inference.build import STRENGTH, Problem
    from darkhorn.inference.histfactory import workspace
    from darkhorn.inference.job import predicted_cost
    from darkhorn.io.atomic import write_text_atomic

    if form not in FORMATS:
        raise unknown_name("export format", form, FORMATS)
    job = load_scenario(scenario, model=model, overrides=changes or (), precision=precision)
    default = "joint" if job.experiment is not None and job.experiment.name == "miniboone" else "counts"
    problem = Problem.load(likelihood or default, job.experiment)
    with progress() as tell:
        cost, _ = predicted_cost(job, problem, flux_universes, tell)
        if form == "histfactory":
            content = workspace(cost, STRENGTH)
            write_text_atomic(out, json_module.dumps(content, indent=1, allow_nan=False) + "\n")
            files = [out]
        else:
            from darkhorn.inference.hepdata import write_submission
            from darkhorn.inference.tables import cost_tables

            comment = f"{job.model_name} at {job.name}, likelihood {problem.name}; computed with darkhorn"
            files = write_submission(out, comment, cost_tables(cost, job.model.product_unit))
    if json:
        emit_json({"format": form, "likelihood": problem.name, "files": [str(path) for path in files]})
        return
    for path in files:
        note(f"wrote {path}")
