"""Named patterns of charges of a dark vector, and everything that one of them switches on together.

L = g V_mu sum_f c_f fbar gamma^mu f. One set of charges c and one g fix the bremsstrahlung of pi+- and K+-, the
structure-dependent part, the anomaly couplings of pi0, eta and eta', and the current of every fermion: if there is
one, there are the others.
"""

from dataclasses import dataclass, fields, replace
from typing import Any, Final

import numpy as np

from darkhorn.core import species
from darkhorn.core.errors import ScenarioError, require_range, unknown_name
from darkhorn.models.meson_vertices import SAME, Charged, Neutral
from darkhorn.physics import chiral, neutral_mesons
from darkhorn.physics.weak import ALPHA

ELEMENTARY_CHARGE: Final = float(np.sqrt(4.0 * np.pi * ALPHA))
"""e, dimensionless, in the units in which alpha = e^2/(4 pi)."""

_LARGEST: Final = 1.0e3


@dataclass(frozen=True)
class Charges:
    """Vector charges of the fermions in units of g; a particle that is not named is neutral.

    Attributes
    ----------
    u, d, s, e, mu, tau, nu_e, nu_mu, nu_tau : float
        c_f, dimensionless, between -1000 and 1000. Neutrinos: of the left-handed ones.
    name, source, note : str
        What tables call the pattern, where it comes from, what it leaves out.

    Raises
    ------
    RangeError
        For a charge out of range.
    """

    u: float = 0.0
    d: float = 0.0
    s: float = 0.0
    e: float = 0.0
    mu: float = 0.0
    tau: float = 0.0
    nu_e: float = 0.0
    nu_mu: float = 0.0
    nu_tau: float = 0.0
    name: str = "custom"
    source: str = "user"
    note: str = ""

    def __post_init__(self) -> None:
        """Refuse a charge out of range."""
        for key, value in self.table().items():
            require_range(f"charge {key}", value, -_LARGEST, _LARGEST)

    def table(self) -> dict[str, float]:
        """Return the nine charges by name."""
        return {field.name: getattr(self, field.name) for field in fields(self) if field.type is float}

    def with_changes(self, **changes: Any) -> "Charges":
        """Return the pattern with some charges replaced; its name gets a star.

        Raises
        ------
        UnknownNameError
            For a particle that has no charge here.
        RangeError
            For a charge out of range.
        """
        for key in changes:
            if key not in self.table():
                raise unknown_name("particle with a charge", key, self.table())
        starred = self.name if not changes or self.name.endswith("*") or self.name == "custom" else f"{self.name}*"
        return replace(self, name=starred, **changes)


def _leptons(charge: float, neutrino: float) -> dict[str, Any]:
    """Return one charge for the three charged leptons and one for the three neutrinos."""
    keys = ("e", "mu", "tau")
    return dict.fromkeys(keys, charge) | {f"nu_{key}": neutrino for key in keys}


_BARYON: Final[dict[str, Any]] = {"u": 1.0 / 3.0, "d": 1.0 / 3.0, "s": 1.0 / 3.0}
_ALL: Final = (
    Charges(
        2.0 / 3.0,
        -1.0 / 3.0,
        -1.0 / 3.0,
        **_leptons(-1.0, 0.0),
        name="kinetic-mixing",
        source="Holdom, Phys. Lett. B 166 (1986) 196",
        note="g = e epsilon",
    ),
    Charges(
        **_BARYON,
        name="B",
        source="arXiv:1405.7049",
        note="anomalous: terms of order m/m_V from the electroweak anomaly (arXiv:1705.06726) are left out",
    ),
    Charges(**_BARYON, **_leptons(-1.0, -1.0), name="B-L", source="Davidson, Phys. Rev. D 20 (1979) 776"),
    Charges(
        mu=1.0,
        nu_mu=1.0,
        tau=-1.0,
        nu_tau=-1.0,
        name="L_mu-L_tau",
        source="He et al., Phys. Rev. D 43 (1991) R22",
        note="the mixing with the photon that loops give is left out",
    ),
    Charges(
        0.25,
        -0.25,
        -0.25,
        e=-0.25,
        mu=-0.25,
        name="T3R",
        source="arXiv:1905.02692",
        note="right-handed, two generations: the vector part, half of T3R; the axial part, equally large, is left out",
    ),
    Charges(
        -1.0 / 3.0,
        2.0 / 3.0,
        2.0 / 3.0,
        **_leptons(1.0, 0.0),
        name="protophobic",
        source="arXiv:1608.03591",
        note="baryon number minus electric charge: 2 u + d = 0; the lepton charge is often set by hand",
    ),
    Charges(
        **_BARYON,
        name="leptophobic",
        source="arXiv:1405.7049",
        note="charges of B; the kinetic mixing of order e g/(4 pi)^2 that loops give is left out",
    ),
)

