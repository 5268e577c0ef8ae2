"""Points of a scan."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from darkhorn.core.errors import DarkhornError, RangeError, ScenarioError
from darkhorn.inference.axes import parse_axis, scan_points


def test_grids() -> None:
    assert parse_axis("m_x=1:5:3").values == (1.0, 3.0, 5.0)
    log = parse_axis("model.m_mediator = 10 : 1000 : 3 : log")
    assert log.key == "m_mediator"
    assert log.values == (10.0, 100.0, 1000.0)
    assert parse_axis("m_x=7,3,5").values == (7.0, 3.0, 5.0)
    assert parse_axis("m_x=4").values == (4.0,)
    assert parse_axis("m_x=2:9:1").values == (2.0,)
    points = scan_points([parse_axis("a=1:2:2"), parse_axis("b=3,4,5")])
    assert points == ((1.0, 3.0), (1.0, 4.0), (1.0, 5.0), (2.0, 3.0), (2.0, 4.0), (2.0, 5.0))


@pytest.mark.parametrize(
    "text",
    ["", "m_x", "m_x=", "=1:2:3", "m_x=1", "m_x=1:2:3:4", "m_x=a:2:3", "m_x=1:2:x", "m_x=1:2:3:lin", "m_x=1:log"],
)
def test_other_forms_are_refused(text: str) -> None:
    if text == "m_x=1":
        assert parse_axis(text).values == (1.0,)
        return
    with pytest.raises(ScenarioError, match="START:STOP"):
        parse_axis(text)


@pytest.mark.parametrize(
    "text", ["m=0:5:3:log", "m=-1:5:3:log", "m=1:5:0", "m=nan:5:3", "m=1:inf:3", "m=nan", "m=1,inf"]
)
def test_impossible_numbers_are_refused(text: str) -> None:
    with pytest.raises(RangeError):
        parse_axis(text)


def test_what_makes_no_scan() -> None:
    with pytest.raises(ScenarioError, match="missing"):
        scan_points([])
    with pytest.raises(ScenarioError, match="2 times"):
        scan_points([parse_axis("a=1:2:2"), parse_axis("a=1:2:2")])
    with pytest.raises(ScenarioError, match="no number of values"):
        scan_points([parse_axis("a=1:2")])
    with pytest.raises(RangeError, match="sobol"):
        scan_points([parse_axis("a=1:2")], 0)
    with pytest.raises(RangeError, match="points of the grid"):
        scan_points([parse_axis("a=1:2:10000"), parse_axis("b=1:2:10000")])


@settings(max_examples=25, deadline=None, derandomize=True)
@given(st.integers(1, 200), st.floats(0.1, 10.0), st.floats(1.01, 1e4), st.integers(0, 50))
def test_sobol_sets(number: int, low: float, factor: float, seed: int) -> None:
    high = low * factor
    axes = [parse_axis(f"a={low!r}:{high!r}"), parse_axis(f"b={low!r}:{high!r}:log")]
    points = np.array(scan_points(axes, number, seed))
    assert points.shape == (number, 2)
    slack = 1e-11 * high
    assert (points >= low - slack).all()
    assert (points <= high + slack).all()
    if number == 200:
        return
    more = np.array(scan_points(axes, 2 * number, seed))
    if (number & (number - 1)) == 0:
        # each half of the range, in the value and in the logarithm, gets half of the points
        assert (more[:, 0] < 0.5 * (low + high)).sum() == number
        assert (more[:, 1] < np.sqrt(low * high)).sum() == number


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.text(alphabet="m_x=:,.0123456789elogn -", max_size=20))
def test_any_text_gives_an_axis_or_a_message(text: str) -> None:
    try:
        axis = parse_axis(text)
    except DarkhornError:
        return
    assert len(axis.values) < 10_000_001
    assert np.isfinite(axis.values).all()
