"""HistFactory workspaces of Poisson likelihoods, and limits by pyhf."""

import warnings
from typing import Any, Final

import numpy as np

from darkhorn.core.errors import DarkhornError, RangeError
from darkhorn.core.rays import Floats
from darkhorn.inference.cost import Cost
from darkhorn.inference.minimise import names_of
from darkhorn.inference.poisson import PoissonTerm
from darkhorn.io.foreign import optional_package

POI_LIMIT: Final = 1.0e3
"""Upper bound of the parameter of interest in a workspace, about standard deviations."""

NEGLIGIBLE: Final = 0.01
"""Errors of the simulation whose squares are below this share of the Poisson variance of every bin are left out."""

_FAR: Final = 10.0


def workspace(cost: Cost, strength: str, *, unit: float | None = None) -> dict[str, Any]:
    """Return the HistFactory workspace of a likelihood, ready for ``json.dumps``.

    Parameters
    ----------
    cost : Cost
        Sum of Poisson terms.
    strength : str
        Its parameter of interest. Other strengths become free normalisations.
    unit : float, optional
        Value of the strength at which the parameter of interest is 1; by default about one standard deviation. It is
        recorded in the measurement's name.

    Returns
    -------
    dict
        Version 1.0.0: one channel a term; modes become ``histosys``, Monte-Carlo errors ``staterror`` (those of a
        signal at its unit; left out where they are below 1 % of the Poisson variance of each bin at 10 units). pyhf
        profiles them: where the likelihood here integrates over them, its limits differ by a few per cent.

    Raises
    ------
    RangeError
        When a term is not a Poisson likelihood, or nuisances are not centred at 0.
    UnknownNameError
        When there is no such strength.
    """
    (name,) = names_of(cost, (strength,))
    if any(cost.centres.values()):
        raise RangeError("nuisances centred away from 0 have no workspace; export the likelihood of the data")
    units = {other: cost.scale(other) for other in cost.strengths}
    units[name] = units[name] if unit is None else unit
    channels, observations = [], []
    for term in cost.terms:
        if not isinstance(term, PoissonTerm):
            raise RangeError(
                f"likelihood '{term.name}' is Gaussian with its own covariance and has no HistFactory form; "
                "allowed: sums of Poisson likelihoods (shapes2d, joint, counting)"
            )
        channel = _word(term.name)
        channels.append({"name": channel, "samples": _samples(term, channel, units)})
        observations.append({"name": channel, "data": term.data.tolist()})
    parameters = [{"name": _word(k), "bounds": [[0.0, POI_LIMIT]], "inits": [1.0]} for k in cost.strengths]
    measurement = {
        "name": f"{_word(name)}, 1 = {units[name]!r}",
        "config": {"poi": _word(name), "parameters": parameters},
    }
    return {"channels": channels, "observations": observations, "measurements": [measurement], "version": "1.0.0"}


def _samples(term: PoissonTerm, channel: str, units: dict[str, float]) -> list[dict[str, Any]]:
    """Return background and signals of one channel."""
    modifiers = [_mode(name, term.background, mode) for name, mode in term.background_modes.items()]
    negligible = NEGLIGIBLE * term.background
    background_variance = np.broadcast_to(term.background_variance, term.data.shape)
    if np.any(background_variance > negligible):
        modifiers.append(_staterror(f"{channel}_background", np.sqrt(background_variance)))
    samples = [{"name": "background", "data": term.background.tolist(), "modifiers": modifiers}]
    for name, events in term.signals.items():
        scaled = events * units[name]
        modifiers = [{"name": _word(name), "type": "normfactor", "data": None}]
        modifiers += [_mode(key, scaled, mode) for key, mode in term.signal_modes.items()]
        variance = term.variances.get(name, np.zeros(1)) * units[name] ** 2
        if np.any(_FAR**2 * variance > negligible):
            modifiers.append(_staterror(f"{channel}_{_word(name)}", np.sqrt(variance)))
        samples.append({"name": _word(name), "data": scaled.tolist(), "modifiers": modifiers})
    return samples


def _mode(name: str, nominal: Any, mode: Any) -> dict[str, Any]:
    """Return a linear change of a sample by one nuisance."""
    data = {"hi_data": (nominal * (1.0 + mode)).tolist(), "lo_data": (nominal * (1.0 - mode)).tolist()}
    return {"name": _word(name), "type": "histosys", "data": data}


def _staterror(sample: str, errors: Any) -> dict[str, Any]:
    """Return the error of the simulation of one sample, with a factor a bin of its own: it scales with the sample."""
    return {"name": f"statistics_{sample}", "type": "staterror", "data": errors.tolist()}


def _word(name: str) -> str:
    """Return a name without blanks."""
    return "_".join(name.split())


def pyhf_limit(cost: Cost, strength: str, level: float, guess: tuple[float, ...]) -> tuple[float, tuple[float, ...]]:
    """Return observed and expected (-2 to 2 standard deviations) CLs upper limits of a strength from pyhf.

    Parameters
    ----------
    cost : Cost
        Sum of Poisson terms.
    strength : str
        Name.
    level : float
        Confidence level.
    guess : tuple of 6 float
        About where the observed and the expected limits are; only says where to look first.

    Raises
    ------
    DarkhornError
        When ``pyhf`` is not installed, or fails.
    RangeError
        When the likelihood has no HistFactory form.
    """
    from scipy.optimize import brentq

    pyhf = optional_package("pyhf", "stats", "A limit with --engine pyhf")
    unit, alpha = cost.scale(strength), 1.0 - level
    description = workspace(cost, strength, unit=unit)
    known: dict[float, Floats] = {}

    def rise(value: float, index: int) -> float:
        if value not in known:
            observed, expected = pyhf.infer.hypotest(value, data, model, test_stat="qtilde", return_expected_set=True)
            known[value] = np.array([observed, *expected], dtype=float)
        return alpha - float(known[value][index])

    try:
        with warnings.catch_warnings(), np.errstate(divide="ignore", invalid="ignore"):
            warnings.simplefilter("ignore")
            specification = pyhf.Workspace(description)
            model = specification.model()
            data = specification.data(model)
            limits = []
            for index, start in enumerate(guess):
                low, high = 0.9 * start / unit, 1.1 * start / unit
                while rise(low, index) > 0.0 and low > 1e-6:
                    low *= 0.7
                while rise(high, index) < 0.0 and high < POI_LIMIT:
                    high *= 1.5
                limits.append(unit * float(brentq(rise, low, high, args=(index,), rtol=1e-4)))
    except (pyhf.exceptions.FailedMinimization, ValueError, RuntimeError) as error:
        raise DarkhornError(f"pyhf found no limit of '{strength}': {error}; try --engine asymptotic") from error
    return limits[0], tuple(limits[1:])
