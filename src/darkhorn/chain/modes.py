"""Neutrino fluxes of the ways to run a beam: horn, cut window, dump; at any detector, by flavour and direct parent."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from darkhorn.beam.beamline import Beamline
from darkhorn.beam.cut_window import WINDOWS, CutWindow, WindowParents
from darkhorn.beam.dump import DumpMode, SteelParents, air_source, steel_source
from darkhorn.beam.parametrised import SHAPES, ParametrisedSource, sanford_wang_shape
from darkhorn.beam.source import Source
from darkhorn.chain.flux import Disc
from darkhorn.chain.neutrinos import NeutrinoFlux, precise_flux
from darkhorn.chain.parents import point_flux, prepare
from darkhorn.chain.predict import REPLICATES
from darkhorn.chain.setup import Parents
from darkhorn.core.errors import require_range, unknown_name
from darkhorn.core.importance import ImportanceGrid
from darkhorn.core.points import Axis, unit_points
from darkhorn.core.species import K_LONG, K_MINUS, K_PLUS, PI_MINUS, PI_PLUS
from darkhorn.core.units import GEV
from darkhorn.physics.production import PI_MINUS_BE_OLDER

EDGES: Final = np.linspace(0.0, 10.0 * GEV, 201)
"""Two hundred bins of 50 MeV, as the published tables have them."""
EDGES.flags.writeable = False
SPECIES: Final = (PI_PLUS, PI_MINUS, K_PLUS, K_MINUS, K_LONG)
"""Mesons whose neutrinos are counted."""
PI_MINUS_SETS: Final = ("newer", "older")
"""Fits of pi-: the newer is behind the published antineutrino mode, the older behind the published neutrino mode."""
FLAVOURS: Final = ("numu", "numubar", "nue", "nuebar")
_PILOT_STREAM: Final = 4_000_000
_PILOT_POINTS: Final = 2**12


@dataclass(frozen=True)
class Run:
    """How long to run: relative error of the total wanted, seed, replicates and threads.

    Raises
    ------
    RangeError
        For a setting out of range.
    """

    precision: float = 0.01
    seed: int = 1
    replicates: int = REPLICATES
    threads: int = 1

    def __post_init__(self) -> None:
        """Refuse settings out of range."""
        require_range("precision", self.precision, 1.0e-4, 0.5)
        require_range("seed", self.seed, 0, 2**63 - 1)
        require_range("replicates", self.replicates, 4, 256)
        require_range("threads", self.threads, 1, 1024)


def target_source(line: Beamline, pi_minus: str = "newer") -> ParametrisedSource:
    """Return the mesons of the target rod.

    Parameters
    ----------
    line : Beamline
        Gives the protons and the rod.
    pi_minus : str
        One of :data:`PI_MINUS_SETS`.

    Raises
    ------
    UnknownNameError
        For another set.
    """
    if pi_minus not in PI_MINUS_SETS:
        raise unknown_name("fit of pi-", pi_minus, PI_MINUS_SETS)
    older = {PI_MINUS: sanford_wang_shape(PI_MINUS_BE_OLDER)} if pi_minus == "older" else {}
    return ParametrisedSource(line, shapes={**SHAPES, **older})


def horn_parents(
    line: Beamline,
    disc: Disc,
    run: Run,
    species: tuple[int, ...] = SPECIES,
    source: Source | None = None,
    *,
    even: bool = True,
) -> dict[int, Any]:
    """Return samplers of the mesons that decay behind the horn, by species.

    Parameters
    ----------
    line : Beamline
        One mode of the beam.
    disc : Disc
        Where their daughters are wanted.
    run : Run
        Seed and threads.
    species : tuple of int
        PDG numbers.
    source : Source, optional
        Mesons at production; those of the target rod by default.
    even : bool
        Whether every bin of the energy is wanted as well as any other, or the sum: better for a correction.
    """
    made = target_source(line) if source is None else source
    return {pdg: prepare(made, line, pdg, disc.centre, run.seed, run.threads, even=even) for pdg in species}


def window_parents(
    line: Beamline,
    disc: Disc,
    run: Run,
    windows: Mapping[int, CutWindow] = WINDOWS,
    source: Source | None = None,
) -> dict[int, Any]:
    """Return samplers of the mesons behind a cut window, one a window; other arguments as :func:`horn_parents`."""
    made = target_source(line) if source is None else source
    found = {}
    for pdg, window in windows.items():
        start = WindowParents(made, pdg, window, ImportanceGrid.uniform())
        found[pdg] = replace(start, grid=adapted(start, disc, run.seed))
    return found


def air_parents(line: Beamline, dump: DumpMode, disc: Disc, run: Run) -> dict[int, Any]:
    """Return samplers of the charged pions made in the air before the dump."""
    off = line.with_current(dump.current)
    source = air_source(off, dump)
    return {pdg: prepare(source, off, pdg, disc.centre, run.seed, run.threads) for pdg in (PI_PLUS, PI_MINUS)}


def steel_parents(
    line: Beamline, dump: DumpMode, disc: Disc, run: Run, source: ParametrisedSource | None = None
) -> dict[int, Any]:
    """Return samplers of the charged pions that decay inside the dump.

    Parameters
    ----------
    line : Beamline
        Gives the proton beam.
    dump : DumpMode
        The steel.
    disc, run
        As :func:`horn_parents`.
    source : ParametrisedSource, optional
        Mesons at production in the steel; by default those of protons steered past the target.
    """
    source, found = source or steel_source(line, dump), {}
    for pdg in (PI_PLUS, PI_MINUS):
        start = SteelParents(source, pdg, dump, ImportanceGrid.uniform())
        found[pdg] = replace(start, grid=adapted(start, disc, run.seed))
    return found


def adapted(start: Parents, disc: Disc, seed: int) -> ImportanceGrid:
    """Return the grid that puts points where the flux at the middle of the disc comes from."""
    stream = (_PILOT_STREAM, abs(start.species), int(start.species > 0))
    points = unit_points(_PILOT_POINTS, seed=seed, stream=stream)
    parents = start.sample(points)
    flux = parents.weight * point_flux(parents, disc.centre)
    return ImportanceGrid.adapted(points[:, Axis.MOMENTUM], points[:, Axis.THETA], flux)


def flux_to_precision(
    parents: Mapping[int, Any],
    disc: Disc,
    run: Run,
    *,
    flavour: str = "numu",
    muons: bool = True,
    progress: Callable[[str], None] = lambda _: None,
) -> NeutrinoFlux:
    """Return the flux by flavour and parent, with points added until one flavour has the precision.

    Parameters
    ----------
    parents : mapping of PDG number to sampler
        From one of the functions of this module.
    disc : Disc
        Where the flux is averaged.
    run : Run
        Precision, seed, replicates, threads.
    flavour : str
        Whose total decides: one of :data:`FLAVOURS`.
    muons : bool
        Whether muons of the mesons are followed to their decay; only behind the horn.
    progress : callable
        Told what is being done.

    Raises
    ------
    UnknownNameError
        For another flavour.
    """
    if flavour not in FLAVOURS:
        raise unknown_name("neutrino species", flavour, FLAVOURS)
    return precise_flux(
        parents,
        disc,
        EDGES,
        precision=run.precision,
        flavour=flavour,
        replicates=run.replicates,
        seed=run.seed,
        threads=run.threads,
        muons=muons,
        progress=progress,
    )


@dataclass(frozen=True, eq=False)
class DumpFlux:
    """Flux of the dump mode, with where it comes from and what it was computed with.

    Attributes
    ----------
    air, steel, target : NeutrinoFlux
        Per proton that passes the target (air, steel) and per proton that hits it.
    dump : DumpMode
        The inputs.
    """

    air: NeutrinoFlux
    steel: NeutrinoFlux
    target: NeutrinoFlux
    dump: DumpMode

    @property
    def past_target(self) -> NeutrinoFlux:
        """Flux per proton that passes the target."""
        return self.air.plus(self.steel)

    @property
    def flux(self) -> NeutrinoFlux:
        """Flux per proton: (1 - scrape_fraction) past the target + scrape_fraction on the target."""
        share = self.dump.scrape_fraction
        return scaled(self.past_target, 1.0 - share).plus(scaled(self.target, share))

    def ratio(self, flavour: str = "numu") -> float:
        """Return the flux of the dump mode over that of the target mode."""
        return self.flux.total(flavour)[0] / self.target.total(flavour)[0]


def dump_flux(
    line: Beamline, dump: DumpMode, disc: Disc, run: Run, progress: Callable[[str], None] = lambda _: None
) -> DumpFlux:
    """Return the neutrino flux of charged pions in the dump mode.

    Parameters
    ----------
    line : Beamline
        The mode in which protons hit the target: it gives the flux of those that scrape it, and the ratio.
    dump : DumpMode
        Inputs.
    disc, run, progress
        As :func:`flux_to_precision`.

    Notes
    -----
    Kaons, muons and cascades of the dump are left out: a floor, which ``scrape_fraction`` raises.
    """
    settings: dict[str, Any] = {"muons": False, "progress": progress}
    air = flux_to_precision(air_parents(line, dump, disc, run), disc, run, **settings)
    steel = flux_to_precision(steel_parents(line, dump, disc, run), disc, run, **settings)
    target = flux_to_precision(horn_parents(line, disc, run), disc, run, progress=progress)
    return DumpFlux(air, steel, target, dump)


def scaled(flux: NeutrinoFlux, factor: float) -> NeutrinoFlux:
    """Return a flux times a factor."""
    return NeutrinoFlux(flux.edges, {key: factor * row for key, row in flux.rows.items()})
