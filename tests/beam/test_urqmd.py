"""UrQMD as a source: what a run gives, what is refused, and what the weights mean."""

import numpy as np
import pytest

from darkhorn.beam import urqmd
from darkhorn.beam.source import Provenance
from darkhorn.beam.urqmd import Interactions, UrqmdSource, bin_yields, interact, yield_table
from darkhorn.beam.worker import WorkerError, run_worker
from darkhorn.core.errors import DarkhornError, RangeError, UnknownNameError
from darkhorn.core.importance import ImportanceGrid
from darkhorn.core.points import Axis, unit_points
from darkhorn.core.species import mass
from darkhorn.experiments.beams import load_beam
from darkhorn.physics.passage import proton_production_cm2

needs_chromo = pytest.mark.skipif(
    not urqmd.is_installed(), reason="needs chromo and UrQMD: pip install 'darkhorn[urqmd]'"
)
BEAM = 8888.89
GRID = ImportanceGrid.uniform()


@pytest.fixture(scope="module")
def fifty() -> Interactions:
    return interact(2212, BEAM, "Be", 50, 7, timeout=300.0)


def toy() -> Interactions:
    """Two interactions: a pi+ and a proton; two pi+ in one cell."""
    p = np.array([[0.0, 0.0, 0.0, 900.0], [0.0, 0.0, 0.0, 2000.0], [0.0, 30.0, 0.0, 900.0], [0.0, 0.0, 30.0, 900.0]])
    p[:, 0] = np.hypot(np.linalg.norm(p[:, 1:], axis=1), [138.0, 938.0, 138.0, 138.0])
    origin = Provenance("toy", "0", "per interaction")
    return Interactions(2, np.array([0, 0, 1, 1]), np.array([211, 2212, 211, 211]), np.array([1, 1, 1, 1]), p, origin)


@needs_chromo
def test_charge_and_energy_are_conserved(fifty: Interactions) -> None:
    assert np.array_equal(np.unique(fifty.event), np.arange(50))
    assert set(np.bincount(fifty.event, weights=fifty.charge)) == {5.0}  # p + Be
    momentum = np.stack([np.bincount(fifty.event, weights=fifty.p[:, i]) for i in (1, 2, 3)])
    assert np.abs(momentum[2] - BEAM).max() < 1.0e3  # the Fermi motion of the nucleus is not balanced
    assert np.abs(momentum[:2]).max() < 1.0e3
    baryons = np.isin(np.abs(fifty.pdgid), [2212, 2112, 3122, 3112, 3212, 3222, 3312, 3322])
    assert set(np.bincount(fifty.event[baryons], weights=np.sign(fifty.pdgid[baryons]))) == {10.0}


@needs_chromo
def test_mesons_are_present(fifty: Interactions) -> None:
    mesons = fifty.mesons()
    counts = {number: mesons.weight[mesons.pdgid == number].sum() for number in (211, -211, 111)}
    assert 0.6 < counts[211] < 1.8  # 1.17, 0.90 and 1.14 per interaction with 3000 events; 5 errors of 50 events
    assert 0.4 < counts[-211] < 1.5
    assert 0.5 < counts[111] < 1.8
    np.testing.assert_allclose(mesons.mass[mesons.pdgid == 211], mass(211), rtol=1e-6)
    assert mesons.momentum.max() < BEAM


@needs_chromo
def test_the_same_seed_gives_the_same_events(fifty: Interactions) -> None:
    again = interact(2212, BEAM, "Be", 50, 7, timeout=300.0)
    assert np.array_equal(again.pdgid, fifty.pdgid)
    assert np.array_equal(again.p, fifty.p)
    assert again.provenance == fifty.provenance
    assert fifty.provenance.seed == 7
    assert fifty.provenance.version.startswith("3.4 (chromo")


@needs_chromo
def test_yield_table_counts_another_projectile() -> None:
    table = yield_table(
        211, 4000.0, "Al", 20, 3, p_edges=np.array([300.0, 1e4]), theta_edges=np.array([0.0, np.pi]), timeout=300.0
    )
    assert 0.3 < table.yields[211][0, 0] < 3.0
    assert table.yields[2212].shape == (1, 1)
    assert set(table.yields) == {211, -211, 321, 2212, 2112}


