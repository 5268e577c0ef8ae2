"""From an experiment and a prediction to a likelihood: which spectra each likelihood needs, and how it is put together.

Every likelihood has one strength, ``mu``: the square of the coupling product of the model.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from darkhorn.chain.predict import ModePrediction, Prediction, mean_and_error
from darkhorn.chain.setup import Setup
from darkhorn.core.errors import InputFileError, ScenarioError, unknown_name
from darkhorn.experiments.loader import Experiment, Mode, Window
from darkhorn.inference.cost import Cost
from darkhorn.inference.official import official_cost
from darkhorn.inference.release import MODES, Release, load_release
from darkhorn.inference.shapes import (
    AXES_2D,
    Table2D,
    counting_cost,
    load_table_2d,
    poisson_cost,
    shapes_2d_cost,
    shapes_cost,
)
from darkhorn.inference.systematics import modes_in_cells, simulation_weight
from darkhorn.inference.template import Template

STRENGTH: Final = "mu"
"""Name of the strength: the square of the coupling product."""

LIKELIHOODS: Final = {
    "official": "combined statistic of the MiniBooNE data release: E_QE of both modes with its covariance",
    "conservative": "the same without diag(signal) and with the Poisson variance of all bins",
    "shapes": "chi2 of the published one-dimensional spectra, added as if they were independent",
    "shapes2d": "Poisson, E_vis and cos theta of neutrino mode together, sparse cells merged, simulation errors",
    "joint": "shapes2d, and cos theta of antineutrino mode",
    "counts": "Poisson, the counting channels of an experiment",
}
"""Likelihoods and what they compare."""

_RELEASE: Final = ("official", "conservative")
_TWO_DIMENSIONAL: Final = ("shapes2d", "joint")
_JOINT_AXIS: Final = "cos_theta"


@dataclass(frozen=True, eq=False)
class Problem:
    """A likelihood by name for one experiment, with the tables of the data directory that it needs, read once.

    Attributes
    ----------
    name : str
        One of :data:`LIKELIHOODS`.
    experiment : Experiment
        With the data.
    release : Release or None
        For the combined statistic; for the table in two dimensions the covariance of its background, where it is there.
    table : Table2D or None
        Data and background in two dimensions.
    """

    name: str
    experiment: Experiment
    release: Release | None = None
    table: Table2D | None = None

    @classmethod
    def load(cls, name: str, experiment: Experiment | None) -> "Problem":
        """Return the problem.

        Raises
        ------
        UnknownNameError
            For an unknown likelihood.
        ScenarioError
            When the experiment has no data, or not those of this likelihood.
        InputFileError
            When the data directory lacks a table; the message says what to put where.
        """
        if name not in LIKELIHOODS:
            raise unknown_name("likelihood", name, LIKELIHOODS)
        if experiment is None:
            raise ScenarioError("a likelihood needs the data of an experiment; the scenario has a detector of its own")
        if name in (*_RELEASE, *_TWO_DIMENSIONAL) and experiment.name != "miniboone":
            raise ScenarioError(
                f"likelihood '{name}' compares with the data of miniboone, not of {experiment.name}; "
                "allowed here: shapes, counts"
            )
        return cls(
            name,
            experiment,
            load_release() if name in _RELEASE else _release_if_there() if name in _TWO_DIMENSIONAL else None,
            load_table_2d() if name in _TWO_DIMENSIONAL else None,
        )

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader of this likelihood has to know about its errors."""
        if self.table is None:
            return ()
        weight = simulation_weight(self.table.background)
        known = (
            "the constrained covariance of the release in E_QE, cell by cell; it knows no angles"
            if self.release is not None
            else "one common normalisation, because the covariance of the release is not in the data directory"
        )
        scatter = f"its simulation scatters by {weight:.2f} of a Poisson variance, taken as its statistical error"
        return (f"background of the table: {scatter}; systematic error: {known}",)

    def setups(self, setups: tuple[Setup, ...]) -> tuple[Setup, ...]:
        """Return the setups with the windows and bins of this likelihood; modes without data are left out.

        Raises
        ------
        ScenarioError
            When no mode is left.
        """
        chosen = tuple(found for setup in setups if (found := self._setup(setup)) is not None)
        if not chosen:
            raise self._no_data(setup.name for setup in setups)
        return chosen

    def _setup(self, setup: Setup) -> Setup | None:
        mode = self.experiment.mode(setup.name)
        if self.release is not None and self.table is None:
            edges = {"e_qe": self.release.edges}
            return replace(setup, window=_open(setup.window), edges=edges) if setup.name in MODES else None
        if self.table is not None and setup.name == MODES[0]:
            cells = np.arange(self.table.data.size + 1, dtype=np.float64) - 0.5
            return replace(setup, window=_open(setup.window), edges={"cell": cells}, cells=self.table.edges)
        if self.name == "shapes2d":
            return None
        if self.name == "counts":
            return setup if _countable(mode) else None
        return setup if mode.distributions else None

    def cost(self, prediction: Prediction | None, flux: Mapping[str, float] | None = None) -> Cost:
        """Return the likelihood of a prediction made with :meth:`setups`; without one, that of no signal.

        Parameters
        ----------
        prediction : Prediction or None
            At unit couplings.
        flux : mapping of mode to float, optional
            Fractional error of the signal from the beam; for the Poisson likelihoods one nuisance a mode.

        Raises
        ------
        ScenarioError
            When no mode has data.
        """
        modes = dict(prediction.modes) if prediction else {}
        names = modes if prediction else self.experiment.modes
        if self.release is not None and self.table is None:
            templates = {name: _template("e_qe", mode) for name, mode in modes.items()}
            signals = {STRENGTH: templates} if prediction else {}
            return official_cost(self.release, signals, conservative=self.name == "conservative")
        if self.name == "shapes":
            found = {f"{n} {d.name}": d for n in names for d in self.experiment.mode(n).distributions}
            shapes = {f"{n} {axis}": _template(axis, mode) for n, mode in modes.items() for axis in mode.spectra}
            return shapes_cost(found, {STRENGTH: {k: shapes[k] for k in found}} if prediction else {})
        terms = [self._term(name, modes.get(name), (flux or {}).get(name, 0.0)) for name in names]
        costs = [cost for cost in terms if cost is not None]
        if not costs:
            raise self._no_data(names)
        total = costs[0]
        for cost in costs[1:]:
            total = total + cost
        return total

    def _no_data(self, modes: Iterable[str]) -> ScenarioError:
        """Return the error for modes without the data of this likelihood, with what the experiment says is missing."""
        names = list(modes)
        key = "counts" if self.name == "counts" else "distributions"
        texts = [self.experiment.mode(name).missing.get(key, "") for name in names]
        reasons = "; ".join(dict.fromkeys(text for text in texts if text))
        return ScenarioError(
            f"likelihood '{self.name}' has no data in the modes {', '.join(names)} of {self.experiment.name}"
            + (f": {reasons}" if reasons else "")
        )

    def _term(self, name: str, mode: ModePrediction | None, flux: float) -> Cost | None:
        """Return the Poisson likelihood of one mode, None where it has no data."""
        measured = self.experiment.mode(name)
        if self.table is not None and name == MODES[0]:
            cells = {STRENGTH: _cells(self.table, mode)} if mode else {}
            modes = modes_in_cells(self.release, self.table.edges) if self.release is not None else None
            fraction = 0.0 if modes else measured.distributions[0].background_fraction
            weight = simulation_weight(self.table.background)
            options: dict[str, Any] = {"background_weight": weight, "background_modes": modes}
            return shapes_2d_cost(self.table, cells, fraction, signal_fraction=flux, **options)
        if self.name == "joint" and measured.distributions:
            shape = {STRENGTH: _template(_JOINT_AXIS, mode)} if mode else {}
            label = f"{name} {_JOINT_AXIS}"
            return poisson_cost(label, measured.distribution(_JOINT_AXIS), shape, signal_fraction=flux)
        if self.name == "counts" and _countable(measured):
            return self._counts(measured, mode, flux)
        return None

    def _counts(self, measured: Mode, mode: ModePrediction | None, flux: float) -> Cost:
        """Return the likelihood of the first complete counting channel of a mode: channels may share events."""
        channel = next(count for count in measured.counts if _complete(count))
        signals = {STRENGTH: float(mode.signal.mean())} if mode else {}
        observed, expected, error = channel.numbers()
        return counting_cost(
            f"{measured.name} {channel.name}", observed, expected, error, signals, signal_fraction=flux
        )


