"""Print what re-interactions and protons past the target add to the neutrino flux at MiniBooNE, in both modes.

By kind and generation, beside the published split. The published columns need the data directory
(``DARKHORN_DATA``)::

    python scripts/reinteraction.py [--points 16384] [--replicates 8] [--places] [--third]
"""

import argparse
from itertools import pairwise

import numpy as np

from darkhorn.beam.beamline import Beamline
from darkhorn.beam.yields import NUCLEONS, SYSTEMATIC
from darkhorn.chain.flux import Disc
from darkhorn.chain.neutrinos import neutrino_flux
from darkhorn.chain.parents import prepare
from darkhorn.chain.predict import mean_and_error
from darkhorn.chain.reinteraction import KINDS, VIA_NUCLEONS, Kind, SecondFlux, second_flux, second_source
from darkhorn.core.errors import InputFileError
from darkhorn.core.species import PI_MINUS, PI_PLUS
from darkhorn.experiments.beams import load_beam
from darkhorn.experiments.build import build_shape
from darkhorn.experiments.datadir import FluxTable, full_flux
from darkhorn.experiments.loader import Experiment
from darkhorn.experiments.published import published_flux

EDGES = np.linspace(0.0, 10_000.0, 201)
COARSE = (0, 2, 4, 6, 8, 12, 16, 20, 30, 40, 200)
"""Bins of the printed shape, in units of 50 MeV."""
PLACES = (("Be", "fins"), ("Al",), ("air",), ("steel", "concrete"))


def mean_energy(row: np.ndarray) -> float:
    """Return the mean energy in MeV of a flux by bin."""
    return float(row @ (0.5 * (EDGES[1:] + EDGES[:-1])) / row.sum())


def show(label: str, rows: np.ndarray, whole: float) -> None:
    """Print total, Monte-Carlo error, share of the published total, and mean energy."""
    total, error = mean_and_error(rows.sum(axis=1))
    print(
        f"  {label:26s} {total:.3e} +- {error:.1e} /cm2/POT, {100 * total / whole:6.2f} % of the published total, "
        f"mean {mean_energy(rows.mean(axis=0)):4.0f} MeV"
    )


def compare(flavour: str, flux: SecondFlux, table: FluxTable) -> None:
    """Print p and n together beside the published column, bin by bin."""
    ours = flux.rows(flavour, VIA_NUCLEONS)
    theirs = table.column(f"{flavour}_sec_pBe_pn") * np.diff(table.edges)
    print(f"  published p or n: {theirs.sum():.3e}, mean {mean_energy(theirs):.0f} MeV; ours/published by energy:")
    for low, high in pairwise(COARSE):
        mean, error = mean_and_error(ours[:, low:high].sum(axis=1))
        reference = theirs[low:high].sum()
        print(f"    {EDGES[low]:5.0f}-{EDGES[high]:5.0f} MeV  {mean / reference:5.2f} +- {error / reference:.2f}")


def main() -> None:
    """Compute and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--points", type=int, default=2**14)
    parser.add_argument("--replicates", type=int, default=8)
    parser.add_argument("--places", action="store_true", help="also by the material of the second interaction")
    parser.add_argument("--third", action="store_true", help="also nucleons of the third generation")
    parser.add_argument("--threads", type=int, default=2)
    chosen = parser.parse_args()
    centre, radius = build_shape(Experiment.load("miniboone").shape).bounding_sphere()
    disc = Disc(centre, radius)
    settings = {"n": chosen.points, "replicates": chosen.replicates, "threads": chosen.threads}
    print(f"systematic uncertainty of every figure: {100 * SYSTEMATIC:.0f} % (spread of hadronic models)")
    for mode in ("neutrino", "antineutrino"):
        line = load_beam("bnb", mode)
        flux = second_flux(line, [disc], EDGES, **settings)[0]
        for flavour in ("numu", "numubar"):
            whole = published_flux(mode, flavour)[0]
            print(f"{mode} mode, {flavour}: published total {whole:.3e}")
            for name in KINDS:
                show(name, flux.rows(flavour, (name,)), whole)
            show("filed under p or n", flux.rows(flavour, VIA_NUCLEONS), whole)
            show("all", flux.rows(flavour), whole)
            if mode == "neutrino":
                try:
                    compare(flavour, flux, full_flux(mode))
                except InputFileError as error:
                    print(f"  {error}")
        if chosen.places:
            for name in KINDS:
                by_place(line, disc, KINDS[name], name, settings)
        if chosen.third:
            third = Kind(NUCLEONS, 3)
            by_place(line, disc, third, "p, n three times again", settings, (sum(PLACES, ()),))


def by_place(
    line: Beamline,
    disc: Disc,
    kind: Kind,
    name: str,
    settings: dict[str, int],
    parts: tuple[tuple[str, ...], ...] = PLACES,
) -> None:
    """Print the flux of one kind by the material in which the pion is made."""
    for places in parts:
        for pion, flavour in ((PI_PLUS, "numu"), (PI_MINUS, "numubar")):
            source = second_source(line, kind, places)
            parents = {pion: prepare(source, line, pion, disc.centre, 1)}
            rows = neutrino_flux(parents, [disc], EDGES, **settings)[0].select(flavour)
            total, error = mean_and_error(rows.sum(axis=1))
            print(f"  {name}, pions of {', '.join(places)}: {flavour} {total:.3e} +- {error:.1e}")


if __name__ == "__main__":
    main()
