"""``darkhorn width``: width and branching ratio of P -> l nu X."""

from typing import Annotated, Any

import typer

from darkhorn.cli.output import JsonOption, emit_json, note, show_pairs

EXAMPLE = "Example: darkhorn width --parent pi+ --lepton mu --model vector-ib1 --mass 17 --coupling 1e-3 --json"

PARENTS = ("pi+", "pi-", "K+", "K-")
"""Mesons that the verbs accept."""
LEPTONS = ("e", "mu")
"""Charged leptons that the verbs accept."""

Parent = Annotated[str, typer.Option(help=f"Meson: {', '.join(PARENTS)}.")]
Lepton = Annotated[str, typer.Option(help="Charged lepton: e or mu.")]
Model = Annotated[str, typer.Option(help="Production amplitude; 'darkhorn list models' names them all.")]
Mass = Annotated[float, typer.Option(help="Mass of X in MeV.")]


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
    parent: Parent,
    lepton: Lepton,
    model: Model,
    mass: Mass,
    coupling: Annotated[float, typer.Option(help="Coupling g (dimensionless); for scalar-ib2 mu in MeV.")] = 1.0,
    json: JsonOption = False,
) -> None:
    """Print the width in MeV and the branching ratio of the decay of a meson to lepton, neutrino and dark boson X.

    Above the threshold m(parent) - m(lepton), in MeV, the width is exactly 0.
    """
    import numpy as np

    from darkhorn.core.errors import require_range
    from darkhorn.core.species import width as total_width
    from darkhorn.models import productions

    numbers = decay_numbers(parent, lepton)
    item = productions.production(model)
    unit = "" if item.coupling_unit == "1" else item.coupling_unit
    require_range("coupling", coupling, 0.0, 1.0e6, unit)
    threshold = productions.threshold(*numbers)
    with np.errstate(all="ignore"):
        value = coupling**2 * productions.width(item, *numbers, mass)
    require_range(f"width of {model} at m_x = {mass:g} MeV", value, 0.0, unit="MeV")
    result: dict[str, Any] = {
        "parent": parent,
        "lepton": lepton,
        "model": model,
        "mass_MeV": mass,
        "coupling": coupling,
        "threshold_MeV": threshold,
        "width_MeV": value,
        "branching": value / total_width(abs(numbers[0])),
    }
    if mass >= threshold:
        result["note"] = f"closed above {threshold:.6g} MeV"
    if json:
        emit_json(result)
        return
    name = f"{item.coupling} [{unit}]" if unit else item.coupling
    show_pairs(
        f"{parent} -> {lepton} nu X, {model}",
        {
            "mass of X [MeV]": f"{mass:g}",
            f"coupling {name}": f"{coupling:g}",
            "threshold [MeV]": f"{threshold:.8g}",
            "width [MeV]": f"{value:.9g}",
            "branching ratio": f"{result['branching']:.9g}",
        },
    )
    if "note" in result:
        note(f"note: {parent} -> {lepton} nu X is {result['note']}; m_x = {mass:g} MeV gives exactly 0")
