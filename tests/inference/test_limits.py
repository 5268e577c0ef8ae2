"""Upper limits: formulae, closed cases, pyhf, and pseudo-experiments."""

import dataclasses
import json
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, stats

from darkhorn.core.errors import DarkhornError, RangeError, UnknownNameError
from darkhorn.experiments.loader import Experiment
from darkhorn.inference.cost import Cost
from darkhorn.inference.histfactory import workspace
from darkhorn.inference.limits import expected_cls, observed_cls, sensitivity, upper_limit
from darkhorn.inference.official import official_cost
from darkhorn.inference.release import Release
from darkhorn.inference.shapes import Table2D, counting_cost, poisson_cost, shapes_2d_cost, shapes_cost
from darkhorn.inference.template import Template


def spectrum_cost(unit: float = 1.0, reading: float = 0.0, simulation: float = 0.0) -> Cost:
    spectrum = Experiment.load("miniboone").mode("antineutrino").distribution("cos_theta")
    spectrum = dataclasses.replace(spectrum, reading_error=np.full(len(spectrum.data), reading))
    shape = np.exp(1.5 * 0.5 * (spectrum.edges[1:] + spectrum.edges[:-1])) * unit
    template = Template.make("cos_theta", spectrum.edges, shape, (simulation * shape) ** 2)
    return poisson_cost("antineutrino", spectrum, {"mu": template}, signal_fraction=0.1)


CASES = {
    "deficit": counting_cost("a", 16.0, 20.5, 3.65, {"mu": 3.0}, signal_fraction=0.1),
    "excess": counting_cost("a", 95.0, 69.7, 17.3, {"mu": 1.0e18}),
    "nothing seen": counting_cost("a", 0.0, 1.5, 0.3, {"mu": 1.0}),
    "spectrum": spectrum_cost(1.0e-20),
    "two": counting_cost("a", 16.0, 20.5, 3.65, {"mu": 3.0}) + counting_cost("b", 160.0, 145.1, 13.8, {"mu": 9.0}),
}


@pytest.mark.parametrize("case", CASES)
def test_pyhf_agrees(case: str) -> None:
    pytest.importorskip("pyhf")
    ours, theirs = (upper_limit(CASES[case], engine=engine) for engine in ("asymptotic", "pyhf"))
    assert theirs.observed == pytest.approx(ours.observed, rel=0.02, abs=0)
    np.testing.assert_allclose(theirs.expected, ours.expected, rtol=0.02)
    assert (ours.engine, theirs.engine) == ("asymptotic", "pyhf")


