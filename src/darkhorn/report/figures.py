"""Which pictures belong to a run: spectra where there are data, flux and horn where there is a beam.

The functions that draw can be sent to another process, and load the library that draws when they are called.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from darkhorn.beam.sanford_wang import SanfordWangSource
from darkhorn.beam.source import Source
from darkhorn.beam.switches import Physics
from darkhorn.chain.parents import ParentSampler
from darkhorn.chain.predict import Prediction
from darkhorn.chain.setup import Setup
from darkhorn.core.errors import InputFileError
from darkhorn.core.importance import ImportanceGrid
from darkhorn.core.points import unit_points
from darkhorn.core.species import PI_PLUS
from darkhorn.experiments.loader import Mode
from darkhorn.inference.fit import FitResult
from darkhorn.report.drawing import Pictures
from darkhorn.report.kept import Kept
from darkhorn.report.summary import Outcome

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from darkhorn.experiments.datadir import FluxTable

_TRACKED_POINTS = 2**12
_TRACK_STREAM = 2_000_000


def load() -> None:
    """Load what the pictures of a run need; a small one makes the library read its fonts and formats."""
    from darkhorn.report import flux_plot, horn_plot, plots, style

    figure = style.new_figure(1.0, 1.0)
    figure.text(0.0, 0.0, f"{flux_plot.PRIMARY} {horn_plot.TRACKS} {plots.QUALITY['O']}", fontsize=style.SMALL)
    for kind in ("png", "pdf"):
        style.render(figure, kind)


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
    sphere = setup.shape.bounding_sphere()
    samplers = tuple(item for item in setup.parents if isinstance(item, ParentSampler))
    return {"flux": Kept(draw_flux, (sampler, sphere, _published(), threads)), "horn": Kept(draw_horn, (samplers,))}


def spectra_pictures(outcome: Outcome) -> Pictures:
    """Return the pictures of a prediction: spectra with pulls, and stacked."""
    experiment = outcome.scenario.experiment
    modes = dict(experiment.modes) if experiment is not None else {}
    arguments = (outcome.prediction, modes, outcome.fit, outcome.scenario.model_name)
    return {"spectra": partial(draw_spectra, *arguments), "stacked": partial(draw_stacked, *arguments)}


def draw_spectra(prediction: Prediction, modes: Mapping[str, Mode], fit: FitResult | None, name: str) -> "Figure":
    """Return the excess with the signal; arguments as in ``plots.plot_spectra``."""
    from darkhorn.report.plots import plot_spectra

    return plot_spectra(prediction, modes, fit, name=name)


def draw_stacked(prediction: Prediction, modes: Mapping[str, Mode], fit: FitResult | None, name: str) -> "Figure":
    """Return the data with background and signal stacked; arguments as in ``plots.plot_stacked``."""
    from darkhorn.report.plots import plot_stacked

    return plot_stacked(prediction, modes, fit, name=name)


def draw_flux(
    sampler: ParentSampler,
    sphere: tuple[tuple[float, float, float], float],
    published: "FluxTable | None",
    threads: int,
) -> "Figure":
    """Return the flux of the pi+ of a mode averaged over a disc (centre and radius in m), beside the published one."""
    from darkhorn.chain.flux import Disc, pion_flux
    from darkhorn.report.flux_plot import plot_flux

    return plot_flux(pion_flux(sampler, Disc(*sphere), n=2**11, threads=threads), published)


def draw_horn(samplers: Sequence[ParentSampler]) -> "Figure":
    """Return the picture of the horn with some of the mesons at production."""
    from darkhorn.report.horn_plot import plot_horn

    points = unit_points(_TRACKED_POINTS, seed=1, stream=(_TRACK_STREAM,))
    uniform = ImportanceGrid.uniform()
    mesons = {s.species: _simple(s.source).sample(points, s.species, uniform) for s in samplers}
    return plot_horn(samplers[0].beamline, mesons)


def _beam_setup(setups: Sequence[Setup]) -> tuple[Setup, ParentSampler] | None:
    """Return the neutrino-mode setup of the Booster beam and its pi+, if that is what was run."""
    for setup in setups:
        for sampler in setup.parents:
            if not isinstance(sampler, ParentSampler) or sampler.species != PI_PLUS:
                continue
            if sampler.beamline.name == "bnb" and sampler.beamline.current > 0:
                return setup, sampler
    return None


def _published() -> "FluxTable | None":
    """Return the full published table where the data directory has it."""
    from darkhorn.experiments.datadir import full_flux

    try:
        return full_flux("neutrino")
    except InputFileError:
        return None


def _simple(source: Source) -> Source:
    """Return a source whose protons go straight: a picture of the horn need not follow them."""
    return replace(source, physics=Physics(protons="straight")) if isinstance(source, SanfordWangSource) else source
