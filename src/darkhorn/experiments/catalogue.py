"""The files of the data directory that are known: checksums, what they hold, where a person gets them."""

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from darkhorn.experiments.reading import package_files
from darkhorn.io.tables import read_columns

STATES: Final = ("present", "absent", "changed", "unreadable")
"""What can be said of a known file: as it should be, not there, with another content, not to be read."""


@dataclass(frozen=True)
class DataFile:
    """A file that the data directory may hold.

    Attributes
    ----------
    name : str
        File name.
    sha256 : str
        Checksum of the copy that the tests were written against, 64 hexadecimal digits.
    quality : str
        ``official``, ``digitised``, ``derived`` or ``third party``.
    content : str
        What it holds.
    where : str
        Public record or repository with the numbers.
    """

    name: str
    sha256: str
    quality: str
    content: str
    where: str

    def state(self, folder: Path) -> str:
        """Return one of :data:`STATES` for a directory."""
        try:
            content = (folder / self.name).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return "absent"
        except OSError:
            return "unreadable"
        return "present" if sha256(content).hexdigest() == self.sha256 else "changed"


def catalogue() -> dict[str, DataFile]:
    """Return the known files by name, in the order of the shipped list."""
    columns = read_columns(package_files(".csv")["data_files"], ("file", "sha256", "quality", "content", "where"), ())
    return {row[0]: DataFile(*row) for row in zip(*columns.values(), strict=True)}


def wanted() -> list[tuple[str, str]]:
    """Return what the data directory does not hold, each with the place where a person finds it."""
    columns = read_columns(package_files(".csv")["data_wanted"], ("wanted", "where"), ())
    return list(zip(columns["wanted"], columns["where"], strict=True))
