"""Curves over an allowed region: what counting searches and rare decays leave of a coupling product."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from darkhorn.core.errors import require_range
from darkhorn.core.rays import Floats
from darkhorn.experiments.rare_decays import load_constraints
from darkhorn.inference.confront_limits import LimitRow, limits_of
from darkhorn.inference.confront_point import RARE_DECAYS
from darkhorn.models.channels import Model

KINDS: Final = ("recast", "limit", "indicative", "projection")
"""How much a curve is worth, best first; ``limit`` is a rare decay whose search holds for P -> l nu X."""
GROUPS: Final = {
    "pienu": "PIENU",
    "na62": "NA62",
    "e949": "E949",
    "letter": "limits of the letter",
    "sindrum": "SINDRUM",
}
"""Who searched, by the beginning of the name of a limit."""


@dataclass(frozen=True)
class Curve:
    """One search over a mass.

    Attributes
    ----------
    name, group : str
        Which search, and by whom.
    kind : str
        One of :data:`KINDS`.
    product : (n,) float
        Coupling product that it reaches at each mass; ``nan`` where it says nothing.
    note : str
        What it rests on.
    """

    name: str
    group: str
    kind: str
    product: Floats
    note: str


def upper_events(excess: float, error: float, level: float) -> float:
    """Return the CLs upper limit on a signal s >= 0 of a Gaussian measurement of it.

    Parameters
    ----------
    excess, error : float
        Data minus background and its whole error, events.
    level : float
        Confidence level in [0.5, 0.999].

    Returns
    -------
    float
        s = x - e F^-1((1 - level) F(x/e)) with the normal distribution F, which solves
        F((x - s)/e) = (1 - level) F(x/e).

    Raises
    ------
    RangeError
        For an error that is not positive, or a level out of range.

    Notes
    -----
    Source: A. L. Read, J. Phys. G 28, 2693 (2002), for one Gaussian channel of fixed width.
    """
    from scipy.special import ndtr, ndtri

    require_range("excess", excess, unit="events")
    require_range("error", error, 0.0, unit="events", open_low=True)
    require_range("level", level, 0.5, 0.999)
    return float(excess - error * ndtri((1.0 - level) * ndtr(excess / error)))


def none_seen(level: float) -> float:
    """Return the upper limit on the mean of a Poisson variable of which 0 were seen, -ln(1 - level); no background.

    Raises
    ------
    RangeError
        For a level out of [0.5, 0.999].
    """
    require_range("level", level, 0.5, 0.999)
    return float(-np.log1p(-level))


def rare_curves(models: Sequence[Model], supply: Mapping[str, Mapping[str, Any]], *, same: bool) -> list[Curve]:
    """Return what every limit on a rare decay leaves of the coupling product of each model.

    The limit is on the coupling of the decay; the others are held at the values of the model.

    Parameters
    ----------
    models : sequence of n Model
        One a mass, at couplings above 0.
    supply : mapping
        Of the point: curves of the user under ``rare_decays``.
    same : bool
        Whether all models decay alike, so that the first one speaks for all.

    Returns
    -------
    list of Curve
        Those with a number at one mass at least. Searches whose curve is not shipped are drawn at the weakest of their
        orders of magnitude, as ``indicative``.
    """
    own = dict(supply.get(RARE_DECAYS, {}))
    rough = {
        name: {"mass": list(item.mass_range), "limit": [item.rough[1]] * 2}
        for name, item in load_constraints().items()
        if item.rough is not None and not item.available and name not in own
    }
    rows = [limits_of(model, {**own, **rough}) for model in (models[:1] if same else models)]
    found = []
    for place, first in enumerate(rows[0]):
        products = [_product(model, row[place]) for model, row in zip(models, rows, strict=False)]
        product = np.array(products * (len(models) if same else 1))
        if np.isfinite(product).any():
            found.append(_curve(first, product, first.name in rough, [row[place] for row in rows]))
    return found


def _product(model: Model, row: LimitRow) -> float:
    """Return the largest coupling product that a limit allows, the other couplings held."""
    ratio = row.ratio
    return float(model.coupling_product / np.sqrt(ratio)) if ratio else float("nan")


def _curve(first: LimitRow, product: Floats, rough: bool, rows: Sequence[LimitRow]) -> Curve:
    status = next((row.status for row in rows if row.ratio), first.status)
    firm = status == "compared" and not rough and first.origin != "unverified"
    note = "order of magnitude only, unverified" if rough else next((row.note for row in rows if row.note), "")
    if first.origin == "unverified":
        note = "second-hand"
    group = GROUPS.get(first.name.partition("-")[0], first.name)
    return Curve(f"{group}, {first.decay}", group, "limit" if firm else "indicative", product, note)
