"""Pions through the horn and through matter, a core."""

import numpy as np

from darkhorn.beam.follow import Histories, follow, follow_to
from darkhorn.beam.layers import compile_layers
from darkhorn.beam.passage_tables import passage_tables
from darkhorn.beam.sanford_wang import SanfordWangSource
from darkhorn.beam.switches import Physics
from darkhorn.beam.transport import Tracks, transport
from darkhorn.bench.clock import cpu_seconds, speed_up
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
        As the chain follows them, in microseconds: ``horn`` (field alone up to its end), ``walls`` (field alone up to a
        wall), ``matter`` (everything, to the decay); ``two_threads``, of the last; ``single``, the horn by the finer
        steps of single tracks. ``horn_error_mrad`` and ``single_error_mrad``: medians over directions behind the horn,
        against steps to rounding.
    """
    line = load_beam("bnb")
    mesons, u = pions(n)
    x, p = mesons.x, mesons.p
    field, layers = compile_layers(line, FIELD_ONLY), compile_layers(line)
    bare, passage = (passage_tables(PI_PLUS, layers.materials, line, physics) for physics in (FIELD_ONLY, Physics()))
    chosen, mean = words(u), lifetime(PI_PLUS)

    def in_field(z_end: float | None = None) -> Histories:
        return follow(field, x, p, bare, line.current, words=chosen, z_end=z_end)

    def alone(precise: bool = False) -> Tracks:
        return transport(field, x, p, 1.0, line.current, z_end=BEHIND_HORN, precise=precise)

    def in_matter(threads: int = 1) -> object:
        return follow_to(layers, x, p, passage, line.current, words=chosen, u=u, mean=mean, threads=threads)

    exact = alone(precise=True).p
    per_pion = 1.0e6 / n
    return {
        "horn": per_pion * cpu_seconds(lambda: in_field(BEHIND_HORN), repeats),
        "walls": per_pion * cpu_seconds(in_field, repeats),
        "single": per_pion * cpu_seconds(alone, repeats),
        "matter": per_pion * cpu_seconds(in_matter, repeats),
        "two_threads": speed_up(in_matter, lambda: in_matter(2), repeats),
        "horn_error_mrad": _median_turn(in_field(BEHIND_HORN).p, exact),
        "single_error_mrad": _median_turn(alone().p, exact),
    }


def _median_turn(quick: Floats, precise: Floats) -> float:
    """Return the median angle in mrad between directions of momenta, (N, 4)."""
    turn = np.linalg.norm(quick[:, 1:] - precise[:, 1:], axis=1) / np.linalg.norm(precise[:, 1:], axis=1)
    return float(1.0e3 * np.median(turn))
