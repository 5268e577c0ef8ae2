"""``darkhorn width``: width and branching ratio of P -> l nu X and P0 -> gamma V."""

from typing import Annotated, Any

import typer

from darkhorn.cli.output import JsonOption, emit_json, note, show_pairs

EXAMPLE = "Example: darkhorn width --parent pi+ --lepton mu --model vector-ib1 --mass 17 --coupling 1e-3 --json"

PARENTS = ("pi+", "pi-", "K+", "K-")
"""Mesons that the verbs accept."""
NEUTRAL = ("pi0", "eta", "eta'")
"""Neutral mesons, for P0 -> gamma V."""
LEPTONS = ("e", "mu")
"""Charged leptons that the verbs accept."""
PHOTON_VECTOR = "photon-vector"
"""Name of P0 -> gamma V."""

Parent = Annotated[str, typer.Option(help=f"Meson: {', '.join(PARENTS)}.")]
Lepton = Annotated[str, typer.Option(help="Charged lepton: e or mu.")]
Model = Annotated[str, typer.Option(help="Production amplitude; 'darkhorn list models' names them all.")]
Mass = Annotated[float, typer.Option(help="Mass of X in MeV.")]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Parameter of a production such as mixture or vector-c0: c0=0.5."),
]


def settings(changes: list[str] | None) -> dict[str, Any]:
    """Return the parameters of a production from ``key=value`` texts; a value is TOML, or plain text.

    Raises
    ------
    ScenarioError
        For a text without a key or a value.
    """
    import tomllib

    from darkhorn.core.errors import ScenarioError

    found: dict[str, Any] = {}
    for text in changes or []:
        key, sign, raw = text.partition("=")
        if not sign or not key.strip():
            raise ScenarioError(f"--set {text}: expected key=value, for instance c0=0.5")
        try:
            found[key.strip()] = tomllib.loads(f"value = {raw.strip()}")["value"]
        except (ValueError, RecursionError):
            found[key.strip()] = raw.strip()
        if isinstance(found[key.strip()], dict | list):
            raise ScenarioError(f"--set {text}: expected a number, true, false or a word")
    return found


def decay_numbers(parent: str, lepton: str) -> tuple[int, int]:
    """Return the PDG numbers of a meson and a charged lepton.

    Raises
    ------
    UnknownNameError
        When the meson or the lepton is not one that decays to l nu X.
    """
    from darkhorn.core.errors import unknown_name
    from darkhorn.core.species import pdgid

    for kind, name, known in (("parent", parent, PARENTS), ("lepton", lepton, LEPTONS)):
        if name not in known:
            raise unknown_name(kind, name, known)
    return pdgid(parent), pdgid(lepton)


def width(
    parent: Annotated[str, typer.Option(help=f"Meson: {', '.join((*PARENTS, *NEUTRAL))}.")],
    model: Annotated[
        str, typer.Option(help="Production amplitude ('darkhorn list models'); photon-vector for a neutral meson.")
    ],
    mass: Mass,
    lepton: Annotated[str | None, typer.Option(help="Charged lepton, e or mu; none for a neutral meson.")] = None,
    coupling: Annotated[float, typer.Option(help="Coupling g (dimensionless); for scalar-ib2 mu in MeV.")] = 1.0,
    parameters: Settings = None,
    json: JsonOption = False,
) -> None:
    """Print the width in MeV and the branching ratio of a decay of a meson with a dark boson X.

    P -> l nu X of charged mesons; P0 -> gamma V of neutral ones, with g = e epsilon for kinetic mixing. Above the
    threshold, in MeV, the width is exactly 0.
    """
    from darkhorn.core.errors import ScenarioError, require_range, unknown_name

    if parent not in (*PARENTS, *NEUTRAL):
        raise unknown_name("parent", parent, (*PARENTS, *NEUTRAL))
    require_range("coupling", coupling, 0.0, 1.0e6)
    if parent in NEUTRAL:
        if lepton is not None or parameters:
            raise ScenarioError(f"parent = '{parent}': P0 -> gamma V has no lepton and no parameters")
        result = _neutral(parent, model, mass, coupling)
    elif lepton is None:
        raise ScenarioError(f"lepton: missing; allowed for parent = '{parent}': {', '.join(LEPTONS)}")
    else:
        result = _charged(parent, lepton, model, mass, coupling, settings(parameters))
    if json:
        emit_json(result)
        return
    unit = result["coupling_unit"]
    name = result["coupling_name"] + (f" [{unit}]" if unit != "1" else "")
    pairs = {
        "mass of X [MeV]": f"{mass:g}",
        f"coupling {name}": f"{coupling:g}",
        "threshold [MeV]": f"{result['threshold_MeV']:.8g}",
        "width [MeV]": f"{result['width_MeV']:.9g}",
        "branching ratio": f"{result['branching']:.9g}",
    }
    show_pairs(f"{result['decay']}, {model}", pairs)
    if "note" in result:
        note(f"note: {result['decay']} is {result['note']}; m_x = {mass:g} MeV gives exactly 0")


