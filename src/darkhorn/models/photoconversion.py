"""Dark-boson photoconversion: P -> l nu X in the beam, X N -> gamma N in the detector.

The parameters say which amplitude makes X, which mediator converts it, and the
masses and couplings. Rates scale with the square of the coupling product, so
every channel is computed at unit couplings.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any, ClassVar, Final

from darkhorn.core.errors import ScenarioError, ThresholdError, require_range, unknown_name
from darkhorn.core.rays import Floats
from darkhorn.core.species import PI0, PROTON, mass, name_of, pdgid
from darkhorn.core.units import HBARC
from darkhorn.models.channels import NEUTRAL_MESONS, Bound, Conversion, Emission, Nucleus, require_bounds, three_body
from darkhorn.models.productions import Production, production, threshold
from darkhorn.physics.dark_decays import (
    width_axial_to_fermions,
    width_pseudoscalar_to_fermions,
    width_scalar_to_fermions,
    width_scalar_to_photon_vector,
    width_vector_to_fermions,
    width_vector_to_photon_scalar,
)
from darkhorn.physics.nuclear_response import (
    NUCLEON_CHARGES,
    coherent,
    incoherent_scalar,
    incoherent_spin,
    incoherent_vector,
)
from darkhorn.physics.primakoff import msq_v_via_pseudoscalar, msq_v_via_scalar, msq_x_via_vector, operator_factor
from darkhorn.physics.two_to_two import dsigma_dq_sq_cm2

MEDIATORS: Final = ("vector", "scalar", "pseudoscalar", "pi0")
HC_CONVENTIONS: Final = ("single", "doubled")

_TO_LEPTONS: Final = {
    "scalar": width_scalar_to_fermions,
    "pseudoscalar": width_pseudoscalar_to_fermions,
    "vector": width_vector_to_fermions,
}
_TARGETS: Final = {"charge": "nuclear charge Z", "baryon": "baryon number A", "up": "up quarks 2Z + N"}


def couples_to_leptons(amplitude: Production) -> bool:
    """Return whether the X of an amplitude couples to charged leptons."""
    if amplitude.mixture is not None:
        return amplitude.mixture.q_lepton != 0.0
    return amplitude.name != "scalar-ib2"


@dataclass(frozen=True)
class Photoconversion:
    """Parameters of the scenario; every choice by name.

    Attributes
    ----------
    production : str or Production
        Amplitude of P -> l nu X, a name of ``models/productions.py`` or an object of one's own.
    leptons : tuple of str
        Charged leptons that come with X: ``e``, ``mu`` or both.
    mediator : str
        ``vector`` for a (pseudo)scalar X; ``scalar``, ``pseudoscalar`` or ``pi0`` for a vector X.
    m_x : float
        Mass of X in MeV.
    m_mediator : float
        Mass of the exchanged particle in MeV (the neutral pion's for ``pi0``).
    coupling : float
        Coupling of X in the decay: g_l of a (pseudo)scalar, g of a vector (e epsilon for kinetic mixing).
    g_n : float
        Coupling of the mediator to the target.
    lam : float
        lambda of (lambda/4) X F H, in 1/MeV.
    target_coupling : str
        ``charge`` (Z), ``baryon`` (A) or ``up`` (2Z + N): what the mediator couples to.
    hc : str
        ``single``: (lambda/4) X F H as it stands. ``doubled``: "+ h.c." read literally, lambda/2, four times the rate.
    helm_radius : str
        Convention of the nuclear radius, ``lewin-smith`` or ``simple``.
    incoherent : bool
        Include scattering on single nucleons beside the coherent part.
    pauli : bool
        Multiply the incoherent part by a Fermi-gas Pauli factor.
    decay_on_the_way : bool
        Weight X with its survival from the decay point to the detector at the given couplings. Off by default:
        X is then stable, and :meth:`warnings` says when it would not be.
    production_parameters : mapping
        What a production such as ``mixture`` or ``vector-c0`` is given beside its name.
    """

    production: str | Production = "scalar-ib1"
    leptons: tuple[str, ...] = ("mu",)
    mediator: str = "vector"
    m_x: float = 1.0
    m_mediator: float = 49.0
    coupling: float = 5.0e-3
    g_n: float = 1.0e-2
    lam: float = 4.4e-4
    target_coupling: str = "charge"
    hc: str = "single"
    helm_radius: str = "lewin-smith"
    incoherent: bool = True
    pauli: bool = False
    decay_on_the_way: bool = False
    production_parameters: Mapping[str, Any] = field(default_factory=dict)

    choices: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "leptons": ("e", "mu"),
        "mediator": MEDIATORS,
        "target_coupling": tuple(NUCLEON_CHARGES),
        "hc": HC_CONVENTIONS,
        "helm_radius": ("lewin-smith", "simple"),
    }
    bounds: ClassVar[Mapping[str, Bound]] = {
        "m_x": Bound(0.0, 1.0e4, "MeV"),
        "m_mediator": Bound(0.0, 1.0e5, "MeV", open_low=True),
        "coupling": Bound(0.0, 1.0e3),
        "g_n": Bound(0.0, 1.0e3),
        "lam": Bound(0.0, 1.0e3, "1/MeV"),
    }

    def __post_init__(self) -> None:
        """Refuse names that do not exist, numbers out of range and combinations that are not a model."""
        amplitude = self.amplitude
        kinds = {"mediator": "mediator", "target_coupling": "target coupling", "hc": "hc convention"}
        for key, kind in {**kinds, "helm_radius": "Helm radius"}.items():
            if getattr(self, key) not in self.choices[key]:
                raise unknown_name(kind, getattr(self, key), self.choices[key])
        if not self.leptons:
            raise ScenarioError("leptons = (); allowed: 'e', 'mu' or both")
        for lepton in self.leptons:
            if lepton not in ("e", "mu"):
                raise unknown_name("lepton", lepton, ("e", "mu"))
        if len(set(self.leptons)) != len(self.leptons):
            raise ScenarioError(f"leptons = {tuple(self.leptons)}: each lepton once; allowed: 'e', 'mu' or both")
        if (amplitude.spin == "vector") == (self.mediator == "vector"):
            fitting = "scalar, pseudoscalar or pi0" if amplitude.spin == "vector" else "vector"
            wrong = f"mediator = '{self.mediator}' does not convert the X of production '{amplitude.name}'"
            raise ScenarioError(f"{wrong}; allowed: {fitting}")
        require_bounds(self, self.bounds)
        require_range("m_x", self.m_x, 0.0, 1.0e4, "MeV", open_low=amplitude.spin == "vector")

    @cached_property
    def amplitude(self) -> Production:
        """The decay amplitude."""
        return production(self.production, **self.production_parameters)

    @property
    def mediator_mass(self) -> float:
        """Mass of the exchanged particle in MeV."""
        return mass(PI0) if self.mediator == "pi0" else self.m_mediator

    @property
    def coupling_product(self) -> float:
        """Coupling x g_n x lambda in 1/MeV, the one number that a photon rate depends on."""
        return self.coupling * self.g_n * self.lam

    def decay_channels(self, parent: int) -> tuple[tuple[int, int], ...]:
        """Return the open (parent, lepton) channels of a charged meson, PDG numbers."""
        if parent in NEUTRAL_MESONS:
            return ()
        leptons = (pdgid(name) for name in self.leptons)
        return tuple((parent, lepton) for lepton in leptons if self.m_x < threshold(parent, lepton))

    @property
    def particle_mass(self) -> float:
        """Mass of X in MeV."""
        return self.m_x

    @property
    def particle(self) -> str:
        """What tables call many X."""
        return "bosons"

    @property
    def product_name(self) -> str:
        """What the coupling product is made of."""
        return "g gN lambda"

    @property
    def product_unit(self) -> str:
        """Unit of the coupling product."""
        return "1/MeV"

    @property
    def survival_width(self) -> float:
        """Total width of X in MeV if its decay on the way is asked for, else 0."""
        return sum(self.decay_widths().values()) if self.decay_on_the_way else 0.0

    @property
    def sources(self) -> tuple[str, ...]:
        """Keys of ``core.cite``."""
        return ("Helm:1956", "Lewin:1996", *self.amplitude.sources)

    @property
    def title(self) -> str:
        """Masses and leptons in one line."""
        leptons = " + ".join(self.leptons)
        return f"m_X = {self.m_x:g} MeV, {self.mediator} mediator {self.mediator_mass:.4g} MeV, leptons {leptons}"

    @property
    def conventions(self) -> str:
        """Choices on which the coupling product depends, as one line of text."""
        parts = [f"product g gN lambda of {self.amplitude.name}", f"{self.mediator} mediator"]
        if self.mediator in ("vector", "scalar"):
            parts.append(_TARGETS[self.target_coupling])
            parts.append("coherent and nucleons" if self.incoherent else "coherent only")
        parts.append(f"'h.c.' {self.hc}")
        if self.pauli:
            parts.append("Pauli factor")
        return "; ".join(parts)

    def emissions(self, parent: int) -> tuple[Emission, ...]:
        """Return the spectra of X from the open decays of a meson, at unit coupling; empty for a neutral one."""
        return tuple(three_body(self.amplitude, parent, lepton, self.m_x) for _, lepton in self.decay_channels(parent))

    def detections(self, nuclei: Iterable[Nucleus]) -> tuple[Conversion, ...]:
        """Return the conversion channels on each nucleus of the detector."""
        return self.conversions(nuclei)

    def require_open(self, parents: Iterable[int]) -> None:
        """Raise :class:`ThresholdError` when no parent can make X; the message names the highest threshold."""
        parents = tuple(parents)
        if any(self.decay_channels(parent) for parent in parents):
            return
        charged = [parent for parent in parents if parent not in NEUTRAL_MESONS] or parents
        limits = {(p, name): threshold(p, pdgid(name)) for p in charged for name in self.leptons}
        (parent, lepton), limit = max(limits.items(), key=lambda item: item[1])
        raise ThresholdError(
            f"m_x = {self.m_x:g} MeV: every decay P -> l nu X is closed; allowed: 0 <= m_x < {limit:.6g} MeV "
            f"(threshold of {name_of(parent)} -> {lepton} nu X)"
        )

    def conversions(self, nuclei: Iterable[Nucleus]) -> tuple[Conversion, ...]:
        """Return the conversion channels on each nucleus of the detector."""
        channels: list[Conversion] = []
        for nucleus in nuclei:
            if self.mediator in ("vector", "scalar") and nucleus.nucleons > 1:
                channels.append(self._coherent(nucleus))
            if self.incoherent or nucleus.nucleons == 1:
                channels.append(self._on_nucleons(nucleus))
        return tuple(channels)

    def _msq(self, energy: Floats, q_sq: Floats, target_mass: float) -> Floats:
        """Return <|M|^2> on a point target at unit couplings, MeV^2."""
        if self.mediator == "vector":
            return msq_x_via_vector(energy, q_sq, self.m_x, target_mass, self.mediator_mass)
        if self.mediator == "scalar":
            return msq_v_via_scalar(q_sq, self.m_x, target_mass, self.mediator_mass)
        return msq_v_via_pseudoscalar(q_sq, self.m_x, self.mediator_mass)

    def _channel(
        self, name: str, nucleus: Nucleus, target_mass: float, factor: Callable[[Floats], Floats]
    ) -> Conversion:
        """Return a channel: point cross section times a nuclear factor of Q^2."""
        hc = operator_factor(hc_doubles=self.hc == "doubled")

        def dsigma(energy: Floats, q_sq: Floats) -> Floats:
            msq = hc * self._msq(energy, q_sq, target_mass) * factor(q_sq)
            return dsigma_dq_sq_cm2(msq, energy, self.m_x, target_mass)

        return Conversion(f"{nucleus.name} {name}", target_mass, self.mediator_mass, nucleus.density, dsigma)

    def _coherent(self, nucleus: Nucleus) -> Conversion:
        """Return the coherent channel on a nucleus."""
        proton, neutron = NUCLEON_CHARGES[self.target_coupling]
        total = nucleus.protons * proton + (nucleus.nucleons - nucleus.protons) * neutron
        return self._channel(
            "coherent", nucleus, nucleus.mass, lambda q_sq: coherent(q_sq, nucleus.nucleons, total, self.helm_radius)
        )

    def _on_nucleons(self, nucleus: Nucleus) -> Conversion:
        """Return the channel on the single nucleons of a nucleus (on hydrogen, the free proton)."""
        z, n, radius, pauli = nucleus.protons, nucleus.nucleons - nucleus.protons, self.helm_radius, self.pauli

        def factor(q_sq: Floats) -> Floats:
            if self.mediator == "vector":
                return incoherent_vector(q_sq, z, n, self.target_coupling, radius=radius, pauli=pauli)
            if self.mediator == "scalar":
                charges = NUCLEON_CHARGES[self.target_coupling]
                return incoherent_scalar(q_sq, z, n, charges, radius=radius, pauli=pauli)
            return incoherent_spin(q_sq, z + n, pauli=pauli)

        return self._channel("nucleons" if nucleus.nucleons > 1 else "proton", nucleus, mass(PROTON), factor)

    def decay_widths(self) -> dict[str, float]:
        """Return the tree-level partial widths of X in MeV at the given couplings, by final state; only open ones.

        Lepton pairs where X couples to that lepton, and photon + mediator where X is the heavier of the two.
        """
        widths: dict[str, float] = {}
        amplitude = self.amplitude
        to_leptons = width_axial_to_fermions if amplitude.name == "axial-ib1" else _TO_LEPTONS[amplitude.spin]
        if couples_to_leptons(amplitude):
            for name in self.leptons:
                m_lepton = mass(pdgid(name))
                if self.m_x > 2.0 * m_lepton:
                    widths[f"{name}+ {name}-"] = float(to_leptons(self.coupling, self.m_x, m_lepton))
        if self.m_x > self.mediator_mass:
            strength = self.lam * operator_factor(hc_doubles=self.hc == "doubled") ** 0.5
            radiative = (
                width_vector_to_photon_scalar if self.amplitude.spin == "vector" else width_scalar_to_photon_vector
            )
            widths[f"photon {self.mediator}"] = float(radiative(strength, self.m_x, self.mediator_mass))
        return widths

    def warnings(self) -> tuple[str, ...]:
        """Return what a reader of the result has to know about this choice."""
        notes = []
        amplitude = self.amplitude
        if amplitude.current_conserved is not None:
            word = "conserved" if amplitude.current_conserved else "NOT conserved (not gauge invariant)"
            notes.append(f"{amplitude.name}: the vector's current is {word}: {amplitude.reason}.")
        if amplitude.grows_at_low_mass:
            notes.append(f"{amplitude.name}: the rate grows as 1/m_V^2 towards low mass; check perturbativity.")
        if amplitude.name == "vector-sd":
            notes.append("vector-sd: kaon form factors assume F_A - F_V = -0.056; F_V, F_A are scaled with g alone.")
        width = sum(self.decay_widths().values())
        if width > 0.0:
            final = ", ".join(f"X -> {name}" for name in self.decay_widths())
            treatment = "its survival is applied" if self.decay_on_the_way else "the prediction treats X as stable"
            notes.append(f"{final} is open: c tau = {HBARC / width:.3g} m at the given couplings; {treatment}.")
        if self.mediator in ("pseudoscalar", "pi0"):
            notes.append("gamma5 exchange is spin dependent: single nucleons only, dipole form factor (approximate).")
        elif self.incoherent:
            notes.append("incoherent part: free nucleons times 1 - F^2 (approximate; Pauli factor optional).")
        return tuple(notes)

    def parameters(self) -> dict[str, object]:
        """Return the parameters as plain values, with the coupling product."""
        values: dict[str, object] = {item.name: getattr(self, item.name) for item in fields(self)}
        values["production"] = self.amplitude.name
        values["production_parameters"] = dict(self.production_parameters)
        values["leptons"] = list(self.leptons)
        values["m_mediator"] = self.mediator_mass
        values["coupling_product_per_MeV"] = self.coupling_product
        return values
