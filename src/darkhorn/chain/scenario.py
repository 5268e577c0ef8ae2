"""What to compute: a scenario file (or a name) becomes a model and one setup a mode.

A scenario is a TOML file with the tables ``model``, ``experiment`` or ``detector``,
``source``, ``beam``, ``binning`` and ``run``. ``docs/scenarios.md`` lists every key.
"""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from darkhorn.beam.beamline import Beamline
from darkhorn.beam.switches import Physics
from darkhorn.beam.table import TableParents
from darkhorn.chain.detector_table import read_rings, read_window
from darkhorn.chain.dump_parents import dump_line
from darkhorn.chain.model_table import read_model
from darkhorn.chain.predict import PREDICTED_REPLICATES, REPLICATES
from darkhorn.chain.setup import Parents, Setup
from darkhorn.chain.source_table import Place, kind_of_source, read_parents, source_notes, source_of
from darkhorn.core.errors import ScenarioError
from darkhorn.core.rays import Floats
from darkhorn.detector.geometry import Shape
from darkhorn.detector.response import Response
from darkhorn.detector.rings import RingRule
from darkhorn.experiments.beams import beam_kind, load_beam
from darkhorn.experiments.build import build_composition, build_response, build_shape
from darkhorn.experiments.loader import Experiment, Mode, Window
from darkhorn.experiments.modes import load_dump
from darkhorn.experiments.reading import Table, read_toml, require_increasing
from darkhorn.models.channels import Model

TABLES: Final = ("name", "model", "experiment", "detector", "source", "beam", "rings", "binning", "run")
_UNITS: Final = {"cos_theta": "", "time": "ns", "delay": "ns"}
BINNED: Final = ("e_vis", "cos_theta", "e_boson", "time", "delay")
COSINES: Final = np.linspace(-1.0, 1.0, 21)
"""Bins of cos theta where neither the scenario nor the experiment has any."""
TOP_ENERGY: Final = {"stopped": 800.0}
"""Where the bins of the bosons' energy end by default, MeV: the kinetic energy of the protons that stop; else 8000."""
RUN_KEYS: Final = ("precision", "seed", "replicates", "threads")
PILOT_SEED: Final = 1
"""Seed of the pilots of a meson source: a run with another seed finds them in the cache, and so its map."""


@dataclass(frozen=True)
class RunSettings:
    """How to compute: relative precision, seed, replicates (None: as many as the work takes) and threads."""

    precision: float = 0.01
    seed: int = 1
    replicates: int | None = None
    threads: int = 2

    @property
    def predicted(self) -> int:
        """Replicates of a prediction."""
        return self.replicates or PREDICTED_REPLICATES

    @property
    def shared(self) -> int:
        """Replicates of whatever shares mesons: scans, derivatives."""
        return self.replicates or REPLICATES


