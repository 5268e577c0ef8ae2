"""Write docs/validation.md and its pictures: every number on the page comes from this run.

The full published tables are read from the data directory (``DARKHORN_DATA``)::

    python scripts/validation.py [--precision 0.005] [--universes 100] [--threads 2] [--no-again]
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from darkhorn.beam.parametrised import ParametrisedSource
from darkhorn.beam.sanford_wang import production_vertices
from darkhorn.beam.switches import Physics
from darkhorn.chain.beam_flux import BeamFlux, beam_covariance, disc_of, horn_flux, mean_energy, window_flux
from darkhorn.chain.flux import Disc
from darkhorn.chain.modes import FLAVOURS, DumpFlux, Run, dump_flux, flux_to_precision, horn_parents
from darkhorn.chain.parents import ParentSampler, prepare
from darkhorn.chain.predict import mean_and_error
from darkhorn.chain.universes import FluxErrors, flux_errors
from darkhorn.core.species import PI_PLUS
from darkhorn.core.units import GEV
from darkhorn.experiments.beams import load_beam
from darkhorn.experiments.detectors import detector_names, load_detector
from darkhorn.experiments.modes import load_dump, load_stopped
from darkhorn.experiments.published import published_flux, published_table
from darkhorn.io.atomic import write_bytes_atomic, write_text_atomic
from darkhorn.report import style
from darkhorn.report.beam_plot import plot_beam_flux
from darkhorn.report.flux_validation import summary

DOCS = Path(__file__).parent.parent / "docs"
PI_MINUS = {"neutrino": "older", "antineutrino": "newer"}
OFF = {
    "skin_depth": False, "tube_and_fins": False, "air": False, "conductor": False, "energy_loss": False,
    "multiple_scattering": False, "absorption": False, "meson_elastic": "ignore", "meson_quasi_elastic": "ignore",
    "protons": "straight", "proton_elastic": "ignore", "proton_quasi_elastic": "ignore", "decay_in_horn": False,
}  # fmt: skip
"""Every switch of the transport and its value when the effect is removed."""


@dataclass(frozen=True)
class Job:
    """Settings of the page."""

    run: Run
    universes: int
    again: bool
    disc: Disc


def table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """Return a table of Markdown."""
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def ratio(pair: tuple[float, float]) -> str:
    """Return a ratio with its error."""
    return f"{pair[0]:.3f} ± {pair[1]:.3f}" if pair[0] else "–"


def comparison(found: BeamFlux, errors: FluxErrors, mode: str) -> str:
    """Return ours over published: totals, window, bins."""
    values = summary(found, mode)
    rows = []
    for one in values["comparisons"]:
        total, window = (one["total_ratio"], one["mc_error"]), (one["window_ratio"], one["window_mc_error"])
        cells = (
            one["name"],
            ratio(total),
            f"{one['mean_ratio']:.3f}",
            ratio(window),
            f"{one['window_mean_ratio']:.3f}",
        )
        rows.append(cells)
    text = table(("ours / published", "total", "mean energy", "0.2–2.5 GeV", "mean energy there"), rows)
    if "kaons_at_rest_bin" in values:
        line = ratio(tuple(values["kaons_at_rest_bin"]))
        text += f"\nBin 0.20–0.25 GeV of νμ from K, the line of kaons at rest: {line}.\n"
    on = ", ".join(f"{name} {'on' if value else 'off'}" for name, value in values["switches"].items())
    text += f"\n{components(found)}"
    text += f"\nCompared with: {values['published']}. Components: {on}. Fit of π⁻: {PI_MINUS[mode]}.\n\n"
    bins = [one for one in values["comparisons"] if one["bins"]]
    picked = {one["name"]: {row[0]: row for row in one["bins"]} for one in bins}
    lows = sorted({low for rows in picked.values() for low in rows if low < 3000.0})
    body = []
    for low in lows:
        cells = [f"{rows[low][2]:.2f} ± {rows[low][3]:.2f}" if low in rows else "–" for rows in picked.values()]
        body.append((f"{low / GEV:.1f}–{low / GEV + 0.1:.1f}", *cells))
    text += table(("GeV", *picked), body)
    return text + "\n" + systematics(found, errors)


def components(found: BeamFlux) -> str:
    """Return the flux of each component in 1/cm^2/POT, with its Monte-Carlo error and its share."""
    rows = []
    for name, flux in found.components.items():
        cells = []
        for flavour in FLAVOURS[:2]:
            total, error = flux.total(flavour)
            share = 100 * total / found.flux.total(flavour)[0]
            cells += [f"{total:.3e} ± {error:.1e}", f"{share:.2f}"]
        rows.append((name, *cells))
    return table(("component", "numu [1/cm²/POT]", "share [%]", "numubar [1/cm²/POT]", "share [%]"), rows)


def systematics(found: BeamFlux, errors: FluxErrors) -> str:
    """Return the systematic error of each flavour by source of error."""
    rows = []
    primary = found.components["primary"]
    for flavour in FLAVOURS:
        total = found.flux.total(flavour)[0]
        parts = [f"{100 * errors.total(primary, flavour, source=name) / total:.2f}" for name in errors.shifts]
        whole = float(np.sqrt(beam_covariance(found, errors, flavour).sum()))
        rows.append((flavour, f"{total:.3e}", *parts, f"{100 * whole / total:.2f}"))
    return table(("systematic error in %", "flux [1/cm²/POT]", *errors.shifts, "all, with second interactions"), rows)


def switched(job: Job, physics: Physics) -> dict[int, ParentSampler]:
    """Return pi+ of the neutrino mode with other physics, of the protons too."""
    line = load_beam("bnb")
    source = ParametrisedSource(line, vertices=production_vertices(line, physics=physics))
    return {PI_PLUS: prepare(source, line, PI_PLUS, job.disc.centre, job.run.seed, job.run.threads, physics)}


def switches(job: Job) -> str:
    """Return what the removal of one effect does to numu of pi+ in neutrino mode."""
    full = flux_to_precision(switched(job, Physics()), job.disc, job.run, muons=False)
    rows = []
    for name, value in OFF.items():
        parents = switched(job, Physics(**{name: value}))
        less = flux_to_precision(parents, job.disc, job.run, muons=False)
        n = full.select("numu"), less.select("numu")
        change, error = mean_and_error(n[1].sum(axis=1) / n[0].sum(axis=1) - 1.0)
        shift = mean_energy(less, "numu") / mean_energy(full, "numu") - 1.0
        parts = []
        for low, high in ((0.2, 0.5), (0.5, 1.0), (1.0, 1.5), (1.5, 2.0), (2.0, 2.5)):
            rows_ = slice(round(low * 20), round(high * 20))
            part, spread = mean_and_error(n[1][:, rows_].sum(axis=1) / n[0][:, rows_].sum(axis=1) - 1.0)
            parts.append(f"{100 * part:+.1f} ± {100 * spread:.1f}")
        rows.append((f"{name} = {value}", f"{100 * change:+.2f} ± {100 * error:.2f}", f"{100 * shift:+.2f}", *parts))
    heads = ("removed", "total [%]", "mean energy [%]", "0.2–0.5", "0.5–1.0", "1.0–1.5", "1.5–2.0", "2.0–2.5 GeV [%]")
    return table(heads, rows)


def horn_gain(job: Job) -> tuple[str, float]:
    """Return numu from pi+ with the horn on and off."""
    rows, totals = [], []
    for mode in ("neutrino", "off"):
        parents = horn_parents(load_beam("bnb", mode), job.disc, job.run, (PI_PLUS,))
        flux = flux_to_precision(parents, job.disc, job.run, muons=False)
        total, error = flux.total("numu")
        totals.append(total)
        rows.append((mode, f"{total:.3e} ± {error:.1e}", f"{mean_energy(flux, 'numu'):.0f}"))
    return table(("horn", "νμ from π⁺ [1/cm²/POT]", "mean energy [MeV]"), rows), totals[0] / totals[1]


def windows(job: Job, horn: BeamFlux) -> tuple[str, dict[str, BeamFlux]]:
    """Return the cut windows beside the full transport."""
    known = published_flux("neutrino", "numu")[0]
    found = {
        "transport": horn,
        "cut window, along the axis": window_flux(load_beam("bnb"), job.disc, job.run),
        "cut window, own direction": window_flux(load_beam("bnb"), job.disc, job.run, direction="own"),
    }
    rows = []
    for name, one in found.items():
        cells = [name]
        for flavour, parent in (("numu", "pi"), ("numu", "K"), ("numubar", "pi")):
            cells.append(f"{one.flux.total(flavour, parent)[0]:.3e}")
        mean = mean_energy(one.flux, "numu")
        rows.append((*cells, f"{mean:.0f}", f"{one.flux.total('numu')[0] / known:.3f}"))
    heads = ("", "νμ from π", "νμ from K", "ν̄μ from π", "mean νμ energy [MeV]", "all νμ / published")
    return table(heads, rows), found


def dumps(job: Job) -> tuple[str, DumpFlux]:
    """Return the dump mode for a few inputs."""
    rows, first = [], None
    for inputs in ({}, {"current": 174000.0}, {"scrape_fraction": 0.01}, {"scrape_fraction": 0.03}):
        found = dump_flux(load_beam("bnb"), load_dump(**inputs), job.disc, job.run)
        first = first or found
        air, steel = found.air.total("numu")[0], found.steel.total("numu")[0]
        total, mean = found.flux.total("numu")[0], mean_energy(found.flux, "numu")
        what = ", ".join(f"{key} = {value:g}" for key, value in inputs.items()) or "as shipped"
        cells = (f"{air:.2e}", f"{steel:.2e}", f"{total:.2e}", f"{mean:.0f}", f"{found.ratio():.4f}")
        rows.append((what, *cells, f"{1.0 / found.ratio():.1f}"))
    heads = ("inputs", "air", "steel", "νμ [1/cm²/POT]", "mean energy [MeV]", "dump / target", "target / dump")
    assert first is not None
    return table(heads, rows), first


def detectors(job: Job) -> str:
    """Return the flux of primary mesons in flight at every detector."""
    rows = []
    for name in detector_names():
        detector = load_detector(name)
        found = horn_flux(load_beam("bnb"), disc_of(detector), job.run, at_rest=False, walls=False, again=False)
        cells = [f"{found.flux.total(flavour)[0]:.3e}" for flavour in FLAVOURS]
        rows.append((name, f"{detector.centre[2]:g}", f"{detector.area:.3g}", *cells))
    return table(("detector", "z [m]", "area [m²]", *FLAVOURS), rows)


def modes_picture(found: dict[str, BeamFlux], dump: DumpFlux) -> bytes:
    """Return the numu fluxes of the modes in one picture."""
    figure = style.new_figure(7.0, 4.6)
    figure.subplots_adjust(left=0.125, right=0.975, bottom=0.115, top=0.93)
    axes = figure.subplots()
    axes.set_yscale("log")
    fluxes = {name: one.flux for name, one in found.items()} | {"dump, air and steel": dump.past_target}
    looks = ((style.ORANGE, "-"), (style.BLUE, (0, (5, 2))), (style.SKY, "-"), (style.DARK, (0, (1, 1.5))))
    for (name, flux), (colour, line) in zip(fluxes.items(), looks, strict=True):
        axes.stairs(flux.density("numu")[0], flux.edges / GEV, color=colour, ls=line, lw=1.4, label=name)
    points = published_table("bnb_flux_published")
    axes.plot(
        points["energy_GeV"], points["neutrino_numu"], color=style.BLACK, ls="none", marker="o", ms=3, label="published"
    )
    axes.set_xlim(0.0, 5.0)
    axes.set_ylim(1e-14, 1e-8)
    axes.legend(loc="upper right", fontsize=style.SMALL, frameon=False)
    style.title(axes, "νμ at MiniBooNE: transport, cut windows, dump")
    style.dress(axes, "neutrino energy [GeV]", "νμ flux [1 / (cm² POT GeV)]")
    style.log_decades(axes.yaxis)
    return style.render(figure, "png")


def draw(found: BeamFlux, errors: FluxErrors, mode: str, flavour: str) -> str:
    """Write the picture of one flavour and return the Markdown that shows it."""
    columns = published_table("bnb_flux_published")
    points = columns["energy_GeV"] * GEV, columns[f"{mode}_{flavour}"]
    name = f"flux_{mode}_{flavour}.png"
    title = f"{flavour} at miniboone, {mode} mode: absolute, no free factor"
    write_bytes_atomic(
        DOCS / "images" / name, style.render(plot_beam_flux(found, flavour, title, errors, points), "png")
    )
    return f"![{title}](images/{name})\n"


def page(job: Job) -> str:
    """Return the page; write its pictures."""
    parts = [HEAD.format(precision=100 * job.run.precision, seed=job.run.seed, n=job.universes)]
    horns = {}
    for mode, flavours in (("neutrino", ("numu", "numubar", "nue")), ("antineutrino", ("numubar", "numu"))):
        print(f"{mode} mode", flush=True)
        line = load_beam("bnb", mode)
        found = horn_flux(line, job.disc, job.run, flavour=flavours[0], pi_minus=PI_MINUS[mode], again=job.again)
        errors = flux_errors(found.parents, job.disc, job.run, job.universes)
        parts.append(f"## {mode.capitalize()} mode\n\n{comparison(found, errors, mode)}")
        parts += [draw(found, errors, mode, flavour) for flavour in flavours]
        horns[mode] = found
    print("switches", flush=True)
    parts.append(f"## One effect removed at a time\n\n{SWITCHES}\n{switches(job)}")
    print("modes", flush=True)
    text, gain = horn_gain(job)
    parts.append(f"## Gain of the horn\n\n{text}\nGain: {gain:.2f}.\n")
    text, found_windows = windows(job, horns["neutrino"])
    parts.append(f"## A cut window in place of the horn\n\n{WINDOWS}\n{text}")
    text, dump = dumps(job)
    inputs = dump.dump
    numbers = WORDS.format(
        share=100 * inputs.air_interactions,
        nucleon=inputs.steel_nucleon,
        pion=inputs.steel_pion,
        air=inputs.air_nucleon,
    )
    parts.append(f"## Dump mode\n\n{numbers}\n{text}")
    write_bytes_atomic(DOCS / "images" / "flux_modes.png", modes_picture(found_windows, dump))
    parts.append("![νμ at MiniBooNE in the modes of the beam](images/flux_modes.png)\n")
    parts.append(f"## Detectors\n\n{DETECTORS}\n{detectors(job)}")
    beam = load_stopped()
    flux = beam.pi_plus * beam.per_second / (4.0 * np.pi * 2000.0**2)
    parts.append(LUJAN.format(flux=flux, yields=f"{beam.pi_plus:g}, {beam.pi_minus:g}, {beam.pi_zero:g}"))
    return "\n".join(parts)


HEAD = """# Validation of the beam

