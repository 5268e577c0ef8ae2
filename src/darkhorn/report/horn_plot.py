"""Tracks of mesons through the horn and down to the dump, in the r-z plane."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from darkhorn.beam.beamline import Beamline
from darkhorn.beam.layers import Layers, compile_layers
from darkhorn.beam.transport import Status, transport
from darkhorn.core.rays import Floats, Ints, Rays
from darkhorn.core.species import charge, name_of
from darkhorn.core.units import CM, GEV, M
from darkhorn.report import style

TRACKS: Final = 16
"""Tracks of each sign that are drawn."""

LOWEST: Final = 1000.0
"""Lowest momentum in MeV of the mesons that are drawn."""

_FINE: Final = np.arange(0.0, 3.0, 0.03)
_COARSE: Final = np.append(np.arange(3.0, 52.0, 1.0), np.inf)


@dataclass(frozen=True)
class Polylines:
    """Tracks of one species as lines.

    Attributes
    ----------
    species : int
        PDG number.
    z, r : (N, K) float
        Place along the beam and distance from the axis in m at K path lengths; the last is where the track ended.
    status : (N,) int
        :class:`darkhorn.beam.transport.Status`.
    """

    species: int
    z: Floats
    r: Floats
    status: Ints


def follow(beamline: Beamline, layers: Layers, mesons: Rays, species: int) -> Polylines:
    """Return the tracks of mesons as polylines.

    Parameters
    ----------
    beamline, layers
        The geometry with its current, and the same compiled.
    mesons : Rays
        At production, (N,), all of one species.
    species : int
        PDG number.

    Returns
    -------
    Polylines
        Points every 3 cm of path near the horn, every metre further down; a track that hits a wall stays there.
    """
    ladder = np.concatenate([_FINE, _COARSE])
    n, k = len(mesons), len(ladder)
    start, momentum = np.repeat(mesons.x, k, axis=0), np.repeat(mesons.p, k, axis=0)
    ends = transport(layers, start, momentum, charge(species), beamline.current, path_limit=np.tile(ladder, n))
    r = np.hypot(ends.x[:, 1], ends.x[:, 2])
    return Polylines(species, ends.x[:, 3].reshape(n, k), r.reshape(n, k), ends.status.reshape(n, k)[:, -1])


def typical(mesons: Rays, n: int = TRACKS, lowest: float = LOWEST) -> Rays:
    """Return ``n`` of the mesons with a momentum above ``lowest`` (MeV), as frequent as in the beam.

    The choice is systematic: equal steps in the cumulative weight, ordered by angle. Fewer than ``n`` come back when
    none has a weight.
    """
    weight = np.where(mesons.momentum > lowest, mesons.weight, 0.0)
    order = np.argsort(mesons.theta, kind="stable")
    cumulative = np.cumsum(weight[order])
    if len(weight) == 0 or cumulative[-1] <= 0.0:
        return mesons[:0]
    steps = (np.arange(n) + 0.5) / n * cumulative[-1]
    return mesons[order[np.searchsorted(cumulative, steps)]]


def plot_horn(beamline: Beamline, mesons: Mapping[int, Rays], *, n: int = TRACKS) -> Figure:
    """Return tracks in the r-z plane: the horn with the collimator above, the whole way to the dump below.

    Parameters
    ----------
    beamline : Beamline
        Geometry and current.
    mesons : mapping of PDG number to Rays
        Mesons at production; :func:`typical` chooses which are drawn. Positive ones are drawn above the axis,
        negative ones below.
    n : int
        Tracks of each species.

    Returns
    -------
    Figure
        r in cm, z in m. A cross marks where a track hit a wall. Absorption in metal is a weight and not drawn.
    """
    layers = compile_layers(beamline)
    lines = [follow(beamline, layers, typical(rays, n), species) for species, rays in mesons.items()]
    figure = style.new_figure(10.0, 6.9)
    figure.subplots_adjust(left=0.075, right=0.985, bottom=0.14, top=0.935, hspace=0.36)
    near, far = figure.subplots(2, 1, height_ratios=(1.35, 1.0))
    reach = _end_of_collimator(beamline)
    near_limit = 1.35 * max(beamline.conductor.r_out)
    far_limit = 1.2 * max(r for a in beamline.apertures for r in (a.r_start, a.r_end))
    for axes, z_end, limit in ((near, reach, near_limit), (far, beamline.z_dump, far_limit)):
        _draw_matter(axes, beamline, limit)
        for one in lines:
            _draw_tracks(axes, one)
        axes.set_xlim(beamline.beam.z_start - 0.01 * z_end, z_end)
        axes.set_ylim(-limit / CM, limit / CM)
        axes.axhline(0.0, color=style.BLACK, lw=0.5)
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{abs(value):g}"))
        style.dress(axes, "z [m]", "distance from axis r [cm]")
    style.title(near, f"{beamline.name}: horn at {beamline.current / 1e3:+g} kA, positive mesons above, negative below")
    style.title(far, "down to the dump")
    handles, labels = near.get_legend_handles_labels()
    figure.legend(
        handles, labels, loc="lower center", bbox_to_anchor=(0.5, 0.025), ncols=len(labels),
        fontsize=style.MEDIUM, frameon=False,
    )  # fmt: skip
    note = f"mesons above {LOWEST / GEV:g} GeV/c, drawn as often as they are made; × hits a wall; "
    note += "absorption in metal is a weight and not drawn"
    figure.text(0.5, 0.012, note, ha="center", va="bottom", fontsize=style.SMALL, color=style.DARK)
    return figure


def _end_of_collimator(beamline: Beamline) -> float:
    """Return z in m behind the first aperture narrower than the one before it, or three horn lengths."""
    widest = beamline.apertures[0].r_start
    for aperture in beamline.apertures:
        if aperture.r_start < widest:
            return 1.04 * aperture.z_end
    return min(3.0 * beamline.conductor.z[-1], beamline.z_dump)


def _draw_matter(axes: Axes, beamline: Beamline, limit: float) -> None:
    """Draw conductor, field region, target rod and walls on both sides of the axis."""
    metal, field, rod = beamline.conductor, beamline.field, beamline.target
    for side in (1.0, -1.0):
        first = side > 0
        for aperture in beamline.apertures:
            z = np.array([aperture.z_start, aperture.z_end]) / M
            inner = np.minimum(np.array([aperture.r_start, aperture.r_end]), limit)
            label = "wall" if first and aperture is beamline.apertures[0] else None
            axes.fill_between(z, side * inner / CM, side * limit / CM, color="#D9D9D9", lw=0, label=label)
        _region(axes, metal.z, metal.r_in, metal.r_out, side, style.DARK, "conductor" if first else None)
        _region(axes, field.z, field.r_in, field.r_out, side, "#FFF4C2", "field" if first else None)
    z = np.array([rod.z_start, rod.z_end]) / M
    axes.fill_between(z, -rod.radius / CM, rod.radius / CM, color=style.BLACK, lw=0, label=f"target ({rod.material})")


def _region(
    axes: Axes,
    z: tuple[float, ...],
    r_in: tuple[float, ...],
    r_out: tuple[float, ...],
    side: float,
    colour: str,
    label: str | None,
) -> None:
    """Fill between two radii (m) on one side of the axis."""
    inner, outer = side * np.asarray(r_in) / CM, side * np.asarray(r_out) / CM
    axes.fill_between(np.asarray(z) / M, inner, outer, color=colour, lw=0, label=label)


def _draw_tracks(axes: Axes, lines: Polylines) -> None:
    """Draw the tracks of one species in one artist, and crosses where they hit a wall."""
    positive = charge(lines.species) > 0
    side, colour, dash = (1.0, style.ORANGE, "-") if positive else (-1.0, style.BLUE, (0, (5, 1.5)))
    gap = np.full((len(lines.z), 1), np.nan)
    z = np.hstack([lines.z, gap]).ravel() / M
    r = np.hstack([lines.r, gap]).ravel() * side / CM
    name = {"pi+": "π⁺", "pi-": "π⁻", "K+": "K⁺", "K-": "K⁻"}.get(name_of(lines.species), name_of(lines.species))
    axes.plot(z, r, color=colour, lw=0.9, ls=dash, label=name)
    hit = lines.status == Status.HIT_WALL
    axes.plot(lines.z[hit, -1] / M, side * lines.r[hit, -1] / CM, "x", color=colour, ms=4.5, mew=1.0)
