"""Fixtures of the physics tests: reference tables and random points of the Dalitz region."""

import csv
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from darkhorn.core.rays import Floats
from darkhorn.physics.phase_space import delta_limits

SHARED = Path(os.environ.get("DARKHORN_REFERENCE", Path(__file__).parents[2].parent / "shared"))


@pytest.fixture(scope="session")
def reference_rows() -> Callable[[str], list[dict[str, str]]]:
    """Reader of a reference table by file name; skips where the table is absent."""

    def read(name: str) -> list[dict[str, str]]:
        path = SHARED / "reference" / name
        if not path.is_file():
            pytest.skip(f"no reference table at {path}: set DARKHORN_REFERENCE")
        lines = [line for line in path.read_text().splitlines() if not line.startswith("#")]
        return list(csv.DictReader(lines))

    return read


@pytest.fixture(scope="session")
def dalitz_points() -> Callable[[float, float, float, float, float], tuple[Floats, Floats, Floats]]:
    """Return (m12_sq, m23_sq, q^2 - m_l^2) at two fractions of the region, the second one logarithmic."""

    def points(M: float, m_l: float, m_x: float, first: float, second: float) -> tuple[Floats, Floats, Floats]:
        m12_sq = m_l**2 + ((M - m_x) ** 2 - m_l**2) * np.asarray(first)
        low, high = delta_limits(m12_sq, M, m_l, m_x)
        delta = low * (high / low) ** np.asarray(second)
        return m12_sq, M**2 + m_x**2 - m12_sq - delta, delta

    return points


@pytest.fixture(scope="session")
def many_points() -> Callable[[int, int], tuple[Floats, ...]]:
    """Return n random (m12_sq, m23_sq, M, m_l, m_x, q^2 - m_l^2), masses included, each an array (n,)."""

    def points(n: int, seed: int) -> tuple[Floats, ...]:
        rng = np.random.default_rng(seed)
        M = rng.uniform(100.0, 600.0, n)
        m_l = M * 10.0 ** rng.uniform(-3.0, -0.2, n)
        m_x = (M - m_l) * rng.uniform(0.01, 0.99, n)
        m12_sq = m_l**2 + ((M - m_x) ** 2 - m_l**2) * rng.uniform(0.001, 0.999, n)
        low, high = delta_limits(m12_sq, M, m_l, m_x)
        delta = low * (high / low) ** rng.uniform(0.001, 0.999, n)
        return m12_sq, M**2 + m_x**2 - m12_sq - delta, M, m_l, m_x, delta

    return points
