"""Where a ray meets a detector: sphere, box and cylinder, with exact chord lengths.

A shape answers ``chord(origin, direction) -> (entry, length)``: the distance from the origin of each ray to the
first point inside the shape, and the path inside, both in m. A ray starts at its origin: what lies behind does not
count, a start inside has entry 0, a miss has entry and length exactly 0. Any object with these three members is a
detector volume.
"""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike

from darkhorn.core.errors import RangeError, require_range
from darkhorn.core.rays import Bools, Floats

Vector = tuple[float, float, float]
Matrix = tuple[Vector, Vector, Vector]

IDENTITY: Matrix = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))


@runtime_checkable
class Shape(Protocol):
    """What the chain asks of a detector volume."""

    def chord(self, origin: ArrayLike, direction: ArrayLike) -> tuple[Floats, Floats]:
        """Return entry distance and path length in m, both (N,), for rays (N, 3) with unit directions."""

    def bounding_sphere(self) -> tuple[Vector, float]:
        """Return centre (m) and radius (m) of a sphere that holds the volume."""

    @property
    def volume(self) -> float:
        """Volume in m^3."""


def _rays(origin: ArrayLike, direction: ArrayLike, center: Vector) -> tuple[Floats, Floats]:
    """Return origins relative to the centre and unit directions, both (N, 3); refuse other directions."""
    relative = np.atleast_2d(np.asarray(origin, dtype=float)) - np.asarray(center)
    unit = np.atleast_2d(np.asarray(direction, dtype=float))
    require_range("length of the direction vectors", np.sqrt(np.einsum("ij,ij->i", unit, unit)), 1 - 1e-6, 1 + 1e-6)
    relative, unit = np.broadcast_arrays(relative, unit)
    return relative, unit


def _clip(enter: Floats, leave: Floats) -> tuple[Floats, Floats]:
    """Return entry and length of the part of [enter, leave] in front of the origin; zeros where nothing is left."""
    entry = np.maximum(enter, 0.0)
    hit = leave > entry
    return np.where(hit, entry, 0.0), np.where(hit, leave - np.where(hit, entry, 0.0), 0.0)


def _interval(middle: Floats, half_sq: Floats, miss: Bools) -> tuple[Floats, Floats]:
    """Return middle -+ sqrt(half_sq), or an empty interval for a miss."""
    half = np.sqrt(np.maximum(half_sq, 0.0))
    return np.where(miss, np.inf, middle - half), np.where(miss, -np.inf, middle + half)


def _slab(position: Floats, slope: Floats, half: float) -> tuple[Floats, Floats]:
    """Return where a coordinate that runs as position + slope t lies within [-half, half]."""
    parallel = np.abs(slope) < 1e-200
    safe = np.where(parallel, 1.0, slope)
    first, second = (-half - position) / safe, (half - position) / safe
    inside = np.where(np.abs(position) < half, np.inf, -np.inf)
    enter = np.where(parallel, -inside, np.minimum(first, second))
    return enter, np.where(parallel, inside, np.maximum(first, second))


@dataclass(frozen=True)
class Sphere:
    """A ball.

    Attributes
    ----------
    center : tuple of 3 float
        Centre in m.
    radius : float
        Radius in m, > 0.

    Raises
    ------
    RangeError
        From the constructor, for a non-finite centre or a radius that is not positive.
    """

    center: Vector
    radius: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "center", _vector("center", self.center))
        require_range("radius", self.radius, 0.0, unit="m", open_low=True)

    def chord(self, origin: ArrayLike, direction: ArrayLike) -> tuple[Floats, Floats]:
        """Return entry distance and path length in m, both (N,).

        Parameters
        ----------
        origin, direction : (N, 3) array_like
            Starting points in m and unit vectors.

        Raises
        ------
        RangeError
            For directions that are not unit vectors.
        """
        start, unit = _rays(origin, direction, self.center)
        middle = -np.einsum("ij,ij->i", start, unit)
        nearest = start + middle[:, None] * unit
        half_sq = self.radius**2 - np.einsum("ij,ij->i", nearest, nearest)
        return _clip(*_interval(middle, half_sq, half_sq <= 0.0))

    def bounding_sphere(self) -> tuple[Vector, float]:
        """Return the sphere itself: centre and radius in m."""
        return self.center, self.radius

    @property
    def volume(self) -> float:
        """Volume in m^3."""
        return 4.0 / 3.0 * float(np.pi) * self.radius**3


