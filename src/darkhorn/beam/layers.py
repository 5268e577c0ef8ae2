"""The geometry as the kernel sees it: slabs in z, cones in r, a medium between two cones.

Everything is axisymmetric. Surfaces that a :class:`Beamline` names are painted one over
the other (air, walls, conductor metal, field, target); :func:`paint` cuts z at every node
of every surface and lists, slab by slab, the cones that separate different media.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from darkhorn.beam.beamline import Beamline, RadialProfile
from darkhorn.beam.switches import Physics
from darkhorn.core.errors import RangeError, require_range
from darkhorn.core.rays import Floats, Ints
from darkhorn.physics.horn_field import current_shells

WALL = "wall"
FAR = 1.0e6
"""Half length and radius in m of a space without walls."""
SNAP = 1.0e-6
"""Nodes of different surfaces nearer than this (m) become one plane."""


@dataclass(frozen=True, eq=False)
class Layers:
    """S slabs in z, each with up to B conical boundaries and B + 1 layers, from the axis outwards.

    An instance is equal to itself only.

    Attributes
    ----------
    z : (S + 1,) float
        Planes between slabs in m, increasing.
    r_start, r_end : (S, B) float
        Radius in m of each boundary at the lower and upper plane of its slab; ``inf`` pads short slabs.
        Radii of 1e6 m and more count as infinite.
    medium : (S, B + 1) int
        Index into ``materials`` of the layer below boundary b (and of the last one above all); -1 is a wall.
    field : (S, B + 1) float
        Share of the horn current that the layer sees inside its radius: 1 between the conductors, 0 where there is no
        field, in between in the metal.
    materials : tuple of str
        Names of the media.
    """

    z: Floats
    r_start: Floats
    r_end: Floats
    medium: Ints
    field: Floats
    materials: tuple[str, ...]

    def _find(self, z: Floats, r: Floats) -> tuple[Ints, Ints]:
        """Return slab and layer of points, each (N,); a point on a plane belongs to the slab above."""
        z, r = np.atleast_1d(np.asarray(z, dtype=float)), np.atleast_1d(np.asarray(r, dtype=float))
        require_range("z", z, float(self.z[0]), float(self.z[-1]), "m")
        require_range("r", r, 0.0, unit="m")
        slab = np.clip(np.searchsorted(self.z, z, side="right") - 1, 0, len(self.z) - 2)
        fraction = ((z - self.z[slab]) / np.diff(self.z)[slab])[:, None]
        start, end = self.r_start[slab], self.r_end[slab]
        with np.errstate(invalid="ignore"):
            edge = np.where(np.isfinite(start), start + fraction * (end - start), np.inf)
        return slab, (r[:, None] > edge).sum(axis=1)

    def medium_at(self, z: Floats, r: Floats) -> list[str]:
        """Return the name of the medium (or ``wall``) at z and r, both (N,) in m.

        Raises
        ------
        RangeError
            For a point outside the slabs or a negative radius.
        """
        return [WALL if m < 0 else self.materials[m] for m in self.medium[self._find(z, r)]]

    def field_at(self, z: Floats, r: Floats) -> Floats:
        """Return the share of the horn current enclosed at z and r, both (N,) in m.

        Raises
        ------
        RangeError
            For a point outside the slabs or a negative radius.
        """
        inside: Floats = self.field[self._find(z, r)]
        return inside


@dataclass(frozen=True)
class Coat:
    """One painted region: ``medium`` between r_in(z) and r_out(z), with a share ``field`` of the current inside."""

    shape: RadialProfile
    medium: str
    field: float = 0.0

    def radii(self, z: float) -> tuple[float, float]:
        """Return r_in and r_out in m at z in m."""
        return float(np.interp(z, self.shape.z, self.shape.r_in)), float(np.interp(z, self.shape.z, self.shape.r_out))

    def covers(self, z: float) -> bool:
        """Return whether z in m lies between the first and the last node."""
        return self.shape.z[0] < z < self.shape.z[-1]


def tube(z_start: float, z_end: float, r_in: float, r_out: float) -> RadialProfile:
    """Return the profile of a tube with constant radii; all four arguments in m."""
    return RadialProfile((z_start, z_end), (r_in, r_in), (r_out, r_out))


def _planes(coats: list[Coat]) -> Floats:
    """Return the nodes of all coats in m, within the first coat; of two that nearly coincide the later coat's stays."""
    kept: list[float] = []
    for coat in reversed(coats):
        kept += [z for z in coat.shape.z if all(abs(z - other) > SNAP for other in kept)]
    low, high = coats[0].shape.z[0] - SNAP, coats[0].shape.z[-1] + SNAP
    return np.array(sorted(z for z in kept if low <= z <= high))


def _stack(coats: list[Coat], low: float, high: float) -> list[tuple[float, float, Coat]]:
    """Return (r at low, r at high, coat below) of every layer of one slab; the last radii are infinite."""
    middle = 0.5 * (low + high)
    here = [coat for coat in coats if coat.covers(middle)]
    ends = zip(*(np.array([coat.radii(z) for coat in here]).ravel() for z in (low, high)), strict=True)
    edges = sorted({(float(a), float(b)) for a, b in ends if 0.0 < a + b < 2.0 * FAR}, key=sum)
    stack: list[tuple[float, float, Coat]] = []
    below = (0.0, 0.0)
    for edge in [*edges, (np.inf, np.inf)]:
        if edge[0] < below[0] or edge[1] < below[1]:
            raise RangeError(
                f"geometry: two surfaces cross between z = {low:g} and {high:g} m near r = {below[0]:g} m;"
                " allowed: surfaces that keep their order"
            )
        r = 0.25 * (sum(below) + sum(edge)) if np.isfinite(edge[0]) else below[0] + below[1] + 1.0
        top = next((c for c in reversed(here) if c.radii(middle)[0] < r < c.radii(middle)[1]), here[0])
        if stack and (stack[-1][2].medium, stack[-1][2].field) == (top.medium, top.field):
            stack.pop()
        stack.append((*edge, top))
        below = edge
    return stack


