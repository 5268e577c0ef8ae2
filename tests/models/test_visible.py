"""Visible decays: widths, shares, what makes X, patterns of charges, closed decays, fuzzing of every parameter."""

import json
from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from darkhorn.core.errors import DarkhornError, RangeError, ScenarioError, ThresholdError, UnknownNameError
from darkhorn.core.species import mass
from darkhorn.core.units import HBARC
from darkhorn.models.channels import Line
from darkhorn.models.charges import ELEMENTARY_CHARGE, couplings
from darkhorn.models.presets import preset
from darkhorn.models.productions import branching
from darkhorn.models.visible import VisibleDecay
from darkhorn.physics.dark_decays import width_scalar_to_two_photons, width_vector_to_fermions


def test_length_of_a_vector_that_decays_to_electrons() -> None:
    model = VisibleDecay(m_x=20.0, g_e=1e-7)
    beta_sq = 1 - (2 * mass(11) / 20.0) ** 2
    width = 1e-14 * 20.0 / (12 * np.pi) * np.sqrt(beta_sq) * (1 + 0.5 * (1 - beta_sq))
    assert model.decay_widths["e e"] == pytest.approx(width, rel=1e-12)
    assert model.c_tau == pytest.approx(HBARC / width, rel=1e-12)
    assert model.width == model.decay_widths["e e"]
    assert replace(model, other_width=3 * width).detections(())[0].branching == pytest.approx(0.25)


def test_final_states_and_their_products() -> None:
    model = VisibleDecay("scalar-ib1", m_x=300.0, final=("e e", "mu mu", "gamma gamma", "gamma z"), g_mu=1e-6,
                         g_gamma=1e-9, lam=1e-9, m_z=100.0, neutral=False)  # fmt: skip
    channels = {item.name: item for item in model.detections(())}
    assert set(channels) == {"e e", "mu mu", "gamma gamma", "gamma z"}
    assert sum(item.branching for item in channels.values()) == pytest.approx(1.0)
    assert {item.width for item in channels.values()} == {model.width}
    assert (channels["mu mu"].visible, channels["gamma z"].visible, channels["e e"].visible) == (
        "kinetic",
        "first",
        "pair",
    )
    assert channels["gamma z"].m_second == 100.0
    assert model.decay_widths["gamma gamma"] == float(width_scalar_to_two_photons(1e-9, 300.0))
    assert [item.name for item in replace(model, final=("gamma z",)).detections(())] == ["gamma z"]
    assert {item.name for item in replace(model, m_x=90.0).detections(())} == {"e e", "gamma gamma"}


def test_what_makes_a_kinetically_mixed_vector() -> None:
    model = VisibleDecay(m_x=20.0)
    (line,) = model.emissions(111)
    assert isinstance(line, Line)
    ratio = 0.98823 * 2.0 * (1 - (20.0 / mass(111)) ** 2) ** 3
    assert line.branching == pytest.approx(ratio / ELEMENTARY_CHARGE**2, rel=1e-12)
    assert line.energy == pytest.approx((mass(111) ** 2 + 400.0) / (2 * mass(111)))
    assert [item.name for item in model.emissions(211)] == ["pi+ -> e nu X", "pi+ -> mu nu X"]
    assert [item.name for item in replace(model, m_x=50.0).emissions(211)] == ["pi+ -> e nu X"]
    assert replace(model, m_x=140.0).emissions(111) == ()
    assert replace(model, neutral=False).emissions(111) == ()
    assert VisibleDecay("scalar-ib1").emissions(111) == ()
    assert VisibleDecay(production="none").emissions(211) == ()


def test_one_pattern_of_charges_sets_everything() -> None:
    mixing = VisibleDecay(charges="kinetic-mixing", m_x=20.0, coupling=1e-4)
    plain = VisibleDecay(m_x=20.0, g_e=1e-4)
    assert mixing.decay_widths["e e"] == pytest.approx(plain.decay_widths["e e"], rel=1e-12)
    assert mixing.emissions(111)[0].branching == pytest.approx(plain.emissions(111)[0].branching, rel=1e-12)
    energy = np.array([25.0, 50.0])
    for one, two in zip(mixing.emissions(211), plain.emissions(211), strict=True):
        assert one.density(energy) == pytest.approx(two.density(energy), rel=1e-9)
    baryon = VisibleDecay(charges="B", m_x=20.0, coupling=1e-4)
    assert baryon.emissions(211) == ()
    assert baryon.decay_widths["e e"] == 0.0
    assert baryon.emissions(111)[0].branching == pytest.approx(plain.emissions(111)[0].branching, rel=1e-9)
    table = couplings("B-L", 1.0)
    minus = VisibleDecay(charges="B-L", m_x=20.0, coupling=1e-4)
    assert minus.decay_widths["e e"] == pytest.approx(
        float(width_vector_to_fermions(1e-4 * abs(table.currents["e"]), 20.0, mass(11)))
    )
    assert len(minus.emissions(321)) == 2


def test_charged_mesons_have_the_branching_ratio_of_the_production() -> None:
    from darkhorn.chain.decay import tabulate_emission

    emission = VisibleDecay("vector-ib1", m_x=10.0).emissions(211)[1]
    assert tabulate_emission(emission).branching == pytest.approx(branching("vector-ib1", 211, 13, 10.0), rel=1e-5)


