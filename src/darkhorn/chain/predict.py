"""The order of the chain: parents -> decay -> aim -> conversion -> observation, replicate by replicate.

Everything is computed at unit couplings and multiplied at the end. The spread over
replicates (independent scrambles of the points) is the Monte-Carlo error, parents included.
"""

from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from darkhorn.chain.plan import LEAST_STEP, Plan, plan_for
from darkhorn.chain.send import Tables, tabulate_all
from darkhorn.chain.setup import Setup
from darkhorn.chain.tally import Made, Tally
from darkhorn.chain.walk import units_of, walk
from darkhorn.core.errors import require_range, unknown_name
from darkhorn.core.importance import ImportanceGrid
from darkhorn.core.progress import Tell, counted
from darkhorn.core.rays import Floats
from darkhorn.models.channels import Model

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hist import Hist

    from darkhorn.chain.prediction_errors import FluxErrors

REPLICATES: Final = 8
"""Replicates of fluxes and of rates that share mesons."""
PREDICTED_REPLICATES: Final = 24
"""Replicates of a prediction: an error that is the spread of so many is known to 15 %."""
_FIRST_POINTS: Final = 2**7
_POWER: Final = 1.6
"""Points that make the error x times smaller: x to this power as many, less than 2 since points are even."""
_FIRST_EXCESS: Final = 1.35
"""How much larger than requested the error of the first points would be if they were random; they are even."""
_STEPS: Final = 8
"""Numbers of points between two powers of two."""
_MOST_POINTS: Final = 2**17


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
    decays : dict
        By name: mesons, decays and particles made per POT.
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
    decays: dict[str, Made] = field(default_factory=dict)

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
    """Predictions by mode for one model.

    Attributes
    ----------
    model : Model
        Scenario.
    modes : dict of str to ModePrediction
        By name.
    seed, replicates : int
        What they were computed with.
    flux_errors : dict of str to FluxErrors
        What the errors of the beam do to each mode; empty until :meth:`with_flux_errors`.
    """

    model: Model
    modes: dict[str, ModePrediction]
    seed: int
    replicates: int
    flux_errors: dict[str, "FluxErrors"] = field(default_factory=dict)

    @property
    def relative_error(self) -> float:
        """Largest relative Monte-Carlo error of any mode."""
        return max(mode.relative_error for mode in self.modes.values())

    def scale(self, product: float | None = None) -> dict[str, dict[str, "Hist[Any]"]]:
        """Return histograms by mode and distribution at a coupling product in 1/MeV (the model's own by default)."""
        value = self.model.coupling_product if product is None else product
        return {name: mode.at(value) for name, mode in self.modes.items()}

    def with_flux_errors(
        self,
        setups: "Iterable[Setup]",
        n_universes: int = 100,
        *,
        threads: int = 1,
        progress: Tell = lambda _: None,
    ) -> "Prediction":
        """Return the same prediction with the errors of the beam; modes whose mesons carry none are left out.

        Parameters
        ----------
        setups : iterable of Setup
            Those of the prediction.
        n_universes : int
            Universes of the production constants, 2 to 10000.
        threads : int
            Threads; the result does not depend on it.
        progress : callable
            Told what is being done.

        Raises
        ------
        RangeError
            For a number of universes out of range.
        """
        from darkhorn.chain.prediction_errors import carries_errors, flux_errors_of

        replicates = min(self.replicates, REPLICATES)
        settings: dict[str, Any] = {"seed": self.seed, "replicates": replicates, "threads": threads}
        require_range("flux universes", n_universes, 2, 10000)
        found = {
            setup.name: flux_errors_of(self.model, setup, n_universes, progress=progress, **settings)
            for setup in setups
            if carries_errors(setup)
        }
        return replace(self, flux_errors=found)

    def __repr__(self) -> str:
        from darkhorn.chain.shown import as_text

        return as_text(self)

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        from darkhorn.chain.shown import as_html

        return as_html(self)

    def flux_covariance(self, mode: str, distribution: str, product: float | None = None) -> Floats:
        """Return the covariance of the bins of a spectrum that the errors of the beam make, (bins, bins).

        Parameters
        ----------
        mode, distribution : str
            Such as ``neutrino`` and ``e_vis``; ``signal`` for all selected events.
        product : float, optional
            Coupling product for events^2 in the exposure; without it the covariance is fractional.

        Raises
        ------
        UnknownNameError
            For a mode whose errors are not known.
        """
        if mode not in self.flux_errors:
            raise unknown_name("mode with errors of the beam", mode, self.flux_errors)
        fractional = self.flux_errors[mode].covariance(distribution)
        if product is None:
            return fractional
        found = self.modes[mode]
        rows = found.signal[:, None] if distribution == "signal" else found.spectra[distribution]
        events = rows.mean(axis=0) * product**2
        return fractional * np.outer(events, events)


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
    model: Model,
    setups: tuple[Setup, ...],
    *,
    precision: float = 0.01,
    seed: int = 1,
    replicates: int = PREDICTED_REPLICATES,
    threads: int = 1,
    kind: str = "sobol",
    progress: Tell = lambda _: None,
) -> Prediction:
    """Return the prediction of every mode, with points added until the relative error of each total is met.

    A pilot says with how many points to begin; then the spread over replicates says how many more are needed. To look
    after each few points and stop where the spread happens to be small would quote errors that are too small, so each
    look adds as many points as should be enough. What is left makes the spread over seeds about 1.1 of the quoted one.

    Parameters
    ----------
    model : Model
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
        plan = plan_for(model, setup, spectra, seed, replicates, kind)
        n = first_points(plan, precision)
        mode, tally = _add_points(plan, None, 0, n, threads, progress)
        while mode.relative_error > precision and n < _MOST_POINTS:
            more = _more_points(n, mode.relative_error / precision)
            mode, tally = _add_points(plan, tally, n, more, threads, progress)
            n = more
        modes[setup.name] = mode
    return Prediction(model, modes, seed, replicates)


def first_points(plan: Plan, precision: float) -> int:
    """Return the points of a replicate to start with: fewer than the variance in the pilot asks for."""
    wanted = plan.relvar / (plan.replicates * (_FIRST_EXCESS * precision) ** 2)
    return _stepped(max(wanted, _FIRST_POINTS))


def next_points(n: int, excess: float) -> int:
    """Return the power of two above ``n`` at which an error ``excess`` times too large should be met (as 1/sqrt(n))."""
    return int(min(n * 2 ** max(1, np.ceil(2.0 * np.log2(excess) - 0.5)), _MOST_POINTS))


def _more_points(n: int, excess: float) -> int:
    """Return points, at least 9/8 n, with which an error ``excess`` times too large should be met."""
    return _stepped(float(np.clip(n * excess**_POWER, n * (1.0 + 1.0 / _STEPS), 4.0 * n)))


def _stepped(wanted: float) -> int:
    """Return 8 to 15 x 2^k points, no fewer than wanted unless that is too many."""
    step = max(2 ** int(np.log2(wanted)) // _STEPS, LEAST_STEP)
    return int(min(step * np.ceil(wanted / step), _MOST_POINTS))


def predict_mode(
    model: Model,
    setup: Setup,
    spectra: Tables,
    n: int,
    seed: int,
    replicates: int,
    threads: int = 1,
    kind: str = "sobol",
    grid: ImportanceGrid | None = None,
    progress: Tell = lambda _: None,
) -> ModePrediction:
    """Return the prediction of one mode from ``replicates`` sets of ``n`` points that look through every channel."""
    channels = model.detections(setup.nuclei)
    plan = Plan(model, setup, spectra, channels, seed, replicates, kind, grid or ImportanceGrid.uniform())
    return _add_points(plan, None, 0, n, threads, progress)[0]


def _add_points(
    plan: Plan, tally: Tally | None, start: int, stop: int, threads: int, progress: Tell
) -> tuple[ModePrediction, Tally]:
    """Return the prediction of one mode, and its sums, when points ``start`` to ``stop`` have been added."""
    units = list(units_of(plan, start, stop))
    stage = f"{plan.setup.name}: {plan.replicates} x {stop} points"
    total = tally or Tally.nothing(plan.setup, plan.replicates)
    with ThreadPoolExecutor(threads) if threads > 1 else nullcontext() as pool:
        found = (pool.map if pool else map)(partial(walk, plan), units)
        for part in counted(found, len(units), stage, progress):
            total = total + part
    return _collect(plan.setup, total, stop), total


def _collect(setup: Setup, tally: Tally, n: int) -> ModePrediction:
    """Return the mode's prediction from the sums over n points of each replicate."""
    total, crossing, rows = float(tally.signal.sum()), float(tally.crossing.sum()), tally.rows
    per_boson = 1.0 / crossing if crossing > 0 else 0.0
    made = 1.0 / (n * len(tally.signal))
    return ModePrediction(
        setup.name,
        setup.pot,
        setup.edges,
        {name: tally.spectra[name] * (setup.pot / n) for name in setup.edges},
        setup.boson_edges,
        tally.bosons / n,
        tally.signal * (setup.pot / n),
        tally.crossing / n,
        tally.chord * per_boson,
        tally.time * per_boson,
        tally.delay * per_boson,
        total**2 / tally.signal_sq if tally.signal_sq > 0 else 0.0,
        rows * tally.signal_sq / total**2 - 1.0 if total > 0 else 0.0,
        tally.largest * rows / total if total > 0 else 0.0,
        n,
        {name: Made(*(value * made for value in each)) for name, each in tally.decays.items()},
    )
