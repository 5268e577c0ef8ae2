"""The rest-frame spectrum of a dark particle, tabulated once per mass point and looked up by array."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np

from darkhorn.core.rays import Floats
from darkhorn.models.channels import Emission, three_body
from darkhorn.models.productions import Production

_NODES = 1024
_FEW: Final = 129
"""Nodes that are enough for a smooth spectrum."""
_TRIED: Final = np.array([1, 3, 9, 100, 301, 500, 701, 900, 1010, 1017, 1019, 1020, 1021, 1022])
"""Nodes at which that is tried out, most of them near the end, where spectra with an electron have a step."""
_SMOOTH: Final = 1.0e-7


@dataclass(frozen=True)
class Spectrum:
    """(1/Gamma) dGamma/dE* of one decay channel per unit coupling squared, divided by p*.

    Attributes
    ----------
    parent : int
        PDG number (of the positive or the negative meson; the spectrum is the same).
    name : str
        Which decay.
    mass, energy_min, energy_max : float
        Mass of the particle, its least (usually the mass) and its largest rest-frame energy, MeV.
    table : (K,) float
        Density over p* in 1/MeV^2 at nodes that crowd at both ends, where the spectrum is steep:
        E* = E*_min + (E*_max - E*_min) (1 - cos(pi y))/2 with y uniform in [0, 1].
    count : float
        Particles in one decay, already in the table.
    """

    parent: int
    name: str
    mass: float
    energy_min: float
    energy_max: float
    table: Floats
    count: float = 1.0

    @property
    def nodes(self) -> Floats:
        """Rest-frame energies of the table in MeV, shape (K,)."""
        return _node_energies(self.energy_min, self.energy_max, len(self.table))

    @property
    def branching(self) -> float:
        """Particles per decay and unit coupling squared: the integral of the table."""
        return float(self._cumulative()[-1])

    def density_over_p(self, rest_energy: Floats) -> Floats:
        """Return (1/Gamma)(dGamma/dE*)/p* in 1/MeV^2 at energies in MeV; zero outside of the spectrum."""
        fraction = (rest_energy - self.energy_min) / (self.energy_max - self.energy_min)
        inside = (fraction <= 1.0) & (rest_energy >= self.energy_min)
        place = np.arccos(1.0 - 2.0 * np.clip(fraction, 0.0, 1.0)) * ((len(self.table) - 1) / np.pi)
        cell = np.minimum(place.astype(np.int64), len(self.table) - 2)
        step = place - cell
        value = self.table[cell] * (1.0 - step) + self.table[cell + 1] * step
        return np.where(inside, value, 0.0)

    def sample(self, u: Floats) -> Floats:
        """Return rest-frame energies in MeV drawn from the spectrum by inverting its cumulative sum."""
        cumulative = self._cumulative()
        y = np.interp(u * cumulative[-1], cumulative, np.linspace(0.0, 1.0, len(cumulative)))
        energy: Floats = self.energy_min + (self.energy_max - self.energy_min) * 0.5 * (1.0 - np.cos(np.pi * y))
        return energy

    def _cumulative(self) -> Floats:
        """Return the running integral of the spectrum on the nodes (trapezoids in y)."""
        y = np.linspace(0.0, 1.0, len(self.table))
        momentum = np.sqrt(np.maximum((self.nodes - self.mass) * (self.nodes + self.mass), 0.0))
        jacobian = (self.energy_max - self.energy_min) * 0.5 * np.pi * np.sin(np.pi * y)
        density = self.table * momentum * jacobian
        return np.concatenate([[0.0], np.cumsum(0.5 * (density[1:] + density[:-1]) * np.diff(y))])


def _node_energies(low: float, high: float, n: int) -> Floats:
    """Return the energies of the table's nodes in MeV."""
    energies: Floats = low + (high - low) * 0.5 * (1.0 - np.cos(np.linspace(0.0, np.pi, n)))
    return energies


def tabulate_emission(emission: Emission, nodes: int = _NODES) -> Spectrum:
    """Return a spectrum as a table; linear look-up is good to about 1e-5 of the peak with the default ``nodes``."""
    low = emission.mass if emission.energy_min is None else emission.energy_min
    top, m_x = emission.energy_max, emission.mass
    table = _smooth_table(emission, low) if nodes == _NODES else None
    if table is None:
        table = _density_over_p(emission, low, _node_energies(low, top, nodes))
    return Spectrum(emission.parent, emission.name, m_x, low, top, table, emission.count)


def _density_over_p(emission: Emission, low: float, energies: Floats) -> Floats:
    """Return particles per decay and MeV over the momentum at rest-frame energies from ``low`` on, in 1/MeV^2."""
    safe = np.maximum(energies, low + 1.0e-9 * (emission.energy_max - low))
    momentum = np.sqrt((safe - emission.mass) * (safe + emission.mass))
    density: Floats = emission.density(safe) / momentum / emission.total_width
    return density


def _smooth_table(emission: Emission, low: float) -> Floats | None:
    """Return the table from an eighth of its nodes, or None where other nodes show that the spectrum is not smooth.

    The nodes are those of Chebyshev: a cosine series in y that agrees with the spectrum on 129 of them.
    """
    top = emission.energy_max
    where = np.concatenate([_node_energies(low, top, _FEW), _node_energies(low, top, _NODES)[_TRIED]])
    values = _density_over_p(emission, low, where)
    table: Floats = _cosine_series() @ values[:_FEW]
    wrong = np.abs(table[_TRIED] - values[_FEW:]).max()
    return np.maximum(table, 0.0) if wrong <= _SMOOTH * values.max() else None


@lru_cache(maxsize=1)
def _cosine_series() -> Floats:
    """Return the matrix (1024, 129) from values at few nodes to those at all nodes, exact for 129 cosines in y."""
    order, last = np.arange(_FEW), _FEW - 1
    half = np.where((order == 0) | (order == last), 0.5, 1.0)
    coefficients = 2.0 / last * half[:, None] * half * np.cos(np.pi / last * np.outer(order, order))
    matrix: Floats = np.cos(np.outer(np.linspace(0.0, np.pi, _NODES), order)) @ coefficients
    matrix.flags.writeable = False
    return matrix


def tabulate(production: Production, parent: int, lepton: int, m_x: float, nodes: int = _NODES) -> Spectrum:
    """Return the spectrum of parent -> lepton nu X as a table; arguments and errors as ``channels.three_body``."""
    return tabulate_emission(three_body(production, parent, lepton, m_x), nodes)
