"""Mixtures and parametrised names: closed forms against matrices, gauge diagnostic, standard-model numbers, errors."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from darkhorn.core import species
from darkhorn.core.errors import DarkhornError, RangeError, ScenarioError, UnknownNameError
from darkhorn.core.rays import Floats
from darkhorn.models import productions as pr
from darkhorn.models.mixture import Mixture
from darkhorn.physics import phase_space, traces, weak
from darkhorn.physics.phase_space import delta_limits

CHANNELS = ((211, 13), (211, 11), (321, 13), (321, 11))
PHOTON = 4.0 * np.pi * weak.ALPHA
COMPLEX = Mixture(q_lepton=0.5, tensor=lambda at: traces.Tensor(a0=0.3 + 0.4j, b2=1j / at.pole, F=2e-5))


def many_points(n: int, seed: int) -> tuple[Floats, ...]:
    rng = np.random.default_rng(seed)
    M = rng.uniform(100.0, 600.0, n)
    m_l = M * 10.0 ** rng.uniform(-3.0, -0.2, n)
    m_x = (M - m_l) * rng.uniform(0.01, 0.99, n)
    m12_sq = m_l**2 + ((M - m_x) ** 2 - m_l**2) * rng.uniform(0.001, 0.999, n)
    low, high = delta_limits(m12_sq, M, m_l, m_x)
    delta = low * (high / low) ** rng.uniform(0.001, 0.999, n)
    return m12_sq, M**2 + m_x**2 - m12_sq - delta, M, m_l, m_x, delta


def diagrams(item: pr.Production, at: traces.Momenta, factors: tuple[float, ...]) -> list[Any]:
    """The amplitudes that are added, each on its own."""
    mixture = item.mixture
    if mixture is None or item.amplitude is None:
        size = at.k[..., 0] if item.coupling == "c/f_a" else np.ones(len(at.k))
        return [item.amplitude(at), size[:, None, None] * traces.lepton_scalar(at)] if item.amplitude else []
    line = traces.lepton_line(at, mixture.q_lepton * mixture.c_left, mixture.q_lepton * mixture.c_right)
    pole = traces.hadronic(at, traces.meson_pole_tensor(at).scaled(mixture.q_meson * mixture.meson_pole))
    contact = traces.hadronic(at, traces.contact_tensor().scaled(mixture.q_meson * mixture.contact))
    return [line, pole, contact, item.amplitude(at, *factors) - line - pole - contact]


@pytest.mark.parametrize("name", [*sorted(pr.PRODUCTIONS), "vector-c0"])
def test_every_named_case_is_its_amplitude(name: str) -> None:
    """10^4 random points with random masses, to 1e-9 of the sum of the squares of the diagrams."""
    item = pr.production(name, **({"c0": -0.6} if name == "vector-c0" else {}))
    *point, delta = many_points(10_000, 21)
    factors = (2.5e-3, 1.2e-3) if item.form_factors else ()
    keywords = dict(zip(("f_vector", "f_axial"), factors, strict=False))
    closed = item.msq(*point, q2_minus_m2=delta, **keywords)
    explicit = traces.squared(lambda at: item.amplitude(at, *factors), *point, delta)
    at = traces.momenta(*point, delta)
    sums = traces.polarised_sum if item.spin == "vector" else traces.spin_sum
    terms = sum(sums(at, part) for part in diagrams(item, at, factors))
    assert (closed >= 0.0).all()
    assert (np.abs(closed - explicit) / (terms + explicit)).max() < 1e-9


@pytest.mark.parametrize(
    "mixture",
    [
        Mixture(1.0, 1.0, sd_sign=-1, slope=0.1, axial_form="p"),
        Mixture(0.3, -0.8, sd_sign=1, weight_vector=3.0, weight_axial=0.0, slope_axial=-0.2),
        Mixture(q_lepton=2.0),
        Mixture(q_meson=-1.5, sd_sign=1),
    ],
)
def test_closed_form_of_a_mixture(mixture: Mixture) -> None:
    assert mixture.has_closed_form
    *point, delta = many_points(1_000, 22)
    factors = {"f_vector": 2e-4, "f_axial": -1e-4}
    closed, explicit = (f(*point, delta, **factors) for f in (mixture.msq, mixture.msq_by_matrices))
    separate = Mixture(mixture.q_lepton or 1.0).msq(*point, delta) + Mixture(q_meson=mixture.q_meson or 1.0).msq(
        *point, delta
    )
    assert (np.abs(closed - explicit) / (separate + explicit)).max() < 1e-9


def test_mixture_equals_the_named_cases() -> None:
    pairs = {
        "vector-sum": {"q_lepton": 1.0, "q_meson": 1.0},
        "vector-ib1": {"q_lepton": 1.0},
        "axial-ib1": {"q_lepton": 1.0, "c_left": -1.0},
        "vector-ib2": {"q_meson": 1.0, "contact": False},
        "vector-contact": {"q_meson": 1.0, "meson_pole": False},
        "vector-sum-minus": {"q_lepton": 1.0, "q_meson": -1.0},
        "vector-sd": {"sd_sign": 1},
        "vector-full": {"q_lepton": 1.0, "q_meson": 1.0, "sd_sign": 1},
    }
    for name, parameters in pairs.items():
        made = pr.production("mixture", **parameters)
        named = pr.production(name)
        assert made.current_conserved is named.current_conserved
        assert made.grows_at_low_mass is named.grows_at_low_mass
        assert made.finite_when_massless is named.finite_when_massless
        for channel in CHANNELS:
            assert pr.width(made, *channel, 20.0) == pytest.approx(pr.width(name, *channel, 20.0), rel=1e-8, abs=0.0), (
                name
            )


def test_full_amplitude_is_coherent() -> None:
    """Sum of both signs = 2 (bremsstrahlung + structure); the difference is an interference, not zero."""
    for channel in CHANNELS:
        plus, minus = (pr.width(pr.production("vector-full", sd_sign=s), *channel, 5.0) for s in (1, -1))
        apart = pr.width("vector-sum", *channel, 5.0) + pr.width("vector-sd", *channel, 5.0)
        assert (plus + minus) / 2.0 == pytest.approx(apart, rel=1e-9, abs=0.0)
        assert abs(plus - minus) > 1e-9 * plus
    assert pr.width("vector-full", 321, 13, 5.0) == pr.width(pr.production("vector-full", sd_sign=1), 321, 13, 5.0)


def test_form_factor_parameters() -> None:
    base = pr.width("vector-sd", 211, 11, 5.0)
    doubled = pr.production("vector-sd", f_vector=2 * 0.0254, f_axial=2 * 0.0119)
    assert pr.width(doubled, 211, 11, 5.0) == pytest.approx(4.0 * base, rel=1e-10, abs=0.0)
    assert pr.form_factors(pr.production("vector-full", sd_sign=-1), 321) == (-0.0945, -0.0385)
    sloped = pr.width(pr.production("vector-sd", slope=0.1), 211, 11, 5.0)
    assert 1.0 < sloped / base < 1.2
    p_form = pr.width(pr.production("vector-sd", axial_form="p"), 211, 11, 20.0)
    assert p_form / pr.width("vector-sd", 211, 11, 20.0) == pytest.approx(1.05, abs=0.02)


@pytest.mark.parametrize(("c0", "expected"), [(0.0, 0.117), (-0.95, 4.23), (-0.97, 11.4)])
def test_contact_family_branching(c0: float, expected: float) -> None:
    """Published factors 36 and 98 between members of the family, pi -> e at 20 MeV."""
    item = pr.production("vector-c0", c0=c0)
    assert pr.branching(item, 211, 11, 20.0) == pytest.approx(expected, rel=6e-3, abs=0.0)
    assert item.current_conserved is False


def test_opposite_charges_become_four_times_ib1() -> None:
    for channel in CHANNELS:
        ratio = pr.width("vector-sum-minus", *channel, 0.05) / pr.width("vector-ib1", *channel, 0.05)
        assert ratio == pytest.approx(4.0, rel=1e-4, abs=0.0)


@pytest.mark.parametrize("channel", CHANNELS)
def test_ward(channel: tuple[int, int]) -> None:
    """k.M = 0 for the sum and for IB2 + contact beside a lepton of the same charge; k.T as the talk has it."""
    for name, (first, second) in {
        "vector-sum": (1.0, 1.0),
        "vector-full": (1.0, 1.0),
        "vector-hadronic": (1.0, 1.0),
        "vector-contact": (1.0, 0.0),
        "vector-ib2": (0.0, 1.0),
        "vector-ib1": (0.0, 0.0),
        "vector-sd": (0.0, 0.0),
    }.items():
        item = pr.production(name)
        found = pr.ward(item, *channel, 20.0)
        assert found.conserved is item.current_conserved, name
        assert found.reason == item.reason
        assert found.violation.shape == (25,)
        assert found.violation.max() < 2e-12 if found.conserved else found.violation.max() > 1e-3
        scale = weak.meson_constants(channel[0])[0] ** 2 if name == "vector-sd" else 1.0
        assert found.k_coefficient == pytest.approx(np.full(25, first, dtype=complex), abs=1e-10 * scale), name
        assert found.pair_coefficient == pytest.approx(np.full(25, second, dtype=complex), abs=1e-10 * scale), name


def test_ward_of_mixtures() -> None:
    good = ({"q_lepton": 0.7, "q_meson": 0.7, "c0": -0.4}, {"q_lepton": 2.0, "q_meson": 2.0, "sd_sign": -1})
    bad = (
        {"q_lepton": 1.0, "q_meson": 0.9},
        {"q_lepton": 1.0, "q_meson": 1.0, "contact": False},
        {"q_lepton": 1.0, "q_meson": 1.0, "meson_pole": False},
        {"q_lepton": 1.0, "q_meson": 1.0, "c_right": 0.5},
    )
    for parameters, conserved in [(p, True) for p in good] + [(p, False) for p in bad]:
        item = pr.production("mixture", **parameters)
        assert item.current_conserved is conserved
        assert pr.ward(item, 321, 13, 30.0).conserved is conserved, parameters
    assert pr.from_mixture(COMPLEX).current_conserved is False
    transverse = Mixture(tensor=lambda at: traces.structure_tensor(at, 1j / at.pole, 2.0 / at.pole))
    assert pr.from_mixture(transverse).current_conserved is True
    with pytest.raises(ScenarioError, match="no current"):
        pr.ward("scalar-ib1", 211, 13, 5.0)
    with pytest.raises(RangeError, match="MeV"):
        pr.ward("vector-sum", 211, 13, 40.0)


@settings(deadline=None, derandomize=True, max_examples=60)
@given(st.floats(-2, 2), st.floats(-2, 2), st.booleans(), st.booleans(), st.floats(-2, 2), st.sampled_from((-1, 0, 1)))
def test_any_mixture(q_l: float, q_m: float, pole: bool, contact: bool, c0: float, sd: int) -> None:
    """A width that is positive and finite, and a claim about the current that is true, or a typed error."""
    try:
        item = pr.production("mixture", q_lepton=q_l, q_meson=q_m, meson_pole=pole, contact=contact, c0=c0, sd_sign=sd)
    except DarkhornError:
        return
    value = pr.width(item, 211, 13, 10.0, order=8)
    assert value >= 0.0
    assert np.isfinite(value)
    found = pr.ward(item, 211, 13, 10.0, points=3)
    if max(abs(q_l - q_m), 0.0) > 1e-6 or q_l == q_m:
        assert found.conserved is item.current_conserved or abs(c0 + 1.0) < 1e-3 or min(abs(q_l), abs(q_m)) < 1e-6


@pytest.mark.parametrize(
    ("name", "parameters", "error", "match"),
    [
        ("vector-c0", {}, ScenarioError, "needs c0"),
        ("vector-c0", {"c0": -1.0}, RangeError, "-1 is a pole"),
        ("vector-c0", {"c0": float("nan")}, RangeError, "c0"),
        ("vector-c0", {"c1": 0.0}, UnknownNameError, "Did you mean 'c0'"),
        ("vector-sum", {"q_lepton": 1.0}, ScenarioError, "takes no parameters"),
        ("mixture", {}, ScenarioError, "every diagram is off"),
        ("mixture", {"q_lepton": float("inf")}, RangeError, "q_lepton"),
        ("mixture", {"q_lepton": 1.0, "sd_sign": 2}, ScenarioError, "allowed: 1, -1, or 0"),
        ("mixture", {"q_lepton": 1.0, "f_vector": 0.02}, ScenarioError, "need sd_sign"),
        ("mixture", {"q_lepon": 1.0}, UnknownNameError, "Did you mean 'q_lepton'"),
        ("vector-full", {"axial_form": "q"}, UnknownNameError, "axial form"),
        ("vector-full", {"slope": float("nan")}, RangeError, "slope"),
        ("vector-ful", {}, UnknownNameError, "Did you mean 'vector-full'"),
    ],
)
def test_errors(name: str, parameters: dict[str, Any], error: type[Exception], match: str) -> None:
    with pytest.raises(error, match=match):
        pr.production(name, **parameters)


def test_own_productions() -> None:
    def both(at: traces.Momenta) -> Any:
        return traces.lepton_scalar(at) - 50.0 * traces.meson_scalar(at)

    item = pr.from_amplitude("higgs-like", "scalar", both)
    assert pr.production(item) is item
    assert item.current_conserved is None
    lepton, meson = pr.width("scalar-ib1", 211, 13, 5.0), 2500.0 * pr.width("scalar-ib2", 211, 13, 5.0)
    whole = pr.width(item, 211, 13, 5.0)
    assert (lepton**0.5 - meson**0.5) ** 2 <= whole <= (lepton**0.5 + meson**0.5) ** 2
    assert whole != pytest.approx(lepton + meson, rel=1e-3, abs=0.0)
    vector = pr.from_amplitude("b", "vector", lambda at: traces.vector(at, 1.0, 1.0))
    assert vector.current_conserved is True
    assert pr.width(vector, 211, 13, 5.0) == pytest.approx(pr.width("vector-sum", 211, 13, 5.0), rel=1e-9, abs=0.0)
    with pytest.raises(UnknownNameError, match="spin"):
        pr.from_amplitude("x", "tensor", both)
    with pytest.raises(UnknownNameError, match="unit"):
        pr.from_amplitude("x", "scalar", both, "GeV")
    with pytest.raises(ScenarioError, match="object"):
        pr.production(item, c0=1.0)


def test_normalisation_text() -> None:
    texts = {name: item.normalisation for name, item in pr.PRODUCTIONS.items()}
    assert texts["vector-full"] == texts["vector-sum"]
    assert texts["vector-sum"] == "|M|^2/(G_F f V g)^2; spins and X polarisations summed; MeV^2"
    assert texts["vector-sd"] == "|M|^2/(G_F V g/M)^2; spins and X polarisations summed; MeV^6"
    assert texts["scalar-ib2"] == "|M|^2/(G_F f V mu)^2; spins summed; dimensionless"
    assert texts["pseudoscalar-derivative"] == "|M|^2/(G_F f V c/f_a)^2; spins summed; MeV^4"


def test_standard_model_photons() -> None:
    """E > 10 MeV in pi -> e nu gamma; E > 1 MeV in K -> mu nu gamma; structure alone."""
    two_body = {
        c: weak.two_body_width(species.mass(c[0]), species.mass(c[1]), *weak.meson_constants(c[0])) for c in CHANNELS
    }
    electron = PHOTON * pr.width("vector-sum", 211, 11, 0.0, energy_low=10.0) / two_body[211, 11]
    assert electron == pytest.approx(0.02703, abs=5e-6)
    kaon = PHOTON * pr.width("vector-sum", 321, 13, 0.0, energy_low=1.0) / two_body[321, 13]
    assert 0.6356 * kaon == pytest.approx(8.83e-3, abs=5e-6)
    structure = pr.production("vector-sd", f_vector=0.0259, f_axial=0.0119)
    alone = PHOTON * pr.width(structure, 211, 11, 0.0) / two_body[211, 11]
    assert 1.230e-4 * alone == pytest.approx(8.29e-8, abs=1e-10)


@pytest.mark.parametrize("sign", [1, -1])
def test_hard_photon_beside_the_measurement(sign: int) -> None:
    """BR(pi -> e nu gamma, E > 10 MeV, angle > 40 deg) with the coherent amplitude: measured 7.386(54)e-7."""
    item = pr.production("vector-full", sd_sign=sign, f_vector=0.0259, f_axial=0.0119)
    msq = pr.squared_amplitude(item, 211, 11, 0.0)
    M, m_l = species.mass(211), species.mass(11)
    nodes, weights = np.polynomial.legendre.leggauss(80)
    top = 0.5 * (M**2 - m_l**2) / M
    energy = 10.0 * np.exp(0.5 * np.log(top / 10.0) * (nodes + 1.0))[:, None]
    m12_sq = M**2 - 2.0 * M * energy
    low, high = phase_space.delta_limits(m12_sq, M, m_l, 0.0)
    delta = low * (high / low) ** ((np.arange(3000) + 0.5) / 3000)
    m23_sq = M**2 - m12_sq - delta
    energy_l = 0.5 * (M**2 + m_l**2 - m23_sq) / M
    cosine = (energy_l * energy - 0.5 * delta) / (energy * np.sqrt(energy_l**2 - m_l**2))
    measure = (cosine < np.cos(np.radians(40.0))) * delta * np.log(high / low) / 3000
    measure = measure * 0.5 * np.log(top / 10.0) * weights[:, None] * energy / ((2.0 * np.pi) ** 3 * 16.0 * M**2)
    rate = (msq(m12_sq + 0.0 * delta, m23_sq, delta) * measure).sum()
    two_body = weak.two_body_width(M, m_l, *weak.meson_constants(211))
    branching = 1.230e-4 * PHOTON * float(rate / two_body)
    assert branching == pytest.approx(7.386e-7, rel=0.06, abs=0.0)
    assert 7.70e-7 < branching < 7.77e-7
