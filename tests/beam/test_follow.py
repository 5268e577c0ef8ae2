"""Hadrons through matter: limits that are known otherwise, moments, spectra and replay."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.integrate import solve_ivp
from tracks_by_ode import pions

from darkhorn.beam.beamline import RadialProfile
from darkhorn.beam.follow import Histories, follow, follow_to
from darkhorn.beam.layers import FAR, Coat, Layers, compile_layers, paint, tube
from darkhorn.beam.passage_tables import passage_tables
from darkhorn.beam.switches import Physics
from darkhorn.beam.transport import Status, transport
from darkhorn.core.errors import RangeError, UnknownNameError
from darkhorn.core.points import words
from darkhorn.core.units import C
from darkhorn.experiments.beams import load_beam
from darkhorn.physics.hadron_scattering import elastic_shape, nucleon_slope
from darkhorn.physics.horn_field import enclosed_current
from darkhorn.physics.multiple_scattering import highland_angle
from darkhorn.physics.passage import truncated_exponential

LINE = load_beam("bnb")
LAYERS = compile_layers(LINE)
PION, PROTON = 139.57039, 938.27208943
NOTHING = {
    "energy_loss": False,
    "multiple_scattering": False,
    "absorption": False,
    "meson_elastic": "ignore",
    "meson_quasi_elastic": "ignore",
    "proton_elastic": "ignore",
    "proton_quasi_elastic": "ignore",
}
START = pions(400)
WORDS = words(np.random.default_rng(7).random(400))


def block(medium: str) -> Layers:
    """A world of one material."""
    return paint([Coat(tube(-1.0, 100.0, 0.0, FAR), medium)])


def through(medium: str, n: int, p: float, length: float, species: int = 211, **on: object) -> Histories:
    """n particles along z through so many m of a material, with only the physics named."""
    layers, m = block(medium), {211: PION, 2212: PROTON}[species]
    passage = passage_tables(species, layers.materials, LINE, Physics(**{**NOTHING, **on}))
    x = np.tile([0.0, 0.0, 0.0, 0.0], (n, 1))
    momentum = np.tile([np.hypot(p, m), 0.0, 0.0, p], (n, 1))
    return follow(layers, x, momentum, passage, 0.0, words=words(np.random.default_rng(n).random(n)), z_end=length)


def beam(physics: Physics, **options: object) -> Histories:
    """The test pions through the horn."""
    passage = passage_tables(211, LAYERS.materials, LINE, physics)
    return follow(LAYERS, *START, passage, LINE.current, words=WORDS, **options)


# --- limits --------------------------------------------------------------------------------------------------------


def test_with_everything_off_it_is_the_transport_of_single_tracks() -> None:
    layers = compile_layers(LINE, Physics(skin_depth=False))
    passage = passage_tables(211, layers.materials, LINE, Physics(**NOTHING))
    mine = follow(layers, *START, passage, LINE.current, words=WORDS)
    theirs = transport(layers, *START, 1.0, LINE.current)
    near = np.abs(mine.x - theirs.x).max(axis=1) < 1e-3
    assert near.mean() > 0.99  # grazes apart
    assert np.median(np.abs(mine.x - theirs.x)) < 1e-7
    np.testing.assert_array_equal(mine.status[near], theirs.status[near])
    gamma_beta = np.linalg.norm(START[1][:, 1:], axis=1) / PION
    np.testing.assert_allclose(mine.clock, mine.path / (gamma_beta * C), rtol=1e-12)
    assert (mine.depth == 0.0).all()


@pytest.mark.parametrize(("medium", "p", "length"), [("Be", 1000.0, 0.3), ("Al", 300.0, 0.1), ("air", 500.0, 40.0)])
def test_loss_is_the_integral_of_bethe(medium: str, p: float, length: float) -> None:
    passage = passage_tables(211, (medium,), LINE)
    end = solve_ivp(
        lambda _, e: [-np.interp(np.log(np.sqrt(e[0] ** 2 - PION**2)), passage.log_p, passage.rates[0, :, 0])],
        (0.0, length),
        [np.hypot(p, PION)],
        rtol=1e-9,
    ).y[0, -1]
    lost = np.hypot(p, PION) - through(medium, 1, p, length, energy_loss=True).p[0, 0]
    assert lost == pytest.approx(np.hypot(p, PION) - end, rel=5e-3)


def test_slow_pions_stop_where_their_range_ends() -> None:
    passage = passage_tables(211, ("Al",), LINE)
    kinetic = np.hypot(150.0, PION) - PION
    t = np.linspace(1.0, kinetic, 20_001)
    loss = np.interp(0.5 * np.log(t * (t + 2 * PION)), passage.log_p, passage.rates[0, :, 0])
    expected = np.trapezoid(1.0 / loss, t)
    end = through("Al", 1, 150.0, 1.0, energy_loss=True)
    assert end.status[0] == Status.STOPPED
    assert end.path[0] == pytest.approx(expected, rel=0.03)


@pytest.mark.parametrize(("medium", "length"), [("Al", 0.03), ("Be", 0.3), ("air", 30.0)])
def test_multiple_scattering_has_the_moments_of_highland(medium: str, length: float) -> None:
    end = through(medium, 20_000, 2000.0, length, multiple_scattering=True)
    density = {"Al": 2.70 / 24.01, "Be": 1.848 / 65.19, "air": 1.205e-3 / 36.62}[medium]
    theta = float(highland_angle(2000.0, PION, 100 * density * length))
    angle, place = np.arctan2(end.p[:, 1], end.p[:, 3]), end.x[:, 1]
    assert angle.std() == pytest.approx(theta, rel=0.02)
    # each piece acts at a random place of it, and the logarithm gives the later ones more
    passage = passage_tables(211, (medium,), LINE, Physics(**{**NOTHING, "multiple_scattering": True}))
    longest = np.interp(np.log(2000.0), passage.log_p, passage.rates[0, :, 4])
    edges = np.append(np.arange(0.0, length, longest), length)
    squares = np.diff([0.0, *(highland_angle(2000.0, PION, 100 * density * edge) ** 2 for edge in edges[1:])])
    piece, behind = np.diff(edges), length - edges[1:]
    place_sq = (squares * (piece**2 / 3 + piece * behind + behind**2)).sum()
    both = (squares * (0.5 * piece + behind)).sum()
    assert place_sq == pytest.approx(length**2 * theta**2 / 3, rel=0.07)
    assert place.std() == pytest.approx(np.sqrt(place_sq), rel=0.02)
    assert np.corrcoef(angle, place)[0, 1] == pytest.approx(both / theta / np.sqrt(place_sq), abs=0.006)
    assert both / theta / np.sqrt(place_sq) == pytest.approx(np.sqrt(3) / 2, abs=0.01)
    assert stats.kstest(angle / theta, "norm").pvalue > 1e-4
    assert np.corrcoef(angle, np.arctan2(end.p[:, 2], end.p[:, 3]))[0, 1] == pytest.approx(0.0, abs=0.03)


def transfers(end: Histories, p: float, m: float) -> np.ndarray:
    """|t| in MeV^2 of those that scattered at all."""
    start = np.array([np.hypot(p, m), 0.0, 0.0, p])
    change = end.p - start
    t = (change[:, 1:] ** 2).sum(axis=1) - change[:, 0] ** 2
    return t[np.abs(change).max(axis=1) > 1e-9]


def test_elastic_scattering_has_its_rate_and_its_two_slopes() -> None:
    end = through("Be", 100_000, 8889.0, 0.002, species=2212, proton_elastic="follow")
    t, shape = transfers(end, 8889.0, PROTON), elastic_shape(9.0122)
    assert len(t) == pytest.approx(1e5 * 0.002 * 12.349 * 0.0731, rel=0.2)  # 73.1 mb

    def distribution(value: np.ndarray) -> np.ndarray:
        return 1 - shape.share * np.exp(-shape.steep * value) - (1 - shape.share) * np.exp(-shape.flat * value)

    assert stats.kstest(t, distribution).pvalue > 1e-3


def test_quasi_elastic_scattering_is_two_body_on_a_nucleon() -> None:
    end = through("Be", 100_000, 8889.0, 0.002, species=2212, proton_quasi_elastic="follow")
    t = transfers(end, 8889.0, PROTON)
    assert stats.kstest(t, stats.expon(scale=1 / float(nucleon_slope(8889.0))).cdf).pvalue > 1e-3
    lost = np.hypot(8889.0, PROTON) - end.p[:, 0]
    np.testing.assert_allclose(lost[lost > 1e-9], t / (2 * 938.9187), rtol=1e-4)
    np.testing.assert_allclose(end.p[:, 0] ** 2 - (end.p[:, 1:] ** 2).sum(axis=1), PROTON**2, rtol=1e-8)


def test_optical_depth_is_path_over_mean_free_path() -> None:
    end = through("Be", 3, 2000.0, 0.5, absorption=True)
    np.testing.assert_allclose(end.depth, 0.5 / 0.504, rtol=3e-3)


def test_field_in_the_metal_against_a_continuous_current() -> None:
    """Twelve sublayers against an integration of the equations of motion with the current density as it is."""
    r_in, r_out, delta, k = 0.019, 0.022, 1.4e-3, 10.4327775384
    line = replace(
        LINE,
        field=RadialProfile((0.0, 1.0), (r_out, r_out), (0.3, 0.3)),
        conductor=RadialProfile((-0.01, 1.01), (r_in, r_in), (0.31, 0.31)),
        shells=(),
        sublayers=12,
    )
    layers = compile_layers(line)
    passage = passage_tables(211, layers.materials, line, Physics(**NOTHING))
    p, angle = 1000.0, 0.12
    x = np.array([[0.0, 0.015, 0.001, 0.1]])
    momentum = np.array([[np.hypot(p, PION), p * np.sin(angle), 0.0, p * np.cos(angle)]])
    end = follow(layers, x, momentum, passage, 174e3, words=WORDS[:1], z_end=0.3)

    def right(_: float, y: np.ndarray) -> np.ndarray:
        r_sq = y[0] ** 2 + y[1] ** 2
        here = k / p * float(enclosed_current(np.sqrt(r_sq), 1.0, r_in, r_out, delta)) / r_sq
        return np.array([*y[3:], -here * y[0] * y[5], -here * y[1] * y[5], here * (y[0] * y[3] + y[1] * y[4])])

    def plane(_: float, y: np.ndarray) -> float:
        return float(y[2] - 0.3)

    plane.terminal = True  # type: ignore[attr-defined]
    start = np.concatenate([x[0, 1:], momentum[0, 1:] / p])
    exact = solve_ivp(right, (0, 1), start, events=plane, rtol=1e-9, atol=1e-12, max_step=5e-4).y[:, -1]
    bend = np.linalg.norm(exact[3:] - start[3:])
    np.testing.assert_allclose(end.p[0, 1:] / p, exact[3:], atol=3e-3 * bend)
    np.testing.assert_allclose(end.x[0, 1:], exact[:3], atol=2e-5)
    without = compile_layers(line, Physics(skin_depth=False))
    other = follow(without, x, momentum, passage, 174e3, words=WORDS[:1], z_end=0.3)
    assert np.linalg.norm(other.p[0, 1:] / p - exact[3:]) > 0.02 * bend


# --- laws ----------------------------------------------------------------------------------------------------------


@settings(deadline=None, max_examples=10, derandomize=True)
@given(st.floats(0.0, 1.0))
def test_a_limit_cuts_the_same_history(fraction: float) -> None:
    whole = beam(Physics())
    cut = beam(Physics(), clock_limit=fraction * whole.clock)
    np.testing.assert_allclose(cut.clock, fraction * whole.clock, rtol=1e-9, atol=1e-12)
    assert (cut.path <= whole.path * (1 + 1e-9)).all()
    assert (cut.depth <= whole.depth * (1 + 1e-9)).all()
    again = beam(Physics(), clock_limit=whole.clock)
    # what is owed at the end displaces on the end plane only, and a debt that falls due there may lead into a wall
    same = np.abs(again.x - whole.x).max(axis=1) < 1e-6
    assert same[whole.status != Status.REACHED_END].mean() > 0.99
    np.testing.assert_allclose(again.x, whole.x, atol=0.05)
    np.testing.assert_allclose(again.depth, whole.depth, atol=1e-9)


def test_depth_as_a_clock() -> None:
    whole = beam(Physics())
    half = beam(Physics(), depth_limit=0.5 * whole.depth)
    met = whole.depth > 1e-3
    np.testing.assert_allclose(half.depth[met], 0.5 * whole.depth[met], rtol=1e-9)
    assert (half.status[met] == Status.CLOCK_LIMIT).all()


def test_threads_order_and_chunks_do_not_matter() -> None:
    one, two = beam(Physics()), beam(Physics(), threads=2)
    passage = passage_tables(211, LAYERS.materials, LINE)
    order = np.random.default_rng(2).permutation(400)
    mixed = follow(LAYERS, START[0][order], START[1][order], passage, LINE.current, words=WORDS[order])
    for a, b, c in ((one.x, two.x, mixed.x), (one.p, two.p, mixed.p), (one.depth, two.depth, mixed.depth)):
        np.testing.assert_array_equal(a, b)
        np.testing.assert_array_equal(a[order], c)


def test_mass_shell_energy_and_time() -> None:
    end = beam(Physics())
    np.testing.assert_allclose(end.p[:, 0] ** 2 - (end.p[:, 1:] ** 2).sum(axis=1), PION**2, rtol=1e-6)
    assert (end.p[:, 0] <= START[1][:, 0] * (1 + 1e-12)).all()
    assert (end.x[:, 0] - START[0][:, 0] >= end.path / C).all()
    assert (end.clock < end.x[:, 0] - START[0][:, 0]).all()
    assert set(end.status) <= {Status.REACHED_END, Status.HIT_WALL, Status.LEFT_BACKWARD, Status.STOPPED}


def test_neutrals_go_straight_through_thin_matter() -> None:
    passage = passage_tables(130, LAYERS.materials, LINE, Physics(**{**NOTHING, "absorption": True}))
    p = START[1].copy()
    p[:, 0] = np.hypot(np.linalg.norm(p[:, 1:], axis=1), 497.611)
    end = follow(LAYERS, START[0], p, passage, LINE.current, words=WORDS)
    np.testing.assert_allclose(end.p[:, 1:], p[:, 1:], rtol=1e-9)
    tracks = transport(LAYERS, START[0], p, 0.0, LINE.current)
    np.testing.assert_allclose(end.path, tracks.path, rtol=1e-9)


def test_refusals_and_rest() -> None:
    passage = passage_tables(211, LAYERS.materials, LINE)
    x, p = START[0][:2], START[1][:2].copy()
    for change, message in [
        ({"words": WORDS[:1]}, r"words have shape \(1,\); allowed: \(2,\)"),
        ({"clock_limit": -1.0}, "clock_limit = -1 ns"),
        ({"depth_limit": np.nan}, "depth_limit = nan"),
        ({"threads": 0}, "threads = 0"),
        ({"z_end": 1e3}, "z_end = 1000 m"),
    ]:
        with pytest.raises(RangeError, match=message):
            follow(LAYERS, x, p, passage, 0.0, **{"words": WORDS[:2], **change})
    p[:] = PION, 0.0, 0.0, 0.0
    assert follow(LAYERS, x, p, passage, 0.0, words=WORDS[:2]).status.tolist() == [Status.STOPPED] * 2
    assert follow(LAYERS, x[:0], p[:0], passage, 0.0, words=WORDS[:0]).x.shape == (0, 4)


# --- back to a drawn point -----------------------------------------------------------------------------------------

DRAWS = np.random.default_rng(11).uniform(size=400)


def back(u: np.ndarray = DRAWS, **options: object) -> tuple[Histories, np.ndarray]:
    """The test pions at points drawn along their histories."""
    passage = passage_tables(211, LAYERS.materials, LINE)
    return follow_to(LAYERS, *START, passage, LINE.current, words=WORDS, u=u, **options)


@pytest.mark.parametrize(("along", "mean"), [("clock", 26.033), ("clock", 0.5), ("depth", 1.0)])
def test_a_drawn_point_is_where_a_second_call_stops(along: str, mean: float) -> None:
    whole = getattr(beam(Physics()), along)
    place, probability = truncated_exponential(DRAWS, whole, mean)
    twice = beam(Physics(), **{f"{along}_limit": place})
    once, chance = back(along=along, mean=mean)
    np.testing.assert_array_equal(chance, probability)
    for name in ("x", "p", "path", "clock", "depth"):
        np.testing.assert_allclose(getattr(once, name), getattr(twice, name), rtol=1e-12, atol=1e-12, err_msg=name)
    np.testing.assert_array_equal(once.status, twice.status)


@settings(deadline=None, max_examples=10, derandomize=True)
@given(st.floats(0.0, 1.0))
def test_every_mark_leads_into_the_same_history(u: float) -> None:
    whole, _ = back(np.ones(400), mean=1e12)
    at, _ = back(np.full(400, u), mean=1e12)
    np.testing.assert_allclose(at.clock, u * whole.clock, rtol=1e-4, atol=1e-9)  # a long mean: uniform up to 1e-5
    cut = beam(Physics(), clock_limit=at.clock)
    np.testing.assert_allclose(at.p, cut.p, rtol=1e-7, atol=1e-6)


def test_points_do_not_depend_on_threads() -> None:
    (one, a), (two, b) = back(mean=26.033), back(mean=26.033, threads=2)
    assert one.x.tobytes() + one.p.tobytes() + a.tobytes() == two.x.tobytes() + two.p.tobytes() + b.tobytes()


def test_a_particle_that_starts_at_its_end_stays() -> None:
    passage = passage_tables(211, LAYERS.materials, LINE)
    x = np.array(START[0][:3])
    x[:, 3] = 100.0
    at, chance = follow_to(LAYERS, x, START[1][:3], passage, 0.0, words=WORDS[:3], u=DRAWS[:3], mean=26.0)
    np.testing.assert_array_equal(at.x, x)
    assert at.status.tolist() == [Status.REACHED_END] * 3
    assert (chance == 0.0).all()


def test_refusals_of_points() -> None:
    with pytest.raises(UnknownNameError, match="along 'path'"):
        back(along="path", mean=1.0)
    with pytest.raises(RangeError, match="mean = 0"):
        back(mean=0.0)
    with pytest.raises(RangeError, match=r"u has shape \(2,\); allowed: \(400,\)"):
        back(DRAWS[:2], mean=1.0)
    with pytest.raises(RangeError, match=r"u = 1\.5"):
        back(np.full(400, 1.5), mean=1.0)


# --- against finer steps and the former kernel ---------------------------------------------------------------------


def test_matter_in_small_pieces_gives_the_same() -> None:
    """A tenth of the path at once: pions of 300 to 2000 MeV/c out of a bare rod, without field."""
    rng, n = np.random.default_rng(1), 60_000
    momentum, theta = rng.uniform(300.0, 2000.0, n), 0.06 * np.sqrt(rng.random(n))
    x = np.column_stack([np.zeros(n), rng.normal(0.0, 1e-3, (n, 2)), rng.uniform(0.05, 0.7, n)])
    p = np.column_stack([np.hypot(momentum, PION), momentum * np.sin(theta), 0.0 * theta, momentum * np.cos(theta)])
    physics = Physics(**{**NOTHING, "multiple_scattering": True}, tube_and_fins=False, conductor=False, air=False)
    layers = compile_layers(LINE, physics)
    coarse = passage_tables(211, layers.materials, LINE, physics)
    rates = coarse.rates.copy()
    rates[:, :, 4] *= 0.1
    widths, forward = [], []
    for passage in (coarse, replace(coarse, rates=rates)):
        end = follow(layers, x, p, passage, 0.0, words=words(rng.random(n)), z_end=1.8)
        turn = end.p[:, 1:] - p[:, 1:]
        widths.append(np.sqrt((turn**2).sum(axis=1)).mean())
        forward.append((end.p[:, 3] > np.cos(0.02) * momentum).mean())
    assert widths[0] == pytest.approx(widths[1], rel=0.012)
    assert forward[0] == pytest.approx(forward[1], rel=0.04)


@pytest.mark.parametrize(
    ("species", "expected", "sigma"),
    [
        # 40 sets of words, the kernel of two looks a step: survival, survivors at the dump, path, angle at the end
        (211, [0.807333, 0.0909222, 15.1221, 0.241703], [0.00048, 0.0025, 0.16, 0.011]),
        (-211, [0.799363, 0.0075877, 4.33368, 0.336236], [0.00045, 0.0007, 0.048, 0.0065]),
    ],
)
def test_averages_are_those_of_the_former_kernel(species: int, expected: list[float], sigma: list[float]) -> None:
    x, p = pions(4000)
    line = replace(LINE, apertures=tuple(a for a in LINE.apertures if a.z_start > 3.0))  # the geometry of those days
    layers = compile_layers(line)
    passage = passage_tables(species, layers.materials, line)
    end = follow(layers, x, p, passage, line.current, words=words(np.random.default_rng(50).random(4000)))
    angle = np.arctan2(np.hypot(end.p[:, 1], end.p[:, 2]), end.p[:, 3])
    survival = np.exp(-end.depth)
    at_dump = (survival * (end.status == Status.REACHED_END)).mean()
    averages = [survival.mean(), at_dump, end.path.mean(), np.sqrt((angle**2).mean())]
    np.testing.assert_allclose((np.array(averages) - expected) / sigma, 0.0, atol=4.0)
