"""Mesons that stop: closed forms, a Monte Carlo with collisions, limits and errors."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate

from darkhorn.core.errors import RangeError
from darkhorn.core.units import C
from darkhorn.physics.energy_loss import bethe
from darkhorn.physics.passage import pion_inelastic_cm2
from darkhorn.physics.stopping import (
    CONCRETE,
    KAON_OVER_PION,
    STEEL,
    inelastic_per_m,
    stopping_probability,
    stopping_table,
)

KAON, TAU = 493.677, 12.38


def test_constant_rates_give_an_exponential_of_the_range() -> None:
    t = np.linspace(1.0, 2000.0, 4000)
    value = stopping_probability(t, 1500.0, 5.0, 0.3)
    assert value == pytest.approx(np.exp(-5.3 * (t - 1.0) / 1500.0), rel=1e-12)


@pytest.mark.parametrize("wall", [STEEL, CONCRETE])
@pytest.mark.parametrize("momentum", [400.0, 700.0, 1000.0])
def test_kaon_in_a_wall_by_adaptive_quadrature(wall, momentum: float) -> None:
    def rate(kinetic: float) -> float:
        p = np.sqrt(kinetic * (kinetic + 2 * KAON))
        loss = bethe(
            p,
            KAON,
            z_over_a=wall.z_over_a,
            density=wall.density,
            excitation=wall.excitation,
            constants=wall.constants,
        )
        return float((inelastic_per_m(p, wall, KAON_OVER_PION) + KAON / (p * C * TAU)) / loss)

    kinetic = np.hypot(momentum, KAON) - KAON
    exact = np.exp(-integrate.quad(rate, 1.0, kinetic, epsrel=1e-9)[0])
    grid, probability, _ = stopping_table(KAON, TAU, wall, KAON_OVER_PION)
    assert np.interp(kinetic, grid, probability) == pytest.approx(exact, rel=1e-3)


def test_collisions_that_keep_the_meson_by_monte_carlo() -> None:
    grid = np.linspace(0.5, 1500.0, 3000)
    mu, kappa, eps, keep = 4.0, 0.4, 1200.0, 0.5
    predicted = stopping_probability(grid, eps, mu, kappa, keep)
    rng = np.random.default_rng(4)
    for start in (300.0, 1400.0):
        kinetic, stops = np.full(200_000, start), 0
        while len(kinetic):
            free = eps * rng.exponential(1 / (mu + kappa), len(kinetic))
            stops += int((free >= kinetic).sum())
            left = (kinetic - free)[free < kinetic]
            collides = rng.uniform(size=len(left)) < mu / (mu + kappa)
            kept = collides & (rng.uniform(size=len(left)) < keep)
            kinetic = rng.uniform(0, left[kept])
        assert stops / 200_000 == pytest.approx(float(np.interp(start, grid, predicted)), rel=0.012)


def test_nothing_is_lost_when_every_collision_keeps_the_meson() -> None:
    t = np.geomspace(1.0, 5000.0, 400)
    assert stopping_probability(t, 1500.0, 10.0, 0.0, 1.0) == pytest.approx(1.0, abs=1e-3)


@given(st.floats(0, 1), st.floats(0, 50), st.floats(0, 5))
@settings(max_examples=60, deadline=None, derandomize=True)
def test_a_probability_that_grows_with_retention(keep: float, mu: float, kappa: float) -> None:
    t = np.geomspace(1.0, 5000.0, 120)
    value = stopping_probability(t, 1500.0, mu, kappa, keep)
    assert (value >= 0).all()
    assert (value <= 1 + 1e-12).all()
    assert (value >= stopping_probability(t, 1500.0, mu, kappa, 0.5 * keep) - 1e-12).all()


def test_mean_after_a_collision_is_the_running_mean() -> None:
    grid, probability, after = stopping_table(KAON, TAU, STEEL, KAON_OVER_PION, 0.5)
    for kinetic in (200.0, 2000.0):
        fine = np.linspace(0.0, kinetic, 20001)
        exact = integrate.trapezoid(np.interp(fine, grid, probability), fine) / kinetic
        assert np.interp(kinetic, grid, after) == pytest.approx(exact, rel=2e-3)


def test_half_of_slow_kaons_stop_in_steel() -> None:
    grid, probability, _ = stopping_table(KAON, TAU, STEEL, KAON_OVER_PION)
    momentum = np.sqrt(grid * (grid + 2 * KAON))
    assert 600.0 < np.interp(0.5, probability[::-1], momentum[::-1]) < 700.0


def test_interactions_of_a_wall_scale_from_aluminium() -> None:
    expected = pion_inelastic_cm2(2000.0, 1, "Al") * (55.845 / 26.98) ** 0.75 * 7.874 / 55.845 * 6.02214e23 * 100
    assert float(inelastic_per_m(2000.0, STEEL)) == pytest.approx(float(expected), rel=1e-6)
    assert 0.15 < 1 / float(inelastic_per_m(2000.0, STEEL)) < 0.20  # PDG: 0.168 m for protons


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([1.0, 1.0], 1.0, 1.0), "the grid does not increase"),
        (([0.0, 1.0], 1.0, 1.0), "kinetic = 0 MeV"),
        (([1.0, 2.0], 0.0, 1.0), "loss = 0 MeV/m"),
        (([1.0, 2.0], 1.0, -1.0), "interaction = -1 1/m"),
        (([1.0, 2.0], 1.0, 1.0, -1.0), "decay = -1 1/m"),
        (([1.0, 2.0], 1.0, 1.0, 0.0, 1.5), "retention = 1.5"),
    ],
)
def test_errors(arguments: tuple, message: str) -> None:
    with pytest.raises(RangeError, match=message):
        stopping_probability(*arguments)
