"""Axion-like particles sent to a detector: closure against undirected brute force, sums over the sphere, counting."""

import numpy as np
import pytest

from darkhorn.beam.photons import two_photons
from darkhorn.chain.photon_sources import alp_events, alps_from_photons, alps_from_positrons, alps_from_resonance
from darkhorn.core.errors import RangeError
from darkhorn.core.points import unit_points
from darkhorn.core.rays import Rays
from darkhorn.core.species import ELECTRON, PHOTON, PI0, mass
from darkhorn.core.units import AVOGADRO, HBARC
from darkhorn.detector.geometry import Box, Sphere
from darkhorn.detector.targets import Composition
from darkhorn.experiments.photon_targets import photon_target
from darkhorn.models.alp import Alp
from darkhorn.physics.alp_annihilation import resonance_energy, resonance_strength_cm2

W = photon_target("W")
BOTH = {"g_photon": 1e-6, "g_electron": 1e-5}
M_E = mass(ELECTRON)


def beam(species, energy, theta, n=1):
    p = np.sqrt(energy**2 - mass(species) ** 2)
    vector = [energy, p * np.sin(theta), 0.0, p * np.cos(theta)]
    return Rays.make(species, [0.0, 0.0, 0.0, 1.0], np.tile(vector, (n, 1)), 1.0 / n)


def channel_of(model, name, atom=W):
    return next(item for item in model.productions(atom) if item.name == f"W {name}")


def everything(channel, energy):
    """Nodes of w over its whole range, the running integral of the cross section (cm^2), energy and angle of a."""
    low, high = channel.limits(np.array(energy))
    log = np.linspace(np.log(low + channel.offset), np.log(high + channel.offset), 60001)
    w = np.clip(np.exp(log) - channel.offset, low, high)
    density = channel.dsigma_cm2(np.full(len(w), energy), w) * (w + channel.offset)
    steps = 0.5 * (density[1:] + density[:-1]) * np.diff(log)
    return w, np.concatenate([[0.0], np.cumsum(steps)])


def brute_force(channel, projectile, shape, n, seed, m_in, target_mass, m_recoil):
    """Cross section into the detector (cm^2), its error, and energies of the hits: no aiming, explicit four-vectors."""
    rng = np.random.default_rng(seed)
    energy = projectile.energy[0]
    w, running = everything(channel, energy)
    drawn = np.interp(rng.random(n) * running[-1], running, w)
    outgoing, _ = channel.outgoing(np.full(n, energy), drawn)
    p_in, p = np.sqrt(energy**2 - m_in**2), np.sqrt(outgoing**2 - channel.mass**2)
    # (P_in + P_target - p)^2 = m_recoil^2 gives the angle
    s = m_in**2 + target_mass**2 + 2 * target_mass * energy
    cos = (m_recoil**2 - s - channel.mass**2 + 2 * (energy + target_mass) * outgoing) / (2 * p_in * p)
    assert np.abs(cos).max() < 1 + 1e-6
    cos, phi = np.clip(cos, -1, 1), rng.uniform(0, 2 * np.pi, n)
    axis = projectile.direction[0]
    e1 = np.cross(axis, [0.0, 1.0, 0.0])
    e1 /= np.linalg.norm(e1)
    e2 = np.cross(axis, e1)
    sine = np.sqrt(1 - cos**2)
    direction = cos[:, None] * axis + (sine * np.cos(phi))[:, None] * e1 + (sine * np.sin(phi))[:, None] * e2
    _, chord = shape.chord(np.broadcast_to(projectile.x[0, 1:], (n, 3)), direction)
    hit = chord > 0
    return running[-1] * hit.mean(), running[-1] * np.sqrt(hit.sum()) / n, outgoing[hit]


CASES = [
    # model, channel, energy, angle of the photon, detector
    ({"m_a": 20.0}, "primakoff", 150.0, 0.2, Sphere((0.0, 0.0, 20.0), 2.5)),
    ({"m_a": 1.0}, "primakoff", 90.0, 0.0, Sphere((0.5, 0.0, 20.0), 1.5)),
    ({"m_a": 80.0}, "primakoff", 100.0, 0.6, Box((0.0, 3.0, 9.0), (4.0, 3.0, 3.0))),
    ({"m_a": 1.0}, "primakoff on electrons", 60.0, 0.1, Sphere((0.0, 0.0, 20.0), 2.0)),
    ({"m_a": 0.0, **BOTH}, "compton", 40.0, 0.2, Sphere((0.0, 0.0, 20.0), 2.5)),
    # a that is slow in the centre of mass: two energies at every angle, and a largest angle inside the detector
    ({"m_a": 5.0, **BOTH}, "compton", 36.0, 0.05, Sphere((0.0, 0.0, 20.0), 1.5)),
    ({"m_a": 5.0, **BOTH}, "compton", 200.0, 0.1, Sphere((0.0, 0.0, 20.0), 1.0)),
]


