"""A check of HepMC3 files against the rules of NuHepMC 1.0.0: one line for each rule that a file breaks.

It reads through pyhepmc and knows nothing of how a file was made. Source: the requirements G.R.*, E.R.*, V.R.1, P.R.1
and the conventions named in the messages, arXiv:2310.13211 and its specification 1.0.0.
"""

from pathlib import Path
from typing import Any, Final

import numpy as np

from darkhorn.core.errors import InputFileError
from darkhorn.io.foreign import optional_package

_REMNANT: Final = 2009900000
_KNOWN_PARTICLES: Final = {1, 2, 3, 4, 20}
_KNOWN_VERTICES: Final = {1, 2}
_CROSS_SECTION: Final = ("G.C.2", "E.C.4")


def check_nuhepmc(path: str | Path, tolerance: float = 1.0e-9) -> list[str]:
    """Return what a file does against the rules; an empty list when it keeps them.

    Parameters
    ----------
    path : str or Path
        HepMC3 text.
    tolerance : float
        Largest imbalance of four-momentum at a vertex, relative to the energies that meet there.

    Raises
    ------
    InputFileError
        When the file holds no event.
    DarkhornError
        When pyhepmc is not installed.
    """
    hep = optional_package("pyhepmc", "io", "checking HepMC3 files")
    problems: list[str] = []
    seen: set[int] = set()
    run: Any = None
    with hep.open(str(path)) as events:
        for event in events:
            if run is None:
                run = _Run(event.run_info)
                problems += run.problems()
            number = event.event_number
            if number < 0 or number in seen:
                problems.append(f"E.R.2: event number {number} is negative or used twice")
            seen.add(number)
            problems += [f"event {number}: {text}" for text in _event(event, run, tolerance)]
    if run is None:
        raise InputFileError(f"{path}: no event")
    return problems


class _Run:
    """Attributes of a run as plain text, and the tables that events refer to."""

    def __init__(self, info: Any) -> None:
        """Take the text of every attribute."""
        self.info = info
        self.text = {name: _text(info.attributes[name]) for name in info.attributes} if info is not None else {}
        self.processes = self.integers("NuHepMC.ProcessIDs")
        self.vertices = self.integers("NuHepMC.VertexStatusIDs")
        self.particles = self.integers("NuHepMC.ParticleStatusIDs")
        self.extra = self.integers("NuHepMC.AdditionalParticleNumbers")
        self.conventions = set(self.text.get("NuHepMC.Conventions", "").split())

    def integers(self, name: str) -> set[int]:
        """Return a vector of integers; empty where it is missing."""
        return {int(word) for word in self.text.get(name, "").split()}

    def problems(self) -> list[str]:
        """Return what is wrong with the run."""
        if self.info is None:
            return ["G.R.1: no GenRunInfo"]
        found = []
        version = [self.text.get(f"NuHepMC.Version.{part}") for part in ("Major", "Minor", "Patch")]
        if version != ["1", "0", "0"]:
            found.append(f"G.R.2: version {version}; checked is 1.0.0")
        tools = list(self.info.tools)
        if not tools or any(not tool.name or not tool.version for tool in tools):
            found.append("G.R.3: a tool without a name or a version, or none")
        if "NuHepMC.Conventions" not in self.text:
            found.append("G.R.4: NuHepMC.Conventions is missing")
        found += self._cross_section()
        if "CV" not in list(self.info.weight_names):
            found.append("G.R.7: no weight named CV")
        for rule, name in (("G.R.8", "Process"), ("G.R.9", "VertexStatus"), ("G.R.10", "ParticleStatus")):
            found += self._table(rule, name)
        if "NuHepMC.AdditionalParticleNumbers" not in self.text:
            found.append("G.R.11: NuHepMC.AdditionalParticleNumbers is missing")
        names = [self.text.get(f"NuHepMC.AdditionalParticleNumber[{number}].Name", "") for number in self.extra]
        if not all(names) or len(set(names)) != len(names):
            found.append("G.R.11: an additional particle without a name of its own")
        return found + self._conventions()

    def _cross_section(self) -> list[str]:
        found = []
        if not self.conventions & set(_CROSS_SECTION):
            found.append("G.R.5: neither G.C.2 nor E.C.4 is signalled")
        for key in ("Unit", "TargetScale"):
            if not self.text.get(f"NuHepMC.Units.CrossSection.{key}"):
                found.append(f"G.R.6: NuHepMC.Units.CrossSection.{key} is missing")
        return found

    def _table(self, rule: str, name: str) -> list[str]:
        if f"NuHepMC.{name}IDs" not in self.text:
            return [f"{rule}: NuHepMC.{name}IDs is missing"]
        keys = [
            f"NuHepMC.{name}Info[{number}].{part}"
            for number in sorted(self.integers(f"NuHepMC.{name}IDs"))
            for part in ("Name", "Description")
        ]
        return [f"{rule}: {key} is missing" for key in keys if not self.text.get(key)]

    def _conventions(self) -> list[str]:
        found = []
        if "G.C.1" in self.conventions and not _positive(self.text.get("NuHepMC.Exposure.POT")):
            found.append("G.C.1: NuHepMC.Exposure.POT is no positive number")
        if "G.C.2" in self.conventions and not _positive(self.text.get("NuHepMC.FluxAveragedTotalCrossSection")):
            found.append("G.C.2: NuHepMC.FluxAveragedTotalCrossSection is no positive number")
        if "G.C.3" in self.conventions and not any(name.startswith("NuHepMC.Citations.") for name in self.text):
            found.append("G.C.3: no citation")
        for name, text in self.text.items():
            if "G.C.4" in self.conventions and name.endswith("Histogram.BinEdges"):
                content = self.text.get(name.replace("BinEdges", "BinContent"), "")
                if len(text.split()) != len(content.split()) + 1:
                    found.append(f"G.C.4: {name} needs one number more than the content")
        return found


