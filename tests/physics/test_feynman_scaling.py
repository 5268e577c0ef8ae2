"""Feynman scaling of K+, and the shapes built of the fits: published integrals, the formula by itself, edges."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate

from darkhorn.core.errors import RangeError
from darkhorn.core.units import MB_IN_CM2
from darkhorn.physics.production import (
    PI_MINUS_BE,
    PI_PLUS_BE,
    FeynmanScalingConstants,
    feynman_scaling,
    feynman_x,
    k_minus,
    neutral_pion,
    sanford_wang,
)

BEAM = 8888.89


def moments(density, p_end: float, beam: float = BEAM) -> tuple[float, float, float]:
    """Integral in mb over the half sphere, mean p in GeV/c, mean theta, by a product Gauss rule."""
    nodes, weights = np.polynomial.legendre.leggauss(128)
    p, t = 0.5 * (nodes + 1) * p_end, 0.25 * np.pi * (nodes + 1)
    cells = density(p[:, None], t[None, :], beam) * 2 * np.pi * np.sin(t) * np.outer(weights, weights)
    cells *= p_end * np.pi / 8 / MB_IN_CM2
    return (
        float(cells.sum()),
        float((cells.sum(1) * p).sum() / cells.sum() / 1e3),
        float((cells * t).sum() / cells.sum()),
    )


def test_published_integral_and_means() -> None:
    sigma, mean_p, mean_theta = moments(feynman_scaling, 7300.0)
    assert sigma == pytest.approx(12.73, rel=1e-3)
    assert mean_p == pytest.approx(1.740, abs=1e-3)
    assert mean_theta == pytest.approx(0.336, abs=1e-3)


def test_extra_factor_in_x_is_a_different_integral() -> None:
    squeezed = FeynmanScalingConstants(11.70, 0.88, 4.77, 1.51, 2.21, 2.17, 1.51, 1.0)
    assert moments(lambda p, t, b: feynman_scaling(p, t, b, squeezed), 7300.0)[0] == pytest.approx(10.3, rel=5e-3)


def test_adaptive_quadrature_of_a_formula_typed_here() -> None:
    m_p, m_k, m_l = 0.93827209, 0.493677, 1.115683
    s = 2 * m_p * (m_p + np.hypot(8.88889, m_p))
    assert np.sqrt(s) == pytest.approx(4.3051, abs=1e-4)
    e_max = (s + m_k**2 - (m_l + m_p) ** 2) / (2 * np.sqrt(s))
    p_max = np.sqrt(e_max**2 - m_k**2)
    assert p_max == pytest.approx(1.6172, abs=1e-4)
    beta = np.sqrt(1 - 4 * m_p**2 / s)
    gamma = 1 / np.sqrt(1 - beta**2)

    def formula(t: float, p: float) -> float:
        energy = np.hypot(p, m_k)
        x, p_t = abs(gamma * (p * np.cos(t) - beta * energy)) / p_max, p * np.sin(t)
        if x > 1:
            return 0.0
        power = 4.77 * x**1.51 + 1.51 * (p_t * x) ** 2.17 + 0.88 * p_t + 2.21 * p_t**2
        return p**2 / energy * 11.70 * np.exp(-power) * 2 * np.pi * np.sin(t)

    value, _ = integrate.dblquad(formula, 0.0, 7.25, 0.0, np.pi / 2, epsrel=1e-5)
    assert value == pytest.approx(moments(feynman_scaling, 7250.0)[0], rel=1e-4)


def test_x_is_one_where_the_recoil_is_at_threshold() -> None:
    p = np.linspace(6000.0, 8000.0, 20001)
    last = p[feynman_x(p, 0.0, BEAM) <= 1.0].max()
    energy = np.hypot(BEAM, 938.27209) + 938.27209 - np.hypot(last, 493.677)
    assert np.sqrt(energy**2 - (BEAM - last) ** 2) == pytest.approx(1115.683 + 938.27209, abs=0.5)
    assert float(feynman_x(0.0, 0.0, BEAM)) < 0.0


@given(st.floats(0.0, 12000.0), st.floats(0.0, np.pi), st.floats(500.0, 20000.0))
@settings(max_examples=300, deadline=None, derandomize=True)
def test_finite_and_never_negative(p: float, theta: float, beam: float) -> None:
    value = float(feynman_scaling(p, theta, beam))
    assert 0.0 <= value < np.inf
    if theta > np.pi / 2 or abs(float(feynman_x(p, theta, beam))) > 1.0:
        assert value == 0.0


def test_k_minus_is_a_share_of_k_plus() -> None:
    assert moments(k_minus, 7300.0)[0] == pytest.approx(0.583, rel=0.01)


def test_neutral_pions_of_the_peer_recipe() -> None:
    # sin(theta) [SW(pi+) + SW(pi-)] at 8.89 GeV/c, p < 7.89 GeV/c
    sigma, mean_p, mean_theta = moments(neutral_pion, 7890.0, 8890.0)
    assert mean_p == pytest.approx(1.003, rel=5e-3)
    assert mean_theta == pytest.approx(0.460, rel=5e-3)
    assert sigma == pytest.approx(151.7, rel=1e-3)


def test_neutral_pion_is_between_the_charged_ones() -> None:
    p, theta = np.linspace(100.0, 7000.0, 9)[:, None], np.linspace(0.0, 1.2, 7)
    both = [sanford_wang(p, theta, BEAM, constants) for constants in (PI_PLUS_BE, PI_MINUS_BE)]
    middle = neutral_pion(p, theta, BEAM)
    assert (middle >= np.minimum(*both)).all()
    assert (middle <= np.maximum(*both)).all()


def test_beam_momentum_may_vary_by_particle() -> None:
    p, theta, beams = np.array([500.0, 3000.0]), np.array([0.1, 0.2]), np.array([8888.89, 8500.0])
    for formula in (feynman_scaling, neutral_pion):
        one_by_one = [float(formula(*values)) for values in zip(p, theta, beams, strict=True)]
        assert formula(p, theta, beams) == pytest.approx(one_by_one, rel=1e-14)


@pytest.mark.parametrize(
    ("p", "theta", "beam", "message"),
    [
        (-1.0, 0.1, BEAM, "p = -1 MeV/c"),
        (100.0, 4.0, BEAM, "theta = 4 rad"),
        (100.0, 0.1, 0.0, "p_beam = 0 MeV/c"),
    ],
)
def test_errors(p: float, theta: float, beam: float, message: str) -> None:
    with pytest.raises(RangeError, match=message):
        feynman_scaling(p, theta, beam)
