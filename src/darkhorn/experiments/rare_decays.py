"""Limits on rare decays of pions and kaons as constraints on a model, each in its range of masses."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from darkhorn.core.errors import InputFileError, RangeError, ScenarioError, nearest, require_range, unknown_name
from darkhorn.core.rays import Floats
from darkhorn.core.species import ELECTRON, K_PLUS, MUON, PI_PLUS, mass
from darkhorn.core.units import GEV
from darkhorn.experiments.datadir import data_file
from darkhorn.experiments.missing import read_missing
from darkhorn.experiments.reading import Table, find_toml, provenance, read_toml, require_increasing
from darkhorn.io.tables import as_numbers, read_columns

QUANTITIES: Final = ("branching", "ratio", "mixing")
"""What is limited: a branching ratio, its ratio to another decay, or the mixing |U|^2 of a heavy neutrino."""

PARENTS: Final = {"pi+": PI_PLUS, "K+": K_PLUS}
LEPTONS: Final = {"e": ELECTRON, "mu": MUON}
ENDINGS: Final = {
    ("nu", "X"): "three-body, X unseen",
    ("nu", "nu", "nubar"): "four-body, three neutrinos",
    ("nu", "e", "e"): "X to an electron pair at once",
    ("N",): "two-body, a peak in the energy of the lepton",
}
"""What may follow the charged lepton in a decay, and what that means."""

Curve = tuple[Floats, Floats]
"""Masses in MeV, increasing, and limits there, both (n,)."""


@dataclass(frozen=True)
class Decay:
    """A rare decay: ``parent`` (``pi+`` or ``K+``), ``lepton`` (``e`` or ``mu``) and the sorted ``rest``."""

    parent: str
    lepton: str
    rest: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.parent} -> {self.lepton} {' '.join(self.rest)}"

    @property
    def two_body(self) -> bool:
        """Whether the energy of the lepton is a line."""
        return len(self.rest) == 1

    @property
    def threshold(self) -> float:
        """Largest mass in MeV that the rest can have."""
        return mass(PARENTS[self.parent]) - mass(LEPTONS[self.lepton])


def parse_decay(text: str) -> Decay:
    """Return a decay from a text such as ``pi+ -> e nu X``; the negative meson counts as the positive one.

    Raises
    ------
    ScenarioError
        When it is not ``pi+`` or ``K+`` to ``e`` or ``mu`` with ``nu X``, ``nu nu nubar``, ``nu e e`` or ``N``.
    """
    parent, arrow, products = text.partition("->")
    parent, words = parent.strip().replace("-", "+"), products.split()
    endings = ", ".join(" ".join(words) for words in ENDINGS)
    expected = f"expected {' or '.join(PARENTS)} -> {' or '.join(LEPTONS)}, then one of: {endings}"
    if not arrow or parent not in PARENTS or not words or words[0] not in LEPTONS:
        raise ScenarioError(f"decay '{text}': {expected}.{nearest(parent, PARENTS)}")
    rest = tuple(sorted(words[1:]))
    for ending in ENDINGS:
        if rest == tuple(sorted(ending)):
            return Decay(parent, words[0], ending)
    raise ScenarioError(f"decay '{text}': {expected}")


class Limit(NamedTuple):
    """An upper limit: ``value`` in the shape of the mass, confidence level ``cl`` or None, and ``status``."""

    value: Floats
    cl: float | None
    status: str


@dataclass(frozen=True, eq=False)
class Constraint:
    """One published upper limit.

    Attributes
    ----------
    name : str
        Key in the file.
    decay : Decay
        What was searched for.
    quantity : str
        One of :data:`QUANTITIES`.
    relative_to : str
        For a ratio the decay that it refers to; else empty.
    mass_range : tuple of float
        Masses of X or N in MeV that it covers, both ends included; (0, inf) where no mass enters.
    cl : float or None
        Confidence level; None where the source gives none.
    value : float or None
        Limit for every mass.
    curve : tuple or None
        Masses in MeV and limits.
    rough : tuple of float or None
        Order of magnitude of a curve that is not shipped: strongest, weakest.
    use_rough : bool
        Whether :meth:`limit` may answer with the weakest of them.
    source, status, rough_source : str
        Where the numbers are from, and whether they were ``read``, ``computed`` or are ``unverified``.
    flags : tuple of str
        What a reader has to know.
    missing : str
        What the error says when neither value nor curve is there.
    """

    name: str
    decay: Decay
    quantity: str
    relative_to: str
    mass_range: tuple[float, float]
    cl: float | None
    value: float | None
    curve: Curve | None
    rough: tuple[float, float] | None
    use_rough: bool
    source: str
    status: str
    rough_source: str
    flags: tuple[str, ...]
    missing: str

    @property
    def available(self) -> bool:
        """Whether :meth:`limit` has a number to give."""
        return self.value is not None or self.curve is not None or (self.use_rough and self.rough is not None)

    def applies_to(self, decay: str | Decay) -> bool:
        """Return whether the limit bounds a decay: the same parent, lepton and rest.

        A search for a peak (``pi+ -> e N``) bounds two-body decays only, and never P -> l nu X, whose lepton has a
        continuous spectrum; a limit on three neutrinos holds for their spectrum, not for that of X.

        Raises
        ------
        ScenarioError
            For a text that is no decay.
        """
        wanted = parse_decay(decay) if isinstance(decay, str) else decay
        return wanted == self.decay

    def covers(self, mass_x: float) -> bool:
        """Return whether a mass in MeV is in the range of the search."""
        return self.mass_range[0] <= mass_x <= self.mass_range[1]

    def limit(self, mass_x: ArrayLike, decay: str | Decay | None = None) -> Limit:
        """Return the upper limit.

        Parameters
        ----------
        mass_x : array_like
            Mass of X or N in MeV, any shape. Without meaning for decays to three neutrinos.
        decay : str or Decay, optional
            What it is to be applied to; refused if it is another decay.

        Returns
        -------
        Limit
            Value of the ``quantity``, confidence level and status. Between the points of a curve the logarithm of
            the limit is linear in the mass.

        Raises
        ------
        ScenarioError
            When the curve is not shipped: what to supply. When the limit does not hold for ``decay``.
        RangeError
            For a mass outside the range of the search.
        """
        if decay is not None and not self.applies_to(decay):
            why = "it bounds two-body decays only" if self.decay.two_body else "it holds for that decay only"
            raise ScenarioError(f"{self.name} is a limit on {self.decay}: {why}, not {decay}")
        masses = np.asarray(mass_x, dtype=float)
        if self.curve is None and self.value is None and not self.available:
            raise ScenarioError(self.missing)
        require_range(f"{self.name}: mass", masses, self.mass_range[0], self.mass_range[1], "MeV")
        if self.curve is not None:
            value = np.exp(np.interp(masses, self.curve[0], np.log(self.curve[1])))
            return Limit(np.asarray(value), self.cl, self.status)
        if self.value is not None:
            return Limit(np.full_like(masses, self.value), self.cl, self.status)
        weakest = self.rough[1] if self.rough is not None else 1.0
        return Limit(np.full_like(masses, weakest), self.cl, "unverified")

    def branching(self, mass_x: ArrayLike, decay: str | Decay | None = None) -> Limit:
        """Return the limit as one on the branching ratio; parameters and errors as for :meth:`limit`.

        A ratio to pi+ -> mu nu is multiplied by 0.999877, the branching ratio of that decay.

        Raises
        ------
        ScenarioError
            Also for a limit on a mixing, which is no branching ratio without the phase space of N.

        Notes
        -----
        Source: PDG, pi+ -> mu nu (gamma included): 99.98770 %.
        """
        if self.quantity == "mixing":
            raise ScenarioError(f"{self.name} limits the mixing |U|^2 in {self.decay}, not a branching ratio")
        found = self.limit(mass_x, decay)
        factor = REFERENCES[self.relative_to] if self.quantity == "ratio" else 1.0
        return found._replace(value=found.value * factor)

    def with_curve(self, masses: ArrayLike, limits: ArrayLike, source: str) -> "Constraint":
        """Return the constraint with a curve of the user's own.

        Parameters
        ----------
        masses, limits : (n,) array_like
            Masses in MeV, increasing, and limits > 0 of the same quantity.
        source : str
            Where they are from.

        Raises
        ------
        RangeError
            When masses do not increase, a limit is not positive or the lengths differ.
        """
        curve = _checked(self.name, np.asarray(masses, dtype=float), np.asarray(limits, dtype=float))
        ends = float(curve[0][0]), float(curve[0][-1])
        flags = (f"{self.name}: curve supplied by the user: {source}",)
        return replace(self, curve=curve, mass_range=ends, source=source, flags=flags, missing="")


REFERENCES: Final = {"pi+ -> mu nu": 0.999877}
"""Branching ratios of the decays that ratios refer to."""

_KEYS: Final = ("decay", "quantity", "relative_to", "mass", "cl", "value", "curve", "rough", "rough_source")
_ORIGIN: Final = ("source", "status", "note")


def load_constraints(
    name: str | Path = "rare_decays", curves: Mapping[str, Curve] | None = None, rough: bool = False
) -> dict[str, Constraint]:
    """Return the limits on rare decays by name.

    Parameters
    ----------
    name : str or Path
        The shipped list, or a TOML file of the same form.
    curves : mapping of str to (masses, limits), optional
        Curves that the list lacks, or instead of its own, by name; masses in MeV.
    rough : bool
        Let orders of magnitude stand for curves that are not shipped; their status is ``unverified``.

    Returns
    -------
    dict of str to Constraint
        Searches whose curve is in the data directory are without it, and say so, when the file is not there.

    Raises
    ------
    UnknownNameError
        For a curve of an unknown name.
    InputFileError, ScenarioError, RangeError
        When a file is malformed or a value impossible.
    """
    table = read_toml(find_toml(name, "rare-decays"))
    table.only("kind", "limits", "missing")
    table.text("kind", ("rare-decays",))
    missing = read_missing(table)
    groups = table.named_tables("limits")
    found = {
        key: _constraint(group, key, missing.get(f"limits.{key}.curve", ""), rough) for key, group in groups.items()
    }
    for key, (masses, limits) in (curves or {}).items():
        if key not in found:
            raise unknown_name("limit on a rare decay", key, found)
        found[key] = found[key].with_curve(masses, limits, "supplied")
    return found


def constraints_for(decay: str | Decay, constraints: Mapping[str, Constraint]) -> list[Constraint]:
    """Return the constraints that apply to a decay, in their order."""
    return [item for item in constraints.values() if item.applies_to(decay)]


def _constraint(table: Table, name: str, missing: str, rough: bool) -> Constraint:
    """Return one limit."""
    table.only(*_KEYS, *_ORIGIN)
    decay, flags = parse_decay(table.text("decay")), list(provenance(table))
    quantity = table.text("quantity", QUANTITIES)
    value = table.number("value", "", 0.0, 1.0, open_low=True) if "value" in table else None
    curve: Curve | None = None
    if "curve" in table:
        try:
            path = data_file(table.table("curve").text("file"))
        except InputFileError as error:
            missing = str(error)
        else:
            curve = _read_curve(table.table("curve"), path)
    span = table.numbers("mass", "MeV", 2, 0.0, decay.threshold) if "mass" in table else (0.0, np.inf)
    orders = table.numbers("rough", "", 2, 0.0, 1.0) if "rough" in table else None
    if orders is not None:
        require_increasing(table.path("rough"), orders)
        flags.append(f"{table.path('rough')}: {table.text('rough_source')}")
    if value is None and curve is None:
        missing = missing or f"not shipped: you must supply limits.{name}.curve"
        flags.append(f"{table.where}: {missing}")
    return Constraint(
        name=name,
        decay=decay,
        quantity=quantity,
        relative_to=table.text("relative_to", REFERENCES) if quantity == "ratio" else "",
        mass_range=(float(curve[0][0]), float(curve[0][-1])) if curve is not None else (span[0], span[1]),
        cl=table.number("cl", "", 0.5, 1.0) if "cl" in table else None,
        value=value,
        curve=curve,
        rough=None if orders is None else (orders[0], orders[1]),
        use_rough=rough,
        source=table.text("source"),
        status=table.text("status"),
        rough_source=table.text("rough_source") if "rough_source" in table else "",
        flags=tuple(flags),
        missing=missing,
    )


def _read_curve(table: Table, path: Path) -> Curve:
    """Return a curve of the data directory; of limits at one mass the weakest counts."""
    table.only("file", "mass", "limit")
    names = table.text("mass"), table.text("limit")
    cells = read_columns(path, names, ())
    masses, limits = (as_numbers(path, key, cells[key]) for key in names)
    unit = GEV if names[0].endswith("_GeV") else 1.0
    found, place = np.unique(masses * unit, return_inverse=True)
    weakest = np.zeros_like(found)
    np.maximum.at(weakest, place, limits)
    return _checked(path.name, found, weakest)


def _checked(name: str, masses: Floats, limits: Floats) -> Curve:
    """Return a curve after checking that it is one."""
    if masses.ndim != 1 or masses.shape != limits.shape or len(masses) < 2:
        raise RangeError(f"{name}: {masses.shape} masses and {limits.shape} limits; allowed: as many, at least 2")
    require_range(f"{name}: mass", masses, 0.0, unit="MeV")
    require_increasing(f"{name}: mass", masses, "MeV")
    require_range(f"{name}: limit", limits, 0.0, open_low=True)
    return masses, limits
