"""Spoilt copies of good files, and how many of them: a thousand by default, ``DARKHORN_FUZZ`` sets the number."""

import os
from collections.abc import Callable, Sequence
from typing import Final

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from darkhorn.core.errors import DarkhornError

TOTAL: Final = int(os.environ.get("DARKHORN_FUZZ", "1000"))
"""Inputs of all tests of this folder together."""

WORDS: Final = (
    *("nan", "inf", "-inf", "1e400", "-1", "0", "1e-320", "1e308", "9" * 25, "1_0", "0x10", "true", "''", '""', "[]"),
    *("{}", "[[]]", "\x00", "\t", "\r", "\n", "\u2028", "\ud7ff", "é", "#", "=", ",", ".", "-", "e", "@", "%s", "{0}"),
    *("1979-05-27", "12:00:00", "../../etc/passwd", "/etc/passwd", "~", "$HOME", "__import__('os')", "name", "model"),
    *("[model]", "[[model]]", "kind = ", "E 0 0 0", "P 1 0 211 0 0 0 0 0 1", "V -1 0 [1]", "U GEV MM", "A 0 x 1"),
)
"""What is put into files: numbers at the edge, separators, text of other kinds."""


def share(part: float) -> settings:
    """Return the settings of a test that takes this part of all inputs."""
    return settings(
        max_examples=max(10, round(TOTAL * part)),
        deadline=None,
        database=None,
        derandomize=True,
        print_blob=False,
        suppress_health_check=list(HealthCheck),
    )


def only_own_errors(read: Callable[[], object]) -> bool:
    """Return what reading gives as a truth, False for an error of darkhorn; any other error fails the test."""
    message = ""
    try:
        return bool(read())
    except DarkhornError as error:
        message = str(error)
    assert message.strip(), "an error without a message"
    return False


@st.composite
def spoilt_text(draw: st.DrawFn, seeds: Sequence[str]) -> str:
    """A good text with one to six edits: words put in, cut, doubled, exchanged; lines cut, doubled, moved."""
    text = draw(st.sampled_from(seeds))
    for _ in range(draw(st.integers(1, 6))):
        kind = draw(st.sampled_from(("word", "insert", "cut", "line", "double", "move", "digit", "end")))
        at = draw(st.integers(0, max(0, len(text) - 1)))
        if kind == "insert":
            text = text[:at] + draw(st.sampled_from(WORDS)) + text[at:]
        elif kind == "cut":
            text = text[:at] + text[at + draw(st.integers(1, 12)) :]
        elif kind == "word":
            end = next((i for i in range(at, len(text)) if text[i] in " ,\n=]"), len(text))
            text = text[:at] + draw(st.sampled_from(WORDS)) + text[end:]
        elif kind == "digit":
            text = text[:at] + draw(st.characters(codec="utf-8")) + text[at + 1 :]
        elif kind == "end":
            text = text[:at]
        else:
            text = _lines(draw, text, kind)
    return text


def _lines(draw: st.DrawFn, text: str, kind: str) -> str:
    lines = text.split("\n")
    row, other = (draw(st.integers(0, len(lines) - 1)) for _ in range(2))
    if kind == "line":
        del lines[row]
    elif kind == "double":
        lines.insert(other, lines[row])
    else:
        lines[row], lines[other] = lines[other], lines[row]
    return "\n".join(lines)


@st.composite
def spoilt_bytes(draw: st.DrawFn, seed: bytes) -> bytes:
    """A good file with one to eight bytes changed, put in or cut, or broken off."""
    content = bytearray(seed)
    for _ in range(draw(st.integers(1, 8))):
        at = draw(st.integers(0, max(0, len(content) - 1)))
        kind = draw(st.sampled_from(("change", "change", "change", "insert", "cut", "end")))
        if kind == "change" and content:
            content[at] = draw(st.integers(0, 255))
        elif kind == "insert":
            content[at:at] = draw(st.binary(min_size=1, max_size=8))
        elif kind == "cut":
            del content[at : at + draw(st.integers(1, 16))]
        elif kind == "end" and draw(st.integers(0, 3)) == 0:
            del content[at:]
    return bytes(content)


VALUES: Final = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.sampled_from([10**400, 2**63, -(10**30), 0, 1, -1]),
        st.floats(),
        st.sampled_from(WORDS),
        st.text(max_size=8),
        st.dates(),
        st.times(),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.sampled_from(WORDS) | st.text(max_size=6), inner, max_size=3),
    ),
    max_leaves=6,
)
"""Whatever a TOML file or a call from Python can hold at a key."""
