"""Protons that make no meson in the target and go on: into air, metal and walls behind it, and into the dump.

They are followed through the target like all others, with the probability to be left over as a weight, up to the
plane behind the last of its material. From there they interact like any other hadron (``reinteraction.py``) in what
is left of the horn, the air and the walls; those that reach the end of the open region interact in the steel there
(``dump.py``), where mesons have the shape and the multiplicity of beryllium, without cascade. What they meet beside the
target, 0.8 m of air and the inner conductor of the horn, is left out.
"""

from dataclasses import dataclass, field
from typing import Final

import numpy as np

from darkhorn.beam.beamline import Beamline
from darkhorn.beam.follow import follow
from darkhorn.beam.passage_tables import passage_tables
from darkhorn.beam.protons import LOWEST, protons, start
from darkhorn.beam.reinteraction import Reinteraction
from darkhorn.beam.switches import Physics
from darkhorn.beam.transport import Status
from darkhorn.core.points import Axis, words
from darkhorn.core.rays import Floats, Rays
from darkhorn.core.species import PROTON
from darkhorn.physics.stopping import WALLS

_TARGET_SALT: Final = 1
"""The same histories as those of the protons that do interact."""
_BEYOND_SALT: Final = 8


@dataclass(frozen=True, eq=False)
class PassingProtons:
    """Protons behind the target that made no meson in it.

    Attributes
    ----------
    beamline : Beamline
        Proton beam, target and horn, with its materials.
    physics : Physics
        What protons do.
    """

    beamline: Beamline
    physics: Physics = field(default_factory=Physics)

    def __call__(self, points: Floats) -> Rays:
        """Return one proton a point (N, len(Axis)) on the plane behind the target.

        The weights sum to the protons per POT that are left, exp(-optical depth of production in the target's
        material), about 0.29.
        """
        x, p = start(points, self.beamline)
        of = protons(self.beamline, self.physics)
        seeds = words(points[:, Axis.SCATTER], _TARGET_SALT)
        end = follow(of.layers, x, p, of.passage, self.beamline.current, words=seeds, z_end=of.z_end)
        left = np.where(end.status == Status.REACHED_END, np.exp(-end.depth), 0.0)
        return Rays.make(PROTON, end.x, end.p, left / len(points))


@dataclass(frozen=True, eq=False)
class OpenVertices:
    """Where passing protons interact in the open region, for a parametrised source of mesons.

    Attributes
    ----------
    source : Reinteraction
        Of passing protons.
    """

    source: Reinteraction

    def __call__(self, points: Floats) -> tuple[Floats, Floats, Floats, Floats]:
        """Return vertex (N, 4), direction (N, 3), momentum (N,) and interactions per POT (N,).

        None in walls, and none of protons below :data:`darkhorn.beam.protons.LOWEST`.
        """
        at, place = self.source.interact(self.source.hadrons(points), points)
        able = ~np.isin(place, tuple(WALLS)) & (at.momentum >= LOWEST)
        return at.x, at.direction, np.maximum(at.momentum, LOWEST), np.where(able, at.weight, 0.0) * len(points)


@dataclass(frozen=True, eq=False)
class DumpVertices:
    """Where passing protons interact in the dump, for a parametrised source of mesons.

    Attributes
    ----------
    passing : PassingProtons
        The protons.
    steel_nucleon : float
        Interaction length of nucleons in the dump in m.
    """

    passing: PassingProtons
    steel_nucleon: float

    def __call__(self, points: Floats) -> tuple[Floats, Floats, Floats, Floats]:
        """Return vertex (N, 4), direction (N, 3), momentum (N,) and interactions per POT (N,).

        Every proton that reaches the dump interacts in it, at a depth drawn from an exponential.
        """
        beamline, physics, behind = self.passing.beamline, self.passing.physics, self.passing(points)
        layers = protons(beamline, physics).layers
        passage = passage_tables(PROTON, layers.materials, beamline, physics)
        seeds = words(points[:, Axis.SCATTER], _BEYOND_SALT)
        end = follow(layers, behind.x, behind.p, passage, beamline.current, words=seeds)
        momentum = np.sqrt((end.p[:, 1:] ** 2).sum(axis=1))
        arrived = (end.status == Status.REACHED_END) & (momentum >= LOWEST)
        direction = end.p[:, 1:] / np.maximum(momentum, 1.0)[:, None]
        x = end.x.copy()
        x[:, 1:] -= (self.steel_nucleon * np.log1p(-points[:, Axis.DEPTH]))[:, None] * direction
        weight = np.where(arrived, behind.weight * np.exp(-end.depth), 0.0) * len(points)
        return x, direction, np.maximum(momentum, LOWEST), weight
