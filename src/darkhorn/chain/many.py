"""Many models from the same mesons: what ``predict`` computes, at a small part of its cost for each further model.

Models that emit the same spectra (a scan over the mass of the mediator) share the particles at the detector. Of these,
few are looked at: drawn by a low-discrepancy sequence along their energy, in proportion to path length in the detector
times what a pilot saw of them. Models that differ in the propagator of the exchange alone share even the photons, whose
weights are multiplied by the ratio of the propagators.

Every model uses the same points, so that neighbours in a scan move together. A result depends on the model, on the
models whose pilot it shares, and on the seed; never on what was computed before.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Self

import numpy as np

from darkhorn.chain.aim import Arrivals
from darkhorn.chain.cache import recall
from darkhorn.chain.decay import Spectrum, tabulate_emission
from darkhorn.chain.detect import detect
from darkhorn.chain.observe import Observed, cells_of, observe
from darkhorn.chain.parents import point_flux
from darkhorn.chain.predict import REPLICATES, next_points
from darkhorn.chain.setup import Setup
from darkhorn.chain.walk import Tables, send, tabulate_all
from darkhorn.core.importance import ImportanceGrid
from darkhorn.core.points import Axis, unit_points
from darkhorn.core.rays import Floats, Ints, Rays
from darkhorn.core.species import mass
from darkhorn.detector.geometry import Shape
from darkhorn.models.channels import Channel, Conversion, Line, Model

FIRST_POINTS: Final = 2**12
"""Mesons of each species and replicate to start with."""
MOST_POINTS: Final = 2**15
LOOKS: Final = 2**10, 2**11
"""Particles of each replicate that are looked at: to start with, and at most."""
_STREAM: Final = 5_000_000
_PILOT_POINTS: Final = 2**11
_PROBES: Final = 2**8
_FEWEST: Final = 4
"""A species gets at least 1/2^4 of the mesons of the one that sends most."""
_BINS: Final = 16
_FLOOR: Final = 0.15
_KEY_NODES: Final = 17
_CHECKED_ROWS: Final = 32
_SAME: Final = 1.0e-9
_MARGIN: Final = 1.0e-6


@dataclass(frozen=True)
class ModeRates:
    """Selected events of one mode in its exposure at unit couplings.

    Attributes
    ----------
    name : str
        Mode.
    spectra : dict of str to (replicates, n) float
        By distribution.
    signal : (replicates,) float
        All selected events.
    points : int
        Mesons of each species and replicate.
    """

    name: str
    spectra: dict[str, Floats]
    signal: Floats
    points: int

    @property
    def relative_error(self) -> float:
        """Monte-Carlo error of the number of selected events, relative; 0 where there are none."""
        mean = float(self.signal.mean())
        return float(self.signal.std(ddof=1) / np.sqrt(len(self.signal)) / mean) if mean > 0.0 else 0.0


@dataclass(frozen=True)
class Batch:
    """Mesons of one species, all replicates one after the other, and the points of their particles.

    Attributes
    ----------
    species : int
        PDG number.
    mesons : Rays
        (N,) rows.
    points : (N, len(Axis)) float
        Points of the unit cube.
    angle : (N,) float
        Between the flight and the nearest line into the sphere around the detector, rad; 0 or less where they meet.
    """

    species: int
    mesons: Rays
    points: Floats
    angle: Floats

    @classmethod
    def make(cls, species: int, mesons: Rays, points: Floats, shape: Shape) -> Self:
        """Return a batch; the angles follow from the mesons and the detector."""
        centre, radius = shape.bounding_sphere()
        line = np.asarray(centre) - mesons.x[:, 1:]
        distance = np.maximum(np.sqrt(np.einsum("ij,ij->i", line, line)), radius)
        cosine = np.einsum("ij,ij->i", line, mesons.direction) / distance
        return cls(species, mesons, points, np.arccos(np.clip(cosine, -1.0, 1.0)) - np.arcsin(radius / distance))

    def reaching(self, spectrum: Spectrum | Line) -> Ints:
        """Return the rows whose particles can fly into the detector: all of them for light particles.

        In flight with gamma beta = b, a particle of mass m and rest-frame momentum q < m b stays within the angle
        asin(q/(m b)) of its parent.
        """
        top = spectrum.energy if isinstance(spectrum, Line) else spectrum.energy_max
        momentum = np.sqrt(max((top - spectrum.mass) * (top + spectrum.mass), 0.0))
        forward = spectrum.mass * self.mesons.momentum / mass(self.species)
        widest = np.arcsin(np.minimum(momentum / np.maximum(forward, 1.0e-300), 1.0))
        reached: Ints = np.flatnonzero((forward <= momentum) | (self.angle <= widest + _MARGIN))
        return reached


@dataclass(frozen=True)
class Crossing:
    """Particles that cross the detector, by replicate and in each by energy.

    Attributes
    ----------
    arrivals : Arrivals
        (N,) rows.
    path : (N,) float
        Running sum over all rows of weight times chord.
    ends : (replicates + 1,) float
        That sum where each replicate begins, and at the end.
    """

    arrivals: Arrivals
    path: Floats
    ends: Floats


@dataclass(frozen=True)
class Photographs:
    """What is seen through one channel in one mode: only rows that pass the selection.

    Attributes
    ----------
    channel : Channel
        With which they were made.
    weight, q_sq : (N,) float
        Events per POT and squared momentum transfer (MeV^2).
    sample : tuple of three (about 32,) float
        Energies (MeV), squared momentum transfers and cross sections of some rows, to compare channels with.
    replicate : (N,) int
        Which replicate.
    cells : dict of str to (N,) int
        By distribution: replicate times (bins + 1) plus the bin, the last for everything outside.
    """

    channel: Channel
    weight: Floats
    q_sq: Floats
    sample: tuple[Floats, Floats, Floats]
    replicate: Ints
    cells: dict[str, Ints]


class Bench:
    """Mesons of every mode, drawn once for any number of models.

    Parameters
    ----------
    setups : tuple of Setup
        One a mode.
    seed : int
        Seed of the calculation.
    replicates : int
        Independent scrambles.
    """

    def __init__(self, setups: tuple[Setup, ...], seed: int = 1, replicates: int = REPLICATES) -> None:
        """Start without mesons."""
        self.setups, self.seed, self.replicates = setups, seed, replicates
        self._batches: dict[tuple[str, int], tuple[Batch, ...]] = {}
        self._halved: dict[str, tuple[int, ...]] = {}

    @property
    def species(self) -> tuple[int, ...]:
        """PDG numbers of the mesons of all modes."""
        return tuple(parents.species for setup in self.setups for parents in setup.parents)

    def batches(self, setup: Setup, n: int) -> tuple[Batch, ...]:
        """Return the mesons of a mode, at most ``n`` of each species and replicate, from the cache if it has them."""
        if (setup.name, n) not in self._batches:
            made, count = [], self.replicates
            for index, (parents, halved) in enumerate(zip(setup.parents, self._halvings(setup), strict=True)):
                few = max(n >> halved, 1)
                streams = [(index, replicate) for replicate in range(count)]
                chosen = [unit_points(few, seed=self.seed, stream=(*stream, 0)) for stream in streams]
                points = [unit_points(few, seed=self.seed, stream=stream) for stream in streams]
                mesons = recall(parents, np.concatenate(chosen))
                mesons = mesons.with_weight(mesons.weight * count)
                made.append(Batch.make(parents.species, mesons, np.concatenate(points), setup.shape))
            self._batches[setup.name, n] = tuple(made)
        return self._batches[setup.name, n]

    def _halvings(self, setup: Setup) -> tuple[int, ...]:
        """Return how often the number of mesons of each species is halved: those that send little need fewer.

        Little is flux times energy of massless daughters at the detector, found from a few mesons.
        """
        if setup.name not in self._halved:
            sent = []
            for index, parents in enumerate(setup.parents):
                points = unit_points(_PROBES, seed=self.seed, stream=(_STREAM, index, 0))
                mesons = recall(parents, points)
                energy = mesons.energy * (1.0 + mesons.beta)
                sent.append(float(point_flux(mesons, setup.shape.bounding_sphere()[0]) @ (mesons.weight * energy)))
            share = np.array(sent) / max(sent)
            halvings = np.floor(-np.log2(np.maximum(share, 2.0**-_FEWEST))).astype(int)
            self._halved[setup.name] = tuple(halvings.tolist())
        return self._halved[setup.name]


def cross(model: Model, setup: Setup, tables: Tables, batches: Sequence[Batch], replicates: int) -> Crossing:
    """Return every particle that crosses the detector of a mode."""
    sent, rows = [], []
    for batch in batches:
        number = np.repeat(np.arange(replicates), len(batch.mesons) // replicates)
        for (parent, _), spectrum in tables.items():
            if parent == abs(batch.species):
                some = batch.reaching(spectrum)
                sent.append(send(batch.mesons[some], spectrum, model, setup.shape, batch.points[some]))
                rows.append(number[some])
    rays = Rays.concatenate([item.rays for item in sent])
    empty = np.zeros(0)
    chord = np.concatenate([empty, *(item.chord for item in sent)])
    distance = np.concatenate([empty, *(item.distance for item in sent)])
    replicate = np.concatenate([np.zeros(0, dtype=np.int64), *rows])
    hit = np.flatnonzero(rays.weight * chord > 0.0)
    order = hit[np.lexsort((rays.energy[hit], replicate[hit]))]
    path = np.cumsum(rays.weight[order] * chord[order])
    ends = np.searchsorted(replicate[order], np.arange(replicates + 1))
    return Crossing(Arrivals(rays[order], chord[order], distance[order]), path, np.concatenate([[0.0], path])[ends])


def thin(crossing: Crossing, grid: ImportanceGrid, points: Floats, replicate: Ints) -> tuple[Arrivals, Floats]:
    """Return one of the particles for each point, and the points with their place in Q_SQ.

    Parameters
    ----------
    crossing : Crossing
        At least one particle; weights of a replicate without any are 0.
    grid : ImportanceGrid
        Where in (share of the path in the detector, Q_SQ) to look.
    points : (N, len(Axis)) float
        ENERGY and Q_SQ are used.
    replicate : (N,) int
        From which replicate each is drawn; as often from each.
    """
    a, b, jacobian = grid.map(points[:, Axis.ENERGY], points[:, Axis.Q_SQ])
    low, high = crossing.ends[replicate], crossing.ends[replicate + 1]
    row = np.minimum(np.searchsorted(crossing.path, low + a * (high - low), side="right"), len(crossing.path) - 1)
    each = len(points) // (int(replicate[-1]) + 1)
    found = crossing.arrivals
    chord = found.chord[row]
    weight = (high - low) * jacobian / (each * chord)
    moved = points.copy()
    moved[:, Axis.Q_SQ] = b
    return Arrivals(found.rays[row].with_weight(weight), chord, found.distance[row]), moved


def emission_key(model: Model, species: Sequence[int]) -> tuple[object, ...]:
    """Return what the particles at the detector depend on; spectra are compared at 17 energies, to the last bit."""
    emitted: list[object] = [model.particle_mass, model.survival_width]
    for parent in sorted({abs(pdg) for pdg in species}):
        for item in model.emissions(parent):
            if isinstance(item, Line):
                emitted.append(item)
            else:
                table = tabulate_emission(item, _KEY_NODES)
                emitted += [parent, item.name, table.energy_min, table.energy_max, table.count, table.table.tobytes()]
    return tuple(emitted)


class Family:
    """Models that share particles, or one model alone.

    Parameters
    ----------
    bench : Bench
        Mesons.
    guides : sequence of Model
        The first one leads: what shares its spectra is predicted together with it. All of them say where points go.

    Raises
    ------
    ThresholdError
        When the leading model can make nothing.
    """

    def __init__(self, bench: Bench, guides: Sequence[Model]) -> None:
        """Tabulate the spectra of the leading model."""
        self.bench, self.lead = bench, guides[0]
        self.lead.require_open(bench.species)
        self._key = emission_key(self.lead, bench.species)
        self._guides = [model for model in guides if emission_key(model, bench.species) == self._key]
        self._tables = tabulate_all(self.lead, bench.setups)
        self._made: dict[tuple[str, int], list[Photographs]] = {}

    def shares(self, model: Model) -> bool:
        """Return whether a model emits what the leading one does."""
        return model is self.lead or emission_key(model, self.bench.species) == self._key

    def rates(self, model: Model, precision: float) -> tuple[ModeRates, ...] | None:
        """Return the events of every mode, with mesons added until the relative error of each is met.

        Parameters
        ----------
        model : Model
            One that shares spectra with the leading one.
        precision : float
            Requested relative Monte-Carlo error of the selected events of each mode.

        Returns
        -------
        tuple of ModeRates or None
            None where the cross sections differ by more than propagators: the model needs a family of its own.
        """
        if not self._alike(model):
            return None
        found = []
        for setup in self.bench.setups:
            n = FIRST_POINTS
            rates = self._mode(model, setup, n)
            while rates.relative_error > precision and n < MOST_POINTS:
                n = min(next_points(n, rates.relative_error / precision), MOST_POINTS)
                rates = self._mode(model, setup, n)
            found.append(rates)
        return tuple(found)

    def _alike(self, model: Model) -> bool:
        """Return whether the channels of a model are those of the leading one but for propagators."""
        if model is self.lead:
            return True
        setups = self.bench.setups
        for setup in (s for k, s in enumerate(setups) if s.nuclei not in [before.nuclei for before in setups[:k]]):
            channels, seen = model.detections(setup.nuclei), self._seen(setup, FIRST_POINTS)
            if len(channels) != len(self.lead.detections(setup.nuclei)):
                return False
            if not all(map(propagators_differ, seen, channels)):
                return False
        return True

    def _seen(self, setup: Setup, n: int) -> list[Photographs]:
        """Return what is seen through every channel, kept for the next model."""
        if (setup.name, n) not in self._made:
            self._made[setup.name, n] = self._look(setup, n)
        return self._made[setup.name, n]

    def _mode(self, model: Model, setup: Setup, n: int) -> ModeRates:
        """Return the events of one mode with ``n`` mesons of each species and replicate."""
        count = self.bench.replicates
        signal = np.zeros(count)
        spectra = {name: np.zeros((count, len(edges) - 1)) for name, edges in setup.edges.items()}
        for channel, item in zip(model.detections(setup.nuclei), self._seen(setup, n), strict=False):
            weight = item.weight * setup.pot
            if model is not self.lead:
                weight = weight * ratio(item, channel)
            signal += np.bincount(item.replicate, weight, count)
            for name, cells in item.cells.items():
                bins = spectra[name].shape[1] + 1
                spectra[name] += np.bincount(cells, weight, count * bins).reshape(count, bins)[:, :-1]
        return ModeRates(setup.name, spectra, signal, n)

    def _look(self, setup: Setup, n: int) -> list[Photographs]:
        """Return what is seen through every channel; empty where no particle crosses the detector."""
        bench = self.bench
        count = bench.replicates
        crossing = cross(self.lead, setup, self._tables, bench.batches(setup, n), count)
        if len(crossing.path) == 0:
            return []
        looks = min(max(n // FIRST_POINTS * LOOKS[0], LOOKS[0]), LOOKS[1])
        drawn = [unit_points(looks, seed=bench.seed, stream=(_STREAM, replicate)) for replicate in range(count)]
        points, replicate = np.concatenate(drawn), np.repeat(np.arange(count), looks)
        others = [guide.detections(setup.nuclei) for guide in self._guides[1:]]
        seen = []
        for number, channel in enumerate(self.lead.detections(setup.nuclei)):
            alike = [channels[number] for channels in others if len(channels) > number]
            arrivals, moved = thin(crossing, self._pilot(setup, crossing, channel, alike), points, replicate)
            found, energy, q_sq = self._see(setup, arrivals, channel, moved)
            keep = np.flatnonzero(found.weight > 0.0)
            cells = {
                name: cells_of(getattr(found, name)[keep], edges, replicate[keep])
                for name, edges in setup.edges.items()
            }
            sample = _sample(channel, energy[keep], q_sq[keep])
            seen.append(Photographs(channel, found.weight[keep], q_sq[keep], sample, replicate[keep], cells))
        return seen

    def _see(
        self, setup: Setup, arrivals: Arrivals, channel: Channel, points: Floats
    ) -> tuple[Observed, Floats, Floats]:
        """Return what is reconstructed, and energy and momentum transfer of each particle."""
        photons = detect(channel, arrivals, self.lead.particle_mass, setup.shape, points, setup.rings)
        return observe(photons, setup.response, setup.window, points), arrivals.rays.energy, photons.q_sq

    def _pilot(self, setup: Setup, crossing: Crossing, channel: Channel, alike: Sequence[Channel]) -> ImportanceGrid:
        """Return where to look, from a pilot: good for the leading model and for channels of the other guides."""
        points = unit_points(_PILOT_POINTS, seed=self.bench.seed, stream=(_STREAM, self.bench.replicates))
        whole = replace(crossing, ends=crossing.ends[[0, -1]])
        arrivals, moved = thin(whole, ImportanceGrid.uniform(), points, np.zeros(len(points), dtype=np.int64))
        seen, energy, q_sq = self._see(setup, arrivals, channel, moved)
        worth = [seen.weight]
        if isinstance(channel, Conversion):
            own = channel.dsigma_dq_sq_cm2(energy, q_sq)
            safe = np.where(own > 0.0, own, np.inf)
            for other in alike:
                if isinstance(other, Conversion) and other.target_mass == channel.target_mass:
                    worth.append(seen.weight * other.dsigma_dq_sq_cm2(energy, q_sq) / safe)
        sums = [float(item.sum()) for item in worth]
        square = sum((item / total) ** 2 for item, total in zip(worth, sums, strict=True) if total > 0.0)
        if not np.any(square):
            return ImportanceGrid.uniform()
        return ImportanceGrid.adapted(points[:, Axis.ENERGY], points[:, Axis.Q_SQ], np.sqrt(square), _BINS, _FLOOR)


def _sample(channel: Channel, energy: Floats, q_sq: Floats) -> tuple[Floats, Floats, Floats]:
    """Return energies, momentum transfers and cross sections of about 32 rows; no rows for other channels."""
    step = max(1, len(energy) // _CHECKED_ROWS)
    some = slice(None, None, step) if isinstance(channel, Conversion) else slice(0)
    few = energy[some], q_sq[some]
    return (*few, channel.dsigma_dq_sq_cm2(*few) if isinstance(channel, Conversion) else few[0])


def propagators_differ(seen: Photographs, channel: Channel) -> bool:
    """Return whether a channel is the same but for the mass in a propagator squared: checked on some rows to 1e-9."""
    own = seen.channel
    if not isinstance(own, Conversion) or not isinstance(channel, Conversion):
        return False
    if (own.name, own.target_mass, own.number_density) != (channel.name, channel.target_mass, channel.number_density):
        return False
    energy, q_sq, sigma = seen.sample
    expected = sigma * _ratio(q_sq, own, channel)
    return bool(np.all(np.abs(channel.dsigma_dq_sq_cm2(energy, q_sq) - expected) <= _SAME * expected))


def ratio(seen: Photographs, channel: Channel) -> Floats:
    """Return the ratio of the propagators squared, of another channel to that of the rows, (N,)."""
    own = seen.channel
    if not isinstance(own, Conversion) or not isinstance(channel, Conversion):
        raise TypeError(f"{type(channel).__name__} has no propagator")
    return _ratio(seen.q_sq, own, channel)


def _ratio(q_sq: Floats, own: Conversion, other: Conversion) -> Floats:
    found: Floats = ((q_sq + own.mediator_mass**2) / (q_sq + other.mediator_mass**2)) ** 2
    return found
