"""Widths, spectra and squared amplitudes of the productions P -> l nu X, by name or as objects.

The names themselves are in ``catalogue``; what the chain and the command line ask for is here.
"""

from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from darkhorn.core import species
from darkhorn.core.errors import ScenarioError, require_range, unknown_name
from darkhorn.core.rays import Floats
from darkhorn.models.catalogue import PARAMETERS, PRODUCTIONS, Production, from_amplitude, from_mixture, production
from darkhorn.models.mixture import CONSERVED_TO, Mixture, momenta_inside, violation
from darkhorn.physics import phase_space, traces, weak
from darkhorn.physics.dirac import Complexes

__all__ = [
    "LEPTONS",
    "PARAMETERS",
    "PRODUCTIONS",
    "Mixture",
    "Production",
    "Ward",
    "branching",
    "dgamma_de",
    "form_factors",
    "from_amplitude",
    "from_mixture",
    "msq_normalised",
    "production",
    "reduced_form_factors",
    "squared_amplitude",
    "threshold",
    "ward",
    "width",
]

LEPTONS: Final = (species.ELECTRON, species.MUON)


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


def squared_amplitude(
    item: Production | str, parent_pdg: int, lepton_pdg: int, m_x: float
) -> phase_space.SquaredAmplitude:
    """Return Sum|M|^2 per coupling squared as a function of (m12_sq, m23_sq, q2_minus_m2) in MeV^2.

    Parameters and errors as for :func:`width`; inside the Dalitz region only.
    """
    chosen = production(item)
    M, m_l = _masses(parent_pdg, lepton_pdg)
    _check_mass(chosen, m_x, needs_width=False)
    decay_constant, ckm = weak.meson_constants(parent_pdg)
    msq, scale = chosen.msq, (weak.G_FERMI * ckm * decay_constant) ** 2
    if chosen.form_factors:
        f_vector, f_axial = reduced_form_factors(chosen, parent_pdg)
        msq = partial(msq, f_vector=f_vector, f_axial=f_axial)
    if chosen.scale == "M":
        scale = (weak.G_FERMI * ckm / M) ** 2

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
    chosen = production(item)
    rows = {pdg: (f_vector, f_axial) for pdg, f_vector, f_axial in chosen.form_factors}
    if abs(parent_pdg) not in rows:
        raise unknown_name(f"form factors of {chosen.name} for PDG number", str(parent_pdg), map(str, rows))
    return rows[abs(parent_pdg)]


def reduced_form_factors(item: Production | str, parent_pdg: int) -> tuple[float, float]:
    """Return what msq takes: (F_V/f, F_A/f) in 1/MeV, or (F_V, F_A) for the scale ``M``. Errors as above."""
    chosen = production(item)
    f_vector, f_axial = form_factors(chosen, parent_pdg)
    unit = 1.0 if chosen.scale == "M" else weak.meson_constants(parent_pdg)[0]
    return f_vector / unit, f_axial / unit


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
    chosen = production(item)
    M, m_l = _masses(parent_pdg, lepton_pdg)
    _check_mass(chosen, m_x, needs_width=False)
    energies = np.asarray(energy, dtype=float)
    msq = squared_amplitude(chosen, parent_pdg, lepton_pdg, m_x)
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
    chosen = production(item)
    M, m_l = _masses(parent_pdg, lepton_pdg)
    if energy_low is not None:
        require_range("energy_low", energy_low, 0.0, unit="MeV")
    _check_mass(chosen, m_x, needs_width=not energy_low)
    msq = squared_amplitude(chosen, parent_pdg, lepton_pdg, m_x)
    return phase_space.three_body_width(msq, M, m_l, m_x, order, energy_low)


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
        What ``Production.normalisation`` says: |M|^2/(G_F f V g)^2 in MeV^2, except for ``scalar-ib2``,
        ``pseudoscalar-derivative`` and ``vector-sd``.

    Raises
    ------
    RangeError
        For a negative, NaN or (where the rate grows at low mass) zero mass.
    """
    chosen = production(item)
    _check_mass(chosen, m_x, needs_width=False)
    msq = chosen.msq
    if chosen.form_factors:
        f_vector, f_axial = reduced_form_factors(chosen, species.PI_PLUS if M < 250.0 else species.K_PLUS)
        msq = partial(msq, f_vector=f_vector, f_axial=f_axial)
    pair, other = np.broadcast_arrays(np.asarray(m12_sq, dtype=float), np.asarray(m23_sq, dtype=float))
    inside = phase_space.inside_dalitz(pair, other, M, m_l, m_x)
    result = np.zeros(pair.shape)
    if inside.any():
        result[inside] = msq(pair[inside], other[inside], M, m_l, m_x)
    return result


@dataclass(frozen=True)
class Ward:
    """What k does to a vector's amplitude.

    Attributes
    ----------
    conserved : bool
        Whether |k.M| vanishes beside |k||M| at every point.
    reason : str
        Why.
    violation : (N,) float
        |k.M|/(|k||M|) at points of the Dalitz region, k.M and M summed over spins.
    k_coefficient, pair_coefficient : (N,) complex
        k^mu T_{mu rho} in units of i f: its coefficients of k_rho and L_rho. (q_M, q_M) is what a lepton of the same
        charge makes good; (0, 0) is conserved without one. NaN where the production is not made of a tensor.
    """

    conserved: bool
    reason: str
    violation: Floats
    k_coefficient: Complexes
    pair_coefficient: Complexes


def ward(item: Production | str, parent_pdg: int, lepton_pdg: int, m_x: float, points: int = 5) -> Ward:
    """Return the gauge diagnostic of a vector production at points x points inside the Dalitz region.

    Parameters
    ----------
    item : Production or str
        The production or its name.
    parent_pdg, lepton_pdg : int
        PDG numbers; signs do not matter.
    m_x : float
        Mass of the vector in MeV, in (0, threshold).
    points : int
        Points along each side of the region.

    Raises
    ------
    ScenarioError
        For spin 0, or a production without an amplitude.
    RangeError
        For a mass out of range.
    UnknownNameError
        For an unknown production, parent or lepton.
    """
    chosen = production(item)
    if chosen.spin != "vector" or chosen.amplitude is None:
        raise ScenarioError(f"production '{chosen.name}': no current to test; allowed: vectors with an amplitude")
    M, m_l = _masses(parent_pdg, lepton_pdg)
    require_range(f"m_x ({chosen.name})", m_x, 0.0, M - m_l, "MeV", open_low=True, open_high=True)
    at = momenta_inside(M, m_l, m_x, (np.arange(points) + 0.5) / points)
    factors = reduced_form_factors(chosen, parent_pdg) if chosen.form_factors else ()
    size = violation(chosen.amplitude, at, *factors)
    first = second = np.full(size.shape, np.nan, dtype=complex)
    if chosen.mixture is not None:
        first, second = traces.divergence(at, chosen.mixture.hadronic_tensor(at, *factors))
        first, second = np.broadcast_to(first, size.shape), np.broadcast_to(second, size.shape)
    return Ward(bool(size.max() < CONSERVED_TO), chosen.reason, size, first, second)
