"""Neutrino flux by flavour and direct parent: two-body, three-body and muon decays in flight, averaged over discs.

A history that makes a neutrino detects no photon, so the muon in between takes the coordinates of the
detection: :data:`MUON_COS` and the two after it.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from darkhorn.chain.cache import recall
from darkhorn.chain.flux import DISC_POINTS, Disc, around, disc_rays
from darkhorn.chain.neutrino_channels import channels, parent_label
from darkhorn.chain.parents import ParentSampler, adapt, decay_in_flight
from darkhorn.chain.predict import REPLICATES, mean_and_error, next_points
from darkhorn.core.errors import require_range
from darkhorn.core.points import Axis, unit_points
from darkhorn.core.progress import Tell, counted
from darkhorn.core.rays import Floats, Rays
from darkhorn.core.species import K_MINUS, K_PLUS, MUON, PI_MINUS, PI_PLUS, mass, name_of
from darkhorn.core.units import GEV
from darkhorn.physics.fourvector import boost
from darkhorn.physics.neutrino_decays import BRANCHING, helicity_cosine, muon_decay_density
from darkhorn.physics.weak import two_body_energy

FIRST_POINTS: Final = 2**11
MOST_POINTS: Final = 2**17
BIN_SLACK: Final = 3.0
"""How many times the error of the total a bin of the wanted flavour may have: 1.5 % at 0.5 %."""
OTHER_SLACK: Final = 4.0
"""How many times the error of the wanted flavour the other species may have: 2 % at 0.5 %."""
FILLED: Final = 0.003
"""Share of the fullest bin below which the error of a bin does not count."""
_COARSE: Final = 100.0
"""Width in MeV of the bins whose errors count."""

MAIN: Final = {PI_PLUS: "numu", K_PLUS: "numu", PI_MINUS: "numubar", K_MINUS: "numubar"}
"""Flavour that each species makes in its two-body decay."""

MUON_COS: Final = Axis.Q_SQ
MUON_PHI: Final = Axis.PHOTON_PHI
MUON_DECAY: Final = Axis.SMEAR_ENERGY

Key = tuple[str, str]
"""Flavour and direct parent: ("numu", "K")."""

_MUON_BRANCHING: Final = {
    PI_PLUS: BRANCHING["pi mu nu"],
    PI_MINUS: BRANCHING["pi mu nu"],
    K_PLUS: BRANCHING["K mu nu"],
    K_MINUS: BRANCHING["K mu nu"],
}
"""Whose muons are followed. Those of three-body decays are not: 5 % of the kaons' muons."""


@dataclass(frozen=True, eq=False)
class NeutrinoFlux:
    """Flux averaged over one disc.

    Attributes
    ----------
    edges : (bins+1,) float
        MeV.
    rows : dict of (flavour, parent) to (replicates, bins) float
        1/cm^2/POT in each bin.
    """

    edges: Floats
    rows: dict[Key, Floats]

    def select(self, flavour: str, *parents: str) -> Floats:
        """Return the sum over parents (all when none is named), shape (replicates, bins); zero where there is none."""
        chosen = [
            row for (name, parent), row in self.rows.items() if name == flavour and parent in (parents or (parent,))
        ]
        shape = next(iter(self.rows.values())).shape
        return np.sum(chosen, axis=0) if chosen else np.zeros(shape)

    def total(self, flavour: str, *parents: str) -> tuple[float, float]:
        """Return the flux in 1/cm^2/POT over all bins and its Monte-Carlo error."""
        mean, error = mean_and_error(self.select(flavour, *parents).sum(axis=1))
        return float(mean), float(error)

    def total_of_all(self) -> Floats:
        """Return the flux in 1/cm^2/POT over all bins, flavours and parents, shape (replicates,)."""
        total: Floats = np.sum([row.sum(axis=1) for row in self.rows.values()], axis=0)
        return total

    def density(self, flavour: str, *parents: str) -> tuple[Floats, Floats]:
        """Return the flux in 1/cm^2/POT/GeV by bin and its Monte-Carlo error."""
        mean, error = mean_and_error(self.select(flavour, *parents))
        width = np.diff(self.edges) / GEV
        return mean / width, error / width

    def plus(self, other: "NeutrinoFlux") -> "NeutrinoFlux":
        """Return the sum of two fluxes with the same bins and replicates; equal keys add up."""
        rows = dict(self.rows)
        for key, row in other.rows.items():
            rows[key] = rows[key] + row if key in rows else row
        return NeutrinoFlux(self.edges, rows)


