"""Where the points of one mode go: in energy and momentum transfer, over channels and over species, from a pilot.

The weights make up for it exactly: a pilot moves no expectation.
"""

from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple

import numpy as np

from darkhorn.chain.cache import recall
from darkhorn.chain.decay import Spectrum
from darkhorn.chain.detect import detect
from darkhorn.chain.herd import PILOT_POINTS, REUSE, in_turn
from darkhorn.chain.observe import observe
from darkhorn.chain.photons import somewhere
from darkhorn.chain.send import Tables, of_parent, send
from darkhorn.chain.setup import Setup
from darkhorn.core.importance import EnergyGrid, ImportanceGrid
from darkhorn.core.points import Axis, joined, unit_points
from darkhorn.core.rays import Floats, Ints, Rays
from darkhorn.models.channels import Channel, Line, Model

_STREAM: Final = 3_000_000
_POINTS: Final = 2**11
"""Points of a pilot's species that sends as much as any other."""
_MESONS: Final = 2**8
"""Mesons of each species in a pilot."""
_LITTLE: Final = 2
"""A species that sends little gets 1/2^2 of the points of a pilot."""
_SMALL: Final = 0.25
"""Energy at the detector over that of the species that sends most: less than this is little."""
_BINS: Final = 16
_ENERGY_BINS: Final = 16
_FLOOR: Final = 0.2
_PRODUCT: Final = 0.5
_FEWEST: Final = 5
"""A species gets at least 1/2^5 of the points of the one that needs most."""
LEAST_STEP: Final = 2**_FEWEST
"""Points of a replicate are a multiple of this, so that every species has its share."""


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

    @property
    def kinds(self) -> tuple[tuple[int, ...], ...]:
        """Places of species in the setup, those that decay alike together: a meson and its antiparticle."""
        places: dict[int, list[int]] = {}
        for place, parents in enumerate(self.setup.parents):
            places.setdefault(abs(parents.species), []).append(place)
        return tuple(map(tuple, places.values()))

    def decays(self, kind: tuple[int, ...]) -> list[Spectrum | Line]:
        """Return the spectra of the decays of one of :attr:`kinds`."""
        return of_parent(self.spectra, self.setup.parents[kind[0]])

    def halved(self, species: int) -> int:
        """Return how often the number of points of a species is halved."""
        return self.halvings[species] if self.halvings else 0


@dataclass(frozen=True)
class Pilot:
    """What a pilot sees of one decay of mesons and their antiparticles.

    Attributes
    ----------
    species : (N,) int
        Place of the meson's species in the setup.
    points : (N, len(Axis)) float
        Points of the unit cube.
    share : (N,) float
        One over the points of the species.
    energy, flux : (N,) float
        Of the particle in MeV; particles that cross the detector per POT.
    weights : list of (N,) float
        Selected events per POT through each channel.
    """

    species: Ints
    points: Floats
    share: Floats
    energy: Floats
    flux: Floats
    weights: list[Floats]


