"""A scan: the same prediction and fit at many points of a model.

A point's record is a pure function of the plan and the point's number: it does not depend on the executor, on the order
of the work, or on how often that was interrupted.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache, partial
from itertools import islice
from math import isfinite
from typing import Final

import numpy as np

from darkhorn.chain.many import Bench, Family, ModeRates, emission_key, first_mesons
from darkhorn.chain.scenario import Scenario
from darkhorn.core.errors import DarkhornError, ThresholdError
from darkhorn.core.progress import Step, Tell
from darkhorn.core.rays import Floats
from darkhorn.experiments.loader import Distribution
from darkhorn.inference.executors import Executor
from darkhorn.inference.many_fits import fit_many
from darkhorn.inference.scan_plan import ScanPlan, point_model
from darkhorn.inference.store import Record, Store
from darkhorn.models.channels import Model

CHUNK: Final = 64
"""Most points of a task; those of one task share particles where they can."""
_PROBES: Final = 8
_DIGITS: Final = 10


@dataclass(frozen=True)
class Task:
    """Numbers of the points of one task, and of those that decide where its points of the unit cube go."""

    points: tuple[int, ...]
    guides: tuple[int, ...]


class Laboratory:
    """What every point of a scan shares: the scenario, the mesons, the published spectra."""

    def __init__(self, plan: ScanPlan) -> None:
        """Read the scenario and run the pilots of its source."""
        self.plan, self.scenario = plan, plan.load()
        run = self.scenario.run
        self.setups = self.scenario.setups()
        self.bench = Bench(self.setups, run.seed, run.shared)
        self._keys, self._points = plan.keys, plan.points

    def draw(self) -> None:
        """Draw the mesons that every point needs, or find them in the cache; other processes find them there."""
        for setup in self.setups:
            self.bench.batches(setup, first_mesons(self.scenario.run.precision))

    def model(self, index: int) -> Model:
        """Return the model at a point; errors as ``point_model``."""
        return point_model(self.scenario, self._keys, self._points[index])

    @cached_property
    def distributions(self) -> dict[str, Distribution]:
        """Published spectra by mode and name; empty for a detector without data."""
        if self.scenario.experiment is None:
            return {}
        modes = {setup.name: self.scenario.experiment.mode(setup.name) for setup in self.setups}
        return {f"{name} {item.name}": item for name, mode in modes.items() for item in mode.distributions}


@lru_cache(maxsize=1)
def laboratory_of(plan: ScanPlan) -> Laboratory:
    """Return the laboratory of a plan, made once in each process."""
    return Laboratory(plan)


@lru_cache(maxsize=2)
def _family(plan: ScanPlan, guides: tuple[int, ...]) -> Family | None:
    """Return the family that open guides lead; None where there is none."""
    laboratory, models = laboratory_of(plan), []
    for index in guides:
        try:
            model = laboratory.model(index)
            model.require_open(laboratory.bench.species)
        except DarkhornError:
            continue
        models.append(model)
    return Family(laboratory.bench, models) if models else None


def plan_tasks(plan: ScanPlan, scenario: Scenario, species: Sequence[int]) -> list[Task]:
    """Return the tasks of a whole scan: points that seem to emit the same particles are together.

    Which keys matter for that is found by changing one at a time; a task that holds points of several kinds after all
    takes longer and gives the same records.
    """
    matter, points = _keys_that_matter(plan, scenario, species), plan.points
    groups: dict[tuple[float, ...], list[int]] = {}
    for index, values in enumerate(points):
        groups.setdefault(tuple(values[k] for k in matter), []).append(index)
    tasks = []
    for numbers in groups.values():
        guides = tuple(dict.fromkeys((numbers[0], numbers[len(numbers) // 2], numbers[-1])))
        tasks += [Task(tuple(numbers[k : k + CHUNK]), guides) for k in range(0, len(numbers), CHUNK)]
    return tasks


def _keys_that_matter(plan: ScanPlan, scenario: Scenario, species: Sequence[int]) -> list[int]:
    """Return the numbers of the keys on which the emitted particles depend; all of them for a Sobol' set."""
    if plan.sobol is not None:
        return list(range(len(plan.keys)))
    points = plan.points
    few = [points[k] for k in np.unique(np.linspace(0, len(points) - 1, _PROBES).astype(int))]

    def key_of(values: Sequence[float]) -> object:
        try:
            return emission_key(point_model(scenario, plan.keys, values), species)
        except DarkhornError:
            return None

    matter = []
    for k in range(len(plan.keys)):
        changed = [(values, (*values[:k], other[k], *values[k + 1 :])) for values in few for other in few]
        if any(key_of(first) != key_of(second) for first, second in changed if first != second):
            matter.append(k)
    return matter


