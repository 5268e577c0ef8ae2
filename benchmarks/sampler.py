"""What a prediction costs, and whether its quoted error is right: ``python benchmarks/sampler.py [rate|points|seeds]``.

CPU time of one process, kernels compiled, medians. ``rate``: the total of MiniBooNE's neutrino mode at 1 %, pilots and
horn included, nothing from the disk. ``points``: mass points from mesons that are there. ``seeds``: the spread of 32
independent calculations over the error that they quote.
"""

import os
import statistics
import sys
import time
from dataclasses import replace
from typing import Final

import numpy as np

REPEAT: Final = 7
SEEDS: Final = 32


def rate(precision: float = 0.01) -> None:
    """Print the CPU time of the whole rate."""
    from darkhorn.chain.predict import predict
    from darkhorn.chain.scenario import load_scenario

    os.environ["DARKHORN_CACHE"] = "off"
    job = load_scenario("miniboone", overrides=["experiment.modes='neutrino'"])
    rows = []
    for seed in range(REPEAT + 1):
        start = time.process_time()
        setups = replace(job, run=replace(job.run, seed=seed)).setups()
        middle = time.process_time()
        mode = predict(job.model, setups, precision=precision, seed=seed).modes["neutrino"]
        rows.append((middle - start, time.process_time() - middle, mode))
    rows = rows[1:]
    setup, predicted = (statistics.median(row[k] for row in rows) for k in (0, 1))
    print(f"{precision:g} on the total: setups {setup:.3f} s + prediction {predicted:.3f} s")
    for name in ("relative_error", "points", "relvar", "n_eff", "largest_over_mean"):
        print(f"  {name}: {statistics.median(getattr(row[2], name) for row in rows):.4g}")


def points() -> None:
    """Print the CPU time of a further mass of X, and of a further mediator at the same one."""
    from darkhorn.chain.many import Bench, Family
    from darkhorn.chain.scenario import load_scenario

    job = load_scenario("miniboone", overrides=["experiment.modes='neutrino'"])
    bench, first, further, worst = Bench(job.setups()), [], [], 0.0
    for m_x in np.linspace(2.0, 30.0, 2 * REPEAT):
        models = [replace(job.model, m_x=float(m_x), m_mediator=float(m)) for m in np.geomspace(10.0, 300.0, 64)]
        start = time.process_time()
        family = Family(bench, (models[0], models[32], models[-1]))
        found = [family.rates(models[0], 0.01)]
        middle = time.process_time()
        found += [family.rates(model, 0.01) for model in models[1:]]
        first.append(middle - start)
        further.append((time.process_time() - middle) / 63)
        worst = max([worst, *(mode.relative_error for modes in found if modes for mode in modes)])
    one, more = statistics.median(first), statistics.median(further)
    print(f"new m_X {1e3 * one:.1f} ms, further m_mediator {1e3 * more:.2f} ms, largest error {worst:.4f}")
    print(f"64 x 64 points: {64 * (statistics.mean(first) + 63 * statistics.mean(further)):.1f} s")


def seeds(precision: float = 0.01) -> None:
    """Print the spread over seeds over the quoted error."""
    from darkhorn.chain.predict import mean_and_error, predict
    from darkhorn.chain.scenario import load_scenario

    os.environ["DARKHORN_CACHE"] = "off"
    for model in (None, "pseudoscalar-benchmark", "dm-double-benchmark"):
        job = load_scenario("miniboone", model=model, overrides=["experiment.modes='neutrino'"])
        found = []
        for seed in range(SEEDS):
            setups = replace(job, run=replace(job.run, seed=seed)).setups()
            mode = predict(job.model, setups, precision=precision, seed=seed).modes["neutrino"]
            found.append(mean_and_error(mode.signal))
        means, errors = np.transpose(found)
        spread, quoted = means.std(ddof=1), np.sqrt(np.mean(errors**2))
        print(f"{job.model_name}: spread {spread / means.mean():.4f}, quoted {quoted / means.mean():.4f}, ", end="")
        print(f"ratio {spread / quoted:.2f} +- {spread / quoted / np.sqrt(2 * (SEEDS - 1)):.2f}", flush=True)


if __name__ == "__main__":
    for wanted in sys.argv[1:] or ("rate", "points", "seeds"):
        {"rate": rate, "points": points, "seeds": seeds}[wanted]()
