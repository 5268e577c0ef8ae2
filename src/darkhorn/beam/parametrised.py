"""Mesons of any parametrised cross section: pions, kaons, pi0, eta from protons in the target rod.

:data:`SHAPES` says which formula stands for which species, and what is approximate about it. A yield per
proton given as an input replaces the normalisation of the formula and keeps its shape.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from darkhorn.beam.beamline import Beamline
from darkhorn.beam.protons import Vertices
from darkhorn.beam.sanford_wang import production_vertices
from darkhorn.core.errors import RangeError, require_range, unknown_name
from darkhorn.core.importance import ImportanceGrid
from darkhorn.core.points import Axis
from darkhorn.core.rays import Floats, Rays
from darkhorn.core.species import ETA, K_LONG, K_MINUS, K_PLUS, K_SHORT, PI0, PI_MINUS, PI_PLUS, mass
from darkhorn.core.units import GEV
from darkhorn.physics.fourvector import rotate
from darkhorn.physics.passage import interaction_length, proton_production_cm2
from darkhorn.physics.production import (
    K0_SHORT_BE,
    PI_MINUS_BE,
    PI_PLUS_BE,
    SanfordWangConstants,
    feynman_scaling,
    k_minus,
    neutral_pion,
    sanford_wang,
)

_THETA_MAX: Final = np.pi / 2


@dataclass(frozen=True)
class Shape:
    """Cross section in cm^2/(MeV/c)/sr of (p, theta, p_beam); it ends ``p_end`` MeV/c below the proton's momentum."""

    density: Callable[[ArrayLike, ArrayLike, ArrayLike], Floats]
    p_end: float
    remark: str = ""


def sanford_wang_shape(constants: SanfordWangConstants, remark: str = "") -> Shape:
    """Return the Sanford-Wang shape with these constants."""

    def density(p: ArrayLike, theta: ArrayLike, p_beam: ArrayLike) -> Floats:
        return sanford_wang(p, theta, p_beam, constants)

    return Shape(density, constants.c9 * GEV, remark)


_K_PLUS_END: Final = 1.6 * GEV
"""K+ of the exclusive reaction stay further below the proton than this: 1.69 GeV/c at 8.89 GeV/c."""

SHAPES: Final = {
    PI_PLUS: sanford_wang_shape(PI_PLUS_BE),
    PI_MINUS: sanford_wang_shape(PI_MINUS_BE),
    PI0: Shape(neutral_pion, PI_PLUS_BE.c9 * GEV, "mean of pi+ and pi-"),
    K_PLUS: Shape(feynman_scaling, _K_PLUS_END),
    K_MINUS: Shape(k_minus, _K_PLUS_END, "0.046 of K+: an estimate, K- is softer"),
    K_LONG: sanford_wang_shape(K0_SHORT_BE, "fit of K0S, for K0S and K0L each"),
    K_SHORT: sanford_wang_shape(K0_SHORT_BE, "fit of K0S, for K0S and K0L each"),
    ETA: sanford_wang_shape(K0_SHORT_BE, "shape of K0: give the yield per proton"),
}
"""Which formula stands for which species."""


