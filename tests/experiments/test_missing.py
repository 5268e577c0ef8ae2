"""What is not published: the message of the file, word for word, and what a user supplies instead."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from darkhorn.core.errors import RangeError, ScenarioError
from darkhorn.experiments.build import build_response, build_shape
from darkhorn.experiments.loader import Experiment
from darkhorn.experiments.missing import below, read_missing, require, supply
from darkhorn.experiments.reading import Table, package_files, read_toml

Spoil = Callable[[str, str, str], Path]
CURVE = {"energy": [1.0, 100.0], "value": [0.5, 0.5]}


def test_asking_says_exactly_what_the_file_says() -> None:
    experiment = Experiment.load("sbnd")
    for key, text in experiment.missing.items():
        with pytest.raises(ScenarioError) as caught:
            experiment.require("volumes", key)
        assert str(caught.value) == text == f"not published: you must supply {key}"
    experiment.require("modes.neutrino.pot")
    mode = experiment.mode("neutrino")
    with pytest.raises(ScenarioError, match=r"^not published: you must supply modes.neutrino.counts$"):
        mode.counting("events")
    with pytest.raises(ScenarioError, match=r"^not published: you must supply modes.neutrino.distributions$"):
        mode.distribution("e_vis")
    assert (mode.excess, mode.excess_error, mode.distributions, mode.counts) == (None, None, (), ())


@pytest.mark.parametrize("name", [n for n, p in package_files(".toml").items() if "missing" in read_toml(p)])
def test_texts_of_shipped_files(name: str) -> None:
    table = read_toml(package_files(".toml")[name])
    for key, text in read_missing(table).items():
        group = table
        *parents, last = key.split(".")
        for parent in parents:
            if parent not in group:
                break
            group = group.table(parent)
        else:
            assert last not in group, f"{key} is there and missing"
        assert text.split(": ")[0] in ("not published", "not shipped")


def test_user_supplies_by_dotted_key_or_by_tables() -> None:
    dotted = Experiment.load("ccm120", given={"response.efficiency": CURVE})
    nested = Experiment.load("ccm120", given={"response": {"efficiency": CURVE}})
    for experiment in (dotted, nested):
        assert "response.efficiency" not in experiment.missing
        assert build_response(experiment.mode("coherent").response).efficiency_at(np.array([2.0]))[0] == 0.5
        assert any("supplied by the user" in flag for flag in experiment.flags)
        experiment.require("response.efficiency")


def test_user_changes_distance_and_exposure() -> None:
    given = {"volumes.active.shape.center": [0.0, 0.0, 23.0], "modes.coherent.pot": 1.0e22}
    experiment = Experiment.load("ccm120", given=given)
    assert build_shape(experiment.shape).bounding_sphere()[0] == (0.0, 0.0, 23.0)
    assert experiment.mode("coherent").pot == 1.0e22
    assert Experiment.load("ccm120").mode("coherent").pot == 1.79e21, "the file itself is as it was"


def test_user_supplies_counts() -> None:
    counts = {"photons": {"observed": 12, "expected": 10.0, "expected_error": 2.0, "source": "mine", "status": "read"}}
    mode = Experiment.load("sbnd", given={"modes.neutrino.counts": counts}).mode("neutrino")
    assert mode.counting("photons").numbers() == (12.0, 10.0, 2.0)


def test_supplied_values_are_checked_as_those_of_the_file() -> None:
    with pytest.raises(ScenarioError, match=r"response.efficency: unknown key. Did you mean 'efficiency'"):
        Experiment.load("ccm120", given={"response.efficency": CURVE})
    with pytest.raises(ScenarioError, match=r"ccm120.toml: respons: unknown key"):
        Experiment.load("ccm120", given={"respons.efficiency": CURVE})
    with pytest.raises(RangeError, match=r"value = 1.5 is outside"):
        Experiment.load("ccm120", given={"response.efficiency": {"energy": [1.0, 2.0], "value": [0.5, 1.5]}})
    with pytest.raises(ScenarioError, match=r"name.long: cannot be supplied, because name is not a table"):
        Experiment.load("ccm120", given={"name.long": "x"})
    with pytest.raises(ScenarioError, match=r"files = 'x': expected a list of file names"):
        Experiment.load("ccm120", given={"modes.coherent.files": "x"})


def test_message_has_to_name_its_key(spoil: Spoil) -> None:
    path = spoil("sbnd.toml", '"not published: you must supply modes.neutrino.counts"', '"ask them"')
    with pytest.raises(ScenarioError, match=r"modes.neutrino.counts = 'ask them': expected 'not published: you must"):
        Experiment.load(path)
    path = spoil("icarus.toml", '"response.efficiency" =', '"response.eficiency" =')
    with pytest.raises(ScenarioError, match=r"missing.response.eficiency = 'not published"):
        Experiment.load(path)


KEY = st.lists(st.sampled_from("abc"), min_size=1, max_size=3).map(".".join)


@settings(deadline=None, max_examples=80, derandomize=True)
@given(missing=st.sets(KEY, max_size=4), key=KEY, value=st.integers())
def test_what_is_supplied_is_no_longer_missing(missing: set[str], key: str, value: int) -> None:
    texts = {name: f"not published: you must supply {name}" for name in missing}
    table, left = supply(Table({"missing": texts}, "x.toml"), {key: value})
    inner = table.values
    for part in key.split("."):
        inner = inner[part]
    assert inner == value
    assert "missing" not in table
    assert set(left) <= missing
    assert key not in left
    for name in missing - set(left):
        assert name.startswith(key) or key.startswith(name)
    for name in left:
        with pytest.raises(ScenarioError, match=f"you must supply {name}"):
            require(left, name)


def test_entries_below_a_prefix() -> None:
    assert below({"a.b": "1", "a.c.d": "2", "ab.c": "3"}, "a") == {"b": "1", "c.d": "2"}
