"""The ``source`` table of a scenario: where decaying mesons come from."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from darkhorn.beam.beamline import Beamline
from darkhorn.beam.dump import DumpMode
from darkhorn.beam.lujan import PromptPi0, StoppedBeam, StoppedParents
from darkhorn.beam.parametrised import SHAPES, ParametrisedSource
from darkhorn.beam.prompt import NEUTRAL, PromptParents, neutral_source
from darkhorn.beam.sanford_wang import PIONS, SanfordWangSource, production_vertices
from darkhorn.beam.source import Source
from darkhorn.beam.switches import Physics
from darkhorn.beam.table import TableParents, TableSource
from darkhorn.chain.dump_parents import CHARGED, Shared, dump_line, past_target
from darkhorn.chain.parents import point_flux, prepare, refine
from darkhorn.chain.setup import Parents
from darkhorn.core.errors import ScenarioError
from darkhorn.core.importance import ImportanceGrid
from darkhorn.core.points import Axis, unit_points
from darkhorn.core.species import K_MINUS, K_PLUS, PI_MINUS, PI_PLUS
from darkhorn.experiments.modes import load_dump, load_stopped
from darkhorn.experiments.reading import Table
from darkhorn.io.read import read_any
from darkhorn.physics.passage import proton_inelastic_cm2, proton_production_cm2
from darkhorn.physics.production import PI_MINUS_BE, PI_MINUS_BE_OLDER

_YIELDS: Final = tuple(f"{name}_per_pot" for name in NEUTRAL)
KEYS: Final = {
    "sanford-wang": ("normalise", "pi_minus"),
    "parametrised": ("normalise", "pi_minus", *_YIELDS),
    "neutral-mesons": ("place", *_YIELDS),
    "stopped": ("name", "pi_plus", "pi_zero"),
    "dump": ("name", "current", "scrape_fraction", "pi0_per_pot", "eta_per_pi0"),
    "table": ("file", "stage", "pot"),
}
"""Kinds of sources and the keys that each of them has."""
SOURCES: Final = tuple(KEYS)
PLACES: Final = ("target", "origin")
OF_BEAM: Final = {"beam": "sanford-wang", "dump": "dump", "stopped": "stopped"}
"""Source of the mesons where the scenario names none, by the kind of the experiment's beam."""

_NORMALISE: Final = {"production": proton_production_cm2, "inelastic": proton_inelastic_cm2}
_PI_MINUS: Final = {"harp": PI_MINUS_BE, "older": PI_MINUS_BE_OLDER}
_PILOT_STREAM: Final = 5_000_000
_PILOT_POINTS: Final = 2**12


@dataclass(frozen=True)
class Place:
    """Where and how the mesons of a source are wanted.

    Attributes
    ----------
    line : Beamline or None
        What they pass, if anything.
    towards : tuple of float
        Centre of the detector in m.
    physics : Physics
        What is switched on in matter.
    seed, threads : int
        Of the pilot runs.
    folder : Path
        Where relative file names start.
    """

    line: Beamline | None
    towards: tuple[float, float, float]
    physics: Physics
    seed: int
    threads: int
    folder: Path

    def need_line(self, what: str) -> Beamline:
        """Return the beam line, or say that it is missing."""
        if self.line is None:
            raise ScenarioError(f"beam: missing; {what} a beam line, such as name = 'bnb'")
        return self.line

    def transported(self, source: Source) -> tuple[Parents, ...]:
        """Return the mesons of a source at production, taken through the beam line to their decay."""
        line = self.need_line("mesons at production need")
        place = (self.towards, self.seed, self.threads)
        made = (prepare(source, line, species, *place, self.physics) for species in source.species)
        return tuple(refine(sampler, *place) for sampler in made)


def kind_of_source(group: Table) -> str:
    """Return the kind of source after refusing the keys of other kinds.

    Raises
    ------
    ScenarioError
        For an unknown kind or key, or a key of another kind.
    """
    group.only("kind", *dict.fromkeys(key for keys in KEYS.values() for key in keys))
    kind = group.text("kind", SOURCES)
    for key in group.values:
        if key != "kind" and key not in KEYS[kind]:
            fitting = " or ".join(f"'{name}'" for name, keys in KEYS.items() if key in keys)
            raise ScenarioError(f"{group.path(key)}: only with kind = {fitting}")
    return kind


def read_parents(group: Table, place: Place) -> tuple[Parents, ...]:
    """Return the decaying mesons of every species of a source.

    Parameters
    ----------
    group : Table
        The ``source`` table.
    place : Place
        Beam line, detector and settings.

    Raises
    ------
    ScenarioError, RangeError, InputFileError, UnknownNameError
        For a wrong key or value, a file that cannot be read, or a beam line that is missing.
    """
    readers: dict[str, Callable[[Table, Place], tuple[Parents, ...]]] = {
        "sanford-wang": _sanford_wang,
        "parametrised": _parametrised,
        "neutral-mesons": _neutral,
        "stopped": _stopped,
        "dump": _dump,
        "table": _table,
    }
    return readers[kind_of_source(group)](group, place)


def _table(group: Table, place: Place) -> tuple[Parents, ...]:
    pot = group.number("pot", "POT", 0.0, open_low=True) if "pot" in group else None
    rays, _ = read_any(place.folder / group.text("file"), pot)
    if group.text("stage", ("production", "decay")) == "decay":
        return tuple(TableParents(rays[rays.pdgid == s], s) for s in TableSource(rays).species)
    return place.transported(TableSource(rays))


def _sanford_wang(group: Table, place: Place) -> tuple[Parents, ...]:
    return place.transported(_pions(group, place))