PATTERNS: Final = {item.name: item for item in _ALL}
"""Every named pattern."""


def pattern(name: str) -> Charges:
    """Return the pattern with this name.

    Raises
    ------
    UnknownNameError
        When there is none; the message offers the nearest.
    """
    if name not in PATTERNS:
        raise unknown_name("pattern of charges", name, PATTERNS)
    return PATTERNS[name]


@dataclass(frozen=True)
class Couplings:
    """Everything that one pattern of charges switches on.

    Attributes
    ----------
    charges : Charges
        The pattern.
    g : float
        The coupling.
    charged : tuple of Charged
        pi+ and K+, each with e and mu.
    neutral : tuple of Neutral
        pi0, eta, eta'.
    currents : dict
        Vector coupling g c of every fermion, of K0, and of proton and neutron (2 u + d and u + 2 d).
    """

    charges: Charges
    g: float
    charged: tuple[Charged, ...]
    neutral: tuple[Neutral, ...]
    currents: dict[str, float]

    @property
    def current_conserved(self) -> bool:
        """Whether q_M = q_l - q_nu in every charged decay."""
        return all(row.conserved for row in self.charged)

    @property
    def warnings(self) -> tuple[str, ...]:
        """One line for each kind of trouble, and the note of the pattern."""
        lines = {f"{row.meson} -> {row.lepton} nu V: {row.warning}" for row in self.charged if row.warning}
        return (*sorted(lines), *((self.charges.note,) if self.charges.note else ()))


def couplings(
    charges: Charges | str,
    g: float = 1.0,
    *,
    sd_sign: int = 0,
    eta_angle: float = chiral.ETA_ANGLE,
    singlet_over_octet: float = chiral.SINGLET_OVER_OCTET,
) -> Couplings:
    """Return the meson couplings, charged and neutral, that a pattern of charges gives.

    Parameters
    ----------
    charges : Charges or str
        A pattern or its name.
    g : float
        Coupling, dimensionless, 0 <= g <= 10; e epsilon for kinetic mixing.
    sd_sign : int
        Sign of the structure-dependent part relative to bremsstrahlung, +1 or -1; 0 leaves it out.
    eta_angle : float
        Mixing angle of eta and eta' in rad.
    singlet_over_octet : float
        f_1/f_8.

    Returns
    -------
    Couplings
        The table.

    Raises
    ------
    UnknownNameError
        For an unknown pattern.
    RangeError
        For a number out of range.
    ScenarioError
        For an ``sd_sign`` other than -1, 0, 1.
    """
    chosen = pattern(charges) if isinstance(charges, str) else charges
    require_range("g", g, 0.0, 10.0)
    if sd_sign not in (-1, 0, 1):
        raise ScenarioError(f"sd_sign = {sd_sign}; allowed: 1, -1, or 0 for no structure-dependent part")
    quarks = (chosen.u, chosen.d, chosen.s)
    etas = chiral.anomaly_etas(*quarks, eta_angle, singlet_over_octet)
    anomalies = (chiral.anomaly_pi0(chosen.u, chosen.d), *etas)
    numbers = (species.PI0, species.ETA, neutral_mesons.ETA_PRIME)
    neutral = tuple(
        Neutral(name, pdg, float(value), float(value) * g / ELEMENTARY_CHARGE)
        for name, pdg, value in zip(("pi0", "eta", "eta'"), numbers, anomalies, strict=True)
    )
    charged = tuple(_charged(chosen, meson, lepton, g, sd_sign) for meson in ("pi+", "K+") for lepton in ("e", "mu"))
    currents = chosen.table() | {
        "K0": float(chiral.vector_charge("K0", *quarks)),
        "proton": 2.0 * chosen.u + chosen.d,
        "neutron": chosen.u + 2.0 * chosen.d,
    }
    return Couplings(chosen, g, charged, neutral, {key: g * value for key, value in currents.items()})


def _charged(charges: Charges, meson: str, lepton: str, g: float, sd_sign: int) -> Charged:
    """Return the charges of one decay; equal ones become exactly equal: the electron's cancellation is delicate."""
    table = charges.table()
    quarks = (charges.u, charges.d, charges.s)
    q_meson = float(chiral.vector_charge(meson, *quarks))
    q_lepton, q_neutrino = 0.0 - table[lepton], 0.0 - table[f"nu_{lepton}"]
    if abs(q_meson - q_lepton) < SAME:
        q_meson = q_lepton
    f_vector, f_axial = (float(weight) for weight in chiral.structure_weights(meson, *quarks))
    return Charged(meson, lepton, q_meson, q_lepton, q_neutrino, f_vector, f_axial, sd_sign, g)
