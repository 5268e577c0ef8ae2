"""The walk of many histories: mesons decay, aim, are detected and observed; the sums that remain of them.

A pilot says where in (energy, momentum transfer), through which channel, and from which species points should go;
the weights make up for it exactly. Points come in units of a few thousand, several replicates at once.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple

import numpy as np

from darkhorn.chain.aim import Arrivals, aim, fan, survive
from darkhorn.chain.cache import recall
from darkhorn.chain.decay import Spectrum, tabulate_emission
from darkhorn.chain.detect import detect
from darkhorn.chain.observe import coordinate, fill, observe
from darkhorn.chain.photons import somewhere
from darkhorn.chain.setup import Counted, Parents, Setup
from darkhorn.chain.two_body import aim_line
from darkhorn.core.importance import EnergyGrid, ImportanceGrid
from darkhorn.core.points import Axis, unit_points, unit_sets
from darkhorn.core.rays import Floats, Ints, Rays
from darkhorn.core.units import C
from darkhorn.detector.geometry import Shape
from darkhorn.models.channels import Channel, Line, Model

PILOT_POINTS: Final = 2**13
REUSE: Final = 4
"""How often each drawn meson is used without a plan; with one there are as many mesons as points."""
UNIT_ROWS: Final = 2**13
"""Histories that are walked at once."""
_PILOT_STREAM: Final = 3_000_000
_PLAN_POINTS: Final = 2**11
_PLAN_REUSE: Final = 8
"""How often a pilot of a plan uses each of its mesons."""
_SCALE_POINTS: Final = 2**8
"""Points of a pilot that say which energies are typical."""
_BINS: Final = 16
_ENERGY_BINS: Final = 16
_FLOOR: Final = 0.2
_PRODUCT: Final = 0.5
_EQUAL: Final = 0.25
"""Share of the points that all mesons get alike."""
_FEWEST: Final = 6
"""A species gets at least 1/2^6 of the points of the one that needs most."""
LEAST_STEP: Final = 2**_FEWEST
"""Points of a replicate are a multiple of this, so that every species has its share."""


class Made(NamedTuple):
    """Mesons, decays and particles of one kind of decay, per POT; the last two at reference couplings."""

    mesons: float
    decays: float
    particles: float


Tables = dict[tuple[int, str], Spectrum | Line]
"""Spectra by parent (absolute PDG number) and name of the decay."""


@dataclass(frozen=True)
class Plan:
    """What one mode is computed with, and where its points go.

    Attributes
    ----------
    model : Model
        Scenario.
    setup : Setup
        Mode.
    spectra : dict
        Of every decay, from :func:`tabulate_all`.
    channels : tuple of Channel
        Of detection.
    seed, replicates : int
        Of the calculation, and how many independent scrambles.
    kind : str
        ``sobol`` or ``random`` points.
    grid : ImportanceGrid
        Density in (ENERGY, Q_SQ), each point looking through every channel.
    energies : EnergyGrid, optional
        Instead of ``grid``: density in the energy of the particle and in Q_SQ, where the channels lie side by side, so
        that each point looks through one of them.
    value : (n,) float
        What the pilot saw of a particle that crosses the detector, in equal bins of E/(E + scale) as in ``energies``.
    halvings : tuple of int
        For each species of the setup how often its number of points is halved.
    relvar : float
        Variance of the weights of one point over the square of their mean, as the pilot saw it; 0 without one.
    """

    model: Model
    setup: Setup
    spectra: Tables
    channels: tuple[Channel, ...]
    seed: int
    replicates: int
    kind: str = "sobol"
    grid: ImportanceGrid = field(default_factory=ImportanceGrid.uniform)
    energies: EnergyGrid | None = None
    value: Floats = field(default_factory=lambda: np.ones(1))
    halvings: tuple[int, ...] = ()
    relvar: float = 0.0

    def halved(self, species: int) -> int:
        """Return how often the number of points of a species is halved."""
        return self.halvings[species] if self.halvings else 0


class Unit(NamedTuple):
    """Points ``start`` to ``start + size`` of one species (its place in the setup) in consecutive replicates."""

    species: int
    start: int
    size: int
    replicates: range


@dataclass(frozen=True)
class Tally:
    """Sums over points of the weights at reference couplings: divided by the points of a replicate they are per POT.

    Attributes
    ----------
    spectra, bosons : (replicates, bins) float
        Selected events by distribution, and particles that cross the detector by energy.
    signal, crossing : (replicates,) float
        Their sums.
    signal_sq, largest : float
        Sum of the squares of the weights of selected events, and the largest weight.
    chord, time, delay : float
        Weighted sums over the particles that cross.
    rows : int
        Weights in all.
    decays : dict
        By name, summed over replicates.
    """

    spectra: dict[str, Floats]
    bosons: Floats
    signal: Floats
    crossing: Floats
    signal_sq: float = 0.0
    largest: float = 0.0
    chord: float = 0.0
    time: float = 0.0
    delay: float = 0.0
    rows: int = 0
    decays: dict[str, Made] = field(default_factory=dict)

    @classmethod
    def nothing(cls, setup: Setup, replicates: int) -> "Tally":
        """Return the sums of no history."""
        spectra = {name: np.zeros((replicates, len(edges) - 1)) for name, edges in setup.edges.items()}
        return cls(
            spectra, np.zeros((replicates, len(setup.boson_edges) - 1)), np.zeros(replicates), np.zeros(replicates)
        )

    def __add__(self, other: "Tally") -> "Tally":
        """Return the sums of both."""
        decays = dict(self.decays)
        for name, made in other.decays.items():
            decays[name] = Made(*np.add(decays.get(name, (0.0, 0.0, 0.0)), made).tolist())
        return Tally(
            {name: rows + other.spectra[name] for name, rows in self.spectra.items()},
            self.bosons + other.bosons,
            self.signal + other.signal,
            self.crossing + other.crossing,
            self.signal_sq + other.signal_sq,
            max(self.largest, other.largest),
            self.chord + other.chord,
            self.time + other.time,
            self.delay + other.delay,
            self.rows + other.rows,
            decays,
        )


def tabulate_all(model: Model, setups: tuple[Setup, ...]) -> Tables:
    """Return the spectrum of every open decay of every meson."""
    species = sorted({abs(parents.species) for setup in setups for parents in setup.parents})
    emissions = [emission for parent in species for emission in model.emissions(parent)]
    return {(e.parent, e.name): e if isinstance(e, Line) else tabulate_emission(e) for e in emissions}


def send(
    mesons: Rays,
    spectrum: Spectrum | Line,
    model: Model,
    shape: Shape,
    points: Floats,
    energies: EnergyGrid | None = None,
) -> Arrivals:
    """Return one particle a meson, at the detector, weighted with its survival where the model asks for that."""
    if isinstance(spectrum, Line):
        arrivals = aim_line(mesons, spectrum, shape, points)
    else:
        arrivals = aim(mesons, spectrum, shape, points, energies)
    width = model.survival_width
    return survive(arrivals, model.particle_mass, width) if width > 0.0 else arrivals


def units_of(plan: Plan, start: int, stop: int) -> Iterator[Unit]:
    """Yield the units of points ``start`` to ``stop`` of every species; a species with fewer points has its share.

    Parameters
    ----------
    plan : Plan
        What is computed.
    start, stop : int
        Multiples of 2^k for every k in ``plan.halvings``.
    """
    for species in range(len(plan.setup.parents)):
        low, high = (value >> plan.halved(species) for value in (start, stop))
        while low < high:
            size = min(high - low, UNIT_ROWS)
            together = max(UNIT_ROWS // size, 1)
            for first in range(0, plan.replicates, together):
                yield Unit(species, low, size, range(first, min(first + together, plan.replicates)))
            low += size


def walk(plan: Plan, unit: Unit) -> Tally:
    """Return the sums of one unit: every decay of its mesons, over all channels."""
    parents, setup, count = plan.setup.parents[unit.species], plan.setup, len(unit.replicates)
    points, energy_weight, q_sq_weight = refocus(_points(plan, unit, unit.start, unit.size), plan.grid)
    drawn = _drawn(plan, unit)
    known = parents.yield_per_pot if isinstance(parents, Counted) else None
    scale = count * unit.size * 2.0 ** plan.halved(unit.species)
    number = scale * (drawn.yield_ if known is None else known)
    mesons = _chosen(plan, unit, drawn, points[:, Axis.DECAY])
    mesons = mesons.with_weight(mesons.weight * (scale * energy_weight))
    replicate = np.repeat(np.asarray(unit.replicates), unit.size)
    total = Tally.nothing(setup, plan.replicates)
    for spectrum in _of_parent(plan.spectra, parents):
        arrivals = send(mesons, spectrum, plan.model, setup.shape, points, plan.energies)
        particles = number * spectrum.branching
        decays = {spectrum.name: Made(number, particles / spectrum.count, particles)}
        total += _crossing(plan, arrivals, replicate, decays)
        for channel, rows, chosen, weight in _looks(plan, arrivals, points):
            total += _seen(plan, channel, arrivals[rows], chosen, q_sq_weight[rows] * weight, replicate[rows])
    return total


def _looks(plan: Plan, arrivals: Arrivals, points: Floats) -> Iterator[tuple[Channel, Ints, Floats, Floats]]:
    """Yield each channel with the particles that look through it, their points, and the inverse of their share."""
    there = arrivals.rays.weight > 0.0
    if plan.energies is None:
        rows = np.flatnonzero(there)
        for channel in plan.channels:
            yield channel, rows, take(points, rows), np.ones(len(rows))
        return
    count = len(plan.channels)
    place, weight = plan.energies.second(arrivals.rays.energy, points[:, Axis.Q_SQ])
    strip = np.minimum((place * count).astype(np.int64), count - 1)
    for number, channel in enumerate(plan.channels):
        rows = np.flatnonzero(there & (strip == number))
        chosen = take(points, rows)
        chosen = chosen.copy(order="K") if chosen is points else chosen
        chosen[:, Axis.Q_SQ] = place[rows] * count - number
        yield channel, rows, chosen, weight[rows] * count


def _points(plan: Plan, unit: Unit, start: int, size: int, *meson: int) -> Floats:
    """Return points of a unit, replicate after replicate; ``meson`` marks the stream of the mesons."""
    count = len(unit.replicates)
    streams = tuple((unit.species, replicate, *meson) for replicate in unit.replicates)
    parts = [
        unit_sets(few, seed=plan.seed, streams=streams, kind=plan.kind, start=first)
        for first, few in _nets(start, size)
    ]
    if len(parts) == 1:
        return parts[0]
    return np.concatenate([part.T.reshape(len(Axis), count, -1) for part in parts], axis=2).reshape(len(Axis), -1).T


def _nets(start: int, size: int) -> Iterator[tuple[int, int]]:
    """Yield the parts of a range of points, each 2^k points from a multiple of that on, as Sobol' sets have to be."""
    while size > 0:
        part = 1 << size.bit_length() - 1
        part = min(part, start & -start) if start else part
        yield start, part
        start, size = start + part, size - part


