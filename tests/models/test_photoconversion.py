"""The scenario: cross sections by an independent quadrature, scalings, decays, warnings, errors."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate

from darkhorn.core.errors import RangeError, ScenarioError, ThresholdError, UnknownNameError
from darkhorn.detector.targets import Composition
from darkhorn.models.photoconversion import Conversion, Photoconversion
from darkhorn.models.productions import PRODUCTIONS, branching
from darkhorn.physics import dark_decays
from darkhorn.physics.two_to_two import q_sq_limits

CH2 = Composition.from_number_densities({"C": 3.63e22, "H": 7.27e22}).targets
CARBON, HYDROGEN = CH2
SCALAR = Photoconversion()
VECTOR = Photoconversion("vector-ib1", ("mu",), "scalar", 17.0, 100.0, 2.1e-5, 1e-2, 1e-3)
HBARC_FM = 197.3269804


def channel(model: Photoconversion, name: str) -> Conversion:
    return next(item for item in model.conversions(CH2) if item.name == name)


def total_cm2(model: Photoconversion, name: str, energy: float) -> float:
    """Integral of the channel over log(Q^2 + m_med^2) by Gauss panels."""
    item = channel(model, name)
    low, high = (float(v) for v in q_sq_limits(energy, model.m_x, item.target_mass))
    edges = np.linspace(np.log(low + item.mediator_mass**2), np.log(high + item.mediator_mass**2), 41)
    nodes, weights = np.polynomial.legendre.leggauss(16)
    half = 0.5 * np.diff(edges)[:, None]
    y = (edges[:-1, None] + half * (nodes + 1)).ravel()
    q_sq = np.exp(y) - item.mediator_mass**2
    values = item.dsigma_dq_sq_cm2(np.full_like(q_sq, energy), q_sq) * np.exp(y)
    return float((values * (half * weights).ravel()).sum())


def helm_by_hand(q_mev: float, nucleons: int) -> float:
    radius_sq = (1.23 * nucleons ** (1 / 3) - 0.6) ** 2 + 7 * np.pi**2 * 0.52**2 / 3 - 5 * 0.9**2
    q = q_mev / HBARC_FM
    x = q * np.sqrt(radius_sq)
    if x < 1e-3:
        return float((1 - x**2 / 10) * np.exp(-((q * 0.9) ** 2) / 2))
    return float(3 * (np.sin(x) - x * np.cos(x)) / x**3 * np.exp(-((q * 0.9) ** 2) / 2))


@pytest.mark.parametrize(("energy", "m_x", "m_z"), [(30.0, 1.0, 49.0), (300.0, 1.0, 49.0), (800.0, 25.0, 69.0)])
def test_coherent_cross_section_from_the_centre_of_mass(energy: float, m_x: float, m_z: float) -> None:
    """dsigma/dcos* = 2 p1 p3 <|M|^2>/(16 pi lambda_K), the textbook <|M|^2> in s and t, Z^2 F^2 typed here."""
    model = replace(SCALAR, m_x=m_x, m_mediator=m_z)
    target = 12 * 931.49410242 - 6 * 0.51099895
    s = m_x**2 + target**2 + 2 * target * energy
    kallen = (s - (m_x + target) ** 2) * (s - (m_x - target) ** 2)
    p1, p3 = np.sqrt(kallen / (4 * s)), (s - target**2) / (2 * np.sqrt(s))
    e1 = np.sqrt(p1**2 + m_x**2)

    def integrand(w: float) -> float:
        cos = 1 - 2 * w**4  # crowds the points at forward angles
        t = m_x**2 - 2 * p3 * (e1 - p1 * cos)
        bracket = (
            2 * target**2 * (m_x**2 - 2 * s - t) + 2 * target**4 - 2 * m_x**2 * (s + t) + m_x**4
            + 2 * s**2 + 2 * s * t + t**2
        )  # fmt: skip
        msq = (-t * bracket - 2 * target**2 * (m_x**2 - t) ** 2) / (8 * (t - m_z**2) ** 2)
        factor = 36 * helm_by_hand(np.sqrt(-t), 12) ** 2
        return 2 * p1 * p3 * msq * factor / (16 * np.pi * kallen) * 8 * w**3

    value = integrate.quad(integrand, 0, 1, epsrel=1e-8, limit=400)[0] * 3.893793721e-22
    assert value > 0.0
    assert total_cm2(model, "C coherent", energy) == pytest.approx(value, rel=1e-5, abs=0)


def test_conversions_of_oil() -> None:
    items = SCALAR.conversions(CH2)
    assert [item.name for item in items] == ["C coherent", "C nucleons", "H proton"]
    assert [item.number_density for item in items] == pytest.approx([3.63e28, 3.63e28, 7.27e28])
    assert items[0].target_mass == pytest.approx(11174.86, abs=0.01)
    assert [item.target_mass for item in items[1:]] == pytest.approx([938.272, 938.272], abs=1e-3)
    assert {item.mediator_mass for item in items} == {49.0}


@pytest.mark.parametrize(
    ("mediator", "incoherent", "names"),
    [
        ("scalar", True, ["C coherent", "C nucleons", "H proton"]),
        ("scalar", False, ["C coherent", "H proton"]),
        ("pseudoscalar", True, ["C nucleons", "H proton"]),
        ("pi0", True, ["C nucleons", "H proton"]),
        ("pi0", False, ["H proton"]),
    ],
)
def test_no_coherent_channel_for_a_spin_dependent_exchange(mediator: str, incoherent: bool, names: list[str]) -> None:
    model = replace(VECTOR, mediator=mediator, incoherent=incoherent)
    assert [item.name for item in model.conversions(CH2)] == names
    assert model.conversions(CH2)[0].mediator_mass == pytest.approx(134.9768 if mediator == "pi0" else 100.0, abs=1e-3)


@pytest.mark.parametrize("model", [SCALAR, VECTOR, replace(VECTOR, mediator="pi0")])
def test_doubled_operator_is_exactly_four_times_the_rate(model: Photoconversion) -> None:
    energy, q_sq = np.full(50, 300.0), np.geomspace(1.0, 1e5, 50)
    for single, double in zip(model.conversions(CH2), replace(model, hc="doubled").conversions(CH2), strict=True):
        one = single.dsigma_dq_sq_cm2(energy, q_sq)
        assert (one > 0).all()
        assert np.array_equal(double.dsigma_dq_sq_cm2(energy, q_sq), 4.0 * one)


def test_cross_sections_are_at_unit_couplings() -> None:
    energy, q_sq = np.array([250.0]), np.array([900.0])
    other = replace(SCALAR, coupling=1.0, g_n=0.5, lam=1e-6)
    for one, two in zip(SCALAR.conversions(CH2), other.conversions(CH2), strict=True):
        assert one.dsigma_dq_sq_cm2(energy, q_sq) == two.dsigma_dq_sq_cm2(energy, q_sq)
    assert other.coupling_product == pytest.approx(5e-7, rel=1e-6, abs=0)


@pytest.mark.parametrize("model", [SCALAR, VECTOR])
def test_target_couplings_count_the_charges_of_carbon(model: Photoconversion) -> None:
    energy, q_sq = np.array([500.0]), np.array([2.0])
    value = {
        name: float(channel(replace(model, target_coupling=name), "C coherent").dsigma_dq_sq_cm2(energy, q_sq)[0])
        for name in ("charge", "baryon", "up")
    }
    assert value["baryon"] / value["charge"] == pytest.approx(144 / 36, rel=1e-12)
    assert value["up"] / value["charge"] == pytest.approx(324 / 36, rel=1e-12)
    proton = {
        name: float(channel(replace(model, target_coupling=name), "H proton").dsigma_dq_sq_cm2(energy, q_sq)[0])
        for name in ("charge", "baryon", "up")
    }
    assert proton["baryon"] / proton["charge"] == pytest.approx(1.0, rel=1e-4)
    assert proton["up"] / proton["charge"] == pytest.approx(4.0, rel=1e-4)


def test_heavy_mediator_scales_with_the_fourth_power() -> None:
    heavy = replace(SCALAR, m_mediator=2e4)
    ratio = total_cm2(heavy, "C coherent", 200.0) / total_cm2(replace(heavy, m_mediator=4e4), "C coherent", 200.0)
    assert ratio == pytest.approx(16.0, rel=1e-3)


def test_pauli_factor_lowers_only_bound_nucleons() -> None:
    energy, q_sq = np.array([300.0]), np.array([1e4])
    for free, blocked in zip(SCALAR.conversions(CH2), replace(SCALAR, pauli=True).conversions(CH2), strict=True):
        ratio = float((blocked.dsigma_dq_sq_cm2(energy, q_sq) / free.dsigma_dq_sq_cm2(energy, q_sq))[0])
        if free.name == "C nucleons":
            assert 0.2 < ratio < 0.5  # |q| = 100 MeV against k_F = 221 MeV
        else:
            assert ratio == 1.0


@given(
    st.sampled_from(["vector", "scalar", "pseudoscalar", "pi0"]), st.floats(1e-3, 100.0), st.floats(0.0, 3.5),
    st.floats(0.0, 1.0),
)  # fmt: skip
@settings(max_examples=150, deadline=None, derandomize=True)
def test_differential_cross_sections_are_finite_and_positive(
    mediator: str, m_x: float, log_energy: float, share: float
) -> None:
    base = SCALAR if mediator == "vector" else replace(VECTOR, mediator=mediator)
    model, energy = replace(base, m_x=m_x), m_x + 10**log_energy
    for item in model.conversions(CH2):
        low, high = (float(v) for v in q_sq_limits(energy, m_x, item.target_mass))
        q_sq = low * (high / low) ** share
        value = item.dsigma_dq_sq_cm2(np.array([energy]), np.array([q_sq]))
        assert np.isfinite(value).all()
        assert (value >= 0).all()


def test_decay_channels_close_one_by_one() -> None:
    both = replace(SCALAR, leptons=("e", "mu"))
    assert both.decay_channels(211) == ((211, 11), (211, 13))
    assert replace(both, m_x=33.9).decay_channels(-211) == ((-211, 11), (-211, 13))
    assert replace(both, m_x=34.0).decay_channels(211) == ((211, 11),)
    assert replace(both, m_x=140.0).decay_channels(211) == ()
    assert replace(both, m_x=140.0).decay_channels(321) == ((321, 11), (321, 13))
    exact = 139.57039 - 105.6583755
    assert replace(SCALAR, m_x=exact + 1e-6).decay_channels(211) == ()
    assert replace(SCALAR, m_x=exact - 1e-6).decay_channels(211) == ((211, 13),)


def test_require_open_names_the_threshold() -> None:
    model = replace(SCALAR, m_x=34.0)
    with pytest.raises(ThresholdError, match=r"m_x = 34 MeV.*0 <= m_x < 33\.912 MeV.*pi[+-] -> mu nu X"):
        model.require_open((211, -211))
    model.require_open((211, 321))
    replace(model, leptons=("e",)).require_open((211,))
    with pytest.raises(ThresholdError, match=r"m_x < 493\.166 MeV \(threshold of K\+ -> e nu X\)"):
        replace(model, m_x=500.0, leptons=("e", "mu")).require_open((211, 321))


def test_stable_x_has_no_width() -> None:
    assert SCALAR.decay_widths() == {}
    assert replace(VECTOR, m_x=17.0).decay_widths() == {}
    assert not any("is open" in note for note in SCALAR.warnings())


@pytest.mark.parametrize(
    ("name", "function", "by_hand"),
    [
        ("scalar-ib1", dark_decays.width_scalar_to_fermions, lambda b: b**3 / 8),
        ("pseudoscalar-ib1", dark_decays.width_pseudoscalar_to_fermions, lambda b: b / 8),
        ("vector-sum", dark_decays.width_vector_to_fermions, lambda b: b * (3 - b * b) / 24),
    ],
)
def test_widths_to_leptons(name: str, function, by_hand) -> None:
    mediator = "scalar" if name.startswith("vector") else "vector"
    model = Photoconversion(name, ("e", "mu"), mediator, 30.0, 100.0, 3e-4, 1e-2, 1e-3)
    widths = model.decay_widths()
    assert set(widths) == {"e+ e-"}
    assert widths["e+ e-"] == float(function(3e-4, 30.0, 0.51099895069))
    beta = np.sqrt(1 - (2 * 0.51099895 / 30.0) ** 2)
    assert widths["e+ e-"] == pytest.approx(9e-8 * 30.0 * by_hand(beta) / np.pi, rel=1e-9, abs=0)
    assert set(replace(model, m_x=220.0, m_mediator=500.0).decay_widths()) == {"e+ e-", "mu+ mu-"}
    assert replace(model, leptons=("mu",)).decay_widths() == {}


@pytest.mark.parametrize("name", ["scalar-ib2", "vector-ib2", "vector-contact", "vector-hadronic", "vector-sd"])
def test_no_lepton_pairs_where_x_does_not_couple_to_leptons(name: str) -> None:
    mediator = "vector" if name == "scalar-ib2" else "scalar"
    assert Photoconversion(name, ("e", "mu"), mediator, 30.0, 100.0).decay_widths() == {}


def test_radiative_width_of_a_heavy_x() -> None:
    scalar = replace(SCALAR, m_x=60.0, m_mediator=20.0)
    expected = 4.4e-4**2 * 60**3 * (1 - 1 / 9) ** 3 / (128 * np.pi)
    assert scalar.decay_widths() == {"photon vector": pytest.approx(expected, rel=1e-12, abs=0)}
    assert replace(scalar, hc="doubled").decay_widths()["photon vector"] == pytest.approx(4 * expected, rel=1e-12)
    vector = replace(VECTOR, m_x=60.0, m_mediator=20.0)
    expected = 1e-6 * 60**3 * (1 - 1 / 9) ** 3 / (384 * np.pi)
    assert vector.decay_widths() == {"photon scalar": pytest.approx(expected, rel=1e-12, abs=0)}


def test_warning_tells_the_decay_length() -> None:
    model = replace(SCALAR, leptons=("e",), m_x=25.0, coupling=1e-6)
    beta = np.sqrt(1 - (2 * 0.51099895 / 25.0) ** 2)
    c_tau = 1.973269804e-13 / (1e-12 * 25.0 * beta**3 / (8 * np.pi))
    note = next(note for note in model.warnings() if "is open" in note)
    assert f"X -> e+ e- is open: c tau = {c_tau:.3g} m at the given couplings" in note
    assert "the prediction treats X as stable" in note
    applied = replace(model, decay_on_the_way=True).warnings()
    assert any("its survival is applied" in note for note in applied)
    assert not any("is open" in note for note in replace(model, coupling=0.0).warnings())


@pytest.mark.parametrize("name", sorted(PRODUCTIONS))
def test_warnings_about_the_current(name: str) -> None:
    vector = PRODUCTIONS[name].spin == "vector"
    notes = Photoconversion(name, ("mu",), "scalar" if vector else "vector", 5.0).warnings()
    conserved = {"vector-sum", "vector-full", "vector-sd"}
    assert any("the vector's current is conserved:" in n for n in notes) == (name in conserved)
    broken = vector and name not in conserved
    assert any("NOT conserved (not gauge invariant)" in n for n in notes) == broken
    assert any("grows as 1/m_V^2 towards low mass" in n for n in notes) == broken
    assert any("F_A - F_V = -0.056" in n for n in notes) == (name == "vector-sd")
    assert any("1 - F^2 (approximate" in n for n in notes)


def test_warning_about_gamma5_exchange() -> None:
    for mediator in ("pseudoscalar", "pi0"):
        assert any("gamma5 exchange is spin dependent" in n for n in replace(VECTOR, mediator=mediator).warnings())
    assert not any("incoherent part" in n for n in replace(SCALAR, incoherent=False).warnings())


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"production": "scalar-ib"}, UnknownNameError, r"unknown production 'scalar-ib'\. Did you mean 'scalar-ib"),
        ({"mediator": "vectr"}, UnknownNameError, r"unknown mediator 'vectr'\. Did you mean 'vector'\?"),
        ({"mediator": "scalar"}, ScenarioError, "does not convert the X of production 'scalar-ib1'; allowed: vector"),
        ({"production": "vector-ib1"}, ScenarioError, "allowed: scalar, pseudoscalar or pi0"),
        ({"target_coupling": "bary"}, UnknownNameError, "unknown target coupling 'bary'.*'baryon'"),
        ({"hc": "twice"}, UnknownNameError, "unknown hc convention 'twice'.*Known: doubled, single"),
        ({"helm_radius": "simpel"}, UnknownNameError, r"unknown Helm radius 'simpel'\. Did you mean 'simple'"),
        ({"leptons": ()}, ScenarioError, "allowed: 'e', 'mu' or both"),
        ({"leptons": ("tau",)}, UnknownNameError, "unknown lepton 'tau'"),
        ({"leptons": ("mu", "mu")}, ScenarioError, "each lepton once"),
        ({"m_x": -1.0}, RangeError, r"m_x = -1 MeV .*\[0, 10000\] MeV"),
        ({"m_x": float("nan")}, RangeError, "m_x = nan MeV"),
        ({"m_mediator": 0.0}, RangeError, r"m_mediator = 0 MeV .*\(0, 100000\] MeV"),
        ({"coupling": -1e-3}, RangeError, "coupling = -0.001"),
        ({"g_n": float("inf")}, RangeError, "g_n = inf"),
        ({"lam": 1e4}, RangeError, r"lam = 10000 1/MeV .*\[0, 1000\] 1/MeV"),
    ],
)
def test_errors(changes: dict, error: type, message: str) -> None:
    with pytest.raises(error, match=message):
        replace(SCALAR, **changes)


def test_massless_x_is_for_spin_zero_only() -> None:
    assert replace(SCALAR, m_x=0.0).m_x == 0.0
    with pytest.raises(RangeError, match=r"m_x = 0 MeV .*\(0, 10000\] MeV"):
        replace(VECTOR, m_x=0.0)


def test_parameters_survive_json() -> None:
    for model in (SCALAR, replace(VECTOR, mediator="pi0", leptons=("e", "mu"))):
        values = json.loads(json.dumps(model.parameters()))
        assert values["m_mediator"] == pytest.approx(model.mediator_mass)
        assert values["coupling_product_per_MeV"] == model.coupling * model.g_n * model.lam
        product = values.pop("coupling_product_per_MeV")
        again = Photoconversion(**{**values, "leptons": tuple(values["leptons"])})
        assert again.coupling_product == product
        assert replace(again, m_mediator=model.m_mediator) == model


@pytest.mark.parametrize(
    ("name", "parent", "expected", "tolerance"),
    [
        ("scalar-ib1", 211, 4.81e-2, 1.1e-3),
        ("pseudoscalar-ib1", 211, 1.09e-4, 5e-3),
        ("scalar-ib1", 321, 9.20e-2, 6e-4),
        ("pseudoscalar-ib1", 321, 1.007e-2, 6e-4),
    ],
)
def test_branching_ratios_per_coupling_squared(name: str, parent: int, expected: float, tolerance: float) -> None:
    """P -> mu nu X at m_X = 1 MeV, as a public recast of arXiv:2110.11944 has them."""
    assert branching(name, parent, 13, 1.0) == pytest.approx(expected, rel=tolerance)
