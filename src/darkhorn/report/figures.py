"""Which pictures belong to a run: spectra where there are data, flux and horn where there is a beam."""

import sys
from collections.abc import Callable
from dataclasses import replace
from multiprocessing import get_all_start_methods, get_context
from multiprocessing.process import BaseProcess
from pathlib import Path

from matplotlib.figure import Figure

from darkhorn.beam.sanford_wang import SanfordWangSource
from darkhorn.beam.source import Source
from darkhorn.beam.switches import Physics
from darkhorn.chain.flux import Disc, pion_flux
from darkhorn.chain.parents import ParentSampler
from darkhorn.chain.setup import Setup
from darkhorn.core.errors import InputFileError
from darkhorn.core.importance import ImportanceGrid
from darkhorn.core.points import unit_points
from darkhorn.core.species import PI_PLUS
from darkhorn.experiments.datadir import FluxTable, full_flux
from darkhorn.report.flux_plot import plot_flux
from darkhorn.report.horn_plot import plot_horn
from darkhorn.report.plots import plot_spectra, plot_stacked
from darkhorn.report.style import save
from darkhorn.report.summary import Outcome

_TRACKED_POINTS = 2**12
_TRACK_STREAM = 2_000_000


def draw_all(outcome: Outcome, directory: Path) -> list[Path]:
    """Draw and save every picture of a run; return the files, PNG and PDF of each.

    Parameters
    ----------
    outcome : Outcome
        What was computed.
    directory : Path
        An existing directory.

    Raises
    ------
    OutputError
        When a file cannot be written; each file is whole or absent.
    """
    jobs = list(pictures(outcome).items())
    half = len(jobs) // 2
    helper = _fork(jobs[half:], directory)
    files = _draw(jobs[:half], directory)
    if helper is not None:
        helper.join()
        if helper.exitcode == 0:
            return files + [directory / f"{name}.{kind}" for name, _ in jobs[half:] for kind in ("png", "pdf")]
    return files + _draw(jobs[half:], directory)


Jobs = list[tuple[str, Callable[[], Figure]]]


def _draw(jobs: Jobs, directory: Path) -> list[Path]:
    """Draw and save pictures one after the other."""
    return [path for name, draw in jobs for path in save(draw(), directory, name)]


def _fork(jobs: Jobs, directory: Path) -> BaseProcess | None:
    """Draw pictures in a copy of this process, where the system can make one; a failure there is tried again here."""
    if "fork" not in get_all_start_methods() or sys.platform == "darwin":
        return None
    process = get_context("fork").Process(target=_quietly, args=(jobs, directory), daemon=True)
    process.start()
    return process


def _quietly(jobs: Jobs, directory: Path) -> None:
    """Draw in the copy; whatever goes wrong is left to the process that waits for it."""
    try:
        _draw(jobs, directory)
    except Exception as error:
        raise SystemExit(1) from error


def pictures(outcome: Outcome) -> dict[str, Callable[[], Figure]]:
    """Return the pictures that fit a run, by name, as functions that draw them."""
    experiment = outcome.scenario.experiment
    modes = experiment.modes if experiment is not None else {}
    arguments = (outcome.prediction, modes, outcome.fit)
    title = outcome.scenario.model_name
    chosen: dict[str, Callable[[], Figure]] = {
        "spectra": lambda: plot_spectra(*arguments, name=title),
        "stacked": lambda: plot_stacked(*arguments, name=title),
    }
    beam = _beam_setup(outcome)
    if beam is not None:
        setup, sampler = beam
        chosen["flux"] = lambda: plot_flux(
            pion_flux(sampler, Disc(*setup.shape.bounding_sphere()), n=2**11, threads=outcome.scenario.run.threads),
            _published(),
        )
        chosen["horn"] = lambda: _horn(setup)
    return chosen


def _beam_setup(outcome: Outcome) -> tuple[Setup, ParentSampler] | None:
    """Return the neutrino-mode setup of the Booster beam and its pi+, if that is what was run."""
    for setup in outcome.setups:
        for sampler in setup.parents:
            if not isinstance(sampler, ParentSampler) or sampler.species != PI_PLUS:
                continue
            if sampler.beamline.name == "bnb" and sampler.beamline.current > 0:
                return setup, sampler
    return None


def _published() -> FluxTable | None:
    """Return the full published table where the data directory has it."""
    try:
        return full_flux("neutrino")
    except InputFileError:
        return None


def _simple(source: Source) -> Source:
    """Return a source whose protons go straight: a picture of the horn need not follow them."""
    return replace(source, physics=Physics(protons="straight")) if isinstance(source, SanfordWangSource) else source


def _horn(setup: Setup) -> Figure:
    """Return the picture of the horn with some of the mesons at production."""
    samplers = [sampler for sampler in setup.parents if isinstance(sampler, ParentSampler)]
    points = unit_points(_TRACKED_POINTS, seed=1, stream=(_TRACK_STREAM,))
    mesons = {s.species: _simple(s.source).sample(points, s.species, ImportanceGrid.uniform()) for s in samplers}
    return plot_horn(samplers[0].beamline, mesons)
