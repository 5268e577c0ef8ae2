"""Protons past the target: nobody is lost, straight ones by hand, and the dump beside that of the dump mode."""

import numpy as np
import pytest

from darkhorn.beam.layers import compile_layers
from darkhorn.beam.passing import DumpVertices, OpenVertices, PassingProtons
from darkhorn.beam.protons import protons
from darkhorn.beam.reinteraction import Reinteraction
from darkhorn.beam.switches import Physics
from darkhorn.beam.yields import PRODUCTS
from darkhorn.core.importance import ImportanceGrid
from darkhorn.core.points import unit_points
from darkhorn.core.species import PI_MINUS, PI_PLUS, PROTON
from darkhorn.experiments.beams import load_beam
from darkhorn.experiments.yields import load_yields
from darkhorn.physics.stopping import WALLS

LINE = load_beam("bnb", "neutrino")
LAYERS = compile_layers(LINE)
POINTS = unit_points(2**12, seed=23)
TABLES = {(hadron, nucleus): load_yields(hadron, nucleus) for hadron in PRODUCTS for nucleus in ("Be", "Al")}
BARE = Physics(energy_loss=False, multiple_scattering=False, proton_elastic="ignore", proton_quasi_elastic="ignore")
STEEL_LENGTH = 0.1678


def source(physics: Physics | None = None) -> Reinteraction:
    physics = physics or Physics()
    return Reinteraction(LINE, LAYERS, PassingProtons(LINE, physics), TABLES, physics=physics)


def test_protons_interact_in_the_target_or_pass_it() -> None:
    """Point by point: the probability to make a meson in the target and that to go on add up to one."""
    passing = PassingProtons(LINE)(POINTS)
    _, _, _, interacted = protons(LINE)(POINTS)
    # a few protons scatter below 3 GeV/c or backwards: they do neither
    assert np.median(np.abs(passing.weight * len(POINTS) + interacted - 1.0)) < 1e-12
    assert passing.yield_ + interacted.mean() == pytest.approx(1.0, abs=2e-3)
    assert passing.yield_ == pytest.approx(1.0 - 0.713, abs=0.01)
    assert passing.x[:, 3] == pytest.approx(0.7555, abs=1e-3)
    assert 8400.0 < passing.weight @ passing.momentum / passing.yield_ < 8888.89


def test_straight_protons_meet_air_as_often_as_its_density_says() -> None:
    """exp(-0.7112/0.4557) = 0.210 pass; 49.56 m of air at sigma(Be) (14.5/9.01)^0.75 take their share; no walls."""
    line = source(BARE)
    passing = line.hadrons(POINTS)
    assert passing.yield_ == pytest.approx(0.210, abs=3e-3)
    at, place = line.interact(passing, POINTS)
    per_m = 1.777e-25 * (14.5 / 9.01) ** 0.75 * 1e-4 * 1.205e3 / 14.5 * 6.02214e23
    share = -np.expm1(-per_m * (50.314 - 0.7555))
    assert at.weight[place == "air"].sum() == pytest.approx(passing.yield_ * share, rel=0.02)
    assert not np.isin(place, tuple(WALLS)).any()
    _, _, momentum, weight = OpenVertices(line)(POINTS)
    assert weight.mean() == pytest.approx(at.yield_, rel=1e-12)
    assert momentum == pytest.approx(np.full(len(POINTS), 8888.89), rel=1e-6)
    x, direction, momentum, weight = DumpVertices(PassingProtons(LINE, BARE), STEEL_LENGTH)(POINTS)
    assert weight.mean() + at.yield_ == pytest.approx(passing.yield_, rel=1e-3)
    assert np.average(x[:, 3], weights=weight) == pytest.approx(50.314 + STEEL_LENGTH, rel=2e-4)
    assert x[:, 3].min() >= 50.314 - 1e-6
    assert (np.abs(np.einsum("ij,ij->i", direction, direction) - 1.0) < 1e-9).all()


def test_scattered_protons_hit_the_walls() -> None:
    """Quasi-elastic and elastic collisions in the target (30 mrad) take a third of the passing protons to a wall."""
    line = source()
    passing = line.hadrons(POINTS)
    at, place = line.interact(passing, POINTS)
    walled = at.weight[np.isin(place, tuple(WALLS))].sum()
    _, _, _, weight = DumpVertices(PassingProtons(LINE), STEEL_LENGTH)(POINTS)
    assert 0.25 < walled / passing.yield_ < 0.45
    assert walled + at.weight[~np.isin(place, tuple(WALLS))].sum() + weight.mean() == pytest.approx(
        passing.yield_, rel=0.02
    )
    vertex, _, _, open_weight = OpenVertices(line)(POINTS)
    assert open_weight.mean() < at.yield_
    assert (np.hypot(vertex[:, 1], vertex[:, 2])[open_weight > 0.0] < 0.92).all()


def test_pions_of_passing_protons() -> None:
    """Of air, metal and of walls that they leave: about one for each four protons that pass, less pi- than pi+."""
    plus, minus = (source().sample(POINTS, pion, ImportanceGrid.uniform()) for pion in (PI_PLUS, PI_MINUS))
    assert 0.15 < plus.yield_ / 0.285 < 0.35
    assert 0.6 < minus.yield_ / plus.yield_ < 1.0
    assert (plus.x[plus.weight > 0.0, 3] > 0.75).all()
    assert set(plus.pdgid.tolist()) == {PI_PLUS}
    assert (PassingProtons(LINE)(POINTS).pdgid == PROTON).all()
