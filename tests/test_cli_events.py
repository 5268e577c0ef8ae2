"""``darkhorn events``: every format, the options, and what is wrong with a request."""

import json
from pathlib import Path

import numpy as np
import pytest
from command import Command, caller

from darkhorn.cli.events import FORMATS
from darkhorn.io.hepevt import read_hepevt

STOPPED = Path(__file__).parent.parent / "examples" / "stopped_pion.toml"
PACKAGES = {"hepmc3": "pyhepmc", "parquet": "pyarrow", "root": "uproot"}


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Command:
    return caller(capsys)


@pytest.mark.parametrize("kind", FORMATS)
def test_every_format(cli: Command, tmp_path: Path, kind: str) -> None:
    pytest.importorskip(PACKAGES.get(kind, "numpy"), reason="package not installed")
    out = tmp_path / f"a{FORMATS[kind]}"
    answer = cli("events", STOPPED, "-n", 50, "--format", kind, "--out", out, "--json")
    assert answer.code == 0, answer.err
    found = answer.json
    assert (found["events"], found["format"], found["pot"]) == (50, kind, 1e20)
    assert found["sum_of_weights"] == pytest.approx(found["predicted"], rel=1e-12)
    assert out.stat().st_size > 1000
    assert found["files"] == [str(out)]


def test_frame_spill_and_bosons(cli: Command, tmp_path: Path) -> None:
    """Times later by at most the spill, positions within the detector of 1 m; a flux table beside."""
    plain, moved, table = tmp_path / "a.hepevt", tmp_path / "b.hepevt", tmp_path / "x.csv"
    assert cli("events", STOPPED, "-n", 60, "--out", plain).code == 0
    options = ("--frame", "detector", "--spill", "lujan", "--bosons", table)
    answer = cli("events", STOPPED, "-n", 60, "--out", moved, *options)
    assert answer.code == 0, answer.err
    assert "wrote" in answer.err
    first, second = read_hepevt(plain), read_hepevt(moved)
    photon = [next(row for row in event if row[1] == 22) for event in second]
    assert max(np.linalg.norm(row[11:14]) for row in photon) <= 100.0 * (1 + 1e-9)
    later = [b[0, 14] - a[0, 14] for a, b in zip(first, second, strict=True)]
    assert 0.0 < min(later) < 145.0 < max(later) < 290.0
    note = json.loads((tmp_path / "b.hepevt.json").read_text())
    assert "lujan" in note["notes"]["spill"]
    assert len(table.read_text().splitlines()) == 61


def test_unweighted_and_interactions(cli: Command, tmp_path: Path) -> None:
    out = tmp_path / "a.hepevt"
    answer = cli("events", STOPPED, "-n", 60, "--unweighted", "--interactions", "--out", out, "--json")
    assert answer.json["over_weight_share"] <= 0.01
    note = json.loads((tmp_path / "a.hepevt.json").read_text())
    assert "every interaction" in note["notes"]["selection"]
    assert min(note["weight"]) == pytest.approx(np.median(note["weight"]))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--out", "a.dat"), "unknown suffix"),
        (("--out", "a.lhe", "--format", "root"), "has the suffix .root"),
        (("--out", "a.lhe", "--format", "rot"), "Did you mean 'root'"),
        (("--out", "a.lhe", "--frame", "detecter"), "Did you mean 'detector'"),
        (("--out", "a.lhe", "--mode", "neutrino"), "unknown mode"),
        (("--out", "a.lhe", "--spill", "bnd"), "Did you mean 'bnb'"),
        (("--out", "no/a.lhe"), "cannot write"),
        (("--out", "a.lhe", "-n", 0), "number of events"),
    ],
)
def test_wrong_requests(
    cli: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: tuple[object, ...], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    answer = cli("events", STOPPED, "-n", 20, *options)
    assert answer.code == 2
    assert message in answer.err
    assert not list(tmp_path.iterdir())
