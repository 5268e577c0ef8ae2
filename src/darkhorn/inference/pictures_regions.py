"""Allowed regions of a model in a mass and its coupling product, with what other searches say about the same point.

Along the coupling product nothing is sampled: every rate is proportional to its square. Three kinds of curve lie over
the region that MiniBooNE's spectra prefer:

``recast``
    Upper limit of a counting search with a published number of events, through our chain and its published (or
    supplied) efficiency.
``projection``
    Where nothing is published that would make a limit: the product at which 2.3 photons convert in the detector, at
    efficiency 1 (or the supplied one). No search can exclude anything below.
``indicative``
    A limit on a rare decay that assumed something else (another spectrum), or whose order of magnitude alone is known.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from darkhorn.chain.many import Bench, Family, ModeRates
from darkhorn.chain.predict import mean_and_error
from darkhorn.chain.setup import Setup
from darkhorn.core.errors import DarkhornError, ScenarioError, ThresholdError, unknown_name
from darkhorn.core.progress import Tell
from darkhorn.core.rays import Floats
from darkhorn.core.species import K_PLUS, PI_PLUS
from darkhorn.detector.rings import RingRule
from darkhorn.experiments.build import build_composition, build_response, build_shape
from darkhorn.experiments.loader import Distribution, Experiment, Mode
from darkhorn.inference.confront_beams import Beams
from darkhorn.inference.confront_point import Point
from darkhorn.inference.confront_rates import narrowed, selection, window_of
from darkhorn.inference.many_fits import ManyFits, fit_many
from darkhorn.inference.pictures_limits import Curve, none_seen, rare_curves, upper_events
from darkhorn.models.channels import Model
from darkhorn.models.photoconversion import Photoconversion
from darkhorn.models.presets import with_changes

MINIBOONE: Final = "miniboone"
LEVEL: Final = 0.90
"""Confidence level of every curve."""
SUPPLIED: Final = "efficiency supplied"
"""Beginning of the note of a curve that rests on an efficiency of the user."""
CHARGED: Final = (PI_PLUS, K_PLUS)
"""Mesons that make the particle of photoconversion."""
KEYS: Final = ("m_mediator", "m_x")
_STEPS: Final = 1500
_FINE: Final = 400
_RANGE: Final = 3.0


@dataclass(frozen=True)
class Plane:
    """What is drawn over one mass and the coupling product.

    Attributes
    ----------
    key : str
        The mass, ``m_mediator`` or ``m_x``.
    mass : (n,) float
        MeV.
    product : (m,) float
        Coupling products, increasing.
    fine : (k,) float
        Masses of ``rise`` in MeV: many, over the range in which anything is made.
    rise : (k, m) float
        chi2 above its least value in the plane.
    fits : ManyFits
        One element a mass.
    curves : tuple of Curve
        Products (n,) by search.
    left_out : dict of str to str
        Searches that could not be drawn, and why.
    """

    key: str
    mass: Floats
    product: Floats
    fine: Floats
    rise: Floats
    fits: ManyFits
    curves: tuple[Curve, ...]
    left_out: dict[str, str]

    @property
    def best(self) -> tuple[float, float]:
        """Mass and product of the least chi2."""
        place = int(np.argmin(np.where(self.fits.fitted, self.fits.chi2, np.inf)))
        return float(self.mass[place]), float(self.fits.product[place])


@dataclass(frozen=True)
class _Search:
    """A mode of a counting experiment, and the events that it excludes."""

    setup: Setup
    label: str
    kind: str
    events: float
    note: str


def plane(point: Point, key: str, masses: Sequence[float], tell: Tell = lambda _: None) -> Plane:
    """Return region and curves over one mass; all other parameters are those of the point.

    Parameters
    ----------
    point : Point
        A model of photoconversion; which experiments; supplied numbers; precision.
    key : str
        One of :data:`KEYS`.
    masses : sequence of float
        MeV, increasing, at least two.
    tell : callable
        Told what is being done.

    Raises
    ------
    ScenarioError
        For a model of another kind, or fewer than two masses.
    UnknownNameError
        For another key.
    ThresholdError
        When no mass can be made.
    """
    if not isinstance(point.model, Photoconversion):
        raise ScenarioError(f"model {point.model_name}: pictures of regions are for photoconversion; allowed: a preset")
    if key not in KEYS:
        raise unknown_name("mass of a picture", key, KEYS)
    mass = np.asarray(masses, dtype=float)
    if len(mass) < 2 or mass[0] <= 0.0 or np.any(np.diff(mass) <= 0.0):
        raise ScenarioError(f"--grid {key}: {len(mass)} values; expected at least two, above 0 and increasing")
    if key == "m_mediator" and point.model.mediator == "pi0":
        raise ScenarioError("mediator = 'pi0': its mass is that of the neutral pion; allowed: --grid m_x=...")
    models: list[Model] = [with_changes(point.model, {key: float(value)}) for value in mass]
    if not any(model.emissions(parent) for model in models for parent in CHARGED):
        models[0].require_open(CHARGED)
    beams = Beams(point.settings, point.supply)
    spectra, main = _main_setups(models, beams, tell)
    searches, left_out = _searches(point, models, beams)
    bench = Bench((*main, *(item.setup for item in searches)), point.settings.seed, point.settings.replicates)
    rates = _rates(bench, models, point.settings.precision, tell)
    fits = _fits(spectra, rates)
    product = _products(fits)
    curves = [_counting_curve(item, rates) for item in searches]
    curves += rare_curves(models, point.supply, same=key == "m_mediator")
    return Plane(key, mass, product, *rise_of_chi2(mass, fits, product), fits, tuple(curves), left_out)


def rise_of_chi2(mass: Floats, fits: ManyFits, product: Floats) -> tuple[Floats, Floats]:
    """Return many masses (k,) and chi2 above its least value there, at coupling products (m,): shape (k, m).

    chi2 of each mass is the parabola in the square of the product that its fit found, without Monte-Carlo variance.
    Between masses the pull of the strength, the logarithm of its error and the least chi2 are linear in ln(mass).
    """
    use = fits.fitted
    at = np.log(mass[use])
    fine = np.linspace(at[0], at[-1], _FINE)
    pull = np.interp(fine, at, (fits.scale / fits.scale_error)[use])
    error = np.exp(np.interp(fine, at, np.log(fits.scale_error[use])))
    chi2 = np.interp(fine, at, fits.chi2[use])
    floor = chi2 - np.minimum(pull, 0.0) ** 2
    rise = floor[:, None] + (product**2 / error[:, None] - pull[:, None]) ** 2
    return np.exp(fine), np.asarray(rise - chi2.min())


def _main_setups(models: Sequence[Model], beams: Beams, tell: Tell) -> tuple[dict[str, Distribution], list[Setup]]:
    """Return the published spectra of MiniBooNE by label, and one setup a mode."""
    experiment = Experiment.load(MINIBOONE, given=beams.supply.get(MINIBOONE))
    spectra: dict[str, Distribution] = {}
    setups = []
    for mode in experiment.modes.values():
        tell(f"mesons of {experiment.name} {mode.name}")
        spectra |= {f"{mode.name} {item.name}": item for item in mode.distributions}
        edges = {item.name: item.edges for item in mode.distributions}
        setups.append(_setup(experiment, mode, mode.name, models, beams, edges))
    return spectra, setups


def _setup(
    experiment: Experiment, mode: Mode, name: str, models: Sequence[Model], beams: Beams, edges: dict[str, Floats]
) -> Setup:
    """Return a mode as the chain sees it, with those mesons alone that make the particle at one of the masses."""
    shape = build_shape(experiment.shape)
    nuclei = build_composition(experiment.composition).targets
    response = build_response({key: value for key, value in mode.response.items() if key != "missing"})
    parts = beams.of(experiment.beam, mode.beam_mode, shape.bounding_sphere()[0])
    if len(parts) != 1:
        raise ScenarioError(f"{experiment.name}: {len(parts)} kinds of protons; pictures have one")
    parents = tuple(p for p in parts[0].parents if any(model.emissions(abs(p.species)) for model in models))
    window = mode.window if edges else window_of(mode)
    rings = RingRule()
    bosons = np.array([0.0, 1.0e4])
    return Setup(name, mode.pot * parts[0].share, parents, shape, nuclei, response, window, edges, bosons, rings)


def _searches(point: Point, models: Sequence[Model], beams: Beams) -> tuple[list[_Search], dict[str, str]]:
    """Return the counting searches of a point, and why others are left out."""
    found: list[_Search] = []
    left_out: dict[str, str] = {}
    for name in point.experiments:
        if name == MINIBOONE:
            continue
        try:
            experiment = Experiment.load(name, given=point.supply.get(name))
            limits, open_modes = _by_kind(experiment, point.model, point.supply.get(name, {}), left_out)
            for mode, label, kind, events, note in limits or open_modes:
                setup = _setup(experiment, mode, label, models, beams, {})
                if setup.parents:
                    found.append(_Search(setup, label, kind, events, note))
                else:
                    left_out[label] = "no meson of its beam makes X at these masses"
        except DarkhornError as error:
            left_out[name] = str(error)
    return found, left_out


_Row = tuple[Mode, str, str, float, str]


def _by_kind(
    experiment: Experiment, model: Model, given: Mapping[str, Any], left_out: dict[str, str]
) -> tuple[list[_Row], list[_Row]]:
    """Return the modes of an experiment that make a limit, and those that make a projection, if no other is there."""
    limits: list[_Row] = []
    taken: list[_Row] = []
    other: list[_Row] = []
    for mode in experiment.modes.values():
        label = f"{experiment.name} {mode.name}"
        takes = narrowed(model, selection(experiment.name, mode.name).takes) is not None
        counts = [item for item in mode.counts if item.excess is not None and item.excess_error]
        lacks = "missing" in mode.response
        if takes and counts and not lacks:
            own = f"{SUPPLIED}; " if any(key.endswith(f"{mode.name}.response.efficiency") for key in given) else ""
            cut = "no cut on energy; " if "window" in mode.missing else ""
            for item in counts:
                assert item.excess is not None
                assert item.excess_error is not None
                note = f"{own}{cut}{item.excess:.4g} +- {item.excess_error:.3g} events over the background"
                limits.append((mode, label, "recast", upper_events(item.excess, item.excess_error, LEVEL), note))
        elif takes and counts:
            left_out[label] = "response.efficiency missing: supply it"
        else:
            how = "efficiency 1" if lacks else "efficiency of the file"
            why = "" if takes else f"; its selection takes {' and '.join(selection(experiment.name, mode.name).takes)}"
            row = (mode, label, "projection", none_seen(LEVEL), f"2.3 photons, no background, {how}{why}")
            (taken if takes else other).append(row)
    return limits, taken or other[:1]


def _rates(bench: Bench, models: Sequence[Model], precision: float, tell: Tell) -> list[tuple[ModeRates, ...] | None]:
    """Return the events of every model in every mode at coupling product 1; None where nothing is made."""
    found: list[tuple[ModeRates, ...] | None] = []
    family: Family | None = None
    for place, model in enumerate(models):
        tell(f"mass {place + 1} of {len(models)}")
        try:
            if family is None or not family.shares(model):
                family = Family(bench, models[place:])
            rates = family.rates(model, precision)
            found.append(Family(bench, [model]).rates(model, precision) if rates is None else rates)
        except ThresholdError:
            found.append(None)
    return found


def _fits(spectra: Mapping[str, Distribution], rates: Sequence[tuple[ModeRates, ...] | None]) -> ManyFits:
    """Return the fits of the published spectra, one element a mass.

    Without Monte-Carlo variance: chi2 is then smooth where neighbours have different numbers of points.
    """
    signals: dict[str, Floats] = {}
    for label, item in spectra.items():
        mode, _, name = label.partition(" ")
        rows = []
        for found in rates:
            mean = np.zeros(len(item.data))
            for one in found or ():
                if one.name == mode:
                    mean = mean_and_error(one.spectra[name])[0]
            rows.append(mean)
        signals[label] = np.array(rows)
    return fit_many(spectra, signals, {label: np.zeros_like(rows) for label, rows in signals.items()})


def _products(fits: ManyFits) -> Floats:
    """Return products that cover the best fits and their errors."""
    use = fits.fitted
    top = np.sqrt(np.maximum(fits.scale, 0.0) + 4.0 * fits.scale_error)[use]
    low = np.where(fits.product > 0.0, fits.product, np.sqrt(fits.scale_error))[use]
    return np.geomspace(low.min() / _RANGE, top.max() * _RANGE, _STEPS)


def _counting_curve(item: _Search, rates: Sequence[tuple[ModeRates, ...] | None]) -> Curve:
    """Return the product at which a search would see the events that it excludes."""
    events = [
        next((float(one.signal.mean()) for one in found or () if one.name == item.setup.name), 0.0) for found in rates
    ]
    unit = np.asarray(events)
    product = np.sqrt(item.events / np.where(unit > 0.0, unit, np.nan))
    return Curve(item.label, item.label.partition(" ")[0], item.kind, product, item.note)


def plane_json(found: Plane) -> dict[str, Any]:
    """Return a plane as plain values; ``null`` where there is no number."""
    mass, product = found.best
    fits = found.fits
    at = [k if ok else None for k, ok in enumerate(fits.fitted)]
    return {
        "mass": found.key,
        "masses_MeV": found.mass.tolist(),
        "best": {"mass_MeV": mass, "product": product, "chi2": float(fits.chi2[fits.fitted].min())},
        "chi2_null": fits.chi2_null,
        "ndof": fits.ndof,
        "fit": {
            key: [None if k is None else float(getattr(fits, key)[k]) for k in at]
            for key in ("product", "scale", "scale_error", "chi2", "delta_chi2")
        },
        "curves": [
            {
                "name": curve.name,
                "by": curve.group,
                "kind": curve.kind,
                "note": curve.note,
                "product": [float(value) if np.isfinite(value) else None for value in curve.product],
            }
            for curve in found.curves
        ],
        "left_out": found.left_out,
    }
