"""Every neutrino of a beam at one detector: primary mesons in flight, mesons that stop, and second interactions."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np

from darkhorn.beam.beamline import Beamline
from darkhorn.beam.cut_window import WINDOWS
from darkhorn.beam.table import TableParents, TableSource
from darkhorn.beam.yields import SYSTEMATIC
from darkhorn.chain.at_rest import at_rest_flux
from darkhorn.chain.flux import Disc
from darkhorn.chain.modes import (
    EDGES,
    SPECIES,
    DumpFlux,
    Run,
    flux_to_precision,
    horn_parents,
    scaled,
    target_source,
    window_parents,
)
from darkhorn.chain.neutrinos import NeutrinoFlux
from darkhorn.chain.reinteraction import second_flux
from darkhorn.chain.universes import FluxErrors
from darkhorn.core.errors import InputFileError
from darkhorn.core.rays import Floats, Rays
from darkhorn.core.species import K_PLUS, NEUTRON, PI_MINUS, PI_PLUS, PROTON
from darkhorn.experiments.detectors import Detector

PRIMARY: Final = "primary"
K_AT_REST: Final = "K at rest"
PI_AT_REST: Final = "pi, mu at rest"
NUCLEONS_AGAIN: Final = "p, n again"
PIONS_AGAIN: Final = "pi again"
_AGAIN: Final = {NUCLEONS_AGAIN: (PROTON, NEUTRON), PIONS_AGAIN: (PI_PLUS, PI_MINUS)}
_AT_REST_POINTS: Final = 2**12
_AGAIN_POINTS: Final = 2**12


@dataclass(frozen=True, eq=False)
class BeamFlux:
    """Flux by component.

    Attributes
    ----------
    components : dict of str to NeutrinoFlux
        By how the parent came about: :data:`PRIMARY`, :data:`AT_REST`, ...
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
    again: bool = True,
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
    again : bool
        Whether hadrons of the target interact again.
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
    if again:
        progress("second interactions")
        components |= again_fluxes(line, disc, run)
    return BeamFlux(components, parents)


def again_fluxes(line: Beamline, disc: Disc, run: Run) -> dict[str, NeutrinoFlux]:
    """Return the fluxes of pions that nucleons and pions of the target make when they interact again.

    A correction, computed with a fixed number of points.
    """
    settings: dict[str, Any] = {"replicates": run.replicates, "seed": run.seed, "threads": run.threads}
    (second,) = second_flux(line, (disc,), EDGES, n=_AGAIN_POINTS, **settings)
    return {
        name: BeamFlux({str(pdg): second.by_hadron[pdg] for pdg in hadrons}).flux for name, hadrons in _AGAIN.items()
    }


def beam_covariance(found: BeamFlux, errors: FluxErrors, flavour: str, *parents: str) -> Floats:
    """Return the systematic covariance of a flux by bin, (bins, bins), in (1/cm^2/POT)^2.

    That of the primary mesons in flight, and the uncertainty of the yields of second interactions, taken as the same
    factor for all of them. Flavour and parents as :meth:`darkhorn.chain.neutrinos.NeutrinoFlux.select`.
    """
    covariance = errors.covariance(found.components[PRIMARY], flavour, *parents)
    again = [
        found.components[name].select(flavour, *parents).mean(axis=0) for name in _AGAIN if name in found.components
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
