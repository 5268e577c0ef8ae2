"""The rate in array code: against the prediction of the chain, laws, and the same numbers from both array libraries."""

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest

from darkhorn.chain.predict import mean_and_error, predict
from darkhorn.chain.rate import Sample, emission_table, event_weights, rate
from darkhorn.chain.rate_sample import draw_sample, thinned
from darkhorn.chain.scenario import Scenario, load_scenario
from darkhorn.chain.setup import Setup
from darkhorn.core.errors import RangeError, ScenarioError, ThresholdError
from darkhorn.core.species import ELECTRON, K_PLUS, MUON, PI_PLUS, mass, width
from darkhorn.models.catalogue import PRODUCTIONS
from darkhorn.models.photoconversion import Photoconversion
from darkhorn.models.productions import branching, dgamma_de
from darkhorn.physics.phase_space import energy_max

SCALAR = Photoconversion(production="scalar-ib1", mediator="vector", m_x=10.0, m_mediator=50.0)
CASES = {
    "scalar": SCALAR,
    "pseudoscalar": replace(SCALAR, production="pseudoscalar-ib1", leptons=("e", "mu"), m_x=40.0),
    "vector": Photoconversion(production="vector-ib1", mediator="scalar", m_x=15.0, m_mediator=20.0),
    "contact": Photoconversion(production="vector-contact", mediator="pi0", m_x=30.0),
    "sum": Photoconversion(production="vector-sum", mediator="pseudoscalar", m_x=25.0, m_mediator=80.0, pauli=True),
    "up": replace(SCALAR, target_coupling="up", pauli=True, hc="doubled", m_x=1.0, m_mediator=300.0),
}


@lru_cache
def beam() -> tuple[Scenario, tuple[Setup, ...]]:
    scenario = load_scenario("miniboone", model="scalar-benchmark", overrides=["experiment.modes='neutrino'"])
    return scenario, scenario.setups()


@lru_cache
def sample(name: str, points: int = 2**12, **options: int) -> Sample:
    return draw_sample(CASES[name], beam()[1][0], points=points, **options)


@pytest.mark.parametrize("name", CASES)
def test_same_as_the_prediction_of_the_chain(name: str) -> None:
    """Another variable of integration, another way to the spectrum: signal and every bin within the errors."""
    model, setups = CASES[name], beam()[1]
    expected = predict(model, setups, precision=0.02, seed=4).modes["neutrino"]
    found = rate(sample(name), model.m_x, model.mediator_mass)
    for one, other in ((found.sum(axis=1), expected.signal), (found[:, :-1], expected.spectra["e_vis"])):
        (a, da), (b, db) = mean_and_error(one), mean_and_error(other)
        assert np.all(np.abs(a - b) < 7.0 * np.hypot(da, db) + 2e-3 * b.max())  # errors of eight
    signal, error = mean_and_error(found.sum(axis=1))
    assert error < 0.04 * signal


def test_other_masses_from_the_same_sample() -> None:
    """Points were chosen for 10 and 50 MeV; the rate at other masses is that of a prediction there."""
    model = replace(SCALAR, m_x=17.0, m_mediator=120.0)
    expected, _ = mean_and_error(predict(model, beam()[1], precision=0.01, seed=4).modes["neutrino"].signal)
    signal, error = mean_and_error(rate(sample("scalar"), 17.0, 120.0).sum(axis=1))
    assert signal == pytest.approx(expected, abs=4.0 * np.hypot(error, 0.01 * expected))
    assert error < 0.06 * signal


def test_heavy_mediator_has_a_propagator_to_the_fourth() -> None:
    found = rate(sample("scalar"), 10.0, 1.0e5).sum(), rate(sample("scalar"), 10.0, 2.0e5).sum()
    assert found[0] / found[1] == pytest.approx(16.0, rel=1e-3)


def test_quadruple_rate_of_the_doubled_convention() -> None:
    doubled = replace(sample("scalar"), model=replace(SCALAR, hc="doubled"))
    assert np.allclose(rate(doubled, 10.0, 50.0), 4.0 * rate(sample("scalar"), 10.0, 50.0), rtol=1e-13)


