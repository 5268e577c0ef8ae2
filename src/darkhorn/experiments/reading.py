"""Strict reading of TOML tables: every error names the file, the key, the value, what is allowed and the unit."""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from numbers import Real
from pathlib import Path
from typing import Any, Final

import numpy as np

from darkhorn.core.errors import InputFileError, RangeError, ScenarioError, nearest, require_range, unknown_name

STATUSES: Final = ("read", "computed", "unverified")
"""How a number was found: read in the source named, derived from numbers read, or not confirmed."""


def _is_number(value: object) -> bool:
    """Return whether a value is a real number (true and false are not) that fits into a float."""
    if isinstance(value, bool) or not isinstance(value, Real):
        return False
    try:
        float(value)
    except OverflowError:
        return False
    return True


@dataclass(frozen=True)
class Table:
    """One table of a TOML file (or a mapping from Python) with the path of keys that leads to it.

    Attributes
    ----------
    values : mapping
        The content.
    where : str
        What messages call it: a file name, then the keys, joined by dots.
    """

    values: Mapping[str, Any]
    where: str

    def path(self, key: str) -> str:
        """Return the full name of a key."""
        return f"{self.where}: {key}" if self.where.endswith(".toml") else f"{self.where}.{key}"

    def only(self, *known: str) -> None:
        """Refuse keys that are not ``known``.

        Raises
        ------
        ScenarioError
            Naming the key and the nearest known one.
        """
        for key in self.values:
            if key not in known:
                raise ScenarioError(
                    f"{self.path(key)}: unknown key.{nearest(key, known)} Allowed: {', '.join(sorted(known))}."
                )

    def __contains__(self, key: str) -> bool:
        return key in self.values

    def _get(self, key: str, what: str) -> Any:
        """Return the value of a key that must be there."""
        if key not in self.values:
            raise ScenarioError(f"{self.path(key)}: missing; expected {what}.{nearest(key, self.values)}")
        return self.values[key]

    def _wrong(self, key: str, value: Any, what: str) -> ScenarioError:
        """Return the error for a value of the wrong type, the value cut to one line."""
        text = repr(value)
        return ScenarioError(f"{self.path(key)} = {text if len(text) < 60 else text[:57] + '...'}: expected {what}")

    def number(self, key: str, unit: str = "", low: float = -np.inf, high: float = np.inf, **bounds: bool) -> float:
        """Return a finite number within ``[low, high]`` (keywords ``open_low``, ``open_high`` exclude the bound).

        Raises
        ------
        ScenarioError
            When missing or not a number.
        RangeError
            When NaN, infinite or outside the range.
        """
        what = f"a number{' in ' + unit if unit else ''}"
        value = self._get(key, what)
        if not _is_number(value):
            raise self._wrong(key, value, what)
        require_range(self.path(key), float(value), low, high, unit, **bounds)
        return float(value)

    def numbers(
        self, key: str, unit: str = "", length: int | None = None, low: float = -np.inf, high: float = np.inf
    ) -> tuple[float, ...]:
        """Return a list of finite numbers within ``[low, high]``, of a given ``length`` if that is not None.

        Raises
        ------
        ScenarioError
            When missing, not a list of numbers, or of another length.
        RangeError
            When an element is NaN, infinite or outside the range.
        """
        what = f"a list of {length if length is not None else 'at least one'} numbers{' in ' + unit if unit else ''}"
        value = self._get(key, what)
        if isinstance(value, np.ndarray):
            value = value.tolist()
        if not isinstance(value, list | tuple) or not all(_is_number(item) for item in value):
            raise self._wrong(key, value, what)
        if not value or (length is not None and len(value) != length):
            raise self._wrong(key, value, what)
        require_range(self.path(key), value, low, high, unit)
        return tuple(float(v) for v in value)

    def text(self, key: str, choices: Iterable[str] = ()) -> str:
        """Return a text, one of ``choices`` if there are any.

        Raises
        ------
        ScenarioError
            When missing, not a text, or not a choice (with the nearest).
        """
        allowed = list(choices)
        what = f"one of {', '.join(allowed)}" if allowed else "a text"
        value = self._get(key, what)
        if not isinstance(value, str):
            raise self._wrong(key, value, what)
        if allowed and value not in allowed:
            raise ScenarioError(f"{self.path(key)} = '{value}': expected {what}.{nearest(value, allowed)}")
        return value

    def table(self, key: str) -> "Table":
        """Return the table under ``key``.

        Raises
        ------
        ScenarioError
            When missing or not a table.
        """
        value = self._get(key, "a table")
        if not isinstance(value, Mapping):
            raise self._wrong(key, value, "a table")
        return Table(value, self.path(key))

    def named_tables(self, key: str) -> dict[str, "Table"]:
        """Return the tables under ``key`` by name, at least one.

        Raises
        ------
        ScenarioError
            When missing, empty, or one of them is not a table.
        """
        parent = self.table(key)
        if not parent.values:
            raise self._wrong(key, {}, "at least one named table")
        return {name: parent.table(name) for name in parent.values}

    def tables(self, key: str) -> list["Table"]:
        """Return the list of tables under ``key``, at least one.

        Raises
        ------
        ScenarioError
            When missing, empty, or not a list of tables.
        """
        value = self._get(key, "a list of tables")
        if not isinstance(value, list) or not value or not all(isinstance(item, Mapping) for item in value):
            raise self._wrong(key, value, "a list of tables")
        return [Table(item, f"{self.path(key)}[{number}]") for number, item in enumerate(value)]


