"""The fit of one coupling product with any likelihood, as plain values."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from darkhorn.core.errors import InputFileError
from darkhorn.inference.build import STRENGTH, Problem
from darkhorn.inference.cost import Cost
from darkhorn.inference.fit import SHARED_EVENTS
from darkhorn.inference.minimise import interval, minimise
from darkhorn.inference.official import OfficialTerm, official_cost
from darkhorn.inference.release import BEST_OSCILLATION, MODES, oscillation_signal


@dataclass(frozen=True)
class CouplingFit:
    """Best coupling product g, with signals that grow as g^2.

    Attributes
    ----------
    likelihood : str
        Name.
    product, product_low, product_high : float
        Best g >= 0 and where the statistic has risen by 1.
    statistic, statistic_null, delta : float
        At the best point, without signal, and their difference.
    chi2, ndof, p_value : float, int, float
        Goodness of fit at the best point.
    chi2_null, ndof_null, p_value_null : float, int, float
        Without signal.
    pulls : dict of str to float
        Nuisance parameters at the best point, in standard deviations.
    parts, parts_null : dict of str to float
        Statistic of each term.
    events : dict of str to float
        Fitted signal events by term.
    """

    likelihood: str
    product: float
    product_low: float
    product_high: float
    statistic: float
    statistic_null: float
    delta: float
    chi2: float
    ndof: int
    p_value: float
    chi2_null: float
    ndof_null: int
    p_value_null: float
    pulls: dict[str, float]
    parts: dict[str, float]
    parts_null: dict[str, float]
    events: dict[str, float]


def fit_coupling(cost: Cost, likelihood: str) -> CouplingFit:
    """Return the best coupling product of a likelihood with the one strength ``mu`` = g^2.

    Raises
    ------
    RangeError
        When the signal vanishes everywhere, or a fit does not converge.
    """
    null = minimise(cost, {STRENGTH: 0.0})
    best = minimise(cost)
    low, high = interval(cost, STRENGTH, best)
    without = {**best.values, STRENGTH: 0.0}
    events = {
        term.name: float(np.sum(term.expected(best.values)) - np.sum(term.expected(without))) for term in cost.terms
    }
    return CouplingFit(
        likelihood,
        float(np.sqrt(best.values[STRENGTH])),
        float(np.sqrt(low)),
        float(np.sqrt(high)),
        best.statistic,
        null.statistic,
        max(null.statistic - best.statistic, 0.0),
        best.chi2,
        best.ndof,
        best.p_value,
        null.chi2,
        cost.ndata,
        null.p_value,
        best.pulls,
        cost.parts(best.values),
        cost.parts(null.values),
        events,
    )


def null_summary(problem: Problem) -> dict[str, Any]:
    """Return what the data say without any signal: statistic, goodness of fit, totals with their background named."""
    cost = problem.cost(None)
    fit = minimise(cost)
    values: dict[str, Any] = {
        "likelihood": problem.name,
        "experiment": problem.experiment.name,
        "bins": cost.ndata,
        "statistic": fit.statistic,
        "chi2": fit.chi2,
        "ndof": fit.ndof,
        "p_value": fit.p_value,
        "parts": cost.parts(fit.values),
        "pulls": fit.pulls,
    }
    for term in cost.terms:
        if isinstance(term, OfficialTerm):
            values["chi2"], values["log_det"] = term.chi2_and_log_det({})
            values["totals"] = {mode: _totals(problem, term, mode) for mode in MODES}
            values["oscillation"] = oscillation_check(problem)
    return values


def oscillation_check(problem: Problem) -> dict[str, float] | None:
    """Return the fall of the statistic at the best point of the release, None where the data directory lacks files.

    The surface of the release falls by 28.886 there; see :func:`darkhorn.inference.release.oscillation_signal` for
    what a binned signal can reach.
    """
    if problem.release is None:
        return None
    try:
        signal = oscillation_signal(*BEST_OSCILLATION)
    except InputFileError:
        return None
    cost = official_cost(problem.release, {STRENGTH: signal}, conservative=problem.name == "conservative")
    events = {mode: float(template.events[:9].sum()) for mode, template in signal.items()}
    return {
        "sin_sq_2theta": BEST_OSCILLATION[0],
        "delta_m_sq_eV2": BEST_OSCILLATION[1],
        **{f"events_{mode}": number for mode, number in events.items()},
        "fall_of_statistic": cost.at({}) - cost.at({STRENGTH: 1.0}),
    }


def _totals(problem: Problem, term: OfficialTerm, mode: str) -> dict[str, Any]:
    """Return data, backgrounds and excesses of a mode in 200 < E_QE < 1250 MeV, each with the background it is over."""
    measured = problem.experiment.mode(mode)
    return {
        **term.release.totals(mode),
        "background_constrained": measured.published.get("background_constrained"),
        "excess_over_constrained_background": measured.excess,
        "excess_over_constrained_background_error": measured.excess_error,
    }


def notes_of(likelihood: str) -> tuple[str, ...]:
    """Return what a reader of a likelihood has to know."""
    notes = {
        "official": "the statistic has the unconstrained background; its muon-neutrino bins constrain it. The "
        "published 560.6 and 77.4 are over the constrained background",
        "conservative": "not the statistic of the release: Poisson variance in every bin; quote both for a new model",
        "shapes": SHARED_EVENTS,
        "joint": "antineutrino mode: one normalisation of its background, independent of that of neutrino mode",
    }
    return (notes[likelihood],) if likelihood in notes else ()
