"""What an experiment has not published: named, never guessed, and supplied by the user under a dotted key."""

from collections.abc import Mapping
from typing import Any, Final

from darkhorn.core.errors import ScenarioError
from darkhorn.experiments.reading import Table

BEGINNINGS: Final = ("not published: ", "not shipped: ")
"""How the entry of a missing number begins: nobody published it, or the package does not carry it."""


def read_missing(table: Table) -> dict[str, str]:
    """Return the entries of the table ``missing`` of a file: dotted key to the message about it.

    Parameters
    ----------
    table : Table
        The whole file; without the table nothing is missing.

    Raises
    ------
    ScenarioError
        When a message does not say ``you must supply KEY`` with the key that it stands under.
    """
    if "missing" not in table:
        return {}
    group = table.table("missing")
    found = {key: group.text(key) for key in group.values}
    for key, text in found.items():
        if not (text.startswith(BEGINNINGS) and f"you must supply {key}" in text):
            expected = f"expected '{BEGINNINGS[0]}you must supply {key}'"
            raise ScenarioError(f"{group.path(key)} = '{text}': {expected}, or '{BEGINNINGS[1]}...'")
    return found


def supply(table: Table, given: Mapping[str, Any]) -> tuple[Table, dict[str, str]]:
    """Return a file with the values of a user in it, and what is still missing.

    Parameters
    ----------
    table : Table
        The whole file.
    given : mapping
        Values by dotted key, such as ``response.efficiency``; tables inside tables do as well. They are put in
        before anything is checked, so they replace numbers of the file too.

    Returns
    -------
    Table, dict of str to str
        The file without its table ``missing``; the missing keys that nobody supplied, with their messages.

    Raises
    ------
    ScenarioError
        When a key leads through something that is not a table.
    """
    missing = read_missing(table)
    values = {key: value for key, value in table.values.items() if key != "missing"}
    flat = _flat(given, (), missing)
    for path, value in flat.items():
        values = _put(values, path, value, ".".join(path))
    names = {".".join(path) for path in flat}
    left = {key: text for key, text in missing.items() if not _covered(key, names)}
    return Table(values, table.where), left


def below(missing: Mapping[str, str], prefix: str) -> dict[str, str]:
    """Return the entries under a dotted prefix, by what follows it."""
    return {key.removeprefix(f"{prefix}."): text for key, text in missing.items() if key.startswith(f"{prefix}.")}


def require(missing: Mapping[str, str], key: str) -> None:
    """Raise when a key is missing.

    Raises
    ------
    ScenarioError
        With the message of the file, word for word.
    """
    if key in missing:
        raise ScenarioError(missing[key])


def _covered(key: str, supplied: set[str]) -> bool:
    """Return whether a missing key was supplied itself, or inside or around what was supplied."""
    return any(f"{name}.".startswith(f"{key}.") or f"{key}.".startswith(f"{name}.") for name in supplied)


def _flat(given: Mapping[str, Any], path: tuple[str, ...], missing: Mapping[str, str]) -> dict[tuple[str, ...], Any]:
    """Return values by path; a missing key takes its table whole."""
    found: dict[tuple[str, ...], Any] = {}
    for key, value in given.items():
        here = (*path, *key.split("."))
        if isinstance(value, Mapping) and ".".join(here) not in missing:
            found.update(_flat(value, here, missing))
        else:
            found[here] = value
    return found


def _put(values: Mapping[str, Any], path: tuple[str, ...], value: Any, name: str) -> dict[str, Any]:
    """Return a copy with one value set; tables on the way are made."""
    inner = values.get(path[0], {})
    if len(path) == 1:
        return {**values, path[0]: value}
    if not isinstance(inner, Mapping):
        raise ScenarioError(f"{name}: cannot be supplied, because {path[0]} is not a table")
    return {**values, path[0]: _put(inner, path[1:], value, name)}
