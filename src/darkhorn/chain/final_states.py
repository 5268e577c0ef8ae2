"""What a dark particle does in the detector, written out: target, products, recoil and later decays, event by event.

The functions repeat the kinematics of ``detect.py`` and ``inside.py`` for the same points and keep every four-momentum.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import singledispatch
from typing import Any, Final

import numpy as np

from darkhorn.chain.aim import Arrivals
from darkhorn.chain.inside import _pair, _two_body
from darkhorn.chain.photons import Photons, Vertices, somewhere
from darkhorn.core.points import Axis
from darkhorn.core.rays import Floats
from darkhorn.core.species import ELECTRON, MUON, NEUTRON, PHOTON, PROTON, mass
from darkhorn.core.units import C
from darkhorn.detector.geometry import Shape
from darkhorn.io.event_record import (
    BEAM,
    BOOKKEEPING,
    DARK_DECAY,
    DARK_PARTNER,
    DECAYED,
    FINAL,
    HEAVY_DARK,
    NO_TARGET,
    PRIMARY,
    REMNANT,
    SEPARATION,
    STRUCK,
    TARGET,
    Particle,
    Vertex,
)
from darkhorn.models.channels import Channel, Conversion, Nucleus, Recoil, Upscatter, VolumeDecay
from darkhorn.physics.fourvector import deflect
from darkhorn.physics.scattering import upscatter_q_sq_limits
from darkhorn.physics.two_body_lab import one_minus_cos_out

_PRODUCTS: Final = {"e": ELECTRON, "mu": MUON, "gamma": PHOTON, "photon": PHOTON}
_COHERENT, _NUCLEONS, _ELECTRONS, _DECAYS = 150, 250, 750, 780
_CLOSE: Final = 5.0
"""A target within so many MeV of the mass of a nucleon is one."""


@dataclass(frozen=True)
class Encounter:
    """One particle at its vertex in the detector, N rows.

    Attributes
    ----------
    arrivals : Arrivals
        Particles at the entry of the detector.
    photons : Photons
        What ``detect`` has made of them at the same points.
    points : (N, len(Axis)) float
        Points of the unit cube.
    mass : float
        Of the particle in MeV.
    pdgid : int
        What it is called.
    shape : Shape
        Detector volume.
    nuclei : tuple of Nucleus
        What the detector is made of.
    """

    arrivals: Arrivals
    photons: Photons
    points: Floats
    mass: float
    pdgid: int
    shape: Shape
    nuclei: tuple[Nucleus, ...]

    @property
    def incoming(self) -> Floats:
        """Four-momenta in MeV, (N, 4)."""
        return self.arrivals.rays.p

    @property
    def n(self) -> int:
        """Number of rows."""
        return len(self.arrivals.rays)


@dataclass(frozen=True)
class FinalState:
    """Particles and vertices in the detector: the primary vertex and the dark particle come first."""

    particles: list[Particle]
    vertices: list[Vertex]


def nucleus_number(nucleus: Nucleus) -> int:
    """Return the PDG number of a nucleus, 10LZZZAAAI; of the proton for free hydrogen."""
    if nucleus.nucleons == 1:
        return PROTON
    return 1000000000 + 10000 * nucleus.protons + 10 * nucleus.nucleons


def kind_of(channel: Channel) -> int:
    """Return the first process number of the family of a channel: coherent, nucleons, electrons or decays.

    Families follow the ranges of NuHepMC (convention E.C.1) for neutral currents.
    """
    if isinstance(channel, VolumeDecay):
        return _DECAYS
    if channel.target_mass < 1.5 * mass(ELECTRON):
        return _ELECTRONS
    return _NUCLEONS if abs(channel.target_mass - mass(PROTON)) < _CLOSE else _COHERENT


def process_numbers(channels: Iterable[Channel]) -> dict[str, int]:
    """Return a number for each channel by its name: the family's first number, then upwards."""
    used: dict[int, int] = {}
    numbers = {}
    for channel in channels:
        start = kind_of(channel)
        numbers[channel.name] = start + used.get(start, 0)
        used[start] = used.get(start, 0) + 1
    return numbers


