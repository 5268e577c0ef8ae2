"""Print our neutrino flux at MiniBooNE by flavour and direct parent beside the published columns.

Needs the data directory (DARKHORN_DATA) for the columns numu_K, nue_mu, ... of neutrino mode. Re-interactions are
left out, so columns with a large share of them (numubar from pi) stay below 1.

    python scripts/parents.py [points as a power of two, default 13] [threads, default 2]
"""

import sys

import numpy as np

from darkhorn.beam.parametrised import SHAPES, ParametrisedSource, sanford_wang_shape
from darkhorn.chain.at_rest import at_rest_flux
from darkhorn.chain.flux import Disc
from darkhorn.chain.neutrinos import NeutrinoFlux, neutrino_flux
from darkhorn.chain.parents import prepare
from darkhorn.chain.predict import mean_and_error
from darkhorn.core.species import K_LONG, K_MINUS, K_PLUS, PI_MINUS, PI_PLUS
from darkhorn.experiments.beams import load_beam
from darkhorn.experiments.build import build_shape
from darkhorn.experiments.datadir import FluxTable, full_flux
from darkhorn.experiments.loader import Experiment
from darkhorn.physics.production import PI_MINUS_BE_OLDER

EDGES = np.linspace(0.0, 10000.0, 201)
LINES = (
    *(
        (flavour, parent, 0, 10000)
        for parent in ("pi", "K", "K0", "mu")
        for flavour in ("numu", "numubar", "nue", "nuebar")
    ),
    ("numu", "K", 0, 200),
    ("numu", "K", 200, 250),
    ("numu", "K", 250, 1500),
    ("numu", "K", 1500, 5000),
    ("nue", "K", 0, 250),
    ("nue", "K", 250, 5000),
    ("nue", "mu", 0, 200),
    ("nue", "mu", 200, 3000),
    ("nue", "K0", 200, 5000),
)


def fluxes(exponent: int, threads: int) -> NeutrinoFlux:
    """Return the flux of mesons in flight and of kaons at rest, neutrino mode, averaged over MiniBooNE's disc."""
    line = load_beam("bnb", "neutrino")
    source = ParametrisedSource(line, shapes={**SHAPES, PI_MINUS: sanford_wang_shape(PI_MINUS_BE_OLDER)})
    centre, radius = build_shape(Experiment.load("miniboone").shape).bounding_sphere()
    disc = Disc(centre, radius)
    species = (PI_PLUS, PI_MINUS, K_PLUS, K_MINUS, K_LONG)
    parents = {pdg: prepare(source, line, pdg, centre, 1, threads) for pdg in species}
    (flight,) = neutrino_flux(parents, (disc,), EDGES, n=2**exponent, threads=threads)
    (rest,) = at_rest_flux(source, line, (disc,), EDGES, n=2**12, threads=threads)
    return flight.plus(rest)


def compare(flux: NeutrinoFlux, published: FluxTable, flavour: str, parent: str, low: float, high: float) -> str:
    """Return one line: our flux with its Monte-Carlo error, the published one, the ratio."""
    parents = ("K", "K at rest") if parent == "K" else (parent,)
    first, last = np.searchsorted(EDGES, (low, high))
    mean, error = mean_and_error(flux.select(flavour, *parents)[:, first:last].sum(axis=1))
    known = float(published.column(f"{flavour}_{parent}")[first:last] @ np.diff(EDGES)[first:last])
    window = f"{low / 1000:5.2f} - {high / 1000:5.2f}"
    return f"{flavour:8} {parent:3} {window}  {mean:10.4g} +- {error / mean:6.2%}  {known:10.4g}  {mean / known:6.3f}"


def main() -> None:
    """Print the table."""
    exponent, threads = (int(text) for text in (sys.argv[1:] + ["13", "2"][len(sys.argv) - 1 :]))
    flux, published = fluxes(exponent, threads), full_flux("neutrino")
    print("flavour  parent  E [GeV]      ours [/cm2/POT]      published   ratio")
    for line in LINES:
        print(compare(flux, published, *line))
    print("\nmesons and muons at rest (not in the published columns of pi and mu):")
    for (flavour, parent), rows in flux.rows.items():
        if parent in ("pi at rest", "mu at rest"):
            mean, error = mean_and_error(rows.sum(axis=1))
            print(f"{flavour:8} {parent:10} {mean:10.4g} +- {error / mean:6.2%}")


if __name__ == "__main__":
    main()
