"""``darkhorn lifetime``: width, lifetime and decay length of a dark particle."""

from typing import Annotated, Any

import typer

from darkhorn.cli.output import JsonOption, emit_json, note, show_pairs

EXAMPLE = "Example: darkhorn lifetime --decay 'phi -> mu mu' --mass 250 --coupling 1e-6 --momentum 800 --json"

Optional = float | None


def lifetime(
    decay: Annotated[
        str,
        typer.Option(
            help="phi, a, V or A -> e e or mu mu; phi or a -> gamma gamma or gamma Z'; Z' -> gamma phi or gamma a; "
            "V -> chi chi, V -> phi phi*, V -> chi chi'; chi' -> chi V, chi' -> chi e e, chi' -> chi mu mu."
        ),
    ],
    mass: Annotated[float, typer.Option(help="Mass of the decaying particle in MeV.")],
    coupling: Annotated[float, typer.Option(help="Coupling g, or lambda in 1/MeV for decays to photons.")] = 1.0,
    light: Annotated[Optional, typer.Option(help="Mass of chi (or phi, a) among the daughters in MeV.")] = None,
    other: Annotated[Optional, typer.Option(help="V -> chi chi': mass of chi' in MeV.")] = None,
    vector: Annotated[Optional, typer.Option(help="Mass of V or Z' among the daughters, or exchanged, in MeV.")] = None,
    pair_coupling: Annotated[Optional, typer.Option(help="chi' -> chi e e: coupling of V to e e.")] = None,
    vector_width: Annotated[
        Optional, typer.Option(help="chi' -> chi e e: total width of V in MeV; by default that into the pair.")
    ] = None,
    momentum: Annotated[Optional, typer.Option(help="Print the decay length at this momentum in MeV too.")] = None,
    json: JsonOption = False,
) -> None:
    """Print the partial width in MeV, and the lifetime in ns and c tau in m as if there were no other decay.

    A decay that is kinematically closed is an error that names the masses.
    """
    from darkhorn.core.errors import require_range
    from darkhorn.core.units import HBAR, C
    from darkhorn.models import lifetimes

    item = lifetimes.decay(decay)
    inputs = lifetimes.Inputs(mass, coupling, light, other, vector, pair_coupling, vector_width)
    width = item.checked_width(inputs)
    require_range(f"width of {item.name}", width, 0.0, unit="MeV")
    if momentum is not None:
        require_range("momentum", momentum, 0.0, 1.0e7, "MeV")
    tau = HBAR / width if width > 0.0 else None
    result: dict[str, Any] = {
        "decay": item.name,
        "mass_MeV": mass,
        "coupling": coupling,
        "coupling_unit": item.unit,
        **{f"{key}_MeV": getattr(inputs, key) for key in ("light", "other", "vector") if key in item.needs},
        "width_MeV": width,
        "lifetime_ns": tau,
        "c_tau_m": None if tau is None else C * tau,
    }
    if momentum is not None:
        result["momentum_MeV"] = momentum
        result["decay_length_m"] = None if tau is None else C * tau * momentum / mass
    if json:
        emit_json(result)
        return
    pairs = {
        "mass [MeV]": f"{mass:g}",
        f"coupling{'' if item.unit == '1' else f' [{item.unit}]'}": f"{coupling:g}",
        "width [MeV]": f"{width:.9g}",
        "lifetime [ns]": _text(tau),
        "c tau [m]": _text(result["c_tau_m"]),
    }
    if momentum is not None:
        pairs[f"decay length at {momentum:g} MeV [m]"] = _text(result["decay_length_m"])
    show_pairs(item.name, pairs)
    if tau is None:
        note("note: without coupling the particle is stable")


def _text(value: float | None) -> str:
    """Return a number for the table, or what replaces it where it is infinite."""
    return "infinite" if value is None else f"{value:.9g}"
