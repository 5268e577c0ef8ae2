"""Pions from protons in the target rod, by the Sanford-Wang parametrisation.

Protons start with the measured spot and divergence and make mesons along the rod
while the proton beam is attenuated, straight or with their loss and scattering
followed (``protons.py``). Per POT and unit depth the yield is
n sigma_SW exp(-n sigma_normalise d), d being the depth in the rod: the multiplicity
sigma_SW/sigma_normalise times the interaction density.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from darkhorn.beam.beamline import Beamline, ProtonBeam, TargetRod
from darkhorn.beam.protons import Vertices, protons
from darkhorn.beam.switches import Physics
from darkhorn.core.errors import RangeError, unknown_name
from darkhorn.core.importance import ImportanceGrid
from darkhorn.core.points import Axis
from darkhorn.core.rays import Floats, Rays
from darkhorn.core.species import PI_MINUS, PI_PLUS, PROTON, mass
from darkhorn.core.units import CM2_IN_M2, GEV, C
from darkhorn.physics.fourvector import rotate
from darkhorn.physics.passage import interaction_length, proton_production_cm2, truncated_exponential
from darkhorn.physics.production import PI_MINUS_BE, PI_PLUS_BE, SanfordWangConstants, sanford_wang

PIONS: Final = {PI_PLUS: PI_PLUS_BE, PI_MINUS: PI_MINUS_BE}
"""Constants used unless a caller names others."""

_THETA_MAX: Final = np.pi / 2


@dataclass(frozen=True)
class SanfordWangSource:
    """Charged pions from the rod of a beam line.

    Attributes
    ----------
    beamline : Beamline
        Gives the proton beam and the rod.
    constants : mapping of PDG number to SanfordWangConstants
        The parametrisation of each species.
    normalise_cm2 : callable (p, material) -> cm^2
        Cross section by which a multiplicity is defined and with which the protons
        are attenuated: production (inelastic minus quasi-elastic) by default, since
        a quasi-elastic proton goes on. ``proton_inelastic_cm2`` is the other choice in use; it lowers the yield
        by 11 %.
    physics : Physics
        What protons do; see :func:`production_vertices`.
    """

    beamline: Beamline
    constants: dict[int, SanfordWangConstants] = field(default_factory=lambda: dict(PIONS))
    normalise_cm2: Callable[[ArrayLike, str], Floats] = proton_production_cm2
    physics: Physics = field(default_factory=Physics)

    @property
    def species(self) -> tuple[int, ...]:
        """PDG numbers that the source makes."""
        return tuple(self.constants)

    def sample(self, points: Floats, species: int, grid: ImportanceGrid) -> Rays:
        """Return one pion a point at production; the weights sum to the yield per POT.

        Parameters
        ----------
        points : (N, len(Axis)) float
            Points of the unit cube.
        species : int
            PDG number, one of :attr:`species`.
        grid : ImportanceGrid
            Density in (p/p_max, sqrt(theta/(pi/2))).

        Returns
        -------
        Rays
            N pions; position in m, time 0 when the proton passes the upstream face of the rod.

        Raises
        ------
        UnknownNameError
            For a species without constants.
        """
        if species not in self.constants:
            raise unknown_name("species of the Sanford-Wang source", str(species), map(str, self.constants))
        constants = self.constants[species]
        vertices = production_vertices(self.beamline, self.normalise_cm2, self.physics)
        vertex, proton, p_beam, weight_depth = vertices(points)
        p_max = p_beam - constants.c9 * GEV
        a, b, jacobian = grid.map(points[:, Axis.MOMENTUM], points[:, Axis.THETA])
        p, theta = p_max * a, _THETA_MAX * b**2
        sigma = sanford_wang(p, theta, p_beam, constants)
        measure = p_max * 2.0 * b * _THETA_MAX * np.sin(theta) * 2.0 * np.pi * jacobian
        multiplicity = sigma * measure / self.normalise_cm2(p_beam, self.beamline.target.material)
        direction = rotate(proton, np.cos(theta), 2.0 * np.pi * points[:, Axis.PHI])
        energy = np.hypot(p, mass(species))
        momentum = np.column_stack([energy, p[:, None] * direction])
        return Rays.make(species, vertex, momentum, weight_depth * multiplicity / len(points))


def production_vertices(
    beamline: Beamline,
    normalise_cm2: Callable[[ArrayLike, str], Floats] = proton_production_cm2,
    physics: Physics | None = None,
) -> Vertices:
    """Return what turns points of the unit cube into proton interactions.

    Protons are followed where the beam line describes its materials; otherwise, with ``physics.protons`` =
    ``straight``, or attenuated by another cross section than that of production, they go straight.

    Parameters
    ----------
    beamline : Beamline
        Proton beam and target.
    normalise_cm2 : callable (p, material) -> cm^2
        Cross section that attenuates straight protons.
    physics : Physics, optional
        What is switched on; by default everything.

    Returns
    -------
    callable
        Points (N, len(Axis)) -> vertex (N, 4) in ns and m, direction (N, 3), momentum (N,) in MeV/c, and interactions
        per POT (N,).
    """
    physics = physics or Physics()
    if beamline.materials and physics.protons == "follow" and normalise_cm2 is proton_production_cm2:
        return protons(beamline, physics)
    beam, rod = beamline.beam, beamline.target
    mean_path = float(interaction_length(normalise_cm2(beam.momentum, rod.material), rod.number_density))

    def straight(points: Floats) -> tuple[Floats, Floats, Floats, Floats]:
        vertex, direction, weight = proton_vertices(points, beam, rod, mean_path)
        return vertex, direction, np.full(len(points), beam.momentum), weight

    return straight


def proton_vertices(
    points: Floats, beam: ProtonBeam, rod: TargetRod, mean_path: float
) -> tuple[Floats, Floats, Floats]:
    """Return where protons make mesons, their direction there, and the interactions per POT.

    Parameters
    ----------
    points : (N, len(Axis)) float
        Points of the unit cube.
    beam, rod
        Spot and target; a proton is straight and interacts only inside the rod.
    mean_path : float
        Mean free path in the rod in m.

    Returns
    -------
    vertex : (N, 4) float
        t, x, y, z in ns and m.
    direction : (N, 3) float
        Unit vectors of the protons.
    weight : (N,) float
        Probability that this proton interacts in the rod.

    Raises
    ------
    RangeError
        For a correlation other than -1 or 1: position and angle in a plane share one coordinate of the point.
    """
    from scipy.special import ndtri

    if abs(beam.correlation) != 1.0:
        raise RangeError(f"correlation of the proton spot = {beam.correlation:g}; allowed: -1 or 1")
    gx, gy = ndtri(points[:, Axis.SPOT_X]), ndtri(points[:, Axis.SPOT_Y])
    position = np.column_stack([beam.sigma_x * gx, beam.sigma_y * gy])
    slope = beam.correlation * np.column_stack([beam.sigma_xp * gx, beam.sigma_yp * gy])
    per_z = np.sqrt(1.0 + np.einsum("ij,ij->i", slope, slope))
    enter, leave = _inside_rod(position, slope, beam.z_start, rod)
    path, weight = truncated_exponential(points[:, Axis.DEPTH], (leave - enter) * per_z, mean_path)
    z = enter + path / per_z
    xy = position + slope * (z - beam.z_start)[:, None]
    speed = C * beam.momentum / np.hypot(beam.momentum, mass(PROTON))
    time = (z - rod.z_start) * per_z / speed
    direction = np.column_stack([slope, np.ones(len(z))]) / per_z[:, None]
    return np.column_stack([time, xy, z]), direction, weight


def _inside_rod(position: Floats, slope: Floats, z_start: float, rod: TargetRod) -> tuple[Floats, Floats]:
    """Return the z interval of each straight proton inside the rod; an empty one where it misses."""
    x0 = position + slope * (rod.z_start - z_start)
    a = np.einsum("ij,ij->i", slope, slope)
    b = np.einsum("ij,ij->i", x0, slope)
    c = np.einsum("ij,ij->i", x0, x0) - rod.radius**2
    root_sq = b * b - a * c
    root = np.sqrt(np.maximum(root_sq, 0.0))
    moving = a > 0
    safe = np.where(moving, a, 1.0)
    length = rod.z_end - rod.z_start
    low = np.where(moving, np.clip((-b - root) / safe, 0.0, length), 0.0)
    high = np.where(moving, np.clip((-b + root) / safe, 0.0, length), length)
    hits = np.where(moving, root_sq > 0, c < 0)
    low, high = np.where(hits, low, 0.0), np.where(hits, np.maximum(high, low), 0.0)
    return rod.z_start + low, rod.z_start + high


def yield_per_pot(source: SanfordWangSource, species: int) -> float:
    """Return the mesons per POT for a narrow beam on the axis, P(interact) x multiplicity, by quadrature.

    An independent value for the sum of weights of :meth:`SanfordWangSource.sample`.
    """
    beam, rod, constants = source.beamline.beam, source.beamline.target, source.constants[species]
    sigma = float(source.normalise_cm2(beam.momentum, rod.material))
    nodes, weights = np.polynomial.legendre.leggauss(128)
    p_max = beam.momentum - constants.c9 * GEV
    p, theta = 0.5 * (nodes + 1.0) * p_max, 0.5 * (nodes + 1.0) * _THETA_MAX
    density = sanford_wang(p[:, None], theta[None, :], beam.momentum, constants) * 2.0 * np.pi * np.sin(theta)
    integral = float(weights @ density @ weights) * p_max * _THETA_MAX / 4.0
    depth = rod.number_density * sigma * CM2_IN_M2 * (rod.z_end - rod.z_start)
    return integral / sigma * float(-np.expm1(-depth))
