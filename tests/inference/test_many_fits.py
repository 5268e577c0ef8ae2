"""Fits at many points against the fit at one, and their laws."""

import numpy as np
import pytest

from darkhorn.experiments.loader import Experiment
from darkhorn.inference.fit import fit_normalisation
from darkhorn.inference.many_fits import fit_many


def problem(points: int, seed: int = 3):
    """Spectra of MiniBooNE and signals of many shapes, sizes and Monte-Carlo errors."""
    rng = np.random.default_rng(seed)
    distributions, signals, variances = {}, {}, {}
    sizes = np.geomspace(1.0e3, 1.0e18, points)[:, None]
    for name, mode in Experiment.load("miniboone").modes.items():
        for item in mode.distributions:
            label = f"{name} {item.name}"
            slope = rng.uniform(-4.0, 4.0, (points, 1))
            shape = np.exp(slope * np.linspace(0.0, 1.0, len(item.data)))
            distributions[label], signals[label] = item, sizes * shape
            variances[label] = (signals[label] * rng.uniform(0.0, 0.2, (points, 1))) ** 2
    return distributions, signals, variances


def test_every_point_is_the_fit_of_that_point() -> None:
    distributions, signals, variances = problem(12)
    found = fit_many(distributions, signals, variances)
    assert found.fitted.all()
    for k in range(12):
        rows = [{label: values[k] for label, values in table.items()} for table in (signals, variances)]
        one = fit_normalisation(distributions, *rows)
        assert found.product[k] == pytest.approx(one.coupling_product, abs=1e-2 * one.error_high)
        assert found.error_low[k] == pytest.approx(one.error_low, rel=1e-2)
        assert found.error_high[k] == pytest.approx(one.error_high, rel=1e-2)
        assert found.chi2[k] == pytest.approx(one.chi2, abs=1e-4)
        assert found.delta_chi2[k] == pytest.approx(one.delta_chi2, abs=1e-4)
        assert found.scale[k] == pytest.approx(one.scale_unbounded, rel=1e-9)
        assert found.chi2[k] <= one.chi2 + 1e-9
    assert found.chi2_null == pytest.approx(one.chi2_null)
    assert found.ndof == one.ndof


def test_a_point_does_not_know_its_neighbours() -> None:
    distributions, signals, variances = problem(9)
    whole = fit_many(distributions, signals, variances)
    rows = [{label: values[4:5] for label, values in table.items()} for table in (signals, variances)]
    alone = fit_many(distributions, *rows)
    for name in ("product", "error_low", "error_high", "scale", "scale_error", "chi2"):
        assert getattr(whole, name)[4] == getattr(alone, name)[0]


def test_deficit_and_no_signal() -> None:
    distributions, *_ = problem(2)
    label = next(iter(distributions))
    item = distributions[label]
    rows = {label: np.vstack([np.where(item.data < item.background, 1.0, 0.0), np.zeros(len(item.data))])}
    found = fit_many({label: item}, rows, {label: np.zeros_like(rows[label])})
    assert found.fitted.tolist() == [True, False]
    assert found.scale[0] < 0.0
    assert found.product[0] == 0.0
    assert found.delta_chi2[0] == 0.0
    assert found.error_low[0] == 0.0
    assert found.error_high[0] > 0.0


def test_scaling_of_the_signal() -> None:
    distributions, signals, variances = problem(5)
    first = fit_many(distributions, signals, variances)
    larger = {label: 1.0e4 * values for label, values in signals.items()}
    second = fit_many(distributions, larger, {label: 1.0e8 * values for label, values in variances.items()})
    assert second.product == pytest.approx(first.product / 100.0, rel=1e-9)
    assert second.chi2 == pytest.approx(first.chi2, rel=1e-12)
