import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq

from darkhorn.core.errors import RangeError
from darkhorn.core.species import ELECTRON, MUON
from darkhorn.physics.ccqe import e_qe, energy_of_e_qe

M_N, M_P, M_E, M_MU = 939.56542, 938.27209, 0.51099895, 105.6583755


def test_hand_values():
    # (939.56542*400 - (939.56542^2 + 0.511^2 - 938.27209^2)/2)/(939.56542 - 400 + 0.8*400)
    assert e_qe(400.0, 0.8) == pytest.approx(374611.81 / 859.56516, rel=2e-6)
    assert e_qe(200.0, 1.0) == pytest.approx((M_N * 200 - 1214.29) / (M_N - 0.00065), rel=1e-6)


@given(st.floats(150, 3000), st.floats(-0.99, 0.99), st.booleans(), st.sampled_from([0.0, 34.0]))
@settings(deadline=None, derandomize=True, max_examples=60)
def test_quasi_elastic_events_give_back_their_neutrino(e_nu, cos, antineutrino, binding):
    struck, final = (M_P, M_N) if antineutrino else (M_N, M_P)
    struck -= binding

    def missing(energy):
        p = np.sqrt(energy**2 - M_E**2)
        recoil_sq = e_nu**2 + p**2 - 2 * e_nu * p * cos
        return e_nu + struck - energy - np.sqrt(final**2 + recoil_sq)

    energy = brentq(missing, M_E, e_nu + struck, xtol=1e-11, rtol=1e-14)
    found = e_qe(energy, cos, binding_energy=binding, antineutrino=antineutrino)
    assert found == pytest.approx(e_nu, rel=2e-5)


def test_muon_hypothesis():
    energy, cos = 700.0, 0.9
    p = np.sqrt(energy**2 - M_MU**2)
    expected = (M_N * energy - 0.5 * (M_N**2 + M_MU**2 - M_P**2)) / (M_N - energy + p * cos)
    assert e_qe(energy, cos, lepton=MUON) == pytest.approx(expected, rel=1e-6)


def test_impossible_hypotheses_are_exactly_zero():
    # a 600 MeV photon straight back needs an infinite neutrino energy; 1 MeV is below the neutron-proton difference
    assert e_qe([600.0, 1.0, 0.0, 0.3], [-1.0, 1.0, 0.0, 0.5]).tolist() == [0.0, 0.0, 0.0, 0.0]
    assert np.isfinite(e_qe(np.linspace(0, 3000, 301)[:, None], np.linspace(-1, 1, 21))).all()


def test_errors_name_the_key():
    with pytest.raises(RangeError, match="energy = -1 MeV"):
        e_qe(-1.0, 0.0)
    with pytest.raises(RangeError, match="cos_theta"):
        e_qe(100.0, 1.5)
    with pytest.raises(RangeError, match="binding_energy"):
        e_qe(100.0, 0.5, binding_energy=-3.0)


def test_antineutrinos_strike_protons():
    # (938.27209*400 - (938.27209^2 + 0.511^2 - 939.56542^2)/2)/(938.27209 - 400 + 0.8*400)
    expected = (M_P * 400 - 0.5 * (M_P**2 + M_E**2 - M_N**2)) / (M_P - 400 + 0.8 * 400)
    assert e_qe(400.0, 0.8, antineutrino=True) == pytest.approx(expected, rel=2e-6)
    # forward, where the energy is the lepton's but for the mass difference of the nucleons, of the opposite sign
    assert e_qe(300.0, 1.0) - 300.0 == pytest.approx(-1.293, abs=0.003)
    assert e_qe(300.0, 1.0, antineutrino=True) - 300.0 == pytest.approx(1.293, abs=0.003)
    # removing a bound nucleon costs its binding energy, and the recoil a little of it back
    bound = [e_qe(300.0, 1.0, antineutrino=bar, binding_energy=b) - 300.0 for bar, b in ((False, 34.0), (True, 30.0))]
    assert bound == pytest.approx([33.297, 31.832], abs=0.005)


@given(
    st.floats(5, 3000), st.floats(-1, 1), st.booleans(), st.sampled_from([0.0, 34.0]), st.sampled_from([ELECTRON, MUON])
)
@settings(deadline=None, derandomize=True, max_examples=200)
def test_the_inverse_gives_back_the_neutrino(e_nu, cos, antineutrino, binding, lepton):
    options = {"antineutrino": antineutrino, "binding_energy": binding, "lepton": lepton}
    energy = float(energy_of_e_qe(e_nu, cos, **options))
    if energy == 0.0:  # no lepton: below the threshold of the reaction
        assert e_nu < 120.0 if lepton == MUON else e_nu < 60.0
        return
    if energy > 1.001 * (M_MU if lepton == MUON else M_E):
        assert e_qe(energy, cos, **options) == pytest.approx(e_nu, rel=1e-9)
        assert e_qe(0.999 * energy, cos, **options) < e_nu
        above = e_qe(1.001 * energy, cos, **options)
        assert above > e_nu or above == 0.0  # beyond the pole of hard backward leptons


def test_errors_of_the_inverse_name_the_key():
    with pytest.raises(RangeError, match="neutrino energy = 0 MeV"):
        energy_of_e_qe(0.0, 0.5)
    with pytest.raises(RangeError, match="cos_theta"):
        energy_of_e_qe(100.0, -1.5)
    with pytest.raises(RangeError, match="binding_energy"):
        energy_of_e_qe(100.0, 0.5, binding_energy=200.0)
