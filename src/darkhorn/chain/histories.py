"""The histories of one mode: the walk of ``walk.py`` once more, with everything kept that each point has decided.

The same points make the same weights as the prediction does.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from darkhorn.chain.aim import Arrivals
from darkhorn.chain.decay import Spectrum
from darkhorn.chain.detect import detect
from darkhorn.chain.herd import reused
from darkhorn.chain.observe import Observed, observe
from darkhorn.chain.photons import Photons
from darkhorn.chain.plan import focus, refocus
from darkhorn.chain.send import Tables, send, tabulate_all
from darkhorn.chain.setup import Setup
from darkhorn.core.errors import require_range
from darkhorn.core.importance import ImportanceGrid
from darkhorn.core.points import unit_points
from darkhorn.core.rays import Floats, Rays
from darkhorn.core.thinning import thin
from darkhorn.experiments.loader import Window
from darkhorn.models.channels import Channel, Line, Model

LEAST_POINTS: Final = 2**12
MOST_POINTS: Final = 2**15
LEAST_REPLICATES: Final = 4


@dataclass(frozen=True)
class Walk:
    """What makes the histories of one mode.

    Attributes
    ----------
    model : Model
        Scenario.
    setup : Setup
        Mode.
    spectra : Tables
        Of every decay.
    channels : tuple of Channel
        Of detection.
    grid : ImportanceGrid
        Where in (ENERGY, Q_SQ) the points go.
    n : int
        Points of one replicate, a power of two.
    seed : int
        Of the calculation.
    selected : bool
        Whether weights have the efficiency and the selection, as the prediction has, or count every interaction.
    """

    model: Model
    setup: Setup
    spectra: Tables
    channels: tuple[Channel, ...]
    grid: ImportanceGrid
    n: int
    seed: int
    selected: bool = True


@dataclass(frozen=True)
class Batch:
    """One kind of decay and one channel of detection in one replicate, one history a point; arrays as in the chain."""

    index: int
    spectrum: Spectrum | Line
    channel: Channel
    mesons: Rays
    arrivals: Arrivals
    photons: Photons
    seen: Observed
    points: Floats
    weight: Floats


def plan(model: Model, setup: Setup, n: int, seed: int, *, selected: bool = True) -> Walk:
    """Return the walk that makes about ``n`` histories in a few replicates; runs the pilot.

    Parameters
    ----------
    model : Model
        Scenario.
    setup : Setup
        Mode.
    n : int
        Events wanted, >= 1.
    seed : int
        Of the calculation, >= 0.
    selected : bool
        As in :class:`Walk`.

    Raises
    ------
    ThresholdError
        When nothing can be made or seen at these masses.
    RangeError
        For n < 1.
    """
    require_range("number of events", n, 1, 10_000_000)
    model.require_open(parents.species for parents in setup.parents)
    spectra = tabulate_all(model, (setup,))
    size = int(np.clip(2 ** int(np.ceil(np.log2(n / LEAST_REPLICATES))), LEAST_POINTS, MOST_POINTS))
    grid = focus(model, setup, spectra, seed)
    return Walk(model, setup, spectra, model.detections(setup.nuclei), grid, size, seed, selected)


def sent(walk: Walk, replicate: int) -> Iterator[tuple[int, Spectrum | Line, Rays, Arrivals, Floats, Floats]]:
    """Yield species, decay, mesons, particles at the detector, points and weights of the points, decay by decay.

    As ``walk.walk`` has them for a plan without ``energies``: the weights of the mesons include the grid's in ENERGY,
    the last array is the grid's in Q_SQ.
    """
    for index, parents in enumerate(walk.setup.parents):
        points = unit_points(walk.n, seed=walk.seed, stream=(index, replicate))
        mesons = reused(parents, walk.n, walk.seed, (index, replicate))
        points, energy_weight, q_sq_weight = refocus(points, walk.grid)
        mesons = mesons.with_weight(mesons.weight * energy_weight)
        for (parent, _), spectrum in walk.spectra.items():
            if parent == abs(parents.species):
                arrivals = send(mesons, spectrum, walk.model, walk.setup.shape, points)
                yield index, spectrum, mesons, arrivals, points, q_sq_weight


def batches(walk: Walk, replicate: int) -> Iterator[Batch]:
    """Yield the histories of one replicate, decay by decay and channel by channel; weights per POT at unit couplings.

    The sum of all weights is the ``signal`` that ``walk.walk`` adds up from the same points (with ``selected``).
    """
    setup, window = walk.setup, walk.setup.window if walk.selected else Window()
    for index, spectrum, mesons, arrivals, points, q_sq_weight in sent(walk, replicate):
        for channel in walk.channels:
            photons = detect(channel, arrivals, walk.model.particle_mass, setup.shape, points, setup.rings)
            seen = observe(photons, setup.response, window, points)
            weight = (seen.weight if walk.selected else photons.weight) * q_sq_weight
            yield Batch(index, spectrum, channel, mesons, arrivals, photons, seen, points, weight)


def bosons_at_detector(walk: Walk, n: int, replicates: int = 4) -> Rays:
    """Return ``n`` dark particles where they enter the detector, as a table for other generators.

    Parameters
    ----------
    walk : Walk
        From :func:`plan`.
    n : int
        Rows, >= 1; fewer where fewer lines meet the detector.
    replicates : int
        Sets of points, >= 1.

    Returns
    -------
    Rays
        Time, place, momentum; weights are particles per POT at the couplings of the model and add up to all of them.
        ``parent`` is the PDG number of the meson.
    """
    found = []
    for replicate in range(replicates):
        for _, _, mesons, arrivals, _, _ in sent(walk, replicate):
            rays = arrivals.rays
            scaled = rays.with_weight(rays.weight * (walk.model.coupling**2 / replicates))
            found.append(replace(scaled, parent=mesons.pdgid)[rays.weight > 0.0])
    every = Rays.concatenate(found)
    kept = thin(every.weight, n, 0.5)
    return every[kept.rows].with_weight(kept.weight)
