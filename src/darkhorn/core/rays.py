"""Rays: the frozen batch of weighted particles that flows through every stage of the chain."""

from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from darkhorn.core.errors import InputFileError, RangeError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Rays:
    """A batch of N weighted particles.

    Attributes
    ----------
    pdgid : (N,) int
        PDG number of each particle.
    x : (N, 4) float
        Position t, x, y, z in ns, m, m, m.
    p : (N, 4) float
        Momentum E, px, py, pz in MeV.
    weight : (N,) float
        Expected number per proton on target; the sum is the yield.
    parent : (N,) int
        Row of the parent in the previous stage, or -1.
    """

    pdgid: Ints
    x: Floats
    p: Floats
    weight: Floats
    parent: Ints

    def __post_init__(self) -> None:
        """Check shapes once, so that no later stage has to."""
        n = len(self.weight)
        shapes = (self.pdgid.shape, self.x.shape, self.p.shape, self.weight.shape, self.parent.shape)
        if shapes != ((n,), (n, 4), (n, 4), (n,), (n,)):
            raise RangeError(f"Rays: array shapes {shapes} do not describe one batch of {n} particles")

    @classmethod
    def make(cls, pdgid: Any, x: Any, p: Any, weight: Any, parent: Any = -1) -> Self:
        """Build rays from anything that broadcasts to the shapes of the class."""
        p = np.asarray(p, dtype=float)
        n = len(p)
        return cls(
            np.broadcast_to(np.asarray(pdgid, dtype=np.int64), (n,)).copy(),
            np.broadcast_to(np.asarray(x, dtype=float), (n, 4)).copy(),
            p,
            np.broadcast_to(np.asarray(weight, dtype=float), (n,)).copy(),
            np.broadcast_to(np.asarray(parent, dtype=np.int64), (n,)).copy(),
        )

    @classmethod
    def concatenate(cls, batches: list["Rays"]) -> "Rays":
        """Join batches in the order given."""
        if not batches:
            return cls.make(0, np.zeros((0, 4)), np.zeros((0, 4)), 0.0)
        if len(batches) == 1:
            return batches[0]
        return cls(
            np.concatenate([b.pdgid for b in batches]),
            np.concatenate([b.x for b in batches]),
            np.concatenate([b.p for b in batches]),
            np.concatenate([b.weight for b in batches]),
            np.concatenate([b.parent for b in batches]),
        )

    def __len__(self) -> int:
        return len(self.weight)

    def __getitem__(self, rows: Any) -> "Rays":
        def of(column: Any) -> Any:
            return np.take(column, rows, axis=0) if numbers else column[rows]  # the former several times faster

        numbers = isinstance(rows, np.ndarray) and rows.dtype.kind == "i"
        return Rays(of(self.pdgid), of(self.x), of(self.p), of(self.weight), of(self.parent))

    def with_weight(self, weight: Floats) -> "Rays":
        """Return the same rays with other weights, shape (N,), per POT."""
        return replace(self, weight=np.asarray(weight, dtype=float))

    @property
    def energy(self) -> Floats:
        """Total energy in MeV, shape (N,)."""
        energy: Floats = self.p[:, 0]
        return energy

    @property
    def momentum(self) -> Floats:
        """Magnitude of the three-momentum in MeV, shape (N,)."""
        momentum: Floats = np.sqrt(np.einsum("ij,ij->i", self.p[:, 1:], self.p[:, 1:]))
        return momentum

    @property
    def mass(self) -> Floats:
        """Invariant mass in MeV, shape (N,); 0 where rounding makes the square negative."""
        return np.sqrt(np.maximum(self.energy**2 - self.momentum**2, 0.0))

    @property
    def direction(self) -> Floats:
        """Unit vectors, shape (N, 3); +z for a particle at rest."""
        momentum = self.momentum
        at_rest = ~(momentum > 0.0)
        direction: Floats = self.p[:, 1:] / np.where(at_rest, 1.0, momentum)[:, None]
        direction[at_rest] = 0.0, 0.0, 1.0
        return direction

    @property
    def beta(self) -> Floats:
        """Speed in units of c, shape (N,)."""
        beta: Floats = self.momentum / self.energy
        return beta

    @property
    def gamma(self) -> Floats:
        """Lorentz factor, shape (N,); ``inf`` for a massless particle."""
        with np.errstate(divide="ignore"):
            gamma: Floats = self.energy / self.mass
        return gamma

    @property
    def theta(self) -> Floats:
        """Angle to the +z axis in rad, shape (N,)."""
        return np.arctan2(np.hypot(self.p[:, 1], self.p[:, 2]), self.p[:, 3])

    @property
    def yield_(self) -> float:
        """Sum of weights: expected particles per POT."""
        return float(self.weight.sum())

    @property
    def n_eff(self) -> float:
        """Effective number of entries, (sum w)^2 / sum w^2."""
        square = float(np.dot(self.weight, self.weight))
        return self.yield_**2 / square if square > 0 else 0.0

    def __repr__(self) -> str:
        return f"Rays(n={len(self)}, yield={self.yield_:.6g} per POT, n_eff={self.n_eff:.4g})"


def check_finite(rays: Rays, name: str) -> None:
    """Raise :class:`InputFileError` when a ray holds NaN, a negative weight or less energy than momentum (by > 1e-9).

    Parameters
    ----------
    rays : Rays
        Batch that came from outside.
    name : str
        What the message calls it (a file name).
    """
    for key, values in (("x", rays.x), ("p", rays.p), ("weight", rays.weight[:, None])):
        bad = ~np.isfinite(values).all(axis=1)
        if bad.any():
            raise InputFileError(f"{name}: row {int(np.argmax(bad)) + 1}: {key} is not a finite number")
    if (rays.weight < 0).any():
        row = int(np.argmax(rays.weight < 0))
        raise InputFileError(f"{name}: row {row + 1}: weight = {rays.weight[row]:g} per POT; allowed: >= 0")
    spacelike = rays.energy < rays.momentum * (1.0 - 1e-9)
    if spacelike.any():
        row = int(np.argmax(spacelike))
        limit = f"allowed: >= {rays.momentum[row]:g} MeV, its momentum"
        raise InputFileError(f"{name}: row {row + 1}: energy = {rays.energy[row]:g} MeV; {limit}")
