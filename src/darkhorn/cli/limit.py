"""``darkhorn limit``: the largest coupling product that an experiment allows."""

from dataclasses import asdict
from typing import Annotated, Any

import typer

from darkhorn.cli.fit import ModelOption, PrecisionOption, ScenarioArgument, SetOption, UniversesOption
from darkhorn.cli.output import JsonOption, emit_json, note, progress, show_pairs

EXAMPLE = "Example: darkhorn limit microboone --model scalar-benchmark --likelihood counts --level 0.9"


def limit(
    scenario: ScenarioArgument,
    likelihood: Annotated[
        str | None, typer.Option(help="As for 'darkhorn fit'; by default joint for miniboone, else counts.")
    ] = None,
    model: ModelOption = None,
    changes: SetOption = None,
    level: Annotated[float, typer.Option(help="Confidence level, 0.5 to 0.999.")] = 0.95,
    engine: Annotated[
        str, typer.Option(help="asymptotic (closed formulae, every likelihood) or pyhf (Poisson likelihoods).")
    ] = "asymptotic",
    precision: PrecisionOption = None,
    flux_universes: UniversesOption = 0,
    json: JsonOption = False,
) -> None:
    """Print the CLs upper limit of the coupling product, observed and expected without a signal.

    Products are in 1/MeV or dimensionless, as the model says; signals grow with the square of the product.
    """
    from darkhorn.chain.scenario import load_scenario
    from darkhorn.inference.build import STRENGTH, Problem
    from darkhorn.inference.coupling import notes_of
    from darkhorn.inference.job import predicted_cost
    from darkhorn.inference.limits import sensitivity, upper_limit

    job = load_scenario(scenario, model=model, overrides=changes or (), precision=precision)
    default = "joint" if job.experiment is not None and job.experiment.name == "miniboone" else "counts"
    problem = Problem.load(likelihood or default, job.experiment)
    with progress() as tell:
        cost, warnings = predicted_cost(job, problem, flux_universes, tell)
        tell("limit")
        found = upper_limit(cost, STRENGTH, level=level, engine=engine)
        product = job.model.coupling_product
        significance = sensitivity(cost, STRENGTH, product**2)
    result: dict[str, Any] = {
        "model": job.model_name,
        "likelihood": problem.name,
        "product_name": job.model.product_name,
        "unit": job.model.product_unit,
        "level": level,
        "engine": found.engine,
        "product_limit": found.observed**0.5,
        "product_limit_expected": [value**0.5 for value in found.expected],
        "product": product,
        "product_excluded": product**2 > found.observed,
        "expected_significance": significance,
        "strength_limit": asdict(found),
        "notes": [*notes_of(problem.name), *problem.notes, *warnings],
    }
    if json:
        emit_json(result)
        return
    rows = {key.replace("_", " "): value for key, value in result.items() if key not in ("notes", "strength_limit")}
    rows["product limit expected"] = "  ".join(f"{value:.4g}" for value in result["product_limit_expected"])
    show_pairs(
        "CLs upper limit of the coupling product; expected: -2 -1 0 1 2 standard deviations",
        {key: f"{value:.6g}" if isinstance(value, float) else str(value) for key, value in rows.items()},
    )
    for line in result["notes"]:
        note(f"note: {line}")
