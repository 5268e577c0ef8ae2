"""One replicate: every parent decays, aims, is detected and observed; the sums that remain of it.

A pilot walk says where in (energy, momentum transfer) the points should go; the weights make up for it exactly.
"""

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from darkhorn.chain.aim import Arrivals, aim, survive
from darkhorn.chain.cache import recall
from darkhorn.chain.decay import Spectrum, tabulate_emission
from darkhorn.chain.detect import detect
from darkhorn.chain.observe import coordinate, fill, observe
from darkhorn.chain.photons import somewhere
from darkhorn.chain.setup import Counted, Parents, Setup
from darkhorn.chain.two_body import aim_line
from darkhorn.core.importance import ImportanceGrid
from darkhorn.core.points import Axis, unit_points
from darkhorn.core.rays import Floats, Rays
from darkhorn.core.units import C
from darkhorn.detector.geometry import Shape
from darkhorn.models.channels import Channel, Line, Model

PILOT_POINTS: Final = 2**13
REUSE: Final = 4
"""How often each drawn meson is used."""
_PILOT_STREAM: Final = 3_000_000


class Made(NamedTuple):
    """Mesons, decays and particles of one kind of decay, per POT; the last two at reference couplings."""

    mesons: float
    decays: float
    particles: float


@dataclass(frozen=True)
class Tally:
    """Sums of one replicate at reference couplings, per POT; ``decays`` by name."""

    spectra: dict[str, Floats]
    bosons: Floats
    signal: float
    signal_sq: float
    largest: float
    crossing: float
    chord: float
    time: float
    delay: float
    decays: dict[str, Made]


Tables = dict[tuple[int, str], Spectrum | Line]
"""Spectra by parent (absolute PDG number) and name of the decay."""


def tabulate_all(model: Model, setups: tuple[Setup, ...]) -> Tables:
    """Return the spectrum of every open decay of every meson."""
    species = sorted({abs(parents.species) for setup in setups for parents in setup.parents})
    emissions = [emission for parent in species for emission in model.emissions(parent)]
    return {(e.parent, e.name): e if isinstance(e, Line) else tabulate_emission(e) for e in emissions}


def send(mesons: Rays, spectrum: Spectrum | Line, model: Model, shape: Shape, points: Floats) -> Arrivals:
    """Return one particle a meson, at the detector, weighted with its survival where the model asks for that."""
    if isinstance(spectrum, Line):
        arrivals = aim_line(mesons, spectrum, shape, points)
    else:
        arrivals = aim(mesons, spectrum, shape, points)
    width = model.survival_width
    return survive(arrivals, model.particle_mass, width) if width > 0.0 else arrivals


def replicate_tally(
    model: Model,
    setup: Setup,
    spectra: Tables,
    channels: tuple[Channel, ...],
    n: int,
    seed: int,
    replicate: int,
    kind: str = "sobol",
    grid: ImportanceGrid | None = None,
) -> Tally:
    """Return the sums of one replicate: one walk through the chain for each species and decay, over all channels."""
    tallies = []
    for index, parents in enumerate(setup.parents):
        points = unit_points(n, seed=seed, stream=(index, replicate), kind=kind)
        mesons = reused(parents, n, seed, (index, replicate), kind)
        points, energy_weight, q_sq_weight = refocus(points, grid or ImportanceGrid.uniform())
        known = parents.yield_per_pot if isinstance(parents, Counted) else None
        drawn = mesons.yield_ if known is None else known
        mesons = mesons.with_weight(mesons.weight * energy_weight)
        for spectrum in _of_parent(spectra, parents):
            arrivals = send(mesons, spectrum, model, setup.shape, points)
            particles = drawn * spectrum.branching
            decays = {spectrum.name: Made(drawn, particles / spectrum.count, particles)}
            tallies.append(_tally(model, setup, arrivals, channels, points, q_sq_weight, decays))
    return _add(tallies) if tallies else _nothing(setup)


def _nothing(setup: Setup) -> Tally:
    """Return the sums of no decay at all."""
    spectra = {name: np.zeros(len(edges) - 1) for name, edges in setup.edges.items()}
    return Tally(spectra, np.zeros(len(setup.boson_edges) - 1), *(0.0,) * 7, {})


def _of_parent(spectra: Tables, parents: Parents) -> list[Spectrum | Line]:
    return [spectrum for (parent, _), spectrum in spectra.items() if parent == abs(parents.species)]


