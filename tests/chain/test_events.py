"""Whole events: weights of the prediction itself, four-momenta, places and times, equal weights, kinds of channels."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import chi2, kstest

from darkhorn.chain import events
from darkhorn.chain.ancestry import amplitude_of
from darkhorn.chain.events import Made, generate
from darkhorn.chain.final_states import process_numbers
from darkhorn.chain.histories import batches, bosons_at_detector, plan
from darkhorn.chain.plan import focus
from darkhorn.chain.predict import predict, predict_mode
from darkhorn.chain.scenario import load_scenario
from darkhorn.chain.send import tabulate_all
from darkhorn.chain.setup import Setup
from darkhorn.core.errors import RangeError, ThresholdError
from darkhorn.core.rays import Floats, Ints
from darkhorn.core.species import DARK_BOSON, ELECTRON, MUON, PI0, PI_PLUS, lifetime, mass
from darkhorn.core.units import C
from darkhorn.io import event_record as er
from darkhorn.models.channels import Model
from darkhorn.models.dark_matter import DarkMatter
from darkhorn.models.presets import preset
from darkhorn.physics.fourvector import minkowski_dot, minkowski_sq

EXAMPLES = Path(__file__).parents[2] / "examples"
PSEUDO = (er.PRODUCER, er.NO_TARGET, er.UNRESOLVED, er.BEAM_LINE)


def case(name: str, *changes: str, model: str | None = None) -> tuple[Model, Setup]:
    path = str(EXAMPLES / f"{name}.toml") if name != "miniboone" else name
    scenario = load_scenario(path, overrides=changes, model=model)
    return scenario.model, scenario.setups()[0]


@pytest.fixture(scope="module")
def box() -> tuple[Model, Setup]:
    """Pions from a table at production, through the horn, into argon."""
    return case("near_box")


@pytest.fixture(scope="module")
def made(box: tuple[Model, Setup]) -> Made:
    return generate(*box, 1500, seed=4, title="box")


def of(made: Made, pdgid: int, status: int) -> Floats:
    """Four-momenta of one particle of each event; all have exactly one."""
    rows = (np.abs(made.record.pdgid) == pdgid) & (made.record.status == status)
    assert rows.sum() == len(made.record)
    return made.record.p[rows]


def at(made: Made, status: int) -> Floats:
    return made.record.x[made.record.vertex_status == status]


def test_the_weights_are_those_of_the_prediction(box: tuple[Model, Setup]) -> None:
    """Replicate by replicate, for the same points, and in the sum that a file holds."""
    model, setup = box
    walk = plan(model, setup, 1500, 4)
    spectra = tabulate_all(model, (setup,))
    grid = focus(model, setup, spectra, 4)
    tallies = predict_mode(model, setup, spectra, walk.n, 4, 4, grid=grid).signal / setup.pot
    for replicate, tally in enumerate(tallies):
        assert sum(batch.weight.sum() for batch in batches(walk, replicate)) == pytest.approx(tally, rel=1e-12)
    expected = np.mean(tallies) * setup.pot * model.coupling_product**2
    found = generate(model, setup, 1500, seed=4)
    assert found.record.weight.sum() == pytest.approx(expected, rel=1e-12)
    assert found.predicted == pytest.approx(expected, rel=1e-12)


def test_the_sum_is_the_predicted_number(box: tuple[Model, Setup], made: Made) -> None:
    model, setup = box
    prediction = predict(model, (setup,), precision=0.01, seed=11).modes[setup.name]
    expected = float(prediction.signal.mean()) * model.coupling_product**2
    error = np.hypot(made.predicted_error, expected * prediction.relative_error)
    assert abs(made.record.weight.sum() - expected) < 4.0 * error
    assert made.predicted_error < 0.03 * expected
    assert made.record.run.pot == setup.pot


def test_four_momentum_is_conserved(made: Made) -> None:
    record = made.record
    assert record.imbalance().max() < 1e-9
    real = ~np.isin(record.pdgid, PSEUDO)
    shell = np.abs(minkowski_sq(record.p) - record.mass**2) / record.p[:, 0].clip(1e-6) ** 2
    assert shell[real].max() < 1e-12


def test_the_partners_of_x(made: Made) -> None:
    """Lepton number, and scalar products that only the right decay has."""
    record = made.record
    pion, muon, neutrino = of(made, PI_PLUS, er.DECAYED), of(made, MUON, 1), of(made, MUON + 1, 1)
    x = of(made, DARK_BOSON, er.BEAM)
    assert np.abs(muon + neutrino + x - pion).max() < 1e-9 * pion[:, 0].max()
    first = record.first_particle[:-1]
    signs = np.sign(record.pdgid[first + 1])
    assert np.array_equal(record.pdgid[first + 4], -signs * MUON)
    assert np.array_equal(record.pdgid[first + 5], signs * (MUON + 1))
    top = (mass(PI_PLUS) ** 2 + 17.0**2 - mass(MUON) ** 2) / (2.0 * mass(PI_PLUS))
    energy = minkowski_dot(pion, x) / mass(PI_PLUS)
    assert np.all((energy > 17.0) & (energy < top * (1 + 1e-9)))


def test_the_history_is_that_of_the_beam(box: tuple[Model, Setup], made: Made) -> None:
    """Mesons at production are rows of the table; flights are causal and X moves with its speed."""
    table = box[1].parents[0].source.rays  # type: ignore[attr-defined]
    born = of(made, er.PRODUCER, er.BOOKKEEPING)
    distance = np.abs(born[:, None, :] - table.p[None, :, :]).max(axis=2).min(axis=1)
    assert distance.max() < 1e-9
    start, decay, there = at(made, er.PRODUCTION), at(made, er.MESON_DECAY), at(made, er.PRIMARY)
    assert np.all(np.linalg.norm(decay[:, 1:] - start[:, 1:], axis=1) <= C * (decay[:, 0] - start[:, 0]) * (1 + 1e-9))
    x = of(made, DARK_BOSON, er.BEAM)
    path = np.linalg.norm(there[:, 1:] - decay[:, 1:], axis=1)
    beta = np.linalg.norm(x[:, 1:], axis=1) / x[:, 0]
    assert there[:, 0] - decay[:, 0] == pytest.approx(path / (beta * C), rel=1e-9)
    direction = (there[:, 1:] - decay[:, 1:]) / path[:, None]
    assert direction == pytest.approx(x[:, 1:] / np.linalg.norm(x[:, 1:], axis=1)[:, None], abs=1e-9)
    shape = box[1].shape
    entry, chord = shape.chord(decay[:, 1:], direction)
    assert np.all((path >= entry * (1 - 1e-9)) & (path <= (entry + chord) * (1 + 1e-9)))


def test_the_vertex_in_the_detector(box: tuple[Model, Setup], made: Made) -> None:
    """Q^2 from the four-momenta is the one that was drawn; struck nucleons sit in argon."""
    record = made.record
    x, photon = of(made, DARK_BOSON, er.BEAM), of(made, 22, 1)
    assert -minkowski_sq(x - photon) == pytest.approx(record.quantities["q_sq_MeV2"], rel=1e-6, abs=1e-3)
    assert of(made, 1000180400, er.TARGET)[:, 0] == pytest.approx(np.full(len(record), box[1].nuclei[0].mass))
    names = {number: name for number, (name, _) in record.run.processes.items()}
    assert names == {150: "Ar coherent", 250: "Ar nucleons"}
    bound = np.repeat(record.process, record.n_particles)[record.status == er.STRUCK]
    assert set(bound.tolist()) == {250}
    assert len(bound) == (record.process == 250).sum()


def test_the_cross_section_is_rate_over_flux(box: tuple[Model, Setup], made: Made) -> None:
    """Rate = track length of all X in the detector x atoms x cross section; the track length by another sample."""
    model, setup = box
    walk = plan(model, setup, 1500, 9)
    rays = bosons_at_detector(walk, 10**7, replicates=4)
    _, chord = setup.shape.chord(rays.x[:, 1:] - 1e-6 * rays.direction, rays.direction)
    atoms = sum(nucleus.density for nucleus in setup.nuclei)
    expected = made.predicted / (setup.pot * float(rays.weight @ chord) * atoms) * 1e4
    run = made.record.run
    assert run.cross_section_cm2 == pytest.approx(expected, rel=0.03, abs=0)
    assert 0.0 < run.cross_section_error_cm2 < 0.03 * run.cross_section_cm2
    assert run.flux.sum() == pytest.approx(rays.yield_ * setup.pot, rel=0.03)


def test_a_table_of_bosons_keeps_its_sum(box: tuple[Model, Setup]) -> None:
    walk = plan(*box, 500, 4)
    every, few = bosons_at_detector(walk, 10**7), bosons_at_detector(walk, 500)
    assert len(few) == 500
    assert few.yield_ == pytest.approx(every.yield_, rel=1e-12, abs=0)
    assert set(few.parent.tolist()) == {211, -211}
    inside, _ = box[1].shape.chord(few.x[:, 1:] - few.direction, few.direction)
    assert inside == pytest.approx(np.ones(500), abs=1e-6)


def test_same_seed_same_events(box: tuple[Model, Setup], made: Made) -> None:
    again, other = generate(*box, 1500, seed=4), generate(*box, 1500, seed=5)
    assert np.array_equal(again.record.p, made.record.p)
    assert np.array_equal(again.record.x, made.record.x)
    assert not np.array_equal(other.record.x[: len(made.record)], made.record.x[: len(made.record)])


def spectrum(made: Made, edges: Floats) -> tuple[Floats, Floats]:
    """Shape of E_vis and its variance, weights as they are."""
    value, weight = made.record.quantities["e_vis_MeV"], made.record.weight
    content = np.histogram(value, edges, weights=weight)[0]
    square = np.histogram(value, edges, weights=weight**2)[0]
    return content / weight.sum(), square / weight.sum() ** 2


def compare(weighted: Made, unweighted: Made, edges: Floats) -> float:
    """Probability of the chi^2 between two spectra."""
    (a, va), (b, vb) = spectrum(weighted, edges), spectrum(unweighted, edges)
    used = (a > 0) & (b > 0)
    value = float(((a - b)[used] ** 2 / (va + vb)[used]).sum())
    return float(chi2.sf(value, int(used.sum()) - 1))


def test_unweighted_events_have_the_same_spectrum(box: tuple[Model, Setup], made: Made) -> None:
    flat = generate(*box, 1500, seed=21, unweighted=True)
    weight = flat.record.weight
    common = weight == pytest.approx(weight.min(), rel=1e-12)
    assert (weight <= weight.min() * (1 + 1e-12)).sum() >= 1400
    assert flat.thinned.over_share <= events.OVER_SHARE
    assert 0.0 < flat.thinned.efficiency < 1.0
    assert "efficiency" in flat.record.run.notes["unweighting"]
    assert common or flat.thinned.over > 0
    edges = np.array([50.0, 150.0, 250.0, 350.0, 500.0, 700.0, 1000.0, 1600.0, 3000.0])
    assert compare(made, flat, edges) > 0.01
    wrong = made.record.quantities["e_vis_MeV"]
    wrong *= 1.3
    try:
        assert compare(made, flat, edges) < 1e-6
    finally:
        wrong /= 1.3


def test_interactions_without_selection(box: tuple[Model, Setup], made: Made) -> None:
    """Without the window and an efficiency of at most 0.8 there are more, and soft ones too."""
    every = generate(*box, 1500, seed=4, selected=False)
    assert every.predicted > made.predicted / 0.8
    assert every.record.quantities["e_vis_MeV"].min() < 50.0 < made.record.quantities["e_vis_MeV"].min() * (1 + 1e-9)
    assert "every interaction" in every.record.run.notes["selection"]


def test_stopped_pions_decay_where_they_are() -> None:
    """From a table at decay: no production vertex, and X as energetic as its spectrum says."""
    model, setup = case("stopped_pion")
    found = generate(model, setup, 400, seed=2)
    record = found.record
    assert set(record.vertex_status.tolist()) <= {er.PRIMARY, er.SEPARATION, er.MESON_DECAY}
    assert at(found, er.MESON_DECAY) == pytest.approx(np.zeros((400, 4)))
    assert record.imbalance().max() < 1e-12
    emission = model.emissions(PI_PLUS)[0]
    energies = of(found, DARK_BOSON, er.BEAM)[:, 0]
    assert energies.max() < emission.energy_max
    assert amplitude_of(model, PI_PLUS, "pi+ -> mu nu X") is not None
    assert amplitude_of(model, PI_PLUS, "pi+ -> mu nu chi chi") is None


@pytest.mark.parametrize(
    ("name", "model", "kinds"),
    [
        ("bdnmc_electron", None, {11}),
        ("bdnmc_nucleon", None, {2212, 2112, 1000060120}),
        ("bdnmc_electron", "visible-decay", {11, -11, er.NO_TARGET}),
        ("miniboone", "dm-double-benchmark", {11, -11, er.HEAVY_DARK, 1000060120}),
    ],
)
def test_every_kind_of_channel(name: str, model: str | None, kinds: set[int]) -> None:
    """Recoils, decays and upscattering balance, on their mass shells; chi' moves with its speed."""
    scenario = case(name, "experiment.modes=neutrino") if name == "miniboone" else case(name)
    if model is not None:
        scenario = (preset(model), scenario[1])
    found = generate(*scenario, 200, seed=3)
    record = found.record
    assert kinds <= set(record.pdgid.tolist())
    assert record.imbalance().max() < 1e-9
    real = ~np.isin(record.pdgid, PSEUDO)
    shell = np.abs(minkowski_sq(record.p) - record.mass**2) / record.p[:, 0].clip(1e-6) ** 2
    assert shell[real].max() < 1e-10
    if er.HEAVY_DARK in kinds:
        first, second = at(found, er.PRIMARY), at(found, er.DARK_DECAY)
        heavy = of(found, er.HEAVY_DARK, er.DECAYED)
        path = np.linalg.norm(second[:, 1:] - first[:, 1:], axis=1)
        beta = np.linalg.norm(heavy[:, 1:], axis=1) / heavy[:, 0]
        assert second[:, 0] - first[:, 0] == pytest.approx(path / (beta * C), rel=1e-6, abs=1e-6)
        _, there = scenario[1].shape.chord(second[:, 1:], heavy[:, 1:] / np.linalg.norm(heavy[:, 1:], axis=1)[:, None])
        assert np.all(there > 0.0)


