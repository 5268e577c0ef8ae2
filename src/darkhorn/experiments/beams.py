"""Beam lines from TOML files."""

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Final

from darkhorn.beam.beamline import Aperture, Beamline, Material, ProtonBeam, RadialProfile, Shell, TargetRod
from darkhorn.core.errors import RangeError, unknown_name
from darkhorn.experiments.reading import Table, find_toml, provenance, read_toml, require_increasing
from darkhorn.physics.energy_loss import DensityEffect

KINDS: Final = ("beam", "dump", "stopped")
"""Kinds of files that describe a beam."""

_ORIGIN: Final = ("source", "status", "note")
_BEAM: Final = {
    "momentum": ("MeV/c", 0.0),
    "sigma_x": ("m", 0.0),
    "sigma_y": ("m", 0.0),
    "sigma_xp": ("rad", 0.0),
    "sigma_yp": ("rad", 0.0),
}


def load_beam(name: str | Path, mode: str = "neutrino") -> Beamline:
    """Return a beam line in one of its modes.

    Parameters
    ----------
    name : str or Path
        A beam that the package ships (``bnb``), or the path of a TOML file of the same form.
    mode : str
        One of the modes of the file; for ``bnb`` ``neutrino`` (+174 kA), ``antineutrino`` (-174 kA) or ``off`` (0).

    Returns
    -------
    Beamline
        In m, MeV/c, rad, A, 1/m^3. ``flags`` lists every number that is not read in its source.

    Raises
    ------
    UnknownNameError
        For an unknown beam; the message offers the nearest.
    InputFileError
        When the file cannot be read.
    ScenarioError, RangeError
        For an unknown mode or key, a wrong type, or an impossible value; the message names the key and its path.
    """
    return (_kept_beam if _is_bare(name) else _read_beam)(name, mode)


def _is_bare(name: str | Path) -> bool:
    """Return whether a name can only be that of a file of the package, which does not change while it is used."""
    return isinstance(name, str) and name.isidentifier()


def _read_beam(name: str | Path, mode: str) -> Beamline:
    """Return a beam line from its file."""
    table = read_toml(find_toml(name, "beam"))
    table.only("kind", "name", "beam", "target", "shells", "field", "conductor", "materials", "apertures", "modes")
    table.text("kind", ("beam",))
    currents = {key: _current(group) for key, group in table.named_tables("modes").items()}
    mode = Table({"mode": mode}, table.where).text("mode", currents)
    conductor = table.table("conductor")
    materials = {key: _material(key, group) for key, group in table.named_tables("materials").items()}
    shells, fillings = _shells(table, materials)
    groups = [table.table(key) for key in ("beam", "target", "field", "conductor")]
    groups += [*(table.tables("shells") if "shells" in table else []), *table.named_tables("materials").values()]
    groups += [*table.tables("apertures"), table.named_tables("modes")[mode]]
    return Beamline(
        name=table.text("name"),
        beam=_proton_beam(table.table("beam")),
        target=_target(table.table("target")),
        field=_profile(table.table("field")),
        conductor=_profile(conductor, "material", "skin_depth", "sublayers"),
        conductor_material=conductor.text("material"),
        apertures=_apertures(table),
        current=currents[mode],
        flags=tuple(flag for group in groups for flag in provenance(group)),
        materials=(*materials.values(), *fillings),
        shells=shells,
        skin_depth=conductor.number("skin_depth", "m", 0.0) if "skin_depth" in conductor else 0.0,
        sublayers=int(conductor.number("sublayers", "", 1, 100)) if "sublayers" in conductor else 1,
    )


def beam_kind(name: str | Path) -> str:
    """Return what an experiment's beam is: ``beam`` (a horn), ``dump`` or ``stopped`` (mesons at rest).

    Parameters
    ----------
    name : str or Path
        A shipped beam (``bnb``, ``dump``, ``lujan``, ``lampf``, ``isis``), or the path of a TOML file. Load it with
        :func:`load_beam`, :func:`darkhorn.experiments.modes.load_dump` or ``load_stopped``.

    Raises
    ------
    UnknownNameError, InputFileError, ScenarioError
        For an unknown name, a file that cannot be read or a file of another kind.
    """
    return (_kept_kind if _is_bare(name) else _read_kind)(name)


