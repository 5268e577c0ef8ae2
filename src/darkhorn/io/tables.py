"""Tables of numbers: strict CSV columns, and rays from and to CSV and NPZ.

A ray table has the columns of :data:`RAY_COLUMNS`, one particle a row, in ns, m and MeV and with the weight per
proton on target; lines that start with ``#`` are comments. Energies are not stored: they follow from the
momentum and the PDG mass.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

import numpy as np

from darkhorn.core.errors import InputFileError, RangeError, UnknownNameError, nearest
from darkhorn.core.rays import Floats, Ints, Rays, check_finite
from darkhorn.core.species import mass
from darkhorn.io.atomic import atomic_path, write_text_atomic
from darkhorn.io.foreign import errors_of

RAY_COLUMNS: Final = ("pdgid", "t", "x", "y", "z", "px", "py", "pz", "weight")
"""Columns of a ray table: PDG number, ns, m (three), MeV/c (three), per POT."""


def read_columns(path: Path, required: Iterable[str], optional: Iterable[str] | None = None) -> dict[str, list[str]]:
    """Return the columns of a CSV file with ``#`` comment lines, as text.

    Parameters
    ----------
    path : Path
        File to read (UTF-8, one header line, comma separated).
    required : iterable of str
        Columns that must be there.
    optional : iterable of str, optional
        Further columns that may be there; ``None`` allows any.

    Returns
    -------
    dict of str to list of str
        The cells of each column, without surrounding blanks.

    Raises
    ------
    InputFileError
        When the file cannot be read, a column is missing, misspelt or repeated, a row has another number of cells
        than the header, or there are no rows.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise InputFileError(f"cannot read {path}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise InputFileError(f"{path}: not UTF-8 text ({error.reason} at byte {error.start})") from error
    rows = [line.split(",") for line in lines if line.strip() and not line.lstrip().startswith("#")]
    if len(rows) < 2:
        raise InputFileError(f"{path}: empty; expected a header line and at least one row of numbers")
    header = [name.strip() for name in rows[0]]
    known = list(required)
    _check_header(path, header, known, None if optional is None else list(optional))
    for number, cells in enumerate(rows[1:], 1):
        if len(cells) != len(header):
            raise InputFileError(f"{path}: row {number}: {len(cells)} cells; the header has {len(header)}")
    return {name: [cells[i].strip() for cells in rows[1:]] for i, name in enumerate(header)}


def _check_header(path: Path, header: list[str], required: list[str], optional: list[str] | None) -> None:
    """Refuse missing, misspelt, repeated and (unless any are allowed) unknown columns."""
    for name in header:
        if header.count(name) > 1:
            raise InputFileError(f"{path}: column '{name}' appears twice")
    spare = [name for name in header if name not in required]
    for name in required:
        if name not in header:
            raise InputFileError(
                f"{path}: column '{name}' is missing.{nearest(name, spare)} Found: {', '.join(header)}."
            )
    for name in spare:
        if optional is not None and name not in optional:
            known = [*required, *optional]
            raise InputFileError(f"{path}: unknown column '{name}'.{nearest(name, known)} Known: {', '.join(known)}.")


def as_numbers(path: Path, name: str, cells: list[str]) -> Floats:
    """Return the cells of column ``name`` as finite numbers, shape (rows,).

    Raises
    ------
    InputFileError
        Naming the file, the row (counted from 1 after the header), the column and the cell.
    """
    try:
        values = np.array(cells, dtype=float)
    except ValueError:
        for row, cell in enumerate(cells, 1):
            try:
                float(cell)
            except ValueError:
                raise InputFileError(f"{path}: row {row}: {name} = '{cell}' is not a number") from None
        raise
    _require_finite(path, name, values)
    return values


def _require_finite(path: Path, name: str, values: Floats) -> None:
    """Refuse NaN and infinities."""
    bad = np.flatnonzero(~np.isfinite(values))
    if bad.size:
        raise InputFileError(f"{path}: row {bad[0] + 1}: {name} = {values[bad[0]]} is not a finite number")


def read_rays(path: str | Path) -> Rays:
    """Return the rays of a CSV or NPZ file.

    Parameters
    ----------
    path : str or Path
        ``*.csv`` with the header ``pdgid,t,x,y,z,px,py,pz,weight``, or ``*.npz`` with arrays of these names.
        Units: ns, m, MeV/c, weight per proton on target.

    Returns
    -------
    Rays
        N particles on their PDG mass shell, without parents.

    Raises
    ------
    InputFileError
        When the file is missing, of another kind, empty or malformed; a column is missing, misspelt or unknown; a
        cell is not a finite number; a weight is negative; or a PDG number is unknown. The message names the file,
        the row and the column.
    """
    file = Path(path)
    if file.suffix == ".npz":
        columns = _npz_columns(file)
    elif file.suffix == ".csv":
        cells = read_columns(file, RAY_COLUMNS, ())
        columns = {name: as_numbers(file, name, cells[name]) for name in RAY_COLUMNS}
    else:
        raise InputFileError(f"{file}: a file of kind '{file.suffix}'; allowed: .csv, .npz")
    pdgid = _pdg_numbers(file, columns["pdgid"])
    momentum = np.stack([columns[name] for name in ("px", "py", "pz")], axis=1)
    energy = np.hypot(np.linalg.norm(momentum, axis=1), _masses(file, pdgid))
    position = np.stack([columns[name] for name in ("t", "x", "y", "z")], axis=1)
    rays = Rays.make(pdgid, position, np.column_stack([energy, momentum]), columns["weight"])
    check_finite(rays, str(file))
    return rays


def _npz_columns(path: Path) -> dict[str, Floats]:
    """Return the arrays of an NPZ file, all of one length, without unpickling anything."""
    expected = "an NPZ archive of plain numbers"
    with errors_of(path, expected), path.open("rb") as handle, np.load(handle, allow_pickle=False) as archive:
        arrays = {name: np.asarray(archive[name]) for name in archive.files}
    _check_header(path, list(arrays), list(RAY_COLUMNS), [])
    lengths = {name: np.shape(values) for name, values in arrays.items()}
    if len(set(lengths.values())) != 1 or len(lengths["weight"]) != 1:
        raise InputFileError(f"{path}: arrays of shapes {lengths}; expected one length for all")
    if not lengths["weight"][0]:
        raise InputFileError(f"{path}: empty; expected at least one particle")
    for name, values in arrays.items():
        if values.dtype.kind not in "iuf":
            raise InputFileError(f"{path}: array '{name}' has type {values.dtype}; expected numbers")
        _require_finite(path, name, values.astype(float))
    return {name: arrays[name].astype(float) for name in RAY_COLUMNS}


def _pdg_numbers(path: Path, values: Floats) -> Ints:
    """Return PDG numbers as integers."""
    bad = np.flatnonzero((values != np.round(values)) | (np.abs(values) > 2**53))
    if bad.size:
        raise InputFileError(f"{path}: row {bad[0] + 1}: pdgid = {values[bad[0]]:g} is not an integer")
    return values.astype(np.int64)


def _masses(path: Path, pdgid: Ints) -> Floats:
    """Return the PDG masses in MeV, shape (N,)."""
    numbers, which = np.unique(pdgid, return_inverse=True)
    masses = np.empty(len(numbers))
    for i, number in enumerate(numbers):
        try:
            masses[i] = mass(int(number))
        except UnknownNameError as error:
            row = int(np.argmax(pdgid == number)) + 1
            raise InputFileError(f"{path}: row {row}: pdgid = {number}: {error}") from error
    found: Floats = masses[which]
    return found


def write_rays(path: str | Path, rays: Rays) -> None:
    """Write rays to a CSV or NPZ file in one step; every number reads back bit for bit.

    Parameters
    ----------
    path : str or Path
        ``*.csv`` or ``*.npz``.
    rays : Rays
        Particles on their PDG mass shell: the format keeps momenta, not energies, and no parents.

    Raises
    ------
    RangeError
        When the batch is empty, or a particle is off its PDG mass shell by more than 1e-6 of its energy.
    InputFileError
        For another suffix, an unknown PDG number, NaN or a negative weight.
    OutputError
        When the file cannot be written.
    """
    file = Path(path)
    if not len(rays):
        raise RangeError(f"{file}: 0 rays to write; allowed: at least 1")
    check_finite(rays, str(file))
    on_shell = np.hypot(rays.momentum, _masses(file, rays.pdgid))
    off = np.flatnonzero(np.abs(rays.energy - on_shell) > 1e-6 * on_shell)
    if off.size:
        row = off[0]
        raise RangeError(
            f"{file}: row {row + 1}: energy = {rays.energy[row]:g} MeV, but PDG number {rays.pdgid[row]} has "
            f"{on_shell[row]:g} MeV at this momentum; a ray table keeps momenta only"
        )
    columns = dict(zip(RAY_COLUMNS, (rays.pdgid, *rays.x.T, *rays.p[:, 1:].T, rays.weight), strict=True))
    if file.suffix == ".npz":
        with atomic_path(file) as temporary:
            np.savez(temporary, **columns)
    elif file.suffix == ".csv":
        rows = zip(*(values.tolist() for values in columns.values()), strict=True)
        body = "\n".join(",".join(map(repr, row)) for row in rows)
        units = "# darkhorn rays; units: t ns, x y z m, px py pz MeV/c, weight per proton on target"
        write_text_atomic(file, f"{units}\n{','.join(RAY_COLUMNS)}\n{body}\n")
    else:
        raise InputFileError(f"{file}: a file of kind '{file.suffix}'; allowed: .csv, .npz")
