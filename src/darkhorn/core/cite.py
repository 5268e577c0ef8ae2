"""Reference keys: what to cite for what was used. ``works.csv`` beside this file holds the works.

Docstrings name the same works by their arXiv number or journal; :func:`keys_in` turns such a text into keys.
"""

import csv
import re
from dataclasses import dataclass
from importlib.resources import files
from typing import Final

from darkhorn.core.errors import unknown_name


@dataclass(frozen=True)
class Reference:
    """One work: key, authors, title and where to find it (arXiv number, DOI or journal)."""

    key: str
    authors: str
    title: str
    where: str
    year: int

    @property
    def arxiv(self) -> str:
        """Number at arXiv, such as ``2110.11944`` or ``hep-ph/9908481``; empty for a work that is not there."""
        found = _ARXIV.search(self.where)
        return found[0] if found else ""

    def bibtex(self) -> str:
        """Return a BibTeX entry."""
        body = [
            f"  author = {{{self.authors}}}",
            f"  title = {{{{{self.title}}}}}",
            f"  note = {{{self.where}}}",
            f"  year = {{{self.year}}}",
        ]
        if self.arxiv:
            body += [f"  eprint = {{{self.arxiv}}}", "  archiveprefix = {arXiv}"]
        return f"@misc{{{self.key},\n" + ",\n".join(body) + "\n}"


_ARXIV: Final = re.compile(r"(?<![\d.])\d{4}\.\d{5}(?![\d.]*\d)|(?<=arXiv:)\d{4}\.\d{4}(?!\d)|[a-z]+(?:-[a-z]+)?/\d{7}")


def _read() -> tuple[Reference, ...]:
    """Return the works of ``works.csv`` in its order."""
    text = files("darkhorn.core").joinpath("works.csv").read_text(encoding="utf-8")
    return tuple(
        Reference(row["key"], row["authors"], row["title"], row["where"], int(row["year"]))
        for row in csv.DictReader(text.splitlines())
    )


_ALL: Final = _read()

REFERENCES: Final = {reference.key: reference for reference in _ALL}
"""Every reference by key."""


def reference(key: str) -> Reference:
    """Return the reference with this key.

    Raises
    ------
    UnknownNameError
        When there is none; the message offers the nearest key.
    """
    if key not in REFERENCES:
        raise unknown_name("reference", key, REFERENCES)
    return REFERENCES[key]


def arxiv_numbers(text: str) -> tuple[str, ...]:
    """Return the arXiv numbers in a text, each once, in the order of their first appearance.

    Parameters
    ----------
    text : str
        Numbers of the old form (``hep-ph/9908481``) and of the new one; those with four digits after the point
        (2007 to 2014) count only after ``arXiv:``.
    """
    return tuple(dict.fromkeys(_ARXIV.findall(text)))


def keys_in(text: str) -> tuple[str, ...]:
    """Return the keys of the references whose arXiv number a text names, in the order of the text."""
    by_number = {item.arxiv: item.key for item in _ALL if item.arxiv}
    return tuple(by_number[number] for number in arxiv_numbers(text) if number in by_number)
