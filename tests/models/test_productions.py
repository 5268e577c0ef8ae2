"""Named productions: all reference widths, spectra, photon limits, laws and errors."""

import csv
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate

from darkhorn.core import species
from darkhorn.core.cite import reference
from darkhorn.core.errors import RangeError, UnknownNameError
from darkhorn.models import productions as pr
from darkhorn.physics import phase_space, weak

SHARED = Path(os.environ.get("DARKHORN_REFERENCE", Path(__file__).parents[2].parent / "shared"))
CHANNELS = ((211, 13), (211, 11), (321, 13), (321, 11))
PHOTON = 4.0 * np.pi * weak.ALPHA
MEAN_ENERGY = {
    "scalar-ib1": (10.9574, 35.9743, 76.1204, 123.9052),
    "pseudoscalar-ib1": (14.5634, 35.9667, 111.7095, 123.9028),
    "vector-ib1": (15.9087, 55.8374, 165.4015, 197.4702),
    "vector-ib2": (15.3065, 36.7299, 115.0865, 124.4051),
    "vector-contact": (18.5335, 55.8387, 178.2390, 197.4706),
    "vector-sum": (10.4994, 28.8771, 44.7250, 76.1404),
    "vector-sd": (18.3936, 46.8277, 154.1496, 164.6500),
}


def rows_of(name: str) -> list[dict[str, str]]:
    path = SHARED / "reference" / name
    if not path.is_file():
        pytest.skip(f"no reference table at {path}: set DARKHORN_REFERENCE")
    return list(csv.DictReader(line for line in path.read_text().splitlines() if not line.startswith("#")))


def test_reference_widths() -> None:
    rows = rows_of("widths.csv")
    assert len(rows) == 200
    parents, leptons = {"pi": 211, "K": 321}, {"e": 11, "mu": 13}
    for row in rows:
        name, m_x = row["model"].replace("_", "-"), float(row["m_x_mev"])
        value = pr.width(name, parents[row["parent"]], leptons[row["lepton"]], m_x)
        expected = float(row["width_mev_per_g2"])
        if expected == 0.0:
            assert value == 0.0, row
        else:
            tolerance = 1e-5 if (name, row["lepton"]) == ("vector-sum", "e") else 1e-6
            assert value == pytest.approx(expected, rel=tolerance, abs=0.0), row


def test_reference_matrix_elements() -> None:
    checked = 0
    for row in rows_of("matrix_elements.csv"):
        name = row["model"].replace("_", "-")
        if name not in pr.PRODUCTIONS:
            continue
        m12_sq, m23_sq, M, m_l, m_x = (float(row[key]) for key in ("m12_sq", "m23_sq", "M", "m_l", "m_x"))
        tolerance = 5e-8 if (name, row["lepton"]) == ("vector-sum", "e") else 1e-8
        value = pr.msq_normalised(name, m12_sq, m23_sq, M, m_l, m_x)
        assert value == pytest.approx(float(row["value"]), rel=tolerance, abs=0.0), row
        checked += 1
    assert checked == 57


@pytest.mark.parametrize(
    ("name", "parent", "lepton", "m_x", "expected"),
    [
        ("scalar-ib1", 211, 13, 1.0, 1.21508655e-15),
        ("scalar-ib1", 211, 11, 1.0, 2.49483492e-16),
        ("pseudoscalar-ib1", 211, 13, 20.0, 1.79058267e-19),
        ("vector-ib1", 211, 13, 5.0, 1.94914779e-15),
        ("vector-ib1", 211, 11, 5.0, 4.8619e-14),
        ("vector-ib2", 211, 13, 1.0, 5.43514531e-14),
        ("vector-contact", 211, 13, 20.0, 1.81772741e-18),
        ("vector-hadronic", 211, 13, 5.0, 1.96224431e-15),
    ],
)
def test_typed_widths(name: str, parent: int, lepton: int, m_x: float, expected: float) -> None:
    rel = 2e-5 if expected == 4.8619e-14 else 1e-6
    assert pr.width(name, parent, lepton, m_x) == pytest.approx(expected, rel=rel, abs=0.0)
    assert pr.width(name, -parent, -lepton, m_x) == pr.width(name, parent, lepton, m_x)


@pytest.mark.parametrize(
    ("parent", "lepton", "cut", "expected"),
    [(211, 13, 1.0, 2.28327e-4), (211, 11, 10.0, 2.70277e-2), (321, 13, 1.0, 1.38931e-2)],
)
def test_photon_above_a_cut(parent: int, lepton: int, cut: float, expected: float) -> None:
    two_body = weak.two_body_width(species.mass(parent), species.mass(lepton), *weak.meson_constants(parent))
    ratio = PHOTON * pr.width("vector-sum", parent, lepton, 0.0, energy_low=cut) / two_body
    assert ratio == pytest.approx(expected, rel=3e-6, abs=0.0)


