"""``darkhorn flux``: the neutrino flux of the same parents beside the published one."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from darkhorn.cli.output import JsonOption, emit_json, note, progress, require_writable, show_table

if TYPE_CHECKING:
    from darkhorn.chain.flux import Flux

EXAMPLE = "Example: darkhorn flux bnb --mode neutrino --species numu --out flux.csv"

COLUMNS = "e_lo_MeV,e_hi_MeV,flux_per_cm2_per_POT_per_GeV,mc_error"
"""Header of the table that ``--out`` writes."""


def flux(
    beam: Annotated[str, typer.Argument(help="Beam: bnb, or a TOML file of the same form.")],
    mode: Annotated[str, typer.Option(help="Mode of the beam, for bnb neutrino, antineutrino or off.")] = "neutrino",
    species: Annotated[str, typer.Option(help="numu (from pi+) or numubar (from pi-).")] = "numu",
    out: Annotated[
        Path | None, typer.Option(metavar="FILE.csv", help="Write the spectrum, 200 bins of 50 MeV.")
    ] = None,
    precision: Annotated[float, typer.Option(help="Relative Monte-Carlo error of the total, 1e-4 to 0.5.")] = 0.005,
    seed: Annotated[int, typer.Option(help="Seed, 0 or more.")] = 1,
    threads: Annotated[int, typer.Option(help="Threads; the result does not depend on it.")] = 2,
    json: JsonOption = False,
) -> None:
    """Print the flux of primary pions' neutrinos at MiniBooNE, in 1/cm^2/POT, and the mean energy in MeV.

    The flux is averaged over the disc of the detector, radius 6.106 m at 541 m. The published numbers beside it
    come with no free factor.
    """
    from darkhorn.chain.flux import beam_flux
    from darkhorn.io.atomic import write_text_atomic

    if out is not None:
        require_writable(out)
    with progress() as tell:
        result = beam_flux(beam, mode, species, precision=precision, seed=seed, threads=threads, progress=tell)
    values = _values(result, beam, mode, species)
    if out is not None:
        write_text_atomic(out, _table(result))
        values["out"] = str(out)
    if json:
        emit_json(values)
        return
    _show(values)
    if out is not None:
        note(f"spectrum written to {out}")


def _values(result: "Flux", beam: str, mode: str, species: str) -> dict[str, Any]:
    """Return total and mean energy with their errors, beside what is published."""
    from darkhorn.core.errors import UnknownNameError
    from darkhorn.experiments.published import published_flux

    total, error = result.total
    mean, mean_error = result.mean_energy, result.mean_energy_error
    published: dict[str, Any] | None = None
    for parents in ("primary_pi_plus", "all") if beam == "bnb" else ():
        try:
            known, known_mean = published_flux(mode, species, parents)
        except UnknownNameError:
            continue
        published = {
            "parents": parents,
            "total_per_cm2_per_POT": known,
            "mean_energy_MeV": known_mean,
            "ratio_total": total / known,
            "ratio_mean_energy": mean / known_mean,
        }
        break
    return {
        "beam": beam,
        "mode": mode,
        "species": species,
        "total_per_cm2_per_POT": total,
        "total_mc_error": error,
        "mean_energy_MeV": mean,
        "mean_energy_mc_error": mean_error,
        "published": published,
        "note": "primary pions of the Sanford-Wang source only; no free factor",
    }


def _show(values: dict[str, Any]) -> None:
    """Print the numbers as a table."""
    published = values["published"]
    rows = []
    for key, unit, error in (
        ("total_per_cm2_per_POT", "flux [1/cm^2/POT]", "total_mc_error"),
        ("mean_energy_MeV", "mean energy [MeV]", "mean_energy_mc_error"),
    ):
        ours = f"{values[key]:.5g} +- {values[error]:.2g}"
        theirs = f"{published[key]:.5g}" if published else "-"
        rows.append((unit, ours, theirs, f"{values[key] / published[key]:.4f}" if published else "-"))
    kind = {"primary_pi_plus": "primary pi+ only", "all": "all parents"}[published["parents"]] if published else "none"
    title = f"{values['species']} flux of {values['beam']} in {values['mode']} mode at MiniBooNE"
    show_table(title, ("", "darkhorn (MC error)", f"published ({kind})", "ratio"), rows)
    note(values["note"])


def _table(result: "Flux") -> str:
    """Return the spectrum as CSV."""
    density, error = result.density
    rows = zip(result.edges[:-1].tolist(), result.edges[1:].tolist(), density.tolist(), error.tolist(), strict=True)
    return "\n".join([COLUMNS, *(",".join(map(repr, row)) for row in rows)]) + "\n"
