"""Spectrum of an axion-like particle in a detector, channel by channel."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from darkhorn.chain.alp_rate import AlpRates
from darkhorn.chain.predict import mean_and_error
from darkhorn.models.alp import Alp
from darkhorn.report.style import AXIS_LABELS, BLACK, BLUE, DARK, GREY, ORANGE, SKY, dress, new_figure

_COLOURS = (BLUE, ORANGE, GREY, SKY, DARK)


def plot_alp(modes: Sequence[AlpRates], model: Alp) -> Figure:
    """Return the events per MeV of visible energy of every channel, one panel a mode, both axes logarithmic.

    Parameters
    ----------
    modes : sequence of AlpRates
        With bins of ``e_vis``.
    model : Alp
        For the title.
    """
    figure = new_figure(6.4, 4.2 * len(modes))
    panels = figure.subplots(len(modes), 1, squeeze=False)[:, 0]
    for axes, rates in zip(panels, modes, strict=True):
        edges = rates.edges["e_vis"]
        width = edges[1:] - edges[:-1]
        total = np.zeros(len(width))
        shares = {name: mean_and_error(group["e_vis"])[0] / width for name, group in rates.spectra.items()}
        most = max((float(share.max()) for share in shares.values()), default=0.0)
        for number, (name, share) in enumerate(sorted(shares.items(), key=lambda item: -item[1].sum())):
            total = total + share
            axes.stairs(share, edges, color=_COLOURS[number % len(_COLOURS)], linewidth=1.4, label=name)
        axes.stairs(total, edges, color=BLACK, linewidth=0.9, linestyle="--", label="all")
        if most > 0.0:
            axes.set_yscale("log")
            axes.set_ylim(most * 1.0e-9, most * 30.0)
        axes.set_xscale("log")
        axes.set_xlim(max(edges[0], 1.0e-3 * edges[-1]), edges[-1])
        dress(axes, AXIS_LABELS["e_vis"], "events per MeV in the exposure")
        couplings = f"g_γ = {model.g_photon:g} / MeV, g_e = {model.g_electron:g}"
        axes.set_title(f"{rates.name}: a of {model.m_a:g} MeV, {couplings}", fontsize=10)
        axes.legend(frameon=False, fontsize=8, ncols=2, loc="upper right")
    figure.tight_layout()
    return figure
