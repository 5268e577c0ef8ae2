"""Neutrinos of pions that a hadron made on its way: by where the hadron came from and how often it had interacted."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

import numpy as np

from darkhorn.beam.beamline import Beamline
from darkhorn.beam.hadrons import FirstNucleons, FirstPions, Products
from darkhorn.beam.layers import Layers, compile_layers
from darkhorn.beam.passing import PassingProtons
from darkhorn.beam.reinteraction import NUCLEI, Hadrons, Reinteraction, Tables
from darkhorn.beam.yields import NUCLEONS, PIONS, PRODUCTS, SYSTEMATIC
from darkhorn.chain.flux import Disc
from darkhorn.chain.neutrinos import NeutrinoFlux, neutrino_flux
from darkhorn.chain.parents import ParentSampler, prepare
from darkhorn.chain.predict import REPLICATES, mean_and_error
from darkhorn.core.errors import RangeError, require_range, unknown_name
from darkhorn.core.rays import Floats
from darkhorn.core.species import PROTON
from darkhorn.experiments.yields import load_yields


class Kind(NamedTuple):
    """What interacts again.

    Attributes
    ----------
    first : tuple of int
        PDG numbers of the hadrons of the first vertex; empty for protons that went past the target.
    generation : int
        How often a hadron interacts before there is a pion, 1 or more.
    products : tuple of int
        PDG numbers of the hadrons of later generations.
    """

    first: tuple[int, ...]
    generation: int = 1
    products: tuple[int, ...] = PRODUCTS


NUCLEONS_AGAIN: Final = "p, n again"
PIONS_AGAIN: Final = "pi again"
NUCLEONS_TWICE: Final = "p, n twice again"
PIONS_TWICE: Final = "pi twice again"
PASSING: Final = "p past the target"
PASSING_AGAIN: Final = "p past the target, again"
KINDS: Final = {
    NUCLEONS_AGAIN: Kind(NUCLEONS),
    PIONS_AGAIN: Kind(PIONS),
    NUCLEONS_TWICE: Kind(NUCLEONS, 2),
    PIONS_TWICE: Kind(PIONS, 2),
    PASSING: Kind(()),
    PASSING_AGAIN: Kind((), 2, NUCLEONS),
}
"""Every component by name. Pions that pions of passing protons make, and later generations, are left out."""
VIA_NUCLEONS: Final = (NUCLEONS_AGAIN, NUCLEONS_TWICE, PASSING_AGAIN)
"""Components that the published split files under "p or n": the first inelastic collision of the history made a
nucleon. In the others it made a pion, whatever nucleus was hit, and they are filed with the pions of p-Be."""
_SEED_STEP: Final = 7919


@dataclass(frozen=True)
class SecondFlux:
    """Neutrino flux of re-interactions.

    Attributes
    ----------
    parts : dict of str to NeutrinoFlux
        By name of the kind.
    systematic : float
        Relative uncertainty of the yields: a flag that says how far hadronic models differ, not a fit.
    """

    parts: dict[str, NeutrinoFlux]
    systematic: float = SYSTEMATIC

    def rows(self, flavour: str, names: Iterable[str] = ()) -> Floats:
        """Return the flux of a flavour in 1/cm^2/POT, summed over kinds (all by default), shape (replicates, bins).

        Raises
        ------
        RangeError
            When none of those named was computed.
        """
        chosen = [self.parts[name].select(flavour) for name in tuple(names) or tuple(self.parts) if name in self.parts]
        if not chosen:
            raise RangeError(f"kinds of re-interactions: none was followed; allowed: {', '.join(self.parts)}")
        total: Floats = np.sum(chosen, axis=0)
        return total

    def total(self, flavour: str, names: Iterable[str] = ()) -> tuple[float, float, float]:
        """Return the flux in 1/cm^2/POT over all bins, its Monte-Carlo and its systematic error."""
        mean, error = mean_and_error(self.rows(flavour, names).sum(axis=1))
        return float(mean), float(error), float(self.systematic * mean)

    def nucleons(self, flavour: str) -> tuple[float, float, float]:
        """Return :meth:`total` of what published splits file under "p or n"."""
        return self.total(flavour, VIA_NUCLEONS)


def yield_tables() -> Tables:
    """Return the shipped yield tables of nucleons and charged pions."""
    nuclei = sorted(set(NUCLEI.values()))
    return {(hadron, nucleus): load_yields(hadron, nucleus) for hadron in PRODUCTS for nucleus in nuclei}


def second_source(
    line: Beamline, kind: Kind, places: tuple[str, ...] | None = None, layers: Layers | None = None
) -> Reinteraction:
    """Return the source of pions that one kind of hadron makes on its way.

    Parameters
    ----------
    line : Beamline
        Target, horn and walls.
    kind : Kind
        One of :data:`KINDS`, or another.
    places : tuple of str, optional
        Materials in which pions are made; all by default.
    layers : Layers, optional
        The compiled beam line, when the caller has it.

    Raises
    ------
    UnknownNameError
        For another hadron or place.
    RangeError
        For a generation below 1.
    """
    require_range("generation", kind.generation, 1)
    layers, tables = layers or compile_layers(line), yield_tables()
    source = Reinteraction(line, layers, _first(line, kind, tables), tables)
    for generation in range(2, kind.generation + 1):
        source = Reinteraction(line, layers, Products(source, kind.products), tables, generation=generation)
    return replace(source, places=places)


def _first(line: Beamline, kind: Kind, tables: Tables) -> Hadrons:
    """Return where the first hadrons of a kind come from."""
    if not kind.first:
        return PassingProtons(line)
    if set(kind.first) <= set(NUCLEONS):
        return FirstNucleons(line, tables[PROTON, "Be"], kind.first)
    if set(kind.first) <= set(PIONS):
        return FirstPions(line, kind.first)
    raise unknown_name("hadrons of the first vertex", str(kind.first), (str(NUCLEONS), str(PIONS)))


def second_parents(
    line: Beamline, kind: Kind, towards: tuple[float, float, float], seed: int = 1, threads: int = 1
) -> dict[int, ParentSampler]:
    """Return samplers of the decaying pions of one kind, by PDG number of the pion.

    Parameters
    ----------
    line : Beamline
        Target, horn and walls.
    kind : Kind
        One of :data:`KINDS`, or another.
    towards : tuple of float
        Centre of the detector in m.
    seed, threads : int
        Seed of the pilot runs, and their threads.
    """
    source = second_source(line, kind)
    return {pion: prepare(source, line, pion, towards, seed, threads) for pion in source.species}


def second_flux(
    line: Beamline,
    discs: Sequence[Disc],
    edges: Floats,
    *,
    kinds: Iterable[str] = tuple(KINDS),
    n: int = 2**14,
    replicates: int = REPLICATES,
    seed: int = 1,
    threads: int = 1,
) -> tuple[SecondFlux, ...]:
    """Return the neutrino flux of re-interactions, one entry a disc.

    Parameters
    ----------
    line : Beamline
        Target, horn and walls, in one mode.
    discs : sequence of Disc
        Where the flux is averaged; points are spent on the first.
    edges : (bins+1,) float
        Bin edges in MeV.
    kinds : iterable of str
        Names in :data:`KINDS`: what is not named is switched off.
    n, replicates, seed, threads
        As :func:`darkhorn.chain.neutrinos.neutrino_flux`.

    Raises
    ------
    UnknownNameError
        For another kind.

    Notes
    -----
    Of protons past the target, what they make in the dump is not part of it:
    :func:`darkhorn.chain.beam_flux.passing_fluxes`.
    """
    found: dict[str, tuple[NeutrinoFlux, ...]] = {}
    for name in kinds:
        if name not in KINDS:
            raise unknown_name("kind of re-interactions", name, KINDS)
        parents = second_parents(line, KINDS[name], discs[0].centre, seed, threads)
        stream = seed + (list(KINDS).index(name) + 1) * _SEED_STEP
        found[name] = neutrino_flux(parents, discs, edges, n=n, replicates=replicates, seed=stream, threads=threads)
    return tuple(SecondFlux({name: fluxes[k] for name, fluxes in found.items()}) for k in range(len(discs)))
