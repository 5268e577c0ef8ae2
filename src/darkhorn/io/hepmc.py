"""HepMC3 event files: births of mesons to rays, and rays to a file.

The reader checks the text itself before the library sees it, because the library replaces a word it cannot read by
zero, an unknown unit by its default, and ends quietly where a file breaks off.

Protons on target stand in the run attribute :data:`POT_ATTRIBUTE`. Source of that name and of the text format:
arXiv:2310.13211 (exposure conventions); arXiv:1912.08005 (HepMC3).
"""

import bz2
import gzip
import lzma
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TextIO

import numpy as np

from darkhorn.core.errors import InputFileError, RangeError
from darkhorn.core.rays import Bools, Floats, Ints, Rays, check_finite
from darkhorn.core.species import ETA, K_LONG, K_MINUS, K_PLUS, K_SHORT, PI0, PI_MINUS, PI_PLUS
from darkhorn.core.units import CM, GEV, MEV, MM, C
from darkhorn.io.atomic import atomic_path
from darkhorn.io.foreign import About, errors_of, masses, optional_package, rays_on_shell, require_pot

POT_ATTRIBUTE: Final = "NuHepMC.Exposure.POT"
"""Run attribute that holds the protons on target of a file."""

MESONS: Final = (PI_PLUS, PI_MINUS, PI0, K_PLUS, K_MINUS, K_LONG, K_SHORT, ETA)
"""Species that are read unless the caller names others."""

SUFFIXES: Final = (".hepmc", ".hepmc3")
"""File names that :func:`read_hepmc` takes, also followed by .gz, .bz2 or .xz."""

_OPENERS: Final[dict[str, Any]] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
_FIRST: Final = "HepMC::Asciiv3-START_EVENT_LISTING"
_LAST: Final = "HepMC::Asciiv3-END_EVENT_LISTING"
_NUMBER: Final = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_LINES: Final = {
    "E": re.compile(rf"E \d+ \d+ \d+(?: @(?: {_NUMBER}){{4}})?\s*"),
    "U": re.compile(r"U (?:GEV|MEV) (?:MM|CM)\s*"),
    "P": re.compile(rf"P \d+ -?\d+ -?\d+(?: {_NUMBER}){{5}} -?\d+\s*"),
    "V": re.compile(rf"V -\d+ -?\d+ \[[\d,]*\](?: @(?: {_NUMBER}){{4}})?\s*"),
}
_EXPECTED: Final = {
    "E": "E number vertices particles",
    "U": "U GEV|MEV MM|CM",
    "P": "P number parent pdgid px py pz E mass status",
    "V": "V number status [incoming] @ x y z ct",
}


def read_hepmc(
    path: str | Path,
    pot: float | None = None,
    *,
    species: Iterable[int] = MESONS,
    status: Iterable[int] = (1, 2),
) -> tuple[Rays, About]:
    """Return the births of mesons in a HepMC3 text file.

    Parameters
    ----------
    path : str or Path
        ``*.hepmc`` or ``*.hepmc3``, also compressed.
    pot : float, optional
        Protons on target that the whole file stands for, > 0. By default the run attribute
        ``NuHepMC.Exposure.POT``. A file of N interactions that were forced to happen stands for
        N / P(interaction) protons.
    species : iterable of int
        PDG numbers to keep.
    status : iterable of int
        HepMC status codes to keep: 1 final, 2 decayed by the generator. A one-to-one vertex of the same species is
        a copy, not a birth, and its outgoing particle is left out.

    Returns
    -------
    rays : Rays
        One row a birth, in the order of the file: production vertex in ns and m (ct in mm or cm becomes ns), momentum
        in MeV with the energy on the PDG mass shell, weight = first event weight / pot (1/pot without weights).
    about : dict of str to str
        Engine, version, seed, POT and normalisation as far as the file says.

    Raises
    ------
    InputFileError
        When the file is missing, truncated, malformed (naming the line), of another format or unit; when POT is
        missing or not positive; when a mass in the file is more than a factor 3 from the PDG one, which a wrong unit
        line does; when a number is not finite, a weight is negative or nothing is selected.
    DarkhornError
        When pyhepmc is not installed.
    """
    file = Path(path)
    hep = optional_package("pyhepmc", "io", "reading HepMC3 files")
    events = _check_text(file)
    run, gathered = None, _Listing()
    with errors_of(file, "HepMC3 text"), hep.open(str(file)) as reader:
        for event in reader:
            run = event.run_info
            gathered.add(event, hep)
    if len(gathered.weights) != events:
        raise InputFileError(f"{file}: event {len(gathered.weights) + 1} of {events} cannot be read")
    total = require_pot(file, _attribute(run, POT_ATTRIBUTE) if pot is None else pot, f"run attribute {POT_ATTRIBUTE}")
    pdgid, x, p, weight = gathered.births(np.array(sorted(species)), np.array(sorted(status)))
    _check_masses(file, pdgid, p[:, 0], p[:, 1:])
    return rays_on_shell(file, pdgid, x, p[:, 1:], weight / total), _about(run, total)


