"""Photons, electrons and positrons in a target: from neutral mesons or from a table, and what stops them.

First-generation particles only: a photon ends at its first interaction, and the shower that follows is not made. A
table from a shower simulation can add the later generations. Everything stays where it was born, because it ends
within centimetres.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from darkhorn.core.errors import InputFileError, RangeError, require_range, unknown_name
from darkhorn.core.points import Axis
from darkhorn.core.rays import Floats, Ints, Rays
from darkhorn.core.species import ELECTRON, ETA, PHOTON, PI0, mass
from darkhorn.core.units import AVOGADRO
from darkhorn.io.tables import as_numbers, read_columns
from darkhorn.physics.directed import aberrated_versine
from darkhorn.physics.fourvector import deflect

TWO_PHOTONS: Final[Mapping[int, float]] = {PI0: 0.98823, ETA: 0.3936}
"""Branching ratio to two photons. Source: PDG, listings of pi0 and eta."""

SHOWER: Final = (PHOTON, ELECTRON, -ELECTRON)
"""PDG numbers that a table of shower particles may hold."""


@dataclass(frozen=True)
class PhotonTarget:
    """The material in which photons and positrons end, one element.

    Attributes
    ----------
    name : str
        Symbol.
    protons, nucleons : int
        Z and A of the most abundant isotope.
    mass : float
        Nuclear mass in MeV.
    atomic_weight : float
        g/mol.
    radiation_length : float
        g/cm^2.
    energies, cross_sections_cm2 : (K,) float
        Total cross section of a photon on an atom (without coherent scattering) at increasing energies in MeV.

    Raises
    ------
    RangeError
        For numbers that describe no material.
    """

    name: str
    protons: int
    nucleons: int
    mass: float
    atomic_weight: float
    radiation_length: float
    energies: Floats
    cross_sections_cm2: Floats

    def __post_init__(self) -> None:
        """Refuse numbers that describe no material."""
        require_range("protons", self.protons, 1)
        require_range("nucleons", self.nucleons, self.protons)
        for key in ("mass", "atomic_weight", "radiation_length", "energies", "cross_sections_cm2"):
            require_range(f"{key} of {self.name}", getattr(self, key), 0.0, open_low=True)
        if self.energies.shape != self.cross_sections_cm2.shape or len(self.energies) < 2:
            raise RangeError(f"cross sections of {self.name}: one for each of at least two energies")
        if (np.diff(self.energies) <= 0.0).any():
            raise RangeError(f"energies of {self.name} in MeV: allowed: increasing")

    def total_cm2(self, energy: ArrayLike) -> Floats:
        """Return the total cross section of a photon on an atom, by log-log interpolation.

        Parameters
        ----------
        energy : (...) array_like
            MeV. Above the table its last value holds, which is the limit of complete screening.

        Returns
        -------
        (...) float
            cm^2.

        Raises
        ------
        RangeError
            For an energy below the table.
        """
        require_range(f"photon energy in {self.name}", energy, float(self.energies[0]), unit="MeV")
        log = np.interp(np.log(energy), np.log(self.energies), np.log(self.cross_sections_cm2))
        return np.asarray(np.exp(log))

    @property
    def atoms_per_radiation_length_cm2(self) -> float:
        """Atoms per cm^2 in one radiation length, X0 N_A/A."""
        return self.radiation_length * AVOGADRO / self.atomic_weight


def two_photons(mesons: Rays, points: Floats, centre: ArrayLike | None = None, half_angle: float = 0.05) -> Rays:
    """Return one photon a meson from its decay to two photons, with the exact kinematics.

    Parameters
    ----------
    mesons : Rays
        pi0 or eta at their decay points, (N,).
    points : (N, len(Axis)) float
        Points of the unit cube; PAIR_COS and PAIR_PHI are used.
    centre : (3,) array_like, optional
        A place in m towards which half of the photons go with a density 1/(1 - cos + 1 - cos(half_angle)) in the angle
        to it; the other half is isotropic in the meson's frame. The weights, at most twice the plain ones, keep every
        expectation exact.
    half_angle : float
        In rad, > 0: how sharply they are directed.

    Returns
    -------
    Rays
        N photons; ``parent`` is the row of the meson. Weights sum (on average) to 2 x branching ratio x mesons.

    Raises
    ------
    UnknownNameError
        For a meson without two photons in :data:`TWO_PHOTONS`.
    RangeError
        For a half angle out of range.
    """
    require_range("half_angle", half_angle, 0.0, np.pi, "rad", open_low=True)
    m, branching = _mesons(mesons.pdgid)
    gamma, beta = np.maximum(mesons.energy / m, 1.0), np.minimum(mesons.beta, 1.0)
    u, phi = points[:, Axis.PAIR_COS], 2.0 * np.pi * points[:, Axis.PAIR_PHI]
    if centre is None:
        versine = aberrated_versine(u, gamma, beta)
        direction, factor = deflect(mesons.direction, versine, phi), np.ones(len(u))
    else:
        axis = _towards(mesons, centre)
        width = 2.0 * np.sin(0.5 * half_angle) ** 2
        log = np.log1p(2.0 / width)
        free, second = u < 0.5, np.where(u < 0.5, 2.0 * u, 2.0 * u - 1.0)
        aimed = deflect(axis, np.minimum(width * np.expm1(log * second), 2.0), phi)
        isotropic = deflect(mesons.direction, aberrated_versine(second, gamma, beta), phi)
        direction = np.where(free[:, None], isotropic, aimed)
        versine = _versine(mesons.direction, direction)
        plain = 1.0 / (4.0 * np.pi * _doppler(versine, gamma, beta) ** 2)
        towards = 1.0 / (2.0 * np.pi * log * (_versine(axis, direction) + width))
        factor = 2.0 * plain / (plain + towards)
    energy = 0.5 * m / _doppler(versine, gamma, beta)
    p = energy[:, None] * np.column_stack([np.ones(len(energy)), direction])
    return Rays.make(PHOTON, mesons.x, p, 2.0 * branching * mesons.weight * factor, np.arange(len(mesons)))


def _towards(mesons: Rays, centre: ArrayLike) -> Floats:
    """Return unit vectors (N, 3) from the mesons to a place; +z for a meson that is there."""
    gap = np.asarray(centre, dtype=float) - mesons.x[:, 1:]
    distance = np.linalg.norm(gap, axis=1)[:, None]
    return np.where(distance > 0.0, gap / np.where(distance > 0.0, distance, 1.0), [0.0, 0.0, 1.0])


def _mesons(pdgid: Ints) -> tuple[Floats, Floats]:
    """Return masses in MeV and branching ratios to two photons, (N,)."""
    masses, ratios = np.zeros(len(pdgid)), np.zeros(len(pdgid))
    for species in np.unique(pdgid):
        if int(species) not in TWO_PHOTONS:
            raise unknown_name("meson that decays to two photons (PDG number)", str(species), map(str, TWO_PHOTONS))
        rows = pdgid == species
        masses[rows], ratios[rows] = mass(int(species)), TWO_PHOTONS[int(species)]
    return masses, ratios


def _versine(a: Floats, b: Floats) -> Floats:
    """Return 1 - cos of the angles between unit vectors (N, 3), precise for small ones."""
    gap = a - b
    return np.asarray(0.5 * np.einsum("ij,ij->i", gap, gap))


def _doppler(versine: Floats, gamma: Floats, beta: Floats) -> Floats:
    """Return gamma (1 - beta cos), the ratio of the energies in the meson's frame and in the laboratory."""
    return np.asarray(1.0 / (gamma * (1.0 + beta)) + gamma * beta * versine)


