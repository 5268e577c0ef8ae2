"""Every shipped experiment as a scenario: its own bins, response and kind of beam, or what has to be supplied."""

from dataclasses import replace

import numpy as np
import pytest

from darkhorn.beam.lujan import StoppedParents
from darkhorn.chain.dump_parents import RestingKaons, Shared, dump_line, past_target, resting_kaons
from darkhorn.chain.observe import observe
from darkhorn.chain.photons import Photons
from darkhorn.chain.predict import mean_and_error, predict
from darkhorn.chain.prediction_errors import carries_errors
from darkhorn.chain.scenario import load_scenario
from darkhorn.core.errors import ScenarioError, UnknownNameError
from darkhorn.core.points import Axis, unit_points
from darkhorn.core.species import ETA, K_MINUS, K_PLUS, PI0, PI_MINUS, PI_PLUS, lifetime, mass
from darkhorn.core.units import C
from darkhorn.detector.response import Response
from darkhorn.experiments.modes import load_dump
from darkhorn.report.run import compute

HALF = "experiment.given.response.efficiency = {energy = [1, 100], value = [0.5, 0.5]}"
ICARUS = "experiment.given.response.efficiency = {energy = [1, 8000], value = [0.5, 0.5]}"


@pytest.mark.parametrize(
    ("name", "changes", "axes"),
    [
        ("sbnd", (), ("e_vis", "cos_theta", "time")),
        ("icarus", (ICARUS,), ("e_vis", "cos_theta")),
        ("ccm120", (HALF,), ("e_vis",)),
        ("ccm200", (HALF,), ("e_vis", "time")),
        ("lsnd", (HALF, "source.pi_plus = 0.08", "source.pi_zero = 0.14"), ("e_vis", "cos_theta")),
        ("karmen", (HALF, "source.pi_plus = 0.0448", "source.pi_zero = 0.05"), ("e_vis",)),
        ("microboone", (), ("e_vis", "cos_theta")),
        ("miniboone-dump", (), ("e_vis", "cos_theta")),
    ],
)
def test_every_experiment_has_its_own_bins(name: str, changes: tuple[str, ...], axes: tuple[str, ...]) -> None:
    scenario = load_scenario(name, overrides=changes)
    assert scenario.experiment is not None
    setup = scenario.setups()[0]
    mode = scenario.experiment.mode(setup.name)
    assert tuple(setup.edges) == axes
    for axis in axes:
        assert np.array_equal(setup.edges[axis], mode.edges[axis])
    assert setup.pot == mode.pot
    assert setup.parents


@pytest.mark.parametrize("name", ["ccm120", "ccm200", "lsnd", "karmen", "icarus"])
def test_what_is_missing_is_asked_for(name: str) -> None:
    with pytest.raises(ScenarioError, match=r"you must supply response\.efficiency.*--set 'experiment\.given\.resp"):
        load_scenario(name).setups()


@pytest.mark.parametrize("name", ["lsnd", "karmen"])
def test_missing_yields_are_asked_for(name: str) -> None:
    with pytest.raises(ScenarioError, match=r"you must supply yields\.pi_plus.*source\.pi_plus"):
        load_scenario(name, overrides=[HALF]).setups()


def test_modes_that_lack_something_are_left_out_and_named() -> None:
    scenario = load_scenario("microboone")
    assert scenario.mode_names == ("inclusive",)
    assert set(scenario.left_out) == {"1g1p", "1g0p", "inclusive-0p", "ee"}
    text = " ".join(scenario.notes())
    assert all(f"mode {name} left out" in text for name in scenario.left_out)
    assert "you must supply modes.inclusive.window" in text
    assert scenario.setups()[0].response.efficiency_at(np.array([500.0])) == pytest.approx(0.07)
    with pytest.raises(ScenarioError, match=r"modes\.1g1p\.response\.efficiency"):
        load_scenario("microboone", overrides=["experiment.modes = ['1g1p']"]).setups()
    given = "experiment.given.modes.1g1p.response.efficiency = {energy = [0, 3000], value = [0.2, 0.2]}"
    more = load_scenario("microboone", overrides=[given])
    assert more.mode_names == ("1g1p", "inclusive")
    assert [float(s.response.efficiency_at(np.array([500.0]))[0]) for s in more.setups()] == [0.2, 0.07]