def _text(value: Any) -> str:
    """Return an attribute as text, read from a file or not."""
    return str(value.astype(str)) if hasattr(value, "astype") else str(value)


def _positive(text: str | None) -> bool:
    try:
        return text is not None and 0.0 < float(text) < float("inf")
    except ValueError:
        return False


def _event(event: Any, run: _Run, tolerance: float) -> list[str]:
    """Return what is wrong with one event."""
    found = []
    text = {name: _text(event.attributes[name]) for name in event.attributes}
    if text.get("signal_process_id", "").lstrip("-").isdigit() is False:
        found.append("E.R.3: signal_process_id is missing")
    elif int(text["signal_process_id"]) not in run.processes:
        found.append(f"E.R.3: process {text['signal_process_id']} is not in the table")
    if len(text.get("lab_pos", "").split()) not in ((4,) if "E.C.5" in run.conventions else (3, 4)):
        found.append("E.R.5: lab_pos needs three numbers, or four with a time")
    if len(event.weights) != len(list(run.info.weight_names)) or not np.isfinite(event.weights).all():
        found.append("G.R.7: an event without its weights")
    return found + _vertices(event, run, tolerance) + _particles(event, run)


def _vertices(event: Any, run: _Run, tolerance: float) -> list[str]:
    found = []
    statuses = [vertex.status for vertex in event.vertices]
    if statuses.count(1) != 1:
        found.append(f"E.R.6: {statuses.count(1)} primary vertices; expected one")
    known = run.vertices | _KNOWN_VERTICES | ({21} if "V.C.1" in run.conventions else set())
    for vertex in event.vertices:
        if vertex.status not in known or vertex.status == 0 or 3 <= vertex.status <= 20:
            found.append(f"V.R.1: status {vertex.status} of a vertex is reserved or not declared")
        if not vertex.particles_in or not vertex.particles_out:
            found.append("E.R.1: a vertex without incoming or outgoing particles")
        sides = (vertex.particles_in, vertex.particles_out)
        totals = [np.sum([_momentum(item) for item in side], axis=0) for side in sides]
        scale = max(abs(_momentum(item)[3]) for item in (*sides[0], *sides[1]))
        if np.abs(totals[0] - totals[1]).max() > tolerance * scale:
            found.append(f"E.R.1: four-momentum is not conserved at a vertex of status {vertex.status}")
    return found


def _particles(event: Any, run: _Run) -> list[str]:
    found = []
    statuses = [item.status for item in event.particles]
    for status, name in ((4, "beam"), (20, "target")):
        if statuses.count(status) != 1:
            found.append(f"E.R.7: {statuses.count(status)} {name} particles; expected one")
    declared = run.particles | _KNOWN_PARTICLES | ({21} if "P.C.1" in run.conventions else set())
    extra = run.extra | ({_REMNANT} if "P.C.2" in run.conventions else set())
    own = {status for status in run.particles if status >= 21}
    for item in event.particles:
        if item.status not in declared or item.status == 0 or 5 <= item.status <= 19:
            found.append(f"P.R.1: status {item.status} of a particle is reserved or not declared")
        if _generator_specific(item.pid) and item.pid not in extra:
            found.append(f"G.R.11: particle number {item.pid} is not declared")
        comes_in = item.production_vertex is None or item.production_vertex.id == 0
        if comes_in and item.status not in {4, 20} | own:
            found.append(f"P.R.1: an incoming particle has status {item.status}")
        if item.end_vertex is None and item.status not in {1} | own:
            found.append(f"P.R.1: an outgoing particle has status {item.status}")
    for item in event.particles:
        if item.status in (4, 20) and item.end_vertex is None:
            found.append("E.R.7: a beam or target particle that meets nothing")
        if item.status == 4 and item.end_vertex is not None and item.end_vertex.status != 1:
            found.append("E.R.7: the beam particle does not enter the primary vertex")
    return found


def _momentum(item: Any) -> np.ndarray[Any, Any]:
    return np.array([item.momentum.px, item.momentum.py, item.momentum.pz, item.momentum.e])


def _generator_specific(pid: int) -> bool:
    """Return whether digits six and seven from the end are 9, which marks numbers outside the PDG scheme."""
    return abs(pid) // 100000 % 100 == 99
