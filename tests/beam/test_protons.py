"""Protons in the target: production per POT with each effect, vertices, momentum, laws."""

from dataclasses import replace

import numpy as np
import pytest

from darkhorn.beam.protons import LOWEST, protons
from darkhorn.beam.sanford_wang import production_vertices, proton_vertices
from darkhorn.beam.switches import Physics
from darkhorn.core.errors import RangeError
from darkhorn.core.points import Axis, unit_points
from darkhorn.experiments.beams import load_beam

LINE = load_beam("bnb")
POINTS = unit_points(2**14, seed=1)
NO_SCATTERING = {"proton_elastic": "ignore", "proton_quasi_elastic": "ignore"}
BARE = {**NO_SCATTERING, "energy_loss": False, "multiple_scattering": False, "tube_and_fins": False}


@pytest.mark.parametrize(
    ("physics", "per_pot", "within"),
    [
        (Physics(**BARE), 0.790, 0.001),
        (Physics(**NO_SCATTERING), 0.789, 0.002),
        (Physics(proton_elastic="ignore"), 0.752, 0.005),
        (Physics(proton_elastic="ignore", proton_quasi_elastic="remove"), 0.708, 0.005),
        (Physics(), 0.713, 0.006),
    ],
    ids=["straight", "loss and multiple scattering", "quasi-elastic", "quasi-elastic removes", "everything"],
)
def test_production_per_pot(physics: Physics, per_pot: float, within: float) -> None:
    *_, weight = protons(LINE, physics)(POINTS)
    assert weight.mean() == pytest.approx(per_pot, abs=within)


def test_momentum_at_the_vertex() -> None:
    _, _, momentum, weight = protons(LINE)(POINTS)
    assert np.average(momentum, weights=weight) == pytest.approx(8810.0, abs=6.0)
    assert momentum.max() < 8888.9
    assert momentum.min() >= LOWEST


def test_a_share_interacts_outside_the_rod() -> None:
    vertex, _, _, weight = protons(LINE)(POINTS)
    outside = np.hypot(vertex[:, 1], vertex[:, 2]) > 1.0001 * LINE.target.radius
    assert weight[outside].sum() / len(POINTS) == pytest.approx(0.011, abs=0.003)


def test_without_matter_s_pull_they_are_the_straight_ones() -> None:
    vertex, direction, momentum, weight = protons(LINE, Physics(**BARE))(POINTS)
    straight = replace(LINE, materials=())
    x, n, p, w = production_vertices(straight)(POINTS)
    assert np.abs(weight - w).max() < 2e-5
    hits = w > 0.1
    assert np.abs(vertex - x)[hits].max() < 1e-4
    np.testing.assert_allclose(direction[hits], n[hits], atol=1e-12)
    np.testing.assert_allclose(momentum, p, rtol=1e-12)
    by_hand = proton_vertices(POINTS, LINE.beam, LINE.target, 0.455746)
    assert np.abs(by_hand[2] - w).max() < 1e-4


def test_threads_do_not_matter_and_words_decide() -> None:
    one, two = protons(LINE)(POINTS), protons(LINE)(POINTS, threads=2)
    assert all(np.array_equal(a, b) for a, b in zip(one, two, strict=True))
    other = POINTS.copy()
    other[:, Axis.SCATTER] = POINTS[::-1, Axis.SCATTER]
    assert not np.array_equal(protons(LINE)(other)[0], one[0])


def test_partial_correlation_is_refused() -> None:
    line = replace(LINE, beam=replace(LINE.beam, correlation=0.5))
    with pytest.raises(RangeError, match=r"correlation of the proton spot = 0\.5"):
        protons(line)(POINTS[:4])
