"""Many models from the same mesons: against the prediction of one, and their laws."""

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace

import numpy as np
import pytest
from scanning import write_scenario

from darkhorn.chain.crossing import Batch, cross, thin
from darkhorn.chain.many import Bench, Family, differ_in_mediator, emission_key, first_mesons
from darkhorn.chain.observe import cells_of
from darkhorn.chain.predict import predict
from darkhorn.chain.scenario import Scenario, load_scenario
from darkhorn.chain.send import send, tabulate_all
from darkhorn.core.errors import ThresholdError
from darkhorn.core.importance import ImportanceGrid
from darkhorn.core.points import unit_points
from darkhorn.core.rays import Rays
from darkhorn.models.channels import Conversion, Nucleus
from darkhorn.models.photoconversion import Photoconversion
from darkhorn.models.presets import preset

MEDIATORS = (20.0, 90.0, 500.0)


@pytest.fixture(scope="module")
def scenario(tmp_path_factory: pytest.TempPathFactory) -> Scenario:
    return load_scenario(str(write_scenario(tmp_path_factory.mktemp("many"))))


@pytest.fixture(scope="module")
def bench(scenario: Scenario) -> Bench:
    return Bench(scenario.setups(), 1, 8)


def models(scenario: Scenario, **changes: object) -> list[object]:
    return [replace(scenario.model, m_mediator=m, **changes) for m in MEDIATORS]


def agree(one: np.ndarray, other: np.ndarray, deviations: float = 7.0) -> None:
    """Means over replicates (first axis) of two independent calculations agree."""
    difference = one.mean(axis=0) - other.mean(axis=0)
    error = np.hypot(*(rows.std(axis=0, ddof=1) / np.sqrt(len(rows)) for rows in (one, other)))
    scale = max(float(np.max(one.mean(axis=0))), 1e-300)
    assert np.all(np.abs(difference) <= deviations * error + 2e-3 * scale)


@pytest.mark.parametrize("m_x", [0.5, 25.0])
def test_same_as_the_prediction_of_one(scenario: Scenario, bench: Bench, m_x: float) -> None:
    group = models(scenario, m_x=m_x)
    family = Family(bench, group)
    for model in group:
        assert family.shares(model)
        rates = family.rates(model, 0.02)
        assert rates is not None
        (found,) = rates
        expected = predict(model, bench.setups, precision=0.01, seed=77, replicates=16).modes["neutrino"]
        assert found.relative_error < 0.02
        agree(found.signal, expected.signal, 5.0)
        assert set(found.spectra) == set(expected.spectra)
        for name, rows in found.spectra.items():
            agree(rows, expected.spectra[name])


def test_ratio_of_propagators_is_what_a_family_of_its_own_finds(scenario: Scenario, bench: Bench) -> None:
    first, second, _ = models(scenario, m_x=10.0)
    shared = Family(bench, [first]).rates(second, 0.02)
    alone = Family(bench, [second]).rates(second, 0.02)
    assert shared is not None
    assert alone is not None
    agree(shared[0].signal, alone[0].signal)
    assert shared[0].signal.mean() != pytest.approx(Family(bench, [first]).rates(first, 0.02)[0].signal.mean(), rel=0.5)


def test_what_came_before_does_not_matter(scenario: Scenario, bench: Bench) -> None:
    group = models(scenario, m_x=10.0)
    forward, backward = Family(bench, group), Family(Bench(bench.setups, 1, 8), group)
    first = [forward.rates(model, 0.02) for model in group]
    second = [backward.rates(model, 0.02) for model in reversed(group)][::-1]
    for one, other in zip(first, second, strict=True):
        assert one is not None
        assert other is not None
        assert np.array_equal(one[0].signal, other[0].signal)
        assert all(np.array_equal(one[0].spectra[name], other[0].spectra[name]) for name in one[0].spectra)


def test_who_shares(scenario: Scenario, bench: Bench) -> None:
    lead = scenario.model
    family = Family(bench, [lead])
    assert family.shares(replace(lead, m_mediator=7.0))
    assert not family.shares(replace(lead, m_x=lead.m_x * (1.0 + 1e-12)))
    assert not family.shares(replace(lead, leptons=("e",)))
    # same spectra, other cross sections: a family of its own is needed
    for other in (replace(lead, target_coupling="baryon"), replace(lead, incoherent=False)):
        assert family.shares(other)
        assert family.rates(other, 0.1) is None
    with pytest.raises(ThresholdError, match="closed"):
        Family(bench, [replace(lead, m_x=50.0)])
    assert emission_key(lead, (211,)) == emission_key(lead, (-211, 211))


