"""Stopped mesons: yields, times, and the shape of pi0."""

import numpy as np
import pytest
from scipy.integrate import dblquad

from darkhorn.beam.lujan import MU_PLUS, PromptPi0, StoppedBeam, StoppedParents
from darkhorn.core.errors import RangeError, UnknownNameError
from darkhorn.core.importance import ImportanceGrid
from darkhorn.core.points import unit_points
from darkhorn.core.species import PI_MINUS, PI_PLUS
from darkhorn.physics.burman_smith import burman_smith

BEAM = StoppedBeam(800.0, 74, 6.2e14, pi_plus=0.0376, pi_minus=0.0259, pi_zero=0.0633)


@pytest.mark.parametrize(("species", "mean", "mass"), [(PI_PLUS, 26.03, 139.57039), (MU_PLUS, 2223.0, 105.6583755)])
def test_decays_at_rest(species: int, mean: float, mass: float) -> None:
    """pi+ after 26 ns on average, mu+ after 26 + 2197 ns; all at rest, all in one place."""
    found = StoppedParents(BEAM, species, (0.0, 0.0, 1.0)).sample(unit_points(2**14, seed=1))
    assert found.yield_ == pytest.approx(0.0376)
    assert found.x[:, 0].mean() == pytest.approx(mean, rel=0.005)
    np.testing.assert_allclose(found.p[:, 0], mass, rtol=1e-6)
    assert not found.p[:, 1:].any()
    assert (found.x[:, 3] == 1.0).all()


def test_published_flux_at_20_m() -> None:
    """4.74e5 neutrinos of each flavour per cm2 and s, 2 % above what the yield per proton gives."""
    flux = BEAM.pi_plus * BEAM.per_second / (4.0 * np.pi * 2000.0**2)
    assert flux == pytest.approx(4.74e5, rel=0.025)


def test_captured_pions_do_not_decay() -> None:
    with pytest.raises(UnknownNameError, match="at rest"):
        StoppedParents(BEAM, PI_MINUS)


def test_shape_of_pi0() -> None:
    """Mean kinetic energy and angle of the form on tungsten, against scipy."""
    found = PromptPi0(BEAM, ImportanceGrid.uniform()).sample(unit_points(2**15, seed=1))
    assert found.yield_ == pytest.approx(0.0633, rel=0.005)
    share, kinetic = found.weight / found.yield_, found.energy - found.mass

    def moment(power: int) -> float:
        value, _ = dblquad(
            lambda t, a: burman_smith(t, a, 800.0, 74) * np.sin(a) * t**power * 1e27, 0.0, np.pi, 0.0, 665.0,
            epsabs=0.0, epsrel=1e-4,
        )  # fmt: skip
        return value

    assert share @ kinetic == pytest.approx(moment(1) / moment(0), rel=0.01)
    assert 110.0 < share @ kinetic < 150.0
    assert np.degrees(share @ found.theta) == pytest.approx(72.0, abs=4.0)
    assert share @ found.p[:, 1] == pytest.approx(0.0, abs=2.0)


def test_impossible_beams() -> None:
    with pytest.raises(RangeError, match="kinetic_energy"):
        StoppedBeam(8000.0, 74, 1.0, 0.1, 0.1, 0.1)
    with pytest.raises(RangeError, match="pi_zero"):
        StoppedBeam(800.0, 74, 1.0, 0.1, 0.1, -0.1)
