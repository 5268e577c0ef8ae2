"""Tables for the terminal from the values of ``summary.json``: what was predicted, and what the fit says."""

from collections.abc import Mapping
from typing import Any, Final

from rich.table import Table
from rich.text import Text

from darkhorn.report.numbers import with_error

WIDTH: Final = 100
"""Columns that the tables fit into, for two modes."""

POOR: Final = 1.0e-3
"""p-value below which a note says that the fit is poor."""


def summary_tables(summary: Mapping[str, Any]) -> list[Table]:
    """Return the tables of a run: the prediction by mode and, where there was a fit, its result.

    Parameters
    ----------
    summary : mapping
        Content of ``summary.json``, see :func:`darkhorn.report.summary.summary`.

    Returns
    -------
    list of Table
        One or two, at most :data:`WIDTH` columns wide.
    """
    return [summary_table(summary)] if summary["fit"] is None else [summary_table(summary), fit_table(summary)]


def summary_table(summary: Mapping[str, Any]) -> Table:
    """Return one column a mode: exposure, bosons, signal, data, background, excess and the quality of the weights.

    Parameters
    ----------
    summary : mapping
        Content of ``summary.json``. Signals are given with their Monte-Carlo error; data, background and excess are
        the published totals.
    """
    modes: Mapping[str, Mapping[str, Any]] = summary["modes"]
    table = _table(f"{summary['model']}: {summary['title']}", ["", *(f"{name} mode" for name in modes)])

    def row(label: str, cells: list[str]) -> None:
        table.add_row(Text(label), *map(Text, cells))

    values = list(modes.values())
    row("exposure [POT]", [f"{mode['pot']:.4g}" for mode in values])
    pairs = [(mode["bosons_crossing_per_pot"], mode["bosons_crossing_mc_error"]) for mode in values]
    row(f"{summary['particle']} across per POT, coupling {summary['coupling']:.3g}", [_pm(*pair) for pair in pairs])
    row(f"{summary['particle']} across / made", [_short(mode.get("acceptance")) for mode in values])
    row("their mean chord [m]", [f"{mode['mean_chord_m']:.3f}" for mode in values])
    row("their mean delay behind light [ns]", [f"{mode['mean_delay_ns']:.3g}" for mode in values])
    for name in dict.fromkeys(name for mode in values for name in mode.get("decays", {})):
        found = [mode.get("decays", {}).get(name, {}) for mode in values]
        row(f"{name}: branching ratio", [_short(item.get("branching")) for item in found])
        row("  decays in the exposure", [_short(item.get("decays_in_exposure")) for item in found])
    table.add_section()
    row("signal at the given couplings", [_pm(mode["signal"], mode["signal_mc_error"]) for mode in values])
    if any(mode.get("signal_flux_error") is not None for mode in values):
        row("  its error of the beam", [_error(mode.get("signal_flux_error")) for mode in values])
    if any(mode["signal_best_fit"] is not None for mode in values):
        row("signal at the best fit", [_best(mode) for mode in values])
    if any(mode["data"] is not None for mode in values):
        table.add_section()
        row("data (published)", [_count(mode["data"]) for mode in values])
        row("background (published)", [_background(mode) for mode in values])
        row("excess (published)", [_excess(mode) for mode in values])
    table.add_section()
    row("effective number of events", [f"{mode['n_eff']:.0f}" for mode in values])
    row("points of each replicate", [f"{mode['points']}" for mode in values])
    row("largest weight / mean", [f"{mode['largest_weight_over_mean']:.3g}" for mode in values])
    return table


def fit_table(summary: Mapping[str, Any]) -> Table:
    """Return the result of the fit, beside the published coupling product where there is one.

    Parameters
    ----------
    summary : mapping
        Content of ``summary.json`` of a run with a fit.
    """
    fit: Mapping[str, Any] = summary["fit"]
    table = _table("fit of the coupling product", ["", ""])

    def row(label: str, value: str) -> None:
        table.add_row(Text(label), Text(value))

    product = summary["product"]
    unit = "" if product["unit"] == "1" else f" [{product['unit']}]"
    row(f"coupling product{unit}", _pm(fit["coupling_product"], fit["error"]))
    row("  as given", f"{product['value']:.4g}")
    row("  conventions here", summary["conventions"])
    if "published" in fit:
        published = fit["published"]
        row("  published", f"{published['product']:.3g} ({published['source']})")
        row("  conventions there", published["note"])
        row("  fit / published", f"{fit['coupling_product'] / published['product']:.3g}")
    table.add_section()
    row("chi2 / ndof", f"{fit['chi2']:.1f} / {fit['ndof']}, p = {fit['p_value']:.2g}")
    row("  without signal", f"{fit['chi2_null']:.1f} / {fit['ndof_null']}, p = {fit['p_value_null']:.2g}")
    row("  difference", f"{fit['delta_chi2']:.1f}")
    for label, chi2 in fit["chi2_by_distribution"].items():
        row(f"  chi2 of {label}", f"{chi2:.1f}")
    return table


def notes(summary: Mapping[str, Any]) -> list[str]:
    """Return what a reader of the tables has to know, one sentence a line: notes on the fit, then all warnings."""
    fit = summary["fit"]
    lines = []
    if fit is not None:
        lines.append(fit["note"])
        if fit["coupling_product"] == 0.0:
            lines.append("The data fall short of the background: the best coupling product is 0.")
        if fit["p_value"] < POOR:
            lines.append(f"The fit is poor (p = {fit['p_value']:.2g}): the error of the coupling product means little.")
    return [*lines, *summary["warnings"]]


def _table(title: str, headers: list[str]) -> Table:
    """Return an empty table of the house style."""
    from rich.box import SIMPLE

    table = Table(title=Text(title), title_justify="left", box=SIMPLE, show_header=any(headers))
    table.add_column(Text(headers[0]), no_wrap=True)
    for header in headers[1:]:
        table.add_column(Text(header), overflow="fold", max_width=62)
    return table


def _pm(value: float, error: float) -> str:
    """Return value ± error without superscripts."""
    return with_error(value, error, plain=True)


def _best(mode: Mapping[str, Any]) -> str:
    """Return the signal at the best fit with its Monte-Carlo error, which is as large relative to it as any other."""
    best, signal = mode["signal_best_fit"], mode["signal"]
    if best is None:
        return "-"
    return _pm(best, mode["signal_mc_error"] * best / signal) if signal > 0.0 else f"{best:.4g}"


def _short(value: float | None) -> str:
    """Return a number with six digits, or a dash where there is none."""
    return "-" if value is None else f"{value:.6g}"


def _error(value: float | None) -> str:
    """Return an error with two digits, or a dash where there is none."""
    return "-" if value is None else f"± {value:.2g}"


def _count(value: float | None) -> str:
    """Return a number of events, or a dash where there is none."""
    return "-" if value is None else f"{value:g}"


def _background(mode: Mapping[str, Any]) -> str:
    """Return the background with its kind."""
    return "-" if mode["background"] is None else f"{mode['background']:.1f} ({mode['background_kind']})"


def _excess(mode: Mapping[str, Any]) -> str:
    """Return the excess with its error."""
    return "-" if mode["excess"] is None else f"{mode['excess']:.1f} ± {mode['excess_error']:.1f}"
