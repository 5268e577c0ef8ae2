"""Directed decays: closure over the sphere, brute force into the real detector, spectra, limits."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import brute_force_rate

from darkhorn.chain.aim import aim, aimed_directions, at_centre
from darkhorn.chain.decay import (
    Spectrum,
    _density_over_p,
    _node_energies,
    _smooth_table,
    tabulate,
    tabulate_emission,
)
from darkhorn.core.errors import ThresholdError
from darkhorn.core.importance import EnergyGrid, ImportanceGrid
from darkhorn.core.points import Axis, unit_points
from darkhorn.core.rays import Rays
from darkhorn.core.species import ELECTRON, K_PLUS, MUON, PI_PLUS, mass
from darkhorn.detector.geometry import Box, Sphere
from darkhorn.models.channels import three_body
from darkhorn.models.productions import branching, production

MINIBOONE = Sphere((0.0, 1.89614, 541.34), 6.106)


def beam(parent: int, momentum: float, theta: float = 0.0, n: int = 1, z: float = 10.0) -> Rays:
    """n equal parents at (0, 0, z), total weight 1."""
    energy = np.hypot(momentum, mass(parent))
    p = [energy, momentum * np.sin(theta), 0.0, momentum * np.cos(theta)]
    return Rays.make(parent, [0.0, 0.0, 0.0, z], np.tile(p, (n, 1)), 1.0 / n)


def spectrum(parent: int, lepton: int, m_x: float, name: str = "vector-ib1") -> Spectrum:
    return tabulate(production(name), parent, lepton, m_x)


CHANNELS = [
    (PI_PLUS, ELECTRON, 5.0, "vector-ib1"),
    (PI_PLUS, ELECTRON, 20.0, "vector-sum"),
    (PI_PLUS, ELECTRON, 100.0, "scalar-ib1"),
    (PI_PLUS, MUON, 5.0, "scalar-ib1"),
    (PI_PLUS, MUON, 20.0, "vector-hadronic"),
    (K_PLUS, MUON, 5.0, "pseudoscalar-ib1"),
    (K_PLUS, ELECTRON, 20.0, "vector-contact"),
    (K_PLUS, MUON, 100.0, "vector-ib1"),
]


@pytest.mark.parametrize("momentum", [300.0, 1000.0, 4000.0])
@pytest.mark.parametrize(("parent", "lepton", "m_x", "name"), CHANNELS)
def test_full_sphere_sum_is_the_branching_ratio(
    parent: int, lepton: int, m_x: float, name: str, momentum: float
) -> None:
    around = Sphere((0.0, 0.0, 10.0), 1.0)
    table = spectrum(parent, lepton, m_x, name)
    totals = []
    for replicate in range(16):
        points = unit_points(2**14, seed=3, stream=(replicate,))
        rays = beam(parent, momentum, 0.1, len(points))
        totals.append(aim(rays, table, around, points).rays.yield_)
    expected = branching(name, parent, lepton, m_x)
    error = np.std(totals, ddof=1) / 4.0
    assert error < 3.0e-3 * expected
    assert np.mean(totals) == pytest.approx(expected, abs=3.0 * error + 1.0e-5 * expected)


@pytest.mark.parametrize(
    ("momentum", "theta", "m_x", "lepton", "trials"),
    [
        (2000.0, 0.0, 5.0, ELECTRON, 2_000_000),
        (2000.0, 0.0, 20.0, MUON, 1_000_000),
        (1000.0, 0.15, 5.0, ELECTRON, 12_000_000),
        (600.0, 0.15, 20.0, ELECTRON, 16_000_000),
    ],
)
def test_directed_equals_brute_force_in_the_real_detector(
    momentum: float, theta: float, m_x: float, lepton: int, trials: int
) -> None:
    table = spectrum(PI_PLUS, lepton, m_x)
    rate, error, energies = brute_force_rate(beam(PI_PLUS, momentum, theta), table, MINIBOONE, trials, seed=11)
    directed, mean_energy = [], []
    for replicate in range(8):
        points = unit_points(2**13, seed=5, stream=(replicate,))
        rays = aim(beam(PI_PLUS, momentum, theta, len(points)), table, MINIBOONE, points).rays
        directed.append(rays.yield_)
        mean_energy.append(np.dot(rays.weight, rays.energy) / rays.yield_)
    spread = np.std(directed, ddof=1) / np.sqrt(8)
    assert error < 1.0e-2 * rate
    assert spread < 1.0e-2 * rate
    assert np.mean(directed) == pytest.approx(rate, abs=3.0 * np.hypot(error, spread))
    assert np.mean(mean_energy) == pytest.approx(energies.mean(), abs=4.0 * energies.std() / np.sqrt(len(energies)))


@pytest.mark.parametrize("shape", [MINIBOONE, Sphere((0.0, 0.0, 5.0), 30.0)])
def test_trials_have_the_weights_of_particles_aimed_at_the_middle(shape: Sphere) -> None:
    rng = np.random.default_rng(8)
    energies = EnergyGrid(700.0, ImportanceGrid(rng.random((8, 4)) + 0.2))
    table, parents = spectrum(PI_PLUS, MUON, 20.0), beam(PI_PLUS, 1500.0, 0.05, 6)
    point = np.full(len(Axis), 0.3)
    point[Axis.AIM_COS] = 0.0
    places = (0.1, 0.45, 0.8)
    tried = list(at_centre(parents, table, shape, places, energies))
    assert len(tried) == len(places)
    for place, (energy, weight) in zip(places, tried, strict=True):
        point[Axis.ENERGY] = place
        rays = aim(parents, table, shape, np.tile(point, (6, 1)), energies).rays
        assert rays.weight.min() > 0.0
        np.testing.assert_allclose(energy, rays.energy, rtol=1e-12)
        np.testing.assert_allclose(weight, rays.weight, rtol=1e-10)


def test_slow_boson_cannot_leave_a_fast_parent_at_a_large_angle() -> None:
    table = spectrum(PI_PLUS, MUON, 20.0)
    points = unit_points(2**10, seed=5)
    assert aim(beam(PI_PLUS, 2000.0, 0.15, len(points)), table, MINIBOONE, points).rays.yield_ == 0.0
    assert brute_force_rate(beam(PI_PLUS, 2000.0, 0.15), table, MINIBOONE, 100_000, seed=1)[0] == 0.0


def test_closed_direction_has_weight_exactly_zero() -> None:
    table = spectrum(PI_PLUS, ELECTRON, 100.0)
    points = unit_points(2**10, seed=1)
    backward = Sphere((0.0, 0.0, -500.0), 5.0)
    rays = aim(beam(PI_PLUS, 4000.0, 0.0, len(points)), table, backward, points).rays
    assert not rays.weight.any()
    assert np.isfinite(rays.p).all()
    assert np.isfinite(rays.x).all()


def test_stopped_parent_is_isotropic() -> None:
    table = spectrum(PI_PLUS, MUON, 5.0)
    points = unit_points(2**13, seed=2)
    arrivals = aim(beam(PI_PLUS, 0.0, 0.0, len(points), z=0.0), table, Sphere((20.0, 0.0, 0.0), 1.0), points)
    share = 0.5 * (1.0 - np.sqrt(1.0 - (1.0 / 20.0) ** 2))
    assert arrivals.rays.yield_ == pytest.approx(share * table.branching, rel=2.0e-3)
    assert np.average(arrivals.chord) == pytest.approx(4.0 / 3.0, rel=5.0e-3)


@given(
    x=st.floats(-30, 30), y=st.floats(-30, 30), z=st.floats(-60, 60), size=st.floats(0.1, 8.0), seed=st.integers(0, 999)
)
@settings(max_examples=40, deadline=None, derandomize=True)
def test_cone_holds_the_detector(x: float, y: float, z: float, size: float, seed: int) -> None:
    shape = Box((x, y, z), (size, 2.0 * size, 0.5 * size))
    points = unit_points(2**7, seed=seed)
    direction, solid_angle = aimed_directions(beam(PI_PLUS, 100.0, 0.3, len(points), z=0.0), shape, points)
    centre, radius = shape.bounding_sphere()
    distance = np.linalg.norm(centre)
    assert np.allclose(np.linalg.norm(direction, axis=1), 1.0, atol=1e-12)
    if distance > radius:
        limit = np.sqrt(1.0 - (radius / distance) ** 2)
        assert (direction @ np.asarray(centre) / distance >= limit - 1e-9).all()
        assert solid_angle == pytest.approx(2 * np.pi * (1 - limit), rel=1e-6)
    else:
        assert solid_angle.mean() == pytest.approx(4.0 * np.pi, rel=3.0e-2)


def test_closed_decay_names_its_threshold() -> None:
    with pytest.raises(ThresholdError, match=r"33\.9"):
        spectrum(PI_PLUS, MUON, 40.0)


@pytest.mark.parametrize(("lepton", "smooth"), [(MUON, True), (ELECTRON, False)])
def test_a_table_from_few_nodes_is_the_whole_table(lepton: int, smooth: bool) -> None:
    emission = three_body(production("vector-ib1"), PI_PLUS, lepton, 5.0)
    few = _smooth_table(emission, 5.0)
    whole = _density_over_p(emission, 5.0, _node_energies(5.0, emission.energy_max, 1024))
    assert (few is not None) is smooth
    if few is not None:
        assert np.abs(few - whole).max() < 2e-7 * whole.max()
    table = tabulate_emission(emission).table
    assert np.abs(table - whole).max() < 2e-7 * whole.max()
