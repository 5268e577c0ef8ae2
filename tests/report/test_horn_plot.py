"""The horn figure: tracks as the transport gives them."""

import numpy as np
import pytest
from matplotlib.text import Text

from darkhorn.beam.layers import compile_layers
from darkhorn.beam.transport import Status, transport
from darkhorn.core.rays import Rays
from darkhorn.core.species import PI_MINUS, PI_PLUS, mass
from darkhorn.experiments.beams import load_beam
from darkhorn.report.horn_plot import follow, plot_horn, typical


def pions(n: int, species: int = PI_PLUS) -> Rays:
    """Pions from the target with momenta of 1.5-5 GeV and angles up to 0.25 rad."""
    rng = np.random.default_rng(5)
    p, theta, phi = rng.uniform(1500, 5000, n), rng.uniform(0.01, 0.25, n), rng.uniform(0, 2 * np.pi, n)
    vector = p[:, None] * np.column_stack([np.sin(theta) * np.cos(phi), np.sin(theta) * np.sin(phi), np.cos(theta)])
    x = np.column_stack([np.zeros(n), np.full((n, 2), 1.0e-3), rng.uniform(0.05, 0.7, n)])
    return Rays.make(species, x, np.column_stack([np.hypot(p, mass(species)), vector]), rng.uniform(0.5, 1.5, n))


@pytest.fixture(scope="module")
def beamline():
    return load_beam("bnb", "neutrino")


def test_polylines_begin_at_production_and_end_where_the_whole_track_ends(beamline):
    layers, mesons = compile_layers(beamline), pions(12)
    lines = follow(beamline, layers, mesons, PI_PLUS)
    whole = transport(layers, mesons.x, mesons.p, 1.0, beamline.current)
    np.testing.assert_allclose(lines.z[:, 0], mesons.x[:, 3])
    np.testing.assert_allclose(lines.r[:, 0], np.hypot(mesons.x[:, 1], mesons.x[:, 2]))
    np.testing.assert_allclose(lines.z[:, -1], whole.x[:, 3])
    np.testing.assert_allclose(lines.r[:, -1], np.hypot(whole.x[:, 1], whole.x[:, 2]))
    np.testing.assert_array_equal(lines.status, whole.status)
    assert {Status.HIT_WALL, Status.REACHED_END} <= set(lines.status.tolist())
    assert (np.diff(lines.z, axis=1) >= 0).all()


def test_without_current_tracks_are_straight(beamline):
    off = beamline.with_current(0.0)
    mesons = pions(6)
    lines = follow(off, compile_layers(off), mesons, PI_PLUS)
    slope = mesons.p[:, 1:3] / mesons.p[:, 3:]
    xy = mesons.x[:, None, 1:3] + slope[:, None, :] * (lines.z - lines.z[:, :1])[:, :, None]
    np.testing.assert_allclose(lines.r, np.hypot(xy[..., 0], xy[..., 1]), atol=1e-9)


def test_the_horn_bends_one_sign_in_and_the_other_out(beamline):
    layers = compile_layers(beamline)
    at = {}
    for species in (PI_PLUS, PI_MINUS):
        lines = follow(beamline, layers, pions(30, species), species)
        at[species] = np.array([np.interp(2.5, z, r) for z, r in zip(lines.z, lines.r, strict=True)])
    inner, outer = np.median(at[PI_PLUS]), np.median(at[PI_MINUS])
    assert inner < 0.8 * outer


def test_typical_mesons_are_as_frequent_as_their_weight():
    mesons = pions(2000)
    heavy = mesons.with_weight(np.where(mesons.theta < 0.1, 3.0, 1.0))
    chosen = typical(heavy, 400)
    expected = 3.0 * (heavy.theta < 0.1).sum() / heavy.weight.sum()
    assert (chosen.theta < 0.1).mean() == pytest.approx(expected, abs=1.5 / 400)
    assert len(typical(heavy, 16, lowest=4000.0)) == 16
    assert typical(heavy, 16, lowest=4000.0).momentum.min() > 4000.0
    assert len(typical(heavy, 16, lowest=1.0e5)) == 0
    assert len(typical(mesons[:0])) == 0


def test_figure_shows_tracks_matter_and_units(beamline):
    mesons = {PI_PLUS: pions(200), PI_MINUS: pions(200, PI_MINUS)}
    figure = plot_horn(beamline, mesons, n=8)
    layers = compile_layers(beamline)
    for axes in figure.axes:
        assert (axes.get_xlabel(), axes.get_ylabel()) == ("z [m]", "distance from axis r [cm]")
        drawn = {line.get_label(): line for line in axes.lines}
        for species, name, side in ((PI_PLUS, "π⁺", 1.0), (PI_MINUS, "π⁻", -1.0)):
            lines = follow(beamline, layers, typical(mesons[species], 8), species)
            z, r = drawn[name].get_data()
            keep = np.isfinite(z)
            assert (~keep).sum() == 8
            np.testing.assert_allclose(z[keep], lines.z.ravel())
            np.testing.assert_allclose(r[keep], 100.0 * side * lines.r.ravel())
    near, far = figure.axes
    assert near.get_xlim()[1] == pytest.approx(1.04 * 5.2036)
    assert far.get_xlim()[1] == pytest.approx(50.314)
    shapes = {artist.get_label(): artist.get_paths()[0].vertices for artist in near.collections}
    assert shapes["conductor"][:, 1].max() == pytest.approx(32.54)
    assert shapes["field"][:, 1].max() == pytest.approx(30.0)
    assert shapes["target (Be)"][:, 0].max() == pytest.approx(0.746125)
    assert np.abs(shapes["target (Be)"][:, 1]).max() == pytest.approx(0.47625)
    text = "\n".join(item.get_text() for item in figure.findobj(Text))
    assert "horn at +174 kA" in text
    assert "absorption in metal is a weight" in text
    assert min(item.get_fontsize() for item in figure.findobj(Text) if item.get_text()) >= 8.0


def test_a_species_without_mesons_leaves_the_others(beamline):
    figure = plot_horn(beamline, {PI_PLUS: pions(20), PI_MINUS: pions(0, PI_MINUS)}, n=4)
    figure.canvas.draw()
    negative = next(line for line in figure.axes[0].lines if line.get_label() == "π⁻")
    assert len(negative.get_xdata()) == 0
