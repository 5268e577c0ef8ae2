"""Law suites of decays, scatterings and detectors: ours pass, broken ones are caught."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from darkhorn.core.rays import Floats
from darkhorn.detector.geometry import Box, Cylinder, Sphere
from darkhorn.models.productions import dgamma_de, threshold, width
from darkhorn.physics.dark_decays import width_pseudoscalar_to_fermions, width_scalar_to_fermions
from darkhorn.physics.phase_space import energy_max
from darkhorn.physics.primakoff import msq_x_via_vector
from darkhorn.physics.two_to_two import dsigma_dq_sq_cm2, q_sq_limits
from darkhorn.testing import check_decay, check_detector, check_scattering
from darkhorn.testing.decay import DrawnDecays
from darkhorn.testing.rules import double_exponential, require_close

M, M_L, CARBON = 139.57039, 105.6583755, 11177.93
KICK = np.array([[[0.0, 50.0, 0.0, 0.0]], [[0.0, -50.0, 0.0, 0.0]]])
SPHERE = Sphere((0.0, 1.0, 541.0), 5.0)


def pion_width(m_x: float) -> float:
    return width("vector-sum", 211, 13, m_x)


def pion_spectrum(m_x: float) -> tuple[float, float, Callable[[Floats], Floats]]:
    top = float(energy_max(M, M_L, m_x)) if m_x < threshold(211, 13) else m_x + 1.0
    return m_x, top, lambda energy: dgamma_de("vector-sum", 211, 13, m_x, energy)


def drawn(mass: float, n: int = 20_000) -> DrawnDecays:
    """Phi -> e e at rest and isotropic, with weights that vary."""
    rng = np.random.default_rng(3)
    cosine, phi = rng.uniform(-1, 1, n), rng.uniform(0, 2 * np.pi, n)
    momentum = np.sqrt(mass**2 / 4 - 0.511**2)
    sine = np.sqrt(1 - cosine**2)
    way = momentum * np.stack([sine * np.cos(phi), sine * np.sin(phi), cosine], axis=-1)
    half = np.full((n, 1), mass / 2)
    daughters = np.stack([np.concatenate([half, way], axis=1), np.concatenate([half, -way], axis=1)])
    parent = np.zeros((n, 4))
    parent[:, 0] = mass
    return DrawnDecays(parent, daughters, phi_width(mass) / n * (1 + cosine * np.cos(phi)))


def phi_width(mass: float) -> float:
    return float(width_scalar_to_fermions(1.0, mass, 0.511))


def test_decays() -> None:
    check_decay(pion_width, (0.5, 5.0, 30.0), (33.92, 100.0), spectrum=pion_spectrum)
    check_decay(phi_width, (1.1, 20.0, 300.0), (0.5, 1.022))
    check_decay(lambda m: float(width_pseudoscalar_to_fermions(1.0, m, 0.511)), (1.1, 20.0), (0.5, 1.0))
    check_decay(phi_width, (1.1, 20.0), draw=drawn)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: replace(d, daughters=d.daughters * 1.001), "four-momentum"),
        (lambda d: replace(d, weight=1.1 * d.weight), "weights sum"),
        (lambda d: replace(d, weight=d.weight - 1.5 * d.weight.mean()), "weight is negative"),
        (lambda d: replace(d, daughters=d.daughters + KICK), "spacelike"),
    ],
)
def test_broken_decays_are_caught(change: Callable[[DrawnDecays], DrawnDecays], message: str) -> None:
    with pytest.raises(AssertionError, match=message):
        check_decay(phi_width, (20.0,), draw=lambda mass: change(drawn(mass)))


def test_broken_widths_and_spectra_are_caught() -> None:
    with pytest.raises(AssertionError, match="closed"):
        check_decay(lambda m: 1.0, (), (50.0,))
    with pytest.raises(AssertionError, match="open"):
        check_decay(lambda m: 0.0, (5.0,))
    with pytest.raises(AssertionError, match="integral of the spectrum"):
        check_decay(lambda m: 1.01 * pion_width(m), (5.0,), spectrum=pion_spectrum)
    with pytest.raises(AssertionError, match="outside"):
        check_decay(lambda m: 1.0, (5.0,), spectrum=lambda m: (0.0, 1.0, np.ones_like))


def primakoff(energy: Floats, q_sq: Floats) -> Floats:
    low, high = q_sq_limits(energy, 1.0, CARBON)
    msq = msq_x_via_vector(energy, q_sq, 1.0, CARBON, 49.0)
    return np.where((q_sq >= low) & (q_sq <= high), dsigma_dq_sq_cm2(msq, energy, 1.0, CARBON), 0.0)


def limits(energy: float) -> tuple[float, float]:
    low, high = q_sq_limits(energy, 1.0, CARBON)
    return float(low), float(high)


def test_scattering() -> None:
    check_scattering(primakoff, limits, (5.0, 100.0, 3000.0), scale=49.0**2)
    check_scattering(lambda e, q: np.where(e > 50.0, primakoff(e, q), 0.0), limits, (200.0,), (1.5, 50.0), scale=2401.0)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda e, q: -primakoff(e, q), "< 0"),
        (lambda e, q: 0.0 * primakoff(e, q), "0 above threshold"),
        (lambda e, q: primakoff(e, np.clip(q, *limits(100.0))), "outside of its limits"),
        (lambda e, q: primakoff(e, q) * np.where(np.abs(q - 900.0) < 30.0, 1e3, 1.0), "two samplings"),
        (lambda e, q: primakoff(e, q) / np.where(q > 900.0, 0.0, 1.0), "not finite"),
    ],
)
def test_broken_scattering_is_caught(change: Callable[..., Any], message: str) -> None:
    with np.errstate(all="ignore"), pytest.raises(AssertionError, match=message):
        check_scattering(change, limits, (100.0,), scale=49.0**2)
    with pytest.raises(AssertionError, match="below threshold"):
        check_scattering(primakoff, limits, (), (100.0,))


def test_detectors() -> None:
    check_detector(SPHERE, surface=4.0 * np.pi * 25.0)
    check_detector(Box((1.0, 2.0, 3.0), (2.0, 3.0, 4.0)), surface=2.0 * (2.0 * 3.0 + 3.0 * 4.0 + 2.0 * 4.0))
    check_detector(Cylinder((0.0, 0.0, 20.0), 1.5, 4.0), surface=2.0 * np.pi * 1.5 * (1.5 + 4.0))


class Broken:
    """A sphere with one thing wrong."""

    def __init__(self, wrong: Callable[..., Any], volume: float = SPHERE.volume) -> None:
        self.wrong, self.volume = wrong, volume

    def chord(self, origin: Floats, direction: Floats) -> tuple[Floats, Floats]:
        return self.wrong(*SPHERE.chord(origin, direction), direction)

    def bounding_sphere(self) -> Any:
        return SPHERE.center, 6.0


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        (Broken(lambda e, n, d: (e, n), 1.1 * SPHERE.volume), "is the volume"),
        (Broken(lambda e, n, d: (e, n - 1e-3)), "negative"),
        (Broken(lambda e, n, d: (e + 1.0, n)), "miss has an entry"),
        (Broken(lambda e, n, d: (e, 3.0 * n)), "in a sphere of"),
        (Broken(lambda e, n, d: (0.3 * e, n)), "outside of the bounding sphere"),
        (Broken(lambda e, n, d: (e, np.where(d[:, 2] > 0.0, n, 0.9 * n))), "both ways"),
        (Broken(lambda e, n, d: (e, np.full_like(n, np.nan))), "not finite"),
    ],
)
def test_broken_detectors_are_caught(shape: Broken, message: str) -> None:
    with pytest.raises(AssertionError, match=message):
        check_detector(shape, points=2**10)


def test_wrong_surface_is_caught() -> None:
    with pytest.raises(AssertionError, match="projected area"):
        check_detector(SPHERE, surface=300.0, points=2**10)


def test_rule_integrates_what_is_rough_at_the_ends() -> None:
    x, w = double_exponential(101)
    assert w.sum() == pytest.approx(1.0, rel=1e-12)
    assert w @ np.sqrt(x) == pytest.approx(2.0 / 3.0, rel=1e-10)
    assert w @ np.log(x) == pytest.approx(-1.0, rel=1e-9)
    with pytest.raises(AssertionError, match="allowed: a relative difference"):
        require_close(1.0, 1.1, 1e-3, "law")
    with pytest.raises(AssertionError, match="nan"):
        require_close(float("nan"), 1.0, 1e-3, "law")
