"""Emission off the neutrino: gauge invariance, and the helicity that it restores."""

import numpy as np
import pytest

from darkhorn.physics import traces
from darkhorn.physics.neutrino_line import neutrino_line

CHANNELS = [(139.57039, 0.51099895), (139.57039, 105.6583755), (493.677, 105.6583755)]


@pytest.fixture(params=CHANNELS)
def at(request, dalitz_points):
    M, m_l = request.param
    m12_sq, m23_sq, _ = dalitz_points(M, m_l, 20.0, np.linspace(0.05, 0.95, 7), np.linspace(0.9, 0.1, 7))
    return traces.momenta(m12_sq, m23_sq, M, m_l, 20.0)


def relative_ward(at, amplitude):
    return traces.ward(at, amplitude) / (np.linalg.norm(at.k, axis=-1) * traces.size(at, amplitude))


@pytest.mark.parametrize(("q_l", "q_m", "q_nu"), [(1, 0, 1), (0, -1, 1), (-1, 0, -1), (2, 0.5, 1.5)])
def test_closes_the_ward_identity(at, q_l, q_m, q_nu):
    amplitude = traces.vector(at, q_l, q_m) + neutrino_line(at, q_nu)
    assert relative_ward(at, amplitude).max() < 1e-12
    wrong = traces.vector(at, q_l, q_m) + neutrino_line(at, -q_nu)
    assert relative_ward(at, wrong).min() > 1e-3


def test_alone_it_gives_the_two_body_amplitude(at):
    """k.X = -pslash between the spinors, the contraction that the other diagrams have to cancel."""
    contracted = np.einsum("...m,...mab->...ab", traces.lower(at.k), neutrino_line(at, 1.0))
    assert traces.spin_sum(at, contracted + traces.slash(at.p)) == pytest.approx(
        np.zeros(7), abs=1e-18 * at.p[0, 0] ** 4
    )


def test_scales_with_the_charge(at):
    assert neutrino_line(at, 2.5) == pytest.approx(2.5 * neutrino_line(at), rel=1e-14)
