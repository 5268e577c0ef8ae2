"""Universes against re-sampling with other constants, covariances by hand, re-runs in known directions."""

from dataclasses import replace

import numpy as np
import pytest

from darkhorn.beam.beamline import Beamline
from darkhorn.beam.parametrised import ParametrisedSource, sanford_wang_shape
from darkhorn.beam.sanford_wang import production_vertices
from darkhorn.beam.table import TableSource
from darkhorn.chain.flux import Disc
from darkhorn.chain.modes import Run, horn_parents
from darkhorn.chain.neutrinos import NeutrinoFlux, neutrino_flux
from darkhorn.chain.parents import ParentSampler
from darkhorn.chain.universes import (
    FluxErrors,
    production_errors,
    production_point,
    rerun_error,
    with_absorption,
    with_current,
    with_physics,
)
from darkhorn.core.errors import RangeError, ScenarioError
from darkhorn.core.points import unit_points
from darkhorn.core.rays import Rays
from darkhorn.core.species import K_PLUS, PI_PLUS
from darkhorn.experiments.beams import load_beam
from darkhorn.physics.production import PI_PLUS_BE, sanford_wang

DISC = Disc((0.0, 1.89614, 541.34), 6.106)
RUN = Run(0.05, replicates=4)
N = 2**10


@pytest.fixture(scope="module")
def line() -> Beamline:
    return load_beam("bnb")


@pytest.fixture(scope="module")
def parents(line: Beamline) -> dict[int, ParentSampler]:
    return horn_parents(line, DISC, RUN, (PI_PLUS, K_PLUS))


def test_where_a_meson_was_made(parents: dict[int, ParentSampler]) -> None:
    """The weight of the source is the cross section at that momentum and angle times the measure of the sampling."""
    sampler = parents[PI_PLUS]
    points = unit_points(N, seed=1, stream=(7,))
    made = sampler.source.sample(points, PI_PLUS, sampler.grid)
    p, theta, p_beam = production_point(sampler, points, sampler.sample(points))
    np.testing.assert_allclose(p, made.momentum)
    _, proton, p_proton, _ = production_vertices(sampler.beamline)(points)
    cosine = np.einsum("ij,ij->i", proton, made.direction)
    np.testing.assert_allclose(np.cos(theta), cosine, atol=1e-12)
    np.testing.assert_allclose(p_beam, p_proton, rtol=1e-9)
    other = replace(PI_PLUS_BE, c2=PI_PLUS_BE.c2 + 0.1, c6=PI_PLUS_BE.c6 - 0.3)
    shapes = {**sampler.source.shapes, PI_PLUS: sanford_wang_shape(other)}
    changed = replace(sampler.source, shapes=shapes).sample(points, PI_PLUS, sampler.grid)
    ratio = sanford_wang(p, theta, p_beam, other) / sanford_wang(p, theta, p_beam, PI_PLUS_BE)
    np.testing.assert_allclose(changed.weight, made.weight * ratio, rtol=1e-8)


def test_normalisation_error_of_kaons(parents: dict[int, ParentSampler]) -> None:
    """Every change of a universe is the same for a flux of one bin; its spread is of the size of the fit's error."""
    shifts = production_errors({K_PLUS: parents[K_PLUS]}, DISC, RUN, 64, n=N)
    assert set(shifts) == {"production of K+-"}
    rows = shifts["production of K+-"]["numu", "K"]
    assert rows.shape == (64, 200)
    filled = np.abs(rows).sum(axis=0) > 0.0
    spread = rows[:, filled].std(axis=0)
    assert 0.03 < np.median(spread) < 0.4
    assert (rows >= -1.0).all()


def test_universes_are_reproducible_and_leave_the_best_flux_alone(parents: dict[int, ParentSampler]) -> None:
    pions = {PI_PLUS: parents[PI_PLUS]}
    first = production_errors(pions, DISC, RUN, 16, n=N)["production of pi+"]["numu", "pi"]
    again = production_errors(pions, DISC, replace(RUN, threads=2), 16, n=N)["production of pi+"]["numu", "pi"]
    np.testing.assert_array_equal(first, again)
    other = production_errors(pions, DISC, replace(RUN, seed=2), 16, n=N)["production of pi+"]["numu", "pi"]
    assert not np.array_equal(first, other)


def errors() -> tuple[FluxErrors, NeutrinoFlux]:
    edges = np.array([0.0, 1.0, 3.0])
    flux = NeutrinoFlux(edges, {("numu", "pi"): np.array([[2.0, 4.0]] * 4), ("numu", "K"): np.array([[1.0, 1.0]] * 4)})
    shifts = {
        "a": {("numu", "pi"): np.array([[0.1, 0.0], [-0.1, 0.2]])},
        "b": {("numu", "pi"): np.array([[0.05, 0.05]]), ("numu", "K"): np.array([[-0.1, 0.0]])},
    }
    return FluxErrors(edges, shifts), flux


