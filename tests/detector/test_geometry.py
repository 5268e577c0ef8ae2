import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation
from scipy.stats import qmc

from darkhorn.core.errors import RangeError
from darkhorn.detector.geometry import Box, Cylinder, Shape, Sphere
from darkhorn.physics.fourvector import transverse_axes

TURN = Rotation.from_euler("xyz", [0.3, -0.7, 1.1]).as_matrix()
SHAPES = [
    Sphere((0, 1.9, 541), 6.106),
    Box((1, -2, 110), (4, 4, 5)),
    Box((1, -2, 110), (4, 3, 10), TURN),
    Cylinder((0, 0, 20), 1.2, 2.5),
    Cylinder((3, 1, 34), 2.85, 8.3, (0.3, -0.2, 2.0)),
]
IDS = ["sphere", "box", "rotated box", "cylinder", "tilted cylinder"]
shapes = pytest.mark.parametrize("shape", SHAPES, ids=IDS)


def surface(shape):
    if isinstance(shape, Sphere):
        return 4 * np.pi * shape.radius**2
    if isinstance(shape, Box):
        a, b, c = shape.size
        return 2 * (a * b + b * c + c * a)
    return 2 * np.pi * shape.radius * (shape.radius + shape.length)


def contains(shape, points):
    """Membership from the definition of each solid, with none of the code under test."""
    relative = points - np.array(shape.center)
    if isinstance(shape, Sphere):
        return (relative**2).sum(axis=-1) < shape.radius**2
    if isinstance(shape, Box):
        local = np.einsum("...j,ji->...i", relative, np.array(shape.rotation))
        return (np.abs(local) < 0.5 * np.array(shape.size)).all(axis=-1)
    height = relative @ np.array(shape.axis)
    across = np.linalg.norm(np.cross(relative, np.array(shape.axis)), axis=-1)
    return (np.abs(height) < 0.5 * shape.length) & (across < shape.radius)


def parallel_rays(shape, direction, across):
    """Origins on a disk of the bounding sphere behind the shape, from points of the unit square."""
    center, radius = shape.bounding_sphere()
    e1, e2 = transverse_axes(direction)
    r, phi = radius * np.sqrt(across[:, 0]), 2 * np.pi * across[:, 1]
    lever = (r * np.cos(phi))[:, None] * e1 + (r * np.sin(phi))[:, None] * e2
    return np.array(center) - 2 * radius * direction + lever


@shapes
def test_chords_of_parallel_rays_fill_the_volume(shape):
    points = qmc.Sobol(2, rng=1).random(2**14)
    radius = shape.bounding_sphere()[1]
    for direction in np.array([[0, 0, 1.0], [0, -1, 0], [0.48, 0.6, 0.64]]):
        origin = parallel_rays(shape, direction, points)
        _, length = shape.chord(origin, np.broadcast_to(direction, origin.shape))
        assert length.mean() * np.pi * radius**2 == pytest.approx(shape.volume, rel=5e-3)


@shapes
def test_mean_chord_is_four_volumes_per_surface(shape):
    points = qmc.Sobol(4, rng=2).random(2**15)
    cos, phi = 2 * points[:, 0] - 1, 2 * np.pi * points[:, 1]
    sine = np.sqrt(1 - cos**2)
    direction = np.stack([sine * np.cos(phi), sine * np.sin(phi), cos], axis=-1)
    origin = parallel_rays(shape, direction, points[:, 2:])
    _, length = shape.chord(origin, direction)
    assert length[length > 0].mean() == pytest.approx(4 * shape.volume / surface(shape), rel=5e-3)


@shapes
def test_chords_equal_a_march_along_the_ray(shape):
    rng = np.random.default_rng(3)
    center, radius = shape.bounding_sphere()
    origin = np.array(center) + rng.uniform(-1.5 * radius, 1.5 * radius, (300, 3))
    direction = rng.normal(size=(300, 3))
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    entry, length = shape.chord(origin, direction)
    far, steps = 6 * radius, 4000
    t = (np.arange(steps) + 0.5) * far / steps
    inside = contains(shape, origin[:, None, :] + t[None, :, None] * direction[:, None, :])
    assert length == pytest.approx(inside.sum(axis=1) * far / steps, abs=2.1 * far / steps)
    hit = inside.any(axis=1)
    assert entry[hit] == pytest.approx(t[inside.argmax(axis=1)][hit], abs=1.1 * far / steps)
    assert (entry[contains(shape, origin)] == 0).all()
    assert 20 < hit.sum() < 280
    missed = length == 0
    assert missed.any()
    assert (entry[missed] == 0).all()


