"""Two particles as one ring."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from darkhorn.core.errors import InputFileError, RangeError, UnknownNameError
from darkhorn.detector.rings import (
    CRITERIA,
    THRESHOLD_FILE,
    RingRule,
    Rings,
    Thresholds,
    opening_angle,
    read_thresholds,
)

steady = settings(deadline=None, derandomize=True, max_examples=60)


def pair(first: float, second: float, degrees: float) -> tuple[np.ndarray, np.ndarray]:
    """Two massless particles about the z axis, as single rows."""
    angle = np.radians(degrees)
    return (
        first * np.array([[1.0, 0, 0, 1.0]]),
        second * np.array([[1.0, np.sin(angle), 0, np.cos(angle)]]),
    )


def seen(rule: RingRule, first: float, second: float, degrees: float) -> bool:
    return bool(rule.see(*pair(first, second, degrees)).one[0])


def test_ten_degrees_by_default() -> None:
    rule = RingRule()
    assert [seen(rule, 100.0, 100.0, d) for d in (0.0, 9.99, 10.01, 180.0)] == [True, True, False, False]
    wide = RingRule(max_angle_degrees=13.0)
    assert [seen(wide, 100.0, 100.0, d) for d in (12.9, 13.1)] == [True, False]


def test_a_soft_particle_is_not_seen() -> None:
    rule = RingRule(("asymmetry",))
    assert [seen(rule, 300.0, e, 90.0) for e in (29.9, 30.1)] == [True, False]
    assert not seen(rule, 300.0, 300.0, 0.0)
    share = RingRule(("asymmetry",), soft_energy=0.0, soft_share=0.1)
    assert [seen(share, 900.0, e, 90.0) for e in (99.0, 101.0)] == [True, False]
    either = RingRule(("angle", "asymmetry"))
    cases = [(300.0, 20.0, 90.0), (300.0, 300.0, 5.0), (300.0, 300.0, 90.0)]
    assert [seen(either, *case) for case in cases] == [True, True, False]


def test_energy_and_direction_are_those_of_the_sum() -> None:
    rings = RingRule().see(*pair(200.0, 100.0, 90.0))
    assert isinstance(rings, Rings)
    assert rings.energy[0] == pytest.approx(300.0)
    np.testing.assert_allclose(rings.direction[0], np.array([1.0, 0.0, 2.0]) / np.sqrt(5.0))
    opposite = RingRule().see(*pair(100.0, 100.0, 180.0))
    assert not opposite.one[0]
    assert np.linalg.norm(opposite.direction[0]) == pytest.approx(1.0)
    rest = RingRule().see([[0.511, 0, 0, 0]], [[0.511, 0, 0, 0]])
    np.testing.assert_array_equal(rest.direction, [[0, 0, 1]])


def test_small_angles_keep_their_digits() -> None:
    a, b = pair(100.0, 50.0, np.degrees(1e-9))
    assert opening_angle(a, b)[0] == pytest.approx(1e-9, rel=1e-9)


def test_criteria_by_hand() -> None:
    energy, cut = np.array([200.0, 400.0]), np.array([0.4, 0.2])
    # at 300 MeV the cut is 0.3; equal energies x = 0.5: circle1 needs hypot((1-c)/2, 0.5) < 0.3: never
    assert not seen(RingRule(("tables",), thresholds=Thresholds(energy, cut)), 150.0, 150.0, 0.0)
    for degrees, share, circle1 in ((10.0, 0.8, True), (60.0, 0.8, False), (60.0, 0.9, True)):
        c = np.cos(np.radians(degrees))
        assert (np.sqrt((1 - c) ** 2 / 4 + (1 - share) ** 2) < 0.3) == circle1
        first = RingRule(("tables",), thresholds=Thresholds(energy, cut))
        assert seen(first, 300.0 * share, 300.0 * (1 - share), degrees) == circle1
        diagonal = RingRule(("tables",), thresholds=Thresholds(energy, cut, "diagonal"))
        assert seen(diagonal, 300.0 * (1 - share), 300.0 * share, degrees) == (1 - ((1 + c) / 2 + share) / 2 < 0.3)
        zero = RingRule(("tables",), thresholds=Thresholds(energy, 4 * cut, "circle0"))
        assert seen(zero, 300.0 * share, 300.0 * (1 - share), degrees) == (np.hypot((1 + c) / 2, share) > 1.2)
    # constant outside the table
    assert Thresholds(energy, cut).passed(np.array([10.0]), np.array([1.0]), np.array([0.61])).tolist() == [True]
    assert Thresholds(energy, cut).passed(np.array([9e3]), np.array([1.0]), np.array([0.79])).tolist() == [False]


def test_published_table(data_dir: Path) -> None:
    table = read_thresholds(data_dir)
    assert len(table.energy) == 57
    assert table.energy[[0, -1]] == pytest.approx([150.0, 1270.0])
    assert table.cut[[0, 1, -1]] == pytest.approx([0.541, 0.455, 0.274])
    assert read_thresholds(data_dir / THRESHOLD_FILE, variant="b").cut[0] == 0.545
    assert read_thresholds(data_dir, criterion="diagonal").cut[0] == 0.35
    assert read_thresholds(data_dir, criterion="circle0").cut[-1] == 1.22
    # collinear pairs are one ring, and so is one that gives all to one; symmetric wide ones are two
    for criterion in CRITERIA:
        rule = RingRule(("tables",), thresholds=read_thresholds(data_dir, criterion=criterion))
        assert seen(rule, 499.0, 1.0, 20.0)
        assert not seen(rule, 250.0, 250.0, 90.0)


def test_a_missing_table_says_what_to_get(tmp_path: Path) -> None:
    with pytest.raises(InputFileError, match=r"arXiv:2210.08021.*DARKHORN_DATA.*'angle'"):
        read_thresholds(tmp_path)
    path = tmp_path / THRESHOLD_FILE
    path.write_text("evis_lo_GeV,evis_hi_GeV,r_circle1_a\n")
    with pytest.raises(InputFileError):
        read_thresholds(tmp_path)
    path.write_text("evis_lo_GeV,evis_hi_GeV,r_circle1_a\n0.1,0.2,x\n")
    with pytest.raises(InputFileError, match="r_circle1_a"):
        read_thresholds(tmp_path)
    path.write_text("evis_lo_GeV,evis_hi_GeV,r_circle1_a\n0.3,0.4,0.1\n0.1,0.2,0.1\n")
    with pytest.raises(RangeError, match="step of energy"):
        read_thresholds(tmp_path)


@given(st.floats(0, 180), st.floats(0, 180), st.floats(0.1, 5e3), st.floats(0.1, 5e3))
@steady
def test_a_wider_pair_is_never_more_one_ring(first: float, second: float, a: float, b: float) -> None:
    near, far = sorted((first, second))
    thresholds = Thresholds(np.array([100.0, 1000.0]), np.array([0.5, 0.2]))
    for options in (("angle",), ("asymmetry",), ("tables",), ("angle", "asymmetry", "tables")):
        rule = RingRule(options, soft_share=0.1, thresholds=thresholds)
        assert seen(rule, a, b, near) >= seen(rule, a, b, far)
        assert seen(rule, a, b, near) == seen(rule, b, a, near)


def test_errors_name_what_is_wrong() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'angle'"):
        RingRule(("angel",))
    with pytest.raises(RangeError, match="ring options are empty"):
        RingRule(())
    with pytest.raises(RangeError, match=r"max_angle_degrees = 200 degrees .* \[0, 180\]"):
        RingRule(max_angle_degrees=200.0)
    with pytest.raises(RangeError, match=r"soft_share = 0\.7"):
        RingRule(("asymmetry",), soft_share=0.7)
    with pytest.raises(RangeError, match="needs thresholds"):
        RingRule(("tables",))
    with pytest.raises(UnknownNameError, match="ring criterion 'circle'"):
        Thresholds(np.array([1.0]), np.array([1.0]), "circle")
    with pytest.raises(RangeError, match="2 cuts for 1 energies"):
        Thresholds(np.array([1.0]), np.array([1.0, 2.0]))
    with pytest.raises(UnknownNameError, match="variant 'c'"):
        read_thresholds(Path("none"), variant="c")
    with pytest.raises(UnknownNameError, match="criterion"):
        read_thresholds(Path("none"), criterion="square")
    with pytest.raises(RangeError, match="energy of the second particle = -1 MeV"):
        RingRule().see([[1.0, 0, 0, 1.0]], [[-1.0, 0, 0, 1.0]])
    with pytest.raises(RangeError, match="momentum of the first particle"):
        RingRule().see([[1.0, 0, 0, np.nan]], [[1.0, 0, 0, 1.0]])
