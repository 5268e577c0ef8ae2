"""The small published tables that the package ships, as columns of numbers."""

from darkhorn.core.errors import unknown_name
from darkhorn.core.rays import Floats
from darkhorn.core.units import GEV
from darkhorn.experiments.reading import package_files
from darkhorn.io.tables import as_numbers, read_columns


def published_text(name: str) -> dict[str, list[str]]:
    """Return the cells of a shipped CSV table by column.

    Parameters
    ----------
    name : str
        File name without the suffix, for instance ``miniboone_nu_e_qe`` or ``bnb_flux_published``. The comment at
        the top of each file gives its source and its units; column names carry the unit.

    Raises
    ------
    UnknownNameError
        When there is no such table; the message offers the nearest.
    """
    tables = package_files(".csv")
    if name not in tables:
        raise unknown_name("table", name, tables)
    return read_columns(tables[name], ())


def published_table(name: str) -> dict[str, Floats]:
    """Return the numerical columns of a shipped CSV table, each of shape (rows,); see :func:`published_text`.

    Raises
    ------
    UnknownNameError
        When there is no such table; the message offers the nearest.
    """
    cells = published_text(name)
    words = ("quality", "mode", "flavour", "parents")
    path = package_files(".csv")[name]
    return {column: as_numbers(path, column, cells[column]) for column in cells if column not in words}


def published_flux(mode: str, flavour: str, parents: str = "all") -> tuple[float, float]:
    """Return the published Booster flux at MiniBooNE, integrated over 0-10 GeV, and its mean energy.

    Parameters
    ----------
    mode : str
        ``neutrino`` or ``antineutrino``.
    flavour : str
        ``numu``, ``numubar``, ``nue`` or ``nuebar``.
    parents : str
        ``all``, or ``primary_pi_plus`` (numu in neutrino mode only): pi+ from the first proton interaction.

    Returns
    -------
    float, float
        Neutrinos per cm^2 and POT, averaged over a disc of radius 6.106 m at 541 m; mean energy in MeV.

    Raises
    ------
    UnknownNameError
        When this combination is not published; the message offers the nearest.

    Notes
    -----
    Source: arXiv:0806.1449, data release; ``primary_pi_plus`` from the public G4BNB simulation.
    """
    cells = published_text("bnb_flux_totals")
    keys = [" ".join(row) for row in zip(cells["mode"], cells["flavour"], cells["parents"], strict=True)]
    key = f"{mode} {flavour} {parents}"
    if key not in keys:
        raise unknown_name("published flux", key, keys)
    row = keys.index(key)
    numbers = published_table("bnb_flux_totals")
    return float(numbers["total_per_cm2_per_pot"][row]), float(numbers["mean_energy_GeV"][row]) * GEV
