"""Form factors of nuclei and nucleons, as amplitudes F (never F^2), and Pauli blocking.

The momentum transfer q is in MeV, Q^2 = -t in MeV^2. Every nuclear form factor is 1 at q = 0.
"""

import numpy as np
from numpy.typing import ArrayLike

from darkhorn.core.arrays import check_range, namespace, root
from darkhorn.core.errors import require_range, unknown_name
from darkhorn.core.rays import Floats
from darkhorn.core.units import GEV, HBARC_FM

SKIN_FM = 0.9
"""Thickness s of the nuclear surface in fm (Helm model)."""

DIPOLE_MASS_SQ = 0.71e6
"""Mass squared of the dipole form factor in MeV^2."""

MU_PROTON = 2.792847
"""Magnetic moment of the proton in nuclear magnetons (PDG)."""

MU_NEUTRON = -1.913043
"""Magnetic moment of the neutron in nuclear magnetons (PDG)."""

NUCLEON_MASS = 938.9187
"""Mean mass of proton and neutron in MeV (PDG)."""

FERMI_MOMENTUM = 221.0
"""Fermi momentum of carbon in MeV (Moniz et al., Phys. Rev. Lett. 26, 445)."""

BBA2003_LIMIT = 6.0
"""Q^2 in GeV^2 above which BBA-2003 keeps the ratio of the proton's two form factors."""

_BBA2003_TAIL = 30.0
"""Q^2 in GeV^2 where the data end; the polynomials have poles above, so that a tail Q^-4 takes over."""

_BBA2003 = {
    "proton electric": (3.253, 1.422, 0.08582, 0.3318, -0.09371, 0.01076),
    "proton magnetic": (3.104, 1.428, 0.1112, -0.006981, 0.0003705, -0.7063e-5),
    "neutron magnetic": (3.043, 0.8548, 0.6806, -0.1287, 0.008912, 0.0),
}
"""a2 to a12 of 1/(1 + a2 Q^2 + a4 Q^4 + ...), Q in GeV; the fit to cross sections and polarisation transfer."""

RADII = ("lewin-smith", "simple")
QUARK_CONTENT = {"charge": (1.0, 0.0), "baryon": (1.0, 1.0), "up": (2.0, 1.0)}
"""Combination a F1p + b F1n seen on a proton for each coupling; on a neutron a and b change places."""


def helm_radius_fm(mass_number: ArrayLike, radius: str = "lewin-smith") -> Floats:
    """Return the radius R of the uniform sphere of the Helm model in fm.

    ``lewin-smith``: R^2 = (1.23 A^(1/3) - 0.6)^2 + 7 pi^2 0.52^2/3 - 5 s^2.
    ``simple``: R^2 = (1.2 A^(1/3))^2 - 5 s^2. s = 0.9 fm.

    Parameters
    ----------
    mass_number : array_like
        A >= 6 (below, R^2 of the simple form is not positive), any shape.
    radius : str
        Which of the two.

    Returns
    -------
    array
        Radius in fm.

    Raises
    ------
    RangeError
        For A < 6.
    UnknownNameError
        For another name.

    Notes
    -----
    Source: Lewin and Smith, Astropart. Phys. 6, 87 (1996), section 4; the simple form is in wide use in
    recasts.
    """
    if radius not in RADII:
        raise unknown_name("Helm radius", radius, RADII)
    require_range("mass number A", mass_number, 6.0)
    root = np.cbrt(np.asarray(mass_number, dtype=float))
    if radius == "simple":
        return np.asarray(np.sqrt((1.2 * root) ** 2 - 5.0 * SKIN_FM**2))
    diffuse = 7.0 * np.pi**2 * 0.52**2 / 3.0
    return np.asarray(np.sqrt((1.23 * root - 0.6) ** 2 + diffuse - 5.0 * SKIN_FM**2))


def helm(q: ArrayLike, mass_number: ArrayLike, radius: str = "lewin-smith") -> Floats:
    """Return the Helm form factor F(q) = 3 j1(q R)/(q R) exp(-q^2 s^2/2), an amplitude with F(0) = 1.

    Parameters
    ----------
    q : array_like
        Momentum transfer sqrt(Q^2) >= 0 in MeV.
    mass_number : array_like
        A >= 6; shapes broadcast. A free proton has no Helm form factor.
    radius : str
        As in :func:`helm_radius_fm`.

    Returns
    -------
    array
        F in (-1, 1]; negative between its first zeros. The rate takes Z^2 F^2 (or the square of another charge).

    Raises
    ------
    RangeError
        For q < 0 or A < 6.
    UnknownNameError
        For an unknown radius.

    Notes
    -----
    Below q R = 0.1 the series 1 - x^2/10 + x^4/280 - x^6/15120 takes over (1e-14).

    Source: Helm, Phys. Rev. 104, 1466 (1956).
    """
    check_range("momentum transfer q", q, 0.0, unit="MeV")
    xp = namespace(q)
    q = xp.asarray(q, dtype=float) / HBARC_FM
    x = q * helm_radius_fm(mass_number, radius)
    small = x < 0.1
    safe = xp.where(small, 1.0, x)
    full = 3.0 * (xp.sin(safe) - safe * xp.cos(safe)) / (safe * safe**2)
    near = xp.where(small, x, 0.0) ** 2
    series = 1.0 - near / 10.0 * (1.0 - near / 28.0 * (1.0 - near / 54.0))
    return xp.asarray(xp.where(small, series, full) * xp.exp(-0.5 * (q * SKIN_FM) ** 2))


