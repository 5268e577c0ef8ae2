"""Events as HepMC3 text that follows NuHepMC 1.0.0 (MeV, mm, ct in mm; weights are events in the exposure).

The dark particle is the beam particle of the primary process, which happens in the detector; the meson and its decay
stand before it in the same event, as suggestion E.S.1 of the convention has it. The flux-averaged cross section is the
sum of weights over (protons x atoms per volume x track length of all dark particles in the detector), so it includes
whatever the weights include.

Source of every rule named here: arXiv:2310.13211 and the specification 1.0.0 that belongs to it.
"""

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import numpy as np

from darkhorn.core.errors import RangeError
from darkhorn.core.rays import Floats
from darkhorn.core.units import MM, SECOND, C
from darkhorn.io.atomic import atomic_path
from darkhorn.io.event_record import (
    BEAM,
    PARTICLE_NAMES,
    PARTICLE_STATUS,
    VERTEX_STATUS,
    EventRecord,
    RunInfo,
)
from darkhorn.io.foreign import optional_package
from darkhorn.io.hepmc import POT_ATTRIBUTE

VERSION: Final = (1, 0, 0)
CONVENTIONS: Final = ("G.C.1", "G.C.2", "G.C.3", "G.C.4", "G.C.5", "E.C.1", "E.C.5", "V.C.1", "P.C.1", "P.C.2")
"""Conventions that every file follows beside the requirements."""
SUFFIXES: Final = (".hepmc", ".hepmc3")
_PB: Final = 1.0e36
"""Picobarns in one cm^2."""
_ARXIV: Final = re.compile(r"arXiv:(\d{4}\.\d{4,5}|[a-z-]+/\d{7})")


def numbers(values: Iterable[float]) -> str:
    """Return numbers as HepMC3 writes a vector attribute, but with every digit."""
    return " ".join(repr(float(value)) for value in values)


def run_attributes(record: EventRecord) -> dict[str, str]:
    """Return the attributes of the run as text, which is how the format holds them.

    Parameters
    ----------
    record : EventRecord
        Events to be written.
    """
    run = record.run
    found = {f"NuHepMC.Version.{name}": str(v) for name, v in zip(("Major", "Minor", "Patch"), VERSION, strict=True)}
    found["NuHepMC.Conventions"] = " ".join(CONVENTIONS)
    found[POT_ATTRIBUTE] = repr(float(run.pot))
    found["NuHepMC.FluxAveragedTotalCrossSection"] = repr(run.cross_section_cm2 * _PB)
    found["NuHepMC.FluxAveragedTotalCrossSectionUncertainty"] = repr(run.cross_section_error_cm2 * _PB)
    found["NuHepMC.Units.CrossSection.Unit"] = "pb"
    found["NuHepMC.Units.CrossSection.TargetScale"] = "PerAtom"
    found |= _table("Process", dict(run.processes))
    found |= _table("VertexStatus", VERTEX_STATUS)
    found |= _table("ParticleStatus", PARTICLE_STATUS)
    used = [int(number) for number in np.unique(record.pdgid) if int(number) in PARTICLE_NAMES]
    found["NuHepMC.AdditionalParticleNumbers"] = " ".join(str(number) for number in used)
    for number in used:
        name, text = PARTICLE_NAMES[number]
        beam = number == _beam_number(record)
        found[f"NuHepMC.AdditionalParticleNumber[{number}].Name"] = run.beam_name if beam else name
        found[f"NuHepMC.AdditionalParticleInfo[{number}].Description"] = text
    found |= _flux(run, _beam_number(record)) | _citations(run)
    found["NuHepMC.Provenance.Seed"] = str(run.seed)
    found["darkhorn.Scenario"] = f"{run.title} {run.mode}".strip()
    found["darkhorn.Model"] = json.dumps(run.model, sort_keys=True, default=str)
    return found | {f"darkhorn.{name}": text for name, text in run.notes.items()}


def _beam_number(record: EventRecord) -> int:
    """Return the PDG number of the particles that come to the detector."""
    return int(record.pdgid[record.status == BEAM][0])


