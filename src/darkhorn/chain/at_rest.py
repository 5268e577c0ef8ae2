"""Neutrinos of mesons that stop: the 235.5 MeV line of K+, the 29.8 MeV line of pi+ and the muons after it.

Positive mesons that reach a wall or the dump are ranged out in it; negative ones are captured and make no
neutrino. A stopped meson decays where it hit, isotropically.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import numpy as np

from darkhorn.beam.beamline import Beamline
from darkhorn.beam.layers import Layers, compile_layers
from darkhorn.beam.matter import survival
from darkhorn.beam.parametrised import SHAPES, ParametrisedSource
from darkhorn.beam.source import Source
from darkhorn.beam.transport import transport
from darkhorn.chain.flux import Disc
from darkhorn.chain.neutrino_channels import parent_label
from darkhorn.chain.neutrinos import Key, NeutrinoFlux, collect, fill
from darkhorn.chain.predict import REPLICATES
from darkhorn.core.errors import require_range, unknown_name
from darkhorn.core.importance import ImportanceGrid
from darkhorn.core.points import Axis, unit_points
from darkhorn.core.rays import Floats, Rays
from darkhorn.core.species import K_PLUS, MUON, PI_PLUS, charge, lifetime, mass
from darkhorn.core.units import C
from darkhorn.physics.passage import proton_production_cm2
from darkhorn.physics.stopping import KAON_OVER_PION, STEEL, WALLS, Wall, stopping_table

SCALE: Final = {K_PLUS: KAON_OVER_PION, PI_PLUS: 1.0}
"""Species that stop and decay, with their cross section over that of pi+."""

RETENTION: Final = {K_PLUS: 0.5, PI_PLUS: 0.0}
"""How often an inelastic collision leaves the same meson. The strange antiquark of a K+ survives and makes K+ or K0;
one half each by isospin is an estimate, unverified. Pions are lost."""

_STREAM: Final = 2_000_000


def wall_at(beamline: Beamline, z: Floats) -> list[tuple[Wall, Floats]]:
    """Return each kind of wall with a mask of the points z (N,) in m where it stands.

    In front of the first aperture, and at the dump, it is steel.

    Raises
    ------
    UnknownNameError
        For an aperture of a material that is not in :data:`darkhorn.physics.stopping.WALLS`.
    """
    names = np.full(len(z), "steel", dtype=object)
    for aperture in beamline.apertures:
        if aperture.material not in WALLS:
            raise unknown_name("material of a wall", aperture.material, WALLS)
        names[(z >= aperture.z_start) & (z < aperture.z_end - 1.0e-6)] = aperture.material
    return [(WALLS[name], names == name) for name in sorted(set(names))]


def stopped(mesons: Rays, beamline: Beamline, layers: Layers, retention: float | None = None, threads: int = 1) -> Rays:
    """Return mesons at rest where they hit a wall, weighted with the number that stop per POT.

    Parameters
    ----------
    mesons : Rays
        K+ or pi+ at production, all of one species, (N,).
    beamline, layers
        The geometry, and the same compiled for the kernel.
    retention : float, optional
        Share of collisions that leave the meson, 0 to 1; :data:`RETENTION` by default.
    threads : int
        Threads of the transport.

    Returns
    -------
    Rays
        N mesons at rest.

    Raises
    ------
    UnknownNameError
        For a species that does not stop and decay.

    Notes
    -----
    Mesons that collide on the way to the wall stop in it with the energy that the collision left them.
    """
    species = int(mesons.pdgid[0])
    if species not in SCALE:
        raise unknown_name("species that stops and decays", str(species), map(str, SCALE))
    kept = RETENTION[species] if retention is None else retention
    m, momentum = mass(species), mesons.momentum
    tracks = transport(layers, mesons.x, mesons.p, charge(species), beamline.current, threads=threads)
    alive = np.exp(-tracks.path * m / (C * lifetime(species) * momentum))
    whole = survival(tracks.path_in, layers.materials, species, momentum)
    kinetic = mesons.energy - m
    share = np.zeros(len(mesons))
    for wall, here in wall_at(beamline, tracks.x[:, 3]):
        grid, probability, after = stopping_table(m, lifetime(species), wall, SCALE[species], kept)
        stop = np.interp(kinetic[here], grid, probability)
        share[here] = whole[here] * stop + (1.0 - whole[here]) * kept * np.interp(kinetic[here], grid, after)
    return _at_rest(species, tracks.x, mesons.weight * alive * share)


def dump_kaons(beamline: Beamline, protons: float, points: Floats, retention: float | None = None) -> Rays:
    """Return K+ at rest that protons left over by the target make in the steel at the end of the open region.

    Parameters
    ----------
    beamline : Beamline
        Gives the proton momentum and the place.
    protons : float
        Protons per POT that arrive there, >= 0.
    points : (N, len(Axis)) float
        Points of the unit cube.
    retention : float, optional
        As :func:`stopped`.

    Returns
    -------
    Rays
        N kaons at rest on the axis.

    Raises
    ------
    RangeError
        For a negative number of protons.

    Notes
    -----
    K+ per interaction as in beryllium, one interaction a proton; what other hadrons of the shower make is left out.
    """
    require_range("protons at the dump", protons, 0.0, unit="per POT")
    shape, p_beam = SHAPES[K_PLUS], beamline.beam.momentum
    kept = RETENTION[K_PLUS] if retention is None else retention
    p_max = p_beam - shape.p_end
    p, theta = p_max * points[:, Axis.MOMENTUM], 0.5 * np.pi * points[:, Axis.THETA]
    measure = p_max * np.pi**2 * np.sin(theta)
    made = shape.density(p, theta, p_beam) * measure / proton_production_cm2(p_beam, "Be")
    m = mass(K_PLUS)
    grid, probability, _ = stopping_table(m, lifetime(K_PLUS), STEEL, KAON_OVER_PION, kept)
    stop = np.interp(np.hypot(p, m) - m, grid, probability)
    place = np.array([0.0, 0.0, 0.0, beamline.z_dump])
    return _at_rest(K_PLUS, np.tile(place, (len(p), 1)), protons * made * stop / len(p))


def _leftover(source: Source, points: Floats) -> float:
    """Return the protons per POT that make no meson in the target, as far as the source knows."""
    return 1.0 - source.interactions(points) if isinstance(source, ParametrisedSource) else 0.0


def _at_rest(species: int, x: Floats, weight: Floats) -> Rays:
    """Return particles at rest."""
    p = np.zeros((len(weight), 4))
    p[:, 0] = mass(species)
    return Rays.make(species, x, p, weight, np.arange(len(weight)))


def at_rest_flux(
    source: Source,
    beamline: Beamline,
    discs: Sequence[Disc],
    edges: Floats,
    *,
    species: Sequence[int] = (K_PLUS, PI_PLUS),
    leftover: float | None = None,
    retention: float | None = None,
    n: int = 2**13,
    replicates: int = REPLICATES,
    seed: int = 1,
    threads: int = 1,
) -> tuple[NeutrinoFlux, ...]:
    """Return the neutrino flux of mesons that stop; parents are named ``K at rest``, ``pi at rest``, ``mu at rest``.

    Parameters
    ----------
    source : Source
        Mesons at production.
    beamline : Beamline
        What they pass.
    discs, edges, n, replicates, seed, threads
        As :func:`darkhorn.chain.neutrinos.neutrino_flux`.
    species : sequence of int
        K+ (321), pi+ (211) or both.
    leftover : float, optional
        Protons per POT that go through the target and interact in the dump: :func:`dump_kaons`. By default those that
        a parametrised source leaves, and none for another source.
    retention : float, optional
        As :func:`stopped`.

    Returns
    -------
    tuple of NeutrinoFlux
        One entry a disc.

    Notes
    -----
    Muons in flight that hit a wall and stop there are not followed: they make neutrinos below 53 MeV only. About half
    of the protons that go through the target reach the dump, most others a wall before it (``beam/passing.py``); their
    kaons are counted at the dump too, which makes them at most a fifth too few.
    """
    layers, uniform = compile_layers(beamline), ImportanceGrid.uniform()

    def one(replicate: int) -> list[dict[Key, Floats]]:
        tallies: list[dict[Key, Floats]] = [{} for _ in discs]
        for pdg in species:
            points = unit_points(n, seed=seed, stream=(_STREAM, pdg, replicate))
            batches = [stopped(source.sample(points, pdg, uniform), beamline, layers, retention)]
            if pdg == K_PLUS:
                protons = _leftover(source, points) if leftover is None else leftover
                batches.append(dump_kaons(beamline, protons, points, retention))
            for rest in batches:
                chains = [rest] if pdg == K_PLUS else [rest, _at_rest(-MUON, rest.x, rest.weight)]
                for disc, tally in zip(discs, tallies, strict=True):
                    for particles in chains:
                        name = f"{parent_label(int(particles.pdgid[0]))} at rest"
                        fill(tally, edges, particles, disc, points, name)
        return tallies

    with ThreadPoolExecutor(threads) as pool:
        found = list(pool.map(one, range(replicates)))
    return collect(edges, found)
