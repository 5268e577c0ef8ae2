"""Dark matter: branching ratios, spectra against simulated chains, widths, closed decays, fuzzed parameters."""

import json
from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from darkhorn.core.errors import DarkhornError, RangeError, ScenarioError, ThresholdError, UnknownNameError
from darkhorn.core.species import mass
from darkhorn.core.units import HBARC
from darkhorn.detector.targets import Composition
from darkhorn.models.channels import Emission, Recoil, Upscatter, three_body
from darkhorn.models.dark_matter import DarkMatter
from darkhorn.models.presets import preset
from darkhorn.models.productions import production
from darkhorn.physics.fourvector import boost

CH2 = Composition.from_number_densities({"C": 3.63471e22, "H": 7.26942e22}).targets
PEER = DarkMatter(
    spin="scalar", eps1=1e-3, alpha_d1=0.1, production="none", chain="rate", spin_correlation=False, two_photons="one",
    recoil_min=35.0, recoil_max=900.0,
)  # fmt: skip


def integral(emission: Emission, power: int = 0) -> float:
    """Particles per decay, or the mean of E^power times that, by a Gauss rule that follows the ends."""
    low = emission.mass if emission.energy_min is None else emission.energy_min
    nodes, weights = np.polynomial.legendre.leggauss(1500)
    theta = 0.5 * np.pi * (nodes + 1.0)
    energy = low + (emission.energy_max - low) * 0.5 * (1.0 - np.cos(theta))
    jacobian = (emission.energy_max - low) * 0.25 * np.pi * np.sin(theta)
    return float((emission.density(energy) / emission.total_width * energy**power * jacobian) @ weights)


def test_the_branching_ratio_of_the_peer_case() -> None:
    (emission,) = PEER.emissions(111)
    assert integral(emission) / 2.0 * 1e-6 == pytest.approx(1.82760e-7, rel=1e-4)
    (narrow,) = replace(PEER, chain="narrow").emissions(111)
    share = 1.0 - sum(PEER.widths.v1_leptons) / PEER.widths.v1_total
    assert integral(narrow) / 2.0 == pytest.approx(2.0 * (1 - (100 / mass(111)) ** 2) ** 3 * share, rel=1e-6)
    (full,) = replace(PEER, chain="full").emissions(111)
    assert integral(full) == pytest.approx(integral(emission), rel=1e-3)
    assert integral(replace_measured("measured")) == pytest.approx(0.98823 * integral(emission), rel=1e-9)
    (eta,) = replace(PEER, two_photons="measured").emissions(221)
    assert integral(eta) / 2.0 * 1e-6 == pytest.approx(7.208e-7, rel=0.02)


def replace_measured(choice: str) -> Emission:
    (emission,) = replace(PEER, two_photons=choice).emissions(111)
    return emission


@pytest.mark.parametrize("spin", ["dirac", "scalar"])
@pytest.mark.parametrize("correlated", [False, True])
def test_spectrum_of_a_neutral_meson_against_a_simulated_chain(spin: str, correlated: bool) -> None:
    model = replace(PEER, spin=spin, chain="narrow", spin_correlation=correlated, m_v1=60.0, m_chi=20.0)
    (emission,) = model.emissions(111)
    rng, n, meson = np.random.default_rng(4), 400_000, mass(111)
    beta_sq = 1 - (40.0 / 60.0) ** 2
    cosine = rng.uniform(-1, 1, 4 * n)
    bend = {"dirac": beta_sq / (2 - beta_sq), "scalar": -1.0}[spin] if correlated else 0.0
    keep = rng.uniform(0, 1 + max(bend, 0), 4 * n) < 1 + bend * cosine**2
    cosine = cosine[keep][:n]
    energy_v, p_chi = (meson**2 + 3600) / (2 * meson), 30.0 * np.sqrt(beta_sq)
    energy = (energy_v * 30.0 + np.sqrt(energy_v**2 - 3600) * p_chi * cosine) / 60.0
    total = integral(emission)
    for power in (1, 2):
        assert (energy**power).mean() == pytest.approx(integral(emission, power) / total, rel=2e-3)
    assert energy.min() == pytest.approx(emission.energy_min, rel=2e-3)
    assert energy.max() == pytest.approx(emission.energy_max, rel=2e-3)


