"""Exported files: HEPData's own validator, numbers that read back, clear refusals."""

from pathlib import Path

import numpy as np
import pytest

from darkhorn.core.errors import OutputError, RangeError
from darkhorn.inference.hepdata import Column, DataTable, write_submission
from darkhorn.inference.limits import upper_limit
from darkhorn.inference.shapes import counting_cost
from darkhorn.inference.tables import cost_tables

COST = counting_cost("one photon", 16.0, 20.5, 3.65, {"mu": 3.0e16}) + counting_cost("b", 9.0, 4.0, 1.0, {"mu": 1.0e16})


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
def test_the_validator_accepts_a_submission(tmp_path: Path) -> None:
    validator = pytest.importorskip("hepdata_validator.full_submission_validator").FullSubmissionValidator()
    files = write_submission(tmp_path / "new" / "folder", "limits", cost_tables(COST, "1/MeV"))
    assert [path.name for path in files] == ["table_1.yaml", "table_2.yaml", "table_3.yaml", "submission.yaml"]
    valid = validator.validate(directory=str(tmp_path / "new" / "folder"))
    assert valid, validator.get_messages()


def test_numbers_read_back(tmp_path: Path) -> None:
    yaml = pytest.importorskip("yaml")
    *_, limits, submission = write_submission(tmp_path, "limits", cost_tables(COST, "1/MeV"))
    content = yaml.safe_load(limits.read_text())
    (column,) = content["dependent_variables"]
    assert column["header"]["units"] == "1/MeV"
    found = [point["value"] for point in column["values"]]
    expected = upper_limit(COST)
    np.testing.assert_allclose(found, np.sqrt([expected.observed, *expected.expected]), rtol=1e-9)
    assert all(isinstance(value, float) for value in found), "small numbers must not become text"
    documents = list(yaml.safe_load_all(submission.read_text()))
    assert [document.get("name") for document in documents] == [None, "one photon", "b", "limits"]


def test_bins_and_errors(tmp_path: Path) -> None:
    yaml = pytest.importorskip("yaml")
    edges = Column("E_vis", "MeV", [[100.0, 200.0], [200.0, 300.0]])
    table = DataTable("t", "text", [edges], [Column("N", "", [3.0, 1.0e-9], {"stat": 0.5})])
    path, _ = write_submission(tmp_path, "c", [table])
    content = yaml.safe_load(path.read_text())
    assert content["independent_variables"][0]["values"][1] == {"low": 200.0, "high": 300.0}
    assert content["dependent_variables"][0]["values"][1]["errors"] == [{"symerror": 0.5, "label": "stat"}]


def test_refusals(tmp_path: Path) -> None:
    good = Column("x", "", [1.0, 2.0])
    with pytest.raises(RangeError, match="0 tables"):
        write_submission(tmp_path, "c", [])
    with pytest.raises(RangeError, match="columns of lengths"):
        write_submission(tmp_path, "c", [DataTable("t", "", [good], [Column("y", "", [1.0])])])
    with pytest.raises(RangeError, match="column 'y' = nan"):
        write_submission(tmp_path, "c", [DataTable("t", "", [good], [Column("y", "", [1.0, np.nan])])])
    blocked = tmp_path / "file"
    blocked.touch()
    with pytest.raises(OutputError, match="cannot make the directory"):
        write_submission(blocked / "inside", "c", [DataTable("t", "", [good], [good])])
