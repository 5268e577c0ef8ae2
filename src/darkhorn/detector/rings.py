"""When two electromagnetic particles (e+ e-, or two photons) are seen as one ring, and what that ring shows."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from darkhorn.core.errors import InputFileError, RangeError, require_range, unknown_name
from darkhorn.core.rays import Bools, Floats
from darkhorn.core.units import GEV
from darkhorn.io.tables import as_numbers, read_columns

OPTIONS: Final = ("angle", "asymmetry", "tables")
"""Reasons to see one ring: small opening angle, one soft particle, or the published thresholds."""

CRITERIA: Final = {"diagonal": "r_diag", "circle1": "r_circle1", "circle0": "r_circle0"}
"""Criteria of the published thresholds and the stem of their columns."""

VARIANTS: Final = ("a", "b")
"""Readings of each threshold: a from one cut on 100 samples, b from 100 cuts on one sample."""

THRESHOLD_FILE: Final = "mb_overlap_cuts_kellykopp.csv"
"""Name of the table of thresholds in the data directory."""


class Rings(NamedTuple):
    """What the detector sees of N pairs.

    Attributes
    ----------
    one : (N,) bool
        Whether the pair is seen as one ring.
    energy : (N,) float
        Sum of both energies in MeV.
    direction : (N, 3) float
        Unit vector of the sum of both momenta; +z where the sum vanishes.
    """

    one: Bools
    energy: Floats
    direction: Floats


@dataclass(frozen=True, eq=False)
class Thresholds:
    """Largest (for ``circle0``: least) distance in the plane of opening angle and energy share, against energy.

    Attributes
    ----------
    energy : (n,) float
        Centres of the bins of visible energy in MeV, increasing.
    cut : (n,) float
        Threshold there; linear in between, constant outside.
    criterion : str
        ``diagonal``, ``circle1`` or ``circle0``.

    Raises
    ------
    RangeError
        From the constructor, for energies that do not increase or shapes that differ.
    UnknownNameError
        From the constructor, for another criterion.
    """

    energy: Floats
    cut: Floats
    criterion: str = "circle1"

    def __post_init__(self) -> None:
        """Check the table once."""
        if self.criterion not in CRITERIA:
            raise unknown_name("ring criterion", self.criterion, CRITERIA)
        if len(self.energy) != len(self.cut):
            raise RangeError(f"ring thresholds: {len(self.cut)} cuts for {len(self.energy)} energies; allowed: as many")
        require_range("ring thresholds: step of energy", np.diff(self.energy), 0.0, unit="MeV", open_low=True)
        require_range("ring threshold", self.cut, 0.0)

    def passed(self, energy: Floats, cosine: Floats, share: Floats) -> Bools:
        """Return whether pairs look like one ring.

        Parameters
        ----------
        energy : (N,) array
            Sum of both energies in MeV.
        cosine : (N,) array
            Cosine c of the opening angle.
        share : (N,) array
            Energy x of the harder particle over the sum.

        Returns
        -------
        (N,) bool
            sqrt((1 - c)^2/4 + (1 - x)^2) < cut (``circle1``), sqrt((1 + c)^2/4 + x^2) > cut (``circle0``) or
            1 - [(1 + c)/2 + x]/2 < cut (``diagonal``).

        Notes
        -----
        Source: arXiv:2210.08021, Table II.
        """
        cut = np.interp(energy, self.energy, self.cut)
        if self.criterion == "circle1":
            return np.asarray(np.hypot(0.5 * (1.0 - cosine), 1.0 - share) < cut)
        if self.criterion == "circle0":
            return np.asarray(np.hypot(0.5 * (1.0 + cosine), share) > cut)
        return np.asarray(1.0 - 0.5 * (0.5 * (1.0 + cosine) + share) < cut)


def read_thresholds(path: Path, *, criterion: str = "circle1", variant: str = "a") -> Thresholds:
    """Return the published thresholds from the data directory.

    Parameters
    ----------
    path : Path
        The CSV file, or the directory that holds it under the name :data:`THRESHOLD_FILE`.
    criterion : str
        ``diagonal``, ``circle1`` or ``circle0``.
    variant : str
        ``a`` or ``b``.

    Raises
    ------
    InputFileError
        When the file is not there (the message says what to get) or malformed.
    UnknownNameError
        For another criterion or variant.
    RangeError
        For bins that do not increase.

    Notes
    -----
    Source: arXiv:2210.08021, Table II.
    """
    if criterion not in CRITERIA:
        raise unknown_name("ring criterion", criterion, CRITERIA)
    if variant not in VARIANTS:
        raise unknown_name("ring threshold variant", variant, VARIANTS)
    file = path / THRESHOLD_FILE if path.is_dir() else path
    if not file.is_file():
        raise InputFileError(
            f"the ring thresholds '{file.name}' are not in {file.parent}. It should hold Table II of arXiv:2210.08021 "
            "as CSV with columns evis_lo_GeV, evis_hi_GeV and r_diag_a, r_diag_b, r_circle1_a, r_circle1_b, "
            "r_circle0_a, r_circle0_b. Put it there, set the environment variable DARKHORN_DATA to the directory that "
            "has it, or choose the ring option 'angle' or 'asymmetry', which need no table."
        )
    name = f"{CRITERIA[criterion]}_{variant}"
    cells = read_columns(file, ("evis_lo_GeV", "evis_hi_GeV", name))
    low, high, cut = (as_numbers(file, key, cells[key]) for key in ("evis_lo_GeV", "evis_hi_GeV", name))
    if not len(cut):
        raise InputFileError(f"{file}: no rows; allowed: at least one bin of visible energy")
    return Thresholds(0.5 * (low + high) * GEV, cut, criterion)


@dataclass(frozen=True, eq=False)
class RingRule:
    """The rule by which a pair counts as one ring: any of its options is enough.

    Attributes
    ----------
    options : tuple of str
        Any of ``angle``, ``asymmetry``, ``tables``.
    max_angle_degrees : float
        ``angle``: largest opening angle in degrees, 0 to 180. 10 and 13 are in use.
    soft_energy : float
        ``asymmetry``: a particle below this energy in MeV is not seen. 30 is in use.
    soft_share : float
        ``asymmetry``: a particle with less than this share of the energy is not seen, 0 to 0.5.
    thresholds : Thresholds, optional
        ``tables``: from :func:`read_thresholds`.

    Raises
    ------
    RangeError
        From the constructor, for a number out of range, no option, or ``tables`` without thresholds.
    UnknownNameError
        From the constructor, for another option.

    Notes
    -----
    Source: arXiv:2110.11944 for 10 degrees (second-hand: quoted by a public recast); arXiv:2210.08021 for the tables.
    """

    options: tuple[str, ...] = ("angle",)
    max_angle_degrees: float = 10.0
    soft_energy: float = 30.0
    soft_share: float = 0.0
    thresholds: Thresholds | None = None

    def __post_init__(self) -> None:
        """Check every setting once."""
        if not self.options:
            raise RangeError(f"ring options are empty; allowed: one or more of {', '.join(OPTIONS)}")
        for option in self.options:
            if option not in OPTIONS:
                raise unknown_name("ring option", option, OPTIONS)
        require_range("max_angle_degrees", self.max_angle_degrees, 0.0, 180.0, "degrees")
        require_range("soft_energy", self.soft_energy, 0.0, unit="MeV")
        require_range("soft_share", self.soft_share, 0.0, 0.5)
        if "tables" in self.options and self.thresholds is None:
            raise RangeError("ring option 'tables' needs thresholds; allowed: a table from read_thresholds")

    def see(self, first: ArrayLike, second: ArrayLike) -> Rings:
        """Return which pairs are one ring, with the energy and direction of the pair.

        Parameters
        ----------
        first, second : (N, 4) array_like
            Four-momenta E, px, py, pz in MeV.

        Returns
        -------
        Rings
            Arrays with leading axis N. Where ``one`` is False the detector sees two rings.

        Raises
        ------
        RangeError
            For a negative energy or a value that is not finite.

        Notes
        -----
        A particle without momentum has no direction: its opening angle counts as 0.
        """
        a, b = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
        for key, pair in (("first", a), ("second", b)):
            require_range(f"energy of the {key} particle", pair[:, 0], 0.0, unit="MeV")
            require_range(f"momentum of the {key} particle", pair[:, 1:], unit="MeV")
        angle, total = opening_angle(a, b), a[:, 0] + b[:, 0]
        softer = np.minimum(a[:, 0], b[:, 0])
        one = np.zeros(len(total), dtype=bool)
        if "angle" in self.options:
            one |= angle < np.radians(self.max_angle_degrees)
        if "asymmetry" in self.options:
            one |= (softer < self.soft_energy) | (softer < self.soft_share * total)
        if "tables" in self.options and self.thresholds is not None:
            share = 1.0 - softer / np.where(total > 0.0, total, 1.0)
            one |= self.thresholds.passed(total, np.cos(angle), share)
        momentum = a[:, 1:] + b[:, 1:]
        size = np.linalg.norm(momentum, axis=1, keepdims=True)
        direction = np.where(size > 0.0, momentum / np.where(size > 0.0, size, 1.0), [0.0, 0.0, 1.0])
        return Rings(one, total, direction)


def opening_angle(first: Floats, second: Floats) -> Floats:
    """Return the angle between two momenta in rad, precise for the smallest; 0 where one of them vanishes.

    Parameters
    ----------
    first, second : (N, 4) array
        Four-momenta E, px, py, pz in MeV.

    Returns
    -------
    (N,) array
        In [0, pi].

    Notes
    -----
    atan2(|a x b|, a.b).

    Source: derived.
    """
    a, b = first[:, 1:], second[:, 1:]
    return np.asarray(np.arctan2(np.linalg.norm(np.cross(a, b), axis=1), np.einsum("ij,ij->i", a, b)))