def test_photon_from_the_structure_of_the_pion() -> None:
    """BR(SD) = 8.29e-8 where the two-body rate is the measured 1.230e-4."""
    structure = replace(pr.production("vector-sd"), form_factors=((211, 0.0259, 0.0119),))
    two_body = weak.two_body_width(species.mass(211), species.mass(11), *weak.meson_constants(211))
    assert 1.230e-4 * PHOTON * pr.width(structure, 211, 11, 0.0) / two_body == pytest.approx(8.29e-8, rel=2e-3, abs=0.0)


@pytest.mark.parametrize("name", MEAN_ENERGY)
def test_mean_energies(name: str) -> None:
    for (parent, lepton), expected in zip(CHANNELS, MEAN_ENERGY[name], strict=True):
        M, m_l, m_x = species.mass(parent), species.mass(lepton), 5.0
        top = float(phase_space.energy_max(M, m_l, m_x))
        nodes, weights = np.polynomial.legendre.leggauss(400)
        angle = np.pi / 4.0 * (nodes + 1.0)
        energy = m_x + (top - m_x) * np.sin(angle) ** 2
        measure = weights * np.sin(2.0 * angle) * pr.dgamma_de(name, parent, lepton, m_x, energy)
        assert (measure @ energy) / measure.sum() == pytest.approx(expected, abs=1.2e-4)


@pytest.mark.parametrize(("name", "parent", "lepton"), [("scalar-ib1", 211, 13), ("vector-hadronic", 321, 13)])
def test_width_by_adaptive_double_quadrature(name: str, parent: int, lepton: int) -> None:
    M, m_l, m_x = species.mass(parent), species.mass(lepton), 20.0
    f, ckm = weak.meson_constants(parent)
    top = 0.5 * (M**2 + m_l**2 - m_x**2) / M

    def limits(energy_l: float) -> tuple[float, float]:
        """Energies of X at a fixed lepton energy, from the frame where neutrino and X are back to back."""
        pair = M**2 + m_l**2 - 2.0 * M * energy_l
        centre = 0.5 * (M - energy_l) * (pair + m_x**2) / pair
        half = 0.5 * np.sqrt(max(energy_l**2 - m_l**2, 0.0)) * (pair - m_x**2) / pair
        return centre - half, centre + half

    def integrand(energy_x: float, energy_l: float) -> float:
        m12_sq = M**2 + m_x**2 - 2.0 * M * energy_x
        m23_sq = M**2 + m_l**2 - 2.0 * M * energy_l
        return float(pr.production(name).msq(m12_sq, m23_sq, M, m_l, m_x))

    value, _ = integrate.dblquad(
        integrand, m_l, top, lambda e: limits(e)[0], lambda e: limits(e)[1], epsabs=0.0, epsrel=1e-7
    )
    expected = value * (weak.G_FERMI * f * ckm) ** 2 / ((2.0 * np.pi) ** 3 * 8.0 * M)
    assert pr.width(name, parent, lepton, m_x) == pytest.approx(expected, rel=1e-6, abs=0.0)


@settings(deadline=None, derandomize=True, max_examples=40)
@given(st.sampled_from(sorted(pr.PRODUCTIONS)), st.sampled_from(CHANNELS), st.floats(1e-3, 0.999))
def test_spectrum_is_positive_and_gives_the_width(name: str, channel: tuple[int, int], fraction: float) -> None:
    m_x = fraction * pr.threshold(*channel)
    M, m_l = species.mass(channel[0]), species.mass(channel[1])
    top = float(phase_space.energy_max(M, m_l, m_x))
    rapidity = np.arccosh(top / m_x)
    nodes, weights = np.polynomial.legendre.leggauss(200)
    angle = np.pi / 4.0 * (nodes + 1.0)
    eta = rapidity * np.sin(angle)
    spectrum = pr.dgamma_de(name, *channel, m_x, m_x * np.cosh(eta))
    assert (spectrum > 0.0).all()
    measure = weights * np.pi / 4.0 * rapidity * np.cos(angle) * m_x * np.sinh(eta)
    assert measure @ spectrum == pytest.approx(pr.width(name, *channel, m_x), rel=2e-5, abs=0.0)