@singledispatch
def final_state(channel: Any, meeting: Encounter) -> FinalState:
    """Return particles and vertices of one channel of detection.

    Parameters
    ----------
    channel : Conversion, Recoil, Upscatter or VolumeDecay
        What happens.
    meeting : Encounter
        N particles where it happens.

    Raises
    ------
    TypeError
        For another kind of channel.
    """
    raise TypeError(f"{type(channel).__name__} is no detection channel")


@final_state.register
def _(channel: Conversion, meeting: Encounter) -> FinalState:
    photon = _massless(meeting.photons.energy, meeting.photons.direction)
    at = somewhere(meeting.arrivals, meeting.mass, meeting.points)
    return _scattered(channel, meeting, at, Particle(PHOTON, FINAL, 0, -1, photon, 0.0))


@final_state.register
def _(channel: Recoil, meeting: Encounter) -> FinalState:
    kinetic, m = meeting.photons.energy, channel.target_mass
    size = np.sqrt(kinetic * (kinetic + 2.0 * m))
    struck = np.column_stack([kinetic + m, size[:, None] * meeting.photons.direction])
    at = somewhere(meeting.arrivals, meeting.mass, meeting.points)
    out = meeting.incoming + _at_rest(m, meeting.n) - struck
    return _scattered(channel, meeting, at, Particle(meeting.pdgid, FINAL, 0, -1, out, meeting.mass))


@final_state.register
def _(channel: Upscatter, meeting: Encounter) -> FinalState:
    decay, points = channel.decay, meeting.points
    heavy, direction = _heavier(channel, meeting)
    at = somewhere(meeting.arrivals, meeting.mass, points)
    state = _scattered(channel, meeting, at, Particle(HEAVY_DARK, DECAYED, 0, 1, heavy, decay.m_heavy))
    lepton, other = _pair(heavy, direction, decay, points)
    chi = heavy - lepton - other
    size = np.linalg.norm(heavy[:, 1:], axis=1)
    path = (meeting.photons.time - at.time) * C * size / heavy[:, 0]
    place = np.column_stack([meeting.photons.time, at.place + path[:, None] * direction])
    last = len(state.vertices)
    state.vertices.append(Vertex(DARK_DECAY, place))
    state.particles[2] = state.particles[2]._replace(end=last)
    state.particles.extend(
        [
            Particle(meeting.pdgid, FINAL, last, -1, chi, decay.m_light),
            Particle(ELECTRON, FINAL, last, -1, lepton, decay.m_lepton),
            Particle(-ELECTRON, FINAL, last, -1, other, decay.m_lepton),
        ]
    )
    return state


@final_state.register
def _(channel: VolumeDecay, meeting: Encounter) -> FinalState:
    rays, n = meeting.arrivals.rays, meeting.n
    masses = (channel.m_first, channel.m_second)
    first, second = _two_body(rays.p, meeting.mass, *masses, rays.direction, meeting.points)
    path = (meeting.photons.time - rays.x[:, 0]) * C * rays.momentum / rays.energy
    place = rays.x[:, 1:] + path[:, None] * rays.direction
    names = _product_numbers(channel)
    return FinalState(
        [
            Particle(meeting.pdgid, BEAM, -1, 0, rays.p, meeting.mass),
            Particle(NO_TARGET, TARGET, -1, 0, np.zeros((n, 4)), 0.0),
            Particle(names[0], FINAL, 0, -1, first, masses[0]),
            Particle(names[1], FINAL, 0, -1, second, masses[1]),
        ],
        [Vertex(PRIMARY, np.column_stack([meeting.photons.time, place]))],
    )


