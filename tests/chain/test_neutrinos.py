"""Flux by flavour and parent against brute-force decays; sums, bookkeeping, and stopped mesons in closed form."""

from dataclasses import dataclass

import numpy as np
import pytest

from darkhorn.beam.beamline import Beamline
from darkhorn.beam.layers import Layers, compile_layers
from darkhorn.beam.parametrised import ParametrisedSource
from darkhorn.chain.at_rest import at_rest_flux, dump_kaons, stopped, wall_at
from darkhorn.chain.flux import Disc
from darkhorn.chain.neutrino_channels import channels
from darkhorn.chain.neutrinos import (
    BIN_SLACK,
    OTHER_SLACK,
    NeutrinoFlux,
    bin_error,
    carried,
    muons_of,
    neutrino_flux,
    precise_flux,
    relative_error,
)
from darkhorn.chain.parents import prepare
from darkhorn.core.errors import RangeError, UnknownNameError
from darkhorn.core.importance import ImportanceGrid
from darkhorn.core.points import Axis, unit_points
from darkhorn.core.rays import Floats, Rays
from darkhorn.core.species import K_LONG, K_MINUS, K_PLUS, MUON, PI_MINUS, PI_PLUS, lifetime, mass
from darkhorn.core.units import C
from darkhorn.experiments.beams import load_beam
from darkhorn.physics.fourvector import boost, minkowski_sq
from darkhorn.physics.stopping import CONCRETE, STEEL

FAR = Disc((0.0, 1.9, 541.0), 6.1)
NEAR = Disc((0.0, 0.0, 110.0), 4.0)
EDGES = np.linspace(0.0, 6000.0, 61)


@pytest.fixture(scope="module")
def line() -> Beamline:
    return load_beam("bnb", "neutrino")


@pytest.fixture(scope="module")
def layers(line: Beamline) -> Layers:
    return compile_layers(line)


@dataclass(frozen=True)
class Beam:
    """Mesons of one momentum that decay at one place."""

    species: int
    momentum: tuple[float, float, float]
    place: tuple[float, float, float]
    beamline: Beamline
    layers: Layers

    def sample(self, points: Floats, threads: int = 1) -> Rays:
        n = len(points)
        energy = np.hypot(np.linalg.norm(self.momentum), mass(self.species))
        return Rays.make(self.species, [0.0, *self.place], np.tile([energy, *self.momentum], (n, 1)), 1.0 / n)


def isotropic(rng: np.random.Generator, n: int) -> Floats:
    cosine, phi = rng.uniform(-1, 1, n), rng.uniform(0, 2 * np.pi, n)
    sine = np.sqrt(1 - cosine**2)
    return np.column_stack([sine * np.cos(phi), sine * np.sin(phi), cosine])


def hits(x: Floats, p: Floats, disc: Disc) -> np.ndarray:
    """Whether rays from x (N, 3) along p (N, 4) cross the disc."""
    step = (disc.centre[2] - x[:, 2]) / p[:, 3]
    at = x[:, :2] + step[:, None] * p[:, 1:3] - np.array(disc.centre[:2])
    return (step > 0) & ((at**2).sum(axis=1) < disc.radius**2)


@pytest.mark.parametrize("species", [PI_PLUS, K_PLUS, K_LONG])
def test_two_and_three_body_decays_by_brute_force(line: Beamline, layers: Layers, species: int) -> None:
    beam = Beam(species, (40.0, -10.0, 2500.0), (0.1, 0.0, 30.0), line, layers)
    (flux,) = neutrino_flux({species: beam}, (NEAR,), EDGES, n=2**13, replicates=4, muons=False)
    rng, n, area = np.random.default_rng(7), 400_000, np.pi * NEAR.radius**2 * 1e4
    parent = beam.sample(unit_points(1, seed=1)).p[0]
    expected: dict[str, np.ndarray] = {}
    for channel in channels(species):
        rest = channel.energy(rng.uniform(size=n))
        p = boost(rest[:, None] * np.column_stack([np.ones(n), isotropic(rng, n)]), parent, mass(species))
        hit = hits(np.tile(beam.place, (n, 1)), p, NEAR)
        row, _ = np.histogram(p[hit, 0], bins=EDGES)
        expected[channel.flavour] = expected.get(channel.flavour, 0.0) + row * channel.branching / n / area
    for flavour, row in expected.items():
        ours = flux.select(flavour).mean(axis=0)
        assert ours.sum() == pytest.approx(row.sum(), rel=0.015)
        assert np.cumsum(ours) / ours.sum() == pytest.approx(np.cumsum(row) / row.sum(), abs=0.02)


