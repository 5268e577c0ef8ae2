"""Channels of neutrinos: which there are, their sums, and what the quantiles draw."""

import numpy as np
import pytest

from darkhorn.chain.neutrino_channels import channels, muon_flavours, parent_label, tabulated
from darkhorn.core.species import K_LONG, K_MINUS, K_PLUS, MUON, PI0, PI_MINUS, PI_PLUS
from darkhorn.physics.neutrino_decays import K_CHARGED_FORM, kl3_spectrum

MIRROR = {"numu": "numubar", "numubar": "numu", "nue": "nuebar", "nuebar": "nue"}
U = (np.arange(200_000) + 0.5) / 200_000


def test_lines() -> None:
    assert channels(PI_PLUS)[0].energy(U[:2]) == pytest.approx(29.792, abs=2e-3)
    assert channels(K_PLUS)[0].energy(U[:2]) == pytest.approx(235.53, abs=0.01)
    assert channels(PI_PLUS)[1].energy(U[:1]) == pytest.approx(69.78, abs=0.01)


@pytest.mark.parametrize(("plus", "minus"), [(PI_PLUS, PI_MINUS), (K_PLUS, K_MINUS), (-MUON, MUON)])
def test_charge_conjugation(plus: int, minus: int) -> None:
    for one, other in zip(channels(plus), channels(minus), strict=True):
        assert MIRROR[one.flavour] == other.flavour
        assert one.branching == other.branching
        assert one.energy(U[::1000]) == pytest.approx(other.energy(U[::1000]))


def test_neutral_kaons_make_as_many_neutrinos_as_antineutrinos() -> None:
    shares = {channel.flavour: channel.branching for channel in channels(K_LONG)}
    assert shares["nue"] == shares["nuebar"] == pytest.approx(0.4055 / 2)
    assert shares["numu"] == shares["numubar"] == pytest.approx(0.2704 / 2)


def test_muons_make_one_of_each() -> None:
    assert muon_flavours(MUON) == ("numu", "nuebar")
    assert muon_flavours(-MUON) == ("numubar", "nue")
    assert [channel.branching for channel in channels(MUON)] == [1.0, 1.0]
    means = [float(channel.energy(U).mean()) / (105.6583755 / 2) for channel in channels(-MUON)]
    assert means == pytest.approx([0.7, 0.6], abs=1e-4)


def test_tables_draw_the_spectrum_of_ke3() -> None:
    drawn = channels(K_PLUS)[1].energy(U)
    edges = np.linspace(0.0, 230.0, 24)
    found, _ = np.histogram(drawn, bins=edges)
    fine = np.linspace(0.0, 230.0, 4601)
    density = kl3_spectrum(fine, 493.677, 134.9768, 0.51099895, K_CHARGED_FORM)
    expected = [np.trapezoid(density[i : i + 201], fine[i : i + 201]) for i in range(0, 4600, 200)]
    assert found / len(U) == pytest.approx(np.array(expected), abs=1e-5)


def test_table_of_a_flat_density() -> None:
    spectrum = tabulated(np.linspace(0.0, 4.0, 51), np.full(51, 7.0))
    assert spectrum.cumulative == pytest.approx(spectrum.energy / 4.0)


def test_names_and_species_without_neutrinos() -> None:
    assert [parent_label(pdg) for pdg in (PI_MINUS, K_PLUS, K_LONG, -MUON)] == ["pi", "K", "K0", "mu"]
    assert channels(PI0) == ()
