"""The data directory: public releases too large to ship, which the user downloads once."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from darkhorn.core.errors import InputFileError, RangeError, nearest, unknown_name
from darkhorn.core.rays import Floats
from darkhorn.core.units import GEV
from darkhorn.experiments.catalogue import catalogue
from darkhorn.experiments.reading import require_increasing
from darkhorn.io.tables import as_numbers, read_columns

FLUX_FILES: Final = {"neutrino": "bnb_flux_numode.csv", "antineutrino": "bnb_flux_nubarmode.csv"}
"""Full flux tables by horn mode."""

CONTENTS: Final = {
    "bnb_flux_numode.csv": "Booster flux at MiniBooNE, neutrino mode (data release of arXiv:0806.1449), as CSV with "
    "columns E_lo_GeV, E_hi_GeV, numu, numubar, nue, nuebar in neutrinos per cm^2, POT and GeV",
    "bnb_flux_nubarmode.csv": "the same for antineutrino mode",
}
"""What the files hold that the package itself reads."""


def data_dir() -> Path:
    """Return the data directory: ``DARKHORN_DATA`` if set, else the user data directory of the system."""
    chosen = os.environ.get("DARKHORN_DATA")
    if chosen:
        return Path(chosen).expanduser()
    from platformdirs import user_data_path

    return user_data_path("darkhorn", appauthor=False)


def data_file(name: str) -> Path:
    """Return the path of a file in the data directory.

    Raises
    ------
    InputFileError
        When it is not there; the message says what to put where.
    """
    folder = data_dir()
    path = folder / name
    if path.is_file():
        return path
    present = [found.name for found in folder.iterdir()] if folder.is_dir() else []
    known = catalogue().get(name)
    content = f" It should hold: {CONTENTS[name]}." if name in CONTENTS else ""
    if known is not None:
        content += "" if content else f" It should hold: {known.content} ({known.quality})."
        content += f" Where to get it: {known.where}."
    raise InputFileError(
        f"the data file '{name}' is not in {folder}.{nearest(name, present)}{content} "
        f"Put it there, or set the environment variable DARKHORN_DATA to the directory that has it."
    )


@dataclass(frozen=True, eq=False)
class FluxTable:
    """A tabulated neutrino flux: ``edges`` (n + 1,) in MeV and, per column, ``flux`` (n,) per cm^2, POT and MeV."""

    edges: Floats
    flux: dict[str, Floats]

    def column(self, name: str) -> Floats:
        """Return one column, shape (n,), per cm^2, POT and MeV.

        Raises
        ------
        UnknownNameError
            When there is none; the message offers the nearest.
        """
        if name not in self.flux:
            raise unknown_name("flux column", name, self.flux)
        return self.flux[name]

    def total(self, name: str) -> float:
        """Return the integral of a column, per cm^2 and POT."""
        return float(self.column(name) @ np.diff(self.edges))

    def mean_energy(self, name: str) -> float:
        """Return the mean energy of a column in MeV, bins taken at their centres."""
        centres = 0.5 * (self.edges[1:] + self.edges[:-1])
        return float(self.column(name) @ (centres * np.diff(self.edges))) / self.total(name)


def read_flux(path: Path) -> FluxTable:
    """Return a flux table from a CSV file.

    Parameters
    ----------
    path : Path
        Columns ``E_lo_GeV``, ``E_hi_GeV`` and any number of fluxes per cm^2, POT and GeV.

    Raises
    ------
    InputFileError
        When the file cannot be read or is malformed.
    RangeError
        When the bins overlap, leave gaps or do not increase.
    """
    cells = read_columns(path, ("E_lo_GeV", "E_hi_GeV"))
    columns = {name: as_numbers(path, name, values) for name, values in cells.items()}
    low, high = columns.pop("E_lo_GeV"), columns.pop("E_hi_GeV")
    gaps = np.flatnonzero(low[1:] != high[:-1])
    if gaps.size:
        raise RangeError(
            f"{path}: E_lo_GeV = {low[gaps[0] + 1]:g} GeV; allowed: {high[gaps[0]]:g} GeV, where the last bin ends"
        )
    edges = np.append(low, high[-1])
    require_increasing(f"{path}: bin edges", edges, "GeV")
    return FluxTable(edges * GEV, {name: values / GEV for name, values in columns.items()})


def full_flux(mode: str) -> FluxTable:
    """Return the full published Booster flux at MiniBooNE from the data directory.

    Parameters
    ----------
    mode : str
        ``neutrino`` or ``antineutrino``.

    Raises
    ------
    UnknownNameError
        For another mode.
    InputFileError
        When the file is not in the data directory; the message says what to put where.

    Notes
    -----
    Source: arXiv:0806.1449, data release.
    """
    if mode not in FLUX_FILES:
        raise unknown_name("flux mode", mode, FLUX_FILES)
    return read_flux(data_file(FLUX_FILES[mode]))
