"""The pictures show the numbers of their JSON, with units, legends and small files."""

import json
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from picturing import COARSE, miniboone_setups, quick_beams
from PIL import Image

from darkhorn.chain.scenario import Scenario
from darkhorn.core.errors import OutputError, RangeError, ScenarioError, UnknownNameError
from darkhorn.inference.confront_point import Point
from darkhorn.inference.pictures_ccm import ccm_spectra
from darkhorn.inference.pictures_limits import Curve
from darkhorn.inference.pictures_regions import plane
from darkhorn.inference.pictures_sbnd import sbnd_rates
from darkhorn.models.presets import preset
from darkhorn.report import pictures_ccm, pictures_regions, pictures_sbnd
from darkhorn.report.pictures_files import small_png, write_pictures
from darkhorn.report.pictures_job import DEFAULTS, GRIDS, draw_picture
from darkhorn.report.pictures_spectra import ROWS, draw_sheets
from darkhorn.report.style import new_figure

SINGLE = replace(preset("dm-single-benchmark"), alpha_d1=0.5)


def words(figure: Figure) -> str:
    """Everything that is written anywhere in a figure."""
    found = [text.get_text() for text in figure.texts]
    for legend in figure.legends:
        found += [text.get_text() for text in legend.get_texts()]
    for axes in figure.axes:
        found += [axes.get_title(loc="left"), axes.get_xlabel(), axes.get_ylabel()]
        found += [text.get_text() for text in axes.texts]
    return "\n".join(found)


def outside(figure: Figure) -> list[str]:
    """Texts that reach over the edge of the figure."""
    figure.canvas.draw()
    width, height = figure.canvas.get_width_height()  # type: ignore[attr-defined]
    texts = [*figure.texts, *(text for axes in figure.axes for text in (axes.title, axes._left_title, *axes.texts))]
    texts += [axis.label for axes in figure.axes for axis in (axes.xaxis, axes.yaxis)]
    boxes = {text.get_text(): text.get_window_extent() for text in texts if text.get_text().strip()}
    return [
        name for name, box in boxes.items() if box.x0 < 0 or box.y0 < 0 or box.x1 > width + 1 or box.y1 > height + 1
    ]


