import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import truncnorm

from darkhorn.core.errors import RangeError, UnknownNameError
from darkhorn.detector.response import Response

MINIBOONE = Response((50, 150, 250, 350), (0, 0.089, 0.135, 0.139), 0.12, 0.01, angular="log", angular_degrees=2.7)
MIDPOINTS = (np.arange(20000) + 0.5) / 20000


def test_efficiency_between_below_and_above_the_table():
    assert MINIBOONE.efficiency_at([10, 50, 100, 150, 300, 350, 5000]) == pytest.approx(
        [0, 0, 0.0445, 0.089, 0.137, 0.139, 0.139], abs=1e-15
    )
    step = Response((100, 200), (0.5, 0.7))
    assert step.efficiency_at([99.999, 100, 150]).tolist() == pytest.approx([0, 0.5, 0.6])


def test_resolutions_by_hand():
    # 0.12 sqrt(0.25) + 0.01 = 0.07 GeV; ln(1/0.25) + 2.7 = 4.0863 degrees
    assert MINIBOONE.sigma_energy(250.0) == pytest.approx(70, rel=1e-14)
    assert np.degrees(MINIBOONE.sigma_angle(250.0)) == pytest.approx(np.log(4) + 2.7, rel=1e-14)
    assert np.degrees(MINIBOONE.sigma_angle([0.0, 1e6])) == pytest.approx([np.log(1000) + 2.7, 0])
    constant = Response(angular="constant", angular_degrees=3.0)
    assert np.degrees(constant.sigma_angle([10.0, 1000.0])) == pytest.approx([3, 3])


@pytest.mark.parametrize("energy", [20.0, 100.0, 300.0, 1000.0])
def test_energy_smearing_has_the_moments_of_a_truncated_gaussian(energy):
    n = len(MIDPOINTS)
    e_vis, share = MINIBOONE.smear_energy(np.full(n, energy), MIDPOINTS)
    sigma = float(MINIBOONE.sigma_energy(energy))
    law = truncnorm(-energy / sigma, np.inf, loc=energy, scale=sigma)
    assert e_vis.mean() == pytest.approx(law.mean(), rel=1e-4)
    assert e_vis.std() == pytest.approx(law.std(), rel=2e-3)
    assert e_vis == pytest.approx(law.ppf(MIDPOINTS), rel=1e-9, abs=1e-9)
    assert (np.diff(e_vis) > 0).all()
    assert (e_vis >= 0).all()
    assert (share == 1.0).all()


@pytest.mark.parametrize("energy", [20.0, 100.0, 300.0, 1000.0])
@pytest.mark.parametrize("least", [-50.0, 0.0, 80.0, 140.0, 320.0])
def test_energies_above_a_bound_and_the_probability_to_be_there(energy, least):
    """The truncated law of scipy, and the sum rule: P(above) E[f | above] is the sum over all f above the bound."""
    n, sigma = len(MIDPOINTS), float(MINIBOONE.sigma_energy(energy))
    e_vis, share = MINIBOONE.smear_energy(np.full(n, energy), MIDPOINTS, least)
    whole = truncnorm(-energy / sigma, np.inf, loc=energy, scale=sigma)
    above = truncnorm((max(least, 0.0) - energy) / sigma, np.inf, loc=energy, scale=sigma)
    assert share == pytest.approx(np.full(n, whole.sf(least)), rel=1e-9)
    assert e_vis == pytest.approx(above.ppf(MIDPOINTS), rel=1e-8)
    assert (e_vis >= least).all()
    free, _ = MINIBOONE.smear_energy(np.full(n, energy), MIDPOINTS)
    assert (share * e_vis).mean() == pytest.approx(np.where(free > least, free, 0.0).mean(), rel=1e-3, abs=0.05)


def test_a_bound_far_away_gives_nothing_and_no_nonsense():
    e_vis, share = MINIBOONE.smear_energy([10.0, 10.0], [1e-9, 1.0], 1.0e4)
    assert np.isfinite(e_vis).all()
    assert share.tolist() == [0.0, 0.0]
    same, one = Response.perfect().smear_energy([10.0, 300.0], [0.5, 0.5], [140.0, 140.0])
    assert (same.tolist(), one.tolist()) == ([10.0, 300.0], [1.0, 1.0])  # the window decides


