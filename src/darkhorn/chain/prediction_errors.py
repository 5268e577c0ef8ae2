"""What the errors of the beam do to a prediction: universes and re-runs carried through the whole chain.

The same mesons that make the prediction carry the ratio of each universe's production cross section to the best one;
horn current, field in the metal and absorption are changed by one standard deviation and followed again with the same
points. All bins of all distributions of a mode share their universes, and their covariance is the mean over universes
of the outer product of the changes.
"""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from darkhorn.beam.parametrised import ParametrisedSource
from darkhorn.beam.sanford_wang import SanfordWangSource
from darkhorn.chain.detect import detect
from darkhorn.chain.herd import reused
from darkhorn.chain.observe import observe
from darkhorn.chain.parents import ParentSampler
from darkhorn.chain.send import Tables, send, tabulate_all
from darkhorn.chain.setup import Setup
from darkhorn.chain.universes import (
    ABSORPTION_ERROR,
    CURRENT_ERROR,
    FITS,
    production_name,
    production_point,
    universe_constants,
    with_absorption,
    with_current,
    with_physics,
)
from darkhorn.core.errors import ScenarioError, require_range
from darkhorn.core.points import unit_points
from darkhorn.core.progress import Tell, counted
from darkhorn.core.rays import Floats, Ints
from darkhorn.models.channels import Channel, Model
from darkhorn.physics.production_errors import linear_weights

POINTS: Final = 2**13
"""Points of each replicate."""
_STREAM: Final = 5_000_000


@dataclass(frozen=True, eq=False)
class FluxErrors:
    """Changes of one mode's spectra that the errors of the beam make, relative to the best values.

    Attributes
    ----------
    shifts : dict of str to dict of str to (m, bins) float
        By source of error and distribution; ``signal`` has one bin, all selected events. Rows are universes, or one
        change of one standard deviation.
    """

    shifts: dict[str, dict[str, Floats]]

    def covariance(self, distribution: str, source: str | None = None) -> Floats:
        """Return the fractional covariance of the bins of a distribution, (bins, bins); of one source, or of all."""
        return self.between(distribution, distribution, source)

    def between(self, one: str, other: str, source: str | None = None) -> Floats:
        """Return the fractional covariance of the bins of two distributions, (bins, other bins)."""
        chosen = [shifts for name, shifts in self.shifts.items() if source in (None, name)]
        parts = [shifts[one].T @ shifts[other] / len(shifts[one]) for shifts in chosen]
        total: Floats = np.sum(parts, axis=0)
        return total

    def relative(self, source: str | None = None) -> float:
        """Return one standard deviation of the number of selected events, relative; of one source, or of all."""
        return float(np.sqrt(self.covariance("signal", source)[0, 0]))


def flux_errors_of(
    model: Model,
    setup: Setup,
    universes: int,
    *,
    seed: int = 1,
    replicates: int = 8,
    threads: int = 1,
    n: int = POINTS,
    progress: Tell = lambda _: None,
) -> FluxErrors:
    """Return what the errors of the beam do to the spectra of one mode.

    Parameters
    ----------
    model : Model
        Scenario.
    setup : Setup
        One mode.
    universes : int
        Universes of the production constants, 2 to 10000.
    seed, replicates, threads, n
        As for the prediction; ``n`` points of each replicate, a power of two.
    progress : callable
        Told what is being done.

    Raises
    ------
    RangeError
        For a number of universes out of range.
    ScenarioError
        When no meson of the mode has known errors: mesons of files carry none.

    Notes
    -----
    Mesons without known errors (of other sources or species) keep their numbers in every universe.
    """
    require_range("flux universes", universes, 2, 10000)
    spectra, channels = tabulate_all(model, (setup,)), model.detections(setup.nuclei)
    mesons = {p.species: p for p in setup.parents if isinstance(p, ParentSampler) and _has_errors(p)}
    if not mesons:
        raise ScenarioError(f"{setup.name}: flux universes need mesons of a parametrised source; found none")

    def run(chosen: Mapping[int, Any], drawn: Mapping[int, Floats], stage: str) -> dict[str, dict[str, Floats]]:
        changed = replace(setup, parents=tuple(chosen.get(item.species, item) for item in setup.parents))

        def one(replicate: int) -> dict[str, dict[str, Floats]]:
            return _replicate(model, changed, spectra, channels, drawn, (n, seed, replicate))

        with ThreadPoolExecutor(threads) as pool:
            return _sum(list(counted(pool.map(one, range(replicates)), replicates, stage, progress)))

    drawn = {species: universe_constants(species, universes, seed) for species in mesons}
    found = run(mesons, drawn, f"{setup.name}: {universes} universes")
    best = found.pop("best")
    shifts = {name: {key: _ratio(rows, best[key]) for key, rows in part.items()} for name, part in found.items()}
    for name, other in {
        "horn current": with_current(mesons, CURRENT_ERROR),
        "skin depth": with_physics(mesons, skin_depth=False),
        "absorption": with_absorption(mesons, 1.0 + ABSORPTION_ERROR),
    }.items():
        changed = run(other, {}, f"{setup.name}: {name}")["best"]
        shifts[name] = {key: _ratio(rows - best[key], best[key]) for key, rows in changed.items()}
    return FluxErrors(shifts)


