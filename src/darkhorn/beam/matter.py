"""How a straight meson is attenuated by the materials that it crosses; ``follow.py`` has everything else."""

from typing import Final

import numpy as np

from darkhorn.beam.passage_tables import PION_LIKE
from darkhorn.core.errors import RangeError, unknown_name
from darkhorn.core.rays import Floats
from darkhorn.core.units import CM2_IN_M2
from darkhorn.physics.passage import pion_inelastic_cm2

NUMBER_DENSITY: Final = {"vacuum": 0.0, "Be": 1.2349e29, "Al": 6.026e28, "air": 5.01e25, "fins": 9.56e27}
"""Nuclei per m^3. Be 1.848 g/cm^3, Al 2.70 g/cm^3, air 1.205e-3 g/cm^3 with A = 14.5 (G4BNB materials; air derived);
the fins of the target are beryllium spread over 0.0774 of their space."""


def survival(path_in: Floats, materials: tuple[str, ...], species: int, momentum: Floats) -> Floats:
    """Return the probability exp(-sum n sigma L) that mesons cross their materials without being lost.

    Parameters
    ----------
    path_in : (N, len(materials)) float
        Path of each meson in each material, in m.
    materials : tuple of str
        Names of the columns.
    species : int
        PDG number: charged pions, kaons, muons.
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
    if species not in PION_LIKE:
        raise RangeError(
            f"pdgid = {species}: absorption in matter is known for {', '.join(map(str, PION_LIKE))} only; "
            "give other mesons at their decay points (stage = 'decay')"
        )
    sign, scale = PION_LIKE[species]
    depth = np.zeros(len(momentum))
    for column, material in enumerate(materials):
        if material not in NUMBER_DENSITY:
            raise unknown_name("material", material, NUMBER_DENSITY)
        if NUMBER_DENSITY[material] == 0.0 or not path_in[:, column].any():
            continue
        sigma = scale * pion_inelastic_cm2(momentum, sign, "Be" if material == "fins" else material)
        depth += NUMBER_DENSITY[material] * CM2_IN_M2 * sigma * path_in[:, column]
    survive: Floats = np.exp(-depth)
    return survive
