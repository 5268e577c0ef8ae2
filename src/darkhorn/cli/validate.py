"""``darkhorn validate``: our numbers beside the published ones."""

from pathlib import Path
from typing import Annotated, Any

import typer

from darkhorn.cli.benchmarks import run_benchmarks
from darkhorn.cli.output import JsonOption, QuietOption, emit_json, note, progress, show_table

EXAMPLE = "Example: darkhorn validate flux --mode neutrino --out validation"

KINDS = ("flux", "benchmarks")
"""What can be validated."""
MODES = ("neutrino", "antineutrino")
"""Modes with a published flux."""
PI_MINUS = {"neutrino": "older", "antineutrino": "newer"}
"""Fit of pi- behind the published tables of each mode."""


def validate(
    kind: Annotated[str, typer.Argument(help=f"One of: {', '.join(KINDS)}.")],
    mode: Annotated[str, typer.Option(help=f"Mode of the horn: {', '.join(MODES)}.")] = "neutrino",
    again: Annotated[bool, typer.Option("--again/--no-again", help="Hadrons of the target interact again.")] = True,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Write the ratios by bin as CSV, and a plot.")] = None,
    precision: Annotated[
        float | None, typer.Option(help="Relative Monte-Carlo error; by default 0.005 of the flux, 0.02 of events.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed, 0 or more.")] = 1,
    threads: Annotated[int, typer.Option(help="Threads; the result does not depend on it.")] = 2,
    quiet: QuietOption = False,
    json: JsonOption = False,
) -> None:
    """Compare with published numbers: the Booster flux at MiniBooNE, or the best fits of the published benchmarks.

    benchmarks: products of arXiv:2110.11944 beside ours, with the fits, the dump mode and rare decays; --mode and
    --again are without meaning then. flux: by parent and in bins of 100 MeV; the full tables are read from the data
    directory, without them the shipped points are used. Fluxes are in 1/cm^2/POT, energies in MeV. Nothing is scaled:
    the fit of pi- is the one behind the published table of the mode.
    """
    from darkhorn.chain.beam_flux import disc_of, horn_flux
    from darkhorn.chain.modes import Run
    from darkhorn.core.errors import unknown_name
    from darkhorn.experiments.beams import load_beam
    from darkhorn.experiments.detectors import load_detector
    from darkhorn.report.flux_validation import summary

    if kind not in KINDS:
        raise unknown_name("validation", kind, KINDS)
    if kind == "benchmarks":
        run_benchmarks(out, precision, seed, threads, quiet, json)
        return
    if mode not in MODES:
        raise unknown_name("mode with a published flux", mode, MODES)
    run = Run(0.005 if precision is None else precision, seed, threads=threads)
    flavour = "numu" if mode == "neutrino" else "numubar"
    with progress(quiet) as tell:
        line, disc = load_beam("bnb", mode), disc_of(load_detector("miniboone"))
        found = horn_flux(line, disc, run, flavour=flavour, pi_minus=PI_MINUS[mode], again=again, progress=tell)
    values = {**summary(found, mode), "pi_minus": PI_MINUS[mode]}
    if out is not None:
        values["out"] = _write(out, values, found, flavour)
    if json:
        emit_json(values)
        return
    _show(values)


def _write(out: Path, values: dict[str, Any], found: Any, flavour: str) -> list[str]:
    """Write ratios and picture; return the paths."""
    from darkhorn.core.errors import OutputError
    from darkhorn.core.units import GEV
    from darkhorn.experiments.published import published_table
    from darkhorn.io.atomic import write_text_atomic
    from darkhorn.report.beam_plot import plot_beam_flux
    from darkhorn.report.flux_validation import bins_csv
    from darkhorn.report.style import save

    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"cannot write {out}: {error.strerror or error}") from error
    mode = values["mode"]
    csv = out / f"flux_{mode}_ratios.csv"
    write_text_atomic(csv, bins_csv(values))
    table = published_table("bnb_flux_published")
    points = (table["energy_GeV"] * GEV, table[f"{mode}_{flavour}"])
    title = f"{flavour} at miniboone, {mode} mode: absolute, no free factor"
    return [str(csv), *map(str, save(plot_beam_flux(found, flavour, title, None, points), out, f"flux_{mode}"))]


def _show(values: dict[str, Any]) -> None:
    """Print the ratios as tables."""
    rows = [
        (
            one["name"],
            f"{one['total_ratio']:.3f} +- {one['mc_error']:.3f}",
            f"{one['mean_ratio']:.3f}",
            f"{one['window_ratio']:.3f} +- {one['window_mc_error']:.3f}",
            f"{one['window_mean_ratio']:.3f}",
        )
        for one in values["comparisons"]
    ]
    heads = ("darkhorn / published", "total (MC error)", "mean energy", "0.2-2.5 GeV (MC error)", "mean energy there")
    show_table(f"flux at MiniBooNE, {values['mode']} mode; {values['published']}", heads, rows)
    first = values["comparisons"][0]
    cells = [(f"{low:.0f}-{high:.0f}", f"{ratio:.3f} +- {error:.3f}") for low, high, ratio, error in first["bins"]]
    show_table(first["name"], ("energy [MeV]", "darkhorn / published (MC error)"), cells[:25])
    if "kaons_at_rest_bin" in values:
        ratio, error = values["kaons_at_rest_bin"]
        note(f"bin 0.20-0.25 GeV of numu from K (kaons at rest): {ratio:.3f} +- {error:.3f}")
    on = ", ".join(f"{name}: {'on' if value else 'off'}" for name, value in values["switches"].items())
    note(f"switches: {on}; fit of pi-: {values['pi_minus']}; no free factor")
    for path in values.get("out", []):
        note(f"written: {path}")