def focus(model: Model, setup: Setup, spectra: Tables, seed: int) -> ImportanceGrid:
    """Return where in (ENERGY, Q_SQ) to spend points that look through every channel; it moves no expectation."""
    plan = Plan(model, setup, spectra, model.detections(setup.nuclei), seed, 1)
    pilot = _pilot(plan, _herds(plan, PILOT_POINTS // REUSE), [PILOT_POINTS] * len(setup.parents))
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
    herds = _herds(plan, _MESONS)
    scale, sent = _first_look(plan, herds)
    if not channels or scale <= 0.0:
        return plan
    sizes = [_POINTS >> _LITTLE if little else _POINTS for little in (sent < _SMALL * sent.max()).tolist()]
    pilot = _pilot(replace(plan, energies=EnergyGrid(scale, ImportanceGrid.uniform())), herds, sizes)
    looks = [_Looks.make(item, number, len(channels), scale) for item in pilot for number in range(len(channels))]
    x, y, weight, share = (np.concatenate(rows) for rows in zip(*(look[1:] for look in looks), strict=True))
    if not weight.any():
        return plan
    bins = _ENERGY_BINS, _BINS * len(channels)
    grid = ImportanceGrid.adapted(x, y, weight / np.sqrt(share), bins, _FLOOR).filled(_PRODUCT)
    moments = len(channels) * np.bincount(
        np.concatenate([look.species for look in looks]), weight**2 / (share * grid.density(x, y)), len(herds)
    )
    halvings = np.floor(np.log2(np.sqrt(moments.max() / np.maximum(moments, 1.0e-30 * moments.max()))))
    halvings = np.clip(halvings, 0, _FEWEST).astype(int)
    relvar = float(np.sum(moments * 2.0**halvings)) / float(weight.sum()) ** 2 - 1.0
    return replace(
        plan,
        energies=EnergyGrid(scale, grid),
        value=_value(pilot, scale),
        halvings=tuple(halvings.tolist()),
        relvar=relvar,
    )


class _Looks(NamedTuple):
    """What a pilot sees through one channel.

    Attributes
    ----------
    species : (N,) int
        Place in the setup.
    x, y : (N,) float
        Where in the unit square of a plan's energies.
    weight : (N,) float
        Selected events per POT.
    share : (N,) float
        One over the points of the species.
    """

    species: Ints
    x: Floats
    y: Floats
    weight: Floats
    share: Floats

    @classmethod
    def make(cls, pilot: Pilot, number: int, channels: int, scale: float) -> "_Looks":
        """Return those through one of the channels, which lie side by side."""
        x = pilot.energy / (pilot.energy + scale)
        y = (pilot.points[:, Axis.Q_SQ] + number) / channels
        return cls(pilot.species, x, y, pilot.weights[number], pilot.share)


def _herds(plan: Plan, n: int) -> list[Rays]:
    """Return n mesons of each species for a pilot; their weights sum to the yield."""
    streams = ((_STREAM, place, 0) for place in range(len(plan.setup.parents)))
    points = (unit_points(n, seed=plan.seed, stream=stream) for stream in streams)
    return [recall(parents, few) for parents, few in zip(plan.setup.parents, points, strict=True)]


def _mixed(plan: Plan, herds: list[Rays], sizes: list[int], kind: tuple[int, ...]) -> tuple[Rays, Floats]:
    """Return a meson for each point of the species that decay alike, species after species, and the points."""
    mesons = Rays.concatenate([in_turn(herds[place], sizes[place]) for place in kind])
    parts = [unit_points(sizes[place], seed=plan.seed, stream=(_STREAM, place)) for place in kind]
    return mesons, joined(parts)


def _pilot(plan: Plan, herds: list[Rays], sizes: list[int]) -> list[Pilot]:
    """Return what a pilot sees, decay by decay, with so many points of each species."""
    found, setup, mass = [], plan.setup, plan.model.particle_mass
    for kind in plan.kinds:
        mesons, points = _mixed(plan, herds, sizes, kind)
        number = [sizes[place] for place in kind]
        species, share = np.repeat(kind, number), np.repeat(1.0 / np.array(number), number)
        for spectrum in plan.decays(kind):
            arrivals = send(mesons, spectrum, plan.model, setup.shape, points, plan.energies)
            at = somewhere(arrivals, mass, points)
            photons = (detect(item, arrivals, mass, setup.shape, points, setup.rings, at) for item in plan.channels)
            weights = [observe(item, setup.response, setup.window, points).weight for item in photons]
            rays = arrivals.rays
            found.append(Pilot(species, points, share, rays.energy, rays.weight, weights))
    return found


def _first_look(plan: Plan, herds: list[Rays]) -> tuple[float, Floats]:
    """Return the mean energy of particles that cross the detector in MeV, roughly, and the energy by species per POT.

    Both are 0 without any.
    """
    number, sent = 0.0, np.zeros(len(herds))
    for kind in plan.kinds:
        mesons, points = _mixed(plan, herds, [len(herd) for herd in herds], kind)
        species = np.repeat(kind, [len(herds[place]) for place in kind])
        for spectrum in plan.decays(kind):
            rays = send(mesons, spectrum, plan.model, plan.setup.shape, points).rays
            number += rays.yield_
            sent += np.bincount(species, rays.weight * rays.energy, len(herds))
    return (float(sent.sum()) / number if number > 0.0 else 0.0), sent


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
