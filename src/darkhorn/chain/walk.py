"""The walk of many histories: mesons decay, aim, are detected and observed; the sums that remain of them.

Points come in units of a few thousand: several replicates at once, mesons together with their antiparticles.
"""

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np

from darkhorn.chain.aim import Arrivals, at_centre
from darkhorn.chain.cache import recall
from darkhorn.chain.decay import Spectrum
from darkhorn.chain.detect import detect
from darkhorn.chain.herd import choose, few_of, in_turn
from darkhorn.chain.observe import Observed, coordinate, fill, observe
from darkhorn.chain.plan import LEAST_STEP, Plan, refocus
from darkhorn.chain.send import send
from darkhorn.chain.setup import Counted
from darkhorn.chain.tally import Made, Tally
from darkhorn.core.importance import EnergyGrid, ImportanceGrid
from darkhorn.core.points import Axis, joined, unit_sets
from darkhorn.core.rays import Floats, Ints, Rays
from darkhorn.core.units import C
from darkhorn.models.channels import Channel, Line

UNIT_ROWS: Final = 3 * 2**12
"""Histories that are walked at once, about."""


class Unit(NamedTuple):
    """Points ``start`` to ``start + size`` of consecutive replicates, for species that decay alike.

    The species are places in the setup; one whose points are halved so often has its share of both numbers.
    """

    species: tuple[int, ...]
    start: int
    size: int
    replicates: range


