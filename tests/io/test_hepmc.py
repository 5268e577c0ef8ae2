"""HepMC3 files: round trips, units, births, and every way in which a file can be wrong."""

import gzip
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from darkhorn.core.errors import InputFileError, RangeError
from darkhorn.core.rays import Rays
from darkhorn.core.species import mass
from darkhorn.io.hepmc import read_hepmc, write_hepmc
from darkhorn.io.read import read_any

pytest.importorskip("pyhepmc", reason="needs pyhepmc: pip install 'darkhorn[io]'")

HAND = """HepMC::Version 3.02.05
HepMC::Asciiv3-START_EVENT_LISTING
W CV
T toy\\|1.2\\|by hand
A NuHepMC.Exposure.POT 1000
E 0 2 4
U GEV CM
W 0.5
P 1 0 2212 0 0 8.0 8.0548 0.93827 4
V -1 0 [1] @ 1.0 2.0 -3.0 29.9792458
P 2 -1 211 0.3 0.0 0.4 0.519109 0.13957 2
P 3 -1 111 0.0 0.0 1.0 1.009067 0.13498 2
V -2 0 [2] @ 2.0 2.0 -3.0 59.9584916
P 4 -2 211 0.0 0.3 0.4 0.519109 0.13957 1
HepMC::Asciiv3-END_EVENT_LISTING
"""


def pions(n: int, seed: int = 3) -> Rays:
    rng = np.random.default_rng(seed)
    pdgid = rng.choice([211, -211, 111, 321, -321, 130, 221], n)
    momentum = rng.normal(size=(n, 3)) * 900.0
    masses = np.array([mass(int(number)) for number in pdgid])
    energy = np.hypot(np.linalg.norm(momentum, axis=1), masses)
    x = rng.normal(size=(n, 4)) * [30.0, 0.01, 0.01, 0.7]
    return Rays.make(pdgid, x, np.column_stack([energy, momentum]), rng.uniform(1e-9, 1e-6, n))


def hand(tmp_path: Path, *changes: tuple[str, str], name: str = "hand.hepmc") -> Path:
    text = HAND
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    file = tmp_path / name
    file.write_text(text)
    return file


def test_round_trip(tmp_path: Path) -> None:
    rays = pions(300)
    write_hepmc(tmp_path / "a.hepmc3", rays, 2.5e6, {"engine": "toy", "version": "7", "seed": "11"})
    back, about = read_any(tmp_path / "a.hepmc3")
    assert np.array_equal(back.pdgid, rays.pdgid)
    np.testing.assert_allclose(back.x, rays.x, rtol=1e-12)
    np.testing.assert_allclose(back.p, rays.p, rtol=1e-12)
    np.testing.assert_allclose(back.weight, rays.weight, rtol=1e-12)
    assert (about["engine"], about["version"], about["seed"], float(about["pot"])) == ("toy", "7", "11", 2.5e6)


@settings(max_examples=20, deadline=None, derandomize=True)
@given(pot=st.floats(1.0, 1e22), weight=st.floats(1e-30, 1e3), t=st.floats(-1e6, 1e6))
def test_round_trip_keeps_any_number(
    tmp_path_factory: pytest.TempPathFactory, pot: float, weight: float, t: float
) -> None:
    file = tmp_path_factory.mktemp("hepmc") / "one.hepmc"
    rays = Rays.make(211, [[t, 1.0, 2.0, 3.0]], [[np.hypot(5.0, mass(211)), 0.0, 3.0, 4.0]], weight)
    write_hepmc(file, rays, pot)
    back, _ = read_hepmc(file)
    np.testing.assert_allclose(back.x, rays.x, rtol=1e-12, atol=1e-300)
    np.testing.assert_allclose(back.weight, rays.weight, rtol=1e-12)


def test_units_of_a_file_written_by_hand(tmp_path: Path) -> None:
    rays, about = read_hepmc(hand(tmp_path))
    assert list(rays.pdgid) == [211, 111]
    np.testing.assert_allclose(rays.x, [[1.0, 0.01, 0.02, -0.03]] * 2, rtol=1e-12)
    np.testing.assert_allclose(rays.p[:, 1:], [[300.0, 0.0, 400.0], [0.0, 0.0, 1000.0]], rtol=1e-12)
    np.testing.assert_allclose(rays.energy[0], np.hypot(500.0, 139.57039), rtol=1e-9)
    np.testing.assert_allclose(rays.weight, 0.5 / 1000.0, rtol=1e-12)
    assert (about["engine"], about["version"]) == ("toy", "1.2")


def test_mm_and_mev(tmp_path: Path) -> None:
    metric = hand(tmp_path, ("U GEV CM", "U GEV MM"))
    np.testing.assert_allclose(read_hepmc(metric)[0].x[0], [0.1, 0.001, 0.002, -0.003], rtol=1e-12)