def _charged(
    parent: str, lepton: str, model: str, mass: float, coupling: float, parameters: dict[str, Any]
) -> dict[str, Any]:
    """Return the numbers of P -> l nu X."""
    import numpy as np

    from darkhorn.core.errors import require_range
    from darkhorn.core.species import width as total_width
    from darkhorn.models import productions

    numbers = decay_numbers(parent, lepton)
    item = productions.production(model, **parameters)
    threshold = productions.threshold(*numbers)
    with np.errstate(all="ignore"):
        value = coupling**2 * productions.width(item, *numbers, mass)
    require_range(f"width of {model} at m_x = {mass:g} MeV", value, 0.0, unit="MeV")
    result = {"parent": parent, "lepton": lepton, "parameters": parameters}
    units = {"coupling_name": item.coupling, "coupling_unit": item.coupling_unit}
    decay = {"decay": f"{parent} -> {lepton} nu X", **units}
    numbers_out = _numbers(model, mass, coupling, threshold, value, value / total_width(abs(numbers[0])))
    return {**result, **decay, **numbers_out}


def _neutral(parent: str, model: str, mass: float, coupling: float) -> dict[str, Any]:
    """Return the numbers of P0 -> gamma V for a vector that couples to charge with g = e epsilon."""
    from darkhorn.core import species
    from darkhorn.core.errors import require_range, unknown_name
    from darkhorn.models.charges import ELEMENTARY_CHARGE
    from darkhorn.physics.neutral_mesons import BRANCHING_TWO_PHOTONS, ETA_PRIME, branching_photon_vector

    if model != PHOTON_VECTOR:
        raise unknown_name("production of a neutral meson", model, (PHOTON_VECTOR,))
    pdg = ETA_PRIME if parent == "eta'" else species.pdgid(parent)
    meson = species.mass(pdg)
    require_range(f"m_x ({model})", mass, 0.0, unit="MeV")
    branching = BRANCHING_TWO_PHOTONS[pdg] * float(branching_photon_vector(coupling / ELEMENTARY_CHARGE, mass, meson))
    decay = {"decay": f"{parent} -> gamma V", "coupling_name": "g = e epsilon", "coupling_unit": "1"}
    numbers = _numbers(model, mass, coupling, meson, branching * species.width(pdg), branching)
    return {"parent": parent, "lepton": None, **decay, **numbers}


def _numbers(
    model: str, mass: float, coupling: float, threshold: float, width_mev: float, branching: float
) -> dict[str, Any]:
    """Return what both kinds of decay print."""
    values: dict[str, Any] = {
        "model": model,
        "mass_MeV": mass,
        "coupling": coupling,
        "threshold_MeV": threshold,
        "width_MeV": width_mev,
        "branching": branching,
    }
    if mass >= threshold:
        values["note"] = f"closed above {threshold:.6g} MeV"
    return values
