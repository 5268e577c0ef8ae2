"""Spills by name, from ``spills.toml``."""

from pathlib import Path
from typing import Final

from darkhorn.beam.spill import Spill
from darkhorn.core.errors import unknown_name
from darkhorn.experiments.reading import Table, provenance, read_toml

_FILE: Final = Path(__file__).parent / "spills.toml"
_NUMBERS: Final = ("length", "bunches", "spacing", "sigma")


def _table() -> Table:
    return read_toml(_FILE).table("spills")


def spill_names() -> tuple[str, ...]:
    """Return the names of the spills that the package knows."""
    return tuple(_table().values)


def load_spill(name: str) -> Spill:
    """Return the time structure of a spill.

    Parameters
    ----------
    name : str
        ``bnb`` or ``lujan``.

    Raises
    ------
    UnknownNameError
        For another name; the message offers the nearest.
    """
    table = _table()
    if name not in table:
        raise unknown_name("spill", name, spill_names())
    group = table.table(name)
    parts = [group.table(key) for key in group.values if key != "shape"]
    found = {key: group.table(key).number("value", "ns", 0.0) for key in _NUMBERS if key in group}
    return Spill(
        name,
        group.text("shape"),
        length=found.get("length", 1.0),
        bunches=int(found.get("bunches", 1.0)),
        spacing=found.get("spacing", 0.0),
        sigma=found.get("sigma", 0.0),
        flags=tuple(flag for part in parts for flag in provenance(part)),
    )
