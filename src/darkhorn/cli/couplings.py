"""``darkhorn couplings``: what a pattern of charges switches on in charged and neutral mesons."""

from typing import Annotated, Any

import typer

from darkhorn.cli.output import JsonOption, emit_json, note, show_pairs, show_table

EXAMPLE = "Example: darkhorn couplings --pattern B-L --g 1e-4 --mass 17 --set e=0 --json"


def couplings(
    pattern: Annotated[
        str, typer.Option(help="kinetic-mixing, B, B-L, L_mu-L_tau, T3R, protophobic, leptophobic, or custom (all 0).")
    ],
    g: Annotated[float, typer.Option("--g", help="Coupling, dimensionless; e epsilon for kinetic mixing.")] = 1.0,
    mass: Annotated[float | None, typer.Option(help="Mass of V in MeV: print branching ratios, too.")] = None,
    change: Annotated[
        list[str] | None, typer.Option("--set", help="Charge to replace, such as u=0.5; may be repeated.")
    ] = None,
    sd_sign: Annotated[int, typer.Option(help="Sign of the structure-dependent part: 1 or -1; 0 leaves it out.")] = 0,
    eta_angle: Annotated[float | None, typer.Option(help="Mixing angle of eta and eta' in degrees [-14.5].")] = None,
    json: JsonOption = False,
) -> None:
    """Print the couplings of a dark vector V to pi+, K+, pi0, eta, eta' and fermions for one pattern of charges.

    Charges are in units of g; the current of P -> l nu V is conserved where q_meson = q_lepton - q_neutrino. With a
    mass in MeV, branching ratios follow.
    """
    import numpy as np

    from darkhorn.core.errors import require_range
    from darkhorn.models import charges

    start = charges.Charges() if pattern == "custom" else charges.pattern(pattern)
    keywords: dict[str, Any] = {"sd_sign": sd_sign}
    if eta_angle is not None:
        require_range("eta-angle", eta_angle, -45.0, 45.0, "deg")
        keywords["eta_angle"] = float(np.radians(eta_angle))
    if mass is not None:
        require_range("mass", mass, 0.0, 1.0e4, "MeV")
    table = charges.couplings(start.with_changes(**_changes(change or [])), g, **keywords)
    charged = [_charged(row, mass) for row in table.charged]
    neutral = [_neutral(row, mass) for row in table.neutral]
    result: dict[str, Any] = {
        "pattern": table.charges.name,
        "source": table.charges.source,
        "g": g,
        "charges": table.charges.table(),
        "current_conserved": table.current_conserved,
        "charged": charged,
        "neutral": neutral,
        "couplings": table.currents,
        "warnings": list(table.warnings),
    }
    if mass is not None:
        result["mass_MeV"] = mass
    if json:
        emit_json(result)
        return
    for title, rows in (("P -> l nu V, charges in units of g", charged), ("P0 -> gamma V", neutral)):
        columns = [column for column in rows[0] if column != "warning"]
        show_table(f"{title}, {table.charges.name}", columns, [[_text(row[key]) for key in columns] for row in rows])
    show_pairs("vector couplings", {key: f"{value:.6g}" for key, value in table.currents.items()})
    for line in table.warnings:
        note(f"note: {line}")


def _changes(items: list[str]) -> dict[str, float]:
    """Return the charges of ``--set key=value``.

    Raises
    ------
    ScenarioError
        When an item is not ``key=number``.
    """
    from darkhorn.core.errors import ScenarioError

    result = {}
    for item in items:
        key, _, value = item.partition("=")
        try:
            result[key.strip()] = float(value)
        except ValueError:
            raise ScenarioError(f"--set {item}: expected PARTICLE=NUMBER, such as u=0.5") from None
    return result


def _charged(row: Any, mass: float | None) -> dict[str, Any]:
    """Return one line of the table of charged mesons."""
    line = {
        "decay": f"{row.meson} -> {row.lepton} nu V",
        "q_meson": row.q_meson,
        "q_lepton": row.q_lepton,
        "q_neutrino": row.q_neutrino,
        "weight_FV": row.weight_vector,
        "weight_FA": row.weight_axial,
        "amplitude": row.amplitude,
        "conserved": row.conserved,
        "warning": row.warning or None,
    }
    return line if mass is None else line | {"branching": row.branching(mass)}


def _neutral(row: Any, mass: float | None) -> dict[str, Any]:
    """Return one line of the table of neutral mesons."""
    line = {"meson": row.meson, "g_eff_over_g": row.charge, "g_eff_over_e": row.coupling_over_e}
    return line if mass is None else line | {"branching": row.branching(mass)}


def _text(value: Any) -> str:
    """Return a cell."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.6g}" if isinstance(value, float) else str(value)
