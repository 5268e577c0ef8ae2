"""The verb that measures: its tables are whole, and the designs that it compares estimate the same number."""

import time
from pathlib import Path

import numpy as np
import pytest
from command import Command, caller

from darkhorn.bench import clock, designs, rates
from darkhorn.bench.clock import cpu_seconds, speed_up, undisturbed, wall_seconds
from darkhorn.bench.process import loaded_by_import
from darkhorn.bench.table import Row, markdown
from darkhorn.chain.predict import predict


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Command:
    return caller(capsys)


def beating(monkeypatch: pytest.MonkeyPatch, *beats: float) -> None:
    """Let the machine be as slow as told, for ever as at last."""
    told = iter(beats)
    monkeypatch.setattr(clock, "fastest_beat", lambda: 1.0)
    monkeypatch.setattr(clock, "beat", lambda: next(told, beats[-1]))
    monkeypatch.setattr(clock, "_PAUSE", 0.0)


def test_clocks_count_what_they_say(monkeypatch: pytest.MonkeyPatch) -> None:
    beating(monkeypatch, 1.0)
    calls: list[int] = []
    assert cpu_seconds(lambda: calls.append(1), 3) < 0.1
    assert len(calls) == 4
    assert wall_seconds(lambda: time.sleep(0.02), 3) >= 0.02
    assert cpu_seconds(lambda: time.sleep(0.1), 1) < 0.05
    assert 2.0 < speed_up(lambda: time.sleep(0.02), lambda: time.sleep(0.005), 1) < 4.1


def test_a_disturbed_measurement_is_made_again_whatever_it_took(monkeypatch: pytest.MonkeyPatch) -> None:
    beating(monkeypatch, 1.0, 1.9, 1.6, 1.0, 1.1, 1.2)
    waits = iter([0.001, 0.001, 0.02])

    def run() -> None:
        end = time.process_time() + next(waits)
        while time.process_time() < end:
            pass

    assert undisturbed(run) > 0.015


def test_the_least_disturbed_of_many_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    beating(monkeypatch, 1.7, 1.8, 1.3, 1.3, 1.9)
    monkeypatch.setattr(clock, "PATIENCE", 0.1)
    calls: list[int] = []

    def run() -> None:
        calls.append(1)
        end = time.process_time() + (0.02 if len(calls) == 2 else 0.0)
        while time.process_time() < end:
            pass

    assert undisturbed(run) > 0.015
    assert len(calls) > 2


def test_a_beat_takes_a_few_milliseconds() -> None:
    assert 1e-5 < clock.beat() < 1.0


def test_every_design_estimates_what_predict_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(designs, "CHUNK", 2**15)
    scenario, setup = rates.neutrino_mode()
    mode = predict(scenario.model, (setup,), precision=0.01).modes["neutrino"]
    expected, error = float(mode.signal.mean()), mode.relative_error * float(mode.signal.mean())
    costs = [designs.measure(design, scenario.model, setup, 2**16, seed=3) for design in designs.DESIGNS]
    for cost in costs:
        assert abs(cost.events - expected) < 4.0 * np.hypot(cost.error, error), cost
        assert cost.histories == 2 * 2**16
    # the last two designs are precise enough for the comparison to mean something
    assert all(cost.error < 0.15 * expected for cost in costs[2:])
    naive, directed, transfers, adapted = (cost.relvar for cost in costs)
    assert naive > 3.0 * directed > 3.0 * transfers > 3.0 * adapted


def test_the_cache_is_off_and_on_again(monkeypatch: pytest.MonkeyPatch) -> None:
    from darkhorn.chain.cache import cache_dir

    monkeypatch.setenv("DARKHORN_CACHE", "somewhere")
    with rates.no_cache():
        assert cache_dir() is None
    assert cache_dir() == Path("somewhere")


def test_import_loads_nothing_heavy() -> None:
    assert loaded_by_import() == ()


def test_page_of_tables() -> None:
    rows = [Row("a", "this", 1.5, "s", "good"), Row("a", "that", None, "ms"), Row("b", "other", 1234.5, "MB")]
    text = markdown(rows)
    assert text.count("## ") == 2
    assert "| this | 1.5 s | good |" in text
    assert "| that | not measured |  |" in text


def test_the_verb(cli: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from darkhorn.bench import table

    monkeypatch.setattr(table, "GROUPS", {"horn": lambda repeats: [Row("horn", "field", 1.0 / repeats, "s", "note")]})
    answer = cli("bench", "horn", "--repeats", "4", "--out", tmp_path / "speed.md", "--json")
    assert answer.code == 0, answer.out
    horn, machine = answer.json["rows"]
    assert horn == {"group": "horn", "what": "field", "value": 0.25, "unit": "s", "note": "note"}
    assert machine["group"] == "machine"
    assert machine["value"] >= 1.0
    assert "| field | 0.25 s | note |" in (tmp_path / "speed.md").read_text()


@pytest.mark.parametrize("args", [("horns",), ("horn", "--repeats", "0"), ("horn", "--out", "/nowhere/at/all.md")])
def test_mistakes_are_told_before_anything_is_measured(cli: Command, args: tuple[str, ...]) -> None:
    assert cli("bench", *args).code == 2
