"""Neutrino spectra: K_l3 and muon decay against explicit traces and quadrature, the spin against explicit boosts."""

import numpy as np
import pytest
from dirac_algebra import GAMMA, GAMMA5, IDENTITY, METRIC, dot, slash
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate

from darkhorn.core.errors import RangeError, ThresholdError, UnknownNameError
from darkhorn.physics.fourvector import boost
from darkhorn.physics.neutrino_decays import (
    BRANCHING,
    K_CHARGED_FORM,
    K_LONG_FORM,
    FormFactor,
    helicity_cosine,
    kl3_density,
    kl3_end,
    kl3_spectrum,
    muon_decay_density,
)

KAON, PION, PI0, MU, E = 493.677, 139.57039, 134.9768, 105.6583755, 0.51099895
CASES = {
    "K+ e": (KAON, PI0, E, K_CHARGED_FORM),
    "K+ mu": (KAON, PI0, MU, K_CHARGED_FORM),
    "K0 e": (497.611, PION, E, K_LONG_FORM),
    "K0 mu": (497.611, PION, MU, K_LONG_FORM),
}


def dalitz_momenta(M: float, m_pi: float, m_l: float, e_nu: float, e_l: float) -> tuple[np.ndarray, ...] | None:
    """Kaon, pion, lepton, neutrino in the kaon's rest frame, or None outside the Dalitz region."""
    e_pi, p_l = M - e_nu - e_l, np.sqrt(e_l**2 - m_l**2)
    cosine = (e_pi**2 - m_pi**2 - e_nu**2 - p_l**2) / (2 * e_nu * p_l)
    if abs(cosine) > 1:
        return None
    lepton = np.array([e_l, p_l * np.sqrt(1 - cosine**2), 0.0, p_l * cosine])
    neutrino = np.array([e_nu, 0.0, 0.0, e_nu])
    kaon = np.array([M, 0.0, 0.0, 0.0])
    return kaon, kaon - lepton - neutrino, lepton, neutrino


def by_traces(M: float, m_pi: float, m_l: float, form: FormFactor, e_nu: float, e_l: float) -> float | None:
    """Sum over spins of |J_mu ubar gamma^mu (1 - gamma5) v|^2 with J = f_+ (P + k) + f_- (P - k)."""
    momenta = dalitz_momenta(M, m_pi, m_l, e_nu, e_l)
    if momenta is None:
        return None
    kaon, pion, lepton, neutrino = momenta
    t = dot(kaon - pion, kaon - pion)
    plus, zero = 1 + form.lambda_plus * t / PION**2, 1 + form.lambda_zero * t / PION**2
    minus = (zero - plus) * (M**2 - m_pi**2) / t
    hadron = METRIC @ (plus * (kaon + pion) + minus * (kaon - pion))
    vertex = np.einsum("m,mij->ij", hadron, GAMMA) @ (IDENTITY - GAMMA5)
    bar = GAMMA[0] @ vertex.conj().T @ GAMMA[0]
    return float(np.trace(slash(neutrino) @ vertex @ (slash(lepton) - m_l * IDENTITY) @ bar).real)


@pytest.mark.parametrize("case", CASES)
def test_dalitz_density_by_explicit_traces(case: str) -> None:
    M, m_pi, m_l, form = CASES[case]
    ratios = []
    for fraction in np.linspace(0.05, 0.95, 7):
        for e_l in np.linspace(m_l + 1.0, 250.0, 13):
            e_nu = fraction * kl3_end(M, m_pi, m_l)
            exact = by_traces(M, m_pi, m_l, form, e_nu, e_l)
            if exact is not None:
                ratios.append(exact / float(kl3_density(e_nu, e_l, M, m_pi, m_l, form)))
    assert len(ratios) > 20
    assert np.array(ratios) == pytest.approx(ratios[0], rel=1e-9)


