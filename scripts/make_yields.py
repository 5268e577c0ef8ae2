"""Make the yield tables of ``darkhorn.beam.yields``: UrQMD collisions, binned and written with their provenance.

Two steps, so that the binning can be changed without running the engine again::

    python scripts/make_yields.py run EVENTS_DIR          # about 15 minutes of one core; needs chromo
    python scripts/make_yields.py bin EVENTS_DIR OUT_DIR  # seconds

The engine runs in worker processes, because one process holds one instance of it. Each file of events
holds the hadrons of one projectile, nucleus and momentum; it is not distributed. UrQMD has its own terms of
use: install it through ``chromo`` and cite the works named in the header of the tables.
"""

import argparse
import os
import tempfile
import warnings
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Final

import numpy as np

from darkhorn.beam.yields import PRODUCTS, THETA_CELLS, THETA_MAX, X_CELLS
from darkhorn.core.species import (
    ETA,
    K_LONG,
    K_MINUS,
    K_PLUS,
    K_SHORT,
    NEUTRON,
    PI0,
    PI_MINUS,
    PI_PLUS,
    PROTON,
    mass,
    name_of,
)
from darkhorn.core.units import GEV
from darkhorn.experiments.yields import FILES
from darkhorn.io.atomic import write_text_atomic

NUCLEI: Final = {"Be": (4, 9), "Al": (13, 27)}
"""Charge and mass number."""
MESONS: Final = (PI_PLUS, PI_MINUS, K_PLUS, K_MINUS, PI0, ETA, K_LONG, K_SHORT)
KEPT: Final = (*MESONS, PROTON, NEUTRON)
"""Hadrons kept of an event; the neutral mesons only tell quasi-elastic collisions from others."""
SLOWEST: Final = 0.2 * GEV
"""Nucleons below this momentum in MeV/c are dropped: most are spectators."""
LADDER: Final = {
    PROTON: (1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.88889),
    PI_PLUS: (0.6, 0.8, 1.1, 1.7, 2.5, 3.5, 5.0),
}
"""Momenta in GeV/c by projectile; neutrons and pi- mirror protons and pi+ (``darkhorn.beam.yields``)."""
FLOOR: Final = 1.3
"""Smallest sqrt(s) in GeV of projectile and nucleon. The wrapper's own limit is 2.0, pions of 1.65 GeV/c; below it the
engine goes by baryon resonances, which is what pions of 0.6-1.6 GeV/c need."""
EVENTS: Final = {"Be": 2500, "Al": 1000}
"""Collisions for each projectile and momentum; six times as many for protons of the beam on beryllium."""


@dataclass(frozen=True)
class Job:
    """One run of the engine: projectile, nucleus, momentum in GeV/c, collisions, seed."""

    projectile: int
    nucleus: str
    momentum: float
    events: int
    seed: int

    @property
    def path(self) -> str:
        """Name of the file of events."""
        return f"{self.projectile}_{self.nucleus}_{self.momentum:g}.npz"


def jobs() -> list[Job]:
    """Return every run, the ones that matter most first."""
    found = []
    for nucleus in ("Be", "Al"):
        for projectile, ladder in LADDER.items():
            for index, momentum in enumerate(ladder):
                beam = nucleus == "Be" and projectile == PROTON and momentum == ladder[-1]
                events = EVENTS[nucleus] * (6 if beam else 1)
                found.append(Job(projectile, nucleus, momentum, events, 1000 + 10 * len(found) + index))
    return found


def collide(job: Job, folder: Path) -> str:
    """Run the engine for one job and write its hadrons: event number, PDG number, px, py, pz in MeV/c."""
    from chromo.kinematics import FixedTarget, Momentum
    from chromo.models import UrQMD34

    os.chdir(tempfile.mkdtemp())
    warnings.simplefilter("ignore")
    UrQMD34._ecm_min = FLOOR
    z, a = NUCLEI[job.nucleus]
    generator = UrQMD34(FixedTarget(Momentum(job.momentum), job.projectile, (a, z)), seed=job.seed)
    rows: list[np.ndarray] = []
    for number, event in enumerate(generator(job.events)):
        final = event.final_state()
        p = np.column_stack([final.px, final.py, final.pz]) * GEV
        keep = np.isin(final.pid, KEPT)
        keep &= ~np.isin(final.pid, (PROTON, NEUTRON)) | (np.einsum("ij,ij->i", p, p) > SLOWEST**2)
        rows.append(np.column_stack([np.full(keep.sum(), number), final.pid[keep], p[keep]]))
    table = np.concatenate(rows)
    version = generator.label
    np.savez_compressed(
        folder / job.path,
        event=table[:, 0].astype(np.int64),
        pdgid=table[:, 1].astype(np.int64),
        p=table[:, 2:].astype(np.float32),
        events=job.events,
        seed=job.seed,
        engine=version,
    )
    return f"{job.path}: {len(table)} hadrons in {job.events} collisions ({version})"


def run(folder: Path, workers: int) -> None:
    """Run every job whose file is not there yet."""
    folder.mkdir(parents=True, exist_ok=True)
    todo = [job for job in jobs() if not (folder / job.path).is_file()]
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn"), max_tasks_per_child=1) as pool:
        for line in pool.map(collide, todo, [folder.resolve()] * len(todo)):
            print(line, flush=True)


