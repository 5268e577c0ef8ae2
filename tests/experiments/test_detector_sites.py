"""Detectors and modes as data: published positions and yields, ranges, errors."""

from pathlib import Path

import numpy as np
import pytest

from darkhorn.core.errors import RangeError, ScenarioError, UnknownNameError
from darkhorn.experiments.detectors import detector_names, load_detector
from darkhorn.experiments.loader import Experiment
from darkhorn.experiments.modes import load_dump, load_stopped


@pytest.mark.parametrize(
    ("name", "centre", "area"),
    [
        ("miniboone", (0.0, 1.89614, 541.34), np.pi * 6.106**2),
        ("sbnd", (0.7378, 0.0, 110.0), 16.0),
        ("microboone", (0.0, 0.0, 470.0), 2.56 * 2.32),
        ("icarus", (0.0, 0.0, 600.0), 6.0 * 3.16),
    ],
)
def test_published_positions_and_areas(name: str, centre: tuple[float, ...], area: float) -> None:
    found = load_detector(name)
    assert found.centre == pytest.approx(centre)
    assert found.area == pytest.approx(area)
    assert name in detector_names()


def test_miniboone_is_that_of_the_experiment() -> None:
    assert Experiment.load("miniboone").shape["center"] == list(load_detector("miniboone").centre)


def test_unknown_detector_gets_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'sbnd'"):
        load_detector("sbn")


def test_a_file_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    head = 'kind = "detectors"\n[detectors.near]\nsource = "a drawing"\nstatus = "read"\n'
    path.write_text(head + 'shape = { kind = "sphere", center = [0, 0, 20], radius = 2 }\n')
    assert load_detector("near", path).area == pytest.approx(4.0 * np.pi)
    path.write_text(head + 'shape = { kind = "cylinder", center = [0, 0, 20], radius = 2, length = 3 }\n')
    with pytest.raises(ScenarioError, match="sphere or a box"):
        load_detector("near", path)


def test_dump_inputs() -> None:
    dump = load_dump()
    assert dump.pot == 1.86e20
    assert dump.scrape_fraction == 0.0
    assert dump.z_face == 50.314
    assert dump.steel_pion == pytest.approx(160.8 / 7.874 / 100.0)
    assert 491.0 < load_detector("miniboone").centre[2] - dump.z_face < 491.1
    changed = load_dump(scrape_fraction=0.02, current=174000.0)
    assert (changed.scrape_fraction, changed.current) == (0.02, 174000.0)
    with pytest.raises(RangeError, match="scrape_fraction"):
        load_dump(scrape_fraction=1.2)
    with pytest.raises(RangeError, match="pi0_per_pot"):
        load_dump(pi0_per_pot=3.0)
    with pytest.raises(UnknownNameError, match="scrape_fraction"):
        load_dump(scrape=0.1)
    assert any("steering" in flag for flag in dump.flags)


def test_lujan_yields_have_ranges() -> None:
    beam = load_stopped()
    assert (beam.pi_plus, beam.pi_minus, beam.pi_zero) == (0.0376, 0.0259, 0.0633)
    assert load_stopped(pi_zero=0.115).pi_zero == 0.115
    with pytest.raises(RangeError, match="per POT"):
        load_stopped(pi_zero=0.2)
    with pytest.raises(UnknownNameError, match="pi_zero"):
        load_stopped(pi0=0.1)
