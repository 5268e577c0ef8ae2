"""What the page of a run shows: the files of its directory, checked, as one plain object that the page's script reads.

Spectra are given at coupling product 1. The page multiplies them by the product squared and their Monte-Carlo variance
by its fourth power, exactly, and computes the chi2 of ``inference.likelihood`` with the statistical variance max(d, 1).
"""

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

import numpy as np

from darkhorn.core.errors import DarkhornError, InputFileError
from darkhorn.experiments.loader import Distribution, Experiment
from darkhorn.experiments.reading import package_files
from darkhorn.report import style
from darkhorn.report.flux_table import COLUMNS as FLUX_HEADER

_Found = TypeVar("_Found")

LARGEST_FILE: Final = 20_000_000
"""Bytes above which a file of the directory is not read."""
FACTORS: Final[Mapping[str, tuple[tuple[str, int], ...]]] = {
    "g gN lambda": (("coupling", 1), ("g_n", 1), ("lam", 1)),
    "eps1 eps2": (("eps1", 1), ("eps2", 1)),
    "eps1^2": (("eps1", 2),),
    "g": (("coupling", 1),),
}
"""By the name of a coupling product: its factors among the parameters, each with its power. The first makes X."""
MALFORMED: Final = (KeyError, TypeError, ValueError, IndexError, AttributeError, ArithmeticError)
"""What goes wrong when a file holds something else than it should."""
UNITS: Final = {"pot": "POT", "lam": "1/MeV", "width_MeV": "MeV", "coupling_product_per_MeV": "1/MeV"}
"""Units of parameters that their name does not tell."""


@dataclass(frozen=True)
class RunFiles:
    """A directory of ``darkhorn run``: the checked content of its two JSON files.

    Attributes
    ----------
    directory : Path
        Where they are.
    summary, prediction : dict
        ``summary.json`` and ``prediction.json``.
    """

    directory: Path
    summary: dict[str, Any]
    prediction: dict[str, Any]


def read_json(path: Path) -> dict[str, Any]:
    """Return the object in a JSON file; NaN and infinities are refused.

    Raises
    ------
    InputFileError
        When the file is missing, too large or holds no JSON object.
    """

    def refuse(word: str) -> None:
        raise ValueError(f"{word} is not a number")

    try:
        if path.stat().st_size > LARGEST_FILE:
            raise InputFileError(f"{path}: {path.stat().st_size} bytes; allowed: at most {LARGEST_FILE}")
        values = json.loads(path.read_text(encoding="utf-8"), parse_constant=refuse)
    except OSError as error:
        raise InputFileError(f"cannot read {path}: {error.strerror or error}") from error
    except (ValueError, RecursionError) as error:
        raise InputFileError(f"{path}: not a JSON file of darkhorn: {error}") from error
    if not isinstance(values, dict):
        raise InputFileError(f"{path}: expected a JSON object")
    return values


def read_run(directory: Path) -> RunFiles:
    """Return the files of a run.

    Parameters
    ----------
    directory : Path
        What ``darkhorn run --out`` wrote.

    Raises
    ------
    InputFileError
        When a file is missing, malformed, or the two belong to different runs.
    """
    summary, prediction = (read_json(directory / f"{name}.json") for name in ("summary", "prediction"))
    found = RunFiles(directory, summary, prediction)
    given = _checked(found, lambda: float(summary["product"]["value"]))
    other = _checked(found, lambda: float(prediction["coupling_product_per_MeV"]))
    modes = _checked(found, lambda: (set(summary["modes"]), set(prediction["modes"])))
    if given != other or modes[0] != modes[1]:
        raise InputFileError(f"{directory}: summary.json and prediction.json are not of one run; run darkhorn again")
    return found


def experiment_of(summary: Mapping[str, Any]) -> Experiment | None:
    """Return the shipped experiment that a run is named after; None where it is not one, or compares with no data."""
    name = summary.get("experiment", summary.get("scenario"))
    if not isinstance(name, str) or name not in package_files(".toml"):
        return None
    try:
        return Experiment.load(name)
    except DarkhornError:
        return None


