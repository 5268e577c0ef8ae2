"""The rate in array code: what a point of a scan and its derivatives cost with NumPy and with JAX.

Usage: python benchmarks/jax_rate.py [mesons a replicate]. CPU seconds of the process, warm, medians of interleaved
repeats; compiling is timed by the clock. Needs the extra ``jax``; on whatever device JAX has found.
"""

import statistics
import sys
import time
from collections.abc import Callable

import numpy as np

from darkhorn.chain.gradients import SmoothRate, gradients_of
from darkhorn.chain.rate import rate
from darkhorn.chain.rate_sample import draw_sample
from darkhorn.chain.scenario import load_scenario

REPEATS = 15
MASSES = (20.0, 60.0)
STEP = 1.0e-4


def medians(**tasks: Callable[[], object]) -> dict[str, float]:
    """CPU milliseconds of each task, taken in turns."""
    spent: dict[str, list[float]] = {name: [] for name in tasks}
    for _ in range(REPEATS):
        for name, task in tasks.items():
            start = time.process_time()
            task()
            spent[name].append(1.0e3 * (time.process_time() - start))
    return {name: statistics.median(values) for name, values in spent.items()}


def clock(label: str, task: Callable[[], object]) -> None:
    start = time.perf_counter()
    task()
    print(f"{label:44s} {time.perf_counter() - start:10.2f} s (wall)")


def differences(smooth: SmoothRate) -> float:
    """Largest relative difference of d ln(signal)/d ln(mass) from central differences of the same points."""
    events, slopes = smooth.slopes(*MASSES)
    worst = 0.0
    for index in range(2):
        step = np.exp(STEP * np.eye(2)[index])
        up, down = (rate(smooth.sample, *(MASSES * factor)).sum() for factor in (step, 1.0 / step))
        found, expected = slopes[index].sum() / events.sum(), (up - down) / (2.0 * STEP) / events.sum()
        worst = max(worst, abs(found / expected - 1.0))
    return worst


def main(points: int) -> None:
    import jax

    overrides = ["experiment.modes='neutrino'", f"m_x={MASSES[0]}", f"m_mediator={MASSES[1]}"]
    scenario = load_scenario("miniboone", model="scalar-benchmark", overrides=overrides)
    (setup,) = scenario.setups()
    draw_sample(scenario.model, setup, points=points)
    clock("sample, mesons from the cache", lambda: draw_sample(scenario.model, setup, points=points))
    smooth = SmoothRate(draw_sample(scenario.model, setup, points=points))
    photons = sum(len(rows.photon) for rows in smooth.sample.rows)
    print(f"{photons} photons of 8 x {points} points for each species; device {jax.devices()[0]}")
    grid = np.column_stack([np.geomspace(2.0, 33.0, 64), np.geomspace(20.0, 300.0, 64)])
    clock("compile rate", lambda: smooth.rate(*MASSES))
    clock("compile rate with derivatives", lambda: smooth.slopes(*MASSES))
    clock("compile scan of 64 points", lambda: smooth.scan(grid))
    numpy, other = rate(smooth.sample, *MASSES), smooth.rate(*MASSES)
    some = numpy > 0.0
    print(f"{'NumPy and JAX, bins of replicates':44s} {np.abs(other[some] / numpy[some] - 1.0).max():10.1e}")
    print(f"{'derivatives and central differences':44s} {differences(smooth):10.1e}")
    took = medians(
        numpy=lambda: rate(smooth.sample, *MASSES),
        value=lambda: smooth.rate(*MASSES),
        both=lambda: smooth.slopes(*MASSES),
        scan=lambda: smooth.scan(grid),
    )
    print(f"{'NumPy, one mass point':44s} {took['numpy']:10.2f} ms")
    print(f"{'JAX, one mass point':44s} {took['value']:10.2f} ms")
    print(f"{'JAX, one mass point of a scan':44s} {took['scan'] / len(grid):10.2f} ms")
    print(f"{'JAX, rate and both derivatives':44s} {took['both']:10.2f} ms, {took['both'] / took['value']:.2f} x rate")
    found = gradients_of(smooth)
    print(f"errors: signal {found.signal_error / found.signal:.2%}, d ln signal/d ln mass {found.total_error.round(4)}")
    print(f"compiled {smooth.traces}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2**14)
