"""Protons of 800 MeV on a thick target: pions that stop and decay, muons from them, and pi0 that decay at once.

Yields per proton are inputs: no formula of this program predicts them for a thick target. pi- are captured by nuclei
and make no neutrinos here; pions that decay in flight, about a per cent, are left out.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from darkhorn.core.errors import require_range, unknown_name
from darkhorn.core.importance import ImportanceGrid
from darkhorn.core.points import Axis
from darkhorn.core.rays import Floats, Rays
from darkhorn.core.species import MUON, PI0, PI_PLUS, lifetime, mass
from darkhorn.physics.burman_smith import burman_smith

MU_PLUS: Final = -MUON
STOPPED: Final = (PI_PLUS, MU_PLUS)
"""Species that decay at rest."""
ORIGIN: Final = (0.0, 0.0, 0.0)


@dataclass(frozen=True)
class StoppedBeam:
    """Numbers of a source of stopped mesons, from a data file (``experiments/lujan.toml``).

    Attributes
    ----------
    kinetic_energy : float
        Of the protons in MeV.
    z : int
        Charge of the target nucleus.
    per_second : float
        Protons on target per second.
    pi_plus, pi_minus, pi_zero : float
        Mesons per proton: pi+ that stop, pi- that are captured, pi0.
    flags : tuple of str
        Numbers that are not simply read in their source.
    """

    kinetic_energy: float
    z: int
    per_second: float
    pi_plus: float
    pi_minus: float
    pi_zero: float
    flags: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse numbers that describe no beam."""
        require_range("kinetic_energy", self.kinetic_energy, 500.0, 1000.0, "MeV")
        for key in ("per_second", "pi_plus", "pi_minus", "pi_zero"):
            require_range(key, getattr(self, key), 0.0)


@dataclass(frozen=True)
class StoppedParents:
    """pi+ or mu+ at rest in the target, each with the time of its decay.

    Attributes
    ----------
    beam : StoppedBeam
        Gives the yield: every stopped pi+ makes one mu+, which stops within a millimetre.
    species : int
        One of :data:`STOPPED`.
    position : tuple of float
        Where they stop, m.

    Raises
    ------
    UnknownNameError
        For another species; pi- are captured.
    """

    beam: StoppedBeam
    species: int
    position: tuple[float, float, float] = ORIGIN

    def __post_init__(self) -> None:
        """Refuse a species that does not decay at rest."""
        if self.species not in STOPPED:
            raise unknown_name("species that decays at rest", str(self.species), map(str, STOPPED))

    def sample(self, points: Floats, threads: int = 1) -> Rays:
        """Return one decay a point; weights sum to the stopped pi+ per POT.

        Times in ns after the proton: exponential with the lifetime of pi+ (coordinate DECAY), for mu+ with that of the
        muon (coordinate DEPTH) added.
        """
        time = -lifetime(PI_PLUS) * np.log1p(-points[:, Axis.DECAY])
        if self.species == MU_PLUS:
            time = time - lifetime(MUON) * np.log1p(-points[:, Axis.DEPTH])
        x = np.column_stack([time, np.tile(self.position, (len(points), 1))])
        p = np.tile([mass(abs(self.species)), 0.0, 0.0, 0.0], (len(points), 1))
        return Rays.make(self.species, x, p, self.beam.pi_plus / len(points), np.arange(len(points)))


@dataclass(frozen=True)
class PromptPi0:
    """pi0 that decay where they are made, with the momenta and angles of the Burman-Smith form of pi+.

    Attributes
    ----------
    beam : StoppedBeam
        Gives the yield, the proton energy and the nucleus.
    grid : ImportanceGrid
        Density in (T/T_max, theta/pi), T_max being the highest kinetic energy of one pion.
    position : tuple of float
        Where they are made, m.
    """

    beam: StoppedBeam
    grid: ImportanceGrid
    position: tuple[float, float, float] = ORIGIN

    @property
    def species(self) -> int:
        """PDG number of pi0."""
        return PI0

    def sample(self, points: Floats, threads: int = 1) -> Rays:
        """Return one pi0 a point; weights sum to the pi0 per POT.

        Notes
        -----
        The form was fitted to thin targets and to pi+: neither the thick target nor the neutral charge changes it here.
        """
        a, b, jacobian = self.grid.map(points[:, Axis.MOMENTUM], points[:, Axis.THETA])
        top = self.beam.kinetic_energy - mass(PI0)
        kinetic, theta = top * a, np.pi * b
        shape = burman_smith(kinetic, theta, self.beam.kinetic_energy, self.beam.z)
        weight = shape * np.sin(theta) * jacobian / _integral(self.beam) * top * np.pi * 2.0 * np.pi
        energy = kinetic + mass(PI0)
        momentum = np.sqrt(kinetic * (kinetic + 2.0 * mass(PI0)))
        phi = 2.0 * np.pi * points[:, Axis.PHI]
        across = momentum * np.sin(theta)
        p = np.column_stack([energy, across * np.cos(phi), across * np.sin(phi), momentum * np.cos(theta)])
        x = np.concatenate([[0.0], self.position])
        return Rays.make(PI0, x, p, self.beam.pi_zero * weight / len(points), np.arange(len(points)))


def _integral(beam: StoppedBeam) -> float:
    """Return the integral of the form over energy and solid angle in cm^2, by a Gauss rule."""
    nodes, weights = np.polynomial.legendre.leggauss(256)
    top = beam.kinetic_energy - mass(PI0)
    kinetic, theta = 0.5 * (nodes + 1.0) * top, 0.5 * (nodes + 1.0) * np.pi
    density = burman_smith(kinetic[:, None], theta[None, :], beam.kinetic_energy, beam.z) * np.sin(theta)
    return float(weights @ density @ weights) * top * np.pi**2 / 2.0