def test_muons_of_pions_by_brute_force(line: Beamline, layers: Layers) -> None:
    beam = Beam(PI_PLUS, (0.0, 0.0, 2500.0), (0.0, 0.0, 15.0), line, layers)
    (flux,) = neutrino_flux({PI_PLUS: beam}, (NEAR,), EDGES, n=2**13, replicates=8)
    rng, n, area = np.random.default_rng(9), 600_000, np.pi * NEAR.radius**2 * 1e4
    axis = isotropic(rng, n)
    p_star = (mass(PI_PLUS) ** 2 - mass(MUON) ** 2) / (2 * mass(PI_PLUS))
    rest = np.column_stack([np.full(n, np.hypot(p_star, mass(MUON))), p_star * axis])
    pion = np.array([np.hypot(2500.0, mass(PI_PLUS)), 0.0, 0.0, 2500.0])
    muon = boost(rest, pion, mass(PI_PLUS))
    # straight to the wall of the pipe or to the dump, decaying on the way
    slope = np.hypot(muon[:, 1], muon[:, 2]) / muon[:, 3]
    speed = np.linalg.norm(muon[:, 1:], axis=1)
    forward = muon[:, 3] / speed
    length = np.minimum(0.9144 / np.maximum(slope, 1e-9), line.z_dump - 15.0) / forward
    place = -np.log(rng.uniform(size=n)) * C * lifetime(MUON) * speed / mass(MUON)
    x = np.array([0.0, 0.0, 15.0]) + place[:, None] * muon[:, 1:] / speed[:, None]
    for flavour, shape in (("nue", 1.0), ("numubar", 0.0)):
        energy, direction = rng.uniform(size=n), isotropic(rng, n)
        c = (direction * axis).sum(axis=1)
        electron = 12 * energy**2 * (1 - energy) * (1 + c)
        muonic = 2 * energy**2 * (3 - 2 * energy + (1 - 2 * energy) * c)
        weight = electron if shape else muonic
        q = 0.5 * mass(MUON) * energy[:, None] * np.column_stack([np.ones(n), direction])
        p = boost(boost(q, rest, mass(MUON)), pion, mass(PI_PLUS))
        hit = hits(x, p, NEAR) & (place < length)
        expected = weight[hit].sum() * 0.999877 / n / area
        error = np.sqrt((weight[hit] ** 2).sum()) * 0.999877 / n / area
        ours, our_error = flux.total(flavour, "mu")
        assert ours == pytest.approx(expected, abs=4 * np.hypot(error, our_error) + 0.01 * expected)
        mean = (p[hit, 0] * weight[hit]).sum() / weight[hit].sum()
        row = flux.select(flavour, "mu").mean(axis=0)
        assert row @ (0.5 * (EDGES[1:] + EDGES[:-1])) / row.sum() == pytest.approx(mean, rel=0.06)


def test_muons_conserve_momentum_and_mass(line: Beamline, layers: Layers) -> None:
    points = unit_points(64, seed=1)
    mesons = Beam(PI_MINUS, (100.0, 30.0, 900.0), (0.0, 0.0, 10.0), line, layers).sample(points)
    muons = muons_of(mesons, points)
    assert (muons.pdgid == MUON).all()
    assert muons.mass == pytest.approx(mass(MUON), rel=1e-7)
    assert np.abs(minkowski_sq(mesons.p - muons.p)).max() < 1e-6 * mass(PI_PLUS) ** 2
    assert muons.yield_ == pytest.approx(0.999877)


def test_carried_is_the_rotation_between_two_directions() -> None:
    rng = np.random.default_rng(1)
    start, end, vector = (isotropic(rng, 50) for _ in range(3))
    assert carried(start, start, end) == pytest.approx(end, abs=1e-12)
    turned = carried(vector, start, end)
    assert np.linalg.norm(turned, axis=1) == pytest.approx(1.0)
    assert (turned * end).sum(axis=1) == pytest.approx((vector * start).sum(axis=1), abs=1e-12)
    assert carried(vector, start, start) == pytest.approx(vector, abs=1e-12)