@pytest.mark.parametrize(("parameters", "name", "energy", "theta", "shape"), CASES)
def test_photons_close_against_undirected_brute_force(parameters, name, energy, theta, shape):
    channel = channel_of(Alp(**parameters), name)
    target_mass = W.mass if name == "primakoff" else M_E
    photon = beam(PHOTON, energy, theta)
    expected, error, energies = brute_force(channel, photon, shape, 2_000_000, 1, 0.0, target_mass, target_mass)
    assert error < 0.03 * expected
    n = 2**15
    arrivals = alps_from_photons(beam(PHOTON, energy, theta, n), channel, W, shape, unit_points(n, seed=1))
    total = float(W.total_cm2(energy))
    assert arrivals.rays.yield_ * total == pytest.approx(expected, abs=3.5 * error + 2e-3 * expected)
    mean = np.average(arrivals.rays.energy, weights=arrivals.rays.weight)
    assert mean == pytest.approx(energies.mean(), abs=4 * energies.std() / np.sqrt(len(energies)) + 2e-3 * energy)
    # nothing that points away has a weight
    assert (arrivals.rays.weight[arrivals.chord == 0] == 0).all()
    assert arrivals.rays.n_eff > 0.01 * n


def test_positrons_close_against_undirected_brute_force():
    model = Alp(m_a=4.0, **BOTH)
    channel = channel_of(model, "annihilation")
    shape, start = Sphere((0.0, 0.0, 20.0), 1.5), 300.0
    edges = np.geomspace(channel.least_energy, start, 41)
    middle = np.sqrt(edges[1:] * edges[:-1])
    parts = [
        brute_force(channel, beam(-ELECTRON, e, 0.05), shape, 40_000, i, M_E, M_E, 0.0) for i, e in enumerate(middle)
    ]
    log = np.diff(np.log(edges))
    column = W.radiation_length * AVOGADRO / W.atomic_weight
    expected = column * sum(part[0] * step for part, step in zip(parts, log, strict=True))
    error = column * np.sqrt(sum((part[1] * step) ** 2 for part, step in zip(parts, log, strict=True)))
    assert error < 0.02 * expected
    n = 2**15
    arrivals = alps_from_positrons(beam(-ELECTRON, start, 0.05, n), channel, W, shape, unit_points(n, seed=3))
    # middles of 40 bins for an integrand with an edge: 2 %
    assert arrivals.rays.yield_ == pytest.approx(expected, abs=3 * error + 0.02 * expected)


@pytest.mark.parametrize("name", ["primakoff", "primakoff on electrons", "compton", "annihilation"])
@pytest.mark.parametrize("energy", [40.0, 400.0])
def test_a_detector_all_around_sees_the_whole_cross_section(name, energy):
    model, around = Alp(m_a=3.0, **BOTH), Sphere((0.0, 0.0, 1.0), 1.0)
    channel, n = channel_of(model, name), 2**14
    if name == "annihilation":
        arrivals = alps_from_positrons(beam(-ELECTRON, energy, 0.3, n), channel, W, around, unit_points(n, seed=2))
        nodes = np.geomspace(channel.least_energy * (1 + 1e-9), energy, 200)
        totals = np.array([everything(channel, e)[1][-1] for e in nodes])
        expected = W.atoms_per_radiation_length_cm2 * np.trapezoid(totals, np.log(nodes))
        assert arrivals.rays.yield_ == pytest.approx(expected, rel=5e-3, abs=0)
        return
    arrivals = alps_from_photons(beam(PHOTON, energy, 0.3, n), channel, W, around, unit_points(n, seed=2))
    expected = everything(channel, energy)[1][-1] / float(W.total_cm2(energy))
    assert arrivals.rays.yield_ == pytest.approx(expected, rel=2e-3, abs=0)


def test_zero_below_threshold_and_where_nothing_can_go():
    shape = Sphere((0.0, 0.0, 20.0), 1.0)
    points = unit_points(256, seed=1)
    model = Alp(m_a=50.0, **BOTH)
    for name, energy in (("primakoff", 49.0), ("compton", 400.0), ("annihilation", 400.0)):
        channel = channel_of(model, name)
        if name == "annihilation":
            arrivals = alps_from_positrons(beam(-ELECTRON, energy, 0.0, 256), channel, W, shape, points)
        else:
            arrivals = alps_from_photons(beam(PHOTON, energy, 0.0, 256), channel, W, shape, points)
        assert arrivals.rays.weight.tolist() == [0.0] * 256
        assert np.isfinite(arrivals.rays.p).all()
    # outside the cone of a heavy a on electrons
    channel = channel_of(Alp(m_a=5.0, **BOTH), "compton")
    arrivals = alps_from_photons(beam(PHOTON, 36.0, 1.0, 256), channel, W, shape, points)
    assert arrivals.rays.yield_ == 0.0


