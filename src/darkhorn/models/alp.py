"""Axion-like particles: L = -(g_photon/4) a F Ftilde + i g_electron a ebar gamma5 e.

Photons and positrons in the target make them, a nucleus, an electron or their own decay shows them. Channels are at
the couplings given: decays on the way make no power of them.
"""

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import Any, Final, Protocol

import numpy as np

from darkhorn.core.errors import ThresholdError, require_range, unknown_name
from darkhorn.core.rays import Bools, Floats
from darkhorn.core.species import ELECTRON, PHOTON, mass
from darkhorn.core.units import HBARC
from darkhorn.models.channels import Conversion, Nucleus, VolumeDecay
from darkhorn.physics import alp, alp_annihilation
from darkhorn.physics import alp_kinematics as kinematics
from darkhorn.physics.dark_decays import width_pseudoscalar_to_fermions, width_scalar_to_two_photons
from darkhorn.physics.two_to_two import dsigma_dq_sq_cm2

RINGS: Final = ("all", "detector")
_M_E: Final = mass(ELECTRON)
_FLAT: Final = 1.0e3


class Atom(Protocol):
    """What production needs to know of the material in which photons end."""

    @property
    def name(self) -> str:
        """Symbol of the element."""

    @property
    def protons(self) -> int:
        """Z."""

    @property
    def nucleons(self) -> int:
        """A."""

    @property
    def mass(self) -> float:
        """Nuclear mass in MeV."""


@dataclass(frozen=True)
class AlpProduction:
    """One reaction projectile + target at rest -> a + something, as a function of one variable w in MeV^2.

    w is Q^2 = 2 M (E - E_a) for Primakoff, 2 m_e E_a - m^2 for Compton, 2 m_e E_gamma for annihilation. The cross
    section falls about as 1/(w + offset).

    Attributes
    ----------
    name : str
        For instance ``W primakoff``.
    projectile : int
        PDG number: 22 or -11.
    mass, least_energy : float
        Mass of a, and projectile energy from which the reaction is open; MeV.
    offset : float
        MeV^2.
    limits : callable (energy) -> (lo, hi)
        Range of w in MeV^2.
    at_angle : callable (energy, versine) -> ((w, open), (w, open))
        w of the fast and of the slow a at an angle, and whether there is one.
    outgoing : callable (energy, w) -> (energy of a, 1 - cos of its angle)
        MeV.
    dsigma_cm2 : callable (energy, w) -> cm^2/MeV^2
        Per atom, at the couplings of the model.
    """

    name: str
    projectile: int
    mass: float
    least_energy: float
    offset: float
    limits: Callable[[Floats], tuple[Floats, Floats]]
    at_angle: Callable[[Floats, Floats], tuple[tuple[Floats, Bools], tuple[Floats, Bools]]]
    outgoing: Callable[[Floats, Floats], tuple[Floats, Floats]]
    dsigma_cm2: Callable[[Floats, Floats], Floats]


@dataclass(frozen=True)
class AlpResonance:
    """e+ e- -> a on electrons at rest: a positron of one energy (MeV), a with m_e more, straight on.

    ``strength_cm2`` is the integral of the cross section over the positron energy in cm^2 MeV per electron.
    """

    mass: float
    positron_energy: float
    strength_cm2: float


