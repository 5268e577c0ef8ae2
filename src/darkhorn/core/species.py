"""Masses, lifetimes, widths and charges by PDG number, read from ``particle`` and converted once.

Source: the PDG tables that the ``particle`` package ships; ``particle_data_version`` says which.
"""

from functools import cache
from typing import Final

from darkhorn.core.errors import unknown_name
from darkhorn.core.units import HBAR

ELECTRON: Final = 11
MUON: Final = 13
NU_E: Final = 12
NU_MU: Final = 14
PHOTON: Final = 22
PI0: Final = 111
PI_PLUS: Final = 211
PI_MINUS: Final = -211
ETA: Final = 221
K_PLUS: Final = 321
K_MINUS: Final = -321
K_LONG: Final = 130
K_SHORT: Final = 310
PROTON: Final = 2212
NEUTRON: Final = 2112
DARK_BOSON: Final = 9900032
"""Generator-specific number (PDG Monte-Carlo scheme, 99 block) for the dark boson X of any spin."""

_NEUTRINOS: Final = (NU_E, NU_MU, 16)

NAMES: Final = {
    "e": ELECTRON,
    "mu": MUON,
    "pi0": PI0,
    "pi+": PI_PLUS,
    "pi-": PI_MINUS,
    "K+": K_PLUS,
    "K-": K_MINUS,
    "eta": ETA,
    "K0L": K_LONG,
    "K0S": K_SHORT,
    "p": PROTON,
    "n": NEUTRON,
    "numu": NU_MU,
    "numubar": -NU_MU,
    "nue": NU_E,
    "nuebar": -NU_E,
}
"""Names that the command line and scenario files accept."""


def pdgid(name: str) -> int:
    """Return the PDG number of a species name such as ``pi+`` or ``mu``.

    Raises
    ------
    UnknownNameError
        When the name is not in :data:`NAMES`; the message offers the nearest.
    """
    if name not in NAMES:
        raise unknown_name("species", name, NAMES)
    return NAMES[name]


def name_of(pdg: int) -> str:
    """Return the house name of a PDG number, or the number itself as text."""
    return next((name for name, number in NAMES.items() if number == pdg), str(pdg))


@cache
def _particle(pdg: int) -> object:
    """Return the ``particle`` record, imported on first use."""
    from particle import InvalidParticle, Particle, ParticleNotFound

    try:
        return Particle.from_pdgid(pdg)
    except (ParticleNotFound, InvalidParticle):
        raise unknown_name("PDG number", str(pdg), (str(number) for number in NAMES.values())) from None


@cache
def mass(pdg: int) -> float:
    """Return the mass in MeV of the species with PDG number ``pdg``; 0 for a neutrino.

    Raises
    ------
    UnknownNameError
        For a number that the PDG tables do not hold, or that has no mass there.
    """
    value = _particle(pdg).mass  # type: ignore[attr-defined]
    if value is None and abs(pdg) not in _NEUTRINOS:
        raise unknown_name("PDG number of a species with a mass", str(pdg), (str(n) for n in NAMES.values()))
    return 0.0 if value is None else float(value)


@cache
def lifetime(pdg: int) -> float:
    """Return the mean proper lifetime in ns; ``inf`` for a stable species. Errors as for :func:`mass`."""
    width = _particle(pdg).width  # type: ignore[attr-defined]
    return float("inf") if not width else HBAR / float(width)


@cache
def width(pdg: int) -> float:
    """Return the total width in MeV; 0 for a stable species. Errors as for :func:`mass`."""
    value = _particle(pdg).width  # type: ignore[attr-defined]
    return 0.0 if value is None else float(value)


@cache
def charge(pdg: int) -> float:
    """Return the electric charge in units of the elementary charge. Errors as for :func:`mass`."""
    return float(_particle(pdg).charge)  # type: ignore[attr-defined]
