"""All measurements as rows of one table: what, measured, wanted; and the table as Markdown."""

import platform
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from darkhorn import __version__
from darkhorn.bench import derivatives, kernels, process, rates
from darkhorn.bench.clock import PATIENCE, SLOWED, beat, fastest_beat
from darkhorn.bench.designs import CHUNK, DESIGNS, measure
from darkhorn.core.progress import Step, Tell

FLOOR_US: Final = 0.14
"""Least time of one history on one core, microseconds: about 2500 floating-point operations and 150 bytes of memory."""
PIONS: Final = 2**14
"""Pions of a measurement: some twenty milliseconds, which a busy machine leaves undisturbed now and then."""
_NAIVE_CHUNKS: Final = (16, 8, 4, 2)
_BEATS: Final = 100
"""Beats after each group that tell how steady the machine is."""


@dataclass(frozen=True)
class Row:
    """One measurement.

    Attributes
    ----------
    group, what : str
        Table that it belongs to, and its name there.
    value : float or None
        Measured; None where it was not.
    unit : str
        Of the value.
    note : str
        Comparison or circumstance.
    """

    group: str
    what: str
    value: float | None
    unit: str
    note: str = ""

    @property
    def measured(self) -> str:
        """Value and unit as text."""
        return "not measured" if self.value is None else f"{self.value:.3g} {self.unit}".rstrip()


def measure_transport(repeats: int) -> list[Row]:
    """Return the rows of the horn."""
    found = kernels.transport_costs(PIONS, repeats)

    def row(what: str, key: str) -> Row:
        return Row("horn", what, 1.0 / found[key], "million pions/s", f"{found[key]:.2f} us, floor {FLOOR_US} us")

    def error(what: str, key: str) -> Row:
        return Row("horn", what, found[key], "mrad", "median of the directions, against steps to rounding")

    return [
        row("field, to the end of the horn", "horn"),
        error("its error", "horn_error_mrad"),
        row("field, to a wall", "walls"),
        row("all matter, to the decay", "matter"),
        row("field, by the finer steps of single tracks", "single"),
        error("their error", "single_error_mrad"),
        Row("horn", "gain by a second thread", found["two_threads"], "", "wall time; less on a busy machine"),
    ]


def measure_rates(repeats: int) -> list[Row]:
    """Return the rows of rates."""
    stage, cached, further = rates.stages(repeats), rates.one_rate(repeats), rates.further_point(repeats)
    whole, mapped = (rates.one_rate_from_protons(repeats, mapped=mapped) for mapped in (False, True))
    floor = 1.0e-6 * FLOOR_US * whole.histories
    near = f"photons shared, up to 5 % away, error there {100.0 * further['both_error']:.2f} %"
    return [
        Row("rates", "decays into the detector", 1.0 / stage["decay"], "million/s", f"{stage['decay']:.2f} us"),
        Row("rates", "detections", 1.0 / stage["detection"], "million/s", f"{stage['detection']:.2f} us a channel"),
        Row("rates", "1 % of the neutrino mode, from protons", whole.cpu, "CPU s", _reached(whole, floor)),
        Row("rates", "the same, map of the source kept", mapped.cpu, "CPU s", _reached(mapped, floor)),
        Row("rates", "the same, mesons from the cache", cached.cpu, "CPU s", _reached(cached, floor)),
        Row("rates", "a further m_mediator", further["m_mediator"], "CPU ms", "particles shared"),
        Row("rates", "a further m_X and m_mediator", further["both"], "CPU ms", near),
        Row("rates", "a further m_X of any model", further["m_x"], "CPU ms", "mesons shared"),
    ]


def _reached(found: rates.RateCost, floor: float) -> str:
    made = f"{found.histories} histories, relvar {found.relvar:.2g}"
    return f"error {100.0 * found.error:.2f} %, {made}, floor {floor:.2g} s"


def measure_scan(repeats: int) -> list[Row]:
    """Return the row of a scan; one run, whatever ``repeats``."""
    found = rates.whole_scan()
    note = f"{1e3 * found['cpu'] / found['points']:.2f} ms a point, worst error {100 * found['worst_error']:.2f} %"
    return [Row("scan", "64 x 64 masses with fits, neutrino mode, 1 % each", found["cpu"], "CPU s", note)]


def measure_errors(repeats: int) -> list[Row]:
    """Return the row of the quoted error; 32 seeds, whatever ``repeats``."""
    return [Row("errors", "spread over 32 seeds / quoted error", rates.error_over_spread(), "", "1 expected +- 0.13")]