@dataclass(frozen=True)
class ParametrisedSource:
    """Mesons from the rod of a beam line.

    Attributes
    ----------
    beamline : Beamline
        Gives the proton beam and the rod.
    shapes : mapping of PDG number to Shape
        What each species is made with.
    per_pot : mapping of PDG number to float
        Yields per proton on target that replace the normalisation of the formula; eta needs one.
    normalise_cm2 : callable (p, material) -> cm^2
        Cross section by which a multiplicity is defined: production by default.
    vertices : callable, optional
        Where protons interact; by default :func:`darkhorn.beam.sanford_wang.production_vertices`.
    """

    beamline: Beamline
    shapes: dict[int, Shape] = field(default_factory=lambda: dict(SHAPES))
    per_pot: dict[int, float] = field(default_factory=dict)
    normalise_cm2: Callable[[ArrayLike, str], Floats] = proton_production_cm2
    vertices: Vertices | None = None

    @property
    def species(self) -> tuple[int, ...]:
        """PDG numbers that the source makes."""
        return tuple(self.shapes)

    def sample(self, points: Floats, species: int, grid: ImportanceGrid) -> Rays:
        """Return one meson a point at production; the weights sum to the yield per POT.

        Parameters
        ----------
        points : (N, len(Axis)) float
            Points of the unit cube.
        species : int
            PDG number, one of :attr:`species`.
        grid : ImportanceGrid
            Density in (p/p_end, sqrt(theta/(pi/2))).

        Returns
        -------
        Rays
            N mesons at production.

        Raises
        ------
        UnknownNameError
            For a species without a shape.
        RangeError
            For eta without a yield, or a yield that is negative.
        """
        shape, given = self._shape(species), self._given(species)
        vertex, proton, p_beam, weight = (self.vertices or self._default())(points)
        a, b, jacobian = grid.map(points[:, Axis.MOMENTUM], points[:, Axis.THETA])
        p_max = p_beam - shape.p_end
        p, theta = p_max * a, _THETA_MAX * b**2
        measure = p_max * 2.0 * b * _THETA_MAX * np.sin(theta) * 2.0 * np.pi * jacobian
        if given is None:
            number = weight / self.normalise_cm2(p_beam, self.beamline.target.material)
        else:
            number = given * weight / (weight.mean() * integrated_cm2(shape, self.beamline.beam.momentum))
        number *= shape.density(p, theta, p_beam) * measure
        direction = rotate(proton, np.cos(theta), 2.0 * np.pi * points[:, Axis.PHI])
        momentum = np.column_stack([np.hypot(p, mass(species)), p[:, None] * direction])
        return Rays.make(species, vertex, momentum, number / len(points))

    def interactions(self, points: Floats) -> float:
        """Return the production interactions per POT in the rod, averaged over points (N, len(Axis))."""
        *_, weight = (self.vertices or self._default())(points)
        return float(weight.mean())

    def yield_per_pot(self, species: int) -> float:
        """Return the mesons per POT for a narrow beam on the axis, P(interact) x multiplicity, by quadrature.

        The yield given as an input, where there is one. Errors as :meth:`sample`.
        """
        shape, given = self._shape(species), self._given(species)
        if given is not None:
            return given
        rod, p_beam = self.beamline.target, self.beamline.beam.momentum
        sigma = float(self.normalise_cm2(p_beam, rod.material))
        depth = (rod.z_end - rod.z_start) / float(interaction_length(sigma, rod.number_density))
        return integrated_cm2(shape, p_beam) / sigma * float(-np.expm1(-depth))

    def _shape(self, species: int) -> Shape:
        """Return the shape of a species, or say which are known."""
        if species not in self.shapes:
            raise unknown_name("species of the parametrised source", str(species), map(str, self.shapes))
        return self.shapes[species]

    def _given(self, species: int) -> float | None:
        """Return the yield per proton that the user gave, or None; eta needs one."""
        if species not in self.per_pot:
            if species == ETA:
                raise RangeError(
                    "per_pot of eta is not given, and its shape has no normalisation; allowed: >= 0 per POT"
                )
            return None
        require_range(f"per_pot of {species}", self.per_pot[species], 0.0, unit="per POT")
        return self.per_pot[species]

    def _default(self) -> Vertices:
        """Return the protons of the beam line."""
        return production_vertices(self.beamline, self.normalise_cm2)


def integrated_cm2(shape: Shape, p_beam: float, theta_max: float = _THETA_MAX) -> float:
    """Return the cross section in cm^2 below an angle in rad, by a Gauss rule of 128 by 128 nodes."""
    nodes, weights = np.polynomial.legendre.leggauss(128)
    p, theta = 0.5 * (nodes + 1.0) * (p_beam - shape.p_end), 0.5 * (nodes + 1.0) * theta_max
    density = shape.density(p[:, None], theta[None, :], p_beam) * 2.0 * np.pi * np.sin(theta)
    return float(weights @ density @ weights) * (p_beam - shape.p_end) * theta_max / 4.0
