"""The result of a run as plain values: what ``summary.json`` and ``prediction.json`` hold."""

import json
from dataclasses import dataclass
from typing import Any

from darkhorn import __version__
from darkhorn.chain.predict import ModePrediction, Prediction, mean_and_error
from darkhorn.chain.scenario import Scenario
from darkhorn.chain.setup import Setup
from darkhorn.experiments.loader import Mode
from darkhorn.inference.fit import FitResult, fit_normalisation
from darkhorn.models.presets import BENCHMARKS


@dataclass(frozen=True)
class Outcome:
    """A scenario, its setups and prediction, the fit where there are data, and the warnings that go with them."""

    scenario: Scenario
    setups: tuple[Setup, ...]
    prediction: Prediction
    fit: FitResult | None
    warnings: tuple[str, ...]

    @property
    def citations(self) -> tuple[str, ...]:
        """Keys of ``core.cite`` for everything that was used."""
        used = {"PDG", "Byckling:1973", *self.prediction.model.sources}
        if self.scenario.beamline() is not None:
            used |= {"MiniBooNE:flux", "G4BNB"}
        if self.scenario.experiment is not None and self.scenario.experiment.name == "miniboone":
            used |= {"MiniBooNE:2020", "MiniBooNE:2018", "MiniBooNE:dump", "Thompson:2022"}
        if self.scenario.model_name in BENCHMARKS:
            used.add("Dutta:2021")
        return tuple(sorted(used))


def fit(scenario: Scenario, prediction: Prediction) -> FitResult | None:
    """Return the fit of one coupling product to every published spectrum; None without data or without any signal."""
    if scenario.experiment is None or not any(mode.signal.any() for mode in prediction.modes.values()):
        return None
    distributions, signals, variances = {}, {}, {}
    for name, mode in prediction.modes.items():
        for item in scenario.experiment.mode(name).distributions:
            label = f"{name} {item.name}"
            mean, error = mean_and_error(mode.spectra[item.name])
            distributions[label], signals[label], variances[label] = item, mean, error**2
    return fit_normalisation(distributions, signals, variances) if distributions else None


def warnings_of(scenario: Scenario, prediction: Prediction) -> tuple[str, ...]:
    """Return what a reader has to know: warnings of the model, flags of beam and data, a missed precision."""
    notes = [*scenario.model.warnings()]
    for mode in prediction.modes.values():
        if mode.relative_error > scenario.run.precision:
            notes.append(
                f"{mode.name}: relative Monte-Carlo error {mode.relative_error:.3g} is above the requested "
                f"{scenario.run.precision:g} with {prediction.replicates} x {mode.points} points."
            )
        if not mode.signal.any():
            notes.append(f"{mode.name}: no signal passes the selection.")
    line = scenario.beamline()
    if line is not None:
        notes += [f"beam: {flag}" for flag in line.flags]
        changed = [f"{item.name} = {value}" for item, value in scenario.physics.changed()]
        if changed:
            notes.append(f"beam: physics switched by hand: {', '.join(changed)}.")
        if scenario.source_kind == "sanford-wang":
            notes.append(
                "beam: primary pions only; kaons and re-interactions are in `darkhorn flux`, not in this rate."
            )
    notes += [*scenario.notes(), *_no_fit(scenario)]
    if scenario.experiment is not None:
        others = [f"modes.{name}" for name in scenario.experiment.modes if name not in scenario.mode_names]
        known = [flag for flag in scenario.experiment.flags if not any(f": {other}" in flag for other in others)]
        notes += [f"experiment: {flag}" for flag in known]
    return tuple(notes)


def _no_fit(scenario: Scenario) -> list[str]:
    """Return which modes take no part in the fit, and why."""
    if scenario.experiment is None:
        return []
    notes = []
    for name in scenario.mode_names:
        mode = scenario.experiment.mode(name)
        if mode.distributions:
            continue
        counts = [item.name for item in mode.counts if item.observed is not None and item.expected is not None]
        hint = f"; counts: darkhorn limit {scenario.experiment.name} --likelihood counts" if counts else ""
        notes.append(f"{name}: no fit without spectra: {mode.missing.get('distributions', 'none in its file')}{hint}.")
    return notes


def summary(outcome: Outcome, wall_s: float) -> dict[str, Any]:
    """Return the content of ``summary.json``."""
    scenario, prediction = outcome.scenario, outcome.prediction
    product = scenario.model.coupling_product
    best = outcome.fit.coupling_product if outcome.fit else None
    return {
        "version": __version__,
        "scenario": scenario.name,
        "experiment": scenario.experiment.name if scenario.experiment else None,
        "model": scenario.model_name,
        "title": scenario.model.title,
        "conventions": scenario.model.conventions,
        "particle": scenario.model.particle,
        "coupling": scenario.model.coupling,
        "product": {"name": scenario.model.product_name, "value": product, "unit": scenario.model.product_unit},
        "parameters": dict(scenario.model.parameters()),
        "seed": prediction.seed,
        "precision": scenario.run.precision,
        "modes": {
            name: _mode_summary(scenario, mode, product, best) | _flux_errors(prediction, name, product)
            for name, mode in prediction.modes.items()
        },
        "fit": _fit_summary(outcome),
        "wall_s": wall_s,
        "citations": list(outcome.citations),
        "warnings": list(outcome.warnings),
    }