@pytest.mark.parametrize("name", sorted(pr.PRODUCTIONS))
def test_edges_and_closed_channels(name: str) -> None:
    m_x = 20.0
    top = float(phase_space.energy_max(species.mass(211), species.mass(11), m_x))
    assert (pr.dgamma_de(name, 211, 11, m_x, [0.0, m_x, top, top + 1.0]) == 0.0).all()
    assert pr.dgamma_de(name, 211, 11, m_x, np.full((2, 3), 40.0)).shape == (2, 3)
    for mass in (pr.threshold(211, 13), 33.92, 200.0):
        assert pr.width(name, 211, 13, mass) == 0.0
        assert (pr.dgamma_de(name, 211, 13, mass, [mass, mass + 1.0]) == 0.0).all()
    outside = pr.msq_normalised(name, [0.0, 15193.8, 2e4], [500.0, 9e3, 500.0], 139.57039, 105.6583755, 10.0)
    assert (outside == 0.0).all()
    near = pr.width(name, 211, 13, pr.threshold(211, 13) * (1.0 - 1e-9))
    assert 0.0 < near < 1e-20


def test_threshold() -> None:
    assert pr.threshold(211, 13) == pytest.approx(33.9120145, abs=1e-6)
    assert pr.threshold(-321, -11) == pytest.approx(493.166, abs=1e-3)


def test_low_mass_growth_is_what_the_metadata_say() -> None:
    for name, item in pr.PRODUCTIONS.items():
        ratio = pr.width(name, 321, 13, 0.05) / pr.width(name, 321, 13, 0.1)
        assert (ratio > 3.9) == item.grows_at_low_mass, name
        assert item.current_conserved is (None if item.spin != "vector" else not item.grows_at_low_mass)
        if item.finite_when_massless:
            assert pr.width(name, 321, 13, 0.0) == pytest.approx(pr.width(name, 321, 13, 0.05), rel=1e-3, abs=0.0)
        assert item.name == name
        assert item.reason
        assert all(reference(key) for key in item.sources)


def test_scaling_of_broken_currents() -> None:
    assert pr.width("vector-ib1", 211, 11, 1.0) == pytest.approx(1.2158e-12, rel=1e-4, abs=0.0)
    assert 25.0 * pr.width("vector-ib1", 211, 11, 5.0) == pytest.approx(1.2155e-12, rel=1e-4, abs=0.0)
    ratios = {(211, 13): 14.2, (211, 11): 3.56e4, (321, 13): 88.5, (321, 11): 1.29e6}
    for channel, expected in ratios.items():
        ratio = pr.width("vector-ib1", *channel, 20.0) / pr.width("vector-sum", *channel, 20.0)
        assert ratio == pytest.approx(expected, rel=4e-3, abs=0.0)
    contact, brems = (pr.width(name, 321, 11, 20.0) for name in ("vector-contact", "vector-ib1"))
    assert contact == pytest.approx(brems, rel=1e-4, abs=0.0)


@pytest.mark.parametrize(("parent", "scalar", "pseudo"), [(211, 4.81e-2, 1.09e-4), (321, 9.20e-2, 1.007e-2)])
def test_branching(parent: int, scalar: float, pseudo: float) -> None:
    assert pr.branching("scalar-ib1", parent, 13, 1.0) == pytest.approx(scalar, rel=2e-3, abs=0.0)
    assert pr.branching("pseudoscalar-ib1", parent, 13, 1.0) == pytest.approx(pseudo, rel=5e-3, abs=0.0)


@pytest.mark.parametrize("m_x", [-1.0, float("nan"), float("inf")])
def test_impossible_masses(m_x: float) -> None:
    with pytest.raises(RangeError, match="MeV"):
        pr.width("vector-sum", 211, 13, m_x)
    with pytest.raises(RangeError, match="MeV"):
        pr.dgamma_de("scalar-ib1", 211, 13, m_x, [10.0])


def test_massless_boson() -> None:
    for name in ("vector-ib1", "vector-sum", "scalar-ib1"):
        with pytest.raises(RangeError, match=r"\(0, inf\) MeV"):
            pr.width(name, 211, 13, 0.0)
    with pytest.raises(RangeError, match=r"\(0, inf\) MeV"):
        pr.dgamma_de("vector-ib1", 211, 13, 0.0, [10.0])
    assert pr.dgamma_de("vector-sum", 211, 13, 0.0, [10.0]) > 0.0
    with pytest.raises(RangeError, match="energy_low"):
        pr.width("vector-sum", 211, 13, 0.0, energy_low=-1.0)


def test_unknown_names() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'vector-sum'"):
        pr.width("vector-sun", 211, 13, 5.0)
    with pytest.raises(UnknownNameError, match="charged meson"):
        pr.width("vector-sum", 111, 13, 5.0)
    with pytest.raises(UnknownNameError, match="charged lepton"):
        pr.width("vector-sum", 211, 15, 5.0)
    pion_only = replace(pr.production("vector-sd"), form_factors=((211, 0.02, 0.01),))
    with pytest.raises(UnknownNameError, match="form factors"):
        pr.width(pion_only, 321, 13, 5.0)