@dataclass
class _Listing:
    """Particles and vertices of all events of a file, gathered event by event and selected at once."""

    particles: list[Any] = field(default_factory=list)
    vertices: list[Floats] = field(default_factory=list)
    links: list[Ints] = field(default_factory=list)
    weights: list[float] = field(default_factory=list)
    energy_units: list[float] = field(default_factory=list)
    n_particles: int = 0
    n_vertices: int = 0

    def add(self, event: Any, hep: Any) -> None:
        """Add one event: particles, vertices (m) after the event's own position, and the links."""
        data = hep.GenEventData()
        event.write_data(data)
        at, v = event.event_pos(), event.numpy.vertices
        length = CM if event.length_unit.name == "CM" else MM
        self.vertices += [np.array([[at.t], [at.x], [at.y], [at.z]]) * length, np.array([v.t, v.x, v.y, v.z]) * length]
        self.energy_units.append(GEV if event.momentum_unit.name == "GEV" else MEV)
        start, stop = np.array(data.links1, dtype=np.int64), np.array(data.links2, dtype=np.int64)
        out = start < 0
        particle = np.where(out, stop, start) - 1 + self.n_particles
        vertex = np.where(out, -start, -stop) + self.n_vertices
        self.links.append(np.array([particle, vertex, out]))
        self.particles.append(np.array(data.particles))
        self.weights.append(float(event.weights[0]) if len(event.weights) else 1.0)
        self.n_particles += len(self.particles[-1])
        self.n_vertices += 1 + len(v.x)

    def births(self, species: Ints, status: Ints) -> tuple[Ints, Floats, Floats, Floats]:
        """Return PDG numbers, (t, x, y, z) in ns and m, (E, px, py, pz) in MeV and event weights of the births."""
        particles, where = np.concatenate(self.particles), np.concatenate(self.vertices, axis=1).T
        counts = [len(part) for part in self.particles]
        first = np.cumsum([0] + [1 + v.shape[1] for v in self.vertices[1::2]])[:-1]
        particle, vertex, out = np.concatenate(self.links, axis=1)
        origin, into = np.repeat(first, counts), np.full(self.n_particles, -1, dtype=np.int64)
        origin[particle[out == 1]] = vertex[out == 1]
        into[particle[out == 0]] = vertex[out == 0]
        pid = particles["pid"].astype(np.int64)
        chosen = np.isin(pid, species) & np.isin(particles["status"], status)
        chosen &= ~_copies(pid, origin, into, self.n_vertices)
        x = where[origin[chosen]] / np.array([C, 1.0, 1.0, 1.0])
        p = np.column_stack([particles[name][chosen] for name in ("e", "px", "py", "pz")])
        p *= np.repeat(self.energy_units, counts)[chosen, None]
        return pid[chosen], x, p, np.repeat(self.weights, counts)[chosen]


def _copies(pid: Ints, origin: Ints, into: Ints, n_vertices: int) -> Bools:
    """Return True for the outgoing particle of a vertex with one particle in and one of the same species out."""
    ended = into >= 0
    single = np.bincount(origin, minlength=n_vertices) == 1
    single &= np.bincount(into[ended], minlength=n_vertices) == 1
    incoming = np.zeros(n_vertices, dtype=np.int64)
    incoming[into[ended]] = pid[ended]
    return np.asarray(single[origin] & (incoming[origin] == pid))


def _check_masses(path: Path, pdgid: Ints, energy: Floats, momentum: Floats) -> None:
    """Refuse masses far from the PDG ones: the sign of a wrong unit line."""
    p = np.linalg.norm(momentum, axis=1)
    expected = masses(path, pdgid)
    square = (energy - p) * (energy + p)
    slack = 1e-6 * energy**2
    bad = (square > (3.0 * expected) ** 2 + slack) | (square < (expected / 3.0) ** 2 - slack)
    if bad.any():
        row = int(np.argmax(bad))
        found = np.sqrt(max(square[row], 0.0))
        raise InputFileError(
            f"{path}: meson {row + 1}: pdgid = {pdgid[row]} with a mass of {found:g} MeV; the PDG mass is "
            f"{expected[row]:g} MeV. Is the unit line (U GEV MM) right?"
        )


def _open_text(path: Path) -> TextIO:
    """Open a file, compressed or not, as text."""
    handle: TextIO = _OPENERS.get(path.suffix, open)(path, "rt", encoding="utf-8")
    return handle


def _check_text(path: Path) -> int:
    """Check every line of the file and return the number of events."""
    kind = "a compressed file" if path.suffix in _OPENERS else "HepMC3 text in UTF-8"
    with errors_of(path, kind), _open_text(path) as lines:
        return _check_lines(path, enumerate(lines, 1))


