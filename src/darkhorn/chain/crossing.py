"""Particles of many mesons in the detector, mass after mass: what no new mass changes is worked out once.

Where a meson's particle flies, and its way through the detector, follow from the place of the decay and from the point
of the unit cube. Only energies and weights depend on the new physics. Where a particle is, is worked out for the few
that are looked at.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Final, NamedTuple, Self

import numpy as np

from darkhorn.chain.aim import Arrivals, aimed_directions
from darkhorn.chain.decay import Spectrum
from darkhorn.chain.send import Tables, send
from darkhorn.core.importance import ImportanceGrid
from darkhorn.core.points import Axis
from darkhorn.core.rays import Floats, Ints, Rays
from darkhorn.core.species import DARK_BOSON, mass
from darkhorn.core.units import C
from darkhorn.detector.geometry import Shape
from darkhorn.models.channels import Line, Model
from darkhorn.physics.directed import directed_density, lab_energy_limits, rest_energy

_MARGIN: Final = 1.0e-6


class Aimed(NamedTuple):
    """Lines of flight that meet the detector, for particles of any mass.

    Attributes
    ----------
    row : (N,) int
        Meson.
    direction : (N, 3) float
        Unit vectors.
    distance, chord : (N,) float
        From the decay to the detector, and inside of it, m.
    cosine, gamma, beta : (N,) float
        Of the angle to the meson's flight; Lorentz factor and speed of the meson.
    weight : (N,) float
        Mesons per POT times the solid angle in sr that the line stands for.
    u : (N,) float
        Where in its range the energy is, in (0, 1).
    """

    row: Ints
    direction: Floats
    distance: Floats
    chord: Floats
    cosine: Floats
    gamma: Floats
    beta: Floats
    weight: Floats
    u: Floats


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
    shape : Shape
        Detector volume.
    angle : (N,) float
        Between the flight and the nearest line into the sphere around the detector, rad; 0 or less where they meet.
    """

    species: int
    mesons: Rays
    points: Floats
    shape: Shape
    angle: Floats

    @classmethod
    def make(cls, species: int, mesons: Rays, points: Floats, shape: Shape) -> Self:
        """Return a batch; the angles follow from the mesons and the detector."""
        centre, radius = shape.bounding_sphere()
        line = np.asarray(centre) - mesons.x[:, 1:]
        distance = np.maximum(np.sqrt(np.einsum("ij,ij->i", line, line)), radius)
        cosine = np.einsum("ij,ij->i", line, mesons.direction) / distance
        angle = np.arccos(np.clip(cosine, -1.0, 1.0)) - np.arcsin(radius / distance)
        return cls(species, mesons, points, shape, angle)

    @cached_property
    def momentum(self) -> Floats:
        """Momentum of the mesons in MeV, (N,)."""
        return self.mesons.momentum

    @cached_property
    def fastest(self) -> float:
        """Largest of these; 0 without mesons."""
        return float(self.momentum.max(initial=0.0))

    @cached_property
    def aimed(self) -> Aimed:
        """Where their particles fly."""
        mesons = self.mesons
        direction, solid_angle = aimed_directions(mesons, self.shape, self.points)
        distance, chord = self.shape.chord(mesons.x[:, 1:], direction)
        row = np.flatnonzero(chord > 0.0)
        cosine = np.einsum("ij,ij->i", mesons.direction, direction)
        gamma = mesons.energy / mass(self.species)
        columns = cosine, gamma, mesons.beta, mesons.weight * solid_angle, self.points[:, Axis.ENERGY]
        return Aimed(row, direction[row], distance[row], chord[row], *(column[row] for column in columns))

    def reaching(self, spectrum: Spectrum | Line) -> Ints:
        """Return the rows whose particles can fly into the detector: all of them for light particles.

        In flight with gamma beta = b, a particle of mass m and rest-frame momentum q < m b stays within the angle
        asin(q/(m b)) of its parent.
        """
        top = spectrum.energy if isinstance(spectrum, Line) else spectrum.energy_max
        momentum = np.sqrt(max((top - spectrum.mass) * (top + spectrum.mass), 0.0))
        if spectrum.mass * self.fastest <= momentum * mass(self.species):
            return np.arange(len(self.mesons))
        forward = spectrum.mass * self.momentum / mass(self.species)
        widest = np.arcsin(np.minimum(momentum / np.maximum(forward, 1.0e-300), 1.0))
        reached: Ints = np.flatnonzero((forward <= momentum) | (self.angle <= widest + _MARGIN))
        return reached

    def reaching_lines(self, spectrum: Spectrum) -> Ints | slice:
        """Return which of the lines of flight belong to mesons that :meth:`reaching` names."""
        reached = self.reaching(spectrum)
        if len(reached) == len(self.mesons):
            return slice(None)
        there = np.zeros(len(self.mesons), dtype=np.bool_)
        there[reached] = True
        return np.flatnonzero(there[self.aimed.row])


class Sent(NamedTuple):
    """Particles of one decay of one species that cross the detector, (N,), and how to find some of them."""

    row: Ints
    energy: Floats
    weight: Floats
    chord: Floats
    some: Callable[[Ints], Arrivals]


def fly(batch: Batch, spectrum: Spectrum) -> Sent:
    """Return what :func:`darkhorn.chain.aim.aim` sends into the detector from the points of a batch."""
    chosen, aimed = batch.reaching_lines(spectrum), batch.aimed
    cosine, gamma, beta = aimed.cosine[chosen], aimed.gamma[chosen], aimed.beta[chosen]
    low, high = lab_energy_limits(cosine, gamma, beta, spectrum.energy_max, spectrum.mass)
    energy = low + (high - low) * aimed.u[chosen]
    momentum = np.sqrt(np.maximum((energy - spectrum.mass) * (energy + spectrum.mass), 0.0))
    density = spectrum.density_over_p(rest_energy(energy, spectrum.mass, cosine, gamma, beta))
    weight = aimed.weight[chosen] * directed_density(density, momentum) * (high - low)
    lines = np.arange(len(aimed.row))[chosen]
    return Sent(
        aimed.row[chosen], energy, weight, aimed.chord[chosen], partial(_at_entry, batch, lines, energy, momentum)
    )


