"""Named three-body productions P -> l nu X: what the chain and the command line ask for by name.

A production names a squared amplitude of ``physics`` and says what a user must know before using it: whether its
current is conserved, and whether its rate grows without bound as X becomes light.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from darkhorn.core import species
from darkhorn.core.errors import require_range, unknown_name
from darkhorn.core.rays import Floats
from darkhorn.physics import leptonic, phase_space, radiative, weak

LEPTONS: Final = (species.ELECTRON, species.MUON)


@dataclass(frozen=True)
class Production:
    """One way to make a dark boson in the decay of a charged meson.

    Attributes
    ----------
    name : str
        Kebab-case name.
    spin : str
        ``scalar``, ``pseudoscalar`` or ``vector``.
    msq : callable
        (m12_sq, m23_sq, M, m_l, m_x, q2_minus_m2=None) -> Sum|M|^2; (.., f_vector, f_axial, ..) with form factors.
    current_conserved : bool or None
        Whether the current that X couples to is conserved; None for spin 0.
    reason : str
        One line that says why.
    grows_at_low_mass : bool
        Whether the rate goes like 1/m_x^2.
    finite_when_massless : bool
        Whether the width has a finite limit at m_x = 0.
    coupling, coupling_unit : str
        Name and unit of the coupling; widths are per coupling squared.
    sources : tuple of str
        Keys of ``core.cite``.
    form_factors : tuple of (int, float, float)
        Rows (abs(pdgid), F_V, F_A); empty unless the amplitude depends on the structure of the meson.
    """

    name: str
    spin: str
    msq: Callable[..., Floats]
    current_conserved: bool | None
    reason: str
    grows_at_low_mass: bool
    finite_when_massless: bool
    coupling: str
    coupling_unit: str
    sources: tuple[str, ...]
    form_factors: tuple[tuple[int, float, float], ...] = ()


_SPIN_0: Final = "spin 0: there is no current to conserve"
_LEPTON_ONLY: Final = "only the lepton is charged: the weak vertex does not conserve the current"
_SD_FORM_FACTORS: Final = ((species.PI_PLUS, 0.0254, 0.0119), (species.K_PLUS, 0.0945, 0.0385))


def _scalar(name: str, spin: str, msq: Callable[..., Floats], coupling: str, unit: str, finite: bool) -> Production:
    sources = ("Carlson:2012", "Dutta:2021") if coupling == "g" else ("Thompson:2022",)
    return Production(name, spin, msq, None, _SPIN_0, False, finite, coupling, unit, sources)


def _broken(name: str, msq: Callable[..., Floats], reason: str, *sources: str) -> Production:
    return Production(name, "vector", msq, False, reason, True, False, "g", "1", (*sources, "Thompson:2022"))


_ALL: Final = (
    _scalar("scalar-ib1", "scalar", leptonic.msq_scalar_ib1, "g", "1", False),
    _scalar("pseudoscalar-ib1", "pseudoscalar", leptonic.msq_pseudoscalar_ib1, "g", "1", True),
    _scalar("scalar-ib2", "scalar", leptonic.msq_scalar_ib2, "mu", "MeV", False),
    Production(
        "vector-sum",
        "vector",
        radiative.msq_vector_sum,
        True,
        "lepton and meson carry the same charge: IB1 + IB2 + contact is gauge invariant",
        False,
        False,
        "g",
        "1",
        ("Thompson:2022",),
    ),
    Production(
        "vector-sd",
        "vector",
        radiative.msq_structure,
        True,
        "both structure tensors are transverse by construction",
        False,
        True,
        "g",
        "1",
        ("PIBETA:2008", "PDG", "Thompson:2022"),
        _SD_FORM_FACTORS,
    ),
    _broken("vector-ib1", radiative.msq_vector_ib1, _LEPTON_ONLY, "Carlson:2012", "Dutta:2021"),
    _broken("axial-ib1", radiative.msq_axial_ib1, "an axial current of a massive lepton is not conserved"),
    _broken("vector-ib2", radiative.msq_vector_ib2, "one diagram of three: emission off the meson without contact"),
    _broken("vector-contact", radiative.msq_vector_contact, "one diagram of three: the contact vertex alone"),
    _broken("vector-hadronic", radiative.msq_vector_hadronic, "only the meson is charged: IB2 + contact without IB1"),
    _broken("vector-sum-minus", radiative.msq_vector_sum_minus, "lepton and meson carry opposite charges"),
)

PRODUCTIONS: Final = {item.name: item for item in _ALL}
"""Every named production."""


def production(name: str) -> Production:
    """Return the production with this name.

    Raises
    ------
    UnknownNameError
        When there is none; the message offers the nearest.
    """
    if name not in PRODUCTIONS:
        raise unknown_name("production", name, PRODUCTIONS)
    return PRODUCTIONS[name]


def _resolve(item: Production | str) -> Production:
    return production(item) if isinstance(item, str) else item


def _masses(parent_pdg: int, lepton_pdg: int) -> tuple[float, float]:
    """Return the masses of meson and lepton in MeV, or raise UnknownNameError for species that do not fit."""
    weak.meson_constants(parent_pdg)
    if abs(lepton_pdg) not in LEPTONS:
        raise unknown_name("charged lepton (PDG number)", str(lepton_pdg), (str(pdg) for pdg in LEPTONS))
    return species.mass(abs(parent_pdg)), species.mass(abs(lepton_pdg))


def threshold(parent_pdg: int, lepton_pdg: int) -> float:
    """Return the largest mass of X in MeV, m(parent) - m(lepton), below which the channel is open.

    Raises
    ------
    UnknownNameError
        Unless the parent is a charged pion or kaon and the lepton an electron or a muon.
    """
    parent, lepton = _masses(parent_pdg, lepton_pdg)
    return parent - lepton


def _absolute(item: Production, parent_pdg: int, m_l: float, m_x: float) -> phase_space.SquaredAmplitude:
    """Return Sum|M|^2 per coupling squared as a function of (m12_sq, m23_sq, q2_minus_m2), in MeV^2."""
    decay_constant, ckm = weak.meson_constants(parent_pdg)
    M = species.mass(abs(parent_pdg))
    msq, scale = item.msq, (weak.G_FERMI * ckm * decay_constant) ** 2
    if item.form_factors:
        f_vector, f_axial = form_factors(item, parent_pdg)
        msq, scale = partial(msq, f_vector=f_vector, f_axial=f_axial), (weak.G_FERMI * ckm / M) ** 2

    def amplitude(m12_sq: Floats, m23_sq: Floats, q2_minus_m2: Floats) -> Floats:
        return np.asarray(scale * msq(m12_sq, m23_sq, M, m_l, m_x, q2_minus_m2=q2_minus_m2))

    return amplitude


def form_factors(item: Production | str, parent_pdg: int) -> tuple[float, float]:
    """Return (F_V, F_A) of a structure-dependent production for this parent.

    Raises
    ------
    UnknownNameError
        When the production has no form factors for this parent.
    """
    chosen = _resolve(item)
    rows = {pdg: (f_vector, f_axial) for pdg, f_vector, f_axial in chosen.form_factors}
    if abs(parent_pdg) not in rows:
        raise unknown_name(f"form factors of {chosen.name} for PDG number", str(parent_pdg), map(str, rows))
    return rows[abs(parent_pdg)]


def _check_mass(item: Production, m_x: float, *, needs_width: bool) -> None:
    """Raise RangeError for a negative or NaN mass, or for m_x = 0 where the result would be infinite."""
    infinite = item.grows_at_low_mass or (needs_width and not item.finite_when_massless)
    require_range(f"m_x ({item.name})", m_x, 0.0, unit="MeV", open_low=infinite)


def dgamma_de(
    item: Production | str,
    parent_pdg: int,
    lepton_pdg: int,
    m_x: float,
    energy: ArrayLike,
    *,
    order: int = 64,
) -> Floats:
    """Return dGamma/dE_X in the rest frame of the parent.

    Parameters
    ----------
    item : Production or str
        The production or its name.
    parent_pdg, lepton_pdg : int
        PDG numbers; signs do not matter.
    m_x : float
        Mass of X in MeV, >= 0; > 0 where the rate grows at low mass.
    energy : (...) array_like
        Total rest-frame energy of X in MeV.
    order : int
        Gauss-Legendre points of the inner integral.

    Returns
    -------
    (...) float
        MeV per MeV per coupling squared; exactly 0 on and outside the edge and in a closed channel.

    Raises
    ------
    RangeError
        For a negative, NaN or (see above) zero mass.
    UnknownNameError
        For an unknown production, parent or lepton.
    """
    chosen = _resolve(item)
    M, m_l = _masses(parent_pdg, lepton_pdg)
    _check_mass(chosen, m_x, needs_width=False)
    energies = np.asarray(energy, dtype=float)
    msq = _absolute(chosen, parent_pdg, m_l, m_x)
    return phase_space.dgamma_de(msq, energies.ravel(), M, m_l, m_x, order).reshape(energies.shape)


def width(
    item: Production | str,
    parent_pdg: int,
    lepton_pdg: int,
    m_x: float,
    *,
    order: int = 64,
    energy_low: float | None = None,
) -> float:
    """Return Gamma(P -> l nu X) in MeV per coupling squared; exactly 0 in a closed channel.

    Parameters
    ----------
    item : Production or str
        The production or its name.
    parent_pdg, lepton_pdg : int
        PDG numbers; signs do not matter.
    m_x : float
        Mass of X in MeV, >= 0; > 0 where the width diverges for a massless X (unless ``energy_low`` cuts it off).
    order : int
        Gauss-Legendre points in each variable; 64 reaches 1e-8.
    energy_low : float, optional
        Count only X above this rest-frame energy in MeV.

    Returns
    -------
    float
        Width in MeV per coupling squared.

    Raises
    ------
    RangeError
        For a negative, NaN or (see above) zero mass, or a cut that is negative or NaN.
    UnknownNameError
        For an unknown production, parent or lepton.
    """
    chosen = _resolve(item)
    M, m_l = _masses(parent_pdg, lepton_pdg)
    if energy_low is not None:
        require_range("energy_low", energy_low, 0.0, unit="MeV")
    _check_mass(chosen, m_x, needs_width=not energy_low)
    return phase_space.three_body_width(_absolute(chosen, parent_pdg, m_l, m_x), M, m_l, m_x, order, energy_low)


def branching(item: Production | str, parent_pdg: int, lepton_pdg: int, m_x: float) -> float:
    """Return the branching ratio per coupling squared: :func:`width` over the measured total width of the parent.

    Parameters and errors as for :func:`width`.
    """
    return width(item, parent_pdg, lepton_pdg, m_x) / species.width(abs(parent_pdg))


def msq_normalised(
    item: Production | str, m12_sq: ArrayLike, m23_sq: ArrayLike, M: float, m_l: float, m_x: float
) -> Floats:
    """Return Sum|M|^2 over its natural scale at points of the Dalitz plot; 0 outside of it.

    Parameters
    ----------
    item : Production or str
        The production or its name. Form factors are those of the pion below a mass of 250 MeV, else of the kaon.
    m12_sq, m23_sq : array_like
        (l + n)^2 and (n + X)^2 in MeV^2; shapes broadcast.
    M, m_l, m_x : float
        Masses in MeV.

    Returns
    -------
    broadcast shape, float
        |M|^2/(G_F f V g)^2 in MeV^2; |M|^2/(G_F f V mu)^2 for ``scalar-ib2``; |M|^2/(G_F V g/M)^2 in MeV^6 for
        ``vector-sd``.

    Raises
    ------
    RangeError
        For a negative, NaN or (where the rate grows at low mass) zero mass.
    """
    chosen = _resolve(item)
    _check_mass(chosen, m_x, needs_width=False)
    msq = chosen.msq
    if chosen.form_factors:
        f_vector, f_axial = form_factors(chosen, species.PI_PLUS if M < 250.0 else species.K_PLUS)
        msq = partial(msq, f_vector=f_vector, f_axial=f_axial)
    pair, other = np.broadcast_arrays(np.asarray(m12_sq, dtype=float), np.asarray(m23_sq, dtype=float))
    inside = phase_space.inside_dalitz(pair, other, M, m_l, m_x)
    result = np.zeros(pair.shape)
    if inside.any():
        result[inside] = msq(pair[inside], other[inside], M, m_l, m_x)
    return result