def page_data(run: RunFiles, experiment: Experiment | None) -> dict[str, Any]:
    """Return what the script of the page reads.

    Parameters
    ----------
    run : RunFiles
        From :func:`read_run`.
    experiment : Experiment or None
        Where published spectra come from; they are shown where their bins are those of the prediction.

    Returns
    -------
    dict
        ``product`` (name, unit, given, best), ``factors``, ``makes`` (whether the first of them is the coupling that
        makes the particle), ``coupling`` (that of the run), ``modes`` with ``spectra`` at coupling product 1 and the
        ``bosons`` per POT at coupling 1, ``flux``, ``constraints`` and ``notes`` (texts). No grid.

    Raises
    ------
    InputFileError
        When the files of the run hold something else than ``darkhorn run`` writes.
    """
    notes: list[str] = []
    values = _checked(run, lambda: _product(run))
    modes = _checked(run, lambda: [_mode(run, name, experiment) for name in run.prediction["modes"]])
    measured = _checked(run, lambda: any(mode["data"] is not None for mode in run.summary["modes"].values()))
    if measured and not any(item["data"] for mode in modes for item in mode["spectra"]):
        notes.append("Published spectra are not shown: name the scenario file with --scenario.")
    return {
        **values,
        "modes": modes,
        "flux": _flux(run.directory, notes),
        "constraints": _constraints(run, notes),
        "notes": notes,
    }


def _checked(run: RunFiles, read: Callable[[], _Found]) -> _Found:
    """Return what ``read`` finds in the files of a run; whatever is not there is an error of the files."""
    try:
        with np.errstate(over="raise", invalid="raise", divide="raise"):
            return read()
    except MALFORMED as error:
        what = f"{type(error).__name__}: {error}"
        raise InputFileError(f"{run.directory}: summary.json or prediction.json is not of darkhorn ({what})") from error


def _product(run: RunFiles) -> dict[str, Any]:
    """Return the coupling product, given and best, and its factors with their powers."""
    product, parameters = run.summary["product"], run.summary["parameters"]
    given, fit = float(product["value"]), run.summary["fit"]
    best = None if fit is None else float(fit["coupling_product"])
    powers = dict(FACTORS.get(str(product["name"]), ()))
    found = {key: float(parameters[key]) for key in powers if key in parameters}
    whole = math.prod(value ** powers[key] for key, value in found.items())
    factors: list[dict[str, Any]] = [
        {"key": key, "value": value, "power": powers[key], "unit": unit_of(key)} for key, value in found.items()
    ]
    makes = whole > 0.0 and bool(found) and math.isclose(whole, given, rel_tol=1.0e-12)
    if not makes:
        start = given or best or 1.0
        factors = [{"key": str(product["name"]), "value": start, "power": 1, "unit": str(product["unit"])}]
    values = {"name": str(product["name"]), "unit": str(product["unit"]), "given": given, "best": best}
    note = "" if fit is None else str(fit["note"])
    return {
        "product": values,
        "factors": factors,
        "makes": makes,
        "coupling": float(run.summary["coupling"]),
        "fit_note": note,
        "boson": str(run.summary["particle"]),
    }


def unit_of(key: str) -> str:
    """Return the unit of a parameter: that of its name, MeV for a mass, 1/MeV for lambda, nothing where it has none."""
    return UNITS.get(key, "MeV" if key.startswith("m_") else "")


def _mode(run: RunFiles, name: str, experiment: Experiment | None) -> dict[str, Any]:
    """Return the spectra of one mode at coupling product 1, with what was measured in the same bins."""
    content, totals = run.prediction["modes"][name], run.summary["modes"][name]
    product, shown = float(run.prediction["coupling_product_per_MeV"]), content["at_couplings"]
    if product == 0.0 and run.prediction.get("best_fit_product_per_MeV"):
        product, shown = float(run.prediction["best_fit_product_per_MeV"]), content["best_fit"]
    published = {}
    if experiment is not None and name in experiment.modes:
        published = {item.name: item for item in experiment.mode(name).distributions}
    coupling = float(run.summary["coupling"])
    boson = _histogram(content["bosons_per_pot"]["e_boson"], coupling)
    return {
        "name": name,
        "pot": float(totals["pot"]),
        "signal": [_over(float(totals[key]), run.summary["product"]["value"]) for key in ("signal", "signal_mc_error")],
        "bosons": boson,
        "spectra": [spectrum(key, _histogram(item, product), published.get(key)) for key, item in shown.items()],
    }


def _over(events: float, product: float) -> float:
    """Return events at coupling product 1; 0 where the product is 0."""
    return events / product**2 if product else 0.0


