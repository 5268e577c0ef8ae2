"""Tables of CCM, MicroBooNE, LSND and the dump mode in the data directory, which the package does not ship.

Every loader raises an InputFileError that says what to put where when its file is not there.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np

from darkhorn.core.errors import InputFileError, RangeError, require_range, unknown_name
from darkhorn.core.rays import Floats
from darkhorn.core.units import GEV
from darkhorn.experiments.datadir import data_file
from darkhorn.experiments.reading import require_increasing
from darkhorn.io.tables import as_numbers, read_columns

PHOTOELECTRONS_PER_MEV: Final = 45.0
"""Scale of the table of CCM200, as its public copy uses it."""


@dataclass(frozen=True, eq=False)
class Binned:
    """A table in bins of one quantity.

    Attributes
    ----------
    edges : (n + 1,) float
        Bin edges in ``unit``.
    unit : str
        Unit of the edges.
    columns : dict of str to (n,) float
        Events in each bin.
    pot : float
        Exposure in POT; 0 where the copy does not give it.
    note : str
        What a reader has to know, with the source.
    """

    edges: Floats
    unit: str
    columns: dict[str, Floats]
    pot: float
    note: str


@dataclass(frozen=True)
class Search:
    """One row of the table of MicroBooNE's searches; None where the abstracts give no number.

    ``pot`` is in POT, the other numbers in events; ``systematic`` and ``statistical`` are errors of the prediction.
    """

    arxiv: str
    selection: str
    pot: float
    observed: float | None
    predicted: float | None
    systematic: float | None
    statistical: float | None
    efficiency: float | None
    purity: float | None


def ccm120_background() -> Binned:
    """Return the background of CCM120 against electromagnetic energy: edges in MeV, column ``background`` in events.

    Raises
    ------
    InputFileError, RangeError
        When the file is not in the data directory, or malformed.

    Notes
    -----
    Source: public code lightDM, related to arXiv:2112.09979; third party, the figure is not named. 1.79e21 POT.
    """
    edges, columns = _binned("ccm120_bkg_2019.csv", "e_lo_MeV", "e_hi_MeV", ("bkg",))
    note = "third party (public code lightDM), related to arXiv:2112.09979; the figure is not named"
    return Binned(edges, "MeV", {"background": columns["bkg"]}, 1.79e21, note)


def ccm200_projection(pot: float, reduction: float) -> Binned:
    """Return the background of CCM120 scaled to another exposure and multiplied by a reduction factor.

    Parameters
    ----------
    pot : float
        Exposure in POT, > 0; 2.25e22 is the goal of CCM200 in three years.
    reduction : float
        What the better detector leaves of the background, in (0, 1]. Not published: 1e-2 and 1e-3 are both in use.

    Raises
    ------
    RangeError
        For a number out of range.
    InputFileError
        As :func:`ccm120_background`.
    """
    require_range("pot", pot, 0.0, unit="POT", open_low=True)
    require_range("reduction", reduction, 0.0, 1.0, open_low=True)
    start = ccm120_background()
    scaled = start.columns["background"] * (pot / start.pot) * reduction
    note = f"{start.note}; x {pot / start.pot:.4g} for the exposure and x {reduction:g}, which is not published"
    return Binned(start.edges, "MeV", {"background": scaled}, pot, note)


def ccm200_background() -> Binned:
    """Return the sample of CCM200 (1.5 months) in bins of photoelectrons, with the columns of events below.

    Returns
    -------
    Binned
        Columns ``background``, ``excess`` and ``excess_error``; the file holds densities, these are events.

    Raises
    ------
    InputFileError, RangeError
        When the file is not in the data directory, or malformed.

    Notes
    -----
    Source: public code lightDM; never published by the collaboration. 45 photoelectrons are taken for 1 MeV there.
    """
    names = ("bkg_per_pe", "excess_per_pe", "excess_err_per_pe")
    edges, columns = _binned("ccm200_bkg_excess_2021.csv", "pe_lo", "pe_hi", names)
    found = {
        key: columns[name] * np.diff(edges)
        for key, name in zip(("background", "excess", "excess_error"), names, strict=True)
    }
    note = "third party (public code lightDM); not published by the collaboration: do not present it as such"
    return Binned(edges, "photoelectrons", found, 0.0, note)


def microboone_searches() -> list[Search]:
    """Return the totals of MicroBooNE's photon and e+e- searches.

    Raises
    ------
    InputFileError
        When the file is not in the data directory, or malformed.

    Notes
    -----
    Source: abstracts of arXiv:2110.00409, arXiv:2502.10900 and arXiv:2502.06064; 678 and 564 from a third party.
    """
    path = data_file("microboone_counts.csv")
    names = ("observed", "predicted", "pred_err_sys", "pred_err_stat", "sel_eff", "purity")
    cells = read_columns(path, ("arxiv", "selection", "pot_1e20", *names), ("note",))
    pot = 1.0e20 * as_numbers(path, "pot_1e20", cells["pot_1e20"])
    rows = zip(*([_maybe(str(path), name, cell) for cell in cells[name]] for name in names), strict=True)
    return [
        Search(arxiv, selection, float(exposure), *row)
        for arxiv, selection, exposure, row in zip(cells["arxiv"], cells["selection"], pot, rows, strict=True)
    ]


def lsnd_events() -> dict[str, Floats]:
    """Return the digitised spectrum of LSND against L/E.

    Returns
    -------
    dict of str to (11,) float
        ``l_over_e`` (m/MeV), ``data``, ``data_top`` (data plus error), ``signal_top``, ``background_top`` (tops of
        the stack), events in bins.

    Raises
    ------
    InputFileError
        When the file is not in the data directory, or malformed.

    Notes
    -----
    Source: public code muB_oscillation; the figure is not named there.
    """
    names = ("l_over_e_m_per_MeV", "data", "top_errbar", "top_signal", "top_bkg")
    ours = ("l_over_e", "data", "data_top", "signal_top", "background_top")
    path = data_file("lsnd_loe_digitized.csv")
    cells = read_columns(path, names, ())
    return {key: as_numbers(path, name, cells[name]) for key, name in zip(ours, names, strict=True)}


def published_curve(name: str) -> tuple[Floats, Floats]:
    """Return a published limit on dark matter against its mass.

    Parameters
    ----------
    name : str
        ``mb_dump_dm_limit_2018`` (epsilon^2, alpha_D = 0.5) or ``ccm120_leptophobic_limit`` (alpha_B).

    Returns
    -------
    (n,), (n,) float
        Mass in MeV, in the order of the file (a digitised curve may repeat a mass), and the limit at 90 % CL
        (dimensionless).

    Raises
    ------
    UnknownNameError
        For another name; the message offers the nearest.
    InputFileError
        When the file is not in the data directory, or malformed.

    Notes
    -----
    Source: arXiv:1807.06137 Fig. 24a; arXiv:2109.14146 Fig. 3, digitised by third parties.
    """
    columns = {
        "mb_dump_dm_limit_2018": ("m_chi_GeV", "epsilon_sq", GEV),
        "ccm120_leptophobic_limit": ("m_chi_MeV", "alpha_B", 1.0),
    }
    if name not in columns:
        raise unknown_name("published curve", name, columns)
    x, y, unit = columns[name]
    path = data_file(f"{name}.csv")
    cells = read_columns(path, (x, y), ())
    mass, limit = (as_numbers(path, key, cells[key]) for key in (x, y))
    return mass * unit, limit


def _maybe(path: str, name: str, cell: str) -> float | None:
    """Return the number of a cell, None for an empty one."""
    if not cell:
        return None
    try:
        return float(cell)
    except ValueError:
        raise InputFileError(f"{path}: {name} = '{cell}' is not a number") from None


def _binned(name: str, low: str, high: str, columns: Iterable[str]) -> tuple[Floats, dict[str, Floats]]:
    """Return edges and columns of a table without gaps."""
    path = data_file(name)
    cells = read_columns(path, (low, high, *columns), ())
    numbers = {key: as_numbers(path, key, cells[key]) for key in cells}
    gaps = np.flatnonzero(numbers[low][1:] != numbers[high][:-1])
    if gaps.size:
        follows = f"{numbers[low][gaps[0] + 1]:g} follows {numbers[high][gaps[0]]:g}"
        raise RangeError(f"{path}: bin edges: {follows}; allowed: no gaps")
    edges = np.append(numbers[low], numbers[high][-1])
    require_increasing(f"{path}: bin edges", edges)
    return edges, {key: numbers[key] for key in columns}
