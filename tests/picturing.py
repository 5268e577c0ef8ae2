"""What tests of the pictures share: a beam of a few mesons of one momentum, which costs nothing to make."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pytest

from darkhorn.chain.setup import Setup
from darkhorn.core.rays import Floats, Rays
from darkhorn.core.species import ETA, K_PLUS, PI0, PI_PLUS, mass
from darkhorn.detector.rings import RingRule
from darkhorn.experiments.build import build_composition, build_response, build_shape
from darkhorn.experiments.loader import Experiment
from darkhorn.inference import confront_beams
from darkhorn.inference.confront_beams import Beams, Part
from darkhorn.inference.confront_point import Settings

COARSE: Final = Settings(precision=0.3, seed=1, replicates=4, threads=1)
YIELDS: Final = {PI_PLUS: 0.1, K_PLUS: 0.01, PI0: 0.2, ETA: 0.006}


@dataclass(frozen=True)
class Beam:
    """Mesons of one kind that decay at the origin with momenta of 1 to 3 GeV, within a few degrees of the axis."""

    species: int

    def sample(self, points: Floats, threads: int = 1) -> Rays:
        n = len(points)
        momentum = 1000.0 + 2000.0 * points[:, 0]
        theta, phi = 0.1 * points[:, 1], 2.0 * np.pi * points[:, 2]
        across = momentum * np.sin(theta)
        p = np.column_stack(
            [
                np.hypot(momentum, mass(abs(self.species))),
                across * np.cos(phi),
                across * np.sin(phi),
                momentum * np.cos(theta),
            ]
        )
        return Rays.make(self.species, np.zeros((n, 4)), p, YIELDS[abs(self.species)] / n, np.arange(n))


def quick_beams(monkeypatch: pytest.MonkeyPatch) -> None:
    """Replace the mesons of the Booster beam; beams of stopped mesons stay what they are."""
    real = Beams.of

    def of(self: Beams, beam: str, mode: str, towards: Any) -> tuple[Part, ...]:
        if beam == "bnb":
            return (Part(tuple(Beam(species) for species in YIELDS), 1.0),)
        return real(self, beam, mode, towards)

    monkeypatch.setattr(confront_beams.Beams, "of", of)


def miniboone_setups() -> tuple[Setup, ...]:
    """Both modes of MiniBooNE with that beam."""
    experiment = Experiment.load("miniboone")
    nuclei = build_composition(experiment.composition).targets
    found = []
    for mode in experiment.modes.values():
        edges = {item.name: item.edges for item in mode.distributions}
        seen = (build_shape(experiment.shape), nuclei, build_response(mode.response), mode.window, edges)
        parents = tuple(Beam(species) for species in YIELDS)
        found.append(Setup(mode.name, mode.pot, parents, *seen, np.array([0.0, 8000.0]), RingRule()))
    return tuple(found)
