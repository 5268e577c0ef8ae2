"""What an experiment observed: selection windows, published spectra and counts, one running mode of each."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from darkhorn.core.errors import RangeError, ScenarioError, require_range, unknown_name
from darkhorn.core.rays import Bools, Floats
from darkhorn.experiments.missing import require
from darkhorn.experiments.reading import require_increasing
from darkhorn.physics.ccqe import energy_of_e_qe

AXES: Final = {"e_vis": "MeV", "cos_theta": "", "time": "ns", "delay": "ns"}
"""Axes that a spectrum may have, with their units."""

BACKGROUNDS: Final = ("constrained", "unconstrained")
"""Whether the muon-neutrino sample has been used to constrain a background."""


@dataclass(frozen=True)
class Window:
    """Range of visible energy and of E_QE in MeV that a sample is selected with; infinite where there is no cut.

    Attributes
    ----------
    e_vis_min, e_vis_max, e_qe_min, e_qe_max : float
        Bounds in MeV.
    antineutrino : bool
        Whether E_QE is that of nubar p -> l n, as an antineutrino mode reconstructs it, or of nu n -> l p.
    e_qe_binding : float
        Binding energy in MeV that E_QE is reconstructed with.
    """

    e_vis_min: float = -np.inf
    e_vis_max: float = np.inf
    e_qe_min: float = -np.inf
    e_qe_max: float = np.inf
    antineutrino: bool = False
    e_qe_binding: float = 0.0

    def accepts(self, e_vis: Floats, e_qe: Floats) -> Bools:
        """Return which events pass, for energies in MeV of shape (N,); the lower bounds are excluded."""
        passed: Bools = (e_vis > self.e_vis_min) & (e_vis < self.e_vis_max)
        return passed & (e_qe > self.e_qe_min) & (e_qe < self.e_qe_max)

    def least_e_vis(self, cos_theta: Floats) -> Floats:
        """Return the visible energy in MeV below which nothing passes at cosines to the beam (N,), at least 0."""
        least = max(self.e_vis_min, 0.0)
        if self.e_qe_min <= 0.0:
            return np.full(len(cos_theta), least)
        lowest = energy_of_e_qe(
            self.e_qe_min, cos_theta, antineutrino=self.antineutrino, binding_energy=self.e_qe_binding
        )
        return np.maximum(lowest, least)


@dataclass(frozen=True, eq=False)
class Distribution:
    """One published spectrum of n bins.

    Attributes
    ----------
    name : str
        Axis: one of :data:`AXES`.
    edges : (n + 1,) float
        Increasing, in the unit of the axis.
    data, background : (n,) float
        Events in the exposure of the mode.
    reading_error : (n,) float
        Error of reading the figure, events.
    background_fraction : float
        Systematic error of the background as a fraction of it.
    background_kind : str
        ``constrained`` or ``unconstrained``.
    quality : str
        O official, F digitised figure, D derived.
    source : str
        Where it was published.
    """

    name: str
    edges: Floats
    data: Floats
    background: Floats
    reading_error: Floats
    background_fraction: float
    background_kind: str
    quality: str
    source: str

    def __post_init__(self) -> None:
        """Check once what every user of the spectrum relies on."""
        n = len(self.data)
        if not (len(self.edges) == n + 1 and len(self.background) == len(self.reading_error) == n >= 1):
            raise RangeError(f"{self.name}: {len(self.edges)} edges do not fit {n} bins of data and background")
        require_increasing(f"{self.name}: edges", self.edges, AXES.get(self.name, ""))
        for key in ("data", "background", "reading_error"):
            require_range(f"{self.name}: {key}", getattr(self, key), 0.0, unit="events")
        require_range(f"{self.name}: background_fraction", self.background_fraction, 0.0)

    @property
    def unit(self) -> str:
        """Unit of the axis."""
        return AXES.get(self.name, "")

    @property
    def excess(self) -> Floats:
        """Data minus background in events, shape (n,)."""
        return self.data - self.background

    @property
    def background_error(self) -> Floats:
        """Systematic and reading error of the background in quadrature, events, shape (n,)."""
        return np.hypot(self.background_fraction * self.background, self.reading_error)


@dataclass(frozen=True)
class Counting:
    """One counting channel; None where a number is missing.

    Attributes
    ----------
    name : str
        Name of the selection in the file.
    observed, expected, expected_error : float or None
        Events seen, expected without a signal, and the systematic error of the expectation.
    excess, excess_error : float or None
        Events above expectation and their whole error, where the source gives these only; otherwise
        ``observed - expected`` and the root of ``expected + expected_error^2``.
    source, status : str
        Where the numbers are from, and whether they were ``read``, ``computed`` or are ``unverified``.
    missing : mapping
        Messages about the numbers that the user must supply, by name.
    """

    name: str
    observed: float | None
    expected: float | None
    expected_error: float | None
    excess: float | None
    excess_error: float | None
    source: str
    status: str
    missing: Mapping[str, str] = field(default_factory=dict)

    def numbers(self) -> tuple[float, float, float]:
        """Return observed, expected and the error of the expectation, in events.

        Raises
        ------
        ScenarioError
            When one of them is missing; the message says what to supply.
        """
        values = (self._of("observed"), self._of("expected"), self._of("expected_error"))
        return values[0], values[1], values[2]

    def excess_numbers(self) -> tuple[float, float]:
        """Return the excess and its whole error (statistical and systematic), in events; errors as :meth:`numbers`."""
        return self._of("excess"), self._of("excess_error")

    def _of(self, key: str) -> float:
        """Return one number, or say that it is missing."""
        value: float | None = getattr(self, key)
        if value is None:
            require(self.missing, key)
            raise ScenarioError(f"counting channel '{self.name}': {key} is not in its source ({self.source})")
        return value


@dataclass(frozen=True, eq=False)
class Mode:
    """A running mode: exposure, selection window, spectra and counts.

    Attributes
    ----------
    name, beam_mode : str
        Its name, and the mode of the beam line.
    pot : float
        Protons on target.
    window : Window
        Selection.
    distributions : tuple of Distribution
        Published spectra.
    excess, excess_error : float or None
        Published excess in events; for MiniBooNE in 200 < E_QE < 1250 MeV over the constrained background.
    published : mapping
        Published totals in events.
    counts : tuple of Counting
        Counting channels.
    edges : mapping of str to (n + 1,) float
        Bins of the published spectra, then those that the file proposes for a prediction.
    response : mapping
        Parameters for ``build_response``: those of the experiment, changed by those of the mode.
    files : tuple of str
        Files of the data directory that belong to this mode.
    missing : mapping
        Messages about what the user must supply, by key below the mode.
    """

    name: str
    beam_mode: str
    pot: float
    window: Window
    distributions: tuple[Distribution, ...]
    excess: float | None
    excess_error: float | None
    published: Mapping[str, float]
    counts: tuple[Counting, ...] = ()
    edges: Mapping[str, Floats] = field(default_factory=dict)
    response: Mapping[str, Any] = field(default_factory=dict)
    files: tuple[str, ...] = ()
    missing: Mapping[str, str] = field(default_factory=dict)

    def distribution(self, name: str) -> Distribution:
        """Return the spectrum on an axis.

        Raises
        ------
        ScenarioError
            When the experiment has published no spectra: what to supply.
        UnknownNameError
            When it has published others.
        """
        require(self.missing, "distributions")
        for found in self.distributions:
            if found.name == name:
                return found
        raise unknown_name(f"distribution of mode {self.name}", name, (d.name for d in self.distributions))

    def counting(self, name: str) -> Counting:
        """Return a counting channel; errors as :meth:`distribution`."""
        require(self.missing, "counts")
        for found in self.counts:
            if found.name == name:
                return found
        raise unknown_name(f"counting channel of mode {self.name}", name, (c.name for c in self.counts))
