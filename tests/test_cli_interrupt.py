"""Long jobs: Ctrl-C leaves one line and a cache for the next run; memory is bounded; the line of progress."""

import io
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from darkhorn.chain import cache
from darkhorn.cli import output
from darkhorn.core.progress import Step

JOBS = (
    ("run", "miniboone", "--precision", "0.0005"),
    ("flux", "bnb", "--precision", "0.0005"),
    ("validate", "flux", "--precision", "0.001"),
)
PATIENCE = 240.0


def whole_entries(folder: Path) -> list[Path]:
    """Entries of the cache; a file that is still being written has a name that begins with a dot."""
    return [path for path in folder.glob("*.npz") if not path.name.startswith(".")]


HEEDING = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell starts background jobs deaf to interrupts
from darkhorn.cli import invoke
sys.exit(invoke(sys.argv[1:]))
"""


def start(args: tuple[str, ...], folder: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", HEEDING, *args, "--threads", "2"],
        env={**os.environ, "DARKHORN_CACHE": str(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("job", JOBS, ids=lambda job: job[0])
def test_interrupt_leaves_one_line_and_a_cache_for_the_next_run(job: tuple[str, ...], tmp_path: Path) -> None:
    folder, out = tmp_path / "kept", tmp_path / "out"
    process = start((*job, "--out", str(out)) if job[0] == "run" else job, folder)
    waited = time.monotonic()
    while len(whole_entries(folder)) < 4:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() - waited < PATIENCE
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    said, complained = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert said == ""
    assert complained == f"interrupted: finished mesons are kept in {folder} for the next run\n"
    assert not out.exists()
    entries = {path: path.stat().st_ino for path in folder.iterdir()}
    assert len(entries) >= 4
    assert all(path.suffix == ".npz" and cache._read(path) is not None for path in entries)
    if job[0] != "flux":
        return
    again = start(("flux", "bnb", "--precision", "0.1"), folder)
    again.communicate(timeout=PATIENCE)
    assert again.returncode == 0
    after = {path: path.stat().st_ino for path in folder.iterdir()}
    # an entry that is found is not written again; the short run needs three pilots and eight replicates in all
    assert entries.items() <= after.items()
    assert len(after) == max(len(entries), 11)


MEMORY = """
from darkhorn.beam.sanford_wang import SanfordWangSource
from darkhorn.chain.flux import Disc, pion_flux
from darkhorn.chain.neutrinos import neutrino_flux
from darkhorn.chain.parents import prepare
from darkhorn.chain.predict import predict_mode
from darkhorn.chain.scenario import load_scenario
from darkhorn.chain.send import tabulate_all
from darkhorn.experiments.beams import load_beam
import numpy as np

line, disc = load_beam("bnb"), Disc((0.0, 1.9, 541.0), 6.1)
parents = {211: prepare(SanfordWangSource(line), line, 211, disc.centre, 1)}
settings = {"n": 2**17, "replicates": 2, "threads": 2}
neutrino_flux(parents, (disc,), np.linspace(0.0, 8000.0, 161), **settings)
scenario = load_scenario("miniboone", overrides=["experiment.modes=['neutrino']"])
(setup,) = scenario.setups()
predict_mode(scenario.model, setup, tabulate_all(scenario.model, (setup,)), 2**17, 1, 2, threads=2)
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(1024 * int(peak.split()[1]))
"""


def test_the_largest_number_of_points_stays_below_one_gigabyte(tmp_path: Path) -> None:
    """2^17 points a replicate, the most that any job asks for, two replicates at a time."""
    if not Path("/proc/self/status").exists():
        pytest.skip("the system does not say how much memory a process had at most")
    done = subprocess.run(
        [sys.executable, "-c", MEMORY],
        env={**os.environ, "DARKHORN_CACHE": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert 5e7 < float(done.stdout) < 1e9


class Screen(io.StringIO):
    """A terminal that keeps what is written."""

    def isatty(self) -> bool:
        return True


def test_progress_is_one_line_with_the_time_left(monkeypatch: pytest.MonkeyPatch) -> None:
    screen, clock = Screen(), iter([0.0, 30.0, 300.0])
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setattr(output.time, "monotonic", lambda: next(clock))
    with output.progress() as tell:
        tell(Step("pions", 0.0))
        tell(Step("pions", 0.25))
        tell("plots")
    shown = screen.getvalue().split("\r")
    assert shown[1] == "pions, 0%"
    assert shown[2] == "pions, 25%, 90 s left"
    assert shown[3] == "plots".ljust(len(shown[2]))
    assert "\n" not in screen.getvalue()
    assert shown[-2:] == [" " * 5, ""]


@pytest.mark.parametrize(("seconds", "text"), [(0.4, "0 s"), (119.0, "119 s"), (150.0, "2 min"), (600.0, "10 min")])
def test_time_left_in_words(seconds: float, text: str) -> None:
    assert output._duration(seconds) == text


@pytest.mark.parametrize("quiet", [True, False])
def test_nothing_is_shown_when_quiet_or_not_on_a_terminal(quiet: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Screen() if quiet else io.StringIO()
    monkeypatch.setattr(sys, "stderr", screen)
    with output.progress(quiet) as tell:
        tell(Step("pions", 0.5))
    assert screen.getvalue() == ""


def test_an_interrupt_without_a_cache_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DARKHORN_CACHE", "off")
    with pytest.raises(KeyboardInterrupt), output.progress():
        raise KeyboardInterrupt
    assert capsys.readouterr().err == "interrupted: nothing is kept\n"
