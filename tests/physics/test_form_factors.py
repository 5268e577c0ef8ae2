import numpy as np
import pytest
from scipy.integrate import quad

from darkhorn.core.errors import RangeError, UnknownNameError
from darkhorn.core.units import HBARC_FM
from darkhorn.physics import form_factors as ff


def test_helm_radii_and_published_values_for_carbon():
    assert ff.helm_radius_fm(12) == pytest.approx(2.662, abs=5e-4)
    assert ff.helm_radius_fm(12, "simple") == pytest.approx(np.sqrt(1.44 * 12 ** (2 / 3) - 4.05), rel=1e-14)
    rate = 36 * ff.helm([0.0, 50.0, 200.0], 12) ** 2
    assert rate == pytest.approx([36, 31.18, 3.001], rel=2e-4)


@pytest.mark.parametrize("radius", ff.RADII)
@pytest.mark.parametrize("mass_number", [12, 40, 184])
def test_helm_is_the_transform_of_a_sphere_times_a_gaussian(radius, mass_number):
    size = float(ff.helm_radius_fm(mass_number, radius))
    for q in (0.01, 1.0, 30.0, 200.0):
        k = q / HBARC_FM
        sphere, _ = quad(lambda r, k=k: 3 * r**2 / size**3 * np.sinc(k * r / np.pi), 0, size, epsabs=1e-13)
        expected = sphere * np.exp(-0.5 * (0.9 * k) ** 2)
        assert ff.helm(q, mass_number, radius) == pytest.approx(expected, rel=1e-10, abs=1e-13)


def test_helm_is_smooth_where_the_series_takes_over_and_flat_at_zero():
    crossing = 0.1 * HBARC_FM / ff.helm_radius_fm(12)
    q = crossing * (1 + np.array([-1e-9, 1e-9]))
    values = ff.helm(q, 12)
    assert values[0] == pytest.approx(values[1], abs=1e-11)
    assert ff.helm(0.0, 12) == 1.0
    q = 1e-3
    mean_sq = 3 * (ff.helm_radius_fm(12) ** 2 / 5 + 0.81)
    assert 1 - ff.helm(q, 12) == pytest.approx((q / HBARC_FM) ** 2 * mean_sq / 6, rel=1e-4, abs=0)
    assert np.isfinite(ff.helm(np.geomspace(1e-300, 1e4, 200), 12)).all()


def test_nucleon_form_factors_by_hand():
    assert ff.dipole(0.71e6) == pytest.approx(0.25, rel=1e-15)
    q_sq = 0.5e6
    tau = q_sq / (4 * 938.9187**2)
    dipole = (1 + 0.5 / 0.71) ** -2
    assert ff.f1_proton(q_sq) == pytest.approx(dipole * (1 + 2.792847 * tau) / (1 + tau), rel=1e-13)
    electric = 1.913043 * tau * dipole / (1 + 5.6 * tau)
    assert ff.f1_neutron(q_sq) == pytest.approx((electric - 1.913043 * tau * dipole) / (1 + tau), rel=1e-13)
    # the Galster form has <r_n^2> = -6 dG_E/dQ^2 = -0.126 fm^2, while the slope of F1n is zero
    slope = (1.913043 / (4 * 938.9187**2)) * 6 * HBARC_FM**2
    assert slope == pytest.approx(0.1267, abs=2e-4)
    assert ff.f1_neutron(1.0) / 1.0 == pytest.approx(0.0, abs=1e-11)


def test_bba2003_at_zero_by_hand_and_against_the_dipole():
    assert np.array(ff.f1_f2_bba2003(0.0)) == pytest.approx([1.0, 1.792847], rel=1e-12)
    assert np.array(ff.f1_f2_bba2003(0.0, neutron=True)) == pytest.approx([0.0, -1.913043], rel=1e-12)
    # at 1 GeV^2 by hand from the published coefficients
    electric, magnetic = ff.sachs_bba2003(1e6)
    assert electric == pytest.approx(1 / (1 + 3.253 + 1.422 + 0.08582 + 0.3318 - 0.09371 + 0.01076), rel=1e-12)
    below = 1 + 3.104 + 1.428 + 0.1112 - 0.006981 + 0.0003705 - 0.000007063
    assert magnetic == pytest.approx(2.792847 / below, rel=1e-12)
    electric, magnetic = ff.sachs_bba2003(1e6, neutron=True)
    assert magnetic == pytest.approx(-1.913043 / (1 + 3.043 + 0.8548 + 0.6806 - 0.1287 + 0.008912), rel=1e-12)
    tau = 1e6 / (4 * 938.9187**2)
    assert electric == pytest.approx(1.913043 * 0.942 * tau / (1 + 4.61 * tau) / (1 + 1 / 0.71) ** 2, rel=1e-12)
    # within a few per cent of the dipole where that is good
    y = np.array([1e4, 1e5, 5e5])
    assert ff.sachs_bba2003(y)[1] == pytest.approx(2.792847 * ff.dipole(y), rel=0.05)
    assert ff.f1_f2_bba2003(y)[0] == pytest.approx(ff.f1_proton(y), rel=0.05)
    assert ff.f1_f2_bba2003(y, neutron=True)[0] == pytest.approx(ff.f1_neutron(y), abs=0.02)


