"""Limits on rare decays: published numbers, curves of the data directory, interpolation, and what they do not bound."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from darkhorn.core.errors import InputFileError, RangeError, ScenarioError, UnknownNameError
from darkhorn.experiments.rare_decays import Constraint, constraints_for, load_constraints, parse_decay
from darkhorn.experiments.reading import package_files, read_toml

THREE_BODY = ("pi+ -> e nu X", "pi+ -> mu nu X", "K+ -> e nu X", "K+ -> mu nu X")
CURVES = {
    "pienu-e-n": ("hnl_pienu_pie_2017.csv", 208, 62.0342, 135.254),
    "pienu-mu-n-low": ("hnl_pienu_pimu_2019_lowmass.csv", 43, 15.6652, 28.9958),
    "pienu-mu-n-high": ("hnl_pienu_pimu_2019_highmass.csv", 26, 28.1806, 33.8093),
    "na62-pi-e-n": ("hnl_na62_pie_2025.csv", 59, 95.010124, 125.90975),
    "na62-e-n": ("hnl_na62_ke_2020.csv", 264, 144.0, 462.0),
    "na62-mu-n": ("hnl_na62_kmu_2021.csv", 186, 200.64328, 382.39766),
    "e949-mu-n": ("hnl_e949_kmu.csv", 75, 178.04321, 299.05884),
}


@pytest.fixture(autouse=True)
def no_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty data directory, unless a test sets another."""
    monkeypatch.setenv("DARKHORN_DATA", str(tmp_path))


@pytest.mark.parametrize(
    ("name", "decay", "quantity", "value", "cl", "status"),
    [
        ("pienu-mu-nu-nu-nubar", "pi+ -> mu nu nu nubar", "ratio", 8.6e-6, 0.90, "read"),
        ("pienu-e-nu-nu-nubar", "pi+ -> e nu nu nubar", "ratio", 1.6e-7, 0.90, "read"),
        ("na62-mu-nu-nu-nubar", "K+ -> mu nu nu nubar", "branching", 1.0e-6, 0.90, "read"),
        ("e949-mu-nu-nu-nubar", "K+ -> mu nu nu nubar", "branching", 2.4e-6, 0.90, "read"),
        ("letter-k-mu-nu-x", "K+ -> mu nu X", "branching", 3.0e-6, None, "unverified"),
        ("letter-k-e-nu-nu-nu", "K+ -> e nu nu nubar", "branching", 6.0e-5, None, "unverified"),
        ("letter-pi-e-nu-x", "pi+ -> e nu X", "branching", 5.0e-7, None, "unverified"),
    ],
)
def test_published_numbers(name: str, decay: str, quantity: str, value: float, cl: float | None, status: str) -> None:
    item = load_constraints()[name]
    found = item.limit(17.0, decay)
    assert (float(found.value), found.cl, found.status, item.quantity) == (value, cl, status, quantity)
    factor = 0.999877 if quantity == "ratio" else 1.0
    assert float(item.branching(17.0).value) == pytest.approx(value * factor, rel=1e-12)
    assert item.limit(np.array([[1.0, 2.0]])).value.shape == (1, 2)


@pytest.mark.parametrize(
    ("name", "span", "rough"),
    [
        ("pienu-e-nu-x", (0.0, 120.0), (1e-8, 1e-7)),
        ("pienu-mu-nu-x", (0.0, 33.9), (1e-6, 1e-5)),
        ("na62-mu-nu-x", (10.0, 370.0), (1e-7, 1e-5)),
        ("sindrum-e-nu-ee", (1.1, 139.0), (1e-10, 1e-8)),
    ],
)
def test_curves_that_are_not_shipped(name: str, span: tuple[float, float], rough: tuple[float, float]) -> None:
    item = load_constraints()[name]
    assert item.mass_range == span
    assert not item.available
    with pytest.raises(ScenarioError, match=f"^not shipped: you must supply limits.{name}.curve") as caught:
        item.limit(15.0)
    assert any(str(caught.value) in flag for flag in item.flags)
    loose = load_constraints(rough=True)[name]
    found = loose.limit(15.0)
    assert (float(found.value), found.status) == (rough[1], "unverified"), "the weakest of an order of magnitude"
    assert any("rough" in flag for flag in loose.flags)
    with pytest.raises(RangeError, match=rf"{name}: mass = 400 MeV is outside the allowed range \[{span[0]:g}"):
        loose.limit(400.0)


def test_limits_without_a_mass_are_good_for_any() -> None:
    assert load_constraints()["na62-mu-nu-nu-nubar"].covers(1.0e4)
    item = load_constraints()["pienu-e-nu-x"]
    assert [item.covers(mass) for mass in (0.0, 120.0, 120.1)] == [True, True, False]


