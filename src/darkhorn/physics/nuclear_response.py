"""What a nucleus adds to scattering on a point target: coherent enhancement and incoherent knock-out."""

from typing import Final

from numpy.typing import ArrayLike

from darkhorn.core.arrays import namespace, root
from darkhorn.core.rays import Floats
from darkhorn.physics.form_factors import dipole, helm, nucleon_form_factor, pauli_blocking

NUCLEON_CHARGES: Final = {"charge": (1.0, 0.0), "baryon": (1.0, 1.0), "up": (2.0, 1.0)}
"""Charges of proton and neutron under an exchanged field, by what it couples to; an up quark counts 2 in a proton."""


def coherent(q_sq: ArrayLike, mass_number: int, charge: float, radius: str = "lewin-smith") -> Floats:
    """Return Q^2 F(q)^2, the coherent factor on the cross section of a nucleus of charge Q.

    Parameters
    ----------
    q_sq : array_like
        Squared momentum transfer in MeV^2.
    mass_number : int
        A, >= 6 (the Helm model).
    charge : float
        Charge of the whole nucleus under the exchanged field, in units of the nucleon coupling.
    radius : str
        Convention of the Helm radius, ``lewin-smith`` or ``simple``.

    Notes
    -----
    Source: R. H. Helm, Phys. Rev. 104, 1466 (1956); Lewin and Smith, Astropart. Phys. 6, 87 (1996).
    """
    factor: Floats = (charge * helm(root(namespace(q_sq).asarray(q_sq, dtype=float)), mass_number, radius)) ** 2
    return factor


def incoherent_vector(
    q_sq: ArrayLike, protons: int, neutrons: int, coupling: str, *, radius: str = "lewin-smith", pauli: bool = False
) -> Floats:
    """Return (Z f_p^2 + N f_n^2)(1 - F^2), the sum over single nucleons of a vector exchange.

    1 - F^2 takes away what the coherent part already counts, and vanishes at Q^2 = 0.

    Parameters
    ----------
    q_sq : array_like
        Squared momentum transfer in MeV^2.
    protons, neutrons : int
        Z and N; A = 1 is a free proton and gets f_p^2 alone.
    coupling : str
        ``charge``, ``baryon`` or ``up``: what the exchanged vector couples to.
    radius : str
        Convention of the Helm radius.
    pauli : bool
        Multiply by the Pauli factor of a Fermi gas as well. The factor 1 - F^2 is then counted too: a lower bound.

    Notes
    -----
    An approximation: Fermi motion, binding and the Pauli form factor F2 are left out.

    Source: standard prescription, for instance Freedman, Phys. Rev. D 9, 1389 (1974).
    """
    xp = namespace(q_sq)
    free = protons * nucleon_form_factor(q_sq, coupling) ** 2
    if protons + neutrons == 1:
        return xp.asarray(free)
    bound = free + neutrons * nucleon_form_factor(q_sq, coupling, neutron=True) ** 2
    factor = bound * (1.0 - helm(root(xp.asarray(q_sq, dtype=float)), protons + neutrons, radius) ** 2)
    return xp.asarray(factor * pauli_blocking(q_sq) if pauli else factor)


def incoherent_scalar(
    q_sq: ArrayLike, protons: int, neutrons: int, charges: tuple[float, float], *, radius: str, pauli: bool = False
) -> Floats:
    """Return (Z g_p^2 + N g_n^2) G_D^2 (1 - F^2) of a scalar exchange; arguments as :func:`incoherent_vector`.

    ``charges`` are g_p and g_n in units of the nucleon coupling. The dipole stands for the unknown scalar form factor
    of a nucleon: an approximation.

    Source: standard prescription, for instance Freedman, Phys. Rev. D 9, 1389 (1974).
    """
    xp = namespace(q_sq)
    free = (protons * charges[0] ** 2 + neutrons * charges[1] ** 2) * dipole(q_sq) ** 2
    if protons + neutrons == 1:
        return xp.asarray(free)
    factor = free * (1.0 - helm(root(xp.asarray(q_sq, dtype=float)), protons + neutrons, radius) ** 2)
    return xp.asarray(factor * pauli_blocking(q_sq) if pauli else factor)


def incoherent_spin(q_sq: ArrayLike, nucleons: int, *, pauli: bool = False) -> Floats:
    """Return A G_D^2, the incoherent sum over nucleons of a spin-dependent (gamma5) exchange.

    An isovector coupling (g_p = -g_n, as of the neutral pion) gives the same as an isoscalar one, because squares
    add. There is no coherent part. The dipole stands for the pseudoscalar form factor: an approximation.

    Parameters
    ----------
    q_sq : array_like
        Squared momentum transfer in MeV^2.
    nucleons : int
        A.
    pauli : bool
        Multiply by the Pauli factor of a Fermi gas (never for a free proton).

    Notes
    -----
    Source: derived (gamma5 flips a nucleon's spin, so amplitudes of paired nucleons cancel).
    """
    xp = namespace(q_sq)
    factor = nucleons * dipole(q_sq) ** 2
    return xp.asarray(factor * pauli_blocking(q_sq) if pauli and nucleons > 1 else factor)
