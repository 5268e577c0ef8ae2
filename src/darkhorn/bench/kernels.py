"""Pions through the horn and through matter, a core."""

import numpy as np

from darkhorn.beam.follow import follow, follow_to
from darkhorn.beam.layers import compile_layers
from darkhorn.beam.passage_tables import passage_tables
from darkhorn.beam.sanford_wang import SanfordWangSource
from darkhorn.beam.switches import Physics
from darkhorn.beam.transport import Tracks, transport
from darkhorn.bench.clock import cpu_seconds, wall_seconds
from darkhorn.core.importance import ImportanceGrid
from darkhorn.core.points import Axis, unit_points, words
from darkhorn.core.rays import Floats, Rays
from darkhorn.core.species import PI_PLUS, lifetime
from darkhorn.experiments.beams import load_beam

FIELD_ONLY = Physics(
    skin_depth=False,
    energy_loss=False,
    multiple_scattering=False,
    absorption=False,
    meson_elastic="ignore",
    meson_quasi_elastic="ignore",
)
"""Nothing but the field and the walls."""
BEHIND_HORN = 1.8
"""Plane up to which the horn alone is measured, m."""


def pions(n: int, seed: int = 1) -> tuple[Rays, Floats]:
    """Return pions of the target at production, and the numbers that place their decays, for ``n`` random points."""
    source = SanfordWangSource(load_beam("bnb"))
    points = unit_points(n, seed=seed, kind="random")
    return source.sample(points, PI_PLUS, ImportanceGrid.uniform()), points[:, Axis.DECAY]


def transport_costs(n: int, repeats: int = 5) -> dict[str, float]:
    """Return microseconds of CPU a pion, and the gain in wall time by a second thread.

    Parameters
    ----------
    n : int
        Pions.
    repeats : int
        Measurements, of which the median counts.

    Returns
    -------
    dict of str to float
        ``horn`` (field alone up to its end), ``walls`` (field alone up to a wall), ``matter`` (everything, to the
        decay), in microseconds; ``two_threads``, of the last; ``median_error_mrad`` of directions behind the horn.
    """
    line = load_beam("bnb")
    mesons, u = pions(n)
    x, p = mesons.x, mesons.p
    field, layers = compile_layers(line, FIELD_ONLY), compile_layers(line)
    bare, passage = (passage_tables(PI_PLUS, layers.materials, line, physics) for physics in (FIELD_ONLY, Physics()))
    chosen, mean = words(u), lifetime(PI_PLUS)

    def in_field(z_end: float) -> Tracks:
        return transport(field, x, p, 1.0, line.current, z_end=z_end)

    def in_matter(threads: int = 1) -> object:
        return follow_to(layers, x, p, passage, line.current, words=chosen, u=u, mean=mean, threads=threads)

    def to_the_wall() -> object:
        return follow(field, x, p, bare, line.current, words=chosen)

    per_pion = 1.0e6 / n
    return {
        "horn": per_pion * cpu_seconds(lambda: in_field(BEHIND_HORN), repeats),
        "walls": per_pion * cpu_seconds(to_the_wall, repeats),
        "matter": per_pion * cpu_seconds(in_matter, repeats),
        "two_threads": wall_seconds(in_matter, repeats) / wall_seconds(lambda: in_matter(2), repeats),
        "median_error_mrad": _error_behind_horn(x[:20_000], p[:20_000]),
    }


def _error_behind_horn(x: Floats, p: Floats) -> float:
    """Return the median error in direction of the transport behind the horn, mrad, against the precise one."""
    line = load_beam("bnb")
    field = compile_layers(line, FIELD_ONLY)
    quick, precise = (
        transport(field, x, p, 1.0, line.current, z_end=BEHIND_HORN, precise=exact) for exact in (False, True)
    )
    turn = np.linalg.norm(quick.p[:, 1:] - precise.p[:, 1:], axis=1) / np.linalg.norm(precise.p[:, 1:], axis=1)
    return float(1.0e3 * np.median(turn))
