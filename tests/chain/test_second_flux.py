"""Neutrinos of re-interactions: additivity, seeds, the published split, generations, protons past the target."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from darkhorn.beam.parametrised import ParametrisedSource
from darkhorn.beam.passing import DumpVertices, PassingProtons
from darkhorn.beam.switches import Physics
from darkhorn.beam.yields import SYSTEMATIC
from darkhorn.chain.beam_flux import (
    AGAIN,
    IN_WALLS,
    OFF_WALLS,
    PRIMARY,
    BeamFlux,
    horn_flux,
    passing_fluxes,
    wall_fluxes,
)
from darkhorn.chain.flux import Disc
from darkhorn.chain.modes import EDGES, Run, flux_to_precision, steel_parents, target_source
from darkhorn.chain.neutrinos import NeutrinoFlux
from darkhorn.chain.predict import mean_and_error
from darkhorn.chain.reinteraction import (
    KINDS,
    NUCLEONS_AGAIN,
    NUCLEONS_TWICE,
    PASSING,
    PASSING_AGAIN,
    PIONS_AGAIN,
    PIONS_TWICE,
    VIA_NUCLEONS,
    Kind,
    SecondFlux,
    second_flux,
    second_source,
)
from darkhorn.core.errors import RangeError, UnknownNameError
from darkhorn.core.importance import ImportanceGrid
from darkhorn.core.points import unit_points
from darkhorn.core.species import NEUTRON, PI_PLUS, PROTON
from darkhorn.experiments.beams import load_beam
from darkhorn.experiments.datadir import full_flux
from darkhorn.experiments.modes import load_dump

DISC = Disc((0.0, 1.89614, 541.34), 6.106)
LINE = load_beam("bnb", "neutrino")
ALL = {"numu": 5.194e-10, "numubar": 3.260e-11}
"""Published totals of the neutrino mode, 1/cm^2/POT."""


@pytest.fixture(scope="module")
def flux() -> SecondFlux:
    kinds = (NUCLEONS_AGAIN, NUCLEONS_TWICE, PASSING, PASSING_AGAIN)
    return second_flux(LINE, [DISC], EDGES, kinds=kinds, n=2**12, replicates=4)[0]


def test_parts_add_up_and_carry_both_errors(flux: SecondFlux) -> None:
    once, twice, past = (flux.total("numu", (name,)) for name in VIA_NUCLEONS)
    together = flux.nucleons("numu")
    assert together[0] == pytest.approx(once[0] + twice[0] + past[0], rel=1e-12)
    assert together[2] == pytest.approx(SYSTEMATIC * together[0])
    assert 0.0 < together[1] < 0.1 * together[0]
    assert flux.total("numu")[0] == pytest.approx(together[0] + flux.total("numu", (PASSING,))[0], rel=1e-12)
    with pytest.raises(RangeError, match="kinds"):
        flux.total("numu", (PIONS_AGAIN,))
    assert {name for name, kind in KINDS.items() if kind.first == (PROTON, NEUTRON)} < set(VIA_NUCLEONS)


def test_the_result_depends_on_the_seed_only() -> None:
    line = load_beam("bnb", "antineutrino")
    runs = [
        second_flux(line, [DISC], EDGES, kinds=(PIONS_TWICE,), n=2**9, replicates=4, seed=seed, threads=threads)[0]
        for seed, threads in ((3, 1), (3, 2), (4, 1))
    ]
    assert np.array_equal(runs[0].rows("numu"), runs[1].rows("numu"))
    assert not np.array_equal(runs[0].rows("numu"), runs[2].rows("numu"))


def test_shares_of_the_published_totals(flux: SecondFlux) -> None:
    """Published: 7.65 % of 5.194e-10 numu and 30.95 % of 3.260e-11 numubar come through p or n."""
    numu, numubar = flux.nucleons("numu"), flux.nucleons("numubar")
    assert numu[0] / (0.0765 * ALL["numu"]) == pytest.approx(1.0, abs=SYSTEMATIC)
    assert numubar[0] / (0.3095 * ALL["numubar"]) == pytest.approx(1.0, abs=SYSTEMATIC)


def test_generations_fall() -> None:
    """The second generation has rare histories of large weight, hence the points; the error says that they suffice."""
    kinds = (NUCLEONS_AGAIN, NUCLEONS_TWICE)
    found = second_flux(LINE, [DISC], EDGES, kinds=kinds, n=2**14, replicates=4, seed=5)[0]
    for flavour, falls in (("numu", 0.12), ("numubar", 0.35)):
        once = found.total(flavour, (NUCLEONS_AGAIN,))[0]
        twice, error, _ = found.total(flavour, (NUCLEONS_TWICE,))
        assert error < 0.4 * twice
        assert 0.3 * falls < twice / once < falls


def test_passing_protons_matter_for_the_wrong_sign(flux: SecondFlux) -> None:
    for flavour, share in (("numu", 0.012), ("numubar", 0.12)):
        past, again = (flux.total(flavour, (name,))[0] for name in (PASSING, PASSING_AGAIN))
        assert past / ALL[flavour] == pytest.approx(share, rel=0.25)
        assert 0.0 < again < 0.3 * past


def test_shape_beside_the_published_column(flux: SecondFlux, data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DARKHORN_DATA", str(data_dir))
    table = full_flux("neutrino")
    theirs = table.column("numu_sec_pBe_pn") * np.diff(table.edges)
    assert theirs.sum() == pytest.approx(0.0765 * 5.194e-10, rel=2e-3, abs=0)
    mean, _ = mean_and_error(flux.rows("numu", VIA_NUCLEONS))
    for low, high, most in ((200.0, 500.0, 1.4), (500.0, 1000.0, 1.7), (1000.0, 1500.0, 1.7)):
        chosen = (table.edges[:-1] >= low) & (table.edges[1:] <= high)
        assert 1.0 / most < mean[chosen].sum() / theirs[chosen].sum() < most


def test_sources_of_every_kind() -> None:
    """The species of the first hadrons, and as many interactions as asked for."""
    points = unit_points(2**8, seed=5)
    for kind in KINDS.values():
        source, hadrons = second_source(LINE, kind), second_source(LINE, kind).hadrons(points)
        assert source.generation == kind.generation
        allowed = kind.products if kind.generation > 1 else kind.first or (PROTON,)
        assert set(hadrons.pdgid.tolist()) <= set(allowed)
    third = second_source(LINE, Kind((PROTON, NEUTRON), 3), places=("steel", "concrete"))
    assert third.generation == 3
    second = second_source(LINE, Kind((PROTON, NEUTRON), 2), places=("steel", "concrete"))
    yields = [one.sample(points, PI_PLUS, ImportanceGrid.uniform()).yield_ for one in (third, second)]
    assert 0.0 < yields[0] < yields[1]
    with pytest.raises(RangeError, match="generation = 0"):
        second_source(LINE, Kind((PROTON,), 0))
    with pytest.raises(UnknownNameError, match="hadrons of the first vertex"):
        second_source(LINE, Kind((321,)))
    with pytest.raises(UnknownNameError, match="kind of re-interactions 'n again'"):
        second_flux(LINE, [DISC], EDGES, kinds=("n again",))


def test_pions_of_the_dump_are_those_of_the_dump_mode_per_proton_that_arrives() -> None:
    """Straight protons: the flux of the steel goes with the number of protons."""
    run, axis = Run(0.02, replicates=4), Disc((0.0, 0.0, 541.34), 6.0)
    bare = Physics(energy_loss=False, multiple_scattering=False, proton_elastic="ignore", proton_quasi_elastic="ignore")
    dump = replace(load_dump(), offset=(0.0, 0.0))
    vertices = DumpVertices(PassingProtons(LINE, bare), dump.steel_nucleon)
    ours = flux_to_precision(
        steel_parents(LINE, dump, axis, run, ParametrisedSource(LINE, vertices=vertices)), axis, run, muons=False
    )
    theirs = flux_to_precision(steel_parents(LINE, dump, axis, run), axis, run, muons=False)
    arrive = float(vertices(unit_points(2**12, seed=1))[3].mean())
    ratio = ours.total("numu")[0] / theirs.total("numu")[0]
    assert ratio == pytest.approx(arrive / (1.0 - dump.air_interactions), rel=0.03)
    assert ratio == pytest.approx(0.21, abs=0.01)


def test_components_are_switched(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every part is there when it is asked for, and only then; protons past the target go with the others."""
    flux = NeutrinoFlux(EDGES, {("numu", "pi"): np.ones((4, 200))})
    monkeypatch.setattr("darkhorn.chain.beam_flux.horn_parents", lambda *_, **__: {})
    monkeypatch.setattr("darkhorn.chain.beam_flux.flux_to_precision", lambda *_, **__: flux)
    monkeypatch.setattr("darkhorn.chain.beam_flux.again_fluxes", lambda *_: dict.fromkeys(AGAIN, flux))
    monkeypatch.setattr(
        "darkhorn.chain.beam_flux.passing_fluxes", lambda *_: dict.fromkeys((PASSING, PASSING_AGAIN), flux)
    )

    monkeypatch.setattr("darkhorn.chain.beam_flux.wall_fluxes", lambda *_: dict.fromkeys((IN_WALLS, OFF_WALLS), flux))
    walled = {PRIMARY, IN_WALLS, OFF_WALLS}

    def names(**switches: bool) -> set[str]:
        found: BeamFlux = horn_flux(LINE, DISC, Run(), at_rest=False, **switches)  # type: ignore[arg-type]
        return set(found.components)

    assert names() == {*walled, *AGAIN, PASSING, PASSING_AGAIN}
    assert names(walls=False) == {PRIMARY, *AGAIN, PASSING, PASSING_AGAIN}
    assert names(again=False) == walled
    assert names(passing=False) == {*walled, *AGAIN}
    assert names(again=False, passing=True) == {*walled, PASSING, PASSING_AGAIN}


