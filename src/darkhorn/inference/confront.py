"""One parameter point against everything at once: every experiment and mode, every limit on rare decays.

Everything is computed at coupling product 1, once, and multiplied. A failing experiment does not lose the others: its
row says why.
"""

import math
from dataclasses import dataclass
from typing import Any, Final

from darkhorn import __version__
from darkhorn.chain.dump_parents import CHARGED
from darkhorn.core.errors import DarkhornError
from darkhorn.core.progress import Tell
from darkhorn.experiments.loader import Counting, Experiment, Mode
from darkhorn.inference.confront_beams import Beams
from darkhorn.inference.confront_limits import Fate, LimitRow, Made, decays_of, fate, limits_of
from darkhorn.inference.confront_point import RARE_DECAYS, Point
from darkhorn.inference.confront_rates import Rates, narrowed, rates_of, selection, shows
from darkhorn.models.photoconversion import Photoconversion

EXPLAINED: Final = 1.0
"""Pull within which an excess counts as explained."""
TENSION: Final = -2.0
"""Pull below which a prediction is in tension with the data."""


@dataclass(frozen=True)
class Row:
    """One comparison of a mode with its data.

    Attributes
    ----------
    experiment, mode, sample : str
        Where; ``sample`` is ``excess`` or the name of a counting channel, empty without data.
    channels : dict
        Events and their Monte-Carlo error by meson, at the given couplings, in the exposure.
    pot : float
        Exposure.
    at_most : bool
        Efficiency or selection are not known: the events are those at efficiency 1 without that selection.
    data, background, excess, error : float or None
        As published, in events; ``error`` is that of the excess, statistical and systematic.
    status : str
        ``compared``, ``no comparison`` or ``failed``.
    note : str
        What is missing, or why it failed.
    flux_error : float
        Relative error of the events from the beam; 0 where none is known.
    """

    experiment: str
    mode: str
    sample: str = ""
    channels: dict[str, tuple[float, float]] | None = None
    pot: float = 0.0
    at_most: bool = False
    data: float | None = None
    background: float | None = None
    excess: float | None = None
    error: float | None = None
    status: str = "no comparison"
    note: str = ""
    flux_error: float = 0.0

    @property
    def signal(self) -> float | None:
        """Events in the exposure; None where they could not be computed."""
        return None if self.channels is None else sum(events for events, _ in self.channels.values())

    @property
    def signal_error(self) -> float:
        """Their Monte-Carlo error."""
        return math.hypot(*(error for _, error in (self.channels or {}).values()))

    @property
    def pull_null(self) -> float | None:
        """(data - background) / error."""
        return None if self.excess is None or not self.error else self.excess / self.error

    @property
    def pull(self) -> float | None:
        """(data - background - signal) / error, the beam's error of the signal in it; None without a known signal."""
        return None if self.at_most else self.lowest_pull

    @property
    def lowest_pull(self) -> float | None:
        """The pull, or for a signal that is ``at_most`` known the lowest that it can be."""
        if self.excess is None or not self.error or self.signal is None:
            return None
        return (self.excess - self.signal) / math.hypot(self.error, self.flux_error * self.signal)

    @property
    def verdict(self) -> str:
        """What the pulls mean, in a word or two."""
        if self.lowest_pull is None:
            return "failed" if self.status == "failed" else "no comparison"
        if self.at_most:
            return "allowed at any efficiency" if self.lowest_pull > TENSION else "no comparison"
        if self.sample != "excess":
            return "allowed" if self.lowest_pull > TENSION else "tension"
        if abs(self.lowest_pull) <= EXPLAINED:
            return "explained"
        return "falls short" if self.lowest_pull > 0.0 else "overshoots"


@dataclass(frozen=True)
class Confrontation:
    """A point with everything that it was compared with.

    Attributes
    ----------
    point : Point
        The point.
    decays : tuple of Made
        Decays of mesons that make X.
    fate : Fate
        What becomes of X.
    rows : tuple of Row
        Experiments.
    limits : tuple of LimitRow
        Rare decays.
    notes : tuple of str
        What a reader has to know.
    """

    point: Point
    decays: tuple[Made, ...]
    fate: Fate
    rows: tuple[Row, ...]
    limits: tuple[LimitRow, ...]
    notes: tuple[str, ...]


