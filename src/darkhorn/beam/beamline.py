"""A beam line as frozen data: proton spot, target rod, horn, and the open region down to the dump.

Lengths in m, momenta in MeV/c, angles in rad, current in A. Frame: z along the
protons, z = 0 at the upstream face of the horn, right-handed. Numbers come from
a data file (``experiments/bnb.toml``), never from here.
"""

from dataclasses import dataclass, replace
from typing import Self

from darkhorn.core.errors import RangeError, require_range
from darkhorn.core.units import AVOGADRO
from darkhorn.physics.energy_loss import DensityEffect


@dataclass(frozen=True)
class ProtonBeam:
    """Gaussian proton spot at ``z_start``; position and angle in a plane have correlation ``correlation``."""

    momentum: float
    sigma_x: float
    sigma_y: float
    sigma_xp: float
    sigma_yp: float
    correlation: float
    z_start: float


@dataclass(frozen=True)
class TargetRod:
    """A solid cylinder on the axis, of a named material, with its atom number density in 1/m^3."""

    material: str
    radius: float
    z_start: float
    z_end: float
    number_density: float


@dataclass(frozen=True)
class Material:
    """What particles cross.

    Attributes
    ----------
    name : str
        As layers call it.
    z, a : float
        Charge and molar mass in g/mol of the nucleus (of a mean nucleus for a mixture).
    density : float
        g/cm^3.
    excitation : float
        Mean excitation energy in eV.
    radiation_length : float
        g/cm^2.
    density_effect : DensityEffect
        Sternheimer's constants.
    nucleus : str
        Name under which hadron cross sections know the nucleus.
    """

    name: str
    z: float
    a: float
    density: float
    excitation: float
    radiation_length: float
    density_effect: DensityEffect
    nucleus: str

    @property
    def number_density(self) -> float:
        """Nuclei per m^3."""
        return self.density / self.a * AVOGADRO * 1.0e6


@dataclass(frozen=True)
class Shell:
    """A tube of a named material around the target; ``material`` is one of the beam line's."""

    name: str
    material: str
    z_start: float
    z_end: float
    r_in: float
    r_out: float


@dataclass(frozen=True)
class RadialProfile:
    """Nodes (z, r_in, r_out) joined by straight cones; the region between the two radii."""

    z: tuple[float, ...]
    r_in: tuple[float, ...]
    r_out: tuple[float, ...]

    def __post_init__(self) -> None:
        """Refuse nodes that do not describe a region."""
        if not len(self.z) == len(self.r_in) == len(self.r_out) >= 2:
            raise RangeError("profile: z, r_in and r_out need the same length, at least 2 nodes")
        if any(b <= a for a, b in zip(self.z, self.z[1:], strict=False)):
            raise RangeError("profile: z of the nodes must increase (m)")
        require_range("profile r_in", self.r_in, 0.0, unit="m")
        if any(b <= a for a, b in zip(self.r_in, self.r_out, strict=True)):
            raise RangeError("profile: r_out must exceed r_in at every node (m)")


@dataclass(frozen=True)
class Aperture:
    """An open cone from (z_start, r_start) to (z_end, r_end); what lies outside it stops everything."""

    name: str
    z_start: float
    z_end: float
    r_start: float
    r_end: float
    material: str


@dataclass(frozen=True)
class Beamline:
    """Everything that a meson can meet between the target and the dump.

    ``field`` is the region with the toroidal field; ``conductor`` is the metal
    body around it (inner radius of the inner conductor, outer radius of the outer
    one). ``current`` is signed: positive focuses positive mesons.
    ``shells`` surround the target (cooling tube, fins). The current flows in the
    outer ``skin_depth`` (m) of the inner conductor, which is cut into that many
    ``sublayers``; with 0 m there is no field in the metal.
    """

    name: str
    beam: ProtonBeam
    target: TargetRod
    field: RadialProfile
    conductor: RadialProfile
    conductor_material: str
    apertures: tuple[Aperture, ...]
    current: float
    flags: tuple[str, ...] = ()
    materials: tuple[Material, ...] = ()
    shells: tuple[Shell, ...] = ()
    skin_depth: float = 0.0
    sublayers: int = 1

    @property
    def z_dump(self) -> float:
        """End of the open region in m."""
        return self.apertures[-1].z_end

    def with_current(self, current: float) -> Self:
        """Return the same beam line with another horn current in A."""
        require_range("horn current", current, -1.0e6, 1.0e6, "A")
        return replace(self, current=current)
