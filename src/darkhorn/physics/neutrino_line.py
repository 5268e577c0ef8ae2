"""Emission of a vector off the neutrino of P -> l nu V, which a charged neutrino (B-L, L_mu-L_tau) needs."""

import numpy as np

from darkhorn.physics.dirac import GAMMA, Complexes, dot, slash
from darkhorn.physics.traces import Momenta


def neutrino_line(at: Momenta, q_neutrino: float = 1.0) -> Complexes:
    """Return X^mu = -q_nu pslash (nslash + kslash) gamma^mu/(n + k)^2 of emission off the neutrino.

    Added to q_l IB1 + q_M (IB2 + contact) it closes the Ward identity for q_M = q_l - q_nu: with k for eps the sum is
    (q_l - q_M - q_nu) pslash.

    Parameters
    ----------
    at : Momenta
        Momenta (..., 4) in MeV, with m_x > 0 or at least (n + k)^2 > 0.
    q_neutrino : float
        Charge in units of g.

    Returns
    -------
    (..., 4, 4, 4) complex
        Index mu up, then the two spinor indices, normalised as the amplitudes of ``traces``.

    Notes
    -----
    The neutrino is massless and left-handed.

    Source: derived; gauge invariance checked in tests/physics/test_neutrino_line.py.
    """
    virtual = at.n + at.k
    front = slash(at.p) @ slash(virtual) / dot(virtual, virtual)[..., None, None]
    return np.asarray(-q_neutrino * (front[..., None, :, :] @ GAMMA))
