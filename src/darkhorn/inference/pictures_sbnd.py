"""SBND with one mediator: what makes the excess of MiniBooNE, seen 110 m from the target, by meson and final state."""

from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from darkhorn.core.errors import ScenarioError
from darkhorn.core.progress import Tell
from darkhorn.core.rays import Floats
from darkhorn.experiments.loader import Experiment, Mode
from darkhorn.inference.confront_beams import Beams
from darkhorn.inference.confront_point import Point
from darkhorn.inference.confront_rates import window_of
from darkhorn.inference.pictures_rates import Rate, by_meson, rate_json, setup_of, shares
from darkhorn.models.channels import Model
from darkhorn.models.dark_matter import DarkMatter
from darkhorn.models.photoconversion import Photoconversion

FINALS: Final = ("photon", "electron", "pair")
"""Final states: V N -> gamma N by the exchange of pi0, chi e -> chi e, chi N -> chi' N with chi' -> chi e+ e-."""
DEGREES: Final = np.concatenate([np.arange(0.0, 20.0), np.arange(20.0, 181.0, 5.0)])
"""Edges of the bins in cos theta, as angles to the beam."""
_BOSONS: Final = np.array([0.0, 1.0e4])


@dataclass(frozen=True)
class FinalState:
    """One final state at the coupling that makes MiniBooNE's excess in neutrino mode.

    Attributes
    ----------
    name : str
        One of :data:`FINALS`.
    model : Model
        Parameters.
    product : float
        Coupling product (``model.product_name``) at which MiniBooNE has the excess.
    miniboone, near : dict of str to Rate
        Events at that product by meson, at MiniBooNE and in the near detector.
    """

    name: str
    model: Model
    product: float
    miniboone: dict[str, Rate]
    near: dict[str, Rate]


@dataclass(frozen=True)
class SbndRates:
    """Rates of one near detector.

    Attributes
    ----------
    experiment : str
        Name.
    pot : float
        Its exposure.
    excess : float
        Events of MiniBooNE in neutrino mode to which every final state is normalised.
    edges : dict of str to (n+1,) float
        Bins of ``e_vis`` in MeV and of ``cos_theta``.
    states : dict of str to FinalState
        By name; those that nothing makes are left out.
    """

    experiment: str
    pot: float
    excess: float
    edges: dict[str, Floats]
    states: dict[str, FinalState]


def models_of(model: DarkMatter) -> dict[str, Model]:
    """Return the model of each final state: the same vector, which either decays to chi chi or lives."""
    amplitude = "vector-ib2" if model.amplitude is None else model.production
    photon = Photoconversion(amplitude, model.leptons, "pi0", model.m_v1, 1.0, model.eps1, 1.0, 1.0)
    return {
        "photon": replace(photon, production_parameters=dict(model.production_parameters)),
        "electron": replace(model, detection=("electron",)),
        "pair": replace(model, detection=("upscatter",)),
    }


def sbnd_rates(point: Point, tell: Tell = lambda _: None) -> SbndRates:
    """Return the events of every final state in the first experiment of a point, normalised to MiniBooNE's excess.

    The ratio of both detectors does not depend on any coupling; branching ratios and lifetimes are held.

    Parameters
    ----------
    point : Point
        A model of dark matter with one mediator. The first of its experiments is the near detector.
    tell : callable
        Told what is being done.

    Raises
    ------
    ScenarioError
        For another model, or one with two mediators.
    """
    model = point.model
    if not isinstance(model, DarkMatter) or model.exchange != "v1":
        raise ScenarioError(f"model {point.model_name}: pictures of SBND need dark matter with exchange = 'v1'")
    name = point.experiments[0]
    near = Experiment.load(name, given=point.supply.get(name))
    far = Experiment.load("miniboone", given=point.supply.get("miniboone"))
    far_mode, near_mode = far.mode("neutrino"), next(iter(near.modes.values()))
    assert far_mode.excess is not None
    beams = Beams(point.settings, point.supply)
    edges = {"e_vis": near_mode.edges["e_vis"], "cos_theta": np.cos(np.radians(DEGREES[::-1]))}
    states: dict[str, FinalState] = {}
    for state, one in models_of(model).items():
        tell(f"{state}: MiniBooNE")
        there = _rates(one, far, far_mode, beams, edges, point, tell, one_ring=True)
        tell(f"{state}: {near.name}")
        here = _rates(one, near, near_mode, beams, edges, point, tell, one_ring=False)
        total = sum(rate.events for rate in there.values())
        if total > 0.0:
            factor = far_mode.excess / total
            states[state] = FinalState(state, one, factor**0.5, _scaled(there, factor), _scaled(here, factor))
    return SbndRates(near.name, near_mode.pot, far_mode.excess, edges, states)


def _rates(
    model: Model,
    experiment: Experiment,
    mode: Mode,
    beams: Beams,
    edges: dict[str, Floats],
    point: Point,
    tell: Tell,
    *,
    one_ring: bool,
) -> dict[str, Rate]:
    """Return the events of one detector by meson at product 1; nothing where every decay is closed."""
    setup = setup_of(experiment, mode, beams, edges, _BOSONS, window_of(mode), one_ring=one_ring)
    return by_meson(model, setup, point.settings, tell)


def _scaled(rates: dict[str, Rate], factor: float) -> dict[str, Rate]:
    return {name: rate.times(factor) for name, rate in rates.items()}


def sbnd_json(found: SbndRates) -> dict[str, Any]:
    """Return the rates as plain values."""
    return {
        "experiment": found.experiment,
        "pot": found.pot,
        "miniboone_excess": found.excess,
        "edges": {name: rows.tolist() for name, rows in found.edges.items()},
        "final_states": {name: _state_json(item) for name, item in found.states.items()},
    }


def _state_json(item: FinalState) -> dict[str, Any]:
    return {
        "model": {key: value for key, value in item.model.parameters().items() if key != "coupling_product_per_MeV"},
        "title": item.model.title,
        "warnings": list(item.model.warnings()),
        "product": {"name": item.model.product_name, "unit": item.model.product_unit, "value": item.product},
        "miniboone": rate_json(item.miniboone),
        "near": rate_json(item.near),
        "near_shares": shares(item.near),
    }
