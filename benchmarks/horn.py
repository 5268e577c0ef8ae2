"""Pions through the horn: field alone, with matter, to the decay; on one thread and on two.

Usage: python benchmarks/horn.py [pions] [--cold]. Times are CPU seconds, which a busy machine changes least; wall
times stand beside them. ``--cold`` also prints what compiling costs without a cache.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable

import numpy as np

from darkhorn.beam.follow import follow, follow_to
from darkhorn.beam.horn import G4BNB
from darkhorn.beam.layers import compile_layers, layers_from_profile
from darkhorn.beam.passage_tables import passage_tables
from darkhorn.beam.switches import Physics
from darkhorn.beam.transport import transport
from darkhorn.chain.parents import decay_in_flight
from darkhorn.core.points import words
from darkhorn.core.rays import Rays
from darkhorn.core.species import lifetime
from darkhorn.core.units import C
from darkhorn.experiments.beams import load_beam

REPEATS = 5
HORN_END = 1.804
"""Plane in m behind the horn."""
NO_MATTER = Physics(
    skin_depth=False,
    energy_loss=False,
    multiple_scattering=False,
    absorption=False,
    meson_elastic="ignore",
    meson_quasi_elastic="ignore",
)


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


def show(label: str, n: int, run: Callable[[int], object]) -> None:
    """Print pions per CPU second on one thread, and per second of wall time on one and two: medians."""
    cpu, wall = [], {1: [], 2: []}
    run(1)
    for _ in range(REPEATS):
        for threads in wall:
            start = time.process_time(), time.perf_counter()
            run(threads)
            wall[threads].append(time.perf_counter() - start[1])
            if threads == 1:
                cpu.append(time.process_time() - start[0])
    one, two = (1e-6 * n / np.median(wall[threads]) for threads in (1, 2))
    used = np.median(cpu) / n
    print(f"{label:34s} {1e6 * used:7.3f} {1e-6 / used:7.3f} {one:9.3f} {two:9.3f}")


def error_of_field(x: np.ndarray, p: np.ndarray) -> None:
    """Print the error in direction behind the horn of the stepping that sampling uses."""
    line, layers = load_beam("bnb"), compile_layers(load_beam("bnb"), NO_MATTER)
    passage = passage_tables(211, layers.materials, line, NO_MATTER)
    quick = follow(layers, x, p, passage, line.current, words=words(np.arange(len(x)) + 0.5), z_end=HORN_END)
    exact = transport(layers, x, p, 1.0, line.current, z_end=HORN_END, precise=True)
    turn = np.linalg.norm(quick.p - exact.p, axis=1) / exact.p[:, 0]
    print(
        "error in direction [mrad], median, 90 %, 99 %:",
        *(f"{1e3 * np.quantile(turn, q):.1e}" for q in (0.5, 0.9, 0.99)),
    )


def cold() -> None:
    """Print how long the first history takes without a cache of compiled code."""
    code = f"import sys; sys.path.insert(0, {os.path.dirname(__file__)!r}); import horn; horn.first()"
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-c", code], env={**os.environ, "NUMBA_CACHE_DIR": folder}, check=True)


def first() -> None:
    """Follow ten pions and print the CPU seconds that took."""
    line, (x, p) = load_beam("bnb"), pions(10)
    layers = compile_layers(line)
    start = time.process_time()
    passage = passage_tables(211, layers.materials, line)
    follow(layers, x, p, passage, line.current, words=words(np.arange(10) + 0.5))
    print(f"first history, cold: {time.process_time() - start:.1f} CPU s")


def main(n: int) -> None:
    """Print the table."""
    line, (x, p) = load_beam("bnb"), pions(n)
    u = np.random.default_rng(3).random(n)
    bare, field, chosen, mesons = layers_from_profile(G4BNB), compile_layers(line), words(u), Rays.make(211, x, p, 1.0)
    nothing, matter = (passage_tables(211, field.materials, line, physics) for physics in (NO_MATTER, Physics()))
    start = (field, x, p)
    print(f"{n} pions, medians of {REPEATS}    us CPU   M/CPU s  M/s, 1 thread and 2")
    show("field, no walls", n, lambda t: transport(bare, x, p, 1.0, 174e3, z_end=1.8, threads=t))
    horn = (compile_layers(line, NO_MATTER), x, p)
    show(
        "horn of the line, field only",
        n,
        lambda t: follow(*horn, nothing, line.current, words=chosen, z_end=HORN_END, threads=t),
    )
    show("beam line, field only", n, lambda t: follow(*start, nothing, line.current, words=chosen, threads=t))
    show("beam line, matter, to the wall", n, lambda t: follow(*start, matter, line.current, words=chosen, threads=t))
    tau = lifetime(211)
    show(
        "beam line, matter, to the decay",
        n,
        lambda t: follow_to(*start, matter, line.current, words=chosen, u=u, mean=tau, threads=t),
    )
    show("the same as rows of parents", n, lambda t: decay_in_flight(mesons, 211, line, field, u, t))
    error_of_field(x[:20_000], p[:20_000])


if __name__ == "__main__":
    numbers = [int(argument) for argument in sys.argv[1:] if argument.isdigit()]
    main(numbers[0] if numbers else 100_000)
    if "--cold" in sys.argv:
        cold()
