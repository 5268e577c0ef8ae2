"""What remains of many histories: sums of their weights, which add up."""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from darkhorn.chain.setup import Setup
from darkhorn.core.rays import Floats


class Made(NamedTuple):
    """Mesons, decays and particles of one kind of decay, per POT; the last two at reference couplings."""

    mesons: float
    decays: float
    particles: float


@dataclass(frozen=True)
class Tally:
    """Sums over points of the weights at reference couplings: divided by the points of a replicate they are per POT.

    Attributes
    ----------
    spectra, bosons : (replicates, bins) float
        Selected events by distribution, and particles that cross the detector by energy.
    signal, crossing : (replicates,) float
        Their sums.
    signal_sq, largest : float
        Sum of the squares of the weights of selected events, and the largest weight.
    chord, time, delay : float
        Weighted sums over the particles that cross.
    rows : int
        Weights in all.
    decays : dict
        By name, summed over replicates.
    """

    spectra: dict[str, Floats]
    bosons: Floats
    signal: Floats
    crossing: Floats
    signal_sq: float = 0.0
    largest: float = 0.0
    chord: float = 0.0
    time: float = 0.0
    delay: float = 0.0
    rows: int = 0
    decays: dict[str, Made] = field(default_factory=dict)

    @classmethod
    def nothing(cls, setup: Setup, replicates: int) -> "Tally":
        """Return the sums of no history."""
        spectra = {name: np.zeros((replicates, len(edges) - 1)) for name, edges in setup.edges.items()}
        return cls(
            spectra, np.zeros((replicates, len(setup.boson_edges) - 1)), np.zeros(replicates), np.zeros(replicates)
        )

    def __add__(self, other: "Tally") -> "Tally":
        """Return the sums of both."""
        decays = dict(self.decays)
        for name, made in other.decays.items():
            decays[name] = Made(*np.add(decays.get(name, (0.0, 0.0, 0.0)), made).tolist())
        return Tally(
            {name: rows + other.spectra[name] for name, rows in self.spectra.items()},
            self.bosons + other.bosons,
            self.signal + other.signal,
            self.crossing + other.crossing,
            self.signal_sq + other.signal_sq,
            max(self.largest, other.largest),
            self.chord + other.chord,
            self.time + other.time,
            self.delay + other.delay,
            self.rows + other.rows,
            decays,
        )