def _at_entry(batch: Batch, lines: Ints, energy: Floats, momentum: Floats, which: Ints) -> Arrivals:
    """Return some of the particles where they enter the detector, with weight 1."""
    aimed, e, p = batch.aimed, energy[which], momentum[which]
    line = lines[which]
    start, direction, distance = batch.mesons.x[aimed.row[line]], aimed.direction[line], aimed.distance[line]
    speed = C * np.where(p > 0.0, p, 1.0) / e
    place = np.column_stack([start[:, 0] + distance / speed, start[:, 1:] + distance[:, None] * direction])
    rays = Rays.make(DARK_BOSON, place, np.column_stack([e, p[:, None] * direction]), 1.0, aimed.row[line])
    return Arrivals(rays, aimed.chord[line], distance)


def _sent(model: Model, batch: Batch, spectrum: Spectrum | Line) -> Sent:
    """Return the particles of any decay: of a line, or of particles that decay on the way, without a short cut."""
    if isinstance(spectrum, Spectrum) and model.survival_width == 0.0:
        return fly(batch, spectrum)
    rows = batch.reaching(spectrum)
    arrivals = send(batch.mesons[rows], spectrum, model, batch.shape, batch.points[rows])
    return Sent(rows, arrivals.rays.energy, arrivals.rays.weight, arrivals.chord, arrivals.__getitem__)


@dataclass(frozen=True)
class Crossing:
    """Particles that cross the detector, by replicate and in each by energy.

    Attributes
    ----------
    sent : tuple of Sent
        Where they are from.
    order : (N,) int
        Their numbers, counted through ``sent``.
    energy : (N,) float
        MeV.
    path : (N,) float
        Running sum over all rows of weight times chord times energy (m MeV): fast particles are seen more often.
    ends : (replicates + 1,) float
        That sum where each replicate begins, and at the end.
    """

    sent: tuple[Sent, ...]
    order: Ints
    energy: Floats
    path: Floats
    ends: Floats

    def arrivals(self, rows: Ints) -> Arrivals:
        """Return some of the particles where they enter the detector; the weights are of no meaning."""
        number = self.order[rows]
        first = np.cumsum([0, *(len(item.row) for item in self.sent)])
        place = np.searchsorted(first, number, side="right") - 1
        parts, back = [], []
        for k, item in enumerate(self.sent):
            here = np.flatnonzero(place == k)
            if len(here):
                parts.append(item.some(number[here] - first[k]))
                back.append(here)
        if len(parts) == 1:
            return parts[0]
        sequence = np.argsort(np.concatenate(back), kind="stable")
        rays = Rays.concatenate([part.rays for part in parts])
        chord, distance = (np.concatenate([getattr(part, name) for part in parts]) for name in ("chord", "distance"))
        return Arrivals(rays, chord, distance)[sequence]


def cross(model: Model, tables: Tables, batches: Sequence[Batch], replicates: int) -> Crossing:
    """Return every particle that crosses the detector of a mode.

    Parameters
    ----------
    model : Model
        What they are.
    tables : dict
        Spectra of every decay.
    batches : sequence of Batch
        Mesons.
    replicates : int
        Into how many equal parts each batch falls.
    """
    sent, numbers = [], []
    for batch in batches:
        for (parent, _), spectrum in tables.items():
            if parent == abs(batch.species):
                sent.append(_sent(model, batch, spectrum))
                numbers.append(sent[-1].row // (len(batch.mesons) // replicates))
    energy, weight, chord = (np.concatenate([np.zeros(0), *(item[k] for item in sent)]) for k in (1, 2, 3))
    replicate = np.concatenate([np.zeros(0, dtype=np.int64), *numbers])
    path = weight * chord * energy
    hit = np.flatnonzero(path > 0.0)
    place = energy[hit]
    order = hit[np.argsort(replicate[hit] + place / (place + (place.mean() if len(place) else 1.0)))]
    ends = np.searchsorted(replicate[order], np.arange(replicates + 1))
    total = np.cumsum(path[order])
    return Crossing(tuple(sent), order, energy[order], total, np.concatenate([[0.0], total])[ends])


def thin(crossing: Crossing, grid: ImportanceGrid, points: Floats, replicate: Ints) -> tuple[Arrivals, Floats]:
    """Return one of the particles for each point, and the points with their place in Q_SQ.

    Parameters
    ----------
    crossing : Crossing
        At least one particle; weights of a replicate without any are 0.
    grid : ImportanceGrid
        Where in (share of ``path``, Q_SQ) to look.
    points : (N, len(Axis)) float
        ENERGY and Q_SQ are used.
    replicate : (N,) int
        From which replicate each is drawn; as often from each.
    """
    a, b, jacobian = grid.map(points[:, Axis.ENERGY], points[:, Axis.Q_SQ])
    low, high = crossing.ends[replicate], crossing.ends[replicate + 1]
    row = np.minimum(np.searchsorted(crossing.path, low + a * (high - low), side="right"), len(crossing.path) - 1)
    each = len(points) // (int(replicate[-1]) + 1)
    found = crossing.arrivals(row)
    moved = points.copy(order="K")
    moved[:, Axis.Q_SQ] = b
    rays = found.rays.with_weight((high - low) * jacobian / (each * found.chord * found.rays.energy))
    return Arrivals(rays, found.chord, found.distance), moved
