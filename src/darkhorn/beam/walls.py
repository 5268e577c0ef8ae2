"""The walls around the open region: what a hadron makes inside them and what comes back out.

A wall is endless matter outside an aperture. A particle goes straight in it, loses energy by ionisation (range
tables of the Bethe formula) and is attenuated on its full inelastic cross section.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from darkhorn.beam.beamline import Aperture
from darkhorn.beam.passage_tables import cross_sections
from darkhorn.core.errors import unknown_name
from darkhorn.core.rays import Bools, Floats, Ints, Rays
from darkhorn.core.species import PI_PLUS, charge, mass
from darkhorn.core.units import AVOGADRO, CM, CM2_IN_M2
from darkhorn.physics.energy_loss import bethe
from darkhorn.physics.stopping import WALLS, Wall, inelastic_per_m

WALL_NUCLEUS: Final = "Al"
"""Nucleus whose cross sections and yields stand for those of steel and concrete."""
_STEP: Final = 1.0e-6
"""How far in m beyond the surface a particle starts in the open region."""


@dataclass(frozen=True, eq=False)
class Surfaces:
    """The inner surfaces of the apertures of a beam line, radius = r + slope (z - z_start) between z_start and z_end.

    Attributes
    ----------
    z_start, z_end, r, slope : (A,) float
        In m; the slope is dimensionless.
    materials : tuple of str
        What is behind each.
    """

    z_start: Floats
    z_end: Floats
    r: Floats
    slope: Floats
    materials: tuple[str, ...]

    @classmethod
    def of(cls, apertures: tuple[Aperture, ...]) -> "Surfaces":
        """Return the surfaces of a beam line's apertures.

        Raises
        ------
        UnknownNameError
            For a wall of a material without constants.
        """
        for aperture in apertures:
            if aperture.material not in WALLS:
                raise unknown_name("material of a wall", aperture.material, WALLS)
        ordered = sorted(apertures, key=lambda a: a.z_start)
        start, end = (np.array([getattr(a, key) for a in ordered]) for key in ("z_start", "z_end"))
        r, r_end = (np.array([getattr(a, key) for a in ordered]) for key in ("r_start", "r_end"))
        return cls(start, end, r, (r_end - r) / (end - start), tuple(a.material for a in ordered))

    def aperture(self, z: Floats) -> Ints:
        """Return the number of the aperture at z in m, (N,); -1 where there is none."""
        index = np.searchsorted(self.z_start, z, side="right") - 1
        covered = (index >= 0) & (z <= self.z_end[np.maximum(index, 0)])
        return np.where(covered, index, -1)

    def behind(self, material: str) -> Ints:
        """Return the numbers of the apertures with this material behind them."""
        return np.flatnonzero([name == material for name in self.materials])

    def inside_wall(self, x: Floats) -> Bools:
        """Return whether points (N, 4) lie beyond the aperture at their z."""
        index = self.aperture(x[:, 3])
        radius = self.r[index] + self.slope[index] * (x[:, 3] - self.z_start[index])
        return (index >= 0) & (np.hypot(x[:, 1], x[:, 2]) > radius)

    def way_out(self, rays: Rays) -> Floats:
        """Return the straight path in m from inside a wall to the open region, (N,).

        Infinite where the line does not meet the surface of the aperture in whose range of z the particle is.
        """
        index, n = self.aperture(rays.x[:, 3]), rays.direction
        slope = self.slope[index]
        radius = self.r[index] + slope * (rays.x[:, 3] - self.z_start[index])
        a = n[:, 0] ** 2 + n[:, 1] ** 2 - (slope * n[:, 2]) ** 2
        b = rays.x[:, 1] * n[:, 0] + rays.x[:, 2] * n[:, 1] - radius * slope * n[:, 2]
        c = rays.x[:, 1] ** 2 + rays.x[:, 2] ** 2 - radius**2
        root_sq = b * b - a * c
        meets = (index >= 0) & (c > 0.0) & (b < 0.0) & (root_sq > 0.0)
        path = np.where(meets, c / np.where(meets, -b + np.sqrt(np.maximum(root_sq, 0.0)), 1.0), np.inf)
        z = rays.x[:, 3] + np.where(meets, path, 0.0) * n[:, 2]
        there = meets & (z > self.z_start[index]) & (z < self.z_end[index])
        return np.where(there, path, np.inf)


def slowed(kinetic: Floats, path: Floats, mass: float, wall: Wall) -> Floats:
    """Return the kinetic energy in MeV left after a path in a wall; 0 where the particle stops.

    Parameters
    ----------
    kinetic, path : (N,) float
        MeV, up to 2e4, and m.
    mass : float
        MeV, of a particle with unit charge.
    wall : Wall
        The matter.
    """
    grid = np.geomspace(0.5, 2.0e4, 600)
    momentum = np.sqrt(grid * (grid + 2.0 * mass))
    material = {"z_over_a": wall.z_over_a, "density": wall.density, "excitation": wall.excitation}
    per_mev = 1.0 / bethe(momentum, mass, constants=wall.constants, **material)
    reach = np.concatenate([[0.0], np.cumsum(0.5 * (per_mev[1:] + per_mev[:-1]) * np.diff(grid))])
    left = np.interp(kinetic, grid, reach) - path
    return np.where(left > 0.0, np.interp(left, reach, grid), 0.0)


def emerge(rays: Rays, surfaces: Surfaces) -> Rays:
    """Return charged pions at the surface of the wall in which they were made.

    Parameters
    ----------
    rays : Rays
        Pions of one species inside walls, (N,).
    surfaces : Surfaces
        The open region.

    Returns
    -------
    Rays
        N pions just inside the open region, slower, with the weight that is left; those that do not come out stay
        where they are, with weight 0.

    Notes
    -----
    Decays and scattering inside the wall are left out: over 0.1 m a pion of 0.5 GeV/c decays with a probability of
    0.4 %.
    """
    out, path = surface(rays, surfaces)
    index, momentum, weight = surfaces.aperture(rays.x[:, 3]), rays.momentum, np.zeros(len(rays))
    for name, wall in WALLS.items():
        free = np.isin(index, surfaces.behind(name)) & (out.weight > 0.0)
        weight[free] = rays.weight[free] * np.exp(-path[free] * inelastic_per_m(momentum[free], wall))
    return out.with_weight(weight)


def surface(rays: Rays, surfaces: Surfaces) -> tuple[Rays, Floats]:
    """Return particles of one species where they leave the wall in which they are, and the path in m to there.

    Parameters
    ----------
    rays : Rays
        Inside walls, (N,).
    surfaces : Surfaces
        The open region.

    Returns
    -------
    Rays
        N particles just inside the open region, charged ones slower, not attenuated; those that do not come out stay
        where they are, with weight 0.
    (N,) float
        Infinite where the straight line meets no surface.
    """
    species, path = int(rays.pdgid[0]) if len(rays) else PI_PLUS, surfaces.way_out(rays)
    m, index = mass(species), surfaces.aperture(rays.x[:, 3])
    x, p, weight = rays.x.copy(), rays.p.copy(), np.zeros(len(rays))
    for name, wall in WALLS.items():
        out = np.flatnonzero(np.isin(index, surfaces.behind(name)) & np.isfinite(path))
        kinetic = rays.energy[out] - m
        if charge(species) != 0.0:
            kinetic = slowed(kinetic, path[out], m, wall)
        out, kinetic = out[kinetic > 0.0], kinetic[kinetic > 0.0]
        left = np.sqrt(kinetic * (kinetic + 2.0 * m))
        weight[out] = rays.weight[out]
        x[out, 1:] += (path[out, None] + _STEP) * rays.direction[out]
        p[out] = np.column_stack([kinetic + m, left[:, None] * rays.direction[out]])
    return Rays(rays.pdgid, x, p, weight, rays.parent), path


def production_per_m(species: int, p: Floats, wall: Wall) -> Floats:
    """Return production interactions of a nucleon or pion per metre of a wall, (N,).

    n sigma, with sigma = (inelastic - quasi-elastic on aluminium) (A/26.98)^0.75.

    Parameters
    ----------
    species : int
        PDG number.
    p : (N,) float
        MeV/c.
    wall : Wall
        The matter.

    Raises
    ------
    RangeError
        For a species without cross sections.

    Notes
    -----
    The power of A is an estimate.
    """
    sigma = cross_sections(species, p, WALL_NUCLEUS)
    per_m: Floats = (sigma.inelastic - sigma.quasi_elastic) * atoms_per_cm2_m(wall)
    return per_m


def atoms_per_cm2_m(wall: Wall) -> float:
    """Return what turns a cross section on aluminium in cm^2 into collisions per m of a wall, n (A/26.98)^0.75."""
    return float((wall.a / 26.98) ** 0.75) * CM2_IN_M2 * AVOGADRO * wall.density / wall.a / CM**3
