"""Spectra over a grid of masses for the explorer of a page: those of a scan, computed at once and kept in the page."""

from collections.abc import Sequence
from typing import Any, Final

from darkhorn.core.errors import InputFileError, ScenarioError, require_range
from darkhorn.core.progress import Step, Tell
from darkhorn.inference.axes import parse_axis
from darkhorn.inference.scan import evaluate, laboratory_of, plan_tasks
from darkhorn.inference.scan_plan import ScanPlan
from darkhorn.report.page_data import unit_of

MOST_POINTS: Final = 1000
"""Points of a grid: more would make the page too large."""
_DIGITS: Final = 6


def grid_data(plan: ScanPlan, parameters: dict[str, Any], tell: Tell = lambda _: None) -> dict[str, Any]:
    """Return the spectra at every point of a grid at coupling product 1; the run's own values join every axis.

    Parameters
    ----------
    plan : ScanPlan
        Scenario, axes and precision; its points are replaced by those of the joined axes.
    parameters : dict
        Those of the run, as in ``summary.json``.
    tell : callable
        Told what is being done.

    Returns
    -------
    dict
        ``keys``: key, unit, ``values`` (rising) and ``own`` (the place of the run's value) of every axis. ``points``:
        in the order of the product of the axes, the last fastest, ``modes`` by name and axis of the spectrum with
        ``values`` and ``variances`` to six digits, and ``best``, the fitted product; or ``why`` there is nothing.
        ``precision``, ``seed``: what they were computed with.

    Raises
    ------
    ScenarioError, RangeError
        For an axis that is no number of the run, a grid that is too large, or a scenario with other parameters.
    """
    keys, grid = _axes(plan.grid, parameters)
    joined = ScanPlan(plan.scenario, tuple(grid), plan.model, plan.overrides, None, plan.precision, plan.seed)
    require_range("points of the grid", len(joined.points), 1, MOST_POINTS)
    tell("grid: pilot runs of the meson source")
    laboratory = laboratory_of(joined)
    tasks = plan_tasks(joined, laboratory.scenario, laboratory.bench.species)
    records: dict[int, Any] = {}
    for task in tasks:
        tell(Step(f"grid of {len(joined.points)} points", len(records) / len(joined.points)))
        records.update((int(record["i"]), record) for record in evaluate(joined, task))
    run = laboratory.scenario.run
    points = [_point(records[index]) for index in range(len(joined.points))]
    return {"keys": keys, "points": points, "precision": run.precision, "seed": run.seed}


def _axes(grid: Sequence[str], parameters: dict[str, Any]) -> tuple[list[dict[str, Any]], list[str]]:
    """Return the axes with the run's own value on each, as the page and as a scan has them."""
    keys, texts = [], []
    for text in grid:
        axis = parse_axis(text)
        own = parameters.get(axis.key)
        if isinstance(own, bool) or not isinstance(own, int | float):
            raise ScenarioError(f"--grid {axis.key}: not a number among the parameters of the run")
        if not axis.values:
            raise ScenarioError(f"--grid {text}: expected a number of values, as in {axis.key}=1:100:10")
        values = sorted({*axis.values, own})
        keys.append({"key": axis.key, "unit": unit_of(axis.key), "values": values, "own": values.index(own)})
        texts.append(f"{axis.key}={','.join(map(repr, values))}")
    return keys, texts


def _point(record: dict[str, Any]) -> dict[str, Any]:
    """Return one record of a scan as the page has it."""
    if "modes" not in record:
        return {"why": str(record.get("why", record["status"]))}
    modes = {
        name: {key: {"values": _short(mean), "variances": _short(error, 2)} for key, (mean, error) in spectra.items()}
        for name, spectra in ((name, mode["spectra"]) for name, mode in record["modes"].items())
    }
    return {"modes": modes, "best": record["fit"]["product"] if "fit" in record else None}


def _short(values: Sequence[float], power: int = 1) -> list[float]:
    """Return powers of numbers with six digits."""
    return [float(f"{value**power:.{_DIGITS}g}") for value in values]


def check_parameters(found: dict[str, Any], parameters: dict[str, Any], where: object) -> None:
    """Refuse a scenario whose parameters are not those of the run.

    Raises
    ------
    InputFileError
        Naming the first parameter that differs.
    """
    for key in {**parameters, **found}:
        if found.get(key) != parameters.get(key):
            raise InputFileError(
                f"{where}: {key} = {parameters.get(key)!r} in the run, {found.get(key)!r} in the scenario; "
                "name the scenario file of the run with --scenario"
            )
