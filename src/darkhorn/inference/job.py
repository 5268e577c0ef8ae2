"""From a scenario to the likelihood of its prediction."""

from collections.abc import Callable

import numpy as np

from darkhorn.chain.predict import predict
from darkhorn.chain.scenario import Scenario
from darkhorn.core.errors import require_range
from darkhorn.inference.build import Problem
from darkhorn.inference.cost import Cost


def predicted_cost(
    scenario: Scenario,
    problem: Problem,
    flux_universes: int = 0,
    progress: Callable[[str], None] = lambda _: None,
) -> tuple[Cost, tuple[str, ...]]:
    """Return the likelihood of a scenario, with strength ``mu`` = product^2, and what a reader has to know.

    Parameters
    ----------
    scenario : Scenario
        From ``chain.scenario.load_scenario``.
    problem : Problem
        Likelihood and data.
    flux_universes : int
        Universes of the errors of the beam, 2 to 10000; 0 leaves them out. They enter the Poisson likelihoods as one
        nuisance a mode; the combined statistic has the errors of the release in its covariance.
    progress : callable
        Told what is being done.

    Raises
    ------
    DarkhornError
        For anything that the scenario asks and physics or data forbid.
    """
    if flux_universes:
        require_range("flux universes", flux_universes, 2, 10000)
    run = scenario.run
    progress("beam: pilot runs of the meson source")
    original = scenario.setups()
    setups = problem.setups(original)
    prediction = predict(
        scenario.model,
        setups,
        precision=run.precision,
        seed=run.seed,
        replicates=run.predicted,
        threads=run.threads,
        progress=progress,
    )
    flux = {}
    if flux_universes:
        names = {setup.name for setup in setups}
        kept = [setup for setup in original if setup.name in names]
        varied = prediction.with_flux_errors(kept, flux_universes, threads=run.threads, progress=progress)
        flux = {mode: float(np.sqrt(varied.flux_covariance(mode, "signal").item())) for mode in varied.flux_errors}
    cost = problem.cost(prediction, flux)
    return cost, (*scenario.model.warnings(), *scenario.notes())
