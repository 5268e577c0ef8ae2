"""Decays of mesons in matter: yield against the survival integral, decays in the horn, the published flux."""

from dataclasses import replace

import numpy as np
import pytest

from darkhorn.beam.beamline import Beamline
from darkhorn.beam.follow import follow
from darkhorn.beam.layers import Layers, compile_layers
from darkhorn.beam.passage_tables import passage_tables
from darkhorn.beam.sanford_wang import SanfordWangSource
from darkhorn.beam.switches import Physics
from darkhorn.chain.flux import DISC_POINTS, Disc, Flux, around, pion_flux
from darkhorn.chain.parents import decay_in_flight, prepare
from darkhorn.core.importance import ImportanceGrid
from darkhorn.core.points import Axis, unit_points, words
from darkhorn.core.rays import Rays
from darkhorn.core.species import PI_PLUS, lifetime
from darkhorn.experiments.beams import load_beam
from darkhorn.experiments.datadir import full_flux

LINE = load_beam("bnb")
LAYERS = compile_layers(LINE)
DISC = Disc((0.0, 1.89614, 541.34), 6.106)
POINTS = unit_points(2**12, seed=4)
ABSORPTION_ONLY = Physics(
    energy_loss=False, multiple_scattering=False, meson_elastic="ignore", meson_quasi_elastic="ignore"
)


def made(line: Beamline = LINE) -> Rays:
    return SanfordWangSource(line).sample(POINTS, PI_PLUS, ImportanceGrid.uniform())


def decays(layers: Layers = LAYERS, physics: Physics | None = None, threads: int = 1) -> Rays:
    return decay_in_flight(made(), PI_PLUS, LINE, layers, POINTS[:, Axis.DECAY], threads, physics)


def test_yield_is_the_integral_of_survival_over_proper_time() -> None:
    """Per meson the decays are the integral of exp(-t/tau - depth(t)) dt/tau along its track, here in 60 stops."""
    mesons, tau = made()[:300], lifetime(PI_PLUS)
    passage = passage_tables(PI_PLUS, LAYERS.materials, LINE, ABSORPTION_ONLY)
    chosen = words(np.arange(300) / 300.0)
    whole = follow(LAYERS, mesons.x, mesons.p, passage, LINE.current, words=chosen)
    nodes, weights = np.polynomial.legendre.leggauss(60)
    expected = np.zeros(300)
    for node, weight in zip(0.5 * (nodes + 1.0), 0.5 * weights, strict=True):
        stop = follow(LAYERS, mesons.x, mesons.p, passage, LINE.current, words=chosen, clock_limit=node * whole.clock)
        expected += weight * whole.clock / tau * np.exp(-node * whole.clock / tau - stop.depth)
    u = np.tile((np.arange(200) + 0.5) / 200, (300, 1))
    sums = np.zeros(300)
    for column in u.T:
        sums += decay_in_flight(mesons, PI_PLUS, LINE, LAYERS, column, physics=ABSORPTION_ONLY).weight / 200
    some = mesons.weight > 0
    assert sums.sum() == pytest.approx((mesons.weight * expected).sum(), rel=2e-3)
    np.testing.assert_allclose(sums[some] / mesons.weight[some], expected[some], rtol=0.05)


def test_decays_lie_inside_and_on_shell() -> None:
    parents = decays()
    live = parents.weight > 0
    assert (np.hypot(parents.x[live, 1], parents.x[live, 2]) < 0.95).all()
    assert (parents.x[live, 3] < LINE.z_dump + 1e-9).all()
    np.testing.assert_allclose(parents.mass[live], 139.57039, rtol=1e-4)
    assert (parents.energy <= made().energy * (1 + 1e-12)).all()
    assert np.isfinite(parents.weight).all()
    assert (parents.weight >= 0).all()
    assert (parents.weight <= made().weight).all()


def test_threads_do_not_matter() -> None:
    one, two = decays(), decays(threads=2)
    assert one.x.tobytes() == two.x.tobytes()
    assert one.weight.tobytes() == two.weight.tobytes()


def test_decays_in_the_horn_switch_off() -> None:
    full, late = decays(), decays(physics=Physics(decay_in_horn=False))
    behind = full.x[:, 3] > 1.804 + 1e-9
    np.testing.assert_array_equal(late.weight[behind], full.weight[behind])
    assert not late.weight[full.x[:, 3] < 1.0].any()
    assert 0.02 < 1 - late.yield_ / full.yield_ < 0.9


def test_absorption_lowers_and_other_switches_move() -> None:
    full = decays().yield_
    assert decays(physics=Physics(absorption=False)).yield_ > 1.02 * full
    assert decays(physics=Physics(conductor=False)).yield_ > full


