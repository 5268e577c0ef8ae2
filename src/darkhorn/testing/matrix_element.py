"""Laws of a production P -> l nu X: positivity, edges, limits, an independent width, gauge invariance."""

from collections.abc import Iterable

import numpy as np

from darkhorn.core import species
from darkhorn.core.rays import Floats
from darkhorn.models.productions import (
    Production,
    dgamma_de,
    msq_normalised,
    production,
    squared_amplitude,
    threshold,
    ward,
    width,
)
from darkhorn.physics import phase_space
from darkhorn.testing.rules import double_exponential, require, require_close

Name = int | str


def check_matrix_element(
    item: Production | str,
    parents: Iterable[Name] = ("pi+", "K+"),
    leptons: Iterable[Name] = ("e", "mu"),
    masses: Iterable[float] = (1.0, 10.0, 30.0, 200.0),
    *,
    rel: float = 1e-5,
) -> None:
    """Check every law of a production in every channel at every mass.

    Sum|M|^2 is finite and not negative inside the Dalitz region and exactly 0 outside; the spectrum is exactly 0 on and
    outside its edge; a closed channel has width exactly 0 and the width vanishes towards it; the width is the integral
    by a rule of another kind; towards low mass it grows or not as the production says; and the current of a vector is
    conserved or not as it says.

    Parameters
    ----------
    item : Production or str
        The production or its name.
    parents, leptons : iterable of int or str
        PDG numbers or names of charged mesons and charged leptons.
    masses : iterable of float
        Masses of X in MeV, > 0; those above a threshold must give exactly 0.
    rel : float
        Relative tolerance of the width.

    Raises
    ------
    AssertionError
        Naming the law that fails, the channel and the mass.
    """
    chosen, all_masses = production(item), tuple(masses)
    for parent in parents:
        for lepton in leptons:
            channel = _number(parent), _number(lepton)
            label = f"{chosen.name}, {species.name_of(channel[0])} -> {species.name_of(channel[1])} nu X"
            for m_x in all_masses:
                where = f"{label}, m_x = {m_x:g} MeV"
                if m_x < threshold(*channel):
                    _check_points(chosen, channel, m_x, where)
                    _check_width(chosen, channel, m_x, rel, where)
                    _check_ward(chosen, channel, m_x, where)
                else:
                    _check_closed(chosen, channel, m_x, where)
            _check_limits(chosen, channel, label)


def _number(name: Name) -> int:
    return species.pdgid(name) if isinstance(name, str) else name


def _masses(channel: tuple[int, int]) -> tuple[float, float]:
    return species.mass(abs(channel[0])), species.mass(abs(channel[1]))


def _check_points(item: Production, channel: tuple[int, int], m_x: float, where: str) -> None:
    """Positive inside, exactly 0 outside and beyond the edge of the spectrum."""
    M, m_l = _masses(channel)
    grid = np.linspace(0.0, 1.0, 21)
    m12_sq = (m_l**2 + ((M - m_x) ** 2 - m_l**2) * grid)[:, None]
    low, high = phase_space.delta_limits(m12_sq, M, m_l, m_x)
    delta = low * (high / low) ** grid
    m12_sq = np.broadcast_to(m12_sq, delta.shape)
    m23_sq = M**2 + m_x**2 - m12_sq - delta
    value = squared_amplitude(item, *channel, m_x)(m12_sq, m23_sq, delta)
    require(value.shape == delta.shape, f"{where}: Sum|M|^2 has shape {value.shape}; allowed: {delta.shape}")
    require(np.isfinite(value).all(), f"{where}: Sum|M|^2 is not finite somewhere in the Dalitz region")
    require((value >= 0.0).all(), f"{where}: Sum|M|^2 = {value.min():g} < 0 in the Dalitz region")
    require((value[1:-1, 1:-1] > 0.0).any(), f"{where}: Sum|M|^2 is 0 everywhere inside the Dalitz region")
    step = 1e-6 * M**2
    lowest, highest = phase_space.m23_sq_limits(m12_sq[:, 0], M, m_l, m_x)
    outside = np.concatenate([lowest - step, highest + step])
    beyond = msq_normalised(item, np.tile(m12_sq[:, 0], 2), outside, M, m_l, m_x)
    require((beyond == 0.0).all(), f"{where}: Sum|M|^2 = {beyond.max():g} outside the Dalitz region; allowed: 0")
    top = float(phase_space.energy_max(M, m_l, m_x))
    edges = dgamma_de(item, *channel, m_x, [0.5 * m_x, m_x, top, top + 1.0])
    require((edges == 0.0).all(), f"{where}: dGamma/dE = {edges.max():g} on or outside the edge; allowed: 0")


