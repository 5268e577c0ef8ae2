"""Protons through the target: energy loss, multiple, elastic and quasi-elastic scattering up to the vertex."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np

from darkhorn.beam.beamline import Beamline
from darkhorn.beam.follow import follow_to
from darkhorn.beam.layers import Layers, compile_layers
from darkhorn.beam.passage_tables import Passage, cross_sections, passage_tables
from darkhorn.beam.switches import Physics
from darkhorn.core.errors import RangeError
from darkhorn.core.points import Axis, words
from darkhorn.core.rays import Floats
from darkhorn.core.species import PROTON, mass
from darkhorn.core.units import GEV, C

Vertices = Callable[[Floats], tuple[Floats, Floats, Floats, Floats]]
"""Points of the unit cube -> vertex (N, 4), proton direction (N, 3), its momentum in MeV/c and interactions per POT."""

LOWEST: Final = 3.0 * GEV
"""Protons slower than this make nothing: parametrisations of meson production end there."""
_SALT: Final = 1


@dataclass(frozen=True)
class Protons:
    """Where the protons of a beam line make mesons; call it with points of the unit cube.

    Attributes
    ----------
    beamline : Beamline
        Spot, divergence and target.
    layers : Layers
        Its geometry, compiled.
    passage : Passage
        What protons meet; absorption counts production in the material of the target alone.
    z_end : float
        Plane in m behind which nothing of that material is left.
    physics : Physics
        What is switched on.
    """

    beamline: Beamline
    layers: Layers
    passage: Passage
    z_end: float
    physics: Physics

    def __call__(self, points: Floats, threads: int = 1) -> tuple[Floats, Floats, Floats, Floats]:
        """Return where protons interact: vertex, direction, momentum there and interactions per POT.

        A first pass finds the optical depth of production along the whole history of a proton, a second pass over the
        last piece of the same history stops where a share of it has been crossed.

        Parameters
        ----------
        points : (N, len(Axis)) float
            Points of the unit cube.
        threads : int
            Threads of the transport; the result does not depend on it.

        Returns
        -------
        vertex : (N, 4) float
            t, x, y, z in ns and m; time 0 when a straight proton passes the upstream face of the rod.
        direction : (N, 3) float
            Unit vectors.
        momentum : (N,) float
            MeV/c.
        weight : (N,) float
            Probability of a production interaction.
        """
        x, p = start(points, self.beamline)
        at, weight = follow_to(
            self.layers,
            x,
            p,
            self.passage,
            self.beamline.current,
            words=words(points[:, Axis.SCATTER], _SALT),
            u=points[:, Axis.DEPTH],
            mean=1.0,
            along="depth",
            z_end=self.z_end,
            threads=threads,
        )
        momentum = np.sqrt(np.einsum("ij,ij->i", at.p[:, 1:], at.p[:, 1:]))
        weight = np.where(momentum < LOWEST, 0.0, weight * self._share(np.maximum(momentum, LOWEST)))
        direction = at.p[:, 1:] / np.where(momentum > 0.0, momentum, 1.0)[:, None]
        return at.x, direction, np.maximum(momentum, LOWEST), weight

    def _share(self, p: Floats) -> Floats:
        """Return the share of production in what removes protons of momentum p, (N,)."""
        sigma = cross_sections(PROTON, p, self.beamline.target.material)
        production = sigma.inelastic - sigma.quasi_elastic
        lost = sigma.quasi_elastic * (self.physics.proton_quasi_elastic == "remove")
        lost = lost + sigma.elastic * (self.physics.proton_elastic == "remove")
        share: Floats = production / (production + lost)
        return share


@lru_cache(maxsize=8)
def protons(beamline: Beamline, physics: Physics | None = None) -> Protons:
    """Return the protons of a beam line with the physics that is switched on (by default everything)."""
    layers, rod = compile_layers(beamline, physics), beamline.target
    passage = passage_tables(PROTON, layers.materials, beamline, physics, only=rod.material)
    z_end = max([rod.z_end, *(shell.z_end for shell in beamline.shells)])
    return Protons(beamline, layers, passage, z_end, physics or Physics())


def spot(points: Floats, beamline: Beamline) -> tuple[Floats, Floats]:
    """Return place and slope of protons at the start of the beam, x and y in m and rad, each (N, 2).

    Raises
    ------
    RangeError
        For a correlation other than -1 or 1: position and angle in a plane share one coordinate of the point.
    """
    from scipy.special import ndtri

    beam = beamline.beam
    if abs(beam.correlation) != 1.0:
        raise RangeError(f"correlation of the proton spot = {beam.correlation:g}; allowed: -1 or 1")
    gauss = ndtri(points[:, [Axis.SPOT_X, Axis.SPOT_Y]])
    place: Floats = gauss * [beam.sigma_x, beam.sigma_y]
    slope: Floats = beam.correlation * gauss * [beam.sigma_xp, beam.sigma_yp]
    return place, slope


def start(points: Floats, beamline: Beamline) -> tuple[Floats, Floats]:
    """Return x and p, each (N, 4) in ns, m and MeV, of protons at the start of the beam; errors as :func:`spot`."""
    place, slope = spot(points, beamline)
    beam = beamline.beam
    per_z = np.sqrt(1.0 + np.einsum("ij,ij->i", slope, slope))
    energy = float(np.hypot(beam.momentum, mass(PROTON)))
    time = (beam.z_start - beamline.target.z_start) * per_z * energy / (C * beam.momentum)
    x = np.column_stack([time, place, np.full(len(points), beam.z_start)])
    direction = np.column_stack([slope, np.ones(len(points))]) / per_z[:, None]
    return x, np.column_stack([np.full(len(points), energy), beam.momentum * direction])
