"""The materials that the package knows for photons: total cross sections and radiation lengths."""

from functools import cache
from typing import Final

from darkhorn.beam.photons import PhotonTarget
from darkhorn.core.errors import unknown_name
from darkhorn.core.units import MB_IN_CM2
from darkhorn.detector.targets import Composition, atomic_weight
from darkhorn.experiments.reading import package_files
from darkhorn.io.tables import as_numbers, read_columns

RADIATION_LENGTHS: Final = {"Be": 65.19, "Fe": 13.84, "W": 6.76, "Pb": 6.37}
"""Radiation lengths in g/cm^2. Source: PDG, atomic and nuclear properties of materials."""

_BARN_IN_CM2: Final = 1000.0 * MB_IN_CM2


@cache
def photon_target(element: str) -> PhotonTarget:
    """Return an element as a target of photons.

    Parameters
    ----------
    element : str
        ``Be``, ``Fe``, ``W`` or ``Pb``.

    Raises
    ------
    UnknownNameError
        For another element; the message offers the nearest.
    """
    if element not in RADIATION_LENGTHS:
        raise unknown_name("target of photons", element, RADIATION_LENGTHS)
    path = package_files(".csv")["photon_cross_sections"]
    columns = read_columns(path, ("energy", *RADIATION_LENGTHS, "quality"))
    energies, barns = (as_numbers(path, name, columns[name]) for name in ("energy", element))
    nucleus = Composition.from_number_densities({element: 1.0}).targets[0]
    return PhotonTarget(
        element,
        nucleus.protons,
        nucleus.nucleons,
        nucleus.mass,
        atomic_weight(element),
        RADIATION_LENGTHS[element],
        energies,
        barns * _BARN_IN_CM2,
    )
