"""What is seen of a particle in the detector: rates against quadrature, kinematics against conservation, times."""

import numpy as np
import pytest
from scipy.integrate import quad

from darkhorn.chain.aim import Arrivals, arrive
from darkhorn.chain.detect import detect
from darkhorn.core.points import unit_points
from darkhorn.core.rays import Floats, Rays
from darkhorn.core.species import ELECTRON, mass
from darkhorn.core.units import HBARC, C
from darkhorn.detector.geometry import Sphere
from darkhorn.detector.rings import RingRule
from darkhorn.detector.targets import Composition
from darkhorn.models.channels import PairDecay, Recoil, Upscatter, VolumeDecay
from darkhorn.models.dark_matter import DarkMatter
from darkhorn.physics.elastic import dsigma_dt_recoil_cm2
from darkhorn.physics.scattering import msq_upscatter, upscatter_q_sq_limits
from darkhorn.physics.two_to_two import dsigma_dq_sq_cm2

SHAPE = Sphere((0.0, 0.0, 100.0), 5.0)
POINTS = unit_points(2**14, seed=4)
N = len(POINTS)


def along(energy: float, m: float, *, offset: float = 0.0) -> Arrivals:
    """Particles from the origin along z, total weight 1."""
    p = np.sqrt(energy**2 - m**2)
    parents = Rays.make(211, [10.0, offset, 0.0, 0.0], np.tile([1000.0, 0.0, 0.0, 900.0], (N, 1)), 1.0 / N)
    forward = np.tile([0.0, 0.0, 1.0], (N, 1))
    return arrive(parents, np.full(N, energy), np.full(N, p), forward, np.full(N, 1.0 / N), SHAPE)


def recoil_channel(m_chi: float, low: float, high: float) -> Recoil:
    target, mediator = mass(ELECTRON), 30.0

    def dsigma(energy: Floats, kinetic: Floats) -> Floats:
        return dsigma_dt_recoil_cm2(energy, kinetic, m_chi, target, mediator, spin="dirac")

    return Recoil("electrons", target, mediator, 3.0e29, low, high, dsigma)


@pytest.mark.parametrize(("energy", "m_chi"), [(200.0, 5.0), (2000.0, 5.0), (700.0, 60.0)])
def test_recoil_rate_and_spectrum_against_quadrature(energy: float, m_chi: float) -> None:
    channel = recoil_channel(m_chi, 10.0, 150.0)
    seen = detect(channel, along(energy, m_chi), m_chi, SHAPE, POINTS)
    top = 2.0 * channel.target_mass * (energy**2 - m_chi**2)
    top = min(top / (m_chi**2 + channel.target_mass**2 + 2.0 * channel.target_mass * energy), 150.0)

    def sigma(t: float) -> float:
        return float(channel.dsigma_dt_cm2(np.array([energy]), np.array([t]))[0])

    total = quad(sigma, 10.0, top, epsrel=1e-10)[0]
    expected = 3.0e29 * 1e-4 * total * 10.0
    assert seen.weight.sum() == pytest.approx(expected, rel=1e-4)
    mean = quad(lambda t: t * sigma(t), 10.0, top, epsrel=1e-10)[0] / total
    assert np.average(seen.energy, weights=seen.weight) == pytest.approx(mean, rel=1e-4)
    assert ((seen.energy >= 10.0) & (seen.energy <= top * (1 + 1e-12))).all()


def test_recoil_conserves_four_momentum() -> None:
    energy, m_chi = 300.0, 40.0
    channel = recoil_channel(m_chi, 1.0, 1e4)
    seen = detect(channel, along(energy, m_chi), m_chi, SHAPE, POINTS)
    p = np.sqrt(seen.energy * (seen.energy + 2.0 * channel.target_mass))
    chi = np.array([0.0, 0.0, np.sqrt(energy**2 - m_chi**2)]) - p[:, None] * seen.direction
    left = (energy - seen.energy) ** 2 - (chi**2).sum(axis=1)
    assert left == pytest.approx(np.full(N, m_chi**2), abs=1e-6 * energy**2)
    assert np.allclose(np.linalg.norm(seen.direction, axis=1), 1.0, atol=1e-12)


def test_recoil_that_cannot_be_is_exactly_zero() -> None:
    too_slow = detect(recoil_channel(60.0, 140.0, 150.0), along(80.0, 60.0), 60.0, SHAPE, POINTS)
    missed = detect(recoil_channel(5.0, 1.0, 150.0), along(200.0, 5.0, offset=50.0), 5.0, SHAPE, POINTS)
    for seen in (too_slow, missed):
        assert not seen.weight.any()
        assert np.isfinite(seen.energy).all()


