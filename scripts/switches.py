"""What each piece of physics does to the flux: pi+ -> numu at MiniBooNE with one switch off at a time.

Ratios to the published component of primary pions (column numu_sec_pBe_pi of the full flux table in the data
directory, DARKHORN_DATA). Usage: switches.py [log2 of points] [replicates] [threads]
"""

import sys
from collections.abc import Iterator
from typing import Any

import numpy as np

from darkhorn.beam.sanford_wang import SanfordWangSource
from darkhorn.beam.switches import Physics
from darkhorn.chain.flux import Disc, Flux, pion_flux
from darkhorn.chain.parents import prepare
from darkhorn.core.rays import Floats
from darkhorn.core.species import PI_PLUS
from darkhorn.experiments.beams import load_beam
from darkhorn.experiments.build import build_shape
from darkhorn.experiments.datadir import full_flux
from darkhorn.experiments.loader import Experiment

CASES: dict[str, dict[str, Any]] = {
    "everything on": {},
    "meson quasi-elastic goes straight": {"meson_quasi_elastic": "ignore"},
    "meson elastic goes straight": {"meson_elastic": "ignore"},
    "both": {"meson_quasi_elastic": "ignore", "meson_elastic": "ignore"},
    "absorbed on the full inelastic, no scattering": {"meson_quasi_elastic": "remove", "meson_elastic": "ignore"},
    "mesons not absorbed": {"absorption": False},
    "proton elastic off": {"proton_elastic": "ignore"},
    "proton quasi-elastic removes": {"proton_quasi_elastic": "remove"},
    "proton scattering off": {"proton_elastic": "ignore", "proton_quasi_elastic": "ignore"},
    "protons straight": {"protons": "straight"},
    "energy loss off": {"energy_loss": False},
    "multiple scattering off": {"multiple_scattering": False},
    "field in the metal off": {"skin_depth": False},
    "tube and fins off": {"tube_and_fins": False},
    "air off": {"air": False},
    "matter of the conductor off": {"conductor": False},
    "decay inside the horn off": {"decay_in_horn": False},
    "point detector": {},
}
BINS = np.arange(200.0, 2501.0, 100.0)


def fluxes(n: int, replicates: int, threads: int) -> Iterator[tuple[str, Flux]]:
    """Yield the flux of every case, from the same points."""
    line = load_beam("bnb")
    centre, radius = build_shape(Experiment.load("miniboone").shape).bounding_sphere()
    for name, off in CASES.items():
        physics = Physics(**off)
        source = SanfordWangSource(line, physics=physics)
        parents = prepare(source, line, PI_PLUS, centre, 1, threads, physics)
        disc = Disc(centre, 1.0e-3 if name == "point detector" else radius)
        yield name, pion_flux(parents, disc, n=n, replicates=replicates, threads=threads)


def in_bins(edges: Floats, flux: Floats) -> Floats:
    """Return the flux in the bins of the comparison; both sets of edges in MeV."""
    which = np.digitize(0.5 * (edges[1:] + edges[:-1]), BINS) - 1
    inside = (which >= 0) & (which < len(BINS) - 1)
    return np.bincount(which[inside], flux[inside], len(BINS) - 1)


def window_mean(edges: Floats, flux: Floats) -> float:
    """Return the mean energy in MeV between the first and the last edge of the bins."""
    centre = 0.5 * (edges[1:] + edges[:-1])
    inside = (centre > BINS[0]) & (centre < BINS[-1])
    return float(np.average(centre[inside], weights=flux[inside]))


def main(power: int = 13, replicates: int = 8, threads: int = 2) -> None:
    """Print the table."""
    table = full_flux("neutrino")
    published = table.column("numu_sec_pBe_pi") * np.diff(table.edges)
    reference = in_bins(table.edges, published)
    total, mean = published.sum(), table.mean_energy("numu_sec_pBe_pi")
    print(
        f"published: {total:.4g} /cm2/POT, mean {mean:.1f} MeV, in the window {window_mean(table.edges, published):.1f}"
    )
    print("case: flux, error %, ratio of total, of mean, of integral and mean in 0.2-2.5 GeV; 100 MeV bins")
    first = None
    for name, flux in fluxes(2**power, replicates, threads):
        value, error = flux.total
        row = flux.rows.mean(axis=0)
        bins = in_bins(flux.edges, row)
        first = first or (value, flux.mean_energy)
        change = f"{100 * (value / first[0] - 1):+5.1f} % {100 * (flux.mean_energy / first[1] - 1):+5.1f} %"
        ratios = (
            value / total,
            flux.mean_energy / mean,
            bins.sum() / reference.sum(),
            window_mean(flux.edges, row) / window_mean(table.edges, published),
        )
        print(f"{name:46s} {value:.3e} {100 * error / value:4.2f}", *(f"{r:.3f}" for r in ratios), change, flush=True)
        print("    " + " ".join(f"{r:.2f}" for r in bins / reference), flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
