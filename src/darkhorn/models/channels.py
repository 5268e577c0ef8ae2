"""What a model is to the chain: mesons that emit one particle, and what that particle does in a detector.

Every chain of decays before the flight is a spectrum in the rest frame of the meson, because the meson has no spin
and only one particle of the chain is looked at. Every channel is computed at reference couplings and scales with a
square.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, Protocol

import numpy as np

from darkhorn.core.errors import ScenarioError, ThresholdError, require_range, unknown_name
from darkhorn.core.rays import Floats
from darkhorn.core.species import ETA, PI0, mass, name_of
from darkhorn.core.species import width as total_width
from darkhorn.models.productions import Production, dgamma_de, threshold
from darkhorn.physics.phase_space import energy_max

ETA_PRIME: Final = 331
NEUTRAL_MESONS: Final = (PI0, ETA, ETA_PRIME)
"""Mesons that decay where they are made."""


class Bound(NamedTuple):
    """Allowed range of a parameter: both ends included unless ``open_low``."""

    low: float
    high: float
    unit: str = ""
    open_low: bool = False

    def __str__(self) -> str:
        unit = f" {self.unit}" if self.unit else ""
        return f"{'(' if self.open_low else '['}{self.low:g}, {self.high:g}]{unit}"


def require_bounds(model: object, bounds: Mapping[str, Bound]) -> None:
    """Raise RangeError unless every parameter of a model lies in its range; None is a parameter that is not given."""
    for key, bound in bounds.items():
        value = getattr(model, key)
        if value is not None:
            require_range(key, value, bound.low, bound.high, bound.unit, open_low=bound.open_low)


def require_names(key: str, names: tuple[str, ...], known: tuple[str, ...]) -> None:
    """Refuse an empty list of names, an unknown one, or one given twice."""
    if not names or len(set(names)) != len(names):
        raise ScenarioError(f"{key} = {list(names)}: each once; allowed: one or more of {', '.join(known)}")
    for name in names:
        if name not in known:
            raise unknown_name(key, name, known)


class Nucleus(Protocol):
    """What a model needs to know of a target nucleus."""

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

    @property
    def density(self) -> float:
        """Nuclei per m^3."""


@dataclass(frozen=True)
class Emission:
    """Particles of a continuous spectrum from the decays of one kind of meson.

    Attributes
    ----------
    parent : int
        PDG number of the meson (or of its antiparticle: the spectrum is the same).
    name : str
        Which decay, unique for a parent.
    mass, energy_max : float
        Mass of the particle and its largest energy in the rest frame of the meson, MeV.
    density : callable (energy) -> (...) float
        Particles per decay and MeV times ``total_width``, at reference couplings; energies (...) in MeV.
    total_width : float
        What ``density`` is divided by: the meson's width in MeV where ``density`` is dGamma/dE, else 1.
    energy_min : float or None
        Least energy in MeV below which ``density`` vanishes; the mass by default.
    count : float
        Particles in one decay, already in ``density``: 2 for a pair.
    """

    parent: int
    name: str
    mass: float
    energy_max: float
    density: Callable[[Floats], Floats]
    total_width: float = 1.0
    energy_min: float | None = None
    count: float = 1.0


@dataclass(frozen=True)
class Line:
    """Particles of one energy, from a decay of a meson into two.

    Attributes
    ----------
    parent : int
        PDG number of the meson.
    name : str
        Which decay, unique for a parent.
    mass, energy : float
        Mass of the particle and its energy in the rest frame of the meson, MeV.
    branching : float
        Particles per decay at reference couplings.
    count : float
        Particles in one decay, already in ``branching``.
    """

    parent: int
    name: str
    mass: float
    energy: float
    branching: float
    count: float = 1.0

    @property
    def momentum(self) -> float:
        """Momentum in the rest frame of the meson in MeV."""
        return float(np.sqrt(max((self.energy - self.mass) * (self.energy + self.mass), 0.0)))


@dataclass(frozen=True)
class Conversion:
    """One way to turn X into a photon: a kind of target and its cross section at unit couplings.

    Attributes
    ----------
    name : str
        For instance ``C coherent``.
    target_mass, mediator_mass : float
        MeV.
    number_density : float
        Targets of this kind (nuclei) per m^3; the sum over nucleons is in the cross section.
    dsigma_dq_sq_cm2 : callable (energy, q_sq) -> cm^2/MeV^2
        At g_N = 1 and lambda = 1/MeV.
    """

    name: str
    target_mass: float
    mediator_mass: float
    number_density: float
    dsigma_dq_sq_cm2: Callable[[Floats, Floats], Floats]


@dataclass(frozen=True)
class Recoil:
    """Elastic scattering of which the recoiling target is seen: an electron or a nucleon.

    Attributes
    ----------
    name : str
        For instance ``C electrons``.
    target_mass, mediator_mass : float
        MeV.
    number_density : float
        Targets (electrons or nucleons) per m^3.
    recoil_min, recoil_max : float
        Kinetic energies of the target that count, MeV.
    dsigma_dt_cm2 : callable (energy, recoil) -> cm^2/MeV
        At reference couplings; energy of the incoming particle and kinetic energy of the target in MeV.
    """

    name: str
    target_mass: float
    mediator_mass: float
    number_density: float
    recoil_min: float
    recoil_max: float
    dsigma_dt_cm2: Callable[[Floats, Floats], Floats]


@dataclass(frozen=True)
class PairDecay:
    """chi' -> chi e+ e- in flight.

    Attributes
    ----------
    m_heavy, m_light, m_lepton : float
        Masses of chi', chi and the lepton in MeV.
    width : float
        Total width of chi' in MeV, > 0.
    branching : float
        Share of the decays with a pair that is looked for.
    pair_mass_sq : callable (u) -> (...) float
        Pair mass squared in MeV^2 as a function of a uniform number in (0, 1): constant for V on its mass shell.
    lepton_cosine : callable (pair_mass_sq, u) -> (...) float
        Cosine of the negative lepton to the flight of the pair, in the frame of the pair.
    """

    m_heavy: float
    m_light: float
    m_lepton: float
    width: float
    branching: float
    pair_mass_sq: Callable[[Floats], Floats]
    lepton_cosine: Callable[[Floats, Floats], Floats]


@dataclass(frozen=True)
class Upscatter:
    """chi N -> chi' N, then chi' -> chi e+ e- at a second vertex inside the detector.

    Attributes
    ----------
    name : str
        For instance ``C coherent``.
    target_mass, mediator_mass : float
        MeV.
    number_density : float
        Targets of this kind (nuclei) per m^3; the sum over nucleons is in the cross section.
    dsigma_dq_sq_cm2 : callable (energy, q_sq) -> cm^2/MeV^2
        At reference couplings.
    decay : PairDecay
        What becomes of chi'.
    """

    name: str
    target_mass: float
    mediator_mass: float
    number_density: float
    dsigma_dq_sq_cm2: Callable[[Floats, Floats], Floats]
    decay: PairDecay


@dataclass(frozen=True)
class VolumeDecay:
    """X -> a b inside the detector, isotropic in the rest frame of X.

    Attributes
    ----------
    name : str
        For instance ``e+ e-``.
    width : float
        Total width of X in MeV.
    branching : float
        Share of this final state.
    m_first, m_second : float
        Masses of the products in MeV.
    visible : str
        ``pair`` (both, by total energy), ``kinetic`` (both, by kinetic energy) or ``first``.
    rings : str
        ``all``: every ``pair`` counts; anything else: one that the detector sees as one ring.
    """

    name: str
    width: float
    branching: float
    m_first: float
    m_second: float
    visible: str = "pair"
    rings: str = "detector"


Emitted = Emission | Line
Channel = Conversion | Recoil | Upscatter | VolumeDecay


class Model(Protocol):
    """Parameters of a scenario, and the channels that they open."""

    @property
    def particle_mass(self) -> float:
        """Mass in MeV of the particle that flies to the detector."""

    @property
    def particle(self) -> str:
        """What tables call many of them."""

    @property
    def coupling(self) -> float:
        """What the number of particles is proportional to the square of."""

    @property
    def coupling_product(self) -> float:
        """What the number of events is proportional to the square of."""

    @property
    def product_name(self) -> str:
        """Name of that product, for tables."""

    @property
    def product_unit(self) -> str:
        """Its unit, ``1/MeV`` or ``1``."""

    @property
    def survival_width(self) -> float:
        """Width in MeV with which particles decay on their way and are lost; 0 for stable ones."""

    @property
    def sources(self) -> tuple[str, ...]:
        """Keys of ``core.cite``."""

    @property
    def title(self) -> str:
        """Masses in one line."""

    @property
    def conventions(self) -> str:
        """Choices on which the meaning of the product depends, in one line."""

    def emissions(self, parent: int) -> tuple[Emitted, ...]:
        """Return the open decays of a meson (PDG number) that emit the particle."""

    def detections(self, nuclei: Iterable[Nucleus]) -> tuple[Channel, ...]:
        """Return what the particle does in a detector made of these nuclei."""

    def require_open(self, parents: Iterable[int]) -> None:
        """Raise ThresholdError when nothing can be made, or nothing seen, at these masses."""

    def warnings(self) -> tuple[str, ...]:
        """Return what a reader of the result has to know."""

    def parameters(self) -> Mapping[str, Any]:
        """Return every parameter as a plain value, with ``coupling_product``."""


def three_body(production: Production, parent: int, lepton: int, m_x: float) -> Emission:
    """Return the spectrum of X from parent -> lepton nu X, per unit coupling squared.

    Parameters
    ----------
    production : Production
        Amplitude.
    parent, lepton : int
        PDG numbers.
    m_x : float
        Mass of X in MeV.

    Raises
    ------
    ThresholdError
        When the decay is closed at this mass; the message names the threshold.
    """
    limit = threshold(parent, lepton)
    decay = f"{name_of(parent)} -> {name_of(abs(lepton))} nu X"
    if m_x >= limit:
        raise ThresholdError(f"m_x = {m_x:g} MeV: the decay {decay} is closed; allowed: 0 <= m_x < {limit:.6g} MeV")

    def rate(energy: Floats) -> Floats:
        return dgamma_de(production, parent, lepton, m_x, energy)

    top = float(energy_max(mass(parent), mass(lepton), m_x))
    return Emission(parent, decay, m_x, top, rate, total_width(parent))


def interpolated(emission: Emission, nodes: int = 2048) -> Callable[[Floats], Floats]:
    """Return a spectrum as a fast function of the energy in MeV: particles per decay and MeV, linear in density/p."""
    low, top = emission.mass, emission.energy_max
    energies = low + (top - low) * 0.5 * (1.0 - np.cos(np.linspace(0.0, np.pi, nodes)))
    energies[0] += 1.0e-9 * (top - low)
    momentum = np.sqrt((energies - low) * (energies + low))
    table = emission.density(energies) / momentum / emission.total_width

    def density(energy: Floats) -> Floats:
        p = np.sqrt(np.maximum((energy - low) * (energy + low), 0.0))
        return np.asarray(p * np.interp(energy, energies, table, right=0.0))

    return density
