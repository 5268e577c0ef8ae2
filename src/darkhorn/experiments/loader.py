"""Experiments from TOML files and their CSV tables: exposures, spectra, counts and parameters of the detector."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, Self

import numpy as np

from darkhorn.core.errors import RangeError, ScenarioError, unknown_name
from darkhorn.core.rays import Floats
from darkhorn.experiments.build import build_composition, build_response, build_shape
from darkhorn.experiments.missing import below, require, supply
from darkhorn.experiments.reading import Table, find_toml, provenance, read_toml, require_increasing
from darkhorn.experiments.samples import AXES, BACKGROUNDS, Counting, Distribution, Mode, Window
from darkhorn.io.tables import as_numbers, read_columns

__all__ = ["AXES", "BACKGROUNDS", "Counting", "Distribution", "Experiment", "Mode", "Window"]


@dataclass(frozen=True, eq=False)
class Experiment:
    """A detector behind a beam, with what it measured.

    ``shape``, ``composition`` and ``response`` are the parameters that :func:`darkhorn.experiments.build.build_shape`,
    ``build_composition`` and ``build_response`` take; ``volume`` says which of the generation volumes they describe.
    ``sources`` names the origin of each group of numbers and ``flags`` those not simply read there, those supplied by
    the user and those that are ``missing``: dotted keys, each with the message that asks for it.
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
    missing: dict[str, str] = field(default_factory=dict)

    @classmethod
    def load(cls, name: str | Path, volume: str | None = None, given: Mapping[str, Any] | None = None) -> Self:
        """Return an experiment.

        Parameters
        ----------
        name : str or Path
            One that the package ships (``miniboone``), or the path of a TOML file of the same form.
        volume : str, optional
            Where events are generated: one of the volumes of the file; by default the file decides. For
            ``miniboone``: ``whole volume`` (default) or ``fiducial``.
        given : mapping, optional
            What the file lacks, or values instead of its own, by dotted key: for instance
            ``{"response.efficiency": {"energy": [10.0, 100.0], "value": [0.5, 0.5]}}``, energies in MeV.

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
        table, missing = supply(read_toml(path), given or {})
        table.only("kind", "name", "beam", "default_volume", "volumes", "material", "response", "modes")
        table.text("kind", ("experiment",))
        volumes = table.named_tables("volumes")
        default = table.text("default_volume", volumes)
        chosen = default if volume is None else Table({"volume": volume}, table.where).text("volume", volumes)
        for group in volumes.values():
            group.only("shape", "efficiency_divisor", *_ORIGIN)
            build_shape(group.table("shape").values, group.path("shape"))
        divisor = volumes[chosen].number("efficiency_divisor", "", 0.0, 1.0, open_low=True)
        groups = table.named_tables("modes")
        detector = _Detector(table.table("response"), path.parent, divisor, missing)
        origins = [volumes[chosen], table.table("material"), table.table("response"), *groups.values()]
        origins += [count for group in groups.values() for count in _count_tables(group)]
        flags = [flag for group in origins for flag in provenance(group)]
        flags += [f"{table.path(key)}: supplied by the user" for key in (given or {})]
        return cls(
            name=table.text("name"),
            beam=_beam_name(table.text("beam"), path.parent),
            volume=chosen,
            modes={key: _mode(group, key, detector) for key, group in groups.items()},
            shape=dict(volumes[chosen].table("shape").values),
            composition=_composition(table.table("material")),
            response=detector.response(None),
            sources={group.where: group.text("source") for group in origins},
            flags=(*flags, *(f"{table.path(key)}: {text}" for key, text in missing.items())),
            missing=missing,
        )

    @property
    def counts(self) -> dict[str, tuple[Counting, ...]]:
        """Counting channels by mode."""
        return {name: mode.counts for name, mode in self.modes.items()}

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

    def require(self, *keys: str) -> None:
        """Raise unless everything that is needed has been published or supplied.

        Parameters
        ----------
        *keys : str
            Dotted keys of the file, for instance ``response.efficiency`` or ``modes.neutrino.counts``.

        Raises
        ------
        ScenarioError
            With the message of the first key that is missing.
        """
        for key in keys:
            require(self.missing, key)


_ORIGIN: Final = ("source", "status", "note")
_TOTALS: Final = ("published_data", "published_background_constrained", "published_background_unconstrained")
_COUNTS: Final = ("observed", "expected", "expected_error", "excess", "excess_error")


@dataclass(frozen=True)
class _Detector:
    """What the modes share: the response of the experiment, the folder of the tables and what is missing."""

    table: Table
    folder: Path
    divisor: float
    missing: Mapping[str, str]

    def response(self, mode: Table | None, name: str = "") -> dict[str, Any]:
        """Return the parameters of the response, those of a mode instead of those of the experiment."""
        keys = ["response.efficiency"]
        values = dict(self.table.values)
        if mode is not None:
            keys.insert(0, f"modes.{name}.response.efficiency")
            if "response" in mode:
                own = mode.table("response").values
                rival = {"efficiency": "efficiency_table", "efficiency_table": "efficiency"}
                values = {key: value for key, value in values.items() if rival.get(key) not in own} | dict(own)
        params = _response(Table(values, self.table.where), self.folder, self.divisor)
        messages = [self.missing[key] for key in keys if key in self.missing]
        return {**params, "missing": messages[0]} if messages and "efficiency" not in params else params


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


def _mode(table: Table, name: str, detector: _Detector) -> Mode:
    """Return one running mode."""
    table.only(
        *("beam_mode", "pot", "window", "distributions", "background_fraction", "counts", "binning", "response"),
        *("published_excess", "published_excess_error", "files", *_TOTALS, *_ORIGIN),
    )
    provenance(table)
    missing = below(detector.missing, f"modes.{name}")
    window = _window(table.table("window")) if "window" in table else Window()
    beam_mode = table.text("beam_mode")
    spectra: tuple[Distribution, ...] = ()
    if "distributions" in table:
        fraction = table.number("background_fraction", "", 0.0)
        spectra = tuple(_distribution(group, detector.folder, fraction) for group in table.tables("distributions"))
    excess = table.number("published_excess", "events") if "published_excess" in table else None
    return Mode(
        name=name,
        beam_mode=beam_mode,
        pot=table.number("pot", "POT", 0.0, open_low=True),
        window=replace(window, antineutrino=beam_mode == "antineutrino"),
        distributions=spectra,
        excess=excess,
        excess_error=None if excess is None else table.number("published_excess_error", "events", 0.0),
        published={key.removeprefix("published_"): table.number(key, "events", 0.0) for key in _TOTALS if key in table},
        counts=tuple(_counting(group, below(missing, "counts")) for group in _count_tables(table)),
        edges={spectrum.name: spectrum.edges for spectrum in spectra} | _binning(table),
        response=detector.response(table, name),
        files=_files(table),
        missing=missing,
    )


def _binning(table: Table) -> dict[str, Floats]:
    """Return the bins that a mode proposes for its prediction."""
    if "binning" not in table:
        return {}
    group = table.table("binning")
    group.only(*AXES)
    found = {}
    for axis in group.values:
        edges = group.numbers(axis, AXES[axis])
        require_increasing(group.path(axis), edges, AXES[axis])
        found[axis] = np.asarray(edges)
    return found


def _files(table: Table) -> tuple[str, ...]:
    """Return the names of the files of the data directory that belong to a mode."""
    names = table.values.get("files", [])
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ScenarioError(f"{table.path('files')} = {names!r}: expected a list of file names")
    return tuple(names)


def _count_tables(table: Table) -> list[Table]:
    """Return the counting channels of a mode as tables."""
    return list(table.named_tables("counts").values()) if "counts" in table else []


def _counting(table: Table, missing: Mapping[str, str]) -> Counting:
    """Return one counting channel; what can be derived from the numbers that are there is derived."""
    table.only(*_COUNTS, *_ORIGIN)
    lows = {"excess": -np.inf}
    values = {key: table.number(key, "events", lows.get(key, 0.0)) for key in _COUNTS if key in table}
    seen, expected, error = (values.get(key) for key in _COUNTS[:3])
    excess, excess_error = values.get("excess"), values.get("excess_error")
    if seen is None and expected is not None and excess is not None:
        seen = expected + excess
    if excess is None and expected is not None and seen is not None:
        excess = seen - expected
    if excess_error is None and expected is not None and error is not None:
        excess_error = float(np.sqrt(expected + error**2))
    name = table.where.rpartition(".")[2]
    found = (seen, expected, error, excess, excess_error)
    return Counting(name, *found, table.text("source"), table.text("status"), below(missing, name))


def _window(table: Table) -> Window:
    """Return the selection window; keys that are left out mean no cut."""
    names = ("e_vis_min", "e_vis_max", "e_qe_min", "e_qe_max")
    table.only(*names, "e_qe_binding")
    bounds: dict[str, Any] = {name: table.number(name, "MeV", 0.0) for name in names if name in table}
    if "e_qe_binding" in table:
        bounds["e_qe_binding"] = table.number("e_qe_binding", "MeV", 0.0, 100.0)
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