def test_an_event_may_be_displaced(tmp_path: Path) -> None:
    moved = hand(tmp_path, ("E 0 2 4", "E 0 2 4 @ 100 0 0 0"), (" @ 1.0 2.0 -3.0 29.9792458", ""))
    np.testing.assert_allclose(read_hepmc(moved)[0].x[0], [0.0, 1.0, 0.0, 0.0], atol=1e-15)


def test_status_and_species_are_chosen(tmp_path: Path) -> None:
    file = hand(tmp_path)
    assert list(read_hepmc(file, species=(111,))[0].pdgid) == [111]
    with pytest.raises(InputFileError, match="no meson of the selected species"):
        read_hepmc(file, status=(1,))  # the only status-1 pion is a copy of the first one, not a birth


def test_more_than_one_outgoing_is_a_birth(tmp_path: Path) -> None:
    last = "P 4 -2 211 0.0 0.3 0.4 0.519109 0.13957 1\n"
    two = hand(tmp_path, (last, last + last.replace("P 4", "P 5")), ("E 0 2 4", "E 0 2 5"))
    assert len(read_hepmc(two)[0]) == 4


def test_argument_overrides_pot(tmp_path: Path) -> None:
    np.testing.assert_allclose(read_hepmc(hand(tmp_path), 50.0)[0].weight, 0.01, rtol=1e-12)


def test_compressed(tmp_path: Path) -> None:
    file = tmp_path / "a.hepmc.gz"
    file.write_bytes(gzip.compress(HAND.encode()))
    assert len(read_any(file)[0]) == 2
    file.write_bytes(gzip.compress(HAND.encode())[:-30])
    with pytest.raises(InputFileError, match="truncated"):
        read_any(file)


POT = "A NuHepMC.Exposure.POT 1000"
P3 = "P 3 -1 111 0.0 0.0 1.0 1.009067 0.13498 2\n"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (POT + "\n", "", "protons on target are not given.*NuHepMC.Exposure.POT"),
        (POT, POT.replace("1000", "0"), "pot = 0; allowed: a finite number > 0"),
        (POT, POT.replace("1000", "-3"), "pot = -3"),
        (POT, POT.replace("1000", "many"), "pot = nan"),
        ("U GEV CM", "U GEV INCH", "line 7: 'U GEV INCH'; expected 'U GEV.MEV MM.CM'"),
        ("U GEV CM\n", "", "0 events|no unit line|events with units"),
        ("U GEV CM", "U MEV CM", "a mass of .* MeV; the PDG mass is .* unit line"),
        ("1.009067", "one", "line 12: .*expected 'P number parent"),
        ("59.9584916", "", "line 13: .*expected 'V number"),
        ("HepMC::Asciiv3-END_EVENT_LISTING\n", "", "truncated"),
        (P3, "", "3 particles; its events announce 4"),
        ("W 0.5", "W -0.5", "weight = -0.0005"),
        ("HepMC::Asciiv3-START_EVENT_LISTING", "HepMC::IO_GenEvent-START_EVENT_LISTING", "not a HepMC3 text file"),
    ],
)
def test_wrong_files(tmp_path: Path, old: str, new: str, message: str) -> None:
    with pytest.raises(InputFileError, match=message):
        read_hepmc(hand(tmp_path, (old, new)))


def test_wrong_paths(tmp_path: Path) -> None:
    with pytest.raises(InputFileError, match=r"cannot read .*none.hepmc"):
        read_hepmc(tmp_path / "none.hepmc")
    (tmp_path / "bytes.hepmc").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputFileError, match="not HepMC3 text"):
        read_hepmc(tmp_path / "bytes.hepmc")
    (tmp_path / "empty.hepmc").write_text("")
    with pytest.raises(InputFileError, match="not a HepMC3 text file"):
        read_hepmc(tmp_path / "empty.hepmc")
    with pytest.raises(InputFileError, match=r"kind '.hep'; allowed: .csv, .npz"):
        read_any(tmp_path / "a.hep")


def test_nothing_wrong_is_written(tmp_path: Path) -> None:
    with pytest.raises(RangeError, match="0 rays to write"):
        write_hepmc(tmp_path / "a.hepmc", pions(2)[:0], 1.0)
    with pytest.raises(RangeError, match=r"allowed: at least 1, to .hepmc"):
        write_hepmc(tmp_path / "a.txt", pions(2), 1.0)
    with pytest.raises(InputFileError, match="pot = 0"):
        write_hepmc(tmp_path / "a.hepmc", pions(2), 0.0)
    assert not list(tmp_path.iterdir())