@needs_chromo
def test_the_worker_can_be_stopped() -> None:
    with pytest.raises(WorkerError, match=r"no result after 0.2 s; ask for fewer events"):
        interact(2212, BEAM, "Be", 1000, 7, timeout=0.2)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"momentum": 1463.3}, RangeError, r"sqrt\(s_NN\) of UrQMD for PDG 2212 = 2241.9 MeV.*\[2400, 200000\] MeV"),
        ({"projectile": 211, "momentum": 1500.0}, RangeError, r"for PDG 211 = 19.*\[2000"),
        ({"momentum": 1e9}, RangeError, r"outside the allowed range \[2400, 200000\] MeV"),
        ({"momentum": -1.0}, RangeError, "momentum = -1 MeV/c"),
        ({"target": "Bee"}, UnknownNameError, "Did you mean 'Be'"),
        ({"projectile": 22}, UnknownNameError, "unknown projectile of UrQMD '22'"),
        ({"n_events": 0}, RangeError, "n_events = 0"),
        ({"seed": 0}, RangeError, "seed = 0"),
    ],
)
def test_refusals(change: dict[str, object], error: type[Exception], message: str) -> None:
    request = {"projectile": 2212, "momentum": BEAM, "target": "Be", "n_events": 50, "seed": 1} | change
    with pytest.raises(error, match=message):
        interact(**request)  # type: ignore[arg-type]


def test_absent_package_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(urqmd, "is_installed", lambda: False)
    with pytest.raises(DarkhornError, match=r"pip install 'darkhorn\[urqmd\]'"):
        interact(2212, BEAM, "Be", 50, 7)


def test_a_worker_that_fails_says_why() -> None:
    with pytest.raises(WorkerError, match=r"(?s)ended with code 1.*No module named darkhorn.nothing"):
        run_worker("darkhorn.nothing", {}, timeout=60.0)


def test_binned_yields_by_hand() -> None:
    table = bin_yields(toy(), (211, 2212), np.array([0.0, 1000.0, 2000.0]), np.array([0.0, 0.1]))
    np.testing.assert_allclose(table.yields[211], [[1.5], [0.0]])
    np.testing.assert_allclose(table.yields[2212], [[0.0], [0.5]])  # on the last edge
    np.testing.assert_allclose(table.errors[211], [[np.sqrt((2.5 - 2.25) / 2)], [0.0]])  # 1 and 2 in two interactions


def test_edges_must_increase() -> None:
    with pytest.raises(RangeError, match="theta_edges"):
        yield_table(2212, BEAM, "Be", 5, 1, theta_edges=np.array([1.0, 0.5]))


def test_the_source_counts_mesons_per_proton_on_target() -> None:
    line = load_beam("bnb")
    sigma = float(proton_production_cm2(BEAM, "Be"))
    source = UrqmdSource(line, toy(), sigma)
    rays = source.sample(unit_points(2**12, seed=1), 211, GRID)
    rod = line.target
    interacting = -np.expm1(-rod.number_density * sigma * 1e-4 * (rod.z_end - rod.z_start))
    assert rays.yield_ == pytest.approx(1.5 * interacting, rel=0.01)  # a few protons miss the rod
    assert source.species == (211,)
    assert "sigma_inel = " in source.provenance.normalisation
    thin = UrqmdSource(line, toy(), sigma * 1e-3).sample(unit_points(2**12, seed=1), 211, GRID).yield_
    depth = -np.log1p(-interacting)
    assert thin / rays.yield_ == pytest.approx(1e-3 * depth / interacting, rel=1e-2)


def test_sampled_mesons_are_those_of_the_list() -> None:
    source = UrqmdSource(load_beam("bnb"), toy(), 2e-25)
    points = unit_points(2**10, seed=2)
    rays = source.sample(points, 211, GRID)
    expected = np.where(points[:, Axis.MOMENTUM] < 1.0 / 3.0, 900.0, np.hypot(900.0, 30.0))
    np.testing.assert_allclose(np.sort(rays.momentum), np.sort(expected), rtol=1e-12)
    np.testing.assert_allclose(rays.mass, mass(211), rtol=1e-6)
    assert rays.theta.max() < 0.05


@pytest.mark.parametrize("sigma", [0.0, -1e-25, 200.0, np.nan])
def test_the_cross_section_is_required(sigma: float) -> None:
    with pytest.raises(RangeError, match="sigma_inel"):
        UrqmdSource(load_beam("bnb"), toy(), sigma)


def test_provenance_round_trip() -> None:
    origin = Provenance("UrQMD", "3.4", "per interaction", "none", 50.0, 7)
    assert Provenance.of_file(origin.as_text()) == origin
    with pytest.raises(RangeError, match="engine and normalisation must be named"):
        Provenance.of_file({})
    with pytest.raises(RangeError, match="allowed: physics, machinery"):
        Provenance("a", "b", "c", label="guess")
    with pytest.raises(RangeError, match="pot of the source = 0"):
        Provenance("a", "b", "c", pot=0.0)
