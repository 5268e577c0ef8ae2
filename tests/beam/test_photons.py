"""Two photons of neutral mesons: exact kinematics, directed sampling; tables of shower particles; materials."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from darkhorn.beam.photons import PhotonTarget, ShowerTable, read_shower, two_photons
from darkhorn.core.errors import InputFileError, RangeError, UnknownNameError
from darkhorn.core.points import unit_points
from darkhorn.core.rays import Rays
from darkhorn.core.species import ELECTRON, ETA, PHOTON, PI0, PI_PLUS, mass
from darkhorn.physics.fourvector import boost

M = mass(PI0)


def mesons(momentum, theta=0.3, n=2**14, species=PI0):
    p = momentum * np.array([np.sin(theta), 0.0, np.cos(theta)])
    energy = np.hypot(momentum, mass(species))
    return Rays.make(species, [0, 0, 0, 1.0], np.tile([energy, *p], (n, 1)), 1.0 / n)


@pytest.mark.parametrize("momentum", [0.0, 200.0, 5000.0])
def test_a_photon_and_its_partner_make_the_meson(momentum):
    source = mesons(momentum, n=256)
    photons = two_photons(source, unit_points(256, seed=1))
    assert set(photons.pdgid) == {PHOTON}
    assert photons.mass.max() < 1e-4 * photons.energy.max()
    partner = source.p - photons.p
    square = partner[:, 0] ** 2 - (partner[:, 1:] ** 2).sum(axis=1)
    assert np.abs(square).max() < 1e-9 * (source.energy**2).max()
    assert photons.yield_ == pytest.approx(2 * 0.98823, rel=1e-12)
    assert photons.parent.tolist() == list(range(256))
    # flat box of energies between E(1 -+ beta)/2
    energy, p = source.energy[0], source.momentum[0]
    assert photons.energy.min() >= 0.5 * (energy - p) * (1 - 1e-9)
    assert photons.energy.max() <= 0.5 * (energy + p) * (1 + 1e-9)
    assert photons.energy.mean() == pytest.approx(energy / 2, rel=0.01)


def test_direct_photons_have_the_same_moments_and_spectrum_near_the_detector():
    momentum, theta, centre = 300.0, 0.3, np.array([20.0, 3.0, -2.0])
    n = 2**15
    source = mesons(momentum, theta, n)
    photons = two_photons(source, unit_points(n, seed=2), centre, 0.05)
    plain = 1.0 / n * 2 * 0.98823
    assert photons.weight.max() <= 2 * plain * (1 + 1e-12)
    assert photons.yield_ == pytest.approx(2 * 0.98823, rel=2e-3)
    assert photons.weight @ photons.energy == pytest.approx(2 * 0.98823 * source.energy[0] / 2, rel=3e-3)
    # explicit boosts of isotropic photons, in a cone around the detector
    rng = np.random.default_rng(3)
    cos, phi = rng.uniform(-1, 1, 2_000_000), rng.uniform(0, 2 * np.pi, 2_000_000)
    sine = np.sqrt(1 - cos**2)
    rest = M / 2 * np.column_stack([np.ones_like(cos), sine * np.cos(phi), sine * np.sin(phi), cos])
    lab = boost(rest, source.p[0], M)
    axis = (centre - source.x[0, 1:]) / np.linalg.norm(centre - source.x[0, 1:])
    hit = lab[:, 1:] @ axis > lab[:, 0] * np.cos(0.05)
    expected, error = 2 * 0.98823 * hit.mean(), 2 * 0.98823 * np.sqrt(hit.sum()) / len(hit)
    inside = photons.direction @ axis > np.cos(0.05)
    assert inside.mean() > 50 * hit.mean()
    assert photons.weight[inside].sum() == pytest.approx(expected, abs=4 * error)
    mean = np.average(photons.energy[inside], weights=photons.weight[inside])
    assert mean == pytest.approx(lab[hit, 0].mean(), rel=0.01)


def test_eta_and_species_without_photons():
    photons = two_photons(mesons(0.0, n=8, species=ETA), unit_points(8, seed=1))
    assert photons.energy == pytest.approx(mass(ETA) / 2, rel=1e-12)
    assert photons.yield_ == pytest.approx(2 * 0.3936)
    with pytest.raises(UnknownNameError, match="two photons"):
        two_photons(mesons(100.0, n=8, species=PI_PLUS), unit_points(8, seed=1))
    with pytest.raises(RangeError, match="half_angle"):
        two_photons(mesons(100.0, n=8), unit_points(8, seed=1), (0, 0, 20), 0.0)


@given(st.floats(0, 1e5), st.floats(0, np.pi), st.floats(1e-3, 3))
@settings(deadline=None, derandomize=True, max_examples=40)
def test_always_finite(momentum, theta, half_angle):
    for centre in (None, (0.0, 0.0, 1.0), (10.0, 0.0, 1.0)):
        photons = two_photons(mesons(momentum, theta, 16), unit_points(16, seed=5), centre, half_angle)
        assert np.isfinite(photons.p).all()
        assert np.isfinite(photons.weight).all()
        assert (photons.weight >= 0).all()
        assert (photons.energy > 0).all()


def test_shower_table(tmp_path):
    path = tmp_path / "shower.csv"
    path.write_text("# MeV, rad, per POT\npdgid,energy,theta,weight\n22,100,0.1,2\n22,50,0.4,6\n-11,80,0,1\n")
    table = read_shower(path)
    photons = table.sample(unit_points(1024, seed=1), PHOTON, (0.0, 0.0, 0.5))
    assert photons.yield_ == pytest.approx(8)
    assert photons.weight[photons.energy == 50].sum() == pytest.approx(6, rel=1e-2)
    assert photons.theta[photons.energy == 100] == pytest.approx(0.1)
    assert (photons.x == [0, 0, 0, 0.5]).all()
    positrons = table.sample(unit_points(16, seed=1), -ELECTRON)
    assert positrons.mass == pytest.approx(mass(ELECTRON), rel=1e-6)
    assert positrons.yield_ == pytest.approx(1)
    with pytest.raises(RangeError, match="species 11"):
        table.sample(unit_points(16, seed=1), ELECTRON)
    path.write_text("pdgid,energy,weight\n22,100,2\n")
    assert read_shower(path).theta.tolist() == [0.0]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("211,100,2,0", "pdgid = 211"),
        ("22,-1,2,0", "energy = -1 MeV"),
        ("-11,0.3,2,0", "energy of e"),
        ("22,1,-2,0", "weight = -2 per POT"),
        ("22,1,2,4", "theta = 4 rad"),
        ("22,x,2,0", "not a number"),
    ],
)
def test_bad_tables_are_refused(tmp_path, row, message):
    path = tmp_path / "shower.csv"
    path.write_text(f"pdgid,energy,weight,theta\n{row}\n")
    with pytest.raises(InputFileError, match=message):
        read_shower(path)


def test_a_target_interpolates_and_refuses():
    energies, sigma = np.array([1.0, 10.0, 100.0]), np.array([4e-24, 1e-24, 2e-24])
    target = PhotonTarget("X", 10, 20, 18600.0, 20.0, 30.0, energies, sigma)
    assert target.total_cm2(energies) == pytest.approx(sigma, rel=1e-6, abs=0)
    assert target.total_cm2(np.sqrt(10.0)) == pytest.approx(2e-24, rel=1e-6, abs=0)
    assert target.total_cm2(1e6) == pytest.approx(2e-24, rel=1e-6, abs=0)
    assert target.atoms_per_radiation_length_cm2 == pytest.approx(30 * 6.02214076e23 / 20)
    with pytest.raises(RangeError, match=r"photon energy in X = 0\.5 MeV"):
        target.total_cm2(0.5)
    with pytest.raises(RangeError, match="increasing"):
        PhotonTarget("X", 10, 20, 18600.0, 20.0, 30.0, energies[::-1], sigma)
    with pytest.raises(RangeError, match="one for each"):
        PhotonTarget("X", 10, 20, 18600.0, 20.0, 30.0, energies, sigma[:2])
    with pytest.raises(RangeError, match="radiation_length"):
        PhotonTarget("X", 10, 20, 18600.0, 20.0, 0.0, energies, sigma)


def test_shower_table_from_python_checks_too():
    with pytest.raises(RangeError, match="theta"):
        ShowerTable(np.array([22]), np.array([1.0]), np.array([-1.0]), np.array([1.0]))