def dipole(q_sq: ArrayLike) -> Floats:
    """Return the dipole G_D = (1 + Q^2/0.71 GeV^2)^-2.

    Parameters
    ----------
    q_sq : array_like
        Q^2 >= 0 in MeV^2.

    Returns
    -------
    array
        G_D in (0, 1].

    Raises
    ------
    RangeError
        For Q^2 < 0.

    Notes
    -----
    Source: Hofstadter, Rev. Mod. Phys. 28, 214 (1956), with the mass of common use.
    """
    check_range("q_sq", q_sq, 0.0, unit="MeV^2")
    xp = namespace(q_sq)
    return xp.asarray(1.0 / (1.0 + xp.asarray(q_sq, dtype=float) / DIPOLE_MASS_SQ) ** 2)


def f1_proton(q_sq: ArrayLike) -> Floats:
    """Return the Dirac form factor F1 of the proton, G_D (1 + mu_p tau)/(1 + tau), tau = Q^2/4M^2.

    Parameters
    ----------
    q_sq : array_like
        Q^2 >= 0 in MeV^2; good to a few per cent below 1 GeV^2.

    Returns
    -------
    array
        F1p, 1 at Q^2 = 0.

    Raises
    ------
    RangeError
        For Q^2 < 0.

    Notes
    -----
    G_E = G_D, G_M = mu_p G_D.

    Source: Ernst, Sachs and Wali, Phys. Rev. 119, 1105 (1960).
    """
    xp = namespace(q_sq)
    tau = xp.asarray(q_sq, dtype=float) / (4.0 * NUCLEON_MASS**2)
    return xp.asarray(dipole(q_sq) * (1.0 + MU_PROTON * tau) / (1.0 + tau))


def f1_neutron(q_sq: ArrayLike) -> Floats:
    """Return the Dirac form factor F1 of the neutron, with the electric form factor of Galster.

    G_E = -mu_n tau G_D/(1 + 5.6 tau), G_M = mu_n G_D, F1 = (G_E + tau G_M)/(1 + tau), tau = Q^2/4M^2.

    Parameters
    ----------
    q_sq : array_like
        Q^2 >= 0 in MeV^2; rough above 1 GeV^2.

    Returns
    -------
    array
        F1n, 0 at Q^2 = 0 and small and negative above.

    Raises
    ------
    RangeError
        For Q^2 < 0.

    Notes
    -----
    Source: Galster et al., Nucl. Phys. B 32, 221 (1971).
    """
    xp = namespace(q_sq)
    tau = xp.asarray(q_sq, dtype=float) / (4.0 * NUCLEON_MASS**2)
    electric = -MU_NEUTRON * tau / (1.0 + 5.6 * tau)
    return xp.asarray(dipole(q_sq) * (electric + tau * MU_NEUTRON) / (1.0 + tau))


def nucleon_form_factor(q_sq: ArrayLike, coupling: str, *, neutron: bool = False) -> Floats:
    """Return the Dirac form factor of a single nucleon for a vector that couples to charge, baryon number or up.

    On a proton: charge F1p, baryon F1p + F1n, up 2 F1p + F1n; on a neutron p and n change places (isospin), so that
    Q^2 = 0 gives 1, 1, 2 and 0, 1, 1. Strange quarks and the Pauli form factor F2 are left out.

    Parameters
    ----------
    q_sq : array_like
        Q^2 >= 0 in MeV^2.
    coupling : str
        ``charge``, ``baryon`` or ``up``.
    neutron : bool
        Which nucleon.

    Returns
    -------
    array
        Form factor times the charge of the nucleon, in units of the coupling.

    Raises
    ------
    UnknownNameError
        For another coupling.
    RangeError
        For Q^2 < 0.

    Notes
    -----
    Source: derived (F1p = 2/3 Fu - 1/3 Fd and isospin).
    """
    if coupling not in QUARK_CONTENT:
        raise unknown_name("coupling", coupling, QUARK_CONTENT)
    same, other = QUARK_CONTENT[coupling]
    proton, neutral = f1_proton(q_sq), f1_neutron(q_sq)
    return same * neutral + other * proton if neutron else same * proton + other * neutral