def test_sheets(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """One row a model, one column a spectrum; what is stacked is background and signal of the JSON."""
    monkeypatch.setattr(Scenario, "setups", lambda self: miniboone_setups())
    path = tmp_path / "one.toml"
    path.write_text('[experiment]\nname = "miniboone"\n[model]\npreset = "VIB1mu-S"\n[run]\nreplicates = 4\n')
    values, files = draw_picture("spectra", str(path), tmp_path, run={"precision": 0.3})
    assert [item.name for item in files] == ["spectra_1.png", "spectra.json"]
    assert json.loads(files[-1].read_text()) == values
    assert files[0].stat().st_size < 150_000
    (one,) = values["presets"]
    assert one["names"] == ["VIB1mu-S"]
    assert one["fit"]["events"]["neutrino e_vis"] == pytest.approx(sum(one["signal"]["neutrino e_vis"]), rel=1e-9)
    assert values["data"]["neutrino e_vis"]["background_kind"] == "unconstrained"


def test_sheets_split_and_refuse() -> None:
    with pytest.raises(RangeError, match="0 models"):
        draw_sheets([], {})
    assert ROWS == 5


def test_regions(monkeypatch: pytest.MonkeyPatch) -> None:
    quick_beams(monkeypatch)
    given = Point("test", "scalar-benchmark", preset("scalar-benchmark"), ("microboone", "sbnd"), {}, COARSE)
    planes = {"m_mediator": plane(given, "m_mediator", [20.0, 60.0, 200.0]), "m_x": plane(given, "m_x", [1.0, 50.0])}
    figure = pictures_regions.draw_regions(given, planes)
    text = words(figure)
    for part in (
        "mass of the mediator [MeV]",
        "mass of X [MeV]",
        "g gₙ λ [/ MeV]",
        "(projection)",
        "(recast)",
        "90 % CL",
    ):
        assert part in text, part
    assert outside(figure) == []
    for axes, item in zip(figure.axes, planes.values(), strict=True):
        drawn = [np.asarray(line.get_ydata(), dtype=float) for line in axes.lines]
        for curve in item.curves:
            assert any(np.array_equal(rows, curve.product, equal_nan=True) for rows in drawn), curve.name
        best = next(line for line in axes.lines if line.get_marker() == "*")
        assert (best.get_xdata()[0], best.get_ydata()[0]) == item.best  # type: ignore[index]
        low, high = axes.get_ylim()
        assert low < item.best[1] < high


def test_lines_tell_kinds_apart() -> None:
    """The kind is in the dashes and in the words, not in the colour alone."""
    curves = [Curve("sbnd neutrino", "sbnd", kind, np.ones(1), "") for kind in ("recast", "indicative", "projection")]
    assert len({str(pictures_regions._line(curve)["ls"]) for curve in curves}) == 3
    assert len({pictures_regions._label(curve) for curve in curves}) == 3


def test_ccm() -> None:
    found = ccm_spectra(Point("test", "dm", SINGLE, ("ccm120",), {}, COARSE))
    figure = pictures_ccm.draw_ccm(found)
    text = words(figure)
    for part in ("IB1", "IB2", "IB3", "coherent sum", "π⁰ → γ V", "70.8 MeV", "kinetic energy of Ar [keV]", "50 keV"):
        assert part in text, part
    assert outside(figure) == []
    area = figure.axes[1].patches[0].get_data()
    assert float(np.nansum(area.values * np.diff(area.edges))) == pytest.approx(1.0, rel=1e-6)
    assert len(small_png(figure)) < 150_000


def test_sbnd(monkeypatch: pytest.MonkeyPatch) -> None:
    quick_beams(monkeypatch)
    model = replace(SINGLE, production="vector-ib2", m_v1=5.0, m_chi=2.0, m_chi_prime=20.0)
    found = sbnd_rates(Point("test", "dm", model, ("sbnd",), {}, COARSE))
    figure = pictures_sbnd.draw_sbnd(found)
    text = words(figure)
    for part in ("γ:", "e⁻:", "e⁺e⁻:", "π⁰", "π±", "events / MeV", "angle to the beam [degrees]", "560.6"):
        assert part in text, part
    assert outside(figure) == []
    bars = sorted(patch.get_height() for patch in figure.axes[-1].patches if patch.get_height() > 0.0)
    events = [
        rate.events for item in found.states.values() for side in (item.near, item.miniboone) for rate in side.values()
    ]
    assert bars == pytest.approx(sorted(value for value in events if value > 0.0))


def test_small_png_is_the_figure() -> None:
    figure = new_figure(2.0, 1.0)
    figure.add_subplot().plot([0.0, 1.0], [0.0, 1.0], color="#D55E00")
    content = small_png(figure)
    assert content == small_png(figure)
    image = Image.open(BytesIO(content))
    assert image.size == (300, 150)
    assert image.mode == "P"
    nearest = np.abs(np.asarray(image.convert("RGB"), dtype=int) - np.array([0xD5, 0x5E, 0x00])).sum(axis=-1).min()
    assert nearest < 12


def test_files(tmp_path: Path) -> None:
    """The numbers come last; an older file of numbers does not outlive a failure."""
    target = tmp_path / "kind.json"
    target.write_text("{}")
    figure = new_figure(1.0, 1.0)
    files = write_pictures("kind", {"a": figure, "b": figure}, {"x": [1.0, None]}, tmp_path)
    assert [path.name for path in files] == ["a.png", "b.png", "kind.json"]
    assert json.loads(target.read_text()) == {"x": [1.0, None]}
    with pytest.raises(ValueError, match="JSON"):
        write_pictures("kind", {"a": figure}, {"x": float("nan")}, tmp_path)
    assert not target.exists()
    with pytest.raises(OutputError):
        write_pictures("kind", {"a": figure}, {}, tmp_path / "absent")


def test_jobs_refuse(tmp_path: Path) -> None:
    assert set(DEFAULTS) == {"spectra", "regions", "ccm", "sbnd"}
    assert [text.partition("=")[0] for text in GRIDS] == ["m_mediator", "m_x"]
    with pytest.raises(UnknownNameError, match="ccm"):
        draw_picture("cmm", None, tmp_path)
    with pytest.raises(ScenarioError, match="regions alone"):
        draw_picture("ccm", None, tmp_path, grids=["m_x=1:2:3"])
    with pytest.raises(UnknownNameError, match="m_mediator"):
        draw_picture("regions", None, tmp_path, grids=["m_z=1:2:3"])
