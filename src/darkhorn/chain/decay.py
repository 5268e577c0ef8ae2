"""The rest-frame spectrum of a dark particle, tabulated once per mass point and looked up by array."""

from dataclasses import dataclass

import numpy as np

from darkhorn.core.rays import Floats
from darkhorn.models.channels import Emission, three_body
from darkhorn.models.productions import Production

_NODES = 1024


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
    energies = _node_energies(low, top, nodes)
    energies[0] = low + 1.0e-9 * (top - low)
    momentum = np.sqrt((energies - m_x) * (energies + m_x))
    rate = emission.density(energies)
    table = rate / momentum / emission.total_width
    return Spectrum(emission.parent, emission.name, m_x, low, top, table, emission.count)


def tabulate(production: Production, parent: int, lepton: int, m_x: float, nodes: int = _NODES) -> Spectrum:
    """Return the spectrum of parent -> lepton nu X as a table; arguments and errors as ``channels.three_body``."""
    return tabulate_emission(three_body(production, parent, lepton, m_x), nodes)
