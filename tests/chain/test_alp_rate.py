"""Axion-like particles from a target to a detector: against quadrature by hand, powers of couplings, and limits."""

import numpy as np
import pytest

from darkhorn.beam.photons import TWO_PHOTONS, ShowerTable
from darkhorn.beam.table import TableParents
from darkhorn.chain.alp_rate import AlpSource, predict_alp
from darkhorn.chain.setup import Setup
from darkhorn.core.errors import RangeError, ScenarioError
from darkhorn.core.rays import Rays
from darkhorn.core.species import PHOTON, PI0, PI_PLUS, mass
from darkhorn.core.units import CM2_IN_M2
from darkhorn.detector.geometry import Sphere
from darkhorn.detector.response import Response
from darkhorn.detector.targets import Composition
from darkhorn.experiments.loader import Window
from darkhorn.experiments.photon_targets import photon_target
from darkhorn.models.alp import Alp

W = photon_target("W")
ARGON = Composition.from_number_densities({"Ar": 2.1e22}).targets
RADIUS, DISTANCE, POT = 2.0, 30.0, 1.0e20
EDGES = {"e_vis": np.linspace(0.0, 400.0, 41), "cos_theta": np.linspace(-1.0, 1.0, 21)}


def at_rest(species: int = PI0) -> Rays:
    return Rays.make(species, [0.0, 0.0, 0.0, 0.0], [[mass(species), 0.0, 0.0, 0.0]] * 64, np.full(64, 0.1 / 64))


def setup(mesons: Rays) -> Setup:
    parents = (TableParents(mesons, int(mesons.pdgid[0])),)
    shape = Sphere((DISTANCE, 0.0, 0.0), RADIUS)
    return Setup("test", POT, parents, shape, ARGON, Response(), Window(), EDGES, np.linspace(0.0, 400.0, 9))


def by_quadrature(model: Alp) -> tuple[float, float]:
    """Particles that cross the detector, and events of inverse Primakoff, for pi0 at rest: everything is isotropic."""
    energy = 0.5 * mass(PI0)
    channel = next(item for item in model.productions(W) if item.name == "W primakoff")
    low, high = channel.limits(np.array(energy))
    log = np.linspace(np.log(low + channel.offset), np.log(high + channel.offset), 20001)
    w = np.clip(np.exp(log) - channel.offset, low, high)
    per_photon = channel.dsigma_cm2(np.full(len(w), energy), w) * (w + channel.offset) / float(W.total_cm2(energy))
    photons = 2.0 * TWO_PHOTONS[PI0] * 0.1 * POT
    made = photons * np.trapezoid(per_photon, log)
    cosine = np.sqrt(1.0 - (RADIUS / DISTANCE) ** 2)
    detection = next(item for item in model.detections(ARGON) if item.name == "Ar inverse primakoff")
    # cross section in the detector at the energy of each a; mean chord times solid angle = volume / distance^2
    outgoing, _ = channel.outgoing(np.full(len(w), energy), w)
    some = slice(None, None, 200)
    total = np.array([_total(detection, model.m_a, e) for e in outgoing[some]])
    mean_sigma = np.trapezoid((per_photon[some] * total), log[some]) / np.trapezoid(per_photon[some], log[some])
    angles = np.linspace(cosine, 1.0, 20001)
    chord = 2.0 * np.sqrt(np.maximum(RADIUS**2 - DISTANCE**2 * (1.0 - angles**2), 0.0))
    per_cm = detection.number_density * CM2_IN_M2
    return made * 0.5 * (1.0 - cosine), made * 0.5 * np.trapezoid(chord, angles) * per_cm * mean_sigma


def _total(detection, m_a, energy):
    from darkhorn.physics.two_to_two import q_sq_limits

    low, high = (float(edge) for edge in q_sq_limits(np.array(energy), m_a, detection.target_mass))
    offset = detection.mediator_mass**2
    log = np.linspace(np.log(low + offset), np.log(high + offset), 4001)
    q_sq = np.clip(np.exp(log) - offset, low, high)
    return np.trapezoid(detection.dsigma_dq_sq_cm2(np.full(len(q_sq), energy), q_sq) * (q_sq + offset), log)


