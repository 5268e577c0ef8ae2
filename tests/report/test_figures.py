"""Pictures of a run can be sent to another process, and the process that computes loads nothing that draws."""

import subprocess
import sys
from dataclasses import replace
from multiprocessing import Pipe, get_all_start_methods
from pathlib import Path

import pytest
from matplotlib.figure import Figure

from darkhorn.chain.cache import fingerprint
from darkhorn.chain.parents import ParentSampler
from darkhorn.chain.scenario import load_scenario
from darkhorn.chain.setup import Setup
from darkhorn.report.drawing import render_all
from darkhorn.report.figures import beam_pictures, load, spectra_pictures
from darkhorn.report.kept import Kept
from darkhorn.report.run import compute
from darkhorn.report.style import new_figure

STOPPED = Path(__file__).parents[2] / "examples" / "stopped_pion.toml"


def test_spectra_are_the_same_after_a_journey() -> None:
    outcome = compute(load_scenario(str(STOPPED), precision=0.1))
    assert beam_pictures(outcome.setups, 1) == {}
    pictures = spectra_pictures(outcome)
    assert list(pictures) == ["spectra", "stacked"]
    here, there = Pipe()
    here.send(pictures)
    assert render_all(there.recv()) == render_all(pictures)


@pytest.fixture(scope="module")
def beam() -> tuple[Setup, ...]:
    return load_scenario("miniboone", overrides=("experiment.modes='neutrino'",)).setups()


def test_pictures_of_a_beam_are_kept(beam: tuple[Setup, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second time nothing is drawn; the bytes are those that are drawn without a cache."""
    monkeypatch.setenv("DARKHORN_CACHE", str(tmp_path))
    pictures = beam_pictures(beam, 1)
    first = render_all(pictures)
    assert list(first) == ["flux.png", "flux.pdf", "horn.png", "horn.pdf"]
    entries = set(tmp_path.glob("*.npz"))
    monkeypatch.setattr("darkhorn.report.kept.contents", None)  # nobody can draw
    assert render_all(beam_pictures(beam, 1)) == first
    assert set(tmp_path.glob("*.npz")) == entries
    monkeypatch.undo()
    monkeypatch.setenv("DARKHORN_CACHE", "off")
    assert render_all(pictures) == first


def test_another_beam_has_other_pictures(beam: tuple[Setup, ...], tmp_path: Path) -> None:
    """The keys see the current of the horn, the detector and the seed of nothing else."""
    (setup,) = beam
    keys = {name: fingerprint(picture) for name, picture in beam_pictures(beam, 1).items()}
    again = load_scenario("miniboone", overrides=("experiment.modes='neutrino'", "m_x=5"), seed=7).setups()
    assert {name: fingerprint(picture) for name, picture in beam_pictures(again, 1).items()} == keys
    sampler = setup.parents[0]
    assert isinstance(sampler, ParentSampler)
    weaker = replace(sampler, beamline=sampler.beamline.with_current(1.0e5))
    changed = beam_pictures((replace(setup, parents=(weaker, *setup.parents[1:])),), 1)
    assert all(fingerprint(picture) != keys[name] for name, picture in changed.items())


@pytest.mark.parametrize("damage", [b"", b"no archive"])
def test_damaged_pictures_are_drawn_again(damage: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DARKHORN_CACHE", str(tmp_path))
    first = Kept(empty, (2.0,)).contents()
    (entry,) = tmp_path.glob("*.npz")
    entry.write_bytes(damage)
    assert Kept(empty, (2.0,)).contents() == first
    assert entry.stat().st_size > len(damage)
    assert Kept(empty, (3.0,)).contents() != first
    assert len(list(tmp_path.glob("*.npz"))) == 2


def test_what_has_no_fingerprint_is_drawn_every_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DARKHORN_CACHE", str(tmp_path))
    assert Kept(empty, (2.0, object())).contents() == Kept(empty, (2.0,)).contents()
    assert len(list(tmp_path.glob("*.npz"))) == 1


def empty(width: float, _: object = None) -> Figure:
    return new_figure(width, 1.0)


def test_loading_can_be_repeated() -> None:
    load()
    load()
    assert "darkhorn.report.plots" in sys.modules


RUN = """
import sys
from darkhorn.cli import invoke
code = invoke(["run", *sys.argv[1:], "--precision", "0.1", "--quiet", "--json"])
print(code, *({"matplotlib", "numba", "fontTools", "darkhorn.cli.scan"} & set(sys.modules)), file=sys.stderr)
"""


@pytest.mark.skipif(
    "fork" not in get_all_start_methods() or sys.platform == "darwin", reason="this system makes no copies"
)
def test_the_process_that_computes_loads_nothing_that_draws(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", RUN, str(STOPPED), "--out", str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert done.stderr.split() == ["0"]
    assert {path.name for path in tmp_path.iterdir()} == {
        *("prediction.json", "summary.json", "spectra.png", "spectra.pdf", "stacked.png", "stacked.pdf"),
    }