def test_pyhf_agrees_on_the_error_of_the_simulation() -> None:
    """One factor a bin and sample: pyhf's CLs at our limit is 0.05. (Its Asimov data have these factors fitted.)"""
    pyhf = pytest.importorskip("pyhf")
    cost = spectrum_cost(reading=3.0, simulation=0.05)
    limit, unit = upper_limit(cost).observed, cost.scale("mu")
    content = workspace(cost, "mu", unit=unit)
    kinds = {m["type"] for sample in content["channels"][0]["samples"] for m in sample["modifiers"]}
    assert kinds == {"normfactor", "histosys", "staterror"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = pyhf.Workspace(content)
        model = found.model()
        cls = float(pyhf.infer.hypotest(limit / unit, found.data(model), model, test_stat="qtilde"))
    assert cls == pytest.approx(0.05, abs=0.003)
    assert upper_limit(spectrum_cost()).observed < 0.99 * limit


def test_workspace_loads_and_gives_the_same_likelihood() -> None:
    """The fall of pyhf's likelihood from no signal to its best fit is ours."""
    pyhf = pytest.importorskip("pyhf")
    from darkhorn.inference.minimise import minimise

    cost = CASES["two"]
    text = json.dumps(workspace(cost, "mu", unit=2.0), allow_nan=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = pyhf.Workspace(json.loads(text))
        model = found.model()
        data = found.data(model)
        best, best_value = pyhf.infer.mle.fit(data, model, return_fitted_val=True)
        _, null_value = pyhf.infer.mle.fixed_poi_fit(0.0, data, model, return_fitted_val=True)
    ours, null = minimise(cost), minimise(cost, {"mu": 0.0})
    assert float(best[model.config.poi_index]) * 2.0 == pytest.approx(ours.values["mu"], rel=1e-2)
    assert float(null_value - best_value) == pytest.approx(null.statistic - ours.statistic, abs=2e-3)
    assert model.config.poi_name == "mu"


@settings(max_examples=50, deadline=None, derandomize=True)
@given(q=st.floats(0, 40), r=st.floats(0.1, 40))
def test_asymptotic_cls(q: float, r: float) -> None:
    """Against the normal distribution itself: q~ below q_A is a Gaussian estimate in [0, mu]."""
    value = observed_cls(q, r)
    assert 0.0 <= value <= 1.0 + 1e-12
    root = np.sqrt(r)
    z = np.sqrt(q) if q <= r else 0.5 * (q + r) / root
    log_ratio = float(stats.norm.logsf(z) - stats.norm.logsf(z - root))
    assert value == pytest.approx(np.exp(log_ratio), rel=1e-9, abs=1e-300)
    assert observed_cls(q + 1.0, r) <= value
    median = expected_cls(r, 0.0)
    assert median == pytest.approx(observed_cls(r, r), rel=1e-9, abs=0)
    assert expected_cls(r, -1.0) <= median <= expected_cls(r, 1.0)


def test_many_events_without_error_are_gaussian() -> None:
    """n = b: the 95 % CLs limit is 1.96 standard deviations, the median of its band."""
    limit = upper_limit(counting_cost("a", 1.0e6, 1.0e6, 0.0, {"mu": 1.0}))
    assert limit.observed == pytest.approx(1959.96, rel=2e-3)
    assert limit.expected[2] == pytest.approx(limit.observed, rel=1e-3)
    np.testing.assert_allclose(np.array(limit.expected) / 1000.0, [1.05, 1.41, 1.96, 2.73, 3.66], atol=0.02)


def test_cls_of_pseudo_experiments_at_the_limit() -> None:
    """At the asymptotic limit of a plain count the exact CLs is near 0.05: sums of Poisson probabilities."""
    cost = counting_cost("a", 20.0, 20.5, 0.0, {"mu": 1.0})
    value = upper_limit(cost).observed
    exact = stats.poisson.cdf(20, 20.5 + value) / stats.poisson.cdf(20, 20.5)
    assert exact == pytest.approx(0.05, abs=0.012)
    root = optimize.brentq(lambda s: stats.poisson.cdf(20, 20.5 + s) / stats.poisson.cdf(20, 20.5) - 0.05, 1, 40)
    assert value == pytest.approx(root, rel=0.06)


def test_sensitivity_of_a_count() -> None:
    """The Asimov significance sqrt(2((s + b) ln(1 + s/b) - s)); with an error of b it is smaller."""
    s, b = 12.0, 20.5
    expected = np.sqrt(2.0 * ((s + b) * np.log(1.0 + s / b) - s))
    assert sensitivity(counting_cost("a", b, b, 0.0, {"mu": 1.0}), "mu", s) == pytest.approx(expected, rel=1e-4)
    assert expected == pytest.approx(2.4399, abs=1e-3)
    assert sensitivity(counting_cost("a", b, b, 5.0, {"mu": 1.0}), "mu", s) < 0.8 * expected
    assert sensitivity(counting_cost("a", b, b, 0.0, {"mu": 1.0}), "mu", 0.0) == 0.0


def test_limits_of_every_likelihood(
    release: Release, falling: dict[str, Template], table: Table2D, forward: Template
) -> None:
    """The excess lifts the observed limit above the band without a signal; Gaussian likelihoods have limits too."""
    for cost in (official_cost(release, {"mu": falling}), shapes_2d_cost(table, {"mu": forward}, 0.047)):
        limit = upper_limit(cost, level=0.9)
        assert all(low < high for low, high in zip(limit.expected[:-1], limit.expected[1:], strict=True))
        assert limit.observed > limit.expected[-1]
    weaker = upper_limit(official_cost(release, {"mu": falling}), level=0.95)
    assert weaker.observed > upper_limit(official_cost(release, {"mu": falling}), level=0.9).observed


def test_refusals(release: Release, falling: dict[str, Template], monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UnknownNameError, match=r"unknown engine of a limit 'pyhp'\. Did you mean 'pyhf'"):
        upper_limit(CASES["two"], engine="pyhp")
    with pytest.raises(RangeError, match=r"level = 95 "):
        upper_limit(CASES["two"], level=95.0)
    with pytest.raises(RangeError, match="0 strengths"):
        upper_limit(official_cost(release, {}))
    with pytest.raises(RangeError, match="has no HistFactory form"):
        workspace(official_cost(release, {"mu": falling}), "mu")

    def absent(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr("darkhorn.io.foreign.import_module", absent)
    with pytest.raises(DarkhornError, match=r"needs the package 'pyhf': pip install 'darkhorn\[stats\]'"):
        upper_limit(CASES["deficit"], engine="pyhf")


def test_spectra_need_the_axis_of_the_data() -> None:
    spectrum = Experiment.load("miniboone").mode("antineutrino").distribution("e_vis")
    wrong = Template.make("e_qe", spectrum.edges, np.ones(len(spectrum.data)))
    with pytest.raises(RangeError, match="axes e_qe against data on e_vis"):
        poisson_cost("antineutrino", spectrum, {"mu": wrong})
    with pytest.raises(RangeError, match="axes e_qe against data on e_vis"):
        shapes_cost({"a": spectrum}, {"mu": {"a": wrong}})
    with pytest.raises(UnknownNameError, match="label of a signal 'b'"):
        shapes_cost({"a": spectrum}, {"mu": {"b": wrong}})