@pytest.mark.parametrize("name", ["scalar-ib1", "pseudoscalar-ib1", "vector-ib1", "vector-sum", "vector-contact"])
@pytest.mark.parametrize(
    ("parent", "lepton", "m_x"), [(PI_PLUS, MUON, 2.0), (K_PLUS, MUON, 90.0), (K_PLUS, ELECTRON, 30.0)]
)
def test_table_of_the_spectrum(name: str, parent: int, lepton: int, m_x: float) -> None:
    top = float(energy_max(mass(parent), mass(lepton), m_x))
    energy = m_x + (top - m_x) * np.linspace(0.001, 0.999, 501)
    direct = dgamma_de(name, parent, lepton, m_x, energy, order=96) / width(parent)
    table = emission_table(PRODUCTIONS[name], parent, lepton, m_x)
    found = table(energy) * np.sqrt(energy**2 - m_x**2)
    sharp = energy < top - (0.011 if lepton == ELECTRON else 0.0) * (top - m_x)
    assert np.abs(found - direct)[sharp].max() < 3e-6 * direct.max()
    nodes, weights = np.polynomial.legendre.leggauss(400)
    end = 1.011 * (top - m_x)
    energy = m_x + end * 0.25 * (nodes + 1.0) ** 2
    whole = np.sum(table(energy) * np.sqrt(energy**2 - m_x**2) * weights * 0.5 * (nodes + 1.0)) * end
    assert whole == pytest.approx(branching(name, parent, lepton, m_x), rel=1e-3)
    assert table(np.array([m_x * 0.99, m_x + end, top + 10.0])).tolist() == [0.0, 0.0, 0.0]


@pytest.mark.parametrize(
    ("name", "lepton"), [("vector-ib1", ELECTRON), ("vector-contact", ELECTRON), ("vector-ib1", MUON)]
)
def test_the_end_of_the_spectrum_moves_with_the_mass(name: str, lepton: int) -> None:
    """At fixed energies, the derivative of the integral is that of the branching ratio: the step at the end counts."""
    m_x = 60.0 if lepton == ELECTRON else 25.0
    energy = np.linspace(m_x, 90.0, 2001)

    def branching_on_grid(at: float) -> float:
        heavier = np.maximum(energy**2 - at**2, 0.0)
        return float(
            np.trapezoid(emission_table(PRODUCTIONS[name], PI_PLUS, lepton, at)(energy) * np.sqrt(heavier), energy)
        )

    low, high = m_x * (1.0 - 1e-4), m_x * (1.0 + 1e-4)
    slope = np.log(branching_on_grid(high) / branching_on_grid(low)) / 2e-4
    low, high = m_x * (1.0 - 1e-2), m_x * (1.0 + 1e-2)
    expected = np.log(branching(name, PI_PLUS, lepton, high) / branching(name, PI_PLUS, lepton, low)) / 2e-2
    assert slope == pytest.approx(expected, rel=0.01)


def test_same_seed_same_bytes_and_fixed_photons() -> None:
    again = draw_sample(SCALAR, beam()[1][0], points=2**12)
    assert rate(again, 10.0, 50.0).tobytes() == rate(sample("scalar"), 10.0, 50.0).tobytes()
    assert all((event_weights(again, k, 10.0, 50.0) >= 0.0).all() for k in range(len(again.rows)))


def test_what_the_sample_does_not_serve_is_refused() -> None:
    found = sample("scalar")
    assert (found.m_x_low, found.m_x_high) == (0.0, 20.0)
    for m_x, m_mediator in ((0.0, 50.0), (20.0, 50.0), (np.nan, 50.0), (10.0, 0.0)):
        with pytest.raises(RangeError, match="MeV"):
            rate(found, m_x, m_mediator)
    setup = beam()[1][0]
    with pytest.raises(RangeError, match="m_x_high"):
        draw_sample(SCALAR, setup, m_x_high=10.0)
    with pytest.raises(ThresholdError):
        draw_sample(replace(SCALAR, m_x=500.0), setup)
    with pytest.raises(ScenarioError, match="decay_on_the_way"):
        draw_sample(replace(SCALAR, decay_on_the_way=True), setup)
    with pytest.raises(ScenarioError, match="vector-full"):
        draw_sample(replace(CASES["vector"], production="vector-full"), setup)


