"""``darkhorn list``: what can be named."""

from typing import Annotated, Any

import typer

from darkhorn.cli.output import JsonOption, emit_json, show_table

EXAMPLE = "Example: darkhorn list models"

KINDS = ("models", "experiments", "beams", "sources")
"""What can be listed."""


def listing(
    kind: Annotated[str, typer.Argument(help=f"One of: {', '.join(KINDS)}.")], json: JsonOption = False
) -> None:
    """List the models, experiments, beams or sources of mesons that can be named. Masses are in MeV."""
    from darkhorn.core.errors import unknown_name

    makers = {"models": _models, "experiments": _experiments, "beams": _beams, "sources": _sources}
    if kind not in makers:
        raise unknown_name("list", kind, KINDS)
    rows = makers[kind]()
    if json:
        emit_json({kind: rows})
        return
    columns = list(rows[0])
    show_table(kind, columns, [[_text(row[column]) for column in columns] for row in rows])


def _text(value: Any) -> str:
    """Return a cell."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "-" if value is None else ", ".join(value) if isinstance(value, list) else str(value)


def _models() -> list[dict[str, Any]]:
    """Return presets and productions; a production gets the masses and couplings of its kind."""
    from darkhorn.models.presets import PRESETS, preset
    from darkhorn.models.productions import PRODUCTIONS

    named = [(name, "preset", item) for name, item in PRESETS.items()]
    for name in PRODUCTIONS:
        named.append((name, "production", preset(name)))
    return [
        {
            "name": name,
            "kind": kind,
            "production": model.production,
            "leptons": list(model.leptons),
            "mediator": model.mediator,
            "m_x_MeV": model.m_x,
            "m_mediator_MeV": model.mediator_mass,
            "current_conserved": model.amplitude.current_conserved,
        }
        for name, kind, model in named
    ]


def _experiments() -> list[dict[str, Any]]:
    """Return the experiments that the package ships."""
    from darkhorn.experiments.loader import Experiment

    found = []
    for name in _shipped("experiment"):
        experiment = Experiment.load(name)
        pots = [f"{mode.pot:.4g}" for mode in experiment.modes.values()]
        row = {"name": name, "beam": experiment.beam, "modes": list(experiment.modes), "pot": pots}
        found.append({**row, "volume": experiment.volume})
    return found


def _beams() -> list[dict[str, Any]]:
    """Return the beam lines that the package ships."""
    from darkhorn.experiments.beams import load_beam
    from darkhorn.experiments.reading import find_toml, read_toml

    found = []
    for name in _shipped("beam"):
        modes = read_toml(find_toml(name, "beam")).named_tables("modes")
        lines = {mode: load_beam(name, mode) for mode in modes}
        momentum = next(iter(lines.values())).beam.momentum
        currents = [f"{line.current / 1e3:g}" for line in lines.values()]
        found.append({"name": name, "proton_momentum_MeV": momentum, "modes": list(modes), "horn_current_kA": currents})
    return found


def _shipped(kind: str) -> list[str]:
    """Return the names of shipped TOML files of a kind."""
    from darkhorn.experiments.reading import package_files, read_toml

    return [name for name, path in package_files(".toml").items() if read_toml(path).text("kind") == kind]


def _sources() -> list[dict[str, Any]]:
    """Return the sources of mesons that a scenario can name."""
    return [
        {
            "name": "sanford-wang",
            "makes": "pi+ and pi- of the beam's protons in its target rod",
            "keys": ["normalise", "pi_minus"],
            "needs": "beam",
        },
        {
            "name": "table",
            "makes": "the mesons of a CSV or NPZ file, at production or at their decay (ns, m, MeV, weight per POT)",
            "keys": ["file", "stage"],
            "needs": "beam, for stage = production",
        },
    ]
