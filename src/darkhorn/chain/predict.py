"""The order of the chain: parents -> decay -> aim -> conversion -> observation, replicate by replicate.

Everything is computed at unit couplings and multiplied at the end. The spread over
replicates (independent scrambles of the points) is the Monte-Carlo error, parents included.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np

from darkhorn.chain.aim import Arrivals, aim, survive
from darkhorn.chain.decay import Spectrum, tabulate
from darkhorn.chain.detect import convert
from darkhorn.chain.observe import fill, observe
from darkhorn.core.errors import require_range
from darkhorn.core.points import unit_points
from darkhorn.core.rays import Floats, Rays
from darkhorn.core.units import C
from darkhorn.detector.geometry import Shape
from darkhorn.detector.response import Response
from darkhorn.experiments.loader import Window
from darkhorn.models.photoconversion import Conversion, Nucleus, Photoconversion

if TYPE_CHECKING:
    from hist import Hist

REPLICATES: Final = 8
_FIRST_POINTS: Final = 2**11
_MOST_POINTS: Final = 2**17


class Parents(Protocol):
    """Decaying mesons of one species as a function of points of the unit cube."""

    @property
    def species(self) -> int:
        """PDG number."""

    def sample(self, points: Floats, threads: int = 1) -> Rays:
        """Return one decaying meson a point; weights sum to the decays per POT."""


@dataclass(frozen=True)
class Setup:
    """What one mode of an experiment looks like to the chain.

    Attributes
    ----------
    name : str
        Name of the mode.
    pot : float
        Exposure in protons on target.
    parents : tuple of Parents
        One entry a species.
    shape, nuclei, response, window
        Detector volume, its targets, what it reports and what is selected.
    edges : dict of str to (n+1,) float
        Bin edges of ``e_vis`` (MeV) and ``cos_theta``.
    boson_edges : (n+1,) float
        Bin edges of the bosons' energy in MeV.
    """

    name: str
    pot: float
    parents: tuple[Parents, ...]
    shape: Shape
    nuclei: tuple[Nucleus, ...]
    response: Response
    window: Window
    edges: dict[str, Floats]
    boson_edges: Floats


@dataclass(frozen=True)
class Tally:
    """Sums of one replicate at unit couplings: per POT for bosons, per POT for photons."""

    spectra: dict[str, Floats]
    bosons: Floats
    signal: float
    signal_sq: float
    largest: float
    crossing: float
    chord: float
    time: float
    delay: float


@dataclass(frozen=True)
class ModePrediction:
    """Prediction of one mode at unit couplings; :meth:`at` multiplies.

    Attributes
    ----------
    name : str
        Mode.
    pot : float
        Exposure.
    edges : dict
        Bin edges by distribution.
    spectra : dict of str to (replicates, n) float
        Selected events in the exposure, one row a replicate.
    boson_edges, bosons : (n+1,), (replicates, n) float
        Bosons that cross the detector per POT by energy.
    signal : (replicates,) float
        Selected events in the exposure.
    crossing : (replicates,) float
        Bosons that cross the detector per POT.
    mean_chord, mean_arrival, mean_delay : float
        Of the crossing bosons: m, ns after the proton reached the target, ns behind light.
    n_eff, relvar, largest_over_mean : float
        Quality of the weights of the selected events.
    points : int
        Points of each replicate.
    """

    name: str
    pot: float
    edges: dict[str, Floats]
    spectra: dict[str, Floats]
    boson_edges: Floats
    bosons: Floats
    signal: Floats
    crossing: Floats
    mean_chord: float
    mean_arrival: float
    mean_delay: float
    n_eff: float
    relvar: float
    largest_over_mean: float
    points: int

    @property
    def relative_error(self) -> float:
        """Monte-Carlo error of the number of selected events, relative."""
        mean, error = mean_and_error(self.signal)
        return float(error / mean) if mean > 0 else 0.0

    def at(self, product: float) -> dict[str, "Hist[Any]"]:
        """Return the spectra at a coupling product in 1/MeV, as ``hist.Hist`` with Monte-Carlo variances."""
        return {name: to_hist(name, self.edges[name], rows * product**2) for name, rows in self.spectra.items()}

    def boson_spectrum(self, coupling: float) -> "Hist[Any]":
        """Return bosons that cross the detector per POT by energy (MeV) at a production coupling."""
        return to_hist("e_boson", self.boson_edges, self.bosons * coupling**2)


@dataclass(frozen=True)
class Prediction:
    """Predictions by mode for one model."""

    model: Photoconversion
    modes: dict[str, ModePrediction]
    seed: int
    replicates: int

    @property
    def relative_error(self) -> float:
        """Largest relative Monte-Carlo error of any mode."""
        return max(mode.relative_error for mode in self.modes.values())

    def scale(self, product: float | None = None) -> dict[str, dict[str, "Hist[Any]"]]:
        """Return histograms by mode and distribution at a coupling product in 1/MeV (the model's own by default)."""
        value = self.model.coupling_product if product is None else product
        return {name: mode.at(value) for name, mode in self.modes.items()}


def mean_and_error(rows: Floats) -> tuple[Floats, Floats]:
    """Return the mean over replicates (the first axis) and its standard error."""
    n = len(rows)
    error = rows.std(axis=0, ddof=1) / np.sqrt(n) if n > 1 else np.zeros_like(rows[0])
    return rows.mean(axis=0), error


def to_hist(name: str, edges: Floats, rows: Floats) -> "Hist[Any]":
    """Return a histogram with the mean over replicates and the variance of that mean."""
    from hist import Hist
    from hist.axis import Variable
    from hist.storage import Weight

    labels = {"e_vis": "E_vis [MeV]", "cos_theta": "cos theta", "e_boson": "E_X [MeV]"}
    histogram = Hist(Variable(edges, name=name, label=labels.get(name, name), flow=False), storage=Weight())
    mean, error = mean_and_error(rows)
    view = histogram.view()
    view["value"], view["variance"] = mean, error**2
    return histogram


def predict(
    model: Photoconversion,
    setups: tuple[Setup, ...],
    *,
    precision: float = 0.01,
    seed: int = 1,
    replicates: int = REPLICATES,
    threads: int = 1,
    kind: str = "sobol",
    progress: Callable[[str], None] = lambda _: None,
) -> Prediction:
    """Return the prediction of every mode, with points added until the relative error of each total is met.

    Parameters
    ----------
    model : Photoconversion
        Scenario.
    setups : tuple of Setup
        One a mode.
    precision : float
        Requested relative Monte-Carlo error of the selected events, 1e-4 to 0.5.
    seed : int
        Seed of the calculation.
    replicates : int
        Independent scrambles, 4 to 256.
    threads : int
        Threads; the result does not depend on it.
    kind : str
        ``sobol`` or ``random`` points.
    progress : callable
        Told what is being done.

    Returns
    -------
    Prediction

    Raises
    ------
    ThresholdError
        When every decay channel is closed.
    RangeError
        For settings out of range.
    """
    require_range("precision", precision, 1.0e-4, 0.5)
    require_range("replicates", replicates, 4, 256)
    require_range("threads", threads, 1, 1024)
    model.require_open(parents.species for setup in setups for parents in setup.parents)
    spectra = tabulate_all(model, setups)
    modes = {}
    for setup in setups:
        n = _FIRST_POINTS
        while True:
            progress(f"{setup.name}: {replicates} x {n} points")
            mode = predict_mode(model, setup, spectra, n, seed, replicates, threads, kind)
            if mode.relative_error <= precision or n >= _MOST_POINTS:
                break
            n *= 2
        modes[setup.name] = mode
    return Prediction(model, modes, seed, replicates)


def tabulate_all(model: Photoconversion, setups: tuple[Setup, ...]) -> dict[tuple[int, int], Spectrum]:
    """Return the spectrum of every open (|parent|, lepton) channel."""
    species = sorted({abs(parents.species) for setup in setups for parents in setup.parents})
    channels = [channel for parent in species for channel in model.decay_channels(parent)]
    return {(parent, lepton): tabulate(model.amplitude, parent, lepton, model.m_x) for parent, lepton in channels}


def predict_mode(
    model: Photoconversion,
    setup: Setup,
    spectra: dict[tuple[int, int], Spectrum],
    n: int,
    seed: int,
    replicates: int,
    threads: int = 1,
    kind: str = "sobol",
) -> ModePrediction:
    """Return the prediction of one mode from ``replicates`` sets of ``n`` points."""
    conversions = model.conversions(setup.nuclei)

    def one(replicate: int) -> Tally:
        return replicate_tally(model, setup, spectra, conversions, n, seed, replicate, kind)

    with ThreadPoolExecutor(threads) as pool:
        tallies = list(pool.map(one, range(replicates)))
    return _collect(setup, tallies, n)


def replicate_tally(
    model: Photoconversion,
    setup: Setup,
    spectra: dict[tuple[int, int], Spectrum],
    conversions: tuple[Conversion, ...],
    n: int,
    seed: int,
    replicate: int,
    kind: str = "sobol",
) -> Tally:
    """Return the sums of one replicate: one walk through the chain for each species, lepton and kind of target."""
    tallies = []
    for index, parents in enumerate(setup.parents):
        points = unit_points(n, seed=seed, stream=(index, replicate), kind=kind)
        mesons = parents.sample(points)
        for parent, lepton in model.decay_channels(abs(parents.species)):
            arrivals = aim(mesons, spectra[parent, lepton], setup.shape, points)
            if model.decay_on_the_way:
                arrivals = survive(arrivals, model.m_x, sum(model.decay_widths().values()))
            tallies.append(_tally(model, setup, arrivals, conversions, points))
    return _add(tallies)


def _tally(
    model: Photoconversion, setup: Setup, arrivals: Arrivals, conversions: tuple[Conversion, ...], points: Floats
) -> Tally:
    """Return the sums of one decay channel over all conversion channels."""
    rays = arrivals.rays
    beta = np.where(rays.momentum > 0, rays.beta, 1.0)
    delay = arrivals.distance / C * (1.0 / beta - 1.0)
    spectra = {name: np.zeros(len(edges) - 1) for name, edges in setup.edges.items()}
    signal = signal_sq = largest = 0.0
    for conversion in conversions:
        photons = convert(arrivals, conversion, model.m_x, points)
        seen = observe(photons, setup.response, setup.window, points)
        for name, edges in setup.edges.items():
            spectra[name] += fill(getattr(seen, name), seen.weight, edges)
        signal += float(seen.weight.sum())
        signal_sq += float(np.dot(seen.weight, seen.weight))
        largest = max(largest, float(seen.weight.max(initial=0.0)))
    return Tally(
        spectra,
        fill(rays.energy, rays.weight, setup.boson_edges),
        signal,
        signal_sq,
        largest,
        float(rays.weight.sum()),
        float(np.dot(rays.weight, arrivals.chord)),
        float(np.dot(rays.weight, rays.x[:, 0])),
        float(np.dot(rays.weight, delay)),
    )


def _add(tallies: list[Tally]) -> Tally:
    """Return the sum of tallies (the largest of their largest weights)."""
    names = tallies[0].spectra
    return Tally(
        {name: np.sum([t.spectra[name] for t in tallies], axis=0) for name in names},
        np.sum([t.bosons for t in tallies], axis=0),
        sum(t.signal for t in tallies),
        sum(t.signal_sq for t in tallies),
        max(t.largest for t in tallies),
        sum(t.crossing for t in tallies),
        sum(t.chord for t in tallies),
        sum(t.time for t in tallies),
        sum(t.delay for t in tallies),
    )


def _collect(setup: Setup, tallies: list[Tally], n: int) -> ModePrediction:
    """Return the mode's prediction from its replicates."""
    total, square = sum(t.signal for t in tallies), sum(t.signal_sq for t in tallies)
    crossing = sum(t.crossing for t in tallies)
    per_boson = 1.0 / crossing if crossing > 0 else 0.0
    rows = len(tallies) * n
    return ModePrediction(
        setup.name,
        setup.pot,
        setup.edges,
        {name: np.array([t.spectra[name] for t in tallies]) * setup.pot for name in setup.edges},
        setup.boson_edges,
        np.array([t.bosons for t in tallies]),
        np.array([t.signal for t in tallies]) * setup.pot,
        np.array([t.crossing for t in tallies]),
        sum(t.chord for t in tallies) * per_boson,
        sum(t.time for t in tallies) * per_boson,
        sum(t.delay for t in tallies) * per_boson,
        total**2 / square if square > 0 else 0.0,
        rows * square / total**2 - 1.0 if total > 0 else 0.0,
        max(t.largest for t in tallies) * rows / total if total > 0 else 0.0,
        n,
    )