def test_peak_searches_do_not_bound_three_body_decays(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DARKHORN_DATA", str(data_dir))
    constraints = load_constraints()
    for name in CURVES:
        item = constraints[name]
        assert item.decay.two_body
        for decay in (*THREE_BODY, "pi+ -> e nu nu nubar"):
            assert not item.applies_to(decay)
            with pytest.raises(ScenarioError, match=r"it bounds two-body decays only, not (pi|K)\+ ->"):
                item.limit(sum(item.mass_range) / 2.0, decay)
        with pytest.raises(ScenarioError, match=r"limits the mixing .* not a branching ratio"):
            item.branching(sum(item.mass_range) / 2.0)
    for decay in THREE_BODY:
        assert not any(item.decay.two_body for item in constraints_for(decay, constraints))
    with pytest.raises(ScenarioError, match="it holds for that decay only"):
        constraints["na62-mu-nu-nu-nubar"].limit(10.0, "K+ -> mu nu X")


@pytest.mark.parametrize("name", CURVES)
def test_curves_of_the_data_directory(data_dir: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("DARKHORN_DATA", str(data_dir))
    file, rows, low, high = CURVES[name]
    item = load_constraints()[name]
    lines = [line for line in (data_dir / file).read_text().splitlines() if not line.startswith("#")]
    table = np.array([[float(cell) for cell in line.split(",")] for line in lines[1:]])
    if "GeV" in lines[0]:
        table[:, 0] *= 1e3
    assert len(table) == rows
    assert item.mass_range == pytest.approx((low, high))
    values = item.limit(table[:, 0]).value
    assert np.all(values >= table[:, 1] * (1 - 1e-12)), "of two limits at one mass the weaker counts"
    single = [np.count_nonzero(table[:, 0] == mass) == 1 for mass in table[:, 0]]
    np.testing.assert_allclose(values[single], table[single, 1], rtol=1e-12)
    with pytest.raises(RangeError, match=f"{name}: mass"):
        item.limit(high + 0.1)


def test_published_minimum_of_e949(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DARKHORN_DATA", str(data_dir))
    curve = load_constraints()["e949-mu-n"].curve
    assert curve is not None
    assert curve[1].min() == pytest.approx(1.19e-9, abs=0.01e-9)


def test_absent_file_says_what_to_get() -> None:
    item = load_constraints()["na62-mu-n"]
    assert not item.available
    with pytest.raises(ScenarioError, match=r"'hnl_na62_kmu_2021.csv' is not in .*arXiv:2101.12304.*DARKHORN_DATA"):
        item.limit(300.0)


def test_malformed_curve(tmp_path: Path) -> None:
    (tmp_path / "hnl_e949_kmu.csv").write_text("m_N_MeV,Umu4_sq_90cl\n180,1e-9\n190,nan\n")
    with pytest.raises(InputFileError, match="row 2: Umu4_sq_90cl = nan"):
        load_constraints()
    (tmp_path / "hnl_e949_kmu.csv").write_text("m_N_MeV,Umu4_sq_90cl\n180,1e-9\n190,0\n")
    with pytest.raises(RangeError, match=r"hnl_e949_kmu.csv: limit = 0 is outside"):
        load_constraints()


MASSES = st.lists(st.floats(1.0, 119.0), min_size=2, max_size=8, unique=True).map(sorted)


@settings(deadline=None, max_examples=100, derandomize=True)
@given(masses=MASSES, data=st.data())
def test_interpolation(masses: list[float], data: st.DataObject) -> None:
    limits = data.draw(st.lists(st.floats(1e-12, 1e-3), min_size=len(masses), max_size=len(masses)))
    item = bare().with_curve(masses, limits, "test")
    np.testing.assert_allclose(item.limit(masses).value, limits, rtol=1e-9)
    place = data.draw(st.integers(0, len(masses) - 2))
    share = data.draw(st.floats(0.0, 1.0))
    mass = min(max(masses[place] + share * (masses[place + 1] - masses[place]), masses[0]), masses[-1])
    value = float(item.limit(mass).value)
    low, high = sorted(limits[place : place + 2])
    assert low * (1 - 1e-9) <= value <= high * (1 + 1e-9), "between its neighbours"
    at = (mass - masses[place]) / (masses[place + 1] - masses[place])
    assert value == pytest.approx(limits[place] ** (1 - at) * limits[place + 1] ** at, rel=1e-6, abs=0)
    for outside in (masses[0] - 0.5, masses[-1] + 0.5, float("nan")):
        with pytest.raises(RangeError, match="pienu-e-nu-x: mass"):
            item.limit(outside)


def bare() -> Constraint:
    """A constraint that waits for its curve."""
    return load_constraints()["pienu-e-nu-x"]


def test_curves_of_the_user() -> None:
    found = load_constraints(curves={"pienu-e-nu-x": (np.array([0.0, 100.0]), np.array([1e-6, 1e-8]))})
    item = found["pienu-e-nu-x"]
    assert float(item.limit(50.0, "pi- -> e nu X").value) == pytest.approx(1e-7, rel=1e-6, abs=0)
    assert any("supplied by the user" in flag for flag in item.flags)
    with pytest.raises(UnknownNameError, match="Did you mean 'pienu-e-nu-x'"):
        load_constraints(curves={"pienu-e-nux": (np.array([0.0, 1.0]), np.ones(2))})
    with pytest.raises(RangeError, match="follows"):
        bare().with_curve([1.0, 1.0], [1e-6, 1e-6], "test")
    with pytest.raises(RangeError, match="at least 2"):
        bare().with_curve([1.0], [1e-6], "test")


def test_decays_by_name() -> None:
    assert parse_decay("pi- -> e X nu") == parse_decay("pi+ -> e nu X")
    assert str(parse_decay("K+ -> mu nubar nu nu")) == "K+ -> mu nu nu nubar"
    assert parse_decay("pi+ -> mu nu X").threshold == pytest.approx(33.912, abs=1e-3)
    for wrong in ("pi0 -> e nu X", "pi+ e nu X", "pi+ -> tau nu X", "pi+ -> e nu", "pi+ ->", "pi+ -> e nu X X"):
        with pytest.raises(ScenarioError, match=r"expected pi\+ or K\+ -> e or mu"):
            parse_decay(wrong)


def test_every_limit_is_a_number_a_curve_or_asked_for() -> None:
    table = read_toml(package_files(".toml")["rare_decays"])
    for name, group in table.named_tables("limits").items():
        given_as = [key for key in ("value", "curve") if key in group]
        asked = f"limits.{name}.curve" in table.table("missing")
        assert len(given_as) + asked == 1, name
        assert ("rough" in group) == asked, name
