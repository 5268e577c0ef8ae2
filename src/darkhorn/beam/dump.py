"""Beam-dump mode: protons that pass the target, interact in air or in the steel of the dump.

Two sources. In the air, pions fly on through the beam line and decay there. In the steel, charged pions decay before
they are absorbed, pi0 and eta at once. The meson shapes and multiplicities are those of beryllium, per production
interaction: an approximation for air and for iron, and there is no cascade. So this is a floor, not a measurement.
"""

from dataclasses import dataclass, replace

import numpy as np

from darkhorn.beam.beamline import Beamline
from darkhorn.beam.parametrised import ParametrisedSource
from darkhorn.core.errors import require_range
from darkhorn.core.importance import ImportanceGrid
from darkhorn.core.points import Axis
from darkhorn.core.rays import Floats, Rays
from darkhorn.core.species import ETA, PI0, PROTON, charge, lifetime, mass
from darkhorn.core.units import C
from darkhorn.physics.decay_in_matter import decay_before_absorption, survival
from darkhorn.physics.passage import truncated_exponential


@dataclass(frozen=True)
class DumpMode:
    """Numbers of the dump mode, from a data file (``experiments/dump.toml``).

    Attributes
    ----------
    offset : tuple of float
        x, y of the protons at z = 0 in m.
    current : float
        Horn current in A.
    z_start, z_face : float
        Where the air begins and where the steel does, m.
    air_nucleon, air_pion, steel_nucleon, steel_pion : float
        Interaction lengths in m.
    scrape_fraction : float
        Share of the protons that hit the target as in normal running, 0 to 1.
    pi0_per_pot : float
        pi0 per proton that reaches the steel.
    eta_per_pi0 : float
        eta per pi0.
    pot : float
        Exposure.
    flags : tuple of str
        Numbers that are not simply read in their source.
    """

    offset: tuple[float, float]
    current: float
    z_start: float
    z_face: float
    air_nucleon: float
    air_pion: float
    steel_nucleon: float
    steel_pion: float
    scrape_fraction: float
    pi0_per_pot: float
    eta_per_pi0: float
    pot: float
    flags: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse numbers that describe no dump."""
        require_range("z_face", self.z_face, self.z_start, unit="m", open_low=True)
        for key in ("air_nucleon", "air_pion", "steel_nucleon", "steel_pion"):
            require_range(key, getattr(self, key), 0.0, unit="m", open_low=True)
        require_range("scrape_fraction", self.scrape_fraction, 0.0, 1.0)
        for key in ("pi0_per_pot", "eta_per_pi0", "pot"):
            require_range(key, getattr(self, key), 0.0)

    @property
    def air_interactions(self) -> float:
        """Share of the protons that interact in the air before the dump."""
        return 1.0 - float(survival(self.z_face - self.z_start, self.air_nucleon))


def air_source(beamline: Beamline, dump: DumpMode) -> ParametrisedSource:
    """Return the mesons made in the air; weights per POT that is steered past the target."""

    def vertices(points: Floats) -> tuple[Floats, Floats, Floats, Floats]:
        length = dump.z_face - dump.z_start
        depth, probability = truncated_exponential(points[:, Axis.DEPTH], length, dump.air_nucleon)
        return _protons(points, beamline, dump, dump.z_start + depth, probability)

    return ParametrisedSource(beamline, vertices=vertices)


def steel_source(beamline: Beamline, dump: DumpMode) -> ParametrisedSource:
    """Return the mesons made in the dump; weights per POT that is steered past the target."""
    reach = 1.0 - dump.air_interactions

    def vertices(points: Floats) -> tuple[Floats, Floats, Floats, Floats]:
        depth = -dump.steel_nucleon * np.log1p(-points[:, Axis.DEPTH])
        return _protons(points, beamline, dump, dump.z_face + depth, np.full(len(points), reach))

    pi0 = dump.pi0_per_pot * reach
    return ParametrisedSource(beamline, per_pot={PI0: pi0, ETA: pi0 * dump.eta_per_pi0}, vertices=vertices)


def _protons(
    points: Floats, beamline: Beamline, dump: DumpMode, z: Floats, weight: Floats
) -> tuple[Floats, Floats, Floats, Floats]:
    """Return the vertex, direction and momentum of straight protons at z, and their weight."""
    from scipy.special import ndtri

    beam = beamline.beam
    gx, gy = ndtri(points[:, Axis.SPOT_X]), ndtri(points[:, Axis.SPOT_Y])
    start = np.column_stack([dump.offset[0] + beam.sigma_x * gx, dump.offset[1] + beam.sigma_y * gy])
    slope = beam.correlation * np.column_stack([beam.sigma_xp * gx, beam.sigma_yp * gy])
    per_z = np.sqrt(1.0 + np.einsum("ij,ij->i", slope, slope))
    speed = C * beam.momentum / np.hypot(beam.momentum, mass(PROTON))
    time = (z - beamline.target.z_start) * per_z / speed
    vertex = np.column_stack([time, start + slope * (z - beam.z_start)[:, None], z])
    direction = np.column_stack([slope, np.ones(len(z))]) / per_z[:, None]
    return vertex, direction, np.full(len(z), beam.momentum), weight


@dataclass(frozen=True)
class SteelParents:
    """Mesons of one species at their decay inside the dump.

    Attributes
    ----------
    source : ParametrisedSource
        From :func:`steel_source`.
    species : int
        PDG number: a charged pion, pi0 or eta.
    dump : DumpMode
        Gives the absorption length.
    grid : ImportanceGrid
        Where in (p, theta) to spend the points.
    """

    source: ParametrisedSource
    species: int
    dump: DumpMode
    grid: ImportanceGrid

    def sample(self, points: Floats, threads: int = 1) -> Rays:
        """Return one decaying meson a point; weights sum to the decays per POT steered past the target.

        A charged pion flies straight and decays before it is absorbed with the probability of
        :func:`darkhorn.physics.decay_in_matter.decay_before_absorption`; a neutral one decays where it is made.
        """
        mesons = self.source.sample(points, self.species, self.grid)
        if charge(self.species) == 0.0:
            return replace(mesons, parent=np.arange(len(mesons)))
        mean = C * lifetime(self.species) * mesons.momentum / mass(self.species)
        path, probability = decay_before_absorption(points[:, Axis.DECAY], mean, self.dump.steel_pion)
        x = mesons.x.copy()
        x[:, 1:] += path[:, None] * mesons.direction
        x[:, 0] += path / (C * mesons.beta)
        return Rays.make(self.species, x, mesons.p, mesons.weight * probability, np.arange(len(mesons)))