def _pions(group: Table, place: Place) -> SanfordWangSource:
    """Return the charged pions with the options of the scenario."""
    line = place.need_line("a Sanford-Wang source needs")
    normalise = group.text("normalise", _NORMALISE) if "normalise" in group else "production"
    pi_minus = group.text("pi_minus", _PI_MINUS) if "pi_minus" in group else "harp"
    return SanfordWangSource(line, {**PIONS, PI_MINUS: _PI_MINUS[pi_minus]}, _NORMALISE[normalise], place.physics)


def _parametrised(group: Table, place: Place) -> tuple[Parents, ...]:
    """Return charged pions and kaons and neutral mesons of one target."""
    pions = _pions(group, place)
    shapes = {species: SHAPES[species] for species in (K_PLUS, K_MINUS)}
    vertices = production_vertices(pions.beamline, pions.normalise_cm2, place.physics)
    kaons = ParametrisedSource(pions.beamline, shapes=shapes, normalise_cm2=pions.normalise_cm2, vertices=vertices)
    return (*place.transported(pions), *place.transported(kaons), *_neutral(group, place))


def _neutral(group: Table, place: Place) -> tuple[Parents, ...]:
    """Return mesons that decay at once, in the target or at the origin."""
    line = place.need_line("neutral mesons need")
    origin = "place" in group and group.text("place", PLACES) == "origin"
    per_pot: dict[str, float | None] = {"pi0": None}
    for name in NEUTRAL:
        key = f"{name}_per_pot"
        if key in group:
            per_pot[name] = group.number(key, "per POT", 0.0, 1.0e3)
    source = neutral_source(line, per_pot, origin=origin, vertices=production_vertices(line, physics=place.physics))
    if not source.species:
        raise ScenarioError(f"{group.where}: every yield is 0; allowed: one of {', '.join(_YIELDS)} above 0")
    return tuple(
        _adapted(PromptParents(source, species, ImportanceGrid.uniform()), place) for species in source.species
    )


def _stopped(group: Table, place: Place) -> tuple[Parents, ...]:
    """Return pions at rest in a target at the origin, and pi0 that decay there at once."""
    beam = _stopped_beam(group, place.folder)
    prompt = PromptPi0(beam, ImportanceGrid.uniform())
    return (StoppedParents(beam, PI_PLUS), replace(prompt, grid=_grid(prompt, place)))


def _stopped_beam(group: Table, folder: Path) -> StoppedBeam:
    """Return the beam with the yields of the scenario; says where to put those that nobody published."""
    yields = {key: group.number(key, "per POT", 0.0) for key in ("pi_plus", "pi_zero") if key in group}
    name = group.text("name") if "name" in group else "lujan"
    try:
        return load_stopped(folder / name if name.endswith(".toml") else name, **yields)
    except ScenarioError as error:
        key = str(error).partition("you must supply yields.")[2].split(" ")[0]
        if not key:
            raise
        raise ScenarioError(f"{error}; as {group.path(key)} (per POT), for instance --set source.{key}=0.1") from error


def _dump_mode(group: Table, folder: Path) -> DumpMode:
    """Return the dump mode with the inputs of the scenario."""
    inputs = {key: group.number(key) for key in KEYS["dump"][1:] if key in group}
    name = group.text("name") if "name" in group else "dump"
    return load_dump(folder / name if name.endswith(".toml") else name, **inputs)


def _dump(group: Table, place: Place) -> tuple[Parents, ...]:
    """Return the mesons of protons that pass the target, and of those that scrape it as in normal running."""
    dump = _dump_mode(group, place.folder)
    past, share = past_target(dump, place.towards, place.seed, place.threads), dump.scrape_fraction
    if share == 0.0:
        return past
    on_target = replace(place, line=dump_line(dump))
    made = _parametrised(Table({"kind": "parametrised"}, group.where), on_target)
    return (*(Shared(item, 1.0 - share) for item in past), *(Shared(item, share) for item in made))


def source_notes(group: Table, folder: Path) -> tuple[str, ...]:
    """Return what a reader has to know about the mesons of a source that brings its own beam.

    Parameters
    ----------
    group : Table
        The ``source`` table.
    folder : Path
        Where relative file names start.

    Raises
    ------
    ScenarioError, RangeError, InputFileError, UnknownNameError
        As :func:`read_parents`.
    """
    kind = kind_of_source(group)
    if kind == "dump":
        return (*_dump_mode(group, folder).flags, f"dump mode: {CHARGED}.")
    return _stopped_beam(group, folder).flags if kind == "stopped" else ()


def source_of(kind: str, beam: str, given: Mapping[str, Any]) -> Table:
    """Return the ``source`` table with what follows from the beam of an experiment.

    Parameters
    ----------
    kind : str
        Of the beam: ``beam``, ``dump`` or ``stopped``.
    beam : str
        Its name, or the path of its file.
    given : mapping
        The ``source`` table of the scenario, which may be empty.
    """
    values = {"kind": OF_BEAM[kind], **given}
    if kind != "beam" and values["kind"] == OF_BEAM[kind]:
        values = {"name": str(Path(beam).resolve()) if beam.endswith(".toml") else beam, **values}
    return Table(values, "source")


def _adapted(start: PromptParents, place: Place) -> PromptParents:
    return replace(start, grid=_grid(start, place))


def _grid(start: Parents, place: Place) -> ImportanceGrid:
    """Return where in (p, theta) to spend points: where a light daughter that reaches the detector comes from."""
    points = unit_points(_PILOT_POINTS, seed=place.seed, stream=(_PILOT_STREAM, start.species))
    parents = start.sample(points)
    flux = parents.weight * point_flux(parents, place.towards)
    return ImportanceGrid.adapted(points[:, Axis.MOMENTUM], points[:, Axis.THETA], np.asarray(flux))
