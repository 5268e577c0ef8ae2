"""What one species meets in the materials of a beam line, tabulated on a grid of momentum for the compiled transport.

Every number comes from a formula of ``physics/``; species without measured cross sections borrow those of another one.
"""

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from darkhorn.beam.beamline import Beamline, Material
from darkhorn.beam.switches import Physics
from darkhorn.core.errors import RangeError, unknown_name
from darkhorn.core.rays import Floats
from darkhorn.core.species import (
    K_LONG,
    K_MINUS,
    K_PLUS,
    K_SHORT,
    MUON,
    NEUTRON,
    PI_MINUS,
    PI_PLUS,
    PROTON,
    charge,
    mass,
)
from darkhorn.core.units import CM, CM2_IN_M2
from darkhorn.physics.energy_loss import bethe
from darkhorn.physics.hadron_scattering import (
    elastic_shape,
    nucleon_elastic_cm2,
    nucleon_slope,
    pion_elastic_cm2,
    pion_slope,
)
from darkhorn.physics.multiple_scattering import SCALE
from darkhorn.physics.passage import (
    AIR_OVER_BE,
    pion_inelastic_cm2,
    pion_quasi_elastic_cm2,
    proton_inelastic_cm2,
    proton_quasi_elastic_cm2,
)

P_LOW, P_HIGH, POINTS = 10.0, 12000.0, 600
"""Grid of momentum in MeV/c, logarithmic; ends are held beyond."""
LONGEST_X0: Final = 0.3
"""Longest path in radiation lengths that acts at once."""
GAS: Final = 0.1
"""Density in g/cm^3 below which a material is a gas."""
DISPLACED: Final = {"gas": 1e-2, "solid": 2e-4}
"""Displacement in m (rms in a plane) that the path which acts at once may cause."""
STOP_ENERGY: Final = 1.0
"""Kinetic energy in MeV at which a particle counts as stopped."""
LOSABLE: Final = 0.05
"""Share of the kinetic energy that may be lost at once."""
FAR: Final = 1.0e9
"""Path in m that nothing limits."""
ATOMIC_MASS: Final = 931.49410242
"""MeV; CODATA 2018."""
NUCLEON_LOW: Final = 2000.0
"""MeV/c: the fits for nucleons are held below."""

PION_LIKE: Final = {
    PI_PLUS: (1, 1.0),
    PI_MINUS: (-1, 1.0),
    K_PLUS: (1, 2.0 / 3.0),
    K_MINUS: (-1, 1.0),
    K_LONG: (1, 2.0 / 3.0),
    K_SHORT: (1, 2.0 / 3.0),
    MUON: (-1, 0.0),
    -MUON: (1, 0.0),
}
"""Whose cross sections stand for each species, and times what.

K+ and K0 two thirds of pi+, K- as pi-: estimates, not measurements. Muons do not interact.
"""


@dataclass(frozen=True)
class Passage:
    """One species in M media, on a logarithmic grid of n momenta.

    Attributes
    ----------
    species : int
        PDG number.
    log_p : (n,) float
        ln of the momentum in MeV/c, equally spaced.
    rates : (M, n, 5) float
        Energy loss in MeV/m, inverse lengths in 1/m of absorption, of elastic and of quasi-elastic scattering, longest
        path in m whose matter acts at once.
    slopes : (n,) float
        Slope of quasi-elastic scattering in 1/MeV^2.
    media : (M, 5) float
        1/X0 in 1/m, two slopes (1/MeV^2) and the share of the first for elastic scattering, mass of the nucleus in
        MeV, longest step in m.
    """

    species: int
    log_p: Floats
    rates: Floats
    slopes: Floats
    media: Floats
    gas: int

    @property
    def constants(self) -> Floats:
        """Masses of particle and struck nucleon in MeV, kinetic energy of a stopped one, the gas."""
        nucleon = 0.5 * (mass(PROTON) + mass(NEUTRON))
        return np.array([mass(self.species), nucleon, STOP_ENERGY, self.gas])


class CrossSections(NamedTuple):
    """Inelastic (with quasi-elastic), quasi-elastic and elastic cross sections in cm^2 per nucleus."""

    inelastic: Floats
    quasi_elastic: Floats
    elastic: Floats


def cross_sections(species: int, p: Floats, nucleus: str) -> CrossSections:
    """Return the cross sections of a species on a nucleus.

    Parameters
    ----------
    species : int
        PDG number: nucleons, charged pions, kaons, muons.
    p : (n,) float
        Momentum in MeV/c.
    nucleus : str
        ``Be``, ``Al`` or ``air``.

    Raises
    ------
    RangeError
        For a species without cross sections.
    UnknownNameError
        For another nucleus.

    Notes
    -----
    Nucleons below 2 GeV/c have the values there; on air those of beryllium scaled by (14.5/9.01)^0.75.
    """
    if species in (PROTON, NEUTRON):
        scale, base = (AIR_OVER_BE, "Be") if nucleus == "air" else (1.0, nucleus)
        q = np.maximum(p, NUCLEON_LOW)
        parts = (proton_inelastic_cm2, proton_quasi_elastic_cm2, nucleon_elastic_cm2)
        return CrossSections(*(scale * part(q, base) for part in parts))
    if species not in PION_LIKE:
        known = ", ".join(map(str, (*PION_LIKE, PROTON, NEUTRON)))
        raise RangeError(
            f"pdgid = {species}: absorption in matter is known for {known} only; "
            "give other mesons at their decay points (stage = 'decay')"
        )
    sign, scale = PION_LIKE[species]
    pions = (pion_inelastic_cm2, pion_quasi_elastic_cm2, pion_elastic_cm2)
    return CrossSections(*(scale * part(p, sign, nucleus) for part in pions))


