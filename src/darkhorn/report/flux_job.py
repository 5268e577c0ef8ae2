"""One flux of all mesons from the words of the command line: compute, write, draw, and return the numbers."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from darkhorn.chain.beam_flux import (
    BeamFlux,
    births_flux,
    decays_flux,
    disc_of,
    dump_components,
    horn_flux,
    window_flux,
)
from darkhorn.chain.flux import Disc
from darkhorn.chain.modes import DumpFlux, Run, dump_flux
from darkhorn.chain.universes import FluxErrors, flux_errors
from darkhorn.core.errors import ScenarioError, require_range, unknown_name
from darkhorn.core.rays import Floats
from darkhorn.core.units import GEV
from darkhorn.experiments.beams import load_beam
from darkhorn.experiments.detectors import Detector, load_detector
from darkhorn.experiments.modes import load_dump
from darkhorn.experiments.published import published_table
from darkhorn.io.atomic import write_bytes_atomic, write_text_atomic
from darkhorn.io.read import read_any
from darkhorn.report import style
from darkhorn.report.beam_plot import plot_beam_flux
from darkhorn.report.flux_table import component_rows, flux_csv, flux_rows, published_rows

Tell = Callable[[str], None]
PRIMARY_MODE = "neutrino"
"""Mode that stands for protons on the target where a dump or a cut window is asked for."""


STAGES = ("decay", "production")
"""What the rows of a file are: mesons where they decay, or where they were made."""


@dataclass(frozen=True)
class FluxJob:
    """What to compute: the options of ``darkhorn flux``, described there."""

    beam: str
    mode: str
    species: str
    detector: str
    by_parent: bool
    universes: int
    again: bool
    source: Path | None
    stage: str
    scrape: float
    out: Path | None
    plot: Path | None


def compute(job: FluxJob, run: Run, tell: Tell) -> dict[str, Any]:
    """Return the flux as numbers; write the table and the picture if they were asked for.

    Parameters
    ----------
    job : FluxJob
        What.
    run : Run
        Precision, seed, replicates, threads.
    tell : callable
        Told what is being done.

    Returns
    -------
    dict
        ``fluxes``, ``components``, ``published`` as lists of rows, ``inputs`` of the dump mode, ``notes``; totals in
        1/cm^2/POT, energies in MeV.

    Raises
    ------
    ScenarioError
        For a combination that means nothing.
    DarkhornError
        As the stages do.
    """
    if job.stage not in STAGES:
        raise unknown_name("stage of a source", job.stage, STAGES)
    if job.universes and (job.source is not None or job.mode in ("dump", "window")):
        raise ScenarioError(f"universes = {job.universes}: only for a mode of the horn and its own mesons")
    if job.universes:
        require_range("universes", job.universes, 2, 10000)
    file, _, name = job.detector.rpartition(":")
    detector = load_detector(name, file or "detectors")
    disc = disc_of(detector)
    found, extra = _flux(job, disc, run, tell)
    errors: FluxErrors | None = None
    if job.universes:
        errors = flux_errors(found.parents, disc, run, job.universes, progress=tell)
    values: dict[str, Any] = {"beam": job.beam, "mode": job.mode, "detector": detector.name}
    values["fluxes"] = flux_rows(found, errors, by_parent=job.by_parent)
    values["components"] = component_rows(found)
    compared = job.beam == "bnb" and detector.name == "miniboone"
    mode = PRIMARY_MODE if job.mode == "window" else job.mode
    values["published"] = published_rows(found, mode) if compared else []
    values |= extra
    if job.out is not None:
        write_text_atomic(job.out, flux_csv(found, errors, by_parent=job.by_parent))
        values["out"] = str(job.out)
    if job.plot is not None:
        title = f"{job.species} at {detector.name}, {job.mode} mode: absolute, no free factor"
        points = _published_points(mode, job.species) if compared else None
        write_bytes_atomic(job.plot, style.render(plot_beam_flux(found, job.species, title, errors, points), "png"))
        values["plot"] = str(job.plot)
    values["notes"] = _notes(job, detector, values)
    return values


def _flux(job: FluxJob, disc: Disc, run: Run, tell: Tell) -> tuple[BeamFlux, dict[str, Any]]:
    """Return the flux, and what else the mode has to say."""
    if job.source is not None:
        rays, about = read_any(job.source)
        if job.stage == "decay":
            return decays_flux(rays, disc, run, tell), {"source": about}
        return births_flux(rays, load_beam(job.beam, job.mode), disc, run, tell), {"source": about}
    if job.mode == "window":
        return window_flux(load_beam(job.beam), disc, run, progress=tell), {}
    if job.mode == "dump":
        found = dump_flux(load_beam(job.beam), load_dump(scrape_fraction=job.scrape), disc, run, tell)
        return dump_components(found), {"dump": dump_values(found)}
    line = load_beam(job.beam, job.mode)
    return horn_flux(line, disc, run, flavour=job.species, again=job.again, progress=tell), {}


def dump_values(found: DumpFlux) -> dict[str, Any]:
    """Return the inputs of the dump mode and the ratio of its numu flux to that of the target mode."""
    dump = found.dump
    values: dict[str, Any] = {
        "offset_m": list(dump.offset),
        "current_A": dump.current,
        "interaction_lengths_m": {
            "nucleon in air": dump.air_nucleon,
            "nucleon in steel": dump.steel_nucleon,
            "pion in steel": dump.steel_pion,
        },
        "scrape_fraction": dump.scrape_fraction,
    }
    for name in ("air", "steel", "target"):
        values[f"numu_{name}_per_cm2_per_POT"] = getattr(found, name).total("numu")[0]
    return values | {"air_interactions": dump.air_interactions, "numu_dump_over_target": found.ratio()}


def _published_points(mode: str, flavour: str) -> tuple[Floats, Floats] | None:
    """Return the shipped points of a published flux, or None."""
    columns = published_table("bnb_flux_published")
    name = f"{mode}_{flavour}"
    return (columns["energy_GeV"] * GEV, columns[name]) if name in columns else None


def _notes(job: FluxJob, detector: Detector, values: dict[str, Any]) -> list[str]:
    """Return what a reader of the numbers should know."""
    notes = [f"averaged over a disc of {detector.radius:.4g} m radius at {detector.centre} m; no free factor"]
    if job.universes:
        notes.append(
            "systematic error: production, horn current, field in the metal, absorption; yields of second interactions"
        )
    if "dump" in values:
        ratio = values["dump"]["numu_dump_over_target"]
        notes.append(
            f"dump over target, numu: {ratio:.4g} with scrape_fraction = {values['dump']['scrape_fraction']:g}"
        )
        notes.append("charged pions only, beryllium shapes, no cascade: a floor, not a prediction of the measured flux")
    if job.mode == "window":
        notes.append("cut windows in place of the horn: for comparison only")
    return [*notes, *detector.flags]
