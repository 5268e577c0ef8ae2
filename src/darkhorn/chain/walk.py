"""One replicate: every parent decays, aims, converts and is observed; the sums that remain of it.

A pilot walk says where in (energy, Q^2) the points should go; the weights make up for it exactly.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from darkhorn.chain.aim import Arrivals, aim, survive
from darkhorn.chain.cache import recall
from darkhorn.chain.decay import Spectrum, tabulate
from darkhorn.chain.detect import convert
from darkhorn.chain.observe import fill, observe
from darkhorn.chain.setup import Parents, Setup
from darkhorn.core.importance import ImportanceGrid
from darkhorn.core.points import Axis, unit_points
from darkhorn.core.rays import Floats, Rays
from darkhorn.core.units import C
from darkhorn.models.photoconversion import Conversion, Photoconversion

PILOT_POINTS: Final = 2**13
REUSE: Final = 4
"""How often each drawn meson is used."""
_PILOT_STREAM: Final = 3_000_000


@dataclass(frozen=True)
class Tally:
    """Sums of one replicate at unit couplings: per POT for bosons, per POT for photons."""

    spectra: dict[str, Floats]
    bosons: Floats
    signal: float
    signal_sq: float
    largest: float
    crossing: float
    chord: float
    time: float
    delay: float


def tabulate_all(model: Photoconversion, setups: tuple[Setup, ...]) -> dict[tuple[int, int], Spectrum]:
    """Return the spectrum of every open (|parent|, lepton) channel."""
    species = sorted({abs(parents.species) for setup in setups for parents in setup.parents})
    channels = [channel for parent in species for channel in model.decay_channels(parent)]
    return {(parent, lepton): tabulate(model.amplitude, parent, lepton, model.m_x) for parent, lepton in channels}


def replicate_tally(
    model: Photoconversion,
    setup: Setup,
    spectra: dict[tuple[int, int], Spectrum],
    conversions: tuple[Conversion, ...],
    n: int,
    seed: int,
    replicate: int,
    kind: str = "sobol",
    grid: ImportanceGrid | None = None,
) -> Tally:
    """Return the sums of one replicate: one walk through the chain for each species, lepton and kind of target."""
    tallies = []
    for index, parents in enumerate(setup.parents):
        points = unit_points(n, seed=seed, stream=(index, replicate), kind=kind)
        mesons = reused(parents, n, seed, (index, replicate), kind)
        points, energy_weight, q_sq_weight = refocus(points, grid or ImportanceGrid.uniform())
        for parent, lepton in model.decay_channels(abs(parents.species)):
            arrivals = aim(
                mesons.with_weight(mesons.weight * energy_weight), spectra[parent, lepton], setup.shape, points
            )
            if model.decay_on_the_way:
                arrivals = survive(arrivals, model.m_x, sum(model.decay_widths().values()))
            tallies.append(_tally(model, setup, arrivals, conversions, points, q_sq_weight))
    return _add(tallies)


def _tally(
    model: Photoconversion,
    setup: Setup,
    arrivals: Arrivals,
    conversions: tuple[Conversion, ...],
    points: Floats,
    q_sq_weight: Floats,
) -> Tally:
    """Return the sums of one decay channel over all conversion channels."""
    rays = arrivals.rays
    beta = np.where(rays.momentum > 0, rays.beta, 1.0)
    delay = arrivals.distance / C * (1.0 / beta - 1.0)
    spectra = {name: np.zeros(len(edges) - 1) for name, edges in setup.edges.items()}
    signal = signal_sq = largest = 0.0
    for conversion in conversions:
        photons = convert(arrivals, conversion, model.m_x, points)
        seen = observe(photons, setup.response, setup.window, points)
        weight = seen.weight * q_sq_weight
        for name, edges in setup.edges.items():
            spectra[name] += fill(getattr(seen, name), weight, edges)
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
    )


def reused(parents: Parents, n: int, seed: int, stream: tuple[int, ...], kind: str = "sobol") -> Rays:
    """Return n decaying mesons, each of n / REUSE drawn ones several times.

    A meson costs more than what happens to its bosons, and its share of the variance is smaller. The spread over
    replicates knows about it, since each replicate has mesons of its own.
    """
    few = max(n // REUSE, min(n, PILOT_POINTS // REUSE))
    mesons = recall(parents, unit_points(few, seed=seed, stream=(*stream, 0), kind=kind))
    again = mesons[np.arange(n) % few]
    return again.with_weight(again.weight * (few / n))


def focus(model: Photoconversion, setup: Setup, spectra: dict[tuple[int, int], Spectrum], seed: int) -> ImportanceGrid:
    """Return where in (ENERGY, Q_SQ) to spend points, from a pilot run: it moves points, never an expectation."""
    conversions = model.conversions(setup.nuclei)
    a, b, weight = [], [], []
    for index, parents in enumerate(setup.parents):
        points = unit_points(PILOT_POINTS, seed=seed, stream=(_PILOT_STREAM, index))
        mesons = reused(parents, PILOT_POINTS, seed, (_PILOT_STREAM, index))
        for parent, lepton in model.decay_channels(abs(parents.species)):
            arrivals = aim(mesons, spectra[parent, lepton], setup.shape, points)
            seen = (
                observe(convert(arrivals, c, model.m_x, points), setup.response, setup.window, points)
                for c in conversions
            )
            a.append(points[:, Axis.ENERGY])
            b.append(points[:, Axis.Q_SQ])
            weight.append(np.sum([item.weight for item in seen], axis=0))
    if not conversions or not weight:
        return ImportanceGrid.uniform()
    return ImportanceGrid.adapted(np.concatenate(a), np.concatenate(b), np.concatenate(weight), bins=16, floor=0.2)


def refocus(points: Floats, grid: ImportanceGrid) -> tuple[Floats, Floats, Floats]:
    """Return points moved by a grid in (ENERGY, Q_SQ), and the weights that make up for each coordinate, (N,)."""
    a, b, jacobian = grid.map(points[:, Axis.ENERGY], points[:, Axis.Q_SQ])
    moved = points.copy()
    moved[:, Axis.ENERGY], moved[:, Axis.Q_SQ] = a, b
    first = grid.first_jacobian(a)
    return moved, first, jacobian / first