def units_of(plan: Plan, start: int, stop: int) -> Iterator[Unit]:
    """Yield the units of points ``start`` to ``stop`` of every species.

    Parameters
    ----------
    plan : Plan
        What is computed.
    start, stop : int
        Multiples of 2^k for every k in ``plan.halvings``.
    """
    for species in plan.kinds:
        share = sum(0.5 ** plan.halved(place) for place in species)
        step = max(1 << int(np.log2(UNIT_ROWS / share)), LEAST_STEP)
        for low in range(start, stop, step):
            size = min(stop - low, step)
            parts = int(np.ceil(plan.replicates * size * share / UNIT_ROWS))
            together = -(-plan.replicates // parts)
            for first in range(0, plan.replicates, together):
                yield Unit(species, low, size, range(first, min(first + together, plan.replicates)))


def walk(plan: Plan, unit: Unit) -> Tally:
    """Return the sums of one unit: every decay of its mesons, over all channels."""
    setup, count = plan.setup, len(unit.replicates)
    parts = [_points(plan, unit, place) for place in unit.species]
    points, energy_weight, q_sq_weight = refocus(joined(parts), plan.grid)
    mesons, per_pot = _mesons(plan, unit, parts)
    number = count * unit.size * per_pot
    mesons = mesons.with_weight(mesons.weight * (count * unit.size * energy_weight))
    replicate = np.concatenate([np.repeat(unit.replicates, len(part) // count) for part in parts])
    total = Tally.nothing(setup, plan.replicates)
    for spectrum in plan.decays(unit.species):
        arrivals = send(mesons, spectrum, plan.model, setup.shape, points, plan.energies)
        particles = number * spectrum.branching
        decays = {spectrum.name: Made(number, particles / spectrum.count, particles)}
        total += _crossing(plan, arrivals, replicate, decays)
        total += _selected(plan, list(_seen(plan, arrivals, points, q_sq_weight, replicate)))
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


def _points(plan: Plan, unit: Unit, species: int) -> Floats:
    """Return the points of one species of a unit, replicate after replicate."""
    start, size = (value >> plan.halved(species) for value in (unit.start, unit.size))
    return _sets(plan, start, size, tuple((species, replicate) for replicate in unit.replicates))


def _sets(plan: Plan, start: int, size: int, streams: tuple[tuple[int, ...], ...]) -> Floats:
    """Return points ``start`` to ``start + size`` of sets, one set after the other."""
    parts = [
        unit_sets(net, seed=plan.seed, streams=streams, kind=plan.kind, start=first)
        for first, net in _nets(start, size)
    ]
    if len(parts) == 1:
        return parts[0]
    shaped = [part.T.reshape(len(Axis), len(streams), -1) for part in parts]
    return np.concatenate(shaped, axis=2).reshape(len(Axis), -1).T


def _nets(start: int, size: int) -> Iterator[tuple[int, int]]:
    """Yield the parts of a range of points, each 2^k points from a multiple of that on, as Sobol' sets have to be."""
    while size > 0:
        part = 1 << size.bit_length() - 1
        part = min(part, start & -start) if start else part
        yield start, part
        start, size = start + part, size - part


def _mesons(plan: Plan, unit: Unit, parts: list[Floats]) -> tuple[Rays, float]:
    """Return a meson for each point of a unit, species after species, and how many mesons there are per POT.

    Weights sum to that number. With a plan as many mesons are drawn as there are points, from the same points, and used
    as often as they are worth: the coordinate CHOICE chooses along the energy of what they send. Without one, few are
    drawn and used equally often. The spread over replicates knows about this, since each has mesons of its own.
    """
    sets, parents = len(unit.replicates), [plan.setup.parents[place] for place in unit.species]
    own = parts if plan.energies else [_few_points(plan, unit, place) for place in unit.species]
    herds = list(map(recall, parents, own))
    known = (each.yield_per_pot if isinstance(each, Counted) else None for each in parents)
    per_pot = sum(herd.yield_ if given is None else given for herd, given in zip(herds, known, strict=True))
    if plan.energies is None:
        return Rays.concatenate([in_turn(herd, unit.size, sets) for herd in herds]), per_pot
    ends = np.cumsum([0, *map(len, herds)])
    drawn = Rays.concatenate(herds)
    energy, worth = _worth(plan, unit, drawn)
    u = np.concatenate([part[:, Axis.CHOICE] for part in parts])
    chosen = [choose(worth[i:j], energy[i:j], u[i:j], sets) for i, j in pairwise(ends)]
    rows = np.concatenate([first + place for first, (place, _) in zip(ends, chosen, strict=False)])
    return drawn[rows].with_weight(drawn.weight[rows] * np.concatenate([factor for _, factor in chosen])), per_pot


def _few_points(plan: Plan, unit: Unit, species: int) -> Floats:
    """Return the points of the mesons of one species where there are fewer of them."""
    few = few_of(unit.size)
    streams = tuple((species, replicate, 0) for replicate in unit.replicates)
    return _sets(plan, unit.start * few // unit.size, few, streams)


def _worth(plan: Plan, unit: Unit, mesons: Rays) -> tuple[Floats, Floats]:
    """Return what each meson is worth, as a few trials and the pilot say, and the mean energy in MeV of what it sends.

    Energies come first.
    """
    energies = plan.energies or EnergyGrid(1.0, ImportanceGrid.uniform())
    square, weighted, total = (np.zeros(len(mesons)) for _ in range(3))
    for spectrum in plan.decays(unit.species):
        for energy, weight in _tried(plan, mesons, spectrum, energies):
            place = energy / (energy + energies.scale) * len(plan.value)
            worth = weight * plan.value[place.astype(np.int64)]
            square, total, weighted = square + worth**2, total + worth, weighted + worth * energy
    return weighted / np.where(total > 0.0, total, 1.0), np.sqrt(square)


def _tried(
    plan: Plan, mesons: Rays, spectrum: Spectrum | Line, energies: EnergyGrid
) -> Iterator[tuple[Floats, Floats]]:
    """Yield energies in MeV and weights of what mesons send in a few ways.

    A spectrum is smooth: a few energies in the middle of the detector tell what a meson is worth. A line is not.
    """
    model, shape = plan.model, plan.setup.shape
    if isinstance(spectrum, Spectrum) and model.survival_width == 0.0:
        yield from at_centre(mesons, spectrum, shape, _TRIED, energies)
        return
    trial = np.full(len(Axis), 0.5)
    for place in _TRIALS:
        trial[[Axis.AIM_COS, Axis.AIM_PHI, Axis.ENERGY]] = place
        points = np.broadcast_to(trial, (len(mesons), len(Axis)))
        rays = send(mesons, spectrum, model, shape, points, energies).rays
        yield rays.energy, rays.weight


_TRIED: Final = tuple((np.arange(6) + 0.5) / 6)
"""Places in ENERGY: two would do for a wide spectrum, but some of a chain of decays are narrow at a given angle."""
_TRIALS: Final = (0.25, 0.0625, 0.125), (0.25, 0.0625, 0.625), (0.75, 0.5625, 0.375), (0.75, 0.5625, 0.875)
"""Places in AIM_COS, AIM_PHI and ENERGY."""


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
    plan: Plan, arrivals: Arrivals, points: Floats, q_sq_weight: Floats, replicate: Ints
) -> Iterator[tuple[Observed, Floats, Ints]]:
    """Yield what is seen of particles through each channel, with its weights and replicates."""
    setup = plan.setup
    for channel, rows, chosen, weight in _looks(plan, arrivals, points):
        photons = detect(channel, arrivals[rows], plan.model.particle_mass, setup.shape, chosen, setup.rings)
        seen = observe(photons, setup.response, setup.window, chosen)
        yield seen, seen.weight * q_sq_weight[rows] * weight, replicate[rows]


def _selected(plan: Plan, seen: list[tuple[Observed, Floats, Ints]]) -> Tally:
    """Return the sums over what is selected."""
    setup, count = plan.setup, plan.replicates
    nothing = Tally.nothing(setup, count)
    if not seen:
        return nothing
    weight, replicate = (np.concatenate([row[column] for row in seen]) for column in (1, 2))
    values = {
        name: np.concatenate([coordinate(item, name, setup.cells) for item, _, _ in seen]) for name in setup.edges
    }
    return replace(
        nothing,
        spectra={name: fill(values[name], weight, edges, replicate, count) for name, edges in setup.edges.items()},
        signal=np.bincount(replicate, weight, count).astype(float),
        signal_sq=float(np.dot(weight, weight)),
        largest=float(weight.max(initial=0.0)),
    )


def take(points: Floats, rows: Ints) -> Floats:
    """Return some points, each coordinate contiguous in memory."""
    return points if len(rows) == len(points) else np.take(points.T, rows, axis=1).T