@pytest.fixture(scope="module")
def flux() -> Flux:
    parents = prepare(SanfordWangSource(LINE), LINE, PI_PLUS, DISC.centre, 1, even=True)
    return pion_flux(parents, DISC, n=2**14, replicates=8)


def test_primary_pions_against_the_published_flux(flux: Flux) -> None:
    """Published: 4.647e-10 /cm2/POT, mean 797 MeV; re-scattered pions, 0.5 to 1 %, are not in this sum."""
    total, error = flux.total
    assert error < 0.005 * total
    assert total / 4.647e-10 == pytest.approx(1.0, abs=0.075)
    assert flux.mean_energy == pytest.approx(797.0, rel=0.045)


def test_spectrum_against_the_published_one(flux: Flux, data_dir, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bins of 100 MeV up to 2.5 GeV: within 10 % above 0.4, 17 % low at 0.2-0.3 and 13 % low at 0.3-0.4 GeV."""
    monkeypatch.setenv("DARKHORN_DATA", str(data_dir))
    table = full_flux("neutrino")
    published = (table.column("numu_sec_pBe_pi") * np.diff(table.edges))[4:50]
    ours = flux.rows.mean(axis=0)[4:50]
    centre = 0.5 * (table.edges[1:] + table.edges[:-1])[4:50]
    assert ours.sum() / published.sum() == pytest.approx(1.0, abs=0.06)
    assert (ours @ centre / ours.sum()) / (published @ centre / published.sum()) == pytest.approx(1.0, abs=0.03)
    ratio = ours.reshape(-1, 2).sum(axis=1) / published.reshape(-1, 2).sum(axis=1)
    assert ratio[:2] == pytest.approx([0.834, 0.870], abs=0.04)
    assert np.abs(ratio[2:] - 1.0).max() < 0.13


def test_places_on_the_disc_are_as_uniform_as_the_first() -> None:
    sets = list(around(POINTS))
    assert len(sets) == DISC_POINTS
    assert sets[0] is POINTS
    aims = [Axis.AIM_COS, Axis.AIM_PHI, Axis.ENERGY]
    rest = [axis for axis in Axis if axis not in aims]
    for one in sets:
        assert np.array_equal(one[:, rest], POINTS[:, rest])
        assert ((one[:, aims] >= 0.0) & (one[:, aims] < 1.0)).all()
        assert np.abs(one[:, aims].mean(axis=0) - 0.5).max() < 2e-3
    assert np.abs(sets[1][:, aims] - sets[2][:, aims]).min() > 0.1


def test_every_grid_gives_the_same_flux_and_even_pilots_level_its_bins() -> None:
    """One hundred MeV from 0.2 to 2.5 GeV: no bin moves, the errors of the worst fall; sums of pilots stay as good."""
    source = SanfordWangSource(LINE)
    ways = {even: prepare(source, LINE, PI_PLUS, DISC.centre, 3, even=even) for even in (False, True)}
    rows = {}
    for even, parents in ways.items():
        found = pion_flux(parents, DISC, n=2**12, replicates=12, seed=6).rows[:, 4:50]
        rows[even] = found.reshape(12, -1, 2).sum(axis=2)
    plain = replace(ways[True], grid=ImportanceGrid.uniform())
    rows[None] = pion_flux(plain, DISC, n=2**14, replicates=12, seed=7).rows[:, 4:50].reshape(12, -1, 2).sum(axis=2)
    mean = {way: found.mean(axis=0) for way, found in rows.items()}
    error = {way: found.std(axis=0, ddof=1) / np.sqrt(12) for way, found in rows.items()}
    for way in (False, None):
        pull = (mean[True] - mean[way]) / np.hypot(error[True], error[way])
        assert np.abs(pull).max() < 5.0
        assert (pull**2).mean() < 2.2
        total = [rows[key].sum(axis=1).mean() for key in (True, way)]
        assert total[0] == pytest.approx(total[1], rel=0.02)
    assert (error[True] / mean[True]).max() < 0.06
    assert np.sqrt(((error[True] / mean[True]) ** 2).mean()) < 0.03
    assert (error[False] / mean[False]).max() > 1.5 * (error[True] / mean[True]).max()


def test_point_detector_sees_another_shape(flux: Flux) -> None:
    """Pions leave the horn in narrow structures: a point has more at 1.3-1.8 GeV than the disc."""
    parents = prepare(SanfordWangSource(LINE), LINE, PI_PLUS, DISC.centre, 1)
    point = pion_flux(parents, replace(DISC, radius=1e-3), n=2**14, replicates=4)
    peak = slice(26, 36)
    assert point.rows.mean(axis=0)[peak].sum() > 1.1 * flux.rows.mean(axis=0)[peak].sum()
