"""Microseconds per pion through the ideal horn, and through matter to its decay; needs a Python that has darkhorn."""

import sys
import time

import numpy as np

from darkhorn.beam.horn import G4BNB
from darkhorn.beam.layers import compile_layers, layers_from_profile
from darkhorn.beam.transport import transport
from darkhorn.chain.parents import decay_in_flight
from darkhorn.core.rays import Rays
from darkhorn.core.units import C
from darkhorn.experiments.beams import load_beam


def pions(n: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Pions with a spectrum and angles like those behind a thick target at 8 GeV."""
    rng = np.random.default_rng(seed)
    momentum = np.clip(rng.gamma(2.0, 0.6, n), 0.1, 7.5) * 1000.0
    theta = np.minimum(np.abs(rng.normal(0.0, 0.3, n)) / np.sqrt(momentum / 1000.0), 0.6)
    phi = rng.uniform(0.0, 2.0 * np.pi, n)
    depth = 0.035 + np.clip(rng.exponential(0.45, n), 0.0, 0.711)
    x = np.column_stack([depth / C, rng.normal(0.0, 0.0015, n), rng.normal(0.0, 0.00075, n), depth])
    direction = np.column_stack([np.sin(theta) * np.cos(phi), np.sin(theta) * np.sin(phi), np.cos(theta)])
    energy = np.sqrt(momentum**2 + 139.57039**2)
    return x, np.column_stack([energy, momentum[:, None] * direction])


def to_the_decay(x: np.ndarray, p: np.ndarray) -> None:
    """Print times through the whole beam line with all physics on, both passes counted once."""
    line, u = load_beam("bnb"), np.random.default_rng(3).random(len(x))
    layers, pions = compile_layers(line), Rays.make(211, x, p, 1.0)
    decay_in_flight(pions[:10], 211, line, layers, u[:10])
    for threads in (1, 2):
        start = time.perf_counter()
        decay_in_flight(pions, 211, line, layers, u, threads)
        print(f"matter, decay, {threads} threads {1e6 * (time.perf_counter() - start) / len(x):6.3f} us/pion")


def main(n: int = 200_000) -> None:
    """Print times for one thread, default and precise, and for two threads."""
    layers = layers_from_profile(G4BNB)
    x, p = pions(n)
    to_the_decay(x, p)
    transport(layers, x[:10], p[:10], 1.0, 174e3, z_end=1.8)
    for label, options in (
        ("default", {}),
        ("precise", {"precise": True}),
        ("default, 2 threads", {"threads": 2}),
    ):
        best = np.inf
        for _ in range(3):
            start = time.perf_counter()
            tracks = transport(layers, x, p, 1.0, 174e3, z_end=1.8, **options)
            best = min(best, time.perf_counter() - start)
        inside = float((tracks.field_path > 0).mean())
        print(f"{label:20s} {1e6 * best / n:6.3f} us/pion, {inside:.0%} enter the field")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200_000)
