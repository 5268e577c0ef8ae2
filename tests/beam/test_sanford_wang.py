"""The pion source: yield by three routes, spot and waist, attenuation along the rod, spectrum, errors."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import stats

from darkhorn.beam.beamline import Beamline, ProtonBeam, TargetRod
from darkhorn.beam.sanford_wang import SanfordWangSource, proton_vertices, yield_per_pot
from darkhorn.core.errors import RangeError, UnknownNameError
from darkhorn.core.importance import ImportanceGrid
from darkhorn.core.points import Axis, unit_points
from darkhorn.core.rays import Rays
from darkhorn.core.species import K_PLUS, PI_MINUS, PI_PLUS
from darkhorn.physics.passage import proton_inelastic_cm2
from darkhorn.physics.production import PI_MINUS_BE_OLDER, PI_PLUS_BE, sanford_wang

MEAN_PATH = 0.455746  # m, production cross section in beryllium
LENGTH = 0.7112
INTERACT = 0.790
UNIFORM = ImportanceGrid.uniform()


def pencil(beam: ProtonBeam) -> ProtonBeam:
    """The same protons, all on the axis."""
    return replace(beam, sigma_x=0.0, sigma_y=0.0, sigma_xp=0.0, sigma_yp=0.0)


def adapted(source: SanfordWangSource, species: int = PI_PLUS) -> ImportanceGrid:
    points = unit_points(2**13, seed=99)
    weight = source.sample(points, species, UNIFORM).weight
    return ImportanceGrid.adapted(points[:, Axis.MOMENTUM], points[:, Axis.THETA], weight)


def error(rays: Rays) -> float:
    """Statistical error of the yield, as if the points were independent."""
    return float(np.sqrt((rays.weight**2).sum() - rays.yield_**2 / len(rays)))


@pytest.mark.parametrize(
    ("species", "multiplicity", "per_pot"), [(PI_PLUS, 158.92 / 177.7, 0.7065), (PI_MINUS, 144.46 / 177.7, 0.6423)]
)
def test_published_yields(bnb: Beamline, species: int, multiplicity: float, per_pot: float) -> None:
    value = yield_per_pot(SanfordWangSource(bnb), species)
    assert value == pytest.approx(per_pot, abs=1e-4)
    assert value / INTERACT == pytest.approx(multiplicity, rel=1e-3)


def test_multiplicity_of_published_pions() -> None:
    assert pytest.approx(0.894, abs=5e-4) == 158.92 / 177.7


def test_inelastic_normalisation_lowers_the_yield_by_eleven_percent(bnb: Beamline) -> None:
    source = SanfordWangSource(bnb, normalise_cm2=proton_inelastic_cm2)
    assert yield_per_pot(source, PI_PLUS) == pytest.approx(0.845 * 0.749, abs=1e-3)
    assert yield_per_pot(source, PI_PLUS) / yield_per_pot(SanfordWangSource(bnb), PI_PLUS) == pytest.approx(
        0.895, abs=2e-3
    )


@pytest.mark.parametrize("species", [PI_PLUS, PI_MINUS])
def test_sampler_closes_on_the_quadrature(bnb: Beamline, species: int) -> None:
    narrow = SanfordWangSource(replace(bnb, beam=pencil(bnb.beam)))
    rays = narrow.sample(unit_points(2**14, seed=3, kind="random"), species, adapted(narrow, species))
    exact = yield_per_pot(narrow, species)
    assert error(rays) < 0.005 * exact
    assert rays.yield_ == pytest.approx(exact, abs=3 * error(rays))
    sobol = narrow.sample(unit_points(2**14, seed=3), species, adapted(narrow, species))
    assert sobol.yield_ == pytest.approx(exact, rel=1e-3)
    # the rod is long and the beam converges, so the whole spot loses very little
    spot = SanfordWangSource(bnb).sample(unit_points(2**14, seed=3), species, adapted(narrow, species))
    assert 0.99 * sobol.yield_ < spot.yield_ < sobol.yield_


@given(hnp.arrays(float, hnp.array_shapes(min_dims=2, max_dims=2, max_side=6), elements=st.floats(0.2, 1.0)))
@settings(max_examples=30, deadline=None, derandomize=True)
def test_any_importance_grid_gives_the_same_yield(probability: np.ndarray) -> None:
    source = SanfordWangSource(replace(_LINE, beam=pencil(_LINE.beam)))
    points = unit_points(2**13, seed=21, kind="random")
    rays = source.sample(points, PI_PLUS, ImportanceGrid(probability))
    assert error(rays) < 0.06 * rays.yield_
    assert rays.yield_ == pytest.approx(0.70654, abs=4.5 * error(rays))


_LINE = Beamline(
    name="rod only",
    beam=ProtonBeam(8888.9, 1.51e-3, 0.75e-3, 0.66e-3, 0.4e-3, -1.0, -0.01),
    target=TargetRod("Be", 4.7625e-3, 0.034925, 0.746125, 1.2349e29),
    field=None,  # type: ignore[arg-type]
    conductor=None,  # type: ignore[arg-type]
    conductor_material="Al",
    apertures=(),
    current=0.0,
)


def test_spectrum_follows_the_formula(bnb: Beamline) -> None:
    """Weighted chi2 in bins of momentum and angle of a narrow beam, at a fixed seed."""
    source = SanfordWangSource(replace(bnb, beam=pencil(bnb.beam)))
    rays = source.sample(unit_points(2**16, seed=5, kind="random"), PI_PLUS, adapted(source))
    p_edges, t_edges = np.array([0, 400, 800, 1300, 2000, 3000, 4500, 7800.0]), np.array([0, 0.05, 0.1, 0.2, 0.35, 0.7])
    shape = (len(p_edges) - 1, len(t_edges) - 1)
    cell = (np.digitize(rays.momentum, p_edges) - 1) * shape[1] + np.digitize(rays.theta, t_edges) - 1
    keep = (rays.momentum < p_edges[-1]) & (rays.theta < t_edges[-1])
    size = shape[0] * shape[1]
    found = np.bincount(cell[keep], rays.weight[keep], size)
    variance = np.bincount(cell[keep], rays.weight[keep] ** 2, size)
    nodes, weights = np.polynomial.legendre.leggauss(16)
    expected = []
    for p_low, p_high in pairwise(p_edges):
        for t_low, t_high in pairwise(t_edges):
            p = 0.5 * (p_high - p_low) * (nodes + 1) + p_low
            t = 0.5 * (t_high - t_low) * (nodes + 1) + t_low
            density = sanford_wang(p[:, None], t, 8888.9, PI_PLUS_BE) * 2 * np.pi * np.sin(t)
            expected.append(weights @ density @ weights * (p_high - p_low) * (t_high - t_low) / 4)
    expected = np.array(expected) / 177.682e-27 * -np.expm1(-LENGTH / MEAN_PATH)
    assert found.sum() == pytest.approx(expected.sum(), rel=0.01)
    chi_sq = ((found - expected) ** 2 / variance).sum()
    assert 1e-3 < stats.chi2.sf(chi_sq, size) < 1 - 1e-3


def test_angle_is_measured_from_the_proton(bnb: Beamline) -> None:
    """The same points without divergence give the same angle to the proton and the same weights."""
    points = unit_points(2**10, seed=6)
    rays = SanfordWangSource(bnb).sample(points, PI_PLUS, UNIFORM)
    _, proton, depth_weight = proton_vertices(points, bnb.beam, bnb.target, MEAN_PATH)
    straight = SanfordWangSource(replace(bnb, beam=pencil(bnb.beam))).sample(points, PI_PLUS, UNIFORM)
    cosine = (rays.direction * proton).sum(axis=1)
    assert np.abs(cosine - np.cos(straight.theta)).max() < 1e-12
    assert np.abs(rays.theta - straight.theta).max() > 1e-4
    full = -np.expm1(-LENGTH / MEAN_PATH)
    assert rays.weight * full == pytest.approx(straight.weight * depth_weight, rel=1e-5, abs=0)
    azimuth = np.arctan2(straight.p[:, 2], straight.p[:, 1])
    assert stats.kstest((azimuth / (2 * np.pi)) % 1.0, "uniform").pvalue > 1e-3


def test_pions_are_on_shell_inside_the_rod_and_in_time(bnb: Beamline) -> None:
    rays = SanfordWangSource(bnb).sample(unit_points(2**12, seed=7), PI_PLUS, UNIFORM)
    energy = np.sqrt(rays.momentum**2 + 139.57039**2)
    assert np.abs(rays.energy / energy - 1).max() < 1e-12
    assert (rays.pdgid == 211).all()
    assert np.hypot(rays.x[:, 1], rays.x[:, 2]).max() <= 4.7625e-3 * (1 + 1e-9)
    assert rays.x[:, 3].min() >= 0.034925
    assert rays.x[:, 3].max() <= 0.746125
    beta = 8888.9 / np.hypot(8888.9, 938.27208943)
    assert rays.x[:, 0] == pytest.approx((rays.x[:, 3] - 0.034925) / (0.299792458 * beta), rel=1e-5)
    assert rays.momentum.max() < 7888.9
    assert np.isfinite(rays.weight).all()
    assert rays.weight.min() >= 0.0


def test_attenuation_along_the_rod(bnb: Beamline) -> None:
    points = unit_points(2**14, seed=8, kind="random")
    vertex, _, weight = proton_vertices(points, pencil(bnb.beam), bnb.target, MEAN_PATH)
    assert np.ptp(weight) < 1e-12
    assert weight[0] == pytest.approx(INTERACT, abs=5e-4)
    depth = vertex[:, 3] - bnb.target.z_start
    assert stats.kstest(depth, stats.truncexpon(LENGTH / MEAN_PATH, scale=MEAN_PATH).cdf).pvalue > 1e-3


def test_spot_shrinks_towards_its_waist(bnb: Beamline) -> None:
    """Correlation -1: x' = -x sigma_xp/sigma_x, so the spot vanishes 1.51/0.66 m (x), 0.75/0.40 m (y) downstream."""
    points = unit_points(2**12, seed=9)
    vertex, direction, _ = proton_vertices(points, bnb.beam, bnb.target, MEAN_PATH)
    slope = direction[:, :2] / direction[:, 2:]
    assert slope.std(axis=0) == pytest.approx([0.66e-3, 0.40e-3], rel=0.01)
    travelled = vertex[:, 3] + 0.01
    waist = -vertex[:, 1:3] / slope + travelled[:, None]
    assert np.median(waist, axis=0) == pytest.approx([2.288, 1.875], abs=1e-3)
    assert np.ptp(waist, axis=0).max() < 1e-6
    shrink = 1 - travelled[:, None] / np.array([2.2879, 1.875])
    at_start = vertex[:, 1:3] / shrink
    assert at_start.std(axis=0) == pytest.approx([1.51e-3, 0.75e-3], rel=0.01)
    # at the middle of the rod, 0.4005 m downstream of the start
    middle = vertex[:, 1:3] + slope * (0.390525 - vertex[:, 3:])
    assert middle.std(axis=0) == pytest.approx([1.246e-3, 0.590e-3], rel=0.01)


