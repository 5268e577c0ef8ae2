"""The cut window: what it keeps, how mesons fly, and what it refuses."""

from dataclasses import replace

import numpy as np
import pytest

from darkhorn.beam.beamline import Beamline
from darkhorn.beam.cut_window import PION_WINDOW, WINDOWS, CutWindow, WindowParents, straight_decays
from darkhorn.beam.parametrised import ParametrisedSource
from darkhorn.core.errors import RangeError, UnknownNameError
from darkhorn.core.importance import ImportanceGrid
from darkhorn.core.points import unit_points
from darkhorn.core.rays import Rays
from darkhorn.core.species import K_PLUS, PI_PLUS

MASS, C_TAU = 139.57039, 7.8045


def pion(p: float, theta: float) -> Rays:
    momentum = [[np.hypot(p, MASS), p * np.sin(theta), 0.0, p * np.cos(theta)]]
    return Rays.make(PI_PLUS, np.zeros(4), momentum, 2.0)


def test_the_published_heuristics() -> None:
    """0.03 to 0.21 rad up to 6.5 GeV/c for pions; 0.75 to 6.5 GeV/c up to 0.4 rad for kaons; 50 m."""
    assert (PION_WINDOW.p_max, PION_WINDOW.theta_min, PION_WINDOW.theta_max) == (6500.0, 0.03, 0.21)
    assert (WINDOWS[K_PLUS].p_min, WINDOWS[K_PLUS].theta_max, WINDOWS[K_PLUS].length) == (750.0, 0.4, 50.0)


@pytest.mark.parametrize(
    ("p", "theta", "kept"),
    [(1000.0, 0.1, True), (1000.0, 0.029, False), (1000.0, 0.211, False), (6501.0, 0.1, False), (10.0, 0.2, True)],
)
def test_only_the_window_has_weight(p: float, theta: float, kept: bool) -> None:
    found = straight_decays(pion(p, theta), PI_PLUS, PION_WINDOW, np.array([0.3]))
    assert bool(found.weight[0] > 0.0) is kept


@pytest.mark.parametrize("direction", ["axis", "own"])
def test_straight_flight(direction: str) -> None:
    """Decay probability 1 - exp(-L/(gamma beta c tau)); the momentum is kept, its direction as asked."""
    window = replace(PION_WINDOW, direction=direction, length=30.0)
    found = straight_decays(pion(2000.0, 0.1), PI_PLUS, window, np.array([0.5]))
    mean = 2000.0 / MASS * C_TAU
    probability = 1.0 - np.exp(-30.0 / mean)
    assert found.weight[0] == pytest.approx(2.0 * probability, rel=1e-4)
    assert found.momentum[0] == pytest.approx(2000.0)
    angle = 0.0 if direction == "axis" else 0.1
    assert found.theta[0] == pytest.approx(angle, abs=1e-12)
    path = -mean * np.log(1.0 - 0.5 * probability)
    np.testing.assert_allclose(found.x[0, 1:], path * np.array([np.sin(angle), 0.0, np.cos(angle)]), rtol=1e-4)
    assert found.x[0, 0] == pytest.approx(path * np.hypot(2000.0, MASS) / 2000.0 / 0.299792458, rel=1e-4)


def test_the_whole_half_sphere_and_an_endless_flight_keep_every_meson(bnb: Beamline) -> None:
    source, window = ParametrisedSource(bnb), CutWindow(0.0, 9000.0, 0.0, np.pi, "own", 1e9)
    parents = WindowParents(source, PI_PLUS, window, ImportanceGrid.uniform())
    points = unit_points(2**10, seed=3)
    made = source.sample(points, PI_PLUS, ImportanceGrid.uniform())
    assert parents.sample(points).yield_ == pytest.approx(made.yield_, rel=1e-12)
    assert parents.sample(points).n_eff == pytest.approx(made.n_eff)


def test_share_of_pions_in_the_window_of_harp(bnb: Beamline) -> None:
    """40.19 of 158.92 mb lie in 0.75-6.5 GeV/c and 0.03-0.21 rad; the beam's divergence changes that by little."""
    source = ParametrisedSource(bnb)
    window = CutWindow(750.0, 6500.0, 0.03, 0.21, "own", 1e9)
    points = unit_points(2**16, seed=5)
    kept = WindowParents(source, PI_PLUS, window, ImportanceGrid.uniform()).sample(points).yield_
    assert kept / source.yield_per_pot(PI_PLUS) == pytest.approx(40.19 / 158.92, rel=0.01)


def test_impossible_windows() -> None:
    with pytest.raises(RangeError, match="theta_max"):
        CutWindow(0.0, 1.0, 0.3, 0.2)
    with pytest.raises(RangeError, match="p_min"):
        CutWindow(-1.0, 1.0, 0.0, 0.2)
    with pytest.raises(RangeError, match="length"):
        CutWindow(0.0, 1.0, 0.0, 0.2, "axis", 0.0)
    with pytest.raises(UnknownNameError, match="Did you mean 'axis'"):
        CutWindow(0.0, 1.0, 0.0, 0.2, "axes")
