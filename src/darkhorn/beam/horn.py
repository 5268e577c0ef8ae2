"""Horn profiles and tables of single tracks through them."""

import csv
import io
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np

from darkhorn.beam.beamline import RadialProfile
from darkhorn.beam.layers import FAR, layers_from_profile
from darkhorn.beam.transport import Status, Tracks, transport
from darkhorn.core.errors import DarkhornError, InputFileError, OutputError, RangeError, unknown_name
from darkhorn.core.rays import Floats, Ints
from darkhorn.core.units import GEV

G4BNB: Final = RadialProfile(
    z=(
        0.035, 0.086000004, 0.655, 0.8, 0.87699997, 1.0, 1.106,
        1.3039999, 1.6060001, 1.6639999, 1.7314999, 1.7685001, 1.7925999, 1.8,
    ),
    r_in=(
        0.07, 0.022, 0.022, 0.022, 0.033, 0.0504, 0.0654,
        0.0654, 0.022, 0.024000001, 0.040999999, 0.071700001, 0.1135, 0.1595,
    ),
    r_out=(0.3, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3, 0.29790001, 0.28139999, 0.25030001, 0.2085, 0.1616),
)  # fmt: skip
"""Field region of the BNB horn in m (public Geant4 simulation of the beam, SBNSoftware/G4BNB)."""

FREE: Final = RadialProfile((-FAR, FAR), (0.0, 0.0), (FAR, FAR))
"""Field everywhere off the axis: for comparison with closed forms."""

PROFILES: Final = {"G4BNB": G4BNB, "FREE": FREE}
"""Built-in profiles by name."""

_PROFILE_COLUMNS: Final = ("z_m", "r_in_m", "r_out_m")
_START: Final = (
    "charge_e", "mass_GeV", "current_A", "x0_m", "y0_m", "z0_m", "px0_GeVc", "py0_GeVc", "pz0_GeVc", "z1_m",
)  # fmt: skip
_NAMES: Final = ("id", "profile", "species")
_END: Final = (
    "x1_m", "y1_m", "z1_m", "px1_GeVc", "py1_GeVc", "pz1_GeVc",
    "path_m", "time_ns", "field_path_m", "n_boundary_crossings",
)  # fmt: skip