def neutrino_flux(
    parents: Mapping[int, ParentSampler],
    discs: Sequence[Disc],
    edges: Floats,
    *,
    n: int = 2**14,
    replicates: int = REPLICATES,
    seed: int = 1,
    threads: int = 1,
    muons: bool = True,
    progress: Tell = lambda _: None,
    stage: str = "neutrino flux",
) -> tuple[NeutrinoFlux, ...]:
    """Return the neutrino flux of mesons that decay in flight, by flavour and direct parent, one entry a disc.

    Parameters
    ----------
    parents : mapping of PDG number to ParentSampler
        Decaying mesons; pi+-, K+- and K0L make neutrinos, others none.
    discs : sequence of Disc
        Where the flux is averaged; the same decays serve every disc.
    edges : (bins+1,) float
        Bin edges in MeV.
    n, replicates, seed
        Points of each replicate and species (a power of two), replicates, seed.
    threads : int
        Threads; the result does not depend on it.
    muons : bool
        Whether to follow the muons of pi and K two-body decays to their own decay.
    progress, stage : callable and str
        Told how many replicates are done, and of what.

    Returns
    -------
    tuple of NeutrinoFlux

    Notes
    -----
    Parents are named as in the published tables: pi, K, K0, mu. Muons of three-body decays, and pions of kaon
    decays, are not followed. Each decay is scored at :data:`darkhorn.chain.flux.DISC_POINTS` places of a disc.
    """

    def one(replicate: int) -> list[dict[Key, Floats]]:
        tallies: list[dict[Key, Floats]] = [{} for _ in discs]
        for species, sampler in parents.items():
            points = unit_points(n, seed=seed, stream=(abs(species), int(species > 0), replicate))
            mesons = recall(sampler, points)
            for disc, tally in zip(discs, tallies, strict=True):
                fill(tally, edges, mesons, disc, points)
            if muons and species in _MUON_BRANCHING:
                made = muons_of(mesons, points)
                at = decay_in_flight(made, int(made.pdgid[0]), sampler.beamline, sampler.layers, points[:, MUON_DECAY])
                for disc, tally in zip(discs, tallies, strict=True):
                    _fill_muons(tally, edges, mesons, made, at, disc, points)
        return tallies

    with ThreadPoolExecutor(threads) as pool:
        found = list(counted(pool.map(one, range(replicates)), replicates, stage, progress))
    return collect(edges, found)


