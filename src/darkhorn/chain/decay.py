"""The rest-frame spectrum of a dark boson, tabulated once per mass point and looked up by array."""

from dataclasses import dataclass

import numpy as np

from darkhorn.core.errors import ThresholdError
from darkhorn.core.rays import Floats
from darkhorn.core.species import mass, name_of, width
from darkhorn.models.productions import Production, dgamma_de, threshold
from darkhorn.physics.phase_space import energy_max

_NODES = 1024


@dataclass(frozen=True)
class Spectrum:
    """(1/Gamma) dGamma/dE* of one decay channel per unit coupling squared, divided by p*.

    Attributes
    ----------
    parent, lepton : int
        PDG numbers (of the positive or the negative meson; the spectrum is the same).
    mass, energy_max : float
        Mass of the boson and its largest rest-frame energy, MeV.
    table : (K,) float
        Density over p* in 1/MeV^2 at nodes that crowd at both ends, where the spectrum is steep:
        E* = m + (E*_max - m) (1 - cos(pi y))/2 with y uniform in [0, 1].
    """

    parent: int
    lepton: int
    mass: float
    energy_max: float
    table: Floats

    @property
    def nodes(self) -> Floats:
        """Rest-frame energies of the table in MeV, shape (K,)."""
        return _node_energies(self.mass, self.energy_max, len(self.table))

    @property
    def branching(self) -> float:
        """Branching ratio per unit coupling squared: the integral of the table."""
        return float(self._cumulative()[-1])

    def density_over_p(self, rest_energy: Floats) -> Floats:
        """Return (1/Gamma)(dGamma/dE*)/p* in 1/MeV^2 at energies in MeV; zero above the end point."""
        fraction = (rest_energy - self.mass) / (self.energy_max - self.mass)
        inside = fraction <= 1.0
        place = np.arccos(1.0 - 2.0 * np.clip(fraction, 0.0, 1.0)) * ((len(self.table) - 1) / np.pi)
        cell = np.minimum(place.astype(np.int64), len(self.table) - 2)
        step = place - cell
        value = self.table[cell] * (1.0 - step) + self.table[cell + 1] * step
        return np.where(inside, value, 0.0)

    def sample(self, u: Floats) -> Floats:
        """Return rest-frame energies in MeV drawn from the spectrum by inverting its cumulative sum."""
        cumulative = self._cumulative()
        y = np.interp(u * cumulative[-1], cumulative, np.linspace(0.0, 1.0, len(cumulative)))
        energy: Floats = self.mass + (self.energy_max - self.mass) * 0.5 * (1.0 - np.cos(np.pi * y))
        return energy

    def _cumulative(self) -> Floats:
        """Return the running integral of the spectrum on the nodes (trapezoids in y)."""
        y = np.linspace(0.0, 1.0, len(self.table))
        momentum = np.sqrt(np.maximum((self.nodes - self.mass) * (self.nodes + self.mass), 0.0))
        jacobian = (self.energy_max - self.mass) * 0.5 * np.pi * np.sin(np.pi * y)
        density = self.table * momentum * jacobian
        return np.concatenate([[0.0], np.cumsum(0.5 * (density[1:] + density[:-1]) * np.diff(y))])


def _node_energies(low: float, high: float, n: int) -> Floats:
    """Return the energies of the table's nodes in MeV."""
    energies: Floats = low + (high - low) * 0.5 * (1.0 - np.cos(np.linspace(0.0, np.pi, n)))
    return energies


def tabulate(production: Production, parent: int, lepton: int, m_x: float, nodes: int = _NODES) -> Spectrum:
    """Return the spectrum of parent -> lepton nu X as a table.

    Parameters
    ----------
    production : Production
        Amplitude.
    parent, lepton : int
        PDG numbers.
    m_x : float
        Mass of the boson in MeV.
    nodes : int
        Size of the table; linear look-up is good to about 1e-5 of the peak with the default.

    Returns
    -------
    Spectrum

    Raises
    ------
    ThresholdError
        When the decay is closed at this mass; the message names the threshold.
    """
    limit = threshold(parent, lepton)
    if m_x >= limit:
        decay = f"{name_of(parent)} -> {name_of(abs(lepton))} nu X"
        raise ThresholdError(f"m_x = {m_x:g} MeV: the decay {decay} is closed; allowed: 0 <= m_x < {limit:.6g} MeV")
    top = float(energy_max(mass(parent), mass(lepton), m_x))
    energies = _node_energies(m_x, top, nodes)
    energies[0] = m_x + 1.0e-9 * (top - m_x)
    momentum = np.sqrt((energies - m_x) * (energies + m_x))
    rate = dgamma_de(production, parent, lepton, m_x, energies)
    return Spectrum(parent, lepton, m_x, top, rate / momentum / width(parent))
