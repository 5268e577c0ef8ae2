"""Couplings of other public codes in the conventions of this one, and back.

A code that returns kappa times the exact |M|^2 (or width) at a coupling g makes the rate that this program makes at
sqrt(kappa) g. No single redefinition makes all kappas 1: they belong to amplitudes, not to couplings.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from darkhorn.core.errors import RangeError, require_range, unknown_name
from darkhorn.core.species import ELECTRON, K_PLUS, MUON, PI_PLUS
from darkhorn.models.productions import width
from darkhorn.physics.weak import ALPHA, meson_constants

_CODE: Final = "public code athompson-git/alplib, state of November 2025"
_RECAST: Final = "public recast Shubham-git77/SIREN of arXiv:2110.11944"
SHOWN: Final = "shown: a computed number demonstrates it"
SECOND_HAND: Final = "second-hand: quoted by others"


@dataclass(frozen=True)
class Factor:
    """How one amplitude of another code compares with ours.

    Attributes
    ----------
    name : str
        ``code:amplitude``.
    ours : str
        The amplitude here: a production, or the name of a function of ``physics/``.
    kind : str
        ``production`` or ``detection``.
    kappa : float
        Theirs over ours, for |M|^2 or the width at the same coupling.
    source, status, note : str
        Where it comes from, how sure it is, and what to know.
    by_parent : mapping
        kappa by PDG number of the meson where it depends on that; overrides ``kappa``.
    """

    name: str
    ours: str
    kind: str
    kappa: float
    source: str
    status: str
    note: str
    by_parent: Mapping[int, float] = field(default_factory=dict)


_NO_CKM: Final = {pdg: meson_constants(pdg)[1] ** -2 for pdg in (PI_PLUS, K_PLUS)}


def _alplib(
    name: str, ours: str, kind: str, kappa: float, note: str, by_parent: Mapping[int, float] | None = None
) -> Factor:
    """Return a factor of that code."""
    return Factor(f"alplib:{name}", ours, kind, kappa, _CODE, SHOWN, note, by_parent or {})


_ALL: Final = (
    _alplib("scalar_ib1", "scalar-ib1", "production", 0.5, "scalar and vector differ by 4 from each other"),
    _alplib("pseudoscalar_ib1", "pseudoscalar-ib1", "production", 0.5, "as the scalar"),
    _alplib("vector_ib1", "vector-ib1", "production", 2.0, "emission off the lepton"),
    _alplib("vector_ib2", "vector-ib2", "production", np.nan, "the CKM factor is absent", _NO_CKM),
    _alplib("vector_contact", "vector-contact", "production", 1.0, "at c0 = 0; its defaults are -0.95 and -0.97"),
    _alplib("vector_ib9", "traces (general tensor)", "production", np.nan, "the CKM factor is absent", _NO_CKM),
    _alplib("sd", "vector-sd", "production", np.nan, "p form, pion constants; kaons are no factor", {PI_PLUS: 1.0}),
    _alplib("x_via_vector", "primakoff.msq_x_via_vector", "detection", 8.0, "against (lambda/4) X F H, spin averaged"),
    _alplib("v_via_scalar", "primakoff.msq_v_via_scalar", "detection", 4.5, "1.5 against the sum over spins of V"),
    _alplib("v_via_pseudoscalar", "primakoff.msq_v_via_pseudoscalar", "detection", 3.0, "1 against the sum over spins"),
    _alplib(
        "upscatter",
        "scattering.msq_upscatter_dirac",
        "detection",
        1.0 / np.pi,
        "for a product eps g_D Z: 4 alpha stands for 4 pi alpha",
    ),
    _alplib(
        "pi0_photon_vector",
        "neutral_mesons.branching_photon_vector",
        "production",
        float(np.sqrt(4.0 * np.pi * ALPHA)),
        "stopped-pion class and matrix element: divided by sqrt(4 pi alpha) in place of 4 pi alpha",
    ),
    _alplib(
        "pi0_photon_vector_annulus",
        "neutral_mesons.branching_photon_vector",
        "production",
        1.0,
        "the annulus class divides by 4 pi alpha",
    ),
    Factor(
        "letter:x_via_vector",
        "primakoff_letter.msq_x_via_vector_letter",
        "detection",
        4.0,
        _RECAST,
        SECOND_HAND,
        "at small |t|; 4.2 at E = 300 MeV, |t| = 1.7e4 MeV^2, more than 10 close to 4 E^2",
    ),
    Factor(
        "ours:hc_doubled",
        "primakoff.operator_factor",
        "detection",
        4.0,
        "the Lagrangian of the talk, '+ h.c.' read literally",
        "derived",
        "lambda/4 becomes lambda/2",
    ),
)

FACTORS: Final = {factor.name: factor for factor in _ALL}
"""Every factor by name."""


def factor(name: str) -> Factor:
    """Return the factor with this name.

    Raises
    ------
    UnknownNameError
        When there is none; the message offers the nearest.
    """
    if name not in FACTORS:
        raise unknown_name("amplitude of another code", name, FACTORS)
    return FACTORS[name]


def kappa(name: str, parent: int | None = None) -> float:
    """Return |M|^2 of the other code over ours at equal couplings.

    Parameters
    ----------
    name : str
        A name of :data:`FACTORS`.
    parent : int, optional
        PDG number of the meson; needed where kappa depends on it.

    Raises
    ------
    UnknownNameError
        For an unknown name, or a parent for which there is no factor.
    """
    chosen = factor(name)
    if not chosen.by_parent:
        return chosen.kappa
    if parent is None or abs(parent) not in chosen.by_parent:
        raise unknown_name(f"parent of {name} (PDG number)", str(parent), map(str, chosen.by_parent))
    return chosen.by_parent[abs(parent)]


def to_darkhorn(name: str, coupling: float, parent: int | None = None) -> float:
    """Return the coupling that makes our rate equal to theirs: sqrt(kappa) times theirs.

    Parameters
    ----------
    name : str
        A name of :data:`FACTORS`.
    coupling : float
        Their coupling (or product of couplings) on which |M|^2 depends quadratically, >= 0, in any unit.
    parent : int, optional
        As in :func:`kappa`.

    Raises
    ------
    UnknownNameError, RangeError
        For an unknown name or parent, or a negative coupling.
    """
    require_range("coupling", coupling, 0.0)
    return float(np.sqrt(kappa(name, parent))) * coupling


def from_darkhorn(name: str, coupling: float, parent: int | None = None) -> float:
    """Return their coupling from ours: the inverse of :func:`to_darkhorn`, same arguments and errors."""
    require_range("coupling", coupling, 0.0)
    return coupling / float(np.sqrt(kappa(name, parent)))


def product_to_darkhorn(production: str, detection: str, product: float, parent: int | None = None) -> float:
    """Return our coupling product from theirs, for a rate of one production times one detection.

    Parameters
    ----------
    production, detection : str
        Names of :data:`FACTORS` of these kinds.
    product : float
        Their product of couplings, for instance g_l g_n lambda in 1/MeV, >= 0.
    parent : int, optional
        As in :func:`kappa`, for the production.

    Raises
    ------
    RangeError
        For a negative product, or a name of the wrong kind.
    UnknownNameError
        For an unknown name or parent.
    """
    require_range("product", product, 0.0)
    for name, kind in ((production, "production"), (detection, "detection")):
        if factor(name).kind != kind:
            raise RangeError(f"{name} is a {factor(name).kind}; allowed: a {kind}")
    return float(np.sqrt(kappa(production, parent) * kappa(detection))) * product


BENCHMARK_PAPER: Final = 5.9e-7
"""Product g_mu g_n lambda of the pseudoscalar benchmark in 1/MeV. Source: arXiv:2110.11944, second-hand."""

BENCHMARK_RECAST: Final = 7.98e-8
"""The product in 1/MeV with which the public recast reproduces the rate of that benchmark."""


@dataclass(frozen=True)
class Convention:
    """One choice that changes the rate of the pseudoscalar benchmark at a given product.

    Attributes
    ----------
    name, note : str
        What is done, and where.
    pion, kaon : float
        Rate over ours (muons only, exact amplitude, lambda/4, normalisation by the Lagrangian) from each parent.
    """

    name: str
    note: str
    pion: float
    kaon: float

    def product_factor(self, kaon_share: float) -> float:
        """Return our product over the product needed in this convention for the same rate.

        Parameters
        ----------
        kaon_share : float
            Share of the rate that comes from kaons in our convention, 0 to 1.

        Raises
        ------
        RangeError
            For a share out of range.
        """
        require_range("kaon_share", kaon_share, 0.0, 1.0)
        return float(np.sqrt((1.0 - kaon_share) * self.pion + kaon_share * self.kaon))


def pseudoscalar_benchmark_conventions(m_a: float = 1.0) -> tuple[Convention, ...]:
    """Return what each convention does to the rate of the pseudoscalar benchmark.

    The published product 5.9e-7 and that of the recast, 7.98e-8 1/MeV, differ by 7.4 (a rate by 55). Conventions of
    the operator and of the normalisation make at most 2 to 4 in the product; which leptons and which amplitude make X
    can make more. Factors on production are ratios of widths: spectra and acceptance are not in them.

    Parameters
    ----------
    m_a : float
        Mass of the pseudoscalar in MeV, below m_pi - m_mu.

    Raises
    ------
    RangeError
        For a mass out of range.
    """
    require_range("m_a", m_a, 0.0, 33.9, "MeV")

    def ratio(amplitude: str, lepton: int, parent: int) -> float:
        ours = width("pseudoscalar-ib1", parent, MUON, m_a)
        return width(amplitude, parent, lepton, m_a) / ours

    both = {p: 1.0 + ratio("pseudoscalar-ib1", ELECTRON, p) for p in (PI_PLUS, K_PLUS)}
    scalar = {p: ratio("scalar-ib1", MUON, p) for p in (PI_PLUS, K_PLUS)}
    half = kappa("alplib:pseudoscalar_ib1")
    code = half * kappa("alplib:x_via_vector")
    letter = kappa("letter:x_via_vector")
    return (
        Convention("ours", "exact amplitudes of (lambda/4) a F Htilde and i g_mu a mubar gamma5 mu", 1.0, 1.0),
        Convention("'+ h.c.' read literally", "lambda/2 in place of lambda/4", 4.0, 4.0),
        Convention("formula quoted for the letter", "-t B/2 in place of the exact bracket over 8", letter, letter),
        Convention("alplib", "production 1/2, detection 8", code, code),
        Convention(
            "letter's formula, production halved", "the recast in its later version", 0.5 * letter, 0.5 * letter
        ),
        Convention("electrons like muons", "g_e = g_mu", both[PI_PLUS], both[K_PLUS]),
        Convention("scalar amplitude", "the sign of 2 m^2 q^2 q.n reversed", scalar[PI_PLUS], scalar[K_PLUS]),
        Convention("without pions", "kaons alone", 0.0, 1.0),
        Convention("without kaons", "pions alone", 1.0, 0.0),
    )
