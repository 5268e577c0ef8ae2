"""Weak constants and the two-body decay P -> l nu, to which every rare decay is compared.

Decay constants are the large ones, <0|A_mu|P(p)> = i f p_mu, so that f_pi is 130 MeV and not 92 MeV.
"""

from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from darkhorn.core.errors import unknown_name
from darkhorn.core.rays import Floats

G_FERMI: Final = 1.1663787e-11
"""Fermi constant in MeV^-2. Source: PDG, review of physical constants (muon lifetime)."""

ALPHA: Final = 1.0 / 137.035999
"""Fine-structure constant at zero momentum. Source: PDG, review of physical constants."""

V_UD: Final = 0.97373
"""Modulus of the CKM element ud. Source: PDG 2022, CKM review (superallowed beta decays)."""

V_US: Final = 0.2243
"""Modulus of the CKM element us. Source: PDG 2022, CKM review (semileptonic kaon decays)."""

F_PI: Final = 130.2
"""Decay constant of the charged pion in MeV. Source: PDG, review of leptonic decays (lattice average)."""

F_K: Final = 155.7
"""Decay constant of the charged kaon in MeV. Source: PDG, review of leptonic decays (lattice average)."""

_MESONS: Final = {211: (F_PI, V_UD), 321: (F_K, V_US)}


def meson_constants(pdgid: int) -> tuple[float, float]:
    """Return the decay constant in MeV and the CKM modulus of a charged meson.

    Parameters
    ----------
    pdgid : int
        +-211 (pion) or +-321 (kaon).

    Returns
    -------
    (float, float)
        f in MeV and abs(V), dimensionless.

    Raises
    ------
    UnknownNameError
        For any other species.

    Notes
    -----
    Source: PDG, as the constants above.
    """
    if abs(pdgid) not in _MESONS:
        raise unknown_name("charged meson (PDG number)", str(pdgid), (str(number) for number in _MESONS))
    return _MESONS[abs(pdgid)]


def two_body_width(M: ArrayLike, m: ArrayLike, f: ArrayLike, V: ArrayLike) -> Floats:
    """Return the tree-level width of P -> l nu in MeV; 0 where the channel is closed.

    Gamma = G_F^2 f^2 V^2 M m^2 (1 - m^2/M^2)^2 / (8 pi), summed over the lepton spins.

    Parameters
    ----------
    M, m : array_like
        Masses of the meson (> 0) and of the charged lepton in MeV, any shapes that broadcast.
    f : array_like
        Decay constant in MeV.
    V : array_like
        Modulus of the CKM element.

    Returns
    -------
    broadcast shape, float
        Width in MeV.

    Notes
    -----
    No radiative corrections: the ratio e/mu of the pion is 1.2833e-4 here and 1.2353e-4 with them.

    Source: derived; checked against explicit matrices in tests/physics/test_weak.py.
    """
    parent, lepton = np.asarray(M, dtype=float), np.asarray(m, dtype=float)
    helicity = np.maximum(1.0 - (lepton / parent) ** 2, 0.0)
    scale = (G_FERMI * np.asarray(f, dtype=float) * np.asarray(V, dtype=float) * lepton * helicity) ** 2
    return np.asarray(scale * parent / (8.0 * np.pi))


def two_body_energy(M: ArrayLike, m: ArrayLike) -> Floats:
    """Return the rest-frame energy (M^2 - m^2)/(2 M) of the neutrino of P -> l nu in MeV.

    Parameters
    ----------
    M, m : array_like
        Masses of the meson (> 0) and of the charged lepton in MeV.

    Returns
    -------
    broadcast shape, float
        Energy in MeV; 0 where the channel is closed.

    Notes
    -----
    Source: PDG, review of kinematics, two-body decays, with a massless daughter.
    """
    parent, lepton = np.asarray(M, dtype=float), np.asarray(m, dtype=float)
    return np.asarray(np.maximum((parent - lepton) * (parent + lepton) / (2.0 * parent), 0.0))
