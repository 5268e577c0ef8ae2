"""Rays in Parquet files, with units, protons on target and origin in the metadata of the schema."""

import json
from pathlib import Path
from typing import Any, Final

import numpy as np

from darkhorn.core.errors import InputFileError, RangeError, nearest
from darkhorn.core.rays import Floats, Rays, check_finite
from darkhorn.io.atomic import atomic_path
from darkhorn.io.foreign import About, errors_of, optional_package, require_pot

COLUMNS: Final = ("pdgid", "t", "x", "y", "z", "E", "px", "py", "pz", "weight", "parent")
"""Columns of a file: PDG number, ns, m (three), MeV (four), per POT, row of the parent or -1."""

UNITS: Final = {
    "pdgid": "PDG number",
    "t": "ns",
    "x": "m",
    "y": "m",
    "z": "m",
    "E": "MeV",
    "px": "MeV",
    "py": "MeV",
    "pz": "MeV",
    "weight": "1/POT",
    "parent": "row",
}
"""Unit of each column; the file repeats it and the reader compares."""

_KEY: Final = b"darkhorn"


def write_parquet(path: str | Path, rays: Rays, about: About | None = None) -> None:
    """Write rays to a Parquet file in one step; every number reads back bit for bit.

    Parameters
    ----------
    path : str or Path
        ``*.parquet``.
    rays : Rays
        N >= 1 particles, parents and energies included.
    about : dict of str to str, optional
        Origin (engine, version, pot, ...), kept in the metadata; ``pot``, where present, must be a number > 0.

    Raises
    ------
    RangeError
        When there are no rays or the suffix is another one.
    InputFileError
        For NaN, a negative weight, or POT that is not a positive number.
    OutputError
        When the file cannot be written.
    DarkhornError
        When pyarrow is not installed.
    """
    file = Path(path)
    if not len(rays) or file.suffix != ".parquet":
        raise RangeError(f"{file}: {len(rays)} rays to write; allowed: at least 1, to .parquet")
    check_finite(rays, str(file))
    _check_pot(file, about or {})
    arrow = optional_package("pyarrow", "io", "writing Parquet files")
    parquet = optional_package("pyarrow.parquet", "io", "writing Parquet files")
    columns = (rays.pdgid, *rays.x.T, *rays.p.T, rays.weight, rays.parent)
    table = arrow.table(dict(zip(COLUMNS, (np.ascontiguousarray(c) for c in columns), strict=True)))
    note = json.dumps({"units": UNITS, "about": about or {}}, sort_keys=True)
    with atomic_path(file) as temporary:
        parquet.write_table(table.replace_schema_metadata({_KEY: note.encode()}), str(temporary))


def read_parquet(path: str | Path) -> tuple[Rays, About]:
    """Return the rays of a Parquet file that :func:`write_parquet` made, or another program with the same columns.

    Parameters
    ----------
    path : str or Path
        Columns :data:`COLUMNS` in the units :data:`UNITS`; the metadata may be absent, but not differ.

    Returns
    -------
    rays : Rays
        N particles.
    about : dict of str to str
        Origin as the metadata give it; empty without metadata.

    Raises
    ------
    InputFileError
        When the file is missing, truncated or of another kind; a column is missing, misspelt, unknown, no number or
        has gaps; the units differ; POT is not positive; a number is not finite, a weight is negative, or an energy is
        below the momentum.
    DarkhornError
        When pyarrow is not installed.
    """
    file = Path(path)
    optional_package("pyarrow", "io", "reading Parquet files")
    parquet = optional_package("pyarrow.parquet", "io", "reading Parquet files")
    if not file.is_file():
        raise InputFileError(f"cannot read {file}: no such file")
    with errors_of(file, "a Parquet file"):
        table = parquet.read_table(str(file))
        table.validate(full=True)
    _check_columns(file, table)
    about = _check_note(file, (table.schema.metadata or {}).get(_KEY))
    if not table.num_rows:
        raise InputFileError(f"{file}: empty; expected at least one particle")
    columns = {name: _numbers(file, name, table.column(name)) for name in COLUMNS}
    x = np.column_stack([columns[name] for name in ("t", "x", "y", "z")])
    p = np.column_stack([columns[name] for name in ("E", "px", "py", "pz")])
    rays = Rays.make(columns["pdgid"], x, p, columns["weight"], columns["parent"])
    check_finite(rays, str(file))
    return rays, about


def _check_columns(path: Path, table: Any) -> None:
    """Refuse missing and unknown columns."""
    found = table.column_names
    spare = [name for name in found if name not in COLUMNS]
    for name in COLUMNS:
        if name not in found:
            raise InputFileError(
                f"{path}: column '{name}' is missing.{nearest(name, spare)} Found: {', '.join(found)}."
            )
    if spare or len(found) != len(COLUMNS):
        raise InputFileError(f"{path}: columns {', '.join(found)}; known: {', '.join(COLUMNS)}")


def _check_note(path: Path, note: bytes | None) -> About:
    """Return the origin from the metadata; refuse other units."""
    if note is None:
        return {}
    try:
        content = json.loads(note)
        units, about = dict(content["units"]), {str(k): str(v) for k, v in content["about"].items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputFileError(f"{path}: the metadata '{_KEY.decode()}' are damaged ({error!r})") from error
    for name in COLUMNS:
        if units.get(name) != UNITS[name]:
            raise InputFileError(f"{path}: column '{name}' is in '{units.get(name)}'; allowed: {UNITS[name]}")
    _check_pot(path, about)
    return about


def _check_pot(path: Path, about: About) -> None:
    """Refuse a POT entry that is not a positive number."""
    if about.get("pot"):
        try:
            pot = float(about["pot"])
        except ValueError:
            pot = float("nan")
        require_pot(path, pot, "metadata 'pot'")


def _numbers(path: Path, name: str, column: Any) -> Floats:
    """Return a column without gaps as numbers; integers where the column counts something."""
    values = column.to_numpy()
    kinds = "iu" if UNITS[name] in ("PDG number", "row") else "iuf"
    if column.null_count or values.dtype.kind not in kinds:
        raise InputFileError(
            f"{path}: column '{name}' has type {column.type} and {column.null_count} gaps; expected numbers, no gaps"
        )
    return np.asarray(values)
