"""The same rate by ever better sampling, from none at all to what ``predict`` does: how much each step is worth.

Every design estimates the selected events of one mode without bias, so their means agree within their errors. What
differs is the relative variance of the weights, and with it the number of histories that 1 % takes.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from darkhorn.chain.aim import Arrivals, aim, arrive
from darkhorn.chain.decay import Spectrum
from darkhorn.chain.detect import detect
from darkhorn.chain.observe import observe
from darkhorn.chain.parents import ParentSampler
from darkhorn.chain.send import tabulate_all
from darkhorn.chain.setup import Setup
from darkhorn.core.cube import CubeGrid
from darkhorn.core.importance import ImportanceGrid
from darkhorn.core.points import Axis, unit_points
from darkhorn.core.rays import Floats, Rays
from darkhorn.models.channels import Channel, Conversion, Model
from darkhorn.physics.fourvector import rotate
from darkhorn.physics.two_to_two import q_sq_limits

CHUNK: Final = 2**17
"""Histories that are in memory at once."""
_STREAM: Final = 7_000_000
_ONE_PERCENT: Final = 1.0e4


@dataclass(frozen=True)
class Design:
    """Which parts of a history are sampled well.

    Attributes
    ----------
    name : str
        For people.
    directed : bool
        Particles are sent into the detector, at a laboratory energy; else isotropic in the rest frame of the meson.
    propagator : bool
        Momentum transfers follow the propagator; else uniform between their limits.
    adapted : bool
        Momentum and angle of the meson come from the map of a pilot; else uniform.
    """

    name: str
    directed: bool = False
    propagator: bool = False
    adapted: bool = False


DESIGNS: Final = (
    Design("isotropic and uniform"),
    Design("+ particles sent into the detector", directed=True),
    Design("+ momentum transfer along the propagator", directed=True, propagator=True),
    Design("+ mesons from the map of a pilot", directed=True, propagator=True, adapted=True),
)
"""Each with one step more than the one before."""


@dataclass(frozen=True)
class Cost:
    """What a design takes.

    Attributes
    ----------
    name : str
        Design.
    events, error : float
        Selected events in the exposure at reference couplings, and the standard error of this estimate.
    relvar : float
        Variance of a history's weight over the square of its mean.
    cpu_per_history : float
        CPU seconds of one history, horn included.
    histories : int
        Histories of the measurement.
    """

    name: str
    events: float
    error: float
    relvar: float
    cpu_per_history: float
    histories: int

    @property
    def cpu_to_one_percent(self) -> float:
        """CPU seconds to a relative error of 1 %."""
        return _ONE_PERCENT * self.relvar * self.cpu_per_history


def measure(design: Design, model: Model, setup: Setup, histories: int, seed: int = 1) -> Cost:
    """Return what a design costs for the selected events of a mode, from pseudo-random histories.

    Parameters
    ----------
    design : Design
        How to sample.
    model : Model
        One whose particles are converted in the detector.
    setup : Setup
        Mode; its mesons come from a beam line with a horn.
    histories : int
        How many of each species of meson, a multiple of :data:`CHUNK`.
    seed : int
        Seed, 0 or more.
    """
    tables = {
        parent: spectrum
        for (parent, _), spectrum in tabulate_all(model, (setup,)).items()
        if isinstance(spectrum, Spectrum)
    }
    channels = model.detections(setup.nuclei)
    total = square = 0.0
    start = time.process_time()
    for species, parents in enumerate(setup.parents):
        if not isinstance(parents, ParentSampler):
            raise TypeError(f"{type(parents).__name__}: only mesons of a beam line with a horn are sampled here")
        spectrum = tables[abs(parents.species)]
        for chunk in range(histories // CHUNK):
            points = unit_points(CHUNK, seed=seed, stream=(_STREAM, species, chunk), kind="random")
            weight = _history(design, model, setup, parents, spectrum, channels, points) * setup.pot
            total += float(weight.sum())
            square += float(np.dot(weight, weight))
    cpu = time.process_time() - start
    chunks, number = histories // CHUNK, histories * len(setup.parents)
    events = total / chunks
    variance = square / chunks**2 - events**2 / number
    return Cost(design.name, events, float(np.sqrt(variance)), number * variance / events**2, cpu / number, number)


def _history(
    design: Design,
    model: Model,
    setup: Setup,
    parents: ParentSampler,
    spectrum: Spectrum,
    channels: tuple[Channel, ...],
    points: Floats,
) -> Floats:
    """Return the weight of each history summed over the channels, events per POT."""
    mesons = parents.sample(points) if design.adapted else _uniform_mesons(parents, points)
    send = aim if design.directed else _isotropic
    arrivals = send(mesons, spectrum, setup.shape, points)
    hit = np.flatnonzero(arrivals.rays.weight > 0.0)
    arrivals = Arrivals(arrivals.rays[hit], arrivals.chord[hit], arrivals.distance[hit])
    weight = np.zeros(len(points))
    for channel, moved, jacobian in _transfers(design, model, channels, arrivals, points[hit]):
        photons = detect(channel, arrivals, model.particle_mass, setup.shape, moved, setup.rings)
        weight[hit] += observe(photons, setup.response, setup.window, moved).weight * jacobian
    return weight


def _uniform_mesons(parents: ParentSampler, points: Floats) -> Rays:
    """Return decaying mesons whose momenta and angles at production are uniform."""
    moved = points.copy()
    moved[:, Axis.THETA] = np.sqrt(points[:, Axis.THETA])
    mesons = replace(parents, grid=ImportanceGrid.uniform(), cells=CubeGrid.uniform()).sample(moved)
    return mesons.with_weight(mesons.weight * 0.5 / moved[:, Axis.THETA])


def _isotropic(parents: Rays, spectrum: Spectrum, shape: object, points: Floats) -> Arrivals:
    """Return particles of uniform energy and direction in the rest frame of their mesons, most of which miss."""
    span = spectrum.energy_max - spectrum.energy_min
    rest = spectrum.energy_min + span * points[:, Axis.ENERGY]
    p_rest = np.sqrt(np.maximum((rest - spectrum.mass) * (rest + spectrum.mass), 0.0))
    cosine = 2.0 * points[:, Axis.AIM_COS] - 1.0
    gamma, beta = parents.gamma, parents.beta
    energy = gamma * (rest + beta * p_rest * cosine)
    along = gamma * (p_rest * cosine + beta * rest)
    momentum = np.sqrt(np.maximum((energy - spectrum.mass) * (energy + spectrum.mass), 0.0))
    ratio = np.clip(along / np.maximum(momentum, 1.0e-300), -1.0, 1.0)
    direction = rotate(parents.direction, ratio, 2.0 * np.pi * points[:, Axis.AIM_PHI])
    weight = parents.weight * spectrum.density_over_p(rest) * p_rest * span
    return arrive(parents, energy, momentum, direction, weight, shape)  # type: ignore[arg-type]


def _transfers(
    design: Design, model: Model, channels: tuple[Channel, ...], arrivals: Arrivals, points: Floats
) -> Iterator[tuple[Conversion, Floats, Floats]]:
    """Yield each channel with the points at which it is looked at, and the weights that make up for moving them."""
    energy = np.maximum(arrivals.rays.energy, model.particle_mass * (1.0 + 1.0e-12))
    for channel in channels:
        if not isinstance(channel, Conversion):
            raise TypeError(f"{type(channel).__name__}: only conversions are sampled here")
        if design.propagator:
            yield channel, points, np.ones(len(points))
            continue
        low, high = q_sq_limits(energy, model.particle_mass, channel.target_mass)
        start = low + channel.mediator_mass**2
        span = np.log1p((high - low) / start)
        safe = np.where(span > 0.0, span, 1.0)
        q_sq = start + (high - low) * points[:, Axis.Q_SQ]
        moved = points.copy()
        moved[:, Axis.Q_SQ] = np.where(span > 0.0, np.log(q_sq / start) / safe, 0.5)
        yield channel, moved, np.where(span > 0.0, (high - low) / (q_sq * safe), 1.0)
