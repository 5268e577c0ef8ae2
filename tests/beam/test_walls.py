"""Walls: ways out by bisection, energy loss against a fine integration, and weights that only fall."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from darkhorn.beam.beamline import Aperture
from darkhorn.beam.walls import Surfaces, emerge, production_per_m, slowed, surface
from darkhorn.core.errors import UnknownNameError
from darkhorn.core.rays import Rays
from darkhorn.core.species import NEUTRON, PI_PLUS, PROTON, mass
from darkhorn.physics.energy_loss import bethe
from darkhorn.physics.stopping import STEEL, inelastic_per_m

CONE = Aperture("cone", 3.0, 5.0, 0.3, 0.4, "steel")
PIPE = Aperture("pipe", 5.0, 20.0, 0.9, 0.9, "concrete")
M_PI = mass(PI_PLUS)


def radius(z: np.ndarray) -> np.ndarray:
    return np.where(z < 5.0, 0.3 + 0.05 * (z - 3.0), 0.9)


def some_pions(n: int = 400) -> Rays:
    """Pions at up to 0.2 m beyond the surface, in every direction."""
    rng = np.random.default_rng(3)
    z = rng.uniform(3.05, 19.5, n)
    r, phi = radius(z) + rng.uniform(0.001, 0.2, n), rng.uniform(0, 2 * np.pi, n)
    direction = rng.normal(size=(n, 3))
    direction /= np.linalg.norm(direction, axis=1)[:, None]
    p = rng.uniform(200.0, 3000.0, n)
    x = np.column_stack([np.zeros(n), r * np.cos(phi), r * np.sin(phi), z])
    return Rays.make(PI_PLUS, x, np.column_stack([np.hypot(p, M_PI), p[:, None] * direction]), 1.0)


def test_ways_out_agree_with_a_march() -> None:
    surfaces, pions = Surfaces.of((PIPE, CONE)), some_pions()
    way = surfaces.way_out(pions)
    steps = np.linspace(0.0, 4.0, 40_001)
    found = 0
    for i in range(len(pions)):
        track = pions.x[i, 1:] + steps[:, None] * pions.direction[i]
        low, high = (3.0, 5.0) if pions.x[i, 3] < 5.0 else (5.0, 20.0)
        own = (track[:, 2] > low) & (track[:, 2] < high)
        first_outside = len(own) if own.all() else int(np.argmin(own))
        inside = np.hypot(track[:, 0], track[:, 1]) < np.where(low == 3.0, 0.3 + 0.05 * (track[:, 2] - 3.0), 0.9)
        inside[first_outside:] = False
        if inside.any():
            found += 1
            assert way[i] == pytest.approx(steps[np.argmax(inside)], abs=2e-4)
        else:
            assert way[i] > 3.9
    assert found > 100


def test_slowing_down_agrees_with_an_integration() -> None:
    material = {"z_over_a": STEEL.z_over_a, "density": STEEL.density, "excitation": STEEL.excitation}

    def loss(_: float, t: np.ndarray) -> np.ndarray:
        return -bethe(np.sqrt(t * (t + 2 * M_PI)), M_PI, constants=STEEL.constants, **material)

    for kinetic, path in ((300.0, 0.05), (300.0, 0.15), (2000.0, 0.5)):
        end = solve_ivp(loss, (0.0, path), [kinetic], rtol=1e-9, atol=1e-9).y[0, -1]
        assert slowed(np.array([kinetic]), np.array([path]), M_PI, STEEL)[0] == pytest.approx(end, rel=2e-3)
    assert slowed(np.array([100.0]), np.array([1.0]), M_PI, STEEL)[0] == 0.0
    assert slowed(np.array([700.0]), np.array([0.0]), M_PI, STEEL)[0] == pytest.approx(700.0, rel=1e-9)


def test_what_emerges() -> None:
    surfaces, pions = Surfaces.of((CONE, PIPE)), some_pions()
    out = emerge(pions, surfaces)
    free = out.weight > 0.0
    assert 50 < free.sum() < 350
    assert not surfaces.inside_wall(out.x[free]).any()
    assert surfaces.inside_wall(pions.x).all()
    assert (out.momentum[free] < pions.momentum[free]).all()
    assert out.direction[free] == pytest.approx(pions.direction[free], abs=1e-12)
    assert out.p[free, 0] == pytest.approx(np.hypot(out.momentum[free], M_PI), rel=1e-12)
    steel = free & (pions.x[:, 3] < 5.0)
    path = surfaces.way_out(pions[steel])
    lost = -np.log(out.weight[steel]) / path
    assert lost == pytest.approx(inelastic_per_m(pions.momentum[steel], STEEL), rel=1e-9)
    assert 5.0 < lost.mean() < 7.0  # an interaction length of 15 to 20 cm


def test_neutrons_come_out_as_they_are_and_protons_slower() -> None:
    surfaces, pions = Surfaces.of((CONE, PIPE)), some_pions()
    for species in (NEUTRON, PROTON):
        p = np.column_stack([np.hypot(pions.momentum, mass(species)), pions.p[:, 1:]])
        hadrons = Rays.make(species, pions.x, p, pions.weight)
        out, path = surface(hadrons, surfaces)
        free = out.weight > 0.0
        assert free.any()
        assert (out.weight[free] == 1.0).all()
        assert np.isfinite(path[free]).all()
        change = out.momentum[free] - hadrons.momentum[free]
        assert change == pytest.approx(0.0, abs=1e-6) if species == NEUTRON else (change < 0.0).all()
        assert (np.isfinite(path) & ~free).any() == (species == PROTON)


def test_interactions_in_steel() -> None:
    """Protons of 8.889 GeV/c: (461.5 - 78.0) mb on Al, scaled by (55.845/26.98)^0.75, in 8.49e28 atoms/m3."""
    expected = 383.5e-31 * (55.845 / 26.98) ** 0.75 * 8.491e28
    assert production_per_m(PROTON, np.array([8888.89]), STEEL)[0] == pytest.approx(expected, rel=2e-3)


def test_unknown_walls_are_refused() -> None:
    with pytest.raises(UnknownNameError, match="material of a wall 'cheese'"):
        Surfaces.of((Aperture("a", 0.0, 1.0, 0.1, 0.1, "cheese"),))
