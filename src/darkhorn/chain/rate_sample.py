"""The photons that :mod:`darkhorn.chain.rate` is computed with: drawn once, and thinned to those that matter.

A photon is kept as often as it is worth near some masses, and weighs accordingly: the same rate in a fraction of the
time, which is what scans, fits and derivatives spend.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Final

import numpy as np

from darkhorn.chain.aim import aimed_directions
from darkhorn.chain.herd import PILOT_POINTS, reused
from darkhorn.chain.observe import cells_of, observe
from darkhorn.chain.photons import Photons
from darkhorn.chain.rate import SOFT, Rows, Sample, event_weights, require_smooth
from darkhorn.chain.setup import Parents, Setup
from darkhorn.core.errors import RangeError, require_range
from darkhorn.core.importance import ImportanceGrid
from darkhorn.core.points import Axis, unit_points
from darkhorn.core.rays import Floats, Ints, Rays
from darkhorn.core.species import mass, pdgid
from darkhorn.core.units import CM2_IN_M2
from darkhorn.models.channels import Model
from darkhorn.models.photoconversion import Photoconversion
from darkhorn.models.productions import threshold
from darkhorn.physics import phase_space
from darkhorn.physics.fourvector import deflect

POINTS: Final = 2**14
REPLICATES: Final = 8
KEPT: Final = 2**10
"""Photons of a replicate that are kept."""
FEWEST: Final = 16
"""Least number of them."""
_OWN: Final = 0.7
"""Share of what photons are worth that the masses of the sample decide; the rest is for the masses around."""
_FLOOR: Final = 0.01
"""Share of what photons are worth that all of them have alike, so that none is lost for good."""
_PILOT_STREAM: Final = 3_000_000
_THIN_STREAM: Final = 4_000_000

Masses = tuple[float, float]
"""m_x and m_mediator in MeV."""


def draw_sample(
    model: Model,
    setup: Setup,
    *,
    points: int = POINTS,
    kept: int | None = KEPT,
    replicates: int = REPLICATES,
    seed: int = 1,
    m_x_high: float | None = None,
) -> Sample:
    """Return fixed photons of one mode for the neighbourhood of a model.

    Parameters
    ----------
    model : Model
        Reference; where its photons are, points will be.
    setup : Setup
        Mode of an experiment with a distribution ``e_vis``.
    points : int
        Mesons of each species and replicate, a power of two.
    kept : int, optional
        Photons of each replicate that :func:`thinned` keeps, at least 16; None for all of them.
    replicates : int
        Independent scrambles, 4 to 256.
    seed : int
        Seed of the calculation.
    m_x_high : float, optional
        Largest mass of X in MeV for which the sample has to serve; by default twice that of the model.

    Raises
    ------
    ScenarioError
        As :func:`require_smooth`.
    ThresholdError, RangeError
        When no decay is open; for settings out of range.
    """
    chosen = require_smooth(model)
    require_range("replicates", replicates, 4, 256)
    chosen.require_open(parents.species for parents in setup.parents)
    low, high = _mass_range(chosen, setup, 2.0 * chosen.m_x if m_x_high is None else m_x_high)
    drawn = partial(_draw, chosen, setup, seed=seed, m_x_high=high)
    kinds = tuple(dict.fromkeys(abs(parents.species) for parents in setup.parents))
    rows, places = drawn(PILOT_POINTS, (_PILOT_STREAM,), ImportanceGrid.uniform(), with_points=True)
    pilot = Sample(chosen, setup, rows, kinds, 1, low, high)
    weights = [event_weights(pilot, k, chosen.m_x, chosen.mediator_mass) for k in range(len(kinds))]
    at = np.concatenate(places)
    grid = ImportanceGrid.adapted(at[:, 0], at[:, 1], np.concatenate(weights), bins=16, floor=0.2)
    rows, _ = drawn(points, tuple(range(replicates)), grid)
    sample = Sample(chosen, setup, rows, kinds, replicates, low, high)
    return sample if kept is None else thinned(sample, kept, seed)


def thinned(sample: Sample, kept: int, seed: int, guides: Sequence[Masses] | None = None) -> Sample:
    """Return a sample with about ``kept`` photons a replicate in place of many more: a rate in a fraction of the time.

    A photon of worth q, in units in which a replicate is worth ``kept``, is kept as often as equal steps with a common
    random start fall into q, and its weight divided by q. That moves no expectation, for any masses; and where weights
    are as large as the worth, it adds next to no variance.

    Parameters
    ----------
    sample : Sample
        From :func:`draw_sample` with all of its photons.
    kept : int
        Photons of each replicate, at least 16; a sample with fewer is returned as it is.
    seed : int
        Seed of the random starts.
    guides : sequence of (float, float), optional
        Masses m_x and m_mediator in MeV: what a photon is worth is its share of the rate there, and the first pair
        counts most. By default the masses of the sample, and some around within its range.

    Returns
    -------
    Sample
        The same but for its rows, with the same replicates: their spread is the error, thinning included.

    Raises
    ------
    RangeError
        For fewer photons than 16, or guides for which the sample does not serve.

    Notes
    -----
    Source: systematic resampling; G. Kitagawa, J. Comput. Graph. Stat. 5, 1 (1996), appendix.
    """
    require_range("photons that are kept", kept, FEWEST)
    if sum(len(rows.cell) for rows in sample.rows) <= kept * sample.replicates:
        return sample
    worth = _worth(sample, around(sample) if guides is None else guides)
    replicate = [rows.cell // sample.cells for rows in sample.rows]
    total = np.sum([np.bincount(*pair, sample.replicates) for pair in zip(replicate, worth, strict=True)], axis=0)
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(_THIN_STREAM,)))
    rows = []
    for one, number, value in zip(sample.rows, replicate, worth, strict=True):
        share = kept * value / total[number]
        rows.append(_kept(one, np.lexsort((one.photon, number)), share, rng.random()))
    return replace(sample, rows=tuple(rows))


def around(sample: Sample) -> list[Masses]:
    """Return the masses of a sample, and four pairs around: light and heavy X, light and heavy mediators."""
    m_x, mediator = sample.model.m_x, sample.model.mediator_mass
    low, high = sample.m_x_low, sample.m_x_high
    near = [(m_x, mediator), (m_x, 0.3 * mediator), (m_x, 5.0 * mediator)]
    return [*near, (low + 0.1 * (m_x - low), mediator), (m_x + 0.9 * (high - m_x), mediator)]


def _worth(sample: Sample, guides: Sequence[Masses]) -> list[Floats]:
    """Return what each photon of each kind is worth, (N,): mostly root of the mean square of its shares of rates."""
    count = sum(len(rows.cell) for rows in sample.rows)
    shares = []
    for masses in guides:
        sample.require(*masses)
        weights = [event_weights(sample, kind, *masses) for kind in range(len(sample.rows))]
        whole = sum(float(weight.sum()) for weight in weights)
        shares.append([weight / whole if whole > 0.0 else np.zeros(len(weight)) for weight in weights])
    found = []
    for own, *others in zip(*shares, strict=True):
        rest = np.sqrt(np.mean(np.square(others), axis=0)) if others else own
        found.append((1.0 - _FLOOR) * (_OWN * own + (1.0 - _OWN) * rest) + _FLOOR / count)
    return found


def _kept(rows: Rows, order: Ints, share: Floats, start: float) -> Rows:
    """Return rows as often as equal steps from ``start`` on fall into their shares, laid side by side in some order."""
    ends = np.cumsum(share[order])
    steps = start + np.arange(int(np.ceil(ends[-1] - start)) if len(ends) else 0)
    chosen = order[np.searchsorted(ends, steps, side="right").clip(max=len(order) - 1)]
    found = Rows(*(column[chosen] for column in rows))
    return found._replace(factor=found.factor / share[chosen])


def _mass_range(model: Photoconversion, setup: Setup, high: float) -> tuple[float, float]:
    """Return the masses of X in MeV, up to ``high``, between which the same decays are open as at the reference."""
    parents = {abs(item.species) for item in setup.parents}
    limits = [threshold(parent, pdgid(name)) for parent in parents for name in model.leptons]
    top = min([high, *(limit for limit in limits if limit > model.m_x)])
    if high <= model.m_x:
        raise RangeError(f"m_x_high = {high:g} MeV; allowed: > {model.m_x:g} MeV, the mass of X")
    return max([0.0, *(limit for limit in limits if limit <= model.m_x)]), top


def _draw(
    model: Photoconversion,
    setup: Setup,
    n: int,
    replicates: tuple[int, ...],
    grid: ImportanceGrid,
    *,
    seed: int,
    m_x_high: float,
    with_points: bool = False,
) -> tuple[tuple[Rows, ...], list[Floats]]:
    """Return the rows of every kind, and where in (ENERGY, Q_SQ) they are: only photons that are selected."""
    made: dict[int, list[Rows]] = {}
    places: dict[int, list[Floats]] = {}
    for index, parents in enumerate(setup.parents):
        kind = abs(parents.species)
        for number, replicate in enumerate(replicates):
            stream = (replicate, index) if replicate == _PILOT_STREAM else (index, replicate)
            points = unit_points(n, seed=seed, stream=stream)
            mesons = reused(parents, n, seed, stream)
            found, kept = _photons(model, setup, parents, mesons, points, grid, m_x_high)
            found = found._replace(cell=found.cell + number * len(setup.edges["e_vis"]))
            made.setdefault(kind, []).append(found)
            if with_points:
                places.setdefault(kind, []).append(points[kept][:, [Axis.ENERGY, Axis.Q_SQ]])
    rows = tuple(Rows(*(np.concatenate(column) for column in zip(*parts, strict=True))) for parts in made.values())
    return rows, [item for parts in places.values() for item in parts]


def _photons(
    model: Photoconversion,
    setup: Setup,
    parents: Parents,
    mesons: Rays,
    points: Floats,
    grid: ImportanceGrid,
    m_x_high: float,
) -> tuple[Rows, Ints]:
    """Return the selected photons of one replicate and which points they belong to.

    Uniform, before the grid, are E_gamma up to 1.01 E*_max/(gamma (1 - beta cos)) of the heaviest X, and ln(v + v0) of
    v = 1 - cos of its angle to X, with v0 = (m_med^2 + (m_x^2/2E)^2)/(2 E^2) at the reference.
    """
    direction, solid_angle = aimed_directions(mesons, setup.shape, points)
    _, chord = setup.shape.chord(mesons.x[:, 1:], direction)
    parent = abs(parents.species)
    gamma, beta = mesons.energy / mass(parent), mesons.beta
    cosine = np.einsum("ij,ij->i", mesons.direction, direction)
    leptons = [mass(lepton) for _, lepton in model.decay_channels(parent)]
    heaviest = max((float(phase_space.energy_max(mass(parent), m_l, m_x_high)) for m_l in leptons), default=0.0)
    top = heaviest * (1.0 + 0.5 * SOFT) / (gamma * (1.0 - beta * cosine))
    a, b, jacobian = grid.map(points[:, Axis.ENERGY], points[:, Axis.Q_SQ])
    photon = np.maximum(a * top, 1.0e-3)
    start = (model.mediator_mass**2 + (model.m_x**2 / (2.0 * photon)) ** 2) / (2.0 * photon**2)
    span = np.log1p(2.0 / start)
    versine = np.minimum(start * np.expm1(span * b), 2.0)
    measure = jacobian * top * (versine + start) * span
    weight = mesons.weight * solid_angle * chord * measure * (CM2_IN_M2 * setup.pot)
    light = deflect(direction, versine, 2.0 * np.pi * points[:, Axis.PHOTON_PHI])
    nothing = np.zeros(len(weight))
    seen = observe(Photons(photon, light, weight, nothing, nothing, nothing), setup.response, setup.window, points)
    kept = np.flatnonzero(seen.weight > 0.0)
    photon, versine, cosine, gamma, beta = (column[kept] for column in (photon, versine, cosine, gamma, beta))
    cell = cells_of(seen.e_vis[kept], setup.edges["e_vis"], np.zeros(len(kept), dtype=np.int64))
    return Rows(photon, versine, cosine, gamma, beta, seen.weight[kept], cell), kept