@pytest.mark.parametrize("case", CASES)
def test_spectrum_by_brute_force_over_the_dalitz_plot(case: str) -> None:
    M, m_pi, m_l, form = CASES[case]
    end = kl3_end(M, m_pi, m_l)
    root = np.linspace(0.0, 1.0, 4001)
    energy = end * (1.0 - root**2)
    density = 2.0 * end * root * kl3_spectrum(energy, M, m_pi, m_l, form)
    assert integrate.simpson(density, x=root) == pytest.approx(1.0, abs=1e-6)
    rng = np.random.default_rng(2)
    e_nu, e_l = rng.uniform(0, end, 100_000), rng.uniform(m_l, 0.5 * (M**2 + m_l**2 - m_pi**2) / M, 100_000)
    p_l, e_pi = np.sqrt(e_l**2 - m_l**2), M - e_nu - e_l
    inside = np.abs(e_pi**2 - m_pi**2 - e_nu**2 - p_l**2) < 2 * e_nu * p_l
    weight = np.where(inside, kl3_density(e_nu, e_l, M, m_pi, m_l, form), 0.0)
    mean = (weight * e_nu).sum() / weight.sum()
    assert mean == pytest.approx(integrate.simpson(energy * density, x=root), rel=4e-3)
    low = weight[e_nu < 0.5 * end].sum() / weight.sum()
    half = integrate.simpson(np.where(energy < 0.5 * end, density, 0.0), x=root)
    assert low == pytest.approx(half, rel=0.015)


def test_light_lepton_without_form_factor_is_the_closed_form() -> None:
    # m_l = 0, f_+ = 1: dGamma/dE proportional to E^2 (M^2 - m_pi^2 - 2 M E)^2/(M^2 - 2 M E)
    flat, M = FormFactor(0.0, 0.0), KAON
    energy = np.linspace(5.0, kl3_end(M, PI0, 0.0) - 5.0, 40)
    closed = energy**2 * (M**2 - PI0**2 - 2 * M * energy) ** 2 / (M**2 - 2 * M * energy)
    ratio = kl3_spectrum(energy, M, PI0, 0.0, flat) / closed
    assert ratio == pytest.approx(ratio[0], rel=1e-10, abs=0)


def test_slope_hardens_the_lepton_pair() -> None:
    def mean(form: FormFactor) -> float:
        e = np.linspace(0, 229, 2291)
        return float(np.trapezoid(e * kl3_spectrum(e, KAON, PI0, E, form), e))

    assert mean(K_CHARGED_FORM) > mean(FormFactor(0.0, 0.0))


def test_ends_and_errors_of_kl3() -> None:
    assert kl3_end(KAON, PI0, E) == pytest.approx(228.2, abs=0.5)
    assert kl3_end(KAON, PI0, MU) == pytest.approx(188.1, abs=0.5)
    assert kl3_spectrum([-1.0, 0.0, 300.0], KAON, PI0, E, K_CHARGED_FORM).tolist() == [0.0, 0.0, 0.0]
    with pytest.raises(ThresholdError, match="daughters of"):
        kl3_end(KAON, 400.0, MU)


def test_branching_ratios_of_the_beam_simulation() -> None:
    assert BRANCHING["K mu nu"] == 0.6356
    assert BRANCHING["K pi0 e nu"] == 0.0507
    assert BRANCHING["K pi0 mu nu"] == 0.03352
    assert BRANCHING["pi e nu"] == 1.23e-4
    assert BRANCHING["pi mu nu"] + BRANCHING["pi e nu"] == pytest.approx(1.0, abs=1e-9)


def muon_rate(x: float, cosine: float, which: str, n: int = 4000) -> float:
    """Rate of mu+ at rest, spin +z, by traces, with the other two integrated over their relative direction.

    mu+ -> e+ nue numubar: Tr[(p - m s-term) ...] written as explicit matrices.
    """
    q = 0.5 * MU * x * np.array([1.0, np.sqrt(1 - cosine**2), 0.0, cosine])
    p = np.array([MU, 0.0, 0.0, 0.0])
    rest = p - q
    m_pair = np.sqrt(dot(rest, rest))
    nodes, weights = np.polynomial.legendre.leggauss(6)
    total = 0.0
    for c, w in zip(nodes, weights, strict=True):
        for phi in 2 * np.pi * (np.arange(6) + 0.5) / 6:
            d = np.array([np.sqrt(1 - c**2) * np.cos(phi), np.sqrt(1 - c**2) * np.sin(phi), c])
            one = boost(0.5 * m_pair * np.array([1.0, *d]), rest, m_pair)
            two = rest - one
            # (nue, numubar, e+): the seen neutrino is q, the other two share the pair
            nue, numubar, positron = (q, one, two) if which == "e" else (one, q, two)
            total += w / 6 * muon_matrix(p, nue, numubar, positron)
    return total * x


