"""Own Sobol' points against the library's, and the laws that a scramble must keep."""

import numpy as np
import pytest
from scipy.stats import qmc

from darkhorn.core.sobol import BITS, scrambled_sobol, sobol


def test_plain_sequence_is_the_library_s() -> None:
    ours = sobol(1024, 32) / 2.0**BITS
    theirs = qmc.Sobol(32, scramble=False, bits=32).random(1024)
    for n in (1, 2, 64, 1024):
        assert set(map(tuple, ours[:n])) == set(map(tuple, theirs[:n]))


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_scramble_keeps_the_equidistribution(seed: int) -> None:
    points = scrambled_sobol(1024, 15, np.random.default_rng(seed))
    assert ((points > 0) & (points < 1)).all()
    for column in points.T:
        assert len(set((column * 1024).astype(int))) == 1024
    first_two = {(int(a * 32), int(b * 32)) for a, b in points[:, :2]}
    assert len(first_two) == 1024


def test_discrepancy_is_that_of_the_library_and_below_random() -> None:
    rng = np.random.default_rng(3)
    ours = qmc.discrepancy(scrambled_sobol(1024, 6, rng))
    theirs = qmc.discrepancy(qmc.Sobol(6, rng=3).random(1024))
    assert ours < 1.5 * theirs
    assert ours < 0.1 * qmc.discrepancy(rng.random((1024, 6)))


def test_scramble_is_unbiased() -> None:
    sums = [scrambled_sobol(8, 3, np.random.default_rng(seed)) ** 2 for seed in range(400)]
    means = np.mean(sums, axis=1)
    error = means.std(axis=0, ddof=1) / 20.0
    assert means.mean(axis=0) == pytest.approx(1.0 / 3.0, abs=4.0 * error.max())


def test_another_dimension_leaves_the_others_alone() -> None:
    few, many = (scrambled_sobol(64, d, np.random.default_rng(5)) for d in (7, 12))
    assert np.array_equal(few, many[:, :7])