def test_given_values_replace_those_of_the_file() -> None:
    scenario = load_scenario("sbnd", overrides=["experiment.given.modes.neutrino.pot = 1e20"])
    assert scenario.setups()[0].pot == 1.0e20
    with pytest.raises(ScenarioError, match="unknown key"):
        load_scenario("sbnd", overrides=["experiment.given.modes.neutrino.pots = 1e20"])
    with pytest.raises(ScenarioError, match="expected a table"):
        load_scenario("sbnd", overrides=["experiment.given = 3"])


def test_bins_without_data_can_be_changed() -> None:
    chosen = load_scenario("karmen", overrides=[HALF, "source.pi_plus=0.04", "source.pi_zero=0.05",
                                                "binning.e_vis=[0, 10, 20]", "binning.time=[0, 100]"])  # fmt: skip
    edges = chosen.setups()[0].edges
    assert edges["e_vis"].tolist() == [0.0, 10.0, 20.0]
    assert edges["time"].tolist() == [0.0, 100.0]
    with pytest.raises(ScenarioError, match="unknown key"):
        load_scenario("miniboone", overrides=["binning.e_vis = [0, 10]"])


def test_pions_at_rest_see_the_solid_angle_of_karmen() -> None:
    changes = [HALF, "source.pi_plus = 0.0448", "source.pi_zero = 0.05"]
    scenario = load_scenario("karmen", overrides=changes)
    setups = scenario.setups()
    assert isinstance(setups[0].parents[0], StoppedParents)
    mode = predict(scenario.model, setups, precision=0.1).modes["stopped"]
    made = sum(item.particles for item in mode.decays.values())
    half_angle = np.arcsin(2.496 / 17.7)
    crossing, error = mean_and_error(mode.crossing)
    assert crossing == pytest.approx(made * 0.5 * (1.0 - np.cos(half_angle)), rel=0.02, abs=4.0 * error)
    assert error < 0.02 * crossing
    mesons = {name: item.mesons for name, item in mode.decays.items()}
    assert list(mesons.values()) == pytest.approx([0.0448] * len(mesons))


def test_sources_of_another_beam_can_be_named() -> None:
    scenario = load_scenario("lsnd", overrides=[HALF, "source.name = 'lujan'"])
    assert scenario.source_kind == "stopped"
    assert scenario.setups()[0].parents[0].species == PI_PLUS
    with pytest.raises(UnknownNameError):
        load_scenario("lsnd", overrides=[HALF, "source.name = 'lujen'"]).setups()
    with pytest.raises(ScenarioError, match="only with kind = 'dump'"):
        load_scenario("lsnd", overrides=[HALF, "source.scrape_fraction = 0.1"]).setups()


def test_antineutrino_mode_reconstructs_antineutrinos() -> None:
    windows = {setup.name: setup.window for setup in load_scenario("miniboone").setups()}
    assert not windows["neutrino"].antineutrino
    assert windows["antineutrino"].antineutrino
    n = 5
    direction = np.tile([0.0, 0.6, 0.8], (n, 1))
    energy = np.linspace(200.0, 600.0, n)
    photons = Photons(energy, direction, *(np.ones(n), np.zeros(n), np.zeros(n), np.zeros(n)))
    found = {}
    for name, window in {**windows, "bound": replace(windows["antineutrino"], e_qe_binding=30.0)}.items():
        free = replace(window, e_qe_min=-np.inf, e_qe_max=np.inf)
        found[name] = observe(photons, Response.perfect(), free, np.full((n, len(Axis)), 0.5)).e_qe
    for name, struck, final in (("neutrino", 939.56542, 938.27209), ("antineutrino", 938.27209, 939.56542),
                                ("bound", 908.27209, 939.56542)):  # fmt: skip
        p = np.sqrt(energy**2 - 0.51099895**2)
        by_hand = (struck * energy - 0.5 * (struck**2 + 0.51099895**2 - final**2)) / (struck - energy + 0.8 * p)
        assert found[name] == pytest.approx(by_hand, rel=1e-5)


