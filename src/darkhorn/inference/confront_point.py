"""A parameter point for ``confront``: a model, and the numbers that a user supplies to experiments and searches."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from darkhorn.chain.model_table import read_model
from darkhorn.chain.predict import REPLICATES
from darkhorn.core.errors import ScenarioError, require_range, unknown_name
from darkhorn.experiments.reading import Table, package_files, read_toml
from darkhorn.models.channels import Model

TABLES: Final = ("name", "model", "experiments", "supply", "run")
RARE_DECAYS: Final = "rare_decays"
"""Where curves of rare decays are supplied."""
FIRST: Final = ("miniboone", "miniboone-dump", "microboone")
"""Experiments that come first in a table."""


@dataclass(frozen=True)
class Settings:
    """How to compute: relative error of the events of a mode, seed, replicates and threads."""

    precision: float = 0.05
    seed: int = 1
    replicates: int = REPLICATES
    threads: int = 2

    def __post_init__(self) -> None:
        """Refuse settings out of range."""
        require_range("precision", self.precision, 1.0e-3, 0.5)
        require_range("seed", self.seed, 0, 2**63 - 1)
        require_range("replicates", self.replicates, 4, 256)
        require_range("threads", self.threads, 1, 1024)


@dataclass(frozen=True)
class Point:
    """One parameter point.

    Attributes
    ----------
    name, model_name : str
        What the output calls the point and its model.
    model : Model
        Parameters.
    experiments : tuple of str
        Names of shipped experiments, or paths of TOML files of the same form.
    supply : mapping
        By experiment, beam or :data:`RARE_DECAYS`: values by key.
    settings : Settings
        How to compute.
    """

    name: str
    model_name: str
    model: Model
    experiments: tuple[str, ...]
    supply: Mapping[str, Mapping[str, Any]]
    settings: Settings


def shipped(*kinds: str) -> tuple[str, ...]:
    """Return the names of the shipped files of some kinds, those of :data:`FIRST` before the others."""
    names = [name for name, path in package_files(".toml").items() if read_toml(path).text("kind") in kinds]
    return (*(name for name in FIRST if name in names), *(name for name in names if name not in FIRST))


def load_point(name: str, **run: Any) -> Point:
    """Return a point from a file or from the name of a preset.

    Parameters
    ----------
    name : str
        Path of a TOML file with the tables ``model``, ``experiments``, ``supply`` and ``run``, or a preset.
    **run
        ``precision``, ``seed``, ``replicates``, ``threads``; None leaves the value of the file.

    Raises
    ------
    InputFileError
        When the file is missing or is not TOML.
    ScenarioError, RangeError, UnknownNameError
        For a wrong key, type, value or combination.
    """
    folder = Path()
    if name.endswith(".toml") or "/" in name:
        table, folder = read_toml(Path(name)), Path(name).parent
    else:
        table = Table({"name": name, "model": {"preset": name}}, name)
    table.only(*TABLES)
    model_name, model = read_model(table.table("model"))
    chosen = _experiments(table, folder)
    title = table.text("name") if "name" in table else Path(table.where).stem
    return Point(title, model_name, model, chosen, _supply(table, chosen), _settings(table, run))


def _experiments(table: Table, folder: Path) -> tuple[str, ...]:
    """Return the experiments of the list, by default all that are shipped."""
    known = shipped("experiment")
    if "experiments" not in table:
        return known
    names = table.values["experiments"]
    if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
        raise ScenarioError(f"{table.path('experiments')} = {names!r}: expected a list of: {', '.join(known)}")
    for name in names:
        if name not in known and not name.endswith(".toml"):
            raise unknown_name("experiment", name, known)
    return tuple(str(folder / name) if name.endswith(".toml") else name for name in dict.fromkeys(names))


def _supply(table: Table, experiments: tuple[str, ...]) -> dict[str, dict[str, Any]]:
    """Return what the user supplies, by whom it is for."""
    if "supply" not in table:
        return {}
    group = table.table("supply")
    known = (*experiments, *shipped("beam", "dump", "stopped"), RARE_DECAYS)
    for name in group.values:
        if name not in known:
            raise unknown_name("experiment or beam to supply numbers to", name, known)
    return {name: dict(group.table(name).values) for name in group.values}


def _settings(table: Table, run: Mapping[str, Any]) -> Settings:
    """Return the settings of the file, changed by those of the call."""
    values: dict[str, Any] = {}
    if "run" in table:
        group = table.table("run")
        group.only("precision", "seed", "replicates", "threads")
        values = {key: group.number(key) for key in group.values}
        for key in values.keys() - {"precision"}:
            if not isinstance(group.values[key], int):
                raise ScenarioError(f"{group.path(key)} = {group.values[key]}: expected a whole number")
            values[key] = int(values[key])
    return Settings(**{**values, **{key: value for key, value in run.items() if value is not None}})
