"""What one mode of an experiment looks like to the chain: exposure, decaying mesons, detector, binning."""

from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from darkhorn.core.rays import Floats, Rays
from darkhorn.detector.geometry import Shape
from darkhorn.detector.response import Response
from darkhorn.detector.rings import RingRule
from darkhorn.experiments.loader import Window
from darkhorn.models.channels import Nucleus


class Parents(Protocol):
    """Decaying mesons of one species as a function of points of the unit cube."""

    @property
    def species(self) -> int:
        """PDG number."""

    def sample(self, points: Floats, threads: int = 1) -> Rays:
        """Return one decaying meson a point; weights sum to the decays per POT."""


@runtime_checkable
class Counted(Protocol):
    """Mesons whose number per POT may be known without drawing any."""

    @property
    def yield_per_pot(self) -> float | None:
        """Decaying mesons per POT, or None where they have to be counted."""


@dataclass(frozen=True)
class Setup:
    """What one mode of an experiment looks like to the chain.

    Attributes
    ----------
    name : str
        Name of the mode.
    pot : float
        Exposure in protons on target.
    parents : tuple of Parents
        One entry a species.
    shape, nuclei, response, window
        Detector volume, its targets, what it reports and what is selected.
    edges : dict of str to (n+1,) float
        Bin edges of ``e_vis`` (MeV), ``cos_theta`` and, where wanted, ``time`` and ``delay`` (ns), ``e_qe`` (MeV) and
        ``cell`` (number of the cell of a table).
    boson_edges : (n+1,) float
        Bin edges of the energy of the particles that cross the detector, MeV.
    rings : RingRule
        When two electromagnetic particles are seen as one ring; only such pairs are selected.
    cells : tuple of (n + 1,) and (m + 1,) float, optional
        Edges of E_vis (MeV) and cos theta of the table that ``cell`` counts in, cos theta first.
    """

    name: str
    pot: float
    parents: tuple[Parents, ...]
    shape: Shape
    nuclei: tuple[Nucleus, ...]
    response: Response
    window: Window
    edges: dict[str, Floats]
    boson_edges: Floats
    rings: RingRule = field(default_factory=RingRule)
    cells: tuple[Floats, Floats] | None = None
