"""Independent, slow ways to the same numbers: isotropic brute force, and the E*-first inversion with both branches."""

import numpy as np

from darkhorn.chain.decay import Spectrum
from darkhorn.core.rays import Floats, Rays
from darkhorn.detector.geometry import Shape
from darkhorn.physics.fourvector import boost


def isotropic(n: int, rng: np.random.Generator) -> Floats:
    """Unit vectors, uniform on the sphere."""
    cosine, phi = rng.uniform(-1.0, 1.0, n), rng.uniform(0.0, 2.0 * np.pi, n)
    sine = np.sqrt(1.0 - cosine**2)
    return np.column_stack([sine * np.cos(phi), sine * np.sin(phi), cosine])


def brute_force(parents: Rays, spectrum: Spectrum, rng: np.random.Generator) -> Floats:
    """Lab four-vectors of isotropic rest-frame decays, one a parent; each carries weight * branching."""
    energy = spectrum.sample(rng.random(len(parents)))
    momentum = np.sqrt(np.maximum(energy**2 - spectrum.mass**2, 0.0))
    rest = np.column_stack([energy, momentum[:, None] * isotropic(len(parents), rng)])
    return boost(rest, parents.p, parents.mass)


def brute_force_rate(
    parent: Rays, spectrum: Spectrum, shape: Shape, n: int, seed: int, chunk: int = 1_000_000
) -> tuple[float, float, Floats]:
    """Crossings per POT of one parent ray, its error, and the lab energies of the hits."""
    rng = np.random.default_rng(seed)
    hits, energies = 0, []
    for start in range(0, n, chunk):
        size = min(chunk, n - start)
        p = brute_force(parent[np.zeros(size, dtype=int)], spectrum, rng)
        direction = p[:, 1:] / np.linalg.norm(p[:, 1:], axis=1)[:, None]
        centre, radius = shape.bounding_sphere()
        near = np.linalg.norm(np.cross(np.asarray(centre) - parent.x[0, 1:], direction), axis=1) < radius
        _, chord = shape.chord(np.broadcast_to(parent.x[0, 1:], (int(near.sum()), 3)), direction[near])
        hits += int((chord > 0).sum())
        energies.append(p[near, 0][chord > 0])
    scale = parent.yield_ * spectrum.branching / n
    return hits * scale, np.sqrt(hits) * scale, np.concatenate(energies)


def energy_first(
    parents: Rays, spectrum: Spectrum, direction: Floats, solid_angle: Floats, u: Floats
) -> list[tuple[Floats, Floats]]:
    """(lab energy, weight) of both branches: draw E*, then solve for the lab momentum at a given direction.

    dOmega*/dOmega = p^2 / (gamma p* |p - beta E cos theta|) sums over the solutions p > 0 of E* = gamma (E - beta p c).
    """
    rest = spectrum.sample(u)
    rest_momentum = np.sqrt(rest**2 - spectrum.mass**2)
    gamma, beta = parents.gamma, parents.beta
    cosine = np.einsum("ij,ij->i", parents.direction, direction)
    a = 1.0 - (beta * cosine) ** 2
    b = beta * cosine * rest / gamma
    root_sq = (rest / gamma) ** 2 - spectrum.mass**2 * a
    branches = []
    for sign in (1.0, -1.0):
        root = np.sqrt(np.maximum(root_sq, 0.0))
        momentum = (b + sign * root) / a
        good = (root_sq > 0) & (momentum > 0)
        p = np.where(good, momentum, 1.0)
        energy = np.hypot(p, spectrum.mass)
        jacobian = p**2 / (gamma * rest_momentum * np.abs(p - beta * energy * cosine))
        weight = parents.weight * spectrum.branching * jacobian * solid_angle / (4.0 * np.pi)
        branches.append((energy, np.where(good, weight, 0.0)))
    return branches
