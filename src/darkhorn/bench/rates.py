"""CPU time of rates: to a given error, with and without the cache, for further mass points, and for a whole scan."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import count, repeat
from typing import Any, Final

import numpy as np

from darkhorn.bench.clock import cpu_seconds
from darkhorn.chain.detect import detect
from darkhorn.chain.herd import reused
from darkhorn.chain.many import Bench, Family
from darkhorn.chain.observe import observe
from darkhorn.chain.predict import ModePrediction, mean_and_error, predict
from darkhorn.chain.rate import rate
from darkhorn.chain.rate_sample import draw_sample, thinned
from darkhorn.chain.scenario import Scenario, load_scenario
from darkhorn.chain.send import send, tabulate_all
from darkhorn.chain.setup import Setup
from darkhorn.core.points import unit_points
from darkhorn.inference.scan import evaluate, plan_tasks
from darkhorn.inference.scan_plan import ScanPlan
from darkhorn.models.channels import Model

NEUTRINO_MODE: Final = "experiment.modes=['neutrino']"
PRECISION: Final = 0.01
_STAGE_POINTS: Final = 2**14
_AROUND: Final = 8
"""Points with both masses new that are measured together."""
_DRAWN, _KEPT = 2**14, 2**7
"""Mesons of a species and replicate, and photons of a replicate that are kept for the neighbourhood of two masses."""


@dataclass(frozen=True)
class RateCost:
    """CPU seconds of a rate, and the relative error that it reached."""

    cpu: float
    error: float
    relvar: float
    histories: int


def neutrino_mode() -> tuple[Scenario, Setup]:
    """Return the main job's scenario and its neutrino mode."""
    scenario = load_scenario("miniboone", overrides=(NEUTRINO_MODE,))
    (setup,) = scenario.setups()
    return scenario, setup


@contextmanager
def no_cache() -> Iterator[None]:
    """Switch the cache of mesons off for a while."""
    before = os.environ.get("DARKHORN_CACHE")
    os.environ["DARKHORN_CACHE"] = "off"
    try:
        yield
    finally:
        if before is None:
            del os.environ["DARKHORN_CACHE"]
        else:
            os.environ["DARKHORN_CACHE"] = before


def one_rate(repeats: int = 5) -> RateCost:
    """Return the cost of the rate of the neutrino mode to 1 %, mesons from the cache."""
    scenario, setup = neutrino_mode()
    return _rate_cost(scenario, setup, repeat(1), repeats)


def one_rate_from_protons(repeats: int = 5, *, mapped: bool = False) -> RateCost:
    """Return the same without a cache, target, horn and matter included, with a seed of its own each time.

    Parameters
    ----------
    repeats : int
        Measurements of which the median counts.
    mapped : bool
        Whether the map of the source is there already, as it is for every seed and model once a beam has been run.
    """
    scenario, setup = neutrino_mode()
    with no_cache():
        return _rate_cost(scenario, setup if mapped else None, count(1), repeats)


def _rate_cost(scenario: Scenario, setup: Setup | None, seeds: Iterator[int], repeats: int) -> RateCost:
    """Return the median cost of one rate, each run with the next seed; error, variance and histories are means."""
    found: list[ModePrediction] = []

    def run() -> None:
        setups = (setup,) if setup else scenario.setups()
        found.extend(predict(scenario.model, setups, precision=PRECISION, seed=next(seeds)).modes.values())

    cpu = cpu_seconds(run, repeats)
    told = [(mode.relative_error, mode.relvar, mode.points * len(mode.signal)) for mode in found]
    error, relvar, histories = np.mean(told, axis=0)
    return RateCost(cpu, float(error), float(relvar), round(histories))


def error_over_spread(seeds: int = 32, precision: float = PRECISION) -> float:
    """Return the spread of the rate over independent seeds, over the error that it quotes (root mean square)."""
    scenario, _ = neutrino_mode()
    means, errors = [], []
    with no_cache():
        for seed in range(1, seeds + 1):
            setups = replace(scenario, run=replace(scenario.run, seed=seed)).setups()
            mode = predict(scenario.model, setups, precision=precision, seed=seed).modes["neutrino"]
            means.append(float(mode.signal.mean()))
            errors.append(float(mode.signal.mean()) * mode.relative_error)
    return float(np.std(means, ddof=1) / np.sqrt(np.mean(np.square(errors))))


