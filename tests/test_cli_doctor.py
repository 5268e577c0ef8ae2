"""``darkhorn doctor`` names the extras of the package, what they give, and what is missing of them."""

import re
import tomllib
from importlib import util
from pathlib import Path

import pytest
from command import Command, caller

from darkhorn.cli.doctor import EXTRAS, REQUIRED

PROJECT = tomllib.loads((Path(__file__).parent.parent / "pyproject.toml").read_text())["project"]
FOR_DEVELOPERS = {"test", "docs", "dev", "all"}


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Command:
    return caller(capsys)


def names(requirements: list[str]) -> set[str]:
    return {re.split(r"[\[<>=!~ ;]", text, maxsplit=1)[0] for text in requirements}


def test_the_lists_are_those_of_the_package() -> None:
    assert set(REQUIRED) == names(PROJECT["dependencies"])
    extras = PROJECT["optional-dependencies"]
    assert set(EXTRAS) == set(extras) - FOR_DEVELOPERS
    for name, extra in EXTRAS.items():
        assert set(extra.modules.values()) == names(extras[name])


def test_lower_bounds_and_no_caps() -> None:
    groups = [PROJECT["dependencies"], *PROJECT["optional-dependencies"].values()]
    for text in (item for group in groups for item in group if not item.startswith("darkhorn[")):
        assert re.fullmatch(r"[A-Za-z0-9_.-]+>=[0-9.]+", text), text


@pytest.mark.parametrize("extra", EXTRAS)
def test_an_extra_that_is_missing(cli: Command, monkeypatch: pytest.MonkeyPatch, extra: str) -> None:
    gone = next(iter(EXTRAS[extra].modules))
    real = util.find_spec
    monkeypatch.setattr(util, "find_spec", lambda name, *more: None if name == gone else real(name, *more))
    report = cli("doctor", "--json").json
    assert report["extras"][gone] is None
    assert report["missing"][extra] == {"gives": EXTRAS[extra].gives, "install": f"pip install 'darkhorn[{extra}]'"}
    assert report["healthy"] is True
    table = cli("doctor").out
    assert f"incomplete: pip install 'darkhorn[{extra}]'" in " ".join(table.split())


def test_a_package_that_cannot_be_looked_up(cli: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(name: str, *more: object) -> None:
        raise ImportError(name)

    monkeypatch.setattr(util, "find_spec", refuse)
    report = cli("doctor", "--json").json
    assert set(report["missing"]) == set(EXTRAS)
    assert not any(report["extras"].values())
