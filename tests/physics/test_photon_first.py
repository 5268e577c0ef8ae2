"""The incoming particle of a photon: against the kinematics of the same reaction the other way round."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from darkhorn.core.errors import RangeError
from darkhorn.physics.photon_first import incoming_of_photon
from darkhorn.physics.two_to_two import one_minus_cos_lab, photon_energy, q_sq_limits

TARGETS = (938.272, 11177.9)


@given(
    m=st.floats(0.0, 200.0),
    above=st.floats(1.02, 50.0),
    share=st.floats(1e-6, 1.0 - 1e-6),
    target=st.sampled_from(TARGETS),
)
@settings(deadline=None, max_examples=200, derandomize=True)
def test_there_and_back(m: float, above: float, share: float, target: float) -> None:
    energy = above * max(m, 5.0)
    low, high = q_sq_limits(energy, m, target)
    q_sq = low + share * (high - low)
    photon, versine = photon_energy(energy, q_sq, target), one_minus_cos_lab(energy, q_sq, m, target)
    momentum = np.sqrt((energy - m) * (energy + m))
    back = incoming_of_photon(photon, versine, m, target)
    if versine > 1.0 and momentum < 2.0 * m**2 / target:  # the root that is left out
        return
    assert back.open
    assert float(back.energy) == pytest.approx(energy, rel=1e-9)
    assert float(back.momentum) == pytest.approx(momentum, rel=1e-7)
    assert float(back.q_sq) == pytest.approx(float(q_sq), rel=1e-7)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(("m", "photon", "versine"), [(1.0, 300.0, 1e-4), (50.0, 400.0, 0.03), (120.0, 250.0, 1.5)])
def test_measure_is_the_determinant(m: float, photon: float, versine: float, target: float) -> None:
    def at(e: float, v: float) -> np.ndarray:
        found = incoming_of_photon(e, v, m, target)
        return np.array([found.energy, found.q_sq])

    h, k = 1e-4 * photon, 1e-4 * versine
    by_energy = (at(photon + h, versine) - at(photon - h, versine)) / (2.0 * h)
    by_angle = (at(photon, versine + k) - at(photon, versine - k)) / (2.0 * k)
    determinant = by_energy[0] * by_angle[1] - by_energy[1] * by_angle[0]
    assert float(incoming_of_photon(photon, versine, m, target).measure) == pytest.approx(determinant, rel=1e-5)


def test_massless_particle_by_hand() -> None:
    """E = E_gamma/(1 - E_gamma v/M), Q^2 = 2 E E_gamma v: Compton's formula read backwards."""
    found = incoming_of_photon(200.0, 0.5, 0.0, 1000.0)
    energy = 200.0 / (1.0 - 0.1)
    assert float(found.energy) == pytest.approx(energy, rel=1e-14)
    assert float(found.q_sq) == pytest.approx(2.0 * energy * 200.0 * 0.5, rel=1e-14)
    assert float(found.measure) == pytest.approx(2.0 * 1000.0 * 200.0 * energy**2 / (1000.0 * 200.0), rel=1e-14)


def test_what_cannot_be_is_exactly_nothing() -> None:
    found = incoming_of_photon([600.0, 10.0], [2.0, 0.1], [0.0, 50.0], 938.272)
    assert not found.open.any()
    assert found.measure.tolist() == [0.0, 0.0]
    assert all(np.isfinite(column).all() for column in found)


def test_arguments_are_checked() -> None:
    with pytest.raises(RangeError, match="target_mass"):
        incoming_of_photon(100.0, 0.1, 1.0, 0.0)
    with pytest.raises(RangeError, match="photon"):
        incoming_of_photon(0.0, 0.1, 1.0, 938.0)
