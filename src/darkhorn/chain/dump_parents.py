"""Decaying mesons of the beam-dump mode: of the air and the steel, and of protons that scrape the target."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from darkhorn.beam.beamline import Beamline
from darkhorn.beam.dump import DumpMode, SteelParents, air_source, steel_source
from darkhorn.chain.parents import prepare
from darkhorn.chain.setup import Counted, Parents
from darkhorn.core.errors import require_range
from darkhorn.core.importance import ImportanceGrid
from darkhorn.core.points import Axis, unit_points
from darkhorn.core.rays import Floats, Rays
from darkhorn.core.species import ETA, K_MINUS, K_PLUS, PI0, PROTON, lifetime, mass
from darkhorn.core.units import C
from darkhorn.experiments.beams import load_beam
from darkhorn.physics.stopping import KAON_OVER_PION

LINE: Final = "bnb"
"""Beam line whose protons are steered onto the dump."""
KAONS: Final = (K_PLUS, K_MINUS)
CHARGED: Final = "pions and kaons of the first collision of each proton, with the yields of beryllium; no cascade"
"""What a reader of any result of the dump mode has to know."""
_COUNT_STREAM: Final = 8_000_000
_COUNT_POINTS: Final = 2**14


@dataclass(frozen=True)
class RestingKaons:
    """K+ at rest in the face of the dump.

    Attributes
    ----------
    per_pot : float
        Kaons that stop and decay, per POT that is steered past the target.
    z : float
        Where, m.
    arrival : float
        When the protons arrive there, ns.
    """

    per_pot: float
    z: float
    arrival: float

    @property
    def species(self) -> int:
        """PDG number of K+."""
        return K_PLUS

    @property
    def yield_per_pot(self) -> float:
        """Decays per POT."""
        return self.per_pot

    def sample(self, points: Floats, threads: int = 1) -> Rays:
        """Return one decay a point, (N,), all with the same weight; times are exponential with the lifetime."""
        n = len(points)
        time = self.arrival - lifetime(K_PLUS) * np.log1p(-points[:, Axis.DECAY])
        x = np.column_stack([time, np.tile([0.0, 0.0, self.z], (n, 1))])
        p = np.tile([mass(K_PLUS), 0.0, 0.0, 0.0], (n, 1))
        return Rays.make(K_PLUS, x, p, self.per_pot / n, np.arange(n))


@dataclass(frozen=True)
class Shared:
    """Mesons that a share of the protons makes.

    Attributes
    ----------
    parents : Parents
        Mesons per proton that makes them.
    share : float
        Of all protons, 0 to 1.
    """

    parents: Parents
    share: float

    def __post_init__(self) -> None:
        """Refuse what is no share."""
        require_range("share of the protons", self.share, 0.0, 1.0)

    @property
    def species(self) -> int:
        """PDG number."""
        return self.parents.species

    @property
    def yield_per_pot(self) -> float | None:
        """Decays per POT where they are known."""
        known = self.parents.yield_per_pot if isinstance(self.parents, Counted) else None
        return None if known is None else known * self.share

    def sample(self, points: Floats, threads: int = 1) -> Rays:
        """Return one decaying meson a point, (N,); weights sum to the decays per POT."""
        rays = self.parents.sample(points, threads)
        return rays.with_weight(rays.weight * self.share)


def dump_line(dump: DumpMode) -> Beamline:
    """Return the beam line with the horn current of the dump mode."""
    return load_beam(LINE, "off").with_current(dump.current)


def past_target(dump: DumpMode, towards: tuple[float, float, float], seed: int, threads: int) -> tuple[Parents, ...]:
    """Return the decaying mesons of protons that are steered past the target, per such proton.

    Parameters
    ----------
    dump : DumpMode
        Inputs.
    towards : tuple of float
        Centre of the detector, m.
    seed, threads : int
        Of the pilot runs.

    Returns
    -------
    tuple of Parents
        Charged pions and kaons of the air; the same of the steel, where they decay in flight before they are absorbed;
        K+ at rest; pi0 and eta of the steel.

    Notes
    -----
    Only the first collision of a proton makes mesons. The absorption length of kaons is that of pions over
    :data:`darkhorn.physics.stopping.KAON_OVER_PION`, an estimate.
    """
    from darkhorn.chain.flux import Disc
    from darkhorn.chain.modes import Run, adapted, air_parents, steel_parents

    line, disc, run = dump_line(dump), Disc(towards, 1.0), Run(seed=seed, threads=threads)
    air, steel = air_source(line, dump), steel_source(line, dump)
    kaons = replace(dump, steel_pion=dump.steel_pion / KAON_OVER_PION)
    made: list[Parents] = [*air_parents(line, dump, disc, run).values(), *steel_parents(line, dump, disc, run).values()]
    made += [prepare(air, line, species, towards, seed, threads) for species in KAONS]
    for species, matter in ((K_PLUS, kaons), (K_MINUS, kaons), (PI0, dump), (ETA, dump)):
        if steel.yield_per_pot(species) == 0.0:
            continue
        start = SteelParents(steel, species, matter, ImportanceGrid.uniform())
        made.append(replace(start, grid=adapted(start, disc, seed)))
    return (*made, resting_kaons(line, dump))


def resting_kaons(line: Beamline, dump: DumpMode) -> RestingKaons:
    """Return the K+ that stop in the dump."""
    from darkhorn.chain.at_rest import dump_kaons

    points = unit_points(_COUNT_POINTS, seed=1, stream=(_COUNT_STREAM,))
    per_pot = dump_kaons(line, 1.0 - dump.air_interactions, points).yield_
    speed = C * line.beam.momentum / np.hypot(line.beam.momentum, mass(PROTON))
    return RestingKaons(per_pot, dump.z_face, (dump.z_face - line.target.z_start) / float(speed))