def _check_lines(path: Path, lines: Iterator[tuple[int, str]]) -> int:
    """Check the frame, the units and the numbers of the listing; return the number of events."""
    head = [line.strip() for _, line in (next(lines, (0, "")) for _ in range(2))]
    if not head[0].startswith("HepMC::Version") or head[1] != _FIRST:
        raise InputFileError(f"{path}: not a HepMC3 text file: line 2 is '{head[1][:60]}', expected '{_FIRST}'")
    events = announced = seen = 0
    units = True
    for number, line in lines:
        kind = line[:1]
        if line.startswith(_LAST):
            break
        if kind in _LINES and not _LINES[kind].fullmatch(line):
            raise InputFileError(f"{path}: line {number}: '{line.strip()[:80]}'; expected '{_EXPECTED[kind]}'")
        if kind == "E":
            if not units:
                raise InputFileError(f"{path}: line {number}: the event before has no unit line 'U GEV|MEV MM|CM'")
            events, units = events + 1, False
            announced += int(line.split()[3])
        units |= kind == "U"
        seen += kind == "P"
    else:
        raise InputFileError(f"{path}: truncated: the last line '{_LAST}' is missing")
    if not events or not units:
        raise InputFileError(f"{path}: {events} events with units; expected at least one, each with 'U GEV|MEV MM|CM'")
    if seen != announced:
        raise InputFileError(f"{path}: {seen} particles; its events announce {announced}")
    return events


def _attribute(run: Any, name: str) -> float | None:
    """Return a numeric run attribute, NaN where it is no number, or None where it is absent."""
    text = _text_attribute(run, name)
    try:
        return float(text) if text else None
    except ValueError:
        return float("nan")


def _text_attribute(run: Any, name: str) -> str:
    """Return a run attribute as text; empty where it is absent."""
    if run is None or name not in run.attributes:
        return ""
    value = run.attributes[name]
    return str(value.astype(str)) if hasattr(value, "astype") else str(value)


def _about(run: Any, pot: float) -> About:
    """Return what the run says of its origin."""
    tools = list(run.tools) if run is not None else []
    return {
        "engine": ", ".join(tool.name for tool in tools) or "unknown (HepMC3 file)",
        "version": ", ".join(tool.version for tool in tools),
        "normalisation": "event weight / POT of the file",
        "pot": repr(pot),
        "thresholds": _text_attribute(run, "thresholds"),
        "seed": _text_attribute(run, "seed"),
    }


def write_hepmc(path: str | Path, rays: Rays, pot: float, about: About | None = None) -> None:
    """Write rays to a HepMC3 text file, one event a row, in MeV and mm; :func:`read_hepmc` reads them back to 1e-12.

    Parameters
    ----------
    path : str or Path
        ``*.hepmc`` or ``*.hepmc3``.
    rays : Rays
        N >= 1 mesons at birth; parents are not kept.
    pot : float
        Protons on target that the file stands for, > 0: the run attribute, and weight * pot is each event's weight.
    about : dict of str to str, optional
        ``engine`` and ``version`` become the run's tool, ``seed`` and ``thresholds`` run attributes.

    Raises
    ------
    RangeError
        When there are no rays or another suffix.
    InputFileError
        For NaN, a negative weight or POT that is not positive.
    OutputError
        When the file cannot be written.
    DarkhornError
        When pyhepmc is not installed.
    """
    file = Path(path)
    if not len(rays) or file.suffix not in SUFFIXES:
        raise RangeError(f"{file}: {len(rays)} rays to write; allowed: at least 1, to {' or '.join(SUFFIXES)}")
    check_finite(rays, str(file))
    total = require_pot(file, pot, "the argument pot")
    hep = optional_package("pyhepmc", "io", "writing HepMC3 files")
    origin = about or {}
    run = hep.GenRunInfo()
    run.tools = [(origin.get("engine", "darkhorn"), origin.get("version", ""), "mesons at birth")]
    run.weight_names = ["CV"]
    run.attributes = {POT_ATTRIBUTE: repr(total)} | {k: origin[k] for k in ("seed", "thresholds") if origin.get(k)}
    vertex = rays.x[:, [1, 2, 3, 0]] / MM * np.array([1.0, 1.0, 1.0, C])
    momentum = rays.p[:, [1, 2, 3, 0]]
    with atomic_path(file) as temporary, hep.io.WriterAscii(str(temporary), run) as writer:
        writer.precision = 17
        for i, (v, p, weight) in enumerate(zip(vertex, momentum, rays.weight * total, strict=True)):
            event = hep.GenEvent(hep.Units.MEV, hep.Units.MM)
            event.event_number = i
            event.run_info = run
            origin_vertex = hep.GenVertex(tuple(v))
            origin_vertex.add_particle_in(hep.GenParticle((0.0, 0.0, 0.0, 0.0), 0, 11))
            origin_vertex.add_particle_out(hep.GenParticle(tuple(p), int(rays.pdgid[i]), 1))
            event.add_vertex(origin_vertex)
            event.weights = [float(weight)]
            writer.write(event)
