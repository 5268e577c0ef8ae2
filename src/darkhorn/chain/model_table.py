"""The ``model`` table of a scenario: a preset, and values that replace its own."""

from collections.abc import Mapping
from typing import Any, Final

from darkhorn.core.errors import ScenarioError
from darkhorn.experiments.reading import Table
from darkhorn.models.channels import Model
from darkhorn.models.presets import parameter_names, preset, with_changes

DEFAULT_MODEL: Final = "scalar-benchmark"


def read_model(group: Table) -> tuple[str, Model]:
    """Return the name of the preset and the model.

    Parameters
    ----------
    group : Table
        ``preset`` and any parameter of its kind of model.

    Raises
    ------
    ScenarioError, RangeError, UnknownNameError
        For a wrong key, type, value or combination; the message names the key, the value and what is allowed.
    """
    name = group.text("preset") if "preset" in group else DEFAULT_MODEL
    start = preset(name)
    known = parameter_names(start)
    group.only("preset", *known)
    changes = {key: _value(group, key, getattr(start, key)) for key in known if key in group}
    return name, with_changes(start, changes)


def _value(group: Table, key: str, default: Any) -> Any:
    """Return the value of a key, of the type of its default."""
    if isinstance(default, tuple):
        return _names(group, key)
    if isinstance(default, Mapping):
        return dict(group.table(key).values)
    if isinstance(default, bool):
        if not isinstance(group.values[key], bool):
            raise ScenarioError(f"{group.path(key)} = {group.values[key]!r}: expected true or false")
        return group.values[key]
    return group.text(key) if isinstance(default, str) else group.number(key)


def _names(group: Table, key: str) -> tuple[str, ...]:
    """Return a list of names, from one name or a list; ``both`` stands for e and mu."""
    value = group.values[key]
    if key == "leptons" and value == "both":
        return ("e", "mu")
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list | tuple) or not all(isinstance(name, str) for name in names):
        expected = "'e', 'mu', 'both' or a list of them" if key == "leptons" else "a name or a list of names"
        raise ScenarioError(f"{group.path(key)} = {value!r}: expected {expected}")
    return tuple(names)
