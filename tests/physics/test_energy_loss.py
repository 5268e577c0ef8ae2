"""Bethe loss: published values, the formula written out with plain numbers, the density effect at its joints."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from darkhorn.core.errors import RangeError
from darkhorn.physics.energy_loss import DensityEffect, bethe, density_correction

BE = {"z_over_a": 4 / 9.0122, "density": 1.848, "excitation": 63.7}
AL = {"z_over_a": 13 / 26.982, "density": 2.699, "excitation": 166.0}
BE_EFFECT = DensityEffect(2.7847, 0.0592, 1.6922, 0.80392, 2.4339, 0.14)
AL_EFFECT = DensityEffect(4.2395, 0.1708, 3.0127, 0.08024, 3.6345, 0.12)
PION, KAON = 139.57039, 493.677
P = np.array([200.0, 500.0, 1000.0, 2000.0, 4000.0])


@pytest.mark.parametrize(
    ("m", "material", "effect", "published"),
    [
        (PION, BE, BE_EFFECT, [3.601, 2.948, 3.024, 3.190, 3.360]),
        (PION, AL, AL_EFFECT, [5.172, 4.358, 4.540, 4.848, 5.160]),
        (KAON, BE, BE_EFFECT, [13.80, 4.549, 3.159, 2.949, 3.056]),
        (KAON, AL, AL_EFFECT, [19.18, 6.478, 4.594, 4.373, 4.599]),
        (PION, BE, None, [3.642, 3.066, 3.239, 3.534, 3.858]),
    ],
)
def test_published_values_in_mev_per_cm(m: float, material: dict, effect: DensityEffect, published: list) -> None:
    assert bethe(P, m, **material, constants=effect) / 100 == pytest.approx(published, rel=5e-4)


@pytest.mark.parametrize(
    ("material", "effect", "value", "at"), [(BE, BE_EFFECT, 1.5942, 545.0), (AL, AL_EFFECT, 1.6146, 485.0)]
)
def test_minimum_of_pions(material: dict, effect: DensityEffect, value: float, at: float) -> None:
    p = np.linspace(300, 900, 601)
    loss = bethe(p, PION, **material, constants=effect) / 100 / material["density"]
    assert loss.min() == pytest.approx(value, rel=1e-3)
    assert p[loss.argmin()] == pytest.approx(at, abs=5.0)


def test_against_the_formula_in_plain_numbers() -> None:
    p, m_e = 1000.0, 0.51099895
    beta, gamma = p / math.hypot(p, PION), math.hypot(p, PION) / PION
    t_max = 2 * m_e * (beta * gamma) ** 2 / (1 + 2 * gamma * m_e / PION + (m_e / PION) ** 2)
    argument = 2 * m_e * (beta * gamma) ** 2 * t_max / 63.7e-6**2
    value = 1.848 * 0.307075 * 4 / 9.0122 / beta**2 * (0.5 * math.log(argument) - beta**2)
    assert float(bethe(p, PION, **BE)) == pytest.approx(100 * value, rel=1e-6)


@pytest.mark.parametrize("effect", [BE_EFFECT, AL_EFFECT])
def test_density_effect_joins_and_grows(effect: DensityEffect) -> None:
    assert density_correction(10**effect.x0, effect) == pytest.approx(effect.delta0, rel=0.02)
    edge = 10**effect.x1
    below, above = density_correction(edge * (1 - 1e-9), effect), density_correction(edge * (1 + 1e-9), effect)
    assert below == pytest.approx(above, abs=1e-7)
    grid = density_correction(np.logspace(-2, 4, 400), effect)
    assert (np.diff(grid) >= -1e-12).all()
    rise = density_correction(1e6, effect) - density_correction(1e5, effect)
    assert rise == pytest.approx(2 * math.log(10), rel=1e-9)


@settings(deadline=None, max_examples=60, derandomize=True)
@given(st.floats(20.0, 2e4), st.floats(100.0, 1000.0))
def test_depends_on_velocity_for_heavy_particles(p: float, m: float) -> None:
    loss = float(bethe(p, m, **BE, constants=BE_EFFECT))
    assert loss > 0.0
    assert float(bethe(1.01 * p, 1.01 * m, **BE, constants=BE_EFFECT)) == pytest.approx(loss, rel=5e-3)


def test_refusals() -> None:
    with pytest.raises(RangeError, match=r"p = 0 MeV/c"):
        bethe(0.0, PION, **BE)
    with pytest.raises(RangeError, match=r"mass = 0 MeV"):
        bethe(1.0, 0.0, **BE)
    with pytest.raises(RangeError, match="beta gamma"):
        density_correction(-1.0, BE_EFFECT)
