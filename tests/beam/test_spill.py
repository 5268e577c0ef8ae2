"""Spills: means and widths by hand, every proton inside, numbers with a source."""

import numpy as np
import pytest

from darkhorn.beam.spill import Spill
from darkhorn.core.errors import RangeError, UnknownNameError
from darkhorn.experiments.spills import load_spill, spill_names

U = (np.arange(20000) + 0.5) / 20000
V = (np.arange(20000) * 0.6180339887498949 + 0.25) % 1.0


def test_bunches() -> None:
    """81 bunches 18.94 ns apart: 0 to 1515.2 ns, each 1.3 ns wide."""
    spill = load_spill("bnb")
    times = spill.times(U, V)
    bunch = np.rint(times / spill.spacing)
    assert set(bunch.tolist()) == set(range(81))
    rest = times - bunch * spill.spacing
    assert rest.std() == pytest.approx(1.3, rel=0.01)
    assert rest.mean() == pytest.approx(0.0, abs=0.02)
    assert times.mean() == pytest.approx(40 * 18.94, rel=1e-3)
    assert any("unverified" in flag for flag in spill.flags)


def test_triangle() -> None:
    """Symmetric, 290 ns long: mean 145 ns, variance length^2/24."""
    times = load_spill("lujan").times(U, V)
    assert (times.min() >= 0.0, times.max() <= 290.0) == (True, True)
    assert times.mean() == pytest.approx(145.0, rel=1e-6)
    assert times.var() == pytest.approx(290.0**2 / 24.0, rel=1e-4)


def test_flat_and_impossible() -> None:
    assert Spill("x", "flat", length=10.0).times(U, V) == pytest.approx(10.0 * U)
    assert set(spill_names()) == {"bnb", "lujan"}
    with pytest.raises(UnknownNameError, match="lujan"):
        load_spill("luyan")
    with pytest.raises(UnknownNameError, match="triangle"):
        Spill("x", "triangel")
    with pytest.raises(RangeError, match="length"):
        Spill("x", "flat", length=0.0)
