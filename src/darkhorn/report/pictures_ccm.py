"""CCM: shapes of the vectors, recoils and photons that stopped pi+ and pi0 make."""

from typing import Any, Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from darkhorn.core.rays import Floats
from darkhorn.inference.pictures_ccm import PHOTONS, CcmSpectra
from darkhorn.inference.pictures_rates import Rate
from darkhorn.report import style
from darkhorn.report.numbers import scientific

LINES: Final[dict[str, dict[str, Any]]] = {
    "IB1": {"color": style.ORANGE, "ls": "-", "lw": 1.8},
    "IB2": {"color": style.BLUE, "ls": (0, (5.0, 2.0)), "lw": 1.8},
    "IB3": {"color": "#E69F00", "ls": (0, (1.0, 1.3)), "lw": 2.2},
    "IB1+2+3": {"color": style.GREY, "ls": (0, (6.0, 2.0, 1.0, 2.0)), "lw": 1.8},
    "pi0": {"color": style.BLACK, "ls": "-", "lw": 1.2},
}
"""Lines by shape; all but the last come from pi+."""
NAMES: Final = {
    "IB1": "π⁺, IB1 (lepton)",
    "IB2": "π⁺, IB2 (meson)",
    "IB3": "π⁺, IB3 (contact)",
    "IB1+2+3": "π⁺, coherent sum",
    "pi0": "π⁰ → γ V",
}
_FAINTEST: Final = 3.0e-6
_KEV: Final = 1.0e3


def draw_ccm(found: CcmSpectra) -> Figure:
    """Return four panels: V that crosses the detector, photons, nuclear recoils, electron recoils.

    Parameters
    ----------
    found : CcmSpectra
        From :func:`darkhorn.inference.pictures_ccm.ccm_spectra`.

    Returns
    -------
    Figure
        Every curve has area 1 (per ln T for nuclei); the numbers in a panel are events in the exposure at the
        couplings, before any threshold and at efficiency 1.
    """
    width, height = 10.6, 8.3
    figure = style.new_figure(width, height)
    figure.subplots_adjust(left=0.085, right=0.98, bottom=0.075, top=1.0 - 1.15 / height, wspace=0.22, hspace=0.32)
    grid = figure.subplots(2, 2)
    energy = found.edges["photon"]
    vectors = {name: rate.bosons for name, rate in found.rates["photon"].items()}
    _spectrum(grid[0, 0], vectors, found.edges["vector"], {name: float(v.sum()) for name, v in vectors.items()})
    _spectrum(grid[0, 1], *_parts(found.rates["photon"], energy))
    _nuclei(grid[1, 0], *_parts(found.rates["nuclear recoil"], found.edges["nuclear recoil"]))
    _spectrum(grid[1, 1], *_parts(found.rates["electron recoil"], found.edges["electron recoil"]), last=160.0)
    titles = (
        "V that crosses the detector, where it lives",
        f"photons, V Ar → γ Ar by a scalar of {PHOTONS.m_mediator:g} MeV",
        "nuclear recoils, χ Ar → χ Ar",
        "electron recoils, χ e → χ e",
    )
    labels = ("energy of V [MeV]", "energy of the photon [MeV]", "kinetic energy of Ar [keV]", "energy of e [MeV]")
    for axes, text, label in zip(grid.flat, titles, labels, strict=True):
        style.title(axes, text)
        style.dress(axes, label, "area 1 per ln T" if "keV" in label else "area 1 [/ MeV]")
    grid[1, 0].axvline(_KEV * found.threshold, color=style.DARK, lw=0.8, ls=":")
    grid[1, 0].text(1.06 * _KEV * found.threshold, 0.12, f"{_KEV * found.threshold:g} keV", fontsize=style.SMALL)
    grid[0, 0].axvline(found.endpoint, color=style.DARK, lw=0.8, ls=":")
    grid[0, 0].text(
        found.endpoint + 4.0, 2.0 * _FAINTEST, f"end of π⁺ at rest\n{found.endpoint:.1f} MeV", fontsize=style.SMALL
    )
    model = found.model
    first = f"{found.experiment.upper()}, {scientific(found.pot)} POT:  V {model.m_v1:g} MeV, χ {model.m_chi:g} MeV, "
    first += f"ε = {scientific(model.eps1, 2)}, α_D = {model.alpha_d1:g}"
    figure.text(0.5, 1.0 - 0.12 / height, first, ha="center", va="top", fontsize=12.0, weight="bold")
    handles = [grid[0, 1].plot([], [], label=NAMES[name], **line)[0] for name, line in LINES.items()]
    figure.legend(
        handles=handles, loc="upper center", ncols=len(handles), fontsize=style.MEDIUM, frameon=False,
        bbox_to_anchor=(0.5, 1.0 - 0.4 / height), handlelength=3.0,
    )  # fmt: skip
    return figure


def _parts(rates: dict[str, Rate], edges: Floats) -> tuple[dict[str, Floats], Floats, dict[str, float]]:
    """Return spectra, bins and events by shape."""
    spectra = {name: rate.spectra["e_vis"] for name, rate in rates.items()}
    return spectra, edges, {name: rate.events for name, rate in rates.items()}


def _spectrum(
    axes: Axes, rows: dict[str, Floats], edges: Floats, events: dict[str, float], last: float = 320.0
) -> None:
    """Draw densities of area 1 on a logarithmic axis."""
    for name, values in rows.items():
        if values.sum() > 0.0:
            density = values / values.sum() / np.diff(edges)
            axes.stairs(np.where(density > 0.0, density, np.nan), edges, baseline=None, **LINES[name])
    axes.set_yscale("log")
    axes.set_ylim(_FAINTEST, 0.4)
    axes.set_xlim(0.0, last)
    style.log_decades(axes.yaxis)
    _events(axes, events)


def _nuclei(axes: Axes, rows: dict[str, Floats], edges: Floats, events: dict[str, float]) -> None:
    """Draw densities of area 1 in ln T, with the threshold."""
    for name, values in rows.items():
        if values.sum() > 0.0:
            density = values / values.sum() / np.diff(np.log(edges))
            axes.stairs(density, edges * _KEV, baseline=None, **LINES[name])
    axes.set_xscale("log")
    axes.set_xlim(edges[0] * _KEV, edges[-1] * _KEV / 10.0)
    axes.set_ylim(0.0, 1.6 * axes.get_ylim()[1])
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    _events(axes, events)


def _events(axes: Axes, events: dict[str, float]) -> None:
    """Write the number of events by shape into the upper right corner."""
    lines = [f"{NAMES[name].split(' (')[0]}: {_count(events[name])}" for name in LINES if name in events]
    text = "\n".join(["in the exposure", *lines])
    box: dict[str, Any] = {"facecolor": "white", "edgecolor": style.GREY, "linewidth": 0.5, "pad": 3.0}
    axes.text(
        0.97, 0.96, text, ha="right", va="top", multialignment="left", fontsize=style.SMALL, transform=axes.transAxes,
        bbox=box,
    )  # fmt: skip


def _count(value: float) -> str:
    """Return a number of events with three digits."""
    return f"{value:.0f}" if 100.0 <= value < 1.0e4 else scientific(value)
