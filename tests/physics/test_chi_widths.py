import numpy as np
import pytest
from dirac_algebra import METRIC, current_tensor, polarisations
from hypothesis import given, settings
from hypothesis import strategies as st

from darkhorn.core.errors import RangeError, ThresholdError
from darkhorn.physics import chi_widths as cw
from darkhorn.physics import dark_decays as dd

steady = settings(deadline=None, derandomize=True, max_examples=60)


def two_body(mass, first, second):
    """Momenta of a decay at rest, along a skew axis, and the width per summed |M|^2."""
    energy = (mass**2 + first**2 - second**2) / (2 * mass)
    momentum = np.sqrt(max(energy**2 - first**2, 0.0))
    axis = momentum * np.array([0.48, 0.6, 0.64])
    a, b = np.append(energy, axis), np.append(mass - energy, -axis)
    return np.array([mass, 0, 0, 0]), a, b, momentum / (8 * np.pi * mass**2)


@given(st.floats(1, 500), st.floats(0.01, 0.95), st.floats(0, 1))
@steady
def test_transition_width_equals_the_trace(mass, total, share):
    first, second = mass * total * share, mass * total * (1 - share)
    whole, a, b, phase = two_body(mass, first, second)
    expected = phase * (polarisations(whole, mass) * current_tensor(a, first, b, -second)).sum() / 3
    assert cw.width_vector_to_transition(1.0, mass, first, second) == pytest.approx(expected, rel=1e-7)
    assert cw.width_vector_to_transition(2.0, mass, second, first) == pytest.approx(4 * expected, rel=1e-7)


@given(st.floats(1, 500), st.floats(0, 0.499))
@steady
def test_scalar_pair_width_equals_the_polarisation_sum(mass, share):
    whole, a, b, phase = two_body(mass, share * mass, share * mass)
    expected = phase * (a - b) @ polarisations(whole, mass) @ (a - b) / 3
    assert cw.width_vector_to_scalars(0.7, mass, share * mass) == pytest.approx(0.49 * expected, rel=1e-7)


def test_equal_masses_and_a_peer_programs_form():
    mass, chi = np.array([20.0, 50.0, 100.0]), np.array([8.0, 20.0, 5.0])
    assert cw.width_vector_to_transition(1.0, mass, chi, chi) == pytest.approx(
        dd.width_vector_to_fermions(1.0, mass, chi), rel=1e-12
    )
    assert cw.width_vector_to_transition(1.0, 20.0, 8.0, 8.0) == pytest.approx(0.42016905, rel=1e-7)
    alpha_d = 0.1
    peer = alpha_d * (mass**2 - 4 * chi**2) * np.sqrt(mass**2 / 4 - chi**2) / (6 * mass**2)
    assert cw.width_vector_to_scalars(np.sqrt(4 * np.pi * alpha_d), mass, chi) == pytest.approx(peer, rel=1e-12)
    # massless daughters: a Dirac fermion has four times the width of a complex scalar
    ratio = dd.width_vector_to_fermions(1.0, 10.0, 0.0) / cw.width_vector_to_scalars(1.0, 10.0, 0.0)
    assert ratio == pytest.approx(4.0, rel=1e-12)


def test_longitudinal_vectors_send_scalars_forward():
    # |eps.(a - b)|^2 for eps along the axis of flight: cos^2 of the angle of a to it
    mass, scalar = 30.0, 5.0
    p = np.sqrt(mass**2 / 4 - scalar**2)
    for cos in (0.0, 0.3, 1.0):
        difference = 2 * p * np.array([0, np.sqrt(1 - cos**2), 0, cos])
        assert (np.array([0, 0, 0, 1.0]) @ METRIC @ difference) ** 2 == pytest.approx(4 * p**2 * cos**2)


def test_crossing_to_the_decay_of_the_heavier_fermion():
    # the same squared amplitude, 4 [ (m' - m)^2 - s ] [ (m' + m)^2 + 2 s ]/(2 s), with other phase space and spin mean
    heavy, light, vector = 40.0, 8.0, 20.0
    _, _, _, phase = two_body(heavy, light, vector)
    s = vector**2
    summed = 2 * ((heavy - light) ** 2 - s) * ((heavy + light) ** 2 + 2 * s) / s
    assert dd.width_fermion_to_fermion_vector(1.0, heavy, light, vector) == pytest.approx(
        0.5 * phase * summed, rel=1e-12
    )
    assert dd.width_fermion_to_fermion_vector(1.0, heavy, light, vector) == pytest.approx(1.64067382, rel=3e-9)


@given(st.floats(0, 1e4), st.floats(0, 1e4), st.floats(0, 1e4))
@steady
def test_never_nan_and_zero_when_closed(mass, first, second):
    for value, threshold in (
        (cw.width_vector_to_transition(1.0, mass, first, second), first + second),
        (cw.width_vector_to_scalars(1.0, mass, first), 2 * first),
    ):
        assert np.isfinite(value)
        assert value >= 0
        if mass <= threshold:
            assert value == 0.0


def test_a_closed_chain_is_a_typed_error():
    with pytest.raises(ThresholdError, match=r"chi' -> chi V is closed: 17 -> 8 \+ 50 MeV; allowed: .* > 58 MeV"):
        cw.require_heavier("chi' -> chi V", 17.0, 8.0, 50.0)
    cw.require_heavier("chi' -> chi V", 59.0, 8.0, 50.0)
    with pytest.raises(RangeError, match="a mass in V -> chi chi = -1 MeV"):
        cw.require_heavier("V -> chi chi", 17.0, -1.0, 1.0)
    with pytest.raises(RangeError, match="m_second"):
        cw.width_vector_to_transition(1.0, 10.0, 1.0, -1.0)
    with pytest.raises(RangeError, match="m_scalar"):
        cw.width_vector_to_scalars(1.0, 10.0, -1.0)