# ------------------------------------------------------------------ the dump


def test_the_dump_has_every_meson() -> None:
    parents = load_scenario("miniboone-dump").setups()[0].parents
    assert {item.species for item in parents} == {PI_PLUS, PI_MINUS, K_PLUS, K_MINUS, PI0, ETA}
    assert sum(isinstance(item, RestingKaons) for item in parents) == 1


def test_scraping_shares_the_protons() -> None:
    share = 0.25
    parents = load_scenario("miniboone-dump", overrides=[f"source.scrape_fraction = {share}"]).setups()[0].parents
    assert all(isinstance(item, Shared) for item in parents)
    assert {item.share for item in parents if isinstance(item, Shared)} == {share, 1.0 - share}
    first = parents[0]
    assert isinstance(first, Shared)
    points = unit_points(2**8, seed=1)
    whole, part = first.parents.sample(points), first.sample(points)
    assert np.allclose(part.weight, (1.0 - share) * whole.weight)
    assert np.array_equal(part.x, whole.x)
    resting = next(item for item in parents if isinstance(item, Shared) and isinstance(item.parents, RestingKaons))
    assert resting.yield_per_pot == pytest.approx(resting.sample(points).weight.sum())
    assert first.yield_per_pot is None


def test_kaons_of_the_steel_by_brute_force() -> None:
    """Weights sum to the multiplicity times P(decay before absorption) = length / (length + mean flight)."""
    dump = load_dump()
    found = [p for p in past_target(dump, (0.0, 1.9, 541.3), 1, 1) if p.species == K_PLUS]
    steel = next(item for item in found if hasattr(item, "dump"))
    total = steel.sample(unit_points(2**14, seed=2)).weight.sum()
    made = steel.source.sample(unit_points(2**14, seed=3, kind="random"), K_PLUS, steel.grid)
    length = dump.steel_pion * 1.5
    flight = C * lifetime(K_PLUS) * made.momentum / mass(K_PLUS)
    brute = np.sum(made.weight * length / (length + flight))
    assert total == pytest.approx(brute, rel=0.02)
    assert 0.0 < total < 0.05 * made.weight.sum()


def test_kaons_at_rest() -> None:
    dump = load_dump()
    kaons = resting_kaons(dump_line(dump), dump)
    rays = kaons.sample(unit_points(2**12, seed=1))
    assert rays.yield_ == pytest.approx(kaons.per_pot)
    assert rays.momentum.max() == 0.0
    assert np.all(rays.x[:, 3] == dump.z_face)
    assert rays.x[:, 0].mean() - kaons.arrival == pytest.approx(lifetime(K_PLUS), rel=0.01)
    assert kaons.arrival == pytest.approx((50.314 + 0.01) / C / 0.9944, rel=0.01)
    assert 1.0e-3 < kaons.per_pot < 0.1


def test_kaons_of_the_dump_add_to_pions() -> None:
    scenario = load_scenario("miniboone-dump")
    setup = scenario.setups()[0]
    chosen = {
        "all": setup.parents,
        "pions": tuple(item for item in setup.parents if abs(item.species) == PI_PLUS),
        "kaons": tuple(item for item in setup.parents if abs(item.species) == K_PLUS),
    }
    signal = {}
    for name, parents in chosen.items():
        found = predict(scenario.model, (replace(setup, parents=parents),), precision=0.1)
        signal[name] = float(found.modes["dump"].signal.mean())
    assert signal["all"] == pytest.approx(signal["pions"] + signal["kaons"], rel=0.05)
    assert 0.1 < signal["kaons"] / signal["pions"] < 1.0


def test_the_dump_has_no_errors_of_the_beam() -> None:
    """Several origins of one species: the universes of the target are not theirs."""
    scenario = load_scenario("miniboone-dump", precision=0.3)
    assert not any(carries_errors(setup) for setup in scenario.setups())
    outcome = compute(scenario, flux_universes=2)
    assert outcome.prediction.flux_errors == {}
    assert any("none of the beam" in line for line in outcome.warnings)