@dataclass(frozen=True)
class Scenario:
    """A model, the experiment if there is one, and how to compute; :meth:`setups` builds the beam.

    Attributes
    ----------
    name, model_name : str
        What the output calls them.
    model : Model
        Parameters.
    experiment : Experiment or None
        With data; None for a detector of the scenario's own.
    run : RunSettings
        Precision, seed, replicates, threads.
    tables : Table
        The whole scenario as read, for what depends on the mode.
    folder : Path
        Where relative file names start.
    """

    name: str
    model_name: str
    model: Model
    experiment: Experiment | None
    run: RunSettings
    tables: Table
    folder: Path

    @property
    def source_kind(self) -> str:
        """Kind of the source of mesons, one of ``source_table.SOURCES``."""
        return kind_of_source(self._source_table())

    @property
    def beam_kind(self) -> str:
        """What the experiment's beam is: ``beam`` (a horn), ``dump`` or ``stopped``; ``beam`` without an experiment."""
        return beam_kind(self.experiment.beam) if self.experiment is not None else "beam"

    def _source_table(self) -> Table:
        given = self.tables.table("source") if "source" in self.tables else Table({}, "source")
        if self.experiment is None:
            return given
        return source_of(self.beam_kind, self.experiment.beam, given.values)

    @property
    def left_out(self) -> dict[str, str]:
        """Modes that are not computed because something is not published, with what to supply; none that are named."""
        if self.experiment is None or "modes" in self.tables.table("experiment"):
            return {}
        lacking = {
            name: str(mode.response["missing"])
            for name, mode in self.experiment.modes.items()
            if "missing" in mode.response
        }
        return lacking if len(lacking) < len(self.experiment.modes) else {}

    @property
    def mode_names(self) -> tuple[str, ...]:
        """Names of the modes to be computed."""
        if self.experiment is None:
            return ("scenario",)
        group = self.tables.table("experiment")
        if "modes" not in group:
            return tuple(name for name in self.experiment.modes if name not in self.left_out)
        chosen = group.values["modes"]
        names = [chosen] if isinstance(chosen, str) else chosen
        if not isinstance(names, list) or not names:
            known = ", ".join(self.experiment.modes)
            raise ScenarioError(f"{group.path('modes')} = {chosen!r}: expected a list of modes; allowed: {known}")
        return tuple(self.experiment.mode(str(name)).name for name in names)

    def notes(self) -> tuple[str, ...]:
        """Return what a reader has to know: inputs of the source, modes left out, selections that are not known."""
        found = list(source_notes(self._source_table(), self.folder))
        if self.experiment is None:
            return tuple(found)
        found += [f"mode {name} left out: {_where_to_supply(text)}" for name, text in self.left_out.items()]
        for mode in map(self.experiment.mode, self.mode_names):
            if "window" in mode.missing:
                found.append(
                    f"{mode.name}: no selection, so too many events: {_where_to_supply(mode.missing['window'])}"
                )
        return tuple(found)

    def beamline(self, mode: str | None = None) -> Beamline | None:
        """Return the beam line of a mode; None where the scenario has none, or mesons that stop."""
        if "beam" in self.tables:
            group = self.tables.table("beam")
            group.only("name", "mode", "current_kA", "physics")
            name = group.text("name")
            path = self.folder / name if name.endswith(".toml") else name
            line = load_beam(path, group.text("mode") if "mode" in group else mode or "neutrino")
            if "current_kA" in group:
                line = line.with_current(1.0e3 * group.number("current_kA", "kA", -1000.0, 1000.0))
            return line
        if self.experiment is None or self.beam_kind == "stopped":
            return None
        if self.beam_kind == "dump":
            return dump_line(load_dump(self.experiment.beam))
        return load_beam(self.experiment.beam, mode or "neutrino")

    @property
    def physics(self) -> Physics:
        """Which physics of matter is on: the switches of the table ``beam.physics``, everything else on.

        Raises
        ------
        ScenarioError, RangeError
            For an unknown switch or a value that it does not have.
        """
        if "beam" not in self.tables or "physics" not in self.tables.table("beam"):
            return Physics()
        group = self.tables.table("beam").table("physics")
        group.only(*(item.name for item in fields(Physics)))
        return Physics(**group.values)

    def setups(self) -> tuple[Setup, ...]:
        """Return one setup a mode: reads tables, runs the pilots of the source."""
        return tuple(self._setup(name) for name in self.mode_names)

    def _setup(self, name: str) -> Setup:
        if self.experiment is None:
            return self._custom_setup(name)
        mode = self.experiment.mode(name)
        response = _response(mode)
        shape = build_shape(self.experiment.shape)
        nuclei = build_composition(self.experiment.composition).targets
        parents = self._parents(self.beamline(mode.beam_mode), shape)
        bosons, rings = self._boson_edges(parents), self._rings()
        edges = self._mode_edges(mode, bosons)
        return Setup(name, mode.pot, parents, shape, nuclei, response, mode.window, edges, bosons, rings)

    def _mode_edges(self, mode: Mode, bosons: Floats) -> dict[str, Floats]:
        """Return the bins of published spectra as they are; without any those of the file, changed by the scenario."""
        if mode.distributions:
            return {item.name: item.edges for item in mode.distributions}
        start = dict(mode.edges) or {"e_vis": bosons, "cos_theta": COSINES}
        asked = self.tables.table("binning").values if "binning" in self.tables else {}
        names = [name for name in BINNED if name != "e_boson" and (name in start or name in asked)]
        return {name: self._edges(name, start.get(name, bosons), _UNITS.get(name, "MeV")) for name in names}

    def _custom_setup(self, name: str) -> Setup:
        group = self.tables.table("detector")
        group.only("shape", "material", "response", "window", "pot")
        shape = build_shape(group.table("shape").values, group.path("shape"))
        nuclei = build_composition(group.table("material").values, group.path("material")).targets
        response = build_response(
            group.table("response").values if "response" in group else {"perfect": True}, group.path("response")
        )
        window = read_window(group.table("window")) if "window" in group else Window()
        pot = group.number("pot", "POT", 0.0, open_low=True) if "pot" in group else 1.0
        parents = self._parents(self.beamline(), shape)
        bosons = self._boson_edges(parents)
        edges = {
            "e_vis": self._edges("e_vis", bosons, "MeV"),
            "cos_theta": self._edges("cos_theta", COSINES, ""),
        }
        for key in ("time", "delay"):
            if "binning" in self.tables and key in self.tables.table("binning"):
                edges[key] = self._edges(key, bosons, "ns")
        return Setup(name, pot, parents, shape, nuclei, response, window, edges, bosons, self._rings())

    def _rings(self) -> RingRule:
        """Return when two electromagnetic particles are one ring, from the table ``rings``."""
        return read_rings(self.tables.table("rings")) if "rings" in self.tables else RingRule()

    def _parents(self, line: Beamline | None, shape: Shape) -> tuple[Parents, ...]:
        """Return the decaying mesons of every species of the source."""
        towards, _ = shape.bounding_sphere()
        place = Place(line, towards, self.physics, PILOT_SEED, self.run.threads, self.folder)
        return read_parents(self._source_table(), place)

    def _boson_edges(self, parents: Iterable[Parents]) -> Floats:
        """Return the bins of the bosons' energy, by default up to the largest energy of a table or of the beam."""
        tables = [item.rays.energy.max(initial=0.0) for item in parents if isinstance(item, TableParents)]
        top = max(tables) if tables else TOP_ENERGY.get(self.source_kind, 8000.0)
        return self._edges("e_boson", np.linspace(0.0, float(top), 81), "MeV")

    def _edges(self, name: str, default: Floats, unit: str) -> Floats:
        """Return bin edges from the ``binning`` table, or the default."""
        if "binning" not in self.tables:
            return default
        group = self.tables.table("binning")
        group.only(*BINNED)
        if name not in group:
            return default
        edges = group.numbers(name, unit)
        require_increasing(group.path(name), edges, unit)
        return np.asarray(edges)