def _table(name: str, rows: dict[int, tuple[str, str]]) -> dict[str, str]:
    """Return a table of numbers with a name and a description each."""
    found = {f"NuHepMC.{name}IDs": " ".join(str(number) for number in rows)}
    for number, (short, text) in rows.items():
        found[f"NuHepMC.{name}Info[{number}].Name"] = short
        found[f"NuHepMC.{name}Info[{number}].Description"] = text
    return found


def _flux(run: RunInfo, number: int) -> dict[str, str]:
    """Return the energies of the dark particles that cross the detector as a histogram (convention G.C.4)."""
    start = f"NuHepMC.Beam[{number}]."
    return {
        f"{start}Type": "Histogram",
        f"{start}EnergyUnit": "MEV",
        f"{start}RateUnit": "particles crossing the detector in the exposure",
        f"{start}Histogram.BinEdges": numbers(run.flux_edges),
        f"{start}Histogram.BinContent": numbers(run.flux),
        f"{start}Histogram.ContentIsPerWidth": "0",
    }


def _citations(run: RunInfo) -> dict[str, str]:
    """Return what to cite (convention G.C.3): arXiv numbers, our own keys, and every work in words."""
    if not run.sources:
        return {}
    arxiv = [number for source in run.sources for number in _ARXIV.findall(source.where)]
    found = {"NuHepMC.Citations.Generator.arXiv": " ".join(dict.fromkeys(arxiv))} if arxiv else {}
    found["NuHepMC.Citations.Generator.Key"] = " ".join(source.key for source in run.sources)
    found["darkhorn.References"] = "; ".join(f"{source.title}, {source.where}" for source in run.sources)
    return found


def write_nuhepmc(path: str | Path, record: EventRecord) -> None:
    """Write events to a HepMC3 text file.

    Parameters
    ----------
    path : str or Path
        ``*.hepmc`` or ``*.hepmc3``.
    record : EventRecord
        N >= 1 events.

    Raises
    ------
    RangeError
        For another suffix.
    OutputError
        When the file cannot be written.
    DarkhornError
        When pyhepmc is not installed.
    """
    file = Path(path)
    if file.suffix not in SUFFIXES:
        raise RangeError(f"{file}: allowed suffixes of HepMC3 text: {' or '.join(SUFFIXES)}")
    hep = optional_package("pyhepmc", "io", "writing HepMC3 files")
    run = hep.GenRunInfo()
    run.tools = [("darkhorn", record.run.version, "from protons on target to dark-sector signals")]
    run.weight_names = ["CV"]
    for name, text in run_attributes(record).items():
        run.attributes[name] = text
    primary = record.primary()
    with atomic_path(file) as temporary, hep.io.WriterAscii(str(temporary), run) as writer:
        writer.precision = 17
        for number in range(len(record)):
            writer.write(_event(hep, run, record, number, record.x[primary[number]]))


def _event(hep: Any, run: Any, record: EventRecord, number: int, where: Floats) -> Any:
    """Return one event; ``where`` is its primary vertex (t, x, y, z)."""
    event = hep.GenEvent(hep.Units.MEV, hep.Units.MM)
    event.event_number, event.run_info = number, run
    start, stop = record.first_vertex[number : number + 2]
    vertices = []
    for status, x in zip(record.vertex_status[start:stop], record.x[start:stop], strict=True):
        vertex = hep.GenVertex((x[1] / MM, x[2] / MM, x[3] / MM, x[0] * C / MM))
        vertex.status = int(status)
        vertices.append(vertex)
    first, last = record.first_particle[number : number + 2]
    for row in range(first, last):
        p = record.p[row]
        particle = hep.GenParticle((p[1], p[2], p[3], p[0]), int(record.pdgid[row]), int(record.status[row]))
        particle.generated_mass = float(record.mass[row])
        if record.origin[row] >= 0:
            vertices[record.origin[row]].add_particle_out(particle)
        if record.end[row] >= 0:
            vertices[record.end[row]].add_particle_in(particle)
    for vertex in vertices:
        event.add_vertex(vertex)
    event.weights = [float(record.weight[number])]
    event.attributes["signal_process_id"] = int(record.process[number])
    place = [where[1] / MM, where[2] / MM, where[3] / MM, where[0] / SECOND]
    event.attributes["lab_pos"] = numbers(place)
    for name, values in record.quantities.items():
        event.attributes[name] = repr(float(values[number]))
    return event