Written by `scripts/validation.py`; no number on this page is typed. Monte-Carlo precision of the leading flavour
{precision:g} %, seed {seed}, {n} universes. Fluxes are absolute, per cm² and proton on target, averaged over the disc
of the detector; there is no free factor. The ± of a ratio is its Monte-Carlo error.

The published numbers are those of the data release of arXiv:0806.1449 and of the public simulation behind it. "pi of
p-Be" is the column of histories whose first inelastic collision made a pion, whatever nucleus was hit: to it belong
pions that interacted again or met a wall, and pions that protons past the target made in air, metal, walls and dump.
"p or n again" is the column of those whose first collision made a nucleon. Pions and muons at rest are not in the
published tables and in no ratio.
"""

SWITCHES = """νμ from primary π⁺ in neutrino mode: the change when one effect is removed from the full calculation,
each run with its own pilot.
"""

WINDOWS = """Before there was a transport, the horn was replaced by a window: pions of 0.03–0.21 rad up to 6.5 GeV/c
(kaons 0.75–6.5 GeV/c, up to 0.4 rad) decay along a straight flight of 50 m. Taken along the beam axis it is too high,
taken along the meson's own direction too low: agreement of order one needs the window to be tuned, and then only in the
total. It does not tell the signs apart.
"""

WORDS = """Protons pass the target; {share:.2f} % interact in the air before the dump (interaction length {air:.0f} m),
the others in steel ({nucleon:.3f} m; pions are absorbed over {pion:.3f} m). Pions of the air fly without a horn unless
a current is given. The multiplicities and shapes are those of beryllium, without cascade, and kaons are left out: a
floor. `scrape_fraction` is the share of protons that hit the target as in normal running; it is not public.
"""

DETECTORS = """Primary mesons in flight, neutrino mode, 1/cm²/POT.
"""

LUJAN = """## Stopped pions of 800 MeV protons

Yields per proton of π⁺, π⁻ (captured) and π⁰: {yields}, inputs with ranges. Neutrinos of one flavour at 20 m:
{flux:.3e} /cm²/s.
"""


def main() -> None:
    """Write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--precision", type=float, default=0.005)
    parser.add_argument("--universes", type=int, default=100)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--no-again", action="store_true")
    given = parser.parse_args()
    disc = disc_of(load_detector("miniboone"))
    job = Job(Run(given.precision, threads=given.threads), given.universes, not given.no_again, disc)
    write_text_atomic(DOCS / "validation.md", page(job))


if __name__ == "__main__":
    main()
