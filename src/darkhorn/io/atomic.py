"""Atomic writes: a file is either the old one or the whole new one, never a half."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from darkhorn.core.errors import OutputError


def _sync(path: Path, flags: int) -> None:
    """Flush what the system holds for ``path`` to the disk."""
    descriptor = os.open(path, flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _mode_for(target: Path) -> int:
    """Return the permissions of the file to be replaced, or those a new file gets from the process mask."""
    if target.exists():
        return target.stat().st_mode & 0o777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


@contextmanager
def atomic_path(path: str | Path) -> Iterator[Path]:
    """Give a temporary path in the same directory; move it onto ``path`` when the block ends well.

    Parameters
    ----------
    path : str or Path
        Where the result belongs. The directory must exist.

    Yields
    ------
    Path
        An empty file with the same suffix as ``path``, to be written by the block.

    Raises
    ------
    OutputError
        When the directory is missing or nothing can be written there; the message names ``path``.
        Any error of the block itself passes through unchanged. In both cases nothing is left behind and an
        older file at ``path`` stays as it was.
    """
    target = Path(path)
    if target.is_dir():
        raise OutputError(f"cannot write {target}: it is a directory")
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{target.stem}-", suffix=target.suffix, dir=target.parent)
    except OSError as error:
        raise OutputError(f"cannot write {target}: {error.strerror or error}") from error
    os.close(descriptor)
    temporary = Path(name)
    try:
        yield temporary
        try:
            temporary.chmod(_mode_for(target))
            _sync(temporary, os.O_RDWR)
            os.replace(temporary, target)
        except OSError as error:
            raise OutputError(f"cannot write {target}: {error.strerror or error}") from error
    finally:
        temporary.unlink(missing_ok=True)
    if os.name == "posix":
        _sync(target.parent, os.O_RDONLY)


def write_bytes_atomic(path: str | Path, content: bytes) -> None:
    """Write ``content`` to ``path`` in one step.

    Raises
    ------
    OutputError
        When it cannot be written; the message names ``path`` and nothing is left behind.
    """
    with atomic_path(path) as temporary:
        try:
            temporary.write_bytes(content)
        except OSError as error:
            raise OutputError(f"cannot write {path}: {error.strerror or error}") from error


def write_text_atomic(path: str | Path, text: str) -> None:
    """Write ``text`` (UTF-8, newlines as given) to ``path`` in one step.

    Raises
    ------
    OutputError
        When it cannot be written; the message names ``path`` and nothing is left behind.
    """
    write_bytes_atomic(path, text.encode("utf-8"))
