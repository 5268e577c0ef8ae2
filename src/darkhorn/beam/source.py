"""What a source of mesons is: an object that turns points of the unit cube into mesons at production."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Protocol, Self

from darkhorn.core.errors import RangeError, require_range
from darkhorn.core.importance import ImportanceGrid
from darkhorn.core.rays import Floats, Rays


@dataclass(frozen=True)
class Provenance:
    """Where the mesons of a source come from and what their weights mean.

    Attributes
    ----------
    engine : str
        Program or parametrisation, for instance ``UrQMD`` or ``Sanford-Wang``.
    version : str
        Its version, with those of its data sets.
    normalisation : str
        How a weight becomes a number per proton on target.
    thresholds : str
        What the engine did not track or did not write out.
    pot : float or None
        Protons (or interactions) that were simulated; ``None`` for a formula.
    seed : int or None
        Seed of the engine; ``None`` where it has none or did not say.
    label : str
        Quality of the numbers: ``physics``, or ``machinery`` for a run that only tests the code.

    Raises
    ------
    RangeError
        When engine or normalisation is empty, POT not positive or the label unknown.
    """

    engine: str
    version: str
    normalisation: str
    thresholds: str = ""
    pot: float | None = None
    seed: int | None = None
    label: str = "physics"

    def __post_init__(self) -> None:
        """Refuse a declaration that declares nothing."""
        if not self.engine or not self.normalisation:
            raise RangeError("provenance: engine and normalisation must be named")
        if self.pot is not None:
            require_range("pot of the source", self.pot, 0.0, unit="protons", open_low=True)
        if self.label not in ("physics", "machinery"):
            raise RangeError(f"provenance: label = '{self.label}'; allowed: physics, machinery")

    @classmethod
    def of_file(cls, about: Mapping[str, str]) -> Self:
        """Return the provenance of a file from what its reader (``io/read.py``) found.

        Parameters
        ----------
        about : mapping
            ``engine`` and ``normalisation``; ``version``, ``thresholds``, ``pot``, ``seed`` and ``label`` may be
            absent.

        Raises
        ------
        RangeError
            When engine or normalisation is absent, or the POT is not positive.
        """
        pot, seed = about.get("pot", ""), about.get("seed", "")
        return cls(
            engine=about.get("engine", ""),
            version=about.get("version", ""),
            normalisation=about.get("normalisation", ""),
            thresholds=about.get("thresholds", ""),
            pot=float(pot) if pot else None,
            seed=int(seed) if seed.isdecimal() else None,
            label=about.get("label") or "physics",
        )

    def as_text(self) -> dict[str, str]:
        """Return every entry as text, empty for ``None``: the inverse of :meth:`of_file`."""
        return {key: "" if value is None else str(value) for key, value in asdict(self).items()}


class Source(Protocol):
    """Mesons at production, weighted per proton on target."""

    @property
    def species(self) -> tuple[int, ...]:
        """PDG numbers that the source makes."""

    def sample(self, points: Floats, species: int, grid: ImportanceGrid) -> Rays:
        """Return one meson a point; the sum of weights over all points is the yield per POT.

        Parameters
        ----------
        points : (N, len(Axis)) float
            Points of the unit cube.
        species : int
            PDG number of the meson.
        grid : ImportanceGrid
            Where to spend the points in the source's own (momentum, angle) coordinates.
        """


class DeclaredSource(Source, Protocol):
    """A source that says where its mesons come from."""

    @property
    def provenance(self) -> Provenance:
        """Engine, version, normalisation, thresholds and seed."""
