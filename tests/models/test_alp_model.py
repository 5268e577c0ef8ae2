import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad

from darkhorn.core.errors import RangeError, ThresholdError, UnknownNameError
from darkhorn.core.species import ELECTRON, PHOTON, mass
from darkhorn.core.units import HBARC
from darkhorn.detector.targets import Composition
from darkhorn.models.alp import Alp
from darkhorn.models.channels import Conversion, VolumeDecay
from darkhorn.physics.two_to_two import q_sq_limits

W, AR = (Composition.from_number_densities({name: 2.0e22}).targets[0] for name in ("W", "Ar"))
M_E = mass(ELECTRON)


def test_widths_and_lifetime():
    model = Alp(m_a=1.0, g_photon=1e-6)
    # g^2 m^3/64 pi = 4.97e-15 MeV: c tau = 39.7 m
    assert model.decay_widths() == {"gamma gamma": pytest.approx(1e-12 / (64 * np.pi), rel=1e-6, abs=0)}
    assert HBARC / model.width == pytest.approx(39.674, rel=1e-4)
    both = Alp(m_a=10.0, g_photon=1e-6, g_electron=1e-6)
    beta = np.sqrt(1 - 4 * M_E**2 / 100)
    assert both.decay_widths()["e+ e-"] == pytest.approx(1e-12 * 10 * beta / (8 * np.pi), rel=1e-6, abs=0)
    assert both.width == pytest.approx(sum(both.decay_widths().values()))
    assert Alp(m_a=1.0, g_photon=0.0, g_electron=1e-6).decay_widths() == {}
    assert Alp(m_a=0.0).width == 0.0


def test_channels_follow_the_couplings():
    def names(model):
        return [(item.name, item.projectile) for item in model.productions(W)]

    assert names(Alp()) == [("W primakoff", PHOTON), ("W primakoff on electrons", PHOTON)]
    assert names(Alp(electron_primakoff=False)) == [("W primakoff", PHOTON)]
    assert names(Alp(g_photon=0.0, g_electron=1e-6)) == [("W compton", PHOTON), ("W annihilation", -ELECTRON)]
    seen = Alp(m_a=5.0, g_electron=1e-6).detections([AR])
    assert [item.name for item in seen] == [
        "Ar inverse primakoff",
        "Ar inverse primakoff on electrons",
        "Ar inverse compton",
        "gamma gamma",
        "e+ e-",
    ]
    decays = [item for item in seen if isinstance(item, VolumeDecay)]
    assert sum(item.branching for item in decays) == pytest.approx(1.0)
    assert (decays[1].m_first, decays[1].m_second) == (M_E, M_E)
    compton = seen[2]
    assert isinstance(compton, Conversion)
    assert compton.number_density == pytest.approx(18 * AR.density)


def total(channel, energy):
    low, high = (float(edge) for edge in channel.limits(np.array(energy)))
    if high <= low:
        return 0.0
    return quad(
        lambda log: float(channel.dsigma_cm2(np.array(energy), np.exp(log) - channel.offset)) * np.exp(log),
        np.log(low + channel.offset),
        np.log(high + channel.offset),
        epsrel=1e-8,
        limit=200,
    )[0]


def test_sizes_of_the_cross_sections():
    # Primakoff on tungsten at 100 MeV, m = 1 MeV, g = 1e-6/MeV: between the point charge with and without screening
    nucleus, electrons = (total(channel, 100.0) for channel in Alp(m_a=1.0).productions(W))
    unit = 74**2 / 137.035999 * 1e-12 / 8 * 3.893794e-22
    # logarithm of (200 MeV)^2/(m^2/2E)^2 and of 1/(nuclear radius)^2/(m^2/2E)^2
    assert unit * 4 < nucleus < unit * 2 * np.log(200 / 0.01)
    assert electrons == pytest.approx(nucleus / 74, rel=0.6, abs=0)
    # scaling with the coupling squared
    more = total(Alp(m_a=1.0, g_photon=3e-6).productions(W)[0], 100.0)
    assert more == pytest.approx(9 * nucleus, rel=1e-6, abs=0)
    compton = Alp(m_a=1.0, g_photon=0.0, g_electron=1e-4).productions(W)[0]
    once = total(compton, 20.0)
    # alpha g^2 Z/(4 S) [log(s/m_e^2) - 3/2] for a light a and S much above m_e^2
    s_gap = 2 * M_E * 20
    rough = 74 / 137.036 * 1e-8 / (4 * s_gap) * (np.log(s_gap / M_E**2) - 1.5) * 3.893794e-22
    assert once == pytest.approx(rough, rel=0.15, abs=0)


def test_thresholds_are_exact_zeros():
    model = Alp(m_a=5.0, g_electron=1e-4)
    for channel in model.productions(W):
        assert total(channel, channel.least_energy * 0.999) == 0.0 or channel.projectile == -ELECTRON
        assert total(channel, channel.least_energy * 1.2) > 0.0
    with pytest.raises(ThresholdError, match=r"a of 5 MeV cannot be made; allowed: more than 5\.0000"):
        model.require_open(4.0, W)
    model.require_open(6.0, W)


def test_warnings_and_parameters():
    model = Alp(m_a=5.0, g_electron=1e-4)
    text = " ".join(model.warnings())
    for word in ("bremsstrahlung", "interference", "c tau"):
        assert word in text
    assert Alp(**model.parameters()) == model


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"m_a": -1.0}, "m_a = -1 MeV"),
        ({"m_a": np.nan}, "m_a"),
        ({"g_photon": -1e-6}, "g_photon"),
        ({"g_electron": 11.0}, "g_electron"),
        ({"g_photon": 0.0}, "g_photon \\+ g_electron"),
        ({"soft_photon": 0.0}, "soft_photon"),
    ],
)
def test_bad_numbers_are_refused(change, message):
    with pytest.raises(RangeError, match=message):
        Alp(**change)
    with pytest.raises(UnknownNameError, match="Did you mean 'detector'"):
        Alp(rings="detectors")


@given(st.floats(0, 500), st.floats(0.06, 1e4), st.floats(0, np.pi))
@settings(deadline=None, derandomize=True, max_examples=60)
def test_channels_never_give_nan(m, energy, theta):
    model = Alp(m_a=m, g_photon=1e-5, g_electron=1e-5)
    versine = 1 - np.cos(theta)
    for channel in model.productions(W):
        # a positron at rest has no direction
        e = max(energy, 1.01 * M_E) if channel.projectile != PHOTON else energy
        for w, is_open in channel.at_angle(np.array([e]), np.array([versine])):
            assert np.isfinite(w).all()
            if not is_open[0]:
                continue
            outgoing, back = channel.outgoing(np.array([e]), w)
            value = channel.dsigma_cm2(np.array([e]), w)
            assert np.isfinite(value).all()
            assert value[0] >= 0
            assert np.isfinite(outgoing).all()
            assert back[0] == pytest.approx(versine, abs=1e-5)
    for item in model.detections([AR]):
        if isinstance(item, Conversion):
            e = np.array([max(energy, m)])
            if e[0] <= m:
                continue
            low, high = q_sq_limits(e, m, item.target_mass)
            value = item.dsigma_dq_sq_cm2(e, np.linspace(low[0], high[0], 5))
            assert np.isfinite(value).all()
            assert (value >= 0).all()
