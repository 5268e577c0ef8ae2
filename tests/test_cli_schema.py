"""The schema of scenario files knows every key that the readers know, and refuses nothing that they take."""

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from command import Command, caller

from darkhorn.chain.scenario import BINNED, RUN_KEYS, TABLES, _build, load_scenario
from darkhorn.chain.source_table import KEYS
from darkhorn.cli.schema import scenario_schema
from darkhorn.core.errors import DarkhornError
from darkhorn.experiments.reading import Table
from darkhorn.models.presets import DARK_PRESETS, PRESETS
from darkhorn.models.productions import PRODUCTIONS

REPOSITORY = Path(__file__).parent.parent
SCHEMA = scenario_schema()
CHECK = jsonschema.Draft202012Validator(SCHEMA)
BASE = """
[model]
preset = "SIB1mu"
[source]
kind = "table"
file = "mesons.csv"
stage = "decay"
[detector]
pot = 1.0
shape = { kind = "sphere", center = [0.0, 0.0, 20.0], radius = 1.0 }
material = { mass_density_g_cm3 = 0.858, formula = { C = 1, H = 2 } }
response = { efficiency = { energy = [0.0, 10.0], value = [0.0, 1.0] } }
window = { e_vis_min = 1.0 }
[beam]
name = "bnb"
physics = { air = false }
[rings]
options = "angle"
[binning]
e_vis = [0.0, 1.0]
[run]
seed = 1
"""


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Command:
    return caller(capsys)


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert json.loads(json.dumps(SCHEMA, allow_nan=False)) == SCHEMA


def test_keys_are_those_of_the_lists() -> None:
    tables = SCHEMA["properties"]
    assert tuple(tables) == TABLES
    assert tuple(tables["binning"]["properties"]) == BINNED
    assert tuple(tables["run"]["properties"]) == RUN_KEYS
    kinds = {
        item["properties"]["kind"]["const"]: set(item["properties"]) - {"kind"} for item in tables["source"]["oneOf"]
    }
    assert kinds == {kind: set(keys) for kind, keys in KEYS.items()}
    names = tables["model"]["properties"]["preset"]["enum"]
    assert set(names) == {*PRESETS, *DARK_PRESETS, *PRODUCTIONS}


def part(place: tuple[str, ...]) -> dict[str, Any]:
    piece = SCHEMA["properties"][place[0]]
    for key in place[1:]:
        piece = piece["properties"][key]
    return dict(piece)


def refusal(tmp_path: Path, tables: dict[str, Any], place: tuple[str, ...]) -> str:
    """The reader's message about a key that nothing has."""
    inner = tables
    for key in place:
        inner = inner[key]
    inner["no_such_key"] = 1
    (tmp_path / "mesons.csv").write_text("pdgid,t,x,y,z,px,py,pz,weight\n211,0,0,0,0,0,0,0,1\n")
    with pytest.raises(DarkhornError) as caught:
        read_everything(tables, tmp_path)
    return str(caught.value)


def read_everything(tables: dict[str, Any], folder: Path) -> None:
    scenario = _build(Table(tables, "case.toml"), folder)
    scenario.beamline()
    assert scenario.physics is not None
    scenario.setups()


@pytest.mark.parametrize(
    "place",
    [
        ("detector",),
        ("detector", "material"),
        ("detector", "response"),
        ("detector", "response", "efficiency"),
        ("detector", "window"),
        ("beam",),
        ("beam", "physics"),
        ("rings",),
        ("binning",),
        ("run",),
    ],
    ids=".".join,
)
def test_keys_are_those_that_the_reader_allows(tmp_path: Path, place: tuple[str, ...]) -> None:
    tables = tomllib.loads(BASE)
    assert CHECK.is_valid(tables)
    message = refusal(tmp_path, tables, place)
    assert not CHECK.is_valid(tables)
    allowed = re.search(r"Allowed: (.*)\.$", message)
    assert allowed, message
    assert set(allowed[1].split(", ")) == set(part(place)["properties"])


@pytest.mark.parametrize("kind", ["sphere", "box", "cylinder"])
def test_keys_of_shapes(tmp_path: Path, kind: str) -> None:
    shapes = {item["properties"]["kind"]["const"]: item for item in part(("detector", "shape"))["oneOf"]}
    tables = tomllib.loads(BASE)
    tables["detector"]["shape"] = {"kind": kind}
    message = refusal(tmp_path, tables, ("detector", "shape"))
    assert set(re.findall(r"Allowed: (.*)\.$", message)[0].split(", ")) == set(shapes[kind]["properties"])


@pytest.mark.parametrize("name", [*PRESETS, *DARK_PRESETS, *PRODUCTIONS])
def test_every_preset_with_all_its_values(name: str) -> None:
    """The values that a preset holds pass, a key of nothing and a wrong type do not, as the reader has it."""
    from dataclasses import fields

    from darkhorn.models.presets import preset

    start = preset(name)
    values: dict[str, Any] = {}
    for item in fields(start):
        value = getattr(start, item.name)
        if value is None:
            continue
        values[item.name] = (
            list(value) if isinstance(value, tuple) else dict(value) if item.name.endswith("parameters") else value
        )
    tables = {"model": {"preset": name, **values}, "experiment": {"name": "miniboone"}}
    assert CHECK.is_valid(tables), list(CHECK.iter_errors(tables))
    for key, wrong in (("no_such_key", 1), ("leptons", 3), ("m_x" if "m_x" in values else "m_chi", "heavy")):
        spoiled = {**tables, "model": {**tables["model"], key: wrong}}
        assert not CHECK.is_valid(spoiled)


def test_examples_pass() -> None:
    others = ("confront", "pictures_ccm", "pictures_regions", "pictures_sbnd")  # points, not scenarios
    files = sorted(path for path in (REPOSITORY / "examples").glob("*.toml") if not path.name.startswith(others))
    assert len(files) >= 5
    for path in files:
        errors = list(CHECK.iter_errors(tomllib.loads(path.read_text())))
        assert not errors, (path.name, errors)
        assert load_scenario(str(path)).name


WRONG = {
    "mass below 0": ("model", {"m_x": -1}),
    "preset": ("model", {"preset": "SIB1m"}),
    "key of another kind of model": ("model", {"eps1": 1e-3}),
    "two kinds of tables": ("experiment", {"name": "miniboone"}),
    "key of another source": ("source", {"pi_minus": "harp"}),
    "stage": ("source", {"stage": "decays"}),
    "exposure": ("detector", {"pot": 0}),
    "precision": ("run", {"precision": 2}),
    "seed that is no whole number": ("run", {"seed": 1.5}),
    "current": ("beam", {"current_kA": 2000}),
    "ring option": ("rings", {"options": ["angel"]}),
    "bins of nothing": ("binning", {"e_visible": [0, 1]}),
}


@pytest.mark.parametrize(("table", "change"), WRONG.values(), ids=WRONG)
def test_wrong_values_are_refused(table: str, change: dict[str, Any]) -> None:
    tables = tomllib.loads(BASE)
    tables[table] = {**tables.get(table, {}), **change}
    assert not CHECK.is_valid(tables)


def test_the_verb(cli: Command, tmp_path: Path) -> None:
    assert cli("schema").json == SCHEMA
    assert cli("schema", "--json").json == SCHEMA
    path = tmp_path / "scenario.schema.json"
    answer = cli("schema", "--out", path)
    assert answer.code == 0
    assert answer.out == ""
    assert json.loads(path.read_text()) == SCHEMA
    assert cli("schema", "--out", tmp_path / "none" / "x.json").code == 2