def precise_flux(
    parents: Mapping[int, ParentSampler],
    disc: Disc,
    edges: Floats,
    *,
    precision: float,
    flavour: str = "numu",
    replicates: int = REPLICATES,
    seed: int = 1,
    threads: int = 1,
    muons: bool = True,
    progress: Tell = lambda _: None,
) -> NeutrinoFlux:
    """Return the neutrino flux with as many points of each species as the precision needs.

    A species that makes ``flavour`` has points added until that part of the flux has the relative Monte-Carlo error
    ``precision``; where it does so in two-body decays, also until the bins of about 100 MeV have, root of the mean
    square, :data:`BIN_SLACK` times as much, and pilots of its own spread its points over the bins. Every other species,
    until the sum of its neutrinos has
    :data:`OTHER_SLACK` times as much.

    Parameters
    ----------
    parents, disc, edges, replicates, seed, threads, muons
        As :func:`neutrino_flux`.
    precision : float
        Relative error, 1e-4 to 0.5.
    flavour : str
        numu, numubar, nue or nuebar. Muon neutrinos of other than two-body decays are a small share: those of muons
        and of K0 count as the others.
    progress : callable
        Told what is being done.

    Raises
    ------
    RangeError
        For a precision out of range.
    """
    require_range("precision", precision, 1.0e-4, 0.5)
    settings: dict[str, Any] = {"replicates": replicates, "seed": seed, "threads": threads, "muons": muons}
    found = []
    for index, (species, sampler) in enumerate(parents.items()):
        if MAIN.get(species) == flavour and isinstance(sampler, ParentSampler):
            progress(f"pilot runs of {name_of(species)}")
            sampler = adapt(sampler, disc.centre, seed, threads, even=True)
        n = FIRST_POINTS
        while True:
            name = f"{name_of(species)} ({index + 1} of {len(parents)})"
            stage = f"flux of {name}: {replicates} x {n} points"
            (flux,) = neutrino_flux({species: sampler}, (disc,), edges, n=n, progress=progress, stage=stage, **settings)
            excess = _excess(flux, species, flavour) / precision
            if excess <= 1.0 or n >= MOST_POINTS:
                break
            n = min(next_points(n, excess), MOST_POINTS)
        found.append(flux)
    total, *others = found
    for flux in others:
        total = total.plus(flux)
    return total


def _excess(flux: NeutrinoFlux, species: int, flavour: str) -> float:
    """Return the largest relative error of the flux of one species over what is allowed for a precision of one."""
    if not flux.rows:
        return 0.0
    if flavour == MAIN.get(species):
        rows = flux.select(flavour, parent_label(species))
        return max(float(relative_error(rows.sum(axis=1))), bin_error(rows, flux.edges) / BIN_SLACK)
    if flavour in ("nue", "nuebar") and flux.select(flavour).any():
        return float(relative_error(flux.select(flavour).sum(axis=1)))
    return float(relative_error(flux.total_of_all())) / OTHER_SLACK


def relative_error(rows: Floats) -> Floats:
    """Return the relative Monte-Carlo error over replicates (the first axis); zero where there is nothing."""
    mean, error = mean_and_error(rows)
    found: Floats = np.where(mean > 0.0, error / np.where(mean > 0.0, mean, 1.0), 0.0)
    return found


def bin_error(rows: Floats, edges: Floats) -> float:
    """Return the root mean square of the relative errors of the filled bins, joined to widths of about 100 MeV.

    Parameters
    ----------
    rows : (replicates, bins) float
        Flux in each bin.
    edges : (bins+1,) float
        MeV. Bins with less than :data:`FILLED` of the fullest are left out.
    """
    join = max(1, round(_COARSE / float(edges[1] - edges[0])))
    whole = rows.shape[1] // join * join
    coarse = rows[:, :whole].reshape(len(rows), -1, join).sum(axis=2)
    filled = coarse.mean(axis=0) > FILLED * coarse.mean(axis=0).max()
    return float(np.sqrt((relative_error(coarse[:, filled]) ** 2).mean())) if filled.any() else 0.0


def muons_of(mesons: Rays, points: Floats) -> Rays:
    """Return the muon of P -> mu nu of each decaying meson at its start; weights carry the branching ratio.

    Parameters
    ----------
    mesons : Rays
        Charged pions or kaons of one species at their decays, (N,).
    points : (N, len(Axis)) float
        Points of the unit cube; :data:`MUON_COS` and :data:`MUON_PHI` give the direction in the meson's rest frame.
    """
    species = int(mesons.pdgid[0])
    momentum = float(two_body_energy(mass(species), mass(MUON)))
    cosine, phi = 2.0 * points[:, MUON_COS] - 1.0, 2.0 * np.pi * points[:, MUON_PHI]
    sine = np.sqrt(1.0 - cosine**2)
    energy = np.full(len(cosine), np.hypot(momentum, mass(MUON)))
    rest = np.column_stack([energy, momentum * sine * np.cos(phi), momentum * sine * np.sin(phi), momentum * cosine])
    pdgid = -MUON if species > 0 else MUON
    weight = mesons.weight * _MUON_BRANCHING[species]
    return Rays.make(pdgid, mesons.x, boost(rest, mesons.p, mesons.mass), weight, np.arange(len(weight)))


