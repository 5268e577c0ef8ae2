"""What the verbs share: results to standard output as a table or as one JSON object, notes to standard error."""

import json
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from darkhorn.core.errors import OutputError

JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object to standard output, nothing else.")]
"""The option that every verb has."""

_LONGEST_MESSAGE = 1600
_MOST_LINES = 20


def emit_json(values: Mapping[str, Any]) -> None:
    """Print one JSON object to standard output."""
    typer.echo(json.dumps(values, indent=2, allow_nan=False))


def emit_error(error: Exception, *, as_json: bool) -> None:
    """Report an error: one screen on standard error, or a JSON object on standard output.

    Parameters
    ----------
    error : Exception
        Its message names the key, the value and what is allowed.
    as_json : bool
        Whether the user asked for JSON.
    """
    message = _one_screen(str(error))
    if as_json:
        emit_json({"error": {"type": type(error).__name__, "message": message}})
    else:
        note(f"error: {message}")


def _one_screen(message: str) -> str:
    """Return a message cut to one screen, in the middle, so that key and allowed values both stay."""
    lines = message.splitlines()
    if len(lines) > _MOST_LINES:
        message = "\n".join([*lines[: _MOST_LINES // 2], "...", *lines[-_MOST_LINES // 2 + 1 :]])
    if len(message) > _LONGEST_MESSAGE:
        half = _LONGEST_MESSAGE // 2
        message = f"{message[:half]} ... {message[-half:]}"
    return message


def require_writable(path: Path) -> None:
    """Raise before anything is computed when a file could not be written later.

    Raises
    ------
    OutputError
        When the directory is missing or closed, or the path is a directory.
    """
    try:
        if path.is_dir():
            raise IsADirectoryError("it is a directory")
        with tempfile.TemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror or error}") from error


def note(text: str) -> None:
    """Print a line to standard error."""
    typer.echo(text, err=True)


def show_pairs(title: str, pairs: Mapping[str, str]) -> None:
    """Print a table of names and values to standard output."""
    show_table(title, ("", ""), pairs.items())


def show_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table to standard output.

    Parameters
    ----------
    title : str
        Line above the table.
    columns : sequence of str
        Headings; all empty for a table without a head.
    rows : iterable of sequence of str
        Cells, printed as they are.
    """
    from rich.box import SIMPLE
    from rich.table import Table
    from rich.text import Text

    table = Table(title=Text(title), title_justify="left", box=SIMPLE, show_header=any(columns))
    for number, column in enumerate(columns):
        table.add_column(Text(column.replace("_", " ")), overflow="fold", no_wrap=number == 0)
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    show(table)


def show(item: Any) -> None:
    """Print anything that rich can draw to standard output; a pipe gets 120 columns."""
    from rich.console import Console

    console = Console(file=sys.stdout)
    if not console.is_terminal:
        console.width = 120
    console.print(item, markup=False, highlight=False)


@contextmanager
def progress() -> Iterator[Callable[[str], None]]:
    """Give a function that shows what is being done: on standard error, and only on a terminal."""
    from rich.console import Console
    from rich.text import Text

    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda _: None
        return
    with console.status("darkhorn") as status:
        yield lambda text: status.update(Text(text))
