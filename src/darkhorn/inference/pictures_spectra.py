"""Every preset fitted to the published spectra of one experiment, from mesons that are made once."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from darkhorn.chain.many import Bench, Family, ModeRates
from darkhorn.chain.predict import mean_and_error
from darkhorn.chain.scenario import Scenario
from darkhorn.core.errors import ScenarioError, ThresholdError
from darkhorn.core.progress import Tell
from darkhorn.core.rays import Floats
from darkhorn.experiments.loader import Distribution
from darkhorn.inference.fit import FitResult, fit_normalisation
from darkhorn.models.channels import Model
from darkhorn.models.presets import DARK_PRESETS, PRESETS, preset

ALL_PRESETS: Final = (*PRESETS, *DARK_PRESETS)
"""What is fitted where a scenario names no model."""


@dataclass(frozen=True)
class FittedPreset:
    """One model at its best fit.

    Attributes
    ----------
    names : tuple of str
        Presets that are this model.
    model : Model
        Parameters.
    signal, error : dict of str to (n,) float
        Events in the exposure at the best coupling product by spectrum, and their Monte-Carlo error.
    fit : FitResult or None
        None where nothing is made or selected.
    note : str
        Why there is no fit.
    """

    names: tuple[str, ...]
    model: Model
    signal: dict[str, Floats]
    error: dict[str, Floats]
    fit: FitResult | None
    note: str = ""


def spectra_of(scenario: Scenario) -> dict[str, Distribution]:
    """Return the published spectra of the modes of a scenario, by labels such as ``neutrino e_vis``.

    Raises
    ------
    ScenarioError
        Without an experiment, or where it has published none.
    """
    found: dict[str, Distribution] = {}
    if scenario.experiment is not None:
        for name in scenario.mode_names:
            found |= {f"{name} {item.name}": item for item in scenario.experiment.mode(name).distributions}
    if not found:
        raise ScenarioError(f"{scenario.name}: no published spectrum to draw; allowed: an experiment that has some")
    return found


def models_of(scenario: Scenario) -> list[tuple[tuple[str, ...], Model]]:
    """Return the model of a scenario, or every preset where it names none; presets that are equal come once."""
    if "model" in scenario.tables:
        return [((scenario.model_name,), scenario.model)]
    found: list[tuple[tuple[str, ...], Model]] = []
    for name in ALL_PRESETS:
        model: Model = preset(name)
        place = next((k for k, (_, other) in enumerate(found) if other == model), None)
        if place is None:
            found.append(((name,), model))
        else:
            found[place] = ((*found[place][0], name), model)
    return found


def fit_presets(scenario: Scenario, tell: Tell = lambda _: None) -> list[FittedPreset]:
    """Return every model of :func:`models_of` fitted to every spectrum of :func:`spectra_of`.

    Parameters
    ----------
    scenario : Scenario
        Experiment, source and precision (relative, of the selected events of each mode).
    tell : callable
        Told what is being done.

    Raises
    ------
    ScenarioError
        Where there is no spectrum.
    """
    spectra = spectra_of(scenario)
    tell("beam: pilot runs of the meson source")
    bench = Bench(scenario.setups(), scenario.run.seed, scenario.run.shared)
    found = []
    for names, model in models_of(scenario):
        tell(f"{names[0]}: events and fit")
        found.append(_fitted(names, model, bench, scenario.run.precision, spectra))
    return found


def _fitted(
    names: tuple[str, ...], model: Model, bench: Bench, precision: float, spectra: dict[str, Distribution]
) -> FittedPreset:
    try:
        rates = Family(bench, [model]).rates(model, precision)
    except ThresholdError as closed:
        return FittedPreset(names, model, {}, {}, None, str(closed))
    assert rates is not None
    mean, error = _at_unit(rates, spectra)
    if not any(rows.any() for rows in mean.values()):
        return FittedPreset(names, model, {}, {}, None, "no event passes the selection")
    fit = fit_normalisation(spectra, mean, {label: rows**2 for label, rows in error.items()})
    scale = fit.coupling_product**2
    return FittedPreset(
        names,
        model,
        {label: rows * scale for label, rows in mean.items()},
        {label: rows * scale for label, rows in error.items()},
        fit,
    )


def _at_unit(
    rates: Iterable[ModeRates], spectra: dict[str, Distribution]
) -> tuple[dict[str, Floats], dict[str, Floats]]:
    """Return means over replicates and their errors, by label."""
    mean: dict[str, Floats] = {}
    error: dict[str, Floats] = {}
    for mode in rates:
        for name, rows in mode.spectra.items():
            if f"{mode.name} {name}" in spectra:
                mean[f"{mode.name} {name}"], error[f"{mode.name} {name}"] = mean_and_error(rows)
    return mean, error


def spectra_json(fitted: list[FittedPreset], spectra: dict[str, Distribution]) -> dict[str, Any]:
    """Return everything that the pictures show as plain values."""
    data = {
        label: {
            "edges": item.edges.tolist(),
            "data": item.data.tolist(),
            "background": item.background.tolist(),
            "background_kind": item.background_kind,
            "background_error": item.background_error.tolist(),
            "quality": item.quality,
        }
        for label, item in spectra.items()
    }
    return {"data": data, "presets": [_preset_json(item) for item in fitted]}


def _preset_json(item: FittedPreset) -> dict[str, Any]:
    values: dict[str, Any] = {
        "names": list(item.names),
        "title": item.model.title,
        "conventions": item.model.conventions,
        "product": {"name": item.model.product_name, "unit": item.model.product_unit},
        "note": item.note,
        "warnings": list(item.model.warnings()),
    }
    if item.fit is None:
        return {**values, "fit": None}
    keys = ("coupling_product", "error_low", "chi2", "ndof", "p_value", "chi2_null", "ndof_null", "delta_chi2")
    return {
        **values,
        "fit": {key: getattr(item.fit, key) for key in keys} | {"events": item.fit.events, "note": item.fit.note},
        "signal": {label: rows.tolist() for label, rows in item.signal.items()},
        "signal_error": {label: rows.tolist() for label, rows in item.error.items()},
    }
