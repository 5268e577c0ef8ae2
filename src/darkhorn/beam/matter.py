"""How a meson is attenuated by the materials that it crosses."""

from typing import Final

import numpy as np

from darkhorn.core.errors import RangeError, unknown_name
from darkhorn.core.rays import Floats
from darkhorn.core.species import PI_MINUS, PI_PLUS, charge
from darkhorn.core.units import CM2_IN_M2
from darkhorn.physics.passage import pion_inelastic_cm2

NUMBER_DENSITY: Final = {"vacuum": 0.0, "Be": 1.2349e29, "Al": 6.026e28, "air": 5.01e25}
"""Nuclei per m^3. Be 1.848 g/cm^3, Al 2.70 g/cm^3, air 1.205e-3 g/cm^3 with A = 14.5 (G4BNB materials; air derived)."""


def survival(path_in: Floats, materials: tuple[str, ...], species: int, momentum: Floats) -> Floats:
    """Return the probability exp(-sum n sigma L) that mesons cross their materials without being lost.

    Parameters
    ----------
    path_in : (N, len(materials)) float
        Path of each meson in each material, in m.
    materials : tuple of str
        Names of the columns.
    species : int
        PDG number: charged pions.
    momentum : (N,) float
        MeV/c, constant along the path.

    Returns
    -------
    (N,) float
        Between 0 and 1.

    Raises
    ------
    RangeError
        For a species without absorption cross sections.
    UnknownNameError
        For a material without cross sections.

    Notes
    -----
    Quasi-elastic scattering is counted as loss, because the deflection that it brings is not followed.
    """
    if species not in (PI_PLUS, PI_MINUS):
        raise RangeError(
            f"pdgid = {species}: absorption in matter is known for charged pions (211, -211) only; "
            "give other mesons at their decay points (stage = 'decay')"
        )
    depth = np.zeros(len(momentum))
    for column, material in enumerate(materials):
        if material not in NUMBER_DENSITY:
            raise unknown_name("material", material, NUMBER_DENSITY)
        if NUMBER_DENSITY[material] == 0.0 or not path_in[:, column].any():
            continue
        sigma = pion_inelastic_cm2(momentum, int(charge(species)), material)
        depth += NUMBER_DENSITY[material] * CM2_IN_M2 * sigma * path_in[:, column]
    survive: Floats = np.exp(-depth)
    return survive
