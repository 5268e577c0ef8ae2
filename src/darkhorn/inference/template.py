"""A predicted spectrum at unit strength: events in bins of named axes, with the Monte-Carlo variance."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike

from darkhorn.core.errors import RangeError, require_range
from darkhorn.core.rays import Floats

if TYPE_CHECKING:
    from hist import Hist


@dataclass(frozen=True, eq=False)
class Template:
    """Events at unit strength in the bins of one or two named axes.

    Attributes
    ----------
    axes : tuple of str
        Names, such as ``("e_qe",)`` or ``("e_vis", "cos_theta")``; part of what is compared, never decoration.
    edges : tuple of (n_i + 1,) float
        Bin edges of each axis, MeV for energies.
    events : (n_1, ...) float
        Expected events in the exposure at strength 1, not negative.
    variance : (n_1, ...) float
        Monte-Carlo variance of ``events``, events squared.
    """

    axes: tuple[str, ...]
    edges: tuple[Floats, ...]
    events: Floats
    variance: Floats

    def __post_init__(self) -> None:
        """Check shapes and signs once."""
        shape = tuple(len(edge) - 1 for edge in self.edges)
        if not (len(self.axes) == len(self.edges) and self.events.shape == self.variance.shape == shape):
            raise RangeError(
                f"template on {self.axes}: shapes {self.events.shape} and {self.variance.shape} do not fit {shape} bins"
            )
        require_range(f"template on {self.axes}: events", self.events, 0.0, unit="events")
        require_range(f"template on {self.axes}: variance", self.variance, 0.0, unit="events^2")

    @classmethod
    def make(cls, axes: str | Sequence[str], edges: Any, events: ArrayLike, variance: ArrayLike = 0.0) -> Self:
        """Return a template from anything array-like; one axis may be given without a tuple around it."""
        if isinstance(axes, str):
            axes, edges = (axes,), (edges,)
        values = np.asarray(events, dtype=float)
        spread = np.broadcast_to(np.asarray(variance, dtype=float), values.shape)
        return cls(tuple(axes), tuple(np.asarray(edge, dtype=float) for edge in edges), values, spread)

    @classmethod
    def from_hist(cls, histogram: "Hist[Any]") -> Self:
        """Return the template of a ``hist.Hist`` with named axes; without variances they are 0."""
        spread = histogram.variances()
        return cls.make(
            tuple(axis.name for axis in histogram.axes),
            tuple(axis.edges for axis in histogram.axes),
            histogram.values(),
            0.0 if spread is None else spread,
        )

    def on(self, axes: Sequence[str], edges: Sequence[Floats]) -> Self:
        """Return the template itself when it has these axes and edges.

        Raises
        ------
        RangeError
            When an axis has another name or other bins: a spectrum in E_vis is never compared with one in E_QE.
        """
        if self.axes != tuple(axes):
            raise RangeError(
                f"signal on the axes {', '.join(self.axes)} against data on {', '.join(axes)}: "
                "different quantities cannot be compared; predict the spectrum on the axes of the data"
            )
        for name, mine, theirs in zip(axes, self.edges, edges, strict=True):
            if len(mine) != len(theirs) or not np.allclose(mine, theirs, rtol=1e-12, atol=1e-9):
                raise RangeError(
                    f"signal on {name}: {len(mine) - 1} bins from {mine[0]:g} to {mine[-1]:g}; "
                    f"allowed: the {len(theirs) - 1} bins of the data from {theirs[0]:g} to {theirs[-1]:g}"
                )
        return self

    def scaled(self, factor: float) -> "Template":
        """Return the template with its events multiplied by a factor >= 0."""
        return Template(self.axes, self.edges, self.events * factor, self.variance * factor**2)
