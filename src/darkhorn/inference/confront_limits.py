"""What a parameter point predicts for rare decays, beside the published limits, for ``confront``."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from darkhorn.chain.decay import tabulate_emission
from darkhorn.core.errors import DarkhornError
from darkhorn.core.species import ETA, K_PLUS, PI0, PI_PLUS, name_of
from darkhorn.core.units import HBARC
from darkhorn.experiments.rare_decays import Constraint, load_constraints
from darkhorn.experiments.reading import Table
from darkhorn.experiments.releases import published_curve
from darkhorn.models.channels import Line, Model
from darkhorn.models.dark_matter import DarkMatter
from darkhorn.models.photoconversion import Photoconversion
from darkhorn.models.visible import VisibleDecay

PROMPT_C_TAU: Final = 0.01
"""c tau in m up to which an electron pair of X comes at once."""
UNSEEN_C_TAU: Final = 1.0
"""c tau in m from which X leaves unseen."""
DUMP_CURVE: Final = "mb_dump_dm_limit_2018"
_NODES: Final = 256


@dataclass(frozen=True)
class Made:
    """One decay of a meson that makes X: ``decay`` such as ``pi+ -> mu nu X``, branching ratio at the couplings."""

    parent: str
    lepton: str
    decay: str
    branching: float


@dataclass(frozen=True)
class Fate:
    """What becomes of X: its mass in MeV, the shares that are unseen and e+ e-, and c tau in m (inf if stable)."""

    mass: float
    unseen: float
    electrons: float
    c_tau: float


@dataclass(frozen=True)
class LimitRow:
    """A prediction beside a limit.

    Attributes
    ----------
    name, decay, quantity : str
        Key of the limit, what was searched for, what is limited.
    predicted, limit, cl : float or None
        At the given couplings; None where there is no number.
    status : str
        ``compared``; ``indicative`` where the search assumed something else; ``no comparison``; ``refused``.
    origin : str
        Status of the limit itself: ``read``, ``computed``, ``unverified``, or ``supplied`` by the user.
    note : str
        Why, or what a reader has to know.
    """

    name: str
    decay: str
    quantity: str
    predicted: float | None
    limit: float | None
    cl: float | None
    status: str
    origin: str
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """Predicted over limit."""
        return None if self.predicted is None or self.limit is None else self.predicted / self.limit


def fate(model: Model) -> Fate:
    """Return what becomes of the particle that mesons make."""
    if isinstance(model, DarkMatter):
        widths = model.widths
        c_tau = HBARC / widths.v1_total if widths.v1_total > 0.0 else np.inf
        return Fate(model.m_v1, widths.pair_share, widths.electron_share, float(c_tau))
    if isinstance(model, VisibleDecay):
        share = model.decay_widths["e e"] / model.width if model.width > 0.0 else 0.0
        return Fate(model.m_x, 1.0, share, model.c_tau)
    widths_by_name = model.decay_widths() if isinstance(model, Photoconversion) else {}
    total = sum(widths_by_name.values())
    share = widths_by_name.get("e+ e-", 0.0) / total if total > 0.0 else 0.0
    return Fate(model.particle_mass, 1.0, share, HBARC / total if total > 0.0 else float("inf"))


def decays_of(model: Any) -> list[Made]:
    """Return every decay of pi+, K+, pi0 and eta that can make X, closed ones with an exact 0.

    The X of dark matter is V1: its decay is divided out.
    """
    share = fate(model).unseen if isinstance(model, DarkMatter) else 1.0
    found = []
    for parent in (PI_PLUS, K_PLUS):
        for lepton in ("e", "mu"):
            open_here = replace(model, leptons=(lepton,)).emissions(parent) if lepton in model.leptons else ()
            value = _branching(open_here, model.coupling, share)
            found.append(Made(name_of(parent), lepton, f"{name_of(parent)} -> {lepton} nu X", value))
    for parent in (PI0, ETA):
        value = _branching(model.emissions(parent), model.coupling, share)
        found.append(Made(name_of(parent), "", f"{name_of(parent)} -> gamma X", value))
    return found


def _branching(emissions: tuple[Any, ...], coupling: float, share: float) -> float:
    """Return decays per meson over the share of X that they count; 0 where there are none."""
    if share == 0.0:
        return 0.0
    parts = [
        (item if isinstance(item, Line) else tabulate_emission(item, _NODES)).branching / item.count
        for item in emissions
    ]
    return float(sum(parts)) * coupling**2 / share


def limits_of(model: Model, supplied: Mapping[str, Any] | None = None) -> list[LimitRow]:
    """Return every limit on rare decays beside the prediction of a model.

    Parameters
    ----------
    model : Model
        At its couplings.
    supplied : mapping, optional
        Curves of the user by name of the limit: ``{"mass": [MeV, ...], "limit": [...]}``.

    Raises
    ------
    ScenarioError, RangeError, UnknownNameError
        For a curve that is none, or of an unknown name.
    """
    made, dark = decays_of(model), fate(model)
    rows = [_row(item, made, dark) for item in load_constraints(curves=_curves(supplied or {})).values()]
    rows = [replace(row, origin="supplied") if row.name in (supplied or {}) else row for row in rows]
    if isinstance(model, DarkMatter):
        rows.append(_dump_limit(model))
    return rows


def _curves(supplied: Mapping[str, Any]) -> dict[str, Any]:
    """Return the curves of the user as arrays."""
    table = Table(supplied, "supply.rare_decays")
    found = {}
    for name in supplied:
        group = table.table(name)
        group.only("mass", "limit")
        masses, limits = group.numbers("mass", "MeV", None, 0.0), group.numbers("limit", "", None, 0.0, 1.0)
        found[name] = (np.asarray(masses), np.asarray(limits))
    return found


def _row(item: Constraint, made: list[Made], dark: Fate) -> LimitRow:
    """Return one limit with its prediction; whatever stands in the way is said."""

    def row(predicted: float | None, limit: float | None, status: str, note: str = "") -> LimitRow:
        return LimitRow(item.name, str(item.decay), item.quantity, predicted, limit, item.cl, status, item.status, note)

    if item.decay.two_body:
        return row(None, None, "refused", "a peak in the energy of the lepton: it bounds two-body decays only")
    total = next(m.branching for m in made if (m.parent, m.lepton) == (item.decay.parent, item.decay.lepton))
    predicted, status, note = _seen(item, total, dark)
    if not item.covers(dark.mass):
        low, high = item.mass_range
        outside = f"{dark.mass:g} MeV is outside of {low:g} to {high:g} MeV"
        return row(predicted, None, "no comparison", outside)
    if not item.available:
        return row(predicted, None, "no comparison", _missing(item))
    return row(predicted, float(item.branching(dark.mass).value), status, note)


def _missing(item: Constraint) -> str:
    """Return which key is missing, with the order of magnitude where one is known."""
    text = f"limits.{item.name}.curve missing" if "you must supply" in item.missing else item.missing
    if item.rough is None:
        return text
    return f"{text}; about {item.rough[0]:g} to {item.rough[1]:g}, unverified"


def _seen(item: Constraint, total: float, dark: Fate) -> tuple[float, str, str]:
    """Return the branching ratio that a search would see, whether it assumes what the model does, and a note."""
    if "e" in item.decay.rest:
        late = dark.electrons > 0.0 and dark.c_tau > PROMPT_C_TAU
        note = f"X does not decay at once: c tau = {dark.c_tau:.3g} m" if late else ""
        return total * dark.electrons, "indicative" if late else "compared", note
    predicted = total * dark.unseen
    if "nubar" in item.decay.rest:
        return predicted, "indicative", "for the spectrum of three neutrinos"
    if dark.unseen == 1.0 and dark.c_tau < UNSEEN_C_TAU:
        return predicted, "indicative", f"X does not leave unseen: c tau = {dark.c_tau:.3g} m"
    return predicted, "compared", ""


def _dump_limit(model: DarkMatter) -> LimitRow:
    """Return the published limit of the dump mode on eps^2, at the mass of chi."""
    row = LimitRow(
        "miniboone-dump-dm", "chi e, chi N at MiniBooNE", "eps^2", model.eps1**2, None, 0.90, "no comparison", "read"
    )
    try:
        mass, limit = published_curve(DUMP_CURVE)
    except DarkhornError as error:
        return replace(row, note=str(error))
    if not mass.min() <= model.m_chi <= mass.max():
        return replace(row, note=f"m_chi = {model.m_chi:g} MeV is outside {mass.min():g} to {mass.max():g} MeV")
    order = np.argsort(mass)
    value = float(np.exp(np.interp(model.m_chi, mass[order], np.log(limit[order]))))
    note = "for alpha_D = 0.5 and other masses (arXiv:1807.06137)"
    return replace(row, limit=value, status="indicative", note=note)