def test_parallel_round_beam_misses_by_the_rayleigh_tail(bnb: Beamline) -> None:
    wide = replace(bnb.beam, sigma_x=3e-3, sigma_y=3e-3, sigma_xp=0.0, sigma_yp=0.0)
    points = unit_points(2**14, seed=10)
    _, _, weight = proton_vertices(points, wide, bnb.target, MEAN_PATH)
    share = -np.expm1(-(4.7625**2) / (2 * 3.0**2))
    assert (weight > 0).mean() == pytest.approx(share, abs=3e-3)
    assert weight.mean() == pytest.approx(share * -np.expm1(-LENGTH / MEAN_PATH), abs=3e-3)


@pytest.mark.parametrize("correlation", [-1.0, 1.0])
def test_path_in_the_rod_against_stepping(bnb: Beamline, correlation: float) -> None:
    """Protons that enter or leave through the side, or miss: the interaction probability by small steps."""
    wild = replace(bnb.beam, sigma_x=6e-3, sigma_y=3e-3, sigma_xp=4e-3, sigma_yp=1e-3, correlation=correlation)
    points = unit_points(2**8, seed=11)
    vertex, direction, weight = proton_vertices(points, wild, bnb.target, MEAN_PATH)
    slope = direction[:, :2] / direction[:, 2:]
    z = 0.034925 + (np.arange(20000) + 0.5) / 20000 * LENGTH
    xy = vertex[:, None, 1:3] + slope[:, None, :] * (z[None, :, None] - vertex[:, 3, None, None])
    inside = (xy**2).sum(axis=2) < 4.7625e-3**2
    path = inside.mean(axis=1) * LENGTH / direction[:, 2]
    assert inside.any(axis=1).mean() < 0.95
    assert (inside.any(axis=1) & ~inside.all(axis=1)).mean() > 0.1
    assert np.abs(weight - -np.expm1(-path / MEAN_PATH)).max() < 3e-4
    hit = weight > 1e-3
    assert (np.hypot(*vertex[hit, 1:3].T) < 4.7625e-3 * (1 + 1e-9)).all()