@pytest.mark.parametrize("m_a", [0.0, 10.0])
def test_pions_at_rest_agree_with_quadrature(m_a: float) -> None:
    model = Alp(m_a=m_a, g_photon=1.0e-9, electron_primakoff=False)
    found = predict_alp(model, setup(at_rest()), AlpSource(W), precision=0.004, seed=3)
    crossing, events = by_quadrature(model)
    assert found.crossing["W primakoff"].mean() == pytest.approx(crossing, rel=0.02)
    seen = found.events["W primakoff", "Ar inverse primakoff"]
    assert seen.mean() == pytest.approx(events, rel=0.02)
    assert found.spectra["Ar inverse primakoff"]["e_vis"].sum(axis=1) == pytest.approx(seen, rel=1e-12)


def test_weak_couplings_enter_with_their_powers() -> None:
    rates = []
    for factor in (1.0, 2.0):
        model = Alp(m_a=1.0, g_photon=1.0e-10 * factor, g_electron=1.0e-12)
        rates.append(predict_alp(model, setup(at_rest()), AlpSource(W), precision=0.2).events)
    powers = {
        ("W primakoff", "Ar inverse primakoff"): 4,
        ("W primakoff", "gamma gamma"): 4,
        ("W compton", "Ar inverse primakoff"): 2,
        ("W primakoff", "Ar inverse compton"): 2,
        ("W compton", "Ar inverse compton"): 0,
    }
    for key, power in powers.items():
        assert rates[1][key].mean() / rates[0][key].mean() == pytest.approx(2.0**power, rel=1e-6), key


def test_strong_couplings_decay_on_the_way() -> None:
    weak, strong = (
        predict_alp(Alp(m_a=20.0, g_photon=g), setup(at_rest()), AlpSource(W), precision=0.2) for g in (1e-9, 1e-2)
    )
    assert strong.crossing["W primakoff"].mean() == pytest.approx(1e14 * weak.crossing["W primakoff"].mean(), rel=1e-9)
    assert strong.total[0] < 1e-9 * weak.total[0]


def test_total_error_and_seeds() -> None:
    model = Alp(m_a=1.0, g_photon=1.0e-9)
    first, again, other = (
        predict_alp(model, setup(at_rest()), AlpSource(W), precision=0.01, seed=seed) for seed in (1, 1, 2)
    )
    assert first.total == again.total
    assert first.relative_error <= 0.01
    assert abs(first.total[0] - other.total[0]) < 5.0 * np.hypot(first.total[1], other.total[1])
    assert first.total[0] == pytest.approx(sum(rows.mean() for rows in first.events.values()))


def test_a_shower_takes_the_place_of_the_mesons() -> None:
    table = ShowerTable(
        np.array([PHOTON, -11]), np.array([67.5, 300.0]), np.array([np.pi / 2] * 2), np.array([0.2, 0.1])
    )
    model = Alp(m_a=2.0, g_photon=1.0e-9, g_electron=1.0e-6)
    source = AlpSource(W, table)
    found = predict_alp(model, setup(at_rest(PI_PLUS)), source, precision=0.5)
    assert {reaction for reaction, _ in found.events} >= {"W primakoff", "W compton", "W annihilation", "resonance"}
    only = ShowerTable(*(column[:1] for column in (table.pdgid, table.energy, table.theta, table.weight)))
    fewer = predict_alp(model, setup(at_rest(PI_PLUS)), AlpSource(W, only), precision=0.5)
    assert {reaction for reaction, _ in fewer.events} == {"W primakoff", "W primakoff on electrons", "W compton"}


def test_what_cannot_be_done_is_said() -> None:
    with pytest.raises(ScenarioError, match="nothing makes photons"):
        predict_alp(Alp(), setup(at_rest(PI_PLUS)), AlpSource(W))
    with pytest.raises(RangeError, match="precision"):
        predict_alp(Alp(), setup(at_rest()), AlpSource(W), precision=0.0)