def quasi_elastic(job: Job, event: np.ndarray, pdgid: np.ndarray, p: np.ndarray) -> np.ndarray:
    """Return which collisions are quasi-elastic, (events,) bool.

    A nucleon's collision is quasi-elastic when no meson comes out. A pion's is when the only meson is the pion itself
    and no other could have been made: the missing mass, against a nucleon at rest, is below the nucleon and a pion.
    """
    mesons = np.bincount(event[np.isin(pdgid, MESONS)], minlength=job.events)
    if job.projectile == PROTON:
        return mesons == 0
    same = pdgid == job.projectile
    alone = (mesons == 1) & (np.bincount(event[same], minlength=job.events) == 1)
    m_pi, m_n = mass(PI_PLUS), mass(PROTON)
    transfer = np.array([0.0, 0.0, job.momentum * GEV]) - p[same]
    omega = np.hypot(job.momentum * GEV, m_pi) - np.sqrt(np.einsum("ij,ij->i", p[same], p[same]) + m_pi**2)
    missing_sq = (omega + m_n) ** 2 - np.einsum("ij,ij->i", transfer, transfer)
    closed = np.zeros(job.events, dtype=bool)
    closed[event[same]] = missing_sq < (m_n + m_pi) ** 2
    return alone & closed


def count(job: Job, folder: Path) -> tuple[list[str], str, int]:
    """Return the rows of the table for one job, the name of the engine and the seed."""
    with np.load(folder / job.path) as file:
        event, pdgid, p = file["event"], file["pdgid"], file["p"].astype(float)
        job, engine = replace(job, events=int(file["events"]), seed=int(file["seed"])), str(file["engine"])
    elastic = quasi_elastic(job, event, pdgid, p)
    momentum = np.sqrt(np.einsum("ij,ij->i", p, p))
    x = np.minimum(momentum / (job.momentum * GEV), 1.0 - 1e-12)
    theta = np.arctan2(np.hypot(p[:, 0], p[:, 1]), p[:, 2])
    rows = []
    for product in PRODUCTS:
        chosen = (pdgid == product) & ~elastic[event]
        place = np.sqrt(x[chosen]) * X_CELLS, np.sqrt(theta[chosen] / THETA_MAX) * THETA_CELLS
        edges = np.arange(X_CELLS + 1), np.arange(THETA_CELLS + 1)
        table, _, _ = np.histogram2d(*place, bins=edges)
        for cell, values in enumerate(table.astype(int)):
            start = f"{job.momentum:g},{job.events},{elastic.sum()},{product},{cell}"
            rows.append(",".join([start, *map(str, values)]))
    return rows, engine, job.seed


HEADER: Final = """\
# Forward hadrons of {projectile} on {nucleus}: numbers found in generated collisions, by momentum of the projectile.
# Engine: {engine}, through chromo {chromo}; inelastic collisions at the engine's own impact parameters; eta, pi0 and
# strange mesons not decayed. Seeds: {seeds}.
# quasi_elastic: collisions without a new meson; their hadrons are not counted. Cells of x = p/p_in: edges (k/{nx})^2;
# of theta: edges (pi/2) (k/{nt})^2 rad, columns theta_00-theta_{last:02d}. Nucleons below {slowest:g} MeV/c: left out.
# Status: model, not data. Hadronic models differ by 10-40 % here. Our own numbers from our own run of the engine; the
# engine has its own terms of use and is not distributed. Cite: S. A. Bass et al., Prog. Part. Nucl. Phys. 41, 255
# (1998); M. Bleicher et al., J. Phys. G 25, 1859 (1999); A. Fedynitch et al. (chromo), arXiv:2507.21856.
momentum_GeV,collisions,quasi_elastic,product,x_cell,{angles}
"""


def bin_all(folder: Path, out: Path) -> None:
    """Write every table."""
    from importlib.metadata import version

    for (projectile, nucleus), name in FILES.items():
        chosen = [job for job in jobs() if (job.projectile, job.nucleus) == (projectile, nucleus)]
        tables = [count(job, folder) for job in chosen]
        head = HEADER.format(
            projectile=name_of(projectile),
            nucleus=nucleus,
            engine=tables[0][1],
            chromo=version("chromo"),
            seeds=", ".join(str(seed) for _, _, seed in tables),
            nx=X_CELLS,
            nt=THETA_CELLS,
            last=THETA_CELLS - 1,
            slowest=SLOWEST,
            angles=",".join(f"theta_{k:02d}" for k in range(THETA_CELLS)),
        )
        rows = [row for table, _, _ in tables for row in table]
        write_text_atomic(out / f"{name}.csv", head + "\n".join(rows) + "\n")
        print(out / f"{name}.csv", len(rows), "rows")


def main() -> None:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = parser.add_subparsers(dest="verb", required=True)
    running, binning = verbs.add_parser("run"), verbs.add_parser("bin")
    running.add_argument("events", type=Path)
    running.add_argument("--workers", type=int, default=1)
    binning.add_argument("events", type=Path)
    binning.add_argument("out", type=Path)
    chosen = parser.parse_args()
    if chosen.verb == "run":
        run(chosen.events, chosen.workers)
    else:
        bin_all(chosen.events, chosen.out)


if __name__ == "__main__":
    main()