@dataclass(frozen=True)
class Box:
    """A rectangular box, rotated if need be.

    Attributes
    ----------
    center : tuple of 3 float
        Centre in m.
    size : tuple of 3 float
        Full edge lengths in m along the box's own axes, > 0.
    rotation : 3 x 3 tuple of float
        Orthonormal, determinant +1; the columns are the box's axes in the laboratory: x_lab = center + rotation x_box.

    Raises
    ------
    RangeError
        From the constructor, for a non-finite centre, an edge that is not positive or a matrix that is no rotation.
    """

    center: Vector
    size: Vector
    rotation: Matrix = IDENTITY

    def __post_init__(self) -> None:
        object.__setattr__(self, "center", _vector("center", self.center))
        object.__setattr__(self, "size", _vector("size", self.size))
        require_range("size", self.size, 0.0, unit="m", open_low=True)
        object.__setattr__(self, "rotation", _rotation(self.rotation))

    def chord(self, origin: ArrayLike, direction: ArrayLike) -> tuple[Floats, Floats]:
        """Return entry distance and path length in m, both (N,).

        Parameters
        ----------
        origin, direction : (N, 3) array_like
            Starting points in m and unit vectors.

        Raises
        ------
        RangeError
            For directions that are not unit vectors.
        """
        start, unit = _rays(origin, direction, self.center)
        matrix = np.asarray(self.rotation)
        local, slope = start @ matrix, unit @ matrix
        enter, leave = _slab(local[:, 0], slope[:, 0], 0.5 * self.size[0])
        for axis in (1, 2):
            first, last = _slab(local[:, axis], slope[:, axis], 0.5 * self.size[axis])
            enter, leave = np.maximum(enter, first), np.minimum(leave, last)
        return _clip(enter, leave)

    def bounding_sphere(self) -> tuple[Vector, float]:
        """Return the centre (m) and half the diagonal (m)."""
        return self.center, 0.5 * float(np.linalg.norm(self.size))

    @property
    def volume(self) -> float:
        """Volume in m^3."""
        return self.size[0] * self.size[1] * self.size[2]


@dataclass(frozen=True)
class Cylinder:
    """A solid circular cylinder with flat ends.

    Attributes
    ----------
    center : tuple of 3 float
        Centre in m, half way along the axis.
    radius, length : float
        In m, > 0.
    axis : tuple of 3 float
        Direction of the axis, any length > 0 (stored as a unit vector); vertical (+y) by default.

    Raises
    ------
    RangeError
        From the constructor, for a non-finite centre, a size that is not positive or an axis of no length.
    """

    center: Vector
    radius: float
    length: float
    axis: Vector = (0.0, 1.0, 0.0)

    def __post_init__(self) -> None:
        object.__setattr__(self, "center", _vector("center", self.center))
        require_range("radius", self.radius, 0.0, unit="m", open_low=True)
        require_range("length", self.length, 0.0, unit="m", open_low=True)
        axis = np.asarray(_vector("axis", self.axis))
        norm = float(np.linalg.norm(axis))
        require_range("length of the axis vector", norm, 0.0, open_low=True)
        object.__setattr__(self, "axis", _vector("axis", axis / norm))

    def chord(self, origin: ArrayLike, direction: ArrayLike) -> tuple[Floats, Floats]:
        """Return entry distance and path length in m, both (N,).

        Parameters
        ----------
        origin, direction : (N, 3) array_like
            Starting points in m and unit vectors.

        Raises
        ------
        RangeError
            For directions that are not unit vectors.
        """
        start, unit = _rays(origin, direction, self.center)
        axis = np.asarray(self.axis)
        height, slope = start @ axis, unit @ axis
        across, sideways = start - height[:, None] * axis, unit - slope[:, None] * axis
        speed_sq = np.einsum("ij,ij->i", sideways, sideways)
        parallel = speed_sq < 1e-30
        safe = np.where(parallel, 1.0, speed_sq)
        middle = np.where(parallel, 0.0, -np.einsum("ij,ij->i", across, sideways) / safe)
        nearest = across + middle[:, None] * sideways
        half_sq = self.radius**2 - np.einsum("ij,ij->i", nearest, nearest)
        half_sq = np.where(parallel & (half_sq > 0.0), np.inf, half_sq / safe)
        enter, leave = _interval(middle, half_sq, half_sq <= 0.0)
        first, last = _slab(height, slope, 0.5 * self.length)
        return _clip(np.maximum(enter, first), np.minimum(leave, last))

    def bounding_sphere(self) -> tuple[Vector, float]:
        """Return the centre (m) and the distance (m) from it to the rims."""
        return self.center, float(np.hypot(self.radius, 0.5 * self.length))

    @property
    def volume(self) -> float:
        """Volume in m^3."""
        return float(np.pi) * self.radius**2 * self.length


def _vector(key: str, value: ArrayLike) -> Vector:
    """Return three finite floats or raise :class:`RangeError` with the key."""
    array = np.asarray(value, dtype=float)
    if array.shape != (3,):
        raise RangeError(f"{key} has shape {array.shape}; allowed: three numbers")
    require_range(key, array)
    return float(array[0]), float(array[1]), float(array[2])


def _rotation(value: ArrayLike) -> Matrix:
    """Return a rotation matrix or raise :class:`RangeError`."""
    matrix = np.asarray(value, dtype=float)
    if matrix.shape != (3, 3):
        raise RangeError(f"rotation has shape {matrix.shape}; allowed: (3, 3)")
    defect = float(np.abs(matrix @ matrix.T - np.eye(3)).max())
    require_range("departure of rotation from orthonormality", defect, 0.0, 1e-9)
    require_range("determinant of rotation", float(np.linalg.det(matrix)), 0.0, open_low=True)
    return _vector("rotation", matrix[0]), _vector("rotation", matrix[1]), _vector("rotation", matrix[2])
