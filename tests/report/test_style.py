"""Saving: the same bytes twice, whole files or none; numbers as text."""

import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from darkhorn.core.errors import OutputError
from darkhorn.report.numbers import power_of_ten, scientific, with_error
from darkhorn.report.plots import plot_spectra
from darkhorn.report.style import BLACK, BLUE, DARK, ORANGE, SKY, new_figure, per_bin, render, save


def small_figure():
    figure = new_figure(3.0, 2.0)
    axes = figure.subplots()
    axes.plot([0.0, 1.0], [2.0, 3.0], label="line")
    axes.legend()
    return figure


def test_two_figures_of_the_same_numbers_give_the_same_bytes(tmp_path, prediction, modes, fit):
    written = []
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        written.append(save(plot_spectra(prediction, modes, fit), tmp_path / folder, "spectra"))
    for first, second in zip(*written, strict=True):
        assert first.read_bytes() == second.read_bytes()
    assert [path.name for path in written[0]] == ["spectra.png", "spectra.pdf"]
    assert sorted(path.name for path in (tmp_path / "a").iterdir()) == ["spectra.pdf", "spectra.png"]


def test_files_are_what_they_say_and_hold_no_time_stamp(tmp_path):
    png, pdf = (path.read_bytes() for path in save(small_figure(), tmp_path, "one"))
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    assert struct.unpack(">II", png[16:24]) == (450, 300)
    start = png.index(b"pHYs") + 4
    assert struct.unpack(">I", png[start : start + 4])[0] == round(150 / 0.0254)
    assert pdf.startswith(b"%PDF-")
    assert pdf.rstrip().endswith(b"%%EOF")
    for word in (b"CreationDate", b"Software", b"Creator", b"Producer"):
        assert word not in png
        assert word not in pdf


def test_drawing_the_same_figure_again_changes_nothing():
    figure = small_figure()
    assert render(figure, "png") == render(figure, "png")
    assert render(figure, "pdf") == render(figure, "pdf")


def test_a_directory_that_cannot_be_written_is_named_and_left_clean(tmp_path):
    file = tmp_path / "file"
    file.write_text("old")
    with pytest.raises(OutputError, match=r"one\.png"):
        save(small_figure(), file, "one")
    with pytest.raises(OutputError, match="missing"):
        save(small_figure(), tmp_path / "missing", "one")
    assert file.read_text() == "old"
    assert list(tmp_path.iterdir()) == [file]


def test_a_failed_move_keeps_the_old_file(tmp_path, monkeypatch):
    png, _ = save(small_figure(), tmp_path, "one")
    png.write_bytes(b"old")

    def refuse(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", refuse)
    with pytest.raises(OutputError, match="No space left"):
        save(small_figure(), tmp_path, "one")
    assert png.read_bytes() == b"old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one.pdf", "one.png"]


def test_an_error_while_drawing_writes_neither_file(tmp_path):
    figure = small_figure()
    figure.axes[0].set_title("$x")
    figure.axes[0].set_xlabel(r"$\nonsense$")
    with pytest.raises(ValueError, match="nonsense"):
        save(figure, tmp_path, "one")
    assert list(tmp_path.iterdir()) == []


def test_equal_bins_name_their_width_and_others_are_divided():
    widths, label = per_bin("e_vis", np.linspace(150.0, 1150.0, 21))
    assert label == "events / 50 MeV"
    np.testing.assert_array_equal(widths, 1.0)
    assert per_bin("cos_theta", np.linspace(-1.0, 1.0, 21))[1] == "events / 0.1"
    widths, label = per_bin("e_vis", np.array([0.0, 1.0, 3.0]))
    assert label == "events / MeV"
    np.testing.assert_array_equal(widths, [1.0, 2.0])


def test_colours_differ_in_brightness():
    """So that they can be told apart without colour."""
    bright = sorted(
        sum(f * int(c[i : i + 2], 16) for f, i in ((0.2126, 1), (0.7152, 3), (0.0722, 5))) / 255
        for c in (BLACK, DARK, BLUE, ORANGE, SKY)
    )
    assert min(np.diff([bright[0], bright[2], bright[3], bright[4]])) > 0.03
    assert bright[-1] - bright[-2] > 0.25


@pytest.mark.parametrize(
    ("value", "error", "text"),
    [
        (7.126e-9, 4.1e-10, "(7.13 ± 0.41)×10⁻⁹"),
        (249.83, 3.81, "249.8 ± 3.8"),
        (2380.2, 36.4, "2380 ± 36"),
        (0.0, 2.0e-9, "(0.0 ± 2.0)×10⁻⁹"),
        (5.0, 0.0, "5 ± 0"),
        (4.647e-10, float("inf"), "4.647e-10 ± inf"),
        (12.0, 0.999, "12.0 ± 1.0"),
    ],
)
def test_values_carry_two_digits_of_their_error(value, error, text):
    assert with_error(value, error) == text


def test_plain_text_can_be_read_back():
    assert with_error(7.126e-9, 4.1e-10, plain=True) == "(7.13 ± 0.41)e-09"
    assert scientific(4.647e-10, 4) == "4.647×10⁻¹⁰"
    assert scientific(0.5) == "0.5"
    assert power_of_ten(-13) == "10⁻¹³"


@given(st.floats(1e-30, 1e30), st.floats(1e-4, 10.0))
@settings(max_examples=80, deadline=None, derandomize=True)
def test_a_printed_value_is_within_its_rounding(value, relative):
    error = value * relative
    mantissa, _, power = with_error(value, error, plain=True).partition(")e")
    mean, spread = (float(part) for part in mantissa.lstrip("(").split(" ± "))
    scale = 10.0 ** int(power or 0)
    assert abs(mean * scale - value) <= 0.06 * error
    assert abs(spread * scale - error) <= 0.06 * error