def _product_numbers(channel: VolumeDecay) -> tuple[int, int]:
    """Return the PDG numbers of a decay from its name, such as ``e e``, ``e+ e-`` or ``gamma z``."""
    numbers = []
    for place, word in enumerate(re.sub(r"[+-]", "", channel.name).split()[:2]):
        number = _PRODUCTS.get(word, DARK_PARTNER)
        numbers.append(-number if place == 1 and number in (ELECTRON, MUON) else number)
    return numbers[0], numbers[1]


def _heavier(channel: Upscatter, meeting: Encounter) -> tuple[Floats, Floats]:
    """Return four-momenta (N, 4) and directions (N, 3) of chi', for the same points as ``inside.upscatter``."""
    rays, decay, points = meeting.arrivals.rays, channel.decay, meeting.points
    energy = np.maximum(rays.energy, meeting.mass * (1.0 + 1.0e-12))
    low, high = upscatter_q_sq_limits(energy, meeting.mass, decay.m_heavy, channel.target_mass)
    offset = channel.mediator_mass**2
    span = np.log1p((high - low) / (low + offset))
    q_sq = np.clip((low + offset) * np.exp(span * points[:, Axis.Q_SQ]) - offset, low, high)
    heavy = np.maximum(energy - 0.5 * q_sq / channel.target_mass, decay.m_heavy)
    versine = one_minus_cos_out(energy, heavy, q_sq, meeting.mass, decay.m_heavy)
    direction = deflect(rays.direction, versine, 2.0 * np.pi * points[:, Axis.PHOTON_PHI])
    size = np.sqrt((heavy - decay.m_heavy) * (heavy + decay.m_heavy))
    return np.column_stack([heavy, size[:, None] * direction]), direction


def _scattered(
    channel: Conversion | Recoil | Upscatter, meeting: Encounter, at: Vertices, outgoing: Particle
) -> FinalState:
    """Return a scattering on a target at rest: dark particle, target, what goes out, and the recoil that balances.

    A bound nucleon leaves its nucleus at a vertex of its own first, at rest and without binding energy, as the cross
    section has it; the nucleus without it is a pseudo-particle.
    """
    n, m = meeting.n, channel.target_mass
    nucleus = next(item for item in meeting.nuclei if item.name == channel.name.split()[0])
    at_rest, place = _at_rest(m, n), np.column_stack([at.time, at.place])
    recoil = meeting.incoming + at_rest - outgoing.p
    recoil[:, 0] = np.sqrt((recoil[:, 1:] ** 2).sum(axis=1) + m**2)
    beam = Particle(meeting.pdgid, BEAM, -1, 0, meeting.incoming, meeting.mass)
    family = kind_of(channel)
    struck = NEUTRON if "neutron" in channel.name else PROTON
    if family != _NUCLEONS or nucleus.nucleons == 1:
        number = {_COHERENT: nucleus_number(nucleus), _NUCLEONS: PROTON, _ELECTRONS: ELECTRON}[family]
        target = Particle(number, TARGET, -1, 0, at_rest, m)
        return FinalState([beam, target, outgoing, Particle(number, FINAL, 0, -1, recoil, m)], [Vertex(PRIMARY, place)])
    rest = nucleus.mass - m
    return FinalState(
        [
            beam,
            Particle(struck, STRUCK, 1, 0, at_rest, m),
            outgoing,
            Particle(struck, FINAL, 0, -1, recoil, m),
            Particle(nucleus_number(nucleus), TARGET, -1, 1, _at_rest(nucleus.mass, n), nucleus.mass),
            Particle(REMNANT, BOOKKEEPING, 1, -1, _at_rest(rest, n), rest),
        ],
        [Vertex(PRIMARY, place), Vertex(SEPARATION, place)],
    )


def _at_rest(m: float, n: int) -> Floats:
    return np.tile([m, 0.0, 0.0, 0.0], (n, 1))


def _massless(energy: Floats, direction: Floats) -> Floats:
    return np.column_stack([energy, energy[:, None] * direction])