@shapes
@given(data=st.data())
@settings(deadline=None, derandomize=True, max_examples=40)
def test_a_ray_and_its_reverse_share_the_line(shape, data):
    """Forward and backward parts from any point of a line add up to the chord of the line."""
    number = st.floats(-1, 1)
    center, radius = shape.bounding_sphere()
    offset = np.array([data.draw(number) for _ in range(3)]) * 2 * radius
    direction = np.array([data.draw(number) for _ in range(3)]) + np.array([0, 0, 1.5])
    direction /= np.linalg.norm(direction)
    origin = np.array(center) + offset
    _, ahead = shape.chord(origin, direction)
    _, behind = shape.chord(origin, -direction)
    start = origin - 10 * radius * direction
    entry, whole = shape.chord(start, direction)
    assert ahead + behind == pytest.approx(whole, abs=1e-6 * radius)
    assert 0 <= whole[0] <= 2 * radius * (1 + 1e-12)
    if whole[0] > 0:
        middle = start + (entry + 0.5 * whole) * direction
        assert whole[0] < 1e-6 or contains(shape, middle)


def test_hand_values():
    up = [[0.0, 0.0, 1.0]]
    entry, length = Sphere((0, 0, 10), 5).chord([[0, 0, 0], [3, 0, 0], [5, 0, 0], [0, 0, 10], [0, 0, 16]], up)
    assert entry == pytest.approx([5, 6, 0, 0, 0], abs=1e-14)
    assert length == pytest.approx([10, 8, 0, 5, 0], abs=1e-14)
    entry, length = Box((0, 0, 10), (2, 4, 6)).chord([[0, 0, 0], [0.9, 1.9, 0], [1, 0, 0], [1.1, 0, 0]], up)
    assert entry.tolist() == [7, 7, 0, 0]
    assert length.tolist() == [6, 6, 0, 0]
    can = Cylinder((0, 0, 10), 3, 8)
    entry, length = can.chord([[0, 0, 0], [0, 3.9, 0], [0, 4.1, 0], [1, 0, 10]], up)
    assert entry == pytest.approx([7, 7, 0, 0], abs=1e-14)
    assert length == pytest.approx([6, 6, 0, np.sqrt(8)], abs=1e-14)
    entry, length = can.chord([[0, -20, 10], [2.9, -20, 10], [3.1, -20, 10]], [[0, 1.0, 0]])
    assert entry.tolist() == [16, 16, 0]
    assert length.tolist() == [8, 8, 0]
    # a diagonal of a unit cube, and the same cube rotated with the ray
    diagonal = np.ones(3) / np.sqrt(3)
    for turn in (np.eye(3), TURN):
        ray = turn @ diagonal
        entry, length = Box((0, 0, 0), (1, 1, 1), turn).chord([-5 * ray], [ray])
        assert entry[0] == pytest.approx(5 - np.sqrt(3) / 2, rel=1e-14)
        assert length[0] == pytest.approx(np.sqrt(3), rel=1e-14)


def test_a_distant_sphere_keeps_its_digits():
    lever = np.array([0.0, 3.0, 6.0, 6.105999])
    origin = np.stack([lever, 0 * lever, 0 * lever], axis=-1)
    _, length = Sphere((0, 0, 541.34), 6.106).chord(origin, [[0, 0, 1.0]])
    assert length == pytest.approx(2 * np.sqrt(6.106**2 - lever**2), rel=1e-9)


@shapes
def test_bounding_sphere_holds_the_shape(shape):
    assert isinstance(shape, Shape)
    center, radius = shape.bounding_sphere()
    points = np.array(center) + radius * 1.2 * (2 * qmc.Sobol(3, rng=5).random(2**13) - 1)
    inside = contains(shape, points)
    distance = np.linalg.norm(points - np.array(center), axis=1)
    assert distance[inside].max() <= radius
    assert inside.mean() * (2.4 * radius) ** 3 == pytest.approx(shape.volume, rel=0.03)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: Sphere((0, 0, 0), 0.0), "radius = 0 m"),
        (lambda: Sphere((0, np.nan, 0), 1.0), "center"),
        (lambda: Sphere((0, 0), 1.0), "center has shape"),
        (lambda: Box((0, 0, 0), (1, -2, 3)), "size = -2 m"),
        (lambda: Box((0, 0, 0), (1, 2, 3), 2 * np.eye(3)), "orthonormality"),
        (lambda: Box((0, 0, 0), (1, 2, 3), np.diag([1, 1, -1])), "determinant"),
        (lambda: Box((0, 0, 0), (1, 2, 3), np.eye(2)), "rotation has shape"),
        (lambda: Cylinder((0, 0, 0), 1.0, 0.0), "length = 0 m"),
        (lambda: Cylinder((0, 0, 0), -1.0, 1.0), "radius = -1 m"),
        (lambda: Cylinder((0, 0, 0), 1.0, 1.0, (0, 0, 0)), "axis"),
        (lambda: Sphere((0, 0, 0), 1.0).chord([[0, 0, 0]], [[0, 0, 2.0]]), "direction"),
    ],
)
def test_errors_name_the_key(build, message):
    with pytest.raises(RangeError, match=message):
        build()
