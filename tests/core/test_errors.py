"""Messages name the key, the value, the range and the unit; NaN never passes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from darkhorn.core import errors


@pytest.mark.parametrize(
    ("child", "builtin"),
    [
        (errors.RangeError, ValueError),
        (errors.ThresholdError, ValueError),
        (errors.UnknownNameError, LookupError),
        (errors.InputFileError, ValueError),
        (errors.OutputError, OSError),
        (errors.ScenarioError, ValueError),
    ],
)
def test_every_error_is_a_darkhorn_error_and_a_builtin_one(child: type, builtin: type) -> None:
    assert issubclass(child, errors.DarkhornError)
    assert issubclass(child, builtin)


def test_threshold_is_a_range_error() -> None:
    assert issubclass(errors.ThresholdError, errors.RangeError)


@pytest.mark.parametrize(
    ("name", "hint"),
    [("scalr", " Did you mean 'scalar'?"), ("vectro", " Did you mean 'vector'?"), ("zzzz", ""), ("", "")],
)
def test_nearest(name: str, hint: str) -> None:
    assert errors.nearest(name, ["scalar", "vector", "pi0"]) == hint


def test_unknown_name_lists_what_is_known_in_order() -> None:
    error = errors.unknown_name("mediator", "scalr", (name for name in ("vector", "scalar")))
    assert isinstance(error, errors.UnknownNameError)
    assert str(error) == "unknown mediator 'scalr'. Did you mean 'scalar'? Known: scalar, vector."


@pytest.mark.parametrize("value", [0.0, 1.0, 0.5, [0.0, 1.0], np.zeros((2, 3)), []])
def test_inside_passes_and_one_outside_does_not(value: object) -> None:
    errors.require_range("x", value, 0.0, 1.0)
    with pytest.raises(errors.RangeError):
        errors.require_range("x", np.append(value, np.nextafter(1.0, 2.0)), 0.0, 1.0)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, [0.5, np.nan], np.array([[0.5], [np.inf]])])
def test_what_is_not_finite_never_passes(value: object) -> None:
    with pytest.raises(errors.RangeError):
        errors.require_range("x", value)
    with pytest.raises(errors.RangeError):
        errors.require_range("x", value, 0.0, 1.0)


@pytest.mark.parametrize(
    ("value", "options", "message"),
    [
        (-2.0, {"low": 0.0, "unit": "MeV"}, "m = -2 MeV is outside the allowed range [0, inf) MeV"),
        (0.0, {"low": 0.0, "open_low": True}, "m = 0 is outside the allowed range (0, inf)"),
        (1.0, {"low": 0, "high": 1, "open_high": True, "unit": "m"}, "m = 1 m is outside the allowed range [0, 1) m"),
        ([0.5, 7.0, 9.0], {"high": 1.0}, "m = 7 is outside the allowed range (-inf, 1]"),
        (np.nan, {"low": 0.0, "high": 2.0, "unit": "rad"}, "m = nan rad is outside the allowed range [0, 2] rad"),
    ],
)
def test_message_names_key_first_bad_value_range_and_unit(value: object, options: dict, message: str) -> None:
    with pytest.raises(errors.RangeError) as caught:
        errors.require_range("m", value, **options)
    assert str(caught.value) == message


@given(st.floats(-10, 10), st.floats(-10, 10), st.floats(-10, 10), st.booleans(), st.booleans())
def test_range_agrees_with_comparison(value: float, a: float, b: float, open_low: bool, open_high: bool) -> None:
    low, high = min(a, b), max(a, b)
    inside = (low < value if open_low else low <= value) and (value < high if open_high else value <= high)
    try:
        errors.require_range("x", value, low, high, open_low=open_low, open_high=open_high)
        passed = True
    except errors.RangeError:
        passed = False
    assert passed == inside
