"""Fit of both masses and the coupling product to spectra of visible energy, with derivatives instead of a grid.

The parameters are ln m_x, ln m_mediator and the number n of signal events, which the data know much better than the
product: signal = n f/sum(f), with the spectrum f of ``chain.rate`` and its derivatives of ``chain.gradients``. A coarse
grid says where to start; the photons are drawn again at each minimum, so that points are where they are needed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from darkhorn.chain.gradients import NAMES, SmoothRate
from darkhorn.chain.rate import rate, require_smooth
from darkhorn.chain.rate_sample import POINTS, draw_sample
from darkhorn.chain.scenario import Scenario
from darkhorn.chain.setup import Setup
from darkhorn.core.errors import RangeError, require_range, unknown_name
from darkhorn.core.rays import Floats
from darkhorn.experiments.loader import Distribution
from darkhorn.inference.likelihood import covariance
from darkhorn.models.photoconversion import Photoconversion

if TYPE_CHECKING:
    from iminuit import Minuit

_GRID: Final = 6
_EDGE: Final = 1.0e-3
Ranges = tuple[tuple[float, float], tuple[float, float]]


@dataclass(frozen=True)
class MassFit:
    """Outcome of :func:`fit_masses`.

    Attributes
    ----------
    m_x, m_mediator, product : float
        Best masses in MeV and coupling product in 1/MeV.
    errors : dict of str to float
        Parabolic relative errors of ``m_x``, ``m_mediator`` and ``product``.
    correlation : (3, 3) float
        Of ln m_x, ln m_mediator and the number of events.
    events : float
        Signal in the bins of all modes.
    chi2, chi2_null : float
        At the minimum and without signal.
    ndof : int
        Bins minus 3.
    at_limit : tuple of str
        Masses at an end of their range, whose errors mean nothing.
    evaluations : int
        How often the rate and its derivatives were computed.
    """

    m_x: float
    m_mediator: float
    product: float
    errors: dict[str, float]
    correlation: Floats
    events: float
    chi2: float
    chi2_null: float
    ndof: int
    at_limit: tuple[str, ...]
    evaluations: int


class MassChi2:
    """chi2 of spectra of visible energy as a function of (ln m_x, ln m_mediator, n), and its gradient.

    Parameters
    ----------
    smooth : mapping of str to SmoothRate
        Compiled rates by mode.
    distributions : mapping of str to Distribution
        Data by mode, in the bins of these.

    Attributes
    ----------
    evaluations : int
        How often the rate has been computed.

    Raises
    ------
    UnknownNameError, RangeError
        From the constructor, when modes or bins do not fit.
    """

    def __init__(self, smooth: Mapping[str, SmoothRate], distributions: Mapping[str, Distribution]) -> None:
        """Invert the covariances."""
        self._parts = []
        self.evaluations = 0
        self._last: tuple[tuple[float, ...], float, Floats, float, Floats] | None = None
        for mode, item in distributions.items():
            if mode not in smooth:
                raise unknown_name("mode of the scenario", mode, smooth)
            if not np.array_equal(item.edges, smooth[mode].sample.edges):
                raise RangeError(f"bins of the data of mode '{mode}' are not those of its e_vis")
            matrix = covariance(item.data, item.background, item.background_fraction, item.reading_error)
            self._parts.append((smooth[mode], np.linalg.inv(matrix), item.data - item.background))

    @property
    def null(self) -> float:
        """Chi2 without signal."""
        return float(sum(excess @ inverse @ excess for _, inverse, excess in self._parts))

    @property
    def bins(self) -> int:
        """Bins of all modes."""
        return sum(len(excess) for _, _, excess in self._parts)

    def profiled(self, m_x: float, m_mediator: float) -> tuple[float, float]:
        """Return the least chi2 over n >= 0 at two masses in MeV, and that n; without derivatives."""
        spectra = [rate(part[0].sample, m_x, m_mediator)[:, :-1].mean(axis=0) for part in self._parts]
        total = float(sum(spectrum.sum() for spectrum in spectra))
        parts = [(spectrum / total, *part[1:]) for spectrum, part in zip(spectra, self._parts, strict=True)]
        overlap = sum(float(shape @ inverse @ excess) for shape, inverse, excess in parts)
        information = sum(float(shape @ inverse @ shape) for shape, inverse, _ in parts)
        n = max(overlap / information, 0.0)
        return self.null - 2.0 * n * overlap + n**2 * information, n

    def value(self, x: Floats) -> float:
        """Return chi2 at (ln m_x, ln m_mediator, n)."""
        return self._at(x)[0]

    def gradient(self, x: Floats) -> Floats:
        """Return its derivatives, (3,)."""
        return self._at(x)[1]

    def unit_error(self, x: Floats) -> float:
        """Return the parabolic error of n at fixed masses."""
        m_x, m_mediator = np.exp(x[:2])
        events = [rate(part[0].sample, m_x, m_mediator)[:, :-1].mean(axis=0) for part in self._parts]
        total = sum(spectrum.sum() for spectrum in events)
        information = sum(item @ part[1] @ item for item, part in zip(events, self._parts, strict=True))
        return float(total / np.sqrt(information))

    def unit_events(self, x: Floats) -> tuple[float, Floats]:
        """Return the events in all bins at product 1/MeV, and their derivatives by ln m_x and ln m_mediator, (2,)."""
        return self._at(x)[2:]

    def _at(self, x: Floats) -> tuple[float, Floats, float, Floats]:
        key = tuple(float(value) for value in x)
        if self._last is None or self._last[0] != key:
            self.evaluations += 1
            self._last = (key, *self._compute(x))
        return self._last[1:]

    def _compute(self, x: Floats) -> tuple[float, Floats, float, Floats]:
        n = float(x[2])
        found = [part[0].slopes(float(np.exp(x[0])), float(np.exp(x[1]))) for part in self._parts]
        spectra = [events[:, :-1].mean(axis=0) for events, _ in found]
        slopes = [by_mass[:, :, :-1].mean(axis=1) for _, by_mass in found]
        total = float(sum(spectrum.sum() for spectrum in spectra))
        rise = np.sum([slope.sum(axis=1) for slope in slopes], axis=0)
        chi2, gradient = 0.0, np.zeros(3)
        for (_, inverse, excess), spectrum, slope in zip(self._parts, spectra, slopes, strict=True):
            residual = excess - n * spectrum / total
            pull = inverse @ residual
            moved = n * (slope - spectrum * rise[:, None] / total) / total
            chi2 += float(residual @ pull)
            gradient -= 2.0 * np.append(moved @ pull, spectrum @ pull / total)
        return chi2, gradient, total, rise


def fit_masses(
    scenario: Scenario,
    distributions: Mapping[str, Distribution],
    *,
    m_x: tuple[float, float],
    m_mediator: tuple[float, float],
    points: int = POINTS,
    rounds: int = 2,
) -> MassFit:
    """Fit both masses and the coupling product to spectra of visible energy.

    Parameters
    ----------
    scenario : Scenario
        Model (its masses say where the first sample is drawn) and beam.
    distributions : mapping of str to Distribution
        Data in E_vis by mode; modes that share no events.
    m_x, m_mediator : (float, float)
        Ranges in MeV; of m_x between two thresholds.
    points : int
        Mesons of each species and replicate.
    rounds : int
        How often to draw the sample, 1 to 10.

    Returns
    -------
    MassFit

    Raises
    ------
    DarkhornError
        Where JAX is not installed, or the model has no rate in array code.
    RangeError
        For ranges that no sample serves, an empty range, or a fit that does not converge.

    Notes
    -----
    Errors of bins as in ``fit_normalisation`` with its defaults; the Monte-Carlo variance of the signal is left out.
    Minimised by ``iminuit`` with these derivatives. Source: derived; checked against a grid in tests/inference.
    """
    require_range("rounds", rounds, 1, 10)
    model = require_smooth(scenario.model)
    ranges = (_checked("m_x", m_x), _checked("m_mediator", m_mediator))
    setups = {setup.name: setup for setup in scenario.setups() if setup.name in distributions}
    evaluations, values = 0, None
    for _ in range(rounds):
        smooth = {name: _smooth(model, setup, ranges, points, scenario.run.seed) for name, setup in setups.items()}
        problem = MassChi2(smooth, distributions)
        best = _migrad(problem, _grid_start(problem, ranges) if values is None else values, ranges)
        evaluations, values = evaluations + problem.evaluations, np.array(best.values)
        found = np.clip(np.exp(values[:2]), *np.transpose(ranges))
        model = replace(model, m_x=float(found[0]), m_mediator=float(found[1]))
    return _result(problem, best, ranges, evaluations)


def _smooth(model: Photoconversion, setup: Setup, ranges: Ranges, points: int, seed: int) -> SmoothRate:
    """Return the compiled rate of one mode; the sample has to serve the whole range of m_x."""
    low, high = ranges[0]
    require_range("m_x of the model", model.m_x, low, high, "MeV")
    sample = draw_sample(model, setup, points=points, seed=seed, m_x_high=high * (1.0 + 1.0e-9))
    require_range("range of m_x", ranges[0], sample.m_x_low, sample.m_x_high, "MeV", open_low=True, open_high=True)
    return SmoothRate(sample)


def _grid_start(problem: MassChi2, ranges: Ranges) -> Floats:
    """Return the best point of a coarse grid in both masses, with the number of events that fits there."""
    axes = [np.geomspace(*ends, 2 * _GRID + 1)[1::2] for ends in ranges]
    grid = [(float(a), float(b)) for a in axes[0] for b in axes[1]]
    found = [problem.profiled(*masses) for masses in grid]
    best = min(range(len(grid)), key=lambda k: found[k][0])
    return np.array([np.log(grid[best][0]), np.log(grid[best][1]), found[best][1]])


def _migrad(problem: MassChi2, start: Floats, ranges: Ranges) -> "Minuit":
    """Return the minimiser at the minimum, its Hessian included."""
    from iminuit import Minuit

    minuit = Minuit(problem.value, start, grad=problem.gradient, name=(*NAMES, "events"))
    minuit.errordef = Minuit.LEAST_SQUARES
    minuit.errors = np.array([0.1, 0.1, max(problem.unit_error(start), 1.0e-3)])
    minuit.limits = [*(tuple(np.log(ends)) for ends in ranges), (0.0, None)]
    minuit.migrad()
    minuit.hesse()
    if not minuit.valid or minuit.covariance is None:
        raise RangeError(f"the fit of both masses did not converge: {str(minuit.fmin).splitlines()[0]}")
    return minuit


def _result(problem: MassChi2, best: "Minuit", ranges: Ranges, evaluations: int) -> MassFit:
    """Return the numbers of a converged fit; n = product^2 F carries the errors of the masses into the product."""
    values, matrix = np.array(best.values), np.array(best.covariance)
    total, rise = problem.unit_events(values)
    n = float(values[2])
    by_product = np.append(-0.5 * rise / total, 0.5 / n if n > 0.0 else np.inf)
    errors = [*np.sqrt(np.diag(matrix)[:2]), np.sqrt(by_product @ matrix @ by_product) if n > 0.0 else np.inf]
    near = [min(v - np.log(low), np.log(high) - v) for v, (low, high) in zip(values[:2], ranges, strict=True)]
    return MassFit(
        m_x=float(np.exp(values[0])),
        m_mediator=float(np.exp(values[1])),
        product=float(np.sqrt(n / total)),
        errors=dict(zip((*NAMES, "product"), map(float, errors), strict=True)),
        correlation=matrix / np.sqrt(np.outer(np.diag(matrix), np.diag(matrix))),
        events=n,
        chi2=float(best.fval),
        chi2_null=problem.null,
        ndof=problem.bins - 3,
        at_limit=tuple(name for name, gap in zip(NAMES, near, strict=True) if gap < _EDGE),
        evaluations=evaluations,
    )


def _checked(key: str, ends: tuple[float, float]) -> tuple[float, float]:
    """Return a range after checking that it is one."""
    low, high = ends
    require_range(f"lower end of {key}", low, 0.0, unit="MeV", open_low=True)
    require_range(f"upper end of {key}", high, low, unit="MeV", open_low=True)
    return float(low), float(high)