def paint(coats: list[Coat]) -> Layers:
    """Compile painted regions: where two overlap the later one wins; the first is the background.

    Parameters
    ----------
    coats : list of Coat
        The first covers the whole space and also fills what is beyond its own radius.

    Returns
    -------
    Layers
        Media in the order of first appearance; a coat of medium ``wall`` stops particles.

    Raises
    ------
    RangeError
        When surfaces cross between two nodes.
    """
    z = _planes(coats)
    stacks = [_stack(coats, low, high) for low, high in pairwise(z.tolist())]
    materials = tuple(dict.fromkeys(coat.medium for coat in coats if coat.medium != WALL))
    size, width = len(stacks), max(len(stack) for stack in stacks)
    radii = np.full((2, size, width), np.inf)
    medium = np.full((size, width), -1, dtype=np.int64)
    field = np.zeros((size, width))
    for slab, stack in enumerate(stacks):
        for layer, (start, end, coat) in enumerate(stack):
            radii[:, slab, layer] = start, end
            medium[slab, layer] = -1 if coat.medium == WALL else materials.index(coat.medium)
            field[slab, layer] = coat.field
    return Layers(z, radii[0, :, :-1].copy(), radii[1, :, :-1].copy(), medium, field, materials)


def _wall(beamline: Beamline, planes: Floats) -> list[Coat]:
    """Return the sublayers of the inner conductor between the planes where there is field, each with its share."""
    coats: list[Coat] = []
    body, field = Coat(beamline.conductor, ""), Coat(beamline.field, "")
    for low, high in pairwise(planes.tolist()):
        middle = 0.5 * (low + high)
        if not (body.covers(middle) and field.covers(middle)):
            continue
        ends = [(body.radii(z)[0], field.radii(z)[0]) for z in (low, high)]
        if min(outer - inner for inner, outer in ends) <= 0.0:
            continue
        start, end = (current_shells(*end, beamline.skin_depth, beamline.sublayers) for end in ends)
        share = 0.5 * (start[1] + end[1])
        for n in range(beamline.sublayers):
            shape = RadialProfile((low, high), (start[0][n], end[0][n]), (start[0][n + 1], end[0][n + 1]))
            coats.append(Coat(shape, beamline.conductor_material, float(share[n])))
    return coats


def compile_layers(beamline: Beamline, physics: Physics | None = None) -> Layers:
    """Compile a beam line into the layers that particles cross.

    Air fills what is open. The conductor body is solid metal where the field profile does not
    reach; the field region (air) is cut out of it. Outside an aperture is wall. Where no aperture
    covers z (the open pile around the horn, gaps) the wall is at the largest radius of all
    apertures, or of the conductor if that is larger.

    The wall of the inner conductor is cut into sublayers that carry equal currents. The outer conductor has no field
    in its metal: 10 MeV/c / p x 1.4 mm / 300 mm is 0.05 mrad at 1 GeV/c.

    Parameters
    ----------
    beamline : Beamline
        Target, shells, horn and apertures.
    physics : Physics, optional
        ``skin_depth`` and ``tube_and_fins`` decide what is there; both by default.

    Returns
    -------
    Layers
        From the start of the proton beam (or whatever lies further upstream) to ``z_dump``.

    Raises
    ------
    RangeError
        When surfaces cross, for instance a target thicker than the bore.
    """
    physics, apertures = physics or Physics(), beamline.apertures
    start = min(
        beamline.beam.z_start, beamline.conductor.z[0], beamline.target.z_start, *(a.z_start for a in apertures)
    )
    limit = max([*(r for a in apertures for r in (a.r_start, a.r_end)), *beamline.conductor.r_out])
    coats = [
        Coat(tube(start, beamline.z_dump, 0.0, limit), "air"),
        Coat(tube(start, beamline.z_dump, limit, FAR), WALL),
        *(
            Coat(RadialProfile((a.z_start, a.z_end), (a.r_start, a.r_end), (FAR, FAR)), WALL)
            for a in sorted(apertures, key=lambda a: a.z_start)
        ),
        Coat(beamline.conductor, beamline.conductor_material),
    ]
    inside = [Coat(beamline.field, "air", field=1.0)]
    if physics.tube_and_fins:
        inside += [Coat(tube(s.z_start, s.z_end, s.r_in, s.r_out), s.material) for s in beamline.shells]
    rod = beamline.target
    inside.append(Coat(tube(rod.z_start, rod.z_end, 0.0, rod.radius), rod.material))
    if physics.skin_depth and beamline.skin_depth > 0.0:
        coats += _wall(beamline, _planes([*coats, *inside]))
    return paint([*coats, *inside])


def layers_from_profile(profile: RadialProfile) -> Layers:
    """Return vacuum everywhere, with the field inside ``profile``: geometry for single tracks.

    Parameters
    ----------
    profile : RadialProfile
        Region with the field; nothing is absorbed on its surface.

    Returns
    -------
    Layers
        Without walls, from -1e6 to 1e6 m.

    Raises
    ------
    RangeError
        When the profile reaches further than that.
    """
    require_range("profile z", profile.z, -FAR, FAR, "m")
    return paint([Coat(tube(-FAR, FAR, 0.0, FAR), "vacuum"), Coat(profile, "vacuum", field=1.0)])
