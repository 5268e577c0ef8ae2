"""Presets: the sixteen combinations and the two benchmarks, their products, and every production by name."""

import json
from dataclasses import fields

import pytest

from darkhorn.core.errors import RangeError, UnknownNameError
from darkhorn.models.photoconversion import Photoconversion
from darkhorn.models.presets import BENCHMARKS, PRESETS, parameter_names, preset, with_changes
from darkhorn.models.productions import PRODUCTIONS

SPIN_0 = {"SIB1e", "SIB1mu", "PIB1e", "PIB1mu"}
SPIN_1 = {f"{a}-{m}" for a in ("VIB1e", "VIB1mu", "VIB2", "VIB3") for m in ("S", "P", "Pi0")}
POINTS = {"scalar-benchmark", "pseudoscalar-benchmark"}


def test_exactly_sixteen_combinations_and_two_benchmarks() -> None:
    assert len(SPIN_0 | SPIN_1) == 16
    assert set(PRESETS) == SPIN_0 | SPIN_1 | POINTS
    assert set(BENCHMARKS) == POINTS


@pytest.mark.parametrize(
    ("name", "production", "leptons", "mediator"),
    [
        ("SIB1e", "scalar-ib1", ("e",), "vector"),
        ("SIB1mu", "scalar-ib1", ("mu",), "vector"),
        ("PIB1e", "pseudoscalar-ib1", ("e",), "vector"),
        ("PIB1mu", "pseudoscalar-ib1", ("mu",), "vector"),
        ("VIB1e-S", "vector-ib1", ("e",), "scalar"),
        ("VIB1mu-P", "vector-ib1", ("mu",), "pseudoscalar"),
        ("VIB2-Pi0", "vector-ib2", ("e", "mu"), "pi0"),
        ("VIB3-S", "vector-contact", ("e", "mu"), "scalar"),
    ],
)
def test_what_a_name_stands_for(name: str, production: str, leptons: tuple[str, ...], mediator: str) -> None:
    model = preset(name)
    assert (model.production, model.leptons, model.mediator) == (production, leptons, mediator)


@pytest.mark.parametrize("name", sorted(SPIN_1))
def test_letters_name_mediators(name: str) -> None:
    amplitude, letter = name.split("-")
    model = preset(name)
    assert model.amplitude.spin == "vector"
    assert model.mediator == {"S": "scalar", "P": "pseudoscalar", "Pi0": "pi0"}[letter]
    assert model.leptons == {"VIB1e": ("e",), "VIB1mu": ("mu",)}.get(amplitude, ("e", "mu"))


def test_products_of_the_benchmarks() -> None:
    scalar, pseudoscalar = preset("scalar-benchmark"), preset("pseudoscalar-benchmark")
    assert (scalar.m_x, scalar.m_mediator, scalar.leptons) == (1.0, 49.0, ("mu",))
    assert (scalar.coupling, scalar.g_n, scalar.lam) == (5e-3, 1e-2, 4.4e-4)
    assert scalar.coupling_product == pytest.approx(2.2e-8, rel=1e-12, abs=0)
    assert BENCHMARKS["scalar-benchmark"].product == 2.2e-8
    assert (pseudoscalar.m_x, pseudoscalar.m_mediator, pseudoscalar.leptons) == (1.0, 85.0, ("mu",))
    assert pseudoscalar.coupling_product == pytest.approx(6.5e-7, rel=1e-12)
    assert BENCHMARKS["pseudoscalar-benchmark"].product == 5.9e-7
    assert all("second-hand" in item.note and item.source == "arXiv:2110.11944" for item in BENCHMARKS.values())


@pytest.mark.parametrize("name", sorted({*PRESETS, *PRODUCTIONS}))
def test_every_name_gives_a_model(name: str) -> None:
    model = preset(name)
    values = json.loads(json.dumps(model.parameters()))
    assert set(values) == {*parameter_names(), "coupling_product_per_MeV"}
    assert values["coupling_product_per_MeV"] == pytest.approx(model.coupling * model.g_n * model.lam, rel=1e-12)
    assert any(model.decay_channels(parent) for parent in (211, 321))
    assert model.warnings()
    if name in PRODUCTIONS:
        assert (model.production, model.leptons) == (name, ("e", "mu"))


def test_parameter_names_are_the_fields() -> None:
    assert parameter_names() == tuple(item.name for item in fields(Photoconversion))
    assert {"production", "m_x", "coupling", "hc", "decay_on_the_way"} <= set(parameter_names())


def test_changes_are_checked_again_and_leave_the_preset_alone() -> None:
    model = with_changes(preset("SIB1mu"), {"m_x": 25.0, "m_mediator": 69.0})
    assert (model.m_x, model.m_mediator) == (25.0, 69.0)
    assert preset("SIB1mu").m_x == 1.0
    with pytest.raises(RangeError, match="m_x = -5 MeV"):
        with_changes(model, {"m_x": -5.0})


@pytest.mark.parametrize(
    ("typo", "meant"), [("SIB1m", "SIB1mu"), ("vector-summ", "vector-sum"), ("VIB2-pi0", "VIB2-Pi0")]
)
def test_unknown_names_offer_the_nearest(typo: str, meant: str) -> None:
    with pytest.raises(UnknownNameError, match=rf"unknown model '{typo}'\. Did you mean '{meant}'\?"):
        preset(typo)