def _mode_summary(scenario: Scenario, mode: ModePrediction, product: float, best: float | None) -> dict[str, Any]:
    """Return the numbers of one mode: signal at the given couplings, and at the best fit."""
    signal, error = mean_and_error(mode.signal)
    crossing, crossing_error = mean_and_error(mode.crossing)
    coupling_sq = scenario.model.coupling**2
    measured = scenario.experiment.mode(mode.name) if scenario.experiment else None
    made = sum(item.particles for item in mode.decays.values())
    return {
        "pot": mode.pot,
        "bosons_crossing_per_pot": float(crossing) * coupling_sq,
        "bosons_crossing_mc_error": float(crossing_error) * coupling_sq,
        "made_per_pot": made * coupling_sq,
        "acceptance": float(crossing) / made if made > 0.0 else 0.0,
        "decays": {
            name: {
                "branching": item.decays / item.mesons * coupling_sq if item.mesons > 0.0 else 0.0,
                "mesons_per_pot": item.mesons,
                "decays_in_exposure": item.decays * coupling_sq * mode.pot,
            }
            for name, item in mode.decays.items()
        },
        "mean_chord_m": mode.mean_chord,
        "mean_arrival_ns": mode.mean_arrival,
        "mean_delay_ns": mode.mean_delay,
        "signal": float(signal) * product**2,
        "signal_mc_error": float(error) * product**2,
        "signal_best_fit": None if best is None else float(signal) * best**2,
        "n_eff": mode.n_eff,
        "relvar": mode.relvar,
        "largest_weight_over_mean": mode.largest_over_mean,
        "points": mode.points,
        **_measured(measured),
    }


def _flux_errors(prediction: Prediction, mode: str, product: float) -> dict[str, Any]:
    """Return what the errors of the beam do to the signal and, as fractions, to the bins; nothing without universes."""
    if mode not in prediction.flux_errors:
        return {}
    errors = prediction.flux_errors[mode]
    signal = float(prediction.modes[mode].signal.mean()) * product**2
    return {
        "signal_flux_error": errors.relative() * signal,
        "flux_error_by_source": {name: errors.relative(name) * signal for name in errors.shifts},
        "flux_covariance": {
            name: prediction.flux_covariance(mode, name).tolist() for name in prediction.modes[mode].edges
        },
    }


def _measured(mode: Mode | None) -> dict[str, Any]:
    """Return data, background and excess as published (200 < E_QE < 1250 MeV, constrained background)."""
    if mode is None:
        return {"data": None, "background": None, "excess": None, "excess_error": None}
    return {
        "data": mode.published.get("data"),
        "background": mode.published.get("background_constrained"),
        "background_kind": "constrained",
        "excess": mode.excess,
        "excess_error": mode.excess_error,
    }


def _fit_summary(outcome: Outcome) -> dict[str, Any] | None:
    """Return the numbers of the fit, beside the published product where the model is a benchmark."""
    result, name = outcome.fit, outcome.scenario.model_name
    if result is None:
        return None
    values: dict[str, Any] = {
        "coupling_product": result.coupling_product,
        "error": result.error,
        "unit": outcome.scenario.model.product_unit,
        "chi2": result.chi2,
        "ndof": result.ndof,
        "p_value": result.p_value,
        "chi2_null": result.chi2_null,
        "ndof_null": result.ndof_null,
        "p_value_null": result.p_value_null,
        "delta_chi2": result.delta_chi2,
        "chi2_by_distribution": dict(result.chi2_by_distribution),
        "note": result.note,
    }
    if name in BENCHMARKS:
        published = BENCHMARKS[name]
        values["published"] = {"product": published.product, "source": published.source, "note": published.note}
    return values


def prediction_json(prediction: Prediction, product: float, best: float | None) -> dict[str, Any]:
    """Return the spectra in the UHI serialisation: at the given couplings, and at the best fit."""
    from uhi.io.json import default

    def plain(histograms: dict[str, Any]) -> dict[str, Any]:
        loaded: dict[str, Any] = json.loads(json.dumps(histograms, default=default))
        return loaded

    content: dict[str, Any] = {"unit": "events in the exposure", "coupling_product_per_MeV": product, "modes": {}}
    if best is not None:
        content["best_fit_product_per_MeV"] = best
    for name, mode in prediction.modes.items():
        content["modes"][name] = {"at_couplings": plain(mode.at(product))}
        if best is not None:
            content["modes"][name]["best_fit"] = plain(mode.at(best))
        content["modes"][name]["bosons_per_pot"] = plain({"e_boson": mode.boson_spectrum(prediction.model.coupling)})
    return content
