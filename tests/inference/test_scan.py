"""Records of a scan: against runs of single points, whoever computes them and in whatever order."""

from functools import partial
from pathlib import Path

import numpy as np
import pytest
from scanning import GRID, write_scenario

from darkhorn.chain.predict import predict
from darkhorn.core.errors import ScenarioError, UnknownNameError
from darkhorn.inference.executors import in_process, local_processes
from darkhorn.inference.fit import fit_normalisation
from darkhorn.inference.scan import Task, evaluate, laboratory_of, plan_tasks, scan
from darkhorn.inference.scan_plan import ScanPlan, definition
from darkhorn.inference.scan_table import read_results, write_results
from darkhorn.inference.store import Record, Store


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> ScanPlan:
    return ScanPlan(str(write_scenario(tmp_path_factory.mktemp("scan"))), GRID)


@pytest.fixture(scope="module")
def records(plan: ScanPlan) -> list[Record]:
    laboratory = laboratory_of(plan)
    tasks = plan_tasks(plan, laboratory.scenario, laboratory.bench.species)
    return sorted((record for task in tasks for record in evaluate(plan, task)), key=lambda record: record["i"])


def test_tasks_hold_every_point_once_and_share_masses(plan: ScanPlan) -> None:
    laboratory = laboratory_of(plan)
    tasks = plan_tasks(plan, laboratory.scenario, laboratory.bench.species)
    assert sorted(k for task in tasks for k in task.points) == list(range(20))
    assert len(tasks) == 5
    for task in tasks:
        assert len({plan.points[k][0] for k in task.points}) == 1
        assert set(task.guides) <= set(task.points)


def test_every_point_is_the_prediction_and_fit_of_that_point(plan: ScanPlan, records: list[Record]) -> None:
    laboratory = laboratory_of(plan)
    assert [record["i"] for record in records] == list(range(20))
    assert [record["status"] for record in records] == ["ok"] * 16 + ["closed"] * 4
    assert "closed" in records[-1]["why"]
    for k in (0, 6, 15):
        record = records[k]
        mode = record["modes"]["neutrino"]
        assert mode["error"] <= 0.05 * mode["signal"]
        expected = predict(laboratory.model(k), laboratory.setups, precision=0.01, seed=9).modes["neutrino"]
        pull = (mode["signal"] - expected.signal.mean()) / np.hypot(
            mode["error"], expected.relative_error * expected.signal.mean()
        )
        assert abs(pull) < 6.0
        means = {label: np.array(mode["spectra"][label.split()[1]][0]) for label in laboratory.distributions}
        variances = {label: np.array(mode["spectra"][label.split()[1]][1]) ** 2 for label in laboratory.distributions}
        fit = fit_normalisation(laboratory.distributions, means, variances)
        assert record["fit"]["chi2"] == pytest.approx(fit.chi2, abs=1e-3)
        assert record["fit"]["product"] == pytest.approx(fit.coupling_product, abs=0.02 * fit.error_high)
        assert record["fit"]["delta_chi2"] == pytest.approx(fit.delta_chi2, abs=1e-3)


def test_records_do_not_depend_on_company(plan: ScanPlan, records: list[Record]) -> None:
    laboratory = laboratory_of(plan)
    tasks = plan_tasks(plan, laboratory.scenario, laboratory.bench.species)
    second = next(task for task in tasks if 5 in task.points)
    for points in ((5,), (7, 5), (6,)):
        found = evaluate(plan, Task(points, second.guides))
        assert found == [records[k] for k in points]


