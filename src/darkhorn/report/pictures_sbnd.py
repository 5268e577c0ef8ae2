"""SBND with one mediator: spectra by meson, and who makes the events of each final state."""

from typing import Any, Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from darkhorn.core.rays import Floats
from darkhorn.inference.pictures_rates import Rate, shares
from darkhorn.inference.pictures_sbnd import FinalState, SbndRates
from darkhorn.models.dark_matter import DarkMatter
from darkhorn.report import style
from darkhorn.report.numbers import scientific

LINES: Final[dict[str, dict[str, Any]]] = {
    "pi0": {"color": style.BLACK, "ls": "-", "lw": 1.5},
    "eta": {"color": style.GREY, "ls": (0, (6.0, 2.0, 1.0, 2.0)), "lw": 1.5},
    "K+-": {"color": style.ORANGE, "ls": (0, (5.0, 2.0)), "lw": 1.8},
    "pi+-": {"color": style.BLUE, "ls": (0, (1.0, 1.2)), "lw": 2.2},
}
"""Lines by meson."""
NAMES: Final = {"pi+-": "π±", "K+-": "K±", "pi0": "π⁰", "eta": "η"}
TITLES: Final = {
    "photon": "γ:  V N → γ N by π⁰ exchange",
    "electron": "e⁻:  χ e → χ e",
    "pair": "e⁺e⁻:  χ N → χ′ N, χ′ → χ e⁺e⁻",
}
_NEARLY_ALL: Final = 0.998
_DECADES: Final = 1.0e-5


def draw_sbnd(found: SbndRates) -> Figure:
    """Return two rows of spectra, a column a final state, and bars of the events by meson below.

    Parameters
    ----------
    found : SbndRates
        From :func:`darkhorn.inference.pictures_sbnd.sbnd_rates`.

    Returns
    -------
    Figure
        Events in the exposure at the couplings that make MiniBooNE's excess, on logarithmic axes; the mesons are drawn
        one beside the other, not stacked.
    """
    states = list(found.states.values())
    columns = max(len(states), 1)
    width, height = 0.9 + 3.5 * columns, 8.9
    figure = style.new_figure(width, height)
    figure.subplots_adjust(
        left=0.8 / width, right=1.0 - 0.25 / width, bottom=0.4 / height, top=1.0 - 1.2 / height,
        wspace=0.22, hspace=0.36,
    )  # fmt: skip
    layout = figure.add_gridspec(3, columns)
    for column, state in enumerate(states):
        energy, angle = (figure.add_subplot(layout[row, column]) for row in (0, 1))
        _spectra(energy, state, "e_vis", found.edges["e_vis"])
        degrees = np.degrees(np.arccos(np.clip(found.edges["cos_theta"], -1.0, 1.0)))
        _spectra(angle, state, "cos_theta", degrees)
        angle.set_xlim(0.0, _widest(state, degrees))
        style.title(energy, TITLES[state.name])
        style.dress(energy, style.axis_label("e_vis"), "events / MeV" if column == 0 else "")
        style.dress(angle, "angle to the beam [degrees]", "events / degree" if column == 0 else "")
    _bars(figure.add_subplot(layout[2, :]), found, states)
    figure.text(0.5, 1.0 - 0.12 / height, _heading(found), ha="center", va="top", fontsize=12.0, weight="bold")
    second = f"every final state makes {found.excess:g} events in MiniBooNE's neutrino mode (200 < E_QE < 1250 MeV)"
    figure.text(0.5, 1.0 - 0.38 / height, second, ha="center", va="top", fontsize=style.MEDIUM)
    handles = [figure.axes[0].plot([], [], label=NAMES[name], **line)[0] for name, line in LINES.items()]
    figure.legend(
        handles=handles, loc="upper center", ncols=len(handles), fontsize=style.MEDIUM, frameon=False,
        bbox_to_anchor=(0.5, 1.0 - 0.55 / height), handlelength=3.0,
    )  # fmt: skip
    return figure


