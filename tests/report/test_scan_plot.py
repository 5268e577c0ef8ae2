"""Pictures of scans: what regions are made of, and that every kind of scan is drawn."""

import csv
import json
from io import StringIO
from pathlib import Path

import numpy as np
import pytest

from darkhorn.core.errors import InputFileError, OutputError, ScenarioError, UnknownNameError
from darkhorn.report.scan_plot import best_rows, draw_scan, fitted_rows, label_of, profile_coupling, rise_of_chi2

NAMES = ("index", "a", "b", "status", "product", "scale", "scale_error", "chi2")


def table(points: list[tuple[float, float]], *, fitted: bool = True) -> list[dict[str, object]]:
    """A parabola around (3, 20); what lies above a = 6 has a deficit, and the last row no fit at all."""
    rows: list[dict[str, object]] = []
    for k, (a, b) in enumerate(points):
        scale = 1e-16 * a * b if a <= 6.0 else -1e-16
        chi2 = 100.0 + (a - 3.0) ** 2 + (np.log(b / 20.0)) ** 2 + (0.0 if scale > 0.0 else 0.25)
        fit = {"product": np.sqrt(max(scale, 0.0)), "scale": scale, "scale_error": 2e-16, "chi2": chi2}
        rows.append({"index": k, "a": a, "b": b, "status": "ok", **fit})
    for row in rows if not fitted else rows[-1:]:
        row |= {"status": "closed", "product": None, "scale": None, "scale_error": None, "chi2": None}
    return rows


def write(folder: Path, rows: list[dict[str, object]], keys: tuple[str, ...] = ("a", "b")) -> Path:
    folder.mkdir(exist_ok=True)
    text = StringIO()
    names = [name for name in NAMES if name not in {"a", "b"} - set(keys)]
    writer = csv.DictWriter(text, names, extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    (folder / "results.csv").write_text(text.getvalue())
    best = min((row for row in rows if row["chi2"] is not None), key=lambda row: float(str(row["chi2"])), default=None)
    summary = {
        "definition": {"keys": list(keys)},
        "columns": dict.fromkeys(names, ""),
        "product": {"name": "g", "unit": "1/MeV"},
        "best": best,
    }
    (folder / "results.json").write_text(json.dumps(summary))
    return folder


GRID = [(a, b) for a in np.linspace(1.0, 8.0, 8) for b in np.geomspace(2.0, 200.0, 5)]


def test_best_rows_and_profiles() -> None:
    rows = fitted_rows({name: [row[name] for row in table(GRID)] for name in NAMES})
    assert len(rows) == len(GRID) - 1
    best = best_rows(rows, ["a"])
    assert [row["a"] for row in best] == list(range(1, 9))
    assert all(row["b"] == pytest.approx(20.0) for row in best)
    least = min(best, key=lambda row: row["chi2"])
    g = np.array([least["product"], np.sqrt(least["scale"] + least["scale_error"]), 0.0])
    rise = rise_of_chi2([least], g)[0]
    assert rise == pytest.approx([0.0, 1.0, (least["scale"] / least["scale_error"]) ** 2])
    values, profile = profile_coupling(rows, "a", g)
    assert values.tolist() == list(range(1, 9))
    assert profile.shape == (8, 3)
    # no row may be below the least over rows, and the profile is reached by one of them
    every = rise_of_chi2(rows, g)
    for value, row in zip(values, profile, strict=True):
        here = every[[k for k, item in enumerate(rows) if item["a"] == value]]
        assert np.array_equal(row, here.min(axis=0))


def test_a_deficit_is_best_without_coupling() -> None:
    rows = [row for row in table(GRID) if row["chi2"] is not None and float(str(row["scale"])) < 0.0][:1]
    rise = rise_of_chi2(rows, np.linspace(0.0, 1e-7, 50))[0]
    assert rise[0] == pytest.approx(0.0, abs=1e-9)
    assert (np.diff(rise) > 0.0).all()


def test_every_kind_of_scan_is_drawn(tmp_path: Path) -> None:
    grid = write(tmp_path / "grid", table(GRID))
    assert draw_scan(grid) == grid / "scan.png"
    first = (grid / "scan.png").read_bytes()
    draw_scan(grid)
    assert (grid / "scan.png").read_bytes() == first
    assert draw_scan(grid, "b", "a", tmp_path / "ba.png").read_bytes() != first
    rng = np.random.default_rng(1)
    cloud = write(tmp_path / "cloud", table([(float(a), float(b)) for a, b in rng.uniform(1.0, 6.0, (40, 2))]))
    line = write(tmp_path / "line", table([(float(a), 20.0) for a in range(1, 6)]), ("a",))
    single = write(tmp_path / "single", table([(2.0, 20.0), (9.0, 20.0)]))
    for folder in (cloud, line, single):
        assert draw_scan(folder).read_bytes().startswith(b"\x89PNG")
        assert draw_scan(folder, "a", "coupling").read_bytes().startswith(b"\x89PNG")


def test_what_cannot_be_drawn(tmp_path: Path) -> None:
    with pytest.raises(InputFileError, match="no finished scan"):
        draw_scan(tmp_path)
    with pytest.raises(ScenarioError, match="nothing to draw"):
        draw_scan(write(tmp_path / "empty", table(GRID, fitted=False)))
    grid = write(tmp_path / "grid", table(GRID))
    with pytest.raises(UnknownNameError, match="'c'"):
        draw_scan(grid, "c")
    with pytest.raises(ScenarioError, match="two different"):
        draw_scan(grid, "a", "a")
    with pytest.raises(OutputError, match="cannot write"):
        draw_scan(grid, target=tmp_path / "missing" / "a.png")
    (grid / "results.csv").write_text("other,columns\n1,2\n")
    with pytest.raises(InputFileError, match="columns"):
        draw_scan(grid)
    (grid / "results.json").write_text("[]")
    with pytest.raises(InputFileError, match="no summary"):
        draw_scan(grid)


def test_labels() -> None:
    assert label_of("m_x") == "m_x [MeV]"
    assert label_of("production_parameters.c0") == "production_parameters.c0"
