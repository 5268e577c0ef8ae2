"""V1 of a dark-matter history: P -> gamma V1 or P -> l nu V1, then V1 -> chi chi, each vertex in full.

The prediction knows one chi and its spectrum; here V1 and the other chi are drawn as that spectrum has them, V1 on its
mass shell and decaying where the meson does.
"""

from dataclasses import dataclass

import numpy as np

from darkhorn.chain.decay import Spectrum
from darkhorn.core.points import Axis
from darkhorn.core.rays import Floats, Rays
from darkhorn.core.species import DARK_BOSON, mass, pdgid
from darkhorn.io.event_record import HEAVY_DARK
from darkhorn.models.channels import Line, interpolated, three_body
from darkhorn.models.dark_matter import DarkMatter
from darkhorn.models.productions import Production
from darkhorn.physics.cascade import two_body_energy
from darkhorn.physics.complete_chain import draw_mother_energy, mother_and_sister
from darkhorn.physics.fourvector import minkowski_dot


@dataclass(frozen=True)
class Mediator:
    """V1 of one kind of decay.

    Attributes
    ----------
    model : DarkMatter
        Masses and amplitude.
    parent : int
        PDG number of the meson, positive.
    lepton : int
        PDG number of the charged lepton, 0 for P -> gamma V1.
    """

    model: DarkMatter
    parent: int
    lepton: int

    @property
    def mass(self) -> float:
        """Of V1 in MeV."""
        return self.model.m_v1

    @property
    def sister(self) -> tuple[int, float]:
        """PDG number and mass in MeV of what V1 makes beside the chi that is followed."""
        same = self.model.pair == "chi chi"
        return (DARK_BOSON, self.model.m_chi) if same else (HEAVY_DARK, self.model.m_chi_prime)

    @property
    def amplitude(self) -> Production:
        """Of P -> l nu V1."""
        assert self.model.amplitude is not None
        return self.model.amplitude

    def momenta(self, mesons: Rays, chi: Floats, points: Floats) -> tuple[Floats, Floats]:
        """Return the four-momenta of V1 and of the other particle of the pair in MeV, (N, 4) each.

        Parameters
        ----------
        mesons : Rays
            At their decay, (N,).
        chi : (N, 4) float
            Four-momenta of the chi that is followed, MeV.
        points : (N, len(Axis)) float
            Points of their own: ENERGY decides the energy of V1, PAIR_PHI its azimuth.
        """
        meson, pair = mass(self.parent), (self.mass, self.model.m_chi, self.sister[1])
        if self.lepton:
            vector = three_body(self.amplitude, self.parent, self.lepton, self.mass)
            energy = minkowski_dot(mesons.p, chi) / meson
            limits = (self.mass, vector.energy_max)
            flying = draw_mother_energy(interpolated(vector), limits, energy, points[:, Axis.ENERGY], *pair)
        else:
            flying = np.full(len(mesons), float(two_body_energy(meson, self.mass, 0.0)))
        azimuth = 2.0 * np.pi * points[:, Axis.PAIR_PHI]
        return mother_and_sister(mesons.p, chi, flying, azimuth, meson, *pair)


def mediator_of(model: object, spectrum: Spectrum | Line) -> Mediator | None:
    """Return the V1 of a decay; None where the decay has none, or one off its mass shell (``chain = "full"``).

    Parameters
    ----------
    model : Model
        Scenario.
    spectrum : Spectrum or Line
        One of its decays.
    """
    if not isinstance(model, DarkMatter) or not spectrum.name.endswith(f" {model.pair}"):
        return None
    first = spectrum.name.split(" -> ")[1].split()[0]
    if first == "gamma":
        return None if model.chain == "full" else Mediator(model, spectrum.parent, 0)
    return Mediator(model, spectrum.parent, pdgid(first))
