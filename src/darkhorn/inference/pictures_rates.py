"""Events by the meson that they come from, with their spectra: what the pictures of CCM and of SBND are made of."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from darkhorn.chain.decay import tabulate_emission
from darkhorn.chain.plan import focus
from darkhorn.chain.predict import ModePrediction, mean_and_error, predict_mode
from darkhorn.chain.send import Tables
from darkhorn.chain.setup import Parents, Setup
from darkhorn.core.progress import Tell
from darkhorn.core.rays import Floats
from darkhorn.detector.rings import RingRule
from darkhorn.experiments.build import build_composition, build_response, build_shape
from darkhorn.experiments.loader import Experiment, Mode, Window
from darkhorn.inference.confront_beams import CHANNELS, Beams
from darkhorn.inference.confront_point import Settings
from darkhorn.models.channels import NEUTRAL_MESONS, Line, Model
from darkhorn.models.photoconversion import Photoconversion
from darkhorn.models.visible import VisibleDecay

FIRST_POINTS: Final = 2**11
MOST_POINTS: Final = 2**14
"""Points of each replicate and group of mesons: to start with, and at most."""


@dataclass(frozen=True)
class Rate:
    """Events of one kind of meson in the exposure, at unit couplings.

    Attributes
    ----------
    events, error : float
        Selected events and their Monte-Carlo error.
    spectra, errors : dict of str to (n,) float
        By axis, and their Monte-Carlo errors.
    bosons : (k,) float
        Particles that cross the detector by energy, in the exposure at unit coupling.
    """

    events: float
    error: float
    spectra: dict[str, Floats]
    errors: dict[str, Floats]
    bosons: Floats

    def times(self, factor: float, made: float | None = None) -> "Rate":
        """Return the rate times a factor; the particles times ``made``, which is the same where it is not given."""
        return Rate(
            self.events * factor,
            self.error * factor,
            {name: rows * factor for name, rows in self.spectra.items()},
            {name: rows * factor for name, rows in self.errors.items()},
            self.bosons * (factor if made is None else made),
        )


def tables_of(model: Model, parents: tuple[Parents, ...]) -> Tables:
    """Return the spectra of the dark particle by meson, at unit coupling.

    A vector that converts to a photon comes from neutral mesons too: P0 -> gamma V with the electromagnetic charges,
    so that its coupling to pi0 is that to pi+ (``g_eff = q_M = g``).
    """
    found: Tables = {}
    for parent in sorted({abs(item.species) for item in parents}):
        emissions = model.emissions(parent)
        if parent in NEUTRAL_MESONS and isinstance(model, Photoconversion) and model.amplitude.spin == "vector":
            emissions = VisibleDecay(production="none", m_x=model.m_x).emissions(parent)
        for item in emissions:
            found[item.parent, item.name] = item if isinstance(item, Line) else tabulate_emission(item)
    return found


def setup_of(
    experiment: Experiment,
    mode: Mode,
    beams: Beams,
    edges: Mapping[str, Floats],
    bosons: Floats,
    window: Window,
    *,
    one_ring: bool,
) -> Setup:
    """Return a mode as the chain sees it, with all mesons of its beam.

    Parameters
    ----------
    experiment, mode
        Detector and exposure; an efficiency that nobody has published or supplied is 1.
    beams : Beams
        Makes the mesons.
    edges : mapping of str to (n+1,) float
        Bins of the spectra: ``e_vis`` in MeV, ``cos_theta``.
    bosons : (k+1,) float
        Bins of the energy of the particles that cross the detector, MeV.
    window : Window
        Selection.
    one_ring : bool
        Whether a pair has to look like one ring.
    """
    shape = build_shape(experiment.shape)
    nuclei = build_composition(experiment.composition).targets
    response = build_response({key: value for key, value in mode.response.items() if key != "missing"})
    (part,) = beams.of(experiment.beam, mode.beam_mode, shape.bounding_sphere()[0])
    rings = RingRule() if one_ring else RingRule(max_angle_degrees=180.0)
    pot = mode.pot * part.share
    return Setup(mode.name, pot, part.parents, shape, nuclei, response, window, dict(edges), bosons, rings)


def by_meson(
    model: Model, setup: Setup, settings: Settings, tell: Tell = lambda _: None, first_points: int = FIRST_POINTS
) -> dict[str, Rate]:
    """Return the events of a model at unit couplings by the meson that they come from (``pi+-``, ``pi0``, ...).

    Points are added to each kind of meson, from ``first_points`` a replicate, until its own relative error is that of
    the settings.
    """
    tables = tables_of(model, setup.parents)
    able = {parent for parent, _ in tables}
    groups: dict[str, list[Parents]] = {}
    for item in setup.parents:
        if abs(item.species) in able:
            groups.setdefault(CHANNELS[abs(item.species)], []).append(item)
    found = {}
    for name, parents in groups.items():
        part = replace(setup, parents=tuple(parents), name=f"{setup.name}, {name}")
        found[name] = rate_of(_converged(model, part, tables, settings, tell, first_points))
    return found


def _converged(model: Model, setup: Setup, tables: Tables, settings: Settings, tell: Tell, n: int) -> ModePrediction:
    options: dict[str, Any] = {"grid": focus(model, setup, tables, settings.seed), "progress": tell}
    while True:
        found = predict_mode(model, setup, tables, n, settings.seed, settings.replicates, settings.threads, **options)
        if found.relative_error <= settings.precision or n >= MOST_POINTS:
            return found
        n *= 2


def rate_of(found: ModePrediction) -> Rate:
    """Return the means of a prediction over its replicates, and their errors."""
    events, error = mean_and_error(found.signal)
    spectra, errors = {}, {}
    for name, rows in found.spectra.items():
        spectra[name], errors[name] = mean_and_error(rows)
    return Rate(float(events), float(error), spectra, errors, found.bosons.mean(axis=0) * found.pot)


def shares(rates: Mapping[str, Rate]) -> dict[str, float]:
    """Return the share of each meson in the events; nothing where there are none."""
    total = sum(item.events for item in rates.values())
    return {name: item.events / total for name, item in rates.items()} if total > 0.0 else {}


def rate_json(rates: Mapping[str, Rate]) -> dict[str, Any]:
    """Return rates by meson as plain values, with their shares."""
    share = shares(rates)
    return {
        name: {
            "events": item.events,
            "error": item.error,
            "share": share.get(name, 0.0),
            "spectra": {axis: rows.tolist() for axis, rows in item.spectra.items()},
            "errors": {axis: rows.tolist() for axis, rows in item.errors.items()},
            "crossing": item.bosons.tolist(),
        }
        for name, item in rates.items()
    }


def log_edges(low: float, high: float, bins: int) -> Floats:
    """Return bin edges with equal ratios."""
    return np.geomspace(low, high, bins + 1)
