"""From the directory of a run to everything that its page needs."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from darkhorn.chain.scenario import Scenario, load_scenario
from darkhorn.core.errors import ScenarioError
from darkhorn.core.progress import Tell
from darkhorn.experiments.reading import package_files
from darkhorn.inference.scan_plan import ScanPlan
from darkhorn.report.page import model_arguments, run_command
from darkhorn.report.page_data import RunFiles, experiment_of, page_data, read_run
from darkhorn.report.page_grid import check_parameters, grid_data


def compute_page(
    directory: Path,
    scenario: str | None = None,
    grid: Sequence[str] = (),
    precision: float = 0.05,
    tell: Tell = lambda _: None,
) -> tuple[RunFiles, dict[str, Any], str]:
    """Return the files of a run, the data of its page, and the command that computes the run again.

    Parameters
    ----------
    directory : Path
        What ``darkhorn run --out`` wrote.
    scenario : str, optional
        Scenario file of the run, or the name of an experiment; without it the name in the summary, if it is shipped.
    grid : sequence of str
        Axes of the explorer, as ``inference.axes.parse_axis`` reads them.
    precision : float
        Relative Monte-Carlo error of the events at the points of the grid, 1e-4 to 0.5.
    tell : callable
        Told what is being done.

    Raises
    ------
    InputFileError
        For files that are no run, or a scenario with other parameters than the run.
    ScenarioError, RangeError, UnknownNameError
        For a scenario that cannot be read, or a grid that it does not have.
    """
    run = read_run(directory)
    name = scenario or _shipped(run.summary)
    loaded = None if scenario is None else _load(scenario, run)
    experiment = experiment_of(run.summary) if loaded is None else loaded.experiment
    data = page_data(run, experiment)
    if grid:
        if name is None:
            raise ScenarioError("--grid: the run was of a scenario file; name it with --scenario")
        _load(name, run)
        arguments = _options(run.summary)
        plan = ScanPlan(name, tuple(grid), **arguments, precision=precision, seed=int(run.summary["seed"]))
        data["grid"] = grid_data(plan, run.summary["parameters"], tell)
    return run, data, run_command(run.summary, name or "SCENARIO.toml")


def _shipped(summary: dict[str, Any]) -> str | None:
    """Return the name of the run if it is that of a shipped experiment."""
    name = summary.get("experiment", summary.get("scenario"))
    return name if isinstance(name, str) and name in package_files(".toml") else None


def _options(summary: dict[str, Any]) -> dict[str, Any]:
    """Return model and overrides of a run as ``load_scenario`` and ``ScanPlan`` take them."""
    words = model_arguments(summary)
    return {"model": words[1] if words else None, "overrides": tuple(words[3::2])}


def _load(name: str, run: RunFiles) -> Scenario:
    """Return the scenario with the parameters of the run, checked against them."""
    options = _options(run.summary)
    found = load_scenario(name, model=options["model"], overrides=options["overrides"])
    parameters = json.loads(json.dumps(dict(found.model.parameters())))
    check_parameters(parameters, run.summary["parameters"], name)
    return found
