"""A small scan at MiniBooNE: pions from a table, so that a point takes milliseconds."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np

GRID = ("m_x=1:40:5", "m_mediator=20:500:4:log")
"""At 40 MeV every decay with a muon is closed."""
RESULTS = ("results.csv", "results.json", "templates.npz")


def write_scenario(folder: Path, *, modes: tuple[str, ...] = ("neutrino",), precision: float = 0.05) -> Path:
    """A scenario with pions that decay in flight on the axis, a few of them off it."""
    rng = np.random.default_rng(11)
    z, momentum = rng.uniform(2.0, 45.0, 200), rng.uniform(1000.0, 3500.0, 200)
    px, py = rng.normal(0.0, 30.0, (2, 200))
    rows = [
        f"211,{z_ / 0.2998:.3f},0,0,{z_:.3f},{x:.3f},{y:.3f},{p:.3f},1e-4"
        for z_, x, y, p in zip(z, px, py, momentum, strict=True)
    ]
    (folder / "pions.csv").write_text("\n".join(["pdgid,t,x,y,z,px,py,pz,weight", *rows]) + "\n")
    path = folder / "small.toml"
    path.write_text(
        f"""
name = "small"

[experiment]
name = "miniboone"
modes = [{", ".join(f'"{mode}"' for mode in modes)}]

[source]
kind = "table"
file = "pions.csv"
stage = "decay"

[run]
precision = {precision}
replicates = 4
"""
    )
    return path


def arguments(scenario: Path, out: Path, *more: object) -> list[str]:
    """What follows ``darkhorn`` on the command line."""
    grid = [word for axis in GRID for word in ("--grid", axis)]
    return ["scan", str(scenario), *grid, "--out", str(out), *map(str, more)]


def start(args: list[str], cache: Path) -> "subprocess.Popen[str]":
    """A process of its own, which hears interrupts: a shell starts background jobs and their children deaf to them."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return subprocess.Popen(
            [sys.executable, "-m", "darkhorn", *args],
            env={**os.environ, "DARKHORN_CACHE": str(cache), "OMP_NUM_THREADS": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
    finally:
        signal.signal(signal.SIGINT, before)


def content(out: Path) -> dict[str, bytes]:
    """The final files."""
    return {name: (out / name).read_bytes() for name in RESULTS}
