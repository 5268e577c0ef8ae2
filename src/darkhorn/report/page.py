"""The report page: one HTML file that holds everything, opens from the disk and asks nothing of any network.

Texts from files are escaped here, and the numbers that the script reads stand in a JSON block without any ``<``, ``>``
or ``&``. A content security policy with the hashes of the page's own style and script keeps a browser from running
anything else or loading anything at all.
"""

import base64
import json
import shlex
from collections.abc import Iterable, Mapping
from hashlib import sha256
from html import escape
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Any, Final

from darkhorn import __version__
from darkhorn.core.cite import REFERENCES, keys_in
from darkhorn.core.errors import DarkhornError, InputFileError, RangeError
from darkhorn.io.atomic import write_text_atomic
from darkhorn.models.presets import parameter_names, preset
from darkhorn.report.numbers import scientific, with_error
from darkhorn.report.page_data import MALFORMED, RunFiles, unit_of

LARGEST_PAGE: Final = 5_000_000
"""Bytes that a page may have."""
PICTURES: Final = {
    "horn": ("The horn", "Cut through target and horn along the beam, with tracks of some of the mesons."),
    "flux": ("Flux of pions", "Muon neutrinos of the primary pions of the same beam, beside the published flux."),
}
"""Pictures of the directory that the page embeds: title and description, by name."""
SCRIPTS: Final = ("page_plot.js", "page_state.js", "page_spectra.js", "page_sections.js", "page.js")
"""What the script of the page is made of, in this order."""
_LARGEST_PICTURE: Final = 2_000_000
_PNG: Final = b"\x89PNG\r\n\x1a\n"


def render_page(run: RunFiles, data: Mapping[str, Any], command: str) -> str:
    """Return the page as text.

    Parameters
    ----------
    run : RunFiles
        From :func:`darkhorn.report.page_data.read_run`.
    data : mapping
        From :func:`darkhorn.report.page_data.page_data`, with ``grid`` where there is one.
    command : str
        What computes the run again.

    Returns
    -------
    str
        HTML, at most :data:`LARGEST_PAGE` bytes in UTF-8.

    Raises
    ------
    InputFileError
        When the summary holds something else than ``darkhorn run`` writes.
    RangeError
        When the page would be too large.
    """
    try:
        sections = _sections(run, data, command) | {"data": _json(data)}
    except MALFORMED as error:
        raise InputFileError(f"{run.directory}: summary.json is not of darkhorn ({error!r})") from error
    style, script = _own("page.css"), "".join(map(_own, SCRIPTS))
    text = Template(_own("page.html")).substitute(
        sections, style=style, script=script, style_hash=_hash(style), script_hash=_hash(script)
    )
    size = len(text.encode())
    if size > LARGEST_PAGE:
        raise RangeError(f"page = {size} bytes; allowed: at most {LARGEST_PAGE}; use a grid with fewer points")
    return text


def write_page(run: RunFiles, data: Mapping[str, Any], command: str, path: Path) -> Path:
    """Write the page in one step and return its path; arguments and errors as :func:`render_page`.

    Raises
    ------
    OutputError
        When the file cannot be written.
    """
    write_text_atomic(path, render_page(run, data, command))
    return path


def model_arguments(summary: Mapping[str, Any]) -> list[str]:
    """Return ``--model`` and the ``--set`` that lead from the preset of a run to its parameters.

    Parameters
    ----------
    summary : mapping
        Content of ``summary.json``.
    """
    name, parameters = str(summary["model"]), summary["parameters"]
    try:
        start = preset(name)
    except DarkhornError:
        return []
    plain = json.loads(json.dumps(dict(start.parameters())))
    found = ["--model", name]
    for key in parameter_names(start):
        if key in parameters and parameters[key] != plain.get(key):
            found += ["--set", f"{key}={_toml(parameters[key])}"]
    return found


def run_command(summary: Mapping[str, Any], scenario: str) -> str:
    """Return the command that computes a run again, quoted for a shell.

    Parameters
    ----------
    summary : mapping
        Content of ``summary.json``.
    scenario : str
        Name of an experiment or path of the scenario file.
    """
    settings = ["--precision", f"{summary['precision']:g}", "--seed", str(summary["seed"])]
    return shlex.join(["darkhorn", "run", scenario, *model_arguments(summary), *settings, "--out", "DIR"])


