"""Tracks by a general ODE solver with terminal events: slow, and shares no code with the kernel."""

import numpy as np
from scipy.integrate import solve_ivp

from darkhorn.beam.beamline import RadialProfile


def pions(n: int, seed: int = 7, low: float = 200.0) -> tuple[np.ndarray, np.ndarray]:
    """Positive pions from the target rod with momenta ``low`` to 4000 MeV/c and angles up to 0.35 rad."""
    rng = np.random.default_rng(seed)
    momentum, theta, phi = rng.uniform(low, 4000.0, n), rng.uniform(0.01, 0.35, n), rng.uniform(0.0, 2 * np.pi, n)
    x = np.column_stack([np.zeros(n), rng.normal(0.0, 2e-3, (n, 2)), rng.uniform(0.05, 0.7, n)])
    n_hat = np.column_stack([np.sin(theta) * np.cos(phi), np.sin(theta) * np.sin(phi), np.cos(theta)])
    return x, np.column_stack([np.hypot(momentum, 139.57039), momentum[:, None] * n_hat])


def follow(profile: RadialProfile, place: np.ndarray, momentum: np.ndarray, k: float) -> tuple[np.ndarray, float, int]:
    """Return (x, y, z, px, py, pz), path and crossings at the end of ``profile``, from a start in the bore.

    ``k`` is the bending momentum in the unit of ``momentum``; lengths in m.
    """
    p = float(np.linalg.norm(momentum))
    state, path, crossings, region = np.concatenate([place, momentum]), 0.0, 0, "bore"

    def gaps(s: float, y: np.ndarray) -> tuple[float, float]:
        r = np.hypot(y[0], y[1])
        return r - np.interp(y[2], profile.z, profile.r_in), np.interp(y[2], profile.z, profile.r_out) - r

    def motion(s: float, y: np.ndarray) -> np.ndarray:
        bend = k / (p * (y[0] ** 2 + y[1] ** 2)) if region == "field" else 0.0
        force = bend * np.array([-y[5] * y[0], -y[5] * y[1], y[0] * y[3] + y[1] * y[4]])
        return np.concatenate([y[3:] / p, force])

    while True:
        node = min((z for z in profile.z if z > state[2] + 1e-12), default=None)
        if node is None:
            return state, path, crossings
        sign = 1.0 if region == "field" else -1.0
        events = [lambda s, y, node=node: node - y[2]]
        events += [lambda s, y, sign=sign: sign * gaps(s, y)[0]] if region != "outside" else []
        events += [lambda s, y, sign=sign: sign * gaps(s, y)[1]] if region != "bore" else []
        for event in events:
            event.terminal, event.direction = True, -1
        run = solve_ivp(
            motion, (0, 5), state, "DOP853", events=events, rtol=1e-12, atol=[1e-14] * 3 + [1e-11] * 3, max_step=0.03
        )
        state, path = run.y[:, -1], path + run.t[-1]
        fired = next(i for i, times in enumerate(run.t_events) if len(times))
        if fired == 0:
            state[2] = node
            continue
        crossings += 1
        out = "bore" if fired == 1 else "outside"
        region = out if region == "field" else "field"
