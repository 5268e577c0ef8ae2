"""The source of every parametrised meson: yields, spectra, inputs, and agreement with the source of pions."""

import numpy as np
import pytest

from darkhorn.beam.beamline import Beamline
from darkhorn.beam.parametrised import SHAPES, ParametrisedSource, Shape, integrated_cm2
from darkhorn.core.errors import RangeError, UnknownNameError
from darkhorn.core.importance import ImportanceGrid
from darkhorn.core.points import Axis, unit_points
from darkhorn.core.species import ETA, K_LONG, K_MINUS, K_PLUS, K_SHORT, PI0, PI_MINUS, PI_PLUS, mass
from darkhorn.core.units import MB_IN_CM2

UNIFORM = ImportanceGrid.uniform()


@pytest.mark.parametrize(
    ("species", "sigma"),
    [(PI_PLUS, 158.92), (PI_MINUS, 144.46), (PI0, 151.69), (K_PLUS, 12.73), (K_LONG, 4.498), (K_SHORT, 4.498)],
)
def test_integrals_of_the_shapes(species: int, sigma: float) -> None:
    assert integrated_cm2(SHAPES[species], 8888.89) / MB_IN_CM2 == pytest.approx(sigma, rel=1e-3)


@pytest.mark.parametrize(("species", "multiplicity"), [(PI_PLUS, 0.894), (PI_MINUS, 0.813), (K_PLUS, 0.0717)])
def test_multiplicity_per_production_interaction(bnb: Beamline, species: int, multiplicity: float) -> None:
    # P(interact) = 0.790 for the rod of 71.12 cm
    assert ParametrisedSource(bnb).yield_per_pot(species) == pytest.approx(0.790 * multiplicity, rel=3e-3)


@pytest.mark.parametrize("species", [PI_PLUS, PI0, K_PLUS, K_MINUS, K_LONG])
def test_weights_sum_to_the_yield(bnb: Beamline, species: int) -> None:
    source = ParametrisedSource(bnb)
    rays = source.sample(unit_points(2**13, seed=2), species, UNIFORM)
    assert rays.yield_ == pytest.approx(source.yield_per_pot(species), rel=3e-3)
    assert rays.mass == pytest.approx(mass(species), rel=1e-6)
    assert (rays.pdgid == species).all()


def test_kaon_spectrum_has_the_published_means(bnb: Beamline) -> None:
    rays = ParametrisedSource(bnb).sample(unit_points(2**13, seed=2), K_PLUS, UNIFORM)
    assert np.average(rays.momentum, weights=rays.weight) == pytest.approx(1740.0, rel=3e-3)
    assert np.average(rays.theta, weights=rays.weight) == pytest.approx(0.336, rel=5e-3)


def test_an_adapted_grid_gives_the_same_yield(bnb: Beamline) -> None:
    source, points = ParametrisedSource(bnb), unit_points(2**13, seed=4)
    pilot = source.sample(points, K_PLUS, UNIFORM)
    grid = ImportanceGrid.adapted(points[:, Axis.MOMENTUM], points[:, Axis.THETA], pilot.weight)
    better = source.sample(points, K_PLUS, grid)
    assert better.yield_ == pytest.approx(pilot.yield_, rel=3e-3)
    assert better.n_eff > pilot.n_eff


def test_a_yield_given_as_an_input_is_kept(bnb: Beamline) -> None:
    source = ParametrisedSource(bnb, per_pot={PI0: 0.9, ETA: 0.9 * 0.033})
    for species, expected in ((PI0, 0.9), (ETA, 0.0297)):
        rays = source.sample(unit_points(2**13, seed=2), species, UNIFORM)
        assert rays.yield_ == pytest.approx(expected, rel=2e-3)
        assert source.yield_per_pot(species) == pytest.approx(expected)
    kaons = source.sample(unit_points(2**12, seed=2), K_LONG, UNIFORM)
    etas = source.sample(unit_points(2**12, seed=2), ETA, UNIFORM)
    assert etas.momentum == pytest.approx(kaons.momentum)


def test_vertices_of_another_kind(bnb: Beamline) -> None:
    def at_origin(points: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        n = len(points)
        axis = np.tile([0.0, 0.0, 1.0], (n, 1))
        return np.zeros((n, 4)), axis, np.linspace(8000.0, 8888.0, n), np.full(n, 0.713)

    rays = ParametrisedSource(bnb, vertices=at_origin).sample(unit_points(2**13, seed=2), K_PLUS, UNIFORM)
    assert (rays.x == 0.0).all()
    assert 0.85 < rays.yield_ / (0.713 * 0.0717) < 1.0


def test_errors(bnb: Beamline) -> None:
    points = unit_points(4, seed=1)
    with pytest.raises(UnknownNameError, match="species of the parametrised source '2212'"):
        ParametrisedSource(bnb).sample(points, 2212, UNIFORM)
    with pytest.raises(RangeError, match="per_pot of eta is not given"):
        ParametrisedSource(bnb).sample(points, ETA, UNIFORM)
    with pytest.raises(RangeError, match="per_pot of 111 = -1 per POT"):
        ParametrisedSource(bnb, per_pot={PI0: -1.0}).sample(points, PI0, UNIFORM)
    assert ParametrisedSource(bnb, {K_PLUS: Shape(SHAPES[K_PLUS].density, 0.0)}).species == (K_PLUS,)
