"""Experiments from TOML files and their CSV tables: exposures, windows, spectra and the parameters of the detector."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

import numpy as np

from darkhorn.core.errors import RangeError, ScenarioError, require_range, unknown_name
from darkhorn.core.rays import Bools, Floats
from darkhorn.experiments.build import build_composition, build_response, build_shape
from darkhorn.experiments.reading import Table, find_toml, provenance, read_toml, require_increasing
from darkhorn.io.tables import as_numbers, read_columns

AXES: Final = {"e_vis": "MeV", "cos_theta": ""}
"""Axes that a published spectrum may have, with their units."""

BACKGROUNDS: Final = ("constrained", "unconstrained")
"""Whether the muon-neutrino sample has been used to constrain a background."""


@dataclass(frozen=True)
class Window:
    """Range of visible energy and of E_QE in MeV that a sample is selected with; infinite where there is no cut."""

    e_vis_min: float = -np.inf
    e_vis_max: float = np.inf
    e_qe_min: float = -np.inf
    e_qe_max: float = np.inf

    def accepts(self, e_vis: Floats, e_qe: Floats) -> Bools:
        """Return which events pass, for energies in MeV of shape (N,); the lower bounds are excluded."""
        passed: Bools = (e_vis > self.e_vis_min) & (e_vis < self.e_vis_max)
        return passed & (e_qe > self.e_qe_min) & (e_qe < self.e_qe_max)


@dataclass(frozen=True, eq=False)
class Distribution:
    """One published spectrum of n bins.

    Attributes
    ----------
    name : str
        Axis: ``e_vis`` (MeV) or ``cos_theta``.
    edges : (n + 1,) float
        Increasing, in the unit of the axis.
    data, background : (n,) float
        Events in the exposure of the mode.
    reading_error : (n,) float
        Error of reading the figure, events.
    background_fraction : float
        Systematic error of the background as a fraction of it.
    background_kind : str
        ``constrained`` or ``unconstrained``.
    quality : str
        O official, F digitised figure, D derived.
    source : str
        Where it was published.
    """

    name: str
    edges: Floats
    data: Floats
    background: Floats
    reading_error: Floats
    background_fraction: float
    background_kind: str
    quality: str
    source: str

    def __post_init__(self) -> None:
        """Check once what every user of the spectrum relies on."""
        n = len(self.data)
        if not (len(self.edges) == n + 1 and len(self.background) == len(self.reading_error) == n >= 1):
            raise RangeError(f"{self.name}: {len(self.edges)} edges do not fit {n} bins of data and background")
        require_increasing(f"{self.name}: edges", self.edges, AXES.get(self.name, ""))
        for key in ("data", "background", "reading_error"):
            require_range(f"{self.name}: {key}", getattr(self, key), 0.0, unit="events")
        require_range(f"{self.name}: background_fraction", self.background_fraction, 0.0)

    @property
    def unit(self) -> str:
        """Unit of the axis."""
        return AXES.get(self.name, "")

    @property
    def excess(self) -> Floats:
        """Data minus background in events, shape (n,)."""
        return self.data - self.background

    @property
    def background_error(self) -> Floats:
        """Systematic and reading error of the background in quadrature, events, shape (n,)."""
        return np.hypot(self.background_fraction * self.background, self.reading_error)


@dataclass(frozen=True, eq=False)
class Mode:
    """A running mode: exposure, selection window, published spectra and the published excess.

    ``beam_mode`` names the mode of the beam line, ``pot`` is in protons on target; ``excess`` and ``excess_error``
    are events in 200 < E_QE < 1250 MeV over the constrained background; ``published`` holds the published totals.
    """

    name: str
    beam_mode: str
    pot: float
    window: Window
    distributions: tuple[Distribution, ...]
    excess: float
    excess_error: float
    published: Mapping[str, float]

    def distribution(self, name: str) -> Distribution:
        """Return the spectrum on an axis.

        Raises
        ------
        UnknownNameError
            When there is none.
        """
        for found in self.distributions:
            if found.name == name:
                return found
        raise unknown_name(f"distribution of mode {self.name}", name, (d.name for d in self.distributions))


@dataclass(frozen=True, eq=False)
class Experiment:
    """A detector behind a beam, with what it measured.

    ``shape``, ``composition`` and ``response`` are the parameters that :func:`darkhorn.experiments.build.build_shape`,
    ``build_composition`` and ``build_response`` take; ``volume`` says which of the generation volumes they describe.
    ``sources`` names the origin of each group of numbers and ``flags`` those not simply read there.
    """

    name: str
    beam: str
    volume: str
    modes: dict[str, Mode]
    shape: dict[str, Any]
    composition: dict[str, Any]
    response: dict[str, Any]
    sources: dict[str, str]
    flags: tuple[str, ...]

    @classmethod
    def load(cls, name: str | Path, volume: str | None = None) -> Self:
        """Return an experiment.

        Parameters
        ----------
        name : str or Path
            One that the package ships (``miniboone``), or the path of a TOML file of the same form.
        volume : str, optional
            Where events are generated: one of the volumes of the file; by default the file decides. For
            ``miniboone``: ``whole volume`` (default) or ``fiducial``.

        Raises
        ------
        UnknownNameError
            For an unknown experiment; the message offers the nearest.
        InputFileError
            When a file cannot be read or a table is malformed.
        ScenarioError, RangeError
            For an unknown key or volume, a wrong type or an impossible value; the message names the key and its path.
        """
        path = find_toml(name, "experiment")
        table = read_toml(path)
        table.only("kind", "name", "beam", "default_volume", "volumes", "material", "response", "modes")
        table.text("kind", ("experiment",))
        volumes = table.named_tables("volumes")
        default = table.text("default_volume", volumes)
        chosen = default if volume is None else Table({"volume": volume}, table.where).text("volume", volumes)
        for group in volumes.values():
            group.only("shape", "efficiency_divisor", *_ORIGIN)
            build_shape(group.table("shape").values, group.path("shape"))
        divisor = volumes[chosen].number("efficiency_divisor", "", 0.0, 1.0, open_low=True)
        modes = {key: _mode(group, key, path.parent) for key, group in table.named_tables("modes").items()}
        origins = [volumes[chosen], table.table("material"), table.table("response")]
        origins += list(table.named_tables("modes").values())
        return cls(
            name=table.text("name"),
            beam=_beam_name(table.text("beam"), path.parent),
            volume=chosen,
            modes=modes,
            shape=dict(volumes[chosen].table("shape").values),
            composition=_composition(table.table("material")),
            response=_response(table.table("response"), path.parent, divisor),
            sources={group.where: group.text("source") for group in origins},
            flags=tuple(flag for group in origins for flag in provenance(group)),
        )

    def mode(self, name: str) -> Mode:
        """Return a mode by name.

        Raises
        ------
        UnknownNameError
            When there is none; the message offers the nearest.
        """
        if name not in self.modes:
            raise unknown_name(f"mode of {self.name}", name, self.modes)
        return self.modes[name]


_ORIGIN: Final = ("source", "status", "note")
_TOTALS: Final = ("published_data", "published_background_constrained", "published_background_unconstrained")


def _beam_name(beam: str, folder: Path) -> str:
    """Return a shipped name as it is, and a path relative to the file of the experiment."""
    return str(folder / beam) if beam.endswith(".toml") else beam


def _composition(table: Table) -> dict[str, Any]:
    """Return the parameters of the material, checked by building it."""
    params = {key: value for key, value in table.values.items() if key not in _ORIGIN}
    build_composition(params, table.where)
    return params


def _response(table: Table, folder: Path, divisor: float) -> dict[str, Any]:
    """Return the parameters of the response with the efficiency table read in, checked by building it."""
    params = {key: value for key, value in table.values.items() if key not in (*_ORIGIN, "efficiency_table")}
    if "efficiency_table" in table:
        if "efficiency" in table:
            raise ScenarioError(f"{table.where}: efficiency and efficiency_table exclude each other")
        path = folder / table.text("efficiency_table")
        cells = read_columns(path, ("energy_MeV", "efficiency"), ("systematic", "quality"))
        numbers = {name: as_numbers(path, name, cells[name]) for name in ("energy_MeV", "efficiency")}
        params["efficiency"] = {"energy": numbers["energy_MeV"].tolist(), "value": numbers["efficiency"].tolist()}
    if "efficiency" in params:
        curve = Table(params, table.where).table("efficiency")
        params["efficiency"] = {**curve.values, "value": [v / divisor for v in curve.numbers("value", "", None, 0.0)]}
    build_response(params, table.where)
    return params


def _mode(table: Table, name: str, folder: Path) -> Mode:
    """Return one running mode."""
    table.only(
        *("beam_mode", "pot", "window", "distributions", "background_fraction"),
        *("published_excess", "published_excess_error", *_TOTALS, *_ORIGIN),
    )
    provenance(table)
    fraction = table.number("background_fraction", "", 0.0)
    return Mode(
        name=name,
        beam_mode=table.text("beam_mode"),
        pot=table.number("pot", "POT", 0.0, open_low=True),
        window=_window(table.table("window")) if "window" in table else Window(),
        distributions=tuple(_distribution(group, folder, fraction) for group in table.tables("distributions")),
        excess=table.number("published_excess", "events"),
        excess_error=table.number("published_excess_error", "events", 0.0),
        published={key.removeprefix("published_"): table.number(key, "events", 0.0) for key in _TOTALS if key in table},
    )


def _window(table: Table) -> Window:
    """Return the selection window; keys that are left out mean no cut."""
    names = ("e_vis_min", "e_vis_max", "e_qe_min", "e_qe_max")
    table.only(*names)
    bounds = {name: table.number(name, "MeV", 0.0) for name in names if name in table}
    for axis in ("e_vis", "e_qe"):
        if f"{axis}_min" in bounds and f"{axis}_max" in bounds:
            require_increasing(table.path(f"{axis}_max"), (bounds[f"{axis}_min"], bounds[f"{axis}_max"]), "MeV")
    return Window(**bounds)


def _distribution(table: Table, folder: Path, fraction: float) -> Distribution:
    """Return one spectrum from its CSV table; rows with ``used = 0`` are left out."""
    table.only("name", "table", "background", "background_fraction", "quality", "source")
    axis = table.text("name", AXES)
    kind = table.text("background", BACKGROUNDS)
    path = folder / table.text("table")
    suffix = f"_{AXES[axis]}" if AXES[axis] else ""
    names = (f"{axis}_lo{suffix}", f"{axis}_hi{suffix}", "data", f"background_{kind}", "reading_error")
    optional = ("used", "quality", "data_events", *(f"background_{other}" for other in BACKGROUNDS))
    cells = read_columns(path, names, optional)
    used = as_numbers(path, "used", cells["used"]) == 1 if "used" in cells else np.ones(len(cells["data"]), bool)
    low, high, data, background, reading = (as_numbers(path, name, cells[name])[used] for name in names)
    if not len(low):
        raise RangeError(f"{path}: 0 rows with used = 1; allowed: at least 1")
    gaps = np.flatnonzero(low[1:] != high[:-1])
    if gaps.size:
        raise RangeError(f"{path}: bin edges: {low[gaps[0] + 1]:g} follows {high[gaps[0]]:g}; allowed: no gaps")
    if "background_fraction" in table:
        fraction = table.number("background_fraction", "", 0.0)
    try:
        return Distribution(
            name=axis,
            edges=np.append(low, high[-1]),
            data=data,
            background=background,
            reading_error=reading,
            background_fraction=fraction,
            background_kind=kind,
            quality=table.text("quality", ("O", "F", "D")),
            source=table.text("source"),
        )
    except RangeError as error:
        raise RangeError(f"{path.name}: {error}") from error
