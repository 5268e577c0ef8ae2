"""Neutrino flux of our mesons against the published one, absolutely normalised."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from darkhorn.chain.flux import Flux
from darkhorn.core.rays import Floats
from darkhorn.core.units import GEV
from darkhorn.experiments.datadir import FluxTable
from darkhorn.experiments.published import published_flux, published_table
from darkhorn.report import style
from darkhorn.report.numbers import scientific, with_error

PRIMARY: Final = "primary p-Be π⁺"
FLAVOURS: Final = {"numu": "νμ", "numubar": "ν̄μ", "nue": "νₑ", "nuebar": "ν̄ₑ"}


@dataclass(frozen=True)
class Reference:
    """What the flux is compared with.

    Attributes
    ----------
    label : str
        What the legend calls it.
    energy : (n,) float
        Middle of the bins compared, MeV.
    density : (n,) float
        Published flux there, per cm^2, POT and GeV.
    ratio, ratio_error : (n,) float
        Ours over published, and its Monte-Carlo error.
    total, mean_energy : float
        Integral per cm^2 and POT, mean energy in MeV.
    """

    label: str
    energy: Floats
    density: Floats
    ratio: Floats
    ratio_error: Floats
    total: float
    mean_energy: float


def reference_from_table(flux: Flux, table: FluxTable, column: str, label: str) -> Reference:
    """Return the comparison with a column of a full table, averaged over our bins; bins without flux are left out."""
    edges = flux.edges
    high = np.minimum(edges[1:, None], table.edges[None, 1:])
    low = np.maximum(edges[:-1, None], table.edges[None, :-1])
    density = np.maximum(high - low, 0.0) @ table.column(column) / np.diff(edges) * GEV
    ours, error = flux.density
    keep = density > 0.0
    centre = 0.5 * (edges[1:] + edges[:-1])[keep]
    density = density[keep]
    return Reference(
        label,
        centre,
        density,
        ours[keep] / density,
        error[keep] / density,
        table.total(column),
        table.mean_energy(column),
    )


def reference_from_points(flux: Flux, mode: str, flavour: str) -> Reference:
    """Return the comparison with the shipped points of the flux of all parents, each with our bin around it."""
    columns = published_table("bnb_flux_published")
    energy, density = columns["energy_GeV"] * GEV, columns[f"{mode}_{flavour}"]
    keep = (density > 0.0) & (energy > flux.edges[0]) & (energy < flux.edges[-1])
    energy, density = energy[keep], density[keep]
    row = np.searchsorted(flux.edges, energy, side="right") - 1
    ours, error = flux.density
    total, mean = published_flux(mode, flavour)
    return Reference("all parents", energy, density, ours[row] / density, error[row] / density, total, mean)


def plot_flux(flux: Flux, full: FluxTable | None = None, *, mode: str = "neutrino", flavour: str = "numu") -> Figure:
    """Return our flux over the published one, with their ratio below; nothing is scaled.

    Parameters
    ----------
    flux : Flux
        Neutrinos of our mesons averaged over the detector's disc.
    full : FluxTable, optional
        The full published table; with its column of primary pions the comparison is like with like. Without it the
        shipped points, which include all parents, are drawn.
    mode, flavour : str
        Which published flux: for instance ``neutrino`` and ``numu``.

    Returns
    -------
    Figure
        Upper panel: flux per cm^2, POT and GeV, with the Monte-Carlo error of ours as a band. Lower panel: ratio.

    Raises
    ------
    UnknownNameError
        When this combination is not published.
    """
    primary = f"{flavour}_sec_pBe_pi"
    if full is None:
        compared = everything = reference_from_points(flux, mode, flavour)
    else:
        everything = reference_from_table(flux, full, flavour, "all parents")
        like = primary in full.flux
        compared = reference_from_table(flux, full, primary, PRIMARY) if like else everything
    figure = style.new_figure(7.0, 5.6)
    figure.subplots_adjust(left=0.125, right=0.975, bottom=0.095, top=0.93, hspace=0.06)
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(2.6, 1.0))
    _draw_flux(upper, flux, (mode, flavour), compared, everything)
    _draw_ratio(lower, flux, compared)
    name = FLAVOURS.get(flavour, flavour)
    style.title(upper, f"{name} flux at MiniBooNE, {mode} mode: absolute normalisation, no free factor")
    style.dress(upper, "", f"{name} flux [1 / (cm² POT GeV)]")
    style.dress(lower, "neutrino energy [GeV]", "ours / published")
    upper.tick_params(labelbottom=False)
    style.log_decades(upper.yaxis)
    return figure


def _draw_flux(
    axes: Axes, flux: Flux, mode_flavour: tuple[str, str], compared: Reference, everything: Reference
) -> None:
    """Draw the fluxes with a logarithmic axis, and their totals and means as text."""
    ours, error = flux.density
    edges = flux.edges / GEV
    axes.set_yscale("log")
    low = np.maximum(ours - error, 0.1 * ours)
    axes.stairs(ours + error, edges, baseline=low, fill=True, color=style.ORANGE, alpha=0.35, lw=0)
    axes.stairs(ours, edges, color=style.ORANGE, lw=1.6, label="darkhorn, primary pions (band: MC error)")
    marker, line = ("o", "none") if len(compared.energy) < 40 else ("", "-")
    axes.plot(
        compared.energy / GEV, compared.density, color=style.BLACK, lw=1.1, ls=line, marker=marker, ms=4,
        label=f"published, {compared.label}",
    )  # fmt: skip
    if compared is not everything:
        label = f"published, {everything.label}"
        axes.plot(everything.energy / GEV, everything.density, color=style.GREY, lw=1.3, ls=(0, (4, 2)), label=label)
    peak = float(ours.max())
    axes.set_ylim(peak / 3e4, 4.0 * peak)
    axes.set_xlim(0.0, _last_energy(flux, peak / 3e4) / GEV)
    axes.legend(loc="upper right", fontsize=style.MEDIUM, frameon=False)
    text = "\n".join(_totals(flux, mode_flavour, compared, everything))
    axes.text(0.03, 0.05, text, ha="left", va="bottom", fontsize=style.MEDIUM, transform=axes.transAxes)


def _totals(flux: Flux, mode_flavour: tuple[str, str], compared: Reference, everything: Reference) -> list[str]:
    """Return the integrals and mean energies as lines of text; the ratio is to the primary pions where known."""
    totals = {one.label: (one.total, one.mean_energy) for one in (compared, everything)}
    if mode_flavour == ("neutrino", "numu"):
        totals = {PRIMARY: published_flux(*mode_flavour, "primary_pi_plus")} | totals
    label, (published, _) = next(iter(totals.items()))
    total, error = flux.total
    return [
        "integral [1 / (cm² POT)], mean energy [GeV]",
        f"ours: {with_error(total, error)}, {flux.mean_energy / GEV:.3f}",
        *(f"published, {name}: {scientific(one, 4)}, {mean / GEV:.3f}" for name, (one, mean) in totals.items()),
        f"integral, ours / published {label}: {total / published:.3f}",
    ]


def _last_energy(flux: Flux, floor: float) -> float:
    """Return the energy in MeV above which our flux stays below ``floor``."""
    above = np.flatnonzero(flux.density[0] > floor)
    return float(flux.edges[above[-1] + 1]) if above.size else float(flux.edges[-1])


def _draw_ratio(axes: Axes, flux: Flux, compared: Reference) -> None:
    """Draw ours over published with the Monte-Carlo error, and a line at 1."""
    axes.axhline(1.0, color=style.GREY, lw=0.8)
    energy = compared.energy / GEV
    axes.errorbar(energy, compared.ratio, yerr=compared.ratio_error, fmt="o", color=style.ORANGE, ms=3.0, lw=0.9)
    axes.set_ylim(0.0, 2.0)
    text = f"published: {compared.label}"
    axes.text(0.03, 0.88, text, ha="left", va="top", fontsize=style.SMALL, transform=axes.transAxes)
