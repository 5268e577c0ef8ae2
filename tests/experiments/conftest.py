"""A copy of the shipped files that a test may spoil."""

import shutil
from importlib.resources import files
from pathlib import Path

import pytest


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Directory with copies of every shipped TOML and CSV file."""
    for path in Path(str(files("darkhorn.experiments"))).iterdir():
        if path.suffix in (".toml", ".csv"):
            shutil.copy(path, tmp_path)
    return tmp_path


def replace_once(path: Path, old: str, new: str) -> None:
    """Change one place of a text file, and insist that it is there."""
    text = path.read_text()
    assert text.count(old) >= 1, f"'{old}' is not in {path.name}"
    path.write_text(text.replace(old, new, 1))


@pytest.fixture
def spoil(copy: Path):
    """Return a function (file, old, new) -> path that changes one place of a copied file."""

    def change(name: str, old: str, new: str) -> Path:
        replace_once(copy / name, old, new)
        return copy / name

    return change
