"""Mesons that come to rest in thick matter: how likely a meson is to stop before it interacts or decays."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from darkhorn.core.errors import RangeError, require_range
from darkhorn.core.rays import Floats
from darkhorn.core.units import AVOGADRO, CM, CM2_IN_M2, C
from darkhorn.physics.energy_loss import DensityEffect, bethe
from darkhorn.physics.passage import pion_inelastic_cm2


class Wall(NamedTuple):
    """Thick matter: Z/A in mol/g, mass number, density in g/cm^3, excitation energy in eV, density effect."""

    z_over_a: float
    a: float
    density: float
    excitation: float
    constants: DensityEffect


STEEL: Final = Wall(0.46557, 55.845, 7.874, 286.0, DensityEffect(4.2911, -0.0012, 3.1531, 0.1468, 2.9632, 0.12))
"""Iron. Source: PDG, atomic and nuclear properties; Sternheimer, At. Data Nucl. Data Tables 30, 261 (1984)."""

CONCRETE: Final = Wall(0.50274, 21.0, 2.15, 135.2, DensityEffect(3.9464, 0.1301, 3.0466, 0.07515, 3.5467, 0.0))
"""Shielding concrete with the density of the decay pipe's. Source: as :data:`STEEL`; A is a rounded mean over atoms."""

WALLS: Final = {"steel": STEEL, "concrete": CONCRETE}
"""Thick matter by the name that a beam line gives it."""

KAON_OVER_PION: Final = 2.0 / 3.0
"""Inelastic cross section of K+ over that of pi+: an estimate, not a measurement."""


def inelastic_per_m(p: ArrayLike, wall: Wall, scale: float = 1.0) -> Floats:
    """Return the inelastic collisions of a pi+ per m of a wall, n sigma, with sigma(Al) (A/26.98)^0.75.

    Parameters
    ----------
    p : array_like
        Momentum in MeV/c, >= 0; the fit holds from 500, and its value there is used below.
    wall : Wall
        The matter.
    scale : float
        Factor on the cross section of pi+: :data:`KAON_OVER_PION` for K+.

    Returns
    -------
    array
        1/m.

    Notes
    -----
    Quasi-elastic collisions are included. The power of A is an estimate.

    Source: arXiv:0806.1449, section V, for the cross section on aluminium.
    """
    sigma = scale * pion_inelastic_cm2(p, 1, "Al") * (wall.a / 26.98) ** 0.75
    per_m: Floats = sigma * CM2_IN_M2 * AVOGADRO * wall.density / wall.a / CM**3
    return per_m


def stopping_probability(
    kinetic: ArrayLike, loss: ArrayLike, interaction: ArrayLike, decay: ArrayLike = 0.0, retention: float = 0.0
) -> Floats:
    """Return the probability that a particle with kinetic energy T comes to rest in thick matter.

    Without retention exp(-int_0^T (mu + kappa)/eps dT'), eps = -dE/dx, mu and kappa the collisions and decays per m.
    With it, a collision leaves the same particle with probability r and a kinetic energy uniform in (0, T):
    eps dP/dT = mu (r Pbar - P) - kappa P, Pbar(T) = (1/T) int_0^T P dT', P(0) = 1.

    Parameters
    ----------
    kinetic : (n,) array_like
        Increasing grid of T in MeV, > 0; below its first value the particle stops for sure.
    loss : (n,) array_like
        Energy loss in MeV/m on the grid, > 0.
    interaction, decay : (n,) array_like
        Collisions and decays per m on the grid, >= 0.
    retention : float
        r, 0 to 1.

    Returns
    -------
    (n,) float
        Between 0 and 1.

    Raises
    ------
    RangeError
        For a grid that does not increase or a number out of range.

    Notes
    -----
    No range straggling. The uniform energy is a stand-in for the spectrum of a collision, and r an input.

    Source: derived (survival along the range); compared with a Monte Carlo in tests/physics/test_stopping.py.
    """
    t = np.asarray(kinetic, dtype=float)
    eps, mu, kappa = (np.broadcast_to(np.asarray(v, dtype=float), t.shape) for v in (loss, interaction, decay))
    require_range("kinetic", t, 0.0, unit="MeV", open_low=True)
    require_range("loss", eps, 0.0, unit="MeV/m", open_low=True)
    require_range("interaction", mu, 0.0, unit="1/m")
    require_range("decay", kappa, 0.0, unit="1/m")
    require_range("retention", retention, 0.0, 1.0)
    if t.ndim != 1 or (np.diff(t) <= 0.0).any():
        raise RangeError("kinetic: the grid does not increase; allowed: n increasing numbers in MeV")
    rate, gain, step = (mu + kappa) / eps, retention * mu / eps, np.diff(t)
    rate, gain = 0.5 * (rate[1:] + rate[:-1]), 0.5 * (gain[1:] + gain[:-1])
    passed = np.exp(-rate * step)
    fed = np.where(rate > 0.0, gain * -np.expm1(-rate * step) / np.where(rate > 0.0, rate, 1.0), 0.0)
    stop, total = np.ones(len(t)), t[0]
    for i in range(len(step)):
        stop[i + 1] = stop[i] * passed[i] + fed[i] * total / t[i]
        total += 0.5 * (stop[i] + stop[i + 1]) * step[i]
    return stop


def stopping_table(
    mass: float, lifetime: float, wall: Wall, scale: float = 1.0, retention: float = 0.0, highest: float = 1.0e4
) -> tuple[Floats, Floats, Floats]:
    """Return the stopping probability of a positive meson in a wall against its kinetic energy.

    Parameters
    ----------
    mass, lifetime : float
        MeV and ns.
    wall : Wall
        The matter.
    scale, retention : float
        As :func:`inelastic_per_m` and :func:`stopping_probability`.
    highest : float
        End of the grid in MeV.

    Returns
    -------
    kinetic, probability, after : (n,) float
        T in MeV; the probability; and its mean over a kinetic energy uniform in (0, T), which holds after a collision.

    Notes
    -----
    Source: :func:`stopping_probability` with the Bethe formula.
    """
    kinetic = np.geomspace(1.0, highest, 801)
    p = np.sqrt(kinetic * (kinetic + 2.0 * mass))
    material = {"z_over_a": wall.z_over_a, "density": wall.density, "excitation": wall.excitation}
    loss = bethe(p, mass, constants=wall.constants, **material)
    decay = mass / (p * C * lifetime)
    probability = stopping_probability(kinetic, loss, inelastic_per_m(p, wall, scale), decay, retention)
    pieces = 0.5 * (probability[1:] + probability[:-1]) * np.diff(kinetic)
    return kinetic, probability, np.append(kinetic[0], kinetic[0] + np.cumsum(pieces)) / kinetic
