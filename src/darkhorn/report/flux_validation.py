"""Our flux beside the published tables: by direct parent, in bins of 100 MeV, with Monte-Carlo errors."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import numpy as np

from darkhorn.chain.beam_flux import AGAIN, IN_WALLS, K_AT_REST, OFF_WALLS, PI_AT_REST, PRIMARY, BeamFlux
from darkhorn.chain.predict import mean_and_error
from darkhorn.chain.reinteraction import PASSING, PASSING_AGAIN, VIA_NUCLEONS
from darkhorn.core.errors import InputFileError
from darkhorn.core.rays import Floats
from darkhorn.core.units import GEV
from darkhorn.experiments.datadir import FluxTable, full_flux
from darkhorn.experiments.published import published_flux, published_table

WINDOW: Final = (200.0, 2500.0)
"""Range in MeV in which an integral and a mean are given besides those of the whole spectrum."""
COARSE: Final = 2
"""Bins of 50 MeV in a bin of the comparison."""
_LINE: Final = (200.0, 250.0)
"""Bin in MeV of the line of kaons at rest."""


@dataclass(frozen=True, eq=False)
class Comparison:
    """One of our spectra and the published one.

    Attributes
    ----------
    name, column : str
        What is compared, and the column of the published table.
    edges : (n+1,) float
        MeV.
    ours : (replicates, n) float
        1/cm^2/POT in each bin.
    published : (n,) float
        The same, published; NaN where there is nothing published.
    """

    name: str
    column: str
    edges: Floats
    ours: Floats
    published: Floats

    def ratio(self, low: float = -np.inf, high: float = np.inf) -> tuple[float, float]:
        """Return ours over published for the bins within [low, high] MeV, and its Monte-Carlo error; zeros for none."""
        keep = (self.edges[:-1] >= low) & (self.edges[1:] <= high) & np.isfinite(self.published)
        known = float(self.published[keep].sum())
        if known <= 0.0:
            return 0.0, 0.0
        mean, error = mean_and_error(self.ours[:, keep].sum(axis=1))
        return float(mean) / known, float(error) / known

    def mean_ratio(self, low: float = -np.inf, high: float = np.inf) -> float:
        """Return the ratio of the mean energies of the bins within [low, high] MeV; 0 where one spectrum is empty."""
        keep = (self.edges[:-1] >= low) & (self.edges[1:] <= high) & np.isfinite(self.published)
        centre = 0.5 * (self.edges[1:] + self.edges[:-1])[keep]
        ours, known = self.ours.mean(axis=0)[keep], self.published[keep]
        if ours.sum() <= 0.0 or known.sum() <= 0.0:
            return 0.0
        return float((ours @ centre / ours.sum()) / (known @ centre / known.sum()))

    @property
    def coarse(self) -> list[tuple[float, float, float, float]]:
        """Return low and high edge in MeV, ratio and its error for bins of 100 MeV with a published flux."""
        edges = self.edges[::COARSE]
        found = [(float(a), float(b), *self.ratio(a, b)) for a, b in pairwise(edges)]
        return [row for row in found if row[2] > 0.0]


def published_spectra(mode: str) -> tuple[FluxTable | None, str]:
    """Return the full table of a mode, or None where the data directory has none, and which one it is in words."""
    try:
        return full_flux(mode), "full tables of the data directory"
    except InputFileError:
        return None, "shipped points of the release (no full table in the data directory)"


def comparisons(found: BeamFlux, mode: str, table: FluxTable | None) -> list[Comparison]:
    """Return what can be compared in a mode.

    Parameters
    ----------
    found : BeamFlux
        Ours at MiniBooNE.
    mode : str
        ``neutrino`` or ``antineutrino``.
    table : FluxTable, optional
        The full published table; without it only sums over parents, at the shipped points.

    Returns
    -------
    list of Comparison
        Pions of the first interaction, direct parents, then sums over parents. Stopped pions and muons are in none of
        them: the published tables leave them out.

    Notes
    -----
    The published split goes by the first hadron of a history that an inelastic collision made, whatever nucleus was
    hit. So pions that decay in walls or come back from them, pions that interacted again, and pions that protons past
    the target made in air, metal, walls or dump, are compared with the column of pions of p-Be; pions of nucleons,
    those of air and walls too, with that of "p or n".
    """
    everything = found.without(PI_AT_REST)
    edges = everything.edges
    rows: list[tuple[str, str, Floats]] = []
    first = found.without(PI_AT_REST, *VIA_NUCLEONS)
    if table is not None and mode == "neutrino":
        for flavour in ("numu", "numubar"):
            rows.append((f"{flavour}, pi of p-Be", f"{flavour}_sec_pBe_pi", first.select(flavour, "pi")))
        for flavour, parent in (("numu", "pi"), ("numubar", "pi"), ("numubar", "mu"), ("nue", "mu"), ("nue", "K0")):
            rows.append((f"{flavour} from {parent}", f"{flavour}_{parent}", everything.select(flavour, parent)))
        for flavour in ("numu", "nue"):
            kaons = everything.select(flavour, "K", "K at rest")
            rows.append((f"{flavour} from K", f"{flavour}_K", kaons))
        others = [name for name in found.components if name not in VIA_NUCLEONS]
        if len(others) < len(found.components):
            again = found.without(*others)
            rows += [(f"{f}, p or n again", f"{f}_sec_pBe_pn", again.select(f)) for f in ("numu", "numubar")]
    rows += [(f"{f}, all", f, everything.select(f)) for f in ("numu", "numubar", "nue", "nuebar")]
    if table is None:
        return [Comparison(name, column, edges, ours, _points(mode, column, edges)) for name, column, ours in rows]
    return [Comparison(name, column, edges, ours, _rebinned(table, column, edges)) for name, column, ours in rows]


def _rebinned(table: FluxTable, column: str, edges: Floats) -> Floats:
    """Return the published flux in our bins, 1/cm^2/POT."""
    overlap = np.minimum(edges[1:, None], table.edges[None, 1:]) - np.maximum(edges[:-1, None], table.edges[None, :-1])
    value: Floats = np.maximum(overlap, 0.0) @ table.column(column)
    return value


def _points(mode: str, column: str, edges: Floats) -> Floats:
    """Return the shipped points as fluxes in our bins, 1/cm^2/POT; NaN where there is no point."""
    table = published_table("bnb_flux_published")
    value = np.full(len(edges) - 1, np.nan)
    row = np.searchsorted(edges, table["energy_GeV"] * GEV, side="right") - 1
    value[row] = table[f"{mode}_{column}"] * np.diff(edges)[row] / GEV
    return value


def line_ratio(found: BeamFlux, table: FluxTable) -> tuple[float, float]:
    """Return the bin of the line of kaons at rest (0.20-0.25 GeV, numu from K) over the published one, and error."""
    ours = found.flux.select("numu", "K", "K at rest")
    edges = found.flux.edges
    return Comparison("line", "numu_K", edges, ours, _rebinned(table, "numu_K", edges)).ratio(*_LINE)


def summary(found: BeamFlux, mode: str) -> dict[str, Any]:
    """Return every comparison of a mode as plain numbers.

    Returns
    -------
    dict
        ``published`` (which tables), ``switches`` (what is in our flux), ``comparisons``: a list with ``name``,
        ``column``, ``total_ratio``, ``mc_error``, ``mean_ratio``, ``window_ratio``, ``window_mc_error``,
        ``window_mean_ratio`` and ``bins`` (rows of low, high in MeV, ratio, Monte-Carlo error).
    """
    table, words = published_spectra(mode)
    rows = []
    for one in comparisons(found, mode, table):
        total, error = one.ratio()
        window, window_error = one.ratio(*WINDOW)
        row: dict[str, Any] = {"name": one.name, "column": one.column, "total_ratio": total, "mc_error": error}
        if table is None:
            known, known_mean = published_flux(mode, one.column)
            mean, spread = mean_and_error(one.ours.sum(axis=1))
            row |= {"total_ratio": float(mean) / known, "mc_error": float(spread) / known}
            centre = 0.5 * (one.edges[1:] + one.edges[:-1])
            row["mean_ratio"] = float(one.ours.mean(axis=0) @ centre / mean) / known_mean if mean > 0.0 else 0.0
        else:
            row["mean_ratio"] = one.mean_ratio()
        row |= {"window_ratio": window, "window_mc_error": window_error, "window_mean_ratio": one.mean_ratio(*WINDOW)}
        rows.append({**row, "bins": [list(bin_) for bin_ in one.coarse]})
    values: dict[str, Any] = {"mode": mode, "published": words, "switches": switches(found), "comparisons": rows}
    if table is not None and mode == "neutrino" and K_AT_REST in found.components:
        values["kaons_at_rest_bin"] = list(line_ratio(found, table))
    return values


def switches(found: BeamFlux) -> dict[str, bool]:
    """Return what our flux contains, by name."""
    names = (PRIMARY, K_AT_REST, PI_AT_REST, IN_WALLS, OFF_WALLS, *AGAIN, PASSING, PASSING_AGAIN)
    return {name: name in found.components for name in names}


def bins_csv(values: dict[str, Any]) -> str:
    """Return the ratios of a :func:`summary` as CSV, one line a comparison and bin."""
    lines = ["comparison,column,e_lo_MeV,e_hi_MeV,ratio,mc_error"]
    for one in values["comparisons"]:
        lines += [f'"{one["name"]}",{one["column"]},' + ",".join(map(repr, row)) for row in one["bins"]]
    return "\n".join(lines) + "\n"
