"""From quark charges to meson couplings: L = sum_q g_q V_mu qbar gamma^mu q in the chiral Lagrangian.

With g = diag(g_u, g_d, g_s) and U = exp(i sqrt2 Phi/f_92) the covariant derivative is the commutator,
D_mu U = d_mu U - i V_mu [g, U]: a vector current rotates left- and right-handed quarks alike. Everything below is
normalised so that g_q = e Q_q, the photon, gives e for every coupling. Phi has pi+ in row u, column d, K+ in row u,
column s, and K0 in row d, column s.
"""

from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from darkhorn.core.errors import require_range, unknown_name
from darkhorn.core.rays import Floats

ETA_ANGLE: Final = np.radians(-14.5)
"""Octet-singlet mixing angle of eta and eta' in rad. Source: arXiv:hep-ph/9908481 (-14.5 +- 2.0 degrees)."""

SINGLET_OVER_OCTET: Final = 1.17
"""Ratio f_1/f_8 of decay constants that goes with that angle. Source: arXiv:hep-ph/9908481 (1.17 +- 0.08)."""

_OCTET: Final = 1.0 / np.sqrt(3.0)
_SINGLET: Final = 2.0 * np.sqrt(2.0 / 3.0)
_QUARKS: Final = {"pi+": (0, 1), "K+": (0, 2), "K0": (1, 2)}


def _quarks(meson: str, g_u: ArrayLike, g_d: ArrayLike, g_s: ArrayLike) -> tuple[Floats, Floats]:
    """Return the couplings of the quark and of the partner of the antiquark in a meson."""
    if meson not in _QUARKS:
        raise unknown_name("meson with a vector charge", meson, _QUARKS)
    for key, value in (("g_u", g_u), ("g_d", g_d), ("g_s", g_s)):
        require_range(key, value)
    values = tuple(np.asarray(value, dtype=float) for value in (g_u, g_d, g_s))
    first, second = _QUARKS[meson]
    return values[first], values[second]


def vector_charge(meson: str, g_u: ArrayLike, g_d: ArrayLike, g_s: ArrayLike) -> Floats:
    """Return the coupling q_M of V to the current of a meson: g_u - g_d, g_u - g_s or g_d - g_s.

    Parameters
    ----------
    meson : str
        ``pi+``, ``K+`` or ``K0``; the antiparticle has the opposite charge.
    g_u, g_d, g_s : array_like
        Quark couplings, in any common unit; shapes broadcast.

    Returns
    -------
    broadcast shape, float
        q_M in the same unit. The contact vertex V W meson carries the same number (:func:`contact_charge`).

    Raises
    ------
    UnknownNameError
        For another meson.
    RangeError
        For a coupling that is not finite.

    Notes
    -----
    L = i q_M V^mu (M^dagger d_mu M - M d_mu M^dagger) up to the overall sign; no mixing of V with a single meson.
    Leading order in the chiral expansion; exact at zero momentum, where a vector charge counts quarks.

    Source: derived; checked against the matrix commutator in tests/physics/test_chiral.py.
    """
    quark, partner = _quarks(meson, g_u, g_d, g_s)
    return np.asarray(quark - partner)


def contact_charge(meson: str, g_u: ArrayLike, g_d: ArrayLike, g_s: ArrayLike) -> Floats:
    """Return the coefficient of the vertex V W meson (IB3), equal to :func:`vector_charge` with the same arguments.

    The meson current of the weak vertex is f d_mu Phi; the commutator replaces d_mu Phi by d_mu Phi - i V_mu [g, Phi].

    Notes
    -----
    Source: derived; checked against the matrix commutator in tests/physics/test_chiral.py.
    """
    return vector_charge(meson, g_u, g_d, g_s)


def anomaly_pi0(g_u: ArrayLike, g_d: ArrayLike) -> Floats:
    """Return g_eff of L = e g_eff/(8 pi^2 f_92) pi0 F_mn Htilde^mn: 2 g_u + g_d.

    Parameters
    ----------
    g_u, g_d : array_like
        Quark couplings; shapes broadcast.

    Returns
    -------
    broadcast shape, float
        3 Tr[lambda_3 Q g]: e for g_q = e Q_q, 3 g for g_u = g_d = g, 0 for a protophobic vector.

    Raises
    ------
    RangeError
        For a coupling that is not finite.

    Notes
    -----
    Htilde = eps H/2. The strange quark does not enter.

    Source: derived; checked against traces of generators in tests/physics/test_chiral.py.
    """
    up, down = _finite(g_u=g_u, g_d=g_d)
    return np.asarray(2.0 * up + down)