def measure_designs(repeats: int) -> list[Row]:
    """Return one row a design, each beside the first, and last what ``predict`` takes without a cache."""
    scenario, setup = rates.neutrino_mode()
    rows: list[Row] = []

    def add(what: str, cpu: float, note: str) -> None:
        gain = first / cpu if (first := rows[0].value if rows else None) else 1.0
        rows.append(Row("designs", what, cpu, "CPU s to 1 %", f"gain {gain:.2g}; {note}"))

    for design, chunks in zip(DESIGNS, _NAIVE_CHUNKS, strict=True):
        cost = measure(design, scenario.model, setup, chunks * CHUNK)
        note = f"relvar {cost.relvar:.3g} from {cost.histories} histories; events {cost.events:.3g} +- {cost.error:.2g}"
        add(design.name, cost.cpu_to_one_percent, note)
    for what, found in (
        ("+ Sobol' points, pilot in energy and transfer", rates.one_rate_from_protons(repeats)),
        ("+ mesons from the cache", rates.one_rate(repeats)),
    ):
        add(
            what, found.cpu * (found.error / rates.PRECISION) ** 2, f"scaled from an error of {100 * found.error:.2f} %"
        )
    return rows


def measure_derivatives(repeats: int) -> list[Row]:
    """Return the rows of JAX."""
    found = derivatives.derivative_costs(repeats)
    if found is None:
        return [Row("derivatives", "rate and derivatives by JAX", None, "", "JAX is not installed: darkhorn[jax]")]
    ratio = found["both"] / found["value"]
    gpu = None if np.isnan(found["gpu_scan"]) else found["gpu_scan"]
    return [
        Row("derivatives", "a mass point, NumPy", found["numpy"], "CPU ms", "rate in array code"),
        Row("derivatives", "a mass point, JAX", found["value"], "CPU ms", "compiled once"),
        Row("derivatives", "a mass point of a scan, JAX", found["scan"], "CPU ms", ""),
        Row("derivatives", "rate and both derivatives, JAX", found["both"], "CPU ms", f"{ratio:.2f} times the rate"),
        Row("derivatives", "NumPy against JAX, worst bin", found["agreement"], "", "relative"),
        Row("derivatives", "derivatives against differences", found["differences"], "", "relative"),
        Row("derivatives", "a mass point of a scan on a GPU", gpu, "ms", "wall time" if gpu else "no GPU here"),
    ]


def measure_process(repeats: int) -> list[Row]:
    """Return the rows of whole processes."""
    job = process.main_job(repeats)
    return [
        Row("process", "import darkhorn", process.import_seconds(repeats), "s", "beyond import numpy"),
        Row("process", "darkhorn run miniboone, cold", job["cold"], "s", "nothing compiled, no mesons"),
        Row("process", "darkhorn run miniboone, warm", job["warm"], "s", ""),
        Row("process", "peak memory of it", job["peak_megabytes"], "MB", ""),
    ]


GROUPS: Final[Mapping[str, Callable[[int], list[Row]]]] = {
    "process": measure_process,
    "horn": measure_transport,
    "rates": measure_rates,
    "designs": measure_designs,
    "derivatives": measure_derivatives,
    "scan": measure_scan,
    "errors": measure_errors,
}
"""What can be measured, by name."""


def measure_all(names: tuple[str, ...], repeats: int, tell: Tell = lambda _: None) -> list[Row]:
    """Return the rows of some groups, and last how steady the machine was meanwhile.

    Parameters
    ----------
    names : tuple of str
        Names in :data:`GROUPS`.
    repeats : int
        Measurements of which the median counts.
    tell : callable
        Told what is being measured.
    """
    rows, taken = [], [fastest_beat()]
    for number, name in enumerate(names):
        tell(Step(name, number / len(names)))
        rows += GROUPS[name](repeats)
        taken += [beat() for _ in range(_BEATS)]
    return [*rows, _steadiness(taken)]


def _steadiness(taken: list[float]) -> Row:
    """Return the row of the machine itself, from beats between the groups and the fastest one."""
    fastest, middle, slowest = np.quantile(taken, [0.0, 0.5, 0.95])
    note = f"a fixed loop took {1e3 * fastest:.1f}, {1e3 * middle:.1f}, {1e3 * slowest:.1f} ms at 0, 50 and 95 %"
    return Row("machine", "slowed down by other work, median", float(middle / fastest), "", note)


def markdown(rows: list[Row]) -> str:
    """Return the rows as a page of tables."""
    lines = [
        f"Measured with darkhorn {__version__}, Python {platform.python_version()}, {platform.machine()}.",
        "One core, CPU time, medians, everything compiled and imported unless a line says otherwise.",
        f"Short measurements are made again, for {PATIENCE:g} s at most, while other work slows the core down: while a",
        f"fixed loop takes over {SLOWED} times its least.",
    ]
    group = ""
    for row in rows:
        if row.group != group:
            group = row.group
            lines += ["", f"## {group}", "", "| what | measured | |", "|---|---|---|"]
        lines.append(f"| {row.what} | {row.measured} | {row.note} |")
    return "\n".join(lines) + "\n"