def confront(point: Point, tell: Tell = lambda _: None) -> Confrontation:
    """Return a point compared with every experiment of its list and with every limit on rare decays.

    Parameters
    ----------
    point : Point
        From :func:`darkhorn.inference.confront_point.load_point`.
    tell : callable
        Told what is being done.

    Raises
    ------
    DarkhornError
        For a supplied curve that is none. What goes wrong in one experiment is said in its row.
    """
    limits = tuple(limits_of(point.model, point.supply.get(RARE_DECAYS)))
    decays, dark = tuple(decays_of(point.model)), fate(point.model)
    beams = Beams(point.settings, point.supply)
    rows: list[Row] = []
    for name in point.experiments:
        try:
            experiment = Experiment.load(name, given=point.supply.get(name))
        except DarkhornError as error:
            rows.append(Row(name, "", status="failed", note=str(error)))
            continue
        for mode in experiment.modes.values():
            rows += _rows(point, experiment, mode, beams, tell)
    return Confrontation(point, decays, dark, tuple(rows), limits, _notes(point, limits, dark, rows))


def _rows(point: Point, experiment: Experiment, mode: Mode, beams: Beams, tell: Tell) -> list[Row]:
    """Return one row a sample of a mode, or the one that says why there is none."""
    takes = selection(experiment.name, mode.name).takes
    model = narrowed(point.model, takes)
    samples = _samples(mode)
    if model is None:
        why = f"selects {' and '.join(takes)}, the model makes {' and '.join(shows(point.model))}"
        return [Row(experiment.name, mode.name, name, note=why, **values) for name, values in samples.items()]
    try:
        rates = rates_of(model, experiment, mode, beams, tell)
    except DarkhornError as error:
        missing = _missing_key(str(error))
        note, status = (f"{missing} missing", "no comparison") if missing else (str(error), "failed")
        return [
            Row(experiment.name, mode.name, name, note=note, status=status, **values)
            for name, values in samples.items()
        ]
    except Exception as error:  # noqa: BLE001 - one experiment must not lose the others
        note = f"{type(error).__name__}: {error}"
        return [Row(experiment.name, mode.name, note=note, status="failed")]
    return [_row(point, experiment, mode, rates, name, values) for name, values in samples.items()]


def _missing_key(message: str) -> str:
    """Return the key that a message asks for, or nothing."""
    return message.partition("you must supply ")[2].split(" ")[0].rstrip(";")


def _samples(mode: Mode) -> dict[str, dict[str, Any]]:
    """Return data, background, excess and its error by sample; one without a name where nothing is published."""
    found: dict[str, dict[str, Any]] = {}
    if mode.excess is not None:
        totals = {"data": mode.published.get("data"), "background": mode.published.get("background_constrained")}
        found["excess"] = {**totals, "excess": mode.excess, "error": mode.excess_error}
    for item in mode.counts:
        numbers = {"data": item.observed, "background": item.expected}
        found[item.name] = {**numbers, "excess": item.excess, "error": item.excess_error}
    return found or {"": {}}


def _row(point: Point, experiment: Experiment, mode: Mode, rates: Rates, name: str, values: dict[str, Any]) -> Row:
    """Return the row of one sample: what is missing keeps it from being compared."""
    scale = point.model.coupling_product**2
    channels = {key: (scale * events, scale * error) for key, (events, error) in rates.channels.items()}
    lacking = list(rates.lacking)
    if not name:
        lacking.append(f"modes.{mode.name}.counts")
    elif values["error"] is None:
        lacking += [f"modes.{mode.name}.counts.{name}.{key}" for key in _absent(mode.counting(name))]
    notes = [f"{', '.join(lacking)} missing"] if lacking else []
    notes += [rates.note] if rates.note else []
    status = "no comparison" if lacking else "compared"
    at_most = bool(rates.lacking) and bool(channels)
    return Row(
        *(experiment.name, mode.name, name, channels, mode.pot, at_most),
        **values, status=status, note="; ".join(notes), flux_error=rates.flux_error,
    )  # fmt: skip


def _absent(item: Counting) -> list[str]:
    return sorted(item.missing) or ["expected_error"]


