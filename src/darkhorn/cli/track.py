"""``darkhorn track``: single particles through a horn field."""

from pathlib import Path
from typing import Annotated

import typer

from darkhorn.cli.output import JsonOption, emit_json, note

EXAMPLE = "Example: darkhorn track starts.csv ends.csv --profile OTHER=other_horn.csv --precise"


def track(
    in_csv: Annotated[Path, typer.Argument(metavar="IN.csv", help="Table with the start columns.")],
    out_csv: Annotated[Path, typer.Argument(metavar="OUT.csv", help="The same table with the end columns filled.")],
    profile: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=FILE.csv", help="Horn profile: a CSV of z_m,r_in_m,r_out_m. G4BNB, FREE built in."),
    ] = None,
    precise: Annotated[bool, typer.Option("--precise", help="Integrate to rounding instead of about 1e-9.")] = False,
    json: JsonOption = False,
) -> None:
    """Follow each particle of a table through a horn field to its end plane.

    Columns of IN.csv: id, profile, species, charge_e, mass_GeV, current_A, x0_m, y0_m, z0_m, px0_GeVc, py0_GeVc,
    pz0_GeVc and z1_m. OUT.csv gets x1_m, y1_m, z1_m, the momentum in GeV/c, path_m, time_ns, field_path_m and
    n_boundary_crossings.
    """
    from darkhorn.beam.horn import track_table

    profiles = _profiles(profile or [])
    track_table(in_csv, out_csv, profiles, precise=precise)
    rows = len(out_csv.read_text(encoding="utf-8").splitlines()) - 1
    if json:
        emit_json({"out": str(out_csv), "rows": rows, "precise": precise})
    else:
        note(f"{rows} tracks written to {out_csv}")


def _profiles(texts: list[str]) -> dict[str, str]:
    """Return files by profile name from ``NAME=FILE`` texts."""
    from darkhorn.core.errors import ScenarioError

    found: dict[str, str] = {}
    for text in texts:
        name, sign, file = text.partition("=")
        if not (sign and name.strip() and file.strip()):
            raise ScenarioError(f"--profile {text}: expected NAME=FILE.csv, for instance OTHER=other_horn.csv")
        found[name.strip()] = file.strip()
    return found
