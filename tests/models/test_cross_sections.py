"""Named 2 -> 2 processes: which formula with which form factor."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad

from darkhorn.core.errors import RangeError, UnknownNameError
from darkhorn.models.cross_sections import PROCESSES, Aim, Collision
from darkhorn.physics import elastic, primakoff, two_to_two
from darkhorn.physics.form_factors import dipole, f1_f2_bba2003, helm

steady = settings(deadline=None, derandomize=True, max_examples=60)

ELECTRON = Aim("e", 0.51099895, 0, 0)
PROTON = Aim("p", 938.272, 1, 0)
NEUTRON = Aim("n", 939.565, 0, 1)
CARBON = Aim("C12", 11174.863, 6, 6)


@pytest.mark.parametrize("spin", elastic.SPINS)
def test_elastic_scattering_on_electrons_and_nucleons(spin: str) -> None:
    collision = Collision("chi-e", ELECTRON, 700.0, 5.0, 100.0, spin=spin)
    t = np.array([1.0, 35.0, 300.0, 900.0])
    got = collision.dsigma_dq_sq(2 * ELECTRON.mass * t) * 2 * ELECTRON.mass
    assert got == pytest.approx(
        elastic.dsigma_dt_recoil_cm2(700.0, t, 5.0, ELECTRON.mass, 100.0, spin=spin), rel=1e-9, abs=0
    )
    for aim in (PROTON, NEUTRON):
        f1, f2 = f1_f2_bba2003(2 * aim.mass * t, neutron=aim is NEUTRON)
        collision = Collision("chi-nucleon", aim, 700.0, 5.0, 100.0, spin=spin)
        expected = elastic.dsigma_dt_recoil_cm2(700.0, t, 5.0, aim.mass, 100.0, spin=spin, f1=f1, f2=f2)
        assert collision.dsigma_dq_sq(2 * aim.mass * t) * 2 * aim.mass == pytest.approx(expected, rel=1e-9, abs=0)


def test_baryon_number_and_quarks_add_both_nucleons() -> None:
    q_sq = np.array([1e4, 1e5])
    rates = {}
    for name in ("charge", "baryon", "up"):
        args = ("chi-nucleon", PROTON, 700.0, 5.0, 100.0)
        rates[name] = Collision(*args, couples_to=name).dsigma_dq_sq(q_sq)
    proton, neutron = f1_f2_bba2003(q_sq), f1_f2_bba2003(q_sq, neutron=True)
    for name, (a, b) in {"baryon": (1, 1), "up": (2, 1)}.items():
        f1, f2 = (a * proton[k] + b * neutron[k] for k in (0, 1))
        t = q_sq / (2 * PROTON.mass)
        expected = elastic.dsigma_dt_recoil_cm2(700.0, t, 5.0, PROTON.mass, 100.0, spin="dirac", f1=f1, f2=f2)
        assert rates[name] * 2 * PROTON.mass == pytest.approx(expected, rel=1e-9, abs=0)


def test_nuclei_answer_as_a_whole() -> None:
    q_sq = np.array([100.0, 2500.0, 4e4])
    with_factor = Collision("primakoff", CARBON, 300.0, 1.0, 49.0).dsigma_dq_sq(q_sq)
    msq = primakoff.msq_x_via_vector(300.0, q_sq, 1.0, CARBON.mass, 49.0)
    point = two_to_two.dsigma_dq_sq_cm2(msq, 300.0, 1.0, CARBON.mass)
    assert with_factor == pytest.approx(36 * helm(np.sqrt(q_sq), 12) ** 2 * point, rel=1e-12, abs=0)
    assert Collision("primakoff", CARBON, 300.0, 1.0, 49.0, point=True).dsigma_dq_sq(q_sq) == pytest.approx(
        36 * point, rel=1e-6, abs=0
    )
    scalar = Collision("primakoff-scalar", CARBON, 300.0, 20.0, 49.0).dsigma_dq_sq(q_sq)
    msq = primakoff.msq_v_via_scalar(q_sq, 20.0, CARBON.mass, 49.0) * 144 * helm(np.sqrt(q_sq), 12) ** 2
    assert scalar == pytest.approx(two_to_two.dsigma_dq_sq_cm2(msq, 300.0, 20.0, CARBON.mass), rel=1e-12, abs=0)
    odd = Collision("primakoff-pseudoscalar", PROTON, 300.0, 20.0, 49.0).dsigma_dq_sq(q_sq)
    msq = primakoff.msq_v_via_pseudoscalar(q_sq, 20.0, 49.0) * dipole(q_sq) ** 2
    assert odd == pytest.approx(two_to_two.dsigma_dq_sq_cm2(msq, 300.0, 20.0, PROTON.mass), rel=1e-12)


@pytest.mark.parametrize("mediator", [1e-3, 17.0, 2000.0])
@pytest.mark.parametrize(
    ("process", "aim", "after"),
    [("primakoff", CARBON, 0.0), ("upscatter", CARBON, 50.0), ("upscatter", PROTON, 50.0), ("chi-e", ELECTRON, 0.0)],
)
def test_totals_against_scipy(process: str, aim: Aim, after: float, mediator: float) -> None:
    for energy in (90.0, 800.0, 2e4):
        collision = Collision(process, aim, energy, 8.0, mediator, after)
        low, high = collision.limits()
        shift = min(mediator, 30.0) ** 2 + low

        def integrand(x: float, collision: Collision = collision, low: float = low, shift: float = shift) -> float:
            rise = shift * np.expm1(x)
            return float(collision.dsigma_dq_sq(np.asarray(low + rise))) * (rise + shift) * 1e30

        ends = np.linspace(0, np.log1p((high - low) / shift), 25)[:-1]
        step = ends[1]
        expected = sum(quad(integrand, x, x + step, epsabs=0, epsrel=1e-11, limit=200)[0] for x in ends)
        assert collision.total() * 1e30 == pytest.approx(expected, rel=1e-7)


def test_windows_of_the_recoil_add_up() -> None:
    collision = Collision("chi-e", ELECTRON, 700.0, 5.0, 100.0, spin="scalar")
    parts = collision.total(0.0, 35.0) + collision.total(35.0, 400.0) + collision.total(400.0)
    assert parts == pytest.approx(collision.total(), rel=1e-12)
    assert collision.total(677.0) == 0.0
    assert collision.total(35.0, 900.0) == pytest.approx(collision.total(35.0), rel=1e-12)


@given(
    st.sampled_from(sorted(PROCESSES)),
    st.sampled_from([ELECTRON, PROTON, NEUTRON, CARBON]),
    st.floats(0.01, 500),
    st.floats(1e-3, 1e4),
    st.floats(1e-3, 3e3),
    st.floats(0, 500),
)
@steady
def test_totals_are_never_nan_or_negative(
    process: str, aim: Aim, kinetic: float, mass: float, mediator: float, after: float
) -> None:
    if aim.kind not in PROCESSES[process].targets:
        with pytest.raises(RangeError, match="not computed"):
            Collision(process, aim, mass + kinetic, mass, mediator, after)
        return
    total = Collision(process, aim, mass + kinetic, mass, mediator, after).total()
    assert np.isfinite(total)
    assert total >= 0
    low, high = Collision(process, aim, mass + kinetic, mass, mediator, after).limits()
    assert (total == 0.0) == (high <= low)


def test_errors_name_what_is_wrong() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'upscatter'"):
        Collision("upscater", PROTON, 10.0, 1.0, 1.0)
    with pytest.raises(UnknownNameError, match="spin of chi"):
        Collision("upscatter", PROTON, 10.0, 1.0, 1.0, spin="two")
    with pytest.raises(RangeError, match=r"energy = 1 MeV .* \(5, 1e\+07\] MeV"):
        Collision("upscatter", PROTON, 1.0, 5.0, 1.0)
    with pytest.raises(RangeError, match="diverges"):
        Collision("chi-e", ELECTRON, 10.0, 1.0, 0.0).total()
    assert Collision("chi-e", ELECTRON, 10.0, 1.0, 0.0).total(0.1) > 0
    with pytest.raises(RangeError, match="recoil-max = 1 MeV"):
        Collision("chi-e", ELECTRON, 10.0, 1.0, 1.0).total(2.0, 1.0)
