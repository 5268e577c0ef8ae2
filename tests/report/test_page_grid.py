"""The grid of a page against separate predictions at its points."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from darkhorn.chain.predict import predict
from darkhorn.chain.scenario import load_scenario
from darkhorn.core.errors import ScenarioError
from darkhorn.models.presets import with_changes
from darkhorn.report.page import render_page
from darkhorn.report.page_job import compute_page
from darkhorn.report.summary import Outcome, prediction_json, summary

STOPPED = Path(__file__).parent.parent.parent / "examples" / "stopped_pion.toml"
PRECISION = 0.03


@pytest.fixture(scope="module")
def run_directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of stopped pions at other parameters than those of its file."""
    folder = tmp_path_factory.mktemp("run")
    job = load_scenario(str(STOPPED), overrides=["m_x=7", "g_n=0.02"], precision=PRECISION, seed=3)
    found = predict(job.model, job.setups(), precision=PRECISION, seed=3)
    values = summary(Outcome(job, (), found, None, ()), 1.0)
    (folder / "summary.json").write_text(json.dumps(values))
    (folder / "prediction.json").write_text(json.dumps(prediction_json(found, job.model.coupling_product, None)))
    return folder


@pytest.fixture(scope="module")
def page(run_directory: Path) -> tuple[Any, dict[str, Any], str]:
    return compute_page(run_directory, str(STOPPED), ["m_x=1,40", "m_mediator=20:80:2:log"], PRECISION)


def test_axes_hold_the_runs_own_values(page: tuple[Any, dict[str, Any], str]) -> None:
    grid = page[1]["grid"]
    assert [(axis["key"], axis["unit"], axis["values"], axis["own"]) for axis in grid["keys"]] == [
        ("m_x", "MeV", [1.0, 7.0, 40.0], 1),
        ("m_mediator", "MeV", [20.0, 49.0, 80.0], 1),
    ]
    assert len(grid["points"]) == 9
    assert grid["precision"] == PRECISION
    assert grid["seed"] == 3


def test_points_are_what_a_run_of_their_own_gives(page: tuple[Any, dict[str, Any], str]) -> None:
    grid = page[1]["grid"]
    job = load_scenario(str(STOPPED), overrides=["m_x=7", "g_n=0.02"], precision=PRECISION, seed=11)
    setups = job.setups()
    for index, (m_x, m_mediator) in ((0, (1.0, 20.0)), (4, (7.0, 49.0)), (5, (7.0, 80.0))):
        model = with_changes(job.model, {"m_x": m_x, "m_mediator": m_mediator})
        alone = predict(model, setups, precision=PRECISION, seed=11).modes["scenario"]
        for name, item in grid["points"][index]["modes"]["scenario"].items():
            total, variance = sum(item["values"]), sum(item["variances"])
            rows = alone.spectra[name].sum(axis=1)
            error = np.hypot(rows.std(ddof=1) / np.sqrt(len(rows)), max(np.sqrt(variance), PRECISION * total))
            assert total == pytest.approx(rows.mean(), abs=4.0 * error)
            assert 0.0 < np.sqrt(variance) < 0.1 * total


def test_the_mediator_changes_the_rate_as_its_propagator_says(page: tuple[Any, dict[str, Any], str]) -> None:
    """Heavier mediators convert less; all three points share their particles."""
    points = page[1]["grid"]["points"]
    rates = [sum(points[3 + k]["modes"]["scenario"]["e_vis"]["values"]) for k in range(3)]
    assert rates[0] > rates[1] > rates[2] > 0.0
    assert rates[0] / rates[2] < (80.0 / 20.0) ** 4


def test_closed_points_say_why(page: tuple[Any, dict[str, Any], str]) -> None:
    for point in page[1]["grid"]["points"][6:]:
        assert "every decay P -> l nu X is closed" in point["why"]
        assert "modes" not in point


def test_the_same_grid_gives_the_same_page(run_directory: Path, page: tuple[Any, dict[str, Any], str]) -> None:
    again = compute_page(run_directory, str(STOPPED), ["m_x=1,40", "m_mediator=20:80:2:log"], PRECISION)
    assert render_page(*again) == render_page(*page)


def test_a_key_that_is_no_mass_of_the_model_is_refused(run_directory: Path) -> None:
    with pytest.raises(ScenarioError, match="not a number among the parameters"):
        compute_page(run_directory, str(STOPPED), ["leptons=1,2"], PRECISION)