@dataclass(frozen=True)
class Alp:
    """Parameters of an axion-like particle.

    Attributes
    ----------
    m_a : float
        Mass in MeV, 0 to 1e4.
    g_photon : float
        g of (g/4) a F Ftilde in 1/MeV (1e-3 of its value in 1/GeV), 0 to 1.
    g_electron : float
        Coupling to electrons, 0 to 10.
    electron_primakoff : bool
        Include the Primakoff process on atomic electrons (about 1/Z of that on the nucleus).
    soft_photon : float
        Least photon energy of e+ e- -> gamma a in the centre of mass, MeV, >= 1e-3.
    rings : str
        Which pairs of photons or e+ e- count: ``all``, or those that the ``detector`` sees as one ring.

    Raises
    ------
    RangeError
        For a number out of range, or both couplings zero.
    UnknownNameError
        For another choice of rings.
    """

    m_a: float = 1.0
    g_photon: float = 1.0e-6
    g_electron: float = 0.0
    electron_primakoff: bool = True
    soft_photon: float = 1.0
    rings: str = "all"

    def __post_init__(self) -> None:
        """Refuse numbers out of range."""
        require_range("m_a", self.m_a, 0.0, 1.0e4, "MeV")
        require_range("g_photon", self.g_photon, 0.0, 1.0, "1/MeV")
        require_range("g_electron", self.g_electron, 0.0, 10.0)
        require_range("g_photon + g_electron", self.g_photon + self.g_electron, 0.0, open_low=True)
        require_range("soft_photon", self.soft_photon, 1.0e-3, 1.0e3, "MeV")
        if self.rings not in RINGS:
            raise unknown_name("choice of rings", self.rings, RINGS)

    def decay_widths(self) -> dict[str, float]:
        """Return the partial widths in MeV at the given couplings; only open channels."""
        widths = {}
        if self.g_photon > 0.0 and self.m_a > 0.0:
            widths["gamma gamma"] = float(width_scalar_to_two_photons(self.g_photon, self.m_a))
        if self.g_electron > 0.0 and self.m_a > 2.0 * _M_E:
            widths["e+ e-"] = float(width_pseudoscalar_to_fermions(self.g_electron, self.m_a, _M_E))
        return {name: width for name, width in widths.items() if width > 0.0}

    @property
    def width(self) -> float:
        """Total width in MeV."""
        return sum(self.decay_widths().values())

    def productions(self, atom: Atom) -> tuple[AlpProduction, ...]:
        """Return the reactions that the couplings open on an atom, for photons and for positrons."""
        found = []
        if self.g_photon > 0.0:
            found.append(_primakoff(self, atom, on_electrons=False))
            if self.electron_primakoff:
                found.append(_primakoff(self, atom, on_electrons=True))
        if self.g_electron > 0.0:
            found.extend([_compton(self, atom), _annihilation(self, atom)])
        return tuple(found)

    def resonance(self) -> AlpResonance | None:
        """Return e+ e- -> a where it is open."""
        if self.g_electron == 0.0 or self.m_a <= 2.0 * _M_E:
            return None
        strength = self.g_electron**2 * float(alp_annihilation.resonance_strength_cm2(self.m_a))
        return AlpResonance(self.m_a, float(alp_annihilation.resonance_energy(self.m_a)), strength)

    def detections(self, nuclei: Iterable[Nucleus]) -> tuple[Conversion | VolumeDecay, ...]:
        """Return what a does in a detector: inverse Primakoff and inverse Compton on each element, and its decays.

        The electron that inverse Compton sets free is not counted in the visible energy.
        """
        channels: list[Conversion | VolumeDecay] = []
        for nucleus in nuclei:
            if self.g_photon > 0.0:
                channels.append(_inverse_primakoff(self, nucleus, on_electrons=False))
                if self.electron_primakoff:
                    channels.append(_inverse_primakoff(self, nucleus, on_electrons=True))
            if self.g_electron > 0.0:
                channels.append(_inverse_compton(self, nucleus))
        products = {"gamma gamma": 0.0, "e+ e-": _M_E}
        for name, partial in self.decay_widths().items():
            m = products[name]
            channels.append(VolumeDecay(name, self.width, partial / self.width, m, m, rings=self.rings))
        return tuple(channels)

    def require_open(self, energy: float, atom: Atom) -> None:
        """Raise :class:`ThresholdError` when no reaction is open for projectiles up to an energy in MeV."""
        least = min(channel.least_energy for channel in self.productions(atom))
        if energy <= least:
            allowed = f"allowed: more than {least:.6g} MeV"
            raise ThresholdError(f"projectile energy = {energy:g} MeV: a of {self.m_a:g} MeV cannot be made; {allowed}")

    def warnings(self) -> tuple[str, ...]:
        """Return what a reader of the result has to know."""
        notes = ["bremsstrahlung e N -> e N a and photons of the shower's later generations are left out."]
        if self.g_photon > 0.0 and self.g_electron > 0.0 and self.electron_primakoff:
            notes.append("interference of Compton with Primakoff on the same electron is left out.")
        if self.width > 0.0:
            notes.append(f"a -> {', '.join(self.decay_widths())}: c tau = {HBARC / self.width:.3g} m.")
        return tuple(notes)

    def parameters(self) -> dict[str, Any]:
        """Return the parameters as plain values."""
        return asdict(self)


def _primakoff(model: Alp, atom: Atom, *, on_electrons: bool) -> AlpProduction:
    """Return gamma N -> a N on the nucleus or on the electrons of an atom."""
    m, target = model.m_a, _M_E if on_electrons else atom.mass

    def response(q_sq: Floats) -> Floats:
        if on_electrons:
            return alp.electron_response(q_sq, atom.protons)
        return alp.coulomb_response(q_sq, atom.protons, atom.nucleons)

    def at_angle(energy: Floats, versine: Floats) -> tuple[tuple[Floats, Bools], tuple[Floats, Bools]]:
        fast, slow = kinematics.momenta_at_angle(energy, versine, m, target)
        first, second = (kinematics.q_sq_of_momentum(energy, p, versine, m, target) for p in (fast, slow))
        return (first, fast > 0.0), (second, slow > 0.0)

    def dsigma(energy: Floats, q_sq: Floats) -> Floats:
        msq = model.g_photon**2 * alp.msq_primakoff(energy, q_sq, m, target, response(q_sq))
        return dsigma_dq_sq_cm2(msq, energy, 0.0, target)

    return AlpProduction(
        f"{atom.name} primakoff" + (" on electrons" if on_electrons else ""),
        PHOTON,
        m,
        float(kinematics.threshold_energy(m, target)),
        float(alp.screening_mass(atom.protons)) ** 2,
        lambda energy: kinematics.q_sq_limits(energy, m, target),
        at_angle,
        lambda energy, w: (energy - w / (2.0 * target), kinematics.versine_of_q_sq(energy, w, m, target)),
        dsigma,
    )


