"""Selection of photons: drawing above the bounds of a window counts what cutting freely drawn energies does."""

import numpy as np
import pytest

from darkhorn.chain.observe import observe
from darkhorn.chain.photons import Photons
from darkhorn.core.points import Axis, unit_points
from darkhorn.detector.response import Response
from darkhorn.experiments.samples import Window
from darkhorn.physics.ccqe import e_qe
from darkhorn.physics.fourvector import deflect

RESPONSE = Response((50, 150, 250, 350), (0, 0.089, 0.135, 0.139), 0.12, 0.01, angular="log", angular_degrees=2.7)
WINDOWS = {
    "none": Window(),
    "visible": Window(140.0),
    "both": Window(140.0, np.inf, 200.0, 1250.0),
    "antineutrino": Window(100.0, 900.0, 300.0, 1250.0, antineutrino=True, e_qe_binding=30.0),
    "all low": Window(-np.inf, np.inf, -np.inf, 400.0),
}
N = 2**15


def photons(points: np.ndarray) -> Photons:
    """Photons of 60 to 800 MeV in all directions, more of them forward and soft."""
    energy = 60.0 + 740.0 * points[:, 0] ** 2
    axis = np.tile([0.0, 0.0, 1.0], (len(points), 1))
    direction = deflect(axis, 2.0 * points[:, 1] ** 2, 2.0 * np.pi * points[:, 2])
    zero = np.zeros(len(points))
    return Photons(energy, direction, 1.0 + points[:, 3], zero, zero, zero)


@pytest.mark.parametrize("name", WINDOWS)
def test_same_spectra_as_cutting_what_is_smeared_freely(name: str) -> None:
    window, edges, cosines = WINDOWS[name], np.linspace(0.0, 1200.0, 13), np.linspace(-1.0, 1.0, 9)
    spectra: list[list[np.ndarray]] = [[], []]
    for seed in range(6):
        points = unit_points(N, seed=seed)
        light = photons(points)
        seen = observe(light, RESPONSE, window, points)
        assert (window.accepts(seen.e_vis, seen.e_qe) | (seen.weight == 0.0)).all()
        u1, u2, u3 = (points[:, axis] for axis in (Axis.SMEAR_ENERGY, Axis.SMEAR_COS, Axis.SMEAR_PHI))
        free, _ = RESPONSE.smear_energy(light.energy, u1)
        cos = RESPONSE.smear_direction(light.energy, light.direction, u2, u3)[:, 2].clip(-1.0, 1.0)
        neutrino = e_qe(free, cos, antineutrino=window.antineutrino, binding_energy=window.e_qe_binding)
        cut = light.weight * RESPONSE.efficiency_at(light.energy) * window.accepts(free, neutrino)
        for rows, e_vis, cosine, weight in (
            (spectra[0], seen.e_vis, seen.cos_theta, seen.weight),
            (spectra[1], free, cos, cut),
        ):
            bins = [np.histogram(values, at, weights=weight)[0] for values, at in ((e_vis, edges), (cosine, cosines))]
            rows.append(np.concatenate([*bins, [weight.sum()]]) / N)
    ours, freely = (np.array(rows) for rows in spectra)
    error = np.hypot(*(rows.std(axis=0, ddof=1) / np.sqrt(6.0) for rows in (ours, freely)))
    assert np.all(np.abs(ours.mean(axis=0) - freely.mean(axis=0)) <= 7.0 * error + 1e-4 * freely[:, -1].mean())
    if name == "both":
        assert seen.weight.var() < 0.9 * cut.var()  # no photon is lost
    if name == "none":
        assert np.array_equal(ours, freely)


def test_bounds_of_a_window() -> None:
    cosine = np.linspace(-1.0, 1.0, 41)
    for window in WINDOWS.values():
        least = window.least_e_vis(cosine)
        options = {"antineutrino": window.antineutrino, "binding_energy": window.e_qe_binding}
        below, above = (least * factor for factor in (1.0 - 1e-9, 1.0 + 1e-9))
        assert not (window.accepts(below, e_qe(below, cosine, **options)) & (least > 0.0)).any()
        if window.e_qe_min > 0.0:
            assert window.accepts(above, e_qe(above, cosine, **options)).all()
    assert (WINDOWS["none"].least_e_vis(cosine) == 0.0).all()


def test_a_perfect_detector_is_cut_by_its_window() -> None:
    points = unit_points(2**10, seed=1)
    light = photons(points)
    seen = observe(light, Response.perfect(), Window(140.0), points)
    assert (seen.e_vis == light.energy).all()
    assert (seen.weight == np.where(light.energy > 140.0, light.weight, 0.0)).all()