def muon_matrix(p: np.ndarray, nue: np.ndarray, numubar: np.ndarray, positron: np.ndarray) -> float:
    """|M|^2 of mu+ (spin +z) -> e+ nue numubar from [vbar_mu G v_numu][ubar_nue G v_e], G = gamma (1 - gamma5)."""
    spin = np.array([0.0, 0.0, 0.0, 1.0])
    left = [g @ (IDENTITY - GAMMA5) for g in GAMMA]
    bars = [GAMMA[0] @ v.conj().T @ GAMMA[0] for v in left]
    muon = (slash(p) - MU * IDENTITY) @ (IDENTITY + GAMMA5 @ slash(spin)) / 2
    total = 0.0 + 0.0j
    for a in range(4):
        for b in range(4):
            heavy = np.trace(muon @ left[a] @ slash(numubar) @ bars[b])
            light = np.trace(slash(nue) @ left[a] @ slash(positron) @ bars[b])
            total += METRIC[a, a] * METRIC[b, b] * heavy * light
    return float(total.real)


@pytest.mark.parametrize("flavour", ["mu", "e"])
def test_polarised_muon_by_explicit_traces(flavour: str) -> None:
    ratios = [
        muon_rate(x, c, flavour) / float(muon_decay_density(x, c, 1.0, flavour))
        for x in (0.2, 0.5, 0.8, 0.95)
        for c in (-0.9, -0.2, 0.5, 0.9)
    ]
    assert np.array(ratios) == pytest.approx(ratios[0], rel=1e-9)


@pytest.mark.parametrize(("flavour", "mean"), [("mu", 0.7), ("e", 0.6)])
def test_muon_spectra_are_normalised(flavour: str, mean: float) -> None:
    def over(power: int) -> float:
        return float(
            integrate.dblquad(
                lambda c, x: 0.5 * x**power * float(muon_decay_density(x, c, 0.7, flavour)), 0, 1, -1, 1, epsabs=1e-9
            )[0]
        )

    assert over(0) == pytest.approx(1.0, abs=1e-8)
    assert over(1) == pytest.approx(mean, abs=1e-8)


@given(st.floats(-0.5, 1.5), st.floats(-1, 1), st.floats(-1, 1), st.sampled_from(["e", "mu"]))
@settings(max_examples=200, deadline=None, derandomize=True)
def test_muon_density_is_never_negative(x: float, c: float, polarisation: float, flavour: str) -> None:
    value = float(muon_decay_density(x, c, polarisation, flavour))
    assert value >= -1e-15
    if not 0 <= x <= 1:
        assert value == 0.0


def test_errors_of_muon_decay() -> None:
    with pytest.raises(RangeError, match=r"polarisation = 1.5"):
        muon_decay_density(0.5, 0.0, 1.5, "e")
    with pytest.raises(UnknownNameError, match="flavour of a muon's neutrino 'tau'"):
        muon_decay_density(0.5, 0.0, 1.0, "tau")


def unit(cosine: float, phi: float) -> np.ndarray:
    sine = np.sqrt(1 - cosine**2)
    return np.array([sine * np.cos(phi), sine * np.sin(phi), cosine])


@given(st.floats(-0.99, 0.99), st.floats(0, 6.28), st.floats(-0.99, 0.99), st.floats(0, 6.28), st.floats(0, 5000))
@settings(max_examples=150, deadline=None, derandomize=True)
def test_helicity_cosine_by_explicit_boosts(c_mu: float, f_mu: float, c_nu: float, f_nu: float, fast: float) -> None:
    momentum = (PION**2 - MU**2) / (2 * PION)
    muon_rest = np.array([np.hypot(momentum, MU), *(momentum * unit(c_mu, f_mu))])
    pion = np.array([np.hypot(fast, PION), *(fast * unit(0.3, 1.0))])
    # a neutrino at a chosen angle to the muon's direction, in the muon's frame reached from the pion's frame
    neutrino_in_muon = 20.0 * np.array([1.0, *unit(c_nu, f_nu)])
    expected = float(unit(c_nu, f_nu) @ unit(c_mu, f_mu))
    neutrino = boost(boost(neutrino_in_muon, muon_rest, MU), pion, PION)
    muon = boost(muon_rest, pion, PION)
    assert float(helicity_cosine(pion, muon, neutrino)) == pytest.approx(expected, abs=1e-7)


def test_left_handed_positive_muons_send_electron_neutrinos_forward() -> None:
    # mu+ of a pion at rest has its spin backward, and nue like to leave against the spin
    cosine = np.linspace(-1, 1, 5)
    density = muon_decay_density(0.7, cosine, -1.0, "e")
    assert (np.diff(density) > 0).all()
    assert density[0] == pytest.approx(0.0, abs=1e-12)
