"""Two-body decays aimed at a detector: closure over the sphere, brute force, slow heavy and fast light daughters."""

import numpy as np
import pytest
from oracle import isotropic

from darkhorn.chain.two_body import aim_line
from darkhorn.core.points import unit_points
from darkhorn.core.rays import Rays
from darkhorn.core.species import PI0, mass
from darkhorn.detector.geometry import Sphere
from darkhorn.models.channels import Line
from darkhorn.physics.cascade import two_body_energy
from darkhorn.physics.fourvector import boost


def line(m_x: float) -> Line:
    return Line(PI0, "pi0 -> gamma X", m_x, float(two_body_energy(mass(PI0), m_x, 0.0)), 0.25)


def beam(momentum: float, theta: float, n: int, z: float = 0.0) -> Rays:
    energy = np.hypot(momentum, mass(PI0))
    p = [energy, momentum * np.sin(theta), 0.0, momentum * np.cos(theta)]
    return Rays.make(PI0, [0.0, 0.0, 0.0, z], np.tile(p, (n, 1)), 1.0 / n)


@pytest.mark.parametrize("momentum", [0.0, 50.0, 500.0, 4000.0])
@pytest.mark.parametrize("m_x", [1.0, 60.0, 120.0, 134.0])
def test_full_sphere_is_the_branching_ratio(momentum: float, m_x: float) -> None:
    points = unit_points(2**10, seed=3)
    arrivals = aim_line(beam(momentum, 0.2, len(points), z=10.0), line(m_x), Sphere((0.0, 0.0, 10.0), 1.0), points)
    assert arrivals.rays.yield_ == pytest.approx(0.25, rel=1e-9)
    mean = float(np.dot(arrivals.rays.weight, arrivals.rays.energy)) / 0.25
    gamma = np.hypot(momentum, mass(PI0)) / mass(PI0)
    assert mean == pytest.approx(gamma * line(m_x).energy, rel=2e-3)


CASES = [(300.0, 0.0, 1.0), (1000.0, 0.1, 1.0), (1000.0, 0.1, 60.0), (300.0, 0.15, 120.0), (800.0, 0.02, 130.0)]


@pytest.mark.parametrize(("momentum", "theta", "m_x"), CASES)
def test_against_isotropic_decays(momentum: float, theta: float, m_x: float) -> None:
    shape, rng, n = Sphere((0.5, 0.0, 20.0), 2.0), np.random.default_rng(5), 1_000_000
    parent, decay = beam(momentum, theta, 1), line(m_x)
    rest = np.column_stack([np.full(n, decay.energy), decay.momentum * isotropic(n, rng)])
    p = boost(rest, parent.p[0], mass(PI0))
    direction = p[:, 1:] / np.linalg.norm(p[:, 1:], axis=1)[:, None]
    _, chord = shape.chord(np.zeros((n, 3)), direction)
    hit = chord > 0.0
    rate, error = 0.25 * hit.mean(), 0.25 * np.sqrt(hit.sum()) / n
    points = unit_points(2**14, seed=2)
    found = aim_line(beam(momentum, theta, len(points)), decay, shape, points)
    assert found.rays.yield_ == pytest.approx(rate, abs=4.0 * error + 3e-3 * rate)
    assert np.average(found.chord, weights=found.rays.weight) == pytest.approx(chord[hit].mean(), rel=0.02)
    assert np.average(found.rays.energy, weights=found.rays.weight) == pytest.approx(p[hit, 0].mean(), rel=0.01)


def test_energy_and_angle_belong_together() -> None:
    points, decay = unit_points(2**10, seed=7), line(120.0)
    parents = beam(900.0, 0.05, len(points))
    rays = aim_line(parents, decay, Sphere((0.0, 0.0, 20.0), 2.0), points).rays
    cosine = np.einsum("ij,ij->i", rays.direction, parents.direction)
    rest = parents.gamma * (rays.energy - parents.beta * rays.momentum * cosine)
    assert rest == pytest.approx(np.full(len(points), decay.energy), rel=1e-10)
    assert rays.mass == pytest.approx(np.full(len(points), 120.0), rel=1e-6)


def test_closed_direction_is_exactly_zero() -> None:
    points = unit_points(2**8, seed=1)
    backward = aim_line(beam(4000.0, 0.0, len(points)), line(130.0), Sphere((0.0, 0.0, -50.0), 1.0), points)
    aside = aim_line(beam(4000.0, 0.5, len(points)), line(130.0), Sphere((0.0, 0.0, 50.0), 1.0), points)
    for arrivals in (backward, aside):
        assert not arrivals.rays.weight.any()
        assert np.isfinite(arrivals.rays.p).all()