def test_process_numbers_are_unique_and_in_their_ranges() -> None:
    model, setup = case("miniboone", "experiment.modes=neutrino")
    numbers = process_numbers(model.detections(setup.nuclei))
    assert numbers == {"C coherent": 150, "C nucleons": 250, "H proton": 251}
    assert lifetime(PI_PLUS) == pytest.approx(26.033, rel=1e-3)


NARROW = replace(DarkMatter(), m_v1=20.0, m_chi=5.0, detection=("electron",))
CHAINS = {
    "pi0 -> gamma chi chi": ("bdnmc_electron", replace(NARROW, production="none", m_v1=100.0)),
    "pi0 -> gamma chi chi'": (
        "bdnmc_electron",
        replace(NARROW, production="none", m_v1=100.0, pair="chi chi'", m_chi_prime=30.0),
    ),
    "pi+ -> mu nu chi chi": ("near_box", replace(NARROW, neutral=False, leptons=("mu",))),
    "pi+ -> e nu chi chi": ("near_box", replace(NARROW, neutral=False, leptons=("e",), production="vector-ib1")),
}


@pytest.mark.parametrize("name", CHAINS)
def test_v1_decays_at_a_vertex_of_its_own(name: str) -> None:
    """Meson -> rest V1, V1 -> pair: balanced, on mass shells, nothing left unresolved, where the meson was."""
    scenario, model = CHAINS[name]
    found = generate(model, case(scenario)[1], 300, seed=5)
    record = found.record
    assert er.UNRESOLVED not in record.pdgid
    assert record.imbalance().max() < 1e-9
    real = ~np.isin(record.pdgid, PSEUDO)
    shell = np.abs(minkowski_sq(record.p) - record.mass**2) / record.p[:, 0].clip(1e-6) ** 2
    assert shell[real].max() < 1e-10
    assert at(found, er.MEDIATOR_DECAY) == pytest.approx(at(found, er.MESON_DECAY))
    sister = er.HEAVY_DARK if name.endswith("'") else DARK_BOSON
    v1, chi = of(found, er.MEDIATOR, er.DECAYED), of(found, DARK_BOSON, er.BEAM)
    second = record.p[(record.pdgid == sister) & (record.status == er.FINAL) & (record.origin == origin_of_chi(found))]
    assert np.abs(v1 - chi - second).max() < 1e-9 * v1.max()
    assert minkowski_sq(v1) == pytest.approx(np.full(300, model.m_v1**2), rel=1e-6)
    parent = PI0 if "pi0" in name else PI_PLUS
    energy = minkowski_dot(of(found, parent, er.BEAM_MESON if "pi0" in name else er.DECAYED), v1) / mass(parent)
    if "pi0" in name:
        assert energy == pytest.approx(np.full(300, (mass(PI0) ** 2 + 100.0**2) / (2.0 * mass(PI0))), rel=1e-9)
    else:
        lepton = MUON if " mu " in name else ELECTRON
        top = (mass(PI_PLUS) ** 2 + 20.0**2 - mass(lepton) ** 2) / (2.0 * mass(PI_PLUS))
        assert np.all((energy >= 20.0 * (1 - 1e-9)) & (energy < top * (1 + 1e-9)))
        assert np.ptp(energy) > 0.1 * (top - 20.0)