def _tally(
    model: Model,
    setup: Setup,
    arrivals: Arrivals,
    channels: tuple[Channel, ...],
    points: Floats,
    q_sq_weight: Floats,
    decays: dict[str, Made],
) -> Tally:
    """Return the sums of one decay channel over all channels of detection."""
    rays = arrivals.rays
    beta = np.where(rays.momentum > 0, rays.beta, 1.0)
    delay = arrivals.distance / C * (1.0 / beta - 1.0)
    spectra = {name: np.zeros(len(edges) - 1) for name, edges in setup.edges.items()}
    signal = signal_sq = largest = 0.0
    at = somewhere(arrivals, model.particle_mass, points)
    for channel in channels:
        photons = detect(channel, arrivals, model.particle_mass, setup.shape, points, setup.rings, at)
        seen = observe(photons, setup.response, setup.window, points)
        weight = seen.weight * q_sq_weight
        for name, edges in setup.edges.items():
            spectra[name] += fill(coordinate(seen, name, setup.cells), weight, edges)
        signal += float(weight.sum())
        signal_sq += float(np.dot(weight, weight))
        largest = max(largest, float(weight.max(initial=0.0)))
    return Tally(
        spectra,
        fill(rays.energy, rays.weight, setup.boson_edges),
        signal,
        signal_sq,
        largest,
        float(rays.weight.sum()),
        float(np.dot(rays.weight, arrivals.chord)),
        float(np.dot(rays.weight, rays.x[:, 0])),
        float(np.dot(rays.weight, delay)),
        decays,
    )


def _add(tallies: list[Tally]) -> Tally:
    """Return the sum of tallies (the largest of their largest weights)."""
    names = tallies[0].spectra
    return Tally(
        {name: np.sum([t.spectra[name] for t in tallies], axis=0) for name in names},
        np.sum([t.bosons for t in tallies], axis=0),
        sum(t.signal for t in tallies),
        sum(t.signal_sq for t in tallies),
        max(t.largest for t in tallies),
        sum(t.crossing for t in tallies),
        sum(t.chord for t in tallies),
        sum(t.time for t in tallies),
        sum(t.delay for t in tallies),
        add_decays(tallies),
    )


def add_decays(tallies: list[Tally]) -> dict[str, Made]:
    """Return what each kind of decay made, summed over tallies."""
    rows: dict[str, list[Made]] = {}
    for tally in tallies:
        for name, made in tally.decays.items():
            rows.setdefault(name, []).append(made)
    return {name: Made(*(sum(column) for column in zip(*made, strict=True))) for name, made in rows.items()}


def reused(parents: Parents, n: int, seed: int, stream: tuple[int, ...], kind: str = "sobol") -> Rays:
    """Return n decaying mesons, each of n / REUSE drawn ones several times.

    A meson costs more than what happens to its bosons, and its share of the variance is smaller. The spread over
    replicates knows about it, since each replicate has mesons of its own.
    """
    few = max(n // REUSE, min(n, PILOT_POINTS // REUSE))
    mesons = recall(parents, unit_points(few, seed=seed, stream=(*stream, 0), kind=kind))
    again = mesons[np.arange(n) % few]
    return again.with_weight(again.weight * (few / n))


def focus(model: Model, setup: Setup, spectra: Tables, seed: int) -> ImportanceGrid:
    """Return where in (ENERGY, Q_SQ) to spend points, from a pilot run: it moves points, never an expectation."""
    channels = model.detections(setup.nuclei)
    a, b, weight = [], [], []
    for index, parents in enumerate(setup.parents):
        points = unit_points(PILOT_POINTS, seed=seed, stream=(_PILOT_STREAM, index))
        mesons = reused(parents, PILOT_POINTS, seed, (_PILOT_STREAM, index))
        for spectrum in _of_parent(spectra, parents):
            arrivals = send(mesons, spectrum, model, setup.shape, points)
            mass, shape, rings = model.particle_mass, setup.shape, setup.rings
            at = somewhere(arrivals, mass, points)
            photons = (detect(channel, arrivals, mass, shape, points, rings, at) for channel in channels)
            seen = (observe(item, setup.response, setup.window, points) for item in photons)
            a.append(points[:, Axis.ENERGY])
            b.append(points[:, Axis.Q_SQ])
            weight.append(np.sum([item.weight for item in seen], axis=0))
    if not channels or not weight:
        return ImportanceGrid.uniform()
    return ImportanceGrid.adapted(np.concatenate(a), np.concatenate(b), np.concatenate(weight), bins=16, floor=0.2)


def refocus(points: Floats, grid: ImportanceGrid) -> tuple[Floats, Floats, Floats]:
    """Return points moved by a grid in (ENERGY, Q_SQ), and the weights that make up for each coordinate, (N,)."""
    a, b, jacobian = grid.map(points[:, Axis.ENERGY], points[:, Axis.Q_SQ])
    moved = points.copy()
    moved[:, Axis.ENERGY], moved[:, Axis.Q_SQ] = a, b
    first = grid.first_jacobian(a)
    return moved, first, jacobian / first
