"""Beam-dump mode and stopped-meson beams from TOML files."""

from dataclasses import replace
from pathlib import Path
from typing import Final

from darkhorn.beam.dump import DumpMode
from darkhorn.beam.lujan import StoppedBeam
from darkhorn.core.errors import ScenarioError, require_range, unknown_name
from darkhorn.core.units import CM
from darkhorn.experiments.missing import read_missing
from darkhorn.experiments.reading import Table, find_toml, provenance, read_toml

_ORIGIN: Final = ("source", "status", "note")
_YIELDS: Final = ("pi_plus", "pi_minus", "pi_zero")


def load_dump(name: str | Path = "dump", **inputs: float) -> DumpMode:
    """Return the numbers of a beam-dump mode.

    Parameters
    ----------
    name : str or Path
        The shipped one (``dump``), or a TOML file of the same form.
    **inputs
        Values that replace those of the file: ``current`` (A), ``scrape_fraction``, ``pi0_per_pot``, ``eta_per_pi0``;
        the last three must lie in the ranges of the file.

    Raises
    ------
    UnknownNameError, InputFileError, ScenarioError, RangeError
        For an unknown name or input, a file that cannot be read, or a value out of range.
    """
    table = read_toml(find_toml(name, "dump"))
    table.only("kind", "name", "protons", "air", "steel", "mesons", "halo", "exposure")
    groups = {key: table.table(key) for key in ("protons", "air", "steel", "mesons", "halo", "exposure")}
    protons, air, steel, mesons, halo = (groups[key] for key in ("protons", "air", "steel", "mesons", "halo"))
    lengths = ("density_g_cm3", "nucleon_length_g_cm2", "pion_length_g_cm2")
    protons.only("offset", "current", *_ORIGIN)
    air.only("z_start", *lengths, *_ORIGIN)
    steel.only("z_face", *lengths, *_ORIGIN)
    x, y = protons.numbers("offset", "m", 2)
    found = DumpMode(
        offset=(x, y),
        current=protons.number("current", "A", -1.0e6, 1.0e6),
        z_start=air.number("z_start", "m"),
        z_face=steel.number("z_face", "m"),
        air_nucleon=_length(air, "nucleon"),
        air_pion=_length(air, "pion"),
        steel_nucleon=_length(steel, "nucleon"),
        steel_pion=_length(steel, "pion"),
        scrape_fraction=_ranged(halo, "scrape_fraction", inputs),
        pi0_per_pot=_ranged(mesons, "pi0_per_pot", inputs),
        eta_per_pi0=_ranged(mesons, "eta_per_pi0", inputs),
        pot=groups["exposure"].number("pot", "POT", 0.0),
        flags=tuple(flag for group in groups.values() for flag in provenance(group)),
    )
    known = ("current", "scrape_fraction", "pi0_per_pot", "eta_per_pi0")
    for key in inputs:
        if key not in known:
            raise unknown_name("input of the dump mode", key, known)
    if "current" in inputs:
        require_range("current", inputs["current"], -1.0e6, 1.0e6, "A")
        return replace(found, current=inputs["current"])
    return found


def load_stopped(name: str | Path = "lujan", **inputs: float) -> StoppedBeam:
    """Return the numbers of a beam whose mesons stop in the target.

    Parameters
    ----------
    name : str or Path
        A shipped one (``lujan``, ``lampf``, ``isis``), or a TOML file of the same form.
    **inputs
        Yields per POT that replace those of the file, within its ranges, or that it lacks: ``pi_plus``,
        ``pi_minus``, ``pi_zero``.

    Raises
    ------
    UnknownNameError, InputFileError, ScenarioError, RangeError
        For an unknown name or input, a file that cannot be read, a yield that the file says is missing, or a value
        out of range.
    """
    table = read_toml(find_toml(name, "stopped"))
    table.only("kind", "name", "protons", "yields", "missing")
    protons, yields = table.table("protons"), table.named_tables("yields")
    protons.only("kinetic_energy", "nucleus", "z", "per_second", *_ORIGIN)
    for key in inputs:
        if key not in _YIELDS:
            raise unknown_name("yield", key, _YIELDS)
    missing, values = read_missing(table), {}
    for key in _YIELDS:
        if f"yields.{key}" in missing and key not in yields:
            if key not in inputs:
                raise ScenarioError(missing[f"yields.{key}"])
            require_range(key, inputs[key], 0.0, 10.0, "per POT")
            values[key] = inputs[key]
            continue
        group = table.table("yields").table(key)
        group.only("per_pot", "range", *_ORIGIN)
        low, high = group.numbers("range", "per POT", 2, 0.0)
        value = inputs.get(key, group.number("per_pot", "per POT", 0.0))
        require_range(group.path("per_pot"), value, low, high, "per POT")
        values[key] = value
    return StoppedBeam(
        kinetic_energy=protons.number("kinetic_energy", "MeV", 0.0, open_low=True),
        z=int(protons.number("z", "", 2, 92)),
        per_second=protons.number("per_second", "1/s", 0.0),
        flags=tuple(flag for group in (protons, *yields.values()) for flag in provenance(group)),
        **values,
    )


def _length(table: Table, hadron: str) -> float:
    """Return an interaction length in m from g/cm^2 and the density."""
    depth = table.number(f"{hadron}_length_g_cm2", "g/cm^2", 0.0, open_low=True)
    return depth / table.number("density_g_cm3", "g/cm^3", 0.0, open_low=True) * CM


def _ranged(table: Table, key: str, inputs: dict[str, float]) -> float:
    """Return an input within the range that stands beside it."""
    low, high = table.numbers(f"{key}_range", "", 2)
    value = inputs.get(key, table.number(key))
    require_range(table.path(key), value, low, high)
    return value