def _read_kind(name: str | Path) -> str:
    """Return the kind that a file gives."""
    return read_toml(find_toml(name, *KINDS)).text("kind", KINDS)


_kept_beam: Final = cache(_read_beam)
_kept_kind: Final = cache(_read_kind)


def _current(table: Table) -> float:
    """Return the horn current of a mode in A."""
    table.only("current", *_ORIGIN)
    return table.number("current", "A", -1.0e6, 1.0e6)


def _proton_beam(table: Table) -> ProtonBeam:
    """Return the proton spot."""
    table.only(*_BEAM, "correlation", "z_start", *_ORIGIN)
    sizes = {key: table.number(key, unit, low) for key, (unit, low) in _BEAM.items()}
    return ProtonBeam(
        correlation=table.number("correlation", "", -1.0, 1.0), z_start=table.number("z_start", "m"), **sizes
    )


def _target(table: Table) -> TargetRod:
    """Return the target rod."""
    table.only("material", "radius", "z_start", "z_end", "number_density", *_ORIGIN)
    z_start = table.number("z_start", "m")
    return TargetRod(
        material=table.text("material"),
        radius=table.number("radius", "m", 0.0, open_low=True),
        z_start=z_start,
        z_end=table.number("z_end", "m", z_start, open_low=True),
        number_density=table.number("number_density", "1/m^3", 0.0),
    )


def _material(name: str, table: Table) -> Material:
    """Return one material."""
    table.only("z", "a", "density", "excitation", "radiation_length", "density_effect", "nucleus", *_ORIGIN)
    return Material(
        name=name,
        z=table.number("z", "", 1.0),
        a=table.number("a", "g/mol", 1.0),
        density=table.number("density", "g/cm^3", 0.0, open_low=True),
        excitation=table.number("excitation", "eV", 0.0, open_low=True),
        radiation_length=table.number("radiation_length", "g/cm^2", 0.0, open_low=True),
        density_effect=DensityEffect(*table.numbers("density_effect", "", 6)),
        nucleus=table.text("nucleus") if "nucleus" in table else name,
    )


def _shells(table: Table, materials: dict[str, Material]) -> tuple[tuple[Shell, ...], tuple[Material, ...]]:
    """Return the tubes around the target, and a diluted material for each that is not solid."""
    shells: list[Shell] = []
    fillings: list[Material] = []
    for group in table.tables("shells") if "shells" in table else []:
        group.only("name", "material", "fraction", "z", "r", *_ORIGIN)
        name, material = group.text("name"), group.text("material")
        if material not in materials:
            raise unknown_name(f"{group.path('material')}", material, materials)
        fraction = group.number("fraction", "", 0.0, 1.0, open_low=True) if "fraction" in group else 1.0
        if fraction < 1.0:
            fillings.append(replace(materials[material], name=name, density=fraction * materials[material].density))
            material = name
        z, r = group.numbers("z", "m", 2), group.numbers("r", "m", 2, 0.0)
        require_increasing(group.path("z"), z, "m")
        require_increasing(group.path("r"), r, "m")
        shells.append(Shell(name, material, *z, *r))
    return tuple(shells), tuple(fillings)


def _profile(table: Table, *other: str) -> RadialProfile:
    """Return radii along z."""
    table.only("z", "r_in", "r_out", *other, *_ORIGIN)
    z = table.numbers("z", "m")
    require_increasing(table.path("z"), z, "m")
    radii = [table.numbers(key, "m", len(z), 0.0) for key in ("r_in", "r_out")]
    try:
        return RadialProfile(z, radii[0], radii[1])
    except RangeError as error:
        raise RangeError(f"{table.where}: {error}") from error


def _apertures(table: Table) -> tuple[Aperture, ...]:
    """Return the open cones, each beginning where the one before it ends."""
    found: list[Aperture] = []
    for group in table.tables("apertures"):
        group.only("name", "z", "r", "material", *_ORIGIN)
        z = group.numbers("z", "m", 2)
        require_increasing(group.path("z"), z, "m")
        if found and z[0] != found[-1].z_end:
            raise RangeError(
                f"{group.path('z')} begins at {z[0]:g} m; allowed: {found[-1].z_end:g} m, where the last ends"
            )
        r = group.numbers("r", "m", 2, 0.0)
        found.append(Aperture(group.text("name"), z[0], z[1], r[0], r[1], group.text("material")))
    return tuple(found)
