"""No scenario file, value or ``--set`` leads to an error that is not one of darkhorn."""

import copy
import sys
import tomllib
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from darkhorn.chain.scenario import TABLES, Scenario, _build, load_scenario
from darkhorn.cli.schema import scenario_schema
from darkhorn.experiments.build import build_shape
from darkhorn.experiments.loader import Experiment
from darkhorn.experiments.reading import Table

sys.path.insert(0, str(Path(__file__).parent))
from mutations import VALUES, only_own_errors, share, spoilt_text

REPOSITORY = Path(__file__).parent.parent.parent
CHECK = jsonschema.Draft202012Validator(scenario_schema())
WHOLE = """\
name = "whole"
[model]
preset = "SIB1mu"
m_x = 5.0
leptons = ["e", "mu"]
production_parameters = {}
[source]
kind = "table"
file = "mesons.csv"
stage = "decay"
[beam]
name = "bnb"
mode = "neutrino"
current_kA = 174.0
physics = { air = false, protons = "straight" }
[detector]
pot = 1.0e20
shape = { kind = "box", center = [0.0, 0.0, 20.0], size = [1.0, 2.0, 3.0], rotation = { axis = [0, 1, 0], angle = 1 } }
material = { mass_density_g_cm3 = 0.858, formula = { C = 1, H = 2 } }
response = { efficiency = { energy = [0.0, 100.0], value = [0.0, 0.8] }, angular = "constant", angular_degrees = 3.0 }
window = { e_vis_min = 5.0, e_vis_max = 30.0 }
[rings]
options = ["angle", "asymmetry"]
max_angle_degrees = 10.0
[binning]
e_vis = [0.0, 10.0, 20.0]
time = [0.0, 10.0]
[run]
precision = 0.02
seed = 1
replicates = 8
threads = 2
"""
EXPERIMENT = (
    '[experiment]\nname = "miniboone"\nvolume = "fiducial"\nmodes = ["neutrino"]\n[binning]\ne_boson = [0.0, 1.0]\n'
)
DARK = '[model]\npreset = "dark-matter"\nm_chi = 5.0\ndetection = ["electron"]\n[experiment]\nname = "miniboone"\n'
VISIBLE = '[model]\npreset = "visible-decay"\ncharges = "B-L"\nfinal = ["e e"]\n[experiment]\nname = "sbnd"\n'
EXAMPLES = [path.read_text() for path in sorted(REPOSITORY.glob("examples/*.toml"))]
EXAMPLES = [text for text in EXAMPLES if set(tomllib.loads(text)) <= set(TABLES)]
SEEDS = (WHOLE, EXPERIMENT, DARK, VISIBLE, *EXAMPLES)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("scenarios")
    table = "pdgid,t,x,y,z,px,py,pz,weight\n211,0,0,0,0,0,0,0,1\n321,0,0,0,0,0,0,9,1\n"
    for name in ("mesons.csv", "stopped_pion.csv", "pions_at_target.csv"):
        (path / name).write_text(table)
    return path


def use(scenario: Scenario) -> bool:
    """Read on as far as that needs no computing of mesons; return whether nothing is left unread."""
    assert scenario.physics is not None
    for name in scenario.mode_names:
        scenario.beamline(None if scenario.experiment is None else scenario.experiment.mode(name).beam_mode)
    source = scenario.tables.values.get("source", {})
    if scenario.source_kind == "table" and source.get("stage") == "decay":
        return bool(scenario.setups())
    return False


@share(0.25)
@given(text=spoilt_text(SEEDS))
def test_texts(folder: Path, text: str) -> None:
    path = folder / "case.toml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    only_own_errors(lambda: use(load_scenario(str(path))))


@share(0.02)
@given(content=st.binary(max_size=60))
def test_bytes(folder: Path, content: bytes) -> None:
    path = folder / "bytes.toml"
    path.write_bytes(content)
    only_own_errors(lambda: use(load_scenario(str(path))))


def places(values: dict[str, Any], start: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    found = []
    for key, value in values.items():
        found.append((*start, key))
        if isinstance(value, dict):
            found += places(value, (*start, key))
    return found


BASES = [tomllib.loads(text) for text in SEEDS]
PLACES = [(number, place) for number, base in enumerate(BASES) for place in places(base)]


@share(0.25)
@given(where=st.sampled_from(PLACES), value=VALUES, key=st.none() | st.text(max_size=8))
def test_values(folder: Path, where: tuple[int, tuple[str, ...]], value: Any, key: str | None) -> None:
    """Any value at any key; and what the reader takes, the schema takes."""
    number, place = where
    tables = copy.deepcopy(BASES[number])
    inner = tables
    for name in place[:-1]:
        inner = inner[name]
    inner[place[-1] if key is None else key] = value

    whole = only_own_errors(lambda: use(_build(Table(tables, "case.toml"), folder)))
    assert not whole or CHECK.is_valid(tables), list(CHECK.iter_errors(tables))


@share(0.12)
@given(
    key=st.sampled_from([".".join(place) for _, place in PLACES]) | st.text(max_size=12),
    value=st.text(max_size=12) | st.sampled_from(["1", "nan", "[1, 2]", "{ a = 1 }", "'x'", "1e400", "true", '"""']),
)
def test_changes(folder: Path, key: str, value: str) -> None:
    path = folder / "good.toml"
    path.write_text(WHOLE)
    only_own_errors(lambda: use(load_scenario(str(path), overrides=[f"{key}={value}"])))


SHIPPED = sorted((REPOSITORY / "src" / "darkhorn" / "experiments").glob("*.toml"))
OWN = [path.read_text() for path in SHIPPED if 'kind = "experiment"' in path.read_text()]


@share(0.06)
@given(text=spoilt_text(OWN))
def test_experiments(folder: Path, text: str) -> None:
    for path in SHIPPED[0].parent.glob("*.csv"):
        if not (folder / path.name).exists():
            (folder / path.name).write_bytes(path.read_bytes())
    path = folder / "experiment.toml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    only_own_errors(lambda: Experiment.load(path))


@pytest.mark.parametrize("size", [1e308, 3.0, 1e-310])
def test_axes_of_any_length(size: float) -> None:
    text = next(text for text in OWN if "axis" in text)
    values = tomllib.loads(text)
    shape = next(volume["shape"] for volume in values["volumes"].values() if "axis" in volume["shape"])
    built = build_shape({**shape, "axis": [size, 0.0, size]})
    assert built.axis == pytest.approx((0.5**0.5, 0.0, 0.5**0.5), rel=1e-12)  # type: ignore[union-attr]


@share(0.02)
@given(name=st.text(max_size=20))
def test_names_of_experiments(name: str) -> None:
    only_own_errors(lambda: load_scenario(name))
