"""Every shipped experiment: it loads, its numbers are the published ones and have sources, flags reach the user."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from darkhorn.core.errors import ScenarioError, UnknownNameError
from darkhorn.experiments.beams import beam_kind
from darkhorn.experiments.build import build_composition, build_response, build_shape
from darkhorn.experiments.catalogue import catalogue
from darkhorn.experiments.detectors import load_detector
from darkhorn.experiments.loader import Experiment
from darkhorn.experiments.modes import load_stopped
from darkhorn.experiments.reading import STATUSES, package_files, read_toml

FILES = package_files(".toml")
NAMES = [name for name, path in FILES.items() if read_toml(path).text("kind") == "experiment"]
WANTED = {
    "miniboone",
    "miniboone-dump",
    "ccm120",
    "ccm200",
    "sbnd",
    "microboone",
    "lsnd",
    "karmen",
    "icarus",
}


def test_all_are_there() -> None:
    assert set(NAMES) == WANTED
    for name in NAMES:
        assert Experiment.load(name).name == name


@pytest.mark.parametrize(
    ("name", "tonnes", "distance", "beam", "kind"),
    [
        ("miniboone-dump", 818.0, 491.03, "dump", "dump"),
        ("ccm120", 5.81, 20.01, "lujan", "stopped"),
        ("ccm200", 5.81, 23.01, "lujan", "stopped"),
        ("sbnd", 111.7, 110.0, "bnb", "beam"),
        ("icarus", 475.1, 600.0, "bnb", "beam"),
        ("microboone", 86.2, 470.0, "bnb", "beam"),
        ("lsnd", 167.0, 29.8, "lampf", "stopped"),
        ("karmen", 56.0, 17.7, "isis", "stopped"),
    ],
)
def test_masses_and_distances(name: str, tonnes: float, distance: float, beam: str, kind: str) -> None:
    experiment = Experiment.load(name)
    shape, material = build_shape(experiment.shape), build_composition(experiment.composition)
    assert shape.volume * material.mass_density_g_cm3 == pytest.approx(tonnes, rel=2e-3)
    centre, _ = shape.bounding_sphere()
    start = np.array([0.0, 0.0, 50.314 if kind == "dump" else 0.0])
    assert np.linalg.norm(np.array(centre) - start) == pytest.approx(distance, abs=0.05)
    assert (experiment.beam, beam_kind(experiment.beam)) == (beam, kind)


@pytest.mark.parametrize("name", ["ccm120", "ccm200"])
def test_seven_tonnes_of_argon(name: str) -> None:
    experiment = Experiment.load(name, "7 tonnes")
    mass = build_shape(experiment.shape).volume * build_composition(experiment.composition).mass_density_g_cm3
    assert mass == pytest.approx(7.0, rel=1e-3)


@pytest.mark.parametrize("name", ["sbnd", "microboone", "icarus"])
def test_one_place_for_a_detector(name: str) -> None:
    assert build_shape(Experiment.load(name).shape) == load_detector(name).shape


@pytest.mark.parametrize(
    ("name", "mode", "pot"),
    [
        ("miniboone-dump", "dump", 1.86e20),
        ("ccm120", "coherent", 1.79e21),
        ("ccm120", "electromagnetic", 1.79e21),
        ("ccm200", "electromagnetic", 2.25e22),
        ("sbnd", "neutrino", 6.6e20),
        ("microboone", "1g1p", 6.80e20),
        ("microboone", "1g0p", 6.80e20),
        ("microboone", "inclusive", 6.34e20),
        ("microboone", "inclusive-0p", 6.34e20),
        ("microboone", "ee", 6.87e20),
        ("lsnd", "stopped", 0.92e23),
        ("karmen", "stopped", 4.65e22),
        ("icarus", "neutrino", 6.6e20),
    ],
)
def test_exposures_and_bins(name: str, mode: str, pot: float) -> None:
    found = Experiment.load(name).mode(mode)
    assert found.pot == pot
    assert "e_vis" in found.edges, "a prediction has bins without published spectra"
    assert set(found.files) <= set(catalogue()), "files of the data directory are in the catalogue"
    if found.window.e_vis_min > -np.inf:
        assert found.edges["e_vis"][0] >= found.window.e_vis_min


def test_bins_of_published_spectra_come_first() -> None:
    mode = Experiment.load("miniboone").mode("neutrino")
    assert set(mode.edges) == {"e_vis", "cos_theta"}
    for spectrum in mode.distributions:
        assert mode.edges[spectrum.name] is spectrum.edges


COUNTS = [
    ("microboone", "1g1p", "events", (16.0, 20.5, 3.65)),
    ("microboone", "1g0p", "events", (153.0, 145.1, 13.8)),
    ("microboone", "inclusive", "events", (678.0, 564.0, 56.4)),
    ("microboone", "ee", "events", (95.0, 69.7, 17.3)),
    ("karmen", "stopped", "sequences", (15.0, 15.8, 0.5)),
]


@pytest.mark.parametrize(("name", "mode", "channel", "numbers"), COUNTS, ids=[f"{c[0]} {c[1]}" for c in COUNTS])
def test_counts(name: str, mode: str, channel: str, numbers: tuple[float, ...]) -> None:
    experiment = Experiment.load(name)
    found = experiment.mode(mode).counting(channel)
    assert found in experiment.counts[mode]
    assert found.numbers() == numbers
    observed, expected, error = numbers
    assert found.excess_numbers() == pytest.approx((observed - expected, (expected + error**2) ** 0.5))


def test_errors_of_counts_are_those_of_the_papers_in_quadrature() -> None:
    modes = Experiment.load("microboone").modes
    assert modes["inclusive"].counting("events").expected_error == pytest.approx(np.hypot(24.0, 51.0), abs=0.05)
    assert modes["inclusive-0p"].counting("events").excess_numbers() == (
        93.0,
        pytest.approx(np.hypot(22, 35), abs=0.05),
    )
    with pytest.raises(ScenarioError, match=r"'events': observed is not in its source \(arXiv:2502.06064"):
        modes["inclusive-0p"].counting("events").numbers()


def test_counts_of_ccm120() -> None:
    found = Experiment.load("ccm120").mode("coherent").counting("recoils")
    assert (found.observed, found.expected) == (115021.5, 115005.0)
    with pytest.raises(ScenarioError, match=r"^not shipped: you must supply modes.coherent.counts.recoils.expected_er"):
        found.numbers()
    given = {"modes.coherent.counts.recoils.expected_error": 500.0}
    assert Experiment.load("ccm120", given=given).mode("coherent").counting("recoils").numbers()[2] == 500.0


def test_unknown_channel() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'events'"):
        Experiment.load("microboone").mode("ee").counting("event")


def numbers(
    values: Any, above: tuple[dict[str, Any], ...], path: str
) -> Iterator[tuple[str, tuple[dict[str, Any], ...]]]:
    """Every number of a table with the tables around it, the innermost last."""
    if isinstance(values, dict):
        for key, value in values.items():
            yield from numbers(value, (*above, values), f"{path}.{key}")
    elif isinstance(values, list):
        for place, value in enumerate(values):
            yield from numbers(value, above, f"{path}[{place}]")
    elif isinstance(values, int | float) and not isinstance(values, bool):
        yield path, above


@pytest.mark.parametrize("name", FILES)
def test_every_number_has_a_source_and_a_status(name: str) -> None:
    found = list(numbers(dict(read_toml(FILES[name]).values), (), name))
    assert found, "a file without numbers"
    for path, tables in found:
        sourced = [table for table in tables if table.get("source") and table.get("status") in STATUSES]
        assert sourced, f"{path} has no source with a status"


def test_the_walk_can_fail() -> None:
    assert [path for path, _ in numbers({"a": {"b": [1, "x", True]}}, (), "f")] == ["f.a.b[0]"]


@pytest.mark.parametrize("name", NAMES)
def test_flags_tell_what_is_unverified_or_missing(name: str) -> None:
    experiment, raw = Experiment.load(name), read_toml(FILES[name])
    flags = "\n".join(experiment.flags)
    for key, text in experiment.missing.items():
        assert f"{key}: {text}" in flags
    groups = [raw.table("material"), raw.table("response"), *raw.named_tables("modes").values()]
    for group in groups:
        if group.text("status") == "unverified":
            assert f"{group.where}: unverified" in flags
    assert ("missing" in raw) == bool(experiment.missing)


@pytest.mark.parametrize("name", NAMES)
def test_response_is_there_or_asked_for(name: str) -> None:
    for mode in Experiment.load(name).modes.values():
        asked = "missing" in mode.response
        key = f"modes.{mode.name}.response.efficiency"
        if asked:
            with pytest.raises(ScenarioError, match=r"you must supply (modes\.[\w-]+\.)?response.efficiency$"):
                build_response(mode.response)
        else:
            assert build_response(mode.response).efficiency_at(np.array([150.0]))[0] > 0.0
        filled = {key: {"energy": [0.0, 100.0], "value": [0.25, 0.5]}}
        response = Experiment.load(name, given=filled).mode(mode.name).response
        assert build_response(response).efficiency_at(np.array([50.0]))[0] == pytest.approx(0.375)


def test_efficiency_of_sbnd_is_a_logistic_turn_on() -> None:
    response = build_response(Experiment.load("sbnd").mode("neutrino").response)
    energy = np.array([30.0, 40.0, 50.0, 60.0, 75.0, 100.0, 150.0, 200.0])
    np.testing.assert_allclose(response.efficiency_at(energy), 0.9 / (1 + np.exp((50.0 - energy) / 15.0)), atol=6e-5)
    assert response.efficiency_at(np.array([29.9]))[0] == 0.0


def test_modes_may_have_a_response_of_their_own() -> None:
    experiment = Experiment.load("microboone")
    assert build_response(experiment.mode("inclusive").response).efficiency_at(np.array([500.0]))[0] == 0.070
    assert build_response(experiment.mode("inclusive").response).energy_sqrt_GeV == 0.12
    with pytest.raises(ScenarioError, match=r"^not published: you must supply response.efficiency$"):
        build_response(experiment.response)


@pytest.mark.parametrize(("name", "pi_zero", "energy"), [("lampf", 0.14, 800.0), ("isis", 0.0523, 800.0)])
def test_other_stopped_beams(name: str, pi_zero: float, energy: float) -> None:
    with pytest.raises(ScenarioError, match=r"^not shipped: you must supply yields.pi_plus$"):
        load_stopped(name)
    beam = load_stopped(name, pi_plus=0.08)
    assert (beam.pi_plus, beam.pi_zero, beam.kinetic_energy) == (0.08, pi_zero, energy)
    assert any("unverified" in flag for flag in beam.flags)


def test_kind_of_a_beam_is_named() -> None:
    with pytest.raises(UnknownNameError, match=r"unknown beam or dump or stopped 'lujam'. Did you mean 'lujan'"):
        beam_kind("lujam")
