"""Neutrino flux of the same parents: P -> l nu decays averaged over a disc, as the published tables are."""

from dataclasses import dataclass

import numpy as np

from darkhorn.chain.predict import Parents, mean_and_error
from darkhorn.core.points import Axis, unit_points
from darkhorn.core.rays import Floats, Rays
from darkhorn.core.units import CM2_IN_M2, GEV
from darkhorn.physics.directed import massless_two_body_density


@dataclass(frozen=True)
class Disc:
    """Where the flux is averaged: centre in m, radius in m, normal along the beam axis."""

    centre: tuple[float, float, float]
    radius: float


@dataclass(frozen=True)
class Flux:
    """Flux by energy: edges in MeV, rows (replicates, bins) in 1/cm^2/POT per bin, total and mean energy."""

    edges: Floats
    rows: Floats
    mean_energy: float

    @property
    def total(self) -> tuple[float, float]:
        """Flux in 1/cm^2/POT and its Monte-Carlo error."""
        mean, error = mean_and_error(self.rows.sum(axis=1))
        return float(mean), float(error)

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
    replicates: int = 8,
    seed: int = 1,
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
        Where the flux is averaged; one point of the disc is drawn for each decay.
    edges : (n+1,) float
        Bin edges in MeV.
    n, replicates, seed
        Points of each replicate (a power of two), replicates, seed.

    Returns
    -------
    Flux
    """
    rows, energy_sum, total = [], 0.0, 0.0
    for replicate in range(replicates):
        points = unit_points(n, seed=seed, stream=(0, replicate))
        energy, weight = disc_weights(parents.sample(points), disc, points, rest_energy)
        rows.append(np.histogram(energy, bins=edges, weights=weight * branching)[0])
        energy_sum += float(np.dot(energy, weight))
        total += float(weight.sum())
    return Flux(edges, np.array(rows), energy_sum / total)


def disc_weights(parents: Rays, disc: Disc, points: Floats, rest_energy: float) -> tuple[Floats, Floats]:
    """Return the daughter's energy in MeV and its flux weight in 1/cm^2/POT for one disc point a decay, shape (N,)."""
    radius = disc.radius * np.sqrt(points[:, Axis.AIM_COS])
    phi = 2.0 * np.pi * points[:, Axis.AIM_PHI]
    place = np.asarray(disc.centre) + np.column_stack([radius * np.cos(phi), radius * np.sin(phi), np.zeros(len(phi))])
    line = place - parents.x[:, 1:]
    distance = np.sqrt(np.einsum("ij,ij->i", line, line))
    cosine = np.einsum("ij,ij->i", line, parents.direction) / distance
    gamma, beta = parents.gamma, parents.beta
    density = massless_two_body_density(cosine, gamma, beta)
    incidence = line[:, 2] / distance
    energy = rest_energy / (gamma * (1.0 - beta * cosine))
    return energy, parents.weight * density * incidence / distance**2 * CM2_IN_M2