def test_passing_protons_make_kaons_too() -> None:
    """K0L are not focused: their share is that of the interactions in air and metal, 0.03/0.71."""
    found = passing_fluxes(LINE, DISC, Run(0.1, replicates=4))
    assert set(found) == {PASSING, PASSING_AGAIN}
    neutral = found[PASSING].total("nue", "K0")[0]
    assert neutral / 2.21e-13 == pytest.approx(0.04, rel=0.4, abs=0)
    assert 0.0 < found[PASSING].total("numu", "K")[0] < 0.05 * 1.382e-11
    assert found[PASSING].total("numu", "pi")[0] == pytest.approx(6.4e-12, rel=0.2, abs=0)


def test_mesons_at_walls_are_a_correction_of_a_per_cent_each() -> None:
    found = wall_fluxes(target_source(LINE), LINE, DISC, Run(0.1, replicates=4))
    assert found[IN_WALLS].total("numu")[0] / ALL["numu"] == pytest.approx(0.0085, rel=0.1)
    assert found[OFF_WALLS].total("numu")[0] / ALL["numu"] == pytest.approx(0.0045, rel=0.4)
    assert 0.0 < found[OFF_WALLS].total("numubar")[0] < 0.01 * ALL["numubar"]
    assert ("nue", "mu") in found[OFF_WALLS].rows
    assert ("nue", "mu") not in found[IN_WALLS].rows
