"""Neutrinos of re-interactions: additivity, seeds, and the published split."""

from pathlib import Path

import numpy as np
import pytest

from darkhorn.beam.yields import NUCLEONS, SYSTEMATIC
from darkhorn.chain.flux import Disc
from darkhorn.chain.predict import mean_and_error
from darkhorn.chain.reinteraction import SecondFlux, second_flux
from darkhorn.core.errors import RangeError
from darkhorn.core.species import NEUTRON, PI_PLUS, PROTON
from darkhorn.experiments.beams import load_beam
from darkhorn.experiments.datadir import full_flux

DISC = Disc((0.0, 1.89614, 541.34), 6.106)
EDGES = np.linspace(0.0, 10_000.0, 201)


@pytest.fixture(scope="module")
def flux() -> SecondFlux:
    return second_flux(load_beam("bnb", "neutrino"), [DISC], EDGES, hadrons=NUCLEONS, n=2**12, replicates=4)[0]


def test_parts_add_up_and_carry_both_errors(flux: SecondFlux) -> None:
    proton, neutron = flux.total("numu", (PROTON,)), flux.total("numu", (NEUTRON,))
    both = flux.nucleons("numu")
    assert both[0] == pytest.approx(proton[0] + neutron[0], rel=1e-12)
    assert both[2] == pytest.approx(SYSTEMATIC * both[0])
    assert 0.0 < both[1] < 0.1 * both[0]
    assert proton[0] > neutron[0]  # more protons than neutrons come out, and they make more pi+
    with pytest.raises(RangeError, match="hadrons"):
        flux.total("numu", (PI_PLUS,))


def test_the_result_depends_on_the_seed_only() -> None:
    line = load_beam("bnb", "antineutrino")
    runs = [
        second_flux(line, [DISC], EDGES, hadrons=(NEUTRON,), n=2**9, replicates=4, seed=seed, threads=threads)[0]
        for seed, threads in ((3, 1), (3, 2), (4, 1))
    ]
    assert np.array_equal(runs[0].rows("numu"), runs[1].rows("numu"))
    assert not np.array_equal(runs[0].rows("numu"), runs[2].rows("numu"))


def test_shares_of_the_published_totals(flux: SecondFlux) -> None:
    """Published: 7.65 % of 5.194e-10 numu and 30.95 % of 3.260e-11 numubar come through p or n."""
    numu, numubar = flux.nucleons("numu"), flux.nucleons("numubar")
    assert numu[0] / (0.0765 * 5.194e-10) == pytest.approx(1.0, abs=SYSTEMATIC)
    assert 0.4 < numubar[0] / (0.3095 * 3.260e-11) < 1.4  # one generation misses the softest part


def test_shape_beside_the_published_column(flux: SecondFlux, data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DARKHORN_DATA", str(data_dir))
    table = full_flux("neutrino")
    theirs = table.column("numu_sec_pBe_pn") * np.diff(table.edges)
    assert theirs.sum() == pytest.approx(0.0765 * 5.194e-10, rel=2e-3)
    mean, _ = mean_and_error(flux.rows("numu"))
    for low, high, most in ((200.0, 500.0, 1.4), (500.0, 1000.0, 1.7), (1000.0, 1500.0, 1.7)):
        chosen = (table.edges[:-1] >= low) & (table.edges[1:] <= high)
        assert 1.0 / most < mean[chosen].sum() / theirs[chosen].sum() < most
