"""Which neutrinos each meson and muon makes, with the spectrum in its rest frame ready to draw from."""

from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import numpy as np

from darkhorn.core.rays import Floats
from darkhorn.core.species import ELECTRON, K_LONG, K_MINUS, K_PLUS, MUON, PI0, PI_MINUS, PI_PLUS, mass, name_of
from darkhorn.physics.neutrino_decays import (
    BRANCHING,
    K_CHARGED_FORM,
    K_LONG_FORM,
    FormFactor,
    kl3_end,
    kl3_spectrum,
    muon_decay_density,
)
from darkhorn.physics.weak import two_body_energy

_NODES = 4001


class Spectrum(NamedTuple):
    """Cumulative distribution (n,) on a grid of rest-frame energies (n,) in MeV; a line has the same energy twice."""

    energy: Floats
    cumulative: Floats


@dataclass(frozen=True, eq=False)
class Channel:
    """One neutrino of one decay.

    Attributes
    ----------
    flavour : str
        numu, numubar, nue or nuebar.
    branching : float
        Branching ratio, times one half where two charges share it.
    spectrum : Spectrum
        Energy in the rest frame.
    """

    flavour: str
    branching: float
    spectrum: Spectrum

    def energy(self, u: Floats) -> Floats:
        """Return the rest-frame energy in MeV that each uniform number (N,) draws."""
        if len(self.spectrum.energy) == 2 and self.spectrum.energy[0] == self.spectrum.energy[1]:
            return np.full(len(u), self.spectrum.energy[0])
        return np.interp(u, self.spectrum.cumulative, self.spectrum.energy)


def tabulated(energy: Floats, density: Floats) -> Spectrum:
    """Return the spectrum of a density (n,) tabulated on a grid of energies (n,) in MeV; the norm is free."""
    cumulative = np.concatenate([[0.0], np.cumsum(0.5 * (density[1:] + density[:-1]) * np.diff(energy))])
    return Spectrum(energy, cumulative / cumulative[-1])


def _line(parent: int, lepton: int) -> Spectrum:
    """Return the line of the neutrino of a two-body decay."""
    energy = float(two_body_energy(mass(parent), mass(lepton)))
    return Spectrum(np.array([energy, energy]), np.array([0.0, 1.0]))


def _kl3(kaon: int, pion: int, lepton: int, form: FormFactor) -> Spectrum:
    """Return the spectrum of the neutrino of K -> pi l nu."""
    masses = mass(kaon), mass(pion), mass(lepton)
    energy = np.linspace(0.0, kl3_end(*masses), _NODES)
    return tabulated(energy, kl3_spectrum(energy, *masses, form))


def _michel(flavour: str) -> Spectrum:
    """Return the spectrum of a neutrino of an unpolarised muon."""
    x = np.linspace(0.0, 1.0, _NODES)
    return tabulated(0.5 * mass(MUON) * x, muon_decay_density(x, 0.0, 0.0, flavour))


def _charged(sign: int) -> tuple[str, str]:
    """Return the names of the muon and the electron neutrino that come with a positive or negative meson."""
    return ("numu", "nue") if sign > 0 else ("numubar", "nuebar")


@cache
def channels(species: int) -> tuple[Channel, ...]:
    """Return the neutrino channels of a meson or of an unpolarised muon; empty for other species.

    Parameters
    ----------
    species : int
        PDG number: pi+-, K+-, K0L, mu+-.
    """
    sign = 1 if species > 0 else -1
    numu, nue = _charged(sign)
    if species in (PI_PLUS, PI_MINUS):
        return (
            Channel(numu, BRANCHING["pi mu nu"], _line(PI_PLUS, MUON)),
            Channel(nue, BRANCHING["pi e nu"], _line(PI_PLUS, ELECTRON)),
        )
    if species in (K_PLUS, K_MINUS):
        return (
            Channel(numu, BRANCHING["K mu nu"], _line(K_PLUS, MUON)),
            Channel(nue, BRANCHING["K pi0 e nu"], _kl3(K_PLUS, PI0, ELECTRON, K_CHARGED_FORM)),
            Channel(numu, BRANCHING["K pi0 mu nu"], _kl3(K_PLUS, PI0, MUON, K_CHARGED_FORM)),
        )
    if species == K_LONG:
        electron = _kl3(K_LONG, PI_PLUS, ELECTRON, K_LONG_FORM)
        muon = _kl3(K_LONG, PI_PLUS, MUON, K_LONG_FORM)
        half_e, half_mu = 0.5 * BRANCHING["K0L pi e nu"], 0.5 * BRANCHING["K0L pi mu nu"]
        return (
            *(Channel(name, half_e, electron) for name in ("nue", "nuebar")),
            *(Channel(name, half_mu, muon) for name in ("numu", "numubar")),
        )
    if abs(species) == MUON:
        return tuple(
            Channel(name, 1.0, _michel(kind)) for name, kind in zip(muon_flavours(species), ("mu", "e"), strict=True)
        )
    return ()


def muon_flavours(species: int) -> tuple[str, str]:
    """Return the muon and the electron neutrino of a muon: numu and nuebar of mu- (13), numubar and nue of mu+."""
    return ("numu", "nuebar") if species > 0 else ("numubar", "nue")


def parent_label(species: int) -> str:
    """Return the name of a column of parents, as the published tables have them: pi, K, K0, mu."""
    labels = {PI_PLUS: "pi", K_PLUS: "K", K_LONG: "K0", MUON: "mu"}
    return labels.get(abs(species), name_of(species))
