"""What the readers of foreign meson files share: optional packages, protons on target, masses."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from darkhorn.core.errors import DarkhornError, InputFileError, UnknownNameError
from darkhorn.core.rays import Floats, Ints, Rays, check_finite
from darkhorn.core.species import mass

About = dict[str, str]
"""What a file says of its own origin: ``engine``, ``version``, ``normalisation``, ``pot``, ``thresholds``, ``seed``."""


def optional_package(name: str, extra: str, purpose: str) -> ModuleType:
    """Return the optional package ``name``.

    Parameters
    ----------
    name : str
        Import name, for instance ``pyhepmc``.
    extra : str
        Extra of this package that installs it, for instance ``io``.
    purpose : str
        What it is needed for; ends the sentence "... needs the package".

    Raises
    ------
    DarkhornError
        When it is not installed; the message gives the command that installs it.
    """
    try:
        return import_module(name)
    except ImportError as error:
        raise DarkhornError(f"{purpose} needs the package '{name}': pip install 'darkhorn[{extra}]'") from error


@contextmanager
def errors_of(path: Path, expected: str) -> Iterator[None]:
    """Turn whatever a library or a decompressor raises inside into an error that names the file.

    Parameters
    ----------
    path : Path
        File that is read.
    expected : str
        What it should be, with its article; ends the words "truncated or not".

    Raises
    ------
    InputFileError
        In place of any error that is not one of this package.
    """
    try:
        yield
    except DarkhornError:
        raise
    except FileNotFoundError as error:
        raise InputFileError(f"cannot read {path}: {error.strerror or 'no such file'}") from error
    except Exception as error:
        reason = " ".join(str(error).split())[:200]
        raise InputFileError(f"{path}: truncated or not {expected} ({type(error).__name__}: {reason})") from error


def require_pot(path: Path, pot: float | None, where: str) -> float:
    """Return the protons on target of a file.

    Parameters
    ----------
    path : Path
        File that the message names.
    pot : float or None
        What was found or given; ``None`` where nothing was.
    where : str
        Where the file could have held it.

    Raises
    ------
    InputFileError
        When it is absent, not a finite number or not positive.
    """
    if pot is None:
        raise InputFileError(f"{path}: protons on target are not given: {where} is missing; give pot = (a number > 0)")
    if not np.isfinite(pot) or pot <= 0.0:
        raise InputFileError(f"{path}: pot = {pot:g}; allowed: a finite number > 0 of protons on target")
    return float(pot)


def masses(path: Path, pdgid: Ints) -> Floats:
    """Return the PDG masses in MeV, shape (N,).

    Raises
    ------
    InputFileError
        Naming the file and the first row (from 1) whose PDG number is unknown.
    """
    numbers, which = np.unique(pdgid, return_inverse=True)
    found = np.empty(len(numbers))
    for i, number in enumerate(numbers):
        try:
            found[i] = mass(int(number))
        except UnknownNameError as error:
            row = int(np.argmax(pdgid == number)) + 1
            raise InputFileError(f"{path}: row {row}: pdgid = {number}: {error}") from error
    return np.asarray(found[which], dtype=float)


def rays_on_shell(path: Path, pdgid: Any, x: Floats, momentum: Floats, weight: Floats) -> Rays:
    """Return checked rays with energies on the PDG mass shell, as every other ray table of this package has.

    Parameters
    ----------
    path : Path
        File that messages name.
    pdgid : (N,) int
        PDG numbers.
    x : (N, 4) float
        t, x, y, z in ns, m.
    momentum : (N, 3) float
        px, py, pz in MeV.
    weight : (N,) float
        Per proton on target.

    Raises
    ------
    InputFileError
        When there are no rows, a PDG number is unknown, a number is not finite or a weight is negative.
    """
    if not len(weight):
        raise InputFileError(f"{path}: no meson of the selected species and status; expected at least one")
    numbers = np.asarray(pdgid, dtype=np.int64)
    energy = np.hypot(np.linalg.norm(momentum, axis=1), masses(path, numbers))
    rays = Rays.make(numbers, x, np.column_stack([energy, momentum]), weight)
    check_finite(rays, str(path))
    return rays