@pytest.mark.parametrize(("parent", "lepton"), [(211, 11), (211, 13), (321, 13)])
def test_spectrum_of_a_charged_meson_against_a_simulated_chain(parent: int, lepton: int) -> None:
    model = replace(PEER, spin="dirac", production="vector-ib1", m_v1=20.0, m_chi=8.0)
    emission = next(e for e in model.emissions(parent) if e.name.split()[2] == {11: "e", 13: "mu"}[lepton])
    vector = three_body(production("vector-ib1"), parent, lepton, 20.0)
    grid = np.linspace(20.0, vector.energy_max, 4001)
    density = vector.density(grid) / vector.total_width
    cumulative = np.concatenate([[0.0], np.cumsum(0.5 * (density[1:] + density[:-1]) * np.diff(grid))])
    share = 4 * np.pi / 137.035999 * model.widths.pair_share * 2.0
    assert integral(emission) == pytest.approx(share * integral(vector), rel=2e-5)
    rng, n = np.random.default_rng(9), 300_000
    flying = np.interp(rng.random(n) * cumulative[-1], cumulative, grid)
    v = np.column_stack([flying, np.zeros((n, 2)), np.sqrt(flying**2 - 400.0)])
    cosine, p = rng.uniform(-1, 1, n), np.sqrt(100.0 - 64.0)
    chi = np.column_stack([np.full(n, 10.0), p * np.sqrt(1 - cosine**2), np.zeros(n), p * cosine])
    energy = boost(chi, v, 20.0)[:, 0]
    for power in (1, 2):
        expected = integral(emission, power) / integral(emission)
        assert (energy**power).mean() == pytest.approx(expected, rel=4e-3)


def test_electron_and_nucleon_targets_are_counted() -> None:
    electrons = PEER.detections(CH2)
    assert [item.name for item in electrons] == ["C electrons", "H electrons"]
    assert [item.number_density for item in electrons] == pytest.approx([6 * 3.63471e28, 7.26942e28])
    nucleons = replace(PEER, detection=("nucleon",)).detections(CH2)
    assert [item.name for item in nucleons] == ["C protons", "C neutrons", "H protons"]
    assert sum(item.number_density for item in nucleons) == pytest.approx(12 * 3.63471e28 + 7.26942e28)
    assert all(isinstance(item, Recoil) for item in (*electrons, *nucleons))


@pytest.mark.parametrize(("energy", "recoil"), [(300.0, 40.0), (1500.0, 200.0), (2000.0, 850.0)])
def test_cross_sections_of_the_peer_case(energy: float, recoil: float) -> None:
    """The two formulas of the public program, typed from its documentation, in MeV."""
    alpha, hbarc_sq, m_v_sq, m_chi_sq = 1 / 137.035999, 3.893793721e-22, 1e4, 25.0
    m = 0.51099895069
    top = 2 * m * energy**2 - (2 * m * energy + m_chi_sq) * recoil
    expected = 4 * np.pi * alpha * 0.1 * top / ((energy**2 - m_chi_sq) * (m_v_sq + 2 * m * recoil) ** 2) * hbarc_sq
    channel = PEER.detections(CH2)[0]
    value = channel.dsigma_dt_cm2(np.array([energy]), np.array([recoil]))[0]
    assert value == pytest.approx(expected, rel=1e-6, abs=0)
    for item, magnetic in ((0, 2.793), (1, -1.913)):
        proton = replace(PEER, detection=("nucleon",)).detections(CH2)[item]
        assert proton.dsigma_dt_cm2(np.array([energy]), np.array([1e-3]))[0] >= 0.0
        assert abs(magnetic) > 1.0


def test_upscattering_scales_with_its_own_couplings() -> None:
    base = replace(PEER, spin="dirac", chain="narrow", detection=("upscatter",), m_v1=17.0, m_chi=8.0, m_chi_prime=50.0)
    energy, q_sq = np.array([400.0]), np.array([5e3])

    def value(model: DarkMatter) -> float:
        channel = model.detections(CH2)[0]
        assert isinstance(channel, Upscatter)
        return float(channel.dsigma_dq_sq_cm2(energy, q_sq)[0])

    assert value(replace(base, alpha_t1=0.3)) == pytest.approx(3.0 * value(base), rel=1e-12, abs=0)
    assert value(replace(base, eps1=0.5)) == value(base)
    other = replace(base, exchange="v2", m_v2=17.0, alpha_t2=0.2)
    assert value(other) == pytest.approx(2.0 * value(base), rel=1e-12)
    assert (base.coupling_product, other.coupling_product) == pytest.approx((1e-6, 1e-6))
    assert replace(other, eps2=1e-4).coupling_product == pytest.approx(1e-7, rel=1e-6, abs=0)