def _compton(model: Alp, atom: Atom) -> AlpProduction:
    """Return gamma e -> a e on the electrons of an atom."""
    m, strength = model.m_a, atom.protons * model.g_electron**2

    def at_angle(energy: Floats, versine: Floats) -> tuple[tuple[Floats, Bools], tuple[Floats, Bools]]:
        fast, slow = kinematics.momenta_at_angle(energy, versine, m, _M_E)
        first, second = (2.0 * _M_E * np.hypot(p, m) - m**2 for p in (fast, slow))
        return (first, fast > 0.0), (second, slow > 0.0)

    def outgoing(energy: Floats, w: Floats) -> tuple[Floats, Floats]:
        found = (w + m**2) / (2.0 * _M_E)
        return found, kinematics.versine_of_energy(energy, found, m, _M_E)

    return AlpProduction(
        f"{atom.name} compton",
        PHOTON,
        m,
        float(kinematics.threshold_energy(m, _M_E)),
        0.0,
        lambda energy: alp.compton_u_limits(energy, m),
        at_angle,
        outgoing,
        lambda energy, w: strength * alp.dsigma_du_compton_cm2(energy, w, m),
    )


def _annihilation(model: Alp, atom: Atom) -> AlpProduction:
    """Return e+ e- -> gamma a on the electrons of an atom."""
    m, strength = model.m_a, atom.protons * model.g_electron**2

    def at_angle(energy: Floats, versine: Floats) -> tuple[tuple[Floats, Bools], tuple[Floats, Bools]]:
        fast, slow = kinematics.momenta_at_angle(energy, versine, m, _M_E, m_in=_M_E, m_recoil=0.0)
        first, second = (2.0 * _M_E * (energy + _M_E - np.hypot(p, m)) for p in (fast, slow))
        return (first, fast > 0.0), (second, slow > 0.0)

    def outgoing(energy: Floats, w: Floats) -> tuple[Floats, Floats]:
        found = energy + _M_E - w / (2.0 * _M_E)
        return found, kinematics.versine_of_energy(energy, found, m, _M_E, m_in=_M_E, m_recoil=0.0)

    return AlpProduction(
        f"{atom.name} annihilation",
        -ELECTRON,
        m,
        float(alp_annihilation.annihilation_threshold(m, model.soft_photon)),
        0.0,
        lambda energy: alp_annihilation.annihilation_u_limits(energy, m),
        at_angle,
        outgoing,
        lambda energy, w: strength * alp_annihilation.dsigma_du_annihilation_cm2(energy, w, m),
    )


def _inverse_primakoff(model: Alp, nucleus: Nucleus, *, on_electrons: bool) -> Conversion:
    """Return a N -> gamma N; ``mediator_mass`` is where screening ends the growth of 1/Q^2."""
    m, target = model.m_a, _M_E if on_electrons else nucleus.mass

    def dsigma(energy: Floats, q_sq: Floats) -> Floats:
        if on_electrons:
            response = alp.electron_response(q_sq, nucleus.protons)
        else:
            response = alp.coulomb_response(q_sq, nucleus.protons, nucleus.nucleons)
        msq = model.g_photon**2 * alp.msq_inverse_primakoff(energy, q_sq, m, target, response)
        return dsigma_dq_sq_cm2(msq, energy, m, target)

    name = f"{nucleus.name} inverse primakoff" + (" on electrons" if on_electrons else "")
    return Conversion(name, target, float(alp.screening_mass(nucleus.protons)), nucleus.density, dsigma)


def _inverse_compton(model: Alp, nucleus: Nucleus) -> Conversion:
    """Return a e -> gamma e; the large ``mediator_mass`` spreads the points evenly in Q^2."""

    def dsigma(energy: Floats, q_sq: Floats) -> Floats:
        return model.g_electron**2 * alp.dsigma_dq_sq_inverse_compton_cm2(energy, q_sq, model.m_a)

    electrons = nucleus.density * nucleus.protons
    return Conversion(f"{nucleus.name} inverse compton", _M_E, _FLAT, electrons, dsigma)