@pytest.mark.parametrize("degrees", [1.0, 3.0, 40.0])
def test_angular_smearing_is_isotropic_about_the_true_direction(degrees):
    n = 2**7
    u2, u3 = (grid.ravel() for grid in np.meshgrid((np.arange(n) + 0.5) / n, (np.arange(n) + 0.5) / n))
    true = np.array([0.48, -0.6, 0.64])
    blurred = Response(angular="constant", angular_degrees=degrees)
    seen = blurred.smear_direction(np.full(n * n, 300.0), np.tile(true, (n * n, 1)), u2, u3)
    assert (blurred.smear_energy(np.full(n, 300.0), MIDPOINTS[:n])[0] == 300.0).all()
    assert np.linalg.norm(seen, axis=1) == pytest.approx(np.ones(n * n), abs=1e-14)
    kappa = np.radians(degrees) ** -2
    assert seen.mean(axis=0) == pytest.approx((1 / np.tanh(kappa) - 1 / kappa) * true, abs=2e-3 * np.radians(degrees))
    across = seen @ np.array([0.8, 0.0, -0.6])
    if degrees < 5:
        assert across.std() == pytest.approx(np.radians(degrees), rel=0.01)


def test_a_perfect_detector_changes_nothing():
    perfect = Response.perfect()
    energy, direction = np.array([0.0, 5.0, 300.0]), np.array([[0, 0, 1.0], [1, 0, 0], [0, -1, 0]])
    u = np.array([1e-9, 0.5, 1 - 1e-9])
    assert (perfect.smear_energy(energy, u)[0] == energy).all()
    assert (perfect.smear_direction(energy, direction, u, u) == direction).all()
    assert perfect.efficiency_at(energy).tolist() == [1, 1, 1]


@given(st.floats(0, 1e4), st.floats(0, 1), st.floats(0, 1), st.floats(0, 1), st.floats(-1, 1))
@settings(deadline=None, derandomize=True, max_examples=150)
def test_no_point_of_the_cube_gives_nonsense(energy, u1, u2, u3, cos):
    true = np.array([[np.sqrt(1 - cos**2), 0, cos]])
    e_vis, share = MINIBOONE.smear_energy([energy], [u1], 140.0 * u2)
    seen = MINIBOONE.smear_direction([energy], true, [u2], [u3])
    assert 140.0 * u2 <= e_vis[0] < np.inf
    assert 0.0 <= share[0] <= 1.0
    assert np.linalg.norm(seen) == pytest.approx(1, abs=1e-12)
    assert MINIBOONE.smear_energy([energy], [u1], 140.0 * u2)[0] == e_vis
    assert (MINIBOONE.smear_direction([energy], true, [u2], [u3]) == seen).all()


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"efficiency_energy": (100, 50), "efficiency": (0, 1)}, "step of efficiency_energy = -50 MeV"),
        ({"efficiency_energy": (50, 100), "efficiency": (0, 1.2)}, "efficiency = 1.2"),
        ({"efficiency_energy": (50, 100), "efficiency": (0,)}, "1 values for 2 energies"),
        ({"energy_sqrt_GeV": -0.1}, "energy_sqrt_GeV = -0.1 GeV"),
        ({"angular": "constant", "angular_degrees": 200}, "angular_degrees = 200"),
    ],
)
def test_errors_name_the_key(keywords, message):
    with pytest.raises(RangeError, match=message):
        Response(**keywords)


def test_unknown_angular_resolution_and_bad_points():
    with pytest.raises(UnknownNameError, match="Did you mean 'constant'"):
        Response(angular="constnt")
    with pytest.raises(RangeError, match="u1"):
        MINIBOONE.smear_energy([100.0], [1.5])
    with pytest.raises(RangeError, match="u2"):
        MINIBOONE.smear_direction([100.0], [[0, 0, 1.0]], [1.5], [0.5])
    with pytest.raises(RangeError, match="energy = -1 MeV"):
        MINIBOONE.smear_energy([-1.0], [0.5])
    with pytest.raises(RangeError, match="energy = -1 MeV"):
        MINIBOONE.smear_direction([-1.0], [[0, 0, 1.0]], [0.5], [0.5])
    with pytest.raises(RangeError, match="bound of the visible energy"):
        MINIBOONE.smear_energy([100.0], [0.5], np.nan)
