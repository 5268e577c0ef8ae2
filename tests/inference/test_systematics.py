"""Scatter and covariance of the background of the two-dimensional table."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from darkhorn.core.errors import RangeError
from darkhorn.experiments.loader import Experiment
from darkhorn.inference.build import Problem
from darkhorn.inference.minimise import minimise
from darkhorn.inference.release import MODES, Release
from darkhorn.inference.shapes import Table2D
from darkhorn.inference.systematics import constrained_background, modes_in_cells, simulation_weight
from darkhorn.physics.ccqe import e_qe


@given(st.floats(0.2, 4.0), st.integers(0, 1000))
@settings(deadline=None, derandomize=True, max_examples=20)
def test_weight_of_a_simulation(weight, seed):
    """Poisson numbers of simulated events times their weight, on a smooth shape."""
    x = np.linspace(-1.0, 1.0, 24)
    expected = 20.0 * np.exp(-np.linspace(0.0, 1.5, 40))[:, None] * np.exp(1.2 * x)[None, :]
    table = weight * np.random.default_rng(seed).poisson(expected / weight)
    assert simulation_weight(table) == pytest.approx(weight, rel=0.35)


def test_smooth_shapes_have_no_weight():
    x = np.linspace(-1.0, 1.0, 20)
    assert simulation_weight(np.tile(5.0 + x + x**2 + x**3, (3, 1))) == pytest.approx(0.0, abs=1e-12)
    assert simulation_weight(np.tile(np.exp(2.0 * x), (3, 1))) < 1e-5


def test_weights_of_the_public_table(table: Table2D) -> None:
    """Four ways that agree on the background, and give 1 for the data, whose scatter is known."""
    assert simulation_weight(table.background) == pytest.approx(0.59, abs=0.01)
    assert simulation_weight(table.background.T) == pytest.approx(0.58, abs=0.01)
    assert simulation_weight(table.data) == pytest.approx(1.13, abs=0.01)
    inner, both = table.background[:, 1:-1], table.background[:, :-2] + table.background[:, 2:]
    second = np.sum((inner - 0.5 * both) ** 2) / np.sum(inner + 0.25 * both)
    assert second == pytest.approx(simulation_weight(table.background), rel=0.1)


def test_refusals():
    with pytest.raises(RangeError, match="two axes"):
        simulation_weight(np.ones(30))
    with pytest.raises(RangeError, match="at least 5"):
        simulation_weight(np.ones((30, 4)))
    with pytest.raises(RangeError, match="sum of the background"):
        simulation_weight(np.zeros((3, 8)))
    with pytest.raises(RangeError, match="background"):
        simulation_weight(-np.ones((3, 8)))


def test_constraint_by_muon_neutrinos(release: Release) -> None:
    """Sums of the data file's own README; and the conditional mean by brute force from random draws."""
    events, covariance = constrained_background(release, "neutrino")
    assert events[:9].sum() == pytest.approx(2355.2, abs=0.1)
    assert np.sqrt(covariance[:9, :9].sum()) == pytest.approx(124.7, abs=0.1)
    events_bar, covariance_bar = constrained_background(release, "antineutrino")
    assert events_bar[:9].sum() == pytest.approx(402.6, abs=0.1)
    assert np.sqrt(covariance_bar[:9, :9].sum()) == pytest.approx(30.4, abs=0.1)
    rows = np.arange(11, 30)
    vector = release.prediction[rows]
    whole = release.fractional_covariance[np.ix_(rows, rows)] * np.outer(vector, vector)
    whole[11:, 11:] += np.diag(vector[11:])
    inverse = np.linalg.inv(whole)
    assert np.linalg.inv(inverse[:11, :11]) == pytest.approx(covariance, rel=1e-6, abs=1e-6)
    shift = -covariance @ inverse[:11, 11:] @ (release.muon_data("neutrino") - vector[11:])
    assert vector[:11] + shift == pytest.approx(events, rel=1e-6)


def test_cells_move_with_their_neutrino_energy(release: Release, table: Table2D) -> None:
    modes = modes_in_cells(release, table.edges)
    events, covariance = constrained_background(release, MODES[0])
    fractional = covariance / np.outer(events, events)
    # a cell of 350-400 MeV, cos 0.7 to 0.8, is inside 375-475 of E_QE; one of 500-550, cos 0.7 to 0.8, inside 550-675
    first, second = (7, 17), (4, 17)
    for (row, column), inside in ((first, 4), (second, 2)):
        corners = [e_qe(table.edges[0][row + i], table.edges[1][column + j]) for i in (0, 1) for j in (0, 1)]
        assert release.edges[inside] <= min(corners) < max(corners) <= release.edges[inside + 1]
    between = sum(values[first] * values[second] for values in modes.values())
    assert between == pytest.approx(fractional[4, 2], rel=0.02)
    alone = sum(values[first] ** 2 for values in modes.values())
    assert alone == pytest.approx(fractional[4, 4], rel=0.02)
    total = sum(np.sum(values * table.background) ** 2 for values in modes.values())
    assert 0.03 < np.sqrt(total) / table.background.sum() < 0.10


def test_the_table_can_be_fitted_only_with_the_scatter_of_its_background(table: Table2D, release: Release) -> None:
    problem = Problem.load("shapes2d", Experiment.load("miniboone"))
    fit = minimise(problem.cost(None))
    assert (fit.ndof, fit.chi2) == (177, pytest.approx(237.0, abs=0.3))
    assert "0.59 of a Poisson variance" in problem.notes[0]
    assert "covariance of the release in E_QE" in problem.notes[0]


def test_without_the_release_one_normalisation_remains(
    table: Table2D, release: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    from darkhorn.core.errors import InputFileError

    def absent() -> Release:
        raise InputFileError("not there")

    monkeypatch.setattr("darkhorn.inference.build.load_release", absent)
    problem = Problem.load("shapes2d", Experiment.load("miniboone"))
    fit = minimise(problem.cost(None))
    assert fit.chi2 == pytest.approx(263.0, abs=0.3)
    assert list(fit.pulls) == ["norm neutrino"]
    assert "one common normalisation" in problem.notes[0]
