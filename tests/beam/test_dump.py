"""Dump mode: interactions in the air, mesons in the steel, against quadrature."""

import numpy as np
import pytest

from darkhorn.beam.beamline import Beamline
from darkhorn.beam.dump import DumpMode, SteelParents, air_source, steel_source
from darkhorn.core.errors import RangeError
from darkhorn.core.importance import ImportanceGrid
from darkhorn.core.points import unit_points
from darkhorn.core.species import ETA, PI0, PI_PLUS
from darkhorn.physics.production import PI_PLUS_BE, sanford_wang

UNIFORM = ImportanceGrid.uniform()
DUMP = DumpMode(
    offset=(0.0, 0.0168), current=0.0, z_start=-0.01, z_face=50.314, air_nucleon=747.7, air_pion=1012.4,
    steel_nucleon=0.16777, steel_pion=0.20422, scrape_fraction=0.0, pi0_per_pot=0.9, eta_per_pi0=0.033, pot=1.86e20,
)  # fmt: skip
P_BEAM, C_TAU, MASS = 8888.89, 7.8045, 139.57039


def test_share_of_protons_that_interact_in_the_air() -> None:
    assert DUMP.air_interactions == pytest.approx(0.065, abs=5e-4)


def test_pions_of_the_air_lie_along_it(bnb: Beamline) -> None:
    """0.894 pi+ an interaction, evenly along 50 m; 1.68 cm beside the axis with the divergence of the beam."""
    points = unit_points(2**14, seed=2)
    pions = air_source(bnb, DUMP).sample(points, PI_PLUS, UNIFORM)
    assert pions.yield_ == pytest.approx(0.0651 * 158.92 / 177.7, rel=0.02)
    z = pions.x[:, 3]
    assert -0.01 <= z.min() <= 0.01
    assert 50.30 < z.max() <= 50.314
    depth = DUMP.z_face - DUMP.z_start
    assert z.mean() == pytest.approx(DUMP.z_start + depth * (0.5 - depth / 747.7 / 12.0), rel=1e-3)
    assert pions.x[:, 2].mean() == pytest.approx(0.0168, abs=1e-4)
    assert np.std(pions.x[:, 1]) > 0.01


def test_pions_of_the_steel_against_quadrature(bnb: Beamline) -> None:
    """Decays per POT: multiplicity x P(reach) x L_a/(L_a + gamma beta c tau) over the spectrum."""
    nodes, weights = np.polynomial.legendre.leggauss(300)
    p, theta = 0.5 * (nodes + 1.0) * (P_BEAM - 1000.0), 0.25 * np.pi * (nodes + 1.0)
    sigma = sanford_wang(p[:, None], theta[None, :], P_BEAM, PI_PLUS_BE) * 2.0 * np.pi * np.sin(theta)
    share = 0.20422 / (0.20422 + p / MASS * C_TAU)
    scale = (P_BEAM - 1000.0) * np.pi / 8.0 / 1.777e-25
    expected = float((weights * share) @ sigma @ weights) * scale * (1.0 - DUMP.air_interactions)
    parents = SteelParents(steel_source(bnb, DUMP), PI_PLUS, DUMP, UNIFORM).sample(unit_points(2**15, seed=2))
    assert parents.yield_ == pytest.approx(expected, rel=0.01)
    assert (parents.x[:, 3] > DUMP.z_face).all()


def test_neutral_mesons_decay_where_they_are_made(bnb: Beamline) -> None:
    points, source = unit_points(2**12, seed=2), steel_source(bnb, DUMP)
    pi0 = SteelParents(source, PI0, DUMP, UNIFORM).sample(points)
    eta = SteelParents(source, ETA, DUMP, UNIFORM).sample(points)
    reach = 1.0 - DUMP.air_interactions
    assert pi0.yield_ == pytest.approx(0.9 * reach, rel=0.02)
    assert eta.yield_ == pytest.approx(0.9 * 0.033 * reach, rel=0.02)
    depth = pi0.x[:, 3] - DUMP.z_face
    assert depth.mean() == pytest.approx(0.16777, rel=0.01)
    assert np.exp(-depth / 0.16777).mean() == pytest.approx(0.5, abs=0.005)


def test_spectrum_of_pi0(bnb: Beamline) -> None:
    """The mean of the pi+ and pi- forms: mean momentum 1.003 GeV/c, mean angle 0.460 rad."""
    pi0 = SteelParents(steel_source(bnb, DUMP), PI0, DUMP, UNIFORM).sample(unit_points(2**16, seed=2))
    share = pi0.weight / pi0.yield_
    assert share @ pi0.momentum == pytest.approx(1003.0, rel=0.005)
    assert share @ pi0.theta == pytest.approx(0.460, rel=0.005)


@pytest.mark.parametrize(("key", "value"), [("scrape_fraction", 1.1), ("steel_pion", 0.0), ("z_face", -1.0)])
def test_impossible_dumps(key: str, value: float) -> None:
    with pytest.raises(RangeError, match=key):
        DumpMode(**{**DUMP.__dict__, key: value})
