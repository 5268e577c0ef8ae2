"""Likelihoods as sums of terms: one function object for the minimiser, for limits and for pseudo-experiments.

A :class:`Term` compares one set of data with its expectation. A :class:`Cost` is a sum of terms plus one Gaussian
constraint for each nuisance parameter; it is minus twice the log-likelihood, up to a constant, in the style of the
cost functions of ``iminuit`` (``errordef`` = 1). ``+`` joins costs: strengths and nuisances of equal name are the
same parameter, and the constraint of a shared nuisance counts once.

Every signal is proportional to a strength, the square of a product of couplings. Strengths are named, not negative
by default, and multiply templates that were computed once: no fit ever samples again.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Protocol, Self

import numpy as np

from darkhorn.core.errors import RangeError, unknown_name
from darkhorn.core.rays import Floats

NUISANCE_LIMIT: Final = 6.0
"""Nuisance parameters are kept within so many standard deviations."""

Values = Mapping[str, float]
"""Parameter values by name."""


class Term(Protocol):
    """One comparison of data with an expectation."""

    @property
    def name(self) -> str:
        """What messages and tables call it."""

    @property
    def strengths(self) -> tuple[str, ...]:
        """Names of the signal strengths it depends on."""

    @property
    def nuisances(self) -> tuple[str, ...]:
        """Names of the nuisance parameters, each in standard deviations."""

    @property
    def data(self) -> Floats:
        """Observed events, shape (n,)."""

    def statistic(self, values: Values) -> float:
        """Return -2 ln L of the data, without constraints."""

    def chi2(self, values: Values) -> float:
        """Return the part of the statistic that measures the goodness of the fit."""

    def expected(self, values: Values) -> Floats:
        """Return the expected events, shape (n,)."""

    def draw(self, values: Values, rng: np.random.Generator) -> Floats:
        """Return data of a pseudo-experiment, shape (n,)."""

    def with_data(self, data: Floats) -> Self:
        """Return the same term with other data."""

    def information(self, name: str) -> float:
        """Return roughly 1/error^2 of one strength from this term alone, at zero strength."""


def merged(groups: Iterable[Sequence[str]]) -> tuple[str, ...]:
    """Return the names of all groups, each once, in the order of appearance."""
    return tuple(dict.fromkeys(name for group in groups for name in group))


@dataclass(frozen=True, eq=False)
class Cost:
    """Sum of terms and of the constraints of their nuisance parameters.

    Attributes
    ----------
    terms : tuple of Term
        At least one.
    centres : mapping of str to float
        Where the auxiliary measurement of a nuisance lies, in standard deviations; 0 where it is not listed.
        Pseudo-experiments draw it with the data.
    errordef : float
        1: a rise by 1 is one standard deviation.
    """

    terms: tuple[Term, ...]
    centres: Values = field(default_factory=dict)
    errordef: float = 1.0

    def __post_init__(self) -> None:
        """Check that names are used in one way."""
        if not self.terms:
            raise RangeError("0 terms in a likelihood; allowed: at least 1")
        both = set(self.strengths) & set(self.nuisances)
        if both:
            raise RangeError(f"'{min(both)}' is the name of a strength and of a nuisance; allowed: one of them")

    @property
    def strengths(self) -> tuple[str, ...]:
        """Names of the signal strengths."""
        return merged(term.strengths for term in self.terms)

    @property
    def nuisances(self) -> tuple[str, ...]:
        """Names of the nuisance parameters."""
        return merged(term.nuisances for term in self.terms)

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names of all parameters: strengths, then nuisances; the order of the arguments of a call."""
        return self.strengths + self.nuisances

    @property
    def ndata(self) -> int:
        """Number of bins. Constraints are not counted: each is balanced by its own parameter."""
        return sum(len(term.data) for term in self.terms)

    def __call__(self, *arguments: float) -> float:
        """Return the statistic at values given in the order of ``parameters``."""
        if len(arguments) != len(self.parameters):
            raise RangeError(f"{len(arguments)} arguments; allowed: {len(self.parameters)}, {self.parameters}")
        return self.at(dict(zip(self.parameters, arguments, strict=True)))

    def at(self, values: Values) -> float:
        """Return the statistic at values by name; missing strengths and nuisances are 0."""
        pulls = sum((values.get(name, 0.0) - self.centres.get(name, 0.0)) ** 2 for name in self.nuisances)
        full = self.complete(values)
        return sum(term.statistic(full) for term in self.terms) + pulls

    def parts(self, values: Values) -> dict[str, float]:
        """Return the statistic of each term by its name."""
        full = self.complete(values)
        return {term.name: term.statistic(full) for term in self.terms}

    def chi2(self, values: Values) -> float:
        """Return the goodness of fit: the parts of the terms that behave as chi2, and the pulls of the nuisances."""
        pulls = sum((values.get(name, 0.0) - self.centres.get(name, 0.0)) ** 2 for name in self.nuisances)
        full = self.complete(values)
        return sum(term.chi2(full) for term in self.terms) + pulls

    def complete(self, values: Values) -> dict[str, float]:
        """Return values of all parameters, 0 where none is given.

        Raises
        ------
        UnknownNameError
            For a name that is no parameter; the message offers the nearest.
        """
        for name in values:
            if name not in self.parameters:
                raise unknown_name("parameter of the likelihood", name, self.parameters)
        return {name: float(values.get(name, 0.0)) for name in self.parameters}

    def __add__(self, other: "Cost") -> "Cost":
        """Return the sum; parameters of equal name are shared, constraints of shared nuisances count once."""
        for name in set(self.centres) & set(other.centres):
            if self.centres[name] != other.centres[name]:
                raise RangeError(f"nuisance '{name}' is centred at two places; allowed: one")
        return Cost(self.terms + other.terms, {**self.centres, **other.centres})

    @property
    def data(self) -> tuple[Floats, ...]:
        """Observed events of each term."""
        return tuple(term.data for term in self.terms)

    def with_data(self, data: Sequence[Floats], centres: Values | None = None) -> Self:
        """Return the same likelihood with other data, one array a term, and other centres of the nuisances.

        Raises
        ------
        RangeError
            When the arrays do not fit the terms.
        """
        if [np.shape(new) for new in data] != [np.shape(old) for old in self.data]:
            raise RangeError(f"data of shapes {[np.shape(d) for d in data]}; allowed: {[d.shape for d in self.data]}")
        terms = tuple(term.with_data(np.asarray(new)) for term, new in zip(self.terms, data, strict=True))
        return replace(self, terms=terms, centres=self.centres if centres is None else dict(centres))

    def draw(self, values: Values, rng: np.random.Generator) -> Self:
        """Return a pseudo-experiment: data drawn around the expectation, centres around the nuisance parameters."""
        full = self.complete(values)
        data = [term.draw(full, rng) for term in self.terms]
        centres = {name: full[name] + rng.standard_normal() for name in self.nuisances}
        return self.with_data(data, centres)

    def asimov(self, values: Values) -> Self:
        """Return the likelihood of the data that equal their expectation."""
        full = self.complete(values)
        data = [term.expected(full) for term in self.terms]
        return self.with_data(data, {name: full[name] for name in self.nuisances})

    def scale(self, name: str) -> float:
        """Return about one standard deviation of a parameter, for the step of a minimiser.

        Raises
        ------
        RangeError
            When no bin depends on the strength: its template vanishes.
        """
        if name in self.nuisances:
            return 1.0
        information = sum(term.information(name) for term in self.terms if name in term.strengths)
        if not information > 0.0:
            raise RangeError(f"strength '{name}': its signal vanishes in every bin; allowed: events in at least one")
        return float(1.0 / np.sqrt(information))
