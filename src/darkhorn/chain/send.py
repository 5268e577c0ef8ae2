"""Particles of every kind of decay, sent to the detector: one a meson."""

from darkhorn.chain.aim import Arrivals, aim, survive
from darkhorn.chain.decay import Spectrum, tabulate_emission
from darkhorn.chain.setup import Parents, Setup
from darkhorn.chain.two_body import aim_line
from darkhorn.core.importance import EnergyGrid
from darkhorn.core.rays import Floats, Rays
from darkhorn.detector.geometry import Shape
from darkhorn.models.channels import Line, Model

Tables = dict[tuple[int, str], Spectrum | Line]
"""Spectra by parent (absolute PDG number) and name of the decay."""


def tabulate_all(model: Model, setups: tuple[Setup, ...]) -> Tables:
    """Return the spectrum of every open decay of every meson."""
    species = sorted({abs(parents.species) for setup in setups for parents in setup.parents})
    emissions = [emission for parent in species for emission in model.emissions(parent)]
    return {(e.parent, e.name): e if isinstance(e, Line) else tabulate_emission(e) for e in emissions}


def send(
    mesons: Rays,
    spectrum: Spectrum | Line,
    model: Model,
    shape: Shape,
    points: Floats,
    energies: EnergyGrid | None = None,
) -> Arrivals:
    """Return one particle a meson, at the detector, weighted with its survival where the model asks for that."""
    if isinstance(spectrum, Line):
        arrivals = aim_line(mesons, spectrum, shape, points)
    else:
        arrivals = aim(mesons, spectrum, shape, points, energies)
    width = model.survival_width
    return survive(arrivals, model.particle_mass, width) if width > 0.0 else arrivals


def of_parent(spectra: Tables, parents: Parents) -> list[Spectrum | Line]:
    """Return the spectra of the decays of one species of mesons."""
    return [spectrum for (parent, _), spectrum in spectra.items() if parent == abs(parents.species)]
