"""Mesons from UrQMD 3.4 through chromo: yields per interaction, and a source that puts them into the target rod.

The engine runs in a process of its own (``beam/worker.py``) and gives particles per interaction only: the cross section
that it reports is geometric, so how often a proton interacts has to come from outside. Nearly every event has new
mesons, hence the production cross section (inelastic minus quasi-elastic) is the natural factor; the inelastic one
is the upper choice.

Source: UrQMD, arXiv:nucl-th/9803035 and hep-ph/9909407; chromo, arXiv:2507.21856. UrQMD has licence terms of its
own and is never shipped.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Final

import numpy as np
from numpy.typing import NDArray

from darkhorn.beam.beamline import Beamline
from darkhorn.beam.sanford_wang import proton_vertices
from darkhorn.beam.source import Provenance
from darkhorn.beam.table import draw_rows
from darkhorn.beam.worker import run_worker
from darkhorn.core.errors import DarkhornError, RangeError, require_range, unknown_name
from darkhorn.core.importance import ImportanceGrid
from darkhorn.core.points import Axis
from darkhorn.core.rays import Floats, Ints, Rays
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
)
from darkhorn.core.units import GEV
from darkhorn.physics.fourvector import rotate
from darkhorn.physics.passage import interaction_length

NUCLEI: Final = {"Be": (9, 4), "C": (12, 6), "Al": (27, 13), "Fe": (56, 26), "W": (184, 74)}
"""Targets: mass number and charge."""

SQRT_S_MIN: Final = {
    PROTON: 2.4 * GEV,
    NEUTRON: 2.4 * GEV,
    PI_PLUS: 2.0 * GEV,
    PI_MINUS: 2.0 * GEV,
    K_PLUS: 2.0 * GEV,
    K_MINUS: 2.0 * GEV,
}
"""Projectiles and the lowest energy in the projectile-nucleon centre of mass that is let through. The engine itself
stops at 2.0 GeV; with nucleons at 2.24 GeV (protons of 800 MeV) its pi0 exceed its pi+, unlike any cascade."""

SQRT_S_MAX: Final = 200.0 * GEV
MESONS: Final = (PI_PLUS, PI_MINUS, PI0, K_PLUS, K_MINUS, K_LONG, K_SHORT, ETA)
HADRONS: Final = (PI_PLUS, PI_MINUS, K_PLUS, PROTON, NEUTRON)
"""What :func:`yield_table` counts unless the caller names others."""


@dataclass(frozen=True, eq=False)
class Interactions:
    """Final states of ``n_events`` interactions, projectile along +z.

    Attributes
    ----------
    n_events : int
        Interactions, each with at least one collision.
    event : (N,) int
        Number of the interaction, 0 to n_events - 1.
    pdgid, charge : (N,) int
        PDG number and charge (units of e) of each particle, spectator nucleons included.
    p : (N, 4) float
        E, px, py, pz in MeV in the laboratory, with the engine's own masses.
    provenance : Provenance
        Engine, version, seed.
    """

    n_events: int
    event: Ints
    pdgid: Ints
    charge: Ints
    p: Floats
    provenance: Provenance

    def mesons(self, species: Sequence[int] = MESONS) -> Rays:
        """Return the mesons at the origin, energies on the PDG mass shell, weight 1/n_events: number per interaction.

        Raises
        ------
        UnknownNameError
            For a species without a PDG mass.
        """
        chosen = np.isin(self.pdgid, np.asarray(species))
        masses = np.zeros(int(chosen.sum()))
        for number in species:
            masses[self.pdgid[chosen] == number] = mass(number)
        momentum = self.p[chosen, 1:]
        energy = np.hypot(np.linalg.norm(momentum, axis=1), masses)
        p = np.column_stack([energy, momentum])
        return Rays.make(self.pdgid[chosen], np.zeros(4), p, 1.0 / self.n_events)


@dataclass(frozen=True, eq=False)
class BinnedYields:
    """Particles per interaction in cells of momentum and angle to the projectile.

    Attributes
    ----------
    p_edges : (n + 1,) float
        MeV/c.
    theta_edges : (m + 1,) float
        rad.
    yields, errors : dict of int to (n, m) float
        Number per interaction in each cell by PDG number, and its statistical error (independent interactions).
    provenance : Provenance
        Engine, version, seed.
    """

    p_edges: Floats
    theta_edges: Floats
    yields: dict[int, Floats]
    errors: dict[int, Floats]
    provenance: Provenance


def is_installed() -> bool:
    """Return True where chromo can be imported (it is not imported here)."""
    return find_spec("chromo") is not None


def interact(
    projectile: int, momentum: float, target: str, n_events: int, seed: int, *, timeout: float = 3600.0
) -> Interactions:
    """Return the final states of ``n_events`` interactions.

    Parameters
    ----------
    projectile : int
        PDG number, one of :data:`SQRT_S_MIN`.
    momentum : float
        Laboratory momentum in MeV/c.
    target : str
        One of :data:`NUCLEI`.
    n_events : int
        1 to 10^7; about 30 a second for p Be at 8.9 GeV/c.
    seed : int
        1 to 2^31 - 1; the same seed gives the same events.
    timeout : float
        Seconds after which the engine is ended.

    Returns
    -------
    Interactions
        Every final particle.

    Raises
    ------
    UnknownNameError
        For an unknown projectile or target.
    RangeError
        Below or above the validity of the engine, or for a number of events or a seed out of range.
    DarkhornError
        When chromo is not installed.
    WorkerError
        When the engine fails or takes longer than ``timeout``.
    """
    if target not in NUCLEI:
        raise unknown_name("target of UrQMD", target, NUCLEI)
    if projectile not in SQRT_S_MIN:
        raise unknown_name("projectile of UrQMD", str(projectile), map(str, SQRT_S_MIN))
    require_range("momentum", momentum, 0.0, unit="MeV/c", open_low=True)
    require_range("n_events", n_events, 1, 10**7)
    require_range("seed", seed, 1, 2**31 - 1)
    nucleon = (mass(PROTON) + mass(NEUTRON)) / 2.0
    energy = float(np.hypot(momentum, mass(projectile)))
    sqrt_s = float(np.sqrt(mass(projectile) ** 2 + nucleon**2 + 2.0 * energy * nucleon))
    require_range(f"sqrt(s_NN) of UrQMD for PDG {projectile}", sqrt_s, SQRT_S_MIN[projectile], SQRT_S_MAX, "MeV")
    if not is_installed():
        raise DarkhornError("the UrQMD source needs the package 'chromo': pip install 'darkhorn[urqmd]'")
    request = {
        "projectile": int(projectile),
        "momentum": float(momentum),
        "nucleus": NUCLEI[target],
        "n_events": int(n_events),
        "seed": int(seed),
    }
    found = run_worker("darkhorn.beam._urqmd_worker", request, timeout=timeout)
    provenance = Provenance(
        engine="UrQMD",
        version=str(found["version"]),
        normalisation="particles per interaction; times P(interaction) from an external cross section",
        thresholds="none; undecayed pi0, eta, K0, hyperons and spectator nucleons are in the final state",
        pot=float(n_events),
        seed=int(seed),
    )
    return Interactions(n_events, found["event"], found["pdgid"], found["charge"], found["p"], provenance)


def yield_table(
    projectile: int,
    momentum: float,
    target: str,
    n_events: int,
    seed: int,
    *,
    species: Sequence[int] = HADRONS,
    p_edges: Floats | None = None,
    theta_edges: Floats | None = None,
    timeout: float = 3600.0,
) -> BinnedYields:
    """Return particles per interaction in cells of (p, theta).

    Parameters
    ----------
    projectile, momentum, target, n_events, seed, timeout
        As for :func:`interact`.
    species : sequence of int
        PDG numbers to count.
    p_edges : (n + 1,) float, optional
        MeV/c, increasing; by default 20 equal cells up to ``momentum`` (plus 1 GeV/c for Fermi motion).
    theta_edges : (m + 1,) float, optional
        rad, increasing; by default 0 to pi in 24 cells, finer forward.

    Returns
    -------
    BinnedYields
        What lies outside the edges is not counted. A spectator nucleon (momentum of the nucleus at rest) counts like
        any other nucleon: put the lower edge of p above the Fermi momentum, 300 MeV/c, to leave them out.

    Raises
    ------
    RangeError, UnknownNameError, DarkhornError, WorkerError
        As for :func:`interact`; RangeError also for edges that do not increase.
    """
    p_cells = np.linspace(0.0, momentum + GEV, 21) if p_edges is None else np.asarray(p_edges, dtype=float)
    theta_cells = np.pi * (np.arange(25) / 24.0) ** 2 if theta_edges is None else np.asarray(theta_edges, dtype=float)
    for name, edges in (("p_edges", p_cells), ("theta_edges", theta_cells)):
        if len(edges) < 2 or not (np.diff(edges) > 0).all():
            raise RangeError(f"{name} = {edges}: must increase, at least 2 numbers")
    found = interact(projectile, momentum, target, n_events, seed, timeout=timeout)
    return bin_yields(found, species, p_cells, theta_cells)


def bin_yields(found: Interactions, species: Sequence[int], p_edges: Floats, theta_edges: Floats) -> BinnedYields:
    """Return particles per interaction in cells of momentum (MeV/c) and angle (rad) from interactions at hand."""
    momentum = np.linalg.norm(found.p[:, 1:], axis=1)
    theta = np.arctan2(np.hypot(found.p[:, 1], found.p[:, 2]), found.p[:, 3])
    n, m = len(p_edges) - 1, len(theta_edges) - 1
    row, column = _cell(momentum, p_edges), _cell(theta, theta_edges)
    inside = (row >= 0) & (row < n) & (column >= 0) & (column < m)
    yields, errors = {}, {}
    for number in species:
        chosen = inside & (found.pdgid == number)
        cell = row[chosen] * m + column[chosen]
        per_event, times = np.unique(np.column_stack([found.event[chosen], cell]), axis=0, return_counts=True)
        total = np.bincount(cell, minlength=n * m) / found.n_events
        square = np.bincount(per_event[:, 1], weights=times.astype(float) ** 2, minlength=n * m) / found.n_events
        yields[number] = total.reshape(n, m)
        errors[number] = np.sqrt(np.maximum(square - total**2, 0.0) / found.n_events).reshape(n, m)
    return BinnedYields(p_edges, theta_edges, yields, errors, found.provenance)


def _cell(values: Floats, edges: Floats) -> NDArray[np.int64]:
    """Return the cell of each value; -1 or the number of cells outside; the last edge belongs to the last cell."""
    cell = np.searchsorted(edges, values, side="right") - 1
    return np.asarray(np.where(values == edges[-1], len(edges) - 2, cell), dtype=np.int64)


@dataclass(frozen=True, eq=False)
class UrqmdSource:
    """Mesons of UrQMD in the rod of a beam line.

    Attributes
    ----------
    beamline : Beamline
        Gives the proton beam and the rod; a proton goes straight and interacts once at most.
    interactions : Interactions
        Of the beam's protons on the rod's nucleus (:func:`interact`).
    sigma_inel_cm2 : float
        Cross section per nucleus in cm^2 that says how often a proton interacts; required, the engine has none.

    Raises
    ------
    RangeError
        For a cross section outside (0, 1e-23] cm^2.
    """

    beamline: Beamline
    interactions: Interactions
    sigma_inel_cm2: float

    def __post_init__(self) -> None:
        """Refuse a cross section that is none."""
        require_range("sigma_inel", self.sigma_inel_cm2, 0.0, 1.0e-23, "cm^2", open_low=True)

    @property
    def species(self) -> tuple[int, ...]:
        """PDG numbers of the mesons found, in ascending order."""
        return tuple(sorted(set(MESONS) & {int(number) for number in np.unique(self.interactions.pdgid)}))

    @property
    def provenance(self) -> Provenance:
        """Engine, version, seed and the cross section."""
        origin = self.interactions.provenance
        factor = f"particles per interaction x P(interaction), sigma_inel = {self.sigma_inel_cm2:g} cm^2 from outside"
        return Provenance(origin.engine, origin.version, factor, origin.thresholds, origin.pot, origin.seed)

    def sample(self, points: Floats, species: int, grid: ImportanceGrid) -> Rays:
        """Return one meson a point at its vertex in the rod; the weights sum to the yield per POT.

        Parameters
        ----------
        points : (N, len(Axis)) float
            SPOT_X, SPOT_Y and DEPTH place the proton, MOMENTUM picks a meson of the list, PHI turns it about the
            proton.
        species : int
            PDG number, one of :attr:`species`.
        grid : ImportanceGrid
            Not used: the list says where the mesons are.

        Raises
        ------
        InputFileError
            When the interactions hold no meson of this species.
        """
        beam, rod = self.beamline.beam, self.beamline.target
        mean_path = float(interaction_length(self.sigma_inel_cm2, rod.number_density))
        vertex, proton, weight = proton_vertices(points, beam, rod, mean_path)
        drawn = draw_rows(self.interactions.mesons((species,)), points[:, Axis.MOMENTUM])
        direction = rotate(proton, np.cos(drawn.theta), 2.0 * np.pi * points[:, Axis.PHI])
        momentum = np.column_stack([drawn.energy, drawn.momentum[:, None] * direction])
        return Rays.make(species, vertex, momentum, drawn.weight * weight)
