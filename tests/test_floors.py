"""Imports point down only: every module is parsed and its darkhorn imports are compared with the floors."""

import ast
import re
from pathlib import Path

import pytest

import darkhorn

ROOT = Path(darkhorn.__file__).parent
FLOORS = (
    {"core"},
    {"io", "physics"},
    {"beam", "models", "detector"},
    {"experiments"},
    {"chain"},
    {"inference"},
    {"report", "bench"},
    {"cli"},
    {"testing"},
)
LEVEL = {room: level for level, rooms in enumerate(FLOORS) for room in rooms}
OUTSIDE = {"__init__.py", "__main__.py"}
MODULES = sorted(path for path in ROOT.rglob("*.py") if path.relative_to(ROOT).parts[0] not in OUTSIDE)


def room_of(path: Path) -> str:
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def imported_rooms(source: str) -> set[str]:
    rooms = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports hide the room they come from"
            module = str(node.module)
            names = [f"{module}.{alias.name}" if module == "darkhorn" else module for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        rooms |= {name.split(".")[1] for name in names if name.startswith("darkhorn.") and "__version__" not in name}
    return rooms


def violations(room: str, rooms: set[str]) -> set[str]:
    """Rooms on a higher floor, or other rooms on the same floor."""
    return {other for other in rooms if other != room and LEVEL[other] >= LEVEL[room]}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_down(path: Path) -> None:
    assert room_of(path) in LEVEL, "a room without a floor"
    assert not violations(room_of(path), imported_rooms(path.read_text()))


def test_the_check_can_fail() -> None:
    assert violations("physics", imported_rooms("from darkhorn.chain.aim import aim")) == {"chain"}
    assert violations("physics", imported_rooms("from darkhorn import cli")) == {"cli"}
    assert violations("beam", imported_rooms("import darkhorn.models.base")) == {"models"}
    assert not violations("chain", imported_rooms("from darkhorn.core.rays import Rays"))


@pytest.mark.parametrize("path", [p for p in MODULES if room_of(p) == "physics"], ids=lambda path: path.name)
def test_physics_is_pure(path: Path) -> None:
    source = path.read_text()
    imports = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Import)]
    modules = {alias.name for node in imports for alias in node.names}
    assert not modules & {"os", "random", "json", "csv", "pathlib", "matplotlib"}
    assert "np.random" not in source
    assert not re.search(r"\bopen\(", source)
