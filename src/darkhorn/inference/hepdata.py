"""Tables in the form of a HEPData submission: one YAML file a table and ``submission.yaml``."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike

from darkhorn.core.errors import OutputError, RangeError, require_range
from darkhorn.io.atomic import write_text_atomic
from darkhorn.io.foreign import optional_package

_PURPOSE: Final = "A HEPData submission"


@dataclass(frozen=True, eq=False)
class Column:
    """One column: a name, a unit, n values and their symmetric errors by label.

    ``values`` of an independent column may be (n, 2): lower and upper edge of each bin.
    """

    name: str
    unit: str
    values: ArrayLike
    errors: Mapping[str, ArrayLike] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class DataTable:
    """One table.

    Attributes
    ----------
    name, description : str
        What it is called, and one or two sentences on what it shows.
    independent, dependent : sequence of Column
        All of one length.
    keywords : mapping of str to sequence of str
        Such as ``reactions``, ``observables``, ``phrases``.
    """

    name: str
    description: str
    independent: Sequence[Column]
    dependent: Sequence[Column]
    keywords: Mapping[str, Sequence[str]] = field(default_factory=dict)


def write_submission(directory: str | Path, comment: str, tables: Sequence[DataTable]) -> list[Path]:
    """Write a submission and return its files, ``submission.yaml`` last.

    Parameters
    ----------
    directory : str or Path
        Made if missing.
    comment : str
        Abstract of the submission.
    tables : sequence of DataTable
        At least one, of different names.

    Raises
    ------
    RangeError
        When there is no table, names repeat, or columns differ in length or hold numbers that are not finite.
    OutputError
        When a file cannot be written.
    DarkhornError
        When the package ``yaml`` is absent.
    """
    yaml = optional_package("yaml", "stats", _PURPOSE)
    if not tables or len({table.name for table in tables}) != len(tables):
        raise RangeError(f"{len(tables)} tables for a submission; allowed: at least 1, of different names")
    contents = [_content(table) for table in tables]
    folder = Path(directory)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"cannot make the directory {folder}: {error.strerror or error}") from error
    documents: list[dict[str, Any]] = [{"comment": comment}]
    paths = []
    for number, (table, content) in enumerate(zip(tables, contents, strict=True), 1):
        path = folder / f"table_{number}.yaml"
        write_text_atomic(path, yaml.safe_dump(content, sort_keys=False))
        paths.append(path)
        keywords = [{"name": key, "values": list(values)} for key, values in table.keywords.items()]
        documents.append(
            {"name": table.name, "description": table.description, "keywords": keywords, "data_file": path.name}
        )
    paths.append(folder / "submission.yaml")
    write_text_atomic(paths[-1], yaml.safe_dump_all(documents, sort_keys=False, explicit_start=True))
    return paths


def _content(table: DataTable) -> dict[str, Any]:
    """Return the content of one data file."""
    lengths = {column.name: len(np.asarray(column.values)) for column in (*table.independent, *table.dependent)}
    if len(set(lengths.values())) != 1 or not table.independent or not table.dependent:
        raise RangeError(f"table '{table.name}': columns of lengths {lengths}; allowed: one length, both kinds")
    return {
        "independent_variables": [
            {"header": _header(column), "values": [_point(row) for row in _numbers(column)]}
            for column in table.independent
        ],
        "dependent_variables": [
            {"header": _header(column), "values": _with_errors(column)} for column in table.dependent
        ],
    }


def _header(column: Column) -> dict[str, str]:
    """Return the heading of a column."""
    return {"name": column.name, **({"units": column.unit} if column.unit else {})}


def _numbers(column: Column) -> Any:
    """Return the finite values of a column as plain numbers."""
    values = np.asarray(column.values, dtype=float)
    require_range(f"column '{column.name}'", values)
    return values.tolist()


def _point(row: Any) -> dict[str, float]:
    """Return a value or a bin."""
    return {"low": row[0], "high": row[1]} if isinstance(row, list) else {"value": row}


def _with_errors(column: Column) -> list[dict[str, Any]]:
    """Return values with their errors."""
    rows: list[dict[str, Any]] = [{"value": value} for value in _numbers(column)]
    for label, errors in column.errors.items():
        array = np.broadcast_to(np.asarray(errors, dtype=float), (len(rows),))
        require_range(f"error '{label}' of column '{column.name}'", array, 0.0)
        for row, error in zip(rows, array.tolist(), strict=True):
            row.setdefault("errors", []).append({"symerror": error, "label": label})
    return rows