def independent_width(item: Production | str, channel: tuple[int, int], m_x: float, n: int = 97) -> float:
    """Return the width in MeV per coupling squared by a double-exponential rule of n x n points; m_x > 0 and open.

    The package itself uses panels of Gauss-Legendre points.
    """
    M, m_l = _masses(channel)
    nodes, weights = double_exponential(n)
    rapidity = float(np.arccosh(phase_space.energy_max(M, m_l, m_x) / m_x))
    energy = m_x * np.cosh(rapidity * nodes)
    m12_sq = np.maximum(phase_space.m12_sq_of_energy(energy, M, m_x), m_l**2)
    low, high = (limit[:, None] for limit in phase_space.delta_limits(m12_sq, M, m_l, m_x))
    delta = low * (high / low) ** nodes
    pairs = np.broadcast_to(m12_sq[:, None], delta.shape)
    value = squared_amplitude(item, *channel, m_x)(pairs, M**2 + m_x**2 - pairs - delta, delta)
    inner = (value * delta * np.log(high / low)) @ weights
    outer: Floats = weights * rapidity * m_x * np.sinh(rapidity * nodes) * inner
    return float(outer.sum()) / ((2.0 * np.pi) ** 3 * 16.0 * M**2)


def _check_width(item: Production, channel: tuple[int, int], m_x: float, rel: float, where: str) -> None:
    require_close(width(item, *channel, m_x), independent_width(item, channel, m_x), rel, f"{where}: width")


def _check_closed(item: Production, channel: tuple[int, int], m_x: float, where: str) -> None:
    """Width and spectrum of a closed channel are exactly 0."""
    value = width(item, *channel, m_x)
    require(value == 0.0, f"{where}: the channel is closed, width = {value:g} MeV; allowed: 0")
    spectrum = dgamma_de(item, *channel, m_x, [m_x, 1.1 * m_x])
    require((spectrum == 0.0).all(), f"{where}: the channel is closed, dGamma/dE = {spectrum.max():g}; allowed: 0")


def _check_limits(item: Production, channel: tuple[int, int], label: str) -> None:
    """Towards threshold the width vanishes; towards zero mass it behaves as the production says."""
    limit = threshold(*channel)
    middle, near = (width(item, *channel, fraction * limit) for fraction in (0.5, 1.0 - 1e-5))
    require(0.0 <= near < 1e-2 * middle, f"{label}: width {near:g} MeV just below threshold, {middle:g} MeV half-way")
    _check_closed(item, channel, limit, f"{label} at threshold")
    lighter, light = (width(item, *channel, fraction * limit) for fraction in (0.5e-4, 1e-4))
    ratio = lighter / light
    if item.grows_at_low_mass:
        require(ratio > 3.9, f"{label}: half the mass gives {ratio:.4g} times the width; it claims to grow as 1/m_x^2")
    else:
        require(ratio < 1.5, f"{label}: half the mass gives {ratio:.4g} times the width; it claims not to grow")
    if item.finite_when_massless:
        require_close(width(item, *channel, 0.0), lighter, 1e-2, f"{label}: width of a massless X")


def _check_ward(item: Production, channel: tuple[int, int], m_x: float, where: str) -> None:
    """What a vector says of its current is true; one that is not built of matrices is judged by its limits alone."""
    if item.spin != "vector":
        require(item.current_conserved is None, f"{where}: spin 0 with a current; allowed: current_conserved = None")
        return
    require(item.reason, f"{where}: no reason for current_conserved = {item.current_conserved}")
    grows = item.grows_at_low_mass
    require(grows is not item.current_conserved, f"{where}: a conserved current grows, or a broken one does not")
    if item.amplitude is not None:
        found = ward(item, *channel, m_x)
        message = f"{where}: |k.M|/(|k||M|) up to {found.violation.max():.3g}"
        require(found.conserved is item.current_conserved, f"{message}, claimed conserved = {item.current_conserved}")
