"""``darkhorn events``: whole events of a scenario, in a format that other programs read."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from darkhorn.cli.output import JsonOption, QuietOption, emit_json, note, progress, require_writable, show_pairs

if TYPE_CHECKING:
    from darkhorn.chain.events import Made
    from darkhorn.chain.setup import Setup
    from darkhorn.io.event_record import EventRecord

EXAMPLE = "Example: darkhorn events miniboone -n 10000 --unweighted --format hepmc3 --out events.hepmc3"
FORMATS = {"hepmc3": ".hepmc3", "hepevt": ".hepevt", "parquet": ".parquet", "root": ".root", "lhe": ".lhe"}
"""Formats and the suffix that chooses each."""
_SUFFIXES = {suffix: name for name, suffix in FORMATS.items()} | {".hepmc": "hepmc3", ".txt": "hepevt"}
FRAMES = ("beam", "detector")


def events(
    scenario: Annotated[str, typer.Argument(metavar="miniboone|FILE.toml", help="Experiment or scenario file.")],
    out: Annotated[Path, typer.Option(metavar="FILE", help="Where to write.")],
    number: Annotated[int, typer.Option("-n", "--events", help="Events, 1 to 1e7.")] = 10_000,
    kind: Annotated[
        str | None, typer.Option("--format", help=f"One of {', '.join(FORMATS)}; by default from the suffix.")
    ] = None,
    unweighted: Annotated[bool, typer.Option("--unweighted", help="Events of equal weight.")] = False,
    interactions: Annotated[
        bool, typer.Option("--interactions", help="Count every interaction: no efficiency, no selection.")
    ] = False,
    mode: Annotated[str | None, typer.Option(help="Mode of the beam; by default the first of the scenario.")] = None,
    frame: Annotated[
        str, typer.Option(help="Positions from the beam line's origin, or from the 'detector' centre.")
    ] = "beam",
    spill: Annotated[str | None, typer.Option(help="Spread times over a spill: bnb or lujan.")] = None,
    bosons: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Also write dark particles at the detector, CSV or Parquet.")
    ] = None,
    model: Annotated[str | None, typer.Option(help="Preset or production instead of the scenario's.")] = None,
    changes: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Change one key. May be repeated.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Seed, 0 or more; by default 1.")] = None,
    quiet: QuietOption = False,
    json: JsonOption = False,
) -> None:
    """Write whole events: meson, its decay, the dark particle, and what happens in the detector.

    Weights are expected events in the exposure and add up to the prediction. Momenta in MeV, positions in m, times in
    ns, except where a format has units of its own; docs/events.md lists them.
    """
    from darkhorn.chain.events import generate
    from darkhorn.chain.histories import bosons_at_detector, plan
    from darkhorn.chain.scenario import load_scenario

    chosen = _format(kind, out)
    _check_frame(frame)
    for path in (out, bosons):
        if path is not None:
            require_writable(path)
    job = load_scenario(scenario, model=model, overrides=changes or (), seed=seed)
    with progress(quiet) as tell:
        tell("beam: pilot runs of the meson source")
        setup = _setup(job, mode)
        made = generate(
            job.model,
            setup,
            number,
            seed=job.run.seed,
            unweighted=unweighted,
            selected=not interactions,
            precision=job.run.precision,
            title=job.name,
            progress=tell,
        )
        record = made.record
        if spill is not None:
            record = _in_spill(record, spill)
        if frame == "detector":
            record = record.seen_from(setup.shape.bounding_sphere()[0])
        tell(f"writing {out}")
        _writer(chosen)(out, record)
        if bosons is not None:
            _write_bosons(bosons, bosons_at_detector(plan(job.model, setup, number, job.run.seed), number), setup, job)
    _report(made, setup, chosen, [path for path in (out, bosons) if path is not None], json)


def _format(kind: str | None, out: Path) -> str:
    """Return the format from the option, else from the suffix."""
    from darkhorn.core.errors import ScenarioError, unknown_name

    if kind is None and out.suffix not in _SUFFIXES:
        raise ScenarioError(f"--out {out}: unknown suffix; allowed: {', '.join(_SUFFIXES)}, or give --format")
    chosen = kind or _SUFFIXES[out.suffix]
    if chosen not in FORMATS:
        raise unknown_name("format", chosen, FORMATS)
    if _SUFFIXES.get(out.suffix) != chosen:
        allowed = ", ".join(suffix for suffix, name in _SUFFIXES.items() if name == chosen)
        raise ScenarioError(f"--out {out}: the format {chosen} has the suffix {allowed}")
    return chosen


def _check_frame(frame: str) -> None:
    from darkhorn.core.errors import unknown_name

    if frame not in FRAMES:
        raise unknown_name("frame", frame, FRAMES)


def _setup(job: Any, mode: str | None) -> "Setup":
    """Return the setup of one mode of a scenario."""
    from darkhorn.core.errors import unknown_name

    names = job.mode_names
    name = names[0] if mode is None else mode
    if name not in names:
        raise unknown_name("mode", name, names)
    setup: Setup = job._setup(name)
    return setup


def _in_spill(record: "EventRecord", name: str) -> "EventRecord":
    """Return the events at times spread over a spill, with a note of that."""
    from darkhorn.core.points import unit_points
    from darkhorn.experiments.spills import load_spill

    structure = load_spill(name)
    points = unit_points(len(record), seed=record.run.seed, stream=(7_000_002,), kind="random")
    notes = {**record.run.notes, "spill": "; ".join([f"times spread over {name}", *structure.flags])}
    later = record.later(structure.times(points[:, 0], points[:, 1]))
    return replace(later, run=replace(record.run, notes=notes))


def _writer(kind: str) -> "Callable[[Path, EventRecord], None]":
    """Return the function that writes a format."""
    from darkhorn.io.event_tables import write_event_parquet, write_event_root
    from darkhorn.io.hepevt import write_hepevt
    from darkhorn.io.lhe import write_lhe
    from darkhorn.io.nuhepmc import write_nuhepmc

    return {
        "hepmc3": write_nuhepmc,
        "hepevt": write_hepevt,
        "parquet": write_event_parquet,
        "root": write_event_root,
        "lhe": write_lhe,
    }[kind]


def _write_bosons(path: Path, rays: Any, setup: "Setup", job: Any) -> None:
    from darkhorn.io.event_tables import write_flux_table

    write_flux_table(path, rays, setup.pot, job.model.particle_mass)


def _report(made: "Made", setup: "Setup", kind: str, paths: list[Path], json: bool) -> None:
    """Print what was written and how the events were chosen."""
    record, thinned = made.record, made.thinned
    values = {
        "format": kind,
        "mode": setup.name,
        "events": len(record),
        "pot": setup.pot,
        "sum_of_weights": float(record.weight.sum()),
        "predicted": made.predicted,
        "predicted_mc_error": made.predicted_error,
        "histories": made.histories,
        "efficiency": thinned.efficiency,
        "over_weights": thinned.over,
        "over_weight_share": thinned.over_share,
        "largest_over_common_weight": thinned.largest,
        "flux_averaged_cross_section_cm2": record.run.cross_section_cm2,
        "files": [str(path) for path in paths],
    }
    if json:
        emit_json(values)
        return
    texts = {key: f"{value:.6g}" if isinstance(value, float) else str(value) for key, value in values.items()}
    show_pairs(f"Events of {record.run.title}", {key: texts[key] for key in texts if key != "files"})
    for path in paths:
        note(f"wrote {path}")
