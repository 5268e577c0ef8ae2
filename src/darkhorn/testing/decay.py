"""Laws of a decay: its width, its spectrum, and decays drawn from it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from darkhorn.core.rays import Floats
from darkhorn.testing.rules import double_exponential, require, require_close


@dataclass(frozen=True)
class DrawnDecays:
    """N drawn decays: parent (N, 4) and daughters (D, N, 4) in MeV, weight (N,) in MeV, which sum to the width."""

    parent: Floats
    daughters: Floats
    weight: Floats


def check_decay(
    width: Callable[[float], float],
    open_masses: Iterable[float],
    closed_masses: Iterable[float] = (),
    *,
    spectrum: Callable[[float], tuple[float, float, Callable[[Floats], ArrayLike]]] | None = None,
    draw: Callable[[float], DrawnDecays] | None = None,
    rel: float = 1e-6,
) -> None:
    """Check every law of a decay as a function of one mass.

    The width is finite and positive where the decay is open and exactly 0 where it is closed; a spectrum is nowhere
    negative, 0 outside its limits, and integrates to the width; drawn decays conserve four-momentum, have no spacelike
    particle and no negative weight, and their weights sum to the width within five standard errors.

    Parameters
    ----------
    width : callable
        Mass in MeV to width in MeV.
    open_masses, closed_masses : iterable of float
        Masses in MeV where the decay is open or closed.
    spectrum : callable, optional
        Mass to (low, high, density): limits of a variable, and a function of arrays of it that integrates to the width.
    draw : callable, optional
        Mass to :class:`DrawnDecays`.
    rel : float
        Relative tolerance of the integral.

    Raises
    ------
    AssertionError
        Naming the law that fails and the mass.
    """
    for mass in closed_masses:
        value = float(width(mass))
        require(value == 0.0, f"mass {mass:g} MeV: the decay is closed, width = {value:g} MeV; allowed: 0")
        if spectrum is not None:
            low, high, density = spectrum(mass)
            inside = np.asarray(density(np.linspace(low, high, 5)))
            require((inside == 0.0).all(), f"mass {mass:g} MeV: the decay is closed, its spectrum is not 0")
    for mass in open_masses:
        value = float(width(mass))
        require(np.isfinite(value) and value > 0.0, f"mass {mass:g} MeV: the decay is open, width = {value:g} MeV")
        if spectrum is not None:
            _check_spectrum(spectrum(mass), value, rel, f"mass {mass:g} MeV")
        if draw is not None:
            _check_drawn(draw(mass), value, f"mass {mass:g} MeV")


def _check_spectrum(
    spectrum: tuple[float, float, Callable[[Floats], ArrayLike]], width: float, rel: float, where: str
) -> None:
    """Not negative, 0 outside, integral = width."""
    low, high, density = spectrum
    nodes, weights = double_exponential(201)
    values = np.asarray(density(low + (high - low) * nodes), dtype=float)
    require(np.isfinite(values).all(), f"{where}: the spectrum is not finite between {low:g} and {high:g}")
    require((values >= 0.0).all(), f"{where}: the spectrum is negative, {values.min():g}")
    span = max(high - low, abs(high), 1.0)
    beyond = np.asarray(density(np.array([low - 1e-3 * span, high + 1e-3 * span])), dtype=float)
    require((beyond == 0.0).all(), f"{where}: the spectrum is {beyond} outside [{low:g}, {high:g}]; allowed: 0")
    require_close(float((values * weights).sum() * (high - low)), width, rel, f"{where}: integral of the spectrum")


def _check_drawn(drawn: DrawnDecays, width: float, where: str) -> None:
    """Four-momentum, masses, weights and their sum."""
    scale = np.abs(drawn.parent[:, 0]).max()
    loss = np.abs(drawn.daughters.sum(axis=0) - drawn.parent).max()
    require(
        loss <= 1e-9 * scale, f"{where}: four-momentum is not conserved, by {loss:g} MeV; allowed: {1e-9 * scale:g}"
    )
    space = (drawn.daughters[..., 1:] ** 2).sum(axis=-1)
    mass_sq = drawn.daughters[..., 0] ** 2 - space
    require((drawn.daughters[..., 0] >= 0.0).all(), f"{where}: a daughter has negative energy")
    require((mass_sq >= -1e-9 * scale**2).all(), f"{where}: a daughter is spacelike, m^2 = {mass_sq.min():g} MeV^2")
    require((drawn.weight >= 0.0).all(), f"{where}: a weight is negative, {drawn.weight.min():g} MeV")
    error = float(np.sqrt(len(drawn.weight)) * drawn.weight.std())
    total = float(drawn.weight.sum())
    allowed = 5.0 * error + 1e-9 * width
    require(abs(total - width) <= allowed, f"{where}: weights sum to {total:g}, width {width:g} +- {error:g} MeV")
