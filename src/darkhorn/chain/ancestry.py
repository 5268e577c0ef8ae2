"""Where the dark particles of events come from: the meson at production and at decay, and everything it decays to."""

from typing import Any, Final, NamedTuple

import numpy as np

from darkhorn.chain.decay import Spectrum
from darkhorn.chain.mediators import mediator_of
from darkhorn.chain.parents import ParentSampler
from darkhorn.chain.setup import Parents
from darkhorn.core.points import Axis
from darkhorn.core.rays import Floats, Rays
from darkhorn.core.species import PHOTON, mass, pdgid
from darkhorn.io.event_record import (
    BEAM_LINE,
    BEAM_MESON,
    BOOKKEEPING,
    DECAYED,
    FINAL,
    MEDIATOR,
    MEDIATOR_DECAY,
    MESON_DECAY,
    PASSAGE,
    PRODUCER,
    PRODUCTION,
    UNRESOLVED,
    Particle,
    Vertex,
)
from darkhorn.models.channels import Line, Model
from darkhorn.models.productions import LEPTONS, Production, squared_amplitude
from darkhorn.physics.complete_decay import draw_delta, lepton_and_neutrino, pair_mass_sq

_THREE_BODY: Final = " nu X"
_WITH_PHOTON: Final = " -> gamma X"


def at_production(parents: Parents, points: Floats) -> Rays | None:
    """Return the mesons of the same points where they were made; None where that is unknown, or where they decay.

    Parameters
    ----------
    parents : Parents
        What makes decaying mesons.
    points : (N, len(Axis)) float
        The points of which ``parents.sample`` has made them.
    """
    if not isinstance(parents, ParentSampler):
        return None
    return parents.produced(points)


def amplitude_of(model: Model, parent: int, name: str) -> tuple[Production, int] | None:
    """Return amplitude and lepton (absolute PDG number) of a decay that ``channels.three_body`` has named.

    Parameters
    ----------
    model : Model
        One with an ``amplitude``, or with an amplitude for each meson and lepton.
    parent : int
        PDG number of the meson.
    name : str
        Of the decay, such as ``pi+ -> mu nu X``.

    Returns
    -------
    (Production, int) or None
        None for another kind of decay, or a model that does not tell.
    """
    words = name.split()
    if not name.endswith(_THREE_BODY) or len(words) != 5:
        return None
    lepton = pdgid(words[2])
    tell: Any = getattr(model, "_charged", None)
    found = tell(parent, words[2]) if tell is not None else getattr(model, "amplitude", None)
    return (found, lepton) if isinstance(found, Production) and lepton in LEPTONS else None


class Products(NamedTuple):
    """What mesons decay to besides the dark particle, vertices after the decay, and where the dark particle starts."""

    particles: list[Particle]
    vertices: list[Vertex]
    origin: int


def decay_products(
    model: Model, spectrum: Spectrum | Line, mesons: Rays, boson: Floats, points: Floats, vertex: int
) -> Products:
    """Return what the mesons decay to besides the dark particle.

    Lepton and neutrino of P -> l nu X follow the squared amplitude at the energy of X; the photon of P -> gamma X is
    what is left. V1 that makes chi decays at a vertex of its own, see ``mediators.py``. The rest of any other chain is
    one pseudo-particle.

    Parameters
    ----------
    model : Model
        Knows the amplitude.
    spectrum : Spectrum or Line
        The decay.
    mesons : Rays
        At their decay, (N,).
    boson : (N, 4) float
        Four-momenta of the dark particle in MeV.
    points : (N, len(Axis)) float
        Points of their own: PAIR_MASS decides the Dalitz variable, LEPTON_PHI the azimuth, ENERGY and PAIR_PHI V1.
    vertex : int
        Number of the decay vertex.
    """
    found = mediator_of(model, spectrum)
    if found is not None:
        vector, sister = found.momenta(mesons, boson, points)
        number, m_sister = found.sister
        pair = [
            Particle(MEDIATOR, DECAYED, vertex, vertex + 1, vector, found.mass),
            Particle(number, FINAL, vertex + 1, -1, sister, m_sister),
        ]
        rest = (
            _lepton_and_neutrino(found.amplitude, found.lepton, spectrum, found.mass, mesons, vector, points, vertex)
            if found.lepton
            else _photon(mesons, vector, vertex)
        )
        return Products(pair + rest, [Vertex(MEDIATOR_DECAY, mesons.x)], vertex + 1)
    if spectrum.name.endswith(_WITH_PHOTON):
        return Products(_photon(mesons, boson, vertex), [], vertex)
    known = amplitude_of(model, spectrum.parent, spectrum.name)
    if known is None:
        return Products([Particle(UNRESOLVED, BOOKKEEPING, vertex, -1, mesons.p - boson, 0.0)], [], vertex)
    both = _lepton_and_neutrino(*known, spectrum, spectrum.mass, mesons, boson, points, vertex)
    return Products(both, [], vertex)


def _photon(mesons: Rays, boson: Floats, vertex: int) -> list[Particle]:
    """Return the photon of P -> gamma X."""
    rest = mesons.p - boson
    rest[:, 0] = np.linalg.norm(rest[:, 1:], axis=1)
    return [Particle(PHOTON, FINAL, vertex, -1, rest, 0.0)]


def _lepton_and_neutrino(
    amplitude: Production,
    lepton: int,
    spectrum: Spectrum | Line,
    m_x: float,
    mesons: Rays,
    boson: Floats,
    points: Floats,
    vertex: int,
) -> list[Particle]:
    """Return lepton and neutrino of P -> l nu X, drawn at the energy of X."""
    masses = (mass(abs(spectrum.parent)), mass(lepton), m_x)
    msq = squared_amplitude(amplitude, spectrum.parent, lepton, m_x)
    pair = pair_mass_sq(mesons.p, boson, *masses)
    delta = draw_delta(msq, pair, points[:, Axis.PAIR_MASS], *masses)
    azimuth = 2.0 * np.pi * points[:, Axis.LEPTON_PHI]
    charged, neutrino = lepton_and_neutrino(mesons.p, boson, delta, azimuth, *masses)
    sign = 1 if mesons.pdgid[0] > 0 else -1
    return [
        Particle(-sign * lepton, FINAL, vertex, -1, charged, mass(lepton)),
        Particle(sign * (lepton + 1), FINAL, vertex, -1, neutrino, 0.0),
    ]


def history(mesons: Rays, born: Rays | None) -> tuple[list[Particle], list[Vertex]]:
    """Return the meson up to its decay, which is the last vertex.

    Parameters
    ----------
    mesons : Rays
        At their decay, (N,), all of one species.
    born : Rays or None
        The same mesons at production; None leaves that out.

    Returns
    -------
    particles, vertices
        With ``born``: what made the meson, the meson there, momentum given to the beam line, the meson at its decay.
    """
    species, m = int(mesons.pdgid[0]), mass(abs(int(mesons.pdgid[0])))
    if born is None:
        return [Particle(species, BEAM_MESON, -1, 0, mesons.p, m)], [Vertex(MESON_DECAY, mesons.x)]
    return (
        [
            Particle(PRODUCER, BOOKKEEPING, -1, 0, born.p, 0.0),
            Particle(species, BEAM_MESON, 0, 1, born.p, m),
            Particle(BEAM_LINE, BOOKKEEPING, 1, -1, born.p - mesons.p, 0.0),
            Particle(species, DECAYED, 1, 2, mesons.p, m),
        ],
        [Vertex(PRODUCTION, born.x), Vertex(PASSAGE, mesons.x), Vertex(MESON_DECAY, mesons.x)],
    )