def _release_if_there() -> Release | None:
    """Return the release, None where the data directory lacks it."""
    try:
        return load_release()
    except InputFileError:
        return None


def _open(window: Window) -> Window:
    """Return a window without bounds of E_QE: the tables of the release and in two dimensions have none."""
    return replace(window, e_qe_min=-np.inf, e_qe_max=np.inf)


def _template(axis: str, mode: ModePrediction) -> Template:
    """Return the spectrum of a mode at unit product with its Monte-Carlo variance."""
    mean, error = mean_and_error(mode.spectra[axis])
    return Template.make(axis, mode.edges[axis], mean, error**2)


def _cells(table: Table2D, mode: ModePrediction) -> Template:
    """Return the two-dimensional spectrum of a mode at unit product."""
    mean, error = mean_and_error(mode.spectra["cell"])
    shape = table.data.shape
    return Template.make(AXES_2D, table.edges, mean.reshape(shape), error.reshape(shape) ** 2)


def _countable(mode: Mode) -> bool:
    """Return whether a mode has a counting channel with all numbers."""
    return any(_complete(count) for count in mode.counts)


def _complete(count: object) -> bool:
    """Return whether observed, expected and its error are all there."""
    return all(getattr(count, key) is not None for key in ("observed", "expected", "expected_error"))
