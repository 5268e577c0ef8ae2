"""What a hadron makes when it interacts: tables of pions and nucleons per collision, made once with an event generator.

A table holds the collisions of one projectile on one nucleus at a ladder of momenta. Cells are regular in
sqrt(x) and sqrt(theta), with x = p/p_in; inside a cell the density is flat in x and in solid angle, and
between two rungs of the ladder it is linear in log p_in. Only the forward hemisphere is kept. The files lie in
``experiments/``; ``scripts/make_yields.py`` makes them.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Self

import numpy as np
from numpy.typing import ArrayLike

from darkhorn.beam.passage_tables import cross_sections
from darkhorn.core.errors import InputFileError, require_range, unknown_name
from darkhorn.core.rays import Floats, Ints
from darkhorn.core.species import NEUTRON, PI_MINUS, PI_PLUS, PROTON
from darkhorn.core.units import GEV
from darkhorn.io.tables import as_numbers, read_columns

NUCLEONS: Final = (PROTON, NEUTRON)
PIONS: Final = (PI_PLUS, PI_MINUS)
PRODUCTS: Final = (*PIONS, *NUCLEONS)
"""Hadrons that the tables count."""
MIRROR: Final = {PROTON: NEUTRON, NEUTRON: PROTON, PI_PLUS: PI_MINUS, PI_MINUS: PI_PLUS}
"""Isospin mirror images."""
X_CELLS: Final = 16
THETA_CELLS: Final = 14
THETA_MAX: Final = np.pi / 2
X_EDGES: Final = (np.arange(X_CELLS + 1) / X_CELLS) ** 2
THETA_EDGES: Final = THETA_MAX * (np.arange(THETA_CELLS + 1) / THETA_CELLS) ** 2
SYSTEMATIC: Final = 0.4
"""Relative uncertainty to be quoted for anything drawn from these tables: the spread of current hadronic models."""
_ANGLES: Final = tuple(f"theta_{k:02d}" for k in range(THETA_CELLS))
_COLUMNS: Final = ("momentum_GeV", "collisions", "quasi_elastic", "product", "x_cell", *_ANGLES)


@dataclass(frozen=True, eq=False)
class YieldTable:
    """Hadrons per production interaction of one projectile on one nucleus.

    Attributes
    ----------
    projectile : int
        PDG number.
    nucleus : str
        ``Be`` or ``Al``.
    momenta : (L,) float
        Ladder of projectile momenta in MeV/c, increasing.
    collisions : (L,) float
        Collisions generated at each momentum, quasi-elastic ones included.
    quasi_elastic : (L,) float
        How many of them made no new meson; their hadrons are not counted.
    counts : dict of int to (L, X_CELLS, THETA_CELLS) float
        Hadrons found, by PDG number.
    """

    projectile: int
    nucleus: str
    momenta: Floats
    collisions: Floats
    quasi_elastic: Floats
    counts: dict[int, Floats]

    @property
    def interactions(self) -> Floats:
        """Production interactions that the collisions stand for, shape (L,).

        The rest of the program counts meson production as inelastic minus quasi-elastic, so the generated collisions
        are reduced by a quasi-elastic share: the generator's own, but no more than the measured cross sections have.
        What the generator has beyond that is production without mesons.
        """
        sigma = cross_sections(self.projectile, self.momenta, self.nucleus)
        share = np.minimum(self.quasi_elastic / self.collisions, sigma.quasi_elastic / sigma.inelastic)
        return self.collisions * (1.0 - share)

    def multiplicity(self, product: int, p_in: ArrayLike) -> Floats:
        """Return the mean number of a product in the forward hemisphere per production interaction.

        Parameters
        ----------
        product : int
            PDG number, one of :data:`PRODUCTS`.
        p_in : array_like
            Momentum of the projectile in MeV/c, any shape; zero below the ladder, the last rung's value above it.

        Raises
        ------
        UnknownNameError
            For a product that is not tabulated.
        """
        rung, share, open_ = self._rungs(np.asarray(p_in, dtype=float))
        mean = self._counts(product).sum(axis=(1, 2)) / self.interactions
        return np.where(open_, (1.0 - share) * mean[rung] + share * mean[rung + 1], 0.0)

    def density(self, product: int, p_in: ArrayLike, p: ArrayLike, theta: ArrayLike) -> Floats:
        """Return d2n/dp dOmega per production interaction in 1/(MeV/c)/sr.

        Parameters
        ----------
        product : int
            PDG number, one of :data:`PRODUCTS`.
        p_in, p : array_like
            Momenta of projectile and product in MeV/c, > 0 and >= 0; they broadcast.
        theta : array_like
            Angle between them in rad, >= 0.

        Returns
        -------
        array
            Zero where p >= p_in, beyond 90 degrees, and below the ladder. The integral over p and solid angle is
            :meth:`multiplicity`.

        Raises
        ------
        UnknownNameError
            For a product that is not tabulated.
        RangeError
            For a momentum or an angle out of range.
        """
        require_range("p_in", p_in, 0.0, unit="MeV/c", open_low=True)
        require_range("p", p, 0.0, unit="MeV/c")
        require_range("theta", theta, 0.0, unit="rad")
        p_in, p, theta = np.broadcast_arrays(*(np.asarray(a, dtype=float) for a in (p_in, p, theta)))
        rung, share, open_ = self._rungs(p_in)
        column = np.floor(np.sqrt(p / p_in) * X_CELLS).astype(np.int64)
        row = np.floor(np.sqrt(theta / THETA_MAX) * THETA_CELLS).astype(np.int64)
        inside = open_ & (column < X_CELLS) & (row < THETA_CELLS)
        column, row = np.where(inside, column, 0), np.where(inside, row, 0)
        size = np.outer(np.diff(X_EDGES), -2.0 * np.pi * np.diff(np.cos(THETA_EDGES)))
        cells = self._counts(product) / size / self.interactions[:, None, None]
        value = (1.0 - share) * cells[rung, column, row] + share * cells[rung + 1, column, row]
        return np.where(inside, value / p_in, 0.0)

    def draw(
        self, product: int, p_in: ArrayLike, u: Floats, v: Floats, slowest: float
    ) -> tuple[Floats, Floats, Floats]:
        """Return momenta and angles of one product a collision, drawn from the density above a momentum.

        Parameters
        ----------
        product : int
            PDG number, one of :data:`PRODUCTS`.
        p_in : array_like
            Momentum of each projectile in MeV/c, > 0, (N,) or a number.
        u, v : (N,) float
            Uniform in (0, 1).
        slowest : float
            Smallest momentum in MeV/c that is drawn, >= 0.

        Returns
        -------
        p : (N,) float
            MeV/c, > ``slowest``; ``slowest`` where nothing is that fast.
        theta : (N,) float
            rad.
        multiplicity : (N,) float
            Products faster than that per production interaction; zero below the ladder.

        Raises
        ------
        UnknownNameError
            For a product that is not tabulated.
        RangeError
            For a momentum out of range.
        """
        require_range("p_in", p_in, 0.0, unit="MeV/c", open_low=True)
        require_range("slowest", slowest, 0.0, unit="MeV/c")
        p_in = np.broadcast_to(np.asarray(p_in, dtype=float), u.shape)
        rung, share, open_ = self._rungs(p_in)
        cells = self._counts(product) / self.interactions[:, None, None]
        low, high = np.maximum(X_EDGES[:-1], (slowest / p_in)[:, None]), X_EDGES[1:]
        width = np.maximum(high - low, 0.0)
        columns = (1.0 - share)[:, None] * cells.sum(axis=2)[rung] + share[:, None] * cells.sum(axis=2)[rung + 1]
        columns = np.where(open_[:, None], columns * width / np.diff(X_EDGES), 0.0)
        row = np.arange(len(u))
        column, inside = _pick(u, columns, row)
        some = width[row, column] > 0.0
        x = np.where(some, low[row, column] + inside * width[row, column], slowest / p_in)
        angles = (1.0 - share)[:, None] * cells[rung, column] + share[:, None] * cells[rung + 1, column]
        angle, inside = _pick(v, angles, row)
        cosine = np.cos(THETA_EDGES)
        theta = np.arccos(cosine[angle] + inside * np.diff(cosine)[angle])
        return x * p_in, theta, columns.sum(axis=1)

    def mirrored(self) -> Self:
        """Return the table of the isospin mirror: neutrons from protons, pi- from pi+.

        Exact for a nucleus with as many neutrons as protons; for beryllium (5 and 4) an approximation of a few per
        cent of the difference between charges.
        """
        counts = {MIRROR[product]: table for product, table in self.counts.items()}
        return replace(self, projectile=MIRROR[self.projectile], counts=counts)

    def _counts(self, product: int) -> Floats:
        """Return the cells of a product, or say that there are none."""
        if product not in self.counts:
            raise unknown_name("product of the yield table", str(product), map(str, self.counts))
        return self.counts[product]

    def _rungs(self, p_in: Floats) -> tuple[Ints, Floats, np.ndarray]:
        """Return the rung below p_in, the share of the next one, and whether p_in is not below the ladder."""
        ladder = np.log(self.momenta)
        log = np.log(np.clip(p_in, self.momenta[0], self.momenta[-1]))
        rung = np.clip(np.searchsorted(ladder, log, side="right") - 1, 0, len(ladder) - 2)
        return rung, (log - ladder[rung]) / np.diff(ladder)[rung], p_in >= self.momenta[0]


def _pick(u: Floats, cells: Floats, which: Ints) -> tuple[Ints, Floats]:
    """Return the cell of row ``which`` that u falls in, in proportion to its content, and where in the cell."""
    edges = np.concatenate([np.zeros((len(cells), 1)), np.cumsum(cells, axis=1)], axis=1)
    total = edges[:, -1:]
    edges = np.where(total > 0, edges / np.where(total > 0, total, 1.0), 0.0)
    n = cells.shape[1]
    flat = (edges[:, 1:] + np.arange(len(cells))[:, None]).ravel()
    cell = np.clip(np.searchsorted(flat, u + which, side="right") - which * n, 0, n - 1)
    low, high = edges[which, cell], edges[which, cell + 1]
    width = np.where(high > low, high - low, 1.0)
    return cell, np.clip((u - low) / width, 0.0, 1.0)


def read_yields(path: Path, projectile: int, nucleus: str) -> YieldTable:
    """Return the table of a CSV file as ``scripts/make_yields.py`` writes it.

    Parameters
    ----------
    path : Path
        One row for each momentum, product and cell of x.
    projectile : int
        PDG number.
    nucleus : str
        ``Be`` or ``Al``.

    Raises
    ------
    InputFileError
        When the file cannot be read, a column is missing, or rows are missing or out of order.
    """
    cells = read_columns(path, _COLUMNS)
    numbers = {name: as_numbers(path, name, cells[name]) for name in _COLUMNS}
    momenta, first = np.unique(numbers["momentum_GeV"], return_index=True)
    shape = (len(momenta), len(PRODUCTS), X_CELLS)
    key = np.lexsort((numbers["x_cell"], numbers["product"], numbers["momentum_GeV"]))
    expected = (
        np.tile(np.arange(X_CELLS), len(momenta) * len(PRODUCTS)),
        np.tile(np.repeat(sorted(PRODUCTS), X_CELLS), len(momenta)),
    )
    complete = len(key) == np.prod(shape) and len(momenta) > 1
    if not complete or not all(
        np.array_equal(numbers[name][key], values) for name, values in zip(("x_cell", "product"), expected, strict=True)
    ):
        raise InputFileError(
            f"{path}: rows are missing or repeated; allowed: each x_cell 0-{X_CELLS - 1} of the products "
            f"{', '.join(map(str, PRODUCTS))} once at each of at least 2 momenta"
        )
    counts = np.column_stack([numbers[name] for name in _ANGLES])[key].reshape(*shape, THETA_CELLS)
    by_product = {product: counts[:, index] for index, product in enumerate(sorted(PRODUCTS))}
    totals = numbers["collisions"][first], numbers["quasi_elastic"][first]
    return YieldTable(projectile, nucleus, momenta * GEV, *totals, by_product)