@dataclass(frozen=True)
class ShowerTable:
    """Photons, electrons and positrons of a shower from a table.

    Attributes
    ----------
    pdgid : (K,) int
        22, 11 or -11.
    energy, theta, weight : (K,) float
        Total energy in MeV, angle to the beam in rad, number per POT.

    Raises
    ------
    RangeError
        For numbers out of range.
    """

    pdgid: Ints
    energy: Floats
    theta: Floats
    weight: Floats

    def __post_init__(self) -> None:
        """Refuse impossible rows."""
        for species in np.unique(self.pdgid):
            if int(species) not in SHOWER:
                raise RangeError(f"pdgid = {species} in a table of shower particles; allowed: 22, 11, -11")
        require_range("energy", self.energy, 0.0, unit="MeV", open_low=True)
        require_range("energy of e+-", self.energy[self.pdgid != PHOTON], mass(ELECTRON), unit="MeV")
        require_range("theta", self.theta, 0.0, np.pi, "rad")
        require_range("weight", self.weight, 0.0, unit="per POT")

    def sample(self, points: Floats, species: int, position: ArrayLike = (0.0, 0.0, 0.0)) -> Rays:
        """Return one particle a point; the weights sum to the table's number of that species per POT.

        Parameters
        ----------
        points : (N, len(Axis)) float
            Points of the unit cube; MOMENTUM (the row) and PHI (the azimuth) are used.
        species : int
            22, 11 or -11.
        position : (3,) array_like
            Where they are, in m; their time is 0.

        Raises
        ------
        RangeError
            When the table has no such particle of positive weight.
        """
        rows = np.flatnonzero((self.pdgid == species) & (self.weight > 0.0))
        if rows.size == 0:
            raise RangeError(f"table of shower particles: no row of species {species} has a positive weight per POT")
        cumulative = np.cumsum(self.weight[rows])
        pick = rows[np.searchsorted(cumulative / cumulative[-1], points[:, Axis.MOMENTUM], side="right")]
        phi, theta, energy = 2.0 * np.pi * points[:, Axis.PHI], self.theta[pick], self.energy[pick]
        direction = np.column_stack([np.sin(theta) * np.cos(phi), np.sin(theta) * np.sin(phi), np.cos(theta)])
        m = mass(species)
        p = np.sqrt((energy - m) * (energy + m))
        place = np.concatenate([[0.0], np.asarray(position, dtype=float)])
        weight = cumulative[-1] / len(points)
        return Rays.make(species, place, np.column_stack([energy, p[:, None] * direction]), weight)


def read_shower(path: str | Path) -> ShowerTable:
    """Return the shower particles of a CSV file with the columns pdgid, energy, weight and, if it likes, theta.

    Parameters
    ----------
    path : str or Path
        MeV, number per POT, rad; without ``theta`` everything goes along the beam.

    Raises
    ------
    InputFileError
        When the file is missing, malformed or holds impossible values.
    """
    file = Path(path)
    cells = read_columns(file, ("pdgid", "energy", "weight"), ("theta",))
    numbers = {name: as_numbers(file, name, column) for name, column in cells.items()}
    pdgid = numbers["pdgid"].astype(np.int64)
    theta = numbers.get("theta", np.zeros(len(pdgid)))
    try:
        return ShowerTable(pdgid, numbers["energy"], theta, numbers["weight"])
    except RangeError as error:
        raise InputFileError(f"{file}: {error}") from error
