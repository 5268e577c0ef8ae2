"""A few events made by hand: a pion decays at rest, X converts on carbon, on a bound nucleon, or decays."""

import numpy as np
import pytest

from darkhorn.core.species import ELECTRON, MUON, PI_PLUS, PROTON, mass
from darkhorn.io import event_record as er
from darkhorn.io.event_record import EventRecord, Particle, RunInfo, Sheet, Source, Vertex, assemble

M_C = 11174.8632
N = 3


def shell(m: float, *momentum: float) -> np.ndarray:
    """N copies of a four-momentum on its mass shell."""
    p = np.array(momentum, dtype=float)
    return np.tile([np.sqrt(m**2 + p @ p), *p], (N, 1))


def beginning(k: np.ndarray) -> tuple[list[Particle], list[Vertex]]:
    """Meson at production and at decay, with something left for the beam line and the rest of the decay."""
    born, late = shell(mass(PI_PLUS), 10.0, 0.0, 900.0), shell(mass(PI_PLUS), 0.0, 0.0, 800.0)
    muon = shell(mass(MUON), 1.0, 2.0, 300.0)
    x = np.tile([0.0, 0.0, 0.0, 0.1], (N, 1))
    then = np.tile([100.0, 0.1, 0.2, 30.0], (N, 1))
    particles = [
        Particle(er.PRODUCER, er.BOOKKEEPING, -1, 0, born, 0.0),
        Particle(PI_PLUS, er.BEAM_MESON, 0, 1, born, mass(PI_PLUS)),
        Particle(er.BEAM_LINE, er.BOOKKEEPING, 1, -1, born - late, 0.0),
        Particle(PI_PLUS, er.DECAYED, 1, 2, late, mass(PI_PLUS)),
        Particle(-MUON, er.FINAL, 2, -1, muon, mass(MUON)),
        Particle(er.UNRESOLVED, er.BOOKKEEPING, 2, -1, late - muon - k, 0.0),
        Particle(er.DARK_BOSON, er.BEAM, 2, 3, k, 5.0),
    ]
    return particles, [Vertex(er.PRODUCTION, x), Vertex(er.PASSAGE, then), Vertex(er.MESON_DECAY, then)]


def sheets() -> list[Sheet]:
    """Conversions on carbon and on a bound proton, and a decay."""
    k = shell(5.0, 0.0, 3.0, 200.0)
    where = np.array([[1900.0 + i, 0.1 * i, 0.2, 541.0] for i in range(N)])
    photon = np.tile([150.0, 0.0, 90.0, 120.0], (N, 1))
    out = []
    for process, m, inside in ((150, M_C, False), (250, mass(PROTON), True)):
        particles, vertices = beginning(k)
        rest = np.tile([m, 0.0, 0.0, 0.0], (N, 1))
        name = PROTON if inside else 1000060120
        particles.append(Particle(er.STRUCK if inside else er.TARGET, 0, 0, 0, rest, m))
        status, origin = (er.STRUCK, 4) if inside else (er.TARGET, -1)
        particles[-1] = Particle(name, status, origin, 3, rest, m)
        particles.append(Particle(22, er.FINAL, 3, -1, photon, 0.0))
        particles.append(Particle(name, er.FINAL, 3, -1, k + rest - photon, m))
        vertices.append(Vertex(er.PRIMARY, where))
        if inside:
            nucleus = np.tile([M_C, 0.0, 0.0, 0.0], (N, 1))
            particles.append(Particle(1000060120, er.TARGET, -1, 4, nucleus, M_C))
            particles.append(Particle(er.REMNANT, er.BOOKKEEPING, 4, -1, nucleus - rest, M_C - m))
            vertices.append(Vertex(er.SEPARATION, where))
        out.append(Sheet(particles, vertices, np.array([1.0, 2.0, 3.0]), process, quantities(process)))
    particles, vertices = beginning(k)
    electron = shell(mass(ELECTRON), 1.0, 2.0, 90.0)
    particles.append(Particle(er.NO_TARGET, er.TARGET, -1, 3, np.zeros((N, 4)), 0.0))
    particles.append(Particle(ELECTRON, er.FINAL, 3, -1, electron, mass(ELECTRON)))
    particles.append(Particle(-ELECTRON, er.FINAL, 3, -1, k - electron, mass(ELECTRON)))
    vertices.append(Vertex(er.PRIMARY, where))
    out.append(Sheet(particles, vertices, np.full(N, 0.5), 780, quantities(780)))
    return out


def quantities(process: int) -> dict[str, np.ndarray]:
    """What was reconstructed, and something that tells the sheets apart."""
    return {"e_vis_MeV": np.array([140.0, 150.0, 160.0]) + process, "q_sq_MeV2": np.full(N, 16.0)}


@pytest.fixture
def record() -> EventRecord:
    """Nine events, shuffled."""
    run = RunInfo(
        version="1.2.3",
        title="by hand & more",
        mode="neutrino",
        pot=1.0e20,
        seed=7,
        processes={150: ("C coherent", "on carbon"), 250: ("C nucleons", "on a proton"), 780: ("e e", "decay")},
        cross_section_cm2=3.0e-39,
        cross_section_error_cm2=1.0e-40,
        flux_edges=np.array([0.0, 100.0, 400.0]),
        flux=np.array([5.0, 7.0]),
        model={"m_x": 5.0, "name": "<x>"},
        sources=(Source("A:1", "A title", "arXiv:1234.56789"), Source("B:2", "Another", "Phys. Rev. 1, 2")),
        notes={"selection": "none"},
    )
    return assemble(sheets(), run, np.array([4, 0, 8, 2, 6, 1, 3, 7, 5]))
