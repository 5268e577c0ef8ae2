"""The yield tables that the package ships: what hadrons make when they interact in target and horn."""

from functools import cache
from typing import Final

from darkhorn.beam.yields import MIRROR, YieldTable, read_yields
from darkhorn.core.errors import unknown_name
from darkhorn.core.species import NEUTRON, PI_MINUS, PI_PLUS, PROTON
from darkhorn.experiments.reading import package_files

FILES: Final = {
    (PROTON, "Be"): "yields_proton_Be",
    (PROTON, "Al"): "yields_proton_Al",
    (PI_PLUS, "Be"): "yields_piplus_Be",
    (PI_PLUS, "Al"): "yields_piplus_Al",
}
"""Table by projectile and nucleus; neutrons and pi- are the mirror images of protons and pi+."""


@cache
def load_yields(projectile: int, nucleus: str) -> YieldTable:
    """Return the shipped table of a projectile on a nucleus.

    Parameters
    ----------
    projectile : int
        PDG number of p, n, pi+ or pi-.
    nucleus : str
        ``Be`` or ``Al``.

    Raises
    ------
    UnknownNameError
        When there is none.
    """
    if projectile in (NEUTRON, PI_MINUS):
        return load_yields(MIRROR[projectile], nucleus).mirrored()
    if (projectile, nucleus) not in FILES:
        known = (f"{pdg} on {name}" for pdg, name in FILES)
        raise unknown_name("yield table", f"{projectile} on {nucleus}", known)
    return read_yields(package_files(".csv")[FILES[projectile, nucleus]], projectile, nucleus)
