"""The partners of X in P -> l nu X: their distribution against quadrature, their momenta against scalar products."""

import numpy as np
import pytest
from scipy.integrate import quad

from darkhorn.core.rays import Floats
from darkhorn.core.species import ELECTRON, K_PLUS, MUON, PI_PLUS, mass
from darkhorn.models.productions import squared_amplitude
from darkhorn.physics.complete_decay import draw_delta, lepton_and_neutrino, pair_mass_sq
from darkhorn.physics.fourvector import boost, minkowski_dot, minkowski_sq
from darkhorn.physics.phase_space import delta_limits, energy_max, m12_sq_of_energy

CASES = [
    ("scalar-ib1", PI_PLUS, MUON, 1.0),
    ("pseudoscalar-ib1", PI_PLUS, ELECTRON, 20.0),
    ("vector-sum", K_PLUS, MUON, 100.0),
    ("vector-ib1", K_PLUS, ELECTRON, 17.0),
]


def flat(pair: Floats, other: Floats, delta: Floats) -> Floats:
    """A matrix element without structure."""
    return np.ones_like(delta)


@pytest.mark.parametrize(("name", "parent", "lepton", "m_x"), CASES)
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_the_variable_follows_the_matrix_element(name: str, parent: int, lepton: int, m_x: float, share: float) -> None:
    """The cumulative distribution at drawn values, by quadrature, is the uniform number that drew them."""
    M, m_l = mass(parent), mass(lepton)
    msq = squared_amplitude(name, parent, lepton, m_x)
    energy = m_x + share * (float(energy_max(M, m_l, m_x)) - m_x)
    pair = float(m12_sq_of_energy(energy, M, m_x))
    u = np.array([0.03, 0.2, 0.5, 0.8, 0.97])
    drawn = draw_delta(msq, np.full(len(u), pair), u, M, m_l, m_x)
    low, high = (float(edge) for edge in delta_limits(pair, M, m_l, m_x))

    def density(log: float) -> float:
        delta = np.array([np.exp(log)])
        return float(msq(np.array([pair]), M**2 + m_x**2 - pair - delta, delta)[0] * delta[0])

    total = quad(density, np.log(low), np.log(high), epsrel=1e-9, limit=200)[0]
    found = [quad(density, np.log(low), np.log(edge), epsrel=1e-9, limit=200)[0] / total for edge in drawn]
    assert found == pytest.approx(u, abs=2e-4)


def test_without_a_matrix_element_the_variable_is_uniform() -> None:
    u = np.linspace(0.01, 0.99, 25)
    M, m_l, m_x = mass(K_PLUS), mass(MUON), 50.0
    pair = np.full(len(u), 4.0e4)
    low, high = delta_limits(pair, M, m_l, m_x)
    drawn = draw_delta(flat, pair, u, M, m_l, m_x)
    assert drawn == pytest.approx(low + u * (high - low), rel=1e-12)
    nothing = draw_delta(lambda a, b, c: np.zeros_like(c), pair, u, M, m_l, m_x)
    assert nothing == pytest.approx(drawn, rel=1e-12)


@pytest.mark.parametrize(("name", "parent", "lepton", "m_x"), CASES)
@pytest.mark.parametrize("momentum", [0.0, 300.0, 6000.0])
def test_momenta_add_up_and_give_back_the_variables(
    name: str, parent: int, lepton: int, m_x: float, momentum: float
) -> None:
    """Conservation, mass shells, and delta = 2 k.l + m_x^2 from the four-momenta themselves."""
    rng = np.random.default_rng(7)
    n, M, m_l = 2000, mass(parent), mass(lepton)
    energy = m_x + rng.uniform(0.01, 0.99, n) * (float(energy_max(M, m_l, m_x)) - m_x)
    k = np.sqrt((energy - m_x) * (energy + m_x))
    cosine, phi = rng.uniform(-1, 1, n), rng.uniform(0, 2 * np.pi, n)
    sine = np.sqrt(1 - cosine**2)
    direction = np.column_stack([sine * np.cos(phi), sine * np.sin(phi), cosine])
    at_rest = np.column_stack([energy, k[:, None] * direction])
    p = np.tile([np.hypot(momentum, M), 0.0, 0.6 * momentum, 0.8 * momentum], (n, 1))
    boson = boost(at_rest, p, np.full(n, M))
    pair = pair_mass_sq(p, boson, M, m_l, m_x)
    assert pair == pytest.approx(m12_sq_of_energy(energy, M, m_x), rel=1e-6, abs=1e-6)
    delta = draw_delta(squared_amplitude(name, parent, lepton, m_x), pair, rng.uniform(size=n), M, m_l, m_x)
    muon, nu = lepton_and_neutrino(p, boson, delta, rng.uniform(0, 2 * np.pi, n), M, m_l, m_x)
    assert np.abs(muon + nu + boson - p).max() < 1e-11 * p[0, 0]
    assert np.abs(minkowski_sq(nu)).max() < 1e-9
    assert minkowski_sq(muon) == pytest.approx(np.full(n, m_l**2), abs=1e-8 * p[0, 0])
    scale = 1e-7 * p[0, 0] ** 2 / M**2
    assert 2 * minkowski_dot(boson, muon) + m_x**2 == pytest.approx(delta, rel=1e-6, abs=max(scale, 1e-6) * M)
