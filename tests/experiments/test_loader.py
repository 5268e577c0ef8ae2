"""The loader: what it builds, and that every mistake in a file is named with its key."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from darkhorn.core.errors import DarkhornError, InputFileError, RangeError, ScenarioError, UnknownNameError
from darkhorn.experiments.build import build_composition, build_response, build_shape
from darkhorn.experiments.loader import Distribution, Experiment, Window

Spoil = Callable[[str, str, str], Path]


def test_shipped_and_copied_files_are_the_same(copy: Path) -> None:
    shipped, copied = Experiment.load("miniboone"), Experiment.load(copy / "miniboone.toml")
    assert (shipped.shape, shipped.composition, shipped.response) == (copied.shape, copied.composition, copied.response)
    assert Experiment.load(str(copy / "miniboone.toml")).name == "miniboone"
    assert shipped.beam == "bnb"
    assert list(shipped.modes) == ["neutrino", "antineutrino"]


def test_sphere_holds_818_tonnes() -> None:
    experiment = Experiment.load("miniboone")
    shape = build_shape(experiment.shape)
    material = build_composition(experiment.composition)
    assert shape.volume == pytest.approx(953.584, abs=1e-3)
    assert shape.volume * material.mass_density_g_cm3 == pytest.approx(818.0, abs=0.01)
    hydrogen = {target.name: target.density for target in material.targets}
    assert hydrogen["H"] == pytest.approx(2 * hydrogen["C"])
    assert hydrogen["C"] == pytest.approx(3.683e28, rel=1e-3)


def test_fiducial_volume_divides_the_efficiency_once() -> None:
    whole, inner = (Experiment.load("miniboone", volume) for volume in ("whole volume", "fiducial"))
    assert (whole.shape["radius"], inner.shape["radius"]) == (6.106, 5.0)
    energy = np.array([10.0, 49.9, 50.0, 100.0, 150.0, 300.0, 1999.0])
    of_whole = build_response(whole.response).efficiency_at(energy)
    np.testing.assert_allclose(build_response(inner.response).efficiency_at(energy), of_whole / 0.55, rtol=1e-12)
    np.testing.assert_allclose(of_whole[[0, 2, 3, 4, 5]], [0.0, 0.0, 0.0445, 0.089, 0.137], atol=1e-12)
    volumes = [build_shape(e.shape).volume for e in (whole, inner)]
    assert volumes[1] / volumes[0] == pytest.approx(0.55, rel=2e-3), "so both choices expect the same events"


def test_response_is_the_convention_of_the_recasts() -> None:
    response = build_response(Experiment.load("miniboone").response)
    assert response.sigma_energy(250.0) == pytest.approx(120.0 * 0.5 + 10.0)
    assert np.degrees(response.sigma_angle(500.0)) == pytest.approx(2.7 + np.log(2.0))


def test_windows() -> None:
    modes = Experiment.load("miniboone").modes
    assert modes["neutrino"].window == Window(140.0, np.inf, 200.0, 1250.0)
    assert modes["antineutrino"].window == Window(e_vis_min=140.0, antineutrino=True)
    e_vis, e_qe = np.array([139.0, 141.0, 300.0, 300.0, 2000.0]), np.array([300.0, 300.0, 199.0, 1249.0, 1251.0])
    np.testing.assert_array_equal(modes["neutrino"].window.accepts(e_vis, e_qe), [0, 1, 0, 1, 0])
    np.testing.assert_array_equal(modes["antineutrino"].window.accepts(e_vis, e_qe), [0, 1, 1, 1, 1])


def test_rows_not_used_are_left_out(spoil: Spoil) -> None:
    path = spoil("miniboone_nu_e_vis.csv", "1100,1150,14,15,19.1,1.5,F,1", "1100,1150,14,15,19.1,1.5,F,0")
    spectrum = Experiment.load(path.parent / "miniboone.toml").mode("neutrino").distribution("e_vis")
    assert (len(spectrum.data), spectrum.edges[-1]) == (19, 1100.0)


def test_background_choice_picks_the_column(spoil: Spoil) -> None:
    path = spoil("miniboone.toml", 'background = "constrained"', 'background = "unconstrained"')
    spectrum = Experiment.load(path).mode("neutrino").distribution("cos_theta")
    assert spectrum.background.sum() == pytest.approx(2324.3, abs=0.1)


FAULTS = [
    ("miniboone.toml", 'beam = "bnb"', 'beem = "bnb"', ScenarioError, r"beem: unknown key. Did you mean 'beam'\?"),
    ("miniboone.toml", "pot = 18.75e20", "pto = 18.75e20", ScenarioError, r"neutrino.pto: unknown.*mean 'pot'\?"),
    ("miniboone.toml", "pot = 18.75e20", "", ScenarioError, "modes.neutrino.pot: missing; expected a number in POT"),
    ("miniboone.toml", "pot = 18.75e20", 'pot = "many"', ScenarioError, "pot = 'many': expected a number in POT"),
    ("miniboone.toml", "pot = 18.75e20", "pot = true", ScenarioError, "pot = True: expected a number"),
    (
        "miniboone.toml",
        "pot = 18.75e20",
        f"pot = 1{'0' * 400}",
        ScenarioError,
        r"pot = 1000.*\.\.\.: expected a number",
    ),
    ("miniboone.toml", "pot = 18.75e20", "pot = -1.0", RangeError, r"neutrino.pot = -1 POT .* \(0, inf\) POT"),
    ("miniboone.toml", "pot = 18.75e20", "pot = nan", RangeError, "neutrino.pot = nan POT is outside"),
    ("miniboone.toml", "e_qe_min = 200.0", "e_qe_min = 2000.0", RangeError, "e_qe_max: 1250 MeV follows 2000 MeV"),
    ("miniboone.toml", "e_qe_min = 200.0", "e_qe_low = 200.0", ScenarioError, "window.e_qe_low: unknown key"),
    ("miniboone.toml", 'name = "e_vis"', 'name = "e_viz"', ScenarioError, r"distributions\[0\].name.*mean 'e_vis'"),
    ("miniboone.toml", '= "constrained"', '= "fitted"', ScenarioError, "expected one of constrained, unconstrained"),
    ("miniboone.toml", "radius = 6.106", "radius = -6.106", RangeError, "radius = -6.106 m is outside"),
    (
        "miniboone.toml",
        "radius = 6.106",
        "radios = 6.106",
        ScenarioError,
        r"whole volume.shape.radios: unknown key. Did you mean 'radius'",
    ),
    ("miniboone.toml", "541.34]", "541.34, 1.0]", ScenarioError, "center = .*: expected a list of 3 numbers in m"),
    ("miniboone.toml", '"sphere"', '"sfere"', ScenarioError, r"one of sphere, box, cylinder. Did you mean 'sphere'\?"),
    ("miniboone.toml", "C = 1, H", "Cc = 1, H", ScenarioError, "material.formula: unknown element 'Cc'"),
    (
        "miniboone.toml",
        "mass_density_g_cm3",
        "density",
        ScenarioError,
        r"material.density: unknown.*mass_density_g_cm3",
    ),
    ("miniboone.toml", "angular_degrees = 2.7", "angle = 2.7", ScenarioError, r"response.angle: unknown.*'angular'"),
    (
        "miniboone.toml",
        '"whole volume"\n',
        '"whole"\n',
        ScenarioError,
        r"default_volume = 'whole'.*mean 'whole volume'",
    ),
    ("miniboone.toml", 'status = "read"', 'status = "red"', ScenarioError, r"status = 'red': .*mean 'read'\?"),
    ("miniboone.toml", "[response]", "[response", InputFileError, "not valid TOML: .* line"),
    ("miniboone.toml", "_nu_e_vis.csv", "_nu_e_viz.csv", InputFileError, "cannot read .*viz.csv: No such file"),
    ("miniboone_nu_e_vis.csv", "data,", "date,", InputFileError, r"'data' is missing. Did you mean 'date'\?"),
    ("miniboone_nu_e_vis.csv", "200,250,469,", "200,250,nan,", InputFileError, "row 3: data = nan is not a finite"),
    ("miniboone_nu_e_vis.csv", "200,250,469,", "200,250,46g,", InputFileError, "row 3: data = '46g' is not a number"),
    ("miniboone_nu_e_vis.csv", "200,250,469,", "200,250,-469,", RangeError, "e_vis: data = -469 events is outside"),
    ("miniboone_nu_e_vis.csv", "200,250,469,", "200,260,469,", RangeError, "edges: 250 follows 260; allowed: no gaps"),
    ("miniboone_nu_e_vis.csv", "150,200,284,", "250,200,284,", RangeError, "edges: 200 MeV follows 250 MeV"),
    ("miniboone_efficiency.csv", "150,0.089", "150,1.089", RangeError, r"value = 1.089 .* \[0, 1\]"),
    ("miniboone_efficiency.csv", "250,0.135", "150,0.135", RangeError, "energy: 150 MeV follows 150 MeV"),
]


@pytest.mark.parametrize(
    ("name", "old", "new", "error", "message"), FAULTS, ids=[f"{f[0]}: {f[2][:40]}" for f in FAULTS]
)
def test_mistakes_are_named(
    spoil: Spoil, name: str, old: str, new: str, error: type[DarkhornError], message: str
) -> None:
    folder = spoil(name, old, new).parent
    with pytest.raises(error, match=message) as caught:
        Experiment.load(folder / "miniboone.toml")
    assert len(str(caught.value)) < 600, "an error fits on one screen"


def test_unknown_names() -> None:
    with pytest.raises(UnknownNameError, match=r"unknown experiment 'minibone'\. Did you mean 'miniboone'\?"):
        Experiment.load("minibone")
    with pytest.raises(UnknownNameError, match=r"unknown experiment 'bnb'"):
        Experiment.load("bnb")
    with pytest.raises(InputFileError, match=r"cannot read mine\.toml"):
        Experiment.load("mine.toml")
    experiment = Experiment.load("miniboone")
    with pytest.raises(UnknownNameError, match=r"unknown mode of miniboone 'nu'.*antineutrino, neutrino"):
        experiment.mode("nu")
    with pytest.raises(UnknownNameError, match=r"Did you mean 'e_vis'"):
        experiment.mode("neutrino").distribution("evis")
    with pytest.raises(ScenarioError, match=r"volume = 'fiducal'.*Did you mean 'fiducial'"):
        Experiment.load("miniboone", "fiducal")


def test_distribution_checks_its_arrays() -> None:
    ones = np.ones(2)
    with pytest.raises(RangeError, match=r"2 edges do not fit 2 bins"):
        Distribution("e_vis", np.arange(2.0), ones, ones, ones, 0.0, "constrained", "D", "test")
    good = Distribution("e_vis", np.arange(3.0), ones, 2 * ones, 3 * ones, 2.0, "constrained", "D", "test")
    np.testing.assert_allclose(good.background_error, [5.0, 5.0])
    np.testing.assert_allclose(good.excess, [-1.0, -1.0])
    assert good.unit == "MeV"


def test_every_number_group_has_a_source() -> None:
    experiment = Experiment.load("miniboone")
    assert len(experiment.sources) == 5
    assert all(experiment.sources.values())
    assert any("material: computed" in flag for flag in experiment.flags)
