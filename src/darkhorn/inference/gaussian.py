"""Chi-squared of one spectrum as a term of a likelihood: the statistic of fits in the literature."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Self

import numpy as np

from darkhorn.core.errors import unknown_name
from darkhorn.core.rays import Floats
from darkhorn.experiments.loader import Distribution
from darkhorn.inference.cost import Values
from darkhorn.inference.likelihood import covariance

VARIANCES: Final = ("data", "background", "expected")
"""Choices of the statistical variance."""


@dataclass(frozen=True, eq=False)
class GaussianTerm:
    """Chi-squared of one published spectrum of n bins, see :mod:`darkhorn.inference.likelihood`.

    Attributes
    ----------
    name : str
        Label.
    spectrum : Distribution
        Data, background and errors.
    signals, variances : mapping of str to (n,) float
        Events at strength 1 and their Monte-Carlo variance, by the name of the strength.
    variance : str
        Statistical variance of a bin: ``data`` (Neyman, as drawn in the papers), ``background``, or ``expected``:
        background plus signal, with ln det V added, which makes the statistic a likelihood.
    correlation : str
        ``none`` or ``full``: whether the background error moves all bins together.
    """

    name: str
    spectrum: Distribution
    signals: Mapping[str, Floats]
    variances: Mapping[str, Floats] = field(default_factory=dict)
    variance: str = "data"
    correlation: str = "none"

    def __post_init__(self) -> None:
        """Check the choices once; the covariance checks the rest."""
        if self.variance not in VARIANCES:
            raise unknown_name("variance", self.variance, VARIANCES)
        self.covariance(dict.fromkeys(self.signals, 0.0))

    @property
    def strengths(self) -> tuple[str, ...]:
        """Names of the signal strengths."""
        return tuple(self.signals)

    @property
    def nuisances(self) -> tuple[str, ...]:
        """No names: errors of the background are in the covariance."""
        return ()

    @property
    def data(self) -> Floats:
        """Observed events, shape (n,)."""
        return self.spectrum.data

    def signal(self, values: Values) -> Floats:
        """Return the signal at the given strengths, shape (n,), events."""
        total = np.zeros(len(self.spectrum.data))
        for name, array in self.signals.items():
            total = total + values[name] * array
        return total

    def expected(self, values: Values) -> Floats:
        """Return background plus signal, shape (n,), events."""
        return self.spectrum.background + self.signal(values)

    def covariance(self, values: Values) -> Floats:
        """Return V at the given strengths, shape (n, n), events squared."""
        spread = np.zeros(len(self.spectrum.data))
        for name, array in self.variances.items():
            spread = spread + values[name] ** 2 * array
        if self.variance == "expected":
            spread = spread + np.maximum(self.signal(values), 0.0)
        return covariance(
            self.spectrum.data,
            self.spectrum.background,
            self.spectrum.background_fraction,
            self.spectrum.reading_error,
            spread,
            variance="data" if self.variance == "data" else "background",
            correlation=self.correlation,
        )

    def chi2(self, values: Values) -> float:
        """Return (d - b - s)^T V^-1 (d - b - s)."""
        residual = self.spectrum.data - self.expected(values)
        return float(residual @ np.linalg.solve(self.covariance(values), residual))

    def statistic(self, values: Values) -> float:
        """Return chi2, plus ln det V where V depends on the expectation."""
        log_det = float(np.linalg.slogdet(self.covariance(values))[1]) if self.variance == "expected" else 0.0
        return self.chi2(values) + log_det

    def draw(self, values: Values, rng: np.random.Generator) -> Floats:
        """Return Gaussian data around the expectation with the covariance V."""
        drawn = rng.multivariate_normal(self.expected(values), self.covariance(values), method="cholesky")
        return np.maximum(drawn, 0.0)

    def with_data(self, data: Floats) -> Self:
        """Return the same term with other data."""
        return replace(self, spectrum=replace(self.spectrum, data=np.asarray(data, dtype=float)))

    def information(self, name: str) -> float:
        """Return s^T V^-1 s at zero strength."""
        matrix = self.covariance(dict.fromkeys(self.signals, 0.0))
        return float(self.signals[name] @ np.linalg.solve(matrix, self.signals[name]))
