"""Every neutrino of a beam at one detector.

Primary mesons in flight, mesons that stop, second interactions, and protons that go past the target.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np

from darkhorn.beam.beamline import Beamline
from darkhorn.beam.cut_window import WINDOWS
from darkhorn.beam.layers import compile_layers
from darkhorn.beam.parametrised import ParametrisedSource
from darkhorn.beam.passing import DumpVertices, OpenVertices, PassingProtons
from darkhorn.beam.source import Source
from darkhorn.beam.table import TableParents, TableSource
from darkhorn.beam.walled import WallDecays, WallScattered
from darkhorn.beam.yields import PIONS, SYSTEMATIC
from darkhorn.chain.at_rest import at_rest_flux
from darkhorn.chain.flux import Disc
from darkhorn.chain.modes import (
    EDGES,
    SPECIES,
    DumpFlux,
    Run,
    adapted,
    flux_to_precision,
    horn_parents,
    scaled,
    steel_parents,
    target_source,
    window_parents,
)
from darkhorn.chain.neutrinos import NeutrinoFlux, neutrino_flux
from darkhorn.chain.reinteraction import KINDS, PASSING, PASSING_AGAIN, PIONS_TWICE, second_flux, second_source
from darkhorn.chain.universes import FluxErrors
from darkhorn.core.errors import InputFileError
from darkhorn.core.importance import ImportanceGrid
from darkhorn.core.rays import Floats, Rays
from darkhorn.core.species import K_LONG, K_MINUS, K_PLUS, PI_PLUS
from darkhorn.experiments.detectors import Detector
from darkhorn.experiments.modes import load_dump

PRIMARY: Final = "primary"
K_AT_REST: Final = "K at rest"
PI_AT_REST: Final = "pi, mu at rest"
IN_WALLS: Final = "decay in walls"
OFF_WALLS: Final = "scattered in walls"
AGAIN: Final = tuple(name for name in KINDS if name not in (PIONS_TWICE, PASSING, PASSING_AGAIN))
"""Components of hadrons of the target that interact again. Pions that do so twice are left out: 0.01 % of numu and
0.1 % of numubar in neutrino mode (``scripts/reinteraction.py``)."""
_AT_REST_POINTS: Final = 2**12
_AGAIN_POINTS: Final = 2**12
_FINE_POINTS: Final = 2**14
_FINE: Final = 0.01
"""Below this relative precision the corrections get more points."""
_PASSING_SEED: Final = 104_729
_WALL_SEED: Final = 15_485_863


@dataclass(frozen=True, eq=False)
class BeamFlux:
    """Flux by component.

    Attributes
    ----------
    components : dict of str to NeutrinoFlux
        By how the parent came about: :data:`PRIMARY`, :data:`K_AT_REST`, :data:`PI_AT_REST`, :data:`IN_WALLS`,
        :data:`OFF_WALLS`, and the names of :data:`darkhorn.chain.reinteraction.KINDS`.
    parents : dict of int to sampler
        Primary mesons behind the horn, for the systematic errors; empty where there are none.
    """

    components: dict[str, NeutrinoFlux]
    parents: dict[int, Any] = field(default_factory=dict)

    @property
    def flux(self) -> NeutrinoFlux:
        """Sum of the components."""
        return self.without()

    def without(self, *names: str) -> NeutrinoFlux:
        """Return the sum of the components that are not named."""
        first, *others = (flux for name, flux in self.components.items() if name not in names)
        for other in others:
            first = first.plus(other)
        return first


def disc_of(detector: Detector) -> Disc:
    """Return the disc over which the flux at a detector is averaged."""
    return Disc(detector.centre, detector.radius)


def horn_flux(
    line: Beamline,
    disc: Disc,
    run: Run,
    *,
    flavour: str = "numu",
    pi_minus: str = "newer",
    at_rest: bool = True,
    walls: bool = True,
    again: bool = True,
    passing: bool | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> BeamFlux:
    """Return the neutrino flux of a beam with its horn (or without current), by component, flavour and direct parent.

    Parameters
    ----------
    line : Beamline
        One mode of the beam.
    disc : Disc
        Where the flux is averaged.
    run : Run
        Precision of the total of ``flavour``, seed, replicates, threads.
    flavour : str
        One of :data:`darkhorn.chain.modes.FLAVOURS`.
    pi_minus : str
        Fit of pi-, ``newer`` or ``older``.
    at_rest : bool
        Whether mesons that stop make neutrinos.
    walls : bool
        Whether primary mesons that hit a wall decay in it, or scatter and come back.
    again : bool
        Whether hadrons of the target interact again.
    passing : bool, optional
        Whether protons that go past the target make mesons in air, metal, walls and dump; by default as ``again``.
    progress : callable
        Told what is being done.
    """
    source = target_source(line, pi_minus)
    progress("primary mesons: pilot runs")
    parents = horn_parents(line, disc, run, source=source)
    components = {PRIMARY: flux_to_precision(parents, disc, run, flavour=flavour, progress=progress)}
    if at_rest:
        progress("mesons at rest")
        settings: dict[str, Any] = {"replicates": run.replicates, "seed": run.seed, "threads": run.threads}
        for name, species in ((K_AT_REST, K_PLUS), (PI_AT_REST, PI_PLUS)):
            (components[name],) = at_rest_flux(
                source, line, (disc,), EDGES, species=(species,), n=_AT_REST_POINTS, **settings
            )
    if walls:
        progress("mesons at walls")
        components |= wall_fluxes(source, line, disc, run)
    if again:
        progress("second interactions")
        components |= again_fluxes(line, disc, run)
    if again if passing is None else passing:
        progress("protons past the target")
        components |= passing_fluxes(line, disc, run)
    return BeamFlux(components, parents)


def wall_fluxes(source: Source, line: Beamline, disc: Disc, run: Run) -> dict[str, NeutrinoFlux]:
    """Return the fluxes of primary mesons that decay in flight inside walls and dump, or that walls scatter back.

    Parameters
    ----------
    source : Source
        Mesons at production.
    line, disc, run
        As :func:`horn_flux`.

    Notes
    -----
    Muons of mesons that decay inside a wall are left out: they stop in it.
    """
    layers, seed = compile_layers(line), run.seed + _WALL_SEED
    settings: dict[str, Any] = {
        "n": _again_points(run),
        "replicates": run.replicates,
        "threads": run.threads,
        "seed": seed,
    }
    inside: dict[int, Any] = {}
    for species in SPECIES:
        start = WallDecays(source, line, species, ImportanceGrid.uniform(), layers)
        inside[species] = replace(start, grid=adapted(start, disc, run.seed))
    back = horn_parents(line, disc, run, PIONS, WallScattered(source, line, layers), even=False)
    (decays,) = neutrino_flux(inside, (disc,), EDGES, muons=False, **settings)
    (scattered,) = neutrino_flux(back, (disc,), EDGES, **settings)
    return {IN_WALLS: decays, OFF_WALLS: scattered}


def _again_points(run: Run) -> int:
    """Return the points of each replicate of a correction."""
    return _FINE_POINTS if run.precision < _FINE else _AGAIN_POINTS


def again_fluxes(line: Beamline, disc: Disc, run: Run, kinds: tuple[str, ...] = AGAIN) -> dict[str, NeutrinoFlux]:
    """Return the fluxes of pions that hadrons make on their way, by kind.

    A correction, computed with a number of points that depends on the precision alone.

    Parameters
    ----------
    line, disc, run
        As :func:`horn_flux`.
    kinds : tuple of str
        Names in :data:`darkhorn.chain.reinteraction.KINDS`.
    """
    settings: dict[str, Any] = {"replicates": run.replicates, "seed": run.seed, "threads": run.threads}
    (second,) = second_flux(line, (disc,), EDGES, kinds=kinds, n=_again_points(run), **settings)
    return second.parts


def passing_fluxes(line: Beamline, disc: Disc, run: Run) -> dict[str, NeutrinoFlux]:
    """Return the fluxes of protons that make no meson in the target, and of nucleons that they make.

    Arguments as :func:`horn_flux`.

    Notes
    -----
    Pions of air, metal and walls come from the yield tables; kaons of air and metal, and pions that decay in the dump,
    have the parametrised shapes of beryllium, as in the dump mode. Left out: kaons of walls and dump in flight, and
    what nucleons make in the dump.
    """
    found = again_fluxes(line, disc, run, (PASSING, PASSING_AGAIN))
    dump, seed = load_dump(), run.seed + _PASSING_SEED
    settings: dict[str, Any] = {
        "n": _again_points(run),
        "replicates": run.replicates,
        "threads": run.threads,
        "seed": seed,
    }
    vertices = DumpVertices(PassingProtons(line), dump.steel_nucleon)
    steel = steel_parents(line, dump, disc, run, ParametrisedSource(line, vertices=vertices))
    in_open = ParametrisedSource(line, vertices=OpenVertices(second_source(line, KINDS[PASSING])))
    kaons = horn_parents(line, disc, run, (K_PLUS, K_MINUS, K_LONG), in_open, even=False)
    for parents, muons in ((steel, False), (kaons, True)):
        (flux,) = neutrino_flux(parents, (disc,), EDGES, muons=muons, **settings)
        found[PASSING] = found[PASSING].plus(flux)
    return found


def beam_covariance(found: BeamFlux, errors: FluxErrors, flavour: str, *parents: str) -> Floats:
    """Return the systematic covariance of a flux by bin, (bins, bins), in (1/cm^2/POT)^2.

    That of the primary mesons in flight, and the uncertainty of the yields of second interactions and of protons past
    the target, taken as the same factor for all of them. Flavour and parents as
    :meth:`darkhorn.chain.neutrinos.NeutrinoFlux.select`.
    """
    covariance = errors.covariance(found.components[PRIMARY], flavour, *parents)
    again = [
        found.components[name].select(flavour, *parents).mean(axis=0) for name in KINDS if name in found.components
    ]
    if not again:
        return covariance
    change = SYSTEMATIC * np.sum(again, axis=0)
    total: Floats = covariance + np.outer(change, change)
    return total


def window_flux(
    line: Beamline, disc: Disc, run: Run, *, direction: str = "axis", progress: Callable[[str], None] = lambda _: None
) -> BeamFlux:
    """Return the flux behind the cut windows that stand for a horn; ``direction`` is ``axis`` or ``own``."""
    windows = {pdg: replace(window, direction=direction) for pdg, window in WINDOWS.items()}
    parents = window_parents(line, disc, run, windows)
    return BeamFlux({"cut window": flux_to_precision(parents, disc, run, muons=False, progress=progress)})


def decays_flux(rays: Rays, disc: Disc, run: Run, progress: Callable[[str], None] = lambda _: None) -> BeamFlux:
    """Return the flux of decaying mesons that another program has transported (a dk2nu file, a table of decays).

    Raises
    ------
    InputFileError
        When none of them makes neutrinos that are counted here.
    """
    parents = {pdg: TableParents(rays[rays.pdgid == pdg], pdg) for pdg in _makers(rays)}
    return BeamFlux({"file": flux_to_precision(parents, disc, run, muons=False, progress=progress)})


def births_flux(
    rays: Rays, line: Beamline, disc: Disc, run: Run, progress: Callable[[str], None] = lambda _: None
) -> BeamFlux:
    """Return the flux of mesons that another program has made and ``line`` transports; errors as above."""
    parents = horn_parents(line, disc, run, _makers(rays), TableSource(rays))
    return BeamFlux({"file": flux_to_precision(parents, disc, run, progress=progress)})


def _makers(rays: Rays) -> tuple[int, ...]:
    """Return the species among rays that make neutrinos."""
    present = tuple(pdg for pdg in SPECIES if (rays.pdgid == pdg).any())
    if not present:
        names = ", ".join(map(str, np.unique(rays.pdgid)))
        raise InputFileError(f"no parent that makes neutrinos: PDG numbers {names}; allowed: {SPECIES}")
    return present


def dump_components(found: DumpFlux) -> BeamFlux:
    """Return the flux of the dump mode per proton, by component, with the scrape fraction in it."""
    share = found.dump.scrape_fraction
    parts = {"air": (found.air, 1.0 - share), "steel": (found.steel, 1.0 - share), "scraped": (found.target, share)}
    return BeamFlux({name: scaled(flux, factor) for name, (flux, factor) in parts.items() if factor > 0.0})


def mean_energy(flux: NeutrinoFlux, flavour: str, *parents: str) -> float:
    """Return the mean energy in MeV, bins taken at their centres; zero for no flux."""
    row = flux.select(flavour, *parents).mean(axis=0)
    centres = 0.5 * (flux.edges[1:] + flux.edges[:-1])
    total = float(row.sum())
    return float(row @ centres) / total if total > 0.0 else 0.0


def parents_of(flux: NeutrinoFlux, flavour: str) -> tuple[str, ...]:
    """Return the direct parents of a flavour, by falling flux."""
    names = [parent for name, parent in flux.rows if name == flavour]
    return tuple(sorted(names, key=lambda parent: -flux.total(flavour, parent)[0]))