def test_bba2003_slopes_are_radii_and_the_tail_keeps_the_ratio():
    # <r^2> = -6 dG/dQ^2 at 0: 0.87 fm for the proton's charge, -0.11 fm^2 for the neutron
    step = 1.0
    charge = (1 - ff.sachs_bba2003(step)[0]) * 6 * HBARC_FM**2 / step
    assert np.sqrt(charge) == pytest.approx(0.872, abs=2e-3)
    neutral = -ff.sachs_bba2003(step, neutron=True)[0] * 6 * HBARC_FM**2 / step
    assert neutral == pytest.approx(-0.1194, abs=2e-3)
    electric, magnetic = ff.sachs_bba2003(np.array([6e6, 8e6, 2e7]))
    assert electric / magnetic == pytest.approx(np.full(3, electric[0] / magnetic[0]), rel=1e-12)
    q_sq = np.concatenate([[0.0], np.geomspace(1e-3, 1e10, 4000)])
    for neutron in (False, True):
        for value in (*ff.f1_f2_bba2003(q_sq, neutron=neutron), *ff.sachs_bba2003(q_sq, neutron=neutron)):
            assert np.isfinite(value).all()
            assert np.abs(value).max() < 3
            assert np.abs(value[q_sq > 3e7]).max() < 2e-3
    # Sachs combination back from F1 and F2
    f1, f2 = ff.f1_f2_bba2003(3e5)
    tau = 3e5 / (4 * ff.NUCLEON_MASS**2)
    assert np.array([f1 - tau * f2, f1 + f2]) == pytest.approx(np.array(ff.sachs_bba2003(3e5)), rel=1e-12)
    # no pole of the published polynomials beyond the data: the dipole's fall takes over
    assert ff.sachs_bba2003(6e7)[1] == pytest.approx(ff.sachs_bba2003(3e7)[1] / 4, rel=1e-12)
    with pytest.raises(RangeError, match="q_sq"):
        ff.f1_f2_bba2003(-1.0)


def test_nucleon_charges_of_each_coupling():
    charges = {
        name: [float(ff.nucleon_form_factor(0.0, name, neutron=n)) for n in (False, True)] for name in ff.QUARK_CONTENT
    }
    assert charges == {"charge": [1, 0], "baryon": [1, 1], "up": [2, 1]}
    q_sq = np.array([1e4, 1e5])
    up = ff.nucleon_form_factor(q_sq, "up")
    down = ff.nucleon_form_factor(q_sq, "up", neutron=True)
    assert 2 / 3 * up - 1 / 3 * down == pytest.approx(ff.f1_proton(q_sq), rel=1e-13)
    assert up + down == pytest.approx(3 * ff.nucleon_form_factor(q_sq, "baryon"), rel=1e-13)


def test_pauli_blocking_against_counting_points_in_spheres():
    fermi, q = 221.0, 150.0
    edges = np.linspace(-fermi, fermi, 202)
    middle = 0.5 * (edges[1:] + edges[:-1])
    x, y, z = np.meshgrid(middle, middle, middle, indexing="ij")
    sea = x**2 + y**2 + z**2 < fermi**2
    free = sea & (x**2 + y**2 + (z + q) ** 2 >= fermi**2)
    q_sq = 2 * ff.NUCLEON_MASS * (np.sqrt(ff.NUCLEON_MASS**2 + q**2) - ff.NUCLEON_MASS)
    assert ff.pauli_blocking(q_sq, fermi) == pytest.approx(free.sum() / sea.sum(), abs=2e-3)
    assert ff.pauli_blocking([0.0, 1e6]).tolist() == [0.0, 1.0]
    rising = ff.pauli_blocking(np.linspace(0, 3e5, 301))
    assert (np.diff(rising) >= 0).all()


def test_errors_name_what_is_wrong():
    with pytest.raises(UnknownNameError, match="Did you mean 'lewin-smith'"):
        ff.helm(1.0, 12, "lewin_smith")
    with pytest.raises(UnknownNameError, match="coupling 'barion'"):
        ff.nucleon_form_factor(1.0, "barion")
    with pytest.raises(RangeError, match="mass number A = 1 "):
        ff.helm(1.0, 1)
    with pytest.raises(RangeError, match="momentum transfer q"):
        ff.helm(-1.0, 12)
    with pytest.raises(RangeError, match="q_sq"):
        ff.f1_proton(-1.0)
    with pytest.raises(RangeError, match="fermi_momentum"):
        ff.pauli_blocking(1.0, 0.0)