def test_several_detectors_and_threads(line: Beamline) -> None:
    source = ParametrisedSource(line)
    parents = {pdg: prepare(source, line, pdg, FAR.centre, 1) for pdg in (K_PLUS, K_MINUS)}
    settings = {"n": 2**8, "replicates": 4, "seed": 3}
    far, near = neutrino_flux(parents, (FAR, NEAR), EDGES, **settings)
    (alone,) = neutrino_flux(parents, (FAR,), EDGES, threads=2, **settings)
    assert far.rows.keys() == alone.rows.keys()
    assert all((far.rows[key] == alone.rows[key]).all() for key in far.rows)
    assert near.total("numu")[0] > 10 * far.total("numu")[0]
    assert set(far.rows) == {
        *(("numu", parent) for parent in ("K", "mu")),
        *(("numubar", parent) for parent in ("K", "mu")),
        *(("nue", parent) for parent in ("K", "mu")),
        *(("nuebar", parent) for parent in ("K", "mu")),
    }


def test_fluxes_add_and_select() -> None:
    rows = np.arange(6.0).reshape(2, 3)
    flux = NeutrinoFlux(np.array([0.0, 50.0, 100.0, 150.0]), {("numu", "pi"): rows, ("numu", "K"): 2 * rows})
    both = flux.plus(NeutrinoFlux(flux.edges, {("numu", "K"): rows, ("nue", "K"): rows}))
    assert both.select("numu", "K") == pytest.approx(3 * rows)
    assert both.select("numu") == pytest.approx(4 * rows)
    assert both.select("nuebar").tolist() == [[0.0] * 3] * 2
    assert both.density("nue")[0] == pytest.approx(rows.mean(axis=0) / 0.05)
    assert flux.total("numu", "pi") == pytest.approx((7.5, 4.5))


def test_stopped_kaons_make_the_line_in_closed_form(line: Beamline, layers: Layers) -> None:
    source = ParametrisedSource(line)
    points = unit_points(2**11, seed=1)
    rest = stopped(source.sample(points, K_PLUS, ImportanceGrid.uniform()), line, layers)
    assert 0.1 < rest.yield_ / source.yield_per_pot(K_PLUS) < 0.8
    edges = np.array([0.0, 235.0, 236.0, 6000.0])
    (flux,) = at_rest_flux(source, line, (FAR,), edges, species=(K_PLUS,), leftover=0.0, n=2**11, replicates=4)
    distance_sq = (541.0 - np.average(rest.x[:, 3], weights=rest.weight)) ** 2
    expected = rest.yield_ * 0.6356 / (4 * np.pi * distance_sq * 1e4)
    assert flux.select("numu", "K at rest")[:, 1].mean() == pytest.approx(expected, rel=0.02, abs=0)
    assert flux.select("numu", "K at rest")[:, 2].max() == 0.0
    low = flux.select("nue", "K at rest").sum(axis=1).mean()
    assert low == pytest.approx(expected * 0.0507 / 0.6356, rel=0.02, abs=0)


def test_pions_at_rest_make_three_neutrinos(line: Beamline) -> None:
    source, edges = ParametrisedSource(line), np.array([0.0, 29.5, 30.0, 53.0, 6000.0])
    (flux,) = at_rest_flux(source, line, (FAR,), edges, species=(PI_PLUS,), n=2**10, replicates=4)
    numu, numubar, nue = (flux.total(*key)[0] for key in (("numu",), ("numubar",), ("nue", "mu at rest")))
    assert numubar == pytest.approx(nue, rel=1e-9)
    assert numu == pytest.approx(0.999877 * nue, rel=1e-9, abs=0)
    assert flux.select("numu").mean(axis=0)[1] == pytest.approx(numu, rel=1e-9)
    assert flux.select("nue", "mu at rest")[:, 3].max() == 0.0


