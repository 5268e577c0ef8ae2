"""Laws of a detector volume: its chords."""

import numpy as np

from darkhorn.core.rays import Floats
from darkhorn.core.sobol import scrambled_sobol
from darkhorn.detector.geometry import Shape
from darkhorn.testing.rules import require

_REPLICATES = 8


def check_detector(shape: Shape, *, surface: float | None = None, points: int = 2**13, seed: int = 1) -> None:
    """Check every law of a detector volume with isotropic rays through its bounding sphere.

    Entry and length are finite and not negative, a miss gives exactly 0, no chord is longer than the bounding sphere
    or leaves it; the chord integral over impact points is the volume; the chord from a point inside and the one
    backwards add up to the whole line; and for a convex shape of known surface the mean chord is 4 V/S.

    Parameters
    ----------
    shape : Shape
        Anything with ``chord``, ``bounding_sphere`` and ``volume``; m and m^3.
    surface : float, optional
        Surface of a convex shape in m^2.
    points : int
        Rays of each of eight replicates, a power of two.
    seed : int
        Where the rays come from.

    Raises
    ------
    AssertionError
        Naming the law that fails and both numbers.
    """
    center, radius = shape.bounding_sphere()
    require(radius > 0.0 and shape.volume > 0.0, f"radius {radius:g} m, volume {shape.volume:g} m^3; allowed: > 0")
    area = np.pi * radius**2
    volumes, hits = [], []
    for replicate in range(_REPLICATES):
        rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(replicate,)))
        origin, direction = _lines(scrambled_sobol(points, 4, rng), np.asarray(center), radius)
        entry, length = (np.asarray(item) for item in shape.chord(origin, direction))
        _check_rays(entry, length, radius)
        volumes.append(area * length.mean())
        hits.append(area * (length > 0.0).mean())
        _check_inside(shape, origin, direction, entry, length)
    _compare(np.array(volumes), shape.volume, "integral of the chords over impact points is the volume [m^3]")
    if surface is not None:
        _compare(np.array(hits), surface / 4.0, "mean projected area of a convex shape is S/4 [m^2]")
        chords = np.array(volumes) / np.array(hits)
        _compare(chords, 4.0 * shape.volume / surface, "mean chord of a convex shape is 4 V/S [m]")


def _lines(points: Floats, center: Floats, radius: float) -> tuple[Floats, Floats]:
    """Return starting points outside of the sphere and isotropic directions of lines through it, both (N, 3)."""
    cosine, phi = 2.0 * points[:, 0] - 1.0, 2.0 * np.pi * points[:, 1]
    sine = np.sqrt(1.0 - cosine**2)
    direction = np.stack([sine * np.cos(phi), sine * np.sin(phi), cosine], axis=-1)
    first = np.stack([cosine * np.cos(phi), cosine * np.sin(phi), -sine], axis=-1)
    second = np.stack([-np.sin(phi), np.cos(phi), np.zeros_like(phi)], axis=-1)
    offset, turn = radius * np.sqrt(points[:, 2:3]), 2.0 * np.pi * points[:, 3:4]
    impact = offset * (np.cos(turn) * first + np.sin(turn) * second)
    return center + impact - 2.0 * radius * direction, direction


def _check_rays(entry: Floats, length: Floats, radius: float) -> None:
    """Finite, not negative, within the sphere, 0 for a miss."""
    finite = bool(np.isfinite(entry).all() and np.isfinite(length).all())
    require(finite, "a chord is not finite")
    require(
        (entry >= 0.0).all() and (length >= 0.0).all(), f"negative: entry {entry.min():g}, length {length.min():g} m"
    )
    require((entry[length == 0.0] == 0.0).all(), "a miss has an entry; allowed: exactly 0")
    require(length.max() <= 2.0 * radius * (1.0 + 1e-9), f"a chord of {length.max():g} m in a sphere of {radius:g} m")
    hit = length > 0.0
    leaves = (entry[hit] < radius * (1.0 - 1e-9)) | (entry[hit] + length[hit] > 3.0 * radius * (1.0 + 1e-9))
    require(not leaves.any(), "a chord lies outside of the bounding sphere")


def _check_inside(shape: Shape, origin: Floats, direction: Floats, entry: Floats, length: Floats) -> None:
    """Forwards plus backwards from the middle of a chord is the chord."""
    hit = length > 0.0
    middle = origin[hit] + (entry + 0.5 * length)[hit, None] * direction[hit]
    forwards = np.asarray(shape.chord(middle, direction[hit])[1])
    backwards = np.asarray(shape.chord(middle, -direction[hit])[1])
    worst = np.abs(forwards + backwards - length[hit]).max(initial=0.0)
    require(
        worst <= 1e-9 * length.max(initial=1.0), f"chords from inside, both ways, differ by {worst:g} m from the line"
    )
    behind = np.asarray(shape.chord(origin, -direction)[1])
    require((behind == 0.0).all(), "what lies behind the start of a ray counts; allowed: length exactly 0")


def _compare(values: Floats, expected: float, law: str) -> None:
    """Five standard errors of the replicates, and one per cent."""
    error = float(values.std(ddof=1) / np.sqrt(len(values)))
    mean = float(values.mean())
    allowed = min(5.0 * error + 1e-9 * expected, 0.01 * expected)
    require(abs(mean - expected) <= allowed, f"{law}: {mean:.8g} +- {error:.2g} against {expected:.8g}")