def _heading(found: SbndRates) -> str:
    """Return detector, exposure, amplitude and masses."""
    text = f"{found.experiment.upper()}, {scientific(found.pot)} POT"
    dark = next((item.model for item in found.states.values() if isinstance(item.model, DarkMatter)), None)
    if dark is None:
        return text
    made = dark.amplitude.name if dark.amplitude is not None else "neutral mesons only"
    return f"{text}:  {made}, V {dark.m_v1:g} MeV, χ {dark.m_chi:g} MeV, χ′ {dark.m_chi_prime:g} MeV"


def _spectra(axes: Axes, state: FinalState, name: str, edges: Floats) -> None:
    """Draw the density of every meson over edges that may fall."""
    widths, order = np.abs(np.diff(edges)), slice(None, None, 1 if edges[-1] > edges[0] else -1)
    largest = 0.0
    for meson, line in LINES.items():
        if meson in state.near:
            density = state.near[meson].spectra[name] / widths
            largest = max(largest, float(density.max()))
            axes.stairs(np.where(density > 0.0, density, np.nan)[order], edges[order], baseline=None, **line)
    axes.set_yscale("log")
    axes.set_ylim(_DECADES * largest, 8.0 * largest)
    style.log_decades(axes.yaxis)
    axes.set_xlim(edges[order][0], edges[order][-1])
    axes.locator_params(axis="x", nbins=5)
    if name == "e_vis":
        share = shares(state.near)
        parts = ", ".join(f"{NAMES[key]} {_percent(share[key])}" for key in LINES if key in share)
        total = sum(rate.events for rate in state.near.values())
        text = f"{float(f'{total:.3g}'):.0f} events\n{parts}"
        axes.text(0.97, 0.96, text, ha="right", va="top", fontsize=style.SMALL, transform=axes.transAxes)


def _widest(state: FinalState, degrees: Floats) -> float:
    """Return an angle in degrees that holds nearly all events, at least 5."""
    events = np.sum([rate.spectra["cos_theta"] for rate in state.near.values()], axis=0)
    inside = np.cumsum(events[::-1]) <= _NEARLY_ALL * events.sum()
    place = min(int(inside.sum()) + 1, len(events))
    return max(5.0, float(degrees[::-1][place]))


def _percent(share: float) -> str:
    """Return a share in per cent with two digits."""
    return f"{100.0 * share:.2g} %"


def _bars(axes: Axes, found: SbndRates, states: list[FinalState]) -> None:
    """Draw events by meson and final state: the near detector in colour, MiniBooNE beside it hatched."""
    step = 1.0 / (len(LINES) + 1)
    top, low = 0.0, np.inf
    for place, state in enumerate(states):
        for number, (meson, line) in enumerate(LINES.items()):
            near, far = (_events(rates, meson) for rates in (state.near, state.miniboone))
            at = place + (number - 0.5 * (len(LINES) - 1)) * step
            axes.bar(at - 0.22 * step, near, 0.4 * step, color=line["color"])
            axes.bar(at + 0.22 * step, far, 0.4 * step, facecolor="none", edgecolor=line["color"], hatch="/////")
            for x, value in ((at - 0.22 * step, near), (at + 0.22 * step, far)):
                if value > 0.0:
                    axes.text(x, 1.15 * value, f"{value:.2g}" if value < 100.0 else f"{value:.0f}", ha="center",
                              va="bottom", fontsize=style.SMALL, rotation=45.0)  # fmt: skip
            top = max(top, near, far)
            low = min([low, *(value for value in (near, far) if value > 0.0)])
    axes.set_yscale("log")
    axes.set_ylim(low / 5.0, 400.0 * top)
    axes.set_xticks(range(len(states)), [TITLES[state.name] for state in states])
    axes.set_xlim(-0.5, len(states) - 0.5)
    style.dress(axes, "", "events")
    axes.tick_params(axis="x", length=0.0, which="both")
    style.log_decades(axes.yaxis)
    axes.bar(0.0, 0.0, color=style.DARK, label=f"{found.experiment.upper()}")
    axes.bar(0.0, 0.0, facecolor="none", edgecolor=style.DARK, hatch="/////", label="MiniBooNE, neutrino mode")
    axes.legend(loc="upper right", ncols=2, fontsize=style.SMALL, frameon=False)


def _events(rates: dict[str, Rate], meson: str) -> float:
    return rates[meson].events if meson in rates else 0.0
