"""Pictures of a beam are kept on disk, beside its mesons: they know nothing of new physics either."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np

from darkhorn.chain.cache import code_fingerprint, fingerprint, remembered

if TYPE_CHECKING:
    from matplotlib.figure import Figure

KINDS = ("png", "pdf")
"""Formats of every picture."""


@dataclass(frozen=True)
class Kept:
    """A picture that is drawn once.

    Attributes
    ----------
    draw : callable
        Draws it; a function of a module.
    arguments : tuple
        Everything that enters it; what :func:`darkhorn.chain.cache.fingerprint` cannot see is drawn every time.
    """

    draw: Callable[..., "Figure"]
    arguments: tuple[Any, ...]

    def __call__(self) -> "Figure":
        """Return the picture, drawn anew."""
        return self.draw(*self.arguments)

    def contents(self) -> dict[str, bytes]:
        """Return the files of the picture by kind, from the cache where they are there, else drawn and kept.

        The key is what the picture is made of: its function and arguments, all code and tables of the package, and
        the versions of the libraries that compute and draw.
        """
        try:
            inside = fingerprint((self.draw, self.arguments))
        except TypeError:
            return contents(self())
        key = f"{_libraries()}|{code_fingerprint(())}|{inside}"
        found = remembered(key, lambda: {kind: _as_array(one) for kind, one in contents(self()).items()})
        return {kind: found[kind].tobytes() for kind in KINDS}


def contents(figure: "Figure") -> dict[str, bytes]:
    """Return the files of a figure by kind."""
    from darkhorn.report.style import render

    return {kind: render(figure, kind) for kind in KINDS}


def _as_array(content: bytes) -> np.ndarray[Any, np.dtype[np.uint8]]:
    return np.frombuffer(content, dtype=np.uint8)


@cache
def _libraries() -> str:
    """Return the versions of what computes and draws."""
    return " ".join(f"{name} {version(name)}" for name in ("numpy", "matplotlib", "pillow"))