def evaluate(plan: ScanPlan, task: Task) -> list[Record]:
    """Return the records of the points of a task: the work of one process."""
    laboratory, models = laboratory_of(plan), {}
    records: dict[int, Record] = {index: {"i": index, "status": "ok"} for index in task.points}
    for index, record in records.items():
        try:
            models[index] = laboratory.model(index)
            models[index].require_open(laboratory.bench.species)
        except DarkhornError as error:
            models.pop(index, None)
            status = "closed" if isinstance(error, ThresholdError) else "refused"
            record |= {"status": status, "why": str(error)}
    found = []
    for index, rates in _rates(plan, task, models):
        records[index]["modes"] = {mode.name: _mode_record(mode) for mode in rates}
        found.append((records[index], rates))
    if found and laboratory.distributions:
        _add_fits(found, laboratory.distributions)
    return list(records.values())


def _rates(plan: ScanPlan, task: Task, models: Mapping[int, Model]) -> Iterator[tuple[int, tuple[ModeRates, ...]]]:
    """Yield the events at each point: those that share particles together, others alone."""
    laboratory = laboratory_of(plan)
    precision, family = laboratory.scenario.run.precision, _family(plan, task.guides) if models else None
    shared = [index for index, model in models.items() if family is not None and family.shares(model)]
    found = family.rates_of([models[index] for index in shared], precision) if family is not None else []
    together = dict(zip(shared, found, strict=True))
    for index, model in models.items():
        rates = together.get(index) or Family(laboratory.bench, [model]).rates(model, precision)
        if rates is None:
            raise DarkhornError("a model does not share with itself")
        yield index, rates


def _mode_record(mode: ModeRates) -> Record:
    """Return the events of a mode as plain values: mean over replicates and its error."""
    pairs = [_mean_and_error(rows) for rows in (mode.signal[:, None], *mode.spectra.values())]
    numbers = iter(_short(np.concatenate([values for pair in pairs for values in pair])))
    signal, *spectra = [[list(islice(numbers, len(values))) for values in pair] for pair in pairs]
    named = dict(zip(mode.spectra, spectra, strict=True))
    return {"signal": signal[0][0], "error": signal[1][0], "points": mode.points, "spectra": named}


def _mean_and_error(rows: Floats) -> tuple[Floats, Floats]:
    return rows.mean(axis=0), rows.std(axis=0, ddof=1) / np.sqrt(len(rows))


def _short(values: Floats) -> list[float]:
    """Return numbers with ten digits: the same text on every machine, and enough for any use."""
    text = f"%.{_DIGITS - 1}e " * len(values) % tuple(values.tolist())
    return [float(value) for value in text.split()]


def _add_fits(found: Sequence[tuple[Record, tuple[ModeRates, ...]]], distributions: dict[str, Distribution]) -> None:
    """Add the fit of the coupling product to each record."""
    signals: dict[str, list[Floats]] = {label: [] for label in distributions}
    variances: dict[str, list[Floats]] = {label: [] for label in distributions}
    for _, rates in found:
        for mode in rates:
            for name, rows in mode.spectra.items():
                mean, error = _mean_and_error(rows)
                signals[f"{mode.name} {name}"].append(mean)
                variances[f"{mode.name} {name}"].append(error**2)
    stacked = [{label: np.array(rows) for label, rows in table.items()} for table in (signals, variances)]
    fits = fit_many(distributions, *stacked)
    names = ("product", "error_low", "error_high", "scale", "scale_error", "chi2", "delta_chi2")
    table = np.array([getattr(fits, name) for name in names])
    for (record, _), fitted, values in zip(found, fits.fitted, table.T, strict=True):
        if fitted:
            kept = zip(names, _short(values), strict=True)
            record["fit"] = {name: value if isfinite(value) else None for name, value in kept}
        else:
            record["status"] = "no signal"


def scan(plan: ScanPlan, store: Store, executor: Executor[Task, list[Record]], tell: Tell = lambda _: None) -> int:
    """Compute every point that is not in the store yet, each on the disk as soon as its task is done.

    Parameters
    ----------
    plan : ScanPlan
        What to compute.
    store : Store
        Open, with the definition of the plan.
    executor : callable
        Who computes; see ``executors``.
    tell : callable
        Told what is being done.

    Returns
    -------
    int
        Number of points that were computed.

    Raises
    ------
    DarkhornError
        When the executor or the disk fails; finished points are kept.
    """
    tasks = _remaining(plan, store, tell)
    total = sum(len(task.points) for task in tasks)
    done, text = 0, f"scan of {total} points" + (f" ({len(store)} kept)" if len(store) else "")
    if not total:
        return 0
    tell(Step(text, 0.0))
    results: Iterator[list[Record]] = executor(partial(evaluate, plan), tasks)
    with closing(results) as found:  # type: ignore[type-var]
        for records in found:
            store.append(records)
            done += len(records)
            tell(Step(text, done / total))
    return done


def _remaining(plan: ScanPlan, store: Store, tell: Tell) -> list[Task]:
    """Return the tasks, without points that are in the store."""
    if len(store) == len(plan.points):
        return []
    tell("beam: pilot runs of the meson source")
    laboratory = laboratory_of(plan)
    tell("beam: mesons")
    laboratory.draw()
    tasks: Iterable[Task] = plan_tasks(plan, laboratory.scenario, laboratory.bench.species)
    left = [replace(task, points=tuple(k for k in task.points if k not in store)) for task in tasks]
    return [task for task in left if task.points]