def test_many_at_once_are_each_alone(scenario: Scenario, bench: Bench) -> None:
    masses = np.geomspace(20.0, 500.0, 70)
    group = [replace(scenario.model, m_x=10.0, m_mediator=float(m)) for m in masses]
    guides = [group[0], group[35], group[-1]]
    together = Family(bench, guides).rates_of(group, 0.03)
    alone = Family(bench, guides)
    for k in (0, 1, 35, 68, 69):
        one, many = alone.rates(group[k], 0.03), together[k]
        assert one is not None
        assert many is not None
        assert np.array_equal(one[0].signal, many[0].signal)
        assert all(np.array_equal(one[0].spectra[name], many[0].spectra[name]) for name in one[0].spectra)
        assert one[0].points == many[0].points
    signals = [float(rates[0].signal.mean()) for rates in together if rates is not None]
    assert len(signals) == 70
    assert all(np.diff(signals) < 0.0)


@dataclass(frozen=True)
class Running(Photoconversion):
    """Its coupling to the detector grows with the mass of the mediator."""

    def detections(self, nuclei: Iterable[Nucleus]) -> tuple[Conversion, ...]:
        strength = 1.0 + 1.0e-3 * self.m_mediator

        def scaled(channel: Conversion) -> Conversion:
            return replace(
                channel, dsigma_dq_sq_cm2=lambda energy, q_sq: strength * channel.dsigma_dq_sq_cm2(energy, q_sq)
            )

        return tuple(scaled(channel) for channel in super().detections(nuclei))


def test_a_response_that_depends_on_the_mediator_otherwise_is_caught(scenario: Scenario, bench: Bench) -> None:
    plain = models(scenario, m_x=10.0)
    values = {item.name: getattr(scenario.model, item.name) for item in fields(scenario.model)}
    group = [Running(**(values | {"m_x": 10.0, "m_mediator": m})) for m in (20.0, 60.0, 90.0, 500.0)]
    family = Family(bench, [group[0], group[2], group[3]])
    assert all(family.shares(model) for model in group)
    found = family.rates_of(group, 0.1)
    assert found[0] is not None
    assert found[1:] == [None, None, None]
    assert all(Family(bench, plain).rates_of(plain, 0.1))
    assert not family.shares(plain[0]) or family.rates(plain[0], 0.1) is None


def test_what_differs_in_the_mediator_alone(scenario: Scenario) -> None:
    model = scenario.model
    assert differ_in_mediator(model, replace(model, m_mediator=7.0))
    assert differ_in_mediator(model, model)
    for other in (replace(model, m_x=2.0), replace(model, pauli=True)):
        assert not differ_in_mediator(model, other)
    assert not differ_in_mediator(model, preset("SIB1e"))
    assert not differ_in_mediator(object(), object())


@pytest.mark.parametrize("name", ["dark-matter", "dm-single-benchmark", "visible-decay"])
def test_other_kinds_of_models(bench: Bench, name: str) -> None:
    from darkhorn.models.presets import DARK_PRESETS

    if name not in DARK_PRESETS:
        pytest.skip(f"no preset {name}")
    model = preset(name)
    try:
        model.require_open(bench.species)
    except ThresholdError:
        pytest.skip("closed for charged pions")
    rates = Family(bench, [model]).rates(model, 0.03)
    assert rates is not None
    expected = predict(model, bench.setups, precision=0.01, seed=5, replicates=8).modes["neutrino"]
    agree(rates[0].signal, expected.signal)


def test_the_selection_of_particles_keeps_path_lengths(scenario: Scenario, bench: Bench) -> None:
    (setup,) = bench.setups
    tables = tabulate_all(scenario.model, bench.setups)
    crossing = cross(scenario.model, tables, bench.batches(setup, 2048), 8)
    per_replicate = np.diff(crossing.ends)
    assert (np.diff(crossing.path) >= 0.0).all()
    whole = np.diff(crossing.path, prepend=0.0)
    (batch,), (spectrum,) = bench.batches(setup, 2048), tables.values()
    alone = send(batch.mesons, spectrum, scenario.model, setup.shape, batch.points)
    assert crossing.ends[-1] == pytest.approx((alone.rays.weight * alone.chord) @ alone.rays.energy, rel=1e-12)
    points, replicate = np.concatenate([unit_points(256, seed=3)] * 8), np.repeat(np.arange(8), 256)
    few, _ = thin(crossing, ImportanceGrid.uniform(), points, replicate)
    seen = np.bincount(replicate, few.rays.weight * few.chord * few.rays.energy)
    assert seen == pytest.approx(per_replicate, rel=1e-12)
    # an importance grid keeps the sum up to the noise of 256 points
    peaked = ImportanceGrid(np.outer([1.0, 2.0, 3.0], [1.0, 4.0]))
    bent, _ = thin(crossing, peaked, points, replicate)
    assert np.bincount(replicate, bent.rays.weight * bent.chord * bent.rays.energy) == pytest.approx(
        per_replicate, rel=0.05
    )
    # the mean energy of the chosen ones is that of all
    mean = np.average(crossing.energy, weights=whole)
    assert np.average(few.rays.energy, weights=few.rays.weight * few.chord * few.rays.energy) == pytest.approx(
        mean, rel=5e-3
    )


