"""Rays: shapes, kinematics, masks, sums and the checks of what comes from outside."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from darkhorn.core.errors import InputFileError, RangeError
from darkhorn.core.rays import Rays, check_finite

MASS = 139.57039


def batch(n: int = 5, seed: int = 1, mass: float = MASS) -> Rays:
    rng = np.random.default_rng(seed)
    three = rng.normal(0.0, 500.0, (n, 3))
    energy = np.sqrt((three**2).sum(axis=1) + mass**2)
    return Rays.make(211, rng.normal(size=(n, 4)), np.column_stack([energy, three]), rng.random(n), np.arange(n))


def one(p: tuple[float, float, float, float], weight: float = 1.0) -> Rays:
    return Rays.make(211, np.zeros(4), [p], weight)


def test_make_broadcasts_and_copies() -> None:
    origin = np.zeros(4)
    rays = Rays.make(211, origin, np.ones((3, 4)), 0.5)
    assert len(rays) == 3
    assert rays.pdgid.dtype == np.int64
    assert rays.x.shape == (3, 4)
    assert rays.weight.tolist() == [0.5, 0.5, 0.5]
    assert rays.parent.tolist() == [-1, -1, -1]
    origin[0] = 9.0
    assert rays.x[0, 0] == 0.0


@pytest.mark.parametrize("field", ["pdgid", "x", "p", "weight", "parent"])
def test_one_wrong_shape_is_refused(field: str) -> None:
    good = batch()
    arrays = {name: getattr(good, name) for name in ("pdgid", "x", "p", "weight", "parent")}
    arrays[field] = arrays[field][:-1]
    with pytest.raises(RangeError, match="Rays: array shapes"):
        Rays(**arrays)


def test_kinematics_typed() -> None:
    rays = one((5.0, 0.0, 3.0, 0.0))
    assert rays.mass == pytest.approx([4.0])
    assert rays.momentum == pytest.approx([3.0])
    assert rays.beta == pytest.approx([0.6])
    assert rays.gamma == pytest.approx([1.25])
    assert rays.theta == pytest.approx([np.pi / 2])
    assert rays.direction == pytest.approx(np.array([[0.0, 1.0, 0.0]]))
    backward = one((5.0, 0.0, 0.0, -3.0))
    assert backward.theta == pytest.approx([np.pi])


def test_at_rest_and_massless() -> None:
    rest = one((MASS, 0.0, 0.0, 0.0))
    assert rest.direction.tolist() == [[0.0, 0.0, 1.0]]
    assert rest.beta.tolist() == [0.0]
    assert rest.gamma.tolist() == [1.0]
    light = one((10.0, 6.0, 0.0, 8.0))
    assert light.mass.tolist() == [0.0]
    assert light.gamma.tolist() == [np.inf]
    assert light.beta.tolist() == [1.0]


@given(st.integers(1, 40), st.integers(0, 1000), st.floats(0.1, 1e4))
@settings(max_examples=30, deadline=None, derandomize=True)
def test_identities(n: int, seed: int, mass: float) -> None:
    rays = batch(n, seed, mass)
    # the mass is a small difference of two energies squared
    slack = 1e-13 * (rays.energy**2).max() / mass**2 + 1e-12
    assert rays.mass == pytest.approx(np.full(n, mass), rel=slack)
    assert rays.gamma**-2 + rays.beta**2 == pytest.approx(np.ones(n), rel=1e-12 + slack)
    assert np.linalg.norm(rays.direction, axis=1) == pytest.approx(np.ones(n), rel=1e-14)
    assert np.cos(rays.theta) == pytest.approx(rays.direction[:, 2], abs=1e-12)
    assert 1.0 - 1e-12 <= rays.n_eff <= n * (1 + 1e-12)


def test_masks_slices_and_indices_keep_rows_together() -> None:
    rays = batch(6)
    for rows in (rays.weight > 0.5, slice(1, 4), np.array([5, 0, 0])):
        part = rays[rows]
        assert np.array_equal(part.p, rays.p[rows])
        assert np.array_equal(part.x, rays.x[rows])
        assert np.array_equal(part.parent, rays.parent[rows])
        assert part.yield_ == pytest.approx(rays.weight[rows].sum())
    assert len(rays[np.zeros(6, dtype=bool)]) == 0


def test_effective_number() -> None:
    assert batch(4).with_weight(np.full(4, 0.3)).n_eff == pytest.approx(4.0)
    assert batch(4).with_weight(np.array([1.0, 0, 0, 0])).n_eff == pytest.approx(1.0)
    assert batch(3).with_weight(np.array([1.0, 2.0, 3.0])).n_eff == pytest.approx(36 / 14)
    assert batch(4).with_weight(np.zeros(4)).n_eff == 0.0
    assert repr(batch(2).with_weight(np.array([0.25, 0.25]))) == "Rays(n=2, yield=0.5 per POT, n_eff=2)"


def test_frozen() -> None:
    rays = batch()
    changed = rays.with_weight(np.zeros(5))
    assert rays.yield_ > 0.0
    assert changed.yield_ == 0.0
    with pytest.raises(AttributeError):
        rays.weight = np.zeros(5)  # type: ignore[misc]


def test_concatenate() -> None:
    first, second = batch(3, 1), batch(4, 2)
    both = Rays.concatenate([first, second])
    assert len(both) == 7
    assert np.array_equal(both[:3].p, first.p)
    assert np.array_equal(both[3:].x, second.x)
    assert both.yield_ == pytest.approx(first.yield_ + second.yield_)
    empty = Rays.concatenate([])
    assert (len(empty), empty.yield_, empty.n_eff, empty.x.shape) == (0, 0.0, 0.0, (0, 4))
    assert len(Rays.concatenate([empty, first])) == 3


def test_check_finite_passes_what_is_sound() -> None:
    check_finite(batch(100), "a.csv")
    check_finite(one((10.0, 6.0, 0.0, 8.0), weight=0.0), "a.csv")
    check_finite(Rays.concatenate([]), "a.csv")


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("x", np.nan, r"a\.csv: row 3: x is not a finite number"),
        ("p", np.inf, r"a\.csv: row 3: p is not a finite number"),
        ("weight", np.nan, r"a\.csv: row 3: weight is not a finite number"),
        ("weight", -0.5, r"a\.csv: row 3: weight = -0.5 per POT; allowed: >= 0"),
    ],
)
def test_check_finite_names_the_row(field: str, value: float, message: str) -> None:
    rays = batch()
    getattr(rays, field)[2, ...] = value
    with pytest.raises(InputFileError, match=message):
        check_finite(rays, "a.csv")


def test_check_finite_refuses_spacelike_momenta() -> None:
    rays = batch()
    rays.p[1, 0] = 0.9 * rays.momentum[1]
    with pytest.raises(InputFileError, match=r"a\.csv: row 2: energy = .* MeV; allowed: >= .* MeV, its momentum"):
        check_finite(rays, "a.csv")
