"""Dark matter from mesons: V1 -> chi chi on the way out, recoils or upscattering in the detector.

L = e (eps1 V1 + eps2 V2).J_EM + (g1 V1 + g2 V2).J_D + (g1' V1 + g2' V2).J_D', where J_D is the diagonal current of chi
and J_D' the transition current of chi and chi'. V1 is made in meson decays and makes chi; V1 or V2 is exchanged in
the detector; chi' decays through V1.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any, ClassVar, Final

import numpy as np

from darkhorn.core.errors import RangeError, ScenarioError, ThresholdError, require_range, unknown_name
from darkhorn.core.rays import Floats
from darkhorn.core.species import ELECTRON, mass, name_of, pdgid
from darkhorn.models.channels import (
    NEUTRAL_MESONS,
    Bound,
    Channel,
    Emission,
    Nucleus,
    interpolated,
    require_bounds,
    require_names,
    three_body,
)
from darkhorn.models.dark_detection import recoils, upscatterings
from darkhorn.models.dark_widths import DarkWidths
from darkhorn.models.productions import PRODUCTIONS, Production, production, threshold
from darkhorn.physics.cascade import (
    chain_density,
    daughter_density,
    energy_limits,
    two_body_energy,
    vector_to_pair_polarisation,
)
from darkhorn.physics.chi_widths import require_heavier
from darkhorn.physics.neutral_mesons import (
    BRANCHING_TWO_PHOTONS,
    branching_photon_pair,
    branching_photon_vector,
    chi_energy_density,
)
from darkhorn.physics.weak import ALPHA

SPINS: Final = ("dirac", "scalar")
PAIRS: Final = ("chi chi", "chi chi'")
CHAINS: Final = ("narrow", "rate", "full")
EXCHANGES: Final = ("v1", "v2")
DETECTIONS: Final = ("electron", "nucleon", "upscatter")
NO_PRODUCTION: Final = "none"
_E_SQ: Final = 4.0 * np.pi * ALPHA
_ORDER: Final = 256
"""Gauss points over the spectrum of V1, which ends steeply with an electron."""


@dataclass(frozen=True)
class DarkMatter:
    """Parameters of the scenario; every choice by name.

    Attributes
    ----------
    spin : str
        Of chi and chi': ``dirac`` or ``scalar`` (complex; elastic scattering only).
    m_v1, m_v2, m_chi, m_chi_prime : float
        Masses in MeV.
    eps1, eps2 : float
        Kinetic mixing of V1 and V2.
    alpha_d1, alpha_d2 : float
        g^2/4pi of V1 and V2 with the diagonal current.
    alpha_t1, alpha_t2 : float
        g'^2/4pi of V1 and V2 with the transition current.
    branching_v1 : float or None
        BR(V1 -> chi chi); by default from the widths. The rest of the decays is visible.
    pair : str
        What V1 decays into: ``chi chi`` or ``chi chi'``; of the latter only chi is followed.
    production : str or Production
        Amplitude of P -> l nu V1 for charged mesons, or ``none``.
    leptons : tuple of str
        Charged leptons made with V1: ``e``, ``mu`` or both.
    neutral : bool
        Whether pi0, eta and eta' make V1 too.
    chain : str
        P0 -> gamma chi chi: ``narrow`` (V1 on its mass shell), ``full`` (on and off), or ``rate`` (the rate with V1 on
        and off its mass shell, the kinematics of V1 on it).
    spin_correlation : bool
        Whether chi remembers that the V1 of a neutral meson is transverse; isotropic otherwise.
    two_photons : str
        BR(P0 -> gamma gamma): ``measured``, or ``one``.
    exchange : str
        What is exchanged in the detector, ``v1`` or ``v2``.
    detection : tuple of str
        Any of ``electron``, ``nucleon`` (elastic) and ``upscatter`` (chi N -> chi' N, chi' -> chi e+ e-).
    recoil_min, recoil_max : float
        Kinetic energy of recoils that count, MeV.
    helm_radius, incoherent, pauli
        Nuclear response of upscattering, as in ``Photoconversion``.
    production_parameters : mapping
        What a production such as ``mixture`` or ``vector-c0`` is given beside its name.
    """

    spin: str = "dirac"
    m_v1: float = 100.0
    m_v2: float = 200.0
    m_chi: float = 5.0
    m_chi_prime: float = 40.0
    eps1: float = 1.0e-3
    eps2: float = 1.0e-3
    alpha_d1: float = 0.1
    alpha_d2: float = 0.1
    alpha_t1: float = 0.1
    alpha_t2: float = 0.1
    branching_v1: float | None = None
    pair: str = "chi chi"
    production: str | Production = "vector-sum"
    leptons: tuple[str, ...] = ("e", "mu")
    neutral: bool = True
    chain: str = "narrow"
    spin_correlation: bool = True
    two_photons: str = "measured"
    exchange: str = "v1"
    detection: tuple[str, ...] = ("electron",)
    recoil_min: float = 0.0
    recoil_max: float = 1.0e5
    helm_radius: str = "lewin-smith"
    incoherent: bool = True
    pauli: bool = False
    production_parameters: Mapping[str, Any] = field(default_factory=dict)

    choices: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "spin": SPINS,
        "pair": PAIRS,
        "chain": CHAINS,
        "exchange": EXCHANGES,
        "two_photons": ("measured", "one"),
        "helm_radius": ("lewin-smith", "simple"),
        "detection": DETECTIONS,
        "leptons": ("e", "mu"),
    }
    bounds: ClassVar[Mapping[str, Bound]] = {
        **dict.fromkeys(("m_v1", "m_v2", "m_chi_prime"), Bound(0.0, 1.0e5, "MeV", open_low=True)),
        "m_chi": Bound(0.0, 1.0e4, "MeV"),
        **dict.fromkeys(("eps1", "eps2", "branching_v1"), Bound(0.0, 1.0)),
        **dict.fromkeys(("alpha_d1", "alpha_d2", "alpha_t1", "alpha_t2"), Bound(0.0, 10.0)),
        **dict.fromkeys(("recoil_min", "recoil_max"), Bound(0.0, 1.0e5, "MeV")),
    }

    def __post_init__(self) -> None:
        """Refuse names that do not exist, numbers out of range and combinations that are not a model."""
        for key, known in self.choices.items():
            value = getattr(self, key)
            if isinstance(value, tuple):
                require_names(key, value, known)
            elif value not in known:
                raise unknown_name(key, value, known)
        require_bounds(self, self.bounds)
        require_range("recoil_max", self.recoil_max, self.recoil_min, 1.0e5, "MeV", open_low=True)
        if self.amplitude is not None and self.amplitude.spin != "vector":
            raise ScenarioError(f"production = '{self.amplitude.name}' makes no vector; allowed: {_vectors()}")
        self._require_combination()

    def _require_combination(self) -> None:
        """Refuse what is not implemented, or makes no sense together."""
        if self.spin == "scalar" and ("upscatter" in self.detection or self.pair != "chi chi"):
            raise ScenarioError("spin = 'scalar': upscattering and pairs chi chi' are for Dirac chi; allowed: 'dirac'")
        if self.chain != "narrow" and self.pair != "chi chi":
            raise ScenarioError(f"chain = '{self.chain}': allowed with pair = \"chi chi'\": narrow")
        if "upscatter" in self.detection and self.alpha_t1 == 0.0:
            raise RangeError("alpha_t1 = 0 is outside the allowed range (0, 10]: chi' of 'upscatter' decays by it")
        if self.amplitude is None and not self.neutral:
            raise ScenarioError("production = 'none' and neutral = false: nothing makes V1; allowed: one of them")

    @cached_property
    def amplitude(self) -> Production | None:
        """The amplitude of charged mesons, or None."""
        return None if self.production == NO_PRODUCTION else production(self.production, **self.production_parameters)

    @cached_property
    def widths(self) -> DarkWidths:
        """Widths of V1 and chi' at the given couplings."""
        return DarkWidths(self)

    @property
    def particle_mass(self) -> float:
        """Mass of chi in MeV."""
        return self.m_chi

    @property
    def particle(self) -> str:
        """What tables call many chi."""
        return "chi"

    @property
    def coupling(self) -> float:
        """Mixing of the vector that is made."""
        return self.eps1

    @property
    def coupling_product(self) -> float:
        """Mixing of the vector that is made times that of the one exchanged; every alpha is held."""
        return self.eps1 * (self.eps1 if self.exchange == "v1" else self.eps2)

    @property
    def product_name(self) -> str:
        """Name of the coupling product."""
        return "eps1^2" if self.exchange == "v1" else "eps1 eps2"

    @property
    def product_unit(self) -> str:
        """Unit of the coupling product."""
        return "1"

    @property
    def survival_width(self) -> float:
        """Chi is stable."""
        return 0.0

    @property
    def m_exchanged(self) -> float:
        """Mass in MeV of the vector exchanged in the detector."""
        return self.m_v1 if self.exchange == "v1" else self.m_v2

    @property
    def sources(self) -> tuple[str, ...]:
        """Keys of ``core.cite``."""
        nuclear = ("Helm:1956", "Lewin:1996") if "upscatter" in self.detection else ()
        return (*nuclear, "Dutta:2021", "Thompson:2022", *(self.amplitude.sources if self.amplitude else ()))

    @property
    def title(self) -> str:
        """Masses in one line."""
        heavy = f", chi' {self.m_chi_prime:g} MeV" if "upscatter" in self.detection else ""
        exchanged = "" if self.exchange == "v1" else f", V2 {self.m_v2:g} MeV"
        return f"V1 {self.m_v1:g} MeV, {self.spin} chi {self.m_chi:g} MeV{heavy}{exchanged}"

    @property
    def conventions(self) -> str:
        """Choices on which the coupling product depends, in one line."""
        made = self.amplitude.name if self.amplitude else NO_PRODUCTION
        parts = [f"product {self.product_name} at fixed alphas", f"charged mesons: {made}"]
        parts.append(f"neutral mesons: {self.chain}" if self.neutral else "no neutral mesons")
        parts.append(f"BR(V1 -> {self.pair}) = {self.widths.pair_share:.4g}")
        return "; ".join([*parts, f"seen: {' and '.join(self.detection)}"])

    def emissions(self, parent: int) -> tuple[Emission, ...]:
        """Return the open decays of a meson with a chi, at eps1 = 1 and the branching ratios of V1 at all couplings."""
        if parent in NEUTRAL_MESONS:
            found = self._from_neutral(parent) if self.neutral else None
            return () if found is None else (found,)
        if self.amplitude is None or self.m_v1 <= self._pair_mass:
            return ()
        leptons = [pdgid(name) for name in self.leptons]
        return tuple(self._from_charged(parent, lep) for lep in leptons if self.m_v1 < threshold(parent, lep))

    @property
    def _other_mass(self) -> float:
        return self.m_chi if self.pair == "chi chi" else self.m_chi_prime

    @property
    def _pair_mass(self) -> float:
        return self.m_chi + self._other_mass

    @property
    def _count(self) -> float:
        return 2.0 if self.pair == "chi chi" else 1.0

    def _from_charged(self, parent: int, lepton: int) -> Emission:
        """Return the spectrum of chi from P -> l nu V1, V1 -> chi chi, isotropic in the frame of V1."""
        assert self.amplitude is not None
        vector = three_body(self.amplitude, parent, lepton, self.m_v1)
        spectrum, limits = interpolated(vector), (self.m_v1, vector.energy_max)
        share = self._count * self.widths.pair_share * _E_SQ
        pair = (self.m_v1, self.m_chi, self._other_mass)

        def density(energy: Floats) -> Floats:
            return share * chain_density(energy, spectrum, limits, *pair, order=_ORDER)

        top = float(energy_limits(vector.energy_max, *pair)[1])
        name = f"{name_of(parent)} -> {name_of(lepton)} nu {self.pair}"
        return Emission(parent, name, self.m_chi, top, density, count=self._count)

    def _from_neutral(self, parent: int) -> Emission | None:
        """Return the spectrum of chi from P0 -> gamma V1, V1 -> chi chi; None where it is closed."""
        meson = mass(parent)
        scale = self._count * (BRANCHING_TWO_PHOTONS[parent] if self.two_photons == "measured" else 1.0)
        name, count = f"{name_of(parent)} -> gamma {self.pair}", self._count
        off_shell: dict[str, Any] = {"alpha_d": self.alpha_d1, "epsilon": 1.0, "spin": self.spin}
        off_shell["width"] = self.widths.v1_total
        if self.chain == "full":
            if 2.0 * self.m_chi >= meson:
                return None

            def anywhere(energy: Floats) -> Floats:
                masses = (self.m_v1, self.m_chi, meson)
                return scale * chi_energy_density(energy, *masses, correlated=self.spin_correlation, **off_shell)

            top = 0.5 * meson
            return Emission(parent, name, self.m_chi, top, anywhere, count=count)
        if self.m_v1 >= meson or self.m_v1 <= self._pair_mass:
            return None
        if self.chain == "rate":
            rate = scale * branching_photon_pair(self.m_v1, self.m_chi, meson, **off_shell)
        else:
            rate = scale * float(branching_photon_vector(1.0, self.m_v1, meson)) * self.widths.pair_share
        flying, pair = float(two_body_energy(meson, self.m_v1, 0.0)), (self.m_v1, self.m_chi, self._other_mass)
        low, high = (float(limit) for limit in energy_limits(flying, *pair))
        state = "transverse" if self.spin_correlation and self.pair == "chi chi" else "unpolarised"
        bend = float(vector_to_pair_polarisation(self.m_v1, self.m_chi, self.spin, state))

        def box(energy: Floats) -> Floats:
            return rate * daughter_density(energy, flying, *pair, bend)

        return Emission(parent, name, self.m_chi, high, box, energy_min=low, count=count)

    def detections(self, nuclei: Iterable[Nucleus]) -> tuple[Channel, ...]:
        """Return recoils and upscatterings on each nucleus of the detector, at eps = 1 of the vector exchanged."""
        nuclei = tuple(nuclei)
        channels: list[Channel] = []
        for kind in self.detection:
            channels += upscatterings(self, nuclei) if kind == "upscatter" else recoils(self, nuclei, kind)
        return tuple(channels)

    def require_open(self, parents: Iterable[int]) -> None:
        """Raise ThresholdError when V1 cannot make chi, no meson can make V1, or chi' cannot decay into a pair."""
        parents = tuple(parents)
        if self.chain != "full" or self.pair != "chi chi":
            require_heavier(f"V1 -> {self.pair}", self.m_v1, self.m_chi, self._other_mass)
        if "upscatter" in self.detection:
            electron = mass(ELECTRON)
            require_heavier("chi' -> chi e+ e-", self.m_chi_prime, self.m_chi, electron, electron)
        if not any(self.emissions(parent) for parent in parents):
            names = ", ".join(sorted({name_of(parent) for parent in parents}))
            made = self.amplitude.name if self.amplitude else NO_PRODUCTION
            raise ThresholdError(
                f"m_v1 = {self.m_v1:g} MeV: no meson of the source ({names}) makes chi through V1 with production = "
                f"'{made}' and neutral = {str(self.neutral).lower()}; allowed: a lighter V1, or other mesons"
            )

    def warnings(self) -> tuple[str, ...]:
        """Return what a reader of the result has to know about this choice."""
        notes = []
        if self.amplitude is not None:
            word = "conserved" if self.amplitude.current_conserved else "NOT conserved (not gauge invariant)"
            notes.append(f"{self.amplitude.name}: the vector's current is {word}: {self.amplitude.reason}.")
            notes.append("chi of charged mesons: V1 decays isotropically in its frame, its polarisation is left out.")
        if self.pair != "chi chi":
            notes.append("V1 -> chi chi': only the chi of the pair is followed, not the one that chi' decays into.")
        if self.branching_v1 is not None:
            notes.append(f"BR(V1 -> {self.pair}) = {self.branching_v1:g} by hand, not from the couplings.")
        if "upscatter" in self.detection:
            notes.append(f"chi': c tau = {self.widths.c_tau_chi_prime:.3g} m, visible share {self.widths.visible:.3g}.")
        if "nucleon" in self.detection:
            notes.append("nucleons are free: no Fermi motion, binding or Pauli blocking; their kinetic energy is seen.")
        return tuple(notes)

    def parameters(self) -> dict[str, object]:
        """Return the parameters as plain values, with the coupling product."""
        values: dict[str, object] = {item.name: getattr(self, item.name) for item in fields(self)}
        values["production"] = self.amplitude.name if self.amplitude else NO_PRODUCTION
        values |= {"leptons": list(self.leptons), "detection": list(self.detection)}
        values["production_parameters"] = dict(self.production_parameters)
        values["branching_v1_used"] = self.widths.pair_share
        values["coupling_product"] = self.coupling_product
        return values


def _vectors() -> str:
    return ", ".join(name for name, item in PRODUCTIONS.items() if item.spin == "vector")
