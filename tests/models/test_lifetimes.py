"""Named decays: which width belongs to which name."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from darkhorn.core.errors import RangeError, ScenarioError, ThresholdError, UnknownNameError
from darkhorn.models.lifetimes import DECAYS, Inputs, decay
from darkhorn.physics import dark_decays as dark

ME, MMU = 0.51099895, 105.6583755


def test_widths_by_hand() -> None:
    cases = {
        "phi -> mu mu": (Inputs(250.0, 2.0), 4 * 250 * (1 - 4 * MMU**2 / 250**2) ** 1.5 / (8 * np.pi)),
        "a -> e e": (Inputs(20.0), 20 * (1 - 4 * ME**2 / 400) ** 0.5 / (8 * np.pi)),
        "V -> e e": (Inputs(20.0), 20 / (12 * np.pi) * (1 - 4 * ME**2 / 400) ** 0.5 * (1 + 2 * ME**2 / 400)),
        "A -> mu mu": (Inputs(300.0), 300 / (12 * np.pi) * (1 - 4 * MMU**2 / 9e4) ** 1.5),
        "phi -> gamma gamma": (Inputs(30.0, 1e-3), 1e-6 * 27e3 / (64 * np.pi)),
        "a -> gamma Z'": (Inputs(60.0, 1e-3, vector=30.0), 1e-6 * 60**3 * 0.75**3 / (128 * np.pi)),
        "Z' -> gamma phi": (Inputs(60.0, 1e-3, light=30.0), 1e-6 * 60**3 * 0.75**3 / (384 * np.pi)),
        "V -> chi chi": (Inputs(20.0, light=8.0), 0.42016905),
        "V -> phi phi*": (Inputs(20.0, light=8.0), 20 * 0.36**1.5 / (48 * np.pi)),
        "V -> chi chi'": (Inputs(20.0, light=8.0, other=8.0), 2 * 0.42016905),
        "chi' -> chi V": (Inputs(60.0, light=10.0, vector=30.0), 2.77535573),
    }
    for name, (inputs, expected) in cases.items():
        assert decay(name).checked_width(inputs) == pytest.approx(expected, rel=3e-8), name


def test_pairs_on_and_off_the_mass_shell() -> None:
    on_shell = Inputs(50.0, 1.0, light=8.0, vector=17.0, pair_coupling=1e-5)
    expected = float(dark.width_fermion_to_fermion_vector(1.0, 50.0, 8.0, 17.0))
    assert decay("chi' -> chi e e").checked_width(on_shell) == pytest.approx(expected, rel=1e-8)
    half = on_shell._replace(vector_width=2 * float(dark.width_vector_to_fermions(1e-5, 17.0, ME)))
    assert decay("chi' -> chi e e").checked_width(half) == pytest.approx(expected / 2, rel=1e-8)
    off_shell = on_shell._replace(vector=200.0)
    assert 0 < decay("chi' -> chi e e").checked_width(off_shell) < 1e-9
    assert decay("chi' -> chi e e").checked_width(off_shell._replace(pair_coupling=0.0)) == 0.0
    heavy = Inputs(400.0, 1.0, light=8.0, vector=600.0, pair_coupling=1.0)
    assert 0 < decay("chi' -> chi mu mu").checked_width(heavy) < decay("chi' -> chi e e").checked_width(heavy)


def test_names_are_forgiving_about_spaces_only() -> None:
    assert decay("phi->mu mu") is decay(" phi -> mumu ") is DECAYS["phi -> mu mu"]
    with pytest.raises(UnknownNameError, match="Did you mean 'phi -> e e'"):
        decay("phi -> e")


def test_closed_and_incomplete() -> None:
    with pytest.raises(ThresholdError, match=r"chi' -> chi V is closed: 17 -> 8 \+ 50 MeV"):
        decay("chi' -> chi V").checked_width(Inputs(17.0, light=8.0, vector=50.0))
    with pytest.raises(ThresholdError, match=r"phi -> mu mu is closed: 200 -> 105.658 \+ 105.658 MeV"):
        decay("phi -> mu mu").checked_width(Inputs(200.0))
    with pytest.raises(ScenarioError, match=r"needs pair-coupling; all that it needs: light, vector, pair-coupling"):
        decay("chi' -> chi e e").checked_width(Inputs(50.0, light=8.0, vector=17.0))
    with pytest.raises(RangeError, match=r"mass = 0 MeV"):
        decay("phi -> e e").checked_width(Inputs(0.0))
    with pytest.raises(RangeError, match=r"coupling = -1 1/MeV"):
        decay("phi -> gamma gamma").checked_width(Inputs(1.0, -1.0))
    with pytest.raises(RangeError, match=r"light = -1 MeV .* \[0, 1e\+06\] MeV"):
        decay("V -> chi chi").checked_width(Inputs(1.0, light=-1.0))


@given(st.sampled_from(sorted(DECAYS)), st.floats(0.01, 1e4), st.floats(0, 5e3), st.floats(0, 5e3), st.floats(0.1, 5e3))
@settings(deadline=None, derandomize=True, max_examples=150)
def test_every_decay_is_closed_or_has_a_width(
    name: str, mass: float, light: float, other: float, vector: float
) -> None:
    inputs = Inputs(mass, 0.1, light, other, vector, pair_coupling=0.3)
    item = DECAYS[name]
    if mass <= sum(item.daughters(inputs)):
        with pytest.raises(ThresholdError, match="closed"):
            item.checked_width(inputs)
        return
    value = item.checked_width(inputs)
    assert np.isfinite(value)
    assert value >= 0
