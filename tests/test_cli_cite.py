"""``darkhorn cite`` prints the works that were used, each once."""

import json
from pathlib import Path

import pytest
from command import Command, caller

from darkhorn.core.cite import REFERENCES


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Command:
    return caller(capsys)


def test_by_key_and_by_number(cli: Command) -> None:
    for word in ("Cao:1999", "hep-ph/9908481", "arXiv:hep-ph/9908481"):
        answer = cli("cite", word)
        assert answer.code == 0
        assert answer.out.count("@misc{") == 1
        assert "@misc{Cao:1999," in answer.out
        assert "Cao and A. I. Signal" in answer.out
    assert cli("cite", "0806.1449", "MiniBooNE:flux").out.count("@misc{") == 1
    assert cli("cite").out.count("@misc{") == len(REFERENCES)


def test_a_number_that_is_not_known(cli: Command) -> None:
    answer = cli("cite", "arXiv:2110.99999")
    assert answer.code == 2
    assert "unknown reference 'arXiv:2110.99999'" in answer.err


def test_a_run_cites_its_list_and_the_numbers_it_names(cli: Command, tmp_path: Path) -> None:
    summary = {"citations": ["PDG", "Dutta:2021"], "warnings": ["rings as in arXiv:2210.08021", "arXiv:2110.11944"]}
    (tmp_path / "summary.json").write_text(json.dumps(summary))
    answer = cli("cite", "--run", tmp_path, "--json")
    assert [item["key"] for item in answer.json["references"]] == ["PDG", "Dutta:2021", "Kelly:2022"]
