"""Upper limits of one signal strength: CLs with pyhf, and by closed asymptotic formulae for every likelihood.

The test statistic is q~ of Cowan, Cranmer, Gross and Vitells (arXiv:1007.1727, section 2.5). Nuisance parameters are
profiled; the Asimov data set has them at their best values without signal.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from darkhorn.core.errors import RangeError, require_range, unknown_name
from darkhorn.inference.cost import Cost
from darkhorn.inference.minimise import Fit, bracketed_root, minimise, names_of

ENGINES: Final = ("asymptotic", "pyhf")
"""Who computes a limit."""

BANDS: Final = (-2, -1, 0, 1, 2)
"""Standard deviations of the band of expected limits."""


@dataclass(frozen=True)
class Limit:
    """Upper limit of a strength.

    Attributes
    ----------
    strength : str
        Name.
    observed : float
        Limit from the data.
    expected : tuple of 5 float
        Limits at -2, -1, 0, 1, 2 standard deviations of the background-only hypothesis.
    level : float
        Confidence level.
    engine : str
        ``asymptotic`` or ``pyhf``.
    """

    strength: str
    observed: float
    expected: tuple[float, ...]
    level: float
    engine: str


@dataclass(frozen=True, eq=False)
class Tester:
    """CLs of one strength for fixed data: both best fits and the Asimov data are computed once."""

    cost: Cost
    strength: str
    best: Fit
    asimov: Cost
    asimov_floor: float

    @classmethod
    def of(cls, cost: Cost, strength: str) -> "Tester":
        """Return the tester of a strength; other strengths are profiled from 0 up.

        Raises
        ------
        UnknownNameError
            When the likelihood has no such strength.
        """
        (name,) = names_of(cost, (strength,))
        null = minimise(cost, {name: 0.0}, errors=False)
        asimov = cost.asimov(null.values)
        return cls(cost, name, minimise(cost, errors=False), asimov, asimov.at(null.values))

    def q(self, value: float) -> float:
        """Return q~ of a value of the strength: 0 where the best fit is above it."""
        if self.best.values[self.strength] > value:
            return 0.0
        at = minimise(self.cost, {self.strength: value}, start=self.best.values, errors=False)
        return max(at.statistic - self.best.statistic, 0.0)

    def q_asimov(self, value: float) -> float:
        """Return q~ of a value for the Asimov data without signal."""
        return max(minimise(self.asimov, {self.strength: value}, errors=False).statistic - self.asimov_floor, 0.0)

    def cls(self, value: float) -> float:
        """Return CLs = CL_{s+b}/CL_b of a value of the strength, in [0, 1]."""
        return observed_cls(self.q(value), self.q_asimov(value))

    def expected_cls(self, value: float, deviations: float) -> float:
        """Return the CLs of a background-only outcome so many standard deviations from its median."""
        return expected_cls(self.q_asimov(value), deviations)


def observed_cls(q: float, q_asimov: float) -> float:
    """Return the asymptotic CLs for the test statistic q~ and its value for the Asimov data.

    Parameters
    ----------
    q, q_asimov : float
        At least 0.

    Returns
    -------
    float
        CL_{s+b} = 1 - F(sqrt q), CL_b = 1 - F(sqrt q - sqrt q_A) for q <= q_A; beyond, 1 - F((q + q_A)/(2 sqrt q_A))
        and 1 - F((q - q_A)/(2 sqrt q_A)), with F the normal distribution. 1 where q_A = 0.

    Notes
    -----
    Source: arXiv:1007.1727, Eqs. 64-66.
    """
    from scipy.special import log_ndtr

    require_range("q", q, 0.0)
    require_range("q_asimov", q_asimov, 0.0)
    if q_asimov == 0.0:
        return 1.0
    root = np.sqrt(q_asimov)
    z = np.sqrt(q) if q <= q_asimov else 0.5 * (q + q_asimov) / root
    return float(np.exp(log_ndtr(-z) - log_ndtr(root - z)))


def expected_cls(q_asimov: float, deviations: float) -> float:
    """Return CLs where the data lie ``deviations`` standard deviations above the background, (1 - F(r - n))/F(n).

    Notes
    -----
    r is the square root of q~ of the Asimov data; n > 0 is an upward fluctuation, with a weaker limit.

    Source: arXiv:1007.1727, Eq. 89, divided by CL_b.
    """
    from scipy.special import ndtr

    require_range("q_asimov", q_asimov, 0.0)
    return float(ndtr(deviations - np.sqrt(q_asimov)) / ndtr(deviations))


def upper_limit(cost: Cost, strength: str | None = None, *, level: float = 0.95, engine: str = "asymptotic") -> Limit:
    """Return the CLs upper limit of a strength.

    Parameters
    ----------
    cost : Cost
        Likelihood.
    strength : str, optional
        Which; the only one by default.
    level : float
        Confidence level in [0.5, 0.999].
    engine : str
        ``asymptotic``: the formulae of this module, for every likelihood; ``pyhf``: for sums of Poisson terms,
        looking first where the formulae point.

    Raises
    ------
    UnknownNameError
        For an unknown engine or strength.
    RangeError
        For a level out of range, or a likelihood that ``pyhf`` cannot express.
    DarkhornError
        When ``pyhf`` is asked for and absent.
    """
    require_range("level", level, 0.5, 0.999)
    if engine not in ENGINES:
        raise unknown_name("engine of a limit", engine, ENGINES)
    name = strength or only_strength(cost)
    tester, alpha = Tester.of(cost, name), 1.0 - level
    unit = cost.scale(name)
    first = tester.best.values[name] / unit
    observed = unit * bracketed_root(lambda x: alpha - tester.cls(x * unit), first)
    expected = tuple(
        unit * bracketed_root(lambda x, n=n: alpha - tester.expected_cls(x * unit, n), 0.0)  # type: ignore[misc]
        for n in BANDS
    )
    if engine == "pyhf":
        from darkhorn.inference.histfactory import pyhf_limit

        observed, expected = pyhf_limit(cost, name, level, (observed, *expected))
    return Limit(name, observed, expected, level, engine)


def only_strength(cost: Cost) -> str:
    """Return the name of the only strength.

    Raises
    ------
    RangeError
        When there is none, or several.
    """
    if len(cost.strengths) != 1:
        raise RangeError(f"{len(cost.strengths)} strengths, {', '.join(cost.strengths)}; name the one to be limited")
    return cost.strengths[0]


def sensitivity(cost: Cost, strength: str, value: float) -> float:
    """Return the median significance of a signal, in standard deviations, from its Asimov data.

    Parameters
    ----------
    cost : Cost
        Likelihood; its data fix the nuisance parameters, at the best values without signal.
    strength : str
        Name.
    value : float
        Strength of the signal, >= 0.

    Notes
    -----
    The square root of the rise of the statistic from the signal to none.

    Source: arXiv:1007.1727, section 4.1.
    """
    require_range(strength, value, 0.0)
    (name,) = names_of(cost, (strength,))
    null = minimise(cost, {name: 0.0}, errors=False)
    asimov = cost.asimov({**null.values, name: value})
    rise = minimise(asimov, {name: 0.0}, errors=False).statistic - asimov.at({**null.values, name: value})
    return float(np.sqrt(max(rise, 0.0)))