def stages(repeats: int = 5) -> dict[str, float]:
    """Return microseconds of CPU a history: ``decay`` (decays sent into the detector) and ``detection`` (the rest)."""
    scenario, setup = neutrino_mode()
    model, parents = scenario.model, setup.parents[0]
    spectrum = next(iter(tabulate_all(model, (setup,)).values()))
    points = unit_points(_STAGE_POINTS, seed=1)
    mesons = reused(parents, _STAGE_POINTS, 1, (0, 0))
    arrivals = send(mesons, spectrum, model, setup.shape, points)
    channels = model.detections(setup.nuclei)

    def look() -> None:
        for channel in channels:
            photons = detect(channel, arrivals, model.particle_mass, setup.shape, points, setup.rings)
            observe(photons, setup.response, setup.window, points)

    per_history = 1.0e6 / _STAGE_POINTS
    decay = cpu_seconds(lambda: send(mesons, spectrum, model, setup.shape, points), repeats)
    return {"decay": per_history * decay, "detection": per_history * cpu_seconds(look, repeats) / len(channels)}


def further_point(repeats: int = 5) -> dict[str, float]:
    """Return CPU milliseconds of a further point: ``m_x`` (its particles anew), ``m_mediator`` (particles shared).

    ``both`` is that of a point with both masses new, up to 5 % away, from fixed photons thinned for this neighbourhood;
    ``both_error`` is the relative error of the farthest.
    """
    scenario, setup = neutrino_mode()
    model: Any = scenario.model
    bench = Bench((setup,), 1, scenario.run.shared)
    lead = Family(bench, [model])
    lead.rates(model, PRECISION)
    heavier: Model = replace(model, m_mediator=1.05 * model.m_mediator)
    other: Model = replace(model, m_x=1.05 * model.m_x)
    masses = model.m_x, model.mediator_mass
    near = thinned(draw_sample(model, setup, points=_DRAWN, kept=None), _KEPT, 1, [masses])
    further = np.outer(np.linspace(1.0, 1.05, _AROUND), masses)
    events, error = mean_and_error(rate(near, *further[-1]).sum(axis=1))

    def around() -> None:
        for pair in further:
            rate(near, *pair)

    return {
        "m_x": 1.0e3 * cpu_seconds(lambda: Family(bench, [other]).rates(other, PRECISION), repeats),
        "m_mediator": 1.0e3 * cpu_seconds(lambda: lead.rates(heavier, PRECISION), repeats),
        "both": 1.0e3 * cpu_seconds(around, repeats) / _AROUND,
        "both_error": float(error / events),
    }


def whole_scan(side: int = 64) -> dict[str, float]:
    """Return CPU seconds of a scan of side x side masses with a fit at each, mesons from the cache; once, not a median.

    Parameters
    ----------
    side : int
        Points of an axis.

    Returns
    -------
    dict of str to float
        ``cpu`` of the scan, ``points``, and ``worst_error``, the largest relative error of a rate.
    """
    grid = (f"m_x=1:30:{side}", f"m_mediator=10:1000:{side}:log")
    plan = ScanPlan("miniboone", grid, overrides=(NEUTRINO_MODE,), precision=PRECISION)
    scenario = plan.load()
    tasks = plan_tasks(plan, scenario, [211, -211])
    evaluate(plan, replace(tasks[0], points=tasks[0].points[:1]))
    records: list[Any] = []

    def run() -> None:
        records.clear()
        for task in tasks:
            records.extend(evaluate(plan, task))

    cpu = _once(run)
    found = [record["modes"]["neutrino"] for record in records if record["status"] == "ok"]
    worst = max(mode["error"] / mode["signal"] for mode in found)
    return {"cpu": cpu, "points": float(len(records)), "worst_error": worst}


def _once(run: Any) -> float:
    import time

    start = time.process_time()
    run()
    return time.process_time() - start
