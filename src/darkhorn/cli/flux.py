"""``darkhorn flux``: the neutrino flux of the same parents beside the published one."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from darkhorn.cli.output import JsonOption, QuietOption, emit_json, note, progress, require_writable, show_table

if TYPE_CHECKING:
    from darkhorn.chain.flux import Flux

EXAMPLE = "Example: darkhorn flux bnb --mode neutrino --detector miniboone --by-parent --universes 100 --out flux.csv"

COLUMNS = "e_lo_MeV,e_hi_MeV,flux_per_cm2_per_POT_per_GeV,mc_error"
"""Header of the table that ``--out`` writes."""


def flux(
    beam: Annotated[str, typer.Argument(help="Beam: bnb, or a TOML file of the same form.")],
    mode: Annotated[str, typer.Option(help="For bnb neutrino, antineutrino, off, dump or window.")] = "neutrino",
    species: Annotated[str, typer.Option(help="numu, numubar, nue or nuebar: what --precision is about.")] = "numu",
    detector: Annotated[str | None, typer.Option(help="miniboone, sbnd, microboone, icarus or FILE.toml:NAME.")] = None,
    by_parent: Annotated[bool, typer.Option("--by-parent", help="All mesons, by direct parent.")] = False,
    universes: Annotated[int, typer.Option(help="Universes of the systematic error; 0 for none.")] = 0,
    again: Annotated[bool, typer.Option("--again/--no-again", help="Hadrons of the target interact again.")] = True,
    source: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Mesons of another program (dk2nu .root, .csv, .npz, .hepmc, ...)."),
    ] = None,
    stage: Annotated[str, typer.Option(help="What the rows of --source are: decay or production.")] = "decay",
    scrape: Annotated[float, typer.Option(help="Mode dump: share of protons that hit the target, 0 to 1.")] = 0.0,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE.csv", help="Write the spectrum, 200 bins of 50 MeV.")
    ] = None,
    plot: Annotated[Path | None, typer.Option(metavar="FILE.png", help="Draw the spectrum.")] = None,
    precision: Annotated[float, typer.Option(help="Relative Monte-Carlo error of the total, 1e-4 to 0.5.")] = 0.005,
    seed: Annotated[int, typer.Option(help="Seed, 0 or more.")] = 1,
    threads: Annotated[int, typer.Option(help="Threads; the result does not depend on it.")] = 2,
    quiet: QuietOption = False,
    json: JsonOption = False,
) -> None:
    """Print the neutrino flux at a detector, in 1/cm^2/POT, and the mean energy in MeV.

    By default that of primary pions at MiniBooNE, averaged over its disc, radius 6.106 m at 541 m. With --detector,
    --by-parent, --universes, --source, or in the modes dump and window: of all mesons, by flavour. The published
    numbers beside it come with no free factor.
    """
    for path in (out, plot):
        if path is not None:
            require_writable(path)
    whole = detector is not None or by_parent or universes > 0 or source is not None or mode in ("dump", "window")
    if whole:
        from darkhorn.report.flux_job import FluxJob

        job = FluxJob(
            beam, mode, species, detector or "miniboone", by_parent, universes, again, source, stage, scrape, out, plot
        )
        _all_parents(job, {"precision": precision, "seed": seed, "threads": threads}, quiet, json)
        return
    _primary_pions((beam, mode, species), (out, plot), (precision, seed, threads), quiet, json)


def _all_parents(job: Any, settings: dict[str, Any], quiet: bool, json: bool) -> None:
    """Compute and show the flux of all mesons."""
    from darkhorn.chain.modes import Run
    from darkhorn.report.flux_job import compute

    with progress(quiet) as tell:
        values = compute(job, Run(**settings), tell)
    if json:
        emit_json(values)
        return
    rows = []
    for row in values["fluxes"]:
        error = row["systematic_error"]
        total = f"{row['total_per_cm2_per_POT']:.4g} +- {row['mc_error']:.2g}"
        mean = f"{row['mean_energy_MeV']:.4g}"
        rows.append((row["flavour"], row["parent"], total, "-" if error is None else f"{error:.2g}", mean))
    heads = ("flavour", "parent", "flux [1/cm^2/POT] (MC error)", "systematic error", "mean energy [MeV]")
    show_table(f"{values['beam']}, {values['mode']} mode, at {values['detector']}", heads, rows)
    cells = [(row["component"], row["flavour"], f"{row['total_per_cm2_per_POT']:.4g}") for row in values["components"]]
    show_table("where it comes from", ("component", "flavour", "flux [1/cm^2/POT]"), cells)
    if values["published"]:
        cells = [
            (row["flavour"], f"{row['total_per_cm2_per_POT']:.4g}", f"{row['ratio_total']:.4f}")
            for row in values["published"]
        ]
        show_table("beside the published flux", ("flavour", "published", "darkhorn / published"), cells)
    for text in values["notes"]:
        note(text)
    for key in ("out", "plot"):
        if key in values:
            note(f"{key}: {values[key]}")


def _primary_pions(
    what: tuple[str, str, str], files: tuple[Path | None, Path | None], run: Any, quiet: bool, json: bool
) -> None:
    """Compute and show the flux of primary pions."""
    from darkhorn.chain.flux import beam_flux
    from darkhorn.io.atomic import write_bytes_atomic, write_text_atomic

    (beam, mode, species), (out, plot), (precision, seed, threads) = what, files, run
    with progress(quiet) as tell:
        result = beam_flux(beam, mode, species, precision=precision, seed=seed, threads=threads, progress=tell)
    values = _values(result, beam, mode, species)
    if out is not None:
        write_text_atomic(out, _table(result))
        values["out"] = str(out)
    if plot is not None:
        from darkhorn.report.flux_plot import plot_flux
        from darkhorn.report.style import render

        write_bytes_atomic(plot, render(plot_flux(result, mode=mode, flavour=species), "png"))
        values["plot"] = str(plot)
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
