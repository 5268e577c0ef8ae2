"""``darkhorn list``: what can be named."""

from typing import Annotated, Any

import typer

from darkhorn.cli.output import JsonOption, emit_json, show_table

EXAMPLE = "Example: darkhorn list models"

KINDS = ("models", "experiments", "beams", "sources")
"""What can be listed."""

_ONLY_JSON = ("kind", "model", "channels", "citations")


def listing(
    kind: Annotated[str, typer.Argument(help=f"One of: {', '.join(KINDS)}.")], json: JsonOption = False
) -> None:
    """List the models, experiments, beams or sources of mesons that can be named. Masses are in MeV.

    After the models come the parameters of each kind of model, with their defaults and what is allowed.
    """
    from darkhorn.core.errors import unknown_name

    makers = {"models": _models, "experiments": _experiments, "beams": _beams, "sources": _sources}
    if kind not in makers:
        raise unknown_name("list", kind, KINDS)
    rows = makers[kind]()
    parameters = _parameters() if kind == "models" else {}
    if json:
        emit_json({kind: rows, **({"parameters": parameters} if parameters else {})})
        return
    columns = list(rows[0])
    columns = [column for column in columns if column not in _ONLY_JSON]
    show_table(kind, columns, [[_text(row[column]) for column in columns] for row in rows])
    if kind == "models":
        made = [[row["name"], _text(row["channels"]), _text(row["citations"])] for row in rows]
        show_table("decays that make the particle, and references", ["name", "decays", "references"], made)
    for name, known in parameters.items():
        cells = [[key, _text(item["default"]), item["allowed"]] for key, item in known.items()]
        show_table(f"parameters of {name}", ["parameter", "default", "allowed"], cells)


def _text(value: Any) -> str:
    """Return a cell."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "-" if value is None else ", ".join(value) if isinstance(value, list) else str(value)


def _models() -> list[dict[str, Any]]:
    """Return presets and productions; a production gets the masses and couplings of its kind."""
    from darkhorn.models.presets import DARK_PRESETS, PRESETS, preset
    from darkhorn.models.productions import PRODUCTIONS

    named = [(name, "preset", preset(name)) for name in (*PRESETS, *DARK_PRESETS)]
    named += [(name, "production", preset(name)) for name in PRODUCTIONS]
    return [_model(name, kind, model) for name, kind, model in named]


def _model(name: str, kind: str, model: Any) -> dict[str, Any]:
    """Return one row."""
    amplitude = model.amplitude
    seen = {"mediator": "photon", "detection": None, "final": None}
    key = next(key for key in seen if hasattr(model, key))
    exchanged = getattr(model, "mediator_mass", getattr(model, "m_exchanged", None))
    return {
        "name": name,
        "kind": kind,
        "model": type(model).__name__,
        "production": amplitude.name if amplitude is not None else None,
        "leptons": list(model.leptons),
        "mediator": getattr(model, "mediator", getattr(model, "exchange", None)),
        "seen": [seen[key]] if seen[key] else list(getattr(model, key)),
        "m_x_MeV": model.particle_mass,
        "m_mediator_MeV": None if exchanged is None else round(exchanged, 4),
        "current_conserved": amplitude.current_conserved if amplitude is not None else None,
        "channels": [item.name for parent in _MESONS for item in model.emissions(parent)],
        "citations": list(dict.fromkeys(model.sources)),
    }


_MESONS = (211, 321, 111, 221)


def _parameters() -> dict[str, dict[str, dict[str, Any]]]:
    """Return the parameters of each kind of model: default, and what is allowed."""
    from dataclasses import fields

    from darkhorn.models.presets import preset

    found = {}
    for name in ("scalar-benchmark", "dark-matter", "visible-decay"):
        model = preset(name)
        found[type(model).__name__] = {
            item.name: {"default": _plain(getattr(model, item.name)), "allowed": _allowed(model, item.name)}
            for item in fields(model)
        }
    return found


def _plain(value: Any) -> Any:
    """Return a value that JSON has."""
    from collections.abc import Mapping

    return list(value) if isinstance(value, tuple) else dict(value) if isinstance(value, Mapping) else value


def _allowed(model: Any, key: str) -> str:
    """Return what a parameter may be, in words."""
    if key in model.choices:
        return ", ".join(choice or "(none)" for choice in model.choices[key])
    if key in model.bounds:
        return str(model.bounds[key])
    if key == "production":
        return "a production" if type(model).__name__ == "Photoconversion" else "a production, or none"
    if key == "production_parameters":
        return "a table, for mixture, vector-c0, vector-full, vector-sd, pseudoscalar-derivative"
    return "true, false"


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


_MAKES = {
    "sanford-wang": ("pi+ and pi- of the beam's protons in its target rod", "beam"),
    "parametrised": ("pi+-, K+-, pi0 (eta, eta' with a yield) of the beam's protons in its target rod", "beam"),
    "neutral-mesons": ("pi0, eta and eta' that decay where they are made: in the target rod or at the origin", "beam"),
    "stopped": ("pi+ at rest and pi0 of 800 MeV protons, at the origin", None),
    "dump": ("pi+-, K+-, pi0 and eta of protons steered onto the dump", None),
    "table": (
        "the mesons of a CSV or NPZ file, at production or at their decay (ns, m, MeV, weight per POT)",
        "beam, for stage = production",
    ),
}


def _sources() -> list[dict[str, Any]]:
    """Return the sources of mesons that a scenario can name."""
    from darkhorn.chain.source_table import KEYS

    rows = []
    for name, keys in KEYS.items():
        makes, needs = _MAKES[name]
        rows.append({"name": name, "makes": makes, "keys": list(keys), "needs": needs})
    return rows