def test_retention_and_leftover_protons_add_kaons(line: Beamline, layers: Layers) -> None:
    source, points = ParametrisedSource(line), unit_points(2**11, seed=1)
    mesons = source.sample(points, K_PLUS, ImportanceGrid.uniform())
    numbers = [stopped(mesons, line, layers, kept).yield_ for kept in (0.0, 0.5, 1.0)]
    assert numbers[0] < numbers[1] < numbers[2] < mesons.yield_
    dump = dump_kaons(line, 0.25, points)
    assert (dump.x[:, 3] == line.z_dump).all()
    assert dump.yield_ == pytest.approx(0.5 * dump_kaons(line, 0.5, points).yield_)
    assert 0.2 < dump.yield_ / (0.25 * 0.0717) < 0.8
    # kaons that all stop and are all kept are as many as are made
    assert dump_kaons(line, 1.0, points, 1.0).yield_ == pytest.approx(0.0717, rel=0.08)
    settings = {"species": (K_PLUS,), "n": 2**9, "replicates": 4}
    found = [at_rest_flux(source, line, (FAR,), EDGES, leftover=share, **settings)[0] for share in (0.0, 0.284, None)]
    # of the protons in a spot of 1.51 mm by 0.75 mm, 0.716 interact in the rod; 0.790 on its axis
    totals = [flux.total("numu")[0] for flux in found]
    assert 1.0 - source.interactions(unit_points(2**13, seed=2)) == pytest.approx(0.284, abs=0.004)
    assert totals[0] < totals[1]
    assert totals[2] == pytest.approx(totals[1], rel=0.01, abs=0)


def test_walls_along_the_beam(line: Beamline) -> None:
    walls = {id(wall): mask for wall, mask in wall_at(line, np.array([1.0, 4.0, 20.0, 40.0, line.z_dump]))}
    assert walls[id(STEEL)].tolist() == [True, True, False, False, True]
    assert walls[id(CONCRETE)].tolist() == [False, False, True, True, False]


def test_errors(line: Beamline, layers: Layers) -> None:
    source, points = ParametrisedSource(line), unit_points(4, seed=1)
    with pytest.raises(UnknownNameError, match="species that stops and decays '-321'"):
        stopped(source.sample(points, K_MINUS, ImportanceGrid.uniform()), line, layers)
    with pytest.raises(RangeError, match="protons at the dump = -1 per POT"):
        dump_kaons(line, -1.0, points)
    assert Axis.SMEAR_ENERGY < Axis.SCATTER


def test_errors_of_bins_by_hand() -> None:
    """Two bins of 50 MeV make one of 100; a bin with a thousandth of the fullest does not count."""
    rows = np.array([[1.0, 1.0, 4.0, 4.0, 0.0, 0.01], [2.0, 2.0, 4.0, 4.0, 0.01, 0.0], [3.0, 3.0, 4.0, 4.0, 0.0, 0.0]])
    edges = np.linspace(0.0, 300.0, 7)
    first = 2.0 / np.sqrt(3.0) / 4.0
    assert bin_error(rows, edges) == pytest.approx(first / np.sqrt(2.0))
    assert relative_error(rows[:, :4]) == pytest.approx([first, first, 0.0, 0.0])
    assert bin_error(np.zeros((3, 6)), edges) == 0.0


def test_points_are_added_where_the_precision_needs_them(line: Beamline) -> None:
    source = ParametrisedSource(line)
    parents = {pdg: prepare(source, line, pdg, FAR.centre, 1) for pdg in (PI_PLUS, K_LONG)}
    said: list[str] = []
    edges = np.linspace(0.0, 8000.0, 161)
    settings = {"precision": 0.02, "replicates": 4, "muons": False}
    flux = precise_flux(parents, FAR, edges, progress=said.append, **settings)
    rows = flux.select("numu", "pi")
    assert relative_error(rows.sum(axis=1)) < 0.02
    assert bin_error(rows, edges) < 0.02 * BIN_SLACK
    assert relative_error(flux.select("nue", "K0").sum(axis=1)) < 0.02 * OTHER_SLACK
    assert said[:2] == ["pilot runs of pi+", "flux of pi+ (1 of 2): 4 x 2048 points"]
    assert said[-1] == "flux of K0L (2 of 2): 4 x 2048 points"
    with pytest.raises(RangeError, match="precision"):
        precise_flux(parents, FAR, edges, precision=1.0)
