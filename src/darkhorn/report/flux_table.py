"""A flux by flavour and direct parent as rows, as CSV text, and as the object that ``--json`` prints."""

from typing import Any, Final

import numpy as np

from darkhorn.chain.beam_flux import PI_AT_REST, BeamFlux, beam_covariance, mean_energy, parents_of
from darkhorn.chain.modes import FLAVOURS
from darkhorn.chain.universes import FluxErrors
from darkhorn.core.errors import UnknownNameError
from darkhorn.core.units import GEV
from darkhorn.experiments.published import published_flux

ALL: Final = "all"
"""What the rows call the sum over parents."""
COLUMNS: Final = "flavour,parent,e_lo_MeV,e_hi_MeV,flux_per_cm2_per_POT_per_GeV,mc_error,systematic_error"
"""Header of the CSV; the last column is empty when no systematic errors were asked for."""


def flux_rows(found: BeamFlux, errors: FluxErrors | None, *, by_parent: bool) -> list[dict[str, Any]]:
    """Return one row a flavour (and parent): total and mean energy with their errors.

    Parameters
    ----------
    found : BeamFlux
        What to describe.
    errors : FluxErrors, optional
        Systematic errors of the primary mesons in flight; those of second interactions are added.
    by_parent : bool
        Whether parents get rows of their own, by falling flux.

    Returns
    -------
    list of dict
        ``flavour``, ``parent``, ``total_per_cm2_per_POT``, ``mc_error``, ``systematic_error`` (or None) and
        ``mean_energy_MeV``.
    """
    flux, rows = found.flux, []
    for flavour in FLAVOURS:
        names = parents_of(flux, flavour)
        for parent in (ALL, *names) if by_parent else (ALL,):
            chosen = () if parent == ALL else (parent,)
            total, error = flux.total(flavour, *chosen)
            row: dict[str, Any] = {"flavour": flavour, "parent": parent, "total_per_cm2_per_POT": total}
            systematic = None
            if errors is not None:
                systematic = float(np.sqrt(beam_covariance(found, errors, flavour, *chosen).sum()))
            row |= {"mc_error": error, "systematic_error": systematic}
            rows.append({**row, "mean_energy_MeV": mean_energy(flux, flavour, *chosen)})
    return rows


def component_rows(found: BeamFlux) -> list[dict[str, Any]]:
    """Return one row a component and flavour: ``component``, ``flavour``, ``total_per_cm2_per_POT``, ``mc_error``."""
    rows = []
    for name, flux in found.components.items():
        for flavour in FLAVOURS:
            total, error = flux.total(flavour)
            rows.append({"component": name, "flavour": flavour, "total_per_cm2_per_POT": total, "mc_error": error})
    return rows


def published_rows(found: BeamFlux, mode: str) -> list[dict[str, Any]]:
    """Return ours over the published totals of all parents at MiniBooNE by flavour; empty for a mode without any.

    Stopped pions and muons are left out of the ratios, as they are of the published tables.
    """
    rows, flux = [], found.without(PI_AT_REST)
    for flavour in FLAVOURS:
        try:
            known, known_mean = published_flux(mode, flavour)
        except UnknownNameError:
            continue
        ratio, mean = flux.total(flavour)[0] / known, mean_energy(flux, flavour) / known_mean
        row = {"flavour": flavour, "total_per_cm2_per_POT": known, "mean_energy_MeV": known_mean}
        rows.append({**row, "ratio_total": ratio, "ratio_mean_energy": mean})
    return rows


def flux_csv(found: BeamFlux, errors: FluxErrors | None, *, by_parent: bool) -> str:
    """Return the spectra as CSV text, one line a flavour, parent and bin; arguments as :func:`flux_rows`."""
    flux, lines = found.flux, [COLUMNS]
    width = np.diff(flux.edges) / GEV
    low, high = flux.edges[:-1].tolist(), flux.edges[1:].tolist()
    for flavour in FLAVOURS:
        for parent in (ALL, *parents_of(flux, flavour)) if by_parent else (ALL,):
            chosen = () if parent == ALL else (parent,)
            density, error = flux.density(flavour, *chosen)
            band: list[Any] = [""] * len(width)
            if errors is not None:
                band = (np.sqrt(np.diag(beam_covariance(found, errors, flavour, *chosen))) / width).tolist()
            cells = zip(low, high, density.tolist(), error.tolist(), band, strict=True)
            lines += [f"{flavour},{parent}," + ",".join(map(str, row)) for row in cells]
    return "\n".join(lines) + "\n"