def _drawn(plan: Plan, unit: Unit) -> Rays:
    """Return the decaying mesons of a unit, replicate after replicate: without a plan fewer than points."""
    few = unit.size if plan.energies is not None else _few(unit.size)
    points = _points(plan, unit, unit.start * few // unit.size, few, 0)
    return recall(plan.setup.parents[unit.species], points)


def _chosen(plan: Plan, unit: Unit, drawn: Rays, u: Floats) -> Rays:
    """Return a meson for each point of a unit, each drawn one as often as it is worth; weights sum to the yield.

    A few trials say what a meson is worth, and equal shares are mixed in; uniform numbers choose along the energy of
    what it sends. Without a pilot each one is used equally often. The spread over replicates knows about
    this, since each replicate has mesons of its own.
    """
    count, few = len(unit.replicates), len(drawn) // len(unit.replicates)
    first = np.repeat(np.arange(count), unit.size)
    if plan.energies is None:
        rows = first * few + np.tile(np.arange(unit.size) % few, count)
        return drawn[rows].with_weight(drawn.weight[rows] * (few / unit.size))
    energy, worth = _worth(plan, unit, drawn)
    order = np.argsort(energy.reshape(count, few), axis=1, kind="stable") + np.arange(count)[:, None] * few
    total = worth.reshape(count, few).sum(axis=1, keepdims=True)
    share = (1.0 - _EQUAL) * worth[order] / np.where(total > 0.0, total, 1.0) + _EQUAL / few
    edges = np.cumsum(share, axis=1)
    edges = edges / edges[:, -1:] + np.arange(count)[:, None]
    place = np.searchsorted(edges.ravel(), u + first, side="right").clip(first * few, (first + 1) * few - 1)
    rows = order.ravel()[place]
    norm = share.sum(axis=1)[first]
    return drawn[rows].with_weight(drawn.weight[rows] * norm / (share.ravel()[place] * unit.size))


def _worth(plan: Plan, unit: Unit, mesons: Rays) -> tuple[Floats, Floats]:
    """Return a typical energy in MeV of what each meson sends to the detector, and what the pilot says it is worth."""
    setup, energies = plan.setup, plan.energies or EnergyGrid(1.0, ImportanceGrid.uniform())
    square, weighted, total = (np.zeros(len(mesons)) for _ in range(3))
    for spectrum in _of_parent(plan.spectra, setup.parents[unit.species]):
        for energy, weight in _tried(plan, mesons, spectrum, energies):
            place = energy / (energy + energies.scale) * len(plan.value)
            worth = weight * plan.value[place.astype(np.int64)]
            square, total, weighted = square + worth**2, total + worth, weighted + worth * energy
    return weighted / np.where(total > 0.0, total, 1.0), np.sqrt(square)


def _tried(
    plan: Plan, mesons: Rays, spectrum: Spectrum | Line, energies: EnergyGrid
) -> Iterator[tuple[Floats, Floats]]:
    """Yield energies in MeV and weights of what mesons send in some directions, without a look at chords."""
    model, shape = plan.model, plan.setup.shape
    for direction, energy in _TRIALS:
        trial = np.full(len(Axis), 0.5)
        trial[[Axis.AIM_COS, Axis.AIM_PHI]] = direction
        if isinstance(spectrum, Spectrum) and model.survival_width == 0.0:
            yield from fan(mesons, spectrum, shape, trial, energy, energies)
        else:
            for trial[Axis.ENERGY] in energy:
                points = np.broadcast_to(trial, (len(mesons), len(Axis)))
                rays = send(mesons, spectrum, model, shape, points, energies).rays
                yield rays.energy, rays.weight


_TRIALS: Final = (((0.25, 0.0625), (0.125, 0.625)), ((0.75, 0.5625), (0.375, 0.875)))
"""Directions in which each meson is tried, by AIM_COS and AIM_PHI, with the places in ENERGY there."""


def _of_parent(spectra: Tables, parents: Parents) -> list[Spectrum | Line]:
    return [spectrum for (parent, _), spectrum in spectra.items() if parent == abs(parents.species)]


def _crossing(plan: Plan, arrivals: Arrivals, replicate: Ints, decays: dict[str, Made]) -> Tally:
    """Return the sums over the particles that cross the detector."""
    rays, setup, count = arrivals.rays, plan.setup, plan.replicates
    beta = np.where(rays.momentum > 0, rays.beta, 1.0)
    delay = arrivals.distance / C * (1.0 / beta - 1.0)
    nothing = Tally.nothing(setup, count)
    return replace(
        nothing,
        bosons=fill(rays.energy, rays.weight, setup.boson_edges, replicate, count),
        crossing=np.bincount(replicate, rays.weight, count).astype(float),
        chord=float(np.dot(rays.weight, arrivals.chord)),
        time=float(np.dot(rays.weight, rays.x[:, 0])),
        delay=float(np.dot(rays.weight, delay)),
        rows=len(replicate),
        decays=decays,
    )


def _seen(
    plan: Plan, channel: Channel, arrivals: Arrivals, points: Floats, q_sq_weight: Floats, replicate: Ints
) -> Tally:
    """Return the sums over what is selected of particles that look through one channel."""
    setup, count = plan.setup, plan.replicates
    photons = detect(channel, arrivals, plan.model.particle_mass, setup.shape, points, setup.rings)
    seen = observe(photons, setup.response, setup.window, points)
    weight = seen.weight * q_sq_weight
    return replace(
        Tally.nothing(setup, count),
        spectra={
            name: fill(coordinate(seen, name, setup.cells), weight, edges, replicate, count)
            for name, edges in setup.edges.items()
        },
        signal=np.bincount(replicate, weight, count).astype(float),
        signal_sq=float(np.dot(weight, weight)),
        largest=float(weight.max(initial=0.0)),
    )


def _few(n: int) -> int:
    """Return the mesons for n points that are spent without a plan."""
    return max(n // REUSE, min(n, PILOT_POINTS // REUSE))


def reused(parents: Parents, n: int, seed: int, stream: tuple[int, ...], kind: str = "sobol") -> Rays:
    """Return n decaying mesons, each of n / REUSE drawn ones several times; the weights sum to the yield per POT."""
    few = _few(n)
    mesons = recall(parents, unit_points(few, seed=seed, stream=(*stream, 0), kind=kind))
    again = mesons[np.arange(n) % few]
    return again.with_weight(again.weight * (few / n))


@dataclass(frozen=True)
class Pilot:
    """What a pilot sees of one decay of one species (its place in the setup): weights through each channel, (N,)."""

    species: int
    points: Floats
    energy: Floats
    flux: Floats
    weights: list[Floats]


def _pilot(plan: Plan, herds: list[Rays]) -> list[Pilot]:
    """Return what a pilot sees, decay by decay; ``herds`` are the mesons of each species, one a point."""
    found, setup, mass = [], plan.setup, plan.model.particle_mass
    for index, parents in enumerate(setup.parents):
        emitted = _of_parent(plan.spectra, parents)
        if not emitted:
            continue
        mesons = herds[index]
        points = unit_points(len(mesons), seed=plan.seed, stream=(_PILOT_STREAM, index))
        for spectrum in emitted:
            arrivals = send(mesons, spectrum, plan.model, setup.shape, points, plan.energies)
            at = somewhere(arrivals, mass, points)
            photons = (detect(item, arrivals, mass, setup.shape, points, setup.rings, at) for item in plan.channels)
            weights = [observe(item, setup.response, setup.window, points).weight for item in photons]
            rays = arrivals.rays
            found.append(Pilot(index, points, rays.energy, rays.weight, weights))
    return found


def _herds(plan: Plan, n: int, reuse: int) -> list[Rays]:
    """Return a meson of each species for each of n points of a pilot, each drawn one ``reuse`` times."""
    found = []
    for index, parents in enumerate(plan.setup.parents):
        points = unit_points(n // reuse, seed=plan.seed, stream=(_PILOT_STREAM, index, 0))
        drawn = recall(parents, points)
        found.append(drawn.with_weight(drawn.weight / reuse)[np.arange(n) % len(drawn)])
    return found


def focus(model: Model, setup: Setup, spectra: Tables, seed: int) -> ImportanceGrid:
    """Return where in (ENERGY, Q_SQ) to spend points that look through every channel; it moves no expectation."""
    plan = Plan(model, setup, spectra, model.detections(setup.nuclei), seed, 1)
    pilot = _pilot(plan, _herds(plan, PILOT_POINTS, REUSE))
    if not plan.channels or not pilot:
        return ImportanceGrid.uniform()
    a, b = (np.concatenate([item.points[:, axis] for item in pilot]) for axis in (Axis.ENERGY, Axis.Q_SQ))
    weight = np.concatenate([np.sum(item.weights, axis=0) for item in pilot])
    return ImportanceGrid.adapted(a, b, weight, bins=_BINS, floor=_FLOOR)


def plan_for(model: Model, setup: Setup, spectra: Tables, seed: int, replicates: int, kind: str = "sobol") -> Plan:
    """Return where points go, from a pilot: in energy and momentum transfer, over channels and over species.

    Parameters
    ----------
    model, setup, spectra, seed, replicates, kind
        As in :class:`Plan`.
    """
    channels = model.detections(setup.nuclei)
    plan = Plan(model, setup, spectra, channels, seed, replicates, kind)
    herds = _herds(plan, _PLAN_POINTS, _PLAN_REUSE)
    scale = _typical_energy(plan, herds)
    if not channels or scale <= 0.0:
        return plan
    pilot = _pilot(replace(plan, energies=EnergyGrid(scale, ImportanceGrid.uniform())), herds)
    count = len(channels)
    every = [
        (item.species, item.energy / (item.energy + scale), (item.points[:, Axis.Q_SQ] + number) / count, weight)
        for item in pilot
        for number, weight in enumerate(item.weights)
    ]
    a, b, weight = (np.concatenate([row[column] for row in every]) for column in (1, 2, 3))
    if not weight.any():
        return plan
    grid = ImportanceGrid.adapted(a, b, weight, bins=(_ENERGY_BINS, _BINS * count), floor=_FLOOR).filled(_PRODUCT)
    moments = np.zeros(len(setup.parents))
    for index, x, y, w in every:
        moments[index] += count * float(np.mean(w**2 / grid.density(x, y)))
    halvings = np.floor(np.log2(np.sqrt(moments.max() / np.maximum(moments, 1.0e-30 * moments.max()))))
    halvings = np.clip(halvings, 0, _FEWEST).astype(int)
    mean = sum(float(row[3].mean()) for row in every)
    relvar = float(np.sum(moments * 2.0**halvings)) / mean**2 - 1.0
    energies = EnergyGrid(scale, grid)
    return replace(
        plan, energies=energies, value=_value(pilot, scale), halvings=tuple(halvings.tolist()), relvar=relvar
    )


def _value(pilot: list[Pilot], scale: float) -> Floats:
    """Return events over particles that cross the detector in bins of E/(E + scale), smoothed."""
    sums = np.zeros((2, _ENERGY_BINS + 2))
    for item in pilot:
        place = 1 + (item.energy / (item.energy + scale) * _ENERGY_BINS).astype(np.int64)
        for row, weight in enumerate((np.sum(item.weights, axis=0), item.flux)):
            sums[row] += np.bincount(place, weight, _ENERGY_BINS + 2)
    seen, crossed = sums[:, :-2] + 2.0 * sums[:, 1:-1] + sums[:, 2:]
    value: Floats = np.divide(seen, crossed, out=np.zeros_like(seen), where=crossed > 0.0)
    return value


def _typical_energy(plan: Plan, herds: list[Rays]) -> float:
    """Return the mean energy of particles that cross the detector in MeV, roughly; 0 without any."""
    total, weighted = 0.0, 0.0
    for index, (parents, herd) in enumerate(zip(plan.setup.parents, herds, strict=True)):
        mesons = herd[:_SCALE_POINTS]
        points = unit_points(len(herd), seed=plan.seed, stream=(_PILOT_STREAM, index))[: len(mesons)]
        for spectrum in _of_parent(plan.spectra, parents):
            rays = send(mesons, spectrum, plan.model, plan.setup.shape, points).rays
            total, weighted = total + rays.yield_, weighted + float(rays.weight @ rays.energy)
    return weighted / total if total > 0.0 else 0.0


def refocus(points: Floats, grid: ImportanceGrid) -> tuple[Floats, Floats, Floats]:
    """Return points moved by a grid in (ENERGY, Q_SQ), and the weights that make up for each coordinate, (N,)."""
    if grid.probability.size == 1:
        ones = np.ones(len(points))
        return points, ones, ones
    a, b, jacobian = grid.map(points[:, Axis.ENERGY], points[:, Axis.Q_SQ])
    moved = points.copy(order="K")
    first = grid.first_jacobian(a)
    moved[:, Axis.ENERGY], moved[:, Axis.Q_SQ] = a, b
    return moved, first, jacobian / first


def take(points: Floats, rows: Ints) -> Floats:
    """Return some points, each coordinate contiguous in memory."""
    return points if len(rows) == len(points) else np.take(points.T, rows, axis=1).T
