"""``darkhorn alp``: axion-like particles from the photons of a target, in any detector."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from darkhorn.cli.output import JsonOption, QuietOption, emit_json, note, progress, require_writable, show_table
from darkhorn.core.errors import DarkhornError

if TYPE_CHECKING:
    from darkhorn.chain.alp_rate import AlpRates

EXAMPLE = "Example: darkhorn alp examples/alp_ccm.toml --m-a 1 --g-photon 1e-6 --target W"

HEADS = ("reaction in the target", "in the detector", "events (MC error)")


def alp(
    scenario: Annotated[str, typer.Argument(help="Experiment or scenario file: mesons, detector, selection, bins.")],
    m_a: Annotated[float, typer.Option(help="Mass in MeV, 0 to 1e4.")] = 1.0,
    g_photon: Annotated[float, typer.Option(help="g of (g/4) a F Ftilde in 1/MeV, 0 to 1.")] = 1.0e-6,
    g_electron: Annotated[float, typer.Option(help="Coupling to electrons, 0 to 10.")] = 0.0,
    target: Annotated[str, typer.Option(help="Element in which photons end: Be, Fe, W, Pb.")] = "W",
    rings: Annotated[str, typer.Option(help="Pairs that count: all, or those the detector sees as one ring.")] = "all",
    shower: Annotated[
        Path | None,
        typer.Option(metavar="FILE.csv", help="Photons and positrons (pdgid, energy, weight, theta), no mesons."),
    ] = None,
    changes: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Change one key of the scenario.")
    ] = None,
    precision: Annotated[float | None, typer.Option(help="Relative Monte-Carlo error, 1e-4 to 0.5.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed, 0 or more.")] = None,
    out: Annotated[Path | None, typer.Option(metavar="FILE.json", help="Write the spectra.")] = None,
    plot: Annotated[Path | None, typer.Option(metavar="FILE.png", help="Draw the spectrum in visible energy.")] = None,
    quiet: QuietOption = False,
    json: JsonOption = False,
) -> None:
    """Predict events of an axion-like particle: photons of pi0 and eta make it, the detector sees it.

    Masses in MeV, couplings to photons in 1/MeV. Reactions in the target: Primakoff, Compton, e+ e- annihilation; in
    the detector: inverse Primakoff, inverse Compton, decays to two photons and e+ e-. The model of the scenario is
    not used.
    """
    from darkhorn.beam.photons import read_shower
    from darkhorn.chain.alp_rate import AlpSource, predict_alp
    from darkhorn.chain.scenario import load_scenario
    from darkhorn.experiments.photon_targets import photon_target
    from darkhorn.io.atomic import write_bytes_atomic, write_text_atomic
    from darkhorn.models.alp import Alp

    model = Alp(m_a=m_a, g_photon=g_photon, g_electron=g_electron, rings=rings)
    source = AlpSource(photon_target(target), read_shower(shower) if shower else None)
    job = load_scenario(scenario, overrides=changes or (), precision=precision, seed=seed)
    for path in (out, plot):
        if path is not None:
            require_writable(path)
    settings: dict[str, Any] = {"precision": job.run.precision, "seed": job.run.seed, "replicates": job.run.shared}
    with progress(quiet) as tell:
        found = [predict_alp(model, setup, source, **settings, progress=tell) for setup in job.setups()]
    values = {
        "scenario": job.name,
        "model": model.parameters(),
        "target": target,
        "run": settings,
        "modes": {rates.name: _values(rates) for rates in found},
        "notes": [*model.warnings(), *job.notes()],
    }
    if out is not None:
        from json import dumps

        write_text_atomic(out, dumps(values, indent=1, allow_nan=False) + "\n")
    if plot is not None:
        from darkhorn.report.alp_plot import plot_alp
        from darkhorn.report.style import render

        if "e_vis" not in found[0].edges:
            raise DarkhornError(f"{plot}: the scenario has no bins of e_vis to draw")
        write_bytes_atomic(plot, render(plot_alp(found, model), "png"))
    if json:
        emit_json(values)
        return
    for rates in found:
        _show(rates)
    for line in values["notes"]:
        note(f"note: {line}")
    for path in (out, plot):
        if path is not None:
            note(f"wrote {path}")


def _values(rates: "AlpRates") -> dict[str, Any]:
    """Return plain numbers of a mode: means over replicates and their errors."""
    from darkhorn.chain.predict import mean_and_error

    def pair(rows: Any) -> dict[str, Any]:
        mean, error = mean_and_error(rows)
        return {"mean": mean.tolist(), "mc_error": error.tolist()}

    total, error = rates.total
    return {
        "events": {"mean": total, "mc_error": error},
        "relative_error": rates.relative_error,
        "points": rates.points,
        "channels": [
            {"reaction": reaction, "channel": channel, **pair(rows)}
            for (reaction, channel), rows in rates.events.items()
        ],
        "crossing": {name: pair(rows) for name, rows in rates.crossing.items()},
        "edges": {name: edges.tolist() for name, edges in rates.edges.items()},
        "spectra": {
            channel: {name: pair(rows) for name, rows in group.items()} for channel, group in rates.spectra.items()
        },
    }


def _show(rates: "AlpRates") -> None:
    """Print the events of a mode."""
    from darkhorn.chain.predict import mean_and_error

    cells = []
    for (reaction, channel), rows in sorted(rates.events.items(), key=lambda item: -item[1].mean()):
        mean, error = mean_and_error(rows)
        cells.append((reaction, channel, f"{mean:.4g} +- {error:.2g}"))
    events, uncertainty = rates.total
    cells.append(("all", "", f"{events:.4g} +- {uncertainty:.2g}"))
    show_table(f"{rates.name}: events in the exposure", HEADS, cells)
