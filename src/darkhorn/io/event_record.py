"""The plain structure of whole events: particles, the vertices that they join, weights, and what a file says of itself.

Every format is written from this one. Units are those of the house: MeV, m, ns; frame of the beam line. Where
something that is not simulated takes part (the horn, an unresolved rest of a decay), a pseudo-particle carries its
four-momentum, so that four-momentum is conserved at every vertex.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, NamedTuple

import numpy as np

from darkhorn.core.errors import RangeError
from darkhorn.core.rays import Floats, Ints
from darkhorn.core.species import DARK_BOSON

FINAL: Final = 1
DECAYED: Final = 2
BEAM: Final = 4
TARGET: Final = 20
STRUCK: Final = 21
BEAM_MESON: Final = 22
BOOKKEEPING: Final = 23
"""Status codes of particles: 1, 2, 4, 20, 21 as HepMC3 and NuHepMC define them, the others our own."""

PARTICLE_STATUS: Final[dict[int, tuple[str, str]]] = {
    FINAL: ("Final", "undecayed physical particle"),
    DECAYED: ("Decayed", "decayed physical particle"),
    BEAM: ("Beam", "the dark particle that comes to the detector"),
    TARGET: ("Target", "target of the primary process, at rest"),
    STRUCK: ("StruckNucleon", "bound nucleon that is struck, at rest"),
    BEAM_MESON: ("BeamMeson", "meson at the first point where it is known, before its passage to the decay"),
    BOOKKEEPING: ("Bookkeeping", "pseudo-particle that carries the four-momentum of what is not simulated"),
}
"""Name and description of every status code of a particle that is used."""

PRIMARY: Final = 1
SEPARATION: Final = 21
PRODUCTION: Final = 22
PASSAGE: Final = 23
MESON_DECAY: Final = 24
DARK_DECAY: Final = 25
MEDIATOR_DECAY: Final = 26
"""Status codes of vertices: 1 and 21 as NuHepMC defines them, the others our own."""

VERTEX_STATUS: Final[dict[int, tuple[str, str]]] = {
    PRIMARY: ("Primary", "what the dark particle does in the detector"),
    SEPARATION: ("Separation", "a bound nucleon leaves its nucleus"),
    PRODUCTION: ("MesonProduction", "the meson leaves the place where it was made"),
    PASSAGE: ("BeamLinePassage", "target, horn and matter have changed the meson's momentum; placed at the decay"),
    MESON_DECAY: ("MesonDecay", "the meson decays to the dark particle"),
    DARK_DECAY: ("DarkDecay", "a dark particle made in the detector decays there"),
    MEDIATOR_DECAY: ("MediatorDecay", "the dark vector of a meson's decay decays at the same place"),
}
"""Name and description of every status code of a vertex."""

MEDIATOR: Final = 9900034
HEAVY_DARK: Final = 9900035
DARK_PARTNER: Final = 9900036
PRODUCER: Final = 9900096
NO_TARGET: Final = 9900097
UNRESOLVED: Final = 9900098
BEAM_LINE: Final = 9900099
REMNANT: Final = 2009900000
"""Particle numbers that are not in the PDG scheme; the last one is that of NuHepMC for a nuclear remnant."""

PARTICLE_NAMES: Final[dict[int, tuple[str, str]]] = {
    DARK_BOSON: ("X", "dark particle that flies to the detector"),
    MEDIATOR: ("V1", "dark vector that a meson makes and that decays to dark particles"),
    HEAVY_DARK: ("chi_prime", "excited dark fermion"),
    DARK_PARTNER: ("Z_dark", "invisible dark particle from a decay in the detector"),
    PRODUCER: ("MesonProducer", "pseudo-particle: the collision that made the meson"),
    NO_TARGET: ("NoTarget", "pseudo-particle without momentum: a decay needs no target"),
    UNRESOLVED: ("UnresolvedRest", "pseudo-particle: everything else from the meson's decay"),
    BEAM_LINE: ("BeamLine", "pseudo-particle: momentum given to horn, target and matter"),
    REMNANT: ("NuclearRemnant", "pseudo-particle: the nucleus without the struck nucleon"),
}
"""Name and description of every number of ours."""


class Particle(NamedTuple):
    """One particle of a layout, in n events: ``origin`` and ``end`` are places in its list of vertices, or -1."""

    pdgid: int
    status: int
    origin: int
    end: int
    p: Floats
    mass: float


class Vertex(NamedTuple):
    """One vertex of a layout: its status and its positions (n, 4) = t, x, y, z in ns and m."""

    status: int
    x: Floats


class Sheet(NamedTuple):
    """n events that look the same: particles, vertices, weights (n,), process number and named quantities (n,)."""

    particles: Sequence[Particle]
    vertices: Sequence[Vertex]
    weight: Floats
    process: int
    quantities: Mapping[str, Floats]


class Source(NamedTuple):
    """One work to cite: key, title and where it is (arXiv number, DOI or journal)."""

    key: str
    title: str
    where: str


@dataclass(frozen=True)
class RunInfo:
    """What holds for a whole file.

    Attributes
    ----------
    version : str
        Of this package.
    title, mode : str
        Name of the scenario, and the mode of its beam.
    pot : float
        Protons on target that the weights stand for.
    seed : int
        Of the calculation.
    processes : mapping of int to (str, str)
        Name and description of each process number.
    beam_name : str
        Name of the particle that comes to the detector.
    cross_section_cm2, cross_section_error_cm2 : float
        Flux-averaged cross section per atom of what the weights add up to, and its Monte-Carlo error.
    flux_edges, flux : (n+1,), (n,) float
        Dark particles that cross the detector in the exposure, by energy in MeV.
    model : mapping
        Parameters, as plain values.
    sources : tuple of Source
        Works to cite.
    notes : mapping of str to str
        Anything else that a reader should know (selection, unweighting, spill).
    """

    version: str
    title: str
    mode: str
    pot: float
    seed: int
    processes: Mapping[int, tuple[str, str]]
    beam_name: str = "X"
    cross_section_cm2: float = 0.0
    cross_section_error_cm2: float = 0.0
    flux_edges: Floats = field(default_factory=lambda: np.zeros(1))
    flux: Floats = field(default_factory=lambda: np.zeros(0))
    model: Mapping[str, Any] = field(default_factory=dict)
    sources: tuple[Source, ...] = ()
    notes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class EventRecord:
    """N events. Particles and vertices are flat, event after event.

    Attributes
    ----------
    run : RunInfo
        What holds for all of them.
    weight : (N,) float
        Expected events in the exposure; the sum is the predicted number.
    process : (N,) int
        Key of ``run.processes``.
    quantities : dict of str to (N,) float
        Named with their unit, for instance ``e_vis_MeV``.
    n_particles, n_vertices : (N,) int
        Of each event.
    pdgid, status, origin, end : (P,) int
        Of each particle; ``origin`` and ``end`` are vertices, counted from 0 in the event, or -1.
    p : (P, 4) float
        E, px, py, pz in MeV.
    mass : (P,) float
        Generated mass in MeV; 0 for pseudo-particles.
    vertex_status : (V,) int
        Of each vertex.
    x : (V, 4) float
        t, x, y, z in ns and m.
    """

    run: RunInfo
    weight: Floats
    process: Ints
    quantities: dict[str, Floats]
    n_particles: Ints
    n_vertices: Ints
    pdgid: Ints
    status: Ints
    origin: Ints
    end: Ints
    p: Floats
    mass: Floats
    vertex_status: Ints
    x: Floats

    def __len__(self) -> int:
        return len(self.weight)

    @property
    def first_particle(self) -> Ints:
        """Row of the first particle of each event, and the number of particles at the end, (N+1,)."""
        return np.concatenate([[0], np.cumsum(self.n_particles)])

    @property
    def first_vertex(self) -> Ints:
        """Row of the first vertex of each event, and the number of vertices at the end, (N+1,)."""
        return np.concatenate([[0], np.cumsum(self.n_vertices)])

    def primary(self) -> Ints:
        """Return the row of the primary vertex of each event, (N,).

        Raises
        ------
        RangeError
            When an event has none, or more than one.
        """
        rows = np.flatnonzero(self.vertex_status == PRIMARY)
        event = np.repeat(np.arange(len(self)), self.n_vertices)[rows]
        if not np.array_equal(event, np.arange(len(self))):
            raise RangeError("events: each needs exactly one primary vertex")
        return rows

    def imbalance(self) -> Floats:
        """Return |sum in - sum out| of the four-momenta at each vertex over the sum of |E| that meets there, (V,)."""
        base = np.repeat(self.first_vertex[:-1], self.n_particles)
        difference, scale = np.zeros((len(self.x), 4)), np.zeros(len(self.x))
        for link, sign in ((self.end, 1.0), (self.origin, -1.0)):
            there = link >= 0
            vertex = (base + link)[there]
            np.add.at(difference, vertex, sign * self.p[there])
            np.add.at(scale, vertex, np.abs(self.p[there]).max(axis=1))
        return np.asarray(np.abs(difference).max(axis=1) / np.where(scale > 0.0, scale, 1.0))

    def later(self, time: Floats) -> "EventRecord":
        """Return the same events, each later by ``time`` (N,) in ns at every vertex."""
        x = self.x.copy()
        x[:, 0] += np.repeat(time, self.n_vertices)
        return replace(self, x=x)

    def seen_from(self, place: Sequence[float]) -> "EventRecord":
        """Return the same events with positions counted from a place (x, y, z) in m; axes and times stay."""
        return replace(self, x=self.x - np.concatenate([[0.0], place]))


def assemble(sheets: Sequence[Sheet], run: RunInfo, order: Ints | None = None) -> EventRecord:
    """Return the events of several layouts as one record.

    Parameters
    ----------
    sheets : sequence of Sheet
        With the same quantities.
    run : RunInfo
        What holds for all of them.
    order : (N,) int, optional
        A permutation: the place in the record of each event of the sheets, in their order.

    Raises
    ------
    RangeError
        When there are no events.
    """
    sizes = [len(sheet.weight) for sheet in sheets]
    total = sum(sizes)
    if not total:
        raise RangeError("events: none to write; allowed: at least 1")
    place = np.arange(total) if order is None else np.asarray(order, dtype=np.int64)
    starts = np.cumsum([0, *sizes])
    events = [place[start : start + size] for start, size in zip(starts, sizes, strict=False)]
    back = np.argsort(place)
    owners = [np.repeat(at, len(sheet.particles)) for at, sheet in zip(events, sheets, strict=True)]
    homes = [np.repeat(at, len(sheet.vertices)) for at, sheet in zip(events, sheets, strict=True)]
    by_particle = np.argsort(np.concatenate(owners), kind="stable")
    by_vertex = np.argsort(np.concatenate(homes), kind="stable")

    def each(name: str) -> Any:
        columns = [np.tile([getattr(q, name) for q in s.particles], len(s.weight)) for s in sheets]
        return np.concatenate(columns)[by_particle]

    momenta = [np.stack([q.p for q in s.particles], axis=1).reshape(-1, 4) for s in sheets]
    places = [np.stack([v.x for v in s.vertices], axis=1).reshape(-1, 4) for s in sheets]
    statuses = [np.tile([v.status for v in s.vertices], len(s.weight)) for s in sheets]
    return EventRecord(
        run=run,
        weight=np.concatenate([s.weight for s in sheets])[back],
        process=np.repeat([s.process for s in sheets], sizes)[back],
        quantities={k: np.concatenate([s.quantities[k] for s in sheets])[back] for k in sheets[0].quantities},
        n_particles=np.repeat([len(s.particles) for s in sheets], sizes)[back],
        n_vertices=np.repeat([len(s.vertices) for s in sheets], sizes)[back],
        pdgid=each("pdgid"),
        status=each("status"),
        origin=each("origin"),
        end=each("end"),
        p=np.concatenate(momenta)[by_particle],
        mass=each("mass").astype(float),
        vertex_status=np.concatenate(statuses)[by_vertex],
        x=np.concatenate(places)[by_vertex],
    )
