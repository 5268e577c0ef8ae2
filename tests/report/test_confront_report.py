"""The table and the picture of a point against everything."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from darkhorn.core.errors import OutputError
from darkhorn.inference.confront import Confrontation, Row
from darkhorn.inference.confront_limits import LimitRow, decays_of, fate
from darkhorn.inference.confront_point import load_point
from darkhorn.report.confront_plot import plot_confrontation, write_confrontation
from darkhorn.report.confront_table import HEAD, confront_table, limit_verdict, made_by

ROWS = (
    Row("miniboone", "neutrino", "excess", {"pi+-": (300.0, 3.0), "K+-": (100.0, 4.0)}, 1.875e21, False, 2870.0,
        2309.4, 560.6, 119.6, "compared"),
    Row("ccm120", "electromagnetic", "", {"pi0": (5.0, 0.1)}, 1.79e21, True, note="response.efficiency missing"),
    Row("microboone", "1g1p", "events", {"pi+-": (1e4, 1.0)}, 6.8e20, False, 16.0, 20.5, -4.5, 5.8, "compared"),
    Row("broken", "", status="failed", note="a " * 60),
)  # fmt: skip
LIMITS = (
    LimitRow("letter", "K+ -> mu nu X", "branching", 6e-6, 3e-6, None, "compared", "unverified"),
    LimitRow("na62", "K+ -> mu nu nu nubar", "branching", 1e-12, 1e-6, 0.9, "indicative", "read", "another spectrum"),
    LimitRow("pienu", "pi+ -> e nu X", "ratio", 0.0, None, 0.9, "no comparison", "read", "limits.pienu.curve missing"),
    LimitRow("peak", "pi+ -> e N", "mixing", None, None, 0.9, "refused", "read", "two-body"),
)


@pytest.fixture
def result() -> Confrontation:
    point = load_point("scalar-benchmark")
    return Confrontation(point, tuple(decays_of(point.model)), fate(point.model), ROWS, LIMITS, ("a note",))


def lines(result: Confrontation) -> list[list[str]]:
    table = confront_table(result)
    cells = [[str(cell) for cell in column._cells] for column in table.columns]
    return [list(row) for row in zip(*cells, strict=True)]


def test_table(result: Confrontation) -> None:
    found = {line[0]: line[1:] for line in lines(result)}
    assert tuple(str(column.header) for column in confront_table(result).columns) == HEAD
    assert found["miniboone neutrino"] == ["400", "pi+- 75, K+- 25", "560.6 ± 119.6", "+1.3 (+4.7)", "falls short"]
    assert found["ccm120 electromagnetic"] == ["< 5", "pi0 100", "-", "", "no comparison: response.efficiency missing"]
    assert found["letter"] == ["6e-06", "", "3e-06", "2", "exceeded (unverified)"]
    assert found["na62"] == ["1e-12", "", "1e-06 (90 %)", "1e-06", "indicative, respected: another spectrum"]
    assert found["pienu"][-1] == "no comparison: limits.pienu.curve missing"
    assert found["pi+ -> mu nu X"][0] == "1.2e-06"
    assert "peak" not in found
    assert found["1 searches for a peak"][-1] == "refused: two-body decays only"
    assert found["broken"][-1].startswith("failed: a a")


def test_words() -> None:
    assert made_by(ROWS[3]) == ""
    assert made_by(replace(ROWS[0], channels={"pi0": (0.0, 0.0)})) == ""
    assert limit_verdict(replace(LIMITS[0], origin="read")) == "exceeded"
    assert limit_verdict(replace(LIMITS[0], predicted=1e-6, origin="supplied")) == "respected (supplied)"


def test_picture_shows_every_row(result: Confrontation) -> None:
    figure = plot_confrontation(result)
    shares, pulls, ratios = figure.axes
    assert [label.get_text() for label in shares.get_yticklabels()] == [
        "miniboone neutrino", "ccm120 electromagnetic", "microboone 1g1p", "broken",
    ]  # fmt: skip
    assert sum(patch.get_width() for patch in shares.patches[:2]) == pytest.approx(1.0)
    assert {text.get_text() for text in shares.texts} >= {"400", "< 5"}
    assert any(text.get_text().startswith("failed: ") for text in shares.texts)
    filled = [line.get_xdata()[0] for line in pulls.lines if line.get_markerfacecolor() != "none" and
              line.get_marker() in "o<>" and len(line.get_xdata()) == 1]  # fmt: skip
    assert filled == pytest.approx([160.6 / 119.6, -6.0])
    assert any(text.get_text() == "-1.72e+03" for text in pulls.texts)
    assert len(ratios.get_yticklabels()) == 3
    bars = [patch.get_x() + patch.get_width() for patch in ratios.patches]
    assert bars[0] == pytest.approx(2.0)
    assert "limits.pienu.curve missing" in {text.get_text() for text in ratios.texts}
    assert ratios.get_xlim()[0] <= 1e-6 < 2.0 < ratios.get_xlim()[1]


def test_picture_of_nothing(result: Confrontation) -> None:
    figure = plot_confrontation(replace(result, rows=ROWS[3:], limits=()))
    assert len(figure.axes) == 3


def test_files(result: Confrontation, tmp_path: Path) -> None:
    files = write_confrontation(result, tmp_path)
    assert [path.name for path in files] == ["confront.png", "confront.pdf", "confront.json"]
    assert files[0].read_bytes()[:4] == b"\x89PNG"
    values = json.loads(files[2].read_text())
    assert values["limits"][0]["largest_coupling"] == pytest.approx(5e-3 / 2.0**0.5)
    assert values["limits"][2]["largest_coupling"] is None
    assert values["experiments"][0]["channels"]["K+-"] == {"events": 100.0, "error": 4.0}
    with pytest.raises(OutputError):
        write_confrontation(result, tmp_path / "absent")
