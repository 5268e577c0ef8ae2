"""Events as HEPEVT text, in the layout that LArSoft's TextFileGen reads: GeV, cm, ns.

A line ``number particles`` opens an event; fifteen words describe a particle: status, PDG number, first and second
mother, first and last daughter (counted from 1, 0 for none), px, py, pz, E, mass in GeV, and x, y, z in cm and t in ns
where it is made. Status 1 is what a detector simulation has to track: products in the detector with a PDG number.
Everything else (the meson and its other products, dark particles, target, pseudo-particles) has status 3. The format
has no place for weights, POT or units; a second file, ``<name>.json``, holds them.

Source: LArSoft, larsim/EventGenerator/TextFileGen_module.cc (format and units); HEPEVT standard.
"""

import json
from pathlib import Path
from typing import Any, Final

import numpy as np

from darkhorn.core.errors import InputFileError, RangeError
from darkhorn.core.rays import Floats, Ints
from darkhorn.core.units import CM, GEV
from darkhorn.io.atomic import atomic_path, write_text_atomic
from darkhorn.io.event_record import DARK_DECAY, FINAL, PARTICLE_NAMES, PRIMARY, EventRecord

SUFFIXES: Final = (".hepevt", ".txt")
TRACKED: Final = 1
DOCUMENTATION: Final = 3
_WORDS: Final = 15


def tracked(record: EventRecord) -> Ints:
    """Return the HEPEVT status of each particle, (P,): 1 for final particles made in the detector, else 3."""
    base = np.repeat(record.first_vertex[:-1], record.n_particles)
    made_in = np.where(record.origin >= 0, record.vertex_status[base + np.maximum(record.origin, 0)], 0)
    inside = np.isin(made_in, (PRIMARY, DARK_DECAY))
    known = ~np.isin(np.abs(record.pdgid), list(PARTICLE_NAMES))
    return np.where(inside & known & (record.status == FINAL), TRACKED, DOCUMENTATION)


def _relatives(origin: Ints, end: Ints) -> tuple[Ints, Ints]:
    """Return first and last mother, and first and last daughter, of each particle of an event, (n, 2) each."""
    mothers, daughters = np.zeros((len(origin), 2), dtype=np.int64), np.zeros((len(origin), 2), dtype=np.int64)
    for row, (start, stop) in enumerate(zip(origin, end, strict=True)):
        for found, vertex, link in ((mothers, start, end), (daughters, stop, origin)):
            others = np.flatnonzero(link == vertex) + 1 if vertex >= 0 else np.zeros(0, dtype=np.int64)
            if len(others):
                found[row] = others[0], others[-1]
    return mothers, daughters


def _places(record: EventRecord) -> Floats:
    """Return where each particle is made (t, x, y, z), (P, 4); where it ends, for those that come in."""
    base = np.repeat(record.first_vertex[:-1], record.n_particles)
    return record.x[base + np.where(record.origin >= 0, record.origin, record.end)]


def write_hepevt(path: str | Path, record: EventRecord) -> None:
    """Write events as HEPEVT text, and weights, POT and quantities beside it as ``<name>.json``.

    Parameters
    ----------
    path : str or Path
        ``*.hepevt`` or ``*.txt``.
    record : EventRecord
        N >= 1 events. Positions are written as they are: see ``EventRecord.seen_from`` for the detector's frame.

    Raises
    ------
    RangeError
        For another suffix.
    OutputError
        When a file cannot be written.
    """
    file = Path(path)
    if file.suffix not in SUFFIXES:
        raise RangeError(f"{file}: allowed suffixes of HEPEVT text: {' or '.join(SUFFIXES)}")
    status, where = tracked(record), _places(record)
    numbers = np.column_stack([record.p[:, [1, 2, 3, 0]] / GEV, record.mass / GEV, where[:, 1:] / CM, where[:, 0]])
    first = record.first_particle
    with atomic_path(file) as temporary, temporary.open("w", encoding="utf-8") as out:
        for event in range(len(record)):
            rows = slice(first[event], first[event + 1])
            mothers, daughters = _relatives(record.origin[rows], record.end[rows])
            out.write(f"{event} {record.n_particles[event]}\n")
            whole = np.column_stack([status[rows], record.pdgid[rows], mothers, daughters])
            for labels, values in zip(whole.tolist(), numbers[rows].tolist(), strict=True):
                out.write(" ".join([*map(str, labels), *map(repr, values)]) + "\n")
    write_text_atomic(beside(file), json.dumps(_note(record), indent=1) + "\n")


def beside(path: Path) -> Path:
    """Return the name of the file with the weights of a HEPEVT file."""
    return path.with_suffix(path.suffix + ".json")


def _note(record: EventRecord) -> dict[str, Any]:
    run = record.run
    return {
        "pot": run.pot,
        "units": {"momentum": "GeV", "length": "cm", "time": "ns", "weight": "events in the exposure"},
        "version": run.version,
        "scenario": run.title,
        "mode": run.mode,
        "seed": run.seed,
        "model": json.loads(json.dumps(run.model, default=str)),
        "notes": dict(run.notes),
        "processes": {str(number): name for number, (name, _) in run.processes.items()},
        "cite": [source.key for source in run.sources],
        "weight": record.weight.tolist(),
        "process": record.process.tolist(),
        **{name: values.tolist() for name, values in record.quantities.items()},
    }


def read_hepevt(path: str | Path) -> list[Floats]:
    """Return the events of a HEPEVT text, each an array (particles, 15) as the file has it, in GeV, cm and ns.

    Raises
    ------
    InputFileError
        When the file is missing, breaks off, or a line has another number of words or is not made of numbers; the
        message names the line.
    """
    file = Path(path)
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputFileError(f"cannot read {file}: {error}") from error
    events, at = [], 0
    while at < len(lines):
        count = _count(file, lines, at)
        rows = [_row(file, lines, at + 1 + k, _WORDS) for k in range(count)]
        events.append(np.array(rows).reshape(count, _WORDS))
        at += 1 + count
    return events


def _count(path: Path, lines: list[str], at: int) -> int:
    """Return the number of particles that the first line of an event announces."""
    number = _row(path, lines, at, 2)[1]
    if number != round(number) or not 0 <= number <= len(lines):
        raise InputFileError(f"{path}: line {at + 1}: {number:g} particles; allowed: 0 to the number of lines")
    return int(number)


def _row(path: Path, lines: list[str], at: int, words: int) -> list[float]:
    """Return the numbers of a line, which has to have as many as expected."""
    if at >= len(lines):
        raise InputFileError(f"{path}: truncated: line {at + 1} of {words} numbers is missing")
    found = lines[at].split()
    try:
        values = [float(word) for word in found]
    except ValueError:
        values = []
    if len(values) != words or not np.isfinite(values).all():
        raise InputFileError(f"{path}: line {at + 1}: '{lines[at][:60]}'; expected {words} numbers")
    return values