def test_tables_of_all_executors_are_the_same_bytes(plan: ScanPlan, tmp_path: Path) -> None:
    contents = []
    for name, executor in (("a", in_process), ("b", partial(local_processes, workers=2))):
        with Store(tmp_path / name, definition(plan, plan.load())) as store:
            assert scan(plan, store, executor) == 20
            files = write_results(store, laboratory_of(plan))
            assert scan(plan, store, executor) == 0
        contents.append({path.name: path.read_bytes() for path in files})
    assert contents[0] == contents[1]
    summary, columns = read_results(tmp_path / "a")
    assert summary["points"] == {"closed": 4, "ok": 16}
    assert columns["m_x"][:5] == [1.0, 1.0, 1.0, 1.0, 10.75]
    assert columns["chi2"].count(None) == 4
    assert summary["best"]["chi2"] == min(value for value in columns["chi2"] if value is not None)
    with np.load(tmp_path / "a" / "templates.npz") as templates:
        events = templates["neutrino_e_vis_events"]
        assert events.shape[0] == 20
        assert (events[:16].sum(axis=1) > 0.0).all()
        assert not events[16:].any()
        # everything in the table's signal falls into bins of the angle
        assert templates["neutrino_cos_theta_events"].sum(axis=1)[:16] == pytest.approx(columns["neutrino_signal"][:16])


def test_parquet_repeats_the_table(plan: ScanPlan, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    with Store(tmp_path, definition(plan, plan.load())) as store:
        scan(plan, store, in_process)
        write_results(store, laboratory_of(plan), parquet=True)
    _, columns = read_results(tmp_path)
    table = parquet.read_table(tmp_path / "results.parquet").to_pydict()
    assert table == columns


def test_sobol_set_and_points_that_no_model_has(tmp_path: Path) -> None:
    path = str(write_scenario(tmp_path))
    plan = ScanPlan(path, ("m_x=1:30", "m_mediator=20:500:log"), sobol=3)
    task = Task((0, 1, 2), (0,))
    records = evaluate(plan, task)
    assert [record["status"] for record in records] == ["ok"] * 3
    # a point that does not share particles with the leading one of its task is a family of its own
    assert evaluate(plan, Task((1,), (1,))) == [records[1]]
    refused = evaluate(ScanPlan(path, ("m_x=-1,5",)), Task((0, 1), (0, 1)))
    assert [record["status"] for record in refused] == ["refused", "ok"]
    assert "m_x = -1 MeV" in refused[0]["why"]


def test_the_definition_tells_scans_apart(plan: ScanPlan, tmp_path: Path) -> None:
    path = write_scenario(tmp_path)
    base = ScanPlan(str(path), GRID)
    first = definition(base, base.load())
    assert definition(base, base.load()) == first
    for other in (
        ScanPlan(str(path), GRID, precision=0.2),
        ScanPlan(str(path), GRID, seed=4),
        ScanPlan(str(path), GRID, model="SIB1e"),
        ScanPlan(str(path), GRID, overrides=("g_n=0.5",)),
        ScanPlan(str(path), GRID[:1]),
        ScanPlan(str(path), GRID, sobol=7),
    ):
        assert definition(other, other.load()) != first
    with (tmp_path / "pions.csv").open("a") as table:
        table.write("211,1,0,0,3,0,0,900,1e-4\n")
    changed = definition(base, base.load())
    assert {key for key in first if first[key] != changed[key]} == {"files"}


def test_keys_that_are_not_there(plan: ScanPlan) -> None:
    for grid in ("m_y=1:2:3", "m_x.deep=1:2:3", "run.seed=1:2:2"):
        other = ScanPlan(plan.scenario, (grid,))
        with pytest.raises((ScenarioError, UnknownNameError), match=grid.split("=")[0].split(".")[0]):
            definition(other, other.load())


def test_shape_parameters_can_be_scanned(tmp_path: Path) -> None:
    path = write_scenario(tmp_path)
    with path.open("a") as file:
        file.write('[model]\npreset = "vector-ib1"\nproduction = "vector-c0"\nm_x = 10.0\n')
        file.write("production_parameters = { c0 = 0.5 }\n")
    plan = ScanPlan(str(path), ("production_parameters.c0=0:1:2", "m_mediator=50,100"))
    laboratory = laboratory_of(plan)
    tasks = plan_tasks(plan, laboratory.scenario, laboratory.bench.species)
    assert [task.points for task in tasks] == [(0, 1), (2, 3)]
    signals = [record["modes"]["neutrino"]["signal"] for task in tasks for record in evaluate(plan, task)]
    assert len(set(signals)) == 4