def test_widths_of_the_benchmarks() -> None:
    """chi' -> chi V at (40, 8, 20) is 1.64067382 MeV at g = 1; V -> chi chi at (20, 8) is 0.42016905 MeV."""
    model = DarkMatter(m_v1=20.0, m_chi=8.0, m_chi_prime=40.0, alpha_t1=1 / (4 * np.pi), alpha_d1=1 / (4 * np.pi))
    assert model.widths.chi_prime == pytest.approx(1.64067382, rel=1e-8)
    assert model.widths.v1_diagonal == pytest.approx(0.42016905, rel=1e-8)
    assert model.widths.c_tau_chi_prime == pytest.approx(HBARC / 1.64067382, rel=1e-8, abs=0)
    electron, muon = model.widths.v1_leptons
    assert muon == 0.0
    assert electron == pytest.approx(1e-6 * 20.0 / (3 * 137.035999), rel=1e-5, abs=0)
    assert model.widths.visible == pytest.approx(electron / model.widths.v1_total)
    by_hand = replace(model, branching_v1=0.5)
    assert (by_hand.widths.pair_share, by_hand.widths.visible) == (0.5, 0.5)


def test_off_shell_decay_of_chi_prime() -> None:
    model = DarkMatter(m_v1=200.0, m_chi=8.0, m_chi_prime=30.0, detection=("upscatter",))
    widths = model.widths
    assert not widths.on_shell
    u = np.linspace(0.001, 0.999, 101)
    s = widths.pair_mass_sq(u)
    assert (np.diff(s) > 0).all()
    assert s.max() < 22.0**2
    assert np.abs(widths.lepton_cosine(s, u)).max() <= 1.0
    # at first order in 1/m_V^4, seen: invisible = eps^2 alpha : alpha_d up to phase space
    assert 0.0 < widths.visible < 1e-3
    assert replace(model, m_chi_prime=20.0).widths.visible == 1.0


def test_closed_decays_name_their_masses() -> None:
    double = preset("dm-double-benchmark")
    double.require_open((211, 321))
    with pytest.raises(ThresholdError, match=r"V1 -> chi chi' is closed: 17 -> 8 \+ 50 MeV.*> 58 MeV"):
        replace(double, pair="chi chi'").require_open((211,))
    with pytest.raises(ThresholdError, match=r"V1 -> chi chi is closed: 17 -> 9 \+ 9 MeV"):
        replace(double, m_chi=9.0).require_open((211,))
    with pytest.raises(ThresholdError, match="chi' -> chi e\\+ e- is closed"):
        replace(double, m_chi_prime=8.5).require_open((211,))
    with pytest.raises(ThresholdError, match=r"m_v1 = 300 MeV: no meson of the source \(pi\+, pi0\)"):
        DarkMatter(m_v1=300.0).require_open((211, 111))
    DarkMatter(m_v1=300.0).require_open((321,))
    DarkMatter(m_v1=300.0, chain="full").require_open((111,))


def test_closed_channels_are_absent_not_small() -> None:
    assert DarkMatter(m_v1=9.0).emissions(211) == ()
    assert DarkMatter(m_v1=150.0).emissions(111) == ()
    assert DarkMatter(neutral=False).emissions(111) == ()
    assert replace(PEER, production="none").emissions(211) == ()
    assert replace(PEER, chain="full", m_chi=80.0).emissions(111) == ()


