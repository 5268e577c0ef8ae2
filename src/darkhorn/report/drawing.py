"""Pictures drawn in copies of this process, while this one goes on; nothing is written before it asks for them.

The library that draws takes longer to load than a picture to draw. So one copy loads it while this process computes,
and is copied once more for every picture: as many are drawn at a time as the machine has processors.
"""

import gc
import os
import signal
import sys
import threading
import warnings
from collections.abc import Callable
from multiprocessing import active_children, get_all_start_methods, get_context
from multiprocessing.connection import Connection
from multiprocessing.context import ForkProcess
from pickle import PicklingError
from typing import TYPE_CHECKING, Any, Self

from darkhorn.report.kept import Kept, contents

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Pictures = dict[str, "Callable[[], Figure]"]
"""Functions that draw, by the name of the picture; those that can be pickled are called in a copy."""
Files = dict[str, bytes]
"""Contents of files by name, PNG and PDF of each picture."""


def render_all(pictures: Pictures) -> Files:
    """Return the files of pictures, drawn one after the other here; those that are kept come from the cache."""
    files: Files = {}
    for name, draw in pictures.items():
        made = draw.contents() if isinstance(draw, Kept) else contents(draw())
        files |= {f"{name}.{kind}": content for kind, content in made.items()}
    return files


class Drawing:
    """Pictures that are being drawn in copies of this process, or will be here where the system makes no copies.

    To be closed, or used in a ``with`` block. The first copy loads what drawing needs at once.
    """

    def __init__(self) -> None:
        """Start the first copy."""
        self._asked: dict[str, Callable[[], Figure]] = {}
        self._copy = _Copy(_workshop) if _can_copy() else None

    def __enter__(self) -> Self:
        """Return the drawing itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stop drawing."""
        self.close()

    def add(self, pictures: Pictures) -> None:
        """Ask for pictures; they are begun at once in the copies, in :meth:`files` without them."""
        self._asked |= pictures
        if self._copy is None:
            return
        try:
            self._copy.pipe.send(pictures)
        except (PicklingError, AttributeError, TypeError, OSError):
            return  # what the copies do not get is drawn here

    def files(self) -> Files:
        """Return the files of all pictures in the order in which they were asked for, and stop.

        What a copy could not draw is tried again here, and raises here if it goes wrong again.
        """
        found: Files = {}
        if self._copy is not None and self._asked:
            try:
                self._copy.pipe.send(None)
                found = dict(self._copy.pipe.recv())
            except (EOFError, OSError):
                found = {}
        self.close()
        files: Files = {}
        for name, draw in self._asked.items():
            drawn = {key: found[key] for key in (f"{name}.png", f"{name}.pdf") if key in found}
            files |= drawn or render_all({name: draw})
        return files

    def close(self) -> None:
        """Stop the copies, if they have not ended."""
        if self._copy is not None:
            self._copy.close()
            self._copy = None


class _Copy:
    """A copy of this process that carries out a function with the other end of a pipe."""

    def __init__(self, work: Callable[..., None], *args: Any, last: bool = False) -> None:
        """Start it; the last in a line of copies is stopped when the one before it stops."""
        context = get_context("fork")
        self.pipe, theirs = context.Pipe()
        self.process: ForkProcess = context.Process(target=_there, args=(self.pipe, work, theirs, *args), daemon=last)
        with warnings.catch_warnings():
            # of Python 3.12 and later, about the sleeping threads of the linear algebra, which knows of copies
            warnings.simplefilter("ignore", DeprecationWarning)
            self.process.start()
        theirs.close()

    def close(self) -> None:
        """Stop it, if it has not ended; without the pipe it would end by itself."""
        self.pipe.close()
        self.process.terminate()
        self.process.join()


def _can_copy() -> bool:
    """Return whether this process can be copied safely: it has one thread, and no library with threads of its own."""
    known = "fork" in get_all_start_methods() and sys.platform != "darwin"
    return known and threading.active_count() == 1 and "jax" not in sys.modules


def _there(ours: "Connection[Any, Any]", work: Callable[..., None], pipe: "Connection[Any, Any]", *args: Any) -> None:
    """Do the work of a copy; an interrupt is the business of the process that waits."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    ours.close()  # so that the pipe ends with the process that waits
    gc.disable()  # copies live for a second or two
    try:
        work(pipe, *args)
    except Exception as error:
        raise SystemExit(1) from error
    finally:
        pipe.close()


def _stop(*_: object) -> None:
    """End this copy and those that it has made at once; an exception could be lost in what it interrupts."""
    for child in active_children():
        child.kill()
    os._exit(1)


def _workshop(pipe: "Connection[Any, Any]") -> None:
    """Load what drawing needs, draw everything that is asked for until there is no more, and send the files."""
    signal.signal(signal.SIGTERM, _stop)
    from darkhorn.report.figures import load

    load()
    copies: list[_Copy] = []
    while (pictures := pipe.recv()) is not None:
        copies += [_Copy(_draw, {name: draw}, last=True) for name, draw in pictures.items()]
    files: Files = {}
    for copy in copies:
        try:
            files |= copy.pipe.recv()
        except EOFError:
            continue  # the process that waits tries again
    pipe.send(files)


def _draw(pipe: "Connection[Any, Any]", pictures: Pictures) -> None:
    """Draw, and send the files."""
    pipe.send(render_all(pictures))
