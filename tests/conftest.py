"""Shared fixtures: where reference tables and the data directory are."""

import csv
import os
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parent.parent
SHARED = Path(os.environ.get("DARKHORN_REFERENCE", REPOSITORY.parent / "shared"))


def read_rows(path: Path) -> list[dict[str, str]]:
    """Rows of a CSV file with leading '#' comments."""
    lines = [line for line in path.read_text().splitlines() if not line.startswith("#")]
    return list(csv.DictReader(lines))


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The directory of public data releases; tests that need it skip where it is absent."""
    path = Path(os.environ.get("DARKHORN_DATA", SHARED / "data"))
    if not path.is_dir():
        pytest.skip(f"no data directory at {path}: set DARKHORN_DATA")
    return path


@pytest.fixture(scope="session", autouse=True)
def private_cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keep the mesons of the tests away from those of the user."""
    os.environ["DARKHORN_CACHE"] = str(tmp_path_factory.mktemp("parents"))
