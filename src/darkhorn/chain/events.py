"""Whole events of a scenario: the walk of ``walk.py`` once more, with every history kept that is wanted.

The same points make the same weights as the prediction does, so that the sum over all of them is the predicted number
itself. A first pass finds the weights; thinning (``core/thinning.py``) chooses the events; a second pass over the same
points writes these out in full.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from darkhorn import __version__
from darkhorn.chain.aim import Arrivals
from darkhorn.chain.ancestry import at_production, decay_products, history
from darkhorn.chain.final_states import Encounter, final_state, process_numbers
from darkhorn.chain.herd import PILOT_POINTS, REUSE
from darkhorn.chain.histories import LEAST_REPLICATES, Batch, Walk, batches, plan
from darkhorn.chain.photons import Photons
from darkhorn.chain.setup import Setup
from darkhorn.core.cite import reference
from darkhorn.core.errors import RangeError, require_range
from darkhorn.core.points import unit_points
from darkhorn.core.rays import Floats, Ints
from darkhorn.core.species import DARK_BOSON
from darkhorn.core.thinning import Thinned, thin
from darkhorn.core.units import CM2_IN_M2
from darkhorn.io.event_record import EventRecord, Particle, RunInfo, Sheet, Source, Vertex, assemble
from darkhorn.models.channels import Model

MOST_REPLICATES: Final = 64
OVER_SHARE: Final = 1.0e-2
"""How much of the rate may sit above the common weight of unweighted events before more points are used."""

_PARTNER_STREAM: Final = 7_000_000
_SHUFFLE_STREAM: Final = 7_000_001


@dataclass(frozen=True)
class Made:
    """Events, and how they were chosen: entries walked, predicted number, its error, and what thinning did."""

    record: EventRecord
    histories: int
    predicted: float
    predicted_error: float
    thinned: Thinned


def generate(
    model: Model,
    setup: Setup,
    n: int,
    *,
    seed: int = 1,
    unweighted: bool = False,
    selected: bool = True,
    precision: float = 0.05,
    title: str = "",
    progress: Callable[[str], None] = lambda _: None,
) -> Made:
    """Return ``n`` events of one mode with their whole history.

    Parameters
    ----------
    model : Model
        Scenario; weights are at its couplings.
    setup : Setup
        Mode: beam, detector, exposure.
    n : int
        Events, 1 to 1e7.
    seed : int
        Of the calculation: the same seed gives the same events.
    unweighted : bool
        Whether to use points until the weights can be equal, but for :data:`OVER_SHARE` of the rate.
    selected : bool
        Whether the weights include efficiency and selection, as the prediction does. Without, every interaction in the
        detector counts, as a detector simulation wants it.
    precision : float
        Relative Monte-Carlo error of the predicted number that is aimed at, > 0.
    title : str
        Name of the scenario.
    progress : callable
        Told what is being done.

    Returns
    -------
    Made
        The weights sum to the number of events in the exposure that the same points predict.

    Raises
    ------
    ThresholdError
        When nothing can be made or seen at these masses.
    RangeError
        For n out of range, or when fewer than n histories have a positive weight with the most points allowed.
    """
    require_range("precision", precision, 0.0, open_low=True)
    walk = plan(model, setup, n, seed, selected=selected)
    weights, flux, sums = _weigh(walk, n, unweighted, precision, progress)
    scale = setup.pot * model.coupling_product**2 / len(weights)
    shuffle = np.random.Generator(np.random.PCG64DXSM(np.random.SeedSequence(seed, spawn_key=(_SHUFFLE_STREAM,))))
    thinned = thin(np.concatenate(weights) * scale, n, float(shuffle.random()))
    progress(f"{setup.name}: writing out {n} histories")
    sheets = _write_out(walk, [len(row) for row in weights], thinned)
    predicted, error = (float(value) * scale * len(weights) for value in _mean_and_error(weights))
    run = _about(walk, title, thinned, unweighted, predicted, error, np.array(sums), flux / len(weights))
    record = assemble(sheets, run, shuffle.permutation(len(thinned.rows)))
    return Made(record, sum(len(row) for row in weights), predicted, error, thinned)


def _mean_and_error(weights: list[Floats]) -> tuple[float, float]:
    """Return the mean of the sums over replicates, and its standard error."""
    sums = np.array([row.sum() for row in weights])
    return float(sums.mean()), float(sums.std(ddof=1) / np.sqrt(len(sums)))


def _weigh(
    walk: Walk, n: int, unweighted: bool, precision: float, progress: Callable[[str], None]
) -> tuple[list[Floats], Floats, list[float]]:
    """Return the weights of every replicate until there are enough, the flux sum, and the track length of each."""
    weights: list[Floats] = []
    tracks: list[float] = []
    flux = np.zeros(len(walk.setup.boson_edges) - 1)
    positive, look = 0, LEAST_REPLICATES
    while len(weights) < MOST_REPLICATES:
        progress(f"{walk.setup.name}: {walk.n} points, replicate {len(weights) + 1}")
        rows, track = [np.zeros(0)], 0.0
        for batch in batches(walk, len(weights)):
            rows.append(batch.weight)
            if batch.channel is walk.channels[0]:
                rays = batch.arrivals.rays
                flux += np.histogram(rays.energy, walk.setup.boson_edges, weights=rays.weight)[0]
                track += float(rays.weight @ batch.arrivals.chord)
        weights.append(np.concatenate(rows))
        tracks.append(track)
        positive += int((weights[-1] > 0.0).sum())
        if len(weights) < look or positive < n:
            continue
        mean, error = _mean_and_error(weights)
        if error > precision * mean:
            continue
        if not unweighted or thin(np.concatenate(weights), n, 0.5).over_share <= OVER_SHARE:
            return weights, flux, tracks
        look = 2 * len(weights)
    if positive < n:
        raise RangeError(f"-n {n}: only {positive} histories of {MOST_REPLICATES} x {walk.n} points have a weight")
    return weights, flux, tracks


def _write_out(walk: Walk, sizes: list[int], thinned: Thinned) -> list[Sheet]:
    """Return the chosen histories in full, in the order of their rows."""
    numbers = process_numbers(walk.channels)
    sheets, start = [], 0
    wanted, weight = thinned.rows, thinned.weight
    for replicate, size in enumerate(sizes):
        here = (wanted >= start) & (wanted < start + size)
        if here.any():
            for batch in batches(walk, replicate):
                inside = (wanted >= start) & (wanted < start + walk.n)
                if inside.any():
                    sheets.append(_sheet(walk, replicate, batch, wanted[inside] - start, weight[inside], numbers))
                start += walk.n
        else:
            start += size
    return sheets


def _sheet(walk: Walk, replicate: int, batch: Batch, rows: Ints, weight: Floats, numbers: dict[str, int]) -> Sheet:
    """Return some histories of a batch: meson, decay, flight and what happens in the detector."""
    parents, setup = walk.setup.parents[batch.index], walk.setup
    mesons, arrivals = batch.mesons[rows], _rows_of(batch.arrivals, rows)
    few = max(walk.n // REUSE, min(walk.n, PILOT_POINTS // REUSE))
    born = at_production(parents, unit_points(few, seed=walk.seed, stream=(batch.index, replicate, 0)))
    particles, vertices = history(mesons, None if born is None else born[mesons.parent])
    decay = len(vertices) - 1
    kind = next(k for k, spectrum in enumerate(walk.spectra.values()) if spectrum is batch.spectrum)
    stream = (_PARTNER_STREAM, batch.index, replicate, kind)
    partners = unit_points(walk.n, seed=walk.seed, stream=stream, kind="random")[rows]
    made = decay_products(walk.model, batch.spectrum, mesons, arrivals.rays.p, partners, decay)
    particles, vertices = particles + made.particles, vertices + made.vertices
    photons = Photons(*(getattr(batch.photons, name)[rows] for name in _PHOTON_FIELDS))
    meeting = Encounter(
        arrivals, photons, batch.points[rows], walk.model.particle_mass, DARK_BOSON, setup.shape, setup.nuclei
    )
    state = final_state(batch.channel, meeting)
    first = len(vertices)
    particles += [_moved(item, first, made.origin) for item in state.particles]
    vertices = [*vertices, *(Vertex(*item) for item in state.vertices)]
    quantities = {
        "e_vis_MeV": batch.seen.e_vis[rows],
        "cos_theta": batch.seen.cos_theta[rows],
        "q_sq_MeV2": photons.q_sq,
        "delay_ns": photons.delay,
    }
    return Sheet(particles, vertices, weight, numbers[batch.channel.name], quantities)


_PHOTON_FIELDS: Final = ("energy", "direction", "weight", "q_sq", "time", "delay")


def _moved(item: Particle, first: int, start: int) -> Particle:
    """Return a particle of the detector in the whole event, where the dark particle comes from the vertex ``start``."""
    origin = item.origin + first if item.origin >= 0 else -1
    end = item.end + first if item.end >= 0 else -1
    dark = item.pdgid == DARK_BOSON and item.origin < 0
    return item._replace(origin=start if dark else origin, end=end)


def _rows_of(arrivals: Arrivals, rows: Ints) -> Arrivals:
    return replace(arrivals, rays=arrivals.rays[rows], chord=arrivals.chord[rows], distance=arrivals.distance[rows])


def _about(
    walk: Walk,
    title: str,
    thinned: Thinned,
    unweighted: bool,
    predicted: float,
    error: float,
    tracks: Floats,
    flux: Floats,
) -> RunInfo:
    """Return what the file says of itself."""
    model, setup = walk.model, walk.setup
    atoms = sum(nucleus.density for nucleus in setup.nuclei)
    crossed = float(tracks.mean()) * setup.pot * model.coupling**2 * atoms * CM2_IN_M2
    counted = "efficiency and selection included" if walk.selected else "every interaction in the detector"
    notes = {
        "selection": counted,
        "weights": f"expected events in {setup.pot:.6g} protons on target; predicted {predicted:.8g} +- {error:.2g}",
        "points": f"{len(tracks)} x {walk.n}",
        "unweighting": "no" if not unweighted else f"efficiency {thinned.efficiency:.4g}",
        "over_weights": f"{thinned.over} above the common weight, {thinned.over_share:.3g} of the rate, "
        f"largest {thinned.largest:.3g}",
        "conventions": model.conventions,
    }
    processes = {
        number: (name, f"{type(channel).__name__}: {name}; {', '.join(model.sources)}")
        for (name, number), channel in zip(process_numbers(walk.channels).items(), walk.channels, strict=True)
    }
    return RunInfo(
        version=__version__,
        title=title,
        mode=setup.name,
        pot=setup.pot,
        seed=walk.seed,
        processes=processes,
        beam_name="chi" if model.particle == "chi" else "X",
        cross_section_cm2=predicted / crossed if crossed > 0.0 else 0.0,
        cross_section_error_cm2=error / crossed if crossed > 0.0 else 0.0,
        flux_edges=setup.boson_edges,
        flux=flux * setup.pot * model.coupling**2,
        model=model.parameters(),
        sources=tuple(Source(item.key, item.title, item.where) for item in map(reference, model.sources)),
        notes=notes,
    )