def carries_errors(setup: Setup) -> bool:
    """Return whether some mesons of a mode have known errors; not where a species has several origins, as in a dump."""
    species = [item.species for item in setup.parents]
    if len(set(species)) < len(species):
        return False
    return any(isinstance(p, ParentSampler) and _has_errors(p) for p in setup.parents)


def _has_errors(parents: ParentSampler) -> bool:
    """Return whether the production of these mesons has a covariance."""
    return parents.species in FITS and isinstance(parents.source, SanfordWangSource | ParametrisedSource)


def _replicate(
    model: Model,
    setup: Setup,
    spectra: Tables,
    channels: tuple[Channel, ...],
    drawn: Mapping[int, Floats],
    run: tuple[int, int, int],
) -> dict[str, dict[str, Floats]]:
    """Return spectra of one replicate: ``best`` (1, bins), and the changes in universes (m, bins) by source."""
    n, seed, replicate = run
    parts: list[dict[str, dict[str, Floats]]] = []
    for index, parents in enumerate(setup.parents):
        stream = (_STREAM, index, replicate)
        points, mesons = unit_points(n, seed=seed, stream=stream), reused(parents, n, seed, stream)
        varied = parents.species in drawn and isinstance(parents, ParentSampler)
        rows = mesons.parent if varied else np.zeros(n, dtype=np.int64)
        of_meson: dict[str, Floats] = {}
        for spectrum in (item for (pdg, _), item in spectra.items() if pdg == abs(parents.species)):
            arrivals = send(mesons, spectrum, model, setup.shape, points)
            for channel in channels:
                photons = detect(channel, arrivals, model.particle_mass, setup.shape, points, setup.rings)
                seen = observe(photons, setup.response, setup.window, points)
                values = {name: getattr(seen, name) for name in setup.edges}
                for name, sums in _by_meson(values, seen.weight, setup.edges, rows).items():
                    of_meson[name] = of_meson.get(name, 0.0) + sums
        part = {"best": {name: sums.sum(axis=1)[None, :] for name, sums in of_meson.items()}}
        if varied and isinstance(parents, ParentSampler):
            few = int(rows.max()) + 1
            place = production_point(parents, unit_points(few, seed=seed, stream=(*stream, 0)), mesons[:few])
            change = linear_weights(*place, FITS[parents.species], drawn[parents.species]) - 1.0
            part[production_name(parents.species)] = {name: change @ sums.T for name, sums in of_meson.items()}
        parts.append(part)
    return _sum(parts)


def _by_meson(
    values: Mapping[str, Floats], weight: Floats, edges: Mapping[str, Floats], rows: Ints
) -> dict[str, Floats]:
    """Return for each distribution, and for ``signal``, the histogram of the events of each meson, (bins, mesons)."""
    mesons = int(rows.max()) + 1
    found = {"signal": np.bincount(rows, weights=weight, minlength=mesons)[None, :].astype(float)}
    for name, value in values.items():
        bins = len(edges[name]) - 1
        cell = np.searchsorted(edges[name], value, side="right") - 1
        cell = np.where(value == edges[name][-1], bins - 1, cell)
        inside = (cell >= 0) & (cell < bins) & (weight > 0.0)
        flat = np.bincount(cell[inside] * mesons + rows[inside], weights=weight[inside], minlength=bins * mesons)
        found[name] = flat.reshape(bins, mesons).astype(float)
    return found


def _sum(parts: list[dict[str, dict[str, Floats]]]) -> dict[str, dict[str, Floats]]:
    """Return the sum of nested spectra; what one part does not have is zero there."""
    total: dict[str, dict[str, Floats]] = {}
    for part in parts:
        for name, spectra in part.items():
            place = total.setdefault(name, {})
            for key, rows in spectra.items():
                place[key] = place[key] + rows if key in place else rows
    return total


def _ratio(change: Floats, best: Floats) -> Floats:
    """Return a change over the best spectrum, zero where that is."""
    return np.where(best > 0.0, change / np.where(best > 0.0, best, 1.0), 0.0)
