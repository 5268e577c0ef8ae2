"""Many models from the same mesons: what ``predict`` computes, at a small part of its cost for each further model.

Models that emit the same spectra (a scan over the mass of the mediator) share the particles at the detector. Of these,
few are looked at: drawn by a low-discrepancy sequence along their energy, in proportion to path length in the detector
times what a pilot saw of them. Models that differ in the propagator of the exchange alone share even the photons, whose
weights are multiplied by the ratio of the propagators.

Every model uses the same points, so that neighbours in a scan move together. A result depends on the model, on the
models whose pilot it shares, and on the seed; never on what was computed before.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any, Final

import numpy as np

from darkhorn.chain.aim import Arrivals
from darkhorn.chain.cache import recall
from darkhorn.chain.crossing import Batch, Crossing, cross, thin
from darkhorn.chain.decay import tabulate_emission
from darkhorn.chain.detect import detect
from darkhorn.chain.observe import Observed, observe
from darkhorn.chain.parents import point_flux
from darkhorn.chain.photographs import Photographs, propagators_differ, ratios, sample_of, sums_of
from darkhorn.chain.photons import Vertices, somewhere
from darkhorn.chain.predict import REPLICATES, next_points
from darkhorn.chain.send import tabulate_all
from darkhorn.chain.setup import Setup
from darkhorn.core.importance import ImportanceGrid
from darkhorn.core.points import Axis, unit_points, unit_sets
from darkhorn.core.rays import Floats
from darkhorn.models.channels import Channel, Conversion, Line, Model

_FIRST_POINTS: Final = 2**11, 2**14
"""Mesons of each species and replicate to start with: at least, and for an error of 1 % or less."""
MOST_POINTS: Final = 2**16
"""And at most, for the sake of memory: closer than 1 MeV to a threshold this gives errors of 1 to 2 %."""
_LOOKS: Final = 2**8, 2**11
"""Particles of each replicate that are looked at: at least and at most."""
_MESONS_A_LOOK: Final = 2**4
_RAREST: Final = 3
"""A channel of few events gets at least 1/2^3 of the looks."""
_STREAM: Final = 5_000_000
_PILOT_POINTS: Final = 2**10
_PROBES: Final = 2**8
_FEWEST: Final = 4
"""A species gets at least 1/2^4 of the mesons of the one that sends most."""
_BINS: Final = 16
_TOGETHER: Final = 64
"""Most models whose weights are in memory at once."""
_FLOOR: Final = 0.15
_KEY_NODES: Final = 17
_MEDIATOR: Final = "m_mediator"


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
                streams = tuple((index, replicate) for replicate in range(count))
                points = unit_sets(few, seed=self.seed, streams=streams)
                chosen = unit_sets(few, seed=self.seed, streams=tuple((*stream, 0) for stream in streams))
                mesons = recall(parents, chosen)
                mesons = mesons.with_weight(mesons.weight * count)
                made.append(Batch.make(parents.species, mesons, points, setup.shape))
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


def first_mesons(precision: float) -> int:
    """Return the mesons of each species and replicate with which a relative error is usually met, a power of two."""
    wanted = _FIRST_POINTS[1] * (0.01 / precision) ** 1.5
    return int(np.clip(2 ** np.ceil(np.log2(wanted)), *_FIRST_POINTS))


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

    Notes
    -----
    A model shares what a comparison of spectra and cross sections finds to be the same but for a propagator. Where all
    guides are the same model but for ``m_mediator`` and that comparison holds for each of them, models between them
    that differ in ``m_mediator`` alone are not compared again.
    """

    def __init__(self, bench: Bench, guides: Sequence[Model]) -> None:
        """Tabulate the spectra of the leading model."""
        self.bench, self.lead = bench, guides[0]
        self.lead.require_open(bench.species)
        self._key = emission_key(self.lead, bench.species)
        self._guides = [model for model in guides if emission_key(model, bench.species) == self._key]
        self._tables = tabulate_all(self.lead, bench.setups)
        self._made: dict[tuple[str, int], list[Photographs]] = {}
        same = len(self._guides) == len(guides) and all(differ_in_mediator(self.lead, model) for model in guides)
        masses = [float(getattr(model, _MEDIATOR)) for model in guides] if same else []
        self._between: tuple[float, float] | None = (min(masses), max(masses)) if masses else None
        self._trusted: bool | None = None

    def shares(self, model: Model) -> bool:
        """Return whether a model emits what the leading one does."""
        return model is self.lead or self._between_guides(model) or self._emits(model)

    def _emits(self, model: Model) -> bool:
        return emission_key(model, self.bench.species) == self._key

    def _between_guides(self, model: Model) -> bool:
        """Return whether a model differs in the mediator alone, whose mass is between those of guides that do."""
        if self._between is None or not differ_in_mediator(self.lead, model):
            return False
        low, high = self._between
        return low <= float(getattr(model, _MEDIATOR)) <= high

    def rates(self, model: Model, precision: float) -> tuple[ModeRates, ...] | None:
        """Return the events of every mode for one model; see :meth:`rates_of`."""
        return self.rates_of([model], precision)[0]

    def rates_of(self, models: Sequence[Model], precision: float) -> list[tuple[ModeRates, ...] | None]:
        """Return the events of every mode for many models, with mesons added until the error of each is met.

        Parameters
        ----------
        models : sequence of Model
            Those that share spectra with the leading one; what is found for one does not depend on the others.
        precision : float
            Requested relative Monte-Carlo error of the selected events of each mode.

        Returns
        -------
        list of tuple of ModeRates or None
            None where the cross sections differ by more than propagators: the model needs a family of its own.
        """
        found: list[tuple[ModeRates, ...] | None] = []
        for first in range(0, len(models), _TOGETHER):
            some = models[first : first + _TOGETHER]
            alike = [model for model in some if self._alike(model, first_mesons(precision))]
            modes = zip(*(self._converged(alike, setup, precision) for setup in self.bench.setups), strict=True)
            rates = {id(model): item for model, item in zip(alike, modes, strict=True)}
            found += [rates.get(id(model)) for model in some]
        return found

    def _converged(self, models: Sequence[Model], setup: Setup, precision: float) -> list[ModeRates]:
        """Return the events of one mode for each model, with as many mesons as each needs."""
        found: dict[int, ModeRates] = {}
        waiting = {first_mesons(precision): list(range(len(models)))}
        while waiting:
            n = min(waiting)
            numbers = waiting.pop(n)
            for k, rates in zip(numbers, self._mode([models[k] for k in numbers], setup, n), strict=True):
                found[k] = rates
                if rates.relative_error > precision and n < MOST_POINTS:
                    more = min(next_points(n, rates.relative_error / precision), MOST_POINTS)
                    waiting.setdefault(more, []).append(k)
        return [found[k] for k in range(len(models))]

    def _alike(self, model: Model, n: int) -> bool:
        """Return whether the channels of a model are those of the leading one but for propagators."""
        if model is self.lead:
            return True
        if self._between_guides(model):
            if self._trusted is None:
                self._trusted = all(self._compared(guide, n) for guide in self._guides[1:])
            if self._trusted:
                return True
        return self._compared(model, n)

    def _compared(self, model: Model, n: int) -> bool:
        """Return what a comparison of a model's channels with those of the leading one, with n mesons, says."""
        setups = self.bench.setups
        for setup in (s for k, s in enumerate(setups) if s.nuclei not in [before.nuclei for before in setups[:k]]):
            channels, seen = model.detections(setup.nuclei), self._seen(setup, n)
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

    def _mode(self, models: Sequence[Model], setup: Setup, n: int) -> list[ModeRates]:
        """Return the events of one mode for each model with ``n`` mesons of each species and replicate."""
        count, seen = self.bench.replicates, self._seen(setup, n)
        sizes = [len(edges) for edges in setup.edges.values()]
        total = np.zeros((count * (1 + sum(sizes)), len(models)))
        channels = [model.detections(setup.nuclei) for model in models]
        for number, item in enumerate(seen):
            total += item.sums @ ratios(item, [each[number] for each in channels])
        signal, *parts = np.split(total, count * np.cumsum([1, *sizes])[:-1])
        cells = [part.reshape(count, size, -1)[:, :-1] for part, size in zip(parts, sizes, strict=True)]
        return [
            ModeRates(
                setup.name,
                {name: rows[:, :, k].copy() for name, rows in zip(setup.edges, cells, strict=True)},
                signal[:, k].copy(),
                n,
            )
            for k in range(len(models))
        ]

    def _look(self, setup: Setup, n: int) -> list[Photographs]:
        """Return what is seen through every channel; empty where no particle crosses the detector."""
        bench = self.bench
        count = bench.replicates
        crossing = cross(self.lead, self._tables, bench.batches(setup, n), count)
        if len(crossing.path) == 0:
            return []
        looks = min(max(n // _MESONS_A_LOOK, _LOOKS[0]), _LOOKS[1])
        seen = []
        channels = self.lead.detections(setup.nuclei)
        for channel, (grid, halvings) in zip(channels, self._pilot(setup, crossing, channels), strict=True):
            few = looks >> halvings
            streams = tuple((_STREAM, replicate) for replicate in range(count))
            drawn = unit_sets(few, seed=bench.seed, streams=streams)
            replicate = np.repeat(np.arange(count), few)
            arrivals, moved = thin(crossing, grid, drawn, replicate)
            found, q_sq = self._see(setup, arrivals, channel, moved)
            keep = np.flatnonzero(found.weight > 0.0)
            sample = sample_of(channel, arrivals.rays.energy[keep], q_sq[keep])
            sums = sums_of(setup, found, keep, replicate[keep], count)
            seen.append(Photographs(channel, q_sq[keep], sample, sums))
        return seen

    def _see(
        self, setup: Setup, arrivals: Arrivals, channel: Channel, points: Floats, at: Vertices | None = None
    ) -> tuple[Observed, Floats]:
        """Return what is reconstructed, and the momentum transfer of each particle."""
        photons = detect(channel, arrivals, self.lead.particle_mass, setup.shape, points, setup.rings, at)
        return observe(photons, setup.response, setup.window, points), photons.q_sq

    def _pilot(self, setup: Setup, crossing: Crossing, channels: Sequence[Channel]) -> list[tuple[ImportanceGrid, int]]:
        """Return where to look through each channel, and how often to halve its looks: good for all guides."""
        points = unit_points(_PILOT_POINTS, seed=self.bench.seed, stream=(_STREAM, self.bench.replicates))
        whole = replace(crossing, ends=crossing.ends[[0, -1]])
        arrivals, moved = thin(whole, ImportanceGrid.uniform(), points, np.zeros(len(points), dtype=np.int64))
        at = somewhere(arrivals, self.lead.particle_mass, moved)
        guided = [guide.detections(setup.nuclei) for guide in self._guides[1:]]
        worths = []
        for number, channel in enumerate(channels):
            seen, q_sq = self._see(setup, arrivals, channel, moved, at)
            worth = [seen.weight]
            if isinstance(channel, Conversion):
                energy = arrivals.rays.energy
                own = channel.dsigma_dq_sq_cm2(energy, q_sq)
                safe = np.where(own > 0.0, own, np.inf)
                for other in (each[number] for each in guided if len(each) > number):
                    if isinstance(other, Conversion) and other.target_mass == channel.target_mass:
                        worth.append(seen.weight * other.dsigma_dq_sq_cm2(energy, q_sq) / safe)
            worths.append(worth)
        return [(_grid(points, worth), halvings) for worth, halvings in zip(worths, _halvings(worths), strict=True)]


def _halvings(worths: Sequence[Sequence[Floats]]) -> list[int]:
    """Return for each channel how often its looks are halved: by its largest share of the events of any model."""
    sums = [[float(item.sum()) for item in worth] for worth in worths]
    if len({len(row) for row in sums}) != 1:
        return [0] * len(sums)
    table = np.array(sums)
    share = (table / np.maximum(table.sum(axis=0), 1.0e-300)).max(axis=1)
    halvings: list[int] = np.floor(-np.log2(np.maximum(share, 2.0**-_RAREST))).astype(int).tolist()
    return halvings


def _grid(points: Floats, worth: Sequence[Floats]) -> ImportanceGrid:
    """Return where points of the unit square in (ENERGY, Q_SQ) are worth most for models of very different rates."""
    sums = [float(item.sum()) for item in worth]
    square = sum((item / total) ** 2 for item, total in zip(worth, sums, strict=True) if total > 0.0)
    if not np.any(square):
        return ImportanceGrid.uniform()
    return ImportanceGrid.adapted(points[:, Axis.ENERGY], points[:, Axis.Q_SQ], np.sqrt(square), _BINS, _FLOOR)


def differ_in_mediator(model: Any, other: Any) -> bool:
    """Return whether two models are of one kind and have the same parameters but for ``m_mediator``."""
    if type(model) is not type(other) or not is_dataclass(model) or not hasattr(model, _MEDIATOR):
        return False
    names = (item.name for item in fields(model) if item.name != _MEDIATOR)
    return all(_equal(getattr(model, name), getattr(other, name)) for name in names)


def _equal(one: Any, other: Any) -> bool:
    """Return whether two values are the same; objects of other kinds only where they are one."""
    return bool(one == other) if isinstance(one, str | int | float | tuple | Mapping) else one is other