def test_closed_decays_are_errors() -> None:
    with pytest.raises(ThresholdError, match=r"X -> e e is closed: 1 -> 1\.02"):
        VisibleDecay(m_x=1.0).require_open((211,))
    with pytest.raises(ThresholdError, match=r"m_x = 200 MeV: no meson of the source \(pi\+, pi0\) makes X"):
        VisibleDecay(m_x=200.0).require_open((211, 111))
    VisibleDecay(m_x=200.0).require_open((221,))
    with pytest.raises(ScenarioError, match="g_mu: X does not couple to mu mu"):
        VisibleDecay(m_x=300.0, final=("mu mu",)).require_open((221,))


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"final": ("ee",)}, UnknownNameError, "unknown final 'ee'. Did you mean 'e e'"),
        ({"final": ()}, ScenarioError, "each once"),
        ({"leptons": ("e", "e")}, ScenarioError, "each once"),
        ({"rings": "one"}, UnknownNameError, "unknown rings 'one'"),
        ({"charges": "BL"}, UnknownNameError, "unknown charges 'BL'"),
        ({"m_x": 0.0}, RangeError, r"m_x = 0 MeV .*\(0, 10000\] MeV"),
        ({"m_x": float("nan")}, RangeError, "m_x = nan"),
        ({"coupling": -1.0}, RangeError, "coupling = -1"),
        ({"coupling": 20.0, "charges": "B"}, RangeError, r"coupling = 20 .*\[0, 10\]"),
        ({"g_e": float("inf")}, RangeError, "g_e = inf"),
        ({"g_gamma": 1e4}, RangeError, r"g_gamma = 10000 1/MeV"),
        ({"other_width": -1.0}, RangeError, "other_width = -1 MeV"),
        ({"final": ("gamma gamma",)}, ScenarioError, "no decay into two photons"),
        ({"production": "none", "neutral": False}, ScenarioError, "nothing makes X"),
        ({"production": "vector-summ"}, UnknownNameError, "Did you mean 'vector-sum'"),
        ({"production": "mixture", "production_parameters": {"q": 1.0}}, UnknownNameError, "parameter of production"),
    ],
)
def test_errors(changes: dict, error: type, message: str) -> None:
    with pytest.raises(error, match=message):
        VisibleDecay(**changes)


def test_parameters_are_plain_and_complete() -> None:
    values = json.loads(json.dumps(preset("visible-decay").parameters()))
    assert {item.name for item in fields(VisibleDecay)} <= set(values)
    assert any("c tau" in note for note in preset("visible-decay").warnings())
    assert any("B" in note or "anomal" in note for note in VisibleDecay(charges="B").warnings())


SIZE = st.floats(-12.0, 2.0).map(lambda x: 10**x)


@given(
    production=st.sampled_from(["none", "vector-sum", "vector-ib1", "axial-ib1", "scalar-ib1", "pseudoscalar-ib1"]),
    charges=st.sampled_from(["", "kinetic-mixing", "B", "B-L", "L_mu-L_tau", "protophobic"]), neutral=st.booleans(),
    final=st.sampled_from(["e e", "mu mu", "gamma gamma", "gamma z"]), log_m=st.floats(-2.0, 4.0), m_z=SIZE, g_e=SIZE,
    g_mu=SIZE, g_gamma=SIZE, lam=SIZE, coupling=SIZE.filter(lambda x: x <= 10.0), u=st.floats(0.0, 1.0),
)  # fmt: skip
@settings(max_examples=100, deadline=None, derandomize=True)
def test_no_parameter_gives_nan(u: float, log_m: float, final: str, **parameters) -> None:
    try:
        model = VisibleDecay(m_x=10**log_m, final=(final,), **parameters)
        model.require_open((211, 321, 111, 221))
    except DarkhornError:
        return
    assert np.isfinite(list(model.decay_widths.values())).all()
    for channel in model.detections(()):
        assert 0.0 < channel.branching <= 1.0 + 1e-12
        assert channel.width > 0.0
    for parent in (211, 111, 221):
        for item in model.emissions(parent):
            if isinstance(item, Line):
                assert np.isfinite(item.branching)
                assert item.energy > item.mass
                continue
            density = item.density(
                np.array([item.mass, item.mass + u * (item.energy_max - item.mass), item.energy_max])
            )
            assert np.isfinite(density).all()
            assert (density >= 0.0).all()
    assert model.title
    assert model.conventions
    assert model.warnings()


def test_neutrinos_of_a_pattern_share_the_width():
    """L_mu - L_tau decays into two flavours of neutrinos below the muon threshold, B - L into three."""
    for pattern, flavours in (("L_mu-L_tau", 2), ("B-L", 3), ("kinetic-mixing", 0)):
        model = VisibleDecay(charges=pattern, m_x=20.0, coupling=1e-4)
        invisible = flavours * 1e-8 * 20.0 / (24.0 * np.pi)
        assert model.decay_widths["nu nu"] == pytest.approx(invisible, rel=1e-12)
        assert model.width == pytest.approx(model.decay_widths["e e"] + invisible)
    lepton = VisibleDecay(charges="B-L", m_x=200.0, coupling=1e-4)
    assert lepton.decay_widths["e e"] == pytest.approx(2.0 / 3.0 * lepton.decay_widths["nu nu"], rel=1e-4)
    (channel,) = lepton.detections(())
    assert channel.branching == pytest.approx(0.4, rel=1e-3)
    assert VisibleDecay(m_x=20.0).decay_widths["nu nu"] == 0.0