def test_depth_is_a_path_length_not_a_distance_along_z(bnb: Beamline) -> None:
    """Protons that start in the middle of the upstream face at large angles, against a path written down by hand."""
    fan = replace(bnb.beam, sigma_x=0.0, sigma_y=0.0, sigma_xp=0.02, sigma_yp=0.3, z_start=0.034925)
    points = unit_points(2**8, seed=12)
    vertex, direction, weight = proton_vertices(points, fan, bnb.target, MEAN_PATH)
    path = np.linalg.norm(vertex[:, 1:] - [0.0, 0.0, 0.034925], axis=1)
    longest = np.minimum(4.7625e-3 / np.hypot(direction[:, 0], direction[:, 1]), LENGTH / direction[:, 2])
    share = -np.expm1(-longest / MEAN_PATH)
    assert np.abs(weight / share - 1).max() < 1e-8
    assert np.abs(-np.expm1(-path / MEAN_PATH) / share - points[:, Axis.DEPTH]).max() < 1e-8
    speed = 0.299792458 * 8888.9 / np.hypot(8888.9, 938.27208943)
    assert np.abs(vertex[:, 0] * speed - path).max() < 1e-6


def test_errors_and_species(bnb: Beamline) -> None:
    source = SanfordWangSource(bnb)
    assert source.species == (PI_PLUS, PI_MINUS)
    with pytest.raises(UnknownNameError, match=r"unknown species of the Sanford-Wang source '321'.*Known: -211, 211"):
        source.sample(unit_points(2, seed=1), K_PLUS, UNIFORM)


def test_partial_correlation_is_refused(bnb: Beamline) -> None:
    with pytest.raises(RangeError, match=r"correlation of the proton spot = -0\.5; allowed: -1 or 1"):
        proton_vertices(unit_points(2, seed=1), replace(bnb.beam, correlation=-0.5), bnb.target, MEAN_PATH)


def test_other_constants(bnb: Beamline) -> None:
    older = SanfordWangSource(bnb, constants={PI_MINUS: PI_MINUS_BE_OLDER})
    assert older.species == (PI_MINUS,)
    ratio = yield_per_pot(older, PI_MINUS) / yield_per_pot(SanfordWangSource(bnb), PI_MINUS)
    assert ratio == pytest.approx(164.10 / 144.46, rel=1e-3)
