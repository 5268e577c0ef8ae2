"""Parquet files: bit-exact round trips, metadata, and wrong files."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from darkhorn.core.errors import InputFileError, RangeError
from darkhorn.core.rays import Rays
from darkhorn.io.parquet import COLUMNS, UNITS, read_parquet, write_parquet
from darkhorn.io.read import read_any

pa = pytest.importorskip("pyarrow", reason="needs pyarrow: pip install 'darkhorn[io]'")
pq = pytest.importorskip("pyarrow.parquet")


def some_rays(seed: int, n: int = 50) -> Rays:
    rng = np.random.default_rng(seed)
    p = rng.normal(size=(n, 3)) * 500.0
    energy = np.hypot(np.linalg.norm(p, axis=1), rng.uniform(1.0, 500.0, n))
    pdgid = rng.choice([211, -321, 221], n)
    return Rays.make(pdgid, rng.normal(size=(n, 4)), np.column_stack([energy, p]), rng.random(n), np.arange(n) - 1)


def save(file: Path, drop: str = "", note: object = None, **columns: object) -> Path:
    """Write a file as another program would."""
    n = 3
    content: dict[str, object] = {name: np.ones(n) for name in COLUMNS}
    content |= {"pdgid": np.full(n, 211), "parent": np.full(n, -1), "E": np.full(n, 9.0)} | columns
    content.pop(drop, None)
    table = pa.table(content)
    if note is not None:
        text = note if isinstance(note, bytes) else json.dumps(note).encode()
        table = table.replace_schema_metadata({b"darkhorn": text})
    pq.write_table(table, str(file))
    return file


@settings(max_examples=15, deadline=None, derandomize=True)
@given(seed=st.integers(0, 10**6))
def test_round_trip_is_exact(tmp_path_factory: pytest.TempPathFactory, seed: int) -> None:
    file = tmp_path_factory.mktemp("parquet") / "a.parquet"
    rays, about = some_rays(seed), {"engine": "toy", "pot": "1e6"}
    write_parquet(file, rays, about)
    back, origin = read_parquet(file)
    for name in ("pdgid", "x", "p", "weight", "parent"):
        assert np.array_equal(getattr(back, name), getattr(rays, name))
    assert origin == about


def test_file_of_another_program(tmp_path: Path) -> None:
    rays, about = read_any(save(tmp_path / "b.parquet"))
    assert len(rays) == 3
    assert about == {"engine": "table b.parquet", "normalisation": "weights of the file, per POT"}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"drop": "weight", "wieght": np.ones(3)}, "column 'weight' is missing. Did you mean 'wieght'"),
        ({"colour": np.ones(3)}, "columns .*colour; known"),
        ({"px": np.array(["a", "b", "c"])}, "column 'px' has type string"),
        ({"pdgid": np.array([211.5, 1.0, 2.0])}, "column 'pdgid' has type double"),
        ({"px": pa.array([1.0, None, 2.0])}, "column 'px' .* 1 gaps"),
        ({"E": np.zeros(3)}, "energy = 0 MeV"),
        ({"weight": -np.ones(3)}, "weight = -1 per POT"),
        ({"t": np.array([1.0, np.nan, 2.0])}, "row 2: x is not a finite number"),
        ({"note": {"units": UNITS | {"px": "GeV"}, "about": {}}}, "column 'px' is in 'GeV'; allowed: MeV"),
        ({"note": {"units": UNITS, "about": {"pot": "0"}}}, "pot = 0; allowed"),
        ({"note": {"units": UNITS, "about": {"pot": "all"}}}, "pot = nan"),
        ({"note": b"{"}, "metadata 'darkhorn' are damaged"),
        ({"note": [1]}, "metadata 'darkhorn' are damaged"),
    ],
)
def test_wrong_files(tmp_path: Path, change: dict[str, object], message: str) -> None:
    with pytest.raises(InputFileError, match=message):
        read_parquet(save(tmp_path / "w.parquet", **change))  # type: ignore[arg-type]


def test_empty_truncated_and_missing(tmp_path: Path) -> None:
    with pytest.raises(InputFileError, match="no such file"):
        read_parquet(tmp_path / "none.parquet")
    file = save(tmp_path / "t.parquet")
    file.write_bytes(file.read_bytes()[:-40])
    with pytest.raises(InputFileError, match="truncated or not a Parquet file"):
        read_parquet(file)
    empty = {name: np.ones(0) for name in COLUMNS}
    pq.write_table(pa.table(empty), str(file))
    with pytest.raises(InputFileError, match="empty; expected at least one particle"):
        read_parquet(file)


def test_pot_has_no_use(tmp_path: Path) -> None:
    with pytest.raises(InputFileError, match=r"pot = 5 has no use: the weights of a .parquet file are per POT"):
        read_any(save(tmp_path / "b.parquet"), pot=5.0)


def test_nothing_wrong_is_written(tmp_path: Path) -> None:
    with pytest.raises(RangeError, match="0 rays to write"):
        write_parquet(tmp_path / "a.parquet", some_rays(1)[:0])
    with pytest.raises(RangeError, match=r"to .parquet"):
        write_parquet(tmp_path / "a.pq", some_rays(1))
    with pytest.raises(InputFileError, match="pot = 0"):
        write_parquet(tmp_path / "a.parquet", some_rays(1), {"pot": "0"})
    assert not list(tmp_path.iterdir())
