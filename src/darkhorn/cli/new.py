"""``darkhorn new``: a commented file to start from."""

import re
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Final

import typer

from darkhorn.cli.output import JsonOption, emit_json, note

EXAMPLE = "Example: darkhorn new scenario my-box && darkhorn run my-box.toml --out my-box-out"

KINDS: Final = {
    "scenario": {"scenario.toml": "{name}.toml"},
    "model": {"model.txt": "{name}.py"},
    "experiment": {
        "experiment.toml": "{name}.toml",
        "experiment_e_vis.csv": "{name}_e_vis.csv",
        "experiment_cos_theta.csv": "{name}_cos_theta.csv",
    },
}
"""Templates of each kind, and the files that they become."""

_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")
_MARK: Final = "NAME"


def new(
    kind: Annotated[str, typer.Argument(help=f"One of: {', '.join(KINDS)}.")],
    name: Annotated[str, typer.Argument(help="What to call it: a letter, then letters, digits, - and _.")],
    directory: Annotated[
        Path, typer.Option("--dir", metavar="DIR", help="Where to write; by default the directory one is in.")
    ] = Path(),
    json: JsonOption = False,
) -> None:
    """Write a commented file that works as it is: a scenario, a model or an experiment. Units are in its comments.

    An existing file is never overwritten.
    """
    from darkhorn.core.errors import OutputError
    from darkhorn.io.atomic import write_text_atomic

    texts = fill(kind, name)
    paths = {directory / file: text for file, text in texts.items()}
    for path in paths:
        if path.exists():
            raise OutputError(f"cannot write {path}: it exists; choose another name or remove it")
    for path, text in paths.items():
        write_text_atomic(path, text)
    if json:
        emit_json({"kind": kind, "files": [str(path) for path in paths]})
        return
    for path in paths:
        note(f"wrote {path}")


def fill(kind: str, name: str) -> dict[str, str]:
    """Return the files of a template, by their names.

    Parameters
    ----------
    kind : str
        One of :data:`KINDS`.
    name : str
        A letter, then letters, digits, ``-`` and ``_``: it becomes part of file names.

    Raises
    ------
    UnknownNameError
        For another kind; the message offers the nearest.
    ScenarioError
        For another name.
    """
    from darkhorn.core.errors import ScenarioError, unknown_name

    if kind not in KINDS:
        raise unknown_name("kind of file", kind, KINDS)
    if not _NAME.fullmatch(name):
        raise ScenarioError(f"NAME = {name!r}: expected a letter, then at most 63 letters, digits, - and _")
    folder = files("darkhorn.cli").joinpath("templates")
    return {
        file.format(name=name): folder.joinpath(template).read_text(encoding="utf-8").replace(_MARK, name)
        for template, file in KINDS[kind].items()
    }
