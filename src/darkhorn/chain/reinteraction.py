"""Neutrinos of pions that were made by a hadron's second interaction, by hadron: switchable, and reported apart."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from darkhorn.beam.beamline import Beamline
from darkhorn.beam.layers import Layers, compile_layers
from darkhorn.beam.reinteraction import Reinteraction
from darkhorn.beam.yields import NUCLEONS, SYSTEMATIC
from darkhorn.chain.flux import Disc
from darkhorn.chain.neutrinos import NeutrinoFlux, neutrino_flux
from darkhorn.chain.parents import ParentSampler, prepare
from darkhorn.chain.predict import REPLICATES, mean_and_error
from darkhorn.core.errors import RangeError
from darkhorn.core.rays import Floats
from darkhorn.core.species import NEUTRON, PI_MINUS, PI_PLUS, PROTON
from darkhorn.experiments.yields import load_yields

HADRONS: Final = (PROTON, NEUTRON, PI_PLUS, PI_MINUS)
"""What interacts again."""
_SEED_STEP: Final = 7919


@dataclass(frozen=True)
class SecondFlux:
    """Neutrino flux of re-interactions.

    Attributes
    ----------
    by_hadron : dict of int to NeutrinoFlux
        One flux by PDG number of the hadron that interacted again.
    systematic : float
        Relative uncertainty of the yields: a flag that says how far hadronic models differ, not a fit.
    """

    by_hadron: dict[int, NeutrinoFlux]
    systematic: float = SYSTEMATIC

    def rows(self, flavour: str, hadrons: Iterable[int] = HADRONS) -> Floats:
        """Return the flux of a flavour in 1/cm^2/POT, summed over hadrons, shape (replicates, bins)."""
        chosen = [self.by_hadron[hadron].select(flavour) for hadron in hadrons if hadron in self.by_hadron]
        if not chosen:
            raise RangeError(f"hadrons: none was followed; allowed: {', '.join(map(str, self.by_hadron))}")
        total: Floats = np.sum(chosen, axis=0)
        return total

    def total(self, flavour: str, hadrons: Iterable[int] = HADRONS) -> tuple[float, float, float]:
        """Return the flux in 1/cm^2/POT over all bins, its Monte-Carlo and its systematic error."""
        mean, error = mean_and_error(self.rows(flavour, hadrons).sum(axis=1))
        return float(mean), float(error), float(self.systematic * mean)

    def nucleons(self, flavour: str) -> tuple[float, float, float]:
        """Return :meth:`total` of protons and neutrons: what published splits file under "p or n"."""
        return self.total(flavour, NUCLEONS)


def second_source(
    line: Beamline, hadron: int, places: tuple[str, ...] | None = None, layers: Layers | None = None
) -> Reinteraction:
    """Return the source of pions that one kind of hadron makes when it interacts again.

    Parameters
    ----------
    line : Beamline
        Target, horn and walls.
    hadron : int
        PDG number, one of :data:`HADRONS`.
    places : tuple of str, optional
        Materials in which pions are made; all by default.
    layers : Layers, optional
        The compiled beam line, when the caller has it.

    Raises
    ------
    UnknownNameError
        For another hadron or place.
    """
    again = {nucleus: load_yields(hadron, nucleus) for nucleus in ("Be", "Al")}
    return Reinteraction(line, layers or compile_layers(line), hadron, load_yields(PROTON, "Be"), again, places)


def second_parents(
    line: Beamline, hadron: int, towards: tuple[float, float, float], seed: int = 1, threads: int = 1
) -> dict[int, ParentSampler]:
    """Return samplers of the decaying pions of one kind of hadron, by PDG number of the pion.

    Parameters
    ----------
    line : Beamline
        Target, horn and walls.
    hadron : int
        PDG number, one of :data:`HADRONS`.
    towards : tuple of float
        Centre of the detector in m.
    seed, threads : int
        Seed of the pilot runs, and their threads.
    """
    source = second_source(line, hadron)
    return {pion: prepare(source, line, pion, towards, seed, threads) for pion in source.species}


def second_flux(
    line: Beamline,
    discs: Sequence[Disc],
    edges: Floats,
    *,
    hadrons: Iterable[int] = HADRONS,
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
    hadrons : iterable of int
        PDG numbers of what interacts again: none switches a part off.
    n, replicates, seed, threads
        As :func:`darkhorn.chain.neutrinos.neutrino_flux`.
    """
    found: dict[int, tuple[NeutrinoFlux, ...]] = {}
    for index, hadron in enumerate(hadrons):
        parents = second_parents(line, hadron, discs[0].centre, seed, threads)
        stream = seed + (index + 1) * _SEED_STEP
        found[hadron] = neutrino_flux(parents, discs, edges, n=n, replicates=replicates, seed=stream, threads=threads)
    return tuple(SecondFlux({hadron: fluxes[k] for hadron, fluxes in found.items()}) for k in range(len(discs)))