def _toml(value: Any) -> str:
    """Return a plain value as TOML."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {_toml(item)}" for key, item in value.items()) + "}"
    return json.dumps(value)


def _own(name: str) -> str:
    """Return the text of a file beside this module."""
    return files("darkhorn.report").joinpath(name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    """Return the hash of an inline style or script as a content security policy has it."""
    return "'sha256-" + base64.b64encode(sha256(text.encode()).digest()).decode() + "'"


def _json(data: Mapping[str, Any]) -> str:
    """Return JSON that cannot end the block that it stands in, whatever its texts are."""
    text = json.dumps(data, allow_nan=False, separators=(",", ":"))
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def _sections(run: RunFiles, data: Mapping[str, Any], command: str) -> dict[str, str]:
    """Return the parts of the page that need no script, as HTML."""
    summary = run.summary
    version = str(summary["version"])
    known = [key for key in _citations(summary) if key in REFERENCES]
    parameters = [(key, _plain(value), unit_of(key)) for key, value in summary["parameters"].items()]
    return {
        "title": escape(f"{summary['scenario']}: {summary['model']}"),
        "model_title": escape(str(summary["title"])),
        "conventions": escape(str(summary["conventions"])),
        "summary": _results(summary),
        "fit": _fit(summary),
        "parameters": _table("parameters", ("", "value", "unit"), parameters),
        "pictures": "".join(_picture(run.directory, name) for name in PICTURES),
        "warnings": _list([*data["notes"], *map(str, summary["warnings"])]),
        "command": escape(command),
        "version": escape(version),
        "page_version": escape(__version__),
        "seed": escape(str(summary["seed"])),
        "precision": escape(f"{summary['precision']:g}"),
        "wall": escape(f"{summary['wall_s']:.3g}"),
        "bibtex": escape("\n\n".join(REFERENCES[key].bibtex() for key in known)),
    }


def _citations(summary: Mapping[str, Any]) -> list[str]:
    """Return the keys that a run cites, then those of the works that it names by number, each once."""
    return list(dict.fromkeys([*map(str, summary["citations"]), *keys_in(json.dumps(summary))]))


def _results(summary: Mapping[str, Any]) -> str:
    """Return the table of the modes."""
    modes: Mapping[str, Mapping[str, Any]] = summary["modes"]

    def pair(value: Any, error: Any) -> str:
        return "–" if value is None else with_error(float(value), float(error))

    def best(mode: Mapping[str, Any]) -> str:
        value, signal = mode["signal_best_fit"], mode["signal"]
        if value is None:
            return "–"
        return pair(value, mode["signal_mc_error"] * value / signal) if signal else scientific(value)

    def count(value: Any, kind: str = "") -> str:
        return "–" if value is None else f"{value:g}{kind}"

    particle, rows = str(summary["particle"]), []
    for label, cell in (
        ("exposure [POT]", lambda mode: scientific(mode["pot"], 4)),
        (
            f"{particle} across the detector per POT (MC error)",
            lambda mode: pair(mode["bosons_crossing_per_pot"], mode["bosons_crossing_mc_error"]),
        ),
        ("signal at the given couplings (MC error)", lambda mode: pair(mode["signal"], mode["signal_mc_error"])),
        ("  error of the beam", lambda mode: count(mode.get("signal_flux_error"))),
        ("signal at the best fit (MC error)", best),
        ("data (published)", lambda mode: count(mode["data"])),
        ("background (published)", lambda mode: count(mode["background"], f" ({mode.get('background_kind')})")),
        ("excess (published)", lambda mode: pair(mode["excess"], mode["excess_error"])),
        ("effective number of simulated events", lambda mode: f"{mode['n_eff']:.0f}"),
    ):
        cells = [cell(mode) for mode in modes.values()]
        if any(text != "–" for text in cells):
            rows.append((label, *cells))
    return _table("by mode", ("", *(f"{name} mode" for name in modes)), rows)


def _fit(summary: Mapping[str, Any]) -> str:
    """Return the table of the fit, or why there is none."""
    product, fit = summary["product"], summary["fit"]
    unit = "" if product["unit"] == "1" else f" [{product['unit']}]"
    rows = [(f"{product['name']}{unit}, as given", scientific(float(product["value"]), 4))]
    if fit is None:
        return _table("coupling product", (), rows) + "<p>No fit: there are no data or there is no signal.</p>"

    def chi2(kind: str) -> str:
        p_value = scientific(fit[f"p_value{kind}"], 2)
        return f"{fit[f'chi2{kind}']:.1f} / {fit[f'ndof{kind}']}, p = {p_value}"

    rows = [
        (f"{product['name']}{unit}, best fit", with_error(float(fit["coupling_product"]), float(fit["error"]))),
        *rows,
        ("χ² / ndof at the best fit", chi2("")),
        ("χ² / ndof without signal", chi2("_null")),
        ("difference", f"{fit['delta_chi2']:.1f}"),
    ]
    if "published" in fit:
        known = fit["published"]
        text = f"{scientific(float(known['product']))} ({known['source']}; {known['note']})"
        rows.insert(2, (f"{product['name']}{unit}, published", text))
    return _table("fit of the coupling product", (), rows) + f"<p>{escape(str(fit['note']))}</p>"


def _plain(value: Any) -> str:
    """Return the value of a parameter."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.10g}"
    return ", ".join(map(_plain, value)) if isinstance(value, list) else "–" if value in ({}, None) else str(value)


def _table(caption: str, head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a table with a head unless that is empty; the first cell of a row names it."""
    top = "".join(f'<th scope="col">{escape(text)}</th>' for text in head)
    top = f"<thead><tr>{top}</tr></thead>" if top else ""
    body = []
    for first, *others in rows:
        cells = "".join(f"<td>{escape(text)}</td>" for text in others)
        body.append(f'<tr><th scope="row">{escape(first)}</th>{cells}</tr>')
    table = f"<table><caption>{escape(caption)}</caption>{top}<tbody>{''.join(body)}</tbody></table>"
    return f'<div class="scroll" tabindex="0" role="group" aria-label="{escape(caption)}">{table}</div>'


def _list(texts: Iterable[str]) -> str:
    """Return a list, or a word where it is empty."""
    items = "".join(f"<li>{escape(text)}</li>" for text in texts)
    return f"<ul>{items}</ul>" if items else "<p>None.</p>"


def _picture(directory: Path, name: str) -> str:
    """Return a picture of the directory, embedded; nothing where it is absent or no PNG."""
    try:
        content = (directory / f"{name}.png").read_bytes()
    except OSError:
        return ""
    if not content.startswith(_PNG) or len(content) > _LARGEST_PICTURE:
        return ""
    title, text = (escape(item) for item in PICTURES[name])
    source = base64.b64encode(content).decode()
    return (
        f'<section id="{name}"><h2>{title}</h2><figure>'
        f'<img alt="{text}" src="data:image/png;base64,{source}"><figcaption>{text}</figcaption></figure></section>'
    )
