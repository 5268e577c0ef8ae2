"""One charged or neutral meson with its charges: the amplitude and the branching ratio that they make."""

from dataclasses import dataclass
from typing import Any, Final

from darkhorn.core import species
from darkhorn.core.errors import require_range
from darkhorn.models import productions
from darkhorn.models.mixture import Mixture
from darkhorn.physics import neutral_mesons, traces
from darkhorn.physics.dirac import Complexes
from darkhorn.physics.neutrino_line import neutrino_line

SAME: Final = 1e-12
"""Difference below which two charges are equal."""


@dataclass(frozen=True)
class Neutral:
    """Anomaly coupling of a neutral meson: P0 -> gamma V.

    Attributes
    ----------
    meson : str
        ``pi0``, ``eta`` or ``eta'``.
    pdg : int
        PDG number.
    charge : float
        g_eff/g, 1 for the electromagnetic charges.
    coupling_over_e : float
        g_eff/e, what the formulas of ``physics.neutral_mesons`` call epsilon.
    """

    meson: str
    pdg: int
    charge: float
    coupling_over_e: float

    def branching(self, m_v: float) -> float:
        """Return BR(P0 -> gamma V), BR(P0 -> gamma gamma) included; 0 for m_V (MeV) above the meson's mass."""
        two_photons = neutral_mesons.BRANCHING_TWO_PHOTONS[self.pdg]
        mass = species.mass(self.pdg)
        return two_photons * float(neutral_mesons.branching_photon_vector(self.coupling_over_e, m_v, mass))


@dataclass(frozen=True)
class Charged:
    """Charges of P+ -> l+ nu V in units of g, and the amplitude that they make.

    Attributes
    ----------
    meson, lepton : str
        ``pi+`` or ``K+``; ``e`` or ``mu``. The conjugate decay has the same width.
    q_meson, q_lepton, q_neutrino : float
        q_M of the meson; q_l of the antilepton; q_nu with q_M = q_l - q_nu for a conserved current.
    weight_vector, weight_axial : float
        Factors on F_V and F_A.
    sd_sign : int
        Sign of the structure-dependent part relative to bremsstrahlung; 0 leaves it out.
    g : float
        The coupling.
    """

    meson: str
    lepton: str
    q_meson: float
    q_lepton: float
    q_neutrino: float
    weight_vector: float
    weight_axial: float
    sd_sign: int
    g: float

    @property
    def conserved(self) -> bool:
        """Whether q_M = q_l - q_nu."""
        return abs(self.q_meson - self.q_lepton + self.q_neutrino) < SAME

    @property
    def warning(self) -> str:
        """What is wrong with the charged current; empty when nothing is."""
        if self.conserved:
            return ""
        return (
            f"broken current: q_M = {self.q_meson:g}, q_l - q_nu = {self.q_lepton - self.q_neutrino:g}; "
            "the rate grows like 1/m_V^2"
        )

    @property
    def has_structure(self) -> bool:
        """Whether the structure-dependent part is switched on and does not vanish."""
        return self.sd_sign != 0 and max(abs(self.weight_vector), abs(self.weight_axial)) > SAME

    @property
    def amplitude(self) -> str:
        """Name of the case: a production of the catalogue, ``mixture``, ``with-neutrino``, or ``none``."""
        lepton, meson = abs(self.q_lepton) > SAME, abs(self.q_meson) > SAME
        if abs(self.q_neutrino) > SAME:
            return "with-neutrino"
        if not lepton and not meson:
            return "vector-sd" if self.has_structure else "none"
        if self.has_structure or (lepton and meson and self.q_lepton != self.q_meson):
            return "mixture"
        return "vector-sum" if lepton and meson else "vector-ib1" if lepton else "vector-hadronic"

    def mixture(self) -> Mixture | None:
        """Return the coherent sum of diagrams per g without the neutrino's, or None when every one of them is off."""
        structure: dict[str, Any] = {}
        if self.has_structure:
            structure = {
                "sd_sign": self.sd_sign,
                "weight_vector": self.weight_vector,
                "weight_axial": self.weight_axial,
            }
        elif max(abs(self.q_lepton), abs(self.q_meson)) <= SAME:
            return None
        return Mixture(q_lepton=self.q_lepton, q_meson=self.q_meson, **structure)

    def production(self) -> productions.Production | None:
        """Return the production per g^2 that the chain samples, or None when every diagram is off.

        Its name is :attr:`amplitude`, its size is that of the charges: g is the only coupling left. With a charged
        neutrino it holds for this meson only, whose form factors are inside.
        """
        mixture = self.mixture()
        if abs(self.q_neutrino) <= SAME:
            return None if mixture is None else productions.from_mixture(mixture, self.amplitude)
        factors = (0.0, 0.0)
        if mixture is not None and mixture.sd_sign:
            pdg = species.pdgid(self.meson)
            factors = productions.reduced_form_factors(productions.from_mixture(mixture), pdg)

        def amplitude(at: traces.Momenta) -> Complexes:
            neutrino = neutrino_line(at, self.q_neutrino)
            return neutrino if mixture is None else mixture.amplitude(at, *factors) + neutrino

        return productions.from_amplitude(self.amplitude, "vector", amplitude)

    def branching(self, m_v: float) -> float:
        """Return BR(P -> l nu V) of the amplitude at this g for m_V in MeV, > 0 where the width diverges; 0 if closed.

        Raises
        ------
        RangeError
            For a negative mass, or a massless V where the width diverges.
        """
        item = self.production()
        if item is None:
            require_range("m_x", m_v, 0.0, unit="MeV")
            return 0.0
        return self.g**2 * productions.branching(item, species.pdgid(self.meson), species.pdgid(self.lepton), m_v)
