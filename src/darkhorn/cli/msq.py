"""``darkhorn msq``: the squared amplitude at one point of the Dalitz plot."""

from typing import Annotated

import typer

from darkhorn.cli.output import JsonOption, emit_json, show_pairs
from darkhorn.cli.width import Lepton, Mass, Model, Parent, Settings, decay_numbers, settings

EXAMPLE = "Example: darkhorn msq --parent pi+ --lepton mu --model vector-sum --mass 5 --m12sq 14000 --m23sq 900 --json"


def msq(
    parent: Parent,
    lepton: Lepton,
    model: Model,
    mass: Mass,
    m12sq: Annotated[float, typer.Option(help="Invariant (l + nu)^2 in MeV^2.")],
    m23sq: Annotated[float, typer.Option(help="Invariant (nu + X)^2 in MeV^2.")],
    parent_mass: Annotated[float | None, typer.Option(help="Mass of the meson in MeV; by default the PDG's.")] = None,
    lepton_mass: Annotated[float | None, typer.Option(help="Mass of the lepton in MeV; by default the PDG's.")] = None,
    parameters: Settings = None,
    json: JsonOption = False,
) -> None:
    """Print the squared amplitude of P -> l nu X, summed over spins and polarisations, at one Dalitz point.

    It is divided by (G_F f V g)^2 and then in MeV^2; the output says so, and names the two models that differ.
    """
    import numpy as np

    from darkhorn.core.errors import require_range
    from darkhorn.core.species import mass as mass_of
    from darkhorn.models.productions import msq_normalised, production

    numbers = decay_numbers(parent, lepton)
    item = production(model, **settings(parameters))
    heavy = mass_of(abs(numbers[0])) if parent_mass is None else parent_mass
    light = mass_of(numbers[1]) if lepton_mass is None else lepton_mass
    require_range("parent-mass", heavy, 0.0, 1.0e6, "MeV", open_low=True)
    require_range("lepton-mass", light, 0.0, 1.0e6, "MeV", open_low=True)
    require_range("mass", mass, 0.0, 1.0e6, "MeV", open_low=item.grows_at_low_mass)
    _require_inside(m12sq, m23sq, heavy, light, mass)
    with np.errstate(all="ignore"):
        value = float(msq_normalised(item, m12sq, m23sq, heavy, light, mass))
    require_range(f"sum |M|^2 of {model} at m_x = {mass:g} MeV", value)
    normalisation = item.normalisation
    if json:
        emit_json({"msq": value, "normalisation": normalisation, "model": model, "parent": parent, "lepton": lepton})
        return
    pairs = {
        "masses M, m_l, m_X [MeV]": f"{heavy:.8g}, {light:.8g}, {mass:.8g}",
        "m12^2, m23^2 [MeV^2]": f"{m12sq:.10g}, {m23sq:.10g}",
        "sum |M|^2": f"{value:.12g}",
        "normalisation": normalisation,
    }
    show_pairs(f"{parent} -> {lepton} nu X, {model}", pairs)


def _require_inside(m12sq: float, m23sq: float, parent: float, lepton: float, boson: float) -> None:
    """Raise for a closed decay or a point outside of the Dalitz region, naming the allowed interval."""
    from darkhorn.core.errors import RangeError, ThresholdError, require_range
    from darkhorn.physics.phase_space import inside_dalitz, m23_sq_limits

    if parent <= lepton + boson:
        limit = max(parent - lepton, 0.0)
        raise ThresholdError(f"mass = {boson:g} MeV: the decay is closed; allowed: 0 <= mass < {limit:.8g} MeV")
    slack = 1.0e-12 * parent**2
    require_range("m12sq", m12sq, lepton**2 - slack, (parent - boson) ** 2 + slack, "MeV^2")
    if not inside_dalitz(m12sq, m23sq, parent, lepton, boson):
        low, high = (float(limit) for limit in m23_sq_limits(m12sq, parent, lepton, boson))
        raise RangeError(
            f"m23sq = {m23sq:.10g} MeV^2 is outside the Dalitz region; allowed at m12sq = {m12sq:.10g} MeV^2: "
            f"[{low:.10g}, {high:.10g}] MeV^2"
        )
