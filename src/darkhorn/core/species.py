"""Masses, lifetimes, widths and charges by PDG number, read from ``particle`` and converted once.

Source: the newest PDG table that the ``particle`` package ships. Loading that package takes longer than most verbs of
this one, so its table of particles is read here; the package is asked for what is not in there, such as nuclei.
"""

import csv
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final, NamedTuple

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


class _Record(NamedTuple):
    """Mass and width in MeV, None where there is none, and charge."""

    mass: float | None
    width: float | None
    charge: float


@cache
def _table() -> dict[int, _Record]:
    """Return the records of the newest table of particles by PDG number; none where its file is not found."""
    package = find_spec("particle")
    places = package.submodule_search_locations if package is not None else None
    files = sorted(path for place in places or () for path in Path(place, "data").glob("particle20*.csv"))
    if not files:
        return {}
    with files[-1].open(encoding="utf-8") as lines:
        rows = csv.DictReader(line for line in lines if not line.startswith("#"))
        return {
            int(row["ID"]): _Record(_known(row["Mass"]), _known(row["Width"]), int(row["Charge"]) / 3.0) for row in rows
        }


def _known(text: str) -> float | None:
    """Return a number of the table, in which a negative one stands for none."""
    value = float(text)
    return None if value < 0.0 else value


@cache
def _particle(pdg: int) -> _Record:
    """Return the record of a species, from the package itself where the table of particles has none."""
    if pdg in _table():
        return _table()[pdg]
    from particle import InvalidParticle, Particle, ParticleNotFound

    try:
        found = Particle.from_pdgid(pdg)
    except (ParticleNotFound, InvalidParticle):
        raise unknown_name("PDG number", str(pdg), (str(number) for number in NAMES.values())) from None
    return _Record(found.mass, found.width, float(found.charge))  # type: ignore[arg-type]


@cache
def mass(pdg: int) -> float:
    """Return the mass in MeV of the species with PDG number ``pdg``; 0 for a neutrino.

    Raises
    ------
    UnknownNameError
        For a number that the PDG tables do not hold, or that has no mass there.
    """
    value = _particle(pdg).mass
    if value is None and abs(pdg) not in _NEUTRINOS:
        raise unknown_name("PDG number of a species with a mass", str(pdg), (str(n) for n in NAMES.values()))
    return 0.0 if value is None else float(value)


@cache
def lifetime(pdg: int) -> float:
    """Return the mean proper lifetime in ns; ``inf`` for a stable species. Errors as for :func:`mass`."""
    width = _particle(pdg).width
    return float("inf") if not width else HBAR / float(width)


@cache
def width(pdg: int) -> float:
    """Return the total width in MeV; 0 for a stable species. Errors as for :func:`mass`."""
    value = _particle(pdg).width
    return 0.0 if value is None else float(value)


@cache
def charge(pdg: int) -> float:
    """Return the electric charge in units of the elementary charge. Errors as for :func:`mass`."""
    return _particle(pdg).charge