def _histogram(item: Mapping[str, Any], product: float) -> dict[str, list[float]]:
    """Return edges, values and variances at product 1 of a histogram in the UHI serialisation."""
    edges, storage = np.asarray(item["axes"][0]["edges"], dtype=float), item["storage"]
    values, variances = (np.asarray(storage[key], dtype=float) for key in ("values", "variances"))
    if not len(edges) - 1 == len(values) == len(variances) > 0:
        raise ValueError("a histogram with other edges than bins")
    scale = product**2 or 1.0
    return {"edges": edges.tolist(), "values": (values / scale).tolist(), "variances": (variances / scale**2).tolist()}


def spectrum(name: str, found: dict[str, list[float]], data: Distribution | None) -> dict[str, Any]:
    """Return one spectrum with its labels and, where they have the same bins, the data.

    Parameters
    ----------
    name : str
        Axis, for instance ``e_vis``.
    found : dict
        ``edges`` (n+1), ``values`` and ``variances`` (n) at coupling product 1.
    data : Distribution or None
        What was published.
    """
    widths, label = style.per_bin(name, np.asarray(found["edges"]))
    published = None
    if data is not None and np.array_equal(data.edges, found["edges"]):
        systematic = data.background_fraction * data.background
        published = {
            "data": data.data.tolist(),
            "background": data.background.tolist(),
            "fixed_variance": (np.square(data.reading_error) + np.square(systematic)).tolist(),
            "kind": f"{data.background_kind} background, {_quality(data.quality)}, {data.source}",
        }
    return {
        "name": name,
        "label": style.axis_label(name),
        "y_label": label,
        "widths": widths.tolist(),
        **found,
        "data": published,
    }


def _quality(letter: str) -> str:
    """Return what the letter of a table's quality means."""
    from darkhorn.report.plots import QUALITY

    return QUALITY.get(letter, letter)


def _flux(directory: Path, notes: list[str]) -> list[dict[str, Any]]:
    """Return the fluxes by flavour and parent of every CSV of ``darkhorn flux`` in the directory."""
    found = []
    for path in sorted(directory.glob("*.csv")):
        try:
            if path.stat().st_size > LARGEST_FILE:
                continue
            lines = path.read_text(encoding="utf-8").splitlines()
            if lines and lines[0] == FLUX_HEADER:
                found.append({"file": path.name, "lines": _flux_lines(lines[1:])})
        except (OSError, ValueError) as error:
            notes.append(f"{path.name}: not shown ({error}).")
    return found


def _flux_lines(rows: list[str]) -> list[dict[str, Any]]:
    """Return one line a flavour and parent: edges in MeV, flux in 1/cm^2/POT/GeV, error."""
    lines: dict[tuple[str, str], dict[str, Any]] = {}
    for row in rows:
        flavour, parent, low, high, *numbers = row.split(",")
        values = [float(cell) if cell else 0.0 for cell in (low, high, *numbers)]
        if len(values) != 5 or not all(map(math.isfinite, values)):
            raise ValueError("a row without five finite numbers")
        key = (flavour, parent)
        line = lines.setdefault(key, {"flavour": flavour, "parent": parent, "edges": values[:1], "values": []})
        line["edges"].append(values[1])
        line["values"].append(float(f"{values[2]:.5g}"))
        line.setdefault("errors", []).append(float(f"{math.hypot(*values[3:]):.3g}"))
    return list(lines.values())


def _constraints(run: RunFiles, notes: list[str]) -> dict[str, Any] | None:
    """Return limits and counting experiments of ``confront.json``, if it is there and of the same parameters."""
    path = run.directory / "confront.json"
    if not path.is_file():
        return None
    try:
        content = read_json(path)
        if content["parameters"] != run.summary["parameters"]:
            notes.append("confront.json is of other parameters than the run: not shown.")
            return None
        limits = [
            {key: item[key] for key in ("name", "decay", "predicted", "limit", "ratio", "cl", "status", "note")}
            for item in content["limits"]
            if item["ratio"] is not None
        ]
        keys = ("experiment", "mode", "sample", "signal_at_product_1", "excess", "error", "at_most")
        counts = [
            {key: item[key] for key in keys}
            for item in content["experiments"]
            if item["signal_at_product_1"] is not None and item["excess"] is not None and item["error"]
        ]
    except (InputFileError, *MALFORMED) as error:
        notes.append(f"confront.json: not shown ({error}).")
        return None
    return {"limits": limits, "counts": counts}
