"""Events of one mode of an experiment for ``confront``, by the meson that they come from."""

from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple

import numpy as np

from darkhorn.chain.plan import focus
from darkhorn.chain.predict import ModePrediction, mean_and_error, predict_mode
from darkhorn.chain.prediction_errors import carries_errors, flux_errors_of
from darkhorn.chain.send import Tables
from darkhorn.chain.setup import Parents, Setup
from darkhorn.core.errors import ThresholdError
from darkhorn.core.importance import ImportanceGrid
from darkhorn.core.progress import Tell
from darkhorn.core.rays import Floats
from darkhorn.detector.rings import RingRule
from darkhorn.experiments.beams import beam_kind
from darkhorn.experiments.build import build_composition, build_response, build_shape
from darkhorn.experiments.loader import Experiment, Mode, Window
from darkhorn.inference.confront_beams import CHANNELS, Beams, Channels
from darkhorn.inference.confront_point import Settings
from darkhorn.models.channels import Model
from darkhorn.models.dark_matter import DarkMatter
from darkhorn.models.photoconversion import Photoconversion
from darkhorn.models.visible import VisibleDecay

FIRST_POINTS: Final = 2**10
MOST_POINTS: Final = 2**14
UNIVERSES: Final = 50
"""Universes of the errors of the beam."""
ERROR_POINTS: Final = 2**11
"""Points of each replicate that they are computed with: 5 % of the error itself."""
EXCESS_WINDOW: Final = (200.0, 1250.0)
"""E_QE in MeV to which the published excesses of MiniBooNE refer, in both modes."""
ANY: Final = ("photon", "pair", "electron")
"""What counts as electromagnetic energy."""


class Selection(NamedTuple):
    """What a selection takes (``photon``, ``pair``, ...), and whether a pair has to look like one ring."""

    takes: tuple[str, ...] = ANY
    one_ring: bool = False


SELECTIONS: Final = {
    ("miniboone", ""): Selection(one_ring=True),
    ("miniboone-dump", ""): Selection(one_ring=True),
    ("microboone", ""): Selection(("photon", "pair"), one_ring=True),
    ("microboone", "ee"): Selection(("pair",)),
    ("ccm120", "coherent"): Selection(("nuclear recoil",)),
    ("karmen", "stopped"): Selection(("positron and neutron capture",)),
}
"""Selections by experiment and mode, or by experiment alone; all others take :data:`ANY`."""

_FINAL: Final = {"e e": "pair", "gamma gamma": "photon", "gamma z": "photon", "mu mu": "muon"}
_RECOIL: Final = {"electron": "electron", "nucleon": "nucleon", "upscatter": "pair"}


@dataclass(frozen=True)
class Rates:
    """Selected events of a mode in its exposure, at coupling product 1.

    Attributes
    ----------
    channels : dict
        Events and their Monte-Carlo error by the meson that they come from (``pi+-``, ``K+-``, ``pi0``, ``eta``).
    lacking : tuple of str
        Keys that the experiment lacks; with them events are counted without that cut, or at efficiency 1.
    note : str
        Why there are none.
    flux_error : float
        Relative error of the events from the beam, one standard deviation; 0 where none is known.
    """

    channels: Channels
    lacking: tuple[str, ...] = ()
    note: str = ""
    flux_error: float = 0.0


def selection(experiment: str, mode: str) -> Selection:
    """Return what a mode selects."""
    return SELECTIONS.get((experiment, mode), SELECTIONS.get((experiment, ""), Selection()))


def shows(model: Model) -> tuple[str, ...]:
    """Return what the model leaves in a detector."""
    if isinstance(model, DarkMatter):
        return tuple(_RECOIL[name] for name in model.detection)
    return tuple(_FINAL[name] for name in model.final) if isinstance(model, VisibleDecay) else ("photon",)


def narrowed(model: Model, takes: tuple[str, ...]) -> Model | None:
    """Return the model with those detections alone that a selection takes; None where it takes none of them."""
    if isinstance(model, DarkMatter):
        kept = tuple(name for name in model.detection if _RECOIL[name] in takes)
        return replace(model, detection=kept) if kept else None
    if isinstance(model, VisibleDecay):
        kept = tuple(name for name in model.final if _FINAL[name] in takes)
        return replace(model, final=kept) if kept else None
    return model if "photon" in takes or not isinstance(model, Photoconversion) else None


def rates_of(model: Model, experiment: Experiment, mode: Mode, beams: Beams, tell: Tell = lambda _: None) -> Rates:
    """Return the events of a mode by the meson that they come from.

    Parameters
    ----------
    model : Model
        With those detections alone that the mode selects.
    experiment : Experiment
        Detector.
    mode : Mode
        One of its modes.
    beams : Beams
        Makes the mesons.
    tell : callable
        Told what is being done.

    Returns
    -------
    Rates
        Without any event where every decay is closed.

    Raises
    ------
    DarkhornError
        For a beam that lacks a number, or a model that cannot be computed.
    """
    response = {key: value for key, value in mode.response.items() if key != "missing"}
    lacking = [_key(mode.response["missing"])] if "missing" in mode.response else []
    lacking += [f"modes.{mode.name}.window"] if "window" in mode.missing else []
    rings = RingRule() if selection(experiment.name, mode.name).one_ring else RingRule(max_angle_degrees=180.0)
    looks = (experiment.shape, experiment.composition, response, window_of(mode), rings, shows(model))
    key = repr((experiment.beam, mode.beam_mode, *looks))
    shape = build_shape(experiment.shape)
    nuclei = build_composition(experiment.composition).targets
    binning: tuple[dict[str, Floats], Floats] = ({}, np.array([0.0, 1.0e4]))
    seen = (shape, nuclei, build_response(response), window_of(mode), *binning, rings)
    parts = beams.of(experiment.beam, mode.beam_mode, shape.bounding_sphere()[0])
    setups = [Setup(f"{experiment.name} {mode.name}", part.share, part.parents, *seen) for part in parts]
    if key not in beams.per_pot:
        beams.per_pot[key] = _sum(model, setups, beams, tell)
    per_pot, note = beams.per_pot[key]
    channels = {name: (mode.pot * events, mode.pot * error) for name, (events, error) in per_pot.items()}
    error = _flux_error(model, setups, experiment, mode, beams, tell) if channels and _has_data(mode) else 0.0
    return Rates(channels, tuple(lacking), note, error)


