"""The fit of a coupling product: exact, unbiased, free of scale, and honest at the boundary."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from darkhorn.core.errors import RangeError, UnknownNameError
from darkhorn.experiments.loader import Distribution, Experiment
from darkhorn.inference.fit import FitResult, fit_normalisation, linear_solution
from darkhorn.inference.likelihood import chi_squared, covariance


def spectra() -> dict[str, Distribution]:
    modes = Experiment.load("miniboone").modes
    return {f"{mode} {d.name}": d for mode, loaded in modes.items() for d in loaded.distributions}


def shapes(size: float = 1.0) -> dict[str, np.ndarray]:
    """Falling energies and forward angles, in total ``size`` events in each neutrino spectrum."""
    found = {}
    for label, spectrum in spectra().items():
        centres = 0.5 * (spectrum.edges[1:] + spectrum.edges[:-1])
        falling = np.exp(-centres / 250.0) if spectrum.name == "e_vis" else np.exp(3.0 * centres)
        share = 1.0 if label.startswith("neutrino") else 0.15
        found[label] = size * share * falling / falling.sum()
    return found


def with_data(known: dict[str, Distribution], data: dict[str, np.ndarray]) -> dict[str, Distribution]:
    return {label: dataclasses.replace(spectrum, data=data[label]) for label, spectrum in known.items()}


def asimov(mu: float, signals: dict[str, np.ndarray]) -> dict[str, Distribution]:
    known = spectra()
    return with_data(known, {label: d.background + mu * signals[label] for label, d in known.items()})


@pytest.mark.parametrize("variance", ["data", "background"])
@pytest.mark.parametrize("correlation", ["none", "full"])
@pytest.mark.parametrize("size", [500.0, 1e15, 1e-30])
def test_asimov_is_recovered_exactly(size: float, variance: str, correlation: str) -> None:
    mu = 450.0 / size
    result = fit_normalisation(asimov(mu, shapes(size)), shapes(size), variance=variance, correlation=correlation)
    assert result.coupling_product == pytest.approx(np.sqrt(mu), rel=1e-6, abs=0)
    assert result.scale == pytest.approx(mu, rel=1e-6, abs=0)
    assert result.chi2 == pytest.approx(0.0, abs=1e-9)
    assert (result.ndof, result.ndof_null) == (68, 69)
    assert result.p_value == pytest.approx(1.0)
    assert sum(result.events.values()) == pytest.approx(450.0 * 2.3, rel=1e-6)


@pytest.mark.parametrize("correlation", ["none", "full"])
def test_minimiser_agrees_with_the_linear_solution_on_the_data(correlation: str) -> None:
    result = fit_normalisation(spectra(), shapes(), correlation=correlation)
    mu, error = linear_solution(spectra(), shapes(), correlation=correlation)
    assert result.scale == pytest.approx(mu, rel=1e-6)
    assert result.scale_unbounded == mu
    assert result.scale_error == pytest.approx(error, rel=1e-4)
    assert result.error == pytest.approx(error / (2 * np.sqrt(mu)), rel=1e-4)
    assert result.delta_chi2 == pytest.approx((mu / error) ** 2, rel=1e-6)
    root = result.coupling_product
    assert (root + result.error_high) ** 2 == pytest.approx(mu + error, rel=1e-5)
    assert (root - result.error_low) ** 2 == pytest.approx(mu - error, rel=1e-5)


def test_a_scan_by_hand_finds_the_same_minimum() -> None:
    known, signals = spectra(), shapes()
    result = fit_normalisation(known, signals)
    scan = result.scale + result.scale_error * np.linspace(-2, 2, 81)
    chi2 = np.zeros(81)
    for label, d in known.items():
        variance = np.maximum(d.data, 1) + (d.background_fraction * d.background) ** 2 + d.reading_error**2
        residual = d.data - d.background - scan[:, None] * signals[label]
        chi2 += (residual**2 / variance).sum(axis=1)
    assert np.argmin(chi2) == 40
    assert chi2[40] == pytest.approx(result.chi2, rel=1e-9)
    assert chi2[[20, 60]] - chi2[40] == pytest.approx([1.0, 1.0], abs=1e-3)
    assert result.chi2 == pytest.approx(sum(result.chi2_by_distribution.values()))
    assert result.chi2_null == pytest.approx(sum(result.chi2_null_by_distribution.values()))


def test_a_scale_of_the_published_excess() -> None:
    """Some 560 events of a forward, soft signal are what the neutrino-mode figures hold."""
    known = {label: d for label, d in spectra().items() if label.startswith("neutrino")}
    signals = {label: shape for label, shape in shapes().items() if label in known}
    result = fit_normalisation(known, signals)
    for label in known:
        assert 350.0 < result.events[label] < 750.0
    assert result.delta_chi2 > 50.0
    assert "same events" in result.note


def pseudo_experiments(variance: str, number: int = 200) -> list[FitResult]:
    """Poisson data around background + 500 events, fitted with the true shapes."""
    rng = np.random.default_rng(7)
    known = {label: dataclasses.replace(d, background_fraction=0.0) for label, d in spectra().items()}
    known = {label: dataclasses.replace(d, reading_error=0.0 * d.data) for label, d in known.items()}
    signals = shapes()
    expected = {label: d.background + 500.0 * signals[label] for label, d in known.items()}
    drawn = ({label: rng.poisson(mean).astype(float) for label, mean in expected.items()} for _ in range(number))
    return [fit_normalisation(with_data(known, data), signals, variance=variance) for data in drawn]


def test_unbiased_with_a_fixed_variance() -> None:
    results = pseudo_experiments("background")
    mu = np.array([result.scale for result in results])
    standard = mu.std(ddof=1) / np.sqrt(len(mu))
    assert abs(mu.mean() - 500.0) < 3.0 * standard
    assert standard < 5.0
    pull = np.array([(result.scale - 500.0) / result.scale_error for result in results])
    assert pull.std(ddof=1) == pytest.approx(1.0, abs=0.25)


def test_data_errors_pull_the_fit_down_as_documented() -> None:
    results = pseudo_experiments("data")
    mu = np.array([result.scale for result in results])
    standard = mu.std(ddof=1) / np.sqrt(len(mu))
    assert 500.0 - mu.mean() > 3.0 * standard
    assert 500.0 - mu.mean() < 69.0


def test_deficit_gives_zero_and_an_upper_error() -> None:
    known, signals = spectra(), shapes()
    low = with_data(known, {label: 0.9 * d.background for label, d in known.items()})
    result = fit_normalisation(low, signals)
    assert result.coupling_product == result.scale == result.delta_chi2 == result.error_low == 0.0
    assert result.scale_unbounded < 0.0
    assert result.error == result.error_high > 0.0
    mu, sigma = linear_solution(low, signals)
    expected = mu + np.sqrt(mu**2 + sigma**2)
    assert result.error**2 == pytest.approx(expected, rel=1e-6), "where the parabola is 1 above its value at 0"
    assert result.chi2 == result.chi2_null


def test_no_excess_at_all() -> None:
    result = fit_normalisation(asimov(0.0, shapes()), shapes())
    assert result.coupling_product == 0.0
    assert result.error == pytest.approx(np.sqrt(linear_solution(asimov(0.0, shapes()), shapes())[1]), rel=1e-6)


@settings(max_examples=20, deadline=None, derandomize=True)
@given(exponent=st.floats(-60, 60))
def test_the_unit_of_the_coupling_does_not_matter(exponent: float) -> None:
    factor = 10.0**exponent
    one, other = (fit_normalisation(spectra(), shapes(size)) for size in (1.0, factor))
    assert other.coupling_product * np.sqrt(factor) == pytest.approx(one.coupling_product, rel=1e-6)
    assert other.error * np.sqrt(factor) == pytest.approx(one.error, rel=1e-3)
    assert other.chi2 == pytest.approx(one.chi2, rel=1e-9)


def test_monte_carlo_variance_widens_the_error() -> None:
    known, signals = spectra(), shapes(1e-20)
    variances = {label: (0.3 * signal) ** 2 for label, signal in signals.items()}
    plain, wide = fit_normalisation(known, signals), fit_normalisation(known, signals, variances)
    assert wide.scale_error > 1.02 * plain.scale_error
    assert wide.chi2 < plain.chi2
    total = 0.0
    for label, d in known.items():
        matrix = covariance(
            d.data, d.background, d.background_fraction, d.reading_error, wide.scale**2 * variances[label]
        )
        total += chi_squared(d.data, d.background, wide.scale * signals[label], matrix)
    assert wide.chi2 == pytest.approx(total, rel=1e-9)
    none = fit_normalisation(known, signals, {label: 0.0 * signal for label, signal in signals.items()})
    assert none.scale == plain.scale


def test_one_bin() -> None:
    spectrum = Distribution(
        "e_vis", np.array([0.0, 1.0]), np.array([100.0]), np.array([64.0]), np.zeros(1), 0.0, "constrained", "D", "test"
    )
    result = fit_normalisation({"a": spectrum}, {"a": [4.0]})
    assert result.coupling_product == pytest.approx(3.0, rel=1e-6)
    assert result.scale_error == pytest.approx(10.0 / 4.0, rel=1e-4)
    assert (result.ndof, result.p_value) == (0, 1.0)


def test_refusals() -> None:
    known, signals = spectra(), shapes()
    with pytest.raises(UnknownNameError, match="label of a signal 'neutrino cos_theta'"):
        fit_normalisation(known, {label: s for label, s in signals.items() if label != "neutrino cos_theta"})
    with pytest.raises(UnknownNameError, match="label of a signal 'third'"):
        fit_normalisation(known, {**signals, "third": np.ones(3)})
    with pytest.raises(RangeError, match=r"signal of 'neutrino e_vis' has shape \(3,\); allowed: \(20,\)"):
        fit_normalisation(known, {**signals, "neutrino e_vis": np.ones(3)})
    with pytest.raises(RangeError, match="signal of 'neutrino e_vis' = -1 events"):
        fit_normalisation(known, {**signals, "neutrino e_vis": -np.ones(20)})
    with pytest.raises(RangeError, match="signal of 'neutrino e_vis' = nan"):
        fit_normalisation(known, {**signals, "neutrino e_vis": np.full(20, np.nan)})
    with pytest.raises(RangeError, match="largest signal = 0 events"):
        fit_normalisation(known, {label: 0.0 * signal for label, signal in signals.items()})
    with pytest.raises(RangeError, match="0 distributions"):
        fit_normalisation({}, {})
    with pytest.raises(UnknownNameError, match="unknown variance 'pearson'"):
        fit_normalisation(known, signals, variance="pearson")
