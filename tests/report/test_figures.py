"""Pictures of a run can be sent to another process, and the process that computes loads nothing that draws."""

import subprocess
import sys
from multiprocessing import Pipe, get_all_start_methods
from pathlib import Path

import numpy as np
import pytest

from darkhorn.beam.sanford_wang import SanfordWangSource
from darkhorn.chain.cache import recall
from darkhorn.chain.scenario import load_scenario
from darkhorn.core.importance import ImportanceGrid
from darkhorn.core.points import unit_points
from darkhorn.core.species import PI_MINUS, PI_PLUS
from darkhorn.experiments.beams import load_beam
from darkhorn.report.drawing import render_all
from darkhorn.report.figures import Produced, beam_pictures, load, spectra_pictures
from darkhorn.report.run import compute

STOPPED = Path(__file__).parents[2] / "examples" / "stopped_pion.toml"


def test_spectra_are_the_same_after_a_journey() -> None:
    outcome = compute(load_scenario(str(STOPPED), precision=0.1))
    assert beam_pictures(outcome.setups, 1) == {}
    pictures = spectra_pictures(outcome)
    assert list(pictures) == ["spectra", "stacked"]
    here, there = Pipe()
    here.send(pictures)
    assert render_all(there.recv()) == render_all(pictures)


@pytest.mark.parametrize("species", [PI_PLUS, PI_MINUS])
def test_produced_mesons_are_those_of_the_source(species: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DARKHORN_CACHE", str(tmp_path))
    source = SanfordWangSource(load_beam("bnb", "neutrino"))
    points = unit_points(64, seed=2, stream=(7,))
    made = source.sample(points, species, ImportanceGrid.uniform())
    for _ in range(2):
        kept = recall(Produced(source, species), points)
        for name in ("pdgid", "x", "p", "weight", "parent"):
            np.testing.assert_array_equal(getattr(kept, name), getattr(made, name))
    assert len(list(tmp_path.glob("*.npz"))) == 1


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
