"""What is seen of the particles of one model, kept so that models with another propagator need only other weights."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from darkhorn.chain.observe import Observed, cells_of, coordinate
from darkhorn.chain.setup import Setup
from darkhorn.core.rays import Floats, Ints
from darkhorn.models.channels import Channel, Conversion

_CHECKED_ROWS: Final = 32
_SAME: Final = 1.0e-9


@dataclass(frozen=True)
class Photographs:
    """What is seen through one channel in one mode: only rows that pass the selection.

    Attributes
    ----------
    channel : Channel
        With which they were made.
    q_sq : (N,) float
        Squared momentum transfer (MeV^2).
    sample : tuple of three (about 32,) float
        Energies (MeV), squared momentum transfers and cross sections of some rows, to compare channels with.
    sums : (cells, N) sparse matrix of float
        Selected events in the exposure that each row adds to each cell: to its replicate, then to its replicate and
        bin of each distribution, the last bin of a replicate for everything outside.
    """

    channel: Channel
    q_sq: Floats
    sample: tuple[Floats, Floats, Floats]
    sums: Any


def sums_of(setup: Setup, found: Observed, keep: Ints, replicate: Ints, count: int) -> Any:
    """Return the sparse matrix of :class:`Photographs` for the rows that are kept, of ``count`` replicates."""
    from scipy.sparse import csr_array

    cells, size = [replicate], count
    for name, edges in setup.edges.items():
        cells.append(size + cells_of(coordinate(found, name, setup.cells)[keep], edges, replicate))
        size += count * len(edges)
    weight = np.tile(found.weight[keep] * setup.pot, len(cells))
    column = np.tile(np.arange(len(keep)), len(cells))
    return csr_array((weight, (np.concatenate(cells), column)), shape=(size, len(keep)))


def sample_of(channel: Channel, energy: Floats, q_sq: Floats) -> tuple[Floats, Floats, Floats]:
    """Return energies, momentum transfers and cross sections of about 32 rows; no rows for other channels."""
    step = max(1, len(energy) // _CHECKED_ROWS)
    some = slice(None, None, step) if isinstance(channel, Conversion) else slice(0)
    few = energy[some], q_sq[some]
    return (*few, channel.dsigma_dq_sq_cm2(*few) if isinstance(channel, Conversion) else few[0])


def propagators_differ(seen: Photographs, channel: Channel) -> bool:
    """Return whether a channel is the same but for the mass in a propagator squared: checked on some rows to 1e-9."""
    own = seen.channel
    if not isinstance(own, Conversion) or not isinstance(channel, Conversion):
        return False
    if (own.name, own.target_mass, own.number_density) != (channel.name, channel.target_mass, channel.number_density):
        return False
    energy, q_sq, sigma = seen.sample
    expected = sigma * _ratio(q_sq, own.mediator_mass, channel.mediator_mass)
    return bool(np.all(np.abs(channel.dsigma_dq_sq_cm2(energy, q_sq) - expected) <= _SAME * expected))


def ratios(seen: Photographs, channels: Sequence[Channel]) -> Floats:
    """Return the ratios of the propagators squared, of other channels to that of the rows, (N, len(channels)).

    Raises
    ------
    TypeError
        For another channel without a propagator.
    """
    own = seen.channel
    if isinstance(own, Conversion):
        masses = [channel.mediator_mass for channel in channels if isinstance(channel, Conversion)]
        if len(masses) == len(channels):
            return _ratio(seen.q_sq[:, None], own.mediator_mass, np.array(masses))
    elif len(channels) == 1:
        return np.ones((len(seen.q_sq), 1))
    raise TypeError(f"{type(own).__name__} has no propagator that could change")


def _ratio(q_sq: Floats, own: float, other: Floats | float) -> Floats:
    """Return the ratio of the propagators squared with two masses in MeV."""
    root = (q_sq + own**2) / (q_sq + np.square(other))
    found: Floats = root * root
    return found
