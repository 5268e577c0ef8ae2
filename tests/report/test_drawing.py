"""Pictures drawn in copies of the process: the same bytes as here, a second chance, nothing left over."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from multiprocessing import active_children, get_all_start_methods
from pathlib import Path

import pytest
from matplotlib.figure import Figure

from darkhorn.report import drawing as module
from darkhorn.report.drawing import Drawing, Pictures, render_all
from darkhorn.report.style import new_figure

HERE = os.getpid()


def line(slope: float) -> Figure:
    figure = new_figure(2.0, 2.0)
    figure.subplots().plot([0.0, 1.0], [0.0, slope])
    return figure


def only_here(slope: float) -> Figure:
    if os.getpid() != HERE:
        raise OSError("only in the copy")
    return line(slope)


def only_there(slope: float) -> Figure:
    if os.getpid() == HERE:
        raise ValueError("only here")
    return line(slope)


def nowhere() -> Figure:
    raise ValueError("everywhere")


def ends_its_copy(slope: float) -> Figure:
    if os.getpid() != HERE:
        os.kill(os.getpid(), signal.SIGKILL)
    return line(slope)


def never(pids: Path) -> Figure:
    with pids.open("a") as file:
        file.write(f"{os.getpid()}\n")
    time.sleep(600.0)
    return line(1.0)


@pytest.fixture
def copies(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make copies although the runner of the tests has a thread, which sleeps; skip where there are none."""
    if not copies_here() or "jax" in sys.modules:
        pytest.skip("this system makes no copies, or another test has loaded a library with threads of its own")
    monkeypatch.setattr(module, "_can_copy", lambda: True)


def copies_here() -> bool:
    return "fork" in get_all_start_methods() and sys.platform != "darwin"


def drawn(*sets: Pictures) -> dict[str, bytes]:
    with Drawing() as drawing:
        for pictures in sets:
            drawing.add(pictures)
        return drawing.files()


def test_same_bytes_as_here_in_the_order_asked_for() -> None:
    one, two, three = ({name: partial(line, slope)} for name, slope in (("one", 1.0), ("two", 2.0), ("three", 3.0)))
    found = drawn(two | one, three)
    assert found == render_all(two | one | three)
    assert list(found) == ["two.png", "two.pdf", "one.png", "one.pdf", "three.png", "three.pdf"]
    assert found["one.png"].startswith(b"\x89PNG")
    assert found["two.pdf"].startswith(b"%PDF")
    assert found["one.png"] != found["two.png"]


@pytest.mark.usefixtures("copies")
def test_a_copy_draws() -> None:
    found = drawn({"one": partial(only_there, 1.0)}, {}, {"two": partial(only_there, 2.0)})
    assert found == render_all({"one": partial(line, 1.0), "two": partial(line, 2.0)})


def test_no_picture_is_no_file() -> None:
    assert drawn() == {}
    assert drawn({}) == {}


@pytest.mark.parametrize("draw", [only_here, ends_its_copy])
def test_a_failure_in_the_copy_is_tried_again_here(
    draw: Callable[[float], Figure], capfd: pytest.CaptureFixture[str]
) -> None:
    found = drawn({"one": partial(draw, 1.0), "two": partial(line, 2.0)})
    assert found == render_all({"one": partial(line, 1.0), "two": partial(line, 2.0)})
    assert capfd.readouterr().err == ""


def test_what_cannot_be_sent_is_drawn_here() -> None:
    assert drawn({"one": lambda: line(1.0)}, {"two": partial(line, 2.0)}) == render_all(
        {"one": partial(line, 1.0), "two": partial(line, 2.0)}
    )


def test_without_copies_everything_is_drawn_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_can_copy", lambda: False)
    assert drawn({"one": partial(only_here, 1.0)}) == render_all({"one": partial(line, 1.0)})


def test_a_failure_here_is_raised() -> None:
    with Drawing() as drawing:
        drawing.add({"one": nowhere})
        with pytest.raises(ValueError, match="everywhere"):
            drawing.files()


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat")
    return not state.exists() or state.read_text().rpartition(")")[2].split()[0] != "Z"


def wait_until(condition: Callable[[], bool]) -> None:
    started = time.monotonic()
    while not condition():
        assert time.monotonic() - started < 60.0
        time.sleep(0.02)


@pytest.mark.usefixtures("copies")
def test_closed_before_it_has_ended(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    drawing = Drawing()
    drawing.add({"never": partial(never, pids), "neither": partial(never, pids)})
    wait_until(lambda: pids.exists() and len(pids.read_text().split()) == 2)
    drawing.close()
    drawing.close()
    assert active_children() == []
    wait_until(lambda: not any(alive(int(pid)) for pid in pids.read_text().split()))


ABANDONED = """
import os
from darkhorn.report.drawing import Drawing
drawing = Drawing()
print(drawing._copy.process.pid, flush=True)
os.kill(os.getpid(), 9)
"""


@pytest.mark.skipif(not copies_here(), reason="this system makes no copies")
def test_copies_end_with_the_process_that_made_them() -> None:
    done = subprocess.run([sys.executable, "-c", ABANDONED], capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGKILL
    wait_until(lambda: not alive(int(done.stdout)))
