"""Pictures drawn in a copy of this process, while this one goes on; nothing is written before it asks for them."""

import signal
import sys
import threading
import warnings
from collections.abc import Callable, Mapping
from multiprocessing import get_all_start_methods, get_context
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Pictures = Mapping[str, "Callable[[], Figure]"]
"""Functions that draw, by the name of the picture."""
Files = dict[str, bytes]
"""Contents of files by name, PNG and PDF of each picture."""


def render_all(pictures: Pictures) -> Files:
    """Return the files of pictures, drawn one after the other here."""
    from darkhorn.report.style import render

    files: Files = {}
    for name, draw in pictures.items():
        figure = draw()
        files |= {f"{name}.{kind}": render(figure, kind) for kind in ("png", "pdf")}
    return files


class Drawing:
    """Pictures that are being drawn in a copy of this process, or will be here where the system makes no copies.

    Parameters
    ----------
    choose : callable
        Returns the pictures; called in the copy, so that what drawing needs is imported there.
    """

    def __init__(self, choose: Callable[[], Pictures]) -> None:
        """Start the copy."""
        self._choose = choose
        self._process = self._files = None
        if not _can_copy():
            return
        context = get_context("fork")
        self._files, theirs = context.Pipe(duplex=False)
        self._process = context.Process(target=_draw_there, args=(choose, theirs), daemon=True)
        with warnings.catch_warnings():
            # of Python 3.12 and later, about the sleeping threads of the linear algebra, which knows of copies
            warnings.simplefilter("ignore", DeprecationWarning)
            self._process.start()
        theirs.close()

    def files(self) -> Files:
        """Return the files; what went wrong in the copy is tried again here, and raises here if it goes wrong again."""
        if self._files is not None:
            try:
                found: Files = dict(self._files.recv())
            except (EOFError, OSError):
                found = {}
            self.close()
            if found:
                return found
        return render_all(self._choose())

    def close(self) -> None:
        """Stop the copy, if it has not ended."""
        if self._process is not None and self._files is not None:
            self._process.terminate()
            self._process.join()
            self._files.close()
            self._process = self._files = None


def _can_copy() -> bool:
    """Return whether this process can be copied safely: it has one thread, and no library with threads of its own."""
    known = "fork" in get_all_start_methods() and sys.platform != "darwin"
    return known and threading.active_count() == 1 and "jax" not in sys.modules


def _draw_there(choose: Callable[[], Pictures], pipe: "Connection[Files, Files]") -> None:
    """Draw in the copy; an interrupt is the business of the process that waits."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        pipe.send(render_all(choose()))
    except Exception as error:
        raise SystemExit(1) from error
    finally:
        pipe.close()
