"""Pictures drawn in a copy of the process: the same bytes as here, a second chance, nothing left over."""

import os
import time
from collections.abc import Callable

import pytest
from matplotlib.figure import Figure

from darkhorn.report.drawing import Drawing, render_all
from darkhorn.report.style import new_figure


def line(slope: float) -> Callable[[], Figure]:
    def draw() -> Figure:
        figure = new_figure(2.0, 2.0)
        figure.subplots().plot([0.0, 1.0], [0.0, slope])
        return figure

    return draw


def test_same_bytes_as_here() -> None:
    pictures = {"one": line(1.0), "two": line(2.0)}
    found = Drawing(lambda: pictures).files()
    assert found == render_all(pictures)
    assert set(found) == {"one.png", "one.pdf", "two.png", "two.pdf"}
    assert found["one.png"].startswith(b"\x89PNG")
    assert found["two.pdf"].startswith(b"%PDF")
    assert found["one.png"] != found["two.png"]


def test_no_picture_is_no_file() -> None:
    assert Drawing(dict).files() == {}


def test_a_failure_in_the_copy_is_tried_again_here() -> None:
    here = os.getpid()

    def choose() -> dict[str, Callable[[], Figure]]:
        if os.getpid() != here:
            raise OSError("only in the copy")
        return {"one": line(1.0)}

    assert Drawing(choose).files() == render_all({"one": line(1.0)})


def test_a_failure_here_is_raised() -> None:
    def choose() -> dict[str, Callable[[], Figure]]:
        raise ValueError("everywhere")

    drawing = Drawing(choose)
    with pytest.raises(ValueError, match="everywhere"):
        drawing.files()


def test_closed_before_it_has_ended() -> None:
    def wait() -> Figure:
        time.sleep(600.0)
        return line(1.0)()

    drawing = Drawing(lambda: {"never": wait})
    process = drawing._process
    drawing.close()
    drawing.close()
    assert process is None or not process.is_alive()
