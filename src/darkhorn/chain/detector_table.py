"""The tables ``rings`` and ``detector.window`` of a scenario."""

from typing import Any

from darkhorn.core.errors import ScenarioError
from darkhorn.detector.rings import OPTIONS, RingRule, read_thresholds
from darkhorn.experiments.datadir import data_dir
from darkhorn.experiments.loader import Window
from darkhorn.experiments.reading import Table


def read_rings(group: Table) -> RingRule:
    """Return when two electromagnetic particles are one ring.

    Raises
    ------
    ScenarioError, RangeError, UnknownNameError
        For a wrong key, type or value.
    InputFileError
        When the published thresholds are asked for and not in the data directory.
    """
    numbers = ("max_angle_degrees", "soft_energy", "soft_share")
    group.only("options", "criterion", "variant", *numbers)
    values: dict[str, Any] = {key: group.number(key) for key in numbers if key in group}
    if "options" in group:
        options = group.values["options"]
        names = [options] if isinstance(options, str) else options
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise ScenarioError(f"{group.path('options')} = {options!r}: expected a list of {', '.join(OPTIONS)}")
        values["options"] = tuple(names)
    if "tables" in values.get("options", ()):
        choice = {key: group.text(key) for key in ("criterion", "variant") if key in group}
        values["thresholds"] = read_thresholds(data_dir(), **choice)
    elif "criterion" in group or "variant" in group:
        raise ScenarioError(f"{group.where}: criterion and variant go with the option 'tables'")
    return RingRule(**values)


def read_window(group: Table) -> Window:
    """Return the selection of a detector of the scenario's own."""
    names = ("e_vis_min", "e_vis_max", "e_qe_min", "e_qe_max")
    group.only(*names, "antineutrino", "e_qe_binding")
    values: dict[str, Any] = {name: group.number(name, "MeV", 0.0) for name in names if name in group}
    if "e_qe_binding" in group:
        values["e_qe_binding"] = group.number("e_qe_binding", "MeV", 0.0, 100.0)
    if "antineutrino" in group:
        values["antineutrino"] = group.values["antineutrino"]
        if not isinstance(values["antineutrino"], bool):
            raise ScenarioError(f"{group.path('antineutrino')} = {values['antineutrino']!r}: expected true or false")
    return Window(**values)
