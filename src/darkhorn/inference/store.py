"""The folder of a scan: every finished point is on the disk at once, and nothing that is there is ever lost.

``points.log`` begins with a line that names the scan by a hash of its definition; each finished point is one more
line: a checksum, a length, and JSON. Lines are only appended, and flushed to the disk before anybody is told. A line
that a killed process or a broken disk left behind in pieces fails its checksum and its point is computed again.

``scan.json`` is the definition in full; ``scan.lock`` is held by the process that writes, and by the system on its
behalf: the lock of a dead process is free.
"""

import hashlib
import json
import os
import socket
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from darkhorn.core.errors import InputFileError, OutputError, ScenarioError
from darkhorn.io.atomic import write_bytes_atomic

LOG: Final = "points.log"
DEFINITION: Final = "scan.json"
LOCK: Final = "scan.lock"
_MAGIC: Final = b"darkhorn-scan 1 "
_CHECK: Final = 16

Record = dict[str, Any]
"""A finished point: ``i`` is its number, everything else is up to the scan; plain values only."""


class Store:
    """The folder of a scan, held by one process: use it in a ``with`` statement.

    Parameters
    ----------
    directory : Path
        Made if missing.
    definition : mapping
        Plain values that say what is computed; two scans with the same definition have the same points.
    resume : bool
        Whether finished points of an earlier process may be there.

    Attributes
    ----------
    notes : list of str
        What the user has to know about what was found.
    """

    def __init__(self, directory: Path, definition: Mapping[str, Any], *, resume: bool = False) -> None:
        """Touch nothing yet."""
        self.directory, self.definition, self.resume = directory, dict(definition), resume
        self.notes: list[str] = []
        self._places: dict[int, tuple[int, int]] = {}
        self._log = self._lock = -1
        self._size = 0

    def __enter__(self) -> Self:
        """Take the lock, read what is there.

        Raises
        ------
        OutputError
            When the folder cannot be made, written or locked, or another process is writing there.
        ScenarioError
            When another scan is there, or this one and ``resume`` is not set.
        InputFileError
            When ``points.log`` is no log of a scan.
        """
        try:
            self.directory.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(f"--out {self.directory}: cannot make it ({error.strerror})") from error
        self._lock = _take_lock(self.directory / LOCK, self.notes)
        try:
            self._open()
        except BaseException:
            self._close()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Let go of the folder."""
        self._close()

    def __len__(self) -> int:
        return len(self._places)

    def __contains__(self, index: int) -> bool:
        return index in self._places

    def append(self, records: Iterable[Record]) -> None:
        """Add finished points: on the disk when this returns.

        Raises
        ------
        OutputError
            When they cannot be written, for instance to a full disk; what was there before stays.
        """
        lines, places, start = [], {}, self._size
        for record in records:
            line = _line(record)
            places[int(record["i"])] = (start, len(line))
            lines.append(line)
            start += len(line)
        content = memoryview(b"".join(lines))
        try:
            while content:
                content = content[os.write(self._log, content) :]
            os.fsync(self._log)
        except OSError as error:
            self._cut(self._size)
            raise OutputError(
                f"cannot write {self.directory / LOG}: {error.strerror}; {len(self)} finished points are kept: "
                "make room and go on with --resume"
            ) from error
        self._size = start
        for index, place in places.items():
            self._places.setdefault(index, place)

    def records(self) -> Iterator[Record]:
        """Yield the finished points in the order of their numbers, one at a time from the disk."""
        with (self.directory / LOG).open("rb") as log:
            for _, (start, length) in sorted(self._places.items()):
                log.seek(start)
                record = _read_line(log.read(length))
                if record is None:
                    raise InputFileError(f"{self.directory / LOG}: changed while the scan was running")
                yield record

    def _open(self) -> None:
        """Read the log, or begin one; repair what is broken."""
        log, identity = self.directory / LOG, _identity(self.definition)
        head = _MAGIC + identity + b"\n"
        if log.exists():
            self._check(log, head)
            self._read(log, head)
        else:
            write_bytes_atomic(log, head)
            self._size = len(head)
        content = json.dumps(self.definition, indent=1).encode() + b"\n"
        place = self.directory / DEFINITION
        if not place.is_file() or place.read_bytes() != content:
            write_bytes_atomic(place, content)
        try:
            self._log = os.open(log, os.O_WRONLY | os.O_APPEND | getattr(os, "O_BINARY", 0))
        except OSError as error:
            raise OutputError(f"cannot write {log}: {error.strerror}") from error

    def _check(self, log: Path, head: bytes) -> None:
        """Raise unless the log is that of this scan and may be gone on with."""
        try:
            with log.open("rb") as file:
                found = file.readline(len(head) + 100)
        except OSError as error:
            raise OutputError(f"cannot read {log}: {error.strerror}") from error
        if found == head:
            if not self.resume:
                raise ScenarioError(
                    f"--out {self.directory}: this scan has been begun there; add --resume to go on with it, or choose "
                    "another directory"
                )
            return
        if not found.startswith(_MAGIC):
            raise InputFileError(f"{log}: no log of a scan, nothing is changed; choose another directory for --out")
        raise ScenarioError(f"--out {self.directory}: another scan is there ({self._difference()}); choose another")

    def _difference(self) -> str:
        """Return in words what is different in the scan that is there."""
        try:
            there = json.loads((self.directory / DEFINITION).read_text(encoding="utf-8"))
            keys = [key for key in self.definition if there.get(key) != self.definition[key]]
        except (OSError, ValueError, AttributeError):
            return f"its {DEFINITION} cannot be read"
        words = [f"{key}: {_short(there.get(key))} there, {_short(self.definition[key])} now" for key in keys]
        return "; ".join(words) or "its definition has other keys"

    def _read(self, log: Path, head: bytes) -> None:
        """Find every whole record; where there are broken ones, write the log anew without them."""
        good, broken, torn, start = [head], 0, False, len(head)
        with log.open("rb") as file:
            file.readline()
            for line in file:
                record = _read_line(line)
                if record is None or int(record["i"]) in self._places:
                    broken, torn = broken + 1, not line.endswith(b"\n")
                    continue
                self._places[int(record["i"])] = (start, len(line))
                good.append(line)
                start += len(line)
        self._size = start
        if broken:
            write_bytes_atomic(log, b"".join(good))
            what = "the last one was not finished" if torn and broken == 1 else "damaged"
            records = "1 record" if broken == 1 else f"{broken} records"
            self.notes.append(f"{log}: {records} dropped ({what}), to be computed again; {len(self)} points kept")

    def _cut(self, size: int) -> None:
        """Remove what a failed write left behind; if that fails too, the next reader drops it."""
        try:
            os.ftruncate(self._log, size)
        except OSError:
            return

    def _close(self) -> None:
        for descriptor in (self._log, self._lock):
            if descriptor >= 0:
                os.close(descriptor)
        self._log = self._lock = -1


def _identity(definition: Mapping[str, Any]) -> bytes:
    """Return the hash of a definition, in hexadecimal."""
    text = json.dumps(definition, sort_keys=True, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest().encode()


def _line(record: Record) -> bytes:
    """Return a record as a line with checksum and length."""
    body = json.dumps(record, separators=(",", ":"), allow_nan=False).encode()
    return b"%s %d %s\n" % (_checksum(body), len(body), body)


def _read_line(line: bytes) -> Record | None:
    """Return the record of a line, or None for one that is not whole."""
    parts = line.split(b" ", 2)
    if len(parts) != 3 or not parts[2].endswith(b"\n"):
        return None
    body = parts[2][:-1]
    if parts[0] != _checksum(body) or parts[1] != b"%d" % len(body):
        return None
    record: Record = json.loads(body)
    return record


def _checksum(body: bytes) -> bytes:
    return hashlib.sha256(body).hexdigest()[:_CHECK].encode()


def _short(value: object) -> str:
    """Return a value as text that fits into a message."""
    text = json.dumps(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _take_lock(path: Path, notes: list[str]) -> int:
    """Return the descriptor of the locked file; the system frees it when the process ends, however it ends."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as error:
        raise OutputError(f"--out {path.parent}: cannot write there ({error.strerror})") from error
    try:
        _lock(descriptor)
    except BlockingIOError as error:
        holder = os.read(descriptor, 200).decode(errors="replace").strip() or "another process"
        os.close(descriptor)
        raise OutputError(f"--out {path.parent}: {holder} is scanning there; wait for it or choose another") from error
    except OSError as error:
        notes.append(f"{path}: no locks on this file system ({error.strerror}); let no other scan write there")
    os.ftruncate(descriptor, 0)
    os.write(descriptor, f"process {os.getpid()} on {socket.gethostname()}\n".encode())
    return descriptor


def _lock(descriptor: int) -> None:
    """Lock a file for this process, or raise BlockingIOError at once where another one has it."""
    try:
        import fcntl
    except ImportError:
        import msvcrt

        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
        except OSError as error:
            raise BlockingIOError from error
    else:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