def origin_of_chi(made: Made) -> Ints:
    """For each particle, the vertex at which the chi that is followed starts in its event."""
    record = made.record
    return np.repeat(record.origin[(record.pdgid == DARK_BOSON) & (record.status == er.BEAM)], record.n_particles)


def test_v1_off_its_mass_shell_stays_unresolved() -> None:
    """One pseudo-particle holds photon and the other chi, and four-momentum balances all the same."""
    model = replace(NARROW, production="none", chain="full", m_v1=100.0)
    record = generate(model, case("bdnmc_electron")[1], 100, seed=5).record
    assert (record.pdgid == er.UNRESOLVED).sum() == 100
    assert record.imbalance().max() < 1e-9


def test_the_azimuth_of_the_lepton_is_uniform(made: Made) -> None:
    """About X in the frame of the pion: no direction is special, since the pion has no spin."""
    pion, x, muon = of(made, PI_PLUS, er.DECAYED), of(made, DARK_BOSON, er.BEAM), of(made, MUON, 1)
    from darkhorn.physics.fourvector import boost, transverse_axes

    back = pion * np.array([1.0, -1.0, -1.0, -1.0])
    k, q = boost(x, back, mass(PI_PLUS))[:, 1:], boost(muon, back, mass(PI_PLUS))[:, 1:]
    axis = k / np.linalg.norm(k, axis=1)[:, None]
    e1, e2 = transverse_axes(axis)
    phi = np.arctan2(np.einsum("ij,ij->i", q, e2), np.einsum("ij,ij->i", q, e1))
    assert kstest((phi + np.pi) / (2 * np.pi), "uniform").pvalue > 1e-3


def test_impossible_requests(box: tuple[Model, Setup], monkeypatch: pytest.MonkeyPatch) -> None:
    model, setup = box
    with pytest.raises(RangeError, match="number of events"):
        generate(model, setup, 0)
    with pytest.raises(ThresholdError, match="closed"):
        generate(case("stopped_pion", "model.m_x=40")[0], setup, 10)
    monkeypatch.setattr(events, "MOST_REPLICATES", 2)
    monkeypatch.setattr(events, "LEAST_REPLICATES", 2)
    with pytest.raises(RangeError, match="only"):
        generate(model, setup, 200_000)


def test_the_run_says_what_it_is(made: Made) -> None:
    run = made.record.run
    assert json.loads(json.dumps(run.model, default=str))["m_x"] == 17.0
    assert [source.key for source in run.sources][:2] == ["Helm:1956", "Lewin:1996"]
    assert "6.6e+20 protons" in run.notes["weights"]
