"""Sums of likelihoods: names are shared, constraints count once, data can be replaced."""

import numpy as np
import pytest
from iminuit import Minuit

from darkhorn.core.errors import RangeError, UnknownNameError
from darkhorn.inference.cost import Cost
from darkhorn.inference.minimise import minimise
from darkhorn.inference.shapes import counting_cost


def count(label: str, observed: float, **changes: object) -> Cost:
    settings = {"nuisance": "norm beam", **changes}
    return counting_cost(label, observed, 50.0, 5.0, {"mu": 10.0}, **settings)  # type: ignore[arg-type]


def test_a_shared_nuisance_is_constrained_once() -> None:
    one, two = count("a", 60.0), count("b", 40.0)
    both = one + two
    assert both.parameters == ("mu", "norm beam")
    assert both.ndata == 2
    values = {"mu": 0.3, "norm beam": 1.2}
    assert both.at(values) == pytest.approx(one.at(values) + two.at(values) - 1.2**2)
    apart = one + count("b", 40.0, nuisance="norm other")
    assert apart.parameters == ("mu", "norm beam", "norm other")
    assert both.at({}) == pytest.approx(sum(both.parts({}).values()))


def test_iminuit_takes_it_as_it_is() -> None:
    cost = count("a", 75.0) + count("b", 70.0)
    minuit = Minuit(cost, 1.0, 0.0, name=cost.parameters)
    minuit.migrad()
    assert minuit.errordef == 1.0
    ours = minimise(cost)
    assert minuit.values["mu"] == pytest.approx(ours.values["mu"], rel=1e-3)
    assert minuit.fval == pytest.approx(ours.statistic, abs=1e-4)


def test_asimov_data_have_no_tension() -> None:
    cost = count("a", 75.0)
    values = {"mu": 1.5, "norm beam": -0.7}
    same = cost.asimov(values)
    assert same.at(values) == pytest.approx(0.0, abs=1e-12)
    assert same.centres == {"norm beam": -0.7}
    assert same.data[0] == pytest.approx(50.0 * (1.0 - 0.07) + 15.0)
    assert cost.data[0] == 75.0, "the likelihood itself does not change"


def test_pseudo_experiments_draw_data_and_centres() -> None:
    rng = np.random.default_rng(1)
    drawn = [count("a", 0.0).draw({"mu": 2.0, "norm beam": 1.0}, rng) for _ in range(2000)]
    assert np.mean([cost.data[0] for cost in drawn]) == pytest.approx(75.0, abs=0.8)
    assert np.mean([cost.centres["norm beam"] for cost in drawn]) == pytest.approx(1.0, abs=0.08)
    assert np.std([cost.centres["norm beam"] for cost in drawn]) == pytest.approx(1.0, abs=0.06)


def test_refusals() -> None:
    cost = count("a", 60.0)
    with pytest.raises(UnknownNameError, match="unknown parameter of the likelihood 'mo'"):
        cost.at({"mo": 1.0})
    with pytest.raises(RangeError, match="1 arguments; allowed: 2"):
        cost(1.0)
    with pytest.raises(RangeError, match="data of shapes"):
        cost.with_data([np.ones(3)])
    with pytest.raises(RangeError, match="0 terms"):
        Cost(())
    with pytest.raises(RangeError, match="centred at two places"):
        cost.with_data(cost.data, {"norm beam": 1.0}) + cost.with_data(cost.data, {"norm beam": 2.0})
    with pytest.raises(RangeError, match="vanishes in every bin"):
        counting_cost("a", 1.0, 1.0, 0.1, {"mu": 0.0}).scale("mu")
    with pytest.raises(RangeError, match="name of a strength and of a nuisance"):
        counting_cost("a", 1.0, 1.0, 0.1, {"mu": 1.0}, nuisance="mu")