def test_times_and_delays() -> None:
    energy, m_chi = 100.0, 40.0
    seen = detect(recoil_channel(m_chi, 0.0, 1e4), along(energy, m_chi), m_chi, SHAPE, POINTS)
    beta = np.sqrt(1.0 - (m_chi / energy) ** 2)
    middle = 100.0
    assert seen.time.mean() == pytest.approx(10.0 + middle / (beta * C), rel=1e-4)
    assert seen.delay.mean() == pytest.approx(middle / C * (1.0 / beta - 1.0), rel=1e-4)
    assert seen.time.max() - seen.time.min() == pytest.approx(10.0 / (beta * C), rel=1e-3)


@pytest.mark.parametrize("width", [1.0e-20, 1.0e-14, 3.0e-14, 1.0e-12])
def test_decays_in_the_volume(width: float) -> None:
    energy, m_x, electron = 500.0, 50.0, mass(ELECTRON)
    channel = VolumeDecay("e e", width, 0.3, electron, electron, "pair", "all")
    seen = detect(channel, along(energy, m_x), m_x, SHAPE, POINTS)
    length = np.sqrt(energy**2 - m_x**2) / m_x * HBARC / width
    expected = 0.3 * np.exp(-95.0 / length) * -np.expm1(-10.0 / length)
    assert seen.weight.sum() == pytest.approx(expected, rel=1e-9, abs=0)
    assert seen.energy == pytest.approx(np.full(N, energy), rel=1e-12)
    assert seen.direction[:, 2] == pytest.approx(np.ones(N), abs=1e-12)
    beta = np.sqrt(1 - (m_x / energy) ** 2)
    depth = (seen.time - 10.0) * beta * C - 95.0
    mean = length - 10.0 / np.expm1(10.0 / length) if length < 1e6 else 5.0
    assert depth.mean() == pytest.approx(mean, rel=2e-3)
    assert ((depth > -1e-6) & (depth < 10.0 + 1e-6)).all()


def test_photon_of_a_one_photon_decay_has_a_box_of_energies() -> None:
    energy, m_x, m_z = 500.0, 50.0, 20.0
    seen = detect(VolumeDecay("gamma z", 1e-14, 1.0, 0.0, m_z, "first"), along(energy, m_x), m_x, SHAPE, POINTS)
    rest = (m_x**2 - m_z**2) / (2.0 * m_x)
    gamma = energy / m_x
    beta = np.sqrt(1 - 1 / gamma**2)
    low, high = gamma * rest * (1 - beta), gamma * rest * (1 + beta)
    assert seen.energy.min() == pytest.approx(low, rel=0.05)
    assert seen.energy.max() == pytest.approx(high, rel=1e-3)
    assert np.quantile(seen.energy, [0.25, 0.5, 0.75]) == pytest.approx(
        low + (high - low) * np.array([0.25, 0.5, 0.75]), rel=2e-3
    )


def test_muons_are_seen_by_their_kinetic_energy() -> None:
    muon = mass(13)
    seen = detect(VolumeDecay("mu mu", 1e-14, 1.0, muon, muon, "kinetic"), along(600.0, 300.0), 300.0, SHAPE, POINTS)
    assert seen.energy == pytest.approx(np.full(N, 600.0 - 2.0 * muon), rel=1e-10)
    assert (seen.weight > 0.0).all()


def test_wide_pairs_are_not_one_ring() -> None:
    electron = mass(ELECTRON)
    channel = VolumeDecay("e e", 1e-14, 1.0, electron, electron)
    seen = [
        detect(channel, along(500.0, 50.0), 50.0, SHAPE, POINTS, RingRule(max_angle_degrees=angle)).weight.sum()
        for angle in (5.0, 11.0, 15.0, 180.0)
    ]
    # the opening is at least 2 m/E = 0.2 rad = 11.5 degrees
    assert seen[0] == seen[1] == 0.0
    share = seen[2] / seen[3]
    # cos(opening) = 1 - 2 m^2/(E^2 (1 - b^2 x^2)): inside 15 degrees where x^2 is small enough
    x_sq = (1.0 - (50.0 / 500.0) ** 2 / np.sin(np.radians(7.5)) ** 2) / (1 - 0.01)
    assert share == pytest.approx(np.sqrt(x_sq), rel=5e-3)


def upscatter_channel(width: float, target: float = 938.272, s: float = 100.0) -> Upscatter:
    decay = PairDecay(
        40.0, 8.0, mass(ELECTRON), width, 0.5, lambda u: np.full(np.shape(u), s), lambda s, u: 2.0 * u - 1.0
    )

    def dsigma(energy: Floats, q_sq: Floats) -> Floats:
        return dsigma_dq_sq_cm2(msq_upscatter(energy, q_sq, 8.0, 40.0, target, 20.0), energy, 8.0, target)

    return Upscatter("proton", target, 20.0, 3.0e28, dsigma, decay)


