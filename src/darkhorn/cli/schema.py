"""``darkhorn schema``: the JSON schema of scenario files, for editors that check and complete while one types.

The keys of models, sources, switches and choices come from the lists that the readers of scenarios check; the tests
compare the rest with what the readers say is allowed.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from darkhorn.cli.output import emit_json, note, require_writable

EXAMPLE = "Example: darkhorn schema --out scenario.schema.json"

Schema = dict[str, Any]
"""A piece of a JSON schema."""

_TEXT: Final[Schema] = {"type": "string"}
_TRUTH: Final[Schema] = {"type": "boolean"}
_VECTOR: Final[Schema] = {"type": "array", "items": {"type": "number"}, "minItems": 3, "maxItems": 3}
_FILE: Final = "or the path of a TOML file, relative to this one"


def schema(
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where to write it; by default it is printed.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="As without it: the schema is one JSON object.")] = False,
) -> None:
    """Print the JSON schema of scenario files, for completion and checks in an editor.

    Editors with TOML support (taplo, Even Better TOML) use it where the file says in its first line
    #:schema scenario.schema.json
    """
    if out is None:
        emit_json(scenario_schema())
        return
    from json import dumps

    from darkhorn.io.atomic import write_text_atomic

    require_writable(out)
    write_text_atomic(out, dumps(scenario_schema(), indent=2) + "\n")
    if json:
        emit_json({"file": str(out)})
    else:
        note(f"wrote {out}")


def scenario_schema() -> Schema:
    """Return the schema (draft 2020-12) of a scenario file.

    It knows keys, types, choices and ranges. What depends on two keys at once (open decays, mass fractions that sum
    to 1, bins that increase) only the reader knows: every scenario that darkhorn takes passes the schema, not the
    other way round.
    """
    tables = {
        "name": _described(_TEXT, "What the output calls the scenario."),
        "model": _model(),
        "experiment": _experiment(),
        "detector": _detector(),
        "source": _source(),
        "beam": _beam(),
        "rings": _rings(),
        "binning": _binning(),
        "run": _run(),
    }
    top = _table(tables, "A darkhorn scenario: MeV, m, ns, rad; exposures in protons on target (POT).")
    either = [
        {"required": ["experiment"], "not": {"required": ["detector"]}},
        {"required": ["detector", "source"], "not": {"required": ["experiment"]}},
    ]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "darkhorn scenario",
        **top,
        "oneOf": either,
    }


def _described(piece: Schema, text: str) -> Schema:
    return {**piece, "description": text}


def _table(properties: Mapping[str, Schema], text: str, required: Iterable[str] = ()) -> Schema:
    """Return a table that has these keys and no others."""
    piece = {"type": "object", "properties": dict(properties), "additionalProperties": False, "description": text}
    return {**piece, "required": list(required)} if required else piece


def _number(text: str, low: float | None = None, high: float | None = None, *, open_low: bool = False) -> Schema:
    """Return a number within [low, high], or (low, high]."""
    piece: Schema = {"type": "number", "description": text}
    if low is not None:
        piece["exclusiveMinimum" if open_low else "minimum"] = low
    if high is not None:
        piece["maximum"] = high
    return piece


def _choice(names: Iterable[str], text: str = "") -> Schema:
    piece: Schema = {"type": "string", "enum": list(names)}
    return _described(piece, text) if text else piece


def _one_or_list(item: Schema, text: str) -> Schema:
    return {"anyOf": [item, {"type": "array", "items": item}], "description": text}


def _amounts(text: str) -> Schema:
    """Return a table of elements with a number above 0 each."""
    return {
        "type": "object",
        "additionalProperties": {"type": "number", "exclusiveMinimum": 0},
        "description": text,
    }


def _model() -> Schema:
    """Return the model table; its other keys depend on the kind of model that the preset starts from."""
    from darkhorn.models.presets import DARK_PRESETS, PRESETS, preset
    from darkhorn.models.productions import PRODUCTIONS

    kinds: dict[str, list[str]] = {}
    for name in (*PRESETS, *DARK_PRESETS, *PRODUCTIONS):
        kinds.setdefault(type(preset(name)).__name__, []).append(name)
    names = _choice([name for group in kinds.values() for name in group], "Where the other keys start from.")
    rules = []
    for group in kinds.values():
        keys = {"preset": names, **_parameters(preset(group[0]))}
        condition: Schema = {"properties": {"preset": {"enum": group}}}
        if group[0] != next(iter(PRESETS)):
            condition["required"] = ["preset"]
        rules.append({"if": condition, "then": {"properties": keys, "additionalProperties": False}})
    return {
        "type": "object",
        "description": "The dark particle, its couplings and what it does in the detector.",
        "properties": {"preset": names},
        "allOf": rules,
    }


def _parameters(model: Any) -> dict[str, Schema]:
    """Return the parameters of one kind of model with their types, choices and ranges."""
    from darkhorn.models.presets import parameter_names
    from darkhorn.models.productions import PRODUCTIONS

    found: dict[str, Schema] = {}
    for key in parameter_names(model):
        default = getattr(model, key)
        text = f"Default: {list(default) if isinstance(default, tuple) else default}"
        if key == "production":
            amplitudes = list(PRODUCTIONS) + ([] if type(model).__name__ == "Photoconversion" else ["none"])
            found[key] = _choice(amplitudes, text)
        elif key in model.bounds:
            bound = model.bounds[key]
            found[key] = _number(f"{text} {bound.unit}".strip(), bound.low, bound.high, open_low=bound.open_low)
        elif key in model.choices:
            allowed = _choice((*model.choices[key], "both") if key == "leptons" else model.choices[key])
            found[key] = _one_or_list(allowed, text) if isinstance(default, tuple) else _described(allowed, text)
        elif isinstance(default, bool):
            found[key] = _described(_TRUTH, text)
        else:
            found[key] = {"type": "object", "description": "Parameters of a production that takes some."}
    return found


def _experiment() -> Schema:
    keys = {
        "name": _described(_TEXT, f"A name of 'darkhorn list experiments', {_FILE}."),
        "volume": _described(_TEXT, "Where events are generated: a volume of the experiment."),
        "modes": {**_one_or_list(_TEXT, "Running modes to compute; by default all that can be.")},
        "given": {
            "type": "object",
            "description": "Numbers that its file lacks, or values instead of its own, by key.",
        },
    }
    return _table(keys, "A published experiment.", ["name"])


def _detector() -> Schema:
    from darkhorn.detector.response import ANGULAR
    from darkhorn.experiments.build import MATERIALS

    curve = {
        "energy": {"type": "array", "items": {"type": "number", "minimum": 0}, "description": "MeV, increasing."},
        "value": {"type": "array", "items": {"type": "number", "minimum": 0, "maximum": 1}},
    }
    response = {
        "perfect": {"const": True, "description": "Every photon is seen as it is; no other key then."},
        "efficiency": _table(curve, "Against the true energy of the photon.", ["energy", "value"]),
        "energy_sqrt_GeV": _number("a of sigma_E = a sqrt(E/GeV) + b, in GeV.", 0),
        "energy_constant_GeV": _number("b of sigma_E = a sqrt(E/GeV) + b, in GeV.", 0),
        "angular": _choice(ANGULAR, "Sigma of the angle: the number below, or that plus ln(GeV/E) degrees."),
        "angular_degrees": _number("Degrees.", 0, 90),
    }
    material = {
        "number_density_per_cm3": _amounts("Atoms per cm^3."),
        "mass_density_g_cm3": _number("g/cm^3.", 0, open_low=True),
        "formula": _amounts("Atoms per unit."),
        "mass_fractions": _amounts("Shares of the mass that sum to 1."),
    }
    cuts = ("e_vis_min", "e_vis_max", "e_qe_min", "e_qe_max")
    window = {
        **{key: _number("MeV.", 0) for key in cuts},
        "antineutrino": _described(_TRUTH, "Is E_QE that of an antineutrino on a proton?"),
        "e_qe_binding": _number("Binding energy of E_QE in MeV; by default 0.", 0, 100),
    }
    keys = {
        "shape": _shape(),
        "material": {
            **_table(material, "What it is made of."),
            "oneOf": [{"required": [key]} for key in MATERIALS],
        },
        "response": _table(response, "Efficiency and resolutions; by default perfect."),
        "window": _table(window, "Selection; by default no cut."),
        "pot": _number("Exposure in protons on target; by default 1.", 0, open_low=True),
    }
    return _table(keys, "A detector of your own; needs [source].", ["shape", "material"])


def _shape() -> Schema:
    """Return the three kinds of volumes."""
    length = _number("m.", 0, open_low=True)
    turn = _table({"axis": _VECTOR, "angle": _number("rad.")}, "Right-handed, about the centre.", ["axis", "angle"])
    center = _described(_VECTOR, "m, in the frame of the beam line.")
    kinds: dict[str, dict[str, Schema]] = {
        "sphere": {"center": center, "radius": length},
        "box": {"center": center, "size": _described(_VECTOR, "The three edges in m."), "rotation": turn},
        "cylinder": {"center": center, "radius": length, "length": length, "axis": _VECTOR},
    }
    needed = {"sphere": ["radius"], "box": ["size"], "cylinder": ["radius", "length"]}
    options = [
        _table({"kind": {"const": name}, **keys}, f"A {name}.", ["kind", "center", *needed[name]])
        for name, keys in kinds.items()
    ]
    return {"type": "object", "oneOf": options, "description": "The volume, in m."}


def _source() -> Schema:
    """Return the source of mesons; which keys there may be depends on its kind."""
    from darkhorn.chain.source_table import KEYS, PLACES

    per_pot = _number("Mesons per proton on target.", 0, 1000)
    types = {
        "file": _described(_TEXT, "Table of mesons: .csv, .npz, .parquet, .hepmc or .root, relative to this file."),
        "stage": _choice(("production", "decay"), "Are the mesons at production, or where they decay?"),
        "pot": _number("Exposure of the file in protons on target.", 0, open_low=True),
        "normalise": _choice(("production", "inelastic"), "Cross section that turns yields into multiplicities."),
        "pi_minus": _choice(("harp", "older"), "Constants of the negative pion."),
        "place": _choice(PLACES, "Made in the rod, or all at the origin."),
        "name": _described(_TEXT, f"The beam that stops pions, such as lujan, or the dump, {_FILE}."),
        "pi_plus": _number("Per proton.", 0),
        "pi_zero": _number("Per proton.", 0),
        "current": _number("Horn current in A while the protons pass.", -1.0e6, 1.0e6),
        "scrape_fraction": _number("Share of the protons that hit the target.", 0, 1),
        "eta_per_pi0": _number("Yield of eta over that of pi0.", 0),
    }
    options = []
    for kind, keys in KEYS.items():
        own = {"kind": {"const": kind}, **{key: types.get(key, per_pot) for key in keys}}
        options.append(_table(own, f"kind = {kind}", ["kind", *(("file", "stage") if kind == "table" else ())]))
    return {"type": "object", "oneOf": options, "description": "Where mesons come from."}


def _beam() -> Schema:
    from dataclasses import fields

    from darkhorn.beam.switches import CHOICES, Physics

    switches = {item.name: _TRUTH if isinstance(item.default, bool) else _choice(CHOICES) for item in fields(Physics)}
    switches["protons"] = _choice(("follow", "straight"))
    keys = {
        "name": _described(_TEXT, f"A name of 'darkhorn list beams', {_FILE}."),
        "mode": _described(_TEXT, "For bnb: neutrino, antineutrino or off."),
        "current_kA": _number("Horn current instead of the mode's.", -1000, 1000),
        "physics": _table(switches, "What to leave out; everything is on by default."),
    }
    return _table(keys, "What mesons pass before they decay.", ["name"])


def _rings() -> Schema:
    from darkhorn.detector.rings import CRITERIA, OPTIONS, VARIANTS

    keys = {
        "options": _one_or_list(_choice(OPTIONS), "Any of them is enough."),
        "max_angle_degrees": _number("Degrees.", 0, 180),
        "soft_energy": _number("MeV below which a particle is not seen.", 0),
        "soft_share": _number("Share of the energy below which a particle is not seen.", 0, 0.5),
        "criterion": _choice(CRITERIA),
        "variant": _choice(VARIANTS),
    }
    return _table(keys, "When two electromagnetic particles are seen as one ring.")


def _binning() -> Schema:
    from darkhorn.chain.scenario import BINNED

    units = {"cos_theta": "cosine", "time": "ns", "delay": "ns"}
    edges = {"type": "array", "items": {"type": "number"}, "minItems": 1}
    keys = {name: _described(edges, f"Edges in {units.get(name, 'MeV')}, increasing.") for name in BINNED}
    return _table(keys, "Bins of the spectra; with published spectra only e_boson.")


def _run() -> Schema:
    keys: dict[str, Schema] = {
        "precision": _number("Relative Monte-Carlo error of the selected events.", 1.0e-4, 0.5),
        "seed": {"type": "integer", "minimum": 0, "maximum": 2**63 - 1, "description": "The same, the same bytes."},
        "replicates": {"type": "integer", "minimum": 4, "maximum": 256, "description": "Independent sets of points."},
        "threads": {"type": "integer", "minimum": 1, "maximum": 1024, "description": "The result is the same for any."},
    }
    return _table(keys, "How to compute.")