def passage_tables(
    species: int, media: tuple[str, ...], beamline: Beamline, physics: Physics | None = None, *, only: str = ""
) -> Passage:
    """Return what a species meets in the media of compiled layers.

    Parameters
    ----------
    species : int
        PDG number: nucleons, charged pions, kaons, muons.
    media : tuple of str
        Names in the order of :attr:`darkhorn.beam.layers.Layers.materials`.
    beamline : Beamline
        Gives the materials.
    physics : Physics, optional
        What is switched on; by default everything.
    only : str
        Nucleus in which absorption counts; by default in all.

    Raises
    ------
    RangeError
        For a species without cross sections.
    UnknownNameError
        For a medium that the beam line does not describe.
    """
    physics = physics or Physics()
    known = {material.name: material for material in beamline.materials}
    log_p = np.linspace(np.log(P_LOW), np.log(P_HIGH), POINTS)
    p = np.exp(log_p)
    rates, constants = np.zeros((len(media), POINTS, 5)), np.zeros((len(media), 5))
    constants[:, 4], rates[:, :, 4] = ATOMIC_MASS, FAR
    absent = {"air": not physics.air, beamline.conductor_material: not physics.conductor, "vacuum": True}
    cross_sections(species, p[:1], "Be")
    for row, name in enumerate(media):
        if absent.get(name, False):
            continue
        if name not in known:
            raise unknown_name("material", name, known)
        material = known[name]
        if charge(species) != 0.0:
            _electromagnetic(rates[row], constants[row], material, p, mass(species), physics)
        rates[row, :, 1:4] = _hadronic(species, p, material, physics, counted=only in ("", material.nucleus))
        constants[row, 1:4] = elastic_shape(material.a)
        constants[row, 4] = material.a * ATOMIC_MASS
    slope = nucleon_slope(p) if species in (PROTON, NEUTRON) else pion_slope(p)
    gas = next((row for row, name in enumerate(media) if name in known and known[name].density < GAS), -1)
    return Passage(species, log_p, rates, slope, constants, gas)


def _electromagnetic(
    rates: Floats, constants: Floats, material: Material, p: Floats, m: float, physics: Physics
) -> None:
    """Fill in the loss, 1/X0 and the longest path that acts at once."""
    if physics.energy_loss:
        z_over_a = material.z / material.a
        rates[:, 0] = bethe(
            p,
            m,
            z_over_a=z_over_a,
            density=material.density,
            excitation=material.excitation,
            constants=material.density_effect,
        )
    kinetic = np.hypot(p, m) - m
    longest = [LOSABLE * kinetic / np.maximum(rates[:, 0], kinetic / FAR)]
    if physics.multiple_scattering:
        constants[0] = per_x0 = material.density / material.radiation_length / CM
        beta_p, displaced = p * p / np.hypot(p, m), DISPLACED["gas" if material.density < GAS else "solid"]
        longest.append(np.full(len(p), LONGEST_X0 / per_x0))
        # x theta_0 / sqrt(3), without the logarithm of theta_0, which makes it smaller
        longest.append((displaced * np.sqrt(3.0 / per_x0) * beta_p / SCALE) ** (2.0 / 3.0))
    rates[:, 4] = np.min(longest, axis=0)


def _hadronic(species: int, p: Floats, material: Material, physics: Physics, *, counted: bool) -> Floats:
    """Return the inverse lengths in 1/m of absorption, elastic and quasi-elastic scattering, shape (n, 3)."""
    nucleon = species in (PROTON, NEUTRON)
    elastic = physics.proton_elastic if nucleon else physics.meson_elastic
    quasi = physics.proton_quasi_elastic if nucleon else physics.meson_quasi_elastic
    sigma = cross_sections(species, p, material.nucleus)
    removed = np.maximum(sigma.inelastic - sigma.quasi_elastic, 0.0) * (physics.absorption or nucleon) * counted
    columns = [
        removed,
        sigma.elastic if elastic == "follow" else np.zeros_like(p),
        sigma.quasi_elastic if quasi == "follow" else np.zeros_like(p),
    ]
    columns[0] = columns[0] + sigma.elastic * (elastic == "remove") + sigma.quasi_elastic * (quasi == "remove")
    inverse: Floats = np.stack(columns, axis=1) * material.number_density * CM2_IN_M2
    return inverse