def anomaly_octet(g_u: ArrayLike, g_d: ArrayLike, g_s: ArrayLike) -> Floats:
    """Return g_eff of the octet eta_8 over that of a photon: 2 g_u - g_d + 2 g_s. Arguments as :func:`anomaly_pi0`.

    Notes
    -----
    Source: derived; checked against traces of generators in tests/physics/test_chiral.py.
    """
    up, down, strange = _finite(g_u=g_u, g_d=g_d, g_s=g_s)
    return np.asarray(2.0 * up - down + 2.0 * strange)


def anomaly_singlet(g_u: ArrayLike, g_d: ArrayLike, g_s: ArrayLike) -> Floats:
    """Return g_eff of the singlet eta_1 over that of a photon: (2 g_u - g_d - g_s)/2. Arguments as :func:`anomaly_pi0`.

    Notes
    -----
    Source: derived; checked against traces of generators in tests/physics/test_chiral.py.
    """
    up, down, strange = _finite(g_u=g_u, g_d=g_d, g_s=g_s)
    return np.asarray(0.5 * (2.0 * up - down - strange))


def _finite(**named: ArrayLike) -> tuple[Floats, ...]:
    """Return couplings as arrays after requiring that each is finite."""
    for key, value in named.items():
        require_range(key, value)
    return tuple(np.asarray(value, dtype=float) for value in named.values())


def anomaly_etas(
    g_u: ArrayLike,
    g_d: ArrayLike,
    g_s: ArrayLike,
    angle: float = ETA_ANGLE,
    singlet_over_octet: float = SINGLET_OVER_OCTET,
) -> tuple[Floats, Floats]:
    """Return g_eff of the physical eta and eta', each divided by its own two-photon amplitude.

    eta = cos eta_8 - sin eta_1, eta' = sin eta_8 + cos eta_1 with the angle theta; the two-photon amplitudes are
    1/sqrt3 (eta_8, over f_8) and sqrt(8/3) (eta_1, over f_1). Rates are then normalised to the measured
    P0 -> gamma gamma, and only the ratio f_1/f_8 matters.

    Parameters
    ----------
    g_u, g_d, g_s : array_like
        Quark couplings; shapes broadcast.
    angle : float
        theta in rad; published values run from -24 to -10 degrees.
    singlet_over_octet : float
        f_1/f_8, > 0.

    Returns
    -------
    (broadcast shape, broadcast shape) float
        g_eff(eta), g_eff(eta'), in the unit of the couplings.

    Raises
    ------
    RangeError
        For a coupling that is not finite, an angle outside (-pi/4, pi/4) or a ratio outside (0.2, 5).

    Notes
    -----
    One angle for states and decay constants: a model choice, good to some 10 % in amplitude.

    Source: derived; normalisation checked in tests/physics/test_chiral.py; default angle arXiv:hep-ph/9908481.
    """
    require_range("angle", angle, -0.25 * np.pi, 0.25 * np.pi, "rad")
    require_range("singlet_over_octet", singlet_over_octet, 0.2, 5.0)
    octet, singlet = anomaly_octet(g_u, g_d, g_s), anomaly_singlet(g_u, g_d, g_s)
    photon_8, photon_1 = _OCTET, _SINGLET / singlet_over_octet
    cos, sin = np.cos(angle), np.sin(angle)
    eta = (cos * photon_8 * octet - sin * photon_1 * singlet) / (cos * photon_8 - sin * photon_1)
    prime = (sin * photon_8 * octet + cos * photon_1 * singlet) / (sin * photon_8 + cos * photon_1)
    return np.asarray(eta), np.asarray(prime)


def structure_weights(meson: str, g_u: ArrayLike, g_d: ArrayLike, g_s: ArrayLike) -> tuple[Floats, Floats]:
    """Return the factors on F_V and F_A of a charged meson: 3 (g_u + g_x) and g_u - g_x, with x = d or s.

    Parameters
    ----------
    meson : str
        ``pi+`` or ``K+``.
    g_u, g_d, g_s : array_like
        Quark couplings; shapes broadcast.

    Returns
    -------
    (broadcast shape, broadcast shape) float
        Weights, each e for g_q = e Q_q.

    Raises
    ------
    UnknownNameError
        For another meson.
    RangeError
        For a coupling that is not finite.

    Notes
    -----
    A model choice. F_V comes from the anomalous vertex Tr[Phi {g, W}], which sees the sum of the charges (isoscalar for
    the pion); F_A from the resonance vertices Tr([g, Phi] W), which see the difference (isovector). For the kaon both
    lean on SU(3). A baryonic vector keeps F_V with weight 2 and loses F_A and all bremsstrahlung.

    Source: derived; checked against traces of generators in tests/physics/test_chiral.py.
    """
    if meson == "K0":
        raise unknown_name("charged meson", meson, ("pi+", "K+"))
    quark, partner = _quarks(meson, g_u, g_d, g_s)
    return np.asarray(3.0 * (quark + partner)), np.asarray(quark - partner)