def test_covariance_by_hand() -> None:
    """Source a: mean of outer products of (0.2, 0) and (-0.2, 0.8); source b: outer product of (0.1 - 0.1, 0.2)."""
    found, flux = errors()
    a = 0.5 * (np.outer([0.2, 0.0], [0.2, 0.0]) + np.outer([-0.2, 0.8], [-0.2, 0.8]))
    b = np.outer([0.0, 0.2], [0.0, 0.2])
    np.testing.assert_allclose(found.covariance(flux, "numu", source="a"), a)
    np.testing.assert_allclose(found.covariance(flux, "numu"), a + b, atol=1e-15)
    np.testing.assert_allclose(found.band(flux, "numu"), np.sqrt(np.diag(a + b)), atol=1e-9)
    assert found.total(flux, "numu") == pytest.approx(np.sqrt((a + b).sum()))
    np.testing.assert_allclose(found.covariance(flux, "numu", "K"), np.outer([-0.1, 0.0], [-0.1, 0.0]))
    assert np.linalg.eigvalsh(found.covariance(flux, "numu")).min() > -1e-12
    assert found.total(flux, "nue") == 0.0


def test_bins_must_agree() -> None:
    found, flux = errors()
    with pytest.raises(ScenarioError, match="bin edges"):
        found.covariance(NeutrinoFlux(2.0 * flux.edges, flux.rows), "numu")


def test_horn_current_is_a_small_effect(parents: dict[int, ParentSampler]) -> None:
    """One kA is 0.6 per cent of 174 kA: the flux changes by less than two per cent; no change for no change."""
    pions = {PI_PLUS: parents[PI_PLUS]}
    up = with_current(pions, 1000.0)
    assert up[PI_PLUS].beamline.current == 175_000.0
    assert not rerun_error(pions, pions, DISC, RUN, n=N)["numu", "pi"].any()
    shift = rerun_error(pions, up, DISC, RUN, n=N)["numu", "pi"]
    settings = {"n": N, "replicates": RUN.replicates, "seed": RUN.seed}
    (flux,) = neutrino_flux(pions, (DISC,), np.linspace(0.0, 10000.0, 201), muons=False, **settings)
    total = flux.select("numu", "pi").mean(axis=0)
    assert abs(float(shift[0] @ total)) < 0.02 * total.sum()


def test_more_current_focuses_either_sign() -> None:
    bent = horn_parents(load_beam("bnb", "antineutrino"), DISC, RUN, (PI_PLUS,))
    assert with_current(bent, 1000.0)[PI_PLUS].beamline.current == -175_000.0


def test_a_known_change_comes_back(parents: dict[int, ParentSampler]) -> None:
    """A sampler with 1.2 times the weight shifts every filled bin by 0.2."""

    class Louder(ParentSampler):
        def sample(self, points: np.ndarray, threads: int = 1) -> Rays:
            rays = super().sample(points, threads)
            return rays.with_weight(1.2 * rays.weight)

    p = parents[PI_PLUS]
    louder = Louder(p.source, p.beamline, p.species, p.grid, p.layers, p.physics)
    shift = rerun_error({PI_PLUS: p}, {PI_PLUS: louder}, DISC, RUN, n=N)["numu", "pi"]
    np.testing.assert_allclose(shift[shift != 0.0], 0.2, rtol=1e-9)
    assert (shift != 0.0).sum() > 40


def test_field_in_the_metal_switches_off(parents: dict[int, ParentSampler]) -> None:
    pions = {PI_PLUS: parents[PI_PLUS]}
    off = with_physics(pions, skin_depth=False)
    assert off[PI_PLUS].physics.skin_depth is False
    assert np.abs(rerun_error(pions, off, DISC, RUN, n=N)["numu", "pi"]).max() > 0.0


def test_absorption_scales_the_depth(parents: dict[int, ParentSampler]) -> None:
    """Weights are those without absorption times exp(-scale depth): 0 switches it off, 1 changes nothing."""
    pions, points = {PI_PLUS: parents[PI_PLUS]}, unit_points(N, seed=6)
    one, half, none = (with_absorption(pions, scale)[PI_PLUS].sample(points).weight for scale in (1.0, 0.5, 0.0))
    np.testing.assert_array_equal(one, parents[PI_PLUS].sample(points).weight)
    free = with_physics(pions, absorption=False)[PI_PLUS].sample(points).weight
    np.testing.assert_allclose(none, free, rtol=1e-9)
    np.testing.assert_allclose(half**2, one * none, rtol=1e-9)
    assert 0.5 < one.sum() / none.sum() < 0.95
    with pytest.raises(RangeError, match="absorption"):
        with_absorption(pions, -0.1)


def test_what_universes_need(line: Beamline, parents: dict[int, ParentSampler]) -> None:
    with pytest.raises(RangeError, match="universes"):
        production_errors(parents, DISC, RUN, 1)
    points = unit_points(N, seed=1)
    made = ParametrisedSource(line).sample(points, PI_PLUS, parents[PI_PLUS].grid)
    table = replace(parents[PI_PLUS], source=TableSource(made))
    with pytest.raises(ScenarioError, match="TableSource"):
        production_errors({PI_PLUS: table}, DISC, RUN, 4, n=N)
