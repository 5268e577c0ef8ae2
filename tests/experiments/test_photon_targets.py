"""Photon cross sections against the published table, the radiation length and Klein-Nishina."""

import numpy as np
import pytest

from darkhorn.core.errors import UnknownNameError
from darkhorn.core.species import ELECTRON, mass
from darkhorn.core.units import INV_MEV2_IN_CM2
from darkhorn.experiments.photon_targets import RADIATION_LENGTHS, photon_target
from darkhorn.physics.weak import ALPHA


def test_published_values_of_tungsten():
    # XCOM in barn per atom, with coherent scattering: 20.20 at 1 MeV, 14.49 at 10, 26.85 at 100, 33.05 at 1000
    sigma = photon_target("W").total_cm2([10.0, 100.0, 1000.0, 1e5]) / 1e-24
    assert sigma == pytest.approx([14.49, 26.85, 33.05, 34.51], rel=1e-3)
    assert photon_target("W").total_cm2(1.0) / 1e-24 == pytest.approx(20.20 - 0.756, rel=1e-3)


@pytest.mark.parametrize("element", RADIATION_LENGTHS)
def test_high_energies_give_seven_ninths_of_a_radiation_length(element):
    # mean free path 9/7 X0 for complete screening, and nearly so in Be
    target = photon_target(element)
    inverse = target.total_cm2(1e5) * target.atoms_per_radiation_length_cm2
    assert inverse == pytest.approx(7 / 9, rel=0.03)


def test_light_elements_follow_klein_nishina():
    # at 0.5 MeV in Be nothing but incoherent scattering on 4 electrons is left
    x = 0.5 / mass(ELECTRON)
    radius_sq = (ALPHA / mass(ELECTRON)) ** 2 * INV_MEV2_IN_CM2
    log = np.log1p(2 * x)
    first = (1 + x) / x**2 * (2 * (1 + x) / (1 + 2 * x) - log / x)
    sigma = 2 * np.pi * radius_sq * (first + log / (2 * x) - (1 + 3 * x) / (1 + 2 * x) ** 2)
    assert photon_target("Be").total_cm2(0.5) == pytest.approx(4 * sigma, rel=2e-3, abs=0)


def test_unknown_element():
    with pytest.raises(UnknownNameError, match="Did you mean 'Fe'"):
        photon_target("fe")
