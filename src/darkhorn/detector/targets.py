"""What a detector is made of: scattering targets with their mass, charge and number density.

Each element stands for its most abundant isotope in charge, mass number and nuclear mass; conversions from mass
density use the standard atomic weight of the natural mixture. Hydrogen is a free proton: a target of spin 1/2 with
Q = Z = 1 and no nuclear form factor.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self

from darkhorn.core.errors import RangeError, require_range, unknown_name
from darkhorn.core.species import ELECTRON, mass
from darkhorn.core.units import AVOGADRO, CM

ATOMIC_MASS_UNIT: Final = 931.49410242
"""One unified atomic mass unit in MeV (CODATA 2018)."""

_TABLE: Final = {
    "H": (1, 1, 1.00782503190, 1.008),
    "Be": (4, 9, 9.01218306, 9.0121831),
    "C": (6, 12, 12.0, 12.011),
    "N": (7, 14, 14.00307400, 14.007),
    "O": (8, 16, 15.99491462, 15.999),
    "Na": (11, 23, 22.98976928, 22.98976928),
    "Al": (13, 27, 26.98153841, 26.9815384),
    "Si": (14, 28, 27.97692653, 28.085),
    "Ar": (18, 40, 39.96238312, 39.948),
    "Ca": (20, 40, 39.96259085, 40.078),
    "Fe": (26, 56, 55.93493554, 55.845),
    "Cu": (29, 63, 62.92959712, 63.546),
    "I": (53, 127, 126.904473, 126.90447),
    "Xe": (54, 132, 131.90415509, 131.293),
    "Cs": (55, 133, 132.90545196, 132.90545196),
    "W": (74, 184, 183.95093318, 183.84),
    "Pb": (82, 208, 207.97665252, 207.2),
}
"""Z, A and atomic mass (u) of the most abundant isotope (AME2020, Chinese Phys. C 45, 030003); standard atomic
weight of the element (IUPAC 2021, abridged)."""


@dataclass(frozen=True)
class Target:
    """One species of nucleus.

    Attributes
    ----------
    name : str
        Chemical symbol.
    protons, nucleons : int
        Z and A.
    mass : float
        Nuclear mass in MeV: atomic mass less Z electrons (their binding, below 1 MeV up to lead, is left out).
    density : float
        Nuclei per m^3.
    """

    name: str
    protons: int
    nucleons: int
    mass: float
    density: float

    @property
    def neutrons(self) -> int:
        """Number of neutrons, A - Z."""
        return self.nucleons - self.protons

    @property
    def is_free_proton(self) -> bool:
        """Whether this is hydrogen, which has no nuclear form factor."""
        return self.nucleons == 1


@dataclass(frozen=True)
class Composition:
    """A homogeneous material.

    Attributes
    ----------
    targets : tuple of Target
        One entry a species, in the order given.
    """

    targets: tuple[Target, ...]

    @classmethod
    def from_number_densities(cls, number_density_per_cm3: Mapping[str, float]) -> Self:
        """Build from nuclei per cm^3 of each element, such as ``{"C": 3.63e22, "H": 7.27e22}``.

        Raises
        ------
        UnknownNameError
            For an element that is not in the table; the message offers the nearest.
        RangeError
            For no element at all, or a density that is not positive and finite.
        """
        if not number_density_per_cm3:
            raise RangeError("number_density_per_cm3 names no element; allowed: one or more")
        targets = []
        for name, per_cm3 in number_density_per_cm3.items():
            require_range(f"number density of {name}", per_cm3, 0.0, unit="1/cm^3", open_low=True)
            protons, nucleons, _, _ = _element(name)
            targets.append(Target(name, protons, nucleons, nuclear_mass(name), float(per_cm3) / CM**3))
        return cls(tuple(targets))

    @classmethod
    def from_mass_density(
        cls,
        mass_density_g_cm3: float,
        *,
        formula: Mapping[str, float] | None = None,
        mass_fractions: Mapping[str, float] | None = None,
    ) -> Self:
        """Build from a mass density and either a chemical formula or fractions of the mass.

        Parameters
        ----------
        mass_density_g_cm3 : float
            Density in g/cm^3, > 0.
        formula : mapping of str to float
            Atoms per formula unit, such as ``{"C": 1, "H": 2}``.
        mass_fractions : mapping of str to float
            Shares of the mass; they must sum to 1 within 1e-6.

        Raises
        ------
        UnknownNameError
            For an element that is not in the table.
        RangeError
            For both or neither of the mappings, shares that do not sum to 1, or a number that is not positive.
        """
        require_range("mass_density_g_cm3", mass_density_g_cm3, 0.0, unit="g/cm^3", open_low=True)
        if (formula is None) == (mass_fractions is None):
            raise RangeError("a mass density needs exactly one of formula and mass_fractions")
        if formula is not None:
            molar = sum(count * atomic_weight(name) for name, count in formula.items())
            require_range("molar mass of the formula", molar, 0.0, unit="g/mol", open_low=True)
            per_gram = {name: count / molar for name, count in formula.items()}
        else:
            shares = dict(mass_fractions or {})
            require_range("sum of mass_fractions", sum(shares.values()), 1.0 - 1e-6, 1.0 + 1e-6)
            per_gram = {name: share / atomic_weight(name) for name, share in shares.items()}
        scale = mass_density_g_cm3 * AVOGADRO
        return cls.from_number_densities({name: moles * scale for name, moles in per_gram.items()})

    @property
    def mass_density_g_cm3(self) -> float:
        """Mass density in g/cm^3 of the natural mixture."""
        return sum(t.density * CM**3 * atomic_weight(t.name) for t in self.targets) / AVOGADRO


def _element(name: str) -> tuple[int, int, float, float]:
    """Return Z, A, isotope mass (u) and atomic weight (g/mol) or raise with the nearest name."""
    if name not in _TABLE:
        raise unknown_name("element", name, _TABLE)
    return _TABLE[name]


def atomic_weight(element: str) -> float:
    """Return the standard atomic weight in g/mol.

    Raises
    ------
    UnknownNameError
        For an element that is not in the table.
    """
    return _element(element)[3]


def nuclear_mass(element: str) -> float:
    """Return the nuclear mass in MeV of the most abundant isotope: its atomic mass less Z electron masses.

    Raises
    ------
    UnknownNameError
        For an element that is not in the table.
    """
    protons, _, atomic, _ = _element(element)
    return atomic * ATOMIC_MASS_UNIT - protons * mass(ELECTRON)
