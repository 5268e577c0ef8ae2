"""The combined statistic of the MiniBooNE data release: both modes, E_QE, with its covariance and muon neutrinos.

With v = (s, b, m, s', b', m') (signal, electron-neutrino background, muon-neutrino prediction of neutrino mode, then
of antineutrino mode: 11 + 11 + 8 numbers each) and the released fractional covariance F (60 x 60)::

    C = F * outer(v, v) + diag(s) + diag(s')        M = T C T^T        r = d - T v
    statistic = r^T M^-1 r + ln det M

T adds signal and background of the same bin and keeps the muon neutrinos: 38 bins. The background is the
*unconstrained* prediction; the muon-neutrino bins constrain it inside the statistic.

The conservative variant leaves diag(s) out and adds the Poisson variance diag(T v) to M in all 38 bins. The release
does not say where the statistics of the data enter; quote both for a new model.

Source: data release of arXiv:2006.16883 (HEPData ins1804293).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Final, Self

import numpy as np

from darkhorn.core.errors import RangeError
from darkhorn.core.rays import Floats
from darkhorn.inference.cost import Cost, Values
from darkhorn.inference.release import MODES, Release
from darkhorn.inference.template import Template

N_E: Final = 11
"""Bins of E_QE of the electron-like sample of one mode."""
N_MU: Final = 8
"""Bins of E_QE of the muon-neutrino sample of one mode."""
_BLOCK: Final = 2 * N_E + N_MU
_BINS: Final = N_E + N_MU


def collapse() -> Floats:
    """Return T, shape (38, 60): adds signal and background of each bin, keeps the muon neutrinos."""
    one = np.zeros((_BINS, _BLOCK))
    one[:N_E, :N_E] = one[:N_E, N_E : 2 * N_E] = np.eye(N_E)
    one[N_E:, 2 * N_E :] = np.eye(N_MU)
    return np.asarray(np.kron(np.eye(len(MODES)), one), dtype=float)


@dataclass(frozen=True, eq=False)
class OfficialTerm:
    """The combined statistic as a term of a likelihood.

    Attributes
    ----------
    release : Release
        Data, backgrounds and covariance.
    signals : mapping of str to (22,) float
        Events at strength 1 in the 11 bins of neutrino, then antineutrino mode, by the name of the strength.
    variances : mapping of str to (22,) float
        Their Monte-Carlo variance, added to the diagonal of C.
    conservative : bool
        The variant with the Poisson variance of all bins.
    observed : (38,) float or None
        Data of a pseudo-experiment; None for those of the release.
    """

    release: Release
    signals: Mapping[str, Floats]
    variances: Mapping[str, Floats] = field(default_factory=dict)
    conservative: bool = False
    observed: Floats | None = None

    @property
    def name(self) -> str:
        """Label."""
        return "conservative" if self.conservative else "official"

    @property
    def strengths(self) -> tuple[str, ...]:
        """Names of the signal strengths."""
        return tuple(self.signals)

    @property
    def nuisances(self) -> tuple[str, ...]:
        """No names: all systematic errors are in the covariance."""
        return ()

    @property
    def data(self) -> Floats:
        """Observed events, shape (38,): electron-like and muon-like bins of each mode."""
        return self.release.data if self.observed is None else self.observed

    @cached_property
    def _collapse(self) -> Floats:
        return collapse()

    def signal(self, values: Values) -> Floats:
        """Return the signal at the given strengths, shape (22,), events."""
        total = np.zeros(2 * N_E)
        for name, array in self.signals.items():
            total = total + values[name] * array
        return total

    def vector(self, values: Values) -> Floats:
        """Return v, shape (60,)."""
        v = self.release.prediction.copy()
        v[_SIGNAL_ROWS] = self.signal(values)
        return v

    def expected(self, values: Values) -> Floats:
        """Return T v, shape (38,), events."""
        return self._collapse @ self.vector(values)

    def covariance(self, values: Values) -> Floats:
        """Return M, shape (38, 38), events squared."""
        v = self.vector(values)
        matrix = self.release.fractional_covariance * np.outer(v, v)
        diagonal = np.zeros(len(v))
        for name, array in self.variances.items():
            diagonal[_SIGNAL_ROWS] += values[name] ** 2 * array
        if not self.conservative:
            diagonal[_SIGNAL_ROWS] += np.maximum(v[_SIGNAL_ROWS], 0.0)
        matrix[np.diag_indices(len(v))] += diagonal
        collapsed = self._collapse @ matrix @ self._collapse.T
        return collapsed + np.diag(self._collapse @ v) if self.conservative else collapsed

    def chi2_and_log_det(self, values: Values) -> tuple[float, float]:
        """Return the two parts of the statistic.

        Raises
        ------
        RangeError
            When M is not positive definite.
        """
        matrix = self.covariance(values)
        residual = self.data - self.expected(values)
        sign, log_det = np.linalg.slogdet(matrix)
        if not sign > 0.0:
            raise RangeError(
                "covariance of the combined statistic: not positive definite; is the released matrix whole?"
            )
        return float(residual @ np.linalg.solve(matrix, residual)), float(log_det)

    def chi2(self, values: Values) -> float:
        """Return r^T M^-1 r."""
        return self.chi2_and_log_det(values)[0]

    def statistic(self, values: Values) -> float:
        """Return r^T M^-1 r + ln det M."""
        return sum(self.chi2_and_log_det(values))

    def draw(self, values: Values, rng: np.random.Generator) -> Floats:
        """Return Gaussian data around T v with the covariance M, shape (38,)."""
        return rng.multivariate_normal(self.expected(values), self.covariance(values), method="cholesky")

    def with_data(self, data: Floats) -> Self:
        """Return the same term with other data."""
        return replace(self, observed=np.asarray(data, dtype=float))

    def information(self, name: str) -> float:
        """Return s^T M^-1 s of the 22 signal bins at zero strength."""
        matrix = self.covariance(dict.fromkeys(self.signals, 0.0))
        full = self._collapse[:, _SIGNAL_ROWS] @ self.signals[name]
        return float(full @ np.linalg.solve(matrix, full))


_SIGNAL_ROWS: Final = np.concatenate([start + np.arange(N_E) for start in (0, _BLOCK)])
"""Rows of v that hold the signal."""


def official_cost(
    release: Release, signals: Mapping[str, Mapping[str, Template]], *, conservative: bool = False
) -> Cost:
    """Return the combined statistic for signals in E_QE.

    Parameters
    ----------
    release : Release
        From :func:`darkhorn.inference.release.load_release`.
    signals : mapping of strength to mapping of mode to Template
        By mode (``neutrino``, ``antineutrino``; one that is left out has no signal) the events at strength 1 on the
        axis ``e_qe`` in the 11 bins of the release, without the window in E_QE of the published excess. Empty: the
        statistic without signal.
    conservative : bool
        The variant.

    Raises
    ------
    RangeError
        When a signal is on another axis (E_vis is not E_QE) or in other bins.
    """
    events, variances = {}, {}
    for strength, modes in signals.items():
        unknown = set(modes) - set(MODES)
        if unknown:
            raise RangeError(f"mode '{min(unknown)}' in the combined statistic; allowed: {', '.join(MODES)}")
        found = [modes[mode].on(("e_qe",), (release.edges,)) if mode in modes else None for mode in MODES]
        events[strength] = np.concatenate([t.events if t else np.zeros(N_E) for t in found])
        variances[strength] = np.concatenate([t.variance if t else np.zeros(N_E) for t in found])
    return Cost((OfficialTerm(release, events, variances, conservative),))
