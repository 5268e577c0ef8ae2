"""Spectrum of one flavour at a detector by direct parent, with its systematic band and what is published beside it."""

from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from darkhorn.chain.beam_flux import BeamFlux, beam_covariance, parents_of
from darkhorn.chain.universes import FluxErrors
from darkhorn.core.rays import Floats
from darkhorn.core.units import GEV
from darkhorn.report import style
from darkhorn.report.flux_plot import FLAVOURS

_STYLES: Final = ("-", (0, (5, 2)), (0, (1, 1.5)), (0, (5, 1, 1, 1)), (0, (3, 1, 1, 1, 1, 1)))
_COLOURS: Final = (style.BLUE, style.DARK, style.SKY, style.GREY, style.BLACK)
_E_MAX: Final = 6.0
_DEPTH: Final = 3.0e4


def plot_beam_flux(
    found: BeamFlux,
    flavour: str,
    title: str,
    errors: FluxErrors | None = None,
    published: tuple[Floats, Floats] | None = None,
) -> Figure:
    """Return the flux of one flavour with its parents; nothing is scaled.

    Parameters
    ----------
    found : BeamFlux
        Ours.
    flavour : str
        One of the four flavours.
    title : str
        Line above the picture.
    errors : FluxErrors, optional
        Systematic errors: they widen the band around the sum, in quadrature with the Monte-Carlo error.
    published : (n,), (n,) float, optional
        Energies in MeV and flux of all parents in 1/cm^2/POT/GeV.

    Returns
    -------
    Figure
        Flux in 1/cm^2/POT/GeV against the energy in GeV, below the ratio to the published one where there is any.
    """
    flux = found.flux
    edges, width = flux.edges / GEV, np.diff(flux.edges) / GEV
    ours, error = flux.density(flavour)
    band = error
    if errors is not None:
        band = np.hypot(error, np.sqrt(np.diag(beam_covariance(found, errors, flavour))) / width)
    figure = style.new_figure(7.0, 5.6 if published else 4.6)
    figure.subplots_adjust(left=0.125, right=0.975, bottom=0.1, top=0.93, hspace=0.06)
    heights = (2.6, 1.0) if published else (1.0,)
    rows = figure.subplots(len(heights), 1, sharex=True, squeeze=False, height_ratios=heights)
    upper, lower = rows[0, 0], rows[-1, 0]
    upper.set_yscale("log")
    floor = max(float(ours.max()), 1.0e-30) / _DEPTH
    label = "darkhorn (band: MC error)" if errors is None else "darkhorn (band: MC and systematic error)"
    low = np.maximum(ours - band, 1.0e-3 * floor)
    upper.stairs(ours + band, edges, baseline=low, fill=True, color=style.ORANGE, alpha=0.3, lw=0)
    upper.stairs(ours, edges, color=style.ORANGE, lw=1.7, label=label)
    for number, parent in enumerate(parents_of(flux, flavour)[: len(_STYLES)]):
        values = flux.density(flavour, parent)[0]
        upper.stairs(values, edges, color=_COLOURS[number], lw=1.0, ls=_STYLES[number], label=f"from {parent}")
    if published:
        energy, density = published
        upper.plot(energy / GEV, density, color=style.BLACK, ls="none", marker="o", ms=2.5, label="published")
        _ratio(lower, flux.edges, ours, band, published)
    upper.set_ylim(floor, 4.0 * max(float(ours.max()), 1.0e-30))
    upper.set_xlim(0.0, _E_MAX)
    upper.legend(loc="upper right", fontsize=style.SMALL, frameon=False)
    style.title(upper, title)
    style.dress(upper, "" if published else "neutrino energy [GeV]", f"{FLAVOURS[flavour]} flux [1 / (cm² POT GeV)]")
    style.log_decades(upper.yaxis)
    if published:
        upper.tick_params(labelbottom=False)
        style.dress(lower, "neutrino energy [GeV]", "ours / published")
    return figure


def _ratio(axes: Axes, edges: Floats, ours: Floats, band: Floats, published: tuple[Floats, Floats]) -> None:
    """Draw ours over published with our band."""
    energy, density = published
    keep = (density > 0.0) & (energy > edges[0]) & (energy < edges[-1])
    row = np.searchsorted(edges, energy[keep], side="right") - 1
    ratio, error = ours[row] / density[keep], band[row] / density[keep]
    axes.axhline(1.0, color=style.GREY, lw=0.8)
    axes.errorbar(energy[keep] / GEV, ratio, yerr=error, fmt="o", color=style.ORANGE, ms=2.5, lw=0.8)
    axes.set_ylim(0.0, 2.0)
