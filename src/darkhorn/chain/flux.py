"""Neutrino flux of the same parents: P -> l nu decays averaged over a disc, as the published tables are."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from darkhorn.beam.sanford_wang import SanfordWangSource
from darkhorn.chain.cache import recall
from darkhorn.chain.parents import prepare
from darkhorn.chain.predict import REPLICATES, mean_and_error, next_points
from darkhorn.chain.setup import Parents
from darkhorn.core.errors import ScenarioError, require_range, unknown_name
from darkhorn.core.points import Axis, unit_points
from darkhorn.core.progress import Tell, counted
from darkhorn.core.rays import Floats, Rays
from darkhorn.core.species import MUON, PI_MINUS, PI_PLUS, mass
from darkhorn.core.units import CM2_IN_M2, GEV
from darkhorn.experiments.beams import load_beam
from darkhorn.experiments.build import build_shape
from darkhorn.experiments.loader import Experiment
from darkhorn.physics.directed import massless_two_body_density
from darkhorn.physics.weak import two_body_energy

MUON_BRANCHING: Final = 0.999877
"""Branching ratio of pi+ -> mu+ numu. Source: PDG, charged pion."""

PARENT: Final = {"numu": PI_PLUS, "numubar": PI_MINUS}
"""Which meson makes which neutrino."""

ABSENT: Final = ("nue", "nuebar")
"""Neutrinos of parents that are not followed yet: muons and kaons."""

DISC_POINTS: Final = 4
"""Places on a disc at which each decay is scored: a path through the horn costs more than its neutrinos."""

_STEPS: Final = {Axis.AIM_COS: 0.8191725133961645, Axis.AIM_PHI: 0.6710436067037893, Axis.ENERGY: 0.5497004779019703}
"""Shifts of the coordinates from place to place: powers of 1/1.2207440846, the root of x^4 = x + 1, which spread k
shifts evenly over the cube. Source: M. Roberts, "The unreasonable effectiveness of quasirandom sequences", 2018."""
_FIRST_POINTS: Final = 2**12
_MOST_POINTS: Final = 2**17


@dataclass(frozen=True)
class Disc:
    """Where the flux is averaged: centre in m, radius in m, normal along the beam axis."""

    centre: tuple[float, float, float]
    radius: float


@dataclass(frozen=True)
class Flux:
    """Flux by energy.

    Attributes
    ----------
    edges : (bins+1,) float
        MeV.
    rows : (replicates, bins) float
        1/cm^2/POT in each bin.
    mean_energies : (replicates,) float
        Mean energy of each replicate in MeV.
    """

    edges: Floats
    rows: Floats
    mean_energies: Floats

    @property
    def total(self) -> tuple[float, float]:
        """Flux in 1/cm^2/POT and its Monte-Carlo error."""
        mean, error = mean_and_error(self.rows.sum(axis=1))
        return float(mean), float(error)

    @property
    def mean_energy(self) -> float:
        """Mean energy in MeV."""
        return float(self.mean_energies.mean())

    @property
    def mean_energy_error(self) -> float:
        """Monte-Carlo error of the mean energy in MeV."""
        return float(mean_and_error(self.mean_energies)[1])

    @property
    def density(self) -> tuple[Floats, Floats]:
        """Flux in 1/cm^2/POT/GeV by bin and its Monte-Carlo error."""
        mean, error = mean_and_error(self.rows)
        width = np.diff(self.edges) / GEV
        return mean / width, error / width


def two_body_flux(
    parents: Parents,
    branching: float,
    rest_energy: float,
    disc: Disc,
    edges: Floats,
    *,
    n: int = 2**14,
    replicates: int = REPLICATES,
    seed: int = 1,
    threads: int = 1,
    progress: Tell = lambda _: None,
) -> Flux:
    """Return the flux of the massless daughter of a two-body decay, averaged over a disc.

    Parameters
    ----------
    parents : Parents
        Decaying mesons of one species.
    branching : float
        Branching ratio of the decay.
    rest_energy : float
        Energy of the daughter in the parent's rest frame, MeV.
    disc : Disc
        Where the flux is averaged; each decay is scored at :data:`DISC_POINTS` places.
    edges : (n+1,) float
        Bin edges in MeV.
    n, replicates, seed
        Points of each replicate (a power of two), replicates, seed.
    threads : int
        Threads; the result does not depend on it.
    progress : callable
        Told how many replicates are done.

    Returns
    -------
    Flux
    """

    def one(replicate: int) -> tuple[Floats, float]:
        points = unit_points(n, seed=seed, stream=(0, replicate))
        mesons = recall(parents, points)
        scores = [disc_weights(mesons, disc, moved, rest_energy) for moved in around(points)]
        energy, weight = np.concatenate(scores, axis=1)
        weight /= DISC_POINTS
        row, _ = np.histogram(energy, bins=edges, weights=weight * branching)
        return row, float(np.dot(energy, weight) / weight.sum())

    with ThreadPoolExecutor(threads) as pool:
        found = counted(pool.map(one, range(replicates)), replicates, f"flux: {replicates} x {n} points", progress)
        rows, means = zip(*found, strict=True)
    return Flux(edges, np.array(rows), np.array(means))


def pion_flux(
    parents: Parents,
    disc: Disc,
    *,
    n: int = 2**13,
    replicates: int = 8,
    seed: int = 1,
    threads: int = 1,
    progress: Tell = lambda _: None,
) -> Flux:
    """Return the muon-neutrino flux of pi -> mu nu in 200 bins of 50 MeV, as the published tables have them.

    Arguments as :func:`two_body_flux`.
    """
    energy = float(two_body_energy(mass(PI_PLUS), mass(MUON)))
    edges = np.linspace(0.0, 10.0 * GEV, 201)
    settings: dict[str, Any] = {"n": n, "replicates": replicates, "seed": seed, "threads": threads}
    return two_body_flux(parents, MUON_BRANCHING, energy, disc, edges, progress=progress, **settings)


def around(points: Floats, k: int = DISC_POINTS) -> Iterator[Floats]:
    """Yield k sets of points that aim the same decays elsewhere: AIM_COS, AIM_PHI and ENERGY shifted modulo 1.

    Every set is as uniform as the first, so the mean over sets is as exact as one of them.
    """
    yield points
    for turn in range(1, k):
        moved = points.copy()
        for axis, step in _STEPS.items():
            moved[:, axis] = (points[:, axis] + turn * step) % 1.0
        yield moved


def disc_weights(parents: Rays, disc: Disc, points: Floats, rest_energy: float) -> tuple[Floats, Floats]:
    """Return the daughter's energy in MeV and its flux weight in 1/cm^2/POT for one disc point a decay, shape (N,)."""
    _, doppler, weight = disc_rays(parents, disc, points)
    return rest_energy / doppler, weight


