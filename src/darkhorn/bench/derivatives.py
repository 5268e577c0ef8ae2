"""The rate in array code under JAX: agreement with NumPy, its derivatives, and what they cost."""

from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

import numpy as np

from darkhorn.bench.clock import cpu_seconds, wall_seconds
from darkhorn.chain.scenario import load_scenario

if TYPE_CHECKING:
    from darkhorn.chain.gradients import SmoothRate

MASSES: Final = (20.0, 60.0)
"""Of X and of the mediator, MeV."""
_STEP: Final = 1.0e-4
_SIDE: Final = 64


def derivative_costs(repeats: int = 5) -> dict[str, float] | None:
    """Return what the rate and its derivatives cost; None where JAX is not installed.

    Parameters
    ----------
    repeats : int
        Measurements of which the median counts.

    Returns
    -------
    dict of str to float
        ``numpy``, ``value``, ``both`` (rate and both derivatives), ``scan`` (a point of a scan), milliseconds of CPU;
        ``agreement`` of NumPy and JAX and ``differences`` of the derivatives from central differences, relative and
        worst; ``gpu_scan``, milliseconds of wall time a point where JAX has a GPU, else NaN.
    """
    if find_spec("jax") is None:
        return None
    from darkhorn.chain.gradients import SmoothRate, load_jax
    from darkhorn.chain.rate import rate
    from darkhorn.chain.rate_sample import draw_sample

    overrides = ("experiment.modes='neutrino'", f"m_x={MASSES[0]}", f"m_mediator={MASSES[1]}")
    scenario = load_scenario("miniboone", model="scalar-benchmark", overrides=overrides)
    (setup,) = scenario.setups()
    smooth = SmoothRate(draw_sample(scenario.model, setup))
    grid = np.column_stack([np.geomspace(2.0, 33.0, _SIDE), np.geomspace(20.0, 300.0, _SIDE)])
    plain, compiled = rate(smooth.sample, *MASSES), smooth.rate(*MASSES)
    some = plain > 0.0
    on_gpu = load_jax().default_backend() == "gpu"
    return {
        "numpy": 1.0e3 * cpu_seconds(lambda: rate(smooth.sample, *MASSES), repeats),
        "value": 1.0e3 * cpu_seconds(lambda: smooth.rate(*MASSES), repeats),
        "both": 1.0e3 * cpu_seconds(lambda: smooth.slopes(*MASSES), repeats),
        "scan": 1.0e3 / _SIDE * cpu_seconds(lambda: smooth.scan(grid), repeats),
        "agreement": float(np.abs(compiled[some] / plain[some] - 1.0).max()),
        "differences": _differences(smooth),
        "gpu_scan": 1.0e3 / _SIDE * wall_seconds(lambda: smooth.scan(grid), repeats) if on_gpu else float("nan"),
    }


def _differences(smooth: "SmoothRate") -> float:
    """Return the largest relative difference of d ln(rate)/d ln(mass) from central differences of the same points."""
    from darkhorn.chain.rate import rate

    _, slopes = smooth.slopes(*MASSES)
    worst = 0.0
    for axis, own in enumerate(slopes):
        step = np.exp(_STEP * np.eye(2)[axis])
        up, down = (rate(smooth.sample, *(MASSES * factor)).sum() for factor in (step, 1.0 / step))
        worst = max(worst, abs(own.sum() / ((up - down) / (2.0 * _STEP)) - 1.0))
    return float(worst)