def read_toml(path: Path) -> Table:
    """Return the content of a TOML file.

    Raises
    ------
    InputFileError
        When it cannot be read or is not TOML; the message names the file and, for a syntax error, the line.
    """
    try:
        return Table(tomllib.loads(path.read_text(encoding="utf-8")), path.name)
    except OSError as error:
        raise InputFileError(f"cannot read {path}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise InputFileError(f"{path}: not UTF-8 text ({error.reason} at byte {error.start})") from error
    except (ValueError, RecursionError) as error:
        raise InputFileError(f"{path}: not valid TOML: {str(error)[:200]}") from error


def require_increasing(key: str, values: Iterable[float], unit: str = "") -> None:
    """Raise unless the numbers grow strictly.

    Raises
    ------
    RangeError
        Naming the key, the first offending value, what is allowed and the unit.
    """
    numbers = np.asarray(tuple(values), dtype=float)
    bad = np.flatnonzero(np.diff(numbers) <= 0)
    if bad.size:
        low, high = numbers[bad[0]], numbers[bad[0] + 1]
        suffix = f" {unit}" if unit else ""
        raise RangeError(f"{key}: {high:g}{suffix} follows {low:g}{suffix}; allowed: strictly increasing values")


def package_files(suffix: str) -> dict[str, Path]:
    """Return the data files that the package ships, by their name without the suffix."""
    folder = Path(str(files("darkhorn.experiments")))
    return {path.stem: path for path in sorted(folder.glob(f"*{suffix}"))}


@cache
def _shipped() -> dict[str, tuple[Path, str]]:
    """Return path and kind of every TOML file that the package ships, by name."""
    return {name: (path, read_toml(path).text("kind")) for name, path in package_files(".toml").items()}


def find_toml(name: str | Path, *kinds: str) -> Path:
    """Return the path of a TOML file: a path as given, or the file that the package ships under a bare name.

    Parameters
    ----------
    name : str or Path
        Path or bare name.
    *kinds : str
        What ``kind`` a shipped file may have.

    Raises
    ------
    UnknownNameError
        When a bare name is not shipped; the message offers the nearest.
    """
    text = str(name)
    if isinstance(name, Path) or text.endswith(".toml") or "/" in text or "\\" in text:
        return Path(text)
    of_kind = {key: path for key, (path, kind) in _shipped().items() if kind in kinds}
    if text not in of_kind:
        raise unknown_name(" or ".join(kinds), text, of_kind)
    return of_kind[text]


def provenance(table: Table) -> tuple[str, ...]:
    """Check the ``source`` and ``status`` of a group; return one flag unless it was read in its source.

    Raises
    ------
    ScenarioError
        When either is missing or the status is unknown.
    """
    source = table.text("source")
    status = table.text("status", STATUSES)
    note = table.text("note") if "note" in table else source
    return () if status == "read" and "note" not in table else (f"{table.where}: {status}: {note}",)