def disc_rays(parents: Rays, disc: Disc, points: Floats) -> tuple[Floats, Floats, Floats]:
    """Return how a massless isotropic daughter of each decay reaches one point of a disc.

    Parameters
    ----------
    parents : Rays
        Decaying particles, (N,).
    disc : Disc
        Where the flux is averaged.
    points : (N, len(Axis)) float
        Points of the unit cube; AIM_COS and AIM_PHI place the point on the disc.

    Returns
    -------
    direction : (N, 3) float
        Unit vectors from the decay to the point of the disc.
    doppler : (N,) float
        gamma (1 - beta cos theta), the ratio of rest-frame to lab energy.
    weight : (N,) float
        Daughters per POT and cm^2 of the disc.
    """
    radius = disc.radius * np.sqrt(points[:, Axis.AIM_COS])
    phi = 2.0 * np.pi * points[:, Axis.AIM_PHI]
    place = np.asarray(disc.centre) + np.column_stack([radius * np.cos(phi), radius * np.sin(phi), np.zeros(len(phi))])
    line = place - parents.x[:, 1:]
    distance = np.sqrt(np.einsum("ij,ij->i", line, line))
    cosine = np.einsum("ij,ij->i", line, parents.direction) / distance
    gamma, beta = parents.gamma, parents.beta
    density = massless_two_body_density(cosine, gamma, beta)
    incidence = line[:, 2] / distance
    weight = parents.weight * density * incidence / distance**2 * CM2_IN_M2
    return line / distance[:, None], gamma * (1.0 - beta * cosine), weight


def beam_flux(
    beam: str | Path = "bnb",
    mode: str = "neutrino",
    species: str = "numu",
    *,
    precision: float = 0.01,
    seed: int = 1,
    replicates: int = REPLICATES,
    threads: int = 1,
    progress: Tell = lambda _: None,
) -> Flux:
    """Return the neutrino flux of a beam's primary pions, averaged over the disc of the MiniBooNE detector.

    Pions come from the Sanford-Wang source, pass the horn and decay in flight; points are added until the total
    has the precision asked for. Two hundred bins of 50 MeV, as the published tables have them.

    Parameters
    ----------
    beam : str or Path
        A beam that the package ships, or a TOML file of the same form.
    mode : str
        Mode of the beam.
    species : str
        ``numu`` (from pi+) or ``numubar`` (from pi-).
    precision : float
        Relative Monte-Carlo error of the total, 1e-4 to 0.5.
    seed, replicates, threads : int
        Seed (>= 0), independent scrambles (4 to 256), threads; the result does not depend on the threads.
    progress : callable
        Told what is being done.

    Returns
    -------
    Flux
        1/cm^2/POT against MeV.

    Raises
    ------
    UnknownNameError, ScenarioError
        For an unknown beam, mode or species, or one whose parents are not followed.
    RangeError
        For a setting out of range.
    """
    if species in ABSENT:
        raise ScenarioError(
            f"species = '{species}': not in this release: it comes from muons and kaons, which are not followed; "
            f"available: {', '.join(PARENT)}"
        )
    if species not in PARENT:
        raise unknown_name("neutrino species", species, (*PARENT, *ABSENT))
    require_range("precision", precision, 1.0e-4, 0.5)
    require_range("replicates", replicates, 4, 256)
    require_range("threads", threads, 1, 1024)
    require_range("seed", seed, 0, 2**63 - 1)
    line, parent = load_beam(beam, mode), PARENT[species]
    centre, radius = build_shape(Experiment.load("miniboone").shape).bounding_sphere()
    progress("beam: pilot run of the meson source")
    parents = prepare(SanfordWangSource(line), line, parent, centre, seed, even=True)
    n = _FIRST_POINTS
    while True:
        settings: dict[str, Any] = {"n": n, "replicates": replicates, "seed": seed, "threads": threads}
        flux = pion_flux(parents, Disc(centre, radius), progress=progress, **settings)
        total, error = flux.total
        if error <= precision * total or n >= _MOST_POINTS:
            return flux
        n = next_points(n, error / (precision * total))
