"""Scans through the command line: killed, interrupted, corrupted, doubled, and on a real cluster."""

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import numpy as np
import pytest
from command import Command, caller
from scanning import GRID, RESULTS, arguments, content, start, write_scenario

from darkhorn.inference.scan_table import read_results

PATIENCE = 300.0


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Command:
    return caller(capsys)


@pytest.fixture(scope="module")
def scenario(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_scenario(tmp_path_factory.mktemp("scenario"), precision=0.02)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def whole(scenario: Path, cache: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, float]:
    """A scan that nobody interrupted, and how long it took."""
    out = tmp_path_factory.mktemp("whole") / "scan"
    started = time.monotonic()
    process = start(arguments(scenario, out, "--workers", 1), cache)
    said, complained = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, said + complained
    assert "best point" in said
    return out, time.monotonic() - started


def test_killed_ten_times_the_table_is_the_same(
    scenario: Path, cache: Path, whole: tuple[Path, float], tmp_path: Path
) -> None:
    out, (finished, seconds) = tmp_path / "scan", whole
    rng = np.random.default_rng(int(time.time()))
    kept, killed = [0], 0
    while killed < 10:
        workers = 1 + killed % 2
        process = start(arguments(scenario, out, "--workers", workers, "--resume"), cache)
        try:
            process.communicate(timeout=rng.uniform(0.2, 1.2) * seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
        killed += 1
        log = out / "points.log"
        lines = log.read_bytes().count(b"\n") - 1 if log.exists() else 0
        assert lines >= kept[-1], "a finished point was lost"
        kept.append(lines)
    process = start(arguments(scenario, out, "--workers", 1, "--resume"), cache)
    said, complained = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, said + complained
    assert content(out) == content(finished)
    logs = [sorted((folder / "points.log").read_bytes().splitlines()) for folder in (out, finished)]
    assert logs[0] == logs[1]


def test_resume_computes_nothing_twice(cli: Command, scenario: Path, whole: tuple[Path, float], tmp_path: Path) -> None:
    out = tmp_path / "scan"
    out.mkdir()
    lines = (whole[0] / "points.log").read_bytes().splitlines(keepends=True)
    (out / "points.log").write_bytes(b"".join(lines[:14]))
    answer = cli(*arguments(scenario, out, "--workers", 1, "--resume", "--json"))
    assert answer.code == 0
    assert answer.json["kept"] == 13
    assert answer.json["computed"] == 7
    assert content(out) == content(whole[0])
    again = cli(*arguments(scenario, out, "--workers", 1, "--resume", "--json"))
    assert again.json["computed"] == 0
    assert content(out) == content(whole[0])


def test_interrupt_ends_with_130_and_keeps_points(scenario: Path, cache: Path, tmp_path: Path) -> None:
    out = tmp_path / "scan"
    process = start(["scan", str(scenario), "--grid", "m_x=1:30:400", "--out", str(out), "--workers", "2"], cache)
    waited, log = time.monotonic(), out / "points.log"
    while not log.exists() or log.read_bytes().count(b"\n") < 3:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() - waited < PATIENCE
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    said, complained = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130, complained
    assert said == ""
    assert "Traceback" not in complained
    kept = log.read_bytes().count(b"\n") - 1
    # an interrupt may come between the moment a point is on the disk and the moment it is counted
    said_to_be_kept = {f"{count} of 400 points are kept in {out}: go on with --resume" for count in (kept - 1, kept)}
    assert said_to_be_kept & set(complained.splitlines())
    assert not (out / "results.csv").exists()


def test_two_scans_in_one_folder(cli: Command, scenario: Path, cache: Path, tmp_path: Path) -> None:
    out = tmp_path / "scan"
    process = start(["scan", str(scenario), "--grid", "m_x=1:30:400", "--out", str(out), "--workers", "1"], cache)
    waited, lock = time.monotonic(), out / "scan.lock"
    while not lock.exists() or not lock.read_text().endswith("\n"):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() - waited < PATIENCE
        time.sleep(0.02)
    answer = cli(*arguments(scenario, out, "--resume"))
    assert answer.code == 2
    assert f"process {process.pid} on" in answer.err
    process.kill()
    process.communicate()


def test_damaged_and_foreign_folders(cli: Command, scenario: Path, whole: tuple[Path, float], tmp_path: Path) -> None:
    out = tmp_path / "scan"
    out.mkdir()
    (out / "notes.txt").write_text("mine")
    broken = bytearray((whole[0] / "points.log").read_bytes())
    broken[len(broken) // 2] ^= 4
    (out / "points.log").write_bytes(bytes(broken[:-40]))
    answer = cli(*arguments(scenario, out, "--workers", 1, "--resume"))
    assert answer.code == 0
    assert "dropped (damaged)" in answer.err
    assert content(out) == content(whole[0])
    assert (out / "notes.txt").read_text() == "mine"
    other = cli(*arguments(scenario, out, "--resume", "--seed", 3))
    assert other.code == 2
    assert "seed: 1 there, 3 now" in other.err
    again = cli(*arguments(scenario, out))
    assert again.code == 2
    assert "--resume" in again.err
    (out / "points.log").write_text("not a log\n")
    foreign = cli(*arguments(scenario, out, "--resume", "--json"))
    assert foreign.code == 2
    assert "no log of a scan" in foreign.json["error"]["message"]
    assert (out / "points.log").read_text() == "not a log\n"


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (("--workers", 0), "--workers = 0"),
        (("--workers", 2, "--scheduler", "tcp://127.0.0.1:1"), "one of them"),
        (("--grid", "m_z=1:2:3"), "m_z"),
        (("--grid", "m_x=1:2"), "2 times"),
        (("--precision", 2), "precision"),
        (("--sobol", 0), "--sobol"),
    ],
)
def test_wrong_options(cli: Command, scenario: Path, tmp_path: Path, more: tuple[object, ...], message: str) -> None:
    answer = cli(*arguments(scenario, tmp_path / "scan", *more))
    assert answer.code == 2
    assert message in answer.err
    assert not (tmp_path / "scan").exists()


def test_pictures(cli: Command, whole: tuple[Path, float], tmp_path: Path) -> None:
    for number, more in enumerate(((), ("--x", "m_x", "--y", "coupling"), ("--x", "m_mediator", "--y", "m_x"))):
        answer = cli("plot", whole[0], *more, "--out", tmp_path / f"{number}.png", "--json")
        assert answer.code == 0
        assert answer.json["files"] == [str(tmp_path / f"{number}.png")]
        assert (tmp_path / f"{number}.png").read_bytes().startswith(b"\x89PNG")
    for more, message in ((("--x", "m_z"), "m_z"), (("--x", "m_x", "--y", "m_x"), "two different")):
        answer = cli("plot", whole[0], *more)
        assert answer.code == 2
        assert message in answer.err
    answer = cli("plot", tmp_path)
    assert answer.code == 2
    assert "no finished scan there" in answer.err


CLUSTER = """
    import os, signal, sys, threading, time
    from pathlib import Path

    from distributed import LocalCluster

    from darkhorn.cli import invoke

    def kill_one(cluster, log):
        while not log.exists() or log.read_bytes().count(b"\\n") < 6:
            time.sleep(0.02)
        victim = next(iter(cluster.workers.values())).pid
        os.kill(victim, signal.SIGKILL)
        print("killed", flush=True)

    if __name__ == "__main__":
        out, args = Path(sys.argv[1]), sys.argv[2:]
        with LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster:
            thread = threading.Thread(target=kill_one, args=(cluster, out / "points.log"), daemon=True)
            thread.start()
            code = invoke([*args, "--scheduler", cluster.scheduler_address])
            thread.join(1.0)
            print("thread", thread.is_alive(), "code", code)
        sys.exit(code)
"""


def test_cluster_with_a_worker_that_dies(scenario: Path, cache: Path, tmp_path: Path) -> None:
    pytest.importorskip("distributed", reason="needs dask[distributed]")
    script, out = tmp_path / "cluster.py", tmp_path / "cluster"
    script.write_text(textwrap.dedent(CLUSTER))
    grid = ["scan", str(scenario), "--grid", "m_x=1:40:24", *(("--grid", GRID[1])), "--out"]
    process = subprocess.run(
        [sys.executable, str(script), str(out), *grid, str(out)],
        env={**os.environ, "DARKHORN_CACHE": str(cache), "OMP_NUM_THREADS": "1"},
        capture_output=True, text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip
    assert process.returncode == 0, process.stdout + process.stderr
    assert "killed" in process.stdout
    assert "thread False code 0" in process.stdout
    alone = start([*grid, str(tmp_path / "alone"), "--workers", "1"], cache)
    alone.communicate(timeout=PATIENCE)
    assert alone.returncode == 0
    assert content(out) == content(tmp_path / "alone")


def test_no_scheduler_there(cli: Command, scenario: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed", reason="needs dask[distributed]")
    monkeypatch.setattr("darkhorn.inference.executors.CONNECT_S", 1)
    answer = cli(*arguments(scenario, tmp_path / "scan", "--scheduler", "tcp://127.0.0.1:9"))
    assert answer.code == 2
    assert "no scheduler answers there" in answer.err


def test_results_can_be_read_back(whole: tuple[Path, float]) -> None:
    summary, columns = read_results(whole[0])
    assert set(RESULTS) <= {path.name for path in whole[0].iterdir()}
    assert list(columns) == list(summary["columns"])
    assert json.loads((whole[0] / "scan.json").read_text()) == summary["definition"]
