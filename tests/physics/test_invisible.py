import numpy as np
import pytest
from dirac_algebra import GAMMA, GAMMA5, IDENTITY, polarisations, slash
from hypothesis import given, settings
from hypothesis import strategies as st

from darkhorn.core.errors import RangeError
from darkhorn.physics.dark_decays import width_vector_to_fermions
from darkhorn.physics.invisible import width_vector_to_neutrinos


@given(st.floats(0.1, 500.0))
@settings(deadline=None, derandomize=True, max_examples=20)
def test_width_equals_the_trace(mass):
    direction = np.array([0.48, 0.6, 0.64])
    a, b = 0.5 * mass * np.append(1.0, direction), 0.5 * mass * np.append(1.0, -direction)
    left = 0.5 * (IDENTITY - GAMMA5)
    tensor = np.einsum("ij,mjk,kl,nli->mn", slash(a), GAMMA @ left, slash(b), GAMMA @ left).real
    squared = np.sum(polarisations(np.array([mass, 0.0, 0.0, 0.0]), mass) * tensor) / 3.0
    phase = 0.5 * mass / (8.0 * np.pi * mass**2)
    assert width_vector_to_neutrinos(1.0, mass) == pytest.approx(phase * squared, rel=1e-9)
    assert width_vector_to_neutrinos(2e-3, mass) == pytest.approx(2e-6 * width_vector_to_fermions(1.0, mass, 0.0))


def test_values_and_refusals():
    assert width_vector_to_neutrinos(1.0, 24.0 * np.pi) == pytest.approx(1.0)
    assert width_vector_to_neutrinos([0.0, 1.0], 1.0).tolist() == [0.0, pytest.approx(1.0 / (24.0 * np.pi))]
    with pytest.raises(RangeError, match="mass"):
        width_vector_to_neutrinos(1.0, -1.0)
