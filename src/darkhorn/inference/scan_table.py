"""The final table of a scan: one row a point, the same bytes whatever happened on the way.

``results.csv`` has the numbers, ``results.json`` says what each column is and which scan it was, and ``templates.npz``
holds the spectra of every point at unit couplings. Where it is asked for, ``results.parquet`` repeats the numbers.
"""

import csv
import json
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any, Final

import numpy as np

from darkhorn.chain.setup import Setup
from darkhorn.core.errors import InputFileError, OutputError, ScenarioError
from darkhorn.inference.scan import Laboratory
from darkhorn.inference.scan_plan import ScanPlan
from darkhorn.inference.store import Record, Store
from darkhorn.io.atomic import atomic_path, write_bytes_atomic

TABLE: Final = "results.csv"
SUMMARY: Final = "results.json"
TEMPLATES: Final = "templates.npz"
PARQUET: Final = "results.parquet"

_FIT: Final = {
    "product": "best coupling product g >= 0 [{unit}]",
    "error_low": "down to where chi2 has risen by 1 [{unit}]",
    "error_high": "up to where chi2 has risen by 1 [{unit}]",
    "scale": "minimum of the parabola in g^2, negative for a deficit [({unit})^2]",
    "scale_error": "its error, without Monte-Carlo variance [({unit})^2]",
    "chi2": "at the best g",
    "delta_chi2": "chi2 without signal minus chi2",
}
_TEXT: Final = "status"
Row = dict[str, float | int | str | None]


def columns(plan: ScanPlan, modes: tuple[str, ...], unit: str, *, fitted: bool) -> dict[str, str]:
    """Return the names of the columns, each with what it means."""
    found = {"index": "number of the point", **dict.fromkeys(plan.keys, "parameter of the model, in its unit")}
    found["status"] = "ok; closed: no decay is open; refused: no such model; no signal: nothing passes the selection"
    for mode in modes:
        found[f"{mode}_signal"] = f"selected events at g = 1 [1/({unit})^2]"
        found[f"{mode}_error"] = f"Monte-Carlo error of that [1/({unit})^2]"
        found[f"{mode}_points"] = "mesons of each species and replicate"
    found["mc_error"] = "largest relative Monte-Carlo error of any mode"
    return found | ({name: text.format(unit=unit) for name, text in _FIT.items()} if fitted else {})


def row_of(record: Record, plan: ScanPlan, modes: tuple[str, ...], *, fitted: bool) -> Row:
    """Return the row of a finished point; None where a number does not exist."""
    row: Row = {"index": record["i"]}
    row |= dict(zip(plan.keys, plan.points[record["i"]], strict=True))
    row["status"] = record["status"]
    errors = []
    for mode in modes:
        found = record.get("modes", {}).get(mode, {})
        row |= {f"{mode}_{name}": found.get(name) for name in ("signal", "error", "points")}
        if found.get("signal"):
            errors.append(found["error"] / found["signal"])
    row["mc_error"] = float(f"{max(errors):.9e}") if errors else None
    if fitted:
        row |= {name: record.get("fit", {}).get(name) for name in _FIT}
    return row


def write_results(store: Store, laboratory: Laboratory, *, parquet: bool = False) -> list[Path]:
    """Write the table of a finished scan; every file is whole or absent.

    Parameters
    ----------
    store : Store
        Open, with every point.
    laboratory : Laboratory
        What the points share.
    parquet : bool
        Write ``results.parquet`` too.

    Returns
    -------
    list of Path
        The files.

    Raises
    ------
    OutputError
        When a file cannot be written.
    ScenarioError
        When Parquet is asked for and ``pyarrow`` is missing.
    """
    plan, model, setups = laboratory.plan, laboratory.scenario.model, laboratory.setups
    modes, fitted = tuple(setup.name for setup in setups), bool(laboratory.distributions)
    meaning = columns(plan, modes, model.product_unit, fitted=fitted)
    text = StringIO()
    counts: dict[str, int] = {}
    writer = csv.DictWriter(text, list(meaning), lineterminator="\n")
    writer.writeheader()
    rows: list[Row] = []
    templates = _Templates(setups, len(plan.points))
    for record in store.records():
        row = row_of(record, plan, modes, fitted=fitted)
        writer.writerow({key: "" if value is None else value for key, value in row.items()})
        counts[record["status"]] = counts.get(record["status"], 0) + 1
        templates.add(record)
        rows.append(row)
    files = [store.directory / name for name in (TABLE, TEMPLATES, SUMMARY)]
    best = min((row for row in rows if row.get("chi2") is not None), key=_chi2, default=None)
    summary = {
        "definition": store.definition,
        "product": {"name": model.product_name, "unit": model.product_unit},
        "modes": list(modes),
        "columns": meaning,
        "points": dict(sorted(counts.items())),
        "best": best,
    }
    write_bytes_atomic(files[0], text.getvalue().encode())
    write_bytes_atomic(files[1], templates.content())
    if parquet:
        files.append(store.directory / PARQUET)
        _write_parquet(files[-1], list(meaning), rows)
    write_bytes_atomic(files[2], json.dumps(summary, indent=1, allow_nan=False).encode() + b"\n")
    return files