def _response(mode: Mode) -> Response:
    """Return what the detector reports in a mode, or say what has to be supplied and where."""
    if "missing" in mode.response:
        raise ScenarioError(_where_to_supply(str(mode.response["missing"])))
    return build_response(mode.response, f"modes.{mode.name}.response")


def _where_to_supply(message: str) -> str:
    """Return a message about a missing number with the place in a scenario where it goes."""
    key = message.partition("you must supply ")[2].split(" ")[0]
    examples = {"efficiency": "{energy = [10, 100], value = [0.5, 0.5]}", "window": "{e_vis_min = 100}"}
    example = next((text for name, text in examples.items() if key.endswith(name)), "...")
    return f"{message}; for instance --set 'experiment.given.{key} = {example}' (MeV)"


def load_scenario(name: str, *, model: str | None = None, overrides: Iterable[str] = (), **run: Any) -> Scenario:
    """Return a scenario from a file or from the name of an experiment.

    Parameters
    ----------
    name : str
        Path of a TOML file, or an experiment that the package ships (``miniboone``).
    model : str, optional
        Preset or production that replaces the one of the scenario.
    overrides : iterable of str
        ``key=value`` with a dotted key such as ``model.m_x=5``; keys of the model and run tables may be bare.
    **run
        ``precision``, ``seed``, ``replicates``, ``threads``; None leaves the scenario's value.

    Raises
    ------
    InputFileError
        When the file is missing or is not TOML.
    ScenarioError, RangeError, UnknownNameError
        For a wrong key, type, value or combination; the message names the key, the value and what is allowed.
    """
    if name.endswith(".toml") or "/" in name:
        table, folder = read_toml(Path(name)), Path(name).parent
    else:
        table, folder = Table({"name": name, "experiment": {"name": name}}, name), Path()
    values: dict[str, Any] = {key: dict(v) if isinstance(v, Mapping) else v for key, v in table.values.items()}
    for text in overrides:
        _override(values, text)
    if model is not None:
        values["model"] = {**values.get("model", {}), "preset": model}
    for key, value in run.items():
        if value is not None:
            values.setdefault("run", {})[key] = value
    return _build(Table(values, table.where), folder)


