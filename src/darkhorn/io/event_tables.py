"""Events as columns: Parquet and ROOT files, and dark particles at the detector as a flux table.

One row is one event; what belongs to its particles and vertices is a list. ``EVENT_COLUMNS`` says what each column is
and its unit; the file repeats it. The flux table has the column names of SIREN's external primaries, in GeV and m.
"""

import json
from pathlib import Path
from typing import Any, Final

import numpy as np

from darkhorn.core.errors import RangeError
from darkhorn.core.rays import Floats, Ints, Rays
from darkhorn.core.units import GEV
from darkhorn.io.atomic import atomic_path, write_text_atomic
from darkhorn.io.event_record import PARTICLE_STATUS, VERTEX_STATUS, EventRecord
from darkhorn.io.foreign import optional_package

PARTICLE_COLUMNS: Final = {
    "pdgid": "PDG number",
    "status": "status code",
    "origin": "vertex of this event, counted from 0, where the particle is made; -1 for one that comes in",
    "end": "vertex where it ends; -1 for one that goes out",
    "E": "MeV",
    "px": "MeV",
    "py": "MeV",
    "pz": "MeV",
    "mass": "MeV",
}
VERTEX_COLUMNS: Final = {"status": "status code", "t": "ns", "x": "m", "y": "m", "z": "m"}
EVENT_COLUMNS: Final = {
    "weight": "expected events in the exposure",
    "process": "process number",
    **{f"particle_{name}": unit for name, unit in PARTICLE_COLUMNS.items()},
    **{f"vertex_{name}": unit for name, unit in VERTEX_COLUMNS.items()},
}
"""Columns of an event file with their units, beside the named quantities of the events."""

FLUX_COLUMNS: Final = {
    "x0": "m",
    "y0": "m",
    "z0": "m",
    "t0": "ns",
    "E": "GeV",
    "px": "GeV",
    "py": "GeV",
    "pz": "GeV",
    "m": "GeV",
    "weight": "particles in the exposure",
    "pdgid": "PDG number",
    "parent_pdgid": "PDG number of the meson",
    "pot": "protons on target of the exposure",
}
"""Columns of a flux table: dark particles where they enter the detector."""

_KEY: Final = b"darkhorn"
Columns = dict[str, Any]


def about_run(record: EventRecord) -> dict[str, Any]:
    """Return what a file says of itself as plain values."""
    run = record.run
    return {
        "pot": run.pot,
        "scenario": run.title,
        "mode": run.mode,
        "seed": run.seed,
        "version": run.version,
        "model": json.loads(json.dumps(run.model, default=str)),
        "processes": {str(number): list(text) for number, text in run.processes.items()},
        "particle_status": {str(number): list(text) for number, text in PARTICLE_STATUS.items()},
        "vertex_status": {str(number): list(text) for number, text in VERTEX_STATUS.items()},
        "flux_averaged_cross_section_cm2": [run.cross_section_cm2, run.cross_section_error_cm2],
        "cite": {source.key: source.where for source in run.sources},
        "notes": dict(run.notes),
        "columns": EVENT_COLUMNS,
    }


def _scalars(record: EventRecord) -> Columns:
    return {"weight": record.weight, "process": record.process, **record.quantities}


def _lists(record: EventRecord) -> list[tuple[str, Ints, Columns]]:
    """Return prefix, counts and flat columns of particles and of vertices."""
    momenta = dict(zip(("E", "px", "py", "pz"), record.p.T, strict=True))
    labels = {"pdgid": record.pdgid, "status": record.status, "origin": record.origin, "end": record.end}
    places = dict(zip(("t", "x", "y", "z"), record.x.T, strict=True))
    return [
        ("particle", record.n_particles, {**labels, **momenta, "mass": record.mass}),
        ("vertex", record.n_vertices, {"status": record.vertex_status, **places}),
    ]


def write_event_parquet(path: str | Path, record: EventRecord) -> None:
    """Write events to a Parquet file, one row an event.

    Parameters
    ----------
    path : str or Path
        ``*.parquet``.
    record : EventRecord
        N >= 1 events.

    Raises
    ------
    RangeError
        For another suffix.
    OutputError
        When the file cannot be written.
    DarkhornError
        When pyarrow is not installed.
    """
    file = _checked(path, ".parquet")
    arrow = optional_package("pyarrow", "io", "writing Parquet files")
    parquet = optional_package("pyarrow.parquet", "io", "writing Parquet files")
    columns = {name: arrow.array(values) for name, values in _scalars(record).items()}
    for prefix, counts, flat in _lists(record):
        offsets = arrow.array(np.concatenate([[0], np.cumsum(counts)]).astype(np.int32))
        for name, values in flat.items():
            inner = arrow.array(np.ascontiguousarray(values))
            columns[f"{prefix}_{name}"] = arrow.ListArray.from_arrays(offsets, inner)
    table = arrow.table(columns)
    note = json.dumps(about_run(record), sort_keys=True)
    with atomic_path(file) as temporary:
        parquet.write_table(table.replace_schema_metadata({_KEY: note.encode()}), str(temporary))


