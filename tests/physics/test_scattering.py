import numpy as np
import pytest
from dirac_algebra import METRIC, current_tensor, dot, scatter
from hypothesis import given, settings
from hypothesis import strategies as st

from darkhorn.core.errors import RangeError
from darkhorn.physics import scattering as sc
from darkhorn.physics import two_to_two as tt

steady = settings(deadline=None, derandomize=True, max_examples=60)


def test_known_point():
    # chi(10) p(938) -> chi(10) p through V(17), E = 300 MeV, cos* = 0.7
    low, high = sc.upscatter_q_sq_limits(300.0, 10.0, 10.0, 938.0)
    q_sq = low + (high - low) * 0.15
    assert q_sq == pytest.approx(32894.8069512, rel=1e-9)
    assert tt.mandelstam_s(300.0, 10.0, 938.0) == pytest.approx(1442744, rel=1e-9)
    dirac = sc.msq_upscatter_dirac(300.0, q_sq, 10.0, 10.0, 938.0, 17.0)
    assert dirac == pytest.approx(9.801476730e2, rel=1e-8)
    scalar = sc.msq_upscatter_scalar(300.0, q_sq, 10.0, 10.0, 938.0, 17.0)
    assert scalar == pytest.approx(dirac, rel=2.1e-3)
    assert scalar != pytest.approx(dirac, rel=1e-4)


@given(st.floats(1, 60), st.floats(1, 60), st.floats(1, 900), st.floats(300, 2000), st.floats(5, 200), st.floats(-1, 1))
@steady
def test_closed_forms_equal_explicit_traces(m1, m2, kinetic, target, mediator, cos):
    energy = float(sc.threshold_energy(m1, m2, target)) + kinetic
    p, rest, k, recoil = scatter(energy, m1, target, m2, cos)
    low, high = sc.upscatter_q_sq_limits(energy, m1, m2, target)
    q_sq = low + (high - low) * (1 - cos) / 2
    assert q_sq == pytest.approx(-dot(p - k, p - k), rel=1e-7, abs=1e-8 * energy**2)
    chi = METRIC @ current_tensor(k, m2, p, m1) @ METRIC
    propagator = (q_sq + mediator**2) ** 2
    spin_half = 0.25 * (chi * current_tensor(recoil, target, rest, target)).sum() / propagator
    args = (energy, np.clip(q_sq, low, high), m1, m2, target, mediator)
    assert sc.msq_upscatter_dirac(*args) == pytest.approx(spin_half, rel=1e-8)
    both = recoil + rest
    spin_zero = 0.5 * both @ chi @ both / propagator
    assert sc.msq_upscatter_scalar(*args) == pytest.approx(spin_zero, rel=1e-7, abs=1e-9 * spin_half)


def test_threshold_and_closed_channels():
    threshold = sc.threshold_energy(8.0, 50.0, 938.0)
    assert threshold == pytest.approx(((50 + 938) ** 2 - 64 - 938**2) / (2 * 938), rel=1e-12)
    assert sc.threshold_energy(50.0, 8.0, 938.0) == 50.0
    low, high = sc.upscatter_q_sq_limits(threshold * np.array([0.99, 1.01]), 8.0, 50.0, 938.0)
    assert (low[0], high[0]) == (0.0, 0.0)
    assert 0 < low[1] < high[1]
    assert sc.msq_upscatter_dirac(threshold * 0.99, 1e3, 8.0, 50.0, 938.0, 17.0) == 0.0
    assert sc.msq_upscatter_scalar(threshold * 1.01, 10 * high[1], 8.0, 50.0, 938.0, 17.0) == 0.0
    # elastic: forward limit is exactly zero
    assert sc.upscatter_q_sq_limits(300.0, 8.0, 8.0, 938.0)[0] == 0.0
    with pytest.raises(RangeError, match="m2"):
        sc.upscatter_q_sq_limits(300.0, 8.0, -8.0, 938.0)


def test_massless_outgoing_particle_reduces_to_the_photon_limits():
    energy = np.array([30.0, 300.0, 3000.0])
    expected = tt.q_sq_limits(energy, 20.0, 11174.86)
    for limit, other in zip(sc.upscatter_q_sq_limits(energy, 20.0, 0.0, 11174.86), expected, strict=True):
        assert limit == pytest.approx(other, rel=1e-9)
