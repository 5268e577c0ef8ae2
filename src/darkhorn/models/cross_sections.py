"""Named 2 -> 2 processes on electrons, nucleons and nuclei at rest: which formula, which form factor, which limits.

Everything is per coupling product squared. A nucleus answers as a whole (coherent part only); what its nucleons add
one by one is found with the targets p and n.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from darkhorn.core.errors import RangeError, require_range, unknown_name
from darkhorn.core.rays import Floats
from darkhorn.physics.form_factors import QUARK_CONTENT, dipole, f1_f2_bba2003
from darkhorn.physics.nuclear_response import NUCLEON_CHARGES, coherent
from darkhorn.physics.primakoff import msq_v_via_pseudoscalar, msq_v_via_scalar, msq_x_via_vector
from darkhorn.physics.scattering import SPINS, msq_upscatter, q_sq_rule, upscatter_q_sq_limits
from darkhorn.physics.two_to_two import dsigma_dq_sq_cm2, q_sq_limits

COUPLES_TO: Final = tuple(NUCLEON_CHARGES)
"""What an exchanged vector couples to in nuclear matter: electric charge, baryon number or up quarks."""

_STRUCTURE: Final = 30.0
"""Scale in MeV below which no form factor varies; the steps of the integral in Q^2 are never coarser."""


@dataclass(frozen=True)
class Process:
    """A 2 -> 2 process.

    Attributes
    ----------
    name, text : str
        Kebab-case name and one line of what happens.
    coupling, unit : str
        The coupling product that rates are squared in, and its unit.
    outgoing : str
        ``photon``, ``same`` (elastic) or ``any``.
    targets : tuple of str
        Kinds of target it works on: ``electron``, ``nucleon``, ``nucleus``.
    """

    name: str
    text: str
    coupling: str
    unit: str
    outgoing: str
    targets: tuple[str, ...]


_ALL: Final = ("electron", "nucleon", "nucleus")

PROCESSES: Final = {
    item.name: item
    for item in (
        Process(
            "primakoff", "scalar or pseudoscalar X T -> photon T by a vector", "g_T lambda", "1/MeV", "photon", _ALL
        ),
        Process(
            "primakoff-scalar",
            "vector X T -> photon T by a scalar",
            "g_T lambda",
            "1/MeV",
            "photon",
            ("nucleon", "nucleus"),
        ),
        Process(
            "primakoff-pseudoscalar",
            "vector X T -> photon T by a pseudoscalar",
            "g_T lambda",
            "1/MeV",
            "photon",
            ("nucleon",),
        ),
        Process("upscatter", "chi T -> chi' T by a vector", "g_chi g_T", "1", "any", _ALL),
        Process("chi-e", "chi e -> chi e by a vector", "g_chi g_T", "1", "same", ("electron",)),
        Process("chi-nucleon", "chi N -> chi N by a vector", "g_chi g_T", "1", "same", ("nucleon",)),
    )
}
"""Every process by name."""


@dataclass(frozen=True)
class Aim:
    """What is hit: mass in MeV and numbers of protons and neutrons, both 0 for an electron."""

    name: str
    mass: float
    protons: int
    neutrons: int

    @property
    def kind(self) -> str:
        """``electron``, ``nucleon`` or ``nucleus``."""
        return ("electron", "nucleon", "nucleus")[min(self.protons + self.neutrons, 2)]


@dataclass(frozen=True)
class Collision:
    """One process at one energy.

    Attributes
    ----------
    process : str
        A key of :data:`PROCESSES`.
    aim : Aim
        What is hit.
    energy, m_in, m_out, m_mediator : float
        Total energy and masses in MeV; m_out is used by ``upscatter`` alone.
    spin : str
        Of chi: ``dirac`` or ``scalar``.
    couples_to : str
        What an exchanged vector sees in a nucleon: ``charge``, ``baryon`` or ``up``.
    point : bool
        Leave out form factors; the charge of the target stays.

    Raises
    ------
    UnknownNameError
        From the constructor, for an unknown process, spin or coupling.
    RangeError
        From the constructor, for a mass or energy out of range or a process that the target does not have.
    """

    process: str
    aim: Aim
    energy: float
    m_in: float
    m_mediator: float
    m_out: float = 0.0
    spin: str = "dirac"
    couples_to: str = "charge"
    point: bool = False

    def __post_init__(self) -> None:
        """Check every setting once."""
        for kind, name, known in (
            ("process", self.process, tuple(PROCESSES)),
            ("spin of chi", self.spin, SPINS),
            ("coupling", self.couples_to, COUPLES_TO),
        ):
            if name not in known:
                raise unknown_name(kind, name, known)
        allowed = PROCESSES[self.process].targets
        if self.aim.kind not in allowed:
            raise RangeError(
                f"process {self.process} on the target {self.aim.name}: not computed on a single {self.aim.kind}; "
                f"allowed: {', '.join(allowed)}"
            )
        require_range("mass", self.m_in, 0.0, 1.0e6, "MeV")
        require_range("mass-out", self.m_out, 0.0, 1.0e6, "MeV")
        require_range("mediator", self.m_mediator, 0.0, 1.0e6, "MeV")
        require_range("energy", self.energy, self.m_in, 1.0e7, "MeV", open_low=True)

    @property
    def mass_after(self) -> float:
        """Mass of the outgoing light particle in MeV."""
        return {"photon": 0.0, "same": self.m_in, "any": self.m_out}[PROCESSES[self.process].outgoing]

    def limits(self) -> tuple[float, float]:
        """Return the range of Q^2 in MeV^2; both 0 below threshold."""
        if PROCESSES[self.process].outgoing == "photon":
            low, high = q_sq_limits(self.energy, self.m_in, self.aim.mass)
        else:
            low, high = upscatter_q_sq_limits(self.energy, self.m_in, self.mass_after, self.aim.mass)
        return float(low), float(high)

    def dsigma_dq_sq(self, q_sq: Floats) -> Floats:
        """Return dsigma/dQ^2 in cm^2/MeV^2 per coupling squared, 0 outside of the limits; q_sq of any shape, MeV^2."""
        low, high = self.limits()
        inside = (q_sq >= low) & (q_sq <= high) & (high > 0.0)
        y = np.where(inside, q_sq, high if high > 0.0 else 1.0)
        value = dsigma_dq_sq_cm2(self._squared(y), self.energy, self.m_in, self.aim.mass)
        return np.where(inside, value, 0.0)

    def _squared(self, y: Floats) -> Floats:
        """Return <|M|^2> with the charges and form factors of the target."""
        energy, m, target, mediator = self.energy, self.m_in, self.aim.mass, self.m_mediator
        f1, f2 = self._vector_form_factors(y)
        if self.process == "primakoff":
            return np.asarray(msq_x_via_vector(energy, y, m, target, mediator) * f1**2)
        if self.process == "primakoff-scalar":
            return np.asarray(msq_v_via_scalar(y, m, target, mediator) * self._scalar_factor(y))
        if self.process == "primakoff-pseudoscalar":
            return np.asarray(msq_v_via_pseudoscalar(y, m, mediator) * self._scalar_factor(y))
        even = self.aim.kind == "nucleus" and self.aim.protons % 2 == 0 and self.aim.neutrons % 2 == 0
        spin = "zero" if even else "half"
        return msq_upscatter(
            energy, y, m, self.mass_after, target, mediator, spin=self.spin, target_spin=spin, f1=f1, f2=f2
        )

    def _vector_form_factors(self, y: Floats) -> tuple[Floats, Floats]:
        """Return F1 and F2 of the target, charge included."""
        none = np.zeros_like(y)
        if self.aim.kind == "electron":
            return np.ones_like(y), none
        charges = NUCLEON_CHARGES[self.couples_to]
        charge = self.aim.protons * charges[0] + self.aim.neutrons * charges[1]
        if self.point:
            return np.full_like(y, charge), none
        if self.aim.kind == "nucleus":
            return np.sqrt(coherent(y, self.aim.protons + self.aim.neutrons, charge)), none
        same, other = QUARK_CONTENT[self.couples_to]
        own, mirror = (f1_f2_bba2003(y, neutron=flag) for flag in self._order())
        return same * own[0] + other * mirror[0], same * own[1] + other * mirror[1]

    def _order(self) -> tuple[bool, bool]:
        """Return whether the nucleon itself, and its isospin partner, are neutrons."""
        return self.aim.neutrons == 1, self.aim.protons == 1

    def _scalar_factor(self, y: Floats) -> Floats:
        """Return the square of charge and form factor for a spin-0 exchange that couples to all nucleons alike."""
        nucleons = self.aim.protons + self.aim.neutrons
        if self.point:
            return np.full_like(y, float(nucleons**2))
        return coherent(y, nucleons, nucleons) if nucleons > 1 else np.asarray(dipole(y) ** 2)

    def total(self, recoil_low: float = 0.0, recoil_high: float | None = None) -> float:
        """Return the cross section per coupling squared in cm^2, with the recoil in a window.

        Parameters
        ----------
        recoil_low, recoil_high : float
            Kinetic energy of the recoiling target in MeV; by default all of it.

        Raises
        ------
        RangeError
            For a window that is not increasing, or a cross section that diverges (massless mediator).
        """
        require_range("recoil-min", recoil_low, 0.0, unit="MeV")
        low, high = self.limits()
        low = max(low, 2.0 * self.aim.mass * recoil_low)
        if recoil_high is not None:
            require_range("recoil-max", recoil_high, recoil_low, unit="MeV")
            high = min(high, 2.0 * self.aim.mass * recoil_high)
        if high <= low:
            return 0.0
        if low == 0.0 and self.m_mediator == 0.0:
            raise RangeError("mediator = 0 MeV: the cross section diverges; allowed: > 0 MeV, or a recoil-min > 0 MeV")
        q_sq, weight = q_sq_rule(low, high, min(self.m_mediator, _STRUCTURE), step=0.5)
        return float(weight @ self.dsigma_dq_sq(q_sq))