def write_event_root(path: str | Path, record: EventRecord) -> None:
    """Write events to a ROOT file: trees ``events`` and ``run``, and the object ``about`` (JSON text).

    Parameters
    ----------
    path : str or Path
        ``*.root``.
    record : EventRecord
        N >= 1 events; lists become branches of variable length with the counters ``nparticle`` and ``nvertex``.

    Raises
    ------
    RangeError
        For another suffix.
    OutputError
        When the file cannot be written.
    DarkhornError
        When uproot or awkward is not installed.
    """
    file = _checked(path, ".root")
    uproot = optional_package("uproot", "io", "writing ROOT files")
    awkward = optional_package("awkward", "io", "writing ROOT files")
    branches: Columns = dict(_scalars(record))
    for prefix, counts, flat in _lists(record):
        parts = {name: awkward.unflatten(np.ascontiguousarray(values), counts) for name, values in flat.items()}
        branches[prefix] = awkward.zip(parts)
    run = record.run
    numbers = {
        "pot": run.pot,
        "events": record.weight.sum(),
        "flux_averaged_cross_section_cm2": run.cross_section_cm2,
        "seed": float(run.seed),
    }
    with atomic_path(file) as temporary, uproot.recreate(str(temporary)) as out:
        _tree(out, "events", branches)
        _tree(out, "run", {name: np.array([float(value)]) for name, value in numbers.items()})
        out["about"] = json.dumps(about_run(record), sort_keys=True)


def _tree(out: Any, name: str, branches: Columns) -> None:
    """Write a tree whose lists of records become branches ``list_field`` with the counter ``nlist``."""
    types = {key: v.dtype if isinstance(v, np.ndarray) else v.type.content for key, v in branches.items()}
    tree = out.mktree(name, types, field_name=lambda outer, inner: f"{outer}_{inner}" if outer else inner)
    tree.extend(branches)


def _flux_columns(rays: Rays, pot: float, mass: float) -> dict[str, Floats | Ints]:
    """Return the columns of a flux table in the order of :data:`FLUX_COLUMNS`."""
    n = len(rays)
    values = (
        *rays.x[:, 1:].T,
        rays.x[:, 0],
        *(rays.p / GEV).T,
        np.full(n, mass / GEV),
        rays.weight * pot,
        rays.pdgid,
        rays.parent,
        np.full(n, pot),
    )
    return dict(zip(FLUX_COLUMNS, values, strict=True))


def write_flux_table(path: str | Path, rays: Rays, pot: float, mass: float) -> None:
    """Write dark particles at the entry of the detector as CSV or Parquet.

    Parameters
    ----------
    path : str or Path
        ``*.csv`` (one header line, no comments) or ``*.parquet``.
    rays : Rays
        N >= 1 dark particles, weights per POT; ``parent`` is the PDG number of the meson.
    pot : float
        Exposure, > 0.
    mass : float
        Of the particle in MeV.

    Raises
    ------
    RangeError
        For another suffix, no rows or POT that is not positive.
    OutputError
        When the file cannot be written.
    DarkhornError
        When pyarrow is not installed and the file is Parquet.
    """
    file = _checked(path, ".csv", ".parquet")
    if not len(rays) or not 0.0 < pot < np.inf:
        raise RangeError(f"{file}: {len(rays)} dark particles in pot = {pot:g}; allowed: at least 1, pot > 0")
    columns = _flux_columns(rays, pot, mass)
    if file.suffix == ".csv":
        rows = zip(*(values.tolist() for values in columns.values()), strict=True)
        lines = [",".join(columns), *(",".join(repr(value) for value in row) for row in rows)]
        write_text_atomic(file, "\n".join(lines) + "\n")
        return
    arrow = optional_package("pyarrow", "io", "writing Parquet files")
    parquet = optional_package("pyarrow.parquet", "io", "writing Parquet files")
    table = arrow.table({name: np.ascontiguousarray(values) for name, values in columns.items()})
    note = json.dumps({"units": FLUX_COLUMNS, "pot": pot}).encode()
    with atomic_path(file) as temporary:
        parquet.write_table(table.replace_schema_metadata({_KEY: note}), str(temporary))


def _checked(path: str | Path, *suffixes: str) -> Path:
    """Return the path, or say which suffixes are allowed."""
    file = Path(path)
    if file.suffix not in suffixes:
        raise RangeError(f"{file}: allowed suffixes: {' or '.join(suffixes)}")
    return file
