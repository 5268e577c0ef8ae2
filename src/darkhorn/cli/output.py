"""What the verbs share: results to standard output as a table or as one JSON object, notes to standard error."""

import json
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from darkhorn.core.errors import OutputError

JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object to standard output, nothing else.")]
"""The option that every verb has."""
QuietOption = Annotated[bool, typer.Option("--quiet", help="Show no progress, even on a terminal.")]
"""The option of every verb that may take long."""

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
def progress(quiet: bool = False) -> Iterator[Callable[[str], None]]:
    """Give a function that shows what is being done, with the time left where it is known.

    One line of standard error that is written over, and only on a terminal. An interrupt leaves one line that says
    what has been kept.

    Parameters
    ----------
    quiet : bool
        Whether to show nothing even there.
    """
    line = _Line() if sys.stderr.isatty() and not quiet else None
    try:
        yield (lambda _: None) if line is None else line.show
    except KeyboardInterrupt:
        if line is not None:
            line.clear()
        from darkhorn.chain.cache import cache_dir

        folder = cache_dir()
        kept = "nothing is kept" if folder is None else f"finished mesons are kept in {folder} for the next run"
        note(f"interrupted: {kept}")
        raise
    finally:
        if line is not None:
            line.clear()


class _Line:
    """One line of a terminal that is written over."""

    def __init__(self) -> None:
        """Start with an empty line."""
        self._stage, self._started, self._width = "", 0.0, 0

    def show(self, text: str) -> None:
        """Write what is being done; for a :class:`darkhorn.core.progress.Step`, how much of it and the time left."""
        if text != self._stage:
            self._stage, self._started = str(text), time.monotonic()
        whole, done = str(text), getattr(text, "done", None)
        if done is not None:
            whole += f", {done:.0%}"
            if 0.0 < done < 1.0:
                whole += f", {_duration((time.monotonic() - self._started) * (1.0 / done - 1.0))} left"
        whole = whole[: max(20, shutil.get_terminal_size().columns - 1)]
        self._write("\r" + whole.ljust(self._width))
        self._width = len(whole)

    def clear(self) -> None:
        """Leave an empty line."""
        if self._width:
            self._write("\r" + " " * self._width + "\r")
            self._width = 0

    @staticmethod
    def _write(text: str) -> None:
        sys.stderr.write(text)
        sys.stderr.flush()


def _duration(seconds: float) -> str:
    """Return a time in seconds, or in minutes above two of them."""
    return f"{seconds:.0f} s" if seconds < 120.0 else f"{seconds / 60.0:.0f} min"
