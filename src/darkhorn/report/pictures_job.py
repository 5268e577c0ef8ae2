"""The pictures of the talk and of its papers: one function a kind, from a file to PNGs and the numbers in them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from darkhorn import __version__
from darkhorn.chain.scenario import load_scenario
from darkhorn.core.errors import ScenarioError, unknown_name
from darkhorn.core.progress import Tell
from darkhorn.inference.axes import ScanAxis, parse_axis
from darkhorn.inference.confront_point import Point, load_point
from darkhorn.inference.pictures_ccm import ccm_json, ccm_spectra
from darkhorn.inference.pictures_regions import KEYS, plane, plane_json
from darkhorn.inference.pictures_sbnd import sbnd_json, sbnd_rates
from darkhorn.inference.pictures_spectra import fit_presets, spectra_json, spectra_of
from darkhorn.report.pictures_files import write_pictures

GRIDS: Final = ("m_mediator=10:1000:31:log", "m_x=1:300:25:log")
"""Masses of the planes where none are given."""
DEFAULTS: Final = {
    "spectra": "miniboone",
    "regions": "scalar-benchmark",
    "ccm": "dm-single-benchmark",
    "sbnd": "dm-single-benchmark",
}
"""What is drawn without a file: an experiment for the spectra, a preset for the others."""
EXPERIMENTS: Final = {
    "regions": ("miniboone", "microboone", "ccm120", "lsnd", "karmen", "sbnd"),
    "ccm": ("ccm120",),
    "sbnd": ("sbnd",),
}
"""Experiments where a preset stands for a file."""


def draw_picture(
    kind: str,
    source: str | None,
    directory: Path,
    *,
    grids: Sequence[str] = (),
    run: Mapping[str, Any] | None = None,
    tell: Tell = lambda _: None,
) -> tuple[dict[str, Any], list[Path]]:
    """Compute and draw one picture; return its numbers and the files, of which the last holds them.

    Parameters
    ----------
    kind : str
        A key of :data:`DEFAULTS`.
    source : str, optional
        For ``spectra`` a scenario, as in ``darkhorn run``; for the others a point, as in ``darkhorn confront``; a file
        or a name.
    directory : Path
        An existing directory.
    grids : sequence of str
        Masses of ``regions``, each one plane, such as ``m_mediator=10:1000:31:log``.
    run : mapping, optional
        ``precision``, ``seed`` and ``threads``; None leaves the value of the file.
    tell : callable
        Told what is being done.

    Raises
    ------
    UnknownNameError
        For another kind, preset or key.
    ScenarioError
        For ``grids`` of another kind, or a model that the picture is not about.
    OutputError
        When a file cannot be written.
    """
    makers: dict[str, Callable[[str, Path, Sequence[str], Mapping[str, Any], Tell], _Made]] = {
        "spectra": _spectra,
        "regions": _regions,
        "ccm": _ccm,
        "sbnd": _sbnd,
    }
    if kind not in makers:
        raise unknown_name("picture", kind, makers)
    if grids and kind != "regions":
        raise ScenarioError(f"--grid {grids[0]}: allowed for pictures of regions alone")
    values, files = makers[kind](source or DEFAULTS[kind], directory, grids, run or {}, tell)
    return values, files


_Made = tuple[dict[str, Any], list[Path]]


def _point(kind: str, source: str, run: Mapping[str, Any]) -> Point:
    """Return the point of a file, or of a preset with the experiments of this picture."""
    point = load_point(source, **run)
    named = source.endswith(".toml") or "/" in source
    return point if named else replace(point, experiments=EXPERIMENTS[kind])


def _head(kind: str, source: str) -> dict[str, Any]:
    return {"version": __version__, "picture": kind, "source": Path(source).name}


def _spectra(source: str, directory: Path, _: Sequence[str], run: Mapping[str, Any], tell: Tell) -> _Made:
    from darkhorn.report.pictures_spectra import draw_sheets

    scenario = load_scenario(source, **run)
    fitted = fit_presets(scenario, tell)
    data = spectra_of(scenario)
    tell("pictures")
    values = {**_head("spectra", source), **spectra_json(fitted, data)}
    return values, write_pictures("spectra", draw_sheets(fitted, data), values, directory)


def _regions(source: str, directory: Path, grids: Sequence[str], run: Mapping[str, Any], tell: Tell) -> _Made:
    from darkhorn.report.pictures_regions import draw_regions

    point = _point("regions", source, run)
    axes = [_axis(text) for text in grids or GRIDS]
    planes = {axis.key: plane(point, axis.key, axis.values, tell) for axis in axes}
    tell("picture")
    values = {
        **_head("regions", source),
        "model": dict(point.model.parameters()),
        "conventions": point.model.conventions,
        "warnings": list(point.model.warnings()),
        "supplied": {name: dict(group) for name, group in point.supply.items()},
        "planes": {key: plane_json(item) for key, item in planes.items()},
    }
    return values, write_pictures("regions", {"regions": draw_regions(point, planes)}, values, directory)


def _axis(text: str) -> ScanAxis:
    """Return an axis with values, of one of the masses."""
    axis = parse_axis(text)
    if axis.key not in KEYS:
        raise unknown_name("mass of a picture", axis.key, KEYS)
    return axis


def _ccm(source: str, directory: Path, _: Sequence[str], run: Mapping[str, Any], tell: Tell) -> _Made:
    from darkhorn.report.pictures_ccm import draw_ccm

    found = ccm_spectra(_point("ccm", source, run), tell)
    tell("picture")
    values = {**_head("ccm", source), **ccm_json(found)}
    return values, write_pictures("ccm", {"ccm": draw_ccm(found)}, values, directory)


def _sbnd(source: str, directory: Path, _: Sequence[str], run: Mapping[str, Any], tell: Tell) -> _Made:
    from darkhorn.report.pictures_sbnd import draw_sbnd

    found = sbnd_rates(_point("sbnd", source, run), tell)
    tell("picture")
    values = {**_head("sbnd", source), **sbnd_json(found)}
    return values, write_pictures("sbnd", {"sbnd": draw_sbnd(found)}, values, directory)
