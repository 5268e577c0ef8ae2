"""What a scan computes: its scenario, its points, and the model at each."""

import hashlib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from darkhorn import __version__
from darkhorn.chain.model_table import read_model
from darkhorn.chain.scenario import Scenario, load_scenario
from darkhorn.core.errors import RangeError, ScenarioError
from darkhorn.experiments.reading import Table
from darkhorn.inference.axes import Values, parse_axis, scan_points
from darkhorn.models.channels import Model


@dataclass(frozen=True)
class ScanPlan:
    """What is scanned and how; two equal plans give the same records.

    Attributes
    ----------
    scenario : str
        Name of an experiment, or the path of a scenario file.
    grid : tuple of str
        Axes as ``parse_axis`` reads them.
    model : str or None
        Preset instead of the scenario's.
    overrides : tuple of str
        ``key=value``, as in ``load_scenario``.
    sobol : int or None
        Number of points of a Sobol' set instead of a grid.
    precision, seed : float, int or None
        Relative Monte-Carlo error of every mode at every point, and seed; None for the scenario's own.
    """

    scenario: str
    grid: tuple[str, ...]
    model: str | None = None
    overrides: tuple[str, ...] = ()
    sobol: int | None = None
    precision: float | None = None
    seed: int | None = None

    def load(self) -> Scenario:
        """Return the scenario; errors as ``load_scenario``."""
        return load_scenario(
            self.scenario,
            model=self.model,
            overrides=self.overrides,
            precision=self.precision,
            seed=self.seed,
            threads=1,
        )

    @property
    def keys(self) -> tuple[str, ...]:
        """Keys of the model that are scanned."""
        return tuple(parse_axis(text).key for text in self.grid)

    @property
    def points(self) -> tuple[Values, ...]:
        """Values of the keys at every point; errors as ``scan_points``."""
        return _points(self)


@lru_cache(maxsize=4)
def _points(plan: ScanPlan) -> tuple[Values, ...]:
    return scan_points([parse_axis(text) for text in plan.grid], plan.sobol, plan.seed or 1)


def point_model(scenario: Scenario, keys: Sequence[str], values: Sequence[float]) -> Model:
    """Return the model of a scenario with some keys replaced; a dotted key reaches into a table of the model.

    Raises
    ------
    ScenarioError, RangeError, UnknownNameError
        For a key or a value that the model refuses.
    """
    tables = scenario.tables
    group = tables.table("model") if "model" in tables else Table({}, tables.path("model"))
    content: dict[str, Any] = dict(group.values)
    for key, value in zip(keys, values, strict=True):
        *above, last = key.split(".")
        place = content
        for part in above:
            inner = place.get(part, {})
            if not isinstance(inner, Mapping):
                raise ScenarioError(f"--grid {key}: '{part}' is not a table of the model")
            place[part] = dict(inner)
            place = place[part]
        place[last] = value
    return read_model(Table(content, group.where))[1]


def definition(plan: ScanPlan, scenario: Scenario) -> dict[str, Any]:
    """Return as plain values everything that decides what the points are; checks that the keys can be scanned.

    Raises
    ------
    ScenarioError, UnknownNameError
        For a key that the model does not have.
    """
    points = plan.points
    with suppress(RangeError):
        point_model(scenario, plan.keys, points[0])
    digest = hashlib.sha256(repr(points).encode()).hexdigest()
    run = scenario.run
    tables = {key: value for key, value in _plain(scenario.tables.values).items() if key != "run"}
    return {
        "version": __version__,
        "scenario": tables,
        "files": _files(scenario.tables.values, scenario.folder),
        "keys": list(plan.keys),
        "grid": [text.replace(" ", "") for text in plan.grid],
        "sobol": plan.sobol,
        "points": len(points),
        "points_sha256": digest,
        "precision": run.precision,
        "seed": run.seed,
        "replicates": run.shared,
    }


def _plain(value: Any) -> Any:
    """Return a value of a scenario as JSON has it."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value if isinstance(value, str | bool | int | float) or value is None else str(value)


def _files(value: Any, folder: Path) -> dict[str, str]:
    """Return the hashes of the files that a scenario names."""
    if isinstance(value, dict):
        found = [_files(item, folder) for item in value.values()]
    elif isinstance(value, list | tuple):
        found = [_files(item, folder) for item in value]
    elif isinstance(value, str) and 0 < len(value) < 1000 and (folder / value).is_file():
        return {value: hashlib.sha256((folder / value).read_bytes()).hexdigest()}
    else:
        return {}
    return {name: digest for item in found for name, digest in item.items()}
