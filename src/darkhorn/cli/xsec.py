"""``darkhorn xsec``: cross section of a dark particle on an electron, a nucleon or a nucleus at rest."""

from typing import Annotated, Any

import typer

from darkhorn.cli.output import JsonOption, emit_json, note, show_pairs

EXAMPLE = "Example: darkhorn xsec --process chi-e --target e --energy 700 --mass 5 --mediator 100 --spin scalar --json"

Optional = float | None


def aim_of(target: str) -> Any:
    """Return the electron, nucleon or nucleus of a name such as ``e``, ``p``, ``n``, ``C`` or ``C12``.

    Raises
    ------
    UnknownNameError
        For another name, or a mass number that is not the element's most abundant isotope.
    """
    from darkhorn.core.errors import unknown_name
    from darkhorn.core.species import ELECTRON, NEUTRON, PROTON, mass
    from darkhorn.detector.targets import Composition
    from darkhorn.models.cross_sections import Aim

    simple = {"e": (ELECTRON, 0, 0), "p": (PROTON, 1, 0), "n": (NEUTRON, 0, 1)}
    if target in simple:
        pdg, protons, neutrons = simple[target]
        return Aim(target, mass(pdg), protons, neutrons)
    element = target.rstrip("0123456789")
    nucleus = Composition.from_number_densities({element: 1.0}).targets[0]
    isotope = f"{element}{nucleus.nucleons}"
    if target not in (element, isotope):
        raise unknown_name("target", target, (*simple, element, isotope))
    return Aim(isotope, nucleus.mass, nucleus.protons, nucleus.neutrons)


def xsec(
    process: Annotated[
        str,
        typer.Option(
            help="primakoff, primakoff-scalar, primakoff-pseudoscalar (X T -> photon T, by what is exchanged), "
            "upscatter (chi T -> chi' T), chi-e or chi-nucleon (elastic)."
        ),
    ],
    target: Annotated[str, typer.Option(help="e, p, n or a nucleus such as C12, O16, Ar40 (coherent part).")],
    energy: Annotated[float, typer.Option(help="Total energy of the incoming particle in MeV.")],
    mass: Annotated[float, typer.Option(help="Mass of the incoming particle in MeV.")],
    mediator: Annotated[float, typer.Option(help="Mass of the exchanged particle in MeV.")],
    mass_out: Annotated[Optional, typer.Option(help="upscatter: mass of chi' in MeV; by default that of chi.")] = None,
    coupling: Annotated[float, typer.Option(help="Coupling product: g_chi g_T, or g_T lambda in 1/MeV.")] = 1.0,
    spin: Annotated[str, typer.Option(help="Of chi: dirac or scalar (complex).")] = "dirac",
    couples_to: Annotated[str, typer.Option(help="What a vector sees in a nucleon: charge, baryon or up.")] = "charge",
    point: Annotated[bool, typer.Option("--point", help="Leave out form factors.")] = False,
    recoil_min: Annotated[float, typer.Option(help="Least kinetic energy of the recoil in MeV.")] = 0.0,
    recoil_max: Annotated[Optional, typer.Option(help="Greatest kinetic energy of the recoil in MeV.")] = None,
    recoil: Annotated[Optional, typer.Option(help="Print dsigma/dT at this kinetic energy of the recoil too.")] = None,
    json: JsonOption = False,
) -> None:
    """Print a cross section in cm^2 for a target at rest, spins averaged and summed; exactly 0 below threshold.

    Vectors conserve the target's current. An electron and a proton have charge 1 under kinetic mixing, g_T = e epsilon.
    """
    import numpy as np

    from darkhorn.core.errors import require_range
    from darkhorn.models.cross_sections import PROCESSES, Collision

    aim = aim_of(target)
    after = mass if mass_out is None else mass_out
    collision = Collision(process, aim, energy, mass, mediator, after, spin, couples_to, point)
    item = PROCESSES[process]
    unit = "" if item.unit == "1" else item.unit
    require_range("coupling", coupling, 0.0, 1.0e6, unit)
    low, high = (edge / (2.0 * aim.mass) for edge in collision.limits())
    with np.errstate(under="ignore"):
        total = coupling**2 * collision.total(recoil_min, recoil_max)
    require_range("cross section", total, 0.0, unit="cm^2")
    result: dict[str, Any] = {
        "process": process,
        "target": aim.name,
        "target_mass_MeV": aim.mass,
        "energy_MeV": energy,
        "mass_MeV": mass,
        "mass_out_MeV": collision.mass_after,
        "mediator_MeV": mediator,
        "coupling": coupling,
        "coupling_unit": item.unit,
        "form_factors": not point,
        "recoil_limits_MeV": [low, high],
        "sigma_cm2": total,
    }
    if recoil is not None:
        require_range("recoil", recoil, 0.0, unit="MeV")
        slope = collision.dsigma_dq_sq(np.asarray(2.0 * aim.mass * recoil)) * 2.0 * aim.mass
        result["recoil_MeV"], result["dsigma_dT_cm2_per_MeV"] = recoil, coupling**2 * float(slope)
    if high == 0.0:
        result["note"] = "the energy is below threshold"
    if json:
        emit_json(result)
        return
    pairs = {
        "energy, masses in and out [MeV]": f"{energy:g}, {mass:g}, {collision.mass_after:g}",
        "exchanged particle [MeV]": f"{mediator:g}",
        f"coupling {item.coupling}{f' [{unit}]' if unit else ''}": f"{coupling:g}",
        "recoil, kinetically possible [MeV]": f"{low:.6g} to {high:.6g}",
        "cross section [cm^2]": f"{total:.9g}",
    }
    if recoil is not None:
        pairs[f"dsigma/dT at {recoil:g} MeV [cm^2/MeV]"] = f"{result['dsigma_dT_cm2_per_MeV']:.9g}"
    show_pairs(f"{item.text}, target {aim.name}", pairs)
    if "note" in result:
        note(f"note: {result['note']}: the cross section is exactly 0")
