"""The four published benchmarks: our best-fit coupling products beside the published ones, with every consistency test.

The published values are second-hand: a public recast quotes them. Nothing is tuned; where a product differs the table
says by how much, and ``reason`` what is known about it.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Final

from darkhorn.chain.predict import Prediction, predict
from darkhorn.chain.scenario import Scenario, load_scenario
from darkhorn.core.errors import InputFileError, unknown_name
from darkhorn.core.progress import Tell
from darkhorn.inference.build import Problem
from darkhorn.inference.confront_limits import limits_of
from darkhorn.inference.coupling import fit_coupling
from darkhorn.report.summary import fit

NONE_SEEN: Final = 2.30
"""Events that no count can exclude at 90 %: the upper limit for none seen above no background."""
EXCESS_PER_POT: Final = 560.6 / 18.75e20
"""Published excess of neutrino mode per proton."""


@dataclass(frozen=True)
class Published:
    """A coupling product of arXiv:2110.11944, second-hand.

    Attributes
    ----------
    quantity, unit : str
        What the product is in the publication.
    value : float
        Best fit.
    listed : float
        The same product of the couplings that are listed beside it, which are those of the preset.
    reason : str
        What is known about a difference.
    """

    quantity: str
    unit: str
    value: float
    listed: float
    reason: str


PUBLISHED: Final = {
    "scalar-benchmark": Published(
        "g_mu g_n lambda", "1/MeV", 2.2e-8, 2.2e-8,
        "the two readings of '+ h.c.' are a factor 4 in the rate, 2 in the product; kaons are in here",
    ),
    "pseudoscalar-benchmark": Published(
        "g_mu g_n lambda", "1/MeV", 5.9e-7, 6.5e-7,
        "a public recast finds the same direction: it needs 7.98e-8, 7.4 times less; one comment prints 5.9e-8",
    ),
    "dm-double-benchmark": Published(
        "eps1 eps2 alpha_2", "1", 1.3e-7, 3.5e-9,
        "the listed couplings multiply to 3.5e-9, 37 times less than the published product of the same point",
    ),
    "dm-single-benchmark": Published(
        "eps1^2 alpha_1", "1", 3.6e-9, 3.6e-9,
        "the rate goes with the yield of pi0, with the form of the pair spectrum and with what counts as one ring",
    ),
}  # fmt: skip
"""By preset."""


@dataclass(frozen=True)
class Result:
    """One benchmark.

    Attributes
    ----------
    name, quantity, unit : str
        Preset and its product.
    published, best, error : float
        Products; the error is that of the fit to the four published distributions.
    ratio : float
        Ours over published.
    delta_chi2, chi2, ndof, p_value : float
        Of that fit; delta against no signal.
    official : dict or None
        Best product, delta and p-value with the combined statistic of the release; None where its files are absent.
    signal : dict of str to float
        Fitted events by mode of MiniBooNE.
    dump_events, dump_scaled : float
        Events of the dump mode at the best product, and what the excess of neutrino mode would give per proton.
    dump : str
        What that says.
    rare_decays : tuple of dict
        Limits on rare decays: predicted over limit at the couplings of the publication, and where the whole change of
        the product is one of the coupling that makes X.
    reason : str
        What is known about a difference.
    """

    name: str
    quantity: str
    unit: str
    published: float
    best: float
    error: float
    ratio: float
    delta_chi2: float
    chi2: float
    ndof: int
    p_value: float
    official: dict[str, float] | None
    signal: dict[str, float]
    dump_events: float
    dump_scaled: float
    dump: str
    rare_decays: tuple[dict[str, Any], ...]
    reason: str

    @property
    def worst_decay(self) -> dict[str, Any] | None:
        """The limit that is compared, not only indicative, with the largest ratio."""
        known = [row for row in self.rare_decays if row["status"] == "compared"]
        return max(known, key=lambda row: row["ratio"], default=None)


def benchmarks(
    names: Iterable[str] = tuple(PUBLISHED),
    *,
    precision: float = 0.02,
    seed: int = 1,
    threads: int = 2,
    progress: Tell = lambda _: None,
) -> tuple[Result, ...]:
    """Return the benchmarks with their best fits.

    Parameters
    ----------
    names : iterable of str
        Of :data:`PUBLISHED`.
    precision : float
        Relative Monte-Carlo error of the events of a mode, 1e-4 to 0.5.
    seed, threads : int
        As everywhere.
    progress : callable
        Told what is being done.

    Raises
    ------
    UnknownNameError
        For a point that is no published benchmark.
    RangeError
        For settings out of range.
    """
    settings = {"precision": precision, "seed": seed, "threads": threads}
    return tuple(_one(name, settings, progress) for name in names)


def _one(name: str, settings: dict[str, Any], progress: Tell) -> Result:
    """Return one benchmark."""
    if name not in PUBLISHED:
        raise unknown_name("published benchmark", name, PUBLISHED)
    known = PUBLISHED[name]
    progress(f"{name}: mesons")
    job = load_scenario("miniboone", model=name, overrides=["source.kind = 'parametrised'"], **settings)
    setups = job.setups()
    prediction = _predicted(job, setups, progress)
    found = fit(job, prediction)
    if found is None:
        raise ValueError(f"{name}: no signal")
    given = job.model.coupling_product
    scale = found.coupling_product / given
    best, error = known.listed * scale, known.listed * found.error / given
    dumped = load_scenario("miniboone-dump", model=name, **settings)
    pot = dumped.experiment.mode("dump").pot if dumped.experiment is not None else 0.0
    dump = float(_predicted(dumped, dumped.setups(), progress).modes["dump"].signal.mean()) * found.coupling_product**2
    scaled = EXCESS_PER_POT * pot
    return Result(
        name=name,
        quantity=known.quantity,
        unit=known.unit,
        published=known.value,
        best=best,
        error=error,
        ratio=best / known.value,
        delta_chi2=found.delta_chi2,
        chi2=found.chi2,
        ndof=found.ndof,
        p_value=found.p_value,
        official=_official(job, setups, known.listed / given, progress),
        signal={mode: float(item.signal.mean()) * found.coupling_product**2 for mode, item in prediction.modes.items()},
        dump_events=dump,
        dump_scaled=scaled,
        dump=_dump_verdict(dump),
        rare_decays=tuple(
            {
                "name": row.name,
                "decay": row.decay,
                "predicted": row.predicted,
                "limit": row.limit,
                "ratio": row.ratio,
                "ratio_if_made_more": row.ratio * scale**2,
                "status": row.status,
                "origin": row.origin,
            }
            for row in limits_of(job.model)
            if row.ratio is not None and row.quantity != "eps^2"
        ),
        reason=known.reason,
    )


def _predicted(job: Scenario, setups: tuple[Any, ...], progress: Tell) -> Prediction:
    """Return the prediction of a scenario."""
    run = job.run
    settings: dict[str, Any] = {"seed": run.seed, "replicates": run.predicted, "threads": run.threads}
    return predict(job.model, setups, precision=run.precision, **settings, progress=progress)


def _official(job: Scenario, setups: tuple[Any, ...], unit: float, progress: Tell) -> dict[str, float] | None:
    """Return the fit with the combined statistic of the release in units of ``unit``; None without its files."""
    try:
        problem = Problem.load("official", job.experiment)
    except InputFileError:
        return None
    found = fit_coupling(problem.cost(_predicted(job, problem.setups(setups), progress)), "official")
    return {
        "best": found.product * unit,
        "low": found.product_low * unit,
        "high": found.product_high * unit,
        "delta": found.delta,
        "p_value": found.p_value,
    }


def _dump_verdict(events: float) -> str:
    """Return what the number of events in the dump mode says without its counts."""
    if events < NONE_SEEN:
        return f"consistent: fewer than {NONE_SEEN:.2f}, which no count excludes at 90 %"
    return "not decided: modes.dump.counts is not shipped (arXiv:1807.06137 saw no excess)"


def as_json(results: Iterable[Result]) -> dict[str, Any]:
    """Return the benchmarks as plain values."""
    rows = [{**asdict(row), "rare_decays": list(row.rare_decays)} for row in results]
    return {"source": "arXiv:2110.11944, second-hand", "benchmarks": rows}


HEADS: Final = (
    "benchmark", "published product", "best fit here", "ours / published", "Δχ²", "p (χ²/ndof)",
    "official statistic", "dump mode, events", "rare decays, largest ratio",
)  # fmt: skip
"""Columns of :func:`cells`."""


def cells(row: Result) -> tuple[str, ...]:
    """Return one row of the table; columns as in :data:`HEADS`."""
    unit = "" if row.unit == "1" else f" {row.unit.replace('1/', '/')}"
    official = row.official
    worst = row.worst_decay
    return (
        row.name,
        f"{row.published:.2g}{unit} ({row.quantity})",
        f"{row.best:.3g} ± {row.error:.2g}",
        f"{row.ratio:.2f}",
        f"{row.delta_chi2:.1f}",
        f"{row.p_value:.1g} ({row.chi2:.1f}/{row.ndof})",
        "no files" if official is None
        else f"{official['best']:.3g}, Δ = {official['delta']:.1f}, p = {official['p_value']:.2g}",
        f"{row.dump_events:.3g} (scaled excess: {row.dump_scaled:.0f}); {row.dump}",
        "none compared" if worst is None
        else f"{worst['name']}: {worst['ratio']:.2g} ({worst['ratio_if_made_more']:.2g})",
    )  # fmt: skip


def markdown(results: Iterable[Result], command: str) -> str:
    """Return a page with the table, the fits and the reasons.

    Parameters
    ----------
    results : iterable of Result
        From :func:`benchmarks`.
    command : str
        What wrote it.
    """
    rows = list(results)
    lines = [
        "# The published benchmarks",
        "",
        f"Written by `{command}`; no number on this page is typed.",
        "",
        "Products at the masses and couplings of arXiv:2110.11944, which are second-hand: a public recast quotes them.",
        "The best fit is to the four published distributions (E_vis and cos θ of both modes), with the product as the",
        "only free number. Δχ² is against no signal. E_vis and cos θ of one mode show the same events: Δχ² and p are",
        "indicative, and their errors lack the statistics of the simulated background; the combined statistic of the",
        "data release beside them has its covariance. Mesons: π±, K±, π⁰ of the target. `Scaled excess` is the excess",
        "of neutrino mode per proton times the protons of the dump mode. The ratio of rare decays is predicted over",
        "limit at the listed couplings; in parentheses, if the whole change of the product to the best fit were one of",
        "the coupling that makes X.",
        "",
        _line(HEADS),
        _line(["---"] * len(HEADS)),
        *[_line(cells(row)) for row in rows],
        "",
        "## Where they differ",
        "",
        *[f"- `{row.name}`: {row.ratio:.2f} of the published product; {row.reason}." for row in rows],
        "",
        "## Rare decays",
        "",
        _line(("benchmark", "limit", "decay", "predicted", "limit value", "ratio", "ratio if made more", "status")),
        _line(["---"] * 8),
    ]
    for row in rows:
        lines += [
            _line(
                (
                    row.name,
                    item["name"],
                    item["decay"],
                    f"{item['predicted']:.3g}",
                    f"{item['limit']:.3g}",
                    f"{item['ratio']:.2g}",
                    f"{item['ratio_if_made_more']:.2g}",
                    f"{item['status']} ({item['origin']})",
                )
            )
            for item in row.rare_decays
        ]
    return "\n".join([*lines, ""])


def _line(entries: Iterable[str]) -> str:
    """Return one row of a Markdown table."""
    return f"| {' | '.join(entry.replace('|', '/') for entry in entries)} |"
