"""Widths and branching ratios of V1 and chi' of the dark-matter scenario, at the given couplings."""

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np

from darkhorn.core.rays import Floats
from darkhorn.core.species import ELECTRON, MUON, mass
from darkhorn.core.units import HBARC
from darkhorn.physics.chi_widths import width_vector_to_transition
from darkhorn.physics.dark_decays import width_fermion_to_fermion_vector, width_vector_to_fermions
from darkhorn.physics.neutral_mesons import pair_width
from darkhorn.physics.pair_decays import alignment, pair_cosine, tabulated_s
from darkhorn.physics.weak import ALPHA

_E: float = float(np.sqrt(4.0 * np.pi * ALPHA))


class Parameters(Protocol):
    """What of the model the widths depend on; meanings as in ``DarkMatter``."""

    @property
    def spin(self) -> str:
        """Of chi."""

    @property
    def m_v1(self) -> float:
        """MeV."""

    @property
    def m_chi(self) -> float:
        """MeV."""

    @property
    def m_chi_prime(self) -> float:
        """MeV."""

    @property
    def eps1(self) -> float:
        """Mixing of V1."""

    @property
    def alpha_d1(self) -> float:
        """Diagonal."""

    @property
    def alpha_t1(self) -> float:
        """Transition."""

    @property
    def branching_v1(self) -> float | None:
        """By hand, or None."""

    @property
    def pair(self) -> str:
        """What V1 decays into."""


@dataclass(frozen=True)
class DarkWidths:
    """Widths in MeV and shares; exactly 0 where a decay is closed."""

    model: Parameters

    @cached_property
    def v1_diagonal(self) -> float:
        """V1 -> chi chi."""
        m = self.model
        return float(pair_width(m.m_v1, m.m_chi, m.alpha_d1, m.spin))

    @cached_property
    def v1_transition(self) -> float:
        """V1 -> chi chi' and its conjugate."""
        m = self.model
        if m.spin != "dirac" or m.alpha_t1 == 0.0:
            return 0.0
        strength = np.sqrt(4.0 * np.pi * m.alpha_t1)
        return 2.0 * float(width_vector_to_transition(strength, m.m_v1, m.m_chi, m.m_chi_prime))

    @cached_property
    def v1_leptons(self) -> tuple[float, float]:
        """V1 -> e+ e- and V1 -> mu+ mu-."""
        m = self.model
        electron, muon = (float(width_vector_to_fermions(_E * m.eps1, m.m_v1, mass(pdg))) for pdg in (ELECTRON, MUON))
        return electron, muon

    @property
    def _v1_pair(self) -> float:
        return self.v1_diagonal if self.model.pair == "chi chi" else self.v1_transition

    @cached_property
    def v1_total(self) -> float:
        """Total width of V1: the sum, or that of the pair over a branching ratio given by hand."""
        if self.model.branching_v1 is not None and self.model.branching_v1 > 0.0 and self._v1_pair > 0.0:
            return self._v1_pair / self.model.branching_v1
        return self.v1_diagonal + self.v1_transition + sum(self.v1_leptons)

    @cached_property
    def pair_share(self) -> float:
        """BR(V1 -> pair)."""
        if self.model.branching_v1 is not None:
            return self.model.branching_v1
        return self._v1_pair / self.v1_total if self.v1_total > 0.0 else 0.0

    @cached_property
    def electron_share(self) -> float:
        """BR(V1 -> e+ e-)."""
        electron, muon = self.v1_leptons
        if self.model.branching_v1 is not None:
            seen = electron + muon
            return (1.0 - self.model.branching_v1) * (electron / seen if seen > 0.0 else 1.0)
        return electron / self.v1_total if self.v1_total > 0.0 else 0.0

    @property
    def on_shell(self) -> bool:
        """Whether chi' -> chi V1 is open."""
        return self.model.m_chi_prime > self.model.m_chi + self.model.m_v1

    @cached_property
    def _off_shell(self) -> tuple[float, float, Floats, Floats]:
        """Widths of chi' into chi e+ e- and chi chi chi through a virtual V1, and the table of the pair's mass."""
        m, strength = self.model, float(np.sqrt(4.0 * np.pi * self.model.alpha_t1))
        if m.m_chi_prime <= m.m_chi + 2.0 * mass(ELECTRON):
            return 0.0, 0.0, np.full(2, 4.0 * mass(ELECTRON) ** 2), np.array([0.0, 1.0])
        table = tabulated_s(strength, _E * max(m.eps1, 1.0e-12), self._masses, self.v1_total)
        dark = 0.0
        if m.m_chi_prime > 3.0 * m.m_chi and m.m_chi > 0.0 and m.alpha_d1 > 0.0:
            masses = (m.m_chi_prime, m.m_chi, m.m_v1, m.m_chi)
            dark = tabulated_s(strength, float(np.sqrt(4.0 * np.pi * m.alpha_d1)), masses, self.v1_total).width
        return table.width, dark, table.s, table.cumulative

    @property
    def _masses(self) -> tuple[float, float, float, float]:
        m = self.model
        return m.m_chi_prime, m.m_chi, m.m_v1, mass(ELECTRON)

    @cached_property
    def chi_prime(self) -> float:
        """Total width of chi'."""
        m = self.model
        if self.on_shell:
            strength = np.sqrt(4.0 * np.pi * m.alpha_t1)
            return float(width_fermion_to_fermion_vector(strength, m.m_chi_prime, m.m_chi, m.m_v1))
        seen, dark, _, _ = self._off_shell
        return seen + dark

    @cached_property
    def visible(self) -> float:
        """BR(chi' -> chi e+ e-)."""
        if self.on_shell:
            return self.electron_share
        seen, dark, _, _ = self._off_shell
        if self.model.branching_v1 is not None and seen > 0.0:
            return 1.0 - self.model.branching_v1
        return seen / (seen + dark) if seen > 0.0 else 0.0

    @property
    def c_tau_chi_prime(self) -> float:
        """Mean proper decay length of chi' in m."""
        return HBARC / self.chi_prime if self.chi_prime > 0.0 else float("inf")

    def pair_mass_sq(self, u: Floats) -> Floats:
        """Return the mass squared in MeV^2 of the pair of chi' -> chi e+ e- at points u (N,) of (0, 1)."""
        if self.on_shell:
            return np.full(np.shape(u), self.model.m_v1**2)
        _, _, s, cumulative = self._off_shell
        return np.asarray(np.interp(u, cumulative, s))

    def lepton_cosine(self, s: Floats, u: Floats) -> Floats:
        """Return the cosine of the electron to the flight of the pair, in its frame, at points u (N,) of (0, 1)."""
        heavy, light, _, electron = self._masses
        return pair_cosine(u, alignment(s, heavy, light, electron))
