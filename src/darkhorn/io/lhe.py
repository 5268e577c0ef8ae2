"""The process in the detector as a Les Houches event file (version 3.0), in GeV.

The format describes one hard process at one point, so only what happens in the detector is written: the dark particle
and its target come in, and everything that follows goes out. The place (x, y, z in m, t in ns) is a comment in each
event. ``XWGTUP`` follows weighting strategy 4, the mean being the cross section in pb (here the flux-averaged one per
atom); the weight named CV is the expected number of events in the exposure.

Source: arXiv:hep-ph/0609017 (format); arXiv:hep-ph/0109068 (weighting strategies).
"""

import json
from pathlib import Path
from typing import Final
from xml.sax.saxutils import escape

import numpy as np

from darkhorn.core.errors import RangeError
from darkhorn.core.rays import Ints
from darkhorn.core.units import GEV
from darkhorn.io.atomic import atomic_path
from darkhorn.io.event_record import BEAM, DARK_DECAY, PRIMARY, EventRecord

SUFFIX: Final = ".lhe"
_STRATEGY: Final = 4
_PB: Final = 1.0e36
_NO_HELICITY: Final = 9.0


def write_lhe(path: str | Path, record: EventRecord) -> None:
    """Write what happens in the detector as a Les Houches event file.

    Parameters
    ----------
    path : str or Path
        ``*.lhe``.
    record : EventRecord
        N >= 1 events.

    Raises
    ------
    RangeError
        For another suffix.
    OutputError
        When the file cannot be written.
    """
    file = Path(path)
    if file.suffix != SUFFIX:
        raise RangeError(f"{file}: allowed suffix of Les Houches event files: {SUFFIX}")
    weight = record.weight * (record.run.cross_section_cm2 * _PB * len(record) / record.weight.sum())
    primary = record.primary()
    with atomic_path(file) as temporary, temporary.open("w", encoding="utf-8") as out:
        out.write(_head(record))
        for event in range(len(record)):
            out.write("<event>\n" + _event(record, event, float(weight[event])))
            t, x, y, z = record.x[primary[event]].tolist()
            out.write(f"# lab_pos_m {x!r} {y!r} {z!r} t_ns {t!r}\n")
            out.write(f"<rwgt>\n<wgt id='CV'> {float(record.weight[event])!r} </wgt>\n</rwgt>\n</event>\n")
        out.write("</LesHouchesEvents>\n")


def _head(record: EventRecord) -> str:
    """Return everything before the first event."""
    run = record.run
    about = {
        "pot": run.pot,
        "scenario": run.title,
        "mode": run.mode,
        "seed": run.seed,
        "version": run.version,
        "model": run.model,
        "notes": dict(run.notes),
        "cite": [source.where for source in run.sources],
    }
    beam = int(record.pdgid[record.status == BEAM][0])
    energy = record.p[record.status == BEAM, 0] / GEV
    mean = float(record.weight @ energy / record.weight.sum())
    share = record.run.cross_section_cm2 * _PB / record.weight.sum()
    error = run.cross_section_error_cm2 / run.cross_section_cm2 if run.cross_section_cm2 > 0.0 else 0.0
    lines = [
        '<LesHouchesEvents version="3.0">',
        "<header>",
        f"<darkhorn>\n{escape(json.dumps(about, default=str))}\n</darkhorn>",
        "<initrwgt>\n<weightgroup name='events' combine='none'>",
        "<weight id='CV'> expected events in the exposure </weight>",
        "</weightgroup>\n</initrwgt>",
        "</header>",
        "<init>",
        f"{beam} 0 {mean!r} 0.0 0 0 0 0 {_STRATEGY} {len(run.processes)}",
    ]
    for number in run.processes:
        sigma = float(share * record.weight[record.process == number].sum())
        lines.append(f"{sigma!r} {sigma * error!r} {float(record.weight.max() * share * len(record))!r} {number}")
    return "\n".join([*lines, "</init>\n"])


def _event(record: EventRecord, event: int, weight: float) -> str:
    """Return the lines of one event: header and particles."""
    first, last = record.first_particle[event : event + 2]
    start, stop = record.first_vertex[event : event + 2]
    statuses = record.vertex_status[start:stop]
    origin, end = record.origin[first:last], record.end[first:last]
    inside = np.flatnonzero(np.isin(statuses, (PRIMARY, DARK_DECAY)))
    primary = int(np.flatnonzero(statuses == PRIMARY)[0])
    incoming = np.flatnonzero(end == primary)
    made = np.flatnonzero(np.isin(origin, inside))
    rows = np.concatenate([incoming, made])
    place = {int(row): number for number, row in enumerate(rows, 1)}
    mass = record.mass[first:last]
    q_sq = float(record.quantities["q_sq_MeV2"][event]) if "q_sq_MeV2" in record.quantities else 0.0
    lines = [f"{len(rows)} {record.process[event]} {weight!r} {float(np.sqrt(q_sq)) / GEV!r} -1.0 -1.0"]
    for row in rows.tolist():
        mothers = _mothers(end, int(origin[row]), place) if row in made else (0, 0)
        status = -1 if row in incoming else 2 if end[row] >= 0 else 1
        p = (record.p[first + row] / GEV)[[1, 2, 3, 0]].tolist()
        numbers = " ".join(repr(value) for value in [*p, float(mass[row]) / GEV, 0.0, _NO_HELICITY])
        lines.append(f"{record.pdgid[first + row]} {status} {mothers[0]} {mothers[1]} 0 0 {numbers}")
    return "\n".join(lines) + "\n"


def _mothers(end: Ints, vertex: int, place: dict[int, int]) -> tuple[int, int]:
    """Return first and last line of the particles that end at a vertex."""
    found = [place[row] for row in np.flatnonzero(end == vertex).tolist()]
    return min(found), max(found)