def sachs_bba2003(q_sq: ArrayLike, *, neutron: bool = False) -> tuple[Floats, Floats]:
    """Return the electric and magnetic Sachs form factors of a nucleon in the parametrisation BBA-2003.

    G = G(0)/(1 + a2 Q^2 + a4 Q^4 + ... + a12 Q^12) for G_Ep, G_Mp and G_Mn, and for the neutron
    G_E = -mu_n 0.942 tau G_D/(1 + 4.61 tau), tau = Q^2/4M^2. Above 6 GeV^2 G_Ep/G_Mp keeps its value.

    Parameters
    ----------
    q_sq : array_like
        Q^2 >= 0 in MeV^2.
    neutron : bool
        Of a neutron; by default of a proton.

    Returns
    -------
    electric, magnetic : array
        1 and mu_p = 2.793 at Q^2 = 0 for a proton; 0 and mu_n = -1.913 for a neutron.

    Raises
    ------
    RangeError
        For Q^2 < 0.

    Notes
    -----
    Fitted to data up to about 30 GeV^2 (G_Mp) and 6 GeV^2 (G_Ep); above 30 GeV^2 all fall as Q^-4.

    Source: Budd, Bodek and Arrington, hep-ex/0308005; G_En of Krutov and Troitsky, Eur. Phys. J. A 16, 285 (2003).
    """
    require_range("q_sq", q_sq, 0.0, unit="MeV^2")
    y = np.asarray(q_sq, dtype=float) / GEV**2
    if neutron:
        tau = np.asarray(q_sq, dtype=float) / (4.0 * NUCLEON_MASS**2)
        electric = -MU_NEUTRON * 0.942 * tau / (1.0 + 4.61 * tau) * dipole(q_sq)
        return np.asarray(electric), MU_NEUTRON * _inverse_polynomial("neutron magnetic", y)
    magnetic, held = _inverse_polynomial("proton magnetic", y), np.minimum(y, BBA2003_LIMIT)
    ratio = _inverse_polynomial("proton electric", held) / _inverse_polynomial("proton magnetic", held)
    return np.asarray(ratio * magnetic), MU_PROTON * magnetic


def _inverse_polynomial(name: str, y: Floats) -> Floats:
    """Return 1/(1 + a2 y + a4 y^2 + ...) with the coefficients of one form factor, y in GeV^2; above 30 as y^-2."""
    held = np.minimum(y, _BBA2003_TAIL)
    value = np.zeros_like(held)
    for coefficient in reversed(_BBA2003[name]):
        value = (value + coefficient) * held
    return np.asarray((_BBA2003_TAIL / np.maximum(y, _BBA2003_TAIL)) ** 2 / (1.0 + value))


def f1_f2_bba2003(q_sq: ArrayLike, *, neutron: bool = False) -> tuple[Floats, Floats]:
    """Return the Dirac and Pauli form factors of a nucleon from BBA-2003.

    F1 = (G_E + tau G_M)/(1 + tau), F2 = (G_M - G_E)/(1 + tau), tau = Q^2/4M^2; F2 multiplies i sigma q/(2 M).

    Parameters
    ----------
    q_sq : array_like
        Q^2 >= 0 in MeV^2.
    neutron : bool
        Of a neutron; by default of a proton.

    Returns
    -------
    f1, f2 : array
        1 and 1.793 at Q^2 = 0 for a proton; 0 and -1.913 for a neutron.

    Raises
    ------
    RangeError
        For Q^2 < 0.

    Notes
    -----
    Source: Budd, Bodek and Arrington, hep-ex/0308005; Ernst, Sachs and Wali, Phys. Rev. 119, 1105 (1960).
    """
    electric, magnetic = sachs_bba2003(q_sq, neutron=neutron)
    tau = np.asarray(q_sq, dtype=float) / (4.0 * NUCLEON_MASS**2)
    return np.asarray((electric + tau * magnetic) / (1.0 + tau)), np.asarray((magnetic - electric) / (1.0 + tau))


def pauli_blocking(q_sq: ArrayLike, fermi_momentum: float = FERMI_MOMENTUM) -> Floats:
    """Return the fraction of nucleons of a Fermi gas that a knock can lift above the Fermi sea.

    The volume of a sphere of radius k_F outside its copy shifted by |q|: (3 x - x^3)/2 with x = |q|/2k_F, and 1 for
    x > 1. |q| = sqrt(Q^2 (1 + Q^2/4M^2)) is the three-momentum given to a nucleon at rest.

    Parameters
    ----------
    q_sq : array_like
        Q^2 >= 0 in MeV^2.
    fermi_momentum : float
        k_F > 0 in MeV; carbon by default.

    Returns
    -------
    array
        Factor in [0, 1] on the rate on single bound nucleons; 0 at Q^2 = 0.

    Raises
    ------
    RangeError
        For Q^2 < 0 or k_F <= 0.

    Notes
    -----
    Approximation: zero temperature, one k_F for protons and neutrons, no binding energy, no correlations.

    Source: derived (overlap of two spheres).
    """
    check_range("q_sq", q_sq, 0.0, unit="MeV^2")
    require_range("fermi_momentum", fermi_momentum, 0.0, unit="MeV", open_low=True)
    xp = namespace(q_sq)
    y = xp.asarray(q_sq, dtype=float)
    x = xp.minimum(root(y * (1.0 + y / (4.0 * NUCLEON_MASS**2))) / (2.0 * fermi_momentum), 1.0)
    return xp.asarray(0.5 * x * (3.0 - x**2))
