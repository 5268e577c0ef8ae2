"""``darkhorn data`` and the list of known files: checksums, exit codes, where to get the rest."""

import re
import shutil
from hashlib import sha256
from pathlib import Path

import pytest
from command import Command, caller

from darkhorn.cli import invoke
from darkhorn.experiments.catalogue import STATES, DataFile, catalogue, wanted


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Command:
    return caller(capsys)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty data directory."""
    monkeypatch.setenv("DARKHORN_DATA", str(tmp_path))
    return tmp_path


def test_catalogue_is_well_formed() -> None:
    files = catalogue()
    assert len(files) == 46
    for item in files.values():
        assert re.fullmatch("[0-9a-f]{64}", item.sha256)
        assert item.quality in ("official", "digitised", "derived", "third party")
        assert item.content
        assert re.search(r"arXiv:\d{4}\.\d{4,5}|HEPData|doi 10|GitHub|computed from|release|thesis|typed", item.where)
    assert len({item.sha256 for item in files.values()}) == len(files)
    assert len(wanted()) == 10
    assert any("HEPData ins1937333" in where for _, where in wanted())


def test_checksums_are_those_of_the_data_directory(data_dir: Path) -> None:
    for item in catalogue().values():
        assert item.state(data_dir) == "present", item.name


def test_states(tmp_path: Path) -> None:
    item = DataFile("a.csv", sha256(b"content").hexdigest(), "official", "x", "y")
    assert item.state(tmp_path) == "absent"
    assert item.state(tmp_path / "none") == "absent"
    (tmp_path / "a.csv").write_bytes(b"content")
    assert item.state(tmp_path) == "present"
    (tmp_path / "a.csv").write_bytes(b"conten")
    assert item.state(tmp_path) == "changed"
    (tmp_path / "a.csv").unlink()
    (tmp_path / "a.csv").mkdir()
    assert item.state(tmp_path) == "unreadable"


def test_path(cli: Command, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = cli("data", "path")
    assert (answer.code, answer.out, answer.err) == (0, f"{folder}\n", "")
    assert cli("data", "path", "--json").json == {"directory": str(folder), "exists": True}
    monkeypatch.setenv("DARKHORN_DATA", str(folder / "none"))
    assert "does not exist" in cli("data", "path").err


def test_list_says_where_to_get_what_is_absent(cli: Command, folder: Path) -> None:
    (folder / "mine.csv").write_text("x")
    answer = cli("data", "list")
    assert answer.code == 0
    assert "mb_nu_eqe_2020.csv" in answer.out
    assert "ins1804293" in answer.out
    assert "mine.csv" in answer.err
    assert max(map(len, answer.out.splitlines())) <= 120
    report = cli("data", "--json").json
    assert {row["state"] for row in report["files"]} == {"absent"} <= set(STATES)
    assert report["unknown"] == ["mine.csv"]
    assert any("SBND" in row["wanted"] for row in report["wanted"])


def test_check_of_an_empty_directory_is_no_error(cli: Command, folder: Path) -> None:
    answer = cli("data", "check")
    assert answer.code == 0
    assert "0 of 46 known files are as they should be, 46 are absent" in answer.err
    assert answer.out == ""


def test_check_finds_a_truncated_file(cli: Command, folder: Path, data_dir: Path) -> None:
    for name in ("hnl_e949_kmu.csv", "mb_nu_eqe_2020.csv"):
        shutil.copyfile(data_dir / name, folder / name)
    assert cli("data", "check").code == 0
    path = folder / "hnl_e949_kmu.csv"
    path.write_bytes(path.read_bytes()[:-10])
    answer = cli("data", "check")
    assert answer.code == 1
    assert "not as they should be: hnl_e949_kmu.csv (changed, truncated" in answer.err
    as_json = cli("data", "check", "--json")
    assert as_json.code == 1
    states = {row["file"]: row["state"] for row in as_json.json["files"]}
    assert (states["hnl_e949_kmu.csv"], states["mb_nu_eqe_2020.csv"]) == ("changed", "present")
    assert cli("data", "list").code == 0, "only check judges"


def test_unknown_action(cli: Command, folder: Path) -> None:
    answer = cli("data", "chek")
    assert answer.code == 2
    assert "Did you mean 'check'" in answer.err
    assert invoke(["data", "--help"]) == 0