@pytest.mark.parametrize(("m_x", "width"), [(0.0, 0.0), (20.0, 0.0), (33.0, 0.0), (20.0, 1.0e-14)])
def test_particles_are_those_that_mesons_send(scenario: Scenario, bench: Bench, m_x: float, width: float) -> None:
    class Dying(Photoconversion):
        survival_width = width

    (setup,) = bench.setups
    values = {item.name: getattr(scenario.model, item.name) for item in fields(scenario.model)}
    model = Dying(**(values | {"m_x": m_x}))
    tables = tabulate_all(model, bench.setups)
    (batch,), (spectrum,) = bench.batches(setup, 2048), tables.values()
    other = Batch.make(-211, batch.mesons, batch.points[::-1], setup.shape)
    crossing = cross(model, tables, [batch, other], 8)
    sent = [send(item.mesons, spectrum, model, setup.shape, item.points) for item in (batch, other)]
    energy = np.concatenate([item.rays.energy for item in sent])
    path = energy * np.concatenate([item.rays.weight * item.chord for item in sent])
    replicate = np.tile(np.repeat(np.arange(8), 2048), 2)
    order = np.lexsort((energy, replicate))
    order = order[path[order] > 0.0]
    assert crossing.energy == pytest.approx(energy[order], rel=1e-12)
    assert np.diff(crossing.path, prepend=0.0) == pytest.approx(path[order], rel=1e-6, abs=1e-12 * path.sum())
    assert np.diff(crossing.ends) == pytest.approx(np.bincount(replicate[order], path[order], 8), rel=1e-9)
    some = np.random.default_rng(4).integers(0, len(order), 300)
    found = crossing.arrivals(some)
    rays = Rays.concatenate([item.rays for item in sent])[order[some]]
    assert found.rays.x == pytest.approx(rays.x, rel=1e-12, abs=1e-9)
    assert found.rays.p == pytest.approx(rays.p, rel=1e-12, abs=1e-9)
    assert np.array_equal(found.chord, np.concatenate([item.chord for item in sent])[order[some]])
    assert np.array_equal(found.distance, np.concatenate([item.distance for item in sent])[order[some]])


def test_bins_are_those_of_a_histogram() -> None:
    rng = np.random.default_rng(2)
    edges = np.array([0.0, 1.0, 2.5, 4.0])
    values = np.concatenate([rng.uniform(-1.0, 5.0, 500), edges, [np.nextafter(4.0, 5.0)]])
    replicate = rng.integers(0, 3, len(values))
    table = np.bincount(cells_of(values, edges, replicate), minlength=12).reshape(3, 4)[:, :-1]
    for k in range(3):
        assert np.array_equal(table[k], np.histogram(values[replicate == k], edges)[0])


@pytest.mark.parametrize("m_x", [0.0, 20.0, 32.0, 33.5])
def test_mesons_that_are_left_out_reach_nothing(scenario: Scenario, bench: Bench, m_x: float) -> None:
    model = replace(scenario.model, m_x=m_x)
    (setup,) = bench.setups
    (batch,) = bench.batches(setup, 2048)
    (spectrum,) = tabulate_all(model, bench.setups).values()
    out = np.ones(len(batch.mesons), dtype=bool)
    out[batch.reaching(spectrum)] = False
    arrivals = send(batch.mesons, spectrum, model, setup.shape, batch.points)
    assert not arrivals.rays.weight[out].any()
    assert out.any() == (m_x > 30.0)
    # those that are kept are nearly all of use where the cone is narrow
    assert (arrivals.rays.weight[~out] > 0.0).mean() > 0.1


def test_mesons_to_start_with() -> None:
    assert [first_mesons(precision) for precision in (0.2, 0.05, 0.02, 0.01, 0.001)] == [2048, 2048, 8192, 16384, 16384]
