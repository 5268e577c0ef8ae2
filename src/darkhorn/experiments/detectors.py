"""Where a flux is wanted: the detectors that the package ships, as positions, shapes and areas."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from darkhorn.core.errors import ScenarioError, unknown_name
from darkhorn.detector.geometry import IDENTITY, Box, Shape, Sphere
from darkhorn.experiments.build import build_shape
from darkhorn.experiments.reading import find_toml, provenance, read_toml


@dataclass(frozen=True)
class Detector:
    """A detector as a flux sees it.

    Attributes
    ----------
    name : str
        Name in the file.
    shape : Shape
        Its volume in the frame of the beam line, m.
    centre : tuple of float
        Where the flux is averaged, m.
    radius : float
        Radius in m of the disc, normal to the beam, over which the flux is averaged: that of a sphere, or for a box
        the disc whose area is that of its face normal to the beam.
    flags : tuple of str
        Numbers that are not simply read in their source.
    """

    name: str
    shape: Shape
    centre: tuple[float, float, float]
    radius: float
    flags: tuple[str, ...]

    @property
    def area(self) -> float:
        """Area of the disc in m^2."""
        return float(np.pi * self.radius**2)


def detector_names(file: str | Path = "detectors") -> tuple[str, ...]:
    """Return the names of the detectors in a file; errors as :func:`load_detector`."""
    return tuple(read_toml(find_toml(file, "detectors")).named_tables("detectors"))


def load_detector(name: str, file: str | Path = "detectors") -> Detector:
    """Return a detector by name.

    Parameters
    ----------
    name : str
        ``miniboone``, ``sbnd``, ``microboone``, ``icarus``, or one of the ``file``.
    file : str or Path
        The shipped list, or a TOML file of the same form.

    Raises
    ------
    UnknownNameError
        For an unknown detector; the message offers the nearest.
    InputFileError, ScenarioError, RangeError
        When the file cannot be read, a number in it is impossible, or a shape is no sphere and no box along the beam.
    """
    table = read_toml(find_toml(file, "detectors"))
    table.only("kind", "detectors")
    table.text("kind", ("detectors",))
    groups = table.named_tables("detectors")
    if name not in groups:
        raise unknown_name("detector", name, groups)
    group = groups[name]
    group.only("shape", "source", "status", "note")
    shape = build_shape(group.table("shape").values, group.path("shape"))
    centre, radius = shape.bounding_sphere()
    if isinstance(shape, Box) and shape.rotation == IDENTITY:
        radius = float(np.sqrt(shape.size[0] * shape.size[1] / np.pi))
    elif not isinstance(shape, Sphere):
        raise ScenarioError(f"{group.path('shape')}: expected a sphere or a box along the beam")
    return Detector(name, shape, centre, radius, provenance(group))