def _notes(point: Point, limits: tuple[LimitRow, ...], dark: Fate, rows: list[Row]) -> tuple[str, ...]:
    """Return warnings of the model and what the comparison leaves out."""
    notes = list(point.model.warnings())
    refused = [row.name for row in limits if row.status == "refused"]
    if refused:
        notes.append(
            f"{', '.join(refused)}: searches for a peak bound two-body decays only and are refused for P -> l nu X."
        )
    if dark.electrons > 0.0:
        notes.append(f"X -> e+ e-: share {dark.electrons:.3g}, c tau = {dark.c_tau:.3g} m.")
    product, unit = point.model.coupling_product, point.model.product_unit.replace("1/", " /").removeprefix("1")
    held = "" if isinstance(point.model, Photoconversion) else ", lifetimes and branching ratios held"
    for row in rows:
        if row.sample == "excess" and row.signal and row.excess:
            needed = product * max(row.excess / row.signal, 0.0) ** 0.5
            notes.append(
                f"{row.experiment} {row.mode}: the excess needs {point.model.product_name} = {needed:.3g}{unit}, "
                f"{needed / product:.3g} of this point's{held}."
            )
    scaled = _dump_over_target(rows)
    if scaled is not None:
        notes.append(f"dump mode: {scaled:.3g} of the events per proton of the neutrino mode.")
    if any(row.experiment == "miniboone-dump" and row.channels for row in rows):
        notes.append(f"dump mode: {CHARGED}; kaons decay in flight before they are absorbed, and K+ at rest.")
    if any("eta" in (row.channels or {}) for row in rows):
        notes.append("eta: a yield per pi0 that is an input (0.033 by default), with momenta and angles of K0.")
    errors = {f"{row.experiment} {row.mode}": row.flux_error for row in rows if row.flux_error > 0.0}
    told = ", ".join(f"{name} {100.0 * error:.0f} %" for name, error in errors.items())
    notes.append(
        f"Pulls take the errors of data and background, and that of the beam on the signal: {told or 'none known'}. "
        "pi0, eta, mesons at rest and the dump carry no error."
    )
    return tuple(notes)


def _dump_over_target(rows: list[Row]) -> float | None:
    """Return events per proton of MiniBooNE's dump mode over those of its neutrino mode."""
    found = {(row.experiment, row.mode): row for row in rows}
    dump, target = found.get(("miniboone-dump", "dump")), found.get(("miniboone", "neutrino"))
    if dump is None or target is None or not dump.signal or not target.signal:
        return None
    return (dump.signal / dump.pot) / (target.signal / target.pot)


def as_json(result: Confrontation) -> dict[str, Any]:
    """Return a confrontation as plain values: what ``confront.json`` holds."""
    model, product = result.point.model, result.point.model.coupling_product
    limits = [
        {
            **{key: getattr(row, key) for key in ("name", "decay", "quantity", "predicted", "limit", "ratio", "cl")},
            **{key: getattr(row, key) for key in ("status", "origin", "note")},
            "largest_coupling": model.coupling / row.ratio**0.5 if row.ratio else None,
        }
        for row in result.limits
    ]
    return {
        "version": __version__,
        "point": result.point.name,
        "model": result.point.model_name,
        "title": model.title,
        "conventions": model.conventions,
        "parameters": dict(model.parameters()),
        "product": {"name": model.product_name, "value": product, "unit": model.product_unit},
        "seed": result.point.settings.seed,
        "precision": result.point.settings.precision,
        "mass_MeV": result.fate.mass,
        "c_tau_m": result.fate.c_tau if result.fate.c_tau < float("inf") else None,
        "decays": [{"decay": item.decay, "branching": item.branching} for item in result.decays],
        "experiments": [_row_json(row, product) for row in result.rows],
        "limits": limits,
        "notes": list(result.notes),
        "citations": sorted({"PDG", "Byckling:1973", "MiniBooNE:flux", "G4BNB", *model.sources}),
    }


def _row_json(row: Row, product: float) -> dict[str, Any]:
    """Return one row as plain values, with the events at coupling product 1."""
    keys = ("experiment", "mode", "sample", "pot", "signal", "signal_error", "at_most", "data", "background", "excess")
    values = {
        key: getattr(row, key)
        for key in (*keys, "error", "flux_error", "pull", "pull_null", "verdict", "status", "note")
    }
    channels = {name: {"events": events, "error": error} for name, (events, error) in (row.channels or {}).items()}
    unit = row.signal / product**2 if row.signal is not None and product > 0.0 else None
    return {**values, "channels": channels, "signal_at_product_1": unit}
