"""From an experiment and a prediction to each likelihood: windows, bins, names, refusals."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from darkhorn.chain.observe import Observed, coordinate
from darkhorn.chain.predict import ModePrediction, Prediction
from darkhorn.core.errors import InputFileError, RangeError, ScenarioError, UnknownNameError
from darkhorn.experiments.loader import Experiment
from darkhorn.inference.build import LIKELIHOODS, Problem
from darkhorn.inference.coupling import fit_coupling, null_summary

MINIBOONE = Experiment.load("miniboone")


def mode_prediction(name: str, spectra: dict[str, np.ndarray], edges: dict[str, np.ndarray]) -> ModePrediction:
    """A hand-made prediction of two replicates."""
    rows = {axis: np.array([0.9 * values, 1.1 * values]) for axis, values in spectra.items()}
    total = next(iter(rows.values())).sum(axis=1)
    fields = {item.name: 0.0 for item in dataclasses.fields(ModePrediction)}
    fields |= {"name": name, "pot": 1.0, "edges": edges, "spectra": rows, "signal": total, "points": 1}
    return ModePrediction(**fields)  # type: ignore[arg-type]


def prediction(**modes: ModePrediction) -> Prediction:
    return Prediction(None, modes, 1, 2)  # type: ignore[arg-type]


def test_official_from_a_prediction_in_e_qe(release: object) -> None:
    problem = Problem.load("official", MINIBOONE)
    assert problem.release is not None
    edges = problem.release.edges
    shape = np.exp(-edges[:-1] / 300.0)
    nu = mode_prediction("neutrino", {"e_qe": 1e18 * shape}, {"e_qe": edges})
    cost = problem.cost(prediction(neutrino=nu))
    fit = fit_coupling(cost, "official")
    assert fit.delta > 15.0
    assert fit.product_low < fit.product < fit.product_high
    assert fit.events["official"] == pytest.approx(fit.product**2 * 1e18 * shape.sum(), rel=1e-9)
    assert fit.statistic_null == pytest.approx(373.405, abs=0.01)
    wrong = mode_prediction("neutrino", {"e_qe": shape[1:]}, {"e_qe": edges[1:]})
    with pytest.raises(RangeError, match="10 bins from 300 to 3000"):
        problem.cost(prediction(neutrino=wrong))


def test_two_dimensional_and_joint(table: object) -> None:
    problem = Problem.load("joint", MINIBOONE)
    assert problem.table is not None
    cells = np.arange(441) - 0.5
    nu = mode_prediction("neutrino", {"cell": problem.table.background.ravel()}, {"cell": cells})
    spectrum = MINIBOONE.mode("antineutrino").distribution("cos_theta")
    nubar = mode_prediction("antineutrino", {"cos_theta": spectrum.background}, {"cos_theta": spectrum.edges})
    cost = problem.cost(prediction(neutrino=nu, antineutrino=nubar), {"neutrino": 0.05})
    names = cost.parameters
    assert {"mu", "flux neutrino", "norm antineutrino", "background neutrino_0"} <= set(names)
    assert not [name for name in names if name not in ("mu", "flux neutrino", "norm antineutrino") and "_" not in name]
    assert cost.ndata == 187
    zero, one = (cost.terms[0].expected(cost.complete({"mu": mu})) for mu in (0.0, 1.0))
    np.testing.assert_allclose(one, 2.0 * zero, rtol=1e-12)


def test_shapes_and_counts() -> None:
    modes = {}
    for name, mode in MINIBOONE.modes.items():
        spectra = {d.name: d.background for d in mode.distributions}
        modes[name] = mode_prediction(name, spectra, {d.name: d.edges for d in mode.distributions})
    cost = Problem.load("shapes", MINIBOONE).cost(prediction(**modes))
    assert cost.ndata == 69
    assert fit_coupling(cost, "shapes").delta > 20.0
    microboone = Experiment.load("microboone")
    edges = np.array([0.0, 1.0])
    seen = prediction(**{"1g1p": mode_prediction("1g1p", {"e_vis": np.array([4.0])}, {"e_vis": edges})})
    count = Problem.load("counts", microboone).cost(seen)
    assert [float(data[0]) for data in count.data] == [16.0]
    np.testing.assert_allclose(count.terms[0].expected(count.complete({"mu": 2.0})), 20.5 + 8.0)


def test_without_a_signal(release: object, table: object) -> None:
    values = {name: null_summary(Problem.load(name, MINIBOONE)) for name in LIKELIHOODS if name != "counts"}
    assert values["official"]["statistic"] == pytest.approx(373.405, abs=0.01)
    assert values["official"]["oscillation"]["fall_of_statistic"] == pytest.approx(29.27, abs=0.02)
    totals = values["official"]["totals"]["neutrino"]
    assert totals["excess_unconstrained"] == pytest.approx(547.3, abs=0.05)
    assert totals["excess_over_constrained_background"] == 560.6
    assert totals["background_constrained"] == pytest.approx(2309.4)
    assert values["shapes2d"]["bins"] == 177
    assert 1e-4 < values["shapes2d"]["p_value"] < 0.01


def test_events_on_the_axes_of_the_release() -> None:
    n = 4
    seen = Observed(
        np.array([160.0, 1249.9, 149.0, 700.0]),
        np.array([-1.0, 1.0, 0.0, 0.05]),
        np.array([300.0, 900.0, 200.0, 800.0]),
        *(np.ones(n) for _ in range(3)),
    )
    edges = (np.linspace(150.0, 1250.0, 23), np.linspace(-1.0, 1.0, 21))
    cell = coordinate(seen, "cell", edges)
    np.testing.assert_array_equal(cell, [0.0, 439.0, -1.0, 11 * 20 + 10])
    rows, *_ = np.histogram2d(seen.e_vis, seen.cos_theta, bins=edges)
    counted, _ = np.histogram(cell, np.arange(441) - 0.5)
    np.testing.assert_array_equal(counted, rows.ravel())
    np.testing.assert_array_equal(coordinate(seen, "e_qe"), seen.e_qe)
    with pytest.raises(RangeError, match="axis 'cell'"):
        coordinate(seen, "cell")


def test_refusals(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UnknownNameError, match=r"unknown likelihood 'oficial'\. Did you mean 'official'"):
        Problem.load("oficial", MINIBOONE)
    with pytest.raises(ScenarioError, match="needs the data of an experiment"):
        Problem.load("shapes", None)
    with pytest.raises(ScenarioError, match="compares with the data of miniboone, not of microboone"):
        Problem.load("official", Experiment.load("microboone"))
    with pytest.raises(ScenarioError, match="likelihood 'counts' has no data in the modes neutrino, antineutrino"):
        Problem.load("counts", MINIBOONE).cost(None)
    with pytest.raises(ScenarioError, match="you must supply"):
        Problem.load("counts", Experiment.load("miniboone-dump")).cost(None)
    monkeypatch.setenv("DARKHORN_DATA", str(tmp_path))
    with pytest.raises(InputFileError, match="figures 14 and 15"):
        Problem.load("shapes2d", MINIBOONE)
