"""Axion-like particles from the photons of a target to the spectra in a detector: the order of that chain.

Mesons decay to photons, or a table of a shower gives photons and positrons; each reaction in the target sends its a
to the detector, where every channel is looked at. Couplings are those given, since decays on the way make no power of
them. The spread over replicates is the Monte-Carlo error.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from darkhorn.beam.photons import TWO_PHOTONS, PhotonTarget, ShowerTable, two_photons
from darkhorn.chain.aim import Arrivals
from darkhorn.chain.observe import coordinate, observe
from darkhorn.chain.photon_sources import alp_events, alps_from_photons, alps_from_positrons, alps_from_resonance
from darkhorn.chain.predict import REPLICATES, mean_and_error, next_points
from darkhorn.chain.setup import Setup
from darkhorn.core.errors import ScenarioError, require_range
from darkhorn.core.points import unit_points
from darkhorn.core.progress import Step, Tell
from darkhorn.core.rays import Floats, Rays
from darkhorn.core.species import ELECTRON, PHOTON
from darkhorn.models.alp import Alp

FIRST_POINTS: Final = 2**11
MOST_POINTS: Final = 2**17
RESONANCE: Final = "resonance"
_STREAM: Final = 8_000_000
_LEAST_OPENING: Final = 0.01
"""Photons are spread at least as far (rad), since a reaction changes the direction a little."""

Key = tuple[str, str]
"""Reaction in the target, channel in the detector."""


@dataclass(frozen=True)
class AlpSource:
    """Where photons and positrons come from beside the mesons of a setup.

    Attributes
    ----------
    target : PhotonTarget
        The material in which they end.
    shower : ShowerTable or None
        Photons and positrons of a shower, instead of those of mesons.
    position : tuple of float
        Where the shower is, m.
    """

    target: PhotonTarget
    shower: ShowerTable | None = None
    position: tuple[float, float, float] = (0.0, 0.0, 0.0)


@dataclass(frozen=True)
class AlpRates:
    """Selected events of one mode in its exposure, at the couplings of the model.

    Attributes
    ----------
    name : str
        Mode.
    events : dict of (str, str) to (replicates,) float
        By reaction in the target and channel in the detector.
    crossing : dict of str to (replicates,) float
        Particles made that would cross the detector if they did not decay, in the exposure, by reaction.
    edges : dict of str to (n + 1,) float
        Bin edges by distribution.
    spectra : dict of str to dict of str to (replicates, n) float
        By channel in the detector, then by distribution.
    points : int
        Points of each replicate.
    """

    name: str
    events: dict[Key, Floats]
    crossing: dict[str, Floats]
    edges: dict[str, Floats]
    spectra: dict[str, dict[str, Floats]]
    points: int

    @property
    def total(self) -> tuple[float, float]:
        """All selected events and their Monte-Carlo error."""
        mean, error = mean_and_error(np.sum(list(self.events.values()), axis=0))
        return float(mean), float(error)

    @property
    def relative_error(self) -> float:
        """Relative Monte-Carlo error of all selected events; 0 where there are none."""
        mean, error = self.total
        return error / mean if mean > 0.0 else 0.0


def predict_alp(
    model: Alp,
    setup: Setup,
    source: AlpSource,
    *,
    precision: float = 0.01,
    seed: int = 1,
    replicates: int = REPLICATES,
    progress: Tell = lambda _: None,
) -> AlpRates:
    """Return the events of a mode, with points added until the relative error of their sum is met.

    Parameters
    ----------
    model : Alp
        Mass and couplings.
    setup : Setup
        Mode: mesons that decay to photons (others are left out), detector, selection, bins.
    source : AlpSource
        Target, and a shower instead of the mesons.
    precision : float
        Requested relative Monte-Carlo error, 1e-4 to 0.5.
    seed : int
        Seed of the calculation.
    replicates : int
        Independent scrambles, 4 to 256.
    progress : callable
        Told what is being done.

    Raises
    ------
    RangeError
        For settings out of range.
    ScenarioError
        When nothing in the setup makes photons.
    """
    require_range("precision", precision, 1.0e-4, 0.5)
    require_range("replicates", replicates, 4, 256)
    n = FIRST_POINTS
    while True:
        found = _predict(model, setup, source, n, seed, replicates, progress)
        if found.relative_error <= precision or n >= MOST_POINTS:
            return found
        n = min(next_points(n, found.relative_error / precision), MOST_POINTS)


def _predict(model: Alp, setup: Setup, source: AlpSource, n: int, seed: int, replicates: int, tell: Tell) -> AlpRates:
    """Return the events from ``replicates`` sets of ``n`` points."""
    events: dict[Key, Floats] = {}
    crossing: dict[str, Floats] = {}
    spectra: dict[str, dict[str, Floats]] = {}
    for replicate in range(replicates):
        tell(Step(f"{setup.name}: {replicates} x {n} points", replicate / replicates))
        for reaction, arrivals, points in _arrivals(model, setup, source, n, seed, replicate):
            crossing.setdefault(reaction, np.zeros(replicates))[replicate] += arrivals.rays.yield_ * setup.pot
            for channel, photons in alp_events(arrivals, model, setup.nuclei, setup.shape, points).items():
                seen = observe(photons, setup.response, setup.window, points)
                weight = seen.weight * setup.pot
                events.setdefault((reaction, channel), np.zeros(replicates))[replicate] += weight.sum()
                rows = spectra.setdefault(channel, _empty(setup, replicates))
                for name, edges in setup.edges.items():
                    place = coordinate(seen, name, setup.cells)
                    rows[name][replicate] += np.histogram(place, edges, weights=weight)[0]
    return AlpRates(setup.name, events, crossing, setup.edges, spectra, n)


def _arrivals(
    model: Alp, setup: Setup, source: AlpSource, n: int, seed: int, replicate: int
) -> Iterator[tuple[str, Arrivals, Floats]]:
    """Yield what each reaction sends to the detector, with the points that made it."""
    reactions = model.productions(source.target)
    for rays, points in _projectiles(setup, source, n, seed, replicate):
        species = int(rays.pdgid[0])
        send = alps_from_photons if species == PHOTON else alps_from_positrons
        for reaction in reactions:
            if reaction.projectile == species:
                yield reaction.name, send(rays, reaction, source.target, setup.shape, points), points
        resonance = model.resonance() if species == -ELECTRON else None
        if resonance is not None:
            yield RESONANCE, alps_from_resonance(rays, resonance, source.target, setup.shape), points


def _projectiles(setup: Setup, source: AlpSource, n: int, seed: int, replicate: int) -> Iterator[tuple[Rays, Floats]]:
    """Yield photons and positrons, one batch a source."""
    if source.shower is not None:
        for number, species in enumerate((PHOTON, -ELECTRON)):
            if ((source.shower.pdgid == species) & (source.shower.weight > 0.0)).any():
                points = unit_points(n, seed=seed, stream=(_STREAM, number, replicate))
                yield source.shower.sample(points, species, source.position), points
        return
    mesons = [parents for parents in setup.parents if parents.species in TWO_PHOTONS]
    if not mesons:
        raise ScenarioError(f"mode {setup.name}: no pi0, no eta and no shower: nothing makes photons")
    centre, radius = setup.shape.bounding_sphere()
    for number, parents in enumerate(mesons):
        points = unit_points(n, seed=seed, stream=(_STREAM, number, replicate))
        rays = parents.sample(points)
        distance = float(np.linalg.norm(np.asarray(centre) - rays.x[0, 1:]))
        opening = max(radius / distance, _LEAST_OPENING) if distance > radius else np.pi
        yield two_photons(rays, points, centre, opening), points


def _empty(setup: Setup, replicates: int) -> dict[str, Floats]:
    """Return spectra without entries."""
    return {name: np.zeros((replicates, len(edges) - 1)) for name, edges in setup.edges.items()}