def _chi2(row: Row) -> float:
    return float(row["chi2"] or 0.0)


class _Templates:
    """Spectra of all points as arrays: mean and Monte-Carlo error, zeros where there is no prediction."""

    def __init__(self, setups: tuple[Setup, ...], points: int) -> None:
        self._arrays: dict[str, Any] = {}
        for setup in setups:
            for name, edges in setup.edges.items():
                label = f"{setup.name}_{name}"
                self._arrays[f"{label}_edges"] = edges
                for kind in ("events", "error"):
                    self._arrays[f"{label}_{kind}"] = np.zeros((points, len(edges) - 1))

    def add(self, record: Record) -> None:
        """Put in one point."""
        for mode, found in record.get("modes", {}).items():
            for name, (events, error) in found["spectra"].items():
                self._arrays[f"{mode}_{name}_events"][record["i"]] = events
                self._arrays[f"{mode}_{name}_error"][record["i"]] = error

    def content(self) -> bytes:
        """Return the file; the format stores no time."""
        buffer = BytesIO()
        np.savez_compressed(buffer, **self._arrays)
        return buffer.getvalue()


def _write_parquet(path: Path, names: list[str], rows: list[Row]) -> None:
    """Write the rows as Parquet."""
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError as error:
        raise ScenarioError("--parquet needs pyarrow: pip install 'darkhorn[io]'") from error
    kinds = {_TEXT: pa.string(), "index": pa.int64()}
    schema = pa.schema([(name, kinds.get(name, pa.float64())) for name in names])
    with atomic_path(path) as temporary:
        try:
            parquet.write_table(pa.Table.from_pylist(rows, schema=schema), temporary)
        except OSError as error:
            raise OutputError(f"cannot write {path}: {error}") from error


def read_results(directory: Path) -> tuple[dict[str, Any], dict[str, list[Any]]]:
    """Return the summary and the columns of a finished scan: numbers, None where there is none, and the status.

    Raises
    ------
    InputFileError
        When the folder holds no finished scan, or files that do not belong to one.
    """
    summary_file, table_file = directory / SUMMARY, directory / TABLE
    try:
        summary = json.loads(summary_file.read_text(encoding="utf-8"))
        rows = list(csv.reader(table_file.read_text(encoding="utf-8").splitlines()))
        names, keys = list(summary["columns"]), set(summary["definition"]["keys"])
    except OSError as error:
        raise InputFileError(
            f"{directory}: no finished scan there ({Path(error.filename or '').name}: {error.strerror}); run "
            "'darkhorn scan', or finish it with --resume"
        ) from error
    except (ValueError, KeyError, TypeError) as error:
        raise InputFileError(f"{summary_file}: no summary of a scan ({error!r})") from error
    if not rows or rows[0] != names or not keys <= set(names):
        raise InputFileError(f"{table_file}: its columns are not those of {SUMMARY}")
    try:
        cells = [[_cell(name, text) for name, text in zip(names, row, strict=True)] for row in rows[1:]]
    except ValueError as error:
        raise InputFileError(f"{table_file}: {error}") from error
    return summary, {name: [row[k] for row in cells] for k, name in enumerate(names)}


def _cell(name: str, text: str) -> float | str | None:
    """Return the value of a cell."""
    if name == _TEXT:
        return text
    return float(text) if text else None