def _build(table: Table, folder: Path) -> Scenario:
    """Return the scenario of a whole, checked table."""
    table.only(*TABLES)
    if ("experiment" in table) == ("detector" in table):
        raise ScenarioError(f"{table.where}: exactly one of the tables experiment and detector is needed")
    experiment = None
    if "experiment" in table:
        group = table.table("experiment")
        group.only("name", "volume", "modes", "given")
        where = group.text("name")
        volume = group.text("volume") if "volume" in group else None
        given = group.table("given").values if "given" in group else {}
        experiment = Experiment.load(folder / where if where.endswith(".toml") else where, volume, given)
        if "binning" in table and any(mode.distributions for mode in experiment.modes.values()):
            table.table("binning").only("e_boson")
    elif "source" not in table:
        raise ScenarioError(f"{table.path('source')}: missing; a detector of your own needs a source of mesons")
    name, model = read_model(table.table("model") if "model" in table else Table({}, table.path("model")))
    title = table.text("name") if "name" in table else Path(table.where).stem
    scenario = Scenario(title, name, model, experiment, _run(table), table, folder)
    if not scenario.mode_names:
        raise ScenarioError(f"{table.where}: no mode to compute")
    return scenario


def _run(table: Table) -> RunSettings:
    """Return the settings of the ``run`` table."""
    if "run" not in table:
        return RunSettings()
    group, settings = table.table("run"), RunSettings()
    group.only(*RUN_KEYS)
    if "precision" in group:
        settings = replace(settings, precision=group.number("precision", "", 1.0e-4, 0.5))
    for key, low, high in (("seed", 0, 2**63 - 1), ("replicates", 4, 256), ("threads", 1, 1024)):
        if key in group:
            value = group.number(key, "", low, high)
            if value != int(value):
                raise ScenarioError(f"{group.path(key)} = {value:g}: expected a whole number from {low} to {high}")
            settings = replace(settings, **{key: int(group.values[key])})
    return settings


def _override(values: dict[str, Any], text: str) -> None:
    """Set one ``key=value`` in the tables; the value is TOML, or plain text where it is not."""
    key, sign, raw = text.partition("=")
    parts = [part.strip() for part in key.split(".")]
    if not sign or not all(parts):
        raise ScenarioError(f"--set {text}: expected key=value, for instance model.m_x=5")
    if len(parts) == 1 and parts[0] not in TABLES:
        home = "run" if parts[0] in RUN_KEYS else "model"
        parts = [home, *parts]
    try:
        value = tomllib.loads(f"value = {raw.strip()}")["value"]
    except (ValueError, RecursionError):
        value = raw.strip()
    place = values
    for part in parts[:-1]:
        inner = place.setdefault(part, {})
        if not isinstance(inner, dict):
            raise ScenarioError(f"--set {text}: '{part}' is not a table")
        place[part] = dict(inner)
        place = place[part]
    place[parts[-1]] = value