def test_resonant_positrons():
    m, n = 10.0, 4
    model, shape = Alp(m_a=m, g_photon=0.0, g_electron=1e-4), Sphere((0.0, 0.0, 20.0), 1.0)
    resonance = model.resonance()
    above = alps_from_resonance(beam(-ELECTRON, 300.0, 0.01, n), resonance, W, shape)
    at = float(resonance_energy(m))
    assert above.rays.energy == pytest.approx(at + M_E)
    assert above.rays.mass == pytest.approx(m, rel=1e-6)
    expected = W.atoms_per_radiation_length_cm2 * 74 / at * 1e-8 * float(resonance_strength_cm2(m))
    assert above.rays.yield_ == pytest.approx(expected, rel=1e-12)
    assert alps_from_resonance(beam(-ELECTRON, 0.9 * at, 0.01, n), resonance, W, shape).rays.yield_ == 0.0
    assert alps_from_resonance(beam(-ELECTRON, 300.0, 0.5, n), resonance, W, shape).rays.yield_ == 0.0
    with pytest.raises(RangeError, match="positron"):
        alps_from_resonance(beam(PHOTON, 300.0, 0.0, n), resonance, W, shape)
    assert Alp(m_a=m).resonance() is None
    assert Alp(m_a=1.0, **BOTH).resonance() is None


def test_wrong_projectiles_are_refused():
    model, shape, points = Alp(m_a=1.0, **BOTH), Sphere((0.0, 0.0, 20.0), 1.0), unit_points(4, seed=1)
    with pytest.raises(RangeError, match="projectiles"):
        alps_from_photons(beam(-ELECTRON, 30.0, 0.0, 4), channel_of(model, "primakoff"), W, shape, points)
    with pytest.raises(RangeError, match="annihilation"):
        alps_from_photons(beam(PHOTON, 30.0, 0.0, 4), channel_of(model, "annihilation"), W, shape, points)
    with pytest.raises(RangeError, match="projectiles"):
        alps_from_positrons(beam(PHOTON, 30.0, 0.0, 4), channel_of(model, "annihilation"), W, shape, points)
    low = beam(PHOTON, 0.05, 0.0, 4)
    channel = channel_of(Alp(m_a=0.0), "primakoff")
    with pytest.raises(RangeError, match="photon energy in W"):
        alps_from_photons(low, channel, W, shape, points)


def test_from_pi0_to_events_in_the_detector():
    """Every weight on the way by hand, for one straight line: pi0 at rest, two-body decay of a in the volume."""
    n, m = 2**14, 10.0
    shape = Sphere((0.0, 0.0, 20.0), 1.0)
    pi0 = Rays.make(PI0, [0, 0, 0, 0], np.tile([mass(PI0), 0, 0, 0], (n, 1)), 1.0 / n)
    points = unit_points(n, seed=4)
    photons = two_photons(pi0, points, shape.center, 0.05)
    model = Alp(m_a=m, g_photon=1e-8)
    channel = channel_of(model, "primakoff")
    arrivals = alps_from_photons(photons, channel, W, shape, points)
    # isotropic monochromatic photons make isotropic a: the solid angle of the detector is all that is left
    solid = 0.5 * (1 - np.sqrt(1 - 1 / 400))
    energy = mass(PI0) / 2
    made = 2 * 0.98823 * everything(channel, energy)[1][-1] / float(W.total_cm2(energy))
    assert arrivals.rays.yield_ == pytest.approx(made * solid, rel=0.02, abs=0)
    argon = Composition.from_mass_density(1.396, formula={"Ar": 1.0})
    events = alp_events(arrivals, model, argon.targets, shape, points)
    assert set(events) == {"gamma gamma", "Ar inverse primakoff", "Ar inverse primakoff on electrons"}
    # long-lived: rate = flux * mean chord 4R/3 * m Gamma/(p hbar c)
    p = np.sqrt(energy**2 - m**2)
    expected = made * solid * 4 / 3 * m * model.width / (p * HBARC) * np.exp(-20 * m * model.width / (p * HBARC))
    assert events["gamma gamma"].weight.sum() == pytest.approx(expected, rel=0.03, abs=0)
    assert events["gamma gamma"].energy.max() <= energy * (1 + 1e-9)
    scattered = events["Ar inverse primakoff"].weight.sum()
    assert 0 < scattered < 1e-3 * made
    # photons scale with g^2, decays in the detector with g^2 again, and fewer survive the 20 m
    twice = Alp(m_a=m, g_photon=2e-8)
    again = alp_events(
        alps_from_photons(photons, channel_of(twice, "primakoff"), W, shape, points),
        twice,
        argon.targets,
        shape,
        points,
    )
    survive = np.exp(-20 * m * (twice.width - model.width) / (p * HBARC))
    expected = 16 * survive * events["gamma gamma"].weight.sum()
    assert again["gamma gamma"].weight.sum() == pytest.approx(expected, rel=1e-3, abs=0)


def test_short_lived_alps_do_not_arrive():
    n = 256
    model = Alp(m_a=100.0, g_photon=1e-3)
    shape, points = Sphere((0.0, 0.0, 20.0), 1.0), unit_points(n, seed=1)
    arrivals = alps_from_photons(beam(PHOTON, 200.0, 0.01, n), channel_of(model, "primakoff"), W, shape, points)
    assert arrivals.rays.yield_ > 0
    events = alp_events(arrivals, model, Composition.from_mass_density(1.4, formula={"Ar": 1.0}).targets, shape, points)
    assert max(batch.weight.sum() for batch in events.values()) < 1e-30 * arrivals.rays.yield_
