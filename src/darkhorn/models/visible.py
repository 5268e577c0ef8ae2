"""Visible decays in the detector: X from charged and neutral mesons, X -> e+ e-, mu+ mu-, photon pairs, photon Z'."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any, ClassVar, Final

from darkhorn.core.errors import ScenarioError, ThresholdError, require_range, unknown_name
from darkhorn.core.species import ELECTRON, MUON, PI_PLUS, mass, name_of, pdgid
from darkhorn.core.units import HBARC
from darkhorn.models.channels import (
    NEUTRAL_MESONS,
    Bound,
    Emitted,
    Line,
    Nucleus,
    VolumeDecay,
    require_bounds,
    require_names,
    three_body,
)
from darkhorn.models.charges import ELEMENTARY_CHARGE, PATTERNS, Couplings, couplings
from darkhorn.models.productions import Production, production, threshold
from darkhorn.physics.cascade import two_body_energy
from darkhorn.physics.chi_widths import require_heavier
from darkhorn.physics.dark_decays import (
    width_axial_to_fermions,
    width_pseudoscalar_to_fermions,
    width_scalar_to_fermions,
    width_scalar_to_photon_vector,
    width_scalar_to_two_photons,
    width_vector_to_fermions,
    width_vector_to_photon_scalar,
)
from darkhorn.physics.invisible import width_vector_to_neutrinos
from darkhorn.physics.neutral_mesons import BRANCHING_TWO_PHOTONS, branching_photon_vector

FINALS: Final = ("e e", "mu mu", "gamma gamma", "gamma z")
RINGS: Final = ("detector", "all")
NO_PRODUCTION: Final = "none"
_COUPLING: Final = {"e e": "g_e", "mu mu": "g_mu", "gamma gamma": "g_gamma", "gamma z": "lam"}
_TO_LEPTONS: Final = {
    "scalar": width_scalar_to_fermions,
    "pseudoscalar": width_pseudoscalar_to_fermions,
    "vector": width_vector_to_fermions,
}


@dataclass(frozen=True)
class VisibleDecay:
    """Parameters of the scenario; every choice by name.

    Attributes
    ----------
    production : str or Production
        Amplitude of P -> l nu X, or ``none``.
    leptons : tuple of str
        Charged leptons that come with X: ``e``, ``mu`` or both.
    neutral : bool
        Whether P0 -> gamma X of pi0, eta and eta' is open too; only a vector is made so.
    charges : str
        A pattern of charges (``models/charges.py``), or empty. With one, the amplitudes of charged mesons, the
        couplings of neutral ones and those to e and mu all follow from it and from ``coupling``.
    m_x : float
        Mass of X in MeV.
    coupling : float
        Coupling of X in its production: g (e epsilon for kinetic mixing), or that of the amplitude.
    final : tuple of str
        Decays that are looked for: ``e e``, ``mu mu``, ``gamma gamma``, ``gamma z``.
    g_e, g_mu : float
        Couplings of X to e and mu in its decay.
    g_gamma : float
        g of (g/4) X F F in 1/MeV.
    lam : float
        lambda of (lambda/4) X F H in 1/MeV, of X -> photon Z' (for a vector X: of photon and a scalar).
    m_z : float
        Mass in MeV of what goes with that photon.
    other_width : float
        Width of X in MeV into anything else.
    rings : str
        ``detector``: e+ e- and photon pairs count where the detector sees one ring; ``all``: always.
    production_parameters : mapping
        What a production such as ``mixture`` or ``vector-c0`` is given beside its name.
    """

    production: str | Production = "vector-sum"
    leptons: tuple[str, ...] = ("e", "mu")
    neutral: bool = True
    charges: str = ""
    m_x: float = 20.0
    coupling: float = 1.0e-4
    final: tuple[str, ...] = ("e e",)
    g_e: float = 1.0e-7
    g_mu: float = 0.0
    g_gamma: float = 0.0
    lam: float = 0.0
    m_z: float = 1.0
    other_width: float = 0.0
    rings: str = "detector"
    production_parameters: Mapping[str, Any] = field(default_factory=dict)

    choices: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "leptons": ("e", "mu"),
        "final": FINALS,
        "rings": RINGS,
        "charges": ("", *PATTERNS),
    }
    bounds: ClassVar[Mapping[str, Bound]] = {
        "m_x": Bound(0.0, 1.0e4, "MeV", open_low=True),
        "m_z": Bound(0.0, 1.0e4, "MeV"),
        "coupling": Bound(0.0, 1.0e3),
        **dict.fromkeys(("g_e", "g_mu"), Bound(0.0, 1.0e3)),
        **dict.fromkeys(("g_gamma", "lam"), Bound(0.0, 1.0e3, "1/MeV")),
        "other_width": Bound(0.0, 1.0e4, "MeV"),
    }

    def __post_init__(self) -> None:
        """Refuse names that do not exist, numbers out of range and combinations that are not a model."""
        for key in ("final", "leptons"):
            require_names(key, getattr(self, key), self.choices[key])
        for key in ("rings", "charges"):
            if getattr(self, key) not in self.choices[key]:
                raise unknown_name(key, getattr(self, key), self.choices[key])
        require_bounds(self, self.bounds)
        if self.charges:
            require_range("coupling", self.coupling, 0.0, 10.0)
        vector = self.spin == "vector"
        if vector and "gamma gamma" in self.final:
            raise ScenarioError("final = 'gamma gamma': a vector has no decay into two photons; allowed: spin 0")
        if self.amplitude is None and not (self.neutral and vector):
            raise ScenarioError("production = 'none': nothing makes X; allowed: neutral = true and a vector")

    @cached_property
    def amplitude(self) -> Production | None:
        """The amplitude of charged mesons where no pattern of charges gives it, or None."""
        if self.production == NO_PRODUCTION or self.charges:
            return None if not self.charges else production("vector-sum")
        return production(self.production, **self.production_parameters)

    @cached_property
    def pattern(self) -> Couplings | None:
        """All couplings at g = 1 of the pattern of charges, or None."""
        return couplings(self.charges, 1.0) if self.charges else None

    @property
    def spin(self) -> str:
        """Of X: ``scalar``, ``pseudoscalar`` or ``vector``."""
        return self.amplitude.spin if self.amplitude is not None else "vector"

    @property
    def particle_mass(self) -> float:
        """Mass of X in MeV."""
        return self.m_x

    @property
    def particle(self) -> str:
        """What tables call many X."""
        return "bosons"

    @property
    def coupling_product(self) -> float:
        """Coupling of the production; the lifetime of X is held at the given couplings."""
        return self.coupling

    @property
    def product_name(self) -> str:
        """What the coupling product is."""
        return "g"

    @property
    def product_unit(self) -> str:
        """Its unit."""
        return self.amplitude.coupling_unit if self.amplitude is not None else "1"

    @property
    def survival_width(self) -> float:
        """0: the probability to reach the detector is in that to decay inside."""
        return 0.0

    @property
    def sources(self) -> tuple[str, ...]:
        """Keys of ``core.cite``."""
        return ("Thompson:2022", *(self.amplitude.sources if self.amplitude else ()))

    @property
    def title(self) -> str:
        """Mass and final states in one line."""
        return f"{self.spin} X of {self.m_x:g} MeV -> {' or '.join(self.final)}"

    @property
    def conventions(self) -> str:
        """Choices on which the coupling depends, in one line."""
        made = f"charges {self.charges}" if self.charges else self.amplitude.name if self.amplitude else NO_PRODUCTION
        length = f"c tau = {self.c_tau:.3g} m"
        return f"product {self.product_name} of {made} at fixed lifetime; {length}; pairs: {self.rings}"

    @cached_property
    def decay_widths(self) -> dict[str, float]:
        """Partial widths of X in MeV by final state, neutrinos of a pattern too; 0 where closed or not coupled."""
        g_e, g_mu = self.g_e, self.g_mu
        if self.pattern is not None:
            g_e, g_mu = (self.coupling * abs(self.pattern.currents[name]) for name in ("e", "mu"))
        axial = self.amplitude is not None and self.amplitude.name == "axial-ib1"
        to_leptons = width_axial_to_fermions if axial else _TO_LEPTONS[self.spin]
        vector = self.spin == "vector"
        photon = width_vector_to_photon_scalar if vector else width_scalar_to_photon_vector
        invisible = 0.0
        if self.pattern is not None:
            charges = [self.coupling * self.pattern.currents[f"nu_{name}"] for name in ("e", "mu", "tau")]
            invisible = sum(float(width_vector_to_neutrinos(charge, self.m_x)) for charge in charges)
        return {
            "e e": float(to_leptons(g_e, self.m_x, mass(ELECTRON))),
            "mu mu": float(to_leptons(g_mu, self.m_x, mass(MUON))),
            "gamma gamma": 0.0 if vector else float(width_scalar_to_two_photons(self.g_gamma, self.m_x)),
            "gamma z": float(photon(self.lam, self.m_x, self.m_z)),
            "nu nu": invisible,
        }

    @property
    def width(self) -> float:
        """Total width of X in MeV."""
        return sum(self.decay_widths.values()) + self.other_width

    @property
    def c_tau(self) -> float:
        """Mean proper decay length in m."""
        return HBARC / self.width if self.width > 0.0 else float("inf")

    def emissions(self, parent: int) -> tuple[Emitted, ...]:
        """Return the open decays of a meson that make X, at unit coupling."""
        if parent in NEUTRAL_MESONS:
            return self._from_neutral(parent) if self.neutral and self.spin == "vector" else ()
        found = []
        for name in self.leptons:
            lepton = pdgid(name)
            item = self._charged(parent, name)
            if self.m_x < threshold(parent, lepton) and item is not None:
                found.append(three_body(item, parent, lepton, self.m_x))
        return tuple(found)

    def _charged(self, parent: int, lepton: str) -> Production | None:
        """Return the amplitude of a charged meson with one lepton; None where every charge vanishes."""
        if self.pattern is None:
            return self.amplitude
        meson = "pi+" if abs(parent) == PI_PLUS else "K+"
        return next(row.production() for row in self.pattern.charged if (row.meson, row.lepton) == (meson, lepton))

    def _from_neutral(self, parent: int) -> tuple[Line, ...]:
        """Return P0 -> gamma X, where it is open."""
        meson, anomaly = mass(parent), 1.0 / ELEMENTARY_CHARGE
        if self.pattern is not None:
            anomaly = next(row.coupling_over_e for row in self.pattern.neutral if row.pdg == parent)
        if self.m_x >= meson or anomaly == 0.0:
            return ()
        branching = BRANCHING_TWO_PHOTONS[parent] * float(branching_photon_vector(anomaly, self.m_x, meson))
        energy = float(two_body_energy(meson, self.m_x, 0.0))
        return (Line(parent, f"{name_of(parent)} -> gamma X", self.m_x, energy, branching),)

    def detections(self, nuclei: Iterable[Nucleus]) -> tuple[VolumeDecay, ...]:
        """Return the open decays that are looked for; the material does not matter."""
        electron, muon = mass(ELECTRON), mass(MUON)
        products = {
            "e e": (electron, electron, "pair"),
            "mu mu": (muon, muon, "kinetic"),
            "gamma gamma": (0.0, 0.0, "pair"),
            "gamma z": (0.0, self.m_z, "first"),
        }
        widths, total = self.decay_widths, self.width
        chosen = [name for name in self.final if widths[name] > 0.0]
        return tuple(VolumeDecay(name, total, widths[name] / total, *products[name], self.rings) for name in chosen)

    def require_open(self, parents: Iterable[int]) -> None:
        """Raise ThresholdError when no meson makes X, or no decay that is looked for is open."""
        parents = tuple(parents)
        least = {"e e": 2.0 * mass(ELECTRON), "mu mu": 2.0 * mass(MUON), "gamma gamma": 0.0, "gamma z": self.m_z}
        lightest = min(self.final, key=lambda name: least[name])
        require_heavier(f"X -> {lightest}", self.m_x, least[lightest])
        if not self.detections(()):
            keys = ", ".join(_COUPLING[name] for name in self.final)
            raise ScenarioError(f"{keys}: X does not couple to {' or '.join(self.final)}; allowed: > 0 for one of them")
        if not any(self.emissions(parent) for parent in parents):
            names = ", ".join(sorted({name_of(parent) for parent in parents}))
            raise ThresholdError(
                f"m_x = {self.m_x:g} MeV: no meson of the source ({names}) makes X; allowed: lighter X"
            )

    def warnings(self) -> tuple[str, ...]:
        """Return what a reader of the result has to know about this choice."""
        notes = [f"c tau of X = {self.c_tau:.3g} m at the given couplings; a fit holds it fixed."]
        if self.spin == "vector":
            notes.append("X decays isotropically in its frame: its polarisation is left out.")
        if self.pattern is not None:
            notes += list(self.pattern.warnings)
        elif self.amplitude is not None and self.amplitude.current_conserved is not None:
            word = "conserved" if self.amplitude.current_conserved else "NOT conserved (not gauge invariant)"
            notes.append(f"{self.amplitude.name}: the vector's current is {word}: {self.amplitude.reason}.")
        return tuple(notes)

    def parameters(self) -> dict[str, object]:
        """Return the parameters as plain values, with the coupling product."""
        values: dict[str, object] = {item.name: getattr(self, item.name) for item in fields(self)}
        values["production"] = self.amplitude.name if self.amplitude and not self.charges else self.charges or "none"
        values |= {"leptons": list(self.leptons), "final": list(self.final)}
        values["production_parameters"] = dict(self.production_parameters)
        values["width_MeV"] = self.width
        values["coupling_product"] = self.coupling_product
        return values
