"""Systematic errors of a flux: universes of production constants by reweighting, other inputs by re-runs.

Everything is kept as relative changes by bin, flavour and direct parent, so that one set of errors serves every flux of
the same mode. A source of error is a set of rows: many universes, or one row for a change of one standard deviation.
Its covariance is the mean over rows of the outer product of the changes; different sources add.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from darkhorn.beam.layers import compile_layers
from darkhorn.beam.parametrised import ParametrisedSource
from darkhorn.beam.sanford_wang import SanfordWangSource
from darkhorn.chain.flux import Disc, disc_rays
from darkhorn.chain.modes import EDGES, Run
from darkhorn.chain.neutrino_channels import channels, parent_label
from darkhorn.chain.neutrinos import MUON_DECAY, Key, NeutrinoFlux, muons_of, neutrino_flux
from darkhorn.chain.parents import ParentSampler, decay_in_flight
from darkhorn.core.errors import ScenarioError, require_range
from darkhorn.core.points import Axis, unit_points
from darkhorn.core.rays import Floats, Rays
from darkhorn.core.species import K_LONG, K_MINUS, K_PLUS, MUON, PI_MINUS, PI_PLUS
from darkhorn.core.units import GEV
from darkhorn.physics.production_errors import (
    K0_SHORT_FIT,
    K_PLUS_FIT,
    PI_MINUS_FIT,
    PI_PLUS_FIT,
    Fit,
    linear_weights,
    sample_parameters,
)

FITS: Final = {
    PI_PLUS: PI_PLUS_FIT,
    PI_MINUS: PI_MINUS_FIT,
    K_PLUS: K_PLUS_FIT,
    K_MINUS: K_PLUS_FIT,
    K_LONG: K0_SHORT_FIT,
}
"""Covariance that each species is drawn from; K- follows K+, of which it is a fixed share."""
CURRENT_ERROR: Final = 1000.0
"""One standard deviation of the horn current in A. Source: arXiv:0806.1449, section on the horn (unverified)."""
ABSORPTION_ERROR: Final = 0.1
"""One standard deviation of the absorption cross sections of mesons, relative: a choice (unverified)."""
_STREAM: Final = 3_000_000
_THETA_MAX: Final = np.pi / 2
Shifts = dict[Key, Floats]


@dataclass(frozen=True, eq=False)
class FluxErrors:
    """Relative changes of a flux.

    Attributes
    ----------
    edges : (bins+1,) float
        MeV.
    shifts : dict of str to dict of (flavour, parent) to (m, bins) float
        For each source of error m rows of relative changes.
    """

    edges: Floats
    shifts: dict[str, Shifts]

    def covariance(self, flux: NeutrinoFlux, flavour: str, *parents: str, source: str | None = None) -> Floats:
        """Return the covariance of the flux in each bin, (bins, bins), in (1/cm^2/POT)^2.

        Parameters
        ----------
        flux : NeutrinoFlux
            With the same bins.
        flavour, *parents
            As :meth:`NeutrinoFlux.select`.
        source : str, optional
            One source of error; all of them by default.

        Raises
        ------
        ScenarioError
            When the bins differ.
        """
        if not np.array_equal(flux.edges, self.edges):
            raise ScenarioError("bins of the flux and of its errors differ; allowed: the same bin edges in MeV")
        bins = len(self.edges) - 1
        total = np.zeros((bins, bins))
        for name, shifts in self.shifts.items():
            if source in (None, name):
                change = self._change(shifts, flux, flavour, parents)
                total += change.T @ change / len(change)
        return total

    def band(self, flux: NeutrinoFlux, flavour: str, *parents: str) -> Floats:
        """Return one standard deviation of the flux in each bin, (bins,), in 1/cm^2/POT; errors as there."""
        return np.sqrt(np.diag(self.covariance(flux, flavour, *parents)))

    def total(self, flux: NeutrinoFlux, flavour: str, *parents: str, source: str | None = None) -> float:
        """Return one standard deviation of the flux over all bins in 1/cm^2/POT; errors as :meth:`covariance`."""
        return float(np.sqrt(self.covariance(flux, flavour, *parents, source=source).sum()))

    def _change(self, shifts: Shifts, flux: NeutrinoFlux, flavour: str, parents: tuple[str, ...]) -> Floats:
        """Return the absolute changes of one source of error, (m, bins)."""
        change = np.zeros((max(len(rows) for rows in shifts.values()), len(self.edges) - 1))
        for (name, parent), rows in shifts.items():
            if name == flavour and parent in (parents or (parent,)) and (name, parent) in flux.rows:
                change = change + rows * flux.rows[name, parent].mean(axis=0)
        return change


def production_errors(
    parents: Mapping[int, ParentSampler], disc: Disc, run: Run, universes: int, *, n: int = 2**11
) -> dict[str, Shifts]:
    """Return the changes of a flux in universes of the production constants, one source of error a species.

    The same decays carry the ratio of each universe's cross section to the best one, to first order in the constants,
    at the momentum, the angle and the proton momentum at which the meson was made: no new transport.

    Parameters
    ----------
    parents : mapping of PDG number to ParentSampler
        Behind the horn, from a :class:`ParametrisedSource`; species without a fit are left out.
    disc : Disc
        Where the flux is averaged.
    run : Run
        Seed and replicates.
    universes : int
        How many, 2 to 10000.
    n : int
        Points of each replicate, a power of two.

    Raises
    ------
    RangeError
        For a number of universes out of range.
    ScenarioError
        When the mesons do not come from a parametrised source.

    Notes
    -----
    Neutrinos of muons follow the meson that made the muon; its polarisation, which hardly changes a ratio, is left out.
    K+ and K- share their universes. Weights are those of :func:`darkhorn.physics.production_errors.linear_weights`: the
    errors of single constants are so large that the full formula would leave the region that data constrain.
    """
    require_range("universes", universes, 2, 10000)
    found: dict[str, Shifts] = {}
    for species, fit in FITS.items():
        if species not in parents:
            continue
        drawn = universe_constants(species, universes, run.seed)
        shifts = _relative(_species_universes(parents[species], fit, drawn, disc, run, n))
        name = production_name(species)
        found[name] = {**found.get(name, {}), **shifts}
    return found


_NAMES: Final = {PI_PLUS: "pi+", PI_MINUS: "pi-", K_LONG: "K0", K_PLUS: "K+-", K_MINUS: "K+-"}


def production_name(species: int) -> str:
    """Return what the error of the production of a species is called."""
    return f"production of {_NAMES[species]}"


def universe_constants(species: int, universes: int, seed: int) -> Floats:
    """Return the production constants of a species of :data:`FITS` in universes, (universes, k); K- has those of K+."""
    shared = K_PLUS if species == K_MINUS else species
    stream = (_STREAM, abs(shared), int(shared > 0))
    unit = unit_points(universes, seed=seed, stream=stream, kind="random")
    fit = FITS[species]
    return sample_parameters(unit[:, : len(fit.names)], fit)


def _species_universes(
    sampler: ParentSampler, fit: Fit, drawn: Floats, disc: Disc, run: Run, n: int
) -> dict[Key, Floats]:
    """Return the flux of one species, (1 + universes, bins), the best one first."""
    species = sampler.species
    tally: dict[Key, Floats] = {}
    for replicate in range(run.replicates):
        points = unit_points(n, seed=run.seed, stream=(abs(species), int(species > 0), replicate))
        mesons = sampler.sample(points, run.threads)
        ratio = linear_weights(*production_point(sampler, points, mesons), fit, drawn)
        weights = np.vstack([np.ones(len(mesons)), ratio])
        for key, energy, weight in _neutrinos(sampler, mesons, disc, points):
            rows = _histograms(energy, weight * weights)
            tally[key] = tally[key] + rows if key in tally else rows
    return tally


def production_point(sampler: ParentSampler, points: Floats, mesons: Rays) -> tuple[Floats, Floats, Floats]:
    """Return momentum, angle to the proton and proton momentum at which each meson was made (MeV/c, rad, MeV/c).

    Parameters
    ----------
    sampler : ParentSampler
        With a :class:`ParametrisedSource` or a :class:`SanfordWangSource`, whose grid coordinates are
        p/(p_beam - p_end) and sqrt(theta/(pi/2)).
    points : (N, len(Axis)) float
        What the mesons were made from.
    mesons : Rays
        At their decays; ``parent`` is the row of the point.

    Raises
    ------
    ScenarioError
        For another kind of source.
    """
    source = sampler.source
    if isinstance(source, ParametrisedSource):
        p_end = source.shapes[sampler.species].p_end
    elif isinstance(source, SanfordWangSource):
        p_end = source.constants[sampler.species].c9 * GEV
    else:
        raise ScenarioError(f"universes need a parametrised source of mesons; found {type(source).__name__}")
    made, (moved, _) = sampler.produced(points), sampler.moved(points)
    share, root, _ = sampler.grid.map(moved[:, Axis.MOMENTUM], moved[:, Axis.THETA])
    p, rows = made.momentum, mesons.parent
    p_beam = p / share + p_end
    return p[rows], (_THETA_MAX * root**2)[rows], p_beam[rows]


def _neutrinos(sampler: ParentSampler, mesons: Rays, disc: Disc, points: Floats) -> list[tuple[Key, Floats, Floats]]:
    """Return flavour and parent, energies and weights of the neutrinos of mesons and of their muons."""
    found = []
    batches = [(sampler.species, mesons)]
    if abs(sampler.species) in (PI_PLUS, K_PLUS):
        made = muons_of(mesons, points)
        muon = int(made.pdgid[0])
        u = points[:, MUON_DECAY]
        batches.append((muon, decay_in_flight(made, muon, sampler.beamline, sampler.layers, u)))
    for species, rays in batches:
        _, doppler, weight = disc_rays(rays, disc, points)
        label = "mu" if abs(species) == MUON else parent_label(species)
        for channel in channels(species):
            energy = channel.energy(points[:, Axis.ENERGY]) / doppler
            found.append(((channel.flavour, label), energy, weight * channel.branching))
    return found


def _histograms(energy: Floats, weights: Floats) -> Floats:
    """Return one histogram a row of weights, (rows, bins)."""
    bins = len(EDGES) - 1
    cell = np.searchsorted(EDGES, energy, side="right") - 1
    inside = (cell >= 0) & (cell < bins)
    return np.array([np.bincount(cell[inside], weights=row[inside], minlength=bins) for row in weights])


def _relative(tally: dict[Key, Floats]) -> Shifts:
    """Return relative changes to the first row; zero in empty bins."""
    return {key: _ratio(rows[1:], rows[0]) for key, rows in tally.items()}


def _ratio(changed: Floats, best: Floats) -> Floats:
    """Return changed/best - 1, zero where best is."""
    there = best > 0.0
    return np.where(there, changed / np.where(there, best, 1.0) - 1.0, 0.0)


def rerun_error(best: Mapping[int, Any], other: Mapping[int, Any], disc: Disc, run: Run, *, n: int = 2**11) -> Shifts:
    """Return the relative change of a flux from one run to another with the same points, one row.

    The same points in both runs let their Monte-Carlo errors cancel in most of the difference.

    Parameters
    ----------
    best, other : mapping of PDG number to sampler
        One input at its value, and changed by one standard deviation.
    disc, run, n
        As :func:`production_errors`.
    """
    return _shifts(fluxes(best, disc, run, n), fluxes(other, disc, run, n))


def _shifts(best: dict[Key, Floats], other: dict[Key, Floats]) -> Shifts:
    """Return relative changes, one row."""
    return {key: _ratio(other[key], best[key])[None, :] for key in best}


def fluxes(parents: Mapping[int, Any], disc: Disc, run: Run, n: int) -> dict[Key, Floats]:
    """Return the flux by bin, averaged over replicates; arguments as :func:`production_errors`."""
    settings: dict[str, Any] = {"n": n, "replicates": run.replicates, "seed": run.seed, "threads": run.threads}
    (flux,) = neutrino_flux(parents, (disc,), EDGES, **settings)
    return {key: row.mean(axis=0) for key, row in flux.rows.items()}


def with_current(parents: Mapping[int, ParentSampler], change: float) -> dict[int, ParentSampler]:
    """Return the same samplers with the horn current changed by so many A towards more; no current stays none."""

    def changed(sampler: ParentSampler) -> ParentSampler:
        line = sampler.beamline
        line = line.with_current(line.current + change * float(np.sign(line.current)))
        return replace(sampler, beamline=line, layers=compile_layers(line, sampler.physics))

    return {pdg: changed(sampler) for pdg, sampler in parents.items()}


def with_physics(parents: Mapping[int, ParentSampler], **switches: bool | str) -> dict[int, ParentSampler]:
    """Return the same samplers with some switches of :class:`darkhorn.beam.switches.Physics` set for the mesons."""

    def changed(sampler: ParentSampler) -> ParentSampler:
        physics = replace(sampler.physics, **switches)  # type: ignore[arg-type]
        return replace(sampler, physics=physics, layers=compile_layers(sampler.beamline, physics))

    return {pdg: changed(sampler) for pdg, sampler in parents.items()}


@dataclass(frozen=True)
class AbsorbedSampler(ParentSampler):
    """The same mesons with their absorption cross sections multiplied by ``scale``."""

    scale: float = 1.0

    def sample(self, points: Floats, threads: int = 1) -> Rays:
        """Return one decaying meson a point.

        Absorption is a weight exp(-depth) on the same histories, so that the ratio of the weights with and without it
        gives the depth: an exact reweighting.
        """
        without = replace(self.physics, absorption=False)
        free = replace(self, physics=without)
        kept = super().sample(points, threads)
        weight = super(AbsorbedSampler, free).sample(points, threads).weight
        there = (weight > 0.0) & (kept.weight > 0.0)
        survive = np.where(there, kept.weight / np.where(there, weight, 1.0), 1.0)
        return kept.with_weight(kept.weight * survive ** (self.scale - 1.0))


def with_absorption(parents: Mapping[int, ParentSampler], scale: float) -> dict[int, ParentSampler]:
    """Return the same samplers with the absorption of mesons multiplied by ``scale``, >= 0."""
    require_range("scale of the absorption", scale, 0.0)
    return {
        pdg: AbsorbedSampler(s.source, s.beamline, s.species, s.grid, s.layers, s.physics, s.cells, scale)
        for pdg, s in parents.items()
    }


def flux_errors(
    parents: Mapping[int, ParentSampler],
    disc: Disc,
    run: Run,
    universes: int,
    *,
    n: int = 2**11,
    progress: Callable[[str], None] = lambda _: None,
) -> FluxErrors:
    """Return all systematic errors of the flux behind the horn that are known here.

    Production constants, horn current (:data:`CURRENT_ERROR`), the field in the metal (on or off, its whole effect) and
    the absorption of mesons (:data:`ABSORPTION_ERROR`). Arguments and errors as :func:`production_errors`.
    """
    progress(f"{universes} universes of the production constants")
    shifts = production_errors(parents, disc, run, universes, n=n)
    best = fluxes(parents, disc, run, n)
    others = {
        "horn current": with_current(parents, CURRENT_ERROR),
        "skin depth": with_physics(parents, skin_depth=False),
        "absorption": with_absorption(parents, 1.0 + ABSORPTION_ERROR),
    }
    for name, other in others.items():
        progress(name)
        shifts[name] = _shifts(best, fluxes(other, disc, run, n))
    return FluxErrors(EDGES, shifts)