def test_prompt_upscattering_rate_against_quadrature() -> None:
    channel = upscatter_channel(1.0e-3)
    seen = detect(channel, along(400.0, 8.0), 8.0, SHAPE, POINTS, RingRule(max_angle_degrees=180.0))
    low, high = (float(v) for v in upscatter_q_sq_limits(400.0, 8.0, 40.0, 938.272))

    def density(y: float) -> float:
        return float(channel.dsigma_dq_sq_cm2(np.array([400.0]), np.array([np.exp(y)]))[0] * np.exp(y))

    sigma = quad(density, np.log(low), np.log(high), epsrel=1e-9, limit=200)[0]
    assert seen.weight.sum() == pytest.approx(0.5 * 3.0e28 * 1e-4 * sigma * 10.0, rel=1e-3)
    assert (seen.energy < 400.0 - 8.0).all()
    # pair energy: chi' has E - Q^2/2M, of which a pair of mass 10 takes E* (1 +- beta) boosted
    heavy = 400.0 - seen.q_sq / (2 * 938.272)
    e_star = (40.0**2 + 100.0 - 8.0**2) / 80.0
    p_star = np.sqrt(e_star**2 - 100.0)
    gamma = heavy / 40.0
    top = gamma * e_star + np.sqrt(gamma**2 - 1) * p_star
    bottom = gamma * e_star - np.sqrt(gamma**2 - 1) * p_star
    assert ((seen.energy <= top * (1 + 1e-9)) & (seen.energy >= bottom * (1 - 1e-9))).all()


@pytest.mark.parametrize("c_tau", [0.01, 1.0, 100.0])
def test_displaced_vertices_against_brute_force(c_tau: float) -> None:
    channel, rng, n = upscatter_channel(HBARC / c_tau), np.random.default_rng(8), 400_000
    arrivals = along(400.0, 8.0, offset=2.0)
    wide = RingRule(max_angle_degrees=180.0)
    seen = detect(channel, arrivals, 8.0, SHAPE, POINTS, wide)
    prompt = detect(upscatter_channel(1.0), arrivals, 8.0, SHAPE, POINTS, wide)
    row = rng.choice(N, n, p=prompt.weight / prompt.weight.sum())
    q_sq, half = prompt.q_sq[row], np.sqrt(25.0 - 4.0)
    heavy = 400.0 - q_sq / (2 * 938.272)
    p_in, p_out = np.sqrt(400.0**2 - 64.0), np.sqrt(heavy**2 - 1600.0)
    cosine = (2 * 400.0 * heavy - 64.0 - 1600.0 - q_sq) / (2 * p_in * p_out)
    phi, sine = rng.uniform(0, 2 * np.pi, n), np.sqrt(1 - cosine**2)
    place = np.column_stack([np.full(n, 2.0), np.zeros(n), 100.0 + rng.uniform(-half, half, n)])
    path = rng.exponential(c_tau * p_out / 40.0)
    end = place + path[:, None] * np.column_stack([sine * np.cos(phi), sine * np.sin(phi), cosine])
    inside = np.linalg.norm(end - [0.0, 0.0, 100.0], axis=1) < 5.0
    assert seen.weight.sum() / prompt.weight.sum() == pytest.approx(inside.mean(), rel=0.01, abs=3e-4)
    assert (seen.time >= prompt.time - 1e-9).all()


def test_upscattering_below_threshold_is_exactly_zero() -> None:
    seen = detect(upscatter_channel(1e-3, target=20000.0), along(39.0, 8.0), 8.0, SHAPE, POINTS)
    assert not seen.weight.any()
    assert all(np.isfinite(v).all() for v in (seen.energy, seen.direction, seen.time, seen.delay))


def test_pair_of_a_benchmark_has_the_mass_of_v1() -> None:
    model = DarkMatter(m_v1=17.0, m_chi=8.0, m_chi_prime=50.0, m_v2=200.0, exchange="v2", detection=("upscatter",))
    nuclei = Composition.from_number_densities({"C": 3.6e22, "H": 7.2e22}).targets
    names = [channel.name for channel in model.detections(nuclei)]
    assert names == ["C coherent", "C nucleons", "H proton"]
    channel = model.detections(nuclei)[0]
    assert isinstance(channel, Upscatter)
    seen = detect(channel, along(500.0, 8.0), 8.0, SHAPE, POINTS, RingRule(max_angle_degrees=180.0))
    narrow = detect(channel, along(500.0, 8.0), 8.0, SHAPE, POINTS)
    assert 0.0 < narrow.weight.sum() < seen.weight.sum()
    assert set(model.widths.pair_mass_sq(POINTS[:8, 0])) == {289.0}


def test_a_stranger_is_refused() -> None:
    with pytest.raises(TypeError, match="int is no detection channel"):
        detect(3, along(100.0, 1.0), 1.0, SHAPE, POINTS)
