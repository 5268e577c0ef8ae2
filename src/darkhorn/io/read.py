"""One door for every file of mesons: the suffix says which reader."""

from pathlib import Path
from typing import Final

from darkhorn.core.errors import InputFileError
from darkhorn.core.rays import Rays
from darkhorn.io.dk2nu import read_dk2nu
from darkhorn.io.foreign import About
from darkhorn.io.hepmc import SUFFIXES, read_hepmc
from darkhorn.io.parquet import read_parquet
from darkhorn.io.tables import read_rays

_COMPRESSED: Final = (".gz", ".bz2", ".xz")
KINDS: Final = (".csv", ".npz", ".parquet", *SUFFIXES, ".root")
"""Suffixes that :func:`read_any` takes; HepMC files also with .gz, .bz2 or .xz behind."""


def read_any(path: str | Path, pot: float | None = None) -> tuple[Rays, About]:
    """Return the mesons of a file and what the file says of their origin.

    Parameters
    ----------
    path : str or Path
        ``.csv``, ``.npz``, ``.parquet`` (weights per POT already), ``.hepmc``, ``.hepmc3`` (births) or ``.root``
        (dk2nu: decays).
    pot : float, optional
        Protons on target of a HepMC or dk2nu file, > 0, in place of the number in the file.

    Returns
    -------
    rays : Rays
        N mesons in house units, weight per POT.
    about : dict of str to str
        Engine, version, normalisation, ... as far as known; never without ``engine`` and ``normalisation``.

    Raises
    ------
    InputFileError
        For another suffix, for ``pot`` with a file whose weights are per POT already, or as the reader of the format
        says.
    DarkhornError
        When the package that reads the format is not installed.
    """
    file = Path(path)
    suffixes = [s for s in file.suffixes if s not in _COMPRESSED]
    suffix = suffixes[-1] if suffixes else ""
    if suffix in SUFFIXES:
        return read_hepmc(file, pot)
    if suffix == ".root":
        return read_dk2nu(file, pot)
    if suffix not in KINDS or suffix != file.suffix:
        raise InputFileError(f"{file}: a file of kind '{file.suffix}'; allowed: {', '.join(KINDS)}")
    if pot is not None:
        raise InputFileError(f"{file}: pot = {pot:g} has no use: the weights of a {suffix} file are per POT already")
    rays, about = read_parquet(file) if suffix == ".parquet" else (read_rays(file), {})
    return rays, {"engine": f"table {file.name}", "normalisation": "weights of the file, per POT"} | about
