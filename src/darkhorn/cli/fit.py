"""``darkhorn fit``: the coupling product that fits the data best, with the likelihood of your choice."""

from dataclasses import asdict
from typing import Annotated, Any

import typer

from darkhorn.cli.output import JsonOption, emit_json, note, progress, show_pairs, show_table

EXAMPLE = "Example: darkhorn fit miniboone --model scalar-benchmark --likelihood official --json"

ScenarioArgument = Annotated[str, typer.Argument(metavar="EXPERIMENT|FILE.toml", help="Experiment or scenario file.")]
ModelOption = Annotated[str | None, typer.Option(help="Preset or production; see 'darkhorn list models'.")]
SetOption = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Change one key, for instance m_x=5 (MeV). May be repeated."),
]
LikelihoodOption = Annotated[
    str, typer.Option(help="official, conservative, shapes, shapes2d, joint (miniboone), or counts.")
]
PrecisionOption = Annotated[float | None, typer.Option(help="Relative Monte-Carlo error, 1e-4 to 0.5; default 0.01.")]
UniversesOption = Annotated[int, typer.Option(help="Universes of the beam's errors, 2 to 10000; 0 for none.")]


def fit(
    scenario: ScenarioArgument = "miniboone",
    likelihood: LikelihoodOption = "official",
    model: ModelOption = None,
    changes: SetOption = None,
    null: Annotated[bool, typer.Option("--null", help="No signal: only what the data say of the background.")] = False,
    precision: PrecisionOption = None,
    flux_universes: UniversesOption = 0,
    json: JsonOption = False,
) -> None:
    """Fit the coupling product to the data of an experiment, or judge the data without any signal.

    The likelihoods of miniboone other than 'shapes' need files of its public release in the data directory
    (DARKHORN_DATA); a message says which. Products are in 1/MeV or dimensionless, as the model says.
    """
    from darkhorn.chain.scenario import load_scenario
    from darkhorn.inference.build import LIKELIHOODS, Problem
    from darkhorn.inference.coupling import fit_coupling, notes_of, null_summary

    job = load_scenario(scenario, model=model, overrides=changes or (), precision=precision)
    problem = Problem.load(likelihood, job.experiment)
    notes = [*notes_of(likelihood), *problem.notes]
    if null:
        result = {**null_summary(problem), "notes": notes}
    else:
        from darkhorn.inference.job import predicted_cost

        with progress() as tell:
            cost, warnings = predicted_cost(job, problem, flux_universes, tell)
            tell(f"fit: {likelihood}")
            found = fit_coupling(cost, likelihood)
        unit = job.model.product_unit
        result = {"model": job.model_name, "product_name": job.model.product_name, "unit": unit, **asdict(found)}
        result["notes"] = [*notes, *warnings]
    if json:
        emit_json(result)
        return
    show_pairs(f"{likelihood}: {LIKELIHOODS[likelihood]}", {k: _text(v) for k, v in _plain(result).items()})
    for mode, totals in result.get("totals", {}).items():
        show_table(f"{mode}, 200 < E_QE < 1250 MeV", ("", "events"), [(k, _text(v)) for k, v in totals.items()])
    for line in result["notes"]:
        note(f"note: {line}")


def _plain(result: dict[str, Any]) -> dict[str, Any]:
    """Return the numbers to be shown in one list: groups of one level become entries of their own."""
    rows: dict[str, Any] = {}
    for key, value in result.items():
        if key in ("notes", "totals", "likelihood"):
            continue
        if value is None:
            continue
        if isinstance(value, dict):
            rows |= {f"{key}: {name}": inner for name, inner in value.items()}
        else:
            rows[key.replace("_", " ")] = value
    return rows


def _text(value: Any) -> str:
    """Return a cell."""
    return f"{value:.6g}" if isinstance(value, float) else str(value)
