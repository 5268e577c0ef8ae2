"""Two-body decay P -> l nu: published numbers, explicit matrices, closed channels."""

import numpy as np
import pytest

from darkhorn.core.errors import UnknownNameError
from darkhorn.physics import traces, weak

M_PI, M_K, M_E, M_MU = 139.57039, 493.677, 0.51099895, 105.6583755


@pytest.mark.parametrize(
    ("pdg", "M", "m", "expected"),
    [
        (211, M_PI, M_MU, 2.470679e-14),
        (211, M_PI, M_E, 3.170736e-18),
        (-321, M_K, M_MU, 3.312831e-14),
        (321, M_K, M_E, 8.510539e-19),
    ],
)
def test_two_body_width(pdg: int, M: float, m: float, expected: float) -> None:
    assert weak.two_body_width(M, m, *weak.meson_constants(pdg)) == pytest.approx(expected, rel=3e-7, abs=0.0)


def test_pion_width_is_close_to_the_measured_one() -> None:
    total = weak.two_body_width(M_PI, M_MU, *weak.meson_constants(211))
    assert total == pytest.approx(2.5284e-14, rel=0.03, abs=0.0)


def test_tree_level_universality_ratio() -> None:
    ratio = weak.two_body_width(M_PI, M_E, 1.0, 1.0) / weak.two_body_width(M_PI, M_MU, 1.0, 1.0)
    assert ratio == pytest.approx(1.28334e-4, rel=1e-5, abs=0.0)


def test_width_from_explicit_matrices() -> None:
    M, m, f, ckm = M_K, M_MU, 155.7, 0.2243
    energy = float(weak.two_body_energy(M, m))
    neutrino = np.array([energy, 0.0, energy, 0.0])
    lepton = np.array([M - energy, 0.0, -energy, 0.0])
    left = traces.slash(lepton) + m * np.eye(4)
    vertex = traces.slash(lepton + neutrino) @ (np.eye(4) - traces.GAMMA5)
    bar = traces.GAMMA[0] @ vertex.conj().T @ traces.GAMMA[0]
    squared = np.trace(left @ vertex @ traces.slash(neutrino) @ bar).real / 2.0 * (weak.G_FERMI * f * ckm) ** 2
    by_hand = squared * energy / (8.0 * np.pi * M**2)
    assert weak.two_body_width(M, m, f, ckm) == pytest.approx(by_hand, rel=1e-12, abs=0.0)


def test_two_body_energy() -> None:
    assert weak.two_body_energy(M_PI, M_MU) == pytest.approx(29.792, abs=5e-4)
    assert weak.two_body_energy(M_K, M_MU) == pytest.approx(235.532, abs=1e-3)


def test_closed_channel_is_exactly_zero() -> None:
    assert weak.two_body_width(100.0, M_MU, 130.0, 1.0) == 0.0
    assert weak.two_body_energy(100.0, M_MU) == 0.0


def test_unknown_meson() -> None:
    with pytest.raises(UnknownNameError, match="211"):
        weak.meson_constants(111)
