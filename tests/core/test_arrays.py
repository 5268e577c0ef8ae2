"""Which array library a formula computes with, and the few functions that stand on it."""

import subprocess
import sys

import numpy as np
import pytest

from darkhorn.core.arrays import check_range, histogram, is_jax, namespace, pick, root
from darkhorn.core.errors import RangeError


@pytest.fixture
def jax():
    found = pytest.importorskip("jax", reason="the extra 'jax' is not installed")
    with found.enable_x64(True):
        yield found


def test_numpy_where_nobody_asks_for_more() -> None:
    assert namespace(1.0, None, [2.0], np.ones(3)) is np
    assert not is_jax(1.0, np.ones(2))


def test_formulas_do_not_import_jax() -> None:
    code = "import sys, darkhorn.chain.rate; print('jax' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_jax_where_one_argument_is_of_jax(jax) -> None:
    import jax.numpy as jnp

    assert namespace(1.0, jnp.ones(2)) is jnp
    assert jax.jit(lambda x: namespace(x).ones(2) + x)(1.0).tolist() == [2.0, 2.0]
    assert namespace(np.ones(2)) is np


def test_root_is_exact_and_differentiable_at_its_edge(jax) -> None:
    values = np.array([-1.0, 0.0, 2.0, 9.0])
    assert root(values).tolist() == [0.0, 0.0, np.sqrt(2.0), 3.0]
    assert np.isnan(root(np.array([np.nan]))).all()
    slopes = [float(jax.grad(root)(value)) for value in values]
    assert slopes == pytest.approx([0.0, 0.0, 0.5 / np.sqrt(2.0), 1.0 / 6.0])


def test_pick_keeps_derivatives_finite(jax) -> None:
    def inverse(x):
        inside = x > 0.0
        return namespace(x).where(inside, 1.0 / pick(inside, x, 1.0), 0.0)

    assert float(jax.grad(inverse)(0.0)) == 0.0
    assert float(jax.grad(inverse)(2.0)) == pytest.approx(-0.25)


def test_histogram_is_the_same_in_both(jax) -> None:
    rng = np.random.default_rng(3)
    cell, weight = rng.integers(0, 5, 200), rng.normal(size=200)
    expected = [weight[cell == k].sum() for k in range(7)]
    assert histogram(cell, weight, 7) == pytest.approx(expected, rel=1e-13)
    found = histogram(cell, jax.numpy.asarray(weight), 7)
    assert is_jax(found)
    assert np.asarray(found) == pytest.approx(expected, rel=1e-13)


def test_ranges_are_checked_for_numbers_only(jax) -> None:
    with pytest.raises(RangeError, match=r"q = -1 MeV"):
        check_range("q", -1.0, 0.0, unit="MeV")
    check_range("q", jax.numpy.asarray(-1.0), 0.0)
