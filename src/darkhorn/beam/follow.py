"""Hadrons through matter and field: loss, scattering and decay clocks on the way, as one reproducible history each."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from darkhorn.beam.layer_tables import tables_of
from darkhorn.beam.layers import Layers
from darkhorn.beam.passage_tables import Passage
from darkhorn.beam.transport import checked, in_chunks, limit_of
from darkhorn.core.errors import RangeError, require_range, unknown_name
from darkhorn.core.rays import Floats, Ints
from darkhorn.core.species import charge
from darkhorn.physics.horn_field import bending_momentum
from darkhorn.physics.passage import truncated_exponential

MARKS: Final = 32
"""Places of a history from which a second pass can start."""
_ALONG: Final = ("clock", "depth")


@dataclass(frozen=True)
class Histories:
    """N particles where their histories ended.

    Attributes
    ----------
    x, p : (N, 4) float
        Time in ns and place in m; energy and momentum in MeV.
    path : (N,) float
        Length in m.
    clock : (N,) float
        Proper time in ns.
    depth : (N,) float
        Optical depth of absorption, sum of path over mean free path: exp(-depth) survive.
    status : (N,) int
        :class:`darkhorn.beam.transport.Status`.
    """

    x: Floats
    p: Floats
    path: Floats
    clock: Floats
    depth: Floats
    status: Ints


def follow(
    layers: Layers,
    x: Floats,
    p: Floats,
    passage: Passage,
    current: float,
    *,
    words: NDArray[np.uint64],
    clock_limit: ArrayLike | None = None,
    depth_limit: ArrayLike | None = None,
    z_end: ArrayLike | None = None,
    threads: int = 1,
) -> Histories:
    """Follow particles of one species through the layers until an end plane, a wall, a stop or a limit.

    Absorption is not drawn: its optical depth is counted. Scattering is drawn and followed.

    Parameters
    ----------
    layers : Layers
        Geometry; see :func:`darkhorn.beam.layers.compile_layers`.
    x, p : (N, 4) float
        Start: t, x, y, z in ns and m; E, px, py, pz in MeV.
    passage : Passage
        What the species meets in the media of these layers.
    current : float
        Horn current in A, positive to focus positive particles.
    words : (N,) uint64
        What decides a history; see :func:`darkhorn.core.points.words`. The same word gives the same history up to
        where a limit cuts it.
    clock_limit : array_like, optional
        Proper time in ns, >= 0, scalar or (N,), at which a particle stops exactly.
    depth_limit : array_like, optional
        Optical depth of absorption, >= 0, scalar or (N,), at which a particle stops exactly.
    z_end : array_like, optional
        End plane in m, scalar or (N,); the last plane of the layers by default.
    threads : int
        Threads that share the work, >= 1; the result is the same for any number.

    Returns
    -------
    Histories
        Ends in the order of the start. Status ``CLOCK_LIMIT`` where a limit ended it, ``STOPPED`` where the kinetic
        energy fell below 1 MeV.

    Raises
    ------
    RangeError
        For arrays of the wrong shape, numbers that are not finite, a negative limit, an unphysical momentum, no
        thread, or a charged particle that starts on the axis inside the field.

    Notes
    -----
    Loss is the mean, without straggling. Highland's formula counts the thickness of a medium from where it was
    entered. Matter acts where its medium is left, or after 0.3 radiation lengths, 5 % of the kinetic energy or a
    displacement of 0.2 mm; a gas where all that was crossed of it displaces by 1 cm. It acts as one deflection at a
    random place of the way up to there, which gives displacement and angle their joint moments. Where a history ends
    the rest acts, displacing those on the end plane only. Clock and depth count on the way: proper time with the loss
    of the piece to first order, depth with the rates at its start.
    """
    task = _prepare(layers, x, p, passage, current, words, z_end)
    n = len(task.x)
    task.limits[:, 0] = limit_of("clock_limit", clock_limit, n, "ns")
    task.limits[:, 1] = limit_of("depth_limit", depth_limit, n, "")
    in_chunks(lambda rows: task.run(rows, np.empty(0), 0, 1.0, np.empty(0)), n, threads)
    return task.histories()


def follow_to(
    layers: Layers,
    x: Floats,
    p: Floats,
    passage: Passage,
    current: float,
    *,
    words: NDArray[np.uint64],
    u: Floats,
    mean: float,
    along: str = "clock",
    z_end: ArrayLike | None = None,
    threads: int = 1,
) -> tuple[Histories, Floats]:
    """Follow particles to their ends, then back to a point that is drawn from an exponential along their histories.

    The same as a call of :func:`follow`, a draw from :func:`darkhorn.physics.passage.truncated_exponential` with the
    clock or depth of the whole history as its length, and a second call with the draw as limit; but the second pass
    starts from marks that the first one left near the point, which takes a fraction of the time.

    Parameters
    ----------
    layers, x, p, passage, current, words, z_end, threads
        As for :func:`follow`.
    u : (N,) float
        Uniform numbers in (0, 1) that place the points.
    mean : float
        Mean of the exponential: ns for ``clock`` (a lifetime), 1 for ``depth``.
    along : str
        What it runs in: ``clock`` (proper time) or ``depth`` (optical depth of absorption).

    Returns
    -------
    at : Histories
        At the points, or where the history ends at its start.
    probability : (N,) float
        To have a point at all, 1 - exp(-length/mean).

    Raises
    ------
    RangeError
        As :func:`follow`, for a mean that is not positive, or another shape of ``u``.
    UnknownNameError
        For another ``along``.
    """
    if along not in _ALONG:
        raise unknown_name("along", along, _ALONG)
    require_range("mean", mean, 0.0, open_low=True)
    task = _prepare(layers, x, p, passage, current, words, z_end)
    n, draws = len(task.x), np.require(u, np.float64, ["C", "W"])  # one kind of array, one compilation
    if draws.shape != (n,):
        raise RangeError(f"u has shape {draws.shape}; allowed: ({n},), one a particle")
    require_range("u", draws, 0.0, 1.0)
    which, lengths = _ALONG.index(along), np.zeros(n)
    in_chunks(lambda rows: task.run(rows, draws[rows], which, mean, lengths[rows]), n, threads)
    return task.histories(), truncated_exponential(u, lengths, mean)[1]


@dataclass(frozen=True)
class _Task:
    """N particles, which a run replaces by their ends; ``tables`` is what they meet, as the kernel takes it."""

    tables: tuple[Any, ...]
    x: Floats
    p: Floats
    words: NDArray[np.uint64]
    limits: Floats
    counts: Floats
    status: Ints

    def run(self, rows: slice, draws: Floats, *draw: Any) -> None:
        """Follow some particles; ``draws`` and ``draw`` say where to go back to."""
        from darkhorn.beam import _field_kernel, _matter_kernel, _matter_steps

        width, where = _matter_steps.WIDTH, np.zeros(4, dtype=np.int64)
        scratch = (np.zeros(_field_kernel.WORK), where, np.zeros(width), np.zeros(1, dtype=np.uint64))
        marks = (np.zeros((MARKS, width)), np.zeros(MARKS, dtype=np.uint64))
        particles = (self.x[rows], self.p[rows], self.words[rows], self.limits[rows])
        ends = (self.counts[rows], self.status[rows])
        _matter_kernel.follow_all(*self.tables, *particles, draws, *draw, *ends, *scratch, *marks)

    def histories(self) -> Histories:
        """Return the ends."""
        clock, depth, path = self.counts.T.copy()
        return Histories(self.x, self.p, path, clock, depth, self.status)


def _prepare(
    layers: Layers,
    x: Floats,
    p: Floats,
    passage: Passage,
    current: float,
    words: NDArray[np.uint64],
    z_end: ArrayLike | None,
) -> _Task:
    """Return the checked task."""
    n = len(np.atleast_2d(np.asarray(x)))
    bending = float(bending_momentum(charge(passage.species), current))
    x, p = checked(layers, x, p, np.full(n, bending))
    if np.shape(words) != (n,):
        raise RangeError(f"words have shape {np.shape(words)}; allowed: ({n},), one a particle")
    limits = np.full((n, 3), np.inf)
    limits[:, 2] = layers.z[-1] if z_end is None else z_end
    require_range("z_end", limits[:, 2], float(layers.z[0]), float(layers.z[-1]), "m")
    constants = np.concatenate([[bending], passage.constants])
    grid = np.array([passage.log_p[0], 1.0 / (passage.log_p[1] - passage.log_p[0])])
    nothing = ~passage.rates[:, :, :4].any(axis=(1, 2)) & (passage.media[:, 0] == 0.0)
    geometry = tables_of(layers, tuple(nothing.tolist()))
    told = (*geometry, passage.rates, passage.slopes, grid, passage.media, constants)
    chosen = np.ascontiguousarray(words, dtype=np.uint64)
    x, p = np.ascontiguousarray(x), np.ascontiguousarray(p)
    return _Task(told, x, p, chosen, limits, np.zeros((n, 3)), np.zeros(n, dtype=np.int64))
