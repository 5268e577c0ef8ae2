"""Derivatives of the rate with respect to the masses: :mod:`darkhorn.chain.rate` under JAX.

Compiled once for a sample; masses are arguments, so that another point compiles nothing. Numbers of 64 bits are
switched on for the calls made here and nowhere else. Nothing calls back to Python: it runs on any device JAX has found.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib import import_module
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from darkhorn.chain.predict import mean_and_error
from darkhorn.chain.rate import Rows, Sample, rate, require_smooth
from darkhorn.chain.rate_sample import POINTS, draw_sample
from darkhorn.chain.scenario import Scenario, load_scenario
from darkhorn.core.errors import DarkhornError, RangeError, require_range
from darkhorn.core.rays import Floats

NAMES = ("m_x", "m_mediator")
"""The masses, in the order of every axis of length two."""


def load_jax() -> ModuleType:
    """Return the module ``jax``.

    Raises
    ------
    DarkhornError
        Where it is not installed; the message says how to.
    """
    try:
        import jax
    except ImportError as error:
        raise DarkhornError("derivatives need the package 'jax': pip install 'darkhorn[jax]'") from error
    module: ModuleType = jax
    return module


class SmoothRate:
    """The rate of one sample, compiled by JAX.

    Parameters
    ----------
    sample : Sample
        From ``chain.rate_sample.draw_sample``.

    Attributes
    ----------
    sample : Sample
        The same.
    traces : dict of str to int
        How often each of ``rate``, ``slopes`` and ``scan`` has been traced, that is compiled.

    Raises
    ------
    DarkhornError
        From the constructor, where JAX is not installed.
    """

    def __init__(self, sample: Sample) -> None:
        """Send the sample to the device; nothing is compiled yet."""
        jax = load_jax()
        self.sample, self._jax = sample, jax
        self.traces = {"rate": 0, "slopes": 0, "scan": 0}
        with self._double():
            self._rows = jax.device_put(sample.rows)
        self._compiled = {
            "rate": jax.jit(self._counted("rate", self._events)),
            "slopes": jax.jit(self._counted("slopes", self._events_and_slopes)),
            "scan": jax.jit(self._counted("scan", self._many)),
        }

    def rate(self, m_x: float, m_mediator: float) -> Floats:
        """Return what ``chain.rate.rate`` returns, (replicates, cells); parameters and errors as there."""
        return np.asarray(self._call("rate", self._checked([[m_x, m_mediator]])[0]))

    def slopes(self, m_x: float, m_mediator: float) -> tuple[Floats, Floats]:
        """Return the rate and its derivatives with respect to the logarithms of both masses.

        Parameters
        ----------
        m_x, m_mediator : float
            In MeV.

        Returns
        -------
        events : (replicates, cells) float
            As ``chain.rate.rate``.
        slopes : (2, replicates, cells) float
            d events/d ln m_x and d events/d ln m_mediator; the latter exactly 0 where the model fixes its mediator.

        Raises
        ------
        RangeError
            For masses for which the sample does not serve.
        """
        events, slopes = self._call("slopes", self._checked([[m_x, m_mediator]])[0])
        return np.asarray(events), np.asarray(slopes)

    def scan(self, masses: ArrayLike) -> Floats:
        """Return the rate at many points, one after the other on the device.

        Parameters
        ----------
        masses : (P, 2) array_like
            m_x and m_mediator in MeV; another P compiles again.

        Returns
        -------
        (P, replicates, cells) float

        Raises
        ------
        RangeError
            For masses for which the sample does not serve.
        """
        return np.asarray(self._call("scan", self._checked(masses)))

    def _checked(self, masses: ArrayLike) -> Floats:
        pairs = np.asarray(masses, dtype=float)
        if pairs.ndim != 2 or pairs.shape[1] != 2:
            raise RangeError(f"masses have shape {pairs.shape}; allowed: (P, 2), m_x and m_mediator")
        self.sample.require(pairs[:, 0], pairs[:, 1])
        return pairs

    def _call(self, name: str, masses: Floats) -> Any:
        with self._double():
            return self._jax.block_until_ready(self._compiled[name](self._rows, masses))

    def _double(self) -> Any:
        """Return the context in which numbers of JAX have 64 bits; older releases keep it elsewhere."""
        home = self._jax if hasattr(self._jax, "enable_x64") else import_module("jax.experimental")
        return home.enable_x64(True)

    def _counted(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def traced(*arguments: Any) -> Any:
            self.traces[name] += 1
            return function(*arguments)

        return traced

    def _at(self, rows: tuple[Rows, ...], m_x: Any, m_mediator: Any) -> Any:
        return rate(replace(self.sample, rows=rows), m_x, m_mediator)

    def _events(self, rows: tuple[Rows, ...], masses: Any) -> Any:
        return self._at(rows, masses[0], masses[1])

    def _events_and_slopes(self, rows: tuple[Rows, ...], masses: Any) -> Any:
        """Differentiate one mass at a time: most of the work does not depend on the second one."""
        m_x, m_mediator = masses
        events, by_x = self._jax.jvp(lambda m: self._at(rows, m, m_mediator), (m_x,), (m_x,))
        _, by_mediator = self._jax.jvp(lambda m: self._at(rows, m_x, m), (m_mediator,), (m_mediator,))
        return events, self._jax.numpy.stack([by_x, by_mediator])

    def _many(self, rows: tuple[Rows, ...], masses: Any) -> Any:
        return self._jax.lax.map(lambda pair: self._events(rows, pair), masses)


@dataclass(frozen=True)
class Gradients:
    """Logarithmic derivatives of the selected events of one mode at fixed couplings.

    Attributes
    ----------
    mode : str
        Mode of the experiment.
    masses : (2,) float
        m_x and m_mediator in MeV, the order of the first axis of all slopes.
    edges : (n + 1,) float
        Bins of E_vis in MeV.
    signal, signal_error : float
        Selected events in the exposure at unit couplings, and their Monte-Carlo error.
    total, total_error : (2,) float
        d ln signal/d ln mass.
    events, events_error : (n,) float
        Events by bin, and error.
    by_bin, by_bin_error : (2, n) float
        d ln events/d ln mass; NaN in bins without events.
    """

    mode: str
    masses: Floats
    edges: Floats
    signal: float
    signal_error: float
    total: Floats
    total_error: Floats
    events: Floats
    events_error: Floats
    by_bin: Floats
    by_bin_error: Floats


def gradients(
    scenario: Scenario | str,
    *,
    points: int = POINTS,
    replicates: int | None = None,
    seed: int | None = None,
) -> dict[str, Gradients]:
    """Return d ln rate/d ln m_X and d ln rate/d ln m_mediator of every mode of a scenario, in total and by bin.

    Parameters
    ----------
    scenario : Scenario or str
        From ``load_scenario``, or what that takes: an experiment or the path of a TOML file.
    points : int
        Mesons of each species and replicate, a power of two.
    replicates, seed : int, optional
        Independent scrambles (4 to 256) and seed; by default those of the scenario.

    Returns
    -------
    dict of str to Gradients
        By mode.

    Raises
    ------
    DarkhornError
        Where JAX is not installed, or a model has no rate in array code.
    ThresholdError, RangeError
        When nothing can be made at these masses, or for settings out of range.
    """
    load_jax()
    chosen = load_scenario(scenario) if isinstance(scenario, str) else scenario
    model, run = require_smooth(chosen.model), chosen.run
    require_range("m_x", model.m_x, 0.0, unit="MeV", open_low=True)
    found = {}
    for setup in chosen.setups():
        sample = draw_sample(
            model,
            setup,
            points=points,
            replicates=run.shared if replicates is None else replicates,
            seed=run.seed if seed is None else seed,
        )
        found[setup.name] = gradients_of(SmoothRate(sample))
    return found


def gradients_of(smooth: SmoothRate, m_x: float | None = None, m_mediator: float | None = None) -> Gradients:
    """Return the derivatives of one mode from a compiled rate, by default at the masses of its sample."""
    model, setup = smooth.sample.model, smooth.sample.setup
    masses = (model.m_x if m_x is None else m_x, model.mediator_mass if m_mediator is None else m_mediator)
    events, slopes = smooth.slopes(*masses)
    signal, signal_error = mean_and_error(events.sum(axis=1))
    total, total_error = _ratio(slopes.sum(axis=2), events.sum(axis=1))
    inside = events[:, :-1]
    mean, error = mean_and_error(inside)
    by_bin, by_bin_error = _ratio(slopes[:, :, :-1], inside)
    return Gradients(
        setup.name,
        np.array(masses),
        smooth.sample.edges,
        float(signal),
        float(signal_error),
        total,
        total_error,
        mean,
        error,
        by_bin,
        by_bin_error,
    )


def _ratio(above: Floats, below: Floats) -> tuple[Floats, Floats]:
    """Return the ratio of means over replicates, (2, R, ...) over (R, ...), and its error; NaN for 0 over 0.

    The error is the spread of the residuals a_r - ratio b_r, to first order.
    """
    n, mean = len(below), below.mean(axis=0)
    safe = np.where(mean > 0.0, mean, np.nan)
    ratio = above.mean(axis=1) / safe
    residual = above - ratio[:, None] * below
    return ratio, residual.std(axis=1, ddof=1) / np.sqrt(n) / safe
