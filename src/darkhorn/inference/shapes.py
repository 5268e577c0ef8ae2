"""Likelihoods of published tables: the four distributions, the two-dimensional table, single counts."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np

from darkhorn.core.errors import InputFileError, RangeError, require_range, unknown_name
from darkhorn.core.rays import Floats
from darkhorn.experiments.datadir import data_file
from darkhorn.experiments.loader import Distribution
from darkhorn.inference.cost import Cost
from darkhorn.inference.gaussian import GaussianTerm
from darkhorn.inference.merge import gather, merge_cells
from darkhorn.inference.poisson import PoissonTerm
from darkhorn.inference.template import Template
from darkhorn.io.tables import as_numbers, read_columns

TABLE_2D: Final = "mb_nu_evis_costheta_2d_2020.csv"
"""Data and background of neutrino mode in E_vis and cos theta, without a window in E_QE."""

AXES_2D: Final = ("e_vis", "cos_theta")
MINIMUM_BACKGROUND: Final = 5.0
"""Merged cells hold at least so much background, events."""

Signals = Mapping[str, Mapping[str, Template]]
"""Templates by the name of the strength, then by the label of the spectrum."""


@dataclass(frozen=True, eq=False)
class Table2D:
    """Data and background in rectangular cells.

    Attributes
    ----------
    edges : tuple of (n + 1,) and (m + 1,) float
        E_vis in MeV and cos theta.
    data, background : (n, m) float
        Events. The background is 0 in cells that are too rare to be drawn.
    """

    edges: tuple[Floats, Floats]
    data: Floats
    background: Floats


def load_table_2d() -> Table2D:
    """Return the two-dimensional table of neutrino mode from the data directory.

    Raises
    ------
    InputFileError
        When it is not there (the message says what to put where), or its cells are not a full grid.
    """
    try:
        path = data_file(TABLE_2D)
    except InputFileError as error:
        raise InputFileError(
            f"{error} It should hold the cells of figures 14 and 15 of arXiv:2006.16883, 18.75e20 POT, as CSV with the "
            "columns evis_lo, evis_hi (MeV), cos_lo, cos_hi, data, bkg."
        ) from error
    names = ("evis_lo", "evis_hi", "cos_lo", "cos_hi", "data", "bkg")
    cells = read_columns(path, names, ())
    columns = {name: as_numbers(path, name, cells[name]) for name in names}
    low, high = np.unique(columns["evis_lo"]), np.unique(columns["evis_hi"])
    left, right = np.unique(columns["cos_lo"]), np.unique(columns["cos_hi"])
    shape = (len(low), len(left))
    grid = np.array(np.meshgrid(low, left, indexing="ij")).reshape(2, -1)
    found = np.array([columns["evis_lo"], columns["cos_lo"]])
    if len(columns["data"]) != low.size * left.size or not np.array_equal(grid, found):
        raise InputFileError(
            f"{path}: {len(columns['data'])} rows; expected a full grid of {shape}, E_vis by cos theta"
        )
    require_range(f"{path.name}: data", columns["data"], 0.0, unit="events")
    require_range(f"{path.name}: bkg", columns["bkg"], 0.0, unit="events")
    return Table2D(
        (np.append(low, high[-1]), np.append(left, right[-1])),
        columns["data"].reshape(shape),
        columns["bkg"].reshape(shape),
    )


def shapes_cost(
    spectra: Mapping[str, Distribution], signals: Signals, *, variance: str = "data", correlation: str = "none"
) -> Cost:
    """Return the sum of chi2 of one-dimensional spectra, as in fits of the literature.

    Projections of the same events (E_vis and cos theta of one mode) are added as if they were independent; use
    :func:`shapes_2d_cost` where that matters.

    Parameters
    ----------
    spectra : mapping of label to Distribution
        Spectra, under labels such as ``"neutrino e_vis"``.
    signals : mapping of strength to mapping of label to Template
        Events at strength 1; a label that is left out has no signal.
    variance, correlation : str
        See :class:`darkhorn.inference.gaussian.GaussianTerm`.

    Raises
    ------
    RangeError, UnknownNameError
        When a signal is on another axis or in other bins, or for an unknown label or choice.
    """
    events, variances = _by_label(signals, {label: ((d.name,), (d.edges,)) for label, d in spectra.items()})
    return Cost(
        tuple(
            GaussianTerm(label, spectrum, events[label], variances[label], variance, correlation)
            for label, spectrum in spectra.items()
        )
    )


def poisson_cost(
    label: str, spectrum: Distribution, signals: Mapping[str, Template], *, signal_fraction: float = 0.0
) -> Cost:
    """Return the Poisson likelihood of one spectrum with one nuisance for the normalisation of its background.

    Bins are merged until each holds :data:`MINIMUM_BACKGROUND`, or all are one. The reading error of a figure enters
    as the variance of the background.

    Parameters
    ----------
    label : str
        Name; the nuisance is ``norm <first word of the label>``, shared by all spectra of a mode.
    spectrum : Distribution
        Data, background and errors.
    signals : mapping of strength to Template
        Events at strength 1.
    signal_fraction : float
        Fractional error of the signal, from the flux: nuisance ``flux <first word>``; none where 0.

    Raises
    ------
    RangeError
        When a signal is on another axis or in other bins, or there is no background at all.
    """
    background = spectrum.background[None, :]
    groups = merge_cells(background, min(MINIMUM_BACKGROUND, float(background.sum())))
    events, variances = _by_label(
        {k: {label: t} for k, t in signals.items()}, {label: ((spectrum.name,), (spectrum.edges,))}
    )
    return _merged(
        label,
        groups,
        (spectrum.data[None, :], background, spectrum.reading_error[None, :] ** 2),
        ({k: v[None, :] for k, v in events[label].items()}, {k: v[None, :] for k, v in variances[label].items()}),
        spectrum.background_fraction,
        signal_fraction,
    )


def shapes_2d_cost(
    table: Table2D,
    signals: Mapping[str, Template],
    background_fraction: float,
    *,
    label: str = "neutrino e_vis cos_theta",
    minimum: float = MINIMUM_BACKGROUND,
    signal_fraction: float = 0.0,
    background_weight: float = 0.0,
    background_modes: Mapping[str, Floats] | None = None,
) -> Cost:
    """Return the Poisson likelihood of the two-dimensional table.

    Cells are merged by :func:`darkhorn.inference.merge.merge_cells` until each holds ``minimum`` events of background:
    196 of the 440 cells of the public table have none, and 15 of these have data. One nuisance moves the
    normalisation of the background, more may change its shape; the Monte-Carlo variances of signal and background enter
    bin by bin. Without the one of the background no model can fit the public table (p below 1e-11): cells scatter
    about their neighbours by 0.77 of a Poisson error.

    Parameters
    ----------
    table : Table2D
        From :func:`load_table_2d`.
    signals : mapping of strength to Template
        Events at strength 1 on the axes ``e_vis`` and ``cos_theta``, without a window in E_QE.
    background_fraction : float
        Fractional error of the normalisation of the background; nuisance ``norm <first word of the label>``.
    label : str
        Name of the term.
    minimum : float
        Smallest background of a merged cell, events.
    signal_fraction : float
        Fractional error of the signal, from the flux: nuisance ``flux <first word>``; none where 0.
    background_weight : float
        Mean weight of the simulated background events: their variance is that times their number; see
        :func:`darkhorn.inference.systematics.simulation_weight`.
    background_modes : mapping of str to (n, m) float, optional
        Fractional changes of the background at one standard deviation, by the name of the nuisance.

    Raises
    ------
    RangeError
        When a signal is on other axes or in other bins, or a number is out of range.
    """
    require_range(f"{label}: background weight", background_weight, 0.0)
    for template in signals.values():
        template.on(AXES_2D, table.edges)
    events = {name: template.events for name, template in signals.items()}
    variances = {name: template.variance for name, template in signals.items()}
    return _merged(
        label,
        merge_cells(table.background, minimum),
        (table.data, table.background, background_weight * table.background),
        (events, variances),
        background_fraction,
        signal_fraction,
        background_modes or {},
        integrated=background_weight > 0.0,
    )


def counting_cost(
    label: str,
    observed: float,
    background: float,
    background_error: float,
    signals: Mapping[str, float],
    *,
    signal_fraction: float = 0.0,
    nuisance: str | None = None,
) -> Cost:
    """Return the likelihood of one count with an uncertain background.

    Parameters
    ----------
    label : str
        Name of the experiment.
    observed : float
        Events, >= 0.
    background : float
        Expected events, > 0.
    background_error : float
        Its systematic error, events; 0 for none.
    signals : mapping of strength to float
        Expected signal at strength 1, events.
    signal_fraction : float
        Fractional error of the signal: nuisance ``flux <label>``; none where 0.
    nuisance : str, optional
        Name of the nuisance of the background, by default ``norm <label>``.

    Raises
    ------
    RangeError
        For a number out of range.
    """
    require_range(f"{label}: background error", background_error, 0.0, unit="events")
    require_range(f"{label}: background", background, 0.0, unit="events", open_low=True)
    require_range(f"{label}: signal fraction", signal_fraction, 0.0)
    return Cost(
        (
            PoissonTerm(
                label,
                np.array([observed], dtype=float),
                np.array([background], dtype=float),
                {name: np.array([value], dtype=float) for name, value in signals.items()},
                background_modes={nuisance or f"norm {label}": np.array([background_error / background])}
                if background_error
                else {},
                signal_modes={f"flux {label}": np.array([signal_fraction])} if signal_fraction else {},
            ),
        )
    )


def _by_label(
    signals: Signals, axes: Mapping[str, tuple[tuple[str, ...], tuple[Floats, ...]]]
) -> tuple[dict[str, dict[str, Floats]], dict[str, dict[str, Floats]]]:
    """Return events and variances by label, then strength, after comparing names of axes and edges."""
    for modes in signals.values():
        for label in modes:
            if label not in axes:
                raise unknown_name("label of a signal", label, axes)
    events: dict[str, dict[str, Floats]] = {label: {} for label in axes}
    variances: dict[str, dict[str, Floats]] = {label: {} for label in axes}
    for label, (names, edges) in axes.items():
        for strength, modes in signals.items():
            if label in modes:
                template = modes[label].on(names, edges)
                events[label][strength], variances[label][strength] = template.events, template.variance
    return events, variances


def _merged(
    label: str,
    groups: np.ndarray[tuple[int, ...], np.dtype[np.int64]],
    measured: tuple[Floats, Floats, Floats],
    signals: tuple[Mapping[str, Floats], Mapping[str, Floats]],
    background_fraction: float,
    signal_fraction: float,
    background_modes: Mapping[str, Floats] = MappingProxyType({}),
    *,
    integrated: bool = False,
) -> Cost:
    """Return the Poisson likelihood of merged cells with nuisances of the background and of the flux."""
    require_range(f"{label}: background fraction", background_fraction, 0.0)
    require_range(f"{label}: signal fraction", signal_fraction, 0.0)
    data, background, variance = (gather(values, groups) for values in measured)
    if not label.strip():
        raise RangeError("label '' of a likelihood; allowed: at least one word")
    one, mode = np.ones(len(data)), label.split()[0]
    shapes = {name: gather(values * measured[1], groups) / background for name, values in background_modes.items()}
    shapes |= {f"norm {mode}": background_fraction * one} if background_fraction else {}
    return Cost(
        (
            PoissonTerm(
                label,
                data,
                background,
                {name: gather(values, groups) for name, values in signals[0].items()},
                {name: gather(values, groups) for name, values in signals[1].items()},
                variance,
                shapes,
                {f"flux {mode}": signal_fraction * one} if signal_fraction else {},
                integrated,
            ),
        )
    )