def test_thresholds_end_the_range() -> None:
    """pi -> mu is open up to 33.912 MeV and pi -> e up to 139.06 MeV: a sample must not cross either."""
    limits = 139.57039 - 105.65838, 139.57039 - 0.510999
    for m_x, low, high in ((30.0, 0.0, limits[0]), (36.0, limits[0], 72.0), (80.0, limits[0], limits[1])):
        model = replace(SCALAR, m_x=m_x, leptons=("e", "mu"))
        found = draw_sample(model, beam()[1][0], points=2**9, replicates=4)
        assert (found.m_x_low, found.m_x_high) == pytest.approx((low, high), abs=1e-3)
        assert rate(found, m_x, 50.0).sum() > 0.0


@pytest.mark.parametrize("name", ["scalar", "vector", "sum"])
def test_both_libraries_agree_on_the_same_points(name: str) -> None:
    jax = pytest.importorskip("jax", reason="the extra 'jax' is not installed")
    found, model = sample(name, 2**9, replicates=4), CASES[name]
    both = jax.jit(lambda *m: [event_weights(found, index, *m) for index in range(len(found.rows))])
    with jax.enable_x64(True):
        others = [np.asarray(item) for item in both(model.m_x, model.mediator_mass)]
    for index, other in enumerate(others):
        expected = event_weights(found, index, model.m_x, model.mediator_mass)
        assert other.dtype == np.float64
        # a density is a difference of large terms at the end of its spectrum, where the last digits are lost
        difference = np.abs(other - expected)
        assert np.all(difference <= 1e-10 * expected + 1e-14 * expected.max())
        assert np.mean(difference <= 1e-11 * expected) > 0.99
        assert other.sum() == pytest.approx(expected.sum(), rel=1e-12)


@lru_cache
def whole() -> Sample:
    return draw_sample(SCALAR, beam()[1][0], points=2**10, replicates=4, kept=None)


@pytest.mark.parametrize("masses", [(10.0, 50.0), (10.5, 55.0), (1.0, 50.0), (19.0, 400.0)])
def test_thinning_moves_no_expectation(masses: tuple[float, float]) -> None:
    """Mean over random starts against all photons, in total and by bin, also far from where photons are worth most."""
    seeds = range(400)
    found = np.array([rate(thinned(whole(), 64, seed), *masses).sum(axis=0) for seed in seeds])
    expected = rate(whole(), *masses).sum(axis=0)
    error = found.std(axis=0, ddof=1) / np.sqrt(len(seeds))
    assert np.all(np.abs(found.mean(axis=0) - expected) <= 4.5 * error + 1e-12 * expected.sum())
    total = found.sum(axis=1)
    spread = total.std(ddof=1)
    assert 0.0 < spread < 0.5 * expected.sum()
    assert total.mean() == pytest.approx(expected.sum(), abs=4.0 * spread / np.sqrt(len(seeds)))


def test_thinning_keeps_so_many_and_hardly_adds_to_the_error() -> None:
    near = thinned(whole(), 128, 1, [(10.0, 50.0)])
    assert sum(len(rows.cell) for rows in near.rows) == pytest.approx(4 * 128, abs=2)
    for one in near.rows:
        assert np.bincount(one.cell // near.cells, minlength=4) == pytest.approx([128] * 4, abs=16)
    full, few = (rate(item, 10.5, 52.0).sum(axis=1) for item in (whole(), near))
    assert few == pytest.approx(full, rel=0.04)  # random choices of 128 would differ by 20 %
    assert len(whole().rows[0].cell) > 5 * len(near.rows[0].cell)


def test_thinning_is_repeatable_and_refuses_too_few() -> None:
    one, other, third = (thinned(whole(), 64, seed).rows[0] for seed in (1, 1, 2))
    assert all(a.tobytes() == b.tobytes() for a, b in zip(one, other, strict=True))
    assert one.photon.tobytes() != third.photon.tobytes()
    assert thinned(whole(), 10**6, 1) is whole()
    with pytest.raises(RangeError, match="photons that are kept = 15"):
        thinned(whole(), 15, 1)
    with pytest.raises(RangeError, match="m_x"):
        thinned(whole(), 64, 1, [(25.0, 50.0)])
