"""Detector objects from the parameters of an experiment or of a scenario file."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from darkhorn.core.errors import RangeError, ScenarioError, UnknownNameError, require_range
from darkhorn.detector.geometry import IDENTITY, Box, Cylinder, Matrix, Shape, Sphere
from darkhorn.detector.response import ANGULAR, Response
from darkhorn.detector.targets import Composition
from darkhorn.experiments.reading import Table, require_increasing

SHAPES: Final = ("sphere", "box", "cylinder")
"""Kinds of detector volumes."""

MATERIALS: Final = ("number_density_per_cm3", "formula", "mass_fractions")
"""Ways to say what a detector is made of."""


def build_shape(params: Mapping[str, Any], where: str = "shape") -> Shape:
    """Return a detector volume.

    Parameters
    ----------
    params : mapping
        ``kind = "sphere"`` with ``center`` and ``radius``; ``"box"`` with ``center``, ``size`` (three edges) and
        optionally ``rotation = { axis = [x, y, z], angle = rad }``; ``"cylinder"`` with ``center``, ``radius``,
        ``length`` and optionally ``axis``. Lengths in m, positions in the frame of the beam line.
    where : str
        What messages call the table.

    Raises
    ------
    ScenarioError
        For an unknown kind or key, or a wrong type.
    RangeError
        For a size that is not positive or a number that is not finite.
    """
    table = Table(params, where)
    kind = table.text("kind", SHAPES)
    if kind == "sphere":
        table.only("kind", "center", "radius")
        return Sphere(_vector(table, "center"), _length(table, "radius"))
    if kind == "box":
        table.only("kind", "center", "size", "rotation")
        rotation = _rotation(table.table("rotation")) if "rotation" in table else IDENTITY
        size = _vector(table, "size")
        require_range(table.path("size"), size, 0.0, unit="m", open_low=True)
        return Box(_vector(table, "center"), size, rotation)
    table.only("kind", "center", "radius", "length", "axis")
    center, radius, length = _vector(table, "center"), _length(table, "radius"), _length(table, "length")
    return Cylinder(center, radius, length, _axis(table)) if "axis" in table else Cylinder(center, radius, length)


def build_composition(params: Mapping[str, Any], where: str = "material") -> Composition:
    """Return what a detector is made of.

    Parameters
    ----------
    params : mapping
        Exactly one of ``number_density_per_cm3 = { C = 3.6e22, H = 7.2e22 }``, ``formula = { C = 1, H = 2 }`` and
        ``mass_fractions = { C = 0.86, H = 0.14 }``; the last two together with ``mass_density_g_cm3``.
    where : str
        What messages call the table.

    Raises
    ------
    ScenarioError
        For an unknown or missing key, a wrong type or combination, or an unknown element.
    RangeError
        For a number that is not positive, or mass fractions that do not sum to 1.
    """
    table = Table(params, where)
    table.only(*MATERIALS, "mass_density_g_cm3")
    given = [key for key in MATERIALS if key in table]
    if len(given) != 1:
        found = ", ".join(given) or "none"
        raise ScenarioError(f"{where}: expected exactly one of {', '.join(MATERIALS)}; found {found}")
    by_number = given[0] == "number_density_per_cm3"
    if by_number and "mass_density_g_cm3" in table:
        raise ScenarioError(f"{table.path('mass_density_g_cm3')}: not together with number_density_per_cm3")
    parts = table.table(given[0])
    unit = "1/cm^3" if by_number else ""
    amounts = {element: parts.number(element, unit, 0.0, open_low=True) for element in parts.values}
    density = 0.0 if by_number else table.number("mass_density_g_cm3", "g/cm^3", 0.0, open_low=True)
    try:
        if by_number:
            return Composition.from_number_densities(amounts)
        if given[0] == "formula":
            return Composition.from_mass_density(density, formula=amounts)
        return Composition.from_mass_density(density, mass_fractions=amounts)
    except UnknownNameError as error:
        raise ScenarioError(f"{parts.where}: {error}") from error
    except RangeError as error:
        raise RangeError(f"{parts.where}: {error}") from error


def build_response(params: Mapping[str, Any], where: str = "response") -> Response:
    """Return efficiency and resolution of a detector.

    Parameters
    ----------
    params : mapping
        ``perfect = true`` alone, or any of ``efficiency = { energy = [MeV, ...], value = [...] }``,
        ``energy_sqrt_GeV`` and ``energy_constant_GeV`` (sigma = a sqrt(E/GeV) + b, in GeV), ``angular``
        (``none``, ``constant`` or ``log``) and ``angular_degrees``. What is left out is perfect. ``missing`` is a
        message about what an experiment has not published.
    where : str
        What messages call the table.

    Raises
    ------
    ScenarioError
        For an unknown key or a wrong type or combination; the message ``missing`` itself, if there is one.
    RangeError
        For energies that do not increase, an efficiency outside [0, 1], or a negative resolution.
    """
    table = Table(params, where)
    if "missing" in table:
        raise ScenarioError(table.text("missing"))
    table.only("perfect", "efficiency", "energy_sqrt_GeV", "energy_constant_GeV", "angular", "angular_degrees")
    if "perfect" in table:
        if params["perfect"] is not True or len(params) > 1:
            raise ScenarioError(f"{table.path('perfect')} = {params['perfect']!r}: expected true and no other key")
        return Response.perfect()
    energy: tuple[float, ...] = ()
    value: tuple[float, ...] = ()
    if "efficiency" in table:
        curve = table.table("efficiency")
        curve.only("energy", "value")
        energy = curve.numbers("energy", "MeV", None, 0.0)
        require_increasing(curve.path("energy"), energy, "MeV")
        value = curve.numbers("value", "", len(energy), 0.0, 1.0)
    kind = table.text("angular", ANGULAR) if "angular" in table else "none"
    if kind == "none" and "angular_degrees" in table:
        raise ScenarioError(f"{table.path('angular_degrees')}: only together with angular = 'constant' or 'log'")
    return Response(
        efficiency_energy=energy,
        efficiency=value,
        energy_sqrt_GeV=table.number("energy_sqrt_GeV", "GeV", 0.0) if "energy_sqrt_GeV" in table else 0.0,
        energy_constant_GeV=table.number("energy_constant_GeV", "GeV", 0.0) if "energy_constant_GeV" in table else 0.0,
        angular="log" if kind == "log" else "constant" if kind == "constant" else "none",
        angular_degrees=0.0 if kind == "none" else table.number("angular_degrees", "degrees", 0.0, 90.0),
    )


def _length(table: Table, key: str) -> float:
    """Return a positive length in m."""
    return table.number(key, "m", 0.0, open_low=True)


def _vector(table: Table, key: str, unit: str = "m") -> tuple[float, float, float]:
    """Return three numbers."""
    x, y, z = table.numbers(key, unit, 3)
    return x, y, z


def _axis(table: Table) -> tuple[float, float, float]:
    """Return the direction ``axis`` as a unit vector."""
    axis = np.asarray(_vector(table, "axis", ""))
    largest = float(np.abs(axis).max())
    require_range(f"length of {table.path('axis')}", largest, 0.0, open_low=True)
    axis = axis / largest  # so that no square overflows or vanishes
    x, y, z = (float(component) for component in axis / np.linalg.norm(axis))
    return x, y, z


def _rotation(table: Table) -> Matrix:
    """Return the right-handed rotation by ``angle`` (rad) about ``axis``, by Rodrigues' formula."""
    table.only("axis", "angle")
    x, y, z = _axis(table)
    angle = table.number("angle", "rad")
    cross = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    matrix = np.eye(3) + np.sin(angle) * cross + (1.0 - np.cos(angle)) * (cross @ cross)
    first, second, third = ((float(row[0]), float(row[1]), float(row[2])) for row in matrix)
    return first, second, third