def test_what_a_reader_has_to_know() -> None:
    notes = preset("dm-double-benchmark").warnings()
    assert any("NOT conserved" in note for note in notes)
    assert any("by hand" in note for note in notes)
    assert any("c tau" in note for note in notes)
    assert any("free" in note for note in replace(PEER, detection=("nucleon",)).warnings())
    for name in ("dark-matter", "dm-double-benchmark", "dm-single-benchmark"):
        values = json.loads(json.dumps(preset(name).parameters()))
        assert {item.name for item in fields(DarkMatter)} <= set(values)


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"spin": "diracc"}, UnknownNameError, "unknown spin 'diracc'. Did you mean 'dirac'"),
        ({"pair": "chi"}, UnknownNameError, "unknown pair 'chi'"),
        ({"chain": "ful"}, UnknownNameError, "Did you mean 'full'"),
        ({"exchange": "v3"}, UnknownNameError, "unknown exchange 'v3'"),
        ({"detection": ()}, ScenarioError, r"detection = \[\]: each once; allowed: one or more of electron"),
        ({"detection": ("electrons",)}, UnknownNameError, "unknown detection 'electrons'. Did you mean 'electron'"),
        ({"leptons": ("tau",)}, UnknownNameError, "unknown leptons 'tau'"),
        ({"m_v1": 0.0}, RangeError, r"m_v1 = 0 MeV .*\(0, 100000\] MeV"),
        ({"m_chi": -1.0}, RangeError, r"m_chi = -1 MeV"),
        ({"eps1": float("nan")}, RangeError, "eps1 = nan"),
        ({"alpha_d1": 11.0}, RangeError, r"alpha_d1 = 11 .*\[0, 10\]"),
        ({"branching_v1": 1.5}, RangeError, "branching_v1 = 1.5"),
        ({"recoil_min": 50.0, "recoil_max": 40.0}, RangeError, r"recoil_max = 40 MeV .*\(50, 100000\] MeV"),
        ({"production": "scalar-ib1"}, ScenarioError, "makes no vector; allowed: vector-sum"),
        ({"production": "vector-ib"}, UnknownNameError, "Did you mean 'vector-ib"),
        ({"production": "vector-c0"}, ScenarioError, "needs c0"),
        ({"production": "none", "neutral": False}, ScenarioError, "nothing makes V1"),
        ({"spin": "scalar", "detection": ("upscatter",)}, ScenarioError, "allowed: 'dirac'"),
        ({"pair": "chi chi'", "chain": "full"}, ScenarioError, "allowed with pair"),
        ({"detection": ("upscatter",), "alpha_t1": 0.0}, RangeError, "alpha_t1 = 0"),
    ],
)
def test_errors(changes: dict, error: type, message: str) -> None:
    with pytest.raises(error, match=message):
        DarkMatter(**changes)


LOG = st.floats(-3.0, 4.0).map(lambda x: 10**x)
SMALL = st.floats(-8.0, 0.0).map(lambda x: 10**x)


@given(
    spin=st.sampled_from(["dirac", "scalar"]), m_v1=LOG, m_v2=LOG, m_chi=LOG, m_chi_prime=LOG, eps1=SMALL, eps2=SMALL,
    alpha_d1=SMALL, alpha_t1=SMALL, branching_v1=st.one_of(st.none(), st.floats(0.0, 1.0)),
    pair=st.sampled_from(["chi chi", "chi chi'"]), production=st.sampled_from(["none", "vector-sum", "vector-ib2"]),
    chain=st.sampled_from(["narrow", "rate", "full"]), spin_correlation=st.booleans(),
    exchange=st.sampled_from(["v1", "v2"]), detection=st.sampled_from(["electron", "nucleon", "upscatter"]),
    u=st.floats(0.001, 0.999), log_energy=st.floats(0.0, 4.0),
)  # fmt: skip
@settings(max_examples=150, deadline=None, derandomize=True)
def test_no_parameter_gives_nan(u: float, log_energy: float, detection: str, **parameters) -> None:
    try:
        model = DarkMatter(detection=(detection,), **parameters)
        model.require_open((211, 321, 111, 221))
    except DarkhornError:
        return
    assert np.isfinite([model.widths.v1_total, model.widths.pair_share, model.widths.visible]).all()
    for parent in (211, 111):
        for emission in model.emissions(parent):
            low = emission.mass if emission.energy_min is None else emission.energy_min
            density = emission.density(np.array([low, low + u * (emission.energy_max - low), emission.energy_max]))
            assert np.isfinite(density).all()
            assert (density >= 0.0).all()
    energy = np.array([model.m_chi + 10**log_energy])
    for channel in model.detections(CH2):
        if isinstance(channel, Recoil):
            value = channel.dsigma_dt_cm2(energy, energy * u * 0.1)
        else:
            assert isinstance(channel, Upscatter)
            value = channel.dsigma_dq_sq_cm2(energy, np.array([(10**log_energy * u) ** 2]))
        assert np.isfinite(value).all()
        assert (value >= 0.0).all()
    assert model.title
    assert model.conventions
    assert model.warnings() is not None