def carried(vector: Floats, start: Floats, end: Floats) -> Floats:
    """Return vectors (N, 3) turned by the smallest rotation that takes the unit vectors ``start`` to ``end``."""
    along, middle = np.einsum("ij,ij->i", start, vector), start + end
    norm = np.maximum(1.0 + np.einsum("ij,ij->i", start, end), 1.0e-12)
    turned: Floats = (
        vector - middle * (np.einsum("ij,ij->i", middle, vector) / norm)[:, None] + 2.0 * along[:, None] * end
    )
    return turned


def _add(tally: dict[Key, Floats], key: Key, energy: Floats, weight: Floats, edges: Floats) -> None:
    """Add a histogram to a tally; the highest edge belongs to no bin."""
    bins = len(edges) - 1
    cell = np.searchsorted(edges, energy, side="right") - 1
    inside = (cell >= 0) & (cell < bins)
    row = np.bincount(cell[inside], weights=weight[inside], minlength=bins).astype(float)
    tally[key] = tally[key] + row if key in tally else row


def fill(
    tally: dict[Key, Floats], edges: Floats, parents: Rays, disc: Disc, points: Floats, label: str | None = None
) -> None:
    """Add to a tally the neutrinos of every channel of decaying particles of one species, unpolarised.

    Parameters
    ----------
    tally : dict of (flavour, parent) to (bins,) float
        1/cm^2/POT; the only argument that changes.
    edges : (bins+1,) float
        MeV.
    parents : Rays
        At their decays, (N,).
    disc : Disc
        Where the flux is averaged.
    points : (N, len(Axis)) float
        Points of the unit cube.
    label : str, optional
        Name of the parent; that of the published columns by default.
    """
    species = int(parents.pdgid[0])
    for moved in around(points):
        _, doppler, weight = disc_rays(parents, disc, moved)
        weight /= DISC_POINTS
        for channel in channels(species):
            energy = channel.energy(moved[:, Axis.ENERGY]) / doppler
            _add(tally, (channel.flavour, label or parent_label(species)), energy, weight * channel.branching, edges)


def collect(edges: Floats, tallies: Sequence[Sequence[dict[Key, Floats]]]) -> tuple[NeutrinoFlux, ...]:
    """Return one flux a disc from tallies by replicate and disc."""
    return tuple(
        NeutrinoFlux(edges, {key: np.array([tally[key] for tally in column]) for key in column[0]})
        for column in zip(*tallies, strict=True)
    )


def _fill_muons(
    tally: dict[Key, Floats], edges: Floats, mesons: Rays, made: Rays, at: Rays, disc: Disc, points: Floats
) -> None:
    """Add the two neutrinos of polarised muons; the spin is carried along with the momentum (no anomalous moment)."""
    kinds = tuple(zip(channels(int(at.pdgid[0])), ("mu", "e"), strict=True))
    for moved in around(points):
        direction, doppler, weight = disc_rays(at, disc, moved)
        weight /= DISC_POINTS
        seen = carried(direction, at.direction, made.direction)
        neutrino = np.column_stack([np.ones(len(seen)), seen])
        cosine = helicity_cosine(mesons.p, made.p, neutrino)
        for channel, kind in kinds:
            rest = channel.energy(moved[:, Axis.ENERGY])
            x = np.minimum(2.0 * rest / mass(MUON), 1.0 - 1.0e-12)
            ratio = muon_decay_density(x, cosine, -1.0, kind) / muon_decay_density(x, 0.0, 0.0, kind)
            _add(tally, (channel.flavour, "mu"), rest / doppler, weight * ratio, edges)