def _has_data(mode: Mode) -> bool:
    """Return whether a mode has an excess or a count to be compared with."""
    return mode.excess is not None or any(item.excess_error is not None for item in mode.counts)


def _flux_error(
    model: Model, setups: list[Setup], experiment: Experiment, mode: Mode, beams: Beams, tell: Tell
) -> float:
    """Return the relative error of the events from the beam, once for each beam, mode and detector.

    Only mesons of a target behind a horn carry errors; a dump, mesons at rest and neutral mesons carry none.
    """
    if len(setups) != 1 or beam_kind(experiment.beam) != "beam":
        return 0.0
    key = repr((experiment.beam, mode.beam_mode, experiment.shape, shows(model)))
    if key not in beams.flux_errors:
        makers = _makers(model, setups[0], beams)[0]
        run: dict[str, Any] = {"seed": beams.settings.seed, "threads": beams.settings.threads, "progress": tell}
        known = carries_errors(makers)
        found = flux_errors_of(model, makers, UNIVERSES, replicates=4, n=ERROR_POINTS, **run) if known else None
        beams.flux_errors[key] = found.relative() if found is not None else 0.0
    return beams.flux_errors[key]


def _makers(model: Model, setup: Setup, beams: Beams) -> tuple[Setup, Tables]:
    """Return a setup with those mesons alone that make X, and their spectra."""
    tables: Tables = {}
    for item in setup.parents:
        tables |= beams.spectra(model, item, setup)
    able = {parent for parent, _ in tables}
    return replace(setup, parents=tuple(item for item in setup.parents if abs(item.species) in able)), tables


def _sum(model: Model, setups: list[Setup], beams: Beams, tell: Tell) -> tuple[Channels, str]:
    """Return events by meson, summed over the parts of a beam, and why there are none."""
    channels: Channels = {}
    note = ""
    for setup in setups:
        try:
            model.require_open(item.species for item in setup.parents)
        except ThresholdError as error:
            note = str(error)
            continue
        makers, tables = _makers(model, setup, beams)
        for name, (events, spread) in _by_channel(model, makers, tables, beams.settings, tell).items():
            before = channels.get(name, (0.0, 0.0))
            channels[name] = (before[0] + events, float(np.hypot(before[1], spread)))
    return channels, "" if channels else note


def window_of(mode: Mode) -> Window:
    """Return the selection of a mode; a published excess refers to :data:`EXCESS_WINDOW`."""
    if mode.excess is None or np.isfinite(mode.window.e_qe_max):
        return mode.window
    return replace(mode.window, e_qe_min=EXCESS_WINDOW[0], e_qe_max=EXCESS_WINDOW[1])


def _key(message: str) -> str:
    """Return the key of a message that asks for it."""
    return message.partition("you must supply ")[2].split(" ")[0].rstrip(".") or message


def _by_channel(model: Model, setup: Setup, tables: Tables, settings: Settings, tell: Tell) -> Channels:
    """Return events by meson, with points added where the error is largest until that of the sum is met."""
    groups: dict[str, list[Parents]] = {}
    for item in setup.parents:
        groups.setdefault(CHANNELS[abs(item.species)], []).append(item)
    parts = {name: replace(setup, name=f"{setup.name}, {name}", parents=tuple(g)) for name, g in groups.items()}
    grids = {name: focus(model, part, tables, settings.seed) for name, part in parts.items()}
    points = dict.fromkeys(parts, FIRST_POINTS)
    found: Channels = {}
    todo = list(parts)
    while todo:
        for name in todo:
            mode = _predict(model, parts[name], tables, points[name], settings, grids[name], tell)
            found[name] = _events(mode)
        worst = max(found, key=lambda name: found[name][1])
        total, error = sum(row[0] for row in found.values()), np.hypot.reduce([row[1] for row in found.values()])
        todo = [worst] if error > settings.precision * total and points[worst] < MOST_POINTS else []
        points[worst] *= 2
    return found


def _predict(
    model: Model, setup: Setup, tables: Tables, n: int, settings: Settings, grid: ImportanceGrid, tell: Tell
) -> ModePrediction:
    options: dict[str, Any] = {"grid": grid, "progress": tell}
    return predict_mode(model, setup, tables, n, settings.seed, settings.replicates, settings.threads, **options)


def _events(mode: ModePrediction) -> tuple[float, float]:
    """Return the mean over replicates and its error."""
    mean, error = mean_and_error(mode.signal)
    return float(mean), float(error)
