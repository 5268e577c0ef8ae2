"""Which pictures belong to a run: spectra where there are data, flux and horn where there is a beam."""

from collections.abc import Sequence
from dataclasses import replace

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
from darkhorn.report.drawing import Drawing, Files, Pictures, render_all
from darkhorn.report.flux_plot import plot_flux
from darkhorn.report.horn_plot import plot_horn
from darkhorn.report.plots import plot_spectra, plot_stacked
from darkhorn.report.summary import Outcome

_TRACKED_POINTS = 2**12
_TRACK_STREAM = 2_000_000


def beam_pictures(setups: Sequence[Setup], threads: int) -> Pictures:
    """Return the pictures that need no prediction: flux and horn of the Booster beam, where that is what is run.

    Parameters
    ----------
    setups : sequence of Setup
        Modes of the run.
    threads : int
        Threads of the flux.
    """
    beam = _beam_setup(setups)
    if beam is None:
        return {}
    setup, sampler = beam
    disc = Disc(*setup.shape.bounding_sphere())
    return {
        "flux": lambda: plot_flux(pion_flux(sampler, disc, n=2**11, threads=threads), _published()),
        "horn": lambda: _horn(setup),
    }


def spectra_pictures(outcome: Outcome) -> Pictures:
    """Return the pictures of a prediction: spectra with pulls, and stacked."""
    experiment = outcome.scenario.experiment
    modes = experiment.modes if experiment is not None else {}
    arguments = (outcome.prediction, modes, outcome.fit)
    title = outcome.scenario.model_name
    return {
        "spectra": lambda: plot_spectra(*arguments, name=title),
        "stacked": lambda: plot_stacked(*arguments, name=title),
    }


def draw_all(outcome: Outcome, beam: Files) -> Files:
    """Return the files of every picture of a run, those of the spectra first.

    Parameters
    ----------
    outcome : Outcome
        What was computed.
    beam : dict of str to bytes
        Files of :func:`beam_pictures`.
    """
    first, *others = spectra_pictures(outcome).items()
    rest = Drawing(lambda: dict(others))
    try:
        return render_all(dict([first])) | rest.files() | beam
    finally:
        rest.close()


def _beam_setup(setups: Sequence[Setup]) -> tuple[Setup, ParentSampler] | None:
    """Return the neutrino-mode setup of the Booster beam and its pi+, if that is what was run."""
    for setup in setups:
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