def _rows(path: Path, columns: tuple[str, ...]) -> list[dict[str, str]]:
    """Return the rows of a CSV file with ``#`` comments that has these columns."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputFileError(f"{path}: cannot read the file ({error})") from error
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    reader = csv.DictReader(lines)
    header = reader.fieldnames or []
    missing = [column for column in columns if column not in header]
    if missing:
        raise InputFileError(f"{path}: missing column '{missing[0]}'; found: {', '.join(header) or 'none'}")
    rows = list(reader)
    if not rows:
        raise InputFileError(f"{path}: no rows below the header")
    return rows


def _number(path: Path, row: int, column: str, text: str | None) -> float:
    """Return one finite number of a table, or an error with its place."""
    try:
        value = float(text or "")
    except ValueError:
        value = np.nan
    if not np.isfinite(value):
        raise InputFileError(f"{path}: row {row}: {column} = '{text}'; allowed: a finite number")
    return value


def load_profile(path: str | Path) -> RadialProfile:
    """Return a horn profile from a CSV file with columns ``z_m,r_in_m,r_out_m``.

    Parameters
    ----------
    path : str or Path
        One node a row, in m, z increasing; lines with ``#`` are comments.

    Returns
    -------
    RadialProfile
        Straight cones between the nodes.

    Raises
    ------
    InputFileError
        When the file cannot be read, lacks a column, holds something that is no finite number, z does not increase
        or a radius is impossible.
    """
    path = Path(path)
    rows = _rows(path, _PROFILE_COLUMNS)
    columns = [
        tuple(_number(path, number, name, row[name]) for number, row in enumerate(rows, 1)) for name in _PROFILE_COLUMNS
    ]
    try:
        return RadialProfile(*columns)
    except RangeError as error:
        raise InputFileError(f"{path}: {error}") from error


def outline(profile: RadialProfile) -> Floats:
    """Return the closed polyline (z, r) in m, shape (2 n + 1, 2), around the field region, to draw it."""
    lower = np.column_stack([profile.z, profile.r_in])
    upper = np.column_stack([profile.z, profile.r_out])[::-1]
    return np.vstack([lower, upper, lower[:1]])


def _follow(profile: RadialProfile, starts: Floats, precise: bool) -> Tracks:
    """Return the tracks from start columns (N, 10) in the units of the file."""
    charge, mass, current = starts[:, 0], starts[:, 1] * GEV, starts[:, 2]
    momentum = starts[:, 6:9] * GEV
    energy = np.sqrt(mass**2 + (momentum**2).sum(axis=1))
    x = np.column_stack([np.zeros(len(starts)), starts[:, 3:6]])
    p = np.column_stack([energy, momentum])
    return transport(layers_from_profile(profile), x, p, charge, current, z_end=starts[:, 9], precise=precise)


def _write(path: Path, text: str) -> None:
    """Write a file in one move: a reader sees the old one or the new one, never half."""
    temporary = None
    try:
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, suffix=".tmp", delete=False) as file:
            temporary = Path(file.name)
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
        raise OutputError(f"{path}: cannot write the file ({error})") from error


def track_table(
    in_path: str | Path,
    out_path: str | Path,
    profiles: Mapping[str, str | Path] | None = None,
    precise: bool = True,
) -> None:
    """Follow every particle of a CSV table to its end plane and write the table with the ends filled in.

    Parameters
    ----------
    in_path : str or Path
        Table with the columns id, profile, species, charge_e, mass_GeV, current_A, x0_m, y0_m, z0_m, px0_GeVc,
        py0_GeVc, pz0_GeVc and z1_m (the end plane); other columns are ignored, lines with ``#`` are comments.
    out_path : str or Path
        Written in one move, rows in the order of the input; the columns above, then x1_m, y1_m, z1_m, px1_GeVc,
        py1_GeVc, pz1_GeVc, path_m, time_ns, field_path_m, n_boundary_crossings with 17 digits.
    profiles : mapping of str to path, optional
        Further profiles: CSV files for :func:`load_profile`. ``G4BNB`` and ``FREE`` are built in.
    precise : bool
        Passed to :func:`darkhorn.beam.transport.transport`.

    Raises
    ------
    InputFileError
        When a file is missing or malformed, or a track does not reach its end plane (the message names the row).
    UnknownNameError
        For a profile that is neither built in nor given.
    OutputError
        When the result cannot be written; an older file is left as it was.
    """
    in_path, out_path = Path(in_path), Path(out_path)
    known = dict(PROFILES) | {name: load_profile(path) for name, path in (profiles or {}).items()}
    rows = _rows(in_path, _NAMES + _START)
    for row in rows:
        if row["profile"] not in known:
            raise unknown_name("profile", row["profile"], known)
    starts = np.array([[_number(in_path, i, name, row[name]) for name in _START] for i, row in enumerate(rows, 1)])
    if (starts[:, 1] < 0).any():
        raise InputFileError(f"{in_path}: row {int(np.argmax(starts[:, 1] < 0)) + 1}: mass_GeV < 0; allowed: >= 0 GeV")
    ends: list[list[str]] = [[] for _ in rows]
    names = np.array([row["profile"] for row in rows])
    for name in dict.fromkeys(names):
        which = np.flatnonzero(names == name).astype(np.int64)
        try:
            tracks = _follow(known[name], starts[which], precise)
        except DarkhornError as error:
            raise InputFileError(f"{in_path}: tracks in profile {name}: {error}") from error
        for i, end in zip(which, _ends(tracks, in_path, which), strict=True):
            ends[i] = end
    kept = [*_NAMES, *_START[:-1]]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*kept, *_END])
    for row, end in zip(rows, ends, strict=True):
        writer.writerow([*(row[name] for name in kept), *end])
    _write(out_path, text.getvalue())


def _ends(tracks: Tracks, source: Path, rows: Ints) -> list[list[str]]:
    """Return the end columns as text, or an error that names the first row that did not arrive."""
    lost = tracks.status != Status.REACHED_END
    if lost.any():
        first = int(np.argmax(lost))
        reason = Status(tracks.status[first]).name
        raise InputFileError(f"{source}: row {int(rows[first]) + 1}: the track does not reach z1_m ({reason})")
    numbers = np.column_stack([tracks.x[:, 1:], tracks.p[:, 1:] / GEV, tracks.path, tracks.x[:, 0], tracks.field_path])
    return [[*map(repr, row), str(n)] for row, n in zip(numbers.tolist(), tracks.crossings.tolist(), strict=True)]
